//! Lists: what each of them asks for, its filter and order, and the rows that are read for the screen.
//!
//! A question is asked twice where it takes long: at once for what there is, and then for the whole answer. Rows of the
//! question before stay until they can be told from those of the new one.

use super::{
    super::{
        Fx, Model,
        field::TextField,
        list::{Chunk, Fresh, ListWindow},
        msg::{Effect, JobId, Work},
    },
    Browse, Shows,
    columns::Layout,
    facets, fetch,
    items::Item,
    order::{self, Ordered},
    page,
};
use crate::domain::{
    column::{Column, Sort},
    explore::{Answer, DiffQuery, Question, Whole},
    filter::{self, Fields, Scope},
    ids::RunId,
    lines::Lines,
    planned::PlannedQuery,
    problem::Problem,
    request::RequestQuery,
    view::{List, Pending, Query},
};

/// One list, or one object, on the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub shows: Shows,
    /// For the trail; as stored.
    pub title: String,
    pub filter: TextField,
    pub window: ListWindow<Item>,
    /// What the rows' cells are.
    pub cells: Vec<Column>,
    /// How many columns behind the first are left out, for those behind them; never more than do not fit.
    pub panned: u16,
    /// What the rows still wait for.
    pub pending: Option<Pending>,
    /// The whole answer, where one was given in part.
    pub whole: Option<JobId>,
    /// What of the filter could not be understood.
    pub complaint: Option<String>,
    /// Why there are no rows.
    pub problem: Option<Box<Problem>>,
    /// Where cursor and screen were before there was a filter.
    before_filter: Option<(u64, u64)>,
}

pub const fn title(list: List) -> &'static str {
    match list {
        List::Accounts => "Accounts",
        List::Users => "Users",
        List::Groups => "Groups",
        List::Members => "Group members",
        List::Edges => "Edges",
    }
}

impl View {
    pub(super) fn of(shows: Shows, title: impl Into<String>) -> Self {
        Self {
            shows,
            title: title.into(),
            filter: TextField::default(),
            window: ListWindow::default(),
            cells: Vec::new(),
            panned: 0,
            pending: None,
            whole: None,
            complaint: None,
            problem: None,
            before_filter: None,
        }
    }

    pub fn filter_text(&self) -> &str {
        self.filter.text().trim()
    }

    /// Whether it has rows, a filter and an order.
    pub fn is_list(&self) -> bool {
        self.shows.source().is_some()
            || matches!(
                self.shows,
                Shows::Changes(_) | Shows::Runs | Shows::Problems | Shows::Requests(_) | Shows::Planned(_)
            )
    }

    /// For what the filter's words are understood.
    pub fn scope(&self) -> Scope {
        match &self.shows {
            Shows::Changes(_) => Scope::Changes,
            Shows::Runs => Scope::Runs,
            Shows::Problems => Scope::Problems,
            Shows::Requests(_) => Scope::Requests,
            Shows::Planned(_) => Scope::Planned,
            shows => shows.source().map_or(Scope::Edges, |(list, _)| Scope::from(list)),
        }
    }

    /// What is asked of the rows of a list of objects, all of it.
    pub(super) fn query(&self, browse: &Browse) -> Option<Query> {
        let (list, within) = self.shows.source()?;
        let layout = Layout::of(&self.shows)?;
        let (filter, sort) = (self.shows.filter(self.filter.text()), browse.sort(layout).to_vec());
        Some(Query { within, filter, sort, columns: browse.columns(layout), ..Query::of(list) })
    }

    /// What is asked of an upload's objects, all of it; and of which run.
    fn planned(&self, browse: &Browse) -> Option<(RunId, PlannedQuery)> {
        let Shows::Planned(run) = &self.shows else { return None };
        let (filter, sort) = (self.filter_text().to_owned(), browse.sort(Layout::Planned).to_vec());
        Some((*run, PlannedQuery { filter, sort, ..PlannedQuery::default() }))
    }

