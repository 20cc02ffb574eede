//! What the table of commands asks about the wizard.

use super::{ChecksPhase, KeyPhase, Save, Waiting, texts};
use crate::{
    app::{
        Model,
        form::{FieldId, Proof},
        steps::WizardStep,
    },
    domain::check::{Check, CheckId, CheckStatus, Offer},
};

pub fn is_checking(m: &Model) -> bool {
    matches!(m.wizard.checks.phase, ChecksPhase::Running(_))
}

pub fn failed_check(m: &Model) -> Option<&Check> {
    if is_checking(m) { None } else { m.wizard.checks.first_failed() }
}

/// All is well, as far as can be told, and what had to be asked was answered.
pub fn is_checked(m: &Model) -> bool {
    m.wizard.checks.phase == ChecksPhase::Done && m.wizard.checks.first_failed().is_none() && !asks_instance(m)
}

pub fn can_check(m: &Model) -> bool {
    !is_checking(m) && !is_checked(m) && !asks_instance(m)
}

/// The instance may be somebody else's, and nobody has said that it is the right one.
pub fn asks_instance(m: &Model) -> bool {
    let asks = |c: &Check| matches!(c.offer, Some(Offer::ConfirmInstance { .. }));
    let checks = &m.wizard.checks;
    !m.wizard.instance_confirmed && checks.phase == ChecksPhase::Done && checks.done.iter().any(asks)
}

pub fn can_fix(m: &Model) -> bool {
    failed_check(m).is_some_and(|c| !matches!(c.id, CheckId::Clock | CheckId::Reach))
}

/// A check that ran behind the page found what was entered before it wrong.
pub fn is_refused(m: &Model) -> bool {
    let is_page = matches!(m.wizard.step, WizardStep::Permission | WizardStep::Consent);
    is_page && can_fix(m) && failed_check(m).is_some_and(|c| c.id <= CheckId::Token)
}

/// A token was given, so the values are right, though something else is not.
pub fn may_go_on(m: &Model) -> bool {
    failed_check(m).is_some() && m.wizard.checks.of(CheckId::Token).is_some_and(|c| c.status == CheckStatus::Ok)
}

/// What the first failure offers.
pub fn offer(m: &Model) -> Option<&Offer> {
    failed_check(m)?.offer.as_ref()
}

pub fn is_waiting(m: &Model) -> bool {
    matches!(m.wizard.waiting, Waiting::Running { .. })
}

pub fn can_save(m: &Model) -> bool {
    matches!(m.wizard.save, Save::No | Save::Failed(_))
}

pub fn is_saved(m: &Model) -> bool {
    matches!(m.wizard.save, Save::Saved(_))
}

pub fn fields(m: &Model) -> usize {
    m.wizard.fields.on(m.wizard.step).len()
}

pub fn has_field_after(m: &Model) -> bool {
    m.wizard.field + 1 < fields(m)
}

/// A page whose Enter leads to the next one.
pub fn is_page(m: &Model) -> bool {
    !matches!(m.wizard.step, WizardStep::Welcome | WizardStep::Check | WizardStep::Waiting | WizardStep::Save)
        && !is_at_work(m)
}

/// The key that the page waits for is being made or read.
pub fn is_at_work(m: &Model) -> bool {
    let needs = m.wizard.step == WizardStep::Script || m.wizard.fields.on(m.wizard.step).contains(&FieldId::Proof);
    needs && matches!(m.wizard.keys.phase, KeyPhase::Working(_))
}

/// What Enter does first on a page that asks for a key which is not there yet.
pub fn next_key(m: &Model) -> Option<Proof> {
    let asks = m.wizard.step == WizardStep::Script || m.wizard.fields.on(m.wizard.step).contains(&FieldId::Proof);
    let proof = m.wizard.fields.proof;
    (asks && proof != Proof::Secret && !m.wizard.has_key() && !is_at_work(m) && !has_field_after(m)).then_some(proof)
}

pub fn takes_values(m: &Model) -> bool {
    let asks = match m.wizard.step {
        WizardStep::CopyIds
        | WizardStep::App
        | WizardStep::Line
        | WizardStep::Everything
        | WizardStep::Check
        | WizardStep::JupiterOne => true,
        WizardStep::Credential => m.wizard.fields.proof == Proof::Secret,
        _ => false,
    };
    asks && !is_checking(m)
}

pub fn takes_mistakes(m: &Model) -> bool {
    takes_values(m) && super::demo::mistakes(m).next().is_some()
}

pub fn may_check_now(m: &Model) -> bool {
    matches!(
        m.wizard.step,
        WizardStep::CopyIds
            | WizardStep::Credential
            | WizardStep::Permission
            | WizardStep::Consent
            | WizardStep::Line
            | WizardStep::Everything
            | WizardStep::JupiterOne
    ) && !is_checking(m)
}

pub fn has_script(m: &Model) -> bool {
    matches!(m.wizard.step, WizardStep::Script | WizardStep::Waiting) && texts::script(&m.wizard).is_some()
}

pub fn has_message(m: &Model) -> bool {
    matches!(m.wizard.step, WizardStep::Consent | WizardStep::Waiting) && texts::message(&m.wizard).is_some()
}

/// What was wrong with the key is what the page is about.
pub fn shows_key_problem(m: &Model) -> bool {
    let asks = m.wizard.step == WizardStep::Script || m.wizard.fields.on(m.wizard.step).contains(&FieldId::Proof);
    asks && m.wizard.keys.problem(m.wizard.fields.proof).is_some()
}

/// There is something to show to others.
pub fn has_ticket(m: &Model) -> bool {
    m.wizard.step == WizardStep::Check && !m.wizard.checks.done.is_empty()
}
