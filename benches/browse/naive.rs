//! The naive way: SQLite is asked for whatever is on the screen. A window by `OFFSET`, a word by `LIKE`, an order by
//! `ORDER BY`, and what lies behind a group by one query for each group.

use std::{
    collections::HashSet,
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};
use tenantry::domain::ids::RunId;

/// What the naive way takes.
pub struct Naive {
    db: Connection,
    run: RunId,
}

/// The order of all edges: by the groups' names.
const EDGES: &str = "object g INDEXED BY object_in_order CROSS JOIN edge e ON e.grp = g.num
                     WHERE g.kind = 3 AND g.entity = 1";

impl Naive {
    pub fn new(path: &Path, run: RunId) -> Self {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the store opens");
        Self { db, run }
    }

    /// The last page of the users.
    pub fn last_users(&self) -> Duration {
        self.last_page("object o WHERE o.kind = 2 AND o.entity = 1", "o.kind, o.sort", "o.name, o.second")
    }

    /// The last page of the edges.
    pub fn last_edges(&self) -> Duration {
        self.last_page(EDGES, "g.kind, g.sort, e.member", "g.name, e.member")
    }

    fn last_page(&self, from: &str, order: &str, columns: &str) -> Duration {
        let total: i64 =
            self.db.query_row(&format!("SELECT count(*) FROM {from}"), (), |row| row.get(0)).expect("a count");
        timed(|| self.all(&format!("SELECT {columns} FROM {from} ORDER BY {order} LIMIT 108 OFFSET {}", total - 108)))
    }

    /// The users that a word is in: how many, and the first page of them.
    pub fn filter(&self, word: &str) -> Duration {
        let from =
            format!("object o WHERE o.kind = 2 AND o.entity = 1 AND {} AND o.search LIKE '%{word}%'", self.valid("o"));
        timed(|| {
            self.all(&format!("SELECT count(*) FROM {from}"))
                + self.all(&format!("SELECT o.name, o.second FROM {from} ORDER BY o.kind, o.sort LIMIT 108"))
        })
    }

    /// The users in another order.
    pub fn sort(&self, order: &str) -> Duration {
        let from = format!("object o WHERE o.kind = 2 AND o.entity = 1 AND {}", self.valid("o"));
        timed(|| self.all(&format!("SELECT o.name, o.second FROM {from} ORDER BY {order} LIMIT 108")))
    }

    /// All that lies behind a group, one query for each.
    pub fn walk(&self, id: &str) -> (usize, Duration) {
        let sql = format!("SELECT member FROM edge e WHERE grp = ?1 AND {}", self.valid("e"));
        let began = Instant::now();
        let from: i64 =
            self.db.query_row("SELECT num FROM key WHERE text = ?1", [id], |row| row.get(0)).expect("an id");
        let mut next = self.db.prepare(&sql).expect("a query");
        let (mut seen, mut todo) = (HashSet::from([from]), vec![from]);
        while let Some(at) = todo.pop() {
            let found = next.query_map([at], |row| row.get::<_, i64>(0)).expect("rows");
            todo.extend(found.map(|num| num.expect("a number")).filter(|num| seen.insert(*num)));
        }
        (seen.len() - 1, began.elapsed())
    }

    fn valid(&self, row: &str) -> String {
        format!("{row}.from_run <= {run} AND {row}.to_run > {run}", run = self.run)
    }

    /// Reads all rows; how many there are.
    fn all(&self, sql: &str) -> usize {
        let mut query = self.db.prepare(sql).expect("a query");
        let rows = query.query_map((), |row| row.get_ref(0).map(|_| ())).expect("rows");
        rows.map(|row| row.expect("a row")).count()
    }
}

fn timed(work: impl FnOnce() -> usize) -> Duration {
    let began = Instant::now();
    assert!(work() > 0, "rows");
    began.elapsed()
}
