//! Any size of terminal, and any change of it in the middle of work.

use super::{
    CTRL_C, ENTER, WELCOME, demo, demo_of,
    terminal::{LARGE, Terminal, USUAL},
};
use crate::program::Home;

#[test]
fn in_20x5_it_says_so_in_one_sentence() {
    let home = Home::new();
    let mut terminal = Terminal::start(&demo(&home), (20, 5));
    terminal.shows("needs more");
    let words = terminal.contents().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words, "tenantry needs more room: 40 x 12 or more. ^C leaves.");
    terminal.send(CTRL_C);
    terminal.ends_restored(130);
}

#[test]
fn it_follows_every_size_while_it_works() {
    let home = Home::new();
    let mut terminal = Terminal::start(&demo_of(&home, &["--users", "20000", "--groups", "4000"]), LARGE);
    terminal.shows(WELCOME);
    super::journey::to_ingest(&mut terminal);
    terminal.press(ENTER, "reading for");
    for size in [USUAL, (20, 5), (1, 1), (40, 12), (300, 100), LARGE] {
        terminal.resize(size);
        terminal.until(&format!("a frame for {size:?}"), |screen| {
            let text = screen.contents();
            match size.0 {
                // Of one cell nothing can be asked.
                1 => true,
                ..30 => text.contains("needs more"),
                30..70 => text.contains("tenantry") && text.contains("Enter browses"),
                _ => {
                    let last = screen.rows(0, size.0).last().unwrap_or_default();
                    text.contains("Memberships") && last.contains("cancel")
                }
            }
        });
    }
    terminal.send(CTRL_C);
    terminal.ends_restored(130);
}
