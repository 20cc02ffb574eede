//! A run held against another kept one, as if the other's objects were what a target holds.
//!
//! Both are read in the same order, the older one by a thread of its own that is never far ahead.

use std::sync::mpsc::{Receiver, sync_channel};

use crate::{
    domain::{
        edge::{Edge, EdgeState},
        entity::{Entity, Fingerprint, fingerprint},
        ids::RunId,
        kind::EntityKind,
        naming::Names,
        validate::Checker,
    },
    store::{Believed, Compared, Reader, StoreError},
};

/// How many objects the older run is read ahead.
const AHEAD: usize = 4_096;

/// Where an object stands: entities first, and in either the account's first, then by number.
type Place = (bool, bool, [i64; 2]);

/// An object of the older run.
struct Older {
    place: Place,
    object_type: String,
    content: Content,
}

enum Content {
    Entity(Fingerprint),
    Edge(EdgeState),
}

/// Hands over every key of either run, as [`Reader::compare`] does.
pub(super) fn compare(
    reader: &Reader,
    [before, run]: [RunId; 2],
    names: &Names,
    entities: &mut dyn FnMut(Compared<Entity, Fingerprint>),
    edges: &mut dyn FnMut(Compared<Edge, EdgeState>),
) -> Result<(), StoreError> {
    let tenant = reader.tenant()?;
    let older = Reader::open(reader.path(), Some(&tenant))?;
    let naming = names.naming();
    let account = (naming.entity_type(EntityKind::Account), names.account_key(&tenant));
    let of_entity = |entity: &Entity, nums| (false, entity.entity_type() != account.0, nums);
    let of_edge = |edge: &Edge, nums| (true, edge.from != account.1, nums);
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel::<Older>(AHEAD);
        let reading = scope.spawn(move || {
            // Nobody listens any more once the newer run could not be read.
            // What it would send is what the checker leaves of it, too.
            let checker = std::cell::RefCell::new(Checker::new(names, &tenant));
            let told = older.compare(
                before,
                names,
                None,
                &mut |it| {
                    if let Some(sent) = it.ours.and_then(|entity| checker.borrow_mut().entity(entity)) {
                        let place = of_entity(&sent.entity, it.nums);
                        let (object_type, print) = (sent.entity.entity_type().to_owned(), fingerprint(&sent.text));
                        let _ = send.send(Older { place, object_type, content: Content::Entity(print) });
                    }
                },
                &mut |it| {
                    // How large its text is matters to no comparison.
                    let sent = it.ours.filter(|edge| checker.borrow_mut().edge(edge, 0));
                    if let Some(edge) = sent {
                        let (place, content) = (of_edge(&edge, it.nums), Content::Edge(edge.state()));
                        let object_type = naming.edge_type(edge.kind).to_owned();
                        let _ = send.send(Older { place, object_type, content });
                    }
                },
            );
            told.map(drop)
        });
        let walk = std::cell::RefCell::new(Walk { next: None, receive });
        walk.borrow_mut().advance();
        let (entities, edges) = (std::cell::RefCell::new(entities), std::cell::RefCell::new(edges));
        let gone = |older: Older| match older.content {
            Content::Entity(print) => (entities.borrow_mut())(Compared {
                nums: older.place.2,
                ours: None,
                believed: held(older.object_type, print),
            }),
            Content::Edge(state) => (edges.borrow_mut())(Compared {
                nums: older.place.2,
                ours: None,
                believed: held(older.object_type, state),
            }),
        };
        let result = reader.compare(
            run,
            names,
            None,
            &mut |mut it| {
                if let Some(entity) = &it.ours {
                    let found = walk.borrow_mut().until(of_entity(entity, it.nums), &gone);
                    if let Some(Older { object_type, content: Content::Entity(print), .. }) = found {
                        it.believed = held(object_type, print);
                    }
                }
                (entities.borrow_mut())(it);
            },
            &mut |mut it| {
                if let Some(edge) = &it.ours {
                    let found = walk.borrow_mut().until(of_edge(edge, it.nums), &gone);
                    if let Some(Older { object_type, content: Content::Edge(state), .. }) = found {
                        it.believed = held(object_type, state);
                    }
                }
                (edges.borrow_mut())(it);
            },
        );
        if result.is_ok() {
            walk.borrow_mut().rest(&gone);
        }
        // Hung up before it is waited for.
        drop(walk);
        let read = reading.join().unwrap_or_else(|e| std::panic::resume_unwind(e));
        result.and(read)
    })
}

fn held<T>(object_type: String, content: T) -> Believed<T> {
    Believed { states: vec![(object_type, Some(content))], certain: true }
}

/// The older run, object by object.
struct Walk {
    next: Option<Older>,
    receive: Receiver<Older>,
}

impl Walk {
    fn advance(&mut self) -> Option<Older> {
        std::mem::replace(&mut self.next, self.receive.recv().ok())
    }

    /// Hands over all that stands before `place`; what stands there is the answer.
    fn until(&mut self, place: Place, gone: &dyn Fn(Older)) -> Option<Older> {
        while self.next.as_ref().is_some_and(|next| next.place < place) {
            if let Some(older) = self.advance() {
                gone(older);
            }
        }
        match self.next.as_ref() {
            Some(next) if next.place == place => self.advance(),
            _ => None,
        }
    }

    fn rest(&mut self, gone: &dyn Fn(Older)) {
        while let Some(older) = self.advance() {
            gone(older);
        }
    }
}
