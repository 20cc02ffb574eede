//! A profile that came from elsewhere, and one that others could have written: the real binary uses neither.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::{
    profiles::run,
    program::{Done, Home, Served},
};

const SMALL: [&str; 6] = ["--users", "20", "--groups", "6", "--seed", "5"];

/// The file of a profile.
pub fn file(home: &Home, name: &str) -> PathBuf {
    home.path(".config/tenantry/profiles").join(format!("{name}.toml"))
}

/// Puts a profile into the folder, as a checkout does, with the modes that tenantry itself would give.
pub fn put(home: &Home, name: &str, text: &str) {
    let file = file(home, name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    for folder in file.ancestors().skip(1).take(2) {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A whole profile for this server.
pub fn text_for(served: &Served, more: &str) -> String {
    let of = |name| served.text(name);
    format!(
        "tenant_id = \"{}\"\nclient_id = \"{}\"\nlogin_url = \"{}\"\ngraph_url = \"{}\"\n{more}\n\
         [jupiterone]\nurl = \"{}\"\naccount = \"{}\"\ninstance = \"{}\"\n",
        of("tenant_id"),
        of("client_id"),
        of("login_url"),
        of("graph_url"),
        of("jupiterone_url"),
        of("jupiterone_account"),
        of("jupiterone_instance"),
    )
}

/// The program with the environment's credentials of this server, and no URL as a flag.
fn tenantry(home: &Home, served: &Served) -> Command {
    let mut command = home.tenantry();
    for (variable, name) in [
        ("AZURE_TENANT_ID", "tenant_id"),
        ("AZURE_CLIENT_ID", "client_id"),
        ("AZURE_CLIENT_SECRET", "client_secret"),
        ("JUPITERONE_ACCOUNT", "jupiterone_account"),
        ("JUPITERONE_API_KEY", "jupiterone_api_key"),
    ] {
        command.env(variable, served.text(name));
    }
    command
}

fn requests(served: &Served) -> usize {
    served.door("login_url", "GET", "/_demo/requests")["requests"].as_array().unwrap().len()
}

#[track_caller]
fn says(done: &Done, words: &[&str]) {
    for word in words {
        assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
    }
}

#[test]
fn what_came_from_elsewhere_waits_for_a_word() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    put(&home, "work", &text_for(&served, ""));
    let go = |args: &[&str]| run(tenantry(&home, &served).args(args), "");
    let urls = [served.text("login_url"), served.text("graph_url"), served.text("jupiterone_url")];
    for args in [&["collect"][..], &["collect", "--explain"], &["doctor"], &["collect", "--all"]] {
        let done = go(args).expect(4);
        says(&done, &urls);
        says(&done, &["login_url = ", "graph_url = ", "jupiterone.url = ", "tenantry profile trust work"]);
    }
    assert_eq!(go(&["collect", "--json"]).expect(4).finished()["error"]["code"], "not_trusted");
    // Told, not refused, where one looks.
    says(&go(&["info"]).expect(0), &urls);
    says(&go(&["profile", "list"]).expect(0), &["profile trust work"]);
    says(&go(&["profile", "show"]).expect(0), &["profile trust work"]);
    assert_eq!(go(&["profile", "list", "--json"]).expect(0).json[0]["untrusted"].as_array().unwrap().len(), 3);
    // Nobody is there to ask.
    says(&go(&["profile", "trust", "work"]).expect(4), &["--yes", urls[0]]);
    assert_eq!(requests(&served), 0);

    says(&go(&["profile", "trust", "work", "--yes"]).expect(0), &urls);
    go(&["profile", "trust", "work"]).expect(0);
    go(&["collect"]).expect(0);
    go(&["upload", "--yes", "--first-upload"]).expect(0);

    // A change asks again, for what changed.
    let before = requests(&served);
    let changed = text_for(&served, "proxy = \"http://proxy.example:8080\"");
    put(&home, "work", &changed.replace(served.text("graph_url"), "http://127.0.0.1:9"));
    let done = go(&["collect"]).expect(4);
    says(&done, &["graph_url = http://127.0.0.1:9", "proxy = http://proxy.example:8080"]);
    assert!(!done.stderr.contains("login_url"), "{}", done.stderr);
    go(&["upload", "--yes"]).expect(4);
    assert_eq!(requests(&served), before);
    // What is typed needs no word; what else there is still does.
    let graph = format!("--graph-url={}", served.text("graph_url"));
    says(&go(&["collect", &graph]).expect(4), &["proxy = "]);
    go(&["collect", &graph, "--proxy=http://127.0.0.1:9"]).expect(0);
    // An edit confirms what is typed with it, and nothing else.
    let edit = run(home.tenantry().args(["profile", "edit", "work", "--unset", "proxy", &graph]), "").expect(0);
    assert!(!edit.stderr.contains("not confirmed"), "{}", edit.stderr);
    go(&["collect"]).expect(0);
    put(&home, "work", &changed);
    says(&run(home.tenantry().args(["profile", "edit", "work", "--keep=5"]), "").expect(0), &["not confirmed yet"]);
    go(&["collect"]).expect(4);
    // No value stands in what is remembered of it.
    let trusted = fs::read_to_string(home.path(".local/share/tenantry/trusted.json")).unwrap();
    assert!(trusted.contains("work") && !trusted.contains("127.0.0.1"), "{trusted}");
}

#[test]
fn what_others_could_have_written_is_not_used() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let text = text_for(&served, "");
    put(&home, "work", &text);
    let go = |args: &[&str]| run(tenantry(&home, &served).args(args), "");
    go(&["profile", "trust", "work", "--yes"]).expect(0);
    let work = file(&home, "work");
    let folders: Vec<&Path> = work.ancestors().take(3).collect();
    for path in folders {
        let before = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for others in [0o020, 0o002] {
            fs::set_permissions(path, fs::Permissions::from_mode(before | others)).unwrap();
            for args in [&["collect"][..], &["doctor"], &["info"], &["profile", "show", "work"], &["profile", "trust"]]
            {
                says(&go(args).expect(4), &["chmod go-w", &path.display().to_string()]);
            }
            // A list tells of each; what stands for all of them is no list.
            let code = if path.ends_with("tenantry") { 4 } else { 0 };
            says(&go(&["profile", "list"]).expect(code), &["chmod go-w"]);
        }
        fs::set_permissions(path, fs::Permissions::from_mode(before)).unwrap();
    }
    assert_eq!(requests(&served), 0);
    go(&["collect"]).expect(0);

    // A link out of the folder is somebody else's file.
    let outside = home.path("outside.toml");
    fs::rename(&work, &outside).unwrap();
    symlink(&outside, &work).unwrap();
    says(&go(&["collect"]).expect(4), &["leads out", "outside.toml"]);
    // So is a list of what was confirmed that others may write.
    fs::remove_file(&work).unwrap();
    fs::rename(&outside, &work).unwrap();
    let trusted = home.path(".local/share/tenantry/trusted.json");
    fs::set_permissions(&trusted, fs::Permissions::from_mode(0o666)).unwrap();
    says(&go(&["collect"]).expect(4), &["trusted.json", "chmod go-w"]);
    fs::set_permissions(&trusted, fs::Permissions::from_mode(0o600)).unwrap();
    go(&["collect"]).expect(0);
}

/// Whichever way a password comes in with a proxy, it is refused, and repeated nowhere.
#[test]
fn no_password_comes_in_with_a_proxy_or_a_profile() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let go = |args: &[&str]| run(tenantry(&home, &served).args(args), "");
    let proxy = "--proxy=http://me:hunter2hunter2@proxy.example:8080";
    let add = ["profile", "add", "--profile", "work", proxy];
    let mut all = vec![go(&["collect", proxy]).expect(2), go(&add).expect(2), go(&["info", proxy]).expect(2)];
    put(&home, "fine", &text_for(&served, ""));
    all.push(go(&["profile", "edit", "fine", proxy]).expect(2));
    all.push(go(&["collect", "--all", proxy]).expect(2));
    assert!(!fs::read_to_string(file(&home, "fine")).unwrap().contains("proxy"));
    fs::remove_file(file(&home, "fine")).unwrap();
    for line in [
        "proxy = \"http://me:hunter2hunter2@proxy.example:8080\"",
        "client_secret = \"hunter2hunter2\"",
        "credential_command = \"hunter2hunter2\"",
    ] {
        put(&home, "work", &text_for(&served, line));
        for args in [&["collect"][..], &["profile", "show"], &["profile", "trust", "work", "--yes"], &["info"]] {
            let done = go(args).expect(2);
            says(&done, &["work.toml"]);
            all.push(done);
        }
        all.push(go(&["profile", "list"]).expect(0));
        all.push(go(&["profile", "list", "--json"]).expect(0));
    }
    says(&all[all.len() - 9], &["a profile holds no secret"]);
    for done in &all {
        assert!(!done.stdout.contains("hunter2") && !done.stderr.contains("hunter2"), "{}{}", done.stdout, done.stderr);
    }
    let log = home.path(".local/state/tenantry/tenantry.log");
    assert!(!fs::read_to_string(log).unwrap_or_default().contains("hunter2"));
    assert_eq!(requests(&served), 0);
    assert_eq!(go(&["profile", "list", "--json"]).json[0]["tenant"], json!(null));
}
