//! The upload: asked for with a typed word, watched, aborted in order, told with the job's own figures.

use super::{
    Fx, Model, Sign,
    command::Action,
    field::TextField,
    msg::{JobId, Kind, Work},
    overlay::{AskPhase, Overlay, Question},
    preview,
    views::{UploadEnd, UploadFailure, UploadOrder},
};
use crate::domain::{
    guard::{Guard, Leave},
    ids::RunId,
    preview::Preview,
    problem::Problem,
    progress::{Event, LogLine},
    target::Place,
    upload::{JobFigures, LeftJob, Leftover, UploadProgress, When},
};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Upload {
    pub phase: UploadState,
    pub progress: UploadProgress,
    /// How far a long page is scrolled.
    pub scroll: u16,
    /// What is to become of an open job of an upload that was cut off.
    pub leftover: Leftover,
    /// Whether all is sent although the target is believed to hold it.
    pub when: When,
    /// The last line that the engine had to say.
    pub log: Option<LogLine>,
    /// What the target of a first upload is.
    pub place: Looked,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum UploadState {
    #[default]
    Idle,
    Running(JobId),
    Finished(Box<JobFigures>),
    Failed(Box<UploadFailure>),
}

/// What is known of a target to which nothing was uploaded yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Looked {
    #[default]
    NotYet,
    /// Being asked; whether the person waits for it.
    Asking {
        job: JobId,
        waits: bool,
    },
    Told(Box<Place>),
    Failed(Box<Problem>),
}

impl Looked {
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Told(place) => Some(place),
            _ => None,
        }
    }
}

/// What the target of a first upload is, in words.
pub fn words(place: &Place) -> (Sign, String) {
    match place {
        Place::Scope => (Sign::Done, "The target is a scope: its name is all that there is to it.".to_owned()),
        Place::Custom(instance) => (Sign::Done, format!("The target is the instance {instance}.")),
        Place::Untold(problem) => {
            (Sign::NeedsYou, format!("What the instance is, its key cannot tell ({}).", problem.line()))
        }
    }
}

/// What an upload asks to be typed that nothing speaks against.
pub const WORD: &str = "upload";

/// A word that is asked for, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub word: String,
    pub why: Vec<String>,
}

impl Asked {
    /// Numbers may be written as they are shown.
    pub fn is_answered_by(&self, typed: &str) -> bool {
        let typed = typed.trim();
        let is_number = self.word.bytes().all(|b| b.is_ascii_digit());
        match is_number {
            true => typed.chars().filter(|c| !matches!(c, ',' | '.' | ' ')).eq(self.word.chars()),
            false => typed.eq_ignore_ascii_case(&self.word),
        }
    }
}

/// Everything that has to be typed before the upload begins.
fn asked(preview: &Preview, place: Option<&Place>) -> Vec<Asked> {
    let of = |guard: &Guard| Some(Asked { word: guard.word(place)?, why: vec![guard.means(place)] });
    let mut all: Vec<Asked> = preview.guards.iter().filter_map(of).collect();
    if all.is_empty() {
        all.push(Asked { word: WORD.to_owned(), why: Vec::new() });
    }
    all[0].why.extend(preview::warning(&preview.baseline).map(str::to_owned));
    all
}

/// What [`Missing::Anything`] means.
pub const NOTHING_TO_DO: &str = "JupiterOne was sent all of this already, so there is nothing to upload. If somebody else \
     may have changed it there, it can be sent again.";

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
            Some(p) if p.target.is_some() && Some(p.run) == preview::wanted(m) && !p.is_live() => {
                (p.is_nothing() && m.upload.when == When::Needed).then_some(Missing::Anything)
            }
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
    !is_running(m) && !is_over(m) && missing(m).is_none() && refusal(m).is_none()
}

/// What no word lifts.
pub fn refusal(m: &Model) -> Option<&Guard> {
    m.comparison.ready().and_then(|p| p.guards.iter().find(|guard| guard.is_final()))
}

