//! What the mouse does to the browser.

use super::{
    super::{Fx, Model, list::Move, overlay::Overlay},
    Shows, Tab,
    columns::{self, Layout},
    fetch, lists, page,
    popup::Popup,
};
use crate::domain::column::Column;

/// Chooses a row; whether it was chosen before.
pub fn click_row(model: &mut Model, row: u64, fx: &mut Fx) -> bool {
    let page = page(model);
    let view = model.browse.view_mut();
    if let Shows::Why(reasons) = &mut view.shows {
        let again = reasons.point(usize::try_from(row).unwrap_or(usize::MAX));
        fetch(model, fx);
        return again;
    }
    if let Shows::Near(around) = &mut view.shows {
        return around.point(usize::try_from(row).unwrap_or(usize::MAX));
    }
    let window = &mut view.window;
    let again = window.cursor == row;
    window.point(row, page);
    fetch(model, fx);
    again
}

/// Chooses a line of what is open over the list; whether it was chosen before.
pub fn click_line(model: &mut Model, line: usize) -> bool {
    let Some(Overlay::Browse(popup)) = model.overlays.last_mut() else { return false };
    let again = popup.chosen() == line;
    *popup = popup.at(line);
    again && !matches!(popup, Popup::Words { .. })
}

pub fn click_tab(model: &mut Model, tab: usize, fx: &mut Fx) {
    if let Some(tab) = Tab::ALL.get(tab) {
        model.browse.go_to(*tab, fx);
        fetch(model, fx);
    }
}

/// Orders by the column whose head was clicked; again: the other way round.
pub fn click_head(model: &mut Model, column: Column, fx: &mut Fx) {
    let Some(layout) = Layout::of(&model.browse.view().shows) else { return };
    columns::sort_by(model, layout, column);
    lists::relaid(&mut model.browse, layout, true, fx);
    fetch(model, fx);
}

/// The wheel over what stands beside the list: it is scrolled, and the list stays.
pub fn wheel_side(model: &mut Model, to: Move) {
    let scroll = to.scroll(model.browse.beside(), 1);
    model.browse.scroll_beside(scroll);
}
