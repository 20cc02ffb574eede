//! Files, rights, locks and migrations.

use std::fs;

use rusqlite::Connection;

use super::*;

fn other() -> TenantId {
    TenantId::parse("11111111-2222-4333-8444-555555555555").unwrap()
}

#[test]
#[cfg(unix)]
fn every_file_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let mut writer = place.writer();
    let run = writer.begin_run(at(0), &RunPlan::default()).unwrap();
    writer.commit(run, &listed(Collection::Users, State::Complete, vec![user("u1", "Ada")])).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = place.path().parent().unwrap().to_owned();
    assert_eq!(mode(&folder), 0o700);
    let check = |want: &[&str]| {
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|e| {
                let e = e.unwrap();
                assert_eq!(mode(&e.path()), 0o600, "{e:?}");
                e.file_name().into_string().unwrap()
            })
            .collect();
        names.sort();
        assert_eq!(names, want);
    };
    check(&["store.db", "store.db-shm", "store.db-wal", "store.db.lock"]);
    drop(writer);
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o644)).unwrap();
    drop(place.writer());
    check(&["store.db", "store.db.lock"]);
}

#[test]
#[cfg(unix)]
fn what_is_no_file_is_never_replaced() {
    let place = Place::new();
    let folder = place.path().parent().unwrap().to_owned();
    fs::create_dir_all(&folder).unwrap();
    // Not /dev/null: if this fails, what is named here is gone.
    let _listener = std::os::unix::net::UnixListener::bind(place.path()).unwrap();
    let Err(error) = Writer::open(&place.path(), &tenant(), at(0)) else { panic!("a socket was taken for a store") };
    assert_eq!(error.problem().code.as_deref(), Some("store_not_ours"));
    assert!(!fs::symlink_metadata(place.path()).unwrap().is_file());
}

#[test]
fn one_writer_who_has_a_name() {
    let place = Place::new();
    assert_eq!(holder(&place.path()), None);
    let writer = place.writer();
    let Err(error) = Writer::open(&place.path(), &tenant(), at(1)) else { panic!("two writers") };
    let text = error.to_string();
    let me = format!(
        "is being written by process {} (tenantry {}, since 2027-01-15T08:00:00Z)",
        std::process::id(),
        env!("CARGO_PKG_VERSION")
    );
    assert!(text.ends_with(&me), "{text}");
    assert_eq!(error.problem().code.as_deref(), Some("store_locked"));
    assert_eq!(place.reader().holder().unwrap().pid, Some(std::process::id()));
    drop(writer);
    assert_eq!(holder(&place.path()), None);
    // Text that a killed process left behind locks nobody out, and is nobody's name.
    fs::write(place.path().with_extension("db.lock"), "{\"pid\":1}").unwrap();
    assert_eq!(holder(&place.path()), None);
    drop(place.writer());
}

