//! The file of a store: private, recognisably ours, and never touched before it is known to be so.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{error::StoreError, migrate};
use crate::{domain::ids::TenantId, files};

/// `tnry`: what a store carries at offset 68 of its header.
pub(super) const APPLICATION_ID: i32 = 0x746e_7279;

/// What a writer keeps of the file in memory; kibibytes, and negative, as SQLite wants it.
pub(super) const WRITING_CACHE: i64 = -98_304;

/// Bytes of a page of a new store: rows are mostly appended, and then fewer and larger pages cost less.
const PAGE: i64 = 8192;

/// About how many bytes of log are moved to the file at once.
const LOG: i64 = 128_000_000;

const SCHEMA: &str = include_str!("schema.sql");

/// What is at the store's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing, or a file without a byte.
    Nothing,
    /// A store that this program can open, maybe after a migration.
    Store,
}

/// Looks at the first bytes, without SQLite, so that a foreign file stays as it is.
pub(super) fn look(path: &Path) -> Result<Found, StoreError> {
    // A device reads as an empty file, and the new store would be moved over it.
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Err(StoreError::NotOurs { path: path.to_owned() });
    }
    let mut header = Vec::with_capacity(100);
    match File::open(path) {
        Ok(file) => file.take(100).read_to_end(&mut header).map_err(|e| StoreError::io(path, e))?,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Found::Nothing);
        }
        Err(source) => return Err(StoreError::Io { path: path.to_owned(), source }),
    };
    if header.is_empty() {
        return Ok(Found::Nothing);
    }
    let number = |at: usize| header.get(at..at + 4).and_then(|b| b.try_into().ok()).map(i32::from_be_bytes);
    if !header.starts_with(b"SQLite format 3\0") || number(68) != Some(APPLICATION_ID) {
        return Err(StoreError::NotOurs { path: path.to_owned() });
    }
    match number(60).map(i64::from) {
        Some(found) if found > migrate::CURRENT => {
            Err(StoreError::Newer { path: path.to_owned(), found, known: migrate::CURRENT })
        }
        _ => Ok(Found::Store),
    }
}

/// Makes an empty store for `tenant`, whole or not at all: it is built beside its place and moved there.
/// The caller holds the lock.
pub(super) fn create(path: &Path, tenant: &TenantId, now: Timestamp) -> Result<(), StoreError> {
    let new = beside(path, ".new");
    match fs::remove_file(&new) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(StoreError::io(&new, e)),
        _ => {}
    }
    files::private().write(true).create_new(true).open(&new).map_err(|e| StoreError::io(&new, e))?;
    let build = || {
        let mut db = connect(&new, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.pragma_update(None, "page_size", PAGE)?;
        let all = db.transaction()?;
        all.execute_batch(SCHEMA)?;
        all.execute(
            "INSERT INTO store (only_row, tenant, created_at) VALUES (1, ?1, ?2)",
            (tenant.as_str(), now.as_millisecond()),
        )?;
        all.pragma_update(None, "application_id", APPLICATION_ID)?;
        all.pragma_update(None, "user_version", migrate::CURRENT)?;
        all.commit()?;
        db.close().map_err(|(_, e)| e)
    };
    build().map_err(|e| StoreError::of(&new, e))?;
    fs::rename(&new, path).map_err(|e| StoreError::io(path, e))
}

/// A connection that writes. The caller holds the lock.
pub(super) fn writing(path: &Path) -> rusqlite::Result<Connection> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // After a power cut the last commits may be missing, never halves of them; `Writer::durably` is for what must not be.
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.pragma_update(None, "cache_size", WRITING_CACHE)?;
    // Pages of the lists' order are written again and again while objects come: the longer the log, the more of that is
    // moved to the file only once.
    let page: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    db.pragma_update(None, "wal_autocheckpoint", LOG / page.max(1))?;
    Ok(db)
}

/// A connection that only reads.
pub(super) fn reading(path: &Path) -> rusqlite::Result<Connection> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.pragma_update(None, "query_only", true)?;
    db.pragma_update(None, "cache_size", -32_768)?;
    Ok(db)
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(Duration::from_secs(10))?;
    db.set_prepared_statement_cache_capacity(128);
    // Otherwise every statement that might use a partial index is prepared again for each value that is bound to it.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Sorting millions of rows belongs on disk, not in memory.
    db.pragma_update(None, "temp_store", "FILE")?;
    Ok(db)
}

/// The tenant of an open store.
pub(super) fn tenant(db: &Connection) -> rusqlite::Result<TenantId> {
    let text: String = db.query_row("SELECT tenant FROM store", (), |row| row.get(0))?;
    TenantId::parse(&text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e)))
}

/// Makes the folder of a store, if there is none, readable by its owner only.
pub(super) fn private_folder(store: &Path) -> Result<(), StoreError> {
    let Some(folder) = store.parent().filter(|f| !f.as_os_str().is_empty()) else { return Ok(()) };
    files::private_folder(folder).map_err(|e| StoreError::NotWritable { path: folder.to_owned(), source: Some(e) })
}

/// Takes away what others may do with the file; SQLite gives its side files the same rights.
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).map_err(|e| StoreError::io(path, e))?.permissions().mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(|e| StoreError::io(path, e))?;
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The path of a side file: the store's, and an ending behind it.
pub(super) fn beside(store: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = store.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
