//! JupiterOne's data model, as far as our classes go: which property has which shape, and which a class requires.
//!
//! Written down here from what the published schemas say, and held against them by a test; they are of another licence, and
//! none of them is in this program. What a class does not declare may be anything: that is the service's own rules' to say
//! ([`super::server`]).

use serde_json::{Map, Value};

use crate::domain::{email::is_email, naming::Naming};

/// A generation of the data model.
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    pub version: &'static str,
    classes: &'static [Class],
}

#[derive(Debug, PartialEq, Eq)]
struct Class {
    name: &'static str,
    /// Beside what every entity must have.
    required: &'static [&'static str],
    /// Beside what every entity may have.
    fields: &'static [(&'static str, Shape)],
}

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text,
    /// At least so many characters.
    LongText(usize),
    TextOrNull,
    Texts,
    TextOrTexts,
    UniqueTexts,
    UniqueTextsOrNull,
    /// A class, or some, of two characters or more.
    Classes,
    Email,
    UniqueEmailsOrNull,
    Uri,
    Flag,
    Number,
    OneToTen,
    /// From 0 to 1.
    Share,
    /// A text, number or flag.
    Plain,
}

/// What is wrong with a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub property: String,
    pub wrong: Wrong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It is not there.
    Missing,
    /// No property may be called so.
    Name,
    /// It is of another type.
    Type,
    /// Of the right type, and not of the right form.
    Form,
}

use Shape::{
    Classes, Email, Flag, LongText, Number, OneToTen, Plain, Share, Text, TextOrNull, TextOrTexts, Texts,
    UniqueEmailsOrNull, UniqueTexts, UniqueTextsOrNull, Uri,
};

const REQUIRED: &[&str] = &["_key", "_class", "_type", "name", "displayName"];

const ENTITY: &[(&str, Shape)] = &[
    ("_key", LongText(10)),
    ("_class", Classes),
    ("_type", LongText(3)),
    ("id", TextOrTexts),
    ("name", Text),
    ("displayName", Text),
    ("summary", Text),
    ("description", Text),
    ("classification", TextOrNull),
    ("criticality", OneToTen),
    ("risk", OneToTen),
    ("trust", OneToTen),
    ("complianceStatus", Share),
    ("status", Text),
    ("active", Flag),
    ("public", Flag),
    ("validated", Flag),
    ("temporary", Flag),
    ("trusted", Flag),
    ("createdOn", Number),
    ("updatedOn", Number),
    ("deletedOn", Number),
    ("discoveredOn", Number),
    ("expiresOn", Number),
    ("createdBy", Text),
    ("updatedBy", Text),
    ("deletedBy", Text),
    ("discoveredBy", Text),
    ("webLink", Uri),
    ("owner", Text),
    ("tags", Texts),
    ("notes", Texts),
];

const GROUP: Class = Class { name: "UserGroup", required: &[], fields: &[("email", Email)] };

/// Names and addresses are texts.
pub const V0_54: Model = Model {
    version: "0.54.0",
    classes: &[
        Class { name: "Account", required: &[], fields: &[("accessURL", Uri), ("mfaEnabled", Flag)] },
        Class {
            name: "User",
            required: &[],
            fields: &[
                ("username", Text),
                ("email", Email),
                ("emailDomain", Texts),
                ("shortLoginId", Text),
                ("mfaEnabled", Flag),
                ("mfaType", Text),
                ("firstName", Text),
                ("lastName", Text),
                ("passwordChangedOn", Number),
            ],
        },
        GROUP,
    ],
};

/// Names and addresses of users are lists, and required.
pub const V0_64: Model = Model {
    version: "0.64.2",
    classes: &[
        Class {
            name: "Account",
            required: &["vendor"],
            fields: &[("accessURL", Uri), ("mfaEnabled", Flag), ("vendor", Text)],
        },
        Class {
            name: "User",
            required: &["firstName", "lastName", "email", "shortLoginId", "username"],
            fields: &[
                ("username", UniqueTextsOrNull),
                ("email", UniqueEmailsOrNull),
                ("emailDomain", UniqueTextsOrNull),
                ("shortLoginId", UniqueTextsOrNull),
                ("mfaEnabled", Flag),
                ("isMfaEnabled", Flag),
                ("mfaType", Text),
                ("isActive", Flag),
                ("firstName", TextOrNull),
                ("lastName", TextOrNull),
                ("passwordChangedOn", Number),
                ("employeeId", Text),
                ("userIds", UniqueTexts),
                ("isAdmin", Flag),
                ("isPerson", Flag),
                ("isGuest", Flag),
            ],
        },
        GROUP,
    ],
};

