//! What is refused before anything is sent, and what lifts it; against the demo's services.

use jiff::Timestamp;
use tenantry::{
    demo::Service,
    domain::{
        completeness::RunStatus,
        guard::{Guard, Leave, TargetChange},
        ids::TenantId,
        limit::MaxDeletions,
        naming::Naming,
        preview::Baseline,
        reading::{Ask, Scope},
        target::{Destination, Place, Target, managed_types},
        upload::Manner,
    },
    jobs::{self, JobError, LeftBehind, Ready},
    profile::{Registry, Settings, TargetWriter},
};
use tokio_util::sync::CancellationToken;

use crate::stage::{Stage, Told};

/// As the command does it, with these settings and what was said.
async fn upload(stage: &Stage, settings: &Settings, leave: Leave) -> Result<u64, JobError> {
    let ready = Ready { leave, ..jobs::prepare_upload(settings)? };
    let mut context = stage.context(&Told::default(), &CancellationToken::new());
    context.settings = settings.clone();
    jobs::upload(&context, ready).await.map(|job| job.num_entities_deleted)
}

fn code(result: &Result<u64, JobError>) -> String {
    match result {
        Err(JobError::Guard(problem)) => problem.code.clone().unwrap(),
        other => panic!("a guard, and not {other:?}"),
    }
}

fn writes(stage: &Stage) -> Vec<String> {
    let asked = stage.asked(Service::JupiterOne).into_iter();
    asked.filter(|r| r.method != "GET" && r.path != "/graphql").map(|r| r.path).collect()
}

const FIRST: Leave = Leave { first_upload: true, target_change: false, deletions: None };

