//! Two files of one JSON object a line, each exactly as an upload sends it.

use std::path::Path;

use super::{ExportError, ExportReport, Source, Stream, each, json, lines::Lines};
use crate::files;

/// The two files of an export, in its folder.
pub const ENTITIES: &str = "entities.ndjson";
pub const RELATIONSHIPS: &str = "relationships.ndjson";

/// Writes `entities.ndjson` and `relationships.ndjson` into `dir`.
///
/// The folder is made if there is none. The two files are replaced together at the end; nothing else in the folder is
/// touched.
///
/// # Errors
///
/// When a file cannot be written, or when the source fails.
pub fn write<S: Source>(dir: &Path, source: &S) -> Result<ExportReport, ExportError<S::Error>> {
    files::private_folder(dir).map_err(|source| ExportError::write(dir, source))?;
    let file = |stream, name| {
        let mut lines = Lines::create(dir, name)?;
        each(source, stream, |object| lines.push(&(json(&object) + "\n")))?;
        lines.end()
    };
    let (first, second) = (file(Stream::Entities, ENTITIES)?, file(Stream::Relationships, RELATIONSHIPS)?);
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
