use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Asker, Reply};

const JOBS: &str = "/persister/synchronization/jobs";

fn entity(key: &str, name: &str) -> Value {
    json!({ "_key": key, "_type": "demo_user", "_class": ["User"], "displayName": name })
}

fn edge(from: &str, to: &str) -> Value {
    json!({ "_key": format!("{from}|has|{to}"), "_type": "demo_has", "_class": "HAS", "_fromEntityKey": from,
            "_toEntityKey": to })
}

impl Asker {
    async fn post_job(&self, path: &str, body: Value) -> Reply {
        self.jupiterone(Method::POST, &format!("{JOBS}{path}"), Some(body)).await
    }

    async fn start(&self) -> String {
        let body = json!({ "source": "integration-external", "integrationInstanceId": self.demo.jupiterone_instance });
        let job = self.post_job("", body).await.ok().json()["job"].clone();
        assert_eq!(job["status"], json!("AWAITING_UPLOADS"));
        job["id"].as_str().unwrap().to_owned()
    }

    /// Uploads and finalizes; gives the job at its end.
    async fn synchronize(&self, entities: &[Value], relationships: &[Value], partial: &[&str]) -> Value {
        let id = self.start().await;
        self.post_job(&format!("/{id}/relationships"), json!({ "relationships": relationships })).await.ok();
        self.post_job(&format!("/{id}/entities"), json!({ "entities": entities })).await.ok();
        let finalize = json!({ "partialDatasets": { "types": partial } });
        self.post_job(&format!("/{id}/finalize"), finalize).await.ok();
        self.end_of(&id).await.pop().unwrap()
    }

