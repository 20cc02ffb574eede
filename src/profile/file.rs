//! What a profile says: one TOML file, without secrets, fit to be checked in. Where it lies is [`super::folder`]'s.

use std::path::{Path, PathBuf};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::settings::check_proxy;
use crate::domain::{
    cloud::Cloud,
    completeness::AcceptedGap,
    credential::CertificateRef,
    limit::MaxDeletions,
    naming::Naming,
    origin::Origin,
    reading::{Age, Ask},
};

/// What a profile file holds. Unknown members are an error: a typo must not fall back to a default silently.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Directory (tenant) ID, or a verified domain.
    pub tenant_id: String,
    /// Application (client) ID.
    pub client_id: String,
    #[serde(default)]
    pub cloud: Cloud,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_url: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph_url: Option<Origin>,
    /// Origin of the admin center that links lead to, where it is not the cloud's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_center: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// A whole path: what it names must not depend on where the program was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The day on which the client secret ends, as the portal shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_expires: Option<Date>,
    /// A program and its arguments; what it prints is the client secret, in place of the keyring's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_command: Option<Vec<String>>,
    /// How old the last full read may be before the next run reads everything: `7d`, `12h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_every: Option<Age>,
    /// How many finished runs stay in the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<std::num::NonZeroUsize>,
    /// Resource units in ten seconds to count on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<std::num::NonZeroU64>,
    /// How much of a `_type` an upload may delete before somebody has to say so: `100`, `5%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_deletions: Option<MaxDeletions>,
    /// Whether runs also read when users last signed in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sign_in_activity: bool,
    /// Under which names and shapes JupiterOne gets the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub naming: Option<Naming>,
    #[serde(default, skip_serializing_if = "JupiterOneProfile::is_empty")]
    pub jupiterone: JupiterOneProfile,
    /// The certificate whose private key the keyring holds; without it the credential is a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateRef>,
    /// What may be missing without a word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_gaps: Vec<AcceptedGap>,
}

impl Profile {
    /// Reads a profile's text.
    ///
    /// # Errors
    ///
    /// Why it is none, in words that repeat no value: somebody may have written a secret there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let profile: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map(|before| before.matches('\n').count() + 1);
            let line = line.map(|n| format!("line {n}: ")).unwrap_or_default();
            format!("{line}{}", of_a_secret(error.message()))
        })?;
        profile.check()?;
        Ok(profile)
    }

    /// What a type cannot say of a profile.
    pub fn check(&self) -> Result<(), String> {
        if let Some(proxy) = &self.proxy {
            check_proxy(proxy).map_err(|e| e.to_string())?;
        }
        if self.ca_file.as_ref().is_some_and(|path| !path.is_absolute()) {
            return Err("`ca_file` must be a whole path".to_owned());
        }
        if let Some(command) = &self.credential_command {
            let Some(program) = command.first().filter(|program| !program.trim().is_empty()) else {
                return Err("`credential_command` must be a list: a program, then its arguments".to_owned());
            };
            // One with a folder in it that is not whole would be another program in another folder.
            if Path::new(program).components().count() > 1 && !Path::new(program).is_absolute() {
                return Err(
                    "the program of `credential_command` must be a name found in PATH, or a whole path".to_owned()
                );
            }
            if self.certificate.is_some() {
                return Err(
                    "`credential_command` gives a secret, and `[certificate]` stands for a key: keep one".to_owned()
                );
            }
        }
        Ok(())
    }

    /// When its credential ends, as far as it says: the certificate, else the end of the secret's last day.
    pub fn credential_expires(&self) -> Option<Timestamp> {
        let of_secret = || {
            let day = self.secret_expires?.tomorrow().ok()?;
            Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
        };
        self.certificate.map(|certificate| certificate.expires).or_else(of_secret)
    }

    /// What only files and flags say: a form that was filled in leaves it as it was before.
    pub fn keep_unasked(&mut self, before: &Self) {
        self.full_every = before.full_every;
        self.keep = before.keep;
        self.quota = before.quota;
        self.max_deletions = before.max_deletions;
        self.sign_in_activity = before.sign_in_activity;
        self.naming = before.naming;
        self.accepted_gaps.clone_from(&before.accepted_gaps);
    }

    /// What it asks of every run.
    pub fn ask(&self) -> Ask {
        Ask {
            full_every: self.full_every.map_or(Ask::FULL_EVERY, |age| age.0),
            keep: self.keep.map_or(Ask::KEEP, std::num::NonZeroUsize::get),
            sign_ins: self.sign_in_activity,
            quota: self.quota,
            ..Ask::default()
        }
    }
}

