//! What a probe found out about a tenant: safe to share. Counts, codes and request ids; no names, no ids of objects, no
//! tenant.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text;

/// Answers to what no documentation says for sure, from one tenant, read-only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeReport {
    /// The program's version.
    pub version: String,
    pub at: Timestamp,
    /// The service's host: which cloud it is.
    pub service: String,
    /// As `$count` told.
    pub users: Option<u64>,
    pub groups: Option<u64>,
    pub findings: Vec<Finding>,
    /// Both ways to read the members of the same groups.
    pub ways: Vec<Way>,
    /// Resource units by shape of request, as `x-ms-resource-unit` told.
    pub units: BTreeMap<String, u64>,
    pub requests: u64,
    pub resource_units: u64,
    pub seconds: f64,
}

/// One question and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A name that stays from version to version: `expand_shows_service_principals`.
    pub id: String,
    /// As a clause with a question mark.
    pub question: String,
    pub answer: Answer,
    /// What the answer rests on, in counts.
    pub evidence: BTreeMap<String, u64>,
    /// What the service said in refusing, verbatim.
    pub codes: Vec<String>,
    /// With which Microsoft's support finds those refusals.
    pub request_ids: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Yes,
    No,
    /// It could not be read, or there is nothing here that tells.
    Unknown,
}

/// A way to read the members of some groups, and what it took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Way {
    pub name: String,
    pub groups: u64,
    pub memberships: u64,
    pub requests: u64,
    pub resource_units: u64,
    pub seconds: f64,
}

impl Finding {
    pub fn new(id: &str, question: &str) -> Self {
        Self {
            id: id.to_owned(),
            question: question.to_owned(),
            answer: Answer::Unknown,
            evidence: BTreeMap::new(),
            codes: Vec::new(),
            request_ids: Vec::new(),
        }
    }

    #[must_use]
    pub fn answered(mut self, answer: Option<bool>) -> Self {
        self.answer = match answer {
            Some(true) => Answer::Yes,
            Some(false) => Answer::No,
            None => Answer::Unknown,
        };
        self
    }

    #[must_use]
    pub fn with(mut self, what: &str, many: u64) -> Self {
        self.evidence.insert(what.to_owned(), many);
        self
    }
}

impl Answer {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

impl ProbeReport {
    pub fn finding(&self, id: &str) -> Option<&Finding> {
        self.findings.iter().find(|f| f.id == id)
    }

    /// The same for people, a line each.
    pub fn words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for finding in &self.findings {
            let mut line = format!("{} {}", finding.question, finding.answer.as_str());
            let evidence: Vec<String> =
                finding.evidence.iter().map(|(what, many)| format!("{} {what}", text::grouped(*many))).collect();
            if !evidence.is_empty() {
                line.push_str(&format!(" ({})", evidence.join(", ")));
            }
            if !finding.codes.is_empty() {
                line.push_str(&format!(": {}", finding.codes.join(", ")));
            }
            lines.push(line);
        }
        for way in &self.ways {
            lines.push(format!(
                "{}: {} of {} in {:.1} s, {}, {}",
                way.name,
                text::counted(way.memberships, "membership"),
                text::counted(way.groups, "group"),
                way.seconds,
                text::counted(way.requests, "request"),
                text::counted(way.resource_units, "resource unit"),
            ));
        }
        for (shape, units) in &self.units {
            lines.push(format!("{shape}: {}", text::counted(*units, "resource unit")));
        }
        lines.push(format!(
            "the probe took {}, {} and {:.1} s",
            text::counted(self.requests, "request"),
            text::counted(self.resource_units, "resource unit"),
            self.seconds
        ));
        lines
    }
}
