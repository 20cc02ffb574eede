//! One object: beside the list it is selected in, or open by itself.

use super::{
    super::{Fx, Model, command::Action, list::Move, msg::JobId, msg::Work},
    Browse, Shows,
};
use crate::domain::{explore::Question, ids::RunId, kind::EntityKind, problem::Problem, view::Detail};

/// An object that is open by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub id: String,
    pub kind: EntityKind,
    /// By so many lines.
    pub scroll: u16,
}

impl Open {
    pub const fn of(id: String, kind: EntityKind) -> Self {
        Self { id, kind, scroll: 0 }
    }
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

impl Browse {
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
            Shows::Object(open) => Some((open.id.clone(), open.kind, view.title.clone())),
            _ => view.window.selected().map(|row| (row.id.clone(), row.kind, row.name.clone())),
        }
    }
}

/// Starts reading what is known of the selected object. One at a time: while the cursor runs through a list, only where
/// it rests is read.
pub(super) fn fetch(model: &mut Model, run: RunId, fx: &mut Fx) {
    if matches!(model.browse.detail, Pane::Loading { .. }) {
        return;
    }
    match model.browse.about() {
        Some(id) if model.browse.detail.id() == Some(&id) => {}
        Some(id) => {
            let job = model.start(Work::Ask(run, Question::Detail(id.clone())), fx);
            model.browse.detail = Pane::Loading { job, id };
        }
        None => model.browse.detail = Pane::Empty,
    }
}

/// What is done with an object that is open by itself, where it is not what is done with a row too.
pub(super) fn act(open: &mut Open, action: Action, page: u16) {
    if let Action::Move(to) = action {
        scroll(open, to, page);
    }
}

fn scroll(open: &mut Open, to: Move, page: u16) {
    open.scroll = to.scroll(open.scroll, page);
}

/// The object has come, or it is known that the run has none of this id.
pub(super) fn answered(model: &mut Model, job: JobId, detail: Option<Box<Detail>>) {
    if let Pane::Loading { job: waited, id } = &model.browse.detail
        && *waited == job
    {
        model.browse.detail = detail.map_or_else(|| Pane::Missing(id.clone()), Pane::Ready);
    }
}

/// Whether it was an object that could not be read.
pub(super) fn failed(browse: &mut Browse, job: JobId, problem: &Problem) -> bool {
    if let Pane::Loading { job: waited, id } = &browse.detail
        && *waited == job
    {
        browse.detail = Pane::Missing(id.clone());
        browse.problem = Some(Box::new(problem.clone()));
        return true;
    }
    false
}
