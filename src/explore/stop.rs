//! How an answer in the making learns that nobody waits for it any more, or that it has taken long enough.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// A sign to stop; clones are the same sign.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

/// It was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it was stopped")]
pub struct Stopped;

impl Stop {
    /// From now on.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// # Errors
    ///
    /// When it is to stop.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.is_asked() { Err(Stopped) } else { Ok(()) }
    }
}

/// How long an answer may take.
#[derive(Debug, Clone)]
pub struct Patience {
    stop: Stop,
    until: Option<Instant>,
}

/// How an answer in the making goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    GoOn,
    /// With what there is.
    Answer,
}

impl Patience {
    /// As long as it takes.
    pub const fn endless(stop: Stop) -> Self {
        Self { stop, until: None }
    }

    pub fn of(stop: Stop, time: Duration) -> Self {
        Self { stop, until: Some(Instant::now() + time) }
    }

    pub const fn stop(&self) -> &Stop {
        &self.stop
    }

    pub const fn is_endless(&self) -> bool {
        self.until.is_none()
    }

    /// To be asked every some thousand steps.
    ///
    /// # Errors
    ///
    /// When nobody waits any more.
    pub fn check(&self) -> Result<Then, Stopped> {
        self.stop.check()?;
        Ok(match self.until {
            Some(until) if Instant::now() >= until => Then::Answer,
            _ => Then::GoOn,
        })
    }
}
