//! When to ask again, and how long to wait first.

use std::time::Duration;

/// How long a client keeps trying.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Attempts at one request that fails for reasons of the service or the network.
    pub attempts: u32,
    /// Attempts at one request that is refused with 429: to be throttled is no failure.
    pub throttled: u32,
    /// All waiting for one request together.
    pub total: Duration,
}

impl Patience {
    pub const WORK: Self = Self { attempts: 6, throttled: 20, total: Duration::from_secs(15 * 60) };
    /// For the wizard's checks and for totals that are nice to have.
    pub const PROBE: Self = Self { attempts: 2, throttled: 3, total: Duration::from_secs(20) };

    /// The wait before the next attempt at a request; `None` to give up. `random` lies in 0..1; what was refused together
    /// shares it, to come back together.
    pub fn next(&self, tried: &Tried, throttled: bool, asked: Option<Duration>, random: f64) -> Option<Duration> {
        let exhausted = if throttled { tried.throttled >= self.throttled } else { tried.failed >= self.attempts };
        let wait = wait(tried.failed + tried.throttled, asked, random);
        (!exhausted && tried.waited + wait <= self.total).then_some(wait)
    }
}

/// What one request went through.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tried {
    pub failed: u32,
    pub throttled: u32,
    pub waited: Duration,
}

/// What the service asks for, and a little more, so that not everyone comes back in the same instant; without a wish of
/// the service, 1, 2, 4 … 60 seconds, give or take a quarter. `random` lies in 0..1.
fn wait(attempts: u32, asked: Option<Duration>, random: f64) -> Duration {
    let backoff = 2_f64.powi(attempts.saturating_sub(1).min(10) as i32).min(60.0);
    let seconds = match asked {
        Some(asked) => {
            let asked = asked.as_secs_f64();
            // "0" and the like would otherwise be a tight loop.
            let least = if attempts > 2 { asked.max((backoff / 8.0).min(4.0)) } else { asked.max(0.1) };
            least + random * (asked * 0.1).min(0.5)
        }
        None => backoff * (0.75 + random / 2.0),
    };
    Duration::from_secs_f64(seconds)
}

/// A number in 0..1, from the source of randomness that is there for request ids.
pub(super) fn random() -> f64 {
    let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
    (low & 0xffff_ffff) as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits() {
        let check = |attempts, asked: Option<f64>, random, want: f64| {
            let got = wait(attempts, asked.map(Duration::from_secs_f64), random).as_secs_f64();
            assert!((got - want).abs() < 1e-6, "{attempts} {asked:?} {random}: {got}");
        };
        check(1, None, 0.5, 1.0);
        check(2, None, 0.5, 2.0);
        check(1, None, 0.0, 0.75);
        check(1, None, 1.0, 1.25);
        check(30, None, 0.5, 60.0);
        check(1, Some(10.0), 0.0, 10.0);
        check(1, Some(10.0), 1.0, 10.5);
        check(1, Some(2.0), 1.0, 2.2);
        check(1, Some(0.0), 0.0, 0.1);
        check(6, Some(0.0), 0.0, 4.0);
    }

    #[test]
    fn patience_ends() {
        let tried = |failed, throttled, waited| Tried { failed, throttled, waited: Duration::from_secs(waited) };
        let check = |tried: Tried, throttled, asked: Option<u64>, goes_on| {
            let next = Patience::WORK.next(&tried, throttled, asked.map(Duration::from_secs), 0.5);
            assert_eq!(next.is_some(), goes_on, "{tried:?}");
        };
        check(tried(1, 0, 0), false, None, true);
        check(tried(5, 0, 31), false, None, true);
        check(tried(6, 0, 63), false, None, false);
        check(tried(0, 6, 60), true, Some(10), true);
        check(tried(0, 20, 200), true, Some(10), false);
        check(tried(0, 1, 0), true, Some(3600), false);
        check(tried(0, 10, 880), true, Some(60), false);
    }
}
