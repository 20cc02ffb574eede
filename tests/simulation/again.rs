//! Reading again: what is named is read anew, everything else is as it was, and the next run of changes still comes to the
//! same as a full read.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tenantry::{
    demo::{Latency, Service},
    domain::{
        completeness::{Collection, GapScope, RunStatus, State},
        explore::{Again, Severity},
        finding::{OTHERS, parse_again},
        progress::Event,
        reading::{Ask, RunKind},
        view::RunInfo,
    },
    jobs::{self, Context, JobError},
};
use tokio_util::sync::CancellationToken;

use crate::{
    stage::{Stage, Told},
    truth::Truth,
};

fn again(what: impl IntoIterator<Item = Again>) -> Ask {
    Ask { again: what.into_iter().collect(), ..Ask::default() }
}

fn collection(name: &str) -> Again {
    Again::Collection(name.to_owned())
}

async fn read(stage: &Stage, ask: Ask) -> (RunInfo, String) {
    let told = Told::default();
    let run = stage.collect_as(ask, &told).await.unwrap();
    (run, told.text())
}

async fn refused(stage: &Stage, ask: Ask) -> (JobError, String) {
    let error = stage.collect_as(ask, &Told::default()).await.unwrap_err();
    let code = error.problem().code.unwrap();
    (error, code)
}

