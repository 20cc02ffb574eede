//! The table of properties: which property of an entity comes from which field of Microsoft Graph, and how.
//!
//! `$select` is generated from this table ([`select`]), so that no property can be read from a field that was never
//! asked for. Null in Graph is absent here, except for the five properties that the class `User` requires (data model
//! 0.62 and later; `facts/jupiterone.md` §3), which are null then.

use jiff::civil::DateTime;
use serde_json::{Map, Value, json};

use super::{email::is_email, kind::EntityKind, naming::Naming};

/// One row of the table.
pub struct Property {
    /// As JupiterOne gets it.
    pub name: &'static str,
    /// The Graph fields that `read` looks at; empty for constants.
    pub sources: &'static [&'static str],
    pub(super) read: fn(&Raw<'_>) -> Reading,
}

/// What a field gave.
pub(super) enum Reading {
    Value(Value),
    /// Null or not there: the property is absent.
    Absent,
    /// The field is not of the documented shape; the property is absent, and a warning says so.
    Bad(&'static str),
}

/// An object as Graph sent it.
pub(super) struct Raw<'a>(pub &'a Map<String, Value>);

macro_rules! table {
    ($($name:literal <- [$($source:literal),*] $read:expr;)*) => {
        &[$(Property { name: $name, sources: &[$($source),*], read: $read }),*]
    };
}

/// One field under another or the same name.
macro_rules! same {
    ($source:literal, $shape:ident) => {
        |raw| raw.$shape($source)
    };
}

mod graph_microsoft_365;

const ACCOUNT: &[Property] = table! {
    "vendor" <- [] |_| Reading::Value(json!("Microsoft"));
    "organizationName" <- ["displayName"] same!("displayName", text);
    "defaultDomain" <- ["verifiedDomains"] |raw| raw.default_domain();
    "verifiedDomains" <- ["verifiedDomains"] |raw| raw.domain_names();
    "tenantType" <- ["tenantType"] same!("tenantType", text);
    "createdOn" <- ["createdDateTime"] same!("createdDateTime", time);
    "countryLetterCode" <- ["countryLetterCode"] same!("countryLetterCode", text);
    "preferredLanguage" <- ["preferredLanguage"] same!("preferredLanguage", text);
    "onPremisesSyncEnabled" <- ["onPremisesSyncEnabled"] same!("onPremisesSyncEnabled", flag);
    "onPremisesLastSyncOn" <- ["onPremisesLastSyncDateTime"] same!("onPremisesLastSyncDateTime", time);
};

const USER: &[Property] = table! {
    "username" <- ["userPrincipalName"] |raw| raw.text("userPrincipalName").listed();
    "email" <- ["mail"] |raw| raw.mail("mail").listed();
    "shortLoginId" <- ["userPrincipalName"] |raw| match raw.text("userPrincipalName") {
        Reading::Value(Value::String(upn)) => {
            let login = upn.rsplit_once('@').map_or(upn.as_str(), |(login, _)| login);
            Reading::Value(if login.is_empty() { Value::Null } else { json!([login]) })
        }
        other => other.listed(),
    };
    "firstName" <- ["givenName"] |raw| raw.text("givenName").or_null();
    "lastName" <- ["surname"] |raw| raw.text("surname").or_null();
    "userPrincipalName" <- ["userPrincipalName"] same!("userPrincipalName", text);
    "givenName" <- ["givenName"] same!("givenName", text);
    "surname" <- ["surname"] same!("surname", text);
    "jobTitle" <- ["jobTitle"] same!("jobTitle", text);
    "department" <- ["department"] same!("department", text);
    "companyName" <- ["companyName"] same!("companyName", text);
    "employeeId" <- ["employeeId"] same!("employeeId", text);
    "mobilePhone" <- ["mobilePhone"] same!("mobilePhone", text);
    "businessPhones" <- ["businessPhones"] same!("businessPhones", texts);
    "officeLocation" <- ["officeLocation"] same!("officeLocation", text);
    "preferredLanguage" <- ["preferredLanguage"] same!("preferredLanguage", text);
    "usageLocation" <- ["usageLocation"] same!("usageLocation", text);
    "userType" <- ["userType"] same!("userType", text);
    "externalUserState" <- ["externalUserState"] same!("externalUserState", text);
    "isGuest" <- ["userType"] |raw| match raw.text("userType") {
        Reading::Value(kind) => Reading::Value(json!(kind == "Guest")),
        other => other,
    };
    "isPerson" <- [] |_| Reading::Value(json!(true));
    "isActive" <- ["accountEnabled"] same!("accountEnabled", flag);
    "accountEnabled" <- ["accountEnabled"] same!("accountEnabled", flag);
    "createdOn" <- ["createdDateTime"] same!("createdDateTime", time);
    "onPremisesSyncEnabled" <- ["onPremisesSyncEnabled"] same!("onPremisesSyncEnabled", flag);
};

