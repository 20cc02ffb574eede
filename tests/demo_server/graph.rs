use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tenantry::demo::Service;

use super::client::{Asker, id};

const USERS: u32 = 300;
const GROUPS: u32 = 80;

/// Group → (member → type).
type Memberships = BTreeMap<String, BTreeMap<String, String>>;

fn memberships(lines: &[Value]) -> Memberships {
    let mut all = Memberships::new();
    for line in lines {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        assert_eq!(all.entry(text("group")).or_default().insert(text("member"), text("@odata.type")), None);
    }
    all
}

#[tokio::test]
async fn lists_and_memberships_are_the_seeds_own() {
    let asker = Asker::new("default", USERS, GROUPS).await;
    for steps in 0..3 {
        let truth = asker.truth("default", USERS, GROUPS, steps);
        let whole =
            |objects: &[Value]| -> BTreeMap<String, Value> { objects.iter().map(|o| (id(o), o.clone())).collect() };

        // Everything that the truth knows of a user, selected by name.
        let names: Vec<&str> =
            truth.users[0].as_object().unwrap().keys().map(String::as_str).filter(|n| !n.starts_with('@')).collect();
        let users = asker.all(&format!("/users?$select={}&$top=37", names.join(","))).await;
        assert_eq!(users.len(), truth.users.len());
        assert_eq!(whole(&users), whole(&truth.users));
        let groups = asker.all("/groups?$top=7").await;
        assert_eq!(groups.len(), truth.groups.len());
        assert_eq!(whole(&groups), whole(&truth.groups));
        assert_eq!(asker.all("/organization").await, [truth.organization]);

        let mut read = Memberships::new();
        let ids: Vec<String> = groups.iter().map(id).collect();
        for chunk in ids.chunks(20) {
            let urls: Vec<String> = chunk.iter().map(|g| format!("/groups/{g}/members?$select=id&$top=50")).collect();
            for (group, answer) in chunk.iter().zip(asker.batch(&urls).await) {
                assert_eq!(answer["status"], json!(200));
                let mut members = answer["body"]["value"].as_array().unwrap().clone();
                if let Some(link) = answer["body"]["@odata.nextLink"].as_str() {
                    members.extend(asker.all(link).await);
                }
                let cast = format!("/groups/{group}/members/microsoft.graph.servicePrincipal?$select=id");
                let unified = groups.iter().any(|g| id(g) == *group && g["groupTypes"].to_string().contains("Unified"));
                if unified {
                    asker.get(&cast).await.refused(400, "Request_UnsupportedQuery");
                } else {
                    for mut principal in asker.all(&cast).await {
                        assert_eq!(principal.get("@odata.type"), None, "the reader has the type from its own request");
                        principal["@odata.type"] = json!("#microsoft.graph.servicePrincipal");
                        members.push(principal);
                    }
                }
                for member in members {
                    assert_eq!(member.as_object().unwrap().len(), 2, "{member}");
                    let kind = member["@odata.type"].as_str().unwrap().to_owned();
                    assert_eq!(
                        read.entry(group.clone()).or_default().insert(id(&member), kind),
                        None,
                        "twice: {member}"
                    );
                }
            }
        }
        let mut ghosts = 0;
        for (group, member) in truth.ghosts.iter().map(|g| (&g["group"], &g["member"])) {
            let member = member.as_str().unwrap();
            assert!(read.get_mut(group.as_str().unwrap()).unwrap().remove(member).is_some(), "a ghost is listed");
            asker.get(&format!("/directoryObjects/{member}")).await.refused(404, "Request_ResourceNotFound");
            asker.get(&format!("/users/{member}")).await.refused(404, "Request_ResourceNotFound");
            ghosts += 1;
        }
        assert!(ghosts >= 3);
        read.retain(|_, members| !members.is_empty());
        assert_eq!(read, memberships(&truth.members));

        // Everybody else is found by id.
        let others: Vec<String> = truth.others.iter().map(id).collect();
        assert!(others.len() > 30);
        let found = asker.post("/directoryObjects/getByIds", json!({ "ids": others })).await.ok().json();
        assert_eq!(whole(found["value"].as_array().unwrap()), whole(&truth.others));
        asker.demo.advance();
    }
}

