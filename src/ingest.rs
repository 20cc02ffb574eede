//! Reads a tenant into its store: runs the plan of reads and writes each page as it comes.
//!
//! What cannot be read is data, not an error: a collection or a group ends `forbidden`, `hidden`, `partial` or `gone`,
//! and the run goes on. Errors are for what makes a run pointless: no token, nobody who takes it,
//! another tenant, a store that cannot be
//! written. It decides nothing about what an upload does with it, and keeps nothing of the tenant in memory but the ids
//! that it has seen or has yet to ask for.

pub mod amend;
mod casts;
mod check;
mod checkpoint;
pub mod decide;
mod delta;
mod engine;
mod expand;
pub mod explain;
mod gentle;
mod keep;
mod lists;
mod members;
pub mod plan;
pub mod probe;
mod resolve;
mod rights;
mod scope;
mod sign_in;
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

use self::{
    amend::CannotAmend,
    decide::{Decision, Grounds, Unfinished},
    engine::{Engine, Setting},
    keep::{Keeper, Meter},
    watch::Watch,
};
use crate::{
    domain::{
        clock::Clock,
        completeness::RunStatus,
        ids::{RunId, TenantId},
        problem::Problem,
        progress::{Level, Reporter},
        reading::{Ask, GroupPick, Learned, RunKind, Scope},
        text,
        view::RunInfo,
    },
    graph::{GraphClient, GraphError, TokenInfo},
    store::{Leftover, RunEnd, RunPlan, Spent, StoreError, Writer},
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
    #[error("nothing in the directory is what was selected")]
    NothingFound,
    #[error("the selection cannot be read")]
    Selection(#[source] GraphError),
    #[error("the filter is refused")]
    Filter(#[source] GraphError),
    #[error("an interrupted run is not finished")]
    Unfinished(#[from] Unfinished),
    #[error("nothing can be read again by itself")]
    Amend(#[from] CannotAmend),
    #[error("the store cannot be written")]
    Store(#[from] StoreError),
    #[error("writing the store ended in an internal error")]
    Panicked,
}

impl CollectError {
    /// As every face shows it.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Token(error) | Self::NoService(error) | Self::Selection(error) => error.problem(),
            Self::Filter(error) => error.problem().hint(
                "Check the filter: names, operators and quotes as in \"startswith(displayName,'sg-')\". Not every \
                 property can be filtered by.",
            ),
            Self::OtherTenant { .. } => Problem::new(self.to_string())
                .code("other_tenant")
                .hint("Check the tenant ID of the profile; each store holds one tenant."),
            Self::Unfinished(unfinished) => Problem::new(unfinished.to_string())
                .code("unfinished_run")
                .hint("Finish it with `tenantry collect`, or drop it with --fresh."),
            Self::Amend(cannot) => cannot.problem(),
            Self::NothingFound => Problem::new(self.to_string())
                .code("nothing_selected")
                .hint("Names are compared whole, in any case; the log says what was looked for."),
            Self::Store(error) => error.problem(),
            Self::Panicked => Problem::new(self.to_string()).code("internal"),
        }
    }
}

/// Reads the tenant into its store: goes on with a run that was cut off, reads what changed, or reads everything.
///
/// A cancelled run is `Ok` with [`RunStatus::Interrupted`]: what was read is kept, and the next one goes on with it. Gaps
/// are in the result.
///
/// # Errors
///
/// As [`CollectError`] says. No run is left that looks finished.
pub async fn collect(job: Collect) -> Result<RunInfo, CollectError> {
    let started = Instant::now();
    let started_at = job.clock.now();

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
    let (leftover, ground, learned) =
        keep::with(&writer, |w| Ok::<_, StoreError>((w.leftover()?, w.delta_ground()?, w.learned()?))).await??;
    let plan = decide::fingerprint(job.client.origin().as_str());
    let grounds = Grounds {
        ask: &job.ask,
        plan: &plan,
        leftover: leftover.as_ref(),
        ground: &ground,
        learned: &learned,
        now: started_at,
    };
    let decision = match job.ask.again.is_empty() {
        true => decide::decide(&grounds)?,
        false => amend::decide(&grounds)?,
    };
    if let (Some(amend), Some(run)) = (&decision.amend, ground.run) {
        let named: Vec<String> = amend.named.iter().cloned().collect();
        if let Some(id) = keep::with(&writer, move |w| w.no_group_of(run, &named)).await?? {
            return Err(CannotAmend::NoSuchGroup { run, id }.into());
        }
    }
    let before =
        leftover.as_ref().filter(|left| decision.resume == Some(left.run)).map(|left| left.spent).unwrap_or_default();
    let (clock, reporter) = (Arc::clone(&job.clock), Arc::clone(&job.reporter));
    let watch = Arc::new(Watch::new(job.client.clone(), clock, reporter, started, before));
    // A selection is read for a look, and nobody misses it.
    let kept_work = leftover.as_ref().is_some_and(|left| left.kind != RunKind::Scoped && !amend::is_marked(&left.plan));
    if let Some((run, why)) = decision.dropped.as_ref().filter(|_| kept_work) {
        watch.log(Level::Warning, format!("what the interrupted run {run} had read is dropped: {why}"), None);
    }
    let leftover = leftover.filter(|left| decision.resume == Some(left.run));
    let meter = meter(&job.client, started, leftover.as_ref());
    let mut work = Work {
        job: &job,
        token,
        writer,
        watch,
        meter,
        plan,
        last_full: ground.last_full,
        learned: Arc::new(Mutex::new(learned)),
    };
    let ended = Box::pin(work.attempts(decision, leftover)).await;
    work.remember(&ended).await;
    match &ended {
        Ok(info) => {
            work.watch.log(Level::Info, summary(info), None);
            work.watch.finish(Some(info));
        }
        Err(_) => work.watch.finish(None),
    }
    ended
}

/// Totals of the whole run, with what it had cost before it was cut off.
fn meter(client: &GraphClient, started: Instant, leftover: Option<&Leftover>) -> Meter {
    let base = leftover.map(|left| left.spent).unwrap_or_default();
    let before = client.wire();
    let client = client.clone();
    Arc::new(move || {
        let wire = client.wire();
        Spent {
            requests: base.requests + wire.requests - before.requests,
            resource_units: base.resource_units + wire.resource_units - before.resource_units,
            seconds: base.seconds + started.elapsed().as_secs_f64(),
        }
    })
}

/// What all attempts of one collection share.
struct Work<'a> {
    job: &'a Collect,
    token: Option<TokenInfo>,
    writer: Arc<Mutex<Writer>>,
    watch: Arc<Watch>,
    meter: Meter,
    plan: String,
    last_full: Option<jiff::Timestamp>,
    learned: Arc<Mutex<Learned>>,
}

impl Work<'_> {
    /// One attempt; and where changes turn out not to do, a second one that reads everything. Never a third.
    async fn attempts(&mut self, decision: Decision, leftover: Option<Leftover>) -> Result<RunInfo, CollectError> {
        match Box::pin(self.attempt(decision, leftover)).await? {
            Attempt::Ended(info) => Ok(*info),
            Attempt::Again(because) => {
                self.watch.log(Level::Warning, format!("everything is read, in this very run: {because}"), None);
                match Box::pin(self.attempt(Decision::full(because), None)).await? {
                    Attempt::Ended(info) => Ok(*info),
                    // Only changes ask for another attempt, and a full read has none.
                    Attempt::Again(_) => Err(CollectError::Panicked),
                }
            }
        }
    }

    async fn attempt(&self, decision: Decision, leftover: Option<Leftover>) -> Result<Attempt, CollectError> {
        let (job, watch) = (self.job, &self.watch);
        let run = self.begin(&decision, leftover.as_ref()).await?;
        watch.decided(run, decision.kind, leftover.as_ref().map(|l| l.started_at), self.last_full);
        watch.because(&decision.because);
        watch.again(decision.amend.as_ref().map(|amend| amend.asked.clone()).unwrap_or_default());
        let number = if decision.resume.is_some() { String::new() } else { format!("run {run}: ") };
        watch.log(Level::Info, format!("{number}{}", words(&decision)), None);

        let (keeper, queue) = Keeper::new();
        // On the heap, as all large futures here: stacks of worker threads are small.
        let reading = Box::pin(self.read(decision, leftover, keeper));
        let writing = Box::pin(keep::write_all(Arc::clone(&self.writer), run, queue, Arc::clone(&self.meter)));
        let (ended, written) = tokio::select! {
            out = async { tokio::join!(reading, writing) } => out,
            never = watch.tell_now_and_then() => match never {},
        };

        let status = match (&ended, &written) {
            // The next attempt takes this one back.
            (Err(Stop::Again(because)), Ok(())) => return Ok(Attempt::Again(because.clone())),
            (_, Err(_)) | (Err(_), _) => RunStatus::Failed,
            (Ok(Ended::Whole), Ok(())) => RunStatus::Complete,
            (Ok(Ended::Cancelled), Ok(())) => RunStatus::Interrupted,
        };
        let Spent { requests, resource_units, seconds } = (self.meter)();
        let end = RunEnd { status, finished_at: job.clock.now(), requests, resource_units, seconds };
        let finished = keep::with(&self.writer, move |w| w.finish_run(run, &end)).await;
        // What went wrong first is what is told.
        written?;
        match ended {
            Ok(_) => Ok(Attempt::Ended(Box::new(finished??))),
            Err(Stop::OtherTenant(found)) => Err(CollectError::OtherTenant { wanted: job.tenant.clone(), found }),
            Err(Stop::NoService(error)) => Err(CollectError::NoService(error)),
            Err(Stop::NothingFound) => Err(CollectError::NothingFound),
            Err(Stop::Selection(error)) => Err(match &self.job.ask.scope {
                // The person's own words are what the service does not understand.
                Some(Scope::Groups(picks))
                    if error.status() == Some(400) && picks.iter().any(|p| matches!(p, GroupPick::Filter(_))) =>
                {
                    CollectError::Filter(error)
                }
                _ => CollectError::Selection(error),
            }),
            Err(Stop::QueueClosed | Stop::Again(_)) => Err(CollectError::Panicked),
        }
    }

    async fn begin(&self, decision: &Decision, leftover: Option<&Leftover>) -> Result<RunId, CollectError> {
        if let Some(left) = leftover {
            let run = left.run;
            keep::with(&self.writer, move |w| w.resume_run(run)).await??;
            return Ok(run);
        }
        let (at, plan) = (
            self.job.clock.now(),
            RunPlan {
                kind: decision.kind,
                plan: if decision.amend.is_some() { amend::marked(&self.plan) } else { self.plan.clone() },
            },
        );
        Ok(keep::with(&self.writer, move |w| w.begin_run(at, &plan)).await??)
    }

    /// Everything that reads. When it ends, the last sender of the queue is dropped, and the writing side ends too.
    async fn read(&self, decision: Decision, leftover: Option<Leftover>, keeper: Keeper) -> Result<Ended, Stop> {
        let Some(token) = &self.token else { return Ok(Ended::Cancelled) };
        let pass = sign_in::Pass {
            client: self.job.client.clone(),
            keeper: keeper.clone(),
            watch: Arc::clone(&self.watch),
            learned: Arc::clone(&self.learned),
        };
        let asks_sign_ins = self.job.ask.sign_ins && decision.kind != RunKind::Scoped && decision.amend.is_none();
        let engine = Engine::new(Setting {
            client: self.job.client.clone(),
            tenant: self.job.tenant.clone(),
            scope: self.job.ask.scope.clone(),
            quota: self.job.ask.quota,
            token,
            decision,
            leftover,
            learned: Arc::clone(&self.learned),
            keeper,
            watch: Arc::clone(&self.watch),
        });
        let reading = async {
            if asks_sign_ins {
                Box::pin(sign_in::beside(engine.run(), pass)).await
            } else {
                drop(pass);
                Box::pin(engine.run()).await
            }
        };
        tokio::select! {
            biased;
            () = self.job.cancel.cancelled() => Ok(Ended::Cancelled),
            out = reading => out.map(|()| Ended::Whole),
        }
    }

    /// Keeps what was learned of the tenant. A run is not lost over it.
    async fn remember(&self, ended: &Result<RunInfo, CollectError>) {
        let mut learned = engine::lock(&self.learned).clone();
        learned.prices.extend(self.job.client.prices());
        match self.job.client.seen_quota() {
            Some(quota) => learned.quota_10s = Some(quota),
            // Everything was read, and nothing slowed it down: the next run tries for more.
            // With a quota that was asked for, that says nothing about any other.
            None if self.job.ask.quota.is_none()
                && ended.as_ref().is_ok_and(|run| run.kind == RunKind::Full && run.status.is_finished()) =>
            {
                learned.quota_10s = None;
            }
            None => {}
        }
        let kept = keep::with(&self.writer, move |w| w.learn(&learned)).await;
        if let Err(error) = kept.map_err(|_| CollectError::Panicked).and_then(|kept| Ok(kept?)) {
            self.watch.log(Level::Warning, "what was learned of the tenant could not be kept".to_owned(), {
                Some(error.problem())
            });
        }
    }
}

/// How an attempt ended.
enum Attempt {
    Ended(Box<RunInfo>),
    /// Changes do not do: everything has to be read, for this reason.
    Again(String),
}

fn words(decision: &Decision) -> String {
    let what = match decision.kind {
        _ if decision.amend.is_some() => "read again",
        RunKind::Full => "everything is read",
        RunKind::Gentle => "everything is read, with the least load",
        RunKind::Delta => "only changes are read",
        RunKind::Scoped => "a selection is read",
    };
    match decision.resume {
        // Which says first what run that is.
        Some(_) => format!("{}: {what}", decision.because),
        None => format!("{what}: {}", decision.because),
    }
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
    /// Changes do not do, for this reason: everything has to be read.
    Again(String),
    /// Nothing is what was selected.
    NothingFound,
    /// The service does not understand what was selected, or does not show it.
    Selection(GraphError),
}

fn summary(info: &RunInfo) -> String {
    let ended = match info.status {
        RunStatus::Interrupted => "cancelled; the next one goes on with what was read".to_owned(),
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
