//! What the documents leave open about Graph (facts: graph.md §14.4), asked of the tenant itself, by reading only.
//!
//! Each question stands for itself: what is refused, or is not there to be looked at, is unknown, and the next one is
//! asked. The report holds counts, codes and request ids, and nothing of the tenant. What it finds out is remembered,
//! and later runs use it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{
    Collect, CollectError, Stop,
    check::is_service_principal,
    delta,
    engine::{Head, lock},
    keep,
    members::GroupRef,
    plan::Step,
    rights,
};
use crate::{
    domain::{
        completeness::Collection,
        ids::canonical_id,
        probe::{Answer, Finding, ProbeReport, Way},
        progress::{Event, Level, LogLine},
        reading::Learned,
        text,
    },
    graph::{Batch, Get, GraphClient, GraphError, Reply, TokenInfo, segment, text_literal},
    store::Writer,
};

/// Groups whose members are read both ways.
const COMPARED: usize = 200;
/// Filters are answered if they leave out no more than one in so many, or one.
const LEFT_OUT: usize = 10;
/// Groups in one filter, and in one filter of a delta query.
const IN_A_FILTER: usize = 15;
const IN_A_DELTA_FILTER: usize = 50;
/// Pages of a delta chain that are looked through.
const MOST_PAGES: usize = 20;

/// What is known of one group by now: members by id, with their types.
type Members = BTreeMap<String, String>;

struct Probe<'a> {
    client: GraphClient,
    job: &'a Collect,
    token: TokenInfo,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    ways: Vec<Way>,
    users: Option<u64>,
    groups: Option<u64>,
    learned: Learned,
}

/// A group as its own lists have it.
struct Whole {
    group: GroupRef,
    members: Members,
}

/// Asks all of it.
///
/// # Errors
///
/// No token, another tenant, or nobody who answers at all. A probe that is cancelled reports what it has by then.
pub async fn probe(job: &Collect) -> Result<ProbeReport, CollectError> {
    let (started, before) = (Instant::now(), job.client.wire());
    let token = job.client.token().await.map_err(CollectError::Token)?;
    if let Some(found) = token.claims.as_ref().and_then(|c| c.tid.clone())
        && !found.eq_ignore_ascii_case(job.tenant.as_str())
    {
        return Err(CollectError::OtherTenant { wanted: job.tenant.clone(), found });
    }
    let probe = Probe { client: job.client.clone(), job, token, found: Mutex::default() };
    tokio::select! {
        biased;
        () = job.cancel.cancelled() => probe.say("cancelled; what was found out by then is reported"),
        out = Box::pin(probe.ask_all()) => match out {
            Ok(()) => {}
            Err(Stop::NoService(error)) => return Err(CollectError::NoService(error)),
            Err(_) => return Err(CollectError::Panicked),
        },
    }
    let Found { findings, ways, users, groups, learned } = std::mem::take(&mut *lock(&probe.found));
    let is_exact = findings.iter().any(|f| f.id == "expand_is_exact" && f.answer == Answer::Yes);
    probe.remember(learned, is_exact).await;
    let wire = job.client.wire();
    Ok(ProbeReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: job.clock.now(),
        service: job.client.origin().host(),
        users,
        groups,
        findings,
        ways,
        units: job.client.prices(),
        requests: wire.requests - before.requests,
        resource_units: wire.resource_units - before.resource_units,
        seconds: started.elapsed().as_secs_f64(),
    })
}

