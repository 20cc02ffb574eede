use std::{collections::BTreeMap, fs};

use serde_json::json;

use super::*;

mod one_file;

/// Objects at hand; reading the relationships may fail in the middle.
#[derive(Default)]
struct Fake {
    entities: Vec<Value>,
    relationships: Vec<Value>,
    broken: bool,
}

impl Source for Fake {
    type Error = String;

    fn entities(&self, sink: Sink<'_>) -> Result<(), String> {
        give(&self.entities, sink);
        Ok(())
    }

    fn relationships(&self, sink: Sink<'_>) -> Result<(), String> {
        give(&self.relationships, sink);
        if self.broken { Err("the store is damaged".to_owned()) } else { Ok(()) }
    }
}

fn give(all: &[Value], sink: Sink<'_>) {
    let _ = all.iter().try_for_each(|object| sink(object.as_object().unwrap().clone()));
}

const HOSTILE: &str = "line\nbreak, \u{202e} and \u{1f600}";

fn user(key: &str, name: &str) -> Value {
    json!({ "_key": key, "_type": "user", "_class": ["User"], "displayName": name, "createdOn": 1_590_774_682_000_u64,
            "email": [format!("{key}@contoso.com")], "isActive": true, "jobTitle": null })
}

fn has(group: &str, user: &str) -> Value {
    json!({ "_key": format!("{group}|has|{user}"), "_type": "group_has_user", "_class": "HAS", "displayName": "HAS",
            "_fromEntityKey": group, "_toEntityKey": user })
}

fn mapped(group: &str, user: &str) -> Value {
    json!({ "_key": format!("{group}|has|{user}"), "_type": "group_has_user", "_class": "HAS", "displayName": "HAS",
            "_mapping": { "sourceEntityKey": group, "targetEntity": { "_key": user, "_type": "user" } } })
}

fn fake(keys: &[&str]) -> Fake {
    let mut entities =
        vec![json!({ "_key": "g1", "_type": "group", "_class": ["UserGroup"], "displayName": "=Sales" })];
    entities.extend(keys.iter().map(|key| user(key, HOSTILE)));
    Fake { entities, relationships: keys.iter().map(|key| has("g1", key)).collect(), broken: false }
}

/// Every file under a folder, by its path there.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap().replace('\\', "/");
                all.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    all
}

fn names(dir: &Path) -> Vec<String> {
    files(dir).into_keys().collect()
}

#[test]
fn one_object_a_line_as_an_upload_sends_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("out").join("here");
    let source = fake(&["u1", "u2"]);
    let report = ndjson::write(&dir, &source).unwrap();
    let text = |all: &[Value]| all.iter().map(|o| o.to_string() + "\n").collect::<String>();
    let found = files(&dir);
    assert_eq!(found[ndjson::ENTITIES], text(&source.entities));
    assert_eq!(found[ndjson::RELATIONSHIPS], text(&source.relationships));
    assert_eq!((report.entities, report.relationships), (3, 2));
    assert_eq!(report.bytes as usize, found.values().map(String::len).sum::<usize>());
    assert_eq!(report.files, [dir.join(ndjson::ENTITIES), dir.join(ndjson::RELATIONSHIPS)]);
    is_private(&dir, &report.files);
}

#[cfg_attr(not(unix), expect(unused_variables))]
fn is_private(dir: &Path, files: &[PathBuf]) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(dir), 0o700);
        assert!(files.iter().all(|file| mode(file) == 0o600));
    }
}

