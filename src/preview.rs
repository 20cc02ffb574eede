//! The dry run: what an upload would create, change and delete, as figures.
//!
//! It reads the store and nothing else: no network, no upload code, nothing that writes. Two sorted streams, what would be
//! sent and what the target is believed to hold, are walked in step, so that memory does not grow with the tenant.

mod causes;
mod digest;
#[cfg(test)]
mod tests;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use self::{causes::Causes, digest::Digest};
use crate::{
    domain::{
        batch::{Meter, Payload},
        completeness::partial_types,
        edge::Edge,
        entity::fingerprint,
        ids::RunId,
        kind::EdgeKind,
        naming::Naming,
        preview::{Baseline, Changes, Preview},
        problem::Problem,
        target::Target,
        upload::LeftJob,
    },
    store::{Believed, Reader, StoreError},
};

/// Requests of an upload beside its bodies: start, finalize, and one look at the status.
const REQUESTS_BESIDE_BODIES: u64 = 3;

/// Why there is nothing to preview.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    #[error("nothing has been collected completely yet")]
    NoFinishedRun,
    #[error("run {run} was not finished, so it is never uploaded")]
    NotFinished { run: RunId },
    #[error("the store could not be read")]
    Store(#[from] StoreError),
}

impl PreviewError {
    /// As every face shows it.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Store(error) => error.problem(),
            Self::NoFinishedRun | Self::NotFinished { .. } => {
                Problem::new(self.to_string()).code("no_finished_run").hint("Run `tenantry collect` first, to its end.")
            }
        }
    }
}

/// The run that a preview and an upload use unless told otherwise.
pub fn newest(reader: &Reader) -> Result<RunId, PreviewError> {
    reader.newest_finished()?.map(|run| run.id).ok_or(PreviewError::NoFinishedRun)
}

/// What the figures of a preview are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// What the target is believed to hold.
    Belief,
    /// Nothing: somebody else has written to the target since, so that what was believed of it is worth nothing.
    Nothing,
}

/// Of what a preview is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub run: RunId,
    pub naming: Naming,
    pub target: Option<&'a Target>,
    pub against: Against,
    /// Whether to take digests of all that is compared.
    pub digests: bool,
}

/// What an upload of the run to the target would do. Deletions are those that really happen: types exempt from deletion are
/// not counted.
///
/// Bytes and requests are those of an upload without retries: its bodies, and start, finalize and one look at the status.
pub fn preview(reader: &Reader, asked: Asked<'_>) -> Result<Preview, PreviewError> {
    let Asked { run, naming, target, against, .. } = asked;
    let info = reader.runs()?.into_iter().find(|r| r.id == run).ok_or(StoreError::NoSuchRun { run })?;
    let collected_at = match info.finished_at {
        Some(at) if info.status.is_finished() => at,
        _ => return Err(PreviewError::NotFinished { run }),
    };
    let partial = partial_types(naming, &info.gaps);
    let mut entities = Tally::new(naming, &partial, Payload::Entities);
    let mut edges = Tally::new(naming, &partial, Payload::Relationships);
    // Told of by both streams, one after the other.
    let causes = RefCell::new(Causes::default());
    let digest = RefCell::new(asked.digests.then(Digest::default));
    let mut lengths = Lengths { naming, bare: BTreeMap::new() };
    let belief = reader.compare(
        run,
        naming,
        target.filter(|_| against == Against::Belief),
        &mut |found| {
            let ours = found.ours.map(|entity| {
                let text = entity.text();
                (entity.entity_type().to_owned(), fingerprint(&text), text.len())
            });
            if let Some(digest) = &mut *digest.borrow_mut() {
                digest.entity(ours.as_ref().map(|(_, print, _)| print), found.nums, &found.believed);
            }
            if let Some(gone) = entities.add(ours, &found.believed) {
                causes.borrow_mut().entity_goes(found.nums[0], gone);
            }
        },
        &mut |found| {
            if let Some(digest) = &mut *digest.borrow_mut() {
                digest.edge(found.ours.as_ref(), found.nums, &found.believed);
            }
            let ours = found.ours.map(|edge| (naming.edge_type(edge.kind).to_owned(), edge.mapped, lengths.of(&edge)));
            match edges.add(ours, &found.believed) {
                Some(gone) => causes.borrow_mut().edge_goes(found.nums, gone),
                None => causes.borrow_mut().edge_stays(found.nums),
            }
        },
    )?;
    let baseline = match (target, belief) {
        (None, _) => Baseline::NoTarget,
        (Some(_), None) => Baseline::Unknown,
        (Some(_), Some(belief)) => belief.baseline(),
    };
    let (bytes, bodies) = (entities.meter.bytes + edges.meter.bytes, entities.meter.bodies + edges.meter.bodies);
    let mut changes = entities.changes;
    for (name, more) in edges.changes {
        let sum = changes.entry(name).or_default();
        sum.create += more.create;
        sum.change += more.change;
        sum.delete += more.delete;
        sum.same += more.same;
    }
    let digests = digest.into_inner().map(|digest| digest.done(&baseline));
    Ok(Preview {
        run,
        collected_at,
        target: target.cloned(),
        baseline,
        changes,
        partial_types: partial.into_iter().collect(),
        gaps: info.gaps,
        bytes,
        requests: bodies + REQUESTS_BESIDE_BODIES,
        left: left(reader, asked.target)?,
        guards: Vec::new(),
        causes: causes.into_inner().told(reader, run)?,
        digests,
    })
}

