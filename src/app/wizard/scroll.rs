//! Where a page begins on the screen. How far it goes is known once it is drawn.

use crate::app::list::Move;

/// Lines below a place. Keys that change a page put it back to where its field is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scroll {
    /// Below where the field in focus is seen; on a page without fields that is the top.
    Field(u16),
    /// Below the top: somebody paged up, to read what stands above the fields.
    Top(u16),
}

impl Default for Scroll {
    fn default() -> Self {
        Self::Field(0)
    }
}

impl Scroll {
    pub(super) fn moved(self, to: Move, page: u16) -> Self {
        match (self, to) {
            (Self::Field(_), Move::Top) | (Self::Field(0), Move::Up | Move::PageUp) => Self::Top(0),
            (Self::Field(lines), to) => Self::Field(to.scroll(lines, page)),
            (Self::Top(lines), to) => Self::Top(to.scroll(lines, page)),
        }
    }

    /// The first line to be drawn, and the furthest that this can be moved, on a page that begins at `field` where its
    /// field is seen and at `most` where its end is.
    pub fn place(self, field: u16, most: u16) -> (u16, u16) {
        let field = field.min(most);
        match self {
            Self::Field(lines) => (field.saturating_add(lines).min(most), most - field),
            Self::Top(lines) => (lines.min(most), most),
        }
    }

    pub(in crate::app) fn keep_in_reach(&mut self, reach: u16) {
        let (Self::Field(lines) | Self::Top(lines)) = self;
        *lines = reach.min(*lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_a_page_is_reached_from_its_field() {
        // Twenty lines on seven rows, the field on the last ones.
        let check = |moves: &[Move], want: u16| {
            let mut scroll = Scroll::default();
            for to in moves {
                scroll = scroll.moved(*to, 5);
                scroll.keep_in_reach(scroll.place(9, 13).1);
            }
            assert_eq!(scroll.place(9, 13).0, want, "{moves:?}");
        };
        check(&[], 9);
        check(&[Move::PageDown], 13);
        check(&[Move::PageDown, Move::PageDown, Move::PageDown, Move::PageUp], 9);
        check(&[Move::PageUp], 0);
        check(&[Move::PageUp, Move::PageUp, Move::PageDown], 5);
        check(&[Move::PageUp, Move::Bottom], 13);
        check(&[Move::Down, Move::Top], 0);
    }
}
