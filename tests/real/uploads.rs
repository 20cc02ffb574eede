//! Uploads by the real program that are killed, stopped and gone on with, against a demo server in another process: at the
//! end the target holds what the seed defines, each object once.

use std::{
    collections::BTreeSet,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    journey::Truth,
    processes::{random, signal},
    program::{Done, Home, Served, ndjson},
};

const SIZE: [&str; 6] = ["--users", "700", "--groups", "90", "--seed", "7"];
/// Many bodies.
const SMALL: [&str; 2] = ["--max-body", "20000"];
/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(60);

fn upload(served: &Served, home: &Home, args: &[&str]) -> Child {
    let mut command = served.tenantry(home);
    command.args(["upload", "--json", "--yes", "--first-upload", "--max-deletions=100%"]).args(SMALL).args(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> Done {
    Done::of(&child.wait_with_output().unwrap())
}

/// The last parts of the paths that JupiterOne was asked for by now.
fn asked(served: &Served) -> Vec<String> {
    let seen = served.door("jupiterone_url", "GET", "/_demo/requests");
    let requests = seen["requests"].as_array().unwrap().iter().filter(|r| r["service"] == "jupiterone");
    requests.map(|r| r["path"].as_str().unwrap().to_owned()).collect()
}

/// Waits until JupiterOne was asked so many times, or the child has ended.
fn until_asked(served: &Served, child: &mut Child, count: usize) {
    let end = Instant::now() + DEADLINE;
    while asked(served).len() < count && child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < end, "JupiterOne was asked {} times, not {count}", asked(served).len());
    }
}

/// The other naming, in which other members are no entities and memberships are mapped.
const AZURE: [&str; 4] = ["--naming", "graph-microsoft-365", "--jupiterone-instance-name", "Ours"];

/// The target holds what the store would send, object by object, and nothing else; and that is what the seed defines.
fn holds_the_truth(served: &Served, home: &Home, day: u32) {
    holds_the_truth_as(served, home, day, &[]);
}

/// As [`holds_the_truth`], under a naming.
fn holds_the_truth_as(served: &Served, home: &Home, day: u32, naming: &[&str]) {
    let out = home.path("out");
    let mut export = served.tenantry(home);
    let export = export.args(["export", "--json", "--format", "ndjson", "--out"]).arg(&out).args(naming).output();
    Done::of(&export.unwrap()).expect(0);
    let mut ours: BTreeSet<String> = BTreeSet::new();
    for name in ["entities.ndjson", "relationships.ndjson"] {
        ours.extend(ndjson(&out.join(name)).iter().map(Value::to_string));
    }
    let text = served.door_text("jupiterone_url", "GET", "/_demo/graph", b"");
    let theirs: BTreeSet<String> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap().to_string()).collect();
    assert_eq!(text.lines().count(), theirs.len());
    assert!(ours == theirs, "day {day}: {} and {}", ours.len(), theirs.len());
    let counts = Truth::write(home, &SIZE, day).counts();
    let is_sent = |name: &str| naming.is_empty() || name != "active_directory_group_member";
    let all = counts.as_object().unwrap().iter().filter(|(name, _)| is_sent(name));
    let want: u64 = all.map(|(_, n)| n.as_u64().unwrap()).sum();
    assert_eq!(ours.len() as u64, want, "day {day}");
}

/// How many requests a whole upload makes, tried on another target.
fn requests_of_one(served: &Served, naming: &[&str]) -> usize {
    let elsewhere = Home::new();
    served.run(&elsewhere, &["collect", "--json"]).expect(0);
    let before = asked(served).len();
    let mut command = elsewhere.tenantry();
    for (name, member) in [("JUPITERONE_ACCOUNT", "jupiterone_account"), ("JUPITERONE_API_KEY", "jupiterone_api_key")] {
        command.env(name, served.text(member));
    }
    command.args(["--tenant-id", served.text("tenant_id"), "--jupiterone-url", served.text("jupiterone_url")]);
    command.args(["upload", "--yes", "--first-upload"]).args(SMALL).args(naming);
    match naming {
        [] => command.args(["--jupiterone-scope", "elsewhere"]),
        // Its account is named by an instance, and there is one only: what the tries begin with is another run of it.
        _ => command.args(["--jupiterone-instance", served.text("jupiterone_instance")]),
    };
    Done::of(&command.output().unwrap()).expect(0);
    asked(served).len() - before
}