/// The groups whose members are not all known.
fn hidden(run: &RunInfo) -> BTreeSet<String> {
    run.gaps.iter().filter(|gap| gap.scope == GapScope::Group).map(|gap| gap.id.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_group_that_becomes_readable_is_read_and_no_other() {
    let blind = Stage::new("hidden-groups", 150, 40).await;
    let first = blind.collect().await;
    let gaps = hidden(&first);
    assert!(gaps.len() > 1 && first.gaps.iter().all(|gap| gap.state == State::Hidden), "{:?}", first.gaps);
    let truth = blind.truth(0);

    // Where nothing has become readable, it is as it was.
    let one = gaps.first().unwrap().clone();
    let (run, told) = read(&blind, again([Again::Group(one.clone())])).await;
    assert_eq!((run.status, hidden(&run)), (RunStatus::Partial, gaps.clone()), "{told}");
    let stored = Truth::stored(&blind.reader(), run.id);
    stored.assert_is(&Truth::stored(&blind.reader(), first.id), &told);

    let stage = blind.another_day("default", 0).await;
    let (run, told) = read(&stage, again([Again::Group(one.clone())])).await;
    let left: BTreeSet<String> = gaps.iter().filter(|id| **id != one).cloned().collect();
    assert_eq!((run.kind, run.status, hidden(&run)), (RunKind::Delta, RunStatus::Partial, left.clone()), "{told}");
    let asked = stage.asked(Service::Graph);
    let others = |path: &str| left.iter().any(|id| path.contains(id.as_str()));
    assert!(!asked.iter().any(|r| others(&r.path) || r.path.starts_with("/v1.0/users?")), "{told}");
    let stored = Truth::stored(&stage.reader(), run.id);
    let members = |truth: &Truth| truth.members.iter().filter(|(group, _)| *group == one).cloned().collect::<Vec<_>>();
    assert!(!members(&truth).is_empty(), "a group worth the test");
    assert_eq!(members(&stored), members(&truth), "{told}");

    let (run, told) = read(&stage, again(left.into_iter().map(Again::Group))).await;
    assert_eq!((run.status, &run.gaps), (RunStatus::Complete, &vec![]), "{told}");
    Truth::stored(&stage.reader(), run.id).assert_is(&truth, &told);
    stage.check_manners();
}

#[tokio::test(start_paused = true)]
async fn a_collection_that_was_refused_is_read_and_no_other() {
    for (scenario, what, path) in
        [("forbidden-users", "users", "/v1.0/groups?"), ("forbidden-groups", "groups", "/v1.0/users?")]
    {
        let blind = Stage::new(scenario, 150, 40).await;
        let first = blind.collect().await;
        assert_eq!(first.status, RunStatus::Partial);
        let stage = blind.another_day("default", 0).await;
        if what == "groups" {
            for other in [collection("users"), Again::Group("x".to_owned())] {
                let (error, code) = refused(&stage, again([other])).await;
                assert!(matches!(error, JobError::Unfit(_)) && code == "groups_first", "{error:?}");
            }
            stage.demo.forget_requests();
        }
        let (run, told) = read(&stage, again([collection(what)])).await;
        assert_eq!((run.status, &run.gaps), (RunStatus::Complete, &vec![]), "{scenario}: {told}");
        assert!(!stage.asked(Service::Graph).iter().any(|r| r.path.starts_with(path)), "{scenario}: {told}");
        Truth::stored(&stage.reader(), run.id).assert_is(&stage.truth(0), &format!("{scenario}: {told}"));
    }
}

/// Whatever is read again while the tenant moves on, changes go on from where they were.
#[tokio::test(start_paused = true)]
async fn the_next_changes_come_to_the_same_as_a_full_read() {
    for (seed, what) in (1..).zip(["users", "groups", "memberships", OTHERS, "account", "group"]) {
        let stage = Stage::seeded("default", 140, 40, seed).await;
        let (first, _) = read(&stage, Ask::default()).await;
        let truth = stage.truth(0);
        let asked = match what {
            "group" => {
                let groups: BTreeSet<&String> = truth.members.iter().map(|(group, _)| group).collect();
                groups.into_iter().take(3).cloned().map(Again::Group).collect()
            }
            name => vec![parse_again(name).unwrap()],
        };
        // Nothing changed: it comes to the same.
        let (run, told) = read(&stage, again(asked.clone())).await;
        assert_eq!((run.kind, run.status, &run.gaps), (RunKind::Delta, RunStatus::Complete, &vec![]), "{what}: {told}");
        assert!(run.id > first.id);
        Truth::stored(&stage.reader(), run.id).assert_is(&truth, &format!("{what}: {told}"));
        for steps in [3_u32, 5] {
            while stage.demo.advance() < steps {}
            let (run, told) = read(&stage, again(asked.clone())).await;
            assert!(run.status.is_finished(), "{what}: {told}");
            let (next, changes) = read(&stage, Ask::default()).await;
            let words = format!("{what}, {steps} steps:\n{told}\n{changes}");
            assert_eq!((next.kind, next.status, &next.gaps), (RunKind::Delta, RunStatus::Complete, &vec![]), "{words}");
            Truth::stored(&stage.reader(), next.id).assert_is(&stage.truth(steps), &words);
        }
        stage.check_manners();
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_cut_in_the_middle_is_asked_for_anew() {
    let stage = Stage::open("default", 140, 60, 5, Latency::Fixed(Duration::from_millis(400))).await;
    let (first, _) = read(&stage, Ask::default()).await;
    stage.demo.advance();
    let cancel = CancellationToken::new();
    let told = Told::default();
    let context = stage.context(&told, &cancel);
    let at = cancel.clone();
    let reporter = move |event: Event| {
        if let Event::Ingest(progress) = event
            && progress.of(Collection::Groups).done > 0
        {
            at.cancel();
        }
    };
    let ask = again([collection("memberships")]);
    let cut = jobs::collect(&Context { ask: ask.clone(), reporter: Arc::new(reporter), ..context }).await.unwrap();
    assert_eq!(cut.status, RunStatus::Interrupted);
    assert_eq!(stage.reader().newest_finished().unwrap().unwrap().id, first.id);
    // A run of everything does not go on with it, and neither does the same once more.
    let (run, told) = read(&stage, ask).await;
    assert_eq!(run.status, RunStatus::Complete, "{told}");
    let (next, told) = read(&stage, Ask::default()).await;
    assert_eq!((next.kind, next.status), (RunKind::Delta, RunStatus::Complete), "{told}");
    Truth::stored(&stage.reader(), next.id).assert_is(&stage.truth(1), &told);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_again_is_refused_with_words() {
    let stage = Stage::new("default", 60, 10).await;
    let (error, code) = refused(&stage, again([collection("users")])).await;
    assert!(matches!(error, JobError::Unfit(_)) && code == "no_run", "{error:?}");
    let (run, _) = read(&stage, Ask::default()).await;
    let (error, code) = refused(&stage, again([Again::Group("nobody".to_owned())])).await;
    assert!(matches!(error, JobError::Unfit(_)) && code == "no_such_group", "{error:?}");
    assert!(error.problem().summary.contains("holds no group nobody"), "{error:?}");
    assert_eq!(stage.reader().newest().unwrap().unwrap().id, run.id, "nothing was begun");
}

/// What problems say can be read again can be, and mends them.
#[tokio::test(start_paused = true)]
async fn problems_lead_to_what_mends_them() {
    let blind = Stage::new("hidden-groups", 120, 40).await;
    let first = blind.collect().await;
    let problems = jobs::problems(&blind.settings(), first.id).unwrap();
    let found: Vec<Again> =
        problems.iter().filter(|p| p.severity == Severity::Incomplete).filter_map(|p| p.again.clone()).collect();
    assert_eq!(found.len(), first.gaps.len());
    let stage = blind.another_day("default", 0).await;
    let (run, told) = read(&stage, again(found)).await;
    assert_eq!(run.status, RunStatus::Complete, "{told}");
    let left = jobs::problems(&stage.settings(), run.id).unwrap();
    assert!(left.iter().all(|p| p.severity == Severity::Degraded), "{left:?}");
}
