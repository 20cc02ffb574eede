//! What opens over a list: its order, its columns, its facets, what can be copied or written, the filter's language.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Widget},
};

use super::{inner_width, popup as boxed, spots};
use crate::{
    app::{
        Model, Sign,
        browse::{
            columns::Layout,
            copy::{self, What},
            facets,
            popup::{Popup, columns_in_order},
        },
        pointer::Target,
        room::Room,
    },
    domain::{
        column::Column,
        explore::Facet,
        filter::{FIELDS, OPERATORS},
        near::Drawing,
        text::grouped,
    },
    tui::{
        page::Page,
        screens::browse::mark,
        text::{fit, pad, width, wrap},
        theme, widgets,
    },
};

/// Gives back the furthest that it can be scrolled.
pub fn draw(model: &Model, popup: Popup, buf: &mut Page<'_>, area: Rect) -> u16 {
    let chosen = popup.chosen();
    match popup {
        Popup::Sort { .. } => menu(buf, area, "Sort by", 40, &sorts(model), chosen),
        Popup::Columns { .. } => menu(buf, area, "Columns", 40, &columns(model), chosen),
        Popup::Facets { .. } => counted(model, buf, area, chosen),
        Popup::Copy { .. } => menu(buf, area, "Copy", 64, &copies(model, inner_width(area, 64)), chosen),
        Popup::Export { .. } => {
            let forms: Vec<Line<'_>> = copy::FORMS.iter().map(|(_, title)| Line::raw(*title)).collect();
            let rows = model.browse.view().window.total.map(grouped).unwrap_or_default();
            menu(buf, area, &format!("Write {rows} rows to a file"), 40, &forms, chosen);
        }
        Popup::Draw { .. } => {
            let drawings: Vec<Line<'_>> = Drawing::ALL.iter().map(|drawing| Line::raw(drawing.title())).collect();
            menu(buf, area, "Draw it in a file", 40, &drawings, chosen);
        }
        Popup::Words { scroll } => return words(model, scroll, buf, area),
    }
    0
}

/// Lines to choose from; where there are more than fit, those around the chosen one.
fn menu(buf: &mut Page<'_>, area: Rect, title: &str, cells: u16, lines: &[Line<'_>], chosen: usize) {
    let cells = inner_width(area, cells);
    let room = usize::from(area.height.saturating_sub(4)).max(1);
    let (from, shown) = around(lines, chosen, room);
    let inner = boxed(buf, area, title, cells, &shown);
    choices(buf, inner, from, shown.len());
}

/// Each of these lines is a choice.
fn choices(buf: &mut Page<'_>, inner: Rect, from: usize, many: usize) {
    spots(buf, inner, (0..many).map(|line| (line, Target::Row((from + line) as u64))));
}

/// The lines that have room, and which of all is the first of them. Signs at the edges say that there are more.
fn around(lines: &[Line<'_>], chosen: usize, room: usize) -> (usize, Vec<Line<'static>>) {
    let from = chosen.saturating_sub(room / 2).min(lines.len().saturating_sub(room));
    let all = lines.iter().enumerate().skip(from).take(room);
    let shown = all.map(|(n, line)| {
        let here = n == chosen;
        let lead = match n {
            _ if here => "▸ ",
            _ if n == from && from > 0 => "↑ ",
            _ if n + 1 == from + room && n + 1 < lines.len() => "↓ ",
            _ => "  ",
        };
        let mut spans = vec![Span::styled(lead, theme::ACCENT)];
        spans.extend(line.spans.iter().map(|span| Span::styled(span.content.clone().into_owned(), span.style)));
        let line = Line::from(spans);
        if here { line.style(theme::STRONG) } else { line }
    });
    (from, shown.collect())
}

fn sorts(model: &Model) -> Vec<Line<'static>> {
    let Some(layout) = Layout::of(&model.browse.view().shows) else { return Vec::new() };
    let sort = model.browse.sort(layout);
    let line = |column| {
        let mark = mark(column, layout, sort).unwrap_or_default();
        Line::from(vec![Span::styled(pad(&mark, 4), theme::ACCENT), Span::raw(column.title())])
    };
    layout.offers().into_iter().map(line).collect()
}

