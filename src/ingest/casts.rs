//! Casts that the service refused: whether their groups may be complete all the same.
//!
//! A group that cannot hold service principals refuses to be asked for them (facts: graph.md §5), and is complete without.
//! So may a whole service, of which nobody knows then who is in any group. Which of the two it is shows at the end of a
//! run: until then such a group counts as partial, in the store, so that nothing is forgotten over a run that is cut off.

use std::sync::atomic::Ordering;

use super::{
    Stop,
    check::is_service_principal,
    engine::Engine,
    members::{GroupRef, Source},
};
use crate::{
    domain::{
        completeness::{CASTS_REFUSED, Collection, State},
        progress::Level,
    },
    graph::GraphError,
    store::{ListEnd, MembersWrite, PageWrite, StoreError, Via, Writer},
};

/// Groups that are asked once more, where every cast so far was refused.
const ASKED_AGAIN: usize = 20;
/// Groups among which they are looked for, in the store.
const LOOKED_THROUGH: usize = 200;

impl Engine {
    /// How the list of a group ends for now whose service principals the service does not tell.
    pub(super) fn cast_refused(&self, group: &GroupRef, error: &GraphError) -> ListEnd {
        if !self.casts_refused.swap(true, Ordering::Relaxed) {
            let problem = error.problem();
            let line = format!("service principals of \"{}\" are not told: {}", group.name(), problem.line());
            self.watch.log(Level::Warning, line, Some(problem));
        }
        ListEnd {
            state: State::Partial,
            code: Some(CASTS_REFUSED.to_owned()),
            request_id: error.request_id().map(str::to_owned),
            reason: Some("its service principals are not told".to_owned()),
        }
    }

    /// Ends the memberships, and in the same transaction the lists of groups whose casts were refused: as partial where a
    /// service principal is held that nothing named now, else as complete. Where no cast at all is served, nobody knows
    /// of any more of them, and the end says so.
    pub(super) async fn end_memberships(&self, end: ListEnd, delta: bool) -> Result<(), Stop> {
        let (collection, mut page) = (Collection::Memberships, PageWrite::default());
        let mut end = end;
        let told = self.left_at(collection).and_then(|at| at.end.as_ref()?.code.as_deref()) == Some(CASTS_REFUSED);
        // What is not whole for another reason is looked at again when it is.
        if end.state == State::Complete {
            let served = self.judge_casts(&mut page).await?;
            if !served || told {
                self.watch.log(Level::Warning, NOT_TOLD.to_owned(), None);
                end.code = Some(CASTS_REFUSED.to_owned());
            }
        }
        self.end_with(collection, self.watch.done_of(collection), end, delta, page).await
    }

    /// As [`end_memberships`](Self::end_memberships), for a selection: where no cast is served, its groups stay partial.
    pub(super) async fn end_selected_casts(&self) -> Result<(), Stop> {
        let mut page = PageWrite::default();
        if self.judge_casts(&mut page).await? { self.keeper.keep(page).await } else { Ok(()) }
    }

    /// The groups whose casts were refused and that may be complete, onto a page. Returns whether casts are served at all.
    async fn judge_casts(&self, page: &mut PageWrite) -> Result<bool, Stop> {
        let refused = self.keeper.ask(refused).await?;
        if refused.is_empty() {
            return Ok(true);
        }
        let served = self.lists.is_served(Source::ServicePrincipals) || self.is_any_cast_served().await?;
        for (group, end, lacks) in refused {
            if lacks {
                self.tell(&group, &end);
                continue;
            }
            page.members.push(MembersWrite {
                group: group.id().to_owned(),
                end: Some(ListEnd::COMPLETE),
                via: Via::List,
                ..MembersWrite::default()
            });
        }
        Ok(served)
    }

    /// Asks some groups that this run has whole, and that can hold service principals: an earlier process may have been
    /// served, or another run.
    async fn is_any_cast_served(&self) -> Result<bool, Stop> {
        let draw =
            |w: &mut Writer, run: crate::domain::ids::RunId| w.some_groups(run, LOOKED_THROUGH, run.0.unsigned_abs());
        let some = self.keeper.ask(draw).await?;
        let some: Vec<GroupRef> = some
            .iter()
            .map(|group| GroupRef::of(&group.id, &group.raw))
            .filter(GroupRef::can_hold_service_principals)
            .take(ASKED_AGAIN)
            .collect();
        let lists: Vec<(Source, &GroupRef)> = some.iter().map(|g| (Source::ServicePrincipals, g)).collect();
        self.ask_lists(&lists).await;
        Ok(self.lists.is_served(Source::ServicePrincipals))
    }
}

const NOT_TOLD: &str =
    "the service tells of no group which service principals are in it: what is known of them goes on";

/// The groups whose casts were refused, how their lists ended, and whether a service principal is held of them that this
/// run did not see.
fn refused(writer: &mut Writer, run: crate::domain::ids::RunId) -> Result<Vec<(GroupRef, ListEnd, bool)>, StoreError> {
    let mut out = Vec::new();
    for (group, end) in writer.ended_with(run, CASTS_REFUSED)? {
        let lacks = writer.unnamed_members(run, &group.id)?.iter().any(|m| is_service_principal(&m.odata_type));
        out.push((GroupRef::of(&group.id, &group.raw), end, lacks));
    }
    Ok(out)
}
