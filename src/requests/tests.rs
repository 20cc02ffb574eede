use std::{
    io::{Seek, SeekFrom, Write},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use url::Url;

use super::*;
use crate::domain::{
    clock::Clock,
    ids::RunId,
    progress::{Event, IngestProgress, Reporter, Silent},
    request::{Pick, Request, RequestQuery, Service, Sums},
};

struct At(Mutex<Timestamp>);

impl Clock for At {
    /// Later each time.
    fn now(&self) -> Timestamp {
        let mut now = self.0.lock().unwrap();
        *now += jiff::SignedDuration::from_secs(1);
        *now
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(At(Mutex::new("2026-11-22T10:00:00Z".parse().unwrap())))
}

fn request(n: u64, status: u16) -> Request {
    let url = Url::parse(&format!("https://graph.microsoft.com/v1.0/users?$top={n}")).unwrap();
    let mut request = Request::new(Timestamp::UNIX_EPOCH, Service::Graph, "GET", &url);
    request.status = Some(status);
    request.code = (status != 200).then(|| "TooManyRequests".to_owned());
    request
}

fn told(log: &Log, requests: impl IntoIterator<Item = Request>) {
    requests.into_iter().for_each(|request| log.report(Event::Request(Box::new(request))));
}

fn window(filter: &str, offset: u64, limit: u64) -> RequestQuery {
    RequestQuery { log: Pick::Newest, filter: filter.to_owned(), offset, limit }
}

#[test]
fn what_is_written_is_read_by_windows_from_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("t.db");
    let log = Log::begin(&folder(&store), "collect", clock(), Arc::new(Silent));
    let progress = |run, seconds| {
        let mut progress = IngestProgress { run, ..IngestProgress::default() };
        progress.wire.throttled_seconds = seconds;
        Event::Ingest(Box::new(progress))
    };
    log.report(progress(None, 0.0));
    told(&log, (1..=100).map(|n| request(n, if n % 10 == 0 { 429 } else { 200 })));
    log.report(progress(Some(RunId(7)), 2.5));
    log.end("2026-11-22T10:05:00Z".parse().unwrap());
    // Whatever comes behind the end is nobody's.
    told(&log, [request(101, 200)]);

    let mut shelf = Shelf::of(&store);
    let check = |shelf: &mut Shelf, query: RequestQuery, total: u64, want: &[u64]| {
        let rows = shelf.ask(query).unwrap();
        let numbers: Vec<u64> = rows.rows.iter().map(|(number, _)| *number).collect();
        assert_eq!((rows.total, numbers.as_slice()), (total, want), "{:?}", rows.query);
        for (number, request) in &rows.rows {
            assert_eq!(request.query, format!("$top={number}"));
        }
        rows
    };
    let rows = check(&mut shelf, window("", 0, 3), 100, &[100, 99, 98]);
    let info = rows.log.unwrap();
    assert_eq!((info.run, info.ended.is_some(), info.of.as_str()), (Some(RunId(7)), true, "collect"));
    let want = Sums { requests: 100, throttled: 10, stood_still_ms: 2_500, ..Sums::default() };
    assert_eq!(info.sums, want);
    check(&mut shelf, window("", 98, 10), 100, &[2, 1]);
    check(&mut shelf, window("", 500, 10), 100, &[]);
    check(&mut shelf, window("status:429", 0, 3), 10, &[100, 90, 80]);
    check(&mut shelf, window("status:429", 9, 3), 10, &[10]);
    check(&mut shelf, RequestQuery { log: Pick::Run(RunId(7)), ..window("top=55", 0, 9) }, 1, &[55]);
    assert!(shelf.ask(RequestQuery { log: Pick::Run(RunId(8)), ..window("", 0, 9) }).unwrap().log.is_none());
    assert!(shelf.ask(window("stats:5", 0, 1)).unwrap().filter_problem.is_some());

    let mut seen = Vec::new();
    let (filter, _) = crate::domain::filter::parse("status:429", crate::domain::filter::Scope::Requests);
    let of = shelf.each(&Pick::Newest, &filter, &mut |number, _| seen.push(number)).unwrap();
    assert_eq!((seen.len(), seen[0], of.unwrap().name), (10, 10, info.name));
}

#[test]
fn a_log_is_followed_while_it_grows() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("t.db.requests/20261122T100000000Z-collect-1.ndjson");
    let info = LogInfo {
        name: "20261122T100000000Z-collect-1".to_owned(),
        of: "collect".to_owned(),
        pid: 1,
        began: Timestamp::UNIX_EPOCH,
        ended: None,
        run: None,
        sums: Sums::default(),
    };
    let mut head = serde_json::to_vec(&info).unwrap();
    head.resize(HEAD - 1, b' ');
    head.push(b'\n');
    crate::files::replace(&file, std::str::from_utf8(&head).unwrap()).unwrap();
    let mut open = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    let mut shelf = Shelf::of(&dir.path().join("t.db"));
    let mut check = |text: &str, filter: &str, want: &[u64]| {
        open.write_all(text.as_bytes()).unwrap();
        let rows = shelf.ask(window(filter, 0, 10)).unwrap();
        assert_eq!(rows.rows.iter().map(|(number, _)| *number).collect::<Vec<_>>(), want, "{text}");
    };
    let line = |n, status| serde_json::to_string(&request(n, status)).unwrap() + "\n";
    check("", "", &[]);
    check(&line(1, 200), "", &[1]);
    check(&line(2, 429), "status:429", &[2]);
    // Half a line is none yet.
    let third = line(3, 429);
    check(&third[..40], "status:429", &[2]);
    check(&third[40..], "status:429", &[3, 2]);
    // What is no record takes its place in the numbers, and is not shown.
    check("nonsense\n", "", &[3, 2, 1]);
    check(&line(5, 200), "", &[5, 3, 2, 1]);
}

