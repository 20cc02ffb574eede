//! Service principals of groups, where the service refuses to tell them: nothing counts as complete that may not be.

use super::{changes::link, *};
use crate::domain::{
    completeness::{AcceptedGap, Excluded, accept, partial_types},
    reading::RunKind,
};

const OF_SEC: &str = "/groups/sec/members/microsoft.graph.servicePrincipal?";
const OF_EMPTY: &str = "/groups/empty/members/microsoft.graph.servicePrincipal?";
const CODE: &str = "Request_UnsupportedQuery";
const LOST: [&str; 2] = ["sec→s1", "servicePrincipal s1"];

impl Bench {
    fn refuse_casts(&mut self) {
        self.world.refuse(OF_SEC, 400, CODE);
        self.world.refuse(OF_EMPTY, 400, CODE);
    }

    /// So that each group's chain is told from its beginning too.
    fn tells_chains(&mut self) {
        let origin = self.stub.graph().to_owned();
        let pages = |of: &str, paths: &[&str], world: &World| {
            let value: Vec<Value> = paths
                .iter()
                .flat_map(|path| {
                    let body: Value = serde_json::from_str(&world.ask(&format!("/v1.0{path}")).body).unwrap();
                    body["value"].as_array().unwrap().clone()
                })
                .map(|mut object| {
                    if of == "groups" {
                        let id = object["id"].as_str().unwrap().to_owned();
                        let list = world.ask(&format!("/v1.0/groups/{id}/members?$select"));
                        let list: Value = serde_json::from_str(&list.body).unwrap();
                        object["members@delta"] = list["value"].clone();
                        if id == "long" {
                            object["members@delta"]
                                .as_array_mut()
                                .unwrap()
                                .push(json!({ "@odata.type": "#microsoft.graph.user", "id": "u5" }));
                        }
                    }
                    object
                })
                .collect();
            json!({ "value": value, "@odata.deltaLink": link(&origin, of, "0") })
        };
        let users = pages("users", &["/users?$select=", "/users?$skiptoken=2"], &self.world);
        let groups = pages("groups", &["/groups?$select=", "/groups?$skiptoken=2"], &self.world);
        self.world.on("/users/delta?$select=", users);
        self.world.on("/groups/delta?$select=", groups);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_served_before_is_carried_forward() {
    for ask in [Ask { full: true, ..Ask::default() }, Ask { gentle: true, ..Ask::default() }] {
        let (mut bench, before) = Bench::read_before().await;
        if ask.gentle {
            bench.tells_chains();
        }
        bench.world.refuse(OF_SEC, 400, CODE);
        let run = bench.run_as(ask.clone()).await.unwrap();
        let told = bench.lines().join("\n");
        assert_eq!(run.kind, if ask.gentle { RunKind::Gentle } else { RunKind::Full }, "{told}");
        assert_eq!(bench.content(&run), whole_but(&[], &[]), "{told}");
        assert_eq!(Bench::gaps(&run), ["sec partial service_principals_refused"], "{told}");
        assert_eq!(run.gaps[0].stale_since, before.finished_at);
        assert!(partial_types(Naming::ActiveDirectory, &run.gaps, &Excluded::default()).is_empty());

        // As long as it is so, in whatever way is read.
        let again = bench.run().await.unwrap();
        let told = bench.lines().join("\n");
        assert_eq!((again.kind, Bench::gaps(&again)), (RunKind::Delta, Bench::gaps(&run)), "{told}");
        assert_eq!(bench.content(&again), whole_but(&[], &[]), "{told}");

        bench.world.on(OF_SEC, json!({ "value": [] }));
        let healed = bench.run().await.unwrap();
        assert_eq!((healed.kind, Bench::gaps(&healed)), (RunKind::Delta, vec![]));
        assert_eq!(bench.content(&healed), whole_but(&LOST, &[]), "it says itself that there is none any more");
    }
}

#[tokio::test(start_paused = true)]
async fn where_no_cast_is_served_that_is_a_gap_of_its_own() {
    let mut bench = Bench::new().await;
    bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
    bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
    for of in ["users", "groups"] {
        let latest = json!({ "value": [], "@odata.deltaLink": link(bench.stub.graph(), of, "0") });
        bench.world.on(&format!("/{of}/delta?$select="), latest.clone());
        bench.world.on(&format!("/{of}/delta?$deltatoken=0"), latest);
    }
    let good = bench.world.clone();
    bench.refuse_casts();
    for kind in [RunKind::Full, RunKind::Delta] {
        let run = bench.run().await.unwrap();
        let told = bench.lines().join("\n");
        assert_eq!((run.kind, run.status), (kind, RunStatus::Partial), "{told}");
        assert_eq!(Bench::gaps(&run), ["servicePrincipal partial service_principals_refused"], "{told}");
        assert_eq!((run.gaps[0].scope, run.gaps[0].stale_since), (GapScope::Kind, None));
        assert_eq!(bench.content(&run), whole_but(&LOST, &[]), "{told}");
        let exempt = partial_types(Naming::ActiveDirectory, &run.gaps, &Excluded::default());
        let exempt: Vec<&str> = exempt.iter().map(String::as_str).collect();
        assert_eq!(exempt, ["active_directory_group_member", "active_directory_user_group_has_group_member"]);
        let mut gaps = run.gaps.clone();
        accept(&mut gaps, &[AcceptedGap::from(&run.gaps[0])]);
        assert!(!gaps[0].is_open());
    }

    // Served again: all is read, and nothing is missing.
    bench.world = good;
    let full = bench.run_as(Ask { full: true, ..Ask::default() }).await.unwrap();
    assert_eq!((Bench::gaps(&full), bench.content(&full)), (vec![], whole_but(&[], &[])));

    // And not any more: who was there stays, and who came since is unknown.
    bench.refuse_casts();
    let run = bench.run_as(Ask { full: true, ..Ask::default() }).await.unwrap();
    let both = ["sec partial service_principals_refused", "servicePrincipal partial service_principals_refused"];
    assert_eq!(Bench::gaps(&run), both);
    assert!(run.gaps.iter().all(|gap| gap.stale_since == full.finished_at), "{:?}", run.gaps);
    assert_eq!(bench.content(&run), whole_but(&[], &[]));
}

/// The header and `$count` are documented to be needed, and were seen not to be.
#[tokio::test(start_paused = true)]
async fn a_cast_that_is_served_plainly_only() {
    let (mut bench, _) = Bench::read_before().await;
    for (path, served) in [(OF_SEC, "s1"), (OF_EMPTY, "s2")] {
        bench.world.on(path, json!({ "value": [{ "id": served }] }));
        bench.world.refuse(&format!("{path}$select=id&$top=999&$count=true"), 400, CODE);
    }
    bench.world.on(
        "/directoryObjects/s2",
        json!({ "@odata.type": "#microsoft.graph.servicePrincipal", "id": "s2", "displayName": "Two" }),
    );
    let run = bench.run_as(Ask { full: true, ..Ask::default() }).await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!((Bench::gaps(&run), run.status), (vec![], RunStatus::Complete), "{told}");
    assert_eq!(bench.content(&run), whole_but(&[], &["empty→s2", "servicePrincipal s2"]), "{told}");
}

/// A group that changed, in a run that reads changes without service principals.
#[tokio::test(start_paused = true)]
async fn changes_take_nobody_away_over_a_refusal() {
    let (mut bench, _) = Bench::read_before().await;
    bench.world.on(OF_SEC, json!({ "value": [{ "id": "s2" }] }));
    let run = bench.run().await.unwrap();
    assert_eq!(run.kind, RunKind::Delta);
    assert_eq!(bench.learned().delta_shows_service_principals, Some(false));
    bench.refuse_casts();
    let sec = json!({ "id": "sec", "displayName": "Group sec", "groupTypes": [], "members@delta": [
        { "@odata.type": "#microsoft.graph.user", "id": "u1", "@removed": { "reason": "deleted" } },
    ] });
    bench.changed("groups", json!([sec]));
    let members = ["u2", "m365", "new", "c1", "d1", "p1", "ghost", "deleted"];
    let kinds = ["user", "group", "group", "orgContact", "device", "printer", "device", "group"];
    bench.listed("sec", &kinds.into_iter().zip(members).collect::<Vec<_>>());
    bench.refuse_casts();
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!((run.kind, run.status), (RunKind::Delta, RunStatus::Complete), "{told}");
    assert_eq!(bench.content(&run), whole_but(&["sec→u1"], &[]), "{told}");
}

/// What is left of the refusals by a run that was cut off is not forgotten.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_cut_off_remembers_what_was_refused() {
    let mut bench = Bench::new().await;
    bench.stub.roles(&["Directory.Read.All", "Member.Read.Hidden"]);
    bench.world.on("/groups/deleted/members?", json!({ "value": [] }));
    bench.refuse_casts();
    let busy = refusal(429, "TooManyRequests", "").header("retry-after", "600");
    let good = bench.world.clone();
    bench.world.answer("/directoryObjects/getByIds", busy);
    let cancel = bench.cancel.clone();
    let (cut, ()) = tokio::join!(bench.run(), async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        cancel.cancel();
    });
    assert_eq!(cut.unwrap().status, RunStatus::Interrupted);
    assert!(bench.asked_for(OF_SEC) > 0, "the lists were read before");
    (bench.cancel, bench.world) = (CancellationToken::new(), good);
    let asked = bench.asked_for(OF_SEC);
    let run = bench.run().await.unwrap();
    let told = bench.lines().join("\n");
    assert_eq!(Bench::gaps(&run), ["servicePrincipal partial service_principals_refused"], "{told}");
    assert_eq!(bench.asked_for(OF_SEC), asked, "nothing was asked twice");
}

impl Bench {
    /// Requests for a path, in batches too.
    fn asked_for(&self, path: &str) -> usize {
        let inside = |body: &[u8]| String::from_utf8_lossy(body).matches(path).count();
        self.stub.seen().iter().map(|seen| usize::from(seen.path.contains(path)) + inside(&seen.body)).sum()
    }
}
