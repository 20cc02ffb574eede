//! One object: beside the list it is selected in, or open by itself, with its faces: what people read, what Graph sent,
//! what an upload would say, and what became of it over the runs.

use super::{
    super::{Fx, Model, command::Action, msg::Effect, msg::JobId, msg::Work},
    Asked, Browse, Item, Shows, texts,
};
use crate::domain::{
    explore::{Question, Version},
    ids::RunId,
    kind::EntityKind,
    problem::Problem,
    view::{Detail, List, Query, Rows, Within},
};

/// An object that is open by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    pub id: String,
    pub kind: EntityKind,
    pub face: Face,
    /// By so many lines.
    pub scroll: u16,
    pub history: Asked<Vec<Version>>,
    /// The edges that lead to it, and those that begin at it; the first of them, where they are many.
    pub up: Asked<Rows>,
    pub down: Asked<Rows>,
    /// The account that has all users and groups, as a list of one.
    pub account: Asked<Rows>,
}

/// What of an object is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Face {
    /// As people read it.
    #[default]
    Properties,
    /// The JSON that Graph sent.
    Graph,
    /// What an upload says of it, with its edges.
    Upload,
    /// Its states over the runs.
    History,
}

impl Face {
    pub const ALL: [Self; 4] = [Self::Properties, Self::Graph, Self::Upload, Self::History];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Properties => "Properties",
            Self::Graph => "Graph JSON",
            Self::Upload => "Upload",
            Self::History => "History",
        }
    }

    fn turn(self, by: i8) -> Self {
        let count = Self::ALL.len() as i8;
        Self::ALL[(self as i8 + by).rem_euclid(count) as usize]
    }
}

/// What is asked for by itself.
enum Part {
    History,
    Up,
    Down,
    Account,
}

/// Edges of each direction that are shown and copied; a list shows them all.
pub const EDGES: u64 = 200;

impl Open {
    pub const fn of(id: String, kind: EntityKind) -> Self {
        Self {
            id,
            kind,
            face: Face::Properties,
            scroll: 0,
            history: Asked::Not,
            up: Asked::Not,
            down: Asked::Not,
            account: Asked::Not,
        }
    }

    /// What was asked about a run that is no longer looked at.
    pub(super) fn forget(&mut self, fx: &mut Fx) {
        self.leave(fx);
        (self.history, self.up, self.down, self.account) = (Asked::Not, Asked::Not, Asked::Not, Asked::Not);
    }

    /// Nobody waits for its answers any more.
    pub(super) fn leave(&self, fx: &mut Fx) {
        let jobs = [self.history.job(), self.up.job(), self.down.job(), self.account.job()];
        fx.extend(jobs.into_iter().flatten().map(Effect::Cancel));
    }

    /// What its face needs and nobody has asked for yet.
    fn lacks(&self) -> Vec<(Part, Question)> {
        let edges = |within| Question::Rows(Query { within, limit: EDGES, whole: true, ..Query::of(List::Edges) });
        let mut out = Vec::new();
        if self.face == Face::History && self.history.is_new() {
            out.push((Part::History, Question::History(self.id.clone())));
        }
        if self.face == Face::Upload {
            if self.up.is_new() && self.kind != EntityKind::Account {
                out.push((Part::Up, edges(Within::GroupsOf(self.id.clone()))));
            }
            if self.down.is_new() && self.kind == EntityKind::Group {
                out.push((Part::Down, edges(Within::MembersOf(self.id.clone()))));
            }
            if self.account.is_new() && matches!(self.kind, EntityKind::User | EntityKind::Group) {
                out.push((Part::Account, Question::Rows(Query { limit: 1, ..Query::of(List::Accounts) })));
            }
        }
        out
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
        let view = self.view();
        let empty = view.window.total == Some(0);
        match (self.subject(), &view.shows) {
            // Differences, runs, findings, ways and neighbourhoods tell of themselves.
            (
                _,
                Shows::Changes(_)
                | Shows::Runs
                | Shows::Problems
                | Shows::Requests(_)
                | Shows::Planned(_)
                | Shows::One(..)
                | Shows::Why(_)
                | Shows::Near(_),
            ) => None,
            (Some((id, ..)), _) => Some(id),
            (None, shows) if empty => shows.whose().map(str::to_owned),
            (None, _) => None,
        }
    }

