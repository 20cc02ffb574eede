//! What lies over a screen: the help, a question, the word that starts an upload.

mod browse;
mod finder;
mod profile;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Widget},
};

use super::{page::Page, text::width, theme, widgets};
use crate::{
    app::{
        Model, Sign,
        command::Action,
        export, ingest,
        overlay::{AskPhase, Overlay, Question},
        pointer::Target,
    },
    domain::{export::ExportFormat, preview::Preview, text::grouped},
};

/// Gives back the furthest that it can be scrolled.
pub fn draw(model: &Model, overlay: &Overlay, buf: &mut Page<'_>, area: Rect) -> u16 {
    buf.spot(Rect { height: area.height.saturating_sub(1), ..area }, Target::Covered);
    match overlay {
        Overlay::Help(finder) => finder::help(model, finder, buf, area),
        Overlay::Palette(finder) => finder::palette(model, finder, buf, area),
        Overlay::Told { title, lines, scroll } => return told(title, lines, *scroll, buf, area),
        Overlay::Ask(question, phase) => ask(model, *question, *phase, buf, area),
        Overlay::Profile(popup) => return profile::draw(popup, buf, area),
        Overlay::Browse(popup) => return browse::draw(model, *popup, buf, area),
        Overlay::How { chosen } => {
            let ways = ingest::choices(model).into_iter().map(|way| ingest::words(model, way));
            choices("How to read", &ways.collect::<Vec<_>>(), *chosen, buf, area);
        }
        Overlay::Export { chosen } => {
            choices("Write everything to files", &ExportFormat::ALL.map(export::words), *chosen, buf, area);
        }
        Overlay::Type { asked, field, wrong } => {
            let cells = inner_width(area, 72);
            let mut lines = model.comparison.ready().map(|p| to_confirm(p, cells)).unwrap_or_default();
            let Some(now) = asked.first() else { return 0 };
            for why in &now.why {
                lines.push(Line::default());
                lines.extend(widgets::signed_text(Sign::NeedsYou, why, cells));
            }
            lines.push(Line::default());
            lines.push(Line::from(vec![
                Span::raw("Type "),
                Span::styled(now.word.clone(), theme::STRONG),
                Span::raw(", then press Enter:"),
            ]));
            lines.push(Line::default());
            let mut input = vec![Span::styled("▸ ", theme::ACCENT)];
            input.extend(widgets::field(field, "", true, usize::from(cells).saturating_sub(2)));
            lines.push(Line::from(input));
            lines.push(match wrong {
                true => widgets::signed(Sign::NeedsYou, "Not the word. Nothing was sent."),
                false => Line::default(),
            });
            // Where all has no room, what is typed must still be seen.
            let over = lines.len().saturating_sub(usize::from(area.height.saturating_sub(4)).max(1));
            popup(buf, area, "Upload to JupiterOne", cells, &lines[over..]);
        }
    }
    0
}

/// Both ends and the figures, before anything is sent.
fn to_confirm(preview: &Preview, cells: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(target) = &preview.target {
        lines.extend(widgets::wrapped(&target.to_string(), cells, 0, theme::STRONG));
        lines.push(Line::default());
    }
    let total = preview.total();
    lines.push(Line::raw(format!(
        "+ create {}   ~ change {}   − delete {}   = same {}",
        grouped(total.create),
        grouped(total.change),
        grouped(total.delete),
        grouped(total.same)
    )));
    lines
}

/// A few ways to do something, the chosen one with what it means.
fn choices(title: &str, all: &[(&str, &str)], chosen: usize, buf: &mut Page<'_>, area: Rect) {
    let cells = inner_width(area, 64);
    let roomy = area.height >= 18;
    let (mut lines, mut of) = (Vec::new(), Vec::new());
    if roomy {
        lines.push(Line::default());
    }
    for (n, (name, words)) in all.iter().enumerate() {
        let here = n == chosen;
        lines.push(Line::from(vec![
            Span::styled(if here { "▸ " } else { "  " }, theme::ACCENT),
            Span::styled((*name).to_owned(), if here { theme::STRONG } else { theme::PLAIN }),
        ]));
        if roomy || here {
            lines.extend(widgets::wrapped(words, cells, 4, theme::DIM));
        }
        // The words below a way are its own.
        of.extend((of.len()..lines.len()).map(|line| (line, Target::Row(n as u64))));
    }
    let inner = popup(buf, area, title, cells, &lines);
    spots(buf, inner, of);
}