/// Killed anywhere, again and again, and begun anew or gone on with: nothing is lost, nothing is there twice, and what is
/// believed of the target is never better than what is true.
#[test]
fn a_killed_upload_loses_nothing_and_doubles_nothing() {
    is_killed_again_and_again(14, &[], &SIZE);
}

#[test]
fn nor_does_a_killed_upload_of_compressed_bodies_under_the_other_naming() {
    is_killed_again_and_again(8, &AZURE, &[&SIZE[..], &["--scenario", "gzip"]].concat());
}

fn is_killed_again_and_again(kills: usize, naming: &[&str], serve: &[&str]) {
    let zips = !naming.is_empty();
    let home = Home::new();
    let served = Served::start(&home, serve);
    served.run(&home, &["collect", "--json"]).expect(0);
    let requests = requests_of_one(&served, naming);
    assert!(requests > 40, "an upload worth the test: {requests}");
    let (mut day, mut cut_off, mut resumed) = (0, 0, 0);
    for kill in 0..kills {
        let resumes: &[&str] = if kill % 2 == 1 { &["--resume-job"] } else { &[] };
        let gzip: &[&str] = if zips && kill % 4 != 3 { &["--gzip"] } else { &[] };
        let args = &[resumes, gzip, naming].concat()[..];
        let before = asked(&served).len();
        let mut child = upload(&served, &home, args);
        // Some about its end: finalize, and the looks behind it.
        let after = if kill % 4 == 2 { requests - 3 + random(5) } else { 1 + random(requests - 5) };
        until_asked(&served, &mut child, before + after);
        child.kill().unwrap();
        let done = end(child);
        println!("killed after {after} of {requests} requests, {args:?}: {}", done.code);
        resumed += usize::from(done.stderr.contains("is gone on with"));
        if done.code != 0 {
            cut_off += 1;
            continue;
        }
        holds_the_truth_as(&served, &home, day, naming);
        served.advance();
        day += 1;
        served.run(&home, &["collect", "--json"]).expect(0);
    }
    let foretold = served.run(&home, &[&["preview", "--json"], naming].concat()).finished().clone();
    let done = end(upload(&served, &home, &[&["--resume-job"], naming].concat())).expect(0);
    let job = &done.finished()["job"];
    // Where it was known what the target held, the job did what was foretold.
    if foretold["baseline"].to_string().contains("known") && job.is_object() {
        let sum = |figure: &str| -> u64 {
            foretold["changes"].as_object().unwrap().values().map(|c| c[figure].as_u64().unwrap()).sum()
        };
        let of = |what: &str| -> u64 {
            ["Entities", "Relationships"].iter().map(|kind| job[format!("num{kind}{what}")].as_u64().unwrap()).sum()
        };
        assert_eq!((of("Created"), of("Updated"), of("Deleted")), (sum("create"), sum("change"), sum("delete")));
    }
    holds_the_truth_as(&served, &home, day, naming);
    // And that is known: nothing is to be done, and no job is started for nothing.
    served.run(&home, &[&["preview", "--json", "--detailed-exitcode"], naming].concat()).expect(0);
    let before = asked(&served).len();
    let nothing = end(upload(&served, &home, naming)).expect(0);
    assert!(nothing.stderr.contains("nothing to do") && nothing.finished()["job"].is_null(), "{}", nothing.stderr);
    assert_eq!(asked(&served).len(), before);
    let again = end(upload(&served, &home, &[&["--again"], naming].concat())).expect(0);
    let job = &again.finished()["job"];
    assert_eq!((&job["status"], job["numEntitiesCreated"].as_u64()), (&"FINISHED".into(), Some(0)), "{}", again.stderr);
    println!("{cut_off} of {kills} were cut off, {resumed} gone on with, {day} days");
    assert!(3 * cut_off > kills && resumed > 0, "{cut_off} of {kills} were cut off, {resumed} gone on with");
}

