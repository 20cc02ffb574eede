//! The properties that JupiterOne's own integration of this name emits (`facts/jupiterone.md` §2.6): data model 0.54, where
//! names and addresses are texts.
//!
//! Where it would stop at an object (no name, an address that is none, `accountEnabled` null), the property is absent here.
//! `deletedOn` has no row: a list of groups tells of none that is deleted. What Intune says of the account is not read.

use serde_json::{Value, json};

use super::{Property, Raw, Reading};
use crate::domain::kind::EntityKind;

/// The rows of a kind. Members that are neither users nor groups are no entities there.
pub(super) const fn of(kind: EntityKind) -> &'static [Property] {
    match kind {
        EntityKind::Account => ACCOUNT,
        EntityKind::User => USER,
        EntityKind::Group => GROUP,
        EntityKind::Member => &[],
    }
}

const ACCOUNT: &[Property] = table! {
    "organizationName" <- ["displayName"] same!("displayName", text);
    "defaultDomain" <- ["verifiedDomains"] |raw| raw.default_domain();
    "verifiedDomains" <- ["verifiedDomains"] |raw| raw.domain_names();
};

const USER: &[Property] = table! {
    "username" <- ["userPrincipalName"] same!("userPrincipalName", text);
    "email" <- ["mail"] same!("mail", mail);
    "givenName" <- ["givenName"] same!("givenName", text);
    "firstName" <- ["givenName", "displayName"] |raw| raw.text("givenName").or_word_of_name(raw, |name| name.split(' ').next());
    "surname" <- ["surname"] same!("surname", text);
    "lastName" <- ["surname", "displayName"] |raw| raw.text("surname").or_word_of_name(raw, |name| name.rsplit(' ').next());
    "jobTitle" <- ["jobTitle"] same!("jobTitle", text);
    "mobilePhone" <- ["mobilePhone"] same!("mobilePhone", text);
    "officeLocation" <- ["officeLocation"] same!("officeLocation", text);
    "preferredLanguage" <- ["preferredLanguage"] same!("preferredLanguage", text);
    "userType" <- ["userType"] same!("userType", text);
    "active" <- ["accountEnabled"] same!("accountEnabled", flag);
    "usageLocation" <- ["usageLocation"] same!("usageLocation", text);
    "lastSignInDateTime" <- ["signInActivity"] same!("lastSignInDateTime", sign_in_text);
    "lastSignInRequestId" <- ["signInActivity"] same!("lastSignInRequestId", sign_in_text);
    "lastNonInteractiveSignInDateTime" <- ["signInActivity"] same!("lastNonInteractiveSignInDateTime", sign_in_text);
    "lastNonInteractiveSignInRequestId" <- ["signInActivity"] same!("lastNonInteractiveSignInRequestId", sign_in_text);
    "lastSuccessfulSignInDateTime" <- ["signInActivity"] same!("lastSuccessfulSignInDateTime", sign_in_text);
    "lastSuccessfulSignInRequestId" <- ["signInActivity"] same!("lastSuccessfulSignInRequestId", sign_in_text);
};

const GROUP: &[Property] = table! {
    "classification" <- ["classification"] same!("classification", text);
    "createdOn" <- ["createdDateTime"] same!("createdDateTime", time);
    "description" <- ["description"] same!("description", text);
    "email" <- ["mail", "mailEnabled"] |raw| if raw.is_mail_enabled() { raw.mail("mail") } else { Reading::Absent };
    "mailEnabled" <- ["mailEnabled"] same!("mailEnabled", flag);
    "mailNickname" <- ["mailNickname"] same!("mailNickname", text);
    "renewedOn" <- ["renewedDateTime"] same!("renewedDateTime", time);
    "securityEnabled" <- ["securityEnabled"] same!("securityEnabled", flag);
};

impl Reading {
    /// A part of the display name where there is no such name. An empty one is none, as it is there.
    fn or_word_of_name(self, raw: &Raw<'_>, word: fn(&str) -> Option<&str>) -> Self {
        match self {
            Self::Value(Value::String(text)) if !text.is_empty() => Self::Value(json!(text)),
            Self::Bad(why) => Self::Bad(why),
            _ => match raw.text("displayName") {
                Self::Value(Value::String(name)) => word(&name).map_or(Self::Absent, |word| Self::Value(json!(word))),
                _ => Self::Absent,
            },
        }
    }
}
