//! The end of a store: its file and all that lies beside it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    error::StoreError,
    file::{self, Found},
    lock::Lock,
};

/// Deletes the store at `path`, its log, its copies of older formats and its lock; whether there was a store.
///
/// # Errors
///
/// When another process writes it, when the file is no store of ours (nothing is deleted then), when the system refuses.
pub fn remove(path: &Path, now: Timestamp) -> Result<bool, StoreError> {
    let found = match file::look(path) {
        // It is ours all the same, and what it holds goes.
        Err(StoreError::Newer { .. }) => Found::Store,
        found => found?,
    };
    if path.parent().is_none_or(|folder| !folder.is_dir()) {
        return Ok(false);
    }
    let lock = Lock::take(path, now)?;
    let delete = |path: &Path| match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path, e)),
        _ => Ok(()),
    };
    // The store first: a log without its store is no store, and never becomes one.
    delete(path)?;
    let own_lock = file::beside(path, ".lock");
    for beside in besides(path).into_iter().filter(|p| *p != own_lock) {
        delete(&beside)?;
    }
    drop(lock);
    delete(&own_lock)?;
    Ok(found == Found::Store)
}

/// What has the store's name and an ending of ours behind it.
fn besides(path: &Path) -> Vec<PathBuf> {
    let Some((folder, name)) = path.parent().zip(path.file_name()) else { return Vec::new() };
    let name = name.to_string_lossy();
    let endings = ["-wal", "-shm", "-journal", ".new", ".lock"];
    let is_ours = |other: &str| {
        other.strip_prefix(name.as_ref()).is_some_and(|ending| {
            endings.contains(&ending) || ending.starts_with(".format-") || ending.starts_with(".new-")
        })
    };
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| is_ours(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ids::TenantId, store::Writer};

    #[test]
    fn nothing_of_it_is_left_and_nothing_else_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let now = Timestamp::UNIX_EPOCH;
        let tenant = TenantId::parse("84841066-274d-4ec0-a5c1-276be684bdd3").unwrap();
        assert!(!remove(&path, now).unwrap());
        assert!(!remove(&dir.path().join("nowhere/store.db"), now).unwrap());
        let writer = Writer::open(&path, &tenant, now).unwrap();
        assert!(matches!(remove(&path, now), Err(StoreError::Locked { .. })));
        assert!(path.exists());
        drop(writer);
        for name in ["store.db.format-1", "store.db.format-1.part", "store.db-wal", "store.db.mine", "other.db"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        assert!(remove(&path, now).unwrap());
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["other.db", "store.db.mine"]);
        // What is none of ours stays, with all that has its name.
        let notes = dir.path().join("other.db");
        fs::write(&notes, "x".repeat(200)).unwrap();
        assert!(matches!(remove(&notes, now), Err(StoreError::NotOurs { .. })));
        assert!(notes.exists());
    }
}
