//! Relationships that go with an entity at one of their ends, whatever is exempt from deletion: none is kept that ties
//! nothing. Whether the service keeps those of exempt types is not documented; a deletion too many is foretold, and none
//! too few.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{domain::edge::EdgeState, store::Believed};

/// Entities that are believed to be there and are not sent.
#[derive(Debug, Default)]
pub(super) struct Ends {
    types: Vec<String>,
    gone: HashMap<i64, usize>,
    /// By type of relationship: how many exempt ones go all the same.
    along: BTreeMap<String, u64>,
}

/// An edge between entities of the target; a mapped one has only its source there for certain.
const DIRECT: EdgeState = 0;

impl Ends {
    pub fn entity_goes(&mut self, num: i64, name: &str) {
        let of = self.types.iter().position(|known| known == name).unwrap_or_else(|| {
            self.types.push(name.to_owned());
            self.types.len() - 1
        });
        self.gone.insert(num, of);
    }

    /// Whether an edge that is not sent goes with one of its ends; `exempt` are the types of entities that stay.
    pub fn take_along(&self, [from, to]: [i64; 2], believed: &Believed<EdgeState>, exempt: &BTreeSet<String>) -> bool {
        let goes = |num: i64| self.gone.get(&num).is_some_and(|of| !exempt.contains(&self.types[*of]));
        let is_direct = || believed.states.iter().any(|(_, state)| matches!(state, None | Some(DIRECT)));
        !self.gone.is_empty() && (goes(from) || (goes(to) && is_direct()))
    }

    pub fn count(&mut self, name: &str) {
        *self.along.entry(name.to_owned()).or_default() += 1;
    }

    /// Of a type that is exempt.
    pub fn counted(&self, name: &str) -> u64 {
        self.along.get(name).copied().unwrap_or_default()
    }
}
