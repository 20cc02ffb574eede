//! What becomes of an upload, and what the next preview says: figures that the job confirms, or doubt that it names.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tenantry::{
    demo::Service,
    domain::{
        export::ExportFormat,
        ids::RunId,
        preview::{Baseline, Changes, Preview},
        progress::Level,
        upload::{Encoding, JobFigures, Leftover, Manner, Source, UploadPhase},
    },
    jobs::{self, JobError, Ready, UploadEnded},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::stage::{Stage, Told};

const RELATIONSHIPS: &str = "_has_";

fn sums(preview: &Preview, relationships: bool) -> (u64, u64, u64) {
    let of = |figure: fn(&Changes) -> u64| {
        preview
            .changes
            .iter()
            .filter(|(name, _)| name.contains(RELATIONSHIPS) == relationships)
            .map(|(_, c)| figure(c))
            .sum()
    };
    (of(|c| c.create), of(|c| c.change), of(|c| c.delete))
}

/// The job did what the preview had foretold.
#[track_caller]
pub fn is_job_of(figures: &JobFigures, preview: &Preview, what: &str) {
    assert_eq!(figures.status, "FINISHED", "{what}");
    let entities = (figures.num_entities_created, figures.num_entities_updated, figures.num_entities_deleted);
    assert_eq!(entities, sums(preview, false), "{what}: entities");
    let relationships =
        (figures.num_relationships_created, figures.num_relationships_updated, figures.num_relationships_deleted);
    assert_eq!(relationships, sums(preview, true), "{what}: relationships");
}

/// What the target holds, by key.
pub fn held(stage: &Stage) -> BTreeMap<String, String> {
    let text = stage.demo.uploaded(None).unwrap_or_default();
    text.lines()
        .map(|line| {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            (object["_key"].as_str().unwrap().to_owned(), line.to_owned())
        })
        .collect()
}

fn ended(result: &Result<JobFigures, JobError>) -> UploadEnded {
    match result {
        Err(JobError::Upload(error)) => jobs::end_of(error),
        other => panic!("an upload that did not finish, and not {other:?}"),
    }
}

/// What a preview is held against, without its times.
fn is_known(preview: &Preview) -> bool {
    matches!(preview.baseline, Baseline::Known { .. })
}

#[tokio::test(start_paused = true)]
async fn a_flaky_service_is_asked_again_and_gets_everything_once() {
    let stage = Stage::new("upload-flaky", 150, 25).await;
    stage.collect().await;
    let preview = stage.preview();
    assert_eq!(preview.baseline, Baseline::Unknown);
    let told = Told::default();
    let figures = stage.upload_telling(&told, &CancellationToken::new()).await.unwrap();
    is_job_of(&figures, &preview, "flaky");
    let faults = stage.asked(Service::JupiterOne).iter().filter(|r| r.fault.is_some()).count();
    assert!(faults >= 4, "a scenario worth the test: {faults}");
    assert!(told.count(Level::Retry) >= 4, "{}", told.text());
    let progress = told.upload();
    assert_eq!((progress.phase, progress.retries as usize), (UploadPhase::Finished, told.count(Level::Retry)));
    let again = stage.preview();
    assert!(is_known(&again) && again.changes.values().all(Changes::is_nothing), "{:?}", again.changes);
    stage.check_manners();
}

#[tokio::test(start_paused = true)]
async fn a_slow_job_is_waited_for_without_asking_too_often() {
    let stage = Stage::new("slow-finalize", 120, 20).await;
    stage.collect().await;
    let preview = stage.preview();
    let began = Instant::now();
    let figures = stage.upload().await.unwrap();
    is_job_of(&figures, &preview, "slow");
    let seconds = began.elapsed().as_secs_f64();
    assert!((60.0..66.0).contains(&seconds), "three stages of twenty seconds, and no more than a look: {seconds}");
    let looks = stage.asked(Service::JupiterOne).iter().filter(|r| r.method == "GET").count();
    assert!((10..=20).contains(&looks), "{looks} looks in a minute");
    // The times of the books are those of the calendar.
    let Baseline::Known { uploaded_at } = stage.preview().baseline else { panic!("finished") };
    let since: Timestamp = "2026-11-22T09:01:00Z".parse().unwrap();
    assert!(uploaded_at >= since, "{uploaded_at}");
}

