//! What the network does instead: no service at all, proxies that refuse, certificates of others.

use super::{
    Authority, Row, Wrong,
    counter::{Listens, Server},
};
use crate::authority::ISSUER;

const AGAIN: &str = "↵ check again";

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    let instead = |name, how, code, next| Row { name, wrong: Wrong::Instead(how), code, next, link: "", key: AGAIN };
    let proxy = |name, how, code, next| Row {
        name, wrong: Wrong::Proxy(how, Authority::Unknown), code, next, link: "", key: AGAIN,
    };
    let inspected = |name, server, authority, code, next| Row {
        name, wrong: Wrong::Proxy(Listens::Tunnel(server), authority), code, next, link: "", key: AGAIN,
    };
    let code = |code, next| Row { name: code, wrong: Wrong::Code(code), code, next, link: "", key: AGAIN };
    let says = Listens::Says;
    vec![
        instead("nobody listens", Listens::Nobody, "connection_refused", "Check the address and the firewall"),
        instead("the connection is cut", Listens::HangsUp, "connection_cut", "look at the firewall or the proxy"),
        instead("no HTTP", says("SSH-2.0-OpenSSH_9.6\r\n"), "not_http", "a sign-in page of the network may have answered"),
        instead("no answer", Listens::Silent, "timeout", "Check the network, the proxy and the firewall"),
        proxy("no proxy listens", Listens::Nobody, "proxy_connection_refused", "Check the proxy's port in --proxy"),
        proxy("the proxy hangs up", Listens::HangsUp, "proxy_cut", "Check that its address is one for HTTPS (CONNECT)"),
        proxy("the proxy is no proxy", says("SSH-2.0-OpenSSH_9.6\r\n"), "proxy_garbage", "What listens there is no HTTP proxy"),
        proxy("the proxy is silent", Listens::Silent, "proxy_timeout", "whether the VPN is up"),
        proxy("a proxy that wants a password", says("HTTP/1.1 407 Sign in\r\nProxy-Authenticate: Basic realm=\"corp\"\r\nContent-Length: 0\r\n\r\n"), "proxy_basic", "http://user:password@host:port"),
        proxy("a proxy that wants Negotiate", says("HTTP/1.1 407 Sign in\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n"), "proxy_negotiate", "such as px or cntlm"),
        proxy("a proxy that wants NTLM", says("HTTP/1.1 407 Sign in\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"), "proxy_negotiate", "such as px or cntlm"),
        proxy("a proxy that wants Digest", says("HTTP/1.1 407 Sign in\r\nProxy-Authenticate: Digest realm=\"corp\", nonce=\"1\"\r\nContent-Length: 0\r\n\r\n"), "proxy_digest", "such as px or cntlm"),
        proxy("a proxy that wants who knows what", says("HTTP/1.1 407 Sign in\r\nContent-Length: 0\r\n\r\n"), "proxy_sign_in", "`tenantry doctor` tells which sign-in"),
        proxy("a proxy that forbids", says("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), "proxy_forbidden", "`tenantry info --endpoints` lists"),
        proxy("a proxy that finds no way", says("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), "proxy_gateway", "then ask whoever runs the proxy"),
        proxy("a proxy that refuses", says("HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n"), "proxy_refused", "Check that the proxy is one for HTTPS (CONNECT)"),
        inspected("TLS inspection", Server::Years(2020, 2090), Authority::Unknown, "tls_unknown_issuer", "give its authority as PEM with --ca-file"),
        inspected("TLS inspection says its name", Server::Years(2020, 2090), Authority::Unknown, "tls_unknown_issuer", ISSUER),
        inspected("an expired certificate", Server::Years(2020, 2021), Authority::Given, "tls_expired", "must renew the certificate"),
        inspected("a certificate from tomorrow", Server::Years(2088, 2090), Authority::Given, "tls_not_yet_valid", "Check this computer's date first"),
        inspected("a certificate of another host", Server::Named("www.contoso.example"), Authority::Given, "tls_wrong_name", "something else answers in the service's place"),
        inspected("a captive portal", Server::Plain, Authority::Unknown, "tls_not_tls", "Sign in to the network in a browser"),
        // What no loopback can have.
        code("name_not_found", "Check the network's DNS and the spelling of the URL"),
        code("timeout_name", "The DNS servers of this network do not answer"),
        code("timeout_connect", "give the proxy with --proxy or HTTPS_PROXY"),
        code("timeout_tls", "Have the host excepted"),
        code("network_unreachable", "Check the connection and the VPN"),
        code("connection_failed", "Check the network, the proxy and the firewall"),
        code("tls_certificate", "its certificate is not sound"),
        code("tls_version", "tenantry speaks TLS 1.2 and 1.3"),
        code("tls_failed", "Have the host excepted from inspection"),
        code("proxy_name_not_found", "Check the proxy's name in --proxy"),
        code("proxy_connection_failed", "Check the proxy's address in --proxy"),
        code("proxy_no_password", "Keep it with `tenantry profile edit --secrets-stdin`"),
        code("proxy_password", "Correct it: in HTTPS_PROXY, or in the keyring"),
        code("proxy_script", "look for PROXY host:port in it"),
        code("proxy_address", "Give the proxy as http://host:port"),
        code("proxy_variable", "write @ as %40"),
        code("proxy_socks", "Name a proxy for HTTP"),
        code("ca_file", "openssl x509 -inform der"),
        code("ca_environment", "Unset SSL_CERT_FILE"),
        code("no_authorities", "Install the system's certificates"),
        code("http_client", "Check --proxy and --ca-file"),
    ]
}
