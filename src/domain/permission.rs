//! Application permissions of Microsoft Graph: which of them is needed for what, and what is lost without it
//! (`facts/graph.md` §8.2). One table for the doctor, the ingestion's words and the registration's scripts.
//!
//! It only tells: what the service does with a request is what counts.

use serde::{Deserialize, Serialize};

/// An application permission: an app role of Microsoft Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// Its name, as in a token's `roles`.
    pub name: &'static str,
    /// The app role's ID in the global cloud; others may have their own, and are asked by name.
    pub id: &'static str,
    pub need: Need,
    /// What it is for.
    pub reads: &'static str,
    /// What a run lacks without it, as a clause.
    pub without: &'static str,
    /// Another name that is enough in its place.
    or: Option<&'static str>,
}

/// How much a run is worth without a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Nothing worth uploading.
    Required,
    /// Edges are whole; what is at their end has no name.
    Names,
    /// For what not every tenant has, or what is only read when asked for.
    Extra,
}

/// The one that stands for all of [`LEAST`] but the extra ones.
pub const DIRECTORY: &str = "Directory.Read.All";
pub const DIRECTORY_ID: &str = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";

/// All that is of use, one permission for each kind of thing.
pub const LEAST: [Permission; 8] = [
    Permission {
        name: "Organization.Read.All",
        id: "498476ce-e0fe-48b0-b801-37ba7e2685c6",
        need: Need::Required,
        reads: "the organization",
        without: "the account has no name and no domains",
        or: None,
    },
    Permission {
        name: "User.Read.All",
        id: "df021288-bdef-4463-88db-98f22de89214",
        need: Need::Required,
        reads: "users",
        without: "no users, no edges from the account to them; memberships lead to users without names",
        or: None,
    },
    Permission {
        name: "GroupMember.Read.All",
        id: "98830695-27a2-44f7-8c18-0c3ebc9698f6",
        need: Need::Required,
        reads: "groups and their members",
        without: "no groups, and none of their edges",
        or: Some("Group.Read.All"),
    },
    Permission {
        name: "OrgContact.Read.All",
        id: "e1a88a34-94c4-4418-be12-c87b00e26bea",
        need: Need::Names,
        reads: "names of contacts",
        without: "contacts in groups have an ID and no name",
        or: None,
    },
    Permission {
        name: "Device.Read.All",
        id: "7438b122-aefc-4978-80ed-43db9fcc7715",
        need: Need::Names,
        reads: "names and states of devices",
        without: "devices in groups have an ID, no name and no state",
        or: None,
    },
    Permission {
        name: "Application.Read.All",
        id: "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
        need: Need::Names,
        reads: "names and states of service principals",
        without: "service principals in groups have an ID, no name and no state",
        or: None,
    },
    Permission {
        name: "Member.Read.Hidden",
        id: "658aa5d8-239f-45c4-aa12-864f4fc7e490",
        need: Need::Extra,
        reads: "members of groups of hidden membership",
        without: "groups of hidden membership have no edges",
        or: None,
    },
    Permission {
        name: "AuditLog.Read.All",
        id: "b0afded3-3588-46d8-8b3d-9842eff778da",
        need: Need::Extra,
        reads: "when users last signed in",
        without: "no last sign-in, which is read only with --sign-in-activity",
        or: None,
    },
];

/// One line of the table: a permission, and whether the token has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub permission: String,
    pub need: Need,
    pub without: String,
    /// The role of the token that grants it: itself, or a wider one.
    pub granted_by: Option<String>,
}

/// The table for a token with these roles.
pub fn table(roles: &[String]) -> Vec<Row> {
    LEAST
        .iter()
        .map(|permission| Row {
            permission: permission.name.to_owned(),
            need: permission.need,
            without: permission.without.to_owned(),
            granted_by: permission.granted_by(roles).map(str::to_owned),
        })
        .collect()
}

/// What the roles do not grant of what is needed so much.
pub fn missing(roles: &[String], need: Need) -> impl Iterator<Item = &'static Permission> {
    LEAST.iter().filter(move |p| p.need == need && p.granted_by(roles).is_none())
}

/// Whether a run with these roles is worth something.
pub fn is_enough(roles: &[String]) -> bool {
    missing(roles, Need::Required).next().is_none()
}

