//! A stand-in for the Microsoft login service, Microsoft Graph and JupiterOne, on loopback.
//!
//! It is the tenant of `tenantry demo`, and the far side of every test. The three services are three origins, each of
//! which refuses, and remembers, the others' credentials. The tenant is computed from a seed at any size; it changes
//! by steps; scenarios (`assets/scenarios`) say what is special about it and what goes wrong.
//!
//! How the services behave is taken from `facts/graph.md` and `facts/jupiterone.md` of this project's research, what
//! hurts included, throttling by resource units and delta queries among it. It is not the real thing: it has a quota only
//! where a scenario gives one, its changes come in steps, and the
//! signatures of its tokens are noise (those of assertions that come in are verified).
//!
//! Uses the program's vocabulary and nothing else of it, so that client and server cannot share a mistake.

mod answer;
mod assertion;
mod change;
mod credentials;
mod faults;
mod graph;
mod groups;
mod jupiterone;
mod login;
mod names;
mod people;
mod quota;
mod record;
mod scenario;
mod seed;
mod server;
#[cfg(test)]
mod speed;
mod tenant;
mod truth;
mod world;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicU64},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use self::{groups::Base, scenario::Scenario, seed::Seed, tenant::Tenant, world::World};
pub use self::{
    record::{Recorded, Service, Totals},
    scenario::scenarios,
};
use crate::domain::{
    clock::{Clock, SystemClock},
    ids::{ClientId, TenantId},
    origin::Origin,
    secret::Secret,
};

/// So many users and groups unless the scenario or the caller says otherwise.
const USERS: u32 = 2_000;
const GROUPS: u32 = 300;

/// One group in ten is large, as in the figures' tenant.
const LARGE_PERCENT: u32 = 10;

/// What a request of a person's demo takes, so that progress can be seen.
const INTERACTIVE: Duration = Duration::from_millis(40);

/// How a demo server is to be.
#[derive(Clone)]
pub struct DemoConfig {
    /// One of [`scenarios`].
    pub scenario: String,
    /// The scenario's own number, or 2,000.
    pub users: Option<u32>,
    /// The scenario's own number, or 300.
    pub groups: Option<u32>,
    pub seed: u64,
    /// The login service's address; Graph and JupiterOne get the two ports behind it where they are free, else any.
    /// Port 0 gives any three.
    pub listen: SocketAddr,
    pub latency: Latency,
    /// Tells tokens' lives and answers' times; a test's own, or the machine's.
    pub clock: Arc<dyn Clock>,
}

/// How long a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Latency {
    /// As long as the scenario says; else no time at all.
    #[default]
    Scenario,
    /// As long as the scenario says; else long enough for people to watch.
    Interactive,
    Fixed(Duration),
}

