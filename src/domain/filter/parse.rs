//! From what a person types to a [`Filter`]. Never fails, and takes half a filter for what it is: somebody is typing.

use super::{Dates, Field, Filter, Flag, How, Numbers, Scope, Shape, Term, Test, Text, help, key};

/// What could not be understood, and what it may have been meant to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// As typed.
    pub part: String,
    /// What is wrong: for who takes no rows for an answer that the filter did not ask for.
    pub wrong: String,
    /// The same with what is done about it: for who is typing.
    pub words: String,
}

/// What is wrong with a part, and whether that is taken as text.
enum Wrong {
    AsText(String),
    AsItIs(String),
}

impl Wrong {
    fn of(self, part: &str) -> Complaint {
        let part = part.to_owned();
        match self {
            Self::AsItIs(wrong) => Complaint { part, words: wrong.clone(), wrong },
            Self::AsText(wrong) => {
                let stop = if wrong.ends_with('?') { "" } else { "." };
                Complaint { part, words: format!("{wrong}{stop} It is searched for as text."), wrong }
            }
        }
    }
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words)
    }
}

/// Reads a filter of these rows, and what of it could not be understood.
pub fn parse(text: &str, scope: Scope) -> (Filter, Vec<Complaint>) {
    let mut filter = Filter::default();
    let mut complaints = Vec::new();
    for token in tokens(text) {
        let (test, complaint) = test(&token, scope);
        filter.terms.extend(test.map(|test| Term { not: token.not, test }));
        complaints.extend(complaint.map(|wrong| wrong.of(token.typed)));
    }
    (filter, complaints)
}

/// One part of a filter, taken apart but not understood.
#[derive(Debug)]
pub(super) struct Token<'a> {
    /// As typed, and where.
    pub typed: &'a str,
    pub at: usize,
    not: bool,
    /// What stands before a colon, if it can be a field's word.
    field: Option<&'a str>,
    body: Body,
}

/// Operators and a text.
#[derive(Debug, Default)]
struct Body {
    sign: Option<char>,
    text: String,
    /// A `$` behind it.
    to_end: bool,
    quotes: Quotes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Quotes {
    #[default]
    None,
    Closed,
    /// There is no second one.
    Open,
}

impl Token<'_> {
    /// Whether what comes behind it would be a part of it.
    pub(super) fn is_open(&self) -> bool {
        self.body.quotes == Quotes::Open
    }
}

pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let began = rest;
        let after_not = rest.trim_start_matches('!');
        let not = (rest.len() - after_not.len()) % 2 == 1;
        rest = after_not;
        let field = field_word(rest);
        if let Some(word) = field {
            rest = &rest[word.len() + 1..];
        }
        let (body, behind) = body(rest);
        let typed = &began[..began.len() - behind.len()];
        all.push(Token { typed, at: text.len() - began.len(), not, field, body });
        rest = behind.trim_start();
    }
    all
}

/// The letters before a colon, where there are such.
fn field_word(text: &str) -> Option<&str> {
    let length = text.find(|c: char| !c.is_ascii_alphabetic())?;
    (length > 0 && text[length..].starts_with(':')).then(|| &text[..length])
}

fn body(text: &str) -> (Body, &str) {
    let sign = text.chars().next().filter(|c| matches!(c, '\'' | '^' | '~'));
    let text = &text[sign.map_or(0, char::len_utf8)..];
    if let Some(quoted) = text.strip_prefix('"') {
        let (text, end) = unquoted(quoted);
        let (mut rest, quotes) = end.map_or(("", Quotes::Open), |rest| (rest, Quotes::Closed));
        let to_end = !matches!(sign, Some('\'' | '~')) && rest.starts_with('$');
        if to_end {
            rest = &rest[1..];
        }
        return (Body { sign, text, to_end, quotes }, rest);
    }
    let length = text.find(char::is_whitespace).unwrap_or(text.len());
    let (mut word, rest) = text.split_at(length);
    let mut to_end = false;
    if !matches!(sign, Some('\'' | '~'))
        && let Some(shorter) = word.strip_suffix('$')
    {
        (word, to_end) = (shorter, true);
    }
    (Body { sign, text: clean(word), to_end, quotes: Quotes::None }, rest)
}

/// What lies between quotes, the first of which is gone, and what is behind the second one, if there is one.
fn unquoted(text: &str) -> (String, Option<&str>) {
    let mut out = String::new();
    let mut all = text.char_indices();
    while let Some((at, c)) = all.next() {
        match c {
            '"' => return (clean(&out), Some(&text[at + 1..])),
            '\\' => out.extend(all.next().map(|(_, c)| c)),
            c => out.push(c),
        }
    }
    (clean(&out), None)
}

/// Texts are searched line by line: what no line holds is a space.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl Body {
    fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn is_plain(&self) -> bool {
        self.sign.is_none() && !self.to_end && self.quotes == Quotes::None
    }

    fn text(&self) -> Text {
        let how = match (self.sign, self.to_end) {
            (Some('\''), _) => How::Word,
            (Some('~'), _) => How::Fuzzy,
            (Some(_), true) => How::Whole,
            (Some(_), false) => How::Begins,
            (None, true) => How::Ends,
            (None, false) => How::Occurs,
        };
        Text { how, needle: self.text.to_lowercase() }
    }

    /// As typed, but for quotes.
    fn typed(&self) -> String {
        let sign = self.sign.map(String::from).unwrap_or_default();
        format!("{sign}{}{}", self.text, if self.to_end { "$" } else { "" })
    }
}

