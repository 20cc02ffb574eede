//! What changed: the links of delta queries, and their pages as writes (facts: graph.md §3).
//!
//! The same group may come on many pages, each time with another slice of what changed among its members; slices are
//! applied in the order in which they come. What a page does not name is as it was. An object that comes without its
//! properties is looked up by itself: it never overwrites what is known. No token is trusted twice: one that the service
//! does not know any more sends the run to a full read.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    Stop,
    check::is_service_principal,
    checkpoint,
    engine::{Engine, Read, default_type, id_key, object_of},
    members::{Before, GroupRef},
    plan::Step,
};
use crate::{
    domain::{
        completeness::{Collection, State},
        ids::{canonical, canonical_id},
        kind::EntityKind,
        progress::Level,
        text,
    },
    graph::{Again, Get, GraphError, Pages},
    store::{
        DeltaLink, ListEnd, MemberRef, MembersChange, MembersWrite, ObjectWrite, PageWrite, Resolution, Via, Writer,
    },
};

/// How often a chain of changes may begin again from its link.
const MOST_RESTARTS: u32 = 5;
const MEMBERS: &str = "members@delta";

/// The request whose only answer is a link: what changes from here on.
pub(super) fn latest(collection: Collection) -> Get {
    if collection == Collection::Groups { Step::GroupLink } else { Step::UserLink }.get(&[])
}

/// The chain that shows everything, and a link at its end.
fn initial(collection: Collection) -> Get {
    if collection == Collection::Groups { Step::GentleGroups } else { Step::GentleUsers }.get(&[])
}

fn kind_of(collection: Collection) -> EntityKind {
    if collection == Collection::Groups { EntityKind::Group } else { EntityKind::User }
}

/// What a chain of delta pages is to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// All that the run reads of a collection.
    Changes,
    /// A collection from nothing: what it does not name is not there.
    Initial,
    /// On top of what the run has read.
    CatchUp,
}

/// What a chain brought.
#[derive(Debug, Default)]
pub(super) struct Brought {
    seen: HashSet<u128>,
    pub gone: u64,
    nameless: u64,
    /// Memberships that came or went.
    edges: u64,
    /// Groups whose members changed.
    pub changed: Vec<GroupRef>,
    /// Groups whose slice could not be understood: their lists are read whole.
    garbled: Vec<GroupRef>,
    /// An object of which nothing could be found out.
    unknown: Option<ListEnd>,
    pub link: Option<String>,
}

/// Why a chain came to no good end.
pub(super) enum Trouble {
    /// Its link is good for nothing: the service does not know it, or does not do this.
    Worthless(GraphError),
    /// It may be good another day. Whether any page had come.
    Failed(GraphError, bool),
}

impl Engine {
    /// Asks for the link from which what changes during the run is read at its end. Asked before the collection is: what
    /// happens between the two is on both sides rather than on none.
    pub(super) async fn take_link(&self, collection: Collection) -> Result<(), Stop> {
        // A chain that had begun without a link gets none: what changed since then would be lost.
        if self.link(collection).is_some() || self.left_at(collection).is_some() {
            return Ok(());
        }
        let mut pages = self.client.delta(latest(collection));
        let link = loop {
            match pages.next().await {
                Ok(Some(page)) if page.delta_link.is_some() => break page.delta_link,
                Ok(Some(_)) => match pages.brought(false) {
                    Ok(()) => {}
                    Err(_) => break None,
                },
                Ok(None) => break None,
                Err(error) => {
                    self.still_there(&error).await?;
                    self.no_delta(collection, &error);
                    return Ok(());
                }
            }
        };
        let Some(link) = link else { return Ok(()) };
        self.set_link(collection, link.clone());
        let links = vec![DeltaLink { collection, link }];
        self.keeper.keep(PageWrite { links, ..PageWrite::default() }).await
    }

    /// The service does not do delta queries: the next run reads everything again.
    fn no_delta(&self, collection: Collection, error: &GraphError) {
        if is_refusal(error) {
            let now = self.watch.now();
            self.learn(|l| l.delta_refused = Some(now));
        }
        let what = format!("changes of {} cannot be asked for, the next run reads them all", collection.as_str());
        self.watch.fallback(&what, &error.problem().line());
    }

