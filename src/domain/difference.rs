//! What is different between two states of an object, as Graph names it.
//!
//! What Graph never set it calls null in lists and leaves out of changes, so that null and nothing are the same here
//! (facts: graph.md §3.2). Notes of the protocol are no property of the object.

use serde_json::{Map, Value};

use super::explore::FieldChange;

/// Where a delta query tells what changed in a group's list.
pub const CHANGES: &str = "members@delta";

/// Whether two states say the same.
pub fn says_the_same(before: &Value, now: &Value) -> bool {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            fields(before, now).all(|(_, before, now)| says_the_same(before, now))
        }
        _ => before == now,
    }
}

/// The fields that are different, by name.
pub fn differences(before: &Map<String, Value>, now: &Map<String, Value>) -> Vec<FieldChange> {
    let mut all: Vec<FieldChange> = fields(before, now)
        .filter(|(_, before, now)| !says_the_same(before, now))
        .map(|(field, before, now)| FieldChange { field: field.to_owned(), before: before.clone(), now: now.clone() })
        .collect();
    all.sort_by(|a, b| a.field.cmp(&b.field));
    all
}

/// Every field that either says something of, with null for nothing.
fn fields<'a>(
    before: &'a Map<String, Value>,
    now: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'a str, &'a Value, &'a Value)> {
    let in_both = before.iter().map(|(field, value)| (field.as_str(), value, now.get(field).unwrap_or(&Value::Null)));
    let new = now.iter().filter(|(field, _)| !before.contains_key(*field));
    in_both
        .chain(new.map(|(field, value)| (field.as_str(), &Value::Null, value)))
        .filter(|(field, ..)| !(*field == CHANGES || field.starts_with("@odata.")))
}

/// A value as a person reads it; as stored.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) if text.is_empty() => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(all) if all.is_empty() => "nothing".to_owned(),
        Value::Array(all) => all.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// `department: Sales → Marketing`.
pub fn words(field: &FieldChange) -> String {
    format!("{}: {} → {}", field.field, shown(&field.before), shown(&field.now))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_different() {
        let check = |before: Value, now: Value, want: &[(&str, Value, Value)]| {
            let want: Vec<FieldChange> = want
                .iter()
                .map(|(field, before, now)| FieldChange {
                    field: (*field).to_owned(),
                    before: before.clone(),
                    now: now.clone(),
                })
                .collect();
            assert_eq!(differences(before.as_object().unwrap(), now.as_object().unwrap()), want, "{before} {now}");
            assert_eq!(says_the_same(&before, &now), want.is_empty(), "{before} {now}");
            assert_eq!(says_the_same(&now, &before), want.is_empty(), "{now} {before}");
        };
        check(json!({ "a": 1, "b": null }), json!({ "a": 1 }), &[]);
        check(json!({ "a": 1 }), json!({ "a": 1, "@odata.type": "x", "members@delta": [{ "id": "1" }] }), &[]);
        check(json!({ "a": { "b": null, "c": 1 } }), json!({ "a": { "c": 1 } }), &[]);
        check(json!({ "a": 1 }), json!({ "a": 2 }), &[("a", json!(1), json!(2))]);
        check(json!({ "a": 1 }), json!({ "a": 1, "b": [] }), &[("b", Value::Null, json!([]))]);
        check(json!({ "a": 1 }), json!({ "a": 1, "b": "" }), &[("b", Value::Null, json!(""))]);
        check(json!({ "a": [1, 2] }), json!({ "a": [2, 1] }), &[("a", json!([1, 2]), json!([2, 1]))]);
        check(
            json!({ "b": "x", "a": { "c": 1 }, "d": 1 }),
            json!({ "a": { "c": 2 }, "d": 1 }),
            &[("a", json!({ "c": 1 }), json!({ "c": 2 })), ("b", json!("x"), Value::Null)],
        );
    }
}
