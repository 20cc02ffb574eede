//! What helps to write a filter: completion, the nearest word, and switching a part on and off.

use super::{Field, Filter, Scope, parse, parse::tokens, table::FIELDS};

/// How the word at the end of a filter may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The whole filter then.
    pub filter: String,
    /// The part that is completed: `type:`, `type:guest`.
    pub part: String,
    /// For people.
    pub what: &'static str,
}

/// How a filter may go on: fields whose words begin like its last part, or values of the field that it names.
pub fn complete(text: &str, scope: Scope) -> Vec<Completion> {
    let last = tokens(text).pop().filter(|last| last.at + last.typed.len() == text.len());
    let (before, part) = match &last {
        Some(last) => text.split_at(last.at),
        None => (text, ""),
    };
    let bare = part.trim_start_matches('!');
    let nots = &part[..part.len() - bare.len()];
    let completion = |part: String, what| Completion {
        filter: format!("{before}{nots}{part}"),
        part: format!("{nots}{part}"),
        what,
    };
    if let Some((word, value)) = bare.split_once(':') {
        let Some(info) = Field::of_word(word).map(Field::info) else { return Vec::new() };
        let value = value.to_ascii_lowercase();
        let values = info.values_of(scope).iter().filter(|v| v.starts_with(&value) && **v != value);
        return values.map(|v| completion(format!("{word}:{v}"), info.what)).collect();
    }
    let begun = bare.to_ascii_lowercase();
    let fields = FIELDS.iter().filter(|info| info.is_of(scope) && info.word.starts_with(&begun));
    fields.map(|info| completion(format!("{}:", info.word), info.what)).collect()
}

/// Whether a filter says already all that `words` say.
pub fn has(text: &str, words: &str, scope: Scope) -> bool {
    let (filter, words) = (parse(text, scope).0, parse(words, scope).0);
    words.terms.iter().all(|term| filter.terms.contains(term))
}

/// The filter with `words` added, or, where it says them already, without them.
pub fn toggled(text: &str, words: &str, scope: Scope) -> String {
    let (adds, typed) = (!has(text, words, scope), text.trim_start());
    if adds {
        return if typed.is_empty() { words.to_owned() } else { format!("{} {words}", closed(typed)) };
    }
    let gone: Filter = parse(words, scope).0;
    let stays = |part: &&str| !parse(part, scope).0.terms.iter().any(|term| gone.terms.contains(term));
    tokens(text).iter().map(|token| token.typed).filter(stays).collect::<Vec<_>>().join(" ")
}

/// A filter to which more can be added: a quote that is still open is closed.
fn closed(text: &str) -> String {
    if !tokens(text).last().is_some_and(|last| last.is_open()) {
        return text.trim_end().to_owned();
    }
    // A backslash that has nothing behind it yet would take the quote for itself.
    let slashes = text.len() - text.trim_end_matches('\\').len();
    format!("{}\"", &text[..text.len() - slashes % 2])
}

pub(super) fn field_words(scope: Scope) -> impl Iterator<Item = &'static str> {
    FIELDS
        .iter()
        .filter(move |info| info.is_of(scope))
        .flat_map(|info| std::iter::once(info.word).chain(info.also.iter().copied()))
}

/// The known word that is at most two letters away, if any is: the nearest one.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = match word.len() {
        0..5 => 1,
        5..32 => 2,
        // Whatever was pasted here, it is none of ours.
        _ => return None,
    };
    known.map(|k| (distance(word, k), k)).filter(|(d, _)| *d <= most).min_by_key(|(d, _)| *d).map(|(_, k)| k)
}

/// How many letters must be changed, added, taken away, or swapped with their neighbour, to make one of the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        rows[i][0] = i;
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}
