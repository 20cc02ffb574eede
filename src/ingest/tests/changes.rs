//! Runs that read only changes, against a small directory: what comes of each kind of page, and of each way in which
//! changes do not do.

use super::*;
use crate::{
    domain::reading::{Learned, RunKind},
    store::Writer,
};

/// Links as the service gives them; `0` is what a full run takes.
pub(super) fn link(origin: &str, of: &str, round: &str) -> String {
    format!("{origin}/v1.0/{of}/delta?$deltatoken={round}")
}

impl Bench {
    /// A directory that tells of its changes, which was read in full.
    pub(super) async fn read_before() -> (Self, RunInfo) {
        let mut bench = Self::new().await;
        bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
        bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
        bench.world.on("/directoryObjects/u4", member("user", "u4"));
        for of in ["users", "groups"] {
            let latest = json!({ "value": [], "@odata.deltaLink": link(bench.stub.graph(), of, "0") });
            bench.world.on(&format!("/{of}/delta?$select="), latest.clone());
            bench.world.on(&format!("/{of}/delta?$deltatoken=0"), latest);
        }
        let run = bench.run().await.unwrap();
        assert_eq!((run.kind, run.status), (RunKind::Full, RunStatus::Complete), "{}", bench.lines().join("\n"));
        assert_eq!(bench.content(&run), whole_but(&[], &[]));
        bench.events.lock().unwrap().clear();
        (bench, run)
    }

    /// What the next round tells.
    pub(super) fn changed(&mut self, of: &str, objects: Value) {
        let body = json!({ "value": objects, "@odata.deltaLink": link(self.stub.graph(), of, "1") });
        self.world.on(&format!("/{of}/delta?$deltatoken=0"), body);
        let nothing = json!({ "value": [], "@odata.deltaLink": link(self.stub.graph(), of, "1") });
        self.world.on(&format!("/{of}/delta?$deltatoken=1"), nothing);
    }

