//! What is said of a model: a title, lines, things to choose by number, commands, and what is asked for now.
//!
//! A page is made anew whenever something happened; only what is new in it is said.

use super::{
    choices::{self, Choice},
    pages,
    words::Lines,
};
use crate::app::{Model, Place};

/// All that there is to be said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Where one is. Another title is another page.
    pub title: String,
    pub lines: Vec<String>,
    pub rows: Vec<String>,
    /// What a row's number chooses.
    pub kind: Rows,
    /// What is to be known of the rows, such as how many there are.
    pub about_rows: Option<String>,
    pub choices: Vec<Choice>,
    /// What is waited for.
    pub ask: String,
}

/// Things that are chosen by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rows {
    #[default]
    None,
    /// Of a list of the browser: the place of the first one that is said.
    List {
        first: u64,
    },
    /// Lines of a screen, to which the cursor walks: the place of the first one that is said.
    Moves {
        first: usize,
    },
    /// Of what lies over the screen.
    Popup,
    Profiles,
    /// What a field can be, and what it is.
    Options {
        at: usize,
    },
}

/// What a screen says of itself.
#[derive(Debug, Default)]
pub struct Part {
    pub title: String,
    pub lines: Lines,
    pub rows: Vec<String>,
    pub kind: Rows,
    pub about_rows: Option<String>,
    /// What is asked for, if a field has the focus.
    pub field: Option<String>,
}

impl Part {
    pub fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }
}

impl Page {
    pub fn of(model: &Model) -> Self {
        let part = match (model.overlays.last(), model.place) {
            (Some(overlay), _) => pages::overlay::part(model, overlay),
            (None, Place::Wizard) => pages::wizard::part(model),
            (None, Place::Dashboard) => pages::dashboard::part(model),
            (None, Place::Profiles) => pages::profiles::part(model),
            (None, Place::Ingest) => pages::ingest::part(model),
            (None, Place::Browse) => pages::browse::part(model),
            (None, Place::Preview) => pages::preview::part(model),
            (None, Place::Upload) => pages::upload::part(model),
        };
        let choices = choices::of(model, &part);
        let ask = choices::ask(model, &part, &choices);
        let Part { title, lines, rows, kind, about_rows, .. } = part;
        let rows = rows.iter().map(|row| super::words::spoken(row)).collect();
        Self { title: super::words::spoken(&title), lines: lines.done(), rows, kind, about_rows, choices, ask }
    }
}

/// What was said last, so that nothing is said twice.
#[derive(Debug, Default)]
pub struct Said(Option<Page>);

impl Said {
    /// Everything is said once more.
    pub fn forget(&mut self) {
        self.0 = None;
    }

    /// This line is said again, for it is what somebody waits for.
    pub fn repeat(&mut self, line: Option<String>) {
        if let (Some(page), Some(line)) = (&mut self.0, line) {
            page.lines.retain(|said| *said != line);
        }
    }

    /// What of this page has not been said. `asked`: a person waits for a word, so that what is asked is said in any case.
    pub fn news(&mut self, page: Page, asked: bool) -> Vec<String> {
        let mut out = Vec::new();
        let before = self.0.take().filter(|before| before.title == page.title);
        if before.is_none() {
            out.extend([String::new(), format!("== {} ==", page.title)]);
        }
        let known = before.as_ref();
        out.extend(page.lines.iter().filter(|line| known.is_none_or(|b| !b.lines.contains(line))).cloned());
        let rows = known.is_none_or(|b| (&b.rows, &b.about_rows) != (&page.rows, &page.about_rows));
        if rows {
            out.extend(page.about_rows.clone());
            out.extend(page.rows.iter().enumerate().map(|(n, row)| format!("{}. {row}", n + 1)));
        }
        let after = page.rows.len();
        let moved = known.is_none_or(|b| b.rows.len() != after || b.choices != page.choices);
        if moved {
            out.extend(page.choices.iter().enumerate().map(|(n, choice)| choice.line(after + n + 1)));
        }
        // What comes by itself asks for nothing.
        if asked || rows || moved || known.is_none_or(|b| b.ask != page.ask) {
            out.push(page.ask.clone());
        }
        self.0 = Some(page);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(title: &str, lines: &[&str], rows: &[&str]) -> Page {
        let own = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        Page {
            title: title.to_owned(),
            lines: own(lines),
            rows: own(rows),
            ask: "Choose.".to_owned(),
            ..Page::default()
        }
    }

    #[test]
    fn each_thing_is_said_once() {
        let mut said = Said::default();
        let mut check = |page: Page, asked, want: &[&str]| assert_eq!(said.news(page, asked), want);
        check(page("Check", &["a"], &[]), false, &["", "== Check ==", "a", "Choose."]);
        check(page("Check", &["a"], &[]), false, &[]);
        check(page("Check", &["a"], &[]), true, &["Choose."]);
        check(page("Check", &["a", "b"], &[]), false, &["b"]);
        check(page("Check", &["a", "b"], &["Ada"]), false, &["1. Ada", "Choose."]);
        check(page("Users", &["b"], &["Ada"]), false, &["", "== Users ==", "b", "1. Ada", "Choose."]);
        check(page("Users", &["b"], &["Zoe"]), false, &["1. Zoe", "Choose."]);
        said.forget();
        let again = said.news(page("Users", &["b"], &["Zoe"]), false);
        assert_eq!(again, ["", "== Users ==", "b", "1. Zoe", "Choose."]);
    }
}
