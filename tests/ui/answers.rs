//! What the scripted engine says of a run: rows in columns, facets, differences, runs, findings.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use tenantry::domain::{
    column::{Cell, Column},
    completeness::RunStatus,
    explore::{Again, Answer, Change, DiffQuery, DiffRow, DiffRows, Facet, FieldChange, Finding, Question, Severity},
    filter::{self, Scope},
    ids::RunId,
    kind::EntityKind,
    problem::Problem,
    view::{EdgeEnds, Pending, Query, Rows},
};

use super::fake::{Fake, row, run};

impl Fake {
    pub async fn answer(&self, of: RunId, question: Question) -> Result<Answer, Problem> {
        if let Some(problem) = self.script.lock().unwrap().mute.clone() {
            return Err(problem);
        }
        Ok(match question {
            Question::Rows(query) => Answer::Rows(self.in_time(query).await),
            Question::Facets(query) => Answer::Facets(facets(&query)),
            Question::Planned(query) => {
                self.script.lock().unwrap().planned.push(query.clone());
                Answer::Planned(Box::new(super::objects::answer(query)))
            }
            Question::PlannedFacets(query) => Answer::Facets(super::objects::facets(&query)),
            Question::Runs => Answer::Runs(self.script.lock().unwrap().runs.clone()),
            Question::Problems => Answer::Problems(findings()),
            Question::Requests(query) => Answer::Requests(Box::new(super::logs::answer(query))),
            Question::Diff { since, query } => {
                self.script.lock().unwrap().compared.push((since, of));
                Answer::Diff(Box::new(diff(query)))
            }
            Question::Copy(whole, form) => {
                self.script.lock().unwrap().taken.push((whole, form));
                Answer::Copied { text: "name\nAda\n".to_owned(), rows: 12 }
            }
            Question::Export(whole, form) => {
                self.script.lock().unwrap().taken.push((whole, form));
                Answer::Exported { path: "/home/ada/contoso-users.csv".to_owned(), rows: 12 }
            }
            Question::Near(query) => {
                let near = super::near::near(&query);
                self.script.lock().unwrap().around.push(query);
                Answer::Near(Box::new(near))
            }
            Question::Draw(query, drawing) => {
                let near = super::near::near(&query);
                self.script.lock().unwrap().drawn.push((query, drawing));
                let path = format!("/home/ada/neighbourhood-run-{of}.{}", drawing.ending());
                Answer::Drawn { path, objects: near.steps.len() as u64, notes: near.left_out() }
            }
            question => super::told::answer(&question),
        })
    }

    /// At once, or where the script says so in two steps: what there is, and after a second the whole.
    async fn in_time(&self, query: Query) -> Rows {
        let slow = self.script.lock().unwrap().slow;
        let whole = query.whole;
        let mut rows = self.rows(query);
        let scope = Scope::from(rows.query.list);
        let complaints = filter::parse(&rows.query.filter, scope).1;
        rows.filter_problem = complaints.into_iter().next().map(|complaint| complaint.words);
        match slow {
            Some(_) if whole => tokio::time::sleep(Duration::from_secs(1)).await,
            Some(pending) => {
                rows.pending = Some(pending);
                match pending {
                    // Of the order and the filter of before.
                    Pending::Loading | Pending::Sorting => {
                        let plain = Query { sort: Vec::new(), ..rows.query.clone() };
                        rows.rows = self.rows(plain).rows;
                    }
                    Pending::Filtering => {
                        rows.total = rows.total.min(3);
                        rows.rows.truncate(3);
                    }
                }
            }
            None => {}
        }
        rows
    }
}

/// What stands in a column of the nth row.
pub fn cell(column: Column, n: u64) -> Cell {
    match column {
        Column::Department if n % 4 == 3 => Cell::Empty,
        Column::Department => Cell::Text(["Sales", "人事部 Human Resources", "Finance"][n as usize % 3].to_owned()),
        Column::JobTitle => Cell::Text("Countess\x1b[5m".to_owned()),
        Column::Enabled | Column::Synced => Cell::Yes(n.is_multiple_of(2)),
        Column::Created => Cell::Time("2021-03-04T23:30:00Z".parse().unwrap()),
        Column::InGroups => Cell::Number(n % 5),
        Column::Visibility => Cell::Text("Private".to_owned()),
        Column::Country => Cell::Text("DE".to_owned()),
        _ => Cell::Empty,
    }
}

