//! The wizard: from nothing to a checked, saved profile.

use super::{
    Focus, Fx, Model, Place,
    browse::Browse,
    command::Action,
    field::SecretEdit,
    form::{FieldId, Fields, Into, Region},
    ingest::{Ingest, IngestPhase},
    key::Key,
    msg::{Effect, JobId, Kind, Work},
    steps::WizardStep,
    views::{Kept, Saved},
};
use crate::domain::{
    check::{Check, CheckId, CheckStatus},
    cloud::Cloud,
    problem::Problem,
};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wizard {
    pub step: WizardStep,
    /// Which field of the step has the focus.
    pub field: usize,
    pub fields: Fields,
    /// How far a long page is scrolled.
    pub scroll: u16,
    pub checks: Checks,
    pub save: Save,
    pub jupiterone: JupiterOneSide,
    /// Which of the demo's mistakes F3 filled in last.
    pub mistake: Option<usize>,
}

/// What the person decided about the JupiterOne side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JupiterOneSide {
    /// Not come to it yet.
    #[default]
    Open,
    /// Put off.
    Later,
    /// Its fields are filled in, and belong to the form.
    Given,
}

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

#[derive(Debug, Clone, Default, PartialEq)]
pub enum Save {
    #[default]
    No,
    Saving(JobId),
    Saved(Kept),
    Failed(Box<Problem>),
}

impl Checks {
    pub fn of(&self, id: CheckId) -> Option<&Check> {
        self.done.iter().find(|c| c.id == id)
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

    pub(super) fn note(&mut self, check: Check) {
        match self.done.iter_mut().find(|c| c.id == check.id) {
            Some(old) => *old = check,
            None => self.done.push(check),
        }
    }
}

impl Wizard {
    /// The field that has the focus.
    pub fn focused(&self) -> Option<FieldId> {
        self.fields.on(self.step).get(self.field).copied()
    }

    pub fn link(&self) -> Option<String> {
        let client = self.fields.client.text().trim();
        let client = self.fields.wrong(FieldId::Client).is_none().then_some(client);
        self.step.link(self.fields.cloud, client)
    }

    pub(super) fn focus(&self) -> Focus {
        match self.focused() {
            Some(id) if id.is_secret() => Focus::Secret,
            Some(id) if id.is_choice() => Focus::Choice,
            Some(_) => Focus::Text,
            None => Focus::Commands,
        }
    }

    pub(super) fn go(&mut self, step: WizardStep) {
        if let Some(id) = self.focused() {
            self.fields.leave(id);
        }
        self.step = step;
        self.field = 0;
        self.scroll = 0;
    }

    fn move_focus(&mut self, by: isize) {
        let count = self.fields.on(self.step).len();
        if count > 0 {
            if let Some(id) = self.focused() {
                self.fields.leave(id);
            }
            self.field = (self.field as isize + by).rem_euclid(count as isize) as usize;
        }
    }

    /// Values have changed: what was found out about the old ones says nothing any more.
    fn changed(&mut self) {
        if self.checks.phase == ChecksPhase::Done || matches!(self.checks.phase, ChecksPhase::Failed(_)) {
            self.checks = Checks::default();
        }
        // Emptied again, it is as if JupiterOne had not been come to.
        if self.jupiterone == JupiterOneSide::Given && self.fields.jupiterone().is_none() {
            self.jupiterone = JupiterOneSide::Open;
        }
        if !matches!(self.save, Save::Saving(_)) {
            self.save = Save::No;
        }
    }

