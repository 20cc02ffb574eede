//! Members that no list named: contacts, devices, service principals and anything new get their properties; users and
//! groups that should have been listed are looked up, and turn out to be new, gone or unreadable.
//!
//! An id that nobody answers is unknown, not gone: it is gone when the service says 404 to it alone.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::atomic::{AtomicBool, Ordering},
};

use futures::{
    StreamExt as _,
    future::BoxFuture,
    stream::{FuturesOrdered, FuturesUnordered},
};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{
    Stop, checkpoint,
    engine::{Engine, Head, id_key, is_bare, object_of},
    members::GroupRef,
    plan::{How, Step},
};
use crate::{
    domain::{
        kind::{EntityKind, kind_of_odata_type, short_odata_type},
        progress::Level,
        properties::select_member,
        text,
    },
    graph::{Batch, GraphError, MOST_IDS, Reply},
    store::{ListEnd, ObjectWrite, PageWrite, Resolution, Unresolved},
};

/// Batches of look-ups under way at once.
const AT_ONCE: usize = 6;
/// A group found among the members brings members of its own, and so on; so many times. No id is asked for twice, so
/// that only a service which invents groups without end gets there.
const MOST_ROUNDS: usize = 100;

pub(super) struct Resolved {
    /// What could not be found out of some member, although it may be told another day.
    pub unknown: Option<ListEnd>,
    /// Whether groups came to light, which have members of their own.
    pub found_groups: bool,
}

/// What became of them, for the log.
#[derive(Default)]
struct Tally {
    read: u64,
    gone: u64,
    unreadable: u64,
    codes: BTreeMap<String, u64>,
    /// The first look-up that told nothing at all: neither what the member is, nor that it is gone or not to be read.
    unknown: Option<ListEnd>,
}

impl Engine {
    /// Asks for them all. What could not be found out, although it may be told another day, ends the memberships as
    /// partial: nobody knows what those members are.
    pub(super) async fn resolve(&self, users_complete: bool, groups_complete: bool) -> Result<Resolved, Stop> {
        let mut asked: HashSet<u128> = HashSet::new();
        let mut tally = Tally::default();
        let mut found_groups = false;
        for _ in 0..MOST_ROUNDS {
            let mut todo = self.keeper.unresolved().await?;
            todo.retain(|u| asked.insert(id_key(&u.id)));
            if todo.is_empty() {
                break;
            }
            let (mut users, mut groups, mut others) = (Vec::new(), Vec::new(), Vec::new());
            for one in todo {
                match kind_of_odata_type(&one.odata_type) {
                    EntityKind::User => users.push(one),
                    EntityKind::Group => groups.push(one),
                    EntityKind::Account | EntityKind::Member => others.push(one),
                }
            }
            // An answer may name a kind that the membership did not.
            for surprise in self.others(others, &mut tally).await? {
                match kind_of_odata_type(&surprise.odata_type) {
                    EntityKind::Group => groups.push(surprise),
                    _ => users.push(surprise),
                }
            }
            self.listed_kind(users, EntityKind::User, users_complete, &mut tally).await?;
            let found = self.listed_kind(groups, EntityKind::Group, groups_complete, &mut tally).await?;
            if found.is_empty() {
                break;
            }
            found_groups = true;
            self.members_of(found).await?;
        }
        self.tell_tally(&tally);
        Ok(Resolved { unknown: tally.unknown, found_groups })
    }

    /// Users and groups that were not listed. While their list is incomplete, that says nothing about them: they stay
    /// unreadable, and nobody is asked.
    async fn listed_kind(
        &self,
        ids: Vec<Unresolved>,
        kind: EntityKind,
        list_complete: bool,
        tally: &mut Tally,
    ) -> Result<Vec<GroupRef>, Stop> {
        let step = if kind == EntityKind::Group { Step::MissingGroup } else { Step::MissingUser };
        let default_type = if kind == EntityKind::Group { "#microsoft.graph.group" } else { "#microsoft.graph.user" };
        let mut found = Vec::new();
        if !list_complete {
            tally.unreadable += ids.len() as u64;
            let resolutions = ids.into_iter().map(untold).collect();
            self.keeper.keep(PageWrite { resolutions, ..PageWrite::default() }).await?;
            return Ok(found);
        }
        self.each(ids, step, |one, reply| {
            let mut page = PageWrite::default();
            match object_of(reply) {
                Ok((head, raw)) if head.id == one.id && !is_bare(&raw) => {
                    tally.read += 1;
                    if kind == EntityKind::Group {
                        found.push(GroupRef::of(&head.id, &raw));
                    }
                    page.objects.push(head.object(kind, default_type, raw));
                }
                other => page.resolutions.push(tally.missed(one, other.err().as_ref())),
            }
            page
        })
        .await?;
        Ok(found)
    }