/// What earlier uploads left behind at the target.
fn left(reader: &Reader, target: Option<&Target>) -> Result<Vec<LeftJob>, StoreError> {
    let left = target.map(|target| reader.left_uploads(target)).transpose()?.unwrap_or_default();
    Ok(left.into_iter().map(|left| left.job).collect())
}

/// Counts one of the two streams.
struct Tally<'a> {
    changes: BTreeMap<String, Changes>,
    partial: &'a BTreeSet<String>,
    meter: Meter,
}

impl<'a> Tally<'a> {
    fn new(naming: Naming, partial: &'a BTreeSet<String>, payload: Payload) -> Self {
        let changes = naming.all_types().map(|name| (name.to_owned(), Changes::default())).collect();
        Self { changes, partial, meter: Meter::new(payload) }
    }

    /// `ours`: `_type`, content, and the length of the text. The `_type` of what is deleted is the answer.
    fn add<'b, T: PartialEq>(
        &mut self,
        ours: Option<(String, T, usize)>,
        believed: &'b Believed<T>,
    ) -> Option<&'b str> {
        match ours {
            Some((name, content, len)) => {
                self.meter.push(len);
                let verdict = judge(&name, &content, believed);
                let changes = self.changes.entry(name).or_default();
                match verdict {
                    Verdict::Create => changes.create += 1,
                    Verdict::Change => changes.change += 1,
                    Verdict::Same => changes.same += 1,
                }
                None
            }
            // What may be there under several types is one object: the newest word on it counts.
            None => {
                let (name, _) = believed.states.last().filter(|(name, _)| !self.partial.contains(name))?;
                self.changes.entry(name.clone()).or_default().delete += 1;
                Some(name)
            }
        }
    }
}

/// How long the texts of edges are, without making millions of them: a text names each of its ends twice.
struct Lengths {
    naming: Naming,
    /// By kind and whether it is mapped, the length around the ends.
    bare: BTreeMap<(EdgeKind, bool), usize>,
}

impl Lengths {
    fn of(&mut self, edge: &Edge) -> usize {
        let is_plain = |key: &str| key.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\');
        if !is_plain(&edge.from) || !is_plain(&edge.to) {
            return edge.text(self.naming).len();
        }
        let bare = self.bare.entry((edge.kind, edge.mapped)).or_insert_with(|| {
            Edge { kind: edge.kind, from: String::new(), to: String::new(), mapped: edge.mapped }
                .text(self.naming)
                .len()
        });
        *bare + 2 * (edge.from.len() + edge.to.len())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Create,
    Change,
    Same,
}

/// An object is the same only if whatever may have happened leaves it there with this very type and content. The service
/// knows objects by their `_key`, so another type under the same key is a change.
fn judge<T: PartialEq>(name: &str, content: &T, believed: &Believed<T>) -> Verdict {
    if believed.states.is_empty() {
        Verdict::Create
    } else if believed.certain && believed.states.iter().all(|(n, c)| n == name && c.as_ref() == Some(content)) {
        Verdict::Same
    } else {
        Verdict::Change
    }
}
