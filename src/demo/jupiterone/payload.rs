//! What the bulk API checks of each object (facts/jupiterone.md §1.5 and §1.6), in the words of its own errors.

use serde_json::{Map, Value};

use super::Refusal;

/// The two lists of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Entities,
    Relationships,
}

/// The objects of one request.
#[derive(Debug, Default)]
pub struct Upload {
    pub entities: Vec<Object>,
    pub relationships: Vec<Object>,
}

/// One object as the graph keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub key: String,
    pub object_type: String,
    /// Keys of entities without which a relationship cannot be: both ends of a direct one, the source of a mapped one.
    pub needs: Vec<String>,
    pub mapped: bool,
    /// Its JSON, members sorted.
    pub text: String,
}

const ENTITY_FIELDS: &[&str] = &["_key", "_type", "_class", "_rawData"];
const RELATIONSHIP_FIELDS: &[&str] = &[
    "_key",
    "_type",
    "_class",
    "_rawData",
    "_fromEntityKey",
    "_toEntityKey",
    "_fromEntityId",
    "_toEntityId",
    "_fromEntitySource",
    "_fromEntityScope",
    "_toEntitySource",
    "_toEntityScope",
    "_mapping",
];
const MAPPING_FIELDS: &[&str] =
    &["relationshipDirection", "sourceEntityKey", "targetFilterKeys", "targetEntity", "skipTargetCreation"];
const SHAPE: &str = "Expected string | number | boolean | string[] | number[] | boolean[]";

/// Reads and checks the lists of a body; other members of it are refused.
pub fn read(body: &Value, lists: &[List]) -> Result<Upload, Refusal> {
    let mut upload = Upload::default();
    for list in lists {
        let (name, code, not_array) = match list {
            List::Entities => ("entities", "ENTITY_UPLOAD_FAILED_VALIDATION", "ENTITY_IS_NOT_ARRAY"),
            List::Relationships => {
                ("relationships", "RELATIONSHIP_UPLOAD_FAILED_VALIDATION", "RELATIONSHIP_IS_NOT_ARRAY")
            }
        };
        let objects = match body.get(name) {
            Some(Value::Array(objects)) => objects,
            None if lists.len() > 1 => continue,
            _ => return Err(Refusal(400, not_array, format!("\"{name}\" should be an array"))),
        };
        let mut errors = Vec::new();
        let into = match list {
            List::Entities => &mut upload.entities,
            List::Relationships => &mut upload.relationships,
        };
        for (place, object) in objects.iter().enumerate() {
            let before = errors.len();
            let mut complain =
                |path: &str, why: &str| errors.push(format!("- Error in {name}[{place}]{path} (reason={why})"));
            let Value::Object(fields) = object else {
                complain("", "Expected an object");
                continue;
            };
            check(fields, *list, &mut complain);
            if errors.len() == before {
                into.push(Object::of(fields, object));
            }
        }
        if !errors.is_empty() {
            let count = errors.len();
            errors.truncate(20);
            return Err(Refusal(400, code, format!("{count} validation error(s):\n{}", errors.join("\n"))));
        }
    }
    Ok(upload)
}

impl Object {
    fn of(fields: &Map<String, Value>, whole: &Value) -> Self {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let source =
            fields.get("_mapping").and_then(|m| m.get("sourceEntityKey")).and_then(Value::as_str).map(str::to_owned);
        Self {
            key: text("_key").unwrap_or_default(),
            object_type: text("_type").unwrap_or_default(),
            needs: [text("_fromEntityKey"), text("_toEntityKey"), source].into_iter().flatten().collect(),
            mapped: fields.contains_key("_mapping"),
            text: whole.to_string(),
        }
    }
}

