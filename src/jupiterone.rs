//! A client of JupiterOne's bulk API: a synchronization job is started, filled, finalized, watched or aborted
//! (`facts/jupiterone.md` §1).
//!
//! Beside that it can ask, by GraphQL and by reading only, whose a key is and what a target holds.
//!
//! It knows requests, retries and errors, not what is uploaded or why: that is `upload`'s. It follows no redirect and
//! sends the key to the one origin it was made for. It never retries what the service refused for good (4xx other
//! than 429), and it does not decide what a failed request means for the job.

pub mod error;
pub mod graph;
mod graphql;
pub mod identity;
pub mod job;
mod pace;
pub mod payload;
mod retry;
mod wire;

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use uuid::Uuid;

pub use self::{
    error::{ErrorKind, JupiterOneError},
    graph::{Reading, Unread},
    identity::Identity,
    job::JobStatus,
};
use self::{retry::Gate, wire::Call};
use crate::{
    domain::{
        batch::Payload,
        clock::Clock,
        origin::Origin,
        problem::Problem,
        progress::{Event, Reporter},
        secret::Secret,
        target::Destination,
        upload::{Encoding, JobFigures, Source},
    },
    net::{self, NetConfig},
};

/// Where JupiterOne is, and which account is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JupiterOneConfig {
    pub origin: Origin,
    /// The account id, sent with every request as `JupiterOne-Account`.
    pub account: String,
    pub net: NetConfig,
}

/// How patient the client is with a service that asks for, or needs, another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long one request may take in all, its retries and the waits between them included.
    pub total: Duration,
    /// How long one try may take before it counts as lost.
    pub attempt: Duration,
}

impl Patience {
    /// For a question that may as well stay without an answer.
    pub const QUESTION: Self = Self { total: Duration::from_secs(5), attempt: Duration::from_secs(10) };
}

impl Default for Patience {
    fn default() -> Self {
        Self { total: Duration::from_secs(600), attempt: Duration::from_secs(180) }
    }
}

/// A request that is about to be sent again, as told to [`JupiterOneClient::listening`].
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    pub problem: Problem,
    pub wait: Duration,
    /// The tries so far: 1 after the first.
    pub tries: u32,
}

/// A body as it goes over the network.
#[derive(Debug, Clone)]
pub struct Wire {
    pub bytes: bytes::Bytes,
    pub encoding: Encoding,
}

impl From<bytes::Bytes> for Wire {
    fn from(bytes: bytes::Bytes) -> Self {
        Self { bytes, encoding: Encoding::Plain }
    }
}

type Listener = Arc<dyn Fn(&Retry) + Send + Sync>;

/// A client for one account, with one key. Cheap to clone; clones share connections and the pause after a 429.
#[derive(Clone)]
pub struct JupiterOneClient {
    config: Arc<JupiterOneConfig>,
    key: Secret,
    http: reqwest::Client,
    gate: Arc<Gate>,
    patience: Patience,
    listener: Option<Listener>,
    /// Whether objects may have been sent before, by another process.
    repeats: bool,
    /// Who is told of each request.
    log: Option<(Arc<dyn Clock>, Arc<dyn Reporter>)>,
}

impl std::fmt::Debug for JupiterOneClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JupiterOneClient").field("config", &self.config).finish_non_exhaustive()
    }
}

impl JupiterOneClient {
    /// Makes a client; sends nothing.
    ///
    /// # Errors
    ///
    /// Where the account or the key cannot be a header's value, or the network's configuration cannot be used.
    pub fn new(config: JupiterOneConfig, key: Secret) -> Result<Self, Problem> {
        wire::headers(&config.account, &key)?;
        let http = net::client(&config.net, &config.origin)?;
        Ok(Self {
            config: Arc::new(config),
            key,
            http,
            gate: Arc::new(Gate::default()),
            patience: Patience::default(),
            listener: None,
            repeats: false,
            log: None,
        })
    }

