//! The bodies and paths of the bulk API; pure.

use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json, value::RawValue};

use crate::domain::{
    batch::{Packer, Payload},
    target::Destination,
    upload::Source,
};

/// Where jobs live.
pub const JOBS: &str = "/persister/synchronization/jobs";

/// A job's id is the service's text: nothing in it may become another path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// A job's path, or that of something under it.
pub fn path(job: &str, under: &str) -> String {
    let job: Cow<'_, str> = utf8_percent_encode(job, SEGMENT).into();
    if under.is_empty() { format!("{JOBS}/{job}") } else { format!("{JOBS}/{job}/{under}") }
}

pub fn start(destination: &Destination, source: Source) -> Bytes {
    let of_instance = match source {
        Source::External => "integration-external",
        Source::Managed => "integration-managed",
    };
    bytes(&match destination {
        Destination::Instance(id) => json!({ "source": of_instance, "integrationInstanceId": id.trim() }),
        Destination::Scope(scope) => json!({ "source": "api", "scope": scope.trim() }),
    })
}

pub fn finalize(partial_types: &[String]) -> Bytes {
    bytes(&json!({ "partialDatasets": { "types": partial_types } }))
}

pub fn abort(reason: &str) -> Bytes {
    bytes(&json!({ "reason": reason }))
}

fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

/// A body that a [`Packer`] made, in bodies of about half its size or less. `None` if it holds one object only.
pub fn split(payload: Payload, body: &[u8]) -> Option<Vec<(Bytes, u64)>> {
    let mut lists: std::collections::BTreeMap<String, Vec<&RawValue>> = serde_json::from_slice(body).ok()?;
    let objects = lists.remove(payload.as_str())?;
    if objects.len() < 2 {
        return None;
    }
    // Half by bytes, yet never so little that one object has no room, nor so much that all fit again.
    let mut packer = Packer::with_limit(payload, body.len() / 2 + 1);
    let mut bodies: Vec<_> = objects.iter().filter_map(|o| packer.push(o.get())).collect();
    bodies.extend(packer.flush());
    Some(bodies.into_iter().map(|(body, count)| (Bytes::from(body), count)).collect())
}

/// The `_key` of the only object in a body, for words about it.
pub fn only_key(payload: Payload, body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let key = body.get(payload.as_str())?.get(0)?.get("_key")?;
    Some(key.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_those_on_record() {
        let check = |body: Bytes, want: &str| assert_eq!(std::str::from_utf8(&body).unwrap(), want);
        let instance = Destination::Instance(" 84841066-274d-4ec0-a5c1-276be684bdd3 ".to_owned());
        check(
            start(&instance, Source::External),
            r#"{"integrationInstanceId":"84841066-274d-4ec0-a5c1-276be684bdd3","source":"integration-external"}"#,
        );
        check(
            start(&instance, Source::Managed),
            r#"{"integrationInstanceId":"84841066-274d-4ec0-a5c1-276be684bdd3","source":"integration-managed"}"#,
        );
        check(
            start(&Destination::Scope("my-scope".to_owned()), Source::External),
            r#"{"scope":"my-scope","source":"api"}"#,
        );
        check(finalize(&[]), r#"{"partialDatasets":{"types":[]}}"#);
        check(finalize(&["a".to_owned(), "b".to_owned()]), r#"{"partialDatasets":{"types":["a","b"]}}"#);
        check(abort("a \"reason\""), r#"{"reason":"a \"reason\""}"#);
    }

    #[test]
    fn an_id_stays_within_its_segment() {
        let check = |id: &str, want: &str| assert_eq!(path(id, "entities"), format!("{JOBS}/{want}/entities"));
        check("84841066-274d_4", "84841066-274d_4");
        check("../../x", "%2E%2E%2F%2E%2E%2Fx");
        check("a?b#c d", "a%3Fb%23c%20d");
        assert_eq!(path("j", ""), format!("{JOBS}/j"));
    }

    #[test]
    fn a_split_loses_nothing_and_comes_to_an_end() {
        for count in 2..40 {
            let objects: Vec<String> =
                (0..count).map(|n| format!(r#"{{"_key":"{n}","text":"{}"}}"#, "é\\n".repeat(n * n % 50))).collect();
            let mut packer = Packer::new(Payload::Relationships);
            objects.iter().for_each(|o| assert!(packer.push(o).is_none()));
            let (body, _) = packer.flush().unwrap();
            let mut pending = vec![Bytes::from(body)];
            let mut single = Vec::new();
            while let Some(body) = pending.pop() {
                match split(Payload::Relationships, &body) {
                    Some(parts) => {
                        assert!(parts.len() > 1 && parts.iter().all(|(b, n)| b.len() < body.len() && *n > 0));
                        pending.extend(parts.into_iter().rev().map(|(b, _)| b));
                    }
                    None => single.push(only_key(Payload::Relationships, &body).unwrap()),
                }
            }
            assert_eq!(single, (0..count).map(|n| n.to_string()).collect::<Vec<_>>());
        }
    }
}
