//! The page that waits for consent: who can give it, by what, and when is looked next.

use ratatui::text::Line;

use super::{
    super::super::{Room, text, theme, widgets},
    field::shell_title,
    page,
};
use crate::{
    app::{
        Model, Sign, command,
        wizard::{Waiting, texts},
    },
    domain::progress::ConsentTry,
};

pub fn page(model: &Model, cells: u16, room: Room) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    let small = room == Room::Small;
    let mut out = Vec::new();
    match &wizard.waiting {
        Waiting::Over(problem) => out.extend(widgets::problem(problem, cells, Sign::NeedsYou)),
        Waiting::No => out.extend(widgets::wrapped("Press Enter to look.", cells, 0, theme::PLAIN)),
        Waiting::Running { told, .. } => {
            let text = "Nobody has allowed the app to read this tenant yet.";
            out.extend(widgets::signed_text(Sign::Incomplete, if small { "Consent is missing." } else { text }, cells));
            out.extend(looks(model, told.as_ref(), cells));
        }
    }
    out.push(Line::default());
    if small {
        let text = match model.fills {
            Some(_) => "A Global or Privileged Role Administrator gives it. In this demo, {demo-consent} does.",
            None => "A Global or Privileged Role Administrator gives it. {copy-message}: a message for them.",
        };
        out.extend(widgets::wrapped(&command::with_keys(model, text), cells, 0, theme::PLAIN));
        out.push(Line::default());
    } else if model.fills.is_some() {
        let demo = "This is a demo: nobody is there to sign in. {demo-consent} consents, as its administrator would.";
        out.extend(widgets::wrapped(&command::with_keys(model, demo), cells, 0, theme::ACCENT));
        out.push(Line::default());
    }
    out.push(Line::styled("Who can", theme::STRONG));
    let who = "A Privileged Role Administrator or a Global Administrator of the tenant. An Application Administrator \
               cannot: the permission is one of Microsoft Graph.";
    out.extend(widgets::wrapped(who, cells, 2, theme::PLAIN));
    out.push(Line::default());
    out.push(Line::styled("If that is you", theme::STRONG));
    out.extend(widgets::wrapped("Open this, sign in, and accept:", cells, 2, theme::PLAIN));
    if let Some(link) = texts::consent_link(wizard) {
        out.extend(page::link_lines(&link, cells));
    }
    let after = "The page that follows may show an error, as the app has none of its own; what counts is what is seen \
                 here. Or in the portal: API permissions → Grant admin consent.";
    out.extend(widgets::wrapped(after, cells, 2, theme::DIM));
    out.push(Line::default());
    out.push(Line::styled("If it is somebody else", theme::STRONG));
    let message = match texts::script(wizard) {
        Some(_) => format!(
            "m copies a message for them, with the link. y copies a script for {} that gives the consent and \
             does nothing else, w writes it to a file.",
            shell_title(wizard.fields.shell)
        ),
        None => "m copies a message for them, with the link.".to_owned(),
    };
    out.extend(widgets::wrapped(&message, cells, 2, theme::PLAIN));
    if let Some(path) = &wizard.written {
        out.extend(widgets::wrapped(&format!("Written to {path}"), cells, 2, theme::GOOD));
    }
    out
}

/// When was looked, and when will be.
fn looks(model: &Model, told: Option<&ConsentTry>, cells: u16) -> Vec<Line<'static>> {
    let Some(told) = told else { return widgets::wrapped("Looking …", cells, 2, theme::DIM) };
    let times = crate::domain::text::counted(told.tries.into(), "time");
    let next = match told.next_at {
        Some(at) if at > model.now => format!("again in {} s", (at.duration_since(model.now).as_millis() + 999) / 1000),
        _ => "looking now".to_owned(),
    };
    let until = text::time(told.until, &model.zone);
    let line = format!("Looked {times}, {next}, until {}; goes on by itself.", &until[..5]);
    let mut out = widgets::wrapped(&line, cells, 2, theme::PLAIN);
    if let Some(problem) = &told.problem {
        out.extend(widgets::signed_text(Sign::Retrying, &problem.line(), cells));
    } else if !told.roles.is_empty() {
        let has = format!("The app may so far: {}", told.roles.join(", "));
        out.extend(widgets::wrapped(&has, cells, 2, theme::DIM));
    }
    out
}