fn ask(model: &Model, question: Question, phase: AskPhase, buf: &mut Page<'_>, area: Rect) {
    let cells = inner_width(area, 60);
    let (title, words) = question.words(model);
    let mut lines = widgets::wrapped(words, cells, 0, theme::PLAIN);
    if question == Question::Quit {
        for job in model.jobs.values().filter(|j| j.kind.is_at_stake()) {
            lines.push(widgets::signed(Sign::Incomplete, job.kind.words()));
        }
    }
    lines.push(Line::default());
    let answers = [("y", " yes", Action::Yes), ("n", " no", Action::No)];
    lines.push(match phase {
        AskPhase::Confirm => keys(&answers, 6),
        AskPhase::Waiting => widgets::signed(Sign::Paused, "stopping …"),
    });
    let inner = popup(buf, area, title, cells, &lines);
    if phase == AskPhase::Confirm {
        key_spots(buf, inner, lines.len() - 1, &answers, 6);
    }
}

/// Keys that answer beside each other, so far apart.
fn keys(all: &[(&'static str, &'static str, Action)], gap: usize) -> Line<'static> {
    let mut spans = Vec::new();
    for (n, (key, words, _)) in all.iter().enumerate() {
        if n > 0 {
            spans.push(Span::raw(" ".repeat(gap)));
        }
        spans.extend([Span::styled(*key, theme::ACCENT), Span::raw(*words)]);
    }
    Line::from(spans)
}

/// Where they are on a line of a popup.
fn key_spots(page: &mut Page<'_>, inner: Rect, line: usize, all: &[(&'static str, &'static str, Action)], gap: usize) {
    let y = inner.y.saturating_add(u16::try_from(line).unwrap_or(u16::MAX));
    let mut x = inner.x;
    for (key, words, action) in all {
        let cells = (width(key) + width(words)) as u16;
        if y < inner.bottom() {
            page.spot(Rect { x, y, width: cells, height: 1 }, Target::Do(*action));
        }
        x = x.saturating_add(cells).saturating_add(gap as u16);
    }
}

/// What the lines of a popup are, counted from its first.
fn spots(page: &mut Page<'_>, inner: Rect, lines: impl IntoIterator<Item = (usize, Target)>) {
    page.spot(inner, Target::Main);
    for (line, target) in lines {
        let y = inner.y.saturating_add(u16::try_from(line).unwrap_or(u16::MAX));
        if y < inner.bottom() {
            page.spot(Rect { y, height: 1, ..inner }, target);
        }
    }
}

/// Things to be known, one a paragraph.
fn told(title: &str, all: &[String], scroll: u16, buf: &mut Page<'_>, area: Rect) -> u16 {
    let cells = inner_width(area, 76);
    let mut lines = Vec::new();
    for text in all {
        lines.extend(widgets::signed_text(Sign::NeedsYou, text, cells));
    }
    let room = usize::from(area.height.saturating_sub(6)).max(1);
    let most = lines.len().saturating_sub(room);
    let from = usize::from(scroll).min(most);
    let inner = popup(buf, area, title, cells, &lines[from..]);
    spots(buf, inner, []);
    u16::try_from(most).unwrap_or(u16::MAX)
}

fn inner_width(area: Rect, wished: u16) -> u16 {
    wished.min(area.width.saturating_sub(6)).max(1)
}

/// A box in the middle, over everything. Gives back what is inside it.
fn popup(buf: &mut Buffer, area: Rect, title: &str, cells: u16, lines: &[Line<'_>]) -> Rect {
    let height = (lines.len() as u16 + 2).min(area.height.saturating_sub(2)).max(3).min(area.height);
    let width = (cells + 4).min(area.width);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(place, buf);
    let inner = widgets::panel(buf, place, title);
    widgets::lines(buf, inner, lines);
    inner
}
