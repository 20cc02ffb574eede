//! An id in few bytes, for what a run holds millions of: a member costs no memory of its own then, and whoever compares
//! or looks it up does so by sixteen bytes.

use std::fmt;

use uuid::Uuid;

/// The text of an id: a GUID as it is kept (in lower case) by its bytes, any other text as it is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ShortId(Form);

// Nobody else makes one: each text has one form, so that forms can be compared.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    Guid([u8; 16]),
    Text(Box<str>),
}

impl ShortId {
    /// Its bytes, if it is a GUID.
    pub const fn guid(&self) -> Option<[u8; 16]> {
        match self.0 {
            Form::Guid(bytes) => Some(bytes),
            Form::Text(_) => None,
        }
    }

    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Form::Text(text) if text.is_empty())
    }
}

impl From<&str> for ShortId {
    fn from(text: &str) -> Self {
        // Of this length there is no other way to write one than the letters' case.
        let is_like_one = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match Uuid::try_parse(text) {
            Ok(guid) if is_like_one => Self(Form::Guid(guid.into_bytes())),
            _ => Self(Form::Text(text.into())),
        }
    }
}

impl From<String> for ShortId {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl Default for ShortId {
    fn default() -> Self {
        Self(Form::Text("".into()))
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Guid(bytes) => Uuid::from_bytes(*bytes).hyphenated().fmt(f),
            Form::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_stays_itself_and_only_one_is_a_guid() {
        let check = |text: &str, is_guid: bool| {
            let id = ShortId::from(text);
            assert_eq!((id.to_string().as_str(), id.guid().is_some(), id.is_empty()), (text, is_guid, text.is_empty()));
            id
        };
        let text = "c2f798fd-f95d-4623-8824-63aec21fffff";
        let guid = check(text, true);
        assert_eq!(guid.guid().unwrap(), *Uuid::parse_str(text).unwrap().as_bytes());
        assert_ne!(guid, check(&text.to_uppercase(), false));
        check("c2f798fdf95d4623882463aec21fffff", false);
        check("{c2f798fd-f95d-4623-8824-63aec21fffff}", false);
        check("c2f798fdf95d46238824-63aec21fffff----", false);
        check("c2f798fd-f95d-4623-8824-63aec21ffff", false);
        check("c2f798fd-f95d-4623-8824-63aec21ffffg", false);
        check("c2f798fdxf95d-4623-8824-63aec21fffff", false);
        check("é2f798fd-f95d-4623-8824-63aec21ffff", false);
        assert_eq!(check("", false), ShortId::default());
    }
}
