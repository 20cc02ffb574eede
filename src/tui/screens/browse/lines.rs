//! What the lines of each kind of list say, column by column; and one of them by itself, in full.

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{
    super::super::{
        text::{ago, clock, day, when},
        theme, widgets,
    },
    columns::{self, Fitted, Slot},
    list::plain,
};
use crate::{
    app::{
        Model, Sign,
        browse::{Item, Shows, View, changes, columns as values, columns::Layout, problems, requests, runs},
    },
    domain::{
        column::Column,
        completeness::{RunStatus, State},
        difference,
        explore::{Change, DiffRow, Finding},
        planned::{Deed, Planned},
        request::Request,
        text::{counted, grouped},
        view::{Row, RunInfo},
    },
};

/// The columns of a list as they fit, and what stands in them.
pub struct Table<'a> {
    model: &'a Model,
    view: &'a View,
    pub fitted: Fitted,
    /// What each column shows, also those that do not fit.
    columns: Vec<Shown>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Column(Column),
    /// Both ends of an edge in one, where there is no room for two.
    Ends,
    /// Of a list that is none of objects; it may be sorted by it.
    Own(Option<Column>),
}

pub fn table<'a>(model: &'a Model, view: &'a View, cells: usize) -> Table<'a> {
    let layout = Layout::of(&view.shows);
    let (slots, columns) = match layout {
        Some(layout) if view.shows.source().is_some() => objects(model, layout, cells),
        _ => {
            let own = own(view, cells);
            let marked = own.into_iter().map(|(mut slot, column)| {
                let sorted = layout.zip(column);
                slot.mark = sorted.and_then(|(l, column)| columns::mark(column, l, model.browse.sort(l)));
                (slot, Shown::Own(column))
            });
            marked.unzip()
        }
    };
    Table { model, view, fitted: columns::fitted(&slots, cells, usize::from(view.panned)), columns }
}

impl Table<'_> {
    /// The heads that something can be sorted by: how far from the left, how wide, which.
    pub fn heads(&self) -> Vec<(u16, u16, Column)> {
        let mut at = 0_u16;
        let mut out = Vec::new();
        for (slot, place) in self.fitted.slots.iter().zip(&self.fitted.places) {
            let cells = u16::try_from(slot.cells).unwrap_or(u16::MAX);
            if let Some(Shown::Column(column) | Shown::Own(Some(column))) = self.columns.get(*place) {
                out.push((at, cells, *column));
            }
            at = at.saturating_add(cells).saturating_add(2);
        }
        out
    }

    /// What stands in the columns of a line that fit.
    pub fn texts(&self, item: &Item) -> Vec<(String, Style)> {
        let mut all = self.all_texts(item);
        let text = |place: &usize| all.get_mut(*place).map(std::mem::take).unwrap_or_default();
        self.fitted.places.iter().map(text).collect()
    }
}

fn objects(model: &Model, layout: Layout, cells: usize) -> (Vec<Slot>, Vec<Shown>) {
    let sort = model.browse.sort(layout);
    let mut shown: Vec<Shown> = model.browse.columns(layout).into_iter().map(Shown::Column).collect();
    let far = shown.iter().position(|s| *s == Shown::Column(Column::Name));
    if cells < 66
        && shown.contains(&Shown::Column(Column::From))
        && let Some(at) = far
    {
        shown[at] = Shown::Ends;
        shown.retain(|s| *s != Shown::Column(Column::From));
    }
    let slot = |shown: &Shown| match shown {
        Shown::Column(column) => columns::slot(*column, layout, sort),
        Shown::Ends | Shown::Own(_) => Slot::wide("from → to", 22, 4),
    };
    (shown.iter().map(slot).collect(), shown)
}

