//! Whole runs against a small directory: what is in the store afterwards, edge by edge.

mod casts;
mod changes;

use std::{
    collections::BTreeMap,
    num::NonZeroU64,
    ops::ControlFlow,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Collect, CollectError, collect};
use crate::{
    domain::{
        completeness::{Collection, GapScope, RunStatus, State},
        ids::TenantId,
        naming::Naming,
        progress::{Event, IngestProgress, Phase},
        reading::{Ask, Learned},
        view::RunInfo,
    },
    graph::stub::{Answer, Seen, Stub, TENANT, TestClock, answer, refusal},
    store::{Reader, Writer},
};

/// A directory as answers by path. A path is found by the longest of its beginnings that is known.
#[derive(Clone, Default)]
struct World(BTreeMap<String, Answer>, Once);

/// Answers that are given the first time that their paths are asked for.
type Once = Arc<Mutex<BTreeMap<String, Answer>>>;

impl World {
    /// Two pages of users with one of them on both, and groups of every sort.
    fn new(origin: &str) -> Self {
        let mut world = Self::default();
        let user =
            |id: &str| json!({ "id": id, "displayName": id, "userPrincipalName": format!("{id}@contoso.example") });
        world.on("/organization", json!({ "value": [{ "id": TENANT, "displayName": "Contoso" }] }));
        world.text("/users/$count", "5");
        world.text("/groups/$count", "6");
        world.on(
            "/users?$select=",
            json!({
                "value": [user("u1"), user("u2"), user("u3")],
                "@odata.nextLink": format!("{origin}/v1.0/users?$skiptoken=2"),
            }),
        );
        world.on("/users?$skiptoken=2", json!({ "value": [user("u3"), user("u4"), user("u5")] }));
        world.on("/users/u9?", user("u9"));
        let group = |id: &str, types: &[&str], visibility: Option<&str>| json!({ "id": id, "displayName": format!("Group {id}"), "groupTypes": types, "visibility": visibility });
        world.on(
            "/groups?$select=",
            json!({
                "value": [group("sec", &[], None), group("m365", &["Unified"], Some("Public"))],
                "@odata.nextLink": format!("{origin}/v1.0/groups?$skiptoken=2"),
            }),
        );
        world.on(
            "/groups?$skiptoken=2",
            json!({ "value": [
            group("long", &["Unified"], None),
            group("hidden", &["Unified"], Some("HiddenMembership")),
            group("deleted", &["Unified"], None),
            group("empty", &[], None),
        ] }),
        );
        world.on("/groups/new?", group("new", &["Unified"], None));
        let list = |members: &[(&str, &str)]| {
            let value: Vec<Value> = members
                .iter()
                .map(|(kind, id)| json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": id }))
                .collect();
            json!({ "value": value })
        };
        world.on(
            "/groups/sec/members?",
            list(&[
                ("user", "u1"),
                ("user", "u2"),
                ("group", "m365"),
                ("group", "new"),
                ("orgContact", "c1"),
                ("device", "d1"),
                ("printer", "p1"),
                ("device", "ghost"),
                ("group", "deleted"),
            ]),
        );
        // The items of a cast do not say what they are.
        world.on("/groups/sec/members/microsoft.graph.servicePrincipal?", json!({ "value": [{ "id": "s1" }] }));
        world.on("/groups/m365/members?", list(&[("user", "u3"), ("user", "u9"), ("user", "deleted-user")]));
        let mut long = list(&[("user", "u1"), ("user", "u2")]);
        long["@odata.nextLink"] = json!(format!("{origin}/v1.0/groups/long/members?$skiptoken=2"));
        world.on("/groups/long/members?$select", long);
        world.on("/groups/long/members?$skiptoken=2", list(&[("user", "u2"), ("user", "u5")]));
        world.on("/groups/hidden/members?", list(&[]));
        world.on("/groups/new/members?", list(&[("user", "u5")]));
        world.on("/groups/empty/members?", list(&[]));
        world.on("/groups/empty/members/", list(&[]));
        world.on(
            "/directoryObjects/getByIds",
            json!({ "value": [
            { "@odata.type": "#microsoft.graph.orgContact", "id": "c1", "displayName": "Partner desk" },
            { "@odata.type": "#microsoft.graph.device", "id": "d1", "displayName": "LAPTOP-1", "deviceId": "x" },
            { "@odata.type": "#microsoft.graph.servicePrincipal", "id": "s1", "displayName": "Backup", "appId": "y" },
            { "@odata.type": "#microsoft.graph.printer", "id": "p1", "displayName": "Printer" },
        ] }),
        );
        world.on("/devices?", json!({ "value": [] }));
        world
    }

    fn on(&mut self, path: &str, body: Value) {
        self.answer(path, answer(200, body));
    }

    fn once(&self, path: &str, answer: Answer) {
        self.1.lock().unwrap().insert(format!("/v1.0{path}"), answer);
    }

    fn text(&mut self, path: &str, body: &str) {
        self.answer(path, Answer { body: body.to_owned(), ..answer(200, json!(null)) });
    }

    fn refuse(&mut self, path: &str, status: u16, code: &str) {
        self.answer(path, refusal(status, code, "no"));
    }

    fn answer(&mut self, path: &str, answer: Answer) {
        self.0.insert(format!("/v1.0{path}"), answer);
    }

    fn ask(&self, path: &str) -> Answer {
        if let Some((_, answer)) =
            self.1.lock().unwrap().extract_if(.., |known, _| path.starts_with(known.as_str())).next()
        {
            return answer;
        }
        let known = self.0.iter().filter(|(known, _)| path.starts_with(known.as_str())).max_by_key(|(k, _)| k.len());
        match known {
            Some((_, answer)) => answer.clone(),
            None => refusal(404, "Request_ResourceNotFound", path),
        }
    }

    /// Answers a request, a batch item by item and backwards.
    fn serve(&self, seen: &Seen) -> Answer {
        if seen.path != "/v1.0/$batch" || self.0.contains_key("/v1.0/$batch") {
            return self.ask(&seen.path);
        }
        let items = seen.json()["requests"].as_array().unwrap().clone();
        let mut responses: Vec<Value> = items
            .iter()
            .map(|item| {
                let got = self.ask(&format!("/v1.0{}", item["url"].as_str().unwrap()));
                let body: Value = serde_json::from_str(&got.body).unwrap_or_default();
                json!({ "id": item["id"], "status": got.status, "headers": {}, "body": body })
            })
            .collect();
        responses.reverse();
        answer(200, json!({ "responses": responses }))
    }
}

/// A stub, a store, and what was told.
struct Bench {
    stub: Stub,
    world: World,
    clock: TestClock,
    folder: tempfile::TempDir,
    events: Arc<Mutex<Vec<Event>>>,
    cancel: CancellationToken,
    ask: Ask,
}

impl Bench {
    async fn new() -> Self {
        let stub = Stub::start().await;
        let world = World::new(stub.graph());
        Self {
            stub,
            world,
            clock: TestClock::new("2026-11-22T10:00:00Z"),
            folder: tempfile::tempdir().unwrap(),
            events: Arc::default(),
            cancel: CancellationToken::new(),
            ask: Ask::default(),
        }
    }

