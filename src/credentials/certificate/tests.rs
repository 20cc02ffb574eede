//! Every form that can be made without `openssl`; what only that makes is in `tests/real/certificates.rs`.

use std::sync::OnceLock;

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use pkcs8::{
    EncryptedPrivateKeyInfo, PrivateKeyInfoRef,
    der::{Decode, Encode, asn1::OctetString},
    pkcs5::pbes2::Parameters,
};

use super::*;

const PASSWORD: &str = "correct horse";

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// Keys take their time: two are enough.
fn ours() -> &'static ClientCertificate {
    static MADE: OnceLock<ClientCertificate> = OnceLock::new();
    MADE.get_or_init(|| make("tenantry of Contoso", now()).unwrap())
}

fn others() -> &'static ClientCertificate {
    static MADE: OnceLock<ClientCertificate> = OnceLock::new();
    MADE.get_or_init(|| make("", now()).unwrap())
}

fn text(tag: &str, der: &[u8]) -> String {
    pem::encode(&pem::Pem::new(tag, der))
}

fn key(of: &ClientCertificate) -> String {
    text("PRIVATE KEY", of.key.key.expose())
}

fn pkcs1(of: &ClientCertificate) -> Vec<u8> {
    PrivateKeyInfoRef::from_der(of.key.key.expose()).unwrap().private_key.as_bytes().to_vec()
}

/// Encrypted as `openssl pkcs8 -topk8 -v2 aes-256-cbc` does it.
fn encrypted(rounds: u32) -> Vec<u8> {
    let params = Parameters::generate_pbkdf2_sha256_aes256cbc(rounds, &[7; 8], [9; 16]).unwrap();
    let data = match rounds {
        0..10_000 => params.encrypt(PASSWORD, ours().key.key.expose()).unwrap(),
        // Never to be opened.
        _ => vec![0; 64],
    };
    let encrypted_data = OctetString::new(data).unwrap();
    EncryptedPrivateKeyInfo { encryption_algorithm: params.into(), encrypted_data }.to_der().unwrap()
}

fn pfx(password: &str, certificates: &[&ClientCertificate]) -> Vec<u8> {
    let certificates = certificates.iter().map(|c| Certificate::from_der(&c.certificate_der).unwrap());
    let key = PrivateKey::from_der(ours().key.key.expose()).unwrap();
    let mut store = KeyStore::new();
    store.add_entry("app", KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new("id", key, certificates)));
    store.writer(password).encryption_iterations(10).mac_iterations(10).write().unwrap()
}

#[test]
fn what_is_made_says_what_the_portal_will_show() {
    let made = ours();
    assert_eq!(made.subject, "CN=tenantry of Contoso");
    assert_eq!(others().subject, "CN=tenantry");
    assert_eq!((made.not_before, made.not_after.to_string().as_str()), (now(), "2027-11-22T10:00:00Z"));
    assert_eq!(made.key.expires, Some(made.not_after));
    assert_ne!(made.key, others().key);
    // Room is left under the 2,560 bytes that Windows keeps.
    assert!(made.key.key.expose().len() < 1_300);
    let view = made.view();
    assert_eq!(view.thumbprint_sha1_hex.len(), 40);
    assert!(view.thumbprint_sha1_hex.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()));
    assert_eq!(STANDARD.decode(&view.certificate_base64).unwrap(), made.certificate_der);
    assert_eq!(pem::parse(made.cer()).unwrap().contents(), made.certificate_der);
    assert_eq!(made.reference(), CertificateRef { thumbprint: view.thumbprint, expires: view.not_after });
    let long = make(&format!("{}\n", "ö".repeat(80)), now()).unwrap();
    assert_eq!(long.subject, format!("CN={}", "ö".repeat(64)));
}

