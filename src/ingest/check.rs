//! What is read by its changes proves itself: totals against what is held, and some groups against their own lists.
//!
//! A mismatch counts when it is there at a second look, as changes may come late. Then everything is read in full, in
//! this very run. That only service principals are missing is known of this shortcut: it is remembered, and what the run
//! says of them is as of the last full read.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{
    Stop,
    decide::MOST_DRIFTS,
    delta,
    engine::{Engine, Head, Read},
    members::{GroupRef, SERVICE_PRINCIPAL, Source},
    plan::Step,
};
use crate::{
    domain::{
        completeness::{Collection, State},
        kind::short_odata_type,
        progress::Level,
        reading::{Learned, RunKind},
        short_id::ShortId,
        text,
    },
    graph::{Batch, Get, GraphError, MemberItem, text_literal},
    store::{ListEnd, MemberRef, MembersChange, PageWrite, Writer},
};

/// Groups that are compared with their own lists: two batches, where all of them can hold service principals.
const SAMPLE: usize = 20;
/// Groups among which one with a service principal is looked for, in the store.
const LOOKED_THROUGH: usize = 40;
/// Pages of one group's delta chain that are read to find a service principal.
const MOST_PAGES: usize = 20;

/// A member's type, by its id.
type Members = BTreeMap<String, String>;

/// How what is held of a group differs from what its lists say.
enum Differs {
    /// Only in service principals.
    InServicePrincipals,
    /// In this many other members.
    In(usize),
}

/// How long it holds that delta queries show service principals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    Ever,
    LastFull,
}

impl Engine {
    /// Returns what could not be found out of members that came to light only here.
    pub(super) async fn prove(&self, users: &Read, groups: &Read) -> Result<Option<ListEnd>, Stop> {
        if groups.end.state != State::Complete {
            return Ok(None);
        }
        match self.decision.kind {
            RunKind::Full => {
                self.settle_totals(users.end.state == State::Complete).await?;
                if self.link(Collection::Groups).is_some() {
                    self.prove_service_principals(None, Since::LastFull).await?;
                }
                return Ok(None);
            }
            RunKind::Gentle => self.settle_totals(users.end.state == State::Complete).await?,
            RunKind::Delta => self.compare_totals(users.end.state == State::Complete).await?,
            RunKind::Scoped => return Ok(None),
        }
        if self.link(Collection::Groups).is_none() {
            return Ok(None);
        }
        if !Box::pin(self.compare_groups(groups)).await? {
            return Ok(None);
        }
        let late = self.groups_to_read().await?;
        Box::pin(self.members_of(late)).await?;
        Box::pin(self.settle(users.end.state == State::Complete, true)).await
    }

    /// Everything was read. Where that was for the sake of a total and did not mend it, the total is wrong for some reason
    /// of its own, and will be so again.
    async fn settle_totals(&self, users: bool) -> Result<(), Stop> {
        let Learned { drifted, settled_drift: before, .. } = self.learned();
        let mut settled = BTreeMap::new();
        for (collection, whole) in [(Collection::Users, users), (Collection::Groups, true)] {
            let Some(count) = self.count_of(collection).filter(|_| whole) else { continue };
            let held = self.held(collection).await?;
            let was_so = before.get(&collection).is_some_and(|known| !is_drift(count, held, *known));
            if is_drift(count, held, 0) && (drifted >= MOST_DRIFTS || was_so) {
                settled.insert(collection, count.cast_signed().saturating_sub(held.cast_signed()));
            }
        }
        self.learn(|l| (l.drifted, l.settled_drift) = (0, settled));
        Ok(())
    }

