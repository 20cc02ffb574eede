//! Where words and JSON go, and how the process ends.

use std::{
    io::Write,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    domain::{
        clock::{Clock, SystemClock},
        completeness::{Collection, Gap, RunStatus},
        live::LiveProgress,
        problem::Problem,
        progress::{ConsentTry, Event, IngestProgress, Level, Phase},
        reading::RunKind,
        text::{ago, counted, grouped, visible},
        upload::UploadProgress,
        view::RunInfo,
    },
    jobs::JobError,
};

/// Exit statuses. Of several that apply, the first of `Interrupted`, `Guard`, `Failed`, `Usage`, `Gaps`, `Changes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    /// Done, with gaps that the profile has not accepted.
    Gaps = 3,
    /// Refused, as it would do harm.
    Guard = 4,
    /// There are changes (`preview --detailed-exitcode`).
    Changes = 5,
    /// Interrupted; what was read is kept.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// How grave it is, of several that apply.
    const fn rank(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Changes => 1,
            Self::Gaps => 2,
            Self::Usage => 3,
            Self::Failed => 4,
            Self::Guard => 5,
            Self::Interrupted => 6,
        }
    }

    /// The worse of two.
    pub const fn or(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    /// How a job that ended in an error exits.
    pub fn of(error: &JobError) -> Self {
        match error {
            JobError::Usage(_) | JobError::Unfit(_) => Self::Usage,
            JobError::Guard(_) => Self::Guard,
            JobError::Failed(_) => Self::Failed,
            JobError::Interrupted(_) => Self::Interrupted,
            JobError::Upload(e) if e.is_cancelled() => Self::Interrupted,
            JobError::Upload(e) if e.is_guard() => Self::Guard,
            JobError::Upload(_) => Self::Failed,
        }
    }
}

/// One command's output. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Output {
    json: bool,
    /// Of several profiles, the one that is spoken of: every object names it.
    profile: Option<Arc<str>>,
    state: Arc<State>,
}

/// Whoever is shown a date wants to know how long ago that is.
fn now() -> Timestamp {
    SystemClock.now()
}

/// Done and total of each collection.
type Figures = [(u64, Option<u64>); 4];

