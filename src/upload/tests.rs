//! Uploads of a small store to a service that fails on cue, on a paused clock.

use std::sync::Mutex;

use jiff::Timestamp;
use serde_json::{Value, json, value::RawValue};
use tokio::time::Instant;

use super::*;
use crate::{
    domain::{
        clock::SystemClock,
        completeness::{Collection, RunStatus, State},
        preview::Baseline,
        progress::{Event, Level},
        upload::{Encoding, Leftover, Source, UploadProgress},
    },
    jupiterone::{
        JupiterOneConfig,
        stub::{ACCOUNT, KEY, Reply, Stub, key},
    },
    store::{Checkpoint, ListEnd, MemberRef, MembersWrite, ObjectWrite, PageWrite, RunEnd, Writer},
};

const TENANT: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
const INSTANCE: &str = "11111111-2222-4333-8444-555555555555";

fn tenant() -> TenantId {
    TenantId::parse(TENANT).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What a test's store holds.
#[derive(Clone, Copy)]
struct Holds {
    account: bool,
    users: usize,
    status: RunStatus,
    /// How the list of users ended.
    users_state: State,
    /// Whether there is also a user whose id is too short for a key.
    odd: bool,
}

impl Default for Holds {
    fn default() -> Self {
        Self { account: true, users: 20, status: RunStatus::Complete, users_state: State::Complete, odd: false }
    }
}

struct Bench {
    folder: tempfile::TempDir,
    stub: Stub,
    run: RunId,
    cancel: CancellationToken,
    events: Arc<Mutex<Vec<Event>>>,
    limits: Limits,
    destination: Destination,
    manner: Manner,
    /// What was previewed, if not what is there when the upload begins.
    seen: Option<Previewed>,
}

impl Bench {
    async fn new() -> Self {
        Self::with(Holds::default()).await
    }

    async fn with(holds: Holds) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run = fill(&folder.path().join("t.db"), holds);
        Self {
            folder,
            stub: Stub::start().await,
            run,
            cancel: CancellationToken::new(),
            events: Arc::default(),
            limits: Limits::default(),
            destination: Destination::Instance(INSTANCE.to_owned()),
            manner: Manner::default(),
            seen: None,
        }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("t.db")
    }

    fn target(&self) -> Target {
        Target { origin: self.stub.origin.clone(), account: ACCOUNT.to_owned(), destination: self.destination.clone() }
    }

    async fn upload(&self) -> Result<JobFigures, UploadError> {
        let config =
            JupiterOneConfig { origin: self.stub.origin.clone(), account: ACCOUNT.to_owned(), net: Default::default() };
        let events = Arc::clone(&self.events);
        let seen = self.seen.clone().unwrap_or_else(|| self.look());
        let job = Upload {
            seen,
            client: JupiterOneClient::new(config, key()).unwrap(),
            target: self.target(),
            names: Naming::ActiveDirectory.into(),
            run: self.run,
            store: self.store(),
            tenant: tenant(),
            manner: self.manner,
            anew: false,
            clock: Arc::new(SystemClock),
            reporter: Arc::new(move |event| events.lock().unwrap().push(event)),
            cancel: self.cancel.clone(),
        };
        upload_within(job, self.limits).await
    }

    /// What a preview sees now.
    fn look(&self) -> Previewed {
        let reader = Reader::open(&self.store(), Some(&tenant())).unwrap();
        let info = reader.runs().unwrap().into_iter().find(|info| info.id == self.run);
        let collected_at = info.map(|info| info.finished_at.unwrap_or(info.started_at)).unwrap_or_default();
        Previewed { collected_at, belief: reader.belief(&self.target()).unwrap() }
    }

    /// What the store says of the target: `unknown`, `known` or `in doubt`. The lock is free again, or this fails.
    fn belief(&self) -> &'static str {
        drop(Writer::open(&self.store(), &tenant(), Timestamp::now()).unwrap());
        let reader = Reader::open(&self.store(), Some(&tenant())).unwrap();
        match reader.belief(&self.target()).unwrap().map(|b| b.baseline()) {
            None | Some(Baseline::Unknown | Baseline::NoTarget | Baseline::Run { .. } | Baseline::Live { .. }) => {
                "unknown"
            }
            Some(Baseline::Known { .. }) => "known",
            Some(Baseline::InDoubt { .. }) => "in doubt",
        }
    }

    fn progress(&self) -> UploadProgress {
        let events = self.events.lock().unwrap();
        let last = events.iter().rev().find_map(|e| if let Event::Upload(p) = e { Some(p.clone()) } else { None });
        last.unwrap()
    }

    fn log(&self, level: Level) -> Vec<String> {
        let events = self.events.lock().unwrap();
        let lines = events.iter().filter_map(|e| if let Event::Log(line) = e { Some(line) } else { None });
        lines.filter(|line| line.level == level).map(|line| line.text.clone()).collect()
    }

    /// The keys that came in, each list sorted.
    fn arrived(&self) -> (Vec<String>, Vec<String>) {
        let keys = |objects: Vec<Value>| {
            let mut keys: Vec<_> = objects.iter().map(|o| o["_key"].as_str().unwrap().to_owned()).collect();
            keys.sort();
            keys
        };
        let (entities, relationships) = self.stub.objects();
        (keys(entities), keys(relationships))
    }
}

fn user(n: usize) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

const GROUP: &str = "99999999-0000-4000-8000-000000000001";

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

