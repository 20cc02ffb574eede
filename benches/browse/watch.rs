//! What something takes: on the clock, and of the processors, which others on the machine do not make longer.

use std::time::{Duration, Instant};

/// What something took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Took {
    pub time: Duration,
    /// Of all threads together.
    pub processor: Duration,
}

impl std::ops::AddAssign for Took {
    fn add_assign(&mut self, other: Self) {
        self.time += other.time;
        self.processor += other.processor;
    }
}

impl From<Duration> for Took {
    fn from(time: Duration) -> Self {
        Self { time, processor: Duration::ZERO }
    }
}

/// Something that is being measured.
pub struct Watch(Instant, Duration);

impl Watch {
    pub fn start() -> Self {
        Self(Instant::now(), processor())
    }

    pub fn took(&self) -> Took {
        Took { time: self.0.elapsed(), processor: processor().saturating_sub(self.1) }
    }
}

#[cfg(unix)]
fn processor() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it is written into a structure of ours.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(not(unix))]
fn processor() -> Duration {
    Duration::ZERO
}
