//! Wrong turns on the way in: whatever people enter, lack, or have between them and the services lands on a screen that
//! names the next step.
//!
//! One row a wrong turn, and one [`check`] for all. Each is taken with keys and pastes, through the real wizard, engine and
//! clients; only who answers is a stand-in, over real sockets. Rows of [`Wrong::Code`] are failures that no loopback can
//! have (DNS, routes, a script): there the doctor's own check stands in for what the network did, and all behind it is real.

mod counter;
mod files;
mod login;
mod network;
mod own;
mod services;

use std::sync::Arc;

use ratatui::{Terminal, backend::TestBackend};
use tenantry::{
    app::{Model, Msg, key::Key, steps::WizardStep, update, wizard::ChecksPhase},
    credentials::{Entry, MemoryVault, Vault, VaultError, advice::explain},
    demo::Service,
    domain::{
        check::{Check, CheckId},
        clock::Clock,
        origin::Origin,
        problem::Problem,
        secret::SecretBytes,
    },
    profile::Flags,
    tui,
};

use self::counter::{Counter, Listens, Said};
use crate::{screen::Screen, stage::Stage};

/// A wrong turn, and where it has to lead.
pub struct Row {
    pub name: &'static str,
    pub wrong: Wrong,
    /// The code on the screen; none where a field tells what is wrong with it.
    pub code: &'static str,
    /// Words of the next step.
    pub next: &'static str,
    /// A part of the link; empty where there is no page to go to.
    pub link: &'static str,
    /// The key that the page offers.
    pub key: &'static str,
}

