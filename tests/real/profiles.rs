//! Profiles and secrets with the real binary, with the machine's keyring and without one.

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::Arc,
};

use serde_json::json;
use tenantry::{
    credentials::{
        OsVault,
        vault::{DEADLINE, Entry, Vault},
        with_deadline,
    },
    domain::{ids::ClientId, origin::Origin, secret::Secret},
};

use crate::{
    left_out,
    program::{Done, Home, Served},
    traces::Traces,
};

const SMALL: [&str; 6] = ["--users", "20", "--groups", "6", "--seed", "5"];
/// Another tenant than any.
const OTHER: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";

pub fn run(command: &mut Command, input: &str) -> Done {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that does not read it has closed it, which is its own business.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Done::of(&child.wait_with_output().unwrap())
}

/// `profile add`, with all that a profile can say.
fn add(command: &mut Command, served: &Served, secrets: Option<&str>) -> Done {
    command.args(["profile", "add", "--profile", "work"]);
    for (flag, name) in
        [("--tenant-id", "tenant_id"), ("--client-id", "client_id"), ("--jupiterone-account", "jupiterone_account")]
    {
        command.arg(format!("{flag}={}", served.text(name)));
    }
    served.urls(command);
    command.args(secrets.map(|_| "--secrets-stdin"));
    run(command, secrets.unwrap_or_default())
}

fn secrets_of(served: &Served) -> String {
    format!(
        "client_secret={}\njupiterone_api_key={}\n",
        served.text("client_secret"),
        served.text("jupiterone_api_key")
    )
}

/// Nothing of the server's secrets is in these words, or in any file of the home.
#[track_caller]
fn holds_no_secret(served: &Served, home: &Home, all: &[Done]) {
    for secret in [served.text("client_secret"), served.text("jupiterone_api_key").strip_prefix("demo-").unwrap()] {
        let traces = Traces::of(secret);
        for done in all {
            assert_eq!(traces.find(done.stdout.as_bytes()), None, "{}", done.stdout);
            assert_eq!(traces.find(done.stderr.as_bytes()), None, "{}", done.stderr);
        }
        for file in home.files() {
            assert_eq!(traces.find(&std::fs::read(&file).unwrap()), None, "{}", file.display());
        }
    }
}

/// A secret goes into a keyring or nowhere: without one nothing at all is saved.
#[test]
#[cfg(target_os = "linux")]
fn without_a_keyring_nothing_is_saved() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let tenantry = || {
        let mut command = home.tenantry();
        command.env("TENANTRY_KERNEL_KEYRING", "off");
        command
    };
    let done = add(&mut tenantry(), &served, Some(&secrets_of(&served))).expect(1);
    assert!(done.stderr.contains("keyring") || done.stderr.contains("Secret Service"), "{}", done.stderr);
    assert!(done.stderr.contains("next:"), "{}", done.stderr);
    let list = run(tenantry().args(["profile", "list"]), "").expect(0);
    assert_eq!(list.stdout, "");
    assert!(!home.files().iter().any(|f| f.extension().is_some_and(|e| e == "toml")), "{:?}", home.files());
    holds_no_secret(&served, &home, &[done, list]);

    // What cannot be read is not repeated either.
    for input in ["hunter2hunter2\n", "password=hunter2hunter2\n", "client_secret=\n", ""] {
        let done = add(&mut tenantry(), &served, Some(input)).expect(1);
        assert!(!done.stderr.contains("hunter2"), "{}", done.stderr);
    }
}

/// Without secrets a profile needs no keyring; it is who one is, whatever the environment says.
#[test]
fn an_environment_that_says_otherwise_is_a_usage_error() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    add(&mut home.tenantry(), &served, None).expect(0);
    add(&mut home.tenantry(), &served, None).expect(2);
    let list = run(home.tenantry().args(["profile", "list"]), "").expect(0);
    assert!(list.stdout.starts_with("  work  ") && list.stdout.contains(served.text("tenant_id")), "{}", list.stdout);
    for command in [&["collect"][..], &["doctor"], &["preview"], &["info"], &["collect", "--profile", "work"]] {
        for (variable, name) in [
            ("AZURE_TENANT_ID", "tenant_id"),
            ("AZURE_CLIENT_ID", "client_id"),
            ("JUPITERONE_ACCOUNT", "jupiterone_account"),
        ] {
            let done = run(home.tenantry().args(command).env(variable, OTHER), "").expect(2);
            for word in [OTHER, served.text(name), variable, "work"] {
                assert!(done.stderr.contains(word), "{command:?}, {word}: {}", done.stderr);
            }
        }
    }
    assert_eq!(served.door("login_url", "GET", "/_demo/requests")["requests"].as_array().unwrap().len(), 0);
    // The same ids are no contradiction, and bring the secret.
    let mut command = served.tenantry(&home);
    run(command.args(["collect", "--profile", "work"]), "").expect(0);
    run(home.tenantry().args(["profile", "show", "nope"]), "").expect(2);
    run(home.tenantry().args(["profile", "remove", "nope"]), "").expect(2);
}

