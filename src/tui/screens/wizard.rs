//! The wizard's screen: the pages of the way at the left, one page's words and fields in the middle, the checks at the
//! right. With less room the middle is all there is, and the checks are a page of their own.

mod check;
mod field;
mod page;
mod save;
mod script;
mod waiting;
mod welcome;

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect, Spacing},
    text::{Line, Span},
};

use super::super::{Room, page::Page, text::width, theme, widgets};
use crate::{
    app::{
        Model, Sign,
        form::FieldId,
        steps::WizardStep,
        wizard::{ChecksPhase, JupiterOneSide, Save, checks},
    },
    domain::check::{CheckId, CheckStatus},
};

/// Gives back the furthest that the page can be scrolled.
pub fn draw(model: &Model, buf: &mut Page<'_>, area: Rect, room: Room) -> u16 {
    let step = model.wizard.step;
    if step == WizardStep::Welcome {
        let inner = widgets::panel(buf, area, "Welcome");
        return pages(model, buf, inner, &welcome::lines(model, inner, room), 0);
    }
    let way = model.wizard.way;
    let title = match way.number(step) {
        Some(number) => format!("{number} of {}   {}", way.steps().len(), step.short()),
        None => step.short().to_owned(),
    };
    let middle = match room {
        Room::Full => {
            let checks = if has_checks_beside(step) { 31 } else { 0 };
            let [steps, middle, right] =
                Layout::horizontal([Constraint::Length(30), Constraint::Min(40), Constraint::Length(checks)])
                    .spacing(Spacing::Overlap(1))
                    .areas(area);
            let inner = widgets::panel(buf, steps, way.title());
            widgets::lines(buf, inner, &steps_list(model));
            if checks > 0 {
                let inner = widgets::panel(buf, right, "Checks");
                widgets::lines(buf, inner, &check::list(model, inner.width, inner.height));
                middle
            } else {
                Rect { width: area.right() - middle.x, ..middle }
            }
        }
        _ => area,
    };
    let inner = widgets::panel(buf, middle, &title);
    let air = u16::from(room != Room::Small);
    let inner = Rect { y: inner.y + air, height: inner.height.saturating_sub(air), ..inner };
    let lines = match step {
        WizardStep::Script => return script::draw(model, buf, inner, room),
        WizardStep::Check => check::page(model, inner.width, room),
        WizardStep::Waiting => waiting::page(model, inner.width, room),
        WizardStep::Save => save::page(model, inner.width),
        _ => return page::draw(model, buf, inner, room),
    };
    pages(model, buf, inner, &lines, 0)
}

/// Lines from where the page is scrolled to; `field` is where it begins so that its field is seen. The border below says
/// what does not fit, and by which keys it is reached where the arrows move between fields. Gives back the furthest that
/// it can be scrolled.
fn pages(model: &Model, buf: &mut Buffer, area: Rect, all: &[Line<'_>], field: usize) -> u16 {
    let lines = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let most = lines(all.len()).saturating_sub(area.height.max(1));
    let (from, reach) = model.wizard.scroll.place(lines(field), most);
    widgets::lines(buf, area, &all[usize::from(from)..]);
    let more = match (from, most - from) {
        (0, 0) => return reach,
        (0, below) => (format!("↓ {below} more"), "PgDn"),
        (above, 0) => (format!("↑ {above} more"), "PgUp"),
        (above, below) => (format!("↑ {above}  ↓ {below} more"), "PgUp PgDn"),
    };
    let text = match model.wizard.focused() {
        None if model.wizard.step == WizardStep::Welcome => format!(" {}: {} ", more.0, more.1),
        Some(_) => format!(" {}: {} ", more.0, more.1),
        None => format!(" {} ", more.0),
    };
    if usize::from(area.width) > width(&text) && area.bottom() < buf.area.bottom() {
        let x = area.right().saturating_sub(lines(width(&text)));
        buf.set_line(x, area.bottom(), &Line::styled(text, theme::ACCENT), area.width);
    }
    reach
}

/// Pages that show checks themselves, or are about other things, have the room for themselves.
const fn has_checks_beside(step: WizardStep) -> bool {
    !matches!(step, WizardStep::Check | WizardStep::Waiting | WizardStep::Script | WizardStep::Everything)
}

fn steps_list(model: &Model) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    let here = wizard.way.number(wizard.step);
    let mut out = vec![Line::default()];
    let mut passed = false;
    for (n, step) in wizard.way.steps().iter().copied().enumerate() {
        let is_here = here == Some(n + 1);
        let sign = match stands(model, step) {
            _ if is_here => widgets::sign(Sign::Here),
            // What was passed and cannot be proven yet is neither done nor to come.
            Sign::ToCome if here.is_some_and(|h| n + 1 < h) => {
                passed = true;
                Span::styled("·", theme::PLAIN)
            }
            sign => widgets::sign(sign),
        };
        let style = if is_here { theme::STRONG } else { theme::PLAIN };
        out.push(Line::from(vec![sign, Span::styled(format!(" {} {}", n + 1, step.short()), style)]));
    }
    if passed {
        out.extend([Line::default(), Line::styled("✓ proven by a check", theme::DIM)]);
        out.push(Line::styled("· not proven yet", theme::DIM));
    }
    out
}

