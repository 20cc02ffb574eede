//! How it starts, how it idles, and what it does where there is no terminal.

use std::time::{Duration, Instant};

use super::{
    WELCOME, demo,
    terminal::{Terminal, USUAL},
};
use crate::program::{BIN, Home};

/// The first whole picture comes at once. The figure is of a debug build, on whatever else the machine does.
#[test]
fn it_starts_at_once() {
    for (name, command) in [("tenantry", Home::new().tenantry()), ("tenantry demo", demo(&Home::new()))] {
        let home = Home::new();
        let mut command = command;
        command.env("HOME", home.dir.path());
        let begin = Instant::now();
        let mut terminal = Terminal::start(&command, USUAL);
        terminal.until("the first picture", |screen| {
            screen.contents().contains("Welcome")
                && screen.rows(0, USUAL.0).last().is_some_and(|row| row.contains("q quit"))
        });
        let time = begin.elapsed();
        println!("{name}: {} ms from start to the first picture", time.as_millis());
        assert!(time < Duration::from_secs(2), "{name}: {time:?}");
        terminal.send("q");
        terminal.ends_restored(0);
    }
}

/// Nothing blinks, nothing is drawn, nothing is computed.
#[test]
fn idle_means_idle() {
    let home = Home::new();
    let mut terminal = Terminal::start(&demo(&home), USUAL);
    terminal.shows(WELCOME);
    let settled = (0..20).any(|_| terminal.is_quiet_for(Duration::from_millis(500)));
    assert!(settled, "it never comes to rest");
    let before = cpu(terminal.pid);
    assert!(terminal.is_quiet_for(Duration::from_secs(3)), "something was written");
    let used = cpu(terminal.pid) - before;
    assert!(used <= 1, "{used} hundredths of a second of CPU in three seconds of nothing");
    terminal.send("q");
    terminal.ends_restored(0);
}

/// CPU time of a process, in the system's ticks (hundredths of a second).
fn cpu(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name may hold anything, so count from its end.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Runs a line of shell in a terminal, and gives what the terminal showed.
fn line(home: &Home, line: &str) -> String {
    let mut command = std::process::Command::new("bash");
    command.args(["--norc", "--noprofile", "-c", line]);
    command.envs(home.tenantry().get_envs().filter_map(|(k, v)| Some((k, v?))));
    command.env("BIN", BIN);
    let mut terminal = Terminal::start(&command, (200, 300));
    assert_eq!(terminal.ends(), 0);
    terminal.into_written().left()
}

#[test]
fn where_one_end_is_no_terminal_it_says_so() {
    let home = Home::new();
    for redirected in ["</dev/null", ">out.txt", ">out.txt 2>&1 </dev/null"] {
        let shown = line(&home, &format!("\"$BIN\" {redirected}; echo status=$?; cat out.txt 2>/dev/null; true"));
        assert!(shown.contains("status=2"), "{redirected}: {shown}");
        assert!(shown.contains("no terminal") && shown.contains("tenantry --help"), "{redirected}: {shown}");
    }
}

#[test]
fn the_demo_walks_the_journey_in_words_where_one_end_is_no_terminal() {
    let home = Home::new();
    for redirected in [">out.txt", "</dev/null"] {
        let shown = line(&home, &format!("\"$BIN\" demo --users 60 --groups 20 {redirected}; echo status=$?"));
        assert!(shown.contains("1 of 5") && shown.contains("5 of 5") && shown.contains("status=0"), "{shown}");
    }
    assert_eq!(std::fs::read_to_string(home.path("out.txt")).unwrap(), "");
}
