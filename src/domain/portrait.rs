//! An object as a person reads it: its properties with labels, the most important first, from Graph's own JSON.
//!
//! Times stay times, so that whoever shows them chooses the zone; texts are as stored. Decides nothing about uploads:
//! that is [`normalise`](super::normalise).

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::properties::epoch_ms;

/// A property that has a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Trait {
    /// As Graph names it.
    pub field: String,
    pub label: Cow<'static, str>,
    pub value: Shown,
}

/// A value as people read it.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    Text(String),
    /// One a line.
    Texts(Vec<String>),
    Yes(bool),
    Time(Timestamp),
}

/// An object's properties.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Portrait {
    pub traits: Vec<Trait>,
    /// The labels of those that Graph has nothing for.
    pub empty: Vec<Cow<'static, str>>,
}

/// Fields of all kinds of objects, the most important first.
const LABELS: &[(&str, &str)] = &[
    ("displayName", "Name"),
    ("userPrincipalName", "Sign-in name"),
    ("mail", "Mail"),
    ("memberType", "Kind"),
    ("userType", "User type"),
    ("accountEnabled", "Enabled"),
    ("description", "Description"),
    ("verifiedDomains", "Domains"),
    ("tenantType", "Tenant type"),
    ("groupTypes", "Group types"),
    ("membershipRule", "Membership rule"),
    ("securityEnabled", "For security"),
    ("mailEnabled", "For mail"),
    ("isAssignableToRole", "May have roles"),
    ("visibility", "Visibility"),
    ("classification", "Classification"),
    ("jobTitle", "Job title"),
    ("department", "Department"),
    ("companyName", "Company"),
    ("officeLocation", "Office"),
    ("usageLocation", "Country of use"),
    ("countryLetterCode", "Country"),
    ("givenName", "First name"),
    ("surname", "Last name"),
    ("mobilePhone", "Mobile phone"),
    ("businessPhones", "Business phones"),
    ("employeeId", "Employee ID"),
    ("externalUserState", "Invitation"),
    ("operatingSystem", "System"),
    ("operatingSystemVersion", "System version"),
    ("trustType", "Trust"),
    ("isManaged", "Managed"),
    ("isCompliant", "Compliant"),
    ("servicePrincipalType", "Type"),
    ("lastSignInDateTime", "Last sign-in"),
    ("lastSuccessfulSignInDateTime", "Last successful sign-in"),
    ("lastNonInteractiveSignInDateTime", "Last sign-in of an app"),
    ("createdDateTime", "Created"),
    ("renewedDateTime", "Renewed"),
    ("expirationDateTime", "Expires"),
    ("deletedDateTime", "Deleted"),
    ("onPremisesSyncEnabled", "Synced"),
    ("onPremisesLastSyncDateTime", "Last synced"),
    ("mailNickname", "Mail nickname"),
    ("preferredLanguage", "Language"),
    ("deviceId", "Device ID"),
    ("appId", "Application ID"),
    ("id", "Object ID"),
];

/// What people call a field of Graph; of one that nobody named, its own words.
pub fn label(field: &str) -> Cow<'static, str> {
    match LABELS.iter().find(|(name, _)| *name == field) {
        Some((_, label)) => Cow::Borrowed(label),
        None => Cow::Owned(words(field)),
    }
}

/// Its place among the others; what nobody named comes last.
fn rank(field: &str) -> usize {
    LABELS.iter().position(|(name, _)| *name == field).unwrap_or(LABELS.len())
}

/// `onPremisesDomainName` → `On premises domain name`.
fn words(field: &str) -> String {
    let mut out = String::with_capacity(field.len() + 4);
    let mut before = None;
    for c in field.chars() {
        match before {
            None => out.extend(c.to_uppercase()),
            Some(last) if c.is_uppercase() && char::is_lowercase(last) => {
                out.push(' ');
                out.extend(c.to_lowercase());
            }
            Some(_) => out.push(c),
        }
        before = Some(c);
    }
    out
}

/// The properties of an object, from its Graph JSON. `member_type` is what a membership said of a group member
/// (`device`), which its own JSON may not.
pub fn portrait(raw: &Value, member_type: Option<&str>) -> Portrait {
    let mut all: Vec<(String, Value)> = Vec::new();
    if let Some(kind) = member_type.filter(|kind| !kind.is_empty()) {
        all.push(("memberType".to_owned(), Value::from(words(kind).to_lowercase())));
    }
    for (field, value) in raw.as_object().into_iter().flatten() {
        match value {
            // `@odata.type` and the like are about the answer, not about the object.
            _ if field.starts_with('@') => {}
            Value::Object(parts) => all.extend(parts.iter().map(|(name, value)| (name.clone(), value.clone()))),
            value => all.push((field.clone(), value.clone())),
        }
    }
    all.sort_by_key(|(field, _)| rank(field));
    let mut out = Portrait::default();
    for (field, value) in all {
        let label = label(&field);
        match shown(&field, &value) {
            Some(value) => out.traits.push(Trait { field, label, value }),
            None => out.empty.push(label),
        }
    }
    out
}

