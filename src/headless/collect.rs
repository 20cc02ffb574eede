//! `tenantry collect`: the ingestion.

use serde_json::json;

use super::{
    output::{Exit, Finished, Output, say_gaps},
    session::Session,
};
use crate::{
    cli::Common,
    domain::{completeness::RunStatus, problem::Problem, text::grouped, view::RunInfo},
    jobs::{self, JobError},
    profile::Settings,
};

pub async fn run(common: &Common, output: Output) -> Exit {
    match collect(common, &output).await {
        Ok((settings, run)) => finish(&settings, &run, &output),
        Err(error) => output.fail(&error),
    }
}

async fn collect(common: &Common, output: &Output) -> Result<(Settings, RunInfo), JobError> {
    let session = Session::open(common)?;
    session.settings.tenant()?;
    session.settings.client()?;
    let mut context = session.context(session.microsoft().await?, output);
    context.settings = jobs::settled(&context).await?;
    let run = jobs::collect(&context).await?;
    Ok((context.settings, run))
}

/// Tells how a run ended.
pub fn finish(settings: &Settings, run: &RunInfo, output: &Output) -> Exit {
    output.last_progress();
    let mut finished = Finished::of_run(run);
    let counts = jobs::counts_of(settings, run);
    match &counts {
        Ok(counts) => finished.set("counts", json!(counts)),
        Err(error) => tracing::warn!("counts: {error}"),
    }
    finished.set("run", json!(run.id));
    finished.set("requests", json!(run.requests));
    finished.set("resource_units", json!(run.resource_units));
    finished.set("seconds", json!(run.seconds));
    finished.emit(output);

    say_gaps(output, &run.gaps);
    for (name, count) in counts.iter().flatten() {
        output.say(format!("{:>12}  {name}", grouped(*count)));
    }
    let figures = format!(
        "{} requests, {} resource units, {:.1} s",
        grouped(run.requests),
        grouped(run.resource_units),
        run.seconds
    );
    match run.status {
        RunStatus::Complete => {
            output.say(format!("complete: {figures}; next: tenantry preview"));
            Exit::Done
        }
        RunStatus::Partial => {
            output.say(format!("done, with gaps: {figures}; next: tenantry doctor, or tenantry preview"));
            if jobs::has_open_gaps(run) { Exit::Gaps } else { Exit::Done }
        }
        RunStatus::Interrupted => {
            output.say(format!("interrupted, what was read is kept: {figures}; next: tenantry collect"));
            Exit::Interrupted
        }
        RunStatus::Scoped => {
            output.say(format!("a selection only, never uploaded: {figures}; next: tenantry collect"));
            Exit::Done
        }
        RunStatus::Running | RunStatus::Failed => {
            output.say_problem(&Problem::new(format!("the run failed: {figures}")));
            Exit::Failed
        }
    }
}
