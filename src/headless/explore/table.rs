//! Rows on standard output as they come: aligned for people, as CSV, or as JSON lines. However many there are, only the
//! first few are held, for the widths of the columns.

use std::io::{self, BufWriter, StdoutLock, Write};

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use crate::{
    domain::{
        column::Cell,
        explore::TextForm,
        lines::Head,
        sheet::Sheet,
        text::{grouped, visible},
    },
    headless::output::day,
};

/// How many rows are looked at for the widths of the columns. What comes later and is wider stands out, and is not cut.
const HELD: usize = 500;
/// No column is made wider than this for the sake of the others.
const WIDEST: usize = 48;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    Csv,
    Json,
}

impl Form {
    pub const fn of(csv: bool, json: bool) -> Self {
        match (csv, json) {
            (_, true) => Self::Json,
            (true, false) => Self::Csv,
            (false, false) => Self::Text,
        }
    }
}

/// A table that is written while it comes.
pub struct Table<W: Write> {
    out: W,
    form: Form,
    heads: Vec<Head>,
    sheet: Sheet<'static>,
    /// Known once enough rows were seen.
    widths: Option<Vec<usize>>,
    held: Vec<Vec<String>>,
    rows: u64,
}

impl Table<BufWriter<StdoutLock<'static>>> {
    /// On standard output.
    pub fn new(form: Form, heads: Vec<Head>) -> Self {
        Self::on(BufWriter::new(io::stdout().lock()), form, heads)
    }
}

impl<W: Write> Table<W> {
    pub fn on(out: W, form: Form, heads: Vec<Head>) -> Self {
        let sheet = Sheet::new(TextForm::Csv, heads.iter().map(|head| head.word).collect());
        Self { out, form, heads, sheet, widths: None, held: Vec::new(), rows: 0 }
    }

    /// What stands above the table, for people only.
    pub fn heading(&mut self, words: &str) -> io::Result<()> {
        match self.form {
            Form::Text => writeln!(self.out, "{words}\n"),
            Form::Csv | Form::Json => Ok(()),
        }
    }

    /// One row: its cells, or for JSON the object that it is.
    pub fn row(&mut self, cells: &[Cell], object: impl FnOnce() -> Value) -> io::Result<()> {
        self.rows += 1;
        match self.form {
            Form::Json => writeln!(self.out, "{}", object()),
            Form::Csv => {
                let mut text = String::new();
                if self.rows == 1 {
                    self.sheet.begin(&mut text);
                }
                self.sheet.row(cells, &mut text);
                self.out.write_all(text.as_bytes())
            }
            Form::Text => {
                let row: Vec<String> = cells.iter().map(words).collect();
                match &self.widths {
                    Some(widths) => write_row(&mut self.out, &self.heads, widths, &row),
                    None => {
                        self.held.push(row);
                        if self.held.len() >= HELD { self.settle() } else { Ok(()) }
                    }
                }
            }
        }
    }

    /// Writes what is left, and says how many rows there were.
    pub fn end(mut self) -> io::Result<u64> {
        if self.rows == 0 && self.form == Form::Csv {
            let mut text = String::new();
            self.sheet.begin(&mut text);
            self.out.write_all(text.as_bytes())?;
        }
        if self.widths.is_none() && self.rows > 0 && self.form == Form::Text {
            self.settle()?;
        }
        self.out.flush()?;
        Ok(self.rows)
    }

    /// Chooses the widths by the rows that are held, and writes these.
    fn settle(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        let titles: Vec<String> = self.heads.iter().map(|head| head.title.to_owned()).collect();
        let widths: Vec<usize> = (0..self.heads.len())
            .map(|at| {
                let cells = held.iter().filter_map(|row| row.get(at)).map(|cell| cell.width());
                cells.max().unwrap_or_default().min(WIDEST).max(titles[at].width())
            })
            .collect();
        write_row(&mut self.out, &self.heads, &widths, &titles)?;
        for row in &held {
            write_row(&mut self.out, &self.heads, &widths, row)?;
        }
        self.widths = Some(widths);
        Ok(())
    }
}

fn write_row(out: &mut impl Write, heads: &[Head], widths: &[usize], row: &[String]) -> io::Result<()> {
    let mut line = String::new();
    for (at, (cell, (head, width))) in row.iter().zip(heads.iter().zip(widths)).enumerate() {
        if at > 0 {
            line.push_str("  ");
        }
        let gap = " ".repeat(width.saturating_sub(cell.width()));
        if head.is_number {
            line.push_str(&gap);
            line.push_str(cell);
        } else {
            line.push_str(cell);
            line.push_str(&gap);
        }
    }
    writeln!(out, "{}", line.trim_end())
}

/// A cell as people read it.
pub fn words(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Yes(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Cell::Number(n) => grouped(*n),
        Cell::Time(at) => day(*at),
        Cell::Text(text) => visible(text).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HEADS: [Head; 2] = [
        Head { word: "name", title: "name", is_number: false },
        Head { word: "members", title: "members", is_number: true },
    ];

    fn written(form: Form, rows: &[(&str, Cell)]) -> String {
        let mut out = Vec::new();
        let mut table = Table::on(&mut out, form, HEADS.to_vec());
        table.heading("Groups").unwrap();
        for (name, cell) in rows {
            let cells = [Cell::Text((*name).to_owned()), cell.clone()];
            table.row(&cells, || json!({ "event": "row", "name": name })).unwrap();
        }
        assert_eq!(table.end().unwrap(), rows.len() as u64);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_straight() {
        let rows = [("Finance", Cell::Number(1_204)), ("李雷 Zoë", Cell::Empty), ("evil\x1b[2J", Cell::Number(7))];
        assert_eq!(
            written(Form::Text, &rows),
            "Groups\n\nname      members\nFinance     1,204\n李雷 Zoë\nevil␛[2J        7\n"
        );
        assert_eq!(written(Form::Text, &[]), "Groups\n\n");
    }

    #[test]
    fn programs_get_no_heading() {
        let rows = [("=1", Cell::Number(1_204))];
        assert_eq!(written(Form::Csv, &rows), "name,members\n'=1,1204\n");
        assert_eq!(written(Form::Csv, &[]), "name,members\n");
        assert_eq!(written(Form::Json, &rows), "{\"event\":\"row\",\"name\":\"=1\"}\n");
        assert_eq!(written(Form::Json, &[]), "");
    }

    #[test]
    fn a_long_table_is_not_held() {
        let mut out = Vec::new();
        let mut table = Table::on(&mut out, Form::Text, HEADS.to_vec());
        let long = "x".repeat(60);
        for n in 0..1_200_u64 {
            let name = if n == 1_000 { &long } else { "Finance" };
            table.row(&[Cell::Text(name.to_owned()), Cell::Number(n)], || Value::Null).unwrap();
            assert!(table.held.len() < HELD);
        }
        assert_eq!(table.end().unwrap(), 1_200);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 1_201);
        assert!(text.contains(&format!("{long}    1,000\n")), "not cut");
    }
}
