//! What an upload would do, as figures.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    completeness::Gap,
    guard::Guard,
    ids::RunId,
    naming::Naming,
    plan::Digests,
    target::Target,
    text::{counted, grouped},
    upload::LeftJob,
    validate::Finding,
};

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

impl std::ops::Add for Changes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            create: self.create + other.create,
            change: self.change + other.change,
            delete: self.delete + other.delete,
            same: self.same + other.same,
        }
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
    /// Another kept run, as if the target held what that would send.
    Run { run: RunId, collected_at: Timestamp },
    /// What JupiterOne told that the target held at that time, and in how many requests.
    Live {
        read_at: Timestamp,
        requests: u64,
        /// Of how many objects that says something else than what the target was believed to hold; `None`: nothing was
        /// believed of it.
        apart: Option<u64>,
    },
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
    /// Under which names and shapes the target gets it.
    #[serde(default)]
    pub naming: Naming,
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
    /// About how long an upload takes, judged by the last one and what the target then held; `None`: there was none.
    #[serde(default)]
    pub expected_seconds: Option<f64>,
    /// What had to be mended, or is not sent.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What speaks against an upload.
    #[serde(default)]
    pub guards: Vec<Guard>,
    /// What the deletions of relationships come from.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// Of everything that it stands on, where that was asked for.
    #[serde(skip)]
    pub digests: Option<Digests>,
}

/// What some of a type's deletions come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The `_type` of what goes.
    #[serde(rename = "type")]
    pub name: String,
    /// How many of the type's deletions it accounts for.
    pub deletions: u64,
    #[serde(flatten)]
    pub why: Why,
}

/// Why relationships go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum Why {
    /// An end of theirs goes: so many entities of a type.
    Gone { of: String, many: u64 },
    /// A group that stays lists them no more; `emptied`: it lists nobody any more.
    Group { id: String, group: String, emptied: bool },
}

impl Baseline {
    /// Whether the target is known to hold what the figures are held against.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Known { .. } | Self::Live { .. })
    }
}

impl Preview {
    /// Whether it is held against what JupiterOne itself told.
    pub const fn is_live(&self) -> bool {
        matches!(self.baseline, Baseline::Live { .. })
    }

    /// Whether the target is known to hold exactly this, and no job of ours is left there: there is nothing to upload.
    pub fn is_nothing(&self) -> bool {
        let known = matches!(self.baseline, Baseline::Known { .. });
        known && self.total().is_nothing() && self.left.is_empty() && self.guards.is_empty()
    }

    /// Whether the target is known to hold exactly this, so that there is nothing to do but to see to the jobs that are left
    /// there.
    pub fn is_nothing_but_left(&self) -> bool {
        !self.left.is_empty() && Self { left: Vec::new(), ..self.clone() }.is_nothing()
    }

    /// The open job of an upload of this run that was cut off.
    pub fn open_job(&self) -> Option<&LeftJob> {
        self.left.iter().rev().find(|left| !left.in_doubt && left.run == self.run)
    }

    /// How many objects of each `_type` an upload sends.
    pub fn counts(&self) -> BTreeMap<&str, u64> {
        self.changes.iter().map(|(name, changes)| (name.as_str(), changes.sent())).collect()
    }

    /// How much is sent, and about how long that takes: "41 requests, 12.4 MB, about 20 s".
    pub fn size(&self, bytes: &str) -> String {
        let about = self.expected_seconds.map(|s| format!(", about {} s", grouped(s.ceil().max(1.0) as u64)));
        format!("{}, {bytes}{}", counted(self.requests, "request"), about.unwrap_or_default())
    }

    pub fn total(&self) -> Changes {
        self.changes.values().fold(Changes::default(), |a, b| a + *b)
    }
}

impl Cause {
    /// "34 deleted users account for 950 of 7,988 deletions of active_directory_user_group_has_user." Names are the
    /// directory's own.
    pub fn words(&self, of: &Preview) -> String {
        let all = of.changes.get(&self.name).map_or(self.deletions, |c| c.delete);
        let (who, verb) = match &self.why {
            Why::Gone { of, many: 1 } => (format!("1 deleted {}", noun(of).0), "accounts"),
            Why::Gone { of, many } => (format!("{} deleted {}", grouped(*many), noun(of).1), "account"),
            Why::Group { group, emptied: true, .. } => (format!("the emptied group \"{group}\""), "accounts"),
            Why::Group { group, emptied: false, .. } => (format!("the group \"{group}\""), "accounts"),
        };
        let deletions = if all == 1 { "deletion" } else { "deletions" };
        format!("{who} {verb} for {} of {} {deletions} of {}.", grouped(self.deletions), grouped(all), self.name)
    }
}

/// One and many of a `_type`, whatever the naming.
fn noun(name: &str) -> (&str, &str) {
    [
        ("_user_group", "group", "groups"),
        ("_group_member", "group member", "group members"),
        ("_user", "user", "users"),
        ("_account", "account", "accounts"),
    ]
    .into_iter()
    .find(|(end, ..)| name.ends_with(end))
    .map_or((name, name), |(_, one, many)| (one, many))
}