/// What tells about the program works everywhere, and tells no secret.
#[test]
fn what_tells_about_the_program_tells_no_secret() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let about = |args: &[&str], words: &[&str]| {
        let done = run(served.tenantry(&home).args(args), "").expect(0);
        for word in words {
            assert!(done.stdout.contains(word), "{args:?}, {word}: {}", done.stdout);
        }
        done
    };
    let all = [
        about(&["info"], &[served.text("graph_url"), served.text("jupiterone_url"), served.text("tenant_id")]),
        about(&["completions", "bash"], &["_tenantry", "--secrets-stdin"]),
        about(&["completions", "zsh"], &["#compdef tenantry"]),
        about(&["man"], &[".TH tenantry", "AZURE_TENANT_ID"]),
        about(&["--help"], &["collect", "upload"]),
    ];
    holds_no_secret(&served, &home, &all);
}

/// Whether this machine has a keyring that takes a secret; if not, why.
pub fn keyring(test: &'static str) -> Result<(), String> {
    let client = ClientId::parse(OTHER).unwrap();
    let tenant = format!("{test}-{}.test.invalid", std::process::id());
    let probe = Entry::client_secret(&Origin::known("https://login.microsoftonline.com"), &tenant, &client);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answer = runtime.block_on(with_deadline(Arc::new(OsVault), DEADLINE, move |vault: &dyn Vault| {
        vault.set(&probe, &Secret::new("probe"))?;
        vault.delete(&probe)
    }));
    runtime.shutdown_background();
    answer.map_err(|error| error.to_string())
}

#[test]
fn a_profile_lives_with_the_machine_s_keyring_or_left_out() {
    let name = "a_profile_lives_with_the_machine_s_keyring_or_left_out";
    if let Err(why) = keyring(name) {
        return left_out::left_out(name, &why);
    }
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let tenantry = || home.tenantry_in_session();
    let mut all = Vec::new();
    all.push(add(&mut tenantry(), &served, Some(&secrets_of(&served))).expect(0));
    all.push(run(tenantry().args(["profile", "list", "--json"]), "").expect(0));
    let listed = &all[1].json[0];
    assert_eq!(
        (&listed["event"], &listed["name"], &listed["credential"]),
        (&json!("profile"), &json!("work"), &json!("client secret"))
    );
    all.push(run(tenantry().args(["profile", "show", "work"]), "").expect(0));
    assert!(all[2].stdout.contains(served.text("tenant_id")), "{}", all[2].stdout);
    // The keyring's secrets work: nothing in the environment has any.
    all.push(run(tenantry().args(["doctor", "--json"]), "").expect(0));
    all.push(run(tenantry().args(["collect"]), "").expect(0));
    all.push(run(tenantry().args(["upload", "--yes", "--first-upload"]), "").expect(0));
    // A changed endpoint finds none.
    let moved = "--login-url=http://127.0.0.1:9";
    all.push(run(tenantry().args(["collect", moved]), "").expect(1));
    assert!(all.last().unwrap().stderr.contains("secret"), "{}", all.last().unwrap().stderr);

    // Another name finds the same secrets; another account finds none, and the old one's key is not left behind.
    all.push(run(tenantry().args(["profile", "rename", "work", "job"]), "").expect(0));
    all.push(run(tenantry().args(["doctor"]), "").expect(0));
    let account = served.text("jupiterone_account");
    for account in ["another", account] {
        let done = run(tenantry().args(["profile", "edit", "job", "--jupiterone-account", account]), "").expect(0);
        assert!(done.stderr.contains("given anew"), "{}", done.stderr);
        all.push(done);
    }
    // There is something to send, else nobody would be asked for.
    served.advance();
    all.push(run(tenantry().args(["collect"]), "").expect(0));
    let done = run(tenantry().args(["upload", "--yes"]), "").expect(1);
    assert!(done.stderr.contains("no API key is known"), "{}", done.stderr);
    all.push(done);
    let key = format!("jupiterone_api_key={}\n", served.text("jupiterone_api_key"));
    all.push(run(tenantry().args(["profile", "edit", "job", "--secrets-stdin"]), &key).expect(0));
    all.push(run(tenantry().args(["upload", "--yes"]), "").expect(0));

    all.push(run(tenantry().args(["profile", "remove", "job"]), "").expect(0));
    all.push(run(tenantry().args(["profile", "list"]), "").expect(0));
    assert_eq!(all.last().unwrap().stdout, "");
    // The secrets went with it: the same profile anew has none.
    add(&mut tenantry(), &served, None).expect(0);
    all.push(run(tenantry().args(["collect"]), "").expect(1));
    assert!(all.last().unwrap().stderr.contains("secret"), "{}", all.last().unwrap().stderr);
    holds_no_secret(&served, &home, &all);
    left_out::ran(name);
}
