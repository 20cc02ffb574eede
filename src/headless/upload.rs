//! `tenantry upload`: the full synchronisation of a target, after its guards.

use serde_json::{Value, json};

use super::{
    output::{Exit, Finished, Output, incomplete},
    plan, preview,
    session::{Session, can_ask, confirmed},
};
use crate::{
    cli::{self, Common},
    domain::{
        guard::{Guard, Leave},
        problem::Problem,
        target::{Place, managed_types},
        text::{grouped, visible},
        upload::{Encoding, JobFigures, Leftover, Manner, Source, When},
    },
    jobs::{self, JobError, LeftBehind, Ready},
};

pub async fn run(common: &Common, args: &cli::Upload, output: Output) -> Exit {
    match upload(common, args, &output).await {
        Ok(sent) => finish(&sent, &output),
        Err(error) => output.fail(&error),
    }
}

/// An upload that finished.
struct Sent {
    ready: Ready,
    /// None where there was nothing to do.
    job: Option<JobFigures>,
    /// Of a first upload: what is there, as far as the key could tell.
    place: Option<Place>,
}

async fn upload(common: &Common, args: &cli::Upload, output: &Output) -> Result<Sent, JobError> {
    let session = Session::of_upload(common, args.of, args.limit)?.named(output).await?;
    let mut ready = match &args.plan {
        Some(file) => jobs::prepare_planned(&session.settings, &plan::read(file)?)?,
        None => jobs::prepare_upload(&session.settings)?,
    };
    ready.manner = manner(args);
    preview::say(&ready.preview, output);
    say_left(&ready, output);
    if ready.preview.is_nothing() && !args.again {
        return Ok(Sent { ready, job: None, place: None });
    }
    ready.leave.first_upload = args.first_upload;
    ready.leave.target_change = args.accept_target_change;
    let asks = !args.yes && can_ask();
    let refused = |guard: &Guard| JobError::Guard(Box::new(guard.problem()));
    if let Some(guard) = ready.guard().filter(|guard| !asks || guard.is_final()) {
        return Err(refused(guard));
    }
    if !args.yes && !asks {
        return Err(JobError::Guard(Box::new(
            Problem::new("an upload without a terminal needs --yes").code("not_confirmed").hint(
                "Look at `tenantry preview` first: an upload deletes what the target holds and the run does not.",
            ),
        )));
    }
    let secrets = session.jupiterone().await?;
    let context = session.context(secrets, output);
    let is_first = ready.preview.guards.contains(&Guard::FirstUpload);
    let place = if is_first { Some(jobs::place(&context, &ready.target).await?) } else { None };
    if let Some(place) = &place {
        say_place(place, output);
    }
    if asks {
        // Ctrl-C is heard by the job from here on, also while a person is asked.
        tokio::select! {
            () = context.cancel.cancelled() => {
                let problem = Problem::new("cancelled: nothing was sent").code("cancelled");
                return Err(JobError::Interrupted(Box::new(problem)));
            }
            asked = ask(&mut ready, place.as_ref(), output) => asked?,
        }
    }
    let job = match jobs::settle_left(&context, &ready).await? {
        LeftBehind::Settled => None,
        LeftBehind::ToUpload => Some(jobs::upload(&context, ready.clone()).await?),
    };
    Ok(Sent { ready, job, place })
}

/// Asks for a word of its own for each guard that no option has lifted; where there is none, for a yes.
async fn ask(ready: &mut Ready, place: Option<&Place>, output: &Output) -> Result<(), JobError> {
    let open: Vec<Guard> = ready.preview.guards.iter().filter(|g| !ready.leave.lifts(g)).cloned().collect();
    let mut words: Vec<String> = Vec::new();
    for guard in &open {
        output.say(guard.problem().summary);
        words.extend(guard.word(place));
    }
    if words.is_empty() {
        words.push("y".to_owned());
    }
    for word in &words {
        if !confirmed(word, "synchronise the target, anything else to leave it as it is", output).await {
            return Err(JobError::Guard(Box::new(
                Problem::new("not confirmed: nothing was sent").code("not_confirmed"),
            )));
        }
    }
    let typed = Leave::of(&open);
    ready.leave.first_upload |= typed.first_upload;
    ready.leave.target_change |= typed.target_change;
    ready.leave.deletions = typed.deletions;
    Ok(())
}

fn manner(args: &cli::Upload) -> Manner {
    Manner {
        when: if args.again { When::Always } else { When::Needed },
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

/// What the first upload goes to.
fn say_place(place: &Place, output: &Output) {
    match place {
        Place::Scope => output.say("a scope: its name is all that there is to it"),
        Place::Custom(instance) => output.say(format!("the instance is {}", visible(&instance.to_string()))),
        Place::Untold(problem) => {
            output.say(format!("what the instance is, this key cannot tell: {}", visible(&problem.line())));
            output.say(
                "  so whatever JupiterOne's own Microsoft 365 integration would own there is exempt from deletion",
            );
        }
    }
}

fn place_json(place: &Place) -> Value {
    match place {
        Place::Scope => json!({ "known": true, "scope": true }),
        Place::Custom(instance) => json!({ "known": true, "instance": instance }),
        Place::Untold(problem) => json!({ "known": false, "problem": problem, "exempt_types": managed_types() }),
    }
}

/// Tells the job's final figures, or that there was nothing to do.
fn finish(sent: &Sent, output: &Output) -> Exit {
    let Sent { ready: Ready { preview, .. }, job, place } = sent;
    let gaps = preview::has_open_gaps(preview);
    let mut finished = Finished::new(if gaps { "partial" } else { "complete" });
    finished.set("counts", json!(preview.counts()));
    finished.set("incomplete", json!(incomplete(&preview.gaps)));
    finished.set("run", json!(preview.run));
    finished.set("job", json!(job));
    if let Some(place) = place {
        finished.set("place", place_json(place));
    }
    finished.emit(output);
    match job {
        Some(job) => say_figures(job, output),
        None => output.say(
            "nothing to do: the target was sent all of this already, and no job was started (--again sends it again)",
        ),
    }
    if gaps { Exit::Gaps } else { Exit::Done }
}

/// The job's figures in words.
pub fn say_figures(job: &JobFigures, output: &Output) {
    output.say(format!("job {} {}", job.id, job.status));
    if job.num_entities_uploaded + job.num_relationships_uploaded == 0 {
        output.say("JupiterOne told no figures of it");
        return;
    }
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
