//! `$batch`: up to twenty requests in one, each judged, priced and answered on its own, in an order of the server's.

use std::collections::{HashMap, HashSet};

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::{
    super::{
        answer::{Answer, Content},
        faults,
        record::{Recorded, Service},
        world::{Asked, World},
    },
    Caller, error, item, only,
};

/// One item, checked.
struct Item {
    id: String,
    method: Method,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    depends_on: Vec<String>,
}

pub fn answer(world: &World, caller: &Caller, asked: &Asked<'_>, number: u64) -> Answer {
    if only(&asked.method, &Method::POST).is_err() {
        return error(
            world,
            asked,
            405,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        );
    }
    let items = match read(asked) {
        Ok(items) => items,
        Err(words) => return error(world, asked, 400, "BadRequest", &words),
    };
    let (mut responses, mut statuses, mut objects) = (Vec::new(), HashMap::new(), 0);
    for one in &items {
        let mut inner = Asked::new(one.method.clone(), &one.target, one.headers.clone(), &one.body);
        inner.in_batch = true;
        let failed = one.depends_on.iter().any(|id| statuses.get(id).is_none_or(|status| *status >= 400));
        let (answer, fault) = if failed {
            (error(world, &inner, 424, "FailedDependency", "The request depends on another one that failed."), None)
        } else {
            item(world, caller, &inner)
        };
        let mut answer = faults::as_item(answer);
        // A refused item is billed, too (facts/graph.md §13.8).
        if matches!(answer.status, 403..=405) {
            answer.units = 1;
        }
        statuses.insert(one.id.to_ascii_lowercase(), answer.status);
        objects += answer.objects;
        let has_room = world.records.has_room();
        world.records.add(Recorded {
            number,
            service: Service::Graph,
            method: one.method.to_string(),
            path: if has_room { world.redact(&one.target) } else { String::new() },
            status: answer.status,
            resource_units: answer.units,
            objects: answer.objects,
            body_bytes: one.body.len(),
            in_batch: true,
            authorization: false,
            headers: inner
                .header("consistencylevel")
                .map(|v| ("consistencylevel".to_owned(), v.to_owned()))
                .into_iter()
                .collect(),
            fault: fault.map(str::to_owned),
            violation: None,
        });
        responses.push((world.seed.hash(&one.id, number), one.id.as_str(), answer));
    }
    // In an order that has nothing to do with the request's.
    responses.sort_by_key(|(place, _, _)| *place);
    let mut out = String::from("{\"responses\":[");
    for (n, (_, id, answer)) in responses.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        write_response(&mut out, id, answer);
    }
    out.push_str("]}");
    Answer::raw(200, out).objects(objects)
}

/// The batch fails as a whole, and every request in it with it.
pub fn fail(world: &World, asked: &Asked<'_>) {
    for item in read(asked).unwrap_or_default() {
        world.is_retried(&item.target, true);
    }
}

fn write_response(out: &mut String, id: &str, answer: Answer) {
    let kept = [
        "cache-control",
        "x-ms-resource-unit",
        "odata-version",
        "content-type",
        "retry-after",
        "location",
        "x-ms-throttle-limit-percentage",
        "x-ms-throttle-scope",
        "x-ms-throttle-information",
    ];
    let spelled = |name: &str| match name {
        "cache-control" => "Cache-Control".to_owned(),
        "odata-version" => "OData-Version".to_owned(),
        "content-type" => "Content-Type".to_owned(),
        "retry-after" => "Retry-After".to_owned(),
        other => other.to_owned(),
    };
    let mut headers: Map<String, Value> = answer
        .headers
        .iter()
        .filter(|(name, _)| kept.contains(name))
        .map(|(name, value)| (spelled(name), json!(value)))
        .collect();
    if answer.units > 0 {
        headers.insert("x-ms-resource-unit".to_owned(), json!(answer.units.to_string()));
    }
    let body = match answer.content {
        Content::Json(body) => Some(body.to_string()),
        Content::Raw(body) => Some(body),
        Content::Text(content_type, text) => {
            headers.insert("Content-Type".to_owned(), json!(content_type));
            Some(text.parse::<u64>().map_or_else(|_| json!(text).to_string(), |number| number.to_string()))
        }
        Content::Nothing => None,
    };
    if body.is_some() {
        headers.entry("Content-Type").or_insert_with(|| json!("application/json"));
    }
    out.push_str("{\"id\":");
    out.push_str(&json!(id).to_string());
    out.push_str(",\"status\":");
    out.push_str(&answer.status.to_string());
    out.push_str(",\"headers\":");
    out.push_str(&Value::Object(headers).to_string());
    if let Some(body) = body {
        out.push_str(",\"body\":");
        out.push_str(&body);
    }
    out.push('}');
}

fn read(asked: &Asked<'_>) -> Result<Vec<Item>, String> {
    let payload = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of \
                   valid JSON format.";
    let body: Value = serde_json::from_slice(asked.body).map_err(|_| payload.to_owned())?;
    let requests = body.get("requests").and_then(Value::as_array).ok_or("Invalid batch payload format.")?;
    if requests.is_empty() {
        return Err("Invalid batch payload format.".to_owned());
    }
    if requests.len() > 20 {
        return Err("Number of batch request steps exceeds the maximum value of 20.".to_owned());
    }
    let version = asked.segments.first().map_or("v1.0", String::as_str);
    let mut seen = HashSet::new();
    let mut items = Vec::new();
    for request in requests {
        let text = |name: &str| request.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
        let id = text("id").ok_or("Request Id is missing in the batch request step.")?;
        if !seen.insert(id.to_ascii_lowercase()) {
            return Err(format!("Request Id '{id}' has to be unique in a batch."));
        }
        let url = text("url").ok_or("Request URL is missing in the batch request step.")?;
        if url.contains("://") {
            return Err("Write request URLs relative to the version's root.".to_owned());
        }
        let method = text("method").ok_or("Request method is missing in the batch request step.")?;
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
            .map_err(|_| "Request method is not valid in the batch request step.".to_owned())?;
        let headers: Vec<(String, String)> = request
            .get("headers")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?.to_owned())))
            .collect();
        let body = match request.get("body") {
            None | Some(Value::Null) => Vec::new(),
            Some(_) if !headers.iter().any(|(name, _)| name == "content-type") => {
                return Err("A request with a body needs a Content-Type header in the batch request step.".to_owned());
            }
            Some(body) => body.to_string().into_bytes(),
        };
        let depends_on: Vec<String> = request
            .get("dependsOn")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|id| Some(id.as_str()?.to_ascii_lowercase()))
            .collect();
        if depends_on.iter().any(|on| !seen.contains(on) || on.eq_ignore_ascii_case(id)) {
            return Err("A request depends on one that does not come before it.".to_owned());
        }
        let target = format!("/{version}/{}", url.trim_start_matches('/'));
        items.push(Item { id: id.to_owned(), method, target, headers, body, depends_on });
    }
    Ok(items)
}
