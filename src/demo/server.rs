//! Three listeners, and the way of a request through each: bounded, recorded, spoilt where the scenario says so.
//!
//! Plain tokio: no thread of its own, so that it can live in a paused runtime beside its client.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method},
    response::Response,
    serve::ListenerExt,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    answer::Answer,
    graph, jupiterone, login,
    record::{KEPT_HEADERS, Recorded, Service},
    world::{Asked, World},
};

/// No body beyond this is read at all.
const MOST_READ: usize = 32 << 20;

/// A port for login, and the two behind it where they are free; any port, where 0 is asked for.
pub async fn listen(at: SocketAddr) -> std::io::Result<[TcpListener; 3]> {
    let login = TcpListener::bind(at).await?;
    let next = |offset: u16| {
        let wanted = if at.port() == 0 { Some(0) } else { at.port().checked_add(offset) };
        async move {
            match TcpListener::bind(SocketAddr::new(at.ip(), wanted.unwrap_or(0))).await {
                Ok(listener) => Ok(listener),
                Err(_) => TcpListener::bind(SocketAddr::new(at.ip(), 0)).await,
            }
        }
    };
    let graph = next(1).await?;
    let jupiterone = next(2).await?;
    Ok([login, graph, jupiterone])
}

/// Serves one of the three until `stop`.
pub fn serve(world: Arc<World>, service: Service, listener: TcpListener, stop: CancellationToken) -> JoinHandle<()> {
    let router = Router::new().fallback(handle).with_state((world, service));
    // Head and body are two writes: held back until the first is acknowledged, each answer took 40 ms.
    let listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    tokio::spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::warn!(%error, service = service.as_str(), "the demo server ended");
        }
    })
}

async fn handle(State((world, service)): State<(Arc<World>, Service)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |t| t.as_str()).to_owned();
    let body = to_bytes(body, MOST_READ).await.unwrap_or_else(|_| Bytes::from(vec![0; MOST_READ]));
    let asked = Asked::new(parts.method, &target, headers(&parts.headers), &body);
    if asked.segments.first().is_some_and(|s| s == "_demo") {
        return demo(&world, &asked).into_response();
    }
    let answer = answer(&world, service, &asked);
    // By the demo's own clock, as everything else in the answer; else the server adds the machine's.
    let date = world.now().saturating_add(jiff::SignedDuration::from_secs(world.scenario.date_skew_s));
    let date = date.unwrap_or_default().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let answer = answer.header("date", date);
    let per_object = Duration::from_micros(world.scenario.object_latency_us) * answer.objects;
    let delay = world.latency + per_object + answer.stall;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    answer.into_response()
}

/// Answers a request, and records it.
pub fn answer(world: &World, service: Service, asked: &Asked<'_>) -> Answer {
    let number = world.serial();
    let violation = world.violation(service, asked);
    let (answer, fault) = match (&violation, service) {
        (Some(_), _) => (refuse(world, service, asked), None),
        (None, Service::Login) => login::serve(world, asked),
        (None, Service::Graph) => graph::serve(world, asked, number),
        (None, Service::JupiterOne) => jupiterone::serve(world, asked),
    };
    if service == Service::Graph {
        world.answered();
    }
    let has_room = world.records.has_room() || violation.is_some();
    world.records.add(Recorded {
        number,
        service,
        method: asked.method.to_string(),
        path: if has_room { world.redact(&asked.target) } else { String::new() },
        status: answer.status,
        resource_units: answer.units,
        objects: answer.objects,
        body_bytes: asked.body.len(),
        in_batch: false,
        authorization: asked.header("authorization").is_some(),
        headers: KEPT_HEADERS
            .iter()
            .filter(|_| has_room)
            .filter_map(|name| Some(((*name).to_owned(), world.redact(asked.header(name)?))))
            .collect(),
        fault: fault.map(str::to_owned),
        violation,
    });
    answer
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    map.iter().map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned())).collect()
}

/// The refusal of a request with another service's credential.
fn refuse(world: &World, service: Service, asked: &Asked<'_>) -> Answer {
    match service {
        Service::Login => Answer::json(
            400,
            json!({ "error": "invalid_request", "error_codes": [9_002_313],
                    "error_description": "AADSTS9002313: Invalid request. Request is malformed or invalid." }),
        ),
        Service::Graph => graph::error(
            world,
            asked,
            401,
            "InvalidAuthenticationToken",
            "Access token validation failure. Invalid audience.",
        ),
        Service::JupiterOne => jupiterone::unauthorized(),
    }
}

/// The demo's own routes, the same on all three origins.
fn demo(world: &World, asked: &Asked<'_>) -> Answer {
    let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
    match (&asked.method, &segments[1..]) {
        (&Method::POST, ["advance"]) => Answer::json(200, json!({ "step": world.advance() })),
        (&Method::POST, ["consent"]) => {
            world.consent();
            Answer::json(200, json!({}))
        }
        (&Method::GET, ["requests"]) => Answer::json(200, world.records.json()),
        (&Method::DELETE, ["requests"]) => {
            world.records.clear();
            Answer::json(200, json!({}))
        }
        (&Method::GET, ["graph"]) => {
            let wanted = url::form_urlencoded::parse(asked.query().as_bytes())
                .find(|(name, _)| name == "target")
                .map(|(_, value)| value.into_owned());
            match world.jobs().graph_ndjson(wanted.as_deref().unwrap_or(&world.instance)) {
                Some(text) => Answer::text(200, "application/x-ndjson", text),
                None => Answer::json(404, json!({ "error": "nothing was uploaded to this target" })),
            }
        }
        (&Method::POST, ["certificates", client]) => match world.register(client, asked.body) {
            Ok(thumbprint) => Answer::json(200, json!({ "thumbprint": thumbprint })),
            Err(why) => Answer::json(400, json!({ "error": why })),
        },
        (_, ["advance" | "consent" | "requests" | "graph"] | ["certificates", _]) => Answer::json(405, Value::Null),
        _ => Answer::json(
            404,
            json!({ "error": "the demo has advance, consent, requests, graph and certificates/{client id}" }),
        ),
    }
}
