//! Which of an upload's objects a query leaves, in which order: found once, and kept as places, four bytes each.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeSet};

use super::{
    Item, Objects, Type,
    fields::Told,
    roster::{By, Known, Roster},
};
use crate::{
    domain::{
        column::{Column, Sort},
        explore::Facet,
        filter::{self, Field, Fields, Filter, Flag, IsId, Scope, Test, Value},
        planned::{Cause, Deed, PlannedQuery},
        text::grouped,
    },
    store::{Picture, Reader, StoreError},
};

/// The most that are put in order: with what orders need beside them they stay under 300 MB.
pub(super) const MOST_SORTED: usize = 8_000_000;
/// How often it is asked whether anybody still waits.
const STRIDE: usize = 1 << 12;

/// What was asked last, and what it leaves.
#[derive(Debug)]
pub(super) struct Selected {
    of: Option<String>,
    deed: Option<Deed>,
    filter: String,
    sort: Vec<Sort>,
    /// `None`: all, as they are.
    pub places: Option<Vec<u32>>,
    /// What of the query could not be done as it was asked.
    pub problem: Option<String>,
}

impl Selected {
    pub(super) fn answers(&self, query: &PlannedQuery) -> bool {
        self.leaves_the_same(query) && self.sort == query.sort
    }

    /// Whatever the order.
    pub(super) fn leaves_the_same(&self, query: &PlannedQuery) -> bool {
        (&self.of, self.deed, &self.filter) == (&query.of, query.deed, &query.filter)
    }
}

/// One of the objects, as filters see it.
pub(super) struct Seen<'a> {
    pub item: &'a Item,
    pub of: &'a Type,
    pub end: Known<'a>,
    pub from: Option<Known<'a>>,
    /// The names of the fields that change, where somebody asks for them.
    pub fields: Option<Cow<'a, str>>,
}

impl Seen<'_> {
    pub(super) fn key(&self) -> String {
        match &self.from {
            Some(from) => format!("{}|has|{}", from.key, self.end.key),
            None => self.end.key.to_owned(),
        }
    }
}

impl Fields for Seen<'_> {
    fn any_text(&self, enough: &mut dyn FnMut(&str, IsId) -> bool) -> bool {
        std::iter::once(&self.end).chain(&self.from).any(|end| enough(end.name, IsId::No) || enough(end.id, IsId::Yes))
    }

    fn value(&self, field: Field) -> Value<'_> {
        let text = |text| Value::Text(Cow::Borrowed(text));
        match (field, &self.from) {
            (Field::Will, _) => text(self.item.deed.word()),
            (Field::Type, _) => text(&self.of.words),
            (Field::Name, _) => text(self.end.name),
            (Field::Id, _) => text(self.end.id),
            (Field::Key, _) => Value::Text(self.key().into()),
            (Field::From, Some(from)) => text(from.title()),
            (Field::To, Some(_)) => text(self.end.title()),
            (Field::Edge, _) if self.of.is_edge => text(&self.of.name),
            (Field::Cause, _) => self.item.cause.map_or(Value::Nothing, |cause| text(cause.word())),
            (Field::Changes, _) => self.fields.as_deref().map_or(Value::Nothing, text),
            _ => Value::Nothing,
        }
    }

    fn is(&self, _: Flag) -> bool {
        false
    }
}

/// Whether a filter asks which fields change, which is read for every object that does.
pub(super) fn asks_for_fields(filter: &Filter) -> bool {
    let of_fields = |test: &Test| match test {
        Test::In(field, _) | Test::Has(field, _) | Test::One(field, _) => *field == Field::Changes,
        _ => false,
    };
    filter.terms.iter().any(|term| of_fields(&term.test))
}

