//! Scenarios: what a demo tenant is like and what goes wrong in it, as data in `assets/scenarios/*.toml`.
//!
//! Traits of the tenant and the app (permissions, page sizes, what is hidden) hold for every request; faults hit some
//! requests of a route, counted from the server's start, so that a run is repeatable.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;

/// One scenario, as its file has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    /// One line for people.
    pub description: String,
    pub users: Option<u32>,
    pub groups: Option<u32>,
    /// How long each request takes.
    pub latency_ms: Option<u64>,
    /// And how much longer for each object in its answer.
    #[serde(default)]
    pub object_latency_us: u64,
    #[serde(default = "token_lifetime")]
    pub token_lifetime_s: i64,
    /// The token is no JWT: nobody but Graph can read it.
    #[serde(default)]
    pub opaque_token: bool,
    /// The application permissions that an administrator consented to.
    #[serde(default = "roles")]
    pub roles: Vec<String>,
    /// Tokens have no roles until so many were given: an administrator takes that long to consent.
    #[serde(default)]
    pub consent_after_tokens: u64,
    /// What a group of hidden membership answers without `Member.Read.Hidden`; the facts do not say which.
    #[serde(default)]
    pub hidden: Hidden,
    /// No page holds more than this; the service may always send less than was asked for.
    pub page_limit: Option<u32>,
    /// Every so many groups vanish between the list and their members: 404.
    pub vanishing_every: Option<u32>,
    /// `getByIds` leaves every so many objects out, though they exist.
    pub by_ids_omits_every: Option<u32>,
    /// `getByIds` answers without some selected properties (facts/graph.md §1.2: a known issue).
    #[serde(default)]
    pub by_ids_lacks_properties: bool,
    /// Resource units per ten seconds, for the app in the tenant; none is no limit.
    pub quota_units: Option<u32>,
    /// A quota by the tenant's size instead (facts/graph.md §1.1).
    pub quota: Option<Quota>,
    /// How a request beyond the quota is told how long to wait.
    #[serde(default)]
    pub quota_retry_after: RetryAfter,
    /// So many of a hundred groups that are no specimens have more than twenty members.
    pub large_groups_percent: Option<u32>,
    /// The tenant takes a step when so many requests of Graph were answered, batches counted as one.
    #[serde(default)]
    pub moves_after: Vec<u64>,
    /// The next page's link of a request that was asked again after it failed leads nowhere (facts/graph.md §2).
    #[serde(default)]
    pub retried_links_die: bool,
    /// Pages after the first of a filtered list need the advanced query parameters (facts/graph.md §2, observed).
    #[serde(default)]
    pub filtered_chains_expire: bool,
    /// Totals differ from the lists by so many.
    #[serde(default)]
    pub count_drift: i64,
    /// The answers' `Date` is so far from the clock, in seconds.
    #[serde(default)]
    pub date_skew_s: i64,
    /// And so far the times in the tokens.
    #[serde(default)]
    pub token_skew_s: i64,
    #[serde(default)]
    pub batch: BatchServed,
    #[serde(default)]
    pub expand: ExpandServed,
    /// How many members `$expand` shows at most, and marks nothing (facts/graph.md §2, §15).
    #[serde(default = "twenty")]
    pub expand_cap: u32,
    /// Whether `$expand=members` shows service principals; the facts do not say.
    #[serde(default = "yes")]
    pub expand_shows_service_principals: bool,
    /// Service principals are left out of what the cap let through, so that a cut list is shorter than the cap.
    #[serde(default)]
    pub expand_cuts_first: bool,
    /// A filter of several ids with `$expand` leaves every so many groups out, though they exist.
    pub expand_omits_every: Option<u32>,
    /// `$expand` shows four fifths of the members of every so many groups.
    pub expand_loses_members: Option<u32>,
    /// No delta query, as in tenants of Azure AD B2C.
    #[serde(default = "yes")]
    pub delta: bool,
    /// Whether `members@delta` names service principals; the facts do not say.
    #[serde(default = "yes")]
    pub delta_shows_service_principals: bool,
    /// A round begins with what the round before ended with.
    #[serde(default)]
    pub delta_replays: bool,
    #[serde(default = "week")]
    pub delta_lifetime_s: i64,
    /// The form in which a delta token that is too old is refused.
    #[serde(default)]
    pub delta_expiry: DeltaExpiry,
    /// How long a finalized job stays in each status on its way.
    #[serde(default = "finalize_stage")]
    pub finalize_stage_ms: u64,
    /// A finalized job ends in `ERROR_BAD_DATA` and changes nothing.
    #[serde(default)]
    pub job_fails: bool,
    /// JupiterOne refuses bodies of more bytes, with 413; else beyond 6 MB.
    pub most_bytes: Option<usize>,
    /// Somebody aborts a job when so many bodies of it have arrived.
    pub job_closes_after: Option<u64>,
    /// JupiterOne takes compressed bodies; whether it does from keys like ours is not known.
    #[serde(default)]
    pub takes_gzip: bool,
    /// The JupiterOne key is a person's, which may read the graph and knows other instances.
    #[serde(default)]
    pub user_key: bool,
    /// So many questions of GraphQL a minute, with the headers that tell it; else as many as one likes.
    pub questions_a_minute: Option<u32>,
    /// A page of the graph takes longer than a request may: its answer is only given deferred.
    #[serde(default)]
    pub graph_is_slow: bool,
    /// Of what a target holds, the last page is never told.
    #[serde(default)]
    pub graph_loses_a_page: bool,
    /// The account holds so many `azure_user` entities of another integration.
    #[serde(default)]
    pub azure_users: u64,
    #[serde(default, rename = "fault")]
    pub faults: Vec<Fault>,
}

