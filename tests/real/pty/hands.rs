//! The mouse, pastes and bytes, in a real terminal.

use std::time::Duration;

use vt100::MouseProtocolMode;

use super::{
    CTRL_C, ENTER, WELCOME, demo,
    terminal::{Terminal, USUAL},
};
use crate::program::Home;

fn tells_of_the_mouse(screen: &vt100::Screen) -> bool {
    screen.mouse_protocol_mode() != MouseProtocolMode::None
}

/// Where a text begins, as the mouse counts: from 1.
fn place(terminal: &Terminal, wanted: &str) -> (usize, usize) {
    let contents = terminal.contents();
    let found = contents
        .lines()
        .enumerate()
        .find_map(|(y, line)| line.find(wanted).map(|at| (line[..at].chars().count() + 1, y + 1)));
    found.unwrap_or_else(|| panic!("{wanted:?} is not on\n{contents}"))
}

fn click(terminal: &mut Terminal, wanted: &str) {
    let (x, y) = place(terminal, wanted);
    terminal.send(&format!("\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m"));
}

/// All that was asked for is drawn.
fn settles(terminal: &Terminal) {
    while !terminal.is_quiet_for(Duration::from_millis(150)) {}
}

/// Off until it is asked for; off again at every end, and while a shell has the terminal.
#[test]
fn the_mouse_is_the_terminals_own_until_it_is_asked_for() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home.tenantry(), USUAL);
    terminal.shows(WELCOME);
    terminal.until("no mouse", |screen| !tells_of_the_mouse(screen));
    terminal.press(":", "type to search");
    // Each by itself: what comes at once is a paste, and its Enter none.
    for typed in ["m", "mo", "mou", "mous", "mouse"] {
        terminal.press(&typed[typed.len() - 1..], &format!("▸ {typed}"));
    }
    terminal.send(ENTER);
    terminal.until("the mouse", |screen| tells_of_the_mouse(screen) && screen.contents().contains("Mouse on"));
    click(&mut terminal, "? help");
    terminal.shows("Lists and pages");
    terminal.send(CTRL_C);
    terminal.ends_restored(130);

    // By a flag, and by what was kept.
    for (flag, home) in [(Some("--mouse"), Home::new()), (None, home)] {
        let mut command = home.tenantry();
        command.args(flag);
        let mut terminal = Terminal::start(&command, USUAL);
        terminal.shows(WELCOME);
        terminal.until("the mouse", tells_of_the_mouse);
        terminal.send("q");
        terminal.ends_restored(0);
    }
}

#[test]
fn a_paste_is_never_a_command() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home.tenantry(), USUAL);
    terminal.shows(WELCOME);
    // Where no field is: marked by the terminal, and not.
    terminal.send("\x1b[200~quit\r\x1b[201~");
    terminal.send("quit\ryes\r");
    settles(&terminal);
    terminal.press(":", "type to search");
    terminal.press("\x1b[200~quit\rq\x1b[201~", "▸ quitq");
    terminal.press("uit\ry\r", "▸ quitquity");
    terminal.shows("No command is called so");
    terminal.send("\x1b");
    terminal.until("the welcome", |screen| {
        !screen.contents().contains("No command") && screen.contents().contains(WELCOME)
    });
    terminal.send("q");
    terminal.ends_restored(0);
}

/// Over a slow line: a step of the cursor writes little, and nothing is written while nothing happens.
#[test]
fn a_step_of_the_cursor_costs_few_bytes() {
    let home = Home::new();
    let mut terminal = Terminal::start(&demo(&home), USUAL);
    terminal.shows(WELCOME);
    super::journey::to_ingest(&mut terminal);
    terminal.press(ENTER, "complete, after");
    terminal.press("3", "1 of 60");
    settles(&terminal);
    assert!(terminal.is_quiet_for(Duration::from_millis(500)), "something is written while nothing happens");
    let mut most = 0;
    for n in 2..12 {
        let before = terminal.written();
        terminal.press("j", &format!("{n} of 60"));
        settles(&terminal);
        most = most.max(terminal.written() - before);
    }
    println!("a step of the cursor: {most} bytes at most");
    assert!(most < 1_500, "{most} bytes for a step of the cursor");
    terminal.send(CTRL_C);
    terminal.ends_restored(130);
}