impl Default for DemoConfig {
    fn default() -> Self {
        Self {
            scenario: "default".to_owned(),
            users: None,
            groups: None,
            seed: 1,
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            latency: Latency::default(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl std::fmt::Debug for DemoConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DemoConfig")
            .field("scenario", &self.scenario)
            .field("users", &self.users)
            .field("groups", &self.groups)
            .field("seed", &self.seed)
            .field("listen", &self.listen)
            .field("latency", &self.latency)
            .finish_non_exhaustive()
    }
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("there is no scenario `{name}`; there are {}", known.join(", "))]
    UnknownScenario { name: String, known: Vec<String> },
    #[error("the demo listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    #[error("the demo cannot listen on {at}")]
    Listen {
        at: SocketAddr,
        #[source]
        source: io::Error,
    },
}

/// A value that a person might enter by mistake, and what then really fails.
#[derive(Debug, Clone)]
pub struct Mistake {
    pub title: String,
    pub tenant: String,
    pub client: String,
    pub secret: Secret,
    /// The code that comes back: `AADSTS…`, or Graph's own.
    pub expect: String,
}

/// A running demo. Dropped, it stops at once; [`Demo::stop`] waits for it.
pub struct Demo {
    pub login_url: Origin,
    pub graph_url: Origin,
    pub jupiterone_url: Origin,
    pub tenant_id: TenantId,
    pub client_id: ClientId,
    pub client_secret: Secret,
    /// A token of the one platform that the app trusts (workload identity federation).
    pub federated_token: Secret,
    pub jupiterone_account: String,
    pub jupiterone_api_key: Secret,
    pub jupiterone_instance: String,
    pub mistakes: Vec<Mistake>,
    world: Arc<World>,
    stop: CancellationToken,
    servers: Vec<JoinHandle<()>>,
}

/// Starts a demo in the runtime of the caller.
///
/// # Errors
///
/// When there is no such scenario, or no such address to listen on.
pub async fn start(config: DemoConfig) -> Result<Demo, DemoError> {
    let scenario = scenario_of(&config)?;
    let at = config.listen;
    if !at.ip().is_loopback() {
        return Err(DemoError::NotLoopback(at));
    }
    let failed = |source| DemoError::Listen { at, source };
    let listeners = server::listen(at).await.map_err(failed)?;
    let origins = origins(&listeners).map_err(failed)?;
    let world = Arc::new(world_of(config, scenario, origins));
    let stop = CancellationToken::new();
    let servers = [Service::Login, Service::Graph, Service::JupiterOne]
        .into_iter()
        .zip(listeners)
        .map(|(service, listener)| server::serve(world.clone(), service, listener, stop.clone()))
        .collect();
    Ok(Demo::new(world, stop, servers))
}

fn world_of(config: DemoConfig, scenario: Scenario, [login, graph, jupiterone]: [Origin; 3]) -> World {
    let seed = Seed(config.seed);
    let scenarios_own = scenario.latency_ms.map(Duration::from_millis);
    let latency = match config.latency {
        Latency::Scenario => scenarios_own.unwrap_or_default(),
        Latency::Interactive => scenarios_own.unwrap_or(INTERACTIVE),
        Latency::Fixed(latency) => latency,
    };
    let tenant = tenant_of(&config, &scenario, 0);
    let apps = credentials::apps(seed, &scenario.roles);
    let federated_token = credentials::federated_token(seed);
    World {
        seed,
        needles: apps.iter().map(|a| &a.secret).chain([&federated_token]).flat_map(|s| world::spellings(s)).collect(),
        apps,
        certificates: Mutex::default(),
        federated_token,
        scenario,
        clock: config.clock,
        latency,
        login,
        graph,
        jupiterone,
        tokens: credentials::Tokens::default(),
        records: record::Records::default(),
        jupiterone_key: credentials::jupiterone_key(seed),
        account: format!("j1demo-{:08x}", seed.hash("account", 0) >> 32),
        instance: seed.guid("instance", 0),
        tenants: RwLock::new(vec![Arc::new(tenant)]),
        units: quota::Meter::default(),
        sign_ins: quota::Meter::default(),
        answered: AtomicU64::new(0),
        failed: Mutex::default(),
        jobs: Mutex::default(),
        questions: Mutex::default(),
        serial: AtomicU64::new(0),
        tokens_given: AtomicU64::new(0),
        was_consented: AtomicBool::new(false),
    }
}

/// Writes the tenant of `config`, after so many steps, into a folder: the oracle of tests. See the files' forms in
/// `demo/truth.rs`.
///
/// # Errors
///
/// When there is no such scenario, or the folder cannot be written.
pub fn write_truth(dir: &Path, config: &DemoConfig, advanced: u32) -> io::Result<()> {
    let scenario = scenario_of(config).map_err(io::Error::other)?;
    truth::write(dir, &tenant_of(config, &scenario, advanced))
}

fn scenario_of(config: &DemoConfig) -> Result<Scenario, DemoError> {
    Scenario::named(&config.scenario)
        .map_err(|known| DemoError::UnknownScenario { name: config.scenario.clone(), known })
}

fn tenant_of(config: &DemoConfig, scenario: &Scenario, steps: u32) -> Tenant {
    // Indices are 32 bits wide, and steps add to them.
    let bounded = |number: u32| number.min(10_000_000);
    let base = Base {
        seed: Seed(config.seed),
        users: bounded(config.users.or(scenario.users).unwrap_or(USERS)),
        groups: bounded(config.groups.or(scenario.groups).unwrap_or(GROUPS)),
        large_percent: scenario.large_groups_percent.unwrap_or(LARGE_PERCENT),
    };
    Tenant::new(base, steps)
}

fn origins(listeners: &[TcpListener; 3]) -> io::Result<[Origin; 3]> {
    let origin =
        |listener: &TcpListener| Origin::parse(&format!("http://{}", listener.local_addr()?)).map_err(io::Error::other);
    let [login, graph, jupiterone] = listeners;
    Ok([origin(login)?, origin(graph)?, origin(jupiterone)?])
}

impl Demo {
    fn new(world: Arc<World>, stop: CancellationToken, servers: Vec<JoinHandle<()>>) -> Self {
        let tenant = world.tenant().id();
        let app = world.apps[0].clone();
        let known = |text: &str| -> (TenantId, ClientId) {
            let ids = TenantId::parse(text).and_then(|tenant| Ok((tenant, ClientId::parse(&app.client_id)?)));
            ids.expect("the seed makes GUIDs")
        };
        let (tenant_id, client_id) = known(&tenant);
        Self {
            login_url: world.login.clone(),
            graph_url: world.graph.clone(),
            jupiterone_url: world.jupiterone.clone(),
            mistakes: mistakes(&world),
            tenant_id,
            client_id,
            client_secret: Secret::new(app.secret),
            federated_token: Secret::new(world.federated_token.clone()),
            jupiterone_account: world.account.clone(),
            jupiterone_api_key: Secret::new(world.jupiterone_key.clone()),
            jupiterone_instance: world.instance.clone(),
            world,
            stop,
            servers,
        }
    }