#[tokio::test(start_paused = true)]
async fn too_many_deletions_take_their_number() {
    let stage = Stage::new("default", 200, 25).await;
    stage.collect().await;
    let usual = stage.settings();
    upload(&stage, &usual, FIRST).await.unwrap();
    // The tenant loses people: with no limit but zero, any is too many.
    stage.demo.advance();
    stage.collect().await;
    let strict = Settings { max_deletions: MaxDeletions::Most(0), ..stage.settings() };
    let ready = jobs::prepare_upload(&strict).unwrap();
    let [Guard::TooManyDeletions { over }] = &ready.preview.guards[..] else { panic!("{:?}", ready.preview.guards) };
    let deleted = ready.preview.total().delete;
    assert_eq!(Guard::deletions(over), deleted);
    assert!(deleted > 0, "a day worth the test");
    stage.demo.forget_requests();
    for leave in [Leave::default(), FIRST, Leave { deletions: Some(deleted + 1), ..FIRST }] {
        assert_eq!(code(&upload(&stage, &strict, leave).await), "too_many_deletions");
    }
    assert!(stage.demo.requests().is_empty());
    upload(&stage, &strict, Leave { deletions: Some(deleted), ..Leave::default() }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn another_tenant_is_replaced_only_by_a_word() {
    let stage = Stage::new("default", 60, 8).await;
    stage.collect().await;
    upload(&stage, &stage.settings(), FIRST).await.unwrap();
    // Another tenant's upload, from another store of this machine.
    let (settings, them) = (stage.settings(), TenantId::parse("94841066-274d-4ec0-a5c1-276be684bdd3").unwrap());
    let registry = Registry::new(settings.paths.registry());
    let target = settings.target().unwrap();
    let ours = registry.last_writer(&target).unwrap().unwrap();
    let theirs = TargetWriter { tenant: them.clone(), naming: Naming::ActiveDirectory, at: Timestamp::UNIX_EPOCH };
    registry.claim(&target, theirs.clone(), Some(&ours)).unwrap();

    let ready = jobs::prepare_upload(&settings).unwrap();
    assert_eq!(ready.preview.baseline, Baseline::Unknown, "what was believed is worth nothing now");
    let [Guard::TargetChange { change: TargetChange::Tenant, tenant, .. }, Guard::FirstUpload] =
        &ready.preview.guards[..]
    else {
        panic!("{:?}", ready.preview.guards)
    };
    assert_eq!(*tenant, them);
    stage.demo.forget_requests();
    assert_eq!(code(&upload(&stage, &settings, FIRST).await), "other_tenant");
    let change = Leave { target_change: true, ..Leave::default() };
    assert_eq!(code(&upload(&stage, &settings, change).await), "first_upload");
    assert!(stage.demo.requests().is_empty());
    // What was seen is replaced, and nobody who came in between.
    let seen = Ready { leave: Leave { first_upload: true, ..change }, ..jobs::prepare_upload(&settings).unwrap() };
    let third = TargetWriter { at: Timestamp::from_second(9).unwrap(), ..theirs.clone() };
    registry.claim(&target, third, Some(&theirs)).unwrap();
    let context = stage.context(&Told::default(), &CancellationToken::new());
    assert!(matches!(jobs::upload(&context, seen).await, Err(JobError::Guard(_))));
    assert!(writes(&stage).is_empty());

    upload(&stage, &settings, Leave { first_upload: true, ..change }).await.unwrap();
    assert_eq!(registry.last_writer(&target).unwrap().unwrap().tenant, ours.tenant);
    let after = stage.preview();
    assert!(matches!(after.baseline, Baseline::Known { .. }) && after.guards.is_empty(), "{:?}", after.guards);
    assert!(after.total().is_nothing());
}

/// How long the body of the last finalize was.
fn finalized(stage: &Stage) -> usize {
    stage.asked(Service::JupiterOne).into_iter().rfind(|r| r.path.ends_with("/finalize")).unwrap().body_bytes
}

/// How long one is that leaves these types alone.
fn leaving_alone(types: &[String]) -> usize {
    serde_json::json!({ "partialDatasets": { "types": types } }).to_string().len()
}

async fn place(stage: &Stage, destination: Option<&str>) -> Result<Place, JobError> {
    let context = stage.context(&Told::default(), &CancellationToken::new());
    let mut target: Target = context.settings.target().unwrap();
    if let Some(id) = destination {
        target.destination = Destination::Instance(id.to_owned());
    }
    jobs::place(&context, &target).await
}

#[tokio::test(start_paused = true)]
async fn what_the_target_of_a_first_upload_is() {
    // An integration's key cannot tell: devices and policies are left alone.
    let stage = Stage::new("default", 30, 4).await;
    stage.collect().await;
    let told = place(&stage, None).await.unwrap();
    assert!(matches!(&told, Place::Untold(problem) if problem.code.as_deref() == Some("FORBIDDEN")), "{told:?}");
    assert!(writes(&stage).is_empty());
    upload(&stage, &stage.settings(), FIRST).await.unwrap();
    assert_eq!(finalized(&stage), leaving_alone(&managed_types()));

    // A person's key tells, and nothing is left alone.
    let stage = Stage::new("user-key", 30, 4).await;
    stage.collect().await;
    let Place::Custom(instance) = place(&stage, None).await.unwrap() else { panic!("a custom instance") };
    assert_eq!(instance.integration_type.as_deref(), Some("custom"));
    upload(&stage, &stage.settings(), FIRST).await.unwrap();
    assert_eq!(finalized(&stage), leaving_alone(&[]));
    // Nor is there one of any id, and none of JupiterOne's own is taken.
    let nobody = place(&stage, Some("00000000-0000-4000-8000-000000000000")).await;
    assert!(matches!(&nobody, Err(JobError::Failed(_))), "{nobody:?}");
    let scope = Target { destination: Destination::Scope("s".to_owned()), ..stage.settings().target().unwrap() };
    let context = stage.context(&Told::default(), &CancellationToken::new());
    assert_eq!(jobs::place(&context, &scope).await.unwrap(), Place::Scope);
}

/// A selection closes nothing: sent all the same, by whoever gets past the choice of runs, it would delete the rest.
#[tokio::test(start_paused = true)]
async fn nothing_is_finalised_from_a_selection() {
    let stage = Stage::new("default", 120, 20).await;
    let whole = stage.collect().await;
    upload(&stage, &stage.settings(), FIRST).await.unwrap();
    let ask = Ask { scope: Some(Scope::Sample(5)), ..Ask::default() };
    let scoped = stage.collect_as(ask, &Told::default()).await.unwrap();
    assert_eq!(scoped.status, RunStatus::Scoped, "finished, and of a part");
    stage.demo.forget_requests();
    // Nobody who asks for it by name gets it.
    let settings = Settings { run: Some(scoped.id), ..stage.settings() };
    let problem = jobs::prepare_upload(&settings).unwrap_err().problem();
    assert!(problem.summary.contains(&scoped.id.to_string()), "{problem:?}");
    assert_eq!(jobs::prepare_upload(&stage.settings()).unwrap().preview.run, whole.id);
    // Nor the engine, whatever it was handed.
    let mut ready = jobs::prepare_upload(&stage.settings()).unwrap();
    ready.preview.run = scoped.id;
    let context = stage.context(&Told::default(), &CancellationToken::new());
    let refused = jobs::upload(&context, ready).await.unwrap_err().problem();
    assert_eq!(refused.code.as_deref(), Some("guard"), "{refused:?}");
    assert!(refused.summary.contains("scoped") && refused.hint.is_some(), "{refused:?}");
    assert_eq!(writes(&stage), Vec::<String>::new(), "no job was started");
}

/// The organization could not be read: an upload without it would delete the account, and with it every edge from it.
#[tokio::test(start_paused = true)]
async fn nothing_is_sent_without_the_account_entity() {
    let stage = Stage::new("forbidden-organization", 60, 10).await;
    stage.collect().await;
    let settings = stage.settings();
    let ready = jobs::prepare_upload(&settings).unwrap();
    let nothing = Guard::NothingToHold { what: "account entity".to_owned() };
    assert!(ready.preview.guards.contains(&nothing), "{:?}", ready.preview.guards);
    // There is no word for it.
    let said = Leave { first_upload: true, target_change: true, deletions: Some(u64::MAX) };
    assert_eq!(code(&upload(&stage, &settings, said).await), nothing.problem().code.unwrap());
    // The engine refuses it by itself.
    let mut ready = Ready { leave: said, ..ready };
    ready.preview.guards.clear();
    let context = stage.context(&Told::default(), &CancellationToken::new());
    let refused = jobs::upload(&context, ready).await.unwrap_err().problem();
    assert_eq!(refused.code.as_deref(), Some("guard"), "{refused:?}");
    assert!(refused.summary.contains("holds no account"), "{refused:?}");
    assert_eq!(writes(&stage), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_anything_was_collected() {
    let stage = Stage::new("default", 60, 10).await;
    let refused = jobs::prepare_upload(&stage.settings()).unwrap_err().problem();
    assert!(refused.hint.as_ref().is_some_and(|hint| hint.contains("collect")), "{refused:?}");
    assert_eq!(writes(&stage), Vec::<String>::new());
}

/// A job that was left open, and nothing else to do: it is aborted, and none is opened in its place.
#[tokio::test(start_paused = true)]
async fn an_open_job_is_settled_where_nothing_else_is_to_be_done() {
    let stage = Stage::new("default", 120, 20).await;
    stage.collect().await;
    upload(&stage, &stage.settings(), FIRST).await.unwrap();
    // Another upload of the same is cut off; the tenant stays as it was.
    stage.demo.forget_requests();
    let context = stage.context(&Told::default(), &CancellationToken::new());
    let manner = Manner { body: Some(5_000), ..Manner::default() };
    let cut = jobs::upload(&context, Ready { manner, ..stage.ready().unwrap() });
    let sends = async {
        while !writes(&stage).iter().any(|path| path.contains("/entities")) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ended = cut => panic!("{ended:?}"),
        () = sends => {}
    }
    let ready = stage.ready().unwrap();
    assert!(!ready.preview.is_nothing() && ready.preview.is_nothing_but_left(), "{:?}", ready.preview);
    stage.demo.forget_requests();
    let context = stage.context(&Told::default(), &CancellationToken::new());
    assert_eq!(jobs::settle_left(&context, &ready).await.unwrap(), LeftBehind::Settled);
    let paths = writes(&stage);
    assert!(matches!(&paths[..], [only] if only.ends_with("/abort")), "{paths:?}");
    assert!(stage.preview().is_nothing(), "and nothing is left");
}
