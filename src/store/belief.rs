//! What each target is believed to hold: changed only by uploads that finished, and doubted after an unknown end.
//!
//! Every upload writes down what it sends as a generation of its own. The last finished one is the belief; generations
//! in doubt stay beside it, because what they sent may be there as well, until an upload's end is known.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    error::StoreError,
    keys::{self, Few},
    read::Reader,
    runs,
    sent::{SentEdge, SentEntity, SentKeys},
    write::Writer,
};
use crate::domain::{ids::RunId, naming::Naming, preview::Baseline, target::Target};

/// An upload in one store: 1, 2, 3 …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UploadId(pub i64);

/// What is on record of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeliefInfo {
    /// The last upload that finished.
    pub finished: Option<Finished>,
    /// Uploads since then whose end is unknown, the oldest first.
    pub doubts: Vec<Doubt>,
}

/// An upload that finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    pub upload: UploadId,
    pub run: RunId,
    pub naming: Naming,
    /// When it began.
    pub since: Timestamp,
    pub at: Timestamp,
}

/// An upload whose job may or may not have been applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub upload: UploadId,
    pub run: RunId,
    pub job_id: Option<String>,
    /// When it began.
    pub since: Timestamp,
}

impl BeliefInfo {
    pub fn baseline(&self) -> Baseline {
        match (&self.finished, self.doubts.last()) {
            (_, Some(doubt)) => Baseline::InDoubt { job_id: doubt.job_id.clone(), since: doubt.since },
            (Some(finished), None) => Baseline::Known { uploaded_at: finished.at },
            (None, None) => Baseline::Unknown,
        }
    }

    /// The uploads whose objects may be there.
    pub(super) fn generations(&self) -> Vec<i64> {
        self.finished.iter().map(|f| f.upload.0).chain(self.doubts.iter().map(|d| d.upload.0)).collect()
    }

    /// In how many generations a key must be to be there for certain: a first upload in doubt leaves nothing certain.
    pub(super) fn certain(&self) -> usize {
        1 + self.doubts.len()
    }
}

impl Reader {
    /// What is on record of a target; `None` means unknown, not empty.
    pub fn belief(&self, target: &Target) -> Result<Option<BeliefInfo>, StoreError> {
        self.snapshot(|db| Ok(find(db, target)?.map(|(_, info)| info)))
    }
}

/// A target's number, and what is on record of it.
pub(super) fn find(db: &Connection, target: &Target) -> rusqlite::Result<Option<(i64, BeliefInfo)>> {
    let num: Option<i64> = db
        .prepare_cached("SELECT num FROM target WHERE key = ?1")?
        .query_row([target.key()], |row| row.get(0))
        .optional()?;
    let Some(num) = num else { return Ok(None) };
    let info = info(db, num)?;
    Ok((info.finished.is_some() || !info.doubts.is_empty()).then_some((num, info)))
}

