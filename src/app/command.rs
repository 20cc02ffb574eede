//! The one table of commands: the key bar, the help and the dispatch all come from it, so that none of them can lie.
//!
//! A command is there where its `here` says so. Of several for one key the first in the table wins, so the special
//! stands before the general.

use super::{
    Focus, Model, Place, Step, browse, dashboard,
    form::Proof,
    ingest,
    key::{Code, Key},
    list::Move,
    overlay::{AskPhase, Overlay},
    preview, profiles,
    steps::{Way, WizardStep},
    upload,
    views::Signs,
    wizard::can,
};
use crate::domain::check::Offer;

/// What a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Leave,
    Suspend,
    Redraw,
    Help,
    Quit,
    Back,
    Overview,
    Profiles,
    Go(Step),
    /// The one thing that comes next here.
    Continue,
    NextField,
    PreviousField,
    Choose(i8),
    Take(Way),
    CheckNow,
    Fix,
    SwitchCloud,
    TakeCertificate,
    ConfirmInstance,
    GoOnAnyway,
    Later,
    CopyLink,
    CopyMessage,
    CopyScript,
    WriteScript,
    OtherShell,
    CopyProblem,
    FillRight,
    DemoConsent,
    FillWrong,
    ReadAgain,
    ReadAll,
    HowToRead,
    DropRun,
    Hold(bool),
    Cancel,
    Move(Move),
    Tab(i8),
    Filter,
    Members,
    Groups,
    Refresh,
    Advance,
    NewProfile,
    EditProfile,
    DefaultProfile,
    RenameProfile,
    RemoveProfile,
    /// With its store.
    PurgeProfile,
    /// A new secret or certificate, before the old one ends.
    Renew,
    Yes,
    No,
}

/// A row of the table.
pub struct Command {
    pub action: Action,
    /// The first that the focus lets through is the one shown.
    pub keys: &'static [&'static str],
    /// For the key bar; empty: only in the help.
    pub label: &'static str,
    /// For the help.
    pub help: &'static str,
    pub here: fn(&Model) -> bool,
}

impl Command {
    /// Its keys that work with this focus.
    fn keys_in(&self, focus: Focus) -> impl Iterator<Item = Key> {
        self.keys.iter().filter_map(|text| Key::parse(text)).filter(move |key| !focus.takes(*key))
    }

    /// The keys to show, the usual one first.
    pub fn shown(&self, model: &Model) -> Vec<String> {
        let show = match model.look.signs {
            Signs::Unicode => Key::shown,
            Signs::Ascii => Key::spelled,
        };
        self.keys_in(model.focus()).map(show).collect()
    }
}

impl Focus {
    /// Whether a field takes this key before any command sees it.
    pub const fn takes(self, key: Key) -> bool {
        match self {
            Self::Commands => false,
            // A choice is moved by arrows; letters stay free for nothing, lest a letter meant as text do something.
            Self::Choice => key.is_for_fields() && !matches!(key.code, Code::Left | Code::Right | Code::Char(' ')),
            Self::Text | Self::Secret => key.is_for_fields(),
        }
    }
}

/// What `key` does here and now.
pub fn lookup(model: &Model, key: Key) -> Option<Action> {
    let focus = model.focus();
    COMMANDS.iter().find(|c| (c.here)(model) && c.keys_in(focus).any(|k| k == key)).map(|c| c.action)
}

/// The commands that are there here and now and have a key, in the table's order.
pub fn available(model: &Model) -> impl Iterator<Item = &'static Command> {
    let focus = model.focus();
    COMMANDS.iter().filter(move |c| (c.here)(model) && c.keys_in(focus).next().is_some())
}

/// No popup is open, and this is the place.
fn at(model: &Model, place: Place) -> bool {
    model.overlays.is_empty() && model.place == place
}

fn at_step(model: &Model, step: WizardStep) -> bool {
    at(model, Place::Wizard) && model.wizard.step == step
}

fn anywhere(model: &Model) -> bool {
    model.overlays.is_empty()
}

/// Where it matters that the credential is about to end.
fn at_credential_s_use(model: &Model) -> bool {
    [Place::Dashboard, Place::Ingest, Place::Preview, Place::Upload].into_iter().any(|place| at(model, place))
}

fn in_help(model: &Model) -> bool {
    matches!(model.overlays.last(), Some(Overlay::Help { .. }))
}

fn asking(model: &Model) -> bool {
    matches!(model.overlays.last(), Some(Overlay::Ask(_, AskPhase::Confirm)))
}

