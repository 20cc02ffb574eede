//! Several profiles with the real binary: chosen, renamed, edited, removed, and all read in one go.

use serde_json::{Value, json};

use crate::{
    profiles::run,
    profiles_command::{add, script},
    profiles_trust::{file, put, text_for},
    program::{Done, Home, Served},
};

const SMALL: [&str; 6] = ["--users", "20", "--groups", "6", "--seed", "5"];
const OTHER: [&str; 6] = ["--users", "30", "--groups", "4", "--seed", "6"];

/// A profile for this server whose secret a script prints.
fn added(home: &Home, served: &Served, name: &str) {
    let path = script(home, &format!("get-{name}"), &format!("echo '{}'", served.text("client_secret")));
    add(home, served, name, &[path.to_str().unwrap()]).expect(0);
}

fn of<'a>(done: &'a Done, profile: &str) -> &'a Value {
    let all = done.finished()["profiles"].as_array().unwrap();
    all.iter().find(|row| row["profile"] == profile).unwrap_or_else(|| panic!("{profile} in {all:?}"))
}

#[test]
fn all_are_read_whatever_becomes_of_each() {
    let home = Home::new();
    let go = |args: &[&str]| run(home.tenantry().args(args), "");
    go(&["collect", "--all"]).expect(2);
    let (one, two) = (Served::start(&home, &SMALL), Served::start(&home, &OTHER));
    added(&home, &one, "one");
    added(&home, &two, "two");
    let done = go(&["collect", "--all", "--json"]).expect(0);
    assert_eq!(done.finished()["status"], "complete");
    for (name, served, users) in [("one", &one, 20), ("two", &two, 30)] {
        let row = of(&done, name);
        assert_eq!(
            (&row["status"], &row["exit"], &row["tenant"]),
            (&json!("complete"), &json!(0), &json!(served.text("tenant_id")))
        );
        assert_eq!(row["counts"]["active_directory_user"], users);
        // Every line but the last says whose it is.
        let ended: Vec<_> = done.json.iter().filter(|e| e["event"] == "collected" && e["profile"] == name).collect();
        assert_eq!(ended.len(), 1, "{}", done.stdout);
        assert!(done.stderr.contains(&format!("profile {name}, ")), "{}", done.stderr);
    }
    assert!(done.json.iter().all(|e| e["event"] == "finished" || e["profile"].is_string()), "{}", done.stdout);
    assert_eq!(done.finished()["counts"]["active_directory_user"], 50);
    let table: Vec<&str> = done.stderr.lines().rev().take(3).collect();
    assert!(
        table[2].starts_with("profile  tenant") && table[1].starts_with("one  ") && table[0].starts_with("two  "),
        "{}",
        done.stderr
    );

    // The environment's ids are one of theirs, and no contradiction to the other.
    let mut command = home.tenantry();
    command.env("AZURE_TENANT_ID", two.text("tenant_id")).env("AZURE_CLIENT_ID", two.text("client_id"));
    run(command.env("AZURE_CLIENT_SECRET", "nobody~asks").args(["collect", "--all"]), "").expect(0);

    // A file that is none, a profile that asks, a service that is gone: the others are read, and the worst counts.
    put(&home, "a-typo", "tenant = \"x\"\n");
    let done = go(&["collect", "--all", "--json"]).expect(2);
    assert_eq!((&of(&done, "a-typo")["status"], &of(&done, "two")["status"]), (&json!("failed"), &json!("complete")));
    drop(one);
    let done = go(&["collect", "--all", "--json"]).expect(1);
    assert_eq!((&of(&done, "one")["exit"], &of(&done, "two")["exit"]), (&json!(1), &json!(0)));
    put(&home, "foreign", &text_for(&two, ""));
    let done = go(&["collect", "--all", "--json"]).expect(4);
    assert_eq!(of(&done, "foreign")["error"]["code"], "not_trusted");
    assert_eq!((&done.finished()["status"], &of(&done, "two")["status"]), (&json!("failed"), &json!("complete")));
    // Who and where cannot be said for all at once.
    for flag in ["--profile=two", "--store=x.db", "--tenant-id=x", "--login-url=http://127.0.0.1:9"] {
        let done = go(&["collect", "--all", flag]).expect(2);
        assert!(done.stderr.contains(flag.split('=').next().unwrap()), "{}", done.stderr);
    }
    go(&["collect", "--all", "--explain"]).expect(2);
}

