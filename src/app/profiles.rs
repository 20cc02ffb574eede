//! The profiles: which there are, which one everything is about, and what changes them.
//!
//! While something is asked of them that is more than a look, a popup holds the keys, so that nothing begins with a
//! profile that is on its way out. What a profile may not decide by itself is asked here, before any of it is used.

use super::{
    Focus, Fx, Model, Overview, Place,
    command::Action,
    dashboard,
    field::TextField,
    form::Proof,
    ingest::Ingest,
    key::Key,
    list::Move,
    msg::{Kind, Work},
    overlay::{AskPhase, Overlay, Question},
    steps::{Way, WizardStep},
    upload::Upload,
    views::{
        CredentialView, Mode, ProfileAnswer, ProfileNews, ProfileRow, ProfileView, ProfileWork, RemovalPlan, StoreFate,
        TrustValue,
    },
    wizard::{self, Wizard, keys::is_unsaved},
};
use crate::domain::{
    credential::{CredentialKind, Expiry},
    naming::Naming,
    problem::Problem,
};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profiles {
    /// `None`: nobody has looked yet.
    pub rows: Option<Vec<ProfileRow>>,
    /// The selected one, by its name: the list may change.
    pub chosen: Option<String>,
    /// Why the last thing that was asked was not done.
    pub problem: Option<Box<Problem>>,
    /// What the last thing that was done left to be told.
    pub notes: Vec<String>,
    /// To be changed once it is at work.
    edit: Option<String>,
}

/// What lies over the list.
#[derive(Debug, Clone, PartialEq)]
pub enum Popup {
    /// Something is being changed.
    Working(&'static str),
    Rename {
        name: String,
        field: TextField,
    },
    Remove {
        plan: RemovalPlan,
        /// The store goes too, once this word is typed.
        word: Option<TextField>,
        wrong: bool,
        scroll: u16,
    },
    Trust(Box<Asked>),
    /// What the naming needs and nobody told: the name of the instance.
    InstanceName {
        field: TextField,
        /// Why JupiterOne did not tell it.
        why: String,
    },
}

/// Values that a person is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub name: String,
    pub values: Vec<TrustValue>,
    /// Others were shown a moment ago.
    pub changed: bool,
    pub field: TextField,
    pub wrong: bool,
    pub scroll: u16,
    /// All of it was on the screen.
    pub seen: bool,
}

/// Why the instance's name is asked for.
pub const INSTANCE_NAME: &str = "These names put the name of the instance into the account, and nobody told it. JupiterOne shows it where the instance is \
     configured.";
/// Confirms values.
pub const TRUST: &str = "trust";
/// Deletes a store.
pub const PURGE: &str = "purge";

impl Popup {
    pub(super) const fn focus(&self) -> Focus {
        match self {
            Self::Working(_) | Self::Remove { word: None, .. } => Focus::Commands,
            Self::Rename { .. } | Self::Remove { .. } | Self::Trust(_) | Self::InstanceName { .. } => Focus::Text,
        }
    }

    fn field(&mut self) -> Option<&mut TextField> {
        match self {
            Self::Working(_) => None,
            Self::Rename { field, .. } | Self::InstanceName { field, .. } => Some(field),
            Self::Remove { word, wrong, .. } => {
                *wrong = false;
                word.as_mut()
            }
            Self::Trust(asked) => {
                asked.wrong = false;
                Some(&mut asked.field)
            }
        }
    }

