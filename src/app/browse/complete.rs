//! How the word that is being typed into a filter may go on: fields, and the words that a field takes.

use super::{
    super::{Fx, Model, field::TextField},
    lists,
};
use crate::domain::filter::{self, Completion};

/// What could come next, the likely first. Nothing is said of a word of one letter: everything would be.
pub fn completions(m: &Model) -> Vec<Completion> {
    let view = m.browse.view();
    let (before, behind) = view.filter.halves();
    if !m.browse.filtering || !behind.is_empty() {
        return Vec::new();
    }
    let part = before.rsplit(char::is_whitespace).next().unwrap_or_default().trim_start_matches('!');
    let is_begun = part.chars().count() > 1;
    if is_begun { filter::complete(before, view.scope()) } else { Vec::new() }
}

pub(in crate::app) fn can_complete(m: &Model) -> bool {
    !completions(m).is_empty()
}

/// Takes the first of them.
pub(super) fn take(model: &mut Model, fx: &mut Fx) {
    if let Some(first) = completions(model).into_iter().next() {
        lists::filter_changed(model, |field| *field = TextField::of(&first.filter), fx);
    }
}