#[test]
fn profiles_are_chosen_renamed_edited_and_removed() {
    let home = Home::new();
    let go = |args: &[&str]| run(home.tenantry().args(args), "");
    let (one, two) = (Served::start(&home, &SMALL), Served::start(&home, &OTHER));
    added(&home, &one, "one");
    added(&home, &two, "two");
    // Two, and none chosen.
    let done = go(&["collect"]).expect(2);
    assert!(done.stderr.contains("one, two") && done.stderr.contains("profile use"), "{}", done.stderr);
    go(&["profile", "use", "nobody"]).expect(2);
    go(&["profile", "use", "two"]).expect(0);
    let users = |done: &Done| done.finished()["counts"]["active_directory_user"].clone();
    assert_eq!(users(&go(&["collect", "--json"]).expect(0)), 30);
    assert_eq!(users(&go(&["collect", "--json", "--profile=one"]).expect(0)), 20);
    let list = go(&["profile", "list"]).expect(0);
    assert!(list.stdout.starts_with("  one  ") && list.stdout.contains("\n* two  "), "{}", list.stdout);

    // A name is taken, bad or nobody's; the default goes along.
    go(&["profile", "rename", "two", "one"]).expect(2);
    go(&["profile", "rename", "two", "../x"]).expect(2);
    go(&["profile", "rename", "nobody", "x"]).expect(2);
    go(&["profile", "rename", "two", "second"]).expect(0);
    assert_eq!(users(&go(&["collect", "--json"]).expect(0)), 30);
    assert_eq!(
        go(&["profile", "list", "--json"]).json.iter().map(|p| p["default"].clone()).collect::<Vec<_>>(),
        [false, true]
    );

    // Edits: what is given changes, the rest stays.
    let show = |name: &str| go(&["profile", "show", name, "--json"]).expect(0).json[0]["profile"].clone();
    let before = show("second");
    go(&["profile", "edit", "second"]).expect(2);
    go(&["profile", "edit", "second", "--keep=5", "--full-every=12h", "--secret-expires=2099-01-31"]).expect(0);
    let mut want = before.clone();
    (want["keep"], want["full_every"], want["secret_expires"]) = (json!(5), json!("12h"), json!("2099-01-31"));
    assert_eq!(show("second"), want);
    go(&["profile", "edit", "--unset=keep", "--unset=full-every", "--unset=secret-expires"]).expect(0);
    assert_eq!(show("second"), before);
    go(&["profile", "edit", "second", "--client-id=nonsense"]).expect(2);
    go(&["profile", "edit", "second", "--secret-expires=soon"]).expect(2);
    assert_eq!(show("second"), before);

    // Two tenants on one target are refused, whichever way.
    let target = [
        format!("--jupiterone-url={}", one.text("jupiterone_url")),
        format!("--jupiterone-account={}", one.text("jupiterone_account")),
        format!("--jupiterone-instance={}", one.text("jupiterone_instance")),
    ];
    let mut edit = vec!["profile", "edit", "second"];
    edit.extend(target.iter().map(String::as_str));
    let done = go(&edit).expect(4);
    assert!(done.stderr.contains("profile one") && done.stderr.contains(one.text("tenant_id")), "{}", done.stderr);
    edit.splice(
        ..3,
        [
            "profile",
            "add",
            "--profile=third",
            "--client-id",
            two.text("client_id"),
            "--tenant-id",
            two.text("tenant_id"),
        ],
    );
    go(&edit).expect(4);
    assert!(!file(&home, "third").exists());
    assert_eq!(show("second"), before);

    // Its end draws near, and then is past.
    let day = |days: i64| (jiff::Zoned::now().date() + jiff::Span::new().days(days)).to_string();
    for (days, word) in
        [(40, None), (20, Some("note: ")), (10, Some("warning: ")), (3, Some("WARNING: ")), (-2, Some("has ended"))]
    {
        go(&["profile", "edit", "second", "--secret-expires", &day(days)]).expect(0);
        for args in [&["collect"][..], &["info"], &["profile", "list"], &["profile", "show"]] {
            let done = go(args).expect(0);
            match word {
                Some(word) => assert!(done.stderr.contains(word), "{days} {args:?}: {}", done.stderr),
                None => assert!(!done.stderr.contains(" ends in "), "{args:?}: {}", done.stderr),
            }
        }
    }
    let told = go(&["collect", "--json"]).expect(0);
    assert!(told.json.iter().any(|e| e["event"] == "expiry" && e["ended"] == true), "{}", told.stdout);

    // The default goes with its profile: then the one that is left is meant.
    go(&["profile", "remove", "second"]).expect(0);
    assert_eq!(users(&go(&["collect", "--json"]).expect(0)), 20);
    // One that went by other ways is missed, not guessed about.
    go(&["profile", "use", "one"]).expect(0);
    std::fs::rename(file(&home, "one"), file(&home, "moved")).unwrap();
    assert!(go(&["collect"]).expect(2).stderr.contains("profile use"));
}
