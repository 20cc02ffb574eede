//! A demo server, a home for the store, a clock that follows the runtime's, and jobs to run between them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tenantry::{
    demo::{self, Demo, DemoConfig, Latency, Recorded, Service},
    domain::{
        clock::Clock,
        completeness::{Gap, GapScope},
        guard::Leave,
        naming::Naming,
        preview::Preview,
        progress::{Event, IngestProgress, Level, LogLine, Reporter},
        reading::Ask,
        upload::{JobFigures, UploadProgress},
        view::RunInfo,
    },
    jobs::{self, Context, JobError, Ready, Secrets},
    profile::{Environment, Flags, Settings, paths::Paths},
    store::Reader,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::truth::Truth;

/// The calendar of a paused runtime: a fixed morning, and as much later as the runtime's own clock.
pub struct SimClock {
    began: Instant,
    base: Timestamp,
    /// Seconds that passed for the calendar only, as for a laptop that slept.
    slept: AtomicI64,
}

impl SimClock {
    pub fn new() -> Arc<Self> {
        let base = "2026-11-22T09:00:00Z".parse().unwrap();
        Arc::new(Self { began: Instant::now(), base, slept: AtomicI64::new(0) })
    }

    /// The laptop sleeps: the calendar goes on, timers stand.
    pub fn sleep_for(&self, time: Duration) {
        self.slept.fetch_add(time.as_secs() as i64, Ordering::SeqCst);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.began.elapsed()).unwrap();
        self.base + passed + SignedDuration::from_secs(self.slept.load(Ordering::SeqCst))
    }
}

/// Everything that an engine told.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<Vec<Event>>>);

impl Told {
    pub fn reporter(&self) -> Arc<dyn Reporter> {
        let events = Arc::clone(&self.0);
        Arc::new(move |event| events.lock().unwrap().push(event))
    }

    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<LogLine> {
        self.events().into_iter().filter_map(|e| if let Event::Log(line) = e { Some(line) } else { None }).collect()
    }

    pub fn count(&self, level: Level) -> usize {
        self.lines().iter().filter(|l| l.level == level).count()
    }

    /// The last totals of a run.
    pub fn ingest(&self) -> IngestProgress {
        let last = self.events().into_iter().rev().find_map(|e| if let Event::Ingest(p) = e { Some(p) } else { None });
        *last.expect("a run tells its totals")
    }

    /// The last totals of an upload.
    pub fn upload(&self) -> UploadProgress {
        let last = self.events().into_iter().rev().find_map(|e| if let Event::Upload(p) = e { Some(p) } else { None });
        last.expect("an upload tells its totals")
    }

    pub fn text(&self) -> String {
        self.lines().iter().map(|l| format!("{:?} {}\n", l.level, l.text)).collect()
    }
}

/// One tenant, one store, one target.
pub struct Stage {
    pub demo: Arc<Demo>,
    pub config: DemoConfig,
    pub home: Arc<TempDir>,
    pub clock: Arc<SimClock>,
    /// Where uploads go, which stays when the tenant is served anew.
    flags: Flags,
}

impl Stage {
    pub async fn new(scenario: &str, users: u32, groups: u32) -> Self {
        Self::seeded(scenario, users, groups, 5).await
    }

    pub async fn seeded(scenario: &str, users: u32, groups: u32, seed: u64) -> Self {
        Self::open(scenario, users, groups, seed, Latency::Scenario).await
    }

    pub async fn open(scenario: &str, users: u32, groups: u32, seed: u64, latency: Latency) -> Self {
        let clock = SimClock::new();
        let config = DemoConfig {
            scenario: scenario.to_owned(),
            users: Some(users),
            groups: Some(groups),
            seed,
            latency,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ..DemoConfig::default()
        };
        let demo = demo::start(config.clone()).await.unwrap();
        let flags = Flags {
            tenant_id: Some(demo.tenant_id.to_string()),
            client_id: Some(demo.client_id.to_string()),
            jupiterone_url: Some(demo.jupiterone_url.clone()),
            jupiterone_account: Some(demo.jupiterone_account.clone()),
            jupiterone_instance: Some(demo.jupiterone_instance.clone()),
            ..Flags::default()
        };
        let home = Arc::new(tempfile::tempdir().unwrap());
        Self { demo: Arc::new(demo), config, home, clock, flags }
    }

    /// The same tenant and store on another day: Microsoft's side under another scenario, after so many steps. Uploads
    /// still go to the first demo's JupiterOne.
    pub async fn another_day(&self, scenario: &str, advanced: u32) -> Self {
        let config = DemoConfig { scenario: scenario.to_owned(), ..self.config.clone() };
        let demo = demo::start(config.clone()).await.unwrap();
        for _ in 0..advanced {
            demo.advance();
        }
        assert_eq!(demo.tenant_id, self.demo.tenant_id);
        Self {
            demo: Arc::new(demo),
            config,
            home: Arc::clone(&self.home),
            clock: Arc::clone(&self.clock),
            flags: self.flags.clone(),
        }
    }

