//! PFX (PKCS#12), as Windows and Azure's Key Vault export it.

use p12_keystore::{Pkcs12Archive, error::Error};

use super::{
    Contents,
    keys::RsaKey,
    refusal::{Container, Refusal},
};
use crate::domain::secret::{Secret, SecretBytes};

/// RC2, RC4 and triple DES by PKCS#12's own recipe: 1.2.840.113549.1.12.1, as DER writes it.
const OLD: [u8; 11] = [0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01];

/// A sequence that begins with the number 3.
pub fn is_pfx(bytes: &[u8]) -> bool {
    let rest = match bytes {
        [0x30, length, rest @ ..] if *length <= 0x80 => rest,
        [0x30, length, rest @ ..] => rest.get(usize::from(length & 0x7f)..).unwrap_or_default(),
        _ => return false,
    };
    rest.starts_with(&[0x02, 0x01, 0x03])
}

pub fn contents(bytes: &[u8], password: Option<&Secret>) -> Result<Contents, Refusal> {
    // Told before a password is asked for, as none would help.
    if bytes.windows(OLD.len()).any(|window| window == OLD) {
        return Err(Refusal::OldEncryption(Container::Pfx));
    }
    let wrong = if password.is_some() { Refusal::WrongPassword } else { Refusal::PasswordNeeded };
    // Without a password there is an empty one.
    let archive =
        Pkcs12Archive::from_pkcs12(bytes, password.map_or("", Secret::expose)).map_err(|error| match error {
            Error::MacError(_) => wrong,
            Error::Pkcs5Error(why) if !why.contains("unsupported") => wrong,
            Error::Pkcs5Error(_) | Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
                Refusal::OldEncryption(Container::Pfx)
            }
            _ => Refusal::Damaged("PFX"),
        })?;
    let certificates: Vec<Vec<u8>> = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect();
    match (archive.keys.first(), certificates.is_empty()) {
        (None, _) => Err(Refusal::NoPrivateKey),
        (Some(_), true) => Err(Refusal::NoCertificate(Container::Pfx)),
        (Some(bag), false) => {
            Ok(Contents { key: RsaKey::of_pkcs8(&SecretBytes::new(bag.key.as_der().to_vec()))?, certificates })
        }
    }
}
