//! The whole graph as GraphML: entities are nodes, with a typed column for every property, and relationships directed edges.
//!
//! Labels are where the common programs look for them: a column `label` (Gephi, networkx), and a shape of yEd's. Identifiers
//! are numbers. An edge has no key: it is that of its ends with `|has|` between them. What a mapped relationship points to,
//! and is no entity here, is a node that says so, since an edge to no node makes no graph.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt::Write as _,
    path::Path,
};

use serde_json::Value;

use super::{Ends, ExportError, ExportReport, Object, Source, Stream, cell, each, numbers::Numbers, place, text};
use crate::domain::{
    column::Cell,
    graphml::{self, Key},
};

const MARK: &str = "tenantry export";

/// What every such file begins with: nothing else is replaced.
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- tenantry export -->\n";

/// The columns that are there whatever the properties are: id and name of a node's, and of an edge's.
const NODE: [(&str, &str, &str); 5] = [
    ("label", "label", "string"),
    ("key", "_key", "string"),
    ("type", "_type", "string"),
    ("class", "_class", "string"),
    ("no_entity", "no_entity", "boolean"),
];
const EDGE: [(&str, &str, &str); 4] = [
    ("edge_type", "_type", "string"),
    ("edge_class", "_class", "string"),
    ("mapped", "mapped", "boolean"),
    ("member_type", "memberType", "string"),
];

/// Writes everything to the file `path`.
///
/// # Errors
///
/// When the file cannot be written, when it holds what no such export wrote, or when the source fails.
pub fn write<S: Source>(path: &Path, source: &S) -> Result<ExportReport, ExportError<S::Error>> {
    let mut file = place::file(path, HEAD)?;
    let columns = Columns::of(source)?;
    file.push(&columns.head())?;
    let mut numbers = Numbers::default();
    let mut report = ExportReport::default();
    each(source, Stream::Entities, |entity| {
        let (n, _) = numbers.of(text(&entity, "_key"));
        report.entities += 1;
        file.push(&columns.node(n, &entity))
    })?;
    each(source, Stream::Relationships, |edge| {
        let ends = Ends::of(&edge);
        let mut out = String::new();
        let mut number = |key: &str| {
            let (n, is_new) = numbers.of(key);
            if is_new {
                out.push_str(&columns.bare(n, key, &edge));
            }
            n
        };
        let (from, to) = (number(ends.from), number(ends.to));
        let _ = writeln!(out, "    <edge id=\"e{}\" source=\"n{from}\" target=\"n{to}\">", report.relationships);
        graphml::data(&mut out, EDGE[0].0, text(&edge, "_type"));
        graphml::data(&mut out, EDGE[1].0, text(&edge, "_class"));
        if ends.mapped {
            graphml::data(&mut out, EDGE[2].0, "true");
        }
        let member_type = text(&edge, EDGE[3].1);
        if !member_type.is_empty() {
            graphml::data(&mut out, EDGE[3].0, member_type);
        }
        out.push_str("    </edge>\n");
        report.relationships += 1;
        file.push(&out)
    })?;
    file.push(graphml::END)?;
    let whole = file.end()?;
    report.bytes = whole.bytes;
    report.files.push(whole.publish()?);
    Ok(report)
}

/// What a column holds, in GraphML's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Yes,
    Whole,
    Number,
    Text,
}

impl Holds {
    fn of(name: &str, value: &Value) -> Option<Self> {
        match cell(name, Some(value)) {
            Cell::Empty => None,
            Cell::Yes(_) => Some(Self::Yes),
            Cell::Number(_) => Some(Self::Whole),
            Cell::Text(_) if value.is_number() => Some(Self::Number),
            Cell::Text(_) | Cell::Time(_) => Some(Self::Text),
        }
    }

    /// What holds both.
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, Self::Yes) => Self::Yes,
            (Self::Whole, Self::Whole) => Self::Whole,
            (Self::Whole | Self::Number, Self::Whole | Self::Number) => Self::Number,
            _ => Self::Text,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "boolean",
            Self::Whole => "long",
            Self::Number => "double",
            Self::Text => "string",
        }
    }
}