    pub(super) fn key(&mut self, key: Key) {
        if let Some(field) = self.field() {
            field.edit(key);
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        if let Some(field) = self.field() {
            field.insert(text);
        }
    }

    /// The screen was drawn: so far can it be scrolled.
    pub(super) fn keep_in_reach(&mut self, reach: u16) {
        match self {
            Self::Trust(asked) => {
                asked.scroll = asked.scroll.min(reach);
                asked.seen |= asked.scroll == reach;
            }
            Self::Remove { scroll, .. } => *scroll = reach.min(*scroll),
            Self::Working(_) | Self::Rename { .. } | Self::InstanceName { .. } => {}
        }
    }
}

impl Profiles {
    /// The selected row, and its place.
    pub fn selected(&self) -> Option<(usize, &ProfileRow)> {
        let rows = self.rows.as_deref()?;
        let place = rows.iter().position(|row| Some(&row.name) == self.chosen.as_ref()).unwrap_or(0);
        rows.get(place).map(|row| (place, row))
    }
}

impl Model {
    /// The credential in use, if its end is near enough to be told.
    pub fn ending(&self) -> Option<(CredentialView, Expiry)> {
        let credential = self.overview.profile.as_ref()?.credential;
        let expiry = credential.expiry(self.now);
        (expiry != Expiry::Fine).then_some((credential, expiry))
    }

