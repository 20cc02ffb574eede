//! The texts of ids by their numbers, in memory: sixteen bytes each where they are GUIDs, as nearly all are.
//!
//! An edge names two of them. To ask the store for each took longer than all else that is done for an edge.

use rusqlite::Connection;
use uuid::Uuid;

use super::{keys, nodes::each, runs};
use crate::domain::short_id::ShortId;

pub(super) struct Texts {
    /// By number; nil for what is no GUID, which is asked for in the store.
    guids: Vec<Uuid>,
}

impl Texts {
    pub(super) fn load(db: &Connection) -> rusqlite::Result<Self> {
        let most: i64 = db.query_row("SELECT ifnull(max(num), 0) FROM key", (), |row| row.get(0))?;
        let place = |num: i64| usize::try_from(num).map_err(|_| runs::strange(0, num));
        let mut guids = vec![Uuid::nil(); place(most)? + 1];
        each(db, "SELECT num, text FROM key", (), |row| {
            let num: i64 = row.get(0)?;
            let guid = ShortId::from(row.get_ref(1)?.as_str()?).guid();
            if let (Some(at), Some(guid)) = (guids.get_mut(place(num)?), guid) {
                *at = Uuid::from_bytes(guid);
            }
            Ok(())
        })?;
        Ok(Self { guids })
    }

    pub(super) fn text(&self, db: &Connection, num: i64) -> rusqlite::Result<String> {
        let guid = usize::try_from(num).ok().and_then(|at| self.guids.get(at)).filter(|guid| !guid.is_nil());
        match guid {
            Some(guid) => Ok(guid.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned()),
            None => keys::text(db, num),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_what_the_store_has() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE key (num INTEGER PRIMARY KEY, text TEXT NOT NULL)").unwrap();
        let all = [
            "c2f798fd-f95d-4623-8824-63aec21fffff",
            "C2F798FD-F95D-4623-8824-63AEC21FFFFF",
            "00000000-0000-0000-0000-000000000000",
            "u1-0000000",
            "",
            "active_directory_account:c2f798fd-f95d-4623-8824-63aec21fffff",
        ];
        for text in all {
            keys::insert(&db, text).unwrap();
        }
        // Numbers with a gap between them.
        db.execute("INSERT INTO key VALUES (40, 'late')", ()).unwrap();
        let texts = Texts::load(&db).unwrap();
        for (num, text) in (1..).zip(all) {
            assert_eq!(texts.text(&db, num).unwrap(), text);
        }
        assert_eq!(texts.text(&db, 40).unwrap(), "late");
        assert!([-1, 0, 20, 41].iter().all(|num| texts.text(&db, *num).is_err()));
        let empty = Connection::open_in_memory().unwrap();
        empty.execute_batch("CREATE TABLE key (num INTEGER PRIMARY KEY, text TEXT NOT NULL)").unwrap();
        assert!(Texts::load(&empty).unwrap().text(&empty, 1).is_err());
    }
}
