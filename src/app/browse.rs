//! Browsing: lists, a filter, one object whole, and a trail of what was opened.

mod lists;
mod object;
mod trail;

pub use lists::{View, title};
pub use object::{Open, Pane};

use super::{Fx, Model, Place, command::Action, key::Key, msg::JobId};
use crate::domain::{
    completeness::RunStatus, explore::Answer, ids::RunId, kind::EntityKind, problem::Problem, view::List,
};

#[derive(Debug, Clone, PartialEq)]
pub struct Browse {
    /// Whose rows are shown; it stays until the person asks for newer ones.
    pub run: Option<RunId>,
    /// Which of [`List::ALL`].
    pub tab: usize,
    /// The five lists themselves.
    pub roots: [View; 5],
    /// What was opened above the list of the tab.
    pub trail: Vec<View>,
    /// The filter has the focus.
    pub filtering: bool,
    pub detail: Pane,
    pub problem: Option<Box<Problem>>,
}

/// What a view on the trail is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    List(List),
    MembersOf(String),
    GroupsOf(String),
    /// An object by itself.
    Object(Open),
}

impl Default for Browse {
    fn default() -> Self {
        Self {
            run: None,
            tab: 1,
            roots: List::ALL.map(|list| View::of(Shows::List(list), title(list))),
            trail: Vec::new(),
            filtering: false,
            detail: Pane::Empty,
            problem: None,
        }
    }
}

impl Browse {
    pub fn view(&self) -> &View {
        self.trail.last().unwrap_or(&self.roots[self.tab])
    }

    pub fn view_mut(&mut self) -> &mut View {
        match self.trail.last_mut() {
            Some(view) => view,
            None => &mut self.roots[self.tab],
        }
    }
}

// What the table of commands asks.

pub(super) fn can_open(m: &Model) -> bool {
    m.browse.run.is_none() || (m.browse.view().is_list() && m.browse.subject().is_some())
}

pub(super) fn has_members(m: &Model) -> bool {
    m.browse.subject().is_some_and(|(_, kind, _)| kind == EntityKind::Group)
}

pub(super) fn has_groups(m: &Model) -> bool {
    m.browse.subject().is_some_and(|(_, kind, _)| kind != EntityKind::Account)
}

/// How many rows the screen has for a list: the frame, the heads and the filter's line are taken off.
pub(super) fn page(m: &Model) -> u64 {
    let taken = match m.size.1 {
        0..18 => 5,
        18..28 => 8,
        _ => 9,
    };
    let banner = u16::from(banner(m).is_some());
    u64::from(m.size.1.saturating_sub(taken + banner)).max(1)
}

/// What is to be known of rows that are not those of a finished run of everything; a run in progress says so elsewhere.
pub fn banner(m: &Model) -> Option<&'static str> {
    match m.browsed()?.status {
        RunStatus::Complete | RunStatus::Partial | RunStatus::Running => None,
        RunStatus::Scoped => Some("A selection only: what is not here may well exist. It is never uploaded."),
        RunStatus::Interrupted => Some("Cut off before its end: not all is here. It is never uploaded."),
        RunStatus::Failed => Some("It failed before its end: not all is here. It is never uploaded."),
    }
}

pub(super) fn enter(model: &mut Model, fx: &mut Fx) {
    model.place = Place::Browse;
    match model.shown().map(|run| run.id) {
        Some(run) if model.browse.run != Some(run) => show_run(model, run, fx),
        Some(_) => fetch(model, fx),
        None => model.look_again(fx),
    }
}

/// From now on rows are of this run. Lists keep their cursors, which follow their rows.
fn show_run(model: &mut Model, run: RunId, fx: &mut Fx) {
    model.browse.run = Some(run);
    refresh(model, fx);
}

fn refresh(model: &mut Model, fx: &mut Fx) {
    let browse = &mut model.browse;
    browse.problem = None;
    browse.detail = Pane::Empty;
    lists::forget(browse, fx);
    fetch(model, fx);
}

/// Starts reading what the screen lacks: rows of the list, and the selected object.
pub(super) fn fetch(model: &mut Model, fx: &mut Fx) {
    if let Some(run) = model.browse.run {
        lists::fetch_rows(model, run, fx);
        object::fetch(model, run, fx);
    }
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    let page = page(model);
    match action {
        Action::Continue if model.browse.filtering => model.browse.filtering = false,
        Action::Back if model.browse.filtering => {
            model.browse.filtering = false;
            lists::drop_filter(model, fx);
        }
        Action::Filter => {
            // An object has no rows to filter: its list has.
            while !model.browse.view().is_list() {
                model.browse.trail.pop();
            }
            model.browse.filtering = true;
        }
        Action::Tab(by) => {
            let count = List::ALL.len() as isize;
            model.browse.trail.clear();
            model.browse.tab = (model.browse.tab as isize + isize::from(by)).rem_euclid(count) as usize;
        }
        Action::Refresh => {
            model.look_again(fx);
            match model.shown().map(|run| run.id) {
                Some(run) => show_run(model, run, fx),
                None => refresh(model, fx),
            }
        }
        Action::Continue | Action::Members | Action::Groups | Action::Back => {
            trail::act(model, action, fx);
            if model.place != Place::Browse {
                return;
            }
        }
        action => {
            let view = model.browse.view_mut();
            match (&mut view.shows, action) {
                (Shows::Object(open), action) => object::act(open, action, u16::try_from(page).unwrap_or(8)),
                (_, Action::Move(to)) => view.window.go(to, page),
                _ => {}
            }
        }
    }
    fetch(model, fx);
}

pub(super) fn key(model: &mut Model, key: Key, fx: &mut Fx) {
    lists::filter_changed(
        model,
        |f| {
            f.edit(key);
        },
        fx,
    );
}

pub(super) fn paste(model: &mut Model, text: &str, fx: &mut Fx) {
    lists::filter_changed(model, |f| f.insert(text), fx);
}

pub(super) fn resized(model: &mut Model, fx: &mut Fx) {
    let page = page(model);
    model.browse.view_mut().window.resize(page);
    if model.place == Place::Browse {
        fetch(model, fx);
    }
}

/// The overview has come: while nothing is on the screen yet, show what there is.
pub(super) fn looked(model: &mut Model, fx: &mut Fx) {
    if model.place != Place::Browse {
        return;
    }
    let empty = model.browse.view().window.rows.is_empty() && model.browse.view().filter.text().is_empty();
    let Some(run) = model.shown().map(|run| run.id) else { return };
    if model.browse.run.is_none() || (empty && model.browse.view().window.pending.is_none()) {
        show_run(model, run, fx);
    }
}

/// An answer to a question of the browser's has come.
pub(super) fn answered(model: &mut Model, job: JobId, answer: Answer, fx: &mut Fx) {
    match answer {
        Answer::Rows(rows) => lists::answered(model, job, rows),
        Answer::Detail(detail) => object::answered(model, job, detail),
        _ => {}
    }
    fetch(model, fx);
}

pub(super) fn failed(model: &mut Model, job: JobId, problem: Box<Problem>) {
    let browse = &mut model.browse;
    if !object::failed(browse, job, &problem) {
        lists::failed(browse, job, problem);
    }
}
