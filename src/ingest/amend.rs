//! Reading again: a run on the newest finished one that reads what is named anew, and has everything else as it was.
//!
//! It is a run of changes to whom nobody tells any: lists that are not read are as if nothing in them had changed, and the
//! links to changes stay where they were, so that the next run reads from there. What is read anew may be newer than
//! these links; changes that are told twice come to the same. Nothing is compared with the service's totals: they are of
//! today. Such a run is not gone on with when it was cut off: it is soon asked for again.

use std::collections::{BTreeSet, HashSet};

use tokio::sync::mpsc;

use super::{
    Stop, checkpoint,
    decide::{self, Decision, Grounds, Method, Unfinished},
    engine::{Engine, Read, id_key},
    members::{Before, GroupRef},
    plan::Step,
};
use crate::{
    domain::{
        completeness::{Collection, GapScope, State},
        explore::Again,
        finding::again_words,
        ids::RunId,
        kind::EntityKind,
        problem::Problem,
        reading::RunKind,
        text,
    },
    store::{DeltaGround, ListEnd, PageWrite, Writer},
};

/// Behind the fingerprint of a plan: what it read was not everything, and is not gone on with.
const MARK: &str = "+again";
/// More than this many things are not named one by one.
const MOST_NAMED: usize = 3;

/// What is read anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amend {
    /// As it was asked for.
    pub asked: Vec<Again>,
    /// Groups whose members are, by their ids.
    pub named: BTreeSet<String>,
    pub users: bool,
    pub groups: bool,
    /// The members of all groups; for them the groups are listed anew as well.
    pub members: bool,
    /// The groups' link to changes, which outlives their list.
    pub groups_link: Option<String>,
}

/// What a collection that is not read is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub link: Option<String>,
    pub end: ListEnd,
}

/// Why nothing can be read again by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotAmend {
    #[error("an interrupted run is not finished")]
    Unfinished(#[from] Unfinished),
    #[error("there is no finished run yet to which something could be read again")]
    NoRun,
    #[error("run {run} did not read the list of groups to its end: read that again first")]
    GroupsFirst { run: RunId },
    #[error("run {run} holds no group {id}")]
    NoSuchGroup { run: RunId, id: String },
    #[error("a selection cannot be read again by itself")]
    OfASelection,
}

impl CannotAmend {
    pub fn problem(&self) -> Problem {
        let problem = |code: &str, hint: &str| Problem::new(self.to_string()).code(code).hint(hint);
        match self {
            Self::Unfinished(_) => {
                problem("unfinished_run", "Finish it with `tenantry collect`, or drop it with --fresh.")
            }
            Self::NoRun => problem("no_run", "Run `tenantry collect` first, and let it finish."),
            Self::GroupsFirst { .. } => {
                problem("groups_first", "`tenantry collect --again groups` reads the groups and all their members.")
            }
            Self::NoSuchGroup { .. } => problem(
                "no_such_group",
                "Give the object ID of a group that the newest finished run holds: see `tenantry list groups`.",
            ),
            Self::OfASelection => problem("usage", "Leave out what selects a part of the directory."),
        }
    }
}

/// The plan under which such a run is kept.
pub(super) fn marked(plan: &str) -> String {
    format!("{plan}{MARK}")
}

/// The plan without the mark.
pub(super) fn unmarked(plan: &str) -> &str {
    plan.strip_suffix(MARK).unwrap_or(plan)
}

pub(super) fn is_marked(plan: &str) -> bool {
    plan.ends_with(MARK)
}

/// Decides how what is asked for is read again. Whether the store holds the groups is asked of it.
///
/// # Errors
///
/// Where it cannot be done.
pub fn decide(grounds: &Grounds<'_>) -> Result<Decision, CannotAmend> {
    let Grounds { ask, plan, leftover, ground, .. } = grounds;
    if ask.scope.is_some() {
        return Err(CannotAmend::OfASelection);
    }
    let dropped = match leftover {
        Some(left) => match decide::why_dropped(grounds, left) {
            None => return Err(Unfinished { run: left.run }.into()),
            Some(why) => Some((left.run, why)),
        },
        None => None,
    };
    let run = ground.run.ok_or(CannotAmend::NoRun)?;
    let of = |collection: Collection| ask.again.contains(&Again::Collection(collection.as_str().to_owned()));
    let named = ask.again.iter().filter_map(|again| match again {
        Again::Group(id) => Some(id.clone()),
        Again::Collection(_) => None,
    });
    let groups_whole = kept_end(ground, Collection::Groups) == ListEnd::COMPLETE;
    let mut amend = Amend {
        asked: ask.again.clone(),
        named: named.collect(),
        users: of(Collection::Users),
        groups: of(Collection::Groups) || of(Collection::Memberships),
        members: of(Collection::Memberships),
        groups_link: None,
    };
    if !groups_whole {
        if !amend.groups {
            // Others need not hang on the groups, but what groups there are says who is a member.
            return Err(CannotAmend::GroupsFirst { run });
        }
        // Of groups that come to light now nobody knows any member, and no link tells of the others'.
        amend.members = true;
    }
    // Under another plan the links are worth nothing.
    let link = |collection: Collection| {
        let is_same = unmarked(&ground.plan) == *plan;
        ground.links.get(&collection).filter(|_| is_same).cloned()
    };
    let method = |collection: Collection, anew: bool| match anew {
        true => Method::List,
        false => Method::AsItWas(Box::new(Kept { link: link(collection), end: kept_end(ground, collection) })),
    };
    amend.groups_link = link(Collection::Groups);
    Ok(Decision {
        kind: RunKind::Delta,
        because: format!("{}; everything else is as run {run} has it", words(&ask.again)),
        resume: None,
        dropped,
        users: method(Collection::Users, amend.users),
        groups: method(Collection::Groups, amend.groups),
        amend: Some(amend),
    })
}

