//! The checks: as a list beside a page, and as a page with what failed, what it asks, and what the app may read.

use ratatui::text::{Line, Span};

use super::{
    super::super::{
        Room,
        text::{fit, pad, width, wrap},
        theme, widgets,
    },
    field,
};
use crate::{
    app::{
        Model, Sign, command,
        wizard::{ChecksPhase, JupiterOneSide, can},
    },
    domain::{
        check::{Check, CheckId, CheckStatus, Offer},
        permission::{Need, Row},
        problem::Problem,
    },
};

/// A check of a side that is put off is no check.
fn shown(model: &Model) -> impl Iterator<Item = CheckId> + '_ {
    let wizard = &model.wizard;
    let given = wizard.jupiterone == JupiterOneSide::Given;
    let is_told = |check: &Check| check.problem.as_ref().and_then(|p| p.code.as_deref()) != Some("put_off");
    CheckId::ALL
        .into_iter()
        .filter(move |id| !id.is_jupiterone() || given || wizard.checks.of(*id).is_some_and(is_told))
}

/// The checks, one line each, and what was found: whole where `rows` have room for it.
pub fn list(model: &Model, cells: u16, rows: u16) -> Vec<Line<'static>> {
    let all = (1..=3).rev().map(|most| list_with(model, cells, most));
    let mut all = all.skip_while(|lines| lines.len() > usize::from(rows));
    all.next().unwrap_or_else(|| list_with(model, cells, 1))
}

/// Of what was found at most so many lines.
fn list_with(model: &Model, cells: u16, most: usize) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    let mut out = vec![Line::default()];
    for id in shown(model) {
        let (sign, found) = outcome(model, id);
        let room = usize::from(cells).saturating_sub(2);
        out.push(Line::from(vec![widgets::sign(sign), " ".into(), Span::raw(fit(id.short(), room))]));
        if let Some(found) = found {
            out.extend(shortened(&found, room, most).into_iter().map(|l| Line::styled(format!("  {l}"), theme::DIM)));
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

/// Text in at most so many lines; what is left over is cut.
fn shortened(text: &str, cells: usize, most: usize) -> Vec<String> {
    let mut lines = wrap(text, cells);
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        lines.push(fit(&rest, cells));
    }
    lines
}

/// A check's sign, and what was found.
fn outcome(model: &Model, id: CheckId) -> (Sign, Option<String>) {
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

pub fn page(model: &Model, cells: u16, room: Room) -> Vec<Line<'static>> {
    let checks = &model.wizard.checks;
    let asks = can::asks_instance(model);
    let mut out = match checks.phase {
        ChecksPhase::Idle => field::mistake(model, cells, room),
        _ => Vec::new(),
    };
    // Where there is little room, what needs somebody is all that matters.
    let failed = checks.first_failed().map(|c| c.id).filter(|_| checks.phase == ChecksPhase::Done);
    let brief = room != Room::Full && (failed.is_some() || asks);
    // That it works is said where it is seen without paging.
    let said_first = room == Room::Small && checks.phase == ChecksPhase::Done && checks.first_failed().is_none();
    if said_first {
        out.extend(passed(model, cells));
        out.push(Line::default());
    }
    if !brief {
        out.extend(shown(model).flat_map(|id| line(model, id, cells)));
        out.push(Line::default());
    } else if room == Room::Medium {
        let passed = checks.done.iter().filter(|c| c.status == CheckStatus::Ok).count();
        let passed = crate::domain::text::counted(passed as u64, "check");
        out.push(widgets::signed(Sign::Done, format!("{passed} passed")));
        let is_bad = |id: &CheckId| {
            checks.of(*id).is_some_and(|c| matches!(c.status, CheckStatus::Failed | CheckStatus::Warning))
        };
        out.extend(shown(model).filter(is_bad).flat_map(|id| line(model, id, cells)));
        out.push(Line::default());
    }
    match &checks.phase {
        ChecksPhase::Failed(problem) => out.extend(widgets::problem(problem, cells, Sign::Failed)),
        ChecksPhase::Running(_) => {
            out.extend(widgets::wrapped(&command::with_keys(model, "{stop} stops them."), cells, 0, theme::DIM))
        }
        ChecksPhase::Idle => {
            out.extend(widgets::wrapped("Press Enter to check the values you entered.", cells, 0, theme::PLAIN));
        }
        ChecksPhase::Done => match checks.first_failed() {
            Some(check) => {
                out.extend(explained(check, Sign::Failed, cells));
                out.extend(offered(model, check, cells));
            }
            None if said_first => {}
            None => out.extend(passed(model, cells)),
        },
    }
    if let Some(roles) = checks.of(CheckId::Roles) {
        if brief {
            out.push(Line::default());
        }
        out.extend(permissions(&roles.permissions, cells, room));
    }
    out
}

/// A check with what was found, which goes on below where it is long.
fn line(model: &Model, id: CheckId, cells: u16) -> Vec<Line<'static>> {
    let (sign, found) = outcome(model, id);
    let doing = (model.wizard.checks.current() == Some(id)).then(|| "checking …".to_owned());
    let found = found.or(doing).unwrap_or_default();
    let mut out = Vec::new();
    if cells < 60 {
        out.push(widgets::signed(sign, id.short()));
        let found = shortened(&found, usize::from(cells).saturating_sub(4), 3);
        out.extend(found.into_iter().map(|l| Line::styled(format!("    {l}"), theme::DIM)));
        return out;
    }
    let title = pad(id.title(), 39);
    let wide = width(&title) + 4;
    let mut found = shortened(&found, usize::from(cells).saturating_sub(wide), 2).into_iter();
    let first = vec![
        widgets::sign(sign),
        format!(" {title}  ").into(),
        Span::styled(found.next().unwrap_or_default(), theme::DIM),
    ];
    out.push(Line::from(first));
    out.extend(found.map(|more| Line::styled(format!("{}{more}", " ".repeat(wide)), theme::DIM)));
    out
}

