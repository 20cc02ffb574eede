//! What stands between a preview and an upload: words that have to be typed, and what no word lifts.

use std::sync::Arc;

use jiff::Timestamp;
use tenantry::{
    app::{
        browse::Shows,
        overlay::Overlay,
        upload::{Looked, UploadState},
        views::Mode,
    },
    domain::{
        completeness::RunStatus,
        guard::{Guard, Leave, TargetChange},
        ids::TenantId,
        limit::Excess,
        naming::Naming,
        problem::Problem,
        target::Place,
    },
};

use super::answers::three_runs;
use super::fake::{Fake, TENANT, Ui, profile, quiet, run, screen, ui};

/// A UI at the upload's screen, with what speaks against it.
pub async fn at_upload(engine: &Arc<Fake>, uploaded: bool, guards: Option<Vec<Guard>>) -> Ui {
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = vec![run(1, RunStatus::Partial)];
        script.uploaded = uploaded;
        script.guards = guards;
    }
    let mut ui = ui(engine, Mode::Real, (120, 36));
    assert!(ui.until(quiet).await.unwrap());
    ui.press("4").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("5").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui
}

async fn type_in(ui: &mut Ui, words: &str) {
    let keys: Vec<String> = words.chars().map(|c| if c == ' ' { "space".to_owned() } else { c.to_string() }).collect();
    ui.press(&keys.join(" ")).unwrap();
    ui.press("enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
}

fn asked(ui: &Ui) -> Vec<String> {
    match ui.model().overlays.last() {
        Some(Overlay::Type { asked, .. }) => asked.iter().map(|asked| asked.word.clone()).collect(),
        _ => Vec::new(),
    }
}

/// What is said beside the word that is asked for now.
fn why(ui: &Ui) -> String {
    match ui.model().overlays.last() {
        Some(Overlay::Type { asked, .. }) => asked[0].why.join(" "),
        _ => String::new(),
    }
}

fn orders(engine: &Fake) -> Vec<Leave> {
    engine.script.lock().unwrap().orders.iter().map(|order| order.leave).collect()
}

#[tokio::test(start_paused = true)]
async fn the_target_of_a_first_upload_is_shown_before_it_is_asked_for() {
    let engine = Arc::new(Fake::default());
    let mut ui = at_upload(&engine, false, None).await;
    assert_eq!(engine.script.lock().unwrap().places.len(), 1, "asked once");
    assert!(
        screen(&ui).contains("The target is the instance m365-prod (definition Custom, type custom)."),
        "{}",
        screen(&ui)
    );
    ui.press("enter").unwrap();
    assert_eq!(asked(&ui), ["first upload"]);
    assert!(screen(&ui).contains("m365-prod"), "{}", screen(&ui));
    type_in(&mut ui, "first upload").await;
    assert_eq!(orders(&engine), [Leave { first_upload: true, ..Leave::default() }]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_tell_takes_other_words() {
    let engine = Arc::new(Fake::default());
    let words = "JupiterOne did not let this key read";
    engine.script.lock().unwrap().place = Some(Ok(Place::Untold(Problem::new(words).code("FORBIDDEN"))));
    let mut ui = at_upload(&engine, false, None).await;
    ui.press("enter").unwrap();
    assert_eq!(asked(&ui), ["custom instance"]);
    assert!(screen(&ui).contains("its key cannot tell"), "{}", screen(&ui));
    type_in(&mut ui, "first upload").await;
    assert!(orders(&engine).is_empty() && screen(&ui).contains("Not the word"), "{}", screen(&ui));
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_others_fill_is_refused() {
    let engine = Arc::new(Fake::default());
    let refused = Problem::new("the instance `prod` is filled by JupiterOne's own Microsoft 365 integration");
    engine.script.lock().unwrap().place = Some(Err(refused));
    let mut ui = at_upload(&engine, false, None).await;
    for _ in 0..2 {
        assert!(screen(&ui).contains("filled by JupiterOne's own"), "{}", screen(&ui));
        assert!(matches!(ui.model().upload.place, Looked::Failed(_)) && asked(&ui).is_empty());
        // Another Enter asks once more, and no more than that.
        ui.press("enter").unwrap();
        assert!(ui.until(quiet).await.unwrap());
    }
    // Mended, it goes on by itself to what was wanted.
    engine.script.lock().unwrap().place = Some(Ok(Place::Scope));
    ui.press("enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(asked(&ui), ["first upload"]);
    assert!(orders(&engine).is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_guard_takes_a_word_of_its_own() {
    let engine = Arc::new(Fake::default());
    let change = Guard::TargetChange {
        change: TargetChange::Tenant,
        tenant: TenantId::parse(TENANT).unwrap(),
        naming: Naming::ActiveDirectory,
        at: Timestamp::UNIX_EPOCH,
    };
    let excess = Excess { name: "active_directory_user_group_has_user".to_owned(), delete: 7_988, limit: 6_467 };
    let guards = vec![change, Guard::TooManyDeletions { over: vec![excess] }];
    let mut ui = at_upload(&engine, true, Some(guards)).await;
    assert!(engine.script.lock().unwrap().places.is_empty(), "what it is was settled long ago");
    ui.press("enter").unwrap();
    assert_eq!(asked(&ui), ["replace", "7988"]);
    assert!(screen(&ui).contains(TENANT), "{}", screen(&ui));
    type_in(&mut ui, "replace").await;
    assert_eq!(asked(&ui), ["7988"]);
    assert!(why(&ui).contains("above the limit of 6,467"), "{}", why(&ui));
    for wrong in ["upload", "798", "79880"] {
        type_in(&mut ui, wrong).await;
        assert!(screen(&ui).contains("Not the word"), "{}", screen(&ui));
        for _ in 0..wrong.len() {
            ui.press("backspace").unwrap();
        }
    }
    assert!(orders(&engine).is_empty());
    type_in(&mut ui, "7,988").await;
    assert!(ui.until(|m| matches!(m.upload.phase, UploadState::Finished(_))).await.unwrap());
    assert_eq!(orders(&engine), [Leave { first_upload: false, target_change: true, deletions: Some(7_988) }]);
}

#[tokio::test(start_paused = true)]
async fn a_run_without_an_account_is_not_uploaded() {
    let engine = Arc::new(Fake::default());
    let guards = vec![Guard::NothingToHold { what: "account entity".to_owned() }];
    let mut ui = at_upload(&engine, true, Some(guards)).await;
    assert!(screen(&ui).contains("the run holds no account entity"), "{}", screen(&ui));
    ui.press("enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(ui.model().overlays.is_empty() && orders(&engine).is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_older_run_is_sent_again_from_the_list_of_runs() {
    let engine = Arc::new(Fake::default());
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = three_runs();
        script.uploaded = true;
    }
    let mut ui = ui(&engine, Mode::Real, (120, 36));
    assert!(ui.until(quiet).await.unwrap());
    let newest = ui.model().overview.store.as_ref().unwrap().finished.as_ref().unwrap().id;
    ui.press("3").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    for _ in 0..12 {
        if matches!(ui.model().browse.view().shows, Shows::Runs) {
            break;
        }
        ui.press("tab").unwrap();
        assert!(ui.until(quiet).await.unwrap());
    }
    // Down to a finished run that is not the newest.
    for _ in 0..6 {
        ui.press("down").unwrap();
    }
    ui.press("u").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let older = ui.model().comparison.ready().expect("a preview").run;
    assert_ne!(older, newest);
    assert!(screen(&ui).contains("not the newest"), "{}", screen(&ui));
    ui.press("enter enter").unwrap();
    type_in(&mut ui, "upload").await;
    assert!(ui.until(|m| matches!(m.upload.phase, UploadState::Finished(_))).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().orders[0].run, older);
    // What comes next is about the newest again.
    ui.press("enter 4").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(ui.model().comparison.ready().unwrap().run, newest);
}
