//! Keys as the program knows them: no terminal library, and each with a text, so that tables and tests read as words.

/// A key press with its modifiers. The case of a letter is in its character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
    pub alt: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// Named keys: the text of tables, what a key bar shows, the code.
const NAMED: &[(&str, &str, Code)] = &[
    ("enter", "↵", Code::Enter),
    ("esc", "esc", Code::Esc),
    ("tab", "⇥", Code::Tab),
    ("backtab", "⇤", Code::BackTab),
    ("backspace", "⌫", Code::Backspace),
    ("delete", "del", Code::Delete),
    ("left", "←", Code::Left),
    ("right", "→", Code::Right),
    ("up", "↑", Code::Up),
    ("down", "↓", Code::Down),
    ("home", "home", Code::Home),
    ("end", "end", Code::End),
    ("pageup", "pgup", Code::PageUp),
    ("pagedown", "pgdn", Code::PageDown),
    ("space", "space", Code::Char(' ')),
];

impl Key {
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false }
    }

    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// Reads `q`, `enter`, `ctrl-g`, `alt-x`, `f2`.
    pub fn parse(text: &str) -> Option<Self> {
        let (ctrl, text) = text.strip_prefix("ctrl-").map_or((false, text), |rest| (true, rest));
        let (alt, text) = text.strip_prefix("alt-").map_or((false, text), |rest| (true, rest));
        let mut chars = text.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => Code::Char(c),
            _ => match NAMED.iter().find(|(name, ..)| *name == text) {
                Some((.., code)) => *code,
                None => Code::F(text.strip_prefix('f')?.parse().ok()?),
            },
        };
        Some(Self { code, ctrl, alt })
    }

    /// As [`Key::parse`] reads it.
    pub fn text(self) -> String {
        let name = match (NAMED.iter().find(|(.., c)| *c == self.code), self.code) {
            (Some((name, ..)), _) => (*name).to_owned(),
            (None, Code::Char(c)) => c.to_string(),
            (None, Code::F(n)) => format!("f{n}"),
            (None, _) => String::new(),
        };
        format!("{}{}{name}", if self.ctrl { "ctrl-" } else { "" }, if self.alt { "alt-" } else { "" })
    }

    /// As the key bar and the help show it: `^G`, `↵`, `F2`.
    pub fn shown(self) -> String {
        let name = match self.code {
            Code::Char(' ') => "space".to_owned(),
            Code::Char(c) if self.ctrl => c.to_ascii_uppercase().to_string(),
            Code::Char(c) => c.to_string(),
            Code::F(n) => format!("F{n}"),
            code => {
                NAMED.iter().find(|(.., c)| *c == code).map_or_else(String::new, |(_, shown, _)| (*shown).to_owned())
            }
        };
        format!("{}{}{name}", if self.ctrl { "^" } else { "" }, if self.alt { "alt-" } else { "" })
    }

    /// As [`Key::shown`], in words for a terminal that has no such signs.
    pub fn spelled(self) -> String {
        match NAMED.iter().find(|(.., c)| *c == self.code) {
            Some((name, ..)) => {
                format!("{}{}{name}", if self.ctrl { "^" } else { "" }, if self.alt { "alt-" } else { "" })
            }
            None => self.shown(),
        }
    }

    /// Whether a field takes it as text or as a way to edit text, so that no command may have it.
    pub const fn is_for_fields(self) -> bool {
        if self.ctrl || self.alt {
            return matches!(self.code, Code::Char('a' | 'e' | 'u' | 'w'));
        }
        matches!(
            self.code,
            Code::Char(_) | Code::Backspace | Code::Delete | Code::Left | Code::Right | Code::Home | Code::End
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_shown() {
        let check = |text: &str, shown: &str| {
            let key = Key::parse(text).unwrap();
            assert_eq!((key.shown(), key.text()), (shown.to_owned(), text.to_owned()));
        };
        check("q", "q");
        check("G", "G");
        check("-", "-");
        check("ctrl-g", "^G");
        check("enter", "↵");
        check("space", "space");
        check("f2", "F2");
        check("alt-x", "alt-x");
        assert_eq!(Key::parse("nonsense"), None);
        assert_eq!(Key::parse(""), None);
    }
}
