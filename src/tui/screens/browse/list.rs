//! A list: its filter, its heads, and the rows around the cursor, or why there are none.

use ratatui::{
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{
    super::super::{
        Room,
        page::Page,
        text::{fit, width},
        theme, widgets,
    },
    columns::{self, Fitted},
    lines,
};
use crate::{
    app::{
        Model, Sign,
        browse::{Pane, Shows, View, complete},
        command::{self, Action},
        list::top_for,
        pointer::Target,
    },
    domain::{
        completeness::{Collection, GapScope, RunStatus, State},
        filter::Completion,
        text::{counted, grouped},
        view::{List, Pending},
    },
};

pub fn draw(model: &Model, view: &View, buf: &mut Page<'_>, area: Rect, room: Room) {
    let inner = match room {
        Room::Small => Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area },
        _ => widgets::panel(buf, area, ""),
    };
    let cells = usize::from(inner.width);
    let table = lines::table(model, view, cells);
    buf.columns(u16::try_from(table.fitted.most).unwrap_or(u16::MAX));
    filter(model, view, &hidden(model, &table.fitted, cells), buf, Rect { height: 1, ..inner });
    let mut y = inner.y + 1;
    // What is wrong with the filter stands under it, where there is always a line: nothing moves while somebody types.
    let next = if room == Room::Small { Vec::new() } else { complete::completions(model) };
    match (&view.complaint, room) {
        _ if !next.is_empty() => {
            buf.set_line(inner.x, y, &completions(&next, cells), inner.width);
            y += 1;
        }
        (Some(complaint), _) => {
            let line = fit(complaint, cells.saturating_sub(2));
            buf.set_line(inner.x, y, &widgets::signed(Sign::NeedsYou, line), inner.width);
            y += 1;
        }
        (None, Room::Small) => {}
        (None, _) => {
            buf.set_line(inner.x, y, &columns::heads(&table.fitted.slots, cells), inner.width);
            for (from, wide, column) in table.heads() {
                let width = wide.min(inner.width.saturating_sub(from));
                buf.spot(Rect { x: inner.x + from, y, width, height: 1 }, Target::Head(column));
            }
            y += 1;
        }
    }
    let place = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    if let Some(problem) = &view.problem {
        return widgets::lines(buf, place, &widgets::problem(problem, inner.width, Sign::Failed));
    }
    if view.window.total == Some(0) && view.pending.is_none() {
        let text = empty(model, view);
        return widgets::lines(buf, place, &widgets::wrapped(&text, inner.width, 0, theme::DIM));
    }
    buf.spot(place, Target::Main);
    let rows = u64::from(place.height);
    let top = top_for(view.window.cursor, view.window.top, rows);
    for line in 0..rows {
        let index = top + line;
        if view.window.total.is_some_and(|t| index >= t) {
            break;
        }
        let base = if index == view.window.cursor { theme::SELECTED } else { theme::PLAIN };
        let drawn = match view.window.row(index) {
            Some(item) => columns::row(&table.fitted.slots, &table.texts(item), cells, base),
            None if view.window.total.is_some() => columns::row(&[], &[], cells, base),
            None => break,
        };
        buf.set_line(place.x, y + line as u16, &drawn, place.width);
        buf.spot(Rect { y: y + line as u16, height: 1, ..place }, Target::Row(index));
    }
}

/// `< 2` and `+3 columns >`: how many have no room on each side, with the keys that bring them.
fn hidden(model: &Model, fitted: &Fitted, cells: usize) -> Vec<(String, Action)> {
    let key = |word: &str, sign: &str| match model.keys.of(word).first() {
        Some(key) => command::shown(model, *key),
        None => sign.to_owned(),
    };
    let more = |count: usize| match cells {
        ..60 => count.to_string(),
        _ => counted(count as u64, "column"),
    };
    let left = || match (cells, fitted.slots.get(1)) {
        // Without heads it has to be said what stands beside the first.
        (..60, Some(slot)) => format!("{} {}", key("columns-left", "‹"), fit(&slot.title, 10)),
        _ => format!("{} {}", key("columns-left", "‹"), fitted.before),
    };
    let right = || format!("+{} {}", more(fitted.behind), key("columns-right", "›"));
    let left = (fitted.panned > 0).then(|| (left(), Action::Pan(-1)));
    let right = (fitted.behind > 0).then(|| (right(), Action::Pan(1)));
    left.into_iter().chain(right).collect()
}

/// Puts the marks to the right end of a line.
fn marks(hidden: &[(String, Action)], buf: &mut Page<'_>, area: Rect) {
    let mut end = area.right();
    for (text, action) in hidden.iter().rev() {
        let cells = (width(text) as u16).min(end.saturating_sub(area.x));
        let at = Rect { x: end - cells, width: cells, ..area };
        buf.set_line(at.x, at.y, &Line::styled(text.clone(), theme::ACCENT), cells);
        buf.spot(at, Target::Do(*action));
        end = at.x.saturating_sub(2).max(area.x);
    }
}

