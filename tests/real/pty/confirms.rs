//! A profile that came from elsewhere, at a terminal: it is shown, and used only after the very word.

use super::{
    CTRL_C, ENTER,
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
    // The screens ask before anything else, and any word but the very one leaves it unused.
    let mut screens = start(&[]);
    screens.shows("Profile work needs your word");
    screens.send("yes");
    screens.send(ENTER);
    screens.send(CTRL_C);
    assert_eq!(screens.ends(), 130);
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