#[derive(Debug, Default)]
struct State {
    /// When progress was last told, and what was said then.
    told: Mutex<Option<(Instant, Figures)>>,
    /// The last that the ingestion told, so that its end can be told however often it spoke.
    last: Mutex<Option<IngestProgress>>,
    /// How the run reads, once that has been said.
    said: Mutex<Option<RunKind>>,
    /// The next step that was said last.
    hint: Mutex<Option<String>>,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self { json, profile: None, state: Arc::default() }
    }

    /// The same for one profile of several: its `finished` is `collected`, for the command goes on.
    pub fn of_profile(&self, name: &str) -> Self {
        Self { json: self.json, profile: Some(name.into()), state: Arc::default() }
    }

    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// One JSON object on a line of its own, at once. A reader that went away is no failure of ours.
    pub fn emit(&self, object: &Value) {
        if self.json {
            let named = self.profile.as_deref().map(|profile| {
                let mut object = object.clone();
                if object["event"] == "finished" {
                    object["event"] = "collected".into();
                }
                object["profile"] = profile.into();
                object
            });
            let object = named.as_ref().unwrap_or(object);
            let mut stdout = std::io::stdout().lock();
            let _ = writeln!(stdout, "{object}").and_then(|()| stdout.flush());
        }
    }

    /// Lines for people. Whatever text of a service or of the directory is among the words, it moves no cursor.
    pub fn say(&self, words: impl AsRef<str>) {
        let _ = writeln!(std::io::stderr().lock(), "{}", harmless(words.as_ref()));
    }

    /// A problem for people: what happened, the service's words, the next step.
    pub fn say_problem(&self, problem: &Problem) {
        self.say(format!("error: {}", visible(&problem.line())));
        if let Some(message) = &problem.message {
            for line in message.lines() {
                self.say(format!("  {}", visible(line)));
            }
        }
        if let Some(hint) = &problem.hint {
            self.say(format!("  next: {hint}"));
        }
        if let Some(link) = &problem.link {
            self.say(format!("  see:  {link}"));
        }
    }

    /// Ends a command that failed: the problem in words, and a last JSON line.
    pub fn fail(&self, error: &JobError) -> Exit {
        let problem = error.problem();
        self.say_problem(&problem);
        let mut last = Finished::new("failed");
        last.set("error", json!(problem));
        last.emit(self);
        Exit::of(error)
    }

    /// Notes the next step that is said now, and tells whether it was the last one as well.
    pub fn said_hint(&self, hint: Option<String>) -> bool {
        let mut last = self.state.hint.lock().unwrap_or_else(PoisonError::into_inner);
        let same = *last == hint;
        *last = hint;
        same
    }

    /// Tells what the engine reports, not more often than a person or a log can use.
    pub fn report(&self, event: &Event) {
        match event {
            Event::Log(line) => match line.level {
                Level::Info => {}
                Level::Retry | Level::Warning | Level::Error => self.say(visible(&line.text)),
            },
            Event::Ingest(progress) => {
                self.progress(progress, false);
                *self.state.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((**progress).clone());
            }
            Event::Upload(progress) => self.upload_progress(progress),
            Event::Consent(look) => self.consent(look),
            Event::Live(progress) => self.live_progress(progress),
            Event::Check(check) => super::doctor::tell(check, self),
            // They are kept in a file: `tenantry requests`.
            Event::Request(_) => {}
        }
    }

    /// A look for consent that did not find it yet.
    fn consent(&self, look: &ConsentTry) {
        let Some(next_at) = look.next_at else { return };
        self.emit(&json!({
            "event": "consent",
            "tries": look.tries,
            "next_at": next_at,
            "until": look.until,
            "roles": look.roles,
            "problem": look.problem,
        }));
        let found = match &look.problem {
            Some(problem) => visible(&problem.line()).into_owned(),
            None if look.roles.is_empty() => "not yet".to_owned(),
            None => format!("not all yet, only {}", visible(&look.roles.join(", "))),
        };
        let wait = next_at.duration_since(now()).as_secs().max(0);
        self.say(format!("look {}: {found}; again in {wait} s", look.tries));
    }

    /// Tells the ingestion's last progress, if it is not told yet, and hands it over.
    pub fn last_progress(&self) -> Option<IngestProgress> {
        let last = self.state.last.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        self.progress(&last, true);
        Some(last)
    }

    /// One line a collection whose figures changed, twice a second at most; `last` tells all of them.
    fn progress(&self, progress: &IngestProgress, last: bool) {
        let mut said = self.state.said.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.kind.is_some() && *said != progress.kind {
            *said = progress.kind;
            self.say(how(progress, now()));
        }
        drop(said);
        let mut told = self.state.told.lock().unwrap_or_else(PoisonError::into_inner);
        let interval = Duration::from_millis(if self.json { 500 } else { 2_000 });
        if !last && told.is_some_and(|(at, _)| at.elapsed() < interval) {
            return;
        }
        let now = Collection::ALL.map(|c| (progress.of(c).done, progress.of(c).total));
        for (i, collection) in Collection::ALL.into_iter().enumerate() {
            if last || told.is_none_or(|(_, before)| before[i] != now[i]) {
                let mut event = json!({
                    "event": "progress",
                    "collection": collection.as_str(),
                    "done": now[i].0,
                    "total": now[i].1,
                    "requests": progress.wire.requests,
                    "resource_units": progress.wire.resource_units,
                    "throttled_seconds": progress.wire.throttled_seconds,
                    "rate": progress.rate,
                    "eta_seconds": progress.eta_seconds,
                    "last_full": progress.last_full,
                });
                if let Some(event) = event.as_object_mut() {
                    event.extend(reads(progress.kind, Some(progress)));
                }
                self.emit(&event);
            }
        }
        if !self.json {
            self.say(words(progress));
        }
        *told = Some((Instant::now(), now));
    }

    fn live_progress(&self, progress: &LiveProgress) {
        let mut told = self.state.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|(at, _)| at.elapsed() < Duration::from_secs(2)) {
            return;
        }
        *told = Some((Instant::now(), Figures::default()));
        let mut event = json!(progress);
        event["event"] = json!("live");
        self.emit(&event);
        if !self.json {
            self.say(progress.words());
        }
    }

    fn upload_progress(&self, progress: &UploadProgress) {
        let mut told = self.state.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|(at, _)| at.elapsed() < Duration::from_secs(2)) {
            return;
        }
        *told = Some((Instant::now(), Figures::default()));
        self.emit(&json!({
            "event": "upload",
            "phase": progress.phase,
            "entities_sent": progress.entities_sent,
            "relationships_sent": progress.relationships_sent,
            "batches": progress.batches,
            "bytes": progress.bytes,
            "retries": progress.retries,
            "rate": progress.rate(),
            "eta_seconds": progress.eta_seconds(),
            "job": progress.job_id,
            "status": progress.status,
        }));
        // That nothing was sent yet is no news.
        if !self.json && progress.bytes > 0 {
            self.say(format!(
                "sent {} entities, {} relationships, {} bytes{}",
                grouped(progress.entities_sent),
                grouped(progress.relationships_sent),
                grouped(progress.bytes),
                progress.status.as_deref().map(|s| format!("; job {}", visible(s))).unwrap_or_default(),
            ));
        }
    }
}

