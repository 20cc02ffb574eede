//! The one run that is held in memory, and its loading in the background.
//!
//! One run at a time: another one is read only after the one before was given up, so that two never lie in memory. A run
//! that goes on is a snapshot; once what was written since is worth it, a new one is read while the old one answers.

use std::{
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
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
            if let Some(other) = state.loading.take() {
                other.stop.ask();
            }
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

    /// Nobody asks any more.
    pub(super) fn give_up(&self) {
        if let Some(loading) = &self.state().loading {
            loading.stop.ask();
        }
    }

    fn start(self: &Arc<Self>, state: &mut State, of: Stamp) {
        let stop = Stop::default();
        state.failed = None;
        state.loading = Some(Loading { of, stop: stop.clone() });
        let shelf = Arc::clone(self);
        thread::spawn(move || {
            let ending = Ending { shelf: &shelf, of, stop: &stop, loaded: None };
            ending.load();
        });
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
            load(&reader, self.of.run, shelf.naming, self.stop)
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
        open: impl FnOnce() -> Result<Reader, StoreError>,
        ask: impl FnOnce(&Reader) -> Result<T, ExploreError>,
    ) -> Result<T, ExploreError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match kept {
            Some(reader) => reader,
            None => open()?,
        };
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
