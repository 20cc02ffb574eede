//! What is pasted: a value for the field in focus, or a line that fills several.

use crate::{
    app::{Model, field::SecretEdit, steps::WizardStep},
    domain::registration::{Pasted, read_pasted},
};

/// A paste: a line that names tenant and client fills both wherever it is pasted, anything else goes into the field.
pub(in crate::app) fn paste(model: &mut Model, text: &str) {
    if taken(model, text) {
        return;
    }
    let wizard = &mut model.wizard;
    match wizard.focused().and_then(|id| wizard.fields.text_mut(id)) {
        Some(field) => {
            field.paste(text);
            wizard.changed();
        }
        None => model.say("There is no field here to paste into."),
    }
}

/// An edit of the secret in focus. Also into a secret's field people paste the line.
pub(in crate::app) fn secret(model: &mut Model, edit: &SecretEdit) {
    if let SecretEdit::Insert(text) = edit
        && taken(model, text.expose())
    {
        return;
    }
    let wizard = &mut model.wizard;
    if let Some(field) = wizard.focused().and_then(|id| wizard.fields.secret_mut(id)) {
        field.edit(edit);
        wizard.changed();
    }
}

/// Takes a pasted line's values, or says why it does not. `false` for any other text.
fn taken(model: &mut Model, text: &str) -> bool {
    if text.chars().nth(1).is_none() || model.wizard.step == WizardStep::Welcome {
        return false;
    }
    match read_pasted(text) {
        None => false,
        Some(Ok(pasted)) => {
            let wizard = &mut model.wizard;
            wizard.fields.take(&pasted);
            if wizard.step == WizardStep::Line {
                wizard.fields.line.set(&text.split_whitespace().collect::<Vec<_>>().join(" "));
            }
            wizard.changed_all();
            model.say(format!("Taken from the line: {}.", names(&pasted).join(", ")));
            true
        }
        Some(Err(problem)) => {
            let hint = problem.hint.map(|h| format!(": {h}")).unwrap_or_default();
            model.say(format!("{}{hint}", problem.summary));
            true
        }
    }
}

fn names(pasted: &Pasted) -> Vec<&'static str> {
    let named = [
        (pasted.tenant.is_some(), "tenant"),
        (pasted.client.is_some(), "client"),
        (pasted.cloud.is_some(), "cloud"),
        (pasted.account.is_some(), "JupiterOne account"),
        (pasted.instance.is_some(), "instance"),
    ];
    named.into_iter().filter_map(|(is, name)| is.then_some(name)).collect()
}
