//! A target: the place in JupiterOne that an upload synchronises, wholly.

use serde::{Deserialize, Serialize};

use super::origin::Origin;

/// Whose objects a job replaces: an integration instance's, or a scope's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Source `integration-external`, with this integration instance ID.
    Instance(String),
    /// Source `api`, with this scope.
    Scope(String),
}

/// JupiterOne origin, account and destination.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    pub origin: Origin,
    pub account: String,
    pub destination: Destination,
}

impl Target {
    /// The text under which stores and the registry keep what they know of it; one target, one text.
    pub fn key(&self) -> String {
        let (kind, id) = match &self.destination {
            Destination::Instance(id) => ("integration-external", id.trim().to_ascii_lowercase()),
            Destination::Scope(name) => ("api", name.trim().to_owned()),
        };
        format!("{}|{}|{kind}|{id}", self.origin, self.account.trim())
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, id) = match &self.destination {
            Destination::Instance(id) => ("instance", id),
            Destination::Scope(name) => ("scope", name),
        };
        write!(f, "JupiterOne account {}, {what} {id} at {}", self.account, self.origin)
    }
}
