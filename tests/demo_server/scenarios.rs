use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};
use tenantry::{
    demo::{self, DemoConfig, DemoError, Latency, Service},
    domain::clock::Clock,
};

use super::client::{Asker, Reply, config, id};

#[tokio::test]
async fn pages_go_wrong_as_the_scenarios_say() {
    let asker = Asker::new("empty-pages", 300, 60).await;
    let mut url = "/users".to_owned();
    let (mut empty, mut all) = (0, BTreeSet::new());
    loop {
        let page = asker.get(&url).await.ok().json();
        empty += usize::from(page["value"] == json!([]));
        all.extend(page["value"].as_array().unwrap().iter().map(id));
        match page["@odata.nextLink"].as_str() {
            Some(link) => url = link.to_owned(),
            None => break,
        }
    }
    assert!(empty >= 2, "{empty}");
    assert_eq!(all.len(), 300);

    let asker = Asker::new("duplicates", 300, 60).await;
    let list = asker.all("/users").await;
    assert!(list.len() > 300);
    assert_eq!(list.iter().map(id).collect::<BTreeSet<_>>(), all);

    let asker = Asker::new("evil-nextlink", 300, 60).await;
    let first = asker.get("/users").await.json();
    let second = asker.get(first["@odata.nextLink"].as_str().unwrap()).await.json();
    let link = second["@odata.nextLink"].as_str().unwrap();
    assert!(link.starts_with("https://graph.microsoft.com.evil.example/v1.0/users?"), "{link}");

    let asker = Asker::new("nextlink-loop", 300, 60).await;
    let mut url = "/users".to_owned();
    let mut links = Vec::new();
    for _ in 0..5 {
        url = asker.get(&url).await.ok().json()["@odata.nextLink"].as_str().unwrap().to_owned();
        links.push(url.clone());
    }
    assert_eq!(links.iter().collect::<BTreeSet<_>>().len(), 2, "{links:?}");

    let asker = Asker::new("expired-page", 300, 60).await;
    let mut url = "/users".to_owned();
    let mut replies: Vec<Reply> = Vec::new();
    for _ in 0..4 {
        let reply = asker.get(&url).await;
        if let Some(link) = reply.json()["@odata.nextLink"].as_str() {
            url = link.to_owned();
        }
        replies.push(reply);
    }
    assert!(replies.iter().any(|r| r.status == 400 && r.code() == "Directory_ExpiredPageToken"));
}

