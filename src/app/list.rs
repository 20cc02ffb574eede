//! A window onto a long list: the cursor, what is on the screen, and the rows that have been fetched around it.
//!
//! The list never jumps under the cursor: when rows come anew, the cursor stays on its row, and that row on its line of
//! the screen. Rows of an old question stay until those of the new one are there. What a row is, is no matter here.

use super::msg::JobId;

/// Something that can stand in a list: it is known again when rows come anew.
pub trait Keyed {
    type Key: PartialEq;

    fn key(&self) -> Self::Key;
}

#[derive(Debug, Clone, PartialEq)]
pub struct ListWindow<R> {
    /// Of the whole list, as the filter leaves it. `None`: not known yet.
    pub total: Option<u64>,
    /// The selected row.
    pub cursor: u64,
    /// The first row on the screen.
    pub top: u64,
    /// The first fetched row's place, and the rows.
    pub offset: u64,
    pub rows: Vec<R>,
    /// The answer that is waited for.
    pub pending: Option<JobId>,
    pub fresh: Fresh,
}

/// Of what the rows are that are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fresh {
    /// Of what is asked for.
    Yes,
    /// Of the same, but of before: the cursor follows its row once they come anew.
    #[default]
    Old,
    /// Of another question: once its rows come, the cursor goes there, on a screen that begins with the second.
    Other(u64, u64),
}

/// Rows from a place on, of so many in all.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk<R> {
    pub offset: u64,
    pub total: u64,
    pub rows: Vec<R>,
}

impl<R> Default for ListWindow<R> {
    fn default() -> Self {
        Self { total: None, cursor: 0, top: 0, offset: 0, rows: Vec::new(), pending: None, fresh: Fresh::default() }
    }
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

    /// Where it leads from a row of so many.
    pub fn of(self, count: u64, at: u64, page: u64) -> u64 {
        let last = count.saturating_sub(1);
        match self {
            Self::Up => at.saturating_sub(1),
            Self::Down => at.saturating_add(1),
            Self::PageUp => at.saturating_sub(page),
            Self::PageDown => at.saturating_add(page),
            Self::Top => 0,
            Self::Bottom => last,
        }
        .min(last)
    }

    /// As [`Move::of`], of lines in memory.
    pub fn of_lines(self, count: usize, at: usize, page: u16) -> usize {
        self.of(count as u64, at as u64, page.into()) as usize
    }
}

impl<R: Keyed> ListWindow<R> {
    pub fn row(&self, index: u64) -> Option<&R> {
        self.rows.get(usize::try_from(index.checked_sub(self.offset)?).ok()?)
    }

    /// The row under the cursor; none while the rows are of another question, lest a key mean what will be gone.
    pub fn selected(&self) -> Option<&R> {
        self.row(self.cursor).filter(|_| !self.is_of_another())
    }

    pub const fn is_of_another(&self) -> bool {
        matches!(self.fresh, Fresh::Other(..))
    }

    /// Whether all rows of what is asked for are here.
    pub fn is_whole(&self) -> bool {
        self.fresh == Fresh::Yes && self.total == Some(self.rows.len() as u64)
    }

    /// The rows are to come anew, and the cursor is to stay on its own.
    pub const fn renew(&mut self) {
        if !self.is_of_another() {
            self.fresh = Fresh::Old;
        }
    }

    /// Something else is asked for: the cursor goes there once its rows come.
    pub const fn ask_another(&mut self, cursor: u64, top: u64) {
        self.fresh = Fresh::Other(cursor, top);
    }

    pub fn go(&mut self, to: Move, page: u64) {
        let page = page.max(1);
        self.cursor = to.of(self.total.unwrap_or(0), self.cursor, page);
        self.top = top_for(self.cursor, self.top, page);
    }

    /// The cursor goes to this row, without any going along.
    pub fn point(&mut self, row: u64, page: u64) {
        self.cursor = row.min(self.total.unwrap_or(0).saturating_sub(1));
        self.top = top_for(self.cursor, self.top, page.max(1));
    }

    /// The screen has `page` lines now.
    pub fn resize(&mut self, page: u64) {
        self.top = top_for(self.cursor, self.top, page);
    }

    /// What is to be fetched so that a page from `top` can be shown, and the cursor can go on from there: offset and
    /// limit. `None` if it is there.
    pub fn missing(&self, page: u64) -> Option<(u64, u64)> {
        let top = match self.fresh {
            Fresh::Other(_, top) => top,
            Fresh::Yes | Fresh::Old => self.top,
        };
        // Half a page more than is seen, so that who holds a key down meets no gap.
        let last = self.total.unwrap_or(u64::MAX);
        let (from, to) = (top.saturating_sub(page / 2), (top + page + page / 2).min(last));
        let have = self.offset..self.offset + self.rows.len() as u64;
        let there = self.fresh == Fresh::Yes && (from >= to || (have.start <= from && to <= have.end));
        (!there).then(|| (top.saturating_sub(page), (page * 4).clamp(60, 1_000)))
    }

    /// Whether these rows are those that the screen needs now.
    pub fn wants(&self, chunk: &Chunk<R>, page: u64) -> bool {
        self.is_of_another()
            || self.total.is_none()
            || chunk.rows.is_empty()
            || (chunk.offset <= self.top
                && (self.top + page).min(chunk.total) <= chunk.offset + chunk.rows.len() as u64)
    }

