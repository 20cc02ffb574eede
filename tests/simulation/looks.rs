//! Looks at a tenant that are no collection of it: a selection, a probe; and the pass over sign-ins beside a run.

use tenantry::{
    demo::Service,
    domain::{
        completeness::RunStatus,
        kind::EntityKind,
        probe::Answer,
        reading::{Ask, GroupPick, RunKind, Scope},
    },
    jobs,
};
use tokio_util::sync::CancellationToken;

use crate::{
    stage::{Stage, Told},
    truth::Truth,
};

fn only(scope: Scope) -> Ask {
    Ask { scope: Some(scope), ..Ask::default() }
}

#[tokio::test(start_paused = true)]
async fn a_selection_is_looked_at_and_deletes_nothing() {
    let stage = Stage::new("default", 300, 50).await;
    let truth = stage.truth(0);
    // A group with members, and its name.
    let (id, group) = truth
        .of_kind(EntityKind::Group)
        .into_iter()
        .filter(|(id, _)| truth.members.iter().any(|(g, _)| g == id))
        .nth(3)
        .unwrap();
    let name = group["displayName"].as_str().unwrap().to_owned();
    let of_group = |t: &Truth| t.members.iter().filter(|(g, _)| *g == id).cloned().collect::<Vec<_>>();

    for pick in [GroupPick::Id(id.clone()), GroupPick::Name(name.clone())] {
        let told = Told::default();
        let run = stage.collect_as(only(Scope::Groups(vec![pick.clone()])), &told).await.unwrap();
        assert_eq!((run.kind, run.status), (RunKind::Scoped, RunStatus::Scoped), "{pick:?} {}", told.text());
        let stored = Truth::stored(&stage.reader(), run.id);
        assert_eq!(of_group(&stored), of_group(&truth), "{pick:?}");
        for (_, member) in of_group(&stored) {
            let named = EntityKind::ALL.iter().any(|kind| stored.of_kind(*kind).contains_key(&member));
            assert!(named, "{member} has a name");
        }
        assert!(stage.reader().newest_finished().unwrap().is_none());
        assert_eq!(jobs::preview(&stage.settings()).unwrap_err().problem().code.as_deref(), Some("no_run"));
    }
    let all = stage.collect().await;
    assert_eq!(all.kind, RunKind::Full, "a selection is no ground for changes");
    Truth::stored(&stage.reader(), all.id).assert_is(&truth, "everything, afterwards");

    // Another selection changes nothing about what is there to be sent.
    let run = stage.collect_as(only(Scope::Sample(7)), &Told::default()).await.unwrap();
    assert_eq!(run.status, RunStatus::Scoped);
    assert_eq!(stage.reader().newest_finished().unwrap().unwrap().id, all.id);
    Truth::stored(&stage.reader(), all.id).assert_is(&truth, "the whole one");
    stage.demo.advance();
    let next = stage.collect().await;
    assert_eq!(next.kind, RunKind::Delta);
    Truth::stored(&stage.reader(), next.id).assert_is(&stage.truth(1), "changes, behind a selection");

    let nobody = Scope::Groups(vec![GroupPick::Name("No such group".to_owned())]);
    let error = stage.collect_as(only(nobody), &Told::default()).await.unwrap_err().problem();
    assert_eq!(error.code.as_deref(), Some("nothing_selected"));
    // What the service does not understand is told in its own words.
    let refused = Scope::Groups(vec![GroupPick::Filter("nonsense eq 'x'".to_owned())]);
    let problem = stage.collect_as(only(refused), &Told::default()).await.unwrap_err().problem();
    assert!(problem.status == Some(400) && problem.message.is_some(), "{problem:?}");
    assert_eq!(stage.collect().await.kind, RunKind::Delta, "and nothing came of that");
    stage.check_manners();
}