    pub(super) fn listed(&mut self, group: &str, members: &[(&str, &str)]) {
        let value: Vec<Value> = members
            .iter()
            .map(|(kind, id)| json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": id }))
            .collect();
        self.world.on(&format!("/groups/{group}/members?"), json!({ "value": value }));
    }

    pub(super) fn learned(&self) -> Learned {
        Reader::open(&self.path(), None).unwrap().learned().unwrap()
    }

    pub(super) fn asked(&self, path: &str) -> usize {
        self.stub.seen().iter().filter(|seen| seen.path.starts_with(path)).count()
    }
}

fn member(kind: &str, id: &str) -> Value {
    json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": id })
}

fn removed(kind: &str, id: &str) -> Value {
    json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": id, "@removed": { "reason": "deleted" } })
}

fn m365(members: &[Value]) -> Value {
    json!({ "id": "m365", "displayName": "Group m365", "groupTypes": ["Unified"], "members@delta": members })
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_change() {
    type Change = fn(&mut Bench);
    let check = async |what: &str, change: Change, without: &[&str], with: &[&str]| {
        let (mut bench, _) = Bench::read_before().await;
        change(&mut bench);
        let run = bench.run().await.unwrap();
        let told = bench.lines().join("\n");
        assert_eq!((run.kind, run.status, Bench::gaps(&run)), (RunKind::Delta, RunStatus::Complete, vec![]), "{told}");
        assert_eq!(bench.content(&run), whole_but(without, with), "{what}\n{told}");
        // What was changed stays so.
        let again = bench.run().await.unwrap();
        assert_eq!(again.kind, RunKind::Delta);
        assert_eq!(bench.content(&again), whole_but(without, with), "{what}, again");
    };
    check("nothing", |_| {}, &[], &[]).await;
    check(
        "a new user, and one who is gone though groups go on listing her",
        |b| {
            b.changed(
                "users",
                json!([
                    { "id": "u6", "displayName": "u6", "userPrincipalName": "u6@contoso.example" },
                    { "id": "u1", "@removed": { "reason": "changed" } },
                    { "id": "never-known", "@removed": { "reason": "deleted" } },
                ]),
            );
        },
        &["user u1", "sec→u1", "long→u1"],
        &["user u6"],
    )
    .await;
    check(
        "gone and back on one page, and the other way round",
        |b| {
            b.changed(
                "users",
                json!([
                    { "id": "u1", "@removed": { "reason": "changed" } },
                    { "id": "u1", "displayName": "u1" },
                    { "id": "u7", "displayName": "u7" },
                    { "id": "u7", "@removed": { "reason": "changed" } },
                ]),
            );
        },
        &[],
        &[],
    )
    .await;
    check(
        "members come and go, in slices that are scattered over pages",
        |b| {
            let origin = b.stub.graph().to_owned();
            let first = json!({
                "value": [
                    m365(&[member("user", "u4"), member("user", "u1"), removed("user", "u3")]),
                    { "id": "empty", "displayName": "Group empty", "groupTypes": [] },
                ],
                "@odata.nextLink": format!("{origin}/v1.0/groups/delta?$skiptoken=2"),
            });
            b.world.on("/groups/delta?$deltatoken=0", first);
            let second = json!({
                "value": [m365(&[removed("user", "u1"), member("user", "u5"), member("user", "u5")])],
                "@odata.deltaLink": link(&origin, "groups", "1"),
            });
            b.world.on("/groups/delta?$skiptoken=2", second);
            let nothing = json!({ "value": [], "@odata.deltaLink": link(&origin, "groups", "1") });
            b.world.on("/groups/delta?$deltatoken=1", nothing);
            b.listed("m365", &[("user", "u9"), ("user", "deleted-user"), ("user", "u4"), ("user", "u5")]);
        },
        &["m365→u3"],
        &["m365→u4", "m365→u5"],
    )
    .await;
    check(
        "a member of a kind that nobody has heard of",
        |b| {
            b.changed("groups", json!([m365(&[member("agentUser", "a1")])]));
            b.listed("m365", &[("user", "u3"), ("user", "u9"), ("user", "deleted-user"), ("agentUser", "a1")]);
            b.world.on(
                "/directoryObjects/a1",
                json!({ "@odata.type": "#microsoft.graph.agentUser", "id": "a1", "displayName": "Agent" }),
            );
        },
        &[],
        &["m365→a1", "agentUser a1"],
    )
    .await;
    check(
        "objects without their properties are looked up",
        |b| {
            b.changed("users", json!([{ "id": "u2" }, { "id": "u4", "jobTitle": "x" }]));
            b.changed(
                "groups",
                json!([
                    { "id": "m365", "members@delta": [member("user", "u4")] },
                    { "id": "empty", "description": "only this changed" },
                ]),
            );
            b.listed("m365", &[("user", "u3"), ("user", "u9"), ("user", "deleted-user"), ("user", "u4")]);
            b.world.on("/users/u2?", json!({ "id": "u2", "displayName": "u2" }));
            // u4 and the group named empty are gone when they are looked for.
            b.world
                .on("/groups/m365?", json!({ "id": "m365", "displayName": "Group m365", "groupTypes": ["Unified"] }));
        },
        &["user u4", "user_group empty"],
        &[],
    )
    .await;
    check(
        "a slice that is none: the group is read whole",
        |b| {
            b.changed(
                "groups",
                json!([
                    { "id": "m365", "displayName": "Group m365", "groupTypes": ["Unified"], "members@delta": "?" },
                ]),
            );
            b.listed("m365", &[("user", "u1")]);
        },
        // The user whom only this group named is a user all the same.
        &["m365→u3", "m365→u9"],
        &["m365→u1"],
    )
    .await;
    check(
        "a new group is read whole, whatever its slices say, and a group that is gone goes with its edges",
        |b| {
            b.changed("groups", json!([
                { "id": "fresh", "displayName": "Fresh", "groupTypes": ["Unified"], "members@delta": [member("user", "u1")] },
                { "id": "long", "@removed": { "reason": "changed" } },
            ]));
            b.listed("fresh", &[("user", "u1"), ("user", "u2")]);
        },
        &["user_group long", "long→u1", "long→u2", "long→u5"],
        &["user_group fresh", "fresh→u1", "fresh→u2"],
    )
    .await;
}

/// An object that comes without its properties keeps them.
#[tokio::test(start_paused = true)]
async fn what_is_known_is_not_overwritten_by_less() {
    let (mut bench, _) = Bench::read_before().await;
    bench.changed("users", json!([{ "id": "u2" }]));
    bench
        .world
        .on("/users/u2?", json!({ "id": "u2", "displayName": "Two", "userPrincipalName": "two@contoso.example" }));
    let run = bench.run().await.unwrap();
    let reader = Reader::open(&bench.path(), None).unwrap();
    assert_eq!(reader.detail(run.id, Naming::ActiveDirectory, "u2").unwrap().unwrap().name, "Two");

    // It cannot be looked up: nothing is lost, and the next run reads everything.
    let (mut bench, _) = Bench::read_before().await;
    bench.changed("users", json!([{ "id": "u2" }]));
    bench.world.refuse("/users/u2?", 403, "Authorization_RequestDenied");
    let run = bench.run().await.unwrap();
    assert_eq!(Bench::gaps(&run), ["users partial Authorization_RequestDenied"]);
    let reader = Reader::open(&bench.path(), None).unwrap();
    assert_eq!(reader.detail(run.id, Naming::ActiveDirectory, "u2").unwrap().unwrap().name, "u2");
    assert_eq!(bench.content(&run), whole_but(&[], &[]));
}

/// Whatever the service says of a link that it does not know any more: everything is read, in the same run, once.
#[tokio::test(start_paused = true)]
async fn links_that_are_good_for_nothing() {
    let gone = |status, code: &'static str, words| refusal(status, code, words);
    let check = async |of: &str, answer: Answer| {
        let (mut bench, first) = Bench::read_before().await;
        bench.stub.on(&format!("/v1.0/{of}/delta?$deltatoken=0"), [answer.clone()]);
        // A change that only a full read shows.
        bench.world.on("/users?$skiptoken=2", json!({ "value": [{ "id": "u4", "displayName": "u4" }] }));
        let seen = bench.asked(&format!("/v1.0/{of}/delta?$deltatoken=0"));
        let run = bench.run().await.unwrap();
        let told = bench.lines().join("\n");
        assert_eq!((run.kind, run.status), (RunKind::Full, RunStatus::Complete), "{told}");
        assert!(run.id > first.id && told.contains("in this very run"), "{told}");
        let asked = bench.asked(&format!("/v1.0/{of}/delta?$deltatoken=0")) - seen;
        assert!(asked <= 2, "the old one once, and the new one at the end: {asked}");
        let without = ["user u5", "long→u5", "new→u5"];
        assert_eq!(bench.content(&run), whole_but(&without, &[]), "{told}");
        assert!(!bench.last_progress().fallbacks.is_empty());
        // Nothing that was seen before the second look is left of the first one.
        let reader = Reader::open(&bench.path(), None).unwrap();
        assert_eq!(reader.newest_finished().unwrap().unwrap().id, run.id);
        assert_eq!(bench.run().await.unwrap().kind, RunKind::Delta, "the links of the full read are good");
    };
    for of in ["users", "groups"] {
        check(of, gone(400, "syncStateNotFound", "The sync state generation is not found.")).await;
        check(of, gone(400, "Request_UnsupportedQuery", "DeltaLink older than 30 days is not supported.")).await;
        check(of, gone(410, "resyncRequired", "").header("location", "https://elsewhere.example/")).await;
        check(of, gone(400, "Directory_ExpiredPageToken", "The specified page token value has expired.")).await;
    }
}

/// A page token that is worn out inside a chain begins the chain again from its link, a few times.
#[tokio::test(start_paused = true)]
async fn a_chain_of_changes_begins_again() {
    let (mut bench, _) = Bench::read_before().await;
    let origin = bench.stub.graph().to_owned();
    let first = json!({
        "value": [m365(&[member("user", "u1")])],
        "@odata.nextLink": format!("{origin}/v1.0/groups/delta?$skiptoken=2"),
    });
    bench.world.on("/groups/delta?$deltatoken=0", first);
    let worn = refusal(400, "Directory_ExpiredPageToken", "The specified page token value has expired.");
    let second = json!({
        "value": [m365(&[removed("user", "u3")])],
        "@odata.deltaLink": link(&origin, "groups", "1"),
    });
    bench.stub.on("/v1.0/groups/delta?$skiptoken=2", [worn.clone(), worn, answer(200, second)]);
    bench.listed("m365", &[("user", "u9"), ("user", "deleted-user"), ("user", "u1")]);
    let run = bench.run().await.unwrap();
    assert_eq!((run.kind, run.status), (RunKind::Delta, RunStatus::Complete), "{}", bench.lines().join("\n"));
    assert_eq!(bench.content(&run), whole_but(&["m365→u3"], &["m365→u1"]));
}

/// Lists that are served with the advanced query parameters only are compared too.
#[tokio::test(start_paused = true)]
async fn changes_are_compared_with_lists_of_either_form() {
    let (mut bench, _) = Bench::read_before().await;
    for group in ["sec", "m365", "long", "hidden", "deleted", "empty"] {
        let path = format!("/groups/{group}/members?$select=id&$top=999");
        let list = bench.world.ask(&format!("/v1.0{path}"));
        bench.world.refuse(&path, 400, "Request_UnsupportedQuery");
        bench.world.answer(&format!("{path}&$count=true"), list);
    }
    let members = [member("user", "u3"), member("user", "u9"), member("user", "deleted-user"), member("user", "u4")];
    bench.world.on("/groups/m365/members?$select=id&$top=999&$count=true", json!({ "value": members }));
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert!(told.contains("changes of groups are not trusted"), "{told}");
    assert_eq!((run.kind, run.status), (RunKind::Full, RunStatus::Complete), "{told}");
    assert_eq!(bench.content(&run), whole_but(&[], &["m365→u4"]), "{told}");
}

/// What fails in passing is a gap, and the next run reads everything.
#[tokio::test(start_paused = true)]
async fn changes_that_cannot_be_read_today() {
    let (mut bench, _) = Bench::read_before().await;
    bench.world.answer("/users/delta?$deltatoken=0", answer(503, json!(null)));
    let run = bench.run().await.unwrap();
    assert_eq!((run.kind, Bench::gaps(&run)), (RunKind::Delta, vec!["users partial http_503".to_owned()]));
    assert_eq!(bench.content(&run), whole_but(&[], &[]), "as it was");
    assert!(run.gaps[0].stale_since.is_some());
    bench.changed("users", json!([]));
    // Of the groups the link is good; of the users there is none.
    let run = bench.run().await.unwrap();
    assert_eq!((run.kind, run.status), (RunKind::Delta, RunStatus::Complete), "{}", bench.lines().join("\n"));
    assert!(bench.lines().join("\n").contains("5 users read"), "{}", bench.lines().join("\n"));
    assert_eq!(bench.run().await.unwrap().kind, RunKind::Delta);
}

/// Changes that do not come to what the lists say are not trusted.
#[tokio::test(start_paused = true)]
async fn changes_are_compared_with_the_lists() {
    let (mut bench, _) = Bench::read_before().await;
    // A member whom no change tells of.
    bench.listed("m365", &[("user", "u3"), ("user", "u9"), ("user", "deleted-user"), ("user", "u4")]);
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!((run.kind, run.status), (RunKind::Full, RunStatus::Complete), "{told}");
    assert!(told.contains("changes of groups are not trusted"), "{told}");
    assert_eq!(bench.content(&run), whole_but(&[], &["m365→u4"]), "{told}");
    assert!(bench.learned().delta_refused.is_some());
    assert_eq!(bench.run().await.unwrap().kind, RunKind::Full, "for a week");
    bench.clock.advance(7 * 24 * 3_600 + 1);
    let run = bench.run().await.unwrap();
    assert_eq!(run.kind, RunKind::Full, "the last full read is a week old by then, too");
}

/// A change that comes late is no mismatch.
#[tokio::test(start_paused = true)]
async fn a_late_change_is_waited_for() {
    let (mut bench, _) = Bench::read_before().await;
    bench.listed("m365", &[("user", "u3"), ("user", "u9"), ("user", "deleted-user"), ("user", "u4")]);
    bench.changed("groups", json!([]));
    let late = json!({
        "value": [m365(&[member("user", "u4")])],
        "@odata.deltaLink": link(bench.stub.graph(), "groups", "2"),
    });
    bench.world.on("/groups/delta?$deltatoken=1", late);
    let run = bench.run().await.unwrap();
    assert_eq!((run.kind, run.status), (RunKind::Delta, RunStatus::Complete), "{}", bench.lines().join("\n"));
    assert_eq!(bench.content(&run), whole_but(&[], &["m365→u4"]));
    assert_eq!(bench.learned().delta_refused, None);
}

/// Where changes leave service principals out, that is known, and said with the run.
#[tokio::test(start_paused = true)]
async fn service_principals_as_of_the_last_full_read() {
    let (mut bench, full) = Bench::read_before().await;
    bench.world.on("/groups/sec/members/microsoft.graph.servicePrincipal?", json!({ "value": [{ "id": "s2" }] }));
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!((run.kind, run.status), (RunKind::Delta, RunStatus::Complete), "{told}");
    assert_eq!(bench.learned().delta_shows_service_principals, Some(false), "{told}");
    assert_eq!(run.service_principals_as_of, full.finished_at, "{told}");
    assert_eq!(bench.content(&run), whole_but(&[], &[]), "as it was");

    // A group that changed in another way gets the cast.
    let sec =
        json!({ "id": "sec", "displayName": "Group sec", "groupTypes": [], "members@delta": [removed("user", "u1")] });
    bench.changed("groups", json!([sec]));
    let stale = link(bench.stub.graph(), "groups", "0");
    let learned = bench.learned();
    assert!(stale.ends_with('0') && learned.delta_refused.is_none());
    let members = ["u2", "m365", "new", "c1", "d1", "p1", "ghost", "deleted"];
    let kinds = ["user", "group", "group", "orgContact", "device", "printer", "device", "group"];
    bench.listed("sec", &kinds.into_iter().zip(members).collect::<Vec<_>>());
    bench.world.on(
        "/directoryObjects/s2",
        json!({ "@odata.type": "#microsoft.graph.servicePrincipal", "id": "s2", "displayName": "Two" }),
    );
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!(run.kind, RunKind::Delta, "{told}");
    let (without, with) = (["sec→u1", "sec→s1", "servicePrincipal s1"], ["sec→s2", "servicePrincipal s2"]);
    assert_eq!(bench.content(&run), whole_but(&without, &with), "{told}");
}

/// Totals that differ twice in a row cause a full read.
#[tokio::test(start_paused = true)]
async fn totals_that_drift() {
    let (mut bench, _) = Bench::read_before().await;
    // Five users beside u9, whom only a group names; so many more are too many.
    bench.world.text("/users/$count", "13");
    // What a full read did not mend counts no more, until it changes.
    let as_before =
        [(1, RunKind::Delta), (2, RunKind::Delta), (0, RunKind::Full), (0, RunKind::Delta), (0, RunKind::Delta)];
    for (drifted, kind) in as_before {
        let run = bench.run().await.unwrap();
        assert_eq!((run.kind, bench.learned().drifted), (kind, drifted), "{}", bench.lines().join("\n"));
    }
    assert!(bench.lines().join("\n").contains("the next run reads everything"));
    bench.world.text("/users/$count", "8");
    bench.run().await.unwrap();
    assert_eq!(bench.learned().drifted, 0);
}

/// A service that does no delta queries is read in full, and is not asked for them in vain.
#[tokio::test(start_paused = true)]
async fn without_delta_queries() {
    for (status, code, learned) in [
        (400, "Request_UnsupportedQuery", true),
        (404, "ResourceNotFound", true),
        (501, "NotImplemented", true),
        (403, "Authorization_RequestDenied", false),
    ] {
        let mut bench = Bench::new().await;
        bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
        for of in ["users", "groups"] {
            bench.world.refuse(&format!("/{of}/delta?"), status, code);
        }
        let run = bench.run().await.unwrap();
        assert_eq!(bench.content(&run), whole_but(&[], &[]));
        let told = bench.last_progress().fallbacks;
        assert!(told.iter().any(|f| f.what.contains("changes of users") && f.why.contains(code)), "{told:?}");
        assert_eq!(bench.learned().delta_refused.is_some(), learned, "{status}");
        assert_eq!(bench.run().await.unwrap().kind, RunKind::Full);
    }
}

/// Nothing answers any more: the run ends there, and a better day goes on with it.
#[tokio::test(start_paused = true)]
async fn a_service_that_is_lost_in_the_middle() {
    let mut bench = Bench::new().await;
    bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
    bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
    let good = bench.world.clone();
    bench.world.refuse("/users?$skiptoken=2", 401, "InvalidAuthenticationToken");
    bench.world.refuse("/organization?$select=id", 401, "InvalidAuthenticationToken");
    let error = bench.run().await.unwrap_err();
    assert!(matches!(error, CollectError::NoService(_)), "{error:?}");
    let failed = Reader::open(&bench.path(), None).unwrap().newest().unwrap().unwrap();
    assert_eq!(failed.status, RunStatus::Failed);
    bench.world = good;
    let first_pages = bench.asked("/v1.0/users?$select=");
    let run = bench.run().await.unwrap();
    assert_eq!((run.id, run.status), (failed.id, RunStatus::Complete), "{}", bench.lines().join("\n"));
    assert_eq!(bench.content(&run), whole_but(&[], &[]));
    assert_eq!(bench.asked("/v1.0/users?$select="), first_pages, "the first page is there");
    assert!(run.requests > failed.requests);
}

/// A group that is gone when its members are asked for, and restored before the run is through.
#[tokio::test(start_paused = true)]
async fn a_group_that_comes_back_during_the_run() {
    let mut bench = Bench::new().await;
    bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
    bench.listed("deleted", &[("user", "u1")]);
    for of in ["users", "groups"] {
        let latest = json!({ "value": [], "@odata.deltaLink": link(bench.stub.graph(), of, "0") });
        bench.world.on(&format!("/{of}/delta?$select="), latest);
        bench.changed(of, json!([]));
    }
    let back = json!({ "id": "deleted", "displayName": "Group deleted", "groupTypes": ["Unified"] });
    bench.changed("groups", json!([back]));
    bench.world.once("/groups/deleted/members?", refusal(404, "Request_ResourceNotFound", "no"));
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!((run.kind, run.status), (RunKind::Full, RunStatus::Complete), "{told}");
    assert!(told.contains("\"Group deleted\": gone"), "{told}");
    assert_eq!(bench.content(&run), whole_but(&[], &["deleted→u1"]), "{told}");
}

/// Who comes back only in the look-ups is settled in the same run: her groups are read again.
#[tokio::test(start_paused = true)]
async fn who_comes_back_late() {
    let (mut bench, _) = Bench::read_before().await;
    let sec = json!({ "id": "sec", "displayName": "Group sec", "groupTypes": [], "members@delta": [member("group", "back")] });
    bench.changed("groups", json!([sec]));
    let members = ["u1", "u2", "m365", "new", "c1", "d1", "p1", "ghost", "deleted", "back"];
    let kinds = ["user", "user", "group", "group", "orgContact", "device", "printer", "device", "group", "group"];
    bench.listed("sec", &kinds.into_iter().zip(members).collect::<Vec<_>>());
    // Nobody tells of this group but the one that has it; and it has somebody who was gone.
    bench.world.on("/groups/back?", json!({ "id": "back", "displayName": "Back", "groupTypes": ["Unified"] }));
    bench.listed("back", &[("user", "deleted-user")]);
    bench.world.on("/users/deleted-user?", json!({ "id": "deleted-user", "displayName": "Restored" }));
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!((run.kind, run.status, Bench::gaps(&run)), (RunKind::Delta, RunStatus::Complete, vec![]), "{told}");
    let with = ["user_group back", "sec→back", "back→deleted-user", "m365→deleted-user", "user deleted-user"];
    assert_eq!(bench.content(&run), whole_but(&[], &with), "{told}");
}

/// Who was gone stays so while nobody may say otherwise, and is there again when somebody does.
#[tokio::test(start_paused = true)]
async fn who_is_gone_stays_gone() {
    let (mut bench, _) = Bench::read_before().await;
    bench.clock.advance(8 * 24 * 3_600);
    let good = bench.world.clone();
    bench.world.refuse("/users?$select=", 403, "Authorization_RequestDenied");
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!((run.kind, Bench::gaps(&run).len()), (RunKind::Full, 1), "{told}");
    assert_eq!(bench.content(&run), whole_but(&[], &[]), "{told}");
    // Twice, too.
    let run = bench.run().await.unwrap();
    assert_eq!(bench.content(&run), whole_but(&[], &[]));
    bench.world = good;
    let users = ["u3", "u4", "u5", "deleted-user"].map(|id| json!({ "id": id, "displayName": id }));
    bench.world.on("/users?$skiptoken=2", json!({ "value": users }));
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!((run.status, Bench::gaps(&run)), (RunStatus::Complete, vec![]), "{told}");
    assert_eq!(bench.content(&run), whole_but(&[], &["m365→deleted-user", "user deleted-user"]), "{told}");
}

/// A group that was just made is not known everywhere at once: its list is not found, and it is.
#[tokio::test(start_paused = true)]
async fn a_group_whose_list_is_not_found() {
    let told = |of: &str, origin: &str| json!({ "value": [], "@odata.deltaLink": link(origin, of, "0") });
    let fresh = async || {
        let mut bench = Bench::new().await;
        bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
        for of in ["users", "groups"] {
            let latest = told(of, bench.stub.graph());
            bench.world.on(&format!("/{of}/delta?$select="), latest.clone());
            bench.world.on(&format!("/{of}/delta?$deltatoken=0"), latest);
        }
        bench
    };
    let there = json!({ "id": "deleted", "displayName": "Group deleted", "groupTypes": ["Unified"] });

    // It is asked for, and its list again.
    let mut bench = fresh().await;
    bench.listed("deleted", &[("user", "u1")]);
    bench.world.on("/groups/deleted?", there.clone());
    bench.world.once("/groups/deleted/members?", refusal(404, "Request_ResourceNotFound", "no"));
    let run = bench.run().await.unwrap();
    assert_eq!((run.status, Bench::gaps(&run)), (RunStatus::Complete, vec![]), "{}", bench.lines().join("\n"));
    assert_eq!(bench.content(&run), whole_but(&[], &["deleted→u1"]));

    // Twice is enough: that is a gap.
    let mut bench = fresh().await;
    bench.world.on("/groups/deleted?", there.clone());
    let run = bench.run().await.unwrap();
    assert_eq!(Bench::gaps(&run), ["deleted partial Request_ResourceNotFound"]);
    assert_eq!(bench.content(&run), whole_but(&[], &[]));

    // Nothing is found of it: it counts as gone, and the next run looks, though no change tells of it.
    let mut bench = fresh().await;
    let run = bench.run().await.unwrap();
    assert_eq!((run.status, Bench::gaps(&run)), (RunStatus::Complete, vec![]));
    assert_eq!(bench.content(&run), whole_but(&["user_group deleted", "sec→deleted"], &[]));
    bench.world.on("/groups/deleted?", there);
    bench.listed("deleted", &[("user", "u1")]);
    let run = bench.run().await.unwrap();
    assert_eq!((run.kind, run.status), (RunKind::Delta, RunStatus::Complete), "{}", bench.lines().join("\n"));
    assert_eq!(bench.content(&run), whole_but(&[], &["deleted→u1"]));

    // Once: who is not found again is gone.
    let bench = fresh().await;
    let looked = || {
        let asked = |seen: &&Seen| String::from_utf8_lossy(&seen.body).contains("groups/deleted?");
        bench.stub.seen().iter().filter(asked).count()
    };
    bench.run().await.unwrap();
    let first = looked();
    bench.run().await.unwrap();
    let second = looked();
    bench.run().await.unwrap();
    assert_eq!((first, second, looked()), (1, 2, 2), "it is looked for once more, and then not any more");
}

/// What cannot be understood outweighs what came before it in the same round.
#[tokio::test(start_paused = true)]
async fn a_slice_that_is_none_behind_one_that_is() {
    let (mut bench, _) = Bench::read_before().await;
    let origin = bench.stub.graph().to_owned();
    let first = json!({
        "value": [m365(&[member("user", "u1")])],
        "@odata.nextLink": format!("{origin}/v1.0/groups/delta?$skiptoken=2"),
    });
    bench.world.on("/groups/delta?$deltatoken=0", first);
    let garbled = json!({ "id": "m365", "displayName": "Group m365", "groupTypes": ["Unified"], "members@delta": "?" });
    let second = json!({ "value": [garbled], "@odata.deltaLink": link(&origin, "groups", "1") });
    bench.world.on("/groups/delta?$skiptoken=2", second);
    bench
        .world
        .on("/groups/delta?$deltatoken=1", json!({ "value": [], "@odata.deltaLink": link(&origin, "groups", "1") }));
    bench.listed("m365", &[("user", "u2"), ("user", "u9"), ("user", "deleted-user")]);
    let run = bench.run().await.unwrap();
    assert_eq!((run.kind, run.status), (RunKind::Delta, RunStatus::Complete), "{}", bench.lines().join("\n"));
    assert_eq!(bench.content(&run), whole_but(&["m365→u3"], &["m365→u2"]));
}

/// That changes show service principals is looked at again with each full read.
#[tokio::test(start_paused = true)]
async fn what_changes_show_may_end() {
    let (mut bench, _) = Bench::read_before().await;
    let tenant = TenantId::parse(TENANT).unwrap();
    let mut writer = Writer::open(&bench.path(), &tenant, "2026-11-22T10:00:00Z".parse().unwrap()).unwrap();
    let known = Learned { delta_shows_service_principals: Some(true), ..writer.learned().unwrap() };
    writer.learn(&known).unwrap();
    drop(writer);
    bench.ask.full = true;
    let run = bench.run().await.unwrap();
    assert_eq!((run.kind, run.status), (RunKind::Full, RunStatus::Complete));
    assert_eq!(bench.learned().delta_shows_service_principals, Some(false), "{}", bench.lines().join("\n"));
}

/// With the least load, a group that is gone by the time that its service principals are asked for is gone as a member too.
#[tokio::test(start_paused = true)]
async fn gently_a_group_that_goes_is_no_member() {
    let mut bench = Bench::new().await;
    bench.ask.gentle = true;
    bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
    let user = |id: &str| json!({ "id": id, "displayName": id });
    let users =
        json!({ "value": [user("u1"), user("u2")], "@odata.deltaLink": link(bench.stub.graph(), "users", "0") });
    bench.world.on("/users/delta?$select=", users);
    let group = |id: &str, members: &[Value]| json!({ "id": id, "displayName": id, "groupTypes": [], "members@delta": members });
    let groups =
        [group("sec", &[member("user", "u1"), member("group", "going")]), group("going", &[member("user", "u2")])];
    let groups = json!({ "value": groups, "@odata.deltaLink": link(bench.stub.graph(), "groups", "0") });
    bench.world.on("/groups/delta?$select=", groups);
    bench.world.on("/groups/sec/members/microsoft.graph.servicePrincipal?", json!({ "value": [] }));
    for of in ["users", "groups"] {
        let nothing = json!({ "value": [], "@odata.deltaLink": link(bench.stub.graph(), of, "0") });
        bench.world.on(&format!("/{of}/delta?$deltatoken=0"), nothing);
    }
    bench.listed("sec", &[("user", "u1"), ("group", "going")]);
    let run = bench.run().await.unwrap();
    assert_eq!((run.kind, run.status), (RunKind::Gentle, RunStatus::Complete), "{}", bench.lines().join("\n"));
    let content = bench.content(&run);
    assert_eq!(content[1..], ["sec→u1", "user u1", "user u2", "user_group sec"], "{}", bench.lines().join("\n"));
}

/// Whoever was deleted between two passes over a chain is told by neither.
#[tokio::test(start_paused = true)]
async fn gently_who_was_seen_by_the_first_pass_only() {
    let user = |id: &str| json!({ "id": id, "displayName": id });
    let mut bench = Bench::new().await;
    bench.ask.gentle = true;
    bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
    let (users, groups) = (link(bench.stub.graph(), "users", "0"), link(bench.stub.graph(), "groups", "0"));
    let next = format!("{}/v1.0/users/delta?$skiptoken=2", bench.stub.graph());
    let group = |id: &str| json!({ "id": id, "displayName": id, "groupTypes": ["Unified"], "members@delta": [member("user", "u1"), member("user", "left")] });
    let all = json!({ "value": [group("a")], "@odata.deltaLink": groups });
    bench.world.on("/groups/delta?$select=", all);
    bench.listed("a", &[("user", "u1"), ("user", "left")]);
    bench.world.on("/users/stayed?", user("stayed"));
    for (of, link) in [("users", &users), ("groups", &groups)] {
        bench.world.on(&format!("/{of}/delta?$deltatoken=0"), json!({ "value": [], "@odata.deltaLink": link }));
    }
    let first = json!({ "value": [user("u1"), user("left"), user("stayed")], "@odata.nextLink": next });
    bench.world.once("/users/delta?$select=", answer(200, first));
    let last = json!({ "value": [user("u2")], "@odata.deltaLink": users });
    bench.world.on("/users/delta?$skiptoken=2", last.clone());
    bench.world.on("/users/delta?$select=", json!({ "value": [user("u1")], "@odata.nextLink": next }));
    bench.world.once("/users/delta?$skiptoken=2", refusal(400, "Directory_ExpiredPageToken", "worn out"));
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!((run.kind, run.status), (RunKind::Gentle, RunStatus::Complete), "{told}");
    let want = ["a→u1", "user stayed", "user u1", "user u2", "user_group a"];
    assert_eq!(bench.content(&run)[1..], want, "{told}");
}

/// What a chain of changes brought before it was refused for good does not stand beside what the lists say.
#[tokio::test(start_paused = true)]
async fn gently_until_it_is_refused() {
    let mut bench = Bench::new().await;
    bench.ask.gentle = true;
    bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
    bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
    let first = json!({
        "value": [m365(&[member("user", "u1"), member("user", "u3")])],
        "@odata.nextLink": format!("{}/v1.0/groups/delta?$skiptoken=2", bench.stub.graph()),
    });
    bench.world.on("/groups/delta?$select=", first);
    bench.world.refuse("/groups/delta?$skiptoken=2", 501, "NotImplemented");
    let run = bench.run().await.unwrap();
    assert_eq!((run.kind, run.status), (RunKind::Gentle, RunStatus::Complete), "{}", bench.lines().join("\n"));
    assert_eq!(bench.content(&run), whole_but(&[], &[]), "{}", bench.lines().join("\n"));
}

/// A list that is not found, of a group that is: it is asked for again, and then it is a gap, but never a deletion.
#[tokio::test(start_paused = true)]
async fn a_list_that_is_not_found_is_no_deletion() {
    for once in [true, false] {
        let (mut bench, _) = Bench::read_before().await;
        bench.ask.full = true;
        let group = json!({ "id": "m365", "displayName": "Group m365", "groupTypes": ["Unified"] });
        bench.world.on("/groups/m365?", group);
        let path = "/groups/m365/members?";
        match once {
            true => bench.world.once(path, refusal(404, "Request_ResourceNotFound", "no")),
            false => bench.world.refuse(path, 404, "Request_ResourceNotFound"),
        }
        let run = bench.run().await.unwrap();
        let told = bench.lines().join("\n");
        let gaps: &[&str] = if once { &[] } else { &["m365 partial Request_ResourceNotFound"] };
        assert_eq!(Bench::gaps(&run), gaps, "{told}");
        assert_eq!(bench.content(&run), whole_but(&[], &[]), "{told}");
    }
}

/// A store that a run has in hand is not taken by another; nothing here may hold it longer than the run.
#[tokio::test(start_paused = true)]
async fn the_store_is_free_after_a_run() {
    let (bench, _) = Bench::read_before().await;
    let tenant = TenantId::parse(TENANT).unwrap();
    Writer::open(&bench.path(), &tenant, "2026-11-22T10:00:00Z".parse().unwrap()).unwrap();
}