impl Objects {
    /// Finds what a query leaves; `None`: nobody waits any more.
    pub(super) fn select(
        &mut self,
        reader: &Reader,
        query: &PlannedQuery,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<()>, StoreError> {
        if self.selected.as_ref().is_some_and(|selected| selected.answers(query)) {
            return Ok(Some(()));
        }
        let (filter, complaints) = filter::parse(&query.filter, Scope::Planned);
        let mut problem: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        if !(filter.is_empty() && query.sort.is_empty()) && self.load_ends(reader, stop)?.is_none() {
            return Ok(None);
        }
        if asks_for_fields(&filter) && self.tell_fields(reader, stop)?.is_none() {
            return Ok(None);
        }
        let Some(mut places) = self.filtered(query, &filter, stop) else { return Ok(None) };
        if !query.sort.is_empty() {
            if places.as_ref().map_or(self.items.len(), Vec::len) > MOST_SORTED {
                problem.push(format!(
                    "so many are not sorted: filter them first, to {} at most",
                    grouped(MOST_SORTED as u64)
                ));
            } else {
                let mut all = places.take().unwrap_or_else(|| (0..count(self.items.len())).collect());
                self.sort(&mut all, &query.sort);
                places = Some(all);
            }
        }
        let PlannedQuery { of, deed, filter, sort, .. } = query.clone();
        let problem = (!problem.is_empty()).then(|| problem.join("; "));
        self.selected = Some(Selected { of, deed, filter, sort, places, problem });
        Ok(Some(()))
    }

    /// `None`: nobody waits any more; in it `None`: the query leaves all.
    #[expect(clippy::option_option, reason = "the one is about the question, the other about its answer")]
    fn filtered(&self, query: &PlannedQuery, filter: &Filter, stop: &dyn Fn() -> bool) -> Option<Option<Vec<u32>>> {
        if filter.is_empty() && query.of.is_none() && query.deed.is_none() {
            return Some(None);
        }
        let of = self.of(query);
        let mut places = Vec::new();
        for (place, item) in (0_u32..).zip(&self.items) {
            if (place as usize).is_multiple_of(STRIDE) && stop() {
                return None;
            }
            let matches = || {
                let ends = self.ends.as_ref();
                filter.is_empty() || ends.is_some_and(|ends| filter.matches(&self.seen(ends, place, item)))
            };
            if is_asked(item, of, query) && matches() {
                places.push(place);
            }
        }
        places.shrink_to_fit();
        Some(Some(places))
    }

    /// The place of the type that is asked for; in it `None`: there is none of it.
    #[expect(clippy::option_option, reason = "not asked for, and asked for in vain, are two things")]
    pub(super) fn of(&self, query: &PlannedQuery) -> Option<Option<usize>> {
        query.of.as_ref().map(|name| self.types.iter().position(|known| known.name == *name))
    }

    pub(super) fn seen<'a>(&'a self, ends: &'a Roster, place: u32, item: &'a Item) -> Seen<'a> {
        let of = self.type_of(item);
        Seen {
            item,
            of,
            end: ends.of(if self.has_ends(item) { item.far } else { item.near }),
            from: self.has_ends(item).then(|| ends.of(item.near)),
            fields: self.told.as_ref().and_then(|told| told.words(place)).map(Cow::Owned),
        }
    }

    /// Sorts are stable: what no column tells apart stays as it is sent. What has nothing in a column comes last.
    fn sort(&self, places: &mut [u32], by: &[Sort]) {
        let Some(ends) = &self.ends else { return };
        let keys: Vec<(Order, bool)> =
            by.iter().filter_map(|sort| Some((self.key(ends, sort.column)?, sort.descending))).collect();
        let compare = |a: &Item, b: &Item| {
            keys.iter()
                .map(|(key, descending)| match (key.of(self, ends, a), key.of(self, ends, b)) {
                    (Some(a), Some(b)) if *descending => b.cmp(&a),
                    (Some(a), Some(b)) => a.cmp(&b),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                })
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        };
        places.sort_by(|a, b| compare(&self.items[*a as usize], &self.items[*b as usize]));
    }

    fn key(&self, ends: &Roster, column: Column) -> Option<Order> {
        Some(match column {
            Column::Will => Order::Deed,
            Column::Type => {
                let mut names: Vec<&str> = self.types.iter().map(|of| of.name.as_str()).collect();
                names.sort_unstable();
                let rank = |of: &Type| names.binary_search(&of.name.as_str()).unwrap_or_default();
                Order::Type(self.types.iter().map(rank).collect())
            }
            Column::Name => Order::End(ends.ranks(By::Name)),
            Column::From => Order::From(ends.ranks(By::Name)),
            Column::Key => Order::Key(ends.ranks(By::Key)),
            _ => return None,
        })
    }

    /// How many of what a query leaves have what in common.
    pub(super) fn facets_of(&self, filter: &str) -> Vec<Facet> {
        let places = self.selected.as_ref().and_then(|selected| selected.places.as_deref());
        let mut deeds = [0_u64; 3];
        let mut types = vec![0_u64; self.types.len()];
        let mut causes = [0_u64; Cause::ALL.len()];
        let mut count = |item: &Item| {
            deeds[item.deed as usize] += 1;
            types[usize::from(item.of)] += 1;
            item.cause.into_iter().for_each(|cause| causes[cause as usize] += 1);
        };
        match places {
            Some(places) => places.iter().for_each(|place| count(&self.items[*place as usize])),
            None => self.items.iter().for_each(count),
        }
        let facet = |title: &str, words: String, count: u64| {
            let chosen = filter::has(filter, &words, Scope::Planned);
            (count > 0 || chosen).then(|| Facet { title: title.to_owned(), filter: words, count, chosen })
        };
        let deeds = Deed::ALL.into_iter().zip(deeds);
        let deeds = deeds.filter_map(|(deed, count)| facet(deed.word(), format!("will:{}", deed.word()), count));
        let types = self.types.iter().zip(types);
        let types = types.filter_map(|(of, count)| facet(&of.name, format!("type:{}", of.name), count));
        let causes = Cause::ALL.into_iter().zip(causes);
        let causes = causes.filter_map(|(c, count)| facet(c.words(), format!("cause:{}", c.word()), count));
        deeds.chain(types).chain(causes).collect()
    }
}