fn choosing(model: &Model) -> bool {
    matches!(model.overlays.last(), Some(Overlay::How { .. }))
}

fn typing_confirmation(model: &Model) -> bool {
    matches!(model.overlays.last(), Some(Overlay::Type { .. }))
}

fn filtering(model: &Model) -> bool {
    at(model, Place::Browse) && model.browse.filtering
}

fn browsing(model: &Model) -> bool {
    at(model, Place::Browse) && !model.browse.filtering
}

fn scrollable(model: &Model) -> bool {
    in_help(model)
        || choosing(model)
        || profiles::trusting(model)
        || profiles::removing(model)
        || profiles::purging(model)
        || browsing(model)
        || at(model, Place::Preview)
        || at(model, Place::Ingest)
        || at(model, Place::Upload)
        || at(model, Place::Dashboard)
        || at(model, Place::Profiles)
        || (at(model, Place::Wizard) && model.wizard.focused().is_none())
}

macro_rules! commands {
    ($($action:expr, [$($key:literal),*], $label:literal, $help:literal, $here:expr;)*) => {
        &[$(Command { action: $action, keys: &[$($key),*], label: $label, help: $help, here: $here }),*]
    };
}

/// The table.
pub const COMMANDS: &[Command] = commands! {
    // Popups first: they cover what is below.
    Action::Yes, ["y"], "yes", "yes, do it", asking;
    Action::No, ["n", "esc", "ctrl-g", "enter"], "no", "no, leave it", asking;
    Action::Continue, ["enter"], "upload", "start the upload, once the word is typed", typing_confirmation;
    Action::Back, ["esc", "ctrl-g"], "not now", "close without uploading", typing_confirmation;
    Action::Continue, ["enter"], "read", "read the directory in the chosen way", choosing;
    Action::Back, ["esc", "ctrl-g", "backspace", "h", "q"], "not now", "close without reading", choosing;
    Action::Back, ["esc", "ctrl-g", "backspace", "?", "q", "enter", "f1"], "close", "close the help", in_help;

    Action::Yes, ["y"], "remove", "remove what is listed", profiles::removing;
    Action::PurgeProfile, ["s"], "with its store …", "remove the tenant's store too, once a word is typed", profiles::may_purge;
    Action::No, ["n", "esc", "ctrl-g", "enter"], "no", "no, leave it", profiles::removing;
    Action::Continue, ["enter"], "remove all", "remove it with its store, once the word is typed", profiles::purging;
    Action::Continue, ["enter"], "rename", "give it this name", profiles::renaming;
    Action::Back, ["esc", "ctrl-g"], "not now", "close, and leave it as it is", |m| profiles::purging(m) || profiles::renaming(m);
    Action::Continue, ["enter"], "trust", "confirm these values, once the word is typed", profiles::trusting;
    Action::Back, ["esc", "ctrl-g"], "leave it unused", "close without using the profile", profiles::trusting;

    // The wizard.
    Action::Continue, ["enter"], "start", "start on the chosen way", |m| at_step(m, WizardStep::Welcome);
    Action::Take(Way::Guided), ["g"], "guided", "click by click through the portal", |m| at_step(m, WizardStep::Welcome);
    Action::Take(Way::Script), ["s"], "script", "a script does the clicks", |m| at_step(m, WizardStep::Welcome);
    Action::Take(Way::Everything), ["i"], "I have everything", "one form for all values", |m| at_step(m, WizardStep::Welcome);
    Action::ConfirmInstance, ["y"], "yes, this instance", "the instance is the right one: go on", |m| at_step(m, WizardStep::Check) && can::asks_instance(m);
    Action::Fix, ["f"], "no, another", "go to the instance's field", |m| at_step(m, WizardStep::Check) && can::asks_instance(m);
    Action::Continue, ["enter"], "check again", "run the checks once more", |m| at_step(m, WizardStep::Check) && can::can_check(m) && can::failed_check(m).is_some();
    Action::Continue, ["enter"], "check", "run the checks", |m| at_step(m, WizardStep::Check) && can::can_check(m);
    Action::Continue, ["enter"], "continue", "go on", |m| at_step(m, WizardStep::Check) && can::is_checked(m);
    Action::SwitchCloud, ["s"], "switch the cloud", "ask the cloud that the tenant lives in", |m| at_step(m, WizardStep::Check) && matches!(can::offer(m), Some(Offer::OtherCloud(_)));
    Action::TakeCertificate, ["t"], "take a certificate", "prove the app by a certificate instead of a secret", |m| at_step(m, WizardStep::Check) && matches!(can::offer(m), Some(Offer::UseCertificate));
    Action::Fix, ["f"], "mend", "go to the page that mends it", |m| at(m, Place::Wizard) && (can::is_refused(m) || (m.wizard.step == WizardStep::Check && can::can_fix(m)));
    Action::GoOnAnyway, ["n"], "go on anyway", "go on although a check failed", |m| at_step(m, WizardStep::Check) && can::may_go_on(m);
    Action::Cancel, ["c"], "stop", "stop the checks", |m| at_step(m, WizardStep::Check) && can::is_checking(m);
    Action::Continue, ["enter"], "look now", "check at once, without waiting", |m| at_step(m, WizardStep::Waiting);
    Action::CopyMessage, ["m"], "copy the message", "copy a message to whoever may consent", |m| at(m, Place::Wizard) && can::has_message(m);
    Action::CopyScript, ["y"], "copy the script", "copy the script", |m| at(m, Place::Wizard) && can::has_script(m);
    Action::WriteScript, ["w"], "write it to a file", "write the script to a file", |m| at(m, Place::Wizard) && can::has_script(m);
    Action::OtherShell, ["tab"], "the other script", "the script for Azure CLI, or for PowerShell", |m| at(m, Place::Wizard) && can::has_script(m);
    Action::Cancel, ["c"], "stop waiting", "stop waiting, and look at what was found", |m| at_step(m, WizardStep::Waiting);
    Action::Continue, ["enter"], "save", "save the profile and its secrets", |m| at_step(m, WizardStep::Save) && can::can_save(m);
    Action::Continue, ["enter"], "read the directory", "go on to the ingestion", |m| at_step(m, WizardStep::Save) && can::is_saved(m);
    Action::Continue, ["enter"], "make the key", "make a key and its certificate", |m| at(m, Place::Wizard) && can::next_key(m) == Some(Proof::Made);
    Action::Continue, ["enter"], "read the file", "read key and certificate from the file", |m| at(m, Place::Wizard) && can::next_key(m) == Some(Proof::File);
    Action::Continue, ["enter"], "next field", "go to the next field", |m| at(m, Place::Wizard) && can::has_field_after(m);
    Action::Continue, ["enter"], "check", "check all that is entered", |m| (at_step(m, WizardStep::Everything) || at_step(m, WizardStep::JupiterOne)) && can::is_page(m);
    Action::Continue, ["enter"], "continue", "go to the next page", |m| at(m, Place::Wizard) && can::is_page(m);
    Action::Choose(-1), ["left"], "", "the choice before", |m| at(m, Place::Wizard) && m.focus() == Focus::Choice;
    Action::Choose(1), ["right", "space"], "choose", "the next choice", |m| at(m, Place::Wizard) && m.focus() == Focus::Choice;
    Action::NextField, ["tab", "down"], "next field", "go to the next field", |m| at(m, Place::Wizard) && can::fields(m) > 1;
    Action::PreviousField, ["backtab", "up"], "", "go to the field before", |m| at(m, Place::Wizard) && can::fields(m) > 1;
    Action::Later, ["ctrl-s"], "later", "put JupiterOne off", |m| at_step(m, WizardStep::JupiterOne) || at_step(m, WizardStep::Instance);
    Action::DemoConsent, ["f2"], "consent", "consent, as an administrator of the demo's tenant", |m| at_step(m, WizardStep::Waiting) && m.fills.is_some();
    Action::FillRight, ["f2"], "fill in", "fill in the demo's own values", |m| at(m, Place::Wizard) && m.fills.is_some() && can::takes_values(m);
    Action::FillWrong, ["f3"], "fill in wrongly", "fill in a mistake that people make; again for the next", |m| at(m, Place::Wizard) && m.fills.is_some() && can::takes_mistakes(m);
    Action::CheckNow, ["ctrl-r"], "check now", "check the values entered so far", |m| at(m, Place::Wizard) && can::may_check_now(m);
    Action::CopyLink, ["ctrl-o"], "copy link", "copy the link to the terminal's clipboard", |m| at(m, Place::Wizard) && m.wizard.link().is_some();

    // Profiles.
    Action::Continue, ["enter"], "to the overview", "go to the overview of this profile", |m| at(m, Place::Profiles) && profiles::is_at_work(m);
    Action::Continue, ["enter"], "look at it and confirm", "look at what it asks for, and confirm it or leave it", |m| at(m, Place::Profiles) && profiles::asks_trust(m);
    Action::Continue, ["enter"], "switch to it", "everything is about this profile from now on", |m| at(m, Place::Profiles) && profiles::is_usable(m);
    Action::NewProfile, ["n"], "new", "make a new profile", |m| at(m, Place::Profiles);
    Action::EditProfile, ["e"], "change", "change its values in the wizard", |m| at(m, Place::Profiles) && profiles::is_usable(m);
    Action::RenameProfile, ["r"], "rename", "give it another name", |m| at(m, Place::Profiles) && profiles::is_usable(m);
    Action::DefaultProfile, ["d"], "use by default", "use it where none is named, also the next time", |m| at(m, Place::Profiles) && profiles::is_usable(m) && !profiles::is_default(m);
    Action::RemoveProfile, ["x", "delete"], "remove", "remove it and its secrets; asks first", |m| at(m, Place::Profiles) && profiles::is_usable(m);

    // Dashboard.
    Action::Continue, ["enter"], "open", "open the selected step", |m| at(m, Place::Dashboard);
    Action::Advance, ["a"], "let the tenant change", "let the demo's tenant change, as time would", dashboard::can_advance;

    Action::Profiles, ["P"], "profiles", "all profiles: switch, new, change, rename, remove", |m| at(m, Place::Dashboard) && profiles::are_kept(m);

    // Ingestion.
    Action::Continue, ["enter"], "go on with it", "go on where the run that was cut off ended", |m| at(m, Place::Ingest) && ingest::can_go_on(m);
    Action::DropRun, ["x"], "drop it, begin anew", "drop what was cut off, and begin anew; asks first", |m| at(m, Place::Ingest) && ingest::can_go_on(m);
    Action::Continue, ["enter"], "try again", "read the directory once more", |m| at(m, Place::Ingest) && ingest::has_failed(m);
    Action::Continue, ["enter"], "start", "read the directory", |m| at(m, Place::Ingest) && ingest::can_start(m);
    Action::Continue, ["enter"], "browse", "browse what is here so far", |m| at(m, Place::Ingest) && ingest::can_browse(m);
    Action::Continue, ["enter"], "to the credentials", "a profile is needed first", |m| at(m, Place::Ingest) && m.overview.profile.is_none();
    Action::Hold(true), ["p"], "pause", "pause: nothing is asked until you go on", |m| at(m, Place::Ingest) && ingest::can_hold(m);
    Action::Hold(false), ["p"], "go on", "go on reading", |m| at(m, Place::Ingest) && ingest::can_let_go(m);
    Action::Cancel, ["c"], "cancel (keeps what is here)", "stop reading; what is here is kept", |m| at(m, Place::Ingest) && ingest::can_cancel(m);
    Action::ReadAgain, ["r"], "read again", "read what changed since", |m| at(m, Place::Ingest) && ingest::can_read_again(m);
    Action::ReadAll, ["F"], "read everything", "read everything, although what changed would do", |m| at(m, Place::Ingest) && ingest::can_read_all(m);
    Action::HowToRead, ["h"], "how to read …", "choose how to read: what changed, everything, gently, or anew", |m| at(m, Place::Ingest) && ingest::can_choose(m);

    // Browsing.
    Action::Continue, ["enter", "down", "tab"], "to the list", "keep the filter and go to the list", filtering;
    Action::Back, ["esc", "ctrl-g"], "drop the filter", "drop the filter", filtering;
    Action::Continue, ["enter"], "open", "open the object", |m| browsing(m) && browse::can_open(m);
    Action::Members, ["right", "l"], "members", "the members of this group", |m| browsing(m) && browse::has_members(m);
    Action::Groups, ["left", "h"], "in groups", "the groups that this object is in", |m| browsing(m) && browse::has_groups(m);
    Action::Filter, ["/"], "filter", "show only what contains these words", |m| browsing(m) && m.browse.run.is_some();
    Action::Tab(1), ["tab"], "next list", "the next list", browsing;
    Action::Tab(-1), ["backtab"], "", "the list before", browsing;
    Action::Refresh, ["r"], "refresh", "show what has come since", |m| browsing(m) && m.browse.run.is_some();

    // Preview and upload.
    Action::Continue, ["enter"], "compare", "compare once more", |m| at(m, Place::Preview) && preview::can_start(m);
    Action::Continue, ["enter"], "upload", "go on to the upload; it asks before it sends", |m| at(m, Place::Preview) && preview::can_upload(m);
    Action::Continue, ["enter"], "go on", "do first what is missing", |m| at(m, Place::Preview) && preview::is_blocked(m);
    Action::Refresh, ["r"], "compare again", "compare once more", |m| at(m, Place::Preview) && preview::is_ready(m);
    Action::Cancel, ["c"], "stop", "stop comparing", |m| at(m, Place::Preview) && preview::is_working(m);
    Action::Continue, ["enter"], "upload …", "ask for the word that starts the upload", |m| at(m, Place::Upload) && upload::can_start(m);
    Action::Continue, ["enter"], "go on", "do first what is missing", |m| at(m, Place::Upload) && upload::is_blocked(m);
    Action::Continue, ["enter"], "done", "back to the overview", |m| at(m, Place::Upload) && upload::is_over(m);
    Action::Cancel, ["c"], "cancel (aborts the job)", "abort the upload's job", |m| at(m, Place::Upload) && upload::can_cancel(m);

    Action::Renew, ["R"], "renew", "make a new secret or certificate before the old one ends", |m| at_credential_s_use(m) && profiles::can_renew(m);
    Action::CopyProblem, ["ctrl-y"], "copy details", "copy what was found, for a ticket", |m| anywhere(m) && (m.problem().is_some() || (at(m, Place::Wizard) && can::has_ticket(m)));

    // Lists of all kinds.
    Action::Move(Move::Up), ["up", "k"], "", "up", scrollable;
    Action::Move(Move::Down), ["down", "j"], "", "down", scrollable;
    Action::Move(Move::PageUp), ["pageup"], "", "a page up", |m| scrollable(m) || at(m, Place::Wizard);
    Action::Move(Move::PageDown), ["pagedown", "space"], "", "a page down", |m| scrollable(m) || at(m, Place::Wizard);
    Action::Move(Move::Top), ["home", "g"], "", "to the top", scrollable;
    Action::Move(Move::Bottom), ["end", "G"], "", "to the bottom", scrollable;

    // Everywhere.
    Action::Back, ["esc", "ctrl-g", "backspace"], "back", "one step back", |m| anywhere(m) && m.can_go_back();
    Action::Go(Step::Credentials), ["1"], "", "credentials", anywhere;
    Action::Go(Step::Ingest), ["2"], "", "ingest", anywhere;
    Action::Go(Step::Browse), ["3"], "", "browse", anywhere;
    Action::Go(Step::Preview), ["4"], "", "preview", anywhere;
    Action::Go(Step::Upload), ["5"], "", "upload", anywhere;
    Action::Overview, ["o"], "", "overview", |m| anywhere(m) && m.overview.profile.is_some();
    Action::Profiles, ["P"], "", "all profiles", |m| profiles::are_kept(m) && m.place != Place::Profiles;
    Action::Help, ["?", "f1"], "", "all keys of this screen", anywhere;
    Action::Quit, ["q"], "quit", "quit; asks if something is running", anywhere;
    Action::Suspend, ["ctrl-z"], "", "hand the terminal back to the shell; fg returns", |_| true;
    Action::Redraw, ["ctrl-l"], "", "draw the screen anew", |_| true;
    // The bar shows it only where nothing else quits: a text field takes every letter.
    Action::Leave, ["ctrl-c"], "leave", "leave at once; a running job is stopped in order", |_| true;
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_can_be_read() {
        for command in COMMANDS {
            assert!(!command.keys.is_empty() && !command.help.is_empty(), "{:?}", command.action);
            for key in command.keys {
                assert!(Key::parse(key).is_some(), "{key}");
            }
        }
    }

    #[test]
    fn a_text_field_takes_every_letter_and_leaves_the_rest() {
        let check = |key: &str, taken: bool| {
            let key = Key::parse(key).unwrap();
            assert_eq!((Focus::Text.takes(key), Focus::Secret.takes(key)), (taken, taken), "{key:?}");
            assert!(!Focus::Commands.takes(key));
        };
        for key in ["q", "?", "1", "/", "space", "backspace", "left", "home", "ctrl-u"] {
            check(key, true);
        }
        for key in ["enter", "esc", "tab", "ctrl-c", "ctrl-g", "ctrl-r", "f1", "f2", "up", "pageup"] {
            check(key, false);
        }
    }
}
