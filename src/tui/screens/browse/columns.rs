//! Columns that fit: which of those that are wished have room, how wide each is, and what its head says.

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::super::super::{
    text::{fit, pad, right, width},
    theme,
};
use crate::{
    app::browse::columns::Layout,
    domain::column::{Column, Sort},
};

/// Between two columns.
const GAP: usize = 2;

/// A column of a table on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub title: String,
    /// Behind the title, whatever is left of that.
    pub mark: Option<String>,
    pub cells: usize,
    /// Its share of what is left over; none: it is always this wide.
    pub share: usize,
    pub is_number: bool,
}

impl Slot {
    /// Always this wide.
    pub fn fixed(title: impl Into<String>, cells: usize) -> Self {
        Self { title: title.into(), mark: None, cells, share: 0, is_number: false }
    }

    /// At least this wide, and wider where there is room.
    pub fn wide(title: impl Into<String>, cells: usize, share: usize) -> Self {
        Self { title: title.into(), mark: None, cells, share, is_number: false }
    }

    pub fn number(title: impl Into<String>, cells: usize) -> Self {
        Self { is_number: true, ..Self::fixed(title, cells) }
    }

    /// The head: a mark says more than the end of a title.
    fn head(&self) -> String {
        match &self.mark {
            Some(mark) => {
                let room = self.cells.saturating_sub(width(mark) + 1);
                self.cell(&format!("{} {mark}", fit(&self.title, room)))
            }
            None => self.cell(&self.title),
        }
    }

    pub fn cell(&self, text: &str) -> String {
        if self.is_number { right(text, self.cells) } else { pad(text, self.cells) }
    }
}

/// The columns that are on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    pub slots: Vec<Slot>,
    /// Which of all columns they are.
    pub places: Vec<usize>,
    /// How many are left out before them, behind the first, which always stays; and how many behind them.
    pub before: usize,
    pub behind: usize,
    /// How far one has gone.
    pub panned: usize,
    /// How far it makes sense to go: then all that come behind fit.
    pub most: usize,
}

/// The slots that have room in `cells`, with what is left over shared out. Where not all have, `panned` of them are left out
/// behind the first for those behind them.
pub fn fitted(all: &[Slot], cells: usize, panned: usize) -> Fitted {
    let fit = |places: &[usize]| {
        let mut used = 0;
        let fits = |at: &&usize| {
            let gap = if used > 0 { GAP } else { 0 };
            used += gap + all[**at].cells;
            used <= cells || gap == 0
        };
        places.iter().take_while(fits).count()
    };
    let from = |panned: usize| -> Vec<usize> { (0..all.len().min(1)).chain(1 + panned..all.len()).collect() };
    let whole = from(0);
    let last = all.len().saturating_sub(2);
    let most = (0..=last).find(|panned| fit(&from(*panned)) + panned == all.len()).unwrap_or(last);
    // Beside the first there may be no room for another: then they stand there one by one, and the first makes room.
    let alone = usize::from(fit(&whole) == 1 && all.len() > 1);
    let most = most + alone;
    let panned = panned.min(most);
    let before = panned.saturating_sub(alone);
    let mut places = from(before);
    let mut kept = fit(&places);
    let mut slots: Vec<Slot> = places.iter().map(|at| all[*at].clone()).collect();
    if kept == 1 && panned > 0 && slots.len() > 1 {
        let other = slots[1].cells.min((cells * 3 / 5).max(1));
        slots[1].cells = other;
        slots[0].cells = slots[0].cells.min(cells.saturating_sub(other + GAP)).max(1);
        kept = 2;
    }
    slots.truncate(kept);
    places.truncate(kept);
    share(&mut slots, cells);
    Fitted { behind: all.len() - before - kept, slots, places, before, panned, most }
}

