//! A field as one line, with what is wrong with it below; and what is known of the key that proves the app.

use jiff::Timestamp;
use ratatui::text::{Line, Span};

use super::{
    super::super::{
        Room,
        text::{fit, wrap},
        theme, widgets,
    },
    page,
};
use crate::{
    app::{
        Model, Sign, command,
        field::SecretField,
        form::{FieldId, Hosts, Into, Proof, Region},
        steps::{WizardStep, Words},
        views::Mode,
        wizard::{KeyPhase, can, demo},
    },
    domain::{credential::CertificateView, registration::Shell, secret::Secret},
};

/// Cells of the mark and the label.
const LABEL: usize = 17;

pub fn lines(model: &Model, id: FieldId, focused: bool, cells: u16) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    let fields = &wizard.fields;
    let label = format!("{:<14} ", id.label());
    let room = usize::from(cells).saturating_sub(LABEL);
    let mut spans = vec![
        Span::styled(if focused { "▸ " } else { "  " }, theme::ACCENT),
        Span::styled(label, if focused { theme::STRONG } else { theme::PLAIN }),
    ];
    let chosen = |all: &[bool]| all.iter().position(|is| *is).unwrap_or(0);
    match id {
        FieldId::Cloud => {
            let at = chosen(&Hosts::ALL.map(|h| h == fields.hosts));
            spans.extend(choice(&Hosts::ALL.map(Hosts::short), &Hosts::ALL.map(Hosts::title), at, focused, room));
        }
        FieldId::Proof => {
            let at = chosen(&Proof::ALL.map(|p| p == fields.proof));
            spans.extend(choice(&Proof::ALL.map(Proof::short), &Proof::ALL.map(Proof::title), at, focused, room));
        }
        FieldId::Shell => {
            let at = chosen(&Shell::ALL.map(|s| s == fields.shell));
            let titles = Shell::ALL.map(shell_title);
            spans.extend(choice(&titles, &titles, at, focused, room));
        }
        FieldId::Into => {
            let titles = Into::ALL.map(Into::title);
            spans.extend(choice(&titles, &titles, fields.into as usize, focused, room));
        }
        FieldId::Region => {
            let titles = Region::ALL.map(Region::title);
            spans.extend(choice(&titles, &titles, fields.region as usize, focused, room));
        }
        _ => match (fields.text(id), fields.secret_of(id)) {
            (Some(text), _) => spans.extend(widgets::field(text, placeholder(model, id), focused, room)),
            (_, Some(secret)) => {
                let keeps = fields.stored && id != FieldId::KeyPassword;
                let placeholder = if keeps { "empty keeps the stored one" } else { id.placeholder() };
                spans.extend(masked(secret, placeholder, focused || model.recorded, focused, room));
            }
            _ => {}
        },
    }
    let mut out = vec![Line::from(spans)];
    let mut below = |sign: Sign, text: &str| {
        let (shape, style) = theme::sign(sign);
        // Under the value, if there is room for more than a word or two.
        let indent = if cells < 48 { 2 } else { LABEL };
        for (n, line) in wrap(text, usize::from(cells).saturating_sub(indent + 2)).into_iter().enumerate() {
            let lead = if n == 0 { format!("{shape} ") } else { "  ".to_owned() };
            out.push(Line::from(vec![" ".repeat(indent).into(), Span::styled(lead, style), Span::raw(line)]));
        }
    };
    match fields.wrong_on(wizard.step, id) {
        Some(wrong) if fields.is_judged(id) => below(Sign::Failed, wrong),
        // Half an ID says less than none.
        None if id == FieldId::Line && cells < 48 => below(Sign::Done, "tenant and client are in it"),
        None if id == FieldId::Line => {
            below(Sign::Done, &format!("tenant {}", fields.tenant.text()));
            below(Sign::Done, &format!("client {}", fields.client.text()));
        }
        _ => {}
    }
    out
}

const fn placeholder(model: &Model, id: FieldId) -> &'static str {
    match (model.wizard.step, id) {
        (WizardStep::App, FieldId::Tenant) => "ID or domain, if you have several; may stay empty",
        _ => id.placeholder(),
    }
}

pub const fn shell_title(shell: Shell) -> &'static str {
    match shell {
        Shell::AzureCli => "Azure CLI",
        Shell::PowerShell => "PowerShell",
    }
}

/// All that can be chosen side by side, or, without the room for it, what is chosen.
fn choice(all: &[&'static str], titles: &[&'static str], at: usize, focused: bool, cells: usize) -> Vec<Span<'static>> {
    let together = |all: &[&str]| all.iter().map(|t| t.chars().count() + 4).sum::<usize>() <= cells + 2;
    let shown = if together(titles) { titles } else { all };
    if !together(shown) {
        let (left, right) = if focused { ("← ", " →") } else { ("", "") };
        let title = if titles[at].chars().count() + 5 > cells { all[at] } else { titles[at] };
        let mut out = vec![Span::styled(left, theme::ACCENT), Span::raw(title), Span::styled(right, theme::ACCENT)];
        if title.chars().count() + 16 <= cells {
            out.push(Span::styled(format!("   {} of {}", at + 1, titles.len()), theme::DIM));
        }
        return out;
    }
    let mut out = Vec::new();
    for (n, title) in shown.iter().copied().enumerate() {
        let (sign, style) = if n == at { ("●", theme::ACCENT) } else { ("○", theme::DIM) };
        let gap = if n + 1 < shown.len() { "  " } else { "" };
        out.extend([Span::styled(sign, style), Span::raw(format!(" {title}{gap}"))]);
    }
    out
}

