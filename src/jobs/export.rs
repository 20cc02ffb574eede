//! Exports of a run: which objects, in which order, and whether the run may be written for programs that delete.

use std::{cell::RefCell, collections::BTreeMap, ops::ControlFlow, path::Path};

use tokio_util::sync::CancellationToken;

use super::{JobError, open, runs};
use crate::{
    domain::{
        edge::Edge,
        entity::Entity,
        explore::Severity,
        export::ExportFormat,
        guard::Guard,
        ids::{RunId, TenantId},
        kind::{EdgeKind, EntityKind},
        naming::Names,
        problem::Problem,
        reading::RunKind,
        target::managed_types,
        validate::{Checker, Finding},
        view::RunInfo,
    },
    export::{
        self, ExportError, ExportReport, Source,
        html::{About, Lack},
        integration::{Plan, Step},
    },
    profile::Settings,
    store::{Reader, StoreError},
};

/// Writes what an upload would send to a folder, or to a file if the format is one.
///
/// Stopped, it leaves what was there before.
pub fn export(
    settings: &Settings,
    format: ExportFormat,
    path: &Path,
    cancel: &CancellationToken,
) -> Result<(RunInfo, ExportReport), JobError> {
    let reader = open(settings)?;
    let names = settings.names()?;
    let run = runs::chosen(&reader, settings)?;
    let tenant = reader.tenant()?;
    let stored = Stored::new(&reader, &run, &names, &tenant, cancel);
    let written = match format {
        ExportFormat::Ndjson => export::ndjson::write(path, &stored),
        ExportFormat::Csv => export::csv::write(path, &names.naming().all_types().collect::<Vec<_>>(), &stored),
        ExportFormat::J1Integration => stored
            .plan()?
            .map_err(ExportError::Source)
            .and_then(|plan| export::integration::write(path, &plan, &stored)),
        ExportFormat::Tree => export::tree::write(path, &stored),
        ExportFormat::Graphml => export::graphml::write(path, &stored),
        ExportFormat::Html => {
            let naming = names.naming();
            let of_type = |name: &str| EntityKind::ALL.into_iter().find(|kind| naming.entity_type(*kind) == name);
            let kind = |name: &str| of_type(name).unwrap_or(EntityKind::Member);
            export::html::write(path, &about(settings, &reader, &run, &names)?, &kind, &stored)
        }
    };
    let findings = stored.checker.borrow().findings();
    Ok((run, ended(written, findings)?))
}

/// Writes the pair of trees that `j1-integration diff` compares into a folder: a run that was kept, and the one that is
/// chosen. Findings are the latter's.
pub fn export_pair(
    settings: &Settings,
    before: RunId,
    dir: &Path,
    cancel: &CancellationToken,
) -> Result<(RunInfo, ExportReport), JobError> {
    let reader = open(settings)?;
    let names = settings.names()?;
    let run = runs::chosen(&reader, settings)?;
    let before = runs::chosen(&reader, &Settings { run: Some(before), ..settings.clone() })?;
    let tenant = reader.tenant()?;
    let [old, new] = [&before, &run].map(|run| Stored::new(&reader, run, &names, &tenant, cancel));
    let written = export::tree::write_pair(dir, &old, &new);
    let findings = new.checker.borrow().findings();
    Ok((run.clone(), ended(written, findings)?))
}

/// What the page says of all of it.
fn about(settings: &Settings, reader: &Reader, run: &RunInfo, names: &Names) -> Result<About, JobError> {
    let naming = names.naming();
    let counts = reader.counts(run.id, naming)?;
    let is_entity = |name: &str| EntityKind::ALL.into_iter().any(|kind| naming.entity_type(kind) == name);
    let sum = |entities: bool| counts.iter().filter(|(name, _)| is_entity(name) == entities).map(|(_, n)| n).sum();
    let missing = runs::problems(settings, run.id)?.into_iter().filter(|lack| lack.severity > Severity::Degraded);
    Ok(About {
        tenant_id: reader.tenant()?.to_string(),
        run: run.id.0,
        read_at: run.last_at().strftime("%Y-%m-%d %H:%M UTC").to_string(),
        naming: naming.as_str(),
        by: concat!("tenantry ", env!("CARGO_PKG_VERSION")).to_owned(),
        entities: sum(true),
        relationships: sum(false),
        findings: missing.map(|lack| Lack { about: lack.about, what: lack.what, means: lack.means }).collect(),
        counts,
    })
}

/// The finished run before this one, where it is still kept.
pub fn run_before(settings: &Settings, run: RunId) -> Result<Option<RunId>, JobError> {
    let fits = |other: &RunInfo| other.id < run && other.status.is_finished() && other.kind != RunKind::Scoped;
    Ok(runs::runs(settings)?.into_iter().find(fits).map(|run| run.id))
}

