//! From what Graph sent to what JupiterOne gets. Never fails: bad data is a warning, and the rest of the object stays.

use serde_json::{Map, Value, json};

use super::{
    entity::Entity,
    ids::{TenantId, canonical},
    kind::{EntityKind, short_odata_type},
    naming::{Names, Naming},
    properties::{Raw, Reading, properties},
};

/// What was done about a property whose field is not of the documented shape, or not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub property: &'static str,
    pub why: &'static str,
    pub mended: Mended,
}

/// How a property that could not be taken over was mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mended {
    /// It is absent.
    LeftOut,
    /// It is null: its class requires it.
    Null,
    /// This field of Graph stands in for it.
    StandsIn(&'static str),
}

/// The entity of an object.
///
/// `odata_type` matters for group members only, and is the type that the membership named (`#microsoft.graph.device`):
/// casts and `getByIds` may leave it out of the object itself.
pub fn normalise(
    names: &Names,
    tenant: &TenantId,
    kind: EntityKind,
    odata_type: &str,
    raw: &Map<String, Value>,
) -> Entity {
    let naming = names.naming();
    let raw = Raw(raw);
    let id = canonical(raw.0.get("id").and_then(Value::as_str).unwrap_or_default());
    let id = id.as_ref();
    let key = match kind {
        EntityKind::Account => names.account_key(tenant),
        _ => id.to_owned(),
    };
    let (name, field) = name_of(naming, &raw, id);
    let mut warnings = Vec::new();
    if field != NAME {
        warnings.push(Warning { property: NAME, why: "missing", mended: Mended::StandsIn(field) });
    }
    let display_name = match (kind, names.account_name()) {
        (EntityKind::Account, Some(instance)) => instance,
        _ => &name,
    };
    let mut json = Map::new();
    json.insert("_key".to_owned(), json!(key));
    json.insert("_type".to_owned(), json!(naming.entity_type(kind)));
    json.insert("_class".to_owned(), json!([naming.entity_class(kind)]));
    json.insert("id".to_owned(), json!(id));
    json.insert(NAME.to_owned(), json!(display_name));
    json.insert("name".to_owned(), json!(name));
    if let Some(data) = raw_data(naming, kind, &raw) {
        json.insert("_rawData".to_owned(), data);
    }

    let member_type = short_odata_type(odata_type);
    if kind == EntityKind::Member && naming.sends(kind) {
        json.insert("memberType".to_owned(), json!(if member_type.is_empty() { "unknown" } else { member_type }));
    }
    for property in properties(naming, kind, member_type) {
        match (property.read)(&raw) {
            Reading::Value(value) => {
                json.insert(property.name.to_owned(), value);
            }
            Reading::Absent => {}
            Reading::Bad(why) => {
                let mut mended = Mended::LeftOut;
                if naming.required(kind).contains(&property.name) {
                    json.insert(property.name.to_owned(), Value::Null);
                    mended = Mended::Null;
                }
                warnings.push(Warning { property: property.name, why, mended });
            }
        }
    }
    Entity { kind, json, warnings }
}

/// What the reference integration keeps of what Graph sent: nothing of users and groups, for their number, and the
/// organization beside what Intune says, which is not read here.
fn raw_data(naming: Naming, kind: EntityKind, raw: &Raw<'_>) -> Option<Value> {
    match (naming, kind) {
        (Naming::ActiveDirectory, _) => None,
        (Naming::GraphMicrosoft365, EntityKind::Account) => {
            Some(json!([{ "name": "default", "rawData": { "organization": raw.0, "intuneConfig": {} } }]))
        }
        (Naming::GraphMicrosoft365, _) => Some(json!([])),
    }
}

/// The name under which an object is shown and sent, from its Graph JSON; `id` where it has none.
pub fn display_name(raw: &Map<String, Value>, id: &str) -> String {
    name_of(Naming::default(), &Raw(raw), id).0
}

const NAME: &str = "displayName";

/// displayName, else userPrincipalName, mail or id: never blank, unless the object has none of them, or the naming takes a
/// blank display name as it is. With the field that it is.
fn name_of(naming: Naming, raw: &Raw<'_>, id: &str) -> (String, &'static str) {
    let takes = |field: &str, text: &str| !text.trim().is_empty() || field == NAME && naming.keeps_blank_names();
    [NAME, "userPrincipalName", "mail"]
        .into_iter()
        .find_map(|field| match raw.text(field) {
            Reading::Value(Value::String(text)) if takes(field, &text) => Some((text, field)),
            _ => None,
        })
        .unwrap_or_else(|| (id.to_owned(), "id"))
}

