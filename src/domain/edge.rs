//! A relationship HAS as JupiterOne gets it.

use serde_json::{Value, json};

use super::{kind::EdgeKind, naming::Naming};

/// One edge, between the `_key`s of its ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    pub kind: EdgeKind,
    pub from: String,
    pub to: String,
    /// Whether the far end is none of our entities, because it could not be read: JupiterOne links the edge if it
    /// knows the target, and creates nothing if not.
    pub mapped: bool,
}

impl Edge {
    pub fn key(&self) -> String {
        format!("{}|has|{}", self.from, self.to)
    }

    /// The object that an upload sends: a direct relationship, or a mapped one (`facts/jupiterone.md` §2.2).
    pub fn json(&self, naming: Naming) -> Value {
        let edge_type = naming.edge_type(self.kind);
        if self.mapped {
            let target_type = naming.entity_type(self.kind.ends().1);
            json!({
                "_key": self.key(),
                "_type": edge_type,
                "_class": "HAS",
                "displayName": "HAS",
                "_mapping": {
                    "relationshipDirection": "FORWARD",
                    "sourceEntityKey": self.from,
                    "targetFilterKeys": [["_type", "_key"]],
                    "targetEntity": { "_type": target_type, "_key": self.to },
                    "skipTargetCreation": true,
                },
            })
        } else {
            json!({
                "_key": self.key(),
                "_type": edge_type,
                "_class": "HAS",
                "displayName": "HAS",
                "_fromEntityKey": self.from,
                "_toEntityKey": self.to,
            })
        }
    }

    pub fn text(&self, naming: Naming) -> String {
        self.json(naming).to_string()
    }
}
