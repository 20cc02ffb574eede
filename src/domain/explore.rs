//! Questions about one run of a directory, and their answers: what the browser, `show`, `members`, `why`, `diff` and
//! `list` have in common. Asked of the store, never of a service.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    completeness::State,
    filter::Scope,
    ids::RunId,
    kind::EntityKind,
    lines::Lines,
    near::{Drawing, Near, NearQuery},
    planned::{PlannedQuery, PlannedRows},
    request::{RequestQuery, RequestRows},
    view::{Detail, EdgeEnds, Query, Rows, RunInfo},
};

/// A question about one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    Rows(Query),
    /// How many rows of a list, as its filter leaves it, have which trait.
    Facets(Query),
    /// One object whole.
    Detail(String),
    /// The states of an object over the runs that are kept, the newest first.
    History(String),
    /// Through what an object is in a group.
    Why {
        group: String,
        member: String,
    },
    /// What would be, if `from` had `to` no more: for the group and the object of a [`Question::Why`].
    Cut {
        group: String,
        member: String,
        from: String,
        to: String,
    },
    /// What is around an object.
    Near(NearQuery),
    /// The same, drawn for another program: a file in the current directory.
    Draw(NearQuery, Drawing),
    /// The tenant at a glance.
    Glance,
    /// Everything incomplete, refused or degraded.
    Problems,
    /// A request log; of whatever run the query says.
    Requests(RequestQuery),
    /// What came, went or changed since `since`, an earlier run.
    Diff {
        since: RunId,
        query: DiffQuery,
    },
    /// What an upload of the run would do to each object.
    Planned(PlannedQuery),
    /// How many of these it would create, change and delete, of which type, and why; windows and orders mean nothing.
    PlannedFacets(PlannedQuery),
    /// All runs that the store keeps, the newest first.
    Runs,
    /// A list as its filter leaves it, as text for the clipboard.
    Copy(Whole, TextForm),
    /// The same, to a file in the current directory.
    Export(Whole, TextForm),
}

/// A list as a whole, as its filter leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whole {
    Rows(Query),
    /// What is different from an earlier run. Windows mean nothing.
    Diff {
        since: RunId,
        query: DiffQuery,
    },
    /// A request log. Windows mean nothing.
    Requests(RequestQuery),
    /// An upload object by object. Windows mean nothing.
    Planned(PlannedQuery),
    /// What is at hand already.
    Lines(Lines),
}

impl Whole {
    /// What a file of it is called, its ending apart.
    pub fn file_name(&self, run: RunId) -> String {
        let of = |scope: Scope| format!("{}-run-{run}", scope.plural().replace(' ', "-"));
        match self {
            Self::Rows(query) => of(Scope::from(query.list)),
            Self::Diff { since, .. } => format!("changes-run-{since}-to-{run}"),
            Self::Requests(_) => Scope::Requests.plural().to_owned(),
            Self::Planned(_) => format!("upload-of-run-{run}"),
            Self::Lines(lines) if lines.of == Scope::Runs => Scope::Runs.plural().to_owned(),
            Self::Lines(lines) => of(lines.of),
        }
    }
}

/// The answer to a [`Question`]; each has its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Rows(Rows),
    Facets(Vec<Facet>),
    /// `None`: the run does not hold it.
    Detail(Option<Box<Detail>>),
    History(Vec<Version>),
    Why(Box<Why>),
    Cut(Box<Cut>),
    Near(Box<Near>),
    /// How many objects it shows, and what is to be known of it: what it does not show.
    Drawn {
        path: String,
        objects: u64,
        notes: Vec<String>,
    },
    Glance(Box<Glance>),
    Problems(Vec<Finding>),
    Requests(Box<RequestRows>),
    Diff(Box<DiffRows>),
    Planned(Box<PlannedRows>),
    Runs(Vec<RunInfo>),
    /// A text, and how many rows it has.
    Copied {
        text: String,
        rows: u64,
    },
    Exported {
        path: String,
        rows: u64,
    },
}

/// A trait that rows of a list share, with the words of a filter that leave only those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    /// For people: "guests", "no mail", "in a cycle".
    pub title: String,
    /// What a filter says for it, such as `type:guest`.
    pub filter: String,
    pub count: u64,
    /// Whether the filter that was asked with says it already.
    pub chosen: bool,
}

/// How text is laid out for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextForm {
    Tsv,
    Csv,
    Json,
    Ndjson,
}

/// An object as a step on a way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub id: String,
    pub kind: EntityKind,
    pub name: String,
    /// As [`Row::label`](super::view::Row::label).
    pub label: String,
    /// A group that is, over others, a member of itself.
    pub in_cycle: bool,
    /// A group whose members are not all known.
    pub state: Option<State>,
}

