//! Answers of the live services, as recorded: the client reads them.
//!
//! The recordings lie beside the repository. Where they do not, the test is left out, except on CI.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::Response,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use tenantry::{
    domain::{
        clock::SystemClock,
        ids::{ClientId, TenantId},
        kind::{EntityKind, kind_of_odata_type},
        naming::Naming,
        normalise::normalise,
        origin::Origin,
        progress::Silent,
        secret::Secret,
    },
    graph::{ErrorKind, Get, GraphClient, GraphConfig, GraphError},
    net::NetConfig,
};

#[derive(Clone, Deserialize)]
struct Exchange {
    request: Asked,
    response: Answered,
}

#[derive(Clone, Deserialize)]
struct Asked {
    method: String,
    url: String,
}

#[derive(Clone, Deserialize)]
struct Answered {
    status: u16,
    headers: Map<String, Value>,
    body: Value,
}

impl Exchange {
    fn path(&self) -> &str {
        let rest = self.request.url.split_once("://").map_or("", |(_, rest)| rest);
        &rest[rest.find('/').unwrap_or(rest.len())..]
    }
}

fn recordings() -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("shared/data/graph-recordings"))
        .find(|folder| folder.is_dir());
    assert!(found.is_some() || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "no recordings on CI");
    found
}

/// Plays a recording to a client, on loopback.
async fn play(recording: &[Exchange]) -> GraphClient {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    // Each recording begins with the token: `/{tenant}/oauth2/v2.0/token`.
    let tenant = recording[0].path().split('/').nth(1).unwrap().to_owned();
    let router = Router::new().fallback(replay).with_state(Arc::new(recording.to_vec()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let config = GraphConfig {
        login: origin.clone(),
        graph: origin,
        scope: "https://graph.microsoft.com/.default".to_owned(),
        tenant,
        client: ClientId::parse("535fb089-9ff3-47b6-9bfb-4f1264799865").unwrap(),
        net: NetConfig::default(),
        hold: tenantry::graph::Hold::default(),
        gentle: false,
    };
    GraphClient::new(config, Secret::new("not a real one").into(), Arc::new(SystemClock), Arc::new(Silent)).unwrap()
}

async fn replay(State(recording): State<Arc<Vec<Exchange>>>, request: Request) -> Response<Body> {
    let known = recording
        .iter()
        .find(|e| e.path() == request.uri().path() && e.request.method == request.method().as_str())
        .unwrap_or_else(|| panic!("not recorded: {} {}", request.method(), request.uri()));
    let mut response = Response::builder().status(known.response.status);
    for (name, value) in &known.response.headers {
        response = response.header(name, value.as_str().unwrap());
    }
    response.body(Body::from(known.response.body.to_string())).unwrap()
}

/// What kind of entity a path lists.
fn kind_of(path: &str, object: &Map<String, Value>) -> EntityKind {
    match object.get("@odata.type").and_then(Value::as_str) {
        Some(odata_type) => kind_of_odata_type(odata_type),
        None if path.ends_with("/organization") => EntityKind::Account,
        None if path.ends_with("/users") => EntityKind::User,
        None => panic!("{path}: {object:?}"),
    }
}

/// Every object of a recorded list arrives, as it was, and becomes an entity without a warning.
async fn check_list(client: &GraphClient, exchange: &Exchange, tenant: &str) {
    let want = exchange.response.body["value"].as_array().unwrap();
    let mut pages = client.pages(Get::new(exchange.path()));
    let mut got = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        got.extend(page.objects.iter().map(|raw| serde_json::from_str::<Value>(raw.get()).unwrap()));
    }
    assert_eq!(&got, want, "{}", exchange.path());
    assert!(!got.is_empty());
    for object in got {
        let object = object.as_object().unwrap();
        let kind = kind_of(exchange.path(), object);
        let odata_type = object.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
        let tenant = TenantId::parse(tenant).unwrap();
        let entity = normalise(&Naming::ActiveDirectory.into(), &tenant, kind, odata_type, object);
        assert!(entity.warnings.is_empty(), "{:?}", entity.warnings);
        assert_eq!(entity.name(), object["displayName"]);
    }
}

fn check_error(error: &GraphError, exchange: &Exchange) {
    let body = &exchange.response.body;
    let problem = error.problem();
    assert_eq!(problem.status, Some(exchange.response.status));
    match error.kind() {
        ErrorKind::Login => {
            assert_eq!(problem.code, Some(format!("AADSTS{}", body["error_codes"][0])));
            assert_eq!(problem.message.as_deref(), body["error_description"].as_str(), "verbatim");
            assert_eq!(problem.trace_id.as_deref(), body["trace_id"].as_str());
            assert_eq!(problem.request_id.as_deref(), body["correlation_id"].as_str());
        }
        ErrorKind::Refused => {
            assert_eq!(problem.code.as_deref(), body["error"]["code"].as_str());
            assert_eq!(problem.message.as_deref(), body["error"]["message"].as_str(), "verbatim");
            assert_eq!(problem.request_id.as_deref(), exchange.response.headers["request-id"].as_str());
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn recorded_answers_are_read() {
    let Some(folder) = recordings() else { return };
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        let recording: Vec<Exchange> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let client = play(&recording).await;
        let tenant = recording[0].path().split('/').nth(1).unwrap();
        let mut units = 0;
        for exchange in &recording {
            match (exchange.path().ends_with("/token"), exchange.response.status) {
                (true, 200) => assert_eq!(client.token().await.unwrap().claims, None, "a redacted token is opaque"),
                (true, _) => check_error(&client.token().await.unwrap_err(), exchange),
                (false, 200) => {
                    check_list(&client, exchange, tenant).await;
                    let told = exchange.response.headers["x-ms-resource-unit"].as_str().unwrap();
                    units += told.parse::<u64>().unwrap();
                    assert_eq!(client.wire().resource_units, units, "{}", file.display());
                }
                (false, _) => check_error(&client.get(exchange.path()).await.unwrap_err(), exchange),
            }
        }
    }
}
