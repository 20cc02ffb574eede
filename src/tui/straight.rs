//! What writes to the terminal, so that columns stay straight where the terminal counts cells otherwise.
//!
//! How many cells a piece of text takes is decided by the terminal, and terminals disagree: about vowel signs of Khmer and
//! Hindi, joined emoji, flags, Thai, jamo, and whatever is newer than they are. Ratatui believes one table, sends only cells
//! that changed, and never finds out. So such text ([`fields`] tells where it is) is written with no trust in where it
//! ends: its place is blanked, it is written whole, and the cursor is put behind it. What it runs over if it is longer than
//! we think is written after it, and what it joins itself to at its beginning, too. Once anything in it changes, it and
//! the rest of its row are written anew.
//!
//! Rows without such text are ratatui's own, byte by byte. The guard keeps the terminal from going on in the next row. It
//! does not order text from right to left: terminals do that, or nobody.

pub mod fields;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use crossterm::{
    cursor::{MoveTo, MoveToColumn},
    queue,
    style::{Attribute, Print, SetAttribute, SetStyle},
};
use ratatui::{
    backend::{Backend, ClearType, IntoCrossterm, WindowSize},
    buffer::{Cell, CellWidth},
    layout::{Position, Size},
    style::{Color, Style},
};

use self::fields::{Field, Signs, fields};

/// A backend that keeps its columns.
pub struct Straight<B> {
    inner: B,
    /// What the terminal shows, as far as it counts as we do.
    rows: Vec<Vec<Cell>>,
}

impl<B> Straight<B> {
    pub const fn new(inner: B) -> Self {
        Self { inner, rows: Vec::new() }
    }
}

impl<B: Backend<Error = io::Error> + Write> Backend for Straight<B> {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        let width = usize::from(self.inner.size()?.width);
        let updates: Vec<_> = content.collect();
        let rows = self.keep(&updates, width);
        let mut plain = Vec::with_capacity(updates.len());
        let mut anew = Vec::new();
        for (row, from) in updates.chunk_by(|a, b| a.1 == b.1).zip(rows) {
            match from {
                None => plain.extend_from_slice(row),
                Some(from) => anew.push((row[0].1, from)),
            }
        }
        if !plain.is_empty() || anew.is_empty() {
            self.inner.draw(plain.into_iter())?;
        }
        let signs = Signs::of(&self.rows);
        for (y, from) in anew {
            write(&mut self.inner, y, &self.rows[usize::from(y)], from, signs)?;
        }
        Ok(())
    }

    fn append_lines(&mut self, n: u16) -> io::Result<()> {
        self.inner.append_lines(n)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        // Whoever clears a part draws the whole screen behind it, as ratatui does.
        self.rows.clear();
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

impl<B> Straight<B> {
    /// Remembers what changed. For each row that has changes: from where it is to be written anew, if it is.
    fn keep(&mut self, updates: &[(u16, u16, &Cell)], width: usize) -> Vec<Option<usize>> {
        let was = Signs::of(&self.rows);
        let mut before = Vec::new();
        for updates in updates.chunk_by(|a, b| a.1 == b.1) {
            let y = usize::from(updates[0].1);
            if self.rows.len() <= y {
                self.rows.resize_with(y + 1, Vec::new);
            }
            let row = &mut self.rows[y];
            row.resize(width.max(usize::from(updates[updates.len() - 1].0) + 1), Cell::EMPTY);
            before.push(fields(row, was));
            for (x, _, cell) in updates {
                let x = usize::from(*x);
                row[x] = (*cell).clone();
                let hidden = (x + 1).min(row.len())..(x + cells(cell)).min(row.len());
                row[hidden].fill(Cell::EMPTY);
            }
        }
        let signs = Signs::of(&self.rows);
        let row = |updates: &[(u16, u16, &Cell)]| fields(&self.rows[usize::from(updates[0].1)], signs);
        updates.chunk_by(|a, b| a.1 == b.1).zip(before).map(|(all, before)| anew(&before, &row(all), all)).collect()
    }
}

/// From where a row is to be written anew; `None` where what changed touches no text of disputed width.
fn anew(before: &[Field], after: &[Field], updates: &[(u16, u16, &Cell)]) -> Option<usize> {
    let both = || before.iter().chain(after);
    let touches = |(x, ..): &(u16, u16, &Cell)| both().any(|field| field.holds(usize::from(*x)));
    if before == after && !updates.iter().any(touches) {
        return None;
    }
    let mut from = usize::from(updates[0].0);
    // Never from the middle of such a field, neither of what was there nor of what is.
    while let Some(field) = both().find(|field| field.start < from && field.holds(from)) {
        from = field.start;
    }
    Some(from)
}

/// How many cells a cell takes.
fn cells(cell: &Cell) -> usize {
    usize::from(cell.cell_width().max(1))
}

/// Writes a row from `from` to its end.
fn write(out: &mut impl Write, y: u16, row: &[Cell], from: usize, signs: Signs) -> io::Result<()> {
    let fields = fields(row, signs);
    queue!(out, MoveTo(column(from), y), SetAttribute(Attribute::Reset))?;
    let mut pen = Pen { out, style: Style::new() };
    let mut x = from;
    let mut last = leads(row, 0..from).last();
    while x < row.len() {
        if let Some(field) = fields.iter().find(|field| field.start == x) {
            pen.field(row, field, last)?;
            x = field.end;
            // Behind a field there is at least one cell of its row, or nothing.
            last = None;
        } else {
            pen.put(row[x].symbol(), &row[x])?;
            last = Some(x);
            x += cells(&row[x]);
        }
    }
    queue!(pen.out, SetAttribute(Attribute::Reset))
}

/// Where the cells are that are drawn, and not hidden by a wide one.
fn leads(row: &[Cell], within: std::ops::Range<usize>) -> impl Iterator<Item = usize> {
    let first = Some(within.start).filter(|_| !within.is_empty());
    std::iter::successors(first, move |x| Some(*x + cells(&row[*x])).filter(|x| within.contains(x)))
}

fn column(x: usize) -> u16 {
    u16::try_from(x).unwrap_or(u16::MAX)
}

/// Writes cells and remembers how the last looked.
struct Pen<'a, W> {
    out: &'a mut W,
    style: Style,
}

impl<W: Write> Pen<'_, W> {
    /// Text that ends wherever the terminal has it end. `last`: the cell before it, which is written again, because a
    /// mark may have joined it.
    fn field(&mut self, row: &[Cell], field: &Field, last: Option<usize>) -> io::Result<()> {
        for lead in leads(row, field.start..field.end) {
            for _ in lead..(lead + cells(&row[lead])).min(field.end) {
                self.put(" ", &row[lead])?;
            }
        }
        queue!(self.out, MoveToColumn(column(field.start)))?;
        for lead in leads(row, field.start..field.text) {
            self.put(row[lead].symbol(), &row[lead])?;
        }
        if let Some(last) = last {
            queue!(self.out, MoveToColumn(column(last)))?;
            self.put(row[last].symbol(), &row[last])?;
        }
        if field.end < row.len() {
            queue!(self.out, MoveToColumn(column(field.end)))?;
        }
        Ok(())
    }

    fn put(&mut self, text: &str, look: &Cell) -> io::Result<()> {
        let own = |color: Color| Some(color).filter(|color| *color != Color::Reset);
        let style = Style { fg: own(look.fg), bg: own(look.bg), ..Style::new().add_modifier(look.modifier) };
        if style != self.style {
            queue!(self.out, SetAttribute(Attribute::Reset), SetStyle(style.into_crossterm()))?;
            self.style = style;
        }
        queue!(self.out, Print(text))
    }
}
