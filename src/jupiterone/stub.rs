//! A JupiterOne for tests that fails on cue: a job's life as documented, and replies that can be put in front of it.
//! The demo server is the well-behaved one; this one is for faults.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    response::Response,
};
use futures::stream;
use serde_json::{Value, json};

use crate::domain::{origin::Origin, secret::Secret};

pub(crate) const ACCOUNT: &str = "contoso-account";
pub(crate) const KEY: &str = "j1-key-hunter2-hunter2-hunter2";

/// What the next request of a kind meets.
#[derive(Clone)]
pub(crate) enum Reply {
    /// The stub's own behaviour.
    Pass,
    /// This status, these headers, this body; nothing happens.
    Say(u16, Vec<(&'static str, String)>, String),
    /// Carried out, and then the answer breaks off.
    LoseAnswer,
    /// Carried out, and of the answer so many bytes arrive, as if they were all.
    Garble(usize),
    /// Never answered.
    Hang,
    /// Carried out after that long.
    Slow(Duration),
}

impl Reply {
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Say(status, vec![], json!({ "error": { "code": code, "message": message } }).to_string())
    }

    pub fn status(status: u16) -> Self {
        Self::Say(status, vec![], String::new())
    }

    pub fn with(self, header: &'static str, value: &str) -> Self {
        match self {
            Self::Say(status, mut headers, body) => {
                headers.push((header, value.to_owned()));
                Self::Say(status, headers, body)
            }
            other => other,
        }
    }
}

/// A request that came in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// `POST entities`, `GET job`, `POST start`, `POST graphql` …
    pub what: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&plain(&self.body, self.is_zipped())).unwrap()
    }

    pub fn is_zipped(&self) -> bool {
        self.headers.get("content-encoding").is_some_and(|e| e == "gzip")
    }
}

fn plain(body: &[u8], zipped: bool) -> Vec<u8> {
    let mut out = Vec::new();
    match zipped {
        true => drop(std::io::copy(&mut flate2::read::GzDecoder::new(body), &mut out).unwrap()),
        false => out.extend_from_slice(body),
    }
    out
}

#[derive(Default)]
struct Inner {
    script: HashMap<String, VecDeque<Reply>>,
    seen: Vec<Seen>,
    status: String,
    /// What `GET job` tells after finalize, one after another; the last one stays.
    statuses: VecDeque<String>,
    entities: Vec<Value>,
    relationships: Vec<Value>,
    figures: Value,
    in_flight: usize,
    most_in_flight: usize,
    largest: usize,
    /// Bodies beyond this are answered with 413.
    limit: Option<usize>,
}

/// The server. It lives as long as the runtime.
#[derive(Clone)]
pub(crate) struct Stub {
    pub origin: Origin,
    inner: Arc<Mutex<Inner>>,
}

