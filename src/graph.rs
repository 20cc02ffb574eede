//! The client of Microsoft Graph: tokens, sending, retrying, paging, batches.
//!
//! It reads, and by type can do nothing else: what a caller can express is a [`Get`], a [`Batch`] of those, and
//! [`GraphClient::by_ids`] (`getByIds`, a read that the service wants as a POST). The token goes to the one origin of
//! the configuration; a link to any other is refused before anything is sent. It knows nothing of what is read or
//! where it is kept: that is `ingest`'s.
//!
//! Everything waits in `tokio::time` and is cancelled by dropping the future.

mod assertion;
mod batch;
mod by_ids;
mod decode;
mod error;
mod get;
mod hold;
mod member;
mod pace;
mod page;
mod pause;
mod price;
mod retry;
mod send;
#[cfg(test)]
pub(crate) mod stub;
mod token;
mod wire;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

pub use self::{
    batch::{Batch, Reply},
    by_ids::MOST_IDS,
    error::{ErrorKind, GraphError},
    get::{Get, segment, text_literal},
    hold::Hold,
    member::MemberItem,
    pace::documented_quota,
    page::{Again, Page, Pages},
    token::{Claims, TokenInfo},
};
use self::{retry::Patience, send::Sender};
use crate::{
    domain::{
        clock::Clock,
        credential::Credential,
        ids::ClientId,
        origin::Origin,
        problem::Problem,
        progress::{Reporter, WireProgress},
    },
    net::NetConfig,
};

/// Where the tenant is, and who asks.
#[derive(Debug, Clone)]
pub struct GraphConfig {
    pub login: Origin,
    pub graph: Origin,
    /// `https://<the cloud's own Graph host>/.default`, whatever `graph` says.
    pub scope: String,
    /// The tenant's GUID, or a domain of it.
    pub tenant: String,
    pub client: ClientId,
    pub net: NetConfig,
    /// Stops and starts all requests of the client.
    pub hold: Hold,
    /// Low priority (`x-ms-throttle-priority`), one request at a time.
    pub gentle: bool,
}

/// A client for one tenant and one app registration. A clone shares token, pauses and counters.
#[derive(Clone)]
pub struct GraphClient {
    sender: Arc<Sender>,
    patience: Patience,
}

impl GraphClient {
    /// # Errors
    ///
    /// When no HTTP client can be made of the configuration (proxy, CA file).
    pub fn new(
        config: GraphConfig,
        credential: Credential,
        clock: Arc<dyn Clock>,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Self, Problem> {
        Ok(Self { sender: Arc::new(Sender::new(config, credential, clock, reporter)?), patience: Patience::WORK })
    }

    /// The same client for a person who waits: it gives up after a few seconds instead of minutes.
    #[must_use]
    pub fn probing(&self) -> Self {
        Self { sender: Arc::clone(&self.sender), patience: Patience::PROBE }
    }

    /// The token in use; asks for one if there is none, or if it has lived four fifths of its life.
    ///
    /// # Errors
    ///
    /// As the login service refuses, or cannot be reached.
    pub async fn token(&self) -> Result<TokenInfo, GraphError> {
        self.sender.tokens.held(None).await.map(|held| held.info)
    }

    /// What a token says that is asked for now, once, whatever token is in use: one that was given before an administrator
    /// consented does not gain roles.
    ///
    /// # Errors
    ///
    /// As the login service refuses, or cannot be reached; with the time that it wants to be left alone, where it says.
    pub async fn new_token(&self) -> Result<TokenInfo, (GraphError, Option<std::time::Duration>)> {
        self.sender.tokens.once().await
    }

    /// One JSON answer; `path` starts with `/v1.0/`.
    ///
    /// # Errors
    ///
    /// As Graph refuses, after all retries.
    pub async fn get(&self, path: &str) -> Result<Value, GraphError> {
        self.fetch(&Get::new(path)).await
    }

    /// As [`GraphClient::get`], with the shape that the caller expects.
    ///
    /// # Errors
    ///
    /// As Graph refuses, after all retries; [`ErrorKind::Shape`] names the place in the JSON that did not fit.
    pub async fn fetch<T: serde::de::DeserializeOwned>(&self, get: &Get) -> Result<T, GraphError> {
        let call = self.sender.call_of(get);
        self.sender.call(&call, self.patience, |body| decode::json(body)).await.map(|answer| answer.value)
    }

    /// A `$count`. `None` when the service does not tell: a total is never worth a failed run.
    pub async fn count(&self, path: &str) -> Option<u64> {
        let get = Get::new(path).eventual();
        let call = send::Call { accept: "text/plain", ..self.sender.call_of(&get) };
        self.sender.call(&call, Patience::PROBE, |body| decode::number(body)).await.map(|answer| answer.value).ok()
    }

    /// The chain of changes that a stored nextLink or deltaLink leads to. A link to another origin is refused before
    /// anything is sent; a token that the service does not know any more ends the chain
    /// ([`GraphError::is_delta_gone`], [`GraphError::is_page_token`]): such a chain does not begin again by itself.
    pub fn changes(&self, link: String) -> Pages {
        Pages::of_link(self.clone(), link)
    }

    /// A chain of changes that begins with a request: `/v1.0/users/delta?$deltatoken=latest&…`, or a first round. Only a
    /// page with a deltaLink ends it; one without any link is an error ([`ErrorKind::Shape`]).
    pub fn delta(&self, get: Get) -> Pages {
        Pages::delta(self.clone(), get)
    }

    /// What the pace would aim at, in units in ten seconds, if the service allowed so many.
    pub fn aim(&self, units_10s: u64) -> u64 {
        self.sender.pace.aim(units_10s)
    }

    /// Sizes the pace: resource units in ten seconds that the service is taken to allow. What made the client slow down
    /// before still holds.
    pub fn set_quota(&self, units_10s: u64) {
        self.sender.pace.set_quota(units_10s);
    }

    /// What the quota can be at most, in resource units in ten seconds, by what made the client slow down; `None` when
    /// nothing did.
    pub fn seen_quota(&self) -> Option<u64> {
        self.sender.pace.seen_quota()
    }

    /// What requests were seen to cost, by their shape; to be given to [`GraphClient::set_prices`] another day.
    pub fn prices(&self) -> BTreeMap<String, u64> {
        self.sender.prices.all()
    }

    /// What was learned another day; what this client has learned itself stays.
    pub fn set_prices(&self, prices: &BTreeMap<String, u64>) {
        self.sender.prices.add(prices);
    }

    /// What a request is expected to cost, in resource units: as learned, else as documented.
    pub fn price(&self, get: &Get) -> u64 {
        self.sender.prices.of(&self.sender.url_of(get))
    }

    /// The chain of pages that begins with `get`.
    pub fn pages(&self, get: Get) -> Pages {
        Pages::new(self.clone(), get)
    }

    /// The service that it asks.
    pub fn origin(&self) -> &Origin {
        &self.sender.graph
    }

    /// Whether somebody holds all requests back.
    pub fn is_held(&self) -> bool {
        self.sender.hold.is_held()
    }

    /// Totals so far, over this client and its clones.
    pub fn wire(&self) -> WireProgress {
        let pace::Standing { pace_10s, quota_10s, throttle_percentage } = self.sender.pace.standing();
        let wire = self.sender.wire.progress(self.sender.pause.stood_still());
        WireProgress { pace_10s, quota_10s, throttle_percentage, ..wire }
    }
}

impl std::fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GraphClient").field("graph", &self.sender.graph).finish_non_exhaustive()
    }
}
