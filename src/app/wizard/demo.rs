//! What one key fills in, in a demo: right values, and mistakes that people make.

use crate::app::{Model, steps::WizardStep, views::Fill};

pub(super) enum Which {
    Right,
    NextMistake,
}

/// The mistakes that can be made in what the page asks for, by their places in the list of all.
pub(super) fn mistakes(model: &Model) -> impl Iterator<Item = usize> {
    let step = model.wizard.step;
    let right = model.fills.as_ref().map(|fills| &fills.right);
    let wrong = model.fills.iter().flat_map(|fills| &fills.wrong).enumerate();
    wrong.filter_map(move |(n, wrong)| {
        let right = right?;
        let ids = (&wrong.tenant, &wrong.client) != (&right.tenant, &right.client);
        let secret = wrong.secret != right.secret;
        let is_here = match step {
            WizardStep::CopyIds => ids,
            // A line holds no secret.
            WizardStep::Line => ids && !secret,
            WizardStep::Credential => secret && !ids,
            WizardStep::Everything | WizardStep::Check => true,
            _ => false,
        };
        is_here.then_some(n)
    })
}

/// The mistake that is filled in.
pub fn mistake(model: &Model) -> Option<&Fill> {
    model.fills.as_ref()?.wrong.get(model.wizard.mistake?)
}

pub(super) fn fill(model: &mut Model, which: Which) {
    let mistake = match which {
        Which::Right => None,
        Which::NextMistake => {
            let last = model.wizard.mistake;
            let next = mistakes(model).find(|n| last.is_none_or(|last| *n > last)).or(mistakes(model).next());
            if next.is_none() {
                return;
            }
            next
        }
    };
    let Some(fills) = &model.fills else { return };
    let step = model.wizard.step;
    let fill = match mistake {
        None => &fills.right,
        Some(n) => &fills.wrong[n],
    };
    let fields = &mut model.wizard.fields;
    match step {
        WizardStep::App => fields.tenant.set(&fill.tenant),
        WizardStep::Line => {
            fields.tenant.set(&fill.tenant);
            fields.client.set(&fill.client);
            fields.line.set(&format!("tenant={} client={}", fill.tenant, fill.client));
        }
        WizardStep::JupiterOne => {
            if let Some(jupiterone) = &fill.jupiterone {
                fields.fill_jupiterone(jupiterone);
            }
        }
        _ => fields.fill(fill),
    }
    let said = format!("Filled in: {}", fill.title);
    match step {
        WizardStep::JupiterOne => model.wizard.changed(),
        _ => model.wizard.changed_all(),
    }
    model.wizard.mistake = mistake;
    // Of a mistake the page says more.
    if mistake.is_none() {
        model.say(said);
    }
}
