//! What is exported, read by JupiterOne's own command line from npm: `sync`, `visualize`, `neo4j push` and `diff`, as they are.
//!
//! `TENANTRY_J1_SDK` names the folder that they are installed in; `.ci/run` installs them, pinned.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    left_out,
    program::{Done, Home, Served, by, ndjson},
};

/// More than one file of a type, and more than one batch.
const SIZE: [&str; 6] = ["--users", "1300", "--groups", "120", "--seed", "7"];

/// The installed packages; `None`, and noted, where there are none.
fn packages(test: &str) -> Option<PathBuf> {
    match std::env::var_os("TENANTRY_J1_SDK") {
        Some(folder) => Some(PathBuf::from(folder)),
        None => {
            left_out::left_out(test, "TENANTRY_J1_SDK names no folder with JupiterOne's own packages");
            None
        }
    }
}

/// The official command line, in a home of its own.
fn official(packages: &Path, home: &Home) -> Command {
    let mut command = Command::new("node");
    command.env_clear().current_dir(home.dir.path()).stdin(Stdio::null());
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path))).env("HOME", home.dir.path());
    let recorder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/neo4j_recorder.js");
    command.arg("--require").arg(recorder);
    command.arg(packages.join("node_modules/@jupiterone/integration-sdk-cli/bin/j1-integration"));
    command
}

fn sync(packages: &Path, served: &Served, home: &Home, to: &[&str]) -> Done {
    let mut command = official(packages, home);
    command.env("JUPITERONE_API_KEY", served.text("jupiterone_api_key"));
    command.env("JUPITERONE_ACCOUNT", served.text("jupiterone_account"));
    command.args(["sync", "--api-base-url", served.text("jupiterone_url"), "-p"]).arg(home.path("out")).args(to);
    Done::of(&command.output().unwrap())
}

fn export(served: &Served, home: &Home, format: &str) -> PathBuf {
    let out = home.path("out");
    let done = served.tenantry(home).args(["export", "--json", "--format", format, "--out"]).arg(&out).output();
    Done::of(&done.unwrap()).expect(0);
    out
}

/// What a target holds, by key.
fn held(served: &Served, target: &str) -> BTreeMap<String, Value> {
    let text = served.door_text("jupiterone_url", "GET", &format!("/_demo/graph?target={target}"), b"");
    by(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), "_key")
}

#[test]
fn the_official_commands_take_the_folder_as_it_is_or_left_out() {
    const NAME: &str = "the_official_commands_take_the_folder_as_it_is_or_left_out";
    let Some(packages) = packages(NAME) else { return };
    let home = Home::new();
    let served = Served::start(&home, &SIZE);
    served.run(&home, &["collect", "--json"]).expect(0);

    // What arrives by `sync` is what our own upload sends, object by object.
    let out = export(&served, &home, "j1-integration");
    let instance = served.text("jupiterone_instance").to_owned();
    served.run(&home, &["upload", "--yes", "--first-upload"]).expect(0);
    sync(&packages, &served, &home, &["--source", "api", "--scope", "official"]).expect(0);
    let (ours, theirs) = (held(&served, &instance), held(&served, "official"));
    assert!(ours.len() > 4_000, "a tenant worth the test: {}", ours.len());
    assert_eq!(ours.len(), theirs.len());
    assert!(ours == theirs, "the first that differs: {:?}", ours.iter().find(|(k, v)| theirs.get(*k) != Some(v)));

    // And to the instance itself: nothing is new there, changed or deleted.
    sync(&packages, &served, &home, &["--source", "integration-external", "-i", &instance]).expect(0);
    assert!(held(&served, &instance) == ours);
    served.run(&home, &["preview", "--json", "--detailed-exitcode"]).expect(0);

    // A day later the folder is replaced, and so is what it makes of the target.
    served.advance();
    served.run(&home, &["collect", "--json"]).expect(0);
    export(&served, &home, "j1-integration");
    served.run(&home, &["upload", "--yes"]).expect(0);
    sync(&packages, &served, &home, &["--source", "api", "--scope", "official"]).expect(0);
    let (ours, theirs) = (held(&served, &instance), held(&served, "official"));
    assert!(ours == theirs);

    neo4j(&packages, &home, &out, &ours);
    visualize(&packages, &home, &out, &ours);
    // `visualize` leaves its page in the folder; the next export makes it right again for `neo4j push`.
    export(&served, &home, "j1-integration");
    assert!(!out.join(".j1-integration/index.html").exists());
    left_out::ran(NAME);
}

