//! The upload's screen: what will be sent where, how it goes, and the job's own figures.

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::super::{
    Room,
    page::Page,
    text::{bytes, clock, fit, right},
    theme, widgets,
};
use crate::{
    app::{
        Kind, Model, Sign,
        upload::{self, Looked, Missing, UploadState, missing, refusal, what_of},
        views::{UploadEnd, UploadFailure},
    },
    domain::{
        text::{counted, grouped},
        upload::{JobFigures, UploadPhase, UploadProgress},
    },
};

/// Gives back the furthest that it can be scrolled.
pub fn draw(model: &Model, buf: &mut Page<'_>, area: Rect, room: Room) -> u16 {
    let inner = widgets::panel(buf, area, "Upload to JupiterOne");
    let mut lines = if room == Room::Small { Vec::new() } else { vec![Line::default()] };
    if let Some(profile) = &model.overview.profile
        && room != Room::Small
    {
        let target = profile.target.as_ref().map_or_else(|| "no target yet".to_owned(), ToString::to_string);
        lines.extend(widgets::wrapped(&format!("{}  →  {target}", profile.title()), inner.width, 0, theme::STRONG));
        lines.push(Line::default());
    }
    match &model.upload.phase {
        UploadState::Idle => lines.extend(idle(model, inner.width)),
        UploadState::Running(_) => lines.extend(running(model, inner.width)),
        UploadState::Finished(figures) => lines.extend(finished(figures, model.upload.progress.seconds, inner.width)),
        UploadState::Failed(failure) => {
            lines.extend(failed(failure, inner.width));
            lines.push(Line::default());
            lines.extend(idle(model, inner.width));
        }
    }
    widgets::scrolled(buf, inner, &lines, model.upload.scroll)
}

fn idle(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let say = |text: &str| widgets::wrapped(text, cells, 0, theme::PLAIN);
    match missing(model) {
        Some(Missing::Profile) => say("There is no profile yet. Press Enter to enter credentials."),
        Some(Missing::Target) => say("JupiterOne is not connected yet. Press Enter to connect it."),
        Some(Missing::Run) => say("There is no finished run to upload. Press Enter to read the directory."),
        Some(Missing::Comparison) if model.jobs.values().any(|j| j.kind == Kind::Preview) => {
            vec![widgets::signed(Sign::Here, "comparing first, so that you see what will change …")]
        }
        Some(Missing::Anything) => say("JupiterOne holds all of it already: there is nothing to upload."),
        Some(Missing::Comparison) => say("What would change has to be seen first. Press Enter for the preview."),
        None => {
            let Some(preview) = model.comparison.ready() else { return Vec::new() };
            let total = preview.total();
            let mut out = Vec::new();
            for (sign, n, words) in [
                ("+", total.create, "to create"),
                ("~", total.change, "to change"),
                ("−", total.delete, "to delete"),
                ("=", total.same, "stay as they are"),
            ] {
                out.push(Line::from(vec![
                    Span::styled(format!("{sign} "), theme::ACCENT),
                    Span::raw(right(&grouped(n), 12)),
                    Span::raw(format!("  {words}")),
                ]));
            }
            out.push(Line::default());
            out.extend(say(&format!(
                "Run {}, in {} with {}.",
                preview.run,
                counted(preview.requests, "request"),
                bytes(preview.bytes)
            )));
            for left in &preview.left {
                out.push(Line::default());
                out.extend(say(&what_of(model, left, preview.run)));
            }
            out.push(Line::default());
            if let Some(guard) = refusal(model) {
                out.extend(widgets::signed_text(Sign::Failed, &guard.means(None), cells));
                return out;
            }
            match &model.upload.place {
                Looked::NotYet => {}
                Looked::Asking { .. } => {
                    out.push(widgets::signed(Sign::Here, "asking JupiterOne what the target is …"));
                    out.push(Line::default());
                }
                Looked::Failed(problem) => {
                    out.extend(widgets::problem(problem, cells, Sign::Failed));
                    out.push(Line::default());
                    out.extend(say(
                        "Press Enter to ask JupiterOne once more what the target is. Nothing has been sent.",
                    ));
                    return out;
                }
                Looked::Told(place) => {
                    let (sign, words) = upload::words(place);
                    out.extend(widgets::signed_text(sign, &words, cells));
                    out.push(Line::default());
                }
            }
            out.extend(say("Press Enter to upload. You will be asked to type a word; until then nothing is sent."));
            out
        }
    }
}

