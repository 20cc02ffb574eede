//! The end of a job: finalized and watched, or aborted; and what may be booked of it.
//!
//! Before finalize is asked for, an unfinished job changes nothing ("never reaches your graph", facts §1.4). After it,
//! only a status that says so ends the doubt, and nothing is aborted that JupiterOne may be applying.

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Limits, Stop,
    books::Books,
    error::{JobEnd, UploadError, stopped},
    tell::Teller,
};
use crate::{
    domain::{
        problem::Problem,
        progress::Level,
        upload::{JobFigures, UploadPhase},
    },
    jupiterone::{ErrorKind, JobStatus, JupiterOneClient, JupiterOneError},
    store::StoreError,
};

pub(super) struct Settling<'a> {
    /// For finalize, which is worth waiting for.
    pub client: &'a JupiterOneClient,
    /// For all else.
    pub quick: &'a JupiterOneClient,
    pub id: &'a str,
    pub limits: Limits,
    pub teller: &'a Teller,
    pub cancel: &'a CancellationToken,
}

impl Settling<'_> {
    /// Ends a job that was not finalized.
    pub async fn abort(&self, books: &mut Books, stop: Stop) -> UploadError {
        self.teller.phase(UploadPhase::Aborting);
        let (problem, closed) = match stop {
            Stop::Cancelled => (None, false),
            Stop::Closed(problem) => (Some(problem), true),
            Stop::Failed(problem) => (Some(problem), false),
        };
        let reason = problem.as_ref().map_or_else(|| "cancelled".to_owned(), Problem::line);
        let end = self.hurried(self.abort_unfinalized(&reason, closed)).await;
        let end = end.unwrap_or_else(|| JobEnd::AbortFailed(Box::new(self.unheard())));
        let booked = match end {
            JobEnd::InDoubt => books.in_doubt().await,
            // The next upload finds it open, and sees to it.
            JobEnd::AbortFailed(_) => Ok(()),
            JobEnd::NotStarted | JobEnd::Aborted => books.changed_nothing().await,
        };
        with_booking(stopped(Some(self.id), end, problem), booked)
    }

    /// Waits for `work`, and no longer than it may take once somebody asks for the end.
    async fn hurried<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let late = async {
            self.cancel.cancelled().await;
            sleep(self.limits.end).await;
        };
        tokio::select! {
            biased;
            done = work => Some(done),
            () = late => None,
        }
    }

    /// What became of a job that we did not finalize. `closed`: the service said that it is open no more.
    async fn abort_unfinalized(&self, reason: &str, closed: bool) -> JobEnd {
        let failed = match self.quick.abort(self.id, reason).await {
            Ok(job) => {
                self.teller.status(&job.status);
                match JobStatus::of(&job.status) {
                    JobStatus::Finished | JobStatus::Failed => return JobEnd::InDoubt,
                    JobStatus::Working if !job.status.is_empty() => return JobEnd::InDoubt,
                    JobStatus::Aborted => return JobEnd::Aborted,
                    // Taken, and not done yet, or nothing was told: it is looked at.
                    JobStatus::Open | JobStatus::Working => None,
                }
            }
            Err(error) => Some(Box::new(error.problem())),
        };
        let looked = self.quick.status(self.id).await.ok().filter(|job| !job.status.is_empty());
        match (looked.map(|job| JobStatus::of(&job.status)), failed) {
            (Some(JobStatus::Aborted), _) | (None, None) => JobEnd::Aborted,
            (Some(JobStatus::Open), None) => {
                let problem = Problem::new("JupiterOne took the abort, and the job is open all the same");
                JobEnd::AbortFailed(Box::new(problem.code("AWAITING_UPLOADS")))
            }
            // Somebody else finalized it.
            (Some(JobStatus::Working | JobStatus::Finished | JobStatus::Failed), _) => JobEnd::InDoubt,
            (None, Some(_)) if closed => JobEnd::InDoubt,
            (Some(JobStatus::Open) | None, Some(failed)) => JobEnd::AbortFailed(failed),
        }
    }

    /// Finalizes, and waits for the end.
    pub async fn finalize(&self, books: &mut Books, partial_types: &[String]) -> Result<JobFigures, UploadError> {
        self.teller.phase(UploadPhase::Finalizing);
        // On disk before it may be true.
        if let Err(error) = books.in_doubt().await {
            return Err(self.abort(books, Stop::Failed(error.problem())).await);
        }
        if self.cancel.is_cancelled() {
            return Err(self.abort(books, Stop::Cancelled).await);
        }
        let asked = tokio::select! {
            biased;
            () = self.cancel.cancelled() => None,
            asked = self.client.finalize(self.id, partial_types) => Some(asked),
        };
        let accepted = match asked {
            Some(Ok(job)) => job,
            refused => match self.hurried(self.refused(books, refused.and_then(Result::err))).await {
                Some(settled) => settled?,
                None => return Err(stopped(Some(self.id), JobEnd::InDoubt, None)),
            },
        };
        self.watch(books, accepted).await
    }

    /// Finalize was asked for, and no good answer came (`None`: nobody waited for it). If the job goes on all the same, it
    /// was accepted; if it is still open, it can be aborted.
    async fn refused(&self, books: &mut Books, error: Option<JupiterOneError>) -> Result<JobFigures, UploadError> {
        let problem = error.map(|e| e.problem());
        let Ok(job) = self.quick.status(self.id).await else {
            return Err(stopped(Some(self.id), JobEnd::InDoubt, problem));
        };
        self.teller.status(&job.status);
        match JobStatus::of(&job.status) {
            JobStatus::Finished => Ok(job),
            JobStatus::Working if problem.is_some() => Ok(job),
            JobStatus::Working => Err(stopped(Some(self.id), JobEnd::InDoubt, None)),
            JobStatus::Failed => Err(self.ended(books, job).await),
            JobStatus::Aborted => Err(self.nothing_changed(books, problem).await),
            JobStatus::Open => {
                self.teller.phase(UploadPhase::Aborting);
                let reason = problem.as_ref().map_or_else(|| "cancelled".to_owned(), Problem::line);
                // A finalize that is still on its way may overtake the abort: only the word ABORTED counts.
                match self.quick.abort(self.id, &reason).await {
                    Ok(job) if JobStatus::of(&job.status) == JobStatus::Aborted => {
                        Err(self.nothing_changed(books, problem).await)
                    }
                    _ => Err(stopped(Some(self.id), JobEnd::InDoubt, problem)),
                }
            }
        }
    }

    /// Looks at a finalized job until it has ended.
    async fn watch(&self, books: &mut Books, mut job: JobFigures) -> Result<JobFigures, UploadError> {
        let began = Instant::now();
        let mut wait = self.limits.poll.0;
        let mut unreadable: Option<JupiterOneError> = None;
        loop {
            self.teller.status(&job.status);
            match JobStatus::of(&job.status) {
                JobStatus::Finished => return self.finished(books, job).await,
                JobStatus::Aborted | JobStatus::Failed => return Err(self.ended(books, job).await),
                JobStatus::Open | JobStatus::Working => {}
            }
            let left = self.limits.finalize.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Err(self.too_slow(&job, unreadable));
            }
            let look = async {
                tokio::time::sleep(wait.min(left)).await;
                self.quick.status(self.id).await
            };
            let looked = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(stopped(Some(self.id), JobEnd::InDoubt, None)),
                looked = look => looked,
            };
            wait = wait.mul_f64(1.5).min(self.limits.poll.1);
            match looked {
                Ok(seen) => (job, unreadable) = (seen, None),
                // A key that may not look would never see the end.
                Err(error) if matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Refused) => {
                    return Err(stopped(Some(self.id), JobEnd::InDoubt, Some(error.problem())));
                }
                Err(error) => unreadable = Some(error),
            }
        }
    }

    /// Somebody waits for the end, and JupiterOne does not answer.
    fn unheard(&self) -> Problem {
        Problem::new(format!("the job could not be aborted within {} s", self.limits.end.as_secs())).code("timeout")
    }

    fn too_slow(&self, job: &JobFigures, unreadable: Option<JupiterOneError>) -> UploadError {
        let minutes = self.limits.finalize.as_secs() / 60;
        let problem = unreadable.map_or_else(
            || {
                let what = match job.status.as_str() {
                    "" => "JupiterOne tells no status of the job".to_owned(),
                    status => format!("the job is still {status}"),
                };
                Problem::new(format!("{what} after {minutes} minutes")).code("finalize_timeout")
            },
            |error| error.problem(),
        );
        stopped(Some(self.id), JobEnd::InDoubt, Some(problem))
    }

    async fn finished(&self, books: &mut Books, mut job: JobFigures) -> Result<JobFigures, UploadError> {
        if job.id.is_empty() {
            job.id = self.id.to_owned();
        }
        self.teller.warn_of(&job);
        // The job is applied; if that cannot be booked, what was booked before (in doubt) is true as well.
        if let Err(error) = books.finished(self.teller.clock.now()).await {
            let problem = error.problem();
            let text = format!("the job finished, but the store could not be told: {}", problem.line());
            self.teller.log(Level::Error, text, Some(problem));
        }
        self.teller.phase(UploadPhase::Finished);
        Ok(job)
    }

    /// A job that ended otherwise than well.
    async fn ended(&self, books: &mut Books, job: JobFigures) -> UploadError {
        let problem = Problem::new(format!("JupiterOne ended the job: {}", job.status))
            .code(job.status.clone())
            .hint("Look at the job in JupiterOne; if its words do not help, upload again.");
        match JobStatus::of(&job.status) {
            JobStatus::Aborted => self.nothing_changed(books, Some(problem)).await,
            _ => stopped(Some(self.id), JobEnd::InDoubt, Some(problem)),
        }
    }

    async fn nothing_changed(&self, books: &mut Books, problem: Option<Problem>) -> UploadError {
        let booked = books.changed_nothing().await;
        with_booking(stopped(Some(self.id), JobEnd::Aborted, problem), booked)
    }
}

/// An error, and beside it that the store could not be told.
pub(super) fn with_booking(mut error: UploadError, booked: Result<(), StoreError>) -> UploadError {
    if let (UploadError::Failed(failure), Err(why)) = (&mut error, booked) {
        let why = format!("the store could not be told: {}", why.problem().line());
        let message = failure.problem.message.take();
        failure.problem.message = Some(message.map_or(why.clone(), |m| format!("{m}\n{why}")));
    }
    error
}
