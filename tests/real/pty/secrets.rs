//! A secret that was typed or pasted is nowhere afterwards: in nothing that was written to the terminal, on no picture
//! of the screen, in no file.

use super::{
    CTRL_C, ENTER, F1, WELCOME,
    terminal::{LARGE, Terminal, Written},
};
use crate::{
    program::{Done, Home, Served},
    traces::{Traces, plain, token_or_key},
};

/// Nobody's, with characters that every encoding treats in its own way.
pub const SECRET: &str = "Zq7~Kx9.Wv3_Jt5-Hb8~Gn2+Pf4/Rd6=Lm1%Yc0&";
const TENANT: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
const CLIENT: &str = "535fb089-9ff3-47b6-9bfb-4f1264799865";

/// From the welcome to the secret's field.
pub fn to_secret_field(terminal: &mut Terminal, tenant: &str, client: &str) {
    terminal.press("i", "▸ Tenant ID");
    // A field shows the end of what does not fit.
    terminal.press(tenant, &tenant[6..]);
    terminal.press(ENTER, "▸ Client ID");
    terminal.press(client, &client[6..]);
    terminal.press(ENTER, "▸ Proves it by");
    terminal.press(ENTER, "▸ Client secret");
}

/// From the welcome to a secret typed key by key. Gives the secret.
pub fn to_typed_secret(terminal: &mut Terminal) -> String {
    to_secret_field(terminal, TENANT, CLIENT);
    for (n, key) in SECRET.chars().enumerate() {
        // Each key by itself: many at once are a paste.
        terminal.press(&key.to_string(), &format!("   {} character", n + 1));
    }
    SECRET.to_owned()
}

/// Of all that a program wrote, and of all files of its home, nothing is a trace of `secret`, a token or a private key.
#[track_caller]
pub fn holds_nothing_of(secret: &str, written: &Written, home: &Home) {
    assert!(written.pictures.iter().any(|p| p.contains("•••••")), "no secret was entered");
    finds_nothing(&Traces::of(secret), written, home);
}

/// As [`holds_nothing_of`], for any traces.
#[track_caller]
pub fn finds_nothing(traces: &Traces, written: &Written, home: &Home) {
    let none = |place: &str, text: &[u8]| {
        assert_eq!(traces.find(text), None, "{place} holds a part of the secret");
        assert_eq!(token_or_key(text), None, "{place} holds a token or a key");
    };
    none("what was written", &written.bytes);
    none("what was written, less its escape sequences", &plain(&written.bytes));
    for picture in &written.pictures {
        none(&format!("the screen\n{picture}"), picture.as_bytes());
    }
    for file in home.files() {
        none(&file.display().to_string(), file.to_string_lossy().as_bytes());
        none(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }
}

/// Typed, left, refused by the login, copied for a ticket: with the log as loud as can be.
#[test]
fn typed_into_the_wizard_it_is_nowhere() {
    let (home, elsewhere) = (Home::new(), Home::new());
    let served = Served::start(&elsewhere, &super::SMALL);
    let mut command = home.tenantry();
    command.env("TENANTRY_LOG", "trace").env("TENANTRY_KERNEL_KEYRING", "off");
    served.urls(&mut command);
    let mut terminal = Terminal::start(&command, LARGE);
    terminal.shows(WELCOME);
    to_secret_field(&mut terminal, served.text("tenant_id"), served.text("client_id"));
    for (n, key) in SECRET.chars().enumerate() {
        terminal.press(&key.to_string(), &format!("   {} character", n + 1));
    }
    terminal.press("\x7f", "   39 characters");
    terminal.press("&", "   40 characters");
    terminal.press(ENTER, "▸ Ends on");
    terminal.press("\x12", "AADSTS7000215");
    terminal.press("\x19", "Copied");
    terminal.send(CTRL_C);
    let written = terminal.ends_restored(130);
    assert!(String::from_utf8_lossy(&written.bytes).contains("\x1b]52;c;"), "the problem went to the clipboard");
    let log = std::fs::read_to_string(home.path(".local/state/tenantry/tenantry.log")).unwrap();
    assert!(log.contains("AADSTS7000215"), "the log tells all it may: {log}");
    holds_nothing_of(SECRET, &written, &home);
}

/// A recording tells how long a secret is and nothing else of it, also once its field was left; and can be looked at.
#[test]
fn a_recording_holds_what_was_seen_and_no_secret() {
    let home = Home::new();
    let file = home.path("session.ndjson");
    let path = file.to_str().unwrap();
    let mut command = home.tenantry();
    command.args(["--record", path]);
    let mut terminal = Terminal::start(&command, LARGE);
    terminal.shows(WELCOME);
    to_typed_secret(&mut terminal);
    terminal.press(ENTER, "▸ Ends on");
    terminal.send(CTRL_C);
    let written = terminal.ends_restored(130);
    holds_nothing_of(SECRET, &written, &home);
    assert!(!written.pictures.iter().any(|p| p.contains(&SECRET[36..])), "its end is not shown while it is kept");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.contains("\"secret\":1") && kept.contains("Client secret"), "{kept}");
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions()) & 0o777,
        0o600
    );

    let mut again = Terminal::start(&command, LARGE);
    again.shows("cannot be begun");
    assert_eq!(again.ends(), 2);
    let mut text = home.tenantry();
    text.args(["replay", path]);
    let done = Done::of(&text.output().unwrap());
    assert!(done.stdout.contains("── step 1 of ") && done.stdout.contains(": 1 of a secret"), "{}", done.stdout);

    let mut shown = home.tenantry();
    shown.args(["replay", path]);
    let mut terminal = Terminal::start(&shown, LARGE);
    terminal.shows("1 of ");
    terminal.press("G", "   40 characters");
    terminal.press("g", WELCOME);
    terminal.press("l", " 2 of ");
    terminal.send("q");
    terminal.ends_restored(0);
}

