//! The wizard: from nothing to a checked, saved profile, by one of three ways.

pub mod can;
pub mod checks;
pub mod demo;
pub mod keys;
mod onward;
mod paste;
pub mod save;
mod scroll;
pub mod texts;
pub mod waiting;

use self::onward::{after_check, go_on};
pub(super) use self::paste::{paste, secret};
pub use self::{
    checks::{Checks, ChecksPhase},
    keys::{KeyPhase, Keys},
    save::Save,
    scroll::Scroll,
    waiting::Waiting,
};

use super::{
    Focus, Fx, Model, Place,
    command::Action,
    form::{FieldId, Fields, Hosts, Into, Proof, Region},
    key::Key,
    list::Move,
    msg::{Effect, Kind, Work},
    steps::{Way, WizardStep},
};
use crate::domain::{
    portal::{self, Page},
    registration::Shell,
};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wizard {
    pub way: Way,
    pub step: WizardStep,
    /// Which field of the page has the focus.
    pub field: usize,
    pub fields: Fields,
    /// How far a long page is scrolled.
    pub scroll: Scroll,
    pub checks: Checks,
    pub keys: Keys,
    pub waiting: Waiting,
    pub save: Save,
    /// The name that was proposed for a new profile.
    pub proposed: Option<String>,
    pub jupiterone: JupiterOneSide,
    /// The person said that the instance is the right one.
    pub instance_confirmed: bool,
    /// Where the script was written to.
    pub written: Option<String>,
    /// Which of the demo's mistakes is filled in.
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

impl Wizard {
    /// The field that has the focus.
    pub fn focused(&self) -> Option<FieldId> {
        self.fields.on(self.step).get(self.field).copied()
    }

    /// Where the page's doing happens, if there is such a place.
    pub fn link(&self) -> Option<String> {
        let client = self.fields.client_id();
        let page = match self.step {
            WizardStep::OpenCenter => Page::Center,
            WizardStep::Register => Page::Register,
            WizardStep::CopyIds => Page::Overview,
            // For a certificate there is nothing to be done there before it is made.
            WizardStep::Credential if !self.has_place_for_proof() => return None,
            WizardStep::Credential => Page::Secrets,
            WizardStep::Permission | WizardStep::Consent => Page::Permissions,
            WizardStep::Waiting => return texts::consent_link(self),
            _ => return None,
        };
        let client = client.as_ref().map(|c| c.as_str());
        Some(portal::page(&self.fields.admin_center()?, page, client))
    }

    /// Whether there is something to be made or uploaded in the portal for the proof.
    fn has_place_for_proof(&self) -> bool {
        match self.fields.proof {
            Proof::Secret => true,
            Proof::Made => self.has_key(),
            Proof::File => false,
        }
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
        // Most tenants live in the first cloud there is: the form begins behind it.
        let first = if step == WizardStep::Everything { FieldId::Tenant } else { FieldId::AppName };
        self.field = self.fields.on(step).iter().position(|id| *id == first).unwrap_or(0);
        // A page is read from its top; a form is there to be filled in.
        self.scroll = match step {
            WizardStep::Everything | WizardStep::Save => Scroll::default(),
            _ => Scroll::Top(0),
        };
    }

    /// To a field of a page, which is seen.
    fn show_on(&mut self, step: WizardStep, field: usize) {
        if self.step != step {
            self.go(step);
        }
        (self.field, self.scroll) = (field, Scroll::default());
    }

    /// To the page of this field: on the way if it has one, else on the guided one.
    fn show(&mut self, id: FieldId) {
        let asks = |way: Way, fields: &Fields| way.steps().iter().copied().find(|s| fields.on(*s).contains(&id));
        let (way, step) = match (asks(self.way, &self.fields), asks(Way::Guided, &self.fields)) {
            (Some(step), _) => (self.way, step),
            (None, Some(step)) => (Way::Guided, step),
            // Which fields there are depends on choices: the choice itself is always there.
            (None, None) => (Way::Guided, WizardStep::Credential),
        };
        self.way = way;
        self.go(step);
        self.show_on(step, self.fields.on(step).iter().position(|f| *f == id).unwrap_or(0));
    }

    fn move_focus(&mut self, by: isize) {
        let count = self.fields.on(self.step).len();
        if count > 0 {
            if let Some(id) = self.focused() {
                self.fields.leave(id);
            }
            self.scroll = Scroll::default();
            self.field = (self.field as isize + by).rem_euclid(count as isize) as usize;
        }
    }

    /// Whether the engine holds the key that is to prove the app.
    pub fn has_key(&self) -> bool {
        self.keys.view(self.fields.proof).is_some()
    }

    /// A value has changed: what was found out about the old one says nothing any more. Of the two sides only the one
    /// that it belongs to has to be proven anew.
    fn changed(&mut self) {
        let is_over = matches!(self.checks.phase, ChecksPhase::Done | ChecksPhase::Failed(_));
        match self.focused() {
            _ if !is_over => {}
            // Nothing that is checked depends on it.
            Some(FieldId::Name) => {}
            Some(id) if id.is_jupiterone() && self.checks.phase == ChecksPhase::Done => {
                self.checks.phase = ChecksPhase::Idle;
                self.checks.done.retain(|check| !check.id.is_jupiterone());
            }
            _ => self.checks = Checks::default(),
        }
        self.changed_anything();
    }

    /// As [`Wizard::changed`], where values of both sides may be others now.
    fn changed_all(&mut self) {
        if !matches!(self.checks.phase, ChecksPhase::Running(_)) {
            self.checks = Checks::default();
        }
        self.changed_anything();
    }

    fn changed_anything(&mut self) {
        if matches!(self.focused(), Some(FieldId::KeyPath | FieldId::KeyPassword)) {
            self.keys.forget_file();
        }
        // Emptied again, it is as if JupiterOne had not been come to.
        if self.jupiterone == JupiterOneSide::Given && self.fields.jupiterone().is_none() {
            self.jupiterone = JupiterOneSide::Open;
        }
        if self.focused() != Some(FieldId::Name) {
            self.instance_confirmed = false;
        }
        self.written = None;
        self.mistake = None;
        // What is changed is what somebody wants to see.
        self.scroll = Scroll::default();
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
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    let wizard = &mut model.wizard;
    match action {
        Action::Continue => go_on(model, fx),
        Action::Take(way) => {
            wizard.way = way;
            go_on(model, fx);
        }
        Action::NextField => wizard.move_focus(1),
        Action::PreviousField => wizard.move_focus(-1),
        Action::Choose(by) => choose(wizard, by),
        Action::CheckNow => {
            // What is filled in there is what is to be checked; left empty, JupiterOne stays as undecided as it was.
            if wizard.fields.on(wizard.step).contains(&FieldId::Account) && wizard.fields.jupiterone().is_some() {
                wizard.jupiterone = JupiterOneSide::Given;
            }
            checks::start(model, checks::Where::Page, fx);
        }
        Action::Fix => checks::fix(wizard),
        Action::GoOnAnyway => after_check(wizard),
        Action::SwitchCloud => checks::switch_cloud(model, fx),
        Action::TakeCertificate => {
            wizard.fields.proof = Proof::Made;
            wizard.changed();
            wizard.show(FieldId::Proof);
        }
        Action::ConfirmInstance => {
            wizard.instance_confirmed = true;
            if can::is_checked(model) {
                after_check(&mut model.wizard);
            }
        }
        Action::Later => {
            wizard.jupiterone = JupiterOneSide::Later;
            wizard.go(WizardStep::Save);
        }
        Action::Cancel if wizard.step == WizardStep::Waiting => waiting::stop(model, fx),
        Action::Cancel => {
            model.cancel(Kind::Doctor, fx);
            model.wizard.checks = Checks::default();
        }
        Action::CopyLink => fx.extend(wizard.link().map(Effect::Copy)),
        Action::CopyScript => fx.extend(texts::script(wizard).map(Effect::Copy)),
        Action::CopyMessage => fx.extend(texts::message(wizard).map(Effect::Copy)),
        Action::WriteScript => {
            if let Some(text) = texts::script(wizard) {
                let name = texts::file_name(wizard);
                model.start(Work::Write { name, text }, fx);
            }
        }
        Action::OtherShell => {
            wizard.fields.shell = match wizard.fields.shell {
                Shell::AzureCli => Shell::PowerShell,
                Shell::PowerShell => Shell::AzureCli,
            };
            (wizard.written, wizard.scroll) = (None, Scroll::default());
        }
        Action::DemoConsent => {
            model.start(Work::DemoConsent, fx);
        }
        Action::FillRight => demo::fill(model, demo::Which::Right),
        Action::FillWrong => demo::fill(model, demo::Which::NextMistake),
        Action::Move(to) if wizard.step == WizardStep::Welcome && !matches!(to, Move::PageUp | Move::PageDown) => {
            wizard.way = moved(wizard.way, to)
        }
        // Some lines less than there is room for, so that no sentence is torn.
        Action::Move(to) => wizard.scroll = wizard.scroll.moved(to, model.size.1.saturating_sub(8).max(1)),
        Action::Back => back(model, fx),
        _ => {}
    }
}

fn moved(way: Way, to: Move) -> Way {
    let at = to.scroll(way as u16, 1).min(2);
    Way::ALL[usize::from(at)]
}

fn choose(wizard: &mut Wizard, by: i8) {
    fn turn<T: Copy + PartialEq>(all: &[T], now: T, by: i8) -> T {
        let at = all.iter().position(|t| *t == now).unwrap_or(0) as isize;
        all[(at + isize::from(by)).rem_euclid(all.len() as isize) as usize]
    }
    let fields = &mut wizard.fields;
    match fields.on(wizard.step).get(wizard.field) {
        Some(FieldId::Cloud) => fields.hosts = turn(&Hosts::ALL, fields.hosts, by),
        Some(FieldId::Proof) => fields.proof = turn(&Proof::ALL, fields.proof, by),
        Some(FieldId::Shell) => fields.shell = turn(&Shell::ALL, fields.shell, by),
        Some(FieldId::Into) => fields.into = turn(&Into::ALL, fields.into, by),
        Some(FieldId::Region) => fields.region = turn(&Region::ALL, fields.region, by),
        _ => return,
    }
    wizard.changed();
}

fn back(model: &mut Model, fx: &mut Fx) {
    if model.wizard.step == WizardStep::Waiting {
        return waiting::stop(model, fx);
    }
    match model.wizard.way.before(model.wizard.step) {
        // Who came to change a profile came from the overview.
        Some(WizardStep::Welcome) if model.wizard.fields.profile.is_some() => super::dashboard::enter(model, fx),
        Some(step) => model.wizard.go(step),
        None => super::dashboard::enter(model, fx),
    }
}

/// Opens the wizard: at the welcome, or with a profile at its values. Who is there already stays: perhaps at the
/// welcome of a new profile.
pub(super) fn enter(model: &mut Model) {
    if model.place == Place::Wizard {
        return;
    }
    model.place = Place::Wizard;
    if let Some(profile) = &model.overview.profile
        && model.wizard.step == WizardStep::Welcome
    {
        let wizard = &mut model.wizard;
        wizard.fields = Fields::of(profile);
        // A target that is there stays, also if nobody comes by its page.
        if profile.target.is_some() {
            wizard.jupiterone = JupiterOneSide::Given;
        }
        wizard.way = Way::Everything;
        wizard.go(WizardStep::Everything);
    }
}

/// Opens the wizard where JupiterOne is connected.
pub(super) fn enter_jupiterone(model: &mut Model) {
    enter(model);
    model.wizard.way = Way::Guided;
    model.wizard.go(WizardStep::Instance);
}
