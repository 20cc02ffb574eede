//! What JupiterOne itself says that the target holds, read from the demo's graph with its quirks.

use std::time::Duration;

use tenantry::{
    demo::Service,
    domain::{
        naming::Naming,
        planned::{Deed, Planned, PlannedQuery},
        preview::{Baseline, Preview},
        progress::Event,
    },
    jobs::{self, JobError, PlannedObjects},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    stage::{Stage, Told},
    uploads::is_job_of,
};

fn apart(preview: &Preview) -> Option<u64> {
    match &preview.baseline {
        Baseline::Live { apart, .. } => *apart,
        other => panic!("what JupiterOne holds now, and not {other:?}"),
    }
}

/// Nothing but questions left the process.
fn only_reads(stage: &Stage) {
    for request in stage.asked(Service::JupiterOne) {
        let is_file = request.path.starts_with("/deferred/");
        assert!(request.method == "GET" || request.path == "/graphql", "{} {}", request.method, request.path);
        // A signed address is asked without the key.
        assert_eq!(request.authorization, !is_file, "{}", request.path);
    }
    stage.check_manners();
}

/// Beliefs, JupiterOne and the job that comes of it say the same, however the answers come.
async fn tells_what_the_job_then_does(scenario: &str) {
    let stage = Stage::new(scenario, 420, 40).await;
    stage.collect().await;
    // Nothing was ever there: all is new, and nothing is believed.
    let first = stage.live().await.unwrap();
    assert_eq!((&first.changes, apart(&first)), (&stage.preview().changes, None), "{scenario}");
    assert_eq!(first.guards, stage.preview().guards, "{scenario}: it is the first upload all the same");
    is_job_of(&stage.upload().await.unwrap(), &first, scenario);

    let same = stage.live().await.unwrap();
    assert!(same.total().is_nothing() && same.total().same > 1_000, "{scenario}: {:?}", same.changes);
    assert_eq!(apart(&same), Some(0), "{scenario}");

    for _ in 0..3 {
        stage.demo.advance();
    }
    stage.collect().await;
    let believed = stage.preview();
    stage.demo.forget_requests();
    let live = stage.live().await.unwrap();
    only_reads(&stage);
    assert!(live.total().create > 0 && live.total().change > 0 && live.total().delete > 0, "{:?}", live.changes);
    assert_eq!(
        (&live.changes, &live.causes, &live.partial_types, &live.findings, &live.guards, live.expected_seconds),
        (
            &believed.changes,
            &believed.causes,
            &believed.partial_types,
            &believed.findings,
            &believed.guards,
            believed.expected_seconds
        ),
        "{scenario}"
    );
    assert_eq!(apart(&live), Some(0), "{scenario}");
    is_job_of(&stage.upload().await.unwrap(), &live, scenario);
}

#[tokio::test(start_paused = true)]
async fn it_equals_beliefs_and_the_job() {
    tells_what_the_job_then_does("user-key").await;
}

#[tokio::test(start_paused = true)]
async fn it_does_so_where_answers_are_given_later() {
    tells_what_the_job_then_does("graph-slow").await;
}

/// Limits are obeyed by what the headers say: of those that are told beforehand none is run into.
#[tokio::test(start_paused = true)]
async fn it_does_so_where_questions_are_few() {
    let began = Instant::now();
    tells_what_the_job_then_does("graph-limits").await;
    assert!(began.elapsed() > Duration::from_secs(20), "{:?}", began.elapsed());
}

/// Who reads what was found object by object, and against what.
fn objects(stage: &Stage, live: &std::sync::Arc<tenantry::preview::Live>) -> Vec<Planned> {
    let mut objects = PlannedObjects::find_live(&stage.settings(), live).unwrap();
    let mut all = Vec::new();
    let query = PlannedQuery { limit: u64::MAX, ..PlannedQuery::default() };
    objects.each(&query, &|| false, &mut |row| all.push(row)).unwrap();
    all
}

#[tokio::test(start_paused = true)]
async fn it_tells_the_truth_where_somebody_else_was_there() {
    let stage = Stage::new("user-key", 200, 30).await;
    stage.collect().await;
    stage.upload().await.unwrap();
    // From another machine the tenant of three days later arrives there, which we know nothing of.
    let theirs = stage.another_store();
    for _ in 0..3 {
        stage.demo.advance();
    }
    theirs.collect().await;
    theirs.upload().await.unwrap();
    let believed = stage.preview();
    assert!(believed.total().is_nothing(), "{:?}", believed.changes);
    let told = jobs::live(&stage.context(&Told::default(), &CancellationToken::new())).await.unwrap();
    let live = jobs::preview_live(&stage.settings(), &told).unwrap();
    let total = live.total();
    assert!(total.create > 0 && total.change > 0 && total.delete > 0, "{:?}", live.changes);
    assert_eq!(apart(&live), Some(total.create + total.change + total.delete));

    // Object by object: by their names there, and with what becomes different.
    let rows = objects(&stage, &told);
    let many = |deed| rows.iter().filter(|row| row.deed == deed).count() as u64;
    assert_eq!(Deed::ALL.map(many), [total.create, total.change, total.delete]);
    assert!(rows.iter().all(|row| !row.end.id.is_empty()), "{rows:?}");
    let gone: Vec<&Planned> = rows.iter().filter(|row| row.deed == Deed::Delete && row.from.is_none()).collect();
    assert!(!gone.is_empty() && gone.iter().all(|row| !row.end.name.is_empty()), "{gone:?}");
    let changed = rows.iter().filter(|row| row.deed == Deed::Change && row.from.is_none());
    for row in changed {
        let fields = row.fields.as_deref().unwrap_or_default();
        assert!(!fields.is_empty() && fields.iter().all(|f| f.before != f.now), "{row:?}");
    }
    is_job_of(&stage.upload().await.unwrap(), &live, "what was there is replaced by what we have");
    assert!(stage.live().await.unwrap().total().is_nothing());
}

