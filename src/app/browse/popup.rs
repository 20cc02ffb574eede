//! What opens over a list: its order, its columns, its facets, what can be copied or written, the filter's language.

use super::{
    super::{Fx, Model, command::Action, list::Move, overlay::Overlay},
    columns::{self, Layout},
    copy, facets, fetch, lists, near,
};
use crate::domain::{column::Column, near::Drawing};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Popup {
    Sort {
        chosen: usize,
    },
    Columns {
        chosen: usize,
    },
    Facets {
        chosen: usize,
    },
    Copy {
        chosen: usize,
    },
    Export {
        chosen: usize,
    },
    /// The neighbourhood on the screen, for another program.
    Draw {
        chosen: usize,
    },
    /// The filter's language.
    Words {
        scroll: u16,
    },
}

/// The popup that has the keys.
pub(in crate::app) fn top(m: &Model) -> Option<Popup> {
    match m.overlays.last() {
        Some(Overlay::Browse(popup)) => Some(*popup),
        _ => None,
    }
}

pub(in crate::app) fn sorts(m: &Model) -> bool {
    matches!(top(m), Some(Popup::Sort { .. }))
}

pub(in crate::app) fn lays_out(m: &Model) -> bool {
    matches!(top(m), Some(Popup::Columns { .. }))
}

pub(in crate::app) fn counts(m: &Model) -> bool {
    matches!(top(m), Some(Popup::Facets { .. }))
}

pub(in crate::app) fn copies(m: &Model) -> bool {
    matches!(top(m), Some(Popup::Copy { .. }))
}

pub(in crate::app) fn exports(m: &Model) -> bool {
    matches!(top(m), Some(Popup::Export { .. }))
}

pub(in crate::app) fn draws(m: &Model) -> bool {
    matches!(top(m), Some(Popup::Draw { .. }))
}

pub(in crate::app) fn explains(m: &Model) -> bool {
    matches!(top(m), Some(Popup::Words { .. }))
}

/// The columns in the popup: those that are shown, in their order, and then the others.
pub fn columns_in_order(m: &Model, layout: Layout) -> Vec<Column> {
    let mut all = m.browse.columns(layout);
    let others: Vec<Column> = layout.offers().into_iter().filter(|column| !all.contains(column)).collect();
    all.extend(others);
    all
}

/// How many lines the popup has to choose from.
fn lines(m: &Model, popup: Popup) -> usize {
    let layout = Layout::of(&m.browse.view().shows);
    match popup {
        Popup::Sort { .. } => layout.map_or(0, |layout| layout.offers().len()),
        Popup::Columns { .. } => layout.map_or(0, |layout| columns_in_order(m, layout).len()),
        Popup::Facets { .. } => m.browse.facets.all.len(),
        Popup::Copy { .. } => copy::offers(m).len(),
        Popup::Export { .. } => copy::FORMS.len(),
        Popup::Draw { .. } => Drawing::ALL.len(),
        Popup::Words { .. } => 0,
    }
}

impl Popup {
    pub const fn chosen(self) -> usize {
        match self {
            Self::Sort { chosen }
            | Self::Columns { chosen }
            | Self::Facets { chosen }
            | Self::Copy { chosen }
            | Self::Export { chosen }
            | Self::Draw { chosen } => chosen,
            Self::Words { .. } => 0,
        }
    }

    pub(super) const fn at(self, chosen: usize) -> Self {
        match self {
            Self::Sort { .. } => Self::Sort { chosen },
            Self::Columns { .. } => Self::Columns { chosen },
            Self::Facets { .. } => Self::Facets { chosen },
            Self::Copy { .. } => Self::Copy { chosen },
            Self::Export { .. } => Self::Export { chosen },
            Self::Draw { .. } => Self::Draw { chosen },
            Self::Words { scroll } => Self::Words { scroll },
        }
    }

    /// Nothing is scrolled further than there is something to be seen.
    pub(in crate::app) fn keep_in_reach(&mut self, reach: u16) {
        if let Self::Words { scroll } = self {
            *scroll = reach.min(*scroll);
        }
    }
}

fn put(model: &mut Model, popup: Popup) {
    if let Some(Overlay::Browse(here)) = model.overlays.last_mut() {
        *here = popup;
    }
}

fn moved(model: &mut Model, popup: Popup, to: Move) {
    if let Popup::Words { scroll } = popup {
        return put(model, Popup::Words { scroll: to.scroll(scroll, 10) });
    }
    let at = u16::try_from(popup.chosen()).unwrap_or(u16::MAX);
    let chosen = usize::from(to.scroll(at, 8)).min(lines(model, popup).saturating_sub(1));
    put(model, popup.at(chosen));
}

pub(in crate::app) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    let Some(popup) = top(model) else { return };
    let chosen = popup.chosen();
    match (action, popup) {
        (Action::Back, _) => {
            model.overlays.pop();
        }
        (Action::Move(to), _) => moved(model, popup, to),
        (Action::Filter, _) => {
            model.overlays.pop();
            super::act(model, Action::Filter, fx);
        }
        (_, Popup::Sort { .. }) => sort(model, action, chosen, fx),
        (_, Popup::Columns { .. }) => lay_out(model, action, chosen, fx),
        (Action::Continue | Action::Toggle, Popup::Facets { .. }) => facets::toggle(model, chosen, fx),
        (Action::Continue, Popup::Copy { .. }) => {
            model.overlays.pop();
            copy::take(model, chosen, fx);
        }
        (Action::Continue, Popup::Export { .. }) => {
            model.overlays.pop();
            copy::export(model, chosen, fx);
        }
        (Action::Continue, Popup::Draw { .. }) => {
            model.overlays.pop();
            near::draw(model, chosen, fx);
        }
        _ => {}
    }
}

fn sort(model: &mut Model, action: Action, chosen: usize, fx: &mut Fx) {
    let Some(layout) = Layout::of(&model.browse.view().shows) else { return };
    let Some(column) = layout.offers().get(chosen).copied() else { return };
    match action {
        Action::Continue => columns::sort_by(model, layout, column),
        Action::Toggle => columns::then_by(model, layout, column),
        Action::Usual => model.browse.layouts.entry(layout).or_default().sort.clear(),
        _ => return,
    }
    lists::relaid(&mut model.browse, layout, true, fx);
    fetch(model, fx);
}

fn lay_out(model: &mut Model, action: Action, chosen: usize, fx: &mut Fx) {
    let Some(layout) = Layout::of(&model.browse.view().shows) else { return };
    let Some(column) = columns_in_order(model, layout).get(chosen).copied() else { return };
    match action {
        Action::Continue | Action::Toggle => columns::toggle(model, layout, column),
        Action::Shift(by) => {
            columns::shift(model, layout, column, by);
        }
        Action::Usual => model.browse.layouts.entry(layout).or_default().columns = None,
        _ => return,
    }
    // The cursor stays on its column, wherever that is now.
    let at = columns_in_order(model, layout).iter().position(|c| *c == column).unwrap_or(chosen);
    put(model, Popup::Columns { chosen: at });
    lists::relaid(&mut model.browse, layout, false, fx);
    fetch(model, fx);
}
