//! What lists show and search of an object, taken from its Graph JSON when it is written.

use serde_json::{Map, Value};

use crate::domain::{
    kind::{EntityKind, short_odata_type},
    normalise::display_name,
};

/// The columns of a row of `object` that come from its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facets {
    pub sort: String,
    pub name: String,
    pub second: String,
    pub label: String,
    pub search: String,
}

impl Facets {
    pub(super) fn of(kind: EntityKind, id: &str, odata_type: &str, raw: &Map<String, Value>) -> Self {
        let name = display_name(raw, id);
        let second = second(kind, raw);
        let mut words = vec![name.as_str(), id];
        words.extend(["userPrincipalName", "mail"].iter().filter_map(|field| text(raw, field)));
        words.push(&second);
        words.dedup();
        Self {
            sort: sort_key(&name, id),
            label: label(kind, odata_type, raw),
            search: words.join("\n").to_lowercase(),
            second,
            name,
        }
    }
}

/// Orders by name without case, then by id: no two objects share it.
pub(super) fn sort_key(name: &str, id: &str) -> String {
    format!("{}\u{1}{id}", name.to_lowercase())
}

/// Login name, mail, or what else tells two of a name apart.
fn second(kind: EntityKind, raw: &Map<String, Value>) -> String {
    let fields: &[&str] = match kind {
        EntityKind::Account => return default_domain(raw).unwrap_or_default().to_owned(),
        EntityKind::User => &["userPrincipalName", "mail"],
        EntityKind::Group => &["mail", "mailNickname"],
        EntityKind::Member => &["mail", "appId", "deviceId"],
    };
    fields.iter().find_map(|field| text(raw, field)).unwrap_or_default().to_owned()
}

/// The facet that lists show beside the name.
fn label(kind: EntityKind, odata_type: &str, raw: &Map<String, Value>) -> String {
    let is = |field: &str| raw.get(field) == Some(&Value::Bool(true));
    let off = raw.get("accountEnabled") == Some(&Value::Bool(false));
    let label = match kind {
        EntityKind::Account => "organization",
        EntityKind::User => match (text(raw, "userType") == Some("Guest"), off) {
            (false, false) => "member",
            (false, true) => "disabled",
            (true, false) => "guest",
            (true, true) => "guest, disabled",
        },
        EntityKind::Group => {
            let has = |kind: &str| {
                raw.get("groupTypes").and_then(Value::as_array).is_some_and(|t| t.iter().any(|t| t == kind))
            };
            let base = match (has("Unified"), is("mailEnabled"), is("securityEnabled")) {
                (true, ..) => "Microsoft 365",
                (false, true, true) => "mail security",
                (false, true, false) => "distribution",
                (false, false, _) => "security",
            };
            return if has("DynamicMembership") { format!("{base}, dynamic") } else { base.to_owned() };
        }
        EntityKind::Member => match short_odata_type(odata_type) {
            "" => "unknown",
            "orgContact" => "contact",
            "servicePrincipal" => "service principal",
            other => other,
        },
    };
    label.to_owned()
}

fn default_domain(raw: &Map<String, Value>) -> Option<&str> {
    let domains = raw.get("verifiedDomains")?.as_array()?;
    domains.iter().find(|d| d.get("isDefault") == Some(&Value::Bool(true)))?.get("name")?.as_str()
}

fn text<'a>(raw: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    raw.get(field).and_then(Value::as_str).filter(|t| !t.trim().is_empty())
}
