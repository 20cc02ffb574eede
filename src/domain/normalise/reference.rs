//! The naming `graph-microsoft-365`, held against what is known of the integration of that name: the rows here are those of
//! `facts/jupiterone.md` §2.6, written by hand, and so are the values.

use serde_json::{Value, json};

use super::*;
use crate::domain::naming::InstanceName;

const ID: &str = "11111111-1111-4111-8111-111111111111";
const TENANT: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";

fn of(kind: EntityKind, raw: &Value) -> Entity {
    let instance = InstanceName { id: "0f0e-instance".to_owned(), name: "Our Microsoft 365".to_owned() };
    let names = Names::of_instance(Naming::GraphMicrosoft365, instance);
    normalise(&names, &TenantId::parse(TENANT).unwrap(), kind, "", raw.as_object().unwrap())
}

#[track_caller]
fn check(kind: EntityKind, raw: Value, want: Value) -> Vec<Warning> {
    let entity = of(kind, &raw);
    assert_eq!(Value::Object(entity.json), want);
    entity.warnings
}

fn user(more: Value) -> Value {
    let mut raw = json!({ "id": ID, "displayName": "Ada Lovelace", "userPrincipalName": "ada@contoso.com" });
    raw.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    raw
}

/// What is always there of a user, and what else is wanted.
fn azure_user(name: &str, more: Value) -> Value {
    let mut want = json!({ "_key": ID, "_type": "azure_user", "_class": ["User"], "_rawData": [], "id": ID,
                           "name": name, "displayName": name });
    want.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    want
}

#[test]
fn the_account_is_the_instance_s() {
    let raw = json!({
        "id": TENANT, "displayName": "Contoso", "tenantType": "AAD", "createdDateTime": "2021-08-02T10:30:06Z",
        "verifiedDomains": [
            { "name": "contoso.onmicrosoft.com", "isDefault": false }, { "name": "contoso.com", "isDefault": true } ]
    });
    let want = json!({
        "_key": "microsoft_365_account-0f0e-instance", "_type": "microsoft_365_account", "_class": ["Account"],
        "_rawData": [{ "name": "default", "rawData": { "organization": raw.clone(), "intuneConfig": {} } }],
        "id": TENANT, "name": "Contoso", "organizationName": "Contoso", "displayName": "Our Microsoft 365",
        "defaultDomain": "contoso.com", "verifiedDomains": ["contoso.onmicrosoft.com", "contoso.com"],
    });
    assert_eq!(check(EntityKind::Account, raw, want), []);
}

#[test]
fn a_user_with_everything() {
    let raw = user(json!({
        "givenName": "Ada", "surname": "Lovelace", "jobTitle": "Analyst", "mail": "ada@contoso.com",
        "mobilePhone": "1", "businessPhones": ["2"], "officeLocation": "18/2111", "preferredLanguage": "en-GB",
        "userType": "Member", "accountEnabled": true, "usageLocation": "GB", "department": "R&D",
        "companyName": "Contoso", "employeeId": "7", "createdDateTime": "2020-05-29T17:51:22Z",
        "signInActivity": { "lastSignInDateTime": "2020-05-29T17:51:22Z", "lastSignInRequestId": "r1",
                            "lastNonInteractiveSignInDateTime": "2020-05-30T17:51:22Z", "lastNonInteractiveSignInRequestId": null }
    }));
    let want = azure_user(
        "Ada Lovelace",
        json!({
            "username": "ada@contoso.com", "givenName": "Ada", "firstName": "Ada", "surname": "Lovelace",
            "lastName": "Lovelace", "jobTitle": "Analyst", "email": "ada@contoso.com", "mobilePhone": "1",
            "officeLocation": "18/2111", "preferredLanguage": "en-GB", "userType": "Member", "active": true,
            "usageLocation": "GB", "lastSignInDateTime": "2020-05-29T17:51:22Z", "lastSignInRequestId": "r1",
            "lastNonInteractiveSignInDateTime": "2020-05-30T17:51:22Z",
        }),
    );
    assert_eq!(check(EntityKind::User, raw, want), []);
}

