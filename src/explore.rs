//! Answers questions about one run of a directory: what the browser, `show`, `members`, `why`, `diff` and `list` have in
//! common. Reads a store; never a service, and writes nothing but files that are asked for.

pub mod answers;
mod arena;
pub mod atlas;
pub mod cut;
pub mod cycles;
mod diff;
pub mod edges;
mod facets;
mod find;
mod fuzzy;
pub mod glance;
mod ids;
mod listing;
mod load;
pub mod named;
pub mod near;
mod order;
pub mod paper;
mod rows;
mod run;
#[cfg(test)]
mod shapes;
mod shelf;
pub mod stop;
#[cfg(test)]
mod tests;
pub mod walk;
pub mod ways;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use self::{
    load::LoadError,
    paper::{Outline, PaperError, To},
    run::{Run, understood},
    shelf::{Readers, Shelf},
    stop::{Patience, Stop, Stopped},
};
use crate::{
    domain::{
        explore::{Answer, DiffQuery, DiffRow, Question, TextForm, Whole},
        ids::{RunId, TenantId},
        kind::EntityKind,
        lines::Lined as _,
        naming::{Names, Naming},
        near::{Near, NearQuery},
        problem::Problem,
        view::{List, Pending, Query, Rows, RunInfo},
    },
    store::{Reader, StoreError},
};

/// How long an answer may take before it is given as far as it got.
const SOON: Duration = Duration::from_millis(60);
/// How long a run that is being read is waited for before the store answers: a small one is there by then.
const NOW: Duration = Duration::from_millis(25);
/// Bytes of a store whose runs are read in about that time.
const SMALL: u64 = 16_000_000;

/// How many differences are read at once where all are written.
const WINDOW: u64 = 2_000;

/// Answers about one store. Cheap to make; what it has in memory of a run stays as long as it lives.
#[derive(Debug)]
pub struct Explorer {
    path: PathBuf,
    tenant: Option<TenantId>,
    naming: Naming,
    names: Names,
    shelf: Arc<Shelf>,
    readers: Readers,
    diffs: diff::Diffs,
}

impl Explorer {
    pub fn new(path: PathBuf, tenant: Option<TenantId>, names: impl Into<Names>) -> Self {
        let names = names.into();
        let naming = names.naming();
        let shelf = Arc::new(Shelf::new(path.clone(), tenant.clone(), naming));
        Self { path, tenant, naming, names, shelf, readers: Readers::default(), diffs: diff::Diffs::new() }
    }

    /// Whether it answers about this store.
    pub fn is_about(&self, path: &Path, tenant: Option<&TenantId>, names: &Names) -> bool {
        self.names == *names && self.path == path && self.tenant.as_ref() == tenant
    }

    /// Blocks: for a thread of its own. Ends soon once it is stopped.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, when the run is not in it, and when it was stopped.
    pub fn ask(&self, run: RunId, question: Question, stop: &Stop) -> Result<Answer, ExploreError> {
        Ok(match question {
            Question::Rows(query) => Answer::Rows(self.rows(run, &query, stop)?),
            Question::Facets(query) => Answer::Facets(self.whole(run, stop)?.facets(&query, stop)?),
            Question::Copy(whole, form) => self.put_out(run, &whole, To::Clipboard, form, stop)?,
            Question::Export(whole, form) => {
                let to = To::File { folder: Path::new("."), name: &whole.file_name(run) };
                self.put_out(run, &whole, to, form, stop)?
            }
            Question::Detail(id) => {
                Answer::Detail(self.read(stop, |reader| Ok(reader.detail(run, &self.names, &id)?))?.map(Box::new))
            }
            Question::History(id) => Answer::History(self.read(stop, |reader| Ok(reader.history(&id)?))?),
            Question::Why { group, member } => {
                let why = answers::why(&self.whole(run, stop)?.atlas, &group, &member);
                Answer::Why(Box::new(why.ok_or(ExploreError::NotHeld { run })?))
            }
            Question::Cut { group, member, from, to } => {
                let cut = answers::cut(&self.whole(run, stop)?.atlas, &group, &member, &from, &to);
                Answer::Cut(Box::new(cut.ok_or(ExploreError::NotHeld { run })?))
            }
            Question::Near(query) => Answer::Near(Box::new(self.near(run, &query, stop)?)),
            Question::Draw(query, drawing) => {
                let near = self.near(run, &query, stop)?;
                let name = format!("neighbourhood-run-{run}");
                let text = drawing.text(&near);
                let path = paper::whole(Path::new("."), (&name, drawing.ending()), &text)?;
                let warning = drawing.warning(&near, &text).map(str::to_owned);
                let notes = near.left_out().into_iter().chain(warning).collect();
                Answer::Drawn { path, objects: near.steps.len() as u64, notes }
            }
            Question::Glance => self.glance(run, stop)?,
            Question::Diff { since, query } => Answer::Diff(Box::new(
                self.read(stop, |reader| self.diffs.ask(reader, self.naming, run, since, query, stop))?,
            )),
            Question::Runs => Answer::Runs(self.read(stop, |reader| Ok(reader.runs()?))?),
            _ => return Err(ExploreError::NotAnswered),
        })
    }

    fn rows(&self, run: RunId, query: &Query, stop: &Stop) -> Result<Rows, ExploreError> {
        let info = self.info(run, stop)?;
        if query.whole {
            return Ok(self.shelf.wait(&info, stop)?.rows(query, &Patience::endless(stop.clone()))?);
        }
        let (is_small, is_known) = (self.is_small(), self.shelf.is_known(run));
        // The very first rows of a large one are not to wait for what reads all.
        let first = if is_small || is_known { None } else { Some(self.first_rows(run, query, stop)?) };
        let held = self.shelf.wait_for(&info, if is_small { NOW } else { Duration::ZERO }, stop)?;
        match (first, held) {
            (Some(first), _) => Ok(first),
            (None, Some(run)) => Ok(run.rows(query, &Patience::of(stop.clone(), SOON))?),
            (None, None) => self.first_rows(run, query, stop),
        }
    }