/// JupiterOne says that the job failed; what it may have applied by then, nobody says.
#[tokio::test(start_paused = true)]
async fn a_failed_job_leaves_doubt_and_the_next_one_settles_it() {
    let stage = Stage::new("job-fails", 120, 20).await;
    stage.collect().await;
    let result = stage.upload().await;
    assert_eq!(ended(&result), UploadEnded::InDoubt);
    let problem = result.unwrap_err().problem();
    assert_eq!(problem.code.as_deref(), Some("ERROR_BAD_DATA"), "{problem:?}");
    assert!(problem.hint.is_some_and(|h| h.contains("Look at job")), "says which job, and what to do");
    let preview = stage.preview();
    let Baseline::InDoubt { job_id: Some(job), .. } = &preview.baseline else { panic!("{:?}", preview.baseline) };
    assert!(!job.is_empty());
    // Whatever was sent may be there or not: nothing is taken for the same.
    assert_eq!(preview.total().same, 0);
    assert!(held(&stage).is_empty());
}

/// A body is small, so that there are many.
const SMALL: Manner =
    Manner { leftover: Leftover::Abort, encoding: Encoding::Plain, source: Source::External, body: Some(20_000) };

async fn upload_as(stage: &Stage, manner: Manner, told: &Told) -> Result<JobFigures, JobError> {
    let ready = Ready { manner, ..stage.ready()? };
    jobs::upload(&stage.context(told, &CancellationToken::new()), ready).await
}

/// The target holds what the store would send, object by object, and nothing else.
#[track_caller]
fn holds_what_we_hold(stage: &Stage, what: &str) {
    let out = tempfile::tempdir().unwrap();
    jobs::export(&stage.settings(), ExportFormat::Ndjson, out.path(), &CancellationToken::new()).unwrap();
    let lines = |name: &str| std::fs::read_to_string(out.path().join(name)).unwrap();
    let text = lines("entities.ndjson") + &lines("relationships.ndjson");
    let ours: std::collections::BTreeSet<&str> = text.lines().collect();
    let theirs = stage.demo.uploaded(None).unwrap_or_default();
    assert_eq!(theirs.lines().count(), ours.len(), "{what}");
    assert!(theirs.lines().all(|line| ours.contains(line)), "{what}");
}

/// Storms, cuts, lost answers of every step, bodies that are too large: all arrives, once.
#[tokio::test(start_paused = true)]
async fn bad_weather_loses_nothing_and_doubles_nothing() {
    for (weather, faults) in
        [("upload-storm", 10), ("upload-cut", 6), ("upload-garbled", 6), ("upload-small", 0), ("gzip", 0)]
    {
        for encoding in [Encoding::Plain, Encoding::Gzip] {
            let what = format!("{weather}, {encoding:?}");
            let stage = Stage::new(weather, 150, 25).await;
            stage.collect().await;
            let preview = stage.preview();
            let told = Told::default();
            let figures = upload_as(&stage, Manner { encoding, ..SMALL }, &told).await;
            let figures = figures.unwrap_or_else(|e| panic!("{what}: {e}\n{}", told.text()));
            is_job_of(&figures, &preview, &what);
            holds_what_we_hold(&stage, &what);
            let asked = stage.asked(Service::JupiterOne);
            let hit = asked.iter().filter(|r| r.fault.is_some()).count();
            assert!(hit >= faults, "{what}: a scenario worth the test: {hit}");
            let refused = asked.iter().filter(|r| r.status == 413).count();
            assert_eq!(refused > 0, weather == "upload-small", "{what}");
            let zipped = asked.iter().any(|r| r.status == 200 && r.headers.contains_key("content-encoding"));
            assert_eq!(zipped, weather == "gzip" && encoding == Encoding::Gzip, "{what}");
            // Tries of one body have one id; only one whose answer may have been lost says that it comes again.
            let again = asked.iter().filter(|r| r.path.contains("ignoreDuplicates")).count();
            assert_eq!(again > 0, faults > 0, "{what}");
            assert!(stage.preview().changes.values().all(Changes::is_nothing), "{what}");
            stage.check_manners();
        }
    }
}

