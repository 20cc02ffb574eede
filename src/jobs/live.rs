//! What JupiterOne itself says that the target holds, and a preview against that. Only ever reads there.
//!
//! A reading is whole or it is an error: a cut, a limit that lasts, a count that does not come out, and nothing was
//! compared. What a key may not read cannot be checked, which is said so and is no fault of the data.

use std::sync::Arc;

use super::{Context, JobError, believed, guard, jupiterone, last_writer, logs, open, runs};
use crate::{
    domain::{
        completeness::accept,
        ids::{RunId, TenantId},
        live::{LiveEdge, LiveEntity, LiveProgress},
        preview::Preview,
        problem::Problem,
        progress::Event,
        target::{Destination, Target},
        text::{grouped, visible},
    },
    jupiterone::{Identity, JupiterOneClient, Unread, error::ErrorKind},
    preview::{self, Against, Live},
    profile::{Settings, TargetWriter},
    store::{Picture, Reader, StoreError},
};

/// Reads what the target holds now, reporting `Event::Live`.
///
/// Its requests are kept in a log beside the store.
///
/// # Errors
///
/// [`JobError::Unfit`] where the key may not read; else where it was not read to its end.
pub async fn live(context: &Context) -> Result<Arc<Live>, JobError> {
    context.settings.require_trust()?;
    let target = context.settings.require_target()?;
    let settings = context.settings.clone();
    let sketch = tokio::task::spawn_blocking(move || Sketch::new(&settings)).await.map_err(fell_over)??;
    logs::kept(context, "preview", Some(sketch.run), |context| async move {
        tokio::select! {
            biased;
            () = context.cancel.cancelled() => Err(JobError::Interrupted(Box::new(
                Problem::new("cancelled: what JupiterOne holds was not read to its end, and nothing was compared")
                    .code("cancelled"),
            ))),
            live = read(&context, &target, sketch) => live,
        }
    })
    .await
}

/// The dry run, against what JupiterOne told that the target holds.
pub fn preview_live(settings: &Settings, live: &Arc<Live>) -> Result<Preview, JobError> {
    let reader = open(settings)?;
    let run = runs::chosen(&reader, settings)?;
    let (target, tenant, names) = (settings.target(), reader.tenant()?, settings.names()?);
    let last = last_writer(settings, target.as_ref())?;
    let against = against(live, last.as_ref(), &tenant);
    let asked = preview::Asked { run: run.id, names: &names, target: target.as_ref(), against, digests: false };
    let mut preview = preview::preview(&reader, asked).map_err(|e| JobError::failed(e.problem()))?;
    accept(&mut preview.gaps, &settings.accepted_gaps);
    preview.guards = guard::guards(&preview, &tenant, settings.naming(), last.as_ref(), settings.max_deletions);
    Ok(preview)
}

/// Of what another tenant's upload left there, a store believes nothing.
pub(super) fn against<'a>(live: &'a Arc<Live>, last: Option<&TargetWriter>, tenant: &TenantId) -> Against<'a> {
    Against::Live { live, has_belief: !matches!(believed(last, tenant), Against::Nothing) }
}

/// A picture that is being made, and the store in whose numbers.
struct Sketch {
    reader: Reader,
    picture: Picture,
    run: RunId,
    /// An upload of ours to the target has finished.
    was_uploaded: bool,
}

/// One page of either.
enum Objects {
    Entities(Vec<LiveEntity>),
    Edges(Vec<LiveEdge>),
}

impl Sketch {
    fn new(settings: &Settings) -> Result<Self, JobError> {
        let reader = open(settings)?;
        let run = runs::chosen(&reader, settings)?.id;
        let picture = Picture::new(&reader, &settings.names()?)?;
        let target = settings.require_target()?;
        let was_uploaded = reader.belief(&target)?.is_some_and(|belief| belief.finished.is_some());
        Ok(Self { reader, picture, run, was_uploaded })
    }

    /// Not where others wait: pages are long, and lie on a disk.
    async fn with(self, objects: Objects) -> Result<Self, JobError> {
        let put = move || -> Result<Self, StoreError> {
            match objects {
                Objects::Entities(all) => self.picture.put_entities(&self.reader, &all)?,
                Objects::Edges(all) => self.picture.put_edges(&self.reader, &all)?,
            }
            Ok(self)
        };
        Ok(tokio::task::spawn_blocking(put).await.map_err(fell_over)??)
    }
}

