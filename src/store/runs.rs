//! The table of runs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params, types::Type};
use serde::{Deserialize, Serialize};

use super::{FOREVER, write::Spent};
use crate::domain::{
    completeness::{Gap, RunStatus},
    ids::RunId,
    kind::{EdgeKind, EntityKind},
    naming::Naming,
    reading::RunKind,
    view::{RunInfo, Totals},
};

/// How much a run holds, by kind; the account's edges included.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Counts {
    pub entities: [u64; 4],
    pub edges: [u64; 5],
}

impl Counts {
    pub(super) fn add_entity(&mut self, kind: EntityKind) {
        self.entities[kind as usize] += 1;
    }

    pub(super) fn add_edge(&mut self, kind: EdgeKind) {
        self.add_edges(kind, 1);
    }

    pub(super) fn add_edges(&mut self, kind: EdgeKind, many: u64) {
        self.edges[kind as usize] += many;
    }

    /// The account has an edge to every user and group, if there is an account to have them.
    pub(super) fn add_account_edges(&mut self) {
        if self.entities[EntityKind::Account as usize] > 0 {
            self.edges[EdgeKind::AccountUser as usize] = self.entities[EntityKind::User as usize];
            self.edges[EdgeKind::AccountGroup as usize] = self.entities[EntityKind::Group as usize];
        }
    }

    pub(super) fn totals(&self) -> Totals {
        let [accounts, users, groups, members] = self.entities;
        Totals { accounts, users, groups, members, edges: self.edges.iter().sum() }
    }

    pub(super) fn by_type(&self, naming: Naming) -> BTreeMap<String, u64> {
        let sent = EntityKind::ALL.into_iter().filter(|kind| naming.sends(*kind));
        let entities = sent.map(|k| (naming.entity_type(k), self.entities[k as usize]));
        let edges = EdgeKind::ALL.into_iter().map(|k| (naming.edge_type(k), self.edges[k as usize]));
        let mut all = BTreeMap::new();
        for (name, n) in entities.chain(edges) {
            *all.entry(name.to_owned()).or_default() += n;
        }
        all
    }
}

const COLUMNS: &str =
    "id, status, started_at, finished_at, gaps, requests, resource_units, seconds, kind, last_full, sp_as_of";

/// Runs that finished: what may be uploaded, and what the next run stands on.
pub(super) const FINISHED: &str = "status IN ('complete', 'partial')";

pub(super) fn all(db: &Connection) -> rusqlite::Result<Vec<RunInfo>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM run ORDER BY id DESC"))?;
    statement.query_map((), info)?.collect()
}

pub(super) fn get(db: &Connection, run: RunId) -> rusqlite::Result<Option<RunInfo>> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM run WHERE id = ?1"))?;
    statement.query_row([run.0], info).optional()
}

/// What a finished run holds; `None` while nobody has counted.
pub(super) fn counts(db: &Connection, run: RunId) -> rusqlite::Result<Option<Counts>> {
    let text: Option<String> = db
        .prepare_cached("SELECT counts FROM run WHERE id = ?1")?
        .query_row([run.0], |row| row.get(0))
        .optional()?
        .flatten();
    text.map(|t| json(0, &t)).transpose()
}

fn info(row: &Row<'_>) -> rusqlite::Result<RunInfo> {
    let status: String = row.get(1)?;
    let gaps: String = row.get(4)?;
    Ok(RunInfo {
        id: RunId(row.get(0)?),
        status: RunStatus::parse(&status).ok_or_else(|| strange(1, status))?,
        kind: run_kind(row, 8)?,
        started_at: time(row, 2)?,
        finished_at: maybe_time(row, 3)?,
        gaps: json::<Vec<Gap>>(4, &gaps)?,
        requests: count(row, 5)?,
        resource_units: count(row, 6)?,
        seconds: row.get(7)?,
        last_full: maybe_time(row, 9)?,
        service_principals_as_of: maybe_time(row, 10)?,
    })
}