/// What JupiterOne does not take changes nothing there, and is asked for once.
#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_asked_again() {
    for (weather, code) in
        [("job-closed", "JOB_NOT_AWAITING_UPLOADS"), ("finalize-refused", "Authorization_RequestDenied")]
    {
        let stage = Stage::new(weather, 150, 25).await;
        stage.collect().await;
        let before = stage.preview();
        let result = upload_as(&stage, SMALL, &Told::default()).await;
        assert_eq!(ended(&result), UploadEnded::NothingChanged, "{weather}");
        let problem = result.unwrap_err().problem();
        let closed = problem.code.as_deref() == Some("ABORTED") && weather == "job-closed";
        assert!(closed || problem.code.as_deref() == Some(code), "{weather}: {problem:?}");
        assert!(held(&stage).is_empty(), "{weather}");
        assert_eq!(stage.preview().baseline, before.baseline, "{weather}");
        let asked = stage.asked(Service::JupiterOne);
        let count = |end: &str| asked.iter().filter(|r| r.path.ends_with(end)).count();
        assert_eq!(count("/finalize"), usize::from(weather == "finalize-refused"), "{weather}");
        assert_eq!(count("/abort"), 1, "{weather}");
        let ids = asked.iter().filter_map(|r| r.headers.get("jupiterone-correlation-id"));
        let all: std::collections::BTreeSet<_> = ids.clone().collect();
        assert_eq!(all.len(), ids.count(), "{weather}: no body came twice");
    }
}

/// Cancelled before it was finalized: nothing has changed, there and in the books.
#[tokio::test(start_paused = true)]
async fn a_cancelled_upload_changes_nothing() {
    let stage = Stage::new("default", 120, 20).await;
    stage.collect().await;
    stage.upload().await.unwrap();
    let known = stage.preview().baseline;
    let before = held(&stage);
    stage.demo.advance();
    stage.collect().await;
    let expected = stage.preview();

    // From the first job on, at every thing that an upload tells before it is finalized.
    for at in [UploadPhase::Entities, UploadPhase::Relationships] {
        stage.demo.forget_requests();
        let cancel = CancellationToken::new();
        let told = Told::default();
        let ready = stage.ready().unwrap();
        let mut context = stage.context(&told, &cancel);
        let (inner, canceller) = (told.reporter(), cancel.clone());
        context.reporter = std::sync::Arc::new(move |event: tenantry::domain::progress::Event| {
            if let tenantry::domain::progress::Event::Upload(progress) = &event
                && progress.phase == at
            {
                canceller.cancel();
            }
            inner.report(event);
        });
        let result = jobs::upload(&context, ready).await;
        assert_eq!(ended(&result), UploadEnded::NothingChanged, "{at:?}");
        let Err(JobError::Upload(error)) = &result else { unreachable!() };
        assert!(error.is_cancelled(), "{at:?}");
        let paths: Vec<String> = stage.asked(Service::JupiterOne).into_iter().map(|r| r.path).collect();
        assert!(paths.last().unwrap().ends_with("/abort"), "{at:?}: {paths:?}");
        assert!(!paths.iter().any(|p| p.ends_with("/finalize")), "{at:?}: {paths:?}");
        assert_eq!(held(&stage), before, "{at:?}");
        let after = stage.preview();
        assert_eq!((&after.baseline, &after.changes), (&known, &expected.changes), "{at:?}: as if nothing had been");
    }
    let figures = stage.upload().await.unwrap();
    is_job_of(&figures, &expected, "the one that nobody cancels");
}

/// A preview opens a file and asks nobody, whatever the store has been through.
#[tokio::test(start_paused = true)]
async fn a_preview_asks_nobody() {
    let stage = Stage::new("default", 120, 20).await;
    let silent = |stage: &Stage, what: &str| {
        stage.demo.forget_requests();
        let before = folder(stage);
        let preview = jobs::preview(&stage.settings());
        let ready = jobs::prepare_upload(&stage.settings());
        // Nor does a plan, nor each object, nor another run beside it.
        let looks = [
            jobs::plan(&stage.settings(), Timestamp::UNIX_EPOCH).is_ok(),
            jobs::PlannedObjects::find(&stage.settings(), None).is_ok(),
            jobs::preview_against(&stage.settings(), RunId(1)).is_ok(),
        ];
        assert_eq!(looks, [preview.is_ok(); 3], "{what}");
        assert!(stage.demo.requests().is_empty(), "{what}: {:?}", stage.demo.requests());
        assert_eq!(folder(stage), before, "{what}: it writes nothing");
        (preview, ready)
    };
    let (none, _) = silent(&stage, "no store");
    assert!(none.is_err());
    stage.collect().await;
    let (first, ready) = silent(&stage, "first");
    assert_eq!(first.unwrap().baseline, Baseline::Unknown);
    assert_eq!(ready.unwrap().preview.guards.len(), 1, "the first upload to a target has to be confirmed");
    stage.upload().await.unwrap();
    let (known, ready) = silent(&stage, "known");
    assert!(is_known(&known.unwrap()));
    assert_eq!(ready.unwrap().preview.guards.len(), 0);
    let poor = stage.another_day("forbidden-users", 1).await;
    poor.collect().await;
    silent(&poor, "with gaps").0.unwrap();
    assert!(poor.demo.requests().is_empty());
}

