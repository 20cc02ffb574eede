//! PEM: key and certificates in one text, in any order, with whatever else stands between them.

use pem::Pem;

use super::{
    Contents,
    keys::RsaKey,
    refusal::{Container, Refusal},
};
use crate::domain::secret::{Secret, SecretBytes};

/// The text of a PEM file. Windows' shells write UTF-16.
pub fn text(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => of_utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => of_utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    text.contains("-----BEGIN ").then_some(text)
}

fn of_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|two| unit([two[0], two[1]])).collect();
    String::from_utf16_lossy(&units)
}

pub fn contents(text: &str, password: Option<&Secret>) -> Result<Contents, Refusal> {
    let blocks = pem::parse_many(text).map_err(|_| Refusal::Damaged("PEM"))?;
    // What has a beginning and no end is passed over without a word.
    if blocks.len() < text.matches("-----BEGIN ").count() {
        return Err(Refusal::Damaged("PEM"));
    }
    let (mut key, mut certificates, mut other) = (None, Vec::new(), None);
    for block in blocks {
        match block.tag() {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => certificates.push(block.into_contents()),
            // The first key is the one meant.
            tag if tag.ends_with("PRIVATE KEY") && key.is_none() => key = Some(block),
            tag => other = other.or_else(|| Some(tag.to_owned())),
        }
    }
    match (key, certificates.is_empty()) {
        // Said first, as it will be the key's matter whatever else is missing.
        (Some(key), false) => Ok(Contents { key: read(key, password)?, certificates }),
        (Some(_), true) => Err(Refusal::NoCertificate(Container::Pem { legacy: false })),
        (None, false) => Err(Refusal::NoPrivateKey),
        (None, true) => Err(match other.as_deref() {
            Some("CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST") => Refusal::Request,
            Some("PKCS7" | "CMS" | "PUBLIC KEY" | "RSA PUBLIC KEY") => Refusal::NoPrivateKey,
            _ => Refusal::Unknown,
        }),
    }
}

fn read(block: Pem, password: Option<&Secret>) -> Result<RsaKey, Refusal> {
    let old = block.headers().get("Proc-Type").is_some_and(|value| value.contains("ENCRYPTED"));
    match block.tag() {
        "EC PRIVATE KEY" => Err(Refusal::NotRsa("an EC key")),
        "DSA PRIVATE KEY" => Err(Refusal::NotRsa("a DSA key")),
        "OPENSSH PRIVATE KEY" => Err(Refusal::NotRsa("a key of OpenSSH's own form")),
        _ if old => Err(Refusal::OldEncryption(Container::Pem { legacy: false })),
        "PRIVATE KEY" => RsaKey::of_pkcs8(&SecretBytes::new(block.into_contents())),
        "ENCRYPTED PRIVATE KEY" => RsaKey::of_encrypted(block.contents(), password),
        "RSA PRIVATE KEY" => RsaKey::of_pkcs1(SecretBytes::new(block.into_contents()).expose()),
        _ => Err(Refusal::NotRsa("a key of another kind than RSA")),
    }
}