/// What is read in a pass of its own ([`APART`]), if it was asked for.
const USER_APART: &[Property] = table! {
    "lastSignInOn" <- ["signInActivity"] |raw| raw.sign_in("lastSignInDateTime");
    "lastSuccessfulSignInOn" <- ["signInActivity"] |raw| raw.sign_in("lastSuccessfulSignInDateTime");
};

/// Fields that no list is asked for: they are costly, and take a permission and a licence of their own (facts: graph.md
/// §1.1, §8.2).
pub const APART: &[&str] = &["signInActivity"];

const GROUP: &[Property] = table! {
    "description" <- ["description"] same!("description", text);
    "classification" <- ["classification"] same!("classification", text);
    "createdOn" <- ["createdDateTime"] same!("createdDateTime", time);
    "renewedOn" <- ["renewedDateTime"] same!("renewedDateTime", time);
    "expiresOn" <- ["expirationDateTime"] same!("expirationDateTime", time);
    "mailEnabled" <- ["mailEnabled"] same!("mailEnabled", flag);
    "mail" <- ["mail", "mailEnabled"] |raw| if raw.is_mail_enabled() { raw.text("mail") } else { Reading::Absent };
    "email" <- ["mail", "mailEnabled"] |raw| if raw.is_mail_enabled() { raw.mail("mail") } else { Reading::Absent };
    "mailNickname" <- ["mailNickname"] same!("mailNickname", text);
    "securityEnabled" <- ["securityEnabled"] same!("securityEnabled", flag);
    "groupTypes" <- ["groupTypes"] same!("groupTypes", texts);
    "isDynamic" <- ["groupTypes"] |raw| match raw.texts("groupTypes") {
        Reading::Value(Value::Array(all)) => Reading::Value(json!(all.iter().any(|t| t == "DynamicMembership"))),
        other => other,
    };
    "membershipRule" <- ["membershipRule"] same!("membershipRule", text);
    "visibility" <- ["visibility"] same!("visibility", text);
    "isAssignableToRole" <- ["isAssignableToRole"] same!("isAssignableToRole", flag);
    "onPremisesSyncEnabled" <- ["onPremisesSyncEnabled"] same!("onPremisesSyncEnabled", flag);
};

/// What a group member of any kind carries: the five properties that its class requires.
const MEMBER: &[Property] = table! {
    "username" <- [] |_| Reading::Value(Value::Null);
    "email" <- [] |_| Reading::Value(Value::Null);
    "shortLoginId" <- [] |_| Reading::Value(Value::Null);
    "firstName" <- [] |_| Reading::Value(Value::Null);
    "lastName" <- [] |_| Reading::Value(Value::Null);
};

const CONTACT: &[Property] = table! {
    "email" <- ["mail"] |raw| raw.mail("mail").listed();
    "firstName" <- ["givenName"] |raw| raw.text("givenName").or_null();
    "lastName" <- ["surname"] |raw| raw.text("surname").or_null();
    "jobTitle" <- ["jobTitle"] same!("jobTitle", text);
    "companyName" <- ["companyName"] same!("companyName", text);
};

const DEVICE: &[Property] = table! {
    "isPerson" <- [] |_| Reading::Value(json!(false));
    "deviceId" <- ["deviceId"] same!("deviceId", text);
    "operatingSystem" <- ["operatingSystem"] same!("operatingSystem", text);
    "operatingSystemVersion" <- ["operatingSystemVersion"] same!("operatingSystemVersion", text);
    "trustType" <- ["trustType"] same!("trustType", text);
    "isManaged" <- ["isManaged"] same!("isManaged", flag);
    "isCompliant" <- ["isCompliant"] same!("isCompliant", flag);
    "accountEnabled" <- ["accountEnabled"] same!("accountEnabled", flag);
};

