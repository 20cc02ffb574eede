//! What a run stands on: the run that it goes on with, the links of delta queries, what earlier runs learned.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{json, value::RawValue};

use super::{
    FOREVER,
    error::StoreError,
    lists,
    nodes::each,
    read::{self, Reader},
    runs,
    write::{Checkpoint, ListEnd, Spent, Writer},
};
use crate::domain::{
    completeness::{Collection, Gap, State},
    ids::RunId,
    reading::{Learned, RunKind},
};

/// A run that was cut off, and what it had read by then.
#[derive(Debug, Clone, PartialEq)]
pub struct Leftover {
    pub run: RunId,
    pub kind: RunKind,
    /// What it was about to read, as [`RunPlan::plan`](super::RunPlan).
    pub plan: String,
    pub started_at: Timestamp,
    /// When its last page was written.
    pub last_at: Timestamp,
    /// As far as each collection came.
    pub checkpoints: Vec<Checkpoint>,
    /// The delta links that it took before it began.
    pub links: BTreeMap<Collection, String>,
    pub spent: Spent,
}

/// A group as its list named it.
#[derive(Debug, Clone)]
pub struct StoredGroup {
    pub id: String,
    pub raw: Box<RawValue>,
}

/// What a delta run begins with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeltaGround {
    /// The links that the newest finished run left, of collections that it has whole.
    pub links: BTreeMap<Collection, String>,
    /// The plan under which they were taken: another `$select` needs other links.
    pub plan: String,
    /// When users, groups and memberships were last read in full.
    pub last_full: Option<Timestamp>,
    /// That run; `None`: there is none.
    pub run: Option<RunId>,
    /// What it lacks.
    pub gaps: Vec<Gap>,
}

impl Writer {
    /// The newest run, if it was cut off or failed and can be gone on with; not a scoped one.
    pub fn leftover(&self) -> Result<Option<Leftover>, StoreError> {
        self.look(|db| leftover(db, &["interrupted", "failed"]))
    }

    /// Goes on with that run under its old number: its rows, marks and group states are as its last page left them.
    ///
    /// # Errors
    ///
    /// When it is not the [`leftover`](Self::leftover).
    pub fn resume_run(&mut self, run: RunId) -> Result<(), StoreError> {
        if self.leftover()?.is_none_or(|l| l.run != run) {
            return Err(StoreError::NoSuchRun { run });
        }
        self.transact(|db| {
            db.execute("UPDATE run SET status = 'running', finished_at = NULL, gaps = '[]' WHERE id = ?1", [run.0])
        })?;
        self.running(run)
    }

    /// What the next delta run would begin with.
    pub fn delta_ground(&self) -> Result<DeltaGround, StoreError> {
        self.look(delta_ground)
    }

    /// Whether this run asks when users last signed in. If it does, what is known of users whom it does not come to
    /// stays; if it does not, or never says, nothing of the kind is left when it finishes. A page with sign-ins says so
    /// as well.
    pub fn end_sign_ins(&mut self, run: RunId, asked: bool) -> Result<(), StoreError> {
        self.check_running(run)?;
        self.transact(|db| db.execute("UPDATE run SET sign_ins = ?2 WHERE id = ?1", (run.0, asked)).map(drop))
    }

    /// When service principals in groups were last read in full, where that was not in this run; `None` where this run
    /// has them. A run that never says so and reads members by changes has them from the last full read, unless it is
    /// [`learned`](Self::learned) that changes tell of them.
    pub fn service_principals_as_of(&mut self, run: RunId, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.check_running(run)?;
        let told = at.map_or(-1, |at| at.as_millisecond().max(0));
        self.transact(|db| db.execute("UPDATE run SET sp_as_of = ?2 WHERE id = ?1", [run.0, told]).map(drop))
    }

    pub fn learned(&self) -> Result<Learned, StoreError> {
        self.look(learned)
    }

    pub fn learn(&mut self, learned: &Learned) -> Result<(), StoreError> {
        let text = json!(learned).to_string();
        self.transact(|db| {
            db.execute("INSERT OR REPLACE INTO learned (only_row, json) VALUES (1, ?1)", [text]).map(drop)
        })
    }

    /// One snapshot for all that `work` reads.
    pub(super) fn look<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let wrong = |e| StoreError::of(&self.path, e);
        let all = self.db.unchecked_transaction().map_err(wrong)?;
        work(&all).map_err(wrong)
    }
}

impl Reader {
    /// What runs and probes found out about the tenant.
    pub fn learned(&self) -> Result<Learned, StoreError> {
        self.snapshot(learned)
    }

    /// As [`Writer::leftover`]; a run whose process is no more was cut off.
    pub fn leftover(&self) -> Result<Option<Leftover>, StoreError> {
        let is_written = self.holder().is_some();
        let cut_off: &[&str] =
            if is_written { &["interrupted", "failed"] } else { &["interrupted", "failed", "running"] };
        self.snapshot(|db| leftover(db, cut_off))
    }

    /// How far a run has read each collection.
    pub fn reached(&self, run: RunId) -> Result<Vec<Checkpoint>, StoreError> {
        self.snapshot(|db| checkpoints(db, run))
    }

    /// As [`Writer::delta_ground`].
    pub fn delta_ground(&self) -> Result<DeltaGround, StoreError> {
        self.snapshot(delta_ground)
    }