/// Marked or not, with a line end or not: a paste fills the field and submits nothing.
#[test]
fn a_paste_submits_nothing_and_is_nowhere() {
    let check = |paste: String| {
        let home = Home::new();
        let mut terminal = Terminal::start(&home.tenantry(), LARGE);
        terminal.shows(WELCOME);
        to_secret_field(&mut terminal, TENANT, CLIENT);
        terminal.press(&paste, "   40 characters");
        // Whatever the paste did has been done before the help opens.
        terminal.press(F1, "all keys of this screen");
        terminal.send(F1);
        terminal.until("the field", |screen| {
            let text = screen.contents();
            !text.contains("all keys of this screen") && text.contains("▸ Client secret")
        });
        terminal.send(CTRL_C);
        let written = terminal.ends_restored(130);
        assert!(!written.pictures.iter().any(|p| p.contains("▸ Ends on")), "it went on by itself");
        holds_nothing_of(SECRET, &written, &home);
    };
    check(format!("\x1b[200~{SECRET}\x1b[201~"));
    check(format!("\x1b[200~  {SECRET}\r\n\x1b[201~"));
    check(SECRET.to_owned());
    check(format!("{SECRET}\r"));
    check(format!("{SECRET}\r\n"));
}

/// With no keyring the right secret stays in memory for this run, and works; it is in no file.
#[test]
fn without_a_keyring_it_is_kept_in_memory_only() {
    let (home, elsewhere) = (Home::new(), Home::new());
    let served = Served::start(&elsewhere, &super::SMALL);
    let secret = served.text("client_secret").to_owned();
    let mut command = home.tenantry();
    command.env("TENANTRY_LOG", "trace").env("TENANTRY_KERNEL_KEYRING", "off");
    served.urls(&mut command);
    let mut terminal = Terminal::start(&command, LARGE);
    terminal.shows(WELCOME);
    to_secret_field(&mut terminal, served.text("tenant_id"), served.text("client_id"));
    terminal.press(&format!("\x1b[200~{secret}\n\x1b[201~"), &format!("   {} characters", secret.len()));
    terminal.press(ENTER, "▸ Ends on");
    terminal.press(ENTER, "▸ Account ID");
    terminal.press(served.text("jupiterone_account"), served.text("jupiterone_account"));
    terminal.press(ENTER, "▸ Region");
    terminal.press("\x1b[C", "● EU");
    terminal.press("\x1b[C", "● other URL");
    terminal.press(ENTER, "▸ API URL");
    terminal.press(served.text("jupiterone_url"), served.text("jupiterone_url"));
    terminal.press(ENTER, "▸ Instance ID");
    terminal.press(served.text("jupiterone_instance"), &served.text("jupiterone_instance")[6..]);
    terminal.press(ENTER, "▸ API key");
    let key = served.text("jupiterone_api_key").to_owned();
    terminal.press(&key, &format!("   {} characters", key.len()));
    // A field that was left shows its last four characters, and no more.
    terminal.press("\x1b[Z", &format!("…{}   {} characters", &key[key.len() - 4..], key.len()));
    terminal.press(ENTER, "▸ API key");
    terminal.press(ENTER, "Press Enter to save.");
    terminal.press(ENTER, "written to a file");
    terminal.press(ENTER, "browse from the first page on");
    terminal.press(ENTER, "Press Enter to browse.");
    terminal.send("q");
    let written = terminal.ends_restored(0);
    holds_nothing_of(&secret, &written, &home);
    // Its first word is no secret: the demo's name is everywhere.
    holds_nothing_of(key.strip_prefix("demo-").unwrap(), &written, &home);
    // What was saved is there without a secret, and what needs one says so.
    let mut command = home.tenantry();
    let done = Done::of(&command.arg("collect").output().unwrap());
    assert_ne!(done.code, 0);
    assert!(done.stderr.contains("secret"), "{}", done.stderr);
}
