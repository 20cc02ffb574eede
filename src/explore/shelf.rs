//! The one run that is held in memory, and its loading in the background.
//!
//! One run at a time: another one is read only after the one before was given up, so that two never lie in memory. A run
//! that goes on is a snapshot; once what was written since is worth it, a new one is read while the old one answers.

use std::{
    mem,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    ExploreError,
    load::{LoadError, load},
    run::Run,
    stop::Stop,
};
use crate::{
    domain::{
        ids::{RunId, TenantId},
        naming::Naming,
        view::RunInfo,
    },
    store::{Reader, StoreError},
};

/// How long a look at whether somebody still waits may take.
const LOOK: Duration = Duration::from_millis(20);
/// How much longer than its reading a snapshot of a run that goes on lasts, at least.
const LASTS: u32 = 10;
/// How long such a snapshot lasts, at least.
const LASTS_AT_LEAST: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Shelf {
    path: PathBuf,
    tenant: Option<TenantId>,
    naming: Naming,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    loading: Option<Loading>,
    /// Those that were told to stop, and may still hold what they have read.
    ending: Vec<JoinHandle<()>>,
    /// Why the last one could not be read; told once.
    failed: Option<(RunId, LoadError)>,
}

#[derive(Debug)]
struct Held {
    of: Stamp,
    run: Arc<Run>,
    since: Instant,
    took: Duration,
}

#[derive(Debug)]
struct Loading {
    of: Stamp,
    stop: Stop,
    thread: JoinHandle<()>,
}

impl State {
    /// Another one is wanted, or none.
    fn stop_loading(&mut self) {
        if let Some(loading) = self.loading.take() {
            loading.stop.ask();
            self.ending.push(loading.thread);
        }
    }
}

/// What tells two states of a run apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    run: RunId,
    is_finished: bool,
    requests: u64,
    seconds: u64,
}

impl Stamp {
    const fn of(info: &RunInfo) -> Self {
        Self {
            run: info.id,
            is_finished: info.status.is_finished(),
            requests: info.requests,
            seconds: info.seconds.to_bits(),
        }
    }
}