    /// What a run's groups are like.
    pub fn shape(&self, run: RunId) -> Result<GroupShape, StoreError> {
        self.of_run(run, |db| {
            let totals = read::counts(db, run)?.totals();
            let mut shape = GroupShape {
                groups: totals.groups,
                other_members: totals.members,
                edges: totals.edges,
                ..GroupShape::default()
            };
            let groups = format!(
                "SELECT count(*) FILTER (WHERE o.label LIKE 'Microsoft 365%'),
                        count(*) FILTER (WHERE instr(r.json, 'HiddenMembership') > 0)
                 FROM object o {} CROSS JOIN raw r ON r.version = o.version
                 WHERE o.kind = 3 AND o.entity = 1 AND o.from_run <= ?1 AND ?1 < o.to_run",
                lists::in_order(db)?
            );
            each(db, &groups, [run.0], |row| {
                (shape.unified, shape.hidden) = (runs::count(row, 0)?, runs::count(row, 1)?);
                Ok(())
            })?;
            let long = "SELECT count(*) FROM (SELECT 1 FROM edge WHERE from_run <= ?1 AND ?1 < to_run
                                              GROUP BY grp HAVING count(*) > 20)";
            each(db, long, [run.0], |row| {
                shape.above_20 = runs::count(row, 0)?;
                Ok(())
            })?;
            Ok(shape)
        })
    }
}

/// What the groups of a run are like: what reading them again is expected to cost hangs on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupShape {
    pub groups: u64,
    /// Microsoft 365 groups, which hold users only.
    pub unified: u64,
    pub hidden: u64,
    /// Groups of more than 20 members.
    pub above_20: u64,
    /// Members that are neither users nor groups.
    pub other_members: u64,
    /// All edges, the account's included.
    pub edges: u64,
}

fn leftover(db: &Connection, cut_off: &[&str]) -> rusqlite::Result<Option<Leftover>> {
    let found = db
        .prepare_cached(
            "SELECT id, kind, plan, started_at, coalesce(last_at, started_at), requests, resource_units, seconds, status
             FROM run WHERE id = (SELECT max(id) FROM run) AND leftover = 1 AND kind <> 'scoped'",
        )?
        .query_row((), |row| {
            let leftover = Leftover {
                run: RunId(row.get(0)?),
                kind: runs::run_kind(row, 1)?,
                plan: row.get(2)?,
                started_at: runs::time(row, 3)?,
                last_at: runs::time(row, 4)?,
                checkpoints: Vec::new(),
                links: BTreeMap::new(),
                spent: Spent {
                    requests: runs::count(row, 5)?,
                    resource_units: runs::count(row, 6)?,
                    seconds: row.get(7)?,
                },
            };
            Ok((leftover, row.get::<_, String>(8)?))
        })
        .optional()?;
    let Some((mut leftover, _)) = found.filter(|(_, status)| cut_off.contains(&status.as_str())) else {
        return Ok(None);
    };
    leftover.checkpoints = checkpoints(db, leftover.run)?;
    leftover.links = links(db, leftover.run)?;
    Ok(Some(leftover))
}

fn delta_ground(db: &Connection) -> rusqlite::Result<DeltaGround> {
    let Some(run) = runs::newest_finished(db, RunId(FOREVER))? else { return Ok(DeltaGround::default()) };
    let (plan, last_full) = db
        .prepare_cached("SELECT plan, last_full FROM run WHERE id = ?1")?
        .query_row([run.0], |row| Ok((row.get(0)?, runs::maybe_time(row, 1)?)))?;
    let gaps = runs::get(db, run)?.map(|run| run.gaps).unwrap_or_default();
    Ok(DeltaGround { links: links(db, run)?, plan, last_full, run: Some(run), gaps })
}

/// What is not understood any more is found out again.
pub(super) fn learned(db: &Connection) -> rusqlite::Result<Learned> {
    let text: Option<String> = db.query_row("SELECT json FROM learned", (), |row| row.get(0)).optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

fn checkpoints(db: &Connection, run: RunId) -> rusqlite::Result<Vec<Checkpoint>> {
    let mut all = Vec::new();
    let sql = "SELECT collection, next_link, done, total, state, code, request_id, reason, delta
               FROM checkpoint WHERE run = ?1";
    each(db, sql, [run.0], |row| {
        let (collection, state): (String, Option<String>) = (row.get(0)?, row.get(4)?);
        let state = state.map(|s| State::parse(&s).ok_or_else(|| runs::strange(4, s))).transpose()?;
        let (code, request_id, reason) = (row.get(5)?, row.get(6)?, row.get(7)?);
        all.push(Checkpoint {
            collection: Collection::parse(&collection).ok_or_else(|| runs::strange(0, collection))?,
            next_link: row.get(1)?,
            done: runs::count(row, 2)?,
            total: row.get::<_, Option<i64>>(3)?.and_then(|n| u64::try_from(n).ok()),
            end: state.map(|state| ListEnd { state, code, request_id, reason }),
            delta: row.get(8)?,
        });
        Ok(())
    })?;
    all.sort_by_key(|c| c.collection);
    Ok(all)
}

fn links(db: &Connection, run: RunId) -> rusqlite::Result<BTreeMap<Collection, String>> {
    let mut all = BTreeMap::new();
    each(db, "SELECT collection, link FROM delta_link WHERE run = ?1", [run.0], |row| {
        let collection: String = row.get(0)?;
        let collection = Collection::parse(&collection).ok_or_else(|| runs::strange(0, collection))?;
        all.insert(collection, row.get(1)?);
        Ok(())
    })?;
    Ok(all)
}
