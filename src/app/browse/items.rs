//! What stands in the browser's lists: objects and edges, differences, runs, findings. One window shows them all.

use crate::{
    app::list::Keyed,
    domain::{
        explore::{DiffRow, Finding},
        kind::EntityKind,
        planned::Planned,
        request::Request,
        view::{Row, RunInfo},
    },
};

/// One line of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Row(Row),
    Diff(DiffRow),
    Run(RunInfo),
    Finding(Finding),
    /// With its number in its log.
    Request(u64, Box<Request>),
    Planned(Box<Planned>),
}

impl Keyed for Item {
    /// An edge's far end occurs many times, and so does what a finding is about.
    type Key = (String, Option<String>);

    fn key(&self) -> Self::Key {
        match self {
            Self::Row(row) => (row.id.clone(), row.edge.as_ref().map(|edge| edge.from_id.clone())),
            Self::Diff(row) => (row.id.clone(), row.edge.as_ref().map(|edge| edge.from_id.clone())),
            Self::Run(run) => (run.id.to_string(), None),
            Self::Finding(finding) => (finding.about.clone(), Some(finding.what.clone())),
            Self::Request(number, _) => (number.to_string(), None),
            Self::Planned(row) => (row.key.clone(), None),
        }
    }
}

impl Item {
    pub const fn row(&self) -> Option<&Row> {
        match self {
            Self::Row(row) => Some(row),
            _ => None,
        }
    }

    pub const fn run(&self) -> Option<&RunInfo> {
        match self {
            Self::Run(run) => Some(run),
            _ => None,
        }
    }

    pub const fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Finding(finding) => Some(finding),
            _ => None,
        }
    }

    /// The object that it is about: its id, kind and name.
    pub fn subject(&self) -> Option<(String, EntityKind, String)> {
        match self {
            Self::Row(row) => Some((row.id.clone(), row.kind, row.name.clone())),
            Self::Diff(row) => Some((row.id.clone(), row.kind, row.name.clone())),
            Self::Run(_) | Self::Request(..) => None,
            Self::Planned(row) => {
                let end = &row.end;
                end.kind.map(|kind| (end.id.clone(), kind, end.title().to_owned()))
            }
            // Only groups are read one by one; what is said of one is mostly about its members.
            Self::Finding(finding) => finding.id.as_ref().map(|id| {
                let name = finding.about.strip_prefix("the members of ").unwrap_or(&finding.about);
                (id.clone(), EntityKind::Group, name.to_owned())
            }),
        }
    }
}
