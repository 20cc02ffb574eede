//! An origin: scheme, host and port, without a path. Where a credential may go, and nowhere else.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// `https://host[:port]`, or `http://` for loopback only (127.0.0.0/8, ::1, localhost).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// Why a URL is no origin that tenantry talks to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    #[error("`{0}` is not a URL")]
    NotAUrl(String),
    #[error("`{0}` has a path, a query or a fragment: give the origin only, such as https://graph.microsoft.com")]
    NotBare(String),
    #[error("`{0}` holds a user name or password")]
    Credentials(String),
    #[error("`{0}` is not https (http is for loopback addresses only)")]
    NotHttps(String),
}

impl Origin {
    /// Reads an origin as a person gives it; one trailing slash is forgiven.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let text = text.trim();
        let url = Url::parse(text).map_err(|_| OriginError::NotAUrl(text.to_owned()))?;
        if !url.username().is_empty() || url.password().is_some() {
            // The text itself is not repeated: it holds a password.
            return Err(OriginError::Credentials(url.host_str().unwrap_or_default().to_owned()));
        }
        let origin = Self::of(&url).ok_or_else(|| OriginError::NotHttps(text.to_owned()))?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(OriginError::NotBare(text.to_owned()));
        }
        Ok(origin)
    }

    /// The origin of a URL; `None` where tenantry would not send a request.
    pub fn of(url: &Url) -> Option<Self> {
        let host = url.host()?;
        let allowed = match url.scheme() {
            "https" => true,
            "http" => is_loopback(&host),
            _ => false,
        };
        let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
        allowed.then(|| Self(format!("{}://{host}{port}", url.scheme())))
    }

    /// A built-in origin.
    ///
    /// # Panics
    ///
    /// If it is none; the table of clouds is tested.
    pub fn known(text: &'static str) -> Self {
        Self::parse(text).unwrap_or_else(|e| panic!("built-in origin: {e}"))
    }

    /// Whether `url` lies on this origin: same scheme, host and port. A URL with a user name or a password in it does
    /// not: it would send a credential of its own beside ours.
    pub fn contains(&self, url: &Url) -> bool {
        Self::of(url).as_ref() == Some(self) && url.username().is_empty() && url.password().is_none()
    }

    /// Whether it is this machine, which no proxy ever sees.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|u| u.host().is_some_and(|h| is_loopback(&h)))
    }

    /// The URL of a path under this origin; `path` starts with a slash and may carry a query.
    ///
    /// # Panics
    ///
    /// If `path` cannot be appended to an origin, which no text that starts with a slash is.
    pub fn join(&self, path: &str) -> Url {
        debug_assert!(path.starts_with('/'), "{path}");
        Url::parse(&format!("{}{path}", self.0)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// The host, without port.
    pub fn host(&self) -> String {
        Url::parse(&self.0).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Whether TLS stands before it; plain HTTP is for loopback alone.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The port, its scheme's own where none is given.
    pub fn port(&self) -> u16 {
        Url::parse(&self.0).ok().and_then(|u| u.port_or_known_default()).unwrap_or_default()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(ip) => IpAddr::V4(*ip).is_loopback(),
        Host::Ipv6(ip) => IpAddr::V6(*ip).is_loopback(),
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        Self::parse(&text)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl std::str::FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let ok = |text: &str, want: &str| assert_eq!(Origin::parse(text).unwrap().as_str(), want);
        ok("https://graph.microsoft.com", "https://graph.microsoft.com");
        ok(" https://Graph.Microsoft.com/ ", "https://graph.microsoft.com");
        ok("https://graph.microsoft.com:443", "https://graph.microsoft.com");
        ok("http://127.0.0.1:8080", "http://127.0.0.1:8080");
        ok("http://127.9.9.9:8080", "http://127.9.9.9:8080");
        ok("http://localhost:1", "http://localhost:1");
        ok("http://[::1]:1", "http://[::1]:1");
        let no = |text: &str| assert!(Origin::parse(text).is_err(), "{text}");
        no("");
        no("graph.microsoft.com");
        no("http://graph.microsoft.com");
        no("http://127.0.0.1.evil.example");
        no("http://localhost.evil.example");
        no("https://user:pw@graph.microsoft.com");
        no("https://graph.microsoft.com/v1.0");
        no("https://graph.microsoft.com/?a=b");
        no("ftp://127.0.0.1");
        no("file:///etc/passwd");
    }

    #[test]
    fn ports() {
        let check = |text: &str, want| assert_eq!(Origin::parse(text).unwrap().port(), want, "{text}");
        check("https://graph.microsoft.com", 443);
        check("https://graph.microsoft.com:8443", 8443);
        check("http://localhost", 80);
        check("http://[::1]:8080", 8080);
    }

    #[test]
    fn another_host_is_another_origin() {
        let graph = Origin::known("https://graph.microsoft.com");
        let check = |url: &str, want| assert_eq!(graph.contains(&Url::parse(url).unwrap()), want, "{url}");
        check("https://graph.microsoft.com/v1.0/users?$skiptoken=x", true);
        check("https://GRAPH.microsoft.com:443/v1.0", true);
        check("http://graph.microsoft.com/v1.0", false);
        check("https://graph.microsoft.com:8443/v1.0", false);
        check("https://graph.microsoft.com.evil.example/v1.0", false);
        check("https://graph.microsoft.com@evil.example/v1.0", false);
        check("https://evil.example@graph.microsoft.com/v1.0", false);
        check("https://:secret@graph.microsoft.com/v1.0", false);
    }

    #[test]
    fn a_password_is_not_repeated() {
        let error = Origin::parse("https://user:hunter2@proxy.example").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
