//! A certificate's private key, its password and a proxy's are nowhere after a walk through the wizard: in nothing that was
//! written to the terminal, on no picture of the screen, in no file, in no argument of the process.

use pkcs8::{
    EncryptedPrivateKeyInfo,
    der::{Encode, asn1::OctetString},
    pkcs5::pbes2::Parameters,
};
use tenantry::credentials::certificate;

use super::{
    CTRL_C, ENTER, WELCOME,
    secrets::{SECRET, finds_nothing, holds_nothing_of},
    terminal::{LARGE, Terminal},
};
use crate::{
    program::{Home, Served},
    traces::{Traces, private},
};

const RIGHT: &str = "\x1b[C";
const CHECK_NOW: &str = "\x12";
/// A person's at a proxy that nothing of loopback goes through.
const PROXY_PASSWORD: &str = "Vt4.Mq9_Xe2~Ck7-Pz5.Ls8";

fn pasted(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

/// The program with everything in its log, a proxy's password in its environment, and no keyring.
fn tenantry(home: &Home, served: &Served) -> Terminal {
    let mut command = home.tenantry();
    let proxy = format!("http://walker:{PROXY_PASSWORD}@127.0.0.1:9");
    command.env("TENANTRY_LOG", "trace").env("HTTPS_PROXY", proxy).env("TENANTRY_KERNEL_KEYRING", "off");
    served.urls(&mut command);
    let terminal = Terminal::start(&command, LARGE);
    terminal.shows(WELCOME);
    terminal
}

/// The guided way: a wrong password, the right one, a refusal by the login, then the tenant read with it.
#[test]
fn a_key_of_a_file_its_password_and_a_proxys_are_nowhere() {
    let (home, elsewhere) = (Home::new(), Home::new());
    let served = Served::start(&elsewhere, &super::SMALL);
    let made = certificate::make("walk", jiff::Timestamp::now()).unwrap();
    let key = made.key.key.expose();
    let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(1_000, &[7; 8], [9; 16]).unwrap();
    let encrypted_data = OctetString::new(parameters.encrypt(SECRET, key).unwrap()).unwrap();
    let info = EncryptedPrivateKeyInfo { encryption_algorithm: parameters.into(), encrypted_data }.to_der().unwrap();
    let file = elsewhere.path("app.pem");
    let text = pem::encode(&pem::Pem::new("ENCRYPTED PRIVATE KEY", info));
    std::fs::write(&file, format!("{}{text}", made.cer())).unwrap();

    let mut terminal = tenantry(&home, &served);
    terminal.press("g", "Open the admin center");
    terminal.press(ENTER, "2 of 10");
    terminal.press(ENTER, "▸ Tenant ID");
    terminal.press(&pasted(served.text("tenant_id")), &served.text("tenant_id")[6..]);
    terminal.press(ENTER, "▸ Client ID");
    terminal.press(&pasted(served.text("client_id")), &served.text("client_id")[6..]);
    terminal.press(ENTER, "▸ Proves it by");
    terminal.press(RIGHT, "a certificate made here");
    terminal.press(RIGHT, "a certificate of a file");
    terminal.press(ENTER, "▸ File");
    terminal.press(&pasted(&file.display().to_string()), "app.pem");
    terminal.press(ENTER, "▸ Password");
    terminal.press(&pasted(PROXY_PASSWORD), "23 characters");
    terminal.press(ENTER, "does not open the private key");
    terminal.press("\x15", "empty if it has none");
    terminal.press(&pasted(SECRET), "40 characters");
    terminal.press(ENTER, "CN=walk");
    // Nobody has uploaded it.
    terminal.press(CHECK_NOW, "AADSTS700027");
    terminal.press("\x19", "Copied");
    let arguments = std::fs::read(format!("/proc/{}/cmdline", terminal.pid)).unwrap();
    let door = format!("/_demo/certificates/{}", served.text("client_id"));
    served.door_with("login_url", "POST", &door, made.cer().as_bytes());
    terminal.press(ENTER, "This works. Press Enter to go on.");
    terminal.press(ENTER, "8 of 10");
    terminal.press("\x13", "Press Enter to save.");
    terminal.press(ENTER, "written to a file");
    terminal.press(ENTER, "browse from the first page on");
    terminal.press(ENTER, "Press Enter to browse.");
    terminal.send("q");
    let written = terminal.ends_restored(0);
    let log = std::fs::read_to_string(home.path(".local/state/tenantry/tenantry.log")).unwrap();
    assert!(log.contains("AADSTS700027"), "the log tells all it may: {log}");
    for secret in [SECRET, PROXY_PASSWORD] {
        holds_nothing_of(secret, &written, &home);
        assert_eq!(Traces::of(secret).find(&arguments), None);
    }
    finds_nothing(&Traces::of_bytes(private(key)), &written, &home);
}

/// The script way: the key that the wizard makes leaves it in its public half only, on the screen, in the clipboard and in
/// the script's file.
#[test]
fn a_key_that_is_made_for_a_script_is_nowhere() {
    let (home, elsewhere) = (Home::new(), Home::new());
    let served = Served::start(&elsewhere, &super::SMALL);
    let mut terminal = tenantry(&home, &served);
    terminal.press("s", "▸ App name");
    for field in ["▸ Script for", "▸ Cloud", "▸ Tenant ID"] {
        terminal.press(ENTER, field);
    }
    terminal.press(ENTER, "Copy the script");
    terminal.press("y", "Copied");
    terminal.press("w", "Written to");
    terminal.send(CTRL_C);
    let written = terminal.ends_restored(130);
    let files = home.files();
    let has = |ending: &str| files.iter().any(|file| file.display().to_string().ends_with(ending));
    assert!(has(".cer") && has(".sh"), "{files:?}");
    finds_nothing(&Traces::of(PROXY_PASSWORD), &written, &home);
}