/// Types that this naming does not know are there of the same instance: they would go, too.
#[tokio::test(start_paused = true)]
async fn what_others_put_into_the_instance_would_go() {
    let stage = Stage::new("user-key", 120, 20).await;
    stage.collect().await;
    stage.upload().await.unwrap();
    let theirs = stage.another_store().named(Naming::GraphMicrosoft365, Some("Theirs"));
    theirs.collect().await;
    theirs.upload().await.unwrap();
    let told = jobs::live(&stage.context(&Told::default(), &CancellationToken::new())).await.unwrap();
    let live = jobs::preview_live(&stage.settings(), &told).unwrap();
    assert_eq!(live.changes["microsoft_365_account"].delete, 1, "{:?}", live.changes);
    let account = objects(&stage, &told).into_iter().find(|row| row.object_type == "microsoft_365_account").unwrap();
    assert_eq!(account.end.name, "Theirs", "{account:?}");
    is_job_of(&stage.upload().await.unwrap(), &live, "of another naming");
}

#[tokio::test(start_paused = true)]
async fn the_second_naming_is_read_as_well() {
    let stage = Stage::new("user-key", 120, 20).await.named(Naming::GraphMicrosoft365, Some("Ours"));
    stage.collect().await;
    stage.upload().await.unwrap();
    stage.demo.advance();
    stage.collect().await;
    let (believed, live) = (stage.preview(), stage.live().await.unwrap());
    assert_eq!(live.changes, believed.changes);
    assert_eq!(apart(&live), Some(0));
    is_job_of(&stage.upload().await.unwrap(), &live, "second naming");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_said_and_never_a_smaller_picture() {
    let refusal = async |scenario: &str| {
        let stage = Stage::new(scenario, 420, 40).await;
        stage.collect().await;
        stage.upload().await.unwrap();
        stage.demo.forget_requests();
        let error = stage.live().await.unwrap_err();
        only_reads(&stage);
        error
    };
    // An integration's key may not read: that is no fault of the data, and the words say what to do.
    let error = refusal("default").await;
    assert!(matches!(error, JobError::Unfit(_)), "{error:?}");
    let problem = error.problem();
    assert_eq!(problem.code.as_deref(), Some("cannot_read_graph"));
    assert!(problem.summary.contains("cannot be checked"), "{problem:?}");
    assert!(problem.hint.unwrap().contains("a person's API key"));
    // Fewer than are counted.
    let error = refusal("graph-cut").await;
    assert!(matches!(error, JobError::Failed(_)), "{error:?}");
    assert_eq!(error.problem().code.as_deref(), Some("live_incomplete"));
    // It stops in the middle, for good.
    let error = refusal("graph-throttled").await;
    assert!(matches!(error, JobError::Failed(_)), "{error:?}");
    assert_eq!(error.problem().status, Some(429), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn it_tells_how_far_it_is_and_is_stopped_by_a_word() {
    let stage = Stage::new("graph-slow", 420, 40).await;
    stage.collect().await;
    stage.upload().await.unwrap();
    let (told, cancel) = (Told::default(), CancellationToken::new());
    let live = jobs::live(&stage.context(&told, &cancel)).await.unwrap();
    let steps: Vec<_> = told
        .events()
        .into_iter()
        .filter_map(|e| if let Event::Live(progress) = e { Some(progress) } else { None })
        .collect();
    let last = steps.last().unwrap();
    assert!(steps.len() > 3 && steps.is_sorted_by_key(|step| step.requests), "{steps:?}");
    assert_eq!((Some(last.entities), last.requests), (last.entities_total, live.requests), "{last:?}");
    assert!(last.relationships >= last.relationships_total.unwrap(), "{last:?}");

    let mut context = stage.context(&told, &cancel);
    let (inner, canceller) = (context.reporter, cancel.clone());
    context.reporter = std::sync::Arc::new(move |event: Event| {
        if matches!(&event, Event::Live(progress) if progress.entities > 0) {
            canceller.cancel();
        }
        inner.report(event);
    });
    let error = jobs::live(&context).await.unwrap_err();
    assert!(matches!(error, JobError::Interrupted(_)), "{error:?}");
}
