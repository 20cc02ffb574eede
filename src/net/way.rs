//! The way to an origin, step by step: name, connection, the proxy's CONNECT, TLS, one small request. The doctor walks it;
//! where the HTTP client's own attempt fails at a proxy, the proxy is asked again here, as that client tells nothing of
//! its answer.
//!
//! It is no HTTP client: it sends `CONNECT` and one `GET /` without any credential of a service, and reads heads only.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use futures::future::select_ok;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{
    NetConfig, USER_AGENT, certificate,
    failure::{Failure, Kind, Peer, SignIn, kind_of},
    proxy::{self, Proxy},
    trust,
};
use crate::domain::{origin::Origin, problem::Problem};

/// The longest that one step takes: a person waits for it.
const STEP: Duration = Duration::from_secs(10);

/// No head is read beyond this. A login service sends long policies in its headers.
const LONGEST_HEAD: usize = 64 * 1024;

/// At most so many addresses of each family are tried, all at once.
const MOST_ADDRESSES: usize = 2;

/// Bytes in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// How an origin is reached.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// As in URLs: an IPv6 address has its brackets.
    pub host: String,
    port: u16,
    is_secure: bool,
    pub proxy: Option<Proxy>,
    pub tls: Arc<ClientConfig>,
}

/// What came back at its end.
#[derive(Debug)]
pub(super) struct Arrived {
    pub head: Head,
    pub issuer: Option<String>,
}

/// The beginning of an HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub status: u16,
    reason: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
}

impl Head {
    pub fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The status line, and the headers in which a proxy says who it is and why it refuses.
    fn words(&self) -> String {
        let mut out = format!("HTTP {} {}", self.status, self.reason).trim_end().to_owned();
        for name in ["proxy-authenticate", "x-squid-error", "server", "via"] {
            for value in self.all(name) {
                out.push_str(&format!("; {name}: {value}"));
            }
        }
        out
    }
}

impl Way {
    /// # Errors
    ///
    /// When the proxy or the authorities that are configured cannot be used.
    pub fn of(config: &NetConfig, origin: &Origin) -> Result<Self, Problem> {
        Ok(Self {
            host: origin.host(),
            port: origin.port(),
            is_secure: origin.is_secure(),
            proxy: proxy::choose(config, origin)?,
            tls: Arc::new(trust::tls(config, origin)?),
        })
    }

    pub fn failed(&self, at: Peer, kind: Kind) -> Failure {
        let proxy = self.proxy.as_ref().map(Proxy::name);
        Failure { kind, host: self.host.clone(), proxy, at, message: None, status: None }
    }

    fn broken(&self, at: Peer, error: &io::Error, otherwise: Kind) -> Failure {
        Failure { message: Some(error.to_string()), ..self.failed(at, kind_of(error).unwrap_or(otherwise)) }
    }

    /// All of it.
    pub async fn walk(&self) -> Result<Arrived, Failure> {
        let stream: Box<dyn Stream> = match &self.proxy {
            Some(proxy) => self.tunnel(proxy).await?,
            None => Box::new(self.connect(Peer::Service, &self.host, self.port).await?),
        };
        let (mut stream, issuer) =
            if self.is_secure { self.secure(Peer::Service, &self.host, stream).await? } else { (stream, None) };
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {}:{}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            self.host, self.port
        );
        let head = self.ask(Peer::Service, &mut stream, request.as_bytes()).await?;
        Ok(Arrived { head, issuer })
    }

    /// To the proxy, and through it up to the service's port.
    pub async fn tunnel(&self, proxy: &Proxy) -> Result<Box<dyn Stream>, Failure> {
        let mut stream: Box<dyn Stream> = Box::new(self.connect(Peer::Proxy, proxy.host(), proxy.port()).await?);
        if proxy.is_secure() {
            (stream, _) = self.secure(Peer::Proxy, proxy.host(), stream).await?;
        }
        let mut request = format!(
            "CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: {USER_AGENT}\r\n",
            host = self.host,
            port = self.port
        )
        .into_bytes();
        if let Some(auth) = proxy.auth() {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(auth.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        let head = self.ask(Peer::Proxy, &mut stream, &request).await?;
        let kind = match head.status {
            200 => return Ok(stream),
            403 => Kind::ProxyForbids,
            407 => Kind::ProxySignIn(sign_in(&head, proxy.refused())),
            502..=504 => Kind::ProxyCannot,
            _ => Kind::ProxyRefuses,
        };
        Err(Failure { status: Some(head.status), message: Some(head.words()), ..self.failed(Peer::Proxy, kind) })
    }

    async fn connect(&self, at: Peer, host: &str, port: u16) -> Result<TcpStream, Failure> {
        // Brackets are of URLs.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let found = timeout(STEP, lookup_host((host, port))).await.map_err(|_| self.failed(at, Kind::NameTimeout))?;
        let addresses =
            few(found.map_err(|e| Failure { message: Some(e.to_string()), ..self.failed(at, Kind::NameNotFound) })?);
        if addresses.is_empty() {
            return Err(self.failed(at, Kind::NameNotFound));
        }
        // The client of every other request tries both families, too.
        let tries = addresses.into_iter().map(|address| Box::pin(TcpStream::connect(address)));
        match timeout(STEP, select_ok(tries)).await {
            Err(_) => Err(self.failed(at, Kind::ConnectTimeout)),
            Ok(Err(error)) => Err(self.broken(at, &error, Kind::Connect)),
            Ok(Ok((stream, _))) => Ok(stream),
        }
    }

    async fn secure(
        &self,
        at: Peer,
        host: &str,
        stream: Box<dyn Stream>,
    ) -> Result<(Box<dyn Stream>, Option<String>), Failure> {
        let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(name).map_err(|_| self.failed(at, Kind::NameNotFound))?;
        let shaken = timeout(STEP, TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream)).await;
        let stream = shaken
            .map_err(|_| self.failed(at, Kind::TlsTimeout))?
            .map_err(|error| self.broken(at, &error, Kind::Tls))?;
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let issuer = certificate::issuer(&chain.iter().collect::<Vec<_>>());
        Ok((Box::new(stream), issuer))
    }

    async fn ask(&self, at: Peer, stream: &mut Box<dyn Stream>, request: &[u8]) -> Result<Head, Failure> {
        let asked = async {
            stream.write_all(request).await?;
            stream.flush().await?;
            read_head(stream).await
        };
        match timeout(STEP, asked).await {
            Err(_) => Err(self.failed(at, Kind::AnswerTimeout)),
            Ok(Err(error)) => Err(self.broken(at, &error, Kind::Cut)),
            Ok(Ok(Some(head))) => Ok(head),
            Ok(Ok(None)) => Err(self.failed(at, Kind::NotHttp)),
        }
    }
}