fn facets(query: &Query) -> Vec<Facet> {
    let scope = Scope::from(query.list);
    let facet = |title: &str, words: &str, count| Facet {
        title: title.to_owned(),
        filter: words.to_owned(),
        count,
        chosen: filter::has(&query.filter, words, scope),
    };
    vec![
        facet("guests", "type:guest", 16_673),
        facet("disabled", "enabled:false", 1_204),
        facet("no mail", "mail:none", 0),
        facet("in nothing", "in:nothing", 12),
    ]
}

pub fn findings() -> Vec<Finding> {
    vec![
        Finding {
            severity: Severity::Failed,
            about: "the members of Board".to_owned(),
            id: Some("g-7".to_owned()),
            what: "The members were refused: 403 Authorization_RequestDenied.".to_owned(),
            means: "Who is in this group is not known. It is not taken for empty, and nothing of it is deleted."
                .to_owned(),
            next: "Grant GroupMember.Read.All, or accept the gap in the profile.".to_owned(),
            code: Some("Authorization_RequestDenied".to_owned()),
            request_id: Some("7b12f9bb-2e0c-4be0-8d7f-5b6f2f4f1f00".to_owned()),
            again: Some(Again::Group("g-7".to_owned())),
        },
        Finding {
            severity: Severity::Incomplete,
            about: "the members of Secret Project X".to_owned(),
            id: Some("g-2".to_owned()),
            what: "Its membership is hidden.".to_owned(),
            means: "The app may not see who is in it.".to_owned(),
            next: "Grant Member.Read.Hidden, or accept it.".to_owned(),
            code: None,
            request_id: None,
            again: None,
        },
        Finding {
            severity: Severity::Degraded,
            about: "users".to_owned(),
            id: None,
            what: "Read page by page after a 503.".to_owned(),
            means: "Nothing is missing; it took longer.".to_owned(),
            next: "Nothing.".to_owned(),
            code: Some("503".to_owned()),
            request_id: None,
            again: None,
        },
    ]
}

fn diff(query: DiffQuery) -> DiffRows {
    let of = |change, n, edge: Option<&str>, fields: Vec<FieldChange>| {
        let row = row(tenantry::domain::view::List::Users, n);
        DiffRow {
            change,
            id: row.id,
            kind: EntityKind::User,
            name: row.name,
            second: row.second,
            label: row.label,
            edge: edge.map(|from| EdgeEnds {
                from_id: "g-1".to_owned(),
                from_name: from.to_owned(),
                edge_type: "active_directory_user_group_has_user".to_owned(),
                mapped: false,
            }),
            fields,
        }
    };
    let field = |field: &str, before, now| FieldChange { field: field.to_owned(), before, now };
    let all = vec![
        of(Change::Came, 0, None, Vec::new()),
        of(
            Change::Changed,
            1,
            None,
            vec![
                field("department", json!("Sales"), json!("Marketing\u{202e}")),
                field("accountEnabled", json!(true), json!(false)),
                field("businessPhones", json!([]), json!(["+49 1", "+49 2"])),
            ],
        ),
        of(Change::Went, 2, None, Vec::new()),
        of(Change::Came, 3, Some("Finance Team"), Vec::new()),
        of(Change::Went, 4, Some("Finance Team"), Vec::new()),
    ];
    let (_, complaints) = filter::parse(&query.filter, Scope::Changes);
    let rows: Vec<DiffRow> = match query.filter.as_str() {
        "change:went" => all.into_iter().filter(|row| row.change == Change::Went).collect(),
        _ => all,
    };
    DiffRows {
        query,
        totals: BTreeMap::from([
            ("active_directory_user".to_owned(), [61, 207, 34]),
            ("active_directory_user_group_has_user".to_owned(), [1_204, 0, 7_988]),
        ]),
        total: rows.len() as u64,
        rows,
        filter_problem: complaints.into_iter().next().map(|complaint| complaint.words),
    }
}

/// Three runs, the newest with gaps.
pub fn three_runs() -> Vec<tenantry::domain::view::RunInfo> {
    let at = |id, status, day: &str| {
        let started_at: jiff::Timestamp = format!("{day}T09:12:00Z").parse().unwrap();
        let finished_at = Some(started_at + jiff::SignedDuration::from_secs(19));
        tenantry::domain::view::RunInfo { started_at, finished_at, ..run(id, status) }
    };
    vec![
        at(14, RunStatus::Partial, "2026-11-22"),
        at(13, RunStatus::Complete, "2026-11-15"),
        at(12, RunStatus::Complete, "2026-11-08"),
    ]
}
