//! An upload object by object: found once, then filtered, put in order and shown window by window.
//!
//! Of all that an upload would create, change or delete only places are remembered, twelve bytes each (sixty megabytes for
//! five million edges), and of what changes what the target is believed to hold. Names and fields are read for the rows of a
//! window. Who filters or sorts has the names of all read once ([`roster`]); what a query leaves is kept, four bytes each
//! ([`select`]), until another one is asked.

mod fields;
mod roster;
mod select;

use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use self::{
    fields::{Held, Told},
    roster::{ACCOUNT, AT_ONCE, Roster},
    select::Selected,
};
use super::{Against, Asked, Lengths, Live, PreviewError, Verdict, compare, ends::Ends, finished, goes_as, judge};
use crate::{
    domain::{
        completeness::{Excluded, partial_types},
        entity::fingerprint,
        explore::Facet,
        filter::{self, Scope},
        ids::{RunId, TenantId},
        kind::EntityKind,
        naming::{Names, Naming},
        planned::{self, Cause, Deed, End, Planned, PlannedQuery, PlannedRows},
        validate::Checker,
        view::Pending,
    },
    store::{Reader, StoreError},
};

/// From so many on, a filter or an order is worth saying that it is on its way.
const MANY: usize = 30_000;
/// So many are looked at for the rows that come before all were.
const EARLY: usize = 4_096;

/// All that an upload would do, by places.
#[derive(Debug)]
pub struct Objects {
    run: RunId,
    names: Names,
    tenant: TenantId,
    /// Of which run the target is believed to hold the objects.
    before: Option<RunId>,
    /// What JupiterOne told that the target holds, where they were found against that.
    live: Option<Arc<Live>>,
    /// In the order in which they were met.
    types: Vec<Type>,
    items: Vec<Item>,
    /// Of what changes.
    held: Held,
    /// Once somebody filtered or sorted.
    ends: Option<Roster>,
    /// Once somebody asked which fields change.
    told: Option<Told>,
    selected: Option<Selected>,
}

#[derive(Debug)]
struct Type {
    name: String,
    is_edge: bool,
    /// Whether it is the account's own.
    is_account: bool,
    /// As a filter's `type:` takes it.
    words: String,
}

/// A place is a number of the store; the account's own, which it may not have, is the last there can be.
#[derive(Debug, Clone, Copy)]
struct Item {
    /// An entity, or where a relationship begins.
    near: u32,
    /// Where a relationship ends; of an entity nothing.
    far: u32,
    of: u16,
    deed: Deed,
    /// Of what is deleted.
    cause: Option<Cause>,
}

/// Collects them.
#[derive(Default)]
struct Finding {
    types: Vec<Type>,
    items: Vec<Item>,
    held: Held,
    /// Ends from which some relationship stays.
    lists: HashSet<u32>,
    last: Option<u32>,
}

impl Finding {
    fn add(&mut self, nums: [i64; 2], name: &str, deed: Deed, is_edge: bool) {
        let of = self.types.iter().position(|known| known.name == name).unwrap_or_else(|| {
            let is_account = Naming::ALL.iter().any(|naming| naming.entity_type(EntityKind::Account) == name);
            let words = planned::type_words(name, is_edge);
            self.types.push(Type { name: name.to_owned(), is_edge, is_account, words });
            self.types.len() - 1
        });
        // There are nine types a naming.
        let of = u16::try_from(of).unwrap_or(u16::MAX);
        self.items.push(Item { near: place(nums[0]), far: place(nums[1]), of, deed, cause: None });
    }

    /// Edges come group by group.
    fn stays(&mut self, from: i64) {
        let from = place(from);
        if self.last.replace(from) != Some(from) {
            self.lists.insert(from);
        }
    }
}

