//! The wizard's three ways, against the scripted engine: what is pasted where, and what goes on by itself.

use std::sync::{Arc, atomic::Ordering};

use crossterm::event::Event;
use tenantry::{
    app::{
        Effect, ExitReason, Focus, Model, Msg,
        form::{FieldId, Hosts, Proof},
        key::Key,
        steps::{Way, WizardStep},
        views::{FormCredential, KeyWork, Mode, SavedAs},
        wizard::{ChecksPhase, Save, Waiting, keys},
    },
    domain::{cloud::Cloud, secret::Secret},
};

use super::fake::{CLIENT, Fake, KEY, SECRET, TENANT, Ui, quiet, screen, ui};

const SIZE: (u16, u16) = (120, 36);

fn paste(ui: &mut Ui, text: &str) {
    ui.feed([Event::Paste(text.to_owned())]).unwrap();
    // Drawn as after a key.
    ui.press("").unwrap();
}

/// What a key would copy.
fn copied(model: &Model, key: &str) -> Option<String> {
    let effects = tenantry::app::update(&mut model.clone(), Msg::Key(Key::parse(key).unwrap()));
    effects.into_iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text),
        _ => None,
    })
}

/// Whether a key would end the program.
fn leaves(model: &Model, key: &str) -> bool {
    let effects = tenantry::app::update(&mut model.clone(), Msg::Key(Key::parse(key).unwrap()));
    effects.contains(&Effect::Exit(ExitReason::Quit))
}

#[tokio::test(start_paused = true)]
async fn a_line_fills_what_it_names_wherever_it_is_pasted() {
    let line = format!("tenant={TENANT} client={CLIENT} cloud=usgov account=acme");
    let engine = Arc::new(Fake::default());
    for keys in ["i", "i enter", "i backtab", "i enter enter enter", "g", "g enter enter enter", "g enter enter", "s"] {
        let mut ui = ui(&engine, Mode::Demo, SIZE);
        ui.press(keys).unwrap();
        paste(&mut ui, &line);
        let fields = &ui.model().wizard.fields;
        assert_eq!((fields.tenant.text(), fields.client.text()), (TENANT, CLIENT), "{keys}");
        assert_eq!((fields.hosts, fields.account.text()), (Hosts::Of(Cloud::UsGov), "acme"), "{keys}");
        assert_eq!(fields.secret.chars(), 0, "{keys}");
        assert!(screen(&ui).contains("Taken from the line: tenant, client, cloud, JupiterOne account."), "{keys}");
    }
    // A secret among it: nothing is taken, and nothing is shown of it.
    for keys in ["i", "i enter enter enter"] {
        let mut ui = ui(&engine, Mode::Demo, SIZE);
        ui.press(keys).unwrap();
        paste(&mut ui, &format!("{line} secret={SECRET}"));
        let fields = &ui.model().wizard.fields;
        assert_eq!((fields.tenant.text(), fields.secret.chars()), ("", 0), "{keys}");
        assert!(screen(&ui).contains("holds a secret") && !screen(&ui).contains(&SECRET[..6]), "{keys}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_script_brings_the_key_and_waits_for_consent() {
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().unconsented = true;
    let mut ui = ui(&engine, Mode::Real, SIZE);
    ui.press("down enter").unwrap();
    assert_eq!((ui.model().wizard.way, ui.model().wizard.step), (Way::Script, WizardStep::App));
    ui.press("ctrl-u O ' N e i l l enter enter enter enter").unwrap();
    // Without the key there is no script, and Enter leads nowhere.
    ui.press("enter").unwrap();
    assert_eq!((ui.model().wizard.step, copied(ui.model(), "y")), (WizardStep::Script, None));
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().keys, [KeyWork::Make { name: "O'Neill".to_owned() }]);
    let script = copied(ui.model(), "y").unwrap();
    assert!(script.contains("MIIDazCCAlOg") && script.contains("Neill"), "{script}");
    ui.press("w").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().written, [("tenantry-register.sh".to_owned(), script)]);
    ui.press("enter").unwrap();
    paste(&mut ui, &format!("done.\ntenant={TENANT} client={CLIENT}\n"));
    assert_eq!(ui.model().wizard.step, WizardStep::Line, "a paste submits nothing");
    ui.press("enter").unwrap();
    assert!(ui.until(|m| matches!(&m.wizard.waiting, Waiting::Running { told: Some(_), .. })).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().forms[0].credential, FormCredential::Key);
    let link = copied(ui.model(), "ctrl-o").unwrap();
    assert!(link.contains(TENANT) && link.contains("adminconsent") && link.contains(CLIENT), "{link}");
    let message = copied(ui.model(), "m").unwrap();
    assert!(message.contains(&link), "{message}");
    assert!(copied(ui.model(), "y").unwrap().contains(CLIENT));
    // It goes on by itself once consent has come, and what it finds then is what counts.
    assert!(
        ui.until(|m| m.wizard.step == WizardStep::Check && m.wizard.checks.phase == ChecksPhase::Done).await.unwrap()
    );
    assert!(screen(&ui).contains("This works."), "{}", screen(&ui));
    let Waiting::No = ui.model().wizard.waiting else { panic!("{:?}", ui.model().wizard.waiting) };
}