    /// What changed while the run read everything. That it cannot be read costs nothing: the next run begins with the
    /// same link.
    pub(super) async fn catch_up(&self, users: &Read, groups: &Read) -> Result<(), Stop> {
        tokio::try_join!(
            Box::pin(self.catch_up_with(Collection::Users, users)),
            Box::pin(self.catch_up_with(Collection::Groups, groups))
        )?;
        Ok(())
    }

    pub(super) async fn catch_up_with(&self, collection: Collection, read: &Read) -> Result<(), Stop> {
        // Where nothing may be read, nothing has to be caught up with.
        let link = self.link(collection).filter(|_| read.end.state != State::Forbidden);
        let Some(link) = link else { return Ok(()) };
        let brought = match self.round(collection, &link, None, Mode::CatchUp).await? {
            Ok(brought) => brought,
            Err(Trouble::Worthless(error) | Trouble::Failed(error, _)) => {
                self.warn(&format!("what changed of {} meanwhile", collection.as_str()), &error);
                return Ok(());
            }
        };
        let (changed, gone) = (brought.seen.len() as u64, brought.gone);
        if changed + gone > 0 {
            let line = format!("{}: {changed} changed and {gone} gone while they were read", collection.as_str());
            self.watch.log(Level::Info, line, None);
            self.watch.held(collection, self.held(collection).await?);
        }
        if brought.unknown.is_some() || brought.nameless > 0 {
            // The old link shows them again.
            return Ok(());
        }
        Box::pin(self.members_of(brought.garbled)).await?;
        self.keep_link(collection, brought.link).await
    }

    pub(super) async fn keep_link(&self, collection: Collection, link: Option<String>) -> Result<(), Stop> {
        let Some(link) = link else { return Ok(()) };
        self.set_link(collection, link.clone());
        let links = vec![DeltaLink { collection, link }];
        self.keeper.keep(PageWrite { links, ..PageWrite::default() }).await
    }

    pub(super) async fn held(&self, collection: Collection) -> Result<u64, Stop> {
        self.keeper.ask(move |writer: &mut Writer, run| writer.held(run, collection)).await
    }

    /// A collection by what changed since the link was given.
    pub(super) async fn changes(&self, collection: Collection, link: &str) -> Result<Read, Stop> {
        self.watch.begin(collection);
        let left = self.left_at(collection).cloned();
        if left.as_ref().is_some_and(|at| at.end.as_ref().is_some_and(|end| end.state == State::Complete)) {
            self.watch.held(collection, self.held(collection).await?);
            self.watch.ended(collection, &ListEnd::COMPLETE);
            return Ok(Read { end: ListEnd::COMPLETE, delta: true, changed: Vec::new() });
        }
        let from = left.filter(|at| at.end.is_none()).and_then(|at| at.next_link);
        let (end, brought) = match self.round(collection, link, from, Mode::Changes).await? {
            Ok(brought) => (self.end_of_round(collection, &brought), brought),
            Err(Trouble::Worthless(error)) => {
                let what = format!("changes of {} cannot be read", collection.as_str());
                self.watch.fallback(&what, &error.problem().line());
                return Err(Stop::Again(what));
            }
            Err(Trouble::Failed(error, began)) => {
                self.still_there(&error).await?;
                self.warn(collection.as_str(), &error);
                (checkpoint::end_of(&error, began), Brought::default())
            }
        };
        let held = self.held(collection).await?;
        if end.state == State::Complete {
            let thing = if collection == Collection::Groups { "group" } else { "user" };
            let line = format!(
                "{} changed, {} gone, {} in all",
                text::counted(brought.seen.len() as u64, thing),
                text::grouped(brought.gone),
                text::grouped(held)
            );
            self.watch.log(Level::Info, line, None);
        }
        Box::pin(self.members_of(brought.garbled)).await?;
        self.finish_round(collection, held, end.clone(), true, brought.link).await?;
        Ok(Read { end, delta: true, changed: brought.changed })
    }

