//! The wizard's screen: the steps at the left, one step's words and fields in the middle, the checks at the right.
//! With less room the middle is all there is, and the checks are a page of their own.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect, Spacing},
    text::{Line, Span},
};

use super::super::{
    Room,
    text::{fit, pad, wrap},
    theme, widgets,
};
use crate::{
    app::{
        Model, Sign, Step,
        form::{FieldId, Into, Region},
        steps::{WizardStep, Words},
        views::{Kept, Mode},
        wizard::{ChecksPhase, JupiterOneSide, Save},
    },
    domain::{
        check::{CheckId, CheckStatus},
        cloud::Cloud,
        problem::Problem,
        target::Destination,
    },
};

/// Gives back the furthest that the page can be scrolled.
pub fn draw(model: &Model, buf: &mut Buffer, area: Rect, room: Room) -> u16 {
    let step = model.wizard.step;
    if step == WizardStep::Welcome {
        let inner = widgets::panel(buf, area, "Welcome");
        return widgets::scrolled(buf, inner, &welcome(model, inner, room), 0);
    }
    let title = format!("{} of {}   {}", step.number(), WizardStep::COUNT, step.short());
    let middle = match room {
        Room::Full => {
            let checks = if step == WizardStep::Check { 0 } else { 33 };
            let [steps, middle, right] =
                Layout::horizontal([Constraint::Length(30), Constraint::Min(40), Constraint::Length(checks)])
                    .spacing(Spacing::Overlap(1))
                    .areas(area);
            let inner = widgets::panel(buf, steps, "App registration");
            widgets::lines(buf, inner, &steps_list(model));
            if checks > 0 {
                let inner = widgets::panel(buf, right, "Checks");
                widgets::lines(buf, inner, &checks_list(model, inner.width));
                middle
            } else {
                Rect { width: area.right() - middle.x, ..middle }
            }
        }
        _ => area,
    };
    let inner = widgets::panel(buf, middle, &title);
    let lines = match step {
        WizardStep::Check => check_page(model, inner.width, room),
        WizardStep::Save => save_page(model, inner.width),
        _ => step_page(model, inner.width, inner.height),
    };
    let air = u16::from(room != Room::Small);
    let inner = Rect { y: inner.y + air, height: inner.height.saturating_sub(air), ..inner };
    widgets::scrolled(buf, inner, &lines, model.wizard.scroll)
}

fn welcome(model: &Model, inner: Rect, room: Room) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let small = room == Room::Small;
    if small {
        out.push(Line::raw("Microsoft 365 → JupiterOne: 5 steps"));
    } else {
        if room == Room::Full {
            out.push(Line::default());
        }
        words(WizardStep::Welcome, inner.width.min(90), &mut out);
    }
    for (n, step) in Step::ALL.into_iter().enumerate() {
        let what = match step {
            _ if small => "",
            Step::Credentials => "an app registration in your tenant, checked live",
            Step::Ingest => "read the directory into a file here; nothing is changed",
            Step::Browse => "look at users, groups and their members, offline",
            Step::Preview => "see what an upload would create, change and delete",
            Step::Upload => "send it to JupiterOne, after you have said so",
        };
        out.push(Line::from(vec![
            Span::styled(format!("  {} ", n + 1), theme::ACCENT),
            Span::styled(format!("{:<13} ", step.title()), theme::STRONG),
            Span::raw(what),
        ]));
    }
    if small {
        return out;
    }
    out.push(Line::default());
    let secrets = format!("Secrets are kept in {}, never in a file.", model.vault);
    out.extend(widgets::wrapped(&secrets, inner.width, 0, theme::PLAIN));
    if model.mode == Mode::Real {
        let time = "Have an administrator of the tenant at hand; it takes about ten minutes.";
        out.extend(widgets::wrapped(time, inner.width, 0, theme::PLAIN));
    }
    if model.fills.is_some() {
        out.push(Line::default());
        let demo = "This is a demo: tenant and JupiterOne are inside this program. Where values are asked for, F2 \
                    fills in the right ones, F3 mistakes that people make.";
        out.extend(widgets::wrapped(demo, inner.width.min(90), 0, theme::ACCENT));
    }
    out.push(Line::default());
    out.push(Line::from(vec![
        Span::raw("Press "),
        Span::styled("Enter", theme::ACCENT),
        Span::raw(" to start, or "),
        Span::styled("i", theme::ACCENT),
        Span::raw(" if you have an app registration already."),
    ]));
    out
}