/// What the next upload says of a job that was left open, and does with it.
#[test]
fn the_next_upload_finds_the_open_job() {
    let home = Home::new();
    let served = Served::start(&home, &SIZE);
    served.run(&home, &["collect", "--json"]).expect(0);
    let killed = || {
        let before = asked(&served).len();
        let mut child = upload(&served, &home, &[]);
        until_asked(&served, &mut child, before + 30);
        child.kill().unwrap();
        assert_ne!(end(child).code, 0, "it was to be killed in the middle");
        asked(&served).len()
    };
    let before = killed();
    let done = end(upload(&served, &home, &["--resume-job"])).expect(0);
    assert!(done.stderr.contains("is gone on with"), "{}", done.stderr);
    let paths = &asked(&served)[before..];
    assert!(!paths.iter().any(|p| p.ends_with("/jobs") || p.ends_with("/abort")), "{paths:?}");
    let bodies =
        |paths: &[String]| paths.iter().filter(|p| p.contains("/entities") || p.contains("/relationships")).count();
    let rest = bodies(paths);
    holds_the_truth(&served, &home, 0);

    served.advance();
    served.run(&home, &["collect", "--json"]).expect(0);
    let before = killed();
    let done = end(upload(&served, &home, &[])).expect(0);
    assert!(done.stderr.contains("is aborted"), "{}", done.stderr);
    let paths = &asked(&served)[before..];
    let at = |end: &str| paths.iter().position(|p| p.ends_with(end)).unwrap_or_else(|| panic!("{end}: {paths:?}"));
    assert!(at("/abort") < at("/jobs") && at("/jobs") < at("/finalize"));
    assert!(rest < bodies(paths), "going on sends less: {rest} and {}", bodies(paths));
    holds_the_truth(&served, &home, 1);
}

/// Asked to end, it aborts its job and says so; asked twice, it ends at once.
#[test]
fn an_upload_that_is_asked_to_end_aborts_its_job() {
    for number in [libc::SIGINT, libc::SIGTERM] {
        let home = Home::new();
        let served = Served::start(&home, &SIZE);
        served.run(&home, &["collect", "--json"]).expect(0);
        let mut child = upload(&served, &home, &[]);
        until_asked(&served, &mut child, 12);
        signal(child.id(), number);
        let done = end(child).expect(130);
        assert!(done.stderr.contains("the job was aborted, and nothing was changed in JupiterOne"), "{}", done.stderr);
        assert!(asked(&served).iter().any(|p| p.ends_with("/abort")));
        assert!(!asked(&served).iter().any(|p| p.ends_with("/finalize")));
        let next = end(upload(&served, &home, &[])).expect(0);
        assert!(!next.stderr.contains("cut off"), "nothing was left open: {}", next.stderr);
        holds_the_truth(&served, &home, 0);
    }
}

/// Asked once more, it does not wait for what does not come.
#[test]
fn an_upload_that_is_asked_to_end_twice_ends_at_once() {
    let home = Home::new();
    let served = Served::start(&home, &[&SIZE[..], &["--scenario", "slow-abort"]].concat());
    served.run(&home, &["collect", "--json"]).expect(0);
    let mut child = upload(&served, &home, &[]);
    until_asked(&served, &mut child, 12);
    signal(child.id(), libc::SIGINT);
    // The abort is on its way, and will not be answered for a minute.
    let began = Instant::now();
    while !asked(&served).iter().any(|p| p.ends_with("/abort")) {
        assert!(began.elapsed() < DEADLINE, "no abort");
    }
    signal(child.id(), libc::SIGINT);
    assert_eq!(end(child).code, 130);
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}: sooner than the end in order", began.elapsed());
}
