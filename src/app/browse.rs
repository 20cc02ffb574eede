//! Browsing: five lists, a filter, one object whole, and a trail of what was opened.

use super::{
    Fx, Model, Place,
    command::Action,
    field::TextField,
    key::Key,
    list::ListWindow,
    msg::{Effect, JobId, Work},
};
use crate::domain::{
    completeness::RunStatus,
    explore::{Answer, Question},
    ids::RunId,
    kind::EntityKind,
    problem::Problem,
    view::{Detail, List, Query, Rows, Within},
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

/// One list, or one object, on the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub shows: Shows,
    /// For the trail; as stored.
    pub title: String,
    pub filter: TextField,
    pub window: ListWindow,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    List(List),
    MembersOf(String),
    GroupsOf(String),
    /// An object by itself; scrolled by so many lines.
    Object {
        id: String,
        kind: EntityKind,
        scroll: u16,
    },
}

/// The detail of the selected row.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Pane {
    #[default]
    Empty,
    Loading {
        job: JobId,
        id: String,
    },
    Ready(Box<Detail>),
    /// This id is not in the store.
    Missing(String),
}

impl Pane {
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Empty => None,
            Self::Loading { id, .. } | Self::Missing(id) => Some(id),
            Self::Ready(detail) => Some(&detail.id),
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
            problem: None,
        }
    }
}

pub const fn title(list: List) -> &'static str {
    match list {
        List::Accounts => "Accounts",
        List::Users => "Users",
        List::Groups => "Groups",
        List::Members => "Group members",
        List::Edges => "Edges",
    }
}

impl View {
    fn of(shows: Shows, title: impl Into<String>) -> Self {
        Self { shows, title: title.into(), filter: TextField::default(), window: ListWindow::default() }
    }

    fn query(&self, offset: u64, limit: u64) -> Option<Query> {
        let (list, within) = match &self.shows {
            Shows::List(list) => (*list, Within::All),
            Shows::MembersOf(id) => (List::Edges, Within::MembersOf(id.clone())),
            Shows::GroupsOf(id) => (List::Groups, Within::GroupsOf(id.clone())),
            Shows::Object { .. } => return None,
        };
        let filter = self.filter.text().trim().to_owned();
        Some(Query { within, filter, offset, limit, ..Query::of(list) })
    }