/// One account, users, and one group that has all of them.
fn fill(path: &std::path::Path, holds: Holds) -> RunId {
    let now = at("2026-11-22T10:00:00Z");
    let mut writer = Writer::open(path, &tenant(), now).unwrap();
    let run = writer.begin_run(now, &crate::store::RunPlan::default()).unwrap();
    let object = |kind, id: &str, value: Value| ObjectWrite {
        kind,
        id: id.to_owned(),
        odata_type: String::new(),
        raw: raw(&value),
    };
    let mut objects = Vec::new();
    if holds.account {
        let value = json!({ "id": TENANT, "displayName": "Contoso", "verifiedDomains": [] });
        objects.push(object(EntityKind::Account, TENANT, value));
    }
    let ids: Vec<String> = (0..holds.users).map(user).chain(holds.odd.then(|| "odd".to_owned())).collect();
    for id in &ids {
        let value =
            json!({ "id": id, "displayName": format!("User {id}"), "userPrincipalName": format!("{id}@x.example") });
        objects.push(object(EntityKind::User, id, value));
    }
    let mut page = PageWrite { objects, ..PageWrite::default() };
    if holds.users > 0 {
        page.objects.push(object(EntityKind::Group, GROUP, json!({ "id": GROUP, "displayName": "All" })));
        let members =
            ids.iter().map(|id| MemberRef { id: id.as_str().into(), odata_type: "#microsoft.graph.user".into() });
        let end = Some(ListEnd::COMPLETE);
        page.members.push(MembersWrite {
            group: GROUP.to_owned(),
            members: members.collect(),
            end,
            ..MembersWrite::default()
        });
    }
    writer.commit(run, &page).unwrap();
    for collection in Collection::ALL {
        let state = if collection == Collection::Users { holds.users_state } else { State::Complete };
        let end = ListEnd { state, ..ListEnd::COMPLETE };
        let checkpoint = Checkpoint { collection, next_link: None, done: 1, total: None, end: Some(end), delta: false };
        writer.commit(run, &PageWrite { checkpoint: Some(checkpoint), ..PageWrite::default() }).unwrap();
    }
    let end = RunEnd { status: holds.status, finished_at: now, requests: 1, resource_units: 1, seconds: 1.0 };
    writer.finish_run(run, &end).unwrap();
    run
}

/// What a store of twenty users sends, sorted.
fn all() -> (Vec<String>, Vec<String>) {
    let account = format!("active_directory_account:{TENANT}");
    let mut entities = vec![account.clone(), GROUP.to_owned()];
    let mut relationships = vec![format!("{account}|has|{GROUP}")];
    for id in (0..20).map(user) {
        relationships.extend([format!("{account}|has|{id}"), format!("{GROUP}|has|{id}")]);
        entities.push(id);
    }
    entities.sort();
    relationships.sort();
    (entities, relationships)
}

#[tokio::test(start_paused = true)]
async fn a_run_arrives_whole_and_is_believed() {
    let bench = Bench::new().await;
    bench.stub.then(&["FINALIZE_PENDING", "FINALIZING_ENTITIES", "SOMETHING_NEW", "FINISHED"]);
    bench.stub.figures(json!({ "numEntitiesCreated": 22, "numRelationshipsCreated": "41" }));
    let began = Instant::now();
    let job = bench.upload().await.unwrap();
    assert_eq!((job.num_entities_created, job.num_relationships_created), (22, 41));
    assert_eq!(bench.arrived(), all());
    assert_eq!(
        bench.stub.story(),
        [
            "POST graphql",
            "POST start",
            "POST entities",
            "POST relationships",
            "POST finalize",
            "GET job",
            "GET job",
            "GET job",
            "GET job"
        ]
    );
    // The stand-in's key cannot tell what the instance is: what another integration would own there is left alone.
    assert_eq!(bench.stub.seen()[4].json(), json!({ "partialDatasets": { "types": managed_types() } }));
    let took = began.elapsed().as_secs_f64();
    assert!((2.0..2.4).contains(&took), "0.25 + 0.375 + 0.563 + 0.844 s, {took}");
    let sending = bench.progress().sending_seconds;
    assert!(sending < 0.4, "the job's own two seconds are no sending: {sending}");
    assert_eq!(bench.belief(), "known");
    let progress = bench.progress();
    assert_eq!(progress.phase, UploadPhase::Finished);
    assert_eq!((progress.entities_sent, progress.entities_total), (22, 22));
    assert_eq!((progress.relationships_sent, progress.relationships_total), (41, 41));
    assert_eq!((progress.batches, progress.retries), (2, 0));
    assert_eq!(progress.status.as_deref(), Some("FINISHED"));
    assert_eq!(progress.job_id.as_deref(), Some("job-1"));
    assert!(bench.log(Level::Warning).is_empty());
}

