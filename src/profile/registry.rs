//! The registry of targets: which tenant, under which naming, last wrote to each target. Kept outside the stores, so
//! that two stores cannot overwrite each other's objects without a word.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::paths;
use crate::domain::{ids::TenantId, naming::Naming, target::Target};

/// Who last wrote to a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    pub tenant: TenantId,
    pub naming: Naming,
    pub at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("the registry of targets, {path}, cannot be read: {why}")]
    Unreadable { path: PathBuf, why: String },
    #[error("the registry of targets, {path}, cannot be written")]
    Unwritable { path: PathBuf, source: io::Error },
}

/// The registry's file. A damaged one is an error, never an empty registry.
#[derive(Debug, Clone)]
pub struct Registry {
    path: PathBuf,
}

impl Registry {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub fn last_writer(&self, target: &Target) -> Result<Option<Writer>, RegistryError> {
        Ok(self.read()?.remove(&target.key()))
    }

    /// Notes that a job of this tenant has written, or may have written, to the target.
    pub fn note(&self, target: &Target, writer: Writer) -> Result<(), RegistryError> {
        let unwritable = |source| RegistryError::Unwritable { path: self.path.clone(), source };
        let dir = self.path.parent().unwrap_or(std::path::Path::new("."));
        paths::private_dir(dir).map_err(unwritable)?;
        // Two processes may finish at once: read, change and write under one lock.
        let lock = paths::private_file(
            fs::OpenOptions::new().write(true).create(true).truncate(false),
            &self.path.with_extension("lock"),
        )
        .map_err(unwritable)?;
        lock.lock().map_err(unwritable)?;
        let mut all = self.read()?;
        all.insert(target.key(), writer);
        let text = serde_json::to_string_pretty(&all).map_err(|e| unwritable(io::Error::other(e)))?;
        paths::replace(&self.path, &text).map_err(unwritable)
    }

    fn read(&self) -> Result<BTreeMap<String, Writer>, RegistryError> {
        let unreadable = |why: String| RegistryError::Unreadable { path: self.path.clone(), why };
        match fs::read_to_string(&self.path) {
            Ok(text) => serde_json::from_str(&text).map_err(|e| unreadable(e.to_string())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(e) => Err(unreadable(e.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{origin::Origin, target::Destination};

    #[test]
    fn the_last_writer_is_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let registry = Registry::new(dir.path().join("data/targets.json"));
        let target = |instance: &str| Target {
            origin: Origin::known("https://api.us.jupiterone.io"),
            account: "acme".into(),
            destination: Destination::Instance(instance.into()),
        };
        let writer = |tenant| Writer {
            tenant: TenantId::parse(tenant).unwrap(),
            naming: Naming::ActiveDirectory,
            at: Timestamp::UNIX_EPOCH,
        };
        let (a, b) = (writer("84841066-274d-4ec0-a5c1-276be684bdd3"), writer("94841066-274d-4ec0-a5c1-276be684bdd3"));
        assert_eq!(registry.last_writer(&target("one")).unwrap(), None);
        registry.note(&target("one"), a.clone()).unwrap();
        registry.note(&target("two"), b.clone()).unwrap();
        assert_eq!(registry.last_writer(&target("ONE")).unwrap(), Some(a));
        registry.note(&target("one"), b.clone()).unwrap();
        assert_eq!(registry.last_writer(&target("one")).unwrap(), Some(b));

        fs::write(dir.path().join("data/targets.json"), "{").unwrap();
        assert!(matches!(registry.last_writer(&target("one")), Err(RegistryError::Unreadable { .. })));
    }
}
