//! Sends a run to JupiterOne: start, entities, relationships, finalize, and wait until the job ended.
//!
//! It streams: a thread reads and packs, at most six bodies are on their way, and edges are never all in memory. It books
//! in the store what the target may hold afterwards. It never finalizes a job that lacks anything, and never says that a
//! job changed nothing unless that is certain: after finalize was asked for, only JupiterOne's word ends the doubt.

mod arrivals;
mod books;
mod error;
mod feed;
mod leftovers;
mod sender;
mod settle;
mod tell;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

pub use self::error::{Failure, JobEnd, UploadError};
use self::{
    books::{Books, Ledger},
    leftovers::{Leftovers, Seen},
    sender::Sender,
    tell::Teller,
};
use crate::{
    domain::{
        batch::{self, Payload},
        clock::Clock,
        completeness::{Excluded, partial_types},
        ids::{RunId, TenantId},
        kind::EntityKind,
        naming::{Names, Naming},
        problem::Problem,
        progress::{Level, Reporter},
        target::{Destination, Filled, Target, managed_types},
        upload::{JobFigures, Manner, UploadPhase},
        validate::Checker,
        view::RunInfo,
    },
    jupiterone::{ErrorKind, Identity, JobStatus, JupiterOneClient, JupiterOneError, Patience},
    store::{BeliefInfo, Reader, StoreError},
};

/// An upload to make.
pub struct Upload {
    pub client: JupiterOneClient,
    pub target: Target,
    pub names: Names,
    pub run: RunId,
    pub store: PathBuf,
    pub tenant: TenantId,
    pub manner: Manner,
    pub seen: Previewed,
    /// Whether another tenant has written to the target since: what this store believes of it is forgotten then.
    pub anew: bool,
    pub clock: Arc<dyn Clock>,
    pub reporter: Arc<dyn Reporter>,
    pub cancel: CancellationToken,
}

/// What the preview saw on which the word for this upload was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previewed {
    /// When the run was read.
    pub collected_at: Timestamp,
    /// What was on record of the target.
    pub belief: Option<BeliefInfo>,
}

/// Sizes and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body.
    pub body: usize,
    /// Bodies on their way at once.
    pub at_once: usize,
    /// How long JupiterOne may take to apply a finalized job before we stop watching.
    pub finalize: Duration,
    /// The first and the longest wait between two looks at the job.
    pub poll: (Duration, Duration),
    /// For looking at the job and aborting it.
    pub settle: Patience,
    /// How long somebody who asked for the end waits for it.
    pub end: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: batch::MAX_BODY,
            at_once: 6,
            finalize: Duration::from_secs(30 * 60),
            poll: (Duration::from_millis(250), Duration::from_secs(5)),
            settle: Patience { total: Duration::from_secs(45), attempt: Duration::from_secs(20) },
            end: Duration::from_secs(10),
        }
    }
}

/// Uploads a finished run, and returns the figures of the finished job.
///
/// # Errors
///
/// [`UploadError::Guard`] before anything was sent; else [`UploadError::Failed`], which says what became of the job.
pub async fn upload(job: Upload) -> Result<JobFigures, UploadError> {
    let body = job.manner.body.map_or(batch::MAX_BODY, |bytes| bytes.min(batch::MAX_BODY));
    upload_within(job, Limits { body, ..Limits::default() }).await
}

