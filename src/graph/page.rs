//! Chains of pages: the whole nextLink, as it is, until there is none.
//!
//! An empty page goes on. A page token that the service does not know any more sends the chain back: to the link before,
//! when the answer that gave the token took more than one attempt (the "retry trap", facts: graph.md §2), else to its
//! first page; at most five times. A chain that leads back into itself ends with an error, and so does a link to
//! another origin, which is never asked.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::{
    Get, GraphClient, decode,
    error::GraphError,
    send::{self, Answer, Call},
};
use crate::domain::progress::Level;

/// How often a chain may go back.
const MOST_RESTARTS: u32 = 5;

/// One page: its objects as the service sent them.
#[derive(Debug)]
pub struct Page {
    pub objects: Vec<Box<RawValue>>,
    /// Where the chain goes on, from which it can be resumed.
    pub next_link: Option<String>,
    /// `@odata.deltaLink`, on the last page of a delta query: where the next round begins.
    pub delta_link: Option<String>,
    /// `@odata.count`, on the first page, if it was asked for.
    pub count: Option<u64>,
    pub again: Again,
}

/// Whether objects of this page, or of all pages, have been seen before in this chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    No,
    /// This page was read before.
    Page,
    /// The chain has begun again from its first page.
    Chain,
}

#[derive(Deserialize)]
pub(super) struct Body {
    value: Vec<Box<RawValue>>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    delta_link: Option<String>,
    #[serde(rename = "@odata.count")]
    count: Option<u64>,
}

/// A chain of pages.
pub struct Pages {
    client: GraphClient,
    first: Get,
    next: Step,
    /// The step whose answer gave `next`, and whether that answer took more than one attempt.
    came_from: Option<(Step, bool)>,
    followed: HashSet<u64>,
    restarts: u32,
}

#[derive(Clone)]
enum Step {
    First,
    Link(String),
    End,
}

impl Pages {
    pub(super) fn new(client: GraphClient, first: Get) -> Self {
        Self { client, first, next: Step::First, came_from: None, followed: HashSet::new(), restarts: 0 }
    }

    /// A chain that begins with a stored link.
    pub(super) fn of_link(client: GraphClient, link: String) -> Self {
        let first = Get::new(&Url::parse(&link).map(|u| u.path().to_owned()).unwrap_or_default());
        Self::new(client, first).resumed(Some(link))
    }

    /// Goes on behind a page that is here already: `first` is the request that began the chain.
    #[must_use]
    pub fn resumed(mut self, next_link: Option<String>) -> Self {
        self.next = next_link.map_or(Step::End, Step::Link);
        self
    }

    /// As [`Pages::resumed`], behind the first page, which a batch brought.
    pub(super) fn behind_first(mut self, next_link: Option<String>, retried: bool) -> Self {
        self.came_from = Some((Step::First, retried));
        self.resumed(next_link)
    }

