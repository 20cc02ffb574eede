//! A client secret that a program prints, with the real binary: it stands in place of the keyring, and leaves no trace.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    profiles::run,
    profiles_trust::{put, text_for},
    program::{Done, Home, Served},
    traces::Traces,
};

const SMALL: [&str; 6] = ["--users", "20", "--groups", "6", "--seed", "5"];

/// A script of this home.
pub fn script(home: &Home, name: &str, text: &str) -> PathBuf {
    let path = home.path(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

/// `profile add` for this server with a command; the key for JupiterOne is left out.
pub fn add(home: &Home, served: &Served, name: &str, command: &[&str]) -> Done {
    let mut add = home.tenantry();
    add.args(["profile", "add", "--profile", name]);
    for (flag, name) in
        [("--tenant-id", "tenant_id"), ("--client-id", "client_id"), ("--jupiterone-account", "jupiterone_account")]
    {
        add.arg(format!("{flag}={}", served.text(name)));
    }
    served.urls(&mut add);
    run(add.arg("--credential-command").args(command), "")
}

/// Of a certificate's file that the environment may name.
const PASSWORD: &str = "Kj3.Wd8_Zu6~Nb1-Gx0.Qf5";

#[test]
fn what_it_prints_is_the_secret_and_stays_with_it() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    // The value is in no file of the home that tenantry writes; the script is ours.
    let secret = served.text("client_secret");
    let elsewhere = Home::new();
    let told = elsewhere.path("told");
    let tells = format!("{{ env; ps -o args= -p $$,$PPID; }} >> '{}'", told.display());
    let path = script(
        &elsewhere,
        "get",
        &format!("{tells}; echo complaint >&2; printf '%s\\n' '{secret}'; [ \"$1\" = 'a b' ]"),
    );
    let path = path.to_str().unwrap();
    let mut all = vec![add(&home, &served, "work", &[path, "a b"]).expect(0)];
    // No keyring, and nothing of Microsoft's in the environment.
    for (args, code) in [
        (&["doctor", "--json"][..], 0),
        (&["collect"], 0),
        (&["collect", "--json", "--full"], 0),
        (&["info"], 0),
        (&["profile", "show"], 0),
        (&["profile", "list", "--json"], 0),
    ] {
        let mut command = home.tenantry();
        for (variable, name) in
            [("JUPITERONE_ACCOUNT", "jupiterone_account"), ("JUPITERONE_API_KEY", "jupiterone_api_key")]
        {
            command.env(variable, served.text(name));
        }
        // Another app's, which is neither used nor handed on.
        command.env("AZURE_CLIENT_CERTIFICATE_PASSWORD", PASSWORD);
        all.push(run(command.env("TENANTRY_LOG", "debug").args(args), "").expect(code));
    }
    assert!(all[4].stdout.contains(&format!("the client secret that {path} prints")), "{}", all[4].stdout);
    assert_eq!(all[6].json[0]["credential"], "client secret of a command");
    // Another app's, or another login service's, is not what it prints.
    for flag in ["--client-id=635fb089-9ff3-47b6-9bfb-4f1264799865", "--login-url=http://127.0.0.1:9"] {
        let done = run(home.tenantry().env("TENANTRY_KERNEL_KEYRING", "off").args(["collect", flag]), "").expect(1);
        assert!(done.stderr.contains("no_secret") || done.stderr.contains("keyring"), "{}", done.stderr);
        all.push(done);
    }
    // What the command was told: our own arguments and its own, and nothing that is secret.
    let told = fs::read_to_string(told).unwrap();
    assert!(told.contains("HOME=") && told.contains("tenantry") && told.contains("a b"), "{told}");
    let key = served.text("jupiterone_api_key").strip_prefix("demo-").unwrap();
    for secret in [secret, PASSWORD, key] {
        assert_eq!(Traces::of(secret).find(told.as_bytes()), None, "{told}");
    }
    let traces = Traces::of(secret);
    for done in &all {
        assert_eq!(traces.find(done.stdout.as_bytes()), None, "{}", done.stdout);
        assert_eq!(traces.find(done.stderr.as_bytes()), None, "{}", done.stderr);
        assert!(!done.stderr.contains("complaint"), "{}", done.stderr);
    }
    for file in home.files() {
        assert_eq!(traces.find(&fs::read(&file).unwrap()), None, "{}", file.display());
    }
}

#[test]
fn what_goes_wrong_with_it_says_what_to_do() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let check = |text: &str, code: &str, word: &str| {
        let path = script(&home, "get", text);
        let _ = fs::remove_file(crate::profiles_trust::file(&home, "work"));
        add(&home, &served, "work", &[path.to_str().unwrap()]).expect(0);
        let done = run(home.tenantry().args(["collect", "--json"]), "").expect(1);
        assert_eq!(done.finished()["error"]["code"], code, "{}", done.stderr);
        assert!(done.stderr.contains(word) && done.stderr.contains("next:"), "{}", done.stderr);
        assert!(!done.stderr.contains("hunter2") && !done.stdout.contains("hunter2"), "{}", done.stderr);
    };
    check("echo hunter2; echo hunter2 >&2; exit 7", "credential_command_failed", "exit status: 7");
    check("exit 0", "credential_command_output", "printed nothing");
    check("echo 84841066-274d-4ec0-a5c1-276be684bdd3", "secret_id_not_value", "Secret ID");
    check("while :; do echo hunter2; done", "credential_command_output", "more than a secret");
    fs::remove_file(home.path("get")).unwrap();
    let done = run(home.tenantry().args(["collect"]), "").expect(1);
    assert!(done.stderr.contains("was not found"), "{}", done.stderr);
    // One that came with a checkout is not run before it was seen.
    let marker = home.path("ran");
    let path = script(&home, "from-elsewhere", &format!("touch '{}'", marker.display()));
    put(&home, "work", &text_for(&served, &format!("credential_command = [\"{}\"]", path.display())));
    let done = run(home.tenantry().args(["collect"]), "").expect(4);
    assert!(done.stderr.contains(path.to_str().unwrap()) && done.stderr.contains("is run as you"), "{}", done.stderr);
    assert!(!marker.exists());
    run(home.tenantry().args(["profile", "trust", "work", "--yes"]), "").expect(0);
    run(home.tenantry().args(["collect"]), "").expect(1);
    assert!(marker.exists());
    // What depends on where one stands is no command.
    for command in ["./get", "bin/get"] {
        let done =
            run(home.tenantry().args(["profile", "edit", "work", "--credential-command", command]), "").expect(2);
        assert!(done.stderr.contains("PATH"), "{}", done.stderr);
    }
}

