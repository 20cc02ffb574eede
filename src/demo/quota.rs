//! What an app may use of the service: resource units in a token bucket, as facts/graph.md §1.1 says.
//!
//! Ten seconds' worth of units fit in; they come back evenly. Only a request for which not enough is left is refused,
//! and takes nothing. How much was asked for in the last ten seconds, refused requests included, is what the answers'
//! percentage tells. Time is tokio's, so that a paused test sees it exactly.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The time that a limit is for.
const WINDOW: Duration = Duration::from_secs(10);
/// The share of the limit from which on answers tell, and requests of low priority are refused.
const TELLING: f64 = 0.8;
/// The documented end of the percentage's range.
const MOST: f64 = 1.8;

/// One app's use of one limit in one tenant.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Option<Bucket>>);

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Charge {
    /// How long until enough is left, where there is not.
    pub wait: Option<Duration>,
    /// Demand over limit, where it is worth telling.
    pub percentage: Option<f64>,
}

#[derive(Debug)]
struct Bucket {
    level: f64,
    at: Instant,
    /// Demands of the last ten seconds, those of one moment summed up.
    demands: VecDeque<(Instant, f64)>,
    demand: f64,
}

impl Meter {
    /// Takes `cost` out of a bucket of `limit` a window; `low` is a request of low priority.
    pub fn charge(&self, limit: f64, cost: f64, low: bool) -> Charge {
        let now = Instant::now();
        let mut meter = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket =
            meter.get_or_insert_with(|| Bucket { level: limit, at: now, demands: VecDeque::new(), demand: 0.0 });
        bucket.refill(limit, now);
        bucket.ask(cost, now);
        let seconds = WINDOW.as_secs_f64();
        let wait = if bucket.level + 1e-6 < cost {
            Some(Duration::from_secs_f64((cost - bucket.level) / limit * seconds))
        } else if low && bucket.demand > TELLING * limit {
            Some(bucket.until(TELLING * limit, now))
        } else {
            bucket.level -= cost;
            None
        };
        let share = bucket.demand / limit;
        Charge { wait, percentage: (share > TELLING).then_some(share.min(MOST)) }
    }
}

impl Bucket {
    fn refill(&mut self, limit: f64, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed / WINDOW.as_secs_f64() * limit).min(limit);
        self.at = now;
        while let Some((_, cost)) = self.demands.front().filter(|(at, _)| now.saturating_duration_since(*at) >= WINDOW)
        {
            self.demand -= cost;
            self.demands.pop_front();
        }
    }

    fn ask(&mut self, cost: f64, now: Instant) {
        self.demand += cost;
        match self.demands.back_mut() {
            Some((at, sum)) if now.saturating_duration_since(*at) < Duration::from_millis(5) => *sum += cost,
            _ => self.demands.push_back((now, cost)),
        }
    }

    /// How long until so much of the demand is ten seconds old that no more than `bound` is left.
    fn until(&self, bound: f64, now: Instant) -> Duration {
        let mut left = self.demand;
        for (at, cost) in &self.demands {
            left -= cost;
            if left <= bound {
                return WINDOW.saturating_sub(now.saturating_duration_since(*at));
            }
        }
        WINDOW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_what_exceeds_is_refused_and_told_when_to_come_back() {
        let meter = Meter::default();
        let charge = |cost| meter.charge(100.0, cost, false);
        assert_eq!(charge(80.0), Charge { wait: None, percentage: None });
        assert_eq!(charge(20.0), Charge { wait: None, percentage: Some(1.0) });
        let refused = charge(5.0);
        assert_eq!(refused.wait, Some(Duration::from_millis(500)));
        assert_eq!(refused.percentage, Some(1.05));
        tokio::time::advance(Duration::from_millis(499)).await;
        assert!(charge(5.0).wait.is_some());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(charge(5.0).wait, None);
        tokio::time::advance(WINDOW).await;
        assert_eq!(charge(60.0), Charge { wait: None, percentage: None });
        for _ in 0..9 {
            charge(60.0);
        }
        assert_eq!(charge(60.0).percentage, Some(1.8));
    }

    #[tokio::test(start_paused = true)]
    async fn low_priority_is_refused_first() {
        let meter = Meter::default();
        assert_eq!(meter.charge(100.0, 75.0, true).wait, None);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(meter.charge(100.0, 10.0, true).wait, Some(Duration::from_secs(8)));
        assert_eq!(meter.charge(100.0, 10.0, false).wait, None);
        tokio::time::advance(Duration::from_secs(8)).await;
        assert_eq!(meter.charge(100.0, 10.0, true).wait, None);
    }
}
