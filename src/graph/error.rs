//! What Graph, the login service or the network did instead of answering.

use serde_json::Value;

use crate::{
    domain::{origin::Origin, problem::Problem},
    net,
};

/// A failure of reading, after all retries. Codes, messages and request ids are the service's own, verbatim.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{problem}")]
pub struct GraphError {
    kind: ErrorKind,
    problem: Box<Problem>,
    /// OAuth's own word for what the login service did.
    oauth: Option<String>,
}

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The login service gave no token.
    Login,
    /// Graph answered with an error.
    Refused,
    /// No answer, or not a whole one.
    Network,
    /// The answer is no JSON (HTML of a proxy or a gateway), or is cut off.
    NotJson,
    /// JSON, but not of the documented shape.
    Shape,
    /// A link to another origin: nothing was sent there.
    OtherHost,
    /// A link that is no URL, or a chain of pages that leads back into itself.
    BadLink,
}

impl GraphError {
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// As every face shows it.
    pub fn problem(&self) -> Problem {
        (*self.problem).clone()
    }

    /// `AADSTS7000215`, `Authorization_RequestDenied`, `timeout` …
    pub fn code(&self) -> Option<&str> {
        self.problem.code.as_deref()
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.problem.status
    }

    pub fn request_id(&self) -> Option<&str> {
        self.problem.request_id.as_deref()
    }

    /// The service's own text.
    pub fn message(&self) -> Option<&str> {
        self.problem.message.as_deref()
    }

    /// Whether the service said that this app may not read this (or that it does not know the app any more).
    pub fn is_forbidden(&self) -> bool {
        self.kind == ErrorKind::Refused && matches!(self.status(), Some(401 | 403))
    }

    /// Whether any other request would end the same way: nobody is reached, or the token is good for nothing. That the
    /// app itself is not known (`Authorization_IdentityNotFound`) is a matter of rights, and may pass.
    pub fn is_of_all(&self) -> bool {
        match self.kind {
            ErrorKind::Network | ErrorKind::Login => true,
            ErrorKind::Refused => {
                self.status() == Some(401) && !self.code().is_some_and(|c| c.starts_with("Authorization_"))
            }
            ErrorKind::NotJson | ErrorKind::Shape | ErrorKind::OtherHost | ErrorKind::BadLink => false,
        }
    }

    /// Whether the service said that the thing asked for does not exist. A 404 that is no JSON is a gateway's, and
    /// proves nothing.
    pub fn is_gone(&self) -> bool {
        self.kind == ErrorKind::Refused && self.status() == Some(404) && self.code() != Some(NOT_JSON)
    }

    /// Whether the refusal of a whole batch means that there are no batches here. That the address of batches is not
    /// found says nothing about the things that were asked for.
    pub fn is_without_batches(&self) -> bool {
        self.is_unsupported() || self.kind == ErrorKind::Refused && self.status() == Some(404)
    }

    /// Whether the service does not understand or support the request itself.
    pub fn is_unsupported(&self) -> bool {
        self.kind == ErrorKind::Refused && matches!(self.status(), Some(400 | 405 | 413 | 501))
    }

    /// Whether a nextLink is worn out (facts: graph.md §2): the chain goes back, or begins again.
    pub fn is_page_token(&self) -> bool {
        self.kind == ErrorKind::Refused
            && self.status() == Some(400)
            && (is_of(self.code().unwrap_or_default(), PAGE_TOKEN)
                || self.message().is_some_and(|m| m.to_ascii_lowercase().contains("page token is not valid")))
    }

    /// Whether a stored delta token is good for nothing any more, on a request that carried one (facts: graph.md §3.4):
    /// everything is to be read again.
    pub fn is_delta_gone(&self) -> bool {
        let code = self.code().unwrap_or_default();
        self.kind == ErrorKind::Refused
            && (self.status() == Some(410)
                || self.status() == Some(400)
                    && (is_of(code, DELTA_GONE) || code.eq_ignore_ascii_case("Request_UnsupportedQuery")))
    }