#[tokio::test]
async fn pages_are_cut_as_documented() {
    let asker = Asker::new("default", 2_500, 60).await;
    let size = async |path: &str| {
        let page = asker.get(path).await.ok().json();
        (page["value"].as_array().unwrap().len(), page.get("@odata.nextLink").is_some())
    };
    assert_eq!(size("/users").await, (100, true));
    assert_eq!(size("/users?$top=999").await, (999, true));
    assert_eq!(size("/users?$top=1").await, (1, true));
    assert_eq!(size("/groups").await, (60, false));
    assert_eq!(size("/groups?$top=60").await, (60, false));
    let everybody = id(&asker.get("/groups?$top=1").await.json()["value"][0]);
    assert_eq!(size(&format!("/groups/{everybody}/members")).await, (100, true));
    assert_eq!(size(&format!("/groups/{everybody}/members?$top=999")).await, (999, true));
    let words = |n: &str| format!("Invalid page size specified: '{n}'. Must be between 1 and 999 inclusive.");
    for bad in ["0", "1000", "-1"] {
        let reply = asker.get(&format!("/users?$top={bad}")).await;
        reply.refused(400, "Request_UnsupportedQuery");
        assert_eq!(reply.message(), words(bad));
    }
    asker.get("/users?$top=x").await.refused(400, "BadRequest");

    // A nextLink is absolute, repeats the options, and holds for them only.
    let page = asker.get("/users?$top=5&$select=id,mail").await.json();
    let link = page["@odata.nextLink"].as_str().unwrap();
    let start = format!("{}/v1.0/users?$top=5&$select=id,mail&$skiptoken=RFNwd", asker.demo.graph_url);
    assert!(link.starts_with(&start), "{link}");
    asker.get(&link.replace("$top=5", "$top=6")).await.refused(400, "Request_BadRequest");
    asker.get("/users?$skiptoken=5").await.refused(400, "Request_BadRequest");
    // Followed twice, it gives the same page.
    assert_eq!(asker.get(link).await.json()["value"], asker.get(link).await.json()["value"]);
}

#[tokio::test]
async fn select_gives_what_it_names() {
    let asker = Asker::new("default", USERS, GROUPS).await;
    let names = async |path: &str| -> Vec<String> {
        asker.get(path).await.ok().json()["value"][0].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names("/users?$top=1&$select=mail").await, ["id", "mail"]);
    assert_eq!(names("/users?$top=1&$select=DISPLAYNAME,id").await, ["displayName", "id"]);
    assert_eq!(names("/users?$top=1&$select=assignedLicenses").await, ["assignedLicenses", "id"]);
    assert_eq!(names("/users?$top=1").await.len(), 11);
    asker.get("/users?$select=shoeSize").await.refused(400, "BadRequest");
    asker.get("/users?$select=aboutMe").await.refused(501, "NotImplemented");
    asker.get("/users?$select=signInActivity").await.refused(403, "Authorization_RequestDenied");
    let context = asker.get("/users?$top=1&$select=id,mail").await.json()["@odata.context"].clone();
    assert_eq!(context, json!(format!("{}/v1.0/$metadata#users(id,mail)", asker.demo.graph_url)));

    // In a mixed list, names that a type lacks and names in another case are ignored.
    let everybody = id(&asker.get("/groups?$top=1").await.json()["value"][0]);
    let path = format!("/groups/{everybody}/members?$top=1&$select=displayName,DEPARTMENT,deviceId");
    assert_eq!(names(&path).await, ["@odata.type", "displayName", "id"]);
}

