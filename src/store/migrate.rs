//! From an older store's format to this program's: ordered steps in one transaction, after a copy of the file.
//!
//! There is no way back and no step that guesses: whoever needs the older format has the copy.

use std::{fs, io, path::Path};

use rusqlite::{Connection, Transaction, params};

use super::{
    error::StoreError,
    facets::{Fields, Needed},
    file::{WRITING_CACHE, beside},
    late::Late,
    runs,
};
use crate::files;

/// From format n to n + 1.
pub(super) type Step = fn(&Transaction<'_>) -> rusqlite::Result<()>;

/// What is kept of the file in memory meanwhile, as [`WRITING_CACHE`].
const CACHE: i64 = -24_576;

/// The first takes format 1 to format 2. `schema.sql` is what they all together lead to.
const STEPS: &[Step] = &[to_format_2, to_format_3, to_format_4];

/// The format that this program writes.
pub(super) const CURRENT: i64 = 1 + STEPS.len() as i64;

/// Delta runs, resumed runs and scoped ones; what earlier runs read, they read in full.
fn to_format_2(db: &Transaction<'_>) -> rusqlite::Result<()> {
    db.execute_batch(
        "ALTER TABLE run ADD COLUMN kind TEXT NOT NULL DEFAULT 'full';
         ALTER TABLE run ADD COLUMN plan TEXT NOT NULL DEFAULT '';
         ALTER TABLE run ADD COLUMN last_at INTEGER;
         ALTER TABLE run ADD COLUMN last_full INTEGER;
         ALTER TABLE run ADD COLUMN sp_as_of INTEGER;
         ALTER TABLE run ADD COLUMN longest INTEGER;
         ALTER TABLE run ADD COLUMN sign_ins INTEGER NOT NULL DEFAULT 0;
         UPDATE run SET last_full = finished_at WHERE status IN ('complete', 'partial');
         ALTER TABLE checkpoint ADD COLUMN delta INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE group_state ADD COLUMN via INTEGER;
         CREATE TABLE delta_link (
             run INTEGER NOT NULL, collection TEXT NOT NULL, link TEXT NOT NULL, PRIMARY KEY (run, collection)
         ) WITHOUT ROWID;
         CREATE TABLE learned (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), json TEXT NOT NULL);
         CREATE INDEX object_over ON object (to_run) WHERE to_run < 9223372036854775807;
         CREATE INDEX edge_over ON edge (to_run) WHERE to_run < 9223372036854775807;
         CREATE TABLE ghost_edge (
             grp INTEGER NOT NULL, member INTEGER NOT NULL, from_run INTEGER NOT NULL, to_run INTEGER NOT NULL,
             odata INTEGER NOT NULL, PRIMARY KEY (grp, member, from_run)
         ) WITHOUT ROWID;
         CREATE TABLE sign_in (
             num INTEGER NOT NULL, from_run INTEGER NOT NULL, to_run INTEGER NOT NULL, json TEXT NOT NULL,
             PRIMARY KEY (num, from_run)
         ) WITHOUT ROWID;
         CREATE TABLE reborn (num INTEGER PRIMARY KEY);",
    )
}

/// The index of texts is one of its own, so that a store can be without it.
fn to_format_3(db: &Transaction<'_>) -> rusqlite::Result<()> {
    db.execute_batch(
        "CREATE TABLE key_3 (num INTEGER PRIMARY KEY, text TEXT NOT NULL);
         INSERT INTO key_3 SELECT num, text FROM key ORDER BY num;
         DROP TABLE key;
         ALTER TABLE key_3 RENAME TO key;",
    )?;
    Late::ALL.into_iter().try_for_each(|late| late.build(db))
}

