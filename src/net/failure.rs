//! What a network does instead of carrying a request: one kind, one code, one sentence. The doctor and every ordinary
//! request speak with these words. What to do about a code is in `assets/advice/network.toml`, and nowhere here.

use std::{error::Error, fmt, io};

use super::certificate::Untrusted;
use crate::domain::{problem::Problem, text::visible};

/// A way that ended before an answer came. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub kind: Kind,
    /// The service's host.
    pub host: String,
    /// `host:port` of the proxy on the way.
    pub proxy: Option<String>,
    /// Who did it: the service, or the proxy before it.
    pub at: Peer,
    /// What the system, the library or the proxy said, verbatim.
    pub message: Option<String>,
    /// The status of the proxy's own answer.
    pub status: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    Service,
    Proxy,
}

/// What happened. Where it can happen with the service and with a proxy, [`Peer`] tells which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    NameNotFound,
    NameTimeout,
    ConnectTimeout,
    Refused,
    /// No route: this computer has no network, or none that leads there.
    Unreachable,
    /// The connection ended in the middle.
    Cut,
    /// No connection, for a reason that has no words of its own.
    Connect,
    TlsTimeout,
    Untrusted(Untrusted),
    /// The first bytes are no TLS.
    NotTls,
    /// No version or cipher in common.
    TlsVersion,
    /// TLS, but no agreement.
    Tls,
    AnswerTimeout,
    /// The answer is no HTTP.
    NotHttp,
    /// A request failed for a reason that has no words of its own.
    Request,
    /// The proxy's 403.
    ProxyForbids,
    /// The proxy's own 502, 503 or 504.
    ProxyCannot,
    /// The proxy's 407, and what it offers.
    ProxySignIn(SignIn),
    /// Any other status.
    ProxyRefuses,
    /// Not reached directly, and the system's proxy comes from a script at this address.
    Script(String),
}

/// What a proxy's 407 asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SignIn {
    /// A user name and password, and none was sent.
    Basic,
    /// A user name and password; this user is named, and nobody has a password.
    NoPassword(String),
    /// A user name and password, and those sent were wrong; which and from where, in words.
    Password(String),
    /// Negotiate or NTLM, and nothing simpler.
    Negotiate,
    Digest,
    /// It did not say, or we did not hear.
    Unsaid,
}

/// Every code of this module, of [`super::proxy`] and of [`super::trust`]: each has an entry in the table of advice.
#[cfg(test)]
pub(super) const CODES: &[&str] = &[
    "name_not_found",
    "proxy_name_not_found",
    "timeout_name",
    "timeout_connect",
    "proxy_timeout",
    "connection_refused",
    "proxy_connection_refused",
    "network_unreachable",
    "connection_cut",
    "proxy_cut",
    "connection_failed",
    "proxy_connection_failed",
    "timeout_tls",
    "tls_unknown_issuer",
    "tls_expired",
    "tls_not_yet_valid",
    "tls_wrong_name",
    "tls_certificate",
    "tls_not_tls",
    "tls_version",
    "tls_failed",
    "timeout",
    "not_http",
    "proxy_garbage",
    "proxy_forbidden",
    "proxy_gateway",
    "proxy_basic",
    "proxy_no_password",
    "proxy_password",
    "proxy_negotiate",
    "proxy_digest",
    "proxy_sign_in",
    "proxy_refused",
    "proxy_script",
    "proxy_address",
    "proxy_variable",
    "proxy_socks",
    "ca_file",
    "ca_environment",
    "no_authorities",
    "http_client",
];

/// Whether asking again cannot help before a person has changed something.
pub fn is_lasting(code: &str) -> bool {
    const SAID: &[&str] = &[
        "proxy_forbidden",
        "proxy_basic",
        "proxy_no_password",
        "proxy_password",
        "proxy_negotiate",
        "proxy_digest",
        "proxy_sign_in",
        "proxy_garbage",
    ];
    code.starts_with("tls_") || SAID.contains(&code)
}

