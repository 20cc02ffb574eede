//! Counters of what went over the wire: requests, refusals, retries, resource units, how quick the answers were.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::domain::progress::WireProgress;

/// How many recent requests the percentile looks at.
const RECENT: usize = 256;

#[derive(Default)]
pub(super) struct Wire {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    requests: u64,
    refused: u64,
    retried: u64,
    in_flight: u32,
    units: u64,
    spent: VecDeque<(Instant, u64)>,
    /// The sum of `spent`.
    units_10s: u64,
    millis: VecDeque<u32>,
}

/// A request under way; dropping it, cancelled or answered, takes it out of the count.
pub(super) struct InFlight<'a> {
    wire: &'a Wire,
    since: Instant,
}

impl Wire {
    pub fn sent(&self) -> InFlight<'_> {
        let mut state = self.lock();
        state.requests += 1;
        state.in_flight += 1;
        InFlight { wire: self, since: Instant::now() }
    }

    pub fn refused(&self) {
        self.lock().refused += 1;
    }

    pub fn retried(&self) {
        self.lock().retried += 1;
    }

    pub fn spent(&self, units: u64) {
        if units > 0 {
            let mut state = self.lock();
            state.units += units;
            let now = Instant::now();
            state.forget(now);
            state.units_10s += units;
            state.spent.push_back((now, units));
        }
    }

    /// Units spent in the last ten seconds.
    pub fn units_10s(&self) -> u64 {
        let mut state = self.lock();
        state.forget(Instant::now());
        state.units_10s
    }

    /// What it can tell; the pace is told by others.
    pub fn progress(&self, stood_still: Duration) -> WireProgress {
        let mut state = self.lock();
        state.forget(Instant::now());
        let mut millis: Vec<u32> = state.millis.iter().copied().collect();
        millis.sort_unstable();
        let p95 = millis.len().saturating_mul(95).div_ceil(100).checked_sub(1).and_then(|at| millis.get(at));
        WireProgress {
            requests: state.requests,
            refused: state.refused,
            retried: state.retried,
            in_flight: state.in_flight,
            resource_units: state.units,
            units_10s: state.units_10s,
            throttled_seconds: stood_still.as_secs_f64(),
            p95_ms: p95.copied().unwrap_or_default(),
            ..WireProgress::default()
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, now: Instant) {
        while let Some((at, units)) = self.spent.front()
            && now.duration_since(*at) > Duration::from_secs(10)
        {
            self.units_10s -= units;
            self.spent.pop_front();
        }
    }
}

impl InFlight<'_> {
    /// The answer is here, whole.
    pub fn answered(self) {
        let millis = self.since.elapsed().as_millis().try_into().unwrap_or(u32::MAX);
        let mut state = self.wire.lock();
        if state.millis.len() == RECENT {
            state.millis.pop_front();
        }
        state.millis.push_back(millis);
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.wire.lock().in_flight -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn totals() {
        let wire = Wire::default();
        for millis in 1..=100 {
            let sent = wire.sent();
            tokio::time::advance(Duration::from_millis(millis)).await;
            sent.answered();
        }
        let cancelled = wire.sent();
        assert_eq!(wire.progress(Duration::ZERO).in_flight, 1);
        drop(cancelled);
        wire.spent(3);
        tokio::time::advance(Duration::from_secs(8)).await;
        wire.spent(4);
        let progress = wire.progress(Duration::ZERO);
        assert_eq!((progress.requests, progress.in_flight, progress.p95_ms), (101, 0, 95));
        assert_eq!((progress.resource_units, progress.units_10s), (7, 7));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(wire.progress(Duration::ZERO).units_10s, 4);
    }
}
