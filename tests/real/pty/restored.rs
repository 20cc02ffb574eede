//! The terminal comes back: after every way out, and while a shell has it in between.

use std::{path::PathBuf, process::Command, time::Instant};

use super::{
    CTRL_C, CTRL_Z, ENTER, F2, WELCOME, demo, demo_of,
    terminal::{DEADLINE, LARGE, Terminal, USUAL},
};
use crate::program::{BIN, Home};

/// `tenantry` in its wizard, with the screen taken.
fn wizard(home: &Home) -> Terminal {
    let terminal = Terminal::start(&home.tenantry(), USUAL);
    terminal.shows(WELCOME);
    assert!(terminal.is_taken() && !terminal.is_cooked());
    terminal
}

#[test]
fn after_every_way_out() {
    let check = |leave: &dyn Fn(&mut Terminal), code: i32| {
        let home = Home::new();
        let mut terminal = wizard(&home);
        leave(&mut terminal);
        let written = terminal.ends_restored(code);
        assert_eq!(written.left().trim(), "", "nothing is left on the person's screen");
    };
    check(&|terminal| terminal.send("q"), 0);
    check(&|terminal| terminal.send(CTRL_C), 130);
    for signal in [libc::SIGTERM, libc::SIGHUP, libc::SIGINT] {
        check(&|terminal| terminal.signal(signal), 130);
    }
}

/// A field takes every letter, but not the way out.
#[test]
fn after_ctrl_c_in_a_field() {
    let home = Home::new();
    let mut terminal = wizard(&home);
    terminal.press("i", "▸ Tenant ID");
    terminal.press("q", "▸ Tenant ID      q");
    terminal.send(CTRL_C);
    terminal.ends_restored(130);
}

/// In the middle of work: it is stopped in order first.
#[test]
fn after_ctrl_c_while_something_runs() {
    let home = Home::new();
    let mut terminal = Terminal::start(&demo_of(&home, &["--users", "20000", "--groups", "4000"]), USUAL);
    terminal.shows(WELCOME);
    super::journey::to_ingest(&mut terminal);
    terminal.press(ENTER, "reading for");
    terminal.send(CTRL_C);
    terminal.ends_restored(130);
    assert!(home.files().is_empty(), "the demo leaves nothing behind: {:?}", home.files());
}

/// The terminal goes away with the program in it, as when a window is closed: the program goes too.
#[test]
fn when_the_terminal_itself_goes() {
    let home = Home::new();
    // `script` has a terminal of its own for the program, which goes with it.
    let mut command = Command::new("script");
    command.args(["--quiet", "--command", "exec \"$BIN\"", "/dev/null"]);
    command.envs(home.tenantry().get_envs().filter_map(|(k, v)| Some((k, v?)))).env("BIN", BIN).env("SHELL", "/bin/sh");
    let window = Terminal::start(&command, USUAL);
    window.shows(WELCOME);
    let program = children(window.pid).pop().expect("the program runs");
    assert!(lives(program));
    window.signal(libc::SIGKILL);
    let end = Instant::now() + DEADLINE;
    while lives(program) {
        if Instant::now() > end {
            // Nobody else would end it.
            super::terminal::kill(program, libc::SIGKILL);
            panic!("it goes on without a terminal");
        }
        std::thread::yield_now();
    }
}

/// Whether a process runs; one that nobody has asked about its end does not.
fn lives(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.starts_with(" Z"))
}

/// A shell with job control, as a person has one; with line editing off its own modes are plain.
fn shell(home: &Home) -> Terminal {
    let mut command = Command::new("bash");
    command.args(["--norc", "--noprofile", "--noediting", "-i"]);
    command.envs(home.tenantry().get_envs().filter_map(|(k, v)| Some((k, v?))));
    command.env("PS1", "ready> ").env("PATH", std::env::var_os("PATH").unwrap()).env("BIN", BIN);
    let terminal = Terminal::start(&command, USUAL);
    terminal.shows("ready>");
    terminal
}

fn has_screen(screen: &vt100::Screen) -> bool {
    screen.alternate_screen() && screen.bracketed_paste() && screen.hide_cursor() && screen.contents().contains(WELCOME)
}

fn is_handed_back(screen: &vt100::Screen) -> bool {
    !screen.alternate_screen()
        && !screen.bracketed_paste()
        && !screen.hide_cursor()
        && screen.contents().contains("Stopped")
        && screen.contents().trim_end().ends_with("ready>")
}

