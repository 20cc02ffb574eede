//! What becomes different of a changed object: of what was sent before, if that is kept, and is what the target is believed
//! to hold.

use super::{
    super::{Live, live},
    Item, Objects,
    roster::ACCOUNT,
};
use crate::{
    domain::{
        difference,
        edge::EdgeState,
        entity::{Fingerprint, fingerprint},
        explore::FieldChange,
        ids::RunId,
        planned::Deed,
        validate::{Checker, Ready},
    },
    store::{Reader, StoreError},
};

/// What the target is believed to hold of what changes, in the order of the objects.
#[derive(Debug, Default)]
pub(super) struct Held {
    entities: Vec<Option<Fingerprint>>,
    /// Twelve bytes each: they may be millions.
    edges: Vec<EdgeState>,
    /// Where the objects are, once all are known.
    places: [Vec<u32>; 2],
}

/// Stands for what is not known; no relationship is ever in this state.
const UNKNOWN: EdgeState = -1;

impl Held {
    pub(super) fn entity(&mut self, print: Option<Fingerprint>) {
        self.entities.push(print);
    }

    pub(super) fn edge(&mut self, state: Option<EdgeState>) {
        self.edges.push(state.unwrap_or(UNKNOWN));
    }

    /// All are known: these change, in the order in which they were told of.
    pub(super) fn placed(&mut self, changes: impl Iterator<Item = (u32, bool)>) {
        for (place, is_edge) in changes {
            self.places[usize::from(is_edge)].push(place);
        }
        self.entities.shrink_to_fit();
        self.edges.shrink_to_fit();
        self.places.iter_mut().for_each(Vec::shrink_to_fit);
    }

    fn entity_at(&self, place: u32) -> Option<Fingerprint> {
        let at = self.places[0].binary_search(&place).ok()?;
        *self.entities.get(at)?
    }

    fn edge_at(&self, place: u32) -> Option<EdgeState> {
        let at = self.places[1].binary_search(&place).ok()?;
        self.edges.get(at).copied().filter(|state| *state != UNKNOWN)
    }
}

impl Objects {
    /// `None`: it does not change, or it is not known what was sent before.
    pub(super) fn differences(&self, reader: &Reader, place: u32) -> Result<Option<Vec<FieldChange>>, StoreError> {
        let Some(item) = self.items.get(place as usize).filter(|item| item.deed == Deed::Change) else {
            return Ok(None);
        };
        if let Some(live) = &self.live {
            return if self.is_edge(item) { Ok(None) } else { self.differences_from(live, reader, item) };
        }
        let Some(before) = self.before else { return Ok(None) };
        if self.is_edge(item) {
            let of = |run| kept(reader.membership_of(run, &self.names, [item.near.into(), item.far.into()]));
            return Ok(match (of(before)?, of(self.run)?) {
                (Some(was), Some(now)) if self.held.edge_at(place) == Some(was.state()) => {
                    Some(difference::differences(&was.told(), &now.told()))
                }
                _ => None,
            });
        }
        let of = |run| self.sent(reader, item, run);
        Ok(match (of(before)?, of(self.run)?) {
            (Some(was), Some(now)) if self.held.entity_at(place) == Some(fingerprint(&was.text)) => {
                Some(difference::differences(&was.entity.json, &now.entity.json))
            }
            _ => None,
        })
    }

    /// From what JupiterOne told of an entity.
    fn differences_from(
        &self,
        live: &Live,
        reader: &Reader,
        item: &Item,
    ) -> Result<Option<Vec<FieldChange>>, StoreError> {
        let num = self.num(item);
        let Some(ours) = reader.entity_of(self.run, &self.names, num)? else { return Ok(None) };
        // The account's number is another one there.
        live::fields(live, reader, &self.names, num.unwrap_or_else(|| live.picture.account()), ours)
    }

    /// An entity's number; `None`: it is the account's.
    fn num(&self, item: &Item) -> Option<i64> {
        (!self.is_of_account(item) && item.near != ACCOUNT).then_some(i64::from(item.near))
    }

    /// An entity as an upload of the run sends it.
    fn sent(&self, reader: &Reader, item: &Item, run: RunId) -> Result<Option<Ready>, StoreError> {
        let entity = kept(reader.entity_of(run, &self.names, self.num(item)))?;
        Ok(entity.and_then(|entity| Checker::new(&self.names, &self.tenant).entity(entity)))
    }
}

/// Runs are forgotten, and with them what was sent.
fn kept<T>(found: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Err(StoreError::NoSuchRun { .. }) => Ok(None),
        found => found,
    }
}

/// Which fields change, of every object that does, as bits: sixteen bytes beside its place.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// How far the objects were looked at.
    pub upto: u32,
    /// By place; no bit: it is not known.
    pub all: Vec<(u32, u128)>,
    /// What the bits stand for.
    pub names: Vec<String>,
}

impl Told {
    /// Of the object at hand.
    pub(super) fn push(&mut self, fields: Option<Vec<FieldChange>>) {
        let mut bits = 0_u128;
        for field in fields.into_iter().flatten() {
            let bit = self.names.iter().position(|known| *known == field.field).unwrap_or_else(|| {
                self.names.push(field.field);
                self.names.len() - 1
            });
            // No naming has so many properties.
            bits |= 1_u128.checked_shl(u32::try_from(bit).unwrap_or(u32::MAX)).unwrap_or_default();
        }
        self.all.push((self.upto, bits));
    }
}
