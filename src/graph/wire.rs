//! Counters of what went over the wire: requests, refusals, retries, resource units, how quick the answers were.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use url::Url;

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
            state.spent.push_back((now, units));
        }
    }

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
            units_10s: state.spent.iter().map(|(_, units)| units).sum(),
            pace_10s: 0,
            quota_10s: 0,
            throttle_percentage: None,
            throttled_seconds: stood_still.as_secs_f64(),
            p95_ms: p95.copied().unwrap_or_default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, now: Instant) {
        while self.spent.front().is_some_and(|(at, _)| now.duration_since(*at) > Duration::from_secs(10)) {
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

/// What a request costs by the documented table (facts: graph.md §1.2), for answers without `x-ms-resource-unit`.
///
/// `$select` takes one off, `$expand` adds one, a `$top` below 20 takes one off; never below one.
pub(super) fn documented_units(url: &Url) -> u64 {
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().skip(1).collect();
    let base: i64 = match segments.as_slice() {
        ["users" | "applications"] => 2,
        ["subscribedSkus"] => 3,
        ["groups", _, "members", "$count"] => 1,
        ["groups", _, "members", ..] => 3,
        ["groups", _, "transitiveMembers", ..] => 5,
        // With `$select` documented as 2, not as one off.
        ["directoryObjects", "getByIds"] => 3,
        _ => 1,
    };
    let mut units = base;
    for (name, value) in url.query_pairs() {
        match &*name {
            "$select" => units -= 1,
            "$expand" => units += 1,
            "$top" if value.parse::<u32>().is_ok_and(|top| top < 20) => units -= 1,
            _ => {}
        }
    }
    units.max(1).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices() {
        let check = |path: &str, want| {
            let url = Url::parse(&format!("https://graph.microsoft.com/v1.0{path}")).unwrap();
            assert_eq!(documented_units(&url), want, "{path}");
        };
        check("/users", 2);
        check("/users?$select=id&$top=999", 1);
        check("/users/x?$select=id", 1);
        check("/users/$count", 1);
        check("/groups?$select=id&$top=999", 1);
        check("/groups?$select=id&$expand=members($select=id)", 1);
        check("/groups/x/members", 3);
        check("/groups/x/members?$select=id&$top=999", 2);
        check("/groups/x/members?$select=id&$top=10", 1);
        check("/groups/x/members/microsoft.graph.servicePrincipal?$select=id&$count=true", 2);
        check("/directoryObjects/getByIds?$select=id", 2);
        check("/organization", 1);
        check("/devices?$filter=id%20in%20('x')", 1);
    }

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
