//! What is shown of requests, column by column: in their list, and in the pane of the ingestion's screen.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    super::super::theme,
    columns::{self, Slot},
    list::plain,
};
use crate::{
    app::{Model, browse::requests},
    domain::{request::Request, text::grouped},
};

/// The columns for so much room.
pub fn slots(cells: usize) -> Vec<Slot> {
    if cells < 60 {
        return vec![Slot::wide("request", 20, 1), Slot::number("status", 6), Slot::number("ms", 7)];
    }
    vec![
        Slot::fixed("time", 8),
        Slot::fixed("method", 6),
        Slot::number("status", 6),
        Slot::number("units", 6),
        Slot::number("ms", 7),
        Slot::wide("request", 26, 3),
        Slot::wide("notes", 14, 1),
    ]
}

/// What stands in so many columns.
pub fn texts(model: &Model, request: &Request, columns: usize) -> Vec<(String, Style)> {
    let (sign, style) = theme::sign(requests::sign(request));
    let status = request.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    let ms = grouped(u64::from(request.ms));
    let units = request.units.map(grouped).unwrap_or_default();
    if columns < 5 {
        return vec![(format!("{sign} {}", request.target()), style), plain(status), plain(ms)];
    }
    let at = request.at.to_zoned(model.zone.clone()).strftime("%H:%M:%S").to_string();
    vec![
        plain(at),
        plain(request.method.clone()),
        (format!("{sign} {status}"), style),
        plain(units),
        plain(ms),
        plain(request.target()),
        plain(requests::notes(request)),
    ]
}

/// The last requests under their heads, the newest first as in their list.
pub fn last(model: &Model, buf: &mut Buffer, area: Rect) {
    let cells = usize::from(area.width);
    let all = slots(cells);
    let slots = columns::fitted(&all, cells, 0).slots;
    let heads = columns::heads(&slots, cells);
    let rows = model.ingest.requests.iter().rev();
    let rows = rows.map(|request| columns::row(&slots, &texts(model, request, all.len()), cells, theme::PLAIN));
    for (y, line) in (area.y..area.bottom()).zip(std::iter::once(heads).chain(rows)) {
        buf.set_line(area.x, y, &line, area.width);
    }
}