/// How a run reads, as every object about it says: its kind and why, what it goes on with, what it had to give up.
pub fn reads(kind: Option<RunKind>, progress: Option<&IngestProgress>) -> Map<String, Value> {
    let Value::Object(map) = json!({
        "kind": kind,
        "because": progress.and_then(|p| p.because.as_deref()),
        "changes_since": progress.and_then(|p| p.changes_since),
        "resumed_from": progress.and_then(|p| p.resumed_from),
        "fallbacks": progress.map(|p| p.fallbacks.as_slice()).unwrap_or_default(),
        "held": progress.is_some_and(|p| p.held),
    }) else {
        unreachable!("an object literal is an object")
    };
    map
}

/// A time of day with its day, as words for people and logs have it.
pub fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// How a run reads and why, in one line.
fn how(progress: &IngestProgress, now: Timestamp) -> String {
    let mut out = match progress.kind {
        Some(RunKind::Delta) => match progress.changes_since {
            Some(at) => format!("reading what changed since {}", day(at)),
            None => "reading what changed".to_owned(),
        },
        Some(RunKind::Gentle) => "reading everything, gently".to_owned(),
        Some(RunKind::Scoped) => "reading a selection, which is never uploaded".to_owned(),
        Some(RunKind::Full) | None => "reading everything".to_owned(),
    };
    if let Some(at) = progress.resumed_from {
        out.push_str(&format!(", going on with the run of {}", day(at)));
    }
    if let Some(because) = &progress.because {
        out.push_str(&format!(": {because}"));
    }
    if let Some(at) = progress.last_full {
        out.push_str(&format!("; last full read {}", ago(now, at)));
    }
    out
}

/// What a run that has ended says of itself beside its figures: on what it stands, what it had to give up.
pub fn say_ground(output: &Output, run: &RunInfo, progress: Option<&IngestProgress>) {
    for fallback in progress.map(|p| p.fallbacks.as_slice()).unwrap_or_default() {
        output.say(format!("without a shortcut: {} ({})", fallback.what, fallback.why));
    }
    if let Some(at) = run.service_principals_as_of {
        output.say(format!(
            "service principals in groups are as of the last full read, {}: delta queries leave them out here",
            day(at)
        ));
    }
    match (run.kind, run.last_full) {
        (RunKind::Delta, Some(at)) => output.say(format!("last full read {}, {}", ago(now(), at), day(at))),
        (RunKind::Delta, None) => output.say("when everything was last read is not known"),
        _ => {}
    }
}

