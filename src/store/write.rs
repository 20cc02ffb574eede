//! Writing a run: begin, pages, and (in `finish`) its end.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::value::RawValue;

use super::{
    FOREVER,
    error::StoreError,
    facets::Facets,
    file::{self, Found},
    finish, keys,
    keys::Few,
    lock::Lock,
    migrate, runs,
};
use crate::domain::{
    completeness::{Collection, RunStatus, State},
    ids::{RunId, TenantId},
    kind::EntityKind,
    reading::RunKind,
    view::RunInfo,
};

/// The one writer of a store. Dropping it frees the lock; a run that it left open counts as interrupted.
#[derive(Debug)]
pub struct Writer {
    // The connection goes before the lock does.
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    tenant: TenantId,
    running: Option<RunId>,
    _lock: Lock,
}

/// What one answer of the service brought. Its rows and its checkpoint are one transaction.
#[derive(Debug, Clone, Default)]
pub struct PageWrite {
    pub objects: Vec<ObjectWrite>,
    pub members: Vec<MembersWrite>,
    /// What delta queries tell of groups' members; applied in order.
    pub changes: Vec<MembersChange>,
    pub resolutions: Vec<Resolution>,
    pub checkpoint: Option<Checkpoint>,
    /// Where the next run's delta queries begin, if this one finishes with their collection whole.
    pub links: Vec<DeltaLink>,
    pub sign_ins: Vec<SignInWrite>,
    /// What the run has cost so far.
    pub spent: Option<Spent>,
}

/// What a run reads. Only a run of the same plan is gone on with, and only its delta links serve the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunPlan {
    pub kind: RunKind,
    /// A fingerprint of what is asked for: fields and scope.
    pub plan: String,
}

/// A slice of what changed in one group's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersChange {
    pub group: String,
    pub added: Vec<MemberRef>,
    pub removed: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeltaLink {
    pub collection: Collection,
    pub link: String,
}

/// A user's `signInActivity`, as received.
#[derive(Debug, Clone)]
pub struct SignInWrite {
    pub id: String,
    pub raw: Box<RawValue>,
}

/// Totals of the whole run, gone on with or not.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spent {
    pub requests: u64,
    pub resource_units: u64,
    pub seconds: f64,
}

/// How a group's list was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Via {
    /// By the list itself, to its end.
    #[default]
    List,
    /// By `$expand`, which showed so many members and marks nothing where there are more.
    Expansion(u32),
}

/// An object as the service sent it.
#[derive(Debug, Clone)]
pub struct ObjectWrite {
    pub kind: EntityKind,
    pub id: String,
    /// `#microsoft.graph.device`; may be empty for what `/users` and `/groups` listed.
    pub odata_type: String,
    /// The object's JSON text as received.
    pub raw: Box<RawValue>,
}

/// A slice of one group's member list; `end` when the list ended, however it ended.
#[derive(Debug, Clone, Default)]
pub struct MembersWrite {
    pub group: String,
    pub members: Vec<MemberRef>,
    pub end: Option<ListEnd>,
    /// The list begins again: what this run saw of it before does not count.
    pub reset: bool,
    pub via: Via,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRef {
    pub id: String,
    /// `#microsoft.graph.user`; empty where the service named none.
    pub odata_type: String,
}

/// How a list ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEnd {
    pub state: State,
    pub code: Option<String>,
    pub request_id: Option<String>,
    pub reason: Option<String>,
}

impl ListEnd {
    pub const COMPLETE: Self = Self { state: State::Complete, code: None, request_id: None, reason: None };
}

/// What became of a member that no list named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// It does not exist any more (404): its edges are dropped.
    Gone { id: String },
    /// It exists and may not be read (403): edges to a user or a group become mapped, other members stay with their id.
    Unreadable { id: String, odata_type: String },
}

/// A member whose object is wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unresolved {
    pub id: String,
    pub odata_type: String,
}

/// How far a collection has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub collection: Collection,
    pub next_link: Option<String>,
    pub done: u64,
    pub total: Option<u64>,
    pub end: Option<ListEnd>,
    /// Read by delta query: what it did not name is as it was.
    pub delta: bool,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnd {
    /// `Complete`, `Failed` or `Interrupted`. `Complete` turns `Partial` where something is missing.
    pub status: RunStatus,
    pub finished_at: Timestamp,
    pub requests: u64,
    pub resource_units: u64,
    pub seconds: f64,
}

