//! What goes to the clipboard or into a file: a cell, a row, an id, the path to it, a whole list as its filter leaves it.

use super::{
    super::{
        Fx, Model,
        msg::{Effect, JobId, Work},
    },
    columns::{self, Layout},
    items::Item,
};
use crate::domain::{
    explore::{Answer, Question, TextForm, Whole},
    ids::RunId,
    problem::Problem,
    request,
    text::counted,
};

/// Something that can be copied from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// For people: "name", "row", "whole list, TSV".
    pub title: String,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// This text, now.
    Text(String),
    /// All that the filter leaves, in this form: the store writes it.
    List(TextForm),
}

pub const FORMS: [(TextForm, &str); 4] = [
    (TextForm::Csv, "CSV, for spreadsheets"),
    (TextForm::Ndjson, "NDJSON, one object a line"),
    (TextForm::Tsv, "TSV, columns by tabs"),
    (TextForm::Json, "JSON, one array"),
];

/// What can be copied of the row under the cursor and of its list.
pub fn offers(m: &Model) -> Vec<Offer> {
    let browse = &m.browse;
    let view = browse.view();
    let mut out = Vec::new();
    let mut add = |title: &str, text: String| {
        if !text.is_empty() {
            out.push(Offer { title: title.to_owned(), what: What::Text(text) });
        }
    };
    let item = browse.item();
    let cells = item.map(|item| cells(m, item)).unwrap_or_default();
    for (title, text) in &cells {
        add(title, text.clone());
    }
    if cells.len() > 1 {
        add("row", line(cells.iter().map(|(_, text)| text.as_str())));
    }
    if let Some((id, ..)) = item.and_then(Item::subject)
        && cells.iter().all(|(_, text)| *text != id)
    {
        add("id", id);
    }
    add("path", path(m));
    if let Some(request) = browse.request() {
        let one = std::slice::from_ref(request);
        add("curl (no token)", request::curl(request));
        add("for support", request::support(None, one, None));
        let mut names = request::Names::default();
        add("by pseudonyms", request::support(None, one, Some(&mut names)));
    }
    if view.whole(browse).is_some() {
        for (form, title) in FORMS {
            out.push(Offer { title: format!("whole list: {title}"), what: What::List(form) });
        }
    }
    out
}

/// The cells of a line, with their heads. Texts are as stored.
pub fn cells(m: &Model, item: &Item) -> Vec<(&'static str, String)> {
    let view = m.browse.view();
    match item {
        Item::Row(row) => {
            let columns = Layout::of(&view.shows).map(|layout| m.browse.columns(layout)).unwrap_or_default();
            let cell = |column| columns::cell(row, column, &view.cells, &m.zone);
            columns.into_iter().map(|column| (column.title(), cell(column))).collect()
        }
        Item::Diff(row) => vec![
            ("change", row.change.as_str().to_owned()),
            ("from", row.edge.as_ref().map(|edge| edge.from_name.clone()).unwrap_or_default()),
            ("name", row.name.clone()),
            ("login or mail", row.second.clone()),
            ("what", super::changes::what(row)),
        ],
        Item::Run(run) => vec![
            ("run", run.id.to_string()),
            ("status", run.status.as_str().to_owned()),
            ("read", super::runs::kind(run.kind).to_owned()),
            ("started", run.started_at.to_string()),
        ],
        Item::Request(number, request) => vec![
            ("number", number.to_string()),
            ("time", request.at.to_string()),
            ("method", request.method.clone()),
            ("address", request.target()),
            ("status", request.status.map(|status| status.to_string()).unwrap_or_default()),
            ("units", request.units.map(|units| units.to_string()).unwrap_or_default()),
            ("ms", request.ms.to_string()),
            ("notes", super::requests::notes(request)),
            ("request id", request.request_id.clone().unwrap_or_default()),
        ],
        Item::Planned(row) => vec![
            ("will", row.deed.word().to_owned()),
            ("from", row.from.as_ref().map(|from| from.title().to_owned()).unwrap_or_default()),
            ("name", row.end.title().to_owned()),
            ("type", row.object_type.clone()),
            ("what", row.what().join("; ")),
            ("key", row.key.clone()),
        ],
        Item::Finding(finding) => vec![
            ("about", finding.about.clone()),
            ("what", finding.what.clone()),
            ("means", finding.means.clone()),
            ("next", finding.next.clone()),
            ("code", finding.code.clone().unwrap_or_default()),
            ("request id", finding.request_id.clone().unwrap_or_default()),
        ],
    }
}

/// Cells beside each other, by tabs; one line, whatever is in them.
fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    cells.map(|cell| cell.replace(|c: char| c.is_control(), " ")).collect::<Vec<_>>().join("\t")
}

/// Where the row is, as the trail says it.
fn path(m: &Model) -> String {
    let browse = &m.browse;
    let crumbs = std::iter::once(&browse.root().title).chain(browse.trail.iter().map(|view| &view.title)).cloned();
    let row = browse.item().and_then(Item::subject).map(|(_, _, name)| name);
    // An object that is open is the end of the trail already.
    let row = row.filter(|_| browse.view().is_list());
    line(crumbs.chain(row).collect::<Vec<_>>().iter().map(String::as_str)).replace('\t', " › ")
}

pub(super) fn take(model: &mut Model, at: usize, fx: &mut Fx) {
    let Some(offer) = offers(model).into_iter().nth(at) else { return };
    match offer.what {
        What::Text(text) => fx.push(Effect::Copy(text)),
        What::List(form) => run(model, |whole| Question::Copy(whole, form), "Copying the list …", fx),
    }
}

pub(super) fn export(model: &mut Model, at: usize, fx: &mut Fx) {
    if let Some((form, _)) = FORMS.get(at) {
        run(model, |whole| Question::Export(whole, *form), "Writing the file …", fx);
    }
}

/// An errand for all of the list on the screen.
fn run(model: &mut Model, question: impl FnOnce(Whole) -> Question, words: &str, fx: &mut Fx) {
    if let Some((run, whole)) = model.browse.view().whole(&model.browse) {
        errand(model, run, question(whole), words, fx);
    }
}

/// Something that ends in the clipboard or in a file.
pub(super) fn errand(model: &mut Model, run: RunId, question: Question, words: &str, fx: &mut Fx) {
    let job = model.start(Work::Ask(run, question), fx);
    // Of two errands the first would never be heard of again.
    fx.extend(model.browse.errand.replace(job).map(Effect::Cancel));
    model.say(words);
}

/// A text or a file is ready. An errand that is not waited for any more is no longer wished.
pub(super) fn answered(model: &mut Model, job: JobId, answer: Answer, fx: &mut Fx) {
    if model.browse.errand != Some(job) {
        return;
    }
    model.browse.errand = None;
    match answer {
        // The clipboard says itself how that went.
        Answer::Copied { text, .. } => fx.push(Effect::Copy(text)),
        Answer::Drawn { path, objects, notes } => {
            let wrote = format!("Wrote {} to {path}", counted(objects, "object"));
            model.say(if notes.is_empty() { wrote } else { format!("{wrote}. {}", notes.join(" ")) });
        }
        Answer::Exported { path, rows } => model.say(format!("Wrote {} to {path}", counted(rows, "row"))),
        _ => {}
    }
}

pub(super) fn failed(model: &mut Model, job: JobId, problem: &Problem) -> bool {
    let ours = model.browse.errand == Some(job);
    if ours {
        model.browse.errand = None;
        model.say(problem.line());
    }
    ours
}
