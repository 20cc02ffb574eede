//! Reads a recording into the screens that it shows, one after the other.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Entry, Head, Line, MOST, Piece, Row, VERSION};
use crate::domain::{problem::Problem, text::visible};

/// Why there is nothing to be seen.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("{} could not be read: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is no recording of tenantry", .0.display())]
    Other(PathBuf),
    #[error("{} is of format {version}, which this version does not know", path.display())]
    Newer { path: PathBuf, version: u32 },
    #[error("line {line} of {} is damaged", path.display())]
    Damaged { path: PathBuf, line: usize },
    #[error("{} shows no screen", .0.display())]
    Empty(PathBuf),
}

impl ReadError {
    /// As every face shows it.
    pub fn problem(&self) -> Problem {
        Problem::new(self.to_string()).code("recording").hint(match self {
            Self::Newer { .. } => "Look at it with the version of tenantry that made it, or a newer one.",
            _ => "A recording is what `tenantry --record FILE` writes.",
        })
    }
}

/// A recording in memory: screens share the rows that they have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    pub head: Head,
    pub shown: Vec<Shown>,
}

/// A screen, and what was done since the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub ms: u64,
    pub because: Vec<String>,
    pub size: (u16, u16),
    pub rows: Vec<Arc<Row>>,
}

impl Shown {
    /// Without colours, a line a row.
    pub fn text(&self) -> String {
        let line = |row: &Arc<Row>| {
            let text: String = row.iter().map(|Piece(text, ..)| text.as_str()).collect();
            format!("{}\n", text.trim_end())
        };
        self.rows.iter().map(line).collect()
    }

    /// What was done, for people.
    pub fn why(&self) -> String {
        const SHOWN: usize = 8;
        let more = self.because.len().saturating_sub(SHOWN);
        let mut words = self.because[..self.because.len() - more].join(", ");
        if more > 0 {
            words.push_str(&format!(", and {more} more"));
        }
        if words.is_empty() { "by itself".to_owned() } else { words }
    }
}

/// Reads a whole file. A last line that was cut off is left out: the program was killed then.
///
/// # Errors
///
/// When it cannot be read, or is no recording.
pub fn read(path: &Path) -> Result<Recording, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    // What is longer was not made by us.
    let mut lines = BufReader::new(file.take(MOST + (1 << 20))).split(b'\n');
    let first = lines.next().transpose().map_err(failed)?.unwrap_or_default();
    let head: Head = serde_json::from_slice(&first).map_err(|_| ReadError::Other(path.to_owned()))?;
    if head.tenantry_recording != VERSION {
        return Err(ReadError::Newer { path: path.to_owned(), version: head.tenantry_recording });
    }
    let lines: Vec<Vec<u8>> = lines.collect::<io::Result<_>>().map_err(failed)?;
    let mut shown: Vec<Shown> = Vec::new();
    let mut because = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let line: Line = match serde_json::from_slice(line) {
            Ok(line) => line,
            Err(_) if at + 1 == lines.len() => break,
            Err(_) => return Err(ReadError::Damaged { path: path.to_owned(), line: at + 2 }),
        };
        because.extend(line.entry.words().map(|words| visible(&words).into_owned()));
        if let Entry::Frame(frame) = line.entry {
            let before = shown.last().filter(|before| before.size == frame.size);
            let rows = next(before.map_or(&[], |before| before.rows.as_slice()), frame.rows, frame.size.1);
            shown.push(Shown { ms: line.ms, because: std::mem::take(&mut because), size: frame.size, rows });
        }
    }
    // What was done behind the last screen belongs to it: it ended the session.
    if let Some(last) = shown.last_mut() {
        last.because.append(&mut because);
    }
    if shown.is_empty() { Err(ReadError::Empty(path.to_owned())) } else { Ok(Recording { head, shown }) }
}

fn next(before: &[Arc<Row>], new: Vec<(u16, Row)>, height: u16) -> Vec<Arc<Row>> {
    let nothing = Arc::new(Row::new());
    let mut rows: Vec<_> = (0..usize::from(height)).map(|at| before.get(at).unwrap_or(&nothing).clone()).collect();
    for (at, row) in new {
        if let Some(place) = rows.get_mut(usize::from(at)) {
            // Somebody else may have written the file.
            let seen = |Piece(text, front, back, how)| Piece(visible(&text).into_owned(), front, back, how);
            *place = Arc::new(row.into_iter().map(seen).collect());
        }
    }
    rows
}
