//! What the bulk API itself takes of an entity, whatever its class (`facts/jupiterone.md` §1.6).

use serde_json::{Map, Value};

use crate::domain::batch::{MAX_BODY, Payload};

/// Properties of the service's own, which entities may have.
const OWN: [&str; 4] = ["_key", "_type", "_class", "_rawData"];

/// The properties that the service would refuse.
pub(super) fn refused(entity: &Map<String, Value>) -> impl Iterator<Item = &str> {
    entity.iter().filter(|(name, value)| !takes(name, value)).map(|(name, _)| name.as_str())
}

fn takes(name: &str, value: &Value) -> bool {
    match name {
        "_rawData" => takes_raw(value),
        _ if name.starts_with('_') => OWN.contains(&name),
        _ => match value {
            Value::Object(_) => false,
            Value::Array(all) => is_of_one_kind(all),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        },
    }
}

fn is_of_one_kind(all: &[Value]) -> bool {
    all.iter().all(Value::is_string) || all.iter().all(Value::is_number) || all.iter().all(Value::is_boolean)
}

/// `[{"name", "rawData"}]`; what is inside may be an object or a text, and never a list.
fn takes_raw(value: &Value) -> bool {
    let Value::Array(parts) = value else { return false };
    parts.iter().all(|part| {
        part.get("name").is_some_and(Value::is_string)
            && part.get("rawData").is_some_and(|raw| raw.is_object() || raw.is_string())
    })
}

/// How long the text of an object may be: alone in a body, wrapper and all.
pub(super) const fn most_bytes(payload: Payload) -> usize {
    MAX_BODY - payload.wrapper()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_taken() {
        let check = |name: &str, value: Value, want: bool| assert_eq!(takes(name, &value), want, "{name}: {value}");
        for value in [json!("x"), json!(1.5), json!(true), json!(null), json!([]), json!(["x", "y"]), json!([1, 2])] {
            check("anything", value, true);
        }
        for value in [json!({}), json!([1, "x"]), json!([null]), json!([[]]), json!([{}])] {
            check("anything", value, false);
        }
        check("_key", json!("k"), true);
        check("_fromEntityKey", json!("k"), false);
        check("_mapping", json!("k"), false);
        check("_rawData", json!([]), true);
        check("_rawData", json!([{ "name": "default", "rawData": { "a": [1, "x"] } }]), true);
        check("_rawData", json!([{ "name": "default", "rawData": [] }]), false);
        check("_rawData", json!([{ "rawData": {} }]), false);
        check("_rawData", json!("x"), false);
    }
}
