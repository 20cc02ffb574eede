//! The request logs of a store: one file for each collection and each upload, in a folder beside the store.
//!
//! A file is one line of what is to be known of the whole ([`LogInfo`]), of a fixed length and written again and again, and
//! behind it a line of JSON for each request, as they were answered. Private as the store is; the last few stay. What a
//! line can hold is `domain::request`'s; this module knows no request by its meaning, and never fails a job.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::{
    ffi::OsString,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

pub use self::{read::Shelf, write::Log};
use crate::domain::request::LogInfo;

/// The length of the first line, its end included.
const HEAD: usize = 768;
const EXTENSION: &str = "ndjson";
/// Logs of each kind that are kept.
const KEPT: usize = 5;

/// The folder for the logs of a store.
pub fn folder(store: &Path) -> PathBuf {
    let mut name = store.file_name().map_or_else(|| OsString::from("store"), OsString::from);
    name.push(".requests");
    store.with_file_name(name)
}

/// The logs in a folder, the newest first. What is no log is left out.
///
/// # Errors
///
/// When the folder is there and cannot be read.
pub fn logs(folder: &Path) -> io::Result<Vec<LogInfo>> {
    let mut found: Vec<LogInfo> = names(folder)?.iter().filter_map(|name| head(&path(folder, name)).ok()).collect();
    found.sort_by(|a, b| (b.began, &b.name).cmp(&(a.began, &a.name)));
    Ok(found)
}

/// Deletes all logs of a store, and their folder.
///
/// # Errors
///
/// When the system refuses.
pub fn remove(store: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder(store)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).with_extension(EXTENSION)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let name = |path: PathBuf| {
        let is_log = path.extension().is_some_and(|e| e == EXTENSION);
        is_log.then(|| path.file_stem()?.to_str().map(str::to_owned))?
    };
    Ok(entries.filter_map(|entry| name(entry.ok()?.path())).collect())
}

fn head(path: &Path) -> io::Result<LogInfo> {
    let mut line = [0; HEAD];
    fs::File::open(path)?.read_exact(&mut line)?;
    Ok(serde_json::from_slice(&line)?)
}
