//! What the engine tells while it works: totals, never increments, so that a listener may miss or join at any time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    check::Check,
    completeness::{Collection, Gap, State},
    explore::Again,
    ids::RunId,
    live::LiveProgress,
    problem::Problem,
    reading::RunKind,
    request::Request,
    upload::UploadProgress,
};

/// Who listens to the engine. Must not block: the engine calls it from its hot path.
pub trait Reporter: Send + Sync {
    fn report(&self, event: Event);
}

/// Something the engine tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Check(Box<Check>),
    Ingest(Box<IngestProgress>),
    Upload(UploadProgress),
    Consent(ConsentTry),
    /// What a target holds is being read from JupiterOne.
    Live(LiveProgress),
    Log(LogLine),
    /// A request was answered, or was not.
    Request(Box<Request>),
}

/// How the waiting for an administrator's consent goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentTry {
    /// How often a new token was asked for so far.
    pub tries: u32,
    /// When the next one is asked for; `None` while one is.
    pub next_at: Option<Timestamp>,
    /// When the waiting is given up.
    pub until: Timestamp,
    /// What the last token allows, which is not enough yet.
    pub roles: Vec<String>,
    /// Why there was no token the last time: the network, or the login service.
    pub problem: Option<Box<Problem>>,
}

/// Where a run of the ingestion stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct IngestProgress {
    /// Its number; `None` until the store has given it one.
    #[serde(default)]
    pub run: Option<RunId>,
    pub collections: [CollectionProgress; 4],
    /// How this run reads; `None` until that is decided.
    pub kind: Option<RunKind>,
    /// Why this kind and no other, as a clause: "--full was asked for".
    pub because: Option<String>,
    /// What is read again, where nothing else is.
    #[serde(default)]
    pub again: Vec<Again>,
    /// Of a run that reads changes: since when.
    pub changes_since: Option<Timestamp>,
    /// The interrupted run that this one goes on with began then.
    pub resumed_from: Option<Timestamp>,
    /// When everything was last read in full, before this run.
    pub last_full: Option<Timestamp>,
    /// Memberships written so far, by this process; of a run that reads changes, how many of them changed.
    pub edges: u64,
    /// Objects and memberships a second, over the last seconds.
    pub rate: f64,
    /// Seconds until the end, where the totals are known.
    pub eta_seconds: Option<f64>,
    /// Shortcuts that this run had to give up, or never had.
    pub fallbacks: Vec<Fallback>,
    /// Held by the person who watches; nothing is asked until it is let go on.
    pub held: bool,
    pub wire: WireProgress,
    /// Seconds since the run began.
    pub seconds: f64,
    pub gaps: Vec<Gap>,
}

impl IngestProgress {
    pub fn of(&self, collection: Collection) -> &CollectionProgress {
        &self.collections[collection as usize]
    }

    pub fn of_mut(&mut self, collection: Collection) -> &mut CollectionProgress {
        &mut self.collections[collection as usize]
    }
}

/// One collection of a run. Memberships are counted in groups.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CollectionProgress {
    pub phase: Phase,
    pub done: u64,
    /// From `$count` where the service gives it, or from what is known by then; never required.
    pub total: Option<u64>,
    /// Seconds from its first request until now, or until it ended.
    pub seconds: f64,
    /// How many a second, over the last seconds; 0 while that is not known.
    #[serde(default)]
    pub rate: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Phase {
    #[default]
    Waiting,
    Reading,
    Ended(State),
}

/// A shortcut that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallback {
    /// What is done in its place: "members are read group by group".
    pub what: String,
    /// Why, with the service's own code: "400 Request_UnsupportedQuery".
    pub why: String,
}

/// Requests and what they cost, over all of a client's life.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct WireProgress {
    /// Requests sent, items of a batch not counted apart.
    pub requests: u64,
    /// Requests and batch items refused with 429.
    pub refused: u64,
    /// Requests and batch items sent again, for whatever reason.
    pub retried: u64,
    pub in_flight: u32,
    /// As `x-ms-resource-unit` told, else by the documented table.
    pub resource_units: u64,
    /// Resource units spent in the last ten seconds.
    pub units_10s: u64,
    /// Resource units in ten seconds that the pace aims at now.
    pub pace_10s: u64,
    /// Resource units in ten seconds that the service is taken to allow.
    pub quota_10s: u64,
    /// `x-ms-throttle-limit-percentage` as last told: 1.0 is at the limit.
    pub throttle_percentage: Option<f32>,
    /// Seconds in which the client stood still because the service had asked it to.
    pub throttled_seconds: f64,
    /// Milliseconds of the slowest of the quickest 95 % of recent requests.
    pub p95_ms: u32,
}

/// A line of "what is happening".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    pub at: Timestamp,
    pub level: Level,
    pub text: String,
    pub problem: Option<Box<Problem>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Info,
    /// The service asked to try again, and the client does.
    Retry,
    /// Something is missing or degraded.
    Warning,
    Error,
}

/// Where nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn report(&self, _: Event) {}
}

impl<F: Fn(Event) + Send + Sync> Reporter for F {
    fn report(&self, event: Event) {
        self(event);
    }
}
