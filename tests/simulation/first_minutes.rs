//! What the first ten minutes cost, in keys and pastes, for each way in: from the welcome to a tenant that is read. The
//! README's table is held against it.

use tenantry::{
    app::{
        ingest::IngestPhase,
        steps::WizardStep,
        wizard::{ChecksPhase, Save},
    },
    demo::Latency,
};

use crate::{screen::Screen, stage::Stage};

/// A person at the screen, who presses and pastes.
struct Person {
    screen: Screen,
    keys: usize,
    pastes: usize,
}

impl Person {
    fn press(&mut self, keys: &str) {
        self.keys += keys.split_whitespace().count();
        self.screen.press(keys);
    }

    fn paste(&mut self, text: &str) {
        self.pastes += 1;
        self.screen.paste(text);
    }

    fn is_at(&self, step: WizardStep) {
        assert_eq!(self.screen.model().wizard.step, step, "{}", self.screen.raw());
    }

    async fn is_made(&mut self) {
        self.screen.until("the key", |m| m.wizard.has_key()).await;
    }

    /// From the running checks to the end of the first run.
    async fn goes_on(&mut self) {
        self.screen.until("the checks' end", |m| m.wizard.checks.phase == ChecksPhase::Done).await;
        self.screen.shows(&["This works."]);
        self.press("enter");
        if self.screen.model().wizard.step == WizardStep::Instance {
            self.press("ctrl-s");
        }
        self.is_at(WizardStep::Save);
        self.press("enter");
        self.screen.until("the saved profile", |m| matches!(m.wizard.save, Save::Saved(_))).await;
        self.press("enter enter");
        self.screen.until("the run's end", |m| matches!(m.ingest.phase, IngestPhase::Ended(_))).await;
    }
}

#[derive(Debug, Clone, Copy)]
enum Walk {
    Secret,
    Certificate,
    Script,
    Everything,
}

async fn walked(walk: Walk, size: (u16, u16)) -> (usize, usize) {
    let stage = Stage::open("default", 40, 8, 1, Latency::Interactive).await;
    let demo = &stage.demo;
    let mut person = Person { screen: Screen::demo(&stage, size.0, size.1), keys: 0, pastes: 0 };
    let (tenant, client) = (demo.tenant_id.to_string(), demo.client_id.to_string());
    let line = format!("tenant={tenant} client={client}");
    match walk {
        Walk::Secret | Walk::Certificate => {
            person.press("enter enter enter");
            person.paste(&tenant);
            person.press("enter");
            person.paste(&client);
            person.press("enter");
            person.is_at(WizardStep::Credential);
            if matches!(walk, Walk::Secret) {
                person.press("enter");
                person.paste(demo.client_secret.expose());
                person.press("enter enter");
            } else {
                person.press("right enter");
                person.is_made().await;
                person.press("enter");
            }
            person.is_at(WizardStep::Permission);
            person.press("enter enter");
        }
        Walk::Script => {
            person.press("s enter enter enter enter");
            person.is_at(WizardStep::Script);
            person.is_made().await;
            person.press("y enter");
            person.paste(&line);
            person.press("enter");
        }
        Walk::Everything => {
            person.press("i");
            person.paste(&line);
            person.press("enter enter enter");
            person.paste(demo.client_secret.expose());
            person.press("ctrl-r");
        }
    }
    person.goes_on().await;
    (person.keys, person.pastes)
}

#[tokio::test(start_paused = true)]
async fn keys_and_pastes_are_as_few_as_the_readme_says() {
    let readme = include_str!("../../README.md");
    let mut missing = Vec::new();
    for (walk, title) in [
        (Walk::Secret, "guided, with a secret"),
        (Walk::Certificate, "guided, with a certificate that is made here"),
        (Walk::Script, "script (and its run in the cloud's shell)"),
        (Walk::Everything, "I have everything: one line and a secret"),
    ] {
        let cost = walked(walk, (120, 36)).await;
        // A small terminal costs no key more.
        assert_eq!(walked(walk, (40, 12)).await, cost, "{title}");
        let row = format!("| {title} | {} | {} |", cost.0, cost.1);
        if !readme.contains(&row) {
            missing.push(row);
        }
    }
    assert!(missing.is_empty(), "the README lacks:\n{}", missing.join("\n"));
}