const SERVICE_PRINCIPAL: &[Property] = table! {
    "isPerson" <- [] |_| Reading::Value(json!(false));
    "appId" <- ["appId"] same!("appId", text);
    "servicePrincipalType" <- ["servicePrincipalType"] same!("servicePrincipalType", text);
    "accountEnabled" <- ["accountEnabled"] same!("accountEnabled", flag);
};

/// The rows for a kind; for a group member, those of its short `@odata.type` come behind the common ones and win.
pub fn properties(
    naming: Naming,
    kind: EntityKind,
    member_type: &str,
) -> impl Iterator<Item = &'static Property> + use<> {
    let (common, own): (&[Property], &[Property]) = match (naming, kind) {
        (Naming::GraphMicrosoft365, _) => (graph_microsoft_365::of(kind), &[]),
        (_, EntityKind::Account) => (ACCOUNT, &[]),
        (_, EntityKind::User) => (USER, USER_APART),
        (_, EntityKind::Group) => (GROUP, &[]),
        (_, EntityKind::Member) => match member_type {
            "orgContact" => (MEMBER, CONTACT),
            "device" => (MEMBER, DEVICE),
            "servicePrincipal" => (MEMBER, SERVICE_PRINCIPAL),
            _ => (MEMBER, &[]),
        },
    };
    common.iter().chain(own)
}

/// The Graph fields that [`properties`] needs of a kind under any naming, as the value of `$select`: sorted, no field twice, `id` and
/// `displayName` always among them. For group members: those of every member type together, as one `getByIds` reads
/// mixed types and ignores the names that a type lacks. Without what is read [`APART`].
pub fn select(kind: EntityKind) -> String {
    select_of(kind, &["orgContact", "device", "servicePrincipal"])
}

/// As [`select`], for group members of one short `@odata.type`.
pub fn select_member(member_type: &str) -> String {
    select_of(EntityKind::Member, &[member_type])
}

fn select_of(kind: EntityKind, member_types: &[&str]) -> String {
    let mut fields: Vec<&str> = member_types
        .iter()
        .flat_map(|t| Naming::ALL.into_iter().flat_map(move |naming| properties(naming, kind, t)))
        .flat_map(|p| p.sources.iter().copied())
        .filter(|field| !APART.contains(field))
        .chain(["id", "displayName"])
        .collect();
    fields.sort_unstable();
    fields.dedup();
    fields.join(",")
}

impl Raw<'_> {
    fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|v| !v.is_null())
    }

    pub(super) fn text(&self, field: &str) -> Reading {
        match self.get(field) {
            None => Reading::Absent,
            Some(Value::String(text)) => Reading::Value(json!(text)),
            Some(_) => Reading::Bad("not a text"),
        }
    }

    fn flag(&self, field: &str) -> Reading {
        match self.get(field) {
            None => Reading::Absent,
            Some(Value::Bool(flag)) => Reading::Value(json!(flag)),
            Some(_) => Reading::Bad("neither true nor false"),
        }
    }

    fn texts(&self, field: &str) -> Reading {
        match self.get(field) {
            None => Reading::Absent,
            Some(Value::Array(all)) if all.iter().all(Value::is_string) => Reading::Value(json!(all)),
            Some(_) => Reading::Bad("not a list of texts"),
        }
    }

    fn time(&self, field: &str) -> Reading {
        match self.get(field) {
            None => Reading::Absent,
            Some(Value::String(text)) => match epoch_ms(text) {
                Some(ms) => Reading::Value(json!(ms)),
                None => Reading::Bad("not a time"),
            },
            Some(_) => Reading::Bad("not a time"),
        }
    }

    /// A time of a user's `signInActivity`; year 1 is Graph's "never".
    fn sign_in(&self, field: &str) -> Reading {
        match self.get("signInActivity") {
            None => Reading::Absent,
            Some(Value::Object(activity)) => match Raw(activity).time(field) {
                Reading::Value(Value::Number(ms)) if ms.as_i64().is_some_and(|ms| ms < 0) => Reading::Absent,
                other => other,
            },
            Some(_) => Reading::Bad("no sign-in activity"),
        }
    }

    /// A member of a user's `signInActivity` as it came.
    fn sign_in_text(&self, field: &str) -> Reading {
        match self.get("signInActivity") {
            None => Reading::Absent,
            Some(Value::Object(activity)) => Raw(activity).text(field),
            Some(_) => Reading::Bad("no sign-in activity"),
        }
    }

    /// A mail address that the data model accepts.
    fn mail(&self, field: &str) -> Reading {
        match self.text(field) {
            Reading::Value(Value::String(text)) if is_email(&text) => Reading::Value(json!(text)),
            Reading::Value(Value::String(text)) if text.is_empty() => Reading::Absent,
            Reading::Value(_) => Reading::Bad("no valid mail address"),
            other => other,
        }
    }

    fn is_mail_enabled(&self) -> bool {
        self.get("mailEnabled") == Some(&Value::Bool(true))
    }

    fn domains(&self) -> Option<&Vec<Value>> {
        self.get("verifiedDomains").and_then(Value::as_array)
    }

    fn default_domain(&self) -> Reading {
        let Some(all) = self.domains() else { return Reading::Absent };
        all.iter().find(|d| d.get("isDefault") == Some(&Value::Bool(true))).and_then(|d| d.get("name")).cloned().into()
    }

    fn domain_names(&self) -> Reading {
        self.domains().map_or(Reading::Absent, |all| {
            Reading::Value(all.iter().filter_map(|d| d.get("name").filter(|n| n.is_string()).cloned()).collect())
        })
    }
}

