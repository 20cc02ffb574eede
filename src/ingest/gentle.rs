//! The end of a run with the least load: groups are whole when the chain of changes that showed their members has ended,
//! but for those of which it may not have shown all.

use super::{
    Stop, checkpoint,
    engine::{Engine, Read},
    members::GroupRef,
};
use crate::{
    domain::completeness::{Collection, State},
    store::{ListEnd, MembersWrite, PageWrite, Via},
};

/// Groups that end in one transaction.
const AT_ONCE: usize = 500;

impl Engine {
    pub(super) async fn end_of_gentle_groups(&self, groups: &Read) -> Result<(), Stop> {
        // What a chain has not shown to its end is read group by group.
        if groups.end.state != State::Complete {
            return Ok(());
        }
        let shows = self.learned().delta_shows_service_principals == Some(true);
        let (mut whole, mut casts) = (Vec::new(), Vec::new());
        for group in self.groups_to_read().await? {
            if group.is_hidden() && !self.sees_hidden {
                // Its own list says whether it is hidden.
                continue;
            }
            if group.can_hold_service_principals() && !shows {
                casts.push(group);
            } else {
                whole.push(ended(&group, Vec::new(), ListEnd::COMPLETE));
            }
        }
        for some in whole.chunks(AT_ONCE) {
            self.keep_ended(some.to_vec()).await?;
        }
        for some in casts.chunks(AT_ONCE) {
            let read = self.casts(some.to_vec()).await;
            let mut page = Vec::with_capacity(read.len());
            for (group, listed) in read {
                page.push(match listed {
                    Ok(members) => ended(&group, members, ListEnd::COMPLETE),
                    // Its own list says whether it is.
                    Err(error) if error.is_gone() => continue,
                    Err(error) if error.is_unsupported() => {
                        ended(&group, Vec::new(), self.cast_refused(&group, &error))
                    }
                    Err(error) => {
                        self.still_there(&error).await?;
                        let end = checkpoint::end_of_group(&error, true, group.is_hidden());
                        self.tell(&group, &end);
                        ended(&group, Vec::new(), end)
                    }
                });
            }
            self.keep_ended(page).await?;
        }
        Ok(())
    }

    async fn keep_ended(&self, members: Vec<MembersWrite>) -> Result<(), Stop> {
        for _ in &members {
            self.watch.one_more(Collection::Memberships);
        }
        self.keeper.keep(PageWrite { members, ..PageWrite::default() }).await
    }
}

fn ended(group: &GroupRef, members: Vec<crate::store::MemberRef>, end: ListEnd) -> MembersWrite {
    MembersWrite { group: group.id().to_owned(), members, end: Some(end), reset: false, via: Via::List }
}
