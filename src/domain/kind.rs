//! The four kinds of entities and the five kinds of edges that the mission fixes.

use serde::{Deserialize, Serialize};

/// What an object of the directory becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// The organization itself.
    Account,
    User,
    Group,
    /// A member of a group that is neither user nor group: contact, device, service principal, anything new.
    Member,
}

impl EntityKind {
    pub const ALL: [Self; 4] = [Self::Account, Self::User, Self::Group, Self::Member];

    /// As serde names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::User => "user",
            Self::Group => "group",
            Self::Member => "member",
        }
    }

    /// The stable number under which stores keep the kind.
    pub const fn code(self) -> i64 {
        match self {
            Self::Account => 1,
            Self::User => 2,
            Self::Group => 3,
            Self::Member => 4,
        }
    }

    /// The kind of [`EntityKind::code`]; `None` for a number that no version of tenantry has written.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.code() == code)
    }
}

/// An edge HAS, by its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    AccountUser,
    AccountGroup,
    GroupUser,
    GroupGroup,
    GroupMember,
}

impl EdgeKind {
    pub const ALL: [Self; 5] =
        [Self::AccountUser, Self::AccountGroup, Self::GroupUser, Self::GroupGroup, Self::GroupMember];

    /// The stable number under which stores keep the kind.
    pub const fn code(self) -> i64 {
        match self {
            Self::AccountUser => 1,
            Self::AccountGroup => 2,
            Self::GroupUser => 3,
            Self::GroupGroup => 4,
            Self::GroupMember => 5,
        }
    }

    /// The kind of [`EdgeKind::code`]; `None` for a number that no version of tenantry has written.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.code() == code)
    }

    /// The edge from a group to a member of this kind. A group has no account as a member.
    pub const fn of_group(member: EntityKind) -> Option<Self> {
        match member {
            EntityKind::Account => None,
            EntityKind::User => Some(Self::GroupUser),
            EntityKind::Group => Some(Self::GroupGroup),
            EntityKind::Member => Some(Self::GroupMember),
        }
    }

    /// The kinds of its two ends.
    pub const fn ends(self) -> (EntityKind, EntityKind) {
        match self {
            Self::AccountUser => (EntityKind::Account, EntityKind::User),
            Self::AccountGroup => (EntityKind::Account, EntityKind::Group),
            Self::GroupUser => (EntityKind::Group, EntityKind::User),
            Self::GroupGroup => (EntityKind::Group, EntityKind::Group),
            Self::GroupMember => (EntityKind::Group, EntityKind::Member),
        }
    }
}

/// The kind of a group's member by its `@odata.type`, such as `#microsoft.graph.user`.
///
/// Only for ids that neither `/users` nor `/groups` listed: the list that names an id decides its kind
/// (facts: `/users` may list `agentUser` and other new kinds).
pub fn kind_of_odata_type(odata_type: &str) -> EntityKind {
    match short_odata_type(odata_type) {
        "user" => EntityKind::User,
        "group" => EntityKind::Group,
        _ => EntityKind::Member,
    }
}

/// `#microsoft.graph.orgContact` → `orgContact`.
pub fn short_odata_type(odata_type: &str) -> &str {
    let text = odata_type.strip_prefix('#').unwrap_or(odata_type);
    text.strip_prefix("microsoft.graph.").unwrap_or(text)
}
