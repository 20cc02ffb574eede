//! The calendar, as a seam: tests move it, the program reads it. Waiting is `tokio::time`'s, never this one's.

use jiff::Timestamp;

/// Tells the time of day. Token lives and report times come from here, so that a laptop that slept knows it.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
