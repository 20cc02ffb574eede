//! The upload: asked for with a typed word, watched, aborted in order, told with the job's own figures.

use super::{
    Fx, Model, Place,
    command::Action,
    field::TextField,
    msg::{JobId, Kind, Work},
    overlay::{AskPhase, Overlay, Question},
    preview,
    views::{UploadFailure, UploadOrder},
};
use crate::domain::{
    ids::RunId,
    preview::Baseline,
    progress::{Event, LogLine},
    upload::{JobFigures, LeftJob, Leftover, UploadProgress},
};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Upload {
    pub phase: UploadState,
    pub progress: UploadProgress,
    /// How far a long page is scrolled.
    pub scroll: u16,
    /// What is to become of an open job of an upload that was cut off.
    pub leftover: Leftover,
    /// The last line that the engine had to say.
    pub log: Option<LogLine>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum UploadState {
    #[default]
    Idle,
    Running(JobId),
    Finished(Box<JobFigures>),
    Failed(Box<UploadFailure>),
}

/// What an upload to a target of known state asks to be typed.
pub const WORD: &str = "upload";
/// What a target asks for of which nobody knows what it holds.
pub const FIRST_WORD: &str = "first upload";

/// Why an upload cannot start yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Profile,
    Target,
    Run,
    Comparison,
    /// The target holds all of it.
    Anything,
}

pub fn missing(m: &Model) -> Option<Missing> {
    match &m.overview.profile {
        None => Some(Missing::Profile),
        Some(_) if m.finished().is_none() => Some(Missing::Run),
        Some(profile) if profile.target.is_none() => Some(Missing::Target),
        Some(_) => match m.comparison.ready() {
            // What was seen in the preview is what is sent, nothing newer.
            Some(p) if p.target.is_some() && Some(p.run) == m.finished() => p.is_nothing().then_some(Missing::Anything),
            _ => Some(Missing::Comparison),
        },
    }
}

/// What becomes of a job that an earlier upload left behind, in words.
pub fn what_of(m: &Model, left: &LeftJob, run: RunId) -> String {
    let began = left.since.to_zoned(m.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    match (left.in_doubt, left.run == run, m.upload.leftover) {
        (true, ..) => format!("How the upload of {began} ended is not known: JupiterOne is asked first."),
        (false, true, Leftover::GoOn) => {
            format!(
                "The upload of {began} was cut off. Its open job is gone on with: what has arrived is not sent again."
            )
        }
        (false, true, Leftover::Abort) => {
            format!("The upload of {began} was cut off. Its open job is aborted, and all is sent anew.")
        }
        (false, false, _) => {
            format!("The upload of {began}, of run {}, was cut off. Its open job is aborted.", left.run)
        }
    }
}

// What the table of commands asks.

pub(super) fn is_running(m: &Model) -> bool {
    matches!(m.upload.phase, UploadState::Running(_))
}

pub(super) fn is_over(m: &Model) -> bool {
    matches!(m.upload.phase, UploadState::Finished(_))
}

pub(super) fn can_start(m: &Model) -> bool {
    !is_running(m) && !is_over(m) && missing(m).is_none()
}

/// An upload of this run was cut off, and its job may be gone on with.
pub(super) fn has_open_job(m: &Model) -> bool {
    can_start(m) && m.comparison.ready().is_some_and(|preview| preview.open_job().is_some())
}

pub(super) fn is_blocked(m: &Model) -> bool {
    !is_running(m) && !is_over(m) && missing(m).is_some() && !preview::is_working(m)
}

/// The person has said that it is to stop.
pub fn is_stopping(m: &Model) -> bool {
    m.is_cancelled(Kind::Upload)
}

pub(super) fn can_cancel(m: &Model) -> bool {
    is_running(m) && !m.is_cancelled(Kind::Upload)
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match action {
        Action::Continue if is_over(model) => {
            model.upload = Upload::default();
            super::dashboard::enter(model, fx);
        }
        Action::Continue if can_start(model) => {
            let known = matches!(
                model.comparison.ready().map(|p| &p.baseline),
                Some(Baseline::Known { .. } | Baseline::InDoubt { .. })
            );
            let word = if known { WORD } else { FIRST_WORD };
            model.overlays.push(Overlay::Type { word, field: TextField::default(), wrong: false });
        }
        Action::Continue => match missing(model) {
            Some(Missing::Profile) => super::wizard::enter(model),
            Some(Missing::Target) => super::wizard::enter_jupiterone(model),
            Some(Missing::Run) => super::ingest::enter(model, fx),
            Some(Missing::Comparison) => preview::enter(model, fx),
            Some(Missing::Anything) => super::dashboard::enter(model, fx),
            None => {}
        },
        Action::OpenJob => {
            model.upload.leftover = match model.upload.leftover {
                Leftover::Abort => Leftover::GoOn,
                Leftover::GoOn => Leftover::Abort,
            };
        }
        Action::Cancel => model.overlays.push(Overlay::Ask(Question::CancelUpload, AskPhase::Confirm)),
        Action::Move(to) => model.upload.scroll = to.scroll(model.upload.scroll, 8),
        Action::Back => preview::enter(model, fx),
        _ => {}
    }
}

pub(super) fn enter(model: &mut Model, fx: &mut Fx) {
    model.place = Place::Upload;
    if !is_running(model) && !is_over(model) && missing(model) == Some(Missing::Comparison) {
        preview::start_if_needed(model, fx);
    }
}

/// The word was typed.
pub(super) fn confirmed(model: &mut Model, fx: &mut Fx) {
    let Some(preview) = model.comparison.ready() else { return };
    let Some(target) = preview.target.clone() else { return };
    let order = UploadOrder {
        target,
        run: preview.run,
        first_upload: matches!(preview.baseline, Baseline::Unknown | Baseline::NoTarget),
        leftover: model.upload.leftover,
    };
    let progress = UploadProgress::default();
    let job = model.start(Work::Upload(order), fx);
    model.upload = Upload { phase: UploadState::Running(job), progress, ..Upload::default() };
}

pub(super) fn event(model: &mut Model, job: JobId, event: Event) {
    if model.upload.phase == UploadState::Running(job) {
        match event {
            Event::Upload(progress) => model.upload.progress = progress,
            Event::Log(line) => model.upload.log = Some(line),
            Event::Check(_) | Event::Ingest(_) | Event::Consent(_) | Event::Request(_) => {}
        }
    }
}

pub(super) fn ended(model: &mut Model, job: JobId, figures: Box<JobFigures>, fx: &mut Fx) {
    if model.upload.phase == UploadState::Running(job) {
        model.upload.phase = UploadState::Finished(figures);
        model.forget_comparison();
        model.look_again(fx);
    }
}

pub(super) fn failed(model: &mut Model, job: JobId, failure: Box<UploadFailure>, fx: &mut Fx) {
    if model.upload.phase == UploadState::Running(job) {
        model.upload.phase = UploadState::Failed(failure);
        model.upload.scroll = 0;
        model.forget_comparison();
        model.look_again(fx);
    }
}
