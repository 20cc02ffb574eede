//! The request log of a job: begun with it, ended with it.

use std::{io, sync::Arc};

use super::{Context, JobError};
use crate::{
    domain::{ids::RunId, problem::Problem, progress::Reporter},
    profile::Settings,
    requests::{self, Log, Shelf},
};

/// What the log of a collection is called.
pub(super) const COLLECT: &str = "collect";

/// Does a job whose requests are kept. Whatever becomes of the log, it is the job's result that counts.
pub(super) async fn kept<T, F: Future<Output = Result<T, JobError>>>(
    context: &Context,
    of: &str,
    run: Option<RunId>,
    job: impl FnOnce(Context) -> F,
) -> Result<T, JobError> {
    let folder = requests::folder(context.settings.store()?);
    let (clock, inner) = (Arc::clone(&context.clock), Arc::clone(&context.reporter));
    let log = Arc::new(Log::begin(&folder, of, clock, inner));
    run.into_iter().for_each(|run| log.of_run(run));
    let reporter: Arc<dyn Reporter> = Arc::<Log>::clone(&log);
    let result = Box::pin(job(Context { reporter, ..context.clone() })).await;
    let ended = context.clock.now();
    // A small write, but one to a disk.
    tokio::task::spawn_blocking(move || log.end(ended)).await.ok();
    result
}

/// The request logs beside the store.
pub fn shelf(settings: &Settings) -> Result<Shelf, JobError> {
    Ok(Shelf::of(settings.store()?))
}

/// As every face shows it.
pub fn request_log_problem(error: &io::Error) -> Problem {
    Problem::new(format!("the request log cannot be read: {error}"))
        .code("request_log")
        .hint("It lies beside the store, in a folder that ends in .requests.")
}
