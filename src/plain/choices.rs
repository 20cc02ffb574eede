//! What can be done here and now, as a numbered list, from the one table of commands.

use super::page::{Part, Rows};
use crate::app::{
    Focus, Model, Place,
    browse::{Shows, Tab},
    command::{self, Action},
    dashboard,
    overlay::Overlay,
    steps::WizardStep,
    upload, wizard,
};

/// A command that is offered by a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub word: &'static str,
    pub help: String,
    pub action: Action,
}

impl Choice {
    pub fn line(&self, number: usize) -> String {
        format!("{number}. {}: {}", self.word, self.help)
    }
}

/// Whether it means something only where there is a cursor, or a screen to be drawn.
const fn is_of_the_screen(action: Action) -> bool {
    matches!(
        action,
        Action::Move(_)
            | Action::Suspend
            | Action::Redraw
            | Action::Help
            | Action::Palette
            | Action::Choose(_)
            | Action::Theme
            | Action::Signs
            | Action::Mouse
            | Action::Complete
            | Action::Pan(_)
    )
}

/// Whether it is about the row that is chosen, so that it is said with the row's number.
pub fn is_of_a_row(action: Action) -> bool {
    matches!(
        action,
        Action::Continue
            | Action::Members
            | Action::Groups
            | Action::Why
            | Action::Copy
            | Action::Compare
            | Action::ReadAgain
            | Action::Requests
            | Action::Lost
            | Action::Around
            | Action::Fold
            | Action::EditProfile
            | Action::DefaultProfile
            | Action::RenameProfile
            | Action::RemoveProfile
            | Action::Toggle
            | Action::Shift(_)
    )
}

/// Every command that a word can call here, whether it is numbered or not.
pub fn all(model: &Model) -> Vec<Choice> {
    let offers = command::offers(model).into_iter().map(|offer| offer.command);
    let offers = offers.filter(|command| !is_of_the_screen(command.action));
    offers.map(|c| Choice { word: c.word, help: help(model, c.action, c.help), action: c.action }).collect()
}

/// What the table says of it, or more where that names what only a screen shows.
fn help(model: &Model, action: Action, usual: &str) -> String {
    match action {
        Action::Continue if model.overlays.is_empty() && model.place == Place::Dashboard => {
            format!("the next step, {}", dashboard::next_step(model).title())
        }
        Action::CopyScript | Action::CopyMessage | Action::CopyLink | Action::CopyProblem | Action::CopyThis => {
            usual.replacen("copy", "say", 1)
        }
        Action::Overview => "all steps, and how each of them stands".to_owned(),
        _ => super::words::spoken(usual),
    }
}

/// Those that are numbered: what the key bar shows, without what is said with a row's number.
pub fn of(model: &Model, part: &Part) -> Vec<Choice> {
    let labelled: Vec<&str> = command::offers(model)
        .into_iter()
        .filter(|offer| !offer.command.label.is_empty() || is_way_on(model, offer.command.action))
        .map(|offer| offer.command.word)
        .collect();
    let is_overview = model.overlays.is_empty() && model.place == Place::Dashboard;
    let by_row = !part.rows.is_empty() && !matches!(part.kind, Rows::Options { .. }) && !is_overview;
    let typed = matches!(model.overlays.last(), Some(Overlay::Type { .. }));
    let mut out = all(model);
    out.retain(|choice| {
        labelled.contains(&choice.word)
            && !(by_row && is_of_a_row(choice.action))
            // The word itself is what does it.
            && !(typed && choice.action == Action::Continue)
            && choice.action != Action::Leave
            // An empty line does the same.
            && choice.action != Action::NextField
            // What it would open is one of the rows, but for the step that comes next.
            && !(is_overview && model.dashboard.picked.is_some() && choice.action == Action::Continue)
    });
    // A list is paged by its own words.
    if let Some((before, after)) = pages_beside(model, part) {
        let page = |word, help: &str, to| Choice { word, help: help.to_owned(), action: Action::Move(to) };
        let mut pages = Vec::new();
        if after {
            pages.push(page("page-down", "the next page of rows", crate::app::list::Move::PageDown));
        }
        if before {
            pages.push(page("page-up", "the page of rows before", crate::app::list::Move::PageUp));
        }
        out.splice(0..0, pages);
    }
    out
}