fn token_lifetime() -> i64 {
    3600
}

fn roles() -> Vec<String> {
    vec!["Directory.Read.All".to_owned(), "Member.Read.Hidden".to_owned()]
}

const fn yes() -> bool {
    true
}

const fn finalize_stage() -> u64 {
    300
}

const fn twenty() -> u32 {
    20
}

const fn week() -> i64 {
    7 * 24 * 3600
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quota {
    /// 3,500 units below fifty users, 5,000 up to five hundred, 8,000 above.
    BySize,
}

/// What `$batch` is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchServed {
    #[default]
    Yes,
    /// 404.
    Missing,
    /// 400.
    Refused,
}

/// What `$expand` is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpandServed {
    #[default]
    Yes,
    /// 400.
    Refused,
    /// 501.
    NotImplemented,
    /// 400 for items of a batch, served otherwise.
    InBatchRefused,
}

/// The three documented and observed refusals of an old delta token (facts/graph.md §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeltaExpiry {
    /// 400 `syncStateNotFound`.
    #[default]
    NotFound,
    /// 400 `Request_UnsupportedQuery`, "DeltaLink older than 30 days is not supported."
    Older,
    /// 410 with a `Location` that holds an empty token.
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hidden {
    #[default]
    Forbidden,
    Empty,
}

/// What a request asks for, as far as faults tell requests apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    Token,
    Organization,
    Users,
    User,
    Groups,
    Group,
    Members,
    Count,
    ByIds,
    DirectoryObject,
    Contacts,
    Devices,
    ServicePrincipals,
    UsersDelta,
    GroupsDelta,
    ContactsDelta,
    DevicesDelta,
    ServicePrincipalsDelta,
    /// The `$batch` itself; its items are of their own routes.
    Batch,
    JobStart,
    JobEntities,
    JobRelationships,
    JobFinalize,
    JobStatus,
    JobAbort,
    Graphql,
    /// Anything else; no fault hits it.
    #[serde(skip)]
    Other,
}

