//! The mouse: what was drawn where, and what a click or the wheel means there.
//!
//! Drawing collects the spots; nothing here guesses where anything is. The terminal's events are matched against the
//! spots by the driver, so that what reaches [`update`](super::update) names things, not cells.

use super::{Fx, Model, browse, command::Action, list::Move, overlay::Overlay, profiles};
use crate::domain::column::Column;

/// Some cells of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

impl Area {
    pub const fn holds(self, x: u16, y: u16) -> bool {
        x >= self.x && x - self.x < self.width && y >= self.y && y - self.y < self.height
    }
}

/// Cells that mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    pub area: Area,
    pub target: Target,
}

/// What is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A key hint, or a step of the rail: what its key does.
    Do(Action),
    /// A row of whatever has the arrow keys, counted from its beginning.
    Row(u64),
    /// A tab, counted from the left.
    Tab(usize),
    /// The head of a column.
    Head(Column),
    /// What stands beside a list and is about its selected row.
    Side,
    /// Whatever has the arrow keys: only the wheel means something.
    Main,
    /// Below a popup: nothing.
    Covered,
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointer {
    Click,
    WheelUp,
    WheelDown,
}

/// What lies uppermost there.
pub fn target(spots: &[Spot], x: u16, y: u16) -> Option<Target> {
    spots.iter().rev().find(|spot| spot.area.holds(x, y)).map(|spot| spot.target)
}

/// Rows that the wheel moves at a time.
const STEP: usize = 3;

pub(super) fn pointed(model: &mut Model, pointer: Pointer, target: Target, fx: &mut Fx) {
    match (pointer, target) {
        (_, Target::Covered) | (Pointer::Click, Target::Main | Target::Side) => {}
        (Pointer::Click, Target::Do(action)) => super::act(model, action, fx),
        (Pointer::Click, Target::Row(row)) => click_row(model, row, fx),
        (Pointer::Click, Target::Tab(tab)) => browse::click_tab(model, tab, fx),
        (Pointer::Click, Target::Head(column)) => browse::click_head(model, column, fx),
        (Pointer::WheelUp | Pointer::WheelDown, target) => {
            let to = if pointer == Pointer::WheelUp { Move::Up } else { Move::Down };
            for _ in 0..STEP {
                match target {
                    Target::Side => browse::wheel_side(model, to),
                    _ => super::act(model, Action::Move(to), fx),
                }
            }
        }
    }
}

/// The first click chooses a row, the next one on it does what Enter would.
fn click_row(model: &mut Model, row: u64, fx: &mut Fx) {
    let place = usize::try_from(row).unwrap_or(usize::MAX);
    let again = match model.overlays.last_mut() {
        Some(Overlay::Palette(finder) | Overlay::Help(finder)) => std::mem::replace(&mut finder.chosen, place) == place,
        Some(Overlay::How { chosen } | Overlay::Export { chosen }) => std::mem::replace(chosen, place) == place,
        Some(Overlay::Browse(_)) => browse::click_line(model, place),
        Some(_) => return,
        None => match model.place {
            super::Place::Browse => browse::click_row(model, row, fx),
            super::Place::Profiles => profiles::click_row(model, place),
            super::Place::Dashboard => super::dashboard::click_row(model, place),
            _ => return,
        },
    };
    if again {
        super::act(model, Action::Continue, fx);
    }
}