/// Why each goes that does: entities because nobody has them any more, and with them what leads to them, or from them.
fn explain(types: &[Type], items: &mut [Item], lists: &HashSet<u32>) {
    let is_edge = |item: &Item| types.get(usize::from(item.of)).is_some_and(|of| of.is_edge);
    let gone: HashMap<u32, Cause> = items
        .iter()
        .filter(|item| item.deed == Deed::Delete && !is_edge(item))
        .filter_map(|item| Some((item.near, Cause::of_end(&types.get(usize::from(item.of))?.name))))
        .collect();
    for item in items.iter_mut().filter(|item| item.deed == Deed::Delete) {
        let with = || gone.get(&item.far).or_else(|| gone.get(&item.near)).copied();
        item.cause = Some(match is_edge(item) {
            false => Cause::Gone,
            true => with().unwrap_or_else(|| match lists.contains(&item.near) {
                true => Cause::Left,
                false => Cause::Emptied,
            }),
        });
    }
}

fn place(num: i64) -> u32 {
    u32::try_from(num).unwrap_or(ACCOUNT)
}

const fn deed(verdict: &Verdict) -> Option<Deed> {
    match verdict {
        Verdict::Create => Some(Deed::Create),
        Verdict::Change => Some(Deed::Change),
        Verdict::Same => None,
    }
}

impl Objects {
    /// Finds all that an upload would create, change or delete; deletions are those that really happen.
    pub fn find(reader: &Reader, asked: Asked<'_>) -> Result<Self, PreviewError> {
        let info = finished(reader, asked.run)?;
        let naming = asked.names.naming();
        let tenant = reader.tenant()?;
        let partial = partial_types(naming, &info.gaps, &Excluded::default());
        // Asked by both streams, one after the other.
        let checker = RefCell::new(Checker::new(asked.names, &tenant));
        let mut lengths = Lengths { naming, bare: BTreeMap::new() };
        let found = RefCell::new(Finding::default());
        let goes = |nums, states: Option<&str>, is_edge| {
            if let Some(name) = states {
                found.borrow_mut().add(nums, name, Deed::Delete, is_edge);
            }
        };
        let ends = RefCell::new(Ends::default());
        // The types of entities that stay are known once all entities were seen.
        let exempt = OnceCell::new();
        // Places of edges that go with an end of theirs, whatever is exempt.
        let mut along = HashSet::new();
        let (_, last) = compare(
            reader,
            &asked,
            &mut |it| match it.ours.and_then(|entity| checker.borrow_mut().entity(entity)) {
                Some(sent) => {
                    let name = sent.entity.entity_type();
                    let verdict = judge(name, &fingerprint(&sent.text), &it.believed);
                    if let Some(deed) = deed(&verdict) {
                        found.borrow_mut().add(it.nums, name, deed, false);
                    }
                    if verdict == Verdict::Change {
                        found.borrow_mut().held.entity(it.believed.states.last().and_then(|(_, print)| *print));
                    }
                }
                None => {
                    let gone = goes_as(naming, &partial, &it.believed);
                    if let Some(name) = gone {
                        ends.borrow_mut().entity_goes(it.nums[0], name);
                    }
                    goes(it.nums, gone, false);
                }
            },
            &mut |it| match it.ours.filter(|edge| checker.borrow_mut().edge(edge, lengths.of(edge))) {
                Some(edge) => {
                    let mut found = found.borrow_mut();
                    let name = naming.edge_type(edge.kind);
                    let verdict = judge(name, &edge.state(), &it.believed);
                    if let Some(deed) = deed(&verdict) {
                        found.add(it.nums, name, deed, true);
                    }
                    if verdict == Verdict::Change {
                        found.held.edge(it.believed.states.last().and_then(|(_, state)| *state));
                    }
                    found.stays(it.nums[0]);
                }
                None => {
                    let exempt = exempt.get_or_init(|| checker.borrow().partial_types(&info.gaps));
                    if ends.borrow().take_along(it.nums, &it.believed, exempt) {
                        along.insert(found.borrow().items.len());
                    }
                    goes(it.nums, goes_as(naming, &partial, &it.believed), true);
                }
            },
        )?;
        let Finding { types, mut items, mut held, lists, .. } = found.into_inner();
        // What is not sent is known now: what may be there of its types stays.
        let partial = checker.into_inner().partial_types(&info.gaps);
        let stays = |item: &Item| types.get(usize::from(item.of)).is_some_and(|of| partial.contains(&of.name));
        let mut places = 0..;
        items.retain(|item| {
            let goes_along = places.next().is_some_and(|place| along.contains(&place));
            item.deed != Deed::Delete || goes_along || !stays(item)
        });
        items.shrink_to_fit();
        explain(&types, &mut items, &lists);
        let changes = (0_u32..).zip(&items).filter(|(_, item)| item.deed == Deed::Change);
        held.placed(changes.map(|(at, item)| (at, types.get(usize::from(item.of)).is_some_and(|of| of.is_edge))));
        let before = last.map(|last| last.run);
        let live = match asked.against {
            Against::Live { live, .. } => Some(Arc::clone(live)),
            _ => None,
        };
        let names = asked.names.clone();
        let (roster, told, selected) = (None, None, None);
        Ok(Self { run: asked.run, names, tenant, before, live, types, items, held, ends: roster, told, selected })
    }

