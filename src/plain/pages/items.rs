//! The request log and the problems: what each line is in words, what it means, and what can be done about it.

use jiff::{Timestamp, tz::TimeZone};

use super::super::words::{Lines, bytes, capital};
use crate::{
    app::{Sign, browse::requests},
    domain::{
        explore::{Finding, Severity},
        request::{Request, Service},
        text::{counted, grouped},
    },
};

/// What stands above the requests.
pub const REQUESTS: &str = "Each row is one request. OK was answered, RETRYING is asked again, FAILED was refused. A row's number says \
                            more. Filters: /status:429, /path:members, /ms:>1000.";

/// And above the problems.
pub const PROBLEMS: &str =
    "Each row is something that is not as it should be. A row's number says what it means and what to do.";

const fn lead(severity: Severity) -> &'static str {
    match severity {
        Severity::Degraded => "NEEDS YOU",
        Severity::Accepted => "OK, accepted",
        Severity::Incomplete => "INCOMPLETE",
        Severity::Failed => "FAILED",
    }
}

/// `INCOMPLETE: the members of Board: reading was refused`.
pub fn finding(finding: &Finding) -> String {
    format!("{}: {}: {}", lead(finding.severity), finding.about, finding.what)
}

/// All of it, what to do before what happened.
pub fn finding_in_full(finding: &Finding, lines: &mut Lines) {
    lines.say(format!("{}: {}", lead(finding.severity), capital(&finding.about)));
    lines.fact("Next step", &finding.next);
    lines.fact("What happened", &finding.what);
    lines.fact("What it means", &finding.means);
    lines.fact("Code", finding.code.as_deref().unwrap_or_default());
    lines.fact("Request id", finding.request_id.as_deref().unwrap_or_default());
    lines.fact("Group", finding.id.as_deref().unwrap_or_default());
    lines.say(match finding.again {
        Some(_) => "It can be read again by itself; everything else stays as it is: read-again.",
        None => "Reading only this again would not help.",
    });
}

const fn word(sign: Sign) -> &'static str {
    match sign {
        Sign::Done => "OK",
        Sign::Retrying => "RETRYING",
        _ => "FAILED",
    }
}

fn status(status: Option<u16>, code: Option<&str>) -> String {
    let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    code.map_or_else(|| status.clone(), |code| format!("{status} {code}"))
}

fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// `RETRYING: 503 serviceUnavailable, GET /v1.0/users, 10:41:14, 212 ms, 2 units, attempt 2`.
pub fn request(request: &Request, zone: &TimeZone) -> String {
    let mut out = vec![
        format!("{}: {}", word(requests::sign(request)), status(request.status, request.code.as_deref())),
        format!("{} {}", request.method, request.target()),
        time(request.at, zone),
        format!("{} ms", grouped(u64::from(request.ms))),
    ];
    out.extend(request.units.map(|units| counted(units, "unit")));
    match (request.items.len() as u64, request.failed_items()) {
        (0, _) => {}
        (reads, 0) => out.push(counted(reads, "read")),
        (reads, failed) => out.push(format!("{}, {failed} not answered well", counted(reads, "read"))),
    }
    if request.attempt > 1 {
        out.push(format!("attempt {}", request.attempt));
    }
    out.join(", ")
}

/// What became of it.
fn meaning(request: &Request) -> String {
    let again = request.again_in_ms.map(|ms| format!("It was sent again {} ms later.", grouped(ms)));
    let what = match request.status {
        Some(429) => "The service wanted less in this time, and was obeyed: nothing is lost.",
        Some(200..=299) if request.failed_items() > 0 => {
            "It was answered, but not all that it asked for: each is told below, and was asked for again or is in the problems."
        }
        _ if request.is_good() => "It was answered with what was asked for.",
        Some(200..=299) => "The answer was not one that can be used.",
        Some(401 | 403) => "It was refused: what that means for the data is in the list of problems.",
        Some(404) => "What was asked for is not there any more.",
        Some(500..=599) => "The service failed.",
        Some(_) => "It was refused.",
        None => "No answer came.",
    };
    again.map_or_else(|| what.to_owned(), |again| format!("{what} {again}"))
}

