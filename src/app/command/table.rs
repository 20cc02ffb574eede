//! The table itself. A row: the word, what it does, its keys, what the key bar says of it (empty: nothing, only the help
//! and the palette do), what the help says, and where it is there.
//!
//! The rows of one word have the same keys, so that a key map is a list of words. Of several rows for one key the first
//! that is there wins, so the special stands before the general; and what does not fit into the key bar goes from the
//! end, so the important stands before the rest.

use super::{Action, Command, Group};
use crate::app::{
    Focus, Model, Place, Step,
    browse::{self, popup},
    dashboard, export,
    form::Proof,
    ingest,
    list::Move,
    overlay::{AskPhase, Overlay},
    preview, profiles,
    steps::{Way, WizardStep},
    upload,
    wizard::can,
};
use crate::domain::check::Offer;

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

/// Commands are being looked for, in the palette or the help.
fn finding(model: &Model) -> bool {
    matches!(model.overlays.last(), Some(Overlay::Help(_) | Overlay::Palette(_)))
}

fn reading(model: &Model) -> bool {
    matches!(model.overlays.last(), Some(Overlay::Told { .. }))
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

fn picking(model: &Model) -> bool {
    at(model, Place::Browse) && browse::picking(model).is_some()
}

fn scrollable(model: &Model) -> bool {
    finding(model)
        || reading(model)
        || choosing(model)
        || export::is_open(model)
        || popup::top(model).is_some()
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
    ($($group:ident {
        $($word:literal, $action:expr, [$($key:literal),*], $label:literal, $help:literal, $here:expr;)*
    })*) => {
        &[$($(Command {
            word: $word,
            group: Group::$group,
            action: $action,
            keys: &[$($key),*],
            label: $label,
            help: $help,
            here: $here,
        },)*)*]
    };
}

/// The table.
pub const COMMANDS: &[Command] = commands! {
    // Popups first: they cover what is below.
    Popups {
        "yes", Action::Yes, ["y"], "yes", "yes, do it", asking;
        "no", Action::No, ["n", "esc", "ctrl-g", "enter"], "no", "no, leave it", asking;
        "continue", Action::Continue, ["enter"], "upload", "start the upload, once the word is typed", typing_confirmation;
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "not now", "close without uploading", typing_confirmation;
        "continue", Action::Continue, ["enter"], "read", "read the directory in the chosen way", choosing;
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "not now", "close without reading", choosing;
        "close", Action::Back, ["q"], "", "close without reading", choosing;
        "continue", Action::Continue, ["enter"], "write", "write it in the chosen form, to a folder in the current directory", export::is_open;
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "not now", "close without writing", export::is_open;
        "close", Action::Back, ["q"], "", "close without writing", export::is_open;
        "continue", Action::Continue, ["enter"], "run", "run the chosen command", finding;
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "close", "close, and run nothing", finding;
        "help", Action::Back, ["?", "f1"], "", "close, and run nothing", finding;
        "palette", Action::Back, [":", "ctrl-p"], "", "close, and run nothing", finding;
        "continue", Action::Back, ["enter"], "go on", "close what was said", reading;
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "close", "close what was said", reading;
        "continue", Action::Continue, ["enter"], "sort by it", "sort by this column alone; again: the other way round", popup::sorts;
        "and-then", Action::Toggle, ["space", "+"], "and then by it", "sort by this column where the others are equal; again: the other way round, or not by it", popup::sorts;
        "choose", Action::Continue, ["enter", "space"], "show or hide", "show this column, or hide it", popup::lays_out;
        "earlier", Action::Shift(-1), ["K", "-", "left"], "earlier", "move this column to the left", popup::lays_out;
        "behind", Action::Shift(1), ["J", "+", "right"], "later", "move this column to the right", popup::lays_out;
        "as-usual", Action::Usual, ["d"], "as usual", "as it was before anything was chosen", |m| popup::sorts(m) || popup::lays_out(m);
        "choose", Action::Continue, ["enter", "space"], "choose", "leave only rows of this kind, or all again; the filter says so", popup::counts;
        "filter", Action::Filter, ["/"], "filter", "go to the filter's text", popup::counts;
        "continue", Action::Continue, ["enter"], "copy", "copy this to the clipboard", popup::copies;
        "continue", Action::Continue, ["enter"], "write the file", "write what the filter leaves to a file in the current directory", popup::exports;
        "continue", Action::Continue, ["enter"], "write the file", "write it to a file in the current directory", popup::draws;
        "continue", Action::Back, ["enter"], "close", "back to the filter", popup::explains;
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "close", "back to the list", |m| popup::top(m).is_some();
        "close", Action::Back, ["q"], "", "back to the list", |m| popup::top(m).is_some();
        // The key that opened it closes it.
        "sort", Action::Back, ["s"], "", "back to the list", popup::sorts;
        "columns", Action::Back, ["c"], "", "back to the list", popup::lays_out;
        "facets", Action::Back, ["f"], "", "back to the list", popup::counts;
        "copy", Action::Back, ["y"], "", "back to the list", popup::copies;
        "export", Action::Back, ["e"], "", "back to the list", popup::exports;
        "draw", Action::Back, ["x", "e"], "", "back to the tree", popup::draws;
        "filter-words", Action::Back, ["f2"], "", "back to the filter", popup::explains;
        "yes", Action::Yes, ["y"], "remove", "remove what is listed", profiles::removing;
        "with-store", Action::PurgeProfile, ["s"], "with its store …", "remove the tenant's store too, once a word is typed", profiles::may_purge;
        "no", Action::No, ["n", "esc", "ctrl-g", "enter"], "no", "no, leave it", profiles::removing;
        "continue", Action::Continue, ["enter"], "remove all", "remove it with its store, once the word is typed", profiles::purging;
        "continue", Action::Continue, ["enter"], "rename", "give it this name", profiles::renaming;
        "continue", Action::Continue, ["enter"], "keep it", "keep the instance's name in the profile, and compare", profiles::naming_instance;
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "not now", "close; the preview says what is missing", profiles::naming_instance;
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "not now", "close, and leave it as it is", |m| profiles::purging(m) || profiles::renaming(m);
        "continue", Action::Continue, ["enter"], "trust", "confirm these values, once the word is typed", profiles::trusting;
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "leave it unused", "close without using the profile", profiles::trusting;
    }
    Wizard {
        "continue", Action::Continue, ["enter"], "start", "start on the chosen way", |m| at_step(m, WizardStep::Welcome);
        "guided", Action::Take(Way::Guided), ["g"], "guided", "click by click through the portal", |m| at_step(m, WizardStep::Welcome);
        "script", Action::Take(Way::Script), ["s"], "script", "a script does the clicks", |m| at_step(m, WizardStep::Welcome);
        "everything", Action::Take(Way::Everything), ["i"], "I have everything", "one form for all values", |m| at_step(m, WizardStep::Welcome);
        "confirm-instance", Action::ConfirmInstance, ["y"], "yes, this instance", "the instance is the right one: go on", |m| at_step(m, WizardStep::Check) && can::asks_instance(m);
        "mend", Action::Fix, ["f"], "no, another", "go to the instance's field", |m| at_step(m, WizardStep::Check) && can::asks_instance(m);
        "continue", Action::Continue, ["enter"], "check again", "run the checks once more", |m| at_step(m, WizardStep::Check) && can::can_check(m) && can::failed_check(m).is_some();
        "continue", Action::Continue, ["enter"], "check", "run the checks", |m| at_step(m, WizardStep::Check) && can::can_check(m);
        "continue", Action::Continue, ["enter"], "continue", "go on", |m| at_step(m, WizardStep::Check) && can::is_checked(m);
        "switch-cloud", Action::SwitchCloud, ["s"], "switch the cloud", "ask the cloud that the tenant lives in", |m| at_step(m, WizardStep::Check) && matches!(can::offer(m), Some(Offer::OtherCloud(_)));
        "take-certificate", Action::TakeCertificate, ["t"], "take a certificate", "prove the app by a certificate instead of a secret", |m| at_step(m, WizardStep::Check) && matches!(can::offer(m), Some(Offer::UseCertificate));
        "mend", Action::Fix, ["f"], "mend", "go to the page that mends it", |m| at(m, Place::Wizard) && (can::is_refused(m) || (m.wizard.step == WizardStep::Check && can::can_fix(m)));
        "go-on-anyway", Action::GoOnAnyway, ["n"], "go on anyway", "go on although a check failed", |m| at_step(m, WizardStep::Check) && can::may_go_on(m);
        "stop", Action::Cancel, ["c"], "stop", "stop the checks", |m| at_step(m, WizardStep::Check) && can::is_checking(m);
        "continue", Action::Continue, ["enter"], "look now", "check at once, without waiting", |m| at_step(m, WizardStep::Waiting);
        "copy-message", Action::CopyMessage, ["m"], "copy the message", "copy a message to whoever may consent", |m| at(m, Place::Wizard) && can::has_message(m);
        "copy-script", Action::CopyScript, ["y"], "copy the script", "copy the script", |m| at(m, Place::Wizard) && can::has_script(m);
        "write-script", Action::WriteScript, ["w"], "write it to a file", "write the script to a file", |m| at(m, Place::Wizard) && can::has_script(m);
        "other-script", Action::OtherShell, ["tab"], "the other script", "the script for Azure CLI, or for PowerShell", |m| at(m, Place::Wizard) && can::has_script(m);
        "stop", Action::Cancel, ["c"], "stop waiting", "stop waiting, and look at what was found", |m| at_step(m, WizardStep::Waiting);
        "continue", Action::Continue, ["enter"], "save", "save the profile and its secrets", |m| at_step(m, WizardStep::Save) && can::can_save(m);
        "continue", Action::Continue, ["enter"], "read the directory", "go on to the ingestion", |m| at_step(m, WizardStep::Save) && can::is_saved(m);
        "continue", Action::Continue, ["enter"], "make the key", "make a key and its certificate", |m| at(m, Place::Wizard) && can::next_key(m) == Some(Proof::Made);
        "continue", Action::Continue, ["enter"], "read the file", "read key and certificate from the file", |m| at(m, Place::Wizard) && can::next_key(m) == Some(Proof::File);
        "continue", Action::Continue, ["enter"], "next field", "go to the next field", |m| at(m, Place::Wizard) && can::has_field_after(m);
        "continue", Action::Continue, ["enter"], "check", "check all that is entered", |m| (at_step(m, WizardStep::Everything) || at_step(m, WizardStep::JupiterOne)) && can::is_page(m);
        "continue", Action::Continue, ["enter"], "continue", "go to the next page", |m| at(m, Place::Wizard) && can::is_page(m);
        "choice-before", Action::Choose(-1), ["left"], "", "the choice before", |m| at(m, Place::Wizard) && m.focus() == Focus::Choice;
        "next-choice", Action::Choose(1), ["right", "space"], "choose", "the next choice", |m| at(m, Place::Wizard) && m.focus() == Focus::Choice;
        "next-field", Action::NextField, ["tab", "down"], "next field", "go to the next field", |m| at(m, Place::Wizard) && can::fields(m) > 1;
        "previous-field", Action::PreviousField, ["backtab", "up"], "", "go to the field before", |m| at(m, Place::Wizard) && can::fields(m) > 1;
        "later", Action::Later, ["ctrl-s"], "later", "put JupiterOne off", |m| at_step(m, WizardStep::JupiterOne) || at_step(m, WizardStep::Instance);
        "demo-consent", Action::DemoConsent, ["f2"], "consent", "consent, as an administrator of the demo's tenant", |m| at_step(m, WizardStep::Waiting) && m.fills.is_some();
        "fill-in", Action::FillRight, ["f2"], "fill in", "fill in the demo's own values", |m| at(m, Place::Wizard) && m.fills.is_some() && can::takes_values(m);
        "fill-in-wrongly", Action::FillWrong, ["f3"], "fill in wrongly", "fill in a mistake that people make; again for the next", |m| at(m, Place::Wizard) && m.fills.is_some() && can::takes_mistakes(m);
        "check-now", Action::CheckNow, ["ctrl-r"], "check now", "check the values entered so far", |m| at(m, Place::Wizard) && can::may_check_now(m);
        "copy-link", Action::CopyLink, ["ctrl-o"], "copy link", "copy the link to the terminal's clipboard", |m| at(m, Place::Wizard) && m.wizard.link().is_some();
    }
    Profiles {
        "continue", Action::Continue, ["enter"], "to the overview", "go to the overview of this profile", |m| at(m, Place::Profiles) && profiles::is_at_work(m);
        "continue", Action::Continue, ["enter"], "look at it and confirm", "look at what it asks for, and confirm it or leave it", |m| at(m, Place::Profiles) && profiles::asks_trust(m);
        "continue", Action::Continue, ["enter"], "switch to it", "everything is about this profile from now on", |m| at(m, Place::Profiles) && profiles::is_usable(m);
        "new-profile", Action::NewProfile, ["n"], "new", "make a new profile", |m| at(m, Place::Profiles);
        "edit-profile", Action::EditProfile, ["e"], "change", "change its values in the wizard", |m| at(m, Place::Profiles) && profiles::is_usable(m);
        "rename-profile", Action::RenameProfile, ["r"], "rename", "give it another name", |m| at(m, Place::Profiles) && profiles::is_usable(m);
        "default-profile", Action::DefaultProfile, ["d"], "use by default", "use it where none is named, also the next time", |m| at(m, Place::Profiles) && profiles::is_usable(m) && !profiles::is_default(m);
        "remove-profile", Action::RemoveProfile, ["x", "delete"], "remove", "remove it and its secrets; asks first", |m| at(m, Place::Profiles) && profiles::is_usable(m);
    }
    Overview {
        "open", Action::Continue, ["enter"], "open", "open what is selected: a step, or a list of what the line counts", |m| at(m, Place::Dashboard);
        "next-page", Action::Face(1), ["tab"], "next part", "the next part of the overview", |m| at(m, Place::Dashboard) && dashboard::has_parts(m);
        "previous-page", Action::Face(-1), ["backtab"], "", "the part before", |m| at(m, Place::Dashboard) && dashboard::has_parts(m);
        "advance", Action::Advance, ["a"], "let the tenant change", "let the demo's tenant change, as time would", dashboard::can_advance;
        "profiles", Action::Profiles, ["P"], "profiles", "all profiles: switch, new, change, rename, remove", |m| at(m, Place::Dashboard) && profiles::are_kept(m);
    }
    Ingest {
        "continue", Action::Continue, ["enter"], "go on with it", "go on where the run that was cut off ended", |m| at(m, Place::Ingest) && ingest::can_go_on(m);
        "drop-run", Action::DropRun, ["x"], "drop it, begin anew", "drop what was cut off, and begin anew; asks first", |m| at(m, Place::Ingest) && ingest::can_go_on(m);
        "continue", Action::Continue, ["enter"], "try again", "read the directory once more", |m| at(m, Place::Ingest) && ingest::has_failed(m);
        "continue", Action::Continue, ["enter"], "start", "read the directory", |m| at(m, Place::Ingest) && ingest::can_start(m);
        "continue", Action::Continue, ["enter"], "browse", "browse what is here so far", |m| at(m, Place::Ingest) && ingest::can_browse(m);
        "continue", Action::Continue, ["enter"], "to the credentials", "a profile is needed first", |m| at(m, Place::Ingest) && m.overview.profile.is_none();
        "pause", Action::Hold(true), ["p"], "pause", "pause: nothing is asked until you go on", |m| at(m, Place::Ingest) && ingest::can_hold(m);
        "pause", Action::Hold(false), ["p"], "go on", "go on reading", |m| at(m, Place::Ingest) && ingest::can_let_go(m);
        "stop", Action::Cancel, ["c"], "cancel (all is kept)", "stop reading; what is here is kept", |m| at(m, Place::Ingest) && ingest::can_cancel(m);
        "read-again", Action::ReadAgain, ["r"], "read again", "read what changed since", |m| at(m, Place::Ingest) && ingest::can_read_again(m);
        "read-everything", Action::ReadAll, ["F"], "read everything", "read everything, although what changed would do", |m| at(m, Place::Ingest) && ingest::can_read_all(m);
        "requests", Action::Requests, ["L"], "requests", "the request log: what was asked of Microsoft, and how it was answered", |m| at(m, Place::Ingest) && ingest::has_requests(m) && !ingest::is_idle(m);
        // Before anything was read here other keys matter more.
        "requests", Action::Requests, ["L"], "", "the request log: what was asked of Microsoft, and how it was answered", |m| at(m, Place::Ingest) && ingest::has_requests(m);
        "how-to-read", Action::HowToRead, ["h"], "how to read …", "choose how to read: what changed, everything, gently, or anew", |m| at(m, Place::Ingest) && ingest::can_choose(m);
    }
    Browse {
        "continue", Action::Continue, ["enter"], "this one", "take the selected row", picking;
        "next-page", Action::Face(1), ["tab"], "look elsewhere", "look for it in another list", picking;
        "previous-page", Action::Face(-1), ["backtab"], "", "look for it in the list before", picking;
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "back", "back without choosing", picking;
        "up", Action::Move(Move::Up), ["up", "k"], "", "up", picking;
        "down", Action::Move(Move::Down), ["down", "j"], "", "down", picking;
        "page-up", Action::Move(Move::PageUp), ["pageup", "ctrl-b", "ctrl-u"], "", "a page up", picking;
        "page-down", Action::Move(Move::PageDown), ["pagedown", "space", "ctrl-f", "ctrl-d"], "", "a page down", picking;
        "complete", Action::Complete, ["tab"], "complete", "write out the field or the value that is shown under the filter", |m| filtering(m) && browse::complete::can_complete(m);
        "to-list", Action::Continue, ["enter", "down", "tab"], "to the list", "keep the filter and go to the list", filtering;
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "drop the filter", "drop the filter", filtering;
        "filter-words", Action::Words, ["f2"], "its language", "what a filter understands", filtering;
        "open", Action::Continue, ["enter"], "show this run", "all lists show this run from now on", |m| browsing(m) && browse::on_runs(m) && browse::can_open(m);
        "open", Action::Continue, ["enter"], "open", "open it", |m| browsing(m) && (browse::can_open(m) || browse::can_go_on(m));
        "requests", Action::Requests, ["L"], "its requests", "the requests that this run made", |m| browsing(m) && browse::on_runs(m) && browse::can_open(m);
        "read-again", Action::ReadAgain, ["r"], "read it again", "read only this again; everything else stays as it is", |m| browsing(m) && browse::can_mend(m);
        "preview-run", Action::PreviewRun, ["u"], "upload it again", "preview an upload of this run, which undoes what came after it", |m| browsing(m) && browse::on_runs(m) && browse::can_send(m);
        "compare", Action::Compare, ["d"], "compare", "what is different between this run and the one that is shown", |m| browsing(m) && browse::on_runs(m);
        "compare", Action::Compare, ["d"], "other runs", "choose which runs are compared", |m| browsing(m) && browse::on_changes(m);
        "members", Action::Members, ["right", "l"], "members", "the members of this group", |m| browsing(m) && browse::has_members(m);
        "groups", Action::Groups, ["left", "h"], "in groups", "the groups that this object is in", |m| browsing(m) && browse::has_groups(m);
        "next-way", Action::Way(1), ["n"], "next way", "the next of the ways, one by itself", |m| browsing(m) && browse::has_ways(m);
        "previous-way", Action::Way(-1), ["p"], "", "the way before", |m| browsing(m) && browse::has_ways(m);
        "without-edge", Action::Lost, ["x"], "without this edge", "who would be in the group no more without the selected edge", |m| browsing(m) && browse::has_lost(m);
        "fold", Action::Fold, ["space"], "fold", "hide what hangs below this line, or show it again", |m| browsing(m) && browse::near::on_screen(m).is_some();
        "deeper", Action::Deepen(1), ["+"], "deeper", "one edge further", |m| browsing(m) && browse::near::on_screen(m).is_some();
        "shallower", Action::Deepen(-1), ["-"], "", "one edge less far", |m| browsing(m) && browse::near::on_screen(m).is_some();
        "fold-all", Action::FoldAll, ["z"], "", "hide all but what is next to the object, or show all again", |m| browsing(m) && browse::near::on_screen(m).is_some();
        "draw", Action::Draw, ["x", "e"], "draw a file", "write it for a program that draws: Mermaid, DOT (Graphviz) or GraphML", |m| browsing(m) && browse::near::on_screen(m).is_some();
        "why", Action::Why, ["w"], "why", "through what this is in a group", |m| browsing(m) && browse::can_ask_why(m);
        "neighbourhood", Action::Around, ["v"], "around", "what is around it as a tree: groups above, members below", |m| browsing(m) && browse::open_object(m) && browse::can_look_around(m);
        "neighbourhood", Action::Around, ["v"], "", "what is around it as a tree: groups above, members below", |m| browsing(m) && browse::can_look_around(m);
        "reach", Action::Reach, ["t"], "direct only", "only what is in it directly", |m| browsing(m) && browse::has_reach(m) && browse::reaches_all(m);
        "reach", Action::Reach, ["t"], "nested too", "also what is in it through other groups", |m| browsing(m) && browse::has_reach(m);
        "next-page", Action::Face(1), ["tab"], "next page", "another page about this", |m| browsing(m) && browse::has_faces(m);
        "previous-page", Action::Face(-1), ["backtab"], "", "the page before", |m| browsing(m) && browse::has_faces(m);
        "copy", Action::CopyThis, ["y"], "copy", "copy what is shown, as text", |m| browsing(m) && browse::has_faces(m);
        "copy-id", Action::CopyId, ["Y"], "", "copy its id", |m| browsing(m) && browse::has_faces(m);
        "filter", Action::Filter, ["/"], "filter", "show only what the filter says", |m| browsing(m) && m.browse.run.is_some();
        "filter-words", Action::Words, ["f2"], "", "what a filter understands", |m| browsing(m) && browse::on_list(m);
        "facets", Action::Facets, ["f"], "facets", "how many rows have which trait; choosing one filters by it", |m| browsing(m) && browse::has_facets(m);
        "sort", Action::Sort, ["s"], "sort", "sort by one or more columns", |m| browsing(m) && browse::has_order(m);
        "columns", Action::Columns, ["c"], "columns", "choose the columns and their order", |m| browsing(m) && browse::on_objects(m);
        "copy", Action::Copy, ["y"], "copy", "copy a cell, the row, its id, the path to it, or the whole list", |m| browsing(m) && browse::can_copy_row(m);
        "export", Action::Export, ["e"], "export", "write what the filter leaves to a file: CSV, NDJSON …", |m| browsing(m) && browse::has_whole(m);
        "columns-right", Action::Pan(1), [">"], "", "show the columns to the right that do not fit", |m| browsing(m) && browse::on_list(m);
        "columns-left", Action::Pan(-1), ["<"], "", "back to the columns to the left", |m| browsing(m) && browse::on_list(m);
        "next-list", Action::Tab(1), ["tab"], "next list", "the next list", |m| browsing(m) && !browse::has_faces(m);
        "previous-list", Action::Tab(-1), ["backtab"], "", "the list before", |m| browsing(m) && !browse::has_faces(m);
        "refresh", Action::Refresh, ["r"], "refresh", "show what has come since", |m| browsing(m) && m.browse.run.is_some();
    }
    Preview {
        "continue", Action::Continue, ["enter"], "compare", "compare once more", |m| at(m, Place::Preview) && preview::can_start(m);
        "continue", Action::Continue, ["enter"], "upload", "go on to the upload; it asks before it sends", |m| at(m, Place::Preview) && preview::can_upload(m);
        "continue", Action::Continue, ["enter"], "go on", "do first what is missing", |m| at(m, Place::Preview) && preview::is_blocked(m);
        "objects", Action::Objects, ["d"], "object by object", "what is created, changed and deleted, one by one", |m| at(m, Place::Preview) && preview::is_ready(m);
        "newest", Action::Newest, ["N"], "the newest run", "compare the newest finished run instead of this one", |m| at(m, Place::Preview) && preview::is_of_older(m);
        "live", Action::Live, ["L"], "ask JupiterOne", "compare with what JupiterOne holds now, which is read there", |m| at(m, Place::Preview) && preview::can_ask(m);
        "live", Action::Live, ["L"], "as believed", "compare with what JupiterOne is believed to hold, which asks nobody", |m| at(m, Place::Preview) && preview::can_believe(m);
        "refresh", Action::Refresh, ["r"], "compare again", "compare once more", |m| at(m, Place::Preview) && preview::is_ready(m);
        "keep-plan", Action::KeepPlan, ["w"], "", "keep it as a plan, for tenantry upload --plan", |m| at(m, Place::Preview) && preview::can_be_kept(m);
        "names", Action::Names, ["n"], "other names", "send the tenant under other names: active-directory, or those of graph-microsoft-365", |m| at(m, Place::Preview) && preview::can_be_renamed(m);
        "export", Action::Export, ["e"], "export", "write everything that an upload sends to files: tables, NDJSON, what JupiterOne's own commands read, GraphML, a page", |m| at(m, Place::Preview) && export::can_start(m);
        "stop", Action::Cancel, ["c"], "stop", "stop comparing", |m| at(m, Place::Preview) && preview::is_working(m);
    }
    Upload {
        "continue", Action::Continue, ["enter"], "upload …", "ask for the word that starts the upload", |m| at(m, Place::Upload) && upload::can_start(m);
        "open-job", Action::OpenJob, ["g"], "the open job", "go on with the job of the upload that was cut off, or abort it and send all anew", |m| at(m, Place::Upload) && upload::has_open_job(m);
        "continue", Action::Continue, ["enter"], "go on", "do first what is missing", |m| at(m, Place::Upload) && upload::is_blocked(m);
        "continue", Action::Continue, ["enter"], "done", "back to the overview", |m| at(m, Place::Upload) && upload::is_over(m);
        "stop", Action::Cancel, ["c"], "cancel (aborts the job)", "abort the upload's job", |m| at(m, Place::Upload) && upload::can_cancel(m);
    }
    Lists {
        "up", Action::Move(Move::Up), ["up", "k"], "", "up", scrollable;
        "down", Action::Move(Move::Down), ["down", "j"], "", "down", scrollable;
        "page-up", Action::Move(Move::PageUp), ["pageup", "ctrl-b", "ctrl-u"], "", "a page up", |m| scrollable(m) || at(m, Place::Wizard);
        "page-down", Action::Move(Move::PageDown), ["pagedown", "space", "ctrl-f", "ctrl-d"], "", "a page down", |m| scrollable(m) || at(m, Place::Wizard);
        "top", Action::Move(Move::Top), ["home", "g"], "", "to the top", scrollable;
        "bottom", Action::Move(Move::Bottom), ["end", "G"], "", "to the bottom", scrollable;
    }
    Everywhere {
        "renew", Action::Renew, ["R"], "renew", "make a new secret or certificate before the old one ends", |m| at_credential_s_use(m) && profiles::can_renew(m);
        "copy-details", Action::CopyProblem, ["ctrl-y"], "copy details", "copy what was found, for a ticket", |m| anywhere(m) && (m.problem().is_some() || (at(m, Place::Wizard) && can::has_ticket(m)));
        "back", Action::Back, ["esc", "ctrl-g", "backspace"], "back", "one step back", |m| anywhere(m) && m.can_go_back();
        "credentials", Action::Go(Step::Credentials), ["1"], "", "credentials", anywhere;
        "ingest", Action::Go(Step::Ingest), ["2"], "", "ingest", anywhere;
        "browse", Action::Go(Step::Browse), ["3"], "", "browse", anywhere;
        "preview", Action::Go(Step::Preview), ["4"], "", "preview", anywhere;
        "upload", Action::Go(Step::Upload), ["5"], "", "upload", anywhere;
        "overview", Action::Overview, ["o"], "", "overview", |m| anywhere(m) && m.overview.profile.is_some();
        "profiles", Action::Profiles, ["P"], "", "all profiles", |m| profiles::are_kept(m) && m.place != Place::Profiles;
        "palette", Action::Palette, [":", "ctrl-p"], "more", "every command of this screen, found by typing", anywhere;
        "help", Action::Help, ["?", "f1"], "", "all keys of this screen, and of the others; type to search", anywhere;
        "theme", Action::Theme, [], "", "the next colours: the terminal's, dark, light, high contrast, none", anywhere;
        "signs", Action::Signs, [], "", "plain signs of ASCII, or all of them again", anywhere;
        "mouse", Action::Mouse, [], "", "the mouse, on or off: wheel, rows, tabs, heads and keys", anywhere;
        "quit", Action::Quit, ["q"], "quit", "quit; asks if something is running", anywhere;
        "suspend", Action::Suspend, ["ctrl-z"], "", "hand the terminal back to the shell; fg returns", |_| true;
        "redraw", Action::Redraw, ["ctrl-l"], "", "draw the screen anew", |_| true;
        // The bar shows it only where nothing else quits: a text field takes every letter.
        "leave", Action::Leave, ["ctrl-c"], "leave", "leave at once; a running job is stopped in order", |_| true;
    }
};
