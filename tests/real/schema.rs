//! JupiterOne's own class schemas (data model 0.64.2) over exported entities, formats included; and the shape of what
//! `collect --json` prints, as other programs may rely on it.

use std::{collections::HashMap, path::PathBuf};

use serde_json::{Value, json};

use crate::program::Done;

/// `../shared/data/jupiterone`, where it is; in CI it must be.
pub fn jupiterone_data() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent()?.join("shared/data/jupiterone");
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} must be there in CI", path.display());
    None
}

/// Validators by class.
pub struct Schemas(HashMap<String, jsonschema::Validator>);

impl Schemas {
    pub fn load(version: &str) -> Option<Self> {
        let dir = jupiterone_data()?.join(format!("schemas-{version}"));
        let mut all = HashMap::new();
        for class in ["Account", "User", "UserGroup"] {
            let text = std::fs::read_to_string(dir.join(format!("{class}.json"))).unwrap();
            let mut schema: Value = serde_json::from_str(&text).unwrap();
            // The `$id` is a bare fragment, which names nothing; references are inlined already.
            schema.as_object_mut().unwrap().remove("$id");
            let validator = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft7)
                .should_validate_formats(true)
                .with_format("email", is_email)
                .build(&schema)
                .unwrap();
            all.insert(class.to_owned(), validator);
        }
        Some(Self(all))
    }

    /// What the schemas of the entity's classes have against it.
    pub fn errors(&self, entity: &Value) -> Vec<String> {
        let classes = entity["_class"].as_array().expect("_class is a list");
        classes
            .iter()
            .flat_map(|class| {
                let class = class.as_str().unwrap();
                let validator = self.0.get(class).unwrap_or_else(|| panic!("no schema for {class}"));
                validator.iter_errors(entity).map(|e| format!("{}: {e}", e.instance_path())).collect::<Vec<_>>()
            })
            .collect()
    }
}

/// The official validator's expression for `email`, in steps, written here a second time on purpose: the product's own
/// check must not vouch for itself.
fn is_email(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let Some((local, host)) = text.split_once('@') else { return false };
    let atom = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "!#$%&'*+/=?^_`{|}~-".contains(c);
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let labels: Vec<&str> = host.split('.').collect();
    local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
        && labels.len() > 1
        && labels.iter().all(|l| !l.is_empty() && l.chars().all(inner) && !l.starts_with('-') && !l.ends_with('-'))
}

#[test]
fn the_checker_reproduces_the_official_verdicts() {
    let (Some(dir), Some(schemas)) = (jupiterone_data(), Schemas::load("0.64.2")) else { return };
    let text = std::fs::read_to_string(dir.join("validation-vectors.json")).unwrap();
    let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut checked = 0;
    for vector in &vectors {
        let entity = &vector["entity"];
        let known = entity["_class"].as_array().is_some_and(|all| {
            !all.is_empty() && all.iter().all(|c| c.as_str().is_some_and(|c| schemas.0.contains_key(c)))
        });
        // Other classes are not emitted; an `undefined` cannot be written in JSON.
        if !known || vector["name"].as_str().unwrap().contains("undefined") {
            continue;
        }
        let want = vector["verdict"]["0.64.2"]["valid"].as_bool().unwrap();
        assert_eq!(schemas.errors(entity).is_empty(), want, "{}: {:?}", vector["name"], schemas.errors(entity));
        checked += 1;
    }
    assert!(checked > 40, "only {checked} of {} vectors were checked", vectors.len());
}

/// What every JSON line of a collection must look like: no member more, none less, each of its type.
#[track_caller]
pub fn collect_speaks_as_promised(done: &Done) {
    assert_eq!(done.json.len(), done.stdout.lines().count(), "only JSON: {}", done.stdout);
    let (progress, finished, explained) = (progress(), finished(), explained());
    for line in &done.json {
        let schema = match (line["event"].as_str(), line["status"].as_str()) {
            (Some("progress"), _) => &progress,
            (Some("finished"), Some("explained")) => &explained,
            (Some("finished"), _) => &finished,
            other => panic!("{other:?}: {line}"),
        };
        let wrong: Vec<String> = schema.iter_errors(line).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{wrong:?}\n{line}");
    }
    let last = done.json.last().map(|line| line["event"].clone());
    assert_eq!(last, Some(json!("finished")));
    assert_eq!(done.json.iter().filter(|line| line["event"] == "finished").count(), 1);
}

/// An object with these members, all required, and no others.
fn object(members: Value) -> Value {
    let names: Vec<&String> = members.as_object().unwrap().keys().collect();
    json!({ "type": "object", "required": names, "properties": members, "additionalProperties": false })
}

fn with(mut members: Value, more: Value) -> Value {
    members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    members
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn time() -> Value {
    json!({ "type": ["string", "null"], "format": "date-time" })
}

/// How a run reads, in every line about it.
fn reads() -> Value {
    json!({
        "kind": { "enum": ["full", "gentle", "delta", "scoped", null] },
        "because": { "type": ["string", "null"] },
        "changes_since": time(),
        "resumed_from": time(),
        "last_full": time(),
        "fallbacks": {
            "type": "array",
            "items": object(json!({ "what": { "type": "string" }, "why": { "type": "string" } })),
        },
        "held": { "type": "boolean" },
    })
}

fn progress() -> jsonschema::Validator {
    validator(&object(with(
        reads(),
        json!({
            "event": { "const": "progress" },
            "collection": { "enum": ["account", "users", "groups", "memberships"] },
            "done": count(),
            "total": { "type": ["integer", "null"], "minimum": 0 },
            "requests": count(),
            "resource_units": count(),
            "throttled_seconds": { "type": "number", "minimum": 0 },
            "rate": { "type": "number", "minimum": 0 },
            "eta_seconds": { "type": ["number", "null"], "minimum": 0 },
        }),
    )))
}

fn totals() -> Value {
    json!({
        "event": { "const": "finished" },
        "counts": { "type": "object", "additionalProperties": count() },
        "requests": count(),
        "resource_units": count(),
        "seconds": { "type": "number", "minimum": 0 },
        "incomplete": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["scope", "id", "name", "state", "code", "request_id", "accepted"],
                "properties": {
                    "scope": { "enum": ["collection", "group"] },
                    "state": { "enum": ["partial", "forbidden", "hidden", "gone"] },
                    "accepted": { "type": "boolean" },
                    "stale_since": time(),
                },
            },
        },
    })
}

fn finished() -> jsonschema::Validator {
    validator(&object(with(
        with(totals(), reads()),
        json!({
            "status": { "enum": ["complete", "partial", "scoped", "failed"] },
            "run": { "type": "integer", "minimum": 1 },
            "service_principals_as_of": time(),
        }),
    )))
}

fn explained() -> jsonschema::Validator {
    let step = object(json!({
        "what": { "type": "string", "minLength": 1 },
        "request": { "type": "string", "pattern": "/v1\\.0/" },
        "requests": count(),
        "resource_units": count(),
        "why": { "type": "string", "minLength": 1 },
    }));
    let explanation = object(json!({
        "kind": { "enum": ["full", "gentle", "delta", "scoped"] },
        "because": { "type": "string", "minLength": 1 },
        "resumes": { "type": ["integer", "null"] },
        "steps": { "type": "array", "minItems": 1, "items": step },
        "requests": count(),
        "resource_units": count(),
        "pace_10s": { "type": "integer", "minimum": 1 },
        "seconds": { "type": "number", "minimum": 0 },
    }));
    validator(&object(with(totals(), json!({ "status": { "const": "explained" }, "explanation": explanation }))))
}