/// Some requests of some routes, and what happens to them.
#[derive(Debug, Deserialize)]
pub struct Fault {
    pub on: Vec<Route>,
    #[serde(flatten)]
    pub when: When,
    #[serde(flatten)]
    pub what: What,
    #[serde(skip)]
    seen: AtomicU64,
}

impl Clone for Fault {
    fn clone(&self) -> Self {
        Self { on: self.on.clone(), when: self.when.clone(), what: self.what.clone(), seen: AtomicU64::new(0) }
    }
}

/// Which of the requests, counted from 1.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    Nth(Vec<u64>),
    Every(u64),
    First(u64),
    From(u64),
}

impl When {
    fn hits(&self, count: u64) -> bool {
        match self {
            Self::Nth(all) => all.contains(&count),
            Self::Every(n) => *n > 0 && count.is_multiple_of(*n),
            Self::First(n) => count <= *n,
            Self::From(n) => count >= *n,
        }
    }
}

/// What happens to a request that a fault hits.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// 429.
    Throttle {
        #[serde(default)]
        retry_after: RetryAfter,
        #[serde(default = "one")]
        seconds: f64,
    },
    /// 503 in the service's own words.
    Unavailable {
        #[serde(default)]
        retry_after: RetryAfter,
        #[serde(default = "one")]
        seconds: f64,
    },
    /// An HTML page of some gateway, with this status.
    Html {
        status: u16,
    },
    /// The answer's JSON ends in the middle, though the request was carried out.
    Truncated,
    /// The connection breaks in the middle of the answer, though the request was carried out.
    Cut,
    /// Nothing for so long, then the answer.
    Stall {
        seconds: f64,
    },
    Forbidden,
    NotFound,
    /// 401, as for a token that has expired.
    Unauthorized,
    /// 401 `Authorization_IdentityNotFound`.
    IdentityNotFound,
    /// 400 `Directory_ExpiredPageToken`, for requests that follow a nextLink.
    ExpiredPageToken,
    /// A delta token is too old, for requests that carry one.
    DeltaExpired {
        #[serde(default)]
        form: DeltaExpiry,
    },
    /// The nextLink leads to another host.
    EvilNextLink,
    /// The nextLink leads to the same page again.
    LoopNextLink,
    /// No objects, and a nextLink that leads to them.
    EmptyPage,
    /// The page begins with objects of the page before.
    Duplicates,
}

const fn one() -> f64 {
    1.0
}

impl What {
    /// Its name in the record of requests.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Throttle { .. } => "throttle",
            Self::Unavailable { .. } => "unavailable",
            Self::Html { .. } => "html",
            Self::Truncated => "truncated",
            Self::Cut => "cut",
            Self::Stall { .. } => "stall",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Unauthorized => "unauthorized",
            Self::IdentityNotFound => "identity-not-found",
            Self::ExpiredPageToken => "expired-page-token",
            Self::DeltaExpired { .. } => "delta-expired",
            Self::EvilNextLink => "evil-next-link",
            Self::LoopNextLink => "loop-next-link",
            Self::EmptyPage => "empty-page",
            Self::Duplicates => "duplicates",
        }
    }
}

/// The forms of `Retry-After` that were seen (facts/graph.md §1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryAfter {
    #[default]
    Integer,
    Decimal,
    Date,
    Missing,
}

/// What led to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    Nothing,
    NextLink,
    DeltaLink,
}

impl Scenario {
    /// What happens to the next request of `route`; of several faults the first.
    pub fn fault(&self, route: Route, follows: Follows) -> Option<What> {
        let mut hit = None;
        for fault in self.faults.iter().filter(|f| f.on.contains(&route)) {
            let fits = match fault.what {
                What::ExpiredPageToken => follows == Follows::NextLink,
                What::DeltaExpired { .. } => follows == Follows::DeltaLink,
                _ => true,
            };
            if !fits {
                continue;
            }
            let count = fault.seen.fetch_add(1, Ordering::Relaxed) + 1;
            if hit.is_none() && fault.when.hits(count) {
                hit = Some(fault.what.clone());
            }
        }
        hit
    }

