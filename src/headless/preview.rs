//! `tenantry preview`: the dry run. Makes no request at all, but for the instance's name where the naming needs one that
//! nobody has said, and with `--against live` those that read what JupiterOne holds.

mod markdown;
mod objects;

use std::path::Path;

use serde_json::json;

use super::{
    info,
    output::{Exit, Finished, Output, incomplete, say_gaps},
    plan,
    session::Session,
};
use crate::{
    cli::{self, Common},
    domain::{
        clock::{Clock, SystemClock},
        guard::Guard,
        preview::{Baseline, Preview},
        problem::Problem,
        text::{counted, grouped, visible},
        validate::Finding,
    },
    jobs::{self, JobError, PlannedObjects},
};

pub async fn run(common: &Common, args: &cli::Preview, output: Output) -> Exit {
    match preview(common, args, &output).await {
        Ok(preview) => {
            emit(&preview, args.out.as_deref(), &output);
            if args.markdown {
                info::print(markdown::page(&preview).as_bytes());
            } else {
                say(&preview, &output);
            }
            if let Some(file) = &args.out {
                output.say(format!(
                    "the plan is in {}; next: tenantry upload --plan {}",
                    file.display(),
                    file.display()
                ));
            }
            exit(&preview, args.detailed_exitcode)
        }
        Err(error) => output.fail(&error),
    }
}

async fn preview(common: &Common, args: &cli::Preview, output: &Output) -> Result<Preview, JobError> {
    if args.out.is_some() && args.against.is_some() {
        return Err(no_plan());
    }
    let session = Session::of_upload(common, args.of, args.limit)?.named(output).await?;
    let held = match args.against {
        Some(cli::Against::Live) => {
            let context = session.context(session.jupiterone().await?, output);
            Some(jobs::live(&context).await?)
        }
        _ => None,
    };
    let settings = session.settings;
    if args.objects {
        let mut objects = match (args.against, &held) {
            (_, Some(live)) => PlannedObjects::find_live(&settings, live)?,
            (Some(cli::Against::Run(before)), _) => PlannedObjects::find(&settings, Some(before))?,
            _ => PlannedObjects::find(&settings, None)?,
        };
        objects::tell(&mut objects, args, output)?;
    }
    match (&args.out, args.against, held) {
        (_, _, Some(live)) => jobs::preview_live(&settings, &live),
        (Some(file), ..) => {
            let plan = jobs::plan(&settings, SystemClock.now())?;
            plan::write(file, &plan)?;
            Ok(plan.preview)
        }
        (None, Some(cli::Against::Run(before)), None) => jobs::preview_against(&settings, before),
        (None, ..) => jobs::preview(&settings),
    }
}

/// A plan is bound to what is believed, which an upload looks at again without asking anybody. Another run is not what the
/// target holds, and what JupiterOne says now may be something else a minute later.
fn no_plan() -> JobError {
    JobError::Unfit(Box::new(
        Problem::new("a plan cannot be held against another run, nor against what JupiterOne says now")
            .code("plan_baseline")
            .hint("An upload checks that all is as planned by what the target is believed to hold. Leave --against out to make a plan, or --out to compare."),
    ))
}

fn exit(preview: &Preview, detailed: bool) -> Exit {
    if has_open_gaps(preview) {
        Exit::Gaps
    } else if detailed && !preview.total().is_nothing() {
        Exit::Changes
    } else {
        Exit::Done
    }
}

pub fn has_open_gaps(preview: &Preview) -> bool {
    jobs::open_gaps(&preview.gaps).next().is_some()
}