/// Whether a process is there and not merely waiting to be counted.
fn is_alive(pid: &str) -> bool {
    let ps = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap();
    !ps.stdout.is_empty() && !ps.stdout.starts_with(b"Z")
}

/// One that hangs goes with its children when the person has enough, and no profile after it is begun.
#[test]
fn one_that_hangs_is_ended_with_the_program() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let pids = home.path("pids");
    let hang = format!("sleep 300 & printf '%s\\n' $! $$ > '{0}.new'; mv '{0}.new' '{0}'; wait", pids.display());
    let path = script(&home, "get", &hang);
    add(&home, &served, "a", &[path.to_str().unwrap()]).expect(0);
    add(&home, &served, "b", &[path.to_str().unwrap()]).expect(0);
    for args in [&["collect", "--profile=a", "--json"][..], &["collect", "--all", "--json"]] {
        let child = home.tenantry().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let end = Instant::now() + Duration::from_secs(60);
        while !pids.exists() {
            assert!(Instant::now() < end, "the command was not run");
            std::thread::yield_now();
        }
        let started = Instant::now();
        // SAFETY: `kill` takes two numbers and touches no memory of ours.
        unsafe { libc::kill(child.id().cast_signed(), libc::SIGINT) };
        let done = Done::of(&child.wait_with_output().unwrap()).expect(130);
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
        if args.contains(&"--all") {
            let profiles = done.finished()["profiles"].as_array().unwrap();
            let statuses: Vec<_> = profiles.iter().map(|p| p["status"].as_str().unwrap()).collect();
            assert_eq!(statuses, ["interrupted", "not started"]);
        }
        let text = fs::read_to_string(&pids).unwrap();
        assert_eq!(text.lines().count(), 2);
        for pid in text.lines() {
            while is_alive(pid) {
                assert!(Instant::now() < end, "process {pid} is still there");
            }
        }
        fs::remove_file(&pids).unwrap();
    }
}