/// What is found out is right, remembered, and names nobody.
#[tokio::test(start_paused = true)]
async fn a_probe_finds_out_and_tells_nobody() {
    for (scenario, expand, delta) in
        [("default", Answer::Yes, Answer::Yes), ("delta-no-principals", Answer::Yes, Answer::No)]
    {
        let stage = Stage::new(scenario, 600, 120).await;
        let told = Told::default();
        let context = stage.context(&told, &CancellationToken::new());
        let probed = jobs::probe(&context).await.unwrap();
        let report: tenantry::domain::probe::ProbeReport = serde_json::from_value(probed.report.clone()).unwrap();
        let answer = |id: &str| report.finding(id).unwrap_or_else(|| panic!("{id}: {report:#?}")).answer;
        assert_eq!(answer("expand_in_batch"), Answer::Yes, "{report:#?}");
        assert_eq!(answer("expand_is_cut"), Answer::Yes, "{report:#?}");
        assert_eq!(answer("expand_is_exact"), Answer::Yes, "{report:#?}");
        assert_eq!(answer("expand_shows_service_principals"), expand, "{report:#?}");
        assert_eq!(answer("delta_shows_service_principals"), delta, "{scenario}: {report:#?}");
        assert_eq!((report.ways.len(), report.users), (2, Some(600)), "{report:#?}");
        assert!(report.ways[0].requests > report.ways[1].requests, "{:#?}", report.ways);
        assert!(!report.units.is_empty() && !probed.words.is_empty());

        let text = format!("{}{}{}", probed.report, probed.words.join("\n"), told.text());
        let truth = stage.truth(0);
        assert!(!text.contains(stage.demo.tenant_id.as_str()));
        for (id, object) in EntityKind::ALL.iter().flat_map(|kind| truth.of_kind(*kind)) {
            assert!(!text.contains(&id), "{id}");
            let name = object["displayName"].as_str().unwrap();
            assert!(name.len() < 8 || !text.contains(name), "{name}");
        }
        let learned = stage.reader().learned().unwrap();
        assert_eq!(learned.delta_shows_service_principals, Some(delta == Answer::Yes));
        assert_eq!(learned.expand_shows_service_principals, Some(true));
        stage.check_manners();
    }
}

/// What is refused is an answer; the next question is asked all the same.
#[tokio::test(start_paused = true)]
async fn a_probe_works_with_refusals() {
    for scenario in ["no-consent", "forbidden-groups", "hidden-groups", "hidden-groups-empty", "no-delta", "no-batch"] {
        let stage = Stage::new(scenario, 100, 30).await;
        let context = stage.context(&Told::default(), &CancellationToken::new());
        let probed = jobs::probe(&context).await.unwrap();
        assert!(probed.words.len() > 8, "{scenario}: {:?}", probed.words);
        stage.check_manners();
    }
}

#[tokio::test(start_paused = true)]
async fn last_sign_ins_come_beside_the_run_and_never_hold_it_up() {
    let stage = Stage::new("sign-ins", 1_700, 20).await;
    let ask = || Ask { sign_ins: true, ..Ask::default() };
    let signed_in = |stage: &Stage, run: &tenantry::domain::view::RunInfo| {
        let users = Truth::stored(&stage.reader(), run.id).of_kind(EntityKind::User);
        users.values().filter(|user| user.get("lastSignInOn").is_some()).count()
    };
    let told = Told::default();
    let first = stage.collect_as(ask(), &told).await.unwrap();
    assert_eq!((first.status, &first.gaps), (RunStatus::Complete, &vec![]), "{}", told.text());
    let some = signed_in(&stage, &first);
    // The pass goes on where it stood.
    let second = stage.collect_as(ask(), &Told::default()).await.unwrap();
    let third = stage.collect_as(ask(), &Told::default()).await.unwrap();
    let (more, all) = (signed_in(&stage, &second), signed_in(&stage, &third));
    assert!(some > 0 && some <= more && more <= all && all > 1_000, "{some} {more} {all}");
    let asked = stage.asked(Service::Graph);
    assert!(asked.iter().all(|r| r.status != 429), "five in ten seconds at most");
    // A run that does not ask for them has none.
    let without = stage.collect().await;
    assert_eq!(signed_in(&stage, &without), 0);
    assert!(!stage.asked(Service::Graph).iter().any(|r| r.path.contains("/delta") && r.path.contains("signIn")));

    // Where the app may not read them, that is told once, and nothing is missing for it.
    let stage = Stage::new("default", 100, 20).await;
    let told = Told::default();
    let run = stage.collect_as(ask(), &told).await.unwrap();
    assert_eq!((run.status, &run.gaps), (RunStatus::Complete, &vec![]));
    let lines = told.lines();
    let lines: Vec<_> = lines.iter().filter(|l| l.text.contains("last sign-ins are not read")).collect();
    assert!(lines.len() <= 1, "{lines:?}");
    Truth::stored(&stage.reader(), run.id).count(EntityKind::User);
}
