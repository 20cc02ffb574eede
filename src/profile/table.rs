//! A small JSON table on disk that several processes may change: read, changed and written under one lock.
//!
//! A damaged file is an error, never an empty table. What the rows mean is for [`super::registry`] and [`super::trust`].

use std::{collections::BTreeMap, fs, io, marker::PhantomData, path::PathBuf};

use serde::{Serialize, de::DeserializeOwned};

use crate::files;

#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("the {what}, {path}, cannot be read: {why}")]
    Unreadable { what: &'static str, path: PathBuf, why: String },
    #[error("the {what}, {path}, cannot be written")]
    Unwritable { what: &'static str, path: PathBuf, source: io::Error },
}

/// The file: texts and what is known of each.
#[derive(Debug, Clone)]
pub struct Table<V> {
    /// What it is, in words: `registry of targets`.
    what: &'static str,
    path: PathBuf,
    rows: PhantomData<fn() -> V>,
}

impl<V: Clone + PartialEq + Serialize + DeserializeOwned> Table<V> {
    pub const fn new(what: &'static str, path: PathBuf) -> Self {
        Self { what, path, rows: PhantomData }
    }

    pub fn read(&self) -> Result<BTreeMap<String, V>, TableError> {
        match fs::read_to_string(&self.path) {
            Ok(text) => serde_json::from_str(&text).map_err(|e| self.unreadable(e.to_string())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(e) => Err(self.unreadable(e.to_string())),
        }
    }

    /// Changes the table in one step: of two processes one comes after the other.
    pub fn change<T>(&self, work: impl FnOnce(&mut BTreeMap<String, V>) -> T) -> Result<T, TableError> {
        let unwritable = |source| TableError::Unwritable { what: self.what, path: self.path.clone(), source };
        let dir = self.path.parent().unwrap_or(std::path::Path::new("."));
        files::private_folder(dir).map_err(unwritable)?;
        // Two processes may finish at once: read, change and write under one lock.
        let lock = files::private().write(true).create(true).truncate(false).open(self.path.with_extension("lock"));
        let lock = lock.map_err(unwritable)?;
        lock.lock().map_err(unwritable)?;
        let before = self.read()?;
        let mut all = before.clone();
        let out = work(&mut all);
        if all != before {
            let text = serde_json::to_string_pretty(&all).map_err(|e| unwritable(io::Error::other(e)))?;
            files::replace(&self.path, &text).map_err(unwritable)?;
        }
        Ok(out)
    }

    pub fn unreadable(&self, why: String) -> TableError {
        TableError::Unreadable { what: self.what, path: self.path.clone(), why }
    }

    pub fn path(&self) -> &std::path::Path {
        &self.path
    }
}
