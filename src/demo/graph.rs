//! Microsoft Graph, as far as a directory reader asks it: authentication, routes, and the form of every answer.
//!
//! Where facts/graph.md says how the service behaves, so does this, what hurts included. It only reads, and throttles
//! only where a scenario says so.

mod batch;
mod cost;
mod delta;
mod filter;
mod page;
mod query;
mod resources;
mod select;

use axum::http::Method;
use serde_json::json;

use super::{
    answer::{Answer, Content},
    credentials::Verdict,
    faults,
    record::Service,
    scenario::{BatchServed, Follows, Route, What},
    seed::Kind,
    world::{Asked, World},
};

const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// Requests that name `signInActivity`, in ten seconds (facts/graph.md §1.1).
const SIGN_INS: f64 = 5.0;

/// The app that asks, by what it may read.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    roles: Vec<String>,
}

impl Caller {
    fn has(&self, any: &[&str]) -> bool {
        self.roles.iter().any(|r| any.contains(&r.as_str()))
    }

    pub fn reads_directory(&self) -> bool {
        self.has(&["Directory.Read.All"])
    }

    pub fn reads_organization(&self) -> bool {
        self.reads_directory() || self.has(&["Organization.Read.All"])
    }

    /// Whether the properties of such objects are open to it (facts/graph.md §8.2).
    pub fn reads(&self, kind: Kind) -> bool {
        self.reads_directory()
            || self.has(match kind {
                Kind::User | Kind::Ghost => &["User.Read.All"],
                Kind::Group => &["Group.Read.All", "GroupMember.Read.All"],
                Kind::Contact => &["OrgContact.Read.All"],
                Kind::Device => &["Device.Read.All"],
                Kind::ServicePrincipal => &["Application.Read.All"],
                Kind::Agent => &[],
            })
    }

    pub fn reads_hidden(&self) -> bool {
        self.has(&["Member.Read.Hidden"])
    }
}

