//! What is read, as data: which requests, with which fields, and why. The engine runs it; it asks nothing itself.
//!
//! Users come in one chain, although it is the critical path of a large tenant. To split it takes filters, and a proof that
//! the parts are all; but filters and `$count` are answered from an index that is only eventually consistent (facts:
//! graph.md §5), so that both may leave out the same user.

use crate::{
    domain::{
        kind::EntityKind,
        properties::{select, select_member},
        reading::RunKind,
    },
    graph::{Get, segment, text_literal},
};

/// Every kind of read of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    Organization,
    UserTotal,
    GroupTotal,
    /// Where what changes from here on can be read.
    UserLink,
    GroupLink,
    Users,
    Groups,
    /// The members of fifteen groups at once, as far as `$expand` shows them.
    Expansion,
    Members,
    ServicePrincipalMembers,
    /// Some groups' lists, to compare with what the expansion showed.
    Sample,
    /// What changed since a link was given.
    UserChanges,
    GroupChanges,
    /// Everything, by a delta chain from its beginning.
    GentleUsers,
    GentleGroups,
    MissingUser,
    MissingGroup,
    OtherMembers,
    Contacts,
    Devices,
    ServicePrincipals,
    AnyObject,
    /// When users last signed in.
    SignIns,
}

/// How often a step is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Once,
    /// By nextLinks, one page after the other.
    Chain,
    /// For each group, in batches; long lists by nextLinks.
    EachGroup,
    /// For each id, in batches.
    EachId,
    /// For so many ids a request.
    Ids(usize),
}

/// The steps of a run, in the order in which they begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub steps: Vec<Step>,
}

impl Plan {
    /// What a run of this kind may ask.
    pub fn of(kind: RunKind, sign_ins: bool) -> Self {
        use Step::*;
        let steps: &[Step] = match kind {
            RunKind::Full => &[
                Organization,
                UserTotal,
                GroupTotal,
                UserLink,
                GroupLink,
                Users,
                Groups,
                Expansion,
                Members,
                ServicePrincipalMembers,
                Sample,
                UserChanges,
                GroupChanges,
            ],
            RunKind::Gentle => &[
                Organization,
                UserTotal,
                GroupTotal,
                GentleUsers,
                GentleGroups,
                Members,
                ServicePrincipalMembers,
                UserChanges,
                GroupChanges,
            ],
            RunKind::Delta => {
                &[Organization, UserTotal, GroupTotal, UserChanges, GroupChanges, Members, ServicePrincipalMembers]
            }
            RunKind::Scoped => &[Organization, Users, Groups, Expansion, Members, ServicePrincipalMembers, Sample],
        };
        let last = [MissingUser, MissingGroup, OtherMembers, Contacts, Devices, ServicePrincipals, AnyObject];
        let sign_ins = sign_ins.then_some(SignIns);
        Self { steps: steps.iter().copied().chain(last).chain(sign_ins).collect() }
    }
}

impl Step {
    /// What the step asks for. `of` is what it is asked of: the id of a group or an object, or several.
    pub fn get(self, of: &[&str]) -> Get {
        let get = self.plain(of);
        // Casts and counts are advanced queries; the header is repeated on every page.
        match self {
            Self::UserTotal | Self::GroupTotal => get.eventual(),
            Self::ServicePrincipalMembers => get.advanced(),
            _ => get,
        }
    }

