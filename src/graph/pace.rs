//! The pace: a token bucket in resource units, that all requests of a client draw from before they are sent.
//!
//! It aims at a share of what the service is taken to allow, and spreads it evenly: what is allowed in ten seconds but
//! spent in the first one would be refused where the true quota is smaller than believed. It slows down on what the
//! service tells (`x-ms-throttle-limit-percentage`, 429), and comes back slowly when it tells nothing more. It does not
//! stand still when the service says "later": that is the shared pause's ([`super::pause`]).
//!
//! How the service counts is not documented beyond "a token bucket" (facts: graph.md §1.1). Two readings are held
//! against each other in the tests: the percentage as the part of a bucket that is used up, and as the part of the
//! quota that was spent in the last ten seconds. In both, what was spent in the last ten seconds divided by the
//! percentage is never less than the true quota, so that a pace of 80 % of that is never too slow.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{self, Notify},
    time::Instant,
};

/// Units in ten seconds, while nobody has said how large the tenant is: what the smallest is allowed.
const QUOTA_UNKNOWN: u64 = documented_quota(0);
/// What the largest is documented to be allowed. Whoever counts on more comes back to the ground of that at once where the
/// service tells otherwise.
const MOST_DOCUMENTED: u64 = documented_quota(u64::MAX);
/// The part of the quota that is aimed at.
const SHARE: f64 = 0.8;
/// The same, for a run that wants to be the least load.
const GENTLE_SHARE: f64 = 0.4;
/// What may be spent at once, in seconds of the pace.
const BURST: f64 = 1.0;
/// From here on the service tells how much of its limit is used.
const TOLD_FROM: f64 = 0.8;
/// From here on, to come down to what is known to be good is not quick enough.
const PRESSING: f64 = 0.88;
/// How hard the pace is cut then, for each unit of the percentage above [`TOLD_FROM`]: at the limit itself, to half.
const STEEPNESS: f64 = 5.0;
/// Between two cuts: what a cut does shows only after a while.
const BETWEEN_CUTS: Duration = Duration::from_secs(1);
/// What a refusal leaves of the pace.
const AFTER_REFUSAL: f64 = 0.7;
/// How long nothing may have been told before the pace rises again.
const QUIET: Duration = Duration::from_secs(2);
/// Rise a second, up to the rate that is known to be good, as a part of it.
const RISE: f64 = 0.15;
/// Rise a second beyond it, as a part of what is aimed at (of no more than the largest is allowed); half of it after each refusal: each try costs one.
const RISE_BEYOND: f64 = 0.005;
const LEAST_RISE_BEYOND: f64 = RISE_BEYOND / 16.0;
/// The pace never falls below this part of what is aimed at.
const LEAST: f64 = 0.05;

/// Resource units in ten seconds that the service allows a tenant of so many users (facts: graph.md §1.1).
pub const fn documented_quota(users: u64) -> u64 {
    match users {
        0..50 => 3_500,
        50..=500 => 5_000,
        _ => 8_000,
    }
}

pub(super) struct Pace {
    /// Held by the one who waits for units: the others stand behind it in their order.
    turn: sync::Mutex<()>,
    /// Units came free, or the pace changed.
    changed: Notify,
    share: f64,
    state: Mutex<State>,
}

struct State {
    /// Units in ten seconds that the service is taken to allow.
    quota: u64,
    /// Units a second that are aimed at.
    target: f64,
    /// Units a second now.
    rate: f64,
    /// May be below zero: a batch can cost more than a burst.
    units: f64,
    at: Instant,
    /// Up to this rate it rises quickly.
    knee: f64,
    rise_beyond: f64,
    /// Nothing was told since; may lie in the future, behind a pause.
    quiet_since: Option<Instant>,
    /// The least that the quota can be, by all that made it slow down; units in ten seconds.
    seen: Option<u64>,
    decided: Option<Decided>,
    /// The highest percentage since the last decision.
    peak: f64,
    refused_at: Option<Instant>,
    told: Option<(Instant, f64)>,
}

/// The last time that a percentage was looked at.
#[derive(Clone, Copy)]
struct Decided {
    at: Instant,
    peak: f64,
}

