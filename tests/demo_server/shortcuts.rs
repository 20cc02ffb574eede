//! Filters, expansions, batches and totals: as documented, and in every way in which they may turn out differently.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Value, json};
use tenantry::demo::{self, DemoConfig, Latency};

use super::client::{Asker, config, id};

const USERS: u32 = 300;
const GROUPS: u32 = 90;
const EXPANDED: &str = "/groups?$select=id&$expand=members($select=id)";

fn members(group: &Value) -> BTreeSet<String> {
    group["members"].as_array().into_iter().flatten().map(id).collect()
}

/// What a group lists, service principals among it, as the truth knows it.
fn truth(asker: &Asker) -> BTreeMap<String, BTreeSet<String>> {
    let truth = asker.truth("default", USERS, GROUPS, 0);
    let mut all: BTreeMap<String, BTreeSet<String>> = truth.groups.iter().map(|g| (id(g), BTreeSet::new())).collect();
    for line in truth.members.iter().chain(&truth.ghosts) {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        all.get_mut(&text("group")).unwrap().insert(text("member"));
    }
    all
}

async fn expanded(scenario: &str) -> (Asker, BTreeMap<String, BTreeSet<String>>) {
    let asker = Asker::new(scenario, USERS, GROUPS).await;
    let groups = asker.all(EXPANDED).await;
    let all = groups.iter().map(|g| (id(g), members(g))).collect();
    (asker, all)
}

#[tokio::test]
async fn an_expansion_shows_as_many_as_the_scenario_says_and_marks_nothing() {
    for (scenario, cap) in [("default", 20), ("expand-ten", 10), ("expand-hundred", 100)] {
        let (asker, shown) = expanded(scenario).await;
        let truth = truth(&asker);
        for (group, members) in &shown {
            let all = &truth[group];
            assert_eq!(members.len(), all.len().min(cap), "{scenario}");
            assert!(members.is_subset(all));
        }
        assert!(shown.values().filter(|m| m.len() == cap).count() > 3);
    }
}

#[tokio::test]
async fn an_expansion_that_lies_lies_as_the_scenario_says() {
    let (asker, shown) = expanded("expand-loses").await;
    let truth = truth(&asker);
    let lost = |g: &&String| shown[*g].len() < 20 && shown[*g].len() < truth[*g].len();
    let losers = truth.keys().filter(lost).count();
    assert!((10..60).contains(&losers), "{losers}");
    assert!(
        truth.iter().any(|(g, all)| all.len() == 15 && shown[g].len() == 12 || all.len() == 10 && shown[g].len() == 8)
    );

    let principals: BTreeSet<String> = asker.all("/servicePrincipals?$select=id").await.iter().map(id).collect();
    for (scenario, full) in [("expand-no-principals", 20), ("expand-cuts-first", 19)] {
        let (_, shown) = expanded(scenario).await;
        let mut shorter = 0;
        for (group, members) in &shown {
            assert!(members.is_disjoint(&principals), "{scenario}");
            let all = truth[group].len();
            let listed = truth[group].difference(&principals).count();
            shorter += usize::from(all > 20 && listed >= 20 && members.len() == full);
        }
        assert!(shorter > 0, "{scenario}");
    }

    let asker = Asker::new("expand-omits", USERS, GROUPS).await;
    let ids: Vec<String> = asker.all("/groups?$select=id").await.iter().map(id).collect();
    let ask = async |ids: &[String]| {
        let filter = format!("{EXPANDED}&$filter=id in ('{}')", ids.join("','"));
        asker.get(&filter).await.ok().json()["value"].as_array().unwrap().iter().map(id).collect::<BTreeSet<_>>()
    };
    let mut omitted = Vec::new();
    for chunk in ids.chunks(15) {
        let answered = ask(chunk).await;
        omitted.extend(chunk.iter().filter(|i| !answered.contains(*i)).cloned());
    }
    assert_eq!(omitted.len(), GROUPS as usize / 7);
    for one in omitted {
        assert_eq!(ask(std::slice::from_ref(&one)).await.len(), 1, "asked for alone it is answered");
    }
}

