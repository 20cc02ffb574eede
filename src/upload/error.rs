//! Why an upload did not finish, and what became of its job.

use crate::domain::problem::Problem;

/// An upload that did not finish.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum UploadError {
    /// Refused before anything was sent.
    #[error("{0}")]
    Guard(Box<Problem>),
    /// Failed or cancelled; says what became of the job.
    #[error("{}", .0.problem)]
    Failed(Box<Failure>),
}

/// A failure, and what is known of the job.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub job_id: Option<String>,
    /// Whether somebody asked for the end.
    pub cancelled: bool,
    pub end: JobEnd,
    /// What went wrong, with the job's end in its summary.
    pub problem: Problem,
}

/// What became of the job.
#[derive(Debug, Clone, PartialEq)]
pub enum JobEnd {
    /// There is none.
    NotStarted,
    /// It was aborted: nothing was changed.
    Aborted,
    /// It could not be aborted, but was never finalized: it stays open and changes nothing.
    AbortFailed(Box<Problem>),
    /// It may have been applied, wholly, in part, or not at all.
    InDoubt,
}

impl JobEnd {
    fn words(&self) -> &'static str {
        match self {
            Self::NotStarted => "nothing was sent",
            Self::Aborted => "the job was aborted, and nothing was changed in JupiterOne",
            Self::AbortFailed(_) => {
                "the job could not be aborted either: it stays open, was not finalized, and changes nothing in JupiterOne"
            }
            Self::InDoubt => "whether the job was applied is not known",
        }
    }
}

impl UploadError {
    pub(super) fn failed(job_id: Option<&str>, cancelled: bool, end: JobEnd, mut problem: Problem) -> Self {
        problem.summary = format!("{}; {}", problem.summary, end.words());
        if let JobEnd::AbortFailed(why) = &end {
            let why = format!("aborting: {}", why.line());
            problem.message = Some(problem.message.map_or(why.clone(), |m| format!("{m}\n{why}")));
        }
        if end == JobEnd::InDoubt {
            let job = job_id.unwrap_or_default();
            let then = match problem.status {
                // Uploading again would end in the same doubt.
                Some(401 | 403) => {
                    "This key may not look at it: with one that may, upload again, which settles the doubt."
                }
                _ => "Uploading again is safe: it sends everything anew, and settles the doubt.",
            };
            problem.hint = Some(format!("Look at job {job} in JupiterOne. {then}"));
        }
        Self::Failed(Box::new(Failure { job_id: job_id.map(str::to_owned), cancelled, end, problem }))
    }

    pub fn problem(&self) -> Problem {
        match self {
            Self::Guard(problem) => (**problem).clone(),
            Self::Failed(failure) => failure.problem.clone(),
        }
    }

    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.cancelled)
    }

    pub fn is_guard(&self) -> bool {
        matches!(self, Self::Guard(_))
    }

    pub fn job_id(&self) -> Option<&str> {
        match self {
            Self::Guard(_) => None,
            Self::Failed(failure) => failure.job_id.as_deref(),
        }
    }

    /// What became of the job.
    pub fn end(&self) -> &JobEnd {
        match self {
            Self::Guard(_) => &JobEnd::NotStarted,
            Self::Failed(failure) => &failure.end,
        }
    }
}

/// An end that somebody asked for (`None`), or that a problem forced.
pub(super) fn stopped(job_id: Option<&str>, end: JobEnd, problem: Option<Problem>) -> UploadError {
    let cancelled = problem.is_none();
    let problem = problem.unwrap_or_else(|| Problem::new("the upload was cancelled").code("cancelled"));
    UploadError::failed(job_id, cancelled, end, problem)
}
