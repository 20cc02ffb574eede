//! Chains of pages: the whole nextLink, as it is, until there is none.
//!
//! An empty page goes on. A link whose answer came only after a failed or refused attempt is not to be trusted (the "retry trap",
//! facts: graph.md §2): its page is asked for again, until it is answered at once. A page token that the service does not
//! know any more sends the chain back: to the link before, when that could not be trusted, else to its first page; at
//! most five times. A chain that leads back into itself ends with an error, and so does a link to another origin, which
//! is never asked.
//!
//! A chain of changes ends with a deltaLink, and with nothing else. It never begins again by itself: what was applied of
//! it is applied, and whether to read everything instead is for others to decide.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tokio_util::bytes::Bytes;
use url::Url;

use super::{
    Get, GraphClient,
    decode::{self, Undecodable},
    error::GraphError,
    send::{self, Answer, Call},
};
use crate::domain::progress::Level;

/// How often a chain may go back.
const MOST_RESTARTS: u32 = 5;

/// Pages in a row that may bring nothing new.
const MOST_BARREN: u64 = 50;
/// The same, where many may.
const MOST_BARREN_OF_MANY: u64 = 10_000;

/// How often a page is asked for again because its link is not to be trusted.
pub(super) const MOST_DOUBTS: u32 = 3;

/// One page: its objects as the service sent them, or as the caller wants them.
#[derive(Debug)]
pub struct Page<T = Box<RawValue>> {
    pub objects: Vec<T>,
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
#[serde(bound = "T: Deserialize<'de>")]
pub(super) struct Body<T> {
    value: Vec<T>,
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
    kind: Kind,
    first: Get,
    next: Step,
    /// The step whose answer gave `next`, and whether that answer is not to be trusted.
    came_from: Option<(Step, bool)>,
    followed: HashSet<u64>,
    restarts: u32,
    /// Pages that were read.
    read: u64,
    /// Pages in a row that brought nothing new.
    barren: u64,
    /// How many more pages may repeat what is known because the chain went back.
    repeats: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Ends without a link.
    List,
    /// Ends with a deltaLink.
    Delta,
}

#[derive(Clone)]
enum Step {
    First,
    Link(String),
    End,
}

impl Pages {
    pub(super) fn new(client: GraphClient, first: Get) -> Self {
        let (kind, next) = (Kind::List, Step::First);
        Self {
            client,
            kind,
            first,
            next,
            came_from: None,
            followed: HashSet::new(),
            restarts: 0,
            read: 0,
            barren: 0,
            repeats: 0,
        }
    }

    /// A chain of changes.
    pub(super) fn delta(client: GraphClient, first: Get) -> Self {
        Self { kind: Kind::Delta, ..Self::new(client, first) }
    }

