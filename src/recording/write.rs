//! Writes a recording as it happens.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Instant,
};

use super::{Entry, Frame, Head, Line, Row, VERSION};
use crate::files;

/// The longest file, in bytes: hours of work.
pub const MOST: u64 = 64 << 20;

/// The file cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the recording {} cannot be begun: {source}", path.display())]
pub struct CannotRecord {
    path: PathBuf,
    source: io::Error,
}

/// A recording in its file, which nobody else may read.
#[derive(Debug)]
pub struct Writer {
    file: File,
    began: Instant,
    written: u64,
    most: u64,
    /// What the last frame showed.
    size: (u16, u16),
    rows: Vec<Row>,
}

impl Writer {
    /// Makes the file, which must not be there yet.
    ///
    /// # Errors
    ///
    /// When it is there, or cannot be made.
    pub fn create(path: &Path, began: jiff::Timestamp) -> Result<Self, CannotRecord> {
        Self::within(path, began, MOST)
    }

    /// As [`Writer::create`], of so many bytes at most.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn within(path: &Path, began: jiff::Timestamp, most: u64) -> Result<Self, CannotRecord> {
        let refused = |source| CannotRecord { path: path.to_owned(), source };
        let file = files::private().write(true).create_new(true).open(path).map_err(refused)?;
        let mut writer = Self { file, began: Instant::now(), written: 0, most, size: (0, 0), rows: Vec::new() };
        let program = env!("CARGO_PKG_VERSION").to_owned();
        writer.put(&Head { tenantry_recording: VERSION, program, began }).map_err(refused)?;
        Ok(writer)
    }

    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn happened(&mut self, entry: Entry) -> io::Result<()> {
        if self.written >= self.most {
            return Ok(());
        }
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.put(&Line { ms, entry })?;
        if self.written >= self.most {
            self.put(&Line { ms, entry: Entry::Full })?;
        }
        Ok(())
    }

    /// A whole screen, of which what is new is kept.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn drawn(&mut self, size: (u16, u16), rows: Vec<Row>) -> io::Result<()> {
        if size != self.size {
            self.rows.clear();
        }
        let is_new = |(at, row): &(u16, Row)| self.rows.get(usize::from(*at)) != Some(row);
        let new: Vec<(u16, Row)> = (0..).zip(rows.iter().cloned()).filter(is_new).collect();
        self.size = size;
        self.rows = rows;
        if new.is_empty() { Ok(()) } else { self.happened(Entry::Frame(Frame { size, rows: new })) }
    }

    /// One write a line, so that a process that is killed leaves whole ones.
    fn put(&mut self, line: &impl serde::Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.written += text.len() as u64;
        self.file.write_all(&text)
    }
}
