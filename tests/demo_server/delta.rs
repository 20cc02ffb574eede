//! Delta queries: a mirror that is kept by them alone equals the truth, whatever happened meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use tenantry::demo::{self, DemoConfig};

use super::client::{Asker, Truth, config, id};

const USERS: u32 = 150;
const GROUPS: u32 = 60;
const SELECT: &str = "displayName,description,members";

type Objects = BTreeMap<String, Map<String, Value>>;
type Edges = BTreeSet<(String, String)>;

/// What a client knows that reads nothing but deltas.
#[derive(Debug, Default, Clone)]
struct Mirror {
    objects: Objects,
    edges: Edges,
    link: String,
    pages: Vec<Value>,
}

impl Mirror {
    /// Follows a round to its deltaLink.
    async fn follow(&mut self, asker: &Asker, start: &str) {
        let mut url = start.to_owned();
        self.pages.clear();
        loop {
            let page = asker.get(&url).await.ok().json();
            let objects = page["value"].as_array().unwrap().clone();
            assert!(objects.len() <= 200);
            let links: usize = objects.iter().filter_map(|o| o["members@delta"].as_array()).map(Vec::len).sum();
            assert!(links <= 500, "{links}");
            objects.into_iter().for_each(|object| self.apply(object));
            let (next, delta) = (page["@odata.nextLink"].as_str(), page["@odata.deltaLink"].as_str());
            assert!(next.is_some() != delta.is_some(), "either, never both");
            let done = delta.is_some();
            url = next.or(delta).unwrap().to_owned();
            self.pages.push(page);
            if done {
                self.link = url;
                return;
            }
        }
    }

    fn apply(&mut self, object: Value) {
        let Value::Object(mut object) = object else { panic!("{object}") };
        let key = object["id"].as_str().unwrap().to_owned();
        if object.contains_key("@removed") {
            assert_eq!(object.len(), 2, "{object:?}");
            self.objects.remove(&key);
            self.edges.retain(|(group, _)| *group != key);
            return;
        }
        if let Some(Value::Array(links)) = object.remove("members@delta") {
            assert!(!links.is_empty());
            for link in links {
                assert!(link["@odata.type"].as_str().unwrap().starts_with("#microsoft.graph."));
                let edge = (key.clone(), id(&link));
                if link.get("@removed").is_some() {
                    assert_eq!(link["@removed"], json!({ "reason": "deleted" }));
                    self.edges.remove(&edge);
                } else {
                    self.edges.insert(edge);
                }
            }
        }
        object.remove("@odata.type");
        assert!(object.values().all(|v| !v.is_null()), "what was never set is left out");
        self.objects.insert(key, object);
    }
}

fn objects(lines: &[Value], names: &[&str]) -> Objects {
    let shown = |o: &Value| {
        let all = o.as_object().unwrap().iter();
        all.filter(|(name, v)| !v.is_null() && names.contains(&name.as_str()))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    };
    lines.iter().map(|o| (id(o), shown(o))).collect()
}

/// Every membership, those of soft-deleted members too: groups keep listing them.
fn edges(truth: &Truth) -> Edges {
    let text = |o: &Value, name: &str| o[name].as_str().unwrap().to_owned();
    truth.members.iter().chain(&truth.ghosts).map(|m| (text(m, "group"), text(m, "member"))).collect()
}

#[tokio::test]
async fn a_mirror_kept_by_deltas_equals_the_truth_over_every_history() {
    for seed in [1, 2] {
        let config = DemoConfig { seed, ..config("default", USERS, GROUPS) };
        let asker = Asker::of(demo::start(config.clone()).await.unwrap()).await;
        let names = ["id", "displayName", "mail", "accountEnabled", "userType"];
        let (mut users, mut groups) = (Mirror::default(), Mirror::default());
        users.follow(&asker, &format!("/users/delta?$select={}", names.join(","))).await;
        groups.follow(&asker, &format!("/groups/delta?$select={SELECT}")).await;
        // A second one looks less often, and a third began with nothing but a link.
        let (mut lazy, mut late) = (groups.clone(), Mirror::default());
        let mut quiet = 0;
        for step in 0..14 {
            let truth = asker.truth_of(&config, step);
            let want = objects(&truth.groups, &["id", "displayName", "description"]);
            if step % 3 == 0 {
                lazy.follow(&asker, &lazy.link.clone()).await;
                assert_eq!((&lazy.objects, &lazy.edges), (&want, &edges(&truth)), "seed {seed}, step {step}");
            }
            groups.follow(&asker, &groups.link.clone()).await;
            users.follow(&asker, &users.link.clone()).await;
            assert_eq!(groups.objects, want, "seed {seed}, step {step}");
            assert_eq!(groups.edges, edges(&truth), "seed {seed}, step {step}");
            assert_eq!(users.objects, objects(&truth.users, &names), "seed {seed}, step {step}");
            quiet += usize::from(step > 0 && users.pages[0]["value"] == json!([]));
            if step == 2 {
                let latest = asker.get(&format!("/groups/delta?$deltatoken=latest&$select={SELECT}")).await.ok().json();
                assert_eq!(latest["value"], json!([]));
                assert_eq!(latest.as_object().unwrap().len(), 3);
                late = Mirror { link: latest["@odata.deltaLink"].as_str().unwrap().to_owned(), ..groups.clone() };
            }
            // A link holds as often as it is asked.
            let link = groups.link.clone();
            groups.follow(&asker, &link).await;
            assert_eq!(groups.pages.len(), 1);
            assert_eq!(groups.pages[0]["value"], json!([]));
            asker.demo.advance();
        }
        late.follow(&asker, &late.link.clone()).await;
        let truth = asker.truth_of(&config, 14);
        assert_eq!(late.edges, edges(&truth), "seed {seed}");
        assert!(quiet > 0, "seed {seed}: some steps change nothing");
    }
}