/// An upload of this run was cut off, and its job may be gone on with.
pub(super) fn has_open_job(m: &Model) -> bool {
    can_start(m) && m.comparison.ready().is_some_and(|preview| preview.open_job().is_some())
}

/// Nothing is to be done, as far as is believed.
pub(super) fn can_send_again(m: &Model) -> bool {
    !is_running(m) && !is_over(m) && missing(m) == Some(Missing::Anything)
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
        Action::Continue if can_start(model) => match (&mut model.upload.place, is_first(&model.comparison)) {
            (_, false) | (Looked::Told(_), true) => ask(model),
            (Looked::Asking { waits, .. }, true) => *waits = true,
            (Looked::NotYet | Looked::Failed(_), true) => look(model, true, fx),
        },
        Action::Continue => match missing(model) {
            Some(Missing::Profile) => super::wizard::enter(model),
            Some(Missing::Target) => super::wizard::enter_jupiterone(model),
            Some(Missing::Run) => super::ingest::enter(model, fx),
            Some(Missing::Comparison) => {
                preview::enter(model, fx);
                preview::believe(model, fx);
            }
            Some(Missing::Anything) => super::dashboard::enter(model, fx),
            None => {}
        },
        Action::SendAgain => model.upload.when = When::Always,
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
    model.place = super::Place::Upload;
    if !is_running(model) && !is_over(model) && missing(model) == Some(Missing::Comparison) {
        preview::believe(model, fx);
    }
    look_if_needed(model, fx);
}

fn is_first(comparison: &preview::Comparison) -> bool {
    comparison.ready().is_some_and(|p| p.guards.contains(&Guard::FirstUpload))
}

/// Asks what the target is, where nothing was uploaded to it yet and nobody has asked.
pub(super) fn look_if_needed(model: &mut Model, fx: &mut Fx) {
    if can_start(model) && is_first(&model.comparison) && model.upload.place == Looked::NotYet {
        look(model, false, fx);
    }
}

fn look(model: &mut Model, waits: bool, fx: &mut Fx) {
    let Some(target) = model.comparison.ready().and_then(|p| p.target.clone()) else { return };
    let job = model.start(Work::Place(target), fx);
    model.upload.place = Looked::Asking { job, waits };
}

/// JupiterOne has told what the target is, or that the key may not know.
pub(super) fn placed(model: &mut Model, job: JobId, place: Box<Place>) {
    let Looked::Asking { job: asking, waits } = model.upload.place else { return };
    if asking == job {
        model.upload.place = Looked::Told(place);
        if waits && model.place == super::Place::Upload && model.overlays.is_empty() && can_start(model) {
            ask(model);
        }
    }
}

pub(super) fn not_placed(model: &mut Model, job: JobId, problem: Box<Problem>) {
    if matches!(model.upload.place, Looked::Asking { job: asking, .. } if asking == job) {
        model.upload.place = Looked::Failed(problem);
    }
}

/// Asks for the words.
fn ask(model: &mut Model) {
    let Some(preview) = model.comparison.ready() else { return };
    let asked = asked(preview, model.upload.place.place());
    model.overlays.push(Overlay::Type { asked, field: TextField::default(), wrong: false });
}

/// All words were typed.
pub(super) fn confirmed(model: &mut Model, fx: &mut Fx) {
    let Some(preview) = model.comparison.ready() else { return };
    let Some(target) = preview.target.clone() else { return };
    let order = UploadOrder {
        target,
        run: preview.run,
        baseline: preview.baseline.clone(),
        // Every word that they ask for was typed by now.
        leave: Leave::of(&preview.guards),
        leftover: model.upload.leftover,
        when: model.upload.when,
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
            Event::Check(_) | Event::Ingest(_) | Event::Consent(_) | Event::Live(_) | Event::Request(_) => {}
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
        if failure.end == UploadEnd::Settled {
            model.say(failure.problem.summary.clone());
            model.upload.phase = UploadState::Idle;
        } else {
            model.upload.phase = UploadState::Failed(failure);
        }
        model.upload.scroll = 0;
        model.forget_comparison();
        model.look_again(fx);
    }
}