    /// Whether a link was never followed: it is none, leads to another origin, or back to where the chain was.
    pub fn is_bad_link(&self) -> bool {
        matches!(self.kind, ErrorKind::OtherHost | ErrorKind::BadLink)
    }

    /// Whether the same request may go well a little later.
    ///
    /// Of the login service the HTTP status and OAuth's `error` decide, as Microsoft asks of programs (facts: graph.md
    /// §7.2). They do not tell all: the service's own trouble also comes as a 400 that nothing but its AADSTS number tells
    /// from a mistake of ours (§7.3), and a run that ends for it is worse than two more requests. So a number that is known
    /// adds tries; it never takes one away, and one that is renumbered costs those tries and nothing else.
    pub fn is_transient(&self) -> bool {
        match self.kind {
            ErrorKind::Network | ErrorKind::NotJson => true,
            ErrorKind::Refused => self.status().is_some_and(is_transient_status),
            ErrorKind::Login => {
                self.status().is_some_and(is_transient_status)
                    || self.oauth.as_deref().is_some_and(|error| TRANSIENT_OAUTH.contains(&error))
                    || self.code().is_some_and(|c| TRANSIENT_NUMBERS.contains(&c))
            }
            ErrorKind::Shape | ErrorKind::OtherHost | ErrorKind::BadLink => false,
        }
    }

    /// Whether the network needs a person before another try can help: a proxy's sign-in, a certificate.
    pub fn is_lasting(&self) -> bool {
        self.kind == ErrorKind::Network && self.code().is_some_and(net::is_lasting)
    }

    pub(super) fn new(kind: ErrorKind, problem: Problem) -> Self {
        Self { kind, problem: Box::new(problem), oauth: None }
    }

    pub(super) fn network(problem: Problem) -> Self {
        Self::new(ErrorKind::Network, problem)
    }

    pub(super) fn not_json(what: &str, status: u16, why: &str, request_id: Option<String>) -> Self {
        Self::new(
            ErrorKind::NotJson,
            Problem {
                status: Some(status),
                message: Some(why.to_owned()),
                request_id,
                ..Problem::new(format!("{what}: the answer is no whole JSON"))
                    .code(NOT_JSON)
                    .hint("A proxy or a gateway may have answered in the service's place; try again.")
            },
        )
    }

    pub(super) fn shape(what: &str, why: &str, request_id: Option<String>) -> Self {
        Self::new(
            ErrorKind::Shape,
            Problem {
                message: Some(why.to_owned()),
                request_id,
                ..Problem::new(format!("{what}: the answer is not of the documented shape")).code("unexpected_shape")
            },
        )
    }

    pub(super) fn too_large(what: &str, status: u16, most: usize) -> Self {
        Self::new(
            ErrorKind::Shape,
            Problem {
                status: Some(status),
                ..Problem::new(format!("{what}: the answer is larger than {} MB, and was not read", most >> 20))
                    .code("too_large")
                    .hint("The service sends nothing as large; look at the proxy or gateway between you and it.")
            },
        )
    }

    pub(super) fn other_host(what: &str, ours: &Origin, theirs: &str) -> Self {
        Self::new(
            ErrorKind::OtherHost,
            Problem::new(format!(
                "{what}: the service gave a link to {theirs}, but the token belongs to {ours}: nothing was sent there"
            ))
            .code("other_host")
            .hint("If a proxy or gateway rewrites addresses, let it rewrite the links in the answers too."),
        )
    }

    pub(super) fn bad_link(what: &str, why: &str) -> Self {
        Self::new(ErrorKind::BadLink, Problem::new(format!("{what}: {why}")).code("bad_next_link"))
    }

