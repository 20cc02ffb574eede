//! What a run would do, before it does it: its kind, its requests, what they cost and how long they take.
//!
//! Decides as a run does. Reads the store, asks for a token and the two totals, and nothing else; writes nothing. What it
//! expects is arithmetic over the plan: where the service is asked for the first time, with shares that the facts give,
//! and it says so.

use std::{num::NonZeroU64, path::Path};

use jiff::Timestamp;

use super::{
    Collect, CollectError,
    decide::{self, Grounds},
    expand::{REFUSED_FOR, SAMPLE},
    members::AT_ONCE,
    plan::{How, Plan, Step},
};
use crate::{
    domain::{
        completeness::Collection,
        ids::TenantId,
        reading::{ExplainedStep, Explanation, Learned, RunKind, Scope},
        view::Totals,
    },
    graph::{Batch, MOST_IDS, documented_quota},
    store::{DeltaGround, GroupShape, Leftover, Reader, StoreError},
};

/// Objects on a full page.
const PAGE: u64 = 999;
/// Objects and links on a page of a delta query (facts: graph.md §3.3).
const DELTA_OBJECTS: u64 = 200;
const DELTA_LINKS: u64 = 500;
/// Where nothing is known: groups above the cap of an expansion, and groups that can hold service principals, in percent.
const LARGE: u64 = 10;
const NOT_UNIFIED: u64 = 50;
/// Where nothing is known: members of a group, and for how many users there is a member of another kind.
const MEMBERS_EACH: u64 = 20;
const USERS_FOR_EACH_OTHER: u64 = 20;
/// Seconds that a full page takes to be made, beside the way there and back.
const FULL_PAGE: f64 = 0.2;
/// What a request takes if none was measured.
const ROUND_TRIP: f64 = 0.1;

/// How large the tenant is, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
struct Size {
    users: u64,
    groups: u64,
    /// Groups with more members than an expansion shows.
    large: u64,
    /// Groups that can hold service principals, in percent of all.
    not_unified: u64,
    /// Memberships.
    edges: u64,
    /// Members that are neither users nor groups.
    others: u64,
    /// Where it is from: a clause.
    from: String,
}

/// What one step comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cost {
    /// Reads that have a price.
    reads: u64,
    /// Requests on the wire: twenty reads at most in one.
    requests: u64,
    /// Of these, how many wait for each other.
    in_turn: u64,
}

impl Cost {
    fn chain(pages: u64) -> Self {
        Self { reads: pages, requests: pages, in_turn: pages }
    }

    fn batched(reads: u64, in_a_batch: u64) -> Self {
        Self { reads, requests: reads.div_ceil(in_a_batch), in_turn: 0 }
    }
}

/// What the run would do.
///
/// # Errors
///
/// As a run fails before its first request: no token, another tenant, a store that cannot be read, a selection while an
/// interrupted run can be gone on with.
pub async fn explain(job: &Collect) -> Result<Explanation, CollectError> {
    let token = job.client.token().await.map_err(CollectError::Token)?;
    if let Some(found) = token.claims.as_ref().and_then(|c| c.tid.clone())
        && !found.eq_ignore_ascii_case(job.tenant.as_str())
    {
        return Err(CollectError::OtherTenant { wanted: job.tenant.clone(), found });
    }
    let known = {
        let (path, tenant) = (job.store.clone(), job.tenant.clone());
        super::keep::blocking(move || Known::read(&path, &tenant)).await??
    };
    let decision = decide::decide(&Grounds {
        ask: &job.ask,
        plan: &decide::fingerprint(job.client.origin().as_str()),
        leftover: known.leftover.as_ref(),
        ground: &known.ground,
        learned: &known.learned,
        now: job.clock.now(),
    })?;
    let users = job.client.count(Step::UserTotal.get(&[]).path()).await;
    let groups = job.client.count(Step::GroupTotal.get(&[]).path()).await;
    let size = known.size(users, groups, decision.resume.is_some());
    let hidden = known.learned.expand_shows_service_principals == Some(false);
    let expand = !known.learned.expand_refused.is_some_and(|at| is_fresh(at, job));

    let mut steps = Vec::new();
    let (mut requests, mut units, mut in_turn, mut beside) = (0, 0, 0, 0);
    for step in Plan::of(decision.kind, job.ask.sign_ins).steps {
        let cost = expected(step, decision.kind, &size, job.ask.scope.as_ref(), expand, hidden);
        let resource_units = cost.reads * job.client.price(&step.get(&["{id}"]));
        if step != Step::SignIns {
            in_turn = in_turn.max(cost.in_turn);
            beside += cost.requests - cost.in_turn;
        }
        requests += cost.requests;
        units += resource_units;
        steps.push(ExplainedStep {
            what: step.what().to_owned(),
            request: shown(step),
            requests: cost.requests,
            resource_units,
            why: step.why().to_owned(),
        });
    }
    let wire = job.client.wire();
    let round_trip = if wire.p95_ms > 0 { f64::from(wire.p95_ms) / 1_000.0 } else { ROUND_TRIP };
    let quota = job.ask.quota.map(NonZeroU64::get).or(known.learned.quota_10s);
    let quota = quota.unwrap_or_else(|| documented_quota(size.users));
    let pace_10s = job.client.aim(quota);
    let seconds = f64::max(units as f64 * 10.0 / pace_10s as f64, in_turn as f64 * (round_trip + FULL_PAGE))
        .max(beside as f64 * (round_trip + FULL_PAGE) / AT_ONCE as f64);
    Ok(Explanation {
        kind: decision.kind,
        because: format!("{}; {}", decision.because, size.from),
        resumes: decision.resume,
        steps,
        requests,
        resource_units: units,
        pace_10s,
        seconds,
    })
}

