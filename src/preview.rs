//! The dry run: what an upload would create, change and delete, as figures.
//!
//! It reads the store and nothing else: no network, no upload code, nothing that writes. Two sorted streams, what would be
//! sent and what the target is believed to hold, are walked in step, so that memory does not grow with the tenant. What
//! JupiterOne says of the target itself ([`Live`]) was read by others before.

mod causes;
mod digest;
mod ends;
mod live;
mod objects;
mod runs;
#[cfg(test)]
mod tests;

use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use self::{causes::Causes, digest::Digest, ends::Ends};
pub use self::{live::Live, objects::Objects};
use crate::{
    domain::{
        batch::{Meter, Payload},
        completeness::{Excluded, partial_types},
        edge::{Edge, EdgeState},
        entity::{Entity, Fingerprint, fingerprint},
        ids::RunId,
        kind::EdgeKind,
        naming::{Names, Naming},
        preview::{Baseline, Changes, Preview},
        problem::Problem,
        target::Target,
        upload::LeftJob,
        validate::Checker,
        view::RunInfo,
    },
    store::{BeliefInfo, Believed, Compared, Reader, StoreError},
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
    #[error("nobody waits for the answer any more")]
    Stopped,
}

impl PreviewError {
    /// As every face shows it.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Store(error) => error.problem(),
            Self::Stopped => Problem::new(self.to_string()).code("cancelled"),
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
#[derive(Debug, Clone, Copy)]
pub enum Against<'a> {
    /// What the target is believed to hold.
    Belief,
    /// Nothing: somebody else has written to the target since, so that what was believed of it is worth nothing.
    Nothing,
    /// What another kept run would send.
    Run(RunId),
    /// What JupiterOne told that the target holds; and, where that is worth anything, what it was believed to hold beside it.
    Live { live: &'a Arc<Live>, has_belief: bool },
}

/// Of what a preview is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub run: RunId,
    pub names: &'a Names,
    pub target: Option<&'a Target>,
    pub against: Against<'a>,
    /// Whether to take digests of all that is compared.
    pub digests: bool,
}

