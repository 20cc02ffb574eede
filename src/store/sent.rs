//! What a batch sends, as it is booked: by the numbers that the reading has at hand, so that no key is looked up by its text.

use rusqlite::Connection;

use super::keys;
use crate::domain::{
    edge::{Edge, EdgeState},
    entity::{Entity, Fingerprint, fingerprint},
    kind::EdgeKind,
};

/// A `_key` as the store that is booked in knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentKey {
    /// An id, by its number.
    Num(i64),
    /// The account's, which is none of its ids; or one whose number nobody has at hand.
    Text(Box<str>),
}

/// An entity of a batch that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentEntity {
    pub key: SentKey,
    pub entity_type: String,
    pub fingerprint: Fingerprint,
}

impl SentEntity {
    /// Of an entity and the text that is sent for it.
    pub fn of(entity: &Entity, text: &str) -> Self {
        Self::at(SentKey::Text(entity.key().into()), entity, text)
    }

    /// The same where it is known how its key is kept.
    pub fn at(key: SentKey, entity: &Entity, text: &str) -> Self {
        Self { key, entity_type: entity.entity_type().to_owned(), fingerprint: fingerprint(text) }
    }
}

/// A relationship of a batch that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentEdge {
    pub from: SentKey,
    pub to: SentKey,
    pub kind: EdgeKind,
    pub state: EdgeState,
}

impl SentEdge {
    /// Of an edge whose ends' keys are kept so.
    pub fn at([from, to]: [SentKey; 2], edge: &Edge) -> Self {
        Self { from, to, kind: edge.kind, state: edge.state() }
    }
}

impl From<&Edge> for SentEdge {
    fn from(edge: &Edge) -> Self {
        let text = |key: &str| SentKey::Text(key.into());
        Self::at([text(&edge.from), text(&edge.to)], edge)
    }
}

/// Numbers of keys, of which the same text comes in long stretches.
#[derive(Debug, Default)]
pub(super) struct SentKeys {
    last: Option<(Box<str>, i64)>,
}

impl SentKeys {
    pub(super) fn num(&mut self, db: &Connection, key: &SentKey) -> rusqlite::Result<i64> {
        let text = match key {
            SentKey::Num(num) => return Ok(*num),
            SentKey::Text(text) => text,
        };
        if let Some((_, num)) = self.last.as_ref().filter(|(last, _)| last == text) {
            return Ok(*num);
        }
        let num = keys::intern(db, text)?;
        self.last = Some((text.clone(), num));
        Ok(num)
    }
}
