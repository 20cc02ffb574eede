//! Writing everything that an upload sends to files: which form, and where it went.

use super::{
    Fx, Model,
    msg::{Kind, Work},
    overlay::Overlay,
};
use crate::domain::{
    export::{ExportFormat, Exported},
    text::grouped,
};

/// What the chooser offers: the name, and what it is good for.
pub const fn words(format: ExportFormat) -> (&'static str, &'static str) {
    match format {
        ExportFormat::Csv => ("Tables (CSV)", "A file for each type, for a spreadsheet. Nothing in them runs."),
        ExportFormat::Ndjson => ("NDJSON", "Two files of exactly the objects that an upload sends, one a line."),
        ExportFormat::J1Integration => (
            ".j1-integration",
            "The folder that JupiterOne's own commands read: j1-integration sync, visualize and neo4j push.",
        ),
        ExportFormat::Tree => {
            ("J1QL trees", "This run and the one before it, as j1-integration diff reads them: old.json and new.json.")
        }
        ExportFormat::Html => ("A page (HTML)", "One file to look at and search in a browser, without a network."),
        ExportFormat::Graphml => ("GraphML", "One file of all nodes and edges, for Gephi, yEd and networkx."),
    }
}

/// Whether there is a run to write, and none is being written.
pub(super) fn can_start(m: &Model) -> bool {
    m.finished().is_some() && !m.jobs.values().any(|job| job.kind == Kind::Export)
}

pub(super) fn is_open(m: &Model) -> bool {
    matches!(m.overlays.last(), Some(Overlay::Export { .. }))
}

pub(super) fn open(model: &mut Model) {
    model.overlays.push(Overlay::Export { chosen: 0 });
}

/// The form was chosen.
pub(super) fn chosen(model: &mut Model, at: usize, fx: &mut Fx) {
    if let Some(format) = ExportFormat::ALL.get(at).filter(|_| can_start(model)) {
        model.start(Work::Export(*format), fx);
        model.say("Writing files …");
    }
}

pub(super) fn ended(model: &mut Model, done: &Exported) {
    model.say(format!(
        "Wrote {} entities and {} relationships to {}",
        grouped(done.entities),
        grouped(done.relationships),
        done.path
    ));
}
