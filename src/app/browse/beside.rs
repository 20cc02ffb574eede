//! How far the pane beside a list is scrolled: as long as the same line is selected, and from its top for another.

use super::{Browse, Shows, Tab};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beside {
    of: Option<Line>,
    scroll: u16,
}

/// Which line it is about.
type Line = (Tab, usize, u64);

impl Browse {
    fn line(&self) -> Line {
        let view = self.view();
        let cursor = match &view.shows {
            Shows::Why(reasons) => reasons.cursor as u64,
            _ => view.window.cursor,
        };
        (self.tab, self.trail.len(), cursor)
    }

    /// How far it is scrolled.
    pub fn beside(&self) -> u16 {
        if self.side.of == Some(self.line()) { self.side.scroll } else { 0 }
    }

    pub(super) fn scroll_beside(&mut self, scroll: u16) {
        self.side = Beside { of: Some(self.line()), scroll };
    }

    /// What was drawn of it can be scrolled no further, and no more columns do not fit.
    pub(in crate::app) fn keep_in_reach(&mut self, beside: u16, columns: u16) {
        self.side.scroll = self.side.scroll.min(beside);
        let panned = &mut self.view_mut().panned;
        *panned = columns.min(*panned);
    }
}