#[test]
fn every_form_gives_the_same_key() {
    let check = |what: &str, bytes: &[u8], password: Option<&str>| {
        let password = password.map(Secret::new);
        let read = read(bytes, password.as_ref(), now()).unwrap_or_else(|problem| panic!("{what}: {problem:?}"));
        assert_eq!(&read, ours(), "{what}");
    };
    let (key, cer, other) = (key(ours()), ours().cer(), others().cer());
    check("key first", format!("{key}{cer}").as_bytes(), None);
    check("certificate first", format!("{cer}{key}").as_bytes(), None);
    let noisy = format!("Bag Attributes\n    friendlyName: äpp\n{cer}\nKey Attributes: <No Attributes>\n{key}\n");
    check("with what openssl writes between", noisy.as_bytes(), None);
    check("Windows' line ends", format!("{key}{cer}").replace('\n', "\r\n").as_bytes(), None);
    check("a chain", format!("{other}{key}{cer}{other}").as_bytes(), None);
    check("with a password that nothing needs", format!("{key}{cer}").as_bytes(), Some("x"));
    check("PKCS#1", format!("{}{cer}", text("RSA PRIVATE KEY", &pkcs1(ours()))).as_bytes(), None);
    let encrypted = text("ENCRYPTED PRIVATE KEY", &encrypted(1_000));
    check("PBES2", format!("{cer}{encrypted}").as_bytes(), Some(PASSWORD));
    check("PFX", &pfx(PASSWORD, &[ours()]), Some(PASSWORD));
    check("PFX without a password", &pfx("", &[ours()]), None);
    check("PFX with a chain", &pfx("", &[others(), ours()]), Some(""));
    for (mark, unit) in [([0xff, 0xfe], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xfe, 0xff], u16::to_be_bytes)] {
        let wide = format!("{key}{cer}").encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        check("UTF-16", &[&mark[..], &wide].concat(), None);
    }
}

#[test]
fn of_a_renewed_certificate_the_newer_is_taken() {
    let pair = rcgen::KeyPair::try_from(ours().key.key.expose()).unwrap();
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2026, 11, 1);
    params.not_after = rcgen::date_time_ymd(2028, 11, 1);
    let renewed = text("CERTIFICATE", params.self_signed(&pair).unwrap().der());
    for both in [format!("{}{renewed}", ours().cer()), format!("{renewed}{}", ours().cer())] {
        let read = read(format!("{both}{}", key(ours())).as_bytes(), None, now()).unwrap();
        assert_eq!(read.not_after.to_string(), "2028-11-01T00:00:00Z");
    }
}

