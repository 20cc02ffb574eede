//! Reading: runs, totals, one object, and the streams that uploads and exports are made of.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Map, Value};

use super::{
    error::StoreError,
    far::FarEnds,
    file::{self, Found},
    keys::{self, Few},
    lists::{self, Effort},
    lock::{self, Lock},
    migrate,
    nodes::each,
    runs::{self, Counts},
    sent::SentKey,
    texts::Texts,
};
use crate::domain::{
    completeness::RunStatus,
    edge::Edge,
    entity::Entity,
    ids::{RunId, TenantId},
    kind::{EdgeKind, EntityKind, kind_of_odata_type},
    naming::{Names, Naming},
    normalise::normalise,
    view::{Detail, Query, Rows, RunInfo, Totals},
};

/// After how many steps of SQLite's machine it is asked whether to go on: some hundred rows.
const STEPS: i32 = 4_000;

/// A connection that only reads. Each call sees one snapshot, also while a writer writes.
#[derive(Debug)]
pub struct Reader {
    pub(super) db: Connection,
    path: PathBuf,
    tenant: TenantId,
}

impl Reader {
    /// Opens a store for reading; `tenant`, where given, must be the one that it holds. Never makes a file.
    ///
    /// A store of an older version is migrated first, as a writer would do it.
    ///
    /// # Errors
    ///
    /// When there is none, when it holds another tenant, is of a newer version, damaged, or no store.
    pub fn open(path: &Path, tenant: Option<&TenantId>) -> Result<Self, StoreError> {
        if file::look(path)? == Found::Nothing {
            return Err(StoreError::NotFound { path: path.to_owned() });
        }
        let wrong = |e| StoreError::of(path, e);
        let db = file::reading(path).map_err(wrong)?;
        let holds = file::tenant(&db).map_err(wrong)?;
        if let Some(asked) = tenant.filter(|t| **t != holds) {
            return Err(StoreError::OtherTenant { path: path.to_owned(), holds, asked: asked.clone() });
        }
        if migrate::version(&db).map_err(wrong)? != migrate::CURRENT {
            let _lock = Lock::take(path, Timestamp::now())?;
            migrate::migrate(&mut file::writing(path).map_err(wrong)?, path)?;
        }
        Ok(Self { db, path: path.to_owned(), tenant: holds })
    }

