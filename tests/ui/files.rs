//! The profiles' screen over the real engine: real files in a folder of the test's own, and a keyring in memory.

use std::sync::Arc;

use jiff::tz::TimeZone;
use ratatui::backend::TestBackend;
use tenantry::{
    app::{Place, views::Mode},
    credentials::{Entry, MemoryVault, Vault},
    domain::secret::Secret,
    driver::{
        Headful, Nowhere, UiOptions,
        office::{Office, RealEngine},
    },
    profile::{Environment, Flags, JupiterOneProfile, Profile, Profiles, Settings, manage, paths::Paths},
};

use super::fake::{CLIENT, Still, TENANT, Ui, quiet, screen};

const OTHER: &str = "94841066-274d-4ec0-a5c1-276be684bdd3";

fn of(tenant: &str, instance: &str) -> Profile {
    let jupiterone = JupiterOneProfile {
        account: Some("acme".to_owned()),
        instance: Some(instance.to_owned()),
        ..JupiterOneProfile::default()
    };
    Profile { tenant_id: tenant.to_owned(), client_id: CLIENT.to_owned(), jupiterone, ..Profile::default() }
}

struct Desk {
    _home: tempfile::TempDir,
    paths: Paths,
    profiles: Profiles,
    vault: Arc<dyn Vault>,
}

impl Desk {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        let profiles = Profiles::new(&paths);
        Self { paths, profiles, vault: Arc::new(MemoryVault::default()), _home: home }
    }

    /// As the program begins where no profile can be used without a person.
    async fn ui(&self, flags: Flags) -> Ui {
        let settings = Settings::of_flags(&flags, &Environment::default(), &self.paths).unwrap();
        let vault = Arc::clone(&self.vault);
        let office = Office::new(flags, Environment::default(), settings, vault, Arc::new(Still), None);
        let options = UiOptions {
            mode: Mode::Real,
            preferences: tenantry::app::settings::Preferences::default(),
            zone: TimeZone::UTC,
            vault: self.vault.name(),
            fills: None,
            profile: office.profile(),
            clock: Arc::new(Still),
        };
        let engine = Arc::new(RealEngine::new(office));
        let backend = TestBackend::new(120, 36);
        let mut ui = Headful::new(backend, futures::stream::pending(), options, engine, Box::new(Nowhere)).unwrap();
        assert!(ui.until(quiet).await.unwrap());
        ui
    }

    fn entries(&self, name: &str) -> Vec<Entry> {
        let profile = self.profiles.load(name).unwrap();
        manage::entries(&Settings::of_profile(name, &profile, &self.paths).unwrap())
    }
}

async fn settled(ui: &mut Ui, keys: &str) {
    ui.press(keys).unwrap();
    assert!(ui.until(quiet).await.unwrap());
}