    /// An error answer of Graph. `innerError` is spelled both ways; the body may be missing, or HTML.
    pub(super) fn refused(what: &str, status: u16, request_id: Option<String>, body: &[u8]) -> Self {
        let json = serde_json::from_slice::<Value>(body);
        let mut error = Self::refused_with(what, status, request_id, json.as_ref().unwrap_or(&Value::Null));
        if status == 404 && json.is_err() {
            error.problem.code = Some(NOT_JSON.to_owned());
        }
        error
    }

    /// The same error with what `WWW-Authenticate` tells beyond the body: that the token's claims do not do any more
    /// (facts: graph.md §6.3). The claims themselves are of no use here: the client does not declare `cp1`.
    pub(super) fn challenged(mut self, header: &str) -> Self {
        const CHALLENGE: &str = "insufficient_claims";
        if header.contains(CHALLENGE) {
            let message = self.problem.message.take().unwrap_or_default();
            self.problem.message =
                Some(format!("{message} (WWW-Authenticate: error=\"{CHALLENGE}\")").trim().to_owned());
        }
        self
    }

    /// As [`GraphError::refused`], of a body that is read already (the items of a batch).
    pub(super) fn refused_with(what: &str, status: u16, request_id: Option<String>, body: &Value) -> Self {
        let error = &body["error"];
        let inner = ["innerError", "innererror"].iter().map(|n| &error[*n]).find(|v| v.is_object());
        let text = |value: &Value| value.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
        let inner_code = inner.and_then(|i| text(&i["code"]));
        // The inner code is the more specific one (facts: graph.md §6.1); what is decided by it goes by it.
        let code = match (text(&error["code"]), inner_code) {
            (_, Some(inner)) if is_of_a_token(&inner) => Some(inner),
            (outer, inner) => outer.or(inner),
        };
        let request_id = request_id.or_else(|| inner.and_then(|i| text(&i["request-id"])));
        let summary = match status {
            401 => format!("{what} was refused: the token is not accepted"),
            403 => format!("{what} was refused"),
            404 => format!("{what}: not found"),
            429 => format!("{what}: too many requests"),
            300..=399 => format!("{what}: the answer points elsewhere, which is never followed"),
            500..=599 => format!("{what}: the service failed"),
            _ => format!("{what} failed"),
        };
        Self::new(
            ErrorKind::Refused,
            Problem {
                code: Some(code.unwrap_or_else(|| format!("http_{status}"))),
                status: Some(status),
                message: text(&error["message"]),
                request_id,
                ..Problem::new(summary)
            },
        )
    }

    /// An error answer of the login service: `AADSTS` codes, which are for help texts and retries of what passes.
    pub(super) fn login(what: &str, status: u16, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().filter(|t| !t.is_empty()).map(str::to_owned);
        let (description, oauth) = (text("error_description"), text("error"));
        let code = body["error_codes"]
            .get(0)
            .and_then(Value::as_u64)
            .map(|n| format!("AADSTS{n}"))
            .or_else(|| description.as_deref().and_then(aadsts_of))
            .or_else(|| oauth.clone())
            .unwrap_or_else(|| format!("http_{status}"));
        let error = Self::new(
            ErrorKind::Login,
            Problem {
                code: Some(code),
                status: Some(status),
                message: description,
                request_id: text("correlation_id"),
                trace_id: text("trace_id"),
                at: text("timestamp").and_then(|at| at.parse().ok()),
                ..Problem::new(format!("{what} was refused"))
            },
        );
        Self { oauth, ..error }
    }
}

/// The code of an answer that is not the service's own.
const NOT_JSON: &str = "not_json";

/// A nextLink is worn out.
const PAGE_TOKEN: &[&str] = &["Directory_ExpiredPageToken", "DirectoryPageTokenNotFoundException"];

/// A delta token is worn out; seen in several spellings.
const DELTA_GONE: &[&str] = &["syncStateNotFound", "resyncRequired"];

fn is_of(code: &str, known: &[&str]) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(code))
}