    /// The same client with another patience.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The same client, telling `listener` of every request that is about to be sent again. It must not block.
    #[must_use]
    pub fn listening(mut self, listener: impl Fn(&Retry) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// The same client for a job that another process sent to: what it sends may be there already.
    #[must_use]
    pub fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// The same client, reporting each request as `Event::Request`.
    #[must_use]
    pub fn reporting(mut self, clock: Arc<dyn Clock>, reporter: Arc<dyn Reporter>) -> Self {
        self.log = Some((clock, reporter));
        self
    }

    pub fn origin(&self) -> &Origin {
        &self.config.origin
    }

    pub fn account(&self) -> &str {
        &self.config.account
    }

    /// Starts a job (DIFF: what it does not carry is deleted when it is finalized).
    ///
    /// A lost answer is retried; a job that was started twice so stays behind empty and is never finalized. A garbled one is
    /// not: it may say which job it was ([`JupiterOneError::job`]).
    pub async fn start(&self, destination: &Destination, source: Source) -> Result<JobFigures, JupiterOneError> {
        let body = payload::start(destination, source);
        let answer = self.call(Call::post("starting the job", payload::JOBS.to_owned(), body)).await?;
        let job = answer.job()?;
        if job.id.is_empty() { Err(answer.unreadable("a job without an id")) } else { Ok(job) }
    }

    /// Sends one body of objects. The correlation id stays the same over all tries; a try after one whose answer was
    /// lost carries `?ignoreDuplicates=true`, because the objects may already be there.
    pub async fn send(
        &self,
        job: &str,
        payload: Payload,
        body: impl Into<Wire>,
        correlation: Uuid,
    ) -> Result<JobFigures, JupiterOneError> {
        let what = match payload {
            Payload::Entities => "sending entities",
            Payload::Relationships => "sending relationships",
        };
        let body = body.into();
        let call =
            Call::post(what, payload::path(job, payload.as_str()), body.bytes).upload(correlation, body.encoding);
        self.call(call).await?.job()
    }

    /// Asks for the job to be applied. `partial_types` are exempt from deletion.
    pub async fn finalize(&self, job: &str, partial_types: &[String]) -> Result<JobFigures, JupiterOneError> {
        let body = payload::finalize(partial_types);
        self.call(Call::post("finalizing the job", payload::path(job, "finalize"), body)).await?.job()
    }

    /// The job as it is now.
    pub async fn status(&self, job: &str) -> Result<JobFigures, JupiterOneError> {
        self.call(Call::get("reading the job's status", payload::path(job, ""))).await?.job()
    }

    /// Ends the job without applying it.
    pub async fn abort(&self, job: &str, reason: &str) -> Result<JobFigures, JupiterOneError> {
        let body = payload::abort(reason);
        self.call(Call::post("aborting the job", payload::path(job, "abort"), body)).await?.job()
    }

    /// One request with its retries.
    async fn call(&self, call: Call) -> Result<wire::Answer, JupiterOneError> {
        let began = Instant::now();
        let mut tries = 0;
        let mut answer_lost = self.repeats;
        loop {
            self.gate.wait().await;
            tries += 1;
            let mut record = self.record(&call, tries);
            let sent = Instant::now();
            let attempted = self.attempt(&call, answer_lost, record.as_mut()).await;
            if let (Some(mut record), Some((_, reporter))) = (record, &self.log) {
                record.ms = sent.elapsed().as_millis().try_into().unwrap_or(u32::MAX);
                if let Err(failure) = &attempted {
                    let problem = failure.error.problem();
                    record.code = problem.code;
                    record.request_id = record.request_id.or(problem.request_id);
                }
                reporter.report(Event::Request(Box::new(record)));
            }
            let failure = match attempted {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.error.may_pass() => failure,
                Err(failure) if failure.error.kind() == ErrorKind::Garbled && call.may_come_again() => failure,
                Err(failure) => return Err(failure.error.after(tries).behind(answer_lost)),
            };
            answer_lost |= failure.answer_lost;
            let wait = failure.retry_after.unwrap_or_else(|| retry::backoff(tries));
            if began.elapsed() + wait > self.patience.total {
                let asked = failure.retry_after.filter(|wait| *wait > self.patience.total);
                return Err(failure.error.after(tries).asking_for(asked));
            }
            if failure.error.kind() == ErrorKind::Throttled {
                self.gate.pause(wait);
            }
            if let Some(listener) = &self.listener {
                listener(&Retry { problem: failure.error.problem(), wait, tries });
            }
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
pub(crate) mod stub;
#[cfg(test)]
mod tests;
