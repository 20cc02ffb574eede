//! The profiles: a list of them, and what the selected one says.

use ratatui::{
    layout::{Constraint, Layout, Rect, Spacing},
    text::{Line, Span},
};

use super::super::{
    Room,
    page::Page,
    text::{ago, day, fit, pad, width, wrap},
    theme, widgets,
};
use crate::{
    app::{
        Model, Sign, command,
        pointer::Target,
        views::{ProfileAbout, ProfileRow},
    },
    domain::{
        credential::Expiry,
        text::{counted, grouped},
    },
};

/// Gives back how far it can be scrolled: the selection moves instead.
pub fn draw(model: &Model, buf: &mut Page<'_>, area: Rect, room: Room) -> u16 {
    let rows = model.profiles.rows.as_deref().unwrap_or_default();
    let (list, rest) = match room {
        Room::Full => {
            let [left, right] =
                Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).spacing(Spacing::Overlap(1)).areas(area);
            (left, Some(right))
        }
        // What it says goes below the list, which takes what it needs and no more than half.
        Room::Medium => {
            let wanted = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2).clamp(3, area.height / 2);
            let [top, bottom] = Layout::vertical([Constraint::Length(wanted), Constraint::Min(3)])
                .spacing(Spacing::Overlap(1))
                .areas(area);
            (top, Some(bottom))
        }
        Room::Small | Room::Tiny => (area, None),
    };
    let selected = model.profiles.selected();
    let inner = widgets::panel(buf, list, "Profiles");
    let mut lines = Vec::new();
    // Without a pane of its own, what went wrong stands above the list, which needs the room more.
    if rest.is_none() {
        lines.extend(news(model, inner.width).into_iter().take(usize::from(inner.height / 2).min(3)));
    }
    if model.profiles.rows.is_none() {
        lines.push(Line::styled("looking …", theme::DIM));
    } else if rows.is_empty() {
        lines.extend(widgets::wrapped(
            &format!("There is no profile yet: {} makes one.", command::named(model, "new-profile")),
            inner.width,
            0,
            theme::PLAIN,
        ));
    } else {
        let at = selected.map_or(0, |(place, _)| place);
        let name = rows.iter().map(|row| width(&row.name)).max().unwrap_or(0).clamp(4, 24);
        let page = usize::from(inner.height).saturating_sub(lines.len()).max(1);
        let from = (at + 1).saturating_sub(page);
        let above = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        buf.spot(inner, Target::Main);
        for (n, y) in (from..rows.len()).zip(inner.y.saturating_add(above)..inner.bottom()) {
            buf.spot(Rect { y, height: 1, ..inner }, Target::Row(n as u64));
        }
        lines.extend(
            rows.iter().enumerate().skip(from).take(page).map(|(n, row)| line(model, row, n == at, name, inner.width)),
        );
    }
    widgets::lines(buf, inner, &lines);
    if let Some(rest) = rest {
        let title = selected.map_or("", |(_, row)| row.name.as_str());
        let inner = widgets::panel(buf, rest, title);
        let mut lines = news(model, inner.width);
        if let Some((_, row)) = selected {
            lines.extend(said(model, row, inner.width));
        }
        widgets::lines(buf, inner, &lines);
    }
    0
}

/// What the last thing that was asked came to, where that needs more than a line.
fn news(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    if let Some(problem) = &model.profiles.problem {
        out.extend(widgets::problem(problem, cells, Sign::Failed));
    }
    for note in &model.profiles.notes {
        out.extend(widgets::signed_text(Sign::NeedsYou, note, cells));
    }
    if !out.is_empty() {
        out.push(Line::default());
    }
    out
}

