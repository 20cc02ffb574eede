//! What the platforms say, put into the states of [`VaultError`]. Only texts that hold no secret are kept.

use keyring_core::Error;

use super::super::vault::{Absence, VaultError};

/// The state behind a platform's error. `BadEncoding` and `BadDataFormat` carry the secret itself.
pub(super) fn classify(error: &Error) -> VaultError {
    match error {
        Error::NoDefaultStore => VaultError::Absent(Absence::Other("none could be reached".to_owned())),
        Error::NoEntry => VaultError::Failed("the entry vanished".to_owned()),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => VaultError::NotText,
        Error::TooLong(_, limit) => VaultError::TooLong(*limit),
        Error::Ambiguous(_) => VaultError::Ambiguous,
        Error::PlatformFailure(why) | Error::NoStorageAccess(why) => {
            state(&why.to_string(), &format!("{why:?}"), Login::of_process())
        }
        Error::Invalid(what, why) => VaultError::Failed(format!("{what} {why}")),
        Error::BadStoreFormat(why) | Error::NotSupportedByStore(why) => VaultError::Failed(why.clone()),
        _ => VaultError::Failed("for a reason that has no name here".to_owned()),
    }
}

/// What a login has to reach a keyring, and a person, with.
#[derive(Debug, Clone, Copy)]
struct Login {
    /// A session bus, by what D-Bus libraries go by.
    bus: bool,
    /// A desktop that a prompt could be shown on.
    desktop: bool,
}

impl Login {
    fn of_process() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(std::path::PathBuf::from);
        Self {
            bus: set("DBUS_SESSION_BUS_ADDRESS") || runtime.is_some_and(|dir| dir.join("bus").exists()),
            desktop: cfg!(any(target_os = "macos", windows)) || set("DISPLAY") || set("WAYLAND_DISPLAY"),
        }
    }
}

/// The platforms' own words: D-Bus error names, and OSStatus numbers, which macOS shows in `Debug` only.
fn state(text: &str, debug: &str, login: Login) -> VaultError {
    let has = |words: &[&str]| words.iter().any(|w| text.contains(w) || debug.contains(w));
    let text = || text.to_owned();
    if has(&["object locked", "Error.IsLocked", "-25293"]) {
        VaultError::Locked
    } else if has(&["-25308"]) {
        // errSecInteractionNotAllowed: what SSH meets where the keychain is locked.
        VaultError::LockedRemotely(text())
    } else if has(&["prompt dismissed"]) && !login.desktop {
        // Nobody said no: there was nowhere to ask.
        VaultError::Locked
    } else if has(&["prompt dismissed", "before prompt completed", "AccessDenied", "-128,", "-25244"]) {
        VaultError::Refused(text())
    } else if has(&["result not returned from SS API"]) {
        VaultError::NoCollection
    } else if has(&["NO_SUCH_LOGON_SESSION"]) {
        VaultError::Absent(Absence::NetworkLogon(text()))
    } else if has(&["-25291", "-25294", "-25295"]) {
        VaultError::Absent(Absence::NoKeychain(text()))
    } else if has(&[
        "no secret service provider",
        "ServiceUnknown",
        "NameHasNoOwner",
        "NoServer",
        "No such file or directory",
        "Connection refused",
        "Address(",
    ]) {
        VaultError::Absent(if login.bus { Absence::NoService(text()) } else { Absence::NoBus(text()) })
    } else {
        VaultError::Failed(text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platform_words_become_states() {
        let check = |text: &str, debug: &str, want: fn(&VaultError) -> bool| {
            for bus in [true, false] {
                let got = state(text, debug, Login { bus, desktop: true });
                assert!(want(&got), "{text}: {got:?}");
            }
        };
        check("SS Error: object locked", "Locked", |e| *e == VaultError::Locked);
        check("zbus fdo error: org.freedesktop.Secret.Error.IsLocked", "", |e| *e == VaultError::Locked);
        check("SS error: prompt dismissed", "Prompt", |e| matches!(e, VaultError::Refused(_)));
        check("SS error: result not returned from SS API", "NoResult", |e| *e == VaultError::NoCollection);
        check("Interaction is not allowed", "Error { code: -25308, message: x }", |e| {
            matches!(e, VaultError::LockedRemotely(_))
        });
        check("User canceled", "Error { code: -128, message: x }", |e| matches!(e, VaultError::Refused(_)));
        check("A default keychain could not be found", "Error { code: -25294 }", |e| {
            matches!(e, VaultError::Absent(Absence::NoKeychain(_)))
        });
        check("Windows ERROR_NO_SUCH_LOGON_SESSION", "PlatformError(1312)", |e| {
            matches!(e, VaultError::Absent(Absence::NetworkLogon(_)))
        });
        check("Crypto error: x", "Crypto(x)", |e| matches!(e, VaultError::Failed(_)));
    }

    #[test]
    fn a_prompt_that_nobody_could_see_is_no_refusal() {
        let got = |desktop| state("SS error: prompt dismissed", "Prompt", Login { bus: true, desktop });
        assert_eq!(got(false), VaultError::Locked);
        assert!(matches!(got(true), VaultError::Refused(_)));
    }

    #[test]
    fn no_bus_and_no_service_are_told_apart() {
        for text in [
            "no secret service provider or dbus session found",
            "zbus error: org.freedesktop.DBus.Error.ServiceUnknown: x",
        ] {
            let check = |bus, want: fn(String) -> Absence| {
                assert_eq!(state(text, "", Login { bus, desktop: bus }), VaultError::Absent(want(text.to_owned())));
            };
            check(true, Absence::NoService);
            check(false, Absence::NoBus);
        }
    }

    #[test]
    fn an_error_never_carries_the_secret() {
        for error in [
            Error::BadEncoding(b"hunter2".to_vec()),
            Error::BadDataFormat(b"hunter2".to_vec(), "hunter2 is no text".into()),
        ] {
            let error = classify(&error);
            assert!(!format!("{error:?} {error} {}", error.problem().block()).contains("hunter2"));
            assert_eq!(error, VaultError::NotText);
        }
        assert_eq!(classify(&Error::TooLong("password".to_owned(), 2560)), VaultError::TooLong(2560));
        assert!(matches!(classify(&Error::NoDefaultStore), VaultError::Absent(_)));
    }
}
