//! The figures of the README: what a collection costs beside the naive way, on the demo server, in one run.
//!
//! `cargo bench --bench figures` prints them all; with `-- --quick` without the large tenant, which is read in real
//! time, with `-- --large` only that.
//!
//! * Virtual time (a paused clock: exact and repeatable): the seconds are those of the service, 50 ms a request and
//!   0.2 ms an object, with a quota of 8,000 resource units in ten seconds; what this machine needs to compute is not in
//!   them. "Naive" is one request after the other, as the reference integration reads (no `$batch`, no `$select` on
//!   groups and members).
//! * Real time: 500,000 users and 150,000 groups without latency and without a quota (`--quota`), the server in another process, both on this machine.
//!
//! It is a simulator's table: no real tenant was read.

mod machine;
mod naive;
mod table;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tenantry::{
    demo::{self, Demo, DemoConfig, Service},
    domain::{
        clock::Clock,
        progress::Silent,
        reading::{Ask, RunKind},
        view::RunInfo,
    },
    jobs::{self, Context, Hold, Secrets},
    profile::{Environment, Flags, Settings, paths::Paths},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::table::{Row, print};

/// The tenant's seed.
const SEED: u64 = 1;

/// The calendar of a paused runtime.
struct VirtualClock {
    began: Instant,
    base: Timestamp,
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.base + SignedDuration::try_from(self.began.elapsed()).unwrap_or_default()
    }
}

/// One simulated tenant, read again and again into one store.
struct Bench {
    demo: Demo,
    home: TempDir,
    clock: Arc<dyn Clock>,
}

impl Bench {
    async fn new(scenario: &str, users: u32, groups: u32) -> Self {
        let base = "2026-11-22T09:00:00Z".parse().expect("a time");
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock { began: Instant::now(), base });
        let config = DemoConfig {
            scenario: scenario.to_owned(),
            users: Some(users),
            groups: Some(groups),
            seed: SEED,
            clock: Arc::clone(&clock),
            ..DemoConfig::default()
        };
        let demo = demo::start(config).await.expect("the demo starts");
        Self { demo, home: tempfile::tempdir().expect("a folder"), clock }
    }

    fn context(&self, ask: Ask) -> Context {
        let flags = Flags {
            tenant_id: Some(self.demo.tenant_id.to_string()),
            client_id: Some(self.demo.client_id.to_string()),
            login_url: Some(self.demo.login_url.clone()),
            graph_url: Some(self.demo.graph_url.clone()),
            ..Flags::default()
        };
        Context {
            settings: Settings::of_flags(&flags, &Environment::default(), &Paths::under(self.home.path()))
                .expect("settings"),
            secrets: Secrets { credential: Some(self.demo.client_secret.clone().into()), ..Secrets::default() },
            clock: Arc::clone(&self.clock),
            reporter: Arc::new(Silent),
            cancel: CancellationToken::new(),
            hold: Hold::default(),
            ask,
        }
    }

    /// Reads the tenant as the program does.
    async fn collect(&self, what: &str, ask: Ask) -> (Row, RunInfo) {
        let (row, run) =
            self.measured(what, async { jobs::collect(&self.context(ask)).await.expect("the run finishes") }).await;
        (row, run)
    }

    /// Reads the tenant one request after the other.
    async fn naive(&self, what: &str) -> Row {
        self.measured(what, naive::read(&self.demo)).await.0
    }

    async fn measured<T>(&self, what: &str, work: impl Future<Output = T>) -> (Row, T) {
        self.demo.forget_requests();
        machine::forget_peak();
        let began = Instant::now();
        let out = work.await;
        let seconds = began.elapsed().as_secs_f64();
        let totals = self.demo.totals(Service::Graph);
        let row = Row {
            what: what.to_owned(),
            seconds,
            requests: totals.requests,
            units: totals.resource_units,
            refused: totals.statuses.get(&429).copied().unwrap_or_default(),
            peak_mb: machine::peak_mb("self"),
        };
        (row, out)
    }
}

/// A tenant both ways, then once more unchanged, then once more after some changes.
async fn both_ways(scenario: &str, title: &str, users: u32, groups: u32) {
    let bench = Bench::new(scenario, users, groups).await;
    let naive = bench.naive("naive, one request after the other").await;
    let (first, run) = bench.collect("tenantry, everything", Ask::default()).await;
    assert_eq!(run.gaps, [], "nothing is missing");
    let (again, run) = bench.collect("tenantry, second run, unchanged", Ask::default()).await;
    assert_eq!(run.kind, RunKind::Delta, "a second run reads changes");
    bench.demo.advance();
    let (changed, _) = bench.collect("tenantry, third run, a day's changes", Ask::default()).await;
    print(title, &[naive, first, again, changed]);
    bench.demo.stop().await;
}

/// One runtime each, so that no tenant's timers meet another's.
fn in_virtual_time(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(work);
}

fn main() {
    let asked = |flag: &str| std::env::args().any(|a| a == flag);
    let large = || {
        println!("\nReal time, the server in another process on the same {} processors.", machine::processors());
        machine::large(500_000, 150_000, Duration::from_secs(1_200));
    };
    if asked("--large") {
        return large();
    }
    println!("Virtual time: 50 ms a request + 0.2 ms an object; 8,000 resource units in 10 s.");
    println!("Peak memory is the whole process's, the simulator included.");
    for (scenario, title, users, groups) in [
        ("figures", "10,000 users, 2,000 groups", 10_000, 2_000),
        ("figures-no-principals", "10,000 users, 2,000 groups; $expand shows no service principals", 10_000, 2_000),
        ("figures-large-groups", "10,000 users, 2,000 groups; 30 % above 20 members", 10_000, 2_000),
        ("figures", "50,000 users, 20,000 groups", 50_000, 20_000),
        ("figures-no-principals", "50,000 users, 20,000 groups; $expand shows no service principals", 50_000, 20_000),
        ("figures-large-groups", "50,000 users, 20,000 groups; 30 % above 20 members", 50_000, 20_000),
    ] {
        in_virtual_time(both_ways(scenario, title, users, groups));
    }
    if !asked("--quick") {
        large();
    }
}
