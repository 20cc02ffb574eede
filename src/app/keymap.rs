//! Which keys a word of the command table has: its own, or those that a person gave it.
//!
//! Nothing here reads a file. What cannot be taken as it was written is told and left out; the rest holds. Enter, Esc and
//! Ctrl-C stay what they are, so that there is always a way on, a way back and a way out.

use std::collections::BTreeMap;

use super::{
    command::{COMMANDS, Group},
    key::{Code, Key},
};

/// Words and their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMap(BTreeMap<&'static str, Bound>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    keys: Vec<Key>,
    /// Given by the person.
    own: bool,
}

/// What somebody wrote for a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub word: String,
    pub keys: Vec<String>,
    /// Where it stands in its file, from 1.
    pub line: usize,
}

/// What could not be taken as it was written: the line, what is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    pub line: usize,
    pub what: String,
}

impl Default for KeyMap {
    fn default() -> Self {
        let keys = |texts: &[&str]| texts.iter().filter_map(|text| Key::parse(text)).collect();
        Self(COMMANDS.iter().map(|c| (c.word, Bound { keys: keys(c.keys), own: false })).collect())
    }
}

impl KeyMap {
    pub fn of(&self, word: &str) -> &[Key] {
        self.0.get(word).map_or(&[], |bound| &bound.keys)
    }

    /// Whether the person gave it its keys.
    pub fn is_own(&self, word: &str) -> bool {
        self.0.get(word).is_some_and(|bound| bound.own)
    }

    /// The usual keys, but for what is wished.
    pub fn with(wishes: &[Wish]) -> (Self, Vec<Told>) {
        let mut map = Self::default();
        let mut told = Vec::new();
        let mut lines: BTreeMap<&'static str, usize> = BTreeMap::new();
        for wish in wishes {
            let mut say = |what: String| told.push(Told { line: wish.line, what });
            let Some(word) = map.0.keys().find(|word| **word == wish.word).copied() else {
                say(unknown(&wish.word));
                continue;
            };
            let usual = map.of(word).to_vec();
            let mut keys: Vec<Key> = Vec::new();
            for text in &wish.keys {
                match Key::parse(text) {
                    None => say(format!(
                        "\"{text}\" is no key. Keys are single characters and words such as \"ctrl-f\", \"alt-x\", \"f5\", \"enter\", \"pageup\""
                    )),
                    Some(key) if is_fixed(key) && !usual.contains(&key) => say(format!(
                        "{text} stays what it is, so that there is always a way on, back and out. Choose another key for {word}"
                    )),
                    Some(key) if keys.contains(&key) => {}
                    Some(key) => keys.push(key),
                }
            }
            let lost: Vec<Key> = usual.into_iter().filter(|key| is_fixed(*key) && !keys.contains(key)).collect();
            keys.extend(lost);
            lines.insert(word, wish.line);
            map.0.insert(word, Bound { keys, own: true });
        }
        told.extend(map.conflicts(&lines));
        told.sort();
        (map, told)
    }

    /// Keys that mean two things at once since somebody changed them.
    fn conflicts(&self, lines: &BTreeMap<&'static str, usize>) -> Vec<Told> {
        let usual = Self::default();
        let mut out = Vec::new();
        for (n, a) in COMMANDS.iter().enumerate() {
            for b in &COMMANDS[n + 1..] {
                if a.word == b.word || !a.group.meets(b.group) || !(self.is_own(a.word) || self.is_own(b.word)) {
                    continue;
                }
                for key in self.of(a.word).iter().filter(|key| self.of(b.word).contains(key)) {
                    if usual.of(a.word).contains(key) && usual.of(b.word).contains(key) {
                        continue;
                    }
                    let (winner, loser) = if self.is_own(a.word) { (a, b) } else { (b, a) };
                    let line = lines.get(winner.word).copied().unwrap_or_default();
                    let what = format!(
                        "{} means {} and {}. Where both are there it is {}: give {} another key",
                        key.text(),
                        winner.word,
                        loser.word,
                        winner.word,
                        loser.word
                    );
                    if !out.iter().any(|told: &Told| told.what == what) {
                        out.push(Told { line, what });
                    }
                }
            }
        }
        out
    }
}

/// Enter, Esc and Ctrl-C.
const fn is_fixed(key: Key) -> bool {
    match key.code {
        Code::Enter | Code::Esc => !key.ctrl && !key.alt,
        Code::Char('c') => key.ctrl && !key.alt,
        _ => false,
    }
}

fn unknown(word: &str) -> String {
    let near = COMMANDS.iter().map(|c| (distance(c.word, word), c.word)).min();
    match near {
        Some((steps, near)) if steps <= 1 + word.chars().count() / 3 => {
            format!("no command is called \"{word}\". Did you mean \"{near}\"?")
        }
        _ => format!("no command is called \"{word}\". The palette (:) and assets/ui.toml name them all"),
    }
}

