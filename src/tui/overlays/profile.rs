//! What lies over the profiles: a new name, what goes with one that is removed, and values that need a person's word.

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::{super::page::Page, inner_width, key_spots, keys, popup, spots};
use crate::{
    app::{
        Sign,
        command::Action,
        field::TextField,
        profiles::{Asked, INSTANCE_NAME, PURGE, Popup, TRUST},
        views::{RemovalPlan, StoreFate},
    },
    tui::{theme, widgets},
};

/// Gives back the furthest that it can be scrolled.
pub fn draw(what: &Popup, buf: &mut Page<'_>, area: Rect) -> u16 {
    let cells = inner_width(area, 72);
    match what {
        Popup::Working(words) => {
            let lines = [
                widgets::signed(Sign::Paused, *words),
                Line::styled("A keyring may be asking you something.", theme::DIM),
            ];
            popup(buf, area, "Profiles", inner_width(area, 40), &lines);
        }
        Popup::Rename { name, field } => {
            let mut lines = vec![Line::raw(format!("Another name for profile {name}:")), Line::default()];
            lines.push(input(field, cells));
            lines.push(Line::default());
            let words = "Letters, digits, - _ and . Its secrets, its store and what you confirmed stay with it.";
            lines.extend(widgets::wrapped(words, cells, 0, theme::DIM));
            popup(buf, area, "Rename", cells, &lines);
        }
        Popup::InstanceName { field, why } => {
            let mut lines = widgets::wrapped(INSTANCE_NAME, cells, 0, theme::PLAIN);
            lines.extend([Line::default(), input(field, cells), Line::default()]);
            if !why.is_empty() {
                lines.extend(widgets::signed_text(Sign::NeedsYou, why, cells));
            }
            popup(buf, area, "The instance's name", cells, &lines);
        }
        Popup::Remove { plan, word, wrong, scroll } => {
            return remove(plan, word.as_ref(), *wrong, *scroll, buf, area);
        }
        Popup::Trust(asked) => return trust(asked, buf, area),
    }
    0
}

fn input(field: &TextField, cells: u16) -> Line<'static> {
    let mut input = vec![Span::styled("▸ ", theme::ACCENT)];
    input.extend(widgets::field(field, "", true, usize::from(cells).saturating_sub(2)));
    Line::from(input)
}

/// What to type, and the field that takes it.
fn typed(word: &'static str, field: &TextField, wrong: Option<&'static str>, cells: u16) -> Vec<Line<'static>> {
    vec![
        Line::from(vec![Span::raw("Type "), Span::styled(word, theme::STRONG), Span::raw(", then press Enter:")]),
        input(field, cells),
        wrong.map_or_else(Line::default, |wrong| widgets::signed(Sign::NeedsYou, wrong)),
    ]
}

/// What goes and what stays, each whole, with what is typed or pressed below it.
fn remove(
    plan: &RemovalPlan,
    word: Option<&TextField>,
    wrong: bool,
    scroll: u16,
    buf: &mut Page<'_>,
    area: Rect,
) -> u16 {
    let cells = inner_width(area, 72);
    let say = |sign, text: &str| widgets::signed_text(sign, text, cells);
    let purges = word.is_some();
    let mut lines = Vec::new();
    lines.push(Line::raw("This goes:"));
    lines.extend(say(Sign::Failed, &format!("the profile's file {}", plan.file)));
    for secret in &plan.secrets {
        lines.extend(say(Sign::Failed, &format!("the {secret}")));
    }
    match &plan.store {
        StoreFate::Own(path) if purges => {
            let text = format!(
                "the store {path}: all runs of the tenant, and what its targets are believed to hold, so that the next \
                 upload will be a first one"
            );
            lines.extend(say(Sign::Failed, &text));
        }
        _ => {}
    }
    let mut stays: Vec<String> =
        plan.shared.iter().map(|secret| format!("the {secret}, which another profile may need")).collect();
    match &plan.store {
        StoreFate::Own(path) if !purges => stays.push(format!("the store {path}")),
        StoreFate::Shared(other) => stays.push(format!("the store: profile {other} may use the same tenant")),
        _ => {}
    }
    if !stays.is_empty() {
        lines.push(Line::raw("This stays:"));
        for text in stays {
            lines.extend(say(Sign::Done, &text));
        }
    }
    let (all, gap) = answers(plan, cells);
    let below = match word {
        Some(field) => typed(PURGE, field, wrong.then_some("Not the word; nothing removed."), cells),
        None => vec![keys(&all, gap)],
    };
    let title = format!("Remove profile {}?", plan.name);
    let (most, inner) = reading(&title, lines, &below, cells, scroll, buf, area);
    if word.is_none() {
        key_spots(buf, inner, usize::from(inner.height).saturating_sub(1), &all, gap);
    }
    most
}

