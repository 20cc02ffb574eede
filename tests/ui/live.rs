//! The preview against what JupiterOne holds now: asked for by a key, told how far it is, stopped by another.

use std::sync::Arc;

use tenantry::{
    app::{
        Place,
        preview::{Against, ComparisonPhase},
        views::Mode,
    },
    domain::completeness::RunStatus,
};

use super::fake::{Fake, Ui, profile, quiet, run, screen, ui};

async fn at_preview(engine: &Arc<Fake>) -> Ui {
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = vec![run(1, RunStatus::Partial)];
        script.uploaded = true;
    }
    let mut ui = ui(engine, Mode::Real, (120, 36));
    assert!(ui.until(quiet).await.unwrap());
    ui.press("4").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui
}

#[tokio::test(start_paused = true)]
async fn jupiterone_is_asked_by_a_key_and_believed_by_it_again() {
    let engine = Arc::new(Fake::default());
    let mut ui = at_preview(&engine).await;
    assert!(screen(&ui).contains("against the upload of"), "{}", screen(&ui));
    ui.press("L").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let words = screen(&ui);
    assert!(words.contains("against what JupiterOne holds now") && words.contains("302 objects differ"), "{words}");
    assert!(words.contains("874 requests"), "{words}");
    // A plan is bound to what is believed: there is nothing to keep.
    ui.press("w").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(!screen(&ui).contains("/data/plans"), "{}", screen(&ui));
    // Once more is once more of the same.
    ui.press("r").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(ui.model().comparison.ready().unwrap().is_live());
    // An upload goes by what is believed, and that is compared before.
    ui.press("enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(ui.model().place, Place::Upload);
    assert!(!ui.model().comparison.ready().unwrap().is_live());
    ui.press("4 L").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("L").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(screen(&ui).contains("against the upload of"), "{}", screen(&ui));
}

#[tokio::test(start_paused = true)]
async fn a_reading_tells_how_far_it_is_and_is_stopped() {
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().reading = true;
    let mut ui = at_preview(&engine).await;
    for stop in ["c", "esc"] {
        ui.press("L").unwrap();
        assert!(ui.until(|m| m.comparison.read.requests > 0).await.unwrap());
        let words = screen(&ui);
        assert!(words.contains("read 12,500 of 49,999 entities"), "{words}");
        ui.press(stop).unwrap();
        assert!(ui.until(quiet).await.unwrap());
        assert_eq!(ui.model().comparison.against, Against::Belief, "{stop}");
        ui.press("4").unwrap();
        assert!(ui.until(quiet).await.unwrap());
        assert!(matches!(ui.model().comparison.phase, ComparisonPhase::Ready(_) | ComparisonPhase::Idle), "{stop}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_may_not_read_is_said_with_the_next_step() {
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().unreadable = true;
    let mut ui = at_preview(&engine).await;
    ui.press("L").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let words = screen(&ui);
    assert!(words.contains("cannot be checked") && words.contains("may only upload"), "{words}");
    ui.press("L").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(screen(&ui).contains("against the upload of"), "{}", screen(&ui));
}

#[tokio::test(start_paused = true)]
async fn nothing_to_do_is_said_of_what_is_there() {
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().settled = true;
    let mut ui = at_preview(&engine).await;
    ui.press("L").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let words = screen(&ui);
    assert!(words.contains("JupiterOne holds all of this") && words.contains("It is what it was"), "{words}");
}
