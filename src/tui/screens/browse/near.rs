//! What is around an object: the tree, what is to be known of it above, what is not drawn below.
//!
//! ```text
//! ┌ Around Finance ─────────────────────────────────┐
//! │ in 2 groups …; 41 members …                     │
//! │ Both ways │ Groups above │ Members below        │
//! │ Finance                                         │
//! │ ├ in 2 groups                                   │
//! │ │ └ All Company   security                      │
//! │ └ 41 members                                    │
//! │   ├ ▸ Budget      12 lines                      │
//! │ what is left out                                │
//! └─────────────────────────────────────────────────┘
//! ```

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::{
    super::super::{Room, page::Page, theme, widgets},
    why::{laid, marks},
};
use crate::{
    app::{
        Sign,
        browse::{Around, Asked, Laid},
        list::top_for,
        pointer::Target,
    },
    domain::{
        lineage,
        near::{
            Sides,
            tree::{self, What},
        },
        text::counted,
    },
};

pub fn draw(around: &Around, buf: &mut Page<'_>, area: Rect, room: Room) {
    let inner = match room {
        Room::Small => Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area },
        _ => widgets::panel(buf, area, &format!("Around {}", around.of.name)),
    };
    let Some(laid) = around.laid() else {
        let lines = match &around.found {
            Asked::Failed(problem) => widgets::problem(problem, inner.width, Sign::Failed),
            _ => vec![Line::styled("looking around … esc goes back", theme::DIM)],
        };
        widgets::lines(buf, inner, &lines);
        return;
    };
    let head = head(around, laid, inner.width, room);
    let foot = foot(laid, inner.width, room);
    widgets::lines(buf, inner, &head);
    let above = u16::try_from(head.len()).unwrap_or(u16::MAX).min(inner.height);
    let below = u16::try_from(foot.len()).unwrap_or(u16::MAX).min(inner.height - above);
    let tree = Rect { y: inner.y + above, height: inner.height - above - below, ..inner };
    lines(around, laid, buf, tree);
    widgets::lines(buf, Rect { y: tree.bottom(), height: below, ..inner }, &foot);
}

fn head(around: &Around, laid: &Laid, cells: u16, room: Room) -> Vec<Line<'static>> {
    let mut out = match room {
        Room::Small => Vec::new(),
        _ => widgets::wrapped(&laid.near.summary(), cells, 0, theme::PLAIN),
    };
    let deep = Span::styled(format!("{} deep", counted(u64::from(around.depth), "edge")), theme::DIM);
    if !around.has_sides() {
        out.push(Line::from(deep));
        return out;
    }
    if room == Room::Small {
        let sides = Span::styled(around.sides.title(), theme::TITLE.underlined());
        return vec![Line::from(vec![sides, Span::raw(", "), deep])];
    }
    let here = |is: bool| if is { theme::TITLE.underlined() } else { theme::PLAIN };
    let mut spans = Vec::new();
    for sides in Sides::ALL {
        spans.push(Span::styled(sides.title(), here(sides == around.sides)));
        spans.push(Span::styled(" │ ", theme::DIM));
    }
    spans.push(deep);
    out.extend([Line::default(), Line::from(spans)]);
    out
}

/// What is not there, as far as there is room to say it.
fn foot(laid: &Laid, cells: u16, room: Room) -> Vec<Line<'static>> {
    let most = if room == Room::Small { 1 } else { 4 };
    let notes: Vec<String> = laid.near.left_out().into_iter().chain(laid.near.uncertain()).collect();
    let mut out: Vec<_> = notes.iter().flat_map(|note| widgets::signed_text(Sign::Incomplete, note, cells)).collect();
    let is_cut = out.len() > most;
    out.truncate(most);
    if is_cut && let Some(last) = out.last_mut() {
        last.push_span(Span::styled(" …", theme::DIM));
    }
    out
}

/// The lines around the cursor.
fn lines(around: &Around, laid_out: &Laid, buf: &mut Page<'_>, area: Rect) {
    let shown = around.shown();
    let rows = u64::from(area.height);
    let middle = (around.cursor as u64).saturating_sub(rows / 2);
    let most = (shown.len() as u64).saturating_sub(rows);
    let top = top_for(around.cursor as u64, middle.min(most), rows) as usize;
    for (n, y) in (top..shown.len()).zip(area.top()..area.bottom()) {
        let line = line(around, laid_out, shown[n], usize::from(area.width), n == around.cursor);
        buf.set_line(area.x, y, &line, area.width);
        buf.spot(Rect { y, height: 1, ..area }, Target::Row(n as u64));
    }
}

fn line(around: &Around, laid_out: &Laid, n: usize, cells: usize, here: bool) -> Line<'static> {
    let line = &laid_out.lines[n];
    let is_folded = line.under > 0 && around.folded.contains(&n);
    let fold = if is_folded { "▸ " } else { "" };
    let behind = if is_folded { counted(line.under as u64, "line") } else { tree::behind(line) };
    let behind = if behind.is_empty() { behind } else { format!("  {behind}") };
    let (name, about) = match line.what {
        What::Object { step, .. } => match laid_out.near.steps.get(step as usize) {
            Some(step) => (format!("{fold}{}{}", marks(step), step.name), lineage::about(step)),
            None => return Line::default(),
        },
        what => (format!("{fold}{}", tree::title(&laid_out.near, what).unwrap_or_default()), String::new()),
    };
    laid(&line.branch, &name, &about, &behind, cells, here)
}
