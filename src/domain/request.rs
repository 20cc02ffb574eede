//! One request over the network, as the request log keeps it: what was asked, and how it was answered.
//!
//! It has no room for a token, a secret, an assertion or a body, and what pages are told by ([`without_page_tokens`]) is
//! left out. Ids in paths and filters are there: a log is as private as the store beside it.

mod fields;
mod share;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

pub use self::share::{Names, curl, support};

/// Whom it was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    Login,
    Graph,
    JupiterOne,
}

impl Service {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Graph => "graph",
            Self::JupiterOne => "jupiterone",
        }
    }
}

/// One request, sent once: another try is another request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// When it was sent.
    pub at: Timestamp,
    pub service: Service,
    pub method: String,
    /// `https://graph.microsoft.com`.
    pub origin: String,
    pub path: String,
    /// Without page tokens.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// `None`: there was no answer.
    pub status: Option<u16>,
    /// The service's own code, or a word for what happened: `timeout`, `not_json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Resource units, as the answer told them; of a batch those of its items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<u64>,
    /// Milliseconds from sending it to the last byte of its answer.
    pub ms: u32,
    /// 1 is the first.
    pub attempt: u32,
    /// Milliseconds until it is sent again; `None`: it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_in_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// Bytes of the answer's body.
    #[serde(default)]
    pub bytes: u64,
    /// Headers of the request that are not the same for all: `ConsistencyLevel`, `x-ms-throttle-priority`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub asked_with: BTreeMap<String, String>,
    /// Headers of the answer that tell something: see [`is_telling`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What a batch asked for, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
}

/// One read of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// As the batch names it.
    pub id: String,
    pub path: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// `None`: the batch was not answered, or left it out.
    pub status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What it was told to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub attempt: u32,
}

const fn first() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_first(attempt: &u32) -> bool {
    *attempt <= 1
}

/// Longer than this, an answer is worth keeping for its own sake.
const SLOW_MS: u32 = 5_000;
/// Headers longer than this are cut.
const MOST_OF_A_HEADER: usize = 300;

impl Request {
    /// Something that is about to be sent there.
    pub fn new(at: Timestamp, service: Service, method: &str, url: &Url) -> Self {
        let (path, query) = place_of(url);
        Self {
            at,
            service,
            method: method.to_owned(),
            origin: url.origin().ascii_serialization(),
            path,
            query,
            status: None,
            code: None,
            units: None,
            ms: 0,
            attempt: 1,
            again_in_ms: None,
            request_id: None,
            client_request_id: None,
            bytes: 0,
            asked_with: BTreeMap::new(),
            headers: BTreeMap::new(),
            items: Vec::new(),
        }
    }

    /// Path and query.
    pub fn target(&self) -> String {
        joined(&self.path, &self.query)
    }

    /// Keeps the headers that tell something.
    pub fn heard<'a>(&mut self, headers: impl IntoIterator<Item = (&'a str, &'a str)>) {
        for (name, value) in headers {
            if is_telling(name) {
                self.headers.insert(name.to_ascii_lowercase(), value.chars().take(MOST_OF_A_HEADER).collect());
            }
        }
    }

    /// Whether the service took it, or told what was asked for.
    pub fn is_good(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status)) && self.code.is_none()
    }

    /// Whether there is something to be seen in it: it failed, came again, took long, or something in it did.
    pub fn is_eventful(&self) -> bool {
        !self.is_good() || self.attempt > 1 || self.ms >= SLOW_MS || self.items.iter().any(|item| !item.is_plain())
    }

    /// Items of the batch that were not answered with what was asked for.
    pub fn failed_items(&self) -> usize {
        self.items.iter().filter(|item| item.status != Some(200)).count()
    }
}

impl Item {
    pub fn target(&self) -> String {
        joined(&self.path, &self.query)
    }

    fn is_plain(&self) -> bool {
        self.status == Some(200) && self.attempt <= 1
    }
}