    /// `$count` is eventually consistent: once is no reason. Nor is what a full read did not mend.
    async fn compare_totals(&self, users: bool) -> Result<(), Stop> {
        let mut told = false;
        let mut differs = None;
        for (collection, whole) in [(Collection::Users, users), (Collection::Groups, true)] {
            let Some(count) = self.count_of(collection).filter(|_| whole) else { continue };
            told = true;
            let held = self.held(collection).await?;
            let known = self.learned().settled_drift.get(&collection).copied().unwrap_or_default();
            if is_drift(count, held, known) {
                differs = Some((collection, count, held));
            }
        }
        match differs {
            Some((collection, count, held)) => {
                self.learn(|l| l.drifted += 1);
                let next = if self.learned().drifted > 1 { "; the next run reads everything" } else { "" };
                let line = format!(
                    "the service counts {} {}, and {} are held{next}",
                    text::grouped(count),
                    collection.as_str(),
                    text::grouped(held)
                );
                self.watch.log(Level::Warning, line, None);
            }
            None if told => self.learn(|l| l.drifted = 0),
            None => {}
        }
        Ok(())
    }

    /// Returns whether anything was written on the way.
    async fn compare_groups(&self, groups: &Read) -> Result<bool, Stop> {
        let seed = self.watch.now().as_millisecond().cast_unsigned();
        let sample = self.sample(&groups.changed, seed).await?;
        let mut with_service_principal = None;
        let first = self.differing(&sample, &mut with_service_principal).await?;
        self.prove_service_principals(with_service_principal, Since::Ever).await?;
        if first.is_empty() {
            return self.cast_changed(groups).await;
        }
        let mut wrote = false;
        let others = first.values().any(|d| matches!(d, Differs::In(_)));
        if others {
            // A change that came late comes with the next round.
            Box::pin(self.catch_up_with(Collection::Groups, groups)).await?;
            wrote = true;
            let again: Vec<GroupRef> = sample.into_iter().filter(|g| first.contains_key(g.id())).collect();
            let second = self.differing(&again, &mut None).await?;
            let wrong: Vec<usize> =
                second.values().filter_map(|d| if let Differs::In(n) = d { Some(*n) } else { None }).collect();
            if !wrong.is_empty() {
                let now = self.watch.now();
                self.learn(|l| l.delta_refused = Some(now));
                let why = format!(
                    "{} of {} that were compared with their lists differed, by {}",
                    text::counted(wrong.len() as u64, "group"),
                    text::grouped(again.len() as u64),
                    text::counted(wrong.iter().sum::<usize>() as u64, "member")
                );
                self.watch.fallback("changes of groups are not trusted", &why);
                return Err(Stop::Again(why));
            }
        } else if self.learned().delta_shows_service_principals != Some(false) {
            self.learn(|l| l.delta_shows_service_principals = Some(false));
            self.tell_missing_service_principals();
        }
        Ok(self.cast_changed(groups).await? || wrote)
    }

    /// Groups that changed, filled up with others, drawn at random.
    async fn sample(&self, changed: &[GroupRef], seed: u64) -> Result<Vec<GroupRef>, Stop> {
        let mut known = BTreeSet::new();
        let fits = |group: &GroupRef| !group.is_hidden() || self.sees_hidden;
        let mut sample: Vec<GroupRef> =
            changed.iter().rev().filter(|g| fits(g) && known.insert(g.id().to_owned())).cloned().collect();
        // Not always the same ones of those that changed: by a hash that the seed stirs.
        sample.sort_by_key(|group| stirred(group.id(), seed));
        sample.truncate(SAMPLE);
        let more = self.keeper.ask(move |writer: &mut Writer, run| writer.some_groups(run, SAMPLE, seed)).await?;
        let more = more.iter().map(|group| GroupRef::of(&group.id, &group.raw));
        sample.extend(more.filter(|g| fits(g) && known.insert(g.id().to_owned())).take(SAMPLE - sample.len()));
        Ok(sample)
    }