    /// Polls until the job has ended; gives every status it had.
    async fn end_of(&self, id: &str) -> Vec<Value> {
        let mut seen: Vec<Value> = Vec::new();
        loop {
            let job = self.jupiterone(Method::GET, &format!("{JOBS}/{id}"), None).await.ok().json()["job"].clone();
            let done = job["done"] == json!(true);
            if seen.last().is_none_or(|last| last["status"] != job["status"]) {
                seen.push(job);
            }
            if done {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn figures(job: &Value) -> [u64; 7] {
    [
        "EntitiesCreated",
        "EntitiesUpdated",
        "EntitiesDeleted",
        "RelationshipsCreated",
        "RelationshipsUpdated",
        "RelationshipsDeleted",
        "RelationshipCreateErrors",
    ]
    .map(|name| job[format!("num{name}")].as_u64().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_job_lives_as_documented_and_is_applied_as_a_diff() {
    let asker = Asker::new("default", 20, 5).await;
    let all = [entity("a", "A"), entity("b", "B"), entity("c", "C")];
    let job = asker.synchronize(&all, &[edge("a", "b"), edge("a", "c"), edge("a", "nobody")], &[]).await;
    assert_eq!(job["status"], json!("FINISHED"));
    assert_eq!(figures(&job), [3, 0, 0, 2, 0, 0, 1]);
    let held: Vec<Value> =
        asker.demo.uploaded(None).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(held, [&all[..], &[edge("a", "b"), edge("a", "c")]].concat());

    assert_eq!(figures(&asker.synchronize(&all, &[edge("a", "b"), edge("a", "c")], &[]).await), [0; 7]);
    let changed = [entity("a", "A2"), entity("d", "D")];
    assert_eq!(figures(&asker.synchronize(&changed, &[edge("a", "d")], &[]).await), [1, 1, 2, 1, 0, 2, 0]);
    let job = asker.synchronize(&[], &[], &["demo_user", "demo_has"]).await;
    assert_eq!(figures(&job), [0; 7], "types of partialDatasets are not deleted");
    assert_eq!(figures(&asker.synchronize(&[], &[], &[]).await), [0, 0, 2, 0, 0, 1, 0]);
    assert_eq!(asker.demo.uploaded(None).as_deref(), Some(""));
}

#[tokio::test(start_paused = true)]
async fn the_statuses_come_in_their_order() {
    let asker = Asker::new("default", 20, 5).await;
    let id = asker.start().await;
    asker.post_job(&format!("/{id}/finalize"), json!({})).await.ok();
    let seen = asker.end_of(&id).await;
    let statuses: Vec<&str> = seen.iter().map(|job| job["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["FINALIZE_PENDING", "FINALIZING_ENTITIES", "FINALIZING_RELATIONSHIPS", "FINISHED"]);
    for path in ["entities", "relationships", "finalize", "abort"] {
        let body = json!({ "entities": [], "relationships": [] });
        asker.post_job(&format!("/{id}/{path}"), body).await.refused(400, "JOB_NOT_AWAITING_UPLOADS");
    }
    let id = asker.start().await;
    let job = asker.post_job(&format!("/{id}/abort"), json!({ "reason": "test" })).await.ok().json();
    assert_eq!(job["job"]["status"], json!("ABORTED"));
    asker.post_job("/nonesuch/finalize", json!({})).await.refused(404, "SYNC_JOB_NOT_FOUND");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_comes_twice_spoils_the_job_unless_the_latest_may_win() {
    let asker = Asker::new("default", 20, 5).await;
    for (query, status, created) in [("", "ERROR_BAD_DATA", 0), ("?ignoreDuplicates=true", "FINISHED", 1)] {
        let id = asker.start().await;
        let body = json!({ "entities": [entity("a", "A")] });
        asker.post_job(&format!("/{id}/entities"), body.clone()).await.ok();
        asker.post_job(&format!("/{id}/entities{query}"), body).await.ok();
        asker.post_job(&format!("/{id}/finalize"), json!({})).await.ok();
        let job = asker.end_of(&id).await.pop().unwrap();
        assert_eq!((&job["status"], figures(&job)[0]), (&json!(status), created));
    }
}

#[tokio::test]
async fn starts_are_checked() {
    let asker = Asker::new("default", 20, 5).await;
    let instance = asker.demo.jupiterone_instance.clone();
    let scope = asker.post_job("", json!({ "source": "api", "scope": "my-scope" })).await.ok().json();
    assert_eq!(scope["job"]["scope"], json!("my-scope"));
    let wrong =
        json!({ "source": "integration-external", "integrationInstanceId": "11111111-2222-4333-8444-555555555555" });
    let reply = asker.post_job("", wrong).await;
    reply.refused(400, "SYNC_JOB_INVALID_INTEGRATION_INSTANCE");
    assert_eq!(reply.message(), "Integration instance not found");
    for body in [
        json!({}),
        json!({ "source": "api" }),
        json!({ "source": "integration-external" }),
        json!({ "source": "api", "scope": "x", "integrationInstanceId": instance }),
        json!({ "source": "integration-external", "scope": "x", "integrationInstanceId": instance }),
        json!({ "source": "api", "scope": "x", "syncMode": "CREATE_OR_UPDATE" }),
    ] {
        asker.post_job("", body).await.refused(400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn keys_accounts_and_sizes_are_checked() {
    let asker = Asker::new("default", 20, 5).await;
    let url = format!("{}{JOBS}", asker.demo.jupiterone_url);
    let key = asker.demo.jupiterone_api_key.expose();
    for request in [
        asker.http.post(&url),
        asker.http.post(&url).bearer_auth(key),
        asker.http.post(&url).bearer_auth(key).header("JupiterOne-Account", "other"),
        asker.http.post(&url).bearer_auth("wrong").header("JupiterOne-Account", &asker.demo.jupiterone_account),
    ] {
        Asker::read(request.send().await).await.unwrap().refused(401, "UNAUTHORIZED");
    }
    let id = asker.start().await;
    let large = json!({ "entities": [entity("a", &"x".repeat(6_000_000))] });
    asker.post_job(&format!("/{id}/entities"), large).await.refused(413, "RequestEntityTooLargeException");
    let bad = json!({ "entities": [{ "_key": "k", "_type": "t", "_class": "User", "_x": 1 }] });
    let reply = asker.post_job(&format!("/{id}/entities"), bad).await;
    reply.refused(400, "ENTITY_UPLOAD_FAILED_VALIDATION");
    assert_eq!(reply.message(), "1 validation error(s):\n- Error in entities[0]._x (reason=NOT_ALLOWED)");
}

#[tokio::test]
async fn only_a_persons_key_reads() {
    let account = json!({ "query": "{ iamGetAccount { accountId accountName accountSubdomain } }" });
    let asker = Asker::new("default", 20, 5).await;
    let reply = asker.jupiterone(Method::POST, "/graphql", Some(account.clone())).await;
    assert_eq!((reply.status, &reply.json()["errors"][0]["extensions"]["code"]), (403, &json!("FORBIDDEN")));
    let asker = Asker::new("user-key", 20, 5).await;
    let reply = asker.jupiterone(Method::POST, "/graphql", Some(account)).await.ok().json();
    assert_eq!(reply["data"]["iamGetAccount"]["accountId"], json!(asker.demo.jupiterone_account));
    let instance = json!({
        "query": "query($id:String!){integrationInstance(id:$id){id name integrationDefinition{integrationType}}}",
        "variables": { "id": asker.demo.jupiterone_instance },
    });
    let reply = asker.jupiterone(Method::POST, "/graphql", Some(instance)).await.ok().json();
    let kind = &reply["data"]["integrationInstance"]["integrationDefinition"]["integrationType"];
    assert_eq!(kind, &json!("custom"));

    // In J1QL only counts, of what was uploaded and of what another integration brought.
    let asker = Asker::new("people-twice", 20, 5).await;
    let count = async |entity_type: &str| {
        let text = format!("FIND {entity_type} AS u RETURN count(u) AS n");
        let query = json!({ "query": "query ($query: String!) { queryV1(query: $query) { type data } }",
            "variables": { "query": text } });
        let reply = asker.jupiterone(Method::POST, "/graphql", Some(query)).await.ok().json();
        reply["data"]["queryV1"]["data"][0]["many"].as_u64()
    };
    assert_eq!(count("azure_user").await, Some(1_204));
    assert_eq!(count("active_directory_user").await, Some(0));
    assert_eq!(count("azure_user WITH name = 'x'").await, None);
}
