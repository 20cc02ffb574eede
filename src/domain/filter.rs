//! The filter language of every list, pure: words that must occur, and fields such as `type:guest` or `members:>500`.
//!
//! ```text
//! ada lovelace      both occur in the name, the login, the mail or the id, in any case
//! 'ann              as a whole word      ^ada  begins with      son$  ends with      ^ada$  is just that
//! ~adlv             the letters occur in this order
//! !guest            not
//! dept:"human res"  a field; quotes for spaces
//! ```
//!
//! One table ([`FIELDS`]) drives the parser, the help, completion and facets. A part that cannot be understood is taken as
//! text, and said ([`Complaint`]): a filter never fails. It knows no list and no store: whatever has [`Fields`] can be
//! filtered. An id that is a GUID is searched for by words of six characters or more only, because every other name made
//! of the letters a to f would be found in some.

mod help;
mod parse;
mod print;
mod range;
mod table;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use jiff::Timestamp;

pub use self::{
    help::{Completion, complete, has, toggled},
    parse::{Complaint, parse},
    range::{Dates, Numbers},
    table::{FIELDS, Field, FieldInfo, Flag, OPERATORS, Scope, Shape},
};
use super::{ids, kind::EntityKind};

/// What a person typed, understood. All terms must hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    pub terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    pub not: bool,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// Of any of the texts that a row is searched by.
    Anywhere(Text),
    /// Of one field.
    In(Field, Text),
    /// Whether a field has any text: `mail:any`, `mail:none`.
    Has(Field, bool),
    /// One of the words of a field, by its [`key`].
    One(Field, String),
    Yes(Field, bool),
    Is(Flag),
    Number(Field, Numbers),
    Date(Field, Dates),
}

/// A text to look for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text {
    pub how: How,
    /// In lower case; never empty, and without control characters.
    pub needle: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    Occurs,
    /// With nothing that belongs to a word before and behind.
    Word,
    Begins,
    Ends,
    /// There is nothing else.
    Whole,
    /// Its letters occur in their order, with anything in between.
    Fuzzy,
}

/// What a row says of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Nothing is known, or it has none.
    Nothing,
    /// Of a field of words, several are separated by commas.
    Text(Cow<'a, str>),
    Yes(bool),
    Number(u64),
    Time(Timestamp),
}

/// What can be filtered.
pub trait Fields {
    /// Hands over the texts that words are looked for in, until one is enough (`true`); says whether one was.
    ///
    /// Ids go through [`Text::is_in_id`], which is what `is_id` is for.
    fn any_text(&self, enough: &mut dyn FnMut(&str, IsId) -> bool) -> bool;

    fn value(&self, field: Field) -> Value<'_>;

    /// Whether it is known to be so.
    fn is(&self, flag: Flag) -> bool;
}

/// Whether a text is an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IsId {
    Yes,
    No,
}

impl Filter {
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn matches(&self, row: &impl Fields) -> bool {
        self.terms.iter().all(|term| term.matches(row))
    }
}

impl Term {
    pub fn matches(&self, row: &impl Fields) -> bool {
        self.test.holds(row) != self.not
    }
}

impl Test {
    fn holds(&self, row: &impl Fields) -> bool {
        match self {
            Self::Anywhere(text) => row.any_text(&mut |at, is_id| match is_id {
                IsId::Yes => text.is_in_id(&at.to_lowercase()),
                IsId::No => text.is_in(&at.to_lowercase()),
            }),
            Self::Is(flag) => row.is(*flag),
            Self::In(field, _)
            | Self::Has(field, _)
            | Self::One(field, _)
            | Self::Yes(field, _)
            | Self::Number(field, _)
            | Self::Date(field, _) => self.holds_of(&row.value(*field)),
        }
    }

    /// Whether a test of one field holds for its value.
    pub fn holds_of(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::In(_, text), Value::Text(at)) => text.is_in(&at.to_lowercase()),
            (Self::Has(_, any), value) => {
                let has = !matches!(value, Value::Nothing) && !matches!(value, Value::Text(at) if at.is_empty());
                has == *any
            }
            (Self::One(_, word), Value::Text(at)) => at.split(',').any(|part| key(part) == *word),
            (Self::Yes(_, yes), Value::Yes(is)) => yes == is,
            (Self::Number(_, numbers), Value::Number(n)) => numbers.contains(*n),
            (Self::Date(_, dates), Value::Time(at)) => dates.contains(at.as_millisecond()),
            _ => false,
        }
    }
}

/// The fewest characters of a GUID that are looked for.
const LEAST_OF_A_GUID: usize = 6;

impl Text {
    /// Whether it is in a text, which must be in lower case.
    pub fn is_in(&self, lower: &str) -> bool {
        let needle = self.needle.as_str();
        match self.how {
            How::Occurs => lower.contains(needle),
            How::Word => is_word_in(needle, lower),
            How::Begins => lower.starts_with(needle),
            How::Ends => lower.ends_with(needle),
            How::Whole => lower == needle,
            How::Fuzzy => is_fuzzy_in(needle, lower),
        }
    }

    /// As [`Self::is_in`], of an id.
    pub fn is_in_id(&self, lower: &str) -> bool {
        (!ids::is_guid_shaped(lower) || self.can_be_in_a_guid()) && self.is_in(lower)
    }

    /// Whether there is a use in looking for it in GUIDs.
    pub fn can_be_in_a_guid(&self) -> bool {
        self.how != How::Fuzzy
            && self.needle.len() >= LEAST_OF_A_GUID
            && self.needle.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    }
}

fn is_word_in(needle: &str, lower: &str) -> bool {
    let ends_well = |before: Option<char>, edge: Option<char>| {
        let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !(is_part(before) && is_part(edge))
    };
    lower.match_indices(needle).any(|(at, _)| {
        let (before, after) = (&lower[..at], &lower[at + needle.len()..]);
        ends_well(before.chars().next_back(), needle.chars().next())
            && ends_well(after.chars().next(), needle.chars().next_back())
    })
}

fn is_fuzzy_in(needle: &str, lower: &str) -> bool {
    let mut rest = lower.chars();
    needle.chars().filter(|c| !c.is_whitespace()).all(|c| rest.any(|at| at == c))
}

/// A word of a field without case, spaces and marks: `Microsoft 365` is `microsoft365`.
pub fn key(word: &str) -> String {
    word.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// What [`Field::Type`] is of an object: its kind, and what the lists call it.
pub fn type_words(kind: EntityKind, label: &str) -> String {
    let (kind, more) = match kind {
        EntityKind::Account => ("account", ""),
        EntityKind::User if !label.contains("guest") => ("user", ", member"),
        EntityKind::User => ("user", ""),
        EntityKind::Group => ("group", ""),
        EntityKind::Member => ("other", ""),
    };
    format!("{kind}, {label}{more}")
}
