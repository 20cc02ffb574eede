//! An upload object by object, for lists and commands. Reads the store, and nothing else.

use std::sync::Arc;

use super::{JobError, asked_against, believed, last_writer, open, runs};
use crate::{
    domain::{
        explore::Facet,
        ids::RunId,
        planned::{Planned, PlannedQuery, PlannedRows},
    },
    preview::{self, Live, Objects, PreviewError},
    profile::Settings,
    store::Reader,
};

/// What an upload would do to each object.
pub struct PlannedObjects {
    reader: Reader,
    objects: Objects,
}

impl PlannedObjects {
    /// Finds all of them: against what the target is believed to hold, or against another kept run.
    pub fn find(settings: &Settings, against: Option<RunId>) -> Result<Self, JobError> {
        let reader = open(settings)?;
        let run = runs::chosen(&reader, settings)?;
        let (target, names) = (settings.target(), settings.names()?);
        let asked = match against {
            Some(before) => asked_against(&reader, &run, settings, &names, before)?,
            None => {
                let last = last_writer(settings, target.as_ref())?;
                let against = believed(last.as_ref(), &reader.tenant()?);
                let target = target.as_ref();
                preview::Asked { run: run.id, names: &names, target, against, digests: false }
            }
        };
        Self::of(reader, asked)
    }

    /// Finds all of them against what JupiterOne told that the target holds.
    pub fn find_live(settings: &Settings, live: &Arc<Live>) -> Result<Self, JobError> {
        let reader = open(settings)?;
        let run = runs::chosen(&reader, settings)?;
        let (target, names) = (settings.target(), settings.names()?);
        let target = target.as_ref();
        let against = super::live::against(live, last_writer(settings, target)?.as_ref(), &reader.tenant()?);
        Self::of(reader, preview::Asked { run: run.id, names: &names, target, against, digests: false })
    }

    fn of(reader: Reader, asked: preview::Asked<'_>) -> Result<Self, JobError> {
        let objects = Objects::find(&reader, asked).map_err(failed)?;
        Ok(Self { reader, objects })
    }

    /// A window onto them; it is given up once `stop` says so.
    pub fn window(&mut self, query: PlannedQuery, stop: &dyn Fn() -> bool) -> Result<PlannedRows, JobError> {
        self.objects.window(&self.reader, query, stop).map_err(failed)
    }

    /// Hands over each that the query leaves; says how many these are, and what of its filter is not understood.
    pub fn each(
        &mut self,
        query: &PlannedQuery,
        stop: &dyn Fn() -> bool,
        f: &mut dyn FnMut(Planned),
    ) -> Result<(u64, Option<String>), JobError> {
        self.objects.each(&self.reader, query, stop, f).map_err(failed)
    }

    /// How many of those that the query leaves are of which kind.
    pub fn facets(&mut self, query: &PlannedQuery, stop: &dyn Fn() -> bool) -> Result<Vec<Facet>, JobError> {
        self.objects.facets(&self.reader, query, stop).map_err(failed)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn failed(error: PreviewError) -> JobError {
    JobError::failed(error.problem())
}