fn is_relationship(object: &Value) -> bool {
    object["_class"] == "HAS"
}

/// Every entity is a node, every relationship joins the nodes of its ends.
fn neo4j(packages: &Path, home: &Home, out: &Path, held: &BTreeMap<String, Value>) {
    let record = home.path("neo4j.ndjson");
    let mut command = official(packages, home);
    for (name, value) in [("NEO4J_URI", "bolt://127.0.0.1:1"), ("NEO4J_USER", "neo4j"), ("NEO4J_PASSWORD", "pw")] {
        command.env(name, value);
    }
    command.env("TENANTRY_RECORD", &record).args(["neo4j", "push", "-d"]).arg(out.join(".j1-integration"));
    Done::of(&command.output().unwrap()).expect(0);

    let (mut nodes, mut ends, mut indexes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for line in ndjson(&record) {
        let (command, given) = (line["command"].as_str().unwrap(), &line["parameters"]);
        let text = |name: &str| given[name].as_str().unwrap().to_owned();
        if command.starts_with("CREATE INDEX") {
            assert!(indexes.insert(command.to_owned()), "{command}");
        } else if command.contains("entityNode") {
            let labels = command.split("SET entityNode:").nth(1).unwrap();
            let entity = &held[&text("finalKeyValue")];
            let class = entity["_class"][0].as_str().unwrap();
            assert_eq!(labels.trim(), format!("{}:{class};", entity["_type"].as_str().unwrap()));
            assert!(nodes.insert(text("finalKeyValue")), "each node once: {given}");
        } else {
            assert!(command.contains("[relationship:HAS]"), "{command}");
            assert!(ends.insert((text("startEntityKey"), text("endEntityKey"))), "each edge once: {given}");
        }
    }
    let (edges, entities): (Vec<_>, Vec<_>) = held.values().partition(|o| is_relationship(o));
    let key = |object: &Value, name: &str| object[name].as_str().unwrap().to_owned();
    assert_eq!(nodes, entities.iter().map(|e| key(e, "_key")).collect());
    assert_eq!(ends, edges.iter().map(|e| (key(e, "_fromEntityKey"), key(e, "_toEntityKey"))).collect());
    assert_eq!(indexes.len(), 4);
}

/// Every entity and every relationship is in the picture.
fn visualize(packages: &Path, home: &Home, out: &Path, held: &BTreeMap<String, Value>) {
    let page = out.join(".j1-integration/index.html");
    let mut command = official(packages, home);
    command.arg("visualize").arg("-d").arg(out.join(".j1-integration/graph")).arg("-o").arg(&page);
    Done::of(&command.output().unwrap()).expect(0);
    let html = std::fs::read_to_string(&page).unwrap();
    let data = |name: &str| -> Vec<Value> {
        let (_, rest) = html.split_once(&format!("var {name} = new vis.DataSet(")).unwrap();
        let mut all = serde_json::Deserializer::from_str(rest).into_iter::<Vec<Value>>();
        all.next().unwrap().unwrap()
    };
    let (edges, entities): (Vec<_>, Vec<_>) = held.values().partition(|o| is_relationship(o));
    let nodes = by(data("nodes"), "id");
    assert_eq!(
        nodes.keys().collect::<Vec<_>>(),
        entities.iter().map(|e| e["_key"].as_str().unwrap()).collect::<Vec<_>>()
    );
    for entity in entities {
        assert_eq!(nodes[entity["_key"].as_str().unwrap()]["group"], entity["_type"]);
    }
    let pair = |edge: &Value, from: &str, to: &str| (edge[from].to_string(), edge[to].to_string());
    let drawn: BTreeSet<_> = data("edges").iter().map(|e| pair(e, "from", "to")).collect();
    assert_eq!(drawn, edges.iter().map(|e| pair(e, "_fromEntityKey", "_toEntityKey")).collect());
}

/// What could not be read is exempt from deletion by `sync` as it is by our own upload.
#[test]
fn sync_spares_what_was_not_read_or_left_out() {
    const NAME: &str = "sync_spares_what_was_not_read_or_left_out";
    let Some(packages) = packages(NAME) else { return };
    let home = Home::new();
    let poor = Served::start(&home, &["--scenario", "forbidden-users", "--users", "150", "--groups", "30"]);
    poor.run(&home, &["collect", "--json"]).expect(3);
    let out = home.path("out");
    let done =
        poor.tenantry(&home).args(["export", "--json", "--format", "j1-integration", "--out"]).arg(&out).output();
    Done::of(&done.unwrap()).expect(3);
    let text = std::fs::read_to_string(out.join(".j1-integration/summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&text).unwrap();
    let partial = summary["metadata"]["partialDatasets"]["types"].as_array().unwrap();
    for spared in [
        "active_directory_account_has_user",
        "active_directory_user",
        "active_directory_user_group_has_user",
        // Another integration's, should the target be its.
        "intune_host_agent",
    ] {
        assert!(partial.contains(&json!(spared)), "{spared}: {partial:?}");
    }
    assert!(!partial.contains(&json!("active_directory_user_group")));

    // Somebody else's users are in the target already: they stay.
    let user = json!({ "entities": [{ "_key": "somebody-else", "_type": "active_directory_user", "_class": ["User"] },
                                    { "_key": "some-group-of-old", "_type": "active_directory_user_group", "_class": ["UserGroup"] }] });
    let before = home.path("before/.j1-integration/graph/step/entities");
    std::fs::create_dir_all(&before).unwrap();
    std::fs::write(before.join("1.json"), user.to_string()).unwrap();
    let empty = json!({ "metadata": { "partialDatasets": { "types": [] } } });
    std::fs::write(home.path("before/.j1-integration/summary.json"), empty.to_string()).unwrap();
    std::fs::rename(home.path("out"), home.path("later")).unwrap();
    std::fs::rename(home.path("before"), home.path("out")).unwrap();
    let to = ["--source", "api", "--scope", "official"];
    sync(&packages, &poor, &home, &to).expect(0);
    assert_eq!(held(&poor, "official").len(), 2);
    std::fs::remove_dir_all(home.path("out")).unwrap();
    std::fs::rename(home.path("later"), home.path("out")).unwrap();
    sync(&packages, &poor, &home, &to).expect(0);
    let after = held(&poor, "official");
    assert!(after.contains_key("somebody-else") && !after.contains_key("some-group-of-old"));
    assert!(after.len() > 30);
    left_out::ran(NAME);
}

/// What `diff` prints of one of its two parts: by key its sign, and of what changed the names of the fields.
fn differences(text: &str) -> BTreeMap<String, (char, BTreeSet<String>)> {
    let mut all: BTreeMap<String, (char, BTreeSet<String>)> = BTreeMap::new();
    let mut last = String::new();
    for line in text.lines().filter(|line| line.len() > 3) {
        let (sign, rest) = (line.chars().next().unwrap(), &line[1..]);
        let indent = rest.len() - rest.trim_start().len();
        let Some((name, _)) = rest.trim_start().split_once(": ") else { continue };
        match indent {
            2 => {
                last = name.to_owned();
                all.insert(last.clone(), (sign, BTreeSet::new()));
            }
            4 | 6 if name != "properties" && all[&last].0 == ' ' => {
                all.get_mut(&last).unwrap().1.insert(name.to_owned());
            }
            _ => {}
        }
    }
    all
}

/// The colours of a terminal.
fn without_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once('m').map_or(part, |(_, rest)| rest))
}

#[test]
fn the_official_diff_tells_what_ours_tells_or_left_out() {
    const NAME: &str = "the_official_diff_tells_what_ours_tells_or_left_out";
    let Some(packages) = packages(NAME) else { return };
    let home = Home::new();
    let served = Served::start(&home, &["--users", "300", "--groups", "40", "--seed", "7"]);
    for _ in 0..2 {
        served.run(&home, &["collect", "--json"]).expect(0);
        served.advance();
    }
    served.run(&home, &["collect", "--json"]).expect(0);
    let pair = home.path("pair");
    let export = |more: &[&str]| {
        let mut command = served.tenantry(&home);
        Done::of(&command.args(["export", "--json", "--out"]).arg(&pair).args(more).output().unwrap())
    };
    export(&["--format", "csv", "--against", "1"]).expect(2);
    export(&["--format", "tree", "--against", "9"]).expect(2);
    export(&["--format", "tree", "--against", "1", "--run", "3"]).expect(0);
    // A run that is written alone is the same.
    let alone = home.path("run-1.json");
    let done = served.tenantry(&home).args(["export", "--format", "tree", "--run", "1", "--out"]).arg(&alone).output();
    Done::of(&done.unwrap()).expect(0);
    assert!(std::fs::read(&alone).unwrap() == std::fs::read(pair.join("old.json")).unwrap());

    let mut command = official(&packages, &home);
    let done = Done::of(&command.arg("diff").arg(&alone).arg(pair.join("new.json")).output().unwrap()).expect(0);
    let text = without_colours(&done.stdout);
    let (entities, edges) = text.split_once("--- RELATIONSHIP DIFF ---").unwrap();
    let theirs: BTreeMap<_, _> = differences(entities).into_iter().chain(differences(edges)).collect();

    // `tenantry diff`: which came, changed and went. What the account has comes and goes with the objects.
    let of = |args: &[&str]| served.run(&home, args).expect(0).json;
    let key = |from: Option<&str>, id: &str| from.map_or(id.to_owned(), |from| format!("{from}|has|{id}"));
    let ours: BTreeMap<_, _> = of(&["diff", "1", "3", "--json"])
        .iter()
        .filter(|line| line["event"] != "finished")
        .map(|line| {
            let sign = match line["change"].as_str().unwrap() {
                "came" => '+',
                "changed" => ' ',
                _ => '-',
            };
            (key(line["from_id"].as_str(), line["id"].as_str().unwrap()), sign)
        })
        .collect();
    let signs = theirs.iter().filter(|(key, _)| !key.starts_with("active_directory_account:"));
    assert_eq!(signs.map(|(key, (sign, _))| (key.clone(), *sign)).collect::<BTreeMap<_, _>>(), ours);
    assert!(['+', '-', ' '].iter().all(|sign| ours.values().any(|s| s == sign)), "a pair worth the test");

    // `tenantry preview`: the account's too, and what changed field by field, as JupiterOne names it.
    let planned = of(&["preview", "--run", "3", "--against", "1", "--objects", "--json"]);
    let account = theirs.keys().find_map(|key| key.split_once("|has|").filter(|(from, _)| from.contains(':')));
    let account = account.unwrap().0;
    let mut counts = BTreeMap::new();
    for line in planned.iter().filter(|line| line["event"] == "planned") {
        let deed = line["deed"].as_str().unwrap();
        let from = line["from"]["id"].as_str().map(|id| if account.ends_with(id) { account } else { id });
        let (sign, fields) = &theirs[&key(from, line["end"]["id"].as_str().unwrap())];
        let want = match deed {
            "create" => '+',
            "delete" => '-',
            _ => ' ',
        };
        assert_eq!(*sign, want, "{line}");
        if deed == "change" {
            let named = line["fields"].as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap().to_owned());
            assert_eq!(*fields, named.collect(), "{line}");
        }
        *counts.entry(deed.to_owned()).or_insert(0) += 1;
    }
    assert_eq!(counts.values().sum::<usize>(), theirs.len(), "each once: {counts:?}");
    left_out::ran(NAME);
}
