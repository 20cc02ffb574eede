//! TLS in front of the demo server.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::runtime;

const H2: &[u8] = b"h2";

/// As the real services speak.
pub const PROTOCOLS: &[&[u8]] = &[H2, b"http/1.1"];

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