/// How the newest finished run came to the end of a collection.
fn kept_end(ground: &DeltaGround, collection: Collection) -> ListEnd {
    let gap = ground.gaps.iter().find(|gap| gap.scope == GapScope::Collection && gap.id == collection.as_str());
    gap.map_or(ListEnd::COMPLETE, |gap| ListEnd {
        state: gap.state,
        code: gap.code.clone(),
        request_id: gap.request_id.clone(),
        reason: Some("as the run before left it".to_owned()),
    })
}

fn words(again: &[Again]) -> String {
    match again.len() {
        0..=MOST_NAMED => again.iter().map(again_words).collect::<Vec<_>>().join(", "),
        many => text::counted(many as u64, "thing"),
    }
}

impl Engine {
    /// Reads what is named, and nothing else.
    pub(super) async fn amend(&self, amend: &Amend) -> Result<(), Stop> {
        // What is known of sign-ins stays, although nobody asks.
        self.keeper.ask(|writer, run| writer.end_sign_ins(run, true)).await?;
        if !amend.members {
            // Lists that the run before lacks stay as they are, but for those that are named.
            let lacking = self.groups_to_read().await?;
            let alone = lacking.iter().filter(|group| !amend.named.contains(group.id()));
            self.leave_alone(alone.map(|group| id_key(group.id())).collect::<HashSet<u128>>());
        }
        let users = Box::pin(self.users()).await?;
        let groups = Box::pin(self.amend_groups(amend)).await?;
        let named: Vec<String> = amend.named.iter().cloned().collect();
        if !amend.members {
            let stored = self.keeper.ask(move |writer: &mut Writer, run| writer.groups_named(run, &named)).await?;
            self.watch.total(Collection::Memberships, stored.len() as u64);
            let named = stored.iter().map(|group| GroupRef::of(&group.id, &group.raw).with(Before::Some)).collect();
            Box::pin(self.members_of(named)).await?;
        }
        Box::pin(self.look_for_lost_groups()).await?;
        let late = self.groups_to_read().await?;
        Box::pin(self.members_of(late)).await?;
        let whole = |read: &Read| read.end.state == State::Complete;
        let unknown = Box::pin(self.settle(whole(&users), whole(&groups))).await?;
        let end = match amend.members {
            true => checkpoint::end_of_memberships(&groups.end, unknown),
            // Lists of members do not hang on the list of groups that was read now.
            false => unknown.unwrap_or(ListEnd::COMPLETE),
        };
        Box::pin(self.end_memberships(end, !amend.members)).await
    }

    async fn amend_groups(&self, amend: &Amend) -> Result<Read, Stop> {
        let collection = Collection::Groups;
        if amend.members {
            let (send, receive) = mpsc::unbounded_channel();
            let (groups, ()) = tokio::try_join!(Box::pin(self.groups(send)), Box::pin(self.members(receive)))?;
            return Ok(groups);
        }
        self.watch.begin(Collection::Memberships);
        let read = match &self.decision.groups {
            Method::AsItWas(kept) => self.kept(collection, kept).await?,
            _ => {
                // Changes of members are told by this link only: a new one would be too new for them.
                self.keep_link(collection, amend.groups_link.clone()).await?;
                let end = self.list(collection, EntityKind::Group, Step::Groups, |_, _, _| {}).await?;
                Read { end, delta: false, changed: Vec::new() }
            }
        };
        // From here on a group has the members that it had, unless its list is read.
        let checkpoint = Some(checkpoint::ended(Collection::Memberships, 0, ListEnd::COMPLETE, true));
        self.keeper.keep(PageWrite { checkpoint, ..PageWrite::default() }).await?;
        Ok(read)
    }

    /// A collection that is as it was, gap and link included.
    pub(super) async fn kept(&self, collection: Collection, kept: &Kept) -> Result<Read, Stop> {
        self.watch.begin(collection);
        self.keep_link(collection, kept.link.clone()).await?;
        let held = self.held(collection).await?;
        self.watch.held(collection, held);
        self.end(collection, held, kept.end.clone(), true).await?;
        Ok(Read { end: kept.end.clone(), delta: true, changed: Vec::new() })
    }
}