/// Gives what is left over to those that can be wider.
fn share(slots: &mut [Slot], cells: usize) {
    if let [only] = slots {
        only.cells = cells;
        return;
    }
    let used = slots.iter().map(|slot| slot.cells + GAP).sum::<usize>().saturating_sub(GAP);
    let left = cells.saturating_sub(used);
    let shares: usize = slots.iter().map(|slot| slot.share).sum();
    let mut given = 0;
    let mut passed = 0;
    for slot in slots.iter_mut().filter(|slot| slot.share > 0) {
        // By sums, so that nothing is lost to rounding.
        passed += slot.share;
        let upto = left * passed / shares;
        slot.cells += upto - given;
        given = upto;
    }
}

/// The heads in one line.
pub fn heads(slots: &[Slot], cells: usize) -> Line<'static> {
    let all = slots.iter().map(Slot::head).collect::<Vec<_>>().join("  ");
    Line::styled(fit(&all, cells), theme::DIM)
}

/// One row's cells beside each other, filled up to `cells`.
pub fn row(slots: &[Slot], texts: &[(String, Style)], cells: usize, base: Style) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for (n, (slot, (text, style))) in slots.iter().zip(texts).enumerate() {
        if n > 0 {
            spans.push(Span::styled("  ", base));
            used += GAP;
        }
        let text = slot.cell(text);
        used += width(&text);
        spans.push(Span::styled(text, style.patch(base)));
    }
    spans.push(Span::styled(" ".repeat(cells.saturating_sub(used)), base));
    Line::from(spans)
}

/// How wide a column of a list of objects is.
pub fn slot(column: Column, layout: Layout, sort: &[Sort]) -> Slot {
    let mut slot = width_of(column, layout, title(column, layout));
    slot.mark = mark(column, layout, sort);
    slot
}

fn width_of(column: Column, layout: Layout, title: &'static str) -> Slot {
    match column {
        Column::Name | Column::From => Slot::wide(title, 20, 4),
        Column::Second | Column::Mail => Slot::wide(title, 20, 4),
        Column::Department | Column::JobTitle | Column::Company | Column::EdgeType => Slot::wide(title, 14, 2),
        Column::Kind => Slot::fixed(title, kind_cells(layout)),
        Column::Id => Slot::fixed(title, 36),
        Column::Enabled | Column::Country => Slot::fixed(title, 9),
        Column::Synced | Column::RoleAssignable => Slot::fixed(title, 8),
        Column::Created => Slot::fixed(title, 10),
        Column::Members | Column::InGroups => Slot::number(title, 9),
        Column::Depth => Slot::number(title, 7),
        Column::State | Column::Severity => Slot::fixed(title, 10),
        Column::Started => Slot::fixed(title, 16),
        Column::Took => Slot::number(title, 8),
        Column::Gaps => Slot::number(title, 6),
        Column::Requests | Column::Units => Slot::number(title, 9),
        Column::About | Column::Code => Slot::wide(title, 24, 2),
        Column::Visibility => Slot::fixed(title, 16),
        Column::Will => Slot::fixed(title, 6),
        Column::Type | Column::Key => Slot::wide(title, 24, 2),
    }
}

/// As long as the longest that such a list shows, so that nothing moves while it is scrolled.
fn kind_cells(layout: Layout) -> usize {
    match layout {
        Layout::Users | Layout::Accounts => width("guest, disabled"),
        Layout::Edges => width("group member (mapped)"),
        _ => width("service principal"),
    }
}

const fn title(column: Column, layout: Layout) -> &'static str {
    match (column, layout) {
        (Column::Name, Layout::Edges) => "to",
        _ => column.title(),
    }
}

