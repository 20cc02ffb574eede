//! One request and its answer: headers, limits, the error envelope. Nothing here tries twice.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{
    Method, Response,
    header::{
        ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
    },
};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::{
    JupiterOneClient,
    error::{ErrorKind, Failure, JupiterOneError},
    job, pace,
};
use crate::{
    domain::{
        origin::Origin,
        problem::Problem,
        request::{Request, Service},
        secret::Secret,
        upload::{Encoding, JobFigures},
    },
    net,
};

/// No answer of the API is anywhere near this long.
const MAX_ANSWER: usize = 4_000_000;
/// A page of the graph is "the largest result size possible", and that is not told.
const MAX_PAGE: usize = 64 << 20;
/// How much of a service's message is kept.
const MAX_MESSAGE: usize = 2_000;
/// A `Retry-After` beyond this is taken for this; patience ends earlier by default.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// A request to make.
pub(super) struct Call {
    /// What is being done, for words: "sending entities".
    pub what: &'static str,
    method: Method,
    path: String,
    body: Option<Bytes>,
    correlation: Option<Uuid>,
    encoding: Encoding,
    is_question: bool,
}

impl Call {
    pub fn post(what: &'static str, path: String, body: Bytes) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(what, path) }
    }

    pub fn get(what: &'static str, path: String) -> Self {
        let encoding = Encoding::Plain;
        Self { what, method: Method::GET, path, body: None, correlation: None, encoding, is_question: false }
    }

    /// A query of GraphQL: its answers may be long, tell how fast to ask, and be a success that is none.
    pub fn question(what: &'static str, body: Bytes) -> Self {
        Self { is_question: true, ..Self::post(what, "/graphql".to_owned(), body) }
    }

    const fn longest_answer(&self) -> usize {
        if self.is_question { MAX_PAGE } else { MAX_ANSWER }
    }

    /// Whether it does no harm to make the request again after one that was carried out.
    pub fn may_come_again(&self) -> bool {
        self.correlation.is_some() || self.method == Method::GET
    }

    /// An upload of objects, which may be repeated under the same correlation id.
    pub fn upload(mut self, correlation: Uuid, encoding: Encoding) -> Self {
        self.correlation = Some(correlation);
        self.encoding = encoding;
        self
    }
}

/// A success: a JSON value.
pub(super) struct Answer {
    what: &'static str,
    host: String,
    status: u16,
    pub body: Value,
}

impl Answer {
    /// The job in it.
    pub fn job(&self) -> Result<JobFigures, JupiterOneError> {
        job::read(&self.body).ok_or_else(|| self.unreadable("no job"))
    }

    /// This success is none.
    pub fn unreadable(&self, found: &str) -> JupiterOneError {
        unreadable(self.what, &self.host, self.status, found)
    }
}

/// The headers of every request.
///
/// # Errors
///
/// In words for people, where account or key cannot be sent.
pub(super) fn headers(account: &str, key: &Secret) -> Result<HeaderMap, Problem> {
    let account = HeaderValue::from_str(account.trim()).ok().filter(|v| !v.is_empty()).ok_or_else(|| {
        Problem::new("the JupiterOne account id cannot be used")
            .code("account_shape")
            .hint("Copy the account id from JupiterOne: Settings, Account Management.")
    })?;
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose()))
        .ok()
        .filter(|_| !key.expose().trim().is_empty())
        .ok_or_else(|| {
            Problem::new("the JupiterOne API key holds characters that no key has")
                .code("key_shape")
                .hint("Copy the key again, from the instance's API Keys in JupiterOne.")
        })?;
    bearer.set_sensitive(true);
    Ok(HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static("application/json")),
        (AUTHORIZATION, bearer),
        (reqwest::header::HeaderName::from_static("jupiterone-account"), account),
    ]))
}

impl JupiterOneClient {
    /// The request log's record of a try, where somebody keeps one.
    pub(super) fn record(&self, call: &Call, tries: u32) -> Option<Request> {
        let (clock, _) = self.log.as_ref()?;
        let url = self.config.origin.join(&call.path);
        let mut record = Request::new(clock.now(), Service::JupiterOne, call.method.as_str(), &url);
        record.attempt = tries;
        record.client_request_id = call.correlation.map(|id| id.to_string());
        Some(record)
    }

