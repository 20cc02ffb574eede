//! Lists that are none of objects, as tables for other programs: what differs, runs, findings, requests. Which columns
//! there are and what stands in them; how a table is written is [`Sheet`](super::sheet::Sheet)'s.

use super::{
    column::Cell,
    difference,
    explore::{DiffRow, Finding},
    filter::Scope,
    planned::Planned,
    request::Request,
    view::RunInfo,
};

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// For programs.
    pub word: &'static str,
    /// For people.
    pub title: &'static str,
    pub is_number: bool,
}

/// Something that is a line of a table.
pub trait Lined {
    const HEADS: &'static [Head];

    /// A cell for each head. Texts are as stored.
    fn cells(&self) -> Vec<Cell>;
}

/// Lines that are at hand, as a list's filter and order leave them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    pub of: Scope,
    pub heads: &'static [Head],
    pub rows: Vec<Vec<Cell>>,
}

impl Lines {
    pub fn of<'a, T: Lined + 'a>(of: Scope, all: impl IntoIterator<Item = &'a T>) -> Self {
        Self { of, heads: T::HEADS, rows: all.into_iter().map(Lined::cells).collect() }
    }
}

const fn text(word: &'static str, title: &'static str) -> Head {
    Head { word, title, is_number: false }
}

const fn number(word: &'static str, title: &'static str) -> Head {
    Head { word, title, is_number: true }
}

fn word(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

fn some(text: Option<&String>) -> Cell {
    text.map_or(Cell::Empty, |text| Cell::Text(text.clone()))
}

impl Lined for RunInfo {
    const HEADS: &'static [Head] = &[
        number("run", "run"),
        text("started_at", "began"),
        text("finished_at", "ended"),
        text("kind", "reads"),
        text("status", "status"),
        number("gaps", "gaps"),
        number("requests", "requests"),
        number("resource_units", "units"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::Number(self.id.0.unsigned_abs()),
            Cell::Time(self.started_at),
            self.finished_at.map_or(Cell::Empty, Cell::Time),
            word(self.kind.as_str()),
            word(self.status.as_str()),
            Cell::Number(self.open_gaps()),
            Cell::Number(self.requests),
            Cell::Number(self.resource_units),
        ]
    }
}

impl Lined for Finding {
    const HEADS: &'static [Head] = &[
        text("severity", "severity"),
        text("about", "about"),
        text("id", "id"),
        text("what", "what"),
        text("means", "means"),
        text("next", "next"),
        text("code", "code"),
        text("request_id", "request id"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            word(self.severity.as_str()),
            word(&self.about),
            some(self.id.as_ref()),
            word(&self.what),
            word(&self.means),
            word(&self.next),
            some(self.code.as_ref()),
            some(self.request_id.as_ref()),
        ]
    }
}

impl Lined for DiffRow {
    const HEADS: &'static [Head] = &[
        text("change", "change"),
        text("from", "from"),
        text("name", "name"),
        text("login", "login or mail"),
        text("type", "type"),
        text("kind", "kind"),
        text("id", "id"),
        text("from_id", "from id"),
        text("edge", "edge"),
        text("what", "what is different"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let edge = self.edge.as_ref();
        let what: Vec<String> = self.fields.iter().map(difference::words).collect();
        vec![
            word(self.change.as_str()),
            edge.map_or(Cell::Empty, |edge| word(&edge.from_name)),
            word(&self.name),
            word(&self.second),
            word(self.kind.as_str()),
            word(&self.label),
            word(&self.id),
            edge.map_or(Cell::Empty, |edge| word(&edge.from_id)),
            edge.map_or(Cell::Empty, |edge| word(&edge.edge_type)),
            word(&what.join("; ")),
        ]
    }
}

impl Lined for Planned {
    const HEADS: &'static [Head] = &[
        text("will", "will"),
        text("type", "type"),
        text("from", "from"),
        text("name", "name"),
        text("key", "key"),
        text("id", "id"),
        text("from_id", "from id"),
        text("cause", "why it is deleted"),
        text("what", "what changes"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let from = self.from.as_ref();
        let changes: Vec<String> = self.fields.iter().flatten().map(difference::words).collect();
        vec![
            word(self.deed.word()),
            word(&self.object_type),
            from.map_or(Cell::Empty, |from| word(&from.name)),
            word(&self.end.name),
            word(&self.key),
            word(&self.end.id),
            from.map_or(Cell::Empty, |from| word(&from.id)),
            self.cause.map_or(Cell::Empty, |cause| word(cause.word())),
            word(&changes.join("; ")),
        ]
    }
}