/// How many letters have to be changed, put in or taken out (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// A file of settings with everything in it as it is without one.
pub fn sample() -> String {
    let mut out = String::from(HEAD);
    let mut seen: Vec<&str> = Vec::new();
    for group in Group::ALL {
        let mut heading = false;
        for command in COMMANDS.iter().filter(|command| command.group == group) {
            if seen.contains(&command.word) {
                continue;
            }
            seen.push(command.word);
            if !std::mem::replace(&mut heading, true) {
                out.push_str(&format!("\n# {}\n", group.title()));
            }
            let keys: Vec<String> = command.keys.iter().map(|key| format!("{key:?}")).collect();
            out.push_str(&format!("{} = [{}] # {}\n", command.word, keys.join(", "), command.help));
        }
    }
    out
}

const HEAD: &str = "\
# tenantry's screens: this is ui.toml in the configuration directory, with everything as it is without one. Copy only the
# lines that you change. What is not understood is told when the program starts, and the rest holds.

# terminal (its own sixteen colours), dark, light, high-contrast or none
theme = \"terminal\"
# unicode or ascii
signs = \"unicode\"
# Wheel and clicks. While it is off the terminal selects text; while it is on, Shift (or Option) and drag does.
mouse = false

# How lists are laid out is written here by the program, such as:
# [lists.users]
# columns = [\"name\", \"login\", \"kind\", \"groups\"]
# sort = [\"-groups\", \"name\"]

# A command has these keys instead of its own: single characters, \"ctrl-f\", \"alt-x\", \"f5\", \"enter\", \"pageup\" …;
# none: []. Enter, Esc and Ctrl-C stay what they are. In a field, letters are text.
[keys]
";

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(word: &str, keys: &[&str]) -> Wish {
        Wish { word: word.to_owned(), keys: keys.iter().map(|k| (*k).to_owned()).collect(), line: 7 }
    }

    #[test]
    fn what_is_wished_holds_and_what_cannot_be_is_told() {
        let check = |wishes: &[Wish], word: &str, keys: &str, told: &[&str]| {
            let (map, said) = KeyMap::with(wishes);
            let shown: Vec<String> = map.of(word).iter().map(|k| k.text()).collect();
            assert_eq!(shown.join(" "), keys, "{wishes:?}");
            assert_eq!(said.len(), told.len(), "{said:?}");
            for (said, part) in said.iter().zip(told) {
                assert!(said.what.contains(part) && said.line == 7, "{said:?}");
            }
        };
        check(&[], "filter", "/", &[]);
        check(&[wish("filter", &["/", "ctrl-t"])], "filter", "/ ctrl-t", &[]);
        check(&[wish("filter", &[])], "filter", "", &[]);
        check(&[wish("fliter", &["x"])], "filter", "/", &["Did you mean \"filter\""]);
        check(&[wish("zzzzzzzzzzzz", &["x"])], "filter", "/", &["no command is called"]);
        check(&[wish("filter", &["strg-f", "f6"])], "filter", "f6", &["\"strg-f\" is no key"]);
        check(&[wish("refresh", &["q"])], "refresh", "q", &["q means refresh and quit"]);
        check(&[wish("filter", &["f6"]), wish("members", &["f6"])], "members", "f6", &["f6 means"]);
        // Ingest and Browse are never there together.
        check(&[wish("pause", &["f6"]), wish("members", &["f6"])], "members", "f6", &[]);
        for key in ["ctrl-c", "esc", "enter"] {
            check(&[wish("filter", &[key, "f6"])], "filter", "f6", &["stays what it is"]);
        }
        check(&[wish("leave", &["f10"])], "leave", "f10 ctrl-c", &[]);
        check(&[wish("back", &[])], "back", "esc", &[]);
        check(&[wish("continue", &["f8"])], "continue", "f8 enter", &[]);
    }

    #[test]
    fn the_nearest_word_is_near() {
        let check = |a, b, want| assert_eq!((distance(a, b), distance(b, a)), (want, want), "{a} {b}");
        check("", "", 0);
        check("abc", "", 3);
        check("filter", "fliter", 2);
        check("open", "opens", 1);
    }

    /// `INSTA_UPDATE=always` writes it.
    #[test]
    fn the_sample_in_the_assets_is_the_table() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join("ui.toml");
        if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
            std::fs::write(&path, sample()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), sample());
        let read = crate::app::settings::read(&sample());
        assert_eq!(read.told, []);
        for command in COMMANDS {
            assert_eq!(read.keys.of(command.word), KeyMap::default().of(command.word), "{}", command.word);
        }
    }
}