pub(super) fn run_kind(row: &Row<'_>, column: usize) -> rusqlite::Result<RunKind> {
    let text: String = row.get(column)?;
    RunKind::parse(&text).ok_or_else(|| strange(column, text))
}

/// The newest run before this one that finished.
pub(super) fn newest_finished(db: &Connection, before: RunId) -> rusqlite::Result<Option<RunId>> {
    db.prepare_cached(&format!("SELECT max(id) FROM run WHERE id < ?1 AND {FINISHED}"))?
        .query_row([before.0], |row| Ok(row.get::<_, Option<i64>>(0)?.map(RunId)))
}

/// Notes that a run has written something.
pub(super) fn go_on(
    db: &Connection,
    run: RunId,
    at: Timestamp,
    spent: Option<Spent>,
    longest: Option<u32>,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE run SET last_at = max(coalesce(last_at, ?2), ?2), requests = coalesce(?3, requests),
                        resource_units = coalesce(?4, resource_units), seconds = coalesce(?5, seconds),
                        longest = coalesce(max(longest, ?6), longest, ?6)
         WHERE id = ?1",
    )?
    .execute(params![
        run.0,
        at.as_millisecond(),
        spent.map(|s| signed(s.requests)),
        spent.map(|s| signed(s.resource_units)),
        spent.map(|s| s.seconds),
        longest,
    ])
    .map(drop)
}

/// A run of a process that is no more is interrupted. The caller holds the lock.
pub(super) fn bury(db: &Connection) -> rusqlite::Result<()> {
    db.execute("UPDATE run SET status = 'interrupted' WHERE status = 'running'", ()).map(drop)
}

/// Tables whose rows are valid from run to run.
pub(super) const VERSIONED: [&str; 4] = ["object", "edge", "ghost_edge", "sign_in"];

/// Takes back what runs that never finished wrote, so that the newest finished one is what holds.
pub(super) fn undo(db: &Connection) -> rusqlite::Result<()> {
    let runs: Vec<i64> = db
        .prepare("SELECT id FROM run WHERE leftover = 1 AND status NOT IN ('complete', 'partial')")?
        .query_map((), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for run in runs {
        db.execute("DELETE FROM raw WHERE version IN (SELECT version FROM object WHERE from_run = ?1)", [run])?;
        for table in VERSIONED {
            db.execute(&format!("DELETE FROM {table} WHERE from_run = ?1"), [run])?;
            // In two terms, so that the index of what is over serves.
            let ended = "to_run = ?1 AND to_run < 9223372036854775807";
            db.execute(&format!("UPDATE {table} SET to_run = ?2 WHERE {ended}"), [run, FOREVER])?;
        }
        db.execute("DELETE FROM group_state WHERE run = ?1", [run])?;
        db.execute("DELETE FROM delta_link WHERE run = ?1", [run])?;
        db.execute("UPDATE run SET leftover = 0 WHERE id = ?1", [run])?;
    }
    forget_marks(db)
}

/// Empties what only the run in progress needs.
pub(super) fn forget_marks(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("DELETE FROM seen_object; DELETE FROM seen_edge; DELETE FROM resolution; DELETE FROM reborn;")
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    timestamp(column, row.get(column)?)
}

pub(super) fn maybe_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?.map(|ms| timestamp(column, ms)).transpose()
}

pub(super) fn timestamp(column: usize, ms: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(ms)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(e)))
}

pub(super) fn json<T: for<'a> Deserialize<'a>>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
}

/// SQLite's numbers are signed, counts are not.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let n: i64 = row.get(column)?;
    u64::try_from(n).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, n))
}

/// The other way: what no directory holds is cut off.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A text that no version of tenantry has written there.
pub(super) fn strange(column: usize, text: impl ToString) -> rusqlite::Error {
    let why = format!("unexpected value {:?}", text.to_string());
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}

/// The kind of a code; codes come from `EntityKind::code`.
pub(super) fn kind(column: usize, code: i64) -> rusqlite::Result<EntityKind> {
    EntityKind::from_code(code).ok_or_else(|| strange(column, code))
}
