//! Exports of a run: which objects, in which order, and whether the run may be written for programs that delete.

use std::{ops::ControlFlow, path::Path};

use tokio_util::sync::CancellationToken;

use super::{JobError, open, runs};
use crate::{
    domain::{
        completeness::partial_types,
        export::ExportFormat,
        guard::Guard,
        kind::{EdgeKind, EntityKind},
        naming::Naming,
        problem::Problem,
        target::managed_types,
        view::RunInfo,
    },
    export::{
        self, ExportError, ExportReport, Source,
        integration::{Plan, Step},
    },
    profile::Settings,
    store::{Reader, StoreError},
};

/// Writes what an upload would send to a folder.
///
/// Stopped, it leaves what was there before.
pub fn export(
    settings: &Settings,
    format: ExportFormat,
    dir: &Path,
    cancel: &CancellationToken,
) -> Result<(RunInfo, ExportReport), JobError> {
    let reader = open(settings)?;
    let naming = settings.naming();
    let run = runs::chosen(&reader, settings)?;
    let stored = Stored { reader: &reader, run: &run, naming, cancel };
    let written = match format {
        ExportFormat::Ndjson => export::ndjson::write(dir, &stored),
        ExportFormat::Csv => export::csv::write(dir, &naming.all_types().collect::<Vec<_>>(), &stored),
        ExportFormat::J1Integration => export::integration::write(dir, &plan(&reader, &run, naming)?, &stored),
    };
    match written {
        Ok(report) => Ok((run, report)),
        Err(ExportError::Source(Unread::Stopped)) => {
            Err(JobError::Interrupted(Box::new(Problem::new("the export was stopped").code("cancelled"))))
        }
        Err(error) => Err(JobError::failed(error.problem(|unread| match unread {
            Unread::Store(error) => error.problem(),
            Unread::Stopped => Problem::new(unread.to_string()),
        }))),
    }
}

/// A run of a store, as an upload sends it.
struct Stored<'a> {
    reader: &'a Reader,
    run: &'a RunInfo,
    naming: Naming,
    cancel: &'a CancellationToken,
}

/// Why a run could not be read to its end.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it was stopped")]
    Stopped,
}

impl Stored<'_> {
    fn unless_stopped(&self, read: Result<(), StoreError>) -> Result<(), Unread> {
        read?;
        if self.cancel.is_cancelled() { Err(Unread::Stopped) } else { Ok(()) }
    }
}

impl Source for Stored<'_> {
    type Error = Unread;

    fn entities(&self, sink: export::Sink<'_>) -> Result<(), Unread> {
        let read =
            self.reader.for_each_entity(self.run.id, self.naming, &mut |entity| match self.cancel.is_cancelled() {
                true => ControlFlow::Break(()),
                false => sink(entity.json),
            });
        self.unless_stopped(read)
    }

    fn relationships(&self, sink: export::Sink<'_>) -> Result<(), Unread> {
        let read = self.reader.for_each_edge(self.run.id, self.naming, &mut |edge| match edge.json(self.naming) {
            _ if self.cancel.is_cancelled() => ControlFlow::Break(()),
            serde_json::Value::Object(object) => sink(object),
            _ => ControlFlow::Continue(()),
        });
        self.unless_stopped(read)
    }
}

/// What the official commands are told of a run. They delete what it does not hold, and ask nobody first.
fn plan(reader: &Reader, run: &RunInfo, naming: Naming) -> Result<Plan, JobError> {
    let counts = reader.counts(run.id, naming)?;
    if counts.get(naming.entity_type(EntityKind::Account)).copied().unwrap_or_default() == 0 {
        return Err(JobError::Guard(Box::new(Guard::NothingToHold { what: "account entity".to_owned() }.problem())));
    }
    let step = |id, name, entity: EntityKind, edges: &[EdgeKind]| {
        let edges = edges.iter().map(|kind| naming.edge_type(*kind).to_owned());
        Step { id, name, types: std::iter::once(naming.entity_type(entity).to_owned()).chain(edges).collect() }
    };
    let of_groups = [EdgeKind::GroupUser, EdgeKind::GroupGroup, EdgeKind::GroupMember];
    Ok(Plan {
        steps: vec![
            step("fetch-account", "Fetch the account", EntityKind::Account, &[]),
            step("fetch-users", "Fetch users", EntityKind::User, &[EdgeKind::AccountUser]),
            step("fetch-groups", "Fetch groups", EntityKind::Group, &[EdgeKind::AccountGroup]),
            step("fetch-group-members", "Fetch members of groups", EntityKind::Member, &of_groups),
        ],
        // Nobody can look what the folder will be sent to: what another integration may own there is spared as well.
        partial_types: partial_types(naming, &run.gaps).into_iter().chain(managed_types()).collect(),
        counts: counts.into_iter().filter(|(_, count)| *count > 0).collect(),
        time: (run.started_at, run.last_at()),
    })
}