impl Probe<'_> {
    async fn ask_all(&self) -> Result<(), Stop> {
        // Whether anybody answers.
        if let Err(error) = self.client.get(Step::Organization.get(&[]).path()).await
            && error.is_of_all()
        {
            return Err(Stop::NoService(error));
        }
        self.totals().await;
        for collection in [Collection::Users, Collection::Groups] {
            self.changes(collection).await;
        }
        let groups = self.groups().await;
        self.say(&format!("the members of {} are read both ways", text::counted(groups.len() as u64, "group")));
        let wholes = self.by_lists(&groups).await;
        self.by_expansion(&wholes).await;
        let with_principals: Vec<&Whole> =
            wholes.iter().filter(|w| w.members.values().any(|t| is_service_principal(t))).collect();
        self.single_expansion(&with_principals).await;
        self.delta_members(&with_principals).await;
        self.plain_cast(&groups).await;
        self.hidden(&groups).await;
        self.sign_ins().await;
        Ok(())
    }

    async fn totals(&self) {
        for (step, collection) in [(Step::UserTotal, "users"), (Step::GroupTotal, "groups")] {
            let count = self.client.count(step.get(&[]).path()).await;
            let mut found = lock(&self.found);
            let finding =
                Finding::new(&format!("counts_{collection}"), &format!("is the number of {collection} told?"));
            let finding = finding.answered(Some(count.is_some()));
            found.findings.push(match count {
                Some(count) => finding.with(collection, count),
                None => finding,
            });
            if collection == "users" { found.users = count } else { found.groups = count }
        }
    }

    /// Whether delta queries are answered, and what a page of one costs.
    async fn changes(&self, collection: Collection) {
        let name = collection.as_str();
        let finding = Finding::new(&format!("delta_{name}"), &format!("can changes of {name} be asked for?"));
        let got = self.client.delta(delta::latest(collection)).next().await;
        if got.as_ref().is_err_and(|e| e.is_unsupported() || e.is_gone()) {
            lock(&self.found).learned.delta_refused = Some(self.job.clock.now());
        }
        self.found(finding, got.map(|page| Some(page.is_some_and(|page| page.delta_link.is_some()))));
    }

    /// Some groups, as the service lists them.
    async fn groups(&self) -> Vec<GroupRef> {
        let path = format!("/v1.0/groups?$select=id,displayName,groupTypes,visibility&$top={COMPARED}");
        let mut pages = self.client.pages(Get::new(&path));
        let (mut groups, mut known) = (Vec::new(), BTreeSet::new());
        while groups.len() < COMPARED {
            let page = match pages.next().await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                Err(error) => {
                    self.found(Finding::new("groups", "can groups be listed?"), Err(error));
                    break;
                }
            };
            let before = groups.len();
            for raw in &page.objects {
                let Some(head) = Head::of(raw) else { continue };
                if known.insert(head.id.clone()) {
                    groups.push(GroupRef::of(&head.id, raw));
                }
            }
            if pages.brought(groups.len() > before).is_err() {
                break;
            }
        }
        groups.truncate(COMPARED);
        groups
    }

    /// Plain lists and casts: the exact way. Long lists and what cannot be read are left out.
    async fn by_lists(&self, groups: &[GroupRef]) -> Vec<Whole> {
        let began = (Instant::now(), self.client.wire());
        let steps = |group: &GroupRef| match group.can_hold_service_principals() {
            true => &[Step::Members, Step::ServicePrincipalMembers][..],
            false => &[Step::Members][..],
        };
        let gets = groups.iter().flat_map(|g| steps(g).iter().map(|step| step.get(&[g.id()]))).collect();
        let mut replies = self.ask(gets).await.into_iter();
        let mut wholes = Vec::new();
        let (mut principals, mut refused_casts, mut long) = (0, 0, 0);
        let mut casts_refused: Option<GraphError> = None;
        for group in groups {
            let mut members: Option<Members> = Some(Members::new());
            for (step, reply) in steps(group).iter().zip(&mut replies) {
                match reply.and_then(|reply| reply.page(&self.client)) {
                    Ok((page, _)) if page.next_link.is_none() => {
                        if let Some(members) = &mut members {
                            members.extend(page.objects.iter().filter_map(|raw| member(raw, *step)));
                        }
                    }
                    Ok(_) => {
                        long += 1;
                        members = None;
                    }
                    Err(error) if *step == Step::ServicePrincipalMembers => {
                        refused_casts += 1;
                        casts_refused.get_or_insert(error);
                    }
                    Err(_) => members = None,
                }
            }
            let Some(members) = members else { continue };
            principals += members.values().filter(|t| is_service_principal(t)).count() as u64;
            wholes.push(Whole { group: group.clone(), members });
        }
        self.way("each group's list, and the cast to service principals", &wholes, began);
        let finding = Finding::new("cast_members", "does the cast list service principals that are members?")
            .with("service principals", principals)
            .with("casts refused", refused_casts)
            .with("lists of more than one page", long);
        match casts_refused {
            Some(error) if principals == 0 => self.found(finding, Err(error)),
            _ => self.found(finding, Ok((principals > 0).then_some(true))),
        }
        wholes
    }

    /// The shortcut: many groups in one filter, expanded, twenty of those in a batch.
    async fn by_expansion(&self, wholes: &[Whole]) {
        let began = (Instant::now(), self.client.wire());
        let ids: Vec<&str> = wholes.iter().map(|w| w.group.id()).collect();
        let gets: Vec<Get> = ids.chunks(IN_A_FILTER).map(|ids| Step::Expansion.get(ids)).collect();
        let (mut shown, mut refusal): (BTreeMap<String, Members>, Option<GraphError>) = (BTreeMap::new(), None);
        for reply in self.ask(gets).await {
            if let Err(error) = self.expanded_pages(reply, &mut shown).await {
                refusal.get_or_insert(error);
            }
        }
        let seen: Vec<Whole> = shown
            .iter()
            .filter_map(|(id, members)| {
                let whole = wholes.iter().find(|w| w.group.id() == id)?;
                Some(Whole { group: whole.group.clone(), members: members.clone() })
            })
            .collect();
        self.way("fifteen groups in one expanded filter", &seen, began);
        let works = Finding::new("expand_in_batch", "are fifteen groups expanded in one filter, in a batch?")
            .with("groups asked for", ids.len() as u64)
            .with("groups answered", shown.len() as u64);
        if let Some(error) = refusal {
            if error.is_unsupported() {
                lock(&self.found).learned.expand_refused = Some(self.job.clock.now());
            }
            return self.found(works, Err(error));
        }
        // One that went meanwhile, or that an index left out, is asked for alone in a run.
        let left_out = ids.len().saturating_sub(shown.len());
        let is_answered = !shown.is_empty() && left_out <= (ids.len() / LEFT_OUT).max(1);
        self.found(works, Ok((!ids.is_empty()).then_some(is_answered)));

        let cap = shown.values().map(Members::len).max().unwrap_or(0);
        let mut tally = Tally::default();
        for whole in wholes {
            let Some(members) = shown.get(whole.group.id()) else { continue };
            tally.add(&whole.members, members, cap);
        }
        self.found(
            Finding::new("expand_is_cut", "are long lists cut when they are expanded?")
                .with("members shown at most", cap as u64)
                .with("groups with more", tally.cut),
            Ok((!shown.is_empty() && (tally.cut > 0 || tally.longest > 0)).then_some(tally.cut > 0)),
        );
        let shows = (tally.principals > 0).then_some(tally.principals_shown > 0);
        self.found(
            Finding::new("expand_shows_service_principals", "does an expanded filter show service principals?")
                .with("that are members", tally.principals)
                .with("shown", tally.principals_shown),
            Ok(shows),
        );
        self.found(
            Finding::new("expand_is_exact", "does it show the same members else?")
                .with("groups compared", tally.compared)
                .with("groups that differ", tally.differ)
                .with("members missing", tally.missing)
                .with("members too many", tally.extra),
            Ok((tally.compared > 0).then_some(tally.differ == 0)),
        );
        let mut found = lock(&self.found);
        found.learned.expand_shows_service_principals = shows;
        if tally.differ > 0 {
            found.learned.expand_refused = Some(self.job.clock.now());
        }
    }

    /// What a filter's answer shows, all its pages.
    async fn expanded_pages(
        &self,
        reply: Result<Reply, GraphError>,
        shown: &mut BTreeMap<String, Members>,
    ) -> Result<(), GraphError> {
        let (first, mut rest) = reply?.page(&self.client)?;
        shown.extend(first.objects.iter().filter_map(|raw| expanded(raw)));
        while let Some(page) = rest.next().await? {
            let known = shown.len();
            shown.extend(page.objects.iter().filter_map(|raw| expanded(raw)));
            rest.brought(shown.len() > known)?;
        }
        Ok(())
    }

    async fn single_expansion(&self, with_principals: &[&Whole]) {
        let finding = Finding::new("single_expand_shows_service_principals", "does one group's expansion show them?");
        let Some(whole) = with_principals.iter().min_by_key(|w| w.members.len()) else {
            return self.found(finding, Ok(None));
        };
        let path = format!("/v1.0/groups/{}?$select=id&$expand=members($select=id)", segment(whole.group.id()));
        let got = self.client.fetch::<Box<RawValue>>(&Get::new(&path)).await;
        let shown = got.map(|raw| {
            let (_, members) = expanded(&raw)?;
            Some(members.values().any(|t| is_service_principal(t)))
        });
        self.found(finding, shown);
    }

    /// The first round of a delta query shows all members of the groups that its filter names.
    async fn delta_members(&self, with_principals: &[&Whole]) {
        let finding = Finding::new("delta_shows_service_principals", "do changes of groups show service principals?");
        if with_principals.is_empty() {
            return self.found(finding, Ok(None));
        }
        let some = &with_principals[..with_principals.len().min(IN_A_DELTA_FILTER)];
        let filter: Vec<String> = some.iter().map(|w| format!("id eq {}", text_literal(w.group.id()))).collect();
        let path = format!("/v1.0/groups/delta?$select=members&$filter={}", filter.join(" or "));
        let mut pages = self.client.delta(Get::new(&path));
        let mut shown = BTreeSet::new();
        for _ in 0..MOST_PAGES {
            match pages.next().await {
                Ok(Some(page)) => {
                    let named = page.objects.iter().filter(|raw| delta::names_service_principal(raw));
                    shown.extend(named.filter_map(|raw| Head::of(raw)).map(|head| head.id));
                }
                Ok(None) => break,
                Err(error) => return self.found(finding, Err(error)),
            }
        }
        let shows = !shown.is_empty();
        lock(&self.found).learned.delta_shows_service_principals = Some(shows);
        let finding =
            finding.with("groups with some", some.len() as u64).with("groups that show some", shown.len() as u64);
        self.found(finding, Ok(Some(shows)));
    }

    /// Whether a cast and a `$select` are answered without the header of advanced queries.
    async fn plain_cast(&self, groups: &[GroupRef]) {
        let finding = Finding::new("cast_without_consistency_level", "is a cast answered without ConsistencyLevel?");
        let Some(group) = groups.iter().find(|g| g.can_hold_service_principals()) else {
            return self.found(finding, Ok(None));
        };
        let id = segment(group.id());
        let path = format!("/v1.0/groups/{id}/members/microsoft.graph.servicePrincipal?$select=id&$top=999");
        let got = self.client.get(&path).await;
        self.found(finding, got.map(|_| Some(true)));
        let finding = Finding::new("members_count", "is the number of a group's members told?");
        let told = self.client.count(&format!("/v1.0/groups/{id}/members/$count")).await;
        self.found(finding, Ok(Some(told.is_some())));
    }

    /// What an app without the permission gets of a group with hidden members.
    async fn hidden(&self, groups: &[GroupRef]) {
        let finding = Finding::new("hidden_is_refused", "is a hidden membership refused, rather than shown as empty?");
        let roles = self.token.claims.as_ref().map(|c| c.roles.as_slice()).unwrap_or_default();
        let sees = roles.iter().any(|r| r == "Member.Read.Hidden");
        let hidden: Vec<&GroupRef> = groups.iter().filter(|g| g.is_hidden()).take(Batch::MOST).collect();
        let finding = finding.with("groups with hidden members", hidden.len() as u64);
        if sees || hidden.is_empty() {
            return self.found(finding, Ok(None));
        }
        let replies = self.ask(hidden.iter().map(|g| Step::Members.get(&[g.id()])).collect()).await;
        let empty = replies
            .iter()
            .filter(|r| r.as_ref().is_ok_and(|r| r.page(&self.client).is_ok_and(|(page, _)| page.objects.is_empty())))
            .count() as u64;
        let refused = replies.iter().filter_map(|r| r.as_ref().err()).filter(|e| e.is_forbidden()).count() as u64;
        let mut finding = finding.with("empty", empty).with("refused", refused).answered(Some(refused > 0));
        if let Some(error) = replies.iter().find_map(|r| r.as_ref().err()) {
            note(&mut finding, error);
        }
        lock(&self.found).findings.push(finding);
    }

    async fn sign_ins(&self) {
        let finding = Finding::new("sign_ins", "may the app read when users last signed in?");
        let got = self.client.get("/v1.0/users?$select=id,signInActivity&$top=1").await;
        self.found(finding, got.map(|_| Some(true)));
        let missing = rights::missing(&self.token).len() as u64;
        let finding = Finding::new("reads_all_kinds", "may the app read every kind of member, by its roles?");
        let opaque = self.token.claims.is_none();
        self.found(finding.with("kinds it may not", missing), Ok((!opaque).then_some(missing == 0)));
    }

    async fn ask(&self, gets: Vec<Get>) -> Vec<Result<Reply, GraphError>> {
        let mut replies = Vec::with_capacity(gets.len());
        for batch in Batch::split(gets) {
            match self.client.batch(&batch).await {
                Ok(answered) => replies.extend(answered),
                Err(error) => replies.extend(batch.gets().iter().map(|_| Err(error.clone()))),
            }
        }
        replies
    }

    /// A question and its answer; a refusal is one too, where the service says that it does not do this.
    fn found(&self, mut finding: Finding, got: Result<Option<bool>, GraphError>) {
        finding = match got {
            Ok(answer) => finding.answered(answer),
            Err(error) => {
                note(&mut finding, &error);
                finding.answered((error.is_unsupported() || error.is_forbidden()).then_some(false))
            }
        };
        self.say(&format!("{} {}", finding.question, finding.answer.as_str()));
        lock(&self.found).findings.push(finding);
    }

    fn way(&self, name: &str, wholes: &[Whole], began: (Instant, crate::domain::progress::WireProgress)) {
        let wire = self.client.wire();
        lock(&self.found).ways.push(Way {
            name: name.to_owned(),
            groups: wholes.len() as u64,
            memberships: wholes.iter().map(|w| w.members.len() as u64).sum(),
            requests: wire.requests - began.1.requests,
            resource_units: wire.resource_units - began.1.resource_units,
            seconds: began.0.elapsed().as_secs_f64(),
        });
    }

    fn say(&self, words: &str) {
        let line =
            LogLine { at: self.job.clock.now(), level: Level::Info, text: format!("probe: {words}"), problem: None };
        self.job.reporter.report(Event::Log(line));
    }

    /// Keeps what was found out, where a store can be had. Nothing else is lost if it cannot.
    async fn remember(&self, found: Learned, is_exact: bool) {
        let (path, tenant, now) = (self.job.store.clone(), self.job.tenant.clone(), self.job.clock.now());
        let prices = self.client.prices();
        let kept = keep::blocking(move || {
            let mut writer = Writer::open(&path, &tenant, now)?;
            let mut learned = writer.learned()?;
            learned.prices.extend(prices);
            learned.expand_shows_service_principals =
                found.expand_shows_service_principals.or(learned.expand_shows_service_principals);
            learned.delta_shows_service_principals =
                found.delta_shows_service_principals.or(learned.delta_shows_service_principals);
            // What was not looked at, or only in part, stays as it is known.
            learned.expand_refused = if is_exact { None } else { found.expand_refused.or(learned.expand_refused) };
            learned.delta_refused = found.delta_refused.or(learned.delta_refused);
            writer.learn(&learned)
        })
        .await;
        if !matches!(kept, Ok(Ok(()))) {
            self.say("what it found out could not be kept in the store, and is only reported");
        }
    }
}