/// Words as a terminal may have them; line ends are ours.
fn harmless(words: &str) -> String {
    words.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

fn words(progress: &IngestProgress) -> String {
    let mut parts: Vec<String> = Collection::ALL
        .into_iter()
        .filter(|c| progress.of(*c).phase != Phase::Waiting)
        .map(|c| {
            if c == Collection::Memberships && progress.kind == Some(RunKind::Delta) {
                let whole = counted(progress.of(c).done, "group");
                return format!("{} changed, {whole} read whole", counted(progress.edges, "membership"));
            }
            let of = progress.of(c).total.map(|t| format!(" of {}", grouped(t))).unwrap_or_default();
            let unit = if c == Collection::Memberships { " groups" } else { "" };
            format!("{} {}{of}{unit}", c.as_str(), grouped(progress.of(c).done))
        })
        .collect();
    parts.push(counted(progress.wire.requests, "request"));
    parts.push(counted(progress.wire.resource_units, "resource unit"));
    parts.join(" · ")
}

/// The last JSON line of a command.
pub struct Finished(Map<String, Value>);

impl Finished {
    /// With every member that the interface promises, at its nothing.
    pub fn new(status: &str) -> Self {
        let Value::Object(map) = json!({
            "event": "finished",
            "status": status,
            "counts": {},
            "requests": 0,
            "resource_units": 0,
            "seconds": 0.0,
            "incomplete": [],
        }) else {
            unreachable!("an object literal is an object")
        };
        Self(map)
    }

    /// Of a run: how it ended, and what it lacks.
    pub fn of_run(run: &RunInfo) -> Self {
        let mut finished = Self::new(match run.status {
            RunStatus::Complete => "complete",
            RunStatus::Partial => "partial",
            RunStatus::Scoped => "scoped",
            RunStatus::Running | RunStatus::Failed | RunStatus::Interrupted => "failed",
        });
        finished.set("incomplete", json!(incomplete(&run.gaps)));
        finished
    }

    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    pub fn emit(self, output: &Output) {
        output.emit(&Value::Object(self.0));
    }
}

/// The gaps as reports list them.
pub fn incomplete(gaps: &[Gap]) -> Vec<Value> {
    gaps.iter().map(|gap| json!(gap)).collect()
}

/// The gaps in words, the first twenty of those that matter; what the profile accepts is only counted.
pub fn say_gaps(output: &Output, gaps: &[Gap]) {
    let (accepted, news): (Vec<&Gap>, Vec<&Gap>) = gaps.iter().partition(|gap| gap.accepted);
    for gap in news.iter().take(20) {
        let code = gap.code.as_deref().map(|c| format!(" ({c})")).unwrap_or_default();
        let request = gap.request_id.as_deref().map(|r| format!(", request {r}")).unwrap_or_default();
        let carried = gap.stale_since.map(|at| format!("; kept as of {}", day(at))).unwrap_or_default();
        output.say(format!("incomplete: {} is {}{code}{request}{carried}", visible(&gap.name), gap.state.as_str()));
    }
    if news.len() > 20 {
        output.say(format!("incomplete: and {} more", news.len() - 20));
    }
    if !accepted.is_empty() {
        output.say(accepted_words(accepted.len()));
    }
}

/// `2 gaps that the profile accepts`.
pub fn accepted_words(count: usize) -> String {
    format!("{} that the profile accepts", counted(count as u64, "gap"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_move_no_cursor() {
        let check = |words: &str, want: &str| {
            assert_eq!(harmless(words), want);
            assert_eq!(harmless(want), want, "once is enough");
        };
        check("\n2 of 5  Ingest", "\n2 of 5  Ingest");
        check("job \x1b]0;owned\x07 FINISHED", "job ␛]0;owned␇ FINISHED");
        check("a\r\u{202e}b\u{9b}31m", "a␍‹U+202E›b‹U+009B›31m");
    }
    #[test]
    fn a_run_says_how_it_reads() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let check = |progress: IngestProgress, want: &str| {
            assert_eq!(how(&progress, at("2026-11-22T12:00:00Z")), want);
        };
        let of = |kind| IngestProgress { kind: Some(kind), ..IngestProgress::default() };
        check(of(RunKind::Full), "reading everything");
        check(of(RunKind::Scoped), "reading a selection, which is never uploaded");
        check(
            IngestProgress {
                changes_since: Some(at("2026-11-22T10:00:00Z")),
                last_full: Some(at("2026-11-19T10:00:00Z")),
                ..of(RunKind::Delta)
            },
            "reading what changed since 2026-11-22 10:00 UTC; last full read 3 days ago",
        );
        check(
            IngestProgress {
                resumed_from: Some(at("2026-11-22T10:00:00Z")),
                because: Some("--full was asked for".to_owned()),
                ..of(RunKind::Full)
            },
            "reading everything, going on with the run of 2026-11-22 10:00 UTC: --full was asked for",
        );
    }
}