    /// Whether everything is about this profile.
    pub fn is_at_work(&self, name: &str) -> bool {
        self.overview.profile.as_ref().is_some_and(|profile| profile.name == name)
    }
}

// What the table of commands asks.

/// A demo keeps no profile.
pub(super) fn are_kept(m: &Model) -> bool {
    m.mode == Mode::Real && m.overlays.is_empty()
}

/// The selected profile can be read.
pub(super) fn is_usable(m: &Model) -> bool {
    m.profiles.selected().is_some_and(|(_, row)| row.about.is_ok())
}

pub(super) fn is_at_work(m: &Model) -> bool {
    m.profiles.selected().is_some_and(|(_, row)| m.is_at_work(&row.name))
}

pub(super) fn asks_trust(m: &Model) -> bool {
    m.profiles
        .selected()
        .is_some_and(|(_, row)| row.about.as_ref().is_ok_and(|about| about.unconfirmed > 0 && !m.is_at_work(&row.name)))
}

pub(super) fn is_default(m: &Model) -> bool {
    m.profiles.selected().is_some_and(|(_, row)| row.is_default)
}

fn popup(m: &Model) -> Option<&Popup> {
    match m.overlays.last() {
        Some(Overlay::Profile(popup)) => Some(popup),
        _ => None,
    }
}

pub(super) fn renaming(m: &Model) -> bool {
    matches!(popup(m), Some(Popup::Rename { .. }))
}

pub(super) fn naming_instance(m: &Model) -> bool {
    matches!(popup(m), Some(Popup::InstanceName { .. }))
}

pub(super) fn trusting(m: &Model) -> bool {
    matches!(popup(m), Some(Popup::Trust(_)))
}

pub(super) fn removing(m: &Model) -> bool {
    matches!(popup(m), Some(Popup::Remove { word: None, .. }))
}

pub(super) fn may_purge(m: &Model) -> bool {
    matches!(popup(m), Some(Popup::Remove { word: None, plan, .. }) if matches!(plan.store, StoreFate::Own(_)))
}

pub(super) fn purging(m: &Model) -> bool {
    matches!(popup(m), Some(Popup::Remove { word: Some(_), .. }))
}

/// There is a credential about to end that the wizard can make anew.
pub(super) fn can_renew(m: &Model) -> bool {
    m.ending().is_some_and(|(credential, _)| credential.kind != CredentialKind::Command)
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    model.profiles.notes.clear();
    let is_at_work = model.profiles.selected().map(|(_, row)| model.is_at_work(&row.name));
    // What the wizard has begun is over with these.
    let begins_anew = match (action, is_at_work) {
        (Action::NewProfile, _) | (Action::EditProfile, Some(_)) => true,
        (Action::Continue, Some(is_at_work)) => !is_at_work,
        (Action::RemoveProfile, Some(is_at_work)) => is_at_work,
        _ => false,
    };
    if begins_anew && is_unsaved(model) {
        model.overlays.push(Overlay::Ask(Question::DropKey(action), AskPhase::Confirm));
    } else {
        go_on(model, action, fx);
    }
}

/// Does it, whatever becomes of what the wizard has begun.
pub(super) fn go_on(model: &mut Model, action: Action, fx: &mut Fx) {
    let name = model.profiles.selected().map(|(_, row)| row.name.clone());
    match (action, name) {
        (Action::Renew, _) => renew_now(model),
        (Action::Move(to), _) => select(model, to),
        (Action::Back, _) => dashboard::enter(model, fx),
        (Action::NewProfile, _) => {
            model.wizard = Wizard::default();
            model.place = Place::Wizard;
        }
        (Action::Continue, Some(name)) if model.is_at_work(&name) => dashboard::enter(model, fx),
        (Action::Continue, Some(name)) => change(model, ProfileWork::Switch(name), "switching …", fx),
        (Action::EditProfile, Some(name)) if model.is_at_work(&name) => edit(model),
        (Action::EditProfile, Some(name)) => {
            change(model, ProfileWork::Switch(name.clone()), "switching to it first …", fx);
            model.profiles.edit = popup(model).map(|_| name);
        }
        (Action::DefaultProfile, Some(name)) => change(model, ProfileWork::Default(name), "one moment …", fx),
        (Action::RenameProfile, Some(name)) => {
            let field = TextField::of(&name);
            model.overlays.push(Overlay::Profile(Popup::Rename { name, field }));
        }
        (Action::RemoveProfile, Some(name)) if !refused(model) => {
            model.start(Work::Profiles(ProfileWork::Plan(name)), fx);
        }
        _ => {}
    }
}

fn select(model: &mut Model, to: Move) {
    let Some((place, _)) = model.profiles.selected() else { return };
    let place = to.scroll(u16::try_from(place).unwrap_or(u16::MAX), 8);
    let rows = model.profiles.rows.as_deref().unwrap_or_default();
    let place = usize::from(place).min(rows.len().saturating_sub(1));
    model.profiles.chosen = rows.get(place).map(|row| row.name.clone());
}

/// Chooses a row; whether it was chosen before.
pub(super) fn click_row(model: &mut Model, place: usize) -> bool {
    let name = model.profiles.rows.as_deref().unwrap_or_default().get(place).map(|row| row.name.clone());
    let again = model.profiles.selected().is_some_and(|(selected, _)| selected == place);
    if name.is_some() {
        model.profiles.chosen = name;
    }
    again
}

/// What a key does to the popup.
pub(super) fn popup_act(model: &mut Model, action: Action, fx: &mut Fx) {
    let Some(Overlay::Profile(popup)) = model.overlays.last_mut() else { return };
    match (action, popup) {
        (_, Popup::Working(_)) => {}
        (Action::Back | Action::No, _) => {
            model.overlays.pop();
        }
        (Action::Move(to), Popup::Trust(asked)) => asked.scroll = to.scroll(asked.scroll, 4),
        (Action::Move(to), Popup::Remove { scroll, .. }) => *scroll = to.scroll(*scroll, 4),
        (Action::Continue, Popup::Rename { name, field }) => {
            let (name, to) = (name.clone(), field.text().trim().to_owned());
            model.overlays.pop();
            if name != to {
                change(model, ProfileWork::Rename { name, to }, "renaming …", fx);
            }
        }
        (Action::Continue, Popup::InstanceName { field, .. }) => {
            let name = field.text().trim().to_owned();
            if !name.is_empty() {
                model.overlays.pop();
                change(model, ProfileWork::InstanceName(name), "keeping that …", fx);
            }
        }
        (Action::Yes, Popup::Remove { plan, word: None, .. }) => {
            let work = ProfileWork::Remove { name: plan.name.clone(), store: false };
            model.overlays.pop();
            change(model, work, "removing …", fx);
        }
        (Action::PurgeProfile, Popup::Remove { word, scroll, .. }) => {
            (*word, *scroll) = (Some(TextField::default()), 0);
        }
        (Action::Continue, Popup::Remove { plan, word: Some(word), wrong, .. }) => {
            if is_word(word, PURGE) {
                let work = ProfileWork::Remove { name: plan.name.clone(), store: true };
                model.overlays.pop();
                change(model, work, "removing …", fx);
            } else {
                *wrong = true;
            }
        }
        (Action::Continue, Popup::Trust(asked)) => match (asked.seen, is_word(&asked.field, TRUST)) {
            (true, true) => {
                let work = ProfileWork::Trust(asked.name.clone(), asked.values.clone());
                model.overlays.pop();
                change(model, work, "confirming …", fx);
            }
            (false, true) => model.say("Look at all of it first: there is more."),
            (_, false) => asked.wrong = true,
        },
        _ => {}
    }
}

fn is_word(field: &TextField, word: &str) -> bool {
    field.text().trim().eq_ignore_ascii_case(word)
}

/// Goes to the list, which is looked at anew.
pub(super) fn enter(model: &mut Model, fx: &mut Fx) {
    model.place = Place::Profiles;
    model.profiles.problem = None;
    model.profiles.notes.clear();
    model.profiles.chosen = model.overview.profile.as_ref().map(|profile| profile.name.clone());
    model.start(Work::Profiles(ProfileWork::List), fx);
}

/// What there is to begin with, where no profile is at work.
pub(super) fn begin(model: &mut Model, fx: &mut Fx) {
    if model.mode == Mode::Real {
        model.start(Work::Profiles(ProfileWork::Begin), fx);
    }
}

/// Opens the wizard where the credential in use can be made anew.
pub(super) fn renew(model: &mut Model) {
    if refused(model) {
        return;
    }
    if is_unsaved(model) {
        model.overlays.push(Overlay::Ask(Question::DropKey(Action::Renew), AskPhase::Confirm));
    } else {
        renew_now(model);
    }
}

fn renew_now(model: &mut Model) {
    let Some((credential, _)) = model.ending() else { return };
    edit(model);
    model.wizard.way = Way::Guided;
    model.wizard.go(WizardStep::Credential);
    if credential.kind == CredentialKind::Certificate {
        model.wizard.fields.proof = Proof::Made;
    }
}

fn edit(model: &mut Model) {
    model.wizard = Wizard::default();
    wizard::enter(model);
}

/// Whether something runs that the profiles must not change under; says so.
fn refused(model: &mut Model) -> bool {
    let harmless =
        |kind: Kind| matches!(kind, Kind::Overview | Kind::Ask | Kind::Profiles | Kind::Write | Kind::Advance);
    let Some(kind) = model.jobs.values().map(|job| job.kind).find(|kind| !harmless(*kind)) else { return false };
    model.say(format!("Not now: {} is not finished. Wait for it, or stop it.", kind.words()));
    true
}

fn change(model: &mut Model, work: ProfileWork, words: &'static str, fx: &mut Fx) {
    if !refused(model) {
        model.profiles.problem = None;
        model.overlays.push(Overlay::Profile(Popup::Working(words)));
        model.start(Work::Profiles(work), fx);
    }
}

/// The next of the namings, for the profile at work.
pub(super) fn name_otherwise(model: &mut Model, fx: &mut Fx) {
    let Some(profile) = &model.overview.profile else { return };
    let now = Naming::ALL.iter().position(|naming| *naming == profile.names.naming()).unwrap_or_default();
    let next = Naming::ALL[(now + 1) % Naming::ALL.len()];
    change(model, ProfileWork::Naming(next), "keeping that …", fx);
}

/// The naming at work needs the instance's name, which nobody told: a person does.
pub(super) fn ask_instance_name(model: &mut Model, problem: &Problem) {
    if model.overview.profile.is_some() && model.overlays.is_empty() {
        let why = problem.message.clone().unwrap_or_default();
        model.overlays.push(Overlay::Profile(Popup::InstanceName { field: TextField::default(), why }));
    }
}

fn no_longer_working(model: &mut Model) {
    model.overlays.retain(|overlay| !matches!(overlay, Overlay::Profile(Popup::Working(_))));
}

pub(super) fn failed(model: &mut Model, kind: Kind, problem: Box<Problem>) {
    if kind == Kind::ProfileChange {
        no_longer_working(model);
        model.profiles.edit = None;
    }
    if model.place != Place::Preview && (kind == Kind::ProfileChange || model.place == Place::Profiles) {
        model.profiles.problem = Some(problem);
    } else {
        model.say(problem.line());
    }
}

pub(super) fn news(model: &mut Model, kind: Kind, news: ProfileNews, fx: &mut Fx) {
    let ProfileNews { rows, answer } = news;
    let first = rows.first().map(|row| row.name.clone());
    model.profiles.rows = Some(rows);
    // A look that was asked for before ends no change.
    let mut edits = None;
    if kind == Kind::ProfileChange {
        no_longer_working(model);
        edits = model.profiles.edit.take();
    }
    match answer {
        ProfileAnswer::Listed => {}
        ProfileAnswer::Unchosen(problem) => {
            if is_untouched(model) && first.is_some() {
                model.place = Place::Profiles;
                model.profiles.problem = Some(problem);
            }
        }
        ProfileAnswer::Asks { name, values, changed } => {
            if model.place == Place::Profiles || is_untouched(model) {
                model.place = Place::Profiles;
                model.profiles.chosen = Some(name.clone());
                model.profiles.edit = edits;
                let field = TextField::default();
                let asked = Asked { name, values, changed, field, wrong: false, scroll: 0, seen: false };
                model.overlays.push(Overlay::Profile(Popup::Trust(Box::new(asked))));
            }
        }
        ProfileAnswer::Switched(view) => {
            let name = view.name.clone();
            forget(model, Some(*view));
            model.profiles.chosen = Some(name.clone());
            dashboard::enter(model, fx);
            if edits.as_ref() == Some(&name) {
                edit(model);
            }
            model.say(format!("Everything is about profile {name} now."));
        }
        ProfileAnswer::Default(name) => model.say(format!("Profile {name} is used where none is named.")),
        ProfileAnswer::Renamed { from, to } => {
            model.profiles.chosen = Some(to.clone());
            if let Some(profile) = model.overview.profile.as_mut().filter(|profile| profile.name == from) {
                profile.name.clone_from(&to);
            }
            if model.wizard.fields.profile.as_ref() == Some(&from) {
                model.wizard.fields.profile = Some(to.clone());
            }
            model.say(format!("Profile {from} is called {to} now."));
        }
        ProfileAnswer::Named(view) => {
            let before = model.overview.profile.take();
            let is_told = before.as_ref().is_some_and(|before| before.names.naming() == view.names.naming());
            let organization = before.and_then(|profile| profile.organization);
            let words = match is_told {
                true => "The instance's name is kept.".to_owned(),
                false => format!("The tenant is sent under the names of {} from now on.", view.names.naming()),
            };
            model.overview.profile = Some(ProfileView { organization, ..*view });
            model.forget_comparison();
            if model.place == Place::Preview {
                super::preview::enter(model, fx);
            }
            model.look_again(fx);
            model.say(words);
        }
        ProfileAnswer::Plan(plan) => {
            if model.place == Place::Profiles && model.overlays.is_empty() {
                let popup = Popup::Remove { plan: *plan, word: None, wrong: false, scroll: 0 };
                model.overlays.push(Overlay::Profile(popup));
            }
        }
        ProfileAnswer::Removed { name, notes } => {
            model.profiles.chosen = first.clone();
            model.profiles.notes = notes;
            if model.is_at_work(&name) {
                forget(model, None);
            }
            if first.is_none() {
                model.place = Place::Wizard;
            }
            model.say(format!("Profile {name} is removed."));
        }
    }
}

/// Nothing was begun in the wizard that the program began with.
fn is_untouched(model: &Model) -> bool {
    model.place == Place::Wizard && model.wizard.step == WizardStep::Welcome && model.overlays.is_empty()
}

/// From now on everything is about another profile: nothing of the old one may be taken for its own.
fn forget(model: &mut Model, profile: Option<ProfileView>) {
    // What was asked of the old one's store is no answer any more.
    model.jobs.retain(|_, job| !matches!(job.kind, Kind::Overview | Kind::Ask));
    model.overview = Overview { profile, store: None };
    model.wizard = Wizard::default();
    model.dashboard = super::dashboard::Dashboard::default();
    model.ingest = Ingest::default();
    model.browse.forget();
    model.upload = Upload::default();
    model.trouble = None;
    model.forget_comparison();
}