/// The columns of lists that have always the same, and what can be sorted by them.
fn own(view: &View, cells: usize) -> Vec<(Slot, Option<Column>)> {
    let plain = |slots: Vec<Slot>| slots.into_iter().map(|slot| (slot, None)).collect();
    match view.shows {
        Shows::Changes(_) => plain(vec![
            Slot::wide("name", 26, 4),
            Slot::wide("what", 20, 3),
            Slot::fixed("kind", 16),
            Slot::wide("login or mail", 22, 3),
        ]),
        Shows::Runs => vec![
            (Slot::wide("run", 22, 1), None),
            (Slot::fixed("started", 16), Some(Column::Started)),
            (Slot::fixed("read", 11), None),
            (Slot::number("took", 8), Some(Column::Took)),
            (Slot::number("gaps", 6), Some(Column::Gaps)),
            (Slot::number("requests", 10), Some(Column::Requests)),
            (Slot::number("units", 9), Some(Column::Units)),
        ],
        Shows::Requests(_) => plain(super::requests::slots(cells)),
        Shows::Planned(_) => vec![
            (Slot::wide("name", 26, 4), Some(Column::Name)),
            (Slot::wide("what", 20, 3), None),
            (Slot::wide("type", 24, 2), Some(Column::Type)),
        ],
        Shows::Problems if cells < 60 => vec![(Slot::wide("what", 20, 1), None)],
        Shows::Problems => vec![(Slot::wide("about", 24, 2), Some(Column::About)), (Slot::wide("what", 30, 3), None)],
        _ => Vec::new(),
    }
}

impl Table<'_> {
    fn all_texts(&self, item: &Item) -> Vec<(String, Style)> {
        match item {
            Item::Row(row) => self.columns.iter().map(|shown| plain(self.cell(row, *shown))).collect(),
            Item::Diff(row) => {
                let (sign, style) = change_sign(row.change);
                let name = match &row.edge {
                    Some(edge) => format!("{sign} {} → {}", edge.from_name, row.name),
                    None => format!("{sign} {}", row.name),
                };
                vec![
                    (name, if self.fitted.slots.len() > 1 { style } else { theme::PLAIN }),
                    plain(changes::what(row)),
                    plain(changes::kind(row)),
                    plain(row.second.clone()),
                ]
            }
            Item::Planned(row) => {
                let (sign, style) = deed_sign(row.deed);
                vec![
                    (format!("{sign} {}", row.title()), if self.fitted.slots.len() > 1 { style } else { theme::PLAIN }),
                    plain(row.what_in_short()),
                    plain(row.object_type.clone()),
                ]
            }
            Item::Run(run) => self.run(run),
            Item::Request(_, request) => super::requests::texts(self.model, request, self.columns.len()),
            Item::Finding(finding) => {
                let (sign, style) = theme::sign(problems::sign(finding.severity));
                match self.columns.len() {
                    1 => vec![(format!("{sign} {}: {}", finding.about, finding.what), style)],
                    _ => vec![(format!("{sign} {}", finding.about), style), plain(finding.what.clone())],
                }
            }
        }
    }

    fn cell(&self, row: &Row, shown: Shown) -> String {
        match shown {
            Shown::Column(Column::Name) => marked(row),
            Shown::Column(column) => values::cell(row, column, &self.view.cells, &self.model.zone),
            Shown::Own(_) => String::new(),
            Shown::Ends => format!("{} → {}", row.edge.as_ref().map_or("", |e| &e.from_name), row.name),
        }
    }

    fn run(&self, run: &RunInfo) -> Vec<(String, Style)> {
        let (sign, style) = theme::sign(run_sign(run));
        let here = if self.model.browse.run == Some(run.id) { ", shown" } else { "" };
        vec![
            (format!("{sign} {} {}{here}", run.id, run.status.as_str()), style),
            plain(when(run.started_at, self.model.now, &self.model.zone)),
            plain(runs::kind(run.kind)),
            plain(clock(run.seconds)),
            plain(grouped(run.gaps.len() as u64)),
            plain(grouped(run.requests)),
            plain(grouped(run.resource_units)),
        ]
    }
}

/// A name, with the sign of a group whose members are not all known, and of one that is in a cycle.
fn marked(row: &Row) -> String {
    let state = match row.state {
        Some(State::Complete) | None => "",
        Some(State::Forbidden) => "✗ ",
        Some(State::Partial | State::Hidden | State::Gone) => "◐ ",
    };
    let cycle = if row.in_cycle { theme::CYCLE } else { "" };
    let space = if row.in_cycle { " " } else { "" };
    format!("{state}{cycle}{space}{}", row.name)
}

