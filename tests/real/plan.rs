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
