//! `tenantry upload`: the full synchronisation of a target, after its guards.

use serde_json::json;

use super::{
    output::{Exit, Finished, Output, incomplete},
    preview,
    session::{Session, can_ask, confirmed},
};
use crate::{
    cli::{self, Common},
    domain::{
        problem::Problem,
        text::{grouped, visible},
        upload::{Encoding, JobFigures, Leftover, Manner, Source},
    },
    jobs::{self, Guard, JobError, Ready},
};

pub async fn run(common: &Common, args: &cli::Upload, output: Output) -> Exit {
    match upload(common, args, &output).await {
        Ok((ready, job)) => finish(&ready, job.as_ref(), &output),
        Err(error) => output.fail(&error),
    }
}

async fn upload(common: &Common, args: &cli::Upload, output: &Output) -> Result<(Ready, Option<JobFigures>), JobError> {
    let session = Session::of_run(common, args.of)?;
    let mut ready = jobs::prepare_upload(&session.settings)?;
    ready.manner = manner(args);
    preview::say(&ready.preview, output);
    say_left(&ready, output);
    if ready.preview.is_nothing() {
        return Ok((ready, None));
    }
    let asks = !args.yes && can_ask();
    for guard in &ready.guards {
        let lifted = matches!(guard, Guard::FirstUpload) && (args.first_upload || asks);
        if !lifted {
            return Err(JobError::Guard(Box::new(guard.problem())));
        }
    }
    if !args.yes && !asks {
        return Err(JobError::Guard(Box::new(
            Problem::new("an upload without a terminal needs --yes").code("not_confirmed").hint(
                "Look at `tenantry preview` first: an upload deletes what the target holds and the run does not.",
            ),
        )));
    }
    let secrets = session.jupiterone().await?;
    if asks {
        let first = jobs::is_first(&ready.preview) && !args.first_upload;
        let word = if first { "upload" } else { "y" };
        if first {
            output.say(Guard::FirstUpload.problem().summary);
        }
        let what = "synchronise the target, anything else to leave it as it is";
        if !confirmed(word, what, output).await {
            return Err(JobError::Guard(Box::new(
                Problem::new("not confirmed: nothing was sent").code("not_confirmed"),
            )));
        }
    }
    let context = session.context(secrets, output);
    let job = jobs::upload(&context, ready.clone()).await?;
    Ok((ready, Some(job)))
}

fn manner(args: &cli::Upload) -> Manner {
    Manner {
        leftover: if args.resume_job { Leftover::GoOn } else { Leftover::Abort },
        encoding: if args.gzip { Encoding::Gzip } else { Encoding::Plain },
        source: if args.managed { Source::Managed } else { Source::External },
        body: args.max_body.map(|bytes| bytes as usize),
    }
}

/// What earlier uploads left behind, and what becomes of it.
fn say_left(ready: &Ready, output: &Output) {
    for left in &ready.preview.left {
        let began = left.since.strftime("%Y-%m-%d %H:%M UTC");
        let (id, run) = (visible(&left.id), left.run);
        let same = run == ready.preview.run;
        output.say(match (left.in_doubt, ready.manner.leftover) {
            (true, _) => format!("the end of job {id} of {began} is not known: JupiterOne is asked first"),
            (false, Leftover::GoOn) if same => format!("the upload of {began} was cut off: its job {id} is gone on with"),
            (false, Leftover::GoOn) => {
                format!("the upload of {began} was cut off: its job {id} carries run {run}, and is aborted")
            }
            (false, Leftover::Abort) if same => format!(
                "the upload of {began} was cut off: its job {id} is aborted, and all is sent anew (--resume-job goes on with it)"
            ),
            (false, Leftover::Abort) => format!("the upload of {began} was cut off: its job {id} is aborted"),
        });
    }
}

/// Tells the job's final figures, or that there was nothing to do.
pub fn finish(ready: &Ready, job: Option<&JobFigures>, output: &Output) -> Exit {
    let preview = &ready.preview;
    let gaps = preview::has_open_gaps(preview);
    let mut finished = Finished::new(if gaps { "partial" } else { "complete" });
    finished.set("counts", json!(preview.counts()));
    finished.set("incomplete", json!(incomplete(&preview.gaps)));
    finished.set("run", json!(preview.run));
    finished.set("job", json!(job));
    finished.emit(output);
    match job {
        Some(job) => say_figures(job, output),
        None => output.say("nothing to do: the target holds all of it already, and no job was started"),
    }
    if gaps { Exit::Gaps } else { Exit::Done }
}

/// The job's figures in words.
pub fn say_figures(job: &JobFigures, output: &Output) {
    output.say(format!("job {} {}", job.id, job.status));
    output.say(format!(
        "entities: {} sent, {} created, {} updated, {} deleted",
        grouped(job.num_entities_uploaded),
        grouped(job.num_entities_created),
        grouped(job.num_entities_updated),
        grouped(job.num_entities_deleted)
    ));
    output.say(format!(
        "relationships: {} sent, {} created, {} updated, {} deleted",
        grouped(job.num_relationships_uploaded),
        grouped(job.num_relationships_created),
        grouped(job.num_relationships_updated),
        grouped(job.num_relationships_deleted)
    ));
}
