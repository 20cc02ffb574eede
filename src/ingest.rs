//! Reads a tenant into its store: runs the plan of reads and writes each page as it comes.
//!
//! What cannot be read is data, not an error: a collection or a group ends `forbidden`, `hidden`, `partial` or `gone`,
//! and the run goes on. Errors are for what makes a run pointless: no token, nobody who takes it,
//! another tenant, a store that cannot be
//! written. It decides nothing about what an upload does with it, and keeps nothing of the tenant in memory but the ids
//! that it has seen or has yet to ask for.

mod checkpoint;
mod engine;
mod expand;
pub mod explain;
mod keep;
mod members;
pub mod plan;
mod resolve;
mod speed;
#[cfg(test)]
mod tests;
mod watch;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::{engine::Engine, keep::Keeper, watch::Watch};
use crate::{
    domain::{
        clock::Clock,
        completeness::RunStatus,
        ids::TenantId,
        problem::Problem,
        progress::{Level, Reporter},
        reading::Ask,
        text,
        view::RunInfo,
    },
    graph::{GraphClient, GraphError, TokenInfo},
    store::{RunEnd, RunPlan, StoreError, Writer},
};

/// A run to be done.
pub struct Collect {
    pub client: GraphClient,
    /// The file of the store.
    pub store: PathBuf,
    pub tenant: TenantId,
    pub clock: Arc<dyn Clock>,
    pub reporter: Arc<dyn Reporter>,
    pub cancel: CancellationToken,
    /// What is asked of it.
    pub ask: Ask,
}

/// Why there is no run, or why it came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error("there is no usable token")]
    Token(#[source] GraphError),
    #[error("nothing can be read")]
    NoService(#[source] GraphError),
    #[error("the service answers for tenant {found}, but {wanted} was to be read")]
    OtherTenant { wanted: TenantId, found: String },
    #[error("the store cannot be written")]
    Store(#[from] StoreError),
    #[error("writing the store ended in an internal error")]
    Panicked,
}

impl CollectError {
    /// As every face shows it.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Token(error) | Self::NoService(error) => error.problem(),
            Self::OtherTenant { .. } => Problem::new(self.to_string())
                .code("other_tenant")
                .hint("Check the tenant ID of the profile; each store holds one tenant."),
            Self::Store(error) => error.problem(),
            Self::Panicked => Problem::new(self.to_string()).code("internal"),
        }
    }
}

/// Reads the tenant into its store.
///
/// A cancelled run is `Ok` with [`RunStatus::Interrupted`]: what was read is kept. Gaps are in the result.
///
/// # Errors
///
/// As [`CollectError`] says. No run is left that looks finished.
pub async fn collect(job: Collect) -> Result<RunInfo, CollectError> {
    let started = Instant::now();
    let started_at = job.clock.now();
    let before = job.client.wire();

    let token = tokio::select! {
        biased;
        () = job.cancel.cancelled() => None,
        token = job.client.token() => Some(token.map_err(CollectError::Token)?),
    };
    if let Some(found) = token.as_ref().and_then(|t| t.claims.as_ref()?.tid.clone())
        && !found.eq_ignore_ascii_case(job.tenant.as_str())
    {
        return Err(CollectError::OtherTenant { wanted: job.tenant, found });
    }

    let writer = {
        let (path, tenant) = (job.store.clone(), job.tenant.clone());
        keep::blocking(move || Writer::open(&path, &tenant, started_at)).await??
    };
    let writer = Arc::new(Mutex::new(writer));
    let run = keep::with(&writer, move |w| w.begin_run(started_at, &RunPlan::default())).await??;

    let watch = Arc::new(Watch::new(job.client.clone(), Arc::clone(&job.clock), Arc::clone(&job.reporter), started));
    let (keeper, queue) = Keeper::new();
    // On the heap, as all large futures here: stacks of worker threads are small.
    let reading = Box::pin(read(&job, token, keeper, Arc::clone(&watch)));
    let writing = Box::pin(keep::write_all(Arc::clone(&writer), run, queue));
    let (ended, written) = tokio::select! {
        out = async { tokio::join!(reading, writing) } => out,
        never = watch.tell_now_and_then() => match never {},
    };

    let status = match (&ended, &written) {
        (_, Err(_)) | (Err(_), _) => RunStatus::Failed,
        (Ok(Ended::Whole), Ok(())) => RunStatus::Complete,
        (Ok(Ended::Cancelled), Ok(())) => RunStatus::Interrupted,
    };
    let wire = job.client.wire();
    let end = RunEnd {
        status,
        finished_at: job.clock.now(),
        requests: wire.requests - before.requests,
        resource_units: wire.resource_units - before.resource_units,
        seconds: started.elapsed().as_secs_f64(),
    };
    let finished = keep::with(&writer, move |w| w.finish_run(run, &end)).await;
    // What went wrong first is what is told.
    written?;
    if let Err(stop) = ended {
        watch.finish(None);
        return Err(match stop {
            Stop::OtherTenant(found) => CollectError::OtherTenant { wanted: job.tenant, found },
            Stop::NoService(error) => CollectError::NoService(error),
            Stop::QueueClosed => CollectError::Panicked,
        });
    }
    let info = finished??;
    watch.log(Level::Info, summary(&info), None);
    watch.finish(Some(&info));
    Ok(info)
}

/// How reading ended, if nothing stopped it.
enum Ended {
    Whole,
    Cancelled,
}

/// Why reading cannot go on.
#[derive(Debug)]
enum Stop {
    OtherTenant(String),
    /// Nothing can be read at all.
    NoService(GraphError),
    /// The writing side is gone, and says why itself.
    QueueClosed,
}

/// Everything that reads. When it ends, the last sender of the queue is dropped, and the writing side ends too.
async fn read(job: &Collect, token: Option<TokenInfo>, keeper: Keeper, watch: Arc<Watch>) -> Result<Ended, Stop> {
    let Some(token) = token else { return Ok(Ended::Cancelled) };
    let engine = Engine::new(job.client.clone(), job.tenant.clone(), &token, keeper, watch);
    tokio::select! {
        biased;
        () = job.cancel.cancelled() => Ok(Ended::Cancelled),
        out = Box::pin(engine.run()) => out.map(|()| Ended::Whole),
    }
}

fn summary(info: &RunInfo) -> String {
    let ended = match info.status {
        RunStatus::Interrupted => "cancelled; what was read is kept".to_owned(),
        RunStatus::Complete => "finished".to_owned(),
        RunStatus::Partial => format!("finished with {}", text::counted(info.gaps.len() as u64, "gap")),
        RunStatus::Scoped => "finished with its selection".to_owned(),
        RunStatus::Running | RunStatus::Failed => info.status.as_str().to_owned(),
    };
    format!(
        "run {} {ended}: {}, {} in {:.1} s",
        info.id,
        text::counted(info.requests, "request"),
        text::counted(info.resource_units, "resource unit"),
        info.seconds
    )
}