impl Stub {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let inner = Inner { figures: json!({}), ..Inner::default() };
        let stub = Self { origin, inner: Arc::new(Mutex::new(inner)) };
        let router = Router::new().fallback(answer).with_state(stub.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        stub
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Puts replies in front of the next requests of a kind.
    pub fn on(&self, what: &str, replies: impl IntoIterator<Item = Reply>) {
        self.inner().script.entry(what.to_owned()).or_default().extend(replies);
    }

    /// What the job's status is after finalize, one after another.
    pub fn then(&self, statuses: &[&str]) {
        self.inner().statuses = statuses.iter().map(|s| (*s).to_owned()).collect();
    }

    /// Members of the job beside id and status.
    pub fn figures(&self, figures: Value) {
        self.inner().figures = figures;
    }

    /// Takes back all replies that have not been given.
    pub fn forget_script(&self) {
        self.inner().script.clear();
    }

    /// Forgets what came in.
    pub fn forget(&self) {
        let mut inner = self.inner();
        inner.seen.clear();
        inner.entities.clear();
        inner.relationships.clear();
    }

    pub fn limit(&self, bytes: usize) {
        self.inner().limit = Some(bytes);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.inner().seen.clone()
    }

    /// The kinds of requests, in order.
    pub fn story(&self) -> Vec<String> {
        self.inner().seen.iter().map(|s| s.what.clone()).collect()
    }

    pub fn count(&self, what: &str) -> usize {
        self.inner().seen.iter().filter(|s| s.what == what).count()
    }

    pub fn objects(&self) -> (Vec<Value>, Vec<Value>) {
        let inner = self.inner();
        (inner.entities.clone(), inner.relationships.clone())
    }

    pub fn status(&self) -> String {
        self.inner().status.clone()
    }

    pub fn most_in_flight(&self) -> usize {
        self.inner().most_in_flight
    }

    pub fn largest(&self) -> usize {
        self.inner().largest
    }

    fn job(&self) -> Value {
        let inner = self.inner();
        let mut job = json!({ "id": "job-1", "source": "integration-external", "status": inner.status });
        job.as_object_mut().unwrap().extend(inner.figures.as_object().unwrap().clone());
        json!({ "job": job })
    }

    /// What a well-behaved service does.
    fn carry_out(&self, what: &str, body: &[u8]) -> (u16, Value) {
        let mut inner = self.inner();
        match what {
            "POST start" => inner.status = "AWAITING_UPLOADS".to_owned(),
            "POST entities" | "POST relationships" => {
                if inner.limit.is_some_and(|limit| body.len() > limit) {
                    return (413, json!({ "error": { "code": "RequestEntityTooLargeException", "message": "big" } }));
                }
                if inner.status != "AWAITING_UPLOADS" {
                    return (400, json!({ "error": { "code": "JOB_NOT_AWAITING_UPLOADS", "message": "closed" } }));
                }
                let json: Value = serde_json::from_slice(body).unwrap();
                let name = what.trim_start_matches("POST ");
                let list = json[name].as_array().unwrap().clone();
                if name == "entities" {
                    inner.entities.extend(list)
                } else {
                    inner.relationships.extend(list)
                }
                inner.largest = inner.largest.max(body.len());
            }
            "POST finalize" => inner.status = "FINALIZE_PENDING".to_owned(),
            "POST abort" => inner.status = "ABORTED".to_owned(),
            "GET job" if !inner.status.starts_with("A") => {
                let next = match inner.statuses.len() {
                    0 => "FINISHED".to_owned(),
                    1 => inner.statuses[0].clone(),
                    _ => inner.statuses.pop_front().unwrap(),
                };
                inner.status = next;
            }
            "GET job" => {}
            "POST graphql" => {
                return (
                    200,
                    json!({ "errors": [{ "message": "not allowed", "extensions": { "code": "FORBIDDEN" } }] }),
                );
            }
            _ => return (404, json!({ "error": { "code": "NOT_FOUND", "message": what } })),
        }
        drop(inner);
        (200, self.job())
    }
}

pub(crate) fn key() -> Secret {
    Secret::new(KEY)
}

async fn answer(State(stub): State<Stub>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let sent = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let path = parts.uri.path().to_owned();
    let last = match path.strip_prefix("/persister/synchronization/jobs") {
        Some("") => "start".to_owned(),
        Some("/job-1") => "job".to_owned(),
        Some(rest) => rest.trim_start_matches("/job-1/").to_owned(),
        None => path.trim_start_matches('/').to_owned(),
    };
    let what = format!("{} {last}", parts.method);
    let headers =
        parts.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned())).collect();
    let seen = Seen { what: what.clone(), path, query: parts.uri.query().map(str::to_owned), headers, body: sent };
    let body = plain(&seen.body, seen.is_zipped());
    let reply = {
        let mut inner = stub.inner();
        inner.seen.push(seen);
        inner.in_flight += 1;
        inner.most_in_flight = inner.most_in_flight.max(inner.in_flight);
        inner.script.get_mut(&what).and_then(VecDeque::pop_front).unwrap_or(Reply::Pass)
    };
    // Lets others come in, so that what is in flight together is seen together.
    tokio::task::yield_now().await;
    let json = |(status, value): (u16, Value)| {
        Response::builder().status(status).header("content-type", "application/json").body(value.to_string().into())
    };
    let response = match reply {
        Reply::Pass => json(stub.carry_out(&what, &body)),
        Reply::Slow(wait) => {
            tokio::time::sleep(wait).await;
            json(stub.carry_out(&what, &body))
        }
        Reply::Hang => std::future::pending().await,
        Reply::LoseAnswer => {
            stub.carry_out(&what, &body);
            let cut: [Result<Bytes, std::io::Error>; 2] =
                [Ok(Bytes::from_static(b"{\"jo")), Err(std::io::Error::other("cut"))];
            Response::builder().header("content-length", "500").body(Body::from_stream(stream::iter(cut)))
        }
        Reply::Garble(bytes) => {
            let mut text = stub.carry_out(&what, &body).1.to_string();
            text.truncate(bytes);
            Response::builder().header("content-type", "application/json").body(text.into())
        }
        Reply::Say(status, headers, text) => headers
            .into_iter()
            .fold(Response::builder().status(status), |b, (name, value)| b.header(name, value))
            .body(text.into()),
    };
    stub.inner().in_flight -= 1;
    response.unwrap()
}