/// What the store says, if there is one.
#[derive(Default)]
struct Known {
    learned: Learned,
    ground: DeltaGround,
    leftover: Option<Leftover>,
    /// Of the newest finished run.
    last: Option<(Totals, GroupShape)>,
}

impl Known {
    fn read(path: &Path, tenant: &TenantId) -> Result<Self, StoreError> {
        let reader = match Reader::open(path, Some(tenant)) {
            Ok(reader) => reader,
            Err(StoreError::NotFound { .. }) => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let last = match reader.newest_finished()? {
            Some(run) => Some((reader.totals(run.id)?, reader.shape(run.id)?)),
            None => None,
        };
        Ok(Self { learned: reader.learned()?, ground: reader.delta_ground()?, leftover: reader.leftover()?, last })
    }

    /// The service's own totals before what an earlier run found; shares from that run, else as documented.
    fn size(&self, users: Option<u64>, groups: Option<u64>, resumed: bool) -> Size {
        let held = self.last.as_ref().map(|(totals, _)| totals);
        let users = users.or(held.map(|t| t.users)).unwrap_or_default();
        let groups = groups.or(held.map(|t| t.groups)).unwrap_or_default();
        let mut size = match &self.last {
            Some((_, shape)) if shape.groups > 0 => Size {
                users,
                groups,
                large: groups * shape.above_20 / shape.groups,
                not_unified: 100 - 100 * shape.unified / shape.groups,
                edges: shape.edges.saturating_sub(users + groups),
                others: shape.other_members,
                from: "sizes are those of the last run".to_owned(),
            },
            _ => Size {
                users,
                groups,
                large: groups * LARGE / 100,
                not_unified: NOT_UNIFIED,
                edges: groups * MEMBERS_EACH,
                others: users / USERS_FOR_EACH_OTHER,
                from: format!("nothing is known of its groups, so that {LARGE} % are taken for large"),
            },
        };
        if let Some(left) = self.leftover.as_ref().filter(|_| resumed) {
            let done = |of| decide::checkpoint_of(left, of).map_or(0, |at| at.done);
            size.users = size.users.saturating_sub(done(Collection::Users));
            size.from.push_str("; what the interrupted run has of the users is not read again");
        }
        size
    }
}

/// What a step costs in a run of this kind.
fn expected(step: Step, kind: RunKind, size: &Size, scope: Option<&Scope>, expand: bool, hidden: bool) -> Cost {
    let pages = |objects: u64, most: u64| Cost::chain(objects.div_ceil(most).max(1));
    let (users, groups) = match scope {
        Some(Scope::Sample(n)) => (size.users.min(u64::from(*n)), size.groups.min(u64::from(*n))),
        Some(Scope::Groups(picks)) => (0, picks.len() as u64),
        None => (size.users, size.groups),
    };
    let large = (size.large * groups).checked_div(size.groups).unwrap_or_default();
    let short = if expand { groups - large } else { 0 };
    let whole = if expand { large } else { groups };
    let most = |step: Step| if let How::Ids(most) = step.how() { most as u64 } else { 1 };
    // Early answers come in small batches, so that the long lists among them begin early.
    let batch = Batch::MOST as u64 / 2;
    match (step, kind) {
        (Step::Organization | Step::UserTotal | Step::GroupTotal | Step::UserLink | Step::GroupLink, _) => {
            Cost::chain(1)
        }
        (Step::UserChanges | Step::GroupChanges, _) => Cost::chain(1),
        (Step::Users, _) => pages(users, PAGE),
        (Step::Groups, _) => pages(groups, PAGE),
        (Step::GentleUsers, _) => pages(users, DELTA_OBJECTS),
        (Step::GentleGroups, _) => Cost::chain(groups.div_ceil(DELTA_OBJECTS) + size.edges.div_ceil(DELTA_LINKS)),
        (_, RunKind::Delta) if matches!(step.how(), How::EachGroup) => Cost::default(),
        (Step::Members | Step::ServicePrincipalMembers, RunKind::Gentle) => Cost::default(),
        (Step::Expansion, _) if !expand => Cost::default(),
        (Step::Expansion, _) => Cost::batched(groups.div_ceil(most(step)), batch),
        // The longest list is as long as the tenant, and read page by page.
        (Step::Members, _) => {
            let longest = users.div_ceil(PAGE).saturating_sub(1);
            let batched = Cost::batched(whole, batch);
            Cost { reads: batched.reads + longest, requests: batched.requests + longest, in_turn: longest }
        }
        (Step::ServicePrincipalMembers, _) => {
            let asked = if hidden { whole + short } else { whole };
            Cost::batched(asked * size.not_unified / 100, batch)
        }
        (Step::Sample, _) if !expand => Cost::default(),
        (Step::Sample, _) => {
            Cost::batched((SAMPLE as u64).min(groups) * (100 + size.not_unified) / 100, Batch::MOST as u64)
        }
        (Step::OtherMembers, _) => Cost::batched(size.others.div_ceil(MOST_IDS as u64), 1),
        (Step::SignIns, _) => pages(users, 500),
        // Nobody knows beforehand what no list names.
        (
            Step::MissingUser
            | Step::MissingGroup
            | Step::Contacts
            | Step::Devices
            | Step::ServicePrincipals
            | Step::AnyObject,
            _,
        ) => Cost::default(),
    }
}

/// The request, as a person reads it.
fn shown(step: Step) -> String {
    let method = if step == Step::OtherMembers { "POST " } else { "" };
    let ids: &[&str] = match step.how() {
        How::Ids(_) => &["{id}", "…"],
        _ => &["{id}"],
    };
    let path = step.get(ids).path().to_owned();
    let path = percent_encoding::percent_decode_str(&path).decode_utf8_lossy().into_owned();
    format!("{method}{path}")
}

fn is_fresh(refused: Timestamp, job: &Collect) -> bool {
    job.clock.now().duration_since(refused).unsigned_abs() < REFUSED_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(users: u64, groups: u64) -> Size {
        Known::default().size(Some(users), Some(groups), false)
    }

    #[test]
    fn what_a_full_run_costs() {
        let check = |users, groups, step, want: (u64, u64)| {
            let cost = expected(step, RunKind::Full, &size(users, groups), None, true, false);
            assert_eq!((cost.reads, cost.requests), want, "{step:?}");
        };
        check(10_000, 2_000, Step::Users, (11, 11));
        check(10_000, 2_000, Step::Groups, (3, 3));
        check(10_000, 2_000, Step::Expansion, (134, 14));
        check(10_000, 2_000, Step::Members, (210, 30));
        check(10_000, 2_000, Step::ServicePrincipalMembers, (100, 10));
        check(10_000, 2_000, Step::Sample, (30, 2));
        check(0, 0, Step::Users, (1, 1));
        check(0, 0, Step::Expansion, (0, 0));
        check(0, 0, Step::Members, (0, 0));
    }

    #[test]
    fn what_is_hidden_or_refused_costs_more() {
        let size = size(10_000, 2_000);
        let reads = |step, expand, hidden| expected(step, RunKind::Full, &size, None, expand, hidden).reads;
        assert_eq!(reads(Step::ServicePrincipalMembers, true, true), 1_000);
        assert_eq!(reads(Step::Expansion, false, false), 0);
        assert_eq!(reads(Step::Members, false, false), 2_010);
        let gentle = |step| expected(step, RunKind::Gentle, &size, None, true, false).reads;
        assert_eq!((gentle(Step::GentleUsers), gentle(Step::GentleGroups)), (50, 90));
        let delta: u64 = Plan::of(RunKind::Delta, false)
            .steps
            .into_iter()
            .map(|step| expected(step, RunKind::Delta, &Size { others: 0, ..size.clone() }, None, true, false).requests)
            .sum();
        assert!(delta <= 8, "{delta}");
        let picks = Scope::Groups(vec![crate::domain::reading::GroupPick::Name("x".to_owned())]);
        assert_eq!(expected(Step::Users, RunKind::Scoped, &size, Some(&picks), true, false).reads, 1);
        assert_eq!(expected(Step::Groups, RunKind::Scoped, &size, Some(&Scope::Sample(50)), true, false).reads, 1);
    }

    #[test]
    fn requests_are_shown_as_they_are_sent() {
        let check = |step, want: &str| assert_eq!(shown(step), want);
        check(Step::Members, "/v1.0/groups/{id}/members?$select=id&$top=999");
        check(Step::Expansion, "/v1.0/groups?$select=id&$filter=id in ('{id}','…')&$expand=members($select=id)");
        check(Step::UserTotal, "/v1.0/users/$count");
        assert!(shown(Step::OtherMembers).starts_with("POST /v1.0/directoryObjects/getByIds?$select="));
    }
}
