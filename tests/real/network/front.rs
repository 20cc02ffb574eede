//! A private authority, and TLS in front of the demo server with its certificates.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
    server::TlsStream,
};

use super::runtime;

/// As a company's TLS inspection calls itself.
pub const ISSUER: &str = "Contoso TLS Inspection";

/// An authority that nobody trusts, made for one test.
pub struct Authority {
    dir: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, ISSUER);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("authority.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { dir, issuer: Issuer::new(params, key) }
    }

    /// Its own certificate.
    pub fn file(&self) -> PathBuf {
        self.dir.path().join("authority.pem")
    }

    pub fn dir(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// TLS with a certificate for this name, valid in these years.
    pub fn acceptor(&self, name: &str, years: (i32, i32)) -> TlsAcceptor {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate: CertificateDer<'static> = params.signed_by(&key, &self.issuer).unwrap().into();
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        // As the real services do.
        config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

const H2: &[u8] = b"h2";

/// Valid for all of this test's life.
pub const SOUND: (i32, i32) = (2020, 2090);

/// TLS on a port of its own.
pub struct Front {
    pub port: u16,
    h2: Arc<AtomicBool>,
}

impl Front {
    /// Hands what is in the TLS to `upstream` (`http://127.0.0.1:port`). In the answers `upstream` becomes `public`, where
    /// that is as long: a service gives links to itself.
    pub fn start(acceptor: TlsAcceptor, upstream: &str, public: &str) -> Self {
        let (upstream, public) = (upstream.to_owned(), public.to_owned());
        let listener = runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let h2 = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&h2);
        runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
                let (upstream, public) = (upstream.clone(), public.clone());
                tokio::spawn(async move {
                    // A client that does not trust us goes away in the handshake.
                    let Ok(client) = acceptor.accept(stream).await else { return };
                    seen.fetch_or(client.get_ref().1.alpn_protocol() == Some(H2), Ordering::Relaxed);
                    carry(client, &upstream, &public).await;
                });
            }
        });
        Self { port, h2 }
    }

    /// Whether anybody spoke HTTP/2.
    pub fn has_spoken_h2(&self) -> bool {
        self.h2.load(Ordering::Relaxed)
    }
}

async fn carry(client: TlsStream<TcpStream>, upstream: &str, public: &str) {
    let server = TcpStream::connect(upstream.strip_prefix("http://").unwrap()).await.unwrap();
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = server.into_split();
    tokio::join!(
        async {
            let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
            let _ = to_server.shutdown().await;
        },
        async {
            let _ = renamed(&mut from_server, &mut to_client, upstream.as_bytes(), public.as_bytes()).await;
            let _ = to_client.shutdown().await;
        }
    );
}

/// Copies, with one text in place of another that is as long.
async fn renamed(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    old: &[u8],
    new: &[u8],
) -> std::io::Result<()> {
    let mut held = Vec::new();
    loop {
        let read = from.read_buf(&mut held).await?;
        if old.len() == new.len() {
            while let Some(at) = held.windows(old.len()).position(|part| part == old) {
                held[at..at + old.len()].copy_from_slice(new);
            }
        }
        if read == 0 {
            return to.write_all(&held).await;
        }
        // What may be the beginning of the text waits for its end.
        let waits = (1..old.len().min(held.len() + 1)).rev().find(|n| held.ends_with(&old[..*n])).unwrap_or_default();
        let rest = held.split_off(held.len() - waits);
        to.write_all(&held).await?;
        to.flush().await?;
        held = rest;
    }
}
