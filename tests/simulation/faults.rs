//! What Microsoft's side does to a run, and what the run makes of it: whole where it can be whole, and else a gap with
//! the service's own word for it.

use std::collections::BTreeSet;

use tenantry::{
    demo::Service,
    domain::{
        completeness::{GapScope, RunStatus, State},
        kind::EntityKind,
        progress::Level,
        view::RunInfo,
    },
};
use tokio::time::Instant;

use crate::{
    stage::{Stage, Told, of_collection},
    truth::Truth,
};

/// A run that is whole holds what the seed says, object by object.
async fn is_whole(scenario: &str, users: u32, groups: u32) -> (Stage, Told, RunInfo) {
    let stage = Stage::new(scenario, users, groups).await;
    let told = Told::default();
    let run = stage.collect_telling(&told).await.unwrap();
    assert_eq!((run.status, &run.gaps), (RunStatus::Complete, &vec![]), "{scenario}");
    let stored = Truth::stored(&stage.reader(), run.id);
    stored.assert_is(&stage.truth(0), scenario);
    assert!(stored.mapped.is_empty(), "{scenario}: {:?}", stored.mapped);
    stage.check_manners();
    (stage, told, run)
}

/// What the run says that it cost is what the demo counted.
fn is_billed_right(stage: &Stage, run: &RunInfo) {
    let counted = stage.demo.totals(Service::Graph);
    assert_eq!((run.requests, run.resource_units), (counted.requests, counted.resource_units));
}

#[tokio::test(start_paused = true)]
async fn calm_and_odd_weather() {
    for scenario in ["default", "poor-get-by-ids", "empty-pages", "duplicates", "expired-page"] {
        let (stage, told, run) = is_whole(scenario, 420, 60).await;
        is_billed_right(&stage, &run);
        // But for the pace, which begins as for a small tenant.
        assert!(run.seconds < 1.0, "{scenario}: nothing waits that nobody asked to wait: {}", run.seconds);
        assert_eq!(told.count(Level::Warning), 0, "{scenario}: {}", told.text());
        assert_eq!(told.ingest().edges as usize, stage.truth(0).members.len() + stage.truth(0).ghosts.len());
    }
}

/// Every pause is what the service asked for, and hardly more.
#[tokio::test(start_paused = true)]
async fn throttled() {
    let began = Instant::now();
    let (stage, told, run) = is_whole("throttled", 420, 60).await;
    is_billed_right(&stage, &run);
    let elapsed = began.elapsed().as_secs_f64();
    let wire = told.ingest().wire;
    let refused: Vec<_> = stage.asked(Service::Graph).into_iter().filter(|r| r.status == 429).collect();
    assert_eq!(wire.refused, refused.len() as u64);
    assert!(refused.iter().filter(|r| r.in_batch).count() > 3, "{}", refused.len());
    for what in ["organization", "$batch"] {
        assert!(refused.iter().any(|r| !r.in_batch && r.path.starts_with(&format!("/v1.0/{what}"))), "{what}");
    }
    // Each form of the wish is understood: whole seconds (organization 2, lists 3), decimal, and a date by the answer's
    // own clock (4). To each, a little is added, so that clients do not come back in one instant.
    let lines = told.lines();
    let waits: Vec<f64> = lines
        .iter()
        .filter(|l| l.level == Level::Retry)
        .filter_map(|l| l.text.split("again in ").nth(1)?.split(' ').next()?.parse().ok())
        .collect();
    for (from, to) in [(2.0, 2.3), (2.1, 2.4), (3.0, 3.4), (4.0, 4.5)] {
        assert!(waits.iter().any(|w| (from..=to).contains(w)), "{from} to {to}: {waits:?}");
    }
    // Nothing else takes time but the pace, and pauses that all share are not added up.
    let lost = wire.throttled_seconds;
    assert!(4.0 <= lost && lost <= elapsed && elapsed < lost + 5.0, "{elapsed} {lost}");
    assert!((run.seconds - elapsed).abs() < 0.1, "{} {elapsed}", run.seconds);
}

