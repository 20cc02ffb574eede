//! What a person can ask of a run and of the store, with the real binary: flags, selections, kept runs, accepted gaps, purge.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::{
    journey::Truth,
    program::{Done, Home, Served},
    schema::collect_speaks_as_promised,
};

const SMALL: [&str; 6] = ["--users", "60", "--groups", "20", "--seed", "3"];

fn serve(home: &Home, scenario: &str) -> Served {
    let mut args = SMALL.to_vec();
    args.extend(["--scenario", scenario]);
    Served::start(home, &args)
}

/// A profile `work` of this server's tenant, without secrets: the environment has them.
fn add_profile(home: &Home, served: &Served, name: &str) {
    let mut command = home.tenantry();
    command.args(["profile", "add", "--profile", name]);
    for (flag, of) in
        [("--tenant-id", "tenant_id"), ("--client-id", "client_id"), ("--jupiterone-account", "jupiterone_account")]
    {
        command.arg(format!("{flag}={}", served.text(of)));
    }
    served.urls(&mut command);
    Done::of(&command.output().unwrap()).expect(0);
}

fn collect(home: &Home, served: &Served, args: &[&str]) -> Done {
    let mut all = vec!["collect", "--json"];
    all.extend(args);
    let done = served.run(home, &all);
    if done.json.last().is_some_and(|last| last["error"].is_null()) {
        collect_speaks_as_promised(&done);
    }
    done
}

