//! Words before a credential ends: from 30 days on, and more urgent at 14 and 7.

use serde_json::json;

use super::output::Output;
use crate::{
    domain::{
        clock::{Clock, SystemClock},
        credential::{Credential, Expiry},
    },
    profile::Settings,
};

/// Warns of the end of the credential in use, or of what the profile says of it, if it is known and near: in words, and as
/// one JSON line.
pub fn warn(settings: &Settings, credential: Option<&Credential>, output: &Output) {
    // A certificate's own date is what counts, wherever it came from.
    let of_key = match credential {
        Some(Credential::Key(key)) => key.expires,
        _ => None,
    };
    let Some(at) = of_key.or(settings.credential_expires) else { return };
    let expiry = Expiry::of(at, SystemClock.now());
    let kind = if of_key.is_some() { "certificate" } else { kind(settings) };
    let Some(words) = words(settings, kind, expiry) else { return };
    output.emit(&json!({
        "event": "expiry",
        "credential": kind,
        "expires": at,
        "days": match expiry {
            Expiry::Soon { days } => days,
            Expiry::Fine | Expiry::Ended => 0,
        },
        "ended": expiry == Expiry::Ended,
    }));
    output.say(words);
}

/// What a profile's credential is.
pub const fn kind(settings: &Settings) -> &'static str {
    settings.credential_kind().words()
}

/// The warning, the louder the nearer the end; nothing while there is time.
pub fn words(settings: &Settings, kind: &str, expiry: Expiry) -> Option<String> {
    let ends = expiry.words()?;
    let sign = match expiry.step() {
        Some(30) => "note",
        Some(14) => "warning",
        _ => "WARNING",
    };
    let name = settings.profile.as_deref();
    let of = name.map(|name| format!(" of profile {name}")).unwrap_or_default();
    let name = name.unwrap_or("NAME");
    let next = match (settings.certificate, &settings.credential_command) {
        (Some(_), _) => {
            format!("tenantry profile edit {name} --make-certificate, and upload what it writes to the app")
        }
        (None, _) if kind == "certificate" => {
            "make a new one, upload it to the app, and put it where AZURE_CLIENT_CERTIFICATE_PATH points".to_owned()
        }
        (None, Some(_)) => format!(
            "make a new one, keep it where the command finds it, then tenantry profile edit {name} --secret-expires DATE"
        ),
        (None, None) => {
            format!("make a new one, then tenantry profile edit {name} --secrets-stdin --secret-expires DATE")
        }
    };
    Some(format!("{sign}: the {kind}{of} {ends}\n  next: {next}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Profile, paths::Paths};

    #[test]
    fn the_nearer_the_end_the_louder() {
        let profile = Profile {
            tenant_id: "84841066-274d-4ec0-a5c1-276be684bdd3".into(),
            client_id: "535fb089-9ff3-47b6-9bfb-4f1264799865".into(),
            ..Profile::default()
        };
        let paths = Paths::under(std::path::Path::new("/nowhere"));
        let settings = Settings::of_profile("work", &profile, &paths).unwrap();
        let check = |expiry: Expiry, want: Option<&str>| {
            let words = words(&settings, kind(&settings), expiry);
            assert_eq!(words.as_deref().and_then(|w| w.lines().next()), want);
            assert!(words.is_none_or(|w| w.contains("next: ") && w.contains("profile edit work")));
        };
        check(Expiry::Fine, None);
        check(Expiry::Soon { days: 30 }, Some("note: the client secret of profile work ends in 30 days"));
        check(Expiry::Soon { days: 14 }, Some("warning: the client secret of profile work ends in 14 days"));
        check(Expiry::Soon { days: 7 }, Some("WARNING: the client secret of profile work ends in 7 days"));
        check(Expiry::Ended, Some("WARNING: the client secret of profile work has ended"));
    }
}
