//! `tenantry upload`: the full synchronisation of a target, after its guards.

use serde_json::json;

use super::{
    output::{Exit, Finished, Output, incomplete},
    preview,
    session::{Session, can_ask, confirmed},
};
use crate::{
    cli::{self, Common},
    domain::{problem::Problem, text::grouped, upload::JobFigures},
    jobs::{self, Guard, JobError, Ready},
};

pub async fn run(common: &Common, args: &cli::Upload, output: Output) -> Exit {
    match upload(common, args, &output).await {
        Ok((ready, job)) => finish(&ready, &job, &output),
        Err(error) => output.fail(&error),
    }
}

async fn upload(common: &Common, args: &cli::Upload, output: &Output) -> Result<(Ready, JobFigures), JobError> {
    let session = Session::of_run(common, args.of)?.named(output).await?;
    let ready = jobs::prepare_upload(&session.settings)?;
    preview::say(&ready.preview, output);
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
    Ok((ready, job))
}

/// Tells the job's final figures.
pub fn finish(ready: &Ready, job: &JobFigures, output: &Output) -> Exit {
    let preview = &ready.preview;
    let gaps = preview::has_open_gaps(preview);
    let mut finished = Finished::new(if gaps { "partial" } else { "complete" });
    finished.set("counts", json!(preview.counts()));
    finished.set("incomplete", json!(incomplete(&preview.gaps)));
    finished.set("run", json!(preview.run));
    finished.set("job", json!(job));
    finished.emit(output);
    say_figures(job, output);
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
