//! An object's properties as a person reads them.

use jiff::tz::TimeZone;
use ratatui::text::Line;
use serde_json::Value;

use super::{
    super::super::super::{text::day, theme, widgets},
    head, table,
};
use crate::domain::{
    portrait::{Shown, portrait},
    view::Detail,
};

pub fn lines(detail: &Detail, zone: &TimeZone, cells: u16, most: usize) -> Vec<Line<'static>> {
    let mut out = head(detail);
    out.push(Line::default());
    out.extend(facts(detail, zone, cells, most));
    out
}

/// A line a property, and in one what there is nothing for.
pub fn facts(detail: &Detail, zone: &TimeZone, cells: u16, most: usize) -> Vec<Line<'static>> {
    let member_type = detail.entity.get("memberType").and_then(Value::as_str);
    let portrait = portrait(&detail.raw, member_type);
    let rows =
        portrait.traits.into_iter().map(|one| (one.label.into_owned(), said(&one.value, zone), theme::PLAIN)).collect();
    let mut out = table(rows, cells, most);
    if !portrait.empty.is_empty() {
        out.push(Line::default());
        out.extend(widgets::wrapped(&format!("Nothing for: {}", portrait.empty.join(", ")), cells, 0, theme::DIM));
    }
    out
}

/// A value in words.
pub fn said(value: &Shown, zone: &TimeZone) -> String {
    match value {
        Shown::Text(text) => text.clone(),
        Shown::Texts(all) => all.join(", "),
        Shown::Yes(true) => "yes".to_owned(),
        Shown::Yes(false) => "no".to_owned(),
        Shown::Time(at) => day(*at, zone),
    }
}
