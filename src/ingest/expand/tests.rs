//! Whole runs against a directory whose service shows members in many ways: every membership is there afterwards, and
//! what was given up is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        completeness::{RunStatus, State},
        ids::TenantId,
        naming::Naming,
        progress::{Event, IngestProgress, Reporter},
        reading::Ask,
        view::RunInfo,
    },
    graph::stub::{Answer, Stub, TENANT, TestClock, answer, refusal},
    ingest::{Collect, collect},
    store::Reader,
};

/// A group as it is.
#[derive(Clone)]
struct Group {
    unified: bool,
    hidden: bool,
    /// Ids: `u…` users, `s…` service principals.
    members: Vec<String>,
}

/// A directory, and the manners of its service.
#[derive(Clone)]
struct World {
    groups: BTreeMap<String, Group>,
    cap: usize,
    shows_principals: bool,
    /// `$expand` loses every so many members of all.
    loses_every: usize,
    /// And only from this group on.
    loses_from: &'static str,
    /// A filter leaves every so many groups out.
    omits_every: usize,
    /// What filter with `$expand` is refused with.
    refuses: Option<(u16, &'static str)>,
    /// It is answered, as if there were no `$expand`.
    passes_over: bool,
    batches: bool,
    /// Lists are served with the advanced query parameters only.
    needs_advanced: bool,
    /// Members on a page of a list.
    page: usize,
    /// Groups that are listed and gone.
    gone: BTreeSet<String>,
    /// Groups whose members nobody may read, and for whose sake a filter is refused.
    forbidden: BTreeSet<String>,
}

impl World {
    /// So many groups: every tenth long, every other one a Microsoft 365 group, a service principal in every fifth of
    /// the others. `longest` is the size of the long ones.
    fn new(groups: usize, longest: usize) -> Self {
        let group = |n: usize| {
            let unified = n.is_multiple_of(2);
            let size = if n % 10 == 3 { longest + n % 3 } else { n % 9 };
            let mut members: Vec<String> = (0..size).map(|m| format!("u{}", (n * 7 + m) % 400)).collect();
            if !unified && n % 5 == 1 {
                members.insert(members.len() / 2, format!("s{n}"));
            }
            (format!("g{n:04}"), Group { unified, hidden: false, members })
        };
        Self {
            groups: (0..groups).map(group).collect(),
            cap: 20,
            shows_principals: true,
            loses_every: 0,
            loses_from: "",
            omits_every: 0,
            refuses: None,
            passes_over: false,
            batches: true,
            needs_advanced: false,
            page: 999,
            gone: BTreeSet::new(),
            forbidden: BTreeSet::new(),
        }
    }

    fn truth(&self) -> BTreeSet<(String, String)> {
        let there = |id: &String| !self.gone.contains(id) && !self.forbidden.contains(id);
        let edges =
            |(id, group): (&String, &Group)| group.members.iter().map(|m| (id.clone(), m.clone())).collect::<Vec<_>>();
        self.groups.iter().filter(|(id, _)| there(id)).flat_map(edges).collect()
    }

    fn member(id: &str) -> Value {
        let kind = if id.starts_with('s') { "servicePrincipal" } else { "user" };
        json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": id })
    }

    fn shown(&self, id: &str) -> Value {
        let group = &self.groups[id];
        // Cut first: what is left out then leaves the list shorter than the cap.
        let cut = group.members.iter().take(self.cap);
        let shown = cut.filter(|m| self.shows_principals || !m.starts_with('s'));
        let kept = shown.filter(|m| {
            let number: usize = m[1..].parse().unwrap();
            self.loses_every == 0 || id < self.loses_from || number % self.loses_every != 1
        });
        kept.map(|m| Self::member(m)).collect()
    }

    fn list(&self, origin: &str, path: &str, members: Vec<&String>) -> Answer {
        let (path, from) = match path.split_once("$skip=") {
            Some((path, from)) => (path.to_owned(), from.parse().unwrap()),
            None => (format!("{path}&"), 0),
        };
        let value: Vec<Value> = members.iter().skip(from).take(self.page).map(|m| Self::member(m)).collect();
        let mut body = json!({ "value": value });
        if from + self.page < members.len() {
            body["@odata.nextLink"] = json!(format!("{origin}{path}$skip={}", from + self.page));
        }
        answer(200, body)
    }

