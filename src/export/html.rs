//! One page with the whole directory, which opens in a browser without a network: search, lists, objects, and what is
//! around them. Its sources are in `assets/html`.
//!
//! What comes from the directory is data of the page and never part of its code or its elements: blocks of JSON, in which
//! nothing can end an element, and which its own script alone turns into text. What would hide or turn text around is made
//! visible here. The page's policy lets run what has the digest of that script, lets nothing be loaded or sent, and no text
//! become HTML.
//!
//! Browsers end somewhere: above [`MOST_PROPERTIES`] objects the page has no properties, and says so; above [`MOST_OBJECTS`]
//! or [`MOST_EDGES`] there is none.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Ends, ExportError, ExportReport, Object, Source, Stream, cell, each, lines::Lines, numbers::Numbers, place, text,
};
use crate::domain::{column::Cell, kind::EntityKind, text::visible};

/// A page of more objects has no properties, which are most of it.
pub const MOST_PROPERTIES: u64 = 100_000;
/// What a browser was seen to open in seconds.
pub const MOST_OBJECTS: u64 = 1_000_000;
pub const MOST_EDGES: u64 = 10_000_000;

/// What every such file begins with: nothing else is replaced.
const HEAD: &str = "<!doctype html>\n<!-- tenantry export -->\n";

const PAGE: &str = include_str!("../../assets/html/page.html");
const STYLE: &str = include_str!("../../assets/html/page.css");
const SCRIPT: &str = concat!(
    include_str!("../../assets/html/data.js"),
    include_str!("../../assets/html/draw.js"),
    include_str!("../../assets/html/page.js")
);

/// How many objects, and how many ends of edges, are in a block: as many as are parsed at once.
const IN_BLOCK: usize = 500;
const ENDS_IN_BLOCK: usize = 20_000;

/// What is said of all of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    pub tenant_id: String,
    pub run: i64,
    /// When it was read, in words.
    pub read_at: String,
    /// The names that objects have here.
    pub naming: &'static str,
    /// Which program wrote it.
    pub by: String,
    /// How many there are of each type.
    pub counts: BTreeMap<String, u64>,
    /// How many of these are entities, and how many relationships.
    pub entities: u64,
    pub relationships: u64,
    /// What is not in it.
    pub findings: Vec<Lack>,
}

/// Something that is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lack {
    pub about: String,
    pub what: String,
    pub means: String,
}

/// Writes the page to the file `path`. `kind` tells what a type is.
///
/// # Errors
///
/// When it would be too large to open, when the file cannot be written, when it holds what no such export wrote, or when
/// the source fails.
pub fn write<S: Source>(
    path: &Path,
    about: &About,
    kind: &dyn Fn(&str) -> EntityKind,
    source: &S,
) -> Result<ExportReport, ExportError<S::Error>> {
    write_within(path, about, kind, source, MOST_PROPERTIES)
}

pub(super) fn write_within<S: Source>(
    path: &Path,
    about: &About,
    kind: &dyn Fn(&str) -> EntityKind,
    source: &S,
    most_properties: u64,
) -> Result<ExportReport, ExportError<S::Error>> {
    if about.entities > MOST_OBJECTS || about.relationships > MOST_EDGES {
        return Err(ExportError::TooLarge { entities: about.entities, relationships: about.relationships });
    }
    let with_properties = about.entities <= most_properties;
    let mut file = place::file(path, HEAD)?;
    let (head, tail) = page();
    file.push(&head)?;
    let mut of_all = shown(&json!(about));
    of_all["withProperties"] = json!(with_properties);
    of_all["mostProperties"] = json!(most_properties);
    of_all["propertiesInBlock"] = json!(IN_BLOCK);
    file.push(&block("about", &of_all.to_string()))?;

    let mut report = ExportReport::default();
    let mut numbers = Numbers::default();
    let mut objects = Block::new("objects", IN_BLOCK);
    let mut properties = Block::new("properties", IN_BLOCK);
    each(source, Stream::Entities, |entity| {
        numbers.of(text(&entity, "_key"));
        report.entities += 1;
        objects.push(&mut file, &row(&entity, kind(text(&entity, "_type"))).to_string(), 1)?;
        match with_properties {
            true => properties.push(&mut file, &of(&entity).to_string(), 1),
            false => Ok(()),
        }
    })?;
    properties.end(&mut file)?;

    let mut edges = Block::new("edges", ENDS_IN_BLOCK);
    let mut open: Option<(u32, Vec<u32>)> = None;
    each(source, Stream::Relationships, |edge| {
        let ends = Ends::of(&edge);
        let mut number = |key: &str| -> Result<u32, ExportError<S::Error>> {
            let (n, is_new) = numbers.of(key);
            if is_new {
                objects.push(&mut file, &bare(key, &edge, kind).to_string(), 1)?;
            }
            Ok(n)
        };
        let (from, to) = (number(ends.from)?, number(ends.to)?);
        report.relationships += 1;
        match &mut open {
            Some((group, members)) if *group == from && members.len() < ENDS_IN_BLOCK => members.push(to),
            _ => {
                if let Some(full) = open.replace((from, vec![to])) {
                    edges.push(&mut file, &json!(full).to_string(), full.1.len())?;
                }
            }
        }
        Ok(())
    })?;
    if let Some(last) = open {
        edges.push(&mut file, &json!(last).to_string(), last.1.len())?;
    }
    edges.end(&mut file)?;
    objects.end(&mut file)?;
    file.push(&tail)?;
    let whole = file.end()?;
    report.bytes = whole.bytes;
    report.files.push(whole.publish()?);
    Ok(report)
}