    /// The same with little memory for pages of the file: for whoever reads it once from end to end, or a few rows here
    /// and there.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn frugal(self) -> Result<Self, StoreError> {
        self.db.pragma_update(None, "cache_size", -2_048).map_err(|e| StoreError::of(&self.path, e))?;
        Ok(self)
    }

    /// From now on whatever is read ends with [`StoreError::Stopped`] soon after `is_over` says so, in the middle of a sort too.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn stop_when(&mut self, is_over: impl Fn() -> bool + Send + 'static) -> Result<(), StoreError> {
        self.db.progress_handler(STEPS, Some(is_over)).map_err(|e| StoreError::of(&self.path, e))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn tenant(&self) -> Result<TenantId, StoreError> {
        Ok(self.tenant.clone())
    }

    /// Who writes this store at this moment.
    pub fn holder(&self) -> Option<lock::Holder> {
        lock::holder(&self.path)
    }

    /// All runs, the newest first. One whose process is no more counts as interrupted.
    pub fn runs(&self) -> Result<Vec<RunInfo>, StoreError> {
        let mut all = self.snapshot(runs::all)?;
        if all.iter().any(|r| r.status == RunStatus::Running) && self.holder().is_none() {
            // It may have ended between the two looks.
            all = self.snapshot(runs::all)?;
            for run in all.iter_mut().filter(|r| r.status == RunStatus::Running) {
                run.status = RunStatus::Interrupted;
            }
        }
        Ok(all)
    }

    /// One run by its number, whatever its status.
    pub fn run(&self, run: RunId) -> Result<RunInfo, StoreError> {
        self.runs()?.into_iter().find(|r| r.id == run).ok_or(StoreError::NoSuchRun { run })
    }

    /// The newest run that preview, upload and export may use.
    pub fn newest_finished(&self) -> Result<Option<RunInfo>, StoreError> {
        Ok(self.runs()?.into_iter().find(|r| r.status.is_finished()))
    }

    /// The newest run, whatever its status: what browsing shows.
    pub fn newest(&self) -> Result<Option<RunInfo>, StoreError> {
        Ok(self.runs()?.into_iter().next())
    }

    pub fn totals(&self, run: RunId) -> Result<Totals, StoreError> {
        self.of_run(run, |db| Ok(counts(db, run)?.totals()))
    }

    /// How many objects an upload of the run would send, by `_type`: every type of the naming, zeros included.
    pub fn counts(&self, run: RunId, naming: Naming) -> Result<BTreeMap<String, u64>, StoreError> {
        self.of_run(run, |db| Ok(counts(db, run)?.by_type(naming)))
    }

    /// A window onto a list, in order of the names without case, then of the ids. Edges come as the account's first,
    /// then group by group. What the query says of filters and other orders is not looked at.
    ///
    /// Until a run has finished for the first time, all edges together come in the order in which their groups were first
    /// seen, and of users and group members the number of their groups is not told.
    pub fn rows(&self, run: RunId, naming: Naming, query: &Query) -> Result<Rows, StoreError> {
        self.of_run(run, |db| lists::rows(db, run, naming, query, Effort::Whole))
    }

    /// The same at once, also where there are millions: a number that takes long to count is not told, or, of all rows,
    /// only as far as is known.
    pub fn first_rows(&self, run: RunId, naming: Naming, query: &Query) -> Result<Rows, StoreError> {
        self.of_run(run, |db| lists::rows(db, run, naming, query, Effort::Little))
    }

    /// One object, by its Graph id. A user or group that could not be read has no entity (null).
    ///
    /// Its entity is null, too, where the naming sends none of its kind.
    pub fn detail(&self, run: RunId, names: impl Into<Names>, id: &str) -> Result<Option<Detail>, StoreError> {
        let names = names.into();
        self.of_run(run, |db| {
            let Some(num) = keys::find(db, id)? else { return Ok(None) };
            let Some(stored) = Stored::of(db, run, num)? else { return Ok(None) };
            let (members, groups, state) = lists::ties(db, run, num, stored.kind)?;
            let entity = match stored.entity && names.naming().sends(stored.kind) {
                true => Value::Object(stored.entity(&names, &self.tenant).json),
                false => Value::Null,
            };
            Ok(Some(Detail {
                id: stored.id,
                kind: stored.kind,
                name: stored.name,
                entity,
                raw: Value::Object(stored.raw),
                members,
                groups,
                state,
            }))
        })
    }

    /// Every entity that an upload of the run sends: the account first, then in the order in which ids were first seen.
    pub fn for_each_entity(
        &self,
        run: RunId,
        names: impl Into<Names>,
        f: &mut dyn FnMut(Entity) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.sent_entities(run, &names.into(), &mut |_, entity| f(entity))
    }

    /// As [`Self::for_each_entity`], with how a belief keeps its key.
    pub fn sent_entities(
        &self,
        run: RunId,
        names: &Names,
        f: &mut dyn FnMut(SentKey, Entity) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.of_run(run, |db| {
            each_entity(db, run, names.naming(), |num, stored| {
                let entity = stored.entity(names, &self.tenant);
                let key = match stored.kind {
                    EntityKind::Account => SentKey::Text(entity.key().into()),
                    _ => SentKey::Num(num),
                };
                Ok(f(key, entity))
            })
        })
    }

    /// Every edge that an upload of the run sends: the account's first, then group by group.
    pub fn for_each_edge(
        &self,
        run: RunId,
        names: impl Into<Names>,
        f: &mut dyn FnMut(Edge) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.sent_edges(run, &names.into(), &mut |_, edge| f(edge))
    }

    /// As [`Self::for_each_edge`], with how a belief keeps the keys of its ends.
    pub fn sent_edges(
        &self,
        run: RunId,
        names: &Names,
        f: &mut dyn FnMut([SentKey; 2], Edge) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.of_run(run, |db| {
            let mut edges = Edges::new(db, run, names, &self.tenant)?;
            each_edge(db, run, |ends| {
                let edge = edges.of(ends)?;
                let from = ends.from.map_or_else(|| SentKey::Text(edge.from.as_str().into()), SentKey::Num);
                Ok(f([from, SentKey::Num(ends.to)], edge))
            })
        })
    }

    /// One snapshot for all that `work` reads.
    pub(super) fn snapshot<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let wrong = |e| StoreError::of(&self.path, e);
        let all = self.db.unchecked_transaction().map_err(wrong)?;
        work(&all).map_err(wrong)
    }

    /// As [`Self::snapshot`], of a run that must be there.
    pub(super) fn of_run<T>(
        &self,
        run: RunId,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let out = self.snapshot(|db| match runs::get(db, run)? {
            Some(_) => work(db).map(Some),
            None => Ok(None),
        })?;
        out.ok_or(StoreError::NoSuchRun { run })
    }

    pub(super) fn tenant_ref(&self) -> &TenantId {
        &self.tenant
    }
}

