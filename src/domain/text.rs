//! What comes from the directory is hostile text: this makes it fit for a terminal, a CSV cell, a page.
//!
//! Stored and uploaded, text stays as it is.

use std::borrow::Cow;

use jiff::Timestamp;

/// `text` with every character that could move the cursor, reorder the line or hide itself made visible:
/// controls as `␛`-like pictures, bidirectional and zero-width characters as `‹U+202E›`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            // Unicode has a picture for each C0 control, and one for DEL.
            '\0'..='\x1f' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
            '\x7f' => out.push('\u{2421}'),
            c if is_hostile(c) => out.push_str(&format!("‹U+{:04X}›", c as u32)),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a character must not reach a terminal as it is.
///
/// A zero-width joiner is hostile too: it is drawn differently by every terminal, and two names that differ only in
/// it look the same.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}'
            | '\u{034f}'
            | '\u{061c}'
            | '\u{115f}' | '\u{1160}'
            | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// A number with separators, as people read it: `1,234,567`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `n` things: `1 user`, `2 users`, `1,204 users`. For regular plurals.
pub fn counted(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// How long ago, as people say it.
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0) as u64;
    let say = |n: u64, unit: &str| format!("{} ago", counted(n, unit));
    match seconds {
        0..60 => "just now".to_owned(),
        60..3_600 => say(seconds / 60, "minute"),
        3_600..86_400 => say(seconds / 3_600, "hour"),
        _ => say(seconds / 86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_becomes_visible() {
        let check = |text: &str, want: &str| assert_eq!(visible(text), want);
        check("Ada Lovelace", "Ada Lovelace");
        check("Zoë 李雷 محمد 🦀", "Zoë 李雷 محمد 🦀");
        check("a\x1b[2Jb", "a␛[2Jb");
        check("tab\tnew\nline\x7f", "tab␉new␊line␡");
        check("invoice\u{202e}fdp.exe", "invoice‹U+202E›fdp.exe");
        check("zero\u{200b}width", "zero‹U+200B›width");
        check("c1\u{9b}31m", "c1‹U+009B›31m");
    }

    #[test]
    fn numbers_have_separators() {
        let check = |n, want: &str| assert_eq!(grouped(n), want);
        check(0, "0");
        check(999, "999");
        check(1_000, "1,000");
        check(1_234_567, "1,234,567");
        assert_eq!(counted(1, "user"), "1 user");
        assert_eq!(counted(1_204, "user"), "1,204 users");
    }
    #[test]
    fn times_are_said_as_people_say_them() {
        let now = Timestamp::from_second(100_000).unwrap();
        let check = |then: i64, want: &str| assert_eq!(ago(now, Timestamp::from_second(then).unwrap()), want);
        check(99_990, "just now");
        check(99_900, "1 minute ago");
        check(90_000, "2 hours ago");
        check(100_050, "just now");
    }
}
