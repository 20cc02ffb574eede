//! `$batch`: up to twenty reads in one round trip.
//!
//! Answers come in any order and are matched by id; one that is missing, refused with 429 or failed is asked for again
//! on its own, after its own `Retry-After`; what is due together is asked together. A batch saves round trips, not
//! resource units.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use jiff::Timestamp;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Value, json, value::RawValue};
use tokio::time::Instant;
use tokio_util::bytes::Bytes;

use super::{
    Get, GraphClient, Page, Pages,
    decode::{self, Undecodable},
    error::GraphError,
    page,
    retry::{self, Tried},
    send::{self, Call, Throttling},
};
use crate::{
    domain::{problem::Problem, progress::Level, request},
    net,
};

/// Reads of a batch that come due within so short a time wait for each other.
const TOGETHER: Duration = Duration::from_millis(500);

/// No more than twenty reads, as the service allows.
#[derive(Debug, Clone)]
pub struct Batch(Vec<Get>);

impl Batch {
    /// How many reads a batch can hold.
    pub const MOST: usize = 20;

    /// As many batches as `gets` need; their order is kept.
    pub fn split(gets: impl IntoIterator<Item = Get>) -> Vec<Self> {
        let gets: Vec<Get> = gets.into_iter().collect();
        gets.chunks(Self::MOST).map(|chunk| Self(chunk.to_vec())).collect()
    }

    pub fn gets(&self) -> &[Get] {
        &self.0
    }
}

/// What one read of a batch was answered with.
#[derive(Debug)]
pub struct Reply {
    get: Get,
    /// A part of the batch's own answer, which is not copied.
    body: Bytes,
    retried: bool,
}

/// What one read was answered with, of a batch's answer.
struct Item {
    status: u16,
    headers: HashMap<String, Value>,
    body: Bytes,
}

/// The items of a batch's answer by their places; what answers nothing that was asked is left out.
fn items(answer: &Bytes) -> Result<HashMap<usize, Item>, Undecodable> {
    #[derive(Deserialize)]
    struct Answers<'a> {
        #[serde(borrow)]
        responses: Vec<Response<'a>>,
    }
    #[derive(Deserialize)]
    struct Response<'a> {
        /// A text, as documented; a gateway may have made a number of it.
        id: Value,
        status: u16,
        headers: Option<HashMap<String, Value>>,
        #[serde(borrow)]
        body: Option<&'a RawValue>,
    }
    let place = |id: &Value| id.as_str().map_or_else(|| id.as_u64()?.try_into().ok(), |text| text.parse().ok());
    let answers: Answers<'_> = decode::json(answer)?;
    let item = |Response { id, status, headers, body }| {
        let null = Bytes::from_static(b"null");
        let body = body.map_or(null, |body| answer.slice_ref(body.get().as_bytes()));
        Some((place(&id)?, Item { status, headers: headers.unwrap_or_default(), body }))
    };
    Ok(answers.responses.into_iter().filter_map(item).collect())
}

