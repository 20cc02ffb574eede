//! What a list can show of an object beside each other: columns, the values in them, and orders by them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::view::List;

/// A column of a list. Its [`word`](Self::word) names it in the configuration, on the command line and in filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Of an edge that of its far end.
    Name,
    /// Login name, mail, or what else tells two of a name apart.
    Second,
    Mail,
    Id,
    /// `member`, `guest`, `disabled`, `Microsoft 365`, `security, dynamic`, `device` …
    Kind,
    Enabled,
    Department,
    JobTitle,
    Company,
    /// `usageLocation`, a country's two letters.
    Country,
    Created,
    /// Whether it comes from a directory on premises.
    Synced,
    /// Direct members of a group.
    Members,
    /// Groups that it is directly in.
    InGroups,
    /// How the reading of a group's members ended, where it is not complete.
    State,
    Visibility,
    RoleAssignable,
    /// The near end of an edge.
    From,
    EdgeType,
    /// How many edges away, where nested members or groups are listed.
    Depth,
    /// When a run began.
    Started,
    /// How long a run took.
    Took,
    Gaps,
    Requests,
    Units,
    /// How bad a problem is.
    Severity,
    /// What a problem is about.
    About,
    Code,
    /// What an upload does to it.
    Will,
    /// Its `_type`.
    Type,
    /// Its `_key`.
    Key,
}

impl Column {
    pub const ALL: [Self; 31] = [
        Self::Name,
        Self::Second,
        Self::Mail,
        Self::Id,
        Self::Kind,
        Self::Enabled,
        Self::Department,
        Self::JobTitle,
        Self::Company,
        Self::Country,
        Self::Created,
        Self::Synced,
        Self::Members,
        Self::InGroups,
        Self::State,
        Self::Visibility,
        Self::RoleAssignable,
        Self::From,
        Self::EdgeType,
        Self::Depth,
        Self::Started,
        Self::Took,
        Self::Gaps,
        Self::Requests,
        Self::Units,
        Self::Severity,
        Self::About,
        Self::Code,
        Self::Will,
        Self::Type,
        Self::Key,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Second => "login",
            Self::Mail => "mail",
            Self::Id => "id",
            Self::Kind => "kind",
            Self::Enabled => "enabled",
            Self::Department => "dept",
            Self::JobTitle => "title",
            Self::Company => "company",
            Self::Country => "country",
            Self::Created => "created",
            Self::Synced => "synced",
            Self::Members => "members",
            Self::InGroups => "groups",
            Self::State => "state",
            Self::Visibility => "visibility",
            Self::RoleAssignable => "role",
            Self::From => "from",
            Self::EdgeType => "edge",
            Self::Depth => "depth",
            Self::Started => "started",
            Self::Took => "took",
            Self::Gaps => "gaps",
            Self::Requests => "requests",
            Self::Units => "units",
            Self::Severity => "severity",
            Self::About => "about",
            Self::Code => "code",
            Self::Will => "will",
            Self::Type => "type",
            Self::Key => "key",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.word() == word)
    }

    /// The head of the column.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Second => "login or mail",
            Self::Mail => "mail",
            Self::Id => "id",
            Self::Kind => "kind",
            Self::Enabled => "enabled",
            Self::Department => "department",
            Self::JobTitle => "job title",
            Self::Company => "company",
            Self::Country => "country",
            Self::Created => "created",
            Self::Synced => "synced",
            Self::Members => "members",
            Self::InGroups => "in groups",
            Self::State => "state",
            Self::Visibility => "visibility",
            Self::RoleAssignable => "roles",
            Self::From => "from",
            Self::EdgeType => "type",
            Self::Depth => "depth",
            Self::Started => "started",
            Self::Took => "took",
            Self::Gaps => "gaps",
            Self::Requests => "requests",
            Self::Units => "units",
            Self::Severity => "severity",
            Self::About => "about",
            Self::Code => "code",
            Self::Will => "will",
            Self::Type => "type",
            Self::Key => "key",
        }
    }

    /// Whether it is set to the right.
    pub const fn is_number(self) -> bool {
        matches!(
            self,
            Self::Members | Self::InGroups | Self::Depth | Self::Took | Self::Gaps | Self::Requests | Self::Units
        )
    }

    /// Whether who sorts by it wants the largest, the newest or the worst first.
    pub const fn begins_descending(self) -> bool {
        self.is_number() || matches!(self, Self::Created | Self::Started | Self::Severity)
    }

    /// The columns that this list can show, the usual ones first.
    pub const fn of(list: List) -> &'static [Self] {
        match list {
            List::Accounts => &[Self::Name, Self::Second, Self::Kind, Self::Id, Self::Created],
            List::Users => &[
                Self::Name,
                Self::Second,
                Self::Kind,
                Self::InGroups,
                Self::Department,
                Self::JobTitle,
                Self::Mail,
                Self::Company,
                Self::Country,
                Self::Enabled,
                Self::Synced,
                Self::Created,
                Self::Id,
                Self::Depth,
            ],
            List::Groups => &[
                Self::Name,
                Self::Second,
                Self::Kind,
                Self::Members,
                Self::State,
                Self::InGroups,
                Self::Visibility,
                Self::RoleAssignable,
                Self::Synced,
                Self::Created,
                Self::Mail,
                Self::Id,
                Self::Depth,
            ],
            List::Members => &[Self::Name, Self::Second, Self::Kind, Self::InGroups, Self::Enabled, Self::Id],
            List::Edges => &[Self::From, Self::Name, Self::Second, Self::Kind, Self::EdgeType, Self::Depth, Self::Id],
        }
    }
}

/// What stands in a column of one row. Texts are as stored: whoever shows them makes them visible.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// Nothing is known.
    #[default]
    Empty,
    Yes(bool),
    Number(u64),
    Time(Timestamp),
    Text(String),
}

/// An order by one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sort {
    pub column: Column,
    pub descending: bool,
}
