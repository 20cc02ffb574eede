//! Members by the shortcut, whatever Microsoft's side makes of it: every membership is the seed's, what was given up is
//! told, and what it costs is asserted in virtual time.

use tenantry::{
    demo::{Latency, Service},
    domain::{completeness::RunStatus, progress::Level, view::RunInfo},
};
use tokio::time::Instant;

use crate::{
    stage::{Stage, Told},
    truth::Truth,
};

struct Ran {
    stage: Stage,
    told: Told,
    run: RunInfo,
    seconds: f64,
}

impl Ran {
    fn fallbacks(&self) -> Vec<String> {
        self.told.ingest().fallbacks.into_iter().map(|f| format!("{}: {}", f.what, f.why)).collect()
    }

    /// Reads of a kind, items of batches included.
    fn asked(&self, of: &str) -> usize {
        self.stage.asked(Service::Graph).iter().filter(|r| r.path.contains(of)).count()
    }
}

/// Collects, and compares object by object.
async fn whole(scenario: &str, users: u32, groups: u32, seed: u64) -> Ran {
    let stage = Stage::open(scenario, users, groups, seed, Latency::Scenario).await;
    let told = Told::default();
    let began = Instant::now();
    let run = stage.collect_telling(&told).await.unwrap();
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!((run.status, &run.gaps), (RunStatus::Complete, &vec![]), "{scenario}: {}", told.text());
    let stored = Truth::stored(&stage.reader(), run.id);
    stored.assert_is(&stage.truth(0), scenario);
    assert!(stored.mapped.is_empty(), "{scenario}: {:?}", stored.mapped);
    stage.check_manners();
    if told.ingest().wire.retried == 0 {
        let counted = stage.demo.totals(Service::Graph);
        assert_eq!((run.requests, run.resource_units), (counted.requests, counted.resource_units), "{scenario}");
    }
    Ran { stage, told, run, seconds }
}

#[tokio::test(start_paused = true)]
async fn whatever_the_shortcut_shows() {
    for scenario in [
        "default",
        "expand-ten",
        "expand-hundred",
        "expand-no-principals",
        "expand-cuts-first",
        "expand-omits",
        "expired-filters",
        "expired-members",
        "flaky-members",
        "batch-throttled",
        "retried-links",
    ] {
        let ran = whole(scenario, 420, 140, 5).await;
        assert_eq!(ran.fallbacks(), [""; 0], "{scenario}: {}", ran.told.text());
        assert!(ran.asked("$expand=members") >= 9, "{scenario}");
        let truth = ran.stage.truth(0);
        assert_eq!(ran.told.ingest().edges as usize, truth.members.len() + truth.ghosts.len(), "{scenario}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_or_wrong_is_given_up_and_told() {
    for (scenario, why) in [
        ("expand-refused", "members are read group by group: 400 "),
        ("expand-not-implemented", "members are read group by group: 501 "),
        ("expand-not-in-batch", "members are read group by group: "),
        ("expand-loses", "members are read group by group: \""),
        ("no-batch", "requests are sent one by one, not in batches: "),
        ("batch-refused", "requests are sent one by one, not in batches: "),
    ] {
        let ran = whole(scenario, 420, 140, 5).await;
        let fallbacks = ran.fallbacks();
        assert!(fallbacks.len() == 1 && fallbacks[0].starts_with(why), "{scenario}: {fallbacks:?}");
        let lines =
            ran.told.lines().into_iter().filter(|l| l.level == Level::Warning && l.text.starts_with(why)).count();
        assert_eq!(lines, 1, "{scenario}: {}", ran.told.text());
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_is_not_tried_again_the_next_day() {
    let ran = whole("expand-refused", 420, 140, 5).await;
    assert!(ran.asked("$expand=members") > 0);
    ran.stage.demo.forget_requests();
    ran.stage.clock.sleep_for(std::time::Duration::from_secs(24 * 3_600));
    let told = Told::default();
    let mut context = ran.stage.context(&told, &tokio_util::sync::CancellationToken::new());
    context.ask.full = true;
    tenantry::jobs::collect(&context).await.unwrap();
    assert_eq!(ran.asked("$expand=members"), 0);
    let fallbacks = told.ingest().fallbacks;
    assert_eq!(fallbacks[0].why, "many at once came to no good on 2026-11-22", "{fallbacks:?}");
}

/// The tenant of the figures: at least thirty times faster than one request after the other, at a sixth of its units.
#[tokio::test(start_paused = true)]
async fn ten_thousand_users_and_two_thousand_groups() {
    let ran = whole("figures", 10_000, 2_000, 1).await;
    let figures = format!("{} requests, {} units, {:.1} s", ran.run.requests, ran.run.resource_units, ran.seconds);
    println!("{figures}");
    assert!(ran.run.resource_units <= 1_008, "{figures}");
    assert!(ran.run.requests <= 200, "{figures}");
    assert!(ran.seconds <= 3.8, "{figures}");
    assert_eq!(ran.told.ingest().wire.refused, 0, "{figures}");
    assert_eq!(ran.fallbacks(), [""; 0]);
}

/// Too long for every day: `cargo test --test simulation fifty -- --ignored`.
#[tokio::test(start_paused = true)]
#[ignore = "takes minutes in a debug build"]
async fn fifty_thousand_users_and_twenty_thousand_groups() {
    let ran = whole("figures", 50_000, 20_000, 1).await;
    let figures = format!("{} requests, {} units, {:.1} s", ran.run.requests, ran.run.resource_units, ran.seconds);
    println!("{figures}");
    assert!(ran.run.resource_units <= 9_000, "{figures}");
    assert!(ran.seconds <= 19.0, "{figures}");
}

/// What is told beforehand is what a run then does, and telling it changes nothing.
#[tokio::test(start_paused = true)]
async fn what_is_explained_is_what_is_done() {
    let stage = Stage::open("figures", 2_000, 400, 1, Latency::Scenario).await;
    let explain = async |stage: &Stage| {
        let context = stage.context(&Told::default(), &tokio_util::sync::CancellationToken::new());
        tenantry::jobs::explain(&context).await.unwrap()
    };
    let before = explain(&stage).await;
    assert_eq!(stage.asked(Service::Graph).len(), 2, "the two totals");
    assert!(stage.settings().store.is_none_or(|store| !store.exists()), "nothing is written");
    assert_eq!(before.kind, tenantry::domain::reading::RunKind::Full);
    stage.demo.forget_requests();
    let run = stage.collect().await;
    let within = |told: u64, done: u64, times: u64| told <= done * times && done <= told * times;
    assert!(within(before.resource_units, run.resource_units, 2), "{} {}", before.resource_units, run.resource_units);
    assert!(within(before.requests, run.requests, 3), "{} {}", before.requests, run.requests);
    let after = explain(&stage).await;
    assert_eq!(after.kind, tenantry::domain::reading::RunKind::Delta, "{}", after.because);
    assert!(after.requests < 20, "{after:?}");
    let sum: u64 = after.steps.iter().map(|s| s.resource_units).sum();
    assert_eq!(sum, after.resource_units);
}