impl GraphClient {
    /// Runs a batch; the replies are in the order of its reads. The error around them is one of the batch as a whole,
    /// such as a service that does not take batches.
    ///
    /// # Errors
    ///
    /// When the batch itself was refused; what became of single reads is inside.
    pub async fn batch(&self, batch: &Batch) -> Result<Vec<Result<Reply, GraphError>>, GraphError> {
        let mut slots: Vec<Slot> = batch.0.iter().map(|get| Slot::new(get.clone())).collect();
        let mut token_refused = false;
        loop {
            // What comes due while all wait is asked together behind the pause.
            self.sender.hold.over().await;
            self.sender.pause.over().await;
            let now = Instant::now();
            let Some(first) = slots.iter().filter_map(|s| s.due).min() else { break };
            let soon = now.max(first + TOGETHER);
            let due: Vec<usize> = (0..slots.len()).filter(|&i| slots[i].due.is_some_and(|at| at <= soon)).collect();
            let all_due = due.iter().filter_map(|&i| slots[i].due).max().unwrap_or(first);
            if all_due > now {
                tokio::time::sleep_until(all_due).await;
                continue;
            }
            let calls: Vec<Call> = due.iter().map(|&i| self.sender.call_of(&slots[i].get)).collect();
            let requests: Vec<Value> = due.iter().map(|&i| slots[i].request(i, self.sender.gentle)).collect();
            let call = Call {
                what: format!("reading a batch of {}", due.len()),
                url: self.sender.graph.join("/v1.0/$batch"),
                body: Some(json!({ "requests": requests }).to_string()),
                contents: due.iter().map(|&i| slots[i].record(i)).collect(),
                eventual: false,
                units: calls.iter().map(|call| call.units).sum(),
                priced: false,
                accept: send::JSON,
            };
            let mut answer = match self.sender.call_noting(&call, self.patience, items, note).await {
                Ok(answer) => answer,
                // What was answered in an earlier round is not lost with this one.
                Err(error) if slots.iter().any(|s| matches!(s.end, Some(Ok(_)))) => {
                    for &i in &due {
                        slots[i].finish(Err(error.clone()));
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            let items = &mut answer.value;
            let limits = self.pay(&call, due.iter().zip(&calls).map(|(i, call)| (call, items.get(i))));
            let mut round = Round::new(due.len());
            let mut stale = false;
            for (i, Call { what, .. }) in due.into_iter().zip(calls) {
                let slot = &mut slots[i];
                let (error, asked) = match items.remove(&i) {
                    Some(item) if item.status == 200 => {
                        slot.answered(item.body, answer.retried);
                        if slot.due.is_some() {
                            self.sender.wire.retried();
                        }
                        continue;
                    }
                    Some(item) if item.status == 401 && self.sender.may_renew(token_refused) => {
                        stale = true;
                        slot.failed = true;
                        slot.again_at(now);
                        self.sender.wire.retried();
                        continue;
                    }
                    Some(item) => (item.error(&what), item.retry_after(self.sender.now())),
                    None => (GraphError::not_json(&what, 200, "the batch left this one out", None), None),
                };
                if !error.is_transient() {
                    slot.finish(Err(error));
                    continue;
                }
                let throttled = error.status() == Some(429);
                if throttled {
                    slot.tried.throttled += 1;
                    self.sender.wire.refused();
                } else {
                    slot.tried.failed += 1;
                }
                let wait = self.patience.next(&slot.tried, throttled, asked, round.random);
                round.failed(&error, throttled, wait);
                match wait {
                    None => slot.finish(Err(error)),
                    Some(wait) => {
                        slot.tried.waited += wait;
                        slot.failed = true;
                        slot.again_at(Instant::now() + wait);
                        self.sender.wire.retried();
                    }
                }
            }
            if round.refused > 0 {
                let pause = round.shortest_pause.unwrap_or_default();
                self.sender.slow_down(answer.sent, pause, limits);
                self.sender.pause.stop_for(pause);
            }
            self.sender.told(limits);
            if let Some((line, problem)) = round.line() {
                self.sender.log(Level::Retry, line, Some(problem));
            }
            if stale {
                token_refused = true;
                self.sender.log(Level::Retry, "the token is not accepted any more, asking for a new one".into(), None);
                self.sender.tokens.held(Some(answer.generation)).await?;
            }
        }
        Ok(slots.into_iter().map(Slot::reply).collect())
    }

    /// One read by itself, for services that take no batches.
    ///
    /// # Errors
    ///
    /// As Graph refuses, after all retries.
    pub async fn reply(&self, get: &Get) -> Result<Reply, GraphError> {
        let call = self.sender.call_of(get);
        let mut slot = Slot::new(get.clone());
        while slot.due.is_some() {
            // That it is JSON is looked at here, where it can be asked for again.
            let decode = |body: &Bytes| decode::json::<IgnoredAny>(body).map(|_| body.clone());
            match self.sender.call(&call, self.patience, decode).await {
                Ok(answer) => slot.answered(answer.value, answer.retried),
                Err(error) => slot.finish(Err(error)),
            }
        }
        slot.reply()
    }

    /// Counts what the items of a batch cost, and returns what they tell of the limits: the most of it.
    fn pay<'a>(&self, batch: &Call, items: impl Iterator<Item = (&'a Call, Option<&'a Item>)>) -> Throttling {
        let mut cost = 0;
        let mut limits = Throttling::default();
        for (call, item) in items {
            let good = item.is_some_and(|item| item.status == 200);
            let told = item.and_then(|item| item.header("x-ms-resource-unit")?.trim().parse().ok());
            if let Some(units) = told.filter(|_| good) {
                self.sender.prices.learn(&call.url, units);
            }
            // What an error cost nobody says: the pace takes it for what a success would have cost.
            cost += told.unwrap_or(call.units);
            self.sender.wire.spent(told.unwrap_or(if good { call.units } else { 0 }));
            if let Some(item) = item {
                let Throttling { percentage, not_of_units } = Throttling::of(|name| item.header(name));
                limits.percentage = match (limits.percentage, percentage) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    (a, b) => a.or(b),
                };
                limits.not_of_units |= not_of_units;
            }
        }
        self.sender.pace.correct(batch.units, cost);
        limits
    }
}

/// What a batch was answered with, onto the request log's record of it.
fn note(answered: &HashMap<usize, Item>, record: &mut request::Request) {
    for item in &mut record.items {
        let Some(answer) = item.id.parse().ok().and_then(|id: usize| answered.get(&id)) else { continue };
        item.status = Some(answer.status);
        item.units = answer.header("x-ms-resource-unit").and_then(|units| units.trim().parse().ok());
        if answer.status != 200 {
            item.code = answer.error("").code().map(str::to_owned);
            item.request_id = answer.error("").request_id().map(str::to_owned);
            item.retry_after = answer.header("retry-after");
        }
    }
    record.units = record.items.iter().filter_map(|item| item.units).reduce(|a, b| a + b);
}

/// What of a batch did not go well, for one line.
struct Round {
    size: usize,
    /// Shared, so that what is refused together comes back together.
    random: f64,
    refused: usize,
    /// How many, by what happened to them: `503`, `not_json`.
    failed: BTreeMap<String, usize>,
    given_up: usize,
    shortest_pause: Option<Duration>,
    shortest: Option<Duration>,
    longest: Duration,
    problem: Option<Problem>,
}

impl Round {
    fn new(size: usize) -> Self {
        Self {
            size,
            random: retry::random(),
            refused: 0,
            failed: BTreeMap::new(),
            given_up: 0,
            shortest_pause: None,
            shortest: None,
            longest: Duration::ZERO,
            problem: None,
        }
    }

