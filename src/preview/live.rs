//! A run held against what JupiterOne itself told that the target holds.
//!
//! The picture of it was read by others; here it is walked in step with what would be sent and with what the target was
//! believed to hold, so that it is known of how many objects these two say different things.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, VecDeque},
};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Asked, judge};
use crate::{
    domain::{
        edge::{Edge, EdgeState},
        entity::{Entity, Fingerprint, fingerprint},
        explore::FieldChange,
        kind::EntityKind,
        live::{differences, sent_names},
        naming::{Names, Naming},
        target::Target,
        validate::Checker,
    },
    store::{BeliefInfo, Believed, Compared, Picture, Pictured, Reader, StoreError},
};

/// So many objects of the picture are read at once.
const AT_ONCE: usize = 4_096;

/// What a target holds, and when that was read.
#[derive(Debug)]
pub struct Live {
    pub picture: Picture,
    pub read_at: Timestamp,
    pub requests: u64,
}

/// What came of it beside what was handed over.
pub(super) struct Compare {
    pub belief: Option<BeliefInfo>,
    /// Of how many objects belief and picture say something else.
    pub apart: u64,
}

/// Hands over every key of the run and of the picture, as [`Reader::compare`] does.
pub(super) fn compare(
    reader: &Reader,
    asked: &Asked<'_>,
    target: Option<&Target>,
    live: &Live,
    entities: &mut dyn FnMut(Compared<Entity, Fingerprint>),
    edges: &mut dyn FnMut(Compared<Edge, EdgeState>),
) -> Result<Compare, StoreError> {
    let picture = &live.picture;
    let naming = asked.names.naming();
    // What would be sent is what the checker leaves of it.
    let checker = RefCell::new(Checker::new(asked.names, &reader.tenant()?));
    let mut sends = Sends::of(naming);
    let apart = Cell::new(0);
    let (entities, edges) = (RefCell::new(entities), RefCell::new(edges));
    let walk_entities = RefCell::new(Walk::new(|after| picture.entities(after, AT_ONCE)));
    let walk_edges = RefCell::new(Walk::new(|after| picture.edges(after, AT_ONCE)));
    // What stands there and is neither sent nor believed.
    let entity_goes = |it: Pictured| {
        apart.set(apart.get() + 1);
        let print = fingerprint(&it.fields);
        (entities.borrow_mut())(Compared { nums: it.place.1, ours: None, believed: held(it.object_type, Some(print)) });
    };
    let edge_goes = |it: Pictured| {
        apart.set(apart.get() + 1);
        // Whether it is mapped nobody knows: it is taken for one that goes with either of its ends.
        let believed = held(it.object_type, None);
        (edges.borrow_mut())(Compared { nums: it.place.1, ours: None, believed });
    };
    let place = |nums: [i64; 2]| (nums[0] != picture.account(), nums);
    let belief = reader.compare(
        asked.run,
        asked.names,
        target,
        &mut |mut it| {
            let found = walk_entities.borrow_mut().until(place(it.nums), &entity_goes);
            let sent = it.ours.clone().and_then(|entity| checker.borrow_mut().entity(entity));
            let ours = sent.map(|sent| (sent.entity.entity_type().to_owned(), fingerprint(&sent.text), sent.entity));
            let theirs = found.map(|found| {
                // Where nothing is different it is what we send, whatever the service adds to it.
                let same = ours.as_ref().filter(|(_, _, entity)| {
                    let theirs = parsed(&found.fields);
                    sends.differences(entity.entity_type(), &theirs, &entity.json).is_empty()
                });
                let print = same.map_or_else(|| fingerprint(&found.fields), |(_, print, _)| *print);
                held(found.object_type, Some(print))
            });
            let ours = ours.as_ref().map(|(name, print, _)| (name.as_str(), print));
            apart.set(apart.get() + u64::from(are_apart(ours, &it.believed, theirs.as_ref())));
            it.believed = theirs.unwrap_or_else(nothing);
            if it.ours.is_some() || !it.believed.states.is_empty() {
                (entities.borrow_mut())(it);
            }
        },
        &mut |mut it| {
            let found = walk_edges.borrow_mut().until(place(it.nums), &edge_goes);
            let ours = it.ours.as_ref().map(|edge| (naming.edge_type(edge.kind), edge.state()));
            // Whether it is mapped, and what that says of its far end, is not told there: of that the belief counts, and
            // without one key and type are all there is.
            let theirs = found.map(|found| {
                let last = it.believed.states.last().filter(|(name, _)| *name == found.object_type);
                let believed = last.and_then(|(_, state)| *state);
                held(found.object_type, believed.or(ours.map(|(_, state)| state)))
            });
            let ours = ours.as_ref().map(|(name, state)| (*name, state));
            apart.set(apart.get() + u64::from(are_apart(ours, &it.believed, theirs.as_ref())));
            it.believed = theirs.unwrap_or_else(nothing);
            if it.ours.is_some() || !it.believed.states.is_empty() {
                (edges.borrow_mut())(it);
            }
        },
    )?;
    walk_entities.into_inner().rest(&entity_goes)?;
    walk_edges.into_inner().rest(&edge_goes)?;
    Ok(Compare { belief, apart: apart.get() })
}