    /// How many there are of each type, by what is done to them.
    pub fn totals(&self) -> BTreeMap<&str, [u64; 3]> {
        let mut totals: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
        for item in &self.items {
            totals.entry(&self.type_of(item).name).or_default()[item.deed as usize] += 1;
        }
        totals
    }

    fn type_of(&self, item: &Item) -> &Type {
        &self.types[usize::from(item.of)]
    }

    fn is_edge(&self, item: &Item) -> bool {
        self.type_of(item).is_edge
    }

    /// Somebody else's relationship, whose key does not tell its ends, has none.
    fn has_ends(&self, item: &Item) -> bool {
        self.is_edge(item) && item.far != 0
    }

    fn is_of_account(&self, item: &Item) -> bool {
        self.type_of(item).is_account
    }

    /// A window onto those that a query leaves. Where these take long to find and the query does not wait for them, it is
    /// what can be said at once.
    ///
    /// # Errors
    ///
    /// [`PreviewError::Stopped`] once `stop` says so.
    pub fn window(
        &mut self,
        reader: &Reader,
        query: PlannedQuery,
        stop: &dyn Fn() -> bool,
    ) -> Result<PlannedRows, PreviewError> {
        let is_at_hand = self.selected.as_ref().is_some_and(|selected| selected.answers(&query));
        let is_long = self.items.len() > MANY && !(query.filter.is_empty() && query.sort.is_empty());
        if is_long && !query.whole && !is_at_hand {
            return Ok(self.early(reader, query)?);
        }
        let mut rows = Vec::new();
        let (total, filter_problem) = self.each(reader, &query, stop, &mut |row| rows.push(row))?;
        Ok(PlannedRows { query, total, rows, filter_problem, pending: None })
    }

    /// Hands over the window of a query; says how many the query leaves in all, and what of it could not be done as asked.
    ///
    /// # Errors
    ///
    /// [`PreviewError::Stopped`] once `stop` says so.
    pub fn each(
        &mut self,
        reader: &Reader,
        query: &PlannedQuery,
        stop: &dyn Fn() -> bool,
        f: &mut dyn FnMut(Planned),
    ) -> Result<(u64, Option<String>), PreviewError> {
        self.select(reader, query, stop)?.ok_or(PreviewError::Stopped)?;
        // Names that are wanted for so many are read once and not again and again.
        if query.limit > MANY as u64 && self.items.len() > MANY {
            self.load_ends(reader, stop)?.ok_or(PreviewError::Stopped)?;
        }
        let selected = self.selected.as_ref();
        let places = selected.and_then(|selected| selected.places.as_deref());
        let total = places.map_or(self.items.len(), <[u32]>::len);
        let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(total);
        let (mut at, end) = (bound(query.offset), bound(query.offset.saturating_add(query.limit)));
        while at < end {
            if stop() {
                return Err(PreviewError::Stopped);
            }
            let until = end.min(at + AT_ONCE);
            let some: Vec<u32> = match places {
                Some(places) => places[at..until].to_vec(),
                None => (at..until).filter_map(|at| u32::try_from(at).ok()).collect(),
            };
            self.tell(reader, &some, f)?;
            at = until;
        }
        Ok((total as u64, selected.and_then(|selected| selected.problem.clone())))
    }

