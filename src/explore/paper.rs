//! A list as text for other programs: for the clipboard, or as a file. What its rows are is told by whoever has them, how
//! a row is written is [`Sheet`]'s.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::stop::Stopped;
use crate::{
    domain::{
        column::Cell,
        explore::{Answer, TextForm},
        lines::Head,
        problem::Problem,
        sheet::Sheet,
        text::counted,
    },
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

impl From<&PaperError> for Problem {
    fn from(error: &PaperError) -> Self {
        match error {
            PaperError::TooMuch { rows } => Self::new(error.to_string()).code("too_much_to_copy").hint(format!(
                "It has {}; at most 1 MB is copied. Export it, or filter it first.",
                counted(*rows, "row")
            )),
            PaperError::Write { path, source } => {
                let mut problem =
                    Self::new(format!("{} could not be written", path.display())).code("export_not_written").hint(
                        "Files are written to the folder that tenantry was started in: start it where you may write.",
                    );
                problem.message = Some(source.to_string());
                problem
            }
            PaperError::Stopped(_) => Self::new("the question was given up").code("cancelled"),
        }
    }
}

impl From<PaperError> for Problem {
    fn from(error: PaperError) -> Self {
        Self::from(&error)
    }
}

/// What is written: what its columns are called, for people and for programs, and how many rows it is to have.
#[derive(Debug, Clone)]
pub struct Outline {
    pub columns: Vec<(&'static str, &'static str)>,
    pub rows: u64,
}

impl Outline {
    pub fn of(heads: &[Head], rows: u64) -> Self {
        Self { columns: heads.iter().map(|head| (head.title, head.word)).collect(), rows }
    }

    /// Spreadsheets are read by people.
    fn names(&self, form: TextForm) -> Vec<&'static str> {
        let name = |(title, word): &(&'static str, &'static str)| match form {
            TextForm::Tsv | TextForm::Csv => *title,
            TextForm::Json | TextForm::Ndjson => *word,
        };
        self.columns.iter().map(name).collect()
    }
}

/// Where it goes.
#[derive(Debug, Clone, Copy)]
pub enum To<'a> {
    /// A text of at most [`MOST_COPIED`] bytes.
    Clipboard,
    /// A file of this name, or of one like it that is not taken.
    File { folder: &'a Path, name: &'a str },
}

/// Takes rows, a cell for each column.
pub struct Sink<'a> {
    sheet: Sheet<'static>,
    text: String,
    out: &'a mut dyn Write,
    fail: &'a dyn Fn(io::Error) -> PaperError,
}

impl Sink<'_> {
    pub fn row(&mut self, cells: &[Cell]) -> Result<(), PaperError> {
        self.sheet.row(cells, &mut self.text);
        self.flush()
    }

    fn flush(&mut self) -> Result<(), PaperError> {
        self.out.write_all(self.text.as_bytes()).map_err(self.fail)?;
        self.text.clear();
        Ok(())
    }
}

/// What hands over all rows.
pub type Each<'a, E> = dyn FnMut(&mut Sink<'_>) -> Result<(), E> + 'a;

/// Puts a list out.
///
/// # Errors
///
/// When it is too long for where it goes, when it cannot be written, and whatever `each` says.
pub fn put_out<E: From<PaperError>>(
    to: To<'_>,
    form: TextForm,
    outline: &Outline,
    each: &mut Each<'_, E>,
) -> Result<Answer, E> {
    match to {
        To::Clipboard => {
            let mut out = Bounded(Vec::new());
            // Nothing else fails in memory.
            let rows = write(&mut out, &|_| PaperError::TooMuch { rows: outline.rows }, form, outline, each)?;
            Ok(Answer::Copied { text: String::from_utf8_lossy(&out.0).into_owned(), rows })
        }
        To::File { folder, name } => {
            let (path, file) = new_file(folder, name, ending(form))?;
            let fail = |source| PaperError::Write { path: path.clone(), source };
            let mut out = BufWriter::with_capacity(1 << 16, file);
            let written = write(&mut out, &fail, form, outline, each).and_then(|rows| {
                out.flush().and_then(|()| out.get_ref().sync_all()).map_err(fail)?;
                Ok(rows)
            });
            // Half a list would be taken for all of it.
            let rows = written.inspect_err(|_| drop(std::fs::remove_file(&path)))?;
            let path = std::path::absolute(&path).unwrap_or(path);
            Ok(Answer::Exported { path: path.display().to_string(), rows })
        }
    }
}

/// Puts a text out that is there already, as a file of this name and ending, or of a name like it that is not taken; gives
/// back where it is.
pub fn whole(folder: &Path, (name, ending): (&str, &str), text: &str) -> Result<String, PaperError> {
    let (path, mut file) = new_file(folder, name, ending)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(source) = written {
        drop(std::fs::remove_file(&path));
        return Err(PaperError::Write { path, source });
    }
    Ok(std::path::absolute(&path).unwrap_or(path).display().to_string())
}

fn write<E: From<PaperError>>(
    out: &mut dyn Write,
    fail: &dyn Fn(io::Error) -> PaperError,
    form: TextForm,
    outline: &Outline,
    each: &mut Each<'_, E>,
) -> Result<u64, E> {
    let mut sink = Sink { sheet: Sheet::new(form, outline.names(form)), text: String::new(), out, fail };
    sink.sheet.begin(&mut sink.text);
    each(&mut sink)?;
    sink.sheet.end(&mut sink.text);
    sink.flush()?;
    Ok(sink.sheet.rows())
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