/// What the pace stands at, for people.
pub(super) struct Standing {
    pub pace_10s: u64,
    pub quota_10s: u64,
    pub throttle_percentage: Option<f32>,
}

/// Units taken for a request that is not sent yet; dropped, they are given back.
#[must_use]
pub(super) struct Reserved<'a> {
    pace: &'a Pace,
    units: u64,
}

impl Pace {
    pub fn new(gentle: bool) -> Self {
        let share = if gentle { GENTLE_SHARE } else { SHARE };
        let target = share * QUOTA_UNKNOWN as f64 / 10.0;
        Self {
            turn: sync::Mutex::new(()),
            changed: Notify::new(),
            share,
            state: Mutex::new(State {
                quota: QUOTA_UNKNOWN,
                target,
                rate: target,
                units: target * BURST,
                at: Instant::now(),
                knee: f64::INFINITY,
                rise_beyond: RISE_BEYOND,
                quiet_since: None,
                seen: None,
                decided: None,
                peak: 0.0,
                refused_at: None,
                told: None,
            }),
        }
    }

    /// What would be aimed at, in units in ten seconds, if so many were allowed.
    pub fn aim(&self, units_10s: u64) -> u64 {
        ((self.share * units_10s as f64).round() as u64).max(1)
    }

    /// What the service is taken to allow, in units in ten seconds. What made it slow down before still holds.
    pub fn set_quota(&self, units_10s: u64) {
        let mut state = self.lock();
        state.go_on();
        let units_10s = units_10s.max(10);
        let slowed = state.rate < state.target;
        state.quota = units_10s;
        state.target = self.share * units_10s as f64 / 10.0;
        state.rate = if slowed { state.rate.min(state.target) } else { state.target };
        state.units = state.units.min(state.burst());
        drop(state);
        self.changed.notify_one();
    }