#[tokio::test]
async fn counts_need_their_header() {
    let asker = Asker::new("default", USERS, GROUPS).await;
    for path in ["/users/$count", "/groups/$count"] {
        asker.get(path).await.refused(400, "Request_BadRequest");
        let reply = asker.get_eventual(path).await.ok();
        assert_eq!(reply.headers["content-type"], "text/plain");
        assert_eq!(reply.text, if path == "/users/$count" { "300" } else { "80" });
    }
    let counted = asker.get_eventual("/users?$count=true&$top=5").await.json();
    assert_eq!(counted["@odata.count"], json!(300));
    let link = counted["@odata.nextLink"].as_str().unwrap();
    assert_eq!(asker.get_eventual(link).await.json().get("@odata.count"), None, "on the first page only");
    assert_eq!(asker.get("/users?$count=true&$top=5").await.json().get("@odata.count"), None);

    // The count of members knows the service principals that the list leaves out.
    let mut differ = 0;
    for group in asker.all("/groups?$select=id").await {
        let path = format!("/groups/{}/members", id(&group));
        let listed = asker.all(&path).await.len();
        let count: usize = asker.get_eventual(&format!("{path}/$count")).await.ok().text.parse().unwrap();
        assert!(count >= listed);
        differ += usize::from(count > listed);
    }
    assert!(differ >= 4, "{differ}");
}

#[tokio::test]
async fn filters_take_fifteen_ids_and_leave_out_who_is_gone() {
    let asker = Asker::new("default", USERS, GROUPS).await;
    let ghost = asker.truth("default", USERS, GROUPS, 0).ghosts[0]["member"].as_str().unwrap().to_owned();
    for list in ["users", "groups", "contacts", "devices", "servicePrincipals"] {
        let mut ids: Vec<String> =
            asker.get(&format!("/{list}?$top=14")).await.json()["value"].as_array().unwrap().iter().map(id).collect();
        let filter = |ids: &[String]| format!("/{list}?$select=id&$filter=id in ('{}')", ids.join("','"));
        let all: BTreeSet<String> = ids.iter().cloned().collect();
        ids.push(ghost.clone());
        let found = asker.get(&filter(&ids)).await.ok().json();
        assert_eq!(found["value"].as_array().unwrap().iter().map(id).collect::<BTreeSet<_>>(), all);
        ids.resize(16, ghost.clone());
        let reply = asker.get(&filter(&ids)).await;
        reply.refused(400, "Request_UnsupportedQuery");
        assert!(reply.message().ends_with("containing 'OR' operators: 16. Max allowed: 15"));
    }
    asker.get("/users?$filter=city eq 'Paris'").await.refused(400, "Request_UnsupportedQuery");
    asker.get("/users?$orderby=displayName").await.refused(400, "Request_UnsupportedQuery");
    asker.get("/users?$skip=5").await.refused(400, "Request_UnsupportedQuery");
}

#[tokio::test]
async fn expand_shows_twenty_and_marks_nothing() {
    let asker = Asker::new("default", USERS, 150).await;
    let truth = memberships(&asker.truth("default", USERS, 150, 0).members);
    let page = asker.get("/groups?$select=id&$top=999&$expand=members($select=id)").await.ok().json();
    let groups = page["value"].as_array().unwrap();
    assert_eq!(groups.len(), 100, "$top is cut to 100 without a word");
    let (mut cut, mut whole) = (0, 0);
    for group in groups {
        let members = group["members"].as_array().unwrap();
        let all = truth.get(&id(group)).map_or(0, BTreeMap::len);
        assert_eq!(group.as_object().unwrap().len(), 2);
        if all > 20 {
            assert_eq!(members.len(), 20);
            cut += 1;
        } else {
            assert!(members.len() >= all.min(20) && members.len() <= 20);
            whole += 1;
        }
    }
    assert!(cut > 5 && whole > 50);
    let advanced = asker.get_eventual("/groups?$count=true&$expand=members").await;
    advanced.refused(400, "Request_UnsupportedQuery");
}

