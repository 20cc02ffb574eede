//! What a run tells while it works: totals at most ten times a second, and a line for each thing worth knowing.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};

use super::speed::Speed;
use crate::{
    domain::{
        clock::Clock,
        completeness::{Collection, Gap, GapScope, State},
        explore::Again,
        ids::RunId,
        problem::Problem,
        progress::{Event, Fallback, IngestProgress, Level, LogLine, Phase, Reporter},
        reading::RunKind,
        view::RunInfo,
    },
    graph::GraphClient,
    store::{ListEnd, Spent},
};

/// Gaps that a report carries while the run goes on; the run's own list has them all.
const MOST_GAPS: usize = 200;
const TICK: Duration = Duration::from_millis(100);

pub(super) struct Watch {
    client: GraphClient,
    clock: Arc<dyn Clock>,
    reporter: Arc<dyn Reporter>,
    started: Instant,
    /// What the run had cost before it was cut off.
    before: Spent,
    state: Mutex<Watched>,
}

#[derive(Default)]
struct Watched {
    progress: IngestProgress,
    /// When each collection began to be read.
    since: [Option<Instant>; 4],
    speed: Speed,
}

impl Watch {
    pub fn new(
        client: GraphClient,
        clock: Arc<dyn Clock>,
        reporter: Arc<dyn Reporter>,
        started: Instant,
        before: Spent,
    ) -> Self {
        Self { client, clock, reporter, started, before, state: Mutex::default() }
    }

    /// Reports until it is dropped: at once when something changed, and once a second for the clock's sake.
    pub async fn tell_now_and_then(&self) -> Infallible {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told: Option<IngestProgress> = None;
        loop {
            ticks.tick().await;
            let now = self.progress();
            let news = told.as_ref().is_none_or(|told| {
                now.seconds - told.seconds >= 1.0
                    || now.edges != told.edges
                    || now.wire != told.wire
                    || now.gaps != told.gaps
                    || now.fallbacks != told.fallbacks
                    || now.held != told.held
                    || now.kind != told.kind
                    || now
                        .collections
                        .iter()
                        .zip(&told.collections)
                        .any(|(a, b)| (a.phase, a.done, a.total) != (b.phase, b.done, b.total))
            });
            if news {
                self.reporter.report(Event::Ingest(Box::new(now.clone())));
                told = Some(now);
            }
        }
    }

    /// How many there are, counted in the store.
    pub fn held(&self, collection: Collection, held: u64) {
        let mut state = self.lock();
        let of = state.progress.of_mut(collection);
        of.done = held;
        of.total = of.total.map(|_| held);
        // What the store counts was not read in that moment.
        state.speed = Speed::default();
    }

    /// The last report, always sent.
    pub fn finish(&self, info: Option<&RunInfo>) {
        let mut progress = self.progress();
        if let Some(info) = info {
            // Groups that are gone are no gaps of the run, but worth a word.
            progress.gaps.retain(|g| g.state == State::Gone && !info.gaps.contains(g));
            progress.gaps.extend(info.gaps.iter().cloned());
        }
        self.reporter.report(Event::Ingest(Box::new(progress)));
    }

    pub fn log(&self, level: Level, text: String, problem: Option<Problem>) {
        let line = LogLine { at: self.clock.now(), level, text, problem: problem.map(Box::new) };
        self.reporter.report(Event::Log(line));
    }

    pub fn begin(&self, collection: Collection) {
        let mut state = self.lock();
        state.since[collection as usize].get_or_insert_with(Instant::now);
        state.progress.of_mut(collection).phase = Phase::Reading;
    }

    pub fn done(&self, collection: Collection, done: u64) {
        self.lock().progress.of_mut(collection).done = done;
    }

    pub fn one_more(&self, collection: Collection) {
        self.more(collection, 1);
    }

    pub fn total(&self, collection: Collection, total: u64) {
        let mut state = self.lock();
        let of = state.progress.of_mut(collection);
        // What is known of an ended collection is better than an eventually consistent count.
        if !matches!(of.phase, Phase::Ended(_)) {
            of.total = Some(total);
        }
    }

    pub fn total_of(&self, collection: Collection) -> Option<u64> {
        self.lock().progress.of(collection).total
    }

    pub fn done_of(&self, collection: Collection) -> u64 {
        self.lock().progress.of(collection).done
    }

