//! What keys and events do, against the scripted engine: the journey, and the bad moments on it.

use std::sync::{Arc, atomic::Ordering};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::TestBackend;
use tenantry::{
    app::{
        ExitReason, Focus, Place,
        form::FieldId,
        ingest::IngestPhase,
        preview::ComparisonPhase,
        steps::WizardStep,
        upload::UploadState,
        views::{FormCredential, Mode, UploadEnd, UploadOrder},
        wizard::{ChecksPhase, Save},
    },
    domain::{
        completeness::RunStatus,
        export::ExportFormat,
        ids::RunId,
        reading::{How, RunKind},
        secret::Secret,
        upload::{LeftJob, Leftover, When},
        view::{RunInfo, Within},
    },
    driver::{Engine, Headful, Nowhere, Outside, UiOptions},
};

use super::fake::{CLIENT, Fake, SECRET, Still, TENANT, Ui, profile, quiet, run, screen, ui};

const SIZE: (u16, u16) = (120, 36);

fn keys(text: &str) -> Vec<Event> {
    text.chars()
        .map(|c| {
            let code = if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
            Event::Key(KeyEvent::new(code, KeyModifiers::NONE))
        })
        .collect()
}

/// A UI with a profile and a finished run.
async fn with_run(engine: &Arc<Fake>) -> Ui {
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = vec![run(1, RunStatus::Partial)];
    }
    let mut ui = ui(engine, Mode::Real, SIZE);
    assert!(ui.until(quiet).await.unwrap());
    ui
}