/// Where it finds no part of a name it takes one of the display name; and at what it would stop, there we go on.
#[test]
fn odd_users() {
    let upn = "a_b.com#EXT#@contoso.onmicrosoft.com";
    // A guest without names, disabled.
    let raw = json!({ "id": ID, "displayName": "Ada  King Lovelace", "userPrincipalName": upn, "mail": null,
                      "givenName": null, "surname": "", "userType": "Guest", "accountEnabled": false });
    let want = json!({ "username": upn, "firstName": "Ada", "surname": "", "lastName": "Lovelace",
                       "userType": "Guest", "active": false });
    assert_eq!(check(EntityKind::User, raw, azure_user("Ada  King Lovelace", want)), []);
    // One word is both.
    let want = json!({ "username": "ada@contoso.com", "firstName": "Ada", "lastName": "Ada" });
    assert_eq!(check(EntityKind::User, user(json!({ "displayName": "Ada" })), azure_user("Ada", want)), []);
    // A blank name is one, of blank parts.
    let want = json!({ "username": "ada@contoso.com", "firstName": "", "lastName": "" });
    assert_eq!(check(EntityKind::User, user(json!({ "displayName": "   " })), azure_user("   ", want)), []);
    // Null, where the reference throws: the name that stands in, and no `active`.
    let raw = user(json!({ "displayName": null, "accountEnabled": null }));
    let warnings =
        check(EntityKind::User, raw, azure_user("ada@contoso.com", json!({ "username": "ada@contoso.com" })));
    let mended = Mended::StandsIn("userPrincipalName");
    assert_eq!(warnings, [Warning { property: "displayName", why: "missing", mended }]);
    // An address that the data model does not take is none.
    let raw = user(json!({ "mail": "jürgen@contoso.com", "givenName": "J", "surname": "K" }));
    let want =
        json!({ "username": "ada@contoso.com", "givenName": "J", "firstName": "J", "surname": "K", "lastName": "K" });
    let warnings = check(EntityKind::User, raw, azure_user("Ada Lovelace", want));
    assert_eq!(warnings, [Warning { property: "email", why: "no valid mail address", mended: Mended::LeftOut }]);
}

#[test]
fn groups() {
    let group = |name: &str, more: Value| {
        let mut want = json!({ "_key": ID, "_type": "azure_user_group", "_class": ["UserGroup"], "_rawData": [],
                               "id": ID, "name": name, "displayName": name });
        want.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        want
    };
    let raw = json!({
        "id": ID, "displayName": "Golf", "classification": "low", "createdDateTime": "2020-05-29T17:51:22Z",
        "renewedDateTime": "2020-05-29", "description": "Eighteen holes", "mail": "golf@contoso.com", "mailEnabled": true,
        "mailNickname": "golf", "securityEnabled": false, "groupTypes": ["Unified"], "visibility": "Public"
    });
    let want = json!({
        "classification": "low", "createdOn": 1_590_774_682_000_i64, "renewedOn": 1_590_710_400_000_i64,
        "description": "Eighteen holes", "email": "golf@contoso.com", "mailEnabled": true, "mailNickname": "golf",
        "securityEnabled": false
    });
    assert_eq!(check(EntityKind::Group, raw, group("Golf", want)), []);
    // An address only where mail is enabled, and without one (where the reference throws) none.
    let raw = json!({ "id": ID, "displayName": "Golf", "mail": "golf@contoso.com", "mailEnabled": false });
    assert_eq!(check(EntityKind::Group, raw, group("Golf", json!({ "mailEnabled": false }))), []);
    let raw = json!({ "id": ID, "displayName": "Golf", "mail": null, "mailEnabled": true });
    assert_eq!(check(EntityKind::Group, raw, group("Golf", json!({ "mailEnabled": true }))), []);
}