#[tokio::test]
async fn the_first_round_hurts_as_documented() {
    let asker = Asker::new("default", 1_500, 120).await;
    let mut mirror = Mirror::default();
    mirror.follow(&asker, "/groups/delta").await;
    let first = &mirror.pages[0];
    assert_eq!(first["@odata.context"], json!(format!("{}/v1.0/$metadata#groups", asker.demo.graph_url)));
    let mut told: BTreeMap<String, Vec<(usize, bool)>> = BTreeMap::new();
    let (mut removed_links, mut tombstones) = (0, 0);
    for (page, body) in mirror.pages.iter().enumerate() {
        for object in body["value"].as_array().unwrap() {
            tombstones += usize::from(object.get("@removed").is_some());
            let links = object["members@delta"].as_array();
            removed_links += links.into_iter().flatten().filter(|l| l.get("@removed").is_some()).count();
            told.entry(id(object)).or_default().push((page, links.is_some()));
        }
    }
    assert!(tombstones >= 3 && removed_links >= 5, "{tombstones} {removed_links}");
    let scattered = |pages: &Vec<(usize, bool)>| pages.windows(2).any(|w| w[1].0 > w[0].0 + 1);
    assert!(told.values().filter(|p| scattered(p)).count() >= 5, "large groups are scattered");
    let again = |pages: &Vec<(usize, bool)>| pages.len() > 1 && pages.iter().any(|(_, links)| !links);
    assert!(told.values().any(again), "some are told again without members");
    // With the default set, properties that were never set are left out, members are there.
    let plain = first["value"].as_array().unwrap().iter().find(|o| o.get("members@delta").is_some()).unwrap();
    assert!(plain.get("isAssignableToRole").is_none() && plain.get("createdDateTime").is_some());

    let users = asker.get("/users/delta?$select=displayName").await.ok();
    let page = users.json();
    let values = page["value"].as_array().unwrap();
    assert_eq!(values.len(), 200);
    let reasons: BTreeSet<&str> = values.iter().filter_map(|o| o["@removed"]["reason"].as_str()).collect();
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), ["changed", "deleted"]);
    assert!(page["@odata.context"].as_str().unwrap().ends_with("$metadata#users(displayName)"));
    assert_eq!(users.headers["x-ms-resource-unit"], "1");
    let link = page["@odata.nextLink"].as_str().unwrap();
    let start = format!("{}/v1.0/users/delta?$skiptoken=", asker.demo.graph_url);
    assert!(link.starts_with(&start) && !link.contains('&'), "{link}");

    for (path, floor) in [("contacts", 30), ("devices", 500), ("servicePrincipals", 20)] {
        let mut mirror = Mirror::default();
        mirror.follow(&asker, &format!("/{path}/delta?$select=displayName")).await;
        assert_eq!(mirror.objects.len(), asker.all(&format!("/{path}?$select=id&$top=999")).await.len());
        assert!(mirror.objects.len() >= floor, "{path}");
    }
}

