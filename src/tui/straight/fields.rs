//! Where in a row text stands whose width terminals dispute.
//!
//! A list of what all agree on, and not of what they do not: that grows with every version of Unicode.

use ratatui::buffer::{Cell, CellWidth};

/// A stretch of a row that begins with a cluster of disputed width and goes on to where its text ends, so that what
/// follows it in a sentence still follows it, with no hole between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub start: usize,
    /// Behind the last of its text.
    pub text: usize,
    /// Behind the blanks that it may run into: all but one before the next text.
    pub end: usize,
}

impl Field {
    pub const fn holds(&self, x: usize) -> bool {
        self.start <= x && x < self.end
    }
}

/// What a screen draws its boxes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    Boxes,
    /// None: they are of ASCII. One reason to choose that is a terminal that takes two cells for each character that Unicode
    /// calls ambiguous, to which most letters of Greek and Cyrillic and some of Latin belong, and all lines of boxes:
    /// with those, nothing would be straight there anyway.
    Ascii,
}

impl Signs {
    pub fn of(rows: &[Vec<Cell>]) -> Self {
        let is_line = |cell: &Cell| matches!(one(cell.symbol()), Some('\u{2500}'..='\u{257f}'));
        if rows.iter().flatten().any(is_line) { Self::Boxes } else { Self::Ascii }
    }
}

/// The stretches of a row, from left to right. They do not touch each other.
pub fn fields(row: &[Cell], signs: Signs) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut x = 0;
    while x < row.len() {
        if is_settled(row[x].symbol(), signs) {
            x += super::cells(&row[x]);
        } else {
            let field = field(row, x, signs);
            x = field.end;
            fields.push(field);
        }
    }
    fields
}

fn field(row: &[Cell], start: usize, signs: Signs) -> Field {
    let is_edge = |x: usize| is_edge(row[x].symbol(), signs);
    let blank = |x: usize| row.get(x).is_none_or(|cell| cell.symbol() == " ");
    let last = row.len() - 1;
    let mut text = start;
    // The first is of it, whatever it is.
    loop {
        text = (text + super::cells(&row[text])).min(row.len());
        let over = blank(text) && (blank(text + 1) || is_edge(text + 1) || text + 1 == last);
        if over || is_edge(text) {
            break;
        }
    }
    let next = (text..row.len()).find(|x| !blank(*x));
    let end = next.map_or(row.len(), |next| (next - 1).max(text));
    Field { start, text, end }
}

/// Lines and signs that stand where they stand.
fn is_edge(symbol: &str, signs: Signs) -> bool {
    let is_sign = |c: char| matches!(c, '\u{2190}'..='\u{22ff}' | '\u{2500}'..='\u{25fc}');
    symbol == "|" || signs == Signs::Boxes && one(symbol).is_some_and(is_sign)
}

/// Whether every terminal takes as many cells for this as we do.
pub fn is_settled(symbol: &str, signs: Signs) -> bool {
    let Some(c) = one(symbol) else { return false };
    match c {
        ' '..='~' => true,
        // Letters of Latin, Greek, Cyrillic, Armenian and Georgian, each for itself, and the usual punctuation and signs.
        '\u{a0}'..='\u{2ff}'
        | '\u{370}'..='\u{482}'
        | '\u{48a}'..='\u{58a}'
        | '\u{10a0}'..='\u{10ff}'
        | '\u{1e00}'..='\u{1fff}'
        | '\u{2010}'..='\u{2027}'
        | '\u{2030}'..='\u{205e}'
        | '\u{20a0}'..='\u{20bf}'
        | '\u{2190}'..='\u{22ff}'
        | '\u{2400}'..='\u{2426}'
        | '\u{2500}'..='\u{25fc}'
        | '\u{2610}'..='\u{2612}'
        | '\u{2713}'
        | '\u{2717}'
        | '\u{2800}'..='\u{28ff}' => signs == Signs::Boxes && symbol.cell_width() == 1,
        // Kana, ideographs, syllables of Korean, full width.
        '\u{3001}'..='\u{3029}'
        | '\u{3041}'..='\u{3096}'
        | '\u{309b}'..='\u{30ff}'
        | '\u{3105}'..='\u{312f}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff01}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}' => symbol.cell_width() == 2,
        '\u{ff61}'..='\u{ff9d}' => symbol.cell_width() == 1,
        _ => false,
    }
}

/// The one character that a text has.
fn one(text: &str) -> Option<char> {
    let mut all = text.chars();
    all.next().filter(|_| all.next().is_none())
}

#[cfg(test)]
mod tests {
    use ratatui::{buffer::Buffer, layout::Rect, style::Style};

    use super::*;

    fn row(text: &str) -> Vec<Cell> {
        let width = crate::tui::text::width(text);
        let mut buffer = Buffer::empty(Rect::new(0, 0, u16::try_from(width).unwrap(), 1));
        buffer.set_string(0, 0, text, Style::new());
        buffer.content
    }

    #[test]
    fn fields_end_where_their_text_does() {
        let check = |text: &str, signs: Signs, want: &[(usize, usize, usize)]| {
            let found: Vec<_> = fields(&row(text), signs).iter().map(|f| (f.start, f.text, f.end)).collect();
            assert_eq!(found, want, "{text}");
        };
        let boxes = |text: &str, want: &[(usize, usize, usize)]| check(text, Signs::Boxes, want);
        boxes("│ Zoë Müller  李雷 │", &[]);
        boxes("│ Иван Όμηρος  ﾊﾝｶｸ │", &[]);
        // A sentence goes on behind it, with one blank at a time.
        boxes("│ of ខា, and more  next │", &[(5, 17, 18)]);
        // Blanks behind it are its own, but for one.
        boxes("│ ខា      next │", &[(2, 4, 9)]);
        // One blank before what bounds it.
        boxes("│ ខា │ ខា │", &[(2, 4, 4), (7, 9, 9)]);
        boxes("│ ខា ● │", &[(2, 4, 4)]);
        boxes("| ខា #", &[(2, 4, 4)]);
        // No blank at all, and up to the end.
        boxes("│ខា│", &[(1, 3, 3)]);
        boxes("xខា", &[(1, 3, 3)]);
        boxes("xខា   ", &[(1, 3, 6)]);
        // Marks, emoji, flags, jamo, Arabic, Thai.
        for text in ["e\u{301}", "🦀", "👋🏽", "🇩🇪", "\u{1112}\u{1161}", "م", "น้", "❤", "ｶﾞ", "हि"]
        {
            let wide = crate::tui::text::width(text);
            boxes(&format!("a {text}  b"), &[(2, 2 + wide, 3 + wide)]);
        }
        // Where lines are of ASCII, letters that may take two cells are disputed, too.
        check("| Zoë Müller  李雷 |", Signs::Ascii, &[(4, 12, 13)]);
    }

    #[test]
    fn the_signs_are_told_by_the_lines() {
        assert_eq!(Signs::of(&[row("┌ Zoë ─┐")]), Signs::Boxes);
        assert_eq!(Signs::of(&[row("+ Zoë -+"), Vec::new()]), Signs::Ascii);
    }
}