#[tokio::test]
async fn casts_list_one_kind() {
    let asker = Asker::new("default", USERS, GROUPS).await;
    let truth = asker.truth("default", USERS, GROUPS, 0);
    let all = memberships(&truth.members);
    let (mixed, kinds) = all
        .iter()
        .find(|(_, m)| m.values().collect::<BTreeSet<_>>().len() == 5)
        .map(|(group, members)| (group, members.values().cloned().collect::<BTreeSet<_>>()))
        .unwrap();
    for kind in kinds {
        let name = kind.trim_start_matches('#');
        let listed = asker.all(&format!("/groups/{mixed}/members/{name}?$select=id")).await;
        let want = all[mixed].values().filter(|k| **k == kind).count();
        assert_eq!(listed.len(), want, "{name}");
        let count = asker.get_eventual(&format!("/groups/{mixed}/members/{name}/$count")).await.ok().text;
        assert_eq!(count, want.to_string());
    }
    asker
        .get(&format!("/groups/{mixed}/members/microsoft.graph.printer"))
        .await
        .refused(400, "Request_UnsupportedQuery");
    // The beta endpoint lists service principals with the others.
    let url = format!("{}/beta/groups/{mixed}/members?$select=id", asker.demo.graph_url);
    assert_eq!(asker.all(&url).await.len(), all[mixed].len());
}

#[tokio::test]
async fn get_by_ids_takes_a_thousand() {
    let asker = Asker::new("default", 1200, GROUPS).await;
    let ids: Vec<String> = asker.all("/users?$select=id&$top=999").await.iter().map(id).collect();
    let path = "/directoryObjects/getByIds";
    let found = asker.post(path, json!({ "ids": ids[..1000] })).await.ok();
    assert_eq!(found.json()["value"].as_array().unwrap().len(), 1000);
    assert_eq!(found.headers["x-ms-resource-unit"], "5");
    let reply = asker.post(path, json!({ "ids": ids[..1001] })).await;
    reply.refused(400, "Request_BadRequest");
    assert_eq!(reply.message(), "Number of included identifiers cannot exceed '1000'.");
    let few = asker.post(&format!("{path}?$select=id,mail"), json!({ "ids": ids[..2], "types": ["user"] })).await.ok();
    assert_eq!(few.headers["x-ms-resource-unit"], "2");
    let names: Vec<String> = few.json()["value"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["@odata.type", "id", "mail"]);
    let none = asker.post(path, json!({ "ids": ids[..2], "types": ["device"] })).await.ok().json();
    assert_eq!(none["value"], json!([]));
    asker.post(path, json!({ "ids": ["x"] })).await.refused(400, "Request_BadRequest");
    asker.post(path, json!({})).await.refused(400, "Request_BadRequest");
}

#[tokio::test]
async fn single_objects_are_found_by_id_and_by_name() {
    let asker = Asker::new("default", USERS, GROUPS).await;
    let users = asker.all("/users?$top=999").await;
    let guest = users.iter().find(|u| u["userPrincipalName"].as_str().unwrap().contains("#EXT#")).unwrap();
    let name = guest["userPrincipalName"].as_str().unwrap().replace('#', "%23").to_uppercase();
    assert_eq!(id(&asker.get(&format!("/users/{name}")).await.ok().json()), id(guest));
    for user in &users[..5] {
        let got = asker.get(&format!("/directoryObjects/{}", id(user))).await.ok().json();
        assert_eq!(got["displayName"], user["displayName"]);
    }
    asker.get("/users/nobody@nowhere.example").await.refused(404, "Request_ResourceNotFound");
    asker.get("/groups/x").await.refused(400, "Request_BadRequest");
    asker.get(&format!("/groups/{}", id(&users[0]))).await.refused(404, "Request_ResourceNotFound");
    asker.get(&format!("/groups/{}/members", id(&users[0]))).await.refused(404, "Request_ResourceNotFound");
}

