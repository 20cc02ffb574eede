//! Answers into types, and why they did not fit: cut off (sent again), or of another shape (the JSON path is named).

use serde::Deserialize;
use serde_json::error::Category;

/// Why an answer could not be read.
#[derive(Debug, PartialEq)]
pub(super) enum Undecodable {
    /// No JSON, or only its beginning: the answer of a gateway, a broken connection. Worth asking again.
    Cut(String),
    /// JSON of another shape: asking again would not help.
    Shape(String),
}

pub(super) fn json<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Undecodable> {
    // To keep track of the path costs as much as the reading: only who fails is read again for it.
    serde_json::from_slice(body).or_else(|_| with_path(body))
}

fn with_path<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Undecodable> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            Category::Data => Undecodable::Shape(format!("at {path}: {inner}")),
            Category::Syntax | Category::Eof | Category::Io => Undecodable::Cut(inner.to_string()),
        }
    })?;
    reader.end().map_err(|error| Undecodable::Cut(error.to_string()))?;
    Ok(value)
}

/// The bare number of a `$count`, as `text/plain`; some clients have seen a byte order mark before it.
pub(super) fn number(body: &[u8]) -> Result<u64, Undecodable> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    text.parse().map_err(|_| Undecodable::Cut("not a number".to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct List {
        #[expect(dead_code)]
        value: Vec<Entry>,
    }

    #[derive(Debug, Deserialize)]
    struct Entry {
        #[expect(dead_code)]
        id: String,
    }

    #[test]
    fn what_is_cut_is_told_from_what_is_other() {
        let check = |body: &str, want: &str| {
            let got = match json::<List>(body.as_bytes()) {
                Ok(_) => "whole".to_owned(),
                Err(Undecodable::Cut(_)) => "cut".to_owned(),
                Err(Undecodable::Shape(why)) => why,
            };
            assert!(got.starts_with(want), "{body}: {got}");
        };
        check(r#"{"value":[{"id":"a"}]}"#, "whole");
        check(r#"{"value":[{"id":"a"}]} "#, "whole");
        check(r#"{"value":[{"id":"a"}]"#, "cut");
        check(r#"{"value":[{"id":"a"#, "cut");
        check("", "cut");
        check("<html><body>Bad gateway</body></html>", "cut");
        check(r#"{"value":[]}<!-- appended -->"#, "cut");
        check(r#"{"value":[{"id":"a"},{"id":7}]}"#, "at value[1].id: invalid type: integer `7`, expected a string");
        check(r#"{"values":[]}"#, "at ");
    }

    #[test]
    fn raw_text_survives() {
        #[derive(Deserialize)]
        struct Raw {
            value: Vec<Box<RawValue>>,
        }
        let raw: Raw = json(br#"{"value":[{"id" : "a", "n":1.50}]}"#).unwrap();
        assert_eq!(raw.value[0].get(), r#"{"id" : "a", "n":1.50}"#);
    }

    #[test]
    fn counts() {
        let check = |body: &[u8], want: Option<u64>| assert_eq!(number(body).ok(), want, "{body:?}");
        check(b"893", Some(893));
        check(b"\xef\xbb\xbf893\r\n", Some(893));
        check(b" 0 ", Some(0));
        check(b"", None);
        check(b"{\"error\":1}", None);
        check(b"-1", None);
    }
}