/// The first few addresses of each family.
fn few(all: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let (six, four): (Vec<_>, Vec<_>) = all.partition(SocketAddr::is_ipv6);
    six.into_iter().take(MOST_ADDRESSES).chain(four.into_iter().take(MOST_ADDRESSES)).collect()
}

/// Reads up to the end of the head; `None` for what is no HTTP.
async fn read_head(stream: &mut Box<dyn Stream>) -> io::Result<Option<Head>> {
    let mut read = Vec::new();
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            // What ends before its head is whole was no HTTP, or was cut; of nothing at all nobody can tell.
            return if read.is_empty() || read.starts_with(b"HTTP/") {
                Err(io::ErrorKind::UnexpectedEof.into())
            } else {
                Ok(None)
            };
        }
        let mut headers = [httparse::EMPTY_HEADER; 128];
        let mut answer = httparse::Response::new(&mut headers);
        match answer.parse(&read) {
            Ok(httparse::Status::Complete(_)) => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                return Ok(Some(Head {
                    status: answer.code.unwrap_or_default(),
                    reason: answer.reason.unwrap_or_default().to_owned(),
                    headers: answer.headers.iter().map(|h| (h.name.to_ascii_lowercase(), text(h.value))).collect(),
                }));
            }
            Ok(httparse::Status::Partial) if read.len() < LONGEST_HEAD => {}
            _ => return Ok(None),
        }
    }
}

/// What the 407 offers (RFC 9110, 11.7.1: several schemes, in one header or in several); `basic` is what Basic among them
/// means.
fn sign_in(head: &Head, basic: SignIn) -> SignIn {
    let schemes: Vec<String> = head
        .all("proxy-authenticate")
        .flat_map(|value| value.split(','))
        .filter_map(|part| part.split_whitespace().next())
        .filter(|word| !word.contains('='))
        .map(str::to_ascii_lowercase)
        .collect();
    let offers = |scheme: &str| schemes.iter().any(|s| s == scheme);
    match () {
        () if offers("basic") => basic,
        () if offers("negotiate") || offers("ntlm") || offers("kerberos") => SignIn::Negotiate,
        () if offers("digest") => SignIn::Digest,
        () => SignIn::Unsaid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_proxy_offers() {
        let sent = || SignIn::Password("that".to_owned());
        let check = |offers: &[&str], basic, want| {
            let headers = offers.iter().map(|o| ("proxy-authenticate".to_owned(), (*o).to_owned())).collect();
            let head = Head { status: 407, reason: String::new(), headers };
            assert_eq!(sign_in(&head, basic), want, "{offers:?}");
        };
        check(&["Basic realm=\"proxy\""], SignIn::Basic, SignIn::Basic);
        check(&["Basic realm=\"proxy\""], sent(), sent());
        check(&["Negotiate", "NTLM"], SignIn::Basic, SignIn::Negotiate);
        check(&["Negotiate, NTLM"], sent(), SignIn::Negotiate);
        check(&["NTLM"], SignIn::Basic, SignIn::Negotiate);
        check(&["Negotiate", "NTLM", "basic realm=\"a, Digest\""], SignIn::Basic, SignIn::Basic);
        check(&["Negotiate, Basic realm=x"], sent(), sent());
        check(&["Digest realm=\"p\", nonce=\"n\", qop=\"auth\""], SignIn::Basic, SignIn::Digest);
        check(&["Bearer"], SignIn::Basic, SignIn::Unsaid);
        check(&[], sent(), SignIn::Unsaid);
    }

    #[test]
    fn few_addresses_of_both_families() {
        let all = ["1.1.1.1:1", "[::1]:1", "1.1.1.2:1", "1.1.1.3:1", "[::2]:1"].map(|a| a.parse().unwrap());
        let want = ["[::1]:1", "[::2]:1", "1.1.1.1:1", "1.1.1.2:1"].map(|a| a.parse().unwrap());
        assert_eq!(few(all.into_iter()), want);
    }
}