    /// The next page; `None` behind the last.
    ///
    /// # Errors
    ///
    /// As Graph refuses, after all retries and restarts. The chain is over then.
    pub async fn next(&mut self) -> Result<Option<Page>, GraphError> {
        let mut again = Again::No;
        loop {
            let step = std::mem::replace(&mut self.next, Step::End);
            let answer = match &step {
                Step::End => return Ok(None),
                Step::First => self.fetch(self.client.sender.url_of(&self.first)).await,
                Step::Link(link) => {
                    if !self.followed.insert(hash(link)) {
                        return Err(self.bad_link("the pages lead back to a page that was read already"));
                    }
                    match Url::parse(link) {
                        Ok(url) => self.fetch(url).await,
                        Err(_) => return Err(self.bad_link("the link to the next page is no URL")),
                    }
                }
            };
            match answer {
                Ok(Answer { value: body, retried, .. }) => {
                    self.next = body.next_link.clone().map_or(Step::End, Step::Link);
                    self.came_from = Some((step, retried));
                    let Body { value: objects, next_link, delta_link, count } = body;
                    return Ok(Some(Page { objects, next_link, delta_link, count, again }));
                }
                Err(error)
                    if error.is_page_token() && matches!(step, Step::Link(_)) && self.restarts < MOST_RESTARTS =>
                {
                    self.restarts += 1;
                    self.followed.clear();
                    // A token from a retried answer: the link before is still good, and gives a new one.
                    let back = match self.came_from.take() {
                        Some((before @ Step::Link(_), true)) => before,
                        _ => Step::First,
                    };
                    again = if matches!(back, Step::First) { Again::Chain } else { Again::Page };
                    let from = if again == Again::Chain { "from its first page" } else { "from the page before" };
                    self.client.sender.log(
                        Level::Retry,
                        format!("{}: the page token is worn out, reading again {from}", self.what()),
                        Some(error.problem()),
                    );
                    self.client.sender.wire.retried();
                    self.next = back;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn fetch(&self, url: Url) -> Result<Answer<Body>, GraphError> {
        let call = Call { what: self.what(), ..Call::get(&self.first, url) };
        self.client.sender.call(&call, self.client.patience, decode::json::<Body>).await
    }

    fn what(&self) -> String {
        send::reading(&self.client.sender.url_of(&self.first))
    }

    fn bad_link(&self, why: &str) -> GraphError {
        GraphError::bad_link(&self.what(), why)
    }
}

impl Page {
    pub(super) fn of(body: Body) -> Self {
        let Body { value: objects, next_link, delta_link, count } = body;
        Self { objects, next_link, delta_link, count, again: Again::No }
    }
}

fn hash(link: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    link.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::graph::{
        ErrorKind,
        stub::{Stub, TestClock, answer, refusal},
    };

    /// Reads a chain to its end: the ids, and how it ended.
    async fn read(stub: &Stub) -> (Vec<String>, Option<GraphError>) {
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let mut pages = stub.client(&clock).pages(Get::new("/v1.0/users?$select=id&$top=2").eventual());
        let mut ids = Vec::new();
        loop {
            match pages.next().await {
                Ok(Some(page)) => {
                    if page.again == Again::Chain {
                        ids.clear();
                    }
                    for object in page.objects {
                        let object: serde_json::Value = serde_json::from_str(object.get()).unwrap();
                        ids.push(object["id"].as_str().unwrap().to_owned());
                    }
                }
                Ok(None) => return (ids, None),
                Err(error) => return (ids, Some(error)),
            }
        }
    }

    fn page(stub: &Stub, ids: &[&str], next: Option<&str>) -> crate::graph::stub::Answer {
        let value: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
        let mut body = json!({ "@odata.context": "…", "value": value });
        if let Some(next) = next {
            let link = if next.starts_with("http") { next.to_owned() } else { format!("{}{next}", stub.graph()) };
            body["@odata.nextLink"] = json!(link);
        }
        answer(200, body)
    }

    const FIRST: &str = "/v1.0/users?$select=id&$top=2";

    #[tokio::test(start_paused = true)]
    async fn links_are_followed_whole_over_empty_pages_with_their_headers() {
        let stub = Stub::start().await;
        stub.on(FIRST, [page(&stub, &["a", "b"], Some("/v1.0/users?$skiptoken=1%2B+x"))]);
        stub.on("/v1.0/users?$skiptoken=1%2B+x", [page(&stub, &[], Some("/v1.0/users?$skiptoken=2"))]);
        stub.on("/v1.0/users?$skiptoken=2", [page(&stub, &["c"], None)]);
        let (ids, end) = read(&stub).await;
        assert_eq!((ids.join(""), end), ("abc".to_owned(), None));
        for seen in stub.seen() {
            assert_eq!(seen.header("consistencylevel"), Some("eventual"), "{}", seen.path);
            assert!(seen.header("authorization").is_some_and(|v| v.starts_with("Bearer ")));
        }
        let mut request_ids: Vec<_> =
            stub.seen().iter().map(|s| s.header("client-request-id").unwrap().to_owned()).collect();
        request_ids.sort();
        request_ids.dedup();
        assert_eq!(request_ids.len(), 3, "each request has its own id");
    }

    #[tokio::test(start_paused = true)]
    async fn a_link_to_another_host_is_not_asked() {
        let evil = Stub::start().await;
        let stub = Stub::start().await;
        stub.on(FIRST, [page(&stub, &["a"], Some(&format!("{}/v1.0/users?$skiptoken=1", evil.graph())))]);
        let (ids, end) = read(&stub).await;
        let end = end.unwrap();
        assert_eq!((ids.join("").as_str(), end.kind()), ("a", ErrorKind::OtherHost));
        assert!(evil.seen().is_empty(), "nothing was sent to the other host");
        let words = end.to_string();
        assert!(words.contains(stub.graph()) && words.contains(evil.graph()), "{words}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_of_links_ends() {
        let stub = Stub::start().await;
        stub.on(FIRST, [page(&stub, &["a"], Some("/v1.0/users?$skiptoken=1"))]);
        stub.on("/v1.0/users?$skiptoken=1", [page(&stub, &["b"], Some("/v1.0/users?$skiptoken=2"))]);
        stub.on("/v1.0/users?$skiptoken=2", [page(&stub, &["c"], Some("/v1.0/users?$skiptoken=1"))]);
        let (ids, end) = read(&stub).await;
        assert_eq!((ids.join("").as_str(), end.unwrap().code()), ("abc", Some("bad_next_link")));
        assert_eq!(stub.seen().len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_worn_out_page_token_begins_the_chain_again() {
        let expired = || refusal(400, "Directory_ExpiredPageToken", "The specified page token value has expired");
        let stub = Stub::start().await;
        stub.on(
            FIRST,
            [
                page(&stub, &["a"], Some("/v1.0/users?$skiptoken=1")),
                page(&stub, &["a"], Some("/v1.0/users?$skiptoken=1")),
            ],
        );
        stub.on("/v1.0/users?$skiptoken=1", [expired(), page(&stub, &["b"], None)]);
        let (ids, end) = read(&stub).await;
        assert_eq!((ids.join("").as_str(), end), ("ab", None));

        // It does not go on so for ever.
        let stub = Stub::start().await;
        stub.on(FIRST, (0..20).map(|_| page(&stub, &["a"], Some("/v1.0/users?$skiptoken=1"))));
        stub.on("/v1.0/users?$skiptoken=1", (0..20).map(|_| expired()));
        let (_, end) = read(&stub).await;
        assert_eq!(end.unwrap().code(), Some("Directory_ExpiredPageToken"));
        assert_eq!(stub.seen().len(), 12, "the first time and five more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_link_from_a_retried_answer_is_not_trusted() {
        let invalid = || refusal(400, "Request_BadRequest", "The page token is not valid.");
        let stub = Stub::start().await;
        stub.on(FIRST, [page(&stub, &["a"], Some("/v1.0/users?$skiptoken=1"))]);
        // Page 2 fails, and is answered on the second attempt with a token that is no good.
        stub.on(
            "/v1.0/users?$skiptoken=1",
            [
                answer(503, json!(null)),
                page(&stub, &["b"], Some("/v1.0/users?$skiptoken=retry")),
                page(&stub, &["b"], Some("/v1.0/users?$skiptoken=2")),
            ],
        );
        stub.on("/v1.0/users?$skiptoken=retry", [invalid()]);
        stub.on("/v1.0/users?$skiptoken=2", [page(&stub, &["c"], None)]);
        let (ids, end) = read(&stub).await;
        assert_eq!((ids.join("").as_str(), end), ("abbc", None), "page 2 again, not page 1");
    }
}
