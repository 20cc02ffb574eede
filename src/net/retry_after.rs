//! `Retry-After`, as services really send it.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};

/// Longer than a day nobody waits; what is asked for beyond it, up to nonsense, counts as a day.
const LONGEST: f64 = 86_400.0;

/// Reads the header: seconds as an integer or a decimal (Graph has sent both), or an HTTP date. A date is held against
/// the answer's own `Date` where there is one, so that a wrong clock here does no harm, else against `now`.
///
/// `None` where it says nothing that can be used.
pub fn retry_after(text: &str, date: Option<&str>, now: Option<Timestamp>) -> Option<Duration> {
    let text = text.trim();
    let seconds = match text.parse::<f64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let at = http_date(text)?;
            at.duration_since(date.and_then(http_date).or(now)?).as_secs_f64().max(0.0)
        }
    };
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_every_spelling() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let check = |text: &str, date: Option<&str>, now: Option<Timestamp>, want: Option<f64>| {
            assert_eq!(retry_after(text, date, now).map(|d| d.as_secs_f64()), want, "{text} {date:?} {now:?}");
        };
        let now = Some(now);
        check("10", None, now, Some(10.0));
        check(" 10 ", None, None, Some(10.0));
        check("2.128", None, None, Some(2.128));
        check("0", None, None, Some(0.0));
        check("Sun, 22 Nov 2026 10:00:30 GMT", None, now, Some(30.0));
        check("Sun, 22 Nov 2026 09:59:00 GMT", None, now, Some(0.0));
        let theirs = Some("Sun, 22 Nov 2026 12:00:00 GMT");
        check("Sun, 22 Nov 2026 12:00:05 GMT", theirs, now, Some(5.0));
        check("Sun, 22 Nov 2026 12:00:05 GMT", theirs, None, Some(5.0));
        check("Sun, 22 Nov 2026 11:00:05 GMT", theirs, None, Some(0.0));
        check("Sun, 22 Nov 2026 12:00:05 GMT", Some("today"), None, None);
        check("Sun, 22 Nov 2026 12:00:05 GMT", None, None, None);
        // More than any clock can add, and more than a number can say.
        check("1e19", None, None, Some(86_400.0));
        check("1e99", None, None, Some(86_400.0));
        for text in ["-1", "NaN", "inf", "soon", ""] {
            check(text, theirs, now, None);
        }
    }
}
