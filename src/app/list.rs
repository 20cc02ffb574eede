//! A window onto a long list: the cursor, what is on the screen, and the rows that have been fetched around it.
//!
//! The list never jumps under the cursor: when rows come anew, the cursor stays on its row's id, and that row on its
//! line of the screen.

use super::msg::JobId;
use crate::domain::view::{Row, Rows};

#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListWindow {
    /// Of the whole list, as the filter leaves it. `None`: not known yet.
    pub total: Option<u64>,
    /// The selected row.
    pub cursor: u64,
    /// The first row on the screen.
    pub top: u64,
    /// The first fetched row's place, and the rows.
    pub offset: u64,
    pub rows: Vec<Row>,
    /// The answer that is waited for.
    pub pending: Option<JobId>,
}

/// How the cursor moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
}

impl Move {
    /// Scrolls a page of text. How far it goes is known once it is drawn ([`Msg::Drawn`](super::Msg::Drawn)).
    pub fn scroll(self, at: u16, page: u16) -> u16 {
        match self {
            Self::Up => at.saturating_sub(1),
            Self::Down => at.saturating_add(1),
            Self::PageUp => at.saturating_sub(page),
            Self::PageDown => at.saturating_add(page),
            Self::Top => 0,
            Self::Bottom => u16::MAX,
        }
    }
}

impl ListWindow {
    pub fn row(&self, index: u64) -> Option<&Row> {
        self.rows.get(usize::try_from(index.checked_sub(self.offset)?).ok()?)
    }

    pub fn selected(&self) -> Option<&Row> {
        self.row(self.cursor)
    }

    pub fn go(&mut self, to: Move, page: u64) {
        let last = self.total.unwrap_or(0).saturating_sub(1);
        let page = page.max(1);
        self.cursor = match to {
            Move::Up => self.cursor.saturating_sub(1),
            Move::Down => self.cursor + 1,
            Move::PageUp => self.cursor.saturating_sub(page),
            Move::PageDown => self.cursor + page,
            Move::Top => 0,
            Move::Bottom => last,
        }
        .min(last);
        self.top = top_for(self.cursor, self.top, page);
    }

    /// The screen has `page` lines now.
    pub fn resize(&mut self, page: u64) {
        self.top = top_for(self.cursor, self.top, page);
    }

    /// What is to be fetched so that a page from `top` can be shown: offset and limit. `None` if it is there.
    pub fn missing(&self, page: u64) -> Option<(u64, u64)> {
        let end = (self.top + page).min(self.total.unwrap_or(u64::MAX));
        let have = self.offset..self.offset + self.rows.len() as u64;
        let there = self.total.is_some() && (self.top >= end || (have.contains(&self.top) && end <= have.end));
        // A page before and two after, so that paging does not wait.
        (!there).then(|| (self.top.saturating_sub(page), (page * 4).clamp(60, 1_000)))
    }

    /// Takes rows in, with the cursor staying on its row where that row is among them.
    pub fn take(&mut self, answer: Rows, page: u64) {
        let on = self.selected().map(key);
        let line = self.cursor.saturating_sub(self.top);
        self.total = Some(answer.total);
        self.offset = answer.query.offset;
        self.rows = answer.rows;
        if let Some(place) = on.and_then(|on| self.rows.iter().position(|r| key(r) == on)) {
            self.cursor = self.offset + place as u64;
            self.top = self.cursor.saturating_sub(line);
        }
        self.cursor = self.cursor.min(answer.total.saturating_sub(1));
        self.top = top_for(self.cursor, self.top, page);
    }
}

/// What makes a row itself: an edge's far end occurs many times.
fn key(row: &Row) -> (String, Option<String>) {
    (row.id.clone(), row.edge.as_ref().map(|e| e.from_id.clone()))
}

/// The first line to show so that the cursor is on a page of `page` lines, moving as little as possible.
pub fn top_for(cursor: u64, top: u64, page: u64) -> u64 {
    top.clamp((cursor + 1).saturating_sub(page.max(1)), cursor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        kind::EntityKind,
        view::{List, Query},
    };

    fn rows(ids: &[&str], offset: u64, total: u64) -> Rows {
        let row = |id: &&str| Row {
            id: (*id).to_owned(),
            kind: EntityKind::User,
            name: (*id).to_owned(),
            second: String::new(),
            label: String::new(),
            count: None,
            state: None,
            edge: None,
            depth: None,
            in_cycle: false,
            cells: Vec::new(),
        };
        let query = Query { offset, ..Query::of(List::Users) };
        Rows::new(query, total, ids.iter().map(row).collect())
    }

    #[test]
    fn the_list_does_not_jump_under_the_cursor() {
        let mut list = ListWindow::default();
        list.take(rows(&["b", "d", "f"], 0, 3), 2);
        list.go(Move::Down, 2);
        list.go(Move::Down, 2);
        assert_eq!((list.selected().unwrap().id.as_str(), list.top), ("f", 1));
        list.take(rows(&["a", "b", "c", "d", "e", "f", "g"], 0, 7), 2);
        assert_eq!((list.selected().unwrap().id.as_str(), list.cursor, list.top), ("f", 5, 4));
    }

    #[test]
    fn moves_stay_inside() {
        let check = |moves: &[Move], want: (u64, u64)| {
            let mut list = ListWindow { total: Some(10), ..ListWindow::default() };
            moves.iter().for_each(|m| list.go(*m, 4));
            assert_eq!((list.cursor, list.top), want, "{moves:?}");
        };
        check(&[Move::Up], (0, 0));
        check(&[Move::Bottom], (9, 6));
        check(&[Move::Bottom, Move::Down, Move::Up], (8, 6));
        check(&[Move::PageDown, Move::PageDown], (8, 5));
        check(&[Move::PageDown, Move::PageUp], (0, 0));
        check(&[Move::Bottom, Move::Top], (0, 0));
        let mut empty = ListWindow { total: Some(0), ..ListWindow::default() };
        empty.go(Move::Down, 4);
        assert_eq!(empty.cursor, 0);
    }

    #[test]
    fn only_what_is_missing_is_fetched() {
        let mut list = ListWindow::default();
        assert_eq!(list.missing(20), Some((0, 80)));
        list.take(rows(&["a", "b"], 0, 2), 20);
        assert_eq!(list.missing(20), None);
        list.total = Some(5_000);
        assert_eq!(list.missing(20), Some((0, 80)));
        list.go(Move::Bottom, 20);
        assert_eq!(list.missing(20), Some((4_960, 80)));
        list.take(rows(&[], 0, 0), 20);
        assert_eq!((list.missing(20), list.cursor), (None, 0));
    }
}
