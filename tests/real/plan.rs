//! A plan that is looked at and then done exactly, or not at all; with the real binary.

use serde_json::{Value, json};

use crate::program::{Done, Home, Served};

const SIZE: [&str; 6] = ["--users", "120", "--groups", "20", "--seed", "3"];

#[test]
fn a_plan_is_done_exactly_or_not_at_all() {
    let home = Home::new();
    let served = Served::start(&home, &SIZE);
    let file = home.path("plan.json").display().to_string();
    let run = |args: &[&str]| served.run(&home, args);
    let apply = |more: &[&str]| -> Done {
        let mut args = vec!["upload", "--json", "--yes", "--plan", &file];
        args.extend(more);
        run(&args)
    };
    let refused = |more: &[&str], which: &str| {
        let done = apply(more).expect(4);
        let error = &done.finished()["error"];
        assert_eq!(error["code"], "plan_differs", "{error}");
        assert!(error["summary"].as_str().unwrap().ends_with(&format!("not as planned: {which}")), "{error}");
    };
    run(&["collect", "--json"]).expect(0);
    let planned = run(&["preview", "--json", "--out", &file]).expect(0);
    assert_eq!(planned.finished()["plan"], json!(file));
    let text = std::fs::read_to_string(&file).unwrap();
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&plan["tenantry_plan"], &plan["bound"]["run"]), (&json!(1), &planned.finished()["run"]));
    assert_eq!(plan["preview"]["changes"], planned.finished()["changes"]);
    for secret in ["client_secret", "jupiterone_api_key"] {
        assert!(!text.contains(served.text(secret)), "{secret} in a plan");
    }

    // Its guards are not lifted by it.
    apply(&[]).expect(4);
    let other = ["--first-upload", "--jupiterone-account", "elsewhere"];
    refused(&other, "target");
    let done = apply(&["--first-upload"]).expect(0);
    assert_eq!(done.finished()["run"], planned.finished()["run"]);
    let created: u64 =
        plan["preview"]["changes"].as_object().unwrap().values().map(|c| c["create"].as_u64().unwrap()).sum();
    let job = &done.finished()["job"];
    let sum = job["numEntitiesCreated"].as_u64().unwrap() + job["numRelationshipsCreated"].as_u64().unwrap();
    assert_eq!(sum, created);
    // Once done, it is not as planned any more.
    refused(&[], "what the target is believed to hold");

    // A newer run is not the plan's, unless it is named.
    run(&["preview", "--out", &file]).expect(0);
    served.advance();
    run(&["collect"]).expect(0);
    refused(&[], "run");
    let first = planned.finished()["run"].to_string();
    apply(&["--run", &first]).expect(0);
    // And back again: what was undone is done once more.
    run(&["preview", "--out", &file]).expect(0);
    apply(&[]).expect(0);
    run(&["preview", "--detailed-exitcode"]).expect(0);

    // What is no plan is none, and is not written over.
    std::fs::write(&file, "{}").unwrap();
    let none = apply(&[]).expect(2);
    assert!(none.stderr.contains("no plan of tenantry"), "{}", none.stderr);
    run(&["preview", "--out", &file]).expect(2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{}");
    let page = run(&["preview", "--markdown"]).expect(0);
    assert!(page.stdout.contains("| `active_directory_user` | 0 | 0 | 0 |"), "{}", page.stdout);
}