/// A refusal in the making: status, code, message.
#[derive(Debug)]
pub struct Refusal(pub u16, pub &'static str, pub String);

impl Refusal {
    fn denied() -> Self {
        Self(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.".to_owned())
    }

    fn not_found(id: &str) -> Self {
        let words =
            format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
        Self(404, "Request_ResourceNotFound", words)
    }

    /// Facts, §2: what follows the link of a retried request.
    fn lost_page() -> Self {
        let words = "The specified page token was not found.".to_owned();
        Self(400, "DirectoryPageTokenNotFoundException", words)
    }

    fn expired_page() -> Self {
        let words =
            "The specified page token value has expired and can no longer be included in your request.".to_owned();
        Self(400, "Directory_ExpiredPageToken", words)
    }

    fn unsupported(words: impl Into<String>) -> Self {
        Self(400, "Request_UnsupportedQuery", words.into())
    }

    fn bad(words: impl Into<String>) -> Self {
        Self(400, "Request_BadRequest", words.into())
    }
}

/// Answers a whole request, and names the fault that hit it.
pub fn serve(world: &World, asked: &Asked<'_>, number: u64) -> (Answer, Option<&'static str>) {
    let caller = match authenticate(world, asked) {
        Ok(caller) => caller,
        Err(refusal) => return (finish(world, asked, refusal), None),
    };
    if asked.body.len() > 4 << 20 {
        return (error(world, asked, 413, "RequestEntityTooLarge", "The request body is too large."), None);
    }
    let is_batch = matches!(&asked.segments[..], [version, last] if is_version(version) && last == "$batch");
    if !is_batch {
        return item(world, &caller, asked);
    }
    match world.scenario.batch {
        BatchServed::Yes => {}
        served => {
            let status = if served == BatchServed::Missing { 404 } else { 400 };
            let words = "Resource not found for the segment '$batch'.";
            return (finish(world, asked, error(world, asked, status, "BadRequest", words)), None);
        }
    }
    let fault = world.scenario.fault(Route::Batch, Follows::Nothing);
    if fault.as_ref().is_some_and(must_be_retried) {
        batch::fail(world, asked);
    }
    let instead = fault.as_ref().and_then(|what| faults::instead(world, Service::Graph, what, asked));
    let answer = instead.unwrap_or_else(|| batch::answer(world, &caller, asked, number));
    let answer = match &fault {
        Some(what) => faults::spoil(answer, what),
        None => answer,
    };
    (finish(world, asked, answer), fault.map(|w| w.name()))
}

fn is_version(segment: &str) -> bool {
    segment == "v1.0" || segment == "beta"
}

/// Answers a request that is no batch, or an item of one.
fn item(world: &World, caller: &Caller, asked: &Asked<'_>) -> (Answer, Option<&'static str>) {
    let request = resources::Request::read(asked);
    let (refused, percentage) = charge(world, asked, &request);
    if let Some(refused) = refused {
        return (tell(finish(world, asked, refused), percentage), Some("quota"));
    }
    let route = resources::route(&request.asks);
    let query = asked.query();
    let follows = if query.contains("skiptoken=") {
        Follows::NextLink
    } else if query.contains("deltatoken=") && !query.contains("deltatoken=latest") {
        Follows::DeltaLink
    } else {
        Follows::Nothing
    };
    let fault = world.scenario.fault(route, follows);
    let retried = world.is_retried(&asked.target, fault.as_ref().is_some_and(must_be_retried));
    let instead = fault.as_ref().and_then(|what| faults::instead(world, Service::Graph, what, asked));
    let answer = instead.unwrap_or_else(|| {
        resources::answer(world, caller, asked, request, fault.as_ref(), retried)
            .unwrap_or_else(|Refusal(status, code, words)| error(world, asked, status, code, &words))
    });
    let answer = match &fault {
        Some(what) => faults::spoil(answer, what),
        None => answer,
    };
    (tell(finish(world, asked, answer), percentage), fault.map(|w| w.name()))
}

/// Whether a client whose request fails so must send it again.
fn must_be_retried(what: &What) -> bool {
    matches!(what, What::Cut | What::Truncated | What::Unavailable { .. } | What::Html { .. })
}

/// The refusal of a request that exceeds what the app may use, and the share in use where it is worth telling.
fn charge(world: &World, asked: &Asked<'_>, request: &resources::Request<'_>) -> (Option<Answer>, Option<f64>) {
    let refuse = |wait: std::time::Duration| {
        faults::wait(world, throttled(world), world.scenario.quota_retry_after, wait.as_secs_f64())
    };
    let Some(limit) = world.quota() else { return (None, None) };
    if request.asks_sign_ins() {
        let charge = world.sign_ins.charge(SIGN_INS, 1.0, false);
        if let Some(wait) = charge.wait {
            return (Some(refuse(wait)), None);
        }
    }
    let low = asked.header("x-ms-throttle-priority").is_some_and(|p| p.trim().eq_ignore_ascii_case("low"));
    let charge = world.units.charge(f64::from(limit), f64::from(request.price()), low);
    (charge.wait.map(refuse), charge.percentage)
}

/// How much of the limit is in use, on answers and on items of batches (facts/graph.md §1.3).
fn tell(answer: Answer, percentage: Option<f64>) -> Answer {
    match percentage {
        Some(share) => answer.header("x-ms-throttle-limit-percentage", format!("{share:.2}")),
        None => answer,
    }
}

fn authenticate(world: &World, asked: &Asked<'_>) -> Result<Caller, Answer> {
    let refuse = |words: &str| {
        error(world, asked, 401, "InvalidAuthenticationToken", words).header(
            "www-authenticate",
            "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
             client_id=\"00000003-0000-0000-c000-000000000000\"",
        )
    };
    match asked.bearer().filter(|t| !t.is_empty()) {
        None => Err(refuse("Access token is empty.")),
        Some(token) => match world.tokens.judge(token, world.now().as_second()) {
            Verdict::Good(roles) => Ok(Caller { roles }),
            Verdict::Expired => Err(refuse("Lifetime validation failed, the token is expired.")),
            Verdict::Unknown if token.split('.').count() == 3 => {
                Err(refuse("Access token validation failure. Invalid audience."))
            }
            Verdict::Unknown => Err(refuse("CompactToken parsing failed with error code: 80049217")),
        },
    }
}

/// The documented envelope around a code and its message (facts/graph.md §6.1).
pub fn error(world: &World, asked: &Asked<'_>, status: u16, code: &str, message: &str) -> Answer {
    let request = world.fresh_guid("request");
    let client = asked.header("client-request-id").unwrap_or(&request).to_owned();
    let date = world.now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let body = json!({ "error": {
        "code": code,
        "message": message,
        "innerError": { "date": date, "request-id": request, "client-request-id": client },
    } });
    Answer::json(status, body).header("request-id", request)
}

/// 429 in the documented words (facts/graph.md §1.4).
pub fn throttled(world: &World) -> Answer {
    let request = world.fresh_guid("request");
    let date = world.now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let body = json!({ "error": {
        "code": "TooManyRequests",
        "innerError": {
            "code": "429", "date": date, "message": "Please retry after", "request-id": request, "status": "429",
        },
        "message": "Please retry again later.",
    } });
    let app = &world.apps[0].client_id;
    Answer::json(429, body)
        .header("request-id", request)
        .header("x-ms-throttle-scope", format!("Tenant_Application/ReadWrite/{app}/{}", world.tenant().id()))
        .header("x-ms-throttle-information", "ResourceUnitLimitExceeded")
}

/// The headers that every answer of Graph carries.
fn finish(world: &World, asked: &Asked<'_>, mut answer: Answer) -> Answer {
    if matches!(answer.content, Content::Text("text/html", _)) {
        return answer;
    }
    if !answer.headers.iter().any(|(n, _)| *n == "request-id") {
        answer = answer.header("request-id", world.fresh_guid("request"));
    }
    let request = answer.headers.iter().find(|(n, _)| *n == "request-id").map(|(_, v)| v.clone()).unwrap_or_default();
    let client = asked.header("client-request-id").map_or(request, str::to_owned);
    answer = answer.header("client-request-id", client);
    if answer.status < 300 {
        answer = answer.header("odata-version", "4.0");
        if matches!(answer.content, Content::Json(_) | Content::Raw(_)) {
            answer = answer.header("content-type", JSON);
        }
    }
    if answer.units > 0 {
        let units = answer.units.to_string();
        answer = answer.header("x-ms-resource-unit", units);
    }
    answer.header("cache-control", "no-cache").header(
        "x-ms-ags-diagnostic",
        "{\"ServerInfo\":{\"DataCenter\":\"North Europe\",\"Slice\":\"E\",\"Ring\":\"4\",\"ScaleUnit\":\"000\",\
         \"RoleInstance\":\"AGSFE_IN_33\"}}",
    )
}

/// Whether a method only reads; anything else is refused on a route that only reads.
fn only(method: &Method, allowed: &Method) -> Result<(), Refusal> {
    if method == allowed {
        Ok(())
    } else {
        let words = "Specified HTTP method is not allowed for the request target.".to_owned();
        Err(Refusal(405, "Request_BadRequest", words))
    }
}

/// A fault that changes a page rather than the request.
fn page_fault(fault: Option<&What>) -> Option<&What> {
    fault.filter(|w| matches!(w, What::EvilNextLink | What::LoopNextLink | What::EmptyPage | What::Duplicates))
}