fn columns(model: &Model) -> Vec<Line<'static>> {
    let Some(layout) = Layout::of(&model.browse.view().shows) else { return Vec::new() };
    let shown = model.browse.columns(layout);
    let line = |column: Column| {
        let mark = if shown.contains(&column) { widgets::sign(Sign::Done) } else { Span::raw(" ") };
        Line::from(vec![mark, Span::raw("  "), Span::raw(column.title())])
    };
    columns_in_order(model, layout).into_iter().map(line).collect()
}

fn copies(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let line = |offer: copy::Offer| {
        let shown = match &offer.what {
            What::Text(text) => fit(text, usize::from(cells).saturating_sub(18)),
            What::List(_) => return Line::raw(offer.title),
        };
        Line::from(vec![Span::styled(pad(&offer.title, 16), theme::DIM), Span::raw(shown)])
    };
    copy::offers(model).into_iter().map(line).collect()
}

/// Beside the list where there is room, so that rows and counts are seen to change together.
fn counted(model: &Model, buf: &mut Page<'_>, area: Rect, chosen: usize) {
    let facets = &model.browse.facets;
    let cells = inner_width(area, 36);
    let lines: Vec<Line<'_>> = match (&facets.problem, facets.all.is_empty()) {
        (Some(problem), _) => widgets::problem(problem, cells, Sign::Failed),
        (None, true) if facets.job.is_some() => vec![Line::styled("counting …", theme::DIM)],
        (None, true) => vec![Line::styled("There is nothing to tell rows apart by.", theme::DIM)],
        (None, false) => {
            let line = |facet| facet_line(facet, facets::is_chosen(model, facet), cells);
            facets.all.iter().map(line).collect()
        }
    };
    let has_choice = facets.problem.is_none() && !facets.all.is_empty();
    if Room::of(area.width, area.height) < Room::Full {
        return match has_choice {
            true => menu(buf, area, "Facets", 36, &lines, chosen),
            false => {
                boxed(buf, area, "Facets", cells, &lines);
            }
        };
    }
    let place = Rect { x: area.right().saturating_sub(42), y: area.y + 4, width: 42, height: area.height - 6 };
    let buffer: &mut Buffer = buf;
    Clear.render(place, buffer);
    let inner = widgets::panel(buf, place, "Facets");
    if !has_choice {
        return widgets::lines(buf, inner, &lines);
    }
    let (from, shown) = around(&lines, chosen, usize::from(inner.height));
    widgets::lines(buf, inner, &shown);
    choices(buf, inner, from, shown.len());
}

fn facet_line(facet: &Facet, is_chosen: bool, cells: u16) -> Line<'static> {
    let mark = if is_chosen { widgets::sign(Sign::Done) } else { Span::raw(" ") };
    let count = grouped(facet.count);
    // Behind the arrow and the sign, and before a space and the count.
    let title = pad(&facet.title, usize::from(cells).saturating_sub(6 + width(&count)));
    let style = if facet.count == 0 && !is_chosen { theme::DIM } else { theme::PLAIN };
    Line::from(vec![mark, Span::raw("  "), Span::styled(title, style), Span::styled(format!(" {count}"), style)])
}

/// What a filter understands, from the table that it is read by.
fn words(model: &Model, scroll: u16, buf: &mut Page<'_>, area: Rect) -> u16 {
    let cells = inner_width(area, 76);
    let scope = model.browse.view().scope();
    let lead = if cells > 50 { 22 } else { 14 };
    let mut lines = Vec::new();
    let mut add = |example: &str, what: &str| {
        for (n, text) in wrap(what, usize::from(cells).saturating_sub(lead)).into_iter().enumerate() {
            let lead = if n == 0 { pad(example, lead) } else { " ".repeat(lead) };
            lines.push(Line::from(vec![Span::styled(lead, theme::ACCENT), Span::raw(text)]));
        }
    };
    for (example, what) in OPERATORS {
        add(example, what);
    }
    add("", "");
    for field in FIELDS.iter().filter(|field| field.is_of(scope)) {
        let values = field.values_of(scope);
        let values = if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) };
        add(field.example_of(scope), &format!("{}{values}", field.what));
    }
    let room = usize::from(area.height.saturating_sub(6)).max(1);
    let most = lines.len().saturating_sub(room);
    let from = usize::from(scroll).min(most);
    let title = format!("What the filter of {} understands", scope.plural());
    let inner = boxed(buf, area, &title, cells, &lines[from..]);
    spots(buf, inner, []);
    u16::try_from(most).unwrap_or(u16::MAX)
}