impl Shelf {
    pub(super) fn new(path: PathBuf, tenant: Option<TenantId>, naming: Naming) -> Self {
        Self { path, tenant, naming, state: Mutex::default(), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the run is in memory or being read.
    pub(super) fn is_known(&self, run: RunId) -> bool {
        let state = self.state();
        state
            .held
            .as_ref()
            .map(|held| held.of.run)
            .into_iter()
            .chain(state.loading.as_ref().map(|one| one.of.run))
            .any(|of| of == run)
    }

    /// The run, if it is in memory; else it is being read from now on.
    pub(super) fn look(self: &Arc<Self>, info: &RunInfo) -> Result<Option<Arc<Run>>, ExploreError> {
        let stamp = Stamp::of(info);
        let mut state = self.state();
        if let Some((_, error)) = state.failed.take_if(|(run, _)| *run == stamp.run) {
            return Err(error.into());
        }
        // Of a run that has ended no snapshot answers that was taken before its end.
        let answers = |of: &Stamp| of.run == stamp.run && (*of == stamp || !stamp.is_finished);
        if let Some(held) = &state.held
            && answers(&held.of)
        {
            let run = Arc::clone(&held.run);
            let lasts = (held.took * LASTS).max(LASTS_AT_LEAST);
            let is_old = held.of != stamp && held.since.elapsed() > lasts;
            if is_old && state.loading.is_none() {
                self.start(&mut state, stamp);
            }
            return Ok(Some(run));
        }
        state.held = None;
        if state.loading.as_ref().is_none_or(|loading| !answers(&loading.of)) {
            state.stop_loading();
            self.start(&mut state, stamp);
        }
        Ok(None)
    }

    /// The run, once it is in memory.
    pub(super) fn wait(self: &Arc<Self>, info: &RunInfo, stop: &Stop) -> Result<Arc<Run>, ExploreError> {
        loop {
            if let Some(run) = self.wait_for(info, LOOK, stop)? {
                return Ok(run);
            }
        }
    }

    /// The run, if it is in memory or soon is.
    pub(super) fn wait_for(
        self: &Arc<Self>,
        info: &RunInfo,
        time: Duration,
        stop: &Stop,
    ) -> Result<Option<Arc<Run>>, ExploreError> {
        stop.check()?;
        if let Some(run) = self.look(info)? {
            return Ok(Some(run));
        }
        let is_awaited = |state: &mut State| state.loading.as_ref().is_some_and(|loading| loading.of.run == info.id);
        let waited = self.changed.wait_timeout_while(self.state(), time, is_awaited);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.look(info)
    }

    /// Nobody asks any more. Whoever asks later has it read anew.
    pub(super) fn give_up(&self) {
        self.state().stop_loading();
        self.changed.notify_all();
    }

    fn start(self: &Arc<Self>, state: &mut State, of: Stamp) {
        let stop = Stop::default();
        state.failed = None;
        let (shelf, asked) = (Arc::clone(self), stop.clone());
        let before = mem::take(&mut state.ending);
        let thread = thread::spawn(move || {
            // They end soon, and two are not to lie in memory.
            before.into_iter().for_each(|one| _ = one.join());
            let ending = Ending { shelf: &shelf, of, stop: &asked, loaded: None };
            ending.load();
        });
        state.loading = Some(Loading { of, stop, thread });
    }
}

/// Puts what was read on the shelf, whatever happens while it is read.
struct Ending<'a> {
    shelf: &'a Shelf,
    of: Stamp,
    stop: &'a Stop,
    loaded: Option<Result<(Run, Duration), LoadError>>,
}

impl Ending<'_> {
    fn load(mut self) {
        let began = Instant::now();
        let shelf = self.shelf;
        let read = || {
            let reader = Reader::open(&shelf.path, shelf.tenant.as_ref())?.frugal()?;
            load(reader, self.of.run, shelf.naming, self.stop)
        };
        self.loaded = Some(read().map(|atlas| (Run::new(atlas), began.elapsed())));
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut state = self.shelf.state();
        // Somebody wants another run by now.
        if self.stop.is_asked() {
            return;
        }
        state.loading = None;
        match self.loaded.take() {
            Some(Ok((run, took))) => {
                state.held = Some(Held { of: self.of, run: Arc::new(run), since: Instant::now(), took });
            }
            Some(Err(error)) => state.failed = Some((self.of.run, error)),
            // It fell over; the log has why.
            None => state.failed = Some((self.of.run, LoadError::Stopped(super::stop::Stopped))),
        }
        drop(state);
        self.shelf.changed.notify_all();
    }
}

/// A few open readers, so that a question costs no opening of the store.
#[derive(Debug, Default)]
pub(super) struct Readers(Mutex<Vec<Reader>>);

/// How many are kept open.
const OPEN: usize = 2;

impl Readers {
    pub(super) fn with<T>(
        &self,
        stop: &Stop,
        open: impl FnOnce() -> Result<Reader, StoreError>,
        ask: impl FnOnce(&Reader) -> Result<T, ExploreError>,
    ) -> Result<T, ExploreError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = match kept {
            Some(reader) => reader,
            None => open()?,
        };
        let stop = stop.clone();
        reader.stop_when(move || stop.is_asked())?;
        // Whatever goes wrong, the next question begins anew.
        let answer = ask(&reader)?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < OPEN {
            kept.push(reader);
        }
        drop(kept);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{NAMING, Place, run, user, whole};

    #[test]
    fn what_was_given_up_is_read_anew_by_who_asks_again() {
        let place = Place::new();
        let info = run(&mut place.writer(), 0, &whole(vec![user("u1", "Ada")], vec![]));
        let shelf = Arc::new(Shelf::new(place.path(), None, NAMING));
        // One that goes on until it is stopped, as one of millions does.
        let stop = Stop::default();
        let (asked, has_ended) = (stop.clone(), Arc::new(Mutex::new(false)));
        let ended = Arc::clone(&has_ended);
        let thread = thread::spawn(move || {
            while !asked.is_asked() {
                thread::yield_now();
            }
            *ended.lock().unwrap() = true;
        });
        shelf.state().loading = Some(Loading { of: Stamp::of(&info), stop, thread });
        assert!(shelf.wait_for(&info, Duration::ZERO, &Stop::default()).unwrap().is_none());
        shelf.give_up();
        let read = shelf.wait_for(&info, Duration::from_secs(45), &Stop::default()).unwrap();
        assert!(read.is_some_and(|run| run.atlas.nodes() > 0));
        assert!(*has_ended.lock().unwrap(), "two never lie in memory");
    }
}