/// What JupiterOne holds now, as the command tells it: in figures, object by object, as a page; and what it refuses.
#[test]
fn against_what_jupiterone_holds() {
    let home = Home::new();
    let size: Vec<&str> = SIZE.into_iter().chain(["--scenario", "user-key"]).collect();
    let served = Served::start(&home, &size);
    let run = |args: &[&str]| served.run(&home, args);
    run(&["collect"]).expect(0);
    run(&["upload", "--yes", "--first-upload"]).expect(0);
    let same = run(&["preview", "--against", "live", "--json", "--detailed-exitcode"]).expect(0);
    assert_eq!(same.finished()["baseline"]["live"]["apart"], 0, "{}", same.stdout);
    assert!(same.json.iter().any(|line| line["event"] == "live"), "it tells how far it is");
    served.advance();
    run(&["collect"]).expect(0);
    let believed = run(&["preview", "--json"]).expect(0);
    let live = run(&["preview", "--against", "live", "--json", "--detailed-exitcode"]).expect(5);
    assert_eq!(live.finished()["changes"], believed.finished()["changes"]);
    assert!(live.finished()["baseline"]["live"]["requests"].as_u64() > Some(4), "{}", live.stdout);
    let objects = |args: &[&str]| {
        let done = run(args).expect(0);
        let mut rows: Vec<Value> = done.json.into_iter().filter(|line| line["event"] == "planned").collect();
        // What was null when it was sent is nothing there.
        rows.iter_mut().for_each(|row| row["fields"] = Value::Null);
        rows
    };
    let told = objects(&["preview", "--objects", "--json", "--against", "live"]);
    assert!(!told.is_empty());
    assert_eq!(told, objects(&["preview", "--objects", "--json"]));
    let page = run(&["preview", "--against", "live", "--markdown"]).expect(0);
    assert!(page.stdout.contains("- Compared: against what JupiterOne holds now, read at "), "{}", page.stdout);
    let words = run(&["preview", "--against", "live"]).expect(0);
    assert!(words.stderr.contains("it is what it was believed to hold"), "{}", words.stderr);
    assert!(words.stderr.contains("nothing has been sent"), "{}", words.stderr);
    let logs = run(&["requests", "--json"]).expect(0);
    assert!(logs.stdout.contains("/graphql"), "its requests are kept: {}", logs.stdout);
    for asked in served.door("graph_url", "GET", "/_demo/requests")["requests"].as_array().unwrap() {
        assert_eq!(asked["violation"], Value::Null, "{asked}");
    }

    // A plan is of what is believed.
    let file = home.path("plan.json").display().to_string();
    for against in ["live", "1"] {
        let refused = run(&["preview", "--json", "--against", against, "--out", &file]).expect(2);
        assert_eq!(refused.finished()["error"]["code"], "plan_baseline");
    }
    let odd = run(&["preview", "--against", "alive"]).expect(2);
    assert!(odd.stderr.contains("or \"live\""), "{}", odd.stderr);
}

/// An Integration API key may not read: that is said as what it is, with the next step, and nothing else changes.
#[test]
fn a_key_that_may_not_read_cannot_check() {
    let home = Home::new();
    let served = Served::start(&home, &SIZE);
    let run = |args: &[&str]| served.run(&home, args);
    run(&["collect"]).expect(0);
    let done = run(&["preview", "--against", "live", "--json"]).expect(2);
    let error = &done.finished()["error"];
    assert_eq!(error["code"], "cannot_read_graph", "{error}");
    assert!(error["summary"].as_str().unwrap().contains("cannot be checked"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("may only upload"), "{error}");
    run(&["preview"]).expect(0);
}

/// Object by object, and against another run, the figures are the preview's own; and nobody is asked anything.
#[test]
fn an_upload_object_by_object() {
    let home = Home::new();
    let served = Served::start(&home, &SIZE);
    let run = |args: &[&str]| served.run(&home, args);
    let first = run(&["collect", "--json"]).expect(0).finished()["run"].clone();
    run(&["upload", "--yes", "--first-upload"]).expect(0);
    served.advance();
    run(&["collect"]).expect(0);
    let before = served.door("graph_url", "GET", "/_demo/requests")["requests"].as_array().unwrap().len();
    let done = run(&["preview", "--objects", "--json"]).expect(0);
    let rows: Vec<&Value> = done.json.iter().filter(|line| line["event"] == "planned").collect();
    let changes = done.finished()["changes"].as_object().unwrap();
    for (name, figures) in changes {
        for deed in ["create", "change", "delete"] {
            let many = rows.iter().filter(|row| row["type"] == *name && row["deed"] == deed).count();
            assert_eq!(figures[deed].as_u64(), Some(many as u64), "{deed} of {name}");
        }
    }
    let changed = rows.iter().find(|row| row["deed"] == "change" && row["from"].is_null()).expect("somebody changed");
    let fields = changed["fields"].as_array().expect("what was sent before is kept");
    assert!(!fields.is_empty() && fields.iter().all(|f| f["before"] != f["now"]), "{changed}");

    let users = "active_directory_user";
    let gone = run(&["preview", "--objects", "--type", users, "--filter", "will:delete", "--sort=-name"]).expect(0);
    let lines: Vec<&str> = gone.stdout.lines().collect();
    assert_eq!(Some(lines.len() as u64), changes[users]["delete"].as_u64(), "{}", gone.stdout);
    assert!(lines.iter().all(|line| line.starts_with("- active_directory_user  ")), "{}", gone.stdout);

    // The target holds what the first run sent: held against that run, the figures are the same.
    let against = run(&["preview", "--json", "--against", &first.to_string()]).expect(0);
    assert_eq!(against.finished()["baseline"]["run"]["run"], first);
    assert_eq!(against.finished()["changes"], done.finished()["changes"]);
    run(&["preview", "--against", "77"]).expect(2);
    let after = served.door("graph_url", "GET", "/_demo/requests")["requests"].as_array().unwrap().len();
    assert_eq!(before, after, "a preview asks nobody");
}