/// What an upload of the run to the target would do. Deletions are those that really happen: types exempt from deletion are
/// not counted.
///
/// Bytes and requests are those of an upload without retries: its bodies, and start, finalize and one look at the status.
pub fn preview(reader: &Reader, asked: Asked<'_>) -> Result<Preview, PreviewError> {
    let Asked { run, names, target, .. } = asked;
    let naming = names.naming();
    let info = finished(reader, run)?;
    let collected_at = info.finished_at.unwrap_or(info.started_at);
    let partial = partial_types(naming, &info.gaps, &Excluded::default());
    // Asked by both streams, one after the other.
    let checker = RefCell::new(Checker::new(names, &reader.tenant()?));
    let mut entities = Tally::new(naming, &partial, Payload::Entities);
    let mut edges = Tally::new(naming, &partial, Payload::Relationships);
    // Told of by both streams, one after the other.
    let causes = RefCell::new(Causes::default());
    let ends = RefCell::new(Ends::default());
    // The types of entities that stay are known once all entities were seen.
    let exempt = OnceCell::new();
    let digest = RefCell::new(asked.digests.then(Digest::default));
    let mut lengths = Lengths { naming, bare: BTreeMap::new() };
    let (baseline, last) = compare(
        reader,
        &asked,
        &mut |found| {
            let sent = found.ours.and_then(|entity| checker.borrow_mut().entity(entity));
            let ours = sent.as_ref().map(|sent| (sent.entity.entity_type(), fingerprint(&sent.text), sent.text.len()));
            if let Some(digest) = &mut *digest.borrow_mut() {
                digest.entity(ours.as_ref().map(|(_, print, _)| print), found.nums, &found.believed);
            }
            if let (None, Some(name)) = (&ours, goes_as(naming, &partial, &found.believed)) {
                ends.borrow_mut().entity_goes(found.nums[0], name);
            }
            if let Some(gone) = entities.add(ours, &found.believed, false) {
                causes.borrow_mut().entity_goes(found.nums[0], gone);
            }
        },
        &mut |found| {
            let ours = found.ours.map(|edge| (lengths.of(&edge), edge));
            let ours = ours.filter(|(bytes, edge)| checker.borrow_mut().edge(edge, *bytes));
            if let Some(digest) = &mut *digest.borrow_mut() {
                digest.edge(ours.as_ref().map(|(_, edge)| edge), found.nums, &found.believed);
            }
            let ours = ours.map(|(bytes, edge)| (naming.edge_type(edge.kind), edge.state(), bytes));
            let exempt = exempt.get_or_init(|| checker.borrow().partial_types(&info.gaps));
            let mut ends = ends.borrow_mut();
            let along = ours.is_none() && ends.take_along(found.nums, &found.believed, exempt);
            let gone = edges.add(ours, &found.believed, along);
            if let Some(name) = gone.filter(|_| along) {
                ends.count(name);
            }
            match gone {
                Some(gone) => causes.borrow_mut().edge_goes(found.nums, gone),
                None => causes.borrow_mut().edge_stays(found.nums),
            }
        },
    )?;
    let (bytes, bodies) = (entities.meter.bytes + edges.meter.bytes, entities.meter.bodies + edges.meter.bodies);
    let mut changes = entities.changes;
    for (name, more) in edges.changes {
        let sum = changes.entry(name).or_default();
        *sum = *sum + more;
    }
    let digests = digest.into_inner().map(|digest| digest.done(&baseline));
    // What is not sent is known now: what may be there of its types stays.
    let checker = checker.into_inner();
    let partial = checker.partial_types(&info.gaps);
    for name in &partial {
        changes.entry(name.clone()).or_default().delete = ends.borrow().counted(name);
    }
    let mut causes = causes.into_inner().told(reader, run)?;
    causes.retain(|cause| !partial.contains(&cause.name));
    let all = changes.values().fold(Changes::default(), |a, b| a + *b);
    let before = all.change + all.same + all.delete;
    let took = last.and_then(|last| last.took).filter(|_| before > 0);
    let expected_seconds = took.map(|took| took * (all.sent() as f64) / (before as f64));
    Ok(Preview {
        expected_seconds,
        run,
        collected_at,
        target: target.cloned(),
        naming,
        baseline,
        changes,
        partial_types: partial.into_iter().collect(),
        gaps: info.gaps,
        bytes,
        requests: bodies + REQUESTS_BESIDE_BODIES,
        left: left(reader, target)?,
        findings: checker.findings(),
        guards: Vec::new(),
        causes,
        digests,
    })
}

/// What earlier uploads left behind at the target.
fn left(reader: &Reader, target: Option<&Target>) -> Result<Vec<LeftJob>, StoreError> {
    let left = target.map(|target| reader.left_uploads(target)).transpose()?.unwrap_or_default();
    Ok(left.into_iter().map(|left| left.job).collect())
}

/// A run that may be sent.
fn finished(reader: &Reader, run: RunId) -> Result<RunInfo, PreviewError> {
    let info = reader.runs()?.into_iter().find(|r| r.id == run).ok_or(StoreError::NoSuchRun { run })?;
    if info.status.is_finished() { Ok(info) } else { Err(PreviewError::NotFinished { run }) }
}

/// What a run is held against, where it is known of which run that was.
struct Last {
    run: RunId,
    /// How long its upload took, in seconds.
    took: Option<f64>,
}

impl Last {
    fn of(belief: &BeliefInfo) -> Option<Self> {
        let finished = belief.finished.as_ref()?;
        let took = Some(finished.at.duration_since(finished.since).as_secs_f64());
        Some(Self { run: finished.run, took })
    }
}

