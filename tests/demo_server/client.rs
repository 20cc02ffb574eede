//! A client that retries nothing, follows nothing by itself and believes nothing.

use std::{collections::BTreeMap, path::PathBuf};

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tenantry::demo::{self, Demo, DemoConfig};

pub struct Asker {
    pub demo: Demo,
    pub http: reqwest::Client,
    pub token: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and code must be these.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text);
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self
    }
}

pub fn config(scenario: &str, users: u32, groups: u32) -> DemoConfig {
    DemoConfig { scenario: scenario.to_owned(), users: Some(users), groups: Some(groups), ..DemoConfig::default() }
}

impl Asker {
    /// A demo of this scenario and size, and a token for it, if it gives one.
    pub async fn new(scenario: &str, users: u32, groups: u32) -> Self {
        Self::of(demo::start(config(scenario, users, groups)).await.unwrap()).await
    }

    /// A token for this demo, if it gives one.
    pub async fn of(demo: Demo) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut asker = Self { demo, http, token: String::new() };
        let mut reply = asker.login(&[]).await;
        if reply.status == 503 {
            reply = asker.login(&[]).await;
        }
        if reply.status == 200 {
            asker.token = reply.json()["access_token"].as_str().unwrap().to_owned();
        }
        asker.demo.forget_requests();
        asker
    }

    pub async fn read(response: reqwest::Result<Response>) -> Result<Reply, reqwest::Error> {
        let response = response?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned()))
            .collect();
        Ok(Reply { status, headers, text: response.text().await? })
    }

    /// A token request as documented, with some fields changed or (empty) left out; `tenant` is one of them.
    pub async fn login(&self, changes: &[(&str, &str)]) -> Reply {
        let mut fields: BTreeMap<&str, &str> = BTreeMap::from([
            ("tenant", self.demo.tenant_id.as_str()),
            ("client_id", self.demo.client_id.as_str()),
            ("scope", "https://graph.microsoft.com/.default"),
            ("client_secret", self.demo.client_secret.expose()),
            ("grant_type", "client_credentials"),
        ]);
        fields.extend(changes.iter().copied());
        let tenant = fields.remove("tenant").unwrap_or_default();
        fields.retain(|_, value| !value.is_empty());
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.demo.login_url);
        Self::read(self.http.post(url).form(&fields).send().await).await.unwrap()
    }

    pub async fn try_get(&self, path_or_url: &str, headers: &[(&str, &str)]) -> Result<Reply, reqwest::Error> {
        let url = if path_or_url.starts_with("http") {
            path_or_url.to_owned()
        } else {
            format!("{}/v1.0{path_or_url}", self.demo.graph_url)
        };
        let mut request = self.http.get(url).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Self::read(request.send().await).await
    }

    pub async fn get(&self, path_or_url: &str) -> Reply {
        self.try_get(path_or_url, &[]).await.unwrap()
    }

    /// With `ConsistencyLevel: eventual`.
    pub async fn get_eventual(&self, path: &str) -> Reply {
        self.try_get(path, &[("ConsistencyLevel", "eventual")]).await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        let url = format!("{}/v1.0{path}", self.demo.graph_url);
        Self::read(self.http.post(url).bearer_auth(&self.token).json(&body).send().await).await.unwrap()
    }

    /// All objects of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let (mut url, mut all) = (path.to_owned(), Vec::new());
        loop {
            let page = self.get(&url).await.ok().json();
            all.extend(page["value"].as_array().unwrap().iter().cloned());
            match page["@odata.nextLink"].as_str() {
                Some(link) => url = link.to_owned(),
                None => return all,
            }
        }
    }

    /// A batch of GETs, by their place; the answers come back by place.
    pub async fn batch(&self, urls: &[String]) -> Vec<Value> {
        let requests: Vec<Value> = urls
            .iter()
            .enumerate()
            .map(|(place, url)| json!({ "id": place.to_string(), "method": "GET", "url": url }))
            .collect();
        let reply = self.post("/$batch", json!({ "requests": requests })).await.ok().json();
        let responses = reply["responses"].as_array().unwrap();
        assert_eq!(responses.len(), urls.len());
        (0..urls.len())
            .map(|place| responses.iter().find(|r| r["id"] == json!(place.to_string())).unwrap().clone())
            .collect()
    }

    pub async fn jupiterone(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let url = format!("{}{path}", self.demo.jupiterone_url);
        let mut request = self
            .http
            .request(method, url)
            .bearer_auth(self.demo.jupiterone_api_key.expose())
            .header("JupiterOne-Account", &self.demo.jupiterone_account);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Self::read(request.send().await).await.unwrap()
    }

    /// The truth about the demo's tenant.
    pub fn truth(&self, scenario: &str, users: u32, groups: u32, steps: u32) -> Truth {
        self.truth_of(&config(scenario, users, groups), steps)
    }

    pub fn truth_of(&self, config: &DemoConfig, steps: u32) -> Truth {
        let dir = tempfile::tempdir().unwrap();
        demo::write_truth(dir.path(), config, steps).unwrap();
        let lines = |name: &str| -> Vec<Value> {
            let text = std::fs::read_to_string(dir.path().join(name)).unwrap();
            text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
        };
        Truth {
            organization: serde_json::from_str(&std::fs::read_to_string(dir.path().join("organization.json")).unwrap())
                .unwrap(),
            users: lines("users.ndjson"),
            groups: lines("groups.ndjson"),
            members: lines("members.ndjson"),
            ghosts: lines("ghosts.ndjson"),
            others: lines("other_members.ndjson"),
        }
    }
}

pub struct Truth {
    pub organization: Value,
    pub users: Vec<Value>,
    pub groups: Vec<Value>,
    pub members: Vec<Value>,
    pub ghosts: Vec<Value>,
    pub others: Vec<Value>,
}

pub fn id(object: &Value) -> String {
    object["id"].as_str().unwrap().to_owned()
}

/// The folder of what was recorded from the real services, beside the repository. `None` where it is not there, which
/// CI does not allow.
pub fn shared() -> Option<PathBuf> {
    let found = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|dir| dir.join("shared/data/graph-recordings"))
        .find(|dir| dir.is_dir());
    assert!(found.is_some() || std::env::var("CI").as_deref() != Ok("true"), "the recordings are missing");
    found
}
