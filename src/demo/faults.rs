//! What a scenario's faults make of a request or its answer, in each service's own envelope.

use std::time::Duration;

use serde_json::json;

use super::{
    answer::{Answer, Content, Ending, html},
    graph,
    record::Service,
    scenario::{RetryAfter, What},
    world::{Asked, World},
};

/// The answer in place of the handler's, where the fault keeps the request from being carried out.
pub fn instead(world: &World, service: Service, what: &What, asked: &Asked<'_>) -> Option<Answer> {
    let refuse = |status: u16, code: &'static str, words: &str| match service {
        Service::Graph => graph::error(world, asked, status, code, words),
        Service::Login => Answer::json(
            status,
            json!({ "error": "temporarily_unavailable",
                    "error_description": format!("AADSTS90033: A transient error has occurred. Please try again. {words}"),
                    "error_codes": [90033] }),
        ),
        Service::JupiterOne => Answer::json(status, json!({ "error": { "code": code, "message": words } })),
    };
    Some(match what {
        What::Throttle { retry_after, seconds } => {
            let answer = if service == Service::Graph {
                graph::throttled(world)
            } else {
                refuse(429, "TOO_MANY_REQUESTS", "Rate limit exceeded")
            };
            wait(world, answer, *retry_after, *seconds)
        }
        What::Unavailable { retry_after, seconds } => {
            let words = "The service is temporarily unavailable. Please try again later.";
            wait(world, refuse(503, "serviceNotAvailable", words), *retry_after, *seconds)
        }
        What::Html { status } => html(*status),
        What::Forbidden => {
            refuse(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        }
        What::NotFound => refuse(
            404,
            "Request_ResourceNotFound",
            "Resource does not exist or one of its queried reference-property objects are not present.",
        ),
        What::Unauthorized => {
            refuse(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
        }
        What::IdentityNotFound => refuse(
            401,
            "Authorization_IdentityNotFound",
            "The identity of the calling application could not be established.",
        ),
        What::ExpiredPageToken => refuse(
            400,
            "Directory_ExpiredPageToken",
            "The specified page token value has expired and can no longer be included in your request.",
        ),
        _ => return None,
    })
}

/// What becomes of an answer whose request was carried out.
pub fn spoil(mut answer: Answer, what: &What) -> Answer {
    match what {
        What::Truncated => answer.ending = Ending::Truncated,
        What::Cut => answer.ending = Ending::Cut,
        What::Stall { seconds } => answer.stall = Duration::try_from_secs_f64(*seconds).unwrap_or_default(),
        _ => {}
    }
    answer
}

/// Inside a batch no connection can break and no page of HTML can stand: such an item is a 503 without words.
pub fn as_item(answer: Answer) -> Answer {
    match (&answer.content, answer.ending) {
        (Content::Text("text/html", _), _) | (_, Ending::Cut | Ending::Truncated) => Answer::nothing(503),
        _ => answer,
    }
}

/// The answer with `Retry-After` in one of its forms, never too short.
pub fn wait(world: &World, answer: Answer, form: RetryAfter, seconds: f64) -> Answer {
    match form {
        RetryAfter::Missing => answer,
        RetryAfter::Integer => answer.header("retry-after", format!("{}", (seconds - 1e-6).ceil().max(1.0))),
        RetryAfter::Decimal => {
            answer.header("retry-after", format!("{:.3}", (seconds * 1000.0 - 1e-6).ceil() / 1000.0))
        }
        RetryAfter::Date => {
            let until = world.now().as_second() + seconds.ceil() as i64;
            let until = jiff::Timestamp::from_second(until).unwrap_or_default();
            answer.header("retry-after", until.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        }
    }
}
