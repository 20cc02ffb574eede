//! The browser's screen: tabs, trail, filter, a windowed list, and the object under the cursor beside it.

use jiff::tz::TimeZone;
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect, Spacing},
    text::{Line, Span},
};
use serde_json::Value;

use super::super::{
    Room,
    text::{day, fit, pad, right, width, wrap},
    theme, widgets,
};
use crate::{
    app::{
        Model, Sign,
        browse::{Pane, Shows, View, banner, title},
        list::top_for,
    },
    domain::{
        completeness::{Collection, GapScope, RunStatus, State},
        kind::EntityKind,
        text::{counted, grouped},
        view::{Detail, List, Row},
    },
};

/// Gives back the furthest that an open object can be scrolled.
pub fn draw(model: &Model, buf: &mut Buffer, area: Rect, room: Room) -> u16 {
    if model.browse.run.is_none() {
        let inner = widgets::panel(buf, area, "Browse");
        let text = match model.overview.profile {
            Some(_) => "Nothing has been read yet. Press Enter to go and read the directory.",
            None => "There is nothing to browse yet. Press Enter to begin.",
        };
        let mut lines = vec![Line::default()];
        match &model.trouble {
            Some(problem) => lines.extend(widgets::problem(problem, inner.width, Sign::Failed)),
            None => lines.extend(widgets::wrapped(text, inner.width, 0, theme::PLAIN)),
        }
        widgets::lines(buf, inner, &lines);
        return 0;
    }
    let head = if room == Room::Small { 1 } else { 2 };
    let tabs_at = Rect { height: 1, ..area };
    tabs(model, buf, tabs_at);
    if room != Room::Small {
        trail(model, buf, Rect { y: area.y + 1, height: 1, ..area });
    }
    let head = match banner(model) {
        Some(text) => {
            let place = Rect { x: area.x + 1, y: area.y + head, width: area.width.saturating_sub(1), height: 1 };
            let text = fit(text, usize::from(place.width).saturating_sub(2));
            widgets::lines(buf, place, &[widgets::signed(Sign::NeedsYou, text)]);
            head + 1
        }
        None => head,
    };
    let body = Rect { y: area.y + head, height: area.height.saturating_sub(head), ..area };
    let view = model.browse.view();
    if let Shows::Object { scroll, .. } = view.shows {
        let inner = widgets::panel(buf, body, &view.title);
        return widgets::scrolled(buf, inner, &detail(model, inner.width), scroll);
    }
    let (list_at, side) = match room {
        Room::Full => {
            let [list, side] = Layout::horizontal([Constraint::Min(60), Constraint::Length(42)])
                .spacing(Spacing::Overlap(1))
                .areas(body);
            (list, Some(side))
        }
        _ => (body, None),
    };
    list(model, view, buf, list_at, room);
    if let Some(side) = side {
        let name = match (model.browse.subject(), &model.browse.detail) {
            (Some((_, _, name)), _) => name,
            (None, Pane::Ready(detail)) => detail.name.clone(),
            (None, _) => String::new(),
        };
        let inner = widgets::panel(buf, side, &name);
        widgets::scrolled(buf, inner, &detail(model, inner.width), 0);
    }
    0
}

fn count_of(model: &Model, list: List) -> u64 {
    let totals = model.overview.store.as_ref().map(|s| s.totals.clone()).unwrap_or_default();
    match list {
        List::Accounts => totals.accounts,
        List::Users => totals.users,
        List::Groups => totals.groups,
        List::Members => totals.members,
        List::Edges => totals.edges,
    }
}

