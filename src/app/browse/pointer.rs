//! What the mouse does to the browser.

use super::{
    super::{Fx, Model, command::Action, list::Move},
    View, page,
};
use crate::domain::{column::Column, view::List};

/// Chooses a row; whether it was chosen before.
pub fn click_row(model: &mut Model, row: u64, fx: &mut Fx) -> bool {
    let page = page(model);
    let window = &mut model.browse.view_mut().window;
    let again = window.cursor == row;
    window.point(row, page);
    super::fetch(model, fx);
    again
}

pub fn click_tab(model: &mut Model, tab: usize, fx: &mut Fx) {
    let by = i8::try_from(tab).unwrap_or(0) - i8::try_from(model.browse.tab).unwrap_or(0);
    if tab < List::ALL.len() {
        super::act(model, Action::Tab(by), fx);
    }
}

/// A head that was clicked.
pub fn click_head(_: &mut Model, _: Column, _: &mut Fx) {}

/// The wheel over what stands beside the list.
pub fn wheel_side(model: &mut Model, to: Move, fx: &mut Fx) {
    let _: &View = model.browse.view();
    super::super::act(model, Action::Move(to), fx);
}