    fn failed(&mut self, error: &GraphError, throttled: bool, wait: Option<Duration>) {
        if throttled {
            self.refused += 1;
        } else {
            *self.failed.entry(send::happened(error)).or_default() += 1;
        }
        self.problem.get_or_insert_with(|| error.problem());
        let Some(wait) = wait else {
            self.given_up += 1;
            return;
        };
        let shorter = |than: Option<Duration>| Some(than.map_or(wait, |than| than.min(wait)));
        self.shortest = shorter(self.shortest);
        self.longest = self.longest.max(wait);
        if throttled {
            self.shortest_pause = shorter(self.shortest_pause);
        }
    }

    /// "a batch of 20: 7 refused (429), 1 failed (503), again in 4.0 s"
    fn line(self) -> Option<(String, Problem)> {
        let refused = (self.refused > 0).then(|| format!("{} refused (429)", self.refused));
        let failed = self.failed.iter().map(|(what, n)| format!("{n} failed ({what})"));
        let given_up = (self.given_up > 0).then(|| format!("{} given up", self.given_up));
        let again = self.shortest.map(|shortest| match (shortest.as_secs_f64(), self.longest.as_secs_f64()) {
            (shortest, longest) if longest - shortest < 0.1 => format!("again in {shortest:.1} s"),
            (shortest, longest) => format!("again in {shortest:.1} to {longest:.1} s"),
        });
        let said: Vec<String> = refused.into_iter().chain(failed).chain(given_up).chain(again).collect();
        Some((format!("a batch of {}: {}", self.size, said.join(", ")), self.problem?))
    }
}

impl Reply {
    /// The answer as the caller expects it.
    ///
    /// # Errors
    ///
    /// When it has another shape; the error names the place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, GraphError> {
        decode::json(&self.body).map_err(|why| {
            let (decode::Undecodable::Cut(why) | decode::Undecodable::Shape(why)) = why;
            GraphError::shape(&format!("reading {}", path_of(&self.get)), &why, None)
        })
    }

    /// The whole text of the answer.
    pub fn raw(&self) -> &RawValue {
        // It was JSON when it came.
        serde_json::from_slice(&self.body).unwrap_or(RawValue::NULL)
    }