/// The properties that there are: by name what each holds, and its column's id.
struct Columns(BTreeMap<String, (Holds, String)>);

impl Columns {
    fn of<S: Source>(source: &S) -> Result<Self, ExportError<S::Error>> {
        let mut all: BTreeMap<String, (Holds, String)> = BTreeMap::new();
        each(source, Stream::Entities, |entity| {
            for (name, value) in properties(&entity) {
                let Some(holds) = Holds::of(name, value) else { continue };
                match all.entry(name.clone()) {
                    Entry::Occupied(mut known) => known.get_mut().0 = known.get().0.and(holds),
                    Entry::Vacant(new) => {
                        new.insert((holds, String::new()));
                    }
                }
            }
            Ok(())
        })?;
        for (n, (_, id)) in all.values_mut().enumerate() {
            *id = format!("p{n}");
        }
        Ok(Self(all))
    }

    fn head(&self) -> String {
        let fixed = |of: &'static str| move |&(id, name, kind): &(&'static str, _, _)| Key { id, of, name, kind };
        let properties = self.0.iter().map(|(name, (holds, id))| Key { id, of: "node", name, kind: holds.as_str() });
        let keys = NODE.iter().map(fixed("node")).chain(properties).chain(EDGE.iter().map(fixed("edge")));
        graphml::head(Some(MARK), keys, true, "directory")
    }

    fn node(&self, n: u32, entity: &Object) -> String {
        let mut out = begin(n, text(entity, "displayName"), text(entity, "_key"), text(entity, "_type"));
        let class = entity.get("_class").map(|class| joined("_class", class)).unwrap_or_default();
        graphml::data(&mut out, NODE[3].0, &class);
        let shape = match class.as_str() {
            "User" => "ellipse",
            "UserGroup" | "Group" => "roundrectangle",
            "Account" => "rectangle",
            _ => "hexagon",
        };
        graphml::shape(&mut out, text(entity, "displayName"), shape);
        for (name, value) in properties(entity).filter(|(_, value)| !value.is_null()) {
            if let Some((_, id)) = self.0.get(name) {
                graphml::data(&mut out, id, &joined(name, value));
            }
        }
        out.push_str("    </node>\n");
        out
    }

    /// The node of an end that is no entity here, with what a mapped relationship knows of it.
    fn bare(&self, n: u32, key: &str, edge: &Object) -> String {
        let told = |name: &str| {
            let target = edge.get("_mapping").and_then(|mapping| mapping.get("targetEntity"));
            let target = target.filter(|target| target.get("_key").and_then(Value::as_str) == Some(key));
            target.and_then(|target| target.get(name)).and_then(Value::as_str).unwrap_or_default()
        };
        let name = Some(told("displayName")).filter(|name| !name.is_empty()).unwrap_or(key);
        let mut out = begin(n, name, key, told("_type"));
        graphml::data(&mut out, NODE[4].0, "true");
        graphml::shape(&mut out, name, "hexagon");
        out.push_str("    </node>\n");
        out
    }
}

fn begin(n: u32, label: &str, key: &str, object_type: &str) -> String {
    let mut out = format!("    <node id=\"n{n}\">\n");
    for ((id, ..), value) in NODE.iter().zip([label, key, object_type]) {
        graphml::data(&mut out, id, value);
    }
    out
}

/// The name is the label.
fn properties(entity: &Object) -> impl Iterator<Item = (&String, &Value)> {
    entity.iter().filter(|(name, _)| !name.starts_with('_') && *name != "displayName")
}

/// A value as tables have it.
fn joined(name: &str, value: &Value) -> String {
    match cell(name, Some(value)) {
        Cell::Empty => String::new(),
        Cell::Yes(yes) => yes.to_string(),
        Cell::Number(n) => n.to_string(),
        Cell::Time(at) => at.to_string(),
        Cell::Text(text) => text,
    }
}