#[tokio::test]
async fn what_is_refused_is_refused_as_the_scenario_says() {
    let item = async |scenario: &str| {
        let asker = Asker::new(scenario, 30, 20).await;
        let alone = asker.get(EXPANDED).await;
        let one = asker.batch(&[EXPANDED.to_owned()]).await.remove(0);
        (alone.status, one["status"].as_u64().unwrap())
    };
    assert_eq!(item("default").await, (200, 200));
    assert_eq!(item("expand-refused").await, (400, 400));
    assert_eq!(item("expand-not-implemented").await, (501, 501));
    assert_eq!(item("expand-not-in-batch").await, (200, 400));
    for (scenario, status) in [("no-batch", 404), ("batch-refused", 400)] {
        let asker = Asker::new(scenario, 30, 20).await;
        let body = json!({ "requests": [{ "id": "1", "method": "GET", "url": "/users" }] });
        assert_eq!(asker.post("/$batch", body).await.status, status);
        asker.get("/users").await.ok();
    }
    for path in ["/users/delta", "/groups/delta?$deltatoken=latest"] {
        Asker::new("no-delta", 30, 20).await.get(path).await.refused(400, "Request_BadRequest");
    }
}

#[tokio::test]
async fn hidden_members_are_missing_in_expansions_and_deltas() {
    for (scenario, key) in [("hidden-groups", false), ("hidden-groups-empty", true)] {
        let asker = Asker::new(scenario, USERS, GROUPS).await;
        let groups = asker.all("/groups?$select=id,visibility&$expand=members($select=id)").await;
        let hidden: Vec<&Value> = groups.iter().filter(|g| g["visibility"] == json!("HiddenMembership")).collect();
        assert_eq!(hidden.len(), 2);
        assert!(hidden.iter().all(|g| g.get("members").is_some() == key && members(g).is_empty()));
        let page = asker.get("/groups/delta?$select=visibility,members").await.ok().json();
        for group in page["value"].as_array().unwrap() {
            let is_hidden = group["visibility"] == json!("HiddenMembership");
            assert!(!is_hidden || group.get("members@delta").is_none(), "{group}");
        }
    }
}

#[tokio::test]
async fn filters_split_the_users_and_need_their_parameters() {
    let asker = Asker::new("default", USERS, GROUPS).await;
    let all: BTreeSet<String> = asker.all("/users?$select=id&$top=999").await.iter().map(id).collect();
    let mut split = BTreeSet::new();
    let starts: Vec<char> = ('a'..='z').chain('0'..='9').collect();
    let encoded = |text: &str| text.replace('%', "%25").replace('+', "%2B").replace('&', "%26").replace('#', "%23");
    for start in &starts {
        let path = format!("/users?$select=id&$top=20&$filter=startswith(userPrincipalName,'{start}')");
        for user in asker.all(&path).await {
            assert!(split.insert(id(&user)), "in one part only");
        }
    }
    // Names start with anything: the rest are those that start with none of these.
    assert!(split.len() < all.len() && split.len() + 12 > all.len(), "{} of {}", split.len(), all.len());
    let nots: Vec<String> = starts.iter().map(|s| format!("startswith(userPrincipalName,'{s}')")).collect();
    let rest = format!("/users?$select=id&$count=true&$filter=not({})", encoded(&nots.join(" or ")));
    asker.get(&rest).await.refused(400, "Request_UnsupportedQuery");
    let rest = asker.get_eventual(&rest).await.ok().json();
    assert_eq!(rest["@odata.count"], json!(all.len() - split.len()));
    split.extend(rest["value"].as_array().unwrap().iter().map(id));
    assert_eq!(split, all);
    let range = "/users?$select=id&$count=true&$filter=userPrincipalName ge 'a' and userPrincipalName lt 'b'";
    asker.get(range).await.refused(400, "Request_UnsupportedQuery");
    asker.get_eventual(range).await.ok();

    // A guest's name keeps its sign, quotes are doubled.
    let quote = asker.all("/users?$select=userPrincipalName&$filter=startswith(userPrincipalName,'''')").await;
    assert_eq!(quote.len(), 1);
    let hash = asker.all("/users?$select=userPrincipalName&$filter=startswith(userPrincipalName,'%23')").await;
    assert!(hash[0]["userPrincipalName"].as_str().unwrap().starts_with('#'));
    let secure = asker.all("/groups?$select=securityEnabled&$filter=securityEnabled eq true").await;
    assert!(secure.len() > 20 && secure.iter().all(|g| g["securityEnabled"] == json!(true)));
    let printers = asker.all("/groups?$select=displayName&$filter=displayName eq 'Printers'").await;
    assert_eq!(printers.len(), 2);
    // A link of a filtered list goes on where the page ended.
    let expiring = Asker::new("expired-filters", USERS, GROUPS).await;
    let path = "/users?$select=id&$top=5&$filter=startswith(userPrincipalName,'a')";
    let page = expiring.get(path).await.ok().json();
    expiring.get(page["@odata.nextLink"].as_str().unwrap()).await.refused(400, "Directory_ExpiredPageToken");
    let page = expiring.get_eventual(&format!("{path}&$count=true")).await.ok().json();
    expiring.get_eventual(page["@odata.nextLink"].as_str().unwrap()).await.ok();
}

