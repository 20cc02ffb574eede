//! An object as an upload would send it: each property with what the data model says of it, and its relationships.

use ratatui::text::{Line, Span};
use serde_json::Value;

use super::{
    super::super::super::{
        text::{fit, pad, wrap},
        theme, widgets,
    },
    not_yet,
};
use crate::{
    app::{
        Model, Sign,
        browse::{Asked, EDGES, Open, edges, names},
    },
    domain::{
        completeness::RunStatus,
        edge::Edge,
        kind::EntityKind,
        naming::{Names, Naming},
        provenance::{Note, Origin, Provenance, Sent, provenance},
        text::{counted, grouped, visible},
        view::{Detail, Row, Rows},
    },
};

pub fn lines(model: &Model, open: &Open, detail: &Detail, cells: u16) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let never = model
        .browsed()
        .is_some_and(|run| matches!(run.status, RunStatus::Scoped | RunStatus::Interrupted | RunStatus::Failed));
    if !never {
        let text = "Sent with the next upload of this run. * The class requires it.";
        out.extend(widgets::wrapped(text, cells, 0, theme::DIM));
    }
    let names = names(model);
    if !names.naming().sends(detail.kind) {
        let text = "No entity of its own: the memberships of its groups describe it.";
        out.extend(widgets::wrapped(text, cells, 0, theme::PLAIN));
        out.extend(relationships(&names, open, detail, cells));
        return out;
    }
    let all = provenance(names.naming(), detail.kind, &detail.entity, &detail.raw);
    out.extend(properties(&all, cells));
    for left in &all.left_out {
        let text = format!("{} is left out: {} is {}.", left.property, left.sources.join(" or "), left.why);
        out.extend(widgets::signed_text(Sign::NeedsYou, &text, cells));
    }
    if !all.absent.is_empty() {
        out.push(Line::default());
        let text = format!("Not sent, as Graph has nothing for it: {}", all.absent.join(", "));
        out.extend(widgets::wrapped(&text, cells, 0, theme::DIM));
    }
    out.extend(relationships(&names, open, detail, cells));
    out
}

/// Three columns where there is room: the property, its value, where it comes from.
fn properties(all: &Provenance, cells: u16) -> Vec<Line<'static>> {
    let cells = usize::from(cells);
    let name = 24.min(cells * 2 / 5);
    let wide = cells >= 76;
    let from = if wide { cells / 3 } else { 0 };
    let value = cells.saturating_sub(name + from + if wide { 4 } else { 2 }).max(1);
    let mut out = vec![Line::default()];
    if wide {
        let head = format!("{}  {}  from", pad("property", name), pad("value", value));
        out.push(Line::styled(fit(&head, cells), theme::DIM));
    }
    for sent in &all.sent {
        let origin = origin(sent);
        let property = format!("{}{}", sent.property, if sent.required_by.is_some() { " *" } else { "" });
        for (n, line) in wrap(&text_of(&sent.value), value).into_iter().take(6).enumerate() {
            let mut spans = vec![
                Span::styled(if n == 0 { pad(&property, name) } else { " ".repeat(name) }, theme::PLAIN),
                "  ".into(),
            ];
            if wide && n == 0 {
                spans.push(Span::raw(pad(&line, value)));
                spans.push(Span::styled(format!("  {}", fit(&origin, from)), theme::DIM));
            } else {
                spans.push(Span::raw(line));
            }
            out.push(Line::from(spans));
        }
        if !wide {
            out.extend(widgets::wrapped(&origin, u16::try_from(cells).unwrap_or(u16::MAX), 4, theme::DIM));
        }
        if let Some(note) = &sent.note {
            let text = said(note, sent);
            out.extend(widgets::signed_text(Sign::NeedsYou, &text, u16::try_from(cells).unwrap_or(u16::MAX)));
        }
    }
    out
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Where it comes from.
fn origin(sent: &Sent) -> String {
    match sent.origin {
        Origin::Fields(fields) => format!("← {}", fields.join(", ")),
        Origin::Fixed => "the same for all".to_owned(),
        Origin::Membership => "← the membership".to_owned(),
        Origin::Instance => "← the integration instance".to_owned(),
        Origin::Raw => "as Graph sent it".to_owned(),
    }
}

fn said(note: &Note, sent: &Sent) -> String {
    let class = sent.required_by.unwrap_or("Entity");
    match note {
        Note::RequiredNull => format!("Graph has nothing for it: null is sent, as the class {class} requires it."),
        Note::Emptied(why) => {
            format!("What Graph has is {why}: null is sent, as the class {class} requires it.")
        }
        Note::StandsIn(field) => format!("There is no display name: {field} stands in for it."),
        Note::Canonical => "Graph spelled the id in capitals; it is sent in small letters.".to_owned(),
    }
}

fn relationships(names: &Names, open: &Open, detail: &Detail, cells: u16) -> Vec<Line<'static>> {
    let mut out = vec![Line::default()];
    let all: Vec<(Edge, &Row)> = edges(names, open, detail).collect();
    let (up, down): (Vec<_>, Vec<_>) = all.into_iter().partition(|(edge, _)| edge.from != detail.id);
    if detail.kind == EntityKind::Account {
        let text = format!("It HAS {}: → lists them.", counted(detail.members, "user or group"));
        return widgets::wrapped(&text.replace("user or groups", "users and groups"), cells, 0, theme::DIM);
    }
    section(names.naming(), &mut out, "Relationships that lead to it", &open.up, &up, cells);
    if detail.kind == EntityKind::Group {
        out.push(Line::default());
        section(names.naming(), &mut out, "Relationships to its members", &open.down, &down, cells);
    }
    out
}

fn section(
    naming: Naming,
    out: &mut Vec<Line<'static>>,
    title: &str,
    asked: &Asked<Rows>,
    edges: &[(Edge, &Row)],
    cells: u16,
) {
    let Asked::Ready(rows) = asked else {
        out.push(Line::styled(title.to_owned(), theme::STRONG));
        out.extend(not_yet(asked, "reading them", cells));
        return;
    };
    // The account's edge is none of the list's.
    let total = rows.total + edges.iter().filter(|(_, row)| row.kind == EntityKind::Account).count() as u64;
    out.push(Line::from(vec![
        Span::styled(title.to_owned(), theme::STRONG),
        Span::raw(format!("  {}", grouped(total))),
    ]));
    for (edge, row) in edges {
        let mapped = if edge.mapped { "  (mapped: JupiterOne links it if it knows the far end)" } else { "" };
        out.push(Line::from(vec![
            Span::raw(fit(&row.name, usize::from(cells).saturating_sub(44).max(12))),
            Span::styled(format!("  {}{mapped}", naming.edge_type(edge.kind)), theme::DIM),
        ]));
        for (n, line) in wrap(&visible(&edge.key()), usize::from(cells).saturating_sub(9)).into_iter().enumerate() {
            let lead = if n == 0 { "   _key  " } else { "         " };
            out.push(Line::from(vec![Span::styled(lead, theme::DIM), Span::raw(line)]));
        }
    }
    if rows.total > EDGES {
        let text = format!("and {} more: ← and → list them all", grouped(rows.total - EDGES));
        out.push(Line::styled(fit(&text, usize::from(cells)), theme::DIM));
    }
}