    /// How many of those that a query leaves are created, changed and deleted, of which type, and why.
    ///
    /// # Errors
    ///
    /// [`PreviewError::Stopped`] once `stop` says so.
    pub fn facets(
        &mut self,
        reader: &Reader,
        query: &PlannedQuery,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<Facet>, PreviewError> {
        // In whatever order: the one that is at hand is as good.
        let at_hand = self.selected.as_ref().is_some_and(|selected| selected.leaves_the_same(query));
        if !at_hand {
            self.select(reader, &PlannedQuery { sort: Vec::new(), ..query.clone() }, stop)?
                .ok_or(PreviewError::Stopped)?;
        }
        Ok(self.facets_of(&query.filter))
    }

    /// Rows that a look at the first few thousand finds.
    fn early(&self, reader: &Reader, query: PlannedQuery) -> Result<PlannedRows, StoreError> {
        let (filter, complaints) = filter::parse(&query.filter, Scope::Planned);
        let of = self.of(&query);
        let asked = (0_u32..).zip(&self.items).filter(|(_, item)| select::is_asked(item, of, &query)).map(|(at, _)| at);
        let some: Vec<u32> = asked.take(EARLY).collect();
        let nums = self.nums(&some);
        let ends = self.ends_of(reader, &nums, &|| false)?;
        let mut places = Vec::new();
        for place in some {
            let item = &self.items[place as usize];
            // Which fields change is not looked up for so little.
            let seen = ends.as_ref().map(|ends| self.seen(ends, place, item));
            if filter.is_empty() || seen.is_some_and(|seen| filter.matches(&seen)) {
                places.push(place);
            }
        }
        let mut rows = Vec::new();
        let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(places.len());
        let window = bound(query.offset)..bound(query.offset.saturating_add(query.limit));
        self.tell(reader, &places[window], &mut |row| rows.push(row))?;
        let problem = complaints.first().map(ToString::to_string);
        let pending = Some(if query.sort.is_empty() { Pending::Filtering } else { Pending::Sorting });
        Ok(PlannedRows { query, total: places.len() as u64, rows, filter_problem: problem, pending })
    }

    /// Hands over the objects at these places.
    fn tell(&self, reader: &Reader, places: &[u32], f: &mut dyn FnMut(Planned)) -> Result<(), StoreError> {
        let few;
        let ends = match &self.ends {
            Some(ends) => Some(ends),
            None => {
                few = self.ends_of(reader, &self.nums(places), &|| false)?;
                few.as_ref()
            }
        };
        let Some(ends) = ends else { return Ok(()) };
        for place in places {
            let item = &self.items[*place as usize];
            let seen = self.seen(ends, *place, item);
            f(Planned {
                deed: item.deed,
                object_type: seen.of.name.clone(),
                key: seen.key(),
                end: seen.end.end(),
                from: seen.from.map(|from| from.end()),
                cause: item.cause,
                fields: self.differences(reader, *place)?,
            });
        }
        Ok(())
    }

    /// The numbers of what stands at these places, each once.
    fn nums(&self, places: &[u32]) -> Vec<u32> {
        let ends = |place: &u32| {
            let item = &self.items[*place as usize];
            [Some(item.near), self.has_ends(item).then_some(item.far)].into_iter().flatten()
        };
        let mut nums: Vec<u32> = places.iter().flat_map(ends).collect();
        nums.sort_unstable();
        nums.dedup();
        nums
    }

    fn ends_of(&self, reader: &Reader, nums: &[u32], stop: &dyn Fn() -> bool) -> Result<Option<Roster>, StoreError> {
        let detail = reader.detail(self.run, &self.names, self.tenant.as_str())?;
        let name = detail.map(|detail| detail.name).unwrap_or_default();
        let account = End { id: self.tenant.to_string(), name, kind: Some(EntityKind::Account) };
        // What only JupiterOne knows is named by it.
        let foreign = |num| self.live.as_ref().map_or(Ok(None), |live| live.picture.foreign(num));
        let known = (account, self.names.account_key(&self.tenant));
        Roster::load(reader, self.run, known, &foreign, nums, stop)
    }
}
