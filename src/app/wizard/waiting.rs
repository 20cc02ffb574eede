//! Waiting until somebody has consented.

use super::{Checks, checks};
use crate::{
    app::{
        Fx, Model,
        msg::{JobId, Kind, Work},
        steps::WizardStep,
    },
    domain::{problem::Problem, progress::ConsentTry},
};

#[derive(Debug, Clone, Default, PartialEq)]
pub enum Waiting {
    #[default]
    No,
    Running {
        job: JobId,
        /// The last look; `None` before the first.
        told: Option<ConsentTry>,
    },
    /// Given up, after half an hour or at something that waiting does not mend.
    Over(Box<Problem>),
}

/// Goes to the page, and begins to wait.
pub(super) fn start(model: &mut Model, fx: &mut Fx) {
    let Ok(form) = model.wizard.fields.form(false, model.wizard.has_key()) else { return };
    model.cancel(Kind::Consent, fx);
    let job = model.start(Work::Consent(form), fx);
    model.wizard.go(WizardStep::Waiting);
    model.wizard.waiting = Waiting::Running { job, told: None };
}

/// Waits no longer. What the checks found stays to be read.
pub(super) fn stop(model: &mut Model, fx: &mut Fx) {
    forget(model, fx);
    model.wizard.go(WizardStep::Check);
}

pub(super) fn forget(model: &mut Model, fx: &mut Fx) {
    model.cancel(Kind::Consent, fx);
    model.wizard.waiting = Waiting::No;
}

pub(in crate::app) fn told(model: &mut Model, from: JobId, tried: ConsentTry) {
    if let Waiting::Running { job, told } = &mut model.wizard.waiting
        && *job == from
    {
        *told = Some(tried);
    }
}

/// The demo's administrator has consented: there is no need to wait for the next look.
pub(in crate::app) fn given(model: &mut Model, fx: &mut Fx) {
    model.say("The demo's administrator has consented.");
    if model.wizard.step == WizardStep::Waiting {
        forget(model, fx);
        checks::start(model, checks::Where::Page, fx);
    }
}

/// Consent has come: everything is checked once more, and goes on by itself from there.
pub(in crate::app) fn consented(model: &mut Model, from: JobId, fx: &mut Fx) {
    if !matches!(model.wizard.waiting, Waiting::Running { job, .. } if job == from) {
        return;
    }
    model.wizard.waiting = Waiting::No;
    model.wizard.checks = Checks::default();
    model.say("Consent has been given.");
    if model.wizard.step == WizardStep::Waiting {
        checks::start(model, checks::Where::Page, fx);
    }
}

pub(in crate::app) fn over(model: &mut Model, from: JobId, problem: Box<Problem>) {
    if matches!(model.wizard.waiting, Waiting::Running { job, .. } if job == from) {
        model.wizard.waiting = Waiting::Over(problem);
    }
}