/// A request with its number in its log.
impl Lined for (u64, Request) {
    const HEADS: &'static [Head] = &[
        number("number", "number"),
        text("at", "time"),
        text("service", "service"),
        text("method", "method"),
        text("origin", "to"),
        text("path", "path"),
        text("query", "query"),
        number("status", "status"),
        text("code", "code"),
        number("units", "units"),
        number("ms", "ms"),
        number("attempt", "attempt"),
        number("reads", "reads"),
        number("failed_reads", "failed reads"),
        text("request_id", "request id"),
        text("client_request_id", "client request id"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let (number, request) = self;
        vec![
            Cell::Number(*number),
            Cell::Time(request.at),
            word(request.service.as_str()),
            word(&request.method),
            word(&request.origin),
            word(&request.path),
            word(&request.query),
            request.status.map_or(Cell::Empty, |status| Cell::Number(u64::from(status))),
            some(request.code.as_ref()),
            request.units.map_or(Cell::Empty, Cell::Number),
            Cell::Number(u64::from(request.ms)),
            Cell::Number(u64::from(request.attempt)),
            Cell::Number(request.items.len() as u64),
            Cell::Number(request.failed_items() as u64),
            some(request.request_id.as_ref()),
            some(request.client_request_id.as_ref()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::domain::{
        explore::{Change, FieldChange, Severity, TextForm},
        kind::EntityKind,
        planned::{Cause, Deed, End},
        request::Service,
        sheet::Sheet,
        view::EdgeEnds,
    };

    fn csv<T: Lined>(one: &T) -> String {
        assert_eq!(one.cells().len(), T::HEADS.len());
        let mut sheet = Sheet::new(TextForm::Csv, Vec::new());
        let mut out = String::new();
        sheet.row(&one.cells(), &mut out);
        out.trim_end().to_owned()
    }

    #[test]
    fn each_line_says_all_that_is_known() {
        let finding = Finding {
            severity: Severity::Failed,
            about: "the members of Board".to_owned(),
            id: Some("g-7".to_owned()),
            what: "=1+1".to_owned(),
            means: String::new(),
            next: "Grant it.".to_owned(),
            code: None,
            request_id: Some("7b12".to_owned()),
            again: None,
        };
        assert_eq!(csv(&finding), "failed,the members of Board,g-7,'=1+1,,Grant it.,,7b12");
        let field = FieldChange { field: "jobTitle".to_owned(), before: json!(null), now: json!(["a", "b"]) };
        let mut row = DiffRow {
            change: Change::Changed,
            id: "u1".to_owned(),
            kind: EntityKind::User,
            name: "Ada".to_owned(),
            second: "ada@x".to_owned(),
            label: "guest".to_owned(),
            edge: None,
            fields: vec![field],
        };
        assert_eq!(csv(&row), "changed,,Ada,ada@x,user,guest,u1,,,\"jobTitle: nothing → a, b\"");
        row.edge = Some(EdgeEnds {
            from_id: "g1".to_owned(),
            from_name: "Golf".to_owned(),
            edge_type: "has".to_owned(),
            mapped: false,
        });
        row.fields.clear();
        assert_eq!(csv(&row), "changed,Golf,Ada,ada@x,user,guest,u1,g1,has,");
        let end = |id: &str, name: &str| End { id: id.to_owned(), name: name.to_owned(), kind: None };
        let planned = Planned {
            deed: Deed::Delete,
            object_type: "t_has_u".to_owned(),
            key: "g1|has|u1".to_owned(),
            end: end("u1", "=cmd()"),
            from: Some(end("g1", "Golf")),
            cause: Some(Cause::User),
            fields: None,
        };
        assert_eq!(csv(&planned), "delete,t_has_u,Golf,'=cmd(),g1|has|u1,u1,g1,user,");
        let field = FieldChange { field: "email".to_owned(), before: json!("a@x"), now: json!("b@x") };
        let changed = Planned { deed: Deed::Change, from: None, cause: None, fields: Some(vec![field]), ..planned };
        assert_eq!(csv(&changed), "change,t_has_u,,'=cmd(),g1|has|u1,u1,,,email: a@x → b@x");
        let url = "https://graph.microsoft.com/v1.0/users?$top=5".parse().unwrap();
        let request = Request::new(Timestamp::UNIX_EPOCH, Service::Graph, "GET", &url);
        let want = "3,1970-01-01T00:00:00Z,graph,GET,https://graph.microsoft.com,/v1.0/users,$top=5,,,,0,1,0,0,,";
        assert_eq!(csv(&(3_u64, request)), want);
    }
}
