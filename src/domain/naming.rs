//! Naming profiles: under which names and classes the kinds appear in JupiterOne. A table, not a code path; which
//! properties they have is the table of [`properties`](super::properties).

use serde::{Deserialize, Serialize};

use super::{
    ids::TenantId,
    kind::{EdgeKind, EntityKind},
};

/// The names that entities and relationships carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Naming {
    /// `active_directory_*`, validated against data model 0.64: the mission's own.
    #[default]
    #[serde(rename = "active-directory")]
    ActiveDirectory,
    /// `azure_*`, as JupiterOne's own integration of that name emits them, validated against data model 0.54
    /// (`facts/jupiterone.md` §2.6).
    #[serde(rename = "graph-microsoft-365")]
    GraphMicrosoft365,
}

impl Naming {
    pub const ALL: [Self; 2] = [Self::ActiveDirectory, Self::GraphMicrosoft365];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "active-directory",
            Self::GraphMicrosoft365 => "graph-microsoft-365",
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
            (Self::GraphMicrosoft365, EntityKind::Account) => "microsoft_365_account",
            (Self::GraphMicrosoft365, EntityKind::User) => "azure_user",
            (Self::GraphMicrosoft365, EntityKind::Group) => "azure_user_group",
            (Self::GraphMicrosoft365, EntityKind::Member) => "azure_group_member",
        }
    }

    pub const fn entity_class(self, kind: EntityKind) -> &'static str {
        match kind {
            EntityKind::Account => "Account",
            EntityKind::User | EntityKind::Member => "User",
            EntityKind::Group => "UserGroup",
        }
    }

    pub const fn edge_type(self, kind: EdgeKind) -> &'static str {
        match (self, kind) {
            (Self::ActiveDirectory, EdgeKind::AccountUser) => "active_directory_account_has_user",
            (Self::ActiveDirectory, EdgeKind::AccountGroup) => "active_directory_account_has_user_group",
            (Self::ActiveDirectory, EdgeKind::GroupUser) => "active_directory_user_group_has_user",
            (Self::ActiveDirectory, EdgeKind::GroupGroup) => "active_directory_user_group_has_group",
            (Self::ActiveDirectory, EdgeKind::GroupMember) => "active_directory_user_group_has_group_member",
            (Self::GraphMicrosoft365, EdgeKind::AccountUser) => "microsoft_365_account_has_azure_user",
            (Self::GraphMicrosoft365, EdgeKind::AccountGroup) => "microsoft_365_account_has_azure_group",
            (Self::GraphMicrosoft365, EdgeKind::GroupUser | EdgeKind::GroupGroup | EdgeKind::GroupMember) => {
                "azure_group_has_member"
            }
        }
    }

    /// Whether entities of the kind are sent. What is not sent is only ever the far end of a mapped relationship.
    pub const fn sends(self, kind: EntityKind) -> bool {
        !matches!((self, kind), (Self::GraphMicrosoft365, EntityKind::Member))
    }

    /// Whether a group's members are mapped relationships, which tell of their far ends themselves, whoever these are.
    pub const fn maps_members(self) -> bool {
        matches!(self, Self::GraphMicrosoft365)
    }

    /// Whether the account carries what only the integration instance says: its id and its name.
    pub const fn needs_instance(self) -> bool {
        matches!(self, Self::GraphMicrosoft365)
    }

    /// Whether a blank display name is a name like any other.
    pub const fn keeps_blank_names(self) -> bool {
        matches!(self, Self::GraphMicrosoft365)
    }

    /// What the kind's class requires, null where there is nothing to say.
    pub const fn required(self, kind: EntityKind) -> &'static [&'static str] {
        match (self, kind) {
            (Self::ActiveDirectory, EntityKind::User | EntityKind::Member) => {
                &["username", "email", "shortLoginId", "firstName", "lastName"]
            }
            _ => &[],
        }
    }

    /// Every `_type` that an upload of this naming can hold, each once: entities first, then relationships.
    pub fn all_types(self) -> impl Iterator<Item = &'static str> {
        let edges = EdgeKind::ALL.map(|kind| self.edge_type(kind));
        let entities = EntityKind::ALL.into_iter().filter(move |kind| self.sends(*kind));
        let first = move |at: usize| !edges[..at].contains(&edges[at]);
        entities
            .map(move |kind| self.entity_type(kind))
            .chain((0..edges.len()).filter(move |at| first(*at)).map(move |at| edges[at]))
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

/// An integration instance, as far as the account is named by it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InstanceName {
    pub id: String,
    pub name: String,
}

/// A naming with all that it needs to name every object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Names {
    naming: Naming,
    instance: Option<InstanceName>,
}

/// What stands for an instance that nobody has named. To be looked at; jobs that send or write ask for a name first.
const NO_INSTANCE: &str = "(instance)";

impl Names {
    /// The names of an instance's objects; a naming that needs none takes nothing of it.
    pub fn of_instance(naming: Naming, instance: InstanceName) -> Self {
        Self { naming, instance: naming.needs_instance().then_some(instance) }
    }

    pub const fn naming(&self) -> Naming {
        self.naming
    }

    /// The account's `_key`; every other entity's key is its Graph object id.
    pub fn account_key(&self, tenant: &TenantId) -> String {
        let account = self.naming.entity_type(EntityKind::Account);
        match self.naming {
            Naming::ActiveDirectory => format!("{account}:{tenant}"),
            Naming::GraphMicrosoft365 => {
                format!("{account}-{}", self.instance.as_ref().map_or(NO_INSTANCE, |instance| &instance.id))
            }
        }
    }

    /// The account's `displayName`, where it is not the organization's.
    pub fn account_name(&self) -> Option<&str> {
        let named = self.instance.as_ref().map_or(NO_INSTANCE, |instance| &instance.name);
        self.naming.needs_instance().then_some(named)
    }
}

/// The names of a naming whose instance, if it needs one, is not known.
impl From<Naming> for Names {
    fn from(naming: Naming) -> Self {
        Self { naming, instance: None }
    }
}

impl From<&Names> for Names {
    fn from(names: &Names) -> Self {
        names.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_listed_once() {
        let check = |naming: Naming, want: &[&str]| {
            assert_eq!(naming.all_types().collect::<Vec<_>>(), want);
            assert_eq!(naming.as_str().parse::<Naming>().unwrap(), naming);
            assert_eq!(serde_json::json!(naming), naming.as_str());
        };
        check(
            Naming::ActiveDirectory,
            &[
                "active_directory_account",
                "active_directory_user",
                "active_directory_user_group",
                "active_directory_group_member",
                "active_directory_account_has_user",
                "active_directory_account_has_user_group",
                "active_directory_user_group_has_user",
                "active_directory_user_group_has_group",
                "active_directory_user_group_has_group_member",
            ],
        );
        check(
            Naming::GraphMicrosoft365,
            &[
                "microsoft_365_account",
                "azure_user",
                "azure_user_group",
                "microsoft_365_account_has_azure_user",
                "microsoft_365_account_has_azure_group",
                "azure_group_has_member",
            ],
        );
        assert!("azure".parse::<Naming>().unwrap_err().contains("graph-microsoft-365"));
    }
}