/// A secret: dots for its length while it is typed, and once it was left, if it is long, its last four characters
/// unless `whole` of it is to be hidden.
fn masked(secret: &SecretField, placeholder: &str, whole: bool, focused: bool, cells: usize) -> Vec<Span<'static>> {
    let chars = secret.chars();
    if chars == 0 {
        return match focused {
            true => widgets::hint(placeholder, cells).into(),
            false => vec![Span::styled(fit(placeholder, cells), theme::DIM)],
        };
    }
    let tail = match whole {
        true => None,
        false => secret.secret().and_then(Secret::tail),
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

/// Which of the demo's mistakes is filled in, and what follows.
pub fn mistake(model: &Model, cells: u16, room: Room) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    // Elsewhere nothing of it is to be seen.
    let Some(mistake) = demo::mistake(model).filter(|_| can::takes_mistakes(model)) else { return Vec::new() };
    let check = command::named(model, if wizard.step == WizardStep::Check { "continue" } else { "check-now" });
    let first = wizard.way.steps().iter().find(|step| !wizard.fields.is_right(**step) && wizard.step >= **step);
    let next = match (&mistake.expect, first) {
        (Some(code), Some(_)) => format!("It is caught here: nothing is sent, so that {code} does not come."),
        (None, Some(_)) => "It is caught here: nothing is sent.".to_owned(),
        (Some(code), None) => format!("{check} checks: {code} is to come."),
        (None, None) => format!("{check} checks."),
    };
    let mends = command::named(model, "fill-in");
    let text = format!("A mistake: {}. {next} {mends} mends it.", mistake.title);
    let mut out = widgets::wrapped(&text, cells, 0, theme::ACCENT);
    if room != Room::Small {
        out.push(Line::default());
    }
    out
}

/// What to do for the chosen proof, and how its key stands.
pub fn proof(model: &Model, cells: u16, room: Room) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    let proof = wizard.fields.proof;
    let mut out = Vec::new();
    match (&wizard.keys.phase, proof) {
        (_, Proof::Secret) => {}
        (KeyPhase::Working(_), Proof::Made) => {
            out.extend(widgets::wrapped("Making a key and its certificate …", cells, 0, theme::DIM));
        }
        (KeyPhase::Working(_), Proof::File) => out.extend(widgets::wrapped("Reading …", cells, 0, theme::DIM)),
        _ => match (wizard.keys.view(proof), wizard.keys.problem(proof)) {
            (Some(view), _) => out.extend(certificate(model, view, cells, room)),
            (_, Some(problem)) => out.extend(widgets::problem(problem, cells, Sign::Failed)),
            _ if proof == Proof::Made => {
                let text = match wizard.step {
                    WizardStep::Credential => format!("Press {} to make it.", command::named(model, "continue")),
                    _ => "It is made once you go on.".to_owned(),
                };
                out.extend(widgets::wrapped(&text, cells, 0, theme::DIM));
            }
            _ => {}
        },
    }
    out
}

/// A certificate as the portal shows it, and for one that was made, how the portal gets it.
pub fn certificate(model: &Model, view: &CertificateView, cells: u16, room: Room) -> Vec<Line<'static>> {
    let made = model.wizard.fields.proof == Proof::Made;
    let said = if made { "The key is made." } else { "Key and certificate were read, and belong together." };
    let mut out = widgets::signed_text(Sign::Done, said, cells);
    let mut fact = |name: &str, value: &str| {
        for (n, line) in wrap(value, usize::from(cells).saturating_sub(14)).into_iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            out.push(Line::from(vec![Span::styled(format!("  {name:<12}"), theme::DIM), Span::raw(line)]));
        }
    };
    let day = |at: Timestamp| at.to_zoned(model.zone.clone()).strftime("%Y-%m-%d").to_string();
    let days = view.not_after.duration_since(model.now).as_hours().max(0) / 24;
    fact("thumbprint", &view.thumbprint_sha1_hex);
    fact("valid", &format!("{} to {} (in {days} days)", day(view.not_before), day(view.not_after)));
    if room != Room::Small {
        fact("subject", &view.subject);
    }
    // The script brings the certificate along: nothing is uploaded by hand then.
    if let Some(path) = view.cer_path.as_deref().filter(|_| made && model.wizard.step != WizardStep::Script) {
        fact("file", path);
        out.push(Line::default());
        let upload = match model.mode {
            Mode::Real => "Upload that file to your app now:",
            Mode::Demo => "Upload that file to your app now (in this demo, going on stands for it):",
        };
        out.extend(widgets::wrapped(upload, cells, 0, theme::PLAIN));
        page::words(
            &[Words::Click(&["Certificates & secrets", "Certificates", "Upload certificate", "the file", "Add"])],
            cells,
            &mut out,
        );
        let same = "The portal then lists the same thumbprint. The private key stays here.";
        out.extend(widgets::wrapped(same, cells, 0, theme::DIM));
    }
    out
}
