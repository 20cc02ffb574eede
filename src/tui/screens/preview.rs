//! The preview's screen: by `_type` what an upload would do, against what, and what is missing.

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::{
    super::{
        Room,
        page::Page,
        text::{ago, bytes, day, fit, pad, right},
        theme, widgets,
    },
    dashboard::gap_advice,
};
use crate::{
    app::{
        Model, Sign,
        preview::{ComparisonPhase, against, causes, nothing, working},
    },
    domain::{
        guard::Guard,
        preview::{Baseline, Changes, Preview},
        text::{counted, grouped, visible},
        validate::Done,
    },
};

/// Gives back the furthest that it can be scrolled.
pub fn draw(model: &Model, buf: &mut Page<'_>, area: Rect, room: Room) -> u16 {
    let inner = widgets::panel(buf, area, "What an upload would do");
    let mut lines = if room == Room::Small { Vec::new() } else { vec![Line::default()] };
    match &model.comparison.phase {
        _ if model.trouble.is_some() => {
            lines.extend(model.trouble.iter().flat_map(|p| widgets::problem(p, inner.width, Sign::Failed)));
        }
        _ if model.finished().is_none() => {
            let text = "There is no finished run to compare. Press Enter to read the directory; a run that was cancelled \
                        is never uploaded.";
            lines.extend(widgets::wrapped(text, inner.width, 0, theme::PLAIN));
        }
        ComparisonPhase::Idle => {
            lines.extend(widgets::wrapped("Press Enter to compare.", inner.width, 0, theme::PLAIN));
        }
        ComparisonPhase::Working(_) => {
            let words = format!("{} … c stops it", working(&model.comparison));
            lines.extend(widgets::signed_text(Sign::Here, &words, inner.width));
        }
        ComparisonPhase::Failed(problem) => lines.extend(widgets::problem(problem, inner.width, Sign::Failed)),
        ComparisonPhase::Ready(preview) => lines.extend(ready(model, preview, inner.width, room)),
    }
    widgets::scrolled(buf, inner, &lines, model.comparison.scroll)
}

