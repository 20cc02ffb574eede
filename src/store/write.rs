//! Writing a run: begin, pages, and (in `finish`) its end.

use std::{
    borrow::{Borrow, Cow},
    path::{Path, PathBuf},
    time::Instant,
};

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::value::RawValue;

use super::{
    error::StoreError,
    file::{self, Found},
    finish,
    hot::Hot,
    lock::Lock,
    migrate, prune, put, runs,
    tally::Tally,
};
use crate::domain::{
    completeness::{Collection, RunStatus, State},
    ids::{RunId, TenantId},
    kind::EntityKind,
    reading::RunKind,
    short_id::ShortId,
    view::RunInfo,
};

/// The one writer of a store. Dropping it frees the lock; a run that it left open counts as interrupted.
#[derive(Debug)]
pub struct Writer {
    // The connection goes before the lock does.
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    tenant: TenantId,
    pub(super) running: Option<RunId>,
    pub(super) hot: Hot,
    /// Of the edges as they are.
    pub(super) tally: Option<Tally>,
    /// What the caller's clock said last, and when that was by ours.
    told: (Timestamp, Instant),
    _lock: Lock,
}

/// What one answer of the service brought. Its rows and its checkpoint are one transaction.
///
/// Objects are written first, then members, changes and resolutions: where another order matters (an object that is gone
/// and comes back, or the other way round), it takes pages of their own.
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

impl Via {
    /// How many members an expansion showed.
    pub(super) const fn shown(self) -> Option<u32> {
        match self {
            Self::List => None,
            Self::Expansion(shown) => Some(shown),
        }
    }
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
    pub id: ShortId,
    /// `#microsoft.graph.user`; empty where the service named none.
    pub odata_type: Cow<'static, str>,
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
    /// Nothing was found out about it, or nobody asked: as unreadable, but no evidence that it exists. Who was gone
    /// before stays so.
    Untold { id: String, odata_type: String },
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
    /// Read by delta query: what it did not name is as it was. To be told with each checkpoint of such a chain; a
    /// collection that had one without it in the same run stays without it.
    pub delta: bool,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnd {
    /// `Complete`, `Failed` or `Interrupted`. `Complete` turns `Partial` where something is missing, and `Scoped` where
    /// only a part was asked for.
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
        let told = (now, Instant::now());
        Ok(Self {
            db,
            path: path.to_owned(),
            tenant: holds,
            running: None,
            hot: Hot::default(),
            tally: None,
            told,
            _lock: lock,
        })
    }

    /// The same with little memory for pages of the file: for whoever writes rows in their order.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn frugal(self) -> Result<Self, StoreError> {
        self.db.pragma_update(None, "cache_size", -16_384).map_err(|e| StoreError::of(&self.path, e))?;
        Ok(self)
    }

    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a run. What runs that never finished left behind is taken back first.
    pub fn begin_run(&mut self, started_at: Timestamp, plan: &RunPlan) -> Result<RunId, StoreError> {
        self.told = (started_at, Instant::now());
        let run = self.transact(|db| {
            runs::bury(db)?;
            runs::undo(db)?;
            db.execute(
                "INSERT INTO run (status, started_at, last_at, kind, plan) VALUES ('running', ?1, ?1, ?2, ?3)",
                params![started_at.as_millisecond(), plan.kind.as_str(), plan.plan],
            )?;
            Ok(RunId(db.last_insert_rowid()))
        })?;
        self.running(run)?;
        Ok(run)
    }

    /// From here on pages of this run are taken.
    pub(super) fn running(&mut self, run: RunId) -> Result<(), StoreError> {
        self.hot = Hot::load(&self.db, run).map_err(|e| StoreError::of(&self.path, e))?;
        self.tally = None;
        self.running = Some(run);
        Ok(())
    }

    /// Writes a page: all of it or, on an error, nothing. Writing it again changes nothing.
    pub fn commit(&mut self, run: RunId, page: &PageWrite) -> Result<(), StoreError> {
        self.commit_all(run, std::slice::from_ref(page))
    }

    /// Writes pages, in order, as one transaction: all of them or, on an error, none. What costs is the transaction.
    pub fn commit_all<P: Borrow<PageWrite>>(
        &mut self,
        run: RunId,
        pages: impl IntoIterator<Item = P>,
    ) -> Result<(), StoreError> {
        self.check_running(run)?;
        let now = self.now();
        let (mut hot, mut tally) = (std::mem::take(&mut self.hot), self.tally.take());
        // On an error the memory goes the way of the transaction: what it knows of was never written.
        (self.hot, self.tally) = self.transact(|db| {
            let mut spent = None;
            let mut longest = None;
            for page in pages {
                let page = page.borrow();
                put::apply(db, run, page, &mut hot)?;
                if !(page.members.is_empty() && page.changes.is_empty()) {
                    tally = None;
                }
                spent = page.spent.or(spent);
                longest = page.members.iter().filter_map(|list| list.via.shown()).max().max(longest);
            }
            runs::go_on(db, run, now, spent, longest)?;
            Ok((hot, tally))
        })?;
        Ok(())
    }

    /// The distinct members, of every list that is not known to be over, whose object this run has not seen and should:
    /// those that no object is stored for, users and groups that a complete list left out, and group members of other
    /// kinds, whose names and states may have changed. Ordered by when their id was first seen.
    ///
    /// While `/users` or `/groups` could not be read, what an earlier run knows of them counts as stored. Where changes
    /// were read, it also has members of other kinds that were gone and that their groups may still list. A run of a part
    /// asks for what its own lists name.
    pub fn unresolved(&mut self, run: RunId) -> Result<Vec<Unresolved>, StoreError> {
        self.check_running(run)?;
        let (unresolved, tally) = self.transact(|db| finish::unresolved(db, run))?;
        self.tally = tally;
        Ok(unresolved)
    }

    /// Ends a run. If it is asked to be complete: closes what complete lists left out, carries forward what could not
    /// be read, gives members that nobody could read a place, and says what is missing. Otherwise the run's rows are
    /// kept to be looked at until the next one begins.
    pub fn finish_run(&mut self, run: RunId, end: &RunEnd) -> Result<RunInfo, StoreError> {
        self.check_running(run)?;
        // From here on nothing is named that has no number, and the memory is needed for other things.
        self.hot = Hot::default();
        let tally = self.tally.take();
        self.transact(|db| finish::finish(db, run, end, tally))?;
        self.running = None;
        self.run(run)
    }

    /// Forgets all but the newest `keep` finished runs, those that a target is believed to hold, and rows that only
    /// forgotten runs had.
    pub fn prune(&mut self, keep: usize) -> Result<(), StoreError> {
        self.transact(|db| prune::prune(db, keep))
    }

    /// The time by the caller's clock, as far as it was told.
    fn now(&self) -> Timestamp {
        let (told, then) = self.told;
        told.checked_add(then.elapsed()).unwrap_or(told)
    }

    pub(super) fn run(&self, run: RunId) -> Result<RunInfo, StoreError> {
        runs::get(&self.db, run).map_err(|e| StoreError::of(&self.path, e))?.ok_or(StoreError::NoSuchRun { run })
    }

    pub(super) fn check_running(&self, run: RunId) -> Result<(), StoreError> {
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
