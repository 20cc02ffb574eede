//! The dry run: what an upload would do. Nothing here can write.

use super::{
    Fx, Model, Place,
    command::Action,
    msg::{JobId, Kind, Work},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::domain::{
    ids::RunId,
    live::LiveProgress,
    preview::{Baseline, Preview},
    problem::Problem,
    progress::Event,
    text::{ago, counted},
};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    pub phase: ComparisonPhase,
    pub scroll: u16,
    /// The run that a person chose to send; else the newest finished one.
    pub run: Option<RunId>,
    /// Against what it is held.
    pub against: Against,
    /// How far JupiterOne has been read, while that is what it is held against.
    pub read: LiveProgress,
}

/// What a preview is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Against {
    /// What the target is believed to hold; asks nobody.
    #[default]
    Belief,
    /// What JupiterOne says that it holds now.
    Live,
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

/// The code of the problem that the naming needs the instance's name, and nobody told it.
const NO_INSTANCE_NAME: &str = "instance_name";

/// Against what the figures of a preview are held, in words.
pub fn against(baseline: &Baseline, now: Timestamp, zone: &TimeZone) -> String {
    let day = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    match baseline {
        Baseline::NoTarget => {
            "Without a target everything counts as new. Connect JupiterOne under Credentials.".to_owned()
        }
        Baseline::Unknown => {
            "No upload to this target is on record. What it holds is unknown, not empty: everything counts as new, and \
             deletions cannot be foretold."
                .to_owned()
        }
        Baseline::Known { uploaded_at } => {
            format!("against the upload of {} ({})", day(*uploaded_at), ago(now, *uploaded_at))
        }
        Baseline::Run { run, collected_at } => {
            format!(
                "against run {run}, read {} ({}), as if JupiterOne held just that",
                day(*collected_at),
                ago(now, *collected_at)
            )
        }
        Baseline::Live { read_at, requests, apart } => {
            let beside = match apart {
                None => "",
                Some(0) => " It is what it was believed to hold.",
                Some(_) => " That is not what it was believed to hold: ",
            };
            let apart = apart.filter(|apart| *apart > 0).map(|apart| format!("{} differ.", counted(apart, "object")));
            format!(
                "against what JupiterOne holds now, read {} ({}) in {}.{beside}{}",
                day(*read_at),
                ago(now, *read_at),
                counted(*requests, "request"),
                apart.unwrap_or_default()
            )
        }
        Baseline::InDoubt { job_id, since } => {
            let job = job_id.as_deref().map(|id| format!(" (job {id})")).unwrap_or_default();
            format!(
                "How the upload of {}{job} ended is not known: what was there before and what it sent may both be there.",
                day(*since)
            )
        }
    }
}

/// What is being done while it is compared, in words.
pub fn working(comparison: &Comparison) -> String {
    match comparison.against {
        Against::Belief => "comparing what is here with what was last uploaded".to_owned(),
        Against::Live if comparison.read.requests == 0 => "asking JupiterOne what it holds".to_owned(),
        Against::Live => comparison.read.words(),
    }
}

/// That there is nothing to do, and how that is known, where it is.
pub fn nothing(preview: &Preview) -> Option<&'static str> {
    match preview.baseline {
        _ if !preview.total().is_nothing() => None,
        Baseline::Known { .. } => Some("Nothing to do: JupiterOne was sent all of this already."),
        Baseline::Live { .. } => Some("Nothing to do: JupiterOne holds all of this."),
        _ => None,
    }
}

/// What deletions come from, in words, the most of each type first.
pub fn causes(preview: &Preview) -> Vec<String> {
    preview.causes.iter().map(|cause| cause.words(preview)).collect()
}