impl Failure {
    pub fn code(&self) -> &'static str {
        let proxy = self.at == Peer::Proxy;
        match &self.kind {
            Kind::NameNotFound if proxy => "proxy_name_not_found",
            Kind::NameNotFound => "name_not_found",
            Kind::NameTimeout => "timeout_name",
            Kind::ConnectTimeout | Kind::AnswerTimeout if proxy => "proxy_timeout",
            Kind::ConnectTimeout => "timeout_connect",
            Kind::Refused if proxy => "proxy_connection_refused",
            Kind::Refused => "connection_refused",
            Kind::Unreachable => "network_unreachable",
            Kind::Cut if proxy => "proxy_cut",
            Kind::Cut => "connection_cut",
            Kind::Connect if proxy => "proxy_connection_failed",
            Kind::Connect | Kind::Request => "connection_failed",
            Kind::TlsTimeout => "timeout_tls",
            Kind::Untrusted(untrusted) => untrusted.code(),
            Kind::NotTls => "tls_not_tls",
            Kind::TlsVersion => "tls_version",
            Kind::Tls => "tls_failed",
            Kind::AnswerTimeout => "timeout",
            Kind::NotHttp if proxy => "proxy_garbage",
            Kind::NotHttp => "not_http",
            Kind::ProxyForbids => "proxy_forbidden",
            Kind::ProxyCannot => "proxy_gateway",
            Kind::ProxySignIn(SignIn::Basic) => "proxy_basic",
            Kind::ProxySignIn(SignIn::NoPassword(_)) => "proxy_no_password",
            Kind::ProxySignIn(SignIn::Password(_)) => "proxy_password",
            Kind::ProxySignIn(SignIn::Negotiate) => "proxy_negotiate",
            Kind::ProxySignIn(SignIn::Digest) => "proxy_digest",
            Kind::ProxySignIn(SignIn::Unsaid) => "proxy_sign_in",
            Kind::ProxyRefuses => "proxy_refused",
            Kind::Script(_) => "proxy_script",
        }
    }

    fn words(&self) -> String {
        let (host, via) = (&self.host, self.proxy.as_deref().unwrap_or("the proxy"));
        // Whom it happened with, by name.
        let peer = match self.at {
            Peer::Service => host.clone(),
            Peer::Proxy => format!("the proxy {via}"),
        };
        // What is told of the service may still have come through the proxy.
        let through = match (self.at, &self.proxy) {
            (Peer::Service, Some(proxy)) => format!(" through the proxy {proxy}"),
            _ => String::new(),
        };
        match &self.kind {
            Kind::NameNotFound => match self.at {
                Peer::Service => format!("the name {host} was not found"),
                Peer::Proxy => format!("the name of {peer} was not found"),
            },
            Kind::NameTimeout => format!("nobody told the address of {peer} in time"),
            Kind::ConnectTimeout => format!("{peer} took no connection in time{through}"),
            Kind::Refused => format!("{peer} refused the connection{through}"),
            Kind::Unreachable => format!("no network leads to {peer}"),
            Kind::Cut => format!("the connection to {peer} broke off{through}"),
            Kind::Connect => format!("no connection to {peer}{through}"),
            Kind::TlsTimeout => format!("{peer} took the connection, and did not answer to TLS in time{through}"),
            Kind::Untrusted(untrusted) => format!("{}{through}", untrusted.words(&peer)),
            Kind::NotTls => format!("what answers for {peer} does not speak TLS{through}"),
            Kind::TlsVersion => format!("{peer} and tenantry have no version of TLS in common{through}"),
            Kind::Tls => format!("{peer} and tenantry did not agree on TLS{through}"),
            Kind::AnswerTimeout => format!("{peer} did not answer in time{through}"),
            Kind::NotHttp => format!("what {peer} answers is no HTTP{through}"),
            Kind::Request => format!("the request to {peer} failed{through}"),
            Kind::ProxyForbids => format!("{peer} does not allow connections to {host}"),
            Kind::ProxyCannot => format!("{peer} could not reach {host}"),
            Kind::ProxySignIn(SignIn::Basic) => format!("{peer} wants a user name and password"),
            Kind::ProxySignIn(SignIn::NoPassword(user)) => {
                format!("{peer} wants a password, and none of user {user} is kept")
            }
            Kind::ProxySignIn(SignIn::Password(with)) => format!("{peer} did not accept {with}"),
            Kind::ProxySignIn(SignIn::Negotiate) => format!("{peer} wants a Windows sign-in (Negotiate or NTLM)"),
            Kind::ProxySignIn(SignIn::Digest) => format!("{peer} wants a sign-in by Digest"),
            Kind::ProxySignIn(SignIn::Unsaid) => format!("{peer} wants a sign-in"),
            Kind::ProxyRefuses => format!("{peer} refused the connection to {host}"),
            Kind::Script(script) => format!(
                "{host} is not reached directly, and this computer's proxy comes from a script ({script}), which \
                 tenantry does not follow"
            ),
        }
    }

    /// As every face shows it. `what` is what was being done: "asking for a token".
    pub fn problem(&self, what: &str) -> Problem {
        let words = self.words();
        let summary = if what.is_empty() { words } else { format!("{what}: {words}") };
        Problem {
            message: self.message.as_deref().map(|m| visible(m).into_owned()),
            status: self.status,
            ..Problem::new(summary).code(self.code())
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words())
    }
}

impl Error for Failure {}

/// The first error of this type among an error and its sources, those that an [`io::Error`] wraps included.
pub(super) fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // `source` of an io::Error is the source of what it wraps.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.and_then(|inner| find(inner)).or_else(|| error.source().and_then(find))
}

/// An error and its sources in one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut out = error.to_string();
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
    out
}

/// What a failed connection, or one that ended, was: by the error's type, not its words.
pub(super) fn kind_of(error: &(dyn Error + 'static)) -> Option<Kind> {
    use rustls::{AlertDescription as Alert, Error as Tls};
    if let Some(tls) = find::<Tls>(error) {
        return Some(match tls {
            Tls::InvalidCertificate(why) => Kind::Untrusted(Untrusted::of(why)),
            Tls::InvalidMessage(_) => Kind::NotTls,
            Tls::PeerIncompatible(_)
            | Tls::AlertReceived(Alert::ProtocolVersion | Alert::HandshakeFailure | Alert::InsufficientSecurity) => {
                Kind::TlsVersion
            }
            _ => Kind::Tls,
        });
    }
    let mut found = find::<io::Error>(error)?;
    // The innermost has the system's word.
    while let Some(inner) = found.get_ref().and_then(|inner| find::<io::Error>(inner)) {
        found = inner;
    }
    match found.kind() {
        io::ErrorKind::ConnectionRefused => Some(Kind::Refused),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkDown => {
            Some(Kind::Unreachable)
        }
        io::ErrorKind::TimedOut => Some(Kind::ConnectTimeout),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(Kind::Cut),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