/// `▲`, or where a list is sorted by several columns `▼2`.
pub fn mark(column: Column, layout: Layout, sort: &[Sort]) -> Option<String> {
    let usual = match layout {
        // By kind first, or by the near end: no column says that alone.
        Layout::Edges | Layout::Inside | Layout::Nested | Layout::Problems | Layout::Planned => None,
        Layout::Runs => Some(Sort { column: Column::Started, descending: true }),
        _ => Some(Sort { column: Column::Name, descending: false }),
    };
    let sort = if sort.is_empty() { usual.as_slice() } else { sort };
    let at = sort.iter().position(|s| s.column == column)?;
    let shape = if sort[at].descending { "▼" } else { "▲" };
    Some(if sort.len() > 1 { format!("{shape}{}", at + 1) } else { shape.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_width_and_never_more() {
        let slots = || {
            vec![Slot::wide("name", 20, 4), Slot::wide("login", 20, 3), Slot::fixed("kind", 15), Slot::number("n", 9)]
        };
        let check = |cells: usize, want: &[usize]| {
            let fitted = fitted(&slots(), cells, 0).slots;
            assert_eq!(fitted.iter().map(|slot| slot.cells).collect::<Vec<_>>(), want, "{cells}");
            let sum: usize = fitted.iter().map(|slot| slot.cells).sum::<usize>() + GAP * (fitted.len() - 1);
            assert!(sum == cells || cells < 20, "{cells}");
        };
        check(10, &[10]);
        check(40, &[40]);
        check(42, &[20, 20]);
        check(58, &[29, 27]);
        check(59, &[20, 20, 15]);
        check(70, &[20, 20, 15, 9]);
        check(100, &[37, 33, 15, 9]);
    }

    #[test]
    fn what_does_not_fit_can_be_reached() {
        let slots = || {
            let narrow = ["a", "b", "c", "d"].map(|title| Slot::fixed(title, 9));
            [vec![Slot::wide("name", 20, 4)], narrow.to_vec()].concat()
        };
        let check = |cells: usize, panned: usize, want: &[usize], marks: (usize, usize, usize)| {
            let fitted = fitted(&slots(), cells, panned);
            assert_eq!(fitted.places, want, "{panned} of {cells}");
            assert_eq!((fitted.before, fitted.behind, fitted.most), marks, "{panned} of {cells}");
            let sum: usize = fitted.slots.iter().map(|slot| slot.cells).sum::<usize>() + GAP * (want.len() - 1);
            assert_eq!(sum, cells, "{panned} of {cells}");
        };
        check(64, 0, &[0, 1, 2, 3, 4], (0, 0, 0));
        check(64, 3, &[0, 1, 2, 3, 4], (0, 0, 0));
        check(63, 0, &[0, 1, 2, 3], (0, 1, 1));
        check(63, 1, &[0, 2, 3, 4], (1, 0, 1));
        check(63, 9, &[0, 2, 3, 4], (1, 0, 1));
        check(42, 0, &[0, 1, 2], (0, 2, 2));
        check(42, 2, &[0, 3, 4], (2, 0, 2));
        // Beside the name there is room for none: they come one by one all the same, each of them.
        check(30, 0, &[0], (0, 4, 4));
        check(30, 1, &[0, 1], (0, 3, 4));
        check(30, 2, &[0, 2], (1, 2, 4));
        check(30, 4, &[0, 4], (3, 0, 4));
    }

    #[test]
    fn heads_say_the_order() {
        let sort = |column, descending| Sort { column, descending };
        let check = |layout, by: &[Sort], column, want: &str| {
            let head = slot(column, layout, by).head();
            assert_eq!(head.trim(), want);
        };
        check(Layout::Users, &[], Column::Name, "name ▲");
        check(Layout::Users, &[], Column::Kind, "kind");
        check(Layout::Edges, &[], Column::Name, "to");
        let by = [sort(Column::Members, true), sort(Column::Name, false)];
        check(Layout::Groups, &by, Column::Members, "membe… ▼1");
        check(Layout::Groups, &by, Column::Name, "name ▲2");
        check(Layout::Groups, &by[..1], Column::Name, "name");
        check(Layout::Groups, &by[..1], Column::Members, "members ▼");
    }
}
