//! The demo's whole journey by keys, in the size that most terminals begin with.

use super::{
    ENTER, F2, WELCOME, demo,
    terminal::{Terminal, USUAL},
};
use crate::program::Home;

/// From the welcome to a saved profile and the screen on which reading begins.
pub fn to_ingest(terminal: &mut Terminal) {
    terminal.press("i", "▸ Tenant ID");
    terminal.press(F2, "Filled in: the right values");
    // JupiterOne is filled in too, so that a passed check leaves nothing but to save.
    terminal.press("\x12", "Press Enter to save.");
    terminal.press(ENTER, "Press Enter to read the directory.");
    terminal.press(ENTER, "browse from the first page on");
}

#[test]
fn from_the_wizard_to_the_job_s_figures() {
    let home = Home::new();
    let mut terminal = Terminal::start(&demo(&home), USUAL);
    terminal.shows(WELCOME);
    to_ingest(&mut terminal);
    terminal.press(ENTER, "complete, after");
    terminal.press(ENTER, "Users 60");
    terminal.press("/", "drop the filter");
    terminal.press("fatima", "1 of 1");
    terminal.send("\x1b");
    terminal.until("all again", |screen| {
        screen.contents().contains("1 of 60") && !screen.contents().contains("drop the filter")
    });
    terminal.press("\t", "1 of 20");
    terminal.press(ENTER, "→ 60 direct members");
    // Members have their names and their sign-in names.
    terminal.press("\x1b[C", "› members");
    terminal.until("a member's names", |screen| {
        screen.rows(0, USUAL.0).any(|row| row.contains("│ Adele Lefèvre  ") && row.contains("  _adele.lefevre@"))
    });
    terminal.press("\x1b", "→ 60 direct members");
    terminal.press("\x1b", "1 of 20");
    terminal.press("\t\t", "Edges 295");
    terminal.press("4", "Nothing has been sent.");
    terminal.press(ENTER, "Press Enter to upload.");
    terminal.press(ENTER, "Type custom instance");
    terminal.press("nonsense", "▸ nonsense");
    terminal.press(ENTER, "Not the word. Nothing was sent.");
    terminal.press("\x15", "▸  ");
    terminal.press("custom instance", "▸ custom instance");
    terminal.press(ENTER, "has finished the job");
    for figures in ["Entities                 125          125", "Relationships            295          295"] {
        terminal.shows(figures);
    }
    terminal.press(ENTER, "uploaded just now");
    terminal.send("q");
    terminal.ends_restored(0);
    assert!(home.files().is_empty(), "the demo leaves nothing behind: {:?}", home.files());
}