/// Names and contents of everything in the home, but for what SQLite keeps in shared memory while somebody reads.
fn folder(stage: &Stage) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![stage.home.path().to_owned()];
    while let Some(dir) = folders.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let empty_log = name.ends_with("-wal") && std::fs::metadata(&path).unwrap().len() == 0;
            if !name.ends_with("-shm") && !empty_log {
                all.insert(path.clone(), std::fs::read(&path).unwrap());
            }
        }
    }
    all
}

/// Random days: the tenant changes, is read whole or in part, and uploads end in every way that there is. Whenever the
/// baseline is known, the job's figures are the preview's, and a preview after it has nothing to do.
#[tokio::test(start_paused = true)]
async fn random_days() {
    for seed in [1, 2, 3] {
        random_days_of(seed).await;
    }
}

async fn random_days_of(seed: u64) {
    let mut random = Random(seed);
    let first = Stage::seeded("default", 120, 20, seed).await;
    let mut confirmed = 0;
    for day in 0..6_u32 {
        // The first day is a whole one.
        let weather = if day == 0 {
            "default"
        } else {
            random.pick(&[
                "default",
                "default",
                "forbidden-users",
                "hidden-groups",
                "forbidden-groups",
                "vanishing-group",
            ])
        };
        let stage = first.another_day(weather, day).await;
        stage.collect().await;
        let what = format!("seed {seed}, day {day}, {weather}");
        let how = if day == 0 { "finish" } else { random.pick(&["finish", "finish", "cancel", "lose"]) };
        let preview = first.preview();
        let before = held(&first);
        match how {
            "finish" => {
                let figures = first.upload().await.unwrap();
                if is_known(&preview) {
                    is_job_of(&figures, &preview, &what);
                    confirmed += 1;
                }
                let again = first.preview();
                assert!(is_known(&again), "{what}: {:?}", again.baseline);
                assert!(again.changes.values().all(Changes::is_nothing), "{what}: {:?}", again.changes);
            }
            "cancel" => {
                let cancel = CancellationToken::new();
                cancel.cancel();
                let result = first.upload_telling(&Told::default(), &cancel).await;
                assert!(result.is_err(), "{what}");
                assert_eq!(held(&first), before, "{what}");
                let after = first.preview();
                assert_eq!((&after.baseline, &after.changes), (&preview.baseline, &preview.changes), "{what}");
            }
            // Its end is never heard of: cancelled while JupiterOne works on it.
            _ => {
                let cancel = CancellationToken::new();
                let told = Told::default();
                let ready = first.ready().unwrap();
                let mut context = first.context(&told, &cancel);
                let canceller = cancel.clone();
                context.reporter = std::sync::Arc::new(move |event: tenantry::domain::progress::Event| {
                    if let tenantry::domain::progress::Event::Upload(progress) = &event
                        && progress.status.as_deref().is_some_and(|s| s.starts_with("FINALIZ"))
                    {
                        canceller.cancel();
                    }
                });
                let result = jobs::upload(&context, ready).await;
                assert_eq!(ended(&result), UploadEnded::InDoubt, "{what}");
                let after = first.preview();
                assert!(matches!(after.baseline, Baseline::InDoubt { .. }), "{what}: {:?}", after.baseline);
            }
        }
    }
    // Whatever happened, one more upload in good weather ends all doubt.
    first.another_day("default", 6).await.collect().await;
    first.upload().await.unwrap();
    let last = first.another_day("default", 6).await;
    let truth = last.truth(6);
    let target = held(&first);
    let entities = truth.entities.values().flat_map(|of_kind| of_kind.keys());
    assert!(entities.clone().all(|key| target.contains_key(key)), "seed {seed}");
    let edges = truth.members.len() as u64
        + truth.count(tenantry::domain::kind::EntityKind::User)
        + truth.count(tenantry::domain::kind::EntityKind::Group);
    assert_eq!(target.len() as u64, entities.count() as u64 + edges, "seed {seed}: nothing else is left there");
    assert!(confirmed > 0, "seed {seed}: a sequence worth the test");
}

/// A small generator, so that a failure names its seed.
struct Random(u64);

impl Random {
    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        all[(self.0 >> 33) as usize % all.len()]
    }
}
