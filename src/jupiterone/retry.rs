//! When to try again: `Retry-After` in its three spellings, backoff, and one pause for all that share a client.

use std::{sync::Mutex, time::Duration};

use jiff::{Timestamp, fmt::rfc2822};
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

/// Reads `Retry-After`: whole or decimal seconds, or a date, which is held against the answer's own `Date`, so that a
/// wrong local clock does no harm. `None` where it says nothing that can be used.
pub(super) fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = http_date(value)?;
    let now = http_date(date?.trim())?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
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
    fn retry_after_in_every_spelling() {
        let check = |value: &str, date: Option<&str>, want: Option<f64>| {
            assert_eq!(retry_after(value, date).map(|d| d.as_secs_f64()), want, "{value} {date:?}");
        };
        let now = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        check("10", None, Some(10.0));
        check(" 2.5 ", None, Some(2.5));
        check("0", None, Some(0.0));
        check("-1", None, None);
        check("NaN", None, None);
        check("inf", None, None);
        check("soon", now, None);
        check("", now, None);
        check("Sun, 06 Nov 1994 08:50:07 GMT", now, Some(30.0));
        check("Sun, 06 Nov 1994 08:49:00 GMT", now, Some(0.0));
        check("Sun, 06 Nov 1994 08:50:07 GMT", None, None);
        check("Sun, 06 Nov 1994 08:50:07 GMT", Some("today"), None);
    }

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