    /// The answer as the first page of a list, and the chain that goes on behind it, by plain requests.
    ///
    /// # Errors
    ///
    /// When it is no page.
    pub fn page(&self, client: &GraphClient) -> Result<(Page, Pages), GraphError> {
        self.page_as(client)
    }

    /// As [`Reply::page`], with its objects as `T` ([`super::MemberItem`]).
    ///
    /// # Errors
    ///
    /// When it is no page of such objects.
    pub fn page_as<T: DeserializeOwned>(&self, client: &GraphClient) -> Result<(Page<T>, Pages), GraphError> {
        let page = Page::of(self.json::<page::Body<T>>()?);
        let rest = client.pages(self.get.clone()).behind_first(page.next_link.clone(), self.retried);
        Ok((page, rest))
    }
}

fn path_of(get: &Get) -> &str {
    get.path().split('?').next().unwrap_or_default()
}

/// A page's own link; not `members@odata.nextLink`, which an expansion may have and nobody follows.
const NEXT_LINK: &str = "\"@odata.nextLink\"";

/// One read of the batch, until it has an end.
struct Slot {
    get: Get,
    tried: Tried,
    /// Whether it failed or was refused since it was last answered.
    failed: bool,
    /// How often it was asked again because its answer could not be trusted.
    doubted: u32,
    /// When it is to be asked; `None` when it has its end.
    due: Option<Instant>,
    /// While it is due, what there is if nothing better comes.
    end: Option<Result<Bytes, GraphError>>,
    retried: bool,
}

impl Slot {
    fn new(get: Get) -> Self {
        let due = Some(Instant::now());
        Self { get, tried: Tried::default(), failed: false, doubted: 0, due, end: None, retried: false }
    }

    fn request(&self, id: usize, gentle: bool) -> Value {
        let mut request = json!({ "id": id.to_string(), "method": "GET", "url": self.get.relative() });
        if self.get.is_eventual() {
            request["headers"]["ConsistencyLevel"] = "eventual".into();
        }
        if gentle {
            request["headers"]["x-ms-throttle-priority"] = "Low".into();
        }
        request
    }

    /// What the request log keeps of it, before it is answered.
    fn record(&self, id: usize) -> request::Item {
        let (path, query) = self.get.relative().split_once('?').unwrap_or((self.get.relative(), ""));
        request::Item {
            id: id.to_string(),
            path: path.to_owned(),
            query: request::without_page_tokens(query),
            status: None,
            code: None,
            units: None,
            request_id: None,
            retry_after: None,
            attempt: 1 + self.tried.failed + self.tried.throttled + self.doubted,
        }
    }

    fn again_at(&mut self, at: Instant) {
        self.due = Some(at);
    }

    /// It was answered. A first page with a link that came out of a failed attempt is asked for again: such a link is not
    /// to be trusted (facts: graph.md §2). `retried`: the batch around it was sent more than once.
    fn answered(&mut self, body: Bytes, retried: bool) {
        self.retried = std::mem::take(&mut self.failed) || retried;
        let doubtful = self.retried && String::from_utf8_lossy(&body).contains(NEXT_LINK);
        self.end = Some(Ok(body));
        if doubtful && self.doubted < page::MOST_DOUBTS {
            self.doubted += 1;
            self.again_at(Instant::now());
        } else {
            self.due = None;
        }
    }

    /// It cannot be had. What was answered before, if not to be trusted to its end, is better than nothing.
    fn finish(&mut self, end: Result<Bytes, GraphError>) {
        self.due = None;
        if !matches!(self.end, Some(Ok(_))) {
            self.end = Some(end);
        }
    }

    fn reply(self) -> Result<Reply, GraphError> {
        let left_out = || GraphError::not_json(&format!("reading {}", path_of(&self.get)), 200, "no answer", None);
        match self.end {
            Some(Ok(body)) => Ok(Reply { get: self.get, body, retried: self.retried }),
            Some(Err(error)) => Err(error),
            None => Err(left_out()),
        }
    }
}

