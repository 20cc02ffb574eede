//! What a line means, here and now: a number, a command's word, or the text of the field that waits for one.

use super::{
    choices::{self, Choice},
    page::{Page, Rows},
};
use crate::{
    app::{
        self, Focus, Model, Msg, Place,
        browse::{Shows, Tab},
        command::Action,
        field::SecretEdit,
        key::Key,
        list::Move,
        overlay::Overlay,
        pointer::{Pointer, Target},
        profiles::Popup,
        wizard::can,
    },
    domain::secret::Secret,
};

/// What is to be done about a line.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// Nothing but these happens, one after the other.
    Do(Vec<Msg>),
    /// These happen, and then, if nothing is wrong with the field, the next one is gone to.
    Fill(Vec<Msg>),
    /// This is said.
    Say(Vec<String>),
    /// The page is said once more.
    Again,
}

/// Does what the command's key would.
pub const fn act(action: Action) -> Msg {
    Msg::Pointed(Pointer::Click, Target::Do(action))
}

/// A line may be a secret, and so it comes as one. What it says is never repeated.
pub fn answer(model: &Model, page: &Page, line: &Secret) -> Answer {
    let text = line.expose().trim();
    let focus = model.focus();
    let is_field = matches!(focus, Focus::Text | Focus::Secret);
    if text.is_empty() {
        return match choices::proposed(model, &page.choices).map(|n| &page.choices[n]) {
            Some(choice) => Answer::Do(vec![act(choice.action)]),
            None => Answer::Say(vec!["An empty line does nothing here.".to_owned()]),
        };
    }
    if is_field && let Some(text) = text.strip_prefix('=') {
        return typed(model, text);
    }
    match text {
        "?" | "help" => return Answer::Say(choices::explained(model, page)),
        "again" => return Answer::Again,
        _ => {}
    }
    if let Some(msgs) = chosen(model, page, text) {
        let is_option =
            matches!(page.kind, Rows::Options { .. }) && text.parse().is_ok_and(|n: usize| n <= page.rows.len());
        return if is_option { Answer::Fill(msgs) } else { Answer::Do(msgs) };
    }
    if model.overlays.is_empty() && model.place == Place::Browse {
        if let Some(words) = text.strip_prefix('/') {
            return Answer::Do(filtered(model, words));
        }
        let tab = text.strip_prefix("list ").map(|name| name.trim().to_lowercase());
        if let Some(tab) = tab.and_then(|name| Tab::ALL.iter().position(|tab| tab.title().to_lowercase() == name)) {
            return Answer::Do(vec![Msg::Pointed(Pointer::Click, Target::Tab(tab))]);
        }
    }
    if is_field {
        return typed(model, text);
    }
    Answer::Say(vec!["That is no choice here: type a number or a command's word; ? explains.".to_owned()])
}

/// A number, a word, or a row's number with a word behind it.
fn chosen(model: &Model, page: &Page, text: &str) -> Option<Vec<Msg>> {
    let (number, word) = match text.split_once(char::is_whitespace) {
        Some((number, word)) => (number.parse::<usize>().ok()?, Some(word.trim())),
        None => match text.parse::<usize>() {
            Ok(number) => (number, None),
            Err(_) => return called(model, text).map(|choice| run(model, page, choice.action)),
        },
    };
    let place = number.checked_sub(1)?;
    match (place.checked_sub(page.rows.len()), word) {
        (None, None) => Some(row(model, page, place)),
        (None, Some(word)) => {
            // What can be done with a row hangs on the row, so it is looked for where that is chosen.
            let chosen = select(model, page, place);
            let mut then = model.clone();
            for msg in chosen.iter().cloned() {
                app::update(&mut then, msg);
            }
            let choice = called(&then, word).filter(|choice| choices::is_of_a_row(choice.action))?;
            Some([chosen, vec![act(choice.action)]].concat())
        }
        (Some(place), None) => page.choices.get(place).map(|choice| run(model, page, choice.action)),
        (Some(_), Some(_)) => None,
    }
}

fn called(model: &Model, word: &str) -> Option<Choice> {
    let page = |word, to| Choice { word, help: String::new(), action: Action::Move(to) };
    let pages = [page("page-down", Move::PageDown), page("page-up", Move::PageUp), page("top", Move::Top)];
    let all = choices::all(model);
    // "stop" and the like are there while something runs; a list has its pages.
    let pages = pages.into_iter().filter(|_| model.overlays.is_empty() && model.place == Place::Browse);
    all.into_iter().chain(pages).find(|choice| choice.word.eq_ignore_ascii_case(word))
}

