//! Text for cells: made visible, measured by what a terminal draws, cut by graphemes.

use std::borrow::Cow;

use jiff::{Timestamp, tz::TimeZone};
use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

pub use crate::domain::text::ago;
use crate::domain::text::visible;

/// How many cells `text` takes.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(wide_of).sum()
}

/// As ratatui counts them when it draws: by its table, which has its own mind of half-width kana.
fn wide_of(grapheme: &str) -> usize {
    match grapheme.len() {
        // It counts a lone control character so, too, and takes offence at it where there are debug assertions.
        1 => 1,
        _ => usize::from(grapheme.cell_width()),
    }
}

/// `text`, made visible, in at most `cells`; where it is cut it ends in `…`.
pub fn fit(text: &str, cells: usize) -> String {
    let text: Cow<'_, str> = visible(text);
    // Longer texts than this are cut anyway: a name of a megabyte costs no more than one of a line.
    let mut out = String::new();
    let mut used = 0;
    let mut kept = 0;
    for grapheme in text.graphemes(true) {
        let wide = wide_of(grapheme);
        if used + wide > cells {
            out.truncate(kept);
            if cells > 0 {
                out.push('…');
            }
            return out;
        }
        out.push_str(grapheme);
        used += wide;
        if used < cells {
            kept = out.len();
        }
    }
    out
}

/// As [`fit`], filled up to exactly `cells` with spaces.
pub fn pad(text: &str, cells: usize) -> String {
    let mut out = fit(text, cells);
    let used = width(&out);
    out.extend(std::iter::repeat_n(' ', cells.saturating_sub(used)));
    out
}

/// As [`pad`], at the right edge.
pub fn right(text: &str, cells: usize) -> String {
    let out = fit(text, cells);
    let mut line = " ".repeat(cells.saturating_sub(width(&out)));
    line.push_str(&out);
    line
}

/// Breaks `text` into lines of at most `cells`, at spaces where there are any. Line ends in it are kept; spaces at a
/// line's beginning are not.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    for part in text.lines() {
        let part = visible(part);
        let mut line = String::new();
        let mut used = 0;
        for word in part.split(' ') {
            let wide = width(word);
            if used > 0 && used + 1 + wide > cells {
                lines.push(std::mem::take(&mut line));
                used = 0;
            } else if used > 0 || !line.is_empty() {
                line.push(' ');
                used += 1;
            }
            for grapheme in word.graphemes(true) {
                let wide = wide_of(grapheme);
                if used + wide > cells && used > 0 {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push_str(grapheme);
                used += wide;
            }
        }
        lines.push(line);
    }
    lines
}

/// `01:23`, `1:02:03`.
pub fn clock(seconds: f64) -> String {
    let all = if seconds.is_finite() { seconds.max(0.0) as u64 } else { 0 };
    let (hours, minutes, seconds) = (all / 3600, all / 60 % 60, all % 60);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// The time of day.
pub fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// When something was, as short as it can be said today: `14:02`, else with its day.
pub fn when(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let format = if at.date() == now.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    at.strftime(format).to_string()
}

/// Day and time, with the zone.
pub fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// `12.4 MB`.
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        _ => format!("{:.1} MB", n as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_what_is_seen() {
        let check = |text: &str, cells: usize, want: &str| {
            assert_eq!(fit(text, cells), want, "{text} in {cells}");
            assert!(width(&fit(text, cells)) <= cells);
            assert_eq!(width(&pad(text, cells)), cells);
            assert_eq!(width(&right(text, cells)), cells);
        };
        check("Ada", 5, "Ada");
        check("Ada", 3, "Ada");
        check("Adam", 3, "Ad…");
        check("Adam", 1, "…");
        check("Adam", 0, "");
        check("李雷李雷", 5, "李雷…");
        check("李雷李雷", 4, "李…");
        check("李雷", 1, "…");
        check("a\x1b[2J", 10, "a␛[2J");
        check("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…");
        // Measured as it came, a control takes what its picture takes.
        assert_eq!((width("a\nb"), width("\u{7}")), (3, 1));
    }

    /// As a table draws it: whatever stands in a column, the next one begins where it should.
    #[test]
    fn columns_stay_straight() {
        use ratatui::{buffer::Buffer, layout::Rect, text::Line};

        let check = |name: &str| {
            for cells in [1, 2, 5, 12, 40] {
                for padded in [pad(name, cells), right(name, cells)] {
                    let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 1));
                    buffer.set_line(0, 0, &Line::raw(format!("{padded}|")), 60);
                    assert_eq!(buffer[(cells as u16, 0)].symbol(), "|", "{name:?} in {cells}");
                    assert!(!padded.chars().any(crate::domain::text::is_hostile), "{name:?}");
                }
            }
        };
        for name in [
            "Ada Lovelace",
            "李雷和韩梅梅",
            "ｆｕｌｌ ｗｉｄｔｈ",
            "Zoë e\u{301}e\u{301}e\u{301} combining",
            "a\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307} piled up",
            "crab 🦀 emoji",
            "family 👨\u{200d}👩\u{200d}👧\u{200d}👦",
            "flags 🇩🇪🇫🇷🇯🇵 and half a one 🇩",
            "skin 👋🏽 tone",
            "heart ❤\u{fe0f} and plain ❤",
            "محمد بن راشد",
            "שלום עולם",
            "mixed محمد and 李雷",
            "override \u{202e}gpj.exe\u{202c}",
            "zero\u{200b}width\u{feff}",
            "control \x1b[2J\x07\r\n\t\u{9b}31m",
            "soft\u{ad}hyphen",
            "हिन्दी देवनागरी",
            "ภาษาไทย น้ำ",
            "한국어 \u{1112}\u{1161}\u{11ab} jamo",
            "\u{301}begins with a mark",
            "tags \u{e0041}\u{e0042}",
            "ｶﾞｷﾞｸﾞ half a width",
        ] {
            check(name);
        }
    }

    #[test]
    fn lines_break_at_spaces() {
        let check = |text: &str, cells, want: &[&str]| assert_eq!(wrap(text, cells), want, "{text}");
        check("one two three", 7, &["one two", "three"]);
        check("one  two", 20, &["one  two"]);
        check("aaaaaaaaaa", 4, &["aaaa", "aaaa", "aa"]);
        check("李雷李雷", 3, &["李", "雷", "李", "雷"]);
        check("a\nb", 4, &["a", "b"]);
        check("  in", 8, &["in"]);
    }

    #[test]
    fn times_are_said() {
        assert_eq!((clock(83.0), clock(3_723.9), clock(f64::NAN)), ("01:23".into(), "1:02:03".into(), "00:00".into()));
        assert_eq!(
            (bytes(12), bytes(1_200), bytes(12_400_000)),
            ("12 bytes".into(), "1.2 kB".into(), "12.4 MB".into())
        );
    }
}