/// The keys that answer, and how far apart; on a small terminal the line of keys below has their words in full.
fn answers(plan: &RemovalPlan, cells: u16) -> (Vec<(&'static str, &'static str, Action)>, usize) {
    let (store, gap) = if cells < 60 { (" and store …", 3) } else { (" with its store …", 6) };
    let store = matches!(plan.store, StoreFate::Own(_)).then_some(("s", store, Action::PurgeProfile));
    let yes = [("y", " remove", Action::Yes)];
    (yes.into_iter().chain(store).chain([("n", " no", Action::No)]).collect(), gap)
}

/// A text that can be scrolled, over lines that are always seen. Gives back the furthest that it can be, and where it is.
fn reading(
    title: &str,
    lines: Vec<Line<'_>>,
    below: &[Line<'_>],
    cells: u16,
    scroll: u16,
    buf: &mut Page<'_>,
    area: Rect,
) -> (u16, Rect) {
    let room = usize::from(area.height.saturating_sub(4)).saturating_sub(below.len() + 1).max(1);
    let most = lines.len().saturating_sub(room);
    let from = usize::from(scroll).min(most);
    let more = lines.len().saturating_sub(from + room);
    let mut shown: Vec<Line<'_>> = lines.into_iter().skip(from).take(room).collect();
    shown.push(match (from, more) {
        (0, 0) => Line::default(),
        (above, 0) => Line::styled(format!("↑ {above} more"), theme::ACCENT),
        (_, below) => Line::styled(format!("↓ {below} more"), theme::ACCENT),
    });
    shown.extend(below.iter().cloned());
    let inner = popup(buf, area, title, cells, &shown);
    spots(buf, inner, []);
    (u16::try_from(most).unwrap_or(u16::MAX), inner)
}

/// Every value in full, with what it could do; the word's field stays below them.
fn trust(asked: &Asked, buf: &mut Page<'_>, area: Rect) -> u16 {
    let cells = inner_width(area, 84);
    let mut lines = Vec::new();
    let text = match asked.changed {
        true => "These values changed while you looked. This is what the profile says now; nobody has confirmed it.",
        false => {
            "This profile decides where secrets go, or what is run. Nobody has confirmed that on this machine, or it \
             changed since. Nothing of the profile has been used."
        }
    };
    lines.extend(widgets::wrapped(text, cells, 0, theme::PLAIN));
    for value in &asked.values {
        lines.push(Line::default());
        lines.push(Line::from(vec![
            widgets::sign(Sign::NeedsYou),
            " ".into(),
            Span::styled(value.member.clone(), theme::STRONG),
        ]));
        lines.extend(widgets::wrapped(&value.value, cells, 2, theme::ACCENT));
        lines.extend(widgets::wrapped(&format!("It {}.", value.meaning), cells, 2, theme::PLAIN));
    }
    lines.push(Line::default());
    lines.extend(widgets::wrapped(
        "If you do not know who wrote this, leave it unused. A change of a value asks again.",
        cells,
        0,
        theme::DIM,
    ));
    let below = typed(TRUST, &asked.field, asked.wrong.then_some("Not the word; nothing confirmed."), cells);
    reading(&format!("Profile {} needs your word", asked.name), lines, &below, cells, asked.scroll, buf, area).0
}