fn joined(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Path and query of an address, readable and without page tokens.
pub fn place_of(url: &Url) -> (String, String) {
    (url.path().to_owned(), without_page_tokens(url.query().unwrap_or_default()))
}

/// A query without what pages and rounds of changes are told by: such a text says in the service's own code what it has
/// read, is long, and is good for nobody who may not read it anyway.
pub fn without_page_tokens(query: &str) -> String {
    let part = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let plain = name.replace("%24", "$").to_ascii_lowercase();
        (plain.ends_with("token") && value.len() > "latest".len()).then(|| format!("{name}=…"))
    };
    let parts: Vec<String> = query.split('&').map(|text| part(text).unwrap_or_else(|| readable(text))).collect();
    parts.join("&")
}

/// `%24select=id` is `$select=id`; what would change the meaning stays as it is.
fn readable(part: &str) -> String {
    let mut out = part.to_owned();
    for (coded, plain) in
        [("%24", "$"), ("%27", "'"), ("%2C", ","), ("%2c", ","), ("%28", "("), ("%29", ")"), ("%20", " ")]
    {
        out = out.replace(coded, plain);
    }
    out
}

/// Whether a header of an answer tells something about how it was answered, and nothing about whom.
pub fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    const NAMES: [&str; 11] = [
        "retry-after",
        "date",
        "request-id",
        "client-request-id",
        "content-type",
        "content-length",
        "content-encoding",
        "server",
        "via",
        "x-cache",
        "x-ms-ags-diagnostic",
    ];
    NAMES.contains(&name.as_str())
        || name.starts_with("x-ms-throttle")
        || name.starts_with("x-ms-resource-unit")
        || name.starts_with("ratelimit")
        || name.starts_with("x-ratelimit")
        || name == "x-ms-request-id"
        || name == "jupiterone-correlation-id"
}

/// Which log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Pick {
    /// The one that was begun last.
    #[default]
    Newest,
    /// The one of a run that was begun last.
    Run(super::ids::RunId),
    /// By [`LogInfo::name`].
    Named(String),
}

/// A window onto a request log, the newest request first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestQuery {
    pub log: Pick,
    /// `status:429 path:members ms:>1000`.
    pub filter: String,
    pub offset: u64,
    pub limit: u64,
}

/// Requests of a log, as its filter leaves them.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestRows {
    pub query: RequestQuery,
    /// The logs that are kept, the newest first.
    pub logs: Vec<LogInfo>,
    /// The one that was asked for; `None`: there is none.
    pub log: Option<LogInfo>,
    /// How many the filter leaves.
    pub total: u64,
    /// With their numbers in the log, from 1.
    pub rows: Vec<(u64, Request)>,
    pub filter_problem: Option<String>,
}

/// A request log as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogInfo {
    /// Tells one log from another: what its file is called.
    pub name: String,
    /// What it is of: `collect`, `upload`.
    pub of: String,
    /// The process that writes it, or wrote it.
    pub pid: u32,
    /// When it was begun.
    pub began: Timestamp,
    /// When it was ended; `None`: it is being written, or was cut off.
    pub ended: Option<Timestamp>,
    /// The run that it is of, as soon as that is known.
    pub run: Option<super::ids::RunId>,
    pub sums: Sums,
}

/// What all requests of a log come to, those included that it had no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sums {
    pub requests: u64,
    /// Refused with 429: requests and items of batches.
    pub throttled: u64,
    /// Not answered with what was asked for, for any other reason.
    pub failed: u64,
    /// Sent again.
    pub repeated: u64,
    pub units: u64,
    /// Milliseconds in which everything stood still because the service had asked for it.
    pub stood_still_ms: u64,
    /// Requests that the file had no room for, or that came too fast for it.
    pub dropped: u64,
}