    pub const fn is_list(&self) -> bool {
        !matches!(self.shows, Shows::Object { .. })
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

    /// What the detail pane is about: of an empty list, whose list it is.
    pub fn about(&self) -> Option<String> {
        let empty = self.view().window.total == Some(0);
        match (self.subject(), &self.view().shows) {
            (Some((id, ..)), _) => Some(id),
            (None, Shows::MembersOf(id) | Shows::GroupsOf(id)) if empty => Some(id.clone()),
            (None, _) => None,
        }
    }

    /// What is selected or open: its id, kind and name.
    pub fn subject(&self) -> Option<(String, EntityKind, String)> {
        let view = self.view();
        match &view.shows {
            Shows::Object { id, kind, .. } => Some((id.clone(), *kind, view.title.clone())),
            _ => view.window.selected().map(|row| (row.id.clone(), row.kind, row.name.clone())),
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
    for view in browse.roots.iter_mut().chain(&mut browse.trail) {
        view.window.total = None;
        if let Some(job) = view.window.pending.take() {
            fx.push(Effect::Cancel(job));
        }
    }
    fetch(model, fx);
}

/// Starts reading what the screen lacks: rows of the list, and the selected object.
pub(super) fn fetch(model: &mut Model, fx: &mut Fx) {
    let page = page(model);
    let Some(run) = model.browse.run else { return };
    let view = model.browse.view();
    if view.window.pending.is_none()
        && let Some((offset, limit)) = view.window.missing(page)
        && let Some(query) = view.query(offset, limit)
    {
        let job = model.start(Work::Ask(run, Question::Rows(query)), fx);
        model.browse.view_mut().window.pending = Some(job);
    }
    // One at a time: while the cursor runs through a list, only where it rests is read.
    if !matches!(model.browse.detail, Pane::Loading { .. }) {
        match model.browse.about() {
            Some(id) if model.browse.detail.id() == Some(&id) => {}
            Some(id) => {
                let job = model.start(Work::Ask(run, Question::Detail(id.clone())), fx);
                model.browse.detail = Pane::Loading { job, id };
            }
            None => model.browse.detail = Pane::Empty,
        }
    }
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    let page = page(model);
    match action {
        Action::Continue if model.browse.filtering => model.browse.filtering = false,
        Action::Back if model.browse.filtering => {
            model.browse.filtering = false;
            filter_changed(model, |f| *f = TextField::default(), fx);
        }
        Action::Continue if model.browse.run.is_none() => super::ingest::enter(model, fx),
        Action::Continue => {
            if let Some((id, kind, name)) = model.browse.subject() {
                model.browse.trail.push(View::of(Shows::Object { id, kind, scroll: 0 }, name));
            }
        }
        Action::Members | Action::Groups => {
            if let Some((id, kind, name)) = model.browse.subject() {
                let browse = &mut model.browse;
                // The trail names what was gone through: the object first, unless it is open already.
                if browse.view().is_list() {
                    browse.trail.push(View::of(Shows::Object { id: id.clone(), kind, scroll: 0 }, name));
                }
                browse.trail.push(match action {
                    Action::Members => View::of(Shows::MembersOf(id), "members"),
                    _ => View::of(Shows::GroupsOf(id), "in groups"),
                });
            }
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
        Action::Move(to) => {
            let view = model.browse.view_mut();
            match &mut view.shows {
                Shows::Object { scroll, .. } => {
                    *scroll = to.scroll(*scroll, u16::try_from(page).unwrap_or(8));
                }
                _ => view.window.go(to, page),
            }
        }
        Action::Back => {
            let popped = model.browse.trail.pop().is_some();
            if !popped && model.browse.view().filter.text().is_empty() {
                return super::dashboard::enter(model, fx);
            }
            if !popped {
                filter_changed(model, |f| *f = TextField::default(), fx);
            }
        }
        _ => {}
    }
    fetch(model, fx);
}

pub(super) fn key(model: &mut Model, key: Key, fx: &mut Fx) {
    filter_changed(
        model,
        |f| {
            f.edit(key);
        },
        fx,
    );
}

pub(super) fn paste(model: &mut Model, text: &str, fx: &mut Fx) {
    filter_changed(model, |f| f.insert(text), fx);
}

fn filter_changed(model: &mut Model, change: impl FnOnce(&mut TextField), fx: &mut Fx) {
    let view = model.browse.view_mut();
    let before = view.filter.text().trim().to_owned();
    change(&mut view.filter);
    if view.filter.text().trim() != before {
        if let Some(job) = view.window.pending.take() {
            fx.push(Effect::Cancel(job));
        }
        // The old rows stay until the new ones are here, so that nothing flickers; the cursor starts anew.
        view.window.cursor = 0;
        view.window.top = 0;
        view.window.offset = 0;
        view.window.total = None;
        fetch(model, fx);
    }
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
        Answer::Rows(rows) => self::rows(model, job, rows, fx),
        Answer::Detail(detail) => self::detail(model, job, detail, fx),
        _ => {}
    }
}

fn rows(model: &mut Model, job: JobId, rows: Rows, fx: &mut Fx) {
    let page = page(model);
    let browse = &mut model.browse;
    let Some(view) = browse.roots.iter_mut().chain(&mut browse.trail).find(|v| v.window.pending == Some(job)) else {
        return;
    };
    view.window.pending = None;
    view.window.take(rows, page);
    fetch(model, fx);
}

fn detail(model: &mut Model, job: JobId, detail: Option<Box<Detail>>, fx: &mut Fx) {
    if let Pane::Loading { job: waited, id } = &model.browse.detail
        && *waited == job
    {
        model.browse.detail = detail.map_or_else(|| Pane::Missing(id.clone()), Pane::Ready);
        fetch(model, fx);
    }
}

pub(super) fn failed(model: &mut Model, job: JobId, problem: Box<Problem>) {
    let browse = &mut model.browse;
    if let Pane::Loading { job: waited, id } = &browse.detail
        && *waited == job
    {
        browse.detail = Pane::Missing(id.clone());
        browse.problem = Some(problem);
        return;
    }
    let waiting = browse.roots.iter_mut().chain(&mut browse.trail).find(|v| v.window.pending == Some(job));
    if let Some(view) = waiting {
        view.window.pending = None;
        view.window.total = Some(0);
        browse.problem = Some(problem);
    }
}
