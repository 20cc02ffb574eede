//! The registry of targets: which tenant, under which naming, last wrote to each target. Kept outside the stores, so
//! that two stores cannot overwrite each other's objects without a word.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::table::{Table, TableError};
use crate::domain::{ids::TenantId, naming::Naming, target::Target};

/// Who last wrote to a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    pub tenant: TenantId,
    pub naming: Naming,
    pub at: Timestamp,
}

impl Writer {
    /// Whether an upload of the one would delete nothing of the other's.
    pub fn is_like(&self, other: &Self) -> bool {
        self.tenant == other.tenant && self.naming == other.naming
    }
}

/// What became of a wish to write to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is noted; this was there before.
    Ours { before: Option<Writer> },
    /// Another tenant, or another naming, was the last to write there.
    Taken(Writer),
}

/// The registry's file. A damaged one is an error, never an empty registry.
#[derive(Debug, Clone)]
pub struct Registry(Table<Writer>);

impl Registry {
    pub fn new(path: PathBuf) -> Self {
        Self(Table::new("registry of targets", path))
    }

    pub fn last_writer(&self, target: &Target) -> Result<Option<Writer>, TableError> {
        Ok(self.0.read()?.remove(&target.key()))
    }

    /// Notes that a job of this tenant is about to write to the target, unless another tenant or naming was the last:
    /// then that one is handed back, and nothing is noted. One step, so that of two processes only one gets it; and on
    /// disk before anything is sent, so that not even a killed process leaves a target that nobody has written to.
    ///
    /// `instead_of` is who may be replaced all the same, because a person has said so: nobody else.
    pub fn claim(&self, target: &Target, writer: Writer, instead_of: Option<&Writer>) -> Result<Claim, TableError> {
        self.0.change(|all| match all.get(&target.key()) {
            Some(last) if !last.is_like(&writer) && instead_of != Some(last) => Claim::Taken(last.clone()),
            last => {
                let before = last.cloned();
                all.insert(target.key(), writer);
                Claim::Ours { before }
            }
        })
    }

    /// Takes a claim back: its job is known to have changed nothing.
    pub fn give_back(&self, target: &Target, before: Option<Writer>) -> Result<(), TableError> {
        self.0.change(|all| {
            match before {
                Some(writer) => all.insert(target.key(), writer),
                None => all.remove(&target.key()),
            };
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::domain::{origin::Origin, target::Destination};

    #[test]
    fn a_target_belongs_to_who_last_wrote_there() {
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
        let ours = |before: Option<&Writer>| Claim::Ours { before: before.cloned() };
        assert_eq!(registry.last_writer(&target("one")).unwrap(), None);
        assert_eq!(registry.claim(&target("one"), a.clone(), None).unwrap(), ours(None));
        assert_eq!(registry.claim(&target("two"), b.clone(), None).unwrap(), ours(None));
        assert_eq!(registry.last_writer(&target("ONE")).unwrap(), Some(a.clone()));
        // Another tenant does not get it; the same one does.
        assert_eq!(registry.claim(&target("one"), b.clone(), None).unwrap(), Claim::Taken(a.clone()));
        let later = Writer { at: Timestamp::from_second(1).unwrap(), ..a.clone() };
        assert_eq!(registry.claim(&target("one"), later.clone(), None).unwrap(), ours(Some(&a)));
        assert_eq!(registry.last_writer(&target("one")).unwrap(), Some(later.clone()));
        // In place of the very one that was seen, and of no other.
        assert_eq!(registry.claim(&target("one"), b.clone(), Some(&a)).unwrap(), Claim::Taken(later.clone()));
        assert_eq!(registry.claim(&target("one"), b.clone(), Some(&later)).unwrap(), ours(Some(&later)));
        // What changed nothing leaves nothing behind.
        registry.give_back(&target("one"), Some(a.clone())).unwrap();
        registry.give_back(&target("two"), None).unwrap();
        assert_eq!(registry.last_writer(&target("one")).unwrap(), Some(a));
        assert_eq!(registry.last_writer(&target("two")).unwrap(), None);

        fs::write(dir.path().join("data/targets.json"), "{").unwrap();
        assert!(matches!(registry.last_writer(&target("one")), Err(TableError::Unreadable { .. })));
        assert!(matches!(registry.claim(&target("two"), b, None), Err(TableError::Unreadable { .. })));
    }
}
