//! Fields: one line of text, or one secret whose text nobody sees.

use unicode_segmentation::UnicodeSegmentation;

use super::key::{Code, Key};
use crate::domain::secret::Secret;

/// One line of text with a cursor between graphemes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextField {
    text: String,
    /// In bytes, always on a grapheme's edge.
    cursor: usize,
    /// Whether what is wrong with it is shown: once it was left or pasted into, not while it is typed.
    pub judged: bool,
}

/// No field of ours needs more, and a pasted book must not slow the drawing down.
const LONGEST: usize = 2_000;

impl TextField {
    pub fn of(text: &str) -> Self {
        let mut field = Self::default();
        field.insert(text);
        field
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor and after it.
    pub fn halves(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }

    pub fn set(&mut self, text: &str) {
        *self = Self { judged: true, ..Self::of(text) };
    }

    /// Takes the white space around the text away, as people paste it.
    pub fn tidy(&mut self) {
        let trimmed = self.text.trim();
        if trimmed.len() != self.text.len() {
            self.text = trimmed.to_owned();
            self.cursor = self.text.len();
        }
    }

    /// Puts text in at the cursor. Line ends and other controls are no text.
    pub fn insert(&mut self, text: &str) {
        let clean: String =
            text.chars().filter(|c| !c.is_control()).take(LONGEST - self.text.len().min(LONGEST)).collect();
        self.text.insert_str(self.cursor, &clean);
        self.cursor += clean.len();
    }

    /// A paste into an empty field is a whole value, so it is judged at once.
    pub fn paste(&mut self, text: &str) {
        let whole = self.text.is_empty();
        self.insert(text);
        if whole {
            self.tidy();
        }
        self.judged = true;
    }

    /// Whether the key meant something here.
    pub fn edit(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl, key.alt) {
            (Code::Char(c), false, false) => {
                self.judged = false;
                self.insert(c.encode_utf8(&mut [0; 4]));
            }
            (Code::Backspace, ..) => {
                self.judged = false;
                let from = self.before();
                self.text.replace_range(from..self.cursor, "");
                self.cursor = from;
            }
            (Code::Delete, ..) => {
                self.judged = false;
                let to = self.after();
                self.text.replace_range(self.cursor..to, "");
            }
            (Code::Char('u'), true, _) => {
                self.text.replace_range(..self.cursor, "");
                self.cursor = 0;
            }
            (Code::Char('w'), true, _) => {
                let head = self.text[..self.cursor].trim_end();
                let from = head
                    .rfind(char::is_whitespace)
                    .map_or(0, |at| at + head[at..].chars().next().map_or(0, char::len_utf8));
                self.text.replace_range(from..self.cursor, "");
                self.cursor = from;
            }
            (Code::Left, ..) => self.cursor = self.before(),
            (Code::Right, ..) => self.cursor = self.after(),
            (Code::Home, ..) | (Code::Char('a'), true, _) => self.cursor = 0,
            (Code::End, ..) | (Code::Char('e'), true, _) => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(self.cursor, |g| self.cursor + g.len())
    }
}

/// What can be done to a secret: there is no cursor in it, for nobody sees where it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretEdit {
    /// Typed or pasted text, at the end.
    Insert(Secret),
    Backspace,
    Clear,
}

/// A secret being typed. Its `Debug` tells no more than [`Secret`]'s.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretField {
    secret: Option<Secret>,
    pub judged: bool,
}

impl SecretField {
    pub fn edit(&mut self, edit: &SecretEdit) {
        match edit {
            SecretEdit::Insert(more) => {
                // Typed keys come one by one; a paste is judged as a whole.
                self.judged = more.chars() > 1;
                self.append(more);
            }
            SecretEdit::Backspace => {
                self.judged = false;
                self.shorten();
            }
            SecretEdit::Clear => *self = Self::default(),
        }
    }

    pub fn set(&mut self, secret: &Secret) {
        *self = Self { secret: Some(secret.clone()), judged: true };
    }

    pub const fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    pub fn chars(&self) -> usize {
        self.secret.as_ref().map_or(0, Secret::chars)
    }

    /// Takes white space around it away.
    pub fn tidy(&mut self) {
        self.secret = self.secret.take().and_then(|s| Secret::pasted(s.expose()));
    }

    fn append(&mut self, more: &Secret) {
        let old = self.secret.take();
        let (old, more) = (old.as_ref().map_or("", Secret::expose), more.expose());
        // Of exactly the size it needs, so that no copy is left behind by growing or shrinking.
        let clean = || more.chars().filter(|c| !c.is_control());
        let mut text = String::with_capacity(old.len() + clean().map(char::len_utf8).sum::<usize>());
        text.push_str(old);
        text.extend(clean());
        self.secret = (!text.is_empty() && text.len() <= LONGEST * 4).then(|| Secret::new(text));
    }

    fn shorten(&mut self) {
        let Some(old) = self.secret.take() else { return };
        let end = old.expose().grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
        self.secret = (end > 0).then(|| {
            let mut text = String::with_capacity(end);
            text.push_str(&old.expose()[..end]);
            Secret::new(text)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_edited_by_graphemes() {
        let check = |keys: &str, want: (&str, &str)| {
            let mut field = TextField::default();
            for key in keys.split(' ') {
                field.edit(Key::parse(key).unwrap());
            }
            assert_eq!(field.halves(), want, "{keys}");
        };
        check("a b c", ("abc", ""));
        check("a b left left x", ("x", "ab"));
        check("a b backspace", ("a", ""));
        check("a b home delete", ("", "b"));
        check("a b ctrl-u c", ("c", ""));
        check("a space b b ctrl-w", ("a ", ""));
        check("backspace delete left right", ("", ""));
        check("ö 李 left", ("ö", "李"));
        let mut family = TextField::of("👨\u{200d}👩");
        family.edit(Key::parse("backspace").unwrap());
        assert_eq!(family.text(), "");
    }

    #[test]
    fn pasted_values_lose_white_space_and_line_ends() {
        let mut field = TextField::default();
        field.paste("  contoso.com\r\n");
        assert_eq!((field.text(), field.judged), ("contoso.com", true));
        let mut secret = SecretField::default();
        secret.edit(&SecretEdit::Insert(Secret::new(" abc~def\n")));
        secret.tidy();
        assert_eq!(secret.secret().unwrap().expose(), "abc~def");
        secret.edit(&SecretEdit::Backspace);
        assert_eq!(secret.chars(), 6);
        secret.edit(&SecretEdit::Clear);
        assert_eq!(secret.secret(), None);
    }

    #[test]
    fn a_secret_field_prints_nothing() {
        let mut secret = SecretField::default();
        let edit = SecretEdit::Insert(Secret::new("hunter2hunter2"));
        secret.edit(&edit);
        assert!(!format!("{secret:?}{edit:?}").contains("hunter"));
    }
}
