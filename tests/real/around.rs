//! What lies around the program: proxies, rights, a keyring that hangs, another tenant on the same target.

use std::process::Command;

use crate::program::{BIN, Done, Home, Served, ndjson};

const SMALL: [&str; 4] = ["--users", "12", "--groups", "4"];

/// Nobody listens there.
const DEAD: &str = "http://127.0.0.1:9";

#[test]
fn loopback_goes_through_no_proxy() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let proxied = |args: &[&str]| {
        let mut command = served.tenantry(&home);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env(name, DEAD).env(name.to_lowercase(), DEAD);
        }
        Done::of(&command.args(args).output().unwrap()).expect(0)
    };
    proxied(&["doctor"]);
    proxied(&["collect"]);
    proxied(&["collect", "--proxy", DEAD]);
    proxied(&["upload", "--yes", "--first-upload", "--proxy", DEAD]);
}

/// Whatever goes elsewhere does go through it, and the refusal is told in words.
#[test]
fn everything_else_goes_through_the_proxy() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let mut command = home.tenantry();
    command.args(["doctor", "--json", "--proxy", DEAD, "--tenant-id", served.text("tenant_id")]);
    command.args(["--client-id", served.text("client_id")]).env("AZURE_CLIENT_SECRET", "abc~def.ghi");
    let done = Done::of(&command.output().unwrap()).expect(1);
    let failed = done.json.iter().find(|line| line["status"] == "failed").unwrap();
    assert_eq!(failed["code"], "proxy_connection_refused", "{failed}");
}

