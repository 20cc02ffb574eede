//! Browsing: lists, a filter, one object whole, and a trail of what was opened.

mod asked;
mod copy;
mod lists;
mod object;
mod pick;
mod trail;
mod why;

pub use asked::Asked;
pub use copy::edges;
pub use lists::{View, title};
pub use object::{EDGES, Face, Open, Pane};
pub use pick::{Known, Pick, like};
pub(super) use trail::{open_list, open_members};
pub use why::{Brief, Ends, Found, Named, Reasons, Shape};

use super::{Fx, Model, Place, command::Action, key::Key, msg::JobId};
use crate::domain::{
    completeness::RunStatus,
    explore::Answer,
    ids::RunId,
    kind::EntityKind,
    problem::Problem,
    view::{List, Within},
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
    pub brief: Brief,
    pub problem: Option<Box<Problem>>,
}

/// What a view on the trail is.
#[derive(Debug, Clone, PartialEq)]
pub enum Shows {
    List(List),
    MembersOf(String),
    GroupsOf(String),
    /// Also those that are in it, or that it is in, through others.
    AllMembersOf(String),
    AllGroupsOf(String),
    /// An object by itself.
    Object(Box<Open>),
    /// Why something is in a group.
    Why(Box<Reasons>),
    /// The other end of a "why" is chosen.
    Pick(Pick),
}

impl Shows {
    /// What is listed; `None` for what is no list.
    pub fn source(&self) -> Option<(List, Within)> {
        Some(match self {
            Self::List(list) => (*list, Within::All),
            Self::MembersOf(id) => (List::Edges, Within::MembersOf(id.clone())),
            Self::AllMembersOf(id) => (List::Edges, Within::AllMembersOf(id.clone())),
            Self::GroupsOf(id) => (List::Groups, Within::GroupsOf(id.clone())),
            Self::AllGroupsOf(id) => (List::Groups, Within::AllGroupsOf(id.clone())),
            Self::Pick(pick) => pick.source(),
            Self::Object(_) | Self::Why(_) => return None,
        })
    }

    /// The object whose members or groups are listed.
    pub fn whose(&self) -> Option<&str> {
        match self {
            Self::MembersOf(id) | Self::GroupsOf(id) | Self::AllMembersOf(id) | Self::AllGroupsOf(id) => Some(id),
            Self::List(_) | Self::Object(_) | Self::Why(_) | Self::Pick(_) => None,
        }
    }

    /// What is typed into the filter, as the language of filters says it.
    pub fn filter(&self, typed: &str) -> String {
        match self {
            Self::Pick(_) => like(typed),
            _ => typed.trim().to_owned(),
        }
    }
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
            brief: Brief::default(),
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

/// What is being chosen, if something is.
pub(super) fn picking(m: &Model) -> Option<&Pick> {
    match &m.browse.view().shows {
        Shows::Pick(pick) => Some(pick),
        _ => None,
    }
}

pub(super) fn has_faces(m: &Model) -> bool {
    matches!(m.browse.view().shows, Shows::Object(_) | Shows::Why(_))
}

pub(super) fn can_copy(m: &Model) -> bool {
    has_faces(m)
}

/// A list of direct members or groups, or of all: the one can be turned into the other.
pub(super) fn has_reach(m: &Model) -> bool {
    m.browse.view().shows.whose().is_some()
}

pub(super) fn reaches_all(m: &Model) -> bool {
    matches!(m.browse.view().shows, Shows::AllMembersOf(_) | Shows::AllGroupsOf(_))
}

pub(super) fn can_ask_why(m: &Model) -> bool {
    !matches!(m.browse.view().shows, Shows::Pick(_))
        && m.browse.subject().is_some_and(|(_, kind, _)| kind != EntityKind::Account)
}

/// The ways into a group are on the screen.
fn reasons(m: &Model) -> Option<&Reasons> {
    match &m.browse.view().shows {
        Shows::Why(reasons) => Some(reasons),
        _ => None,
    }
}

pub(super) fn has_ways(m: &Model) -> bool {
    reasons(m).and_then(Reasons::why).is_some_and(|why| !why.ways.is_empty())
}

pub(super) fn has_lost(m: &Model) -> bool {
    reasons(m).is_some_and(|reasons| reasons.edge().is_some())
}

/// Whether there is room for a pane beside a list.
pub(super) const fn has_side(m: &Model) -> bool {
    m.size.0 >= 110 && m.size.1 >= 28
}

/// How many rows the screen has for a list: the frame, the heads and the filter's line are taken off.
pub(super) fn page(m: &Model) -> u64 {
    let taken = match m.size.1 {
        0..18 => 5,
        18..28 => 8,
        _ => 9,
    };
    // What is said above the rows takes a line.
    let banner = u16::from(banner(m).is_some()) + u16::from(picking(m).is_some());
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
    trail::forget(browse, fx);
    fetch(model, fx);
}

/// Starts reading what the screen lacks: rows of the list, and the selected object.
pub(super) fn fetch(model: &mut Model, fx: &mut Fx) {
    if let Some(run) = model.browse.run {
        lists::fetch_rows(model, run, fx);
        object::fetch(model, run, fx);
        why::fetch(model, run, fx);
    }
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    let page = page(model);
    match action {
        Action::Continue if model.browse.filtering && picking(model).is_none() => model.browse.filtering = false,
        Action::Back if model.browse.filtering && picking(model).is_none() => {
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
        Action::Face(by) if picking(model).is_some() => trail::turn(model, by, fx),
        Action::Continue | Action::Members | Action::Groups | Action::Reach | Action::Why | Action::Back => {
            trail::act(model, action, fx);
            if model.place != Place::Browse {
                return;
            }
        }
        action => {
            let lines = u16::try_from(page).unwrap_or(8);
            let view = model.browse.view_mut();
            match (&view.shows, action) {
                (Shows::Object(_), action) => object::act(model, action, lines, fx),
                (Shows::Why(_), action) => why::act(model, action, lines, fx),
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
        Answer::Rows(rows) => {
            if let Some(rows) = object::edges(model, job, rows) {
                lists::answered(model, job, rows);
            }
        }
        Answer::Detail(detail) => object::answered(model, job, detail),
        Answer::History(all) => object::history(model, job, all),
        Answer::Why(why) => why::answered(model, job, why),
        Answer::Cut(cut) => why::cut(model, job, cut),
        _ => {}
    }
    fetch(model, fx);
}

pub(super) fn failed(model: &mut Model, job: JobId, problem: Box<Problem>) {
    let browse = &mut model.browse;
    if !object::failed(browse, job, &problem) && !why::failed(browse, job, &problem) {
        lists::failed(browse, job, problem);
    }
}
