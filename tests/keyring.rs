//! The program's own vault against the keyring of the machine it runs on.

#[path = "support/left_out.rs"]
mod left_out;

use std::sync::Arc;

use tenantry::{
    credentials::{
        OsVault,
        vault::{DEADLINE, Entry, Vault, VaultError, with_deadline},
    },
    domain::{ids::ClientId, origin::Origin, secret::Secret},
};

/// An entry that no person has: its own tenant for each test process.
fn entry(what: &str) -> Entry {
    let client = ClientId::parse("535fb089-9ff3-47b6-9bfb-4f1264799865").unwrap();
    let tenant = format!("{what}-{}.test.invalid", std::process::id());
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

#[tokio::test]
async fn the_keyring_has_a_name_or_left_out() {
    with_keyring("the_keyring_has_a_name_or_left_out", async |vault| {
        let name = with_deadline(vault, DEADLINE, |vault| Ok(vault.name())).await.unwrap();
        println!("the keyring is {name}");
        let known = ["(Secret Service)", "Secret Service", "macOS Keychain", "Windows Credential Manager"];
        assert!(known.iter().any(|k| name.ends_with(k)), "{name}");
    })
    .await;
}
