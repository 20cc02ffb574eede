//! Sessions of their own: a bus, a home and a GNOME Keyring that nothing else uses, with this test program as their
//! child. What a child finds it prints; the parent judges.

#![cfg(target_os = "linux")]

use std::{
    collections::HashMap,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use tenantry::{
    credentials::{
        OsVault,
        vault::{Vault, VaultError, with_deadline},
    },
    domain::secret::{Secret, SecretBytes},
};
use zbus::{
    blocking::{Connection, Proxy, connection},
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

use super::{entry_of, left_out};

/// How long a child waits for a keyring that asks somebody.
const PATIENCE: Duration = Duration::from_secs(3);

/// Runs the child `case` and returns what it printed.
fn child(case: &str, start: &str, environment: &[(&str, &str)]) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "bash", "-c", start, "child"]).arg(std::env::current_exe().unwrap());
    for (name, folder) in
        [("HOME", ""), ("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"), ("XDG_RUNTIME_DIR", "run")]
    {
        let folder = home.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        command.env(name, folder);
    }
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("GNOME_KEYRING_CONTROL");
    command.env("KEYRING_CASE", case).envs(environment.iter().copied());
    let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{case}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// With an unlocked login keyring, as after a login.
const UNLOCKED: &str = "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
    exec \"$1\" --exact session::in_its_session --ignored --nocapture";
/// With no keyring of any name yet.
const EMPTY: &str = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1
    exec \"$1\" --exact session::in_its_session --ignored --nocapture";
/// With no bus at all.
const NO_BUS: &str = "unset DBUS_SESSION_BUS_ADDRESS
    exec \"$1\" --exact session::in_its_session --ignored --nocapture";

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs a case, and compares what the child says with what it must say.
#[track_caller]
fn check(name: &str, case: &str, start: &str, environment: &[(&str, &str)], want: &[&str]) {
    if !has("dbus-run-session") || !has("gnome-keyring-daemon") {
        left_out::left_out(name, "gnome-keyring and dbus are not installed");
        return;
    }
    let text = child(case, start, environment);
    let said: Vec<_> = text.lines().filter_map(|line| line.split_once("said: ")).map(|(_, said)| said).collect();
    assert_eq!(said, want, "{text}");
    left_out::ran(name);
}

#[test]
fn a_locked_keyring_is_told_from_an_empty_one_or_left_out() {
    // Without a desktop nobody can be asked: that is no refusal.
    let want = ["get keyring_locked", "get other nothing", "set keyring_locked", "the secret is still there"];
    check("a_locked_keyring_is_told_from_an_empty_one_or_left_out", "locked", UNLOCKED, &[], &want);
}

#[test]
fn a_prompt_that_is_denied_is_a_refusal_or_left_out() {
    let want = ["get keyring_refused", "set keyring_refused", "asked 2 times", "the secret is still there"];
    let desktop = [("DISPLAY", ":none")];
    check("a_prompt_that_is_denied_is_a_refusal_or_left_out", "denied", UNLOCKED, &desktop, &want);
}

#[test]
fn a_prompt_that_nobody_answers_is_given_up_or_left_out() {
    let want = ["get keyring_timeout", "asked 1 times"];
    let desktop = [("DISPLAY", ":none")];
    check("a_prompt_that_nobody_answers_is_given_up_or_left_out", "unanswered", UNLOCKED, &desktop, &want);
}

#[test]
fn a_keyring_that_was_never_made_is_told_or_left_out() {
    let want = ["get nothing", "set keyring_no_collection"];
    check("a_keyring_that_was_never_made_is_told_or_left_out", "empty", EMPTY, &[], &want);
}

#[test]
fn without_a_bus_the_kernel_keeps_secrets_or_none_are_kept() {
    if !has("dbus-run-session") {
        left_out::left_out("without_a_bus_the_kernel_keeps_secrets_or_none_are_kept", "dbus is not installed");
        return;
    }
    let text = child("no_bus", NO_BUS, &[]);
    let kept = text.contains("said: the kernel's keyring, until ") && text.contains("said: kept and removed");
    let none = text.contains("said: keyring_no_session_bus");
    assert!(kept != none, "{text}");
    left_out::ran("without_a_bus_the_kernel_keeps_secrets_or_none_are_kept");
}

