//! Files of what an upload sends, for whoever wants to look or to load it elsewhere.
//!
//! Sources are callbacks, so that nothing is held in memory and this module knows no store. Files are private to their
//! owner, and in place only when whole: they are written beside it and moved there.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    domain::{edge::Edge, entity::Entity, naming::Naming, problem::Problem, validate::Finding},
    files,
};

/// The two files of an NDJSON export, in its folder.
pub const ENTITIES: &str = "entities.ndjson";
pub const RELATIONSHIPS: &str = "relationships.ndjson";

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReport {
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
}

impl<E: std::fmt::Display> ExportError<E> {
    /// As every face shows it; `source` tells what the source's own error is for people.
    pub fn problem(&self, source: impl FnOnce(&E) -> Problem) -> Problem {
        match self {
            Self::Source(error) => source(error),
            Self::Write { source, .. } => {
                let mut problem = Problem::new(self.to_string())
                    .code("export_not_written")
                    .hint("Check the folder and the room on its disk, or name another with --out.");
                problem.message = Some(source.to_string());
                problem
            }
        }
    }
}

/// Where a source puts its objects; it must stop when told to.
pub type Sink<'a, T> = &'a mut dyn FnMut(T) -> ControlFlow<()>;

/// Writes `entities.ndjson` and `relationships.ndjson` into `dir`, one object a line, each exactly as an upload sends it.
///
/// The folder is made if there is none. The two files are replaced together at the end; nothing else in the folder is
/// touched.
///
/// # Errors
///
/// When a file cannot be written, or when a source fails.
pub fn ndjson<E>(
    dir: &Path,
    naming: Naming,
    entities: impl FnOnce(Sink<'_, Entity>) -> Result<(), E>,
    relationships: impl FnOnce(Sink<'_, Edge>) -> Result<(), E>,
) -> Result<ExportReport, ExportError<E>> {
    files::private_folder(dir).map_err(|source| ExportError::Write { path: dir.to_owned(), source })?;
    let mut first = Lines::create(dir, ENTITIES)?;
    entities(&mut |entity| first.push(&entity.text())).map_err(ExportError::Source)?;
    let first = first.end()?;
    let mut second = Lines::create(dir, RELATIONSHIPS)?;
    relationships(&mut |edge| second.push(&edge.text(naming))).map_err(ExportError::Source)?;
    let second = second.end()?;
    let mut report = ExportReport {
        files: Vec::new(),
        entities: first.lines,
        relationships: second.lines,
        bytes: first.bytes + second.bytes,
        findings: Vec::new(),
    };
    for whole in [first, second] {
        report.files.push(whole.publish()?);
    }
    Ok(report)
}

/// A file of lines in the making. Dropped before it is whole, it is gone.
struct Lines {
    out: BufWriter<File>,
    part: Part,
    lines: u64,
    bytes: u64,
    failed: Option<io::Error>,
}

/// A file's place, and where it is until it is whole.
struct Part {
    temporary: PathBuf,
    path: PathBuf,
    is_published: bool,
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_published {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// A whole file, not yet in its place.
struct Whole {
    part: Part,
    lines: u64,
    bytes: u64,
}

impl Lines {
    fn create<E>(dir: &Path, name: &str) -> Result<Self, ExportError<E>> {
        let path = dir.join(name);
        let temporary = dir.join(format!(".{name}.{}.part", std::process::id()));
        // A part of an earlier process of the same number is nobody's any more.
        let _ = fs::remove_file(&temporary);
        let file = files::private().write(true).create_new(true).open(&temporary);
        let file = file.map_err(|source| ExportError::Write { path: temporary.clone(), source })?;
        let part = Part { temporary, path, is_published: false };
        Ok(Self { out: BufWriter::with_capacity(1 << 16, file), part, lines: 0, bytes: 0, failed: None })
    }

    fn push(&mut self, text: &str) -> ControlFlow<()> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.write_all(b"\n")) {
            Ok(()) => {
                self.lines += 1;
                self.bytes += text.len() as u64 + 1;
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn end<E>(self) -> Result<Whole, ExportError<E>> {
        let Self { out, part, lines, bytes, failed } = self;
        let synced = match failed {
            Some(error) => Err(error),
            None => out.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all()),
        };
        match synced {
            Ok(()) => Ok(Whole { part, lines, bytes }),
            Err(source) => Err(ExportError::Write { path: part.path.clone(), source }),
        }
    }
}

impl Whole {
    fn publish<E>(mut self) -> Result<PathBuf, ExportError<E>> {
        fs::rename(&self.part.temporary, &self.part.path)
            .map_err(|source| ExportError::Write { path: self.part.path.clone(), source })?;
        self.part.is_published = true;
        Ok(self.part.path.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::domain::kind::{EdgeKind, EntityKind};

    const NAMING: Naming = Naming::ActiveDirectory;

    fn entity(key: &str) -> Entity {
        let json: Map<String, Value> = [("_key", json!(key)), ("name", json!("line\nbreak, \u{202e} and \u{1f600}"))]
            .map(|(k, v)| (k.to_owned(), v))
            .into_iter()
            .collect();
        Entity { kind: EntityKind::User, json, warnings: Vec::new() }
    }

    fn edge(to: &str) -> Edge {
        Edge { mapped: to == "u9", ..Edge::direct(EdgeKind::GroupUser, "g1".to_owned(), to.to_owned()) }
    }

    /// Entities and edges by their keys; a source that fails says so in the middle.
    fn export(dir: &Path, keys: &[&str], broken: bool) -> Result<ExportReport, ExportError<String>> {
        ndjson(
            dir,
            NAMING,
            |sink| {
                let _ = keys.iter().try_for_each(|key| sink(entity(key)));
                Ok(())
            },
            |sink| {
                let _ = keys.iter().try_for_each(|key| sink(edge(key)));
                if broken { Err("the store is damaged".to_owned()) } else { Ok(()) }
            },
        )
    }

    fn files(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn one_object_a_line_as_an_upload_sends_it() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("out").join("here");
        let report = export(&dir, &["u1", "u9"], false).unwrap();
        let text = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
        let lines = |all: [String; 2]| all.map(|line| line + "\n").concat();
        assert_eq!(text(ENTITIES), lines(["u1", "u9"].map(|key| entity(key).text())));
        assert_eq!(text(RELATIONSHIPS), lines(["u1", "u9"].map(|key| edge(key).text(NAMING))));
        assert_eq!((report.entities, report.relationships), (2, 2));
        assert_eq!(report.bytes as usize, text(ENTITIES).len() + text(RELATIONSHIPS).len());
        assert_eq!(report.files, [dir.join(ENTITIES), dir.join(RELATIONSHIPS)]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&dir), 0o700);
            assert!(report.files.iter().all(|file| mode(file) == 0o600));
        }
    }

    #[test]
    fn what_was_there_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        fs::write(dir.join("notes.txt"), "mine").unwrap();
        export(dir, &["u1"], false).unwrap();
        let before = fs::read_to_string(dir.join(ENTITIES)).unwrap();
        let error = export(dir, &["u1", "u2"], true).unwrap_err();
        assert!(matches!(&error, ExportError::Source(words) if words == "the store is damaged"));
        assert_eq!(error.problem(|words| Problem::new(words.clone())).summary, "the store is damaged");
        assert_eq!(fs::read_to_string(dir.join(ENTITIES)).unwrap(), before);
        assert_eq!(files(dir), [ENTITIES, "notes.txt", RELATIONSHIPS]);
        export(dir, &["u1", "u2"], false).unwrap();
        assert_eq!(fs::read_to_string(dir.join(ENTITIES)).unwrap().lines().count(), 2);
        assert_eq!(fs::read_to_string(dir.join("notes.txt")).unwrap(), "mine");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("file");
        fs::write(&dir, "in the way").unwrap();
        let error = export(&dir, &["u1"], false).unwrap_err();
        let problem = error.problem(|_| unreachable!());
        assert!(problem.summary.contains("file could not be written"), "{problem}");
        assert!(problem.hint.is_some() && problem.message.is_some());
        // A folder where a file should be: no half of an export stays.
        let dir = folder.path().join("dir");
        fs::create_dir_all(dir.join(RELATIONSHIPS)).unwrap();
        export(&dir, &["u1"], false).unwrap_err();
        assert!(files(&dir).iter().all(|name| !name.contains("part")));
    }
}
