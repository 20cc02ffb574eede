//! The names under which a tenant is sent, and what validation tells: on the preview's screen.

use std::sync::Arc;

use tenantry::{
    app::views::{Mode, ProfileWork},
    domain::{
        completeness::RunStatus,
        naming::Naming,
        validate::{Done, Finding, Named, Rule},
    },
};

use super::fake::{Fake, Ui, profile, quiet, run, screen, ui};

async fn at_preview(engine: &Arc<Fake>, findings: Vec<Finding>) -> Ui {
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = vec![run(1, RunStatus::Partial)];
        script.uploaded = true;
        script.findings = findings;
    }
    let mut ui = ui(engine, Mode::Real, (120, 50));
    assert!(ui.until(quiet).await.unwrap());
    ui.press("4").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui
}

#[tokio::test(start_paused = true)]
async fn other_names_are_kept_and_compared_anew() {
    let engine = Arc::new(Fake::default());
    let mut ui = at_preview(&engine, Vec::new()).await;
    assert!(screen(&ui).contains("names: active-directory"), "{}", screen(&ui));
    for (naming, shown) in
        [(Naming::GraphMicrosoft365, "azure_group_has_member"), (Naming::ActiveDirectory, "active_directory_user")]
    {
        ui.press("n").unwrap();
        assert!(ui.until(quiet).await.unwrap());
        let screen = screen(&ui);
        assert!(screen.contains(&format!("names: {naming}")) && screen.contains(shown), "{screen}");
        let asked = engine.script.lock().unwrap().profile_work.last().cloned();
        assert_eq!(asked, Some(ProfileWork::Naming(naming)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_mended_or_is_not_sent_is_told_by_name() {
    let named = |n: u32| Named { id: format!("id-{n}"), name: format!("Ada\u{202e} {n}") };
    let finding = |done, rule, property: &str, count| Finding {
        object_type: "active_directory_user".to_owned(),
        property: Some(property.to_owned()),
        rule,
        done,
        count,
        objects: (0..5).map(named).collect(),
    };
    let engine = Arc::new(Fake::default());
    let findings =
        vec![finding(Done::Excluded, Rule::KeyLength, "_key", 5), finding(Done::Null, Rule::Source, "email", 1_204)];
    let ui = at_preview(&engine, findings).await;
    // In one line: where it breaks is not what this is about.
    let screen: String = screen(&ui).split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    for words in [
        "because not all of them could be read or are sent:",
        "5 active_directory_user: _key is shorter than ten characters; not sent: Ada",
        "1,204 active_directory_user: email is not of a form that is taken; null is sent: Ada",
        "and 1,201 more",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    assert!(!screen.contains('\u{202e}'));
}
