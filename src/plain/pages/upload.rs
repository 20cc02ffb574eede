//! The upload in lines: what it waits for, how it goes, the job's own figures.

use super::{
    super::{
        page::Part,
        words::{Lines, bytes, long},
    },
    preview::figures,
};
use crate::{
    app::{
        Model, Step,
        upload::{Looked, Missing, UploadState, is_stopping, missing, refusal, what_of, words},
        views::UploadEnd,
    },
    domain::{
        text::{counted, grouped},
        upload::{JobFigures, UploadPhase},
    },
};

pub fn part(model: &Model) -> Part {
    let mut part = Part::titled(format!("Step 5 of 5, {} to JupiterOne", Step::Upload.title()));
    let lines = &mut part.lines;
    if let Some(profile) = &model.overview.profile {
        lines.fact("From", profile.title());
        lines.fact("To", profile.target.as_ref().map_or_else(|| "no target yet".to_owned(), ToString::to_string));
    }
    match &model.upload.phase {
        UploadState::Idle => idle(model, lines),
        UploadState::Running(_) => {
            let p = &model.upload.progress;
            lines.say(match (is_stopping(model), p.phase) {
                (true, _) | (_, UploadPhase::Aborting) => "PAUSED: the job is aborted; JupiterOne stays as it is.",
                (_, UploadPhase::Starting) => "A job is started.",
                (_, UploadPhase::Entities) => "Entities are sent.",
                (_, UploadPhase::Relationships) => "Relationships are sent.",
                (_, UploadPhase::Finalizing) => "JupiterOne applies them; this can take minutes.",
                (_, UploadPhase::Finished) => "OK: sent.",
            });
            lines.fact("Job", p.job_id.as_deref().unwrap_or_default());
        }
        UploadState::Finished(job) => finished(job, model.upload.progress.seconds, lines),
        UploadState::Failed(failure) => {
            lines.say(match failure.end {
                UploadEnd::NotStarted => "FAILED: nothing was sent; JupiterOne is as it was.",
                UploadEnd::Settled => "OK: the job that was left open is settled; there was nothing else to do.",
                UploadEnd::Aborted => "FAILED: the job was aborted; JupiterOne is as it was.",
                UploadEnd::Cancelled => "You stopped it. The job was aborted; JupiterOne is as it was.",
                UploadEnd::InDoubt => {
                    "NEEDS YOU: whether JupiterOne took it is not known. The next finished upload settles it."
                }
            });
            lines.failed(&failure.problem);
            idle(model, lines);
        }
    }
    part
}

fn idle(model: &Model, lines: &mut Lines) {
    match missing(model) {
        Some(Missing::Profile) => lines.say("TO DO: there is no profile yet. Enter credentials first."),
        Some(Missing::Target) => lines.say("TO DO: JupiterOne is not connected yet. Connect it first."),
        Some(Missing::Run) => lines.say("TO DO: there is no finished run to upload. Read the directory first."),
        Some(Missing::Anything) => lines.say("OK: JupiterOne holds all of it already. There is nothing to upload."),
        Some(Missing::Comparison) => {
            lines.say("What would change is compared first, and has to be seen: the preview shows it.")
        }
        None => {
            let Some(preview) = model.comparison.ready() else { return };
            lines.fact("It would be", figures(preview.total()));
            lines.fact(
                "Run",
                format!("{}, in {} with {}", preview.run, counted(preview.requests, "request"), bytes(preview.bytes)),
            );
            preview.left.iter().for_each(|left| lines.say(what_of(model, left, preview.run)));
            if let Some(guard) = refusal(model) {
                lines.say(format!("FAILED: {}", guard.means(None)));
                return;
            }
            match &model.upload.place {
                Looked::NotYet => {}
                Looked::Asking { .. } => lines.say("JupiterOne is asked what the target is."),
                Looked::Failed(problem) => {
                    lines.failed(problem);
                    lines.say("TO DO: ask JupiterOne once more what the target is. Nothing has been sent.");
                    return;
                }
                Looked::Told(place) => lines.say(words(place).1),
            }
            lines.say("TO DO: upload. You will be asked to type a word; until then nothing is sent.");
        }
    }
}

/// How far it is.
pub fn progress(model: &Model) -> Option<String> {
    let (UploadState::Running(_), p) = (&model.upload.phase, &model.upload.progress) else { return None };
    let of = |name: &str, done: u64, total: u64| {
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100).min(100);
        format!("{name} {percent} percent, {} of {}", grouped(done), grouped(total))
    };
    Some(match p.phase {
        UploadPhase::Entities => format!("Sending: {}.", of("entities", p.entities_sent, p.entities_total)),
        UploadPhase::Relationships => {
            format!("Sending: {}.", of("relationships", p.relationships_sent, p.relationships_total))
        }
        UploadPhase::Finalizing => "JupiterOne applies what was sent.".to_owned(),
        UploadPhase::Starting | UploadPhase::Finished | UploadPhase::Aborting => return None,
    })
}

fn finished(job: &JobFigures, seconds: f64, lines: &mut Lines) {
    let errors = job.num_entity_create_errors
        + job.num_entity_update_errors
        + job.num_entity_delete_errors
        + job.num_relationship_create_errors
        + job.num_relationship_update_errors
        + job.num_relationship_delete_errors;
    lines.say(match errors {
        0 => format!("OK: JupiterOne has finished the job, after {}.", long(seconds)),
        n => format!("NEEDS YOU: JupiterOne has finished the job, with {}.", counted(n, "error")),
    });
    let of = |sent, created, updated, deleted| {
        let [sent, created, updated, deleted] = [sent, created, updated, deleted].map(grouped);
        format!("{sent} sent, {created} created, {updated} updated, {deleted} deleted")
    };
    lines.fact(
        "Entities",
        of(job.num_entities_uploaded, job.num_entities_created, job.num_entities_updated, job.num_entities_deleted),
    );
    lines.fact(
        "Relationships",
        of(
            job.num_relationships_uploaded,
            job.num_relationships_created,
            job.num_relationships_updated,
            job.num_relationships_deleted,
        ),
    );
    if job.num_relationship_create_errors > 0 {
        let count = counted(job.num_relationship_create_errors, "relationship");
        lines.say(format!("{count} could not be made: an end of theirs is missing in JupiterOne."));
    }
    lines.fact("Job", format!("{}, {}", job.id, job.status));
}