fn words(step: WizardStep, cells: u16, out: &mut Vec<Line<'static>>) {
    for words in step.words() {
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

fn steps_list(model: &Model) -> Vec<Line<'static>> {
    let mut out = vec![Line::default()];
    for step in WizardStep::ALL.into_iter().skip(1) {
        let here = step == model.wizard.step;
        let sign = if here { Sign::Here } else { stands(model, step) };
        let style = if here { theme::STRONG } else { theme::PLAIN };
        out.push(Line::from(vec![
            widgets::sign(sign),
            Span::styled(format!(" {} {}", step.number(), step.short()), style),
        ]));
    }
    out
}

/// How a step stands, by what is known of it; portal steps by how far the person has come.
fn stands(model: &Model, step: WizardStep) -> Sign {
    let wizard = &model.wizard;
    let filled = |id: FieldId| wizard.fields.is_judged(id) || wizard.fields.stored;
    match step {
        WizardStep::CopyIds | WizardStep::Secret => match wizard.fields.is_right(step) {
            true => Sign::Done,
            false if wizard.fields.on(step).iter().any(|id| filled(*id)) => Sign::NeedsYou,
            false => Sign::ToCome,
        },
        WizardStep::Permission | WizardStep::Consent => match wizard.checks.of(CheckId::Roles).map(|c| c.status) {
            Some(CheckStatus::Ok | CheckStatus::CannotCheck) => Sign::Done,
            Some(CheckStatus::Failed | CheckStatus::Warning) => Sign::NeedsYou,
            None if step < wizard.step => Sign::Done,
            None => Sign::ToCome,
        },
        WizardStep::Check => match &wizard.checks.phase {
            _ if wizard.checks.first_failed().is_some() => Sign::Failed,
            ChecksPhase::Idle => Sign::ToCome,
            ChecksPhase::Running(_) => Sign::Incomplete,
            ChecksPhase::Failed(_) => Sign::Failed,
            ChecksPhase::Done => Sign::Done,
        },
        WizardStep::JupiterOne => match wizard.jupiterone {
            JupiterOneSide::Given => Sign::Done,
            JupiterOneSide::Open | JupiterOneSide::Later => Sign::ToCome,
        },
        WizardStep::Save => match wizard.save {
            Save::Saved(_) => Sign::Done,
            Save::Failed(_) => Sign::Failed,
            Save::No | Save::Saving(_) => Sign::ToCome,
        },
        WizardStep::Welcome | WizardStep::OpenCenter | WizardStep::Register => {
            if step < wizard.step {
                Sign::Done
            } else {
                Sign::ToCome
            }
        }
    }
}

fn step_page(model: &Model, cells: u16, height: u16) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    let mut out = Vec::new();
    words(wizard.step, cells, &mut out);
    let mut fields: Vec<Line<'static>> = Vec::new();
    for (n, id) in wizard.fields.on(wizard.step).iter().enumerate() {
        fields.extend(field(model, *id, n == wizard.field, cells));
    }
    let mut link = Vec::new();
    if let Some(text) = wizard.link() {
        link.push(Line::default());
        for (n, line) in wrap(&text, usize::from(cells).saturating_sub(8)).into_iter().take(4).enumerate() {
            let lead = if n == 0 { "  link  " } else { "        " };
            link.push(Line::from(vec![Span::styled(lead, theme::DIM), Span::styled(line, theme::ACCENT)]));
        }
    }
    // Fields are what the person is here for: where all has no room, the link goes first and then the words.
    let room = usize::from(height).saturating_sub(usize::from(height > 8));
    if out.len() + link.len() + fields.len() < room {
        out.extend(link);
    }
    if !fields.is_empty() {
        out.push(Line::default());
        let over = (out.len() + fields.len()).saturating_sub(room);
        // Half a sentence helps nobody.
        if over > 0 {
            out.clear();
        }
    }
    out.extend(fields);
    out
}