#[test]
fn what_cannot_be_used_says_why_and_what_then() {
    let check = |bytes: &[u8], password: Option<&str>, now: &str, code: &str, words: &[&str]| {
        let password = password.map(Secret::new);
        let problem = read(bytes, password.as_ref(), now.parse().unwrap()).unwrap_err();
        assert_eq!(problem.code.as_deref(), Some(code), "{problem:?}");
        let hint = problem.hint.clone().unwrap_or_default();
        assert!(hint.ends_with('.'), "{hint}");
        for word in words {
            assert!(problem.summary.contains(word) || hint.contains(word), "{word}: {problem:?}");
        }
        // A key's text, as a PEM or a debugger would show it, and the password are in no problem.
        let said = format!("{problem:?}");
        for part in [&key(ours())[40..80], PASSWORD, "hunter2"] {
            assert!(!said.contains(part), "{said}");
        }
    };
    const NOW: &str = "2026-11-22T10:00:00Z";
    let (key, cer, other) = (key(ours()), ours().cer(), others().cer());
    let both = format!("{key}{cer}");
    check(b"", None, NOW, "no_certificate_file", &["neither a PEM nor a PFX", "openssl"]);
    check(b"client_secret=x", None, NOW, "no_certificate_file", &["openssl"]);
    check(&[0x30, 0x82], None, NOW, "no_certificate_file", &[]);
    check(&vec![b' '; 1 << 21], None, NOW, "certificate_file_too_large", &["1 MB"]);
    check(both.replace("-----END", "---- END").as_bytes(), None, NOW, "certificate_file_damaged", &["PEM"]);
    check(cer.as_bytes(), None, NOW, "no_private_key", &["PFX", "openssl x509 -in FILE >> new.pem"]);
    check(&ours().certificate_der, None, NOW, "no_private_key", &["openssl x509 -in FILE"]);
    check(text("PKCS7", b"x").as_bytes(), None, NOW, "no_private_key", &[]);
    check(text("CERTIFICATE REQUEST", b"x").as_bytes(), None, NOW, "no_certificate_file", &["request"]);
    check(text("NONSENSE", b"x").as_bytes(), None, NOW, "no_certificate_file", &[]);
    check(key.as_bytes(), None, NOW, "no_certificate", &["openssl x509 -in certificate.cer >> FILE"]);
    check(ours().key.key.expose(), None, NOW, "no_certificate", &["-inform DER -in FILE"]);
    check(&pkcs1(ours()), None, NOW, "no_certificate", &["-inform DER -in FILE"]);
    check(&encrypted(1_000), None, NOW, "no_certificate", &["-inform DER -in FILE"]);
    check(format!("{key}{other}").as_bytes(), None, NOW, "key_and_certificate_differ", &["openssl pkey"]);
    check(&pfx("", &[others()]), None, NOW, "key_and_certificate_differ", &[]);
    check(
        both.as_bytes(),
        None,
        "2027-11-22T10:00:00Z",
        "certificate_expired",
        &["2027-11-22", "-key FILE", "new.cer"],
    );
    check(
        both.as_bytes(),
        None,
        "2026-11-22T09:59:59Z",
        "certificate_not_yet_valid",
        &["before 2026-11-22 10:00 UTC", "says 2026-11-22 09:59 UTC"],
    );
    let damaged = text("PRIVATE KEY", &ours().key.key.expose()[..600]);
    check(format!("{cer}{damaged}").as_bytes(), None, NOW, "certificate_file_damaged", &["private key"]);
    let damaged = text("CERTIFICATE", &ours().certificate_der[..300]);
    check(format!("{damaged}{key}").as_bytes(), None, NOW, "certificate_file_damaged", &["certificate"]);

    let secret = format!("{cer}{}", text("ENCRYPTED PRIVATE KEY", &encrypted(1_000)));
    check(secret.as_bytes(), None, NOW, "certificate_password_needed", &["certificate_password=…"]);
    check(secret.as_bytes(), Some(""), NOW, "certificate_password_needed", &[]);
    check(secret.as_bytes(), Some("hunter2"), NOW, "certificate_password", &["openssl pkey -in FILE"]);
    let endless = format!("{cer}{}", text("ENCRYPTED PRIVATE KEY", &encrypted(20_000_000)));
    check(endless.as_bytes(), Some(PASSWORD), NOW, "certificate_file_damaged", &[]);
    check(&pfx(PASSWORD, &[ours()]), None, NOW, "certificate_password_needed", &[]);
    check(&pfx(PASSWORD, &[ours()]), Some("hunter2"), NOW, "certificate_password", &[]);
    check(&pfx(PASSWORD, &[ours()])[..900], Some(PASSWORD), NOW, "certificate_file_damaged", &["PFX"]);

    let old = format!(
        "{cer}-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
    );
    check(
        old.as_bytes(),
        Some(PASSWORD),
        NOW,
        "key_encryption_old",
        &["openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE"],
    );
    for (algorithm, what) in [(&rcgen::PKCS_ECDSA_P256_SHA256, "an EC key"), (&rcgen::PKCS_ED25519, "an Ed25519 key")] {
        let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let own = CertificateParams::default().self_signed(&pair).unwrap().pem();
        check(format!("{own}{}", pair.serialize_pem()).as_bytes(), None, NOW, "key_not_rsa", &[what, "rsa:2048"]);
    }
}

#[test]
fn a_file_is_named_as_a_shell_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my cert's.pem");
    std::fs::write(&path, ours().cer()).unwrap();
    let problem = read_file(&path, None, now()).unwrap_err();
    assert!(problem.hint.unwrap().contains("/my cert'\\''s.pem' >> new.pem"));
    let missing = read_file(&folder.path().join("none.pfx"), None, now()).unwrap_err();
    assert_eq!(missing.code.as_deref(), Some("certificate_file_unreadable"));
    assert!(missing.summary.contains("none.pfx"));
    assert_eq!(read_file(folder.path(), None, now()).unwrap_err().code.as_deref(), Some("certificate_file_unreadable"));
    std::fs::write(&path, vec![b'-'; 3 << 20]).unwrap();
    let problem = read_file(&path, None, now()).unwrap_err();
    assert_eq!(problem.code.as_deref(), Some("certificate_file_too_large"));
    std::fs::write(&path, format!("{}{}", ours().cer(), key(ours()))).unwrap();
    assert_eq!(&read_file(&path, None, now()).unwrap(), ours());
}
