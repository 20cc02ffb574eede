//! Processes that are killed, and processes that meet: nothing is lost, nothing is done twice.

use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    journey::Truth,
    program::{Done, Home, Served},
};

pub const SIZE: [&str; 6] = ["--users", "3000", "--groups", "600", "--seed", "7"];
/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(60);

fn collect(served: &Served, home: &Home) -> Child {
    collect_with(served, home, &[])
}

fn collect_with(served: &Served, home: &Home, args: &[&str]) -> Child {
    let mut command = served.tenantry(home);
    command.args(["collect", "--json"]).args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// How much Graph was asked by now.
pub fn asked(served: &Served) -> usize {
    let seen = served.door("graph_url", "GET", "/_demo/requests");
    seen["requests"].as_array().unwrap().iter().filter(|r| r["service"] == "graph").count()
}

/// Waits until Graph was asked so many times.
pub fn until_asked(served: &Served, count: usize) {
    let end = Instant::now() + DEADLINE;
    while asked(served) < count {
        assert!(Instant::now() < end, "Graph was asked {} times, not {count}", asked(served));
    }
}

/// A number below `bound`, another one each time.
pub fn random(bound: usize) -> usize {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish() as usize % bound
}

/// Killed anywhere, again and again, the next run goes on with what is there, and ends whole and right.
#[test]
fn a_killed_collect_does_no_harm() {
    let home = Home::new();
    let served = Served::start(&home, &SIZE);
    let whole = {
        let elsewhere = Home::new();
        served.run(&elsewhere, &["collect", "--json"]).expect(0);
        asked(&served)
    };
    let mut killed = 0;
    for (day, kills, args) in [(0, 4, &[][..]), (1, 3, &["--full"])] {
        for _ in 0..kills {
            // Each goes on where the one before was killed, so that all of them together are less than one run.
            let after = random(whole / (kills + 1));
            println!("day {day}: killed after {after} of about {whole} requests");
            let before = asked(&served);
            let mut child = collect_with(&served, &home, args);
            until_asked(&served, before + after);
            child.kill().unwrap();
            killed += usize::from(!child.wait().unwrap().success());
        }
        let done = served.run(&home, &["collect", "--json"]).expect(0);
        assert_eq!(done.finished()["status"], "complete");
        assert_eq!(done.finished()["counts"], Truth::write(&home, &SIZE, day).counts(), "day {day}");
        served.advance();
    }
    assert!(killed > 3, "only {killed} of 7 were still at it");
}

/// One writer a store: the second is told who holds it, and changes nothing; readers go on.
#[test]
fn a_second_collect_is_told_who_holds_the_store() {
    let home = Home::new();
    let served = Served::start(&home, &SIZE);
    let mut first = collect(&served, &home);
    until_asked(&served, 5);
    let pid = first.id();
    // It stands still, so that it cannot be through by the time the second one asks.
    signal(pid, libc::SIGSTOP);
    let second = served.run(&home, &["collect", "--json"]).expect(1);
    assert!(second.stderr.contains(&format!("process {pid}")), "{}", second.stderr);
    assert_eq!(second.finished()["status"], "failed");
    let info = served.run(&home, &["info"]).expect(0);
    assert!(!info.stdout.is_empty());
    signal(pid, libc::SIGCONT);
    assert!(first.wait().unwrap().success());
    let done = served.run(&home, &["collect", "--json"]).expect(0);
    assert_eq!(done.finished()["counts"], Truth::write(&home, &SIZE, 0).counts());
}

/// Asked to end, it ends in order: what was read is kept, and the exit status says so.
#[test]
fn a_collect_that_is_asked_to_end_keeps_what_it_has() {
    for number in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let home = Home::new();
        let served = Served::start(&home, &SIZE);
        let mut command = served.tenantry(&home);
        let child = command.args(["collect", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        until_asked(&served, 5);
        signal(child.id(), number);
        let done = Done::of(&child.wait_with_output().unwrap()).expect(130);
        assert_eq!(done.finished()["status"], "failed");
        assert!(done.finished()["counts"].as_object().is_some_and(|c| c.values().any(Value::is_number)));
        assert!(done.stderr.contains("interrupted, what was read is kept"), "{}", done.stderr);
    }
}

pub fn signal(pid: u32, number: libc::c_int) {
    // SAFETY: `kill` takes two numbers and touches no memory of ours.
    unsafe { libc::kill(pid.cast_signed(), number) };
}