fn check(fields: &Map<String, Value>, list: List, complain: &mut impl FnMut(&str, &str)) {
    for required in ["_key", "_type"] {
        if fields.get(required).and_then(Value::as_str).is_none_or(str::is_empty) {
            complain(&format!(".{required}"), "Expected string, but was missing or incompatible");
        }
    }
    let classes = match fields.get("_class") {
        Some(Value::String(class)) => !class.is_empty(),
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(|c| c.as_str().is_some_and(|c| !c.is_empty())),
        _ => false,
    };
    if !classes {
        complain("._class", "Expected string | string[], but was missing or incompatible");
    }
    let allowed = match list {
        List::Entities => ENTITY_FIELDS,
        List::Relationships => RELATIONSHIP_FIELDS,
    };
    for (name, value) in fields {
        match name.as_str() {
            "_rawData" if !is_raw_data(value) => {
                complain("._rawData", "Expected {[_:string]:{body:string|{…};contentType:string|undefined}}|undefined");
            }
            "_class" | "_rawData" => {}
            "_mapping" if list == List::Relationships => check_mapping(value, complain),
            reserved if reserved.starts_with('_') && allowed.contains(&reserved) => {}
            reserved if reserved.starts_with('_') => complain(&format!(".{reserved}"), "NOT_ALLOWED"),
            _ if !value.is_null() && !is_plain(value) => {
                complain(&format!(".{name}"), &format!("{SHAPE}, but was object"))
            }
            _ => {}
        }
    }
    if list == List::Relationships {
        let end = |side: &str| {
            ["Key", "Id"].iter().any(|what| fields.get(&format!("_{side}Entity{what}")).is_some_and(Value::is_string))
        };
        match (fields.contains_key("_mapping"), end("from"), end("to")) {
            (true, false, false) | (false, true, true) => {}
            (true, ..) => complain("._mapping", "NOT_ALLOWED together with _fromEntityKey and _toEntityKey"),
            (false, false, _) => complain("._fromEntityKey", "Expected string, but was missing"),
            (false, true, false) => complain("._toEntityKey", "Expected string, but was missing"),
        }
    }
}

fn check_mapping(mapping: &Value, complain: &mut impl FnMut(&str, &str)) {
    let Value::Object(fields) = mapping else {
        return complain("._mapping", "Expected an object");
    };
    let more: Vec<&str> = fields.keys().map(String::as_str).filter(|k| !MAPPING_FIELDS.contains(k)).collect();
    if !more.is_empty() {
        complain("._mapping", &format!("Following properties are not allowed: [{}] in _mapping", more.join(", ")));
    }
    if !fields.get("sourceEntityKey").is_some_and(Value::is_string) {
        complain("._mapping.sourceEntityKey", "Expected string, but was missing or incompatible");
    }
    if !matches!(fields.get("relationshipDirection").and_then(Value::as_str), Some("FORWARD" | "REVERSE")) {
        complain("._mapping.relationshipDirection", "Expected 'FORWARD' | 'REVERSE'");
    }
    if !fields.get("targetFilterKeys").is_some_and(Value::is_array) {
        complain("._mapping.targetFilterKeys", "Expected (string | string[])[], but was missing or incompatible");
    }
    match fields.get("targetEntity") {
        Some(Value::Object(target)) => {
            for (name, value) in target {
                if !is_plain(value) {
                    complain(&format!("._mapping.targetEntity.{name}"), &format!("{SHAPE}, but was object"));
                }
            }
        }
        _ => complain("._mapping.targetEntity", "Expected an object"),
    }
}

/// `[{"name","rawData"}]` as SDKs send it, or `{name: {body, contentType}}`; never an array inside.
fn is_raw_data(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(parts) => parts.iter().all(|part| {
            part.get("name").is_some_and(Value::is_string)
                && part.get("rawData").is_some_and(|raw| raw.is_object() || raw.is_string())
        }),
        Value::Object(parts) => parts.values().all(|p| p.get("body").is_some_and(|b| b.is_object() || b.is_string())),
        _ => false,
    }
}