/// How both ways compare.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    compared: u64,
    /// Shown in part: as many as are shown at most, and there are more.
    cut: u64,
    /// Shown whole, although as long as the longest.
    longest: u64,
    differ: u64,
    missing: u64,
    extra: u64,
    principals: u64,
    principals_shown: u64,
}

impl Tally {
    fn add(&mut self, listed: &Members, shown: &Members, cap: usize) {
        let principals = |of: &Members| of.values().filter(|t| is_service_principal(t)).count() as u64;
        if cap > 0 && shown.len() == cap && listed.len() > cap && shown.keys().all(|id| listed.contains_key(id)) {
            self.cut += 1;
            return;
        }
        self.compared += 1;
        self.longest += u64::from(cap > 0 && shown.len() == cap);
        self.principals += principals(listed);
        self.principals_shown += principals(shown);
        let missing =
            listed.iter().filter(|(id, t)| !shown.contains_key(*id) && !is_service_principal(t)).count() as u64;
        // A cast that is refused says nothing of those that are shown.
        let extra = shown.iter().filter(|(id, t)| !listed.contains_key(*id) && !is_service_principal(t)).count() as u64;
        self.missing += missing;
        self.extra += extra;
        self.differ += u64::from(missing + extra > 0);
    }
}

fn note(finding: &mut Finding, error: &GraphError) {
    finding.codes.extend(error.code().map(str::to_owned));
    finding.request_ids.extend(error.request_id().map(str::to_owned));
}

