//! A secret is a type: it cannot be serialised, printed or logged, and is wiped when dropped.

use secrecy::{ExposeSecret, SecretSlice, SecretString};

/// A client secret, an API key, a token. `Debug` says only that there is one.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text as it is; see [`Secret::pasted`] for what people type.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// A secret as a person pastes it: white space and line ends around it go. `None` if nothing is left.
    pub fn pasted(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self::new(text))
    }

    /// The text itself, for the one place that sends it or hands it to the vault.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// How many characters it has.
    pub fn chars(&self) -> usize {
        self.expose().chars().count()
    }

    /// What a screen may show of a secret that is no longer being typed: its last four characters, if it is
    /// longer than 20 characters; else nothing.
    pub fn tail(&self) -> Option<String> {
        let chars: Vec<char> = self.expose().chars().collect();
        (chars.len() > 20).then(|| chars[chars.len() - 4..].iter().collect())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

/// Secret bytes, such as a private key. `Debug` says only that there are some.
#[derive(Clone)]
pub struct SecretBytes(SecretSlice<u8>);

impl SecretBytes {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(SecretSlice::from(bytes))
    }

    /// The bytes themselves, for the one place that signs with them or hands them to the vault.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretBytes(…)")
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for SecretBytes {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_secret_is_printed() {
        let secret = Secret::pasted(" abcdefghijklmnopqrstuvwxyz \n").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.tail().as_deref(), Some("wxyz"));
        assert_eq!(secret.chars(), 26);
        assert_eq!(Secret::new("12345678901234567890").tail(), None);
        assert!(Secret::pasted(" \t\r\n").is_none());
        assert_eq!(format!("{:?}", SecretBytes::new(vec![1, 2])), "SecretBytes(…)");
    }
}
