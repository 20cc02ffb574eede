//! The public half of a key, from a `.cer` that a script shall install: a certificate alone, DER or PEM.
//!
//! What holds a private key is refused, so that none can come into a script by mistake.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use x509_parser::{parse_x509_certificate, public_key::PublicKey as Kind};

use crate::domain::{problem::Problem, registration::PublicKey, text::visible};

/// Reads a certificate. `now` is the time by which it must be good.
///
/// # Errors
///
/// `private_key_in_file`, `no_certificate`, `key_not_rsa` or `certificate_expired`.
pub fn read_public_key(bytes: &[u8], now: Timestamp) -> Result<PublicKey, Problem> {
    let text = String::from_utf8_lossy(bytes);
    if text.contains("PRIVATE KEY-----") {
        return Err(Problem::new("the file holds a private key, and a script must not")
            .code("private_key_in_file")
            .hint("Give the certificate alone: `openssl x509 -in FILE -out public.cer` takes it out."));
    }
    let none = || {
        Problem::new("the file holds no certificate")
            .code("no_certificate")
            .hint("Give a .cer or .pem file with the certificate that the app shall know.")
    };
    let der = match pem::parse_many(bytes) {
        Ok(blocks) if !blocks.is_empty() => {
            let certificate = blocks.into_iter().find(|block| block.tag() == "CERTIFICATE");
            certificate.ok_or_else(none)?.into_contents()
        }
        _ => bytes.to_vec(),
    };
    let (rest, certificate) = parse_x509_certificate(&der).map_err(|_| none())?;
    if !rest.is_empty() {
        return Err(none());
    }
    if !matches!(certificate.public_key().parsed(), Ok(Kind::RSA(_))) {
        return Err(Problem::new("the certificate's key is not RSA, which is all that Microsoft Entra takes here")
            .code("key_not_rsa")
            .hint("Make an RSA key and a certificate for it, in the wizard or with openssl."));
    }
    if certificate.validity().not_after.timestamp() <= now.as_second() {
        return Err(Problem::new("the certificate has expired")
            .code("certificate_expired")
            .hint("Make a new one, in the wizard or with openssl."));
    }
    let subject = certificate.subject().to_string();
    Ok(PublicKey { certificate_base64: STANDARD.encode(&der), display: visible(&subject).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-05-20T12:00:00Z".parse().unwrap()
    }

    /// A self-signed certificate, and its key in PEM.
    fn made(algorithm: &'static rcgen::SignatureAlgorithm) -> (rcgen::Certificate, String) {
        let key = if algorithm == &rcgen::PKCS_ECDSA_P256_SHA256 {
            rcgen::KeyPair::generate_for(algorithm).unwrap()
        } else {
            rcgen::KeyPair::generate_rsa_for(algorithm, rcgen::RsaKeySize::_2048).unwrap()
        };
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, "tenantry on ada's machine");
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2027, 1, 1);
        (params.self_signed(&key).unwrap(), key.serialize_pem())
    }

    #[test]
    fn certificates_alone_are_taken() {
        let (certificate, key) = made(&rcgen::PKCS_RSA_SHA256);
        let want = STANDARD.encode(certificate.der());
        let check = |bytes: &[u8], now: Timestamp, want: Result<&str, &str>| {
            let got = read_public_key(bytes, now);
            let got = got.as_ref().map(|k| k.certificate_base64.as_str()).map_err(|p| p.code.as_deref().unwrap());
            assert_eq!(got, want);
        };
        check(certificate.der(), now(), Ok(&want));
        check(certificate.pem().as_bytes(), now(), Ok(&want));
        check(certificate.pem().replace('\n', "\r\n").as_bytes(), now(), Ok(&want));
        check(format!("{}{key}", certificate.pem()).as_bytes(), now(), Err("private_key_in_file"));
        check(certificate.der(), "2027-01-01T00:00:00Z".parse().unwrap(), Err("certificate_expired"));
        check(&certificate.der()[..100], now(), Err("no_certificate"));
        check(b"", now(), Err("no_certificate"));
        check(made(&rcgen::PKCS_ECDSA_P256_SHA256).0.der(), now(), Err("key_not_rsa"));
        assert!(read_public_key(certificate.der(), now()).unwrap().display.contains("CN=tenantry on ada's machine"));
    }
}
