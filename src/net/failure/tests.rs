//! The words, one by one; and that each code has advice.

use super::*;
use crate::net::certificate::Why;

fn failure(kind: Kind, at: Peer, has_proxy: bool) -> Failure {
    let proxy = has_proxy.then(|| "proxy.corp:3128".to_owned());
    Failure { kind, host: "graph.test".to_owned(), proxy, at, message: None, status: None }
}

#[test]
fn every_failure_has_its_own_code_and_words() {
    use Peer::{Proxy, Service};
    let untrusted = |why| Kind::Untrusted(Untrusted { why, issuer: Some("Contoso CA".to_owned()) });
    let script = || Kind::Script("http://wpad/wpad.dat".to_owned());
    let table: Vec<(Kind, Peer, &str, &str)> = vec![
        (Kind::NameNotFound, Service, "name_not_found", "the name graph.test was not found"),
        (Kind::NameNotFound, Proxy, "proxy_name_not_found", "the name of the proxy proxy.corp:3128 was not found"),
        (Kind::NameTimeout, Service, "timeout_name", "nobody told the address of graph.test in time"),
        (Kind::NameTimeout, Proxy, "timeout_name", "nobody told the address of the proxy proxy.corp:3128 in time"),
        (Kind::ConnectTimeout, Service, "timeout_connect", "graph.test took no connection in time"),
        (Kind::ConnectTimeout, Proxy, "proxy_timeout", "the proxy proxy.corp:3128 took no connection in time"),
        (Kind::Refused, Service, "connection_refused", "graph.test refused the connection"),
        (Kind::Refused, Proxy, "proxy_connection_refused", "the proxy proxy.corp:3128 refused the connection"),
        (Kind::Unreachable, Service, "network_unreachable", "no network leads to graph.test"),
        (Kind::Cut, Service, "connection_cut", "the connection to graph.test broke off"),
        (Kind::Cut, Proxy, "proxy_cut", "the connection to the proxy proxy.corp:3128 broke off"),
        (Kind::Connect, Service, "connection_failed", "no connection to graph.test"),
        (Kind::Connect, Proxy, "proxy_connection_failed", "no connection to the proxy proxy.corp:3128"),
        (Kind::TlsTimeout, Service, "timeout_tls", "took the connection, and did not answer to TLS in time"),
        (untrusted(Why::Issuer), Service, "tls_unknown_issuer", "graph.test, issued by Contoso CA, is not trusted"),
        (untrusted(Why::Issuer), Proxy, "tls_unknown_issuer", "of the proxy proxy.corp:3128, issued by Contoso CA,"),
        (untrusted(Why::Expired(None)), Service, "tls_expired", "has expired"),
        (untrusted(Why::NotYetValid(None)), Service, "tls_not_yet_valid", "is not valid yet"),
        (
            untrusted(Why::Name(vec!["a".into(), "b".into()])),
            Service,
            "tls_wrong_name",
            "is for a, b, not for graph.test",
        ),
        (untrusted(Why::Other("words".into())), Service, "tls_certificate", "is not accepted: words"),
        (Kind::NotTls, Service, "tls_not_tls", "what answers for graph.test does not speak TLS"),
        (Kind::TlsVersion, Service, "tls_version", "no version of TLS in common"),
        (Kind::Tls, Service, "tls_failed", "did not agree on TLS"),
        (Kind::AnswerTimeout, Service, "timeout", "graph.test did not answer in time"),
        (Kind::AnswerTimeout, Proxy, "proxy_timeout", "the proxy proxy.corp:3128 did not answer in time"),
        (Kind::NotHttp, Service, "not_http", "what graph.test answers is no HTTP"),
        (Kind::NotHttp, Proxy, "proxy_garbage", "what the proxy proxy.corp:3128 answers is no HTTP"),
        (Kind::Request, Service, "connection_failed", "the request to graph.test failed"),
        (Kind::ProxyForbids, Proxy, "proxy_forbidden", "proxy.corp:3128 does not allow connections to graph.test"),
        (Kind::ProxyCannot, Proxy, "proxy_gateway", "proxy.corp:3128 could not reach graph.test"),
        (Kind::ProxySignIn(SignIn::Basic), Proxy, "proxy_basic", "wants a user name and password"),
        (Kind::ProxySignIn(SignIn::NoPassword("me".into())), Proxy, "proxy_no_password", "none of user me is kept"),
        (Kind::ProxySignIn(SignIn::Password("that".into())), Proxy, "proxy_password", "did not accept that"),
        (Kind::ProxySignIn(SignIn::Negotiate), Proxy, "proxy_negotiate", "Negotiate or NTLM"),
        (Kind::ProxySignIn(SignIn::Digest), Proxy, "proxy_digest", "Digest"),
        (Kind::ProxySignIn(SignIn::Unsaid), Proxy, "proxy_sign_in", "proxy.corp:3128 wants a sign-in"),
        (Kind::ProxyRefuses, Proxy, "proxy_refused", "proxy.corp:3128 refused the connection to graph.test"),
        (
            script(),
            Service,
            "proxy_script",
            "comes from a script (http://wpad/wpad.dat), which tenantry does not follow",
        ),
    ];
    let mut told: Vec<String> = Vec::new();
    for (kind, at, code, words) in table {
        let problem = failure(kind, at, at == Proxy).problem("asking for a token");
        assert_eq!(problem.code.as_deref(), Some(code));
        assert!(CODES.contains(&code), "{code} is in no list");
        assert!(problem.summary.starts_with("asking for a token: ") && problem.summary.contains(words), "{problem}");
        assert!(!told.contains(&problem.summary), "said twice: {problem}");
        assert!(problem.hint.is_none(), "the table has it: {problem}");
        told.push(problem.summary);
    }
    // What is the service's own doing, and came through a proxy.
    let through = failure(Kind::Cut, Service, true).problem("");
    assert_eq!(through.summary, "the connection to graph.test broke off through the proxy proxy.corp:3128");
}

