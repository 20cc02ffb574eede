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

/// Names that put the instance's into the account, and a key that may not read it: a person says it, and it is kept.
#[tokio::test(start_paused = true)]
async fn the_instances_name_is_asked_for_where_nobody_told_it() {
    let engine = Arc::new(Fake::default());
    let mut ui = at_preview(&engine, Vec::new()).await;
    engine.script.lock().unwrap().unnamed = true;
    ui.press("n").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(screen(&ui).contains("put the name of the instance into the account"), "{}", screen(&ui));
    assert!(screen(&ui).contains("FORBIDDEN"), "why it was not told: {}", screen(&ui));
    // Nothing is kept of nothing.
    ui.press("enter space enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let works = || engine.script.lock().unwrap().profile_work.clone();
    assert_eq!(works().last(), Some(&ProfileWork::Naming(Naming::GraphMicrosoft365)));
    // Who does not know it is back at the preview, which says what is missing.
    ui.press("esc").unwrap();
    assert!(ui.model().overlays.is_empty());
    assert!(screen(&ui).contains("needs the name of the instance"), "{}", screen(&ui));
    ui.press("r").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("O u r s enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(works().last(), Some(&ProfileWork::InstanceName("Ours".to_owned())));
    let screen = screen(&ui);
    assert!(screen.contains("azure_group_has_member") && !screen.contains("put the name"), "{screen}");
}
