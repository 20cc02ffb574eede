//! Forgetting: runs that nobody needs any more, and the rows that only they had.
//!
//! Only what is over is looked at: a row that still holds belongs to the newest run, which always stays.

use rusqlite::Connection;

use super::FOREVER;

pub(super) fn prune(db: &Connection, keep: usize) -> rusqlite::Result<()> {
    db.execute(
        "DELETE FROM run WHERE status IN ('complete', 'partial')
         AND id NOT IN (SELECT id FROM run WHERE status IN ('complete', 'partial') ORDER BY id DESC LIMIT max(1, ?1))
         AND id NOT IN (SELECT run FROM upload WHERE state IN ('open', 'in_doubt', 'finished'))",
        [i64::try_from(keep).unwrap_or(FOREVER)],
    )?;
    // Runs that never finished have nothing to show once there is a newer one; one that can be gone on with stays.
    db.execute("DELETE FROM run WHERE leftover = 0 AND status IN ('failed', 'interrupted', 'scoped')", ())?;
    let nobody = "to_run < 9223372036854775807
                  AND NOT EXISTS (SELECT 1 FROM run WHERE from_run <= run.id AND run.id < to_run)";
    db.execute(&format!("DELETE FROM raw WHERE version IN (SELECT version FROM object WHERE {nobody})"), ())?;
    for table in ["object", "edge", "sign_in"] {
        db.execute(&format!("DELETE FROM {table} WHERE {nobody}"), ())?;
    }
    for table in ["checkpoint", "group_state", "delta_link"] {
        db.execute(&format!("DELETE FROM {table} WHERE run NOT IN (SELECT id FROM run)"), ())?;
    }
    Ok(())
}
