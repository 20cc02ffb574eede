//! The checks, run on a page of their own or behind the page where somebody is, and what can be done about them.

use super::{JupiterOneSide, Wizard, can, keys, waiting};
use crate::{
    app::{
        Fx, Model, command,
        form::{FieldId, Hosts, Proof},
        msg::{JobId, Kind, Work},
        steps::{Way, WizardStep},
    },
    domain::{
        check::{Check, CheckId, CheckStatus, Offer},
        problem::Problem,
    },
};

/// The checks as far as they are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checks {
    pub phase: ChecksPhase,
    pub done: Vec<Check>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum ChecksPhase {
    #[default]
    Idle,
    Running(JobId),
    Done,
    /// They could not run at all.
    Failed(Box<Problem>),
}

/// Where the person is while checks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    Page,
    Behind,
}

impl Checks {
    pub fn of(&self, id: CheckId) -> Option<&Check> {
        self.done.iter().find(|c| c.id == id)
    }

    pub fn is_ok(&self, id: CheckId) -> bool {
        self.of(id).is_some_and(|c| c.status == CheckStatus::Ok)
    }

    /// The one that runs now, while checks run.
    pub fn current(&self) -> Option<CheckId> {
        matches!(self.phase, ChecksPhase::Running(_))
            .then(|| CheckId::ALL.into_iter().find(|id| self.of(*id).is_none()))
            .flatten()
    }

    pub fn first_failed(&self) -> Option<&Check> {
        self.done.iter().find(|c| c.status == CheckStatus::Failed)
    }

    pub fn warnings(&self) -> impl Iterator<Item = &Check> {
        self.done.iter().filter(|c| c.status == CheckStatus::Warning)
    }

    pub(in crate::app) fn note(&mut self, check: Check) {
        match self.done.iter_mut().find(|c| c.id == check.id) {
            Some(old) => *old = check,
            None => self.done.push(check),
        }
    }
}

/// Runs the checks, or goes to the value that cannot even be sent. With the JupiterOne side once that is filled in.
pub(super) fn start(model: &mut Model, at: Where, fx: &mut Fx) {
    let wizard = &mut model.wizard;
    if let Some(id) = wizard.focused() {
        wizard.fields.leave(id);
    }
    match wizard.fields.form(wizard.jupiterone == JupiterOneSide::Given, wizard.has_key()) {
        Ok(form) => {
            if at == Where::Page {
                wizard.go(WizardStep::Check);
            }
            wizard.instance_confirmed = false;
            // Those that still run ask about the same, but for consent perhaps, which may have come since.
            model.cancel(Kind::Doctor, fx);
            let job = model.start(Work::Doctor(form), fx);
            model.wizard.checks = Checks { phase: ChecksPhase::Running(job), done: Vec::new() };
        }
        Err(_) if at == Where::Behind => {}
        Err(_) => {
            let lacks_key = show_wrong(wizard) == Wrong::NoKey;
            let words = match model.wizard.fields.proof {
                Proof::File if lacks_key => "The file is read first; then check again. Nothing was sent.",
                Proof::Made if lacks_key => {
                    "There is no key yet: {continue} makes it, on the last field. Nothing was sent."
                }
                _ => "This value is missing or has the wrong form: mend it first. Nothing was sent.",
            };
            model.say(command::with_keys(model, words));
            if lacks_key && model.wizard.fields.proof == Proof::File {
                keys::start(model, fx);
            }
        }
    }
}

/// What keeps a form from being one.
#[derive(PartialEq, Eq)]
enum Wrong {
    Value,
    /// All fields are right: it is the key that is not there.
    NoKey,
}

/// To the first value of the way that is wrong.
fn show_wrong(wizard: &mut Wizard) -> Wrong {
    let is_bad = |step: &&WizardStep| !wizard.fields.is_right(**step);
    let bad = wizard.way.steps().iter().find(is_bad).copied().filter(|s| *s != WizardStep::JupiterOne);
    match bad {
        Some(step) => {
            wizard.go(step);
            wizard.fields.judge(step);
            wizard.show_on(step, wizard.fields.first_wrong(step).unwrap_or(0));
            Wrong::Value
        }
        None => {
            wizard.show(if wizard.fields.proof == Proof::File { FieldId::KeyPath } else { FieldId::Proof });
            Wrong::NoKey
        }
    }
}

/// What mends the first failure: a value, or a page.
enum Mend {
    Value(FieldId),
    Page(WizardStep),
}