    /// What is selected or open: its id, kind and name.
    pub fn subject(&self) -> Option<(String, EntityKind, String)> {
        let view = self.view();
        match &view.shows {
            Shows::Object(open) => Some((open.id.clone(), open.kind, view.title.clone())),
            Shows::Why(reasons) => reasons.selected().map(|step| (step.id.clone(), step.kind, step.name.clone())),
            Shows::Near(around) => around.selected().map(|step| (step.id.clone(), step.kind, step.name.clone())),
            _ => self.item().and_then(Item::subject),
        }
    }

    /// The object that is open by itself, if one is.
    pub fn open(&self) -> Option<&Open> {
        match &self.view().shows {
            Shows::Object(open) => Some(open),
            _ => None,
        }
    }
}

/// Starts reading what is known of the selected object. One at a time: while the cursor runs through a list, only where
/// it rests is read.
pub(super) fn fetch(model: &mut Model, run: RunId, fx: &mut Fx) {
    // What is on the screen stays there until it is known what comes after it.
    if !matches!(model.browse.detail, Pane::Loading { .. }) && !model.browse.view().window.is_of_another() {
        match model.browse.about() {
            Some(id) if model.browse.detail.id() == Some(&id) => {}
            Some(id) => {
                let job = model.start(Work::Ask(run, Question::Detail(id.clone())), fx);
                model.browse.detail = Pane::Loading { job, id };
            }
            None => model.browse.detail = Pane::Empty,
        }
    }
    fetch_face(model, run, fx);
}

/// Starts reading what only one face needs.
fn fetch_face(model: &mut Model, run: RunId, fx: &mut Fx) {
    let Some(open) = model.browse.open() else { return };
    for (part, question) in open.lacks() {
        let job = model.start(Work::Ask(run, question), fx);
        let Shows::Object(open) = &mut model.browse.view_mut().shows else { return };
        match part {
            Part::History => open.history = Asked::Waiting(job),
            Part::Up => open.up = Asked::Waiting(job),
            Part::Down => open.down = Asked::Waiting(job),
            Part::Account => open.account = Asked::Waiting(job),
        }
    }
}

/// What is done with an object that is open by itself, where it is not what is done with a row too.
pub(super) fn act(model: &mut Model, action: Action, page: u16, fx: &mut Fx) {
    match action {
        Action::CopyThis => fx.extend(texts::object(model).map(Effect::Copy)),
        Action::CopyId => fx.extend(texts::id(model).map(Effect::Copy)),
        _ => {}
    }
    let Shows::Object(open) = &mut model.browse.view_mut().shows else { return };
    match action {
        Action::Move(to) => open.scroll = to.scroll(open.scroll, page),
        Action::Face(by) => {
            open.face = open.face.turn(by);
            open.scroll = 0;
        }
        _ => {}
    }
}

/// All objects that are open on the trail.
fn all_open(browse: &mut Browse) -> impl Iterator<Item = &mut Open> {
    browse.trail.iter_mut().filter_map(|view| match &mut view.shows {
        Shows::Object(open) => Some(&mut **open),
        _ => None,
    })
}

/// The object has come, or it is known that the run has none of this id.
pub(super) fn answered(model: &mut Model, job: JobId, detail: Option<Box<Detail>>) {
    if let Pane::Loading { job: waited, id } = &model.browse.detail
        && *waited == job
    {
        model.browse.detail = detail.map_or_else(|| Pane::Missing(id.clone()), Pane::Ready);
    }
}

pub(super) fn history(model: &mut Model, job: JobId, all: Vec<Version>) {
    if let Some(open) = all_open(&mut model.browse).find(|open| open.history.waits_for(job)) {
        open.history = Asked::Ready(all);
    }
}

/// Takes edges in.
pub(super) fn edges(model: &mut Model, job: JobId, rows: Rows) {
    for open in all_open(&mut model.browse) {
        for asked in [&mut open.up, &mut open.down, &mut open.account] {
            if asked.waits_for(job) {
                *asked = Asked::Ready(rows);
                return;
            }
        }
    }
}

/// Whether it was something of an object that could not be read.
pub(super) fn failed(browse: &mut Browse, job: JobId, problem: &Problem) -> bool {
    if let Pane::Loading { job: waited, id } = &browse.detail
        && *waited == job
    {
        browse.detail = Pane::Missing(id.clone());
        browse.problem = Some(Box::new(problem.clone()));
        return true;
    }
    all_open(browse).any(|open| {
        open.history.fail(job, problem)
            || open.up.fail(job, problem)
            || open.down.fail(job, problem)
            || open.account.fail(job, problem)
    })
}
