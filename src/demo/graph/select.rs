//! Which properties an answer holds: the type's default set, or those that `$select` names, and always `id`.

use serde_json::{Map, Value, json};

use super::{
    super::{
        seed::{Kind, Ref},
        tenant::Tenant,
    },
    Caller, Refusal,
};

/// What `GET /users` gives without `$select` (facts/graph.md §10). Every other type gives all that the demo holds.
const USER_DEFAULT: &[&str] = &[
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];

/// Properties that exist, though no object of the demo has a value for them.
const USER_KNOWN: &[&str] = &[
    "assignedLicenses",
    "assignedPlans",
    "licenseAssignmentStates",
    "employeeHireDate",
    "employeeOrgData",
    "identities",
    "lastPasswordChangeDateTime",
    "onPremisesExtensionAttributes",
    "legalAgeGroupClassification",
    "imAddresses",
    "signInSessionsValidFromDateTime",
    "securityIdentifier",
    "showInAddressList",
    "provisionedPlans",
    "faxNumber",
];
const GROUP_KNOWN: &[&str] = &[
    "assignedLabels",
    "assignedLicenses",
    "licenseProcessingState",
    "isManagementRestricted",
    "onPremisesExtensionAttributes",
    "hasMembersWithLicenseErrors",
    "infoCatalogs",
];
/// Not selectable on a collection: `501`.
const USER_ELSEWHERE: &[&str] = &[
    "aboutMe",
    "birthday",
    "hireDate",
    "interests",
    "mySite",
    "pastProjects",
    "preferredName",
    "responsibilities",
    "schools",
    "skills",
    "mailboxSettings",
];

/// Checks the names for a collection of one type, and gives them in the type's own spelling: Graph reads them in any
/// case there.
pub fn check(tenant: &Tenant, caller: &Caller, kind: Kind, names: &[String]) -> Result<Vec<String>, Refusal> {
    let sample = tenant.object(Ref { kind, index: 0 });
    let (more, elsewhere): (&[&str], &[&str]) = match kind {
        Kind::User => (USER_KNOWN, USER_ELSEWHERE),
        Kind::Group => (GROUP_KNOWN, &[]),
        _ => (&[], &[]),
    };
    let spell = |name: &String| -> Result<String, Refusal> {
        let same = |known: &str| known.eq_ignore_ascii_case(name);
        if elsewhere.iter().any(|k| same(k)) {
            return Err(Refusal(501, "NotImplemented", "Not Implemented".to_owned()));
        }
        if kind == Kind::User && same("signInActivity") && !caller.has(&["AuditLog.Read.All"]) {
            return Err(Refusal::denied());
        }
        let known = sample.keys().map(String::as_str).chain(more.iter().copied()).chain(["signInActivity"]);
        known.into_iter().find(|k| same(k)).map(str::to_owned).ok_or_else(|| {
            let words = format!(
                "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type \
                 'microsoft.graph.{}'.",
                super::super::graph::resources::type_name(kind)
            );
            Refusal(400, "BadRequest", words)
        })
    };
    let mut spelled: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let name = spell(name)?;
        if !spelled.contains(&name) {
            spelled.push(name);
        }
    }
    Ok(spelled)
}

/// A text in quotes, most of which need no escapes.
fn push_text(text: &str, out: &mut String) {
    if text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\') {
        out.push_str(&Value::from(text).to_string());
        return;
    }
    out.push('"');
    out.push_str(text);
    out.push('"');
}

/// How objects of a request are shown.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub caller: &'a Caller,
    /// The names of `$select`.
    pub select: Option<&'a [String]>,
    /// Whether objects say their type: always in mixed collections, in others only where it is not the collection's.
    pub typed: bool,
}

impl View<'_> {
    /// The object as JSON text, straight behind `out`.
    pub fn write(&self, tenant: &Tenant, this: Ref, out: &mut String) {
        let odata_type = tenant.odata_type(this);
        if self.select.is_some_and(|names| names == ["id"]) {
            out.push('{');
            if self.typed || odata_type == "#microsoft.graph.agentUser" {
                out.push_str("\"@odata.type\":\"");
                out.push_str(odata_type);
                out.push_str("\",");
            }
            out.push_str("\"id\":\"");
            tenant.ids.push(this, out);
            out.push_str("\"}");
            return;
        }
        match self.select {
            Some(names) if this.kind == Kind::User && self.caller.reads(Kind::User) => {
                self.write_user(tenant, this.index, names, odata_type, out);
            }
            _ => out.push_str(&self.object(tenant, this).to_string()),
        }
    }

    /// As [`View::object`] shows a user, without working out what nobody asked for.
    fn write_user(&self, tenant: &Tenant, user: u32, names: &[String], odata_type: &str, out: &mut String) {
        let person = tenant.person(user);
        out.push_str("{\"id\":\"");
        tenant.ids.push(Ref { kind: Kind::User, index: user }, out);
        out.push('"');
        let mut put = |name: &str, value: &Value| {
            out.push_str(",\"");
            out.push_str(name);
            out.push_str("\":");
            match value {
                Value::String(text) => push_text(text, out),
                other => out.push_str(&other.to_string()),
            }
        };
        for name in names.iter().filter(|n| *n != "id") {
            let value = if name == "signInActivity" {
                tenant.sign_in(user)
            } else {
                person.property(name).or_else(|| (!self.typed).then_some(Value::Null))
            };
            if let Some(value) = value {
                put(name, &value);
            }
        }
        if self.typed || odata_type == "#microsoft.graph.agentUser" {
            put("@odata.type", &Value::from(odata_type));
        }
        out.push('}');
    }

    pub fn object(&self, tenant: &Tenant, this: Ref) -> Value {
        let odata_type = tenant.odata_type(this);
        let mut shown = match self.select {
            // What edges are made of, and by far the most frequent: no object need be computed.
            Some([only]) if only == "id" => Map::from_iter([("id".to_owned(), json!(tenant.id_of(this)))]),
            _ => self.properties(tenant, this),
        };
        if self.typed || odata_type == "#microsoft.graph.agentUser" {
            shown.insert("@odata.type".to_owned(), json!(odata_type));
        }
        Value::Object(shown)
    }

    fn properties(&self, tenant: &Tenant, this: Ref) -> Map<String, Value> {
        let mut whole = tenant.object(this);
        whole.remove("@odata.type");
        let readable = self.caller.reads(this.kind);
        let mut shown = Map::new();
        let mut show = |name: &str, value: Value| {
            // Of what may not be read there is only the id (facts/graph.md §8.3).
            let value = if readable || name == "id" { value } else { Value::Null };
            shown.insert(name.to_owned(), value);
        };
        match self.select {
            // Names are case-sensitive in mixed collections, and those that a type lacks are ignored.
            Some(names) => {
                for name in names.iter().filter(|n| *n != "id") {
                    if name == "signInActivity" && this.kind == Kind::User {
                        // Absent for those who never signed in.
                        if let Some(activity) = tenant.sign_in(this.index) {
                            show(name, activity);
                        }
                        continue;
                    }
                    match whole.remove(name) {
                        Some(value) => show(name, value),
                        None if !self.typed => show(name, Value::Null),
                        None => {}
                    }
                }
                show("id", json!(tenant.id_of(this)));
            }
            None => {
                for (name, value) in whole {
                    let is_user = matches!(this.kind, Kind::User | Kind::Ghost);
                    if !is_user || USER_DEFAULT.contains(&name.as_str()) {
                        show(&name, value);
                    }
                }
            }
        }
        shown
    }
}