impl Writer {
    /// Opens the tenant's store for writing, made (private to its owner) if there is none, migrated if it is older.
    ///
    /// # Errors
    ///
    /// When another process writes it (named), when it holds another tenant, when it is of a newer version, damaged or
    /// not a store at all (untouched in each case), or when its folder cannot be written.
    pub fn open(path: &Path, tenant: &TenantId, now: Timestamp) -> Result<Self, StoreError> {
        // Looked at before anything is made beside it, and again when nobody else can change it.
        file::look(path)?;
        file::private_folder(path)?;
        let lock = Lock::take(path, now)?;
        if file::look(path)? == Found::Nothing {
            file::create(path, tenant, now)?;
        }
        let wrong = |e| StoreError::of(path, e);
        file::make_private(path)?;
        let mut db = file::writing(path).map_err(wrong)?;
        migrate::migrate(&mut db, path)?;
        let holds = file::tenant(&db).map_err(wrong)?;
        if holds != *tenant {
            return Err(StoreError::OtherTenant { path: path.to_owned(), holds, asked: tenant.clone() });
        }
        runs::bury(&db).map_err(wrong)?;
        Ok(Self { db, path: path.to_owned(), tenant: holds, running: None, _lock: lock })
    }

    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a run. What runs that never finished left behind is taken back first.
    pub fn begin_run(&mut self, started_at: Timestamp, _plan: &RunPlan) -> Result<RunId, StoreError> {
        let run = self.transact(|db| {
            runs::bury(db)?;
            runs::undo(db)?;
            db.execute("INSERT INTO run (status, started_at) VALUES ('running', ?1)", [started_at.as_millisecond()])?;
            Ok(RunId(db.last_insert_rowid()))
        })?;
        self.running = Some(run);
        Ok(run)
    }

    /// Writes a page: all of it or, on an error, nothing. Writing it again changes nothing.
    pub fn commit(&mut self, run: RunId, page: &PageWrite) -> Result<(), StoreError> {
        self.check_running(run)?;
        self.transact(|db| apply(db, run, page))
    }

    /// The distinct members, of every list that is not known to be over, whose object this run has not seen and should:
    /// those that no object is stored for, users and groups that a complete list left out, and group members of other
    /// kinds, whose names and states may have changed. Ordered by when their id was first seen.
    ///
    /// While `/users` or `/groups` could not be read, what an earlier run knows of them counts as stored.
    pub fn unresolved(&mut self, run: RunId) -> Result<Vec<Unresolved>, StoreError> {
        self.check_running(run)?;
        self.transact(|db| finish::unresolved(db, run))
    }

    /// Ends a run. If it is asked to be complete: closes what complete lists left out, carries forward what could not
    /// be read, gives members that nobody could read a place, and says what is missing. Otherwise the run's rows are
    /// kept to be looked at until the next one begins.
    pub fn finish_run(&mut self, run: RunId, end: &RunEnd) -> Result<RunInfo, StoreError> {
        self.check_running(run)?;
        self.transact(|db| finish::finish(db, run, end))?;
        self.running = None;
        self.run(run)
    }

    /// Forgets all but the newest `keep` finished runs, those that a target is believed to hold, and rows that only
    /// forgotten runs had.
    pub fn prune(&mut self, keep: usize) -> Result<(), StoreError> {
        self.transact(|db| finish::prune(db, keep))
    }

    pub(super) fn run(&self, run: RunId) -> Result<RunInfo, StoreError> {
        runs::get(&self.db, run).map_err(|e| StoreError::of(&self.path, e))?.ok_or(StoreError::NoSuchRun { run })
    }

    fn check_running(&self, run: RunId) -> Result<(), StoreError> {
        if self.running == Some(run) { Ok(()) } else { Err(StoreError::NotRunning { run }) }
    }

    pub(super) fn transact<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let wrong = |e| StoreError::of(&self.path, e);
        let all = self.db.transaction().map_err(wrong)?;
        let out = work(&all).map_err(wrong)?;
        all.commit().map_err(wrong)?;
        Ok(out)
    }
}

fn apply(db: &Connection, run: RunId, page: &PageWrite) -> rusqlite::Result<()> {
    for object in &page.objects {
        let num = keys::intern(db, &object.id)?;
        let version = Version {
            num,
            id: &object.id,
            kind: object.kind,
            entity: true,
            odata: &object.odata_type,
            json: object.raw.get(),
        };
        version.put(db, run)?;
        db.prepare_cached("DELETE FROM resolution WHERE num = ?1")?.execute([num])?;
    }
    let mut types = Few::default();
    for members in &page.members {
        put_members(db, run, members, &mut types)?;
    }
    for resolution in &page.resolutions {
        let (id, gone, odata) = match resolution {
            Resolution::Gone { id } => (id, true, ""),
            Resolution::Unreadable { id, odata_type } => (id, false, odata_type.as_str()),
        };
        let (num, odata) = (keys::intern(db, id)?, types.intern(db, odata)?);
        db.prepare_cached("INSERT OR REPLACE INTO resolution (num, gone, odata) VALUES (?1, ?2, ?3)")?
            .execute((num, gone, odata))?;
    }
    if let Some(at) = &page.checkpoint {
        let end = at.end.as_ref();
        db.prepare_cached(
            "INSERT OR REPLACE INTO checkpoint
             (run, collection, next_link, done, total, state, code, request_id, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            run.0,
            at.collection.as_str(),
            at.next_link,
            runs::signed(at.done),
            at.total.map(runs::signed),
            end.map(|e| e.state.as_str()),
            end.and_then(|e| e.code.as_ref()),
            end.and_then(|e| e.request_id.as_ref()),
            end.and_then(|e| e.reason.as_ref()),
        ])?;
    }
    Ok(())
}

