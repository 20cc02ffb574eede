//! An upload object by object: what it would create, change and delete.

use serde::{Deserialize, Serialize};

use super::{column::Sort, difference, explore::FieldChange, kind::EntityKind, view::Pending};

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

    /// As filters and lists call it, and as serde names it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Delete => "delete",
        }
    }
}

/// Why an object is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The directory has the object no more.
    Gone,
    /// An end of the relationship is deleted: one of this kind.
    Account,
    User,
    Group,
    Member,
    /// The group stays, and lists nobody any more.
    Emptied,
    /// Both ends stay, and the one does not have the other any more.
    Left,
}

impl Cause {
    pub const ALL: [Self; 7] =
        [Self::Gone, Self::Account, Self::User, Self::Group, Self::Member, Self::Emptied, Self::Left];

    /// As filters call it, and as serde names it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Account => "account",
            Self::User => "user",
            Self::Group => "group",
            Self::Member => "member",
            Self::Emptied => "emptied",
            Self::Left => "left",
        }
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Gone => "the directory has it no more",
            Self::Account => "the account is deleted",
            Self::User => "its user is deleted",
            Self::Group => "a group of it is deleted",
            Self::Member => "its group member is deleted",
            Self::Emptied => "its group was emptied",
            Self::Left => "it is in the group no more",
        }
    }

    /// Why relationships go with an entity of this `_type`, whatever the naming.
    pub fn of_end(name: &str) -> Self {
        match kind(name) {
            "account" => Self::Account,
            "group" => Self::Group,
            "member" => Self::Member,
            _ => Self::User,
        }
    }
}

/// A window onto them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlannedQuery {
    /// Of this `_type` only.
    pub of: Option<String>,
    pub deed: Option<Deed>,
    /// In the language of all lists: `will:delete cause:user`, words of names.
    pub filter: String,
    /// The first counts most; what they do not tell apart stays in the order in which it is sent.
    pub sort: Vec<Sort>,
    pub offset: u64,
    pub limit: u64,
    /// Whether to wait for the filter and the order, however long they take; else what there is at once comes first.
    pub whole: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRows {
    pub query: PlannedQuery,
    /// How many the query leaves.
    pub total: u64,
    pub rows: Vec<Planned>,
    /// Why the filter could not be read, if so; then that part is taken as text. Or why there is no such order.
    pub filter_problem: Option<String>,
    /// What the rows still wait for.
    pub pending: Option<Pending>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    pub deed: Deed,
    #[serde(rename = "type")]
    pub object_type: String,
    /// The object's `_key`.
    pub key: String,
    /// Of a relationship its far end.
    pub end: End,
    /// Of a relationship where it begins.
    pub from: Option<End>,
    /// Of what is deleted.
    pub cause: Option<Cause>,
    /// Of a changed object what becomes different, of a mapped relationship what it tells of its far end; `None` where it
    /// is not known what was sent before.
    pub fields: Option<Vec<FieldChange>>,
}

/// An entity by its Graph id, and its name as last known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct End {
    pub id: String,
    pub name: String,
    /// `None`: nothing is known of it but its id.
    pub kind: Option<EntityKind>,
}

impl End {
    /// Its name, or where there is none its id.
    pub fn title(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }
}

impl Planned {
    /// What it is: `Ada`, `Finance → Ada`.
    pub fn title(&self) -> String {
        match &self.from {
            Some(from) => format!("{} → {}", from.title(), self.end.title()),
            None => self.end.title().to_owned(),
        }
    }

    /// What becomes different, a line a field, or why that is not known; or why it is deleted.
    pub fn what(&self) -> Vec<String> {
        match (&self.fields, self.deed, &self.from) {
            (Some(fields), ..) => fields.iter().map(difference::words).collect(),
            (None, Deed::Change, _) => vec!["what was sent before is not kept, or not known for certain".to_owned()],
            (None, ..) => self.cause.iter().map(|cause| cause.words().to_owned()).collect(),
        }
    }

    /// The same in a word or two: the fields' names, or the cause.
    pub fn what_in_short(&self) -> String {
        match &self.fields {
            Some(fields) => fields.iter().map(|field| field.field.as_str()).collect::<Vec<_>>().join(", "),
            None if self.deed == Deed::Change => "not known".to_owned(),
            None => self.what().join(", "),
        }
    }
}

/// What filters call an entity of a `_type`, whatever the naming.
pub fn kind(name: &str) -> &str {
    [("_user_group", "group"), ("_group_member", "member"), ("_user", "user"), ("_account", "account")]
        .into_iter()
        .find(|(end, _)| name.ends_with(end))
        .map_or(name, |(_, kind)| kind)
}

/// What a filter's `type:` takes for a `_type`, separated by commas: itself, its short name, and which of the two it is.
pub fn type_words(name: &str, is_edge: bool) -> String {
    match (is_edge, name.split_once("_has_")) {
        (true, Some((_, far))) => format!("{name}, has_{far}, relationship"),
        (true, None) => format!("{name}, relationship"),
        (false, _) => format!("{name}, {}, entity", kind(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::naming::Naming;

    #[test]
    fn a_type_is_found_by_its_short_name_in_either_naming() {
        let check = |naming: Naming, kind: EntityKind, want: &str| {
            let name = naming.entity_type(kind);
            assert_eq!(type_words(name, false), format!("{name}, {want}, entity"));
        };
        for naming in Naming::ALL {
            check(naming, EntityKind::Account, "account");
            check(naming, EntityKind::User, "user");
            check(naming, EntityKind::Group, "group");
            check(naming, EntityKind::Member, "member");
        }
        let edge = "active_directory_account_has_user_group";
        assert_eq!(type_words(edge, true), format!("{edge}, has_user_group, relationship"));
    }

    #[test]
    fn words_are_those_of_serde() {
        for deed in Deed::ALL {
            assert_eq!(serde_json::json!(deed), deed.word());
        }
        for cause in Cause::ALL {
            assert_eq!(serde_json::json!(cause), cause.word());
        }
    }
}
