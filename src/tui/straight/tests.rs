//! Held against a terminal that counts as it likes.

use std::{cell::RefCell, rc::Rc};

use proptest::prelude::*;
use ratatui::{
    Terminal,
    backend::CrosstermBackend,
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};
use unicode_width::UnicodeWidthChar;

use super::{fields::is_settled, *};
use crate::tui::text;

/// What a terminal makes of a character whose width is disputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    /// As the table that ratatui believes, character by character.
    Table,
    All(usize),
    /// Some so, some so, and always the same.
    Mixed,
}

impl Counts {
    fn of(self, c: char) -> usize {
        match self {
            _ if is_settled(c.encode_utf8(&mut [0; 4]), Signs::Boxes) => c.width().unwrap_or(0),
            Self::Table => c.width().unwrap_or(0).min(2),
            Self::All(cells) => cells,
            Self::Mixed => (c as usize * 7 / 3) % 3,
        }
    }
}

/// Colours as the terminal was told them, and whether it is reversed, bold.
type Look = (String, String, bool, bool);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Spot {
    Text(String, Look),
    /// The second half of the one before.
    Half,
}

/// A terminal that does not go on in the next row, and loses a wide character of which one half is written over.
struct Screen {
    counts: Counts,
    width: usize,
    rows: Vec<Vec<Spot>>,
    at: (usize, usize),
    look: Look,
    bytes: usize,
    /// What came, up to its flush.
    came: Vec<u8>,
}

fn unstyled() -> Look {
    (String::new(), String::new(), false, false)
}

fn blank() -> Spot {
    Spot::Text(" ".to_owned(), unstyled())
}

fn emptied(spot: &Spot) -> Spot {
    let Spot::Text(_, look) = spot else { return blank() };
    Spot::Text(" ".to_owned(), look.clone())
}

impl Screen {
    fn new(counts: Counts, width: u16, height: u16) -> Self {
        let rows = vec![vec![blank(); usize::from(width)]; usize::from(height)];
        Self { counts, width: usize::from(width), rows, at: (0, 0), look: unstyled(), bytes: 0, came: Vec::new() }
    }

    fn read(&mut self) {
        let bytes = std::mem::take(&mut self.came);
        self.bytes += bytes.len();
        let mut rest = std::str::from_utf8(&bytes).expect("whole characters");
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            if c != '\x1b' {
                self.print(c);
                continue;
            }
            let end = 1 + rest[1..].find(|c: char| c.is_ascii_alphabetic()).expect("a whole sequence");
            let numbers: Vec<usize> = rest[1..end].split(';').map(|n| n.parse().unwrap_or(0)).collect();
            let nth = |n: usize| numbers.get(n).map_or(0, |n| n.saturating_sub(1));
            match &rest[end..=end] {
                "H" => self.at = (nth(1), nth(0)),
                "G" => self.at.0 = nth(0),
                "m" => self.dress(&numbers),
                "J" => self.rows.iter_mut().for_each(|row| row.fill(blank())),
                "l" | "h" => {}
                other => panic!("{other} is not known"),
            }
            rest = &rest[end + 1..];
        }
    }

    fn dress(&mut self, numbers: &[usize]) {
        match numbers {
            // The colour of lines below is not ours.
            [59] => {}
            [0] => self.look = unstyled(),
            [39] => self.look.0.clear(),
            [49] => self.look.1.clear(),
            [7] => self.look.2 = true,
            [27] => self.look.2 = false,
            [1] => self.look.3 = true,
            [22] => self.look.3 = false,
            [38, 5, n] => self.look.0 = n.to_string(),
            [48, 5, n] => self.look.1 = n.to_string(),
            // Both at once.
            [38, 5, n, rest @ ..] if !rest.is_empty() => {
                self.look.0 = n.to_string();
                self.dress(rest);
            }
            [39, rest @ ..] if !rest.is_empty() => {
                self.look.0.clear();
                self.dress(rest);
            }
            other => panic!("{other:?} is not known"),
        }
    }

    fn print(&mut self, c: char) {
        let wide = self.counts.of(c);
        let row = &mut self.rows[self.at.1];
        if wide == 0 {
            let mut x = self.at.0.min(self.width);
            while x > 0 {
                x -= 1;
                if let Spot::Text(text, _) = &mut row[x] {
                    text.push(c);
                    break;
                }
            }
            return;
        }
        // At the right edge everything is written over what is there.
        let x = self.at.0.min(self.width - wide);
        for x in x..x + wide {
            if row[x] == Spot::Half {
                row[x] = emptied(&row[x - 1]);
                row[x - 1] = row[x].clone();
            }
            if row.get(x + 1) == Some(&Spot::Half) {
                row[x + 1] = emptied(&row[x]);
            }
        }
        row[x] = Spot::Text(c.to_string(), self.look.clone());
        row[x + 1..x + wide].fill(Spot::Half);
        self.at.0 = x + wide;
    }

    fn row(&self, y: usize) -> String {
        let text = |spot: &Spot| if let Spot::Text(text, _) = spot { text.clone() } else { String::new() };
        self.rows[y].iter().map(text).collect()
    }
}