pub(super) fn is_asked(item: &Item, of: Option<Option<usize>>, query: &PlannedQuery) -> bool {
    of.is_none_or(|of| of == Some(usize::from(item.of))) && query.deed.is_none_or(|deed| deed == item.deed)
}

/// There are no more objects than 32 bits count.
fn count(many: usize) -> u32 {
    u32::try_from(many).unwrap_or(u32::MAX)
}

/// What a column sorts by.
enum Order {
    Deed,
    /// By place of the type.
    Type(Vec<usize>),
    /// By place of the entity.
    End(Vec<Option<u32>>),
    From(Vec<Option<u32>>),
    Key(Vec<Option<u32>>),
}

impl Order {
    fn of(&self, objects: &Objects, ends: &Roster, item: &Item) -> Option<u64> {
        let is_edge = objects.has_ends(item);
        let rank = |ranks: &[Option<u32>], num: u32| ranks.get(ends.place(num)).copied().flatten().map(u64::from);
        match self {
            Self::Deed => Some(item.deed as u64),
            Self::Type(ranks) => ranks.get(usize::from(item.of)).map(|rank| *rank as u64),
            Self::End(ranks) => rank(ranks, if is_edge { item.far } else { item.near }),
            Self::From(ranks) => is_edge.then(|| rank(ranks, item.near)).flatten(),
            // What begins with the same key is behind it.
            Self::Key(ranks) => {
                let far = if is_edge { rank(ranks, item.far).unwrap_or_default() + 1 } else { 0 };
                rank(ranks, item.near).map(|near| near << 32 | far)
            }
        }
    }
}

impl Objects {
    pub(super) fn load_ends(&mut self, reader: &Reader, stop: &dyn Fn() -> bool) -> Result<Option<()>, StoreError> {
        if self.ends.is_none() {
            let mut nums = Nums::default();
            for item in &self.items {
                nums.add(item.near);
                if self.has_ends(item) {
                    nums.add(item.far);
                }
            }
            self.ends = self.ends_of(reader, &nums.all(), stop)?;
        }
        Ok(self.ends.as_ref().map(|_| ()))
    }

    /// Reads which fields change of every object that does, going on where it was left.
    fn tell_fields(&mut self, reader: &Reader, stop: &dyn Fn() -> bool) -> Result<Option<()>, StoreError> {
        let mut told = self.told.take().unwrap_or_default();
        let mut asked = 0_usize;
        while let Some(item) = self.items.get(told.upto as usize) {
            if item.deed == Deed::Change {
                asked += 1;
                if asked.is_multiple_of(64) && stop() {
                    self.told = Some(told);
                    return Ok(None);
                }
                told.push(self.differences(reader, told.upto)?);
            }
            told.upto += 1;
        }
        self.told = Some(told);
        Ok(Some(()))
    }
}

/// Numbers, each once: a bit each, as an edge names two of them.
#[derive(Default)]
struct Nums {
    bits: Vec<u64>,
    /// Of what the store knows nothing of.
    foreign: BTreeSet<u32>,
}

impl Nums {
    fn add(&mut self, num: u32) {
        if num == super::roster::ACCOUNT {
            return;
        }
        if Picture::is_foreign(num.into()) {
            self.foreign.insert(num);
            return;
        }
        let at = num as usize / 64;
        if self.bits.len() <= at {
            self.bits.resize(at + 1, 0);
        }
        self.bits[at] |= 1 << (num % 64);
    }

    fn all(&self) -> Vec<u32> {
        let of = |(at, bits): (usize, &u64)| {
            let (at, bits) = (count(at * 64), *bits);
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| at + bit)
        };
        self.bits.iter().enumerate().flat_map(of).chain(self.foreign.iter().copied()).collect()
    }
}

impl Told {
    /// The names of what changes at a place, by commas; `None`: it does not change, or nobody asked.
    fn words(&self, place: u32) -> Option<String> {
        let at = self.all.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        let bits = self.all[at].1;
        let named =
            self.names.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, name)| name.as_str());
        Some(if bits == 0 { "unknown".to_owned() } else { named.collect::<Vec<_>>().join(",") })
    }
}
