//! An upload object by object: found once, then shown window by window.
//!
//! Of all that an upload would create, change or delete only places are remembered, twelve bytes each (sixty megabytes for
//! five million edges), and of what changes the fingerprint that the target is believed to hold. Names and fields are read
//! for the rows of a window; a filter by words reads the names of all.

use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::{
    Against, Asked, Lengths, Live, PreviewError, Verdict, compare, ends::Ends, finished, goes_as, judge, live,
};
use crate::{
    domain::{
        completeness::{Excluded, partial_types},
        difference,
        entity::{Entity, Fingerprint, fingerprint},
        filter::{self, Scope},
        ids::RunId,
        naming::Names,
        planned::{Deed, End, Planned, PlannedQuery, PlannedRows},
        validate::Checker,
    },
    store::{Picture, Reader, StoreError},
};

/// So many names are read at once.
const AT_ONCE: usize = 512;

/// All that an upload would do, by places.
#[derive(Debug)]
pub struct Objects {
    run: RunId,
    names: Names,
    /// Of which run the target is believed to hold the objects.
    before: Option<RunId>,
    /// What JupiterOne told that the target holds, where they were found against that.
    live: Option<Arc<Live>>,
    /// Names of types, in the order in which they were met.
    types: Vec<String>,
    items: Vec<Item>,
    /// Of what changes.
    prints: HashMap<u32, Fingerprint>,
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
    is_edge: bool,
}

/// Collects them.
#[derive(Default)]
struct Finding {
    types: Vec<String>,
    items: Vec<Item>,
}

impl Finding {
    fn add(&mut self, nums: [i64; 2], name: &str, deed: Deed, is_edge: bool) {
        let place = |num: i64| u32::try_from(num).unwrap_or(u32::MAX);
        let of = self.types.iter().position(|known| known == name).unwrap_or_else(|| {
            self.types.push(name.to_owned());
            self.types.len() - 1
        });
        // There are nine types a naming.
        let of = u16::try_from(of).unwrap_or(u16::MAX);
        self.items.push(Item { near: place(nums[0]), far: place(nums[1]), of, deed, is_edge });
    }
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
        let partial = partial_types(naming, &info.gaps, &Excluded::default());
        // Asked by both streams, one after the other.
        let checker = RefCell::new(Checker::new(asked.names, &reader.tenant()?));
        let mut lengths = Lengths { naming, bare: BTreeMap::new() };
        let found = RefCell::new(Finding::default());
        let mut prints = HashMap::new();
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
                    let last = it.believed.states.last().and_then(|(_, print)| *print);
                    if let (Verdict::Change, Some(print), Ok(num)) = (verdict, last, u32::try_from(it.nums[0])) {
                        prints.insert(num, print);
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
                    let name = naming.edge_type(edge.kind);
                    if let Some(deed) = deed(&judge(name, &edge.state(), &it.believed)) {
                        found.borrow_mut().add(it.nums, name, deed, true);
                    }
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
        let Finding { types, mut items } = found.into_inner();
        // What is not sent is known now: what may be there of its types stays.
        let partial = checker.into_inner().partial_types(&info.gaps);
        let stays = |item: &Item| types.get(usize::from(item.of)).is_some_and(|name| partial.contains(name));
        let mut places = 0..;
        items.retain(|item| {
            let goes_along = places.next().is_some_and(|place| along.contains(&place));
            item.deed != Deed::Delete || goes_along || !stays(item)
        });
        let before = last.map(|last| last.run);
        let live = match asked.against {
            Against::Live { live, .. } => Some(Arc::clone(live)),
            _ => None,
        };
        Ok(Self { run: asked.run, names: asked.names.clone(), before, live, types, items, prints })
    }

    /// How many there are of each type, by what is done to them.
    pub fn totals(&self) -> BTreeMap<&str, [u64; 3]> {
        let mut totals: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
        for item in &self.items {
            if let Some(name) = self.types.get(usize::from(item.of)) {
                totals.entry(name).or_default()[item.deed as usize] += 1;
            }
        }
        totals
    }

    /// A window onto those that a query leaves; nothing more once `stop` says so.
    pub fn window(
        &self,
        reader: &Reader,
        query: PlannedQuery,
        stop: &dyn Fn() -> bool,
    ) -> Result<PlannedRows, StoreError> {
        let mut rows = Vec::new();
        let (total, filter_problem) = self.each(reader, &query, stop, &mut |row| rows.push(row))?;
        Ok(PlannedRows { query, total, rows, filter_problem })
    }

