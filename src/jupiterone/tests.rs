//! The client against a service that fails on cue, on a paused clock.

use std::sync::Mutex;

use serde_json::json;

use super::{
    stub::{ACCOUNT, KEY, Reply, Stub, key},
    *,
};

fn client(origin: &Origin) -> JupiterOneClient {
    let config = JupiterOneConfig { origin: origin.clone(), account: ACCOUNT.to_owned(), net: NetConfig::default() };
    JupiterOneClient::new(config, key()).unwrap()
}

fn instance() -> Destination {
    Destination::Instance("84841066-274d-4ec0-a5c1-276be684bdd3".to_owned())
}

fn body() -> bytes::Bytes {
    bytes::Bytes::from_static(br#"{"entities":[{"_key":"k"}]}"#)
}

#[tokio::test(start_paused = true)]
async fn a_job_is_asked_for_as_on_record() {
    let stub = Stub::start().await;
    let client = client(&stub.origin);
    let job = client.start(&instance(), Source::External).await.unwrap();
    assert_eq!((job.id.as_str(), job.status.as_str()), ("job-1", "AWAITING_UPLOADS"));
    let id = Uuid::new_v4();
    client.send("job-1", Payload::Entities, body(), id).await.unwrap();
    let relationships = bytes::Bytes::from_static(br#"{"relationships":[{"_key":"r"}]}"#);
    client.send("job-1", Payload::Relationships, relationships, Uuid::new_v4()).await.unwrap();
    client.finalize("job-1", &["active_directory_user".to_owned()]).await.unwrap();
    assert_eq!(client.status("job-1").await.unwrap().status, "FINISHED");
    client.abort("job-1", "why").await.unwrap();

    let seen = stub.seen();
    assert_eq!(
        seen.iter().map(|s| s.what.as_str()).collect::<Vec<_>>(),
        ["POST start", "POST entities", "POST relationships", "POST finalize", "GET job", "POST abort"]
    );
    for request in &seen {
        let header = |name: &str| request.headers.get(name).map(String::as_str);
        assert_eq!(header("authorization"), Some(format!("Bearer {KEY}").as_str()));
        assert_eq!(header("jupiterone-account"), Some(ACCOUNT));
        assert_eq!(header("user-agent"), Some(net::USER_AGENT));
        assert_eq!(header("accept"), Some("application/json"));
        assert_eq!(header("content-type"), (request.what != "GET job").then_some("application/json"));
        assert_eq!(header("transfer-encoding"), None, "never chunked");
        assert_eq!(request.query, None);
        let upload = matches!(request.what.as_str(), "POST entities" | "POST relationships");
        assert_eq!(header("jupiterone-correlation-id").is_some(), upload, "{}", request.what);
    }
    assert_eq!(seen[1].headers["jupiterone-correlation-id"], id.to_string());
    assert_eq!(seen[1].path, "/persister/synchronization/jobs/job-1/entities");
    assert_eq!(seen[3].json(), json!({ "partialDatasets": { "types": ["active_directory_user"] } }));
    assert_eq!(seen[5].json(), json!({ "reason": "why" }));
}

/// What an upload does on these replies: tries, seconds, and the error it ends with.
async fn sends(replies: Vec<Reply>) -> (Stub, f64, Result<JobFigures, JupiterOneError>) {
    let stub = Stub::start().await;
    let client = client(&stub.origin);
    client.start(&instance(), Source::External).await.unwrap();
    stub.on("POST entities", replies);
    let began = Instant::now();
    let result = client.send("job-1", Payload::Entities, body(), Uuid::new_v4()).await;
    (stub, began.elapsed().as_secs_f64(), result)
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again() {
    async fn check(reply: Reply, seconds: std::ops::RangeInclusive<f64>, duplicates: bool) {
        let (stub, took, result) = sends(vec![reply]).await;
        result.unwrap();
        assert!(seconds.contains(&took), "{took}");
        let tries: Vec<_> = stub.seen().into_iter().filter(|s| s.what == "POST entities").collect();
        assert_eq!(tries.len(), 2);
        assert_eq!(tries[0].query, None);
        assert_eq!(tries[1].query.as_deref(), duplicates.then_some("ignoreDuplicates=true"));
        assert_eq!(tries[0].body, tries[1].body);
        assert_eq!(tries[0].headers["jupiterone-correlation-id"], tries[1].headers["jupiterone-correlation-id"]);
    }
    let dated = Reply::status(429).with("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT");
    check(Reply::status(429).with("retry-after", "7"), 7.0..=7.1, false).await;
    check(Reply::status(429).with("retry-after", "2.5"), 2.5..=2.6, false).await;
    check(dated.with("date", "Sun, 06 Nov 1994 08:49:37 GMT"), 10.0..=10.1, false).await;
    check(Reply::status(429), 0.25..=0.6, false).await;
    check(Reply::status(503).with("retry-after", "3"), 3.0..=3.1, true).await;
    check(Reply::Say(502, vec![("content-type", "text/html".to_owned())], "<html>".to_owned()), 0.25..=0.6, true).await;
    check(Reply::LoseAnswer, 0.25..=0.6, true).await;
    check(Reply::Hang, 100.0..=181.0, true).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_tried_again() {
    async fn check(reply: Reply, kind: ErrorKind, code: Option<&str>) {
        let (stub, _, result) = sends(vec![reply]).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, code), "{error}");
        assert_eq!(stub.count("POST entities"), 1, "{error}");
    }
    let validation = "1 validation error(s):\n- Error in entities[0]._rawData";
    check(
        Reply::error(400, "ENTITY_UPLOAD_FAILED_VALIDATION", validation),
        ErrorKind::Refused,
        Some("ENTITY_UPLOAD_FAILED_VALIDATION"),
    )
    .await;
    let closed = Reply::error(400, "JOB_NOT_AWAITING_UPLOADS", "no");
    check(closed, ErrorKind::JobClosed, Some("JOB_NOT_AWAITING_UPLOADS")).await;
    check(Reply::error(401, "UNAUTHORIZED", "no"), ErrorKind::Unauthorized, Some("UNAUTHORIZED")).await;
    check(Reply::status(401), ErrorKind::Unauthorized, Some("not_json")).await;
    check(Reply::status(413), ErrorKind::TooLarge, Some("not_json")).await;
    let too_large = Reply::error(400, "RequestEntityTooLargeException", "big");
    check(too_large, ErrorKind::TooLarge, Some("RequestEntityTooLargeException")).await;
    check(Reply::Say(404, vec![], "{}".to_owned()), ErrorKind::Refused, Some("no_error_envelope")).await;
    let elsewhere = Reply::status(302).with("location", "https://evil.example/x?token=abc");
    check(elsewhere, ErrorKind::Redirect, Some("redirect")).await;
    let page = Reply::Say(200, vec![("content-type", "text/html".to_owned())], "<html>Log in".to_owned());
    check(page, ErrorKind::Unreadable, Some("not_json")).await;
    check(Reply::Say(200, vec![], "{}".to_owned()), ErrorKind::Unreadable, Some("not_json")).await;
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_named_and_not_followed() {
    let (other, stub) = (Stub::start().await, Stub::start().await);
    let client = client(&stub.origin);
    stub.on("POST start", [Reply::status(307).with("location", &format!("{}/x?secret=1", other.origin))]);
    let error = client.start(&instance(), Source::External).await.unwrap_err();
    assert!(error.to_string().contains("http://127.0.0.1"), "{error}");
    assert!(!format!("{error:?}").contains("secret=1"), "{error:?}");
    assert!(other.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_storm_ends_with_patience() {
    let (stub, took, result) = sends(vec![Reply::status(503); 200]).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!((540.0..=600.0).contains(&took), "{took}");
    assert_eq!(error.tries() as usize, stub.count("POST entities"));
    assert!(error.tries() < 60, "{}", error.tries());
}

#[tokio::test(start_paused = true)]
async fn one_pause_holds_every_sender() {
    let stub = Stub::start().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let client = client(&stub.origin).listening(move |retry| sink.lock().unwrap().push((retry.tries, retry.wait)));
    client.start(&instance(), Source::External).await.unwrap();
    stub.on("POST entities", [Reply::status(429).with("retry-after", "20")]);
    client.gate.pause(Duration::from_millis(1));
    let began = Instant::now();
    let (a, ()) = tokio::join!(client.send("job-1", Payload::Entities, body(), Uuid::new_v4()), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        client.send("job-1", Payload::Entities, body(), Uuid::new_v4()).await.unwrap();
        assert!(began.elapsed() >= Duration::from_secs(20), "{:?}", began.elapsed());
    });
    a.unwrap();
    assert_eq!(*told.lock().unwrap(), [(1, Duration::from_secs(20))]);
}

#[tokio::test(start_paused = true)]
async fn the_key_is_in_no_word() {
    let echo = format!("the key {KEY} of `Bearer {KEY}` is wrong");
    for reply in
        [Reply::error(401, "UNAUTHORIZED", &echo), Reply::error(400, "BAD", &echo), Reply::Hang, Reply::status(503)]
    {
        let stub = Stub::start().await;
        let client = client(&stub.origin);
        stub.on("POST start", vec![reply; 100]);
        let error = client.start(&instance(), Source::External).await.unwrap_err();
        let words = format!("{error} {error:?} {} {client:?}", error.problem().block());
        assert!(!words.contains("hunter2"), "{words}");
    }
}

#[test]
fn account_and_key_that_cannot_be_sent_are_refused() {
    let check = |account: &str, key: &str, code: &str| {
        let origin = Origin::known("https://api.us.jupiterone.io");
        let config = JupiterOneConfig { origin, account: account.to_owned(), net: NetConfig::default() };
        let problem = JupiterOneClient::new(config, Secret::new(key)).unwrap_err();
        assert_eq!(problem.code.as_deref(), Some(code));
        assert!(key.trim().is_empty() || !problem.block().contains(key), "{}", problem.block());
    };
    check("", "key", "account_shape");
    check("a\nb", "key", "account_shape");
    check("acme", "", "key_shape");
    check("acme", "ke\ny", "key_shape");
}

#[tokio::test(start_paused = true)]
async fn who_a_key_is() {
    async fn check(replies: Vec<Reply>, want: fn(&Result<Identity, JupiterOneError>) -> bool) {
        let stub = Stub::start().await;
        stub.on("POST graphql", replies);
        let identity = client(&stub.origin).identify(&instance()).await;
        assert!(want(&identity), "{identity:?}");
        assert!(stub.seen().iter().all(|s| s.path == "/graphql"));
    }
    let say = |value: serde_json::Value| Reply::Say(200, vec![], value.to_string());
    let account = say(json!({ "data": { "iamGetAccount": { "accountId": "acme", "accountName": "Acme" } } }));
    let found = say(json!({ "data": { "integrationInstance": { "id": "i", "name": "m365-prod",
        "integrationDefinition": { "name": "Custom", "integrationType": "custom" } } } }));
    let none = say(json!({ "data": { "integrationInstance": null } }));
    check(vec![account.clone(), found], |i| {
        matches!(i, Ok(Identity::Account { name: Some(n), instance: Some(Ok(i)), .. })
            if n == "Acme" && i.name == "m365-prod" && !i.is_managed_microsoft())
    })
    .await;
    check(vec![account, none], |i| matches!(i, Ok(Identity::Account { instance: Some(Err(_)), .. }))).await;
    check(vec![Reply::Pass], |i| matches!(i, Ok(Identity::CannotRead(p)) if p.code.as_deref() == Some("FORBIDDEN")))
        .await;
    check(vec![Reply::error(403, "FORBIDDEN", "no")], |i| matches!(i, Ok(Identity::CannotRead(_)))).await;
    check(vec![Reply::status(401)], |i| matches!(i, Err(e) if e.kind() == ErrorKind::Unauthorized)).await;
}