/// The filter's line: its text, what is still being done, and where in how many rows we are.
fn filter(model: &Model, view: &View, hidden: &[(String, Action)], buf: &mut Page<'_>, area: Rect) {
    let cells = usize::from(area.width);
    let pending = match view.pending {
        Some(Pending::Loading) if cells < 60 => "loading…   ",
        Some(Pending::Loading) => "loading the directory into memory…   ",
        Some(Pending::Sorting) => "sorting…   ",
        Some(Pending::Filtering) => "still counting…   ",
        None => "",
    };
    let place = match view.window.total {
        Some(total) if total > 0 => {
            let more = if view.pending == Some(Pending::Filtering) { "+" } else { "" };
            format!("{} of {}{more}", grouped(view.window.cursor + 1), grouped(total))
        }
        Some(total) => counted(total, "row"),
        None => "…".to_owned(),
    };
    let told = width(pending) + width(&place);
    // Behind each mark two cells, before them one.
    let right = told + hidden.iter().map(|(text, _)| width(text) + 2).sum::<usize>() + usize::from(!hidden.is_empty());
    let mut spans = vec![Span::styled("/ ", theme::ACCENT)];
    let hint = match model.browse.filtering {
        true => command::with_keys(model, "words, or type:guest …   {filter-words} tells all"),
        false => "filter".to_owned(),
    };
    spans.extend(widgets::field(&view.filter, &hint, model.browse.filtering, cells.saturating_sub(right + 4)));
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
    let x = area.right().saturating_sub(told as u16);
    let told = Line::from(vec![Span::styled(pending, theme::ACCENT), Span::styled(place, theme::DIM)]);
    buf.set_line(x, area.y, &told, area.width);
    marks(hidden, buf, Rect { width: x.saturating_sub(area.x + 2), ..area });
}

/// How the filter may go on; the first is what the key takes.
fn completions(next: &[Completion], cells: usize) -> Line<'static> {
    let mut spans = Vec::new();
    let mut used = 0;
    for (n, one) in next.iter().enumerate() {
        let text = if n == 0 { format!("{}  {}", one.part, one.what) } else { one.part.clone() };
        used += width(&text) + 3;
        if n > 0 && used > cells {
            break;
        }
        let style = if n == 0 { theme::ACCENT } else { theme::DIM };
        spans.extend([Span::styled(fit(&text, cells), style), Span::raw("   ")]);
    }
    Line::from(spans)
}

/// Why there is nothing.
fn empty(model: &Model, view: &View) -> String {
    if !view.filter.text().is_empty() && matches!(view.shows, Shows::Pick(_)) {
        return command::with_keys(model, "Nothing here is like that. {next-page} looks elsewhere.");
    }
    if !view.filter.text().is_empty() {
        return "Nothing matches the filter. esc drops it.".to_owned();
    }
    let text = match &view.shows {
        Shows::MembersOf(_) | Shows::AllMembersOf(_) => empty_members(model),
        Shows::GroupsOf(_) => "It is directly in no group that was read.",
        Shows::AllGroupsOf(_) => "It is in no group that was read.",
        Shows::Pick(_) => "There is nothing here. {next-page} looks elsewhere.",
        Shows::List(list) => match refused(model, *list) {
            Some(text) => text,
            None if is_reading(model) => "Nothing here yet: it is still being read. {refresh} refreshes.",
            None => "There is nothing of this kind.",
        },
        Shows::Changes(compare) => {
            let between = model.browse.run.and_then(|run| compare.resolved(&model.browse, run));
            return match between {
                Some((since, until)) => format!("Nothing is different between run {since} and run {until}."),
                None => command::with_keys(
                    model,
                    "There is no finished run before this one, so there is nothing to compare it with. {compare} \
                     chooses other runs.",
                ),
            };
        }
        Shows::Runs => "No run is kept.",
        Shows::Requests(_) => "There is no request log of this run: those of the last five are kept.",
        Shows::Planned(_) => "There is nothing to upload: JupiterOne is believed to hold all of it, and nothing else.",
        Shows::Problems => "Nothing is wrong: all was read to its end, and nothing was refused.",
        Shows::One(..) | Shows::Object(_) | Shows::Why(_) | Shows::Near(_) => "",
    };
    command::with_keys(model, text)
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
        State::Forbidden => {
            "Reading these was refused. They are not known to be none: see the gaps under Ingest ({ingest})."
        }
        _ => "These were not read to the end. They are not known to be none: see the gaps under Ingest ({ingest}).",
    })
}

/// An empty list and an unread one are two things.
fn empty_members(model: &Model) -> &'static str {
    match &model.browse.detail {
        Pane::Ready(detail) => match detail.state {
            Some(State::Hidden) => "Its membership is hidden: the app may not see it. It is not known to be empty.",
            Some(State::Forbidden) => "Its members were refused. It is not known to be empty.",
            Some(State::Partial) if is_reading(model) => {
                "Its members have not been read to the end yet. {refresh} refreshes."
            }
            Some(State::Partial) => "Its members were not read to the end. It is not known to be empty.",
            Some(State::Gone) => "The group vanished while it was being read.",
            Some(State::Complete) | None => "It has no members.",
        },
        _ => "It has no members that were read.",
    }
}

/// A text of a table in one style.
pub fn plain(text: impl Into<String>) -> (String, Style) {
    (text.into(), theme::PLAIN)
}