    /// Rows while the run is still being read: by name and not filtered.
    fn first_rows(&self, run: RunId, query: &Query, stop: &Stop) -> Result<Rows, ExploreError> {
        let plain = Query { filter: String::new(), sort: Vec::new(), ..query.clone() };
        let mut rows = self.read(stop, |reader| Ok(reader.first_rows(run, self.naming, &plain)?))?;
        for row in &mut rows.rows {
            row.cells = query.columns.iter().map(|column| rows::cell_of(row, *column)).collect();
        }
        rows.filter_problem = understood(query).1;
        rows.query = query.clone();
        rows.pending = Some(Pending::Loading);
        Ok(rows)
    }

    fn put_out(
        &self,
        run: RunId,
        whole: &Whole,
        to: To<'_>,
        form: TextForm,
        stop: &Stop,
    ) -> Result<Answer, ExploreError> {
        match whole {
            Whole::Rows(query) => {
                let run = self.whole(run, stop)?;
                let listing = run.listing(query, understood(query).0, &Patience::endless(stop.clone()))?;
                rows::put_out(&run, query, &listing, to, form, stop)
            }
            Whole::Diff { since, query } => self.put_out_diff(run, *since, query, to, form, stop),
            Whole::Lines(lines) => {
                let outline = Outline::of(lines.heads, lines.rows.len() as u64);
                paper::put_out(to, form, &outline, &mut |sink| {
                    lines.rows.iter().try_for_each(|cells| Ok(sink.row(cells)?))
                })
            }
            Whole::Requests(_) | Whole::Planned(_) => Err(ExploreError::NotAnswered),
        }
    }

    /// Window by window: of all that is different only places are held in memory.
    fn put_out_diff(
        &self,
        run: RunId,
        since: RunId,
        query: &DiffQuery,
        to: To<'_>,
        form: TextForm,
        stop: &Stop,
    ) -> Result<Answer, ExploreError> {
        let window = |offset, limit| {
            let query = DiffQuery { offset, limit, ..query.clone() };
            self.read(stop, |reader| self.diffs.ask(reader, self.naming, run, since, query, stop))
        };
        let total = window(0, 0)?.total;
        paper::put_out(to, form, &Outline::of(DiffRow::HEADS, total), &mut |sink| {
            let mut offset = 0;
            while offset < total {
                stop.check()?;
                let found = window(offset, WINDOW)?;
                found.rows.iter().try_for_each(|row| sink.row(&row.cells()))?;
                offset += WINDOW;
            }
            Ok(())
        })
    }

    fn near(&self, run: RunId, query: &NearQuery, stop: &Stop) -> Result<Near, ExploreError> {
        near::near(&self.whole(run, stop)?.atlas, query).ok_or(ExploreError::NotHeld { run })
    }

    fn glance(&self, id: RunId, stop: &Stop) -> Result<Answer, ExploreError> {
        let growth = self.read(stop, |reader| Ok(glance::growth(reader)?))?;
        let run = self.whole(id, stop)?;
        let facets = |list| run.facets(&Query::of(list), stop);
        let (users, groups) = (facets(List::Users)?, facets(List::Groups)?);
        let of_groups = run.atlas.list(EntityKind::Group).clone();
        let glance = glance::glance(&run.atlas, of_groups, run.atlas.nesting(), users, groups, growth);
        Ok(Answer::Glance(Box::new(glance)))
    }

    /// The run in memory, once it is.
    fn whole(&self, run: RunId, stop: &Stop) -> Result<Arc<Run>, ExploreError> {
        self.shelf.wait(&self.info(run, stop)?, stop)
    }

    fn info(&self, run: RunId, stop: &Stop) -> Result<RunInfo, ExploreError> {
        self.read(stop, |reader| Ok(reader.run(run)?))
    }

    /// Whether the run is in memory before anybody would see rows from the store.
    fn is_small(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.len() <= SMALL)
    }

    fn read<T>(&self, stop: &Stop, ask: impl FnOnce(&Reader) -> Result<T, ExploreError>) -> Result<T, ExploreError> {
        self.readers.with(stop, || Reader::open(&self.path, self.tenant.as_ref())?.frugal(), ask)
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        self.shelf.give_up();
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExploreError {
    #[error("the store cannot be read")]
    Store(#[source] StoreError),
    #[error("the list could not be put out")]
    Paper(#[from] PaperError),
    #[error("it was stopped")]
    Stopped(#[from] Stopped),
    #[error("run {run} does not hold what was asked for")]
    NotHeld { run: RunId },
    #[error("this cannot be answered yet")]
    NotAnswered,
}

impl From<StoreError> for ExploreError {
    fn from(error: StoreError) -> Self {
        LoadError::from(error).into()
    }
}

impl From<LoadError> for ExploreError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => Self::Store(error),
            LoadError::Stopped(stopped) => Self::Stopped(stopped),
        }
    }
}

impl ExploreError {
    pub fn problem(&self) -> Problem {
        match self {
            Self::Store(error) => error.problem(),
            Self::Paper(error) => error.into(),
            Self::Stopped(_) => Problem::new("the question was given up").code("cancelled"),
            Self::NotHeld { .. } => Problem::new(self.to_string())
                .code("no_such_object")
                .hint("It may have come or gone since: look at another run."),
            Self::NotAnswered => Problem::new(self.to_string()),
        }
    }
}
