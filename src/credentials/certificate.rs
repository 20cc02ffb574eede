//! Certificates that prove who an app is: made here, or read from a PEM or a PFX.
//!
//! What comes out is a key in the one form that the rest knows (PKCS#8, DER, RSA) and the certificate that goes with it.
//! Whatever the login service would refuse later is refused here, in words, with the `openssl` line that mends it.
//! Writes no file and sends nothing; nothing of a key or of a password is in a problem.

mod keys;
mod pem_file;
mod pfx;
mod refusal;
#[cfg(test)]
mod tests;

use std::{fs::File, io::Read, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, RsaKeySize};
use secrecy::zeroize::Zeroizing;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_parser::{certificate::X509Certificate, parse_x509_certificate, public_key::PublicKey};

use self::{
    keys::RsaKey,
    refusal::{Container, Refusal},
};
use crate::domain::{
    credential::{CertificateRef, CertificateView, ClientKey, Thumbprint},
    problem::Problem,
    secret::{Secret, SecretBytes},
    text::visible,
};

/// No file with a key and its certificates is larger.
const MOST: u64 = 1 << 20;

/// How long a certificate that is made here is good.
const DAYS: u64 = 365;

/// A private key, and the certificate that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    pub key: ClientKey,
    pub certificate_der: Vec<u8>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// As the certificate says it: text of a stranger.
    pub subject: String,
}

impl ClientCertificate {
    /// Its public half, for screens.
    pub fn view(&self) -> CertificateView {
        CertificateView {
            thumbprint_sha1_hex: Sha1::digest(&self.certificate_der).iter().map(|b| format!("{b:02X}")).collect(),
            thumbprint: self.key.thumbprint,
            not_before: self.not_before,
            not_after: self.not_after,
            subject: visible(&self.subject).into_owned(),
            certificate_base64: STANDARD.encode(&self.certificate_der),
            cer_path: None,
        }
    }

    /// Its public half as the text of a `.cer` file, which the portal takes.
    pub fn cer(&self) -> String {
        pem::encode_config(
            &pem::Pem::new("CERTIFICATE", self.certificate_der.as_slice()),
            pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
        )
    }

    /// What a profile keeps of it.
    pub const fn reference(&self) -> CertificateRef {
        CertificateRef { thumbprint: self.key.thumbprint, expires: self.not_after }
    }
}

/// Makes a key (RSA, 2,048 bits) and a certificate for it that it signs itself, good from now on for a year. Takes a
/// while: not for a thread that others wait on.
///
/// # Errors
///
/// With code `certificate_not_made`, should the machine have no randomness.
pub fn make(subject: &str, now: Timestamp) -> Result<ClientCertificate, Problem> {
    let failed = |why: &dyn std::fmt::Display| {
        Problem::new(format!("no certificate could be made: {why}"))
            .code("certificate_not_made")
            .hint(format!("Make one with `{}`, then give new.pem and upload new.cer.", refusal::NEW_PAIR))
    };
    let pair = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(|error| failed(&error))?;
    let key = SecretBytes::new(pair.serialize_der());
    let mut params = CertificateParams::default();
    let seconds = u64::try_from(now.as_second()).map_err(|_| failed(&"this computer's date is before 1970"))?;
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(seconds);
    params.not_after = params.not_before + std::time::Duration::from_secs(DAYS * 86_400);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name(subject));
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.self_signed(&pair).map_err(|error| failed(&error))?;
    let key = RsaKey::of_pkcs8(&key).map_err(|refusal| failed(&refusal.problem("it").summary))?;
    pair_up(key, &[certificate.der().to_vec()], now).map_err(|refusal| failed(&refusal.problem("it").summary))
}

/// A name of a certificate has 64 characters at most; what is none of its own is ours.
fn common_name(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
    match text.trim() {
        "" => "tenantry".to_owned(),
        text => text.to_owned(),
    }
}