fn ready(model: &Model, preview: &Preview, cells: u16, room: Room) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let (sign, against) = baseline(model, preview);
    let target = preview.target.as_ref().map_or_else(|| "no target is configured".to_owned(), ToString::to_string);
    let size = format!("{}.", preview.size(&bytes(preview.bytes)));
    let nothing = nothing(preview);
    let same = nothing.is_some();
    let size = match nothing {
        Some(words) => widgets::signed(Sign::Done, words),
        None => Line::from(vec![Span::raw(size), Span::styled("  Nothing has been sent.", theme::STRONG)]),
    };
    let place = model.upload.place.place();
    let needs_you = |guard: &Guard| widgets::signed_text(Sign::NeedsYou, &guard.means(place), cells);
    let guards: Vec<Line<'static>> = preview.guards.iter().flat_map(needs_you).collect();
    // Where not all can be seen at once, what needs somebody comes first.
    if room != Room::Full {
        out.extend(guards.iter().cloned());
    }
    if room == Room::Small {
        match same {
            true => out.push(size),
            false => out.push(Line::styled("Nothing has been sent.", theme::STRONG)),
        }
        out.push(widgets::signed(sign, fit(&against, usize::from(cells).saturating_sub(2))));
        out.extend(narrow("together", preview.total()));
        for (kind, changes) in preview.changes.iter().filter(|(_, c)| !c.is_nothing()) {
            out.extend(narrow(short(kind), *changes));
        }
    } else {
        out.extend(widgets::wrapped(&target, cells, 0, theme::STRONG));
        out.extend(widgets::signed_text(sign, &against, cells));
        out.push(size);
        if room == Room::Full {
            out.push(Line::default());
        }
        let number = if cells < 100 { 10 } else { 13 };
        let name = usize::from(cells).saturating_sub(4 * (number + 1)).min(52);
        let heads = ["+ create", "~ change", "− delete", "= same"];
        let head: String = heads.iter().map(|h| format!(" {}", right(h, number))).collect();
        out.push(Line::styled(format!("{}{head}", pad(&format!("names: {}", preview.naming), name)), theme::DIM));
        for (kind, changes) in &preview.changes {
            let partial = preview.partial_types.contains(kind);
            let kind = if room == Room::Full { kind } else { short(kind) };
            out.push(row(kind, *changes, partial, name, number));
        }
        out.push(row("together", preview.total(), false, name, number));
    }
    out.push(Line::default());
    if !preview.partial_types.is_empty() {
        let unsent = preview.findings.iter().any(|finding| finding.done == Done::Excluded);
        let text = format!(
            "Of {} nothing is deleted, because not all of them could be read{}: {}.",
            counted(preview.partial_types.len() as u64, "type"),
            if unsent { " or are sent" } else { "" },
            preview.partial_types.join(", ")
        );
        out.extend(widgets::signed_text(Sign::Incomplete, &text, cells));
    }
    if room == Room::Full {
        out.extend(guards);
    }
    out.extend(causes(preview).iter().flat_map(|cause| widgets::wrapped(cause, cells, 2, theme::PLAIN)));
    if !preview.guards.is_empty() || !preview.causes.is_empty() {
        out.push(Line::default());
    }
    for finding in &preview.findings {
        let sign = if finding.done == Done::Excluded { Sign::Incomplete } else { Sign::NeedsYou };
        let text = format!("{}: {}.", finding.words(), finding.named(3));
        out.extend(widgets::signed_text(sign, &visible(&text), cells));
    }
    out.extend(gap_advice(&preview.gaps, cells, 4));
    if !preview.partial_types.is_empty() || !preview.gaps.is_empty() {
        out.push(Line::default());
    }
    let older =
        if model.comparison.run.is_some() { ": not the newest; uploading it undoes what came after" } else { "" };
    let read = format!(
        "Run {}, read {} ({}){older}.",
        preview.run,
        ago(model.now, preview.collected_at),
        day(preview.collected_at, &model.zone)
    );
    out.extend(widgets::wrapped(&read, cells, 0, theme::DIM));
    out
}

/// Against what the figures are held, in words.
fn baseline(model: &Model, preview: &Preview) -> (Sign, String) {
    let sign = match preview.baseline {
        Baseline::Known { .. } | Baseline::Live { apart: None | Some(0), .. } => Sign::Done,
        _ => Sign::NeedsYou,
    };
    (sign, against(&preview.baseline, model.now, &model.zone))
}

/// The common beginning says nothing where there is no room for it.
fn short(kind: &str) -> &str {
    kind.strip_prefix("active_directory_").or_else(|| kind.strip_prefix("microsoft_365_")).unwrap_or(kind)
}

/// A type and its figures, on two lines.
fn narrow(kind: &str, c: Changes) -> [Line<'static>; 2] {
    let figures =
        format!("  +{} ~{} −{} ={}", grouped(c.create), grouped(c.change), grouped(c.delete), grouped(c.same));
    [Line::styled(kind.to_owned(), theme::STRONG), Line::raw(figures)]
}

fn row(kind: &str, changes: Changes, partial: bool, name: usize, number: usize) -> Line<'static> {
    let style = match () {
        () if kind == "together" => theme::STRONG,
        () if changes.is_nothing() => theme::DIM,
        () => theme::PLAIN,
    };
    let cell = |n: u64, colour: ratatui::style::Style| {
        let text = format!(" {}", right(&grouped(n), number));
        Span::styled(text, if n == 0 { style } else { style.patch(colour) })
    };
    let kind = if partial { format!("{kind} ◐") } else { kind.to_owned() };
    let delete = cell(changes.delete, theme::BAD);
    Line::from(vec![
        Span::styled(pad(&kind, name), style),
        cell(changes.create, theme::GOOD),
        cell(changes.change, theme::WARN),
        delete,
        cell(changes.same, theme::PLAIN),
    ])
}
