//! The folder `.j1-integration` as the official command line reads it: `sync`, `visualize` and `neo4j push`
//! (`facts/jupiterone.md` §4).
//!
//! `sync` deletes in JupiterOne what the folder lacks, and takes a summary beside an empty graph for an empty tenant. So
//! the folder is made beside its place and moved there whole, its summary last, and only if every object is in it. It
//! holds nothing but JSON, and no index of links, through which `neo4j push` would take every object twice.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::json;

use super::{ExportError, ExportReport, Object, Source, Stream, each, text};
use crate::files;

/// The folder's name: the official commands look for it in the project's folder.
pub const FOLDER: &str = ".j1-integration";

/// As many objects in a file as the official writer puts there.
const OBJECTS: usize = 500;

/// Parts that were left behind by a process that was killed are nobody's after this.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// What the folder is to hold, and what its summary says of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Exempt from deletion.
    pub partial_types: Vec<String>,
    /// How many objects there are of each type: neither more nor less is written.
    pub counts: BTreeMap<String, u64>,
    /// When it was collected.
    pub time: (Timestamp, Timestamp),
}

/// What the official programs call a step: some types that are collected together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// A folder's name.
    pub id: &'static str,
    pub name: &'static str,
    pub types: Vec<String>,
}

/// Writes `dir/.j1-integration`. The one that is there is replaced if it is one that such programs made.
///
/// # Errors
///
/// When a file cannot be written, something else is in the way, the source fails, or it did not give what was planned.
pub fn write<S: Source>(dir: &Path, plan: &Plan, source: &S) -> Result<ExportReport, ExportError<S::Error>> {
    files::private_folder(dir).map_err(|source| ExportError::write(dir, source))?;
    let place = dir.join(FOLDER);
    replaceable(&place)?;
    sweep(dir);
    let folder = Folder::create(dir.join(format!("{FOLDER}.{}.part", std::process::id())))?;
    let mut report = ExportReport { files: vec![place.clone()], ..ExportReport::default() };
    let mut written: BTreeMap<String, u64> = BTreeMap::new();
    for stream in Stream::BOTH {
        let mut open: BTreeMap<String, Bundle> = BTreeMap::new();
        each(source, stream, |object| {
            let object_type = text(&object, "_type");
            if !open.contains_key(object_type) {
                let step = plan.steps.iter().find(|step| step.types.iter().any(|t| t == object_type));
                let within = folder.path.join("graph").join(step.map_or("other", |step| step.id)).join(stream.as_str());
                files::private_folder(&within).map_err(|source| ExportError::write(&within, source))?;
                let bundle =
                    Bundle { object_type: object_type.to_owned(), within, stream, texts: Vec::new(), files: 0 };
                open.insert(object_type.to_owned(), bundle);
            }
            if let Some(bundle) = open.get_mut(object_type) {
                report.bytes += bundle.push(&object)?;
            }
            *written.entry(object_type.to_owned()).or_default() += 1;
            match stream {
                Stream::Entities => report.entities += 1,
                Stream::Relationships => report.relationships += 1,
            }
            Ok(())
        })?;
        for bundle in open.values_mut() {
            report.bytes += bundle.flush()?;
        }
    }
    complete(&plan.counts, &written)?;
    let summary = summary(plan, &written);
    report.bytes += summary.len() as u64;
    let path = folder.path.join("summary.json");
    put(&path, &summary).map_err(|source| ExportError::write(&path, source))?;
    folder.publish(&place)?;
    Ok(report)
}

/// Whether all that was planned, and nothing else, was written.
fn complete<E>(counts: &BTreeMap<String, u64>, written: &BTreeMap<String, u64>) -> Result<(), ExportError<E>> {
    for object_type in counts.keys().chain(written.keys()) {
        let of = |counts: &BTreeMap<String, u64>| counts.get(object_type).copied().unwrap_or_default();
        let (written, expected) = (of(written), of(counts));
        if written != expected {
            return Err(ExportError::NotAll { object_type: object_type.clone(), written, expected });
        }
    }
    Ok(())
}

