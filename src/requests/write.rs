//! Writing a log: a reporter hands records over and goes on; a thread of its own writes them.

use std::{
    fs,
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{HEAD, KEPT, head, names, path};
use crate::{
    domain::{
        clock::Clock,
        ids::RunId,
        problem::Problem,
        progress::{Event, IngestProgress, Level, LogLine, Reporter},
        request::{LogInfo, Request, Sums},
    },
    files,
};

/// A log is no longer than this.
const MOST_BYTES: u64 = 20_000_000;
/// From here on only requests are kept in which there is something to be seen.
const PLAIN_BYTES: u64 = 15_000_000;
/// Records that may wait to be written; more are counted, not kept.
const QUEUE: usize = 10_000;
/// How late a reader may see what was answered.
const LATE: Duration = Duration::from_millis(250);

/// A reporter that keeps the requests it is told of, and hands on everything else.
pub struct Log {
    inner: Arc<dyn Reporter>,
    notes: Mutex<Option<SyncSender<Note>>>,
    /// What came faster than it could be taken.
    lost: Arc<AtomicU64>,
    known: Mutex<Known>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What was told of the run last.
#[derive(Default, PartialEq)]
struct Known {
    run: Option<RunId>,
    stood_still_ms: u64,
}

enum Note {
    Request(Box<Request>),
    Run(RunId),
    StoodStill(u64),
    End(Timestamp),
}

impl Log {
    /// Begins a log, and forgets the oldest of its kind. Where that cannot be it says so once, and keeps nothing.
    pub fn begin(folder: &Path, of: &str, clock: Arc<dyn Clock>, inner: Arc<dyn Reporter>) -> Self {
        let began = clock.now();
        let pid = std::process::id();
        let stamp = began.strftime("%Y%m%dT%H%M%S%3fZ");
        let info = LogInfo {
            name: format!("{stamp}-{of}-{pid}"),
            of: of.to_owned(),
            pid,
            began,
            ended: None,
            run: None,
            sums: Sums::default(),
        };
        let opened = open(folder, &info);
        Self::to(opened, info, clock, inner)
    }

    pub(super) fn to<F: Write + Seek + Send + 'static>(
        opened: io::Result<F>,
        info: LogInfo,
        clock: Arc<dyn Clock>,
        inner: Arc<dyn Reporter>,
    ) -> Self {
        let (send, receive) = mpsc::sync_channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&inner);
        let tell = move |error: &io::Error| {
            let problem = Problem::new(format!("the request log cannot be written: {error}"))
                .code("request_log")
                .hint("The work goes on without it. See whether the disk is full.");
            let text = format!("{}; the work goes on without it", problem.summary);
            told.report(Event::Log(LogLine {
                at: clock.now(),
                level: Level::Warning,
                text,
                problem: Some(Box::new(problem)),
            }));
        };
        let counted = Arc::clone(&lost);
        let thread = match opened {
            Ok(file) => std::thread::Builder::new()
                .name("request log".to_owned())
                .spawn(move || write_all(file, info, &receive, &counted).unwrap_or_else(|error| tell(&error)))
                .ok(),
            Err(error) => {
                tell(&error);
                None
            }
        };
        let notes = Mutex::new(thread.is_some().then_some(send));
        Self { inner, notes, lost, known: Mutex::default(), thread: Mutex::new(thread) }
    }

    fn note(&self, note: Note) {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(notes) = &*notes
            && notes.try_send(note).is_err()
        {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn watch(&self, progress: &IngestProgress) {
        // To a hundredth of a second; a number that is none is nothing.
        let stood_still_ms = (progress.wire.throttled_seconds.max(0.0) * 100.0) as u64 * 10;
        let now = Known { run: progress.run, stood_still_ms };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if now.run != known.run
            && let Some(run) = now.run
        {
            self.note(Note::Run(run));
        }
        if now.stood_still_ms != known.stood_still_ms {
            self.note(Note::StoodStill(now.stood_still_ms));
        }
        *known = now;
    }

    /// Says which run it is of, where nobody else does.
    pub fn of_run(&self, run: RunId) {
        self.note(Note::Run(run));
    }

    /// Ends the log, and waits until it is written. Blocks for the time of a small write.
    pub fn end(&self, at: Timestamp) {
        if let Some(notes) = self.notes.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // The thread that takes it may have ended over an error, which was told then.
            notes.send(Note::End(at)).ok();
        }
        self.join();
    }

    fn join(&self) {
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            thread.join().ok();
        }
    }
}

