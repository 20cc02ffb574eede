//! The whole journey on the screen, with keys: what a person sees who takes the demo for a walk.

use tenantry::{
    app::{
        Model, Place,
        browse::Item,
        ingest::IngestPhase,
        preview::ComparisonPhase,
        steps::WizardStep,
        upload::UploadState,
        wizard::{ChecksPhase, Save},
    },
    demo::Latency,
    domain::{kind::EntityKind, preview::Preview, upload::JobFigures, view::Row},
};

use crate::{screen::Screen, stage::Stage, truth::Truth};

fn is_checked(m: &Model) -> bool {
    m.wizard.checks.phase == ChecksPhase::Done
}

fn previewed(m: &Model) -> Option<&Preview> {
    match &m.comparison.phase {
        ComparisonPhase::Ready(preview) => Some(preview),
        _ => None,
    }
}

fn uploaded(m: &Model) -> Option<&JobFigures> {
    match &m.upload.phase {
        UploadState::Finished(figures) => Some(figures),
        _ => None,
    }
}

async fn check_mistakes(screen: &mut Screen, stage: &Stage) {
    for mistake in stage.demo.mistakes.clone() {
        let asked = stage.demo.requests().len();
        let key = if screen.model().wizard.step == WizardStep::Check { "enter" } else { "ctrl-r" };
        screen.press("f3");
        screen.shows(&[&mistake.title, &mistake.expect]);
        if mistake.title == "Secret ID instead of Value" {
            // Stopped before it is sent.
            screen.press(key);
            screen.settle().await;
            assert_eq!(screen.model().wizard.step, WizardStep::Credential);
            insta::assert_snapshot!("wizard-secret-id", screen.text());
            screen.shows(&["Secret ID", "Nothing was sent"]);
            assert_eq!(stage.demo.requests().len(), asked, "nothing was sent");
            continue;
        }
        screen.press(key);
        screen.until("the checks' end", is_checked).await;
        assert!(stage.demo.requests().len() > asked);
        // Without consent it waits by itself, until it is told to stop.
        if screen.model().wizard.step == WizardStep::Waiting {
            if mistake.title == "No admin consent" {
                insta::assert_snapshot!("wizard-no-consent", screen.text());
            }
            screen.press("c");
        }
        let checks = &screen.model().wizard.checks;
        assert!(checks.first_failed().is_some_and(|c| c.problem.as_ref().is_some_and(|p| p.hint.is_some())));
        let problems: Vec<_> = checks.done.iter().filter_map(|c| c.problem.clone()).collect();
        let documented = problems.iter().find(|p| p.code.as_deref() == Some(&mistake.expect));
        let Some(documented) = documented else { panic!("{}: {problems:?}", mistake.title) };
        assert!(documented.hint.is_some() && documented.request_id.is_some(), "{}: {documented:?}", mistake.title);
        // The code is on the screen where checks are told, not only in the line of news.
        screen.press("ctrl-l");
        assert!(screen.raw().lines().filter(|l| l.starts_with('│')).any(|l| l.contains(&mistake.expect)));
        screen.shows(&["f mend"]);
        let secret = mistake.secret.expose();
        screen.shows_not(&[secret, &secret[..8]]);
        if mistake.title == "Expired secret" {
            insta::assert_snapshot!("wizard-expired-secret", screen.text());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_whole_journey() {
    let stage = Stage::open("default", 240, 40, 5, Latency::Interactive).await;
    let mut screen = Screen::demo(&stage, 120, 36);
    insta::assert_snapshot!("welcome", screen.text());
    assert!(stage.demo.requests().is_empty(), "nothing is asked before a person asks for it");

    // The wizard.
    screen.press("g enter enter");
    check_mistakes(&mut screen, &stage).await;
    screen.press("f2");
    screen.press("enter");
    screen.until("the checks' end", is_checked).await;
    insta::assert_snapshot!("wizard-checked", screen.text());
    screen.press("enter enter");
    assert_eq!(screen.model().wizard.step, WizardStep::JupiterOne);
    insta::assert_snapshot!("wizard-jupiterone", screen.text());
    for _ in 0..8 {
        if screen.model().wizard.step == WizardStep::JupiterOne {
            screen.press("enter");
        }
    }
    screen.until("the step to save", |m| m.wizard.step == WizardStep::Save).await;
    screen.press("enter");
    screen.until("the saved profile", |m| matches!(m.wizard.save, Save::Saved(_))).await;
    insta::assert_snapshot!("wizard-saved", screen.text());
    screen.shows(&["memory"]);

    // Ingestion.
    screen.press("enter");
    screen.press("enter");
    screen.until_just("the first page", |m| m.ingest.progress.collections[1].done > 0).await;
    assert!(matches!(screen.model().ingest.phase, IngestPhase::Running(_)));
    screen.shows(&["cancel (all is kept)"]);
    screen.until("the run's end", |m| matches!(m.ingest.phase, IngestPhase::Ended(_))).await;
    let truth = stage.truth(0);
    let [accounts, users, groups, memberships] = screen.model().ingest.progress.collections.clone();
    let done = |c: &tenantry::domain::progress::CollectionProgress| (c.done, c.total);
    assert_eq!(done(&accounts), (1, Some(1)));
    assert_eq!(done(&users), (truth.count(EntityKind::User), Some(truth.count(EntityKind::User))));
    assert_eq!(done(&groups), (truth.count(EntityKind::Group), Some(truth.count(EntityKind::Group))));
    assert_eq!(done(&memberships), done(&groups));
    insta::assert_snapshot!("ingested", screen.text());

    // Browsing.
    browse(&mut screen, &truth).await;

    // The dry run.
    stage.demo.forget_requests();
    screen.press("4");
    screen.until("the comparison", |m| previewed(m).is_some()).await;
    insta::assert_snapshot!("preview-first", screen.text());
    let first = previewed(screen.model()).unwrap().clone();
    let objects = truth.entities.values().map(|k| k.len() as u64).sum::<u64>() + truth.members.len() as u64;
    let of_account = truth.count(EntityKind::User) + truth.count(EntityKind::Group);
    assert_eq!(first.total().create, objects + of_account);
    assert!(stage.demo.requests().is_empty(), "a preview asks nobody");

    // The upload, with its word.
    screen.press("enter");
    screen.press("enter");
    screen.until("what the target is", |m| m.jobs.is_empty() && !m.overlays.is_empty()).await;
    screen.shows(&["custom instance"]);
    screen.press("u p l o a d enter");
    assert!(screen.model().jobs.is_empty(), "the wrong word");
    insta::assert_snapshot!("upload-word", screen.text());
    let asked = stage.demo.requests();
    let only_reads = asked.iter().all(|r| r.method == "GET" || r.path.ends_with("/graphql"));
    assert!(!asked.is_empty() && only_reads, "nothing is sent before the word: {asked:?}");
    screen.press("ctrl-u c u s t o m space i n s t a n c e enter");
    screen.until("the job's end", |m| uploaded(m).is_some()).await;
    insta::assert_snapshot!("uploaded-first", screen.text());
    is_job_of(uploaded(screen.model()).unwrap(), &first);

    // A day passes.
    screen.press("enter");
    screen.until("the dashboard", |m| m.place == Place::Dashboard && m.jobs.is_empty()).await;
    insta::assert_snapshot!("dashboard-uploaded", screen.text());
    screen.press("a");
    screen.until("the change", |m| m.jobs.is_empty()).await;
    screen.shows(&["The tenant changed: 2, then r"]);
    screen.press("2");
    screen.press("r");
    screen.until("the second run's end", |m| matches!(m.ingest.phase, IngestPhase::Ended(_))).await;
    let run = screen.model().finished().unwrap();
    Truth::stored(&tenantry::store::Reader::open(stage.settings().store().unwrap(), None).unwrap(), run)
        .assert_is(&stage.truth(1), "a day later");
    screen.press("4");
    screen.until("the second comparison", |m| previewed(m).is_some()).await;
    insta::assert_snapshot!("preview-second", screen.text());
    let second = previewed(screen.model()).unwrap().clone();
    let total = second.total();
    assert!(total.create > 3 && total.change > 3 && total.delete > 3 && total.same > 500, "{total:?}");
    screen.press("enter");
    screen.press("enter");
    screen.press("u p l o a d enter");
    screen.until("the second job's end", |m| uploaded(m).is_some()).await;
    is_job_of(uploaded(screen.model()).unwrap(), &second);
    insta::assert_snapshot!("uploaded-second", screen.text());
    screen.press("enter");
    screen.press("4");
    screen.until("the last comparison", |m| previewed(m).is_some()).await;
    let last = previewed(screen.model()).unwrap();
    assert!(last.changes.values().all(|c| c.is_nothing()), "{:?}", last.changes);
    insta::assert_snapshot!("preview-nothing", screen.text());

    stage.check_manners();
    screen.press("q");
    assert!(screen.has_left().await, "nothing runs, so it leaves at once");
}

/// The rows that were read of the list on the screen.
fn rows(m: &Model) -> impl Iterator<Item = &Row> {
    m.browse.view().window.rows.iter().filter_map(Item::row)
}

async fn browse(screen: &mut Screen, truth: &Truth) {
    screen.press("3");
    screen.until("users", |m| m.browse.view().window.total == Some(truth.count(EntityKind::User))).await;
    insta::assert_snapshot!("browse-users", screen.text());

    // Somebody by name.
    let names: Vec<String> =
        truth.of_kind(EntityKind::User).values().map(|u| u["displayName"].as_str().unwrap().to_owned()).collect();
    let word = "an";
    let matching = |m: &Model| {
        rows(m).all(|r| {
            [&r.name, &r.second, &r.id].into_iter().any(|t| t.to_lowercase().contains(word)) || !r.second.is_empty()
        })
    };
    screen.press("/ a n");
    screen
        .until("fewer users", |m| {
            m.browse.view().window.total.is_some_and(|t| t > 0 && t < names.len() as u64) && matching(m)
        })
        .await;
    let by_name = names.iter().filter(|n| n.to_lowercase().contains(word)).count() as u64;
    assert!(screen.model().browse.view().window.total.unwrap() >= by_name);
    screen.press("enter");
    insta::assert_snapshot!("browse-filtered", screen.text());
    screen.press("esc");

    // A group, its members, one of them, their groups, and back.
    screen.press("tab");
    screen.until("groups", |m| m.browse.view().window.total == Some(truth.count(EntityKind::Group))).await;
    screen.press("home");
    let selected = |m: &Model| m.browse.item().and_then(Item::row).map(|r| r.count.unwrap_or(0));
    while selected(screen.model()).is_some_and(|count| !(3..12).contains(&count)) {
        screen.press("down");
        screen.settle().await;
    }
    screen.press("enter");
    screen.settle().await;
    insta::assert_snapshot!("browse-group", screen.text());
    let (group, ..) = screen.model().browse.subject().unwrap();
    screen.press("right");
    let of_group = truth.members.iter().filter(|(g, _)| *g == group).count() as u64;
    screen.until("members", |m| m.browse.view().window.total == Some(of_group)).await;
    insta::assert_snapshot!("browse-members", screen.text());
    let listed: Vec<String> = rows(screen.model()).map(|r| r.id.clone()).collect();
    assert!(listed.iter().all(|id| truth.members.contains(&(group.clone(), id.clone()))));
    let user =
        listed.iter().position(|id| truth.of_kind(EntityKind::User).contains_key(id)).expect("a user among them");
    for _ in 0..user {
        screen.press("down");
    }
    screen.settle().await;
    screen.press("left");
    let of_user = truth.members.iter().filter(|(_, m)| *m == listed[user]).count() as u64;
    screen.until("the user's groups", |m| m.browse.view().window.total == Some(of_user)).await;
    insta::assert_snapshot!("browse-groups-of", screen.text());
    assert!(rows(screen.model()).any(|r| r.id == group));
    let depth = screen.model().browse.trail.len();
    for left in (0..depth).rev() {
        screen.press("esc");
        assert_eq!(screen.model().browse.trail.len(), left);
    }
    screen.settle().await;
}

/// The job did what the preview had said.
fn is_job_of(figures: &JobFigures, preview: &Preview) {
    let sum = |edges: bool, figure: fn(&tenantry::domain::preview::Changes) -> u64| -> u64 {
        preview.changes.iter().filter(|(name, _)| name.contains("_has_") == edges).map(|(_, c)| figure(c)).sum()
    };
    assert_eq!(figures.status, "FINISHED");
    assert_eq!(
        (figures.num_entities_created, figures.num_entities_updated, figures.num_entities_deleted),
        (sum(false, |c| c.create), sum(false, |c| c.change), sum(false, |c| c.delete))
    );
    assert_eq!(
        (figures.num_relationships_created, figures.num_relationships_updated, figures.num_relationships_deleted),
        (sum(true, |c| c.create), sum(true, |c| c.change), sum(true, |c| c.delete))
    );
}
