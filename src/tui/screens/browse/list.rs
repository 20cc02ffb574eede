//! A list: its filter, its heads, and the rows around the cursor, or why there are none.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    super::super::{
        Room,
        text::{fit, pad, right, width},
        theme, widgets,
    },
    kind_name,
};
use crate::{
    app::{
        Model, Sign,
        browse::{Pane, Shows, View},
        list::top_for,
    },
    domain::{
        completeness::{Collection, GapScope, RunStatus, State},
        text::{counted, grouped},
        view::{List, Row},
    },
};

pub fn draw(model: &Model, view: &View, buf: &mut Buffer, area: Rect, room: Room) {
    let inner = match room {
        Room::Small => Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area },
        _ => widgets::panel(buf, area, ""),
    };
    let cells = usize::from(inner.width);
    // The filter's line.
    let total = match view.window.total {
        Some(total) => counted(total, "row"),
        None => "…".to_owned(),
    };
    let place = match view.window.total {
        Some(total) if total > 0 => format!("{} of {total}", grouped(view.window.cursor + 1), total = grouped(total)),
        _ => total,
    };
    let mut spans = vec![Span::styled("/ ", theme::ACCENT)];
    let room_left = cells.saturating_sub(width(&place) + 4);
    spans.extend(widgets::field(&view.filter, "filter", model.browse.filtering, room_left));
    buf.set_line(inner.x, inner.y, &Line::from(spans), inner.width);
    let x = inner.right().saturating_sub(width(&place) as u16);
    buf.set_line(x, inner.y, &Line::styled(place, theme::DIM), inner.width);

    let columns = columns(view, cells);
    let mut y = inner.y + 1;
    if room != Room::Small {
        let head: String = columns.iter().map(|c| c.cell(c.title)).collect::<Vec<_>>().join("  ");
        buf.set_line(inner.x, y, &Line::styled(fit(&head, cells), theme::DIM), inner.width);
        y += 1;
    }
    let rows = u64::from(inner.bottom().saturating_sub(y));
    if let Some(problem) = &model.browse.problem {
        let place = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
        return widgets::lines(buf, place, &widgets::problem(problem, inner.width, Sign::Failed));
    }
    if view.window.total == Some(0) {
        let text = match (view.filter.text().is_empty(), &view.shows) {
            (false, _) => "Nothing matches the filter. esc drops it.",
            (true, Shows::MembersOf(_)) => empty_members(model),
            (true, Shows::GroupsOf(_)) => "It is directly in no group that was read.",
            (true, Shows::List(list)) => match refused(model, *list) {
                Some(text) => text,
                None if is_reading(model) => "Nothing here yet: it is still being read. r refreshes.",
                None => "There is nothing of this kind.",
            },
            (true, Shows::Object(_)) => "",
        };
        let place = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
        return widgets::lines(buf, place, &widgets::wrapped(text, inner.width, 0, theme::DIM));
    }
    let top = top_for(view.window.cursor, view.window.top, rows);
    for line in 0..rows {
        let index = top + line;
        if view.window.total.is_some_and(|t| index >= t) {
            break;
        }
        let here = index == view.window.cursor;
        let text = match view.window.row(index) {
            Some(row) => columns.iter().map(|c| c.cell(&(c.value)(row))).collect::<Vec<_>>().join("  "),
            None if view.window.total.is_some() => "…".to_owned(),
            None => break,
        };
        let style = if here { theme::SELECTED } else { theme::PLAIN };
        let text = pad(&text, cells);
        buf.set_line(inner.x, y + line as u16, &Line::styled(text, style), inner.width);
    }
}

fn is_reading(model: &Model) -> bool {
    model.browsed().is_some_and(|run| run.status == RunStatus::Running)
}

/// A list that is empty because it could not be read.
fn refused(model: &Model, list: List) -> Option<&'static str> {
    let run = model.browsed()?;
    let of = match list {
        List::Accounts => Collection::Account,
        List::Users => Collection::Users,
        List::Groups => Collection::Groups,
        List::Members | List::Edges => Collection::Memberships,
    };
    let gap = run.gaps.iter().find(|g| g.scope == GapScope::Collection && g.id == of.as_str())?;
    Some(match gap.state {
        State::Forbidden => "Reading these was refused. They are not known to be none: see the gaps under Ingest (2).",
        _ => "These were not read to the end. They are not known to be none: see the gaps under Ingest (2).",
    })
}