impl Sums {
    pub fn add(&mut self, request: &Request) {
        self.requests += 1;
        self.units += request.units.unwrap_or_default();
        self.repeated += u64::from(request.attempt > 1);
        let mut count = |status: Option<u16>, good: bool| match status {
            Some(429) => self.throttled += 1,
            _ if !good => self.failed += 1,
            _ => {}
        };
        count(request.status, request.is_good());
        request
            .items
            .iter()
            .filter(|_| request.is_good())
            .for_each(|item| count(item.status, item.status == Some(200)));
        self.repeated += request.items.iter().filter(|item| item.attempt > 1 && request.attempt <= 1).count() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_readable_and_without_tokens() {
        let check = |url: &str, want: &str| {
            let url = Url::parse(&format!("https://graph.microsoft.com{url}")).unwrap();
            let (path, query) = place_of(&url);
            assert_eq!(joined(&path, &query), want);
        };
        check("/v1.0/users", "/v1.0/users");
        check("/v1.0/users?$select=id,mail&$top=999", "/v1.0/users?$select=id,mail&$top=999");
        check("/v1.0/users?%24select=id%2Cmail", "/v1.0/users?$select=id,mail");
        check("/v1.0/groups?$filter=id%20in%20('a','b')", "/v1.0/groups?$filter=id in ('a','b')");
        check(
            "/v1.0/users?$select=id&$skiptoken=RFNwdAIAAQAAABc6YWRhQGNvbnRvc28",
            "/v1.0/users?$select=id&$skiptoken=…",
        );
        check("/v1.0/users?%24skiptoken=RFNwdAIAAQAAAB", "/v1.0/users?%24skiptoken=…");
        check("/v1.0/users/delta?$deltatoken=latest", "/v1.0/users/delta?$deltatoken=latest");
        check("/v1.0/users/delta?$deltaToken=zzzzzzzzzzzz&x=1", "/v1.0/users/delta?$deltaToken=…&x=1");
        check("/a?access_token=eyJ0eXAiOiJKV1Qi", "/a?access_token=…");
    }

    #[test]
    fn what_is_kept_of_headers() {
        let url = Url::parse("https://graph.microsoft.com/v1.0/users").unwrap();
        let mut request = Request::new(Timestamp::UNIX_EPOCH, Service::Graph, "GET", &url);
        let long = "x".repeat(1_000);
        request.heard([
            ("Retry-After", "10"),
            ("x-ms-throttle-limit-percentage", "0.9"),
            ("Set-Cookie", "a=b"),
            ("Authorization", "Bearer x"),
            ("WWW-Authenticate", "Bearer realm"),
            ("x-ms-ags-diagnostic", &long),
        ]);
        let names: Vec<&str> = request.headers.keys().map(String::as_str).collect();
        assert_eq!(names, ["retry-after", "x-ms-ags-diagnostic", "x-ms-throttle-limit-percentage"]);
        assert_eq!(request.headers["x-ms-ags-diagnostic"].len(), MOST_OF_A_HEADER);
    }

    #[test]
    fn what_is_eventful() {
        let url = Url::parse("https://graph.microsoft.com/v1.0/$batch").unwrap();
        let item = |status, attempt| Item {
            id: "0".to_owned(),
            path: "/groups".to_owned(),
            query: String::new(),
            status,
            code: None,
            units: None,
            request_id: None,
            retry_after: None,
            attempt,
        };
        let check = |change: &dyn Fn(&mut Request), eventful: bool, sums: [u64; 3]| {
            let mut request = Request::new(Timestamp::UNIX_EPOCH, Service::Graph, "POST", &url);
            request.status = Some(200);
            change(&mut request);
            let mut got = Sums::default();
            got.add(&request);
            assert_eq!(
                (request.is_eventful(), [got.throttled, got.failed, got.repeated]),
                (eventful, sums),
                "{request:?}"
            );
        };
        check(&|_| {}, false, [0, 0, 0]);
        check(&|r| r.items = vec![item(Some(200), 1)], false, [0, 0, 0]);
        check(&|r| r.items = vec![item(Some(200), 2)], true, [0, 0, 1]);
        check(&|r| r.items = vec![item(Some(429), 1), item(None, 1), item(Some(403), 1)], true, [1, 2, 0]);
        check(&|r| r.attempt = 2, true, [0, 0, 1]);
        check(&|r| r.ms = SLOW_MS, true, [0, 0, 0]);
        check(&|r| r.status = Some(429), true, [1, 0, 0]);
        check(&|r| r.status = None, true, [0, 1, 0]);
        check(&|r| r.code = Some("not_json".to_owned()), true, [0, 1, 0]);
    }
}
