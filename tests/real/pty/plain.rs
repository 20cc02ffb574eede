//! Lines on a real terminal: a secret is not echoed, Ctrl-C leaves, and the terminal is as it was.

use super::{
    CTRL_C, demo,
    terminal::{Terminal, USUAL},
};
use crate::program::Home;

#[test]
fn a_secret_is_not_echoed() {
    let home = Home::new();
    let mut command = demo(&home);
    command.arg("--plain");
    let mut terminal = Terminal::start(&command, USUAL);
    terminal.shows("? explains.");
    terminal.press("everything\r", "Tenant ID: Directory");
    terminal.press("contoso.example\r", "Client ID: Application");
    terminal.press("11112222-3333-4444-5555-666677778888\r", "Proves it by: choose");
    assert!(terminal.is_cooked(), "what is no secret is echoed");
    terminal.press("1\r", "Client secret: paste the Value.");
    while terminal.is_cooked() {
        std::thread::yield_now();
    }
    terminal.press("hunter2~hunter2~hunter2~hunter2~hunter2~\r", "given, 40 characters");
    terminal.shows("Ends on: 2027");
    while !terminal.is_cooked() {
        std::thread::yield_now();
    }
    terminal.send(CTRL_C);
    assert_eq!(terminal.ends(), 130);
    assert!(terminal.is_cooked());
    let written = terminal.into_written().bytes;
    let text = String::from_utf8_lossy(&written);
    assert!(!text.contains("hunter2") && text.contains("contoso.example"), "{text}");
    let said = text.split("Left.").next().unwrap_or_default();
    assert!(!said.contains('\x1b'), "{said:?}");
}
