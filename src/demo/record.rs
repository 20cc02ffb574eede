//! What was asked of the demo: for tests, and for `GET /_demo/requests`.
//!
//! A credential itself is never recorded, only that there was one, and where one was that must not be.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use serde_json::{Value, json};

pub use crate::domain::request::Service;

/// One request, or one item of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// 1, 2, 3 … over all three services; an item of a batch has its batch's number.
    pub number: u64,
    pub service: Service,
    pub method: String,
    /// Path and query.
    pub path: String,
    pub status: u16,
    pub resource_units: u32,
    /// Objects in the answer.
    pub objects: u32,
    /// Bytes of the request's body.
    pub body_bytes: usize,
    /// Whether it is an item of a batch.
    pub in_batch: bool,
    /// Whether it carried an `Authorization`.
    pub authorization: bool,
    /// Headers that say how the client behaves, by their lower-case names.
    pub headers: BTreeMap<String, String>,
    /// The fault that hit it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// A credential that has no business there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violation: Option<String>,
}

/// Headers worth keeping.
pub const KEPT_HEADERS: &[&str] = &[
    "accept-encoding",
    "client-request-id",
    "consistencylevel",
    "content-encoding",
    "content-type",
    "jupiterone-account",
    "jupiterone-correlation-id",
    "lifeomic-account",
    "prefer",
    "user-agent",
    "x-ms-throttle-priority",
];

/// So many requests, and so many bytes of their texts, are kept; beyond, only the totals count on.
const KEPT: usize = 100_000;
const KEPT_BYTES: usize = 16 << 20;

/// Totals of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub requests: u64,
    /// Items of batches.
    pub items: u64,
    pub resource_units: u64,
    pub objects: u64,
    pub body_bytes: u64,
    /// Requests and items by status.
    pub statuses: BTreeMap<u16, u64>,
    pub violations: u64,
}

#[derive(Debug, Default)]
struct Kept {
    requests: Vec<Recorded>,
    bytes: usize,
    dropped: u64,
    totals: BTreeMap<Service, Totals>,
}

#[derive(Debug, Default)]
pub struct Records(Mutex<Kept>);

impl Kept {
    fn has_room(&self) -> bool {
        self.requests.len() < KEPT && self.bytes < KEPT_BYTES
    }
}

impl Records {
    /// Whether the next request is kept with its texts; else they need not be made.
    pub fn has_room(&self) -> bool {
        self.lock().has_room()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, request: Recorded) {
        let mut kept = self.lock();
        let totals = kept.totals.entry(request.service).or_default();
        if request.in_batch {
            totals.items += 1;
        } else {
            totals.requests += 1;
        }
        totals.resource_units += u64::from(request.resource_units);
        totals.objects += u64::from(request.objects);
        totals.body_bytes += request.body_bytes as u64;
        *totals.statuses.entry(request.status).or_default() += 1;
        totals.violations += u64::from(request.violation.is_some());
        if kept.has_room() {
            kept.bytes += request.path.len() + request.headers.values().map(String::len).sum::<usize>();
            kept.requests.push(request);
        } else {
            kept.dropped += 1;
        }
    }

    pub fn all(&self) -> Vec<Recorded> {
        self.lock().requests.clone()
    }

    pub fn totals(&self, service: Service) -> Totals {
        self.lock().totals.get(&service).cloned().unwrap_or_default()
    }

    /// Forgets everything, so that what follows can be told apart.
    pub fn clear(&self) {
        *self.lock() = Kept::default();
    }

    pub fn json(&self) -> Value {
        let kept = self.lock();
        let totals: BTreeMap<&str, Totals> = [Service::Login, Service::Graph, Service::JupiterOne]
            .into_iter()
            .map(|s| (s.as_str(), kept.totals.get(&s).cloned().unwrap_or_default()))
            .collect();
        let violations: Vec<&Recorded> = kept.requests.iter().filter(|r| r.violation.is_some()).collect();
        json!({
            "totals": totals, "violations": violations, "requests": kept.requests, "dropped": kept.dropped,
        })
    }
}