impl Item {
    /// Names are compared without regard to case; values may be numbers.
    fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        value.as_str().map(str::to_owned).or_else(|| value.as_number().map(ToString::to_string))
    }

    fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        net::retry_after(&self.header("retry-after")?, self.header("date").as_deref(), Some(now))
    }

    fn error(&self, what: &str) -> GraphError {
        let body = serde_json::from_slice(&self.body).unwrap_or(Value::Null);
        GraphError::refused_with(what, self.status, self.header("request-id"), &body)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{
        domain::progress::Event,
        graph::{
            MemberItem,
            stub::{Answer, ORIGIN, Stub, TestClock, answer},
        },
    };

    fn gets(n: usize) -> Vec<Get> {
        (0..n).map(|i| Get::new(&format!("/v1.0/groups/g{i}/members?$select=id"))).collect()
    }

    #[test]
    fn a_batch_holds_twenty() {
        let check = |n: usize, want: &[usize]| {
            assert_eq!(Batch::split(gets(n)).iter().map(|b| b.gets().len()).collect::<Vec<_>>(), want);
        };
        check(0, &[]);
        check(20, &[20]);
        check(41, &[20, 20, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn items_come_in_any_order_and_refused_ones_again() {
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let page = |id: &str| json!({ "value": [{ "id": id, "@odata.type": "#microsoft.graph.user" }] });
        let ok =
            |id: &str| json!({ "id": id, "status": 200, "headers": { "x-ms-resource-unit": "2" }, "body": page(id) });
        let busy = |id: &str, after: Value| {
            json!({ "id": id.parse::<u8>().unwrap(), "status": 429, "headers": { "retry-AFTER": after },
                    "body": { "error": { "code": "TooManyRequests", "message": "Please retry again later." } } })
        };
        // Backwards; 1 and 3 throttled, 2 left out, 4 denied.
        let denied = json!({ "id": "4", "status": 403, "headers": { "x-ms-resource-unit": "1" }, "body": { "error": {
            "code": "Authorization_RequestDenied", "message": "Insufficient privileges to complete the operation.",
            "innerError": { "request-id": "93b6f17e" } } } });
        stub.on(
            "/v1.0/$batch",
            [
                answer(200, json!({ "responses": [denied, busy("3", json!("20")), ok("0"), busy("1", json!("2.5"))] })),
                answer(200, json!({ "responses": [ok("1"), ok("2")] })),
                answer(200, json!({ "responses": [ok("3")] })),
            ],
        );
        let client = stub.client(&clock);
        let started = Instant::now();
        let batches = Batch::split(gets(5));
        let replies = client.batch(&batches[0]).await.unwrap();
        for (i, reply) in replies.iter().enumerate() {
            match reply {
                Ok(reply) => assert_eq!(reply.json::<Value>().unwrap(), page(&i.to_string())),
                Err(error) => assert_eq!((i, error.request_id()), (4, Some("93b6f17e"))),
            }
        }
        let waited = started.elapsed().as_secs_f64();
        assert!((20.0..21.0).contains(&waited), "{waited}");
        let asked: Vec<Vec<String>> = stub
            .seen()
            .iter()
            .map(|s| {
                s.json()["requests"].as_array().unwrap().iter().map(|r| r["url"].as_str().unwrap().into()).collect()
            })
            .collect();
        assert_eq!(asked[0].len(), 5);
        assert_eq!(asked[0][3], "/groups/g3/members?$select=id");
        assert_eq!(
            asked[1..],
            [
                vec!["/groups/g1/members?$select=id".to_owned(), "/groups/g2/members?$select=id".to_owned()],
                vec!["/groups/g3/members?$select=id".to_owned()]
            ]
        );
        let wire = client.wire();
        assert_eq!((wire.requests, wire.refused, wire.retried, wire.resource_units), (3, 2, 3, 9));
        assert!((2.5..3.0).contains(&wire.throttled_seconds), "{}", wire.throttled_seconds);
    }

    #[tokio::test(start_paused = true)]
    async fn an_expired_token_inside_a_batch_is_renewed_once() {
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let item = |status: u16| json!({ "responses": [{ "id": "0", "status": status, "headers": null, "body": { "value": [] } }] });
        stub.on(
            "/v1.0/$batch",
            [answer(200, item(401)), answer(200, item(200)), answer(200, item(401)), answer(200, item(401))],
        );
        let client = stub.client(&clock);
        let batch = &Batch::split(gets(1))[0];
        assert!(client.batch(batch).await.unwrap()[0].is_ok());
        assert_eq!(stub.tokens_asked(), 2);
        let failed = client.batch(batch).await.unwrap().remove(0).unwrap_err();
        assert_eq!((failed.status(), stub.tokens_asked()), (Some(401), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_is_refused_says_so() {
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        stub.on("/v1.0/$batch", [crate::graph::stub::refusal(400, "Request_BadRequest", "no")]);
        let failed = stub.client(&clock).batch(&Batch::split(gets(2))[0]).await.unwrap_err();
        assert!(failed.is_unsupported());
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_is_one_line_and_what_is_due_together_goes_together() {
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let ok = |id: usize| json!({ "id": id.to_string(), "status": 200, "body": { "value": [] } });
        let busy = |id: usize, after: &str| json!({ "id": id.to_string(), "status": 429, "headers": { "Retry-After": after } });
        let failed = |id: usize| json!({ "id": id.to_string(), "status": 503, "headers": { "Retry-After": "30" } });
        let refused = (0..7).map(|id| busy(id, if id < 5 { "4" } else { "4.1" }));
        let rest = (9..20).map(ok);
        let first = refused.chain([failed(7), failed(8)]).chain(rest).collect::<Vec<_>>();
        stub.on(
            "/v1.0/$batch",
            [
                answer(200, json!({ "responses": first })),
                answer(200, json!({ "responses": (0..7).map(ok).collect::<Vec<_>>() })),
                answer(200, json!({ "responses": [ok(7), ok(8)] })),
            ],
        );
        let lines = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&lines);
        let reporter = move |event| {
            if let Event::Log(line) = event {
                told.lock().unwrap().push(line.text);
            }
        };
        let client = stub.client_reporting(&clock, Arc::new(reporter));
        let replies = client.batch(&Batch::split(gets(20))[0]).await.unwrap();
        assert!(replies.iter().all(Result::is_ok));
        assert_eq!(stub.seen().len(), 3);
        let lines = lines.lock().unwrap();
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(line.starts_with("a batch of 20: 7 refused (429), 2 failed (503), again in 4."), "{line}");
        assert!(line.contains(" to 30."), "{line}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_page_that_came_out_of_a_failed_attempt_is_asked_again() {
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let check = async |rounds: Vec<Answer>, requests: usize| {
            let stub = Stub::start().await;
            stub.on("/v1.0/$batch", rounds);
            stub.on(
                "/v1.0/groups/g0/members?$skiptoken=good",
                [answer(200, json!({ "value": [{ "id": "b" }, { "id": "c" }] }))],
            );
            // What a link leads to that was made in confusion: a short list, and no error.
            stub.on("/v1.0/groups/g0/members?$skiptoken=poison", [answer(200, json!({ "value": [] }))]);
            let client = stub.client(&clock);
            let replies = client.batch(&Batch::split(gets(1))[0]).await.unwrap();
            let (first, mut rest) = replies[0].as_ref().unwrap().page_as::<MemberItem>(&client).unwrap();
            let mut ids: Vec<String> = first.objects.iter().map(|o| o.id.to_string()).collect();
            while let Some(page) = rest.next_as::<MemberItem>().await.unwrap() {
                ids.extend(page.objects.iter().map(|o| o.id.to_string()));
            }
            assert_eq!((ids.join("").as_str(), stub.seen().len()), ("abc", requests));
        };
        let item = |token: &str| {
            let link = format!("{ORIGIN}/v1.0/groups/g0/members?$skiptoken={token}");
            let body = json!({ "value": [{ "id": "a" }], "@odata.nextLink": link });
            answer(200, json!({ "responses": [{ "id": "0", "status": 200, "body": body }] }))
        };
        let failed = |status: u16| answer(200, json!({ "responses": [{ "id": "0", "status": status }] }));
        let down = || answer(503, Value::Null);
        check(vec![item("good")], 2).await;
        // The batch failed, or the item in it: its link is not followed.
        check(vec![down(), item("poison"), item("good")], 4).await;
        check(vec![failed(503), item("poison"), item("good")], 4).await;
        // Nor where it was only throttled, or came with an old token.
        check(vec![failed(429), item("poison"), item("good")], 4).await;
        check(vec![failed(401), item("poison"), item("good")], 4).await;
    }
}
