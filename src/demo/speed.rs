//! How fast the server is without its sockets. Measures, asserts nothing that a busy machine could break, and is left
//! out unless asked for: `cargo test --release --lib demo::speed -- --ignored --nocapture`.

use std::time::Instant;

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    DemoConfig,
    answer::Content,
    credentials::Issued,
    seed::{Kind, Ref},
    server,
    world::{Asked, World},
    world_of,
};
use crate::domain::origin::Origin;

fn world(users: u32, groups: u32) -> World {
    let config = DemoConfig { users: Some(users), groups: Some(groups), ..DemoConfig::default() };
    let scenario = super::scenario_of(&config).unwrap();
    let origin = || Origin::parse("http://127.0.0.1:1").unwrap();
    let world = world_of(config, scenario, [origin(), origin(), origin()]);
    let issued = Issued { roles: world.scenario.roles.clone(), expires: i64::MAX };
    world.tokens.issue("token".to_owned(), issued, 0);
    world
}

/// Asks as a socket would, and gives the answer's text and its objects.
fn ask(world: &World, method: Method, target: &str, body: &[u8]) -> (String, u32) {
    let headers = vec![
        ("authorization".to_owned(), "Bearer token".to_owned()),
        ("client-request-id".to_owned(), "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0".to_owned()),
        ("content-type".to_owned(), "application/json".to_owned()),
        ("user-agent".to_owned(), "speed".to_owned()),
    ];
    let asked = Asked::new(method, target, headers, body);
    let answer = server::answer(world, super::Service::Graph, &asked);
    assert_eq!(answer.status, 200, "{target}");
    let objects = answer.objects;
    match answer.content {
        Content::Raw(text) => (text, objects),
        Content::Json(json) => (json.to_string(), objects),
        _ => panic!("no JSON"),
    }
}

/// Follows a chain for so many pages, and gives the objects.
fn chain(world: &World, start: &str, pages: usize) -> (u64, u64) {
    let mut target = start.to_owned();
    let (mut all, mut bytes) = (0, 0);
    for _ in 0..pages {
        let (text, objects) = ask(world, Method::GET, &target, b"");
        all += u64::from(objects);
        bytes += text.len() as u64;
        let Some(at) = text.find("\"@odata.nextLink\":\"http://127.0.0.1:1") else { break };
        let link = &text[at + 37..];
        target = link[..link.find('"').unwrap()].to_owned();
    }
    (all, bytes)
}

#[test]
#[ignore = "measures"]
fn a_large_tenant_is_served() {
    let world = world(500_000, 150_000);
    let id = |kind, index| world.seed.id(Ref { kind, index });
    let report = |what: &str, unit: &str, work: &dyn Fn() -> (u64, u64)| {
        let start = Instant::now();
        let (objects, bytes) = work();
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{what}: {:.0} {unit}/s, {:.0} MB/s ({objects} in {seconds:.2} s)",
            objects as f64 / seconds,
            bytes as f64 / 1e6 / seconds
        );
    };
    let names = "id,displayName,userPrincipalName,mail,givenName,surname,jobTitle,department,companyName,employeeId,\
                 mobilePhone,businessPhones,officeLocation,preferredLanguage,usageLocation,userType,externalUserState,\
                 accountEnabled,createdDateTime,onPremisesSyncEnabled";
    report("users", "users", &|| chain(&world, &format!("/v1.0/users?$select={names}&$top=999"), 100));
    report("groups", "groups", &|| chain(&world, "/v1.0/groups?$select=id,displayName,mail,groupTypes&$top=999", 20));
    let everybody = format!("/v1.0/groups/{}/members?$select=id&$top=999", id(Kind::Group, 0));
    report("members of a large group", "members", &|| chain(&world, &everybody, 1000));
    report("expansions in batches", "objects", &|| {
        let (mut all, mut bytes) = (0, 0);
        for batch in 0..100u32 {
            let item = |n: u32| {
                let start = (batch * 20 + n) * 15;
                let ids: Vec<String> = (start..start + 15).map(|g| id(Kind::Group, g)).collect();
                let filter = ids.join("','");
                json!({ "id": n.to_string(), "method": "GET",
                        "url": format!("/groups?$select=id&$filter=id in ('{filter}')&$expand=members($select=id)") })
            };
            let body = json!({ "requests": (0..20).map(item).collect::<Vec<Value>>() }).to_string();
            let (text, objects) = ask(&world, Method::POST, "/v1.0/$batch", body.as_bytes());
            all += u64::from(objects);
            bytes += text.len() as u64;
        }
        (all, bytes)
    });
    report("first members in batches", "members", &|| {
        let (mut all, mut bytes) = (0, 0);
        for batch in 0..200u32 {
            let item = |n: u32| {
                let group = id(Kind::Group, 100 + batch * 20 + n);
                json!({ "id": n.to_string(), "method": "GET", "url": format!("/groups/{group}/members?$select=id&$top=999") })
            };
            let body = json!({ "requests": (0..20).map(item).collect::<Vec<Value>>() }).to_string();
            let (text, objects) = ask(&world, Method::POST, "/v1.0/$batch", body.as_bytes());
            all += u64::from(objects);
            bytes += text.len() as u64;
        }
        (all, bytes)
    });
    report("delta of groups", "objects and links", &|| {
        chain(&world, "/v1.0/groups/delta?$select=displayName,members", 100)
    });
    let start = Instant::now();
    world.advance();
    println!("a step: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
}