#[test]
fn what_was_there_is_replaced_whole_or_not_at_all() {
    let broken = |keys: &[&str]| Fake { broken: true, ..fake(keys) };
    type Write = fn(&Path, &Fake) -> Result<ExportReport, ExportError<String>>;
    let all: [Write; 3] = [
        |dir, source| ndjson::write(dir, source),
        |dir, source| csv::write(dir, &["group", "user", "group_has_user"], source),
        |dir, source| integration::write(dir, &plan_of(source), source),
    ];
    for write in all {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        fs::write(dir.join("notes.txt"), "mine").unwrap();
        write(dir, &fake(&["u1"])).unwrap();
        let before = files(dir);
        let error = write(dir, &broken(&["u1", "u2"])).unwrap_err();
        assert!(matches!(&error, ExportError::Source(words) if words == "the store is damaged"));
        assert_eq!(error.problem(|words| Problem::new(words.clone())).summary, "the store is damaged");
        assert_eq!(files(dir), before, "and nothing else is left there");
        write(dir, &fake(&["u1", "u2"])).unwrap();
        let after = files(dir);
        assert_eq!((&after["notes.txt"], after.keys().eq(before.keys())), (&"mine".to_owned(), true));
        assert!(after.values().any(|text| text.contains("u2")));
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("file");
    fs::write(&dir, "in the way").unwrap();
    let error = ndjson::write(&dir, &fake(&["u1"])).unwrap_err();
    let problem = error.problem(|_| unreachable!());
    assert!(problem.summary.contains("file could not be written"), "{problem}");
    assert!(problem.hint.is_some() && problem.message.is_some());
    // A folder where a file should be: no half of an export stays.
    let dir = folder.path().join("dir");
    fs::create_dir_all(dir.join(ndjson::RELATIONSHIPS)).unwrap();
    ndjson::write(&dir, &fake(&["u1"])).unwrap_err();
    assert!(names(&dir).iter().all(|name| !name.contains("part")));
}

#[test]
fn tables_open_in_a_spreadsheet_and_run_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = fake(&["u1"]);
    source.entities.push(user("u2", "=HYPERLINK(\"http://x\")"));
    source.entities.push(user("u3", "Ada; \"Byron\""));
    source.relationships.push(mapped("g1", "u9"));
    let report = csv::write(folder.path(), &[], &source).unwrap();
    assert_eq!((report.entities, report.relationships, report.files.len()), (4, 2, 3));
    let found = files(folder.path());
    assert_eq!(report.bytes as usize, found.values().map(String::len).sum::<usize>());
    assert_eq!(
        found["user.csv"],
        "\u{feff}_key,_type,_class,displayName,createdOn,email,isActive,jobTitle\n\
         u1,user,User,\"line␊break, ‹U+202E› and 😀\",2020-05-29T17:51:22Z,u1@contoso.com,true,\n\
         u2,user,User,\"'=HYPERLINK(\"\"http://x\"\")\",2020-05-29T17:51:22Z,u2@contoso.com,true,\n\
         u3,user,User,\"Ada; \"\"Byron\"\"\",2020-05-29T17:51:22Z,u3@contoso.com,true,\n"
    );
    assert_eq!(found["group.csv"], "\u{feff}_key,_type,_class,displayName\ng1,group,UserGroup,'=Sales\n");
    assert_eq!(
        found["group_has_user.csv"],
        "\u{feff}_key,_type,_class,displayName,from,to,_fromEntityKey,_toEntityKey,mapped\n\
         g1|has|u1,group_has_user,HAS,HAS,'=Sales,\"line␊break, ‹U+202E› and 😀\",g1,u1,false\n\
         g1|has|u9,group_has_user,HAS,HAS,'=Sales,,g1,u9,true\n"
    );
}

#[test]
fn a_table_goes_on_in_another_file_where_a_sheet_ends() {
    let folder = tempfile::tempdir().unwrap();
    let types = ["user", "group", "group_has_user"];
    let check = |keys: &[&str], want: &[&str]| {
        csv::write_within(folder.path(), &types, &fake(keys), 2).unwrap();
        assert_eq!(names(folder.path()), want, "{keys:?}");
        let rows: usize = files(folder.path())
            .iter()
            .filter(|(n, _)| n.starts_with("user"))
            .map(|(_, t)| t.lines().count() - 1)
            .sum();
        assert_eq!(rows, keys.len());
    };
    check(
        &["a", "b", "c", "d", "e"],
        &[
            "group.csv",
            "group_has_user-2.csv",
            "group_has_user-3.csv",
            "group_has_user.csv",
            "user-2.csv",
            "user-3.csv",
            "user.csv",
        ],
    );
    // What is fewer now leaves no part of what was.
    check(&["a", "b", "c"], &["group.csv", "group_has_user-2.csv", "group_has_user.csv", "user-2.csv", "user.csv"]);
    check(&[], &["group.csv"]);
    fs::write(folder.path().join("user-list.csv"), "mine\n").unwrap();
    fs::write(folder.path().join("users.csv"), "mine\n").unwrap();
    csv::write_within(folder.path(), &types, &fake(&[]), 2).unwrap();
    assert_eq!(names(folder.path()), ["group.csv", "user-list.csv", "users.csv"], "what is somebody else's stays");
}