    /// Those of some groups of which something else is held than their lists say. Long lists are left out, and those
    /// that cannot be read.
    async fn differing(
        &self,
        groups: &[GroupRef],
        with_service_principal: &mut Option<String>,
    ) -> Result<BTreeMap<String, Differs>, Stop> {
        let lists: Vec<(Source, &GroupRef)> =
            groups.iter().flat_map(|group| group.sources().iter().map(move |source| (*source, group))).collect();
        let mut replies = self.ask_lists(&lists).await.into_iter();
        let mut found = BTreeMap::new();
        for group in groups {
            let mut listed: Option<Members> = Some(Members::new());
            let mut cast_refused = false;
            for (source, asked) in group.sources().iter().zip(&mut replies) {
                match asked.reply.and_then(|reply| reply.page_as::<MemberItem>(&self.client)) {
                    Ok((page, _)) if page.next_link.is_none() => {
                        let named = page.objects.into_iter().filter(|item| !item.id.is_empty());
                        let members = named.map(|item| source.member(item));
                        if let Some(listed) = &mut listed {
                            listed.extend(members.map(|m| (m.id.to_string(), m.odata_type.into_owned())));
                        }
                    }
                    Err(error) if *source == Source::ServicePrincipals && error.is_unsupported() => {
                        cast_refused = true;
                    }
                    _ => listed = None,
                }
            }
            let Some(mut listed) = listed else { continue };
            if listed.values().any(|t| is_service_principal(t)) {
                with_service_principal.get_or_insert_with(|| group.id().to_owned());
            }
            let id = group.id().to_owned();
            let held = self.keeper.ask(move |writer: &mut Writer, run| writer.members_of(run, &id)).await?;
            let mut held: Members = held.into_iter().map(|m| (m.id.to_string(), m.odata_type.into_owned())).collect();
            if cast_refused {
                // Nothing says whether they are there.
                for members in [&mut listed, &mut held] {
                    members.retain(|_, odata_type| !is_service_principal(odata_type));
                }
            }
            if let Some(differs) = self.difference(&listed, &held).await {
                found.insert(group.id().to_owned(), differs);
            }
        }
        Ok(found)
    }

    /// Whoever is deleted may still be listed, and may not be held any more: that is no difference.
    async fn difference(&self, listed: &Members, held: &Members) -> Option<Differs> {
        let missing = listed.iter().filter(|(id, _)| !held.contains_key(*id));
        let extra = held.iter().filter(|(id, _)| !listed.contains_key(*id));
        let (principals, others): (Vec<_>, Vec<_>) =
            missing.chain(extra).partition(|(_, odata_type)| is_service_principal(odata_type));
        if !others.is_empty() {
            let gets = others.iter().map(|(id, _)| Step::AnyObject.get(&[id])).collect();
            let replies = self.ask(gets).await;
            let there = replies.iter().filter(|r| !r.as_ref().is_err_and(GraphError::is_gone)).count();
            if there > 0 {
                return Some(Differs::In(there));
            }
        }
        (!principals.is_empty()).then_some(Differs::InServicePrincipals)
    }

    /// Finds out, while nobody knows, whether delta queries show service principals: by the chain of one group that has
    /// some. Costs one request, once for a tenant; and once for each full read, where they do: that may end.
    async fn prove_service_principals(&self, group: Option<String>, holds: Since) -> Result<(), Stop> {
        match (self.learned().delta_shows_service_principals, holds) {
            (Some(false), _) | (Some(true), Since::Ever) => return Ok(()),
            (None, _) | (Some(true), Since::LastFull) => {}
        }
        let seed = self.watch.now().as_millisecond().cast_unsigned();
        let group = match group {
            Some(group) => group,
            None => match self.keeper.ask(move |writer: &mut Writer, run| one_of(writer, run, seed)).await? {
                Some(group) => group,
                None => return Ok(()),
            },
        };
        if let Some(shows) = self.delta_shows_service_principals(&group).await {
            self.learn(|l| l.delta_shows_service_principals = Some(shows));
            if !shows {
                self.tell_missing_service_principals();
            }
        }
        Ok(())
    }

    /// Whether the delta chain of a group that has a service principal shows one. `None` if it cannot be read.
    pub(super) async fn delta_shows_service_principals(&self, group: &str) -> Option<bool> {
        let get = Get::new(&format!("/v1.0/groups/delta?$select=members&$filter=id eq {}", text_literal(group)));
        let mut pages = self.client.delta(get);
        for _ in 0..MOST_PAGES {
            let page = match pages.next().await {
                Ok(Some(page)) => page,
                Ok(None) => return Some(false),
                Err(_) => return None,
            };
            if page.objects.iter().any(|raw| delta::names_service_principal(raw)) {
                return Some(true);
            }
        }
        None
    }

