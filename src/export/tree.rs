//! A run as an answer of J1QL to `… RETURN TREE`: two of these are what the official `j1-integration diff OLD NEW` reads
//! (`facts/jupiterone.md` §4.6). It does not read the folder `.j1-integration`.
//!
//! What JupiterOne gives an object of its own (ids, dates, the instance) is not in it: no run knows it, and `diff` does not
//! look at it. Ids are the objects' keys.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::{
    Ends, ExportError, ExportReport, Object, Source, Stream, each,
    lines::{Lines, Whole},
    place, text,
};
use crate::files;

/// What every such file begins with, whose it is included: nothing else is replaced.
const HEAD: &str = "{\"type\":\"tree\",\"by\":\"tenantry\",\"data\":{\"vertices\":[";

/// The two files of a pair, in the order in which `diff` wants them.
pub const OLD: &str = "old.json";
pub const NEW: &str = "new.json";

/// The most that Node, which `diff` runs in, takes into one text.
pub const MOST_FOR_DIFF: u64 = (1 << 29) - 24;

/// What JupiterOne calls the origin of what an upload sends.
const SOURCE: &str = "integration-external";

/// Writes one run to the file `path`.
///
/// # Errors
///
/// When the file cannot be written, when it holds what is no such tree, or when the source fails.
pub fn write<S: Source>(path: &Path, source: &S) -> Result<ExportReport, ExportError<S::Error>> {
    let tree = Tree::of(place::file(path, HEAD)?, source)?;
    let mut report = tree.report();
    report.files.push(tree.file.publish()?);
    Ok(report)
}

/// Writes the pair `old.json` and `new.json` into `dir`; what is reported is the newer one's, and the bytes of both.
///
/// # Errors
///
/// As [`write`]; neither file is then replaced.
pub fn write_pair<S: Source>(dir: &Path, old: &S, new: &S) -> Result<ExportReport, ExportError<S::Error>> {
    files::private_folder(dir).map_err(|source| ExportError::write(dir, source))?;
    let (old_file, new_file) = (place::file(&dir.join(OLD), HEAD)?, place::file(&dir.join(NEW), HEAD)?);
    let (old, new) = (Tree::of(old_file, old)?, Tree::of(new_file, new)?);
    let mut report = new.report();
    report.bytes += old.file.bytes;
    for tree in [old, new] {
        report.files.push(tree.file.publish()?);
    }
    Ok(report)
}

/// A tree that is written, and not yet in its place.
struct Tree {
    file: Whole,
    counts: [u64; 2],
}

impl Tree {
    fn of<S: Source>(mut file: Lines, source: &S) -> Result<Self, ExportError<S::Error>> {
        file.push(HEAD)?;
        let mut counts = [0; 2];
        for (stream, count) in Stream::BOTH.into_iter().zip(&mut counts) {
            if stream == Stream::Relationships {
                file.push("\n],\"edges\":[")?;
            }
            each(source, stream, |object| {
                let comma = if *count == 0 { "\n" } else { ",\n" };
                *count += 1;
                file.push(comma)?;
                file.push(&match stream {
                    Stream::Entities => vertex(&object),
                    Stream::Relationships => edge(&object),
                })
            })?;
        }
        file.push("\n]}}\n")?;
        Ok(Self { file: file.end()?, counts })
    }

    fn report(&self) -> ExportReport {
        let [entities, relationships] = self.counts;
        ExportReport { entities, relationships, bytes: self.file.bytes, ..ExportReport::default() }
    }
}

#[derive(Serialize)]
struct Vertex<'o> {
    id: &'o str,
    entity: Named<'o>,
    properties: Properties<'o>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Edge<'o> {
    id: &'o str,
    from_vertex_id: &'o str,
    to_vertex_id: &'o str,
    relationship: Relationship<'o>,
    properties: Properties<'o>,
}

#[derive(Serialize)]
struct Relationship<'o> {
    #[serde(flatten)]
    named: Named<'o>,
    #[serde(rename = "_fromEntityKey")]
    from: &'o str,
    #[serde(rename = "_toEntityKey")]
    to: &'o str,
}

/// What JupiterOne keeps beside the properties.
#[derive(Serialize)]
struct Named<'o> {
    #[serde(rename = "_key")]
    key: &'o str,
    #[serde(rename = "_type")]
    object_type: &'o str,
    #[serde(rename = "_class")]
    class: Option<&'o Value>,
    #[serde(rename = "_source")]
    source: &'static str,
    #[serde(rename = "displayName")]
    display_name: Option<&'o Value>,
}

/// All the others, but for those of the protocol.
#[derive(Serialize)]
#[serde(transparent)]
struct Properties<'o> {
    #[serde(serialize_with = "properties")]
    of: &'o Object,
}

fn properties<S: serde::Serializer>(of: &Object, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(of.iter().filter(|(name, _)| !name.starts_with('_') && *name != "displayName"))
}

fn named(object: &Object) -> Named<'_> {
    Named {
        key: text(object, "_key"),
        object_type: text(object, "_type"),
        class: object.get("_class"),
        source: SOURCE,
        display_name: object.get("displayName"),
    }
}

fn vertex(entity: &Object) -> String {
    let named = named(entity);
    written(&Vertex { id: named.key, entity: named, properties: Properties { of: entity } })
}

/// A mapped relationship as JupiterOne would have it: between the two that it is meant to link.
fn edge(object: &Object) -> String {
    let named = named(object);
    let ends = Ends::of(object);
    written(&Edge {
        id: named.key,
        from_vertex_id: ends.from,
        to_vertex_id: ends.to,
        relationship: Relationship { named, from: ends.from, to: ends.to },
        properties: Properties { of: object },
    })
}

fn written(object: &impl Serialize) -> String {
    serde_json::to_string(object).expect("texts and values are JSON")
}
