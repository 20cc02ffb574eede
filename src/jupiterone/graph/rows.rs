//! One row of an answer, as an object. Pure.
//!
//! An entity is told as `{id, entity: {_key, _type: […] …}, properties: {…}}` (a list) or as `{"e._key": …}` (a table), a
//! relationship as the latter.

use serde_json::{Map, Value};

use crate::domain::{
    live::{LiveEdge, LiveEntity},
    target::Destination,
};

/// What the service's mapper made of others' relationships is no object of an upload.
const MADE_BY_THE_SERVICE: &[&str] = &["system-mapper", "system-internal"];

/// The number in a table of one row and one column, whatever its name.
pub fn counted(data: &Value) -> Option<u64> {
    let row = data.pointer("/queryV1/data/0")?.as_object()?;
    row.values().find_map(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()))
}

/// `None`: it is none of the destination's own.
pub fn entity(row: &Value, destination: &Destination) -> Result<Option<LiveEntity>, &'static str> {
    let fields = flat(row, "e.").ok_or("told an entity in a form that is not known")?;
    if !is_of(&fields, destination) || is_made_by_the_service(&fields) {
        return Ok(None);
    }
    let key = one(&fields, "_key").ok_or("told an entity without a key")?;
    let object_type = one(&fields, "_type").ok_or("told an entity without a type")?;
    // All that is the service's own to say is left out: it is no part of what is compared.
    let fields = fields.into_iter().filter(|(name, _)| name == "_class" || !name.starts_with('_')).collect();
    Ok(Some(LiveEntity { key, object_type, fields }))
}

/// `None`: it is none of the destination's own.
pub fn edge(row: &Value, destination: &Destination) -> Result<Option<LiveEdge>, &'static str> {
    let fields = flat(row, "r.").ok_or("told a relationship in a form that is not known")?;
    if !is_of(&fields, destination) {
        return Ok(None);
    }
    let key = one(&fields, "_key").ok_or("told a relationship without a key")?;
    let object_type = one(&fields, "_type").ok_or("told a relationship without a type")?;
    Ok(Some(LiveEdge { key, object_type }))
}

/// The fields of a row in one map, in whichever form it was told.
fn flat(row: &Value, alias: &str) -> Option<Map<String, Value>> {
    let row = row.as_object()?;
    let parts = ["entity", "relationship", "edge", "properties"].map(|part| row.get(part).and_then(Value::as_object));
    if parts.iter().any(Option::is_some) {
        let all = parts.into_iter().flatten().flatten();
        return Some(all.map(|(name, value)| (name.clone(), value.clone())).collect());
    }
    row.iter().map(|(name, value)| Some((name.strip_prefix(alias)?.to_owned(), value.clone()))).collect()
}

/// A text, also where it is the only one of a list.
fn one(fields: &Map<String, Value>, name: &str) -> Option<String> {
    let text = match fields.get(name)? {
        Value::Array(all) if all.len() == 1 => all[0].as_str()?,
        value => value.as_str()?,
    };
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whether it is there (the service may tell what was deleted lately), and nobody else's.
fn is_of(fields: &Map<String, Value>, destination: &Destination) -> bool {
    let (name, owner) = match destination {
        Destination::Instance(id) => ("_integrationInstanceId", id),
        Destination::Scope(scope) => ("_scope", scope),
    };
    let deleted = fields.get("_deleted").is_some_and(|value| *value == Value::Bool(true) || value == "true");
    !deleted && one(fields, name).is_none_or(|found| found.eq_ignore_ascii_case(owner.trim()))
}

fn is_made_by_the_service(fields: &Map<String, Value>) -> bool {
    one(fields, "_source").is_some_and(|source| MADE_BY_THE_SERVICE.contains(&source.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ours() -> Destination {
        Destination::Instance("1".to_owned())
    }

    /// As in the tests of the official python client.
    #[test]
    fn an_entity_of_a_list() {
        let mut row = json!({
            "id": "1",
            "entity": {
                "_rawDataHashes": "1", "_integrationDefinitionId": "1", "_integrationName": "1",
                "_beginOn": 1_580_482_083_079_i64, "displayName": "host1", "_class": ["Host"], "_scope": "aws_instance",
                "_version": 1, "_integrationClass": "CSP", "_accountId": "testAccount", "_id": "1", "_key": "key1",
                "_type": ["aws_instance"], "_deleted": false, "_integrationInstanceId": "1", "_integrationType": "aws",
                "_source": "integration-managed", "_createdOn": 1_578_093_840_019_i64,
            },
            "properties": { "id": "host1", "active": true },
        });
        let found = entity(&row, &ours()).unwrap().unwrap();
        assert_eq!((found.key.as_str(), found.object_type.as_str()), ("key1", "aws_instance"));
        let want = json!({ "_class": ["Host"], "displayName": "host1", "id": "host1", "active": true });
        assert_eq!(Value::Object(found.fields), want);
        // Deleted, another's, or made by the service.
        for (name, value) in
            [("_deleted", json!(true)), ("_integrationInstanceId", json!("2")), ("_source", json!("system-mapper"))]
        {
            let before = row["entity"][name].clone();
            row["entity"][name] = value;
            assert_eq!(entity(&row, &ours()).unwrap(), None, "{name}");
            row["entity"][name] = before;
        }
        row["entity"]["_key"] = Value::Null;
        assert!(entity(&row, &ours()).is_err(), "without a key nobody knows what it is");
    }

    #[test]
    fn rows_of_a_table() {
        let row = json!({ "r._key": "a|has|b", "r._type": "x_has_y", "r._deleted": false });
        let want = LiveEdge { key: "a|has|b".to_owned(), object_type: "x_has_y".to_owned() };
        assert_eq!(edge(&row, &ours()), Ok(Some(want)));
        let row = json!({ "e._key": "k", "e._type": "t", "e.name": "N", "e._id": "1" });
        let found = entity(&row, &Destination::Scope("s".to_owned())).unwrap().unwrap();
        assert_eq!((found.key.as_str(), Value::Object(found.fields)), ("k", json!({ "name": "N" })));
        for row in [json!({ "_key": "k", "_type": "t" }), json!([]), json!("k"), json!({ "e._key": "k" })] {
            assert!(entity(&row, &ours()).is_err(), "{row}");
        }
        assert!(edge(&json!({ "r._key": "k" }), &ours()).is_err());
    }

    #[test]
    fn counts() {
        let data = |row: Value| json!({ "queryV1": { "type": "table", "data": [row] } });
        assert_eq!(counted(&data(json!({ "many": 5 }))), Some(5));
        assert_eq!(counted(&data(json!({ "count(e)": "5" }))), Some(5));
        assert_eq!(counted(&data(json!({ "many": null }))), None);
        assert_eq!(counted(&json!({ "queryV1": { "data": [] } })), None);
    }
}