    fn tell_missing_service_principals(&self) {
        let line =
            "changes of groups leave service principals out: which groups those are in is as of the last full read";
        self.watch.log(Level::Warning, line.to_owned(), None);
    }

    /// Where changes leave service principals out: those of the groups that changed in other ways are asked for.
    async fn cast_changed(&self, groups: &Read) -> Result<bool, Stop> {
        if self.decision.kind != RunKind::Delta || self.learned().delta_shows_service_principals != Some(false) {
            return Ok(false);
        }
        let mut known = BTreeSet::new();
        let changed: Vec<GroupRef> = groups
            .changed
            .iter()
            .filter(|g| g.can_hold_service_principals() && known.insert(g.id().to_owned()))
            .cloned()
            .collect();
        let mut page = PageWrite::default();
        for (group, listed) in self.casts(changed).await {
            // Where nothing is told of them, they are as they were.
            let Ok(listed) = listed else { continue };
            let id = group.id().to_owned();
            let held = self.keeper.ask(move |writer: &mut Writer, run| writer.members_of(run, &id)).await?;
            let there: HashSet<&ShortId> = listed.iter().map(|m| &m.id).collect();
            let removed: Vec<String> = held
                .into_iter()
                .filter(|m| is_service_principal(&m.odata_type) && !there.contains(&m.id))
                .map(|m| m.id.to_string())
                .collect();
            page.changes.push(MembersChange { group: group.id().to_owned(), added: listed, removed });
        }
        let any = !page.changes.is_empty();
        if any {
            self.keeper.keep(page).await?;
        }
        Ok(any)
    }

    /// The service principals of groups, by the cast. A group that cannot hold any has none.
    pub(super) async fn casts(&self, groups: Vec<GroupRef>) -> Vec<(GroupRef, Result<Vec<MemberRef>, GraphError>)> {
        let mut out = Vec::with_capacity(groups.len());
        for some in groups.chunks(Batch::MOST) {
            let lists: Vec<(Source, &GroupRef)> = some.iter().map(|g| (Source::ServicePrincipals, g)).collect();
            for (group, asked) in some.iter().zip(self.ask_lists(&lists).await) {
                let listed = self.all_pages(asked.reply).await.map(|objects| {
                    let heads = objects.iter().filter_map(|raw| Head::of(raw));
                    let of_cast = |head: Head| MemberRef {
                        id: head.id.into(),
                        odata_type: head.odata_type.map_or(SERVICE_PRINCIPAL.into(), Into::into),
                    };
                    heads.map(of_cast).collect()
                });
                out.push((group.clone(), listed));
            }
        }
        out
    }
}

/// Whether totals differ by more than what settles by itself, beside what is known to differ.
fn is_drift(count: u64, held: u64, known: i64) -> bool {
    count.abs_diff(held.saturating_add_signed(known)) > (held / 1_000).max(5)
}

pub(super) fn is_service_principal(odata_type: &str) -> bool {
    short_odata_type(odata_type) == "servicePrincipal"
}

/// Some group that is held with a service principal among its members.
fn one_of(
    writer: &mut Writer,
    run: crate::domain::ids::RunId,
    seed: u64,
) -> Result<Option<String>, crate::store::StoreError> {
    for group in writer.some_groups(run, LOOKED_THROUGH, seed)? {
        if GroupRef::of(&group.id, &group.raw).can_hold_service_principals()
            && writer.members_of(run, &group.id)?.iter().any(|m| is_service_principal(&m.odata_type))
        {
            return Ok(Some(group.id));
        }
    }
    Ok(None)
}

fn stirred(id: &str, seed: u64) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    (id, seed).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drifts() {
        let check = |count, held, known, want| assert_eq!(is_drift(count, held, known), want, "{count} {held} {known}");
        check(0, 0, 0, false);
        check(105, 100, 0, false);
        check(94, 100, 0, true);
        check(100_100, 100_000, 0, false);
        check(100_101, 100_000, 0, true);
        check(94, 100, -6, false);
        check(94, 100, -12, true);
        check(130, 100, 25, false);
        check(100, 100, 25, true);
        check(0, 3, -6, false);
    }
}
