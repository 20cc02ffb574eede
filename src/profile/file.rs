//! Profiles: one TOML file each, without secrets, fit to be checked in.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::paths::{self, Paths};
use crate::domain::{
    cloud::Cloud,
    completeness::AcceptedGap,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// How old the last full read may be before the next run reads everything: `7d`, `12h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_every: Option<Age>,
    /// How many finished runs stay in the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<std::num::NonZeroUsize>,
    /// Resource units in ten seconds to count on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<std::num::NonZeroU64>,
    /// Whether runs also read when users last signed in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sign_in_activity: bool,
    #[serde(default, skip_serializing_if = "JupiterOneProfile::is_empty")]
    pub jupiterone: JupiterOneProfile,
    /// What may be missing without a word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_gaps: Vec<AcceptedGap>,
}

impl Profile {
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
}

impl JupiterOneProfile {
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error("there is no profile `{0}`")]
    NotFound(String),
    #[error("there is a profile `{0}` already; remove it first, or choose another name with --profile")]
    Exists(String),
    #[error(
        "`{0}` cannot name a profile: use letters, digits, `-`, `_` and `.`, at most 64, not starting with `.` or `-`"
    )]
    BadName(String),
    #[error("profile file {path} cannot be read: {why}")]
    Unreadable { path: PathBuf, why: String },
    #[error("profile file {path} cannot be written")]
    Unwritable { path: PathBuf, source: io::Error },
}

/// The profiles of a config directory.
#[derive(Debug, Clone)]
pub struct Profiles {
    dir: PathBuf,
}

impl Profiles {
    pub fn new(paths: &Paths) -> Self {
        Self { dir: paths.config.join("profiles") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.toml"))
    }

    /// The names, sorted.
    pub fn list(&self) -> Result<Vec<String>, ProfileError> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(ProfileError::Unreadable { path: self.dir.clone(), why: e.to_string() }),
        };
        let mut names: Vec<String> = entries
            .filter_map(|e| e.ok()?.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned))
            .filter(|name| valid_name(name))
            .collect();
        names.sort();
        Ok(names)
    }

    pub fn load(&self, name: &str) -> Result<Profile, ProfileError> {
        check_name(name)?;
        let path = self.path(name);
        let text = fs::read_to_string(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => ProfileError::NotFound(name.to_owned()),
            _ => ProfileError::Unreadable { path: path.clone(), why: e.to_string() },
        })?;
        toml::from_str(&text).map_err(|e| ProfileError::Unreadable { path, why: e.to_string().trim().to_owned() })
    }

    /// Whether [`Profiles::add`] can take this name; else why not. A profile that cannot be read takes its name too.
    pub fn is_free(&self, name: &str) -> Result<(), ProfileError> {
        check_name(name)?;
        if self.path(name).exists() { Err(ProfileError::Exists(name.to_owned())) } else { Ok(()) }
    }

    /// Saves a new profile; never overwrites one.
    pub fn add(&self, name: &str, profile: &Profile) -> Result<(), ProfileError> {
        self.is_free(name)?;
        self.save(name, profile)
    }

    /// Saves a profile, replacing what was there.
    pub fn save(&self, name: &str, profile: &Profile) -> Result<(), ProfileError> {
        check_name(name)?;
        let path = self.path(name);
        let unwritable = |source| ProfileError::Unwritable { path: path.clone(), source };
        let text = toml::to_string(profile).map_err(|e| unwritable(io::Error::other(e)))?;
        paths::replace(&path, &text).map_err(unwritable)
    }

    pub fn remove(&self, name: &str) -> Result<(), ProfileError> {
        check_name(name)?;
        let path = self.path(name);
        fs::remove_file(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ProfileError::NotFound(name.to_owned()),
            _ => ProfileError::Unwritable { path, source },
        })
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

fn valid_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && !name.starts_with(['.', '-'])
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn check_name(name: &str) -> Result<(), ProfileError> {
    if valid_name(name) { Ok(()) } else { Err(ProfileError::BadName(name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::completeness::{GapScope, State};

    fn profiles() -> (tempfile::TempDir, Profiles) {
        let dir = tempfile::tempdir().unwrap();
        let profiles = Profiles::new(&Paths::under(dir.path()));
        (dir, profiles)
    }

    #[test]
    fn a_profile_comes_back_as_it_was_saved() {
        let (_dir, profiles) = profiles();
        assert_eq!(profiles.list().unwrap(), Vec::<String>::new());
        let profile = Profile {
            tenant_id: "84841066-274d-4ec0-a5c1-276be684bdd3".into(),
            client_id: "535fb089-9ff3-47b6-9bfb-4f1264799865".into(),
            cloud: Cloud::UsGov,
            proxy: Some("http://proxy.example:8080".into()),
            full_every: Some("12h".parse().unwrap()),
            keep: std::num::NonZeroUsize::new(3),
            quota: std::num::NonZeroU64::new(16_000),
            sign_in_activity: true,
            jupiterone: JupiterOneProfile { account: Some("acme".into()), ..Default::default() },
            accepted_gaps: vec![AcceptedGap {
                scope: GapScope::Group,
                id: "c2f798fd-f95d-4623-8824-63aec21fffff".into(),
                state: State::Hidden,
            }],
            ..Default::default()
        };
        profiles.add("prod", &profile).unwrap();
        assert_eq!(profiles.load("prod").unwrap(), profile);
        assert!(matches!(profiles.add("prod", &profile), Err(ProfileError::Exists(_))));
        assert_eq!(profiles.list().unwrap(), ["prod"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&profiles.path("prod")), mode(profiles.dir())), (0o600, 0o700));
        }
        profiles.remove("prod").unwrap();
        assert!(matches!(profiles.load("prod"), Err(ProfileError::NotFound(_))));
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        let (_dir, profiles) = profiles();
        for name in ["", ".", "..", "../x", "a/b", ".hidden", "a b", "ü", &"x".repeat(65)] {
            assert!(matches!(profiles.load(name), Err(ProfileError::BadName(_))), "{name}");
        }
    }

    #[test]
    fn a_typo_is_an_error_that_names_the_file() {
        let (_dir, profiles) = profiles();
        paths::replace(&profiles.path("x"), "tenant_id = \"a\"\nclient_id = \"b\"\nclient_secret = \"c\"\n").unwrap();
        let error = profiles.load("x").unwrap_err().to_string();
        assert!(error.contains("x.toml") && error.contains("client_secret"), "{error}");
    }

    #[test]
    fn values_that_make_no_sense_are_errors() {
        let (_dir, profiles) = profiles();
        for (key, word) in [
            ("full_every = \"soon\"", "soon"),
            ("keep = 0", "keep"),
            ("quota = 0", "quota"),
            ("[[accepted_gaps]]\nscope = \"group\"\nid = \"a\"", "state"),
            ("[[accepted_gaps]]\nscope = \"group\"\nid = \"a\"\nstate = \"odd\"", "odd"),
        ] {
            let text = format!("tenant_id = \"a\"\nclient_id = \"b\"\n{key}\n");
            paths::replace(&profiles.path("x"), &text).unwrap();
            let error = profiles.load("x").unwrap_err().to_string();
            assert!(error.contains(word), "{key}: {error}");
        }
    }
}
