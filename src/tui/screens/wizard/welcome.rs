//! What this is, and the three ways in.

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::super::super::{Room, theme, widgets};
use crate::app::{Model, Step, command, steps::Way, views::Mode};

pub fn lines(model: &Model, inner: Rect, room: Room) -> Vec<Line<'static>> {
    let cells = inner.width.min(96);
    let mut out = Vec::new();
    match room {
        Room::Small => out.push(Line::raw("Microsoft 365 → JupiterOne")),
        _ => {
            let what = "tenantry copies a Microsoft 365 directory into JupiterOne: its account, users, groups and who is \
                        in which group. It only reads Microsoft.";
            out.extend(widgets::wrapped(what, cells, 0, theme::PLAIN));
            if room == Room::Full {
                out.push(Line::default());
                out.extend(Step::ALL.into_iter().map(journey));
            } else {
                let names = Step::ALL.map(Step::title).join(" → ");
                out.push(Line::styled(format!("  {names}"), theme::STRONG));
            }
            out.push(Line::default());
            let first = "First it needs an app registration in your tenant. How do you want to get there?";
            out.extend(widgets::wrapped(first, cells, 0, theme::STRONG));
            out.push(Line::default());
        }
    }
    for way in Way::ALL {
        out.extend(choice(model, way, cells, room));
    }
    if room == Room::Small {
        if model.fills.is_some() {
            out.push(Line::default());
            let demo = "A demo: {fill-in} fills in right values, {fill-in-wrongly} mistakes.";
            out.extend(widgets::wrapped(&command::with_keys(model, demo), cells, 0, theme::ACCENT));
        }
        return out;
    }
    if room == Room::Medium {
        out.push(Line::default());
    }
    let secrets = format!("Secrets are kept in {}, never in a file.", model.vault);
    out.extend(widgets::wrapped(&secrets, cells, 0, theme::DIM));
    if model.mode == Mode::Real {
        let who = "Consent needs a Privileged Role Administrator or Global Administrator; if that is not you, a message \
                   for them comes with it.";
        out.extend(widgets::wrapped(who, cells, 0, theme::DIM));
    }
    if model.fills.is_some() {
        let demo = "This is a demo: tenant and JupiterOne are inside this program. Where values are asked for, {fill-in} \
                    fills in the right ones, {fill-in-wrongly} mistakes that people make.";
        out.push(Line::default());
        out.extend(widgets::wrapped(&command::with_keys(model, demo), cells, 0, theme::ACCENT));
    }
    out
}

fn journey(step: Step) -> Line<'static> {
    let what = match step {
        Step::Credentials => "an app registration in your tenant, checked live",
        Step::Ingest => "read the directory into a file here; nothing is changed",
        Step::Browse => "look at users, groups and their members, offline",
        Step::Preview => "see what an upload would create, change and delete",
        Step::Upload => "send it to JupiterOne, after you have said so",
    };
    Line::from(vec![
        Span::styled(format!("  {} ", step as usize + 1), theme::ACCENT),
        Span::styled(format!("{:<13} ", step.title()), theme::STRONG),
        Span::raw(what),
    ])
}

fn choice(model: &Model, way: Way, cells: u16, room: Room) -> Vec<Line<'static>> {
    let is_chosen = model.wizard.way == way;
    let key = match way {
        Way::Guided => "g",
        Way::Script => "s",
        Way::Everything => "i",
    };
    let mark = if is_chosen { "▸ " } else { "  " };
    let name_style = if is_chosen { theme::STRONG } else { theme::PLAIN };
    let mut out = vec![Line::from(vec![
        Span::styled(mark, theme::ACCENT),
        Span::styled(format!("{:<18} ", way.title()), name_style),
        Span::styled(key, theme::ACCENT),
    ])];
    if room != Room::Small {
        let style = if is_chosen { theme::PLAIN } else { theme::DIM };
        out.extend(widgets::wrapped(way.about(), cells, 4, style));
        if room == Room::Full {
            out.push(Line::default());
        }
    }
    out
}
