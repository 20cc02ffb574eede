//! What a run stands on: the run that it goes on with, the links of delta queries, what earlier runs learned.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{
    error::StoreError,
    write::{Checkpoint, Spent, Writer},
};
use crate::domain::{
    completeness::Collection,
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
}

impl Writer {
    /// The newest run that never finished and can be gone on with; not a scoped one.
    pub fn leftover(&self) -> Result<Option<Leftover>, StoreError> {
        Ok(None)
    }

    /// Goes on with that run under its old number: its rows, marks and group states are as its last page left them.
    pub fn resume_run(&mut self, _run: RunId) -> Result<(), StoreError> {
        unimplemented!()
    }

    /// The groups whose members this run still has to read. Of a run that reads everything: those that it saw and whose
    /// list has no end yet. Of a delta run: those that are new, or of which a member came back that was gone, or whose
    /// list no run has whole; but for those that this run has read whole since.
    pub fn groups_to_read(&mut self, _run: RunId) -> Result<Vec<StoredGroup>, StoreError> {
        unimplemented!()
    }

    /// The most members that an expansion showed in this run.
    pub fn longest_expansion(&mut self, _run: RunId) -> Result<Option<u32>, StoreError> {
        Ok(None)
    }

    /// The groups that this run has by expansion only, with at least so many members each.
    pub fn expanded(&mut self, _run: RunId, _at_least: u32) -> Result<Vec<StoredGroup>, StoreError> {
        unimplemented!()
    }

    /// What is known of these groups' members, as of this run: for comparing it with what the service says.
    pub fn members_of(&mut self, _run: RunId, _group: &str) -> Result<Vec<super::MemberRef>, StoreError> {
        unimplemented!()
    }

    /// Up to `n` groups drawn at random (by `seed`) of those that this run, or for a delta run its ground, has whole.
    pub fn some_groups(&mut self, _run: RunId, _n: usize, _seed: u64) -> Result<Vec<StoredGroup>, StoreError> {
        unimplemented!()
    }

    /// How many users or groups are held, as of this run.
    pub fn held(&mut self, _run: RunId, _collection: Collection) -> Result<u64, StoreError> {
        unimplemented!()
    }

    pub fn delta_ground(&self) -> Result<DeltaGround, StoreError> {
        Ok(DeltaGround::default())
    }

    pub fn learned(&self) -> Result<Learned, StoreError> {
        Ok(Learned::default())
    }

    pub fn learn(&mut self, _learned: &Learned) -> Result<(), StoreError> {
        Ok(())
    }
}
