//! How far a collection has been read, and how it ended: what the store keeps with each page.

use crate::{
    domain::completeness::{Collection, State},
    graph::GraphError,
    store::{Checkpoint, ListEnd},
};

/// How a list ended whose next page could not be read. `began`: some of it was read before.
pub(super) fn end_of(error: &GraphError, began: bool) -> ListEnd {
    let state = if error.is_forbidden() && !began { State::Forbidden } else { State::Partial };
    with_state(error, state)
}

/// As [`end_of`], for the members of one group: it may be gone, and it may be meant to be hidden.
pub(super) fn end_of_group(error: &GraphError, began: bool, hidden: bool) -> ListEnd {
    let state = if error.is_gone() {
        State::Gone
    } else if error.is_forbidden() && !began && hidden {
        State::Hidden
    } else {
        return end_of(error, began);
    };
    with_state(error, state)
}

fn with_state(error: &GraphError, state: State) -> ListEnd {
    ListEnd {
        state,
        code: error.code().map(str::to_owned),
        request_id: error.request_id().map(str::to_owned),
        reason: Some(error.problem().summary),
    }
}

/// How the memberships as a whole ended, after the groups they belong to: without all groups there are not all members,
/// and a member of whom nothing could be found out is none that was read.
pub(super) fn end_of_memberships(groups: &ListEnd, unknown: Option<ListEnd>) -> ListEnd {
    match groups.state {
        State::Complete => unknown.unwrap_or(ListEnd::COMPLETE),
        state => ListEnd {
            state: if state == State::Forbidden { State::Forbidden } else { State::Partial },
            reason: Some("the groups were not read to their end".to_owned()),
            ..groups.clone()
        },
    }
}

/// `delta`: what the pages do not name is as it was.
pub(super) fn reached(
    collection: Collection,
    next_link: Option<String>,
    done: u64,
    total: Option<u64>,
    delta: bool,
) -> Checkpoint {
    Checkpoint { collection, next_link, done, total, end: None, delta }
}

pub(super) fn ended(collection: Collection, done: u64, end: ListEnd, delta: bool) -> Checkpoint {
    let total = (end.state == State::Complete).then_some(done);
    Checkpoint { collection, next_link: None, done, total, end: Some(end), delta }
}
