//! Saving the profile.

use super::{Checks, JupiterOneSide};
use crate::{
    app::{
        Fx, Model,
        field::TextField,
        ingest::{Ingest, IngestPhase},
        msg::{JobId, Work},
        steps::WizardStep,
        views::{Kept, Mode, Saved},
    },
    domain::{
        check::{CheckId, CheckStatus},
        ids::is_profile_name,
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

/// Proposes a name where a new profile is about to be saved; one that somebody typed stays. A demo keeps no profile.
pub(in crate::app) fn name(model: &mut Model) {
    let wizard = &mut model.wizard;
    let typed = wizard.fields.name.as_ref().map(TextField::text);
    match (wizard.step, typed) {
        (WizardStep::Save, None) if model.mode == Mode::Real && wizard.fields.profile.is_none() => {
            let name = proposed(model);
            model.wizard.fields.name = Some(TextField::of(&name));
            model.wizard.proposed = Some(name);
        }
        // It is proposed anew once somebody comes back, perhaps with another tenant.
        (step, Some(typed)) if step != WizardStep::Save && wizard.proposed.as_deref() == Some(typed) => {
            (wizard.fields.name, wizard.proposed) = (None, None);
        }
        _ => {}
    }
}

/// The first label of the tenant's domain, else `default`; with a number behind it where that is taken.
fn proposed(model: &Model) -> String {
    let wizard = &model.wizard;
    let found = wizard.checks.of(CheckId::Organization).and_then(|check| check.found.as_deref());
    let domains = [Some(wizard.fields.tenant.text().trim()), found.and_then(|f| f.split_once(" · ")).map(|(_, d)| d)];
    let label = |domain: &str| domain.split_once('.').map(|(label, _)| label.to_ascii_lowercase());
    let mut labels = domains.into_iter().flatten().filter_map(label);
    let name = labels.find(|label| is_profile_name(label)).unwrap_or_else(|| "default".to_owned());
    let taken = |name: &String| model.profiles.rows.iter().flatten().any(|row| row.name == *name);
    let numbered = (2_u32..).map(|n| format!("{name}-{n}"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
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
    model.wizard.keys.settled = true;
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
