//! The naive way: every object in memory, one body after the other, a look at the job each second.
//!
//! In a process of its own (this program once more), so that its memory can be told apart. It begins with files that are
//! there already, and asks nobody whether an object is valid.

use std::{env, fs, path::Path, process::Command, time::Duration};

use serde_json::{Value, json};

use super::machine::Tenant;

const FLAG: &str = "--naively";
const MOST: usize = 5_000_000;

/// Sends the NDJSON files of a folder, as a process that is about to start.
pub fn command(tenant: &Tenant, folder: &Path, scope: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command
        .arg(FLAG)
        .arg(folder)
        .arg(tenant.text("jupiterone_url"))
        .arg(scope)
        .env("JUPITERONE_ACCOUNT", tenant.text("jupiterone_account"))
        .env("JUPITERONE_API_KEY", tenant.text("jupiterone_api_key"));
    command
}

/// Whether this process was started for it; if so, it is done.
pub fn was_asked() -> bool {
    let args: Vec<String> = env::args().collect();
    let [_, flag, folder, url, scope, ..] = &args[..] else { return false };
    if flag != FLAG {
        return false;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(send(Path::new(folder), url.trim_end_matches('/'), scope));
    true
}

async fn send(folder: &Path, url: &str, scope: &str) {
    let read = |kind: &str| -> Vec<Value> {
        let text = fs::read_to_string(folder.join(format!("{kind}.ndjson"))).expect("a file");
        text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
    };
    let all = ["entities", "relationships"].map(|kind| (kind, read(kind)));
    let of = |name: &str| env::var(name).expect("a variable");
    let (account, key) = (of("JUPITERONE_ACCOUNT"), of("JUPITERONE_API_KEY"));
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let ask = async |post: Option<Value>, path: &str| -> Value {
        let url = format!("{url}/persister/synchronization/jobs{path}");
        let request = match post {
            Some(body) => http.post(url).json(&body),
            None => http.get(url),
        };
        let answer = request.bearer_auth(&key).header("JupiterOne-Account", &account).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "the naive way has no answer to refusals");
        answer.json().await.expect("JSON")
    };
    let job = ask(Some(json!({ "source": "api", "scope": scope })), "").await;
    let id = job["job"]["id"].as_str().expect("an id").to_owned();
    for (kind, objects) in all {
        let (mut some, mut bytes) = (Vec::new(), 0);
        for object in objects {
            let length = object.to_string().len() + 1;
            if bytes + length > MOST {
                ask(Some(json!({ kind: std::mem::take(&mut some) })), &format!("/{id}/{kind}")).await;
                bytes = 0;
            }
            bytes += length;
            some.push(object);
        }
        ask(Some(json!({ kind: some })), &format!("/{id}/{kind}")).await;
    }
    ask(Some(json!({})), &format!("/{id}/finalize")).await;
    while ask(None, &format!("/{id}")).await["job"]["status"] != "FINISHED" {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
