//! Second runs: what changed is read, and what comes of it equals a full read, object by object and membership by
//! membership, whatever happened in between.

use std::time::Duration;

use tenantry::{
    demo::Service,
    domain::{
        completeness::RunStatus,
        kind::EntityKind,
        reading::{Ask, RunKind},
        view::RunInfo,
    },
};

use crate::{
    stage::{Stage, Told},
    truth::Truth,
};

fn full() -> Ask {
    Ask { full: true, ..Ask::default() }
}

/// A small generator: which steps are taken between runs.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

async fn collect(stage: &Stage, ask: Ask, kind: RunKind) -> (RunInfo, Told) {
    let told = Told::default();
    let run = stage.collect_as(ask, &told).await.unwrap();
    assert_eq!((run.kind, run.status, &run.gaps), (kind, RunStatus::Complete, &vec![]), "{}", told.text());
    (run, told)
}

#[tokio::test(start_paused = true)]
async fn changes_come_to_the_same_as_a_full_read() {
    for seed in 1..=4 {
        let mut dice = Dice(seed);
        let by_changes = Stage::seeded("default", 90 + dice.below(60) as u32, 20 + dice.below(20) as u32, seed).await;
        let by_lists = by_changes.another_store();
        collect(&by_changes, Ask::default(), RunKind::Full).await;
        let mut steps = 0;
        for round in 0..4 {
            for _ in 0..dice.below(4) {
                by_changes.demo.advance();
                steps += 1;
            }
            let what = format!("seed {seed}, round {round}, {steps} steps");
            let (delta, told) = collect(&by_changes, Ask::default(), RunKind::Delta).await;
            let (list, _) = collect(&by_lists, full(), RunKind::Full).await;
            let (delta, list) =
                (Truth::stored(&by_changes.reader(), delta.id), Truth::stored(&by_lists.reader(), list.id));
            list.assert_is(&by_changes.truth(steps), &format!("{what}, by lists"));
            delta.assert_is(&list, &format!("{what}\n{}", told.text()));
            assert_eq!(delta.mapped, list.mapped, "{what}");
        }
        by_changes.check_manners();
    }
}

/// The same where the run with the least load comes in between.
#[tokio::test(start_paused = true)]
async fn the_least_load_comes_to_the_same() {
    for scenario in ["default", "hidden-groups"] {
        let stage = Stage::seeded(scenario, 120, 30, 3).await;
        let by_lists = stage.another_store();
        let gentle = || Ask { gentle: true, ..Ask::default() };
        for round in 0..3 {
            let told = Told::default();
            let run = stage.collect_as(gentle(), &told).await.unwrap();
            assert_eq!(run.kind, RunKind::Gentle, "{}", told.text());
            let list = by_lists.collect_as(full(), &Told::default()).await.unwrap();
            assert_eq!((run.status, run.gaps.len()), (list.status, list.gaps.len()), "{scenario} {}", told.text());
            let (gentle, list) = (Truth::stored(&stage.reader(), run.id), Truth::stored(&by_lists.reader(), list.id));
            gentle.assert_is(&list, &format!("{scenario}, round {round}\n{}", told.text()));
            stage.demo.advance();
        }
        stage.check_manners();
    }
}

/// An unchanged tenant costs next to nothing, and one that changed a little costs little.
#[tokio::test(start_paused = true)]
async fn a_second_run_is_nearly_free() {
    let stage = Stage::new("default", 2_000, 300).await;
    collect(&stage, Ask::default(), RunKind::Full).await;
    let others = stage.truth(0).count(EntityKind::Member);
    let mut asked = stage.asked(Service::Graph).iter().filter(|r| !r.in_batch).count() as u64;
    for steps in [0_u32, 0, 1, 0, 4] {
        for _ in 0..steps {
            stage.demo.advance();
        }
        let (run, told) = collect(&stage, Ask::default(), RunKind::Delta).await;
        let all = stage.asked(Service::Graph);
        let now = all.iter().filter(|r| !r.in_batch).count() as u64;
        let began = all.iter().enumerate().filter(|(_, r)| !r.in_batch).nth(asked as usize).map_or(0, |(at, _)| at);
        let paths: Vec<&str> = all[began..].iter().map(|r| &r.path[..r.path.len().min(120)]).collect();
        assert_eq!(run.requests, now - asked, "{}", told.text());
        // A step changes some thirty objects and memberships.
        let most = 8 + others.div_ceil(1_000) + if steps > 0 { 3 + u64::from(steps) } else { 0 };
        assert!(run.requests <= most, "{} > {most} after {steps} steps:\n{}", run.requests, paths.join("\n"));
        asked = now;
    }
}

/// Whatever becomes of delta queries, what is in the store is what the tenant has.
#[tokio::test(start_paused = true)]
async fn whatever_delta_queries_do() {
    for scenario in [
        "delta-gone",
        "delta-not-found",
        "delta-too-old",
        "flaky-delta",
        "retried-links",
        "count-drift",
        "no-delta",
        "no-batch",
        "expired-members",
        "delta-no-principals",
    ] {
        let stage = Stage::seeded(scenario, 200, 40, 2).await;
        let mut kinds = Vec::new();
        for round in 0..4 {
            let told = Told::default();
            let run = stage.collect_as(Ask::default(), &told).await.unwrap();
            let what = format!("{scenario}, round {round}, {}\n{}", run.kind.as_str(), told.text());
            assert_eq!((run.status, &run.gaps), (RunStatus::Complete, &vec![]), "{what}");
            let (mut stored, mut truth) = (Truth::stored(&stage.reader(), run.id), stage.truth(round));
            if run.service_principals_as_of.is_some() {
                // Those are as of the last full read.
                stored = stored.without_service_principals();
                truth = truth.without_service_principals();
            }
            stored.assert_is(&truth, &what);
            kinds.push(run.kind);
            stage.demo.advance();
            if round == 2 {
                // Links die after an hour, in the scenarios that are about that.
                stage.clock.sleep_for(Duration::from_secs(2 * 3_600));
            }
        }
        use RunKind::{Delta, Full};
        let want: &[RunKind] = match scenario {
            "no-delta" => &[Full, Full, Full, Full],
            // Two runs that drift cause a full one.
            "count-drift" => &[Full, Delta, Delta, Full],
            s if s.starts_with("delta-") && s != "delta-no-principals" => {
                &kinds[..3].iter().copied().chain([Full]).collect::<Vec<_>>()
            }
            _ => &[Full, Delta, Delta, Delta],
        };
        assert_eq!(kinds, want, "{scenario}");
        stage.check_manners();
    }
}

/// The tenant changes while it is read: what the first run did not see, the second one does.
#[tokio::test(start_paused = true)]
async fn a_tenant_that_moves_while_it_is_read() {
    for seed in 1..=4 {
        let stage = Stage::seeded("moving", 500, 60, seed).await;
        let first = stage.collect().await;
        assert_eq!(first.status, RunStatus::Complete);
        let told = Told::default();
        let second = stage.collect_as(Ask::default(), &told).await.unwrap();
        assert_eq!((second.kind, second.status), (RunKind::Delta, RunStatus::Complete), "{}", told.text());
        // The scenario takes three steps at most, by the number of requests; and here is one more.
        let steps = stage.demo.advance();
        let last = stage.collect().await;
        assert_eq!(last.kind, RunKind::Delta);
        let stored = Truth::stored(&stage.reader(), last.id);
        stored.assert_is(&stage.truth(steps), &format!("seed {seed}, {steps} steps\n{}", told.text()));
    }
}
