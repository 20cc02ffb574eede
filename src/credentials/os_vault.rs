//! The operating system's own keyring: Secret Service, macOS Keychain, Windows Credential Manager, through `keyring`; on
//! Linux the kernel's keys where there is no Secret Service.
//!
//! Never a file of ours. What the platforms say is put into the distinct states of [`VaultError`].

#[cfg(target_os = "linux")]
mod kernel;
mod state;

use std::{collections::HashMap, sync::LazyLock};

use keyring_core::Error;

#[cfg(target_os = "linux")]
pub use self::kernel::KernelVault;
use self::state::classify;
use super::vault::{Absence, Entry, Vault, VaultError};
use crate::domain::secret::{Secret, SecretBytes};

/// The keyring of the user who runs tenantry. Making one does nothing yet; the first call connects.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsVault;

impl OsVault {
    /// Whether there is a keyring to talk to. Once there was none, this process finds none: it is asked for once.
    pub fn available(&self) -> Result<(), VaultError> {
        match *PLACE {
            Ok(_) => Ok(()),
            Err(ref error) => Err(error.clone()),
        }
    }

    /// Calls the keyring, or what is used in its place.
    fn call<T>(
        self,
        entry: &Entry,
        system: impl FnOnce(keyring_core::Entry) -> keyring_core::Result<T>,
        other: impl FnOnce(&dyn Vault) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        match *PLACE {
            Ok(Place::System) => open(entry).and_then(system).map_err(|error| classify(&error)),
            #[cfg(target_os = "linux")]
            Ok(Place::Kernel(ref vault)) => other(vault),
            Err(ref error) => {
                // Only Linux has another.
                drop(other);
                Err(error.clone())
            }
        }
    }
}

impl Vault for OsVault {
    fn name(&self) -> String {
        match *PLACE {
            #[cfg(target_os = "linux")]
            Ok(Place::Kernel(ref vault)) => vault.name(),
            _ => platform::name(),
        }
    }

    fn get(&self, entry: &Entry) -> Result<Option<Secret>, VaultError> {
        let system = |e: keyring_core::Entry| unless_missing(e.get_password().map(Secret::new));
        self.call(entry, system, |vault| vault.get(entry))
    }

    fn set(&self, entry: &Entry, secret: &Secret) -> Result<(), VaultError> {
        self.call(entry, |e| e.set_password(secret.expose()), |vault| vault.set(entry, secret))
    }

    fn key(&self, entry: &Entry) -> Result<Option<SecretBytes>, VaultError> {
        let system = |e: keyring_core::Entry| unless_missing(e.get_secret().map(SecretBytes::new));
        self.call(entry, system, |vault| vault.key(entry))
    }

    fn set_key(&self, entry: &Entry, key: &SecretBytes) -> Result<(), VaultError> {
        self.call(entry, |e| e.set_secret(key.expose()), |vault| vault.set_key(entry, key))
    }

    fn delete(&self, entry: &Entry) -> Result<(), VaultError> {
        let system = |e: keyring_core::Entry| unless_missing(e.delete_credential()).map(|_| ());
        self.call(entry, system, |vault| vault.delete(entry))?;
        // What an earlier login without a password manager left in the kernel goes too.
        #[cfg(target_os = "linux")]
        if let (Ok(Place::System), Ok(vault)) = (&*PLACE, KernelVault::open()) {
            vault.delete(entry)?;
        }
        Ok(())
    }
}

/// Where this process keeps secrets.
enum Place {
    /// The platform's keyring.
    System,
    /// What Linux has where no password manager runs.
    #[cfg(target_os = "linux")]
    Kernel(KernelVault),
}

static PLACE: LazyLock<Result<Place, VaultError>> = LazyLock::new(|| {
    // `Entry::new` would only say that there is no store; the status says why.
    let Err(error) = keyring::Entry::store_status() else { return Ok(Place::System) };
    let error = match classify(error) {
        VaultError::Failed(why) | VaultError::Refused(why) => VaultError::Absent(Absence::Other(why)),
        other => other,
    };
    #[cfg(target_os = "linux")]
    if matches!(error, VaultError::Absent(_)) && std::env::var_os("TENANTRY_KERNEL_KEYRING").is_none_or(|v| v != "off")
    {
        // A keyring that is there and locked is no reason to keep secrets elsewhere.
        if let Ok(vault) = KernelVault::open() {
            return Ok(Place::Kernel(vault));
        }
    }
    Err(error)
});

fn open(entry: &Entry) -> keyring_core::Result<keyring_core::Entry> {
    keyring_core::Entry::new_with_modifiers(entry.service(), entry.user(), &modifiers(entry))
}

fn unless_missing<T>(result: keyring_core::Result<T>) -> keyring_core::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What each store wants to know beside service and user.
fn modifiers(entry: &Entry) -> HashMap<&'static str, &str> {
    if cfg!(target_os = "macos") {
        HashMap::new()
    } else if cfg!(windows) {
        // Not `Enterprise`, the default: a secret does not roam to other machines.
        HashMap::from([("persistence", "Local")])
    } else {
        HashMap::from([("label", entry.label())])
    }
}

#[cfg(target_os = "macos")]
mod platform {
    pub(super) fn name() -> String {
        "macOS Keychain".to_owned()
    }
}

#[cfg(windows)]
mod platform {
    pub(super) fn name() -> String {
        "Windows Credential Manager".to_owned()
    }
}

#[cfg(not(any(target_os = "macos", windows)))]
mod platform {
    /// The Secret Service, and the program that serves it: its process's name is all that the bus tells of it.
    pub(super) fn name() -> String {
        match server() {
            Some(server) => format!("{server} (Secret Service)"),
            None => "Secret Service".to_owned(),
        }
    }

    fn server() -> Option<String> {
        let bus = zbus::blocking::Connection::session().ok()?;
        let bus = zbus::blocking::fdo::DBusProxy::new(&bus).ok()?;
        let name = zbus::names::BusName::try_from("org.freedesktop.secrets").ok()?;
        let process = bus.get_connection_unix_process_id(name).ok()?;
        let program = std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
        known(program.trim()).map(str::to_owned)
    }

    /// The kernel cuts a process's name to 15 bytes.
    pub(super) fn known(program: &str) -> Option<&'static str> {
        match program {
            p if p.starts_with("gnome-keyring") => Some("GNOME Keyring"),
            p if p.starts_with("kwalletd") || p.starts_with("ksecretd") => Some("KWallet"),
            p if p.starts_with("keepassxc") => Some("KeePassXC"),
            p if p.starts_with("oo7-daemon") => Some("oo7"),
            p if p.starts_with("secret-service") => Some("secret-service"),
            _ => None,
        }
    }
}

#[cfg(all(test, not(any(target_os = "macos", windows))))]
mod tests {
    use super::*;

    #[test]
    fn keyrings_are_known_by_their_programs() {
        let check = |program: &str, want: Option<&str>| assert_eq!(platform::known(program), want, "{program}");
        check("gnome-keyring-d", Some("GNOME Keyring"));
        check("kwalletd6", Some("KWallet"));
        check("ksecretd", Some("KWallet"));
        check("keepassxc", Some("KeePassXC"));
        check("bash", None);
    }
}
