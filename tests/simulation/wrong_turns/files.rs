//! Files that are no key: read by the real engine from a real file, as the wizard asks for it.

use std::sync::OnceLock;

use jiff::Timestamp;
use rcgen::CertificateParams;
use tenantry::{
    app::{form::FieldId, wizard::KeyPhase},
    credentials::certificate::{self, ClientCertificate},
};

use super::{Bench, Row, Wrong};
use crate::screen::Screen;

/// What is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Missing,
    Nonsense,
    /// And nobody has read it when all is to be checked.
    Hasty,
    TooLarge,
    Request,
    OnlyCertificate,
    OnlyKey,
    OtherKey,
    Damaged,
    OldEncryption,
    Encrypted,
    Ec,
    /// Valid until yesterday.
    Expired,
    /// Valid from tomorrow.
    Early,
}

#[rustfmt::skip]
pub fn rows() -> Vec<Row> {
    let file = |name, content, password, code, next| Row {
        name, wrong: Wrong::File(content, password), code, next, link: "", key: "↵ read the file",
    };
    vec![
        file("no such file", Content::Missing, "", "certificate_file_unreadable", "Give the path of a PEM"),
        file("no certificate at all", Content::Nonsense, "", "no_certificate_file", "Give a PEM with the private key and its certificate, or a PFX"),
        Row { key: "^R check now", ..file("a file that nobody has read yet", Content::Hasty, "", "no_certificate_file", "The file is read first; then check again") },
        file("a very large file", Content::TooLarge, "", "certificate_file_too_large", "Give a PEM with the private key and its certificate, or a PFX"),
        file("a request for a certificate", Content::Request, "", "no_certificate_file", "Give the certificate that was issued for it"),
        file("a certificate without its key", Content::OnlyCertificate, "", "no_private_key", "export both as PFX"),
        file("a key without its certificate", Content::OnlyKey, "", "no_certificate", "openssl x509 -in certificate.cer >>"),
        file("another key's certificate", Content::OtherKey, "", "key_and_certificate_differ", "Put the pair that was made together into one file"),
        file("a damaged key", Content::Damaged, "", "certificate_file_damaged", "Export it again, or make a new one"),
        file("an old encryption", Content::OldEncryption, "correct horse", "key_encryption_old", "openssl pkcs8 -topk8 -v2 aes-256-cbc"),
        file("an encrypted key and no password", Content::Encrypted, "", "certificate_password_needed", "Give the password with which it was exported"),
        file("another password", Content::Encrypted, "hunter2hunter2", "certificate_password", "Type it again"),
        file("an EC key", Content::Ec, "", "key_not_rsa", "Let tenantry make a key"),
        file("an expired certificate's file", Content::Expired, "", "certificate_expired", "Make a new certificate for the same key"),
        file("a certificate's file of tomorrow", Content::Early, "", "certificate_not_yet_valid", "Check this computer's clock"),
    ]
}

/// Keys take their time: two are enough.
fn made() -> &'static [ClientCertificate; 2] {
    static MADE: OnceLock<[ClientCertificate; 2]> = OnceLock::new();
    let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    MADE.get_or_init(|| [certificate::make("one", now).unwrap(), certificate::make("two", now).unwrap()])
}

fn pem(tag: &str, der: &[u8]) -> String {
    pem::encode(&pem::Pem::new(tag, der))
}

/// The first key with a certificate for these days of November 2026.
fn dated(from: u8, to: u8) -> String {
    let pair = rcgen::KeyPair::try_from(made()[0].key.key.expose()).unwrap();
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2026, 11, from);
    params.not_after = rcgen::date_time_ymd(2026, 11, to);
    params.self_signed(&pair).unwrap().pem()
}

fn bytes(content: Content) -> Option<Vec<u8>> {
    let [ours, other] = made();
    let key = pem("PRIVATE KEY", ours.key.key.expose());
    let text = match content {
        Content::Missing => return None,
        Content::Nonsense | Content::Hasty => "client_secret=x".to_owned(),
        Content::TooLarge => " ".repeat(2 << 20),
        Content::Request => pem("CERTIFICATE REQUEST", b"x"),
        Content::OnlyCertificate => ours.cer(),
        Content::OnlyKey => key,
        Content::OtherKey => format!("{key}{}", other.cer()),
        Content::Damaged => format!("{}{}", ours.cer(), pem("PRIVATE KEY", &ours.key.key.expose()[..600])),
        Content::OldEncryption => format!(
            "{}-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA \
             PRIVATE KEY-----\n",
            ours.cer()
        ),
        Content::Encrypted => format!("{}{}", ours.cer(), encrypted(ours)),
        Content::Ec => {
            let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
            let own = CertificateParams::default().self_signed(&pair).unwrap().pem();
            format!("{own}{}", pair.serialize_pem())
        }
        Content::Expired => format!("{key}{}", dated(1, 21)),
        Content::Early => format!("{key}{}", dated(23, 30)),
    };
    Some(text.into_bytes())
}

/// As `openssl pkcs8 -topk8 -v2 aes-256-cbc` does it.
fn encrypted(of: &ClientCertificate) -> String {
    use pkcs8::{
        EncryptedPrivateKeyInfo,
        der::{Encode, asn1::OctetString},
        pkcs5::pbes2::Parameters,
    };
    let params = Parameters::generate_pbkdf2_sha256_aes256cbc(1_000, &[7; 8], [9; 16]).unwrap();
    let data = params.encrypt("correct horse", of.key.key.expose()).unwrap();
    let encrypted_data = OctetString::new(data).unwrap();
    let info = EncryptedPrivateKeyInfo { encryption_algorithm: params.into(), encrypted_data };
    pem("ENCRYPTED PRIVATE KEY", &info.to_der().unwrap())
}

/// The guided way up to the credential, and the file read there.
pub async fn read(bench: &Bench, content: &Content, password: &str) -> Screen {
    let demo = &bench.stage.demo;
    let file = bench.stage.home.path().join("app.pem");
    drop(std::fs::remove_file(&file));
    if let Some(bytes) = bytes(*content) {
        std::fs::write(&file, bytes).unwrap();
    }
    let mut screen = bench.open(bench.at(&demo.login_url, &demo.graph_url));
    screen.press("g enter enter");
    screen.paste(demo.tenant_id.as_str());
    screen.press("enter");
    screen.paste(demo.client_id.as_str());
    screen.press("enter right right enter");
    assert_eq!(screen.model().wizard.focused(), Some(FieldId::KeyPath));
    screen.paste(&file.display().to_string());
    screen.press("enter");
    screen.paste(password);
    screen.press(if *content == Content::Hasty { "ctrl-r" } else { "enter" });
    screen.until("the file", |m| matches!(m.wizard.keys.phase, KeyPhase::Ready(_) | KeyPhase::Failed(_))).await;
    if !password.is_empty() {
        screen.shows_not(&[password]);
    }
    screen
}
