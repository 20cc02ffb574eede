//! Fetches what the rows of a window stand on from a disk that has to be asked for it.
//!
//! SQLite reads a page when it needs it and waits for it, and the rows of a list lie anywhere in the file: some hundred waits
//! one after the other are a tenth of a second. A disk answers many questions at a time, so they are asked by several threads,
//! each with a connection of its own, once the first rows have shown that pages are not in the system's memory. It changes
//! no answer: who reads behind it finds the same, sooner.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::file;

/// As many rows tell whether pages are at hand.
const TRIED: usize = 6;
/// Longer than this, for each of them, and they are not.
const AT_HAND: Duration = Duration::from_micros(100);
/// Questions that are asked of a disk at once.
const AT_ONCE: usize = 8;

/// Has `touch` read all that a row stands on, for each.
pub(super) fn warm<T: Copy + Send + Sync>(
    db: &Connection,
    rows: &[T],
    touch: impl Fn(&Connection, T) -> rusqlite::Result<()> + Sync,
) -> rusqlite::Result<()> {
    let slow = |took: Duration| took > AT_HAND * u32::try_from(TRIED).unwrap_or(u32::MAX);
    warm_if(slow, db, rows, touch)
}

fn warm_if<T: Copy + Send + Sync>(
    is_slow: impl Fn(Duration) -> bool,
    db: &Connection,
    rows: &[T],
    touch: impl Fn(&Connection, T) -> rusqlite::Result<()> + Sync,
) -> rusqlite::Result<()> {
    let (tried, rest) = rows.split_at(rows.len().min(TRIED));
    let begin = Instant::now();
    for row in tried {
        touch(db, *row)?;
    }
    if rest.is_empty() || !is_slow(begin.elapsed()) {
        return Ok(());
    }
    let Some(path) = db.path().map(Path::new) else { return Ok(()) };
    // What fails here fails again where it is read, and is told there.
    let part = |rows: &[T]| -> rusqlite::Result<()> {
        let db = file::reading(path)?;
        rows.iter().try_for_each(|row| touch(&db, *row))
    };
    let part = &part;
    thread::scope(|scope| {
        for rows in rest.chunks(rest.len().div_ceil(AT_ONCE)) {
            let _ = thread::Builder::new().spawn_scoped(scope, move || part(rows));
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn all_is_touched_once_where_it_is_slow_and_little_where_it_is_not() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("some.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch("CREATE TABLE some (n INTEGER PRIMARY KEY); INSERT INTO some VALUES (1)").unwrap();
        let check = |is_slow: bool, rows: usize, want: usize| {
            let touched = Mutex::new(Vec::new());
            let rows: Vec<usize> = (0..rows).collect();
            let touch = |db: &Connection, row| {
                db.query_row("SELECT n FROM some", (), |row| row.get::<_, i64>(0))?;
                touched.lock().unwrap().push(row);
                Ok(())
            };
            warm_if(|_| is_slow, &db, &rows, touch).unwrap();
            let mut touched = touched.into_inner().unwrap();
            touched.sort_unstable();
            assert_eq!(touched, rows[..want]);
        };
        check(true, 108, 108);
        check(true, TRIED + 1, TRIED + 1);
        check(true, 2, 2);
        check(true, 0, 0);
        check(false, 108, TRIED);
    }
}
