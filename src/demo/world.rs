//! What the three services share: the tenant of the moment, the scenario, credentials and the record of requests.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use axum::http::Method;
use jiff::Timestamp;

use super::{
    assertion::Registered,
    credentials::{self, App, Tokens},
    jupiterone::{Jobs, Questions},
    quota::Meter,
    record::{Records, Service},
    scenario::{Quota, Scenario},
    seed::{Kind, Seed},
    tenant::Tenant,
};
use crate::domain::{clock::Clock, origin::Origin, permission};

pub struct World {
    pub seed: Seed,
    pub scenario: Scenario,
    pub clock: Arc<dyn Clock>,
    pub latency: std::time::Duration,
    pub login: Origin,
    pub graph: Origin,
    pub jupiterone: Origin,
    pub apps: Vec<App>,
    /// What was uploaded for them.
    pub(super) certificates: Mutex<Vec<Registered>>,
    pub federated_token: String,
    /// The apps' secrets and the platform's token, in every spelling in which they can be sent.
    pub needles: Vec<String>,
    pub tokens: Tokens,
    pub records: Records,
    pub jupiterone_key: String,
    pub account: String,
    pub instance: String,
    /// The tenant after each step so far.
    pub(super) tenants: RwLock<Vec<Arc<Tenant>>>,
    /// Resource units, and requests that ask when users signed in.
    pub units: Meter,
    pub sign_ins: Meter,
    /// Requests of Graph that were answered, batches counted as one.
    pub(super) answered: AtomicU64,
    /// Targets whose last answer failed in a way that a client must retry.
    pub failed: Mutex<HashSet<u64>>,
    pub(super) jobs: Mutex<Jobs>,
    pub(super) questions: Mutex<Questions>,
    pub(super) serial: AtomicU64,
    /// Tokens of the first app so far; from the scenario's number on an administrator has consented.
    pub(super) tokens_given: AtomicU64,
    /// Somebody was asked to consent, and did: to every app that is there.
    pub(super) was_consented: AtomicBool,
}