fn summary(plan: &Plan, written: &BTreeMap<String, u64>) -> String {
    let (began, ended) = (plan.time.0.as_millisecond(), plan.time.1.as_millisecond());
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            let counts: BTreeMap<_, _> = written.iter().filter(|(t, _)| step.types.contains(t)).collect();
            let partial: Vec<_> = plan.partial_types.iter().filter(|t| step.types.contains(t)).collect();
            json!({
                "id": step.id,
                "name": step.name,
                "declaredTypes": step.types,
                "partialTypes": partial,
                "encounteredTypes": counts.keys().collect::<Vec<_>>(),
                "encounteredTypeCounts": counts,
                "status": "success",
                "startTime": began,
                "endTime": ended,
                "duration": ended - began,
            })
        })
        .collect();
    let metadata = json!({ "partialDatasets": { "types": plan.partial_types } });
    json!({ "integrationStepResults": steps, "metadata": metadata }).to_string()
}

/// Objects of one type on their way into files.
struct Bundle {
    object_type: String,
    within: PathBuf,
    stream: Stream,
    texts: Vec<String>,
    files: u32,
}

impl Bundle {
    /// Adds an object, and tells how many bytes were written for it or for those before it.
    fn push<E>(&mut self, object: &Object) -> Result<u64, ExportError<E>> {
        self.texts.push(super::json(object));
        if self.texts.len() == OBJECTS { self.flush() } else { Ok(0) }
    }

    fn flush<E>(&mut self) -> Result<u64, ExportError<E>> {
        if self.texts.is_empty() {
            return Ok(0);
        }
        self.files += 1;
        let path = self.within.join(format!("{}-{:06}.json", self.object_type, self.files));
        let body = format!("{{\"{}\":[{}]}}", self.stream.as_str(), self.texts.join(","));
        self.texts.clear();
        put(&path, &body).map_err(|source| ExportError::write(&path, source))?;
        Ok(body.len() as u64)
    }
}

/// A new file. Not forced onto the disk: after a power cut the readers of this folder stop at a file that is no JSON.
fn put(path: &Path, text: &str) -> std::io::Result<()> {
    files::private().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// A folder in the making. Dropped before it is whole, it is gone.
struct Folder {
    path: PathBuf,
    is_published: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_published {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

impl Folder {
    fn create<E>(path: PathBuf) -> Result<Self, ExportError<E>> {
        // A part of an earlier process of the same number is nobody's any more.
        let _ = fs::remove_dir_all(&path);
        files::private_folder(&path).map_err(|source| ExportError::write(&path, source))?;
        Ok(Self { path, is_published: false })
    }

    /// Moves it to its place. The one that is there steps aside first, since a folder that is not empty cannot be replaced.
    fn publish<E>(mut self, place: &Path) -> Result<(), ExportError<E>> {
        let failed = |source| ExportError::write(place, source);
        let aside = self.path.with_extension("old");
        let has_old = fs::symlink_metadata(place).is_ok();
        if has_old {
            let _ = fs::remove_dir_all(&aside);
            fs::rename(place, &aside).map_err(failed)?;
        }
        if let Err(error) = fs::rename(&self.path, place) {
            if has_old {
                let _ = fs::rename(&aside, place);
            }
            return Err(failed(error));
        }
        self.is_published = true;
        if has_old {
            let _ = fs::remove_dir_all(&aside);
        }
        Ok(())
    }
}

/// Refuses to replace anything that such a folder never holds.
fn replaceable<E>(place: &Path) -> Result<(), ExportError<E>> {
    let Ok(metadata) = fs::symlink_metadata(place) else { return Ok(()) };
    let in_the_way = |found: &str| Err(ExportError::InTheWay { path: place.to_owned(), found: found.to_owned() });
    if !metadata.is_dir() {
        return in_the_way("something that is no folder");
    }
    let entries = fs::read_dir(place).map_err(|source| ExportError::write(place, source))?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !["graph", "index", "summary.json", "index.html"].iter().any(|known| name == *known) {
            return in_the_way(&format!("`{}`", crate::domain::text::visible(&name.to_string_lossy())));
        }
    }
    Ok(())
}

/// Removes what exports that were killed have left beside the place.
fn sweep(dir: &Path) {
    let is_part = |name: &str| {
        let number = name.strip_prefix(FOLDER).and_then(|n| n.strip_prefix('.')).and_then(|n| n.strip_suffix(".part"));
        number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let age = entry.metadata().ok().and_then(|m| m.modified().ok()).and_then(|at| at.elapsed().ok());
        if entry.file_name().to_str().is_some_and(is_part) && age.is_some_and(|age| age > ABANDONED) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