    fn ask(&self, origin: &str, path: &str) -> Answer {
        let path = &path.replace("%27", "'");
        let missing = || refusal(404, "Request_ResourceNotFound", "no");
        let rest = path.trim_start_matches("/v1.0/");
        if rest.starts_with("organization") {
            return answer(200, json!({ "value": [{ "id": TENANT, "displayName": "Contoso" }] }));
        }
        if rest.contains("/delta?") {
            let link = format!("{origin}/v1.0/{}/delta?$deltatoken=1", rest.split('/').next().unwrap());
            return answer(200, json!({ "value": [], "@odata.deltaLink": link }));
        }
        if rest.starts_with("users?") {
            let users: Vec<Value> = (0..400).map(|n| json!({ "id": format!("u{n}"), "displayName": "U" })).collect();
            return answer(200, json!({ "value": users }));
        }
        if let Some(ids) = rest.strip_prefix("groups?$select=id&$filter=id%20in%20(") {
            if let Some((status, code)) = self.refuses {
                return refusal(status, code, "no");
            }
            let ids: Vec<&str> = ids.split(')').next().unwrap().split(',').map(|id| id.trim_matches('\'')).collect();
            assert!(ids.len() <= 15);
            if ids.iter().any(|id| self.forbidden.contains(*id)) {
                return refusal(403, "Authorization_RequestDenied", "no");
            }
            let omitted = |id: &str| self.omits_every > 0 && id[1..].parse::<usize>().unwrap() % self.omits_every == 0;
            let value: Vec<Value> = ids
                .into_iter()
                .filter(|id| !self.gone.contains(*id) && !omitted(id))
                .map(|id| match self.passes_over {
                    true => json!({ "id": id }),
                    false => json!({ "id": id, "members": self.shown(id) }),
                })
                .collect();
            return answer(200, json!({ "value": value }));
        }
        if rest.starts_with("groups?") {
            let groups = |(id, group): (&String, &Group)| {
                let types: &[&str] = if group.unified { &["Unified"] } else { &[] };
                json!({ "id": id, "displayName": format!("Group {id}"), "groupTypes": types,
                        "visibility": group.hidden.then_some("HiddenMembership") })
            };
            return answer(200, json!({ "value": self.groups.iter().map(groups).collect::<Vec<_>>() }));
        }
        if let Some((id, tail)) = rest.strip_prefix("groups/").and_then(|rest| rest.split_once("/members")) {
            let group = &self.groups[id];
            if self.gone.contains(id) {
                return missing();
            }
            if self.forbidden.contains(id) {
                return refusal(403, "Authorization_RequestDenied", "no");
            }
            let is_cast = tail.starts_with("/microsoft.graph.servicePrincipal");
            if is_cast && group.unified {
                return refusal(400, "Request_UnsupportedQuery", "no");
            }
            if self.needs_advanced && !is_cast && !tail.contains("$count=true") {
                return refusal(400, "Request_UnsupportedQuery", "no");
            }
            let members = group.members.iter().filter(|m| m.starts_with('s') == is_cast).collect();
            return self.list(origin, path, members);
        }
        missing()
    }
}

/// What a run came to.
struct Ran {
    info: RunInfo,
    edges: BTreeSet<(String, String)>,
    progress: IngestProgress,
    lines: Vec<String>,
    /// Paths of all reads, items of batches included.
    asked: Vec<String>,
}

impl Ran {
    fn count(&self, of: &str) -> usize {
        self.asked.iter().filter(|path| path.contains(of)).count()
    }

    fn fallbacks(&self) -> Vec<String> {
        self.progress.fallbacks.iter().map(|f| format!("{}: {}", f.what, f.why)).collect()
    }
}

/// A stub, a store and a calendar.
struct Bench {
    stub: Stub,
    folder: tempfile::TempDir,
    clock: TestClock,
}

impl Bench {
    async fn new() -> Self {
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        Self { stub: Stub::start().await, folder: tempfile::tempdir().unwrap(), clock }
    }

