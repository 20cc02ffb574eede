//! What became of an object over the runs that are kept, the newest first.

use jiff::tz::TimeZone;
use ratatui::text::{Line, Span};
use serde_json::Value;

use super::{
    super::super::super::{
        text::{day, width, wrap},
        theme, widgets,
    },
    not_yet,
    properties::said,
};
use crate::{
    app::browse::{Asked, Open},
    domain::{
        explore::{Change, FieldChange, Version},
        portrait::{label, shown},
        text::grouped,
    },
};

pub fn lines(open: &Open, zone: &TimeZone, cells: u16) -> Vec<Line<'static>> {
    let Asked::Ready(all) = &open.history else { return not_yet(&open.history, "looking through the runs", cells) };
    if all.is_empty() {
        return widgets::wrapped("No run that is kept tells of it.", cells, 0, theme::DIM);
    }
    let mut out = vec![Line::default()];
    if let Some(gone) = all.first().and_then(|newest| newest.until) {
        out.push(Line::from(vec![Span::styled("− ", theme::BAD), Span::raw(format!("gone since run {gone}"))]));
        out.push(Line::default());
    }
    for version in all {
        out.extend(version_lines(version, zone, cells));
    }
    out
}

fn version_lines(version: &Version, zone: &TimeZone, cells: u16) -> Vec<Line<'static>> {
    let (sign, style, word) = match version.change {
        Change::Came => ("+", theme::GOOD, "came"),
        Change::Changed => ("~", theme::WARN, "changed"),
        Change::Went => ("−", theme::BAD, "went"),
    };
    let mut out = vec![Line::from(vec![
        Span::styled(sign, style),
        Span::styled(format!(" {word}"), theme::STRONG),
        Span::raw(format!("  run {}", version.run)),
        Span::styled(format!("  {}", day(version.at, zone)), theme::DIM),
    ])];
    for change in &version.fields {
        out.extend(field(change, zone, cells));
    }
    for (arrow, what, (came, went)) in [("→", "members", version.members), ("←", "in groups", version.groups)] {
        if (came, went) != (0, 0) {
            out.push(Line::from(vec![
                Span::styled(format!("    {arrow} "), theme::ACCENT),
                Span::raw(format!("{what}  +{}  −{}", grouped(came), grouped(went))),
            ]));
        }
    }
    out.push(Line::default());
    out
}

/// Before and now: beside each other where there is room, else below.
fn field(change: &FieldChange, zone: &TimeZone, cells: u16) -> Vec<Line<'static>> {
    let say = |value: &Value| shown(&change.field, value).map_or_else(|| "nothing".to_owned(), |v| said(&v, zone));
    let (before, now) = (say(&change.before), say(&change.now));
    let name = label(&change.field);
    let one = format!("{name}: {before} → {now}");
    let room = usize::from(cells).saturating_sub(4);
    if width(&one) <= room {
        return vec![Line::from(vec![
            Span::styled(format!("    {name}: "), theme::DIM),
            Span::styled(crate::domain::text::visible(&before).into_owned(), theme::DIM),
            Span::styled(" → ", theme::ACCENT),
            Span::raw(crate::domain::text::visible(&now).into_owned()),
        ])];
    }
    let mut out = widgets::wrapped(&format!("{name}:"), cells, 4, theme::DIM);
    for (sign, value, style) in [("− ", before, theme::DIM), ("+ ", now, theme::PLAIN)] {
        for (n, line) in wrap(&value, room.saturating_sub(4)).into_iter().enumerate() {
            let lead = if n == 0 { sign } else { "  " };
            out.push(Line::from(vec![Span::styled(format!("      {lead}"), theme::ACCENT), Span::styled(line, style)]));
        }
    }
    out
}