fn tabs(model: &Model, buf: &mut Buffer, area: Rect) {
    let named = |name: fn(List) -> &'static str| -> Vec<(String, bool)> {
        List::ALL
            .into_iter()
            .enumerate()
            .map(|(n, list)| (format!("{} {}", name(list), grouped(count_of(model, list))), n == model.browse.tab))
            .collect()
    };
    let cells = |all: &[(String, bool)]| all.iter().map(|(text, _)| width(text) + 3).sum::<usize>();
    let mut all = named(title);
    if cells(&all) >= usize::from(area.width) {
        all = named(|list| if list == List::Members { "Members" } else { title(list) });
    }
    let together = cells(&all);
    let mut spans = vec![Span::raw(" ")];
    if together < usize::from(area.width) {
        for (n, (text, here)) in all.into_iter().enumerate() {
            if n > 0 {
                spans.push(Span::styled(" │ ", theme::DIM));
            }
            spans.push(Span::styled(text, if here { theme::TITLE.underlined() } else { theme::PLAIN }));
        }
    } else {
        let here = &all[model.browse.tab].0;
        spans.extend([
            Span::styled(here.clone(), theme::TITLE.underlined()),
            Span::styled(format!("   list {} of {}", model.browse.tab + 1, List::ALL.len()), theme::DIM),
        ]);
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Where we are, and of which run that is.
fn trail(model: &Model, buf: &mut Buffer, area: Rect) {
    let browse = &model.browse;
    let (mark, state) = match (model.browsed(), model.shown()) {
        // Of the run on the screen no more will come.
        (_, Some(other)) if Some(other.id) < browse.run => {
            (Sign::NeedsYou, format!("cut off: r shows run {}, which is finished", other.id))
        }
        (_, Some(other)) if Some(other.id) != browse.run && other.status == RunStatus::Running => {
            (Sign::NeedsYou, "a newer run is being read: r shows it".to_owned())
        }
        (_, Some(other)) if Some(other.id) != browse.run => {
            (Sign::NeedsYou, "there is a newer run: r shows it".to_owned())
        }
        (Some(run), _) => match run.status {
            RunStatus::Running => (Sign::Here, format!("run {}, still reading: r refreshes", run.id)),
            RunStatus::Complete => (Sign::Done, format!("run {}, complete", run.id)),
            RunStatus::Partial if run.open_gaps() == 0 => {
                (Sign::Done, format!("run {}, complete but for accepted gaps", run.id))
            }
            RunStatus::Partial => (Sign::Incomplete, format!("run {}, {}", run.id, counted(run.open_gaps(), "gap"))),
            RunStatus::Scoped => (Sign::Incomplete, format!("run {}, a selection only", run.id)),
            RunStatus::Interrupted => (Sign::Incomplete, format!("run {}, cut off before its end", run.id)),
            RunStatus::Failed => (Sign::Failed, format!("run {}, failed", run.id)),
        },
        (None, _) => (Sign::ToCome, String::new()),
    };
    let right_width = (width(&state) + 3) as u16;
    let mut crumbs = vec![browse.roots[browse.tab].title.clone()];
    crumbs.extend(browse.trail.iter().map(|v| v.title.clone()));
    let room = usize::from(area.width.saturating_sub(right_width + 3));
    // The end of a long trail says where we are; its beginning may go.
    let mut text = crumbs.iter().map(|c| fit(c, 40)).collect::<Vec<_>>().join(" › ");
    let mut cut = 0;
    while width(&text) > room && cut + 1 < crumbs.len() {
        cut += 1;
        text = format!("… › {}", crumbs[cut..].iter().map(|c| fit(c, 40)).collect::<Vec<_>>().join(" › "));
    }
    buf.set_line(area.x + 1, area.y, &Line::styled(fit(&text, room), theme::DIM), area.width);
    let x = area.right().saturating_sub(right_width + 1);
    let line = Line::from(vec![widgets::sign(mark), " ".into(), Span::styled(state, theme::DIM)]);
    buf.set_line(x, area.y, &line, right_width);
}

fn list(model: &Model, view: &View, buf: &mut Buffer, area: Rect, room: Room) {
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
            (true, Shows::Object { .. }) => "",
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

const fn kind_name(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Account => "account",
        EntityKind::User => "user",
        EntityKind::Group => "group",
        EntityKind::Member => "group member",
    }
}

fn detail(model: &Model, cells: u16) -> Vec<Line<'static>> {
    match &model.browse.detail {
        Pane::Empty => vec![Line::styled("nothing selected", theme::DIM)],
        Pane::Loading { .. } => vec![Line::styled("…", theme::DIM)],
        Pane::Missing(id) => widgets::wrapped(
            &format!("{id} is not in this run: it was named as a member, and could not be read."),
            cells,
            0,
            theme::DIM,
        ),
        Pane::Ready(detail) => object(detail, &model.zone, cells),
    }
}

fn object(detail: &Detail, zone: &TimeZone, cells: u16) -> Vec<Line<'static>> {
    let mut out = vec![Line::styled(kind_name(detail.kind), theme::DIM)];
    match detail.state {
        Some(State::Complete) | None => {}
        Some(state) => out.push(widgets::signed(
            if state == State::Forbidden { Sign::Failed } else { Sign::Incomplete },
            format!("members {}", state.as_str()),
        )),
    }
    if detail.kind == EntityKind::Group {
        out.push(Line::from(vec![
            Span::styled("→ ", theme::ACCENT),
            Span::raw(counted(detail.members, "direct member")),
        ]));
    }
    if detail.kind != EntityKind::Account {
        out.push(Line::from(vec![
            Span::styled("← ", theme::ACCENT),
            Span::raw(format!("directly in {}", counted(detail.groups, "group"))),
        ]));
    }
    out.push(Line::default());
    let mut names: Vec<(&String, String)> = detail
        .entity
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| match value.as_i64().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()) {
            // Times go to JupiterOne as milliseconds; people read days.
            Some(at) if name.ends_with("On") => (name, day(at, zone)),
            _ => (name, shown(value)),
        })
        .collect();
    // What JupiterOne needs to tell objects apart comes after what people tell them apart by.
    names.sort_by_key(|(name, _)| name.starts_with('_'));
    let longest = names.iter().map(|(name, _)| width(name)).max().unwrap_or(0).min(usize::from(cells) / 2);
    for (name, value) in names {
        let room = usize::from(cells).saturating_sub(longest + 2).max(1);
        for (n, line) in wrap(&value, room).into_iter().take(4).enumerate() {
            let name = if n == 0 { pad(name, longest) } else { " ".repeat(longest) };
            out.push(Line::from(vec![Span::styled(name, theme::DIM), "  ".into(), Span::raw(line)]));
        }
    }
    out
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(all) => all.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
