//! A number for each key: what edges are written with where a key would take ten times the room.

use std::collections::{HashMap, hash_map::Entry};

use crate::domain::entity::{Fingerprint, fingerprint};

/// Numbers in the order in which keys came. Keys themselves are not kept: half a million in twenty megabytes.
#[derive(Default)]
pub(super) struct Numbers(HashMap<Fingerprint, u32>);

impl Numbers {
    /// The key's number, and whether it is new.
    pub fn of(&mut self, key: &str) -> (u32, bool) {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        match self.0.entry(fingerprint(key)) {
            Entry::Occupied(known) => (*known.get(), false),
            Entry::Vacant(new) => (*new.insert(next), true),
        }
    }
}