/// The JupiterOne side of a profile; may be put off.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JupiterOneProfile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The instance's name, for a naming that needs it and a key that cannot tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_name: Option<String>,
}

impl JupiterOneProfile {
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// A member that no profile has may be a secret in the wrong place.
fn of_a_secret(message: &str) -> String {
    let mut words = message.trim().to_owned();
    // Texts in double quotes are values.
    while let Some((before, rest)) = words.split_once('"').map(|(a, b)| (a.to_owned(), b.to_owned())) {
        let Some((_, after)) = rest.split_once('"') else { break };
        words = format!("{before}…{after}");
    }
    let is_secret =
        words.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()).is_some_and(|field| {
            let field = field.to_ascii_lowercase();
            ["secret", "password", "api_key", "private_key", "token"].iter().any(|word| field.contains(word))
        });
    if is_secret {
        words.push_str("; a profile holds no secret: remove it, replace that secret, and keep the new one with `tenantry profile edit --secrets-stdin`");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_without_its_value() {
        let check = |text: &str, words: &[&str]| {
            let error = Profile::parse(&format!("tenant_id = \"a\"\nclient_id = \"b\"\n{text}\n")).unwrap_err();
            for word in words {
                assert!(error.contains(word), "{text}: {error}");
            }
            assert!(!error.contains("hunter2"), "{text}: {error}");
        };
        check("client_secret = \"hunter2\"", &["line 3", "client_secret", "a profile holds no secret"]);
        check("graph = \"hunter2\"", &["line 3", "`graph`", "graph_url"]);
        check("credential_command = \"hunter2\"", &["line 3", "sequence"]);
        check("keep = \"hunter2\"", &["line 3"]);
        check("client_secret = hunter2", &["line 3"]);
        check("full_every = \"soon\"", &["line 3"]);
        check("keep = 0", &["line 3"]);
        check("quota = 0", &["line 3"]);
        check("max_deletions = \"hunter2\"", &["line 3"]);
        check("[[accepted_gaps]]\nscope = \"group\"\nid = \"a\"", &["state"]);
        check("[[accepted_gaps]]\nscope = \"group\"\nid = \"a\"\nstate = \"odd\"", &["odd"]);
        check("secret_expires = \"next year\"", &["line 3"]);
        check("proxy = \"http://me:hunter2@proxy.example:8080\"", &["HTTPS_PROXY"]);
        check("proxy = \"proxy.example\"", &["http://host:port"]);
        check("login_url = \"https://me:hunter2@login.example\"", &["user name or password"]);
        check("ca_file = \"ca.pem\"", &["whole path"]);
        check("credential_command = []", &["list"]);
        check("credential_command = [\" \"]", &["list"]);
        check("credential_command = [\"./get\", \"hunter2\"]", &["PATH"]);
        let certificate =
            format!("[certificate]\nthumbprint = \"{}\"\nexpires = \"2027-05-20T12:00:00Z\"", "A".repeat(43));
        check(&format!("credential_command = [\"op\"]\n{certificate}"), &["keep one"]);
    }

    #[test]
    fn when_its_credential_ends() {
        let check = |text: &str, want: Option<&str>| {
            let profile = Profile::parse(&format!("tenant_id = \"a\"\nclient_id = \"b\"\n{text}")).unwrap();
            assert_eq!(profile.credential_expires().map(|at| at.to_string()).as_deref(), want, "{text}");
        };
        let certificate =
            format!("[certificate]\nthumbprint = \"{}\"\nexpires = \"2027-05-20T12:00:00Z\"", "A".repeat(43));
        check("", None);
        check("secret_expires = \"2027-05-20\"", Some("2027-05-21T00:00:00Z"));
        check(&certificate, Some("2027-05-20T12:00:00Z"));
        check(&format!("secret_expires = \"2020-01-01\"\n{certificate}"), Some("2027-05-20T12:00:00Z"));
    }
}