#[test]
fn while_it_is_stopped() {
    let home = Home::new();
    let mut shell = shell(&home);
    shell.send("\"$BIN\"\r");
    shell.until("the welcome", has_screen);
    for _ in 0..2 {
        shell.send(CTRL_Z);
        shell.until("the shell's prompt", is_handed_back);
        assert!(shell.is_cooked(), "as the shell had it");
        // What is written meanwhile is the shell's.
        shell.press("echo $((40+2))\r", "42");
        shell.send("clear; fg\r");
        shell.until("the welcome again", has_screen);
        assert!(!shell.is_cooked());
    }
    shell.press("i", "▸ Tenant ID");
    is_left(shell);
}

/// Stopped by somebody else, it cannot hand the screen back; continued, it takes all of it again.
#[test]
fn when_somebody_else_stops_it() {
    let home = Home::new();
    let mut shell = shell(&home);
    shell.send("\"$BIN\"\r");
    shell.until("the welcome", has_screen);
    let child = children(shell.pid).pop().expect("the program runs");
    super::terminal::kill(child, libc::SIGSTOP);
    shell.until("the shell's word", |screen| screen.contents().contains("Stopped"));
    // As a person would whose screen is a mess.
    shell.send("printf '\\e[?1049l\\e[?2004l\\e[?25h'; clear; echo mended\r");
    shell.until("the shell's screen", |screen| {
        !screen.alternate_screen() && !screen.hide_cursor() && screen.contents().trim_end().ends_with("mended\nready>")
    });
    shell.send("fg\r");
    shell.until("the welcome again", has_screen);
    assert!(!shell.is_cooked(), "keys are read one by one again");
    shell.press("i", "▸ Tenant ID");
    is_left(shell);
}

/// Leaves the program, and then the shell, which must have its terminal back.
fn is_left(mut shell: Terminal) {
    shell.send(CTRL_C);
    shell.until("the prompt", |screen| !screen.alternate_screen() && screen.contents().trim_end().ends_with("ready>"));
    assert!(shell.is_cooked());
    shell.press("echo status=$?\r", "status=130");
    shell.send("exit\r");
    shell.ends_restored(0);
}

fn children(of: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap();
    text.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// The program with a fault in it, which `cargo test` builds with all examples.
fn faulty(home: &Home, fault: &str) -> Command {
    let tests = std::env::current_exe().unwrap();
    let program: PathBuf = tests.parent().unwrap().parent().unwrap().join("examples/faulty");
    assert!(program.exists(), "{} is missing: cargo build --examples makes it", program.display());
    let mut command = Command::new(program);
    command.arg(fault).arg(home.path("now"));
    command.envs(home.tenantry().get_envs().filter_map(|(k, v)| Some((k, v?))));
    command
}

#[test]
fn after_a_panic_of_the_screens() {
    let home = Home::new();
    let mut terminal = Terminal::start(&faulty(&home, "clock"), LARGE);
    terminal.shows(WELCOME);
    let secret = super::secrets::to_typed_secret(&mut terminal);
    std::fs::write(home.path("now"), "").unwrap();
    terminal.send("x");
    let written = terminal.ends_restored(101);
    let left = written.left();
    assert!(left.contains("panicked at") && left.contains("the clock has stopped"), "{left}");
    super::secrets::holds_nothing_of(&secret, &written, &home);
}

#[test]
fn a_panic_in_the_background_is_a_failed_job() {
    let home = Home::new();
    let mut terminal = Terminal::start(&faulty(&home, "checks"), LARGE);
    terminal.shows(WELCOME);
    terminal.press("i", "▸ Tenant ID");
    terminal.press(F2, "Filled in: the right values");
    terminal.press("\x12", "stopped unexpectedly");
    assert!(terminal.is_taken(), "the screen stays");
    terminal.shows("the checks fell over");
    // Nothing is torn, and all goes on.
    terminal.press("?", "type to search");
    terminal.send("\x1b");
    terminal.until("the help to close", |screen| !screen.contents().contains("type to search"));
    terminal.send("q");
    let written = terminal.ends_restored(0);
    let bytes = String::from_utf8_lossy(&written.bytes).into_owned();
    assert!(!bytes.contains("panicked at") && !bytes.contains("faulty.rs"), "the report is in the log only");
}

#[test]
fn after_the_demo() {
    let home = Home::new();
    let mut terminal = Terminal::start(&demo(&home), USUAL);
    terminal.shows(WELCOME);
    terminal.send("q");
    assert_eq!(terminal.ends_restored(0).left().trim(), "");
}
