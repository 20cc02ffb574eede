//! The Linux kernel's keys, for a machine without a Secret Service: in the kernel's memory, never on a disk, of this user
//! alone, and gone after a while. Its name says so.
//!
//! Entries lie in the user's persistent keyring, and in the session's while it lasts. Never blocks.

use std::{sync::Arc, time::Duration};

use keyring_core::{Error, api::CredentialStoreApi};
use linux_keyutils_keyring_store::{Cred, Store};

use super::super::vault::{Absence, Entry, Vault, VaultError};
use crate::domain::secret::SecretBytes;

/// The kernel's keyring of the user who runs tenantry.
#[derive(Debug, Clone)]
pub struct KernelVault {
    store: Arc<Store>,
    /// How long an entry lasts that nobody reads; none where it is gone with the session.
    lasts: Option<Duration>,
}

impl KernelVault {
    /// # Errors
    ///
    /// [`Absence::NoKernelKeys`] where the kernel, or the container that this runs in, forbids it.
    pub fn open() -> Result<Self, VaultError> {
        let store = Store::new().map_err(|error| absent(&error))?;
        let probe = store.build("tenantry", "probe", None).map_err(|error| absent(&error))?;
        // Reading what is not there finds out whether reading is allowed at all.
        match probe.get_secret() {
            Ok(_) | Err(Error::NoEntry) => {}
            Err(error) => return Err(absent(&error)),
        }
        let persistent = probe.as_any().downcast_ref::<Cred>().is_some_and(|cred| cred.persistent.is_some());
        Ok(Self { store, lasts: persistent.then(expiry) })
    }

    fn entry(&self, entry: &Entry) -> Result<keyring_core::Entry, VaultError> {
        let build = || self.store.build(entry.service(), entry.user(), None).map_err(|error| absent(&error));
        // Where no login made a session, the kernel gives each thread one of its own as soon as the persistent keyring is
        // linked to it. The store finds its session before it links, so the first entry of a thread looks past the
        // persistent keyring, and finds nothing of what another thread or process kept there; the second does not.
        build()?;
        build()
    }
}

impl Vault for KernelVault {
    fn name(&self) -> String {
        match self.lasts {
            Some(lasts) => format!("the kernel's keyring, until a reboot or {} unused", words(lasts)),
            None => "the kernel's keyring, until you log out".to_owned(),
        }
    }

    fn key(&self, entry: &Entry) -> Result<Option<SecretBytes>, VaultError> {
        match self.entry(entry)?.get_secret() {
            Ok(bytes) => Ok(Some(SecretBytes::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    fn set_key(&self, entry: &Entry, key: &SecretBytes) -> Result<(), VaultError> {
        self.entry(entry)?.set_secret(key.expose()).map_err(|error| failed(&error))
    }

    fn delete(&self, entry: &Entry) -> Result<(), VaultError> {
        match self.entry(entry)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    fn blocks(&self) -> bool {
        false
    }
}

fn absent(error: &Error) -> VaultError {
    VaultError::Absent(Absence::NoKernelKeys(reason(error)))
}

fn failed(error: &Error) -> VaultError {
    let reason = reason(error);
    // EDQUOT: an administrator sets how many bytes one user may keep.
    if reason.to_ascii_lowercase().contains("quota") { VaultError::Full(reason) } else { VaultError::Failed(reason) }
}

/// The kernel's own word. The store's errors carry no secret but in two kinds, which are not repeated.
fn reason(error: &Error) -> String {
    match error {
        Error::PlatformFailure(why) | Error::NoStorageAccess(why) => why.to_string(),
        Error::Invalid(what, why) => format!("{what} {why}"),
        _ => "for a reason that has no name here".to_owned(),
    }
}

/// After how long the kernel forgets a persistent keyring that nobody used; three days unless somebody set it.
fn expiry() -> Duration {
    let text = std::fs::read_to_string("/proc/sys/kernel/keys/persistent_keyring_expiry").ok();
    Duration::from_secs(text.and_then(|text| text.trim().parse().ok()).unwrap_or(3 * 86_400))
}

fn words(lasts: Duration) -> String {
    let (n, unit) = match lasts.as_secs() / 3600 {
        0 => (lasts.as_secs() / 60, "minute"),
        hours if hours < 48 => (hours, "hour"),
        hours => (hours / 24, "day"),
    };
    crate::domain::text::counted(n, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_is_said_in_words() {
        let check = |seconds, want: &str| assert_eq!(words(Duration::from_secs(seconds)), want);
        check(259_200, "3 days");
        check(172_800, "2 days");
        check(86_400, "24 hours");
        check(3_600, "1 hour");
        check(600, "10 minutes");
    }

    #[test]
    fn the_kernel_s_refusals_have_words() {
        let why = |text: &str| Error::PlatformFailure(text.into());
        assert_eq!(failed(&why("QuotaExceeded")), VaultError::Full("QuotaExceeded".to_owned()));
        assert_eq!(failed(&why("AccessDenied")), VaultError::Failed("AccessDenied".to_owned()));
        let secret = failed(&Error::BadEncoding(b"hunter2".to_vec()));
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert!(absent(&why("x")).to_string().contains("the kernel keeps no keys here (x)"));
    }
}