    pub(super) fn key(&mut self, key: Key) {
        if let Some(field) = self.focused().and_then(|id| self.fields.text_mut(id)) {
            let before = field.text().len();
            field.edit(key);
            if field.text().len() != before {
                self.changed();
            }
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        if let Some(field) = self.focused().and_then(|id| self.fields.text_mut(id)) {
            field.paste(text);
            self.changed();
        }
    }

    pub(super) fn secret(&mut self, edit: &SecretEdit) {
        if let Some(field) = self.focused().and_then(|id| self.fields.secret_mut(id)) {
            field.edit(edit);
            self.changed();
        }
    }
}

// What the table of commands asks.

pub(super) fn is_checking(m: &Model) -> bool {
    matches!(m.wizard.checks.phase, ChecksPhase::Running(_))
}

pub(super) fn failed_check(m: &Model) -> Option<&Check> {
    if is_checking(m) { None } else { m.wizard.checks.first_failed() }
}

/// All is well, as far as can be told.
pub(super) fn is_checked(m: &Model) -> bool {
    m.wizard.checks.phase == ChecksPhase::Done && m.wizard.checks.first_failed().is_none()
}

pub(super) fn can_check(m: &Model) -> bool {
    !is_checking(m) && !is_checked(m)
}

/// A token was given, so the values are right, though something else is not.
pub(super) fn may_go_on(m: &Model) -> bool {
    failed_check(m).is_some() && m.wizard.checks.of(CheckId::Token).is_some_and(|c| c.status != CheckStatus::Failed)
}

pub(super) fn can_save(m: &Model) -> bool {
    matches!(m.wizard.save, Save::No | Save::Failed(_))
}

pub(super) fn is_saved(m: &Model) -> bool {
    matches!(m.wizard.save, Save::Saved(_))
}

pub(super) fn fields(m: &Model) -> usize {
    m.wizard.fields.on(m.wizard.step).len()
}

pub(super) fn has_field_after(m: &Model) -> bool {
    m.wizard.field + 1 < fields(m)
}

pub(super) fn is_step(m: &Model) -> bool {
    !matches!(m.wizard.step, WizardStep::Welcome | WizardStep::Check | WizardStep::Save)
}

pub(super) fn takes_values(m: &Model) -> bool {
    matches!(m.wizard.step, WizardStep::CopyIds | WizardStep::Secret | WizardStep::Check | WizardStep::JupiterOne)
        && !is_checking(m)
}

pub(super) fn takes_mistakes(m: &Model) -> bool {
    takes_values(m) && m.wizard.step != WizardStep::JupiterOne
}

pub(super) fn may_check_now(m: &Model) -> bool {
    matches!(
        m.wizard.step,
        WizardStep::CopyIds
            | WizardStep::Secret
            | WizardStep::Permission
            | WizardStep::Consent
            | WizardStep::JupiterOne
    ) && !is_checking(m)
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match action {
        Action::Continue => go_on(model, fx),
        Action::HaveApp => model.wizard.go(WizardStep::CopyIds),
        Action::NextField => model.wizard.move_focus(1),
        Action::PreviousField => model.wizard.move_focus(-1),
        Action::Choose(by) => choose(&mut model.wizard, by),
        Action::CheckNow => {
            let wizard = &mut model.wizard;
            // What is filled in there is what is to be checked; left empty, JupiterOne stays as undecided as it was.
            if wizard.step == WizardStep::JupiterOne && wizard.fields.jupiterone().is_some() {
                wizard.jupiterone = JupiterOneSide::Given;
            }
            check(model, fx);
        }
        Action::Fix => fix(&mut model.wizard),
        Action::GoOnAnyway => after_check(&mut model.wizard),
        Action::Later => {
            model.wizard.jupiterone = JupiterOneSide::Later;
            model.wizard.go(WizardStep::Save);
        }
        Action::Cancel => {
            model.cancel(Kind::Doctor, fx);
            model.wizard.checks = Checks::default();
        }
        Action::CopyLink => {
            if let Some(link) = model.wizard.link() {
                fx.push(Effect::Copy(link));
            }
        }
        Action::FillRight => fill(model, None),
        Action::FillWrong => {
            let count = model.fills.as_ref().map_or(0, |f| f.wrong.len());
            if count > 0 {
                let next = model.wizard.mistake.map_or(0, |n| (n + 1) % count);
                fill(model, Some(next));
            }
        }
        Action::Move(to) => {
            model.wizard.scroll = to.scroll(model.wizard.scroll, 8);
        }
        Action::Back => back(model, fx),
        _ => {}
    }
}

fn go_on(model: &mut Model, fx: &mut Fx) {
    let step = model.wizard.step;
    match step {
        WizardStep::Check if is_checked(model) => after_check(&mut model.wizard),
        WizardStep::Check => check(model, fx),
        WizardStep::Save if is_saved(model) => super::ingest::enter(model, fx),
        WizardStep::Save => save(model, fx),
        _ if has_field_after(model) => {
            let wizard = &mut model.wizard;
            match wizard.focused() {
                Some(id) if wizard.fields.wrong(id).is_some() => wizard.fields.judge(step),
                _ => wizard.move_focus(1),
            }
        }
        _ => {
            model.wizard.fields.judge(step);
            let wizard = &mut model.wizard;
            if let Some(place) = wizard.fields.on(step).iter().position(|id| wizard.fields.wrong(*id).is_some()) {
                wizard.field = place;
                return;
            }
            match step {
                WizardStep::JupiterOne => {
                    wizard.jupiterone = JupiterOneSide::Given;
                    check(model, fx);
                }
                _ => {
                    wizard.go(step.next().unwrap_or(step));
                    if wizard.step == WizardStep::Check && !is_checked(model) {
                        check(model, fx);
                    }
                }
            }
        }
    }
}

fn after_check(wizard: &mut Wizard) {
    wizard.go(match wizard.jupiterone {
        JupiterOneSide::Given => WizardStep::Save,
        JupiterOneSide::Open | JupiterOneSide::Later => WizardStep::JupiterOne,
    });
}

/// Runs the checks, or goes to the value that cannot even be sent. With the JupiterOne side once that is filled in.
fn check(model: &mut Model, fx: &mut Fx) {
    let wizard = &mut model.wizard;
    if let Some(id) = wizard.focused() {
        wizard.fields.leave(id);
    }
    match wizard.fields.form(wizard.jupiterone == JupiterOneSide::Given) {
        Ok(form) => {
            wizard.go(WizardStep::Check);
            let job = model.start(Work::Doctor(form), fx);
            model.wizard.checks = Checks { phase: ChecksPhase::Running(job), done: Vec::new() };
        }
        Err(_) => {
            let bad = [WizardStep::CopyIds, WizardStep::Secret].into_iter().find(|s| !wizard.fields.is_right(*s));
            if let Some(step) = bad {
                wizard.go(step);
                wizard.fields.judge(step);
                let on = wizard.fields.on(step);
                wizard.field = on.iter().position(|id| wizard.fields.wrong(*id).is_some()).unwrap_or(0);
                model.say("This value has the wrong form: mend it first. Nothing was sent.");
            }
        }
    }
}

fn save(model: &mut Model, fx: &mut Fx) {
    let wizard = &model.wizard;
    match wizard.fields.form(wizard.jupiterone == JupiterOneSide::Given) {
        Ok(form) => {
            let job = model.start(Work::Save(form), fx);
            model.wizard.save = Save::Saving(job);
        }
        Err(problem) => model.wizard.save = Save::Failed(Box::new(problem)),
    }
}

/// To the step whose doing mends the first failure.
fn fix(wizard: &mut Wizard) {
    let Some(check) = wizard.checks.first_failed() else { return };
    let code = check.problem.as_ref().and_then(|p| p.code.as_deref()).unwrap_or_default();
    let (step, field) = match (check.id, code) {
        (CheckId::Shapes, _) => match wizard.fields.is_right(WizardStep::CopyIds) {
            true => (WizardStep::Secret, 0),
            false => (WizardStep::CopyIds, usize::from(wizard.fields.wrong(FieldId::Tenant).is_none())),
        },
        (_, "AADSTS700016" | "AADSTS700011" | "AADSTS70001") => (WizardStep::CopyIds, 1),
        (_, "AADSTS7000215" | "AADSTS7000222" | "AADSTS7000218") => (WizardStep::Secret, 0),
        (_, "AADSTS7000229") => (WizardStep::Consent, 0),
        (CheckId::Token | CheckId::Clock | CheckId::Reach, _) => (WizardStep::CopyIds, 0),
        (CheckId::Expiry, _) => (WizardStep::Secret, 0),
        (CheckId::Roles | CheckId::Organization | CheckId::Users | CheckId::Groups | CheckId::Members, _) => {
            (WizardStep::Permission, 0)
        }
        (CheckId::JupiterOneKey | CheckId::JupiterOneInstance | CheckId::JupiterOnePeople, _) => {
            (WizardStep::JupiterOne, 0)
        }
    };
    wizard.go(step);
    wizard.field = field.min(wizard.fields.on(step).len().saturating_sub(1));
}

fn fill(model: &mut Model, mistake: Option<usize>) {
    let Some(fills) = &model.fills else { return };
    let fill = match mistake {
        None => &fills.right,
        Some(n) => &fills.wrong[n],
    };
    model.wizard.fields.fill(fill);
    let said = match (&fill.expect, mistake) {
        (_, None) => format!("Filled in: {}", fill.title),
        (Some(code), _) => format!("Filled in: {}; should fail with {code}", fill.title),
        (None, _) => format!("Filled in: {}", fill.title),
    };
    model.wizard.mistake = mistake;
    model.wizard.changed();
    model.say(said);
}

fn choose(wizard: &mut Wizard, by: i8) {
    fn turn<T: Copy + PartialEq>(all: &[T], now: T, by: i8) -> T {
        let at = all.iter().position(|t| *t == now).unwrap_or(0) as isize;
        all[(at + isize::from(by)).rem_euclid(all.len() as isize) as usize]
    }
    match wizard.focused() {
        Some(FieldId::Cloud) => wizard.fields.cloud = turn(&Cloud::ALL, wizard.fields.cloud, by),
        Some(FieldId::Into) => wizard.fields.into = turn(&Into::ALL, wizard.fields.into, by),
        Some(FieldId::Region) => wizard.fields.region = turn(&Region::ALL, wizard.fields.region, by),
        _ => return,
    }
    wizard.changed();
}

fn back(model: &mut Model, fx: &mut Fx) {
    match model.wizard.step.previous() {
        Some(step) => model.wizard.go(step),
        None => super::dashboard::enter(model, fx),
    }
}

/// Opens the wizard: at the welcome, or with a profile at its values.
pub(super) fn enter(model: &mut Model) {
    model.place = Place::Wizard;
    if let Some(profile) = &model.overview.profile
        && model.wizard.step == WizardStep::Welcome
    {
        model.wizard.fields = Fields::of(profile);
        // A target that is there stays, also if nobody comes by its step.
        if profile.target.is_some() {
            model.wizard.jupiterone = JupiterOneSide::Given;
        }
        model.wizard.go(WizardStep::CopyIds);
    }
}

/// Opens the wizard where JupiterOne is connected.
pub(super) fn enter_jupiterone(model: &mut Model) {
    enter(model);
    model.wizard.go(WizardStep::JupiterOne);
}

pub(super) fn checked(model: &mut Model, job: JobId, all: Vec<Check>) {
    if model.wizard.checks.phase != ChecksPhase::Running(job) {
        return;
    }
    all.into_iter().for_each(|check| model.wizard.checks.note(check));
    model.wizard.checks.phase = ChecksPhase::Done;
    // Once JupiterOne was filled in and all is well, nothing is left but to save.
    if is_checked(model) && model.wizard.step == WizardStep::Check && model.wizard.jupiterone == JupiterOneSide::Given {
        model.wizard.go(WizardStep::Save);
    }
}

pub(super) fn check_failed(model: &mut Model, job: JobId, problem: Box<Problem>) {
    if model.wizard.checks.phase == ChecksPhase::Running(job) {
        model.wizard.checks.phase = ChecksPhase::Failed(problem);
    }
}

pub(super) fn saved(model: &mut Model, saved: Saved, fx: &mut Fx) {
    let mut profile = saved.profile;
    // Before anything is read, the check is what knows the organization's name.
    if profile.organization.is_none() {
        profile.organization = organization(&model.wizard.checks);
    }
    model.wizard.save = Save::Saved(saved.kept);
    model.wizard.fields.stored = true;
    if model.overview.profile.as_ref().is_none_or(|old| old.tenant != profile.tenant) {
        // Another tenant has another store: nothing of the old one may be taken for its own.
        model.overview.store = None;
        model.browse = Browse::default();
        if !matches!(model.ingest.phase, IngestPhase::Running(_)) {
            model.ingest = Ingest::default();
        }
    }
    model.overview.profile = Some(profile);
    model.forget_comparison();
    model.look_again(fx);
}

/// `Contoso` of `Contoso · contoso.com`.
pub(super) fn organization(checks: &Checks) -> Option<String> {
    let check = checks.of(CheckId::Organization).filter(|c| c.status == CheckStatus::Ok)?;
    let (name, _) = check.found.as_deref()?.split_once(" · ")?;
    Some(name.to_owned())
}

pub(super) fn save_failed(model: &mut Model, problem: Box<Problem>) {
    model.wizard.save = Save::Failed(problem);
}
