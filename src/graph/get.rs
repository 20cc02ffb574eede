//! A read: the only thing that can be asked of Graph.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a URL cannot hold as it is; everything that means something in a URL stays.
const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'#').add(b'\\').add(b'^').add(b'`');

/// What an id must not bring into a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One GET under the Graph origin, `/v1.0/…` with its query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Get {
    path: String,
    eventual: bool,
}

impl Get {
    /// `path` is everything behind the origin. Spaces in a query are encoded here; ids come through [`segment`].
    pub fn new(path: &str) -> Self {
        // A leading slash keeps whatever follows on the origin: `.evil.example` must not become part of the host.
        let slash = if path.starts_with('/') { "" } else { "/" };
        Self { path: format!("{slash}{}", utf8_percent_encode(path, UNSAFE)), eventual: false }
    }

    /// With `ConsistencyLevel: eventual`, as casts and counts need. Repeated on every page.
    #[must_use]
    pub fn eventual(mut self) -> Self {
        self.eventual = true;
        self
    }

    /// With all advanced query parameters: the header, and `$count=true`.
    #[must_use]
    pub fn advanced(mut self) -> Self {
        if !self.path.contains("$count=true") {
            let joint = if self.path.contains('?') { '&' } else { '?' };
            self.path.push(joint);
            self.path.push_str("$count=true");
        }
        self.eventual()
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn is_eventual(&self) -> bool {
        self.eventual
    }

    /// As the item of a batch names it: without the version, which the batch's own URL has.
    pub(super) fn relative(&self) -> &str {
        self.path.strip_prefix("/v1.0").unwrap_or(&self.path)
    }
}

/// An id as one segment of a path, whatever text it is.
pub fn segment(id: &str) -> String {
    utf8_percent_encode(id, SEGMENT).to_string()
}

/// A text as an OData literal inside a query: `'…'`.
pub fn text_literal(text: &str) -> String {
    format!("'{}'", utf8_percent_encode(&text.replace('\'', "''"), SEGMENT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::origin::Origin;

    #[test]
    fn a_path_stays_on_its_origin() {
        let graph = Origin::known("https://graph.microsoft.com");
        let check = |path: &str, want: &str| {
            let url = graph.join(Get::new(path).path());
            assert!(graph.contains(&url), "{path}");
            assert_eq!(url.as_str(), format!("https://graph.microsoft.com{want}"));
        };
        check("/v1.0/users?$select=id&$top=999", "/v1.0/users?$select=id&$top=999");
        check(".evil.example/v1.0", "/.evil.example/v1.0");
        check("@evil.example/v1.0", "/@evil.example/v1.0");
        check("//evil.example/v1.0", "//evil.example/v1.0");
        check("/\\evil.example/v1.0", "/%5Cevil.example/v1.0");
        check("/v1.0/users?$filter=id in (1, 2)", "/v1.0/users?$filter=id%20in%20(1,%202)");
    }

    #[test]
    fn ids_are_only_ids() {
        assert_eq!(segment("c2f798fd-f95d-4623-8824-63aec21fffff"), "c2f798fd-f95d-4623-8824-63aec21fffff");
        assert_eq!(segment("../users?x=#"), "..%2Fusers%3Fx%3D%23");
        assert_eq!(text_literal("a'b"), "'a%27%27b'");
        assert_eq!(Get::new("/v1.0/groups").relative(), "/groups");
    }
}
