//! Completeness as data: nothing incomplete is ever taken for complete, and a refused request is no empty list.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    kind::{EdgeKind, EntityKind},
    naming::Naming,
};

/// What a run reads, pane by pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collection {
    Account,
    Users,
    Groups,
    /// The members of every group; counted in groups.
    Memberships,
}

impl Collection {
    pub const ALL: [Self; 4] = [Self::Account, Self::Users, Self::Groups, Self::Memberships];

    /// Its name in reports and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Memberships => "memberships",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == text)
    }
}

/// How whole a collection, or one group's member list, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Complete,
    /// Some of it was read; the gap says why it ended.
    Partial,
    /// The service refused it (401 or 403).
    Forbidden,
    /// A group of hidden membership that the app may not see into.
    Hidden,
    /// The group vanished between the list and its members (404).
    Gone,
}

impl State {
    pub const ALL: [Self; 5] = [Self::Complete, Self::Partial, Self::Forbidden, Self::Hidden, Self::Gone];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Forbidden => "forbidden",
            Self::Hidden => "hidden",
            Self::Gone => "gone",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// Whether nothing is missing: a group that is gone has no members to miss.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Complete | Self::Gone)
    }
}

/// Of what a gap is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapScope {
    Collection,
    Group,
    /// Members of one kind, whose properties the app may not read. That they are members is known.
    Kind,
}

/// Something that is not complete, as reports list it under `incomplete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub scope: GapScope,
    /// A [`Collection`]'s name, the group's object id, or the kind as Graph names it (`device`).
    pub id: String,
    /// A [`Collection`]'s name, the group's display name, or the kind's in words.
    pub name: String,
    pub state: State,
    /// The service's own code, such as `Authorization_RequestDenied`; else a word for what happened (`timeout`).
    pub code: Option<String>,
    pub request_id: Option<String>,
    /// Whether the profile accepts this gap.
    pub accepted: bool,
    /// What is carried forward from an earlier run in its place: that run's time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stale_since: Option<jiff::Timestamp>,
}

/// The code of what lacks service principals, as far as anybody can say, because the service does not tell them.
pub const CASTS_REFUSED: &str = "service_principals_refused";

impl Gap {
    /// Whether somebody should know: something is missing, and the profile does not accept that it is.
    pub const fn is_open(&self) -> bool {
        !self.accepted && !self.state.is_whole()
    }

    /// Whether the missing part is made up for by what an earlier run of the same store read completely.
    pub const fn is_carried_forward(&self) -> bool {
        self.stale_since.is_some()
    }
}

/// A gap that a profile accepts: of this list, in this state. In another state it is news again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedGap {
    pub scope: GapScope,
    /// As [`Gap::id`].
    pub id: String,
    pub state: State,
}

impl From<&Gap> for AcceptedGap {
    fn from(gap: &Gap) -> Self {
        Self { scope: gap.scope, id: gap.id.clone(), state: gap.state }
    }
}

/// Marks the gaps that are accepted, and no others. What is accepted is still missing: it exempts its types from deletion
/// as ever.
pub fn accept(gaps: &mut [Gap], accepted: &[AcceptedGap]) {
    for gap in gaps {
        gap.accepted = accepted.iter().any(|a| a.scope == gap.scope && a.state == gap.state && a.id == gap.id);
    }
}

/// Kinds of which something is held and not sent, because it is not valid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excluded {
    pub entities: BTreeSet<EntityKind>,
    pub edges: BTreeSet<EdgeKind>,
}

/// The `_type`s that an upload must exempt from deletion: where something may exist on the other side that this store
/// neither holds nor could read, or that is not sent. Gaps that an earlier complete read makes up for exempt nothing.
pub fn partial_types(naming: Naming, gaps: &[Gap], excluded: &Excluded) -> BTreeSet<String> {
    let Excluded { mut entities, mut edges } = excluded.clone();
    for gap in gaps.iter().filter(|g| !g.state.is_whole() && !g.is_carried_forward()) {
        let collection = match gap.scope {
            GapScope::Collection => Collection::parse(&gap.id),
            GapScope::Group => Some(Collection::Memberships),
            // Each of them is an entity by its id, and no edge is missing.
            GapScope::Kind if gap.state == State::Forbidden => continue,
            // Some may not even be known.
            GapScope::Kind => {
                entities.insert(EntityKind::Member);
                continue;
            }
        };
        match collection {
            Some(Collection::Account) => {
                entities.insert(EntityKind::Account);
            }
            Some(Collection::Users) => {
                entities.insert(EntityKind::User);
            }
            // Without the groups, their members were not read either: those that are no users are known only so.
            Some(Collection::Groups) => {
                entities.extend([EntityKind::Group, EntityKind::Member]);
            }
            Some(Collection::Memberships) | None => {
                entities.insert(EntityKind::Member);
                edges.extend([EdgeKind::GroupUser, EdgeKind::GroupGroup, EdgeKind::GroupMember]);
            }
        }
    }
    // Every relationship type that touches an entity that may be missing.
    edges.extend(EdgeKind::ALL.into_iter().filter(|e| {
        let (from, to) = e.ends();
        entities.contains(&from) || entities.contains(&to)
    }));
    entities
        .into_iter()
        .filter(|k| naming.sends(*k))
        .map(|k| naming.entity_type(k))
        .chain(edges.into_iter().map(|k| naming.edge_type(k)))
        .map(str::to_owned)
        .collect()
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Still being written by a process that holds the store's lock.
    Running,
    Complete,
    /// Finished, with gaps.
    Partial,
    Failed,
    /// Cancelled or cut off; what was read is kept and shown, and never uploaded. The next collection goes on with it.
    Interrupted,
    /// A selection, read to its end: to be looked at, and never uploaded.
    Scoped,
}