#[tokio::test(start_paused = true)]
async fn from_nothing_to_an_upload() {
    let engine = Arc::new(Fake::default());
    let mut ui = ui(&engine, Mode::Real, SIZE);
    ui.press("enter enter enter").unwrap();
    assert_eq!(ui.model().wizard.step, WizardStep::CopyIds);
    // A paste with a line end fills a field, and nothing more.
    ui.feed([Event::Paste(format!("  {TENANT}\r\n"))]).unwrap();
    ui.press("enter").unwrap();
    ui.feed(keys(&format!("{CLIENT}\n"))).unwrap();
    assert_eq!((ui.model().wizard.step, ui.model().wizard.field), (WizardStep::CopyIds, 1));
    ui.press("enter").unwrap();
    assert_eq!((ui.model().wizard.step, ui.model().focus()), (WizardStep::Credential, Focus::Choice));
    ui.press("enter").unwrap();
    assert_eq!((ui.model().wizard.step, ui.model().focus()), (WizardStep::Credential, Focus::Secret));
    ui.feed(keys(&format!(" {SECRET} \n"))).unwrap();
    assert_eq!(ui.model().wizard.fields.secret.chars(), SECRET.len());
    ui.press("enter enter enter enter").unwrap();
    assert_eq!(ui.model().wizard.step, WizardStep::Check);
    assert!(ui.until(|m| m.wizard.checks.phase == ChecksPhase::Done).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().forms[0].credential, FormCredential::Secret(Secret::new(SECRET)));

    ui.press("enter enter").unwrap();
    for value in ["acme", "", "5c3d2b1a-0000-4000-8000-00000000abcd", "jX2vB9nT5qR8wL3yK6mD1sF4"] {
        ui.feed(keys(value)).unwrap();
        ui.press("enter").unwrap();
    }
    assert!(ui.until(|m| m.wizard.step == WizardStep::Save).await.unwrap());
    ui.press("enter").unwrap();
    assert!(ui.until(|m| matches!(m.wizard.save, Save::Saved(_)) && quiet(m)).await.unwrap());
    assert!(screen(&ui).contains("Saved in GNOME Keyring."));
    ui.press("enter enter").unwrap();
    assert!(ui.until(|m| matches!(m.ingest.phase, IngestPhase::Ended(_)) && quiet(m)).await.unwrap());
    ui.press("enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(screen(&ui).contains("Ada Lovelace"));
    ui.press("4").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(engine.script.lock().unwrap().orders.is_empty());
    // Neither the wrong word nor a paste that ends in Enter starts an upload.
    ui.press("enter enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.feed(keys("first upload\n")).unwrap();
    assert!(engine.script.lock().unwrap().orders.is_empty());
    ui.press("enter").unwrap();
    assert!(ui.until(|m| matches!(m.upload.phase, UploadState::Finished(_))).await.unwrap());
    let orders = engine.script.lock().unwrap().orders.clone();
    assert_eq!((orders.len(), orders[0].leave.first_upload, orders[0].target.account.as_str()), (1, true, "acme"));
}

#[tokio::test(start_paused = true)]
async fn browsing_begins_while_reading_goes_on() {
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().profile = Some(profile(None));
    let mut ui = ui(&engine, Mode::Real, SIZE);
    ui.press("2 enter").unwrap();
    assert!(ui.until(|m| m.ingest.progress.seconds >= 2.0).await.unwrap());
    ui.press("enter").unwrap();
    assert!(ui.until(|m| m.browse.view().window.total.is_some()).await.unwrap());
    assert!(matches!(ui.model().ingest.phase, IngestPhase::Running(_)));
    assert!(screen(&ui).contains("still reading"));
    ui.press("down down").unwrap();
    assert!(ui.until(|m| matches!(m.ingest.phase, IngestPhase::Ended(_)) && quiet(m)).await.unwrap());
    assert_eq!((ui.model().place, ui.model().browse.view().window.cursor), (Place::Browse, 2));
}

#[tokio::test(start_paused = true)]
async fn the_trail_leads_there_and_back() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine).await;
    ui.press("3 tab").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("down down down").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("right").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().queries.last().unwrap().within, Within::MembersOf("g-3".to_owned()));
    ui.press("left").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().queries.last().unwrap().within, Within::GroupsOf("o-0".to_owned()));
    assert_eq!(ui.model().browse.trail.len(), 4);
    ui.press("backspace ctrl-g esc esc").unwrap();
    let browse = &ui.model().browse;
    assert_eq!((browse.trail.len(), browse.view().window.cursor, ui.model().place), (0, 3, Place::Browse));
    ui.press("esc").unwrap();
    assert_eq!(ui.model().place, Place::Dashboard);
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_says_why_it_is_empty() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine).await;
    ui.press("3 tab").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("down down").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("right").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let shown = screen(&ui);
    assert!(shown.contains("Its membership is hidden") && shown.contains("members hidden"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn who_changes_the_credentials_keeps_the_target() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine).await;
    let target = ui.model().overview.profile.clone().unwrap().target;
    ui.press("1 ctrl-r").unwrap();
    assert!(ui.until(|m| m.wizard.step == WizardStep::Save).await.unwrap());
    ui.press("enter").unwrap();
    assert!(ui.until(|m| matches!(m.wizard.save, Save::Saved(_))).await.unwrap());
    let forms = engine.script.lock().unwrap().forms.clone();
    let last = forms.last().unwrap();
    assert_eq!(last.jupiterone.as_ref().map(|j| &j.target), target.as_ref());
    // Its secrets are the stored ones.
    assert_eq!(last.credential, FormCredential::Stored);
    assert_eq!(last.jupiterone.as_ref().and_then(|j| j.key.clone()), None);
}

#[tokio::test(start_paused = true)]
async fn in_a_filter_every_letter_is_text() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine).await;
    ui.press("3").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("/ q 1 ? / j").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!((ui.model().browse.view().filter.text(), ui.model().place), ("q1?/j", Place::Browse));
    assert_eq!(engine.script.lock().unwrap().queries.last().unwrap().filter, "q1?/j");
    ui.press("esc").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(ui.model().browse.view().filter.text(), "");
}

#[tokio::test(start_paused = true)]
async fn cancelling_keeps_what_is_here_and_asks_first() {
    let engine = Arc::new(Fake::default());
    engine.patient.store(true, Ordering::SeqCst);
    engine.script.lock().unwrap().profile = Some(profile(None));
    let mut ui = ui(&engine, Mode::Real, SIZE);
    ui.press("2 enter").unwrap();
    assert!(ui.until(|m| m.ingest.progress.seconds >= 3.0).await.unwrap());
    ui.press("c n").unwrap();
    assert!(ui.model().overlays.is_empty());
    ui.press("c y").unwrap();
    assert!(screen(&ui).contains("stopping"));
    assert!(ui.until(quiet).await.unwrap());
    let IngestPhase::Ended(ended) = &ui.model().ingest.phase else { panic!("{:?}", ui.model().ingest.phase) };
    assert_eq!((ended.status, ui.model().overlays.len()), (RunStatus::Interrupted, 0));
    // What was cut short is never compared nor uploaded.
    ui.press("4").unwrap();
    assert!(screen(&ui).contains("no finished run"));
}