/// All of it.
pub fn request_in_full(request: &Request, zone: &TimeZone, lines: &mut Lines) {
    lines.say(format!("{}: {}", word(requests::sign(request)), status(request.status, request.code.as_deref())));
    lines.fact("What it means", meaning(request));
    lines.fact("Asked", format!("{} {}", request.method, request.target()));
    let service = match request.service {
        Service::Login => "the login service",
        Service::Graph => "Microsoft Graph",
        Service::JupiterOne => "JupiterOne",
    };
    lines.fact("Of", format!("{service}, {}", request.origin));
    lines.fact("Sent", request.at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string());
    lines.fact("Took", format!("{} ms", grouped(u64::from(request.ms))));
    lines.fact("Resource units", request.units.map(grouped).unwrap_or_default());
    lines.fact("Attempt", request.attempt.to_string());
    lines.fact("Answer", bytes(request.bytes));
    lines.fact("Request id", request.request_id.as_deref().unwrap_or_default());
    lines.fact("Client request id", request.client_request_id.as_deref().unwrap_or_default());
    for (name, value) in request.asked_with.iter().chain(&request.headers) {
        if !matches!(name.as_str(), "request-id" | "client-request-id") {
            lines.fact(&format!("Header {name}"), value);
        }
    }
    for (n, item) in request.items.iter().enumerate() {
        let status = status(item.status, item.code.as_deref());
        lines.fact(&format!("Read {}", n + 1), format!("{status}, {}", item.target()));
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn asked(change: impl FnOnce(&mut Request)) -> Request {
        let url = Url::parse("https://graph.microsoft.com/v1.0/users?$top=999").unwrap();
        let mut request = Request::new(Timestamp::UNIX_EPOCH, Service::Graph, "GET", &url);
        (request.status, request.ms, request.units) = (Some(200), 1_212, Some(2));
        change(&mut request);
        request
    }

    #[test]
    fn each_request_says_how_it_went_and_what_that_means() {
        let check = |asked: Request, line: &str, means: &str| {
            assert_eq!(request(&asked, &TimeZone::UTC), line);
            assert!(meaning(&asked).starts_with(means), "{} is not {means}", meaning(&asked));
        };
        check(asked(|_| {}), "OK: 200, GET /v1.0/users?$top=999, 00:00:00, 1,212 ms, 2 units", "It was answered with");
        let throttled = asked(|r| {
            (r.status, r.units, r.again_in_ms, r.attempt) = (Some(429), None, Some(2_000), 3);
            r.code = Some("TooManyRequests".to_owned());
        });
        assert!(meaning(&throttled).ends_with("It was sent again 2,000 ms later."));
        let line = "RETRYING: 429 TooManyRequests, GET /v1.0/users?$top=999, 00:00:00, 1,212 ms, attempt 3";
        check(throttled, line, "The service wanted less");
        let refused = asked(|r| (r.status, r.units) = (Some(403), None));
        check(refused, "FAILED: 403, GET /v1.0/users?$top=999, 00:00:00, 1,212 ms", "It was refused: what that means");
        let silent = asked(|r| (r.status, r.units) = (None, None));
        check(silent, "FAILED: no answer, GET /v1.0/users?$top=999, 00:00:00, 1,212 ms", "No answer came");
    }

    #[test]
    fn a_problem_says_first_what_to_do() {
        let board = Finding {
            severity: Severity::Incomplete,
            about: "the members of Board".to_owned(),
            id: Some("g-1".to_owned()),
            what: "Reading was refused.".to_owned(),
            means: "Its members are not known.".to_owned(),
            next: "Grant Member.Read.Hidden.".to_owned(),
            code: Some("Authorization_RequestDenied".to_owned()),
            request_id: None,
            again: None,
        };
        assert_eq!(finding(&board), "INCOMPLETE: the members of Board: Reading was refused.");
        let mut lines = Lines::default();
        finding_in_full(&board, &mut lines);
        assert_eq!(
            lines.done(),
            [
                "INCOMPLETE: The members of Board",
                "Next step: Grant Member.Read.Hidden.",
                "What happened: Reading was refused.",
                "What it means: Its members are not known.",
                "Code: Authorization_RequestDenied",
                "Group: g-1",
                "Reading only this again would not help.",
            ]
        );
    }
}