    /// The question for how many rows have what in common, where the list has such.
    pub(super) fn facets(&self, browse: &Browse) -> Option<(RunId, Question)> {
        match self.planned(browse) {
            Some((run, query)) => Some((run, Question::PlannedFacets(query))),
            None => Some((browse.run?, Question::Facets(self.query(browse)?))),
        }
    }

    /// The question for a window of rows, and the run that is asked; none where another has to be asked before.
    fn question(&self, browse: &Browse, run: RunId, window: (u64, u64), whole: bool) -> Option<(RunId, Question)> {
        let (offset, limit) = window;
        Some(match &self.shows {
            Shows::Changes(compare) => {
                let (since, until) = compare.resolved(browse, run)?;
                let filter = self.filter_text().to_owned();
                (until, Question::Diff { since, query: DiffQuery { only: None, filter, offset, limit } })
            }
            Shows::Runs => (run, Question::Runs),
            Shows::Problems => (run, Question::Problems),
            Shows::Requests(log) => {
                let filter = self.filter_text().to_owned();
                (run, Question::Requests(RequestQuery { log: log.clone(), filter, offset, limit }))
            }
            Shows::Planned(_) => {
                let (run, query) = self.planned(browse)?;
                (run, Question::Planned(PlannedQuery { offset, limit, whole, ..query }))
            }
            _ => (run, Question::Rows(Query { offset, limit, whole, ..self.query(browse)? })),
        })
    }

    /// All of it, as it is on the screen, and the run that it is of; none as long as that is not known.
    pub(super) fn whole(&self, browse: &Browse) -> Option<(RunId, Whole)> {
        let run = browse.run?;
        let filter = || self.filter_text().to_owned();
        let at_hand = || self.window.is_whole().then_some(self.window.rows.as_slice());
        Some(match &self.shows {
            Shows::Changes(compare) => {
                let (since, until) = compare.resolved(browse, run)?;
                (until, Whole::Diff { since, query: DiffQuery { filter: filter(), ..DiffQuery::default() } })
            }
            Shows::Requests(log) => {
                (run, Whole::Requests(RequestQuery { log: log.clone(), filter: filter(), ..RequestQuery::default() }))
            }
            Shows::Planned(_) => {
                let (run, query) = self.planned(browse)?;
                (run, Whole::Planned(query))
            }
            Shows::Runs => (run, Whole::Lines(Lines::of(Scope::Runs, at_hand()?.iter().filter_map(Item::run)))),
            Shows::Problems => {
                (run, Whole::Lines(Lines::of(Scope::Problems, at_hand()?.iter().filter_map(Item::finding))))
            }
            _ => (run, Whole::Rows(self.query(browse)?)),
        })
    }

    pub(super) fn cancel(&mut self, fx: &mut Fx) {
        fx.extend(self.window.pending.take().into_iter().chain(self.whole.take()).map(Effect::Cancel));
        self.pending = None;
    }

    /// Something else is asked for; the cursor will be there.
    pub(super) fn ask_another(&mut self, (cursor, top): (u64, u64), fx: &mut Fx) {
        self.cancel(fx);
        self.problem = None;
        self.window.ask_another(cursor, top);
    }

    /// The same is asked for once more.
    pub(super) fn renew(&mut self, fx: &mut Fx) {
        self.cancel(fx);
        self.problem = None;
        self.window.renew();
    }
}

/// Starts reading the rows that the screen lacks.
pub(super) fn fetch_rows(model: &mut Model, run: RunId, fx: &mut Fx) {
    let page = page(model);
    let browse = &model.browse;
    let view = browse.view();
    let waits = view.window.pending.is_some() || (view.whole.is_some() && view.window.is_of_another());
    if waits || !view.is_list() {
        return;
    }
    if matches!(view.shows, Shows::Changes(_)) && browse.runs.is_none() {
        let job = model.start(Work::Ask(run, Question::Runs), fx);
        model.browse.view_mut().window.pending = Some(job);
    } else if let Some(window) = view.window.missing(page) {
        match view.question(browse, run, window, false) {
            Some((run, question)) => {
                let job = model.start(Work::Ask(run, question), fx);
                model.browse.view_mut().window.pending = Some(job);
            }
            // There is nothing to compare with: the screen says so.
            None => model.browse.view_mut().window.give_up(),
        }
    }
}

