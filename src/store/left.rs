//! Uploads whose end nobody booked: how far each had come, so that its job can be ended, or gone on with.
//!
//! What arrived is a lower bound, written down before the next body leaves: what lies behind it may have arrived too.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    belief::{self, UploadId},
    error::StoreError,
    read::Reader,
    runs,
    write::Writer,
};
use crate::domain::{ids::RunId, naming::Naming, target::Target, upload::LeftJob};

/// An upload that was cut off while its job was open, or whose end is in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub upload: UploadId,
    pub naming: Naming,
    /// Exempt from deletion, as it was begun.
    pub partial_types: Vec<String>,
    pub job: LeftJob,
}

impl Reader {
    /// The jobs that uploads to this target left behind, the oldest first; none while somebody writes, whose own job is
    /// open.
    pub fn left_uploads(&self, target: &Target) -> Result<Vec<Left>, StoreError> {
        if self.holder().is_some() {
            return Ok(Vec::new());
        }
        self.snapshot(|db| left(db, target))
    }
}

impl Writer {
    /// As [`Reader::left_uploads`]: nobody else writes.
    pub fn left_uploads(&self, target: &Target) -> Result<Vec<Left>, StoreError> {
        left(&self.db, target).map_err(|e| StoreError::of(&self.path, e))
    }

    /// Notes how many objects have arrived for certain, counted from the first on.
    pub fn note_arrived(&mut self, upload: UploadId, entities: u64, relationships: u64) -> Result<(), StoreError> {
        self.transact(|db| {
            // Not part of the format: a store that never sent anything is without it.
            db.execute_batch(
                "CREATE TABLE IF NOT EXISTS arrived (
                     upload INTEGER PRIMARY KEY, entities INTEGER NOT NULL, relationships INTEGER NOT NULL
                 )",
            )?;
            db.prepare_cached("INSERT OR REPLACE INTO arrived VALUES (?1, ?2, ?3)")?
                .execute(params![upload.0, entities.cast_signed(), relationships.cast_signed()])
                .map(drop)
        })
    }
}

fn left(db: &Connection, target: &Target) -> rusqlite::Result<Vec<Left>> {
    db.prepare_cached(
        "SELECT u.id, u.naming, u.partial, u.run, u.started_at, u.job_id, u.state FROM upload u
         JOIN target t ON t.num = u.target
         WHERE t.key = ?1 AND u.job_id IS NOT NULL AND u.state IN ('open', 'in_doubt') ORDER BY u.id",
    )?
    .query_map([target.key()], |row| {
        let upload: i64 = row.get(0)?;
        let partial: String = row.get(2)?;
        let state: String = row.get(6)?;
        let (entities, relationships) = arrived(db, upload)?;
        Ok(Left {
            upload: UploadId(upload),
            naming: belief::naming(1, row.get(1)?)?,
            partial_types: runs::json(2, &partial)?,
            job: LeftJob {
                run: RunId(row.get(3)?),
                since: runs::time(row, 4)?,
                id: row.get(5)?,
                in_doubt: state == "in_doubt",
                entities,
                relationships,
            },
        })
    })?
    .collect()
}

fn arrived(db: &Connection, upload: i64) -> rusqlite::Result<(u64, u64)> {
    let is_there: bool =
        db.query_row("SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'arrived'", (), |row| row.get(0))?;
    if !is_there {
        return Ok((0, 0));
    }
    let unsigned = |n: i64| u64::try_from(n).unwrap_or_default();
    let found = db
        .prepare_cached("SELECT entities, relationships FROM arrived WHERE upload = ?1")?
        .query_row([upload], |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?))))
        .optional()?;
    Ok(found.unwrap_or_default())
}
