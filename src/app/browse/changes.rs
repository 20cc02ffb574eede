//! What came, went or changed between two runs, in words.

use crate::domain::{
    explore::{Change, DiffRow, FieldChange},
    kind::EntityKind,
};

pub const fn word(change: Change) -> &'static str {
    match change {
        Change::Came => "came",
        Change::Changed => "changed",
        Change::Went => "went",
    }
}

/// What became of it: `came`, or of a changed object what is different now.
pub fn what(row: &DiffRow) -> String {
    match row.change {
        Change::Changed if !row.fields.is_empty() => {
            row.fields.iter().map(|field| field.field.as_str()).collect::<Vec<_>>().join(", ")
        }
        change => word(change).to_owned(),
    }
}

/// What kind of thing it is: an object by its label, a membership by its far end.
pub fn kind(row: &DiffRow) -> String {
    match (&row.edge, row.kind) {
        (Some(_), EntityKind::Group) => "membership of a group".to_owned(),
        (Some(_), _) => "membership".to_owned(),
        (None, kind) if row.label.is_empty() => super::columns::kind_name(kind).to_owned(),
        (None, _) => row.label.clone(),
    }
}

/// A value as a person reads it.
pub fn shown(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) if text.is_empty() => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(all) if all.is_empty() => "nothing".to_owned(),
        Value::Array(all) => all.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// `department: Sales → Marketing`.
pub fn difference(field: &FieldChange) -> String {
    format!("{}: {} → {}", field.field, shown(&field.before), shown(&field.now))
}