    pub fn more(&self, collection: Collection, more: u64) {
        let mut state = self.lock();
        let of = state.progress.of_mut(collection);
        of.done += more;
        // A group may be found that no list named.
        of.total = of.total.map(|total| total.max(of.done));
    }

    /// Memberships found.
    pub fn edges(&self, more: u64) {
        self.lock().progress.edges += more;
    }

    /// Memberships that are found again.
    pub fn edges_less(&self, less: u64) {
        let mut state = self.lock();
        state.progress.edges = state.progress.edges.saturating_sub(less);
    }

    /// A shortcut that is not taken any more; each is told once.
    pub fn fallback(&self, what: &str, why: &str) {
        let mut state = self.lock();
        if state.progress.fallbacks.iter().any(|f| f.what == what) {
            return;
        }
        state.progress.fallbacks.push(Fallback { what: what.to_owned(), why: why.to_owned() });
        drop(state);
        self.log(Level::Warning, format!("{what}: {why}"), None);
    }

    /// How the run reads. What was told of an attempt before does not count.
    pub fn decided(&self, run: RunId, kind: RunKind, resumed_from: Option<Timestamp>, last_full: Option<Timestamp>) {
        let mut state = self.lock();
        let fallbacks = std::mem::take(&mut state.progress.fallbacks);
        *state = Watched::default();
        state.progress = IngestProgress {
            run: Some(run),
            kind: Some(kind),
            resumed_from,
            last_full,
            fallbacks,
            ..IngestProgress::default()
        };
    }

    /// Why it reads so.
    pub fn because(&self, why: &str) {
        self.lock().progress.because = Some(why.to_owned());
    }

    /// What it reads again, where it reads nothing else.
    pub fn again(&self, again: Vec<Again>) {
        self.lock().progress.again = again;
    }

    /// As far as an interrupted run came.
    pub fn base(&self, collection: Collection, done: u64, total: Option<u64>) {
        let mut state = self.lock();
        let of = state.progress.of_mut(collection);
        of.done = done;
        of.total = of.total.or(total);
        // What another run did is no speed of this one.
        state.speed = Speed::default();
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn ended(&self, collection: Collection, end: &ListEnd) {
        let mut state = self.lock();
        let seconds = state.since[collection as usize].map(|s| s.elapsed().as_secs_f64()).unwrap_or_default();
        let groups_incomplete = state.progress.gaps.iter().any(|g| g.scope == GapScope::Group && !g.state.is_whole());
        let of = state.progress.of_mut(collection);
        of.seconds = seconds;
        // The whole list of groups was asked; the pane shows that some of them kept something back.
        let shown = match end.state {
            State::Complete if collection == Collection::Memberships && groups_incomplete => State::Partial,
            state => state,
        };
        of.phase = Phase::Ended(shown);
        if end.state == State::Complete {
            of.total = Some(of.done);
        } else {
            let name = collection.as_str();
            push_gap(&mut state.progress.gaps, GapScope::Collection, name, name, end);
        }
    }

    /// A group whose members are not all here, or that is gone. Returns how many there are so far.
    pub fn group_gap(&self, id: &str, name: &str, end: &ListEnd) -> usize {
        let mut state = self.lock();
        push_gap(&mut state.progress.gaps, GapScope::Group, id, name, end);
        state.progress.gaps.len()
    }

    fn progress(&self) -> IngestProgress {
        let wire = self.client.wire();
        let mut state = self.lock();
        let mut progress = state.progress.clone();
        for (of, since) in progress.collections.iter_mut().zip(state.since) {
            if let (Phase::Reading, Some(since)) = (of.phase, since) {
                of.seconds = since.elapsed().as_secs_f64();
            }
        }
        progress.wire = wire;
        progress.wire.requests += self.before.requests;
        progress.wire.resource_units += self.before.resource_units;
        progress.held = self.client.is_held();
        state.speed.tell(Instant::now(), &mut progress);
        drop(state);
        progress.seconds = self.before.seconds + self.started.elapsed().as_secs_f64();
        progress
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push_gap(gaps: &mut Vec<Gap>, scope: GapScope, id: &str, name: &str, end: &ListEnd) {
    if gaps.len() < MOST_GAPS {
        gaps.push(Gap {
            scope,
            id: id.to_owned(),
            name: name.to_owned(),
            state: end.state,
            code: end.code.clone(),
            request_id: end.request_id.clone(),
            accepted: false,
            stale_since: None,
        });
    }
}
