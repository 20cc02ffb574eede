//! The naive way: one request after the other, as the reference integration reads a directory (facts: peers.md §1.1):
//! organization, a probe of the users, users and groups by pages of 999, then each group's members, without `$select`.

use serde_json::Value;
use tenantry::demo::Demo;

/// Reads the tenant, and says how many memberships it saw.
pub async fn read(demo: &Demo) -> u64 {
    // Without a timer of its own: a paused clock leaps to the next one while an answer is on its way.
    let http = reqwest::Client::builder().no_proxy().pool_idle_timeout(None).build().expect("a client");
    let token = token(demo, &http).await;
    let get = async |url: String| -> Value {
        let answer = http.get(url).bearer_auth(&token).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "the naive way has no answer to refusals");
        answer.json().await.expect("JSON")
    };
    let all = async |first: String| -> Vec<Value> {
        let (mut objects, mut next) = (Vec::new(), Some(first));
        while let Some(url) = next {
            let mut page = get(url).await;
            next = page["@odata.nextLink"].as_str().map(str::to_owned);
            if let Value::Array(more) = page["value"].take() {
                objects.extend(more);
            }
        }
        objects
    };
    let graph = demo.graph_url.as_str().trim_end_matches('/').to_owned();
    for _ in 0..2 {
        get(format!("{graph}/v1.0/organization")).await;
    }
    let select = "id,displayName,givenName,jobTitle,mail,mobilePhone,officeLocation,preferredLanguage,surname,\
                  userPrincipalName,accountEnabled,userType,createdDateTime";
    get(format!("{graph}/v1.0/users?$top=1")).await;
    all(format!("{graph}/v1.0/users?$select={select}&$top=999")).await;
    let mut memberships = 0;
    for group in all(format!("{graph}/v1.0/groups?$top=999")).await {
        let id = group["id"].as_str().expect("an id");
        memberships += all(format!("{graph}/v1.0/groups/{id}/members?$top=999")).await.len() as u64;
    }
    memberships
}

async fn token(demo: &Demo, http: &reqwest::Client) -> String {
    let login = demo.login_url.as_str().trim_end_matches('/');
    let form = [
        ("client_id", demo.client_id.to_string()),
        ("client_secret", demo.client_secret.expose().to_owned()),
        ("scope", "https://graph.microsoft.com/.default".to_owned()),
        ("grant_type", "client_credentials".to_owned()),
    ];
    let answer = http.post(format!("{login}/{}/oauth2/v2.0/token", demo.tenant_id)).form(&form).send().await;
    let answer: Value = answer.expect("an answer").json().await.expect("JSON");
    answer["access_token"].as_str().expect("a token").to_owned()
}