/// A plan that fits a source.
fn plan_of(source: &Fake) -> integration::Plan {
    let mut counts = BTreeMap::new();
    for object in source.entities.iter().chain(&source.relationships) {
        *counts.entry(object["_type"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let types = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect();
    integration::Plan {
        steps: vec![
            integration::Step { id: "users", name: "Users", types: types(&["user"]) },
            integration::Step { id: "groups", name: "Groups", types: types(&["group", "group_has_user"]) },
        ],
        partial_types: types(&["group_has_user"]),
        counts,
        time: ("2026-11-22T10:00:00Z".parse().unwrap(), "2026-11-22T10:00:02Z".parse().unwrap()),
    }
}

#[test]
fn the_folder_is_as_the_official_commands_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let keys: Vec<String> = (0..1_001).map(|n| format!("u{n:04}")).collect();
    let source = fake(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    let report = integration::write(folder.path(), &plan_of(&source), &source).unwrap();
    assert_eq!((report.entities, report.relationships), (1_002, 1_001));
    let found = files(&folder.path().join(integration::FOLDER));
    assert_eq!(report.bytes as usize, found.values().map(String::len).sum::<usize>());
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        [
            "graph/groups/entities/group-000001.json",
            "graph/groups/relationships/group_has_user-000001.json",
            "graph/groups/relationships/group_has_user-000002.json",
            "graph/groups/relationships/group_has_user-000003.json",
            "graph/users/entities/user-000001.json",
            "graph/users/entities/user-000002.json",
            "graph/users/entities/user-000003.json",
            "summary.json",
        ]
    );
    let (mut entities, mut relationships) = (Vec::new(), Vec::new());
    for (name, text) in &found {
        let json: Value = serde_json::from_str(text).unwrap();
        let of = |member: &str| json[member].as_array().cloned().unwrap_or_default();
        assert!(of("entities").len() <= 500 && of("relationships").len() <= 500, "{name}");
        entities.extend(of("entities"));
        relationships.extend(of("relationships"));
    }
    let sorted = |mut all: Vec<Value>| {
        all.sort_by_key(|o| o["_key"].to_string());
        all
    };
    assert_eq!(sorted(entities), sorted(source.entities.clone()));
    assert_eq!(sorted(relationships), sorted(source.relationships.clone()));
    let summary: Value = serde_json::from_str(&found["summary.json"]).unwrap();
    assert_eq!(summary["metadata"], json!({ "partialDatasets": { "types": ["group_has_user"] } }));
    assert_eq!(
        summary["integrationStepResults"][1],
        json!({ "id": "groups", "name": "Groups", "declaredTypes": ["group", "group_has_user"],
                "partialTypes": ["group_has_user"], "encounteredTypes": ["group", "group_has_user"],
                "encounteredTypeCounts": { "group": 1, "group_has_user": 1_001 }, "status": "success",
                "startTime": 1_795_341_600_000_u64, "endTime": 1_795_341_602_000_u64, "duration": 2_000 })
    );
    is_private(&folder.path().join(integration::FOLDER), &[folder.path().join(".j1-integration/summary.json")]);
}

/// `sync` deletes what the folder lacks.
#[test]
fn a_folder_that_lacks_anything_is_never_put_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = plan_of(&fake(&["u1", "u2"]));
    let error = integration::write(folder.path(), &plan, &fake(&["u1"])).unwrap_err();
    assert!(matches!(&error, ExportError::NotAll { expected: 2, written: 1, .. }), "{error}");
    assert!(error.problem(|_| unreachable!()).hint.is_some());
    plan.counts.clear();
    integration::write(folder.path(), &plan, &fake(&["u1"])).unwrap_err();
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn only_what_such_programs_made_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(integration::FOLDER);
    let source = fake(&["u1"]);
    let write = || integration::write(folder.path(), &plan_of(&source), &source);
    // What `visualize` and `collect` leave there.
    write().unwrap();
    fs::write(place.join("index.html"), "<html>").unwrap();
    fs::create_dir(place.join("index")).unwrap();
    write().unwrap();
    assert!(!place.join("index.html").exists(), "it would stop `neo4j push`");
    fs::write(place.join("thesis.txt"), "mine").unwrap();
    let error = write().unwrap_err();
    assert!(error.to_string().contains("`thesis.txt`"), "{error}");
    assert!(place.join("thesis.txt").exists());
    fs::remove_dir_all(&place).unwrap();
    fs::write(&place, "a file").unwrap();
    assert!(matches!(write().unwrap_err(), ExportError::InTheWay { .. }));
}

/// A part of a process that was killed goes when it is old, and not before: it may be another's who is still at it.
#[test]
fn abandoned_parts_are_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    let part = |n: u32| folder.path().join(format!("{}.{n}.part", integration::FOLDER));
    fs::create_dir(part(4_000_000_001)).unwrap();
    fs::create_dir(part(4_000_000_002)).unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(25 * 3600);
    fs::File::open(part(4_000_000_001)).unwrap().set_modified(long_ago).unwrap();
    let source = fake(&["u1"]);
    integration::write(folder.path(), &plan_of(&source), &source).unwrap();
    assert!(!part(4_000_000_001).exists() && part(4_000_000_002).exists());
}
