//! The first ten minutes, counted: from nothing to a green doctor and a saved profile, by each way in, with the keys and
//! pastes that the screen asks for and no others. The README's table is held against it.

use tenantry::{
    app::wizard::{ChecksPhase, Save, keys::KeyPhase},
    demo::Latency,
};

use crate::{screen::Screen, stage::Stage};

/// A person at the keyboard, and how much of it was needed.
struct Walk {
    screen: Screen,
    keys: usize,
    pastes: usize,
}

impl Walk {
    fn begin(stage: &Stage) -> Self {
        Self { screen: Screen::demo(stage, 120, 36), keys: 0, pastes: 0 }
    }

    /// Presses keys, then looks whether the screen has come to `shows`.
    #[track_caller]
    fn press(&mut self, keys: &str, shows: &str) {
        self.screen.press(keys);
        self.keys += keys.split_whitespace().count();
        self.screen.shows(&[shows]);
    }

    #[track_caller]
    fn paste(&mut self, text: &str) {
        self.screen.paste(text);
        self.pastes += 1;
    }

    /// Until all checks are green.
    async fn green(&mut self) {
        self.screen.until("the checks' end", |m| m.wizard.checks.phase == ChecksPhase::Done).await;
        let failed = self.screen.model().wizard.checks.first_failed();
        assert!(failed.is_none(), "{failed:?}\n{}", self.screen.raw());
    }

    async fn key(&mut self) {
        self.screen.until("the key", |m| matches!(m.wizard.keys.phase, KeyPhase::Ready(_))).await;
    }

    /// Account, region, address, instance and key, each where the focus is.
    async fn jupiterone(&mut self, stage: &Stage) {
        self.paste(&stage.demo.jupiterone_account);
        self.press("enter", "▸ Region");
        self.press("right right", "other URL");
        self.press("enter", "▸ API URL");
        self.paste(stage.demo.jupiterone_url.as_str());
        self.press("enter", "▸ Instance ID");
        self.paste(&stage.demo.jupiterone_instance);
        self.press("enter", "▸ API key");
        self.paste(stage.demo.jupiterone_api_key.expose());
    }

    /// The last check, and the profile.
    async fn saved(mut self, way: &str) -> String {
        self.screen.press("enter");
        self.keys += 1;
        self.green().await;
        self.press("enter", "Saving");
        self.screen.until("the saved profile", |m| matches!(m.wizard.save, Save::Saved(_))).await;
        format!("| {way} | {} | {} |\n", self.keys, self.pastes)
    }
}

async fn stage() -> Stage {
    Stage::open("default", 60, 12, 5, Latency::Interactive).await
}

async fn guided_by_secret() -> String {
    let stage = stage().await;
    let mut walk = Walk::begin(&stage);
    walk.press("g", "Open the admin center");
    walk.press("enter enter", "▸ Tenant ID");
    walk.paste(stage.demo.tenant_id.as_str());
    walk.press("enter", "▸ Client ID");
    walk.paste(stage.demo.client_id.as_str());
    walk.press("enter", "▸ Proves it by");
    walk.press("enter", "▸ Client secret");
    walk.paste(stage.demo.client_secret.expose());
    walk.press("enter", "▸ Ends on");
    walk.press("enter enter enter", "7 of 10");
    walk.green().await;
    walk.press("enter enter", "▸ Account ID");
    walk.jupiterone(&stage).await;
    walk.saved("guided, with a client secret").await
}

async fn guided_by_certificate() -> String {
    let stage = stage().await;
    let mut walk = Walk::begin(&stage);
    walk.press("g", "Open the admin center");
    walk.press("enter enter", "▸ Tenant ID");
    walk.paste(stage.demo.tenant_id.as_str());
    walk.press("enter", "▸ Client ID");
    walk.paste(stage.demo.client_id.as_str());
    walk.press("enter", "▸ Proves it by");
    walk.press("right enter", "key");
    walk.key().await;
    walk.press("enter enter enter", "7 of 10");
    walk.green().await;
    walk.press("enter enter", "▸ Account ID");
    walk.jupiterone(&stage).await;
    walk.saved("guided, with a certificate made here").await
}

async fn script() -> String {
    let stage = stage().await;
    let mut walk = Walk::begin(&stage);
    walk.press("s", "▸ App name");
    walk.press("enter enter enter enter", "key");
    walk.key().await;
    walk.press("y", "Copied");
    walk.press("enter", "3 of 7");
    walk.paste(&format!("tenant={} client={}", stage.demo.tenant_id, stage.demo.client_id));
    walk.press("enter", "4 of 7");
    walk.green().await;
    walk.press("enter enter", "▸ Account ID");
    walk.jupiterone(&stage).await;
    walk.saved("script").await
}

async fn one_form() -> String {
    let stage = stage().await;
    let mut walk = Walk::begin(&stage);
    walk.press("i", "▸ Tenant ID");
    let demo = &stage.demo;
    walk.paste(&format!(
        "tenant={} client={} account={} instance={}",
        demo.tenant_id, demo.client_id, demo.jupiterone_account, demo.jupiterone_instance
    ));
    walk.press("tab tab tab", "▸ Client secret");
    walk.paste(demo.client_secret.expose());
    walk.press("tab tab tab", "▸ Region");
    walk.press("right right", "other URL");
    walk.press("tab", "▸ API URL");
    walk.paste(demo.jupiterone_url.as_str());
    walk.press("tab tab", "▸ API key");
    walk.paste(demo.jupiterone_api_key.expose());
    walk.saved("I have everything, with one pasted line").await
}

#[tokio::test(start_paused = true)]
async fn keys_and_pastes_are_as_the_readme_says() {
    let counted = [guided_by_secret().await, guided_by_certificate().await, script().await, one_form().await].concat();
    assert!(include_str!("../../README.md").contains(&counted), "the README's table is not\n{counted}");
}