    async fn run(&self, world: &World) -> Ran {
        let path = self.folder.path().join("tenant.db");
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (world_, origin, record) = (world.clone(), self.stub.graph().to_owned(), Arc::clone(&asked));
        self.stub.handle(move |seen| {
            let note = |path: &str| record.lock().unwrap().push(path.to_owned());
            if seen.path.starts_with("/v1.0/directoryObjects/getByIds") {
                let ids: Vec<String> = serde_json::from_value(seen.json()["ids"].clone()).unwrap();
                let value: Vec<Value> = ids
                    .iter()
                    .map(|id| {
                        let mut object = World::member(id);
                        object["displayName"] = json!("S");
                        object
                    })
                    .collect();
                return Some(answer(200, json!({ "value": value })));
            }
            if seen.path != "/v1.0/$batch" {
                note(&seen.path);
                return Some(world_.ask(&origin, &seen.path));
            }
            if !world_.batches {
                return Some(refusal(400, "Request_BadRequest", "no batches"));
            }
            let items = seen.json()["requests"].as_array().unwrap().clone();
            assert!(items.len() <= 20);
            let one = |item: &Value| {
                let path = format!("/v1.0{}", item["url"].as_str().unwrap());
                note(&path);
                let got = world_.ask(&origin, &path);
                let body: Value = serde_json::from_str(&got.body).unwrap_or_default();
                json!({ "id": item["id"], "status": got.status, "headers": {}, "body": body })
            };
            let responses: Vec<Value> = items.iter().rev().map(one).collect();
            Some(answer(200, json!({ "responses": responses })))
        });
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let told = Arc::clone(&events);
        let reporter: Arc<dyn Reporter> = Arc::new(move |event| told.lock().unwrap().push(event));
        let info = collect(Collect {
            ask: Ask { full: true, ..Ask::default() },
            client: self.stub.client_reporting(&self.clock, Arc::clone(&reporter)),
            store: path.clone(),
            tenant: TenantId::parse(TENANT).unwrap(),
            clock: Arc::new(self.clock.clone()),
            reporter,
            cancel: CancellationToken::new(),
        })
        .await
        .unwrap();
        let mut edges = BTreeSet::new();
        Reader::open(&path, None)
            .unwrap()
            .for_each_edge(info.id, Naming::ActiveDirectory, &mut |edge| {
                if !edge.from.contains("account") {
                    edges.insert((edge.from, edge.to));
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        let events = events.lock().unwrap();
        let progress = events.iter().rev().find_map(|e| if let Event::Ingest(p) = e { Some(p) } else { None });
        let lines = events.iter().filter_map(|e| if let Event::Log(l) = e { Some(l.text.clone()) } else { None });
        let asked = asked.lock().unwrap().clone();
        Ran { info, edges, progress: (**progress.unwrap()).clone(), lines: lines.collect(), asked }
    }
}

#[track_caller]
fn assert_whole(ran: &Ran, world: &World, what: &str) {
    let truth = world.truth();
    let missing: Vec<_> = truth.difference(&ran.edges).take(3).collect();
    let extra: Vec<_> = ran.edges.difference(&truth).take(3).collect();
    assert!(missing.is_empty() && extra.is_empty(), "{what}: missing {missing:?}, extra {extra:?}\n{:?}", ran.lines);
    assert_eq!(ran.progress.edges, truth.len() as u64, "{what}: memberships are counted once");
    assert_eq!(ran.progress.collections[3].done, world.groups.len() as u64, "{what}: and so are groups");
    if world.forbidden.is_empty() {
        assert_eq!(ran.info.status, RunStatus::Complete, "{what}: {:?}", ran.info.gaps);
    }
}

async fn check(what: &str, world: World, fallbacks: &[&str]) -> Ran {
    let ran = Bench::new().await.run(&world).await;
    assert_whole(&ran, &world, what);
    assert_eq!(ran.fallbacks(), fallbacks, "{what}");
    ran
}

const EXPANSION: &str = "$expand=members";
const CAST: &str = "microsoft.graph.servicePrincipal?";

#[tokio::test(start_paused = true)]
async fn whatever_the_cap_is() {
    for cap in [1, 10, 19, 20, 100] {
        for shows_principals in [true, false] {
            let what = format!("a cap of {cap}, service principals shown: {shows_principals}");
            let world = World { cap, shows_principals, ..World::new(200, 30) };
            check(&what, world, &[]).await;
        }
    }
}

/// Nobody loses members in the first answers only.
#[tokio::test(start_paused = true)]
async fn the_sample_is_of_all_groups() {
    let world = World { loses_every: 3, loses_from: "g0500", ..World::new(1_000, 30) };
    let ran = Bench::new().await.run(&world).await;
    assert_whole(&ran, &world, "lost by groups that are answered late");
    assert!(ran.fallbacks()[0].starts_with("members are read group by group: \"Group g"), "{:?}", ran.fallbacks());
}

#[tokio::test(start_paused = true)]
async fn what_it_costs() {
    let shown = check("shown", World::new(300, 30), &[]).await;
    assert_eq!(shown.count(EXPANSION), 20, "fifteen at once");
    // Thirty long groups, all of which can hold service principals; and twenty to compare.
    let compared = 20;
    assert!(shown.count("/members?") <= 30 + compared, "{}", shown.count("/members?"));
    assert!(shown.count(CAST) <= 30 + compared, "{}", shown.count(CAST));
    let hidden = check("hidden", World { shows_principals: false, ..World::new(300, 30) }, &[]).await;
    assert!(hidden.count(CAST) >= 150, "every group that can hold them is asked");
    assert!(hidden.count("/members?") <= 30 + compared + 25, "{}", hidden.count("/members?"));
    // Nobody knows where there are none, so that all are asked.
    let mut none = World::new(300, 30);
    none.groups.values_mut().for_each(|g| g.members.retain(|m| m.starts_with('u')));
    let unknown = check("none", none, &[]).await;
    assert!(unknown.count(CAST) >= 150, "{}", unknown.count(CAST));
    let few = check("few", World::new(15, 30), &[]).await;
    assert_eq!(few.count(EXPANSION), 0, "not worth its sample");
}

#[tokio::test(start_paused = true)]
async fn a_shortcut_that_lies_is_given_up_and_what_it_gave_is_read_again() {
    for loses_every in [3, 4] {
        let world = World { loses_every, ..World::new(300, 30) };
        let ran = Bench::new().await.run(&world).await;
        assert_whole(&ran, &world, "lying");
        let fallbacks = ran.fallbacks();
        assert_eq!(fallbacks.len(), 1, "{fallbacks:?}");
        assert!(fallbacks[0].starts_with("members are read group by group: \"Group g"), "{fallbacks:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_done_without() {
    for (status, code) in [(400, "Request_UnsupportedQuery"), (405, "x"), (501, "NotImplemented")] {
        let world = World { refuses: Some((status, code)), ..World::new(120, 30) };
        let why = format!("members are read group by group: {status} {code}");
        let ran = check("refused", world, &[&why]).await;
        assert!(ran.count(EXPANSION) <= 8, "what was under way, and no more: {}", ran.count(EXPANSION));
    }
    let world = World { passes_over: true, ..World::new(120, 30) };
    check("in silence", world, &["members are read group by group: it is answered without members"]).await;
    let world = World { batches: false, ..World::new(120, 30) };
    let ran = Bench::new().await.run(&world).await;
    assert_whole(&ran, &world, "no batches");
    assert!(ran.fallbacks()[0].starts_with("requests are sent one by one, not in batches: "), "{:?}", ran.fallbacks());
    assert_eq!(ran.count(EXPANSION), 8, "the shortcut needs none");
}

#[tokio::test(start_paused = true)]
async fn who_is_not_answered_is_asked_alone() {
    let world = World { omits_every: 7, ..World::new(300, 30) };
    check("left out", world, &[]).await;
    let gone: BTreeSet<String> = (0..300).step_by(13).map(|n| format!("g{n:04}")).collect();
    let world = World { gone: gone.clone(), ..World::new(300, 30) };
    let ran = check("gone", world, &[]).await;
    let told = ran.progress.gaps.iter().filter(|g| g.state == State::Gone).count();
    assert_eq!(told, gone.len());
    let forbidden: BTreeSet<String> = ["g0004", "g0033"].map(str::to_owned).into();
    let world = World { forbidden, ..World::new(120, 30) };
    let ran = check("forbidden", world, &[]).await;
    assert_eq!(ran.info.gaps.len(), 2, "{:?}", ran.info.gaps);
}

#[tokio::test(start_paused = true)]
async fn lists_that_want_the_advanced_query_parameters() {
    let world = World { needs_advanced: true, page: 10, ..World::new(120, 30) };
    let ran = check("advanced", world, &[]).await;
    let refused = ran.asked.iter().filter(|p| p.contains("/members?") && !p.contains("$count=true")).count();
    assert!(refused <= 60, "it is learned: {refused}");
}

#[tokio::test(start_paused = true)]
async fn lists_on_many_pages() {
    check("small pages", World { page: 4, ..World::new(120, 50) }, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_hidden_proves_nothing_by_expansion() {
    let mut world = World::new(120, 30);
    for id in ["g0002", "g0004", "g0013"] {
        world.groups.get_mut(id).unwrap().hidden = true;
    }
    let bench = Bench::new().await;
    let ran = bench.run(&world).await;
    for id in ["g0002", "g0004", "g0013"] {
        assert!(ran.asked.iter().all(|p| !p.contains(EXPANSION) || !p.contains(id)), "{id}");
    }
    bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
    let ran = bench.run(&world).await;
    assert!(ran.asked.iter().any(|p| p.contains(EXPANSION) && p.contains("g0002")));
    assert_whole(&ran, &world, "with the permission");
}

/// That service principals were shown another day is no proof: whoever stopped to show them loses none.
#[tokio::test(start_paused = true)]
async fn what_was_shown_once_may_be_hidden_now() {
    let bench = Bench::new().await;
    let mut world = World::new(400, 40);
    // Only one group holds one, so that a sample hardly finds it.
    for group in world.groups.values_mut() {
        group.members.retain(|m| !m.starts_with('s'));
    }
    let holder = |world: &mut World| world.groups.get_mut("g0391").unwrap().members.push("s391".to_owned());
    holder(&mut world);
    assert_whole(&bench.run(&world).await, &world, "shown");
    world.shows_principals = false;
    bench.clock.advance(8 * 24 * 3_600);
    assert_whole(&bench.run(&world).await, &world, "hidden since");
}
