//! One way to make HTTP clients, the words for what a network does to them, and the doctor's look at the way itself.
//!
//! A client is made for one origin: loopback never goes through a proxy, whatever the environment says. Redirects are
//! never followed: a credential goes to the origin it was given for. Which proxy ([`proxy`]) and whom to trust ([`trust`])
//! are decided here and not by the HTTP library, so that everything that asks gets one answer.

mod certificate;
mod dial;
mod failure;
mod proxy;
mod reach;
mod retry_after;
mod script;
mod trust;
mod way;

use std::{path::PathBuf, sync::Arc, time::Duration};

pub use failure::is_lasting;
pub use proxy::{ProxyPassword, ProxyUser, proxy_of};
pub use reach::{Reached, reach};
pub use retry_after::retry_after;

use self::{
    dial::Dial,
    failure::{Failure, Kind, Peer, chain, find, kind_of},
    way::Way,
};
use crate::domain::{origin::Origin, problem::Problem};

/// How to reach the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetConfig {
    /// `http://host:port` or `http://user@host:port` of a proxy for everything but loopback; else the system's own settings
    /// hold.
    pub proxy: Option<String>,
    /// For the user whom `proxy` names. No setting holds it: it is put here together with the other secrets.
    pub proxy_password: Option<ProxyPassword>,
    /// A PEM file with certificate authorities to trust beside the system's.
    pub ca_file: Option<PathBuf>,
}

impl NetConfig {
    /// Whose password [`Self::proxy`] wants.
    pub fn proxy_user(&self) -> Option<ProxyUser> {
        self.proxy.as_deref().and_then(ProxyUser::of)
    }
}

/// What tenantry calls itself.
pub const USER_AGENT: &str = concat!("tenantry/", env!("CARGO_PKG_VERSION"));

/// Makes the client for one origin.
///
/// # Errors
///
/// When the proxy or the authorities that are configured cannot be used, in words that name them.
pub fn client(config: &NetConfig, origin: &Origin) -> Result<reqwest::Client, Problem> {
    let unmade = |e: reqwest::Error| {
        Problem { message: Some(chain(&e.without_url())), ..Problem::new("no HTTP client could be made") }
            .code("http_client")
    };
    let way = Way::of(config, origin)?;
    let mut tls = (*way.tls).clone();
    tls.alpn_protocols = ["h2", "http/1.1"].map(Into::into).to_vec();
    let builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .read_timeout(Duration::from_secs(100))
        .gzip(true)
        .tls_backend_preconfigured(tls);
    let builder = match &way.proxy {
        Some(proxy) => builder.proxy(proxy.for_client().map_err(unmade)?),
        None => builder.no_proxy(),
    };
    builder.connector_layer(Dial { way: Arc::new(way) }).build().map_err(unmade)
}

/// A failure of the network, as a problem. `what` is what was being done: "asking for a token". What to do about its code
/// is in `assets/advice/network.toml`.
pub fn problem_of(error: &reqwest::Error, what: &str, origin: &Origin) -> Problem {
    if let Some(failure) = find::<Failure>(error) {
        return failure.problem(what);
    }
    let kind = if error.is_timeout() {
        Kind::AnswerTimeout
    } else {
        // Of a connection that there was, what is left to go wrong is that it ends, or never spoke HTTP.
        let otherwise = match sources(error) {
            words if words.contains("invalid HTTP") => Kind::NotHttp,
            _ if error.is_decode() || error.is_body() || error.is_request() => Kind::Cut,
            _ => Kind::Request,
        };
        kind_of(error).unwrap_or(otherwise)
    };
    Failure { message: Some(sources(error)), ..at_the_service(origin, kind) }.problem(what)
}

/// An answer that began and did not end in time.
pub fn too_slow(what: &str, origin: &Origin, longest: Duration) -> Problem {
    let problem = at_the_service(origin, Kind::AnswerTimeout).problem("");
    let summary = format!("{what}: the answer of {} took longer than {} s", origin.host(), longest.as_secs());
    Problem { summary, ..problem }
}

fn at_the_service(origin: &Origin, kind: Kind) -> Failure {
    Failure { kind, host: origin.host(), proxy: None, at: Peer::Service, message: None, status: None }
}

/// The error's sources in one line. Its own words name the URL, and a nextLink may hold a token; its sources do not.
fn sources(error: &reqwest::Error) -> String {
    std::error::Error::source(error).map_or_else(|| "no further words".to_owned(), chain)
}
