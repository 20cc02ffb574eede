//! What the writer remembers between the pages of a run, so that a membership costs no look of its own.
//!
//! All of it can be found in the store again: whoever is in doubt begins with an empty one.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
};

use rusqlite::Connection;

use super::{
    keys::{self, Few},
    late::Late,
    runs,
    write::MemberRef,
};
use crate::domain::{ids::RunId, short_id::ShortId};

/// So many ids take 22 megabytes, and the next doubling would take as many again.
const MOST_IDS: usize = 900_000;
/// Groups are fewer, and cost as much each.
const MOST_GROUPS: usize = 400_000;

#[derive(Debug, Default)]
pub(super) struct Hot {
    ids: HashMap<Guid, u32, Mixing>,
    /// Whether `ids` has every GUID of the store: then an id that is not in it is new.
    has_all: bool,
    /// Whether the index of texts is known to be there: a first run does without it for as long as it can.
    has_index: bool,
    /// Whether an earlier run left edges of the group.
    old: HashMap<i64, bool>,
    ground: Option<Ground>,
    pub types: Few,
}

/// What stays as it is while one run writes.
#[derive(Debug, Clone, Copy)]
struct Ground {
    /// Whether there is an earlier run that finished: without one, there are no rows but this run's.
    is_first: bool,
    has_ghosts: bool,
    /// Whether this run was told of single ids.
    has_told: bool,
}

impl Hot {
    /// For a run that begins or is gone on with.
    pub(super) fn load(db: &Connection, run: RunId) -> rusqlite::Result<Self> {
        let exists = |sql: &str| db.prepare_cached(sql)?.query_row((), |row| row.get::<_, bool>(0));
        let ground = Ground {
            is_first: runs::newest_finished(db, run)?.is_none(),
            has_ghosts: exists("SELECT EXISTS (SELECT 1 FROM ghost_edge)")?,
            has_told: exists("SELECT EXISTS (SELECT 1 FROM resolution)")?,
        };
        Ok(Self { has_all: exists("SELECT NOT EXISTS (SELECT 1 FROM key)")?, ground: Some(ground), ..Self::default() })
    }

    /// Somebody else may have added ids.
    pub(super) fn doubt(&mut self) {
        self.has_all = false;
    }

    /// The number of an id, given to it if it has none yet, and whether it had none.
    pub(super) fn intern(&mut self, db: &Connection, id: &str) -> rusqlite::Result<(i64, bool)> {
        self.intern_short(db, &id.into())
    }

    /// The numbers of members as far as they are remembered, in their order. Most of the work is to wait for memory: so
    /// nothing else is done between one and the next, and the processor waits for many at once.
    pub(super) fn recall<'a>(&self, members: impl Iterator<Item = &'a MemberRef>, into: &mut Vec<Option<u32>>) {
        into.clear();
        into.extend(members.map(|member| self.ids.get(&Guid(member.id.guid()?)).copied()));
    }

    /// As [`Self::intern`].
    pub(super) fn intern_short(&mut self, db: &Connection, id: &ShortId) -> rusqlite::Result<(i64, bool)> {
        let guid = id.guid().map(Guid);
        if let Some(num) = guid.and_then(|guid| self.ids.get(&guid)) {
            return Ok((i64::from(*num), false));
        }
        let text = id.to_string();
        let found = if guid.is_some() && self.has_all { None } else { self.look_up(db, &text)? };
        let num = match found {
            Some(num) => num,
            None => keys::insert(db, &text)?,
        };
        if let (Some(guid), Ok(num)) = (guid, u32::try_from(num)) {
            if self.ids.len() >= MOST_IDS {
                self.ids.clear();
                self.has_all = false;
            }
            self.ids.insert(guid, num);
        } else if guid.is_some() {
            self.has_all = false;
        }
        Ok((num, found.is_none()))
    }

    /// The number of an id, if it has one.
    pub(super) fn find(&mut self, db: &Connection, id: &str) -> rusqlite::Result<Option<i64>> {
        match self.known(id) {
            None if !self.has_all || ShortId::from(id).guid().is_none() => self.look_up(db, id),
            known => Ok(known),
        }
    }

    /// The number of an id, if it is remembered.
    pub(super) fn known(&self, id: &str) -> Option<i64> {
        self.ids.get(&Guid(ShortId::from(id).guid()?)).map(|num| i64::from(*num))
    }

    fn look_up(&mut self, db: &Connection, id: &str) -> rusqlite::Result<Option<i64>> {
        if !self.has_index {
            Late::KeyByText.build(db)?;
            self.has_index = true;
        }
        keys::find(db, id)
    }

    /// Whether an earlier run knows edges of this group.
    pub(super) fn is_old(&mut self, db: &Connection, run: RunId, grp: i64) -> rusqlite::Result<bool> {
        if self.ground.is_some_and(|g| g.is_first) {
            return Ok(false);
        }
        if let Some(known) = self.old.get(&grp) {
            return Ok(*known);
        }
        let old = db
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM edge WHERE grp = ?1 AND from_run < ?2)")?
            .query_row([grp, run.0], |row| row.get(0))?;
        if self.old.len() >= MOST_GROUPS {
            self.old.clear();
        }
        self.old.insert(grp, old);
        Ok(old)
    }

    /// Whether look-ups or changes told this run of single ids.
    pub(super) fn has_told(&self) -> bool {
        self.ground.is_none_or(|g| g.has_told)
    }

    /// They do now.
    pub(super) fn is_told(&mut self) {
        if let Some(ground) = &mut self.ground {
            ground.has_told = true;
        }
    }

    /// Whether any group lists members that are gone.
    pub(super) fn has_ghosts(&self) -> bool {
        self.ground.is_none_or(|g| g.has_ghosts)
    }
}

/// The sixteen bytes of a GUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Guid([u8; 16]);

impl std::hash::Hash for Guid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let number = u128::from_le_bytes(self.0);
        state.write_u64(number as u64 ^ (number >> 64) as u64);
    }
}

/// GUIDs are random already: one multiplication spreads them, by a number that nobody can know before.
#[derive(Debug)]
struct Mixing(u64);

impl Default for Mixing {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0_u8) | 1)
    }
}

impl BuildHasher for Mixing {
    type Hasher = Mixed;

    fn build_hasher(&self) -> Mixed {
        Mixed { by: self.0, hash: 0 }
    }
}

struct Mixed {
    by: u64,
    hash: u64,
}

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let wide = u128::from(self.hash ^ number) * u128::from(self.by);
        self.hash = wide as u64 ^ (wide >> 64) as u64;
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}
