//! Why a vault did not do it, in words: no keyring at all, a locked one, one that refused or was not answered, one that
//! failed. An entry that is not there is none of these.

use std::time::Duration;

use crate::domain::problem::Problem;

/// Why the vault did not do it. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    #[error("there is no keyring to keep secrets in: {0}")]
    Absent(Absence),
    #[error("the keyring is locked")]
    Locked,
    /// Locked, at a login where nobody can be asked for the password.
    #[error("the keychain is locked, and a remote login cannot ask for its password ({0})")]
    LockedRemotely(String),
    #[error("the keyring has no default collection yet")]
    NoCollection,
    #[error("the keyring refused: {0}")]
    Refused(String),
    #[error("the keyring did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("the secret is longer than the keyring takes ({0} bytes)")]
    TooLong(u32),
    /// As many as an administrator lets one user keep.
    #[error("the keyring is full: {0}")]
    Full(String),
    #[error("the keyring holds several entries of that name")]
    Ambiguous,
    #[error("what the keyring holds is no text")]
    NotText,
    #[error("the keyring failed: {0}")]
    Failed(String),
}

/// Why there is no keyring. The text is the platform's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Absence {
    /// Linux: no session bus, as at a bare SSH login, in a container, in a service.
    #[error("this login has no D-Bus session ({0})")]
    NoBus(String),
    /// Linux: a session bus on which no password manager answers.
    #[error("no password manager answers on D-Bus ({0})")]
    NoService(String),
    /// Windows: a login by network, such as OpenSSH with a key, has no store of credentials.
    #[error("this login by network has no Credential Manager ({0})")]
    NetworkLogon(String),
    /// macOS: no default keychain.
    #[error("this user has no keychain ({0})")]
    NoKeychain(String),
    /// Linux: the kernel's keys are forbidden, as in most containers.
    #[error("the kernel keeps no keys here ({0})")]
    NoKernelKeys(String),
    #[error("{0}")]
    Other(String),
}

impl VaultError {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Absent(Absence::NoBus(_)) => "keyring_no_session_bus",
            Self::Absent(Absence::NoService(_)) => "keyring_no_service",
            Self::Absent(Absence::NetworkLogon(_)) => "keyring_network_logon",
            Self::Absent(Absence::NoKeychain(_)) => "keyring_no_keychain",
            Self::Absent(Absence::NoKernelKeys(_)) => "keyring_no_kernel_keys",
            Self::Absent(Absence::Other(_)) => "keyring_absent",
            Self::Locked => "keyring_locked",
            Self::LockedRemotely(_) => "keyring_locked_remotely",
            Self::NoCollection => "keyring_no_collection",
            Self::Refused(_) => "keyring_refused",
            Self::TimedOut(_) => "keyring_timeout",
            Self::TooLong(_) => "keyring_too_long",
            Self::Full(_) => "keyring_full",
            Self::Ambiguous => "keyring_ambiguous",
            Self::NotText => "keyring_not_text",
            Self::Failed(_) => "keyring_failed",
        }
    }

    const fn hint(&self) -> &'static str {
        match self {
            Self::Absent(Absence::NoBus(_)) => {
                "Log in to a desktop session, or start one with `dbus-run-session`; for a service use \
                 AZURE_CLIENT_CERTIFICATE_PATH or a credential_command. Else the secret stays in memory, for this run only."
            }
            Self::Absent(Absence::NoService(_)) => {
                "Install and start a Secret Service (GNOME Keyring, KWallet, KeePassXC), or go on: the secret then stays \
                 in memory, for this run only."
            }
            Self::Absent(Absence::NetworkLogon(_)) => {
                "Log in at the desktop or with a password, or use AZURE_CLIENT_CERTIFICATE_PATH or a credential_command. \
                 Else the secret stays in memory, for this run only."
            }
            Self::Absent(Absence::NoKeychain(_)) => {
                "Open Keychain Access once to make a login keychain, or go on: the secret then stays in memory, for this \
                 run only."
            }
            Self::Absent(Absence::NoKernelKeys(_)) => {
                "Start a Secret Service in a session with D-Bus, or use AZURE_CLIENT_CERTIFICATE_PATH or a \
                 credential_command. Else the secret stays in memory, for this run only."
            }
            Self::Absent(Absence::Other(_)) => {
                "Log in to a desktop session, or go on: the secret then stays in memory, for this run only."
            }
            Self::Locked => {
                "Unlock the keyring, then try again: your desktop's password manager does it, or without a desktop \
                 `gnome-keyring-daemon --replace --unlock`, which reads the password from standard input."
            }
            Self::LockedRemotely(_) => "Run `security unlock-keychain` in this login, then try again.",
            Self::NoCollection => {
                "Open your desktop's password manager (such as Passwords and Keys), create a default keyring, then try \
                 again."
            }
            Self::Refused(_) => "Try again, and unlock the keyring or allow access when the desktop asks.",
            Self::TimedOut(_) => "A prompt may be waiting behind another window: answer it, then try again.",
            Self::TooLong(_) => "Check that only the secret was pasted.",
            Self::Full(_) => "Remove profiles that nobody needs, or raise the quota in /proc/sys/kernel/keys.",
            Self::Ambiguous => {
                "Delete the entries that begin with `tenantry:` in the password manager, then add the secret again."
            }
            Self::NotText => "Delete the entry in the password manager, then add the secret again.",
            Self::Failed(_) => "Try again; if it lasts, log out and in, or restart the keyring service.",
        }
    }

    /// As every face shows it, with the next step.
    pub fn problem(&self) -> Problem {
        Problem::new(self.to_string()).code(self.code()).hint(self.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_says_what_to_do() {
        let text = || "x".to_owned();
        let all = [
            VaultError::Absent(Absence::NoBus(text())),
            VaultError::Absent(Absence::NoService(text())),
            VaultError::Absent(Absence::NetworkLogon(text())),
            VaultError::Absent(Absence::NoKeychain(text())),
            VaultError::Absent(Absence::NoKernelKeys(text())),
            VaultError::Absent(Absence::Other(text())),
            VaultError::Locked,
            VaultError::LockedRemotely(text()),
            VaultError::NoCollection,
            VaultError::Refused(text()),
            VaultError::TimedOut(super::super::DEADLINE),
            VaultError::TooLong(2560),
            VaultError::Full(text()),
            VaultError::Ambiguous,
            VaultError::NotText,
            VaultError::Failed(text()),
        ];
        let codes: std::collections::BTreeSet<_> = all.iter().map(VaultError::code).collect();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|e| e.problem().hint.is_some_and(|h| h.ends_with('.'))));
        let words: std::collections::BTreeSet<_> = all.iter().map(ToString::to_string).collect();
        assert_eq!(words.len(), all.len());
    }
}