/// All rows are to be read anew; until they are here the old ones stay.
pub(super) fn renew(browse: &mut Browse, fx: &mut Fx) {
    for view in browse.roots.iter_mut().chain(&mut browse.trail) {
        view.renew(fx);
    }
}

/// Lists of this kind are laid out in another way: with other columns, or in another order.
pub(super) fn relaid(browse: &mut Browse, layout: Layout, reordered: bool, fx: &mut Fx) {
    for view in browse.roots.iter_mut().chain(&mut browse.trail) {
        if Layout::of(&view.shows) == Some(layout) {
            if reordered {
                view.ask_another((0, 0), fx);
            } else {
                view.renew(fx);
            }
        }
    }
}

pub(super) fn drop_filter(model: &mut Model, fx: &mut Fx) {
    filter_changed(model, |f| *f = TextField::default(), fx);
}

pub(super) fn filter_changed(model: &mut Model, change: impl FnOnce(&mut TextField), fx: &mut Fx) {
    let view = model.browse.view_mut();
    let before = view.filter_text().to_owned();
    change(&mut view.filter);
    let now = view.filter_text();
    if now == before {
        return;
    }
    // Who drops the filter is back where he was.
    let to = if now.is_empty() { view.before_filter.take().unwrap_or_default() } else { (0, 0) };
    if before.is_empty() && !view.window.is_of_another() {
        view.before_filter = Some((view.window.cursor, view.window.top));
    }
    view.complaint = None;
    view.ask_another(to, fx);
    fetch(model, fx);
    facets::ask_anew(model, fx);
}

/// Rows that have come, of whatever kind.
struct Come {
    chunk: Chunk<Item>,
    cells: Vec<Column>,
    pending: Option<Pending>,
    complaint: Option<String>,
    /// The rows are in another order than asked for, or not filtered: those of before are as good.
    premature: bool,
}

impl Come {
    /// All there are, as the list's filter leaves them, in its order.
    fn filtered<T: Fields + Ordered>(all: Vec<T>, view: &View, sort: &[Sort], item: fn(T) -> Item) -> Self {
        let (filter, complaints) = filter::parse(view.filter_text(), view.scope());
        let mut all: Vec<T> = all.into_iter().filter(|one| filter.matches(one)).collect();
        order::sort(&mut all, sort);
        let rows: Vec<Item> = all.into_iter().map(item).collect();
        let complaint = complaints.into_iter().next().map(|complaint| complaint.words);
        let chunk = Chunk { offset: 0, total: rows.len() as u64, rows };
        Self { chunk, cells: Vec::new(), pending: None, complaint, premature: false }
    }
}

/// Which list waits for this answer, by its place among all.
fn waiting(browse: &Browse, job: JobId) -> Option<usize> {
    let mut all = browse.roots.iter().chain(&browse.trail);
    all.position(|v| v.window.pending == Some(job) || v.whole == Some(job))
}

fn nth(browse: &mut Browse, at: usize) -> Option<&mut View> {
    browse.roots.iter_mut().chain(&mut browse.trail).nth(at)
}

