//! An entity as JupiterOne gets it.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{kind::EntityKind, normalise::Warning};

/// One entity: `_key`, `_type`, `_class` and its properties.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    pub kind: EntityKind,
    /// Sorted by name, so that equal entities are equal texts.
    pub json: Map<String, Value>,
    /// What of Graph's was not usable, and what was done about it.
    pub warnings: Vec<Warning>,
}

/// The first half of a SHA-256 over an entity's JSON: tells two states of one entity apart.
pub type Fingerprint = [u8; 16];

impl Entity {
    pub fn key(&self) -> &str {
        self.json.get("_key").and_then(Value::as_str).unwrap_or_default()
    }

    /// Its Graph object id; of the account the tenant's.
    pub fn id(&self) -> &str {
        self.json.get("id").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn entity_type(&self) -> &str {
        self.json.get("_type").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn name(&self) -> &str {
        self.json.get("displayName").and_then(Value::as_str).unwrap_or_default()
    }

    /// The text that an upload sends for it.
    pub fn text(&self) -> String {
        // Texts, numbers and flags: there is nothing that could not be written.
        serde_json::to_string(&self.json).unwrap_or_default()
    }

    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint(&self.text())
    }
}

/// The fingerprint of an object's JSON text.
pub fn fingerprint(text: &str) -> Fingerprint {
    let hash = Sha256::digest(text.as_bytes());
    let mut half = Fingerprint::default();
    half.copy_from_slice(&hash[..16]);
    half
}