fn emit(preview: &Preview, out: Option<&Path>, output: &Output) {
    let mut finished = Finished::new(if has_open_gaps(preview) { "partial" } else { "complete" });
    finished.set("counts", json!(preview.counts()));
    finished.set("changes", json!(preview.changes));
    finished.set("naming", json!(preview.naming));
    finished.set("baseline", json!(preview.baseline));
    finished.set("partial_types", json!(preview.partial_types));
    finished.set("incomplete", json!(incomplete(&preview.gaps)));
    finished.set("run", json!(preview.run));
    finished.set("upload_bytes", json!(preview.bytes));
    finished.set("upload_requests", json!(preview.requests));
    finished.set("expected_seconds", json!(preview.expected_seconds));
    finished.set("findings", json!(preview.findings));
    finished.set("guards", json!(preview.guards));
    finished.set("causes", json!(preview.causes));
    if let Some(file) = out {
        finished.set("plan", json!(file.display().to_string()));
    }
    finished.emit(output);
}

/// What the figures are held against.
fn against(baseline: &Baseline) -> String {
    match baseline {
        Baseline::NoTarget => "everything counts as new".to_owned(),
        Baseline::Unknown => {
            "no earlier upload to it is on record: what it holds is unknown, and what an upload would delete with it"
                .to_owned()
        }
        Baseline::Known { uploaded_at } => {
            format!("against the upload of {}", uploaded_at.strftime("%Y-%m-%d %H:%M UTC"))
        }
        Baseline::Run { run, collected_at } => format!(
            "against run {run} of {}, as if JupiterOne held just that",
            collected_at.strftime("%Y-%m-%d %H:%M UTC")
        ),
        Baseline::Live { read_at, requests, apart } => {
            let apart = match apart {
                None => String::new(),
                Some(0) => "; it is what it was believed to hold".to_owned(),
                Some(apart) => format!("; of {} that is not what it was believed to hold", counted(*apart, "object")),
            };
            format!(
                "against what JupiterOne holds now, read at {} in {}{apart}",
                read_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
                counted(*requests, "request")
            )
        }
        Baseline::InDoubt { since, .. } => format!(
            "an upload of {} ended without a word: what was there before and what it sent may both be there",
            since.strftime("%Y-%m-%d %H:%M UTC")
        ),
    }
}

/// The figures as a table of words.
pub fn say(preview: &Preview, output: &Output) {
    if output.is_json() {
        return;
    }
    output.say(format!("run {} of {}", preview.run, preview.collected_at.strftime("%Y-%m-%d %H:%M UTC")));
    match &preview.target {
        Some(target) => output.say(format!("to {}", visible(&target.to_string()))),
        None => output.say("no JupiterOne target is configured"),
    }
    output.say(format!("under the names of {}", preview.naming));
    output.say(against(&preview.baseline));
    output.say(format!("{:<46}{:>12}{:>12}{:>12}{:>12}", "", "+ create", "~ change", "- delete", "= same"));
    for (name, c) in &preview.changes {
        output.say(format!(
            "{name:<46}{:>12}{:>12}{:>12}{:>12}",
            grouped(c.create),
            grouped(c.change),
            grouped(c.delete),
            grouped(c.same)
        ));
    }
    say_gaps(output, &preview.gaps);
    say_findings(&preview.findings, output);
    if !preview.partial_types.is_empty() {
        output.say(format!("nothing is deleted of: {}", preview.partial_types.join(", ")));
    }
    preview.causes.iter().for_each(|cause| output.say(visible(&cause.words(preview))));
    say_guards(&preview.guards, output);
    let size = preview.size(&format!("{} bytes", grouped(preview.bytes)));
    output.say(format!("{size}; nothing has been sent"));
}

/// What an upload would be refused for, and how it is lifted.
fn say_guards(guards: &[Guard], output: &Output) {
    for guard in guards {
        let problem = guard.problem();
        output.say(format!("an upload needs a word: {}", problem.summary));
        if let Some(hint) = problem.hint {
            output.say(format!("  next: {hint}"));
        }
    }
}

/// What had to be mended, and what is not sent.
pub fn say_findings(findings: &[Finding], output: &Output) {
    for finding in findings {
        output.say(format!("{}: {}", visible(&finding.words()), visible(&finding.named(5))));
    }
}