/// As [`upload`], within these limits.
///
/// # Errors
///
/// As [`upload`].
pub async fn upload_within(job: Upload, limits: Limits) -> Result<JobFigures, UploadError> {
    let mut plan = plan(&job).await?;
    plan.partial_types.extend(guard_instance(&job).await?);
    let teller = Teller::new(Arc::clone(&job.reporter), Arc::clone(&job.clock), plan.size);
    let client = job.client.clone().listening(teller.retries());
    let not_started = |problem: Problem| UploadError::failed(None, false, JobEnd::NotStarted, problem);

    let (mut ledger, left) = Ledger::open(&job).await.map_err(|e| not_started(e.problem()))?;
    guard_seen(&job).await?;
    let quick = client.clone().with_patience(limits.settle);
    let leftovers = Leftovers { job: &job, plan: &plan, quick: &quick, limits, teller: &teller };
    let begun = match leftovers.settle(&mut ledger, left).await?.go_on {
        Some(left) => {
            teller.gone_on(left.job.entities, left.job.relationships);
            Begun {
                client: client.clone().repeating(),
                books: ledger.go_on(left.upload),
                before: (left.job.entities, left.job.relationships),
                job: JobFigures { id: left.job.id, status: "AWAITING_UPLOADS".to_owned(), ..JobFigures::default() },
            }
        }
        None => {
            let mut books =
                ledger.begin(&job, plan.partial_types.clone()).await.map_err(|e| not_started(e.problem()))?;
            match start(&job, &client, &quick, &teller).await {
                Ok(started) => Begun { client: client.clone(), books, before: (0, 0), job: started },
                Err(problem) => {
                    // What a start whose answer was lost left behind is empty and never finalized.
                    let booked = books.changed_nothing().await;
                    return Err(settle::with_booking(error::stopped(None, JobEnd::NotStarted, problem), booked));
                }
            }
        }
    };
    let Begun { client, mut books, before, job: started } = begun;
    teller.started(&started);
    let id = started.id.clone();

    let sent = async {
        if JobStatus::of(&started.status).is_terminal() {
            return Err(Stop::ended(&started));
        }
        books.job(&id).await?;
        let sender = Sender::new(&client, &id, limits, &teller, job.manner.encoding, before);
        teller.phase(UploadPhase::Entities);
        sender.send_all(Payload::Entities, &job, &mut books).await?;
        guard_account(books.checker()?)?;
        teller.phase(UploadPhase::Relationships);
        sender.send_all(Payload::Relationships, &job, &mut books).await?;
        teller.check_sent(plan.size, books.checker()?)?;
        // On disk before finalize: what was not sent stays in the belief as it stays there.
        Ok(books.exempt(plan.partial_types).await?)
    }
    .await;
    let settling =
        settle::Settling { client: &client, quick: &quick, id: &id, limits, teller: &teller, cancel: &job.cancel };
    match sent {
        Ok(exempt) => settling.finalize(&mut books, &exempt).await,
        Err(stop) => Err(settling.abort(&mut books, stop).await),
    }
}

/// An upload whose job is open.
struct Begun {
    client: JupiterOneClient,
    books: Books,
    /// How many objects of each kind arrived in an earlier process.
    before: (u64, u64),
    job: JobFigures,
}

/// Starts the job; `Err(None)`: somebody asked for the end.
async fn start(
    job: &Upload,
    client: &JupiterOneClient,
    quick: &JupiterOneClient,
    teller: &Teller,
) -> Result<JobFigures, Option<Problem>> {
    tokio::select! {
        biased;
        () = job.cancel.cancelled() => Err(None),
        started = start_whatever_is_lost(job, client, quick, teller) => started.map_err(Some),
    }
}

/// An answer that came damaged told of a job that is open now. Where it still says which, that one is looked for, and used;
/// else it stays behind empty, and another is started, once.
async fn start_whatever_is_lost(
    job: &Upload,
    client: &JupiterOneClient,
    quick: &JupiterOneClient,
    teller: &Teller,
) -> Result<JobFigures, Problem> {
    let begin = || client.start(&job.target.destination, job.manner.source);
    let error = match begin().await {
        Err(error) if error.kind() == ErrorKind::Garbled => error,
        started => return started.map_err(|error| perhaps_open(&error)),
    };
    if let Some(id) = error.job()
        && let Ok(found) = quick.status(id).await
        && JobStatus::of(&found.status) == JobStatus::Open
    {
        teller.log(
            Level::Warning,
            format!("the answer to starting the job came damaged; job {id}, which it told of, is open, and is used"),
            Some(error.problem()),
        );
        return Ok(JobFigures { id: id.to_owned(), ..found });
    }
    teller.log(
        Level::Warning,
        "the answer to starting the job came damaged: a job that nobody knows stays open. It is empty and is never \
         finalized, so it changes nothing. Another one is started"
            .to_owned(),
        Some(error.problem()),
    );
    begin().await.map_err(|error| perhaps_open(&error))
}