fn ended(written: Result<ExportReport, ExportError<Unread>>, findings: Vec<Finding>) -> Result<ExportReport, JobError> {
    match written {
        Ok(report) => Ok(ExportReport { findings, ..report }),
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
    names: &'a Names,
    tenant: &'a TenantId,
    /// Begun anew with the entities: asked by both streams, one after the other.
    checker: RefCell<Checker>,
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

impl Source for Stored<'_> {
    type Error = Unread;

    fn entities(&self, sink: export::Sink<'_>) -> Result<(), Unread> {
        self.each_entity(&mut |entity| sink(entity.json))
    }

    fn relationships(&self, sink: export::Sink<'_>) -> Result<(), Unread> {
        self.each_edge(&mut |_, text| match serde_json::from_str(text) {
            Ok(object) => sink(object),
            // The text of an edge is one of an object.
            Err(_) => ControlFlow::Continue(()),
        })
    }
}

impl Stored<'_> {
    /// Every entity that is sent.
    fn each_entity(&self, f: &mut dyn FnMut(Entity) -> ControlFlow<()>) -> Result<(), Unread> {
        *self.checker.borrow_mut() = Checker::new(self.names, self.tenant);
        let read = self.reader.for_each_entity(self.run.id, self.names, &mut |entity| {
            let sent = self.checker.borrow_mut().entity(entity);
            match sent {
                _ if self.cancel.is_cancelled() => ControlFlow::Break(()),
                Some(sent) => f(sent.entity),
                None => ControlFlow::Continue(()),
            }
        });
        self.unless_stopped(read)
    }

    /// Every edge that is sent, with the text that is sent for it.
    fn each_edge(&self, f: &mut dyn FnMut(&Edge, &str) -> ControlFlow<()>) -> Result<(), Unread> {
        let naming = self.names.naming();
        let read = self.reader.for_each_edge(self.run.id, self.names, &mut |edge| {
            let text = edge.text(naming);
            let is_sent = self.checker.borrow_mut().edge(&edge, text.len());
            match is_sent {
                _ if self.cancel.is_cancelled() => ControlFlow::Break(()),
                true => f(&edge, &text),
                false => ControlFlow::Continue(()),
            }
        });
        self.unless_stopped(read)
    }
}

impl<'a> Stored<'a> {
    fn new(
        reader: &'a Reader,
        run: &'a RunInfo,
        names: &'a Names,
        tenant: &'a TenantId,
        cancel: &'a CancellationToken,
    ) -> Self {
        Self { reader, run, names, tenant, checker: RefCell::new(Checker::new(names, tenant)), cancel }
    }

    fn unless_stopped(&self, read: Result<(), StoreError>) -> Result<(), Unread> {
        if self.cancel.is_cancelled() {
            return Err(Unread::Stopped);
        }
        Ok(read?)
    }

    /// What the official commands are told of the run, which takes reading it. They delete what the folder does not hold,
    /// and ask nobody first.
    fn plan(&self) -> Result<Result<Plan, Unread>, JobError> {
        let naming = self.names.naming();
        // Asked by both streams, one after the other.
        let counts: RefCell<BTreeMap<String, u64>> = RefCell::default();
        let count = |name: &str| {
            let mut counts = counts.borrow_mut();
            match counts.get_mut(name) {
                Some(many) => *many += 1,
                None => {
                    counts.insert(name.to_owned(), 1);
                }
            }
            ControlFlow::Continue(())
        };
        let read = self
            .each_entity(&mut |entity| count(entity.entity_type()))
            .and_then(|()| self.each_edge(&mut |edge, _| count(naming.edge_type(edge.kind))));
        if let Err(unread) = read {
            return Ok(Err(unread));
        }
        let counts = counts.into_inner();
        if !counts.contains_key(naming.entity_type(EntityKind::Account)) {
            let what = "account entity".to_owned();
            return Err(JobError::Guard(Box::new(Guard::NothingToHold { what }.problem())));
        }
        let step = |id, name, entity: EntityKind, edges: &[EdgeKind]| {
            let edges = edges.iter().map(|kind| naming.edge_type(*kind).to_owned());
            Step { id, name, types: std::iter::once(naming.entity_type(entity).to_owned()).chain(edges).collect() }
        };
        let of_groups = [EdgeKind::GroupUser, EdgeKind::GroupGroup, EdgeKind::GroupMember];
        // Nobody can look what the folder will be sent to: what another integration may own there is spared as well.
        let partial = self.checker.borrow().partial_types(&self.run.gaps).into_iter().chain(managed_types());
        Ok(Ok(Plan {
            steps: vec![
                step("fetch-account", "Fetch the account", EntityKind::Account, &[]),
                step("fetch-users", "Fetch users", EntityKind::User, &[EdgeKind::AccountUser]),
                step("fetch-groups", "Fetch groups", EntityKind::Group, &[EdgeKind::AccountGroup]),
                step("fetch-group-members", "Fetch members of groups", EntityKind::Member, &of_groups),
            ],
            partial_types: partial.collect(),
            counts,
            time: (self.run.started_at, self.run.last_at()),
        }))
    }
}
