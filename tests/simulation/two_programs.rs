//! Two programs on one store: one writes, the other looks, and is told who writes.

use std::time::Duration;

use tenantry::{
    app::{
        Place,
        ingest::IngestPhase,
        preview::ComparisonPhase,
        steps::WizardStep,
        wizard::{ChecksPhase, Save},
    },
    demo::{Latency, Service},
    domain::{completeness::RunStatus, kind::EntityKind},
    jobs::{self, JobError, UploadEnded},
};

use crate::{
    screen::Screen,
    stage::{Stage, Told},
    truth::Truth,
};

/// Through the wizard with the right values, up to the ingestion.
async fn ready(stage: &Stage) -> Screen {
    let mut screen = Screen::demo(stage, 120, 36);
    screen.press("g enter enter f2 ctrl-r");
    screen.until("the checks' end", |m| m.wizard.checks.phase == ChecksPhase::Done).await;
    screen.press("enter");
    while matches!(screen.model().wizard.step, WizardStep::Instance | WizardStep::JupiterOne) {
        screen.press("enter");
    }
    screen.until("the step to save", |m| m.wizard.step == WizardStep::Save).await;
    screen.press("enter");
    screen.until("the saved profile", |m| matches!(m.wizard.save, Save::Saved(_))).await;
    screen.press("enter");
    assert_eq!(screen.model().place, Place::Ingest);
    screen
}

#[tokio::test(start_paused = true)]
async fn the_second_is_told_who_writes_and_looks_meanwhile() {
    let stage = Stage::open("duplicates", 400, 40, 5, Latency::Fixed(Duration::from_secs(3))).await;
    let (mut one, mut two) = (ready(&stage).await, ready(&stage).await);
    one.press("enter");
    one.until_just("the first page", |m| m.ingest.progress.collections[1].done > 0).await;

    // A second run is refused, in words that name the process.
    two.press("enter");
    two.until_just("the refusal", |m| matches!(m.ingest.phase, IngestPhase::Failed(_))).await;
    two.shows(&["is being written by", &format!("process {}", std::process::id()), "store_locked"]);
    two.shows(&["Reading goes on meanwhile"]);

    // What is here so far can be looked at.
    two.press("3");
    two.until_just("users", |m| !m.browse.view().window.rows.is_empty()).await;
    let seen = two.model().browse.view().window.total.unwrap();
    assert!((100..400).contains(&seen), "{seen}");
    assert!(matches!(one.model().ingest.phase, IngestPhase::Running(_)), "it is still being read");
    two.press("4");
    two.until_just("that nothing is finished", |m| m.place == Place::Preview && m.finished().is_none()).await;
    assert!(!matches!(two.model().comparison.phase, ComparisonPhase::Ready(_)));

    one.until("the run's end", |m| matches!(m.ingest.phase, IngestPhase::Ended(_))).await;
    let run = stage.reader().newest_finished().unwrap().unwrap();
    assert_eq!(run.status, RunStatus::Complete);
    Truth::stored(&stage.reader(), run.id).assert_is(&stage.truth(0), "the run that was not disturbed");

    // The way is free for the second.
    two.press("3 r");
    let all = stage.truth(0).count(EntityKind::User);
    two.until("all users", |m| m.browse.view().window.total == Some(all)).await;
    two.press("2 enter");
    two.until("its own run's end", |m| matches!(m.ingest.phase, IngestPhase::Ended(_))).await;
    assert_eq!(stage.reader().newest_finished().unwrap().unwrap().id.0, run.id.0 + 1);
    stage.check_manners();
}

/// An upload needs the store's one lock, too, and takes it before it asks JupiterOne for anything that writes.
#[tokio::test(start_paused = true)]
async fn an_upload_waits_for_nobody_and_disturbs_nobody() {
    let stage = Stage::open("duplicates", 240, 30, 5, Latency::Fixed(Duration::from_secs(1))).await;
    let first = stage.collect().await;
    stage.demo.advance();
    stage.demo.forget_requests();
    let context = stage.context(&Told::default(), &Default::default());
    let running = tokio::spawn(async move { jobs::collect(&context).await });
    while jobs::open(&stage.settings()).unwrap().newest().unwrap().unwrap().id == first.id {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let Err(JobError::Upload(error)) = stage.upload().await else { panic!("the store is taken") };
    assert_eq!(jobs::end_of(&error), UploadEnded::NotStarted);
    let problem = error.problem();
    assert_eq!(problem.code.as_deref(), Some("store_locked"));
    assert!(problem.summary.contains(&format!("process {}", std::process::id())), "{problem:?}");
    let jobs_started = stage.asked(Service::JupiterOne).iter().filter(|r| r.path.contains("/synchronization")).count();
    assert_eq!(jobs_started, 0);
    // What is shown of the last finished run does not change under the reader's eyes.
    assert_eq!(stage.preview().run, first.id);
    let run = running.await.unwrap().unwrap();
    assert_eq!(run.status, RunStatus::Complete);
    Truth::stored(&stage.reader(), run.id).assert_is(&stage.truth(1), "undisturbed");
    assert_eq!(stage.upload().await.unwrap().status, "FINISHED");
}
