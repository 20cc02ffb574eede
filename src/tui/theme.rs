//! Styles and signs. One accent; green, yellow and red only repeat what a sign says with its shape.
//!
//! Screens draw with the sixteen colours that every terminal has; [`finish`] makes those of the theme out of them, or takes
//! them away, and with them every sign that is not ASCII on a terminal that has no more.

use ratatui::{
    buffer::Buffer,
    style::{Color, Modifier, Style},
};

use crate::{
    app::{
        Sign,
        views::{Look, Signs, Theme},
    },
    domain::{check::CheckStatus, progress::Level},
};

pub const PLAIN: Style = Style::new();
pub const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
pub const DIM: Style = Style::new().fg(Color::DarkGray);
pub const ACCENT: Style = Style::new().fg(Color::Cyan);
pub const TITLE: Style = Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD);
pub const GOOD: Style = Style::new().fg(Color::Green);
pub const WARN: Style = Style::new().fg(Color::Yellow);
pub const BAD: Style = Style::new().fg(Color::Red);
pub const SELECTED: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Before the name of a group that is, over others, a member of itself.
pub const CYCLE: &str = "∞";

pub const fn sign(sign: Sign) -> (&'static str, Style) {
    match sign {
        Sign::Done => ("✓", GOOD),
        Sign::Here => ("●", TITLE),
        Sign::ToCome => ("○", DIM),
        Sign::NeedsYou => ("!", WARN),
        Sign::Failed => ("✗", BAD),
        Sign::Incomplete => ("◐", WARN),
        Sign::Retrying => ("↻", WARN),
        Sign::Paused => ("‖", WARN),
    }
}

pub const fn check_sign(status: CheckStatus) -> Sign {
    match status {
        CheckStatus::Ok => Sign::Done,
        CheckStatus::Failed => Sign::Failed,
        CheckStatus::CannotCheck => Sign::ToCome,
        CheckStatus::Warning => Sign::NeedsYou,
    }
}

pub const fn level_sign(level: Level) -> Option<Sign> {
    match level {
        Level::Info => None,
        Level::Retry => Some(Sign::Retrying),
        Level::Warning => Some(Sign::NeedsYou),
        Level::Error => Some(Sign::Failed),
    }
}

/// One cell for one cell.
const ASCII: &[(&str, &str)] = &[
    ("✓", "v"),
    ("●", "*"),
    ("○", "o"),
    ("✗", "x"),
    ("◐", "%"),
    ("↻", "@"),
    ("‖", "="),
    ("−", "-"),
    ("–", "-"),
    ("—", "-"),
    ("─", "-"),
    ("│", "|"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
    ("├", "+"),
    ("┤", "+"),
    ("┬", "+"),
    ("┴", "+"),
    ("┼", "+"),
    ("█", "#"),
    ("▉", "#"),
    ("▊", "#"),
    ("▋", "#"),
    ("▌", "#"),
    ("▍", "."),
    ("▎", "."),
    ("▏", "."),
    ("░", "."),
    ("▁", "_"),
    ("▂", "_"),
    ("▃", "-"),
    ("▄", "-"),
    ("▅", "="),
    ("▆", "="),
    ("▇", "#"),
    ("•", "*"),
    ("·", "-"),
    ("…", "~"),
    ("→", ">"),
    ("←", "<"),
    ("↑", "^"),
    ("↓", "v"),
    ("›", ">"),
    ("▲", "^"),
    ("▼", "v"),
    ("∞", "8"),
    ("☑", "x"),
    ("☐", "."),
    ("▸", ">"),
    ("▾", "v"),
    ("‹", "<"),
    ("↵", "\\"),
    ("⇥", "]"),
    ("⇤", "["),
    ("⌫", "{"),
];

/// What a theme makes of each colour that screens draw with. The numbers are those of the palette of 256, which looks the
/// same everywhere and works over every line.
struct Palette {
    accent: u8,
    dim: u8,
    good: u8,
    warn: u8,
    bad: u8,
    /// Text and background, where a theme brings its own.
    ground: Option<(u8, u8)>,
}

const DARK: Palette = Palette { accent: 80, dim: 246, good: 114, warn: 221, bad: 210, ground: None };
const LIGHT: Palette = Palette { accent: 24, dim: 240, good: 22, warn: 94, bad: 124, ground: None };
const HIGH_CONTRAST: Palette =
    Palette { accent: 123, dim: 253, good: 120, warn: 227, bad: 217, ground: Some((231, 16)) };

impl Palette {
    const fn of(theme: Theme) -> Option<&'static Self> {
        match theme {
            Theme::Dark => Some(&DARK),
            Theme::Light => Some(&LIGHT),
            Theme::HighContrast => Some(&HIGH_CONTRAST),
            Theme::Terminal | Theme::None => None,
        }
    }

    fn colour(&self, drawn: Color) -> Color {
        Color::Indexed(match drawn {
            Color::Cyan => self.accent,
            Color::DarkGray => self.dim,
            Color::Green => self.good,
            Color::Yellow => self.warn,
            Color::Red => self.bad,
            other => return other,
        })
    }
}

