//! The graph of one target, and what a finalized job makes of it: DIFF, entities first, then relationships.

use std::collections::{HashMap, HashSet};

use super::payload::Object;
use crate::domain::entity::{Fingerprint, fingerprint};

/// What a target holds, by `_key`.
#[derive(Debug, Default, Clone)]
pub struct Graph {
    pub entities: HashMap<String, Held>,
    pub relationships: HashMap<String, Held>,
}

/// One object as it is held. Its text is kept while there is room for it.
#[derive(Debug, Clone)]
pub struct Held {
    pub object_type: String,
    pub fingerprint: Fingerprint,
    pub needs: Vec<String>,
    pub mapped: bool,
    pub text: Option<String>,
}

impl Held {
    pub fn of(object: Object, keep_text: bool) -> (String, Self) {
        let held = Self {
            object_type: object.object_type,
            fingerprint: fingerprint(&object.text),
            needs: object.needs,
            mapped: object.mapped,
            text: keep_text.then_some(object.text),
        };
        (object.key, held)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

/// What applying a job did, as the job reports it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    pub entities: Counts,
    /// Mapped relationships are counted here and, once more, below.
    pub relationships: Counts,
    pub mapped: Counts,
    /// Relationships whose end entity is missing; they are not created.
    pub dangling: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub created: u64,
    pub updated: u64,
    pub deleted: u64,
}

impl Graph {
    /// Makes the target hold what was sent, and what it held of the types in `partial`.
    pub fn apply(&mut self, sent: Self, partial: &HashSet<&str>) -> Figures {
        let mut figures = Figures::default();
        let is_kept = |held: &Held| partial.contains(held.object_type.as_str());

        let before = self.entities.len();
        self.entities.retain(|key, held| is_kept(held) || sent.entities.contains_key(key));
        figures.entities.deleted = (before - self.entities.len()) as u64;
        for (key, new) in sent.entities {
            match self.entities.insert(key, new.clone()) {
                None => figures.entities.created += 1,
                Some(old) => figures.entities.updated += u64::from(!old.is_same(&new)),
            }
        }

        let entities = &self.entities;
        let dangles = |held: &Held| held.needs.iter().any(|key| !entities.contains_key(key));
        // A relationship goes with its ends, whatever the types in `partial` say; one that is sent again is looked at below.
        self.relationships.retain(|key, held| {
            let stays = sent.relationships.contains_key(key) || (is_kept(held) && !dangles(held));
            figures.relationships.deleted += u64::from(!stays);
            figures.mapped.deleted += u64::from(!stays && held.mapped);
            stays
        });
        for (key, new) in sent.relationships {
            if dangles(&new) {
                figures.dangling += 1;
                if let Some(old) = self.relationships.remove(&key) {
                    figures.relationships.deleted += 1;
                    figures.mapped.deleted += u64::from(old.mapped);
                }
                continue;
            }
            let mapped = u64::from(new.mapped);
            match self.relationships.insert(key, new.clone()) {
                None => {
                    figures.relationships.created += 1;
                    figures.mapped.created += mapped;
                }
                Some(old) if !old.is_same(&new) => {
                    figures.relationships.updated += 1;
                    figures.mapped.updated += mapped;
                }
                Some(_) => {}
            }
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(key: &str, object_type: &str, text: &str) -> Object {
        Object { key: key.into(), object_type: object_type.into(), needs: Vec::new(), mapped: false, text: text.into() }
    }

    fn edge(from: &str, to: &str) -> Object {
        Object {
            key: format!("{from}|has|{to}"),
            object_type: "edge".into(),
            needs: vec![from.into(), to.into()],
            mapped: false,
            text: format!("{from}{to}"),
        }
    }

    fn graph(entities: &[Object], relationships: &[Object]) -> Graph {
        let held = |all: &[Object]| all.iter().cloned().map(|o| Held::of(o, true)).collect();
        Graph { entities: held(entities), relationships: held(relationships) }
    }

    const fn counts(created: u64, updated: u64, deleted: u64) -> Counts {
        Counts { created, updated, deleted }
    }

    #[test]
    fn a_diff_creates_changes_and_deletes() {
        let mut target = Graph::default();
        let (a, b, c) = (entity("a", "user", "1"), entity("b", "user", "1"), entity("c", "group", "1"));
        let first = graph(&[a.clone(), b.clone(), c.clone()], &[edge("c", "a"), edge("c", "b"), edge("c", "z")]);
        let figures = target.apply(first.clone(), &HashSet::new());
        assert_eq!((figures.entities, figures.relationships), (counts(3, 0, 0), counts(2, 0, 0)));
        assert_eq!(figures.dangling, 1);
        let again = target.apply(first, &HashSet::new());
        assert_eq!((again.entities, again.relationships, again.dangling), (counts(0, 0, 0), counts(0, 0, 0), 1));

        let changed =
            graph(&[entity("a", "user", "2"), c.clone(), entity("d", "user", "1")], &[edge("c", "a"), edge("c", "b")]);
        let figures = target.apply(changed, &HashSet::new());
        assert_eq!(figures.entities, counts(1, 1, 1));
        assert_eq!((figures.relationships, figures.dangling), (counts(0, 0, 1), 1));

        let figures = target.apply(Graph::default(), &HashSet::new());
        assert_eq!((figures.entities, figures.relationships), (counts(0, 0, 3), counts(0, 0, 1)));
    }

    #[test]
    fn a_mapped_relationship_needs_its_source_only() {
        let mapped = |source: &str| Object { needs: vec![source.into()], mapped: true, ..edge(source, "elsewhere") };
        let sent = graph(&[entity("a", "group", "1")], &[mapped("a"), mapped("nobody")]);
        let figures = Graph::default().apply(sent, &HashSet::new());
        assert_eq!((figures.relationships, figures.mapped, figures.dangling), (counts(1, 0, 0), counts(1, 0, 0), 1));
    }

    /// Its far end goes and it is told of as mapped: one relationship that changed, by its key.
    #[test]
    fn a_relationship_that_becomes_mapped_is_changed() {
        let mut target = Graph::default();
        let (a, c) = (entity("a", "user", "1"), entity("c", "group", "1"));
        target.apply(graph(&[a, c.clone()], &[edge("c", "a")]), &HashSet::new());
        let mapped = Object { needs: vec!["c".into()], mapped: true, text: "mapped".into(), ..edge("c", "a") };
        let figures = target.apply(graph(std::slice::from_ref(&c), &[mapped]), &HashSet::new());
        assert_eq!((figures.entities, figures.relationships), (counts(0, 0, 1), counts(0, 1, 0)));
        // And one that is sent without its end goes.
        let figures = target.apply(graph(&[c], &[edge("c", "a")]), &HashSet::new());
        assert_eq!((figures.relationships, figures.dangling), (counts(0, 0, 1), 1));
    }

    #[test]
    fn partial_types_are_not_deleted() {
        let mut target = Graph::default();
        let (a, c) = (entity("a", "user", "1"), entity("c", "group", "1"));
        target.apply(graph(&[a, c.clone()], &[edge("c", "a")]), &HashSet::new());
        let figures = target.apply(graph(std::slice::from_ref(&c), &[]), &HashSet::from(["user", "edge"]));
        assert_eq!((figures.entities, figures.relationships), (counts(0, 0, 0), counts(0, 0, 0)));
        // Kept by its type, but not without its end.
        let figures = target.apply(graph(&[c], &[]), &HashSet::from(["edge"]));
        assert_eq!((figures.entities, figures.relationships), (counts(0, 0, 1), counts(0, 0, 1)));
    }
}
