//! `$batch`: up to twenty reads in one round trip.
//!
//! Answers come in any order and are matched by id; one that is missing, refused with 429 or failed is asked for again
//! on its own, after its own `Retry-After`. A batch saves round trips, not resource units.

use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};
use tokio::time::Instant;

use super::{
    Get, GraphClient, Page, Pages, decode,
    error::GraphError,
    page,
    retry::Tried,
    send::{self, Call},
    wire,
};
use crate::{domain::progress::Level, net};

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
    body: Box<RawValue>,
    retried: bool,
}

#[derive(Deserialize)]
struct Answers {
    responses: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    /// A text, as documented; a gateway may have made a number of it.
    id: Value,
    status: u16,
    headers: Option<HashMap<String, Value>>,
    body: Option<Box<RawValue>>,
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
            self.sender.pause.over().await;
            let now = Instant::now();
            let due: Vec<usize> = (0..slots.len()).filter(|&i| slots[i].due.is_some_and(|at| at <= now)).collect();
            if due.is_empty() {
                let Some(next) = slots.iter().filter_map(|s| s.due).min() else { break };
                tokio::time::sleep_until(next).await;
                continue;
            }
            let asked = due.iter().map(|&i| slots[i].request(i)).collect::<Vec<_>>();
            let call = Call {
                what: format!("reading a batch of {}", due.len()),
                url: self.sender.graph.join("/v1.0/$batch"),
                body: Some(json!({ "requests": asked }).to_string()),
                eventual: false,
                priced: false,
                accept: send::JSON,
            };
            let answer = match self.sender.call(&call, self.patience, decode::json::<Answers>).await {
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
            let mut items: HashMap<usize, Item> =
                answer.value.responses.into_iter().filter_map(|i| Some((i.place()?, i))).collect();
            let mut shortest_pause: Option<Duration> = None;
            let mut stale = false;
            for i in due {
                let slot = &mut slots[i];
                slot.retried |= answer.retried;
                let what = send::reading(&self.sender.url_of(&slot.get));
                let error = match items.remove(&i) {
                    Some(item) => {
                        self.pay(&slot.get, &item);
                        if item.status == 200 {
                            let body = item.body.unwrap_or_else(|| RawValue::NULL.to_owned());
                            slot.finish(Ok(body));
                            continue;
                        }
                        if item.status == 401 && self.sender.may_renew(token_refused) {
                            stale = true;
                            slot.again_at(now);
                            self.sender.wire.retried();
                            continue;
                        }
                        let asked = item.header("retry-after").and_then(|text| {
                            net::retry_after(&text, item.header("date").as_deref(), Some(self.sender.now()))
                        });
                        (item.error(&what), asked)
                    }
                    None => {
                        let why = "the batch left this one out";
                        (GraphError::not_json(&what, 200, why, None), None)
                    }
                };
                let (error, asked) = error;
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
                match self.patience.next(&slot.tried, throttled, asked) {
                    None => slot.finish(Err(error)),
                    Some(wait) => {
                        slot.tried.waited += wait;
                        slot.retried = true;
                        slot.again_at(Instant::now() + wait);
                        self.sender.wire.retried();
                        self.sender.log(Level::Retry, send::again_in(&error, wait), Some(error.problem()));
                        if throttled {
                            shortest_pause = Some(shortest_pause.map_or(wait, |w| w.min(wait)));
                        }
                    }
                }
            }
            if let Some(pause) = shortest_pause {
                self.sender.pause.stop_for(pause);
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
        let call = Call::get(get, self.sender.url_of(get));
        let answer = self.sender.call(&call, self.patience, decode::json::<Box<RawValue>>).await?;
        Ok(Reply { get: get.clone(), body: answer.value, retried: answer.retried })
    }

    fn pay(&self, get: &Get, item: &Item) {
        let told = item.header("x-ms-resource-unit").and_then(|text| text.trim().parse().ok());
        let documented = if item.status == 200 { wire::documented_units(&self.sender.url_of(get)) } else { 0 };
        self.sender.wire.spent(told.unwrap_or(documented));
    }
}

impl Reply {
    /// The answer as the caller expects it.
    ///
    /// # Errors
    ///
    /// When it has another shape; the error names the place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, GraphError> {
        decode::json(self.body.get().as_bytes()).map_err(|why| {
            let (decode::Undecodable::Cut(why) | decode::Undecodable::Shape(why)) = why;
            GraphError::shape(&format!("reading {}", path_of(&self.get)), &why, None)
        })
    }

    /// The whole text of the answer.
    pub fn raw(&self) -> &RawValue {
        &self.body
    }

    /// The answer as the first page of a list, and the chain that goes on behind it, by plain requests.
    ///
    /// # Errors
    ///
    /// When it is no page.
    pub fn page(&self, client: &GraphClient) -> Result<(Page, Pages), GraphError> {
        let page = Page::of(self.json::<page::Body>()?);
        let rest = client.pages(self.get.clone()).behind_first(page.next_link.clone(), self.retried);
        Ok((page, rest))
    }
}

fn path_of(get: &Get) -> &str {
    get.path().split('?').next().unwrap_or_default()
}

/// One read of the batch, until it has an end.
struct Slot {
    get: Get,
    tried: Tried,
    retried: bool,
    /// When it is to be asked; `None` when it has its end.
    due: Option<Instant>,
    end: Option<Result<Box<RawValue>, GraphError>>,
}

impl Slot {
    fn new(get: Get) -> Self {
        Self { get, tried: Tried::default(), retried: false, due: Some(Instant::now()), end: None }
    }

    fn request(&self, id: usize) -> Value {
        let mut request = json!({ "id": id.to_string(), "method": "GET", "url": self.get.relative() });
        if self.get.is_eventual() {
            request["headers"] = json!({ "ConsistencyLevel": "eventual" });
        }
        request
    }

    fn again_at(&mut self, at: Instant) {
        self.due = Some(at);
    }

    fn finish(&mut self, end: Result<Box<RawValue>, GraphError>) {
        self.due = None;
        self.end = Some(end);
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
    /// Which of the batch's reads it answers.
    fn place(&self) -> Option<usize> {
        self.id.as_str().map_or_else(|| self.id.as_u64()?.try_into().ok(), |text| text.parse().ok())
    }

    /// Names are compared without regard to case; values may be numbers.
    fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.as_ref()?.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        value.as_str().map(str::to_owned).or_else(|| value.as_number().map(ToString::to_string))
    }

    fn error(&self, what: &str) -> GraphError {
        let body = self.body.as_ref().and_then(|b| serde_json::from_str(b.get()).ok()).unwrap_or(Value::Null);
        GraphError::refused_with(what, self.status, self.header("request-id"), &body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::stub::{Stub, TestClock, answer};

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
}