fn info(db: &Connection, target: i64) -> rusqlite::Result<BeliefInfo> {
    let finished = db
        .prepare_cached(
            "SELECT id, run, naming, finished_at, started_at FROM upload WHERE target = ?1 AND state = 'finished'
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row([target], |row| {
            Ok(Finished {
                upload: UploadId(row.get(0)?),
                run: RunId(row.get(1)?),
                naming: naming(2, row.get(2)?)?,
                at: runs::time(row, 3)?,
                since: runs::time(row, 4)?,
            })
        })
        .optional()?;
    let doubts = db
        .prepare_cached(
            "SELECT id, run, job_id, started_at FROM upload WHERE target = ?1 AND state = 'in_doubt' ORDER BY id",
        )?
        .query_map([target], |row| {
            Ok(Doubt {
                upload: UploadId(row.get(0)?),
                run: RunId(row.get(1)?),
                job_id: row.get(2)?,
                since: runs::time(row, 3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(BeliefInfo { finished, doubts })
}

pub(super) fn naming(column: usize, text: String) -> rusqlite::Result<Naming> {
    serde_json::from_value(json!(text)).map_err(|_| runs::strange(column, text))
}

/// An upload that may still be written to.
struct Live {
    id: i64,
    target: i64,
    naming: Naming,
    partial: Vec<String>,
}

impl Writer {
    /// Begins an upload of a finished run. What an upload of this target left behind that never came as far as
    /// finalising is forgotten: it changed nothing.
    pub fn begin_upload(
        &mut self,
        target: &Target,
        naming: Naming,
        run: RunId,
        at: Timestamp,
        partial_types: &[String],
    ) -> Result<UploadId, StoreError> {
        if !self.run(run)?.status.is_finished() {
            return Err(StoreError::NoSuchRun { run });
        }
        self.transact(|db| {
            db.execute("INSERT OR IGNORE INTO target (key) VALUES (?1)", [target.key()])?;
            let num: i64 = db.query_row("SELECT num FROM target WHERE key = ?1", [target.key()], |row| row.get(0))?;
            let left: Vec<i64> = db
                .prepare("SELECT id FROM upload WHERE target = ?1 AND state = 'open'")?
                .query_map([num], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for upload in left {
                forget(db, num, upload)?;
            }
            db.execute(
                "INSERT INTO upload (target, naming, run, state, started_at, partial) VALUES (?1, ?2, ?3, 'open', ?4, ?5)",
                params![num, naming.as_str(), run.0, at.as_millisecond(), json!(partial_types).to_string()],
            )?;
            Ok(UploadId(db.last_insert_rowid()))
        })
    }

    /// Forgets what was believed of a target: somebody else has written to it since, and nobody knows what it holds.
    pub fn forget_target(&mut self, target: &Target) -> Result<(), StoreError> {
        self.durably(|db| {
            let of_target = "(SELECT num FROM target WHERE key = ?1)";
            for table in ["belief_entity", "belief_edge"] {
                db.execute(&format!("DELETE FROM {table} WHERE target = {of_target}"), [target.key()])?;
            }
            db.execute(
                &format!(
                    "UPDATE upload SET state = 'superseded'
                     WHERE target = {of_target} AND state IN ('open', 'in_doubt', 'finished')"
                ),
                [target.key()],
            )
            .map(drop)
        })
    }

    /// Notes what a batch sends. Noting it again changes nothing.
    pub fn note_entities(&mut self, upload: UploadId, sent: &[SentEntity]) -> Result<(), StoreError> {
        let live = self.live(upload)?;
        self.hot.doubt();
        self.transact(|db| {
            let (mut types, mut keys) = (Few::default(), SentKeys::default());
            let mut insert = db.prepare_cached(
                "INSERT OR REPLACE INTO belief_entity (target, num, upload, type, print) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for entity in sent {
                let (num, kind) = (keys.num(db, &entity.key)?, types.intern(db, &entity.entity_type)?);
                insert.execute(params![live.target, num, live.id, kind, entity.fingerprint])?;
            }
            Ok(())
        })
    }

    /// Notes what a batch sends. Noting it again changes nothing.
    pub fn note_edges(
        &mut self,
        upload: UploadId,
        sent: impl IntoIterator<Item = impl Into<SentEdge>>,
    ) -> Result<(), StoreError> {
        let live = self.live(upload)?;
        self.hot.doubt();
        self.transact(|db| {
            let (mut types, mut keys) = (Few::default(), SentKeys::default());
            let mut insert = db.prepare_cached(
                "INSERT OR REPLACE INTO belief_edge (target, from_num, to_num, upload, type, mapped)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for edge in sent {
                let SentEdge { from, to, kind, state } = edge.into();
                let (from, to) = (keys.num(db, &from)?, keys.num(db, &to)?);
                let kind = types.intern(db, live.naming.edge_type(kind))?;
                insert.execute(params![live.target, from, to, live.id, kind, state])?;
            }
            Ok(())
        })
    }

    /// Notes the job that the upload goes through.
    pub fn upload_job(&mut self, upload: UploadId, job_id: &str) -> Result<(), StoreError> {
        self.live(upload)?;
        self.transact(|db| {
            db.execute("UPDATE upload SET job_id = ?2 WHERE id = ?1", params![upload.0, job_id]).map(drop)
        })
    }

    /// Notes which types are exempt from deletion, where that is other than when the upload began.
    pub fn exempt(&mut self, upload: UploadId, partial_types: &[String]) -> Result<(), StoreError> {
        self.live(upload)?;
        self.transact(|db| {
            let types = json!(partial_types).to_string();
            db.execute("UPDATE upload SET partial = ?2 WHERE id = ?1", params![upload.0, types]).map(drop)
        })
    }

    /// To be called before finalising is requested: from here on its end is unknown until somebody knows it. On disk when
    /// this returns.
    pub fn upload_in_doubt(&mut self, upload: UploadId) -> Result<(), StoreError> {
        self.live(upload)?;
        self.durably(|db| db.execute("UPDATE upload SET state = 'in_doubt' WHERE id = ?1", [upload.0]).map(drop))
    }

    /// The job finished: from here on the target is believed to hold what was sent, and what it was believed to hold of
    /// the types that were exempt from deletion.
    pub fn finish_upload(&mut self, upload: UploadId, at: Timestamp) -> Result<(), StoreError> {
        let live = self.live(upload)?;
        self.hot.doubt();
        self.durably(|db| {
            carry(db, &live)?;
            for table in ["belief_entity", "belief_edge"] {
                db.execute(
                    &format!("DELETE FROM {table} WHERE target = ?1 AND upload < ?2"),
                    params![live.target, live.id],
                )?;
            }
            db.execute(
                "UPDATE upload SET state = 'superseded'
                 WHERE target = ?1 AND id < ?2 AND state IN ('open', 'in_doubt', 'finished')",
                params![live.target, live.id],
            )?;
            db.execute(
                "UPDATE upload SET state = 'finished', finished_at = ?2 WHERE id = ?1",
                params![live.id, at.as_millisecond()],
            )
            .map(drop)
        })
    }

    /// The job is known to have changed nothing.
    pub fn drop_upload(&mut self, upload: UploadId) -> Result<(), StoreError> {
        let live = self.live(upload)?;
        self.durably(|db| forget(db, live.target, live.id))
    }

    fn live(&self, upload: UploadId) -> Result<Live, StoreError> {
        self.db
            .prepare_cached(
                "SELECT target, naming, partial FROM upload WHERE id = ?1 AND state IN ('open', 'in_doubt')",
            )
            .and_then(|mut statement| {
                statement
                    .query_row([upload.0], |row| {
                        let partial: String = row.get(2)?;
                        Ok(Live {
                            id: upload.0,
                            target: row.get(0)?,
                            naming: naming(1, row.get(1)?)?,
                            partial: runs::json(2, &partial)?,
                        })
                    })
                    .optional()
            })
            .map_err(|e| StoreError::of(&self.path, e))?
            .ok_or(StoreError::NoSuchUpload { upload: upload.0 })
    }

    /// As `transact`, and on disk when it returns: a power cut must not bring back the state before.
    fn durably<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let path = self.path.clone();
        let wrong = |e| StoreError::of(&path, e);
        self.db.pragma_update(None, "synchronous", "FULL").map_err(wrong)?;
        let out = self.transact(work);
        self.db.pragma_update(None, "synchronous", "NORMAL").map_err(wrong)?;
        out
    }
}

fn forget(db: &Connection, target: i64, upload: i64) -> rusqlite::Result<()> {
    db.execute("DELETE FROM belief_entity WHERE target = ?1 AND upload = ?2", [target, upload])?;
    db.execute("DELETE FROM belief_edge WHERE target = ?1 AND upload = ?2", [target, upload])?;
    db.execute("UPDATE upload SET state = 'dropped' WHERE id = ?1", [upload]).map(drop)
}

/// Takes what was believed of exempt types over into a finished upload's generation, where it was not sent. Of what
/// generations disagree on, it is known that it may be there, and not with which content. A relationship whose end went is
/// there no more, whatever its type; one that may be mapped has only its source there for certain.
fn carry(db: &Connection, live: &Live) -> rusqlite::Result<()> {
    let mut before = info(db, live.target)?;
    before.doubts.retain(|d| d.upload.0 < live.id);
    let numbers = |all: Vec<i64>| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let certain = before.certain();
    let generations = numbers(before.generations());
    let types: Vec<i64> = live.partial.iter().map(|t| keys::intern(db, t)).collect::<Result<_, _>>()?;
    let types = numbers(types);
    db.execute(
        &format!(
            "INSERT OR IGNORE INTO belief_entity (target, num, upload, type, print)
             SELECT target, num, ?2, max(type),
                    CASE WHEN count(*) = {certain} AND min(type) = max(type) AND min(print) = max(print)
                         THEN min(print) ELSE x'' END
             FROM belief_entity WHERE target = ?1 AND upload IN ({generations}) AND type IN ({types}) GROUP BY num"
        ),
        [live.target, live.id],
    )?;
    db.execute(
        &format!(
            "INSERT OR IGNORE INTO belief_edge (target, from_num, to_num, upload, type, mapped)
             SELECT target, from_num, to_num, ?2, max(type),
                    CASE WHEN count(*) = {certain} AND min(type) = max(type) AND min(mapped) = max(mapped)
                         THEN min(mapped) ELSE 2 END
             FROM belief_edge WHERE target = ?1 AND upload IN ({generations}) AND type IN ({types})
                  AND EXISTS (SELECT 1 FROM belief_entity e
                              WHERE e.target = ?1 AND e.num = from_num AND e.upload = ?2)
             GROUP BY from_num, to_num
             HAVING max(mapped) > 0 OR EXISTS (SELECT 1 FROM belief_entity e
                                               WHERE e.target = ?1 AND e.num = to_num AND e.upload = ?2)"
        ),
        [live.target, live.id],
    )?;
    Ok(())
}