#[tokio::test(start_paused = true)]
async fn a_pause_stands_still_and_is_no_end() {
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().profile = Some(profile(None));
    let mut ui = ui(&engine, Mode::Real, SIZE);
    ui.press("2 enter").unwrap();
    assert!(ui.until(|m| m.ingest.progress.seconds >= 3.0).await.unwrap());
    ui.press("p").unwrap();
    assert!(screen(&ui).contains("‖ paused: p goes on") && screen(&ui).contains("p go on"), "{}", screen(&ui));
    // A minute later it is as it was, and nothing has failed.
    let later = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    while let Ok(turned) = tokio::time::timeout_at(later, ui.turn()).await {
        assert_eq!(turned.unwrap(), None);
    }
    assert!(ui.model().ingest.held && ui.model().ingest.progress.seconds < 5.0);
    assert!(matches!(ui.model().ingest.phase, IngestPhase::Running(_)));
    ui.press("p").unwrap();
    assert!(!screen(&ui).contains("paused"));
    assert!(ui.until(quiet).await.unwrap());
    let IngestPhase::Ended(ended) = &ui.model().ingest.phase else { panic!("{:?}", ui.model().ingest.phase) };
    assert_eq!(ended.status, RunStatus::Partial);
    // A run that stands still can be cancelled, and the next one does not stand still.
    ui.press("r").unwrap();
    assert!(ui.until(|m| m.ingest.progress.seconds >= 2.0).await.unwrap());
    ui.press("p c y").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("enter").unwrap();
    assert!(!ui.model().ingest.held);
    assert!(ui.until(quiet).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_off_is_gone_on_with_or_dropped() {
    let engine = Arc::new(Fake::default());
    engine.patient.store(true, Ordering::SeqCst);
    let mut ui = with_run(&engine).await;
    ui.press("2 enter").unwrap();
    assert!(ui.until(|m| m.ingest.progress.seconds >= 2.0).await.unwrap());
    ui.press("c y").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    // The lists and the preview go by the run that finished.
    assert_eq!(ui.model().shown().map(|r| r.id), ui.model().finished());
    assert!(screen(&ui).contains("Enter goes on with it, x drops it."), "{}", screen(&ui));
    ui.press("o").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(screen(&ui).contains("cut off: ↵ goes on with run"), "{}", screen(&ui));
    ui.press("enter x n").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("enter").unwrap();
    assert!(ui.until(|m| m.ingest.progress.seconds >= 2.0).await.unwrap());
    assert!(screen(&ui).contains("gone on with the run of 10:20"), "{}", screen(&ui));
    ui.press("c y").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    engine.patient.store(false, Ordering::SeqCst);
    ui.press("x y").unwrap();
    assert!(ui.until(|m| m.ingest.progress.seconds >= 2.0).await.unwrap());
    assert!(!screen(&ui).contains("gone on with"), "{}", screen(&ui));
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().hows, [How::Changes, How::Changes, How::Anew]);
}

/// Everything cannot go on with what read changes only: that is asked for before it is dropped.
#[tokio::test(start_paused = true)]
async fn what_read_changes_only_is_not_dropped_unasked() {
    async fn check(kind: RunKind, keys: &str, want: &[How]) {
        let engine = Arc::new(Fake::default());
        {
            let mut script = engine.script.lock().unwrap();
            script.profile = Some(profile(Some("Contoso")));
            script.runs = vec![RunInfo { kind, ..run(2, RunStatus::Interrupted) }, run(1, RunStatus::Complete)];
        }
        let mut ui = ui(&engine, Mode::Real, SIZE);
        assert!(ui.until(quiet).await.unwrap());
        assert!(ui.model().cut_off().is_some(), "{}", screen(&ui));
        ui.press("2").unwrap();
        ui.press(keys).unwrap();
        assert!(ui.until(quiet).await.unwrap());
        assert_eq!(engine.script.lock().unwrap().hows, want, "{kind:?} {keys}");
    }
    check(RunKind::Delta, "F", &[]).await;
    check(RunKind::Delta, "F n", &[]).await;
    check(RunKind::Delta, "F y", &[How::Everything]).await;
    check(RunKind::Delta, "h down down enter y", &[How::Gently]).await;
    check(RunKind::Full, "F", &[How::Everything]).await;
}

#[tokio::test(start_paused = true)]
async fn how_to_read_is_chosen() {
    async fn check(keys: &str, want: &[How]) {
        let engine = Arc::new(Fake::default());
        let mut ui = with_run(&engine).await;
        ui.press("2").unwrap();
        ui.press(keys).unwrap();
        assert!(ui.until(quiet).await.unwrap());
        assert_eq!(engine.script.lock().unwrap().hows, want, "{keys}");
    }
    check("enter", &[How::Changes]).await;
    check("F", &[How::Everything]).await;
    check("h enter", &[How::Changes]).await;
    check("h down enter", &[How::Everything]).await;
    check("h down down down down enter", &[How::Gently]).await;
    check("h down up up enter", &[How::Changes]).await;
    check("h esc", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_question_goes_by_itself_when_there_is_nothing_to_ask_any_more() {
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().profile = Some(profile(None));
    let mut ui = ui(&engine, Mode::Real, SIZE);
    ui.press("2 enter q").unwrap();
    assert_eq!(ui.model().overlays.len(), 1);
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(ui.model().overlays.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_ways_out() {
    async fn check(start: &str, out: &[&str], patient: bool, want: ExitReason) {
        let engine = Arc::new(Fake::default());
        engine.patient.store(patient, Ordering::SeqCst);
        engine.script.lock().unwrap().profile = Some(profile(None));
        let mut ui = ui(&engine, Mode::Real, SIZE);
        ui.press(start).unwrap();
        if patient {
            assert!(ui.until(|m| m.ingest.progress.seconds >= 2.0).await.unwrap());
        }
        for keys in out {
            ui.press(keys).unwrap();
        }
        assert_eq!(ui.run().await.unwrap(), want, "{start} {out:?}");
    }
    check("2", &["q"], false, ExitReason::Quit).await;
    check("1", &["ctrl-c"], false, ExitReason::Interrupted).await;
    check("?", &["ctrl-c"], false, ExitReason::Interrupted).await;
    check("3", &["ctrl-c"], false, ExitReason::Interrupted).await;
    check("2 enter", &["ctrl-c"], true, ExitReason::Interrupted).await;
    check("2 enter", &["ctrl-c", "ctrl-c"], true, ExitReason::Interrupted).await;
    check("2 enter", &["q", "y"], true, ExitReason::Quit).await;
}

#[tokio::test(start_paused = true)]
async fn signals_and_a_lost_terminal_end_it() {
    async fn check(outside: Vec<Outside>, want: ExitReason) {
        let engine: Arc<dyn Engine> = Arc::new(Fake::default());
        let options = UiOptions {
            mode: Mode::Real,
            preferences: tenantry::app::settings::Preferences::default(),
            zone: jiff::tz::TimeZone::UTC,
            vault: "GNOME Keyring".to_owned(),
            fills: None,
            profile: None,
            clock: Arc::new(Still),
        };
        let outside = futures::stream::iter(outside);
        let mut ui = Headful::new(TestBackend::new(80, 24), outside, options, engine, Box::new(Nowhere)).unwrap();
        assert_eq!(ui.run().await.unwrap(), want);
    }
    check(vec![Outside::Terminate], ExitReason::Terminated).await;
    check(vec![], ExitReason::InputClosed).await;
    check(vec![Outside::Continued, Outside::Terminate], ExitReason::Terminated).await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_aborted_in_order() {
    let engine = Arc::new(Fake::default());
    engine.patient.store(true, Ordering::SeqCst);
    engine.script.lock().unwrap().uploaded = true;
    let mut ui = with_run(&engine).await;
    ui.press("5").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("enter u p l o a d enter").unwrap();
    assert!(ui.until(|m| m.upload.progress.entities_sent > 0).await.unwrap());
    ui.press("c y").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let UploadState::Failed(failure) = &ui.model().upload.phase else { panic!("{:?}", ui.model().upload.phase) };
    assert_eq!(failure.end, UploadEnd::Cancelled);
    assert_eq!(ui.model().comparison.phase, ComparisonPhase::Idle);
}

/// The job of an upload of a run that was cut off.
fn left(run: i64, in_doubt: bool) -> LeftJob {
    LeftJob {
        id: "b1946ac9-2f4d-4e0a-9d63-0d2f3a8f5b11".to_owned(),
        run: RunId(run),
        since: "2026-11-22T09:12:00Z".parse().unwrap(),
        in_doubt,
        entities: 74_558,
        relationships: 120_000,
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_job_is_aborted_or_gone_on_with() {
    async fn check(left: LeftJob, keys: &str, said: &str, want: Leftover) {
        let engine = Arc::new(Fake::default());
        {
            let mut script = engine.script.lock().unwrap();
            (script.uploaded, script.left) = (true, vec![left]);
        }
        let mut ui = with_run(&engine).await;
        ui.press("5").unwrap();
        assert!(ui.until(quiet).await.unwrap());
        if !keys.is_empty() {
            ui.press(keys).unwrap();
        }
        let shown = screen(&ui);
        assert!(shown.contains(said), "{shown}");
        ui.press("enter u p l o a d enter").unwrap();
        assert!(ui.until(quiet).await.unwrap());
        assert_eq!(engine.script.lock().unwrap().orders[0].leftover, want);
    }
    check(left(1, false), "", "Its open job is aborted, and all is sent", Leftover::Abort).await;
    check(left(1, false), "g", "Its open job is gone on with", Leftover::GoOn).await;
    check(left(1, false), "g g", "Its open job is aborted, and all is sent", Leftover::Abort).await;
    // Of another run, or one whose end is not known: there is nothing to choose.
    check(left(7, false), "g", "of run 7, was cut off. Its open job is aborted", Leftover::Abort).await;
    check(left(1, true), "g", "JupiterOne is asked first", Leftover::Abort).await;
}

#[tokio::test(start_paused = true)]
async fn with_nothing_to_do_no_upload_can_be_started() {
    let engine = Arc::new(Fake::default());
    {
        let mut script = engine.script.lock().unwrap();
        (script.uploaded, script.settled) = (true, true);
    }
    let mut ui = with_run(&engine).await;
    ui.press("5").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(screen(&ui).contains("there is nothing to upload"), "{}", screen(&ui));
    ui.press("enter u p l o a d enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().orders, []);
    // Unless somebody says that it is to be sent again.
    ui.press("5 a").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(screen(&ui).contains("stay as they are"), "{}", screen(&ui));
    ui.press("enter u p l o a d enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let orders = engine.script.lock().unwrap().orders.clone();
    assert!(matches!(orders[..], [UploadOrder { when: When::Always, .. }]), "{orders:?}");
}

#[tokio::test(start_paused = true)]
async fn everything_is_written_to_files_in_the_chosen_form() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine).await;
    ui.press("4").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("e esc e down down down up enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().exports, [ExportFormat::J1Integration]);
    let shown = screen(&ui);
    assert!(shown.contains("Wrote 74,558 entities and 403,854 relationships to /home/ada/tenantry-run-3"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_panics_is_a_failed_job() {
    let engine = Arc::new(Fake::default());
    engine.clumsy.store(true, Ordering::SeqCst);
    let mut ui = with_run(&engine).await;
    ui.press("4").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let shown = screen(&ui);
    assert!(shown.contains("comparing stopped unexpectedly") && shown.contains("the comparison tripped"), "{shown}");
    engine.clumsy.store(false, Ordering::SeqCst);
    ui.press("enter").unwrap();
    assert!(ui.until(|m| m.comparison.ready().is_some()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn the_secret_id_is_stopped_before_it_is_sent() {
    let engine = Arc::new(Fake::default());
    let mut ui = ui(&engine, Mode::Demo, SIZE);
    ui.press("i f3 f3 ctrl-r").unwrap();
    assert_eq!((ui.model().wizard.step, ui.model().wizard.focused()), (WizardStep::Everything, Some(FieldId::Secret)));
    assert!(screen(&ui).contains("this is the Secret ID"));
    assert!(engine.script.lock().unwrap().forms.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_scrolls_past_the_end_comes_back_at_once() {
    async fn check(size: (u16, u16), keys: &str, scroll: fn(&tenantry::app::Model) -> u16) {
        let engine = Arc::new(Fake::default());
        {
            let mut script = engine.script.lock().unwrap();
            script.profile = Some(profile(Some("Contoso")));
            script.runs = vec![run(1, RunStatus::Partial)];
        }
        let mut ui = ui(&engine, Mode::Real, size);
        assert!(ui.until(quiet).await.unwrap());
        for key in keys.split(' ') {
            ui.press(key).unwrap();
            assert!(ui.until(quiet).await.unwrap());
        }
        let top = screen(&ui);
        for _ in 0..100 {
            ui.press("down").unwrap();
        }
        let (end, bottom) = (scroll(ui.model()), screen(&ui));
        assert!(end > 0 && top != bottom, "{keys} has nothing to scroll");
        ui.press("up").unwrap();
        assert_eq!(scroll(ui.model()), end - 1, "{keys}");
        assert_ne!(screen(&ui), bottom, "{keys}");
        ui.press("end").unwrap();
        assert_eq!((scroll(ui.model()), screen(&ui)), (end, bottom), "{keys}");
        ui.press("home").unwrap();
        assert_eq!(screen(&ui), top, "{keys}");
    }
    check((80, 18), "4", |m| m.comparison.scroll).await;
    check((40, 12), "3 enter", |m| match &m.browse.view().shows {
        tenantry::app::browse::Shows::Object(open) => open.scroll,
        _ => 0,
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_is_told_where_people_look() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine).await;
    engine.script.lock().unwrap().broken = true;
    ui.press("3 o").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let shown = screen(&ui);
    assert!(shown.contains("the store is damaged: page 3") && shown.contains("Move the file away"), "{shown}");
    assert!(!shown.contains("for the first time"), "{shown}");
    engine.script.lock().unwrap().broken = false;
    ui.press("o").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(!screen(&ui).contains("damaged"));
}

#[tokio::test(start_paused = true)]
async fn throttling_is_seen_while_it_happens() {
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().profile = Some(profile(None));
    for (size, now) in
        [((120, 36), "throttled now"), ((80, 24), "Microsoft asked to"), ((40, 12), "Microsoft asked to")]
    {
        let mut ui = ui(&engine, Mode::Real, size);
        ui.press("2 enter").unwrap();
        assert!(ui.until(|m| m.ingest.progress.seconds >= 4.0).await.unwrap());
        assert!(screen(&ui).contains(now), "{}", screen(&ui));
        assert!(ui.until(|m| m.ingest.progress.seconds >= 5.0).await.unwrap());
        assert!(!screen(&ui).contains(now) && screen(&ui).contains("0.8 s"), "{}", screen(&ui));
    }
}

#[tokio::test(start_paused = true)]
async fn another_tenant_begins_with_nothing_of_the_first() {
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().profile =
        Some(tenantry::app::views::ProfileView { tenant: "fabrikam.example".to_owned(), ..profile(Some("Fabrikam")) });
    engine.script.lock().unwrap().runs = vec![run(1, RunStatus::Partial)];
    let mut ui = ui(&engine, Mode::Demo, SIZE);
    assert!(ui.until(quiet).await.unwrap());
    ui.press("3").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(ui.model().browse.run.is_some());
    ui.press("1 f2 ctrl-r").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(ui.model().wizard.step, WizardStep::Save);
    ui.press("enter").unwrap();
    assert!(ui.until(|m| matches!(m.wizard.save, Save::Saved(_))).await.unwrap());
    assert_eq!((ui.model().browse.run, ui.model().browse.view().window.rows.len()), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn idle_is_idle() {
    let engine = Arc::new(Fake::default());
    let mut ui = ui(&engine, Mode::Real, SIZE);
    // It looks once whether there are profiles to choose from.
    assert!(ui.until(quiet).await.unwrap());
    let hour = std::time::Duration::from_secs(3_600);
    assert!(tokio::time::timeout(hour, ui.turn()).await.is_err(), "something happened though nothing did");
}
