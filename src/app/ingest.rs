//! Reading the directory: what is asked for, how it goes, how it ended.

use std::collections::VecDeque;

use super::{
    Fx, Model, Place,
    command::Action,
    list::Move,
    msg::{Effect, JobId, Kind, Work},
    overlay::{AskPhase, Overlay, Question},
};
use crate::domain::{
    explore::Again,
    problem::Problem,
    progress::{Event, IngestProgress, LogLine},
    reading::{How, RunKind},
    request::{Pick, Request},
    view::RunInfo,
};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ingest {
    pub phase: IngestPhase,
    pub progress: IngestProgress,
    /// Newest last; bounded.
    pub log: VecDeque<LogLine>,
    /// The last of them, newest last; bounded. All are in the request log.
    pub requests: VecDeque<Box<Request>>,
    /// How many lines the log is scrolled up from its end; what went wrong, down from its beginning.
    pub scrolled: u16,
    /// The service has asked to wait, and that is what is going on now.
    pub throttled: bool,
    /// The person wants it to stand still. Nobody else holds a run of this program, so this alone is what is shown: a
    /// report from before the person's last word does not take it back.
    pub held: bool,
    /// Requests in each of the last seconds, newest last.
    pub pulse: VecDeque<u64>,
    /// Where the last second of the pulse began: seconds of the run, requests by then.
    since: (f64, u64),
    /// When the lists were last looked at, in seconds of the run.
    looked: f64,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum IngestPhase {
    #[default]
    Idle,
    Running(JobId),
    Ended(Box<RunInfo>),
    Failed(Box<Problem>),
}

impl Ingest {
    /// Whether it stands still because the service asked for it, and for no other reason.
    pub fn waits(&self) -> bool {
        self.throttled && !self.held && matches!(self.phase, IngestPhase::Running(_))
    }
}

const LOG: usize = 500;
const PULSE: usize = 120;
/// As many as the highest screen has lines for.
const REQUESTS: usize = 60;

// What the table of commands asks.

pub(super) fn is_running(m: &Model) -> bool {
    matches!(m.ingest.phase, IngestPhase::Running(_))
}

/// Nothing was begun since this screen is there.
pub(super) fn is_idle(m: &Model) -> bool {
    m.ingest.phase == IngestPhase::Idle
}

/// Another process holds the store: nothing can be read here meanwhile.
pub fn is_elsewhere(m: &Model) -> bool {
    m.overview.store.as_ref().is_some_and(|store| store.held_by.is_some())
}

pub(super) fn can_start(m: &Model) -> bool {
    !is_elsewhere(m)
        && m.overview.profile.is_some()
        && matches!(m.ingest.phase, IngestPhase::Idle | IngestPhase::Failed(_))
}

pub(super) fn has_failed(m: &Model) -> bool {
    can_start(m) && matches!(m.ingest.phase, IngestPhase::Failed(_))
}

/// Enter goes on with the run that was cut off.
pub(super) fn can_go_on(m: &Model) -> bool {
    !is_elsewhere(m) && m.overview.profile.is_some() && m.cut_off().is_some()
}

pub(super) fn can_browse(m: &Model) -> bool {
    let beside = is_elsewhere(m) && !is_running(m) && m.shown().is_some();
    beside || (!can_go_on(m) && matches!(m.ingest.phase, IngestPhase::Running(_) | IngestPhase::Ended(_)))
}

/// There is something that was read already, so that reading again can be done in more than one way.
pub(super) fn can_choose(m: &Model) -> bool {
    !is_elsewhere(m) && m.overview.profile.is_some() && !is_running(m)
}

pub(super) fn can_read_all(m: &Model) -> bool {
    can_choose(m) && m.finished().is_some()
}

pub(super) fn can_hold(m: &Model) -> bool {
    can_cancel(m) && !m.ingest.held
}

pub(super) fn can_let_go(m: &Model) -> bool {
    can_cancel(m) && m.ingest.held
}

/// The ways to read that there are now, the usual one first.
pub fn choices(m: &Model) -> Vec<How> {
    How::ALL.into_iter().filter(|how| *how != How::Anew || can_go_on(m)).collect()
}

/// A way to read, and what it means now.
pub fn words(m: &Model, how: How) -> (&'static str, &'static str) {
    match how {
        How::Changes if m.cut_off().is_some() => {
            ("Go on (default)", "Where the run ended that was cut off; what it has is not read again.")
        }
        How::Changes if m.finished().is_some() => (
            "What changed (default)",
            "Costs next to nothing. Everything is read all the same when the service no longer tells what changed, or when the last full read is too old.",
        ),
        How::Changes => ("Everything (default)", "The first time there is no other way: as fast as the quota allows."),
        How::Everything => ("Everything", "As fast as the quota allows."),
        How::Gently => {
            ("Gently", "With the least load on the tenant: one request at a time, at low priority. It takes longer.")
        }
        How::Anew => ("Anew", "Drops what was read before it was cut off. Asks first."),
    }
}

/// The person has said that it is to stop.
pub fn is_stopping(m: &Model) -> bool {
    m.is_cancelled(Kind::Collect)
}

/// Something has been asked of the service, now or earlier.
pub(super) fn has_requests(m: &Model) -> bool {
    is_running(m) || m.shown().is_some() || matches!(m.ingest.phase, IngestPhase::Failed(_))
}

pub(super) fn can_cancel(m: &Model) -> bool {
    is_running(m) && !m.is_cancelled(Kind::Collect)
}

pub(super) fn can_read_again(m: &Model) -> bool {
    !is_elsewhere(m) && !can_go_on(m) && matches!(m.ingest.phase, IngestPhase::Ended(_))
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match action {
        Action::Continue if can_go_on(model) || can_start(model) => start(model, How::Changes, fx),
        Action::Continue if can_browse(model) => super::browse::enter(model, fx),
        Action::Continue => super::wizard::enter(model),
        Action::ReadAgain => start(model, How::Changes, fx),
        Action::ReadAll => read(model, How::Everything, fx),
        Action::Requests => super::browse::requests::open(model, Pick::Newest, fx),
        Action::HowToRead => model.overlays.push(Overlay::How { chosen: 0 }),
        Action::DropRun => read(model, How::Anew, fx),
        Action::Hold(held) => hold(model, held, fx),
        Action::Cancel => model.overlays.push(Overlay::Ask(Question::CancelCollect, AskPhase::Confirm)),
        Action::Move(to) => scroll(&mut model.ingest, to),
        Action::Back => super::dashboard::enter(model, fx),
        _ => {}
    }
}

pub(super) fn enter(model: &mut Model, _: &mut Fx) {
    model.place = Place::Ingest;
}

/// Reads so; asks first where that would drop what was cut off.
pub(super) fn read(model: &mut Model, how: How, fx: &mut Fx) {
    let drops = match how {
        How::Changes => false,
        How::Anew => true,
        // Everything goes on with everything, but not with what read changes only.
        How::Everything | How::Gently => model.cut_off().is_some_and(|run| run.kind == RunKind::Delta),
    };
    if drops {
        model.overlays.push(Overlay::Ask(Question::DropRun(how), AskPhase::Confirm));
    } else {
        start(model, how, fx);
    }
}

/// Reads, unless that is being done.
pub(super) fn start(model: &mut Model, how: How, fx: &mut Fx) {
    if is_running(model) || is_elsewhere(model) {
        return;
    }
    let job = model.start(Work::Collect(how), fx);
    model.ingest = Ingest { phase: IngestPhase::Running(job), ..Ingest::default() };
}

/// Reads this alone again, unless something is being read; the ingest screen shows it as any run.
pub fn again(model: &mut Model, again: Again, fx: &mut Fx) {
    if is_running(model) || is_elsewhere(model) {
        return;
    }
    let job = model.start(Work::Again(again), fx);
    model.ingest = Ingest { phase: IngestPhase::Running(job), ..Ingest::default() };
    model.place = Place::Ingest;
}

fn hold(model: &mut Model, held: bool, fx: &mut Fx) {
    if let IngestPhase::Running(job) = model.ingest.phase {
        model.ingest.held = held;
        fx.push(Effect::Hold(job, held));
    }
}

fn scroll(ingest: &mut Ingest, to: Move) {
    let to = match (&ingest.phase, to) {
        (IngestPhase::Failed(_), to) => to,
        (_, Move::Up) => Move::Down,
        (_, Move::Down) => Move::Up,
        (_, Move::PageUp) => Move::PageDown,
        (_, Move::PageDown) => Move::PageUp,
        (_, Move::Top) => Move::Bottom,
        (_, Move::Bottom) => Move::Top,
    };
    ingest.scrolled = to.scroll(ingest.scrolled, 8);
}

pub(super) fn event(model: &mut Model, job: JobId, event: Event, fx: &mut Fx) {
    let ingest = &mut model.ingest;
    if ingest.phase != IngestPhase::Running(job) {
        return;
    }
    match event {
        Event::Ingest(progress) => {
            let (now, requests) = (progress.seconds, progress.wire.requests);
            if now - ingest.since.0 >= 1.0 {
                let seconds = (now - ingest.since.0).max(1.0);
                let rate = requests.saturating_sub(ingest.since.1) as f64 / seconds;
                ingest.pulse.push_back(rate.round() as u64);
                ingest.since = (now, requests);
                if ingest.pulse.len() > PULSE {
                    ingest.pulse.pop_front();
                }
            }
            let look = now - ingest.looked >= 1.0 || (ingest.looked == 0.0 && now > 0.0);
            // What is lost grows only while nothing may be sent.
            ingest.throttled = progress.wire.throttled_seconds > ingest.progress.wire.throttled_seconds;
            ingest.progress = *progress;
            if look {
                ingest.looked = now;
                model.look_again(fx);
            }
        }
        Event::Log(line) => {
            ingest.log.push_back(line);
            if ingest.scrolled > 0 {
                // What is being read stays where it is.
                ingest.scrolled = ingest.scrolled.saturating_add(1);
            }
            if ingest.log.len() > LOG {
                ingest.log.pop_front();
            }
        }
        Event::Request(request) => {
            ingest.requests.push_back(request);
            if ingest.requests.len() > REQUESTS {
                ingest.requests.pop_front();
            }
        }
        Event::Check(_) | Event::Upload(_) | Event::Consent(_) | Event::Live(_) => {}
    }
}

pub(super) fn ended(model: &mut Model, job: JobId, run: Box<RunInfo>, fx: &mut Fx) {
    if model.ingest.phase == IngestPhase::Running(job) {
        model.ingest.phase = IngestPhase::Ended(run);
        model.ingest.scrolled = 0;
        model.forget_comparison();
        model.look_again(fx);
    }
}

pub(super) fn failed(model: &mut Model, job: JobId, problem: Box<Problem>, fx: &mut Fx) {
    if model.ingest.phase == IngestPhase::Running(job) {
        model.ingest.phase = IngestPhase::Failed(problem);
        model.ingest.scrolled = 0;
        model.look_again(fx);
    }
}
