//! What one key fills in, in a demo: right values, and mistakes that people make.

use crate::app::{Model, steps::WizardStep, views::Fill};

pub(super) enum Which {
    Right,
    NextMistake,
}

pub(super) fn fill(model: &mut Model, which: Which) {
    let Some(fills) = &model.fills else { return };
    let step = model.wizard.step;
    // A line holds no secret: only wrong IDs can be wrong in it.
    let is_seen = |fill: &(usize, &Fill)| {
        step != WizardStep::Line || (&fill.1.tenant, &fill.1.client) != (&fills.right.tenant, &fills.right.client)
    };
    let mistake = match which {
        Which::Right => None,
        Which::NextMistake => {
            let after = model.wizard.mistake.map_or(0, |n| n + 1);
            let all: Vec<_> = fills.wrong.iter().enumerate().filter(|f| is_seen(f)).collect();
            let Some((n, _)) = all.iter().find(|(n, _)| *n >= after).or(all.first()) else { return };
            Some(*n)
        }
    };
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
    let said = match (&fill.expect, mistake) {
        (Some(code), Some(_)) => format!("Filled in: {}; should fail with {code}", fill.title),
        _ => format!("Filled in: {}", fill.title),
    };
    model.wizard.mistake = mistake;
    match step {
        WizardStep::JupiterOne => model.wizard.changed(),
        _ => model.wizard.changed_all(),
    }
    model.say(said);
}
