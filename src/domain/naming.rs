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
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "active-directory",
        }
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