/// Hands over everything that the run would send beside what it is held against: what that is, and of which run it was, if known.
fn compare(
    reader: &Reader,
    asked: &Asked<'_>,
    entities: &mut dyn FnMut(Compared<Entity, Fingerprint>),
    edges: &mut dyn FnMut(Compared<Edge, EdgeState>),
) -> Result<(Baseline, Option<Last>), PreviewError> {
    let target = match asked.against {
        Against::Run(before) => {
            let info = finished(reader, before)?;
            runs::compare(reader, [before, asked.run], asked.names, entities, edges)?;
            let collected_at = info.finished_at.unwrap_or(info.started_at);
            return Ok((Baseline::Run { run: before, collected_at }, Some(Last { run: before, took: None })));
        }
        Against::Live { live, has_belief } => {
            let target = asked.target.filter(|_| has_belief);
            let told = live::compare(reader, asked, target, live, entities, edges)?;
            let last = told.belief.as_ref().and_then(Last::of);
            let apart = told.belief.map(|_| told.apart);
            return Ok((Baseline::Live { read_at: live.read_at, requests: live.requests, apart }, last));
        }
        Against::Belief => asked.target,
        Against::Nothing => None,
    };
    let belief = reader.compare(asked.run, asked.names, target, entities, edges)?;
    let last = belief.as_ref().and_then(Last::of);
    let baseline = match (asked.target, belief) {
        (None, _) => Baseline::NoTarget,
        (Some(_), None) => Baseline::Unknown,
        (Some(_), Some(belief)) => belief.baseline(),
    };
    Ok((baseline, last))
}

/// Counts one of the two streams.
struct Tally<'a> {
    naming: Naming,
    changes: BTreeMap<String, Changes>,
    partial: &'a BTreeSet<String>,
    meter: Meter,
}

impl<'a> Tally<'a> {
    fn new(naming: Naming, partial: &'a BTreeSet<String>, payload: Payload) -> Self {
        let changes = naming.all_types().map(|name| (name.to_owned(), Changes::default())).collect();
        Self { naming, changes, partial, meter: Meter::new(payload) }
    }

    /// `ours`: `_type`, content, and the length of the text; `along`: it goes whatever is exempt. The `_type` of what is
    /// deleted is the answer.
    fn add<'b, T: PartialEq>(
        &mut self,
        ours: Option<(&str, T, usize)>,
        believed: &'b Believed<T>,
        along: bool,
    ) -> Option<&'b str> {
        match ours {
            Some((name, content, len)) => {
                self.meter.push(len);
                let changes = match self.changes.get_mut(name) {
                    Some(changes) => changes,
                    None => self.changes.entry(name.to_owned()).or_default(),
                };
                match judge(name, &content, believed) {
                    Verdict::Create => changes.create += 1,
                    Verdict::Change => changes.change += 1,
                    Verdict::Same => changes.same += 1,
                }
                None
            }
            None => {
                let name = goes_as(self.naming, self.partial, believed);
                let name = name.filter(|name| along || !self.partial.contains(*name))?;
                self.changes.entry(name.to_owned()).or_default().delete += 1;
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
        if edge.far.is_some() || !is_plain(&edge.from) || !is_plain(&edge.to) {
            return edge.text(self.naming).len();
        }
        let bare = self.bare.entry((edge.kind, edge.mapped)).or_insert_with(|| {
            Edge { mapped: edge.mapped, ..Edge::direct(edge.kind, String::new(), String::new()) }
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

/// As what an object that is not sent goes. What may be there under several types is one object: a type of another naming
/// counts first, for none of these is ever exempt, then the newest that is not exempt.
fn goes_as<'b, T>(naming: Naming, exempt: &BTreeSet<String>, believed: &'b Believed<T>) -> Option<&'b str> {
    let newest_first = || believed.states.iter().rev().map(|(name, _)| name.as_str());
    newest_first()
        .find(|name| naming.all_types().all(|own| own != *name))
        .or_else(|| newest_first().find(|name| !exempt.contains(*name)))
        .or_else(|| newest_first().next())
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