/// How a page stands, by what is known of it: a tick is given only for what was proven.
fn stands(model: &Model, step: WizardStep) -> Sign {
    let wizard = &model.wizard;
    let found = &wizard.checks;
    let token = found.of(CheckId::Token).map(|c| c.status);
    match step {
        // A token proves tenant, app and credential at once.
        WizardStep::OpenCenter
        | WizardStep::Register
        | WizardStep::CopyIds
        | WizardStep::Credential
        | WizardStep::App
        | WizardStep::Script
        | WizardStep::Line
        | WizardStep::Everything => {
            let judged = wizard.fields.on(step).into_iter().any(|id| is_entered(model, id));
            match token {
                Some(CheckStatus::Ok) => Sign::Done,
                _ if judged && !wizard.fields.is_right(step) => Sign::NeedsYou,
                Some(CheckStatus::Failed) if checks::blamed(wizard) == Some(step) => Sign::NeedsYou,
                _ => Sign::ToCome,
            }
        }
        WizardStep::Permission | WizardStep::Consent => match found.of(CheckId::Roles).map(|c| c.status) {
            Some(CheckStatus::Ok) => Sign::Done,
            // A token that tells nothing is proven by what it opens.
            Some(CheckStatus::CannotCheck) if found.is_ok(CheckId::Users) => Sign::Done,
            Some(CheckStatus::Failed | CheckStatus::Warning) if step < wizard.step => Sign::NeedsYou,
            _ => Sign::ToCome,
        },
        WizardStep::Check => match &found.phase {
            _ if found.first_failed().is_some() && wizard.step >= WizardStep::Check => Sign::Failed,
            ChecksPhase::Running(_) => Sign::Incomplete,
            ChecksPhase::Failed(_) => Sign::Failed,
            ChecksPhase::Done if found.first_failed().is_none() => Sign::Done,
            _ => Sign::ToCome,
        },
        WizardStep::Instance | WizardStep::JupiterOne => match wizard.jupiterone {
            JupiterOneSide::Given if found.is_ok(CheckId::JupiterOneKey) => Sign::Done,
            JupiterOneSide::Given if found.of(CheckId::JupiterOneKey).is_some_and(is_bad) => Sign::NeedsYou,
            _ => Sign::ToCome,
        },
        WizardStep::Save => match wizard.save {
            Save::Saved(_) => Sign::Done,
            Save::Failed(_) => Sign::Failed,
            Save::No | Save::Saving(_) => Sign::ToCome,
        },
        WizardStep::Welcome | WizardStep::Waiting => Sign::ToCome,
    }
}

fn is_bad(check: &crate::domain::check::Check) -> bool {
    check.status == CheckStatus::Failed
}

fn is_entered(model: &Model, id: FieldId) -> bool {
    !id.is_choice() && model.wizard.fields.is_judged(id)
}
