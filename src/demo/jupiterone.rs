//! JupiterOne, as far as tenantry asks it: synchronization jobs, their graph, and questions of GraphQL about it.
//!
//! Where facts/jupiterone.md §1 knows what the service does, so does this; where it marks a question as open (answers to
//! duplicates, the words of some refusals), the choice that hurts a careless client more is taken, and said beside it.

mod graph;
mod job;
mod payload;
mod questions;
mod rows;

use std::io::Read as _;

use axum::http::Method;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use self::{job::Destination, payload::List};
pub use self::{job::Jobs, questions::Questions};
use super::{
    answer::Answer,
    faults,
    record::Service,
    scenario::{Follows, Route},
    world::{Asked, World},
};

/// "maximum payload size of 6MB" (facts/jupiterone.md §1.4); a body of 6,275,072 bytes was refused.
const MOST_BYTES: usize = 6_000_000;

/// The envelope of an error.
#[derive(Debug)]
pub struct Refusal(u16, &'static str, String);

/// Answers a request, and names the fault that hit it.
pub fn serve(world: &World, asked: &Asked<'_>) -> (Answer, Option<&'static str>) {
    let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
    // A bucket of files, which takes no key: the address itself is one.
    if let (&Method::GET, ["deferred", id, file]) = (&asked.method, &segments[..]) {
        return (questions::file(world, asked, id, file), None);
    }
    if !is_authorized(world, asked) {
        return (unauthorized(), None);
    }
    let route = route(&asked.method, &segments);
    let fault = world.scenario.fault(route, Follows::Nothing);
    let instead = fault.as_ref().and_then(|what| faults::instead(world, Service::JupiterOne, what, asked));
    let answer = instead.unwrap_or_else(|| {
        answer(world, asked, &segments).unwrap_or_else(|Refusal(status, code, words)| error(status, code, &words))
    });
    match fault {
        Some(what) => (faults::spoil(answer, &what), Some(what.name())),
        None => (answer, None),
    }
}

pub fn unauthorized() -> Answer {
    error(401, "UNAUTHORIZED", "The API key or the account is not valid.")
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, json!({ "error": { "code": code, "message": message } }))
}

/// Key and account on every request; the account also under the header's old name, which older SDKs send.
fn is_authorized(world: &World, asked: &Asked<'_>) -> bool {
    let account = asked.header("jupiterone-account").or_else(|| asked.header("lifeomic-account"));
    asked.bearer() == Some(world.jupiterone_key.as_str()) && account == Some(world.account.as_str())
}

fn route(method: &Method, segments: &[&str]) -> Route {
    match (method, segments) {
        (&Method::POST, ["graphql"]) => Route::Graphql,
        (&Method::POST, ["persister", "synchronization", "jobs"]) => Route::JobStart,
        (&Method::GET, ["persister", "synchronization", "jobs", _]) => Route::JobStatus,
        (&Method::POST, ["persister", "synchronization", "jobs", _, what]) => match *what {
            "entities" | "upload" => Route::JobEntities,
            "relationships" => Route::JobRelationships,
            "finalize" => Route::JobFinalize,
            "abort" => Route::JobAbort,
            _ => Route::Other,
        },
        _ => Route::Other,
    }
}

fn answer(world: &World, asked: &Asked<'_>, segments: &[&str]) -> Result<Answer, Refusal> {
    let no_route = || Err(Refusal(404, "NOT_FOUND", format!("Cannot {} {}", asked.method, asked.path())));
    if asked.body.len() > world.scenario.most_bytes.unwrap_or(MOST_BYTES) {
        return Err(Refusal(413, "RequestEntityTooLargeException", "Request entity too large".to_owned()));
    }
    let post = asked.method == Method::POST;
    match segments {
        ["graphql"] if post => questions::answer(world, &read(world, asked)?),
        ["persister", "synchronization", "jobs"] if post => start(world, &read(world, asked)?),
        ["persister", "synchronization", "jobs", id] if asked.method == Method::GET => {
            let jobs = world.jobs();
            Ok(job_answer(jobs.get(id)?.json()))
        }
        ["persister", "synchronization", "jobs", id, what] if post => {
            // Outside the lock: bodies are large.
            let body = read(world, asked)?;
            let latest_wins = asked.query().split('&').any(|p| p == "ignoreDuplicates=true");
            let upload = |lists: &[List]| {
                let upload = payload::read(&body, lists)?;
                world.jobs().upload(id, upload, latest_wins, world.scenario.job_closes_after)
            };
            let job = match *what {
                "entities" => upload(&[List::Entities])?,
                "relationships" => upload(&[List::Relationships])?,
                "upload" => upload(&[List::Entities, List::Relationships])?,
                "events" => {
                    world.jobs().get(id)?;
                    return Ok(Answer::json(200, json!({ "events": [] })));
                }
                "finalize" => {
                    let stage = std::time::Duration::from_millis(world.scenario.finalize_stage_ms);
                    world.jobs().finalize(id, &partial_types(&body)?, stage, world.scenario.job_fails)?
                }
                "abort" => world.jobs().abort(id)?,
                _ => return no_route(),
            };
            Ok(job_answer(job))
        }
        _ => no_route(),
    }
}

