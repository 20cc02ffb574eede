//! GraphQL: whose a key is, what an instance is, and in JupiterOne's own language what a target holds.
//!
//! An integration's key "cannot be used to read the graph" (facts/jupiterone.md §1.9). What the facts and the official
//! clients tell of the rest is done as they tell it: pages by a cursor that says nothing, of 250 rows or as many as fit;
//! answers that are given later, at an address that takes no key; limits told in headers, and a refusal that does not say
//! how long to wait. Of the language only the few sentences are understood that are asked here.

use std::collections::HashMap;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Refusal, job::Destination, managed_instance, rows};
use crate::demo::{
    answer::Answer,
    world::{Asked, World},
};

/// Without `variableResultSize` no page is longer.
const PAGE: usize = 250;

/// What is remembered between questions.
#[derive(Debug, Default)]
pub struct Questions {
    /// Questions that are still free, and when that was counted.
    bucket: Option<(f64, Instant)>,
    /// Answers that wait to be fetched, and how often somebody looked.
    deferred: HashMap<String, (u32, Value)>,
}

/// A question, answered as fast as the scenario allows.
pub fn answer(world: &World, body: &Value) -> Result<Answer, Refusal> {
    let Some(limit) = world.scenario.questions_a_minute else { return of(world, body) };
    let full = f64::from(limit);
    let left = {
        let mut questions = world.questions();
        let (left, at) = questions.bucket.unwrap_or((full, Instant::now()));
        let left = (left + at.elapsed().as_secs_f64() * full / 60.0).min(full);
        questions.bucket = Some((if left < 1.0 { left } else { left - 1.0 }, Instant::now()));
        left
    };
    let answer = match left < 1.0 {
        true => refuse(429, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded"),
        false => of(world, body)?,
    };
    let left = (left - 1.0).max(0.0);
    Ok(answer
        .header("ratelimit-limit", format!("{limit}, {limit}; window=60"))
        .header("ratelimit-remaining", format!("{}", left.floor()))
        .header("ratelimit-reset", format!("{}", ((full - left) * 60.0 / full).ceil()))
        .header("ratelimit-requested", "1"))
}

fn refuse(status: u16, code: &str, words: &str) -> Answer {
    Answer::json(status, json!({ "data": null, "errors": [{ "message": words, "extensions": { "code": code } }] }))
}

fn of(world: &World, body: &Value) -> Result<Answer, Refusal> {
    let query = body.get("query").and_then(Value::as_str).unwrap_or_default();
    if !world.scenario.user_key {
        return Ok(refuse(403, "FORBIDDEN", "Forbidden"));
    }
    if query.contains("iamGetAccount") {
        let account = json!({
            "accountId": world.account, "accountName": world.tenant().display_name(), "accountSubdomain": world.account,
        });
        return Ok(Answer::json(200, json!({ "data": { "iamGetAccount": account } })));
    }
    if query.contains("integrationInstance(") {
        let id = body.get("variables").and_then(|v| v.get("id")).and_then(Value::as_str).unwrap_or_default();
        return Ok(instance(world, id));
    }
    if query.contains("queryV1(") {
        return Ok(in_its_language(world, body));
    }
    Ok(refuse(400, "GRAPHQL_VALIDATION_FAILED", "Cannot query this field"))
}

fn instance(world: &World, id: &str) -> Answer {
    let (name, definition, kind) = if id.eq_ignore_ascii_case(&world.instance) {
        ("Microsoft 365 (tenantry)", "Custom", "custom")
    } else if id.eq_ignore_ascii_case(&managed_instance(world)) {
        ("Microsoft 365 production", "Microsoft 365", "microsoft-365")
    } else {
        return refuse(200, "NOT_FOUND", "Integration instance not found");
    };
    let instance = json!({
        "id": id.to_ascii_lowercase(), "name": name, "accountId": world.account,
        "integrationDefinitionId": world.seed.guid(definition, 0),
        "integrationDefinition": { "name": definition, "integrationType": kind },
    });
    Answer::json(200, json!({ "data": { "integrationInstance": instance } }))
}

/// What a sentence asks for.
#[derive(Debug, PartialEq)]
enum Sentence {
    CountOf(String),
    Held { of: Destination, what: rows::What, is_count: bool },
}

fn in_its_language(world: &World, body: &Value) -> Answer {
    let variables = &body["variables"];
    let text = variables["query"].as_str().unwrap_or_default();
    let data = |data: Value| Answer::json(200, json!({ "data": { "queryV1": data } }));
    let table = |many: u64| data(json!({ "type": "table", "data": [{ "many": many }], "url": null, "cursor": null }));
    let (of, what) = match sentence(text, &variables["variables"]) {
        None => return refuse(200, "BAD_REQUEST", "The demo does not understand this question"),
        Some(Sentence::CountOf(entity_type)) => {
            let others = if entity_type == "azure_user" { world.scenario.azure_users } else { 0 };
            return table(world.jobs().entities_of(&entity_type) + others);
        }
        Some(Sentence::Held { of, what, is_count }) if is_count => {
            return table(world.jobs().graph_of(&of).map_or(0, |graph| rows::count(graph, &what)));
        }
        Some(Sentence::Held { of, what, .. }) => (of, what),
    };
    let is_forced = variables["deferredResponse"] == "FORCE";
    if world.scenario.graph_is_slow && !is_forced {
        return refuse(200, "QUERY_TIMEOUT", "Query timed out: use a deferred response");
    }
    let most = if variables["flags"]["variableResultSize"] == true { 2 * PAGE } else { PAGE };
    let offset = match &variables["cursor"] {
        Value::Null => 0,
        Value::String(cursor) => match read_cursor(cursor) {
            Some(offset) => offset,
            None => return refuse(200, "BAD_REQUEST", "Invalid cursor"),
        },
        _ => return refuse(400, "BAD_USER_INPUT", "cursor is not a string"),
    };
    let context = rows::Context { account: &world.account, of: &of };
    let (all, total) = world
        .jobs()
        .graph_of(&of)
        .map_or_else(|| (Vec::new(), 0), |graph| rows::page(graph, &what, &context, offset, most));
    let next = offset + all.len();
    let is_last = next >= total || world.scenario.graph_loses_a_page && next + most >= total;
    let kind = if matches!(what, rows::What::Entities) { "list" } else { "table" };
    let cursor = (!is_last).then(|| cursor_of(next));
    let page = json!({ "type": kind, "data": all, "cursor": cursor });
    match is_forced {
        true => {
            let id = world.fresh_guid("deferred");
            let url = format!("{}/deferred/{id}/state.json?X-Amz-Signature=0123456789abcdef", world.jupiterone);
            world.questions().deferred.insert(id, (0, page));
            data(json!({ "type": "deferred", "data": null, "url": url, "cursor": null }))
        }
        false => data(page),
    }
}

/// A file of the bucket: how the question fares, and its answer. Two ways to be authorized at once are refused there.
pub fn file(world: &World, asked: &Asked<'_>, id: &str, file: &str) -> Answer {
    if asked.header("authorization").is_some() {
        return Answer::text(400, "application/xml", "<Error><Code>InvalidArgument</Code></Error>");
    }
    let mut questions = world.questions();
    let signed = asked.query().contains("X-Amz-Signature=");
    let Some((looks, page)) = questions.deferred.get_mut(id).filter(|_| signed) else {
        return Answer::text(403, "application/xml", "<Error><Code>AccessDenied</Code></Error>");
    };
    *looks += 1;
    match file {
        "state.json" if *looks < 3 => Answer::json(200, json!({ "status": "IN_PROGRESS", "correlationId": id })),
        "state.json" => {
            let url = format!("{}/deferred/{id}/result.json?X-Amz-Signature=fedcba9876543210", world.jupiterone);
            Answer::json(200, json!({ "status": "COMPLETED", "url": url, "correlationId": id }))
        }
        "result.json" => Answer::json(200, page.clone()),
        _ => Answer::text(404, "application/xml", "<Error><Code>NoSuchKey</Code></Error>"),
    }
}

/// It says nothing to whoever gets it.
fn cursor_of(offset: usize) -> String {
    format!("eyJj{:016x}", (offset as u64).rotate_left(17) ^ 0x5bd1_e995_9d1b_58a7)
}

fn read_cursor(text: &str) -> Option<usize> {
    let number = u64::from_str_radix(text.strip_prefix("eyJj")?, 16).ok()?;
    usize::try_from((number ^ 0x5bd1_e995_9d1b_58a7).rotate_right(17)).ok()
}

/// `FIND type AS a RETURN count(a) AS n`, or what an owner holds: `FIND * WITH _scope = ${owner} AS e`, from there
/// `THAT RELATES TO AS r * WHERE r._scope = ${owner}`, and of either a count or columns of it.
fn sentence(text: &str, variables: &Value) -> Option<Sentence> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is = |at: usize, word: &str| words.get(at).is_some_and(|found| found.eq_ignore_ascii_case(word));
    let counts = |at: usize, name: &str| is(at, "return") && is(at + 1, &format!("count({name})"));
    if !is(0, "find") {
        return None;
    }
    if !is(1, "*") {
        let name = *words.get(3)?;
        return (words.len() == 8 && counts(4, name)).then(|| Sentence::CountOf(words[1].to_owned()));
    }
    let owner = |at: usize| {
        let name = words.get(at)?.strip_prefix("${")?.strip_suffix('}')?;
        variables.get(name)?.as_str().map(str::to_owned)
    };
    let by = *words.get(3)?;
    let of = match by {
        "_integrationInstanceId" => Destination::Instance(owner(5)?),
        "_scope" => Destination::Scope(owner(5)?),
        _ => return None,
    };
    if !(is(2, "with") && is(4, "=") && is(6, "as")) {
        return None;
    }
    let entity = *words.get(7)?;
    if words.len() == 8 || counts(8, entity) {
        return Some(Sentence::Held { of, what: rows::What::Entities, is_count: words.len() > 8 });
    }
    let edge = *words.get(12)?;
    let relates = is(8, "that") && is(9, "relates") && is(10, "to") && is(11, "as") && is(13, "*") && is(14, "where");
    let same = is(15, &format!("{edge}.{by}")) && is(16, "=") && owner(17) == owner(5) && is(18, "return");
    if !(relates && same) {
        return None;
    }
    let is_count = counts(18, edge);
    let columns: Vec<String> = words[19..].join(" ").split(',').map(|column| column.trim().to_owned()).collect();
    let known = is_count || columns.iter().all(|column| column.starts_with(&format!("{edge}.")));
    known.then_some(Sentence::Held { of, what: rows::What::Relationships { columns }, is_count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        for offset in [0, 1, 250, 4_000_000] {
            assert_eq!(read_cursor(&cursor_of(offset)), Some(offset));
        }
        assert_eq!(read_cursor("eyJj"), None);
        assert_eq!(read_cursor("250"), None);
    }

    #[test]
    fn the_few_sentences() {
        let check = |text: &str, want: Option<Sentence>| {
            assert_eq!(sentence(text, &json!({ "owner": "o" })), want, "{text}");
        };
        let scope = || Destination::Scope("o".to_owned());
        check("FIND x AS f RETURN count(f) AS n", Some(Sentence::CountOf("x".to_owned())));
        let entities = |is_count| Some(Sentence::Held { of: scope(), what: rows::What::Entities, is_count });
        check("find * with _scope = ${owner} as e", entities(false));
        check("FIND * WITH _scope = ${owner} AS e RETURN count(e) AS n", entities(true));
        let edges = "FIND * WITH _scope = ${owner} AS e THAT RELATES TO AS r * WHERE r._scope = ${owner} RETURN";
        let columns = vec!["r._key".to_owned(), "r._type".to_owned()];
        check(
            &format!("{edges} r._key, r._type"),
            Some(Sentence::Held { of: scope(), what: rows::What::Relationships { columns }, is_count: false }),
        );
        check(&format!("{edges} e._key"), None);
        check("FIND * WITH _scope = 'o' AS e", None);
        check("FIND * WITH _class = ${owner} AS e", None);
        check("FIND x WITH name = 'x' AS f RETURN count(f)", None);
        check("", None);
    }
}
