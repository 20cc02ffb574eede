//! Whether an origin is reached at all, told in full: for the doctor. Sends no credential of a service.

use jiff::Timestamp;

use super::{
    NetConfig,
    failure::{Failure, Kind, Peer},
    proxy::Proxy,
    retry_after::http_date,
    script,
    way::Way,
};
use crate::domain::{origin::Origin, problem::Problem};

/// What a small request to an origin found on its way. Any HTTP answer will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The server's clock, to the second.
    pub date: Option<Timestamp>,
    /// `host:port` of the proxy, without user name and password.
    pub via_proxy: Option<String>,
    /// What the proxy was told of who asks, and where that came from, in words.
    pub signed_in: Option<String>,
    /// Who issued the certificate, as it says itself; `None` without TLS.
    pub issuer: Option<String>,
}

impl Reached {
    /// How many seconds this computer's clock is ahead of the server's; negative where it is behind. `now` is the time at
    /// which [`reach`] returned.
    pub fn skew_seconds(&self, now: Timestamp) -> Option<i64> {
        self.date.map(|date| now.as_second() - date.as_second())
    }
}

/// Finds the way to an origin, and sends one `GET /`.
///
/// # Errors
///
/// Each step's failure with its own code (`assets/advice/network.toml`) and words that name the host or the proxy.
pub async fn reach(config: &NetConfig, origin: &Origin) -> Result<Reached, Problem> {
    let way = Way::of(config, origin)?;
    match way.walk().await {
        Ok(arrived) => Ok(Reached {
            date: arrived.head.all("date").next().and_then(http_date),
            via_proxy: way.proxy.as_ref().map(Proxy::name),
            signed_in: way.proxy.as_ref().and_then(Proxy::signed_in).map(str::to_owned),
            issuer: arrived.issuer,
        }),
        Err(failure) => Err(past_a_script(origin, failure).await.problem("")),
    }
}

/// The direct way failed: where the system's proxy comes from a script, that is why.
async fn past_a_script(origin: &Origin, failure: Failure) -> Failure {
    let is_direct = failure.proxy.is_none() && !origin.is_loopback();
    let may_be_shut_out = matches!(
        failure.kind,
        Kind::NameNotFound
            | Kind::NameTimeout
            | Kind::ConnectTimeout
            | Kind::Refused
            | Kind::Unreachable
            | Kind::Cut
            | Kind::Connect
            | Kind::TlsTimeout
    );
    if !is_direct || !may_be_shut_out {
        return failure;
    }
    match script::configured().await {
        Some(script) => {
            let message = Some(failure.problem("").summary);
            Failure { kind: Kind::Script(script), at: Peer::Service, message, ..failure }
        }
        None => failure,
    }
}

#[cfg(test)]
mod tests;
