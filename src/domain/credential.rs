//! How an app registration proves who it is: a secret, a key whose certificate it knows, or somebody else's token.
//!
//! Signs and sends nothing; that is the token request's.

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::secret::{Secret, SecretBytes};

/// What a token is asked for with. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    Secret(Secret),
    Key(ClientKey),
    /// A file that a platform keeps filled with a token of its own (workload identity federation); read anew for each
    /// token request.
    Federated(PathBuf),
}

impl From<Secret> for Credential {
    fn from(secret: Secret) -> Self {
        Self::Secret(secret)
    }
}

/// A private key whose certificate the app registration knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// PKCS#8, DER: RSA of 2,048 to 4,096 bits.
    pub key: SecretBytes,
    /// What names the certificate in an assertion (`x5t#S256`).
    pub thumbprint: Thumbprint,
    /// When the certificate ends, where that is known.
    pub expires: Option<Timestamp>,
}

/// SHA-256 of a certificate's DER. Its text is base64url without padding, as `x5t#S256` wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Thumbprint(pub [u8; 32]);

impl std::fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl From<Thumbprint> for String {
    fn from(thumbprint: Thumbprint) -> Self {
        thumbprint.to_string()
    }
}

impl TryFrom<String> for Thumbprint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("a thumbprint is the SHA-256 of a certificate, in 43 characters of base64url")
    }
}

/// Which certificate a profile uses; its private key is in the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRef {
    pub thumbprint: Thumbprint,
    /// When it ends.
    pub expires: Timestamp,
}

/// A certificate as screens show it: its public half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateView {
    /// SHA-1 of the DER, in capital hex: how the portal names a certificate.
    pub thumbprint_sha1_hex: String,
    pub thumbprint: Thumbprint,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// Its subject as `CN=…`. What a file says: text of a stranger.
    pub subject: String,
    /// The DER in base64, on one line.
    pub certificate_base64: String,
    /// Where the `.cer` to upload lies, if one was written.
    pub cer_path: Option<String>,
}

/// What kind of credential a profile speaks of; the credential itself is elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CredentialKind {
    /// A client secret, kept by us.
    #[default]
    Secret,
    Certificate,
    /// A client secret that a command prints.
    Command,
}

impl CredentialKind {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Secret => "client secret",
            Self::Certificate => "certificate",
            Self::Command => "client secret of a command",
        }
    }
}

/// How near the end of a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    Fine,
    /// Whole days that are left; 0 is less than one.
    Soon {
        days: u16,
    },
    Ended,
}

impl Expiry {
    /// Days before the end at which warnings begin, and grow more urgent.
    pub const STEPS: [u16; 3] = [30, 14, 7];

    pub fn of(expires: Timestamp, now: Timestamp) -> Self {
        let left = expires.duration_since(now);
        if left <= SignedDuration::ZERO {
            return Self::Ended;
        }
        // Days begun do not count: who reads "7 days" has seven of them.
        match u16::try_from(left.as_hours() / 24) {
            Ok(days) if left <= SignedDuration::from_hours(24 * i64::from(Self::STEPS[0])) => Self::Soon { days },
            _ => Self::Fine,
        }
    }

    /// The smallest of [`Expiry::STEPS`] that is reached; 0 once it has ended.
    pub fn step(self) -> Option<u16> {
        match self {
            Self::Fine => None,
            Self::Soon { days } => Self::STEPS.into_iter().rev().find(|step| days <= *step),
            Self::Ended => Some(0),
        }
    }

    /// What to say behind its name: `ends in 6 days`; nothing while all is fine.
    pub fn words(self) -> Option<String> {
        match self {
            Self::Fine => None,
            Self::Soon { days: 0 } => Some("ends within a day".to_owned()),
            Self::Soon { days } => Some(format!("ends in {}", super::text::counted(days.into(), "day"))),
            Self::Ended => Some("has ended".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_told_in_time() {
        let check = |now: &str, want: Expiry, step: Option<u16>, words: Option<&str>| {
            let expiry = Expiry::of("2027-05-20T12:00:00Z".parse().unwrap(), now.parse().unwrap());
            assert_eq!((expiry, expiry.step()), (want, step), "{now}");
            assert_eq!(expiry.words().as_deref(), words, "{now}");
        };
        check("2026-05-20T12:00:00Z", Expiry::Fine, None, None);
        check("2027-04-20T11:59:59Z", Expiry::Fine, None, None);
        check("2027-04-20T12:00:00Z", Expiry::Soon { days: 30 }, Some(30), Some("ends in 30 days"));
        check("2027-05-05T12:00:00Z", Expiry::Soon { days: 15 }, Some(30), Some("ends in 15 days"));
        check("2027-05-06T12:00:00Z", Expiry::Soon { days: 14 }, Some(14), Some("ends in 14 days"));
        check("2027-05-13T11:00:00Z", Expiry::Soon { days: 7 }, Some(7), Some("ends in 7 days"));
        check("2027-05-18T13:00:00Z", Expiry::Soon { days: 1 }, Some(7), Some("ends in 1 day"));
        check("2027-05-20T11:59:59Z", Expiry::Soon { days: 0 }, Some(7), Some("ends within a day"));
        check("2027-05-20T12:00:00Z", Expiry::Ended, Some(0), Some("has ended"));
        check("2099-01-01T00:00:00Z", Expiry::Ended, Some(0), Some("has ended"));
    }

    #[test]
    fn a_thumbprint_is_text_and_comes_back() {
        let thumbprint = Thumbprint([0xfb; 32]);
        let text = thumbprint.to_string();
        assert_eq!((text.len(), text.contains(['+', '/', '='])), (43, false));
        assert_eq!(Thumbprint::try_from(text), Ok(thumbprint));
        for wrong in ["", "abc", &"A".repeat(44), &"é".repeat(43)] {
            assert!(Thumbprint::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