/// An object with its JSON, as of a run.
pub(super) struct Stored {
    pub id: String,
    pub kind: EntityKind,
    pub entity: bool,
    odata: String,
    name: String,
    pub(super) raw: Map<String, Value>,
}

impl Stored {
    const COLUMNS: &str = "k.text, o.kind, o.entity, o.odata, o.name, r.json, s.json";
    /// To be joined last, with the run as `?1`.
    const SIGN_IN: &str = "LEFT JOIN sign_in s ON s.num = o.num AND s.from_run <= ?1 AND ?1 < s.to_run";

    pub(super) fn of(db: &Connection, run: RunId, num: i64) -> rusqlite::Result<Option<Self>> {
        let sql = format!(
            "SELECT {} FROM object o JOIN key k ON k.num = o.num JOIN raw r ON r.version = o.version {}
             WHERE o.num = ?2 AND o.from_run <= ?1 AND ?1 < o.to_run",
            Self::COLUMNS,
            Self::SIGN_IN
        );
        db.prepare_cached(&sql)?.query_row([run.0, num], |row| Self::read(row, 0)).optional()
    }

    fn read(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Self> {
        let id: String = row.get(at)?;
        let kind = runs::kind(at + 1, row.get(at + 1)?)?;
        let mut raw: Map<String, Value> = runs::json(at + 5, row.get_ref(at + 5)?.as_str()?)?;
        // The id that it was asked for under is its identity, whatever the answer left out.
        raw.insert("id".to_owned(), Value::String(id.clone()));
        // Read in a pass of its own, and kept apart.
        if let Some(sign_in) = row.get_ref(at + 6)?.as_str_or_null()? {
            raw.insert("signInActivity".to_owned(), runs::json(at + 6, sign_in)?);
        }
        Ok(Self { id, kind, entity: row.get(at + 2)?, odata: row.get(at + 3)?, name: row.get(at + 4)?, raw })
    }

    pub(super) fn entity(&self, names: &Names, tenant: &TenantId) -> Entity {
        normalise(names, tenant, self.kind, &self.odata, &self.raw)
    }
}

/// Makes edges of ends that come group by group.
pub(super) struct Edges<'a> {
    db: &'a Connection,
    account: String,
    texts: Texts,
    from: (i64, String),
    far: Option<FarEnds>,
    types: Few,
}

impl<'a> Edges<'a> {
    pub(super) fn new(db: &'a Connection, run: RunId, names: &Names, tenant: &TenantId) -> rusqlite::Result<Self> {
        let far = names.naming().maps_members().then(|| FarEnds::load(db, run)).transpose()?;
        let (account, texts) = (names.account_key(tenant), Texts::load(db)?);
        Ok(Self { db, account, texts, from: (0, String::new()), far, types: Few::default() })
    }

    pub(super) fn of(&mut self, ends: Ends) -> rusqlite::Result<Edge> {
        let from = match ends.from {
            None => self.account.clone(),
            Some(num) => {
                if self.from.0 != num {
                    self.from = (num, self.texts.text(self.db, num)?);
                }
                self.from.1.clone()
            }
        };
        let far = match (&self.far, ends.from) {
            (Some(far), Some(_)) => Some(Box::new(far.of(ends.to, ends.kind, self.types.text(self.db, ends.odata)?))),
            _ => None,
        };
        Ok(Edge { kind: ends.kind, from, to: self.texts.text(self.db, ends.to)?, mapped: ends.mapped, far })
    }
}