/// The fields of an entity that an upload would make different from what the picture has.
pub(super) fn fields(
    live: &Live,
    reader: &Reader,
    names: &Names,
    num: i64,
    ours: Entity,
) -> Result<Option<Vec<FieldChange>>, StoreError> {
    let Some(theirs) = live.picture.fields(num)? else { return Ok(None) };
    let sent = Checker::new(names, &reader.tenant()?).entity(ours);
    Ok(sent.map(|sent| Sends::of(names.naming()).differences(sent.entity.entity_type(), &theirs, &sent.entity.json)))
}

/// Which fields a naming can send, by `_type`.
struct Sends(BTreeMap<&'static str, BTreeSet<&'static str>>);

impl Sends {
    fn of(naming: Naming) -> Self {
        Self(EntityKind::ALL.map(|kind| (naming.entity_type(kind), sent_names(naming, kind))).into())
    }

    fn differences(&mut self, of: &str, theirs: &Map<String, Value>, ours: &Map<String, Value>) -> Vec<FieldChange> {
        static NONE: BTreeSet<&str> = BTreeSet::new();
        differences(theirs, ours, self.0.get(of).unwrap_or(&NONE))
    }
}

fn parsed(fields: &str) -> Map<String, Value> {
    serde_json::from_str(fields).unwrap_or_default()
}

fn held<T>(object_type: String, content: Option<T>) -> Believed<T> {
    Believed { states: vec![(object_type, content)], certain: true }
}

const fn nothing<T>() -> Believed<T> {
    Believed { states: Vec::new(), certain: true }
}

/// Whether an upload would do something else, judged by what is there, than judged by what is believed.
fn are_apart<T: PartialEq>(ours: Option<(&str, &T)>, belief: &Believed<T>, theirs: Option<&Believed<T>>) -> bool {
    match (ours, theirs) {
        (Some((name, content)), Some(theirs)) => judge(name, content, belief) != judge(name, content, theirs),
        (Some((name, content)), None) => judge(name, content, belief) != judge(name, content, &nothing()),
        (None, theirs) => belief.states.is_empty() == theirs.is_some(),
    }
}

/// The picture, object by object.
struct Walk<F> {
    read: F,
    ahead: VecDeque<Pictured>,
    last: Option<(bool, [i64; 2])>,
    /// Nothing is handed over any more once it could not be read.
    failed: Option<StoreError>,
}

impl<F: FnMut(Option<(bool, [i64; 2])>) -> Result<Vec<Pictured>, StoreError>> Walk<F> {
    const fn new(read: F) -> Self {
        Self { read, ahead: VecDeque::new(), last: None, failed: None }
    }

    fn next(&mut self) -> Option<&Pictured> {
        if self.ahead.is_empty() && self.failed.is_none() {
            match (self.read)(self.last) {
                Ok(found) => self.ahead = found.into(),
                Err(error) => self.failed = Some(error),
            }
            self.last = self.ahead.back().map_or(self.last, |last| Some(last.place));
        }
        self.ahead.front()
    }

    /// Hands over all that stands before `place`; what stands there is the answer.
    fn until(&mut self, place: (bool, [i64; 2]), gone: &dyn Fn(Pictured)) -> Option<Pictured> {
        while self.next().is_some_and(|next| next.place < place) {
            self.ahead.pop_front().into_iter().for_each(gone);
        }
        match self.next() {
            Some(next) if next.place == place => self.ahead.pop_front(),
            _ => None,
        }
    }

    fn rest(mut self, gone: &dyn Fn(Pictured)) -> Result<(), StoreError> {
        while self.next().is_some() {
            self.ahead.pop_front().into_iter().for_each(gone);
        }
        self.failed.map_or(Ok(()), Err)
    }
}