    /// The same, from here on under another naming; the instance's name is what somebody said, if anybody did.
    pub fn named(mut self, naming: Naming, instance: Option<&str>) -> Self {
        self.flags.naming = Some(naming);
        self.flags.jupiterone_instance_name = instance.map(str::to_owned);
        self
    }

    /// The same tenant, read into another store.
    pub fn another_store(&self) -> Self {
        Self {
            demo: Arc::clone(&self.demo),
            config: self.config.clone(),
            home: Arc::new(tempfile::tempdir().unwrap()),
            clock: Arc::clone(&self.clock),
            flags: self.flags.clone(),
        }
    }

    pub fn flags(&self) -> Flags {
        Flags {
            login_url: Some(self.demo.login_url.clone()),
            graph_url: Some(self.demo.graph_url.clone()),
            ..self.flags.clone()
        }
    }

    pub fn paths(&self) -> Paths {
        Paths::under(self.home.path())
    }

    pub fn settings(&self) -> Settings {
        Settings::of_flags(&self.flags(), &Environment::default(), &self.paths()).unwrap()
    }

    pub fn context(&self, told: &Told, cancel: &CancellationToken) -> Context {
        Context {
            settings: self.settings(),
            secrets: Secrets {
                credential: Some(self.demo.client_secret.clone().into()),
                jupiterone_key: Some(self.demo.jupiterone_api_key.clone()),
                ..Secrets::default()
            },
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            reporter: told.reporter(),
            cancel: cancel.clone(),
            hold: tenantry::jobs::Hold::default(),
            ask: tenantry::domain::reading::Ask::default(),
        }
    }

    /// Reads the tenant; what it tells goes to `told`.
    pub async fn collect_telling(&self, told: &Told) -> Result<RunInfo, JobError> {
        jobs::collect(&self.context(told, &CancellationToken::new())).await
    }

    /// Reads the tenant as it is asked.
    pub async fn collect_as(&self, ask: Ask, told: &Told) -> Result<RunInfo, JobError> {
        jobs::collect(&Context { ask, ..self.context(told, &CancellationToken::new()) }).await
    }

    pub async fn collect(&self) -> RunInfo {
        self.collect_telling(&Told::default()).await.unwrap()
    }

    /// The dry run.
    pub fn preview(&self) -> Preview {
        jobs::preview(&self.settings()).unwrap()
    }

    /// The dry run against what JupiterOne holds.
    pub async fn live(&self) -> Result<Preview, JobError> {
        let live = jobs::live(&self.context(&Told::default(), &CancellationToken::new())).await?;
        jobs::preview_live(&self.settings(), &live)
    }

    /// An upload to which a person has said yes, whatever speaks against it.
    pub fn ready(&self) -> Result<Ready, JobError> {
        let ready = jobs::prepare_upload(&self.settings())?;
        Ok(Ready { leave: Leave::of(&ready.preview.guards), ..ready })
    }

    pub async fn upload_telling(&self, told: &Told, cancel: &CancellationToken) -> Result<JobFigures, JobError> {
        jobs::upload(&self.context(told, cancel), self.ready()?).await
    }

    pub async fn upload(&self) -> Result<JobFigures, JobError> {
        self.upload_telling(&Told::default(), &CancellationToken::new()).await
    }

    pub fn reader(&self) -> Reader {
        jobs::open(&self.settings()).unwrap()
    }

    pub fn truth(&self, advanced: u32) -> Truth {
        Truth::of(&self.config, advanced)
    }

    pub fn asked(&self, service: Service) -> Vec<Recorded> {
        self.demo.requests().into_iter().filter(|r| r.service == service).collect()
    }

    /// No credential came to an origin that it was not made for, and Graph was only read.
    pub fn check_manners(&self) {
        for request in self.demo.requests() {
            assert_eq!(request.violation, None, "{} {}", request.method, request.path);
            if request.service == Service::Graph {
                let reads = request.method == "GET"
                    || request.path.starts_with("/v1.0/$batch")
                    || request.path.starts_with("/v1.0/directoryObjects/getByIds");
                assert!(reads, "{} {}", request.method, request.path);
            }
        }
    }
}

pub fn of_collection<'a>(gaps: &'a [Gap], name: &str) -> &'a Gap {
    gaps.iter()
        .find(|g| g.scope == GapScope::Collection && g.id == name)
        .unwrap_or_else(|| panic!("a gap of {name} in {gaps:?}"))
}