    /// Waits until it is this request's turn and its units are there.
    pub async fn reserve(&self, units: u64) -> Reserved<'_> {
        let _turn = self.turn.lock().await;
        loop {
            let taken = self.lock().take(units);
            match taken {
                Ok(()) => return Reserved { pace: self, units },
                Err(wait) => {
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = self.changed.notified() => {}
                    }
                }
            }
        }
    }

    /// A request that was expected to cost so much did cost so much.
    pub fn correct(&self, expected: u64, told: u64) {
        if expected != told {
            self.lock().give(expected as f64 - told as f64);
            self.changed.notify_one();
        }
    }

    /// `x-ms-throttle-limit-percentage`, the highest of an answer, and what was spent in the ten seconds before it.
    pub fn told(&self, percentage: f64, spent_10s: u64) {
        let now = Instant::now();
        let mut state = self.lock();
        state.go_on();
        state.told = Some((now, percentage));
        if percentage <= TOLD_FROM {
            return;
        }
        state.quiet_since = state.quiet_since.max(Some(now));
        state.peak = state.peak.max(percentage);
        if state.decided.is_some_and(|last| now.duration_since(last.at) < BETWEEN_CUTS) {
            return;
        }
        let quota = spent_10s as f64 / percentage.min(1.0);
        state.seen(quota);
        // While it falls, what was done is enough.
        let peak = std::mem::take(&mut state.peak);
        let before = state.decided.filter(|last| now.duration_since(last.at) < 3 * BETWEEN_CUTS);
        let falls = before.is_some_and(|last| peak < last.peak - 0.002);
        state.decided = Some(Decided { at: now, peak });
        let known_good = self.share * quota / 10.0;
        state.knee = state.knee.min(known_good);
        let cut = match percentage {
            PRESSING.. if !falls => state.rate / (1.0 + STEEPNESS * (percentage - TOLD_FROM)),
            _ => state.rate,
        };
        state.slow_to(cut.min(known_good));
    }

    /// A request, sent at `sent`, was refused with 429, and all wait for `pause`. `of_units`: as far as is known, because
    /// of the units spent.
    pub fn refused(&self, sent: Instant, pause: Duration, of_units: bool, spent_10s: u64) {
        let now = Instant::now();
        let mut state = self.lock();
        state.go_on();
        state.quiet_since = state.quiet_since.max(Some(now + pause));
        // Sent before the last cut: it is what that cut was for.
        if state.refused_at.is_some_and(|cut| sent <= cut) {
            return;
        }
        state.refused_at = Some(now);
        state.rise_beyond = (state.rise_beyond / 2.0).max(LEAST_RISE_BEYOND);
        // The percentage beside it tells the same, and does not count twice.
        let peak = std::mem::take(&mut state.peak).max(TOLD_FROM);
        state.decided = Some(Decided { at: now, peak });
        let known_good = self.share * spent_10s as f64 / 10.0;
        let to = state.rate * AFTER_REFUSAL;
        // With nearly nothing spent, it was not the quota that was at its end.
        if of_units && state.seen(spent_10s as f64) {
            state.slow_to(to.min(known_good));
            state.knee = state.knee.min(known_good);
        } else {
            state.slow_to(to);
            state.knee = state.knee.min(state.rate);
        }
    }

    /// The least that the quota can be, in units in ten seconds, by what made it slow down.
    pub fn seen_quota(&self) -> Option<u64> {
        self.lock().seen
    }

    pub fn standing(&self) -> Standing {
        let mut state = self.lock();
        state.go_on();
        let recent = state.told.filter(|(at, _)| at.elapsed() < Duration::from_secs(10));
        Standing {
            pace_10s: (state.rate * 10.0).round() as u64,
            quota_10s: state.seen.map_or(state.quota, |seen| seen.min(state.quota)),
            throttle_percentage: recent.map(|(_, percentage)| percentage as f32),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets the time pass that has passed: units come, and the pace rises.
    fn go_on(&mut self) {
        let now = Instant::now();
        let seconds = now.duration_since(self.at).as_secs_f64();
        self.at = now;
        self.units = (self.units + self.rate * seconds).min(self.burst());
        if self.rate < self.target && self.quiet_since.is_none_or(|since| now.saturating_duration_since(since) > QUIET)
        {
            let knee = self.knee.min(self.target);
            // One long step must not leap over the knee.
            self.rate = match self.rate < knee {
                true => (self.rate + RISE * knee * seconds).min(knee),
                false => (self.rate + self.rise_beyond * self.target.min(MOST_DOCUMENTED as f64 / 10.0) * seconds)
                    .min(self.target),
            };
        }
    }

    fn take(&mut self, units: u64) -> Result<(), Duration> {
        self.go_on();
        let units = units as f64;
        // What costs more than a burst goes when the bucket is full, and the others wait the longer.
        let lacks = units.min(self.burst()) - self.units;
        if lacks > 1e-6 {
            // Never a wait of nothing: the timer counts in milliseconds.
            return Err(Duration::from_secs_f64((lacks / self.rate).clamp(0.001, 60.0)));
        }
        self.units -= units;
        Ok(())
    }

    fn give(&mut self, units: f64) {
        self.go_on();
        self.units = (self.units + units).min(self.burst());
    }

    fn slow_to(&mut self, rate: f64) {
        // Never to less than half in one step: a single answer may be wrong.
        let most = MOST_DOCUMENTED as f64 / 10.0;
        let rate = rate.max((self.rate / 2.0).min(most)).max(self.target.min(most) * LEAST).min(self.rate);
        self.rate = rate;
        self.units = self.units.min(self.burst());
    }

    /// Takes note of what the quota is at most, if that can be.
    fn seen(&mut self, quota: f64) -> bool {
        let can_be = quota >= self.quota.min(MOST_DOCUMENTED) as f64 / 8.0;
        if can_be {
            let quota = quota.round() as u64;
            self.seen = Some(self.seen.map_or(quota, |seen| seen.min(quota)));
        }
        can_be
    }

    fn burst(&self) -> f64 {
        self.rate * BURST
    }
}

impl Reserved<'_> {
    /// The request goes out: the units are spent.
    pub fn sent(self) {
        std::mem::forget(self);
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.pace.lock().give(self.units as f64);
        self.pace.changed.notify_one();
    }
}

#[cfg(test)]
mod tests;