#[tokio::test(start_paused = true)]
async fn flaky() {
    let (stage, told, run) = is_whole("flaky", 420, 60).await;
    let faults: BTreeSet<String> = stage.demo.requests().into_iter().filter_map(|r| r.fault).collect();
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    assert_eq!(faults, ["cut", "html", "truncated", "unavailable"], "a scenario worth the test");
    // Waits are for the one request, not for all: half a minute would be far too long.
    assert!(run.seconds > 1.0 && run.seconds < 30.0, "{}", run.seconds);
    assert_eq!(told.ingest().wire.throttled_seconds, 0.0);
    assert!(told.count(Level::Retry) >= 8, "{}", told.text());
}

/// One token dies before its time and is renewed once; the others are renewed before they end.
#[tokio::test(start_paused = true)]
async fn tokens_end_in_the_middle() {
    let (stage, told, run) = is_whole("short-token", 1_500, 60).await;
    assert!(run.seconds > 35.0, "longer than a token lives: {}", run.seconds);
    let refused = stage.asked(Service::Graph).iter().filter(|r| r.status == 401).count();
    assert_eq!(refused, 1, "only the one that the scenario refuses");
    let tokens = stage.asked(Service::Login).len();
    // A token lives 29 s by its answer and is renewed after four fifths of that.
    let needed = 2 + (run.seconds / 23.0) as usize;
    assert!((3..=needed).contains(&tokens), "{tokens} tokens in {} s", run.seconds);
    assert_eq!(told.lines().iter().filter(|l| l.text.contains("asking for a new one")).count(), 1, "{}", told.text());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_nobody_can_read_reads_all_the_same() {
    let (stage, told, run) = is_whole("opaque-token", 300, 40).await;
    is_billed_right(&stage, &run);
    assert_eq!(stage.asked(Service::Login).len(), 1);
    assert_eq!(told.count(Level::Warning), 0);
}

/// A total is nice to have: it is given up after a second, and nothing waits for it.
#[tokio::test(start_paused = true)]
async fn lost_counts() {
    let (_, told, run) = is_whole("lost-count", 300, 40).await;
    assert!(run.seconds < 3.0, "{}", run.seconds);
    assert!(told.text().contains("does not tell how many users"), "{}", told.text());
    // In the end everything is counted.
    assert!(told.ingest().collections.iter().all(|c| c.total == Some(c.done)), "{:?}", told.ingest().collections);
}

/// With one permission for each kind, the other members are asked for kind by kind. What has no kind of its own among
/// them is known by its id alone.
#[tokio::test(start_paused = true)]
async fn least_privilege() {
    let stage = Stage::new("least-privilege", 420, 60).await;
    let told = Told::default();
    let run = stage.collect_telling(&told).await.unwrap();
    assert_eq!((run.status, &run.gaps), (RunStatus::Complete, &vec![]));
    let (stored, truth) = (Truth::stored(&stage.reader(), run.id), stage.truth(0));
    for kind in [EntityKind::Account, EntityKind::User, EntityKind::Group] {
        stored.assert_same(&truth, kind, "least-privilege");
    }
    stored.assert_members(&truth, "least-privilege");
    let (got, want) = (stored.of_kind(EntityKind::Member), truth.of_kind(EntityKind::Member));
    assert!(got.keys().eq(want.keys()));
    let poorer: Vec<&String> = want.iter().filter(|(key, object)| got[*key] != **object).map(|(key, _)| key).collect();
    assert!(poorer.len() < 6 && poorer.len() < want.len() / 4, "{poorer:?}");
    for key in poorer {
        assert_eq!(got[key]["displayName"], key.as_str(), "known by its id alone");
    }
    stage.check_manners();
}

/// One refused collection, as gaps with the service's own code.
async fn with_gaps(scenario: &str, want: &[(&str, State, &str)]) -> (Stage, RunInfo, Truth) {
    let stage = Stage::new(scenario, 300, 40).await;
    let told = Told::default();
    let run = stage.collect_telling(&told).await.unwrap();
    assert_eq!(run.status, RunStatus::Partial, "{scenario}");
    let names: Vec<&str> = run.gaps.iter().map(|g| g.id.as_str()).collect();
    assert_eq!(names, want.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), "{scenario}");
    for (name, state, code) in want {
        let gap = of_collection(&run.gaps, name);
        assert_eq!((gap.state, gap.code.as_deref()), (*state, Some(*code)), "{scenario} {name}");
        assert_eq!((gap.stale_since, gap.accepted), (None, false), "{scenario} {name}: there was no earlier run");
        // Ours for what no service said.
        assert_eq!(gap.request_id.is_some(), code.contains('_') && code.starts_with('A'), "{scenario} {gap:?}");
    }
    assert!(told.count(Level::Warning) > 0, "{scenario}: {}", told.text());
    stage.check_manners();
    let stored = Truth::stored(&stage.reader(), run.id);
    (stage, run, stored)
}