fn explained(check: &Check, sign: Sign, cells: u16) -> Vec<Line<'static>> {
    match &check.problem {
        Some(problem) => widgets::problem(problem, cells, sign),
        None => widgets::problem(&Problem::new(format!("{} failed", check.id.title())), cells, sign),
    }
}

/// What one key does about it.
fn offered(model: &Model, check: &Check, cells: u16) -> Vec<Line<'static>> {
    let text = match &check.offer {
        Some(Offer::OtherCloud(cloud)) => {
            format!(
                "The tenant seems to live in another cloud: {}. {} switches to it, and checks again.",
                cloud.title(),
                command::named(model, "switch-cloud")
            )
        }
        Some(Offer::UseCertificate) => command::with_keys(
            model,
            "Your tenant forbids secrets. {take-certificate} makes a certificate for this app instead.",
        ),
        Some(Offer::AwaitConsent) => "Enter checks again, and waits until consent is there.".to_owned(),
        Some(Offer::ConfirmInstance { .. }) | None => return Vec::new(),
    };
    let mut out = vec![Line::default()];
    out.extend(widgets::wrapped(&text, cells, 0, theme::ACCENT));
    out
}

/// Nothing failed; what is warned of is said, and what must be asked is asked.
fn passed(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let checks = &model.wizard.checks;
    let mut out = Vec::new();
    for check in checks.warnings() {
        if !out.is_empty() {
            out.push(Line::default());
        }
        if let Some(Offer::ConfirmInstance { name, kind }) = &check.offer {
            out.extend(instance(model, name, kind.as_deref(), cells));
            continue;
        }
        out.extend(explained(check, Sign::NeedsYou, cells));
    }
    match (out.is_empty(), can::asks_instance(model)) {
        (true, _) => out.push(widgets::signed(Sign::Done, "This works. Press Enter to go on.")),
        (false, true) => {}
        (false, false) => {
            out.push(Line::default());
            out.extend(widgets::wrapped("Press Enter to go on.", cells, 0, theme::PLAIN));
        }
    }
    out
}

fn instance(model: &Model, name: &str, kind: Option<&str>, cells: u16) -> Vec<Line<'static>> {
    let mut out = widgets::signed_text(Sign::NeedsYou, "Is this the right JupiterOne instance?", cells);
    let id = model.wizard.fields.instance.text();
    for (what, value) in [("name", Some(name)), ("integration", kind), ("id", Some(id))] {
        let value = fit(value.unwrap_or("unknown"), usize::from(cells).saturating_sub(16));
        out.push(Line::from(vec![
            Span::styled(format!("  {what:<13} "), theme::DIM),
            Span::styled(value, theme::STRONG),
        ]));
    }
    let why = "Nothing of this tenant is in it yet, and an upload replaces all that it holds. In another \
               integration's instance that would be its data.";
    out.extend(widgets::wrapped(why, cells, 2, theme::PLAIN));
    let keys = match model.wizard.instance_confirmed {
        true => "You said that it is.",
        false => "y: yes, it is. f: no, to the field.",
    };
    out.extend(widgets::wrapped(keys, cells, 2, theme::ACCENT));
    out
}

/// What was granted and what is lost, as one sentence.
fn granted(rows: &[Row], cells: u16) -> Vec<Line<'static>> {
    let mut by: Vec<&str> = rows.iter().filter_map(|row| row.granted_by.as_deref()).collect();
    by.dedup();
    let lost: Vec<String> =
        rows.iter().filter(|r| r.granted_by.is_none()).map(|r| format!("{} ({})", r.without, r.permission)).collect();
    let or_nothing = |all: String| if all.is_empty() { "nothing".to_owned() } else { all };
    let text = format!("Granted: {}. You lose: {}.", or_nothing(by.join(", ")), or_nothing(lost.join("; ")));
    widgets::wrapped(&text, cells, 0, theme::DIM)
}

/// Permission, whether it was granted, and what is lost without it.
fn permissions(rows: &[Row], cells: u16, room: Room) -> Vec<Line<'static>> {
    // Without a token nothing is known of them.
    if rows.is_empty() {
        return Vec::new();
    }
    if room != Room::Full {
        return granted(rows, cells);
    }
    let wide = rows.iter().map(|row| row.permission.chars().count()).max().unwrap_or(0);
    let mut out = vec![Line::default(), Line::styled("Permissions", theme::STRONG)];
    for row in rows {
        let (sign, style, text) = match (&row.granted_by, row.need) {
            (Some(by), _) if *by == row.permission => (Sign::Done, theme::DIM, "granted".to_owned()),
            (Some(by), _) => (Sign::Done, theme::DIM, format!("by {by}")),
            (None, Need::Required) => (Sign::Failed, theme::PLAIN, format!("missing: {}", row.without)),
            (None, Need::Names) => (Sign::NeedsYou, theme::PLAIN, format!("missing: {}", row.without)),
            (None, Need::Extra) => (Sign::ToCome, theme::DIM, format!("not granted: {}", row.without)),
        };
        let text = fit(&text, usize::from(cells).saturating_sub(wide + 4));
        let name = pad(&row.permission, wide);
        out.push(Line::from(vec![widgets::sign(sign), format!(" {name}  ").into(), Span::styled(text, style)]));
    }
    out
}
