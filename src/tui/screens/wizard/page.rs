//! A page of words and fields.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    super::super::{Room, text::wrap, theme, widgets},
    field, pages,
};
use crate::app::{
    Model, Sign,
    form::{FieldId, Proof},
    steps::{WizardStep, Words},
    views::Mode,
    wizard::can,
};

/// Text, and where each of its paragraphs begins.
#[derive(Default)]
struct Text {
    lines: Vec<Line<'static>>,
    begins: Vec<usize>,
}

impl Text {
    fn add(&mut self, lines: Vec<Line<'static>>) {
        self.begins.push(self.lines.len());
        self.lines.extend(lines);
    }

    fn gap(&mut self) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
    }

    fn words(&mut self, all: &[Words], cells: u16) {
        for one in all {
            match one {
                Words::Gap => self.gap(),
                _ => {
                    let mut lines = Vec::new();
                    words(std::slice::from_ref(one), cells, &mut lines);
                    self.add(lines);
                }
            }
        }
    }
}

/// Gives back the furthest that the page can be scrolled.
pub fn draw(model: &Model, buf: &mut Buffer, inner: Rect, room: Room) -> u16 {
    let wizard = &model.wizard;
    let cells = inner.width;
    let rows = usize::from(inner.height);
    let (fields, focus) = fields(model, cells, room);
    let is_among_fields = wizard.step == WizardStep::Credential && (room != Room::Small || wizard.has_key());
    let link = if is_among_fields { Vec::new() } else { link(model, cells) };
    let words = before(model, cells, room);
    let trouble = refused(model, cells);
    if fields.is_empty() {
        // Where all has no room, what went wrong comes first.
        let all = match room {
            Room::Full => [words.lines, link, trouble].concat(),
            _ => [trouble.into_iter().skip(1).collect(), words.lines, link].concat(),
        };
        return pages(model, buf, inner, &all, 0);
    }
    // Fields are what the person is here for: once there is something in them they are seen, and of what stands above
    // them as much as there is room for.
    let mut all = words;
    if !link.is_empty() {
        all.add(link);
    }
    all.gap();
    let first = all.lines.len();
    let total = first + fields.len();
    all.lines.extend(fields);
    let top = match total - first <= rows {
        true => total.saturating_sub(rows),
        // The field in focus with what is wrong with it, and no more above it than there is room for.
        false => (first + focus.1).saturating_sub(rows).max(first),
    };
    // Half a sentence helps nobody.
    let top = match top.min(first + focus.0) {
        top if top > 0 && top < first => all.begins.iter().copied().find(|begin| *begin >= top).unwrap_or(first),
        top => top,
    };
    let end = all.lines.len().max(top + rows);
    all.lines.resize(end, Line::default());
    pages(model, buf, inner, &all.lines, top)
}

/// What stands above the fields.
fn before(model: &Model, cells: u16, room: Room) -> Text {
    let wizard = &model.wizard;
    let mut out = Text::default();
    // What is settled needs no question.
    if wizard.step != WizardStep::Credential || !wizard.has_key() {
        out.words(wizard.step.words(), cells);
    }
    if wizard.step == WizardStep::Everything {
        out.add(widgets::wrapped(LINE, cells, 0, theme::DIM));
    }
    // With more room it stands between the choice and its values.
    if wizard.step == WizardStep::Credential && room == Room::Small && !wizard.has_key() {
        out.gap();
        out.words(wizard.fields.proof.words(), cells);
    }
    if model.mode == Mode::Demo && is_elsewhere(wizard.step) {
        out.gap();
        out.add(widgets::wrapped(DEMO, cells, 0, theme::ACCENT));
    }
    out
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
    out.extend(field::mistake(model, cells, room));
    for (n, id) in all.iter().copied().enumerate() {
        if id == FieldId::Account && wizard.step == WizardStep::Everything && room != Room::Small {
            out.push(Line::default());
            out.push(Line::styled("JupiterOne: may stay empty for now", theme::DIM));
        }
        let from = out.len();
        out.extend(field::lines(model, id, n == wizard.field, cells));
        // What to do for it stands between the choice and the values that it asks for, or what becomes of it.
        if id == FieldId::Proof && wizard.step == WizardStep::Credential && room != Room::Small && !wizard.has_key() {
            out.push(Line::default());
            words(wizard.fields.proof.words(), cells, &mut out);
            if wizard.fields.proof == Proof::Secret {
                out.extend(link(model, cells));
                out.push(Line::default());
            }
        }
        let is_last_of_proof = all.get(n + 1).is_none_or(|next| !is_of_proof(*next));
        if is_of_proof(id) && is_last_of_proof {
            let about = field::proof(model, cells, room);
            if !about.is_empty() && room != Room::Small {
                out.push(Line::default());
            }
            out.extend(about);
            if wizard.step == WizardStep::Credential && wizard.has_key() {
                out.extend(link(model, cells));
            }
        }
        if n == wizard.field {
            focus = (from, out.len());
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