    /// A collection by a delta chain from its beginning, which is the least load. `None` where the service does no
    /// delta queries.
    pub(super) async fn chain(&self, collection: Collection) -> Result<Option<Read>, Stop> {
        self.watch.begin(collection);
        let left = self.left_at(collection).cloned();
        if left.as_ref().is_some_and(|at| at.end.as_ref().is_some_and(|end| end.state == State::Complete)) {
            return Ok(self.as_it_was(collection));
        }
        let from = left.filter(|at| at.end.is_none()).and_then(|at| at.next_link);
        let (end, brought) = match self.round(collection, "", from, Mode::Initial).await? {
            Ok(brought) => (self.end_of_round(collection, &brought), brought),
            Err(Trouble::Worthless(error)) => {
                self.no_delta(collection, &error);
                return Ok(None);
            }
            Err(Trouble::Failed(error, began)) => {
                self.still_there(&error).await?;
                self.warn(collection.as_str(), &error);
                (checkpoint::end_of(&error, began), Brought::default())
            }
        };
        let done = self.held(collection).await?;
        if end.state == State::Complete {
            let thing = if collection == Collection::Groups { "group" } else { "user" };
            self.watch.log(Level::Info, format!("{} read", text::counted(done, thing)), None);
        }
        Box::pin(self.members_of(brought.garbled)).await?;
        self.finish_round(collection, done, end.clone(), false, brought.link).await?;
        Ok(Some(Read { end, delta: false, changed: Vec::new() }))
    }

    fn end_of_round(&self, collection: Collection, brought: &Brought) -> ListEnd {
        match &brought.unknown {
            _ if brought.nameless > 0 => self.nameless(collection, brought.nameless),
            Some(end) => end.clone(),
            None => ListEnd::COMPLETE,
        }
    }

    /// The end of a collection and the link from which it goes on another day, in one transaction.
    async fn finish_round(
        &self,
        collection: Collection,
        done: u64,
        end: ListEnd,
        delta: bool,
        link: Option<String>,
    ) -> Result<(), Stop> {
        self.watch.held(collection, done);
        self.watch.ended(collection, &end);
        let links = link.filter(|_| end.state == State::Complete).map(|link| DeltaLink { collection, link });
        if let Some(DeltaLink { link, .. }) = &links {
            self.set_link(collection, link.clone());
        }
        let checkpoint = Some(checkpoint::ended(collection, done, end, delta));
        self.keeper.keep(PageWrite { checkpoint, links: links.into_iter().collect(), ..PageWrite::default() }).await
    }

    /// A chain of delta pages into the store, from `link` (the beginning of everything, if the mode is so), or from the
    /// page `from` on, which an earlier process had reached.
    pub(super) async fn round(
        &self,
        collection: Collection,
        link: &str,
        from: Option<String>,
        mode: Mode,
    ) -> Result<Result<Brought, Trouble>, Stop> {
        let begin = || -> Pages {
            match mode {
                Mode::Initial => self.client.delta(initial(collection)),
                Mode::Changes | Mode::CatchUp => self.client.changes(link.to_owned()),
            }
        };
        let mut inside = from.is_some();
        let mut pages = from.map_or_else(begin, |from| self.client.changes(from));
        let (mut restarts, mut began) = (0, inside);
        let mut brought = Brought::default();
        // In a chain that begins again, the first slice of each group begins its list again; so it does in one from
        // nothing, as an earlier process may have read all of it but its end.
        let mut anew: Option<HashSet<u128>> = (mode == Mode::Initial && !inside).then(HashSet::new);
        // Whether an earlier pass, of this process or another, has brought objects that this one need not name.
        let mut is_second = !inside && self.left_at(collection).is_some();
        loop {
            let page = match pages.next().await {
                Ok(Some(page)) => page,
                Ok(None) => {
                    if let Some(named) = anew.filter(|_| is_second && mode != Mode::CatchUp) {
                        self.look_for_unnamed(collection, named, &mut brought).await?;
                    }
                    return Ok(Ok(brought));
                }
                // A page token inside the chain: worn out, or of an answer that nobody got. The link itself is another
                // matter.
                Err(error) if inside && restarts < MOST_RESTARTS && (error.is_page_token() || is_refusal(&error)) => {
                    restarts += 1;
                    inside = false;
                    pages = begin();
                    (anew, is_second) = (Some(HashSet::new()), true);
                    self.watch.edges_less(std::mem::take(&mut brought.edges));
                    let line = format!("the chain of {} begins again from its link", collection.as_str());
                    self.watch.log(Level::Retry, line, Some(error.problem()));
                    continue;
                }
                Err(error) if is_refusal(&error) || error.is_page_token() || error.is_delta_gone() => {
                    return Ok(Err(Trouble::Worthless(error)));
                }
                Err(error) => return Ok(Err(Trouble::Failed(error, began))),
            };
            if page.again == Again::Chain {
                (anew, is_second) = (Some(HashSet::new()), true);
                self.watch.edges_less(std::mem::take(&mut brought.edges));
            }
            began = true;
            let known = brought.seen.len();
            let (next_link, link) = (page.next_link, page.delta_link);
            inside = next_link.is_some();
            let mut write = Box::pin(self.writes(collection, mode, page.objects, &mut brought, anew.as_mut())).await?;
            let done = brought.seen.len() as u64;
            if mode != Mode::CatchUp {
                self.watch.done(collection, done);
                let delta = mode == Mode::Changes;
                write.checkpoint = Some(checkpoint::reached(collection, next_link, done, None, delta));
            }
            self.keeper.keep(write).await?;
            brought.link = link.or(brought.link);
            if let Err(error) = pages.brought(brought.seen.len() > known) {
                return Ok(Err(Trouble::Failed(error, began)));
            }
        }
    }

