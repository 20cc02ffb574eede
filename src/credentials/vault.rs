//! Where secrets are kept: the trait, its errors in words, and the vault in memory.
//!
//! Entries are bound to the origin that the secret goes to, and to tenant and client (JupiterOne: account; a proxy: user),
//! so that a changed endpoint finds no secret.

mod error;

pub use self::error::{Absence, VaultError};

use std::{collections::BTreeMap, sync::Arc, sync::Mutex, time::Duration};

use crate::{
    domain::{
        ids::ClientId,
        origin::Origin,
        problem::Problem,
        secret::{Secret, SecretBytes},
    },
    net::ProxyUser,
};

/// How long a call into the operating system's keyring may take; it may be waiting for a person at a prompt.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Keeps secrets. Calls may block: async callers go through [`with_deadline`].
pub trait Vault: Send + Sync {
    /// Its real name, for "saved in …": `GNOME Keyring (Secret Service)`.
    fn name(&self) -> String;

    /// The secret of an entry; `None` if there is none. A vault that knows texts from bytes has its own.
    fn get(&self, entry: &Entry) -> Result<Option<Secret>, VaultError> {
        let Some(bytes) = self.key(entry)? else { return Ok(None) };
        let text = std::str::from_utf8(bytes.expose()).map_err(|_| VaultError::NotText)?;
        Ok(Some(Secret::new(text)))
    }

    /// Stores or replaces. As with [`Vault::get`].
    fn set(&self, entry: &Entry, secret: &Secret) -> Result<(), VaultError> {
        self.set_key(entry, &SecretBytes::new(secret.expose().as_bytes().to_vec()))
    }

    /// As [`Vault::get`], for what is no text: a private key.
    fn key(&self, entry: &Entry) -> Result<Option<SecretBytes>, VaultError>;

    /// As [`Vault::set`], for what is no text.
    fn set_key(&self, entry: &Entry, key: &SecretBytes) -> Result<(), VaultError>;

    /// Deletes; nothing to delete is no error.
    fn delete(&self, entry: &Entry) -> Result<(), VaultError>;

    /// Whether its calls may block. One that never does is called in place.
    fn blocks(&self) -> bool {
        true
    }
}

/// Under what a secret is kept. The texts are shown by keyring managers, and hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entry {
    /// What kind of secret it is; the keyring's `service`.
    service: &'static str,
    /// Where it belongs; the keyring's `user`.
    user: String,
    label: String,
}

impl Entry {
    /// The secret of an app registration at a login service.
    pub fn client_secret(login: &Origin, tenant: &str, client: &ClientId) -> Self {
        let tenant = tenant.trim().to_ascii_lowercase();
        Self {
            service: "tenantry-client-secret",
            user: format!("{login}|{tenant}|{client}"),
            label: format!("tenantry: client secret of app {client} in tenant {tenant}"),
        }
    }

    /// The private key of an app registration at a login service.
    pub fn client_key(login: &Origin, tenant: &str, client: &ClientId) -> Self {
        let tenant = tenant.trim().to_ascii_lowercase();
        Self {
            service: "tenantry-client-key",
            user: format!("{login}|{tenant}|{client}"),
            label: format!("tenantry: private key of app {client} in tenant {tenant}"),
        }
    }

    /// The API key of a JupiterOne account.
    pub fn jupiterone_key(origin: &Origin, account: &str) -> Self {
        let account = account.trim();
        Self {
            service: "tenantry-jupiterone-key",
            user: format!("{origin}|{account}"),
            label: format!("tenantry: JupiterOne API key of account {account}"),
        }
    }

    /// The password of a user of a proxy.
    pub fn proxy_password(of: &ProxyUser) -> Self {
        Self {
            service: "tenantry-proxy-password",
            user: format!("{}|{}", of.proxy(), of.name()),
            label: format!("tenantry: password of {} at the proxy {}", of.name(), of.proxy()),
        }
    }

    pub const fn service(&self) -> &'static str {
        self.service
    }

    pub fn user(&self) -> &str {
        &self.user
    }

    /// As a keyring manager lists it.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What to tell where an entry is needed and not there.
    pub fn missing(&self, vault: &str) -> Problem {
        let what = self.label.strip_prefix("tenantry: ").unwrap_or(&self.label);
        Problem::new(format!("the {what} is not in {vault}"))
            .code("no_secret")
            .hint("Add it in the wizard, or with `tenantry profile add --secrets-stdin`.")
    }
}

/// Calls the vault without blocking the runtime, and gives it up after `limit`: a keyring may wait for ever for a
/// prompt that nobody sees. What was given up may still happen.
///
/// # Errors
///
/// The vault's own, or [`VaultError::TimedOut`].
pub async fn with_deadline<T: Send + 'static>(
    vault: Arc<dyn Vault>,
    limit: Duration,
    call: impl FnOnce(&dyn Vault) -> Result<T, VaultError> + Send + 'static,
) -> Result<T, VaultError> {
    if !vault.blocks() {
        return call(&*vault);
    }
    let (answer, answered) = tokio::sync::oneshot::channel();
    // A thread of its own: a runtime that ends waits for the tasks of `spawn_blocking`, and this one may never end.
    std::thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(move || drop(answer.send(call(&*vault))))
        .map_err(|e| VaultError::Failed(format!("no thread for it: {e}")))?;
    match tokio::time::timeout(limit, answered).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(VaultError::Failed("it broke down".to_owned())),
        Err(_) => Err(VaultError::TimedOut(limit)),
    }
}

