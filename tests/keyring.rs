//! The program's own vault against the keyring of the machine it runs on.

#[path = "support/left_out.rs"]
mod left_out;
#[path = "keyring/session.rs"]
mod session;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use tenantry::{
    credentials::{
        OsVault,
        vault::{DEADLINE, Entry, Vault, VaultError, with_deadline},
    },
    domain::{
        ids::ClientId,
        origin::Origin,
        secret::{Secret, SecretBytes},
    },
};

/// An entry that no person has: its own tenant for each test process.
fn entry(what: &str) -> Entry {
    entry_of(what, std::process::id())
}

fn entry_of(what: &str, process: u32) -> Entry {
    let client = ClientId::parse("535fb089-9ff3-47b6-9bfb-4f1264799865").unwrap();
    let tenant = format!("{what}-{process}.test.invalid");
    Entry::client_secret(&Origin::known("https://login.microsoftonline.com"), &tenant, &client)
}

/// Runs `test` with the machine's keyring, or notes why it cannot be.
async fn with_keyring<F: Future<Output = ()>>(name: &str, test: impl FnOnce(Arc<dyn Vault>) -> F) {
    let vault: Arc<dyn Vault> = Arc::new(OsVault);
    let probe = entry(name);
    // A keyring that is locked, or has no default collection, answers `get` all the same: only `set` finds out.
    let usable = move |vault: &dyn Vault| {
        vault.set(&probe, &Secret::new("probe"))?;
        vault.delete(&probe)
    };
    match with_deadline(Arc::clone(&vault), DEADLINE, usable).await {
        Ok(()) => {
            test(vault).await;
            left_out::ran(name);
        }
        Err(error) => {
            assert!(error.problem().hint.is_some());
            left_out::left_out(name, &error.to_string());
        }
    }
}

#[tokio::test]
async fn a_secret_is_stored_read_and_deleted_or_left_out() {
    with_keyring("a_secret_is_stored_read_and_deleted_or_left_out", async |vault| {
        let call = async |call: fn(&dyn Vault, &Entry) -> Result<Option<Secret>, VaultError>| {
            with_deadline(Arc::clone(&vault), DEADLINE, move |vault| call(vault, &entry("life"))).await
        };
        let get = async || call(|vault, entry| vault.get(entry)).await;
        let set = async |n: usize| match n {
            1 => call(|vault, entry| vault.set(entry, &Secret::new("Xyz8Q~first ünïcödé 🗝")).map(|()| None)).await,
            _ => call(|vault, entry| vault.set(entry, &Secret::new("Xyz8Q~second")).map(|()| None)).await,
        };
        let delete = async || call(|vault, entry| vault.delete(entry).map(|()| None)).await;
        assert_eq!(get().await, Ok(None));
        assert_eq!(set(1).await, Ok(None));
        assert_eq!(get().await, Ok(Some(Secret::new("Xyz8Q~first ünïcödé 🗝"))));
        assert_eq!(set(2).await, Ok(None));
        assert_eq!(get().await, Ok(Some(Secret::new("Xyz8Q~second"))), "replaced, not added");
        assert_eq!(delete().await, Ok(None));
        assert_eq!(get().await, Ok(None));
        assert_eq!(delete().await, Ok(None), "nothing to delete is no error");
    })
    .await;
}

/// As long as a private key gets: RSA of 4,096 bits in PKCS#8; and no text.
fn long_key() -> SecretBytes {
    SecretBytes::new((0..2375_u32).map(|n| (n * 7 % 256) as u8).collect())
}

/// What a second process finds in the keyring: `true` if it is [`long_key`].
#[cfg(unix)]
fn second_process_finds(vault: &str, what: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_second_process", "--ignored", "--nocapture"])
        .env("KEYRING_ENTRY", format!("{vault} {what} {}", std::process::id()))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    text.lines().find_map(|line| line.split_once("found: ")).unwrap_or_else(|| panic!("{text}")).1.to_owned()
}

