//! An upload object by object, over the preview: found by typing, walked with the arrows.

use super::{
    Fx, Model,
    command::Action,
    field::TextField,
    list::Move,
    msg::{Effect, JobId, Work},
    overlay::Overlay,
};
use crate::domain::{
    planned::{Planned, PlannedQuery, PlannedRows},
    problem::Problem,
};

/// So many rows are fetched at once.
const WINDOW: u64 = 300;
/// What a page is, to a key: how many lines there really are is known to the screen alone.
const PAGE: u64 = 15;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Objects {
    pub filter: TextField,
    /// The last answer.
    pub rows: Option<PlannedRows>,
    pub cursor: u64,
    /// The answer that is waited for.
    pub asked: Option<JobId>,
    pub problem: Option<Box<Problem>>,
}

impl Objects {
    pub fn row(&self, at: u64) -> Option<&Planned> {
        let rows = self.rows.as_ref()?;
        rows.rows.get(usize::try_from(at.checked_sub(rows.query.offset)?).ok()?)
    }

    pub fn selected(&self) -> Option<&Planned> {
        self.row(self.cursor)
    }

    pub fn total(&self) -> u64 {
        self.rows.as_ref().map_or(0, |rows| rows.total)
    }
}

fn here(model: &mut Model) -> Option<&mut Objects> {
    match model.overlays.last_mut() {
        Some(Overlay::Planned(objects)) => Some(objects),
        _ => None,
    }
}

pub(super) fn open(model: &mut Model, fx: &mut Fx) {
    model.overlays.push(Overlay::Planned(Box::default()));
    ask(model, 0, fx);
}

/// Asks for the rows around the cursor.
fn ask(model: &mut Model, offset: u64, fx: &mut Fx) {
    let Some(run) = model.comparison.ready().map(|preview| preview.run) else { return };
    let Some(objects) = here(model) else { return };
    let filter = objects.filter.text().trim().to_owned();
    // What was asked before is of no use any more.
    fx.extend(objects.asked.take().map(Effect::Cancel));
    let query = PlannedQuery { filter, offset, limit: WINDOW, ..PlannedQuery::default() };
    let job = model.start(Work::Planned(run, query), fx);
    if let Some(objects) = here(model) {
        objects.asked = Some(job);
        objects.problem = None;
    }
}

/// The filter is another one.
pub(super) fn typed(model: &mut Model, edit: impl FnOnce(&mut TextField), fx: &mut Fx) {
    let Some(objects) = here(model) else { return };
    let before = objects.filter.text().to_owned();
    edit(&mut objects.filter);
    if objects.filter.text() != before {
        objects.cursor = 0;
        ask(model, 0, fx);
    }
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match action {
        Action::Back | Action::No => {
            let asked = here(model).and_then(|objects| objects.asked.take());
            fx.extend(asked.map(Effect::Cancel));
            model.overlays.pop();
        }
        Action::Move(to) => walk(model, to, fx),
        _ => {}
    }
}

fn walk(model: &mut Model, to: Move, fx: &mut Fx) {
    let Some(objects) = here(model) else { return };
    let last = objects.total().saturating_sub(1);
    objects.cursor = to.of(objects.total(), objects.cursor, PAGE);
    let cursor = objects.cursor;
    // Rows on both sides of it are seen with it.
    let sees = [cursor.saturating_sub(PAGE), (cursor + PAGE).min(last)];
    if objects.total() > 0 && sees.iter().any(|at| objects.row(*at).is_none()) && objects.asked.is_none() {
        ask(model, cursor.saturating_sub(WINDOW / 2), fx);
    }
}

pub(super) fn answered(model: &mut Model, job: JobId, rows: PlannedRows) {
    if let Some(objects) = here(model).filter(|objects| objects.asked == Some(job)) {
        objects.asked = None;
        objects.cursor = objects.cursor.min(rows.total.saturating_sub(1));
        objects.rows = Some(rows);
    }
}

pub(super) fn failed(model: &mut Model, job: JobId, problem: Box<Problem>) {
    if let Some(objects) = here(model).filter(|objects| objects.asked == Some(job)) {
        objects.asked = None;
        objects.problem = Some(problem);
    }
}

/// A row in one line: what is done to what.
pub fn line(row: &Planned) -> String {
    let far = if row.end.name.is_empty() { &row.end.id } else { &row.end.name };
    match &row.from {
        Some(from) if from.name.is_empty() => format!("{} → {far}", from.id),
        Some(from) => format!("{} → {far}", from.name),
        None => far.clone(),
    }
}

/// What becomes different, a line a field; or why that is not known.
pub fn changes(row: &Planned) -> Vec<String> {
    use crate::domain::planned::Deed;
    match (&row.fields, row.deed, &row.from) {
        (Some(fields), ..) => fields.iter().map(|f| format!("{}: {} → {}", f.field, f.before, f.now)).collect(),
        (None, Deed::Change, None) => vec!["what was sent before is not kept, or not known for certain".to_owned()],
        (None, Deed::Change, Some(_)) => vec!["how it leads to its far end".to_owned()],
        (None, ..) => Vec::new(),
    }
}