    async fn run(&self) -> Result<RunInfo, CollectError> {
        self.run_as(self.ask.clone()).await
    }

    async fn run_as(&self, ask: Ask) -> Result<RunInfo, CollectError> {
        fn sendable<F: Future + Send>(future: F) -> F {
            future
        }
        let run = sendable(collect(self.job(ask)));
        let size = size_of_val(&run);
        assert!(size < 16_384, "the future of a run takes {size} bytes of its caller's stack");
        run.await
    }

    fn job(&self, ask: Ask) -> Collect {
        let world = self.world.clone();
        self.stub.handle(move |seen| Some(world.serve(seen)));
        let told = Arc::clone(&self.events);
        let reporter: Arc<dyn crate::domain::progress::Reporter> =
            Arc::new(move |event| told.lock().unwrap().push(event));
        Collect {
            ask,
            client: self.stub.client_reporting(&self.clock, Arc::clone(&reporter)),
            store: self.path(),
            tenant: TenantId::parse(TENANT).unwrap(),
            clock: Arc::new(self.clock.clone()),
            reporter,
            cancel: self.cancel.clone(),
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("tenant.db")
    }

    /// Every entity and edge of a run, one a line: `user u1`, `sec→u1`, `sec⇢u8` where JupiterOne has to link it.
    fn content(&self, info: &RunInfo) -> Vec<String> {
        let reader = Reader::open(&self.path(), None).unwrap();
        let mut lines = Vec::new();
        reader
            .for_each_entity(info.id, Naming::ActiveDirectory, &mut |entity| {
                let kind = entity.json.get("memberType").and_then(Value::as_str).unwrap_or(entity.entity_type());
                let short = kind.trim_start_matches("active_directory_");
                lines.push(format!("{short} {}", entity.key().trim_start_matches("active_directory_account:")));
                ControlFlow::Continue(())
            })
            .unwrap();
        reader
            .for_each_edge(info.id, Naming::ActiveDirectory, &mut |edge| {
                if !edge.from.contains("account") {
                    lines.push(format!("{}{}{}", edge.from, if edge.mapped { "⇢" } else { "→" }, edge.to));
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        lines.sort();
        lines
    }

    fn gaps(info: &RunInfo) -> Vec<String> {
        let mut gaps: Vec<String> = info
            .gaps
            .iter()
            .map(|g| format!("{} {} {}", g.id, g.state.as_str(), g.code.as_deref().unwrap_or("-")))
            .collect();
        gaps.sort();
        gaps
    }

    fn last_progress(&self) -> IngestProgress {
        let events = self.events.lock().unwrap();
        events
            .iter()
            .rev()
            .find_map(|e| match e {
                Event::Ingest(progress) => Some((**progress).clone()),
                _ => None,
            })
            .unwrap()
    }

    fn lines(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        events
            .iter()
            .filter_map(|e| match e {
                Event::Log(line) => Some(line.text.clone()),
                _ => None,
            })
            .collect()
    }
}

const WHOLE: &[&str] = &[
    "account 84841066-274d-4ec0-a5c1-276be684bdd3",
    "device d1",
    "long→u1",
    "long→u2",
    "long→u5",
    "m365→u3",
    "m365→u9",
    "new→u5",
    "orgContact c1",
    "printer p1",
    "sec→c1",
    "sec→d1",
    "sec→deleted",
    "sec→m365",
    "sec→new",
    "sec→p1",
    "sec→s1",
    "sec→u1",
    "sec→u2",
    "servicePrincipal s1",
    "user u1",
    "user u2",
    "user u3",
    "user u4",
    "user u5",
    "user u9",
    "user_group deleted",
    "user_group empty",
    "user_group hidden",
    "user_group long",
    "user_group m365",
    "user_group new",
    "user_group sec",
];

/// `WHOLE`, with some lines replaced by others.
fn whole_but(without: &[&str], with: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> =
        WHOLE.iter().filter(|l| !without.contains(l)).chain(with).map(|l| (*l).to_owned()).collect();
    lines.sort();
    lines
}

#[tokio::test(start_paused = true)]
async fn a_directory_is_read_whole() {
    let mut bench = Bench::new().await;
    bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
    bench.world.refuse("/groups/deleted/members?", 404, "Request_ResourceNotFound");
    let info = bench.run().await.unwrap();
    assert_eq!(
        bench.content(&info),
        whole_but(&["user_group deleted", "sec→deleted"], &[]),
        "it is gone, with all that names it"
    );
    assert_eq!((info.status, Bench::gaps(&info)), (RunStatus::Complete, vec![]), "who is gone is not missing");
    assert_eq!(info.requests, bench.stub.seen().len() as u64);
    let progress = bench.last_progress();
    assert_eq!((progress.of(Collection::Users).done, progress.of(Collection::Users).total), (5, Some(5)));
    assert_eq!(progress.of(Collection::Groups).done, 6);
    assert_eq!(progress.of(Collection::Memberships).done, 7, "the group found later is one more");
    assert_eq!(progress.of(Collection::Memberships).phase, Phase::Ended(State::Complete));
    assert_eq!(progress.wire.requests, info.requests);
    assert_eq!(progress.gaps.iter().map(|g| (g.id.as_str(), g.state)).collect::<Vec<_>>(), [("deleted", State::Gone)]);
    let lines = bench.lines().join("\n");
    assert!(lines.contains("group \"Group deleted\": gone (Request_ResourceNotFound)"), "{lines}");
    assert!(lines.contains("2 gone"), "{lines}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_said_and_the_rest_is_read() {
    type Change = fn(&mut World);
    let check = async |change: Change, without: &[&str], with: &[&str], gaps: &[&str]| {
        let mut bench = Bench::new().await;
        bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
        change(&mut bench.world);
        let info = bench.run().await.unwrap();
        assert_eq!(info.status, if gaps.is_empty() { RunStatus::Complete } else { RunStatus::Partial });
        let mut all_gaps: Vec<String> = gaps.iter().map(|g| (*g).to_owned()).collect();
        all_gaps.sort();
        assert_eq!(Bench::gaps(&info), all_gaps);
        assert_eq!(bench.content(&info), whole_but(without, with), "{gaps:?}");
    };
    let hidden = "hidden hidden hidden_membership";
    const DENIED: &str = "Authorization_RequestDenied";
    // The token has no Member.Read.Hidden: an empty list proves nothing.
    check(|_| {}, &[], &[], &[hidden]).await;
    check(
        |w| w.refuse("/groups/hidden/members?", 403, DENIED),
        &[],
        &[],
        &["hidden hidden Authorization_RequestDenied"],
    )
    .await;
    check(
        |w| w.refuse("/groups/m365/members?", 403, DENIED),
        &["m365→u3", "m365→u9", "user u9"],
        &[],
        &[hidden, "m365 forbidden Authorization_RequestDenied"],
    )
    .await;
    check(
        |w| w.refuse("/groups/long/members?$skiptoken=2", 403, DENIED),
        &["long→u5"],
        &[],
        &[hidden, "long partial Authorization_RequestDenied"],
    )
    .await;
    check(
        |w| w.answer("/groups/long/members?$skiptoken=2", answer(503, json!(null))),
        &["long→u5"],
        &[],
        &[hidden, "long partial http_503"],
    )
    .await;
    // A group that cannot hold service principals refuses the cast.
    check(
        |w| w.refuse("/groups/sec/members/microsoft.graph.servicePrincipal?", 400, "Request_UnsupportedQuery"),
        &["sec→s1", "servicePrincipal s1"],
        &[],
        &[hidden],
    )
    .await;
    check(
        |w| w.refuse("/organization", 403, DENIED),
        &["account 84841066-274d-4ec0-a5c1-276be684bdd3"],
        &[],
        &[hidden, "account forbidden Authorization_RequestDenied"],
    )
    .await;
    // Without the list of users nobody can say who is gone: their edges are left to JupiterOne to link.
    let users = &["user u1", "user u2", "user u3", "user u4", "user u5", "user u9"];
    check(
        |w| w.refuse("/users?$select=", 403, DENIED),
        &[&users[..], &["sec→u1", "sec→u2", "long→u1", "long→u2", "long→u5", "m365→u3", "m365→u9", "new→u5"]].concat(),
        &["sec⇢u1", "sec⇢u2", "long⇢u1", "long⇢u2", "long⇢u5", "m365⇢u3", "m365⇢u9", "m365⇢deleted-user", "new⇢u5"],
        &[hidden, "users forbidden Authorization_RequestDenied"],
    )
    .await;
    // The second page of the users fails.
    check(
        |w| w.refuse("/users?$skiptoken=2", 500, "generalException"),
        &["user u4", "user u5", "user u9", "long→u5", "m365→u9", "new→u5"],
        &["long⇢u5", "m365⇢u9", "m365⇢deleted-user", "new⇢u5"],
        &[hidden, "users partial generalException"],
    )
    .await;
    // A member that should be a user may not be looked up.
    check(|w| w.refuse("/users/u9?", 403, DENIED), &["m365→u9", "user u9"], &["m365⇢u9"], &[hidden]).await;
    // No batches here.
    check(|w| w.refuse("/$batch", 400, "Request_BadRequest"), &[], &[], &[hidden]).await;
    // Nor at this address: nobody and nothing is gone for that.
    check(|w| w.refuse("/$batch", 404, "ResourceNotFound"), &[], &[], &[hidden]).await;
    // Counts are optional.
    check(|w| w.refuse("/users/$count", 400, "Request_BadRequest"), &[], &[], &[hidden]).await;
}

#[tokio::test(start_paused = true)]
async fn without_groups_there_are_no_memberships() {
    let mut bench = Bench::new().await;
    bench.world.refuse("/groups?$select=", 403, "Authorization_RequestDenied");
    let info = bench.run().await.unwrap();
    assert_eq!(
        Bench::gaps(&info),
        ["groups forbidden Authorization_RequestDenied", "memberships forbidden Authorization_RequestDenied"]
    );
    assert_eq!(bench.content(&info).len(), 6, "the account and the users");
}

#[tokio::test(start_paused = true)]
async fn a_link_to_another_host_ends_a_collection_and_not_the_run() {
    let evil = Stub::start().await;
    let mut bench = Bench::new().await;
    let link = format!("{}/v1.0/users?$skiptoken=2", evil.graph());
    bench.world.on("/users?$select=", json!({ "value": [{ "id": "u1" }], "@odata.nextLink": link }));
    let info = bench.run().await.unwrap();
    assert!(Bench::gaps(&info).contains(&"users partial other_host".to_owned()), "{:?}", info.gaps);
    assert!(evil.seen().is_empty(), "nothing was sent there");
    let lines = bench.lines().join("\n");
    assert!(lines.contains(evil.graph()) && lines.contains(bench.stub.graph()), "{lines}");
}

#[tokio::test(start_paused = true)]
async fn other_members_are_asked_for_kind_by_kind_where_ids_are_refused() {
    let mut bench = Bench::new().await;
    bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
    bench.world.refuse("/directoryObjects/getByIds", 403, "Authorization_RequestDenied");
    bench.world.on("/contacts?", json!({ "value": [{ "id": "c1", "displayName": "Partner desk" }] }));
    bench.world.on("/devices?", json!({ "value": [{ "id": "d1", "displayName": "LAPTOP-1" }] }));
    bench.world.refuse("/servicePrincipals?", 403, "Authorization_RequestDenied");
    bench.world.refuse("/directoryObjects/s1", 403, "Authorization_RequestDenied");
    bench.world.on(
        "/directoryObjects/p1",
        json!({ "@odata.type": "#microsoft.graph.printer", "id": "p1", "displayName": "P" }),
    );
    let info = bench.run().await.unwrap();
    // The service principal stays, with its id and type; the device that nobody knows is gone.
    assert_eq!(bench.content(&info), whole_but(&[], &[]));
    let seen: Vec<String> = bench.stub.seen().iter().map(|s| String::from_utf8_lossy(&s.body).into_owned()).collect();
    assert!(
        seen.iter()
            .any(|b| b.contains("$filter=id%20in%20('d1','ghost')") || b.contains("$filter=id%20in%20('ghost','d1')"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_member_of_whom_nothing_is_found_out_is_a_gap() {
    let mut bench = Bench::new().await;
    bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
    bench.world.refuse("/directoryObjects/getByIds", 403, "Authorization_RequestDenied");
    for path in ["/contacts?", "/devices?", "/servicePrincipals?"] {
        bench.world.refuse(path, 403, "Authorization_RequestDenied");
    }
    for id in ["c1", "d1", "s1", "p1"] {
        bench.world.refuse(&format!("/directoryObjects/{id}"), 503, "serviceNotAvailable");
    }
    let info = bench.run().await.unwrap();
    assert_eq!(Bench::gaps(&info), ["hidden hidden hidden_membership", "memberships partial serviceNotAvailable"]);
}

#[tokio::test(start_paused = true)]
async fn objects_without_properties_are_asked_for_again_and_kept() {
    let mut bench = Bench::new().await;
    bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
    bench.world.on(
        "/directoryObjects/getByIds",
        json!({ "value": [
        { "@odata.type": "#microsoft.graph.orgContact", "id": "c1", "displayName": null, "mail": null },
        { "@odata.type": "#microsoft.graph.device", "id": "d1", "displayName": null, "deviceId": null },
        { "@odata.type": "#microsoft.graph.servicePrincipal", "id": "s1", "displayName": "Backup" },
        { "@odata.type": "#microsoft.graph.printer", "id": "p1" },
    ] }),
    );
    bench.world.on("/contacts?", json!({ "value": [{ "id": "c1", "displayName": "Partner desk" }] }));
    bench.world.refuse("/devices?", 403, "Authorization_RequestDenied");
    let info = bench.run().await.unwrap();
    assert_eq!(bench.content(&info), whole_but(&[], &[]));
    let reader = Reader::open(&bench.path(), None).unwrap();
    let name = |id: &str| reader.detail(info.id, Naming::ActiveDirectory, id).unwrap().unwrap().name;
    assert_eq!((name("c1").as_str(), name("d1").as_str()), ("Partner desk", "d1"));
}

#[tokio::test(start_paused = true)]
async fn bad_credentials_leave_no_run() {
    let bench = Bench::new().await;
    bench.stub.login_answers([(401, json!({ "error": "invalid_client", "error_codes": [7_000_215] }).to_string())]);
    let error = bench.run().await.unwrap_err();
    assert_eq!(error.problem().code.as_deref(), Some("AADSTS7000215"));
    assert!(!bench.path().exists());
    assert!(bench.stub.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_nobody_takes_fails_the_run_and_spoils_no_earlier_one() {
    let mut bench = Bench::new().await;
    let before = bench.run().await.unwrap();
    let content = bench.content(&before);
    const CODE: &str = "InvalidAuthenticationToken";
    bench.world.refuse("/organization", 401, CODE);
    let error = bench.run().await.unwrap_err();
    assert_eq!(error.problem().code.as_deref(), Some(CODE));
    let reader = Reader::open(&bench.path(), None).unwrap();
    assert_eq!(reader.newest().unwrap().unwrap().status, RunStatus::Failed);
    assert_eq!(reader.newest_finished().unwrap().unwrap().id, before.id);
    assert_eq!(bench.content(&before), content);
}

#[tokio::test(start_paused = true)]
async fn another_tenant_gets_nothing_into_the_store() {
    let mut bench = Bench::new().await;
    // A token that says nothing of its tenant: the organization is asked first, and alone.
    let opaque = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "opaque" });
    bench.stub.login_answers([(200, opaque.to_string())]);
    bench.world.on("/organization", json!({ "value": [{ "id": "00000000-0000-0000-0000-00000000000b" }] }));
    let error = bench.run().await.unwrap_err();
    assert_eq!(error.problem().code.as_deref(), Some("other_tenant"));
    let reader = Reader::open(&bench.path(), None).unwrap();
    assert!(reader.newest_finished().unwrap().is_none());
    assert!(!bench.stub.seen().iter().any(|s| s.path.contains("/users")));
}

#[tokio::test(start_paused = true)]
async fn a_cancel_ends_a_pause_at_once_and_keeps_what_was_read() {
    let mut bench = Bench::new().await;
    let busy = refusal(429, "TooManyRequests", "").header("retry-after", "600");
    bench.world.answer("/users?$skiptoken=2", busy);
    let started = Instant::now();
    let cancel = bench.cancel.clone();
    let (info, ()) = tokio::join!(bench.run(), async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        cancel.cancel();
    });
    let info = info.unwrap();
    assert!(started.elapsed() < Duration::from_millis(5_100), "{:?}", started.elapsed());
    assert_eq!(info.status, RunStatus::Interrupted);
    let reader = Reader::open(&bench.path(), None).unwrap();
    assert_eq!(reader.newest().unwrap().unwrap().id, info.id);
    assert!(reader.newest_finished().unwrap().is_none());
    assert!(reader.totals(info.id).unwrap().users >= 3, "{:?}", reader.totals(info.id));

    // Before it began: the same end.
    let info = bench.run().await.unwrap();
    assert_eq!(info.status, RunStatus::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn progress_comes_at_most_ten_times_a_second_and_in_totals() {
    let mut bench = Bench::new().await;
    bench.world.answer("/users?$skiptoken=2", refusal(429, "TooManyRequests", "").header("retry-after", "3"));
    bench.run().await.unwrap();
    let events = bench.events.lock().unwrap();
    let told: Vec<&IngestProgress> = events
        .iter()
        .filter_map(|e| match e {
            Event::Ingest(progress) => Some(&**progress),
            _ => None,
        })
        .collect();
    let seconds = told.last().unwrap().seconds;
    assert!(seconds > 50.0, "twenty refusals of three seconds: {seconds}");
    assert!((told.len() as f64) < seconds * 10.0 + 2.0);
    assert!(told.len() as f64 >= seconds * 0.9, "it is alive: {} reports in {seconds} s", told.len());
    for pair in told.windows(2) {
        assert!(pair[0].wire.requests <= pair[1].wire.requests && pair[0].edges <= pair[1].edges);
    }
    assert!(told.last().unwrap().wire.throttled_seconds > 50.0);
}

/// Kinds that the app may not read are gaps, and made up for by what was read of them before.
#[tokio::test(start_paused = true)]
async fn kinds_that_may_not_be_read() {
    let refuse = |bench: &mut Bench| {
        bench.world.refuse("/directoryObjects/getByIds", 403, "Authorization_RequestDenied");
        bench.world.refuse("/devices?", 403, "Authorization_RequestDenied");
        bench.world.refuse("/directoryObjects/d1", 403, "Authorization_RequestDenied");
        for (path, id) in [("/contacts?", "c1"), ("/servicePrincipals?", "s1")] {
            bench.world.on(path, json!({ "value": [{ "id": id, "displayName": id }] }));
        }
        let printer = json!({ "@odata.type": "#microsoft.graph.printer", "id": "p1", "displayName": "Printer" });
        bench.world.on("/directoryObjects/p1", printer);
    };
    let mut bench = Bench::new().await;
    bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
    bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
    let good = bench.world.clone();
    // From the start: it is known that they are members, and no more.
    refuse(&mut bench);
    let refused = bench.world.clone();
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!(Bench::gaps(&run), ["device forbidden kind_not_readable"], "{told}");
    assert_eq!((run.status, run.gaps[0].name.as_str()), (RunStatus::Partial, "devices"));
    assert_eq!((run.gaps[0].scope, run.gaps[0].stale_since), (GapScope::Kind, None));
    assert_eq!(bench.content(&run), whole_but(&[], &[]));
    assert!(bench.last_progress().gaps.iter().any(|gap| gap.id == "device"));

    // All is read, and then it is not any more: what was read stays, with its date.
    bench.world = good;
    let full = bench.run().await.unwrap();
    assert_eq!((full.status, Bench::gaps(&full)), (RunStatus::Complete, vec![]));
    bench.world = refused;
    for _ in 0..2 {
        let run = bench.run().await.unwrap();
        assert_eq!(Bench::gaps(&run), ["device forbidden kind_not_readable"]);
        assert_eq!(run.gaps[0].stale_since, full.finished_at);
        let reader = Reader::open(&bench.path(), None).unwrap();
        assert_eq!(reader.detail(run.id, Naming::ActiveDirectory, "d1").unwrap().unwrap().name, "LAPTOP-1");
    }
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_asked_for_comes_before_what_was_learned_and_the_size() {
    let bench = Bench::new().await;
    let run = async |quota: Option<u64>| {
        bench.run_as(Ask { quota: quota.and_then(NonZeroU64::new), full: true, ..Ask::default() }).await.unwrap();
        bench.last_progress().wire.quota_10s
    };
    let learned = || Reader::open(&bench.path(), None).unwrap().learned().unwrap().quota_10s;
    assert_eq!(run(None).await, 3_500, "by the size");
    let mut writer =
        Writer::open(&bench.path(), &TenantId::parse(TENANT).unwrap(), "2026-11-22T10:00:00Z".parse().unwrap())
            .unwrap();
    writer.learn(&Learned { quota_10s: Some(4_000), ..Learned::default() }).unwrap();
    drop(writer);
    assert_eq!(run(Some(90)).await, 90);
    assert_eq!(learned(), Some(4_000), "what nothing slowed down says nothing of another quota");
    assert_eq!(run(Some(1_000_000_000)).await, 1_000_000_000);
    assert_eq!(learned(), Some(4_000));
    assert_eq!(run(None).await, 4_000, "as it was learned");
    assert_eq!(learned(), None, "nothing slowed it down: more is tried");
}

#[tokio::test(start_paused = true)]
async fn a_second_run_equals_the_first() {
    let mut bench = Bench::new().await;
    bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
    let first = bench.run().await.unwrap();
    let second = bench.run().await.unwrap();
    assert_eq!(bench.content(&first), bench.content(&second));
    assert_eq!(bench.content(&second), whole_but(&[], &[]));
    assert!(second.id > first.id);
}

/// Groups come on pages, however few on each; so do those of a filter, which may leave one out.
#[tokio::test(start_paused = true)]
async fn the_probe_looks_behind_the_first_page() {
    let mut bench = Bench::new().await;
    bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
    let shown = |ids: &[&str]| -> Vec<Value> { ids.iter().map(|id| json!({ "id": id, "members": [] })).collect() };
    let next = format!("{}/v1.0/groups?$skiptoken=expanded", bench.stub.graph());
    bench.world.on("/groups?$select=id&$filter=", json!({ "value": shown(&["sec", "m365"]), "@odata.nextLink": next }));
    bench.world.on("/groups?$skiptoken=expanded", json!({ "value": shown(&["hidden", "empty"]) }));
    let report = super::probe::probe(&bench.job(Ask::default())).await.unwrap();
    let finding = report.findings.iter().find(|f| f.id == "expand_in_batch").unwrap();
    let number = |what: &str| finding.evidence.get(what).copied();
    // The long list is of more than one page, and no part of the comparison.
    assert_eq!((number("groups asked for"), number("groups answered")), (Some(5), Some(4)), "{finding:?}");
    assert_eq!(finding.answer, crate::domain::probe::Answer::Yes);
}