const DENIED: &str = "Authorization_RequestDenied";

#[tokio::test(start_paused = true)]
async fn a_refused_collection_is_no_empty_list() {
    let (stage, _, stored) = with_gaps("forbidden-users", &[("users", State::Forbidden, DENIED)]).await;
    let truth = stage.truth(0);
    stored.assert_same(&truth, EntityKind::Group, "forbidden-users");
    assert_eq!(stored.count(EntityKind::User), 0);
    // Who is in which group is known all the same. Nobody says any more who of them is only soft-deleted.
    assert!(truth.members.is_subset(&stored.members));
    let extra: Vec<_> = stored.members.difference(&truth.members).collect();
    assert!(extra.iter().all(|edge| truth.ghosts.contains(*edge)), "{extra:?}");
    // JupiterOne is left to link the users, and invents none.
    let of_users = truth.edges_to(EntityKind::User);
    let unmapped: BTreeSet<_> = of_users.difference(&stored.mapped).map(|(_, member)| member).collect();
    // Somebody whom only /users tells to be a user (an agent, by its type) is an object like others meanwhile.
    assert!(unmapped.len() <= 2 && of_users.len() > 500, "{unmapped:?}");
    assert!(unmapped.iter().all(|id| stored.of_kind(EntityKind::Member).contains_key(*id)), "{unmapped:?}");

    let refused = [("groups", State::Forbidden, DENIED), ("memberships", State::Forbidden, DENIED)];
    let (stage, _, stored) = with_gaps("forbidden-groups", &refused).await;
    stored.assert_same(&stage.truth(0), EntityKind::User, "forbidden-groups");
    assert_eq!((stored.count(EntityKind::Group), stored.members.len()), (0, 0));

    let (stage, _, mut stored) = with_gaps("forbidden-organization", &[("account", State::Forbidden, DENIED)]).await;
    assert_eq!(stored.count(EntityKind::Account), 0);
    let truth = stage.truth(0);
    stored.assert_same(&truth, EntityKind::User, "forbidden-organization");
    stored.assert_same(&truth, EntityKind::Group, "forbidden-organization");
    stored.entities.clear();
    stored.assert_members(&truth, "forbidden-organization");
}

#[tokio::test(start_paused = true)]
async fn without_consent_or_identity_nothing_is_read_and_nothing_is_taken_for_empty() {
    let all = |code: &'static str| ["account", "users", "groups", "memberships"].map(|n| (n, State::Forbidden, code));
    let (stage, _, stored) = with_gaps("no-consent", &all(DENIED)).await;
    assert_eq!(stored, Truth { entities: stored.entities.clone(), ..Truth::default() });
    assert!(stored.entities.values().all(|of_kind| of_kind.is_empty()));
    // A refusal is not asked for again and again.
    let asked: Vec<String> = stage.asked(Service::Graph).into_iter().map(|r| r.path).collect();
    assert!(asked.len() <= 8, "{asked:#?}");

    let (stage, ..) = with_gaps("identity-not-found", &all("Authorization_IdentityNotFound")).await;
    // The login service is not asked in a loop (AADSTS50196).
    assert_eq!(stage.asked(Service::Login).len(), 2);
    // Nor is anything else. The first five are under way together, and each is asked once more with the renewed token; a
    // list that comes behind them has nothing to hope for from another one.
    let mut asked: Vec<String> = stage.asked(Service::Graph).into_iter().map(|r| r.path).collect();
    asked.iter_mut().for_each(|path| path.truncate(path.find('?').unwrap_or(path.len())));
    asked.sort();
    let together = ["groups/$count", "groups/delta", "organization", "users/$count", "users/delta"];
    let mut want: Vec<String> =
        together.iter().chain(&together).chain(&["groups", "users"]).map(|path| format!("/v1.0/{path}")).collect();
    want.sort();
    assert_eq!(asked, want);
}

