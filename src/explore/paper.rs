//! A list as text for other programs: for the clipboard, or as a file.
//!
//! In TSV and CSV what could steer a terminal is visible and what a spreadsheet would run is disarmed; JSON has texts as
//! they are stored, with what JSON escapes.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use super::{
    find::STRIDE,
    listing::Listing,
    rows,
    run::Run,
    stop::{Stop, Stopped},
};
use crate::{
    domain::{
        column::{Cell, Column},
        explore::TextForm,
        text::visible,
        view::Query,
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
    let line = |out: &mut dyn Write, fields: &mut dyn Iterator<Item = String>| {
        let (between, end) = if form == TextForm::Csv { (",", "\r\n") } else { ("\t", "\n") };
        let quoted = |field: String| if form == TextForm::Csv { csv(&field) } else { field };
        let fields: Vec<String> = fields.map(quoted).collect();
        write!(out, "{}{end}", fields.join(between))
    };
    match form {
        TextForm::Tsv | TextForm::Csv => line(out, &mut columns.iter().map(|column| column.title().to_owned()))?,
        TextForm::Json => out.write_all(b"[")?,
        TextForm::Ndjson => {}
    }
    for (at, row) in listing.lines(&run.atlas, 0..usize::MAX).enumerate() {
        if at.is_multiple_of(STRIDE) {
            stop.check().map_err(Trouble::Stopped)?;
        }
        let mut cells = columns.iter().map(|column| rows::cell(&run.atlas, listing, row, *column));
        match form {
            TextForm::Tsv | TextForm::Csv => line(out, &mut cells.map(|cell| field(&cell)))?,
            TextForm::Json | TextForm::Ndjson => {
                let (before, behind) = match (form, at) {
                    (TextForm::Ndjson, _) => ("", "\n"),
                    (_, 0) => ("\n", ""),
                    _ => (",\n", ""),
                };
                let object: Map<String, Value> =
                    columns.iter().map(|column| (column.word().to_owned(), json(cells.next()))).collect();
                write!(out, "{before}{}{behind}", Value::Object(object))?;
            }
        }
    }
    if form == TextForm::Json {
        out.write_all(b"\n]\n")?;
    }
    Ok(())
}

/// A cell as text without surprises.
fn field(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Yes(yes) => yes.to_string(),
        Cell::Number(n) => n.to_string(),
        Cell::Time(at) => at.to_string(),
        Cell::Text(text) => disarmed(text),
    }
}

/// A text that no spreadsheet takes for a formula (OWASP, "CSV Injection"), with nothing invisible in it.
pub fn disarmed(text: &str) -> String {
    let shown = visible(text);
    // A spreadsheet takes the wide forms for the narrow ones.
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if runs { format!("'{shown}") } else { shown.into_owned() }
}

/// RFC 4180.
fn csv(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r', ';']) || field.starts_with(' ') || field.ends_with(' ') {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

fn json(cell: Option<Cell>) -> Value {
    match cell {
        None | Some(Cell::Empty) => Value::Null,
        Some(Cell::Yes(yes)) => yes.into(),
        Some(Cell::Number(n)) => n.into(),
        Some(Cell::Time(at)) => at.to_string().into(),
        Some(Cell::Text(text)) => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let check = |text: &str, want: &str| assert_eq!(disarmed(text), want);
        check("Ada", "Ada");
        check("", "");
        check("a=1", "a=1");
        check("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'␉=1");
        check("\r=1", "'␍=1");
        check("\u{ff1d}1", "'\u{ff1d}1");
        check("a\x1b[2J\u{202e}", "a␛[2J‹U+202E›");
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let check = |text: &str, want: &str| assert_eq!(csv(text), want);
        check("plain", "plain");
        check("a,b", "\"a,b\"");
        check("say \"a\"", "\"say \"\"a\"\"\"");
        check(" a", "\" a\"");
        check("a;b", "\"a;b\"");
    }

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