/// The vault's name, for as long as anybody may wait for a name: a keyring that hangs still gets one.
pub async fn name_within(vault: Arc<dyn Vault>, limit: Duration) -> String {
    with_deadline(vault, limit, |vault| Ok(vault.name())).await.unwrap_or_else(|_| "the system's keyring".to_owned())
}

/// Keeps secrets for as long as the program runs: the demo's vault, and what is left where there is no keyring.
#[derive(Debug, Default)]
pub struct MemoryVault {
    secrets: Mutex<BTreeMap<(&'static str, String), SecretBytes>>,
}

impl MemoryVault {
    fn secrets(&self) -> std::sync::MutexGuard<'_, BTreeMap<(&'static str, String), SecretBytes>> {
        self.secrets.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Vault for MemoryVault {
    fn name(&self) -> String {
        "memory, for this run only".to_owned()
    }

    fn key(&self, entry: &Entry) -> Result<Option<SecretBytes>, VaultError> {
        Ok(self.secrets().get(&(entry.service, entry.user.clone())).cloned())
    }

    fn set_key(&self, entry: &Entry, key: &SecretBytes) -> Result<(), VaultError> {
        self.secrets().insert((entry.service, entry.user.clone()), key.clone());
        Ok(())
    }

    fn delete(&self, entry: &Entry) -> Result<(), VaultError> {
        self.secrets().remove(&(entry.service, entry.user.clone()));
        Ok(())
    }

    fn blocks(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> ClientId {
        ClientId::parse("535fb089-9ff3-47b6-9bfb-4f1264799865").unwrap()
    }

    #[test]
    fn a_changed_endpoint_finds_no_secret() {
        let vault = MemoryVault::default();
        let login = Origin::known("https://login.microsoftonline.com");
        let entry = |login: &Origin, tenant: &str| Entry::client_secret(login, tenant, &client());
        vault.set(&entry(&login, "Contoso.onmicrosoft.com"), &Secret::new("s")).unwrap();
        let check = |entry: &Entry, want: Option<&str>| {
            assert_eq!(vault.get(entry).unwrap().as_ref().map(Secret::expose), want, "{entry:?}");
        };
        check(&entry(&login, " contoso.onmicrosoft.com "), Some("s"));
        check(&entry(&Origin::known("https://login.microsoftonline.us"), "contoso.onmicrosoft.com"), None);
        check(&entry(&login, "fabrikam.onmicrosoft.com"), None);
        check(&Entry::jupiterone_key(&login, "contoso.onmicrosoft.com"), None);
        vault.delete(&entry(&login, "contoso.onmicrosoft.com")).unwrap();
        vault.delete(&entry(&login, "contoso.onmicrosoft.com")).unwrap();
        check(&entry(&login, "contoso.onmicrosoft.com"), None);
    }

    /// Blocks for ever, as a keyring with an unseen prompt does.
    struct Stuck;

    impl Vault for Stuck {
        fn name(&self) -> String {
            loop {
                std::thread::park();
            }
        }
        fn key(&self, _: &Entry) -> Result<Option<SecretBytes>, VaultError> {
            loop {
                std::thread::park();
            }
        }
        fn set_key(&self, _: &Entry, _: &SecretBytes) -> Result<(), VaultError> {
            Ok(())
        }
        fn delete(&self, _: &Entry) -> Result<(), VaultError> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stuck_keyring_is_given_up() {
        let login = Origin::known("https://login.microsoftonline.com");
        let entry = Entry::client_secret(&login, "t", &client());
        let result = with_deadline(Arc::new(Stuck), DEADLINE, move |vault| vault.get(&entry)).await;
        assert_eq!(result, Err(VaultError::TimedOut(DEADLINE)));
        assert_eq!(name_within(Arc::new(Stuck), Duration::from_millis(50)).await, "the system's keyring");
        assert_eq!(name_within(Arc::new(MemoryVault::default()), Duration::ZERO).await, "memory, for this run only");
    }

    #[tokio::test(start_paused = true)]
    async fn a_vault_in_memory_needs_no_time() {
        let entry = Entry::jupiterone_key(&Origin::known("https://api.us.jupiterone.io"), "acme");
        let missing = entry.missing("GNOME Keyring (Secret Service)");
        assert_eq!(missing.summary, "the JupiterOne API key of account acme is not in GNOME Keyring (Secret Service)");
        let vault = Arc::new(MemoryVault::default());
        let stored = with_deadline(vault, Duration::ZERO, move |vault| {
            vault.set(&entry, &Secret::new("k"))?;
            vault.get(&entry)
        });
        assert_eq!(stored.await, Ok(Some(Secret::new("k"))));
    }
}
