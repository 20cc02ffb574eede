//! How an app registration proves who it is: a secret, a key whose certificate it knows, or somebody else's token.
//!
//! Signs and sends nothing; that is the token request's.

use std::path::PathBuf;

use jiff::Timestamp;

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

/// SHA-256 of a certificate's DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thumbprint(pub [u8; 32]);