fn job_answer(job: Value) -> Answer {
    Answer::json(200, json!({ "job": job }))
}

fn read(world: &World, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let body = match asked.header("content-encoding") {
        None | Some("identity") => std::borrow::Cow::Borrowed(asked.body),
        Some("gzip") if world.scenario.takes_gzip => {
            let mut plain = Vec::new();
            // No more than would be taken as it is, whatever a small body swells to.
            let mut unzipped = GzDecoder::new(asked.body).take(MOST_BYTES as u64 + 1);
            let read = unzipped.read_to_end(&mut plain);
            read.map_err(|e| Refusal(400, "BAD_REQUEST", format!("The body is not valid gzip: {e}")))?;
            std::borrow::Cow::Owned(plain)
        }
        Some(_) => {
            return Err(Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Encoding is not supported".to_owned()));
        }
    };
    if body.len() > MOST_BYTES {
        return Err(Refusal(413, "RequestEntityTooLargeException", "Request entity too large".to_owned()));
    }
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(&body).map_err(|e| Refusal(400, "BAD_REQUEST", format!("The body is not valid JSON: {e}")))
}

fn start(world: &World, body: &Value) -> Result<Answer, Refusal> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
    let invalid = |words: &str| Err(Refusal(400, "BAD_REQUEST", words.to_owned()));
    let destination = match (text("source"), text("integrationInstanceId"), text("scope")) {
        (Some("integration-managed" | "integration-external"), Some(instance), None) => {
            let known = instance.eq_ignore_ascii_case(&world.instance)
                || world.scenario.user_key && instance.eq_ignore_ascii_case(&managed_instance(world));
            if !known {
                let words = "Integration instance not found".to_owned();
                return Err(Refusal(400, "SYNC_JOB_INVALID_INTEGRATION_INSTANCE", words));
            }
            Destination::Instance(instance.to_ascii_lowercase())
        }
        (Some("integration-managed" | "integration-external"), None, _) => {
            return invalid("integrationInstanceId is required");
        }
        (Some("integration-managed" | "integration-external"), Some(_), Some(_)) => {
            return invalid("scope is not allowed for this source");
        }
        (Some("api"), None, Some(scope)) => Destination::Scope(scope.to_owned()),
        (Some("api"), Some(_), _) => return invalid("integrationInstanceId is not allowed for this source"),
        (Some("api"), None, None) => return invalid("scope is required"),
        (Some(_), ..) => return invalid("source is not valid"),
        (None, ..) => return invalid("source is required"),
    };
    match text("syncMode") {
        None | Some("DIFF") => {}
        Some(mode) => return invalid(&format!("syncMode {mode} is not supported")),
    }
    let id = world.fresh_guid("job");
    let source = text("source").unwrap_or_default().to_owned();
    let job = world.jobs().start(id, source, destination, world.now().as_millisecond());
    Ok(job_answer(job))
}

fn partial_types(body: &Value) -> Result<Vec<String>, Refusal> {
    let invalid = || Refusal(400, "BAD_REQUEST", "partialDatasets.types must be an array of strings".to_owned());
    match body.get("partialDatasets") {
        None => Ok(Vec::new()),
        Some(datasets) => datasets
            .get("types")
            .and_then(Value::as_array)
            .ok_or_else(invalid)?
            .iter()
            .map(|t| t.as_str().map(str::to_owned).ok_or_else(invalid))
            .collect(),
    }
}

/// Another instance of the account, of JupiterOne's own integration: a person's key reaches it, and may ruin it.
fn managed_instance(world: &World) -> String {
    world.seed.guid("managed instance", 0)
}
