//! How fast GraphQL may be asked, as its answers tell: `RateLimit-Limit`, `-Remaining`, `-Reset` and `-Requested`. Pure.
//!
//! Documented as buckets: a question takes as many tokens as `-Requested` says, `-Remaining` are left, and after `-Reset`
//! seconds without a question all would be back. So nothing is asked while there are fewer left than a question takes,
//! instead of asking until it is refused.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Longer than this nobody waits on these headers alone: a refusal says more.
const LONGEST: f64 = 120.0;

/// How long to wait before the next question.
pub(super) fn wait(headers: &HeaderMap) -> Duration {
    let requested = number(headers, "ratelimit-requested").unwrap_or(1.0).max(1.0);
    match number(headers, "ratelimit-remaining") {
        Some(left) if left < requested => until_free(headers).unwrap_or_default(),
        _ => Duration::ZERO,
    }
}

/// After how long a question's tokens are back: its share of the time in which all are.
pub(super) fn until_free(headers: &HeaderMap) -> Option<Duration> {
    let reset = number(headers, "ratelimit-reset")?;
    let requested = number(headers, "ratelimit-requested").unwrap_or(1.0).max(1.0);
    let limit = number(headers, "ratelimit-limit").unwrap_or(1.0).max(1.0);
    let used = (limit - number(headers, "ratelimit-remaining").unwrap_or_default()).max(1.0);
    let share = (reset * requested / used).clamp(reset.min(1.0), reset);
    Some(Duration::from_secs_f64(share.min(LONGEST)))
}

/// Whether the errors of an answer say that too much was asked.
pub(super) fn tells_a_limit(body: &Value) -> bool {
    let errors = body.get("errors").and_then(Value::as_array);
    errors.is_some_and(|errors| {
        errors.iter().any(|error| {
            let texts = [&error["message"], &error["code"], &error["extensions"]["code"]];
            let mut texts = texts.into_iter().filter_map(Value::as_str).map(str::to_ascii_lowercase);
            texts.any(|text| {
                let words = text.replace(['_', '-'], " ");
                words.split(|c: char| !c.is_ascii_digit()).any(|number| number == "429")
                    || ["rate limit", "ratelimit", "rate exceeded", "too many requests", "throttl"]
                        .iter()
                        .any(|sign| words.contains(sign))
            })
        })
    })
}

/// The first number of a header: limits are told as `1000, 10000; window=60`.
fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    let text = headers.get(name)?.to_str().ok()?;
    let number: f64 = text.split([',', ';']).next()?.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_asked_that_would_be_refused() {
        let check = |limit: &str, remaining: &str, reset: &str, requested: &str, want: f64| {
            let mut headers = HeaderMap::new();
            let all = [("limit", limit), ("remaining", remaining), ("reset", reset), ("requested", requested)];
            for (name, value) in all.into_iter().filter(|(_, value)| !value.is_empty()) {
                let name: reqwest::header::HeaderName = format!("ratelimit-{name}").parse().unwrap();
                headers.insert(name, value.parse().unwrap());
            }
            assert_eq!(wait(&headers).as_secs_f64(), want, "{limit} {remaining} {reset} {requested}");
        };
        check("60", "59", "1", "1", 0.0);
        check("60, 60; window=60", "0", "60", "1", 1.0);
        check("60", "1", "59", "3", 3.0);
        check("10", "0", "60", "1", 6.0);
        // Nothing is told, or nonsense.
        check("", "", "", "", 0.0);
        check("60", "0", "", "", 0.0);
        check("60", "soon", "60", "1", 0.0);
        check("1", "0", "1e9", "1", 120.0);
        check("1", "0", "0", "1", 0.0);
    }

    #[test]
    fn a_limit_in_a_success() {
        let check = |errors: Value, want| assert_eq!(tells_a_limit(&json!({ "errors": errors })), want, "{errors}");
        check(json!([{ "message": "Request failed with status code 429" }]), true);
        check(json!([{ "message": "x", "extensions": { "code": "RATE_LIMIT_EXCEEDED" } }]), true);
        check(json!([{ "message": "Entity 14290 is not known" }]), false);
        check(json!([{ "message": "Forbidden" }]), false);
        check(json!([]), false);
        assert!(!tells_a_limit(&json!({ "data": {} })));
    }
}
