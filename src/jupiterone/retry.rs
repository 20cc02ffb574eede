//! When to try again: backoff, and one pause for all that share a client.

use std::{sync::Mutex, time::Duration};

use tokio::time::Instant;
use uuid::Uuid;

/// The longest wait that backoff asks for by itself.
const LONGEST: Duration = Duration::from_secs(30);

/// The wait before the try after the `tries`-th: doubles from half a second, less a random part of up to a half, so
/// that senders that failed together do not come back together.
pub(super) fn backoff(tries: u32) -> Duration {
    let full = Duration::from_millis(500).saturating_mul(1 << tries.saturating_sub(1).min(10)).min(LONGEST);
    let (_, random) = Uuid::new_v4().as_u64_pair();
    full.mul_f64(0.5 + 0.5 * (f64::from((random & 0xffff) as u16) / f64::from(u16::MAX)))
}

/// Holds everybody back while the service asks for it.
#[derive(Debug, Default)]
pub(super) struct Gate {
    until: Mutex<Option<Instant>>,
}

impl Gate {
    /// Nobody passes for `wait`; a longer pause that is on already stays.
    pub(super) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut held = self.until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *held = Some(held.map_or(until, |at| at.max(until)));
    }

    /// Waits until nobody is held back.
    pub(super) async fn wait(&self) {
        loop {
            let until = *self.until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            match until {
                Some(at) if at > Instant::now() => tokio::time::sleep_until(at).await,
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_its_bound() {
        for (tries, full) in [(1, 0.5), (2, 1.0), (4, 4.0), (7, 30.0), (40, 30.0)] {
            for _ in 0..50 {
                let wait = backoff(tries).as_secs_f64();
                assert!((full / 2.0..=full).contains(&wait), "{tries}: {wait}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_pause_holds_everybody() {
        let gate = Gate::default();
        gate.wait().await;
        let began = Instant::now();
        gate.pause(Duration::from_secs(5));
        gate.pause(Duration::from_secs(1));
        gate.wait().await;
        assert!(began.elapsed() >= Duration::from_secs(5));
    }
}
