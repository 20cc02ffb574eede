//! One request until it is answered: hold, pause, place, token, pace, send, read, judge, and again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};
use tokio_util::bytes::{Bytes, BytesMut};
use url::Url;

use super::{
    Get, GraphConfig,
    decode::Undecodable,
    error::{ErrorKind, GraphError},
    hold::Hold,
    pace::Pace,
    pause::Pause,
    price::Prices,
    retry::{self, Patience, Tried},
    token::{Held, Tokens},
    wire::Wire,
};
use crate::{
    domain::{
        clock::Clock,
        credential::Credential,
        origin::Origin,
        problem::Problem,
        progress::{Event, Level, LogLine, Reporter},
        request::{Item, Request, Service},
    },
    net,
};

/// Requests under way at once. A `$batch` counts as one.
const AT_ONCE: usize = 12;
/// The same, for a run that wants to be the least load.
const GENTLE_AT_ONCE: usize = 1;
/// No page and no batch of the service comes near it; what does is not the service's.
const MOST_BODY: usize = 64 * 1024 * 1024;
/// One answer, from the request to its last byte. That nothing comes at all is noticed sooner.
const LONGEST_ANSWER: Duration = Duration::from_secs(300);

/// What all clones of a client share.
pub(super) struct Sender {
    pub graph: Origin,
    pub tokens: Tokens,
    pub hold: Hold,
    pub pause: Pause,
    pub pace: Pace,
    pub prices: Prices,
    pub wire: Wire,
    pub clock: Arc<dyn Clock>,
    pub gentle: bool,
    /// Whether a renewed token was refused, too, and none accepted since: another one would fare no better, and the
    /// login service minds being asked in a loop (AADSTS50196).
    renewed_in_vain: AtomicBool,
    http: reqwest::Client,
    places: Semaphore,
    reporter: Arc<dyn Reporter>,
}

/// A request, as often as it takes. Private to the client: a body is for `$batch` and `getByIds` only.
pub(super) struct Call {
    /// "reading /v1.0/users": for people, without the query, which may hold page tokens.
    pub what: String,
    pub url: Url,
    pub body: Option<String>,
    /// What is in the body of a batch, for the request log.
    pub contents: Vec<Item>,
    pub eventual: bool,
    /// What it is expected to cost: of a batch, all its items together.
    pub units: u64,
    /// Whether the answer itself has a price. A batch has none: its items have.
    pub priced: bool,
    pub accept: &'static str,
}

/// What everything but a count comes as.
pub(super) const JSON: &str = "application/json";

impl Call {
    /// Whether the limit of reports holds for it, which is apart from that of the directory (facts: graph.md §1.1): being
    /// refused says nothing about other requests.
    fn is_apart(&self) -> bool {
        self.url.query().is_some_and(|query| query.contains("signInActivity"))
    }
}

pub(super) struct Answer<T> {
    pub value: T,
    /// Whether it was asked for more than once, for whatever reason: its nextLink is then not to be trusted (facts:
    /// graph.md §2).
    pub retried: bool,
    /// The token it was asked with.
    pub generation: u64,
    /// When it was asked.
    pub sent: Instant,
}

/// What one attempt brought.
struct Response {
    status: u16,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    /// A 401 says why in a header, which no body repeats.
    challenge: Option<String>,
    units: Option<u64>,
    throttling: Throttling,
    body: Bytes,
    generation: u64,
    sent: Instant,
}

/// What an answer, or an item of a batch, tells about the limits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Throttling {
    /// 1.0 is at the limit.
    pub percentage: Option<f64>,
    /// A refusal is said to be for another reason than the units.
    pub not_of_units: bool,
}

impl Throttling {
    /// `header` gives the value of a header by its name.
    pub fn of(header: impl Fn(&str) -> Option<String>) -> Self {
        let percentage = header("x-ms-throttle-limit-percentage")
            .and_then(|text| text.trim().parse::<f64>().ok())
            .filter(|percentage| percentage.is_finite() && *percentage >= 0.0)
            // It is called a percentage, and documented as a part.
            .map(|percentage| if percentage > 5.0 { percentage / 100.0 } else { percentage });
        let reason = header("x-ms-throttle-information").unwrap_or_default().to_ascii_lowercase();
        Self { percentage, not_of_units: !reason.is_empty() && !reason.contains("resourceunit") }
    }
}

