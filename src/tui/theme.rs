//! Styles and signs. One accent; green, yellow and red only repeat what a sign says with its shape.
//!
//! Screens draw with everything; [`finish`] takes away what the terminal cannot show: colours where there are to be
//! none, and every sign that is not ASCII on a terminal that has no more.

use ratatui::{
    buffer::Buffer,
    style::{Color, Modifier, Style},
};

use crate::{
    app::{
        Sign,
        views::{Look, Signs},
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

/// Takes away what the terminal cannot show.
pub fn finish(look: Look, buffer: &mut Buffer) {
    if look.colour && look.signs == Signs::Unicode {
        return;
    }
    for cell in &mut buffer.content {
        if !look.colour {
            // Dim text is told apart by being dim, where the terminal can do that.
            if cell.fg == Color::DarkGray {
                cell.modifier.insert(Modifier::DIM);
            }
            cell.fg = Color::Reset;
            cell.bg = Color::Reset;
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
}
