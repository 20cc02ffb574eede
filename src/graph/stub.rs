//! A login and a Graph for unit tests: answers that the test lays out, by path, and what was asked.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Response, Uri},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{GraphClient, GraphConfig};
use crate::{
    domain::{
        clock::Clock,
        ids::ClientId,
        origin::Origin,
        progress::{Reporter, Silent},
        secret::Secret,
    },
    net::NetConfig,
};

/// A calendar that a test moves.
#[derive(Clone)]
pub struct TestClock(Arc<Mutex<Timestamp>>);

impl TestClock {
    pub fn new(now: &str) -> Self {
        Self(Arc::new(Mutex::new(now.parse().unwrap())))
    }

    pub fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// What is answered: status, headers, body.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

pub fn answer(status: u16, body: Value) -> Answer {
    Answer { status, headers: vec![], body: if body.is_null() { String::new() } else { body.to_string() } }
}

pub fn refusal(status: u16, code: &str, message: &str) -> Answer {
    answer(status, json!({ "error": { "code": code, "message": message, "innerError": { "request-id": "r-1" } } }))
}

/// A token with these claims, and no signature.
pub fn jwt(claims: &Value) -> String {
    let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
    format!("{}.{}.c2ln", part(&json!({ "alg": "none" })), part(claims))
}

/// A request as it came.
#[derive(Clone)]
pub struct Seen {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Handler = Box<dyn Fn(&Seen) -> Option<Answer> + Send>;

#[derive(Default)]
struct Script {
    origin: String,
    latency: Duration,
    answers: HashMap<String, VecDeque<Answer>>,
    handler: Option<Handler>,
    login: VecDeque<(u16, String)>,
    login_retry_after: Option<&'static str>,
    roles: Option<Vec<String>>,
    tokens_asked: usize,
    last_form: Vec<(String, String)>,
    seen: Vec<Seen>,
}

/// Listens as long as the test's runtime lives.
pub struct Stub {
    origin: Origin,
    script: Arc<Mutex<Script>>,
}

/// In an answer's body: the stub's own origin.
pub const ORIGIN: &str = "{origin}";

pub const TENANT: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";

impl Stub {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let script = Script { origin: origin.as_str().trim_end_matches('/').to_owned(), ..Script::default() };
        let script = Arc::new(Mutex::new(script));
        let router = Router::new().fallback(answer_all).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, script }
    }

    /// The origin of both services.
    pub fn graph(&self) -> &str {
        self.origin.as_str()
    }

    /// What this path (with its query) is answered with, one after the other; then with 404.
    pub fn on(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().unwrap().answers.insert(path.to_owned(), answers.into_iter().collect());
    }

    /// For requests without answers laid out.
    pub fn handle(&self, handler: impl Fn(&Seen) -> Option<Answer> + Send + 'static) {
        self.script.lock().unwrap().handler = Some(Box::new(handler));
    }

    /// How long Graph takes for each answer.
    pub fn latency(&self, latency: Duration) {
        self.script.lock().unwrap().latency = latency;
    }

    pub fn login_answers(&self, answers: impl IntoIterator<Item = (u16, String)>) {
        self.script.lock().unwrap().login = answers.into_iter().collect();
    }

    /// What comes with every refusal of the login service.
    pub fn login_retry_after(&self, wait: &'static str) {
        self.script.lock().unwrap().login_retry_after = Some(wait);
    }

    pub fn roles(&self, roles: &[&str]) {
        self.script.lock().unwrap().roles = Some(roles.iter().map(|r| (*r).to_owned()).collect());
    }

    pub fn tokens_asked(&self) -> usize {
        self.script.lock().unwrap().tokens_asked
    }

    pub fn last_form(&self) -> Vec<(String, String)> {
        self.script.lock().unwrap().last_form.clone()
    }

    /// Requests to Graph, in their order.
    pub fn seen(&self) -> Vec<Seen> {
        self.script.lock().unwrap().seen.clone()
    }

    pub fn client(&self, clock: &TestClock) -> GraphClient {
        self.client_reporting(clock, Arc::new(Silent))
    }

    pub fn client_reporting(&self, clock: &TestClock, reporter: Arc<dyn Reporter>) -> GraphClient {
        GraphClient::new(self.config(), Secret::new("se+cr~et.& ö").into(), Arc::new(clock.clone()), reporter).unwrap()
    }

    pub fn config(&self) -> GraphConfig {
        GraphConfig {
            login: self.origin.clone(),
            graph: self.origin.clone(),
            scope: "https://graph.microsoft.com/.default".into(),
            tenant: TENANT.into(),
            client: ClientId::parse("535fb089-9ff3-47b6-9bfb-4f1264799865").unwrap(),
            net: NetConfig::default(),
            hold: super::Hold::default(),
            gentle: false,
        }
    }
}

async fn answer_all(
    State(script): State<Arc<Mutex<Script>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let path = uri.path_and_query().unwrap().as_str().to_owned();
    let latency = script.lock().unwrap().latency;
    if !path.ends_with("/oauth2/v2.0/token") && !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let answer = answer_to(&mut script.lock().unwrap(), path, headers, body);
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}

fn answer_to(script: &mut Script, path: String, headers: HeaderMap, body: Bytes) -> Answer {
    let mut answer = if path.ends_with("/oauth2/v2.0/token") {
        script.tokens_asked += 1;
        script.last_form = url::form_urlencoded::parse(&body).into_owned().collect();
        let roles = script.roles.clone().unwrap_or_else(|| vec!["Directory.Read.All".into()]);
        let token = jwt(&json!({ "n": script.tokens_asked, "tid": TENANT, "roles": roles }));
        let good = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": token });
        let (status, body) = script.login.pop_front().unwrap_or_else(|| (200, good.to_string()));
        let retry_after = script.login_retry_after.filter(|_| status != 200);
        Answer { status, headers: retry_after.map(|wait| ("retry-after", wait.to_owned())).into_iter().collect(), body }
    } else {
        let seen = Seen { path: path.clone(), headers, body };
        script.seen.push(seen.clone());
        let laid_out = script.answers.get_mut(&path).and_then(VecDeque::pop_front);
        laid_out
            .or_else(|| script.handler.as_ref().and_then(|handler| handler(&seen)))
            .unwrap_or_else(|| refusal(404, "Request_ResourceNotFound", &format!("no answer for {path}")))
    };
    if answer.body.contains(ORIGIN) {
        answer.body = answer.body.replace(ORIGIN, &script.origin);
    }
    answer
}
