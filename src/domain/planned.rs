//! An upload object by object: what it would create, change and delete.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    explore::FieldChange,
    filter::{Field, Fields, Flag, IsId, Value},
};

/// What an upload does to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    Create,
    Change,
    Delete,
}

impl Deed {
    pub const ALL: [Self; 3] = [Self::Create, Self::Change, Self::Delete];

    /// As filters and lists of changes call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "came",
            Self::Change => "changed",
            Self::Delete => "went",
        }
    }
}

/// A window onto them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlannedQuery {
    /// Of this `_type` only.
    pub of: Option<String>,
    pub deed: Option<Deed>,
    /// As in the list of changes: `change:went`, `edge:has_group`, words of names.
    pub filter: String,
    pub offset: u64,
    pub limit: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRows {
    pub query: PlannedQuery,
    /// How many the query leaves.
    pub total: u64,
    pub rows: Vec<Planned>,
    /// Why the filter could not be read, if so; then that part is taken as text.
    pub filter_problem: Option<String>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    pub deed: Deed,
    #[serde(rename = "type")]
    pub object_type: String,
    /// Of a relationship its far end.
    pub end: End,
    /// Of a relationship where it begins.
    pub from: Option<End>,
    /// Of a changed entity what becomes different; `None` where it is not known what was sent before.
    pub fields: Option<Vec<FieldChange>>,
}

/// An entity by its Graph id, and its name as last known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct End {
    pub id: String,
    pub name: String,
}

impl Fields for Planned {
    fn any_text(&self, enough: &mut dyn FnMut(&str, IsId) -> bool) -> bool {
        enough(&self.end.name, IsId::No)
            || enough(&self.end.id, IsId::Yes)
            || self.from.as_ref().is_some_and(|from| enough(&from.name, IsId::No))
    }

    fn value(&self, field: Field) -> Value<'_> {
        let text = |text| Value::Text(Cow::Borrowed(text));
        match (field, &self.from) {
            (Field::Change, _) => text(self.deed.word()),
            (Field::Name, _) => text(&self.end.name),
            (Field::Id, _) => text(&self.end.id),
            (Field::From, Some(from)) => text(&from.name),
            (Field::Edge, Some(_)) => text(&self.object_type),
            (Field::Type, None) => text(kind(&self.object_type)),
            _ => Value::Nothing,
        }
    }

    fn is(&self, _: Flag) -> bool {
        false
    }
}

/// What filters call an entity of a `_type`, whatever the naming.
fn kind(name: &str) -> &str {
    [("_user_group", "group"), ("_group_member", "member"), ("_user", "user"), ("_account", "account")]
        .into_iter()
        .find(|(end, _)| name.ends_with(end))
        .map_or(name, |(_, kind)| kind)
}
