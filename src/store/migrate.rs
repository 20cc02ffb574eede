//! From an older store's format to this program's: ordered steps in one transaction, after a copy of the file.
//!
//! There is no way back and no step that guesses: whoever needs the older format has the copy.

use std::{fs, io, path::Path};

use rusqlite::{Connection, Transaction};

use super::{
    error::StoreError,
    file::{beside, private_options},
};

/// From format n to n + 1.
pub(super) type Step = fn(&Transaction<'_>) -> rusqlite::Result<()>;

/// The first takes format 1 to format 2. `schema.sql` is what they all together lead to.
const STEPS: &[Step] = &[];

/// The format that this program writes.
pub(super) const CURRENT: i64 = 1 + STEPS.len() as i64;

pub(super) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings an open store up to date. The caller holds the lock.
pub(super) fn migrate(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    run(db, path, STEPS)
}

fn run(db: &mut Connection, path: &Path, steps: &[Step]) -> Result<(), StoreError> {
    let wrong = |e| StoreError::of(path, e);
    let (from, to) = (version(db).map_err(wrong)?, 1 + steps.len() as i64);
    if from > to {
        return Err(StoreError::Newer { path: path.to_owned(), found: from, known: to });
    }
    let Some(rest) = usize::try_from(from - 1).ok().and_then(|done| steps.get(done..)) else {
        return Err(StoreError::Damaged { path: path.to_owned(), source: None });
    };
    if rest.is_empty() {
        return Ok(());
    }
    copy(db, path, from)?;
    let all = db.transaction().map_err(wrong)?;
    for step in rest {
        step(&all).map_err(wrong)?;
    }
    all.pragma_update(None, "user_version", to).map_err(wrong)?;
    all.commit().map_err(wrong)
}

/// Leaves `<store>.format-<n>` behind, whole or not at all.
fn copy(db: &Connection, path: &Path, version: i64) -> Result<(), StoreError> {
    let (part, copy) = (beside(path, &format!(".format-{version}.part")), beside(path, &format!(".format-{version}")));
    match fs::remove_file(&part) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(StoreError::io(&part, e)),
        _ => {}
    }
    // SQLite writes into an empty file that is there already, and so keeps its rights.
    private_options().write(true).create_new(true).open(&part).map_err(|e| StoreError::io(&part, e))?;
    let text = part.to_str().ok_or_else(|| {
        StoreError::io(&part, io::Error::new(io::ErrorKind::InvalidInput, "the path is not valid Unicode"))
    })?;
    db.execute("VACUUM INTO ?1", [text]).map_err(|e| StoreError::of(&part, e))?;
    fs::rename(&part, &copy).map_err(|e| StoreError::io(&copy, e))
}
