//! Tables for spreadsheets: a file for each `_type`, of which nothing runs ([`crate::domain::sheet`] disarms formulas and
//! shows what steers). A file ends where a spreadsheet's sheet does, and the next one goes on.
//!
//! Relationships carry the names of their ends, so that a person can read them. That is more than an upload sends; what
//! it sends is there under its own names, times spelt out.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::Path,
};

use super::{
    Ends, ExportError, ExportReport, Object, Source, Stream, cell, each,
    lines::{Lines, Whole},
    text,
};
use crate::{
    domain::{column::Cell, explore::TextForm, sheet::Sheet},
    files,
};

/// A sheet has room for 1,048,576 rows.
const MOST_ROWS: u64 = 1_000_000;

/// Without it a spreadsheet takes UTF-8 for the machine's old code page.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Names that stand before all others, in this order.
const FIRST: [&str; 6] = ["_key", "_type", "_class", "displayName", "name", "_fromEntityKey"];

/// Writes `<_type>.csv` for every type into `dir`, and takes away what an earlier export left of `types` that there is
/// none of now.
///
/// # Errors
///
/// When a file cannot be written, or when the source fails; files of an earlier export are then still as they were, as
/// far as none had been replaced.
pub fn write<S: Source>(dir: &Path, types: &[&str], source: &S) -> Result<ExportReport, ExportError<S::Error>> {
    write_within(dir, types, source, MOST_ROWS)
}

pub(super) fn write_within<S: Source>(
    dir: &Path,
    types: &[&str],
    source: &S,
    most_rows: u64,
) -> Result<ExportReport, ExportError<S::Error>> {
    files::private_folder(dir).map_err(|source| ExportError::write(dir, source))?;
    let mut names: HashMap<String, Box<str>> = HashMap::new();
    let mut columns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    each(source, Stream::Entities, |entity| {
        let of_type = columns.entry(text(&entity, "_type").to_owned()).or_default();
        for name in entity.keys().filter(|name| !of_type.contains(*name)).cloned().collect::<Vec<_>>() {
            of_type.insert(name);
        }
        names.insert(text(&entity, "_key").to_owned(), text(&entity, "displayName").into());
        Ok(())
    })?;

    let mut report = ExportReport::default();
    let mut whole: Vec<Whole> = Vec::new();
    for stream in Stream::BOTH {
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        each(source, stream, |object| {
            let object_type = text(&object, "_type");
            let table = match tables.get_mut(object_type) {
                Some(table) => table,
                None => {
                    let columns = match stream {
                        Stream::Entities => in_order(columns.remove(object_type).unwrap_or_default()),
                        Stream::Relationships => Ends::COLUMNS.map(str::to_owned).to_vec(),
                    };
                    tables.entry(object_type.to_owned()).or_insert_with(|| Table::new(object_type, columns))
                }
            };
            let cells = match stream {
                Stream::Entities => table.columns.iter().map(|name| cell(name, object.get(name))).collect(),
                Stream::Relationships => Ends::of(&object).cells(&object, &names),
            };
            if let Some(full) = table.push(dir, cells, most_rows)? {
                whole.push(full);
            }
            match stream {
                Stream::Entities => report.entities += 1,
                Stream::Relationships => report.relationships += 1,
            }
            Ok(())
        })?;
        for table in tables.into_values() {
            whole.extend(table.file.map(Lines::end).transpose()?);
        }
    }
    for file in whole {
        report.bytes += file.bytes;
        report.files.push(file.publish()?);
    }
    report.files.sort();
    remove_stale(dir, types, &report);
    Ok(report)
}

/// What an earlier export left of these types, and this one did not write, would be taken for part of it.
fn remove_stale(dir: &Path, types: &[&str], report: &ExportReport) {
    let is_ours = |name: &str| {
        let Some(stem) = name.strip_suffix(".csv") else { return false };
        let whole = |stem: &str| types.contains(&stem);
        let part = |(stem, n): (&str, &str)| whole(stem) && !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
        whole(stem) || stem.rsplit_once('-').is_some_and(part)
    };
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_ours) && !report.files.contains(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// One type's files, one of them open.
struct Table {
    object_type: String,
    columns: Vec<String>,
    files: u32,
    file: Option<Lines>,
    rows: u64,
}

impl Table {
    fn new(object_type: &str, columns: Vec<String>) -> Self {
        Self { object_type: object_type.to_owned(), columns, files: 0, file: None, rows: 0 }
    }

    /// Adds a row; a file that was full comes out, whole.
    fn push<E>(&mut self, dir: &Path, cells: Vec<Cell>, most_rows: u64) -> Result<Option<Whole>, ExportError<E>> {
        let mut full = None;
        if self.rows == most_rows {
            full = self.file.take().map(Lines::end).transpose()?;
        }
        let mut sheet = Sheet::new(TextForm::Csv, self.columns.iter().map(String::as_str).collect());
        let mut line = String::new();
        if self.file.is_none() {
            self.files += 1;
            self.rows = 0;
            let name = match self.files {
                1 => format!("{}.csv", self.object_type),
                n => format!("{}-{n}.csv", self.object_type),
            };
            self.file = Some(Lines::create(dir, &name)?);
            line.push_str(BYTE_ORDER_MARK);
            sheet.begin(&mut line);
        }
        sheet.row(&cells, &mut line);
        self.rows += 1;
        if let Some(file) = &mut self.file {
            file.push(&line)?;
        }
        Ok(full)
    }
}

fn in_order(names: BTreeSet<String>) -> Vec<String> {
    let first = FIRST.iter().filter(|name| names.contains(**name)).map(|name| (*name).to_owned());
    let rest = names.iter().filter(|name| !FIRST.contains(&name.as_str())).cloned();
    first.chain(rest).collect()
}

impl Ends<'_> {
    const COLUMNS: [&'static str; 9] =
        ["_key", "_type", "_class", "displayName", "from", "to", "_fromEntityKey", "_toEntityKey", "mapped"];

    fn cells(&self, relationship: &Object, names: &HashMap<String, Box<str>>) -> Vec<Cell> {
        let named = |key: &str| names.get(key).map_or(Cell::Empty, |name| Cell::Text(name.to_string()));
        let all = ["_key", "_type", "_class", "displayName"].map(|name| cell(name, relationship.get(name)));
        let ends = [named(self.from), named(self.to), Cell::Text(self.from.to_owned()), Cell::Text(self.to.to_owned())];
        all.into_iter().chain(ends).chain([Cell::Yes(self.mapped)]).collect()
    }
}
