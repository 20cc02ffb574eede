//! Which run of a store a job is about, what it lacks that nobody accepted, and the end of a store.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::JobError;
use crate::{
    domain::{
        completeness::{AcceptedGap, Gap, RunStatus, accept},
        explore::Finding,
        finding::{Evidence, findings},
        ids::{RunId, TenantId},
        problem::Problem,
        progress::{Event, Reporter},
        reading::RunKind,
        view::RunInfo,
    },
    profile::{Settings, TenantRef},
    requests,
    store::{self, Reader, StoreError},
};

/// Opens the store for reading.
pub fn open(settings: &Settings) -> Result<Reader, JobError> {
    let tenant = settings.tenant.as_ref().and_then(TenantRef::id);
    Ok(Reader::open(settings.store()?, tenant)?)
}

/// All runs of the store, the newest first.
pub fn runs(settings: &Settings) -> Result<Vec<RunInfo>, JobError> {
    let mut all = open(settings)?.runs()?;
    all.iter_mut().for_each(|run| accepted_here(run, settings));
    Ok(all)
}

/// Everything about a run that is not as it should be.
pub fn problems(settings: &Settings, run: RunId) -> Result<Vec<Finding>, JobError> {
    let reader = open(settings)?;
    let mut run = reader.run(run)?;
    accepted_here(&mut run, settings);
    let learned = reader.learned()?;
    // Whatever becomes of the logs, the rest is known.
    let logs = super::shelf(settings)?.logs().unwrap_or_default();
    let log = logs.iter().find(|log| log.run == Some(run.id) && log.of == super::logs::COLLECT);
    Ok(findings(Evidence { run: &run, learned: &learned, log, naming: settings.naming() }))
}

/// Marks the gaps that the profile accepts.
pub fn accepted_here(run: &mut RunInfo, settings: &Settings) {
    accept(&mut run.gaps, &settings.accepted_gaps);
}

/// A reporter that adds to what the engine tells what it does not know: which gaps the profile accepts, and since when
/// changes are read.
pub(super) fn told(
    inner: Arc<dyn Reporter>,
    accepted: Vec<AcceptedGap>,
    since: Option<Timestamp>,
) -> Arc<dyn Reporter> {
    Arc::new(move |mut event: Event| {
        if let Event::Ingest(progress) = &mut event {
            accept(&mut progress.gaps, &accepted);
            progress.changes_since =
                since.filter(|_| progress.kind == Some(RunKind::Delta) && progress.again.is_empty());
        }
        inner.report(event);
    })
}

/// When the newest finished run began, if there is one that can be read.
pub(super) fn newest_finished_at(settings: &Settings) -> Option<Timestamp> {
    Some(open(settings).ok()?.newest_finished().ok()??.started_at)
}

/// The run that preview, upload and export use.
pub fn finished(settings: &Settings) -> Result<RunInfo, JobError> {
    chosen(&open(settings)?, settings)
}

/// The run that preview, upload and export use: the one that was asked for, else the newest finished one.
pub(super) fn chosen(reader: &Reader, settings: &Settings) -> Result<RunInfo, JobError> {
    let all = reader.runs()?;
    let mut run = match settings.run {
        Some(id) => asked_for(&all, id)?,
        None => newest_finished(&all)?,
    };
    accepted_here(&mut run, settings);
    Ok(run)
}

/// The run that is looked at: the one that was asked for, whatever became of it, else the newest finished one; the newest
/// of all only where there is nothing else.
pub fn looked_at(settings: &Settings) -> Result<RunInfo, JobError> {
    let mut run = any(open(settings)?.runs()?, settings.run)?;
    accepted_here(&mut run, settings);
    Ok(run)
}

fn any(all: Vec<RunInfo>, asked: Option<RunId>) -> Result<RunInfo, JobError> {
    if let Some(id) = asked {
        let known: Vec<String> = all.iter().map(|run| run.id.to_string()).collect();
        return all.into_iter().find(|run| run.id == id).ok_or_else(|| {
            unfit(
                format!("the store holds no run {id}"),
                "no_such_run",
                format!("It holds: {}. Older ones are forgotten (collect --keep).", known.join(", ")),
            )
        });
    }
    let at = all.iter().position(|run| run.status.is_finished()).unwrap_or_default();
    match all.into_iter().nth(at) {
        Some(run) => Ok(run),
        None => newest_finished(&[]),
    }
}

