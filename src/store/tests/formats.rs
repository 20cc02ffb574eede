//! Stores of older formats, with what they held.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::*;
use crate::{
    domain::{reading::RunKind, traits::Traits},
    store::file::APPLICATION_ID,
};

/// `schema.sql` as it was.
const FORMAT_1: &str = include_str!("format_1.sql");

/// Ada in the group Golf with a device, all complete, then Golf forbidden; then a run that was cut off in which Bob came
/// and Ada was renamed.
const DATA_OF_FORMAT_1: &str = r#"
    INSERT INTO run (id, status, leftover, started_at, finished_at, requests, resource_units, seconds, gaps, counts) VALUES
        (1, 'complete', 0, 1800000010000, 1800000011000, 7, 11, 1.5, '[]', '{"entities":[1,1,1,1],"edges":[1,1,1,0,1]}'),
        (2, 'partial', 0, 1800000020000, 1800000021000, 8, 12, 2.5,
         '[{"scope":"group","id":"g1","name":"Golf","state":"forbidden","code":"denied","request_id":null,"accepted":false,"stale_since":"2027-01-15T08:00:11Z"}]',
         '{"entities":[1,1,1,1],"edges":[1,1,1,0,1]}'),
        (3, 'running', 1, 1800000030000, NULL, 0, 0, 0, '[]', NULL);
    INSERT INTO checkpoint VALUES
        (2, 'account', NULL, 1, 1, 'complete', NULL, NULL, NULL),
        (2, 'users', NULL, 1, 1, 'complete', NULL, NULL, NULL),
        (2, 'groups', NULL, 1, NULL, 'complete', NULL, NULL, NULL),
        (2, 'memberships', NULL, 1, 1, 'complete', NULL, NULL, NULL),
        (3, 'users', 'https://graph.microsoft.com/v1.0/users?$skiptoken=x', 2, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO key VALUES
        (1, '84841066-274d-4ec0-a5c1-276be684bdd3'), (2, 'u1'), (3, 'g1'), (4, 'd1'), (5, '#microsoft.graph.user'),
        (6, '#microsoft.graph.device'), (7, 'u2');
    INSERT INTO object VALUES
        (1, 1, 1, 9223372036854775807, 1, 1, '', 'contoso', 'Contoso', '', 'organization', 'contoso'),
        (2, 2, 1, 3, 2, 1, '', 'ada', 'Ada', '', 'member', 'ada'),
        (3, 3, 1, 9223372036854775807, 3, 1, '', 'golf', 'Golf', '', 'security', 'golf'),
        (4, 4, 1, 9223372036854775807, 4, 1, '#microsoft.graph.device', 'laptop', 'Laptop', '', 'device', 'laptop'),
        (5, 2, 3, 9223372036854775807, 2, 1, '', 'ada l.', 'Ada L.', '', 'member', 'ada l.'),
        (6, 7, 3, 9223372036854775807, 2, 1, '', 'bob', 'Bob', '', 'member', 'bob');
    INSERT INTO raw VALUES
        (1, '{"displayName":"Contoso"}'), (2, '{"displayName":"Ada"}'),
        (3, '{"displayName":"Golf","securityEnabled":true,"visibility":"Private","mail":"golf@contoso.com"}'), (4, '{"displayName":"Laptop"}'),
        (5, '{"displayName":"Ada L.","userType":"Guest","createdDateTime":"2020-05-29T17:51:22Z","department":"R&D",
              "jobTitle":"Analyst","companyName":"Contoso","usageLocation":"GB"}'), (6, '{"displayName":"Bob"}');
    INSERT INTO edge VALUES (3, 2, 1, 9223372036854775807, 5), (3, 4, 1, 9223372036854775807, 6);
    INSERT INTO group_state VALUES (2, 3, 'forbidden', 'denied', NULL, 'no');
    INSERT INTO whole_group VALUES (3, 1800000011000);
    INSERT INTO whole_collection VALUES ('users', 1800000021000), ('groups', 1800000021000);
    INSERT INTO seen_object VALUES (3);
    CREATE INDEX edge_by_member ON edge (member, to_run);
"#;

fn format_1(place: &Place) {
    std::fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    let db = Connection::open(place.path()).unwrap();
    db.execute_batch(FORMAT_1).unwrap();
    db.execute("INSERT INTO store VALUES (1, ?1, 0)", [TENANT]).unwrap();
    db.execute_batch(DATA_OF_FORMAT_1).unwrap();
    db.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
}

/// Tables with their columns, and indexes with theirs.
fn shape(db: &Connection) -> BTreeMap<String, Vec<String>> {
    let but_late = "name NOT IN ('key_by_text', 'object_in_order', 'edge_by_member')";
    let mut names = db.prepare(&format!("SELECT type, name FROM sqlite_schema WHERE {but_late}")).unwrap();
    let names: Vec<(String, String)> =
        names.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    names
        .into_iter()
        .map(|(kind, name)| {
            let columns = match kind.as_str() {
                "table" => format!(
                    "SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || coalesce(dflt_value, '') || ' ' || pk
                     FROM pragma_table_info('{name}') ORDER BY cid"
                ),
                _ => format!("SELECT coalesce(name, '?') FROM pragma_index_info('{name}') ORDER BY seqno"),
            };
            let columns =
                db.prepare(&columns).unwrap().query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            (format!("{kind} {name}"), columns)
        })
        .collect()
}

#[test]
fn a_store_of_format_1_is_taken_over() {
    let place = Place::new();
    format_1(&place);
    // Whoever comes first migrates it, a reader too.
    let reader = place.reader();
    let status = |run: i64| reader.run(RunId(run)).unwrap().status;
    assert_eq!((status(1), status(2), status(3)), (RunStatus::Complete, RunStatus::Partial, RunStatus::Interrupted));
    let second = reader.run(RunId(2)).unwrap();
    assert_eq!((second.kind, second.last_full, second.gaps.len()), (RunKind::Full, Some(at(21)), 1));
    let account = format!("Account {ACCOUNT_KEY} Contoso");
    assert_eq!(entities(&reader, RunId(2)), [account.as_str(), "Group g1 Golf", "Member d1 Laptop", "User u1 Ada"]);
    assert_eq!(edges(&reader, RunId(2)), ["GroupMember g1>d1", "GroupUser g1>u1"]);
    assert!(place.path().with_extension("db.format-1").exists());

    let mut writer = place.writer();
    let left = writer.leftover().unwrap().unwrap();
    assert_eq!((left.run, left.plan.as_str(), left.last_at), (RunId(3), "", at(30)));
    assert_eq!((left.checkpoints.len(), left.checkpoints[0].done), (1, 2));
    assert_eq!(writer.delta_ground().unwrap().last_full, Some(at(21)));
    assert!(writer.delta_ground().unwrap().links.is_empty());

    // What format 1 left behind is carried on with.
    let mut pages = whole(vec![user("u1", "Ada L."), user("u2", "Bob")], vec![group("g1", "Golf")]);
    pages.push(members("g1", State::Hidden, &[]));
    let info = run(&mut writer, 40, &pages);
    assert_eq!(info.gaps[0].stale_since, Some(at(11)));
    assert_eq!(edges(&reader, info.id), ["GroupMember g1>d1", "GroupUser g1>u1"]);
    assert_eq!(entities(&reader, RunId(2)).len(), 4);
    writer.prune(1).unwrap();
    assert_eq!(edges(&reader, info.id).len(), 2);
}

/// What format 4 added, of every object.
fn fields(place: &Place) -> Vec<String> {
    let db = Connection::open(place.path()).unwrap();
    let sql =
        "SELECT name, from_run, traits, created, mail, department, title, company, country FROM object ORDER BY 1, 2";
    let line = |row: &rusqlite::Row<'_>| {
        let texts: Vec<String> = (4..9).map(|at| row.get(at)).collect::<Result<_, _>>()?;
        let (name, created): (String, Option<i64>) = (row.get(0)?, row.get(3)?);
        let traits: Vec<_> = Traits::from_bits(row.get(2)?).iter().collect();
        Ok(format!("{name} {traits:?} {created:?} {}", texts.join("|")))
    };
    db.prepare(sql).unwrap().query_map((), line).unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_filters_need_is_found_in_what_was_read_before() {
    let place = Place::new();
    format_1(&place);
    drop(place.writer());
    assert_eq!(
        fields(&place),
        [
            "Ada [MemberUser, NoMail] None ||||",
            "Ada L. [Guest, NoMail] Some(1590774682000) |R&D|Analyst|Contoso|GB",
            "Bob [MemberUser, NoMail] None ||||",
            "Contoso [] None ||||",
            "Golf [Security, Private] None golf@contoso.com||||",
            "Laptop [Device] None ||||",
        ]
    );
}

#[test]
fn a_store_that_is_damaged_stays_in_its_format() {
    let place = Place::new();
    format_1(&place);
    let version = || -> i64 {
        Connection::open(place.path()).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    Connection::open(place.path()).unwrap().execute("UPDATE object SET kind = 9 WHERE num = 4", ()).unwrap();
    assert!(matches!(Reader::open(&place.path(), None), Err(StoreError::Damaged { .. })));
    assert_eq!(version(), 1);
    Connection::open(place.path()).unwrap().execute("UPDATE object SET kind = 4 WHERE num = 4", ()).unwrap();
    Reader::open(&place.path(), None).unwrap();
    assert_eq!((version(), fields(&place).len()), (4, 6));
}

#[test]
fn steps_lead_to_the_schema() {
    let (old, new) = (Place::new(), Place::new());
    format_1(&old);
    drop((old.writer(), new.writer()));
    let shape = |place: &Place| shape(&Connection::open(place.path()).unwrap());
    assert_eq!(shape(&old), shape(&new));
}
