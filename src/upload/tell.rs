//! What an upload tells while it works: totals, and a line for what is unusual.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{Size, Stop};
use crate::{
    domain::{
        batch::Payload,
        clock::Clock,
        problem::Problem,
        progress::{Event, Level, LogLine, Reporter},
        upload::{JobFigures, UploadPhase, UploadProgress},
        validate::{Checker, Done},
    },
    jupiterone::{JupiterOneError, Retry, job},
};

pub(super) struct Teller {
    reporter: Arc<dyn Reporter>,
    pub clock: Arc<dyn Clock>,
    began: Instant,
    /// When the first object was to be sent, and when the last had arrived.
    sending: Mutex<(Option<Instant>, Option<Instant>)>,
    state: Arc<Mutex<UploadProgress>>,
}

impl Teller {
    pub fn new(reporter: Arc<dyn Reporter>, clock: Arc<dyn Clock>, size: Size) -> Self {
        let state = UploadProgress {
            entities_total: size.entities,
            relationships_total: size.relationships,
            ..UploadProgress::default()
        };
        let (began, state) = (Instant::now(), Arc::new(Mutex::new(state)));
        let teller = Self { reporter, clock, began, sending: Mutex::default(), state };
        teller.update(|_| ());
        teller
    }

    fn state(&self) -> MutexGuard<'_, UploadProgress> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut UploadProgress)) {
        let told = {
            let mut state = self.state();
            change(&mut state);
            state.seconds = self.began.elapsed().as_secs_f64();
            state.sending_seconds = self.sending_seconds(state.phase);
            state.clone()
        };
        self.reporter.report(Event::Upload(told));
    }

    fn sending_seconds(&self, phase: UploadPhase) -> f64 {
        let mut sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        match phase {
            UploadPhase::Starting => {}
            UploadPhase::Entities | UploadPhase::Relationships => {
                sending.0.get_or_insert_with(Instant::now);
            }
            UploadPhase::Finalizing | UploadPhase::Finished | UploadPhase::Aborting => {
                sending.1.get_or_insert_with(Instant::now);
            }
        }
        let until = |from: Instant| sending.1.unwrap_or_else(Instant::now).duration_since(from).as_secs_f64();
        sending.0.map(until).unwrap_or_default()
    }

    /// What listens to the client's retries.
    pub fn retries(&self) -> impl Fn(&Retry) + Send + Sync + 'static {
        let (state, reporter, clock) = (Arc::clone(&self.state), Arc::clone(&self.reporter), Arc::clone(&self.clock));
        move |retry| {
            state.lock().unwrap_or_else(PoisonError::into_inner).retries += 1;
            reporter.report(Event::Log(LogLine {
                at: clock.now(),
                level: Level::Retry,
                text: format!("{}, again in {:.1} s", retry.problem.line(), retry.wait.as_secs_f64()),
                problem: Some(Box::new(retry.problem.clone())),
            }));
        }
    }

    /// An earlier process knows that so many arrived.
    pub fn gone_on(&self, entities: u64, relationships: u64) {
        self.update(|state| {
            state.entities_sent = entities;
            state.relationships_sent = relationships;
            state.before = entities + relationships;
        });
    }

    pub fn entities_sent(&self) -> u64 {
        self.state().entities_sent
    }

    pub fn started(&self, job: &JobFigures) {
        self.update(|state| {
            state.job_id = Some(job.id.clone());
            state.status = Some(job.status.clone());
        });
    }

    pub fn phase(&self, phase: UploadPhase) {
        self.update(|state| state.phase = phase);
    }

    pub fn status(&self, status: &str) {
        self.update(|state| state.status = Some(status.to_owned()));
    }

    pub fn sent(&self, payload: Payload, objects: u64, bytes: usize) {
        self.update(|state| {
            match payload {
                Payload::Entities => state.entities_sent += objects,
                Payload::Relationships => state.relationships_sent += objects,
            }
            state.batches += 1;
            state.bytes += bytes as u64;
        });
    }

    /// Whether all that the store promised has arrived: a job that lacks something must not be finalized.
    /// All of the run was sent, but for what is not valid; that is told.
    pub fn check_sent(&self, size: Size, checker: &Checker) -> Result<(), Stop> {
        for finding in checker.findings().iter().filter(|finding| finding.done == Done::Excluded) {
            self.log(Level::Warning, finding.words(), None);
        }
        let state = self.state();
        let (entities, relationships) = checker.excluded();
        let all = (state.entities_sent + entities, state.relationships_sent + relationships);
        if all == (size.entities, size.relationships) {
            return Ok(());
        }
        Err(Stop::Failed(
            Problem::new(format!(
                "{} of {} entities and {} of {} relationships were sent",
                state.entities_sent, size.entities, state.relationships_sent, size.relationships
            ))
            .code("not_all_sent")
            .hint("The store may have changed meanwhile. Look at the preview, then upload again."),
        ))
    }

    pub fn split(&self, bytes: usize, error: &JupiterOneError) {
        let text = format!("a body of {bytes} bytes was too large for JupiterOne, and goes in parts");
        self.log(Level::Info, text, Some(error.problem()));
    }

    /// Names the objects that a finished job could not write, and says where JupiterOne counted fewer than were sent.
    pub fn warn_of(&self, figures: &JobFigures) {
        let (sent_entities, sent_relationships) = {
            let state = self.state();
            (state.entities_sent, state.relationships_sent)
        };
        let (entities, relationships) = (figures.num_entities_uploaded, figures.num_relationships_uploaded);
        // None at all is no figure: not every answer has them.
        if entities + relationships > 0 && (entities < sent_entities || relationships < sent_relationships) {
            let text = format!(
                "job {}: JupiterOne counted {entities} of {sent_entities} entities and {relationships} of {sent_relationships} relationships",
                figures.id
            );
            let problem = Problem::new(text.clone()).code("counted_fewer");
            self.log(Level::Warning, text, Some(problem.hint("Look at the job in JupiterOne, then upload again.")));
        }
        for (what, count) in job::errors(figures) {
            let hint = match what {
                "relationships not created" => "One of their ends is missing in JupiterOne, or was deleted there.",
                _ => "Look at the job in JupiterOne.",
            };
            let problem = Problem::new(format!("{count} {what}")).code("job_errors").hint(hint);
            self.log(Level::Warning, format!("job {}: {count} {what}", figures.id), Some(problem));
        }
    }

    pub fn log(&self, level: Level, text: String, problem: Option<Problem>) {
        let line = LogLine { at: self.clock.now(), level, text, problem: problem.map(Box::new) };
        self.reporter.report(Event::Log(line));
    }
}