    /// Hands over the window of a query; says how many the query leaves in all, and what of its filter is not understood.
    pub fn each(
        &self,
        reader: &Reader,
        query: &PlannedQuery,
        stop: &dyn Fn() -> bool,
        f: &mut dyn FnMut(Planned),
    ) -> Result<(u64, Option<String>), StoreError> {
        let (filter, complaints) = filter::parse(&query.filter, Scope::Changes);
        let of = query.of.as_ref().map(|name| self.types.iter().position(|known| known == name));
        let is_asked = |item: &&Item| {
            of.is_none_or(|of| of == Some(usize::from(item.of))) && query.deed.is_none_or(|deed| deed == item.deed)
        };
        let inside = |seen: u64| seen >= query.offset && seen - query.offset < query.limit;
        let account = self.account(reader)?;
        let mut total = 0;
        // Names are read for some hundreds at once.
        let mut some: Vec<Item> = Vec::with_capacity(AT_ONCE);
        let mut tell = |some: &mut Vec<Item>, total: &mut u64| -> Result<(), StoreError> {
            for (row, item) in self.named(reader, some, &account)? {
                let is_shown = filter.is_empty() || {
                    let matches = filter.matches(&row);
                    *total += u64::from(matches);
                    matches && inside(*total - 1)
                };
                if is_shown {
                    f(self.with_fields(reader, row, item)?);
                }
            }
            some.clear();
            Ok(())
        };
        for item in self.items.iter().filter(is_asked) {
            if filter.is_empty() {
                total += 1;
                if !inside(total - 1) {
                    continue;
                }
            }
            some.push(*item);
            if some.len() == AT_ONCE {
                if stop() {
                    return Ok((total, None));
                }
                tell(&mut some, &mut total)?;
            }
        }
        tell(&mut some, &mut total)?;
        let problem: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        Ok((total, (!problem.is_empty()).then(|| problem.join("; "))))
    }

    fn named(&self, reader: &Reader, items: &[Item], account: &End) -> Result<Vec<(Planned, Item)>, StoreError> {
        let mut nums: Vec<i64> = Vec::with_capacity(items.len() * 2);
        for item in items {
            nums.push(item.near.into());
            if item.is_edge {
                nums.push(item.far.into());
            }
        }
        nums.sort_unstable();
        nums.dedup();
        let mut names = reader.named(self.run, &nums)?;
        // What only JupiterOne knows is named by it.
        for num in &nums {
            if let Some(foreign) = self.live.as_ref().map(|live| live.picture.foreign(*num)).transpose()?.flatten() {
                names.insert(*num, foreign);
            }
        }
        Ok(items.iter().map(|item| (self.row(item, &names, account), *item)).collect())
    }

    /// The account has no number of its own; its name is the tenant's.
    fn account(&self, reader: &Reader) -> Result<End, StoreError> {
        let tenant = reader.tenant()?;
        let detail = reader.detail(self.run, &self.names, tenant.as_str())?;
        let name = detail.map(|detail| detail.name).unwrap_or_default();
        Ok(End { id: tenant.to_string(), name })
    }

    fn row(&self, item: &Item, names: &BTreeMap<i64, (String, String)>, account: &End) -> Planned {
        let end = |num: u32| match names.get(&i64::from(num)) {
            // A key that is no id is the account's.
            Some((id, name)) if Picture::is_foreign(num.into()) || !id.contains(':') => {
                End { id: id.clone(), name: name.clone() }
            }
            _ => account.clone(),
        };
        // Somebody else's relationship, whose key does not tell its ends.
        let has_ends = item.is_edge && item.far != 0;
        Planned {
            deed: item.deed,
            object_type: self.types.get(usize::from(item.of)).cloned().unwrap_or_default(),
            end: end(if has_ends { item.far } else { item.near }),
            from: has_ends.then(|| end(item.near)),
            fields: None,
        }
    }

    /// What becomes different: of what was sent before, if that is kept, and is what the target is believed to hold.
    fn with_fields(&self, reader: &Reader, mut row: Planned, item: Item) -> Result<Planned, StoreError> {
        if let (Deed::Change, false, Some(live)) = (row.deed, item.is_edge, &self.live) {
            // The account's number is another one there.
            let num = u32::try_from(live.picture.account()).map_or(u32::MAX, |num| num);
            let num = if item.near == num { live.picture.account() } else { item.near.into() };
            if let Some(detail) = reader.detail(self.run, &self.names, &row.end.id)?
                && let serde_json::Value::Object(json) = detail.entity
            {
                let ours = Entity { kind: detail.kind, json, warnings: Vec::new() };
                row.fields = live::fields(live, reader, &self.names, num, ours)?;
            }
            return Ok(row);
        }
        let (Deed::Change, false, Some(before)) = (row.deed, item.is_edge, self.before) else { return Ok(row) };
        let entity = |run: RunId| match reader.detail(run, &self.names, &row.end.id) {
            Ok(detail) => Ok(detail.map(|detail| detail.entity)),
            // Runs are forgotten, and with them what was sent.
            Err(StoreError::NoSuchRun { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        if let (Some(was), Some(now)) = (entity(before)?, entity(self.run)?)
            && self.prints.get(&item.near) == Some(&fingerprint(&was.to_string()))
            && let (Some(was), Some(now)) = (was.as_object(), now.as_object())
        {
            row.fields = Some(difference::differences(was, now));
        }
        Ok(row)
    }
}