/// What somebody has to know before an upload is confirmed, beside what its guards say.
pub fn warning(baseline: &Baseline) -> Option<&'static str> {
    match baseline {
        Baseline::InDoubt { .. } => {
            Some("How the last upload to this target ended is not known, so the figures may be off.")
        }
        Baseline::Unknown
        | Baseline::NoTarget
        | Baseline::Known { .. }
        | Baseline::Run { .. }
        | Baseline::Live { .. } => None,
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

/// There is somebody to ask, and nobody asks yet.
pub(super) fn can_ask(m: &Model) -> bool {
    let has_target = m.overview.profile.as_ref().is_some_and(|profile| profile.target.is_some());
    has_target && !is_blocked(m) && !is_working(m) && m.comparison.against == Against::Belief
}

pub(super) fn can_believe(m: &Model) -> bool {
    !is_blocked(m) && !is_working(m) && m.comparison.against == Against::Live
}

/// A plan is bound to what is believed, which an upload looks at again without asking anybody.
pub(super) fn can_be_kept(m: &Model) -> bool {
    m.comparison.ready().is_some_and(|preview| !preview.is_live())
}

/// There is a profile to keep another naming in.
pub(super) fn can_be_renamed(m: &Model) -> bool {
    m.overview.profile.is_some() && !is_blocked(m) && !is_working(m)
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match action {
        Action::Continue if is_blocked(model) => super::ingest::enter(model, fx),
        Action::Continue if can_upload(model) => super::upload::enter(model, fx),
        Action::Continue | Action::Refresh => start(model, fx),
        Action::Names => super::profiles::name_otherwise(model, fx),
        Action::Cancel => {
            model.cancel(Kind::Preview, fx);
            model.forget_comparison();
        }
        Action::Export => super::export::open(model),
        Action::Move(to) => {
            model.comparison.scroll = to.scroll(model.comparison.scroll, 8);
        }
        Action::Objects => {
            if let Some(run) = model.comparison.ready().map(|preview| preview.run) {
                super::browse::planned::open(model, run, fx);
            }
        }
        Action::KeepPlan => {
            if let Some(run) = model.comparison.ready().map(|preview| preview.run) {
                model.start(Work::KeepPlan(run), fx);
            }
        }
        Action::Newest => of_run(model, None, fx),
        Action::Live => {
            let other = match model.comparison.against {
                Against::Belief => Against::Live,
                Against::Live => Against::Belief,
            };
            model.comparison.against = other;
            start(model, fx);
        }
        Action::Back => {
            // Nobody goes on asking for what nobody looks at.
            if is_working(model) && model.comparison.against == Against::Live {
                model.cancel(Kind::Preview, fx);
                model.forget_comparison();
            }
            super::dashboard::enter(model, fx);
        }
        _ => {}
    }
}

/// Compares a run that was chosen: to send it once more undoes what came after it. `None`: the newest again.
pub(super) fn of_run(model: &mut Model, run: Option<RunId>, fx: &mut Fx) {
    model.cancel(Kind::Preview, fx);
    model.forget_comparison();
    model.comparison.run = run;
    model.place = Place::Preview;
    start(model, fx);
}

/// The run that an upload would send.
pub(super) fn wanted(m: &Model) -> Option<RunId> {
    m.comparison.run.or_else(|| m.finished())
}

/// Another run than the newest was chosen.
pub(super) fn is_of_older(m: &Model) -> bool {
    m.comparison.run.is_some()
}

pub(super) fn enter(model: &mut Model, fx: &mut Fx) {
    model.place = Place::Preview;
    start_if_needed(model, fx);
}

/// Compares with what is believed, unless that is done or being done: an upload goes by it.
pub(super) fn believe(model: &mut Model, fx: &mut Fx) {
    if model.comparison.against == Against::Live {
        model.cancel(Kind::Preview, fx);
        model.comparison = Comparison { run: model.comparison.run, ..Comparison::default() };
    }
    start_if_needed(model, fx);
}

/// Compares, unless that is done or being done for the run that an upload would send.
fn start_if_needed(model: &mut Model, fx: &mut Fx) {
    let current = model.comparison.ready().is_some_and(|p| Some(p.run) == wanted(model));
    if !is_blocked(model) && !is_working(model) && !current {
        start(model, fx);
    }
}

fn start(model: &mut Model, fx: &mut Fx) {
    if is_working(model) {
        return;
    }
    let Comparison { run, against, .. } = model.comparison;
    let work = match against {
        Against::Belief => Work::Preview(run),
        Against::Live => Work::PreviewLive(run),
    };
    let job = model.start(work, fx);
    model.comparison = Comparison { phase: ComparisonPhase::Working(job), run, against, ..Comparison::default() };
}

/// JupiterOne is being read.
pub(super) fn told(model: &mut Model, job: JobId, event: Event) {
    if let Event::Live(progress) = event
        && model.comparison.phase == ComparisonPhase::Working(job)
    {
        model.comparison.read = progress;
    }
}

pub(super) fn ended(model: &mut Model, job: JobId, preview: Box<Preview>, fx: &mut Fx) {
    if model.comparison.phase == ComparisonPhase::Working(job) {
        model.comparison.phase = ComparisonPhase::Ready(preview);
        if model.place == Place::Upload {
            super::upload::look_if_needed(model, fx);
        }
    }
}

pub(super) fn failed(model: &mut Model, job: JobId, problem: Box<Problem>) {
    if model.comparison.phase == ComparisonPhase::Working(job) {
        if model.place == Place::Preview && problem.code.as_deref() == Some(NO_INSTANCE_NAME) {
            super::profiles::ask_instance_name(model, &problem);
        }
        model.comparison.phase = ComparisonPhase::Failed(problem);
    }
}