/// What stands before the data, and behind it.
fn page() -> (String, String) {
    // A checkout may have given lines another end, which parsers of HTML take back: the digest is of what they see.
    let [page, style, script] = [PAGE, STYLE, SCRIPT].map(|text| text.replace("\r\n", "\n"));
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        digest(&script),
        digest(&style)
    );
    let (head, tail) = page.split_once("{{data}}\n").unwrap_or((&page, ""));
    (head.replace("{{policy}}", &policy).replace("{{style}}", &style), tail.replace("{{script}}", &script))
}

/// JSON as an element of the page that nothing runs.
fn block(of: &str, json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 16 + 64);
    let _ = write!(out, "<script type=\"application/json\" data-of=\"{of}\">");
    for c in json.chars() {
        match c {
            // All of them only ever stand in texts, where they may be written so.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push_str("</script>\n");
    out
}

/// A list in pieces that are parsed one by one.
struct Block {
    of: &'static str,
    most: usize,
    json: String,
    size: usize,
}

impl Block {
    fn new(of: &'static str, most: usize) -> Self {
        Self { of, most, json: String::new(), size: 0 }
    }

    fn push<E>(&mut self, file: &mut Lines, json: &str, size: usize) -> Result<(), ExportError<E>> {
        self.json.push_str(if self.json.is_empty() { "[" } else { ",\n" });
        self.json.push_str(json);
        self.size += size;
        if self.size >= self.most { self.end(file) } else { Ok(()) }
    }

    fn end<E>(&mut self, file: &mut Lines) -> Result<(), ExportError<E>> {
        if self.json.is_empty() {
            return Ok(());
        }
        let json = std::mem::take(&mut self.json) + "]";
        self.size = 0;
        file.push(&block(self.of, &json))
    }
}

/// A list's line of an entity: kind, key, name, what tells two of a name apart, and in words what it is like.
fn row(entity: &Object, kind: EntityKind) -> Value {
    let first = |names: &[&str]| {
        let told = names.iter().filter_map(|name| match entity.get(*name)? {
            Value::String(text) => Some(text.as_str()),
            Value::Array(all) => all.first()?.as_str(),
            _ => None,
        });
        told.filter(|text| !text.is_empty()).map(visible).next().unwrap_or_default()
    };
    let second = first(&["userPrincipalName", "mail", "email", "defaultDomain", "description"]);
    let name = visible(text(entity, "displayName"));
    json!([number(kind), visible(text(entity, "_key")), name, second, tags(entity, kind).join(", ")])
}

const fn number(kind: EntityKind) -> u8 {
    match kind {
        EntityKind::Account => 0,
        EntityKind::User => 1,
        EntityKind::Group => 2,
        EntityKind::Member => 3,
    }
}

/// What an object is like, in words that are searched as well.
fn tags(entity: &Object, kind: EntityKind) -> Vec<String> {
    let is = |name: &str, value: Value| entity.get(name) == Some(&value);
    let of_types = |word: &str| {
        entity.get("groupTypes").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == word))
    };
    let said: &[(bool, &str)] = match kind {
        EntityKind::Account => &[],
        EntityKind::User => &[
            (is("userType", json!("Guest")) || is("isGuest", json!(true)), "guest"),
            (is("accountEnabled", json!(false)) || is("active", json!(false)), "disabled"),
        ],
        EntityKind::Group => &[
            (of_types("Unified"), "Microsoft 365"),
            (of_types("DynamicMembership"), "dynamic"),
            (is("securityEnabled", json!(true)), "security"),
            (is("mailEnabled", json!(true)) && !of_types("Unified"), "mail"),
            (is("visibility", json!("HiddenMembership")), "hidden members"),
        ],
        EntityKind::Member => &[],
    };
    let member_type = Some(text(entity, "memberType")).filter(|word| kind == EntityKind::Member && !word.is_empty());
    let said = said.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned());
    said.chain(member_type.map(|word| visible(word).replace(", ", " "))).collect()
}

/// An end of an edge that is no entity here, with what a mapped relationship knows of it.
fn bare(key: &str, edge: &Object, kind: &dyn Fn(&str) -> EntityKind) -> Value {
    let target = edge.get("_mapping").and_then(|mapping| mapping.get("targetEntity")).and_then(Value::as_object);
    let target = target.filter(|target| text(target, "_key") == key);
    let told = |name: &str| target.map_or("", |target| text(target, name));
    let name = if told("displayName").is_empty() { key } else { told("displayName") };
    json!([number(kind(told("_type"))), visible(key), visible(name), visible(told("email")), "", 1])
}

/// The properties of an entity, as a person reads them.
fn of(entity: &Object) -> Value {
    let named = entity.iter().filter(|(name, _)| *name != "_key" && *name != "displayName");
    let read = |(name, value): (&String, &Value)| {
        let value = match cell(name, Some(value)) {
            Cell::Time(at) => json!(at.strftime("%Y-%m-%d %H:%M UTC").to_string()),
            _ => shown(value),
        };
        (visible(name).into_owned(), value)
    };
    Value::Object(named.filter(|(_, value)| !value.is_null()).map(read).collect())
}

/// All texts within a value, made visible.
fn shown(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(visible(text)),
        Value::Array(all) => all.iter().map(shown).collect(),
        Value::Object(all) => {
            Value::Object(all.iter().map(|(name, value)| (visible(name).into_owned(), shown(value))).collect())
        }
        other => other.clone(),
    }
}
