//! What lists show and search of an object, taken from its Graph JSON when it is written.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::domain::{
    difference::CHANGES,
    kind::{EntityKind, short_odata_type},
    normalise::display_name,
    properties::epoch_ms,
    traits::{Trait, Traits},
};

/// What of an object's JSON its facets are made of: the rest of it is most of it, and is passed over.
const NEEDED: [&str; 21] = [
    "displayName",
    "userPrincipalName",
    "mail",
    "mailNickname",
    "appId",
    "deviceId",
    "verifiedDomains",
    "accountEnabled",
    "userType",
    "groupTypes",
    "mailEnabled",
    "securityEnabled",
    "externalUserState",
    "visibility",
    "isAssignableToRole",
    "onPremisesSyncEnabled",
    "createdDateTime",
    "department",
    "jobTitle",
    "companyName",
    "usageLocation",
];

/// The needed fields of an object; of a slice of changes, that it is there.
#[derive(Debug, Default)]
pub(super) struct Needed {
    pub fields: Map<String, Value>,
    pub has_changes: bool,
}

impl Needed {
    pub(super) fn of(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Needed {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Needed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Needed, A::Error> {
                let mut needed = Needed::default();
                while let Some(Name(name)) = map.next_key()? {
                    if name == CHANGES {
                        needed.has_changes = true;
                        map.next_value::<IgnoredAny>()?;
                    } else if NEEDED.contains(&&*name) {
                        needed.fields.insert(name.into_owned(), map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(needed)
            }
        }
        json.deserialize_map(Fields)
    }
}

/// A name that is not copied where it needs not be.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The columns of a row of `object` that come from its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facets<'a> {
    pub sort: String,
    pub name: String,
    pub second: String,
    pub label: String,
    pub search: String,
    pub fields: Fields<'a>,
}

/// What filters and orders need beside what lists always show; texts are empty where there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fields<'a> {
    pub traits: Traits,
    /// Milliseconds since 1970.
    pub created: Option<i64>,
    pub mail: &'a str,
    pub department: &'a str,
    pub title: &'a str,
    pub company: &'a str,
    pub country: &'a str,
}

impl<'a> Fields<'a> {
    pub(super) fn of(kind: EntityKind, odata_type: &str, raw: &'a Map<String, Value>) -> Self {
        let text = |field: &str| text(raw, field).unwrap_or_default();
        Self {
            traits: Traits::of(kind, odata_type, raw),
            // Year 1 is Graph's "never".
            created: epoch_ms(text("createdDateTime")).filter(|ms| *ms >= 0),
            mail: text("mail"),
            department: text("department"),
            title: text("jobTitle"),
            company: text("companyName"),
            country: text("usageLocation"),
        }
    }
}

impl<'a> Facets<'a> {
    pub(super) fn of(kind: EntityKind, id: &str, odata_type: &str, raw: &'a Map<String, Value>) -> Self {
        let fields = Fields::of(kind, odata_type, raw);
        let name = display_name(raw, id);
        let second = second(kind, raw);
        let mut words = vec![name.as_str(), id];
        words.extend(["userPrincipalName", "mail"].iter().filter_map(|field| text(raw, field)));
        words.push(&second);
        words.dedup();
        Self {
            sort: sort_key(&name, id),
            label: label(kind, odata_type, fields.traits),
            search: words.join("\n").to_lowercase(),
            second,
            name,
            fields,
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

/// The facet that lists show beside the name; empty for a user or a group that could not be read, which has no traits.
fn label(kind: EntityKind, odata_type: &str, traits: Traits) -> String {
    let label = match kind {
        EntityKind::Account => "organization",
        EntityKind::User => match (traits.has(Trait::Guest), traits.has(Trait::Disabled)) {
            (false, false) if traits.has(Trait::MemberUser) => "member",
            (false, false) => "",
            (false, true) => "disabled",
            (true, false) => "guest",
            (true, true) => "guest, disabled",
        },
        EntityKind::Group => {
            let bases = [Trait::Microsoft365, Trait::MailSecurity, Trait::Distribution, Trait::Security];
            let base = bases.into_iter().find(|base| traits.has(*base)).map_or("", Trait::title);
            return if traits.has(Trait::Dynamic) { format!("{base}, dynamic") } else { base.to_owned() };
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_needed_is_passed_over() {
        let check = |json: &str, want: Value, has_changes: bool| {
            let needed = Needed::of(json);
            assert_eq!((Value::Object(needed.fields), needed.has_changes), (want, has_changes), "{json}");
        };
        check(
            r#"{"id":"a","displayName":"A","x":{"mail":"b"},"mail":null}"#,
            json!({ "displayName": "A", "mail": null }),
            false,
        );
        check(r#"{"members@delta":[{"id":"1"}],"m\u0061il":"c"}"#, json!({ "mail": "c" }), true);
        check("[]", json!({}), false);
        check("nonsense", json!({}), false);
    }

    #[test]
    fn what_lists_show_of_an_object() {
        let check = |kind: EntityKind, odata: &str, json: Value, name: &str, second: &str, label: &str| {
            let facets = Facets::of(kind, "ID-1", odata, json.as_object().unwrap());
            assert_eq!((facets.name.as_str(), facets.second.as_str(), facets.label.as_str()), (name, second, label));
            assert_eq!(facets.sort, format!("{}\u{1}ID-1", name.to_lowercase()));
            for word in [name, second, "ID-1"] {
                assert!(facets.search.contains(&word.to_lowercase()), "{word} in {:?}", facets.search);
            }
        };
        let user = EntityKind::User;
        check(user, "", json!({ "displayName": "ÅSA", "userPrincipalName": "asa@x" }), "ÅSA", "asa@x", "member");
        check(
            user,
            "",
            json!({ "displayName": " ", "mail": "A@x", "accountEnabled": false }),
            "A@x",
            "A@x",
            "disabled",
        );
        check(user, "", json!({ "userType": "Guest", "accountEnabled": true }), "ID-1", "", "guest");
        check(user, "", json!({ "userType": "Guest", "accountEnabled": false }), "ID-1", "", "guest, disabled");
        check(user, "", json!({ "userType": 5, "displayName": [] }), "ID-1", "", "member");
        let group = EntityKind::Group;
        let of = |mail: bool, security: bool, types: Value| json!({ "mailEnabled": mail, "securityEnabled": security, "groupTypes": types });
        check(group, "", of(false, true, json!([])), "ID-1", "", "security");
        check(group, "", of(true, true, json!([])), "ID-1", "", "mail security");
        check(group, "", of(true, false, json!([])), "ID-1", "", "distribution");
        check(group, "", of(true, true, json!(["Unified"])), "ID-1", "", "Microsoft 365");
        check(group, "", of(false, true, json!(["DynamicMembership"])), "ID-1", "", "security, dynamic");
        check(group, "", of(false, true, Value::Null), "ID-1", "", "security");
        check(group, "", json!({ "displayName": "Golf", "mailNickname": "golf" }), "Golf", "golf", "security");
        let member = EntityKind::Member;
        check(member, "#microsoft.graph.orgContact", json!({ "mail": "d@x" }), "d@x", "d@x", "contact");
        check(member, "#microsoft.graph.device", json!({ "deviceId": "D" }), "ID-1", "D", "device");
        check(member, "#microsoft.graph.servicePrincipal", json!({ "appId": "P" }), "ID-1", "P", "service principal");
        check(member, "#microsoft.graph.agentThing", json!({}), "ID-1", "", "agentThing");
        check(member, "", json!({}), "ID-1", "", "unknown");
        let domains = json!([{ "name": "a" }, { "name": "b", "isDefault": true }]);
        let contoso = json!({ "displayName": "Contoso", "verifiedDomains": domains });
        check(EntityKind::Account, "", contoso, "Contoso", "b", "organization");
    }

    #[test]
    fn what_filters_need_of_an_object() {
        let check = |json: Value, created: Option<i64>, texts: [&str; 5]| {
            let facets = Facets::of(EntityKind::User, "ID-1", "", json.as_object().unwrap());
            let Fields { traits, created: at, mail, department, title, company, country } = facets.fields;
            assert_eq!((at, [mail, department, title, company, country]), (created, texts), "{json}");
            assert_eq!(traits, Traits::of(EntityKind::User, "", json.as_object().unwrap()));
            // All of it is among what is taken from the text.
            let needed = Needed::of(&json.to_string()).fields;
            assert_eq!(Facets::of(EntityKind::User, "ID-1", "", &needed), facets, "{json}");
        };
        check(
            json!({ "mail": "a@x", "department": "R&D", "jobTitle": "Chief", "companyName": "Contoso", "usageLocation": "SE",
                    "createdDateTime": "2020-05-29T17:51:22Z", "userType": "Guest", "accountEnabled": false,
                    "externalUserState": "PendingAcceptance", "onPremisesSyncEnabled": true }),
            Some(1_590_774_682_000),
            ["a@x", "R&D", "Chief", "Contoso", "SE"],
        );
        check(json!({ "createdDateTime": "0001-01-01T00:00:00Z", "department": " ", "jobTitle": 5 }), None, [""; 5]);
        check(json!({ "createdDateTime": "soon", "mail": null }), None, [""; 5]);
    }
}