#[tokio::test]
async fn requests_cost_what_is_documented() {
    let asker = Asker::new("default", USERS, GROUPS).await;
    let everybody = id(&asker.get("/groups?$top=1").await.json()["value"][0]);
    let members = format!("/groups/{everybody}/members");
    let check = async |path: &str, units: &str| {
        assert_eq!(asker.get_eventual(path).await.ok().headers["x-ms-resource-unit"], units, "{path}");
    };
    check("/organization", "1").await;
    check("/users", "2").await;
    check("/users?$select=id", "1").await;
    check("/users?$select=id&$top=5", "1").await;
    check("/users/$count", "1").await;
    check("/groups", "1").await;
    check("/groups?$expand=members", "2").await;
    check("/groups?$expand=members&$select=id", "1").await;
    check(&members, "3").await;
    check(&format!("{members}?$select=id&$top=999"), "2").await;
    check(&format!("{members}?$select=id&$top=19"), "1").await;
    check("/devices", "1").await;
    let totals = asker.demo.totals(Service::Graph);
    assert_eq!((totals.requests, totals.resource_units), (13, 18));
}

#[tokio::test]
async fn batches_are_judged_item_by_item() {
    let asker = Asker::new("default", USERS, GROUPS).await;
    let reply = asker
        .post(
            "/$batch",
            json!({ "requests": [
            { "id": "a", "method": "GET", "url": "/users?$select=id&$top=3" },
            { "id": "b", "method": "GET", "url": "users/$count", "headers": { "ConsistencyLevel": "eventual" } },
            { "id": "c", "method": "GET", "url": "/groups/84841066-274d-4ec0-a5c1-276be684bdd3/members" },
            { "id": "d", "method": "DELETE", "url": "/users" },
            { "id": "e", "method": "GET", "url": "/me" },
            { "id": "f", "method": "GET", "url": "/organization", "dependsOn": ["c"] },
            { "id": "g", "method": "GET", "url": "/organization", "dependsOn": ["a"] },
            { "id": "h", "method": "POST", "url": "/directoryObjects/getByIds",
              "headers": { "Content-Type": "application/json" }, "body": { "ids": [] } },
        ] }),
        )
        .await
        .ok()
        .json();
    let responses = reply["responses"].as_array().unwrap();
    let order: Vec<&str> = responses.iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_ne!(order, ["a", "b", "c", "d", "e", "f", "g", "h"], "out of order");
    let by_id = |id: &str| responses.iter().find(|r| r["id"] == json!(id)).unwrap();
    let statuses: Vec<u64> = "abcdefgh".chars().map(|c| by_id(&c.to_string())["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 200, 404, 405, 400, 424, 200, 200]);
    assert_eq!(by_id("a")["headers"]["x-ms-resource-unit"], json!("1"));
    assert_eq!(by_id("d")["headers"]["x-ms-resource-unit"], json!("1"), "a refused item is billed");
    assert!(by_id("a")["body"]["@odata.nextLink"].as_str().unwrap().starts_with(asker.demo.graph_url.as_str()));
    assert_eq!(by_id("b")["body"], json!(300));
    assert_eq!(by_id("c")["body"]["error"]["code"], json!("Request_ResourceNotFound"));
    let totals = asker.demo.totals(Service::Graph);
    assert_eq!((totals.requests, totals.items), (1, 8));

    let get = |id: usize| json!({ "id": id.to_string(), "method": "GET", "url": "/users?$top=1" });
    let refused = async |requests: Value| {
        asker.post("/$batch", json!({ "requests": requests })).await.refused(400, "BadRequest");
    };
    refused((0..21).map(get).collect()).await;
    refused(json!([get(1), get(1)])).await;
    refused(json!([{ "id": "A", "method": "GET", "url": "/x" }, { "id": "a", "method": "GET", "url": "/x" }])).await;
    refused(json!([])).await;
    refused(json!([{ "method": "GET", "url": "/users" }])).await;
    refused(json!([{ "id": "1", "method": "GET" }])).await;
    refused(json!([{ "id": "1", "method": "GET", "url": "https://evil.example/users" }])).await;
    refused(json!([{ "id": "1", "method": "POST", "url": "/x", "body": {} }])).await;
    assert_eq!(asker.batch(&(0..20).map(|_| "/users?$top=1".to_owned()).collect::<Vec<_>>()).await.len(), 20);
}

#[tokio::test]
async fn whoever_has_no_token_gets_nothing() {
    let mut asker = Asker::new("default", 20, 5).await;
    let good = asker.token.clone();
    let check = async |asker: &Asker, message: &str| {
        let reply = asker.get("/users").await;
        reply.refused(401, "InvalidAuthenticationToken");
        assert_eq!(reply.message(), message);
        assert!(reply.headers["www-authenticate"].starts_with("Bearer realm="));
    };
    for (token, message) in [
        ("", "Access token is empty."),
        ("nonsense", "CompactToken parsing failed with error code: 80049217"),
        ("a.b.c", "Access token validation failure. Invalid audience."),
    ] {
        asker.token = token.to_owned();
        check(&asker, message).await;
    }
    asker.token = good + "x";
    check(&asker, "Access token validation failure. Invalid audience.").await;
}

#[tokio::test]
async fn errors_and_answers_carry_the_documented_envelope() {
    let asker = Asker::new("default", 20, 5).await;
    let client = "2acaecc3-8a69-05af-0aaa-64221279c44c";
    let error = asker.try_get("/nothing", &[("client-request-id", client)]).await.unwrap();
    error.refused(400, "BadRequest");
    assert_eq!(error.message(), "Resource not found for the segment 'nothing'.");
    let inner = error.json()["error"]["innerError"].clone();
    assert_eq!(inner["client-request-id"], json!(client));
    assert_eq!(inner["request-id"], json!(error.headers["request-id"]));
    assert_eq!(inner["date"].as_str().unwrap().len(), 19);
    let fine = asker.try_get("/users", &[("client-request-id", client)]).await.unwrap().ok();
    assert_eq!(fine.headers["client-request-id"], client);
    assert_eq!(fine.headers["odata-version"], "4.0");
    assert!(fine.headers["content-type"].starts_with("application/json;odata.metadata=minimal"));
    assert!(fine.headers["x-ms-ags-diagnostic"].starts_with("{\"ServerInfo\""));
    assert_ne!(fine.headers["request-id"], error.headers["request-id"]);
    for path in ["/users", "/groups", "/organization", "/devices"] {
        asker.post(path, json!({})).await.refused(405, "Request_BadRequest");
    }
    asker.get("/directoryObjects/getByIds").await.refused(405, "Request_BadRequest");
}

#[tokio::test]
async fn what_the_app_may_not_read_is_refused_or_empty_of_properties() {
    let asker = Asker::new("forbidden-users", USERS, GROUPS).await;
    asker.get("/users").await.refused(403, "Authorization_RequestDenied");
    asker.get_eventual("/users/$count").await.refused(403, "Authorization_RequestDenied");
    asker.get("/organization").await.ok();
    let groups = asker.all("/groups?$top=999").await;
    let members = asker.all(&format!("/groups/{}/members?$top=999", id(&groups[0]))).await;
    // All but the three who belong to nothing.
    assert_eq!(members.len(), 297);
    for member in &members {
        let set: Vec<&String> =
            member.as_object().unwrap().iter().filter(|(_, v)| !v.is_null()).map(|(n, _)| n).collect();
        assert_eq!(set, ["@odata.type", "id"]);
        assert_eq!(member["displayName"], Value::Null);
    }
    asker.get(&format!("/directoryObjects/{}", id(&members[0]))).await.refused(403, "Authorization_RequestDenied");
    asker.post("/directoryObjects/getByIds", json!({ "ids": [] })).await.refused(403, "Authorization_RequestDenied");
    for (scenario, path) in [("forbidden-groups", "/groups"), ("forbidden-organization", "/organization")] {
        let asker = Asker::new(scenario, USERS, GROUPS).await;
        asker.get(path).await.refused(403, "Authorization_RequestDenied");
        asker.get("/users").await.ok();
    }
}