impl Permission {
    /// The role that grants it; the narrowest of several.
    fn granted_by<'a>(&self, roles: &'a [String]) -> Option<&'a str> {
        let wider = (self.need != Need::Extra).then_some(DIRECTORY);
        let enough: Vec<_> = [Some(self.name), self.or, wider].into_iter().flatten().collect();
        let is = |role: &str, want: &str| role == want;
        let writes = |role: &str, want: &str| role == want.replace(".Read.", ".ReadWrite.");
        let find = |fits: &dyn Fn(&str, &str) -> bool| {
            enough.iter().find_map(|want| roles.iter().find(|role| fits(role, want)))
        };
        find(&is).or_else(|| find(&writes)).map(String::as_str)
    }

    /// Its names, any of which is enough: `GroupMember.Read.All or Group.Read.All`.
    pub fn names(&self) -> String {
        [Some(self.name), self.or].into_iter().flatten().collect::<Vec<_>>().join(" or ")
    }
}

/// Whether a role lets its holder do more than read. One that reads says so in its name; `Sites.Selected` and its like
/// allow nothing by themselves.
pub fn does_more_than_read(role: &str) -> bool {
    let reads = role.split('.').any(|part| part.starts_with("Read") && !part.starts_with("ReadWrite"));
    !reads && !role.ends_with(".Selected")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(roles: &[&str]) -> Vec<String> {
        roles.iter().map(|r| (*r).to_owned()).collect()
    }

    #[test]
    fn what_is_missing() {
        let check = |roles: &[&str], required: usize, names: usize, extra: usize| {
            let roles = owned(roles);
            let count = |need| missing(&roles, need).count();
            assert_eq!((count(Need::Required), count(Need::Names), count(Need::Extra)), (required, names, extra));
            assert_eq!(is_enough(&roles), required == 0);
            let granted = table(&roles).iter().filter(|row| row.granted_by.is_some()).count();
            assert_eq!(granted, LEAST.len() - required - names - extra, "{roles:?}");
        };
        check(&[], 3, 3, 2);
        check(&["Directory.Read.All"], 0, 0, 2);
        check(&["Directory.ReadWrite.All"], 0, 0, 2);
        check(&["Directory.Read.All", "Member.Read.Hidden", "AuditLog.Read.All"], 0, 0, 0);
        check(&["Organization.Read.All", "User.ReadWrite.All", "Group.Read.All"], 0, 3, 2);
        check(&["Organization.Read.All", "User.Read.All", "GroupMember.Read.All", "Device.Read.All"], 0, 2, 2);
        check(&["User.ReadBasic.All", "Application.ReadWrite.OwnedBy", "user.read.all"], 3, 3, 2);
    }

    #[test]
    fn the_narrowest_role_is_named() {
        let check = |roles: &[&str], name: &str, want: Option<&str>| {
            let table = table(&owned(roles));
            let row = table.iter().find(|row| row.permission == name).unwrap();
            assert_eq!(row.granted_by.as_deref(), want, "{roles:?}");
        };
        check(&["Directory.Read.All", "User.Read.All"], "User.Read.All", Some("User.Read.All"));
        check(&["Directory.ReadWrite.All", "Directory.Read.All"], "Device.Read.All", Some("Directory.Read.All"));
        check(&["Group.ReadWrite.All"], "GroupMember.Read.All", Some("Group.ReadWrite.All"));
        check(&["Directory.Read.All"], "Member.Read.Hidden", None);
    }

    #[test]
    fn who_may_do_more_than_read() {
        let more = "Directory.ReadWrite.All Mail.Send Exchange.ManageAsApp Application.ReadWrite.OwnedBy \
            Sites.FullControl.All User.Invite.All full_access_as_app RoleManagement.ReadWrite.Directory \
            User-PasswordProfile.ReadWrite.All User.EnableDisableAccount.All";
        let reads = "Directory.Read.All Member.Read.Hidden User.ReadBasic.All Mail.Read Mail.ReadBasic.All \
            RoleManagement.Read.Directory Sites.Selected";
        more.split_whitespace().for_each(|role| assert!(does_more_than_read(role), "{role}"));
        reads.split_whitespace().for_each(|role| assert!(!does_more_than_read(role), "{role}"));
    }

    #[test]
    fn ids_are_ids_and_one_each() {
        let mut ids: Vec<_> = LEAST.iter().map(|p| p.id).chain([DIRECTORY_ID]).collect();
        assert!(ids.iter().all(|id| crate::domain::ids::is_guid_shaped(id)));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), LEAST.len() + 1);
    }
}
