//! The jobs that earlier uploads to a target left behind, seen to before a new one begins.
//!
//! Two jobs on one instance must not meet, and nobody documents what becomes of one that is left open. So each is looked
//! at: what is open is aborted, or gone on with where that is wanted and it carries the same; what is being applied is
//! waited for; what is over is booked. A job that cannot be looked at stays as it is booked.

use tokio::time::Instant;

use super::{
    Limits, Plan, Upload,
    books::Ledger,
    error::{JobEnd, UploadError, stopped},
    tell::Teller,
};
use crate::{
    domain::{problem::Problem, progress::Level, upload::Leftover},
    jupiterone::{JobStatus, JupiterOneClient},
    store::{Left, StoreError},
};

pub(super) struct Leftovers<'a> {
    pub job: &'a Upload,
    pub plan: &'a Plan,
    /// For looking and aborting.
    pub quick: &'a JupiterOneClient,
    pub limits: Limits,
    pub teller: &'a Teller,
}

impl Leftovers<'_> {
    /// Sees to all of them, the oldest first.
    pub async fn settle(&self, ledger: &mut Ledger, left: Vec<Left>) -> Result<Seen, UploadError> {
        let mut seen = Seen { go_on: None, in_doubt: false };
        for one in left {
            let settled = tokio::select! {
                biased;
                () = self.job.cancel.cancelled() => return Err(stopped(None, JobEnd::NotStarted, None)),
                settled = self.one(ledger, &one) => settled?,
            };
            match settled {
                Settled::Over => {}
                Settled::InDoubt => seen.in_doubt = true,
                Settled::GoOn => seen.go_on = Some(one),
            }
        }
        Ok(seen)
    }

    async fn one(&self, ledger: &mut Ledger, left: &Left) -> Result<Settled, UploadError> {
        let id = &left.job.id;
        let status = match self.quick.status(id).await {
            Ok(job) if !job.status.is_empty() => self.ended(&left.job.id, job.status).await?,
            // An answer without a status tells no more than none.
            silent if left.job.in_doubt => {
                let text = format!("job {id} of an earlier upload cannot be looked at");
                self.say(Level::Warning, text, silent.err().map(|error| error.problem()));
                return Ok(Settled::InDoubt);
            }
            // A key that may not look may still abort.
            _ => "AWAITING_UPLOADS".to_owned(),
        };
        let booked = match JobStatus::of(&status) {
            JobStatus::Open if self.carries_the_same(left) => return Ok(Settled::GoOn),
            JobStatus::Open => return self.abort(ledger, left).await,
            JobStatus::Finished if left.job.in_doubt => {
                self.say(Level::Info, format!("job {id} of an earlier upload had finished"), None);
                ledger.finished(left.upload, self.teller.clock.now()).await
            }
            JobStatus::Aborted if left.job.in_doubt => {
                self.say(Level::Info, format!("job {id} of an earlier upload had changed nothing"), None);
                ledger.changed_nothing(left.upload).await
            }
            JobStatus::Aborted => ledger.changed_nothing(left.upload).await,
            // Somebody else finalized it with what had arrived by then, or it failed.
            JobStatus::Finished | JobStatus::Failed | JobStatus::Working => {
                self.say(Level::Warning, format!("job {id} of an earlier upload ended as {status}"), None);
                if !left.job.in_doubt {
                    ledger.in_doubt(left.upload).await.map_err(not_started)?;
                }
                return Ok(Settled::InDoubt);
            }
        };
        booked.map_err(not_started)?;
        Ok(Settled::Over)
    }

    /// Whether what the job lacks may be sent to it: the same run under the same names, and the same exempt from deletion.
    fn carries_the_same(&self, left: &Left) -> bool {
        let wanted = self.job.manner.leftover == Leftover::GoOn && !left.job.in_doubt && !self.job.anew;
        let same = left.job.run == self.job.run
            && left.naming == self.job.names.naming()
            && left.partial_types == self.plan.partial_types;
        if wanted && !same {
            let text =
                format!("job {} of an earlier upload carries something else, and is not gone on with", left.job.id);
            self.say(Level::Warning, text, None);
        }
        wanted && same
    }

    async fn abort(&self, ledger: &mut Ledger, left: &Left) -> Result<Settled, UploadError> {
        let id = &left.job.id;
        match self.quick.abort(id, "cut off; everything is sent anew").await {
            Ok(job)
                if matches!(JobStatus::of(&job.status), JobStatus::Aborted | JobStatus::Open)
                    || job.status.is_empty() =>
            {
                self.say(Level::Info, format!("job {id}, which an earlier upload left open, was aborted"), None);
                // One that was never finalized is forgotten at the latest when the next begins; of one in doubt only this word
                // counts.
                if JobStatus::of(&job.status) == JobStatus::Aborted {
                    ledger.changed_nothing(left.upload).await.map_err(not_started)?;
                }
            }
            Ok(job) => {
                self.say(Level::Warning, format!("job {id} of an earlier upload ended as {}", job.status), None);
                if !left.job.in_doubt {
                    ledger.in_doubt(left.upload).await.map_err(not_started)?;
                }
                return Ok(Settled::InDoubt);
            }
            Err(error) => {
                let text =
                    format!("job {id}, which an earlier upload left open, could not be aborted: it changes nothing");
                self.say(Level::Warning, text, Some(error.problem()));
            }
        }
        Ok(Settled::Over)
    }

    /// Waits while the job is being applied.
    async fn ended(&self, id: &str, mut status: String) -> Result<String, UploadError> {
        let began = Instant::now();
        let mut wait = self.limits.poll.0;
        while JobStatus::of(&status) == JobStatus::Working {
            if began.elapsed() >= self.limits.finalize {
                let problem = Problem::new(format!("job {id} of an earlier upload is still {status}"))
                    .code("job_still_working")
                    .hint("Two jobs must not meet. Look at it in JupiterOne, and upload again when it has ended.");
                return Err(stopped(None, JobEnd::NotStarted, Some(problem)));
            }
            tokio::time::sleep(wait).await;
            wait = wait.mul_f64(1.5).min(self.limits.poll.1);
            match self.quick.status(id).await {
                Ok(job) => status = job.status,
                Err(error) => return Err(stopped(None, JobEnd::NotStarted, Some(error.problem()))),
            }
        }
        Ok(status)
    }

    fn say(&self, level: Level, text: String, problem: Option<Problem>) {
        self.teller.log(level, text, problem);
    }
}

/// What became of all of them.
#[derive(Debug)]
pub(super) struct Seen {
    /// The one to go on with.
    pub go_on: Option<Left>,
    /// Whether what one of them did is not known.
    pub in_doubt: bool,
}

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    Over,
    InDoubt,
    GoOn,
}

fn not_started(error: StoreError) -> UploadError {
    stopped(None, JobEnd::NotStarted, Some(error.problem()))
}
