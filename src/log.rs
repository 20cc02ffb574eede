//! The log: a file, never the screen. Nothing of a secret can reach it, as no secret can be printed.

use std::{
    fs::{self, File},
    io,
    path::Path,
    sync::Mutex,
};

use tracing::{Level, Subscriber};
use tracing_subscriber::{EnvFilter, Layer as _, filter::filter_fn, fmt::MakeWriter, layer::SubscriberExt as _};

use crate::files;

/// A log longer than this is put aside as `.old` when the program starts.
const LARGE: u64 = 5_000_000;

/// Starts the log. `TENANTRY_LOG` chooses what is told (`debug`, `tenantry::graph=trace`); without it, what tenantry
/// does. Of its libraries only warnings are told, whatever `TENANTRY_LOG` says: what passes through an HTTP client or a
/// keyring's bus is theirs to trace and not ours to judge.
///
/// # Errors
///
/// When the file cannot be opened; the program works without a log.
pub fn start(path: &Path) -> io::Result<()> {
    let file = open(path)?;
    let filter = EnvFilter::try_from_env("TENANTRY_LOG").unwrap_or_else(|_| EnvFilter::new("warn,tenantry=info"));
    tracing::subscriber::set_global_default(subscriber(filter, Mutex::new(file))).map_err(io::Error::other)
}

fn subscriber<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let ours = filter_fn(|told| {
        let target = told.target();
        *told.level() <= Level::WARN || target == "tenantry" || target.starts_with("tenantry::")
    });
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer).with_filter(ours);
    tracing_subscriber::registry().with(filter).with(lines)
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        files::private_folder(dir)?;
    }
    if fs::metadata(path).is_ok_and(|m| m.len() > LARGE) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    files::private().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn libraries_trace_nothing_whatever_is_asked_for() {
        let check = |filter: &str, want: &[&str], not: &[&str]| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("state/tenantry.log");
            let writer = Arc::new(open(&path).unwrap());
            tracing::subscriber::with_default(subscriber(EnvFilter::new(filter), writer), || {
                tracing::trace!(target: "tenantry::graph", "our-trace");
                tracing::info!(target: "tenantry", "our-info");
                tracing::trace!(target: "zbus::connection", "bus-trace");
                tracing::debug!(target: "h2::codec", "wire-debug");
                tracing::info!(target: "tenantry_of_others", "their-info");
                tracing::warn!(target: "zbus::connection", "bus-warning");
            });
            let text = fs::read_to_string(&path).unwrap();
            assert!(want.iter().all(|word| text.contains(word)), "{filter}: {text}");
            assert!(not.iter().all(|word| !text.contains(word)), "{filter}: {text}");
        };
        let theirs = ["bus-trace", "wire-debug", "their-info"];
        check("trace", &["our-trace", "our-info", "bus-warning"], &theirs);
        check("zbus::connection=trace,h2=debug,tenantry=info", &["our-info", "bus-warning"], &theirs);
        check("warn,tenantry=info", &["our-info", "bus-warning"], &["our-trace", "bus-trace"]);
    }
}
