//! From a file's text to settings and keys. What cannot be understood is told and left out.

use std::ops::Range;

use toml_edit::{Document, Item, Key, TableLike};

use super::{
    super::{
        browse::columns::{Chosen, Layout},
        keymap::{KeyMap, Told, Wish},
        views::{Signs, Theme},
    },
    Settings,
};
use crate::domain::column::{Column, Sort};

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Read {
    pub settings: Settings,
    pub keys: KeyMap,
    pub told: Vec<Told>,
}

impl Read {
    /// What is wrong, for people: with the file, the line and the next step.
    pub fn told(&self, file: &str) -> Vec<String> {
        let end = |what: &str| if what.ends_with('?') { "" } else { "." };
        self.told.iter().map(|told| format!("{file}, line {}: {}{}", told.line, told.what, end(&told.what))).collect()
    }
}

pub fn read(text: &str) -> Read {
    let mut reader = Reader { text, out: Read::default() };
    match Document::parse(text) {
        Ok(document) => reader.all(document.as_table()),
        Err(error) => {
            let what = format!(
                "{}. Nothing of the file is used until this is mended",
                error.message().lines().collect::<Vec<_>>().join(", ")
            );
            reader.tell(error.span(), what);
        }
    }
    reader.out.told.sort();
    reader.out
}

struct Reader<'a> {
    text: &'a str,
    out: Read,
}

impl Reader<'_> {
    fn line(&self, span: Option<Range<usize>>) -> usize {
        let end = span.map_or(0, |span| span.start).min(self.text.len());
        1 + self.text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count()
    }

    fn tell(&mut self, span: Option<Range<usize>>, what: impl Into<String>) {
        let line = self.line(span);
        self.out.told.push(Told { line, what: what.into() });
    }

    fn all(&mut self, table: &dyn TableLike) {
        for (name, key, item) in entries(table) {
            let span = key.span();
            match name {
                "theme" => {
                    self.out.settings.theme = self.word(item, span, Theme::of_word, &words(Theme::ALL.map(Theme::word)))
                }
                "signs" => {
                    self.out.settings.signs = self.word(item, span, Signs::of_word, &words(Signs::ALL.map(Signs::word)))
                }
                "mouse" => match item.as_bool() {
                    Some(on) => self.out.settings.mouse = Some(on),
                    None => self.tell(span, "mouse is true or false"),
                },
                "lists" => match item.as_table_like() {
                    Some(lists) => self.lists(lists),
                    None => self.tell(span, "lists are tables, such as [lists.users]"),
                },
                "keys" => match item.as_table_like() {
                    Some(keys) => self.keys(keys),
                    None => {
                        self.tell(span, "keys are a table: [keys], then lines such as filter = [\"/\", \"ctrl-f\"]")
                    }
                },
                _ => self.tell(
                    span,
                    format!("there is no setting \"{name}\". There are theme, signs, mouse, lists and keys"),
                ),
            }
        }
    }

    fn word<T>(&mut self, item: &Item, span: Option<Range<usize>>, of: fn(&str) -> Option<T>, all: &str) -> Option<T> {
        let found = item.as_str().and_then(of);
        if found.is_none() {
            self.tell(span, format!("this is one of {all}"));
        }
        found
    }

    fn lists(&mut self, lists: &dyn TableLike) {
        for (name, key, item) in entries(lists) {
            let (Some(layout), Some(table)) = (Layout::of_word(name), item.as_table_like()) else {
                let all = words(Layout::ALL.map(Layout::word));
                self.tell(key.span(), format!("there is no list \"{name}\". Lists are {all}"));
                continue;
            };
            let mut chosen = Chosen::default();
            for (name, key, item) in entries(table) {
                let all: Vec<(String, Option<Range<usize>>)> = texts(item);
                match name {
                    "columns" => {
                        let columns: Vec<Column> = all
                            .into_iter()
                            .filter_map(|(word, span)| self.column(layout, &word, span.or_else(|| key.span())))
                            .collect();
                        chosen.columns = (!columns.is_empty()).then_some(columns);
                    }
                    "sort" => {
                        for (word, span) in all {
                            let (descending, word) =
                                word.strip_prefix('-').map_or((false, word.as_str()), |rest| (true, rest));
                            if let Some(column) = self.column(layout, word, span.or_else(|| key.span())) {
                                chosen.sort.push(Sort { column, descending });
                            }
                        }
                    }
                    _ => self.tell(key.span(), format!("a list has no \"{name}\": it has columns and sort")),
                }
            }
            if chosen != Chosen::default() {
                self.out.settings.layouts.insert(layout, chosen);
            }
        }
    }

    fn column(&mut self, layout: Layout, word: &str, span: Option<Range<usize>>) -> Option<Column> {
        let found = Column::of_word(word).filter(|column| layout.offers().contains(column));
        if found.is_none() {
            let all = words(layout.offers().into_iter().map(Column::word));
            self.tell(span, format!("{} have no column \"{word}\". They have {all}", layout.word()));
        }
        found
    }

    fn keys(&mut self, table: &dyn TableLike) {
        let mut wishes = Vec::new();
        for (name, key, item) in entries(table) {
            let is_texts = item.is_str() || item.as_array().is_some_and(|all| all.iter().all(|value| value.is_str()));
            if !is_texts {
                self.tell(key.span(), format!("keys are written as {name} = [\"f6\", \"ctrl-t\"]"));
                continue;
            }
            let keys = texts(item).into_iter().map(|(text, _)| text).collect();
            wishes.push(Wish { word: name.to_owned(), keys, line: self.line(key.span()) });
        }
        let (keys, told) = KeyMap::with(&wishes);
        self.out.keys = keys;
        self.out.told.extend(told);
    }
}