/// Makes of what was drawn what this terminal is to show.
pub fn finish(look: Look, buffer: &mut Buffer) {
    if look == Look::default() {
        return;
    }
    let palette = Palette::of(look.theme);
    for cell in &mut buffer.content {
        if look.theme == Theme::None {
            // Dim text is told apart by being dim, where the terminal can do that.
            if cell.fg == Color::DarkGray {
                cell.modifier.insert(Modifier::DIM);
            }
            cell.fg = Color::Reset;
            cell.bg = Color::Reset;
        }
        if let Some(palette) = palette {
            cell.fg = palette.colour(cell.fg);
            cell.bg = palette.colour(cell.bg);
            if let Some((text, ground)) = palette.ground {
                let or = |drawn, own| if drawn == Color::Reset { Color::Indexed(own) } else { drawn };
                (cell.fg, cell.bg) = (or(cell.fg, text), or(cell.bg, ground));
            }
        }
        if look.signs == Signs::Ascii
            && let Some((_, plain)) = ASCII.iter().find(|(sign, _)| *sign == cell.symbol())
        {
            cell.set_symbol(plain);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_has_a_shape_of_its_own() {
        let all = [
            Sign::Done,
            Sign::Here,
            Sign::ToCome,
            Sign::NeedsYou,
            Sign::Failed,
            Sign::Incomplete,
            Sign::Retrying,
            Sign::Paused,
        ];
        let plain = |s: Sign| {
            let shape = sign(s).0;
            ASCII.iter().find(|(from, _)| *from == shape).map_or(shape, |(_, to)| to)
        };
        for (i, a) in all.iter().enumerate() {
            assert!(plain(*a).is_ascii());
            for b in &all[i + 1..] {
                assert_ne!(sign(*a).0, sign(*b).0);
                assert_ne!(plain(*a), plain(*b));
            }
        }
    }

    /// Red, green and blue of a colour of the palette of 256, past the first sixteen, which are the terminal's own.
    fn rgb(colour: u8) -> [f64; 3] {
        let step = |n: u8| if n == 0 { 0.0 } else { f64::from(55 + 40 * n) };
        match colour {
            232.. => [f64::from(8 + 10 * (colour - 232)); 3],
            _ => [(colour - 16) / 36, (colour - 16) / 6 % 6, (colour - 16) % 6].map(step),
        }
    }

    /// The contrast of two colours, as the accessibility guidelines (WCAG 2) reckon it: 1 to 21.
    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let light = |c: [f64; 3]| {
            let [r, g, b] = c.map(|v| {
                let v = v / 255.0;
                if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (light(a), light(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_colour_can_be_read_on_what_it_is_for() {
        let check = |palette: &Palette, grounds: &[[f64; 3]], least: f64| {
            for colour in [palette.accent, palette.dim, palette.good, palette.warn, palette.bad] {
                for ground in grounds {
                    let has = contrast(rgb(colour), *ground);
                    assert!(has >= least, "{colour} on {ground:?}: {has:.1}");
                }
            }
        };
        // Black, and the dark greys that terminals come with; white, and paper.
        check(&DARK, &[[0.0; 3], [30.0, 30.0, 30.0], [40.0, 42.0, 54.0]], 4.5);
        check(&LIGHT, &[[255.0; 3], [253.0, 246.0, 227.0]], 4.5);
        check(&HIGH_CONTRAST, &[[0.0; 3]], 10.0);
        assert!(contrast(rgb(231), rgb(16)) > 20.9);
    }
}
