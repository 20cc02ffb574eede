//! The dry run: what an upload would do. Nothing here can write.

use super::{
    Fx, Model, Place,
    command::Action,
    msg::{JobId, Kind, Work},
};
use crate::domain::{preview::Preview, problem::Problem};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    pub phase: ComparisonPhase,
    pub scroll: u16,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum ComparisonPhase {
    #[default]
    Idle,
    Working(JobId),
    Ready(Box<Preview>),
    Failed(Box<Problem>),
}

impl Comparison {
    pub const fn ready(&self) -> Option<&Preview> {
        match &self.phase {
            ComparisonPhase::Ready(preview) => Some(preview),
            _ => None,
        }
    }
}

// What the table of commands asks.

/// No run is finished: there is nothing that could be compared.
pub(super) fn is_blocked(m: &Model) -> bool {
    m.finished().is_none()
}

pub(super) fn is_working(m: &Model) -> bool {
    matches!(m.comparison.phase, ComparisonPhase::Working(_))
}

pub(super) fn is_ready(m: &Model) -> bool {
    m.comparison.ready().is_some()
}

pub(super) fn can_start(m: &Model) -> bool {
    !is_blocked(m) && !is_working(m) && !is_ready(m)
}

pub(super) fn can_upload(m: &Model) -> bool {
    is_ready(m)
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match action {
        Action::Continue if is_blocked(model) => super::ingest::enter(model, fx),
        Action::Continue if can_upload(model) => super::upload::enter(model, fx),
        Action::Continue | Action::Refresh => start(model, fx),
        Action::Cancel => {
            model.cancel(Kind::Preview, fx);
            model.forget_comparison();
        }
        Action::Move(to) => {
            model.comparison.scroll = to.scroll(model.comparison.scroll, 8);
        }
        Action::Back => super::dashboard::enter(model, fx),
        _ => {}
    }
}

pub(super) fn enter(model: &mut Model, fx: &mut Fx) {
    model.place = Place::Preview;
    start_if_needed(model, fx);
}

/// Compares, unless that is done or being done for the run that an upload would send.
pub(super) fn start_if_needed(model: &mut Model, fx: &mut Fx) {
    let current = model.comparison.ready().is_some_and(|p| Some(p.run) == model.finished());
    if !is_blocked(model) && !is_working(model) && !current {
        start(model, fx);
    }
}

fn start(model: &mut Model, fx: &mut Fx) {
    if is_working(model) {
        return;
    }
    let job = model.start(Work::Preview, fx);
    model.comparison = Comparison { phase: ComparisonPhase::Working(job), scroll: 0 };
}

pub(super) fn ended(model: &mut Model, job: JobId, preview: Box<Preview>) {
    if model.comparison.phase == ComparisonPhase::Working(job) {
        model.comparison.phase = ComparisonPhase::Ready(preview);
    }
}

pub(super) fn failed(model: &mut Model, job: JobId, problem: Box<Problem>) {
    if model.comparison.phase == ComparisonPhase::Working(job) {
        model.comparison.phase = ComparisonPhase::Failed(problem);
    }
}
