//! `tenantry preview`: the dry run. Makes no request at all, but for the instance's name where the naming needs one that
//! nobody has said.

use serde_json::json;

use super::{
    output::{Exit, Finished, Output, incomplete, say_gaps},
    session::Session,
};
use crate::{
    cli::{self, Common},
    domain::{
        preview::{Baseline, Preview},
        text::{grouped, visible},
    },
    jobs::{self, JobError},
};

pub async fn run(common: &Common, args: &cli::Preview, output: Output) -> Exit {
    match preview(common, args, &output).await {
        Ok(preview) => {
            emit(&preview, &output);
            say(&preview, &output);
            exit(&preview, args.detailed_exitcode)
        }
        Err(error) => output.fail(&error),
    }
}

async fn preview(common: &Common, args: &cli::Preview, output: &Output) -> Result<Preview, JobError> {
    jobs::preview(&Session::of_run(common, args.of)?.named(output).await?.settings)
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

fn emit(preview: &Preview, output: &Output) {
    let mut finished = Finished::new(if has_open_gaps(preview) { "partial" } else { "complete" });
    finished.set("counts", json!(preview.counts()));
    finished.set("changes", json!(preview.changes));
    finished.set("baseline", json!(preview.baseline));
    finished.set("partial_types", json!(preview.partial_types));
    finished.set("incomplete", json!(incomplete(&preview.gaps)));
    finished.set("run", json!(preview.run));
    finished.set("upload_bytes", json!(preview.bytes));
    finished.set("upload_requests", json!(preview.requests));
    finished.emit(output);
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
    output.say(match &preview.baseline {
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
    });
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
    output.say(format!(
        "{} requests, {} bytes; nothing has been sent",
        grouped(preview.requests),
        grouped(preview.bytes)
    ));
}