    /// One page as writes.
    async fn writes(
        &self,
        collection: Collection,
        mode: Mode,
        objects: Vec<Box<RawValue>>,
        brought: &mut Brought,
        mut anew: Option<&mut HashSet<u128>>,
    ) -> Result<PageWrite, Stop> {
        let kind = kind_of(collection);
        let mut page = Sorted::default();
        for raw in objects {
            let Some(object) = DeltaObject::of(&raw) else {
                brought.nameless += 1;
                continue;
            };
            if object.removed {
                page.gone(object.id);
                continue;
            }
            brought.seen.insert(id_key(&object.id));
            let first_of_round = anew.as_mut().is_some_and(|seen| seen.insert(id_key(&object.id)));
            if kind == EntityKind::Group {
                let group = GroupRef::of(&object.id, &raw);
                match object.links {
                    Links::Of(links) => {
                        let named = !links.is_empty();
                        page.links(&object.id, links, first_of_round);
                        if named {
                            brought.changed.push(group);
                        }
                    }
                    Links::Garbled => {
                        page.unclear(&object.id);
                        brought.garbled.push(group.with(Before::Some));
                    }
                }
            }
            if object.is_whole {
                page.object(&object.id, kind, object.odata_type, object.raw);
            } else {
                page.look_up(object.id);
            }
        }
        if page.shows_service_principals() && self.learned().delta_shows_service_principals.is_none() {
            self.learn(|l| l.delta_shows_service_principals = Some(true));
        }
        self.look_up(kind, &mut page, brought).await;
        brought.gone += page.gone.len() as u64;
        let write = page.write(mode);
        if mode != Mode::CatchUp {
            let listed = write.members.iter().map(|m| m.members.len());
            let changed = write.changes.iter().map(|c| c.added.len() + c.removed.len());
            let edges = listed.chain(changed).sum::<usize>() as u64;
            brought.edges += edges;
            self.watch.edges(edges);
        }
        Ok(write)
    }

    /// What an earlier pass over a chain has brought, and the one that came to its end did not name: whoever was deleted
    /// between the two is told by neither, as the link begins at the second. So each is asked for alone.
    async fn look_for_unnamed(
        &self,
        collection: Collection,
        named: HashSet<u128>,
        brought: &mut Brought,
    ) -> Result<(), Stop> {
        let unnamed = move |writer: &mut Writer, run| {
            let mut ids = writer.seen_ids(run, collection)?;
            ids.retain(|id| !named.contains(&id_key(id)));
            Ok(ids)
        };
        let mut page = Sorted::default();
        self.keeper.ask(unnamed).await?.into_iter().for_each(|id| page.look_up(id));
        self.look_up(kind_of(collection), &mut page, brought).await;
        brought.gone += page.gone.len() as u64;
        self.keeper.keep(page.write(Mode::CatchUp)).await
    }