    /// Lets the tenant change by one step, and says how many it has taken.
    pub fn advance(&self) -> u32 {
        self.world.advance()
    }

    /// Lets an administrator consent, where the scenario has none do so from the start.
    pub fn consent(&self) {
        self.world.consent();
    }

    /// Uploads a certificate (DER) for an app, as an administrator does it in the portal.
    ///
    /// # Errors
    ///
    /// When it is none, or there is no such app.
    pub fn register_certificate(&self, client: &ClientId, der: &[u8]) -> Result<(), &'static str> {
        self.world.register(client.as_str(), der).map(drop)
    }

    /// The line that `demo --serve` prints, credentials included: they open nothing but this demo.
    pub fn announcement(&self) -> Value {
        json!({
            "login_url": self.login_url,
            "graph_url": self.graph_url,
            "jupiterone_url": self.jupiterone_url,
            "tenant_id": self.tenant_id,
            "client_id": self.client_id,
            "client_secret": self.client_secret.expose(),
            "federated_token": self.federated_token.expose(),
            "jupiterone_account": self.jupiterone_account,
            "jupiterone_api_key": self.jupiterone_api_key.expose(),
            "jupiterone_instance": self.jupiterone_instance,
        })
    }

    /// Every request so far, items of batches included, in the order of their answers.
    pub fn requests(&self) -> Vec<Recorded> {
        self.world.records.all()
    }

    pub fn totals(&self, service: Service) -> Totals {
        self.world.records.totals(service)
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.world.records.clear();
    }

    /// What the announced instance, or another instance or scope, holds: one JSON object a line, entities first.
    pub fn uploaded(&self, target: Option<&str>) -> Option<String> {
        self.world.jobs().graph_ndjson(target.unwrap_or(&self.jupiterone_instance))
    }

    /// Ends the servers, and waits until they have: for requests under way, a moment at most.
    pub async fn stop(mut self) {
        self.stop.cancel();
        for mut server in std::mem::take(&mut self.servers) {
            if tokio::time::timeout(Duration::from_secs(2), &mut server).await.is_err() {
                server.abort();
            }
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stop.cancel();
        self.servers.iter().for_each(JoinHandle::abort);
    }
}

impl std::fmt::Debug for Demo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Demo")
            .field("login_url", &self.login_url)
            .field("tenant_id", &self.tenant_id)
            .finish_non_exhaustive()
    }
}

fn mistakes(world: &World) -> Vec<Mistake> {
    let tenant = world.tenant();
    let (app, other) = (&world.apps[0], &world.apps[1]);
    let mistake = |title: &str, tenant: &str, client: &str, secret: &str, expect: &str| Mistake {
        title: title.to_owned(),
        tenant: tenant.to_owned(),
        client: client.to_owned(),
        secret: Secret::new(secret),
        expect: expect.to_owned(),
    };
    let (id, client, secret) = (tenant.id(), app.client_id.as_str(), app.secret.as_str());
    let elsewhere = world.seed.guid("another tenant", 0);
    let nowhere = world.seed.guid("object id", 0);
    let secret_id = world.seed.guid("secret id", 0);
    let half_made = &world.apps[2];
    vec![
        mistake("Wrong tenant", &elsewhere, client, secret, "AADSTS90002"),
        mistake("Unknown app", &id, &nowhere, secret, "AADSTS700016"),
        mistake("Another app's secret", &id, client, &other.secret, "AADSTS7000215"),
        mistake("Secret ID instead of Value", &id, client, &secret_id, "AADSTS7000215"),
        mistake("Expired secret", &id, client, &app.expired_secret, "AADSTS7000222"),
        mistake("No admin consent", &id, &other.client_id, &other.secret, "Authorization_RequestDenied"),
        mistake("Enterprise application missing", &id, &half_made.client_id, &half_made.secret, "AADSTS7000229"),
    ]
}
