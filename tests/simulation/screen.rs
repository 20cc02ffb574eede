//! A whole UI over the real engine, on a terminal that is only a buffer: keys go in as words, screens come out as text.

use std::sync::Arc;

use futures::stream::{self, Pending};
use jiff::tz::TimeZone;
use ratatui::{backend::TestBackend, buffer::Buffer};
use tenantry::{
    app::{Model, views::Mode},
    credentials::{MemoryVault, Vault},
    domain::clock::Clock,
    driver::{
        self, Headful, Nowhere, Outside, UiOptions,
        office::{Office, RealEngine},
    },
    profile::{Environment, Flags, Settings},
};

use crate::stage::Stage;

pub struct Screen {
    ui: Headful<TestBackend, Pending<Outside>>,
    stage_ports: Vec<(String, &'static str)>,
    home: String,
}

impl Screen {
    /// As `tenantry demo` begins: nothing is known yet.
    pub fn demo(stage: &Stage, width: u16, height: u16) -> Self {
        let flags = Flags {
            login_url: Some(stage.demo.login_url.clone()),
            graph_url: Some(stage.demo.graph_url.clone()),
            jupiterone_url: Some(stage.demo.jupiterone_url.clone()),
            ..Flags::default()
        };
        let settings = Settings::of_flags(&flags, &Environment::default(), &stage.paths()).unwrap();
        Self::over(stage, flags, settings, Arc::new(MemoryVault::default()), Mode::Demo, (width, height))
    }

    /// As the demo stands once its tenant was read: on the overview.
    pub fn read(stage: &Stage, size: (u16, u16)) -> Self {
        let settings = Settings { profile: Some("demo".to_owned()), ..stage.settings() };
        Self::over(stage, stage.flags(), settings, Arc::new(MemoryVault::default()), Mode::Demo, size)
    }

    /// As `tenantry` begins with these flags and no profile, at a keyring.
    pub fn real(stage: &Stage, flags: Flags, vault: Arc<dyn Vault>, size: (u16, u16)) -> Self {
        let settings = Settings::resolve(&flags, &Environment::default(), &stage.paths()).unwrap();
        Self::over(stage, flags, settings, vault, Mode::Real, size)
    }

    fn over(
        stage: &Stage,
        flags: Flags,
        settings: Settings,
        vault: Arc<dyn Vault>,
        mode: Mode,
        (width, height): (u16, u16),
    ) -> Self {
        let clock = Arc::clone(&stage.clock) as Arc<dyn Clock>;
        let demo = (mode == Mode::Demo).then(|| Arc::clone(&stage.demo));
        let fills = demo.as_ref().map(|demo| driver::fills(demo));
        let office = Office::new(flags, Environment::default(), settings, Arc::clone(&vault), Arc::clone(&clock), demo);
        let options = UiOptions {
            mode,
            preferences: tenantry::app::settings::Preferences::default(),
            zone: TimeZone::UTC,
            vault: vault.name(),
            fills,
            profile: office.profile(),
            clock,
        };
        let backend = TestBackend::new(width, height);
        let engine = Arc::new(RealEngine::new(office));
        let ui = Headful::new(backend, stream::pending(), options, engine, Box::new(Nowhere)).unwrap();
        let origins = [
            (&stage.demo.login_url, "<login>"),
            (&stage.demo.graph_url, "<graph>"),
            (&stage.demo.jupiterone_url, "<j1>"),
        ];
        Self {
            ui,
            stage_ports: origins.into_iter().map(|(o, name)| (o.to_string(), name)).collect(),
            home: stage.home.path().display().to_string(),
        }
    }

    /// Pastes text, marked as a paste.
    pub fn paste(&mut self, text: &str) {
        self.ui.feed([crossterm::event::Event::Paste(text.to_owned())]).unwrap();
        self.ui.press("").unwrap();
    }

    /// Whether a key has ended the program.
    pub async fn has_left(&mut self) -> bool {
        self.ui.turn().await.unwrap().is_some()
    }

    pub fn model(&self) -> &Model {
        self.ui.model()
    }