    /// Objects that came with nothing but their id: what is known of them must not be lost over that.
    async fn look_up(&self, kind: EntityKind, page: &mut Sorted, brought: &mut Brought) {
        let step = if kind == EntityKind::Group { Step::MissingGroup } else { Step::MissingUser };
        let ids: Vec<String> = page.look_up.drain().collect();
        let replies = self.ask(ids.iter().map(|id| step.get(&[id])).collect()).await;
        for (id, reply) in ids.into_iter().zip(replies) {
            match object_of(reply) {
                Ok((head, raw)) if head.id == id => page.object(&id, kind, head.odata_type, raw),
                Err(error) if error.is_gone() => page.gone(id),
                other => {
                    let end = other
                        .err()
                        .map(|error| checkpoint::end_of(&error, true))
                        .unwrap_or_else(|| unexpected("an object could not be looked up"));
                    brought.unknown.get_or_insert(end);
                }
            }
        }
    }
}

/// Whether a group of a delta page names a service principal among its members.
pub(super) fn names_service_principal(raw: &RawValue) -> bool {
    match DeltaObject::of(raw).map(|object| object.links) {
        Some(Links::Of(links)) => links.iter().any(|(_, link)| is_service_principal(&link.odata_type)),
        Some(Links::Garbled) | None => false,
    }
}

/// How a list ends of which something has a shape that nobody knows.
fn unexpected(why: &str) -> ListEnd {
    let code = Some("unexpected_shape".to_owned());
    ListEnd { state: State::Partial, code, request_id: None, reason: Some(why.to_owned()) }
}

/// Whether the service says that it does not do this, or does not know that link.
fn is_refusal(error: &GraphError) -> bool {
    error.is_unsupported() || error.is_delta_gone() || error.is_gone() || error.is_bad_link()
}

/// What one page says of each id in the end: what comes later counts.
#[derive(Default)]
struct Sorted {
    objects: BTreeMap<String, ObjectWrite>,
    gone: HashSet<String>,
    look_up: HashSet<String>,
    /// By group, in the order in which they came.
    groups: Vec<(String, bool)>,
    /// Groups of which nobody knows what changed.
    unclear: HashSet<String>,
    links: HashMap<String, BTreeMap<String, Link>>,
}

/// A member, there or not there any more.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    odata_type: String,
    removed: bool,
}

impl Sorted {
    fn object(&mut self, id: &str, kind: EntityKind, odata_type: Option<String>, raw: Box<RawValue>) {
        self.gone.remove(id);
        self.look_up.remove(id);
        let odata_type = odata_type.unwrap_or_else(|| default_type(kind).to_owned());
        self.objects.insert(id.to_owned(), ObjectWrite { kind, id: id.to_owned(), odata_type, raw });
    }

    fn gone(&mut self, id: String) {
        self.objects.remove(&id);
        self.look_up.remove(&id);
        self.gone.insert(id);
    }

    fn look_up(&mut self, id: String) {
        // Of an object that came whole on the same page, nothing is missing.
        if !self.objects.contains_key(&id) {
            self.gone.remove(&id);
            self.look_up.insert(id);
        }
    }

    fn unclear(&mut self, group: &str) {
        self.unclear.insert(group.to_owned());
    }

    fn links(&mut self, group: &str, links: Vec<(String, Link)>, begins_again: bool) {
        if links.is_empty() && !begins_again {
            return;
        }
        let known = self.links.entry(group.to_owned()).or_insert_with(|| {
            self.groups.push((group.to_owned(), begins_again));
            BTreeMap::new()
        });
        known.extend(links);
    }

    fn shows_service_principals(&self) -> bool {
        self.links.values().flat_map(BTreeMap::values).any(|l| is_service_principal(&l.odata_type))
    }

