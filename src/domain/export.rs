//! In which form a run is written for other programs.

use serde::{Deserialize, Serialize};

/// The forms of an export of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportFormat {
    /// Two files of exactly the objects that an upload sends, one a line.
    Ndjson,
    /// A table for each type, for spreadsheets.
    Csv,
    /// The folder that JupiterOne's own commands read.
    J1Integration,
}

impl ExportFormat {
    pub const ALL: [Self; 3] = [Self::Csv, Self::Ndjson, Self::J1Integration];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::J1Integration => "j1-integration",
        }
    }
}

/// What an export wrote, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The folder.
    pub path: String,
    pub entities: u64,
    pub relationships: u64,
}