    /// Presses keys, by their names.
    #[track_caller]
    pub fn press(&mut self, keys: &str) {
        self.ui.press(keys).unwrap();
    }

    /// Until `wanted` holds, and not a moment longer: what runs goes on running.
    pub async fn until_just(&mut self, what: &str, wanted: impl Fn(&Model) -> bool) {
        let came = self.ui.until(wanted).await.unwrap();
        assert!(came, "{what} did not come:\n{}", self.raw());
    }

    /// Until `wanted` holds, and what it asked of the store has been answered.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Model) -> bool) {
        self.until_just(what, wanted).await;
        self.settle().await;
    }

    /// Until nothing runs that would change the screen without a key.
    pub async fn settle(&mut self) {
        use tenantry::app::Kind;
        let busy = |m: &Model| m.jobs.values().any(|j| matches!(j.kind, Kind::Ask | Kind::Overview));
        self.ui.until(|m| !busy(m)).await.unwrap();
    }

    /// The screen as text, line by line.
    pub fn raw(&self) -> String {
        text_of(self.ui.backend().buffer())
    }
    /// The screen without what differs from run to run: ports, and the folder of the test.
    pub fn text(&self) -> String {
        let mut text = self.raw();
        for (origin, name) in &self.stage_ports {
            // As wide as before, so that frames stay straight.
            text = text.replace(origin.as_str(), &format!("{name:<width$}", width = origin.len()));
        }
        text.lines().map(|line| without_counts(&without_fresh_ids(&self.without_home(line))) + "\n").collect()
    }

    /// A path is as long as the machine wants it, and cut off where its cell ends: the cell stays as wide as it is.
    fn without_home(&self, line: &str) -> String {
        let Some(at) = line.find(&self.home) else { return line.to_owned() };
        let (before, rest) = line.split_at(at);
        let cell = rest.find('│').unwrap_or(rest.len());
        let (path, after) = rest.split_at(cell);
        format!("{before}{:<width$}{after}", "<store>", width = path.chars().count())
    }

    #[track_caller]
    pub fn shows(&self, words: &[&str]) {
        let text = self.raw();
        for word in words {
            assert!(text.contains(word), "{word:?} is not on the screen:\n{text}");
        }
    }

    #[track_caller]
    pub fn shows_not(&self, words: &[&str]) {
        let text = self.raw();
        for word in words {
            assert!(!text.contains(word), "{word:?} is on the screen:\n{text}");
        }
    }
}

/// A drawn buffer as text, line by line.
pub fn text_of(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut out = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// How many groups go into a request depends on how many had arrived by then: what was read does not, nor its price.
///
/// Nor is there an order among requests that are answered at once.
fn without_counts(line: &str) -> String {
    let method = line.split_whitespace().nth(2);
    if line.contains(" /v1.0/") && matches!(method, Some("GET" | "POST")) {
        return "│ one of the last requests".to_owned();
    }
    let mut line = line.to_owned();
    for word in [" sent ·", " requests, "] {
        let Some(end) = line.find(word).filter(|_| word == " sent ·" || line.contains("resource unit")) else {
            continue;
        };
        let start = line[..end].trim_end_matches(|c: char| c.is_ascii_digit()).len();
        line.replace_range(start..end, &"n".repeat(end - start));
    }
    line
}

/// Ids of requests, traces and jobs are new in each run; ids of objects are the seed's and stay.
fn without_fresh_ids(line: &str) -> String {
    const GUID: &str = "00000000-0000-0000-0000-000000000000";
    let lower = line.to_lowercase();
    let mut line = line.to_owned();
    if ["request", "trace", "correlation", "job"].iter().any(|word| lower.contains(word)) {
        let is_guid = |text: &str| text.len() == GUID.len() && uuid::Uuid::try_parse(text).is_ok();
        let found: Vec<String> = line
            .split(|c: char| !c.is_ascii_hexdigit() && c != '-')
            .filter(|word| is_guid(word))
            .map(str::to_owned)
            .collect();
        for id in found {
            line = line.replace(&id, GUID);
        }
    }
    line
}