/// `▸ ● work *  client secret ends in 6 days · Contoso`: what a person has to see to is never cut off.
fn line(model: &Model, row: &ProfileRow, chosen: bool, name: usize, cells: u16) -> Line<'static> {
    let sign = match &row.about {
        Err(_) => Sign::Failed,
        Ok(_) if model.is_at_work(&row.name) => Sign::Here,
        Ok(about) if about.unconfirmed > 0 || about.view.credential.expiry(model.now) != Expiry::Fine => Sign::NeedsYou,
        Ok(_) => Sign::ToCome,
    };
    let what = match &row.about {
        Ok(about) => {
            let title = about.view.title().to_owned();
            let needs = needs(model, about);
            if needs.is_empty() { title } else { format!("{needs} · {title}") }
        }
        Err(problem) => problem.summary.clone(),
    };
    let room = usize::from(cells).saturating_sub(name + 8);
    Line::from(vec![
        Span::styled(if chosen { "▸ " } else { "  " }, theme::ACCENT),
        widgets::sign(sign),
        " ".into(),
        Span::styled(pad(&row.name, name), if chosen { theme::STRONG } else { theme::PLAIN }),
        Span::styled(if row.is_default { " *  " } else { "    " }, theme::ACCENT),
        Span::styled(fit(&what, room), if chosen { theme::PLAIN } else { theme::DIM }),
    ])
}

/// What a person has to see to, in short.
fn needs(model: &Model, about: &ProfileAbout) -> String {
    if about.unconfirmed > 0 {
        return "not confirmed on this machine".to_owned();
    }
    let credential = about.view.credential;
    let ends = credential.expiry(model.now).words();
    ends.map(|ends| format!("{} {ends}", credential.kind.words())).unwrap_or_default()
}

/// All that a profile says.
fn said(model: &Model, row: &ProfileRow, cells: u16) -> Vec<Line<'static>> {
    let about = match &row.about {
        Ok(about) => about,
        Err(problem) => return widgets::problem(problem, cells, Sign::Failed),
    };
    let view = &about.view;
    let mut out = Vec::new();
    let mut fact = |name: &str, value: &str| {
        for (n, line) in wrap(value, usize::from(cells).saturating_sub(13)).into_iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            out.push(Line::from(vec![Span::styled(format!("{name:<12} "), theme::DIM), Span::raw(line)]));
        }
    };
    match (model.is_at_work(&row.name), row.is_default) {
        (true, true) => fact("Used", "now, and where none is named (*)"),
        (true, false) => fact("Used", "now"),
        (false, true) => fact("Used", "where none is named (*)"),
        (false, false) => {}
    }
    if let Some(organization) = &view.organization {
        fact("Tenant", organization);
        fact("", &view.tenant);
    } else {
        fact("Tenant", &view.tenant);
    }
    fact("Cloud", view.cloud.title());
    fact("App", &view.client);
    fact("Credential", &about.kept);
    let expiry = view.credential.expiry(model.now);
    match (view.credential.expires, expiry.words()) {
        (Some(at), words) => {
            let words = words.map(|words| format!(" ({words})")).unwrap_or_default();
            fact("Ends", &format!("{}{words}", day(at, &model.zone)));
        }
        (None, _) => fact("Ends", "not known: change it, and say when"),
    }
    match &view.target {
        Some(target) => fact("Target", &target.to_string()),
        None => fact("Target", "none yet"),
    }
    match &about.last_run {
        Some(run) => {
            let gaps = run.open_gaps();
            let gaps = if gaps > 0 { format!(", {}", counted(gaps, "gap")) } else { String::new() };
            let run_id = grouped(u64::try_from(run.id.0).unwrap_or(0));
            fact("Last run", &format!("{run_id}, {}, {}{gaps}", ago(model.now, run.last_at()), run.status.as_str()));
        }
        None if about.unconfirmed > 0 => {}
        None => fact("Last run", "none yet"),
    }
    if about.unconfirmed > 0 {
        out.push(Line::default());
        let text = format!(
            "It holds {} that nobody has confirmed on this machine. Nothing of it is used before: press Enter to look.",
            counted(about.unconfirmed as u64, "value")
        );
        out.extend(widgets::signed_text(Sign::NeedsYou, &text, cells));
    }
    out
}