    /// Sends the request once. `again` says that an earlier try may have been carried out.
    pub(super) async fn attempt(
        &self,
        call: &Call,
        again: bool,
        record: Option<&mut Request>,
    ) -> Result<Answer, Failure> {
        let origin = &self.config.origin;
        let mut url = origin.join(&call.path);
        if again && call.correlation.is_some() {
            // "latest graph object wins" (facts §1.4): without it a repeated key may fail the whole job.
            url.set_query(Some("ignoreDuplicates=true"));
        }
        let headers = headers(&self.config.account, &self.key)
            .map_err(|problem| Failure::from(JupiterOneError::new(ErrorKind::Refused, problem)))?;
        let mut request = self.http.request(call.method.clone(), url).headers(headers);
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        if call.encoding == Encoding::Gzip {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        if let Some(id) = call.correlation {
            request = request.header("JupiterOne-Correlation-Id", id.to_string());
        }
        let exchange = async {
            let lost = |e: reqwest::Error| {
                // A connection that never came to be carried nothing.
                let answer_lost = !e.is_connect();
                let error = JupiterOneError::new(ErrorKind::Network, net::problem_of(&e, call.what, origin));
                Failure { error, retry_after: None, answer_lost }
            };
            let mut response = request.send().await.map_err(lost)?;
            if let Some(record) = record {
                record.status = Some(response.status().as_u16());
                record.heard(
                    response.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))),
                );
            }
            let body = read(&mut response, call.longest_answer()).await.map_err(lost)?;
            Ok((response, body))
        };
        let (response, body) = tokio::time::timeout(self.patience.attempt, exchange).await.unwrap_or_else(|_| {
            let problem = net::too_slow(call.what, origin, self.patience.attempt);
            Err(Failure::from(JupiterOneError::new(ErrorKind::Network, problem)))
        })?;
        if call.is_question {
            self.gate.pause(pace::wait(response.headers()));
        }
        self.judge(call, &response, body)
    }

    fn judge(&self, call: &Call, response: &Response, body: Option<Vec<u8>>) -> Result<Answer, Failure> {
        let status = response.status();
        let host = self.config.origin.host();
        let Some(body) = body else {
            return Err(unreadable(call.what, &host, status.as_u16(), "far more than any answer has").into());
        };
        let json = serde_json::from_slice::<Value>(&body).ok();
        // A limit may also be told in a success (the official python client looks for the number).
        let is_throttled = call.is_question && status.is_success() && json.as_ref().is_some_and(pace::tells_a_limit);
        if status.is_success() && !is_throttled {
            let found = || describe(response, &body);
            return match json {
                Some(body) => Ok(Answer { what: call.what, host, status: status.as_u16(), body }),
                None if is_meant_as_json(response, &body) => {
                    let error = garbled(call.what, &host, status.as_u16(), body.len()).about(job::id_in(&body));
                    Err(error.into())
                }
                None => Err(unreadable(call.what, &host, status.as_u16(), &found()).into()),
            };
        }
        if status.is_redirection() {
            return Err(redirect(call.what, response, &self.config.origin).into());
        }
        // GraphQL's errors are a list, and keep the code among their extensions.
        let envelope = json.as_ref().and_then(|j| j.get("error").or_else(|| j.get("errors")?.get(0)));
        let at = |path: &str| envelope.and_then(|e| e.pointer(path)).and_then(Value::as_str).map(str::to_owned);
        let text = |name: &str| at(&format!("/{name}")).or_else(|| at(&format!("/extensions/{name}")));
        let (code, message) = (text("code").filter(|c| !c.is_empty()), text("message"));
        let correlation = text("correlationId").or_else(|| call.correlation.map(|id| id.to_string()));
        let kind = match (status.as_u16(), code.as_deref()) {
            (413, _) | (_, Some("RequestEntityTooLargeException")) => ErrorKind::TooLarge,
            (_, Some("JOB_NOT_AWAITING_UPLOADS")) => ErrorKind::JobClosed,
            (401, _) => ErrorKind::Unauthorized,
            (429, _) => ErrorKind::Throttled,
            _ if is_throttled => ErrorKind::Throttled,
            (408 | 500..=599, _) => ErrorKind::Unavailable,
            _ => ErrorKind::Refused,
        };
        let verb = if kind.is_transient() { "JupiterOne could not" } else { "JupiterOne refused" };
        let mut problem = Problem::new(format!("{}: {verb} ({})", call.what, status.as_u16()));
        problem.status = Some(status.as_u16());
        problem.request_id = correlation;
        match (code, message) {
            (None, None) => {
                problem.code = Some(if json.is_some() { "no_error_envelope" } else { "not_json" }.to_owned());
                problem.message = Some(describe(response, &body));
            }
            (code, message) => {
                problem.code = code;
                problem.message = message.map(|m| clean(&m, &self.key));
            }
        }
        let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok());
        let retry_after = header(RETRY_AFTER)
            .and_then(|value| net::retry_after(value, header(DATE), self.log.as_ref().map(|(clock, _)| clock.now())))
            .or_else(|| (kind == ErrorKind::Throttled).then(|| pace::until_free(response.headers())).flatten())
            .map(|wait| wait.min(MAX_RETRY_AFTER));
        Err(Failure { retry_after, ..JupiterOneError::new(kind, problem).into() })
    }
}

