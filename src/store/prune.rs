//! Forgetting: runs that nobody needs any more, and the rows that only they had.
//!
//! Only what is over is looked at: a row that still holds belongs to the newest run, which always stays.

use rusqlite::Connection;

use super::FOREVER;

/// What is over, and valid in no run that is left.
const NOBODYS: &str = "to_run < 9223372036854775807
                       AND NOT EXISTS (SELECT 1 FROM run WHERE from_run <= run.id AND run.id < to_run)";

pub(super) fn prune(db: &Connection, keep: usize) -> rusqlite::Result<()> {
    db.execute(
        "DELETE FROM run WHERE status IN ('complete', 'partial')
         AND id NOT IN (SELECT id FROM run WHERE status IN ('complete', 'partial') ORDER BY id DESC LIMIT max(1, ?1))
         AND id NOT IN (SELECT run FROM upload WHERE state IN ('open', 'in_doubt', 'finished'))",
        [i64::try_from(keep).unwrap_or(FOREVER)],
    )?;
    // Runs that never finished have nothing to show once there is a newer one; one that can be gone on with stays.
    db.execute("DELETE FROM run WHERE leftover = 0 AND status IN ('failed', 'interrupted', 'scoped')", ())?;
    db.execute(&format!("DELETE FROM raw WHERE version IN (SELECT version FROM object WHERE {NOBODYS})"), ())?;
    for table in ["object", "edge", "sign_in"] {
        db.execute(&format!("DELETE FROM {table} WHERE {NOBODYS}"), ())?;
    }
    for table in ["checkpoint", "group_state", "delta_link"] {
        db.execute(&format!("DELETE FROM {table} WHERE run NOT IN (SELECT id FROM run)"), ())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_over_is_looked_at() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("schema.sql")).unwrap();
        for (table, index) in [("object", "object_over"), ("edge", "edge_over")] {
            let sql = format!("EXPLAIN QUERY PLAN DELETE FROM {table} WHERE {NOBODYS}");
            let plan: Vec<String> =
                db.prepare(&sql).unwrap().query_map((), |row| row.get(3)).unwrap().map(Result::unwrap).collect();
            assert!(plan[0].contains(index), "{plan:?}");
            assert!(plan.iter().skip(1).any(|step| step.contains("SEARCH run USING INTEGER PRIMARY KEY")), "{plan:?}");
        }
    }
}