#[tokio::test]
async fn options_are_taken_refused_and_ignored_as_documented() {
    let asker = Asker::new("default", 300, 60).await;
    let size = async |path: &str| asker.get(path).await.ok().json()["value"].as_array().unwrap().len();
    assert_eq!(size("/users/delta?$top=2").await, 200);
    assert_eq!(size("/users/delta?$top=5000&$expand=manager&$count=true").await, 200);
    asker.get("/users/delta?$orderby=displayName").await.refused(400, "Request_UnsupportedQuery");
    asker.get("/users/delta?$select=signInActivity").await.refused(400, "Request_UnsupportedQuery");
    asker.get("/users/delta?$select=shoeSize").await.refused(400, "BadRequest");
    asker.get("/users/delta?$deltatoken=nonsense").await.refused(400, "Request_BadRequest");
    asker.get("/users/delta?$skiptoken=nonsense").await.refused(400, "Request_BadRequest");
    asker.get("/users/delta?$filter=displayName eq 'x'").await.refused(400, "Request_UnsupportedQuery");
    let link = asker.get("/users/delta").await.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    asker.get(&format!("{link}&$select=id")).await.refused(400, "Request_UnsupportedQuery");
    asker.get(&link.replace("/users/", "/groups/")).await.refused(400, "Request_BadRequest");

    // Without members, no group tells any; with nothing but members, no properties.
    let groups = asker.get("/groups/delta?$select=displayName").await.json();
    assert!(groups["value"].as_array().unwrap().iter().all(|g| g.get("members@delta").is_none()));
    let groups = asker.get("/groups/delta?$select=members").await.json();
    assert!(groups["value"].as_array().unwrap().iter().any(|g| g.get("members@delta").is_some()));
    assert!(groups["value"].as_array().unwrap().iter().all(|g| g.get("displayName").is_none()));

    // A filter of up to fifty ids, kept in the token.
    let ids: Vec<String> = asker.all("/groups?$select=id").await.iter().map(id).collect();
    let filter = |n: usize| ids[..n].iter().map(|i| format!("id eq '{i}'")).collect::<Vec<_>>().join(" or ");
    asker.get(&format!("/groups/delta?$filter={}", filter(51))).await.refused(400, "Request_UnsupportedQuery");
    let mut mirror = Mirror::default();
    mirror.follow(&asker, &format!("/groups/delta?$select={SELECT}&$filter={}", filter(50))).await;
    assert_eq!(mirror.objects.keys().cloned().collect::<BTreeSet<_>>(), ids[..50].iter().cloned().collect());
    for _ in 0..4 {
        asker.demo.advance();
        mirror.follow(&asker, &mirror.link.clone()).await;
    }
    assert!(mirror.objects.keys().all(|k| ids[..50].contains(k)));

    // Only what changed, where that is asked for.
    let latest = asker.get("/users/delta?$deltatoken=latest").await.json();
    for _ in 0..3 {
        asker.demo.advance();
    }
    let link = latest["@odata.deltaLink"].as_str().unwrap();
    let whole = asker.get(link).await.ok().json();
    let minimal = asker.try_get(link, &[("Prefer", "return=minimal")]).await.unwrap().ok();
    assert_eq!(minimal.headers["preference-applied"], "return=minimal");
    let width = |page: &Value| -> usize {
        page["value"].as_array().unwrap().iter().map(|o| o.as_object().unwrap().len()).sum()
    };
    assert!(width(&minimal.json()) < width(&whole) && minimal.json()["value"].as_array().unwrap().len() > 3);
}

#[tokio::test]
async fn who_is_soft_deleted_leaves_no_trace_in_the_groups() {
    let config = config("default", USERS, GROUPS);
    let asker = Asker::of(demo::start(config.clone()).await.unwrap()).await;
    let (mut soft, mut back, mut purged) = (0, 0, 0);
    let mut users = Mirror::default();
    let mut groups = Mirror::default();
    users.follow(&asker, "/users/delta?$deltatoken=latest").await;
    groups.follow(&asker, &format!("/groups/delta?$deltatoken=latest&$select={SELECT}")).await;
    let mut gone = BTreeSet::new();
    for step in 1..16 {
        asker.demo.advance();
        users.follow(&asker, &users.link.clone()).await;
        groups.follow(&asker, &groups.link.clone()).await;
        let links: Vec<Value> = groups
            .pages
            .iter()
            .flat_map(|p| p["value"].as_array().unwrap())
            .filter_map(|g| g["members@delta"].as_array())
            .flatten()
            .cloned()
            .collect();
        let listed: BTreeSet<String> =
            asker.truth_of(&config, step).ghosts.iter().map(|g| g["member"].as_str().unwrap().to_owned()).collect();
        for user in users.pages.iter().flat_map(|p| p["value"].as_array().unwrap()) {
            let removed = links.iter().any(|l| id(l) == id(user) && l.get("@removed").is_some());
            match user["@removed"]["reason"].as_str() {
                Some("changed") => {
                    soft += 1;
                    gone.insert(id(user));
                    asker.get(&format!("/users/{}", id(user))).await.refused(404, "Request_ResourceNotFound");
                    assert!(listed.contains(&id(user)) || !removed || step > 1, "still a member");
                }
                Some(_) => purged += usize::from(removed && !listed.contains(&id(user))),
                None => back += usize::from(gone.remove(&id(user))),
            }
        }
    }
    assert!(soft >= 10 && back >= 3 && purged >= 5, "{soft} {back} {purged}");
}