    /// Members of other kinds. Returns those that turn out to be users or groups after all.
    async fn others(&self, ids: Vec<Unresolved>, tally: &mut Tally) -> Result<Vec<Unresolved>, Stop> {
        let mut surprises = Vec::new();
        // Nobody answered for them yet; those that were answered without a single property; and those that were answered
        // without all of them.
        let mut missing: HashMap<String, Unresolved> = HashMap::new();
        let mut bare: HashMap<String, Unresolved> = HashMap::new();
        let mut poor: HashMap<String, Unresolved> = HashMap::new();
        let refused = AtomicBool::new(false);
        type Asked<'a> = BoxFuture<'a, (&'a [Unresolved], Option<Result<Vec<Box<RawValue>>, GraphError>>)>;
        let mut chunks = ids.chunks(MOST_IDS);
        let mut asked: FuturesOrdered<Asked<'_>> = FuturesOrdered::new();
        loop {
            while asked.len() < AT_ONCE
                && let Some(chunk) = chunks.next()
            {
                let (client, refused) = (&self.client, &refused);
                asked.push_back(Box::pin(async move {
                    let ids: Vec<&str> = chunk.iter().map(|u| u.id.as_str()).collect();
                    match refused.load(Ordering::Relaxed) {
                        true => (chunk, None),
                        false => (chunk, Some(client.by_ids(&ids, &Step::OtherMembers.select()).await)),
                    }
                }));
            }
            let Some((chunk, answer)) = asked.next().await else { break };
            let mut open: HashMap<String, Unresolved> = chunk.iter().map(|u| (u.id.clone(), u.clone())).collect();
            if let Some(answer) = answer {
                match answer {
                    Ok(objects) => {
                        let mut page = PageWrite::default();
                        for raw in objects {
                            sort_in(raw, &mut open, &mut bare, &mut poor, &mut surprises, &mut page);
                        }
                        tally.read += page.objects.len() as u64;
                        self.keeper.keep(page).await?;
                    }
                    Err(error) => {
                        let problem = error.problem();
                        let line = format!("other members are asked for kind by kind: {}", problem.line());
                        self.watch.log(Level::Warning, line, Some(problem));
                        // What may pass by the next thousand is tried again.
                        refused.fetch_or(!error.is_transient(), Ordering::Relaxed);
                    }
                }
            }
            missing.extend(open);
        }
        for (kind, step) in
            [("orgContact", Step::Contacts), ("device", Step::Devices), ("servicePrincipal", Step::ServicePrincipals)]
        {
            let of_kind: Vec<String> = missing
                .values()
                .chain(bare.values())
                .chain(poor.values())
                .filter(|u| short_odata_type(&u.odata_type) == kind)
                .map(|u| u.id.clone())
                .collect();
            self.by_filter(step, of_kind, &mut missing, &mut bare, &poor, tally).await?;
        }
        // They exist, as somebody answered; there is only nothing to be read of them.
        tally.unreadable += bare.len() as u64;
        let resolutions = bare.into_values().map(unreadable).collect();
        self.keeper.keep(PageWrite { resolutions, ..PageWrite::default() }).await?;

        let missing = sorted(missing);
        self.each(missing, Step::AnyObject, |one, reply| {
            let mut page = PageWrite::default();
            match object_of(reply) {
                Ok((head, raw)) if head.id == one.id => {
                    let odata_type = head.odata_type.clone().unwrap_or_else(|| one.odata_type.clone());
                    if kind_of_odata_type(&odata_type) != EntityKind::Member {
                        surprises.push(Unresolved { id: one.id, odata_type });
                    } else if is_bare(&raw) {
                        tally.unreadable(None);
                        page.resolutions.push(Resolution::Unreadable { id: one.id, odata_type });
                    } else {
                        tally.read += 1;
                        page.objects.push(head.object(EntityKind::Member, &odata_type, raw));
                    }
                }
                other => page.resolutions.push(tally.missed(one, other.err().as_ref())),
            }
            page
        })
        .await?;
        Ok(surprises)
    }

    /// Objects of one kind by a filter over their ids, fifteen each.
    async fn by_filter(
        &self,
        step: Step,
        ids: Vec<String>,
        missing: &mut HashMap<String, Unresolved>,
        bare: &mut HashMap<String, Unresolved>,
        poor: &HashMap<String, Unresolved>,
        tally: &mut Tally,
    ) -> Result<(), Stop> {
        let How::Ids(most) = step.how() else { return Ok(()) };
        for many in ids.chunks(most * Batch::MOST) {
            let gets =
                many.chunks(most).map(|ids| step.get(&ids.iter().map(String::as_str).collect::<Vec<_>>())).collect();
            let mut page = PageWrite::default();
            let mut richer = Vec::new();
            let mut refusal: Option<GraphError> = None;
            for reply in self.ask(gets).await {
                let objects = match self.all_pages(reply).await {
                    Ok(objects) => objects,
                    Err(error) => {
                        refusal.get_or_insert(error);
                        continue;
                    }
                };
                for raw in objects {
                    let Some(head) = Head::of(&raw) else { continue };
                    if let Some(one) = poor.get(&head.id) {
                        // What was kept of it is counted already, and stays if this is no better.
                        if !is_bare(&raw) {
                            richer.push(head.object(EntityKind::Member, &one.odata_type, raw));
                        }
                        continue;
                    }
                    let Some(one) = missing.get(&head.id).or_else(|| bare.get(&head.id)).cloned() else { continue };
                    missing.remove(&one.id);
                    if is_bare(&raw) {
                        bare.insert(one.id.clone(), one);
                    } else {
                        bare.remove(&one.id);
                        page.objects.push(head.object(EntityKind::Member, &one.odata_type, raw));
                    }
                }
            }
            tally.read += page.objects.len() as u64;
            page.objects.extend(richer);
            self.keeper.keep(page).await?;
            if let Some(error) = refusal {
                let problem = error.problem();
                self.watch.log(Level::Warning, problem.line(), Some(problem));
                if !error.is_transient() {
                    break;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn all_pages(&self, reply: Result<Reply, GraphError>) -> Result<Vec<Box<RawValue>>, GraphError> {
        let (first, mut rest) = reply?.page(&self.client)?;
        let mut objects = first.objects;
        let ids = |objects: &[Box<RawValue>]| -> Vec<String> {
            objects.iter().filter_map(|o| Some(Head::of(o)?.id)).collect()
        };
        let mut seen: HashSet<String> =
            if rest.is_over() { HashSet::new() } else { ids(&objects).into_iter().collect() };
        while let Some(page) = rest.next().await? {
            let known = seen.len();
            seen.extend(ids(&page.objects));
            rest.brought(seen.len() > known)?;
            objects.extend(page.objects);
        }
        Ok(objects)
    }

    /// Asks for each id by itself, in batches, some of them at once. `take` turns an answer into what is kept.
    async fn each(
        &self,
        ids: Vec<Unresolved>,
        step: Step,
        mut take: impl FnMut(Unresolved, Result<Reply, GraphError>) -> PageWrite,
    ) -> Result<(), Stop> {
        type Asked<'a> = BoxFuture<'a, (Vec<Unresolved>, Vec<Result<Reply, GraphError>>)>;
        let mut ids = ids.into_iter();
        let mut running: FuturesUnordered<Asked<'_>> = FuturesUnordered::new();
        loop {
            while running.len() < AT_ONCE {
                let batch: Vec<Unresolved> = ids.by_ref().take(Batch::MOST).collect();
                if batch.is_empty() {
                    break;
                }
                running.push(Box::pin(async move {
                    let replies = self.ask(batch.iter().map(|u| step.get(&[&u.id])).collect()).await;
                    (batch, replies)
                }));
            }
            let Some((batch, replies)) = running.next().await else { return Ok(()) };
            let mut page = PageWrite::default();
            for (one, reply) in batch.into_iter().zip(replies) {
                let kept = take(one, reply);
                page.objects.extend(kept.objects);
                page.resolutions.extend(kept.resolutions);
            }
            self.keeper.keep(page).await?;
        }
    }

    fn tell_tally(&self, tally: &Tally) {
        let Tally { read, gone, unreadable, codes, .. } = tally;
        if read + gone + unreadable == 0 {
            return;
        }
        let mut line = format!(
            "{} outside the lists (contacts, devices …): {} read",
            text::counted(read + gone + unreadable, "member"),
            text::grouped(*read)
        );
        if *gone > 0 {
            line.push_str(&format!(", {} gone", text::grouped(*gone)));
        }
        if *unreadable > 0 {
            let codes: Vec<&str> = codes.keys().map(String::as_str).collect();
            let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
            line.push_str(&format!(", {} not readable{codes}", text::grouped(*unreadable)));
        }
        self.watch.log(if *unreadable > 0 { Level::Warning } else { Level::Info }, line, None);
    }
}

impl Tally {
    /// A look-up without the object: it is gone when the service says so of it alone, else it stays unreadable.
    fn missed(&mut self, one: Unresolved, error: Option<&GraphError>) -> Resolution {
        if error.is_some_and(GraphError::is_gone) {
            self.gone += 1;
            Resolution::Gone { id: one.id }
        } else {
            self.unreadable(error);
            match error {
                Some(error) if !error.is_forbidden() => untold(one),
                _ => unreadable(one),
            }
        }
    }

    fn unreadable(&mut self, error: Option<&GraphError>) {
        self.unreadable += 1;
        let Some(error) = error else { return };
        if let Some(code) = error.code() {
            *self.codes.entry(code.to_owned()).or_default() += 1;
        }
        if !error.is_forbidden() && self.unknown.is_none() {
            let reason = Some("some members could not be looked up".to_owned());
            self.unknown = Some(ListEnd { reason, ..checkpoint::end_of(error, true) });
        }
    }
}

/// An object that came by its id: what it is decides where it goes. What was never asked for is left.
fn sort_in(
    raw: Box<RawValue>,
    open: &mut HashMap<String, Unresolved>,
    bare: &mut HashMap<String, Unresolved>,
    poor: &mut HashMap<String, Unresolved>,
    surprises: &mut Vec<Unresolved>,
    page: &mut PageWrite,
) {
    let Some(head) = Head::of(&raw) else { return };
    let Some(mut one) = open.remove(&head.id) else { return };
    if let Some(odata_type) = &head.odata_type {
        one.odata_type.clone_from(odata_type);
    }
    if kind_of_odata_type(&one.odata_type) != EntityKind::Member {
        surprises.push(one);
    } else if is_bare(&raw) {
        bare.insert(one.id.clone(), one);
    } else {
        if is_poor(&raw, &one.odata_type) {
            poor.insert(one.id.clone(), one.clone());
        }
        let ObjectWrite { kind, id, odata_type, raw } = head.object(EntityKind::Member, &one.odata_type, raw);
        page.objects.push(ObjectWrite { kind, id, odata_type, raw });
    }
}

/// Whether an object came without a field that its kind has and that was asked for, be it empty: `getByIds` is known to
/// leave some out (facts: graph.md §1.2), and an object that loses them from run to run would change for no reason.
fn is_poor(raw: &RawValue, odata_type: &str) -> bool {
    let Ok(fields) = serde_json::from_str::<HashMap<String, IgnoredAny>>(raw.get()) else { return true };
    select_member(short_odata_type(odata_type)).split(',').any(|field| !fields.contains_key(field))
}

fn untold(one: Unresolved) -> Resolution {
    Resolution::Untold { id: one.id, odata_type: one.odata_type }
}

fn unreadable(one: Unresolved) -> Resolution {
    Resolution::Unreadable { id: one.id, odata_type: one.odata_type }
}

/// In an order that is the same in every run.
fn sorted(ids: HashMap<String, Unresolved>) -> Vec<Unresolved> {
    let mut ids: Vec<Unresolved> = ids.into_values().collect();
    ids.sort();
    ids
}