#[test]
fn the_last_few_of_each_kind_stay_and_are_private() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("data").join("t.db");
    let clock = clock();
    let begin = |run: Option<i64>| {
        let log = Log::begin(&folder(&store), "collect", Arc::clone(&clock), Arc::new(Silent));
        told(&log, [request(1, 200)]);
        run.map(RunId).into_iter().for_each(|run| log.of_run(run));
        log.end(Timestamp::UNIX_EPOCH);
    };
    (0..10).for_each(|run| begin(Some(run)));
    (0..10).for_each(|_| begin(None));
    Log::begin(&folder(&store), "upload", Arc::clone(&clock), Arc::new(Silent)).end(Timestamp::UNIX_EPOCH);
    let shelf = Shelf::of(&store);
    let kept = shelf.logs().unwrap();
    let of = |kind: &str| kept.iter().filter(|log| log.of == kind).count();
    let runs: Vec<i64> = kept.iter().filter_map(|log| Some(log.run?.0)).collect();
    assert_eq!(runs, [9, 8, 7, 6], "the next one makes five");
    assert_eq!((of("collect"), of("upload")), (runs.len() + KEPT, 1));
    assert!(kept.windows(2).all(|pair| pair[0].began > pair[1].began));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder(&store)), 0o700);
        assert_eq!(mode(&path(&folder(&store), &kept[0].name)), 0o600);
    }
    remove(&store).unwrap();
    remove(&store).unwrap();
    assert!(shelf.logs().unwrap().is_empty());
}

#[test]
fn a_long_log_keeps_what_is_worth_it_and_says_how_much_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("t.db");
    let log = Log::begin(&folder(&store), "collect", clock(), Arc::new(Silent));
    let long = |n, status| {
        let mut long = request(n, status);
        long.headers.insert("via".to_owned(), "x".repeat(50_000));
        long
    };
    // Three hundred plain ones fill what is for them; two of a hundred others are too many.
    told(&log, (0..400).map(|n| long(n, 200)));
    told(&log, (0..102).map(|n| long(n, 503)));
    log.end(Timestamp::UNIX_EPOCH);
    let mut shelf = Shelf::of(&store);
    let rows = shelf.ask(window("", 0, 1)).unwrap();
    let sums = rows.log.unwrap().sums;
    assert_eq!((sums.requests, sums.failed), (502, 102));
    assert_eq!(sums.dropped, 502 - rows.total);
    assert_eq!(
        rows.total,
        shelf.ask(window("status:200", 0, 1)).unwrap().total + shelf.ask(window("status:503", 0, 1)).unwrap().total
    );
    let plain = shelf.ask(window("status:200", 0, 1)).unwrap().total;
    assert!((290..300).contains(&plain), "{plain}");
    let size = fs::metadata(path(&folder(&store), &rows.logs[0].name)).unwrap().len();
    assert!((19_900_000..20_100_000).contains(&size), "{size}");
}

/// A disk with so much room.
struct Full(u64);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0 -= bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Full {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn a_full_disk_is_told_once_and_fails_nothing() {
    let check = |opened: io::Result<Full>| {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let told_lines = Arc::clone(&lines);
        let reporter = move |event| {
            if let Event::Log(line) = event {
                told_lines.lock().unwrap().push(line.text);
            }
        };
        let info = LogInfo {
            name: "n".to_owned(),
            of: "collect".to_owned(),
            pid: 1,
            began: Timestamp::UNIX_EPOCH,
            ended: None,
            run: None,
            sums: Sums::default(),
        };
        let log = Log::to(opened, info, clock(), Arc::new(reporter));
        for _ in 0..3 {
            told(&log, (0..1_000).map(|n| request(n, 200)));
        }
        log.end(Timestamp::UNIX_EPOCH);
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("the request log cannot be written: "), "{lines:?}");
    };
    check(Ok(Full(0)));
    check(Ok(Full(2_000)));
    check(Err(io::ErrorKind::PermissionDenied.into()));
}
