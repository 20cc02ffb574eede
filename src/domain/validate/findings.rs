//! What was mended or left out, summed up: by type, property and rule, with the first objects by name.

use std::collections::{BTreeMap, btree_map::Entry};

use serde::{Deserialize, Serialize};

use crate::domain::text::grouped;

/// A rule that objects of a type did not keep, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub object_type: String,
    /// `None` where it is about the object as a whole.
    pub property: Option<String>,
    pub rule: Rule,
    pub done: Done,
    /// How many objects.
    pub count: u64,
    /// The first hundred of them.
    pub objects: Vec<Named>,
}

/// An object that a finding is about. Texts are as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its id; of a relationship the `_key`.
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A `_key` has ten characters or more.
    KeyLength,
    /// No two objects have one `_key`.
    DuplicateKey,
    /// The class requires the property.
    Required,
    /// What Graph has is not of the documented shape, or none that the class takes.
    Source,
    /// The class gives the property another shape.
    Class,
    /// Names of properties are of letters, digits, dots, dashes and spaces.
    PropertyName,
    /// The service takes texts, numbers, flags, and lists of one of these.
    PropertyValue,
    /// An object fits into a request.
    Size,
    /// Both ends of a relationship are sent.
    Dangling,
}

impl Rule {
    /// What is wrong, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::KeyLength => "shorter than ten characters",
            Self::DuplicateKey => "a key that another object has, or could have",
            Self::Required => "missing, and required",
            Self::Source => "not of a form that is taken",
            Self::Class => "not of the shape that its class has",
            Self::PropertyName => "not a name that properties may have",
            Self::PropertyValue => "a value that JupiterOne refuses",
            Self::Size => "larger than a request may be",
            Self::Dangling => "one of its ends is not sent",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// The object is not sent. Its type, and every relationship type that touches it, is exempt from deletion.
    Excluded,
    /// It is sent without the property.
    LeftOut,
    /// The property is null, as its class requires it.
    Null,
    /// This field of Graph stands in for the property.
    StandsIn(String),
}

impl Done {
    /// In words, to stand behind the rule's.
    pub fn words(&self) -> String {
        match self {
            Self::Excluded => "not sent".to_owned(),
            Self::LeftOut => "sent without it".to_owned(),
            Self::Null => "null is sent".to_owned(),
            Self::StandsIn(field) => format!("{field} stands in for it"),
        }
    }
}

impl Finding {
    /// `3 active_directory_user: email is not of a form that is taken; null is sent`
    pub fn words(&self) -> String {
        let Self { object_type, property, rule, done, count, .. } = self;
        let what = property.as_ref().map(|property| format!("{property} is ")).unwrap_or_default();
        format!("{} {object_type}: {what}{}; {}", grouped(*count), rule.words(), done.words())
    }
}

impl Finding {
    /// The first so many by name, and how many more there are.
    pub fn named(&self, most: usize) -> String {
        let named = |one: &Named| match one.name == one.id || one.name.is_empty() {
            true => one.id.clone(),
            false => format!("{} ({})", one.name, one.id),
        };
        let mut words: Vec<String> = self.objects.iter().take(most).map(named).collect();
        let more = self.count - words.len() as u64;
        if more > 0 {
            words.push(format!("and {} more", grouped(more)));
        }
        words.join(", ")
    }
}

/// How many objects a finding names.
const NAMED: usize = 100;

type Key = (Done, String, Option<String>, Rule);

/// Findings in the making.
#[derive(Debug, Default)]
pub(super) struct Findings {
    all: BTreeMap<Key, (u64, Vec<Named>)>,
}

impl Findings {
    pub(super) fn note(
        &mut self,
        object_type: &str,
        property: Option<&str>,
        rule: Rule,
        done: Done,
        named: impl FnOnce() -> Named,
    ) {
        let key = (done, object_type.to_owned(), property.map(str::to_owned), rule);
        let (count, objects) = match self.all.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert((0, Vec::new())),
        };
        *count += 1;
        if objects.len() < NAMED {
            objects.push(named());
        }
    }

    /// What is not sent comes first.
    pub(super) fn all(&self) -> Vec<Finding> {
        let finding = |(key, found): (&Key, &(u64, Vec<Named>))| {
            let (done, object_type, property, rule) = key.clone();
            Finding { object_type, property, rule, done, count: found.0, objects: found.1.clone() }
        };
        self.all.iter().map(finding).collect()
    }
}