#[test]
#[cfg(unix)]
fn no_umask_opens_a_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let out = home.path("out");
    let open = |args: &[&str]| {
        let plain = served.tenantry(&home);
        let mut command = Command::new("sh");
        command.args(["-c", "umask 000; exec \"$0\" \"$@\"", BIN]).args(plain.get_args()).args(args).env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Done::of(&command.output().unwrap()).expect(0)
    };
    open(&["collect"]);
    open(&["upload", "--yes", "--first-upload"]);
    open(&["export", "--format", "ndjson", "--out", out.to_str().unwrap()]);
    open(&["profile", "add", "--profile", "one"]);
    let (mut seen, mut folders) = (Vec::new(), vec![home.dir.path().to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
            if path.is_dir() {
                folders.push(path);
            } else {
                seen.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    for name in ["targets.json", "one.toml", "entities.ndjson", "relationships.ndjson", "tenantry.log"] {
        assert!(seen.iter().any(|s| s == name), "{name} in {seen:?}");
    }
    assert!(seen.iter().any(|s| s.ends_with(".db")) && seen.iter().any(|s| s.ends_with(".db.lock")), "{seen:?}");
}

/// A session bus that takes connections and never says a word.
#[test]
#[cfg(target_os = "linux")]
fn a_keyring_that_hangs_holds_up_neither_info_nor_the_demo() {
    let home = Home::new();
    let bus = home.path("bus");
    let _bus = std::os::unix::net::UnixListener::bind(&bus).unwrap();
    let hung = |args: &[&str]| {
        let mut command = home.tenantry();
        command.args(args).env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", bus.display()));
        // `timeout` ends it with 124: a test that hangs says nothing.
        let mut limited = Command::new("timeout");
        limited.arg("30").arg(BIN).args(command.get_args()).env_clear();
        limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Done::of(&limited.output().unwrap()).expect(0)
    };
    assert!(hung(&["info"]).stdout.contains("the system's keyring"));
    hung(&["demo", "--users", "5", "--groups", "2"]);
}

#[test]
fn the_demo_needs_no_home_and_reads_no_credentials() {
    let home = Home::new();
    let mut command = home.tenantry();
    command.args(["demo", "--users", "5", "--groups", "2", "--profile", "nobody"]).env_remove("HOME");
    for name in
        ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "JUPITERONE_ACCOUNT", "JUPITERONE_API_KEY"]
    {
        command.env(name, "nonsense");
    }
    Done::of(&command.output().unwrap()).expect(0);
}

#[test]
fn one_target_belongs_to_one_tenant() {
    let home = Home::new();
    let (one, two) =
        (Served::start(&home, &SMALL), Served::start(&home, &["--users", "9", "--groups", "3", "--seed", "2"]));
    assert_ne!(one.text("tenant_id"), two.text("tenant_id"));
    // The other tenant, with the first one's target.
    let other = |args: &[&str]| {
        let mut command = home.tenantry();
        command.args(args);
        for (flag, served, name) in [
            ("--login-url", &two, "login_url"),
            ("--graph-url", &two, "graph_url"),
            ("--tenant-id", &two, "tenant_id"),
            ("--client-id", &two, "client_id"),
            ("--jupiterone-url", &one, "jupiterone_url"),
            ("--jupiterone-account", &one, "jupiterone_account"),
            ("--jupiterone-instance", &one, "jupiterone_instance"),
        ] {
            command.arg(format!("{flag}={}", served.text(name)));
        }
        command.env("AZURE_CLIENT_SECRET", two.text("client_secret"));
        command.env("JUPITERONE_API_KEY", one.text("jupiterone_api_key"));
        Done::of(&command.output().unwrap())
    };
    one.run(&home, &["collect"]).expect(0);
    other(&["collect"]).expect(0);

    // A job that changed nothing leaves the target to whoever comes.
    let mut wrong = one.tenantry(&home);
    wrong.args(["upload", "--yes", "--first-upload"]).env("JUPITERONE_API_KEY", "not-the-key-at-all");
    Done::of(&wrong.output().unwrap()).expect(1);
    one.run(&home, &["upload", "--yes", "--first-upload"]).expect(0);

    let refused = other(&["upload", "--yes", "--first-upload", "--json"]).expect(4);
    assert_eq!(refused.finished()["error"]["code"], "other_tenant");
    assert!(refused.stderr.contains(one.text("tenant_id")), "{}", refused.stderr);
    one.run(&home, &["upload", "--yes"]).expect(0);
}

#[test]
fn the_manual_and_the_completions_know_every_command() {
    let home = Home::new();
    let print = |args: &[&str]| Done::of(&home.tenantry().args(args).output().unwrap()).expect(0).stdout;
    let man = print(&["man"]);
    let commands = [
        "doctor", "collect", "list", "show", "members", "groups", "why", "tree", "diff", "preview", "upload", "export",
        "profile", "info", "demo",
    ];
    for command in commands {
        assert!(
            man.contains(&format!(".TH tenantry\\-{command} ")) || man.contains(&format!(".TH tenantry-{command} ")),
            "{command}"
        );
    }
    for option in ["first\\-upload", "secrets\\-stdin", "detailed\\-exitcode", "truth", "jupiterone\\-scope"] {
        assert!(man.contains(option), "{option}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = print(&["completions", shell]);
        assert!(commands.iter().all(|command| script.contains(command)), "{shell}");
    }
}

/// Without a keyring a secret goes nowhere, least of all into a file, and neither does its profile.
#[test]
#[cfg(target_os = "linux")]
fn without_a_keyring_no_secret_is_kept() {
    use std::{io::Write as _, process::Stdio};
    let home = Home::new();
    let add = |name: &str, more: &[&str], input: &str| {
        let id = "84841066-274d-4ec0-a5c1-276be684bdd3";
        let mut command = home.tenantry();
        command.args(["profile", "add", "--profile", name, "--tenant-id", id, "--client-id", id]).args(more);
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nobody/listens/here");
        command.env("TENANTRY_KERNEL_KEYRING", "off");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Done::of(&child.wait_with_output().unwrap())
    };
    let secret = "client_secret=Zz18Q~nowhere-to-be-found\n";
    let refused = add("one", &["--secrets-stdin"], secret).expect(1);
    assert!(refused.stderr.contains("keyring") && refused.stderr.contains("next:"), "{}", refused.stderr);
    let profiles = home.path(".config/tenantry/profiles");
    assert!(!profiles.join("one.toml").exists());
    add("one", &[], "").expect(0);
    // What cannot become a profile is said before the keyring is asked.
    assert!(add("one", &["--secrets-stdin"], secret).expect(2).stderr.contains("already"));
    assert!(add("../one", &["--secrets-stdin"], secret).expect(2).stderr.contains("cannot name"));
    let key = add("two", &["--secrets-stdin"], "jupiterone_api_key=abc\n").expect(2);
    assert!(key.stderr.contains("--jupiterone-account"), "{}", key.stderr);
    let mut command = home.tenantry();
    command.args(["profile", "remove", "one"]).env("TENANTRY_KERNEL_KEYRING", "off");
    let removed = Done::of(&command.output().unwrap()).expect(0);
    assert!(removed.stderr.contains("maybe not its secrets"), "{}", removed.stderr);
    assert!(!profiles.join("one.toml").exists());
}

/// A verified domain is another name for the tenant: its store is the tenant's own, and what it holds is counted.
#[test]
fn a_tenant_may_be_named_by_its_domain() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let by_id = served.run(&home, &["collect", "--json"]).expect(0);
    let out = home.path("out");
    served.run(&home, &["export", "--format", "ndjson", "--out", out.to_str().unwrap()]).expect(0);
    let account =
        ndjson(&out.join("entities.ndjson")).into_iter().find(|e| e["_type"] == "active_directory_account").unwrap();
    let domain = account["defaultDomain"].as_str().unwrap();
    let mut command = served.tenantry(&home);
    command.args(["collect", "--json"]).env("AZURE_TENANT_ID", domain);
    let by_domain = Done::of(&command.output().unwrap()).expect(0);
    assert_eq!(by_domain.finished()["counts"], by_id.finished()["counts"]);
    assert_eq!(by_domain.finished()["run"], 2, "one store for both");
}
