//! A CONNECT proxy that knows names of its own, remembers what it was asked, and refuses as told.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use super::runtime;

/// What it does with a CONNECT.
#[derive(Clone)]
pub enum Rule {
    /// Lets everybody through.
    Open,
    /// Lets `user:password` through.
    Basic(&'static str),
    /// Says this to everybody.
    Says(&'static str),
}

pub struct Proxy {
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    passwords: Arc<AtomicUsize>,
}

impl Proxy {
    /// With these names, each a port of loopback.
    pub fn start(rule: Rule, names: &[(&str, u16)]) -> Self {
        let names: HashMap<String, u16> = names.iter().map(|(name, port)| (format!("{name}:443"), *port)).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let listener = runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, passwords) = (Arc::clone(&asked), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&passwords);
        runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (rule, names, heard) = (rule.clone(), names.clone(), Arc::clone(&heard));
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    let _ = attend(stream, rule, names, heard, counted).await;
                });
            }
        });
        Self { port, asked, passwords }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Whether anybody ever sent it a password, right or wrong.
    pub fn heard_a_password(&self) -> bool {
        self.passwords.load(Ordering::SeqCst) > 0
    }

    /// How many CONNECTs came since anybody asked.
    pub fn connects(&self) -> usize {
        std::mem::take(&mut *self.asked.lock().unwrap()).len()
    }

    /// `host:port` of every CONNECT since anybody asked, each once, in order.
    pub fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.sort();
        asked.dedup();
        asked
    }
}

async fn attend(
    mut client: TcpStream,
    rule: Rule,
    names: HashMap<String, u16>,
    heard: Arc<Mutex<Vec<String>>>,
    passwords: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if client.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap_or_default().to_owned();
    heard.lock().unwrap().push(target.clone());
    let password = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let value = name.eq_ignore_ascii_case("proxy-authorization").then(|| value.strip_prefix("Basic "))??;
        String::from_utf8(STANDARD.decode(value).ok()?).ok()
    });
    passwords.fetch_add(usize::from(head.to_ascii_lowercase().contains("\nproxy-authorization:")), Ordering::SeqCst);
    let refusal = match rule {
        Rule::Open => None,
        Rule::Basic(wanted) if password.as_deref() == Some(wanted) => None,
        Rule::Basic(_) => Some("HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"corp\"\r\n\r\n"),
        Rule::Says(words) => Some(words),
    };
    if let Some(words) = refusal {
        return client.write_all(words.as_bytes()).await;
    }
    let Some(port) = names.get(&target) else {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
    };
    let mut server = TcpStream::connect(("127.0.0.1", *port)).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}
