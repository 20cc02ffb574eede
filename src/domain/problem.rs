//! What went wrong, for people: what happened to which thing, the service's own words, and the next step.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A failure as every face shows it. Holds no secret and no token.
///
/// `summary` is a clause in lower case without a full stop. `code` and `message` are the service's own, verbatim.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Problem {
    /// What happened, to which thing: "reading /users was refused".
    pub summary: String,
    /// The service's own code: `AADSTS7000215`, `Authorization_RequestDenied`; or one of ours for failures that no
    /// service named: `timeout`, `name_not_found`, `connection_refused`, `not_json` …
    pub code: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// The service's own text, verbatim (it may be long, and may hold line ends).
    pub message: Option<String>,
    /// The next step, as a sentence.
    pub hint: Option<String>,
    /// Where to read on, or to mend it.
    pub link: Option<String>,
    /// Graph's `request-id`, or the correlation id of the login service or JupiterOne.
    pub request_id: Option<String>,
    /// The login service's trace id.
    pub trace_id: Option<String>,
    /// When it happened: what an administrator looks for in the sign-in logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Problem {
    pub fn new(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), ..Self::default() }
    }

    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn link(mut self, link: impl Into<String>) -> Self {
        self.link = Some(link.into());
        self
    }

    /// What the service calls its `request_id`: the login service has a correlation, Graph a request.
    pub fn id_name(&self) -> &'static str {
        let login = self.code.as_deref().is_some_and(|c| c.starts_with("AADSTS"));
        if login || self.trace_id.is_some() { "correlation" } else { "request" }
    }

    /// One line: summary, code, and request id where there is one.
    pub fn line(&self) -> String {
        let mut out = self.summary.clone();
        if let Some(code) = &self.code {
            out.push_str(&format!(" ({code})"));
        }
        if let Some(id) = &self.request_id {
            out.push_str(&format!(" ({} {id})", self.id_name()));
        }
        out
    }

    /// A block to paste into a ticket.
    pub fn block(&self) -> String {
        let mut out = self.summary.clone();
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                out.push_str(&format!("\n{name}: {value}"));
            }
        };
        add("code", self.code.clone());
        add("http status", self.status.map(|s| s.to_string()));
        add("message", self.message.clone());
        add(&format!("{} id", self.id_name()), self.request_id.clone());
        add("trace id", self.trace_id.clone());
        add("time (UTC)", self.at.map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()));
        add("next step", self.hint.clone());
        add("link", self.link.clone());
        out
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.line())
    }
}

impl std::error::Error for Problem {}
