//! The dashboard: the five steps with the one that comes next selected, and the tenant at a glance. Every line of it
//! opens something: a step, a list as a filter leaves it, a group.

use super::{
    Fx, Model, Place, Step,
    browse::{self, Asked},
    command::Action,
    list::Move,
    msg::{Effect, JobId, Work},
    views::Mode,
};
use crate::domain::{
    explore::{Bar, Facet, Glance, Question},
    ids::RunId,
    problem::Problem,
    view::List,
};

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dashboard {
    /// What the person has selected; else it is the step that comes next.
    pub picked: Option<Spot>,
    pub glance: Asked<Box<Glance>>,
    /// The run that the glance is of.
    pub of: Option<RunId>,
}

/// A line that opens something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    Step(Step),
    /// A list, as these words of a filter leave it. Two parts may say the same.
    List(Part, List, String),
    /// A group, with its name.
    Group(String, String),
}

/// Lines that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub part: Part,
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Steps,
    Totals,
    Users,
    Groups,
    Sizes,
    Depths,
    Largest,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub title: String,
    pub count: u64,
    pub spot: Spot,
}

/// The step that comes next for this profile.
pub fn next_step(m: &Model) -> Step {
    let store = m.overview.store.as_ref();
    match store.and_then(|s| s.finished.as_ref()) {
        _ if m.overview.profile.is_none() => Step::Credentials,
        _ if m.cut_off().is_some() => Step::Ingest,
        None => Step::Ingest,
        Some(run) => {
            let ended = run.finished_at.unwrap_or(run.started_at);
            match store.and_then(|s| s.uploaded) {
                Some(uploaded) if !uploaded.in_doubt && uploaded.at >= ended => Step::Ingest,
                _ => Step::Preview,
            }
        }
    }
}

/// What is selected.
pub fn chosen(m: &Model) -> Spot {
    let next = || Spot::Step(next_step(m));
    match &m.dashboard.picked {
        Some(picked) if spots(m).contains(picked) => picked.clone(),
        _ => next(),
    }
}

/// All that is shown, part by part.
pub fn sections(m: &Model) -> Vec<Section> {
    let step = |step: Step| Entry { title: step.title().to_owned(), count: 0, spot: Spot::Step(step) };
    let mut out = vec![Section { part: Part::Steps, entries: Step::ALL.map(step).to_vec() }];
    let Some(store) = m.overview.store.as_ref().filter(|_| m.shown().is_some()) else { return out };
    let total = |list: List, count: u64| Entry {
        title: browse::title(list).to_owned(),
        count,
        spot: Spot::List(Part::Totals, list, String::new()),
    };
    let totals = &store.totals;
    out.push(Section {
        part: Part::Totals,
        entries: vec![
            total(List::Accounts, totals.accounts),
            total(List::Users, totals.users),
            total(List::Groups, totals.groups),
            total(List::Members, totals.members),
            total(List::Edges, totals.edges),
        ],
    });
    let Some(glance) = m.dashboard.glance.ready() else { return out };
    let line = |part: Part, list: List, title: &str, count: u64, filter: &str| Entry {
        title: title.to_owned(),
        count,
        spot: Spot::List(part, list, filter.to_owned()),
    };
    let facets = |part: Part, list: List, all: &[Facet]| Section {
        part,
        entries: all.iter().map(|f| line(part, list, &f.title, f.count, &f.filter)).collect(),
    };
    let bars = |part: Part, all: &[Bar]| Section {
        part,
        entries: all.iter().map(|b| line(part, List::Groups, &b.title, b.count, &b.filter)).collect(),
    };
    let largest = |step: &crate::domain::explore::Step, count: u64| Entry {
        title: step.name.clone(),
        count,
        spot: Spot::Group(step.id.clone(), step.name.clone()),
    };
    out.extend(
        [
            facets(Part::Users, List::Users, &glance.users),
            facets(Part::Groups, List::Groups, &glance.groups),
            bars(Part::Sizes, &glance.sizes),
            bars(Part::Depths, &glance.depths),
            Section {
                part: Part::Largest,
                entries: glance.largest.iter().map(|(step, count)| largest(step, *count)).collect(),
            },
        ]
        .into_iter()
        .filter(|section| !section.entries.is_empty()),
    );
    out
}

