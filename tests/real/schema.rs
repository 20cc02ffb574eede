//! JupiterOne's own class schemas (data model 0.64.2) over exported entities, formats included.

use std::{collections::HashMap, path::PathBuf};

use serde_json::Value;

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