/// Hands over every entity that the naming sends, with its id's number: the account first, then by number.
pub(super) fn each_entity(
    db: &Connection,
    run: RunId,
    naming: Naming,
    mut f: impl FnMut(i64, &Stored) -> rusqlite::Result<ControlFlow<()>>,
) -> rusqlite::Result<()> {
    let in_order = lists::in_order(db)?;
    let unsent = EntityKind::ALL.into_iter().filter(|kind| !naming.sends(*kind)).map(|kind| kind.code().to_string());
    let rest =
        format!("o.kind NOT IN ({})", std::iter::once("1".to_owned()).chain(unsent).collect::<Vec<_>>().join(", "));
    for (kinds, index) in [("o.kind = 1", in_order), (rest.as_str(), "INDEXED BY object_by_num")] {
        let sql = format!(
            "SELECT o.num, {} FROM object o {index} CROSS JOIN raw r ON r.version = o.version
             CROSS JOIN key k ON k.num = o.num {}
             WHERE {kinds} AND o.entity = 1 AND o.from_run <= ?1 AND ?1 < o.to_run ORDER BY o.num",
            Stored::COLUMNS,
            Stored::SIGN_IN
        );
        let mut statement = db.prepare_cached(&sql)?;
        let mut rows = statement.query([run.0])?;
        while let Some(row) = rows.next()? {
            if f(row.get(0)?, &Stored::read(row, 1)?)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The ends of an edge by their ids' numbers; `from` is `None` for the account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub from: Option<i64>,
    pub to: i64,
    pub kind: EdgeKind,
    pub mapped: bool,
    /// The number of the far end's type, as the membership named it; of the account's edges none.
    pub odata: i64,
}

/// Hands over every edge: the account's by far end, then the groups' by group and member.
pub(super) fn each_edge(
    db: &Connection,
    run: RunId,
    mut f: impl FnMut(Ends) -> rusqlite::Result<ControlFlow<()>>,
) -> rusqlite::Result<()> {
    let kinds = Kinds::load(db, run)?;
    if kinds.has_account {
        for (num, kind) in kinds.entities() {
            let kind = match kind {
                EntityKind::User => EdgeKind::AccountUser,
                EntityKind::Group => EdgeKind::AccountGroup,
                EntityKind::Account | EntityKind::Member => continue,
            };
            if f(Ends { from: None, to: num, kind, mapped: false, odata: 0 })?.is_break() {
                return Ok(());
            }
        }
    }
    let mut types = Few::default();
    let mut statement = db.prepare_cached(
        "SELECT grp, member, odata FROM edge WHERE from_run <= ?1 AND ?1 < to_run ORDER BY grp, member",
    )?;
    let mut rows = statement.query([run.0])?;
    while let Some(row) = rows.next()? {
        let (grp, to, odata) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if kinds.at(grp) != Some((EntityKind::Group, true)) {
            continue;
        }
        let (kind, entity) = match kinds.at(to) {
            Some(known) => known,
            // Only in a run that has not finished: not read yet.
            None => (kind_of_odata_type(types.text(db, odata)?), false),
        };
        let mapped = !entity && kind != EntityKind::Member;
        if let Some(kind) = EdgeKind::of_group(kind)
            && f(Ends { from: Some(grp), to, kind, mapped, odata })?.is_break()
        {
            return Ok(());
        }
    }
    Ok(())
}

/// The kinds of all ids as of a run, a byte each.
struct Kinds {
    all: Vec<u8>,
    has_account: bool,
}

const ENTITY: u8 = 0x10;

impl Kinds {
    fn load(db: &Connection, run: RunId) -> rusqlite::Result<Self> {
        let mut kinds = Self { all: Vec::new(), has_account: false };
        let sql = "SELECT num, kind, entity FROM object WHERE from_run <= ?1 AND ?1 < to_run";
        each(db, sql, [run.0], |row| {
            let (num, code, entity): (i64, u8, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let at = usize::try_from(num).map_err(|_| runs::strange(0, num))?;
            if at >= kinds.all.len() {
                kinds.all.resize((at + 1).next_power_of_two(), 0);
            }
            kinds.all[at] = code | if entity { ENTITY } else { 0 };
            kinds.has_account |= entity && i64::from(code) == EntityKind::Account.code();
            Ok(())
        })?;
        Ok(kinds)
    }

    fn at(&self, num: i64) -> Option<(EntityKind, bool)> {
        let byte = *self.all.get(usize::try_from(num).ok()?)?;
        Some((EntityKind::from_code(i64::from(byte & !ENTITY))?, byte & ENTITY != 0))
    }

    fn entities(&self) -> impl Iterator<Item = (i64, EntityKind)> {
        (0_i64..).zip(&self.all).filter_map(|(num, byte)| {
            let kind = EntityKind::from_code(i64::from(byte & !ENTITY))?;
            (byte & ENTITY != 0).then_some((num, kind))
        })
    }
}

/// What a run holds: as counted when it finished, else counted now.
pub(super) fn counts(db: &Connection, run: RunId) -> rusqlite::Result<Counts> {
    if let Some(counts) = runs::counts(db, run)? {
        return Ok(counts);
    }
    let mut counts = Counts::default();
    let sql = "SELECT kind, count(*) FROM object WHERE entity = 1 AND from_run <= ?1 AND ?1 < to_run GROUP BY kind";
    each(db, sql, params![run.0], |row| {
        counts.entities[runs::kind(0, row.get(0)?)? as usize] = runs::count(row, 1)?;
        Ok(())
    })?;
    each_edge(db, run, |ends| {
        counts.add_edge(ends.kind);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(counts)
}