/// What a part asks for, and what is wrong with it. Half a part asks for nothing.
fn test(token: &Token<'_>, scope: Scope) -> (Option<Test>, Option<Wrong>) {
    let body = &token.body;
    let Some(word) = token.field else {
        return ((!body.is_empty()).then(|| Test::Anywhere(body.text())), None);
    };
    let as_text =
        || Test::Anywhere(Text { how: How::Occurs, needle: format!("{word}:{}", body.typed()).to_lowercase() });
    let Some(field) = Field::of_word(word) else {
        let words = match help::nearest(&word.to_ascii_lowercase(), help::field_words(scope)) {
            Some(meant) => format!("no field is called {word}: is {meant}: meant?"),
            None => format!("no field is called {word}"),
        };
        return (Some(as_text()), Some(Wrong::AsText(words)));
    };
    if body.is_empty() {
        return (None, None);
    }
    match field_test(field, body) {
        Ok(test) => {
            let complaint = (!field.info().is_of(scope))
                .then(|| format!("{word}: says nothing about {}: no row has it.", scope.plural()))
                .or_else(|| unheard_of(&test, scope))
                .map(Wrong::AsItIs);
            (Some(test), complaint)
        }
        Err(expected) => {
            let words = format!("{word}: takes {expected}, not {}", body.typed());
            (Some(as_text()), Some(Wrong::AsText(words)))
        }
    }
}

/// A test of a known field; else what it takes instead.
fn field_test(field: Field, body: &Body) -> Result<Test, String> {
    let info = field.info();
    let text = body.typed();
    match info.shape {
        Shape::Text => Ok(match body.text.to_lowercase().as_str() {
            "none" if body.is_plain() && info.values.contains(&"none") => Test::Has(field, false),
            "any" if body.is_plain() && info.values.contains(&"any") => Test::Has(field, true),
            _ => Test::In(field, body.text()),
        }),
        Shape::Word => match key(&text) {
            word if word.is_empty() => Err(one_of(info.values)),
            word => Ok(Test::One(field, synonym(word))),
        },
        Shape::Flag => flag(field, &key(&text)).ok_or_else(|| one_of(info.values)),
        Shape::YesNo => match text.to_lowercase().as_str() {
            "true" | "yes" | "y" | "on" | "1" => Ok(Test::Yes(field, true)),
            "false" | "no" | "n" | "off" | "0" => Ok(Test::Yes(field, false)),
            _ => Err(one_of(info.values)),
        },
        Shape::Number => Numbers::parse(&text)
            .map(|numbers| Test::Number(field, numbers))
            .ok_or_else(|| "a number (5, >5, <=5, 2..5)".to_owned()),
        Shape::Date => Dates::parse(&text)
            .map(|dates| Test::Date(field, dates))
            .ok_or_else(|| "a date (2020, >2020-05, <2020-05-01, 2019..2021)".to_owned()),
    }
}

fn flag(field: Field, word: &str) -> Option<Test> {
    if let Some(flag) = Flag::ALL.into_iter().find(|flag| flag.words() == (field, word)) {
        return Some(Test::Is(flag));
    }
    // What is said in other words as well.
    match (field, word) {
        (Field::Is, "guest") => Some(Test::One(Field::Type, word.to_owned())),
        (Field::Is, "disabled") => Some(Test::Yes(Field::Enabled, false)),
        (Field::Is, "enabled") => Some(Test::Yes(Field::Enabled, true)),
        (Field::Is, "dynamic") => Some(Test::Yes(Field::Dynamic, true)),
        (Field::Is, "synced") => Some(Test::Yes(Field::Synced, true)),
        (Field::Is, "role" | "roleassignable") => Some(Test::Yes(Field::RoleAssignable, true)),
        (Field::Is, "cyclic") => Some(Test::Is(Flag::InCycle)),
        (Field::In, "none") => Some(Test::Is(Flag::InNothing)),
        (Field::In, "any" | "groups") => Some(Test::Is(Flag::InGroup)),
        _ => None,
    }
}

/// Other words that people have for a type.
fn synonym(word: String) -> String {
    match word.as_str() {
        "m365" | "unified" | "office365" | "o365" => "microsoft365".to_owned(),
        "sp" | "principal" => "serviceprincipal".to_owned(),
        "hiddenmembership" => "hidden".to_owned(),
        "orgcontact" => "contact".to_owned(),
        "mailenabledsecurity" => "mailsecurity".to_owned(),
        _ => word,
    }
}

/// A word that is close to one that is known is told, though it is asked for: new ones turn up.
fn unheard_of(test: &Test, scope: Scope) -> Option<String> {
    let Test::One(field, word) = test else { return None };
    let info = field.info();
    let values = info.values_of(scope);
    if values.iter().any(|value| key(value) == *word) {
        return None;
    }
    let Some(meant) = help::nearest(word, values.iter().copied()) else {
        // An upload knows no types but its own.
        let is_foreign = (*field, scope) == (Field::Type, Scope::Planned);
        return is_foreign.then(|| format!("nothing of the type {word} is ever sent"));
    };
    Some(format!("no {} is known as {word}: is {}:{meant} meant?", info.word, info.word))
}

fn one_of(values: &[&str]) -> String {
    match values {
        [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
        values => values.join(", "),
    }
}