#[tokio::test]
async fn totals_drift_and_clocks_are_off() {
    let asker = Asker::new("count-drift", 50, 20).await;
    assert_eq!(asker.get_eventual("/users/$count").await.ok().text, "57");
    assert_eq!(asker.get_eventual("/groups?$count=true&$top=3").await.json()["@odata.count"], json!(27));
    let asker = Asker::new("clock-skew", 50, 20).await;
    let date = asker.get("/users").await.headers["date"].clone();
    let date = jiff::fmt::rfc2822::parse(&date).unwrap().timestamp();
    let off = date.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((590..=600).contains(&off), "{off}");
}

#[tokio::test]
async fn the_link_of_a_repeated_request_leads_nowhere() {
    let asker = Asker::new("retried-links", 300, 60).await;
    let path = "/users?$select=id";
    let first = asker.get(path).await.ok().json();
    let second = first["@odata.nextLink"].as_str().unwrap();
    assert!(asker.try_get(second, &[]).await.is_err(), "the connection breaks");
    let link = |page: Value| page["@odata.nextLink"].as_str().unwrap().to_owned();
    let retried = link(asker.get(second).await.ok().json());
    asker.get(&retried).await.refused(400, "DirectoryPageTokenNotFoundException");
    // The last link that is known to be good is: asked once more, it is followed by one that holds.
    let (mut again, mut good) = (String::new(), 0);
    while good < 2 {
        match asker.try_get(second, &[]).await {
            Ok(reply) if reply.status == 200 => (again, good) = (link(reply.json()), good + 1),
            _ => good = 0,
        }
    }
    while asker.get(&again).await.status == 503 {}
    asker.get(&again).await.ok();

    // In a batch that breaks as a whole, too.
    let asker = Asker::new("retried-links", 300, 60).await;
    let everybody = id(&asker.get("/groups?$top=1").await.json()["value"][0]);
    assert!(asker.try_get("/groups?$top=1", &[]).await.is_err());
    let urls = [format!("/groups/{everybody}/members?$select=id")];
    let good = asker.batch(&urls).await.remove(0);
    asker.get(good["body"]["@odata.nextLink"].as_str().unwrap()).await.ok();
    let body = json!({ "requests": [{ "id": "0", "method": "GET", "url": urls[0] }] });
    let url = format!("{}/v1.0/$batch", asker.demo.graph_url);
    let broken = asker.http.post(url).bearer_auth(&asker.token).json(&body).send().await;
    assert!(Asker::read(broken).await.is_err());
    let retried = asker.batch(&urls).await.remove(0);
    let link = retried["body"]["@odata.nextLink"].as_str().unwrap();
    let mut reply = asker.get(link).await;
    while reply.status == 503 {
        reply = asker.get(link).await;
    }
    reply.refused(400, "DirectoryPageTokenNotFoundException");
}

