//! Where tenantry keeps things: the platform's own folders (XDG on Linux).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

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

    pub fn log(&self) -> PathBuf {
        self.state.join("tenantry.log")
    }
}

/// Makes a folder that only its owner may enter.
pub fn private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file for writing that only its owner may read.
pub fn private_file(options: &mut fs::OpenOptions, path: &Path) -> io::Result<fs::File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// Replaces a small file in one step: readers see the old text or the new one, never half of either.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    let dir = path.parent().unwrap_or(Path::new("."));
    private_dir(dir)?;
    let temporary = path.with_extension(format!("tmp{}", std::process::id()));
    let mut file = private_file(fs::OpenOptions::new().write(true).create(true).truncate(true), &temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}
