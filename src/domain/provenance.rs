//! What an upload says of an object, property by property: from which fields of Microsoft Graph it comes, what the data
//! model asks for, and what was repaired or left out on the way.
//!
//! Explains an entity that [`normalise`](super::normalise) made; makes none, and decides nothing.

use serde_json::{Map, Value};

use super::{
    ids::canonical,
    kind::EntityKind,
    naming::Naming,
    properties::{Raw, Reading, properties},
};

/// An entity explained.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Provenance {
    /// What is sent: what tells objects apart first, then in the order of the table of properties.
    pub sent: Vec<Sent>,
    /// What is not sent, because its field is not of the documented shape.
    pub left_out: Vec<LeftOut>,
    /// What is not sent, because Graph has nothing for it.
    pub absent: Vec<&'static str>,
}

/// A property that is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub property: String,
    pub value: Value,
    pub origin: Origin,
    /// The class that requires it: `Entity`, `User`, `Account`.
    pub required_by: Option<&'static str>,
    pub note: Option<Note>,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Fields of Graph, as it names them.
    Fields(&'static [&'static str]),
    /// The data model, the same for all of a kind.
    Fixed,
    /// What the membership said of its far end.
    Membership,
    /// The name of the integration instance.
    Instance,
    /// What Graph sent, as it sent it.
    Raw,
}

/// What is to be known of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Its class requires it, and Graph has nothing for it.
    RequiredNull,
    /// Graph's own was not usable (why), and its class requires it.
    Emptied(&'static str),
    /// There is no display name: this field, or the id, stands in for it.
    StandsIn(&'static str),
    /// An id in capitals, which is one id with the same in small letters.
    Canonical,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub property: &'static str,
    pub sources: &'static [&'static str],
    pub why: &'static str,
}

/// What every object of the data model has (0.64; facts: GraphObject and Entity).
const EVERY: [&str; 5] = ["_key", "_type", "_class", "name", "displayName"];
/// What stands in for a missing display name, in this order.
const NAMES: &[&str] = &["displayName", "userPrincipalName", "mail"];

/// Explains `entity`, which `raw` was made into.
pub fn provenance(naming: Naming, kind: EntityKind, entity: &Value, raw: &Value) -> Provenance {
    let nothing = Map::new();
    let (entity, raw) = (entity.as_object().unwrap_or(&nothing), raw.as_object().unwrap_or(&nothing));
    let fields = Raw(raw);
    let mut out = Provenance::default();
    let mut told: Vec<&str> = Vec::new();
    let say = |out: &mut Provenance, property: &str, origin, note| {
        if let Some(value) = entity.get(property) {
            let required_by = required_by(naming, kind, property);
            out.sent.push(Sent { property: property.to_owned(), value: value.clone(), origin, required_by, note });
        }
    };
    let id = raw.get("id").and_then(Value::as_str).unwrap_or_default();
    let canonical = (canonical(id) != id).then_some(Note::Canonical);
    let stand_in = (!id.is_empty()).then(|| stand_in(&fields)).flatten().map(Note::StandsIn);
    // A naming may take a blank one as it is.
    let stand_in = stand_in.filter(|_| entity.get("name") != raw.get("displayName"));
    let is_instance = kind == EntityKind::Account && naming.needs_instance();
    let shown = stand_in.clone().filter(|_| !is_instance);
    for (property, origin, note) in [
        ("_key", Origin::Fields(&["id"]), canonical.clone()),
        ("_type", Origin::Fixed, None),
        ("_class", Origin::Fixed, None),
        ("id", Origin::Fields(&["id"]), canonical),
        ("name", Origin::Fields(NAMES), stand_in),
        ("displayName", if is_instance { Origin::Instance } else { Origin::Fields(NAMES) }, shown),
        ("_rawData", Origin::Raw, None),
        ("memberType", Origin::Membership, None),
    ] {
        say(&mut out, property, origin, note);
        told.push(property);
    }
    let member_type = entity.get("memberType").and_then(Value::as_str).unwrap_or_default().to_owned();
    let rows: Vec<_> = properties(naming, kind, &member_type).collect();
    for (n, row) in rows.iter().enumerate() {
        // What is said of a kind of member in particular stands for what is said of all.
        if rows[n + 1..].iter().any(|later| later.name == row.name) {
            continue;
        }
        told.push(row.name);
        let origin = if row.sources.is_empty() { Origin::Fixed } else { Origin::Fields(row.sources) };
        let sent = entity.get(row.name);
        match (row.read)(&fields) {
            Reading::Bad(why) if sent.is_some_and(Value::is_null) => {
                say(&mut out, row.name, origin, Some(Note::Emptied(why)));
            }
            Reading::Bad(why) => out.left_out.push(LeftOut { property: row.name, sources: row.sources, why }),
            _ if sent.is_some_and(Value::is_null) => say(&mut out, row.name, origin, Some(Note::RequiredNull)),
            _ if sent.is_some() => say(&mut out, row.name, origin, None),
            _ => out.absent.push(row.name),
        }
    }
    // Nothing that is sent goes unsaid, also where an entity was made by other rules than today's.
    for property in entity.keys().filter(|p| !told.contains(&p.as_str())) {
        say(&mut out, property, Origin::Fixed, None);
    }
    out
}

