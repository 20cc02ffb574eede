//! Naming profiles: under which names and classes the kinds appear in JupiterOne. A table, not a code path.

use serde::{Deserialize, Serialize};

use super::{
    ids::TenantId,
    kind::{EdgeKind, EntityKind},
};

/// The names that entities and relationships carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Naming {
    /// `active_directory_*`, validated against data model 0.64: the mission's own.
    #[default]
    ActiveDirectory,
}

impl Naming {
    pub const ALL: [Self; 1] = [Self::ActiveDirectory];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "active-directory",
        }
    }

    /// The naming of [`Naming::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|naming| naming.as_str() == text)
    }

    pub const fn entity_type(self, kind: EntityKind) -> &'static str {
        match (self, kind) {
            (Self::ActiveDirectory, EntityKind::Account) => "active_directory_account",
            (Self::ActiveDirectory, EntityKind::User) => "active_directory_user",
            (Self::ActiveDirectory, EntityKind::Group) => "active_directory_user_group",
            (Self::ActiveDirectory, EntityKind::Member) => "active_directory_group_member",
        }
    }

    pub const fn entity_class(self, kind: EntityKind) -> &'static str {
        match (self, kind) {
            (Self::ActiveDirectory, EntityKind::Account) => "Account",
            (Self::ActiveDirectory, EntityKind::User | EntityKind::Member) => "User",
            (Self::ActiveDirectory, EntityKind::Group) => "UserGroup",
        }
    }

    pub const fn edge_type(self, kind: EdgeKind) -> &'static str {
        match (self, kind) {
            (Self::ActiveDirectory, EdgeKind::AccountUser) => "active_directory_account_has_user",
            (Self::ActiveDirectory, EdgeKind::AccountGroup) => "active_directory_account_has_user_group",
            (Self::ActiveDirectory, EdgeKind::GroupUser) => "active_directory_user_group_has_user",
            (Self::ActiveDirectory, EdgeKind::GroupGroup) => "active_directory_user_group_has_group",
            (Self::ActiveDirectory, EdgeKind::GroupMember) => "active_directory_user_group_has_group_member",
        }
    }

    /// The account's `_key`; every other entity's key is its Graph object id.
    pub fn account_key(self, tenant: &TenantId) -> String {
        match self {
            Self::ActiveDirectory => format!("active_directory_account:{tenant}"),
        }
    }

    /// Every `_type` that an upload of this naming can hold: entities first, then relationships.
    pub fn all_types(self) -> impl Iterator<Item = &'static str> {
        EntityKind::ALL
            .into_iter()
            .map(move |k| self.entity_type(k))
            .chain(EdgeKind::ALL.into_iter().map(move |k| self.edge_type(k)))
    }
}

impl std::fmt::Display for Naming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Naming {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text.trim()).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.into_iter().map(Self::as_str).collect();
            format!("no naming of that name; there is {}", known.join(", "))
        })
    }
}