async fn read(context: &Context, target: &Target, mut sketch: Sketch) -> Result<Arc<Live>, JobError> {
    let client = jupiterone(context, target)?;
    let (destination, asked) = spelled(&client, &target.destination).await?;
    let mut reading = client.reading(&destination);
    let tell = |progress: &LiveProgress| context.reporter.report(Event::Live(*progress));
    let mut progress = LiveProgress::default();
    tell(&progress);
    let counts = reading.counts().await.map_err(unread)?;
    progress.entities_total = Some(counts[0]);
    progress.relationships_total = Some(counts[1]);
    if sketch.was_uploaded {
        is_plausible(&destination, counts)?;
    }

    let mut told = [0; 2];
    let mut cursor = None;
    loop {
        let page = reading.entities(cursor.as_deref()).await.map_err(unread)?;
        told[0] += page.rows;
        sketch = sketch.with(Objects::Entities(page.objects)).await?;
        progress.entities = told[0];
        progress.requests = asked + reading.requests();
        tell(&progress);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    loop {
        let page = reading.relationships(cursor.as_deref()).await.map_err(unread)?;
        told[1] += page.rows;
        sketch = sketch.with(Objects::Edges(page.objects)).await?;
        progress.relationships = told[1];
        progress.requests = asked + reading.requests();
        tell(&progress);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    is_whole(told, counts, sketch.picture.counts()?)?;
    let requests = asked + reading.requests();
    Ok(Arc::new(Live { picture: sketch.picture, read_at: context.clock.now(), requests }))
}

/// The destination as the service spells it, which compares texts letter by letter, and how many questions that took.
async fn spelled(client: &JupiterOneClient, destination: &Destination) -> Result<(Destination, u64), JobError> {
    match client.identify(destination).await {
        Ok(Identity::CannotRead(problem)) => Err(cannot_read(problem)),
        Ok(Identity::Account { instance: Some(Ok(instance)), .. }) => Ok((Destination::Instance(instance.id), 2)),
        // There is none, unless the key only may not know.
        Ok(Identity::Account { instance: Some(Err(problem)), .. }) => match problem.code.as_deref() {
            Some("SYNC_JOB_INVALID_INTEGRATION_INSTANCE" | "NOT_FOUND") => Err(JobError::failed(problem)),
            _ => Err(cannot_read(problem)),
        },
        Ok(Identity::Account { instance: None, .. }) => Ok((destination.clone(), 1)),
        Err(error) => Err(unread(Unread::Failed(error))),
    }
}

/// By which fields the service tells what is of a scope, and whose a relationship is, was not seen on a live account. Where
/// an upload has finished there are both, so that none at all means that the question was not understood as it was meant.
fn is_plausible(destination: &Destination, [entities, relationships]: [u64; 2]) -> Result<(), JobError> {
    let nothing = match destination {
        Destination::Scope(_) if entities == 0 => "entity",
        _ if entities > 0 && relationships == 0 => "relationship",
        _ => return Ok(()),
    };
    Err(JobError::failed(
        Problem::new(format!(
            "JupiterOne told of no {nothing} there at all, though an upload has finished: what it holds is not known"
        ))
        .code("live_implausible")
        .hint("Nothing was compared. Leave --against live out to compare with what it is believed to hold."),
    ))
}

/// As much was read as the service counts: by rows, or by objects, where it counts one once that is told from both ends.
fn is_whole(told: [u64; 2], counts: [u64; 2], held: [u64; 2]) -> Result<(), JobError> {
    for (at, what) in ["entities", "relationships"].into_iter().enumerate() {
        if told[at] != counts[at] && held[at] != counts[at] {
            return Err(JobError::failed(
                Problem::new(format!(
                    "JupiterOne counts {} {what} there and told {}, so that what it holds is not known",
                    grouped(counts[at]),
                    grouped(told[at])
                ))
                .code("live_incomplete")
                .hint("Nothing was compared. Something may have changed while it was read: try again."),
            ));
        }
    }
    Ok(())
}

fn unread(unread: Unread) -> JobError {
    match unread {
        Unread::NotAllowed(problem) => cannot_read(problem),
        Unread::NotUnderstood(problem) => JobError::failed(problem),
        // Where a key may upload and not read, this is how it may be told as well.
        Unread::Failed(error) if error.kind() == ErrorKind::Unauthorized => cannot_read(error.problem()),
        Unread::Failed(error) => JobError::failed(error.problem()),
    }
}

/// An Integration API key may upload and may not read the graph (`facts/jupiterone.md` §1.9).
fn cannot_read(said: Problem) -> JobError {
    let mut problem = Problem::new("what JupiterOne holds cannot be checked: it does not let this key read the graph")
        .code("cannot_read_graph")
        .hint("An Integration API key may only upload. Give an account's or a person's API key for this (JUPITERONE_API_KEY together with JUPITERONE_ACCOUNT), or compare with what JupiterOne is believed to hold, which asks nobody.");
    problem.message = Some(visible(&said.line()).into_owned());
    problem.status = said.status;
    problem.request_id = said.request_id;
    JobError::Unfit(Box::new(problem))
}

fn fell_over(error: tokio::task::JoinError) -> JobError {
    JobError::failed(
        Problem::new(format!("reading what JupiterOne holds stopped unexpectedly: {error}")).code("internal"),
    )
}