pub enum Wrong {
    /// The login answers with this status, OAuth code and description.
    Login(u16, &'static str, String),
    /// Graph answers requests whose path ends so: status, header, code and message.
    Graph(&'static str, u16, Option<(&'static str, &'static str)>, &'static str, &'static str),
    /// The token has these roles.
    Roles(&'static [&'static str]),
    /// The token is another tenant's.
    OtherToken,
    /// Tenant, client and secret as typed; `None` is the right one.
    Typed(Option<&'static str>, Option<&'static str>, Option<&'static str>),
    /// Who listens where the services should.
    Instead(Listens),
    /// Who listens where the proxy should, on the way to the cloud's own hosts; whether its authority is given.
    Proxy(Listens, Authority),
    /// A failure of the network by its code.
    Code(&'static str),
    /// A key's file of this content, and its password.
    File(files::Content, &'static str),
    /// What the keyring does when it is to keep a secret.
    Keyring(fn() -> VaultError),
    JupiterOne(services::Theirs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    Unknown,
    Given,
}

/// What rows share: a demo tenant, and a counter.
pub struct Bench {
    stage: Stage,
    counter: Counter,
}

const LARGE: (u16, u16) = (120, 36);
const SMALL: (u16, u16) = (80, 24);
const SECRET: &str = "Wr0~ngTurn.Of_A-Secret8QabcdefghijklmnOpq";
const READS: &[&str] = &["Directory.Read.All"];

impl Bench {
    async fn new() -> Self {
        Self { stage: Stage::new("default", 20, 5).await, counter: Counter::open().await }
    }

    fn at(&self, login: &Origin, graph: &Origin) -> Flags {
        let (login_url, graph_url) = (Some(login.clone()), Some(graph.clone()));
        Flags { login_url, graph_url, ..Flags::default() }
    }

    fn right(&self) -> (&str, &str) {
        (self.stage.demo.tenant_id.as_str(), self.stage.demo.client_id.as_str())
    }

    /// All is well again, with tokens of this tenant and these roles.
    fn begin(&self, tenant: &str, roles: &[&str]) {
        self.counter.begin(self.stage.clock.now(), tenant, self.right().1, roles);
    }

    fn open(&self, flags: Flags) -> Screen {
        Screen::real(&self.stage, flags, Arc::new(MemoryVault::default()), LARGE)
    }

    /// Takes the wrong turn, up to where it leads.
    async fn take(&self, row: &Row) -> Screen {
        let (tenant, client) = self.right();
        self.begin(tenant, READS);
        let here = self.at(&self.counter.origin, &self.counter.origin);
        let flags = match &row.wrong {
            Wrong::Login(status, error, words) => {
                self.counter.login_says(login::refusal(*status, error, words));
                here
            }
            Wrong::Graph(path, status, header, code, message) => {
                let inner = serde_json::json!({ "date": "2026-11-22T09:00:00", "request-id": "r-1" });
                let body = serde_json::json!({ "error": { "code": code, "message": message, "innerError": inner } });
                self.counter.graph_says(path, Said { status: *status, header: *header, body: body.to_string() });
                here
            }
            Wrong::Roles(roles) => {
                self.begin(tenant, roles);
                here
            }
            Wrong::OtherToken => {
                self.begin("99999999-274d-4ec0-a5c1-276be684bdd3", READS);
                here
            }
            Wrong::Typed(..) | Wrong::Code(_) => self.at(&self.stage.demo.login_url, &self.stage.demo.graph_url),
            Wrong::Instead(how) => {
                let (port, _) = counter::listen(*how).await;
                let origin = Origin::parse(&format!("http://127.0.0.1:{port}")).unwrap();
                self.at(&origin, &origin)
            }
            Wrong::Proxy(how, authority) => {
                let (port, pem) = counter::listen(*how).await;
                let file = self.stage.home.path().join(format!("authority-{port}.pem"));
                std::fs::write(&file, pem).unwrap();
                let ca_file = (*authority == Authority::Given).then_some(file);
                Flags { proxy: Some(format!("http://127.0.0.1:{port}")), ca_file, ..Flags::default() }
            }
            Wrong::File(content, password) => return files::read(self, content, password).await,
            Wrong::Keyring(error) => return own::keep(self, *error).await,
            Wrong::JupiterOne(theirs) => return services::connect(self, *theirs).await,
        };
        let mut screen = self.open(flags);
        let (t, c, s) = match row.wrong {
            Wrong::Typed(t, c, s) => (t.unwrap_or(tenant), c.unwrap_or(client), s.unwrap_or(SECRET)),
            _ => (tenant, client, SECRET),
        };
        fill(&mut screen, t, c, s);
        screen.press("ctrl-r");
        if screen.model().wizard.step != WizardStep::Everything {
            screen.until("the checks' end", is_over).await;
        }
        screen
    }
}

/// The one form, up to the secret.
fn fill(screen: &mut Screen, tenant: &str, client: &str, secret: &str) {
    screen.press("i");
    screen.paste(tenant);
    // Enter stays on a value that is wrong.
    screen.press("tab");
    screen.paste(client);
    screen.press("tab tab");
    screen.paste(secret);
}

fn is_over(m: &Model) -> bool {
    matches!(m.wizard.checks.phase, ChecksPhase::Done | ChecksPhase::Failed(_))
}

/// A keyring that does nothing but fail.
struct Failing(fn() -> VaultError);

impl Vault for Failing {
    fn name(&self) -> String {
        "GNOME Keyring (Secret Service)".to_owned()
    }

    fn key(&self, _: &Entry) -> Result<Option<SecretBytes>, VaultError> {
        Err((self.0)())
    }

    fn set_key(&self, _: &Entry, _: &SecretBytes) -> Result<(), VaultError> {
        Err((self.0)())
    }

    fn delete(&self, _: &Entry) -> Result<(), VaultError> {
        Err((self.0)())
    }
}

/// What a screen says, column by column, without the spaces at which lines are broken.
fn said(screen: &str) -> String {
    let mut columns: Vec<String> = Vec::new();
    for line in screen.lines() {
        for (n, cell) in line.split('│').enumerate() {
            columns.resize(columns.len().max(n + 1), String::new());
            columns[n].extend(cell.chars().filter(|c| !c.is_whitespace()));
        }
    }
    columns.join("\n")
}

fn drawn(model: &Model, size: (u16, u16)) -> (String, u16) {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    let mut reach = 0;
    terminal.draw(|frame| reach = tui::draw(model, frame).reach).unwrap();
    (crate::screen::text_of(terminal.backend().buffer()), reach)
}

/// All that a small terminal shows of it, page by page.
fn scrolled(model: &Model) -> String {
    let mut model = model.clone();
    drop(update(&mut model, Msg::Resize(SMALL.0, SMALL.1)));
    let mut all = String::new();
    for _ in 0..20 {
        let before = model.wizard.scroll;
        let (text, reach) = drawn(&model, SMALL);
        // Each page overlaps the one before, so that no sentence is torn.
        all.push_str(&said(&text));
        drop(update(&mut model, Msg::Drawn { reach, beside: 0, columns: 0 }));
        drop(update(&mut model, Msg::Key(Key::parse("pagedown").unwrap())));
        if model.wizard.scroll == before {
            break;
        }
    }
    all
}

/// What is not as the row has it.
async fn faults(bench: &Bench, row: &Row) -> Vec<String> {
    let mut screen = bench.take(row).await;
    let mut faults = Vec::new();
    if screen.model().wizard.step == WizardStep::Waiting {
        // It waits for consent by itself, and says who can give it.
        for words in ["Grant admin consent", "adminconsent", "m copies a message"] {
            if !said(&screen.raw()).contains(&said(words)) {
                faults.push(format!("the waiting page does not say {words:?}:\n{}", screen.raw()));
            }
        }
        screen.press("c");
    }
    let mut model = screen.model().clone();
    if let Wrong::Code(code) = row.wrong {
        // The network's failure, where the doctor puts it.
        let problem = explain(Problem::new("the way to login.microsoftonline.com ended").code(code));
        model.wizard.checks.done = vec![Check::failed(CheckId::Reach, problem)];
    }
    let (raw, small) = (drawn(&model, LARGE).0, scrolled(&model));
    let large = said(&raw);
    for words in [row.code, row.next, row.link] {
        let words = said(words);
        if !large.contains(&words) {
            faults.push(format!("{words:?} is not on the screen:\n{raw}"));
        }
        if !small.contains(&words) {
            faults.push(format!("{words:?} is not reached on a small screen:\n{}", drawn(&model, SMALL).0));
        }
    }
    if !raw.contains(row.key) {
        faults.push(format!("the key {:?} is not offered:\n{raw}", row.key));
    }
    if raw.contains(&SECRET[..8]) || small.contains(&SECRET[..8]) {
        faults.push(format!("the secret is on the screen:\n{raw}"));
    }
    faults.into_iter().map(|fault| format!("{}: {fault}", row.name)).collect()
}

async fn check(rows: Vec<Row>) {
    let bench = Bench::new().await;
    let mut all = Vec::new();
    for row in &rows {
        all.extend(faults(&bench, row).await);
    }
    let asked = bench.stage.demo.requests();
    assert!(asked.iter().all(|r| r.service != Service::Graph || r.violation.is_none()));
    assert!(all.is_empty(), "{} faults in {} rows\n{}", all.len(), rows.len(), all.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn what_the_login_refuses() {
    check(login::rows()).await;
}

#[tokio::test(start_paused = true)]
async fn what_graph_and_jupiterone_refuse() {
    check(services::rows()).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_network_does() {
    check(network::rows()).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_entered_wrongly_and_not_kept() {
    check(own::rows()).await;
}

#[tokio::test(start_paused = true)]
async fn which_files_are_no_key() {
    check(files::rows()).await;
}

/// Every code of the login's table of advice is a row, and so is every failure of the network that has words.
#[test]
fn the_table_is_whole() {
    let all = [login::rows(), services::rows(), network::rows(), own::rows(), files::rows()];
    let rows: Vec<Row> = all.into_iter().flatten().collect();
    assert!(rows.len() >= 170, "{}", rows.len());
    let names: std::collections::BTreeSet<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len(), "each has a name of its own");
    let codes: std::collections::BTreeSet<_> = rows.iter().map(|row| row.code).collect();
    let advice = [include_str!("../../assets/advice/login.toml"), include_str!("../../assets/advice/network.toml")];
    for text in advice {
        let table: toml::Table = text.parse().unwrap();
        let is_there = |code: &str| match code.strip_prefix("http_").filter(|status| status.parse::<u16>().is_ok()) {
            // A bare status is no code of anybody: the gateways' rows.
            Some(status) => names.contains(format!("a gateway's {status}").as_str()),
            // Told by words, whatever the number.
            None => code == "credential_type_not_allowed" || codes.contains(code),
        };
        let missing: Vec<_> = table.keys().filter(|code| !is_there(code)).collect();
        assert_eq!(missing, Vec::<&String>::new());
    }
}

/// The words are found across line ends, and only where they are.
#[test]
fn a_screen_is_read_as_people_read_it() {
    let screen = "╭ Steps ─╮╭ Check ────╮\n│ ✓ Open ││ Copy the  │\n│ ✗ Check││ client ID │\n";
    assert!(said(screen).contains(&said("Copy the client ID")));
    assert!(!said(screen).contains(&said("Open Copy")));
}