fn field(model: &Model, id: FieldId, focused: bool, cells: u16) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    let fields = &wizard.fields;
    let label = format!("{:<14} ", id.label());
    let room = usize::from(cells).saturating_sub(17);
    let mut spans = vec![
        Span::styled(if focused { "▸ " } else { "  " }, theme::ACCENT),
        Span::styled(label, if focused { theme::STRONG } else { theme::PLAIN }),
    ];
    match id {
        FieldId::Cloud => spans.extend(choice(&Cloud::ALL.map(Cloud::title), fields.cloud as usize, focused, room)),
        FieldId::Into => spans.extend(choice(&Into::ALL.map(Into::title), fields.into as usize, focused, room)),
        FieldId::Region => spans.extend(choice(&Region::ALL.map(Region::title), fields.region as usize, focused, room)),
        _ => match (fields.text(id), fields.secret_of(id)) {
            (Some(text), _) => spans.extend(widgets::field(text, id.placeholder(), focused, room)),
            (_, Some(secret)) => spans.extend(masked(secret, id.placeholder(), fields.stored, focused, room)),
            _ => {}
        },
    }
    let mut out = vec![Line::from(spans)];
    match fields.wrong(id) {
        Some(wrong) if fields.is_judged(id) => {
            let (shape, style) = theme::sign(Sign::Failed);
            for (n, line) in wrap(wrong, room.saturating_sub(2)).into_iter().enumerate() {
                let lead = if n == 0 { format!("{shape} ") } else { "  ".to_owned() };
                out.push(Line::from(vec![" ".repeat(17).into(), Span::styled(lead, style), Span::raw(line)]));
            }
        }
        _ => {}
    }
    out
}

