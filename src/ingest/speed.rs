//! How fast a run goes, and when it will be through: from totals alone, over the last seconds.
//!
//! It guesses nothing that is not known: without a total, or while nothing moves, there is no end in sight.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::domain::{
    completeness::Collection,
    progress::{IngestProgress, Phase},
    reading::RunKind,
};

/// How far back is looked.
const LATELY: Duration = Duration::from_secs(5);
/// Less time than this says nothing.
const LEAST: Duration = Duration::from_secs(1);
/// Looked at no more often than this.
const STEP: Duration = Duration::from_millis(100);

/// The totals of the last seconds.
#[derive(Default)]
pub(super) struct Speed(VecDeque<(Instant, Counts)>);

#[derive(Clone, Copy, Default)]
struct Counts {
    done: [u64; 4],
    edges: u64,
}

impl Counts {
    fn of(progress: &IngestProgress) -> Self {
        Self { done: progress.collections.each_ref().map(|c| c.done), edges: progress.edges }
    }

    /// Objects and memberships. Groups are objects once, by their own list.
    fn all(&self) -> u64 {
        self.done[..Collection::Memberships as usize].iter().sum::<u64>() + self.edges
    }
}

impl Speed {
    /// Sets what the totals of `progress` say: the rates and `eta_seconds`. To be asked now and then.
    pub fn tell(&mut self, now: Instant, progress: &mut IngestProgress) {
        if progress.held {
            // A pause is no slowness: what comes after it is measured anew.
            self.0.clear();
            return;
        }
        let counts = Counts::of(progress);
        // The last one that is old enough stays, to look back at.
        while self.0.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= LATELY) {
            self.0.pop_front();
        }
        if self.0.back().is_none_or(|(at, _)| now.duration_since(*at) >= STEP) {
            self.0.push_back((now, counts));
        }
        let Some((since, before)) = self.0.front().copied() else { return };
        let seconds = now.duration_since(since).as_secs_f64();
        if seconds < LEAST.as_secs_f64() {
            return;
        }
        let per_second = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        progress.rate = per_second(counts.all(), before.all());
        for (of, (now, before)) in progress.collections.iter_mut().zip(counts.done.into_iter().zip(before.done)) {
            of.rate = per_second(now, before);
        }
        // How many changes there are, nobody knows before the last of them.
        if progress.kind != Some(RunKind::Delta) {
            progress.eta_seconds = eta(progress);
        }
    }
}

/// Seconds until the slowest collection is through, and not before the quota allows what is left. `None` where one is
/// not known to come to an end.
fn eta(progress: &IngestProgress) -> Option<f64> {
    let mut longest = None;
    for of in [Collection::Users, Collection::Groups, Collection::Memberships] {
        let this = progress.of(of);
        if matches!(this.phase, Phase::Ended(_)) {
            continue;
        }
        let left = this.total?.saturating_sub(this.done) as f64;
        if left > 0.0 && this.rate <= 0.0 {
            return None;
        }
        let seconds = if left > 0.0 { left / this.rate } else { 0.0 };
        longest = Some(f64::max(seconds, longest.unwrap_or_default()));
    }
    Some(f64::max(longest?, quota_allows(progress)))
}

/// Seconds that the units which are left take at the pace aimed at: a group more costs what groups cost so far.
fn quota_allows(progress: &IngestProgress) -> f64 {
    let members = progress.of(Collection::Memberships);
    let wire = &progress.wire;
    if members.done == 0 || wire.pace_10s == 0 {
        return 0.0;
    }
    let left = members.total.unwrap_or_default().saturating_sub(members.done) as f64;
    left * (wire.resource_units as f64 / members.done as f64) / (wire.pace_10s as f64 / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::completeness::State;

    fn reading(of: [(u64, Option<u64>); 3], edges: u64) -> IngestProgress {
        let mut progress = IngestProgress { edges, ..IngestProgress::default() };
        for (collection, (done, total)) in
            [Collection::Users, Collection::Groups, Collection::Memberships].into_iter().zip(of)
        {
            let of = progress.of_mut(collection);
            (of.phase, of.done, of.total) = (Phase::Reading, done, total);
        }
        progress
    }

    /// Reads at so much a second for ten seconds, and what is told then.
    async fn after_ten_seconds(step: impl Fn(u64) -> IngestProgress) -> IngestProgress {
        let mut speed = Speed::default();
        let mut last = IngestProgress::default();
        for tick in 0..=100 {
            last = step(tick);
            speed.tell(Instant::now(), &mut last);
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        last
    }

    #[tokio::test(start_paused = true)]
    async fn over_the_last_seconds() {
        let told = after_ten_seconds(|t| {
            reading([(t * 100, Some(20_000)), (t * 10, Some(2_000)), (t * 5, Some(2_000))], t * 1_000)
        })
        .await;
        // 1,000 users, 100 groups and 10,000 memberships a second; of the groups' members there is most left.
        assert!((told.rate - 11_100.0).abs() < 1.0, "{}", told.rate);
        assert!((told.eta_seconds.unwrap() - 30.0).abs() < 0.1, "{:?}", told.eta_seconds);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_slow_long_ago_does_not_count() {
        let told = after_ten_seconds(|t| {
            let done = t.saturating_sub(50) * 100;
            reading([(done, Some(10_000)), (0, Some(0)), (0, Some(0))], 0)
        })
        .await;
        assert!((told.rate - 1_000.0).abs() < 25.0, "{}", told.rate);
        assert!((told.eta_seconds.unwrap() - 5.0).abs() < 0.2, "{:?}", told.eta_seconds);
    }

    #[tokio::test(start_paused = true)]
    async fn no_end_is_told_that_is_not_known() {
        let told = after_ten_seconds(|t| reading([(t, Some(200)), (t, None), (t, None)], t)).await;
        assert!(told.rate > 0.0);
        assert_eq!(told.eta_seconds, None, "without totals");
        let told = after_ten_seconds(|_| reading([(10, Some(200)), (10, Some(10)), (10, Some(10))], 9)).await;
        assert_eq!((told.rate, told.eta_seconds), (0.0, None), "nothing moves");
        let mut speed = Speed::default();
        let mut first = reading([(10, Some(200)), (10, Some(10)), (10, Some(10))], 9);
        speed.tell(Instant::now(), &mut first);
        assert_eq!((first.rate, first.eta_seconds), (0.0, None), "at once");
        let ended = after_ten_seconds(|t| {
            let mut progress = reading([(t, Some(t)), (t, Some(t)), (t, Some(t))], t);
            progress.collections.iter_mut().for_each(|c| c.phase = Phase::Ended(State::Complete));
            progress
        })
        .await;
        assert_eq!(ended.eta_seconds, None, "what comes after has no totals");
    }

    #[tokio::test(start_paused = true)]
    async fn not_before_the_quota_allows_it() {
        let told = after_ten_seconds(|t| {
            let mut progress = reading([(1, Some(1)), (1, Some(1)), (t * 100, Some(20_000))], 0);
            // Half a unit a group, a hundred units a second: ten thousand groups take fifty seconds.
            progress.wire.resource_units = t * 50;
            progress.wire.pace_10s = 1_000;
            progress
        })
        .await;
        assert!((told.eta_seconds.unwrap() - 50.0).abs() < 0.1, "{:?}", told.eta_seconds);
    }
}