fn running(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let p = &model.upload.progress;
    let stopping = model.jobs.values().any(|j| j.kind == Kind::Upload && j.cancelled);
    let mut out = Vec::new();
    out.push(match (stopping, p.phase) {
        (true, _) | (_, UploadPhase::Aborting) => {
            widgets::signed(Sign::Paused, "aborting the job; JupiterOne stays as it is")
        }
        (_, UploadPhase::Starting) => widgets::signed(Sign::Here, "starting a job"),
        (_, UploadPhase::Entities) => widgets::signed(Sign::Here, "sending entities"),
        (_, UploadPhase::Relationships) => widgets::signed(Sign::Here, "sending relationships"),
        (_, UploadPhase::Finalizing) => {
            widgets::signed(Sign::Here, "JupiterOne is applying them; this can take minutes")
        }
        (_, UploadPhase::Finished) => widgets::signed(Sign::Done, "finished"),
    });
    out.push(Line::default());
    let wide = cells.saturating_sub(52).clamp(4, 40);
    let mut row = |name: &str, done: u64, total: u64| {
        let mut line = Line::from(vec![Span::raw(format!("{name:<14} "))]);
        if cells >= 60 {
            let total = if p.phase == UploadPhase::Starting { u64::MAX } else { total };
            line.extend(widgets::bar(done, total, wide).spans);
        }
        line.push_span(Span::raw(match p.phase {
            // How many there are is told with the first batch.
            UploadPhase::Starting => "  not yet".to_owned(),
            _ => format!("  {} of {}", grouped(done), grouped(total)),
        }));
        out.push(line);
    };
    row("Entities", p.entities_sent, p.entities_total);
    row("Relationships", p.relationships_sent, p.relationships_total);
    out.push(Line::default());
    out.push(Line::raw(fit(&facts(p), usize::from(cells))));
    if let Some(id) = &p.job_id {
        let status = p.status.as_deref().map(|s| format!("   {s}")).unwrap_or_default();
        out.push(Line::styled(fit(&format!("job {id}{status}"), usize::from(cells)), theme::DIM));
    }
    if let Some(line) = &model.upload.log {
        out.push(Line::styled(fit(&line.text, usize::from(cells)), theme::DIM));
    }
    out
}

fn facts(p: &UploadProgress) -> String {
    let mut facts = vec![clock(p.seconds), counted(p.batches, "request"), bytes(p.bytes)];
    if let Some(rate) = p.rate() {
        facts.push(format!("{}/s", bytes(rate as u64)));
    }
    if let Some(left) = p.eta_seconds() {
        facts.push(format!("about {} left", clock(left)));
    }
    if p.retries > 0 {
        facts.push(format!("↻ {} again", grouped(p.retries)));
    }
    facts.join("   ")
}

fn finished(figures: &JobFigures, seconds: f64, cells: u16) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let errors = [
        figures.num_entity_create_errors,
        figures.num_entity_update_errors,
        figures.num_entity_delete_errors,
        figures.num_relationship_create_errors,
        figures.num_relationship_update_errors,
        figures.num_relationship_delete_errors,
    ];
    let bad: u64 = errors.iter().sum();
    out.push(match bad {
        0 if cells < 60 => widgets::signed(Sign::Done, "JupiterOne has finished the job."),
        0 => widgets::signed(Sign::Done, format!("JupiterOne has finished the job, after {}.", clock(seconds))),
        n => widgets::signed(Sign::NeedsYou, format!("JupiterOne has finished the job, with {}.", counted(n, "error"))),
    });
    out.push(Line::default());
    if cells < 60 {
        // The table has no room: a line of created, changed and deleted for each.
        let f = figures;
        for (name, sent, all) in [
            (
                "Entities",
                f.num_entities_uploaded,
                [f.num_entities_created, f.num_entities_updated, f.num_entities_deleted],
            ),
            (
                "Relationships",
                f.num_relationships_uploaded,
                [f.num_relationships_created, f.num_relationships_updated, f.num_relationships_deleted],
            ),
        ] {
            let [created, updated, deleted] = all.map(grouped);
            out.push(Line::raw(format!("{name}: {} sent", grouped(sent))));
            out.push(Line::raw(format!("  +{created} ~{updated} −{deleted}")));
        }
        return out;
    }
    let number = usize::from(cells.saturating_sub(15) / 4).clamp(6, 13);
    let head: String = ["sent", "created", "updated", "deleted"].iter().map(|h| right(h, number)).collect();
    out.push(Line::styled(format!("{:<15}{head}", ""), theme::DIM));
    for (name, all) in [
        (
            "Entities",
            [
                figures.num_entities_uploaded,
                figures.num_entities_created,
                figures.num_entities_updated,
                figures.num_entities_deleted,
            ],
        ),
        (
            "Relationships",
            [
                figures.num_relationships_uploaded,
                figures.num_relationships_created,
                figures.num_relationships_updated,
                figures.num_relationships_deleted,
            ],
        ),
    ] {
        let numbers: String = all.iter().map(|n| right(&grouped(*n), number)).collect();
        out.push(Line::raw(format!("{name:<15}{numbers}")));
    }
    out.push(Line::default());
    if figures.num_relationship_create_errors > 0 {
        let text = format!(
            "{} could not be made: an end of theirs is missing in JupiterOne.",
            counted(figures.num_relationship_create_errors, "relationship")
        );
        out.extend(widgets::wrapped(&text, cells, 2, theme::PLAIN));
        out.push(Line::default());
    }
    out.push(Line::styled(fit(&format!("job {}   {}", figures.id, figures.status), usize::from(cells)), theme::DIM));
    out
}

fn failed(failure: &UploadFailure, cells: u16) -> Vec<Line<'static>> {
    let (sign, means) = match failure.end {
        UploadEnd::NotStarted => (Sign::Failed, "Nothing was sent; JupiterOne is as it was."),
        UploadEnd::Settled => (Sign::Done, "The job that was left open is settled; there was nothing else to do."),
        UploadEnd::Aborted => (Sign::Failed, "The job was aborted; JupiterOne is as it was."),
        UploadEnd::Cancelled => (Sign::Paused, "You stopped it. The job was aborted; JupiterOne is as it was."),
        UploadEnd::InDoubt => {
            (Sign::NeedsYou, "Whether JupiterOne took it is not known. The next finished upload settles it.")
        }
    };
    let mut out = widgets::wrapped(means, cells, 0, theme::STRONG);
    out.push(Line::default());
    out.extend(widgets::problem(&failure.problem, cells, sign));
    out
}