/// Ratatui's own backend, with a terminal at its end.
#[derive(Clone)]
struct Wire(Rc<RefCell<Screen>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().came.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Backend for Wire {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        let mut bytes = Vec::new();
        CrosstermBackend::new(&mut bytes).draw(content)?;
        self.write_all(&bytes)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, _: P) -> io::Result<()> {
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, _: ClearType) -> io::Result<()> {
        self.write_all(b"\x1b[2J")
    }

    fn size(&self) -> io::Result<Size> {
        let screen = self.0.borrow();
        Ok(Size { width: screen.width as u16, height: screen.rows.len() as u16 })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().read();
        Ok(())
    }
}

const WIDTH: u16 = 44;
/// Two columns, two blanks between, between two lines.
const COLUMNS: [(u16, u16); 2] = [(2, 22), (24, 42)];

/// A row as screens draw it: two names, and whether it is the chosen one.
type Names = ([&'static str; 2], bool);

fn draw(buffer: &mut Buffer, names: &[Names]) {
    for (y, (names, is_chosen)) in (0u16..).zip(names) {
        let style = if *is_chosen { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        buffer.set_string(0, y, "│", Style::new());
        buffer.set_style(Rect::new(1, y, WIDTH - 2, 1), style);
        for ((from, to), name) in COLUMNS.iter().zip(names) {
            let name = text::pad(name, usize::from(to - from));
            let style = if *from == COLUMNS[0].0 { style } else { style.fg(Color::Indexed(3)) };
            buffer.set_string(*from, y, name, style);
        }
        buffer.set_string(WIDTH - 1, y, "│", Style::new());
    }
}

fn frame<B: Backend<Error = io::Error>>(terminal: &mut Terminal<B>, names: &[Names]) -> Buffer {
    let mut drawn = Buffer::default();
    let draw = |frame: &mut ratatui::Frame<'_>| {
        draw(frame.buffer_mut(), names);
        drawn = frame.buffer_mut().clone();
    };
    terminal.draw(draw).unwrap();
    drawn
}

/// What is wrong with what the terminal shows of a frame.
fn wrong(screen: &Screen, want: &Buffer, names: &[Names]) -> Option<String> {
    for (y, (names, _)) in names.iter().enumerate() {
        // Where it may look otherwise: in a column with a name that has something disputed, and one blank behind it.
        let disputed = |name: &str| name.chars().any(|c| !is_settled(c.encode_utf8(&mut [0; 4]), Signs::Boxes));
        let mut free = Vec::new();
        for (at, (from, to)) in COLUMNS.iter().enumerate().filter(|(at, _)| disputed(names[*at])) {
            let mut to = to + 1;
            // An empty neighbour leaves its place.
            if names.get(at + 1).is_some_and(|next| next.is_empty()) {
                to = WIDTH - 2;
            }
            let to = if to >= WIDTH - 2 { WIDTH - 2 } else { to };
            free.push((usize::from(*from)..usize::from(to), names[at]));
        }
        let row = &screen.rows[y];
        let cells = &want.content[y * screen.width..(y + 1) * screen.width];
        for x in leads(cells, 0..cells.len()).filter(|x| !free.iter().any(|(free, _)| free.contains(x))) {
            let color = |color: Color| if let Color::Indexed(n) = color { n.to_string() } else { String::new() };
            let has = |modifier| cells[x].modifier.contains(modifier);
            let look = (color(cells[x].fg), color(cells[x].bg), has(Modifier::REVERSED), has(Modifier::BOLD));
            let mut spot = row[x].clone();
            // What colour nothing has is not seen.
            if let Spot::Text(text, has) = &mut spot
                && text == " "
            {
                has.0.clone_from(&look.0);
            }
            if spot != Spot::Text(cells[x].symbol().to_owned(), look) {
                return Some(format!("{x} of row {y} is {spot:?}: {}", screen.row(y)));
            }
        }
        for (free, name) in free {
            let name = text::fit(name, name.len());
            let mut left = name.chars().chain("…".chars());
            for spot in &row[free] {
                let Spot::Text(text, look) = spot else { continue };
                if look.2 != names_chosen(want, y, screen.width) {
                    return Some(format!("a hole in row {y}: {}", screen.row(y)));
                }
                for c in text.chars().filter(|c| *c != ' ') {
                    if !left.any(|next| next == c) {
                        return Some(format!("{c:?} remains in row {y}: {}", screen.row(y)));
                    }
                }
            }
        }
    }
    None
}

fn names_chosen(want: &Buffer, y: usize, width: usize) -> bool {
    want.content[y * width + 1].modifier.contains(Modifier::REVERSED)
}

const NAMES: &[&str] = &[
    "Ada Lovelace",
    "Bob",
    "",
    "a rather long name that is cut",
    "Zoë Müller",
    "李雷和韩梅梅",
    "សុខា ជា",
    "of សុខា ជា and 12 more",
    "ា begins with a mark",
    "हिन्दी देवनागरी",
    "ภาษาไทย น้ำ",
    "மிழ் தமிழ்",
    "한국어 \u{1112}\u{1161}\u{11ab} jamo",
    "e\u{301}e\u{301}e\u{301} combining",
    "crab 🦀 emoji",
    "👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽",
    "🇩🇪🇫🇷🇯🇵 and half a one 🇩",
    "❤ and ☎",
    "محمد بن راشد",
    "لا إله شال",
    "שָׁלוֹם עולם",
    "ｶﾞｷﾞｸﾞ",
    "\u{16d68}\u{16d67} new",
    "សុខា|ជា",
    "𰻝𰻝 and 𘀀",
];

const COUNTS: [Counts; 5] = [Counts::Table, Counts::All(0), Counts::All(1), Counts::All(2), Counts::Mixed];

fn names() -> impl Strategy<Value = Names> {
    let name = || prop::sample::select(NAMES);
    ([name(), name()], prop::bool::weighted(0.2))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Borders and other columns are where they belong, and nothing remains of what was there before.
    #[test]
    fn columns_are_straight_however_a_terminal_counts(
        frames in prop::collection::vec(prop::collection::vec(names(), 4), 1..6),
        keep in prop::collection::vec(prop::bool::ANY, 24),
        counts in prop::sample::select(&COUNTS[..]),
    ) {
        let screen = Rc::new(RefCell::new(Screen::new(counts, WIDTH, 4)));
        let mut terminal = Terminal::new(Straight::new(Wire(Rc::clone(&screen)))).unwrap();
        let mut last: Option<Vec<Names>> = None;
        for (n, mut names) in frames.into_iter().enumerate() {
            // Mostly something of a screen stays: a row, or one of its columns.
            for (y, row) in names.iter_mut().enumerate() {
                if let Some(last) = &last && keep[n * 4 + y] {
                    row.0[y % 2] = last[y].0[y % 2];
                    row.1 = last[y].1;
                }
            }
            let want = frame(&mut terminal, &names);
            let wrong = wrong(&screen.borrow(), &want, &names);
            prop_assert!(wrong.is_none(), "{counts:?} {:?}", wrong);
            last = Some(names);
        }
    }

    /// Where nothing is disputed, not one byte more is sent.
    #[test]
    fn rows_that_nobody_disputes_cost_nothing(
        frames in prop::collection::vec(prop::collection::vec(([0..6usize, 0..6], any::<bool>()), 4), 1..6),
    ) {
        let sent = |straight: bool| {
            let screen = Rc::new(RefCell::new(Screen::new(Counts::Table, WIDTH, 4)));
            let wire = Wire(Rc::clone(&screen));
            let frames = frames.iter().map(|rows| {
                rows.iter().map(|([a, b], on)| ([NAMES[*a], NAMES[*b]], *on)).collect::<Vec<Names>>()
            });
            if straight {
                let mut terminal = Terminal::new(Straight::new(wire)).unwrap();
                frames.for_each(|names| drop(frame(&mut terminal, &names)));
            } else {
                let mut terminal = Terminal::new(wire).unwrap();
                frames.for_each(|names| drop(frame(&mut terminal, &names)));
            }
            screen.borrow().bytes
        };
        prop_assert_eq!(sent(true), sent(false));
    }
}

/// The test can fail: what ratatui sends by itself goes wrong in most of these terminals.
#[test]
fn without_it_columns_are_not_straight() {
    let frames: [&[Names]; 2] = [&[(["of សុខា ជា and more", "ខា"], false)], &[(["Ada", ""], false)]];
    let goes_wrong = |counts: &Counts| {
        let screen = Rc::new(RefCell::new(Screen::new(*counts, WIDTH, 1)));
        let mut terminal = Terminal::new(Wire(Rc::clone(&screen))).unwrap();
        frames.iter().any(|names| {
            let want = frame(&mut terminal, names);
            wrong(&screen.borrow(), &want, names).is_some()
        })
    };
    let wrong: Vec<Counts> = COUNTS.into_iter().filter(goes_wrong).collect();
    // How the fifth counts these two is luck.
    assert_eq!(wrong, COUNTS[..4]);
}

/// What it costs over a slow line: a row is written at most about twice, and only where it has such text.
#[test]
fn few_bytes_are_sent() {
    let names: Vec<Names> = (0..4).map(|_| (["សុខា ជា", "member"], false)).collect();
    let sent = |straight: bool| {
        let screen = Rc::new(RefCell::new(Screen::new(Counts::Table, WIDTH, 4)));
        let wire = Wire(Rc::clone(&screen));
        if straight {
            frame(&mut Terminal::new(Straight::new(wire)).unwrap(), &names);
        } else {
            frame(&mut Terminal::new(wire).unwrap(), &names);
        }
        screen.borrow().bytes
    };
    let (more, usual) = (sent(true), sent(false));
    assert!(more < usual * 2, "{more} bytes and {usual}");

    // Something else in the row changes: what is disputed is not touched.
    let screen = Rc::new(RefCell::new(Screen::new(Counts::Table, WIDTH, 1)));
    let mut terminal = Terminal::new(Straight::new(Wire(Rc::clone(&screen)))).unwrap();
    frame(&mut terminal, &[(["សុខា ជា", "1 member"], false)]);
    screen.borrow_mut().bytes = 0;
    frame(&mut terminal, &[(["សុខា ជា", "2 member"], false)]);
    let bytes = screen.borrow().bytes;
    assert!(bytes < 40, "{bytes}");
}
