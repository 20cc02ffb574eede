//! What JupiterOne itself says that a target holds: objects as they are told there, how far the reading is, and which of
//! their fields are different from what would be sent.
//!
//! What the service adds of its own (`_id`, `_createdOn`, `_version` …) and what others put there is no difference: only
//! fields that a naming can send are looked at.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    explore::FieldChange,
    kind::EntityKind,
    naming::Naming,
    properties::properties,
    text::{counted, grouped},
};

/// An entity as the service told it: key, type, and all that it told.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveEntity {
    pub key: String,
    pub object_type: String,
    pub fields: Map<String, Value>,
}

/// A relationship as the service told it. Of its content nothing is kept: what it says is in its key and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveEdge {
    pub key: String,
    pub object_type: String,
}

/// How far the reading of a target is; totals, never increments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LiveProgress {
    pub entities: u64,
    pub relationships: u64,
    /// As the service counted them before they were read; `None` until it has.
    pub entities_total: Option<u64>,
    pub relationships_total: Option<u64>,
    pub requests: u64,
}

impl LiveProgress {
    /// "read 1,250 of 4,000 entities and 0 of 9,000 relationships from JupiterOne, 12 requests"
    pub fn words(&self) -> String {
        let of = |done: u64, total: Option<u64>, what: &str| match total {
            // A relationship may be told from either end.
            Some(total) => format!("{} of {} {what}", grouped(done.min(total)), grouped(total)),
            None => format!("{} {what}", grouped(done)),
        };
        format!(
            "read {} and {} from JupiterOne, {}",
            of(self.entities, self.entities_total, "entities"),
            of(self.relationships, self.relationships_total, "relationships"),
            counted(self.requests, "request")
        )
    }
}

/// Every name that a naming can send of a kind; what else an object carries there is not ours to compare.
pub fn sent_names(naming: Naming, kind: EntityKind) -> BTreeSet<&'static str> {
    let members = ["orgContact", "device", "servicePrincipal", ""];
    let own = members.into_iter().flat_map(|member| properties(naming, kind, member)).map(|property| property.name);
    // What the tables do not list, as every entity has it.
    own.chain(["_class", "id", "name", "displayName", "memberType"]).collect()
}

/// The fields that an upload would make different, by name: what is sent and is another there, and what is there, could be
/// sent, and is sent no more.
pub fn differences(
    theirs: &Map<String, Value>,
    ours: &Map<String, Value>,
    names: &BTreeSet<&'static str>,
) -> Vec<FieldChange> {
    let is_ours = |field: &str| field == "_class" || !field.starts_with('_');
    let sent = ours.iter().filter(|(field, _)| is_ours(field)).map(|(field, now)| {
        let before = theirs.get(field).unwrap_or(&Value::Null);
        (field, before, now)
    });
    let gone = theirs
        .iter()
        .filter(|(field, _)| names.contains(field.as_str()) && !ours.contains_key(*field))
        .map(|(field, before)| (field, before, &Value::Null));
    let mut all: Vec<FieldChange> = sent
        .chain(gone)
        .filter(|(field, before, now)| !is_same(field, before, now))
        .map(|(field, before, now)| FieldChange { field: field.clone(), before: before.clone(), now: now.clone() })
        .collect();
    all.sort_by(|a, b| a.field.cmp(&b.field));
    all
}

/// Whether two values say the same, however they are told: null, nothing and an empty list; one value and a list of it; a
/// number or a truth and its text. How the service tells values is not written down anywhere, so that none of these may
/// pass for a change.
fn is_same(field: &str, theirs: &Value, ours: &Value) -> bool {
    let (theirs, ours) = (list(theirs), list(ours));
    match field {
        // Others may have classed it as well.
        "_class" => ours.iter().all(|one| theirs.contains(one)),
        _ => theirs.len() == ours.len() && theirs.iter().zip(&ours).all(|(a, b)| a == b || text(a) == text(b)),
    }
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            // 1.0 is 1; beyond what a double can tell apart the digits count.
            Some(n) if n.fract() == 0.0 && n.abs() < 9e15 => format!("{n:.0}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(theirs: Value, ours: Value, want: &[(&str, Value, Value)]) {
        let names = sent_names(Naming::ActiveDirectory, EntityKind::User);
        let (Value::Object(theirs), Value::Object(ours)) = (&theirs, &ours) else { panic!("objects") };
        let got = differences(theirs, ours, &names);
        let got: Vec<_> = got.iter().map(|f| (f.field.as_str(), f.before.clone(), f.now.clone())).collect();
        assert_eq!(got, want, "{theirs:?} {ours:?}");
    }

    #[test]
    fn what_the_service_adds_is_no_change() {
        let ours = json!({ "_key": "k", "_type": "t", "_class": ["User"], "displayName": "Ada", "email": ["a@x.io"] });
        let theirs = json!({
            "_key": "k", "_type": ["t"], "_class": ["User", "Person"], "_id": "1", "_version": 7, "_createdOn": 12,
            "displayName": "Ada", "email": ["a@x.io"], "tag.Production": true, "riskScore": 9,
        });
        check(theirs, ours, &[]);
    }

    #[test]
    fn values_say_the_same_however_they_are_told() {
        let same = |theirs: Value, ours: Value| {
            check(json!({ "department": theirs }), json!({ "department": ours }), &[]);
        };
        same(json!(null), json!([]));
        same(json!(["x"]), json!("x"));
        same(json!("x"), json!(["x"]));
        same(json!(1.0), json!(1));
        same(json!("1700000000000"), json!(1_700_000_000_000_i64));
        same(json!("true"), json!(true));
        same(json!(["1", "2"]), json!([1, 2]));
        check(json!({}), json!({ "department": null }), &[]);
        check(json!({ "department": null }), json!({}), &[]);
    }

    #[test]
    fn what_is_another_or_is_sent_no_more_is_a_change() {
        let differs = |theirs: Value, ours: Value| {
            check(
                json!({ "department": theirs }),
                json!({ "department": ours }),
                &[("department", theirs.clone(), ours.clone())],
            );
        };
        differs(json!("x"), json!("X"));
        differs(json!(["x", "y"]), json!(["y", "x"]));
        differs(json!(["x", "y"]), json!("x"));
        differs(json!(true), json!(false));
        differs(json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992_i64));
        differs(json!(null), json!(""));
        // Sent once, and no more; what nobody of ours ever sends stays whoever put it there.
        let theirs = json!({ "lastSignInOn": 5, "jobTitle": "Chief", "owner": "somebody" });
        let want = [("jobTitle", json!("Chief"), json!(null)), ("lastSignInOn", json!(5), json!(null))];
        check(theirs, json!({}), &want);
        check(
            json!({ "_class": ["Person"] }),
            json!({ "_class": ["User"] }),
            &[("_class", json!(["Person"]), json!(["User"]))],
        );
    }
}