impl RunStatus {
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Complete, Self::Partial, Self::Failed, Self::Interrupted, Self::Scoped];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Scoped => "scoped",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// Whether preview, upload and export may use it.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Complete | Self::Partial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(scope: GapScope, id: &str, state: State, stale: bool) -> Gap {
        Gap {
            scope,
            id: id.to_owned(),
            name: id.to_owned(),
            state,
            code: None,
            request_id: None,
            accepted: false,
            stale_since: stale.then_some(jiff::Timestamp::UNIX_EPOCH),
        }
    }

    #[test]
    fn what_is_accepted_is_no_news_until_it_changes() {
        let accepted = [AcceptedGap { scope: GapScope::Group, id: "g".to_owned(), state: State::Hidden }];
        let check = |scope, id, state, want: bool| {
            let mut gaps = [gap(scope, id, state, false)];
            accept(&mut gaps, &accepted);
            assert_eq!((gaps[0].accepted, gaps[0].is_open()), (want, !want), "{id} {state:?}");
            assert!(!partial_types(Naming::ActiveDirectory, &gaps, &Excluded::default()).is_empty());
            accept(&mut gaps, &[]);
            assert!(gaps[0].is_open());
        };
        check(GapScope::Group, "g", State::Hidden, true);
        check(GapScope::Group, "g", State::Forbidden, false);
        check(GapScope::Group, "h", State::Hidden, false);
    }

    /// Memberships are of one type there, whoever is a member; and what is no entity is none that could be deleted.
    #[test]
    fn mapped_types_are_exempt_too() {
        let check = |id: &str, state, want: &[&str]| {
            let gaps = [gap(GapScope::Collection, id, state, false)];
            assert_eq!(
                partial_types(Naming::GraphMicrosoft365, &gaps, &Excluded::default()).into_iter().collect::<Vec<_>>(),
                want
            );
        };
        check(
            "users",
            State::Forbidden,
            &["azure_group_has_member", "azure_user", "microsoft_365_account_has_azure_user"],
        );
        check(
            "groups",
            State::Partial,
            &["azure_group_has_member", "azure_user_group", "microsoft_365_account_has_azure_group"],
        );
        check("memberships", State::Partial, &["azure_group_has_member"]);
    }

    #[test]
    fn what_is_not_sent_is_not_deleted() {
        let check = |entities: &[EntityKind], edges: &[EdgeKind], want: &[&str]| {
            let excluded =
                Excluded { entities: entities.iter().copied().collect(), edges: edges.iter().copied().collect() };
            let types = partial_types(Naming::ActiveDirectory, &[], &excluded);
            assert_eq!(types.into_iter().collect::<Vec<_>>(), want);
        };
        check(
            &[EntityKind::Member],
            &[],
            &["active_directory_group_member", "active_directory_user_group_has_group_member"],
        );
        check(&[], &[EdgeKind::GroupUser], &["active_directory_user_group_has_user"]);
    }

    #[test]
    fn what_may_exist_unseen_is_not_deleted() {
        let check = |gaps: &[Gap], want: &[&str]| {
            assert_eq!(
                partial_types(Naming::ActiveDirectory, gaps, &Excluded::default()).into_iter().collect::<Vec<_>>(),
                want
            );
        };
        check(&[], &[]);
        check(&[gap(GapScope::Group, "g", State::Gone, false)], &[]);
        check(&[gap(GapScope::Collection, "users", State::Forbidden, true)], &[]);
        check(&[gap(GapScope::Kind, "device", State::Forbidden, false)], &[]);
        let of_members = ["active_directory_group_member", "active_directory_user_group_has_group_member"];
        check(&[gap(GapScope::Kind, "servicePrincipal", State::Partial, false)], &of_members);
        check(&[gap(GapScope::Kind, "servicePrincipal", State::Partial, true)], &[]);
        check(
            &[gap(GapScope::Collection, "users", State::Forbidden, false)],
            &["active_directory_account_has_user", "active_directory_user", "active_directory_user_group_has_user"],
        );
        check(
            &[gap(GapScope::Group, "g", State::Hidden, false)],
            &[
                "active_directory_group_member",
                "active_directory_user_group_has_group",
                "active_directory_user_group_has_group_member",
                "active_directory_user_group_has_user",
            ],
        );
        check(
            &[gap(GapScope::Collection, "groups", State::Partial, false)],
            &[
                "active_directory_account_has_user_group",
                "active_directory_group_member",
                "active_directory_user_group",
                "active_directory_user_group_has_group",
                "active_directory_user_group_has_group_member",
                "active_directory_user_group_has_user",
            ],
        );
    }
}