/// What filters and orders need of an object, from its JSON.
fn to_format_4(db: &Transaction<'_>) -> rusqlite::Result<()> {
    db.execute_batch(
        "ALTER TABLE object ADD COLUMN traits INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE object ADD COLUMN created INTEGER;
         ALTER TABLE object ADD COLUMN mail TEXT NOT NULL DEFAULT '';
         ALTER TABLE object ADD COLUMN department TEXT NOT NULL DEFAULT '';
         ALTER TABLE object ADD COLUMN title TEXT NOT NULL DEFAULT '';
         ALTER TABLE object ADD COLUMN company TEXT NOT NULL DEFAULT '';
         ALTER TABLE object ADD COLUMN country TEXT NOT NULL DEFAULT '';",
    )?;
    let mut fill = db.prepare(
        "UPDATE object SET traits = ?2, created = ?3, mail = ?4, department = ?5, title = ?6, company = ?7, country = ?8
         WHERE version = ?1",
    )?;
    // The JSON is in a table of its own, so that none of what is read is changed meanwhile.
    let mut all = db.prepare("SELECT version, json FROM raw ORDER BY version")?;
    let mut of = db.prepare("SELECT kind, odata FROM object WHERE version = ?1")?;
    let mut rows = all.query(())?;
    while let Some(row) = rows.next()? {
        let version: i64 = row.get(0)?;
        let needed = Needed::of(row.get_ref(1)?.as_str()?).fields;
        let mut objects = of.query([version])?;
        let Some(object) = objects.next()? else { continue };
        let fields = Fields::of(runs::kind(0, object.get(0)?)?, object.get_ref(1)?.as_str()?, &needed);
        drop(objects);
        fill.execute(params![
            version,
            fields.traits.bits(),
            fields.created,
            fields.mail,
            fields.department,
            fields.title,
            fields.company,
            fields.country,
        ])?;
    }
    Ok(())
}

pub(super) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings an open store up to date. The caller holds the lock.
pub(super) fn migrate(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    run(db, path, STEPS)
}

fn run(db: &mut Connection, path: &Path, steps: &[Step]) -> Result<(), StoreError> {
    let wrong = |e| StoreError::of(path, e);
    let (from, to) = (version(db).map_err(wrong)?, 1 + steps.len() as i64);
    if from > to {
        return Err(StoreError::Newer { path: path.to_owned(), found: from, known: to });
    }
    let Some(rest) = usize::try_from(from - 1).ok().and_then(|done| steps.get(done..)) else {
        return Err(StoreError::Damaged { path: path.to_owned(), source: None });
    };
    if rest.is_empty() {
        return Ok(());
    }
    // All is read and written from end to end, and the copy has as much memory again.
    db.pragma_update(None, "cache_size", CACHE).map_err(wrong)?;
    copy(db, path, from)?;
    let all = db.transaction().map_err(wrong)?;
    for step in rest {
        step(&all).map_err(wrong)?;
    }
    all.pragma_update(None, "user_version", to).map_err(wrong)?;
    all.commit().map_err(wrong)?;
    db.pragma_update(None, "cache_size", WRITING_CACHE).map_err(wrong)
}

