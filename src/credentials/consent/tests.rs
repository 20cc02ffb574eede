//! Half an hour of waiting in no time: when it looks, and what ends it.

use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::{
    domain::{cloud::Cloud, progress::Silent, secret::Secret},
    graph::stub::{Stub, TENANT, TestClock, answer, jwt, refusal},
};

const ENOUGH: &[&str] = &["Directory.Read.All"];

fn token(roles: &[&str]) -> (u16, String) {
    let token = jwt(&json!({ "tid": TENANT, "roles": roles }));
    (200, json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": token }).to_string())
}

fn opaque() -> (u16, String) {
    (200, json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "opaque" }).to_string())
}

fn refused(number: u64) -> (u16, String) {
    let text = format!("AADSTS{number}: words");
    (400, json!({ "error": "invalid_request", "error_description": text, "error_codes": [number] }).to_string())
}

/// What was seen from outside: when it looked, in seconds, what it told after each look, and the end.
struct Course {
    looks: Vec<u64>,
    told: Vec<ConsentTry>,
    ended: Ended,
}

async fn course(stub: &Stub, cancel: CancellationToken) -> Course {
    let clock = TestClock::new("2026-11-23T17:00:00Z");
    let config = stub.config();
    let place = Place {
        cloud: Cloud::Global,
        login: config.login.clone(),
        tenant: config.tenant.clone(),
        client: config.client.clone(),
    };
    let began = Instant::now();
    let events = Arc::new(Mutex::new((Vec::new(), Vec::new())));
    let sink = Arc::clone(&events);
    let reporter: Arc<dyn Reporter> = Arc::new(move |event| {
        let Event::Consent(look) = event else { return };
        let mut sink = sink.lock().unwrap();
        match look.next_at {
            None => sink.0.push(began.elapsed().as_secs()),
            Some(_) => sink.1.push(look),
        }
    });
    let client = || {
        GraphClient::new(
            stub.config(),
            Secret::new("secret").into(),
            Arc::new(TestClock::new("2026-11-23T17:00:00Z")),
            Arc::new(Silent),
        )
    };
    let ended = wait(client, &place, &clock, &reporter, &cancel).await;
    let (looks, told) = std::mem::take(&mut *events.lock().unwrap());
    Course { looks, told, ended }
}

fn given(roles: &[&str]) -> Ended {
    Ended::Given(roles.iter().map(|r| (*r).to_owned()).collect())
}

#[tokio::test(start_paused = true)]
async fn it_looks_seldom_and_more_seldom() {
    async fn check(answers: Vec<(u16, String)>, looks: &[u64]) {
        let stub = Stub::start().await;
        stub.login_answers(answers);
        let course = course(&stub, CancellationToken::new()).await;
        assert_eq!((course.ended, &course.looks[..]), (given(ENOUGH), looks));
        // Each look is one new token, also where the service is in trouble.
        assert_eq!(stub.tokens_asked(), looks.len());
        assert_eq!(course.told.len() + 1, looks.len());
    }
    let none = || token(&[]);
    let trouble = || (503, String::new());
    check(vec![], &[0]).await;
    check(vec![none(), none(), none()], &[0, 15, 35, 61]).await;
    // Roles that are not enough are not the end; nor is trouble.
    check(vec![none(), token(&["User.Read.All"]), trouble()], &[0, 15, 35, 70]).await;
    check(
        vec![none(), refused(90_033), (400, json!({ "error": "temporarily_unavailable" }).to_string())],
        &[0, 15, 41, 77],
    )
    .await;
    // Who is told to ask less waits a minute, and longer; the next good answer makes up for it.
    check(vec![none(), refused(50_196), refused(50_196), none()], &[0, 15, 75, 195, 255]).await;
    check(vec![refused(7_000_215), none(), refused(7_000_229)], &[0, 60, 120, 180]).await;
}