fn choice(all: &[&'static str], chosen: usize, focused: bool, cells: usize) -> Vec<Span<'static>> {
    let together: usize = all.iter().map(|t| t.chars().count() + 4).sum();
    if together > cells {
        let arrows = if focused { "← → " } else { "" };
        return vec![Span::styled(arrows, theme::ACCENT), Span::raw(all[chosen])];
    }
    all.iter()
        .enumerate()
        .flat_map(|(n, title)| {
            let (sign, style) = if n == chosen { ("●", theme::ACCENT) } else { ("○", theme::DIM) };
            [Span::styled(sign, style), Span::raw(format!(" {title}  "))]
        })
        .collect()
}

/// A secret: dots for its length while it is typed, and once it was left, if it is long, its last four characters.
fn masked(
    secret: &crate::app::field::SecretField,
    placeholder: &str,
    stored: bool,
    focused: bool,
    cells: usize,
) -> Vec<Span<'static>> {
    let chars = secret.chars();
    if chars == 0 {
        let placeholder = if stored { "empty keeps the stored one" } else { placeholder };
        let mut out = Vec::new();
        if focused {
            out.push(widgets::cursor(" "));
        }
        out.push(Span::styled(fit(placeholder, cells.saturating_sub(1)), theme::DIM));
        return out;
    }
    let tail = match focused {
        true => None,
        false => secret.secret().and_then(crate::domain::secret::Secret::tail),
    };
    let tail = tail.map(|t| format!("…{t}")).unwrap_or_default();
    let count = if cells < 30 { format!("  {chars} long") } else { format!("   {chars} characters") };
    let room = cells.saturating_sub(count.chars().count() + 6);
    let dots = chars.min(room).saturating_sub(tail.chars().count().saturating_sub(1));
    let mut out = vec![Span::raw("•".repeat(dots)), Span::raw(tail)];
    if focused {
        out.push(widgets::cursor(" "));
    }
    out.push(Span::styled(count, theme::DIM));
    out
}

/// The checks, one line each.
fn checks_list(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    let mut out = vec![Line::default()];
    for id in CheckId::ALL {
        let (sign, found) = check(model, id);
        let room = usize::from(cells).saturating_sub(2);
        out.push(Line::from(vec![widgets::sign(sign), " ".into(), Span::raw(fit(id.short(), room))]));
        if let Some(found) = found {
            out.push(Line::styled(format!("  {}", fit(&found, room)), theme::DIM));
        }
    }
    out.push(Line::default());
    let hint = match &wizard.checks.phase {
        ChecksPhase::Idle => "They run once all is there.",
        ChecksPhase::Running(_) => "Running …",
        ChecksPhase::Done | ChecksPhase::Failed(_) if wizard.checks.first_failed().is_some() => "One needs you.",
        ChecksPhase::Failed(_) => "They could not run.",
        ChecksPhase::Done => "All is well.",
    };
    out.extend(widgets::wrapped(hint, cells, 0, theme::DIM));
    out
}

/// A check's sign, and what was found.
fn check(model: &Model, id: CheckId) -> (Sign, Option<String>) {
    let checks = &model.wizard.checks;
    match checks.of(id) {
        Some(check) => {
            let found = match (check.status, &check.problem) {
                (CheckStatus::Ok, _) => check.found.clone().filter(|f| !f.is_empty()),
                (CheckStatus::CannotCheck, Some(p)) => Some(match p.code.as_deref() {
                    Some("put_off") => "later".to_owned(),
                    Some("not_checked") => p.summary.clone(),
                    _ => format!("cannot check: {}", p.summary),
                }),
                (_, Some(p)) => Some(p.code.clone().unwrap_or_else(|| p.summary.clone())),
                (_, None) => check.found.clone(),
            };
            (theme::check_sign(check.status), found)
        }
        None if checks.current() == Some(id) => (Sign::Here, None),
        None => (Sign::ToCome, None),
    }
}

fn check_page(model: &Model, cells: u16, room: Room) -> Vec<Line<'static>> {
    let checks = &model.wizard.checks;
    let mut out = Vec::new();
    let wide = 36.min(usize::from(cells).saturating_sub(2));
    // Where there is little room, what failed is all that matters.
    let failed = checks.first_failed().map(|c| c.id).filter(|_| checks.phase == ChecksPhase::Done);
    for id in CheckId::ALL.into_iter().filter(|id| room != Room::Small || failed.is_none_or(|f| f == *id)) {
        let (sign, found) = check(model, id);
        // A check of a side that is put off is no check.
        if id.is_jupiterone() && checks.of(id).is_none() && model.wizard.jupiterone != JupiterOneSide::Given {
            continue;
        }
        let doing = if checks.current() == Some(id) { Some("checking …".to_owned()) } else { None };
        let mut spans = vec![widgets::sign(sign), " ".into(), Span::raw(pad(id.title(), wide))];
        if let Some(found) = found.or(doing) {
            let room = usize::from(cells).saturating_sub(wide + 4);
            spans.extend(["  ".into(), Span::styled(fit(&found, room), theme::DIM)]);
        }
        out.push(Line::from(spans));
    }
    if failed.is_none() || room != Room::Small {
        out.push(Line::default());
    }
    let mut explain = |problem: &Problem, sign: Sign| out.extend(widgets::problem(problem, cells, sign));
    match &checks.phase {
        ChecksPhase::Failed(problem) => explain(problem, Sign::Failed),
        ChecksPhase::Running(_) => {
            let text = "Each waits for the one before. c stops them.";
            out.extend(widgets::wrapped(text, cells, 0, theme::DIM));
        }
        ChecksPhase::Idle => {
            out.extend(widgets::wrapped("Press Enter to check the values you entered.", cells, 0, theme::PLAIN));
        }
        ChecksPhase::Done => match checks.first_failed() {
            Some(check) => match &check.problem {
                Some(problem) => explain(problem, Sign::Failed),
                None => explain(&Problem::new(format!("{} failed", check.id.title())), Sign::Failed),
            },
            None => {
                let notes: Vec<_> = checks.done.iter().filter(|c| c.status == CheckStatus::Warning).collect();
                for check in &notes {
                    if let Some(problem) = &check.problem {
                        explain(problem, Sign::NeedsYou);
                    }
                }
                if notes.is_empty() {
                    out.push(widgets::signed(Sign::Done, "This works. Press Enter to go on."));
                }
            }
        },
    }
    out
}

