//! What was recorded from the real services, and what the demo answers, have the same shape.

use serde_json::{Value, json};

use super::client::{Asker, id, shared};

/// Where `demo` lacks a member that `real` has, has one of another JSON type, or has one more where `exact`.
fn differences(path: &str, real: &Value, demo: &Value, exact: bool) -> Vec<String> {
    match (real, demo) {
        (Value::Object(real), Value::Object(demo)) => {
            let mut all = Vec::new();
            for (name, value) in real {
                match demo.get(name) {
                    Some(other) => all.extend(differences(&format!("{path}.{name}"), value, other, exact)),
                    None => all.push(format!("{path}.{name} is missing")),
                }
            }
            let more = demo.keys().filter(|name| exact && !real.contains_key(*name));
            all.extend(more.map(|name| format!("{path}.{name} is not in the recording")));
            all
        }
        // Any object of a list stands for all: members of one list have one shape.
        (Value::Array(real), Value::Array(demo)) => match (real.first(), demo.first()) {
            (Some(real), Some(demo)) => differences(&format!("{path}[]"), real, demo, exact),
            _ => Vec::new(),
        },
        // Null stands for any type.
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        (real, demo) if std::mem::discriminant(real) == std::mem::discriminant(demo) => Vec::new(),
        (real, demo) => vec![format!("{path} is {real} there and {demo} here")],
    }
}

fn exchanges(name: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(shared()?.join(name)).unwrap();
    serde_json::from_str(&text).ok()
}

#[track_caller]
fn same_shape(recorded: &Value, status: u16, body: &Value, exact: bool) {
    assert_eq!(recorded["response"]["status"], json!(status));
    assert_eq!(differences("", &recorded["response"]["body"], body, exact), Vec::<String>::new());
}

#[tokio::test]
async fn answers_have_the_shape_of_the_recorded_ones_or_left_out() {
    let asker = Asker::new("default", 300, 80).await;
    let Some(organization) = exchanges("fetchOrganization.json") else { return };
    let token = asker.login(&[]).await;
    same_shape(&organization[0], token.status, &token.json(), true);
    let got = asker.get("/organization").await;
    same_shape(&organization[1], got.status, &got.json(), false);
    for (name, value) in organization[1]["response"]["headers"].as_object().unwrap() {
        let ours = got.headers.get(name).unwrap_or_else(|| panic!("header {name}"));
        if name == "content-type" {
            assert_eq!(json!(ours), *value);
        }
    }

    let users = exchanges("iterateUsers.json").unwrap();
    let got = asker.get("/users").await;
    same_shape(
        &users[1],
        got.status,
        &{
            let mut body = got.json();
            body.as_object_mut().unwrap().remove("@odata.nextLink");
            body
        },
        true,
    );

    let members = exchanges("iterateGroupMembers.json").unwrap();
    let groups = asker.all("/groups").await;
    let mut compared = 0;
    for group in &groups {
        let got = asker.get(&format!("/groups/{}/members", id(group))).await;
        let mut body = got.json();
        body.as_object_mut().unwrap().remove("@odata.nextLink");
        let list = body["value"].as_array_mut().unwrap();
        list.retain(|m| m["@odata.type"] == json!("#microsoft.graph.user"));
        compared += list.len();
        same_shape(&members[1], got.status, &body, true);
        assert_eq!(got.headers["x-ms-resource-unit"], members[1]["response"]["headers"]["x-ms-resource-unit"]);
    }
    assert!(compared > 100);

    let invalid = exchanges("verifyAuthenticationInvalidDirectory.json").unwrap();
    let got = asker.login(&[("tenant", "abc123testing")]).await;
    same_shape(&invalid[0], got.status, &got.json(), true);
    let head = |text: &Value| text.as_str().unwrap().split("\r\n").next().unwrap().to_owned();
    assert_eq!(head(&got.json()["error_description"]), head(&invalid[0]["response"]["body"]["error_description"]));

    let inaccessible = exchanges("fetchOrganizationInaccessible.json").unwrap();
    let asker = Asker::new("identity-not-found", 20, 5).await;
    let got = asker.get("/organization").await;
    same_shape(&inaccessible[1], got.status, &got.json(), true);
    assert_eq!(got.json()["error"]["code"], inaccessible[1]["response"]["body"]["error"]["code"]);
    assert_eq!(got.json()["error"]["message"], inaccessible[1]["response"]["body"]["error"]["message"]);
}

#[test]
fn differences_are_seen() {
    let check = |real: Value, demo: Value, count: usize| {
        assert_eq!(differences("", &real, &demo, true).len(), count, "{real} {demo}");
    };
    check(json!({ "a": 1, "b": null }), json!({ "a": 2, "b": "x" }), 0);
    check(json!({ "a": 1 }), json!({}), 1);
    check(json!({ "a": 1 }), json!({ "a": "1" }), 1);
    check(json!({ "a": 1 }), json!({ "a": 1, "b": 1 }), 1);
    check(json!([{ "a": 1 }]), json!([{ "a": "x" }]), 1);
}