/// The paths that Graph was asked for.
fn asked(served: &Served) -> Vec<String> {
    let seen = served.door("graph_url", "GET", "/_demo/requests");
    let all = seen["requests"].as_array().unwrap().iter();
    all.filter(|r| r["service"] == "graph").map(|r| r["path"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn an_explanation_reads_two_counts_and_writes_nothing() {
    let home = Home::new();
    let served = serve(&home, "default");
    let first = collect(&home, &served, &["--explain"]).expect(0);
    assert_eq!(first.json.len(), 1);
    assert_eq!(first.finished()["explanation"]["kind"], "full");
    let paths = asked(&served);
    assert!(paths.iter().all(|path| path.contains("$count")) && paths.len() == 2, "{paths:?}");
    assert!(!home.files().iter().any(|file| file.to_string_lossy().contains(".db")), "{:?}", home.files());

    // What it expects is what it then takes, but for what nobody could know.
    let expected = first.finished()["explanation"]["requests"].as_u64().unwrap();
    let run = collect(&home, &served, &[]).expect(0);
    let took = run.finished()["requests"].as_u64().unwrap();
    assert!(took <= expected * 2 && expected <= took * 2, "expected {expected}, took {took}");

    let words = served.run(&home, &["collect", "--explain"]).expect(0);
    assert_eq!(words.stdout, "");
    for word in ["what changed would be read", "requests", "units", "nothing has been read"] {
        assert!(words.stderr.contains(word), "{word}: {}", words.stderr);
    }
    let gentle = collect(&home, &served, &["--explain", "--gentle", "--full"]).expect(0);
    assert_eq!(gentle.finished()["explanation"]["kind"], "gentle");
}

#[test]
fn the_second_run_reads_what_changed_unless_told_otherwise() {
    let home = Home::new();
    let served = serve(&home, "default");
    let kind = |args: &[&str], want: &str| {
        let done = collect(&home, &served, args).expect(0);
        assert_eq!(done.finished()["kind"], want, "{args:?}: {}", done.stderr);
        assert_eq!(done.finished()["counts"], Truth::write(&home, &SMALL, 0).counts(), "{args:?}");
        done
    };
    let first = kind(&[], "full");
    let second = kind(&[], "delta");
    assert!(second.finished()["requests"].as_u64() < first.finished()["requests"].as_u64());
    assert!(second.finished()["requests"].as_u64().unwrap() <= 8 + 3, "{}", second.finished());
    assert_eq!(second.finished()["last_full"], first.finished()["last_full"]);
    assert!(second.finished()["changes_since"].is_string() && second.stderr.contains("last full read"));
    kind(&["--full-every", "0m"], "full");
    kind(&["--full"], "full");
    kind(&["--gentle"], "gentle");
}

/// A selection is for a look: it is never compared, sent or written, and takes nothing from the runs that may be.
#[test]
fn a_selection_is_never_uploaded() {
    let home = Home::new();
    let served = serve(&home, "default");
    let group = Truth::write(&home, &SMALL, 0).any_group();
    for args in [&["--sample", "5"][..], &["--only-groups", group.0.as_str()], &["--only-groups", group.1.as_str()]] {
        let done = collect(&home, &served, args).expect(0);
        assert_eq!((&done.finished()["status"], &done.finished()["kind"]), (&json!("scoped"), &json!("scoped")));
        assert!(done.stderr.contains("a selection only, never uploaded"), "{}", done.stderr);
        let groups = done.finished()["counts"]["active_directory_user_group"].as_u64().unwrap();
        assert!((1..20).contains(&groups), "{args:?}: {groups}");
        let run = done.finished()["run"].to_string();
        let refused = |args: &[&str], code: i32| {
            let done = served.run(&home, args).expect(code);
            assert!(done.stderr.contains("selection"), "{args:?}: {}", done.stderr);
        };
        refused(&["preview"], 1);
        refused(&["preview", "--run", &run], 2);
        refused(&["upload", "--yes", "--first-upload"], 1);
        refused(&["upload", "--yes", "--first-upload", "--run", &run], 4);
        let out = home.path("out").display().to_string();
        refused(&["export", "--format", "ndjson", "--out", &out, "--run", &run], 2);
    }
    let whole = collect(&home, &served, &[]).expect(0);
    assert_eq!(whole.finished()["counts"], Truth::write(&home, &SMALL, 0).counts());
    collect(&home, &served, &["--sample", "3"]).expect(0);
    let preview = served.run(&home, &["preview", "--json"]).expect(0);
    assert_eq!(preview.finished()["run"], whole.finished()["run"]);
    assert_eq!(preview.finished()["counts"], whole.finished()["counts"]);
    let next = collect(&home, &served, &[]).expect(0);
    assert_eq!(next.finished()["counts"], whole.finished()["counts"]);
    let nobody = collect(&home, &served, &["--only-groups", "No such group anywhere"]);
    assert_ne!(nobody.code, 0);
}

#[test]
fn kept_runs_can_be_asked_for_and_others_are_forgotten() {
    let home = Home::new();
    let served = serve(&home, "default");
    let mut counts = Vec::new();
    for day in 0..3 {
        let done = collect(&home, &served, &[]).expect(0);
        assert_eq!(done.finished()["run"], day + 1);
        counts.push(done.finished()["counts"].clone());
        served.advance();
    }
    for run in 1..=3 {
        let preview = served.run(&home, &["preview", "--json", "--run", &run.to_string()]).expect(0);
        assert_eq!((&preview.finished()["run"], &preview.finished()["counts"]), (&json!(run), &counts[run - 1]));
    }
    assert_ne!(counts[0], counts[2]);
    let newest = served.run(&home, &["preview", "--json"]).expect(0);
    assert_eq!(newest.finished()["run"], 3);
    // Of what a target holds nothing is forgotten.
    let upload = served.run(&home, &["upload", "--json", "--yes", "--first-upload", "--run", "1"]).expect(0);
    assert_eq!(upload.finished()["run"], 1);
    collect(&home, &served, &["--keep", "2"]).expect(0);
    let known = |run: &str| served.run(&home, &["preview", "--json", "--run", run]).code;
    assert_eq!(["1", "2", "3", "4"].map(known), [0, 2, 0, 0]);
    let info = served.run(&home, &["info"]).expect(0);
    assert!(info.stdout.contains("delta, complete"), "{}", info.stdout);
    for (run, word) in [("99", "no run 99"), ("0", "number"), ("x", "number")] {
        let done = served.run(&home, &["preview", "--run", run]).expect(2);
        assert!(done.stderr.contains(word), "{}", done.stderr);
    }
}

#[test]
fn accepted_gaps_are_no_alarm_until_they_change() {
    let home = Home::new();
    let served = serve(&home, "hidden-groups");
    add_profile(&home, &served, "work");
    let status = |home: &Home| {
        let done = collect(home, &served, &["--full"]);
        (done.code, done)
    };
    assert_eq!(status(&home).0, 3);
    served.run(&home, &["preview"]).expect(3);
    let accept = served.run(&home, &["profile", "accept-gaps"]).expect(0);
    assert!(accept.stderr.contains("accepted: ") && accept.stderr.contains("hidden"), "{}", accept.stderr);
    let (code, done) = status(&home);
    assert_eq!(code, 0, "{}", done.stderr);
    let gaps = done.finished()["incomplete"].as_array().unwrap();
    assert!(!gaps.is_empty() && gaps.iter().all(|g| g["accepted"] == true), "{gaps:?}");
    assert!(
        done.stderr.contains("that the profile accepts") && !done.stderr.contains("incomplete:"),
        "{}",
        done.stderr
    );
    // Accepted is not complete: nothing is deleted of what may be there.
    let preview = served.run(&home, &["preview", "--json"]).expect(0);
    assert_ne!(preview.finished()["partial_types"], json!([]));
    let listed = served.run(&home, &["profile", "accept-gaps", "work", "--list"]).expect(0);
    assert_eq!(listed.stdout.lines().count(), gaps.len(), "{}", listed.stdout);
    assert!(listed.stdout.contains(gaps[0]["id"].as_str().unwrap()), "{}", listed.stdout);

    // In another state it is another gap.
    let file = home.files().into_iter().find(|f| f.ends_with("work.toml")).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("hidden", "partial", 1)).unwrap();
    let (code, done) = status(&home);
    assert_eq!(code, 3);
    let open = done.finished()["incomplete"].as_array().unwrap().iter().filter(|g| g["accepted"] == false).count();
    assert_eq!(open, 1);

    served.run(&home, &["profile", "accept-gaps", "--none"]).expect(0);
    assert!(!std::fs::read_to_string(&file).unwrap().contains("accepted_gaps"));
    served.run(&home, &["preview"]).expect(3);
    served.run(&home, &["profile", "accept-gaps", "nope"]).expect(2);
}

#[test]
fn what_is_purged_is_gone_and_what_others_need_stays() {
    let home = Home::new();
    let served = serve(&home, "default");
    let stores = || home.files().into_iter().filter(|f| f.to_string_lossy().contains(".db")).count();
    add_profile(&home, &served, "work");
    add_profile(&home, &served, "twin");
    served.run(&home, &["collect", "--profile", "work"]).expect(0);
    assert!(stores() > 0);
    let run = |args: &[&str]| Done::of(&home.tenantry().args(args).output().unwrap());
    let kept = run(&["profile", "remove", "twin", "--purge", "--yes"]).expect(0);
    assert!(kept.stderr.contains("the store is kept: profile work"), "{}", kept.stderr);
    assert!(stores() > 0);
    // Nobody is there to be asked.
    run(&["profile", "remove", "work", "--purge"]).expect(4);
    assert!(stores() > 0);
    assert!(run(&["profile", "list"]).stdout.contains(" work "));

    // Somebody else is writing it.
    let mut command = served.tenantry(&home);
    let mut other = command.args(["collect", "--full"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let lock = home.files().into_iter().find(|f| f.to_string_lossy().ends_with(".db.lock"));
    let held = |file: &std::path::Path| std::fs::read_to_string(file).is_ok_and(|text| text.contains("pid"));
    let lock = lock.unwrap();
    while !held(&lock) && other.try_wait().unwrap().is_none() {}
    stop(&other);
    if held(&lock) {
        let refused = run(&["profile", "remove", "work", "--purge", "--yes"]).expect(4);
        assert!(refused.stderr.contains(&format!("process {}", other.id())), "{}", refused.stderr);
        assert!(run(&["profile", "list"]).stdout.contains(" work "));
    }
    other.kill().unwrap();
    other.wait().unwrap();
    let done = run(&["profile", "remove", "work", "--purge", "--yes"]).expect(0);
    assert!(done.stderr.contains("the store is deleted"), "{}", done.stderr);
    assert_eq!((stores(), run(&["profile", "list"]).stdout.as_str()), (0, ""));
}

#[cfg(unix)]
fn stop(child: &std::process::Child) {
    // SAFETY: `kill` takes two numbers and touches no memory of ours.
    unsafe { libc::kill(child.id().cast_signed(), libc::SIGSTOP) };
}

#[cfg(not(unix))]
fn stop(_: &std::process::Child) {}

/// Killed in the middle, the next run goes on with what is there, and says so; `--fresh` does not.
#[test]
fn a_killed_run_is_gone_on_with_or_dropped() {
    const SIZE: [&str; 6] = ["--users", "3000", "--groups", "600", "--seed", "7"];
    for fresh in [false, true] {
        let home = Home::new();
        let served = Served::start(&home, &SIZE);
        let mut command = served.tenantry(&home);
        let mut child =
            command.args(["collect", "--json"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while asked(&served).len() < 12 {
            assert!(child.try_wait().unwrap().is_none(), "it was through before it could be killed");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What was cut off is no run to be sent, and not yet anything else.
        served.run(&home, &["preview"]).expect(1);
        let selection = served.run(&home, &["collect", "--sample", "3"]).expect(4);
        assert!(selection.stderr.contains("--fresh"), "{}", selection.stderr);
        let done = collect(&home, &served, if fresh { &["--fresh"] } else { &[] }).expect(0);
        assert_eq!(done.finished()["resumed_from"] == Value::Null, fresh, "{}", done.stderr);
        assert_eq!(done.stderr.contains("going on with the run of"), !fresh, "{}", done.stderr);
        assert_eq!(done.finished()["counts"], Truth::write(&home, &SIZE, 0).counts());
    }
}

/// What a probe writes down can be shared: it names nobody and nothing of the tenant.
#[test]
fn a_probe_reads_only_and_its_report_names_nobody() {
    let home = Home::new();
    let served = serve(&home, "default");
    let file = home.path("report.json");
    let report = file.display().to_string();
    let done = served.run(&home, &["doctor", "--probe", "--report", &report]).expect(0);
    assert!(done.stderr.contains("without personal data"), "{}", done.stderr);
    let text = std::fs::read_to_string(&file).unwrap();
    let found: Value = serde_json::from_str(&text).unwrap();
    assert!(found["findings"].as_array().is_some_and(|all| all.len() > 5), "{text}");
    let truth = Truth::write(&home, &SMALL, 0);
    for private in truth.ids().chain([served.text("tenant_id").to_owned(), served.text("client_secret").to_owned()]) {
        assert!(!text.contains(&private), "{private}");
    }
    assert_eq!(served.door("graph_url", "GET", "/_demo/requests")["violations"], json!([]));
    let json = served.run(&home, &["doctor", "--probe", "--json"]).expect(0);
    assert!(json.finished()["probe"]["findings"].is_array());
    served.run(&home, &["doctor", "--report", &report]).expect(2);
}
