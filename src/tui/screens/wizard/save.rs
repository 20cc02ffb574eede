//! What is to be saved, and where it went.

use ratatui::text::{Line, Span};

use super::{
    super::super::{
        text::{fit, pad, wrap},
        theme, widgets,
    },
    field,
};
use crate::{
    app::{
        Model, Sign,
        form::Proof,
        views::{Kept, Mode},
        wizard::{JupiterOneSide, Save},
    },
    domain::target::Destination,
};

pub fn page(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    let fields = &wizard.fields;
    let mut out: Vec<Line<'static>> = Vec::new();
    for id in fields.on(wizard.step) {
        out.extend(field::lines(model, id, true, cells));
        out.push(Line::default());
    }
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
    fact("Cloud", fields.hosts.title());
    fact("Proven by", &proof(model));
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

/// How the app proves who it is, and until when, as far as that is known.
fn proof(model: &Model) -> String {
    let fields = &model.wizard.fields;
    let until = match (fields.proof, model.wizard.keys.view(fields.proof)) {
        (Proof::Secret, _) => fields.ends_on().map(|day| day.to_string()),
        (_, Some(view)) => Some(view.not_after.to_zoned(model.zone.clone()).date().to_string()),
        (_, None) => None,
    };
    let what = match (fields.proof, fields.stored && fields.secret.chars() == 0) {
        (Proof::Secret, true) => "what is stored",
        (Proof::Secret, false) => "a secret",
        (Proof::Made, _) => "a certificate made here",
        (Proof::File, _) => "a certificate of a file",
    };
    until.map_or_else(|| what.to_owned(), |day| format!("{what}, until {day}"))
}