#[tokio::test]
async fn profiles_are_chosen_renamed_and_removed_with_their_secrets() {
    let desk = Desk::new();
    desk.profiles.add("other", &of(OTHER, "two")).unwrap();
    desk.profiles.add("work", &of(TENANT, "one")).unwrap();
    let (work, other) = (desk.entries("work"), desk.entries("other"));
    for entry in work.iter().chain(&other) {
        desk.vault.set(entry, &Secret::new("kept")).unwrap();
    }

    // Which one is meant nobody can say: the screen asks.
    let mut ui = desk.ui(Flags::default()).await;
    assert_eq!((ui.model().place, ui.model().overview.profile.as_ref()), (Place::Profiles, None));
    assert!(screen(&ui).contains("Several profiles exist"), "{}", screen(&ui));
    settled(&mut ui, "down d").await;
    assert_eq!(desk.profiles.default().unwrap().as_deref(), Some("work"));
    settled(&mut ui, "enter").await;
    assert_eq!((ui.model().place, ui.model().is_at_work("work")), (Place::Dashboard, true));

    settled(&mut ui, "P").await;
    settled(&mut ui, "r ctrl-u h o m e enter").await;
    assert_eq!(desk.profiles.list().unwrap(), ["home", "other"]);
    assert_eq!(desk.profiles.default().unwrap().as_deref(), Some("home"));
    assert!(ui.model().is_at_work("home"));
    settled(&mut ui, "r ctrl-u . . / x enter").await;
    assert!(screen(&ui).contains("cannot name a profile"), "{}", screen(&ui));
    assert_eq!(desk.profiles.list().unwrap(), ["home", "other"]);

    settled(&mut ui, "x").await;
    let shown = screen(&ui);
    for part in ["client secret of app", TENANT, "JupiterOne API key of account acme, which another profile may need"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("private key"), "{shown}");
    settled(&mut ui, "y").await;
    assert_eq!(desk.profiles.list().unwrap(), ["other"]);
    let left = |entries: &[Entry]| -> Vec<bool> {
        entries.iter().map(|entry| desk.vault.get(entry).unwrap().is_some()).collect()
    };
    assert_eq!((left(&work), left(&other)), (vec![false, false, true], vec![true, true, true]));
    assert_eq!((ui.model().place, ui.model().overview.profile.as_ref()), (Place::Profiles, None));
}

#[tokio::test]
async fn what_nobody_confirmed_is_not_used() {
    let desk = Desk::new();
    let proxied = |port: u16| Profile { proxy: Some(format!("http://proxy.example:{port}")), ..of(TENANT, "one") };
    // Not typed here: it came with a checkout, say.
    desk.profiles.save("work", &proxied(1)).unwrap();
    let unconfirmed = || desk.profiles.untrusted("work", &desk.profiles.load("work").unwrap()).unwrap().len();

    let mut ui = desk.ui(Flags::default()).await;
    assert!(screen(&ui).contains("http://proxy.example:1") && screen(&ui).contains("Type trust"), "{}", screen(&ui));
    settled(&mut ui, "esc").await;
    settled(&mut ui, "2").await;
    // Nothing of it is at work, so nothing can be read with it.
    assert_eq!((ui.model().overview.profile.as_ref(), unconfirmed()), (None, 1));
    settled(&mut ui, "P").await;
    settled(&mut ui, "enter").await;
    // It changes while it is looked at: the word was for what was shown.
    desk.profiles.save("work", &proxied(2)).unwrap();
    settled(&mut ui, "t r u s t enter").await;
    assert!(screen(&ui).contains("changed while you looked") && screen(&ui).contains("proxy.example:2"));
    assert_eq!((ui.model().overview.profile.as_ref(), unconfirmed()), (None, 1));
    settled(&mut ui, "t r u s t enter").await;
    assert!(ui.model().is_at_work("work"));
    assert_eq!(unconfirmed(), 0);

    // The next change asks again.
    desk.profiles.save("work", &proxied(3)).unwrap();
    let ui = desk.ui(Flags::default()).await;
    assert!(screen(&ui).contains("http://proxy.example:3"), "{}", screen(&ui));
    assert_eq!((ui.model().overview.profile.as_ref(), unconfirmed()), (None, 1));
}

#[tokio::test]
async fn what_the_command_line_fixed_goes_to_no_other_profile() {
    let desk = Desk::new();
    desk.profiles.add("other", &of(OTHER, "two")).unwrap();
    desk.profiles.add("work", &of(TENANT, "one")).unwrap();
    let store = Some(desk.paths.data.join("mine.db"));
    let mut ui = desk.ui(Flags { profile: Some("work".to_owned()), store, ..Flags::default() }).await;
    settled(&mut ui, "P").await;
    settled(&mut ui, "home enter").await;
    assert!(screen(&ui).contains("--store was given"), "{}", screen(&ui));
    assert!(!ui.model().is_at_work("other"));
    settled(&mut ui, "down enter").await;
    assert!(ui.model().is_at_work("work"), "{}", screen(&ui));
}
