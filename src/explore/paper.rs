//! A list as text for other programs: for the clipboard, or as a file. How a row is written is [`Sheet`]'s.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::{
    find::STRIDE,
    listing::Listing,
    rows,
    run::Run,
    stop::{Stop, Stopped},
};
use crate::{
    domain::{column::Column, explore::TextForm, sheet::Sheet, view::Query},
    files,
};

/// The most text that a clipboard is given: terminals drop more without a word, or hang.
pub const MOST_COPIED: usize = 1 << 20;

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    #[error("the list is too long for the clipboard")]
    TooMuch { rows: u64 },
    #[error("{} could not be written", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("it was stopped")]
    Stopped(#[from] Stopped),
}

/// What makes a text fail.
enum Trouble {
    Write(io::Error),
    Stopped(Stopped),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// A text of at most [`MOST_COPIED`] bytes, and how many rows it has.
pub(super) fn copy(
    run: &Run,
    query: &Query,
    listing: &Listing,
    form: TextForm,
    stop: &Stop,
) -> Result<(String, u64), PaperError> {
    let rows = listing.len(&run.atlas) as u64;
    let mut out = Bounded(Vec::new());
    match write(&mut out, run, query, listing, form, stop) {
        Ok(()) => Ok((String::from_utf8_lossy(&out.0).into_owned(), rows)),
        Err(Trouble::Stopped(stopped)) => Err(stopped.into()),
        // Nothing else fails in memory.
        Err(Trouble::Write(_)) => Err(PaperError::TooMuch { rows }),
    }
}

/// A file of this name, or of one like it that is not taken, and how many rows it has.
pub(super) fn export(
    folder: &Path,
    name: &str,
    (run, query, listing): (&Run, &Query, &Listing),
    form: TextForm,
    stop: &Stop,
) -> Result<(PathBuf, u64), PaperError> {
    let (path, file) = new_file(folder, name, ending(form))?;
    let mut out = BufWriter::with_capacity(1 << 16, file);
    let written = write(&mut out, run, query, listing, form, stop)
        .and_then(|()| Ok(out.flush()?))
        .and_then(|()| Ok(out.get_ref().sync_all()?));
    match written {
        Ok(()) => Ok((path, listing.len(&run.atlas) as u64)),
        Err(trouble) => {
            // Half a list would be taken for all of it.
            let _ = std::fs::remove_file(&path);
            Err(match trouble {
                Trouble::Stopped(stopped) => stopped.into(),
                Trouble::Write(source) => PaperError::Write { path, source },
            })
        }
    }
}

const fn ending(form: TextForm) -> &'static str {
    match form {
        TextForm::Tsv => "tsv",
        TextForm::Csv => "csv",
        TextForm::Json => "json",
        TextForm::Ndjson => "ndjson",
    }
}

/// Makes a file for its owner only; what is there already is never touched.
fn new_file(folder: &Path, name: &str, ending: &str) -> Result<(PathBuf, File), PaperError> {
    for n in 1.. {
        let name = if n == 1 { format!("{name}.{ending}") } else { format!("{name}-{n}.{ending}") };
        let path = folder.join(name);
        match files::private().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && n < 1_000 => {}
            Err(source) => return Err(PaperError::Write { path, source }),
        }
    }
    unreachable!("the loop ends by itself")
}

/// Takes no more than fits.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_COPIED {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(
    out: &mut impl Write,
    run: &Run,
    query: &Query,
    listing: &Listing,
    form: TextForm,
    stop: &Stop,
) -> Result<(), Trouble> {
    let columns = if query.columns.is_empty() { Column::of(query.list) } else { &query.columns[..] };
    let name = |column: &Column| match form {
        TextForm::Tsv | TextForm::Csv => column.title(),
        TextForm::Json | TextForm::Ndjson => column.word(),
    };
    let mut sheet = Sheet::new(form, columns.iter().map(name).collect());
    let mut text = String::new();
    sheet.begin(&mut text);
    for (at, row) in listing.lines(&run.atlas, 0..usize::MAX).enumerate() {
        if at.is_multiple_of(STRIDE) {
            stop.check().map_err(Trouble::Stopped)?;
        }
        let cells: Vec<_> = columns.iter().map(|column| rows::cell(&run.atlas, listing, row, *column)).collect();
        sheet.row(&cells, &mut text);
        out.write_all(text.as_bytes())?;
        text.clear();
    }
    sheet.end(&mut text);
    out.write_all(text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<_> = (0..3)
            .map(|_| new_file(folder.path(), "users", "csv").unwrap().0.file_name().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["users.csv", "users-2.csv", "users-3.csv"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join("users-2.csv")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let error = new_file(&folder.path().join("users.csv"), "a", "csv").unwrap_err();
        assert!(matches!(error, PaperError::Write { .. }), "{error}");
    }
}
