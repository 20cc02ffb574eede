//! Ids, `_key`s and type names as small numbers: an edge is two of them instead of two GUIDs.

use rusqlite::{Connection, OptionalExtension as _};

/// The number of a text, given to it if it has none yet.
pub(super) fn intern(db: &Connection, text: &str) -> rusqlite::Result<i64> {
    if let Some(num) = find(db, text)? {
        return Ok(num);
    }
    insert(db, text)
}

/// A number for a text that has none.
pub(super) fn insert(db: &Connection, text: &str) -> rusqlite::Result<i64> {
    db.prepare_cached("INSERT INTO key (text) VALUES (?1)")?.insert([text])
}

/// The number of a text, if it has one.
pub(super) fn find(db: &Connection, text: &str) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT num FROM key WHERE text = ?1")?.query_row([text], |row| row.get(0)).optional()
}

pub(super) fn text(db: &Connection, num: i64) -> rusqlite::Result<String> {
    db.prepare_cached("SELECT text FROM key WHERE num = ?1")?.query_row([num], |row| row.get(0))
}

/// Interning of texts that come in long stretches of the same few, such as types.
#[derive(Debug, Default)]
pub(super) struct Few(Vec<(String, i64)>);

impl Few {
    pub(super) fn intern(&mut self, db: &Connection, text: &str) -> rusqlite::Result<i64> {
        if let Some((_, num)) = self.0.iter().find(|(known, _)| known == text) {
            return Ok(*num);
        }
        let num = intern(db, text)?;
        self.0.push((text.to_owned(), num));
        Ok(num)
    }

    pub(super) fn text(&mut self, db: &Connection, num: i64) -> rusqlite::Result<&str> {
        let at = match self.0.iter().position(|(_, known)| *known == num) {
            Some(at) => at,
            None => {
                self.0.push((text(db, num)?, num));
                self.0.len() - 1
            }
        };
        Ok(&self.0[at].0)
    }
}
