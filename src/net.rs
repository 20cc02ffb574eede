//! One way to make HTTP clients, and the words for what a network does to them.
//!
//! A client is made for one origin: loopback never goes through a proxy, whatever the environment says. Redirects are
//! never followed: a credential goes to the origin it was given for. Certificates are checked against the system's
//! store, and a `ca_file` beside it.

mod retry_after;

use std::{error::Error as _, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

pub use retry_after::retry_after;

use crate::domain::{origin::Origin, problem::Problem};

/// How to reach the network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NetConfig {
    /// `http://host:port` of a proxy for everything but loopback; else the system's own settings hold.
    pub proxy: Option<String>,
    /// A PEM file with certificate authorities to trust beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// What tenantry calls itself.
pub const USER_AGENT: &str = concat!("tenantry/", env!("CARGO_PKG_VERSION"));

/// Makes the client for one origin.
///
/// # Errors
///
/// When the proxy's address or the CA file cannot be used, in words that name it.
pub fn client(config: &NetConfig, origin: &Origin) -> Result<reqwest::Client, Problem> {
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(15))
        .read_timeout(Duration::from_secs(100))
        .gzip(true);
    if origin.is_loopback() {
        builder = builder.no_proxy();
    } else if let Some(proxy) = &config.proxy {
        let proxy = reqwest::Proxy::all(proxy).map_err(|_| {
            Problem::new("the proxy's address cannot be used")
                .code("proxy_address")
                .hint("Give it as http://host:port, without a user name or password.")
        })?;
        builder = builder.proxy(proxy);
    }
    if let Some(path) = &config.ca_file {
        let unusable = |why: String| {
            Problem::new(format!("the certificate authority file {} cannot be used: {why}", path.display()))
                .code("ca_file")
                .hint("It must be a PEM file with at least one certificate.")
        };
        let pem = std::fs::read(path).map_err(|e| unusable(e.to_string()))?;
        let authorities = reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| unusable(chain(&e)))?;
        if authorities.is_empty() {
            return Err(unusable("it holds no certificate".to_owned()));
        }
        builder = builder.tls_certs_merge(authorities);
    }
    builder
        .build()
        .map_err(|e| Problem::new(format!("no HTTP client could be made: {}", chain(&e))).code("http_client"))
}

/// A failure of the network, as a problem. `what` is what was being done: "asking for a token".
pub fn problem_of(error: &reqwest::Error, what: &str, origin: &Origin) -> Problem {
    let text = chain(error);
    let lower = text.to_ascii_lowercase();
    let host = origin.host();
    let (code, happened, hint) = if error.is_timeout() {
        (
            "timeout",
            format!("{host} did not answer in time"),
            "Check the network, the proxy and the firewall; then try again.",
        )
    } else if lower.contains("certificate") || lower.contains("unknownissuer") {
        (
            "certificate",
            format!("the certificate of {host} is not trusted"),
            "If your company inspects TLS, give its certificate authority with --ca-file.",
        )
    } else if lower.contains("dns error") || lower.contains("failed to lookup") || lower.contains("name or service") {
        (
            "name_not_found",
            format!("the name {host} was not found"),
            "Check the network's DNS, the spelling of the URL, or whether a proxy is needed.",
        )
    } else if lower.contains("proxy") || lower.contains("tunnel") {
        (
            "proxy",
            format!("the proxy refused the connection to {host}"),
            "Check --proxy, or the HTTPS_PROXY variable, and the proxy's rules.",
        )
    } else if lower.contains("connection refused") {
        (
            "connection_refused",
            format!("{host} refused the connection"),
            "Check the address and the firewall; then try again.",
        )
    } else if error.is_connect() {
        (
            "connection_failed",
            format!("no connection to {host}"),
            "Check the network, the proxy and the firewall; then try again.",
        )
    } else if error.is_decode() || error.is_body() || lower.contains("incomplete") || lower.contains("unexpected eof") {
        (
            "connection_cut",
            format!("the answer of {host} broke off"),
            "Try again; if it lasts, look at the proxy between you and the service.",
        )
    } else {
        (
            "connection_failed",
            format!("the request to {host} failed"),
            "Try again; if it lasts, check the network and the proxy.",
        )
    };
    Problem { message: Some(text), ..Problem::new(format!("{what}: {happened}")).code(code).hint(hint) }
}

/// An answer that began and did not end in time.
pub fn too_slow(what: &str, origin: &Origin, longest: Duration) -> Problem {
    Problem::new(format!("{what}: the answer of {} took longer than {} s", origin.host(), longest.as_secs()))
        .code("timeout")
        .hint("Check the network, the proxy and the firewall; then try again.")
}

/// The error and its sources in one line, without URLs: a nextLink may hold a token.
fn chain(error: &reqwest::Error) -> String {
    let mut out = String::new();
    // `Display` of reqwest's error names the URL; its sources do not.
    let mut source = error.source();
    while let Some(error) = source {
        let text = error.to_string();
        if !out.contains(&text) {
            if !out.is_empty() {
                out.push_str(": ");
            }
            out.push_str(&text);
        }
        source = error.source();
    }
    if out.is_empty() { "no further words".to_owned() } else { out }
}
