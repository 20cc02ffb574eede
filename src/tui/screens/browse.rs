//! The browser's screen: tabs, trail, filter, a windowed list, and the object under the cursor beside it.

mod columns;
mod heads;
mod lines;
mod list;
mod near;
mod object;
pub(super) mod requests;
mod why;

use ratatui::{
    layout::{Constraint, Layout, Rect, Spacing},
    text::{Line, Span},
};

pub use columns::mark;

use super::super::{
    Room,
    page::Page,
    text::{fit, width},
    theme, widgets,
};
use crate::app::{
    Model, Sign,
    browse::{Item, Known, Pane, Pick, Shows, View, banner},
    pointer::Target,
};

/// The side pane.
const SIDE: u16 = 42;

/// Gives back the furthest that an open object can be scrolled.
pub fn draw(model: &Model, buf: &mut Page<'_>, area: Rect, room: Room) -> u16 {
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
    if room == Room::Small && !model.browse.trail.is_empty() {
        // Where there is one line only, it says where one is, not where one came from.
        heads::crumbs(model, buf, tabs_at);
    } else {
        heads::tabs(model, buf, tabs_at);
    }
    if room != Room::Small {
        heads::trail(model, buf, Rect { y: area.y + 1, height: 1, ..area });
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
    let body = match &view.shows {
        Shows::Object(open) => {
            buf.spot(body, Target::Main);
            return object::draw(model, open, buf, body, room);
        }
        Shows::Why(reasons) => {
            buf.spot(body, Target::Main);
            return why::draw(reasons, model.browse.beside(), buf, body, room);
        }
        Shows::Near(around) => {
            buf.spot(body, Target::Main);
            near::draw(around, buf, body, room);
            return 0;
        }
        Shows::One(item, scroll) => {
            let inner = widgets::panel(buf, body, &view.title);
            buf.spot(body, Target::Main);
            return widgets::scrolled(buf, inner, &lines::one(model, item, inner.width), *scroll);
        }
        Shows::Pick(pick) => picking(pick, buf, body),
        _ => body,
    };
    let (list_at, side) = match room {
        Room::Full => {
            let [list, side] = Layout::horizontal([Constraint::Min(60), Constraint::Length(SIDE)])
                .spacing(Spacing::Overlap(1))
                .areas(body);
            (list, Some(side))
        }
        _ => (body, None),
    };
    list::draw(model, view, buf, list_at, room);
    if let Some(side) = side {
        beside(model, view, buf, side);
    }
    0
}

/// What is being chosen, and among what; gives back the room below.
fn picking(pick: &Pick, buf: &mut Page<'_>, area: Rect) -> Rect {
    let asks = match &pick.known {
        Known::Member(_) if area.width < 70 => "In which group? Among ".to_owned(),
        Known::Group(_) if area.width < 70 => "Who in it? Among ".to_owned(),
        Known::Member(member) => format!("Why is {} in … which group? Among ", member.name),
        Known::Group(group) => format!("Why is … who in {}? Among ", group.name),
    };
    let among = pick.among();
    let cells = usize::from(area.width).saturating_sub(2);
    let asks = fit(&asks, cells.saturating_sub(width(among)));
    let line = Line::from(vec![Span::raw(asks), Span::styled(among, theme::ACCENT)]);
    buf.set_line(area.x + 1, area.y, &line, area.width.saturating_sub(1));
    Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
}

/// What is known of the line under the cursor.
fn beside(model: &Model, view: &View, buf: &mut Page<'_>, area: Rect) {
    buf.spot(area, Target::Side);
    if view.shows.source().is_none() {
        let title = match view.window.selected() {
            Some(Item::Run(run)) => format!("Run {}", run.id),
            Some(Item::Finding(finding)) => finding.about.clone(),
            Some(Item::Request(number, _)) => format!("Request {number}"),
            Some(Item::Planned(row)) => row.title(),
            Some(item) => item.subject().map_or_else(String::new, |(_, _, name)| name),
            None => String::new(),
        };
        let inner = widgets::panel(buf, area, &title);
        let all = view.window.selected().map(|item| lines::one(model, item, inner.width)).unwrap_or_default();
        let reach = widgets::scrolled(buf, inner, &all, model.browse.beside());
        return buf.beside(reach);
    }
    let name = match (model.browse.subject(), &model.browse.detail) {
        (Some((_, _, name)), _) => name,
        (None, Pane::Ready(detail)) => detail.name.clone(),
        (None, _) => String::new(),
    };
    let inner = widgets::panel(buf, area, &name);
    let reach = widgets::scrolled(buf, inner, &object::beside(model, inner.width), model.browse.beside());
    buf.beside(reach);
}