impl Model {
    /// The generation that a naming is made for.
    pub const fn of(naming: Naming) -> &'static Self {
        match naming {
            Naming::ActiveDirectory => &V0_64,
            Naming::GraphMicrosoft365 => &V0_54,
        }
    }

    /// All that the entity's classes have against it. A class that is not known here has nothing against anything, and
    /// neither has none, as with the official validator.
    pub fn check(&self, entity: &Map<String, Value>) -> Vec<Violation> {
        let named: &[Value] = match entity.get("_class") {
            Some(Value::Array(all)) => all,
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let known = |name: &Value| self.classes.iter().find(|class| name.as_str() == Some(class.name));
        let classes: Vec<&Class> = named.iter().filter_map(known).collect();
        let mut out = Vec::new();
        if classes.is_empty() {
            return out;
        }
        let mut say = |property: &str, wrong| out.push(Violation { property: property.to_owned(), wrong });
        for (name, value) in entity {
            if !is_name(name) {
                say(name, Wrong::Name);
            }
            let own = classes.iter().flat_map(|class| class.fields).chain(ENTITY).find(|(field, _)| field == name);
            let shape = own.map(|(_, shape)| *shape).or_else(|| name.starts_with("tag.").then_some(Plain));
            if let Some(wrong) = shape.and_then(|shape| shape.refuses(value)) {
                say(name, wrong);
            }
        }
        for name in classes.iter().flat_map(|class| class.required).chain(REQUIRED) {
            if !entity.contains_key(*name) {
                say(name, Wrong::Missing);
            }
        }
        out
    }
}

/// `^(_|tag\.)?[A-Za-z0-9. -]+$`
fn is_name(name: &str) -> bool {
    let own = name.strip_prefix('_').or_else(|| name.strip_prefix("tag.")).unwrap_or(name);
    // `tag.` alone is a name of the plain kind.
    let own = if own.is_empty() { name } else { own };
    !own.is_empty() && own.bytes().all(|b| b.is_ascii_alphanumeric() || b". -".contains(&b))
}

impl Shape {
    fn refuses(self, value: &Value) -> Option<Wrong> {
        let text = |form: fn(&str) -> bool| match value {
            Value::String(text) if form(text) => None,
            Value::String(_) => Some(Wrong::Form),
            _ => Some(Wrong::Type),
        };
        let number = |form: fn(f64) -> bool| match value.as_f64() {
            Some(number) if form(number) => None,
            Some(_) => Some(Wrong::Form),
            None => Some(Wrong::Type),
        };
        let is = |right: bool| (!right).then_some(Wrong::Type);
        match self {
            Text => is(value.is_string()),
            LongText(least) => match value {
                Value::String(text) if text.chars().nth(least - 1).is_some() => None,
                Value::String(_) => Some(Wrong::Form),
                _ => Some(Wrong::Type),
            },
            TextOrNull => is(value.is_string() || value.is_null()),
            Texts => is(texts(value).is_some()),
            TextOrTexts => is(value.is_string() || texts(value).is_some()),
            UniqueTexts => unique(value, |_| true),
            UniqueTextsOrNull if value.is_null() => None,
            UniqueTextsOrNull => unique(value, |_| true),
            UniqueEmailsOrNull if value.is_null() => None,
            UniqueEmailsOrNull => unique(value, is_email),
            Classes => match texts(value) {
                Some(all) if all.is_empty() => Some(Wrong::Form),
                Some(all) => all.iter().any(|class| class.chars().nth(1).is_none()).then_some(Wrong::Form),
                None => text(|class| class.chars().nth(1).is_some()),
            },
            Email => text(is_email),
            Uri => text(|text| url::Url::parse(text).is_ok()),
            Flag => is(value.is_boolean()),
            Number => number(|_| true),
            OneToTen => number(|n| n.fract() == 0.0 && (1.0..=10.0).contains(&n)),
            Share => number(|n| (0.0..=1.0).contains(&n)),
            Plain => is(value.is_string() || value.is_number() || value.is_boolean()),
        }
    }
}

fn texts(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

fn unique(value: &Value, form: fn(&str) -> bool) -> Option<Wrong> {
    let Some(all) = texts(value) else { return Some(Wrong::Type) };
    let repeats = all.iter().enumerate().any(|(at, text)| all[..at].contains(text));
    (repeats || !all.iter().all(|text| form(text))).then_some(Wrong::Form)
}

#[cfg(test)]
mod tests;
