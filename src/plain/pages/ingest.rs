//! Reading the directory: what it is about to do, how it goes, how it ended. How far it is comes as a line now and then.

use super::super::{
    page::Part,
    words::{Lines, long},
};
use crate::{
    app::{
        Model, Step,
        ingest::{IngestPhase, is_elsewhere, is_stopping},
    },
    domain::{
        completeness::{Collection, Gap, RunStatus, State},
        progress::Phase,
        reading::RunKind,
        text::{ago, counted, grouped},
    },
};

pub fn part(model: &Model) -> Part {
    let mut part = Part::titled(format!("Step 2 of 5, {}", Step::Ingest.title()));
    let lines = &mut part.lines;
    match &model.ingest.phase {
        IngestPhase::Idle => idle(model, lines),
        IngestPhase::Running(_) => running(model, lines),
        IngestPhase::Failed(problem) => {
            lines.failed(problem);
            lines.say("What was read is kept.");
        }
        IngestPhase::Ended(run) => {
            lines.say(match run.status {
                RunStatus::Complete => "OK: all of the directory was read.",
                RunStatus::Partial if run.open_gaps() == 0 => "OK: complete but for the gaps that the profile accepts.",
                RunStatus::Partial => "INCOMPLETE: done, with gaps.",
                RunStatus::Interrupted => "INCOMPLETE: cut off; what was read is kept.",
                RunStatus::Scoped => "INCOMPLETE: a selection only; it is never uploaded.",
                RunStatus::Failed => "FAILED: what was read is kept.",
                RunStatus::Running => "It is still running.",
            });
            lines.fact("Run", format!("{}, {}, {}", run.id, kind(run.kind), long(run.seconds)));
            for collection in Collection::ALL {
                lines.say(collected(model, collection));
            }
            lines.fact(
                "Requests",
                format!("{}, {}", grouped(run.requests), counted(run.resource_units, "resource unit")),
            );
            gaps(&run.gaps, lines);
        }
    }
    part
}

fn idle(model: &Model, lines: &mut Lines) {
    let Some(profile) = &model.overview.profile else {
        return lines.say("TO DO: there is no profile yet. Enter the tenant's credentials first.");
    };
    if is_elsewhere(model) {
        return lines.say("Another process reads this directory now. What it has can be browsed; here nothing can be started meanwhile.");
    }
    lines.say(match (model.cut_off(), model.finished()) {
        (Some(run), _) => {
            format!("INCOMPLETE: run {} was cut off before its end. Go on with it, or drop it and begin anew.", run.id)
        }
        (None, Some(_)) => format!("TO DO: read what changed in {}.", profile.title()),
        (None, None) => format!("TO DO: read {}.", profile.title()),
    });
    lines.say(
        "Account, users, groups and who is in which group. Nothing in the tenant is changed. You can browse from the first \
         page on, and stop at any time: what has been read stays here.",
    );
    if let Some(run) = model.overview.store.as_ref().and_then(|store| store.finished.as_ref()) {
        lines.fact("Last read", format!("run {}, {}, {}", run.id, ago(model.now, run.last_at()), run.status.as_str()));
        gaps(&run.gaps, lines);
    }
}

fn running(model: &Model, lines: &mut Lines) {
    let progress = &model.ingest.progress;
    lines.say(match (is_stopping(model), model.ingest.held) {
        (true, _) => "Stopping; what is here is kept.",
        (_, true) => "PAUSED: nothing is asked until you go on.",
        _ => "The directory is being read. How far it is will be said now and then.",
    });
    if let Some(how) = progress.kind {
        let because = progress.because.as_deref().map(|why| format!(", because {why}")).unwrap_or_default();
        lines.say(format!("It reads {}{because}.", kind(how)));
    }
    for fallback in &progress.fallbacks {
        lines.say(format!("RETRYING: {}: {}", fallback.what, fallback.why));
    }
    for gap in progress.gaps.iter().take(GAPS) {
        lines.say(gap_line(gap));
    }
}

/// What a run reads.
pub const fn kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Full => "everything",
        RunKind::Gentle => "everything, gently",
        RunKind::Delta => "what changed",
        RunKind::Scoped => "a selection",
    }
}

const fn title(collection: Collection) -> &'static str {
    match collection {
        Collection::Account => "Account",
        Collection::Users => "Users",
        Collection::Groups => "Groups",
        Collection::Memberships => "Members, by group",
    }
}

fn collected(model: &Model, collection: Collection) -> String {
    let of = model.ingest.progress.of(collection);
    let state = match of.phase {
        Phase::Ended(State::Complete | State::Gone) => "OK",
        Phase::Ended(state) => state.as_str(),
        Phase::Reading => "not finished",
        Phase::Waiting => "not read",
    };
    let edges = match collection {
        Collection::Memberships => format!(", {}", counted(model.ingest.progress.edges, "membership")),
        _ => String::new(),
    };
    format!("{}: {state}, {}{edges}", title(collection), grouped(of.done))
}

/// How far it is: what is being read now, in percent where that is known, and how long it still takes.
pub fn progress(model: &Model) -> Option<String> {
    let (IngestPhase::Running(_), progress) = (&model.ingest.phase, &model.ingest.progress) else { return None };
    if model.ingest.held || is_stopping(model) {
        return None;
    }
    if model.ingest.waits() {
        return Some("RETRYING: waiting, as Microsoft asked to.".to_owned());
    }
    let changes = progress.kind == Some(RunKind::Delta);
    let mut said: Vec<String> = Vec::new();
    for collection in Collection::ALL {
        let of = progress.of(collection);
        let text = match (of.phase, of.total) {
            (Phase::Reading, Some(total)) if !changes && total > 0 => {
                let percent = (of.done.saturating_mul(100) / total).min(100);
                format!("{} {percent} percent, {} of {}", title(collection), grouped(of.done), grouped(total))
            }
            (Phase::Reading, _) => format!("{} {}", title(collection), grouped(of.done)),
            _ => continue,
        };
        said.push(text);
    }
    if said.is_empty() {
        return None;
    }
    let left = progress.eta_seconds.map(|s| format!("; {} left", long(s))).unwrap_or_default();
    Some(format!("Reading: {}{left}.", said.join("; ")))
}

/// More than this are in the list of problems.
const GAPS: usize = 10;

fn gap_line(gap: &Gap) -> String {
    let code = gap.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
    let last = if gap.is_carried_forward() { ", as last known" } else { "" };
    format!("INCOMPLETE: {}: {}{code}{last}", gap.name, gap.state.as_str())
}

/// What is missing, and what the profile accepts.
pub fn gaps(all: &[Gap], lines: &mut Lines) {
    let open = || all.iter().filter(|gap| !gap.accepted);
    for gap in open().take(GAPS) {
        lines.say(gap_line(gap));
    }
    let (more, accepted) = (open().count().saturating_sub(GAPS), all.len() - open().count());
    if more > 0 {
        lines.say(format!("And {} more; browse lists them all under problems.", grouped(more as u64)));
    }
    if accepted > 0 {
        lines.say(format!("{} that the profile accepts.", counted(accepted as u64, "gap")));
    }
}