#[tokio::test(start_paused = true)]
async fn waiting_is_stopped_and_begun_again() {
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().unconsented = true;
    engine.patient.store(true, Ordering::SeqCst);
    let mut ui = ui(&engine, Mode::Demo, SIZE);
    let waits = |m: &Model| matches!(m.wizard.waiting, Waiting::Running { .. });
    ui.press("i f2 ctrl-r").unwrap();
    assert!(ui.until(waits).await.unwrap());
    ui.press("esc").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!((ui.model().wizard.step, ui.model().wizard.waiting.clone()), (WizardStep::Check, Waiting::No));
    assert!(screen(&ui).contains("admin consent is missing"));
    ui.press("enter").unwrap();
    assert!(ui.until(waits).await.unwrap());
    // Looking at once asks once more, and waits on.
    ui.press("enter").unwrap();
    assert!(ui.until(|m| m.wizard.checks.phase == ChecksPhase::Done && waits(m)).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().forms.len(), 3);
    // In the demo one key is the administrator.
    ui.press("f2").unwrap();
    assert!(ui.until(|m| m.wizard.step == WizardStep::Save).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn one_key_does_what_a_check_offers() {
    let engine = Arc::new(Fake::default());
    {
        let mut script = engine.script.lock().unwrap();
        script.abroad = Some(Cloud::China);
        script.no_secrets = true;
        script.foreign = true;
    }
    let mut ui = ui(&engine, Mode::Demo, SIZE);
    ui.press("i f2 ctrl-r").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(screen(&ui).contains("China (21Vianet)"));
    ui.press("s").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(ui.model().wizard.fields.hosts, Hosts::Of(Cloud::China));
    ui.press("t").unwrap();
    let wizard = &ui.model().wizard;
    assert_eq!(
        (wizard.step, wizard.focused(), wizard.fields.proof),
        (WizardStep::Everything, Some(FieldId::Proof), Proof::Made)
    );
    // What is not made yet proves nothing.
    ui.press("ctrl-r").unwrap();
    assert_eq!((ui.model().wizard.step, engine.script.lock().unwrap().forms.len()), (WizardStep::Everything, 2));
    ui.press("tab tab tab tab enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    // Whose instance it is was not said: Enter does not go on.
    ui.press("enter").unwrap();
    assert_eq!(ui.model().wizard.step, WizardStep::Check);
    assert!(screen(&ui).contains("aws-production"));
    ui.press("f").unwrap();
    assert_eq!(ui.model().wizard.focused(), Some(FieldId::Instance));
    ui.press("ctrl-r").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("y").unwrap();
    assert_eq!(ui.model().wizard.step, WizardStep::Save);
    ui.press("enter").unwrap();
    assert!(ui.until(|m| matches!(m.wizard.save, Save::Saved(_))).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn another_file_is_another_key() {
    let engine = Arc::new(Fake::default());
    let mut ui = ui(&engine, Mode::Real, SIZE);
    ui.press("g enter enter").unwrap();
    paste(&mut ui, &format!("tenant={TENANT} client={CLIENT}"));
    ui.press("enter enter right right enter").unwrap();
    assert_eq!(ui.model().wizard.focused(), Some(FieldId::KeyPath));
    paste(&mut ui, " ~/app.pem\n");
    ui.press("enter").unwrap();
    assert_eq!(ui.model().focus(), Focus::Secret);
    ui.press("enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(screen(&ui).contains("no password was given"), "{}", screen(&ui));
    ui.press("p a s s enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(ui.model().wizard.has_key());
    let read = KeyWork::Read { path: "~/app.pem".to_owned(), password: Some(Secret::new("pass")) };
    assert_eq!(engine.script.lock().unwrap().keys.last(), Some(&read));
    // What is typed now is not what was read.
    ui.press("x").unwrap();
    assert!(!ui.model().wizard.has_key());
    ui.press("enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("enter").unwrap();
    assert_eq!(ui.model().wizard.step, WizardStep::Permission);
    // The values are tried behind the page.
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().forms[0].credential, FormCredential::Key);
    assert_eq!((ui.model().wizard.step, &ui.model().wizard.checks.phase), (WizardStep::Permission, &ChecksPhase::Done));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_behind_a_page_is_mended_from_there() {
    let engine = Arc::new(Fake::default());
    let mut ui = ui(&engine, Mode::Demo, SIZE);
    ui.press("g enter enter f2 enter enter f3 enter enter enter").unwrap();
    assert_eq!(ui.model().wizard.step, WizardStep::Permission);
    assert!(ui.until(quiet).await.unwrap());
    assert!(screen(&ui).contains("the client secret was refused"), "{}", screen(&ui));
    ui.press("f").unwrap();
    assert_eq!(ui.model().wizard.focused(), Some(FieldId::Secret));
}

#[tokio::test(start_paused = true)]
async fn a_ticket_tells_all_but_secrets() {
    let engine = Arc::new(Fake::default());
    let mut ui = ui(&engine, Mode::Demo, SIZE);
    ui.press("i f3 ctrl-r").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let ticket = copied(ui.model(), "ctrl-y").unwrap();
    for part in [TENANT, CLIENT, "FAILED", "AADSTS7000215", "trace id: 03da4b8e", "correlation id: 7b12f9bb", "ok "] {
        assert!(ticket.contains(part), "{part} is not in\n{ticket}");
    }
    for secret in [&SECRET[..8], &super::fake::WRONG_SECRET[..8], &KEY[..8]] {
        assert!(!ticket.contains(secret), "{ticket}");
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_of_ones_own_reach_the_engine() {
    let engine = Arc::new(Fake::default());
    let mut ui = ui(&engine, Mode::Demo, SIZE);
    ui.press("g left enter").unwrap();
    paste(&mut ui, "https://login.sovereign.example");
    ui.press("enter").unwrap();
    paste(&mut ui, "https://graph.sovereign.example/v1.0");
    ui.press("enter").unwrap();
    assert!(screen(&ui).contains("without a path"), "{}", screen(&ui));
    ui.press("ctrl-u").unwrap();
    paste(&mut ui, "https://graph.sovereign.example");
    ui.press("enter enter").unwrap();
    assert_eq!(ui.model().wizard.step, WizardStep::Register);
    ui.press("enter f2 ctrl-r").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    let own = engine.script.lock().unwrap().forms[0].endpoints.clone().unwrap();
    assert_eq!(
        (own.login.as_str(), own.graph.as_str()),
        ("https://login.sovereign.example", "https://graph.sovereign.example")
    );
    assert_eq!(own.admin_center, None);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_nothing_keeps_is_not_thrown_away_unasked() {
    let engine = Arc::new(Fake::default());
    for (mode, asked) in [(Mode::Real, true), (Mode::Demo, false)] {
        let mut ui = ui(&engine, mode, SIZE);
        ui.press("s enter enter enter enter").unwrap();
        assert!(ui.until(quiet).await.unwrap());
        assert_eq!(ui.model().wizard.step, WizardStep::Script);
        assert_eq!(leaves(ui.model(), "q"), !asked, "{mode:?}");
        if asked {
            ui.press("q").unwrap();
            assert!(screen(&ui).contains("not saved yet"));
            assert!(leaves(ui.model(), "y"));
            ui.press("n").unwrap();
            assert!(!screen(&ui).contains("not saved yet"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_saved_is_not_asked_about_whatever_is_changed_then() {
    let engine = Arc::new(Fake::default());
    let mut ui = ui(&engine, Mode::Real, SIZE);
    ui.press("i").unwrap();
    paste(&mut ui, TENANT);
    ui.press("enter").unwrap();
    paste(&mut ui, CLIENT);
    ui.press("enter right tab tab tab tab enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(keys::is_unsaved(ui.model()), "{}", screen(&ui));
    while ui.model().wizard.step != WizardStep::Save {
        ui.press("enter").unwrap();
        assert!(ui.until(quiet).await.unwrap());
    }
    ui.press("enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(matches!(ui.model().wizard.save, Save::Saved(_)), "{}", screen(&ui));
    assert!(leaves(ui.model(), "q"));
    // Another client: the form is not what was saved, but the key is in the keyring.
    while ui.model().wizard.step != WizardStep::Everything {
        ui.press("esc").unwrap();
    }
    ui.press("tab x").unwrap();
    assert!(!matches!(ui.model().wizard.save, Save::Saved(_)), "{}", screen(&ui));
    assert!(!keys::is_unsaved(ui.model()));
}

#[tokio::test(start_paused = true)]
async fn a_mistake_is_one_of_the_page_and_says_what_follows() {
    let engine = Arc::new(Fake::default());
    let check = |keys: &str, all: &[&str]| {
        let mut ui = ui(&engine, Mode::Demo, (80, 24));
        ui.press(keys).unwrap();
        for words in all {
            ui.press("f3").unwrap();
            // All in one line, as it is read.
            let shown = screen(&ui).replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(shown.contains(words), "{keys}: {words}: {}", screen(&ui));
        }
        ui.press("f2").unwrap();
        assert!(!screen(&ui).contains("A mistake:"), "{keys}");
    };
    let (secret, id, client) = (
        "A mistake: another app's secret. ^R checks: AADSTS7000215 is to come.",
        "A mistake: the Secret ID instead of the Value. It is caught here: nothing is sent.",
        "A mistake: the tenant's ID for the app's. ^R checks: AADSTS700016 is to come.",
    );
    check("g enter enter", &[client, client]);
    check("g enter enter f2 enter enter", &[secret, id, secret]);
    check("i", &[secret, id, client, secret]);
    // None of them can be made where no secret is asked for.
    let mut ui = ui(&engine, Mode::Demo, SIZE);
    ui.press("g enter enter f2 enter enter right f3").unwrap();
    assert_eq!((ui.model().wizard.step, ui.model().wizard.mistake), (WizardStep::Credential, None));
    // Nor is there a link before there is something to upload.
    assert_eq!(copied(ui.model(), "ctrl-o"), None);
    ui.press("enter").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    assert!(copied(ui.model(), "ctrl-o").is_some_and(|link| screen(&ui).contains(&link[..40])));
}

/// A new profile, filled in and checked, up to where it is saved.
async fn to_be_saved(engine: &Arc<Fake>, keys: &str) -> Ui {
    let mut ui = ui(engine, Mode::Real, SIZE);
    assert!(ui.until(quiet).await.unwrap());
    ui.press(keys).unwrap();
    paste(&mut ui, &format!("tenant=contoso.com client={CLIENT}"));
    ui.press("tab tab tab").unwrap();
    for c in SECRET.chars() {
        ui.press(&c.to_string()).unwrap();
    }
    ui.press("ctrl-r").unwrap();
    assert!(ui.until(|m| m.wizard.checks.phase == ChecksPhase::Done).await.unwrap());
    ui.press("enter").unwrap();
    assert_eq!(ui.model().wizard.step, WizardStep::Save, "{}", screen(&ui));
    ui
}

#[tokio::test(start_paused = true)]
async fn a_new_profile_is_given_a_name() {
    let engine = Arc::new(Fake::default());
    let mut ui = to_be_saved(&engine, "i").await;
    // The domain is what it is called by; what cannot be a name is not saved.
    assert_eq!(ui.model().wizard.fields.name.as_ref().unwrap().text(), "contoso");
    ui.press("ctrl-u enter").unwrap();
    assert!(screen(&ui).contains("give letters") && ui.model().wizard.save == Save::No, "{}", screen(&ui));
    // Nothing that was checked depends on it.
    assert_eq!(ui.model().wizard.checks.phase, ChecksPhase::Done);
    ui.press("m y enter").unwrap();
    assert!(ui.until(|m| matches!(m.wizard.save, Save::Saved(_))).await.unwrap());
    assert_eq!(engine.script.lock().unwrap().saved, Some(SavedAs::New("my".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn the_welcome_of_a_new_profile_stays_one() {
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().profile = Some(super::fake::profile(Some("Contoso")));
    let mut ui = ui(&engine, Mode::Real, SIZE);
    assert!(ui.until(quiet).await.unwrap());
    ui.press("P").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    for keys in ["n", "1", "g esc"] {
        ui.press(keys).unwrap();
        let wizard = &ui.model().wizard;
        assert_eq!((wizard.step, &wizard.fields.profile), (WizardStep::Welcome, &None), "{keys}");
        assert_eq!(wizard.fields.tenant.text(), "", "{keys}");
    }
    // From elsewhere it is the values of the profile at work that 1 opens, and from these one gets back there.
    ui.press("o 1").unwrap();
    assert_eq!(ui.model().wizard.fields.profile.as_deref(), Some("contoso"));
    ui.press("esc").unwrap();
    assert_eq!(ui.model().place, tenantry::app::Place::Dashboard);
}

/// Whatever a small terminal cuts off is said, and reached by the keys that are said with it.
#[tokio::test(start_paused = true)]
async fn on_a_small_terminal_all_of_a_page_is_reached() {
    let engine = Arc::new(Fake::default());
    for (keys, words) in [
        ("g", vec!["In a browser, open", "Settings (the cog)", "done already", "Cloud", "entra.microsoft"]),
        ("g enter enter", vec!["Overview page opens", "Not the Object ID", "Tenant ID", "Client ID"]),
        ("g enter enter f2 enter enter", vec!["create a secret", "tenant forbids secrets", "Client secret", "Ends on"]),
        ("i", vec!["whichever field", "Tenant ID", "Account ID", "API key"]),
        ("i f2 tab tab tab", vec!["whichever field", "Tenant ID", "Account ID", "API key"]),
        ("i f3", vec!["A mistake", "AADSTS7000215", "F2 mends it", "API key"]),
    ] {
        let mut ui = ui(&engine, Mode::Demo, (40, 12));
        ui.press(keys).unwrap();
        let mut seen = screen(&ui);
        let hint = ["PgUp", "PgDn"].iter().any(|key| seen.contains(key));
        assert!(hint, "{keys}: {seen}");
        for _ in 0..8 {
            ui.press("pageup").unwrap();
            seen.push_str(&screen(&ui));
        }
        for _ in 0..16 {
            ui.press("pagedown").unwrap();
            seen.push_str(&screen(&ui));
        }
        let seen = seen.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        for words in words {
            assert!(seen.contains(words), "{keys}: {words}: {seen}");
        }
        // What is typed is seen again at once.
        ui.press("tab").unwrap();
        assert!(screen(&ui).contains('▸'), "{keys}: {}", screen(&ui));
    }
}