/// A command; the pages of a list are those that are said.
fn run(model: &Model, page: &Page, action: Action) -> Vec<Msg> {
    match (page.kind, action) {
        (Rows::List { first }, Action::Move(Move::PageDown)) => {
            // The cursor goes from the last row of this page, so that the next one begins behind it.
            let last = first + (page.rows.len() as u64).saturating_sub(1);
            [to_row(model, last), vec![act(action)]].concat()
        }
        (Rows::List { first }, Action::Move(Move::PageUp)) => [to_row(model, first), vec![act(action)]].concat(),
        // Steps and totals are one part here.
        (Rows::Moves { first: 0 }, Action::Face(1)) if model.place == Place::Dashboard => {
            vec![act(action), act(action)]
        }
        _ => vec![act(action)],
    }
}

/// The row is chosen, and nothing else. A click on the one that is chosen would open it.
fn to_row(model: &Model, row: u64) -> Vec<Msg> {
    let is_there = model.browse.view().window.cursor == row;
    if is_there { Vec::new() } else { vec![Msg::Pointed(Pointer::Click, Target::Row(row))] }
}

fn select(model: &Model, page: &Page, place: usize) -> Vec<Msg> {
    let at = |chosen: usize| match chosen == place {
        true => Vec::new(),
        false => vec![Msg::Pointed(Pointer::Click, Target::Row(place as u64))],
    };
    match page.kind {
        Rows::None => Vec::new(),
        Rows::List { first } => to_row(model, first + place as u64),
        Rows::Moves { first } => {
            let downs = std::iter::repeat_n(act(Action::Move(Move::Down)), first + place);
            std::iter::once(act(Action::Move(Move::Top))).chain(downs).collect()
        }
        Rows::Popup => at(popup_at(model)),
        Rows::Profiles => at(model.profiles.selected().map_or(0, |(at, _)| at)),
        Rows::Options { at } => {
            let by = place as isize - at as isize;
            i8::try_from(by).ok().filter(|by| *by != 0).map(|by| act(Action::Choose(by))).into_iter().collect()
        }
    }
}

fn popup_at(model: &Model) -> usize {
    match model.overlays.last() {
        Some(Overlay::How { chosen } | Overlay::Export { chosen }) => *chosen,
        Some(Overlay::Browse(popup)) => popup.chosen(),
        _ => 0,
    }
}

/// What a row's number does: chooses it, and then what Enter would.
fn row(model: &Model, page: &Page, place: usize) -> Vec<Msg> {
    let mut out = select(model, page, place);
    match page.kind {
        Rows::None | Rows::Options { .. } => {}
        _ => out.push(act(Action::Continue)),
    }
    out
}

/// A field that was given its value leads to the next one, if there is one and nothing is wrong with it.
pub fn onward(model: &Model) -> Option<Msg> {
    let wizard = &model.wizard;
    let is_form = model.overlays.is_empty() && model.place == Place::Wizard;
    let id = wizard.focused().filter(|_| is_form && can::has_field_after(model))?;
    wizard.fields.wrong_on(wizard.step, id).is_none().then(|| act(Action::Continue))
}

/// The field has this text and no other.
fn typed(model: &Model, text: &str) -> Answer {
    if model.focus() == Focus::Secret {
        let edits = [SecretEdit::Clear, SecretEdit::Insert(Secret::new(text))];
        return Answer::Fill(edits.into_iter().map(Msg::Secret).collect());
    }
    let mut out = written(text);
    match model.overlays.last() {
        // A typed word is its own confirmation; so is a name.
        Some(
            Overlay::Type { .. }
            | Overlay::Profile(
                Popup::Rename { .. } | Popup::Remove { .. } | Popup::Trust(_) | Popup::InstanceName { .. },
            ),
        ) => out.push(act(Action::Continue)),
        Some(_) => {}
        // Where something is being chosen, Continue would take the first row.
        None if model.place == Place::Browse && matches!(model.browse.view().shows, Shows::Pick(_)) => {}
        None if model.place == Place::Browse => out.push(act(Action::Continue)),
        None => return Answer::Fill(out),
    }
    Answer::Do(out)
}

/// Clears the field that has the focus, and puts the text in.
fn written(text: &str) -> Vec<Msg> {
    let keys = ["ctrl-e", "ctrl-u"].into_iter().filter_map(Key::parse).map(Msg::Key);
    keys.chain((!text.is_empty()).then(|| Msg::Paste(text.to_owned()))).collect()
}

fn filtered(model: &Model, words: &str) -> Vec<Msg> {
    let open = (!model.browse.filtering).then(|| act(Action::Filter));
    let close = (!matches!(model.browse.view().shows, Shows::Pick(_))).then(|| act(Action::Continue));
    open.into_iter().chain(written(words.trim())).chain(close).collect()
}
