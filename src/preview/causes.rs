//! What the deletions of relationships come from: ends of theirs that go, and groups that stay and list fewer.
//!
//! Told of everything in the order in which it is compared, entities first and then edges group by group, so that memory
//! grows with what is deleted and not with the tenant.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
};

use crate::{
    domain::{
        ids::RunId,
        preview::{Cause, Why},
    },
    store::{Reader, StoreError},
};

/// So many groups of each type are named, the largest losses first.
const GROUPS: usize = 3;
/// A group is named if it accounts for one in so many of the type's deletions.
const WORTH: u64 = 20;

#[derive(Debug, Default)]
pub(super) struct Causes {
    /// Names of types, which others here are places in.
    types: Vec<String>,
    /// Every entity that goes: its type, and as bits the types of relationships that go with it.
    gone: HashMap<i64, (usize, u64)>,
    /// By type of relationship and type of what goes.
    with: BTreeMap<(usize, usize), u64>,
    /// By type of relationship: all deletions.
    all: BTreeMap<usize, u64>,
    /// The group that is being told of.
    group: Group,
    /// By type of relationship, the groups that lose the most.
    groups: BTreeMap<usize, Vec<Loss>>,
}

#[derive(Debug, Default)]
struct Group {
    num: i64,
    /// Whether it still lists anybody.
    stays: bool,
    lost: BTreeMap<usize, u64>,
}

#[derive(Debug, Clone, Copy)]
struct Loss {
    group: i64,
    many: u64,
    emptied: bool,
}

impl Causes {
    pub fn entity_goes(&mut self, num: i64, name: &str) {
        let of = self.type_of(name);
        self.gone.insert(num, (of, 0));
    }

    pub fn edge_stays(&mut self, [from, _]: [i64; 2]) {
        self.enter(from);
        self.group.stays = true;
    }

    pub fn edge_goes(&mut self, [from, to]: [i64; 2], name: &str) {
        self.enter(from);
        let of = self.type_of(name);
        *self.all.entry(of).or_default() += 1;
        for end in [to, from] {
            if let Some((kind, bits)) = self.gone.get_mut(&end) {
                // More types than bits are of namings of long ago.
                *bits |= 1_u64.checked_shl(u32::try_from(of).unwrap_or(u32::MAX)).unwrap_or_default();
                *self.with.entry((of, *kind)).or_default() += 1;
                return;
            }
        }
        *self.group.lost.entry(of).or_default() += 1;
    }

    fn type_of(&mut self, name: &str) -> usize {
        self.types.iter().position(|known| known == name).unwrap_or_else(|| {
            self.types.push(name.to_owned());
            self.types.len() - 1
        })
    }

    /// Edges come group by group.
    fn enter(&mut self, num: i64) {
        if self.group.num == num {
            return;
        }
        let left = mem::replace(&mut self.group, Group { num, ..Group::default() });
        for (of, many) in left.lost {
            let most = self.groups.entry(of).or_default();
            most.push(Loss { group: left.num, many, emptied: !left.stays });
            most.sort_by_key(|loss| std::cmp::Reverse(loss.many));
            most.truncate(GROUPS);
        }
    }

    /// By type of relationship, the most first.
    pub fn told(mut self, reader: &Reader, run: RunId) -> Result<Vec<Cause>, StoreError> {
        self.enter(0);
        let mut causes = Vec::new();
        for (of, all) in &self.all {
            let cause = |deletions, why| Cause { name: self.types[*of].clone(), deletions, why };
            let mut own: Vec<Cause> = Vec::new();
            for ((_, kind), deletions) in self.with.range((*of, 0)..=(*of, usize::MAX)) {
                let bit = 1_u64.checked_shl(u32::try_from(*of).unwrap_or(u32::MAX)).unwrap_or_default();
                let many = self.gone.values().filter(|(k, bits)| k == kind && bits & bit != 0).count() as u64;
                // Each of its own: the account's edges come and go with what they lead to.
                if many < *deletions || many < *all {
                    own.push(cause(*deletions, Why::Gone { of: self.types[*kind].clone(), many }));
                }
            }
            let losses: Vec<Loss> =
                self.groups.get(of).into_iter().flatten().filter(|l| l.many * WORTH >= *all).copied().collect();
            let names = reader.named(run, &losses.iter().map(|loss| loss.group).collect::<Vec<_>>())?;
            for loss in losses {
                if let Some((id, group)) = names.get(&loss.group).cloned().filter(|(_, name)| !name.is_empty()) {
                    own.push(cause(loss.many, Why::Group { id, group, emptied: loss.emptied }));
                }
            }
            own.sort_by_key(|cause| std::cmp::Reverse(cause.deletions));
            causes.extend(own);
        }
        Ok(causes)
    }
}
