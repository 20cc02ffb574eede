//! The browser's screen: tabs, trail, filter, a windowed list, and the object under the cursor beside it.

mod heads;
mod list;
mod object;

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect, Spacing},
    text::Line,
};

use super::super::{Room, text::fit, theme, widgets};
use crate::{
    app::{
        Model, Sign,
        browse::{Pane, Shows, banner},
    },
    domain::kind::EntityKind,
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
    heads::tabs(model, buf, tabs_at);
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
    if let Shows::Object(open) = &view.shows {
        let inner = widgets::panel(buf, body, &view.title);
        return widgets::scrolled(buf, inner, &object::lines(model, inner.width), open.scroll);
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
    list::draw(model, view, buf, list_at, room);
    if let Some(side) = side {
        let name = match (model.browse.subject(), &model.browse.detail) {
            (Some((_, _, name)), _) => name,
            (None, Pane::Ready(detail)) => detail.name.clone(),
            (None, _) => String::new(),
        };
        let inner = widgets::panel(buf, side, &name);
        widgets::scrolled(buf, inner, &object::lines(model, inner.width), 0);
    }
    0
}

const fn kind_name(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Account => "account",
        EntityKind::User => "user",
        EntityKind::Group => "group",
        EntityKind::Member => "group member",
    }
}
