//! In which form a run is written for other programs.

use serde::{Deserialize, Serialize};

use super::ids::RunId;

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
    /// What JupiterOne's own command `diff` reads: one run, or the pair.
    Tree,
    /// One file of nodes and edges, for programs that draw and count.
    Graphml,
    /// One page that a browser opens without a network.
    Html,
}

impl ExportFormat {
    pub const ALL: [Self; 6] = [Self::Csv, Self::Ndjson, Self::J1Integration, Self::Tree, Self::Graphml, Self::Html];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::J1Integration => "j1-integration",
            Self::Tree => "tree",
            Self::Graphml => "graphml",
            Self::Html => "html",
        }
    }

    /// What an export of a run is called where nobody names it; a pair is a folder whatever its format.
    pub fn place(self, run: RunId, is_pair: bool) -> String {
        let name = format!("tenantry-run-{run}-{}", self.as_str());
        match self.ending().filter(|_| !is_pair) {
            Some(ending) if ending == self.as_str() => format!("tenantry-run-{run}.{ending}"),
            Some(ending) => format!("{name}.{ending}"),
            None => name,
        }
    }

    /// What the one file that it is ends with; of the others a folder is written.
    pub const fn ending(self) -> Option<&'static str> {
        match self {
            Self::Ndjson | Self::Csv | Self::J1Integration => None,
            Self::Tree => Some("json"),
            Self::Graphml => Some("graphml"),
            Self::Html => Some("html"),
        }
    }
}

/// What an export wrote, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The folder, or the file.
    pub path: String,
    pub entities: u64,
    pub relationships: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_by_run_and_format() {
        let check = |format: ExportFormat, is_pair, want: &str| assert_eq!(format.place(RunId(7), is_pair), want);
        check(ExportFormat::Csv, false, "tenantry-run-7-csv");
        check(ExportFormat::J1Integration, false, "tenantry-run-7-j1-integration");
        check(ExportFormat::Tree, false, "tenantry-run-7-tree.json");
        check(ExportFormat::Tree, true, "tenantry-run-7-tree");
        check(ExportFormat::Graphml, false, "tenantry-run-7.graphml");
        check(ExportFormat::Html, false, "tenantry-run-7.html");
        // No two of a run are in each other's way.
        let all: std::collections::BTreeSet<_> = ExportFormat::ALL.map(|format| format.place(RunId(7), false)).into();
        assert_eq!(all.len(), ExportFormat::ALL.len());
    }
}
