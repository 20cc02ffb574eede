//! The operating system's own keyring: Secret Service, macOS Keychain, Windows Credential Manager, through `keyring`.
//!
//! Never a file of ours. What the platforms say is put into the distinct states of [`VaultError`].

use std::collections::HashMap;

use keyring_core::Error;

use super::vault::{Entry, Vault, VaultError};
use crate::domain::secret::{Secret, SecretBytes};

/// The keyring of the user who runs tenantry. Making one does nothing yet; the first call connects.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsVault;

impl OsVault {
    /// Whether there is a keyring to talk to. Once there was none, this process finds none: `keyring` asks once.
    pub fn available(&self) -> Result<(), VaultError> {
        // `Entry::new` would only say that there is no store; the status says why.
        match keyring::Entry::store_status() {
            Ok(()) => Ok(()),
            Err(error) => Err(match classify(error) {
                VaultError::Failed(why) | VaultError::Refused(why) => VaultError::Absent(why),
                other => other,
            }),
        }
    }

    fn open(self, entry: &Entry) -> Result<keyring_core::Entry, VaultError> {
        self.available()?;
        keyring_core::Entry::new_with_modifiers(entry.service(), entry.user(), &modifiers(entry))
            .map_err(|e| classify(&e))
    }
}

impl Vault for OsVault {
    fn name(&self) -> String {
        platform::name()
    }

    fn get(&self, entry: &Entry) -> Result<Option<Secret>, VaultError> {
        match self.open(entry)?.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(classify(&error)),
        }
    }

    fn set(&self, entry: &Entry, secret: &Secret) -> Result<(), VaultError> {
        self.open(entry)?.set_password(secret.expose()).map_err(|e| classify(&e))
    }

    fn key(&self, entry: &Entry) -> Result<Option<SecretBytes>, VaultError> {
        match self.open(entry)?.get_secret() {
            Ok(bytes) => Ok(Some(SecretBytes::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(classify(&error)),
        }
    }

    fn set_key(&self, entry: &Entry, key: &SecretBytes) -> Result<(), VaultError> {
        self.open(entry)?.set_secret(key.expose()).map_err(|e| classify(&e))
    }

    fn delete(&self, entry: &Entry) -> Result<(), VaultError> {
        match self.open(entry)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(classify(&error)),
        }
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

/// The state behind a platform's error. Only texts that hold no secret are kept: `BadEncoding` carries the secret itself.
fn classify(error: &Error) -> VaultError {
    match error {
        Error::NoDefaultStore => VaultError::Absent("none could be reached".to_owned()),
        Error::NoEntry => VaultError::Failed("the entry vanished".to_owned()),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => VaultError::NotText,
        Error::TooLong(_, limit) => VaultError::TooLong(*limit),
        Error::Ambiguous(_) => VaultError::Ambiguous,
        Error::PlatformFailure(why) | Error::NoStorageAccess(why) => state(&why.to_string(), &format!("{why:?}")),
        Error::Invalid(what, why) => VaultError::Failed(format!("{what} {why}")),
        Error::BadStoreFormat(why) | Error::NotSupportedByStore(why) => VaultError::Failed(why.clone()),
        _ => VaultError::Failed("for a reason that has no name here".to_owned()),
    }
}

/// The platforms' own words: D-Bus error names, and OSStatus numbers, which macOS shows in `Debug` only.
fn state(text: &str, debug: &str) -> VaultError {
    let has = |words: &[&str]| words.iter().any(|w| text.contains(w) || debug.contains(w));
    if has(&["object locked", "Error.IsLocked", "-25308", "-25293"]) {
        VaultError::Locked
    } else if has(&["prompt dismissed", "before prompt completed", "AccessDenied", "-128,", "-25244"]) {
        VaultError::Refused(text.to_owned())
    } else if has(&["result not returned from SS API"]) {
        VaultError::NoCollection
    } else if has(&[
        "no secret service provider",
        "ServiceUnknown",
        "NameHasNoOwner",
        "NoServer",
        "No such file or directory",
        "Connection refused",
        "Address(",
        "-25291",
        "-25294",
        "NO_SUCH_LOGON_SESSION",
    ]) {
        VaultError::Absent(text.to_owned())
    } else {
        VaultError::Failed(text.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platform_words_become_states() {
        let check = |text: &str, debug: &str, want: fn(&VaultError) -> bool| {
            let got = state(text, debug);
            assert!(want(&got), "{text}: {got:?}");
        };
        check("SS Error: object locked", "Locked", |e| *e == VaultError::Locked);
        check("zbus fdo error: org.freedesktop.Secret.Error.IsLocked", "", |e| *e == VaultError::Locked);
        check("SS error: prompt dismissed", "Prompt", |e| matches!(e, VaultError::Refused(_)));
        check("SS error: result not returned from SS API", "NoResult", |e| *e == VaultError::NoCollection);
        check("no secret service provider or dbus session found", "Unavailable", |e| {
            matches!(e, VaultError::Absent(_))
        });
        check("zbus error: org.freedesktop.DBus.Error.ServiceUnknown: x", "", |e| matches!(e, VaultError::Absent(_)));
        check("Interaction is not allowed", "Error { code: -25308, message: x }", |e| *e == VaultError::Locked);
        check("User canceled", "Error { code: -128, message: x }", |e| matches!(e, VaultError::Refused(_)));
        check("Crypto error: x", "Crypto(x)", |e| matches!(e, VaultError::Failed(_)));
    }

    #[test]
    fn an_error_never_carries_the_secret() {
        let error = classify(&Error::BadEncoding(b"hunter2".to_vec()));
        assert!(!format!("{error:?} {error} {}", error.problem().block()).contains("hunter2"));
        assert_eq!(error, VaultError::NotText);
        assert_eq!(classify(&Error::TooLong("password".to_owned(), 2560)), VaultError::TooLong(2560));
        assert!(matches!(classify(&Error::NoDefaultStore), VaultError::Absent(_)));
    }

    #[cfg(not(any(target_os = "macos", windows)))]
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
