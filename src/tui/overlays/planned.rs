//! What an upload does to each object: the filter, the rows, and what changes of the chosen one.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{inner_width, popup};
use crate::{
    app::{
        Sign,
        planned::{Objects, changes, line},
    },
    domain::{
        planned::{Deed, Planned},
        text::counted,
    },
    tui::{
        text::{fit, pad},
        theme, widgets,
    },
};

/// Lines about the chosen object.
const ABOUT: usize = 6;

pub fn draw(objects: &Objects, buf: &mut Buffer, area: Rect) {
    let cells = inner_width(area, 110);
    let room = usize::from(area.height.saturating_sub(8)).max(4);
    let about = if room > 3 * ABOUT { ABOUT } else { 1 };
    let shown = room.saturating_sub(about + 2).max(1);
    let mut input = vec![Span::styled("/ ", theme::ACCENT)];
    input.extend(widgets::field(
        &objects.filter,
        "names, change:went, edge:has_user …",
        true,
        usize::from(cells).saturating_sub(2),
    ));
    let mut lines = vec![Line::from(input), state(objects, cells)];
    let top = objects.cursor - objects.cursor % shown as u64;
    for at in top..top + shown as u64 {
        lines.push(match objects.row(at) {
            Some(row) => row_line(row, at == objects.cursor, usize::from(cells)),
            None => Line::default(),
        });
    }
    let mut told: Vec<Line<'static>> = objects.selected().map(|row| tell(row, cells)).unwrap_or_default();
    told.truncate(about);
    told.resize(about, Line::default());
    lines.extend(told);
    popup(buf, area, "Object by object", cells, &lines);
}

fn state(objects: &Objects, cells: u16) -> Line<'static> {
    let filter = objects.rows.as_ref().and_then(|rows| rows.filter_problem.clone());
    match (&objects.problem, filter) {
        (Some(problem), _) => widgets::signed(Sign::Failed, fit(&problem.line(), usize::from(cells).saturating_sub(2))),
        (None, _) if objects.asked.is_some() => widgets::signed(Sign::Here, "looking …"),
        (None, Some(words)) => widgets::signed(Sign::NeedsYou, fit(&words, usize::from(cells).saturating_sub(2))),
        (None, None) => Line::styled(counted(objects.total(), "object"), theme::DIM),
    }
}

fn row_line(row: &Planned, here: bool, cells: usize) -> Line<'static> {
    let (sign, style) = match row.deed {
        Deed::Create => ("+", theme::GOOD),
        Deed::Change => ("~", theme::WARN),
        Deed::Delete => ("−", theme::BAD),
    };
    let types = if cells < 70 { 0 } else { 40 };
    let name = fit(&line(row), cells.saturating_sub(types + 4));
    let style = if here { style.patch(theme::STRONG) } else { style };
    Line::from(vec![
        Span::styled(if here { "▸ " } else { "  " }, theme::ACCENT),
        Span::styled(format!("{sign} "), style),
        Span::styled(pad(&name, cells.saturating_sub(types + 4)), if here { theme::STRONG } else { theme::PLAIN }),
        Span::styled(fit(&row.object_type, types), theme::DIM),
    ])
}

fn tell(row: &Planned, cells: u16) -> Vec<Line<'static>> {
    let mut out =
        vec![Line::styled(fit(&format!("{}  {}", row.object_type, row.end.id), usize::from(cells)), theme::DIM)];
    out.extend(changes(row).iter().map(|change| Line::raw(fit(change, usize::from(cells)))));
    out
}