    /// The scenario of this name; else the names that there are.
    pub fn named(name: &str) -> Result<Self, Vec<String>> {
        let mut all = all();
        match all.iter().position(|s| s.name == name) {
            Some(place) => Ok(all.swap_remove(place)),
            None => Err(all.into_iter().map(|s| s.name).collect()),
        }
    }
}

macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../assets/scenarios/", $name, ".toml")))),*]
    };
}

const FILES: &[(&str, &str)] = files! {
    "default" "no-consent" "forbidden-users" "forbidden-groups" "forbidden-organization" "identity-not-found"
    "hidden-groups" "hidden-groups-empty" "vanishing-group" "least-privilege" "poor-get-by-ids" "lost-count"
    "throttled" "flaky" "short-token" "opaque-token" "evil-nextlink" "nextlink-loop" "empty-pages" "duplicates"
    "expired-page" "tight-quota" "sign-ins" "slow-finalize" "job-fails" "upload-flaky" "user-key"
    "retried-links" "expired-members" "expired-filters" "batch-throttled" "flaky-members" "flaky-delta"
    "expand-ten" "expand-hundred" "expand-refused" "expand-not-implemented" "expand-not-in-batch" "expand-omits"
    "expand-loses" "expand-no-principals" "expand-cuts-first" "no-batch" "batch-refused" "count-drift" "clock-skew"
    "delta-not-found" "delta-too-old" "delta-gone" "no-delta" "delta-no-principals" "moving" "figures"
    "figures-no-principals" "figures-large-groups" "late-consent" "people-twice" "gzip" "upload-storm" "upload-cut"
    "upload-garbled" "upload-small" "job-closed" "finalize-refused" "slow-abort" "graph-slow" "graph-limits"
    "graph-cut" "graph-throttled"
};

/// Every scenario, the default first. A file that does not parse is a defect that the test below finds.
fn all() -> Vec<Scenario> {
    FILES.iter().filter_map(|(_, text)| toml::from_str(text).ok()).collect()
}

/// Name and description of every scenario, the default first.
pub fn scenarios() -> Vec<(String, String)> {
    all().into_iter().map(|s| (s.name, s.description)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_scenario_of_its_own_name() {
        for (file, text) in FILES {
            let scenario: Scenario = toml::from_str(text).unwrap_or_else(|e| panic!("{file}: {e}"));
            assert_eq!(scenario.name, *file);
            assert!(!scenario.description.is_empty() && !scenario.description.contains('\n'), "{file}");
            assert!(scenario.faults.iter().all(|f| !f.on.is_empty()), "{file}");
        }
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scenarios");
        assert_eq!(std::fs::read_dir(dir).unwrap().count(), FILES.len(), "every file is in the list");
        assert_eq!(scenarios()[0].0, "default");
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let names = Scenario::named("nonesuch").unwrap_err();
        assert!(names.contains(&"default".to_owned()) && names.len() == FILES.len());
        assert!(Scenario::named("throttled").is_ok());
    }

    #[test]
    fn faults_hit_the_requests_that_they_name() {
        let check = |when: &str, want: &[u64]| {
            let text = format!("name='x'\ndescription='x'\n[[fault]]\non=['users']\n{when}\nwhat='cut'");
            let scenario: Scenario = toml::from_str(&text).unwrap();
            let hit: Vec<u64> = (1..=8)
                .filter(|_| {
                    assert_eq!(scenario.fault(Route::Groups, Follows::Nothing), None);
                    scenario.fault(Route::Users, Follows::Nothing).is_some()
                })
                .collect();
            assert_eq!(hit, want, "{when}");
        };
        check("nth=[2, 5]", &[2, 5]);
        check("every=3", &[3, 6]);
        check("first=2", &[1, 2]);
        check("from=7", &[7, 8]);
    }
}