const fn change_sign(change: Change) -> (&'static str, Style) {
    match change {
        Change::Came => ("+", theme::GOOD),
        Change::Changed => ("~", theme::WARN),
        Change::Went => ("−", theme::BAD),
    }
}

const fn deed_sign(deed: Deed) -> (&'static str, Style) {
    match deed {
        Deed::Create => change_sign(Change::Came),
        Deed::Change => change_sign(Change::Changed),
        Deed::Delete => change_sign(Change::Went),
    }
}

fn run_sign(run: &RunInfo) -> Sign {
    match run.status {
        RunStatus::Complete => Sign::Done,
        RunStatus::Partial if run.open_gaps() == 0 => Sign::Done,
        RunStatus::Running => Sign::Here,
        RunStatus::Partial | RunStatus::Scoped | RunStatus::Interrupted => Sign::Incomplete,
        RunStatus::Failed => Sign::Failed,
    }
}

/// A line of a list in full, for the side pane and for a page of its own. Rows of objects have a detail instead.
pub fn one(model: &Model, item: &Item, cells: u16) -> Vec<Line<'static>> {
    match item {
        Item::Row(_) => Vec::new(),
        Item::Diff(row) => diff(model, row, cells),
        Item::Run(run) => run_in_full(model, run, cells),
        Item::Finding(finding) => finding_in_full(finding, cells),
        Item::Planned(row) => planned_in_full(model, row, cells),
        Item::Request(_, request) => request_in_full(model, request, cells),
    }
}

fn diff(model: &Model, row: &DiffRow, cells: u16) -> Vec<Line<'static>> {
    let (sign, style) = change_sign(row.change);
    let head = Line::from(vec![
        Span::styled(sign, style),
        Span::raw(format!(" {}, {}", row.change.as_str(), changes::kind(row))),
    ]);
    let mut out = vec![head];
    if let Some(edge) = &row.edge {
        out.extend(widgets::wrapped(&format!("{} → {}", edge.from_name, row.name), cells, 2, theme::PLAIN));
    }
    if !row.second.is_empty() {
        out.extend(widgets::wrapped(&row.second, cells, 2, theme::DIM));
    }
    if !row.fields.is_empty() {
        out.push(Line::default());
    }
    for field in &row.fields {
        out.extend(widgets::wrapped(&difference::words(field), cells, 0, theme::PLAIN));
    }
    out.push(Line::default());
    out.extend(in_all(model, cells));
    out
}

fn planned_in_full(model: &Model, row: &Planned, cells: u16) -> Vec<Line<'static>> {
    let (sign, style) = deed_sign(row.deed);
    let mut out = vec![Line::from(vec![
        Span::styled(sign, style),
        Span::raw(format!(" {}, {}", row.deed.word(), row.object_type)),
    ])];
    out.extend(widgets::wrapped(&row.title(), cells, 2, theme::PLAIN));
    out.extend(widgets::wrapped(&row.key, cells, 2, theme::DIM));
    let what = row.what();
    if !what.is_empty() {
        out.push(Line::default());
    }
    what.iter().for_each(|line| out.extend(widgets::wrapped(line, cells, 2, theme::PLAIN)));
    let totals = model.comparison.ready().map(|preview| &preview.changes);
    let mut changes = totals.into_iter().flatten().filter(|(_, changes)| !changes.is_nothing()).peekable();
    if changes.peek().is_some() {
        out.push(Line::default());
    }
    for (name, changes) in changes {
        let [create, change, delete] = [changes.create, changes.change, changes.delete].map(grouped);
        out.extend(widgets::wrapped(name, cells, 0, theme::DIM));
        out.extend(widgets::wrapped(&format!("+{create} ~{change} −{delete}"), cells, 2, theme::PLAIN));
    }
    out
}