impl Sender {
    pub fn new(
        config: GraphConfig,
        credential: Credential,
        clock: Arc<dyn Clock>,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            tokens: Tokens::new(&config, credential, Arc::clone(&clock), Arc::clone(&reporter))?,
            http: net::client(&config.net, &config.graph)?,
            graph: config.graph,
            hold: config.hold,
            pause: Pause::new(),
            pace: Pace::new(config.gentle),
            prices: Prices::default(),
            wire: Wire::default(),
            clock,
            gentle: config.gentle,
            renewed_in_vain: AtomicBool::new(false),
            places: Semaphore::new(if config.gentle { GENTLE_AT_ONCE } else { AT_ONCE }),
            reporter,
        })
    }

    /// A GET as a call.
    pub fn call_of(&self, get: &Get) -> Call {
        self.call_to(get, self.url_of(get))
    }

    /// As [`Sender::call_of`], by a link that the service gave.
    pub fn call_to(&self, get: &Get, url: Url) -> Call {
        Call {
            what: reading(&url),
            units: self.prices.of(&url),
            url,
            body: None,
            contents: Vec::new(),
            eventual: get.is_eventual(),
            priced: true,
            accept: JSON,
        }
    }

    pub fn url_of(&self, get: &Get) -> Url {
        self.graph.join(get.path())
    }

    /// Sends until there is an answer that `decode` can read, or a reason to stop.
    pub async fn call<T>(
        &self,
        call: &Call,
        patience: Patience,
        decode: impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<Answer<T>, GraphError> {
        self.call_noting(call, patience, decode, |_, _| {}).await
    }

    /// As [`Sender::call`]; `note` adds to the request log's record what only a read answer tells.
    pub async fn call_noting<T>(
        &self,
        call: &Call,
        patience: Patience,
        decode: impl Fn(&Bytes) -> Result<T, Undecodable>,
        note: impl Fn(&T, &mut Request),
    ) -> Result<Answer<T>, GraphError> {
        // The one place that sends to Graph is the one place that looks where to.
        if !self.graph.contains(&call.url) {
            return Err(GraphError::other_host(&call.what, &self.graph, &host_of(&call.url)));
        }
        let mut tried = Tried::default();
        let mut refused_token = None;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut record = None;
            let attempted = Box::pin(self.attempt(call, refused_token, &mut record)).await;
            if let Some(record) = &mut record {
                record.attempt = attempt;
            }
            let (error, response) = match attempted {
                Ok(response) => match self.judge(call, &response, &decode) {
                    Ok(value) => {
                        if let Some(record) = &mut record {
                            note(&value, record);
                        }
                        self.tell(record);
                        self.renewed_in_vain.store(false, Ordering::Relaxed);
                        let retried = tried.failed + tried.throttled > 0 || refused_token.is_some();
                        let Response { generation, sent, .. } = response;
                        return Ok(Answer { value, retried, generation, sent });
                    }
                    Err(error) if error.status() == Some(401) && self.may_renew(refused_token.is_some()) => {
                        refused_token = Some(response.generation);
                        self.wire.retried();
                        self.tell_failed(record, &error, Some(Duration::ZERO));
                        self.log(
                            Level::Retry,
                            format!("{}: the token is not accepted any more, asking for a new one", call.what),
                            Some(error.problem()),
                        );
                        continue;
                    }
                    Err(error) => (error, Some(response)),
                },
                Err(error) => (error, None),
            };
            if !error.is_transient() || error.is_lasting() {
                self.tell_failed(record, &error, None);
                return Err(error);
            }
            let throttled = error.status() == Some(429);
            if throttled {
                tried.throttled += 1;
                self.wire.refused();
            } else {
                tried.failed += 1;
            }
            let asked = response.as_ref().and_then(|r| r.retry_after);
            let wait = patience.next(&tried, throttled, asked, retry::random());
            self.tell_failed(record, &error, wait);
            if throttled
                && !call.is_apart()
                && let Some(Response { sent, throttling, .. }) = response
            {
                self.slow_down(sent, wait.unwrap_or_default(), throttling);
            }
            let Some(wait) = wait else { return Err(error) };
            tried.waited += wait;
            self.wire.retried();
            self.log(Level::Retry, again_in(&error, wait), Some(error.problem()));
            if throttled && !call.is_apart() {
                self.pause.stop_for(wait);
            } else {
                tokio::time::sleep(wait).await;
            }
        }
    }

    /// After a 429 to a request that was sent then.
    pub fn slow_down(&self, sent: Instant, pause: Duration, throttling: Throttling) {
        self.pace.refused(sent, pause, !throttling.not_of_units, self.wire.units_10s());
    }

    /// What an answer told of the limits, after its units were counted.
    pub fn told(&self, throttling: Throttling) {
        if let Some(percentage) = throttling.percentage {
            self.pace.told(percentage, self.wire.units_10s());
        }
    }

    /// Whether a refused token is worth a new one. `again`: this request has had a new one already.
    pub fn may_renew(&self, again: bool) -> bool {
        if again {
            self.renewed_in_vain.store(true, Ordering::Relaxed);
        }
        !again && !self.renewed_in_vain.load(Ordering::Relaxed)
    }

    /// Waits until a request that costs so much may be sent, by everybody who has a say in it.
    async fn admitted(
        &self,
        units: u64,
        refused_token: Option<u64>,
    ) -> Result<(Option<SemaphorePermit<'_>>, Held), GraphError> {
        loop {
            self.hold.over().await;
            self.pause.over().await;
            // Never closed, so that the error cannot happen; if it did, the limit would be missed, not the request.
            let place = self.places.acquire().await.ok();
            if self.is_stopped() {
                continue;
            }
            let token = self.tokens.held(refused_token).await?;
            let reserved = self.pace.reserve(units).await;
            // While it waited, somebody may have asked everybody to stop. What it reserved is given back then.
            if !self.is_stopped() {
                reserved.sent();
                return Ok((place, token));
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.hold.is_held() || self.pause.until().is_some()
    }

    /// One attempt: the status is for others to judge, only the network fails here.
    async fn attempt(
        &self,
        call: &Call,
        refused_token: Option<u64>,
        record: &mut Option<Box<Request>>,
    ) -> Result<Response, GraphError> {
        let (_place, token) = self.admitted(call.units, refused_token).await?;
        let record = record.insert(Box::new(self.record_of(call)));
        let network = |e: reqwest::Error| GraphError::network(net::problem_of(&e, &call.what, &self.graph));
        let mut request = match &call.body {
            None => self.http.get(call.url.clone()),
            Some(body) => self.http.post(call.url.clone()).header("content-type", JSON).body(body.clone()),
        };
        request = request
            .header("accept", call.accept)
            .header("client-request-id", record.client_request_id.as_deref().unwrap_or_default())
            .bearer_auth(token.secret.expose());
        for (name, value) in &record.asked_with {
            request = request.header(name, value);
        }
        let in_flight = self.wire.sent();
        let sent = Instant::now();
        let answered = async {
            let answer = request.send().await.map_err(network)?;
            let status = answer.status().as_u16();
            record.status = Some(status);
            record
                .heard(answer.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))));
            let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
            let retry_after = header("retry-after")
                .and_then(|text| net::retry_after(&text, header("date").as_deref(), Some(self.clock.now())));
            let request_id = header("request-id");
            let challenge = header("www-authenticate");
            let units = header("x-ms-resource-unit").and_then(|text| text.trim().parse().ok());
            let throttling = Throttling::of(header);
            record.request_id.clone_from(&request_id);
            // A batch has no price: its items have.
            record.units = units.filter(|_| call.priced);
            let body = whole_body(answer, &call.what, MOST_BODY).await?.map_err(network)?;
            record.bytes = body.len() as u64;
            let generation = token.generation;
            Ok(Response { status, request_id, retry_after, challenge, units, throttling, body, generation, sent })
        };
        let answered = tokio::time::timeout(LONGEST_ANSWER, answered)
            .await
            .unwrap_or_else(|_| Err(GraphError::network(net::too_slow(&call.what, &self.graph, LONGEST_ANSWER))));
        record.ms = sent.elapsed().as_millis().try_into().unwrap_or(u32::MAX);
        let answered = answered?;
        in_flight.answered();
        Ok(answered)
    }

    /// The request log's record of what is about to be sent.
    fn record_of(&self, call: &Call) -> Request {
        let method = if call.body.is_some() { "POST" } else { "GET" };
        let mut record = Request::new(self.now(), Service::Graph, method, &call.url);
        record.client_request_id = Some(uuid::Uuid::new_v4().to_string());
        record.items.clone_from(&call.contents);
        if call.eventual {
            record.asked_with.insert("ConsistencyLevel".to_owned(), "eventual".to_owned());
        }
        if self.gentle {
            record.asked_with.insert("x-ms-throttle-priority".to_owned(), "Low".to_owned());
        }
        record
    }

    fn tell(&self, record: Option<Box<Request>>) {
        if let Some(record) = record {
            self.reporter.report(Event::Request(record));
        }
    }

    /// As [`Sender::tell`], of what failed; `again` is when it is sent again.
    fn tell_failed(&self, record: Option<Box<Request>>, error: &GraphError, again: Option<Duration>) {
        self.tell(record.map(|mut record| {
            record.code = error.code().map(str::to_owned);
            record.again_in_ms = again.map(|wait| wait.as_millis().try_into().unwrap_or(u64::MAX));
            record
        }));
    }

    fn judge<T>(
        &self,
        call: &Call,
        response: &Response,
        decode: impl Fn(&Bytes) -> Result<T, Undecodable>,
    ) -> Result<T, GraphError> {
        let status = response.status;
        let good = status == 200;
        if call.priced {
            // What an error cost nobody says: the pace takes it for what a success would have cost.
            self.pace.correct(call.units, response.units.unwrap_or(call.units));
            self.wire.spent(response.units.unwrap_or(if good { call.units } else { 0 }));
            if let Some(units) = response.units.filter(|_| good) {
                self.prices.learn(&call.url, units);
            }
        }
        self.told(response.throttling);
        let request_id = response.request_id.clone();
        if !good {
            let error = GraphError::refused(&call.what, status, request_id, &response.body);
            return Err(match &response.challenge {
                Some(challenge) => error.challenged(challenge),
                None => error,
            });
        }
        decode(&response.body).map_err(|why| match why {
            Undecodable::Cut(why) => GraphError::not_json(&call.what, status, &why, request_id),
            Undecodable::Shape(why) => GraphError::shape(&call.what, &why, request_id),
        })
    }

    pub fn log(&self, level: Level, text: String, problem: Option<Problem>) {
        self.reporter.report(Event::Log(LogLine { at: self.now(), level, text, problem: problem.map(Box::new) }));
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The body, unless it is larger than anything the service sends. The inner error is the network's.
async fn whole_body(
    mut answer: reqwest::Response,
    what: &str,
    most: usize,
) -> Result<Result<Bytes, reqwest::Error>, GraphError> {
    let status = answer.status().as_u16();
    if answer.content_length().is_some_and(|length| length > most as u64) {
        return Err(GraphError::too_large(what, status, most));
    }
    // Of a compressed answer the length is not known.
    let length = answer.content_length().map_or(0, |length| length as usize);
    let mut body = BytesMut::with_capacity(length);
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > most => {
                return Err(GraphError::too_large(what, status, most));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(Ok(body.freeze())),
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// "reading /v1.0/users": the path, without the query.
pub(super) fn reading(url: &Url) -> String {
    format!("reading {}", url.path())
}

/// What happened and when it goes on: "reading /v1.0/users: 503, again in 1.4 s (request 7c1a…)".
pub(super) fn again_in(error: &GraphError, wait: Duration) -> String {
    let problem = error.problem();
    let what = problem.summary.split(':').next().unwrap_or_default().trim_end_matches(" was refused").to_owned();
    let happened = happened(error);
    let request = problem.request_id.as_deref().map(|id| format!(" (request {id})")).unwrap_or_default();
    format!("{what}: {happened}, again in {:.1} s{request}", wait.as_secs_f64())
}

/// `503`, `timeout`, `not_json` …
pub(super) fn happened(error: &GraphError) -> String {
    match (error.kind(), error.status()) {
        (ErrorKind::Refused | ErrorKind::Login, Some(status)) => status.to_string(),
        _ => error.code().unwrap_or("no answer").to_owned(),
    }
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("an address without a host");
    format!("{}://{host}{}", url.scheme(), url.port().map(|p| format!(":{p}")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::{
        domain::secret::Secret,
        graph::stub::{Answer, Stub, TestClock, answer, refusal},
    };

    const PATH: &str = "/v1.0/organization";

    fn good() -> Answer {
        answer(200, json!({ "value": [] }))
    }

    fn text(status: u16, body: &str) -> Answer {
        Answer { body: body.to_owned(), ..answer(status, json!(null)) }
    }

    /// What these answers come to: the code or "good", the requests, and the seconds from and to.
    async fn check(answers: Vec<Answer>, want: &str, requests: usize, seconds: (f64, f64)) {
        let stub = Stub::start().await;
        stub.on(PATH, answers.clone());
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let client = stub.client(&clock);
        let started = Instant::now();
        let got = match client.get(PATH).await {
            Ok(_) => "good".to_owned(),
            Err(error) => error.code().unwrap().to_owned(),
        };
        let context = answers.first().map(|a| format!("{} {:?} {}", a.status, a.headers, a.body)).unwrap();
        assert_eq!((got.as_str(), stub.seen().len()), (want, requests), "{context}");
        let waited = started.elapsed().as_secs_f64();
        assert!(seconds.0 <= waited && waited <= seconds.1, "{context}: {waited} s");
        assert_eq!(client.wire().in_flight, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_asked_again_and_what_does_not_is_not() {
        let busy =
            |after: &str| refusal(429, "TooManyRequests", "Please retry again later.").header("retry-after", after);
        let at_once = (0.0, 0.0);
        check(vec![good()], "good", 1, at_once).await;
        check(vec![busy("10"), good()], "good", 2, (10.0, 10.6)).await;
        check(vec![busy("2.128"), good()], "good", 2, (2.128, 2.4)).await;
        check(
            vec![busy("Sun, 22 Nov 2026 10:00:07 GMT").header("date", "Sun, 22 Nov 2026 10:00:00 GMT"), good()],
            "good",
            2,
            (7.0, 7.6),
        )
        .await;
        check(vec![refusal(429, "TooManyRequests", ""), good()], "good", 2, (0.75, 1.25)).await;
        check(vec![busy("5"); 25], "TooManyRequests", 20, (95.0, 106.0)).await;
        check(vec![busy("7200")], "TooManyRequests", 1, at_once).await;
        check(vec![text(503, "<html>"), good()], "good", 2, (0.75, 1.25)).await;
        check(vec![text(503, "").header("retry-after", "30"), good()], "good", 2, (30.0, 30.6)).await;
        for status in [408, 500, 502, 504, 509] {
            check(vec![text(status, ""), good()], "good", 2, (0.75, 1.25)).await;
        }
        check(vec![text(200, "<html>Blocked by the proxy</html>"), good()], "good", 2, (0.75, 1.25)).await;
        check(vec![text(200, r#"{"value":[{"id":"a"#), good()], "good", 2, (0.75, 1.25)).await;
        check(vec![text(200, ""), good()], "good", 2, (0.75, 1.25)).await;
        check(vec![text(200, "<html>"); 9], "not_json", 6, (23.2, 38.8)).await;
        check(vec![text(503, ""); 9], "http_503", 6, (23.2, 38.8)).await;
        check(vec![refusal(403, "Authorization_RequestDenied", "")], "Authorization_RequestDenied", 1, at_once).await;
        check(vec![refusal(400, "Request_BadRequest", "")], "Request_BadRequest", 1, at_once).await;
        check(vec![text(302, "").header("location", "http://localhost:1/")], "http_302", 1, at_once).await;
        check(vec![refusal(401, "InvalidAuthenticationToken", ""), good()], "good", 2, at_once).await;
        check(vec![refusal(401, "InvalidAuthenticationToken", ""); 3], "InvalidAuthenticationToken", 2, at_once).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_renewed_once_for_all() {
        let stub = Stub::start().await;
        stub.handle(|seen| {
            // The first token of the test ends with this number in its claims.
            let first = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, r#"{"n":1"#);
            let old = seen.header("authorization").unwrap().contains(&first);
            Some(if old { refusal(401, "InvalidAuthenticationToken", "Lifetime validation failed") } else { good() })
        });
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let client = stub.client(&clock);
        let all = futures::future::join_all((0..8).map(|_| client.get(PATH))).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        assert_eq!(stub.tokens_asked(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_login_is_not_asked_over_and_over_for_an_app_that_nobody_knows() {
        let stub = Stub::start().await;
        let unknown = Arc::new(Mutex::new(true));
        let is_unknown = Arc::clone(&unknown);
        stub.handle(move |_| {
            Some(match *is_unknown.lock().unwrap() {
                true => refusal(401, "Authorization_IdentityNotFound", "The identity could not be established."),
                false => good(),
            })
        });
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let client = stub.client(&clock);
        for _ in 0..5 {
            assert_eq!(client.get(PATH).await.unwrap_err().code(), Some("Authorization_IdentityNotFound"));
        }
        assert_eq!(stub.tokens_asked(), 2);
        *unknown.lock().unwrap() = false;
        assert!(client.get(PATH).await.is_ok());
        *unknown.lock().unwrap() = true;
        assert!(client.get(PATH).await.is_err());
        assert_eq!(stub.tokens_asked(), 3, "once it was accepted, a refusal is news again");
    }

    #[tokio::test(start_paused = true)]
    async fn one_refusal_stops_all() {
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let busy = refusal(429, "TooManyRequests", "").header("retry-after", "60");
        stub.on(PATH, [busy, good()]);
        stub.on("/v1.0/users", [good()]);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&lines);
        let reporter = move |event| {
            if let Event::Log(line) = event {
                told.lock().unwrap().push(line.text);
            }
        };
        let client = stub.client_reporting(&clock, Arc::new(reporter));
        let started = Instant::now();
        let other = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.get("/v1.0/users").await.unwrap();
            started.elapsed().as_secs_f64()
        };
        let (first, other) = tokio::join!(client.get(PATH), other);
        first.unwrap();
        assert!((60.0..61.0).contains(&other), "{other}");
        let wire = client.wire();
        assert_eq!((wire.requests, wire.refused, wire.retried), (3, 1, 1));
        assert!((60.0..61.0).contains(&wire.throttled_seconds));
        let lines = lines.lock().unwrap();
        assert!(lines[0].starts_with("reading /v1.0/organization: 429, again in 60."), "{lines:?}");
        assert!(lines[0].ends_with("s (request r-1)"), "{lines:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_connection_is_tried_again_and_named() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let dead = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        drop(listener);
        let config = GraphConfig { graph: dead, ..stub.config() };
        let client = crate::graph::GraphClient::new(
            config,
            Secret::new("x").into(),
            Arc::new(clock),
            Arc::new(crate::domain::progress::Silent),
        )
        .unwrap();
        let error = client.get(PATH).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Network, Some("connection_refused")));
        assert_eq!(client.wire().requests, 6);
        let requests = client.wire().requests;
        assert!(client.probing().get(PATH).await.is_err());
        assert_eq!(client.wire().requests - requests, 2, "a person waits");
    }

    #[tokio::test(start_paused = true)]
    async fn counts_never_fail() {
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let client = stub.client(&clock);
        let path = "/v1.0/users/$count";
        let check = async |got: Answer, want| {
            stub.on(path, [got.clone(), got]);
            assert_eq!(client.count(path).await, want);
        };
        check(text(200, "\u{feff}893"), Some(893)).await;
        assert_eq!(stub.seen()[0].header("consistencylevel"), Some("eventual"));
        check(refusal(400, "Request_BadRequest", "$count is not currently supported."), None).await;
        check(text(503, ""), None).await;
        check(text(200, "<html>"), None).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_larger_than_anything_is_refused() {
        let stub = Stub::start().await;
        let body = text(200, "0123456789");
        stub.on(PATH, [body.clone(), body.clone(), body]);
        let check = async |most: usize, want: Option<&str>| {
            let answer = reqwest::get(format!("{}{PATH}", stub.graph())).await.unwrap();
            let got = whole_body(answer, "reading it", most).await;
            assert_eq!(got.as_ref().err().and_then(GraphError::code), want);
            if let Err(error) = got {
                assert!(!error.is_transient(), "asking again would not help");
                assert_eq!(
                    error.to_string(),
                    "reading it: the answer is larger than 0 MB, and was not read (too_large)"
                );
            }
        };
        check(10, None).await;
        check(9, Some("too_large")).await;
        check(0, Some("too_large")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_end_is_given_up() {
        let stub = Stub::start().await;
        stub.latency(Duration::from_secs(3_600));
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let client = stub.client(&clock).probing();
        let error = client.get(PATH).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Network, Some("timeout")));
        assert_eq!((client.wire().requests, client.wire().in_flight), (2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn gentle_is_one_at_a_time_and_of_low_priority() {
        let stub = Stub::start().await;
        stub.latency(Duration::from_secs(1));
        stub.handle(|seen| {
            let responses = seen.path.ends_with("$batch").then(|| json!([{ "id": "0", "status": 200, "body": {} }]));
            Some(answer(200, json!({ "value": [], "responses": responses })))
        });
        let config = GraphConfig { gentle: true, ..stub.config() };
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let reporter = Arc::new(crate::domain::progress::Silent);
        let client =
            crate::graph::GraphClient::new(config, Secret::new("x").into(), Arc::new(clock), reporter).unwrap();
        let batch = crate::graph::Batch::split([Get::new(PATH)]).remove(0);
        let began = Instant::now();
        let (a, b, c) = tokio::join!(client.get(PATH), client.get(PATH), client.batch(&batch));
        assert!(a.is_ok() && b.is_ok() && c.unwrap()[0].is_ok());
        assert!((3.0..3.1).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
        for seen in stub.seen() {
            assert_eq!(seen.header("x-ms-throttle-priority"), Some("Low"), "{}", seen.path);
        }
        assert_eq!(stub.seen()[2].json()["requests"][0]["headers"], json!({ "x-ms-throttle-priority": "Low" }));
        assert_eq!(client.wire().pace_10s, 1_400);
    }

    #[test]
    fn what_answers_tell_of_the_limits() {
        let check = |percentage: &str, information: &str, want: Option<f64>, not_of_units: bool| {
            let got = Throttling::of(|name| match name {
                "x-ms-throttle-limit-percentage" => Some(percentage.to_owned()),
                "x-ms-throttle-information" => Some(information.to_owned()).filter(|i| !i.is_empty()),
                _ => None,
            });
            assert_eq!((got.percentage, got.not_of_units), (want, not_of_units), "{percentage} {information}");
        };
        check("0.85", "", Some(0.85), false);
        check(" 1.8 ", "ResourceUnitLimitExceeded", Some(1.8), false);
        check("85", "CPULimitExceeded", Some(0.85), true);
        for nonsense in ["", "much", "NaN", "inf", "-1"] {
            check(nonsense, "", None, false);
        }
    }

    /// The limit of the sign-in reports is not that of the directory.
    #[tokio::test(start_paused = true)]
    async fn a_refused_report_stops_nobody_else() {
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let report = "/v1.0/users?$select=id,signInActivity&$top=500";
        stub.on(report, [refusal(429, "TooManyRequests", "").header("retry-after", "60"), good()]);
        stub.on(PATH, [good()]);
        let client = stub.client(&clock);
        let started = Instant::now();
        let other = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            client.get(PATH).await.unwrap();
            started.elapsed().as_secs()
        };
        let (report, other) = tokio::join!(client.get(report), other);
        assert!(report.is_ok() && started.elapsed().as_secs() >= 60);
        assert_eq!((other, client.wire().refused, client.wire().pace_10s), (1, 1, 2_800));
    }
}