/// Neither the user that is not valid nor what touches it is sent, and nothing of those types is deleted, there or in the
/// books.
#[tokio::test(start_paused = true)]
async fn what_is_not_valid_is_left_out_and_exempts_its_types() {
    let mut bench = Bench::with(Holds { odd: true, ..Holds::default() }).await;
    bench.destination = Destination::Scope("my-scope".to_owned());
    bench.upload().await.unwrap();
    assert_eq!(bench.arrived(), all());
    let types = ["active_directory_account_has_user", "active_directory_user", "active_directory_user_group_has_user"];
    let finalize = bench.stub.seen().into_iter().find(|seen| seen.json().get("partialDatasets").is_some()).unwrap();
    assert_eq!(finalize.json(), json!({ "partialDatasets": { "types": types } }));
    let told = bench.log(Level::Warning);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[1].contains("_key is shorter than ten characters; not sent"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn many_bodies_go_six_at_a_time_entities_first() {
    let mut bench = Bench::new().await;
    bench.destination = Destination::Scope("my-scope".to_owned());
    bench.limits.body = 700;
    bench.stub.on("POST entities", vec![Reply::Slow(Duration::from_secs(1)); 100]);
    bench.upload().await.unwrap();
    assert_eq!(bench.arrived(), all());
    assert_eq!(bench.stub.most_in_flight(), 6);
    assert!(bench.stub.largest() <= 700, "{}", bench.stub.largest());
    let story = bench.stub.story();
    assert!(!story.contains(&"POST graphql".to_owned()), "a scope is no instance");
    assert_eq!(bench.stub.seen()[0].json(), json!({ "source": "api", "scope": "my-scope" }));
    let last_entities = story.iter().rposition(|s| s == "POST entities").unwrap();
    let first_relationships = story.iter().position(|s| s == "POST relationships").unwrap();
    assert!(last_entities < first_relationships);
    let seen = bench.stub.seen();
    let ids = seen.iter().filter_map(|s| s.headers.get("jupiterone-correlation-id"));
    assert_eq!(ids.clone().collect::<std::collections::BTreeSet<_>>().len(), ids.count(), "one id a body");
}

#[tokio::test(start_paused = true)]
async fn what_was_not_read_is_exempt_from_deletion() {
    let mut bench = Bench::with(Holds { users_state: State::Forbidden, ..Holds::default() }).await;
    bench.destination = Destination::Scope("s".to_owned());
    bench.upload().await.unwrap();
    let seen = bench.stub.seen();
    let finalize = seen.iter().find(|s| s.what == "POST finalize").unwrap().json();
    assert_eq!(
        finalize["partialDatasets"]["types"],
        json!(["active_directory_account_has_user", "active_directory_user", "active_directory_user_group_has_user"])
    );
}

#[tokio::test(start_paused = true)]
async fn faults_on_the_way_are_overcome() {
    async fn check(what: &str, replies: Vec<Reply>, retries: u64) {
        let bench = Bench::new().await;
        bench.stub.on(what, replies);
        let result = bench.upload().await;
        assert!(result.is_ok(), "{what}: {result:?}");
        let (mut entities, mut relationships) = bench.arrived();
        entities.dedup();
        relationships.dedup();
        assert_eq!((entities, relationships), all(), "{what}");
        assert_eq!(bench.progress().retries, retries, "{what}");
        assert_eq!(bench.log(Level::Retry).len() as u64, retries, "{what}");
        assert_eq!(bench.belief(), "known", "{what}");
    }
    let throttled = Reply::status(429).with("retry-after", "2.5");
    check("POST start", vec![Reply::status(503), throttled.clone()], 2).await;
    check("POST entities", vec![throttled.clone(), throttled, Reply::status(503)], 3).await;
    check("POST relationships", vec![Reply::LoseAnswer, Reply::Hang], 2).await;
    check("POST entities", vec![Reply::Garble(12)], 1).await;
    check("POST relationships", vec![Reply::Garble(0), Reply::Garble(40)], 2).await;
    check("POST finalize", vec![Reply::status(503)], 1).await;
    // Accepted, whatever its answer was: the job's status says so, and it is not asked for twice.
    check("POST finalize", vec![Reply::Garble(12)], 0).await;
    check("GET job", vec![Reply::Garble(9)], 1).await;
    check("GET job", vec![Reply::LoseAnswer, Reply::status(502)], 2).await;
    // Accepted, and the answer was lost; the repeated request is refused, and the job goes on all the same.
    let done = Reply::error(400, "JOB_NOT_AWAITING_UPLOADS", "no");
    check("POST finalize", vec![Reply::LoseAnswer, done], 1).await;
}

/// A start that was carried out, and whose answer came damaged, told of a job that is open.
#[tokio::test(start_paused = true)]
async fn a_damaged_start_is_gone_on_with_where_it_says_which_job_it_was() {
    let bench = Bench::new().await;
    // `{"job":{"id":"job-1",…`
    bench.stub.on("POST start", [Reply::Garble(25)]);
    bench.upload().await.unwrap();
    assert_eq!(bench.stub.story()[..4], ["POST graphql", "POST start", "GET job", "POST entities"]);
    assert!(bench.log(Level::Warning)[0].contains("job-1"), "{:?}", bench.log(Level::Warning));

    // It does not: an empty job stays, which is said, and another is started.
    let bench = Bench::new().await;
    bench.stub.on("POST start", [Reply::Garble(12)]);
    bench.upload().await.unwrap();
    assert_eq!(bench.stub.story()[..4], ["POST graphql", "POST start", "POST start", "POST entities"]);
    assert!(bench.log(Level::Warning)[0].contains("stays open"), "{:?}", bench.log(Level::Warning));
    assert_eq!(bench.arrived(), all());

    // Again and again: nothing was sent, and what may be open is said.
    let bench = Bench::new().await;
    bench.stub.on("POST start", [Reply::Garble(12), Reply::Garble(12)]);
    let error = fails(&bench, NOT_STARTED, "unknown", Some("garbled_json")).await;
    assert!(error.problem().message.unwrap().contains("may have been opened"));
}

#[tokio::test(start_paused = true)]
async fn bodies_that_are_too_large_go_in_parts() {
    let bench = Bench::new().await;
    bench.stub.limit(1_500);
    bench.upload().await.unwrap();
    assert_eq!(bench.arrived(), all());
    assert!(bench.stub.largest() <= 1_500);
    let parts = bench.stub.count("POST entities") + bench.stub.count("POST relationships");
    assert!(parts > 6, "{parts}");
    assert!(!bench.log(Level::Info).is_empty());

    let bench = Bench::new().await;
    bench.stub.limit(60);
    let error = bench.upload().await.unwrap_err();
    assert!(error.problem().summary.contains(&format!("active_directory_account:{TENANT}")), "{error}");
    assert_eq!((error.end(), bench.belief()), (&JobEnd::Aborted, "unknown"));
}

/// What a failure must leave behind.
async fn fails(bench: &Bench, end: fn(&JobEnd) -> bool, belief: &str, code: Option<&str>) -> UploadError {
    let error = bench.upload().await.unwrap_err();
    assert!(end(error.end()), "{error:?}");
    assert_eq!(bench.belief(), belief, "{error}");
    assert_eq!(error.problem().code.as_deref(), code, "{error}");
    assert!(!format!("{error} {error:?}").contains(KEY));
    error
}

const ABORTED: fn(&JobEnd) -> bool = |end| *end == JobEnd::Aborted;
const IN_DOUBT: fn(&JobEnd) -> bool = |end| *end == JobEnd::InDoubt;
const NOT_STARTED: fn(&JobEnd) -> bool = |end| *end == JobEnd::NotStarted;
const ABORT_FAILED: fn(&JobEnd) -> bool = |end| matches!(end, JobEnd::AbortFailed(_));

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_before_finalize_is_aborted() {
    let bench = Bench::new().await;
    let invalid = "ENTITY_UPLOAD_FAILED_VALIDATION";
    bench.stub.on("POST entities", [Reply::error(400, invalid, "1 validation error(s)")]);
    let error = fails(&bench, ABORTED, "unknown", Some(invalid)).await;
    assert!(error.to_string().contains("nothing was changed"), "{error}");
    assert_eq!(error.problem().message.as_deref(), Some("1 validation error(s)"));
    assert_eq!(bench.stub.status(), "ABORTED");
    let seen = bench.stub.seen();
    assert_eq!(bench.stub.count("POST finalize"), 0);
    assert!(seen.last().unwrap().json()["reason"].as_str().unwrap().contains(invalid));

    // A page in the service's place: nothing arrived, and nothing is finalized.
    let bench = Bench::new().await;
    bench.stub.on("POST relationships", [Reply::Say(200, vec![], "<html>".to_owned())]);
    fails(&bench, ABORTED, "unknown", Some("not_json")).await;

    let bench = Bench::new().await;
    bench.stub.on("POST entities", vec![Reply::status(503); 100]);
    fails(&bench, ABORTED, "unknown", Some("not_json")).await;
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_leaves_nothing() {
    let bench = Bench::new().await;
    let code = "SYNC_JOB_INVALID_INTEGRATION_INSTANCE";
    bench.stub.on("POST start", [Reply::error(400, code, "Integration instance not found")]);
    let error = fails(&bench, NOT_STARTED, "unknown", Some(code)).await;
    assert_eq!(error.job_id(), None);
    assert_eq!(bench.stub.story(), ["POST graphql", "POST start"]);

    let bench = Bench::new().await;
    let elsewhere = Reply::status(302).with("location", "https://evil.example/");
    bench.stub.on("POST start", [elsewhere]);
    fails(&bench, NOT_STARTED, "unknown", Some("redirect")).await;
}

#[tokio::test(start_paused = true)]
async fn an_abort_that_fails_is_said() {
    let bench = Bench::new().await;
    bench.stub.on("POST entities", [Reply::error(400, "BAD", "no")]);
    bench.stub.on("POST abort", [Reply::error(403, "FORBIDDEN", "you may not")]);
    let error = fails(&bench, ABORT_FAILED, "unknown", Some("BAD")).await;
    assert!(error.to_string().contains("could not be aborted either"), "{error}");
    assert!(error.problem().message.unwrap().contains("FORBIDDEN"));
    // The next one sees to it.
    assert_eq!(bench.left()[0].job.id, "job-1");
    bench.stub.forget();
    bench.upload().await.unwrap();
    assert_eq!(bench.stub.story()[..4], ["POST graphql", "GET job", "POST abort", "POST start"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_closed_underneath_is_not_trusted() {
    let closed = || Reply::error(400, "JOB_NOT_AWAITING_UPLOADS", "no");
    async fn check(closed: Reply, status: &str, end: fn(&JobEnd) -> bool, belief: &str) {
        let bench = Bench::new().await;
        bench.stub.on("POST relationships", [closed]);
        bench.stub.on("POST abort", [Reply::error(400, "JOB_ENDED", "no")]);
        let job = json!({ "job": { "id": "job-1", "status": status } });
        bench.stub.on("GET job", [Reply::Say(200, vec![], job.to_string())]);
        fails(&bench, end, belief, Some("JOB_NOT_AWAITING_UPLOADS")).await;
    }
    check(closed(), "ABORTED", ABORTED, "unknown").await;
    check(closed(), "FINALIZING_ENTITIES", IN_DOUBT, "in doubt").await;
    check(closed(), "FINISHED", IN_DOUBT, "in doubt").await;
    check(closed(), "AWAITING_UPLOADS", ABORT_FAILED, "unknown").await;

    // Told by the status of an answer that looks good.
    let bench = Bench::new().await;
    let job = json!({ "job": { "id": "job-1", "status": "ABORTED" } });
    bench.stub.on("POST entities", [Reply::Say(200, vec![], job.to_string())]);
    fails(&bench, ABORTED, "unknown", Some("ABORTED")).await;
    assert_eq!(bench.stub.count("POST finalize"), 0);
}

#[tokio::test(start_paused = true)]
async fn after_finalize_only_the_service_ends_the_doubt() {
    async fn check(statuses: &[&str], end: fn(&JobEnd) -> bool, belief: &str, code: &str) {
        let bench = Bench::new().await;
        bench.stub.then(statuses);
        fails(&bench, end, belief, Some(code)).await;
        assert_eq!(bench.stub.count("POST abort"), 0, "what may be applied is not aborted");
    }
    check(&["FINALIZING_ENTITIES", "ABORTED"], ABORTED, "unknown", "ABORTED").await;
    let configuration = "ABORTED_DUE_TO_INVALID_CONFIGURATION";
    check(&[configuration], ABORTED, "unknown", configuration).await;
    check(&["FINALIZING_ENTITIES", "ERROR_BAD_DATA"], IN_DOUBT, "in doubt", "ERROR_BAD_DATA").await;
    check(&["UNKNOWN"], IN_DOUBT, "in doubt", "UNKNOWN").await;
    let began = Instant::now();
    check(&["FINALIZING_ENTITIES"], IN_DOUBT, "in doubt", "finalize_timeout").await;
    assert!((1800.0..1802.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());

    // A key that may not look at the job.
    let bench = Bench::new().await;
    bench.stub.on("GET job", [Reply::error(403, "FORBIDDEN", "no")]);
    let error = fails(&bench, IN_DOUBT, "in doubt", Some("FORBIDDEN")).await;
    assert!(error.problem().hint.unwrap().contains("job-1"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_finalize_is_aborted_if_the_job_is_still_open() {
    let refused = || Reply::error(400, "BAD_REQUEST", "no");
    let bench = Bench::new().await;
    bench.stub.on("POST finalize", [refused()]);
    fails(&bench, ABORTED, "unknown", Some("BAD_REQUEST")).await;
    assert_eq!(bench.stub.status(), "ABORTED");

    let bench = Bench::new().await;
    bench.stub.on("POST finalize", [refused()]);
    bench.stub.on("POST abort", [Reply::error(403, "FORBIDDEN", "no")]);
    fails(&bench, IN_DOUBT, "in doubt", Some("BAD_REQUEST")).await;

    let bench = Bench::new().await;
    bench.stub.on("POST finalize", vec![Reply::Hang; 100]);
    bench.stub.on("GET job", vec![Reply::status(503); 1000]);
    fails(&bench, IN_DOUBT, "in doubt", Some("timeout")).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancel_ends_the_job_where_it_can() {
    async fn check(what: &str, end: fn(&JobEnd) -> bool, belief: &str) {
        let bench = Bench::new().await;
        bench.stub.on(what, vec![Reply::Hang; 10]);
        let stop = async {
            while bench.stub.count(what) == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            bench.cancel.cancel();
        };
        let (error, ()) = tokio::join!(bench.upload(), stop);
        let error = error.unwrap_err();
        assert!(error.is_cancelled() && end(error.end()), "{what}: {error:?}");
        assert_eq!(bench.belief(), belief, "{what}");
    }
    check("POST graphql", NOT_STARTED, "unknown").await;
    check("POST start", NOT_STARTED, "unknown").await;
    check("POST entities", ABORTED, "unknown").await;
    check("POST relationships", ABORTED, "unknown").await;
    check("POST finalize", ABORTED, "unknown").await;
    check("GET job", IN_DOUBT, "in doubt").await;
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_the_end_waits_ten_seconds_at_most() {
    async fn check(what: &str, end: fn(&JobEnd) -> bool, belief: &str) {
        let bench = Bench::new().await;
        for silent in [what, "POST abort", "GET job"] {
            bench.stub.on(silent, vec![Reply::Hang; 20]);
        }
        let stop = async {
            while bench.stub.count(what) == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            bench.cancel.cancel();
            Instant::now()
        };
        let (error, asked) = tokio::join!(bench.upload(), stop);
        let error = error.unwrap_err();
        assert!((9.9..10.5).contains(&asked.elapsed().as_secs_f64()), "{what}: {:?}", asked.elapsed());
        assert!(error.is_cancelled() && end(error.end()), "{what}: {error:?}");
        assert_eq!(bench.belief(), belief, "{what}");
    }
    check("POST entities", ABORT_FAILED, "unknown").await;
    check("POST finalize", IN_DOUBT, "in doubt").await;
}

#[tokio::test(start_paused = true)]
async fn the_doubt_is_on_disk_before_finalize_is_asked_for() {
    let bench = Bench::new().await;
    bench.stub.on("POST finalize", [Reply::Slow(Duration::from_secs(5))]);
    let look = async {
        while bench.stub.count("POST finalize") == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let reader = Reader::open(&bench.store(), Some(&tenant())).unwrap();
        let belief = reader.belief(&bench.target()).unwrap().unwrap();
        assert_eq!(belief.doubts[0].job_id.as_deref(), Some("job-1"));
        assert!(belief.finished.is_none());
    };
    let (finished, ()) = tokio::join!(bench.upload(), look);
    finished.unwrap();
    assert_eq!(bench.belief(), "known");
}

#[tokio::test(start_paused = true)]
async fn guards_refuse_before_anything_is_sent() {
    async fn check(holds: Holds, words: &str) {
        let bench = Bench::with(holds).await;
        let error = bench.upload().await.unwrap_err();
        assert!(error.is_guard() && error.to_string().contains(words), "{error}");
        assert!(bench.stub.seen().is_empty());
        assert_eq!(bench.belief(), "unknown");
    }
    let holds = Holds::default();
    check(Holds { account: false, users: 0, ..holds }, "no entities").await;
    check(Holds { account: false, ..holds }, "no account").await;
    check(Holds { status: RunStatus::Interrupted, ..holds }, "interrupted").await;
    check(Holds { status: RunStatus::Failed, ..holds }, "failed").await;

    let mut bench = Bench::new().await;
    bench.run = RunId(77);
    assert!(bench.upload().await.unwrap_err().is_guard());

    for (name, kind) in [("Microsoft 365", "microsoft-365"), ("Okta", "okta")] {
        let bench = Bench::new().await;
        is_of(&bench, name, kind);
        let error = bench.upload().await.unwrap_err();
        assert!(error.is_guard() && error.to_string().contains("`production`"), "{error}");
        assert_eq!(bench.stub.story(), ["POST graphql", "POST graphql"]);
    }
    // A custom one holds nothing but ours.
    let bench = Bench::new().await;
    is_of(&bench, "Custom", "custom");
    bench.upload().await.unwrap();
    let seen = bench.stub.seen();
    let finalize = seen.iter().find(|s| s.what == "POST finalize").unwrap().json();
    assert_eq!(finalize, json!({ "partialDatasets": { "types": [] } }));
}

/// A person took long to say yes: what she saw is not what would be done now.
#[tokio::test(start_paused = true)]
async fn what_was_previewed_before_another_upload_is_not_sent() {
    let mut bench = Bench::new().await;
    let before = bench.look();
    bench.upload().await.unwrap();
    bench.stub.forget();
    let refused = |error: UploadError, words: &str| {
        assert!(error.is_guard() && error.to_string().contains(words), "{error}");
        assert_eq!(error.problem().code.as_deref(), Some("preview_outdated"));
    };
    bench.seen = Some(before.clone());
    refused(bench.upload().await.unwrap_err(), "another upload to this target");
    // Nor one whose end nobody knows.
    bench.seen = None;
    bench.stub.then(&["ERROR_BAD_DATA"]);
    let known = bench.look();
    fails(&bench, IN_DOUBT, "in doubt", Some("ERROR_BAD_DATA")).await;
    bench.stub.forget();
    bench.seen = Some(known);
    refused(bench.upload().await.unwrap_err(), "another upload to this target");
    // Nor a run of the same number, of a store that was made anew.
    bench.seen = Some(Previewed { collected_at: Timestamp::UNIX_EPOCH, ..bench.look() });
    refused(bench.upload().await.unwrap_err(), "not the one that was previewed");
    assert_eq!(bench.stub.count("POST start"), 0);
}

/// Asked for the end while it is ending for another reason, it does not take longer than that.
#[tokio::test(start_paused = true)]
async fn whoever_asks_for_the_end_of_a_failing_upload_waits_ten_seconds_at_most() {
    async fn check(what: &str, then: &str) {
        let bench = Bench::new().await;
        bench.stub.on(what, [Reply::error(400, "BAD_REQUEST", "no")]);
        for silent in ["POST abort", "GET job"] {
            bench.stub.on(silent, vec![Reply::Hang; 20]);
        }
        let stop = async {
            while bench.stub.count(then) == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            bench.cancel.cancel();
            Instant::now()
        };
        let (error, asked) = tokio::join!(bench.upload(), stop);
        assert!(asked.elapsed().as_secs_f64() < 10.5, "{what}: {:?}", asked.elapsed());
        error.unwrap_err();
    }
    check("POST entities", "POST abort").await;
    check("POST finalize", "GET job").await;
}

/// A first try may have been carried out; the next one is refused for its form: what comes in another says that it comes
/// again.
#[tokio::test(start_paused = true)]
async fn what_comes_again_in_another_form_says_so() {
    let too_large = || Reply::error(413, "RequestEntityTooLargeException", "no");
    let unzipped = || Reply::error(415, "UNSUPPORTED_MEDIA_TYPE", "no");
    for (encoding, refused) in [(Encoding::Plain, too_large()), (Encoding::Gzip, unzipped())] {
        let mut bench = Bench::new().await;
        bench.manner.encoding = encoding;
        bench.stub.on("POST entities", [Reply::status(503), refused]);
        bench.upload().await.unwrap();
        let seen = bench.stub.seen();
        let queries: Vec<bool> = seen.iter().filter(|s| s.what == "POST entities").map(|s| s.query.is_some()).collect();
        assert!(
            queries.len() > 2 && !queries[0] && queries[1..].iter().all(|again| *again),
            "{encoding:?} {queries:?}"
        );
        assert!(seen.iter().filter(|s| s.what == "POST relationships").all(|s| s.query.is_none()), "{encoding:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_helps_a_body_is_said() {
    let bench = Bench::new().await;
    bench.stub.on("POST entities", vec![Reply::Hang; 20]);
    let slow = fails(&bench, ABORTED, "unknown", Some("timeout")).await;
    assert!(slow.problem().hint.unwrap().contains("--max-body"));
    let bench = Bench::new().await;
    bench.stub.on("POST entities", [Reply::error(404, "NOT_FOUND", "no")]);
    let gone = fails(&bench, ABORTED, "unknown", Some("NOT_FOUND")).await;
    assert!(gone.problem().hint.unwrap().contains("does not know the job"));
}

/// A key that may upload and not look: each upload would end in doubt, so the words say what would help.
#[tokio::test(start_paused = true)]
async fn a_key_that_may_not_look_is_told_apart() {
    let bench = Bench::new().await;
    bench.stub.on("GET job", vec![Reply::error(403, "FORBIDDEN", "no"); 20]);
    let error = fails(&bench, IN_DOUBT, "in doubt", Some("FORBIDDEN")).await;
    assert!(error.problem().hint.unwrap().contains("may not look at it"));
}

/// Of an abort that was taken without a word the job itself is asked.
#[tokio::test(start_paused = true)]
async fn an_abort_that_says_nothing_is_looked_after() {
    async fn check(abort: Value, look: Option<Value>, end: fn(&JobEnd) -> bool) {
        let bench = Bench::new().await;
        let say = |value: &Value| Reply::Say(200, vec![], value.to_string());
        bench.stub.on("POST entities", [Reply::error(400, "BAD_REQUEST", "no")]);
        bench.stub.on("POST abort", [say(&abort)]);
        bench.stub.on("GET job", look.iter().map(say).collect::<Vec<_>>());
        let error = bench.upload().await.unwrap_err();
        assert!(end(error.end()), "{abort} {look:?}: {error:?}");
    }
    let job = |status: &str| json!({ "job": { "id": "job-1", "status": status } });
    check(json!({ "job": {} }), Some(job("ABORTED")), ABORTED).await;
    check(json!({ "job": {} }), Some(json!({ "job": {} })), ABORTED).await;
    check(json!({ "job": {} }), Some(job("FINALIZING_ENTITIES")), IN_DOUBT).await;
    check(job("AWAITING_UPLOADS"), Some(job("ABORTED")), ABORTED).await;
    check(job("AWAITING_UPLOADS"), Some(job("AWAITING_UPLOADS")), ABORT_FAILED).await;
    check(job("FINISHED"), None, IN_DOUBT).await;
}

/// The key can read, and the instance is of this definition.
fn is_of(bench: &Bench, name: &str, kind: &str) {
    let say = |value: Value| Reply::Say(200, vec![], value.to_string());
    bench.stub.on(
        "POST graphql",
        [
            say(json!({ "data": { "iamGetAccount": { "accountId": ACCOUNT } } })),
            say(json!({ "data": { "integrationInstance": { "id": INSTANCE, "name": "production",
            "integrationDefinition": { "name": name, "integrationType": kind } } } })),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn another_writer_is_named_and_nothing_is_sent() {
    let bench = Bench::new().await;
    let writer = Writer::open(&bench.store(), &tenant(), Timestamp::now()).unwrap();
    let error = bench.upload().await.unwrap_err();
    assert_eq!(error.end(), &JobEnd::NotStarted);
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    assert_eq!(bench.stub.count("POST start"), 0);
    drop(writer);
}

#[tokio::test(start_paused = true)]
async fn relationships_that_were_not_created_are_a_warning() {
    let bench = Bench::new().await;
    bench.stub.figures(json!({ "numRelationshipCreateErrors": 3 }));
    assert_eq!(bench.upload().await.unwrap().num_relationship_create_errors, 3);
    assert_eq!(bench.log(Level::Warning), ["job job-1: 3 relationships not created"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_upload_settles_a_doubt() {
    let bench = Bench::new().await;
    bench.stub.then(&["ERROR_UNEXPECTED_FAILURE"]);
    fails(&bench, IN_DOUBT, "in doubt", Some("ERROR_UNEXPECTED_FAILURE")).await;
    bench.stub.then(&["FINISHED"]);
    bench.upload().await.unwrap();
    assert_eq!(bench.belief(), "known");
}

impl Bench {
    /// Uploads until `what` was asked for so many times, and dies there, as by SIGKILL: nothing is aborted or booked.
    async fn killed_at(&self, what: &str, times: usize) {
        self.stub.on(what, vec![Reply::Pass; times]);
        self.stub.on(what, vec![Reply::Hang; 20]);
        let at = async {
            while self.stub.count(what) <= times {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            // What has arrived by now is noted beside the bodies that are packed next.
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        tokio::select! {
            ended = self.upload() => panic!("it ended: {ended:?}"),
            () = at => {}
        }
        self.stub.forget_script();
        // The reading ends by itself, and with it the lock.
        while Writer::open(&self.store(), &tenant(), Timestamp::now()).is_err() {
            std::thread::yield_now();
        }
    }

    fn left(&self) -> Vec<crate::store::Left> {
        Reader::open(&self.store(), Some(&tenant())).unwrap().left_uploads(&self.target()).unwrap()
    }
}

/// One object a body, or nearly.
const SMALL: usize = 700;

#[tokio::test(start_paused = true)]
async fn a_job_that_was_cut_off_is_aborted_and_all_is_sent_anew() {
    for (what, times) in [("POST entities", 0), ("POST entities", 2), ("POST relationships", 3)] {
        let mut bench = Bench::new().await;
        bench.limits.body = SMALL;
        bench.killed_at(what, times).await;
        assert_eq!(bench.belief(), "unknown", "{what} {times}");
        let left = bench.left();
        assert_eq!((left.len(), left[0].job.id.as_str(), left[0].job.in_doubt), (1, "job-1", false), "{what} {times}");
        bench.stub.forget();
        bench.upload().await.unwrap();
        assert_eq!(bench.stub.story()[..4], ["POST graphql", "GET job", "POST abort", "POST start"]);
        assert_eq!(bench.arrived(), all(), "{what} {times}");
        assert!(bench.stub.seen().iter().all(|s| s.query.is_none()), "nothing was sent before to this job");
        assert_eq!((bench.belief(), bench.left()), ("known", vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_cut_off_can_be_gone_on_with() {
    for (what, times) in
        [("POST entities", 0), ("POST entities", 7), ("POST relationships", 0), ("POST relationships", 9)]
    {
        let mut bench = Bench::new().await;
        bench.limits = Limits { body: SMALL, at_once: 2, ..bench.limits };
        bench.manner.leftover = Leftover::GoOn;
        bench.killed_at(what, times).await;
        let before = bench.stub.story().len();
        let left = bench.left().remove(0).job;
        bench.upload().await.unwrap();

        let seen = &bench.stub.seen()[before..];
        let count = |what: &str| seen.iter().filter(|s| s.what == what).count();
        assert_eq!((count("POST start"), count("POST abort"), count("POST finalize")), (0, 0, 1), "{what} {times}");
        // Whatever may have arrived before says so, so that nothing is there twice.
        let is_body = |s: &&crate::jupiterone::stub::Seen| s.headers.contains_key("jupiterone-correlation-id");
        assert!(seen.iter().filter(is_body).all(|s| s.query.as_deref() == Some("ignoreDuplicates=true")));
        let (mut entities, mut relationships) = bench.arrived();
        entities.dedup();
        relationships.dedup();
        assert_eq!((entities, relationships), all(), "{what} {times}");
        // What is known to have arrived is not sent again.
        let sent = |name: &str| -> u64 {
            let of = |s: &crate::jupiterone::stub::Seen| s.json()[name].as_array().map_or(0, Vec::len) as u64;
            seen.iter().filter(is_body).map(of).sum()
        };
        let (all_entities, all_relationships) = (all().0.len() as u64, all().1.len() as u64);
        assert_eq!(sent("entities"), all_entities - left.entities, "{what} {times}");
        assert_eq!(sent("relationships"), all_relationships - left.relationships, "{what} {times}");
        assert!(times == 0 || left.entities + left.relationships > 0, "{what} {times}: {left:?}");
        let progress = bench.progress();
        assert_eq!((progress.entities_sent, progress.relationships_sent), (all_entities, all_relationships));
        assert_eq!((bench.belief(), bench.left()), ("known", vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_carries_the_same_is_gone_on_with() {
    let mut bench = Bench::new().await;
    bench.limits.body = SMALL;
    bench.manner.leftover = Leftover::GoOn;
    bench.killed_at("POST entities", 2).await;
    bench.run = fill(&bench.store(), Holds::default());
    bench.stub.forget();
    bench.upload().await.unwrap();
    assert_eq!(bench.stub.story()[..4], ["POST graphql", "GET job", "POST abort", "POST start"]);
    assert!(bench.log(Level::Warning)[0].contains("carries something else"), "{:?}", bench.log(Level::Warning));

    // A job that is closed by now is not gone on with either.
    let mut bench = Bench::new().await;
    bench.limits.body = SMALL;
    bench.manner.leftover = Leftover::GoOn;
    bench.killed_at("POST entities", 2).await;
    bench.stub.forget();
    let job = json!({ "job": { "id": "job-1", "status": "ABORTED" } });
    bench.stub.on("GET job", [Reply::Say(200, vec![], job.to_string())]);
    bench.upload().await.unwrap();
    assert_eq!(bench.stub.story()[..3], ["POST graphql", "GET job", "POST start"]);
    assert_eq!(bench.arrived(), all());
}

#[tokio::test(start_paused = true)]
async fn a_left_job_that_cannot_be_aborted_does_not_stand_in_the_way() {
    let bench = Bench::new().await;
    bench.killed_at("POST entities", 0).await;
    bench.stub.forget();
    bench.stub.on("GET job", [Reply::error(403, "FORBIDDEN", "no")]);
    bench.stub.on("POST abort", [Reply::error(403, "FORBIDDEN", "no")]);
    bench.upload().await.unwrap();
    assert!(bench.log(Level::Warning)[0].contains("could not be aborted"), "{:?}", bench.log(Level::Warning));
    assert_eq!((bench.belief(), bench.left()), ("known", vec![]));
}

/// Killed behind finalize: nobody knows, until JupiterOne is asked.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_doubt_is_asked_for() {
    async fn check(statuses: &[&str], belief: &str, words: &str) {
        let bench = Bench::new().await;
        bench.stub.then(&["FINALIZING_ENTITIES"]);
        bench.killed_at("GET job", 1).await;
        assert_eq!(bench.belief(), "in doubt", "{statuses:?}");
        bench.stub.forget();
        bench.stub.then(statuses);
        // The new job comes to nothing, so that what is known is known of the old one.
        bench.stub.on("POST start", [Reply::error(400, "BAD_REQUEST", "no")]);
        bench.upload().await.unwrap_err();
        assert_eq!(bench.belief(), belief, "{statuses:?}");
        let said = [bench.log(Level::Info), bench.log(Level::Warning)].concat();
        assert!(said.iter().any(|line| line.contains(words)), "{statuses:?}: {said:?}");
        assert_eq!(bench.stub.count("POST abort"), 0, "what may be applied is not aborted");
    }
    check(&["FINISHED"], "known", "had finished").await;
    check(&["FINALIZING_ENTITIES", "FINALIZING_RELATIONSHIPS", "FINISHED"], "known", "had finished").await;
    check(&["ABORTED"], "unknown", "had changed nothing").await;
    check(&["ERROR_BAD_DATA"], "in doubt", "ended as ERROR_BAD_DATA").await;
}

#[tokio::test(start_paused = true)]
async fn two_jobs_do_not_meet() {
    let bench = Bench::new().await;
    bench.stub.then(&["FINALIZING_ENTITIES"]);
    bench.killed_at("GET job", 1).await;
    bench.stub.forget();
    let error = fails(&bench, NOT_STARTED, "in doubt", Some("job_still_working")).await;
    assert!(error.to_string().contains("job-1"), "{error}");
    assert_eq!(bench.stub.count("POST start"), 0);
}

#[tokio::test(start_paused = true)]
async fn bodies_are_compressed_where_that_is_wanted() {
    let mut bench = Bench::new().await;
    bench.manner.encoding = Encoding::Gzip;
    bench.stub.on("POST entities", [Reply::status(503)]);
    bench.upload().await.unwrap();
    assert_eq!(bench.arrived(), all());
    let seen = bench.stub.seen();
    assert!(seen.iter().all(|s| s.is_zipped() == (s.what == "POST entities" || s.what == "POST relationships")));
    // Made once: the same bytes under the same id at each try.
    let tries: Vec<_> = seen.iter().filter(|s| s.what == "POST entities").collect();
    assert_eq!((tries.len(), &tries[0].body), (2, &tries[1].body));
    assert_eq!(tries[0].headers["jupiterone-correlation-id"], tries[1].headers["jupiterone-correlation-id"]);

    // Refused for that: they go as they are, and nothing is lost.
    let mut bench = Bench::new().await;
    bench.manner.encoding = Encoding::Gzip;
    bench.limits.body = SMALL;
    let refused = Reply::error(415, "UNSUPPORTED_MEDIA_TYPE", "no");
    bench.stub.on("POST entities", [refused]);
    bench.upload().await.unwrap();
    assert_eq!(bench.arrived(), all());
    assert!(bench.stub.seen().iter().filter(|s| s.is_zipped()).count() <= 6);
    assert_eq!(bench.log(Level::Info).len(), 1, "said once");

    // Nobody asked for it.
    let bench = Bench::new().await;
    bench.upload().await.unwrap();
    assert!(bench.stub.seen().iter().all(|s| !s.is_zipped()));
}

#[tokio::test(start_paused = true)]
async fn a_managed_source_is_only_for_who_asks() {
    let mut bench = Bench::new().await;
    bench.manner.source = Source::Managed;
    bench.upload().await.unwrap();
    let start = bench.stub.seen().into_iter().find(|s| s.what == "POST start").unwrap();
    assert_eq!(start.json(), json!({ "source": "integration-managed", "integrationInstanceId": INSTANCE }));
}