    fn write(mut self, mode: Mode) -> PageWrite {
        let mut page = PageWrite::default();
        for (group, reset) in self.groups {
            let mut added = Vec::new();
            let mut removed = Vec::new();
            for (id, link) in self.links.remove(&group).unwrap_or_default() {
                if link.removed {
                    removed.push(id);
                } else {
                    added.push(MemberRef { id: id.into(), odata_type: link.odata_type.into() });
                }
            }
            if mode == Mode::Initial && (reset || !added.is_empty()) {
                let members = std::mem::take(&mut added);
                let group = group.clone();
                page.members.push(MembersWrite { group, members, end: None, reset, via: Via::List });
            }
            if !(added.is_empty() && removed.is_empty()) {
                page.changes.push(MembersChange { group, added, removed });
            }
        }
        // Not whole until its list is read: a run that is cut off before that must not take it for unchanged.
        let mut unclear: Vec<String> = self.unclear.into_iter().collect();
        unclear.sort_unstable();
        page.members.extend(unclear.into_iter().map(|group| MembersWrite {
            group,
            end: Some(unexpected("what changed in its list could not be understood")),
            ..MembersWrite::default()
        }));
        page.objects = self.objects.into_values().collect();
        let mut gone: Vec<String> = self.gone.into_iter().collect();
        gone.sort_unstable();
        page.resolutions = gone.into_iter().map(|id| Resolution::Gone { id }).collect();
        page
    }
}

/// An object of a delta page.
struct DeltaObject {
    id: String,
    odata_type: Option<String>,
    removed: bool,
    /// Whether it came with its properties.
    is_whole: bool,
    links: Links,
    /// Without what it says of its members.
    raw: Box<RawValue>,
}

enum Links {
    Of(Vec<(String, Link)>),
    Garbled,
}

impl DeltaObject {
    /// `None` where there is no id.
    fn of(raw: &RawValue) -> Option<Self> {
        let fields: Fields = serde_json::from_str(raw.get()).ok()?;
        let text = |name: &str| serde_json::from_str::<Option<String>>(fields.get(name)?.get()).ok()?;
        let id = text("id").filter(|id| !id.is_empty()).map(|id| canonical(&id).into_owned())?;
        let links = fields.get(MEMBERS).map_or(Links::Of(Vec::new()), Links::of);
        let removed = fields.get("@removed").is_some_and(|r| r.get() != "null");
        let raw = if fields.get(MEMBERS).is_some() { fields.without(MEMBERS)? } else { raw.to_owned() };
        Some(Self {
            odata_type: text("@odata.type"),
            is_whole: fields.get("displayName").is_some(),
            id,
            removed,
            links,
            raw,
        })
    }
}

impl Links {
    fn of(raw: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct Entry {
            #[serde(deserialize_with = "canonical_id")]
            id: String,
            #[serde(rename = "@odata.type")]
            odata_type: Option<String>,
            #[serde(rename = "@removed")]
            removed: Option<serde::de::IgnoredAny>,
        }
        match serde_json::from_str::<Option<Vec<Entry>>>(raw.get()) {
            Ok(entries) => Self::Of(
                entries
                    .unwrap_or_default()
                    .into_iter()
                    .map(|Entry { id, odata_type, removed }| {
                        (id, Link { odata_type: odata_type.unwrap_or_default(), removed: removed.is_some() })
                    })
                    .collect(),
            ),
            Err(_) => Self::Garbled,
        }
    }
}

/// The fields of an object, in their order and as they came.
struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    fn without(&self, name: &str) -> Option<Box<RawValue>> {
        let mut out = String::from("{");
        for (known, value) in self.0.iter().filter(|(known, _)| known != name) {
            if out.len() > 1 {
                out.push(',');
            }
            out.push_str(&serde_json::to_string(known).ok()?);
            out.push(':');
            out.push_str(value.get());
        }
        out.push('}');
        RawValue::from_string(out).ok()
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that a run that is cut off before the list is read does not take it for unchanged.
    #[test]
    fn what_is_unclear_is_not_whole() {
        for mode in [Mode::Changes, Mode::Initial, Mode::CatchUp] {
            let mut sorted = Sorted::default();
            sorted.unclear("g");
            let page = sorted.write(mode);
            let end = page.members[0].end.as_ref().map(|end| end.state);
            assert_eq!((page.members[0].group.as_str(), end), ("g", Some(State::Partial)), "{mode:?}");
        }
    }
}