/// By itself it does nothing.
#[test]
#[cfg(unix)]
#[ignore = "a child of the tests here"]
fn a_second_process() {
    let Ok(text) = std::env::var("KEYRING_ENTRY") else { return };
    let [vault, what, process] = text.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let vault: Box<dyn Vault> = match vault {
        #[cfg(target_os = "linux")]
        "kernel" => Box::new(tenantry::credentials::os_vault::KernelVault::open().unwrap()),
        _ => Box::new(OsVault),
    };
    let found = vault.key(&entry_of(what, process.parse().unwrap())).unwrap();
    println!("\nfound: {}", found.map_or("nothing", |key| if key == long_key() { "the key" } else { "another" }));
}

#[tokio::test]
#[cfg(unix)]
async fn a_key_is_read_back_by_another_process_or_left_out() {
    with_keyring("a_key_is_read_back_by_another_process_or_left_out", async |vault| {
        let set = |vault: &dyn Vault| vault.set_key(&entry("bytes"), &long_key());
        with_deadline(Arc::clone(&vault), DEADLINE, set).await.unwrap();
        assert_eq!(second_process_finds("system", "bytes"), "the key");
        let text = with_deadline(Arc::clone(&vault), DEADLINE, |vault| vault.get(&entry("bytes"))).await;
        assert_eq!(text, Err(VaultError::NotText), "a key is no text, and is not shown as one");
        with_deadline(vault, DEADLINE, |vault| vault.delete(&entry("bytes"))).await.unwrap();
        assert_eq!(second_process_finds("system", "bytes"), "nothing");
    })
    .await;
}

/// Not in [`left_out`]: whether the kernel lets this machine keep keys is nothing that installing could mend.
#[test]
#[cfg(target_os = "linux")]
fn the_kernel_keeps_a_key_where_it_may() {
    let vault = match tenantry::credentials::os_vault::KernelVault::open() {
        Ok(vault) => vault,
        Err(error) => {
            println!("not tried: {error}");
            assert_eq!(error.problem().code.as_deref(), Some("keyring_no_kernel_keys"));
            return;
        }
    };
    println!("{}", vault.name());
    assert!(vault.name().starts_with("the kernel's keyring, until "));
    let entry = entry("kernel");
    assert_eq!(vault.key(&entry).unwrap(), None);
    vault.set(&entry, &Secret::new("Xyz8Q~first")).unwrap();
    vault.set_key(&entry, &long_key()).unwrap();
    assert_eq!(vault.key(&entry).unwrap(), Some(long_key()), "replaced, not added");
    assert_eq!(vault.get(&entry), Err(VaultError::NotText));
    assert_eq!(second_process_finds("kernel", "kernel"), "the key");
    vault.delete(&entry).unwrap();
    assert_eq!(second_process_finds("kernel", "kernel"), "nothing");
    vault.delete(&entry).unwrap();
}

/// Each call has a thread of its own (`with_deadline`), which without a login session is a session of its own.
#[test]
#[cfg(target_os = "linux")]
fn the_kernel_answers_whichever_thread_asks() {
    use tenantry::credentials::os_vault::KernelVault;
    fn elsewhere<T: Send>(call: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|threads| threads.spawn(call).join().unwrap())
    }
    let entry = entry("threads");
    let kept = elsewhere(|| {
        let vault = KernelVault::open()?;
        vault.set_key(&entry, &long_key())?;
        Ok::<_, VaultError>(vault)
    });
    let vault = match kept {
        Ok(vault) => vault,
        Err(error) => return println!("not tried: {error}"),
    };
    assert_eq!(elsewhere(|| vault.key(&entry)), Ok(Some(long_key())));
    assert_eq!(elsewhere(|| vault.set(&entry, &Secret::new("Xyz8Q~second"))), Ok(()));
    assert_eq!(elsewhere(|| vault.get(&entry)), Ok(Some(Secret::new("Xyz8Q~second"))), "replaced, not added");
    assert_eq!(elsewhere(|| vault.delete(&entry)), Ok(()));
    assert_eq!(elsewhere(|| vault.key(&entry)), Ok(None));
}

