//! The dry run in lines.

use super::{
    super::{page::Part, words::bytes},
    ingest::gaps,
};
use crate::{
    app::{
        Model, Step,
        preview::{ComparisonPhase, against, causes, working},
    },
    domain::{
        preview::{Baseline, Changes, Preview},
        text::{ago, grouped},
    },
};

pub fn part(model: &Model) -> Part {
    let mut part = Part::titled(format!("Step 4 of 5, {}: what an upload would do", Step::Preview.title()));
    let lines = &mut part.lines;
    match &model.comparison.phase {
        _ if model.trouble.is_some() => model.trouble.iter().for_each(|problem| lines.failed(problem)),
        _ if model.finished().is_none() => {
            lines.say("TO DO: there is no finished run to compare. Read the directory first; a run that was cut off is never uploaded.");
        }
        ComparisonPhase::Idle => lines.say("TO DO: compare."),
        ComparisonPhase::Working(_) => lines.say(sentence(&working(&model.comparison))),
        ComparisonPhase::Failed(problem) => lines.failed(problem),
        ComparisonPhase::Ready(preview) => {
            let target = preview.target.as_ref().map_or_else(|| "none is configured".to_owned(), ToString::to_string);
            lines.fact("Target", target);
            lines.fact("Compared with", against(&preview.baseline, model.now, &model.zone));
            for (kind, changes) in &preview.changes {
                lines.fact(kind, figures(*changes));
            }
            lines.fact("Together", figures(preview.total()));
            lines.say(size(preview));
            if !preview.partial_types.is_empty() {
                lines.say(format!(
                    "INCOMPLETE: nothing is deleted of {}, because not all of it could be read.",
                    preview.partial_types.join(", ")
                ));
            }
            for guard in &preview.guards {
                lines.say(format!("NEEDS YOU: {}", guard.means(model.upload.place.place())));
            }
            causes(preview).iter().for_each(|cause| lines.say(cause));
            gaps(&preview.gaps, lines);
            lines.fact("Run", format!("{}, read {}", preview.run, ago(model.now, preview.collected_at)));
            if model.comparison.run.is_some() {
                lines.say("NEEDS YOU: this is not the newest run; uploading it undoes what came after.");
            }
        }
    }
    part
}

pub fn figures(c: Changes) -> String {
    format!(
        "{} to create, {} to change, {} to delete, {} the same",
        grouped(c.create),
        grouped(c.change),
        grouped(c.delete),
        grouped(c.same)
    )
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

fn size(preview: &Preview) -> String {
    match preview.baseline {
        Baseline::Known { .. } if preview.total().is_nothing() => {
            "OK: nothing to do. JupiterOne was sent all of this already.".to_owned()
        }
        Baseline::Live { .. } if preview.total().is_nothing() => {
            "OK: nothing to do. JupiterOne holds all of this.".to_owned()
        }
        _ => {
            let size = preview.size(&bytes(preview.bytes));
            format!("TO DO: upload; it takes {size}. Nothing has been sent.")
        }
    }
}
