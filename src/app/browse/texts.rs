//! An object and the ways into a group as texts, for the clipboard; a list's are in [`copy`](super::copy).

use serde_json::{Value, json};

use super::{
    super::Model,
    Asked, Pane, Shows,
    object::{Face, Open},
};
use crate::domain::{
    edge::{Edge, FarEnd},
    explore::Version,
    ids::TenantId,
    kind::{EdgeKind, EntityKind},
    lineage,
    naming::Names,
    near::tree,
    portrait::{Shown, portrait},
    text::visible,
    view::{Detail, Row, Rows},
};

pub(super) fn id(model: &Model) -> Option<String> {
    model.browse.subject().map(|(id, ..)| id)
}

/// What the open face shows.
pub fn object(model: &Model) -> Option<String> {
    let open = model.browse.open()?;
    let Pane::Ready(detail) = &model.browse.detail else { return None };
    Some(match open.face {
        Face::Properties => properties(detail),
        Face::Graph => pretty(&detail.raw),
        Face::Upload => upload(&names(model), open, detail),
        Face::History => history(open.history.ready()?),
    })
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

/// As text for a ticket: times in UTC, so that they mean the same to everybody.
fn properties(detail: &Detail) -> String {
    let member_type = detail.entity.get("memberType").and_then(Value::as_str);
    let mut out = String::new();
    for one in portrait(&detail.raw, member_type).traits {
        let value = match one.value {
            Shown::Text(text) => text,
            Shown::Texts(all) => all.join(", "),
            Shown::Yes(yes) => if yes { "yes" } else { "no" }.to_owned(),
            Shown::Time(at) => at.to_string(),
        };
        out.push_str(&format!("{}: {}\n", one.label, visible(&value)));
    }
    out
}

/// Under which names JupiterOne gets what is shown.
pub fn names(model: &Model) -> Names {
    model.overview.profile.as_ref().map(|profile| profile.names.clone()).unwrap_or_default()
}

/// The entity and its edges, as an upload sends them; of a far end that its edge describes, as far as a row knows it.
fn upload(names: &Names, open: &Open, detail: &Detail) -> String {
    let edges: Vec<Value> = edges(names, open, detail).map(|(edge, _)| edge.json(names.naming())).collect();
    pretty(&json!({ "entity": detail.entity, "relationships": edges }))
}

/// The edges of an object as an upload sends them, each with the row of its other end: the account's first, then those
/// from groups, then those to members.
pub fn edges<'a>(names: &'a Names, open: &'a Open, detail: &'a Detail) -> impl Iterator<Item = (Edge, &'a Row)> {
    let rows = |asked: &'a Asked<Rows>| asked.ready().into_iter().flat_map(|rows| &rows.rows);
    let account = rows(&open.account).filter_map(move |row| {
        let kind = match detail.kind {
            EntityKind::User => EdgeKind::AccountUser,
            EntityKind::Group => EdgeKind::AccountGroup,
            EntityKind::Account | EntityKind::Member => return None,
        };
        let from = names.account_key(&TenantId::parse(&row.id).ok()?);
        Some((Edge::direct(kind, from, detail.id.clone()), row))
    });
    let up = rows(&open.up).filter_map(move |row| {
        let (kind, from) = (EdgeKind::of_group(detail.kind)?, row.id.clone());
        // The account's own stands above already, should it be listed here too.
        let from_group = row.kind == EntityKind::Group;
        from_group.then(|| (membership(names, kind, from, detail.id.clone(), is_mapped(row), &detail.name), row))
    });
    let down = rows(&open.down).filter_map(move |row| {
        let (kind, to) = (EdgeKind::of_group(row.kind)?, row.id.clone());
        Some((membership(names, kind, detail.id.clone(), to, is_mapped(row), &row.name), row))
    });
    account.chain(up).chain(down)
}

fn membership(names: &Names, kind: EdgeKind, from: String, to: String, mapped: bool, far: &str) -> Edge {
    let far = FarEnd { display_name: Some(far.to_owned()), ..FarEnd::default() };
    Edge { mapped, far: names.naming().maps_members().then(|| Box::new(far)), ..Edge::direct(kind, from, to) }
}

fn is_mapped(row: &Row) -> bool {
    row.edge.as_ref().is_some_and(|edge| edge.mapped)
}

fn history(all: &[Version]) -> String {
    let mut out = String::new();
    for version in all {
        out.push_str(&format!("run {}  {}  {:?}\n", version.run, version.at, version.change).to_lowercase());
        for field in &version.fields {
            let line = format!("  {}: {} → {}", field.field, field.before, field.now);
            out.push_str(&format!("{}\n", visible(&line)));
        }
    }
    out
}

/// The neighbourhood, as it is shown.
pub(super) fn near(model: &Model) -> Option<String> {
    let Shows::Near(around) = &model.browse.view().shows else { return None };
    let laid = around.laid()?;
    Some(tree::text(&laid.near, &laid.lines, &around.folded))
}

/// The ways, as they are shown.
pub(super) fn why(model: &Model) -> Option<String> {
    let Shows::Why(reasons) = &model.browse.view().shows else { return None };
    Some(lineage::text(reasons.why()?, &reasons.lines()))
}
