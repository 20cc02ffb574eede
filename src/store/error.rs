//! What can be wrong with a store, in words that name the file and the next step.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::lock::Holder;
use crate::domain::{
    completeness::RunStatus,
    ids::{RunId, TenantId},
    problem::Problem,
};

/// Why a store could not be opened, read or written. Whatever it is, what the file held is still there.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no store at {}", .path.display())]
    NotFound { path: PathBuf },
    #[error("the store {} holds tenant {holds}, not {asked}", .path.display())]
    OtherTenant { path: PathBuf, holds: TenantId, asked: TenantId },
    #[error("the store {} was written by a newer tenantry (format {found}, this one knows up to {known})", .path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("{} is not a store of tenantry", .path.display())]
    NotOurs { path: PathBuf },
    #[error("the store {} is damaged", .path.display())]
    Damaged { path: PathBuf, source: Option<rusqlite::Error> },
    #[error("the store {} is being written by {holder}", .path.display())]
    Locked { path: PathBuf, holder: Holder },
    #[error("{} cannot be written", .path.display())]
    NotWritable { path: PathBuf, source: Option<io::Error> },
    #[error("the disk is full: {} could not be written", .path.display())]
    DiskFull { path: PathBuf },
    #[error("run {run} is not the one being written")]
    NotRunning { run: RunId },
    #[error("the store holds no run {run}")]
    NoSuchRun { run: RunId },
    #[error("run {run} {} and cannot be compared; {}", why_not(*.status), listed(.kept))]
    NotComparable { run: RunId, status: Option<RunStatus>, kept: Vec<RunId> },
    #[error("upload {upload} is not open")]
    NoSuchUpload { upload: i64 },
    #[error("reading the store {} was given up", .path.display())]
    Stopped { path: PathBuf },
    #[error("{} cannot be used", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("the store {} could not be used", .path.display())]
    Sqlite { path: PathBuf, source: rusqlite::Error },
}

impl StoreError {
    /// Sorts what SQLite said.
    pub(super) fn of(path: &Path, error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(Code::NotADatabase) => Self::NotOurs { path },
            Some(Code::DatabaseCorrupt) => Self::Damaged { path, source: Some(error) },
            Some(Code::DiskFull) => Self::DiskFull { path },
            Some(Code::OperationInterrupted) => Self::Stopped { path },
            Some(Code::ReadOnly | Code::PermissionDenied) => Self::NotWritable { path, source: None },
            _ => match error {
                // A value that no version of tenantry has written where it stands.
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..) => Self::Damaged { path, source: Some(error) },
                source => Self::Sqlite { path, source },
            },
        }
    }

    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::NotADirectory => {
                Self::NotWritable { path, source: Some(source) }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::NotFound => Self::NotFound { path },
            _ => Self::Io { path, source },
        }
    }

    /// A word for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "store_not_found",
            Self::OtherTenant { .. } => "store_other_tenant",
            Self::Newer { .. } => "store_newer",
            Self::NotOurs { .. } => "store_not_ours",
            Self::Damaged { .. } => "store_damaged",
            Self::Locked { .. } => "store_locked",
            Self::NotWritable { .. } => "store_not_writable",
            Self::DiskFull { .. } => "disk_full",
            Self::NotRunning { .. } | Self::NoSuchRun { .. } => "no_such_run",
            Self::NotComparable { .. } => "run_not_comparable",
            Self::NoSuchUpload { .. } => "no_such_upload",
            Self::Stopped { .. } => "cancelled",
            Self::Io { .. } | Self::Sqlite { .. } => "store_unusable",
        }
    }

    /// The next step.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotFound { .. } => Some("Run `tenantry collect` first, or name the right file with --store."),
            Self::OtherTenant { .. } => Some(
                "One store holds one tenant: name another file with --store, or select the profile of this tenant.",
            ),
            Self::Newer { .. } => Some("Update tenantry, or name another file with --store. Nothing was changed."),
            Self::NotOurs { .. } => Some("Name another file with --store. Nothing was changed."),
            Self::Damaged { .. } => {
                Some("Move the file away and run `tenantry collect` again; nothing was overwritten.")
            }
            Self::Locked { .. } => Some("Wait until it is done, or end that process. Reading goes on meanwhile."),
            Self::NotWritable { .. } => Some("Check who owns the file and its folder, or name another with --store."),
            Self::NotComparable { .. } => Some("Compare two of these runs."),
            Self::DiskFull { .. } => Some("Make room, then run it again: what was committed is kept."),
            _ => None,
        }
    }

    /// As every face shows it.
    pub fn problem(&self) -> Problem {
        let mut problem = Problem::new(self.to_string()).code(self.code());
        problem.message = std::error::Error::source(self).map(ToString::to_string);
        problem.hint = self.hint().map(str::to_owned);
        problem
    }
}

const fn why_not(status: Option<RunStatus>) -> &'static str {
    match status {
        None => "is not kept",
        Some(RunStatus::Running) => "is still being read",
        Some(RunStatus::Scoped) => "read a selection only",
        Some(_) => "did not finish",
    }
}

/// Runs that can be compared, as words.
fn listed(kept: &[RunId]) -> String {
    match kept {
        [] => "no run has finished yet".to_owned(),
        [only] => format!("only run {only} finished and is kept"),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
            format!("runs {} and {last} can be", rest.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_runs_can_be_compared() {
        let check = |status: Option<RunStatus>, kept: &[i64], want: &str| {
            let kept = kept.iter().copied().map(RunId).collect();
            assert_eq!(StoreError::NotComparable { run: RunId(3), status, kept }.to_string(), want);
        };
        check(None, &[5, 6, 9], "run 3 is not kept and cannot be compared; runs 5, 6 and 9 can be");
        check(
            Some(RunStatus::Running),
            &[2],
            "run 3 is still being read and cannot be compared; only run 2 finished and is kept",
        );
        check(
            Some(RunStatus::Scoped),
            &[1, 2],
            "run 3 read a selection only and cannot be compared; runs 1 and 2 can be",
        );
        check(
            Some(RunStatus::Interrupted),
            &[],
            "run 3 did not finish and cannot be compared; no run has finished yet",
        );
    }
}
