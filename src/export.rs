//! Files of what an upload sends, for whoever wants to look or to load it elsewhere.
//!
//! Sources are callbacks, so that nothing is held in memory and this module knows no store. Files are private to their
//! owner, and in place only when whole: they are written beside it and moved there. What the files mean to other
//! programs is said in the formats' own modules.

pub mod csv;
pub mod graphml;
pub mod html;
pub mod integration;
mod lines;
pub mod ndjson;
mod numbers;
mod place;
pub mod tree;

use std::{
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{column::Cell, problem::Problem, text::counted, validate::Finding};

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReport {
    /// The files that a person would open; of a folder with many, the folder.
    pub files: Vec<PathBuf>,
    pub entities: u64,
    pub relationships: u64,
    pub bytes: u64,
    /// What had to be mended, or is left out, as an upload would.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// Why an export failed. Files of an earlier one are then still as they were.
#[derive(Debug, thiserror::Error)]
pub enum ExportError<E> {
    #[error("{} could not be written", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("what to export could not be read")]
    Source(#[source] E),
    /// The folder that would be replaced holds what no export made.
    #[error("{} holds {found}, and would be replaced", .path.display())]
    InTheWay { path: PathBuf, found: String },
    /// A file is to be written where a folder is.
    #[error("{} is a folder, and this format is one file", .path.display())]
    IsFolder { path: PathBuf },
    #[error("a page of {entities} entities and {relationships} relationships is more than a browser opens")]
    TooLarge { entities: u64, relationships: u64 },
    /// What the source gave is not what was to come.
    #[error("{written} objects of type {object_type} were written, and there are {expected}")]
    NotAll { object_type: String, written: u64, expected: u64 },
}

impl<E> ExportError<E> {
    fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }
}

impl<E: std::fmt::Display> ExportError<E> {
    /// As every face shows it; `source` tells what the source's own error is for people.
    pub fn problem(&self, source: impl FnOnce(&E) -> Problem) -> Problem {
        let problem = |code: &str, hint: &str| Problem::new(self.to_string()).code(code).hint(hint);
        match self {
            Self::Source(error) => source(error),
            Self::Write { source, .. } => {
                let hint = "Check the folder and the room on its disk, or name another with --out.";
                Problem { message: Some(source.to_string()), ..problem("export_not_written", hint) }
            }
            Self::InTheWay { .. } => problem("export_in_the_way", "Move it away, or name another place with --out."),
            Self::IsFolder { .. } => {
                problem("export_is_a_folder", "Name a file with --out; it is made, or replaced if an export made it.")
            }
            Self::TooLarge { .. } => {
                let most = counted(html::MOST_OBJECTS, "object");
                let edges = counted(html::MOST_EDGES, "relationship");
                problem(
                    "export_too_large",
                    &format!("It holds {most} and {edges} at most. Take another format: none has such an end."),
                )
            }
            Self::NotAll { .. } => {
                problem("export_not_all", "The store may have changed meanwhile: export again. Nothing was replaced.")
            }
        }
    }
}

/// An object as an upload sends it.
pub type Object = Map<String, Value>;

/// Where a source puts its objects; it must stop when told to.
pub type Sink<'a> = &'a mut dyn FnMut(Object) -> ControlFlow<()>;

/// What is exported. It may be read more than once, and is the same each time.
pub trait Source {
    type Error;

    /// Every entity.
    fn entities(&self, sink: Sink<'_>) -> Result<(), Self::Error>;

    /// Every relationship.
    fn relationships(&self, sink: Sink<'_>) -> Result<(), Self::Error>;
}

/// Which of a source's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Stream {
    Entities,
    Relationships,
}

impl Stream {
    const BOTH: [Self; 2] = [Self::Entities, Self::Relationships];

    /// The member of a body, and the name of a file.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Entities => "entities",
            Self::Relationships => "relationships",
        }
    }
}

/// Reads a stream to its end, or to the first thing that fails.
fn each<S: Source>(
    source: &S,
    stream: Stream,
    mut f: impl FnMut(Object) -> Result<(), ExportError<S::Error>>,
) -> Result<(), ExportError<S::Error>> {
    let mut failed = None;
    let mut sink = |object| match f(object) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    };
    let read = match stream {
        Stream::Entities => source.entities(&mut sink),
        Stream::Relationships => source.relationships(&mut sink),
    };
    failed.map_or(Ok(()), Err)?;
    read.map_err(ExportError::Source)
}

/// The text of one of an object's members; empty where there is none.
fn text<'o>(object: &'o Object, member: &str) -> &'o str {
    object.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The two ends of a relationship, direct or mapped.
struct Ends<'o> {
    from: &'o str,
    to: &'o str,
    mapped: bool,
}

impl<'o> Ends<'o> {
    fn of(relationship: &'o Object) -> Self {
        let at = |path: &str| relationship.get("_mapping").and_then(|m| m.pointer(path)).and_then(Value::as_str);
        match (at("/sourceEntityKey"), at("/targetEntity/_key")) {
            (Some(from), to) => Self { from, to: to.unwrap_or_default(), mapped: true },
            (None, _) => Self {
                from: text(relationship, "_fromEntityKey"),
                to: text(relationship, "_toEntityKey"),
                mapped: false,
            },
        }
    }
}

/// A property as a cell: lists in one, times (which JupiterOne's names tell, and which are milliseconds) spelt out.
fn cell(name: &str, value: Option<&Value>) -> Cell {
    match value {
        None | Some(Value::Null) => Cell::Empty,
        Some(Value::Bool(yes)) => Cell::Yes(*yes),
        Some(Value::String(text)) => Cell::Text(text.clone()),
        Some(Value::Number(n)) => {
            let time = n.as_i64().filter(|_| name.ends_with("On")).and_then(|ms| Timestamp::from_millisecond(ms).ok());
            match (time, n.as_u64()) {
                (Some(at), _) => Cell::Time(at),
                (None, Some(n)) => Cell::Number(n),
                (None, None) => Cell::Text(n.to_string()),
            }
        }
        Some(Value::Array(all)) => {
            let texts = all.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned));
            Cell::Text(texts.collect::<Vec<_>>().join("; "))
        }
        Some(object @ Value::Object(_)) => Cell::Text(object.to_string()),
    }
}

fn json(object: &Object) -> String {
    serde_json::to_string(object).expect("a map of values is JSON")
}

#[cfg(test)]
mod tests;
