//! What the lists and the detail pane show: queries to the store, and its answers.

use serde::{Deserialize, Serialize};

use super::{
    column::{Cell, Column, Sort},
    completeness::{RunStatus, State},
    ids::RunId,
    kind::EntityKind,
};

/// The lists of the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    Accounts,
    Users,
    Groups,
    Members,
    Edges,
}

impl List {
    pub const ALL: [Self; 5] = [Self::Accounts, Self::Users, Self::Groups, Self::Members, Self::Edges];
}

/// What part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Within {
    #[default]
    All,
    /// The direct members of this group, of every kind. The list then is `Edges`' other ends.
    MembersOf(String),
    /// The groups that have this object as a direct member.
    GroupsOf(String),
    /// The members of this group and, over any number of groups in between, of its member groups; each once, with its depth.
    AllMembersOf(String),
    /// The groups that have this object as a member in any way; each once, with its depth.
    AllGroupsOf(String),
}

/// A window onto a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Query {
    pub list: List,
    pub within: Within,
    /// As a person types it; empty for all.
    pub filter: String,
    /// The first counts most. Empty: by name.
    pub sort: Vec<Sort>,
    /// What [`Row::cells`] are to hold.
    pub columns: Vec<Column>,
    pub offset: u64,
    pub limit: u64,
    /// Wait for the whole answer. Otherwise what takes long is answered with what there is, and [`Rows::pending`] says so.
    pub whole: bool,
}

impl Query {
    /// All of a list, by name, from its beginning.
    pub fn of(list: List) -> Self {
        Self {
            list,
            within: Within::All,
            filter: String::new(),
            sort: Vec::new(),
            columns: Vec::new(),
            offset: 0,
            limit: 60,
            whole: false,
        }
    }
}

/// The answer to a [`Query`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    pub query: Query,
    /// How many rows the filter leaves; as far as is known, where something is pending.
    pub total: u64,
    pub rows: Vec<Row>,
    /// What is still being done; ask again with [`Query::whole`].
    pub pending: Option<Pending>,
    /// Why a part of the filter could not be understood, if so, and what it may have been meant to be. That part is then
    /// taken as text.
    pub filter_problem: Option<String>,
}

impl Rows {
    /// A whole answer.
    pub fn new(query: Query, total: u64, rows: Vec<Row>) -> Self {
        Self { query, total, rows, pending: None, filter_problem: None }
    }
}

/// What an answer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pending {
    /// The directory is being read into memory: rows are by name and not filtered.
    Loading,
    /// Rows are in the order of before.
    Sorting,
    /// There may be more rows.
    Filtering,
}

/// One line of a list. Texts are as stored: the screen makes them visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The object's id. A row of an edge is its far end, with all that a row of that object has.
    pub id: String,
    pub kind: EntityKind,
    /// For an edge that of its far end.
    pub name: String,
    /// Login name, mail, or what else tells two of a name apart.
    pub second: String,
    /// `member`, `guest`, `disabled`, `Microsoft 365`, `security`, `device` …
    pub label: String,
    /// For groups the number of direct members, for others of the groups they are directly in.
    pub count: Option<u64>,
    /// For a group whose members are not complete.
    pub state: Option<State>,
    /// For an edge: its near end, and its `_type`.
    pub edge: Option<EdgeEnds>,
    /// How many edges away, where nested ones are listed.
    pub depth: Option<u32>,
    /// A group that is, over others, a member of itself.
    pub in_cycle: bool,
    /// What [`Query::columns`] asked for, in that order.
    pub cells: Vec<Cell>,
}

/// The near end of an edge in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeEnds {
    pub from_id: String,
    pub from_name: String,
    pub edge_type: String,
    /// Whether JupiterOne is left to link it: its far end could not be read.
    pub mapped: bool,
}

/// One object, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    pub id: String,
    pub kind: EntityKind,
    pub name: String,
    /// As an upload sends it.
    pub entity: serde_json::Value,
    /// As Graph answered.
    pub raw: serde_json::Value,
    /// Direct members of a group.
    pub members: u64,
    /// Groups that it is directly in.
    pub groups: u64,
    /// For a group whose members are not complete.
    pub state: Option<State>,
}

/// How much a store holds of each list, as of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    pub accounts: u64,
    pub users: u64,
    pub groups: u64,
    pub members: u64,
    /// All HAS edges, the account's included.
    pub edges: u64,
}

/// A run, for headers and lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    pub id: RunId,
    pub status: RunStatus,
    pub kind: super::reading::RunKind,
    pub started_at: jiff::Timestamp,
    pub finished_at: Option<jiff::Timestamp>,
    pub gaps: Vec<super::completeness::Gap>,
    pub requests: u64,
    pub resource_units: u64,
    pub seconds: f64,
    /// When everything was last read in full: by this run, or by one that it built on.
    #[serde(default)]
    pub last_full: Option<jiff::Timestamp>,
    /// Where delta queries leave service principals out of groups: when those memberships were last read in full.
    #[serde(default)]
    pub service_principals_as_of: Option<jiff::Timestamp>,
}

impl RunInfo {
    /// When it ended, or as far as is known.
    pub fn last_at(&self) -> jiff::Timestamp {
        self.finished_at.unwrap_or(self.started_at)
    }

    /// How many gaps nobody accepted.
    pub fn open_gaps(&self) -> u64 {
        self.gaps.iter().filter(|gap| gap.is_open()).count() as u64
    }

    /// Whether the next run can go on where this one was cut off, at this moment: a selection is not worth it, and what
    /// was read more than a day ago would not fit what is read now.
    pub fn can_be_gone_on_with(&self, now: jiff::Timestamp) -> bool {
        let cut_off = matches!(self.status, RunStatus::Interrupted | RunStatus::Failed);
        cut_off && self.kind != super::reading::RunKind::Scoped && now.duration_since(self.last_at()).as_hours() < 24
    }
}