fn is_of_a_token(code: &str) -> bool {
    is_of(code, PAGE_TOKEN) || is_of(code, DELTA_GONE)
}

/// Statuses after which the same request is sent again.
fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504 | 509)
}

/// OAuth's words for trouble of the service itself.
const TRANSIENT_OAUTH: &[&str] = &["temporarily_unavailable", "server_error"];

/// What the login service calls its own trouble, whatever status and `error` stand beside it (facts: graph.md §7.3).
const TRANSIENT_NUMBERS: &[&str] =
    &["AADSTS90033", "AADSTS90006", "AADSTS90012", "AADSTS90024", "AADSTS90090", "AADSTS50033", "AADSTS90055"];

/// `AADSTS7000215: Invalid …` → `AADSTS7000215`.
fn aadsts_of(text: &str) -> Option<String> {
    let at = text.find("AADSTS")?;
    let digits: String = text[at + 6..].chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then(|| format!("AADSTS{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphs_error_envelopes() {
        let check = |status: u16, body: &str, code: &str, request_id: Option<&str>, transient: bool| {
            let error = GraphError::refused("reading /v1.0/users", status, None, body.as_bytes());
            assert_eq!(error.code(), Some(code), "{body}");
            assert_eq!(error.request_id(), request_id, "{body}");
            assert_eq!(error.is_transient(), transient, "{body}");
            error
        };
        let denied = check(
            403,
            r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation.",
               "innerError":{"date":"2025-02-13T10:17:06","request-id":"93b6f17e-c05d-4f45-ad2a-6665c708d8a0",
               "client-request-id":"e70c5c1b-8b47-68c0-3171-3d22f5e0bd54"}}}"#,
            "Authorization_RequestDenied",
            Some("93b6f17e-c05d-4f45-ad2a-6665c708d8a0"),
            false,
        );
        assert!(denied.is_forbidden());
        assert_eq!(denied.message(), Some("Insufficient privileges to complete the operation."));
        assert_eq!(
            denied.to_string(),
            "reading /v1.0/users was refused (Authorization_RequestDenied) \
             (request 93b6f17e-c05d-4f45-ad2a-6665c708d8a0)"
        );
        let expired = check(
            400,
            r#"{"error":{"code":"Directory_ExpiredPageToken","message":"The specified page token value has expired and can no longer be included in your request.","innererror":{"date":"2021-01-22T10:15:25",
               "request-id":"46819c60-326b-44cf-86c7-9b724babbbfb"}}}"#,
            "Directory_ExpiredPageToken",
            Some("46819c60-326b-44cf-86c7-9b724babbbfb"),
            false,
        );
        assert!(expired.is_page_token());
        let invalid = check(
            400,
            r#"{"error":{"code":"Request_BadRequest","message":"The page token is not valid."}}"#,
            "Request_BadRequest",
            None,
            false,
        );
        assert!(invalid.is_page_token());
        let size = check(
            400,
            r#"{"error":{"code":"Request_UnsupportedQuery",
               "message":"Invalid page size specified: '1000'. Must be between 1 and 999 inclusive."}}"#,
            "Request_UnsupportedQuery",
            None,
            false,
        );
        assert!(size.is_unsupported() && !size.is_page_token());
        check(
            401,
            r#"{"error":{"code":"InvalidAuthenticationToken","message":"Access token is empty.","innerError":
               {"date":"2026-08-13T13:03:10","request-id":"e6ea1bde-9f04-46a8-9705-824047cfd611"}}}"#,
            "InvalidAuthenticationToken",
            Some("e6ea1bde-9f04-46a8-9705-824047cfd611"),
            false,
        );
        let gone = check(
            404,
            r#"{"error":{"code":"Request_ResourceNotFound","message":"Resource 'x' does not exist or one of its queried reference-property objects are not present.","innerError":{"request-id":"e4b98e04"}}}"#,
            "Request_ResourceNotFound",
            Some("e4b98e04"),
            false,
        );
        assert!(gone.is_gone() && gone.is_without_batches());
        let nobody = check(404, "<html>no such page</html>", "not_json", None, false);
        assert!(!nobody.is_gone() && nobody.is_without_batches());
        check(
            429,
            r#"{"error":{"code":"TooManyRequests","innerError":{"code":"429","date":"2020-08-18T12:51:51",
               "message":"Please retry after","request-id":"94fb3b52-452a-4535-a601-69e0a90e3aa2","status":"429"},
               "message":"Please retry again later."}}"#,
            "TooManyRequests",
            Some("94fb3b52-452a-4535-a601-69e0a90e3aa2"),
            true,
        );
        check(500, r#"{"error":{"code":"","innerError":{"code":"generalException"}}}"#, "generalException", None, true);
        check(503, "<html><body>Service unavailable</body></html>", "http_503", None, true);
        check(502, "", "http_502", None, true);
        check(418, r#"["not", "an", "envelope"]"#, "http_418", None, false);
    }

    #[test]
    fn a_claims_challenge_shows() {
        let error = || GraphError::refused("reading /v1.0/users", 401, None, br#"{"error":{"message":"no"}}"#);
        let message = |header| error().challenged(header).message().map(str::to_owned);
        let plain = r#"Bearer realm="", client_id="00000003-0000-0000-c000-000000000000""#;
        assert_eq!(message(plain).as_deref(), Some("no"));
        let challenge = r#"Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#;
        assert_eq!(message(challenge).as_deref(), Some(r#"no (WWW-Authenticate: error="insufficient_claims")"#));
    }

    #[test]
    fn the_login_services_errors() {
        let check = |status: u16, body: &str, code: &str, transient: bool| {
            let error = GraphError::login("asking for a token", status, body.as_bytes());
            assert_eq!(error.code(), Some(code), "{body}");
            assert_eq!(error.is_transient(), transient, "{body}");
            error.problem()
        };
        let secret = check(
            401,
            r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '86be4c01-505b-45e9-bfc0-9b825fd84'.\r\nTrace ID: 03da4b8e-5ffe-48ca-9754-aff4276f0100\r\nCorrelation ID: 7b12f9bb-2eef-42e3-ad75-eee69ec9088d\r\nTimestamp: 2022-03-02 18:25:26Z","error_codes":[7000215],"timestamp":"2022-03-02 18:25:26Z","trace_id":"03da4b8e-5ffe-48ca-9754-aff4276f0100","correlation_id":"7b12f9bb-2eef-42e3-ad75-eee69ec9088d","error_uri":"https://login.microsoftonline.com/error?code=7000215"}"#,
            "AADSTS7000215",
            false,
        );
        assert_eq!(secret.trace_id.as_deref(), Some("03da4b8e-5ffe-48ca-9754-aff4276f0100"));
        assert_eq!(secret.request_id.as_deref(), Some("7b12f9bb-2eef-42e3-ad75-eee69ec9088d"));
        assert!(secret.message.unwrap().contains("\r\nTrace ID"), "verbatim");
        assert_eq!(secret.at, "2022-03-02T18:25:26Z".parse().ok());
        check(
            400,
            r#"{"error":"unauthorized_client","error_description":"AADSTS700016: Application with identifier 'x' was not found"}"#,
            "AADSTS700016",
            false,
        );
        check(400, r#"{"error":"invalid_request","error_codes":[90055]}"#, "AADSTS90055", true);
        check(400, r#"{"error":"temporarily_unavailable"}"#, "temporarily_unavailable", true);
        // A number that nobody knows yet takes no try away from what OAuth says.
        check(400, r#"{"error":"temporarily_unavailable","error_codes":[1234567]}"#, "AADSTS1234567", true);
        check(400, r#"{"error":"invalid_request","error_codes":[1234567]}"#, "AADSTS1234567", false);
        check(503, "<html></html>", "http_503", true);
        check(400, "", "http_400", false);
    }
}
