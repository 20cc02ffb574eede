//! Facets: how many rows have which trait. Choosing one changes the filter's text, and nothing else holds what is
//! chosen, so that text and facets never disagree.

use super::{
    super::{
        Fx, Model,
        field::TextField,
        msg::{Effect, JobId, Work},
        overlay::Overlay,
    },
    lists,
    popup::Popup,
};
use crate::domain::{explore::Facet, filter, problem::Problem};

/// The facets of the list on the screen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facets {
    pub all: Vec<Facet>,
    pub job: Option<JobId>,
    pub problem: Option<Box<Problem>>,
}

fn are_open(model: &Model) -> bool {
    model.overlays.iter().any(|over| matches!(over, Overlay::Browse(Popup::Facets { .. })))
}

/// What is counted is counted anew, while somebody looks; the old counts stay until then.
pub(super) fn ask_anew(model: &mut Model, fx: &mut Fx) {
    if are_open(model) {
        ask(model, fx);
    }
}

pub(super) fn ask(model: &mut Model, fx: &mut Fx) {
    fx.extend(model.browse.facets.job.take().map(Effect::Cancel));
    let Some((run, question)) = model.browse.view().facets(&model.browse) else { return };
    let job = model.start(Work::Ask(run, question), fx);
    model.browse.facets.job = Some(job);
    model.browse.facets.problem = None;
}

pub(super) fn open(model: &mut Model, fx: &mut Fx) {
    model.browse.facets.all.clear();
    model.overlays.push(Overlay::Browse(Popup::Facets { chosen: 0 }));
    ask(model, fx);
}

pub(super) fn answered(model: &mut Model, job: JobId, all: Vec<Facet>) {
    if model.browse.facets.job == Some(job) {
        model.browse.facets = Facets { all, ..Facets::default() };
    }
}

pub(super) fn failed(model: &mut Model, job: JobId, problem: &Problem) -> bool {
    let ours = model.browse.facets.job == Some(job);
    if ours {
        model.browse.facets = Facets { problem: Some(Box::new(problem.clone())), ..Facets::default() };
    }
    ours
}

/// Whether the filter's text says it now, whatever it said when rows were counted.
pub fn is_chosen(model: &Model, facet: &Facet) -> bool {
    let view = model.browse.view();
    filter::has(view.filter_text(), &facet.filter, view.scope())
}

/// Leaves only rows of this trait, or all again.
pub(super) fn toggle(model: &mut Model, at: usize, fx: &mut Fx) {
    let Some(facet) = model.browse.facets.all.get(at) else { return };
    let view = model.browse.view();
    let text = filter::toggled(view.filter_text(), &facet.filter, view.scope());
    lists::filter_changed(model, |field| *field = TextField::of(&text), fx);
}