/// With their keys, which know where they stand.
fn entries(table: &dyn TableLike) -> Vec<(&str, &Key, &Item)> {
    table.iter().filter_map(|(name, _)| table.get_key_value(name).map(|(key, item)| (name, key, item))).collect()
}

/// A text, or a list of them.
fn texts(item: &Item) -> Vec<(String, Option<Range<usize>>)> {
    match (item.as_str(), item.as_array()) {
        (Some(one), _) => vec![(one.to_owned(), item.span())],
        (None, Some(all)) => all.iter().filter_map(|v| v.as_str().map(|text| (text.to_owned(), v.span()))).collect(),
        (None, None) => Vec::new(),
    }
}

fn words(all: impl IntoIterator<Item = &'static str>) -> String {
    all.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_understood_holds_and_the_rest_is_told_with_its_line() {
        let text = r#"# mine
theme = "light"
signs = "runes"
colour = "blue"
mouse = true

[lists.users]
columns = ["name", "dept", "shoes"]
sort = ["-created", "name"]

[lists.pets]
columns = ["name"]

[keys]
filter = ["/", "ctrl-t"]
fliter = "f7"
refresh = 5
quit = ["strg-q", "Q"]
"#;
        let read = read(text);
        assert_eq!(
            (read.settings.theme, read.settings.signs, read.settings.mouse),
            (Some(Theme::Light), None, Some(true))
        );
        let users = &read.settings.layouts[&Layout::Users];
        assert_eq!(users.columns.as_deref(), Some([Column::Name, Column::Department].as_slice()));
        assert_eq!(users.sort[0], Sort { column: Column::Created, descending: true });
        assert_eq!(read.keys.of("filter").len(), 2);
        assert_eq!(read.keys.of("quit").len(), 1);
        let said = read.told("ui.toml");
        let check = |line: usize, words: &str| {
            let found = said.iter().any(|s| s.starts_with(&format!("ui.toml, line {line}:")) && s.contains(words));
            assert!(found, "{words}: {said:#?}");
        };
        check(3, "unicode, ascii");
        check(4, "no setting \"colour\"");
        check(8, "no column \"shoes\"");
        check(11, "no list \"pets\"");
        check(16, "Did you mean \"filter\"");
        check(17, "keys are written as");
        check(18, "\"strg-q\" is no key");
        assert_eq!(said.len(), 7, "{said:#?}");
    }

    #[test]
    fn a_file_that_is_no_toml_is_told_and_nothing_else() {
        let read = read("theme = \"dark\"\nmouse = maybe\n");
        assert_eq!(read.settings, Settings::default());
        assert_eq!((read.told.len(), read.told[0].line), (1, 2), "{:?}", read.told);
        assert!(read.told[0].what.contains("until this is mended"), "{:?}", read.told);
        assert_eq!(super::read(""), Read::default());
    }
}
