//! Rows of cells as text for other programs: tab-separated, CSV, JSON. For spreadsheets text is made visible, and what
//! would run as a formula is disarmed; JSON keeps texts as they are stored. Chooses no columns and writes no files.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::{column::Cell, explore::TextForm, text::visible};

/// A table that is written line by line.
#[derive(Debug, Clone)]
pub struct Sheet<'a> {
    form: TextForm,
    /// What the columns are called; members of objects in JSON.
    names: Vec<&'a str>,
    rows: u64,
}

impl<'a> Sheet<'a> {
    pub const fn new(form: TextForm, names: Vec<&'a str>) -> Self {
        Self { form, names, rows: 0 }
    }

    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// What stands before the first row.
    pub fn begin(&self, out: &mut String) {
        match self.form {
            TextForm::Tsv => line(out, self.names.iter().map(|name| cell(name)), "\t"),
            TextForm::Csv => line(out, self.names.iter().map(|name| quoted(cell(name))), ","),
            TextForm::Json => out.push('['),
            TextForm::Ndjson => {}
        }
    }

    /// A row, a cell for each name.
    pub fn row(&mut self, cells: &[Cell], out: &mut String) {
        match self.form {
            TextForm::Tsv => line(out, cells.iter().map(plain), "\t"),
            TextForm::Csv => line(out, cells.iter().map(|one| quoted(plain(one))), ","),
            TextForm::Json => {
                out.push_str(if self.rows == 0 { "\n" } else { ",\n" });
                out.push_str(&self.object(cells).to_string());
            }
            TextForm::Ndjson => {
                out.push_str(&self.object(cells).to_string());
                out.push('\n');
            }
        }
        self.rows += 1;
    }

    /// What stands behind the last row.
    pub fn end(&self, out: &mut String) {
        if self.form == TextForm::Json {
            out.push_str(if self.rows == 0 { "]\n" } else { "\n]\n" });
        }
    }

    fn object(&self, cells: &[Cell]) -> Value {
        let members = self.names.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), value(cell)));
        Value::Object(members.collect::<Map<_, _>>())
    }
}

/// A cell as JSON has it.
pub fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Yes(yes) => json!(yes),
        Cell::Number(n) => json!(n),
        Cell::Time(at) => json!(at),
        Cell::Text(text) => json!(text),
    }
}

fn line<'c>(out: &mut String, cells: impl Iterator<Item = Cow<'c, str>>, between: &str) {
    for (n, cell) in cells.enumerate() {
        if n > 0 {
            out.push_str(between);
        }
        out.push_str(&cell);
    }
    // CSV's own line end is CR LF (RFC 4180); every program reads this one, and no pipe is surprised.
    out.push('\n');
}

fn plain(one: &Cell) -> Cow<'_, str> {
    match one {
        Cell::Empty => Cow::Borrowed(""),
        Cell::Yes(yes) => Cow::Borrowed(if *yes { "true" } else { "false" }),
        Cell::Number(n) => Cow::Owned(n.to_string()),
        Cell::Time(at) => Cow::Owned(at.to_string()),
        Cell::Text(text) => cell(text),
    }
}

/// A text that no spreadsheet takes for a formula (OWASP, "CSV Injection"), and that moves nothing.
fn cell(text: &str) -> Cow<'_, str> {
    let shown = visible(text);
    // Also the wide forms, which a spreadsheet takes for the narrow ones; and behind white space, which it may cut off.
    let runs = text.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if runs { Cow::Owned(format!("'{shown}")) } else { shown }
}

fn quoted(cell: Cow<'_, str>) -> Cow<'_, str> {
    // Semicolons part cells where the comma is a decimal's.
    if cell.contains(['"', ',', ';']) || cell.starts_with(' ') || cell.ends_with(' ') {
        Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: TextForm, rows: &[&[Cell]]) -> String {
        let mut sheet = Sheet::new(form, vec!["name", "members"]);
        let mut out = String::new();
        sheet.begin(&mut out);
        rows.iter().for_each(|cells| sheet.row(cells, &mut out));
        sheet.end(&mut out);
        assert_eq!(sheet.rows(), rows.len() as u64);
        out
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn each_form_has_its_frame() {
        let rows: &[&[Cell]] = &[&[text("Sales, \"EMEA\""), Cell::Number(1_204)], &[text("Zoë\tX"), Cell::Empty]];
        let check = |form, none: &str, some: &str| {
            assert_eq!(written(form, &[]), none);
            assert_eq!(written(form, rows), some);
        };
        check(TextForm::Csv, "name,members\n", "name,members\n\"Sales, \"\"EMEA\"\"\",1204\nZoë␉X,\n");
        check(TextForm::Tsv, "name\tmembers\n", "name\tmembers\nSales, \"EMEA\"\t1204\nZoë␉X\t\n");
        let (one, two) = (r#"{"members":1204,"name":"Sales, \"EMEA\""}"#, r#"{"members":null,"name":"Zoë\tX"}"#);
        check(TextForm::Ndjson, "", &format!("{one}\n{two}\n"));
        check(TextForm::Json, "[]\n", &format!("[\n{one},\n{two}\n]\n"));
    }

    #[test]
    fn nothing_runs_as_a_formula() {
        let check = |name: &str, want: &str| {
            assert_eq!(written(TextForm::Csv, &[&[text(name), Cell::Empty]]), format!("name,members\n{want},\n"));
        };
        check("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\"");
        check("@SUM(A1)", "'@SUM(A1)");
        check("+49 30", "'+49 30");
        check("-1", "'-1");
        check(" =1", "' =1");
        check("\u{ff1d}1", "'\u{ff1d}1");
        check("\t=1", "'␉=1");
        check("\r=1", "'␍=1");
        check("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0");
        check("", "");
        check("a=1", "a=1");
        check("x\x1b[2J\ny", "x␛[2J␊y");
        check("a;b", "\"a;b\"");
    }

    #[test]
    fn values_keep_their_types_in_json() {
        let check = |cell: Cell, want: Value| assert_eq!(value(&cell), want);
        check(Cell::Empty, Value::Null);
        check(Cell::Yes(false), json!(false));
        check(Cell::Number(7), json!(7));
        check(Cell::Time(jiff::Timestamp::UNIX_EPOCH), json!("1970-01-01T00:00:00Z"));
        check(text("=1\u{202e}"), json!("=1\u{202e}"));
    }
}
