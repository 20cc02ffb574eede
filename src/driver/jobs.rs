//! Jobs: each with a number, a way to cancel it, and an end that is told even when it panics.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use crate::{
    app::{JobId, Outcome, Work},
    domain::{
        check::Check,
        live::LiveProgress,
        problem::Problem,
        progress::{ConsentTry, Event, IngestProgress, LogLine, Reporter},
        request::Request,
        upload::UploadProgress,
    },
    jobs::Hold,
};

/// All that runs.
pub struct Jobs {
    engine: Arc<dyn Engine>,
    running: BTreeMap<JobId, Running>,
    ends: mpsc::UnboundedSender<(JobId, Outcome)>,
    ended: mpsc::UnboundedReceiver<(JobId, Outcome)>,
}

struct Running {
    cancel: CancellationToken,
    hold: Hold,
    mail: Arc<Mailbox>,
}

impl Jobs {
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        let (ends, ended) = mpsc::unbounded_channel();
        Self { engine, running: BTreeMap::new(), ends, ended }
    }

    pub fn start(&mut self, id: JobId, work: Work) {
        let cancel = CancellationToken::new();
        let hold = Hold::default();
        let mail = Arc::new(Mailbox::default());
        self.running.insert(id, Running { cancel: cancel.clone(), hold: hold.clone(), mail: Arc::clone(&mail) });
        let what = work.kind().words();
        let job = tokio::spawn(perform(Arc::clone(&self.engine), work, mail, cancel, hold));
        let ends = self.ends.clone();
        tokio::spawn(async move {
            let outcome = job.await.unwrap_or_else(|error| fell_over(what, error));
            // Nobody listens any more once the program is on its way out.
            let _ = ends.send((id, outcome));
        });
    }

    pub fn cancel(&self, id: JobId) {
        if let Some(job) = self.running.get(&id) {
            job.cancel.cancel();
        }
    }

    pub fn hold(&self, id: JobId, held: bool) {
        if let Some(job) = self.running.get(&id) {
            job.hold.set(held);
        }
    }

    pub fn cancel_all(&self) {
        self.running.values().for_each(|job| job.cancel.cancel());
    }

    /// What jobs have told since the last time, in order for each.
    pub fn mail(&self) -> Vec<(JobId, Event)> {
        self.running.iter().flat_map(|(id, job)| job.mail.take().into_iter().map(|event| (*id, event))).collect()
    }

    /// Waits for the next job that ends: what it had still to tell, and its outcome.
    pub async fn next_end(&mut self) -> (JobId, Vec<Event>, Outcome) {
        loop {
            // The channel cannot close: this end holds a sender too.
            if let Some((id, outcome)) = self.ended.recv().await {
                let mail = self.running.remove(&id).map(|job| job.mail.take()).unwrap_or_default();
                return (id, mail, outcome);
            }
        }
    }
}

/// A job that panicked, or was torn down with its runtime.
fn fell_over(what: &str, error: tokio::task::JoinError) -> Outcome {
    let mut problem = Problem::new(format!("{what} stopped unexpectedly"))
        .code("internal")
        .hint("This is a fault of tenantry, not yours. The log has the details; try again.");
    if let Ok(payload) = error.try_into_panic() {
        problem.message = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .map(|text| text.chars().take(300).collect());
    }
    Outcome::Failed(Box::new(problem))
}