/// All lines that open something, in the order of the parts.
pub fn spots(m: &Model) -> Vec<Spot> {
    sections(m).into_iter().flat_map(|section| section.entries).map(|entry| entry.spot).collect()
}

pub(super) fn can_advance(m: &Model) -> bool {
    m.mode == Mode::Demo && m.place == Place::Dashboard && m.overlays.is_empty()
}

pub(super) fn has_parts(m: &Model) -> bool {
    m.shown().is_some()
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match action {
        Action::Continue => match chosen(model) {
            Spot::Step(step) => model.go(step, fx),
            Spot::List(_, list, filter) => browse::open_list(model, list, &filter, fx),
            Spot::Group(id, name) => browse::open_members(model, &id, &name, fx),
        },
        Action::Move(to) => go(model, to),
        Action::Face(by) => turn(model, by),
        Action::Advance => {
            model.start(Work::Advance, fx);
        }
        _ => {}
    }
}

fn go(model: &mut Model, to: Move) {
    let all = spots(model);
    let last = all.len().saturating_sub(1);
    let chosen = chosen(model);
    let at = all.iter().position(|spot| *spot == chosen).unwrap_or(0);
    let at = match to {
        Move::Up => at.saturating_sub(1),
        Move::Down => at + 1,
        Move::PageUp => at.saturating_sub(Step::ALL.len()),
        Move::PageDown => at + Step::ALL.len(),
        Move::Top => 0,
        Move::Bottom => last,
    }
    .min(last);
    model.dashboard.picked = all.into_iter().nth(at);
}

/// Chooses a line, counted over all parts; whether it was chosen before.
pub(super) fn click_row(model: &mut Model, row: usize) -> bool {
    let before = chosen(model);
    let Some(spot) = spots(model).into_iter().nth(row) else { return false };
    let again = spot == before;
    model.dashboard.picked = Some(spot);
    again
}

/// To the next part, or the one before.
fn turn(model: &mut Model, by: i8) {
    let all = sections(model);
    let chosen = chosen(model);
    let at = all.iter().position(|section| section.entries.iter().any(|e| e.spot == chosen)).unwrap_or(0);
    let next = (at as isize + isize::from(by)).rem_euclid(all.len().max(1) as isize) as usize;
    model.dashboard.picked = match all.into_iter().nth(next) {
        // Back among the steps, the one that comes next is as good as any.
        Some(section) if section.part == Part::Steps => None,
        Some(section) => section.entries.into_iter().next().map(|entry| entry.spot),
        None => None,
    };
}

/// Goes there; without a profile to show, to the wizard.
pub(super) fn enter(model: &mut Model, fx: &mut Fx) {
    if model.overview.profile.is_none() {
        model.place = Place::Wizard;
        return;
    }
    model.place = Place::Dashboard;
    model.dashboard.picked = None;
    model.look_again(fx);
}

/// The overview has come: a run that no glance was taken of yet is looked at. While one is being read it is the finished
/// one before it.
pub(super) fn looked(model: &mut Model, fx: &mut Fx) {
    let Some(run) = model.finished().or_else(|| model.shown().map(|run| run.id)) else { return };
    if model.place != Place::Dashboard || model.dashboard.of == Some(run) {
        return;
    }
    forget(model, fx);
    model.dashboard.of = Some(run);
    model.dashboard.glance = Asked::Waiting(model.start(Work::Ask(run, Question::Glance), fx));
}

/// Everything is about another store now, or nothing is.
pub(super) fn forget(model: &mut Model, fx: &mut Fx) {
    fx.extend(model.dashboard.glance.job().map(Effect::Cancel));
    let picked = model.dashboard.picked.take();
    model.dashboard = Dashboard { picked, ..Dashboard::default() };
}

pub(super) fn answered(model: &mut Model, job: JobId, glance: Box<Glance>) {
    if model.dashboard.glance.waits_for(job) {
        model.dashboard.glance = Asked::Ready(glance);
    }
}

/// Whether it was the glance that failed.
pub(super) fn failed(model: &mut Model, job: JobId, problem: &Problem) -> bool {
    model.dashboard.glance.fail(job, problem)
}