/// Why no job was started, and that one may be open all the same.
fn perhaps_open(error: &JupiterOneError) -> Problem {
    let mut problem = error.problem();
    if error.kind().may_have_happened() {
        let words = "A job may have been opened all the same: it is empty and never finalized, so it changes nothing.";
        let message = problem.message.take();
        problem.message = Some(message.map_or_else(|| words.to_owned(), |message| format!("{message}\n{words}")));
    }
    problem
}

/// What earlier uploads to a target left behind, where nothing else is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftBehind {
    /// All of it was seen to: no job has to be opened.
    Settled,
    /// An open job is to be gone on with, or what a job did is in doubt: that takes an upload.
    ToUpload,
}

/// Sees to what earlier uploads to the target left behind, as an upload would before it begins, and begins none.
///
/// # Errors
///
/// As [`upload`], of one that did not begin.
pub async fn see_to_left(job: &Upload) -> Result<LeftBehind, UploadError> {
    let limits = Limits::default();
    let plan = plan(job).await?;
    let teller = Teller::new(Arc::clone(&job.reporter), Arc::clone(&job.clock), plan.size);
    let quick = job.client.clone().listening(teller.retries()).with_patience(limits.settle);
    let opened = Ledger::open(job).await;
    let (mut ledger, left) = opened.map_err(|e| UploadError::failed(None, false, JobEnd::NotStarted, e.problem()))?;
    let leftovers = Leftovers { job, plan: &plan, quick: &quick, limits, teller: &teller };
    let seen = leftovers.settle(&mut ledger, left).await?;
    Ok(match seen {
        Seen { go_on: None, in_doubt: false } => LeftBehind::Settled,
        _ => LeftBehind::ToUpload,
    })
}

/// Why sending stopped.
enum Stop {
    Cancelled,
    /// The job ended underneath us, or the service says that it is not open.
    Closed(Problem),
    Failed(Problem),
}

impl Stop {
    fn ended(job: &JobFigures) -> Self {
        Self::Closed(
            Problem::new(format!("the job ended before it was finalized: {}", job.status)).code(job.status.clone()),
        )
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.problem())
    }
}

struct Plan {
    size: Size,
    partial_types: Vec<String>,
}

/// How many objects an upload sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Size {
    accounts: u64,
    entities: u64,
    relationships: u64,
}

impl Size {
    fn of(naming: Naming, counts: &BTreeMap<String, u64>) -> Self {
        let accounts = counts.get(naming.entity_type(EntityKind::Account)).copied().unwrap_or_default();
        let sent = EntityKind::ALL.into_iter().filter(|kind| naming.sends(*kind));
        let entities = sent.filter_map(|kind| counts.get(naming.entity_type(kind))).sum();
        Self { accounts, entities, relationships: counts.values().sum::<u64>() - entities }
    }
}

/// Looks at the run before anything is sent.
async fn plan(job: &Upload) -> Result<Plan, UploadError> {
    let (store, tenant, run, naming) = (job.store.clone(), job.tenant.clone(), job.run, job.names.naming());
    let look = move || {
        let reader = Reader::open(&store, Some(&tenant))?;
        let info = reader.runs()?.into_iter().find(|info| info.id == run);
        let size = match &info {
            Some(info) if info.status.is_finished() => Size::of(naming, &reader.counts(run, naming)?),
            _ => Size::default(),
        };
        Ok::<_, StoreError>((info, size))
    };
    let looked = tokio::task::spawn_blocking(look).await.map_err(books::broke_down);
    let (info, size) = looked
        .and_then(|looked| looked.map_err(|e| e.problem()))
        .map_err(|problem| UploadError::failed(None, false, JobEnd::NotStarted, problem))?;
    guard_run(run, info.as_ref(), size).map_err(|problem| UploadError::Guard(Box::new(problem)))?;
    let gaps = info.map(|info| info.gaps).unwrap_or_default();
    Ok(Plan { size, partial_types: partial_types(naming, &gaps, &Excluded::default()).into_iter().collect() })
}

