//! What goes wrong with a request to JupiterOne.

use std::time::Duration;

use crate::{domain::problem::Problem, net};

/// What a failed request means to the client and to who called it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No whole answer: the network, or time. The request may have been carried out.
    Network,
    /// 429.
    Throttled,
    /// 5xx, 408: the service cannot now. The request may have been carried out.
    Unavailable,
    /// 401: the key or the account is wrong.
    Unauthorized,
    /// 413, `RequestEntityTooLargeException`.
    TooLarge,
    /// `JOB_NOT_AWAITING_UPLOADS`: the job ended underneath us.
    JobClosed,
    /// 3xx: never followed.
    Redirect,
    /// Any other 4xx: asking again would not help.
    Refused,
    /// A success that is none of the documented answers: a captive portal's page, for one. Taking it for success could
    /// finalize a job that holds nothing.
    Unreadable,
    /// A success whose JSON was cut or garbled on its way: the request was carried out, and what of it is lost with the
    /// answer.
    Garbled,
}

impl ErrorKind {
    /// Whether another try may help.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Network | Self::Throttled | Self::Unavailable)
    }

    /// Whether the service may have carried the request out, although this error came back.
    pub const fn may_have_happened(self) -> bool {
        matches!(self, Self::Network | Self::Unavailable | Self::Unreadable | Self::Garbled)
    }
}

/// A request that failed for good: refused, or out of patience.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{problem}")]
pub struct JupiterOneError {
    kind: ErrorKind,
    problem: Box<Problem>,
    tries: u32,
    /// The id of a job, where as much as that could be read of a garbled answer.
    job: Option<String>,
    /// Whether a try before the last one may have been carried out.
    may_be_there: bool,
}

impl JupiterOneError {
    pub(super) fn new(kind: ErrorKind, problem: Problem) -> Self {
        Self { kind, problem: Box::new(problem), tries: 1, job: None, may_be_there: false }
    }

    /// The same error, about this job.
    pub(super) fn about(mut self, job: Option<String>) -> Self {
        self.job = job;
        self
    }

    /// The same error, after so many tries.
    pub(super) fn after(mut self, tries: u32) -> Self {
        self.tries = tries;
        if tries > 1 {
            self.problem.summary.push_str(&format!(", {tries} times"));
        }
        self
    }

    /// The same error, where an earlier try may have been carried out.
    pub(super) fn behind(mut self, may_be_there: bool) -> Self {
        self.may_be_there = may_be_there;
        self
    }

    /// Whether what was sent may be there, although the last try was refused.
    pub const fn may_be_there(&self) -> bool {
        self.may_be_there
    }

    /// The same error, where the service asked for a pause that is longer than anybody here waits.
    pub(super) fn asking_for(mut self, pause: Option<Duration>) -> Self {
        if let Some(pause) = pause {
            let minutes = pause.as_secs().div_ceil(60);
            self.problem.summary.push_str(&format!(", and asks for a pause of {minutes} minutes or more"));
        }
        self
    }

    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether another try may help, before a person has changed anything.
    pub(super) fn may_pass(&self) -> bool {
        self.kind.is_transient() && !self.code().is_some_and(net::is_lasting)
    }

    /// The job that the answer told of, as far as it could be read.
    pub fn job(&self) -> Option<&str> {
        self.job.as_deref()
    }

    /// How often it was tried.
    pub const fn tries(&self) -> u32 {
        self.tries
    }

    pub fn problem(&self) -> Problem {
        (*self.problem).clone()
    }

    pub fn code(&self) -> Option<&str> {
        self.problem.code.as_deref()
    }

    pub fn status(&self) -> Option<u16> {
        self.problem.status
    }
}

/// One try that failed.
pub(super) struct Failure {
    pub error: JupiterOneError,
    pub retry_after: Option<Duration>,
    /// Whether the request may have been carried out all the same.
    pub answer_lost: bool,
}

impl From<JupiterOneError> for Failure {
    fn from(error: JupiterOneError) -> Self {
        Self { answer_lost: error.kind.may_have_happened(), error, retry_after: None }
    }
}