#[tokio::test(start_paused = true)]
async fn links_that_lead_astray_end_the_list_and_say_so() {
    for (scenario, code) in [("evil-nextlink", "other_host"), ("nextlink-loop", "bad_next_link")] {
        let (stage, run, stored) = with_gaps(scenario, &[("users", State::Partial, code)]).await;
        let truth = stage.truth(0);
        // What was read before is kept, and the rest of the tenant is there.
        let users = stored.of_kind(EntityKind::User);
        assert!((100..300).contains(&users.len()), "{scenario}: {}", users.len());
        assert!(users.iter().all(|(key, object)| truth.of_kind(EntityKind::User)[key] == *object));
        stored.assert_same(&truth, EntityKind::Group, scenario);
        assert!(truth.members.is_subset(&stored.members), "{scenario}");
        // The chain ended there and then. Nobody listens at the other host, so that asking it would be another error.
        let pages = stage.asked(Service::Graph).iter().filter(|r| r.path.starts_with("/v1.0/users?")).count();
        assert!(pages <= 3, "{scenario}: {pages} pages");
        assert_eq!(run.seconds, 0.0, "{scenario}: it is not tried again");
    }
}

#[tokio::test(start_paused = true)]
async fn hidden_memberships_are_gaps_however_they_are_hidden() {
    for (scenario, code) in [("hidden-groups", DENIED), ("hidden-groups-empty", "hidden_membership")] {
        let stage = Stage::new(scenario, 420, 60).await;
        let run = stage.collect().await;
        assert_eq!(run.status, RunStatus::Partial, "{scenario}");
        let truth = stage.truth(0);
        let hidden: BTreeSet<String> = truth
            .of_kind(EntityKind::Group)
            .into_iter()
            .filter(|(_, object)| object["visibility"] == "HiddenMembership")
            .map(|(key, _)| key)
            .collect();
        let gaps: BTreeSet<String> = run.gaps.iter().map(|g| g.id.clone()).collect();
        assert_eq!(gaps, hidden, "{scenario}");
        assert!(!hidden.is_empty());
        for gap in &run.gaps {
            assert_eq!((gap.scope, gap.state, gap.code.as_deref()), (GapScope::Group, State::Hidden, Some(code)));
            assert_eq!(truth.of_kind(EntityKind::Group)[&gap.id]["displayName"], gap.name.as_str());
        }
        let stored = Truth::stored(&stage.reader(), run.id);
        stored.assert_same(&truth, EntityKind::Group, scenario);
        stored.assert_same(&truth, EntityKind::User, scenario);
        stored.assert_members(&truth.without_members_of(&hidden), scenario);
        stage.check_manners();
    }
}

/// Groups that are deleted while the run goes on: as if they had never been, and no gap.
#[tokio::test(start_paused = true)]
async fn vanishing_groups() {
    let stage = Stage::new("vanishing-group", 420, 60).await;
    let told = Told::default();
    let run = stage.collect_telling(&told).await.unwrap();
    assert_eq!((run.status, &run.gaps), (RunStatus::Complete, &vec![]));
    let gone: BTreeSet<String> = stage
        .asked(Service::Graph)
        .iter()
        .filter(|r| r.status == 404 && r.in_batch && r.path.contains("/members"))
        .filter_map(|r| r.path.split('/').skip_while(|s| *s != "groups").nth(1).map(str::to_owned))
        .collect();
    assert_eq!(gone.len(), 6, "{gone:?}");
    Truth::stored(&stage.reader(), run.id).assert_is(&stage.truth(0).without_groups(&gone), "vanishing-group");
    assert_eq!(told.ingest().gaps.iter().filter(|g| g.state == State::Gone).count(), gone.len(), "told, though no gap");
}
