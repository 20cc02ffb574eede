//! Where tenantry keeps things: the platform's own folders (XDG on Linux).

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

/// The folders in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Profiles.
    pub config: PathBuf,
    /// Stores, and the registry of targets.
    pub data: PathBuf,
    /// The log.
    pub state: PathBuf,
}

impl Paths {
    /// The platform's folders; `None` where there is no home directory.
    pub fn of_platform() -> Option<Self> {
        let dirs = ProjectDirs::from("", "", "tenantry")?;
        Some(Self {
            config: dirs.config_dir().to_owned(),
            data: dirs.data_dir().to_owned(),
            state: dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned(),
        })
    }

    /// All under one folder, as the demo and tests want it.
    pub fn under(root: &Path) -> Self {
        Self { config: root.join("config"), data: root.join("data"), state: root.join("state") }
    }

    /// The store of a tenant, whichever profile reads it.
    pub fn store(&self, tenant: &crate::domain::ids::TenantId) -> PathBuf {
        self.data.join("tenants").join(format!("{tenant}.db"))
    }

    pub fn registry(&self) -> PathBuf {
        self.data.join("targets.json")
    }

    /// What was confirmed of profiles on this machine.
    pub fn trusted(&self) -> PathBuf {
        self.data.join("trusted.json")
    }

    /// How the screens look, and their keys.
    pub fn screens(&self) -> PathBuf {
        self.config.join("ui.toml")
    }

    pub fn log(&self) -> PathBuf {
        self.state.join("tenantry.log")
    }
}
