use serde_json::json;

use super::*;
use crate::{
    domain::{
        completeness::State,
        explore::{Answer, DiffPart, Question, TextForm, Whole},
    },
    explore::Explorer,
    store::{
        StoreError,
        tests::{self as stores, NAMING, Place, USER},
    },
};

/// Ada gets a title, Bob goes and leaves Golf, Cleo comes into Golf.
fn place() -> Place {
    let place = Place::new();
    let mut writer = place.writer();
    let ada = |title: serde_json::Value| {
        let json = json!({ "displayName": "Ada", "userPrincipalName": "ada@contoso.com", "jobTitle": title });
        stores::object(EntityKind::User, "u1", "", json)
    };
    let mut run = |seconds: i64, users: Vec<_>, members: &[(&str, &str)]| {
        let mut pages = stores::whole(users, vec![stores::group("g1", "Golf")]);
        pages.push(stores::members("g1", State::Complete, members));
        stores::run(&mut writer, seconds, &pages);
    };
    run(0, vec![ada(json!(null)), stores::user("u2", "Bob")], &[("u1", USER), ("u2", USER)]);
    let cleo = stores::object(EntityKind::User, "u3", "", json!({ "displayName": "Cleo", "userType": "Guest" }));
    run(10, vec![ada(json!("Countess")), cleo], &[("u1", USER), ("u3", USER)]);
    drop(writer);
    place
}

fn ask(diffs: &Diffs, reader: &Reader, query: DiffQuery) -> DiffRows {
    diffs.ask(reader, NAMING, RunId(2), RunId(1), query, &Stop::default()).unwrap()
}

fn line(row: &DiffRow) -> String {
    let from = row.edge.as_ref().map(|edge| format!("{}>", edge.from_name)).unwrap_or_default();
    format!("{:?} {from}{}", row.change, row.name)
}

#[test]
fn windows_as_filters_leave_them() {
    let place = place();
    let (reader, diffs) = (place.reader(), Diffs::new());
    let check = |filter: &str, only: Option<DiffPart>, want: &[&str]| {
        let query = DiffQuery { only, filter: filter.to_owned(), offset: 0, limit: 60 };
        let answer = ask(&diffs, &reader, query.clone());
        let lines: Vec<String> = answer.rows.iter().map(line).collect();
        assert_eq!(
            (lines.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), answer.total),
            (want, want.len() as u64)
        );
        assert_eq!((answer.query, answer.filter_problem), (query, None), "{filter}");
        assert_eq!(answer.totals["active_directory_user"], [1, 1, 1], "{filter}");
        assert_eq!(answer.totals["active_directory_user_group_has_user"], [1, 0, 1], "{filter}");
        assert_eq!(answer.totals["active_directory_user_group"], [0; 3], "{filter}");
        assert_eq!(answer.totals.len(), 7);
    };
    let all = ["Changed Ada", "Went Bob", "Came Cleo", "Went Golf>Bob", "Came Golf>Cleo"];
    check("", None, &all);
    check("", Some(DiffPart::Objects), &all[..3]);
    check("", Some(DiffPart::Memberships), &all[3..]);
    check("change:came", None, &["Came Cleo", "Came Golf>Cleo"]);
    check("golf !cleo", None, &["Went Golf>Bob"]);
    check("type:guest", Some(DiffPart::Objects), &["Came Cleo"]);
    check("ada@", None, &["Changed Ada"]);
    check("from:golf change:went", None, &["Went Golf>Bob"]);
    check("edge:has_user", None, &all[3..]);
    check("id:u2", Some(DiffPart::Objects), &["Went Bob"]);
    check("is:mapped", None, &[]);
}

#[test]
fn a_change_is_told_field_by_field() {
    let place = place();
    let (reader, diffs) = (place.reader(), Diffs::new());
    let query = DiffQuery { limit: 1, ..DiffQuery::default() };
    let first = ask(&diffs, &reader, query);
    assert_eq!((first.rows.len(), first.total), (1, 5));
    let [field] = first.rows[0].fields.as_slice() else { panic!("{:?}", first.rows) };
    assert_eq!((field.field.as_str(), &field.before, &field.now), ("jobTitle", &json!(null), &json!("Countess")));
    let last = ask(&diffs, &reader, DiffQuery { offset: 4, limit: 9, ..DiffQuery::default() });
    let edge = last.rows[0].edge.as_ref().unwrap();
    assert_eq!((edge.from_id.as_str(), edge.edge_type.as_str()), ("g1", "active_directory_user_group_has_user"));
    let odd = ask(&diffs, &reader, DiffQuery { filter: "chagne:came".to_owned(), limit: 9, ..DiffQuery::default() });
    assert!(odd.filter_problem.is_some_and(|words| words.contains("change")));
}

