//! `tenantry preview`: the dry run. Makes no request at all.

mod markdown;

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
        text::{grouped, visible},
    },
    jobs::{self, JobError},
};

pub fn run(common: &Common, args: &cli::Preview, output: Output) -> Exit {
    match preview(common, args) {
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

fn preview(common: &Common, args: &cli::Preview) -> Result<Preview, JobError> {
    let settings = Session::of_upload(common, args.of, args.limit)?.settings;
    let Some(file) = &args.out else { return jobs::preview(&settings) };
    let plan = jobs::plan(&settings, SystemClock.now())?;
    plan::write(file, &plan)?;
    Ok(plan.preview)
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
    finished.set("baseline", json!(preview.baseline));
    finished.set("partial_types", json!(preview.partial_types));
    finished.set("incomplete", json!(incomplete(&preview.gaps)));
    finished.set("run", json!(preview.run));
    finished.set("upload_bytes", json!(preview.bytes));
    finished.set("upload_requests", json!(preview.requests));
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
    if !preview.partial_types.is_empty() {
        output.say(format!("nothing is deleted of: {}", preview.partial_types.join(", ")));
    }
    preview.causes.iter().for_each(|cause| output.say(visible(&cause.words(preview))));
    say_guards(&preview.guards, output);
    output.say(format!(
        "{} requests, {} bytes; nothing has been sent",
        grouped(preview.requests),
        grouped(preview.bytes)
    ));
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
