//! One writer a store: a lock file beside it that names its process.
//!
//! The operating system's lock decides, the text in the file only tells who holds it: a process that was killed leaves
//! its text behind and no lock. Readers never lock.

use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{error::StoreError, file};
use crate::files;

/// Who writes a store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Holder {
    pub pid: Option<u32>,
    pub program: Option<String>,
    pub since: Option<Timestamp>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.pid, &self.program, &self.since) {
            (Some(pid), Some(program), Some(since)) => write!(f, "process {pid} ({program}, since {since})"),
            (Some(pid), ..) => write!(f, "process {pid}"),
            _ => f.write_str("another process"),
        }
    }
}

/// The one writer's lock; free again when it is dropped, or when its process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

/// How often a taken lock is tried: someone who only asks who holds it holds it for an instant.
const TRIES: u32 = 20;

impl Lock {
    pub(super) fn take(store: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let path = lock_path(store);
        let file = files::private().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => StoreError::NotWritable { path: path.clone(), source: Some(e) },
            _ => StoreError::io(&path, e),
        })?;
        for attempt in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(e)) => return Err(StoreError::io(&path, e)),
                Err(TryLockError::WouldBlock) if attempt < TRIES => std::thread::sleep(Duration::from_millis(5)),
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Locked { path: store.to_owned(), holder: read_holder(&mut file) });
                }
            }
        }
        let holder = Holder {
            pid: Some(std::process::id()),
            program: Some(concat!("tenantry ", env!("CARGO_PKG_VERSION")).to_owned()),
            since: Some(now),
        };
        let text = serde_json::to_string(&holder).unwrap_or_default();
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(text.as_bytes())
        };
        write(&mut file).map_err(|e| StoreError::io(&path, e))?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The text is for people; the lock itself goes with the file handle.
        let _ = self.file.set_len(0);
    }
}

/// Who writes this store at this moment; `None` when nobody does.
pub fn holder(store: &Path) -> Option<Holder> {
    let mut file = OpenOptions::new().read(true).open(lock_path(store)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(read_holder(&mut file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    // Where locks also forbid reading (Windows), the holder stays unnamed.
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
    serde_json::from_str(&text).unwrap_or_default()
}

fn lock_path(store: &Path) -> PathBuf {
    file::beside(store, ".lock")
}