fn required_by(naming: Naming, kind: EntityKind, property: &str) -> Option<&'static str> {
    if EVERY.contains(&property) {
        return Some("Entity");
    }
    match kind {
        EntityKind::Account if property == "vendor" => Some("Account"),
        _ if naming.required(kind).contains(&property) => Some(naming.entity_class(kind)),
        _ => None,
    }
}

/// What stands in for a display name that there is none of.
fn stand_in(raw: &Raw<'_>) -> Option<&'static str> {
    let has = |field: &str| matches!(raw.text(field), Reading::Value(Value::String(t)) if !t.trim().is_empty());
    match NAMES.iter().find(|field| has(field)) {
        Some(&"displayName") => None,
        Some(field) => Some(field),
        None => Some("id"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{ids::TenantId, normalise::normalise};

    fn of(kind: EntityKind, odata: &str, raw: &Value) -> Provenance {
        let tenant = TenantId::parse("84841066-274d-4ec0-a5c1-276be684bdd3").unwrap();
        let entity = normalise(&Naming::ActiveDirectory.into(), &tenant, kind, odata, raw.as_object().unwrap());
        let entity = Value::Object(entity.json);
        let out = provenance(Naming::ActiveDirectory, kind, &entity, raw);
        // Everything that is sent is told, once.
        let mut told: Vec<&str> = out.sent.iter().map(|s| s.property.as_str()).collect();
        told.sort_unstable();
        let mut sent: Vec<&str> = entity.as_object().unwrap().keys().map(String::as_str).collect();
        sent.sort_unstable();
        assert_eq!(told, sent);
        out
    }

    #[test]
    fn each_property_says_where_it_comes_from() {
        let id = "11111111-1111-4111-8111-11111111111A";
        let all = of(
            EntityKind::User,
            "",
            &json!({ "id": id, "displayName": " ", "userPrincipalName": "ada@contoso.com", "mail": "no@email",
                     "accountEnabled": true, "createdDateTime": "soon", "givenName": null }),
        );
        let check = |property: &str, origin: Origin, required: Option<&str>, note: Option<Note>| {
            let sent = all.sent.iter().find(|s| s.property == property).unwrap();
            assert_eq!((sent.origin, sent.required_by, &sent.note), (origin, required, &note), "{property}");
        };
        check("_key", Origin::Fields(&["id"]), Some("Entity"), Some(Note::Canonical));
        check("_class", Origin::Fixed, Some("Entity"), None);
        check("name", Origin::Fields(NAMES), Some("Entity"), Some(Note::StandsIn("userPrincipalName")));
        check("email", Origin::Fields(&["mail"]), Some("User"), Some(Note::Emptied("no valid mail address")));
        check("firstName", Origin::Fields(&["givenName"]), Some("User"), Some(Note::RequiredNull));
        check("isActive", Origin::Fields(&["accountEnabled"]), None, None);
        check("isPerson", Origin::Fixed, None, None);
        let left: Vec<_> = all.left_out.iter().map(|l| (l.property, l.why)).collect();
        assert_eq!(left, [("createdOn", "not a time")]);
        assert!(all.absent.contains(&"jobTitle") && !all.absent.contains(&"createdOn"));
    }

    #[test]
    fn all_kinds_are_told_whole() {
        let id = "11111111-1111-4111-8111-111111111111";
        of(EntityKind::Group, "", &json!({ "id": id, "displayName": "Golf", "mailEnabled": true, "mail": "x" }));
        let account = of(EntityKind::Account, "", &json!({ "id": id, "displayName": "Contoso" }));
        let vendor = account.sent.iter().find(|s| s.property == "vendor").unwrap();
        assert_eq!((vendor.origin, vendor.required_by), (Origin::Fixed, Some("Account")));
        let contact =
            of(EntityKind::Member, "#microsoft.graph.orgContact", &json!({ "id": id, "mail": "p@x.example" }));
        let told = |name: &str| contact.sent.iter().find(|s| s.property == name).unwrap();
        assert_eq!((told("memberType").origin, &told("email").note), (Origin::Membership, &None));
        assert_eq!(told("name").note, Some(Note::StandsIn("mail")));
        of(EntityKind::Member, "#microsoft.graph.agentThing", &json!({ "id": id }));
        assert_eq!(provenance(Naming::ActiveDirectory, EntityKind::User, &Value::Null, &Value::Null).sent, []);
    }
}