/// A value of a field as people read it; `None` where there is nothing to read.
pub fn shown(field: &str, value: &Value) -> Option<Shown> {
    match value {
        Value::Null => None,
        Value::Bool(yes) => Some(Shown::Yes(*yes)),
        Value::String(text) if text.is_empty() => None,
        Value::String(text) if field.ends_with("DateTime") => Some(time(text)),
        Value::String(text) => Some(Shown::Text(text.clone())),
        Value::Array(all) if all.is_empty() => None,
        Value::Array(all) => Some(Shown::Texts(all.iter().map(item).collect())),
        Value::Number(_) | Value::Object(_) => Some(Shown::Text(value.to_string())),
    }
}

fn time(text: &str) -> Shown {
    match epoch_ms(text) {
        // Year 1 is Graph's "never".
        Some(ms) if ms < -62_000_000_000_000 => Shown::Text("never".to_owned()),
        Some(ms) => Timestamp::from_millisecond(ms).map_or_else(|_| Shown::Text(text.to_owned()), Shown::Time),
        None => Shown::Text(text.to_owned()),
    }
}

/// An element of a list: of an object its name, with what it is called to be.
fn item(value: &Value) -> String {
    let named = |parts: &Map<String, Value>| -> Option<String> {
        let name = parts.get("name")?.as_str()?;
        let marks: Vec<&str> = [("isDefault", "default"), ("isInitial", "initial")]
            .into_iter()
            .filter(|(field, _)| parts.get(*field) == Some(&Value::Bool(true)))
            .map(|(_, word)| word)
            .collect();
        Some(if marks.is_empty() { name.to_owned() } else { format!("{name} ({})", marks.join(", ")) })
    };
    match value {
        Value::String(text) => text.clone(),
        Value::Object(parts) => named(parts).unwrap_or_else(|| value.to_string()),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_most_important_comes_first_and_the_empty_is_folded() {
        let raw = json!({
            "@odata.type": "#microsoft.graph.user", "id": "u1", "businessPhones": ["+1", "+2"], "mobilePhone": null,
            "createdDateTime": "2020-05-29T17:51:22Z", "displayName": "Ada", "accountEnabled": false, "mail": "",
            "groupTypes": [], "extensionShoeSize": 39,
            "signInActivity": { "lastSignInDateTime": "0001-01-01T00:00:00Z" },
        });
        let portrait = portrait(&raw, None);
        let lines: Vec<(String, Shown)> =
            portrait.traits.into_iter().map(|t| (t.label.into_owned(), t.value)).collect();
        let text = |text: &str| Shown::Text(text.to_owned());
        assert_eq!(
            lines,
            [
                ("Name".to_owned(), text("Ada")),
                ("Enabled".to_owned(), Shown::Yes(false)),
                ("Business phones".to_owned(), Shown::Texts(vec!["+1".to_owned(), "+2".to_owned()])),
                ("Last sign-in".to_owned(), text("never")),
                ("Created".to_owned(), Shown::Time("2020-05-29T17:51:22Z".parse().unwrap())),
                ("Object ID".to_owned(), text("u1")),
                ("Extension shoe size".to_owned(), text("39")),
            ]
        );
        assert_eq!(portrait.empty, ["Mail", "Group types", "Mobile phone"]);
    }

    #[test]
    fn values_are_said_as_people_say_them() {
        let check = |field: &str, value: Value, want: Shown| assert_eq!(shown(field, &value), Some(want), "{field}");
        let text = |text: &str| Shown::Text(text.to_owned());
        check("expirationDateTime", json!("9999-12-31T23:59:59Z"), text("9999-12-31T23:59:59Z"));
        check("createdDateTime", json!("soon"), text("soon"));
        check("displayName", json!("2020-05-29"), text("2020-05-29"));
        let domains = json!([{ "name": "a.com", "isDefault": true }, { "name": "b.com" }, { "id": 1 }]);
        let want = ["a.com (default)", "b.com", "{\"id\":1}"].map(str::to_owned).to_vec();
        check("verifiedDomains", domains, Shown::Texts(want));
        assert_eq!(portrait(&Value::Null, Some("orgContact")).traits[0].value, text("org contact"));
    }
}