/// What must hold of a run, because a job deletes all that it does not carry.
fn guard_run(run: RunId, info: Option<&RunInfo>, size: Size) -> Result<(), Problem> {
    const COLLECT: &str = "Run the ingestion again, then look at the preview before you upload.";
    let refuse = |summary: String| Err(Problem::new(summary).code("guard").hint(COLLECT));
    let Some(info) = info else { return refuse(format!("there is no run {run} to upload")) };
    if !info.status.is_finished() {
        return refuse(format!("run {run} is {} and cannot be uploaded", info.status.as_str()));
    }
    if size.entities == 0 {
        return refuse(format!("run {run} holds no entities: uploading it would delete everything in the target"));
    }
    if size.accounts == 0 {
        return refuse(format!("run {run} holds no account: uploading it would delete the account in the target"));
    }
    Ok(())
}

/// Refuses what was previewed before something else changed: a person may take long to say yes, and what is deleted and
/// what speaks against it stand on what was believed then. Asked while nobody else can write.
async fn guard_seen(job: &Upload) -> Result<(), UploadError> {
    let (store, tenant, target, run) = (job.store.clone(), job.tenant.clone(), job.target.clone(), job.run);
    let look = move || {
        let reader = Reader::open(&store, Some(&tenant))?;
        let info = reader.runs()?.into_iter().find(|info| info.id == run);
        let collected_at = info.map(|info| info.finished_at.unwrap_or(info.started_at));
        Ok::<_, StoreError>((collected_at, reader.belief(&target)?))
    };
    let looked = tokio::task::spawn_blocking(look).await.map_err(books::broke_down);
    let (collected_at, belief) = looked
        .and_then(|looked| looked.map_err(|e| e.problem()))
        .map_err(|problem| UploadError::failed(None, false, JobEnd::NotStarted, problem))?;
    let what = if collected_at != Some(job.seen.collected_at) {
        format!("run {run} is not the one that was previewed")
    } else if belief != job.seen.belief {
        "another upload to this target went on since the preview".to_owned()
    } else {
        return Ok(());
    };
    let problem = Problem::new(format!("{what}: nothing was sent")).code("preview_outdated");
    Err(UploadError::Guard(Box::new(problem.hint("Look at the preview again, then upload."))))
}

/// An account that is not valid was not sent, and without it nothing is finalized.
fn guard_account(checker: &Checker) -> Result<(), Stop> {
    match checker.sends(EntityKind::Account) {
        true => Ok(()),
        false => Err(Stop::Failed(
            Problem::new("the account entity is not valid, so nothing is synchronised")
                .code("guard")
                .hint("The preview says what is wrong with it."),
        )),
    }
}

/// Refuses an instance that an integration of JupiterOne's fills, where the key can tell: an upload would delete what that
/// brings. Where it cannot, what JupiterOne's own Microsoft 365 integration owns is exempt from deletion: the types are the
/// answer. Whatever else goes wrong here will go wrong again, with better words, when the job is started.
async fn guard_instance(job: &Upload) -> Result<Vec<String>, UploadError> {
    if matches!(job.target.destination, Destination::Scope(_)) {
        return Ok(Vec::new());
    }
    let client = job.client.clone().with_patience(Patience::QUESTION);
    let identity = tokio::select! {
        biased;
        () = job.cancel.cancelled() => return Ok(managed_types()),
        identity = client.identify(&job.target.destination) => identity,
    };
    match identity {
        Ok(Identity::Account { instance: Some(Ok(instance)), .. }) => match instance.filled() {
            Filled::ByOthers => Ok(Vec::new()),
            Filled::ByItsIntegration => Err(UploadError::Guard(Box::new(instance.refusal()))),
            Filled::Untold => Ok(managed_types()),
        },
        _ => Ok(managed_types()),
    }
}

#[cfg(test)]
mod tests;