/// Leaves `<store>.format-<n>` behind, whole or not at all.
fn copy(db: &Connection, path: &Path, version: i64) -> Result<(), StoreError> {
    let (part, copy) = (beside(path, &format!(".format-{version}.part")), beside(path, &format!(".format-{version}")));
    match fs::remove_file(&part) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(StoreError::io(&part, e)),
        _ => {}
    }
    // SQLite writes into an empty file that is there already, and so keeps its rights.
    files::private().write(true).create_new(true).open(&part).map_err(|e| StoreError::io(&part, e))?;
    let text = part.to_str().ok_or_else(|| {
        StoreError::io(&part, io::Error::new(io::ErrorKind::InvalidInput, "the path is not valid Unicode"))
    })?;
    db.execute("VACUUM INTO ?1", [text]).map_err(|e| StoreError::of(&part, e))?;
    fs::rename(&part, &copy).map_err(|e| StoreError::io(&copy, e))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        domain::ids::TenantId,
        store::{Writer, file},
    };

    const STEPS: [Step; 2] = [
        |db| db.execute_batch("CREATE TABLE colour (name TEXT); INSERT INTO colour VALUES ('red')"),
        |db| db.execute_batch("ALTER TABLE colour ADD COLUMN shade TEXT; UPDATE colour SET shade = 'dark'"),
    ];

    fn store() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let tenant = TenantId::parse("84841066-274d-4ec0-a5c1-276be684bdd3").unwrap();
        drop(Writer::open(&path, &tenant, Timestamp::UNIX_EPOCH).unwrap());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 1).unwrap();
        (folder, path)
    }

    fn shade(db: &Connection) -> Option<String> {
        db.query_row("SELECT shade FROM colour WHERE name = 'red'", (), |row| row.get(0)).ok()
    }

    #[test]
    fn steps_run_in_order_once_after_a_copy() {
        let (folder, path) = store();
        let copy = folder.path().join("store.db.format-1");
        // A copy that an earlier attempt did not finish is in nobody's way.
        fs::write(folder.path().join("store.db.format-1.part"), "half").unwrap();
        let mut db = file::writing(&path).unwrap();
        run(&mut db, &path, &STEPS).unwrap();
        assert_eq!((version(&db).unwrap(), shade(&db).as_deref()), (3, Some("dark")));
        let before = Connection::open(&copy).unwrap();
        assert_eq!((version(&before).unwrap(), shade(&before)), (1, None));
        assert_eq!(before.query_row("SELECT count(*) FROM store", (), |row| row.get::<_, i64>(0)).unwrap(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_file(&copy).unwrap();
        run(&mut db, &path, &STEPS).unwrap();
        assert!(!copy.exists(), "nothing to do, nothing to copy");
        assert!(matches!(run(&mut db, &path, &STEPS[..1]), Err(StoreError::Newer { found: 3, known: 2, .. })));
    }

    #[test]
    fn a_migration_that_breaks_off_leaves_the_store_as_it_was() {
        let (_folder, path) = store();
        let mut db = file::writing(&path).unwrap();
        let broken: [Step; 2] = [STEPS[0], |db| db.execute_batch("ALTER TABLE nothing ADD COLUMN x")];
        run(&mut db, &path, &broken).unwrap_err();
        assert_eq!((version(&db).unwrap(), shade(&db)), (1, None));
        assert!(db.prepare("SELECT * FROM colour").is_err());
    }

    #[test]
    fn a_process_that_is_killed_in_the_middle_leaves_the_store_as_it_was() {
        let (_folder, path) = store();
        let mut db = file::writing(&path).unwrap();
        let killed: [Step; 2] = [
            |db| {
                // With so small a cache, what is not committed is on disk already when the files are copied, as a kill
                // leaves them.
                db.pragma_update(None, "cache_size", 5)?;
                db.execute_batch("CREATE TABLE filler (x BLOB)")?;
                for _ in 0..500 {
                    db.execute("INSERT INTO filler VALUES (zeroblob(3000))", ())?;
                }
                Ok(())
            },
            |db| {
                let path = Path::new(db.path().unwrap()).to_owned();
                fs::copy(&path, beside(&path, ".killed")).unwrap();
                let log = fs::copy(beside(&path, "-wal"), beside(&path, ".killed-wal")).unwrap();
                assert!(log > 1_000_000);
                Ok(())
            },
        ];
        run(&mut db, &path, &killed).unwrap();
        assert_eq!(version(&db).unwrap(), 3);
        let mut left = file::writing(&beside(&path, ".killed")).unwrap();
        assert_eq!(version(&left).unwrap(), 1);
        assert!(left.prepare("SELECT * FROM filler").is_err());
        run(&mut left, &path, &STEPS).unwrap();
        assert_eq!(shade(&left).as_deref(), Some("dark"));
    }
}
