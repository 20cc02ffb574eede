//! One object: beside the list, or open by itself with its faces.

mod history;
mod properties;
mod upload;

use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use serde_json::Value;

use super::{
    super::super::{
        Room,
        page::Page,
        text::{fit, pad, width, wrap},
        theme, widgets,
    },
    why,
};
use crate::{
    app::{
        Model, Sign,
        browse::{Asked, Face, Open, Pane, columns::kind_name},
        command::Action,
        pointer::Target,
    },
    domain::{completeness::State, kind::EntityKind, text::counted, view::Detail},
};

/// An object by itself. Gives back the furthest that it can be scrolled.
pub fn draw(model: &Model, open: &Open, buf: &mut Page<'_>, area: Rect, room: Room) -> u16 {
    let title = &model.browse.view().title;
    // Where there is little room the name stands beside the page.
    let inner = match room {
        Room::Small => Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area },
        _ => widgets::panel(buf, area, title),
    };
    faces(open.face, if room == Room::Small { title } else { "" }, buf, inner);
    let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let cells = body.width;
    let lines = match (&model.browse.detail, open.face) {
        // What became of it is known also of what this run does not have.
        (_, Face::History) => history::lines(open, &model.zone, cells),
        (Pane::Ready(detail), _) if detail.id != open.id => vec![waiting("reading it")],
        (Pane::Ready(detail), Face::Properties) => properties::lines(detail, &model.zone, cells, usize::MAX),
        (Pane::Ready(detail), Face::Graph) => graph(&detail.raw, cells),
        (Pane::Ready(detail), Face::Upload) => upload::lines(model, open, detail, cells),
        (pane, _) => absent(pane, cells),
    };
    match room {
        Room::Small => widgets::scrolled_bare(buf, body, &lines, open.scroll),
        _ => widgets::scrolled(buf, body, &lines, open.scroll),
    }
}

fn faces(here: Face, name: &str, buf: &mut Page<'_>, area: Rect) {
    let whole: usize = Face::ALL.iter().map(|face| width(face.title()) + 3).sum();
    let mut spans: Vec<Span<'static>> = Vec::new();
    if name.is_empty() && whole <= usize::from(area.width) + 3 {
        for face in Face::ALL {
            if face != Face::ALL[0] {
                spans.push(Span::styled(" │ ", theme::DIM));
            }
            let x = area.x + spans.iter().map(Span::width).sum::<usize>() as u16;
            let at = Rect { x, width: face.title().len() as u16, height: 1, ..area };
            buf.spot(at, Target::Do(Action::Face(face as i8 - here as i8)));
            spans.push(Span::styled(face.title(), if face == here { theme::TITLE.underlined() } else { theme::PLAIN }));
        }
    } else {
        let page = format!("  {} of {}", here as usize + 1, Face::ALL.len());
        let room = usize::from(area.width).saturating_sub(width(here.title()) + width(&page) + 2);
        spans.push(Span::styled(fit(name, room), theme::STRONG));
        spans.push("  ".into());
        spans.push(Span::styled(here.title(), theme::TITLE.underlined()));
        spans.push(Span::styled(page, theme::DIM));
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// The object under the cursor, for the pane beside a list.
pub fn beside(model: &Model, cells: u16) -> Vec<Line<'static>> {
    match &model.browse.detail {
        Pane::Ready(detail) => {
            let mut out = head(detail);
            out.extend(why::brief(model, cells));
            out.push(Line::default());
            out.extend(properties::facts(detail, &model.zone, cells, 4));
            out
        }
        pane => {
            let mut out = absent(pane, cells);
            out.extend(why::brief(model, cells));
            out
        }
    }
}

fn absent(pane: &Pane, cells: u16) -> Vec<Line<'static>> {
    match pane {
        Pane::Empty => vec![Line::styled("nothing selected", theme::DIM)],
        Pane::Loading { .. } => vec![waiting("reading it")],
        Pane::Missing(id) => {
            let words = format!(
                "{id} is not in this run: it was named as a member, and could not be read. No entity is sent for it; \
                 its memberships are sent, and JupiterOne links them where it knows this id from elsewhere."
            );
            widgets::wrapped(&words, cells, 0, theme::DIM)
        }
        Pane::Ready(_) => Vec::new(),
    }
}

/// What is waited for.
fn waiting(what: &str) -> Line<'static> {
    Line::styled(format!("{what} …"), theme::DIM)
}

/// What stands in for an answer that is not there.
fn not_yet<T>(asked: &Asked<T>, what: &str, cells: u16) -> Vec<Line<'static>> {
    match asked {
        Asked::Failed(problem) => widgets::problem(problem, cells, Sign::Failed),
        _ => vec![waiting(what)],
    }
}

/// What it is, and what it is tied to.
fn head(detail: &Detail) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let mut ties = vec![Span::styled(kind_name(detail.kind), theme::DIM)];
    if detail.kind == EntityKind::Group {
        ties.extend([
            "   ".into(),
            Span::styled("→ ", theme::ACCENT),
            Span::raw(counted(detail.members, "direct member")),
        ]);
    }
    if detail.kind != EntityKind::Account {
        ties.extend([
            "   ".into(),
            Span::styled("← ", theme::ACCENT),
            Span::raw(format!("in {}", counted(detail.groups, "group"))),
        ]);
    }
    out.push(Line::from(ties));
    if let Some(state) = detail.state.filter(|state| *state != State::Complete) {
        let sign = if state == State::Forbidden { Sign::Failed } else { Sign::Incomplete };
        out.push(widgets::signed(sign, format!("members {}", state.as_str())));
    }
    out
}

/// The JSON as it came: what could move the cursor is made visible.
fn graph(raw: &Value, cells: u16) -> Vec<Line<'static>> {
    let text = serde_json::to_string_pretty(raw).unwrap_or_else(|_| raw.to_string());
    let mut out = Vec::new();
    for line in text.lines() {
        for (n, part) in wrap(line, usize::from(cells)).into_iter().enumerate() {
            let indent = part.len() - part.trim_start().len();
            match part[indent..].find("\": ").filter(|_| n == 0 && part[indent..].starts_with('"')) {
                Some(end) => {
                    let (key, value) = part.split_at(indent + end + 3);
                    out.push(Line::from(vec![Span::styled(key.to_owned(), theme::DIM), Span::raw(value.to_owned())]));
                }
                None => out.push(Line::raw(part)),
            }
        }
    }
    out
}

/// Rows of a name and a value, the values below each other; of a long value at most so many lines.
fn table(rows: Vec<(String, String, Style)>, cells: u16, most: usize) -> Vec<Line<'static>> {
    let cells = usize::from(cells);
    let longest = rows.iter().map(|(name, ..)| width(name)).max().unwrap_or(0).min(cells * 2 / 5);
    let room = cells.saturating_sub(longest + 2).max(1);
    let mut out = Vec::new();
    for (name, value, style) in rows {
        for (n, line) in wrap(&value, room).into_iter().take(most).enumerate() {
            let name = if n == 0 { pad(&name, longest) } else { " ".repeat(longest) };
            out.push(Line::from(vec![Span::styled(name, theme::DIM), "  ".into(), Span::styled(line, style)]));
        }
    }
    out
}