impl World {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn tenant(&self) -> Arc<Tenant> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants[tenants.len() - 1].clone()
    }

    /// The tenant as it was after a step, even one that this server has not come to.
    pub fn tenant_at(&self, step: u32) -> Arc<Tenant> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(step as usize).cloned().unwrap_or_else(|| Arc::new(tenants[0].after(step)))
    }

    /// Counts a request of Graph as answered: where the scenario says so, the tenant then moves on.
    pub fn answered(&self) {
        let count = self.answered.fetch_add(1, Ordering::Relaxed) + 1;
        for _ in self.scenario.moves_after.iter().filter(|n| **n == count) {
            self.advance();
        }
    }

    /// Counts a token of the first app, and says whether an administrator had consented by then.
    pub fn is_consented(&self) -> bool {
        self.tokens_given.fetch_add(1, Ordering::Relaxed) >= self.scenario.consent_after_tokens
    }

    /// What an app may do that nobody had consented to at first.
    pub fn roles_since_consent(&self) -> Vec<String> {
        let given = self.was_consented.load(Ordering::Relaxed);
        given.then(|| permission::DIRECTORY.to_owned()).into_iter().collect()
    }

    /// An administrator consents.
    pub fn consent(&self) {
        self.was_consented.store(true, Ordering::Relaxed);
        self.tokens_given.fetch_max(self.scenario.consent_after_tokens, Ordering::Relaxed);
    }

    /// Lets the tenant change by one step, and says how many it has taken.
    pub fn advance(&self) -> u32 {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        let next = tenants[tenants.len() - 1].next();
        let steps = next.steps();
        tenants.push(Arc::new(next));
        steps
    }

    /// The resource units of ten seconds that the app has, if there is a limit.
    pub fn quota(&self) -> Option<u32> {
        self.scenario.quota_units.or_else(|| {
            let Quota::BySize = self.scenario.quota?;
            Some(match self.tenant().count(Kind::User) {
                0..50 => 3_500,
                50..=500 => 5_000,
                _ => 8_000,
            })
        })
    }

    /// Whether this is asked again after it failed, where the scenario lets that matter; `fails` is how it fares now.
    pub fn is_retried(&self, target: &str, fails: bool) -> bool {
        if !self.scenario.retried_links_die {
            return false;
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let key = self.seed.hash(target, 0);
        if fails { !failed.insert(key) } else { failed.remove(&key) }
    }

    pub fn certificates(&self) -> MutexGuard<'_, Vec<Registered>> {
        self.certificates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uploads a certificate for an app, and tells how the portal names it.
    pub fn register(&self, client: &str, upload: &[u8]) -> Result<String, &'static str> {
        if !self.apps.iter().any(|app| app.client_id.eq_ignore_ascii_case(client)) {
            return Err("there is no such app");
        }
        let certificate = Registered::read(client, upload)?;
        let thumbprint = certificate.thumbprint.clone();
        let mut all = self.certificates();
        all.retain(|other| other.client != certificate.client || other.thumbprint != thumbprint);
        all.push(certificate);
        Ok(thumbprint)
    }

    pub fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// 1, 2, 3 …
    pub fn serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A GUID that was not given out before.
    pub fn fresh_guid(&self, purpose: &str) -> String {
        self.seed.guid(purpose, self.serial())
    }

    /// What credential a request carries that this service must never see, in words without the credential.
    pub fn violation(&self, service: Service, asked: &Asked<'_>) -> Option<String> {
        // All of ours hold the mark, in every spelling; nearly nothing else does.
        let suspect = |text: &&str| text.contains(credentials::MARK);
        let outside: Vec<&str> =
            asked.headers.iter().map(|(_, v)| v.as_str()).chain([asked.target.as_str()]).filter(suspect).collect();
        let body = Some(asked.body)
            .filter(|body| body.windows(2).any(|two| two == credentials::MARK.as_bytes()))
            .map(String::from_utf8_lossy);
        let in_body = |needle: &str| body.as_ref().is_some_and(|b| b.contains(needle));
        let anywhere = |needle: &str| outside.iter().any(|t| t.contains(needle)) || in_body(needle);
        let secret = self.needles.iter().any(|secret| match service {
            // The login service may see a secret in the body, and there only.
            Service::Login => outside.iter().any(|t| t.contains(secret.as_str())),
            _ => anywhere(secret),
        });
        let token = service != Service::Graph && asked.bearer().is_some_and(|t| self.tokens.knows(t));
        let found = [
            (secret, "a client secret"),
            (service != Service::JupiterOne && anywhere(&self.jupiterone_key), "the JupiterOne key"),
            (token, "a Graph token"),
        ];
        found.iter().find(|(found, _)| *found).map(|(_, what)| format!("{what} was sent to {}", service.as_str()))
    }

    /// `text` without any credential of ours.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if !text.contains(credentials::MARK) {
            return text;
        }
        let ours = [&self.jupiterone_key, &self.federated_token];
        for secret in self.apps.iter().map(|a| &a.secret).chain(ours) {
            text = text.replace(secret.as_str(), "…").replace(&percent(secret), "…");
        }
        text
    }
}

/// A text as it is, and as a form holds it.
pub fn spellings(text: &str) -> [String; 2] {
    [text.to_owned(), percent(text)]
}

fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A request, taken apart: a whole one, or an item of a batch.
pub struct Asked<'a> {
    pub method: Method,
    /// Path and query as they came.
    pub target: String,
    /// The path's segments, percent-decoded.
    pub segments: Vec<String>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: &'a [u8],
    pub in_batch: bool,
}

impl<'a> Asked<'a> {
    pub fn new(method: Method, target: &str, headers: Vec<(String, String)>, body: &'a [u8]) -> Self {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let segments = path
            .split('/')
            .filter(|s| !s.is_empty())
            .map(|s| percent_encoding::percent_decode_str(s).decode_utf8_lossy().into_owned())
            .collect();
        Self { method, target: target.to_owned(), segments, headers, body, in_batch: false }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// The query as it came, without the question mark.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, q)| q.split('#').next().unwrap_or_default())
    }

    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }
}