const SELECTION: &str = "run_is_a_selection";

fn asked_for(all: &[RunInfo], id: RunId) -> Result<RunInfo, JobError> {
    let run = all.iter().find(|run| run.id == id).ok_or_else(|| {
        let known: Vec<String> = all.iter().filter(|r| r.status.is_finished()).map(|r| r.id.to_string()).collect();
        let hint = match known.is_empty() {
            true => "Run `tenantry collect` first, and let it finish.".to_owned(),
            false => format!("These are finished: {}. Older ones are forgotten (collect --keep).", known.join(", ")),
        };
        unfit(format!("the store holds no run {id}"), "no_such_run", hint)
    })?;
    let began = run.started_at.strftime("%Y-%m-%d %H:%M UTC");
    match run.status {
        _ if run.kind == RunKind::Scoped => Err(unfit(
            format!("run {id} of {began} read a selection only"),
            SELECTION,
            "A selection says nothing of the rest. Run `tenantry collect` without --only-groups and --sample.",
        )),
        RunStatus::Complete | RunStatus::Partial => Ok(run.clone()),
        RunStatus::Running => Err(unfit(
            format!("run {id} of {began} is still being read"),
            "run_not_finished",
            "Let it finish, or leave --run out: then the newest finished run is used.",
        )),
        RunStatus::Interrupted | RunStatus::Failed | RunStatus::Scoped => Err(unfit(
            format!("run {id} of {began} never finished"),
            "run_not_finished",
            "`tenantry collect` goes on with an interrupted run. Without --run, the newest finished one is used.",
        )),
    }
}

fn newest_finished(all: &[RunInfo]) -> Result<RunInfo, JobError> {
    if let Some(run) = all.iter().find(|run| run.status.is_finished()) {
        return Ok(run.clone());
    }
    let scoped = all.first().is_some_and(|run| run.kind == RunKind::Scoped);
    let (what, hint) = match all.first().map(|run| run.status) {
        Some(_) if scoped => (
            "a selection only, and no finished run",
            "Run `tenantry collect` without --only-groups and --sample, and let it finish.",
        ),
        None => ("no finished run", "Run `tenantry collect` first, and let it finish."),
        Some(RunStatus::Running) => ("no finished run yet", "One is being read: let it finish."),
        Some(_) => ("an interrupted run, and no finished run", "`tenantry collect` goes on with it: let it finish."),
    };
    Err(JobError::failed(Problem::new(format!("the store holds {what}")).code("no_run").hint(hint)))
}

fn unfit(summary: String, code: &str, hint: impl Into<String>) -> JobError {
    JobError::Unfit(Box::new(Problem::new(summary).code(code).hint(hint)))
}

/// To upload a selection would delete everything else: that is harm, not a slip of the pen.
pub(super) fn never_uploaded(error: JobError) -> JobError {
    match error {
        JobError::Unfit(problem) if problem.code.as_deref() == Some(SELECTION) => JobError::Guard(problem),
        other => other,
    }
}

/// The run that preview, upload and export use, with how many objects of each `_type` it holds.
pub fn counts(settings: &Settings) -> Result<BTreeMap<String, u64>, JobError> {
    let reader = open(settings)?;
    let run = chosen(&reader, settings)?;
    Ok(reader.counts(run.id, settings.naming())?)
}

/// Counts of one run, finished or not.
pub fn counts_of(settings: &Settings, run: &RunInfo) -> Result<BTreeMap<String, u64>, JobError> {
    Ok(open(settings)?.counts(run.id, settings.naming())?)
}

/// What is missing and nobody accepted.
pub fn open_gaps(gaps: &[Gap]) -> impl Iterator<Item = &Gap> {
    gaps.iter().filter(|gap| gap.is_open())
}

/// How a finished job exits: 0, or 3 with gaps that nobody accepted.
pub fn has_open_gaps(run: &RunInfo) -> bool {
    run.status == RunStatus::Partial && open_gaps(&run.gaps).next().is_some()
}