#[tokio::test]
async fn the_keyring_has_a_name_or_left_out() {
    with_keyring("the_keyring_has_a_name_or_left_out", async |vault| {
        let name = with_deadline(vault, DEADLINE, |vault| Ok(vault.name())).await.unwrap();
        println!("the keyring is {name}");
        let known = ["(Secret Service)", "Secret Service", "macOS Keychain", "Windows Credential Manager"];
        let kernel = name.starts_with("the kernel's keyring, until ");
        assert!(kernel || known.iter().any(|k| name.ends_with(k)), "{name}");
    })
    .await;
}

/// The program with this home, and the caller's session bus. Returns what it printed.
fn tenantry(home: &Path, args: &[&str], input: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    for name in
        ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "JUPITERONE_ACCOUNT", "JUPITERONE_API_KEY"]
    {
        command.env_remove(name);
    }
    command.args(args).env("HOME", home).env("TENANTRY_LOG", "trace");
    for (name, folder) in [("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state")] {
        command.env(name, home.join(folder));
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{args:?}: {text}");
    text
}

fn everything_in(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all += &if path.is_dir() {
            everything_in(&path)
        } else {
            String::from_utf8_lossy(&std::fs::read(path).unwrap()).into()
        };
    }
    all
}

/// A profile's secrets go to the keyring and nowhere else, and go with the last profile that needs them.
#[tokio::test]
#[cfg(unix)]
async fn a_profile_s_secrets_come_and_go_with_it_or_left_out() {
    with_keyring("a_profile_s_secrets_come_and_go_with_it_or_left_out", async |vault| {
        const CLIENT: &str = "635fb089-9ff3-47b6-9bfb-4f1264799865";
        let home = tempfile::tempdir().unwrap();
        let tenant = format!("profiles-{}.test.invalid", std::process::id());
        let account = format!("account-{}", std::process::id());
        let login = Origin::known("https://login.microsoftonline.com");
        let secret = Entry::client_secret(&login, &tenant, &ClientId::parse(CLIENT).unwrap());
        let key = Entry::jupiterone_key(&Origin::known("https://api.us.jupiterone.io"), &account);
        let kept = async || {
            let (secret, key) = (secret.clone(), key.clone());
            with_deadline(Arc::clone(&vault), DEADLINE, move |vault| Ok((vault.get(&secret)?, vault.get(&key)?)))
                .await
                .unwrap()
        };
        let (s, k) = ("Zz18Q~kept-in-the-keyring", "kept-in-the-keyring-too");
        let add = ["profile", "add", "--tenant-id", &tenant, "--client-id", CLIENT];
        let one = [&add[..], &["--profile", "one", "--jupiterone-account", &account, "--secrets-stdin"]].concat();
        let mut all = tenantry(home.path(), &one, &format!("client_secret={s}\njupiterone_api_key={k}\n"));
        let names = ["Secret Service", "Keychain", "the kernel's keyring"];
        assert!(names.iter().any(|name| all.contains(name)), "{all}");
        all += &tenantry(home.path(), &[&add[..], &["--profile", "two"]].concat(), "");
        all += &tenantry(home.path(), &["profile", "show", "one"], "");
        all += &tenantry(home.path(), &["info", "--profile", "one"], "");
        assert_eq!(kept().await, (Some(Secret::new(s)), Some(Secret::new(k))));
        all += &tenantry(home.path(), &["profile", "remove", "one"], "");
        assert_eq!(kept().await, (Some(Secret::new(s)), None), "the other profile needs the secret, nobody the key");
        all += &tenantry(home.path(), &["profile", "remove", "two"], "");
        assert_eq!(kept().await, (None, None));
        all += &everything_in(home.path());
        assert!(!all.contains("kept-in-the-keyring"), "{all}");
    })
    .await;
}