/// What to do is in one place, and there for every code.
#[test]
fn every_code_has_advice() {
    let table: toml::Table = toml::from_str(include_str!("../../../assets/advice/network.toml")).unwrap();
    for code in CODES {
        let hint = table.get(*code).and_then(|advice| advice["hint"].as_str()).unwrap_or_default();
        assert!(hint.ends_with('.') && hint.len() > 20, "{code}: {hint}");
    }
    let is_of_a_service = |code: &str| code.starts_with("http_") && code != "http_client";
    // Other modules' codes, and OAuth's.
    let others = "not_json temporarily_unavailable invalid_client unauthorized_client invalid_request invalid_scope \
        invalid_resource";
    for code in table.keys() {
        let known = CODES.contains(&code.as_str()) || is_of_a_service(code) || others.split(' ').any(|o| o == code);
        assert!(known, "{code}: nobody says that");
    }
}

#[test]
fn what_a_person_must_mend_is_not_tried_again() {
    let check = |code: &str, want| assert_eq!(is_lasting(code), want, "{code}");
    check("tls_unknown_issuer", true);
    check("tls_not_tls", true);
    check("proxy_negotiate", true);
    check("proxy_password", true);
    check("proxy_no_password", true);
    check("proxy_forbidden", true);
    check("proxy_gateway", false);
    check("timeout_tls", false);
    check("connection_refused", false);
    check("name_not_found", false);
    assert!(CODES.iter().any(|code| is_lasting(code)));
}

#[test]
fn errors_are_known_by_their_type_however_they_are_wrapped() {
    use io::ErrorKind as Io;
    use rustls::{AlertDescription as Alert, CertificateError, Error as Tls, InvalidMessage};
    let check = |error: io::Error, want: Option<Kind>| {
        let shown = format!("{error:?}");
        assert_eq!(kind_of(&error), want, "{shown}");
        assert_eq!(kind_of(&io::Error::other(error)), want, "wrapped: {shown}");
    };
    check(Io::ConnectionRefused.into(), Some(Kind::Refused));
    check(Io::ConnectionReset.into(), Some(Kind::Cut));
    check(Io::UnexpectedEof.into(), Some(Kind::Cut));
    check(Io::NetworkUnreachable.into(), Some(Kind::Unreachable));
    check(Io::HostUnreachable.into(), Some(Kind::Unreachable));
    check(Io::TimedOut.into(), Some(Kind::ConnectTimeout));
    check(io::Error::other("something"), None);
    let tls = |error: Tls| io::Error::new(Io::InvalidData, error);
    let issuer = Untrusted { why: Why::Issuer, issuer: None };
    check(tls(Tls::InvalidCertificate(CertificateError::UnknownIssuer)), Some(Kind::Untrusted(issuer)));
    let named = Untrusted { why: Why::Issuer, issuer: Some("Contoso".to_owned()) };
    check(tls(named.clone().into_error()), Some(Kind::Untrusted(named)));
    check(tls(Tls::InvalidMessage(InvalidMessage::InvalidContentType)), Some(Kind::NotTls));
    check(tls(Tls::AlertReceived(Alert::ProtocolVersion)), Some(Kind::TlsVersion));
    check(tls(Tls::AlertReceived(Alert::HandshakeFailure)), Some(Kind::TlsVersion));
    check(tls(Tls::AlertReceived(Alert::AccessDenied)), Some(Kind::Tls));
    check(tls(Tls::General("else".to_owned())), Some(Kind::Tls));
}