#[tokio::test]
async fn requests_fail_as_the_scenarios_say() {
    let asker = Asker::new("throttled", 300, 60).await;
    let mut waits = BTreeSet::new();
    for _ in 0..6 {
        let reply = asker.get("/users").await;
        if reply.status == 429 {
            reply.refused(429, "TooManyRequests");
            assert_eq!(reply.json()["error"]["innerError"]["message"], json!("Please retry after"));
            assert!(reply.headers["x-ms-throttle-scope"].starts_with("Tenant_Application/ReadWrite/"));
            waits.insert(reply.headers["retry-after"].clone());
        }
    }
    assert_eq!(waits.into_iter().collect::<Vec<_>>(), ["2.128", "3"]);
    let groups = asker.all("/groups?$select=id").await;
    let urls: Vec<String> = groups[..20].iter().map(|g| format!("/groups/{}/members", id(g))).collect();
    let items = asker.batch(&urls).await;
    let throttled: Vec<&Value> = items.iter().filter(|i| i["status"] == json!(429)).collect();
    assert_eq!(throttled.len(), 4);
    let waits: Vec<Option<&str>> = throttled.iter().map(|i| i["headers"]["Retry-After"].as_str()).collect();
    assert_eq!(waits, [None, None, Some("1.500"), Some("1.500")]);
    let whole = asker.post("/$batch", json!({ "requests": [] })).await;
    assert_eq!(whole.status, 429);
    assert!(whole.headers["retry-after"].ends_with(" GMT"), "{whole:?}");

    let asker = Asker::new("flaky", 300, 60).await;
    let mut seen = BTreeSet::new();
    for _ in 0..9 {
        seen.insert(match asker.try_get("/users", &[]).await {
            Err(_) => "cut".to_owned(),
            Ok(reply) if reply.headers["content-type"] == "text/html" => format!("html {}", reply.status),
            Ok(reply) if serde_json::from_str::<Value>(&reply.text).is_err() => format!("truncated {}", reply.status),
            Ok(reply) => reply.status.to_string(),
        });
    }
    let want = ["200", "503", "cut", "html 200", "html 502", "truncated 200"];
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), want);

    let asker = Asker::new("lost-count", 20, 5).await;
    assert_eq!(asker.get_eventual("/users/$count").await.status, 503);
    let asker = Asker::new("no-consent", 20, 5).await;
    for path in ["/organization", "/users", "/groups"] {
        asker.get(path).await.refused(403, "Authorization_RequestDenied");
    }
    // A token of before the consent does not gain roles.
    let mut asker = Asker::new("late-consent", 20, 5).await;
    asker.get("/users").await.refused(403, "Authorization_RequestDenied");
    asker.demo.consent();
    asker.get("/users").await.refused(403, "Authorization_RequestDenied");
    asker.token = asker.login(&[]).await.ok().json()["access_token"].as_str().unwrap().to_owned();
    asker.get("/users").await.ok();
    let asker = Asker::new("opaque-token", 20, 5).await;
    assert!(!asker.token.contains('.'));
    asker.get("/users").await.ok();
}

#[tokio::test]
async fn groups_hide_and_vanish_as_the_scenarios_say() {
    let hidden = async |scenario: &str| {
        let asker = Asker::new(scenario, 300, 60).await;
        let groups = asker.all("/groups").await;
        let group = groups.iter().find(|g| g["visibility"] == json!("HiddenMembership")).unwrap();
        asker.get(&format!("/groups/{}/members", id(group))).await
    };
    assert_eq!(hidden("default").await.ok().json()["value"].as_array().unwrap().len(), 12);
    hidden("hidden-groups").await.refused(403, "Authorization_RequestDenied");
    assert_eq!(hidden("hidden-groups-empty").await.ok().json()["value"], json!([]));

    let asker = Asker::new("vanishing-group", 300, 60).await;
    let mut gone = 0;
    for group in asker.all("/groups").await {
        gone += u32::from(asker.get(&format!("/groups/{}/members", id(&group))).await.status == 404);
    }
    assert_eq!(gone, 60 / 9);

    let asker = Asker::new("poor-get-by-ids", 300, 60).await;
    let devices: Vec<String> = asker.all("/devices?$select=id").await.iter().map(id).collect();
    let found = asker.post("/directoryObjects/getByIds?$select=id,isManaged,deviceId", json!({ "ids": devices })).await;
    let found = found.ok().json()["value"].as_array().unwrap().clone();
    assert_eq!(found.len(), devices.len() * 3 / 4);
    assert!(found.iter().all(|d| d.get("isManaged").is_none() && d.get("deviceId").is_some()));
}