#[tokio::test(start_paused = true)]
async fn each_look_is_told() {
    let stub = Stub::start().await;
    stub.login_answers([token(&[]), token(&["User.Read.All"]), refused(50_196)]);
    let course = course(&stub, CancellationToken::new()).await;
    let seconds = |look: &ConsentTry| {
        let start: jiff::Timestamp = "2026-11-23T17:00:00Z".parse().unwrap();
        (look.next_at.unwrap().duration_since(start).as_secs(), look.until.duration_since(start).as_secs())
    };
    // The test's calendar stands still: what is told is how long until the next look.
    assert_eq!(course.told.iter().map(seconds).collect::<Vec<_>>(), [(15, 1_800), (20, 1_800), (60, 1_800)]);
    assert_eq!(course.told.iter().map(|l| l.tries).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(course.told[1].roles, ["User.Read.All"]);
    let problem = course.told[2].problem.clone().unwrap();
    assert_eq!(problem.code.as_deref(), Some("AADSTS50196"));
    assert!(problem.hint.unwrap().contains("too often"));
}

#[tokio::test(start_paused = true)]
async fn a_wish_to_be_left_alone_is_obeyed() {
    let stub = Stub::start().await;
    stub.login_answers([(429, String::new()), refused(50_196)]);
    stub.login_retry_after("200");
    let course = course(&stub, CancellationToken::new()).await;
    assert_eq!((course.ended, &course.looks[..]), (given(ENOUGH), &[0, 200, 400][..]));

    let stub = Stub::start().await;
    stub.login_answers([(503, String::new())]);
    stub.login_retry_after("3600");
    let course = self::course(&stub, CancellationToken::new()).await;
    assert!(matches!(course.ended, Ended::TooLong(_)), "there is no use in waiting on");
    assert_eq!(stub.tokens_asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn half_an_hour_is_enough() {
    let stub = Stub::start().await;
    stub.roles(&[]);
    let course = course(&stub, CancellationToken::new()).await;
    let Ended::TooLong(problem) = course.ended else { panic!("{:?}", course.ended) };
    assert_eq!(problem.code.as_deref(), Some("consent_timeout"));
    assert!(problem.summary.contains("30 minutes (33 looks)"), "{problem:?}");
    assert!(problem.hint.unwrap().contains("Privileged Role Administrator"));
    assert!(problem.link.unwrap().contains("/adminconsent?client_id="));
    assert!(course.looks.last().is_some_and(|last| (1_700..1_800).contains(last)), "{:?}", course.looks);
    assert!(course.looks.windows(2).skip(5).all(|w| (59..=61).contains(&(w[1] - w[0]))), "{:?}", course.looks);
}

#[tokio::test(start_paused = true)]
async fn refusals_in_a_row_are_the_end() {
    let stub = Stub::start().await;
    stub.login_answers(vec![refused(7_000_222); 9]);
    let course = course(&stub, CancellationToken::new()).await;
    let Ended::Refused(problem) = course.ended else { panic!("{:?}", course.ended) };
    assert_eq!(problem.code.as_deref(), Some("AADSTS7000222"));
    assert!(problem.link.unwrap().contains("Credentials"));
    assert_eq!(course.looks, [0, 60, 180, 420, 720]);
}

#[tokio::test(start_paused = true)]
async fn it_can_be_called_off() {
    let stub = Stub::start().await;
    stub.roles(&[]);
    let cancel = CancellationToken::new();
    let later = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(100)).await;
        later.cancel();
    });
    let began = Instant::now();
    let course = course(&stub, cancel).await;
    assert_eq!(course.ended, Ended::Cancelled);
    assert_eq!(began.elapsed().as_secs(), 100, "at once");
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_read_the_token_graph_tells() {
    let stub = Stub::start().await;
    stub.login_answers(vec![opaque(); 6]);
    let denied = || refusal(403, "Authorization_RequestDenied", "no");
    let good = || answer(200, json!({ "value": [] }));
    stub.on("/v1.0/organization?$select=id", [denied(), good(), good()]);
    stub.on("/v1.0/users?$top=1&$select=id", [denied(), good()]);
    stub.on("/v1.0/groups?$top=1&$select=id", [good()]);
    let course = course(&stub, CancellationToken::new()).await;
    assert_eq!((course.ended, &course.looks[..]), (given(&[]), &[0, 15, 35][..]));
}
