//! Bad input and bad days, with the real binary: each ends with its own exit status, in words, and with nothing lost.

use serde_json::{Value, json};

use crate::program::{Done, Home, Served};

const SMALL: [&str; 6] = ["--users", "60", "--groups", "20", "--seed", "3"];

fn serve(home: &Home, scenario: &str) -> Served {
    let mut args = SMALL.to_vec();
    args.extend(["--scenario", scenario]);
    Served::start(home, &args)
}

/// A refused collection is a gap, not an empty list: exit 3, and everything after says what is missing.
#[test]
fn a_refused_collection_is_not_an_empty_one() {
    for (scenario, collection) in [("forbidden-users", "users"), ("forbidden-groups", "groups")] {
        let home = Home::new();
        let served = serve(&home, scenario);
        let collect = served.run(&home, &["collect", "--json"]).expect(3);
        let last = collect.finished();
        assert_eq!(last["status"], "partial");
        let gap = find(&last["incomplete"], collection);
        assert_eq!(gap["scope"], "collection", "{gap}");
        assert_eq!(gap["state"], "forbidden", "{gap}");
        assert_eq!(gap["code"], "Authorization_RequestDenied", "{gap}");
        assert_eq!(gap["accepted"], false, "{gap}");
        assert!(gap["request_id"].is_string(), "{gap}");

        let preview = served.run(&home, &["preview", "--json"]).expect(3);
        find(&preview.finished()["incomplete"], collection);
        let partial = preview.finished()["partial_types"].to_string();
        assert!(
            partial
                .contains(&format!("active_directory_{}", if collection == "users" { "user" } else { "user_group" }))
        );
        let words = served.run(&home, &["preview"]).expect(3);
        assert!(words.stderr.contains(collection) && words.stderr.contains("forbidden"), "{}", words.stderr);
        assert_eq!(words.stdout, "");
    }
}

fn find<'a>(gaps: &'a Value, id: &str) -> &'a Value {
    gaps.as_array().unwrap().iter().find(|g| g["id"] == id).unwrap_or_else(|| panic!("{id} in {gaps}"))
}

/// Without the organization there is no account, and nothing is ever finalised without it.
#[test]
fn no_account_no_upload() {
    let home = Home::new();
    let served = serve(&home, "forbidden-organization");
    served.run(&home, &["collect", "--json"]).expect(3);
    let upload = served.run(&home, &["upload", "--json", "--yes", "--first-upload"]).expect(4);
    assert_eq!(upload.finished()["error"]["code"], "incomplete_run");
}

/// What the service does in the middle of a run changes nothing about what is read.
#[test]
fn storms_change_nothing_about_the_result() {
    let home = Home::new();
    let served = serve(&home, "default");
    let calm = served.run(&home, &["collect", "--json"]).expect(0).finished()["counts"].clone();
    for scenario in ["flaky", "short-token", "empty-pages", "duplicates", "lost-count", "opaque-token", "expired-page"]
    {
        let home = Home::new();
        let served = serve(&home, scenario);
        let done = served.run(&home, &["collect", "--json"]).expect(0);
        assert_eq!(done.finished()["counts"], calm, "{scenario}");
    }
}

/// A nextLink to another host is refused before anything is sent there.
#[test]
fn a_next_link_to_another_host_is_a_gap() {
    let home = Home::new();
    let served = Served::start(&home, &["--users", "2500", "--groups", "20", "--scenario", "evil-nextlink"]);
    let collect = served.run(&home, &["collect", "--json"]).expect(3);
    let gaps = collect.finished()["incomplete"].as_array().unwrap();
    assert!(gaps.iter().any(|g| g["state"] == "partial"), "{gaps:?}");
    assert_eq!(served.door("graph_url", "GET", "/_demo/requests")["violations"], json!([]));
}