/// Where there is no rail of steps, the overview names them.
fn is_way_on(model: &Model, action: Action) -> bool {
    match action {
        Action::PreviousField | Action::Requests => true,
        Action::Overview => model.overlays.is_empty() && model.place != Place::Dashboard,
        _ => false,
    }
}

/// Whether there are rows before those that are said, and behind them.
fn pages_beside(model: &Model, part: &Part) -> Option<(bool, bool)> {
    let Rows::List { first } = part.kind else { return None };
    let total = model.browse.view().window.total?;
    Some((first > 0, first + (part.rows.len() as u64) < total))
}

/// What an empty line does: the one thing that comes next, where nothing can be lost by it. Never an upload, never
/// something saved, never the answer yes.
pub fn proposed(model: &Model, choices: &[Choice]) -> Option<usize> {
    let of = |action: Action| choices.iter().position(|choice| choice.action == action);
    match model.overlays.last() {
        Some(Overlay::Told { .. }) => return of(Action::Back),
        Some(Overlay::Ask(..)) => return of(Action::No),
        Some(_) => return None,
        None => {}
    }
    let harmless = match model.place {
        Place::Wizard => model.wizard.step != WizardStep::Save || wizard::can::is_saved(model),
        Place::Dashboard | Place::Ingest | Place::Preview => true,
        Place::Browse => model.browse.run.is_none() || model.browse.filtering,
        Place::Upload => {
            upload::missing(model).is_some() || matches!(model.upload.phase, upload::UploadState::Finished(_))
        }
        Place::Profiles => false,
    };
    // What is being chosen is chosen by its number.
    let picks = matches!(model.browse.view().shows, Shows::Pick(_)) && model.place == Place::Browse;
    if harmless && !picks { of(Action::Continue) } else { None }
}

/// The last line: what is waited for.
pub fn ask(model: &Model, part: &Part, choices: &[Choice]) -> String {
    let last = part.rows.len() + choices.len();
    let empty = proposed(model, choices).map(|n| {
        let choice = &choices[n];
        format!(" Empty line: {}, {}.", part.rows.len() + n + 1, choice.help)
    });
    let empty = empty.unwrap_or_default();
    let choose = match last {
        0 => "? explains.".to_owned(),
        1 => "Choose 1; ? explains.".to_owned(),
        last => format!("Choose 1 to {last}; ? explains."),
    };
    match (model.focus(), &part.field) {
        (Focus::Text | Focus::Secret | Focus::Choice, Some(field)) => format!("{field} {choose}{empty}"),
        _ => format!("{choose}{empty}"),
    }
}

/// What can be typed here, in words.
pub fn explained(model: &Model, part: &super::page::Page) -> Vec<String> {
    let mut out = vec![
        "Type a choice's number, or a command's word, and press Enter.".to_owned(),
        "again says the page once more. Ctrl-C leaves; a running job is stopped in order.".to_owned(),
    ];
    if matches!(model.focus(), Focus::Text | Focus::Secret) {
        out.push(
            "A field waits for text: any other line is its new value. = before a text that is also a choice."
                .to_owned(),
        );
    }
    if by_row(part) {
        let words: Vec<&str> = all(model).iter().filter(|c| is_of_a_row(c.action)).map(|c| c.word).collect();
        out.push(format!(
            "A row's number opens it; with a word behind it: {}. Such as 3 {}.",
            words.join(", "),
            words.last().unwrap_or(&"open")
        ));
    }
    if model.overlays.is_empty() && model.place == Place::Browse {
        let lists = Tab::ALL.map(|tab| tab.title().to_lowercase()).join(", ");
        out.push(format!(
            "/ and words filter the list, / alone shows all again. list and a name goes to another list: {lists}."
        ));
    }
    out.push("Commands here:".to_owned());
    out.extend(all(model).into_iter().map(|choice| format!("{}: {}", choice.word, choice.help)));
    out
}

fn by_row(page: &super::page::Page) -> bool {
    !page.rows.is_empty() && matches!(page.kind, Rows::List { .. } | Rows::Profiles | Rows::Moves { .. })
}
