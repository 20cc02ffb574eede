//! The doctor's look and an ordinary request against the same servers: both must say the same. Time is paused: to hang
//! costs nothing.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

#[path = "../../../tests/support/authority.rs"]
mod authority;

use self::authority::{Authority, ISSUER, SOUND};
use super::*;
use crate::net::{client, problem_of};

/// What a server does with each connection.
#[derive(Clone)]
enum Does {
    /// Reads a head, and says this.
    Say(&'static str),
    /// As [`Does::Say`], after a TLS handshake.
    Secure(TlsAcceptor, &'static str),
    Hang,
    Close,
}

/// A server that does this for ever; its port.
async fn serve(does: Does) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(attend(stream, does.clone()));
        }
    });
    port
}

async fn attend(mut stream: TcpStream, does: Does) {
    match does {
        Does::Say(words) => {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(words.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Does::Secure(acceptor, words) => {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(words.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
        Does::Hang => std::future::pending().await,
        Does::Close => {}
    }
}

/// What the doctor says of this way, and what a request says.
async fn both(config: &NetConfig, origin: &str) -> (Result<Reached, Problem>, Option<Problem>) {
    let origin = Origin::parse(origin).unwrap();
    let asked = client(config, &origin).unwrap().get(origin.join("/")).send().await;
    (reach(config, &origin).await, asked.err().map(|e| problem_of(&e, "", &origin)))
}

async fn fails(config: &NetConfig, origin: &str, code: &str, words: &str) {
    let (reached, asked) = both(config, origin).await;
    let (reached, asked) = (reached.unwrap_err(), asked.expect("a failure"));
    assert_eq!(reached.code.as_deref(), Some(code), "{reached:?}");
    assert!(reached.summary.contains(words), "{reached:?}");
    assert_eq!((&asked.code, &asked.summary), (&reached.code, &reached.summary), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_proxy_says() {
    let check = async |does: Does, code: &str, words: &str| {
        let port = serve(does).await;
        let config = NetConfig { proxy: Some(format!("http://127.0.0.1:{port}")), ..NetConfig::default() };
        fails(&config, "https://graph.test:8443", code, words).await;
    };
    let say = Does::Say;
    let basic = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n";
    check(say(basic), "proxy_basic", "user name and password").await;
    let windows = "HTTP/1.1 407 x\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n";
    check(say(windows), "proxy_negotiate", "Negotiate or NTLM").await;
    check(say("HTTP/1.1 407 x\r\nProxy-Authenticate: Digest realm=\"x\"\r\n\r\n"), "proxy_digest", "Digest").await;
    check(say("HTTP/1.1 407 x\r\n\r\n"), "proxy_sign_in", "wants a sign-in").await;
    check(say("HTTP/1.1 403 Forbidden\r\n\r\n"), "proxy_forbidden", "does not allow connections to graph.test").await;
    check(say("HTTP/1.0 502 Bad Gateway\r\n\r\n"), "proxy_gateway", "could not reach graph.test").await;
    check(say("HTTP/1.1 504 Gateway Timeout\r\n\r\n"), "proxy_gateway", "could not reach graph.test").await;
    check(say("HTTP/1.1 405 Method Not Allowed\r\n\r\n"), "proxy_refused", "refused the connection").await;
    check(say("SSH-2.0-OpenSSH_9.6\r\n"), "proxy_garbage", "is no HTTP").await;
    check(Does::Close, "proxy_cut", "broke off").await;
    // Behind a proxy that opens the tunnel, the service is to blame.
    let cut = "the connection to graph.test broke off through the proxy 127.0.0.1:";
    check(say("HTTP/1.1 200 OK\r\n\r\n"), "connection_cut", cut).await;
    let plain = "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n";
    check(say(plain), "connection_cut", cut).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_proxy_says_is_told_verbatim() {
    let port = serve(Does::Say(
        "HTTP/1.1 403 Forbidden\r\nServer: squid/6.1\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\u{1b}[2J\r\n\r\n",
    ))
    .await;
    let config = NetConfig { proxy: Some(format!("http://127.0.0.1:{port}")), ..NetConfig::default() };
    let problem = both(&config, "https://graph.test").await.0.unwrap_err();
    assert_eq!(problem.code.as_deref(), Some("proxy_garbage"), "a control character is no header: {problem:?}");
    let port =
        serve(Does::Say("HTTP/1.1 403 No\r\nServer: squid/6.1\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n")).await;
    let config = NetConfig { proxy: Some(format!("http://127.0.0.1:{port}")), ..NetConfig::default() };
    let problem = both(&config, "https://graph.test").await.0.unwrap_err();
    assert_eq!(problem.message.as_deref(), Some("HTTP 403 No; x-squid-error: ERR_ACCESS_DENIED 0; server: squid/6.1"));
    assert_eq!(problem.status, Some(403));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer() {
    let hung = serve(Does::Hang).await;
    let config = NetConfig { proxy: Some(format!("http://127.0.0.1:{hung}")), ..NetConfig::default() };
    let origin = Origin::known("https://graph.test");
    let began = tokio::time::Instant::now();
    let problem = reach(&config, &origin).await.unwrap_err();
    assert_eq!(problem.code.as_deref(), Some("proxy_timeout"), "{problem:?}");
    assert!(began.elapsed().as_secs() <= 10, "a person waits for it: {:?}", began.elapsed());
    let asked = client(&config, &origin).unwrap().get(origin.join("/")).send().await.unwrap_err();
    let problem = problem_of(&asked, "asking", &origin);
    assert_eq!(problem.code.as_deref(), Some("timeout_connect"), "{problem:?}");
    assert!(problem.summary.contains(&format!("through the proxy 127.0.0.1:{hung}")), "{problem}");

    let direct = Origin::parse(&format!("https://localhost:{hung}")).unwrap();
    let problem = reach(&NetConfig::default(), &direct).await.unwrap_err();
    assert_eq!(problem.code.as_deref(), Some("timeout_tls"), "{problem:?}");
    let plain = Origin::parse(&format!("http://127.0.0.1:{hung}")).unwrap();
    let problem = reach(&NetConfig::default(), &plain).await.unwrap_err();
    assert_eq!(problem.code.as_deref(), Some("timeout"), "{problem:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_there() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let none = NetConfig::default();
    fails(&none, &format!("http://127.0.0.1:{free}"), "connection_refused", "127.0.0.1 refused the connection").await;
    let proxied = NetConfig { proxy: Some(format!("http://127.0.0.1:{free}")), ..NetConfig::default() };
    fails(&proxied, "https://graph.test", "proxy_connection_refused", "the proxy 127.0.0.1:").await;
    // The reserved name of RFC 6761, which no resolver knows.
    let nowhere = NetConfig { proxy: Some("http://proxy.invalid:3128".to_owned()), ..NetConfig::default() };
    fails(&nowhere, "https://graph.test", "proxy_name_not_found", "the proxy proxy.invalid:3128 was not found").await;
}

const GOOD: &str = "HTTP/1.1 404 Not Found\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nContent-Length: 0\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn certificates() {
    let ours = Authority::new();
    let trusting = NetConfig { ca_file: Some(ours.file()), ..NetConfig::default() };
    let at = async |acceptor| format!("https://localhost:{}", serve(Does::Secure(acceptor, GOOD)).await);
    let sound = at(ours.acceptor(&["localhost"], SOUND, &[])).await;
    let (reached, asked) = both(&trusting, &sound).await;
    let reached = reached.unwrap();
    assert_eq!((reached.issuer.as_deref(), reached.via_proxy.as_deref()), (Some(ISSUER), None));
    assert_eq!(asked, None);

    let issued = &format!("issued by {ISSUER}");
    fails(&NetConfig::default(), &sound, "tls_unknown_issuer", issued).await;
    // One of the same name with another key is another.
    let namesake = Authority::new();
    let other = NetConfig { ca_file: Some(namesake.file()), ..NetConfig::default() };
    fails(&other, &sound, "tls_unknown_issuer", issued).await;
    fails(
        &trusting,
        &at(ours.acceptor(&["localhost"], (2020, 2021), &[])).await,
        "tls_expired",
        "expired on 2021-01-01",
    )
    .await;
    let later = at(ours.acceptor(&["localhost"], (2089, 2090), &[])).await;
    fails(&trusting, &later, "tls_not_yet_valid", "is not valid before 2089-01-01").await;
    let renamed = at(ours.acceptor(&["portal.test"], SOUND, &[])).await;
    fails(&trusting, &renamed, "tls_wrong_name", "is for portal.test, not for localhost").await;
    let plain = format!("https://localhost:{}", serve(Does::Say("HTTP/1.1 302 Found\r\n\r\n")).await);
    fails(&trusting, &plain, "tls_not_tls", "localhost does not speak TLS").await;
    let garbage =
        format!("https://localhost:{}", serve(Does::Secure(ours.acceptor(&["localhost"], SOUND, &[]), "what?")).await);
    fails(&trusting, &garbage, "not_http", "is no HTTP").await;
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_the_server() {
    let check = async |answer: &'static str, now: &str, want: Option<i64>| {
        let origin = Origin::parse(&format!("http://127.0.0.1:{}", serve(Does::Say(answer)).await)).unwrap();
        let reached = reach(&NetConfig::default(), &origin).await.unwrap();
        assert_eq!(reached.skew_seconds(now.parse().unwrap()), want, "{answer} {now}");
    };
    check(GOOD, "2026-11-22T10:00:00.9Z", Some(0)).await;
    check(GOOD, "2026-11-22T10:07:00Z", Some(420)).await;
    check(GOOD, "2026-11-22T09:55:00Z", Some(-300)).await;
    check("HTTP/1.1 200 OK\r\n\r\n", "2026-11-22T10:00:00Z", None).await;
    check("HTTP/1.1 200 OK\r\nDate: soon\r\n\r\n", "2026-11-22T10:00:00Z", None).await;
}
