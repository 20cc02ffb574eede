//! The table against the published schemas, and the checker against the official validator's verdicts. Neither is part of
//! this project: where they are not at hand nothing is checked, and in CI they must be.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::*;

fn data() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|dir| dir.join("shared/data/jupiterone")).find(|dir| dir.is_dir());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "shared/data/jupiterone must be there in CI");
    found
}

fn read(path: PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

const MODELS: [&Model; 2] = [&V0_54, &V0_64];

/// How a schema writes a shape, without its words for people.
fn written(shape: Shape) -> Value {
    let text = json!({ "type": "string" });
    let list = |items: Value, unique: bool| {
        let mut list = json!({ "type": "array", "items": items });
        if unique {
            list["uniqueItems"] = json!(true);
        }
        list
    };
    let email = json!({ "type": "string", "format": "email" });
    let or_null = |one: Value| json!({ "oneOf": [one, { "type": "null" }] });
    match shape {
        Text => text,
        LongText(least) => json!({ "type": "string", "minLength": least }),
        TextOrNull => json!({ "type": ["string", "null"] }),
        Texts => list(text, false),
        TextOrTexts => json!({ "anyOf": [text, list(json!({ "type": "string" }), false)] }),
        UniqueTexts => list(text, true),
        UniqueTextsOrNull => or_null(list(text, true)),
        Classes => {
            let class = json!({ "type": "string", "minLength": 2 });
            json!({ "oneOf": [class, { "type": "array", "minItems": 1, "items": class }] })
        }
        Email => email,
        UniqueEmailsOrNull => or_null(list(email, true)),
        Uri => json!({ "type": "string", "format": "uri" }),
        Flag => json!({ "type": "boolean" }),
        // A format of texts, which says nothing of a number.
        Number => json!({ "type": "number", "format": "date-time" }),
        OneToTen => json!({ "type": "integer", "minimum": 1, "maximum": 10 }),
        Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Plain => json!({ "anyOf": [{ "type": "string" }, { "type": "number" }, { "type": "boolean" }] }),
    }
}

/// Properties, what is required, and all else that a schema says, its parents included.
fn walk(schema: &Value, fields: &mut BTreeMap<String, Value>, required: &mut BTreeSet<String>, rest: &mut Vec<Value>) {
    for (word, value) in schema.as_object().unwrap() {
        match word.as_str() {
            "allOf" => value.as_array().unwrap().iter().for_each(|part| walk(part, fields, required, rest)),
            "properties" => {
                for (name, field) in value.as_object().unwrap() {
                    let mut field = field.clone();
                    field
                        .as_object_mut()
                        .unwrap()
                        .retain(|w, _| !["description", "examples", "deprecated"].contains(&&**w));
                    fields.insert(name.clone(), field);
                }
            }
            "required" => required.extend(value.as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned())),
            "$schema" | "$id" | "description" | "type" => {}
            _ => rest.push(json!({ word: value })),
        }
    }
}

#[test]
fn the_table_says_what_the_schemas_say() {
    let Some(dir) = data() else { return };
    for model in MODELS {
        for class in model.classes {
            let schema = read(dir.join(format!("schemas-{}/{}.json", model.version, class.name)));
            let (mut fields, mut required, mut rest) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
            walk(&schema, &mut fields, &mut required, &mut rest);
            let what = format!("{} of {}", class.name, model.version);
            let own = ENTITY.iter().chain(class.fields).map(|(name, shape)| ((*name).to_owned(), written(*shape)));
            assert_eq!(own.collect::<BTreeMap<_, _>>(), fields, "{what}");
            let own = REQUIRED.iter().chain(class.required).map(|name| (*name).to_owned());
            assert_eq!(own.collect::<BTreeSet<_>>(), required, "{what}");
            let rest: BTreeMap<&str, &Value> = rest
                .iter()
                .flat_map(|one| one.as_object().unwrap())
                .map(|(word, value)| (word.as_str(), value))
                .collect();
            assert!(rest.keys().eq(&["patternProperties", "propertyNames"]), "{what}");
            assert_eq!(rest["propertyNames"], &json!({ "pattern": "^(_|tag\\.)?[A-Za-z0-9. -]+$" }));
            let tags = &rest["patternProperties"]["^tag\\."]["anyOf"];
            assert_eq!(tags, &written(Plain)["anyOf"], "{what}");
        }
    }
}

/// Property by property, and by what is wrong. An `undefined` cannot be written in JSON: where the name of one is what is
/// wrong, null stands for it.
#[test]
fn the_checker_gives_the_official_verdicts() {
    let Some(dir) = data() else { return };
    let vectors = read(dir.join("validation-vectors.json"));
    let vectors = vectors.as_array().unwrap();
    let mut checked = 0;
    for vector in vectors {
        let mut entity = vector["entity"].as_object().unwrap().clone();
        let undefined = vector["undefinedProperties"].as_array().into_iter().flatten();
        let misnamed = undefined.map(|name| name.as_str().unwrap()).filter(|name| !is_name(name));
        entity.extend(misnamed.map(|name| (name.to_owned(), Value::Null)));
        for (model, version) in [(&V0_54, "0.54.0"), (&V0_64, "0.62.0"), (&V0_64, "0.64.2")] {
            let (name, verdict) = (&vector["name"], &vector["verdict"][version]);
            let found = model.check(&entity);
            assert_eq!(found.is_empty(), verdict["valid"].as_bool().unwrap(), "{name} {version}: {found:?}");
            let errors = verdict["errors"].as_array().unwrap();
            // The validator names no property where the name is what is wrong.
            let theirs: BTreeSet<&str> = errors.iter().map(|e| e["property"].as_str().unwrap_or_default()).collect();
            let ours: BTreeSet<&str> =
                found.iter().map(|v| if v.wrong == Wrong::Name { "" } else { v.property.as_str() }).collect();
            assert_eq!(ours, theirs, "{name} {version}");
            for violation in &found {
                let words: Vec<&str> = match violation.wrong {
                    Wrong::Missing => vec!["required"],
                    Wrong::Name => vec!["propertyNames"],
                    Wrong::Type => vec!["type"],
                    Wrong::Form => vec!["format", "minLength", "uniqueItems", "maximum", "minimum", "oneOf"],
                };
                let of_it = errors
                    .iter()
                    .filter(|e| violation.wrong == Wrong::Name || e["property"].as_str() == Some(&violation.property));
                let said: Vec<&str> = of_it.map(|e| e["validation"].as_str().unwrap()).collect();
                assert!(said.iter().any(|word| words.contains(word)), "{name} {version}: {violation:?}, {said:?}");
            }
        }
        checked += 1;
    }
    assert_eq!(checked, 73);
}

#[test]
fn names_of_properties() {
    let check = |name: &str, want: bool| assert_eq!(is_name(name), want, "{name}");
    for name in ["a", "A9", "_key", "tag.Name", "a.b-c d", "tag.", "."] {
        check(name, true);
    }
    for name in ["", "_", "a_b", "__a", "@odata.type", "tag.a_b", "tag.a:b", "é"] {
        check(name, false);
    }
}
