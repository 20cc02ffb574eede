//! The shared pause: when Graph says "later" to one request, all wait. It goes on counting while a client is refused
//! (facts: graph.md §1.5), so that to wait together is the fastest way out.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

pub(super) struct Pause {
    state: Mutex<State>,
}

struct State {
    until: Option<Instant>,
    /// Of all pauses so far, the current one to its end.
    total: Duration,
}

impl Pause {
    pub fn new() -> Self {
        Self { state: Mutex::new(State { until: None, total: Duration::ZERO }) }
    }

    /// Nobody sends for this long from now; a longer pause stays.
    pub fn stop_for(&self, wait: Duration) {
        let now = Instant::now();
        let mut state = self.lock();
        let stops_until = state.until.filter(|u| *u > now).unwrap_or(now);
        let until = now + wait;
        if until > stops_until {
            state.total += until - stops_until;
            state.until = Some(until);
        }
    }

    /// Waits while there is a pause.
    pub async fn over(&self) {
        while let Some(until) = self.until() {
            tokio::time::sleep_until(until).await;
        }
    }

    /// The end of the pause that is on.
    pub fn until(&self) -> Option<Instant> {
        self.lock().until.filter(|u| *u > Instant::now())
    }

    /// All pauses up to this moment.
    pub fn stood_still(&self) -> Duration {
        let state = self.lock();
        let to_come = state.until.map(|u| u.saturating_duration_since(Instant::now())).unwrap_or_default();
        state.total.saturating_sub(to_come)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_join_and_only_the_past_is_counted() {
        let pause = Pause::new();
        let check = |want: u64| assert_eq!(pause.stood_still(), Duration::from_secs(want));
        check(0);
        pause.stop_for(Duration::from_secs(10));
        check(0);
        tokio::time::advance(Duration::from_secs(4)).await;
        check(4);
        pause.stop_for(Duration::from_secs(1));
        pause.stop_for(Duration::from_secs(8));
        pause.over().await;
        check(12);
        tokio::time::advance(Duration::from_secs(100)).await;
        check(12);
        assert!(pause.until().is_none());
    }
}
