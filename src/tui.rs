//! Draws a model: one frame for all screens, and what lies over them.
//!
//! ```text
//!  tenantry   where you are                                   Global cloud   ? help
//!  ✓ Credentials ─── ● Ingest ─── ○ Browse ─── ○ Preview ─── ○ Upload
//! ┌ the work ──────────────────────────────────────────────────────────────────────┐
//! └────────────────────────────────────────────────────────────────────────────────┘
//!  news, until the next key
//!  ↵ what comes next   other keys   q quit
//! ```
//!
//! [`draw`] changes nothing in the model and knows nothing of jobs. At 120x36 everything is there; at 80x24 side
//! panes become pages; at 40x12 only the list stays; below that, one sentence.

pub mod frame;
pub mod guard;
pub mod overlays;
pub mod page;
pub mod screens;
pub mod straight;
pub mod text;
pub mod theme;
pub mod widgets;

use ratatui::{Frame, widgets::Clear, widgets::Widget};

use self::page::Page;
pub use crate::app::room::Room;
use crate::app::{Model, Place, pointer::Spot};

/// What only drawing knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drawn {
    /// The furthest that what has the arrow keys can be scrolled.
    pub reach: u16,
    /// The furthest that what stands beside a list can be scrolled.
    pub beside: u16,
    /// The most columns of a list that can be left out before all behind them fit.
    pub columns: u16,
    /// What is where, for the mouse.
    pub spots: Vec<Spot>,
}

/// Draws the whole screen.
pub fn draw(model: &Model, frame: &mut Frame<'_>) -> Drawn {
    let area = frame.area();
    let mut page = Page::new(frame.buffer_mut());
    let buf = &mut page;
    Clear.render(area, buf);
    let room = Room::of(area.width, area.height);
    let mut reach = 0;
    if room == Room::Tiny {
        frame::tiny(buf, area);
    } else {
        let body = frame::around(model, buf, area, room);
        let body = frame::ending(model, buf, body, room);
        reach = match model.place {
            Place::Wizard => screens::wizard::draw(model, buf, body, room),
            Place::Dashboard => screens::dashboard::draw(model, buf, body, room),
            Place::Profiles => screens::profiles::draw(model, buf, body, room),
            Place::Ingest => screens::ingest::draw(model, buf, body, room),
            Place::Browse => screens::browse::draw(model, buf, body, room),
            Place::Preview => screens::preview::draw(model, buf, body, room),
            Place::Upload => screens::upload::draw(model, buf, body, room),
        };
        for overlay in &model.overlays {
            reach = overlays::draw(model, overlay, buf, area);
        }
    }
    theme::finish(model.look, buf);
    page.drawn(reach)
}
