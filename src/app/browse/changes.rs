//! What came, went or changed between two runs, in words.

use crate::domain::{
    explore::{Change, DiffRow},
    kind::EntityKind,
};

/// What became of it: `came`, or of a changed object what is different now.
pub fn what(row: &DiffRow) -> String {
    match row.change {
        Change::Changed if !row.fields.is_empty() => {
            row.fields.iter().map(|field| field.field.as_str()).collect::<Vec<_>>().join(", ")
        }
        change => change.as_str().to_owned(),
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
