//! What an upload would do, as figures.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{completeness::Gap, ids::RunId, target::Target, upload::LeftJob};

/// What an upload would do to the objects of one `_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changes {
    pub create: u64,
    pub change: u64,
    pub delete: u64,
    pub same: u64,
}

impl Changes {
    /// How many of the type an upload sends.
    pub const fn sent(&self) -> u64 {
        self.create + self.change + self.same
    }

    pub const fn is_nothing(&self) -> bool {
        self.create == 0 && self.change == 0 && self.delete == 0
    }
}

/// What the figures are held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    /// No target is configured: everything counts as new.
    NoTarget,
    /// No upload to this target is on record. What it holds is unknown, not empty: everything counts as new, and
    /// deletions cannot be foretold.
    Unknown,
    /// The last finished upload.
    Known { uploaded_at: Timestamp },
    /// An upload's end is unknown: what was believed before it and what it sent may both be there.
    InDoubt { job_id: Option<String>, since: Timestamp },
}

/// The dry run's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    pub run: RunId,
    /// When the run that would be sent ended.
    pub collected_at: Timestamp,
    pub target: Option<Target>,
    pub baseline: Baseline,
    /// By `_type`; every `_type` of the naming is listed, also with zeros.
    pub changes: BTreeMap<String, Changes>,
    /// Types exempt from deletion, because something of them may exist that was never read.
    pub partial_types: Vec<String>,
    /// What the run lacks.
    pub gaps: Vec<Gap>,
    /// Size of all bodies, in bytes, and in how many requests they go.
    pub bytes: u64,
    pub requests: u64,
    /// Jobs that earlier uploads to the target left behind.
    #[serde(default)]
    pub left: Vec<LeftJob>,
}

impl Preview {
    /// Whether the target is known to hold exactly this, and no job of ours is left there: there is nothing to upload.
    pub fn is_nothing(&self) -> bool {
        matches!(self.baseline, Baseline::Known { .. }) && self.total().is_nothing() && self.left.is_empty()
    }

    /// The open job of an upload of this run that was cut off.
    pub fn open_job(&self) -> Option<&LeftJob> {
        self.left.iter().rev().find(|left| !left.in_doubt && left.run == self.run)
    }

    /// How many objects of each `_type` an upload sends.
    pub fn counts(&self) -> BTreeMap<&str, u64> {
        self.changes.iter().map(|(name, changes)| (name.as_str(), changes.sent())).collect()
    }

    pub fn total(&self) -> Changes {
        self.changes.values().fold(Changes::default(), |a, b| Changes {
            create: a.create + b.create,
            change: a.change + b.change,
            delete: a.delete + b.delete,
            same: a.same + b.same,
        })
    }
}