    /// A chain of changes that begins with a stored link.
    pub(super) fn of_link(client: GraphClient, link: String) -> Self {
        // Never asked itself; its path is for the words.
        let first = Get::new(&Url::parse(&link).map(|u| u.path().to_owned()).unwrap_or_default());
        Self::delta(client, first).resumed(Some(link))
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

    /// Whether there is no next page.
    pub fn is_over(&self) -> bool {
        matches!(self.next, Step::End)
    }

    /// The next page; `None` behind the last.
    ///
    /// # Errors
    ///
    /// As Graph refuses, after all retries and restarts. The chain is over then.
    pub async fn next(&mut self) -> Result<Option<Page>, GraphError> {
        self.next_as().await
    }

    /// As [`Pages::next`], with the objects as `T` ([`super::MemberItem`]).
    ///
    /// # Errors
    ///
    /// As [`Pages::next`]; also when an object is no `T`.
    pub async fn next_as<T: DeserializeOwned>(&mut self) -> Result<Option<Page<T>>, GraphError> {
        let mut again = Again::No;
        loop {
            let step = std::mem::replace(&mut self.next, Step::End);
            let url = match &step {
                Step::End => return Ok(None),
                Step::First => self.client.sender.url_of(&self.first),
                Step::Link(link) => {
                    if !self.followed.insert(hash(link)) {
                        return Err(self.bad_link("the pages lead back to a page that was read already"));
                    }
                    Url::parse(link).map_err(|_| self.bad_link("the link to the next page is no URL"))?
                }
            };
            match self.trusted(url).await {
                Ok(Answer { value: body, retried, .. }) => {
                    self.next = body.next_link.clone().map_or(Step::End, Step::Link);
                    self.came_from = Some((step, retried));
                    self.read += 1;
                    return Ok(Some(Page { again, ..Page::of(body) }));
                }
                Err(error)
                    if error.is_page_token() && matches!(step, Step::Link(_)) && self.restarts < MOST_RESTARTS =>
                {
                    // A token from a retried answer: the link before is still good, and gives a new one.
                    let back = match self.came_from.take() {
                        Some((before @ Step::Link(_), true)) => before,
                        _ if self.kind == Kind::Delta => return Err(error),
                        _ => Step::First,
                    };
                    self.restarts += 1;
                    self.repeats = self.read;
                    self.followed.clear();
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

    /// Whether the last page brought anything that no page before it had. Links that are new each time lead round for ever
    /// all the same.
    ///
    /// # Errors
    ///
    /// When nothing new has come for so many pages that nothing will: the chain is over then. Some may be empty, and a
    /// chain that went back repeats itself.
    pub fn brought(&mut self, news: bool) -> Result<(), GraphError> {
        if self.repeats > 0 {
            self.repeats -= 1;
            return Ok(());
        }
        self.barren = if news { 0 } else { self.barren + 1 };
        let most = match self.kind {
            // A cast or a filter may leave nothing of page after page.
            Kind::List if self.is_narrowed() => MOST_BARREN_OF_MANY,
            Kind::List => MOST_BARREN,
            // The same group comes on many pages (facts: graph.md §3.3).
            Kind::Delta => MOST_BARREN_OF_MANY,
        };
        if self.barren < most {
            return Ok(());
        }
        self.next = Step::End;
        Err(self.bad_link(&format!("{most} pages in a row brought nothing new, and there is always another one")))
    }

    fn is_narrowed(&self) -> bool {
        let path = self.first.path();
        path.contains("/microsoft.graph.") || path.contains("$filter=")
    }

    /// A page whose link can be trusted, if it can be had.
    async fn trusted<T: DeserializeOwned>(&self, url: Url) -> Result<Answer<Body<T>>, GraphError> {
        let mut answer = self.fetch(url.clone()).await?;
        for _ in 0..MOST_DOUBTS {
            if !answer.retried || !answer.value.has_link() {
                return Ok(answer);
            }
            self.client.sender.wire.retried();
            // What is here already is better than nothing.
            let Ok(better) = self.fetch(url.clone()).await else { break };
            answer = better;
        }
        if answer.retried && answer.value.has_link() {
            let line = format!("{}: the link to the next page came from a request that was retried", self.what());
            self.client.sender.log(Level::Warning, line, None);
        }
        Ok(answer)
    }

    async fn fetch<T: DeserializeOwned>(&self, url: Url) -> Result<Answer<Body<T>>, GraphError> {
        let call = Call { what: self.what(), ..self.client.sender.call_to(&self.first, url) };
        let decode = |body: &Bytes| {
            let body = decode::json::<Body<T>>(body)?;
            body.check(self.kind).map(|()| body)
        };
        self.client.sender.call(&call, self.client.patience, decode).await
    }

    fn what(&self) -> String {
        send::reading(&self.client.sender.url_of(&self.first))
    }

    fn bad_link(&self, why: &str) -> GraphError {
        GraphError::bad_link(&self.what(), why)
    }
}

impl<T> Body<T> {
    /// A page of changes has one link, and only one (facts: graph.md §3.2): with none, nobody knows whether it was the
    /// last, nor where the next round would begin.
    fn check(&self, kind: Kind) -> Result<(), Undecodable> {
        match (kind, &self.next_link, &self.delta_link) {
            (Kind::Delta, None, None) => Err(Undecodable::Shape("neither a nextLink nor a deltaLink".to_owned())),
            (Kind::Delta, Some(_), Some(_)) => Err(Undecodable::Shape("a nextLink and a deltaLink".to_owned())),
            _ => Ok(()),
        }
    }

    fn has_link(&self) -> bool {
        self.next_link.is_some() || self.delta_link.is_some()
    }
}

impl<T> Page<T> {
    pub(super) fn of(body: Body<T>) -> Self {
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
        stub::{Answer, ORIGIN, Stub, TestClock, answer, refusal},
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

    fn page(stub: &Stub, ids: &[&str], next: Option<&str>) -> Answer {
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

    /// A link that was made for a retried request leads to an error, or to the end of the list.
    #[tokio::test(start_paused = true)]
    async fn a_link_from_a_retried_answer_is_not_trusted() {
        let second = |stub: &Stub, token: &str| page(stub, &["b"], Some(&format!("/v1.0/users?$skiptoken={token}")));
        let check = async |seconds: &[Option<&str>], poisoned: Answer, want: &str, requests: usize| {
            let stub = Stub::start().await;
            stub.on(FIRST, [page(&stub, &["a"], Some("/v1.0/users?$skiptoken=1"))]);
            let answers = seconds.iter().map(|token| match token {
                Some(token) => second(&stub, token),
                None => answer(503, json!(null)),
            });
            stub.on("/v1.0/users?$skiptoken=1", answers);
            stub.on("/v1.0/users?$skiptoken=retry", [poisoned]);
            stub.on("/v1.0/users?$skiptoken=2", [page(&stub, &["c"], None)]);
            let (ids, end) = read(&stub).await;
            assert_eq!((ids.join("").as_str(), end, stub.seen().len()), (want, None, requests), "{seconds:?}");
        };
        let error = || refusal(400, "DirectoryPageTokenNotFoundException", "The page token was not found.");
        let short = || answer(200, json!({ "value": [] }));
        for poisoned in [error(), short()] {
            check(&[None, Some("retry"), Some("2")], poisoned.clone(), "abc", 5).await;
            // Asked again, it failed again.
            check(&[None, Some("retry"), None, Some("retry"), Some("2")], poisoned, "abc", 7).await;
        }
        // Three times in vain: what there is is followed, and back from it by the page before.
        let vain = [None, Some("retry")].repeat(4);
        check(&[vain.clone(), vec![Some("2")]].concat(), error(), "abbc", 12).await;
        // Asking again was refused altogether: the same.
        let stub = Stub::start().await;
        stub.on(FIRST, [answer(503, json!(null)), page(&stub, &["a"], Some("/v1.0/users?$skiptoken=2"))]);
        stub.on("/v1.0/users?$skiptoken=2", [page(&stub, &["b"], None)]);
        assert_eq!(read(&stub).await, (vec!["a".to_owned(), "b".to_owned()], None));
        // Throttled, or with an old token: nobody says that such a request is no retried one.
        for status in [429, 401] {
            let stub = Stub::start().await;
            let first = |token: &str| page(&stub, &["a"], Some(&format!("/v1.0/users?$skiptoken={token}")));
            stub.on(FIRST, [answer(status, json!(null)), first("retry"), first("2")]);
            stub.on("/v1.0/users?$skiptoken=retry", [page(&stub, &[], None)]);
            stub.on("/v1.0/users?$skiptoken=2", [page(&stub, &["b"], None)]);
            assert_eq!(read(&stub).await, (vec!["a".to_owned(), "b".to_owned()], None));
            assert_eq!(stub.seen().len(), 4, "{status}");
        }
    }

    /// Each link is another one, and they lead nowhere.
    #[tokio::test(start_paused = true)]
    async fn pages_without_end() {
        let check = async |first: &str, want: u64| {
            let stub = Stub::start().await;
            let origin = stub.graph().to_owned();
            let turn = std::sync::atomic::AtomicU64::new(0);
            stub.handle(move |_| {
                let n = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let next = format!("{origin}/v1.0/users?$skiptoken={n}");
                Some(answer(200, json!({ "value": [{ "id": (n % 3).to_string() }], "@odata.nextLink": next })))
            });
            let clock = TestClock::new("2026-11-22T10:00:00Z");
            let mut pages = stub.client(&clock).pages(Get::new(first));
            let mut seen = HashSet::new();
            let error = loop {
                let page = pages.next().await.unwrap().unwrap();
                let new = page.objects.iter().filter(|o| seen.insert(o.get().to_owned())).count() > 0;
                if let Err(error) = pages.brought(new) {
                    break error;
                }
            };
            assert!(error.is_bad_link() && error.code() == Some("bad_next_link"), "{error}");
            assert_eq!(stub.seen().len() as u64, 3 + want);
            assert!(matches!(pages.next().await, Ok(None)));
        };
        check("/v1.0/users?$select=id", MOST_BARREN).await;

        // Chains that went back repeat as much as they had read.
        let stub = Stub::start().await;
        let mut pages = stub.client(&TestClock::new("2026-11-22T10:00:00Z")).pages(Get::new(FIRST));
        pages.repeats = 100;
        for _ in 0..100 + MOST_BARREN - 1 {
            pages.brought(false).unwrap();
        }
        pages.brought(true).unwrap();
        assert_eq!((pages.barren, pages.repeats), (0, 0));
        let cast = Get::new("/v1.0/groups/x/members/microsoft.graph.servicePrincipal?$select=id");
        let mut pages = stub.client(&TestClock::new("2026-11-22T10:00:00Z")).pages(cast);
        (0..MOST_BARREN * 2).for_each(|_| pages.brought(false).unwrap());
    }

    const DELTA: &str = "/v1.0/groups/delta?$deltatoken=t1";

    /// What a chain of changes that begins with the stored [`DELTA`] link comes to: ids, the deltaLink, the error.
    async fn changes(stub: &Stub) -> (String, Option<String>, Option<GraphError>) {
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let mut pages = stub.client(&clock).changes(format!("{}{DELTA}", stub.graph()));
        drain(&mut pages).await
    }

    async fn drain(pages: &mut Pages) -> (String, Option<String>, Option<GraphError>) {
        let (mut ids, mut link) = (String::new(), None);
        loop {
            match pages.next_as::<crate::graph::MemberItem>().await {
                Ok(Some(page)) => {
                    assert_ne!(page.again, Again::Chain, "never from its beginning");
                    ids.extend(page.objects.iter().map(|o| o.id.to_string()));
                    link = page.delta_link;
                }
                Ok(None) => return (ids, link, None),
                Err(error) => return (ids, link, Some(error)),
            }
        }
    }

    fn delta_page(ids: &[&str], links: &[(&str, &str)]) -> Answer {
        let value: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
        let mut body = json!({ "value": value });
        for (name, path) in links {
            body[format!("@odata.{name}")] = json!(format!("{ORIGIN}{path}"));
        }
        answer(200, body)
    }

    #[tokio::test(start_paused = true)]
    async fn changes_end_with_a_delta_link_and_nothing_else() {
        let next = ("nextLink", "/v1.0/groups/delta?$skiptoken=s1");
        let last = ("deltaLink", "/v1.0/groups/delta?$deltatoken=t2");
        let check = async |first: Answer, second: Option<Answer>, want: (&str, bool, Option<ErrorKind>)| {
            let stub = Stub::start().await;
            stub.on(DELTA, [first]);
            stub.on(next.1, second);
            let (ids, link, error) = changes(&stub).await;
            assert_eq!((ids.as_str(), link.is_some(), error.map(|e| e.kind())), want);
            if let Some(link) = link {
                assert_eq!(link, format!("{}{}", stub.graph(), last.1));
            }
        };
        check(delta_page(&[], &[last]), None, ("", true, None)).await;
        check(delta_page(&["a"], &[next]), Some(delta_page(&["b"], &[last])), ("ab", true, None)).await;
        check(delta_page(&[], &[next]), Some(delta_page(&["b"], &[last])), ("b", true, None)).await;
        check(delta_page(&["a"], &[]), None, ("", false, Some(ErrorKind::Shape))).await;
        check(delta_page(&["a"], &[next]), Some(delta_page(&["b"], &[])), ("a", false, Some(ErrorKind::Shape))).await;
        check(delta_page(&["a"], &[next, last]), None, ("", false, Some(ErrorKind::Shape))).await;
        check(delta_page(&["a"], &[next]), Some(delta_page(&["b"], &[next])), ("ab", false, Some(ErrorKind::BadLink)))
            .await;
        let elsewhere = answer(200, json!({ "value": [], "@odata.nextLink": "https://evil.example/v1.0/x" }));
        check(elsewhere, None, ("", false, Some(ErrorKind::OtherHost))).await;
        // A large group makes the gateway give up now and then.
        let stub = Stub::start().await;
        stub.on(DELTA, [answer(502, json!(null)), delta_page(&["a"], &[last]), delta_page(&["a"], &[last])]);
        assert_eq!(changes(&stub).await.0, "a");
        assert_eq!(stub.seen().len(), 3, "the link of a retried answer is not trusted here either");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stored_link_to_another_host_is_not_asked() {
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let (stub, evil) = (Stub::start().await, Stub::start().await);
        for (link, kind) in
            [(format!("{}{DELTA}", evil.graph()), ErrorKind::OtherHost), ("/v1.0/x".to_owned(), ErrorKind::BadLink)]
        {
            let (_, _, error) = drain(&mut stub.client(&clock).changes(link)).await;
            assert_eq!(error.unwrap().kind(), kind);
        }
        assert!(stub.seen().is_empty() && evil.seen().is_empty() && stub.tokens_asked() == 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_chain_of_changes_does_not_begin_again() {
        let next = ("nextLink", "/v1.0/groups/delta?$skiptoken=s1");
        let check = async |refusal: Answer, is_delta_gone: bool, is_page_token: bool| {
            for at_once in [true, false] {
                let stub = Stub::start().await;
                stub.on(DELTA, if at_once { [refusal.clone()] } else { [delta_page(&["a"], &[next])] });
                stub.on(next.1, [refusal.clone()]);
                let (_, _, error) = changes(&stub).await;
                let error = error.unwrap();
                assert_eq!((error.is_delta_gone(), error.is_page_token()), (is_delta_gone, is_page_token), "{error}");
                assert_eq!(stub.seen().len(), if at_once { 1 } else { 2 }, "{error}");
            }
        };
        check(refusal(410, "Gone", ""), true, false).await;
        check(answer(410, json!(null)), true, false).await;
        check(refusal(410, "resyncRequired", ""), true, false).await;
        check(refusal(400, "SyncStateNotFound", "The sync state generation is not found."), true, false).await;
        check(refusal(400, "syncStateNotFound", ""), true, false).await;
        check(refusal(400, "ResyncRequired", ""), true, false).await;
        let old = "DeltaLink older than 30 days is not supported.";
        check(refusal(400, "Request_UnsupportedQuery", old), true, false).await;
        let nested = json!({ "error": { "code": "BadRequest", "message": "The delta token is expired.",
            "innerError": { "code": "syncStateNotFound" } } });
        check(answer(400, nested), true, false).await;
        check(refusal(400, "Directory_ExpiredPageToken", ""), false, true).await;
        check(refusal(400, "Request_BadRequest", "The page token is not valid."), false, true).await;
        check(refusal(400, "Request_BadRequest", "Something else."), false, false).await;
        check(refusal(403, "Authorization_RequestDenied", ""), false, false).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_chain_of_changes_begins_with_a_request_or_is_resumed() {
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let stub = Stub::start().await;
        let latest = "/v1.0/users/delta?$deltatoken=latest&$select=id,displayName";
        let last = ("deltaLink", "/v1.0/users/delta?$deltatoken=t1");
        stub.on(latest, [delta_page(&[], &[last])]);
        let client = stub.client(&clock);
        let (ids, link, error) = drain(&mut client.delta(Get::new(latest))).await;
        assert_eq!((ids.as_str(), link.is_some(), error), ("", true, None));
        stub.on("/v1.0/users/delta?$skiptoken=5", [delta_page(&["e"], &[last])]);
        let resumed = format!("{}/v1.0/users/delta?$skiptoken=5", stub.graph());
        let mut pages = client.delta(Get::new("/v1.0/users/delta?$select=id")).resumed(Some(resumed));
        assert_eq!(drain(&mut pages).await.0, "e");
    }
}
