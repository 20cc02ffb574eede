//! An answer that is given at an address of its own once it is ready.
//!
//! The address is signed and may lie on any host, so that the key is not sent there, redirects are not followed, and its
//! query, which is as good as a key, is in no log.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::{Unread, not_understood};
use crate::{
    domain::{
        origin::Origin,
        problem::Problem,
        progress::Event,
        request::{Request, Service},
    },
    jupiterone::{JupiterOneClient, retry},
    net,
};

/// The official client of node gives up after five minutes.
const LONGEST: Duration = Duration::from_secs(600);
/// Between two looks; the official clients wait 200 ms.
const FIRST_LOOK: Duration = Duration::from_millis(200);
const LATER_LOOKS: Duration = Duration::from_secs(5);
/// No answer is anywhere near this long.
const MOST_BYTES: usize = 64 << 20;
/// How often a look that fails is tried again.
const TRIES: u32 = 5;

/// Waits for the answer, and says how many requests that took.
pub async fn fetch(client: &JupiterOneClient, url: &str) -> Result<(Value, u64), Unread> {
    let began = Instant::now();
    let (mut looks, mut wait, mut failed) = (0, FIRST_LOOK, 0);
    let mut url = usable(client, url)?;
    loop {
        looks += 1;
        let found = match get(client, &url).await {
            Ok(found) => found,
            Err(problem) => {
                failed += 1;
                if failed >= TRIES {
                    return Err(Unread::NotUnderstood(problem));
                }
                tokio::time::sleep(retry::backoff(failed)).await;
                continue;
            }
        };
        match (found["status"].as_str(), found["url"].as_str()) {
            (Some("IN_PROGRESS"), _) if began.elapsed() + wait > LONGEST => {
                return Err(not_understood("did not answer within ten minutes"));
            }
            (Some("IN_PROGRESS"), _) => {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LATER_LOOKS);
            }
            (Some("FAILED"), _) => {
                let mut problem = Problem::new("JupiterOne could not answer what it holds").code("deferred_failed");
                problem.message = found["error"].as_str().map(|words| words.chars().take(500).collect());
                return Err(Unread::NotUnderstood(problem));
            }
            // The answer itself, or the word where it is.
            _ if found["data"].is_array() => return Ok((found, looks)),
            (Some("COMPLETED"), Some(next)) => url = usable(client, next)?,
            _ => return Err(not_understood("answered at its address with something that is not known")),
        }
    }
}

/// An address that may be asked: over TLS, or on this machine where JupiterOne itself is.
fn usable(client: &JupiterOneClient, url: &str) -> Result<Url, Unread> {
    let refused = || not_understood("named an address for its answer that cannot be used");
    let url = Url::parse(url).map_err(|_| refused())?;
    let origin = Origin::of(&url).ok_or_else(refused)?;
    let local = client.origin().is_loopback();
    let plain = url.username().is_empty() && url.password().is_none();
    if plain && origin.is_loopback() == local { Ok(url) } else { Err(refused()) }
}

async fn get(client: &JupiterOneClient, url: &Url) -> Result<Value, Problem> {
    const WHAT: &str = "fetching JupiterOne's answer";
    let origin = Origin::of(url).ok_or_else(|| Problem::new("no address"))?;
    let http = net::client(&client.config.net, &origin)?;
    let mut record = client.log.as_ref().map(|(clock, reporter)| {
        let mut bare = url.clone();
        bare.set_query(None);
        (Request::new(clock.now(), Service::JupiterOne, "GET", &bare), reporter)
    });
    let began = Instant::now();
    let exchange = async {
        let mut response = http.get(url.clone()).send().await.map_err(|e| net::problem_of(&e, WHAT, &origin))?;
        let status = response.status();
        if let Some((record, _)) = &mut record {
            record.status = Some(status.as_u16());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| net::problem_of(&e, WHAT, &origin))? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(Problem::new(format!("{WHAT}: it is too long")).code("unexpected_shape"));
            }
            body.extend_from_slice(&chunk);
        }
        let json = serde_json::from_slice(&body).ok().filter(|_| status.is_success());
        json.ok_or_else(|| {
            let mut problem = Problem::new(format!("{WHAT}: {} answered {}", origin.host(), status.as_u16()));
            problem.status = Some(status.as_u16());
            problem.code("not_json").hint("Something between you and that host may have answered in its place.")
        })
    };
    let attempt = client.patience.attempt;
    let found = tokio::time::timeout(attempt, exchange).await;
    let found = found.unwrap_or_else(|_| Err(net::too_slow(WHAT, &origin, attempt)));
    if let Some((mut record, reporter)) = record {
        record.ms = began.elapsed().as_millis().try_into().unwrap_or(u32::MAX);
        record.code = found.as_ref().err().and_then(|problem| problem.code.clone());
        reporter.report(Event::Request(Box::new(record)));
    }
    found
}