/// Deletes a tenant's store, with all that lies beside it; whether there was one.
///
/// # Errors
///
/// When another process writes it, when what is there is no store, when the system refuses.
pub fn remove_store(settings: &Settings, tenant: &TenantId, now: Timestamp) -> Result<bool, JobError> {
    let store = settings.paths.store(tenant);
    let was_there = store::remove(&store, now).map_err(|error| match error {
        StoreError::Locked { .. } => JobError::Guard(Box::new(error.problem())),
        other => other.into(),
    })?;
    requests::remove(&store).map_err(|error| JobError::failed(super::request_log_problem(&error)))?;
    Ok(was_there)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: i64, status: RunStatus) -> RunInfo {
        RunInfo {
            id: RunId(id),
            status,
            kind: if status == RunStatus::Scoped { RunKind::Scoped } else { RunKind::Full },
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: Some(Timestamp::UNIX_EPOCH),
            gaps: Vec::new(),
            requests: 0,
            resource_units: 0,
            seconds: 0.0,
            last_full: None,
            service_principals_as_of: None,
        }
    }

    #[test]
    fn only_finished_runs_of_everything_can_be_asked_for() {
        let all = [
            run(6, RunStatus::Running),
            run(5, RunStatus::Scoped),
            run(4, RunStatus::Interrupted),
            run(3, RunStatus::Partial),
            run(2, RunStatus::Failed),
            run(1, RunStatus::Complete),
        ];
        let check = |id: i64, want: Result<i64, &str>, words: &str| {
            let got = asked_for(&all, RunId(id)).map(|run| run.id.0).map_err(|error| {
                assert!(matches!(error, JobError::Unfit(_)), "{error:?}");
                let problem = error.problem();
                assert!(format!("{} {}", problem.summary, problem.hint.unwrap()).contains(words), "run {id}");
                problem.code.unwrap()
            });
            assert_eq!(got, want.map_err(str::to_owned), "run {id}");
        };
        check(1, Ok(1), "");
        check(3, Ok(3), "");
        check(2, Err("run_not_finished"), "never finished");
        check(4, Err("run_not_finished"), "goes on with");
        check(5, Err("run_is_a_selection"), "selection");
        check(6, Err("run_not_finished"), "still being read");
        check(7, Err("no_such_run"), "3, 1");
        assert!(matches!(never_uploaded(asked_for(&all, RunId(5)).unwrap_err()), JobError::Guard(_)));
        assert!(matches!(never_uploaded(asked_for(&all, RunId(4)).unwrap_err()), JobError::Unfit(_)));
    }

    #[test]
    fn what_is_looked_at_may_be_any_run() {
        let all = |statuses: &[RunStatus]| -> Vec<RunInfo> {
            let mut all: Vec<RunInfo> = (1..).zip(statuses).map(|(id, status)| run(id, *status)).collect();
            all.reverse();
            all
        };
        let check = |statuses: &[RunStatus], asked: Option<i64>, want: Result<i64, &str>| {
            let got = any(all(statuses), asked.map(RunId)).map(|run| run.id.0).map_err(|e| e.problem().code.unwrap());
            assert_eq!(got, want.map_err(str::to_owned), "{asked:?} of {statuses:?}");
        };
        check(&[RunStatus::Partial, RunStatus::Interrupted, RunStatus::Running], None, Ok(1));
        check(&[RunStatus::Partial, RunStatus::Interrupted, RunStatus::Running], Some(2), Ok(2));
        check(&[RunStatus::Scoped, RunStatus::Running], None, Ok(2));
        check(&[RunStatus::Complete], Some(7), Err("no_such_run"));
        check(&[], None, Err("no_run"));
    }

    #[test]
    fn the_newest_finished_run_of_everything_is_used() {
        let check = |statuses: &[RunStatus], want: Result<i64, &str>| {
            let mut all: Vec<RunInfo> = (1..).zip(statuses).map(|(id, status)| run(id, *status)).collect();
            all.reverse();
            let got = newest_finished(&all).map(|run| run.id.0).map_err(|error| error.problem().summary);
            assert_eq!(got, want.map_err(|words| format!("the store holds {words}")), "{statuses:?}");
        };
        check(&[], Err("no finished run"));
        check(&[RunStatus::Partial, RunStatus::Scoped, RunStatus::Interrupted], Ok(1));
        check(&[RunStatus::Complete, RunStatus::Partial, RunStatus::Running], Ok(2));
        check(&[RunStatus::Scoped], Err("a selection only, and no finished run"));
        check(&[RunStatus::Running], Err("no finished run yet"));
        check(&[RunStatus::Interrupted], Err("an interrupted run, and no finished run"));
    }
}
