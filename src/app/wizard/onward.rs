//! What Enter does on each page, and where a page that is done leads.

use super::{JupiterOneSide, Wizard, can, checks, keys, save, waiting};
use crate::app::{
    Fx, Model,
    form::{FieldId, Proof},
    ingest,
    steps::{Way, WizardStep},
};

/// What Enter does.
pub(super) fn go_on(model: &mut Model, fx: &mut Fx) {
    let step = model.wizard.step;
    match step {
        WizardStep::Welcome => {
            let wizard = &mut model.wizard;
            // A script installs a key; the other ways ask.
            if wizard.way == Way::Script {
                wizard.fields.proof = Proof::Made;
            }
            wizard.go(wizard.way.after(step).unwrap_or(step));
        }
        WizardStep::Check if can::is_checked(model) => after_check(&mut model.wizard),
        WizardStep::Check => checks::start(model, checks::Where::Page, fx),
        WizardStep::Waiting => {
            waiting::forget(model, fx);
            checks::start(model, checks::Where::Page, fx);
        }
        WizardStep::Save if can::is_saved(model) => ingest::enter(model, fx),
        WizardStep::Save => {
            model.wizard.fields.judge(step);
            if model.wizard.fields.is_right(step) {
                save::start(model, fx);
            }
        }
        WizardStep::Script if !model.wizard.has_key() => keys::make(model, fx),
        _ if can::has_field_after(model) => {
            let wizard = &mut model.wizard;
            match wizard.focused() {
                Some(id) if wizard.fields.wrong_on(step, id).is_some() => {
                    wizard.fields.judge(step);
                    wizard.show_on(step, wizard.field);
                }
                _ => wizard.move_focus(1),
            }
        }
        _ => page_done(model, fx),
    }
}

/// The page is filled in, or the first field is shown that is not.
pub(super) fn page_done(model: &mut Model, fx: &mut Fx) {
    let wizard = &mut model.wizard;
    let step = wizard.step;
    wizard.fields.judge(step);
    if let Some(place) = wizard.fields.first_wrong(step) {
        return wizard.show_on(step, place);
    }
    let asks_proof = wizard.fields.on(step).contains(&FieldId::Proof);
    if asks_proof && wizard.fields.proof != Proof::Secret && !wizard.has_key() {
        return keys::start(model, fx);
    }
    match step {
        WizardStep::JupiterOne => {
            wizard.jupiterone = JupiterOneSide::Given;
            checks::start(model, checks::Where::Page, fx);
        }
        WizardStep::Everything => {
            let given = wizard.fields.jupiterone().is_some();
            wizard.jupiterone = if given { JupiterOneSide::Given } else { JupiterOneSide::Later };
            checks::start(model, checks::Where::Page, fx);
        }
        _ => {
            wizard.go(wizard.way.after(step).unwrap_or(step));
            match model.wizard.step {
                WizardStep::Script if !model.wizard.has_key() => keys::make(model, fx),
                WizardStep::Check if !can::is_checked(model) => checks::start(model, checks::Where::Page, fx),
                // While the person clicks on, the values are tried: what can be ticked is ticked.
                WizardStep::Permission => checks::start(model, checks::Where::Behind, fx),
                _ => {}
            }
        }
    }
}

/// Where a passed check leads.
pub(super) fn after_check(wizard: &mut Wizard) {
    let next = match wizard.jupiterone {
        JupiterOneSide::Given | JupiterOneSide::Later => WizardStep::Save,
        JupiterOneSide::Open => wizard.way.after(WizardStep::Check).unwrap_or(WizardStep::Save),
    };
    wizard.go(next);
}