/// The whole body; `None` if it is longer than any answer is.
async fn read(response: &mut Response, longest: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > longest {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn unreadable(what: &str, host: &str, status: u16, found: &str) -> JupiterOneError {
    let mut problem = Problem::new(format!("{what}: {host} answered {status} with {found}"))
        .code("not_json")
        .hint("Something between you and JupiterOne may have answered in its place: check the URL and the proxy.");
    problem.status = Some(status);
    JupiterOneError::new(ErrorKind::Unreadable, problem)
}

/// A success that JupiterOne gave, and that did not come whole.
fn garbled(what: &str, host: &str, status: u16, bytes: usize) -> JupiterOneError {
    let summary = format!("{what}: {host} answered {status}, and its {bytes} bytes of JSON are cut or garbled");
    let mut problem = Problem::new(summary)
        .code("garbled_json")
        .hint("The request was carried out, and its answer was damaged on the way: look at the proxy in between.");
    problem.status = Some(status);
    JupiterOneError::new(ErrorKind::Garbled, problem)
}

/// JSON by its own word, or by its look: a captive portal's page is neither.
fn is_meant_as_json(response: &Response, body: &[u8]) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.contains("json") || body.trim_ascii_start().starts_with(b"{")
}

/// A redirect names where it leads by origin only: a path or query may hold a token.
fn redirect(what: &str, response: &Response, origin: &Origin) -> JupiterOneError {
    let location = response.headers().get(LOCATION).and_then(|v| v.to_str().ok());
    let to = location.and_then(|l| Url::options().base_url(Some(&origin.join("/"))).parse(l).ok()).and_then(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        url.host_str().map(|host| format!("{}://{host}{port}", url.scheme()))
    });
    let status = response.status().as_u16();
    let mut problem = Problem::new(match &to {
        Some(to) => format!("{what}: {} answered {status} and pointed to {to}, which was not followed", origin.host()),
        None => format!("{what}: {} answered {status}, which was not followed", origin.host()),
    })
    .code("redirect")
    .hint("The key goes to the configured host only. If JupiterOne moved, set its URL with --jupiterone-url.");
    problem.status = Some(status);
    JupiterOneError::new(ErrorKind::Redirect, problem)
}

/// What an answer without envelope was, in a few words, without its content.
fn describe(response: &Response, body: &[u8]) -> String {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("no content type");
    format!("{} bytes of {}, no JSON of JupiterOne's", body.len(), kind.split(';').next().unwrap_or(kind))
}

/// The service's words, cut to a length, and never with the key in them.
fn clean(message: &str, key: &Secret) -> String {
    let message = message.replace(key.expose(), "…");
    match message.char_indices().nth(MAX_MESSAGE) {
        Some((at, _)) => format!("{}…", &message[..at]),
        None => message,
    }
}