#[tokio::test(start_paused = true)]
async fn uploads_fail_as_the_scenarios_say() {
    const JOBS: &str = "/persister/synchronization/jobs";
    let start = async |asker: &Asker| {
        let body = json!({ "source": "api", "scope": "s" });
        let job = asker.jupiterone(Method::POST, JOBS, Some(body)).await.ok().json();
        job["job"]["id"].as_str().unwrap().to_owned()
    };
    let asker = Asker::new("upload-flaky", 20, 5).await;
    let url = format!("{}{JOBS}/{}/entities", asker.demo.jupiterone_url, start(&asker).await);
    let mut seen = Vec::new();
    for _ in 0..4 {
        let request = asker
            .http
            .post(&url)
            .bearer_auth(asker.demo.jupiterone_api_key.expose())
            .header("JupiterOne-Account", &asker.demo.jupiterone_account)
            .json(&json!({ "entities": [] }));
        seen.push(Asker::read(request.send().await).await.map_or(0, |r| r.status));
    }
    assert_eq!(seen, [503, 200, 429, 0]);

    for (scenario, after, status) in [
        ("job-fails", 1, "ERROR_BAD_DATA"),
        ("slow-finalize", 59, "FINALIZING_RELATIONSHIPS"),
        ("slow-finalize", 61, "FINISHED"),
    ] {
        let asker = Asker::new(scenario, 20, 5).await;
        let id = start(&asker).await;
        asker.jupiterone(Method::POST, &format!("{JOBS}/{id}/finalize"), Some(json!({}))).await.ok();
        tokio::time::sleep(Duration::from_secs(after)).await;
        let job = asker.jupiterone(Method::GET, &format!("{JOBS}/{id}"), None).await.ok().json();
        assert_eq!(job["job"]["status"], json!(status));
        assert_eq!(asker.demo.uploaded(Some("s")).is_none(), scenario == "job-fails");
    }
}

struct Hands(Mutex<i64>);

impl Clock for Hands {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(*self.0.lock().unwrap()).unwrap()
    }
}

#[tokio::test]
async fn tokens_die_by_the_clock() {
    let clock = Arc::new(Hands(Mutex::new(1_800_000_000)));
    let config =
        DemoConfig { clock: clock.clone(), latency: Latency::Fixed(Duration::ZERO), ..config("short-token", 20, 5) };
    let mut asker = Asker::new("default", 1, 1).await;
    asker.demo = demo::start(config).await.unwrap();
    let token = asker.login(&[]).await.ok().json();
    assert_eq!(token["expires_in"], json!(29));
    asker.token = token["access_token"].as_str().unwrap().to_owned();
    asker.get("/users").await.ok();
    *clock.0.lock().unwrap() += 29;
    asker.get("/users").await.ok();
    *clock.0.lock().unwrap() += 1;
    let reply = asker.get("/users").await;
    reply.refused(401, "InvalidAuthenticationToken");
    assert_eq!(reply.message(), "Lifetime validation failed, the token is expired.");
}

#[tokio::test(start_paused = true)]
async fn latency_is_the_scenarios_or_the_callers() {
    let took = async |scenario: &str, latency: Latency| {
        let mut asker = Asker::new("default", 1, 1).await;
        asker.demo = demo::start(DemoConfig { latency, ..config(scenario, 1, 1) }).await.unwrap();
        let before = tokio::time::Instant::now();
        asker.login(&[]).await.ok();
        before.elapsed().as_millis() / 10 * 10
    };
    assert_eq!(took("default", Latency::Scenario).await, 0);
    assert_eq!(took("default", Latency::Interactive).await, 40);
    assert_eq!(took("short-token", Latency::Scenario).await, 2500);
    assert_eq!(took("short-token", Latency::Fixed(Duration::from_millis(10))).await, 10);
}

#[tokio::test]
async fn the_demos_own_routes_are_on_all_three_origins() {
    let asker = Asker::new("default", 300, 60).await;
    let demo = &asker.demo;
    asker.get("/users?$top=3").await.ok();
    for (step, origin) in (1..).zip([&demo.login_url, &demo.graph_url, &demo.jupiterone_url]) {
        let advanced = Asker::read(asker.http.post(format!("{origin}/_demo/advance")).send().await).await.unwrap();
        assert_eq!(advanced.ok().json(), json!({ "step": step }));
        let seen = Asker::read(asker.http.get(format!("{origin}/_demo/requests")).send().await).await.unwrap().ok();
        let json = seen.json();
        assert_eq!(json["totals"]["graph"]["requests"], json!(1));
        assert_eq!(json["requests"][0]["path"], json!("/v1.0/users?$top=3"));
        assert_eq!(json["requests"][0]["objects"], json!(3));
        assert_eq!(json["violations"], json!([]));
        assert!(!seen.text.contains(&asker.token));
        let graph = Asker::read(asker.http.get(format!("{origin}/_demo/graph")).send().await).await.unwrap();
        assert_eq!(graph.status, 404);
    }
    assert_eq!(demo.advance(), 4);
    assert_eq!(demo.totals(Service::Login), demo::Totals::default());
    let announcement = demo.announcement();
    let names: Vec<&String> = announcement.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "client_id",
            "client_secret",
            "federated_token",
            "graph_url",
            "jupiterone_account",
            "jupiterone_api_key",
            "jupiterone_instance",
            "jupiterone_url",
            "login_url",
            "tenant_id"
        ]
    );
}