#[test]
fn what_is_not_ours_stays_as_it_is() {
    let check = |what: &str, prepare: &dyn Fn(&std::path::Path), code: &str, words: &str| {
        let place = Place::new();
        fs::create_dir_all(place.path().parent().unwrap()).unwrap();
        prepare(&place.path());
        let before = fs::read(place.path()).ok();
        let writer = Writer::open(&place.path(), &tenant(), at(0)).map(drop);
        let reader = Reader::open(&place.path(), Some(&tenant())).map(drop);
        for result in [writer, reader] {
            let error = result.expect_err(what);
            assert_eq!(error.code(), code, "{what}: {error:?}");
            assert!(error.to_string().contains(words), "{what}: {error}");
            assert!(error.hint().is_some(), "{what}");
            assert!(error.to_string().contains("store.db"), "{what}: {error}");
        }
        assert_eq!(fs::read(place.path()).ok(), before, "{what}");
    };
    check("text", &|path| fs::write(path, "a shopping list").unwrap(), "store_not_ours", "not a store");
    check(
        "another program's database",
        &|path| Connection::open(path).unwrap().execute_batch("CREATE TABLE x (y)").unwrap(),
        "store_not_ours",
        "not a store",
    );
    check(
        "another tenant's",
        &|path| drop(Writer::open(path, &other(), at(0)).unwrap()),
        "store_other_tenant",
        "holds tenant 11111111-2222-4333-8444-555555555555, not 84841066-274d-4ec0-a5c1-276be684bdd3",
    );
    let store = |path: &std::path::Path| drop(Writer::open(path, &tenant(), at(0)).unwrap());
    check(
        "a newer one",
        &|path| {
            store(path);
            Connection::open(path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        },
        "store_newer",
        "newer tenantry (format 99, this one knows up to",
    );
    check(
        "a newer one whose header is not written back yet",
        &|path| {
            store(path);
            let db = Connection::open(path).unwrap();
            db.pragma_update(None, "user_version", 99).unwrap();
            std::mem::forget(db);
        },
        "store_newer",
        "newer",
    );
    check(
        "a cut one",
        &|path| {
            store(path);
            let whole = fs::read(path).unwrap();
            fs::write(path, &whole[..5000]).unwrap();
        },
        "store_damaged",
        "is damaged",
    );
    check(
        "an overwritten one",
        &|path| {
            store(path);
            let mut whole = fs::read(path).unwrap();
            for byte in &mut whole[100..] {
                *byte = 0x5a;
            }
            fs::write(path, whole).unwrap();
        },
        "store_damaged",
        "is damaged",
    );
}

#[test]
fn readers_make_nothing() {
    let place = Place::new();
    let error = Reader::open(&place.path(), None).map(drop).expect_err("nothing there");
    assert_eq!(error.code(), "store_not_found");
    assert!(!place.path().parent().unwrap().exists());
    drop(place.writer());
    let reader = Reader::open(&place.path(), None).unwrap();
    assert_eq!(reader.tenant().unwrap(), tenant());
    assert_eq!(reader.runs().unwrap(), []);
    assert!(matches!(reader.totals(RunId(1)), Err(StoreError::NoSuchRun { .. })));
}

#[test]
fn a_folder_that_cannot_be() {
    let place = Place::new();
    fs::write(place.folder.path().join("tenants"), "in the way").unwrap();
    let error = Writer::open(&place.path(), &tenant(), at(0)).map(drop).expect_err("no folder");
    assert_eq!(error.code(), "store_not_writable", "{error:?}");
    assert!(error.hint().is_some());
}

#[test]
fn a_full_disk_is_said_so() {
    let place = Place::new();
    let mut writer = place.writer();
    let run = writer.begin_run(at(0), &RunPlan::default()).unwrap();
    let pages: i64 = writer.db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    writer.db.pragma_update(None, "max_page_count", pages + 2).unwrap();
    let page = listed(Collection::Users, State::Partial, (0..500).map(|n| user(&format!("u{n}"), "Ada")).collect());
    let error = writer.commit(run, &page).expect_err("full");
    assert_eq!(error.code(), "disk_full", "{error:?}");
    // Nothing of the page is there, and the run goes on once there is room.
    writer.db.pragma_update(None, "max_page_count", 1_000_000).unwrap();
    assert_eq!(place.reader().totals(run).unwrap().users, 0);
    writer.commit(run, &page).unwrap();
    assert_eq!(place.reader().totals(run).unwrap().users, 500);
}

#[test]
fn readers_see_one_snapshot_while_a_writer_writes() {
    let place = Place::new();
    let mut writer = place.writer();
    let run = writer.begin_run(at(0), &RunPlan::default()).unwrap();
    let users = |n: i32| (0..n).map(|n| user(&format!("u{n}"), "Ada")).collect::<Vec<_>>();
    writer.commit(run, &listed(Collection::Users, State::Partial, users(10))).unwrap();
    let reader = place.reader();
    let mut seen = 0;
    reader
        .for_each_entity(run, NAMING, &mut |_| {
            seen += 1;
            if seen == 1 {
                writer.commit(run, &listed(Collection::Users, State::Complete, users(20))).unwrap();
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, 10);
    assert_eq!(reader.totals(run).unwrap().users, 20);
    let mut first = 0;
    reader
        .for_each_entity(run, NAMING, &mut |_| {
            first += 1;
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(first, 1);
}