#[test]
fn the_last_differences_are_kept_for_as_long_as_their_runs_are() {
    let place = place();
    let (reader, diffs) = (place.reader(), Diffs::new());
    let between = |since: i64, run: i64| diffs.between(&reader, RunId(since), RunId(run), &Stop::default());
    let first = between(1, 2).unwrap();
    assert!(Arc::ptr_eq(&first, &between(1, 2).unwrap()));
    assert!(!Arc::ptr_eq(&first, &between(2, 1).unwrap()));
    place.writer().prune(1).unwrap();
    assert!(matches!(between(1, 2), Err(ExploreError::Store(StoreError::NotComparable { run: RunId(1), .. }))));
}

#[test]
fn who_does_not_wait_is_not_answered() {
    let place = place();
    let (reader, diffs, stop) = (place.reader(), Diffs::new(), Stop::default());
    let filtered = || DiffQuery { filter: "ada".to_owned(), limit: 9, ..DiffQuery::default() };
    assert_eq!(ask(&diffs, &reader, filtered()).total, 1);
    stop.ask();
    for diffs in [&diffs, &Diffs::new()] {
        let answer = diffs.ask(&reader, NAMING, RunId(2), RunId(1), filtered(), &stop);
        assert!(matches!(answer, Err(ExploreError::Stopped(Stopped))), "{answer:?}");
    }
}

#[test]
fn a_filter_is_asked_once_for_all_its_windows() {
    let place = place();
    let (reader, diffs) = (place.reader(), Diffs::new());
    let window = |filter: &str, only, offset| {
        let query = DiffQuery { only, filter: filter.to_owned(), offset, limit: 1 };
        let answer = ask(&diffs, &reader, query);
        (answer.total, answer.rows.iter().map(line).collect::<Vec<_>>())
    };
    let kept = || Arc::clone(&diffs.filtered.lock().unwrap().as_ref().unwrap().kept);
    assert_eq!(window("golf", None, 0), (2, vec!["Went Golf>Bob".to_owned()]));
    let first = kept();
    assert_eq!(window("golf", None, 1), (2, vec!["Came Golf>Cleo".to_owned()]));
    assert_eq!(window("golf", None, 2), (2, Vec::new()));
    assert_eq!(window("", None, 0).0, 5);
    assert!(Arc::ptr_eq(&first, &kept()), "other windows of it ask nothing");
    assert_eq!(window("golf", Some(DiffPart::Objects), 0), (0, Vec::new()));
    assert_eq!(window("cleo", None, 1), (2, vec!["Came Golf>Cleo".to_owned()]));
    assert!(!Arc::ptr_eq(&first, &kept()));
}

#[test]
fn all_of_it_as_text() {
    let place = place();
    let explorer = Explorer::new(place.path(), None, NAMING);
    let copied = |filter: &str, form: TextForm| {
        // What is on the screen of it is no matter.
        let query = DiffQuery { filter: filter.to_owned(), offset: 3, limit: 1, ..DiffQuery::default() };
        let whole = Whole::Diff { since: RunId(1), query };
        match explorer.ask(RunId(2), Question::Copy(whole, form), &Stop::default()).unwrap() {
            Answer::Copied { text, rows } => (text, rows),
            other => panic!("{other:?}"),
        }
    };
    let (text, rows) = copied("", TextForm::Csv);
    assert_eq!((rows, text.lines().count()), (5, 6), "{text}");
    assert!(text.starts_with("change,from,name,login or mail,type,"), "{text}");
    assert!(text.contains("changed,,Ada,ada@contoso.com,user,member,u1,,,jobTitle: nothing → Countess\n"), "{text}");
    let (text, rows) = copied("cleo", TextForm::Ndjson);
    assert_eq!(rows, 2, "{text}");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["change"], &lines[1]["from"]), (&json!("came"), &json!("Golf")));
    let stopped = Stop::default();
    stopped.ask();
    let whole = Whole::Diff { since: RunId(1), query: DiffQuery::default() };
    assert!(explorer.ask(RunId(2), Question::Copy(whole, TextForm::Csv), &stopped).is_err());
}