    /// Takes rows in, with the cursor staying on its row where that row is among them.
    pub fn take(&mut self, chunk: Chunk<R>, page: u64) {
        let on = self.selected().map(Keyed::key);
        let line = self.cursor.saturating_sub(self.top);
        if let Fresh::Other(cursor, top) = self.fresh {
            (self.cursor, self.top) = (cursor, top);
        }
        self.fresh = Fresh::Yes;
        self.total = Some(chunk.total);
        self.offset = chunk.offset;
        self.rows = chunk.rows;
        if let Some(place) = on.and_then(|on| self.rows.iter().position(|r| r.key() == on)) {
            self.cursor = self.offset + place as u64;
            self.top = self.cursor.saturating_sub(line);
        }
        self.cursor = self.cursor.min(chunk.total.saturating_sub(1));
        self.top = top_for(self.cursor, self.top, page);
    }

    /// Nothing will come: there is nothing to be shown.
    pub fn give_up(&mut self) {
        *self = Self { total: Some(0), fresh: Fresh::Yes, ..Self::default() };
    }
}

/// The first line to show so that the cursor is on a page of `page` lines, moving as little as possible.
pub fn top_for(cursor: u64, top: u64, page: u64) -> u64 {
    top.clamp((cursor + 1).saturating_sub(page.max(1)), cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Keyed for &'static str {
        type Key = Self;

        fn key(&self) -> Self {
            self
        }
    }

    fn rows(ids: &[&'static str], offset: u64, total: u64) -> Chunk<&'static str> {
        Chunk { offset, total, rows: ids.to_vec() }
    }

    #[test]
    fn the_list_does_not_jump_under_the_cursor() {
        let mut list = ListWindow::default();
        list.take(rows(&["b", "d", "f"], 0, 3), 2);
        list.go(Move::Down, 2);
        list.go(Move::Down, 2);
        assert_eq!((list.selected(), list.top), (Some(&"f"), 1));
        list.renew();
        list.take(rows(&["a", "b", "c", "d", "e", "f", "g"], 0, 7), 2);
        assert_eq!((list.selected(), list.cursor, list.top), (Some(&"f"), 5, 4));
    }

    #[test]
    fn rows_of_another_question_stay_and_mean_nothing() {
        let mut list = ListWindow::default();
        list.take(rows(&["a", "b", "c", "d"], 0, 4), 2);
        list.go(Move::Bottom, 2);
        list.ask_another(0, 0);
        list.renew();
        assert_eq!((list.selected(), list.row(3), list.top), (None, Some(&"d"), 2));
        assert_eq!(list.missing(2), Some((0, 60)));
        // The cursor does not follow its old row: it begins anew.
        list.take(rows(&["c", "d"], 0, 2), 2);
        assert_eq!((list.selected(), list.top), (Some(&"c"), 0));
    }

    #[test]
    fn moves_stay_inside() {
        let check = |moves: &[Move], want: (u64, u64)| {
            let mut list = ListWindow::<&str> { total: Some(10), ..ListWindow::default() };
            moves.iter().for_each(|m| list.go(*m, 4));
            assert_eq!((list.cursor, list.top), want, "{moves:?}");
        };
        check(&[Move::Up], (0, 0));
        check(&[Move::Bottom], (9, 6));
        check(&[Move::Bottom, Move::Down, Move::Up], (8, 6));
        check(&[Move::PageDown, Move::PageDown], (8, 5));
        check(&[Move::PageDown, Move::PageUp], (0, 0));
        check(&[Move::Bottom, Move::Top], (0, 0));
        let mut empty = ListWindow::<&str> { total: Some(0), ..ListWindow::default() };
        empty.go(Move::Down, 4);
        assert_eq!(empty.cursor, 0);
    }

    #[test]
    fn only_what_is_missing_is_fetched() {
        let mut list = ListWindow::default();
        assert_eq!(list.missing(20), Some((0, 80)));
        list.take(rows(&["a", "b"], 0, 2), 20);
        assert_eq!(list.missing(20), None);
        list.take(rows(&["a"; 60], 0, 5_000), 20);
        assert_eq!(list.missing(20), None);
        // Before the cursor is at the end of what is here.
        list.top = 31;
        assert_eq!(list.missing(20), Some((11, 80)));
        list.go(Move::Bottom, 20);
        assert_eq!(list.missing(20), Some((4_960, 80)));
        list.take(rows(&[], 0, 0), 20);
        assert_eq!((list.missing(20), list.cursor), (None, 0));
    }

    #[test]
    fn what_comes_late_is_taken_only_where_it_is_seen() {
        let mut list = ListWindow::default();
        list.take(rows(&["a"; 60], 0, 5_000), 20);
        list.go(Move::Bottom, 20);
        assert!(!list.wants(&rows(&["a"; 60], 0, 5_000), 20));
        assert!(list.wants(&rows(&["a"; 80], 4_960, 5_000), 20));
        assert!(list.wants(&rows(&[], 0, 0), 20));
        list.ask_another(0, 0);
        assert!(list.wants(&rows(&["a"; 60], 0, 5_000), 20));
    }
}