#[tokio::test]
async fn delta_tokens_die_in_three_forms() {
    for (scenario, status, code) in [
        ("delta-not-found", 400, "syncStateNotFound"),
        ("delta-too-old", 400, "Request_UnsupportedQuery"),
        ("delta-gone", 410, "resyncRequired"),
    ] {
        let asker = Asker::new(scenario, 50, 20).await;
        let latest = asker.get("/groups/delta?$deltatoken=latest&$select=displayName,members").await.ok().json();
        let link = latest["@odata.deltaLink"].as_str().unwrap();
        asker.get(link).await.ok();
        let reply = asker.get(link).await;
        reply.refused(status, code);
        let start = format!("{}/v1.0/groups/delta?$deltatoken=", asker.demo.graph_url);
        match scenario {
            "delta-gone" => {
                let location = &reply.headers["location"];
                assert_eq!(*location, format!("{start}&$select=displayName,members"));
                let fresh = asker.get(location).await.ok().json();
                assert!(fresh["value"].as_array().unwrap().len() >= 20, "an empty token begins from the beginning");
            }
            "delta-too-old" => assert_eq!(reply.message(), "DeltaLink older than 30 days is not supported."),
            _ => assert!(reply.message().starts_with("The sync state generation is not found.")),
        }
    }
}

#[tokio::test]
async fn three_of_twenty_items_are_refused_out_of_order() {
    let asker = Asker::new("batch-throttled", USERS, GROUPS).await;
    let groups = asker.all("/groups?$select=id").await;
    let urls: Vec<String> = groups[..20].iter().map(|g| format!("/groups/{}/members?$select=id", id(g))).collect();
    let items = asker.batch(&urls).await;
    let refused: Vec<usize> = (0..20).filter(|n| items[*n]["status"] == json!(429)).collect();
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(refused.iter().all(|n| items[*n]["headers"]["Retry-After"] == json!("2")));
}

#[tokio::test]
async fn the_tenant_moves_in_the_middle() {
    let config = config("moving", 300, 60);
    let asker = Asker::of(demo::start(config.clone()).await.unwrap()).await;
    let latest = asker.get("/users/delta?$deltatoken=latest&$select=displayName").await.ok().json();
    for _ in 0..12 {
        asker.get("/users?$select=id").await.ok();
    }
    let changed = asker.get(latest["@odata.deltaLink"].as_str().unwrap()).await.ok().json();
    assert!(changed["value"].as_array().unwrap().len() >= 3, "one step since the link");
    assert_eq!(asker.demo.advance(), 3, "two steps by themselves, and this one");
}

#[tokio::test(start_paused = true)]
async fn a_batch_takes_the_time_of_all_that_is_in_it() {
    let config = DemoConfig { latency: Latency::Scenario, ..config("figures", USERS, GROUPS) };
    let asker = Asker::of(demo::start(config).await.unwrap()).await;
    let took = async |work: std::pin::Pin<Box<dyn Future<Output = Value> + '_>>| {
        let before = tokio::time::Instant::now();
        let reply = work.await;
        (before.elapsed(), reply)
    };
    let body = json!({ "requests": [
        { "id": "1", "method": "GET", "url": format!("{EXPANDED}&$top=20") },
        { "id": "2", "method": "GET", "url": "/users?$select=id&$top=40" },
    ] });
    let (time, reply) = took(Box::pin(async { asker.post("/$batch", body).await.ok().json() })).await;
    let objects: usize = reply["responses"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|r| r["body"]["value"].as_array().unwrap())
        .map(|o| 1 + members(o).len())
        .sum();
    let want = Duration::from_millis(50) + Duration::from_micros(200) * u32::try_from(objects).unwrap();
    assert!(time >= want && time < want + Duration::from_millis(4), "{time:?} for {objects}");

    // Links are objects, too.
    let (time, reply) = took(Box::pin(async { asker.get("/groups/delta?$select=members").await.ok().json() })).await;
    let objects: usize =
        reply["value"].as_array().unwrap().iter().map(|o| 1 + o["members@delta"].as_array().map_or(0, Vec::len)).sum();
    let want = Duration::from_millis(50) + Duration::from_micros(200) * u32::try_from(objects).unwrap();
    assert!(time >= want && time < want + Duration::from_millis(4), "{time:?} for {objects}");
}
