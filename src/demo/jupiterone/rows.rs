//! What a target holds, as rows of an answer: the service's own fields around what was uploaded.

use serde_json::{Map, Value, json};

use super::{
    graph::{Graph, Held},
    job::Destination,
};

/// What is asked for.
#[derive(Debug, PartialEq)]
pub enum What {
    Entities,
    Relationships { columns: Vec<String> },
}

/// Whose graph it is.
pub struct Context<'a> {
    pub account: &'a str,
    pub of: &'a Destination,
}

/// How many there are; a relationship counts once.
pub fn count(graph: &Graph, what: &What) -> u64 {
    match what {
        What::Entities => graph.entities.len() as u64,
        What::Relationships { .. } => graph.relationships.len() as u64,
    }
}

/// Some rows, by key, and how many there are in all.
pub fn page(graph: &Graph, what: &What, context: &Context<'_>, offset: usize, most: usize) -> (Vec<Value>, usize) {
    let held = match what {
        What::Entities => &graph.entities,
        What::Relationships { .. } => &graph.relationships,
    };
    let mut all: Vec<(&String, &Held)> = held.iter().collect();
    all.sort_unstable_by_key(|(key, _)| *key);
    match what {
        What::Entities => {
            let rows = all.iter().skip(offset).take(most).map(|(key, held)| entity(key, held, context));
            (rows.collect(), all.len())
        }
        What::Relationships { columns } => {
            // One that lies between two of the entities is come upon from either.
            let twice = all.iter().flat_map(|one| std::iter::repeat_n(one, one.1.needs.len().clamp(1, 2)));
            let rows = twice.clone().skip(offset).take(most).map(|(key, held)| edge(key, held, context, columns));
            (rows.collect(), twice.count())
        }
    }
}

fn fields(key: &str, held: &Held, context: &Context<'_>) -> Map<String, Value> {
    let sent = held.text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let mut all = match sent {
        Some(Value::Object(all)) => all,
        _ => Map::new(),
    };
    all.retain(|_, value| !value.is_null());
    let more = json!({
        "_key": key, "_type": [held.object_type], "_id": format!("id-of-{key}"), "_accountId": context.account,
        "_createdOn": 1_763_800_000_000_i64, "_beginOn": 1_763_800_000_000_i64, "_version": 3, "_deleted": false,
        "_rawDataHashes": "e30=",
    });
    all.extend(more.as_object().cloned().unwrap_or_default());
    match context.of {
        Destination::Instance(id) => {
            all.insert("_integrationInstanceId".to_owned(), json!(id));
            all.insert("_integrationType".to_owned(), json!("custom"));
            all.insert("_source".to_owned(), json!("integration-external"));
        }
        Destination::Scope(name) => {
            all.insert("_scope".to_owned(), json!(name));
            all.insert("_source".to_owned(), json!("api"));
        }
    }
    all
}

fn entity(key: &str, held: &Held, context: &Context<'_>) -> Value {
    let all = fields(key, held, context);
    let (own, properties): (Map<_, _>, Map<_, _>) =
        all.into_iter().partition(|(name, _)| name.starts_with('_') || name == "displayName");
    json!({ "id": own["_id"], "entity": own, "properties": properties })
}

fn edge(key: &str, held: &Held, context: &Context<'_>, columns: &[String]) -> Value {
    let mut all = fields(key, held, context);
    all.insert("_type".to_owned(), json!(held.object_type));
    let column = |column: &String| {
        let name = column.split_once('.').map_or("", |(_, name)| name);
        Some((column.clone(), all.get(name)?.clone()))
    };
    Value::Object(columns.iter().filter_map(column).collect())
}