    /// As [`get`](Self::get), without advanced query parameters.
    pub(super) fn plain(self, of: &[&str]) -> Get {
        let id = || segment(of.first().copied().unwrap_or_default());
        let any_of = || of.iter().map(|id| text_literal(id)).collect::<Vec<_>>().join(",");
        Get::new(&match self {
            Self::Organization => format!("/v1.0/organization?$select={}", self.select()),
            Self::UserTotal => "/v1.0/users/$count".to_owned(),
            Self::GroupTotal => "/v1.0/groups/$count".to_owned(),
            // The fields are part of the token: what is asked for here is what all later rounds show.
            Self::UserLink => format!("/v1.0/users/delta?$select={}&$deltatoken=latest", self.select()),
            Self::GroupLink => format!("/v1.0/groups/delta?$select={}&$deltatoken=latest", self.select()),
            Self::GentleUsers | Self::UserChanges => format!("/v1.0/users/delta?$select={}", self.select()),
            Self::GentleGroups | Self::GroupChanges => format!("/v1.0/groups/delta?$select={}", self.select()),
            Self::Users => format!("/v1.0/users?$select={}&$top=999", self.select()),
            Self::Groups => format!("/v1.0/groups?$select={}&$top=999", self.select()),
            Self::Expansion => {
                format!("/v1.0/groups?$select=id&$filter=id in ({})&$expand=members($select=id)", any_of())
            }
            Self::Members | Self::Sample => format!("/v1.0/groups/{}/members?$select=id&$top=999", id()),
            Self::ServicePrincipalMembers => {
                format!("/v1.0/groups/{}/members/microsoft.graph.servicePrincipal?$select=id&$top=999", id())
            }
            Self::MissingUser => format!("/v1.0/users/{}?$select={}", id(), self.select()),
            Self::MissingGroup => format!("/v1.0/groups/{}?$select={}", id(), self.select()),
            Self::OtherMembers => format!("/v1.0/directoryObjects/getByIds?$select={}", self.select()),
            Self::Contacts => format!("/v1.0/contacts?$select={}&$filter=id in ({})", self.select(), any_of()),
            Self::Devices => format!("/v1.0/devices?$select={}&$filter=id in ({})", self.select(), any_of()),
            Self::ServicePrincipals => {
                format!("/v1.0/servicePrincipals?$select={}&$filter=id in ({})", self.select(), any_of())
            }
            Self::AnyObject => format!("/v1.0/directoryObjects/{}", id()),
            // More than 500 are not given at once where this field is asked for (facts: graph.md §2).
            Self::SignIns => format!("/v1.0/users?$select={}&$top=500", self.select()),
        })
    }

