//! A file of lines that is in its place only when it is whole.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use super::ExportError;
use crate::files;

/// A file in the making. Dropped before it is whole, it is gone.
pub(super) struct Lines {
    out: BufWriter<File>,
    part: Part,
    pub lines: u64,
    bytes: u64,
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
pub(super) struct Whole {
    part: Part,
    pub lines: u64,
    pub bytes: u64,
}

impl Lines {
    pub fn create<E>(dir: &Path, name: impl AsRef<OsStr>) -> Result<Self, ExportError<E>> {
        let path = dir.join(name.as_ref());
        let mut part = OsString::from(".");
        part.push(name);
        part.push(format!(".{}.part", std::process::id()));
        let temporary = dir.join(part);
        // A part of an earlier process of the same number is nobody's any more.
        let _ = fs::remove_file(&temporary);
        let file = files::private().write(true).create_new(true).open(&temporary);
        let file = file.map_err(|source| ExportError::write(&temporary, source))?;
        let part = Part { temporary, path, is_published: false };
        Ok(Self { out: BufWriter::with_capacity(1 << 16, file), part, lines: 0, bytes: 0 })
    }

    /// Adds a line; its end is part of `text`.
    pub fn push<E>(&mut self, text: &str) -> Result<(), ExportError<E>> {
        self.out.write_all(text.as_bytes()).map_err(|source| ExportError::write(&self.part.path, source))?;
        self.lines += 1;
        self.bytes += text.len() as u64;
        Ok(())
    }

    pub fn end<E>(self) -> Result<Whole, ExportError<E>> {
        let Self { out, part, lines, bytes } = self;
        let synced = out.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
        match synced {
            Ok(()) => Ok(Whole { part, lines, bytes }),
            Err(source) => Err(ExportError::write(&part.path, source)),
        }
    }
}

impl Whole {
    pub fn publish<E>(mut self) -> Result<PathBuf, ExportError<E>> {
        fs::rename(&self.part.temporary, &self.part.path)
            .map_err(|source| ExportError::write(&self.part.path, source))?;
        self.part.is_published = true;
        Ok(self.part.path.clone())
    }
}