/// Through what an object is in a group: all shortest ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The steps of the shortest ways, level by level: the group first, the object last. If it is not in the group, only
    /// these two.
    pub steps: Vec<Step>,
    /// From and to, by their places in `steps`.
    pub edges: Vec<(u32, u32)>,
    /// Edges of a shortest way; `None`: it is not in the group in any way.
    pub length: Option<u32>,
    /// How many shortest ways there are, in decimal digits: there may be more than any number type holds.
    pub count: String,
    /// The first hundred of them, by places in `steps`.
    pub ways: Vec<Vec<u32>>,
    /// Whether there are other, longer ways.
    pub has_longer: bool,
    /// Groups on the way down from the group whose members are not all known: it may be in it through these as well.
    pub unknown: Vec<Step>,
}

/// What the removal of one edge changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The edges of a shortest way then; `None`: the object is not in the group any more.
    pub length: Option<u32>,
    /// Effective members of the group: before, and then.
    pub before: u64,
    pub after: u64,
    /// The first hundred that would be in the group no more.
    pub lost: Vec<Step>,
}

/// One state of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The first run with this state, and when that was.
    pub run: RunId,
    pub at: Timestamp,
    /// The first run that did not have it any more.
    pub until: Option<RunId>,
    pub change: Change,
    /// What is different from the state before: property, before, now; as Graph names it.
    pub fields: Vec<FieldChange>,
    /// Direct members that came and went with this run, and the same of the groups that it is in.
    pub members: (u64, u64),
    pub groups: (u64, u64),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    pub field: String,
    pub before: serde_json::Value,
    pub now: serde_json::Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Came,
    Changed,
    Went,
}

impl Change {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Came => "came",
            Self::Changed => "changed",
            Self::Went => "went",
        }
    }
}

/// The tenant at a glance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Glance {
    /// Direct members, from and to, and how many groups have so many: 0, 1, 2 to 5, 6 to 20 …
    pub sizes: Vec<Bar>,
    /// How deep groups lie in one another: 0 for those that hold no group; cycles count as one.
    pub depths: Vec<Bar>,
    /// Facets of users and groups, as their lists have them.
    pub users: Vec<Facet>,
    pub groups: Vec<Facet>,
    /// Objects and memberships over the finished runs, the oldest first.
    pub growth: Vec<Growth>,
    /// The ten largest groups by direct members.
    pub largest: Vec<(Step, u64)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    pub title: String,
    pub count: u64,
    /// The words of a filter that leave only these groups.
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    pub run: RunId,
    pub at: Timestamp,
    pub users: u64,
    pub groups: u64,
    pub members: u64,
    pub edges: u64,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub severity: Severity,
    /// What it is about: "the members of Finance", "users".
    pub about: String,
    /// The group's id, where it is about one.
    pub id: Option<String>,
    /// What happened, with the service's code and request id.
    pub what: String,
    /// What it means for the data.
    pub means: String,
    /// What to do.
    pub next: String,
    pub code: Option<String>,
    pub request_id: Option<String>,
    /// What can be read again for it; `None` where reading again does not help.
    pub again: Option<Again>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It worked, not in the best way.
    Degraded,
    /// The profile accepts it.
    Accepted,
    /// Something is not known.
    Incomplete,
    Failed,
}

impl Severity {
    /// In a word, which is also what a filter calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Degraded => "degraded",
            Self::Accepted => "accepted",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }
}

/// What can be read again by itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    Group(String),
    Collection(String),
}

/// A window onto what is different between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DiffQuery {
    /// Only objects, only memberships; `None`: both, objects first.
    pub only: Option<DiffPart>,
    /// As in any list; also `change:came`, `change:went`, `change:changed`.
    pub filter: String,
    pub offset: u64,
    pub limit: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffPart {
    Objects,
    Memberships,
}

/// What is different.
#[derive(Debug, Clone, PartialEq)]
pub struct DiffRows {
    pub query: DiffQuery,
    /// By `_type`: how many came, changed and went; of everything, whatever the filter.
    pub totals: BTreeMap<String, [u64; 3]>,
    /// How many the filter leaves.
    pub total: u64,
    pub rows: Vec<DiffRow>,
    /// Why the filter could not be read, if so; then it filters nothing.
    pub filter_problem: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiffRow {
    pub change: Change,
    /// Of a membership that of its far end.
    pub id: String,
    pub kind: EntityKind,
    pub name: String,
    pub second: String,
    pub label: String,
    pub edge: Option<EdgeEnds>,
    /// Of a changed object what is different.
    pub fields: Vec<FieldChange>,
}