/// How much is different in all, by `_type`.
fn in_all(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    for (kind, [came, changed, went]) in &model.browse.changes {
        let figures = format!("+{} ~{} −{}", grouped(*came), grouped(*changed), grouped(*went));
        out.extend(widgets::wrapped(kind, cells, 0, theme::DIM));
        out.extend(widgets::wrapped(&figures, cells, 2, theme::PLAIN));
    }
    out
}

fn run_in_full(model: &Model, run: &RunInfo, cells: u16) -> Vec<Line<'static>> {
    let mut out = vec![widgets::signed(run_sign(run), run.status.as_str())];
    let mut fact = |name: &str, text: String| {
        out.push(Line::from(vec![Span::styled(format!("{name:<10}"), theme::DIM), Span::raw(text)]));
    };
    fact("started", day(run.started_at, &model.zone));
    if let Some(at) = run.finished_at {
        fact("ended", day(at, &model.zone));
        fact("", ago(model.now, at));
    }
    fact("read", runs::kind(run.kind).to_owned());
    fact("took", clock(run.seconds));
    fact("requests", grouped(run.requests));
    fact("units", grouped(run.resource_units));
    if let Some(at) = run.last_full {
        fact("last full", day(at, &model.zone));
    }
    fact("gaps", grouped(run.gaps.len() as u64));
    for gap in run.gaps.iter().take(12) {
        let accepted = if gap.accepted { ", accepted" } else { "" };
        let sign = if gap.is_open() { Sign::Incomplete } else { Sign::Done };
        out.extend(widgets::signed_text(sign, &format!("{}: {}{accepted}", gap.name, gap.state.as_str()), cells));
    }
    if run.gaps.len() > 12 {
        out.push(Line::styled(format!("  and {}", counted(run.gaps.len() as u64 - 12, "more gap")), theme::DIM));
    }
    out
}

fn finding_in_full(finding: &Finding, cells: u16) -> Vec<Line<'static>> {
    let mut out = widgets::signed_text(problems::sign(finding.severity), &finding.what, cells);
    let mut part = |head: &'static str, text: &str| {
        if !text.is_empty() {
            out.push(Line::default());
            out.push(Line::styled(head, theme::DIM));
            out.extend(widgets::wrapped(text, cells, 0, theme::PLAIN));
        }
    };
    part("what it means", &finding.means);
    part("what to do", &finding.next);
    part("code", finding.code.as_deref().unwrap_or_default());
    part("request id", finding.request_id.as_deref().unwrap_or_default());
    part("group", finding.id.as_deref().unwrap_or_default());
    out
}

fn request_in_full(model: &Model, request: &Request, cells: u16) -> Vec<Line<'static>> {
    let status = request.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let said = match requests::notes(request) {
        notes if notes.is_empty() => status,
        notes => format!("{status}: {notes}"),
    };
    let mut out = widgets::signed_text(requests::sign(request), &said, cells);
    out.extend(widgets::wrapped(&format!("{} {}", request.method, request.target()), cells, 0, theme::PLAIN));
    out.push(Line::default());
    let mut fact = |name: &str, text: String| {
        if !text.is_empty() {
            out.extend(widgets::wrapped(&format!("{name}: {text}"), cells, 2, theme::PLAIN));
        }
    };
    fact("to", request.origin.clone());
    fact("sent", day(request.at, &model.zone));
    fact("took", format!("{} ms", grouped(u64::from(request.ms))));
    fact("units", request.units.map(grouped).unwrap_or_default());
    fact("again after", request.again_in_ms.map(|ms| format!("{} ms", grouped(ms))).unwrap_or_default());
    fact("request-id", request.request_id.clone().unwrap_or_default());
    fact("client-request-id", request.client_request_id.clone().unwrap_or_default());
    for (name, value) in request.asked_with.iter().chain(&request.headers) {
        if !matches!(name.as_str(), "request-id" | "client-request-id") {
            fact(name, value.clone());
        }
    }
    for item in &request.items {
        let status = item.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let code = item.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
        out.extend(widgets::wrapped(&format!("{status} {}{code}", item.target()), cells, 4, theme::DIM));
    }
    out
}