impl Reading {
    /// A required list: one text as a list of one, nothing as null.
    fn listed(self) -> Self {
        match self {
            Self::Value(value) => Self::Value(json!([value])),
            Self::Absent => Self::Value(Value::Null),
            Self::Bad(why) => Self::Bad(why),
        }
    }

    fn or_null(self) -> Self {
        match self {
            Self::Absent => Self::Value(Value::Null),
            other => other,
        }
    }
}

impl From<Option<Value>> for Reading {
    fn from(value: Option<Value>) -> Self {
        match value {
            Some(value @ Value::String(_)) => Self::Value(value),
            Some(_) => Self::Bad("not a text"),
            None => Self::Absent,
        }
    }
}

/// Milliseconds since 1970 of a Graph time such as `2020-05-29T17:51:22Z` or `2020-05-29`, always UTC.
///
/// Reaches from year 1 (`0001-01-01T00:00:00Z`, Graph's "never") to the end of 9999, which Graph sends too.
pub fn epoch_ms(text: &str) -> Option<i64> {
    const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    let since = match text.strip_suffix('Z') {
        Some(civil) => civil.parse::<DateTime>().ok()?.duration_since(EPOCH),
        None => match text.parse::<jiff::Timestamp>() {
            Ok(time) => return Some(time.as_millisecond()),
            Err(_) => text.parse::<DateTime>().ok()?.duration_since(EPOCH),
        },
    };
    i64::try_from(since.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |text: &str, want| assert_eq!(epoch_ms(text), want, "{text}");
        check("2020-05-29T17:51:22Z", Some(1_590_774_682_000));
        check("2020-05-29T17:51:22.123Z", Some(1_590_774_682_123));
        check("2020-05-29T19:51:22+02:00", Some(1_590_774_682_000));
        check("2020-05-29", Some(1_590_710_400_000));
        check("0001-01-01T00:00:00Z", Some(-62_135_596_800_000));
        check("9999-12-31T23:59:59.9999999Z", Some(253_402_300_799_999));
        check("", None);
        check("yesterday", None);
    }

    #[test]
    fn every_source_is_selected() {
        for kind in EntityKind::ALL {
            let select = select(kind);
            let fields: Vec<&str> = select.split(',').collect();
            for member_type in ["orgContact", "device", "servicePrincipal", "printer"] {
                for property in Naming::ALL.into_iter().flat_map(|naming| properties(naming, kind, member_type)) {
                    for source in property.sources {
                        assert_ne!(
                            fields.contains(source),
                            APART.contains(source),
                            "{kind:?}: {source} of {}",
                            property.name
                        );
                    }
                }
            }
            assert!(fields.contains(&"id") && fields.contains(&"displayName"));
        }
        assert_eq!(
            super::select(EntityKind::User),
            "accountEnabled,businessPhones,companyName,createdDateTime,department,displayName,employeeId,\
             externalUserState,givenName,id,jobTitle,mail,mobilePhone,officeLocation,onPremisesSyncEnabled,\
             preferredLanguage,surname,usageLocation,userPrincipalName,userType"
        );
        assert_eq!(
            select_member("device"),
            "accountEnabled,deviceId,displayName,id,isCompliant,isManaged,\
             operatingSystem,operatingSystemVersion,trustType"
        );
    }
}