#[tokio::test]
async fn a_demo_starts_where_it_can_and_stops_when_told() {
    let start = async |scenario: &str, listen: &str| {
        demo::start(DemoConfig { listen: listen.parse().unwrap(), ..config(scenario, 5, 5) }).await
    };
    let unknown = start("nonesuch", "127.0.0.1:0").await.unwrap_err();
    assert!(matches!(&unknown, DemoError::UnknownScenario { known, .. } if known.contains(&"throttled".to_owned())));
    assert!(unknown.to_string().contains("flaky"));
    assert!(matches!(start("default", "0.0.0.0:0").await, Err(DemoError::NotLoopback(_))));

    let first = start("default", "127.0.0.1:0").await.unwrap();
    let address = first.login_url.as_str().trim_start_matches("http://").to_owned();
    assert!(matches!(start("default", &address).await, Err(DemoError::Listen { .. })));
    let origins = BTreeSet::from([&first.login_url, &first.graph_url, &first.jupiterone_url]);
    assert_eq!(origins.len(), 3);
    // With a connection that is kept alive.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.get(format!("{}/_demo/requests", first.login_url)).send().await.unwrap();
    let before = std::time::Instant::now();
    first.stop().await;
    assert!(before.elapsed() < Duration::from_secs(2));
    let listener = std::net::TcpListener::bind(address.parse::<SocketAddr>().unwrap());
    drop(listener.expect("the port is free again"));
    assert!(http.get(format!("http://{address}/_demo/requests")).send().await.is_err());
}

#[tokio::test]
async fn nonsense_is_answered_and_kills_nothing() {
    let asker = Asker::new("default", 20, 5).await;
    let origins = [&asker.demo.login_url, &asker.demo.graph_url, &asker.demo.jupiterone_url];
    let paths = [
        "/",
        "//",
        "/%00",
        "/%ff%fe",
        "/v1.0",
        "/v1.0/",
        "/v1.0/users/%F0%9F%98%80",
        "/v1.0/users?$top=%",
        "/v1.0/users?&&=&$select=",
        "/v1.0/groups/x/members/y/z/$count",
        "/v1.0/users?$filter=id in (",
        "/v1.0/users?$skiptoken=%00",
        "/beta/$batch",
        "/_demo",
        "/_demo/graph?target=%00",
        "/persister/synchronization/jobs/%00",
        "/a/oauth2/v2.0/token?x",
        "/v1.0/users?$expand=members(",
        "/v1.0/groups/microsoft.graph.é/members/microsoft.graph.é",
    ];
    for origin in origins {
        for path in paths {
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD] {
                for body in [&b""[..], b"null", b"[]", b"{\"requests\":[5]}", b"\xff\x00", b"{\"ids\":5}"] {
                    let request = asker
                        .http
                        .request(method.clone(), format!("{origin}{path}"))
                        .bearer_auth(&asker.token)
                        .header(
                            "client-request-id",
                            "é\u{7f}".as_bytes().iter().filter(|b| **b > 127).copied().collect::<Vec<u8>>(),
                        )
                        .body(body.to_vec());
                    let reply = request.send().await.unwrap_or_else(|e| panic!("{method} {path}: {e}"));
                    assert!(reply.status().as_u16() < 500 || reply.status() == 501, "{method} {path}");
                }
            }
        }
    }
}