fn save_page(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    let fields = &wizard.fields;
    let mut out = Vec::new();
    let name_cells = if cells < 60 { 11 } else { 15 };
    let mut fact = |name: &str, value: &str| {
        // An ID is whole, or of no use.
        for (n, line) in wrap(value, usize::from(cells).saturating_sub(name_cells)).into_iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            out.push(Line::from(vec![Span::styled(pad(name, name_cells), theme::DIM), Span::raw(line)]));
        }
    };
    fact("Tenant", fields.tenant.text());
    fact("Client", fields.client.text());
    fact("Cloud", fields.cloud.title());
    match (wizard.jupiterone, fields.jupiterone()) {
        (JupiterOneSide::Given, Some(form)) => {
            fact("JupiterOne", &format!("account {}", form.target.account));
            match &form.target.destination {
                Destination::Instance(id) => fact("", &format!("instance {id}")),
                Destination::Scope(name) => fact("", &format!("scope {name}")),
            }
            fact("", form.target.origin.as_str());
        }
        _ => fact("JupiterOne", "later; everything but the upload works without it"),
    }
    out.push(Line::default());
    match &wizard.save {
        Save::No => {
            let text = match model.mode {
                Mode::Real => {
                    format!("The profile goes into the config directory, its secrets into {}.", model.vault)
                }
                Mode::Demo => {
                    "This is a demo: profile and secrets are not written, they stay in memory until you quit."
                        .to_owned()
                }
            };
            out.extend(widgets::wrapped(&text, cells, 0, theme::PLAIN));
            out.push(Line::default());
            out.extend(widgets::wrapped("Press Enter to save.", cells, 0, theme::PLAIN));
        }
        Save::Saving(_) => {
            out.extend(widgets::wrapped("Saving … the keyring may ask to be unlocked.", cells, 0, theme::DIM))
        }
        Save::Saved(Kept::Keyring(name)) => {
            let text = match model.mode {
                Mode::Real => format!("Saved in {name}."),
                Mode::Demo => "Kept in memory until you quit: a demo writes no profile.".to_owned(),
            };
            out.extend(widgets::signed_text(Sign::Done, &text, cells));
            out.push(Line::default());
            out.extend(widgets::wrapped("Press Enter to read the directory.", cells, 0, theme::PLAIN));
        }
        Save::Saved(Kept::Memory { keyring, why }) => {
            out.push(widgets::signed(Sign::NeedsYou, format!("No keyring: {}", fit(keyring, 40))));
            out.extend(widgets::wrapped(why, cells, 2, theme::PLAIN));
            out.push(Line::default());
            let text = "The secrets stay in memory for this run, and are asked for again next time. They are never \
                        written to a file.";
            out.extend(widgets::wrapped(text, cells, 0, theme::PLAIN));
            out.push(Line::default());
            out.extend(widgets::wrapped("Press Enter to read the directory.", cells, 0, theme::PLAIN));
        }
        Save::Failed(problem) => out.extend(widgets::problem(problem, cells, Sign::Failed)),
    }
    out
}