    /// What it reads, in a few words.
    pub fn what(self) -> &'static str {
        match self {
            Self::Organization => "the account",
            Self::UserTotal => "the number of users",
            Self::GroupTotal => "the number of groups",
            Self::UserLink => "a link to changes of users",
            Self::GroupLink => "a link to changes of groups",
            Self::Users | Self::GentleUsers => "users",
            Self::Groups => "groups",
            Self::GentleGroups => "groups and their members",
            Self::Expansion => "members, fifteen groups at once",
            Self::Members => "members, group by group",
            Self::ServicePrincipalMembers => "service principals, group by group",
            Self::Sample => "members, to compare",
            Self::UserChanges => "changes of users",
            Self::GroupChanges => "changes of groups",
            Self::MissingUser => "users that no list named",
            Self::MissingGroup => "groups that no list named",
            Self::OtherMembers => "other members",
            Self::Contacts => "contacts",
            Self::Devices => "devices",
            Self::ServicePrincipals => "service principals",
            Self::AnyObject => "members of an unknown kind",
            Self::SignIns => "sign-ins",
        }
    }

    /// The fields it asks for, from the table of properties.
    pub fn select(self) -> String {
        match self {
            Self::Organization => select(EntityKind::Account),
            Self::Users | Self::UserLink | Self::UserChanges | Self::GentleUsers | Self::MissingUser => {
                select(EntityKind::User)
            }
            Self::Groups | Self::MissingGroup => select(EntityKind::Group),
            Self::GroupLink | Self::GroupChanges | Self::GentleGroups => {
                format!("{},members", select(EntityKind::Group))
            }
            Self::OtherMembers => select(EntityKind::Member),
            Self::Contacts => select_member("orgContact"),
            Self::Devices => select_member("device"),
            Self::ServicePrincipals => select_member("servicePrincipal"),
            Self::SignIns => "id,signInActivity".to_owned(),
            Self::Expansion | Self::Members | Self::Sample | Self::ServicePrincipalMembers => "id".to_owned(),
            Self::UserTotal | Self::GroupTotal | Self::AnyObject => String::new(),
        }
    }

    pub fn how(self) -> How {
        match self {
            Self::Organization | Self::UserTotal | Self::GroupTotal | Self::UserLink | Self::GroupLink => How::Once,
            Self::Users
            | Self::Groups
            | Self::UserChanges
            | Self::GroupChanges
            | Self::GentleUsers
            | Self::GentleGroups
            | Self::SignIns => How::Chain,
            Self::Members | Self::Sample | Self::ServicePrincipalMembers => How::EachGroup,
            Self::MissingUser | Self::MissingGroup | Self::AnyObject => How::EachId,
            Self::OtherMembers => How::Ids(crate::graph::MOST_IDS),
            // A 16th value is refused: "Max allowed: 15" (facts: graph.md §15).
            Self::Expansion | Self::Contacts | Self::Devices | Self::ServicePrincipals => How::Ids(15),
        }
    }

    pub fn why(self) -> &'static str {
        match self {
            Self::Organization => "the account, and proof that it is the tenant that was meant",
            Self::UserTotal | Self::GroupTotal => "a total to measure progress against; the run does without",
            Self::Users => "every user, guests too, in one chain: parts of it could not be proven to be all",
            Self::Groups => "every group",
            Self::Expansion => {
                "who is in fifteen groups at once, as far as it shows them: short lists whole, long ones cut"
            }
            Self::Members => "who is in each group of which that may not be all",
            Self::ServicePrincipalMembers => {
                "service principals in groups that can hold them, which the list of members leaves out"
            }
            Self::Sample => "some lists both ways, drawn at random: a shortcut that loses a member is given up",
            Self::UserLink | Self::GroupLink => "where what changes during the run, and until the next, can be read",
            Self::UserChanges => "users that came, changed or went since the link was given",
            Self::GroupChanges => "groups and memberships that came, changed or went since the link was given",
            Self::GentleUsers => "every user, a few at a time: the least load, not the least time",
            Self::GentleGroups => "every group and its members, a few at a time: the least load, not the least time",
            Self::SignIns => "when users last signed in; slow, apart from the rest, and never waited for",
            Self::MissingUser => "members that should be users and were not listed: new, or gone",
            Self::MissingGroup => "members that should be groups and were not listed: new, or gone",
            Self::OtherMembers => "names and states of contacts, devices, service principals and anything new",
            Self::Contacts | Self::Devices | Self::ServicePrincipals => {
                "what is not answered by ids, or is answered without its properties"
            }
            Self::AnyObject => "whether a member that nobody answers for is gone or only unreadable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_a_request() {
        let check = |step: Step, of: &[&str], want: &str| {
            let get = step.get(of);
            assert!(get.path().starts_with("/v1.0/"), "{step:?}");
            assert!(get.path().contains(want), "{step:?}: {}", get.path());
            assert!(!step.why().is_empty());
        };
        for kind in RunKind::ALL {
            for step in Plan::of(kind, true).steps {
                check(step, &["a"], "");
            }
        }
        check(
            Step::Expansion,
            &["a", "b"],
            "/groups?$select=id&$filter=id%20in%20('a','b')&$expand=members($select=id)",
        );
        check(Step::GroupLink, &[], ",members&$deltatoken=latest");
        check(Step::UserLink, &[], "/users/delta?$select=");
        check(Step::Users, &[], "onPremisesSyncEnabled");
        check(Step::Users, &[], "&$top=999");
        check(Step::Members, &["../x"], "/groups/..%2Fx/members?$select=id&$top=999");
        check(Step::Contacts, &["a", "b'c"], "$filter=id%20in%20('a','b%27%27c')");
        assert!(Step::ServicePrincipalMembers.get(&["g"]).is_eventual());
        assert!(!Step::Members.get(&["g"]).is_eventual());
        assert_eq!(Step::Devices.how(), How::Ids(15));
    }
}