fn member(raw: &RawValue, step: Step) -> Option<(String, String)> {
    let head = Head::of(raw)?;
    let cast =
        || if step == Step::ServicePrincipalMembers { "#microsoft.graph.servicePrincipal" } else { "" }.to_owned();
    Some((head.id, head.odata_type.unwrap_or_else(cast)))
}

/// A group with its expanded members.
fn expanded(raw: &RawValue) -> Option<(String, Members)> {
    #[derive(Deserialize)]
    struct Group {
        #[serde(deserialize_with = "canonical_id")]
        id: String,
        #[serde(default)]
        members: Vec<Box<RawValue>>,
    }
    let Group { id, members } = serde_json::from_str(raw.get()).ok()?;
    Some((id, members.iter().filter_map(|raw| member(raw, Step::Members)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(of: &[&str]) -> Members {
        let kind =
            |id: &str| if id.starts_with('s') { "#microsoft.graph.servicePrincipal" } else { "#microsoft.graph.user" };
        of.iter().map(|id| ((*id).to_owned(), kind(id).to_owned())).collect()
    }

    #[test]
    fn both_ways_compared() {
        let check = |listed: &[&str], shown: &[&str], want: Tally| {
            let mut tally = Tally::default();
            tally.add(&members(listed), &members(shown), 3);
            assert_eq!(tally, want, "{listed:?} {shown:?}");
        };
        let same = Tally { compared: 1, ..Tally::default() };
        check(&[], &[], same);
        check(&["a", "b"], &["a", "b"], Tally { compared: 1, ..Tally::default() });
        check(&["a", "b", "c"], &["a", "b", "c"], Tally { compared: 1, longest: 1, ..Tally::default() });
        check(&["a", "b", "c", "d"], &["a", "b", "c"], Tally { cut: 1, ..Tally::default() });
        check(&["a", "s1"], &["a"], Tally { compared: 1, principals: 1, ..Tally::default() });
        check(
            &["a", "s1"],
            &["a", "s1"],
            Tally { compared: 1, principals: 1, principals_shown: 1, ..Tally::default() },
        );
        check(&["a", "b"], &["a"], Tally { compared: 1, differ: 1, missing: 1, ..Tally::default() });
        check(&["a"], &["a", "b"], Tally { compared: 1, differ: 1, extra: 1, ..Tally::default() });
    }
}
