use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tenantry::demo::Service;

use super::client::{Asker, Reply};

pub fn claims(reply: &Reply) -> Value {
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_is_given_as_documented() {
    let asker = Asker::new("default", 20, 5).await;
    let reply = asker.login(&[]).await.ok();
    let json = reply.json();
    let names: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(names, ["access_token", "expires_in", "ext_expires_in", "token_type"]);
    assert_eq!((&json["token_type"], &json["expires_in"]), (&json!("Bearer"), &json!(3599)));
    let claims = claims(&reply);
    assert_eq!(claims["tid"], json!(asker.demo.tenant_id));
    assert_eq!(claims["appid"], json!(asker.demo.client_id));
    assert_eq!(claims["aud"], json!("https://graph.microsoft.com"));
    assert_eq!(claims["roles"], json!(["Directory.Read.All", "Member.Read.Hidden"]));
    assert_eq!((&claims["idtyp"], &claims["ver"], &claims["appidacr"]), (&json!("app"), &json!("1.0"), &json!("1")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    assert_eq!(claims.get("scp"), None);

    // By a verified domain, and in upper case.
    let domain = asker.get("/organization").await.json()["value"][0]["verifiedDomains"][1]["name"].clone();
    asker.login(&[("tenant", domain.as_str().unwrap())]).await.ok();
    asker.login(&[("tenant", &asker.demo.tenant_id.as_str().to_uppercase())]).await.ok();
}

#[tokio::test]
async fn refusals_are_the_documented_ones() {
    let asker = Asker::new("default", 20, 5).await;
    let check = async |changes: &[(&str, &str)], status: u16, error: &str, code: u32, words: &str| {
        let reply = asker.login(changes).await;
        let json = reply.json();
        assert_eq!((reply.status, json["error"].as_str().unwrap()), (status, error), "{changes:?} {json}");
        assert_eq!(json["error_codes"], json!([code]), "{changes:?} {json}");
        let text = json["error_description"].as_str().unwrap();
        assert!(text.starts_with(&format!("AADSTS{code}: ")) && text.contains(words), "{text}");
        for part in ["Trace ID: ", "Correlation ID: ", "Timestamp: "] {
            assert!(text.contains(part), "{text}");
        }
        assert!(text.contains(json["trace_id"].as_str().unwrap()));
        assert_eq!(json["error_uri"], json!(format!("https://login.microsoftonline.com/error?code={code}")));
        assert_eq!(reply.headers["content-type"], "application/json; charset=utf-8");
    };
    let request = "invalid_request";
    check(&[("tenant", "11111111-2222-4333-8444-555555555555")], 400, request, 90002, "not found").await;
    check(&[("tenant", "nobody.example")], 400, request, 90002, "'nobody.example'").await;
    check(&[("tenant", "abc123testing")], 400, request, 90002, "active subscriptions").await;
    check(&[("tenant", "invalid_tenant")], 400, request, 900_023, "neither a valid DNS name").await;
    check(&[("tenant", "Contoso%20Ltd")], 400, request, 900_023, "'Contoso Ltd'").await;
    check(&[("tenant", "00000000-0000-0000-0000-000000000000")], 400, request, 900_021, "not valid").await;
    check(&[("tenant", "common")], 400, request, 9_001_023, "/common").await;
    check(&[("grant_type", "")], 400, request, 900_144, "'grant_type'").await;
    check(&[("client_id", "")], 400, request, 900_144, "'client_id'").await;
    check(&[("scope", "")], 400, request, 900_144, "'scope'").await;
    check(&[("grant_type", "password")], 400, "unsupported_grant_type", 70003, "password").await;
    check(&[("scope", "https://graph.microsoft.com/User.Read")], 400, "invalid_scope", 1_002_012, ".default").await;
    check(&[("scope", "https%3A%2F%2Fgraph.microsoft.com%2F.default x")], 400, "invalid_scope", 70011, "scope").await;
    check(&[("scope", "https://graph.microsoft.us/.default")], 400, "invalid_resource", 500_011, "graph.microsoft.us")
        .await;
    check(&[("client_secret", "")], 401, "invalid_client", 7_000_218, "client_assertion").await;

    let words: BTreeMap<&str, (u16, &str)> = BTreeMap::from([
        ("AADSTS90002", (400, request)),
        ("AADSTS700016", (400, "unauthorized_client")),
        ("AADSTS7000215", (401, "invalid_client")),
        ("AADSTS7000222", (401, "invalid_client")),
        ("AADSTS7000229", (401, "invalid_client")),
    ]);
    let mut seen = Vec::new();
    for mistake in &asker.demo.mistakes {
        let Some((status, error)) = words.get(mistake.expect.as_str()) else { continue };
        let code = mistake.expect.trim_start_matches("AADSTS").parse().unwrap();
        let (tenant, client) = (mistake.tenant.as_str(), mistake.client.as_str());
        let changes = [("tenant", tenant), ("client_id", client), ("client_secret", mistake.secret.expose())];
        check(&changes, *status, error, code, "").await;
        seen.push(mistake.expect.as_str());
    }
    assert_eq!(seen.len(), 6, "{seen:?}");

    let url = format!("{}/{}/oauth2/v2.0/token", asker.demo.login_url, asker.demo.tenant_id);
    let got = Asker::read(asker.http.get(&url).send().await).await.unwrap();
    assert_eq!(got.json()["error_codes"], json!([900_561]));
    let got = Asker::read(asker.http.post(&url).body("{\"a\":1}").send().await).await.unwrap();
    assert_eq!(got.json()["error_codes"], json!([9_002_313]));
    let got = Asker::read(asker.http.post(format!("{}/x", asker.demo.login_url)).send().await).await.unwrap();
    assert_eq!(got.status, 404);
}

#[tokio::test]
async fn the_client_request_id_is_the_correlation_id() {
    let asker = Asker::new("default", 20, 5).await;
    let url = format!("{}/nobody.example/oauth2/v2.0/token", asker.demo.login_url);
    let id = "7b12f9bb-2eef-42e3-ad75-eee69ec9088d";
    let sent = asker.http.post(url).header("client-request-id", id).send().await;
    assert_eq!(Asker::read(sent).await.unwrap().json()["correlation_id"], json!(id));
}

#[tokio::test]
async fn without_consent_there_is_a_token_and_nothing_to_read() {
    let asker = Asker::new("default", 20, 5).await;
    let mistake = asker.demo.mistakes.iter().find(|m| m.expect == "Authorization_RequestDenied").unwrap();
    let reply = asker.login(&[("client_id", &mistake.client), ("client_secret", mistake.secret.expose())]).await.ok();
    assert_eq!(claims(&reply).get("roles"), None);
    let url = format!("{}/v1.0/users", asker.demo.graph_url);
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    let got = Asker::read(asker.http.get(url).bearer_auth(token).send().await).await.unwrap();
    got.refused(403, "Authorization_RequestDenied");
}

#[tokio::test]
async fn every_service_refuses_and_remembers_the_others_credentials() {
    let asker = Asker::new("default", 20, 5).await;
    let (demo, http) = (&asker.demo, &asker.http);
    let key = demo.jupiterone_api_key.expose();
    let account = &demo.jupiterone_account;
    let graph = format!("{}/v1.0/users", demo.graph_url);
    let jobs = format!("{}/persister/synchronization/jobs", demo.jupiterone_url);
    let login = format!("{}/{}/oauth2/v2.0/token", demo.login_url, demo.tenant_id);
    let check = async |request: reqwest::RequestBuilder, status: u16, service: Service, what: &str| {
        demo.forget_requests();
        assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{what}");
        let seen = demo.requests();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].violation.as_deref(), Some(what));
        assert_eq!(demo.totals(service).violations, 1);
        // And nothing of the credential is kept.
        let kept = format!("{seen:?}");
        for credential in [key, demo.client_secret.expose(), &asker.token] {
            assert!(!kept.contains(credential), "{kept}");
        }
    };
    let secret = demo.client_secret.expose();
    check(http.get(&graph).bearer_auth(key), 401, Service::Graph, "the JupiterOne key was sent to graph").await;
    check(http.get(&graph).bearer_auth(secret), 401, Service::Graph, "a client secret was sent to graph").await;
    let in_query = format!("{graph}?s={}", secret.replace('~', "%7E"));
    check(http.get(in_query), 401, Service::Graph, "a client secret was sent to graph").await;
    let with_token = http.post(&jobs).bearer_auth(&asker.token).header("JupiterOne-Account", account);
    check(with_token, 401, Service::JupiterOne, "a Graph token was sent to jupiterone").await;
    let with_secret = http.post(&jobs).bearer_auth(key).header("JupiterOne-Account", account).body(secret.to_owned());
    check(with_secret, 401, Service::JupiterOne, "a client secret was sent to jupiterone").await;
    check(http.post(&login).bearer_auth(&asker.token), 400, Service::Login, "a Graph token was sent to login").await;
    let form = http.post(&login).form(&[("client_secret", key)]);
    check(form, 400, Service::Login, "the JupiterOne key was sent to login").await;
    let header = http.post(&login).header("x-secret", secret);
    check(header, 400, Service::Login, "a client secret was sent to login").await;
}