/// What the children do. By itself it does nothing.
#[tokio::test]
#[ignore = "a child of the tests above, in a session of its own"]
async fn in_its_session() {
    let Ok(case) = std::env::var("KEYRING_CASE") else { return };
    let vault: Arc<dyn Vault> = Arc::new(OsVault);
    let entry = entry_of("session", 0);
    let say = |what: &str| println!("\nsaid: {what}");
    let get = async || {
        let entry = entry.clone();
        let code = with_deadline(Arc::clone(&vault), PATIENCE, move |vault| vault.get(&entry)).await;
        match code {
            Ok(None) => "nothing".to_owned(),
            Ok(Some(secret)) => secret.expose().to_owned(),
            Err(error) => code_of(&error),
        }
    };
    let set = async |text: &'static str| {
        let entry = entry.clone();
        let result =
            with_deadline(Arc::clone(&vault), PATIENCE, move |vault| vault.set(&entry, &Secret::new(text))).await;
        result.map_or_else(|error| code_of(&error), |()| "kept".to_owned())
    };
    let asked = match case.as_str() {
        "empty" => {
            say(&format!("get {}", get().await));
            say(&format!("set {}", set("x").await));
            return;
        }
        "no_bus" => {
            match OsVault.available() {
                Err(error) => say(&code_of(&error)),
                Ok(()) => {
                    say(&vault.name());
                    let key = SecretBytes::new((0..2375_u32).map(|n| (n % 251) as u8).collect());
                    vault.set_key(&entry, &key).unwrap();
                    assert_eq!(vault.key(&entry).unwrap(), Some(key));
                    vault.delete(&entry).unwrap();
                    assert_eq!(vault.key(&entry).unwrap(), None);
                    say("kept and removed");
                }
            }
            return;
        }
        _ => {
            assert_eq!(set("a secret").await, "kept");
            assert_eq!(get().await, "a secret");
            lock();
            (case != "locked").then(|| Prompter::begin(case == "denied"))
        }
    };
    say(&format!("get {}", get().await));
    if case == "unanswered" {
        say(&asked.unwrap().asked());
        return;
    }
    if case == "locked" {
        let other = entry_of("other", 0);
        let other = with_deadline(Arc::clone(&vault), PATIENCE, move |vault| vault.get(&other)).await.unwrap();
        say(&format!("get other {}", other.map_or("nothing", |_| "something")));
    }
    say(&format!("set {}", set("another").await));
    if let Some(asked) = asked {
        say(&asked.asked());
    }
    unlock();
    assert_eq!(get().await, "a secret");
    say("the secret is still there");
}

fn code_of(error: &VaultError) -> String {
    let problem = error.problem();
    assert!(problem.hint.is_some() && !problem.block().contains("a secret"), "{problem:?}");
    problem.code.unwrap()
}

const SERVICE: &str = "org.freedesktop.secrets";

fn service(bus: &Connection) -> Proxy<'_> {
    Proxy::new(bus, SERVICE, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service").unwrap()
}

fn lock() {
    let bus = Connection::session().unwrap();
    let default: OwnedObjectPath = service(&bus).call("ReadAlias", &("default")).unwrap();
    let (locked, _): (Vec<OwnedObjectPath>, OwnedObjectPath) =
        service(&bus).call("Lock", &(vec![default.clone()])).unwrap();
    assert_eq!(locked, [default]);
}

/// With the password, past the prompt: GNOME Keyring's own call for tests.
fn unlock() {
    let bus = Connection::session().unwrap();
    let default: OwnedObjectPath = service(&bus).call("ReadAlias", &("default")).unwrap();
    let (_, session): (OwnedValue, OwnedObjectPath) =
        service(&bus).call("OpenSession", &("plain", Value::from(""))).unwrap();
    let interface = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
    let internal = Proxy::new(&bus, SERVICE, "/org/freedesktop/secrets", interface).unwrap();
    let password = (session, Vec::<u8>::new(), b"pw".to_vec(), "text/plain");
    let () = internal.call("UnlockWithMasterPassword", &(default, password)).unwrap();
}

/// Stands in for the desktop's prompt: what GNOME Keyring asks a person through.
struct Prompter {
    denies: bool,
    asked: Arc<std::sync::atomic::AtomicU32>,
}

struct Asked {
    count: Arc<std::sync::atomic::AtomicU32>,
    _bus: Connection,
}

impl Asked {
    fn asked(&self) -> String {
        format!("asked {} times", self.count.load(std::sync::atomic::Ordering::SeqCst))
    }
}

impl Prompter {
    fn begin(denies: bool) -> Asked {
        let count = Arc::default();
        let prompter = Self { denies, asked: Arc::clone(&count) };
        let bus = connection::Builder::session()
            .unwrap()
            .serve_at("/org/gnome/keyring/Prompter", prompter)
            .unwrap()
            .name("org.gnome.keyring.SystemPrompter")
            .unwrap()
            .build()
            .unwrap();
        Asked { count, _bus: bus }
    }
}

/// Tells the keyring what became of its prompt.
async fn ready(
    bus: &zbus::Connection,
    to: Option<zbus::names::UniqueName<'static>>,
    callback: OwnedObjectPath,
    reply: &str,
) {
    let nothing = HashMap::<&str, Value<'_>>::new();
    let interface = "org.gnome.keyring.internal.Prompter.Callback";
    bus.call_method(to, callback, Some(interface), "PromptReady", &(reply, nothing, "")).await.unwrap();
}

#[zbus::interface(name = "org.gnome.keyring.internal.Prompter")]
impl Prompter {
    fn begin_prompting(
        &self,
        callback: OwnedObjectPath,
        #[zbus(header)] header: zbus::message::Header<'_>,
        #[zbus(connection)] bus: &zbus::Connection,
    ) {
        self.asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if self.denies {
            let (sender, bus) = (header.sender().map(|s| s.to_owned()), bus.clone());
            // After the answer to this call.
            bus.clone().executor().spawn(async move { ready(&bus, sender, callback, "").await }, "begun").detach();
        }
    }

    fn perform_prompt(
        &self,
        callback: OwnedObjectPath,
        _kind: &str,
        _properties: HashMap<String, Value<'_>>,
        _exchange: &str,
        #[zbus(header)] header: zbus::message::Header<'_>,
        #[zbus(connection)] bus: &zbus::Connection,
    ) {
        let (sender, bus) = (header.sender().map(|s| s.to_owned()), bus.clone());
        bus.clone().executor().spawn(async move { ready(&bus, sender, callback, "no").await }, "denied").detach();
    }

    fn stop_prompting(&self, _callback: OwnedObjectPath) {}
}