/// A text, number or flag, or a list of one of these.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => true,
        Value::Array(all) => {
            all.iter().all(Value::is_string) || all.iter().all(Value::is_number) || all.iter().all(Value::is_boolean)
        }
        Value::Null | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(list: List, object: Value, want: Option<&str>) {
        let body = match list {
            List::Entities => json!({ "entities": [object] }),
            List::Relationships => json!({ "relationships": [object] }),
        };
        match (read(&body, &[list]), want) {
            (Ok(_), None) => {}
            (Err(Refusal(400, _, words)), Some(part)) if words.contains(part) => {}
            (got, want) => panic!("{body}: {got:?} is not {want:?}"),
        }
    }

    #[test]
    fn entities() {
        let entity = |more: Value| {
            let mut all = json!({ "_key": "k", "_type": "t", "_class": ["User"] });
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        let ok = |more| check(List::Entities, entity(more), None);
        ok(json!({ "a": 1, "b": "x", "c": true, "d": null, "e": [], "f": ["x"], "g": [1, 2], "tag.x": "y" }));
        ok(json!({ "_class": "User", "_rawData": [{ "name": "default", "rawData": { "a": [1] } }] }));
        let no = |more, part| check(List::Entities, entity(more), Some(part));
        no(json!({ "_key": "" }), "entities[0]._key");
        no(json!({ "_type": 5 }), "entities[0]._type");
        no(json!({ "_class": [] }), "entities[0]._class");
        no(json!({ "_x": 1 }), "entities[0]._x (reason=NOT_ALLOWED)");
        no(json!({ "_fromEntityKey": "x" }), "NOT_ALLOWED");
        no(json!({ "a": {} }), "entities[0].a");
        no(json!({ "a": [1, "x"] }), "entities[0].a");
        no(json!({ "a": [null] }), "entities[0].a");
        no(json!({ "_rawData": [{ "name": "default", "rawData": [] }] }), "_rawData");
        check(List::Entities, json!(5), Some("Expected an object"));
    }

    #[test]
    fn relationships() {
        let direct =
            json!({ "_key": "a|has|b", "_type": "t", "_class": "HAS", "_fromEntityKey": "a", "_toEntityKey": "b" });
        check(List::Relationships, direct.clone(), None);
        let mapped = json!({ "_key": "a|has|b", "_type": "t", "_class": "HAS", "displayName": "HAS", "_mapping": {
            "relationshipDirection": "FORWARD", "sourceEntityKey": "a", "targetFilterKeys": [["_type", "_key"]],
            "targetEntity": { "_type": "x", "_key": "b" }, "skipTargetCreation": true } });
        check(List::Relationships, mapped.clone(), None);
        let change = |mut object: Value, pointer: &str, value: Value| {
            *object.pointer_mut(pointer).unwrap() = value;
            object
        };
        check(List::Relationships, change(direct.clone(), "/_toEntityKey", json!(null)), Some("_toEntityKey"));
        check(
            List::Relationships,
            change(mapped.clone(), "/_mapping/targetEntity", json!({ "a": null })),
            Some("targetEntity.a"),
        );
        check(
            List::Relationships,
            change(mapped.clone(), "/_mapping", json!({ "sourceEntityType": 1 })),
            Some("[sourceEntityType]"),
        );
        let mut both = direct;
        both["_mapping"] = mapped["_mapping"].clone();
        check(List::Relationships, both, Some("_mapping"));
    }

    #[test]
    fn bodies() {
        let code = |body: Value, list| match read(&body, &[list]) {
            Err(Refusal(_, code, _)) => code,
            Ok(_) => "",
        };
        assert_eq!(code(json!({}), List::Entities), "ENTITY_IS_NOT_ARRAY");
        assert_eq!(code(json!({ "entities": {} }), List::Entities), "ENTITY_IS_NOT_ARRAY");
        assert_eq!(code(json!({ "entities": [] }), List::Entities), "");
        assert_eq!(
            code(json!({ "relationships": [{}] }), List::Relationships),
            "RELATIONSHIP_UPLOAD_FAILED_VALIDATION"
        );
    }
}
