//! Saving the profile.

use super::{Checks, JupiterOneSide};
use crate::{
    app::{
        Fx, Model,
        ingest::{Ingest, IngestPhase},
        msg::{JobId, Work},
        views::{Kept, Saved},
    },
    domain::{
        check::{CheckId, CheckStatus},
        problem::Problem,
    },
};

#[derive(Debug, Clone, Default, PartialEq)]
pub enum Save {
    #[default]
    No,
    Saving(JobId),
    Saved(Kept),
    Failed(Box<Problem>),
}

pub(super) fn start(model: &mut Model, fx: &mut Fx) {
    let wizard = &model.wizard;
    match wizard.fields.form(wizard.jupiterone == JupiterOneSide::Given, wizard.has_key()) {
        Ok(form) => {
            let job = model.start(Work::Save(form), fx);
            model.wizard.save = Save::Saving(job);
        }
        Err(problem) => model.wizard.save = Save::Failed(Box::new(problem)),
    }
}

pub(in crate::app) fn saved(model: &mut Model, saved: Saved, fx: &mut Fx) {
    let mut profile = saved.profile;
    // Before anything is read, the check is what knows the organization's name.
    if profile.organization.is_none() {
        profile.organization = organization(&model.wizard.checks);
    }
    model.wizard.save = Save::Saved(saved.kept);
    model.wizard.fields.stored = true;
    model.wizard.fields.profile = Some(profile.name.clone());
    if model.overview.profile.as_ref().is_none_or(|old| old.tenant != profile.tenant) {
        // Another tenant has another store: nothing of the old one may be taken for its own.
        model.overview.store = None;
        model.browse.forget();
        if !matches!(model.ingest.phase, IngestPhase::Running(_)) {
            model.ingest = Ingest::default();
        }
    }
    model.overview.profile = Some(profile);
    model.forget_comparison();
    model.look_again(fx);
}

/// `Contoso` of `Contoso · contoso.com`.
pub(in crate::app) fn organization(checks: &Checks) -> Option<String> {
    let check = checks.of(CheckId::Organization).filter(|c| c.status == CheckStatus::Ok)?;
    let (name, _) = check.found.as_deref()?.split_once(" · ")?;
    Some(name.to_owned())
}

pub(in crate::app) fn failed(model: &mut Model, problem: Box<Problem>) {
    model.wizard.save = Save::Failed(problem);
}
