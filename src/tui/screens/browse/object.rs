//! One object, as a person reads it: beside the list, or open by itself.

use jiff::tz::TimeZone;
use ratatui::text::{Line, Span};
use serde_json::Value;

use super::{
    super::super::{
        text::{day, pad, width, wrap},
        theme, widgets,
    },
    kind_name,
};
use crate::{
    app::{Model, Sign, browse::Pane},
    domain::{completeness::State, kind::EntityKind, text::counted, view::Detail},
};

pub fn lines(model: &Model, cells: u16) -> Vec<Line<'static>> {
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
