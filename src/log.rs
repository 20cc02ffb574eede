//! The log: a file, never the screen. Nothing of a secret can reach it, as no secret can be printed.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
    sync::Mutex,
};

use tracing_subscriber::EnvFilter;

use crate::profile::paths;

/// A log longer than this is put aside as `.old` when the program starts.
const LARGE: u64 = 5_000_000;

/// Starts the log. `TENANTRY_LOG` chooses what is told (`debug`, `tenantry=trace`); without it, what tenantry does, and
/// only warnings of its libraries: a keyring's own log may name more than it should.
///
/// # Errors
///
/// When the file cannot be opened; the program works without a log.
pub fn start(path: &Path) -> io::Result<()> {
    let file = open(path)?;
    let filter = EnvFilter::try_from_env("TENANTRY_LOG").unwrap_or_else(|_| EnvFilter::new("warn,tenantry=info"));
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file)).finish();
    tracing::subscriber::set_global_default(subscriber).map_err(io::Error::other)
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        paths::private_dir(dir)?;
    }
    if fs::metadata(path).is_ok_and(|m| m.len() > LARGE) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    paths::private_file(OpenOptions::new().create(true).append(true), path)
}