/// A state of an object, to be stored if it is news.
pub(super) struct Version<'a> {
    pub num: i64,
    pub id: &'a str,
    pub kind: EntityKind,
    pub entity: bool,
    pub odata: &'a str,
    pub json: &'a str,
}

impl Version<'_> {
    pub(super) fn put(&self, db: &Connection, run: RunId) -> rusqlite::Result<()> {
        let open = db
            .prepare_cached(
                "SELECT o.version, o.from_run, o.kind, o.entity = ?2 AND o.odata = ?3 AND r.json = ?4
                 FROM object o JOIN raw r ON r.version = o.version
                 WHERE o.num = ?1 AND o.to_run = 9223372036854775807",
            )?
            .query_row(params![self.num, self.entity, self.odata, self.json], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, bool>(3)?))
            })
            .optional()?;
        let Some((version, from_run, kind, same)) = open else { return self.insert(db, run) };
        let same = same && kind == self.kind.code();
        // The list that names an id decides what it is: a membership does not make a listed user a device.
        let outranked = |seen: bool| seen && self.kind.code() > kind;
        if from_run == run.0 {
            if same || outranked(true) {
                return Ok(());
            }
            db.prepare_cached("DELETE FROM object WHERE version = ?1")?.execute([version])?;
            db.prepare_cached("DELETE FROM raw WHERE version = ?1")?.execute([version])?;
            return self.insert(db, run);
        }
        if same {
            return db
                .prepare_cached("INSERT OR IGNORE INTO seen_object (num) VALUES (?1)")?
                .execute([self.num])
                .map(drop);
        }
        let seen = db.prepare_cached("SELECT 1 FROM seen_object WHERE num = ?1")?.exists([self.num])?;
        if outranked(seen) {
            return Ok(());
        }
        db.prepare_cached("UPDATE object SET to_run = ?2 WHERE version = ?1")?.execute([version, run.0])?;
        self.insert(db, run)
    }

    fn insert(&self, db: &Connection, run: RunId) -> rusqlite::Result<()> {
        let raw = serde_json::from_str(self.json).unwrap_or_default();
        let facets = Facets::of(self.kind, self.id, self.odata, &raw);
        let version = db
            .prepare_cached(
                "INSERT INTO object (num, from_run, to_run, kind, entity, odata, sort, name, second, label, search)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .insert(params![
                self.num,
                run.0,
                FOREVER,
                self.kind.code(),
                self.entity,
                self.odata,
                facets.sort,
                facets.name,
                facets.second,
                facets.label,
                facets.search,
            ])?;
        db.prepare_cached("INSERT INTO raw (version, json) VALUES (?1, ?2)")?.execute(params![version, self.json])?;
        Ok(())
    }
}

fn put_members(db: &Connection, run: RunId, list: &MembersWrite, types: &mut Few) -> rusqlite::Result<()> {
    let grp = keys::intern(db, &list.group)?;
    for member in &list.members {
        let (num, odata) = (keys::intern(db, &member.id)?, types.intern(db, &member.odata_type)?);
        let open = db
            .prepare_cached(
                "SELECT from_run, odata FROM edge
                 WHERE grp = ?1 AND member = ?2 AND to_run = 9223372036854775807",
            )?
            .query_row([grp, num], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .optional()?;
        match open {
            Some((from_run, as_before)) if as_before == odata => {
                // What began in this run needs no mark that this run saw it.
                if from_run != run.0 {
                    db.prepare_cached("INSERT OR IGNORE INTO seen_edge (grp, member) VALUES (?1, ?2)")?
                        .execute([grp, num])?;
                }
                continue;
            }
            Some((from_run, _)) if from_run == run.0 => {
                db.prepare_cached("DELETE FROM edge WHERE grp = ?1 AND member = ?2 AND from_run = ?3")?
                    .execute([grp, num, from_run])?;
            }
            Some((from_run, _)) => {
                db.prepare_cached("UPDATE edge SET to_run = ?4 WHERE grp = ?1 AND member = ?2 AND from_run = ?3")?
                    .execute([grp, num, from_run, run.0])?;
            }
            None => {}
        }
        db.prepare_cached("INSERT INTO edge (grp, member, from_run, to_run, odata) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute([grp, num, run.0, FOREVER, odata])?;
    }
    if let Some(end) = &list.end {
        db.prepare_cached(
            "INSERT OR REPLACE INTO group_state (run, grp, state, code, request_id, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![run.0, grp, end.state.as_str(), end.code, end.request_id, end.reason])?;
    }
    Ok(())
}