#[cfg(test)]
mod reference;

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-1111-4111-8111-111111111111";

    fn check(kind: EntityKind, odata_type: &str, raw: Value, want: Value) -> Vec<Warning> {
        let tenant = TenantId::parse("84841066-274d-4ec0-a5c1-276be684bdd3").unwrap();
        let raw = raw.as_object().unwrap().clone();
        let entity = normalise(&Naming::ActiveDirectory.into(), &tenant, kind, odata_type, &raw);
        assert_eq!(Value::Object(entity.json), want);
        entity.warnings
    }

    #[test]
    fn a_user_with_everything() {
        let warnings = check(
            EntityKind::User,
            "",
            json!({
                "id": ID, "displayName": "Ada Lovelace", "userPrincipalName": "ada@contoso.com", "mail": "ada@contoso.com",
                "givenName": "Ada", "surname": "Lovelace", "jobTitle": "Analyst", "department": "R&D",
                "companyName": "Contoso", "employeeId": "7", "mobilePhone": "1", "businessPhones": ["2"],
                "officeLocation": "18/2111", "preferredLanguage": "en-GB", "usageLocation": "GB", "userType": "Member",
                "externalUserState": null, "accountEnabled": true, "createdDateTime": "2020-05-29T17:51:22Z",
                "onPremisesSyncEnabled": null
            }),
            json!({
                "_key": ID, "_type": "active_directory_user", "_class": ["User"], "id": ID, "name": "Ada Lovelace",
                "displayName": "Ada Lovelace", "username": ["ada@contoso.com"], "email": ["ada@contoso.com"],
                "shortLoginId": ["ada"], "firstName": "Ada", "lastName": "Lovelace",
                "userPrincipalName": "ada@contoso.com", "givenName": "Ada", "surname": "Lovelace", "jobTitle": "Analyst",
                "department": "R&D", "companyName": "Contoso", "employeeId": "7", "mobilePhone": "1",
                "businessPhones": ["2"], "officeLocation": "18/2111", "preferredLanguage": "en-GB",
                "usageLocation": "GB", "userType": "Member", "isGuest": false, "isPerson": true, "isActive": true,
                "accountEnabled": true, "createdOn": 1_590_774_682_000_i64
            }),
        );
        assert_eq!(warnings, []);
    }

    #[test]
    fn a_user_with_nothing_but_a_guest_name() {
        let upn = "a_b.com#EXT#@contoso.onmicrosoft.com";
        check(
            EntityKind::User,
            "",
            json!({ "id": ID, "displayName": "", "userPrincipalName": upn, "mail": null, "userType": "Guest",
                    "accountEnabled": false, "businessPhones": [] }),
            json!({
                "_key": ID, "_type": "active_directory_user", "_class": ["User"], "id": ID, "name": upn,
                "displayName": upn, "username": [upn], "email": null, "shortLoginId": ["a_b.com#EXT#"],
                "firstName": null, "lastName": null, "userPrincipalName": upn, "businessPhones": [],
                "userType": "Guest", "isGuest": true, "isPerson": true, "isActive": false, "accountEnabled": false
            }),
        );
    }

    #[test]
    fn when_a_user_last_signed_in() {
        let of = |activity: Value| {
            let tenant = TenantId::parse("84841066-274d-4ec0-a5c1-276be684bdd3").unwrap();
            let raw = json!({ "id": ID, "displayName": "Ada", "signInActivity": activity });
            let entity =
                normalise(&Naming::ActiveDirectory.into(), &tenant, EntityKind::User, "", raw.as_object().unwrap());
            let at = |name: &str| entity.json.get(name).and_then(Value::as_i64);
            (at("lastSignInOn"), at("lastSuccessfulSignInOn"), entity.warnings.len())
        };
        let (day, next) = ("2020-05-29T17:51:22Z", "2020-05-30T17:51:22Z");
        let check = |activity: Value, want| assert_eq!(of(activity.clone()), want, "{activity}");
        check(
            json!({ "lastSignInDateTime": next, "lastSuccessfulSignInDateTime": day, "lastSignInRequestId": "x" }),
            (Some(1_590_861_082_000), Some(1_590_774_682_000), 0),
        );
        check(json!({ "lastSignInDateTime": day }), (Some(1_590_774_682_000), None, 0));
        check(json!({ "lastSignInDateTime": null, "lastNonInteractiveSignInDateTime": day }), (None, None, 0));
        check(json!({ "lastSignInDateTime": "0001-01-01T00:00:00Z" }), (None, None, 0));
        check(json!(null), (None, None, 0));
        check(json!({ "lastSignInDateTime": "soon" }), (None, None, 1));
        check(json!("yesterday"), (None, None, 2));
    }

    #[test]
    fn bad_fields_are_warnings() {
        let warnings = check(
            EntityKind::User,
            "",
            json!({ "id": ID, "displayName": 5, "mail": "no@email", "createdDateTime": "soon", "accountEnabled": "yes",
                    "businessPhones": [1], "userPrincipalName": "@x" }),
            json!({
                "_key": ID, "_type": "active_directory_user", "_class": ["User"], "id": ID, "name": "@x",
                "displayName": "@x", "username": ["@x"], "email": null, "shortLoginId": null, "firstName": null,
                "lastName": null, "userPrincipalName": "@x", "isPerson": true
            }),
        );
        let properties: Vec<&str> = warnings.iter().map(|w| w.property).collect();
        assert_eq!(properties, ["displayName", "email", "businessPhones", "isActive", "accountEnabled", "createdOn"]);
    }

    #[test]
    fn groups() {
        check(
            EntityKind::Group,
            "",
            json!({ "id": ID, "displayName": "Golf", "mail": "golf@contoso.com", "mailEnabled": true,
                    "securityEnabled": false, "groupTypes": ["Unified", "DynamicMembership"], "membershipRule": "x",
                    "description": null, "visibility": null }),
            json!({
                "_key": ID, "_type": "active_directory_user_group", "_class": ["UserGroup"], "id": ID, "name": "Golf",
                "displayName": "Golf", "mail": "golf@contoso.com", "email": "golf@contoso.com", "mailEnabled": true,
                "securityEnabled": false, "groupTypes": ["Unified", "DynamicMembership"], "isDynamic": true,
                "membershipRule": "x"
            }),
        );
        check(
            EntityKind::Group,
            "",
            json!({ "id": ID, "displayName": null, "mail": "x@contoso.com", "mailEnabled": false, "groupTypes": [] }),
            json!({
                "_key": ID, "_type": "active_directory_user_group", "_class": ["UserGroup"], "id": ID,
                "name": "x@contoso.com", "displayName": "x@contoso.com", "mailEnabled": false, "groupTypes": [],
                "isDynamic": false
            }),
        );
    }

    #[test]
    fn members() {
        let nobody = |more: Value| {
            let mut all = json!({
                "_key": ID, "_type": "active_directory_group_member", "_class": ["User"], "id": ID, "name": ID,
                "displayName": ID, "username": null, "email": null, "shortLoginId": null, "firstName": null,
                "lastName": null
            });
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        check(
            EntityKind::Member,
            "#microsoft.graph.device",
            json!({ "id": ID, "deviceId": "d", "isManaged": null, "accountEnabled": true }),
            nobody(json!({ "memberType": "device", "isPerson": false, "deviceId": "d", "accountEnabled": true })),
        );
        check(
            EntityKind::Member,
            "#microsoft.graph.orgContact",
            json!({ "id": ID, "mail": "p@fabrikam.example", "displayName": "Desk", "companyName": "Fabrikam" }),
            nobody(json!({ "memberType": "orgContact", "name": "Desk", "displayName": "Desk",
                           "email": ["p@fabrikam.example"], "companyName": "Fabrikam" })),
        );
        check(
            EntityKind::Member,
            "#microsoft.graph.agentThing",
            json!({ "id": ID, "appId": "not ours" }),
            nobody(json!({ "memberType": "agentThing" })),
        );
    }

    #[test]
    fn the_account() {
        check(
            EntityKind::Account,
            "",
            json!({ "id": "84841066-274d-4ec0-a5c1-276be684bdd3", "displayName": "Contoso", "tenantType": "AAD",
                    "createdDateTime": "2021-08-02T10:30:06Z", "onPremisesLastSyncDateTime": null,
                    "verifiedDomains": [
                        { "name": "contoso.onmicrosoft.com", "isDefault": false },
                        { "name": "contoso.com", "isDefault": true } ] }),
            json!({
                "_key": "active_directory_account:84841066-274d-4ec0-a5c1-276be684bdd3",
                "_type": "active_directory_account", "_class": ["Account"], "vendor": "Microsoft",
                "id": "84841066-274d-4ec0-a5c1-276be684bdd3", "name": "Contoso", "displayName": "Contoso",
                "organizationName": "Contoso", "defaultDomain": "contoso.com", "tenantType": "AAD",
                "verifiedDomains": ["contoso.onmicrosoft.com", "contoso.com"], "createdOn": 1_627_900_206_000_i64
            }),
        );
    }
}