async fn perform(
    engine: Arc<dyn Engine>,
    work: Work,
    mail: Arc<Mailbox>,
    cancel: CancellationToken,
    hold: Hold,
) -> Outcome {
    fn or_failed<T>(result: Result<T, Problem>, outcome: impl FnOnce(T) -> Outcome) -> Outcome {
        result.map_or_else(|problem| Outcome::Failed(Box::new(problem)), outcome)
    }
    match work {
        Work::Doctor(form) => or_failed(engine.doctor(form, mail, cancel).await, Outcome::Checked),
        Work::Consent(form) => or_failed(engine.consent(form, mail, cancel).await, |()| Outcome::Consented),
        Work::Key(work) => or_failed(engine.key(work).await, |view| Outcome::Key(Box::new(view))),
        Work::Write { name, text } => or_failed(engine.write(name, text).await, Outcome::Written),
        Work::Save(form) => or_failed(engine.save_profile(form).await, |saved| Outcome::Saved(Box::new(saved))),
        Work::Keep(changed) => or_failed(engine.keep(*changed).await, |()| Outcome::Kept),
        Work::Profiles(work) => or_failed(engine.profiles(work).await, |news| Outcome::Profiles(Box::new(news))),
        Work::Overview => or_failed(engine.overview().await, |o| Outcome::Overview(Box::new(o))),
        Work::Collect(how) => {
            or_failed(engine.collect(how, hold, mail, cancel).await, |run| Outcome::Collected(Box::new(run)))
        }
        Work::Again(again) => {
            or_failed(engine.again(again, hold, mail, cancel).await, |run| Outcome::Collected(Box::new(run)))
        }
        Work::Ask(run, question) => or_failed(engine.ask(run, question, cancel).await, Outcome::Answered),
        Work::KeepPlan(run) => or_failed(engine.keep_plan(run).await, Outcome::Written),
        Work::Preview(run) => or_failed(engine.preview(run, cancel).await, |p| Outcome::Previewed(Box::new(p))),
        Work::PreviewLive(run) => {
            or_failed(engine.preview_live(run, mail, cancel).await, |p| Outcome::Previewed(Box::new(p)))
        }
        Work::Export(format) => or_failed(engine.export(format, cancel).await, Outcome::Exported),
        Work::Place(target) => or_failed(engine.place(target, cancel).await, |p| Outcome::Place(Box::new(p))),
        Work::Upload(order) => match engine.upload(order, mail, cancel).await {
            Ok(figures) => Outcome::Uploaded(Box::new(figures)),
            Err(failure) => Outcome::UploadFailed(Box::new(failure)),
        },
        Work::DemoConsent => or_failed(engine.demo_consent().await, |()| Outcome::DemoConsented),
        Work::Advance => or_failed(engine.demo_advance().await, |()| Outcome::Advanced),
    }
}

/// Where a job leaves what it tells: the newest totals and the lines since, however fast it talks.
#[derive(Default)]
struct Mailbox(Mutex<Mail>);

#[derive(Default)]
struct Mail {
    checks: Vec<Check>,
    ingest: Option<Box<IngestProgress>>,
    upload: Option<UploadProgress>,
    consent: Option<ConsentTry>,
    live: Option<LiveProgress>,
    lines: VecDeque<LogLine>,
    requests: VecDeque<Box<Request>>,
}

/// More lines than this between two looks are more than anybody reads.
const LINES: usize = 200;

/// And more requests: all of them are in the request log.
const REQUESTS: usize = 60;

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Mail> {
        // A job that panicked while it told something has left whole values behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Vec<Event> {
        let mail = std::mem::take(&mut *self.lock());
        let checks = mail.checks.into_iter().map(|c| Event::Check(Box::new(c)));
        let lines = mail.lines.into_iter().map(Event::Log);
        let totals = [
            mail.ingest.map(Event::Ingest),
            mail.upload.map(Event::Upload),
            mail.consent.map(Event::Consent),
            mail.live.map(Event::Live),
        ];
        let requests = mail.requests.into_iter().map(Event::Request);
        checks.chain(lines).chain(requests).chain(totals.into_iter().flatten()).collect()
    }
}

impl Reporter for Mailbox {
    fn report(&self, event: Event) {
        let mut mail = self.lock();
        match event {
            Event::Check(check) => mail.checks.push(*check),
            Event::Ingest(progress) => mail.ingest = Some(progress),
            Event::Upload(progress) => mail.upload = Some(progress),
            Event::Consent(tried) => mail.consent = Some(tried),
            Event::Live(progress) => mail.live = Some(progress),
            Event::Request(request) => push(&mut mail.requests, request, REQUESTS),
            Event::Log(line) => push(&mut mail.lines, line, LINES),
        }
    }
}

/// One more behind the others, and no more than `most` of them: the oldest goes.
fn push<T>(queue: &mut VecDeque<T>, one: T, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(one);
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use url::Url;

    use super::*;
    use crate::domain::request::Service;

    #[test]
    fn of_requests_only_the_newest_wait_for_a_look() {
        let url = Url::parse("https://graph.microsoft.com/v1.0/users").unwrap();
        let mail = Mailbox::default();
        for n in 0..200 {
            let mut request = Request::new(Timestamp::UNIX_EPOCH, Service::Graph, "GET", &url);
            request.ms = n;
            mail.report(Event::Request(Box::new(request)));
        }
        let of = |event: &Event| match event {
            Event::Request(request) => request.ms,
            other => panic!("{other:?}"),
        };
        assert_eq!(mail.take().iter().map(of).collect::<Vec<_>>(), (140..200).collect::<Vec<_>>());
        assert!(mail.take().is_empty());
    }
}