#[test]
fn what_is_not_complete_is_a_usage_error() {
    let home = Home::new();
    let check = |args: &[&str], env: &[(&str, &str)], code: i32, words: &[&str]| {
        let mut command = home.tenantry();
        command.args(args).envs(env.iter().copied());
        let done = Done::of(&command.output().unwrap()).expect(code);
        for word in words {
            assert!(done.stderr.contains(word), "{args:?}: {}", done.stderr);
        }
    };
    let id = "84841066-274d-4ec0-a5c1-276be684bdd3";
    check(&["collect"], &[], 2, &["tenant", "--tenant-id"]);
    check(&["collect", "--tenant-id", "contoso"], &[], 2, &["contoso"]);
    check(&["collect", "--tenant-id", id], &[], 2, &["client ID"]);
    check(&["upload", "--yes", "--tenant-id", id], &[], 2, &["JupiterOne"]);
    check(&["collect", "--graph-url", "http://graph.example"], &[], 2, &["https"]);
    check(&["collect", "--graph-url", "https://graph.example/v1.0"], &[], 2, &["origin"]);
    check(&["collect", "--profile", "nope"], &[], 2, &["nope"]);
    check(&["nonsense"], &[], 2, &["nonsense"]);
    check(&["demo", "--scenario", "nope", "--serve", "127.0.0.1:0"], &[], 2, &["nope", "default"]);
    check(&["demo", "--serve", "192.0.2.1:0"], &[], 2, &["loopback"]);
    check(&[], &[], 2, &["terminal"]);
    // A secret that is a Secret ID is stopped before it is sent: nobody listens there.
    let nowhere = "http://127.0.0.1:9";
    for command in ["doctor", "collect"] {
        check(
            &[command, "--tenant-id", id, "--client-id", id, "--login-url", nowhere, "--graph-url", nowhere],
            &[("AZURE_CLIENT_SECRET", id)],
            1,
            &["Secret ID", "Value"],
        );
    }
}

#[test]
fn a_store_of_another_tenant_or_no_store_at_all_is_left_alone() {
    let home = Home::new();
    let served = serve(&home, "default");
    let store = home.path("one.db");
    let arg = format!("--store={}", store.display());
    served.run(&home, &["collect", &arg]).expect(0);
    let before = std::fs::read(&store).unwrap();

    let other = Served::start(&home, &["--users", "10", "--groups", "5", "--seed", "4"]);
    let done = other.run(&home, &["collect", "--json", &arg]).expect(1);
    assert!(
        done.stderr.contains(served.text("tenant_id")) && done.stderr.contains(other.text("tenant_id")),
        "{}",
        done.stderr
    );
    assert_eq!(std::fs::read(&store).unwrap(), before);

    let text = home.path("notes.txt");
    std::fs::write(&text, "not a store, and long enough to be looked at as one: ".repeat(40)).unwrap();
    let before = std::fs::read(&text).unwrap();
    served.run(&home, &["collect", &format!("--store={}", text.display())]).expect(1);
    assert_eq!(std::fs::read(&text).unwrap(), before);
}

#[test]
fn files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let served = serve(&home, "default");
    served.run(&home, &["collect"]).expect(0);
    let mut seen = 0;
    let mut folders = vec![home.dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            let of_ours = entry.path().components().any(|c| c.as_os_str() == "tenantry");
            if entry.path().is_dir() {
                assert!(!of_ours || mode == 0o700, "{}: {mode:o}", entry.path().display());
                folders.push(entry.path());
            } else if of_ours {
                assert_eq!(mode, 0o600, "{}", entry.path().display());
                seen += 1;
            }
        }
    }
    assert!(seen >= 2, "the store and the log at least");
}

/// The secret and the key are in no file, and in no output.
#[test]
fn no_secret_is_left_anywhere() {
    let home = Home::new();
    let served = serve(&home, "default");
    let mut all = String::new();
    for args in [
        &["doctor", "--json"][..],
        &["doctor"],
        &["collect", "--json"],
        &["upload", "--yes", "--first-upload", "--json"],
        &["info"],
    ] {
        let done = served.tenantry(&home).args(args).env("TENANTRY_LOG", "trace").output().unwrap();
        let done = Done::of(&done);
        all.push_str(&done.stdout);
        all.push_str(&done.stderr);
    }
    let mut folders = vec![home.dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
            }
        }
    }
    for name in ["client_secret", "jupiterone_api_key"] {
        let secret = served.text(name);
        assert!(secret.len() > 20);
        // No five characters in a row would be too many by chance in so much text; a third of it is none.
        let part = &secret[4..4 + secret.len() / 3];
        assert!(!all.contains(part), "{name} was found");
    }
    assert!(!all.contains("eyJ"), "a token was found");
}

#[test]
fn the_demo_walks_the_whole_journey_without_a_terminal() {
    let home = Home::new();
    let output = home.tenantry().args(["demo"]).args(SMALL).env("AZURE_TENANT_ID", "nonsense").output().unwrap();
    let done = Done::of(&output).expect(0);
    for word in ["1 of 5", "2 of 5", "3 of 5", "4 of 5", "5 of 5", "FINISHED", "A day passes"] {
        assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
    }
    let left: Vec<_> = std::fs::read_dir(home.dir.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
