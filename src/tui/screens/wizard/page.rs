//! A page of words and fields.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    super::super::{Room, text::wrap, theme, widgets},
    field,
};
use crate::app::{
    Model, Sign,
    form::{FieldId, Proof},
    steps::{WizardStep, Words},
    views::Mode,
    wizard::can,
};

/// Gives back the furthest that the page can be scrolled.
pub fn draw(model: &Model, buf: &mut Buffer, inner: Rect, room: Room) -> u16 {
    let wizard = &model.wizard;
    let cells = inner.width;
    let rows = usize::from(inner.height);
    let mut before = Vec::new();
    words(wizard.step.words(), cells, &mut before);
    if wizard.step == WizardStep::Everything && room != Room::Small {
        before.extend(widgets::wrapped(LINE, cells, 0, theme::DIM));
    }
    if model.mode == Mode::Demo && is_elsewhere(wizard.step) && room != Room::Small {
        before.push(Line::default());
        before.extend(widgets::wrapped(DEMO, cells, 0, theme::ACCENT));
    }
    let (fields, focus) = fields(model, cells, room);
    let link = if wizard.step == WizardStep::Credential { Vec::new() } else { link(model, cells) };
    let trouble = refused(model, cells);
    if fields.is_empty() {
        // Where all has no room, what went wrong comes first.
        let all = match room {
            Room::Full => [before, link, trouble].concat(),
            _ => [trouble, before, link].concat(),
        };
        return widgets::scrolled(buf, inner, &all, wizard.scroll);
    }
    // Fields are what the person is here for: where all has no room, the link goes first and then the words. Half a
    // sentence helps nobody.
    let mut all = before;
    if all.len() + fields.len() + link.len() < rows {
        all.extend(link);
    }
    if all.len() + fields.len() + 1 > rows {
        all.clear();
    }
    if !all.is_empty() {
        all.push(Line::default());
    }
    let (from, to) = (all.len() + focus.0, all.len() + focus.1);
    all.extend(fields);
    // The field in focus is seen, with what is wrong with it, until somebody pages on from there.
    let scroll = to.saturating_sub(rows).min(from);
    let scroll = u16::try_from(scroll).unwrap_or(0).saturating_add(wizard.scroll);
    widgets::scrolled(buf, inner, &all, scroll)
}

/// Whether the step is done in a browser.
const fn is_elsewhere(step: WizardStep) -> bool {
    matches!(
        step,
        WizardStep::OpenCenter
            | WizardStep::Register
            | WizardStep::Permission
            | WizardStep::Consent
            | WizardStep::Instance
    )
}

const DEMO: &str = "This is a demo: all that is done in a browser is done already. Read, and go on.";

const LINE: &str =
    "A line such as tenant=… client=… account=… fills all that it names, whichever field it is pasted into.";

pub fn words(words: &[Words], cells: u16, out: &mut Vec<Line<'static>>) {
    for words in words {
        match words {
            Words::Say(text) => out.extend(widgets::wrapped(text, cells, 0, theme::PLAIN)),
            Words::Note(text) => out.extend(widgets::wrapped(text, cells, 0, theme::DIM)),
            Words::Click(path) => out.extend(widgets::wrapped(&path.join(" → "), cells, 2, theme::STRONG)),
            Words::Take(text) => {
                for (n, line) in wrap(text, usize::from(cells).saturating_sub(8)).into_iter().enumerate() {
                    let lead = if n == 0 { "  copy  " } else { "        " };
                    out.push(Line::from(vec![Span::styled(lead, theme::ACCENT), Span::styled(line, theme::STRONG)]));
                }
            }
            Words::Gap => out.push(Line::default()),
        }
    }
}

/// The link of the page, whole: half a link leads nowhere.
fn link(model: &Model, cells: u16) -> Vec<Line<'static>> {
    match model.wizard.link() {
        Some(text) => {
            let mut out = vec![Line::default()];
            out.extend(link_lines(&text, cells));
            out
        }
        None => Vec::new(),
    }
}

pub fn link_lines(link: &str, cells: u16) -> Vec<Line<'static>> {
    let lines = wrap(link, usize::from(cells).saturating_sub(8)).into_iter().enumerate();
    lines
        .map(|(n, line)| {
            // A link of several lines is hard to select: the key that copies it stands beside it.
            let lead = match n {
                0 => Span::styled("  link  ", theme::DIM),
                1 => Span::styled("    ^O  ", theme::ACCENT),
                _ => "        ".into(),
            };
            Line::from(vec![lead, Span::styled(line, theme::ACCENT)])
        })
        .collect()
}

/// All fields, and which of the lines are those of the one in focus.
fn fields(model: &Model, cells: u16, room: Room) -> (Vec<Line<'static>>, (usize, usize)) {
    let wizard = &model.wizard;
    let all = wizard.fields.on(wizard.step);
    let mut out: Vec<Line<'static>> = Vec::new();
    let mut focus = (0, 0);
    for (n, id) in all.iter().copied().enumerate() {
        if id == FieldId::Account && wizard.step == WizardStep::Everything && room != Room::Small {
            out.push(Line::default());
            out.push(Line::styled("JupiterOne: may stay empty for now", theme::DIM));
        }
        let from = out.len();
        out.extend(field::lines(model, id, n == wizard.field, cells));
        let is_last_of_proof = all.get(n + 1).is_none_or(|next| !is_of_proof(*next));
        if is_of_proof(id) && is_last_of_proof {
            let about = field::proof(model, cells, room);
            if !about.is_empty() && room != Room::Small {
                out.push(Line::default());
            }
            out.extend(about);
        }
        if n == wizard.field {
            focus = (from, out.len());
        }
        // What to do for it stands between the choice and the values that it asks for.
        if id == FieldId::Proof && wizard.step == WizardStep::Credential && room != Room::Small && !wizard.has_key() {
            out.push(Line::default());
            words(wizard.fields.proof.words(), cells, &mut out);
            if wizard.fields.proof == Proof::Secret {
                out.extend(link(model, cells));
                out.push(Line::default());
            }
        }
    }
    (out, focus)
}

const fn is_of_proof(id: FieldId) -> bool {
    matches!(id, FieldId::Proof | FieldId::Secret | FieldId::Expires | FieldId::KeyPath | FieldId::KeyPassword)
}

/// What a check that ran behind the page found wrong with what was entered before.
fn refused(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let Some(check) = model.wizard.checks.first_failed().filter(|_| can::is_refused(model)) else { return Vec::new() };
    let Some(problem) = &check.problem else { return Vec::new() };
    let mut out = vec![Line::default()];
    out.extend(widgets::problem(problem, cells, Sign::Failed));
    out.push(Line::styled("  f leads to where it is mended.", theme::ACCENT));
    out.push(Line::default());
    out
}
