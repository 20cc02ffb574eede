//! Identifiers. Graph ids are GUIDs in practice, but nothing here relies on it: an id is the text the service sent.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize};

/// Whether `text` has the shape of a GUID: `8-4-4-4-12` hexadecimal digits, either case, no braces.
///
/// Client IDs, tenant IDs and *Secret IDs* have it; the value of a client secret never does (facts: Entra
/// "Certificates & secrets").
pub fn is_guid_shaped(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    let all =
        lengths.iter().all(|&n| parts.next().is_some_and(|p| p.len() == n && p.bytes().all(|b| b.is_ascii_hexdigit())));
    all && parts.next().is_none()
}

/// Whether a profile may be called so: its file has this name.
pub fn is_profile_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && !name.starts_with(['.', '-'])
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// An id as it is kept: a GUID in lower case, any other text as it came. The letters' case of a GUID says nothing, and
/// the service might spell the same one in two ways.
pub fn canonical(id: &str) -> Cow<'_, str> {
    // Nearly every id is so already.
    if id.bytes().any(|b| b.is_ascii_uppercase()) && is_guid_shaped(id) {
        Cow::Owned(id.to_ascii_lowercase())
    } else {
        Cow::Borrowed(id)
    }
}

/// As [`canonical`], for a field.
///
/// # Errors
///
/// When it is no text.
pub fn canonical_id<'de, D: Deserializer<'de>>(json: D) -> Result<String, D::Error> {
    let id = String::deserialize(json)?;
    Ok(match canonical(&id) {
        Cow::Owned(canonical) => canonical,
        Cow::Borrowed(_) => id,
    })
}

/// A tenant: its directory (tenant) ID in lower case, as tokens and `/organization` name it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(String);

/// An app registration: its application (client) ID in lower case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

/// Why a typed id is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("it is empty")]
    Empty,
    #[error("it is not of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")]
    NotAGuid,
    #[error("it is all zeros")]
    Zero,
}

fn guid(text: &str) -> Result<String, IdError> {
    let text = text.trim();
    if text.is_empty() {
        Err(IdError::Empty)
    } else if !is_guid_shaped(text) {
        Err(IdError::NotAGuid)
    } else if text.bytes().all(|b| b == b'0' || b == b'-') {
        Err(IdError::Zero)
    } else {
        Ok(text.to_ascii_lowercase())
    }
}

impl TenantId {
    /// Reads a tenant ID as a person pastes it: white space around it goes, upper case becomes lower.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        guid(text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ClientId {
    /// Reads a client ID as a person pastes it: white space around it goes, upper case becomes lower.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        guid(text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A run of the ingestion in one store: 1, 2, 3 …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_told_from_secrets() {
        let check = |text: &str, want: bool| assert_eq!(is_guid_shaped(text), want, "{text}");
        check("84841066-274d-4ec0-a5c1-276be684bdd3", true);
        check("84841066-274D-4EC0-A5C1-276BE684BDD3", true);
        check("84841066-274d-4ec0-a5c1-276be684bdd", false);
        check("84841066-274d-4ec0-a5c1-276be684bdd33", false);
        check("84841066-274d-4ec0-a5c1-276be684bdd3-", false);
        check("{84841066-274d-4ec0-a5c1-276be684bdd3}", false);
        check("84841066274d4ec0a5c1276be684bdd3", false);
        check("g4841066-274d-4ec0-a5c1-276be684bdd3", false);
        check("Xyz8Q~abcdefghijklmnopqrstuvwxyz12345678", false);
        check("", false);
    }

    #[test]
    fn letters_of_a_guid_have_no_case() {
        let check = |text: &str, want: &str| assert_eq!(canonical(text), want);
        check("84841066-274D-4EC0-a5c1-276BE684BDD3", "84841066-274d-4ec0-a5c1-276be684bdd3");
        check("84841066-274d-4ec0-a5c1-276be684bdd3", "84841066-274d-4ec0-a5c1-276be684bdd3");
        check("An-Id", "An-Id");
        check("", "");
    }

    #[test]
    fn ids_are_read_as_people_paste_them() {
        assert_eq!(
            TenantId::parse(" 84841066-274D-4ec0-a5c1-276be684bdd3\n").unwrap().as_str(),
            "84841066-274d-4ec0-a5c1-276be684bdd3"
        );
        assert_eq!(ClientId::parse("  "), Err(IdError::Empty));
        assert_eq!(ClientId::parse("my app"), Err(IdError::NotAGuid));
        assert_eq!(TenantId::parse("00000000-0000-0000-0000-000000000000"), Err(IdError::Zero));
    }
}
