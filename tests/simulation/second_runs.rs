//! Runs after the first: what cannot be read any more is kept as last known, what was cut off changes nothing, and a
//! laptop that slept renews its token before it asks.

use std::{sync::Arc, time::Duration};

use tenantry::{
    demo::{Latency, Service},
    domain::{
        clock::Clock,
        completeness::{Collection, Gap, GapScope, RunStatus, State},
        kind::EntityKind,
        preview::Changes,
        progress::Event,
        view::RunInfo,
    },
    graph::{GraphClient, GraphConfig},
    jobs::{self, JobError},
    net::NetConfig,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    stage::{Stage, Told, of_collection},
    truth::Truth,
};

/// A tenant that was read whole and uploaded.
async fn uploaded() -> (Stage, RunInfo) {
    let stage = Stage::new("default", 150, 25).await;
    let run = stage.collect().await;
    assert_eq!(run.status, RunStatus::Complete);
    stage.upload().await.unwrap();
    (stage, run)
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_now_is_kept_as_last_known() {
    // Which collections each of them refuses.
    let refusals: [(&str, &[&str]); 4] = [
        ("forbidden-users", &["users"]),
        ("forbidden-groups", &["groups", "memberships"]),
        ("forbidden-organization", &["account"]),
        ("no-consent", &["account", "users", "groups", "memberships"]),
    ];
    let (stage, first) = uploaded().await;
    let truth = stage.truth(0);
    let mut whole_since = Collection::ALL.map(|collection| (collection.as_str(), first.finished_at));
    for (scenario, refused) in refusals {
        let other = stage.another_day(scenario, 0).await;
        let run = other.collect().await;
        assert_eq!(run.status, RunStatus::Partial, "{scenario}");
        let (kinds, gaps): (Vec<&Gap>, Vec<&Gap>) = run.gaps.iter().partition(|g| g.scope == GapScope::Kind);
        assert_eq!(gaps.iter().map(|g| g.id.as_str()).collect::<Vec<_>>(), refused, "{scenario}");
        // Of whom all was read before.
        assert!(kinds.iter().all(|gap| gap.is_carried_forward()), "{scenario}: {kinds:?}");
        for name in refused {
            let gap = of_collection(&run.gaps, name);
            assert_eq!(gap.state, State::Forbidden, "{scenario} {name}");
        }
        for (name, since) in &mut whole_since {
            if refused.contains(name) {
                let gap = of_collection(&run.gaps, name);
                assert_eq!(gap.stale_since, *since, "{scenario} {name}: as of the last run that read it whole");
            } else {
                *since = run.finished_at;
            }
        }
        let stored = Truth::stored(&stage.reader(), run.id);
        // Groups go on naming soft-deleted users. Without /users nobody says that they are back: they stay gone.
        assert_eq!(stored.mapped, Default::default(), "{scenario}");
        stored.assert_is(&truth, scenario);
        let preview = stage.preview();
        assert_eq!(preview.partial_types, Vec::<String>::new(), "{scenario}: what is known exempts nothing");
        let total = preview.total();
        let want = (0, 0, 0);
        assert_eq!((total.create, total.change, total.delete), want, "{scenario}: {:?}", preview.changes);
    }
}

/// The tenant changes while its users may not be read: everything else follows it, and no user is deleted.
#[tokio::test(start_paused = true)]
async fn what_can_be_read_goes_on_changing() {
    let (stage, first) = uploaded().await;
    let other = stage.another_day("forbidden-users", 1).await;
    let run = other.collect().await;
    assert_eq!(of_collection(&run.gaps, "users").stale_since, first.finished_at);
    let stored = Truth::stored(&stage.reader(), run.id);
    let (then, now) = (stage.truth(0), stage.truth(1));
    stored.assert_same(&then, EntityKind::User, "users of the day before");
    stored.assert_same(&now, EntityKind::Group, "groups of today");
    let preview = stage.preview();
    let of = |name: &str| preview.changes[name];
    assert_eq!(of("active_directory_user").delete + of("active_directory_account_has_user").delete, 0);
    assert!(of("active_directory_user_group").delete > 0 && of("active_directory_user_group_has_user").delete > 0);

    // The job agrees, and on a better day the users follow.
    let figures = stage.upload().await.unwrap();
    let entities: u64 = preview.changes.iter().filter(|(n, _)| !n.contains("_has_")).map(|(_, c)| c.delete).sum();
    assert_eq!(figures.num_entities_deleted, entities);
    let run = stage.another_day("default", 1).await.collect().await;
    assert_eq!((run.status, &run.gaps), (RunStatus::Complete, &vec![]));
    Truth::stored(&stage.reader(), run.id).assert_is(&now, "a better day");
    assert!(stage.preview().changes["active_directory_user"].delete > 0);
}

/// Groups whose members are hidden now: each is kept as it was, and the others follow the tenant.
#[tokio::test(start_paused = true)]
async fn a_group_that_hides_is_kept_by_itself() {
    let (stage, first) = uploaded().await;
    for scenario in ["hidden-groups", "hidden-groups-empty"] {
        let run = stage.another_day(scenario, 0).await.collect().await;
        assert_eq!(run.status, RunStatus::Partial, "{scenario}");
        assert!(!run.gaps.is_empty());
        for gap in &run.gaps {
            assert_eq!((gap.state, gap.stale_since), (State::Hidden, first.finished_at), "{scenario} {}", gap.name);
        }
        Truth::stored(&stage.reader(), run.id).assert_is(&stage.truth(0), scenario);
        assert!(stage.preview().changes.values().all(Changes::is_nothing), "{scenario}");
    }
}

/// Reads until `at` users are there, then stops in one of two ways.
async fn cut_off(stage: &Stage, at: u64, how: CutOff) -> Option<RunInfo> {
    let cancel = CancellationToken::new();
    let mut context = stage.context(&Told::default(), &cancel);
    let reached = CancellationToken::new();
    let tell = reached.clone();
    context.reporter = Arc::new(move |event: Event| {
        if let Event::Ingest(progress) = event
            && progress.of(Collection::Users).done >= at
        {
            tell.cancel();
        }
    });
    let running = tokio::spawn(async move { jobs::collect(&context).await });
    reached.cancelled().await;
    match how {
        CutOff::Cancelled => {
            cancel.cancel();
            Some(running.await.unwrap().unwrap())
        }
        CutOff::Killed => {
            running.abort();
            assert!(running.await.unwrap_err().is_cancelled());
            None
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum CutOff {
    Cancelled,
    /// As good as dead: nobody gets to write a last word.
    Killed,
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cut_off_keeps_what_is_there_and_changes_nothing_else() {
    for how in [CutOff::Cancelled, CutOff::Killed] {
        let clear = Stage::open("duplicates", 400, 40, 5, Latency::Fixed(Duration::from_millis(500))).await;
        let first = clear.collect().await;
        clear.upload().await.unwrap();
        let stage = clear.another_day("duplicates", 8).await;
        let before = (stage.preview().changes, Truth::stored(&stage.reader(), first.id));

        let info = cut_off(&stage, 380, how).await;
        let reader = stage.reader();
        let newest = reader.newest().unwrap().unwrap();
        assert_eq!(newest.status, RunStatus::Interrupted, "{how:?}");
        assert!(info.is_none_or(|info| info.status == RunStatus::Interrupted && info.id == newest.id), "{how:?}");
        // What is browsed: everything of the first run still, and what is new of it on top.
        let totals = reader.totals(newest.id).unwrap();
        assert!(totals.users >= 400, "{how:?}: {totals:?}");
        // What is compared and sent: the last run that finished.
        assert_eq!(reader.newest_finished().unwrap().unwrap().id, first.id, "{how:?}");
        assert_eq!(stage.preview().changes, before.0, "{how:?}");
        Truth::stored(&reader, first.id).assert_is(&before.1, "the finished run");

        // A user whom the run that was cut off had found changed is the old one again, where nobody may read the new one.
        let blind = clear.another_day("forbidden-users", 8).await.collect().await;
        assert_eq!(of_collection(&blind.gaps, "users").stale_since, first.finished_at, "{how:?}");
        Truth::stored(&stage.reader(), blind.id).assert_same(&before.1, EntityKind::User, "users as last known");

        let next = stage.collect().await;
        assert_eq!((next.status, &next.gaps), (RunStatus::Complete, &vec![]), "{how:?}");
        Truth::stored(&stage.reader(), next.id).assert_is(&stage.truth(8), "the run after");
        let preview = stage.preview();
        assert!(preview.total().change > 0 && preview.total().delete > 0, "{how:?}");
        stage.check_manners();
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_run_that_is_cut_off_can_be_browsed_and_not_uploaded() {
    let stage = Stage::open("duplicates", 400, 40, 5, Latency::Fixed(Duration::from_millis(500))).await;
    let run = cut_off(&stage, 150, CutOff::Cancelled).await.unwrap();
    let users = stage.reader().totals(run.id).unwrap().users;
    assert!((100..400).contains(&users), "{users}");
    let refused = jobs::preview(&stage.settings()).unwrap_err().problem();
    assert_eq!(refused.code.as_deref(), Some("no_run"));
    assert!(matches!(jobs::prepare_upload(&stage.settings()), Err(JobError::Failed(_))));
    assert!(stage.asked(Service::JupiterOne).is_empty());
    let next = stage.collect().await;
    Truth::stored(&stage.reader(), next.id).assert_is(&stage.truth(0), "the run after");
}

/// Two hours pass for the calendar, and none for the timers: the token is renewed before anything is asked with it.
#[tokio::test(start_paused = true)]
async fn a_laptop_that_slept_renews_its_token_first() {
    let stage = Stage::new("default", 60, 10).await;
    let config = GraphConfig {
        login: stage.demo.login_url.clone(),
        graph: stage.demo.graph_url.clone(),
        scope: "https://graph.microsoft.com/.default".to_owned(),
        tenant: stage.demo.tenant_id.to_string(),
        client: stage.demo.client_id.clone(),
        net: NetConfig::default(),
        hold: tenantry::graph::Hold::default(),
        gentle: false,
    };
    let clock = Arc::clone(&stage.clock) as Arc<dyn Clock>;
    let client =
        GraphClient::new(config, stage.demo.client_secret.clone().into(), clock, Told::default().reporter()).unwrap();
    let began = Instant::now();
    client.get("/v1.0/users?$top=1").await.unwrap();
    client.get("/v1.0/users?$top=1").await.unwrap();
    assert_eq!(stage.asked(Service::Login).len(), 1);
    stage.clock.sleep_for(Duration::from_secs(7_200));
    client.get("/v1.0/users?$top=1").await.unwrap();
    assert_eq!(stage.asked(Service::Login).len(), 2);
    assert!(stage.demo.requests().iter().all(|r| r.status == 200), "no request went out with a token that had ended");
    assert_eq!(began.elapsed(), Duration::ZERO);
}

/// The same in the middle of a run.
#[tokio::test(start_paused = true)]
async fn a_run_goes_on_after_a_sleep() {
    let stage = Stage::open("duplicates", 400, 40, 5, Latency::Fixed(Duration::from_secs(2))).await;
    let clock = Arc::clone(&stage.clock);
    tokio::spawn(async move {
        // While answers are on their way.
        tokio::time::sleep(Duration::from_millis(7_500)).await;
        clock.sleep_for(Duration::from_secs(7_200));
    });
    let told = Told::default();
    let run = stage.collect_telling(&told).await.unwrap();
    assert_eq!((run.status, &run.gaps), (RunStatus::Complete, &vec![]));
    Truth::stored(&stage.reader(), run.id).assert_is(&stage.truth(0), "after a sleep");
    assert!(run.seconds > 8.0 && run.seconds < 60.0, "{}: sleeping is not working", run.seconds);
    assert_eq!(stage.asked(Service::Login).len(), 2);
    assert!(stage.asked(Service::Graph).iter().all(|r| r.status != 401), "renewed before it was refused");
}