/// Rows have come. Answers to other questions are given back.
pub(super) fn answered(model: &mut Model, job: JobId, answer: Answer, fx: &mut Fx) -> Option<Answer> {
    let browse = &mut model.browse;
    if let Answer::Runs(all) = &answer {
        browse.runs = Some(all.clone());
    }
    let Some(at) = waiting(browse, job) else { return Some(answer) };
    let layout = nth(browse, at).and_then(|view| Layout::of(&view.shows));
    let sort = layout.map(|layout| browse.sort(layout).to_vec()).unwrap_or_default();
    let view = nth(browse, at)?;
    let mut follows = false;
    let come = match answer {
        Answer::Rows(rows) => {
            let asked = !rows.query.filter.is_empty() || !rows.query.sort.is_empty();
            let premature = match rows.pending {
                Some(Pending::Sorting) => true,
                Some(Pending::Loading) => asked,
                Some(Pending::Filtering) | None => false,
            };
            let offset = rows.query.offset;
            Come {
                chunk: Chunk { offset, total: rows.total, rows: rows.rows.into_iter().map(Item::Row).collect() },
                cells: rows.query.columns,
                pending: rows.pending,
                complaint: rows.filter_problem,
                premature,
            }
        }
        Answer::Diff(diff) => {
            let rows = diff.rows.into_iter().map(Item::Diff).collect();
            let chunk = Chunk { offset: diff.query.offset, total: diff.total, rows };
            browse.changes = diff.totals;
            Come { chunk, cells: Vec::new(), pending: None, complaint: diff.filter_problem, premature: false }
        }
        Answer::Requests(found) => {
            view.title = super::requests::title(found.log.as_ref());
            // Who is at the newest stays there.
            follows = view.window.cursor == 0;
            let rows = found.rows.into_iter().map(|(n, request)| Item::Request(n, Box::new(request))).collect();
            let chunk = Chunk { offset: found.query.offset, total: found.total, rows };
            Come { chunk, cells: Vec::new(), pending: None, complaint: found.filter_problem, premature: false }
        }
        Answer::Planned(found) => Come {
            premature: found.pending == Some(Pending::Sorting),
            pending: found.pending,
            chunk: Chunk {
                offset: found.query.offset,
                total: found.total,
                rows: found.rows.into_iter().map(|row| Item::Planned(Box::new(row))).collect(),
            },
            cells: Vec::new(),
            complaint: found.filter_problem,
        },
        // The runs are known now: what has changed can be asked.
        Answer::Runs(_) if matches!(view.shows, Shows::Changes(_)) => {
            view.window.pending = None;
            return None;
        }
        Answer::Runs(all) => Come::filtered(all, view, &sort, Item::Run),
        Answer::Problems(all) => {
            let come = Come::filtered(all.clone(), view, &sort, Item::Finding);
            browse.problems = Some(all);
            come
        }
        other => return Some(other),
    };
    let page = page(model);
    let view = nth(&mut model.browse, at)?;
    let is_last = view.whole == Some(job);
    let goes_on = come.pending.is_some() && !is_last;
    let window = (come.chunk.offset, (come.chunk.rows.len() as u64).max(60));
    take(view, come, is_last, page, fx);
    if follows {
        (view.window.cursor, view.window.top) = (0, 0);
    }
    if goes_on
        && let Some(run) = model.browse.run
        && let Some(view) = model.browse.roots.iter().chain(&model.browse.trail).nth(at)
        && let Some((run, question)) = view.question(&model.browse, run, window, true)
    {
        let job = model.start(Work::Ask(run, question), fx);
        if let Some(view) = nth(&mut model.browse, at) {
            fx.extend(view.whole.replace(job).map(Effect::Cancel));
        }
    }
    None
}

fn take(view: &mut View, come: Come, is_last: bool, page: u64, fx: &mut Fx) {
    if is_last {
        view.whole = None;
        // What was asked for the screen meanwhile is of before.
        fx.extend(view.window.pending.take().map(Effect::Cancel));
    } else {
        view.window.pending = None;
    }
    view.pending = come.pending;
    view.complaint = come.complaint;
    let before = view.window.fresh;
    if come.premature && view.window.total.is_some() {
        // The rows on the screen are no worse.
    } else if view.window.wants(&come.chunk, page) {
        view.cells = come.cells;
        view.window.take(come.chunk, page);
        if come.premature && matches!(before, Fresh::Other(..)) {
            view.window.fresh = before;
        }
    } else {
        view.window.renew();
    }
}

pub(super) fn failed(browse: &mut Browse, job: JobId, problem: Box<Problem>) {
    if let Some(view) = waiting(browse, job).and_then(|at| nth(browse, at)) {
        view.window.pending = None;
        view.whole = None;
        view.pending = None;
        view.window.give_up();
        view.problem = Some(problem);
    }
}
