//! A profile that came from elsewhere, at a terminal: it is shown, and used only after the very word.

use super::{
    ENTER,
    terminal::{Terminal, USUAL},
};
use crate::{
    profiles_trust::{put, text_for},
    program::{Home, Served},
};

#[test]
fn what_came_from_elsewhere_is_asked_about() {
    let home = Home::new();
    let served = Served::start(&home, &["--users", "20", "--groups", "6", "--seed", "5"]);
    put(&home, "work", &text_for(&served, "proxy = \"http://proxy.example:8080\""));
    let start = |args: &[&str]| Terminal::start(home.tenantry().args(args), USUAL);
    // The screens do not begin with it.
    let mut screens = start(&[]);
    screens.shows("tenantry profile trust work");
    assert_eq!(screens.ends(), 4);
    for (answer, code) in [("yes", 4), ("", 4), ("trust", 0)] {
        let mut asked = start(&["profile", "trust", "work"]);
        asked.shows("proxy = http://proxy.example:8080");
        asked.shows("type trust to confirm these");
        asked.send(answer);
        asked.send(ENTER);
        assert_eq!(asked.ends(), code, "{answer}");
    }
    let mut again = start(&["profile", "trust"]);
    again.shows("nothing that is not confirmed");
    assert_eq!(again.ends(), 0);
}
