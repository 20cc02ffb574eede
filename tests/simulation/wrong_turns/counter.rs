//! Whoever answers wrongly: a counter that is login and Graph at once and says what a row lays out, listeners that are no
//! service at all, and proxies.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Response, Uri},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};
use tenantry::domain::origin::Origin;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::authority::{Authority, SOUND};

#[derive(Clone)]
pub struct Said {
    pub status: u16,
    pub header: Option<(&'static str, &'static str)>,
    pub body: String,
}

#[derive(Default)]
struct Lines {
    login: Option<Said>,
    graph: HashMap<&'static str, Said>,
    /// The time, as the services tell it.
    date: String,
    claims: Value,
    instance: Value,
}

/// A login and a Graph, both well but for what was laid out.
pub struct Counter {
    pub origin: Origin,
    lines: Arc<Mutex<Lines>>,
}

impl Counter {
    pub async fn open() -> Self {
        let lines = Arc::new(Mutex::new(Lines::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let app = Router::new().fallback(answer).with_state(Arc::clone(&lines));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { origin, lines }
    }

    /// All is well again; tokens are for this app.
    pub fn begin(&self, now: Timestamp, tenant: &str, client: &str, roles: &[&str]) {
        let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let claims = json!({ "tid": tenant, "appid": client, "roles": roles, "app_displayname": "tenantry" });
        *self.lines.lock().unwrap() = Lines { date, claims, ..Lines::default() };
    }

    pub fn login_says(&self, said: Said) {
        self.lines.lock().unwrap().login = Some(said);
    }

    /// JupiterOne is here as well: account `acme`, its key a person's, with this instance.
    pub fn jupiterone_has(&self, instance: Value) {
        self.lines.lock().unwrap().instance = instance;
    }

    pub fn graph_says(&self, path: &'static str, said: Said) {
        self.lines.lock().unwrap().graph.insert(path, said);
    }
}

async fn answer(State(lines): State<Arc<Mutex<Lines>>>, uri: Uri, asked: String) -> Response<Body> {
    let lines = lines.lock().unwrap();
    let path = uri.path();
    let ok = |body: Value| Said { status: 200, header: None, body: body.to_string() };
    let said = if path.ends_with("/oauth2/v2.0/token") {
        lines.login.clone().unwrap_or_else(|| ok(token(&lines.claims)))
    } else if path.ends_with("/graphql") {
        ok(match asked {
            _ if asked.contains("iamGetAccount") => {
                json!({ "data": { "iamGetAccount": { "accountId": "acme", "accountName": "Acme" } } })
            }
            _ if asked.contains("integrationInstance") => {
                json!({ "data": { "integrationInstance": lines.instance } })
            }
            _ => json!({ "data": { "queryV1": { "type": "list", "data": [] } } }),
        })
    } else {
        let laid_out = lines.graph.iter().find(|(end, _)| path.ends_with(*end));
        laid_out.map_or_else(|| ok(list(path)), |(_, said)| said.clone())
    };
    let answer =
        Response::builder().status(said.status).header("content-type", "application/json").header("date", &lines.date);
    let answer = said.header.into_iter().fold(answer, |answer, (name, value)| answer.header(name, value));
    answer.body(Body::from(said.body)).unwrap()
}

fn token(claims: &Value) -> Value {
    let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
    let token = format!("{}.{}.c2ln", part(&json!({ "alg": "none" })), part(claims));
    json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": token })
}

fn list(path: &str) -> Value {
    let id = "02bd9fd6-8f93-4758-87c3-1fb73740a315";
    match path {
        _ if path.ends_with("/organization") => {
            json!({ "value": [{ "id": id, "displayName": "Contoso", "verifiedDomains": [] }] })
        }
        _ if path.ends_with("/members") => json!({ "value": [{ "@odata.type": "#microsoft.graph.user", "id": id }] }),
        _ => json!({ "value": [{ "id": id, "visibility": null }] }),
    }
}

/// What listens where a service or a proxy should, and is none. Gives its port.
#[derive(Debug, Clone, Copy)]
pub enum Listens {
    /// Nobody.
    Nobody,
    /// Takes the connection and hangs up.
    HangsUp,
    /// Says this to whatever it hears, and hangs up.
    Says(&'static str),
    /// Takes the connection and says nothing.
    Silent,
    /// A proxy that lets everybody through to a server with this certificate.
    Tunnel(Server),
}

/// Who is at the tunnel's end.
#[derive(Debug, Clone, Copy)]
pub enum Server {
    /// For the right names, in these years; the authority is trusted where a file of it is given.
    Years(i32, i32),
    /// For another name.
    Named(&'static str),
    /// No TLS at all.
    Plain,
}

/// The names that the cloud's services have.
const NAMES: [&str; 2] = ["login.microsoftonline.com", "graph.microsoft.com"];

/// Listens as told. Gives the port, and the PEM of the authority behind its certificates.
pub async fn listen(how: Listens) -> (u16, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (names, years) = match how {
        Listens::Nobody => return (port, String::new()),
        Listens::Tunnel(Server::Years(from, to)) => (&NAMES[..], (from, to)),
        Listens::Tunnel(Server::Named(name)) => (&[name][..], SOUND),
        _ => (&NAMES[..], SOUND),
    };
    let authority = Authority::new();
    let acceptor = authority.acceptor(names, years, &[]);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(attend(stream, how, acceptor.clone()));
        }
    });
    (port, std::fs::read_to_string(authority.file()).unwrap())
}

async fn attend(mut stream: TcpStream, how: Listens, acceptor: TlsAcceptor) {
    let mut heard = [0; 4096];
    let _ = stream.read(&mut heard).await;
    let plain = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    match how {
        Listens::Nobody | Listens::HangsUp => {}
        Listens::Says(words) => drop(stream.write_all(words.as_bytes()).await),
        Listens::Silent => std::future::pending().await,
        Listens::Tunnel(server) => {
            drop(stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await);
            match server {
                Server::Plain => drop(stream.write_all(plain.as_bytes()).await),
                Server::Years(..) | Server::Named(_) => drop(acceptor.accept(stream).await),
            }
        }
    }
}