/// Reads a file's bytes: a PEM with the key and its certificate, or a PFX. Of several certificates the one of the key is
/// taken. `now` is the time by which it must be good.
///
/// # Errors
///
/// Whatever the file lacks, with a code of its own and the next step.
pub fn read(bytes: &[u8], password: Option<&Secret>, now: Timestamp) -> Result<ClientCertificate, Problem> {
    read_as("FILE", bytes, password, now)
}

/// As [`read`], from this file, which the next steps then name.
///
/// # Errors
///
/// As [`read`]; and where there is no such file.
pub fn read_file(path: &Path, password: Option<&Secret>, now: Timestamp) -> Result<ClientCertificate, Problem> {
    let unreadable = |error: std::io::Error| {
        Problem::new(format!("the certificate's file {} cannot be read: {error}", path.display()))
            .code("certificate_file_unreadable")
            .hint("Give the path of a PEM with key and certificate, or of a PFX, that this user may read.")
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    read_as(&refusal::quoted(&path.display().to_string()), &bytes, password, now)
}

fn read_as(name: &str, bytes: &[u8], password: Option<&Secret>, now: Timestamp) -> Result<ClientCertificate, Problem> {
    let found = contents(bytes, password.filter(|p| !p.expose().is_empty()));
    let pair = found.and_then(|Contents { key, certificates }| pair_up(key, &certificates, now));
    pair.map_err(|refusal| refusal.problem(name))
}

/// What a file holds.
struct Contents {
    key: RsaKey,
    certificates: Vec<Vec<u8>>,
}

fn contents(bytes: &[u8], password: Option<&Secret>) -> Result<Contents, Refusal> {
    if bytes.len() as u64 > MOST {
        return Err(Refusal::TooLarge);
    }
    if let Some(text) = pem_file::text(bytes) {
        return pem_file::contents(&text, password);
    }
    if pfx::is_pfx(bytes) {
        return pfx::contents(bytes, password);
    }
    // One of the two alone, as it is: a `.cer`, or a key.
    if parse_x509_certificate(bytes).is_ok() {
        return Err(Refusal::NoPrivateKey);
    }
    if keys::is_key(bytes) { Err(Refusal::NoCertificate(Container::Der)) } else { Err(Refusal::Unknown) }
}

/// The key with its certificate, if that one is good now.
fn pair_up(key: RsaKey, certificates: &[Vec<u8>], now: Timestamp) -> Result<ClientCertificate, Refusal> {
    let mut parsed = Vec::new();
    for der in certificates {
        let (_, certificate) = parse_x509_certificate(der).map_err(|_| Refusal::Damaged("certificate"))?;
        parsed.push((der, certificate));
    }
    // Renewed ones have the same key: the one that lasts longest is the one to use.
    let own = parsed.iter().filter(|(_, certificate)| is_of(certificate, &key));
    let Some((der, certificate)) = own.max_by_key(|(_, certificate)| certificate.validity().not_after) else {
        return Err(Refusal::Differ);
    };
    let time = |time: x509_parser::time::ASN1Time| {
        Timestamp::from_second(time.timestamp()).map_err(|_| Refusal::Damaged("certificate"))
    };
    let (not_before, not_after) = (time(certificate.validity().not_before)?, time(certificate.validity().not_after)?);
    if now >= not_after {
        return Err(Refusal::Expired(not_after));
    }
    if now < not_before {
        return Err(Refusal::NotYetValid { from: not_before, now });
    }
    let thumbprint = Thumbprint(Sha256::digest(der).into());
    Ok(ClientCertificate {
        key: ClientKey { key: key.into_pkcs8(), thumbprint, expires: Some(not_after) },
        certificate_der: (*der).clone(),
        not_before,
        not_after,
        subject: certificate.subject().to_string(),
    })
}

fn is_of(certificate: &X509Certificate<'_>, key: &RsaKey) -> bool {
    let bare = |number: &[u8]| number.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(public)) => bare(public.modulus) == key.modulus && bare(public.exponent) == key.exponent,
        _ => false,
    }
}