/// An empty list and an unread one are two things.
fn empty_members(model: &Model) -> &'static str {
    match &model.browse.detail {
        Pane::Ready(detail) => match detail.state {
            Some(State::Hidden) => "Its membership is hidden: the app may not see it. It is not known to be empty.",
            Some(State::Forbidden) => "Its members were refused. It is not known to be empty.",
            Some(State::Partial) if is_reading(model) => "Its members have not been read to the end yet. r refreshes.",
            Some(State::Partial) => "Its members were not read to the end. It is not known to be empty.",
            Some(State::Gone) => "The group vanished while it was being read.",
            Some(State::Complete) | None => "It has no members.",
        },
        _ => "It has no members that were read.",
    }
}

/// A column: its head, its cells, and what of a row it shows.
struct Column {
    title: &'static str,
    cells: usize,
    number: bool,
    value: fn(&Row) -> String,
}

impl Column {
    fn cell(&self, text: &str) -> String {
        if self.number { right(text, self.cells) } else { pad(text, self.cells) }
    }
}

fn columns(view: &View, cells: usize) -> Vec<Column> {
    let edges = view.shows == Shows::List(List::Edges);
    let first = Column {
        title: if edges { "from" } else { "name" },
        cells: 0,
        number: false,
        value: if edges && cells < 66 {
            |r| format!("{} → {}", r.edge.as_ref().map_or("", |e| &e.from_name), r.name)
        } else if edges {
            |r| r.edge.as_ref().map(|e| e.from_name.clone()).unwrap_or_default()
        } else {
            |r| marked(r)
        },
    };
    let second = Column {
        title: if edges { "to" } else { "sign-in or mail" },
        cells: 0,
        number: false,
        value: if edges { |r| r.name.clone() } else { |r| r.second.clone() },
    };
    let kind = Column {
        title: "kind",
        // As long as the longest that such a list shows, so that nothing moves while it is scrolled.
        cells: match view.shows {
            Shows::List(List::Users | List::Accounts) => width("guest, disabled"),
            Shows::List(List::Edges) => width("group member (mapped)"),
            _ => width("service principal"),
        },
        number: false,
        value: |r| match &r.edge {
            Some(edge) if edge.mapped => format!("{} (mapped)", kind_name(r.kind)),
            _ if r.label.is_empty() => kind_name(r.kind).to_owned(),
            _ => r.label.clone(),
        },
    };
    let count = Column {
        title: match view.shows {
            Shows::List(List::Groups) | Shows::GroupsOf(_) => "members",
            _ => "in groups",
        },
        cells: 9,
        number: true,
        value: |r| r.count.map(grouped).unwrap_or_default(),
    };
    // What is left after the fixed columns is shared by the names; the narrower, the fewer columns.
    let mut columns = match cells {
        ..46 => vec![first],
        46..66 => vec![first, kind],
        _ if view.shows == Shows::List(List::Accounts) => vec![first, second, kind],
        _ if edges => vec![first, second, kind],
        _ => vec![first, second, kind, count],
    };
    let fixed: usize = columns.iter().map(|c| c.cells).sum::<usize>() + 2 * (columns.len() - 1);
    let names = columns.iter().filter(|c| c.cells == 0).count().max(1);
    let each = cells.saturating_sub(fixed) / names;
    let mut spare = cells.saturating_sub(fixed) % names;
    for column in columns.iter_mut().filter(|c| c.cells == 0) {
        column.cells = each + usize::from(spare > 0);
        spare = spare.saturating_sub(1);
    }
    columns
}

/// A name, with the sign of a group whose members are not all known.
fn marked(row: &Row) -> String {
    match row.state {
        Some(State::Complete) | None => row.name.clone(),
        Some(State::Forbidden) => format!("✗ {}", row.name),
        Some(State::Partial | State::Hidden | State::Gone) => format!("◐ {}", row.name),
    }
}