impl Drop for Log {
    /// What was handed over is written; without its end, the log counts as cut off.
    fn drop(&mut self) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.join();
    }
}

impl Reporter for Log {
    fn report(&self, event: Event) {
        match event {
            // Kept, and told: whoever watches sees the newest.
            Event::Request(request) => {
                self.note(Note::Request(request.clone()));
                self.inner.report(Event::Request(request));
            }
            Event::Ingest(progress) => {
                self.watch(&progress);
                self.inner.report(Event::Ingest(progress));
            }
            other => self.inner.report(other),
        }
    }
}

fn open(folder: &Path, info: &LogInfo) -> io::Result<fs::File> {
    files::private_folder(folder)?;
    forget(folder, &info.of)?;
    files::private().write(true).create_new(true).open(path(folder, &info.name))
}

/// Makes room for one more of a kind. Those that came to no run take no room from those that did. Names begin with the
/// time, so that their order is that of time.
fn forget(folder: &Path, of: &str) -> io::Result<()> {
    let kind = format!("-{of}-");
    let mut known: Vec<String> = names(folder)?.into_iter().filter(|name| name.contains(&kind)).collect();
    known.sort_unstable();
    let is_of_a_run = |name: &String| head(&path(folder, name)).is_ok_and(|info| info.run.is_some());
    let (of_runs, of_none): (Vec<String>, Vec<String>) = known.into_iter().rev().partition(is_of_a_run);
    for name in of_runs.iter().skip(KEPT - 1).chain(of_none.iter().skip(KEPT - 1)) {
        fs::remove_file(path(folder, name))?;
    }
    Ok(())
}

/// A file being written.
struct Writing<F: Write + Seek> {
    file: BufWriter<F>,
    info: LogInfo,
    written: u64,
    /// Whether what is written, or the first line, lags behind.
    lags: bool,
}

fn write_all<F: Write + Seek>(file: F, info: LogInfo, notes: &Receiver<Note>, lost: &AtomicU64) -> io::Result<()> {
    let mut writing = Writing { file: BufWriter::with_capacity(1 << 16, file), info, written: 0, lags: true };
    writing.up_to_date(lost)?;
    let mut last = Instant::now();
    loop {
        let note = match writing.lags {
            // With nothing to write there is nothing to wake for.
            false => notes.recv().map_err(|_| RecvTimeoutError::Disconnected),
            true => notes.recv_timeout(LATE.saturating_sub(last.elapsed())),
        };
        match note {
            Ok(note) => writing.take(note)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return writing.up_to_date(lost),
        }
        if !writing.lags {
            continue;
        }
        if last.elapsed() >= LATE {
            writing.up_to_date(lost)?;
            last = Instant::now();
        }
    }
}

impl<F: Write + Seek> Writing<F> {
    fn take(&mut self, note: Note) -> io::Result<()> {
        self.lags = true;
        match note {
            Note::Run(run) => self.info.run = Some(run),
            Note::StoodStill(ms) => self.info.sums.stood_still_ms = ms,
            Note::End(at) => self.info.ended = Some(at),
            Note::Request(request) => {
                self.info.sums.add(&request);
                let mut line = serde_json::to_vec(&request)?;
                line.push(b'\n');
                let most = if request.is_eventful() { MOST_BYTES } else { PLAIN_BYTES };
                if self.written + line.len() as u64 > most {
                    self.info.sums.dropped += 1;
                    return Ok(());
                }
                self.file.write_all(&line)?;
                self.written += line.len() as u64;
            }
        }
        Ok(())
    }

    /// Everything is in the file, and the first line says so. The first line comes last: what it counts is there.
    fn up_to_date(&mut self, lost: &AtomicU64) -> io::Result<()> {
        let lost = lost.load(Ordering::Relaxed);
        let mut info = self.info.clone();
        info.sums.dropped += lost;
        info.sums.requests += lost;
        let mut line = serde_json::to_vec(&info)?;
        line.resize(HEAD - 1, b' ');
        line.push(b'\n');
        // Before the first time it is where the file begins anyway.
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&line)?;
        self.file.seek(SeekFrom::Start(HEAD as u64 + self.written))?;
        self.lags = false;
        Ok(())
    }
}
