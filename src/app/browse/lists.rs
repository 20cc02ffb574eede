//! Lists: what each shows, its filter, and the rows that are read for the screen.

use super::{
    super::{
        Fx, Model,
        field::TextField,
        list::ListWindow,
        msg::{Effect, JobId, Work},
    },
    Browse, Shows, fetch, page,
};
use crate::domain::{
    explore::Question,
    ids::RunId,
    problem::Problem,
    view::{List, Query, Rows, Within},
};

/// One list, or one object, on the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub shows: Shows,
    /// For the trail; as stored.
    pub title: String,
    pub filter: TextField,
    pub window: ListWindow,
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
    pub(super) fn of(shows: Shows, title: impl Into<String>) -> Self {
        Self { shows, title: title.into(), filter: TextField::default(), window: ListWindow::default() }
    }

    fn query(&self, offset: u64, limit: u64) -> Option<Query> {
        let (list, within) = match &self.shows {
            Shows::List(list) => (*list, Within::All),
            Shows::MembersOf(id) => (List::Edges, Within::MembersOf(id.clone())),
            Shows::GroupsOf(id) => (List::Groups, Within::GroupsOf(id.clone())),
            Shows::Object(_) => return None,
        };
        let filter = self.filter.text().trim().to_owned();
        Some(Query { within, filter, offset, limit, ..Query::of(list) })
    }

    pub const fn is_list(&self) -> bool {
        !matches!(self.shows, Shows::Object(_))
    }
}

/// Starts reading the rows that the screen lacks.
pub(super) fn fetch_rows(model: &mut Model, run: RunId, fx: &mut Fx) {
    let page = page(model);
    let view = model.browse.view();
    if view.window.pending.is_none()
        && let Some((offset, limit)) = view.window.missing(page)
        && let Some(query) = view.query(offset, limit)
    {
        let job = model.start(Work::Ask(run, Question::Rows(query)), fx);
        model.browse.view_mut().window.pending = Some(job);
    }
}

/// All rows are to be read anew; until they are here the old ones stay.
pub(super) fn forget(browse: &mut Browse, fx: &mut Fx) {
    for view in browse.roots.iter_mut().chain(&mut browse.trail) {
        view.window.total = None;
        if let Some(job) = view.window.pending.take() {
            fx.push(Effect::Cancel(job));
        }
    }
}

pub(super) fn drop_filter(model: &mut Model, fx: &mut Fx) {
    filter_changed(model, |f| *f = TextField::default(), fx);
}

pub(super) fn filter_changed(model: &mut Model, change: impl FnOnce(&mut TextField), fx: &mut Fx) {
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

/// The list that waits for this answer.
fn waiting(browse: &mut Browse, job: JobId) -> Option<&mut View> {
    browse.roots.iter_mut().chain(&mut browse.trail).find(|v| v.window.pending == Some(job))
}

pub(super) fn answered(model: &mut Model, job: JobId, rows: Rows) {
    let page = page(model);
    if let Some(view) = waiting(&mut model.browse, job) {
        view.window.pending = None;
        view.window.take(rows, page);
    }
}

pub(super) fn failed(browse: &mut Browse, job: JobId, problem: Box<Problem>) {
    if let Some(view) = waiting(browse, job) {
        view.window.pending = None;
        view.window.total = Some(0);
        browse.problem = Some(problem);
    }
}