/// `None` where the network or the clock is to blame, or every value's shape.
fn mend_of(check: &Check) -> Option<Mend> {
    let problem = check.problem.as_ref();
    let code = problem.and_then(|p| p.code.as_deref()).unwrap_or_default();
    // A service in trouble, or somebody in its place, says nothing about any value.
    if code == "not_json" || problem.and_then(|p| p.status).is_some_and(|status| status == 429 || status >= 500) {
        return None;
    }
    Some(match (check.id, code) {
        (CheckId::Shapes | CheckId::Clock | CheckId::Reach, _) => return None,
        (_, "AADSTS700016" | "AADSTS700011" | "AADSTS70001") => Mend::Value(FieldId::Client),
        (_, "AADSTS7000215" | "AADSTS7000222" | "AADSTS7000218" | "AADSTS700027") => Mend::Value(FieldId::Proof),
        (_, "AADSTS7000229") => Mend::Page(WizardStep::Consent),
        (CheckId::Expiry, _) => Mend::Value(FieldId::Proof),
        (CheckId::Token, _) => Mend::Value(FieldId::Tenant),
        (CheckId::Roles | CheckId::Organization | CheckId::Users | CheckId::Groups | CheckId::Members, _) => {
            Mend::Page(WizardStep::Permission)
        }
        (CheckId::JupiterOneKey, _) => Mend::Value(FieldId::Key),
        (CheckId::JupiterOneInstance | CheckId::JupiterOnePeople, _) => Mend::Value(FieldId::Instance),
    })
}

/// The page of this way on which the first failure is mended.
pub fn blamed(wizard: &Wizard) -> Option<WizardStep> {
    let asks = |id| wizard.way.steps().iter().copied().find(|s| wizard.fields.on(*s).contains(&id));
    match mend_of(wizard.checks.first_failed()?)? {
        Mend::Value(FieldId::Tenant | FieldId::Client) if wizard.way == Way::Script => Some(WizardStep::Line),
        Mend::Value(id) => asks(id),
        Mend::Page(step) => Some(step),
    }
}

/// To where the first failure is mended.
pub(super) fn fix(wizard: &mut Wizard) {
    // With no failure it is the instance that is not the right one.
    let Some(check) = wizard.checks.first_failed() else { return wizard.show(FieldId::Instance) };
    let Some(mend) = mend_of(check) else {
        show_wrong(wizard);
        return;
    };
    match mend {
        // The script's line is where its IDs come from.
        Mend::Value(FieldId::Tenant | FieldId::Client) if wizard.way == Way::Script => wizard.go(WizardStep::Line),
        Mend::Value(FieldId::Proof) if wizard.fields.on(WizardStep::Credential).contains(&FieldId::Secret) => {
            wizard.show(FieldId::Secret);
        }
        Mend::Value(id) => wizard.show(id),
        Mend::Page(step) => {
            wizard.way = Way::Guided;
            wizard.go(step);
        }
    }
}

/// To the cloud that the tenant lives in, and once more.
pub(super) fn switch_cloud(model: &mut Model, fx: &mut Fx) {
    if let Some(Offer::OtherCloud(cloud)) = can::offer(model) {
        model.wizard.fields.hosts = Hosts::Of(*cloud);
        model.wizard.changed();
        start(model, Where::Page, fx);
    }
}

pub(in crate::app) fn checked(model: &mut Model, job: JobId, all: Vec<Check>, fx: &mut Fx) {
    if model.wizard.checks.phase != ChecksPhase::Running(job) {
        return;
    }
    all.into_iter().for_each(|check| model.wizard.checks.note(check));
    model.wizard.checks.phase = ChecksPhase::Done;
    if model.wizard.step != WizardStep::Check {
        return;
    }
    if can::offer(model) == Some(&Offer::AwaitConsent) {
        waiting::start(model, fx);
    } else if can::is_checked(model)
        && model.wizard.jupiterone == JupiterOneSide::Given
        && model.wizard.checks.warnings().next().is_none()
    {
        // Once JupiterOne was filled in and all is well, nothing is left but to save.
        model.wizard.go(WizardStep::Save);
    }
}

pub(in crate::app) fn failed(model: &mut Model, job: JobId, problem: Box<Problem>) {
    if model.wizard.checks.phase == ChecksPhase::Running(job) {
        model.wizard.checks.phase = ChecksPhase::Failed(problem);
    }
}
