//! Keys and names of all that an upload's objects are made of, in one piece of memory: read once, when somebody first
//! filters or sorts, since a filter by words looks at all of them.

use std::{cmp::Ordering, collections::HashMap};

use crate::{
    domain::{ids::RunId, kind::EntityKind, naming::Naming, planned::End},
    store::{Picture, Reader, StoreError},
};

/// So many names are read at once.
pub(super) const AT_ONCE: usize = 512;

/// The number of the account, where the store has none for it.
pub(super) const ACCOUNT: u32 = u32::MAX;

/// Entities by their numbers.
#[derive(Debug)]
pub(super) struct Roster {
    /// By number, the place in `all`; what nobody knows is the account, at the first.
    places: Vec<u32>,
    /// Of what the store knows nothing of.
    foreign: HashMap<u32, u32>,
    all: Vec<Entry>,
    text: String,
    account: End,
}

/// Where a key begins in the text, and its name behind it.
#[derive(Debug, Clone, Copy)]
struct Entry {
    at: usize,
    key: u32,
    name: u32,
    kind: Option<EntityKind>,
}

/// An entity: its `_key`, its Graph id, its name as last known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known<'a> {
    pub key: &'a str,
    pub id: &'a str,
    pub name: &'a str,
    pub kind: Option<EntityKind>,
}

impl Known<'_> {
    pub(super) fn end(&self) -> End {
        End { id: self.id.to_owned(), name: self.name.to_owned(), kind: self.kind }
    }

    /// Its name, or where there is none its id.
    pub(super) const fn title(&self) -> &str {
        if self.name.is_empty() { self.id } else { self.name }
    }
}

/// Key and name of what the store knows nothing of, by its number.
pub(super) type Foreign<'a> = dyn Fn(i64) -> Result<Option<(String, String)>, StoreError> + 'a;

/// By what entities are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Name,
    Key,
}

impl Roster {
    /// Reads those of these numbers; `None`: nobody waits any more. The account goes by `key` where it has no number, and by
    /// its own name whatever its key.
    pub(super) fn load(
        reader: &Reader,
        run: RunId,
        (account, key): (End, String),
        foreign: &Foreign<'_>,
        nums: &[u32],
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Self>, StoreError> {
        let mut ends =
            Self { places: Vec::new(), foreign: HashMap::new(), all: Vec::new(), text: String::new(), account };
        ends.push(&key, "", Some(EntityKind::Account));
        for nums in nums.chunks(AT_ONCE) {
            if stop() {
                return Ok(None);
            }
            let (others, ours): (Vec<u32>, Vec<u32>) =
                nums.iter().filter(|num| **num != ACCOUNT).partition(|num| Picture::is_foreign(i64::from(**num)));
            for num in others {
                if let Some((key, name)) = foreign(num.into())? {
                    ends.foreign.insert(num, u32::try_from(ends.all.len()).unwrap_or(0));
                    let kind = is_account(&key).then_some(EntityKind::Account);
                    ends.push(&key, &name, kind);
                }
            }
            let nums: Vec<i64> = ours.into_iter().map(i64::from).collect();
            for (num, (key, name, kind)) in reader.known(run, &nums)? {
                let Ok(num) = usize::try_from(num) else { continue };
                if ends.places.len() <= num {
                    ends.places.resize(num + 1, 0);
                }
                ends.places[num] = u32::try_from(ends.all.len()).unwrap_or(0);
                let kind = if is_account(&key) { Some(EntityKind::Account) } else { kind };
                ends.push(&key, &name, kind);
            }
        }
        Ok(Some(ends))
    }

    fn push(&mut self, key: &str, name: &str, kind: Option<EntityKind>) {
        let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.all.push(Entry { at: self.text.len(), key: length(key), name: length(name), kind });
        self.text.push_str(key);
        self.text.push_str(name);
    }

    /// As the how manieth it is known.
    pub(super) fn place(&self, num: u32) -> usize {
        let ours = || self.places.get(num as usize);
        self.foreign.get(&num).or_else(ours).map_or(0, |place| *place as usize)
    }

    pub(super) fn of(&self, num: u32) -> Known<'_> {
        self.at(self.place(num))
    }

    fn at(&self, place: usize) -> Known<'_> {
        let Entry { at, key, name, kind } = self.all[place];
        let (middle, end) = (at + key as usize, at + key as usize + name as usize);
        let key = &self.text[at..middle];
        match kind {
            Some(EntityKind::Account) => Known { key, id: &self.account.id, name: &self.account.name, kind },
            _ => Known { key, id: key, name: &self.text[middle..end], kind },
        }
    }

    /// As the how manieth each comes, those that are alike at the same place; `None`: it has nothing there.
    pub(super) fn ranks(&self, by: By) -> Vec<Option<u32>> {
        let text = |place: usize| match by {
            By::Name => self.at(place).name.to_lowercase(),
            By::Key => self.at(place).key.to_owned(),
        };
        let mut order: Vec<(String, usize)> = (0..self.all.len()).map(|place| (text(place), place)).collect();
        order.sort_unstable();
        let mut ranks = vec![None; order.len()];
        let mut rank = 0;
        for (at, (text, place)) in order.iter().enumerate() {
            rank += u32::from(at > 0 && order[at - 1].0.cmp(text) == Ordering::Less);
            ranks[*place] = (!text.is_empty()).then_some(rank);
        }
        ranks
    }
}

/// The account goes by its type in either naming, and no Graph id begins so.
fn is_account(key: &str) -> bool {
    Naming::ALL.into_iter().any(|naming| key.starts_with(naming.entity_type(EntityKind::Account)))
}
