//! The folder of profiles: which there are, which is the default, and how one comes, changes its name and goes.
//!
//! Reads only what is the user's own ([`super::own`]); asks nobody, and touches no keyring.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    file::Profile,
    own::{self, NotOwn, ReadError},
    paths::Paths,
    settings::{Settings, TenantRef},
    trust::{TrustError, Trusted, Untrusted, What},
};
use crate::{
    domain::{
        ids::{TenantId, is_profile_name},
        naming::Naming,
        problem::Problem,
        target::Target,
    },
    files,
};

#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error("there is no profile `{0}`")]
    NotFound(String),
    #[error("there is a profile `{0}` already; remove it first, or choose another name")]
    Exists(String),
    #[error(
        "`{0}` cannot name a profile: use letters, digits, `-`, `_` and `.`, at most 64, not starting with `.` or `-`"
    )]
    BadName(String),
    #[error("profile file {path} cannot be read: {why}")]
    Unreadable { path: PathBuf, why: String },
    #[error("profile file {path} cannot be written")]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("profile {name} cannot be saved so: {why}")]
    Unfit { name: String, why: String },
    #[error("profile {name} is not read: {why}")]
    NotOwn { name: String, why: NotOwn },
    #[error("profile {other}, of tenant {tenant}, uploads to {target} already")]
    TargetTaken { other: String, tenant: TenantId, target: Box<Target> },
    #[error("profile {other} uploads to {target} already, under the names of {naming}")]
    TargetNamed { other: String, naming: Naming, target: Box<Target> },
    #[error("the default profile is not known: {0}")]
    NoDefault(String),
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl ProfileError {
    /// Where it is refused because it could do harm: what to tell.
    pub fn refusal(&self) -> Option<Problem> {
        let hint = match self {
            Self::NotOwn { why, .. } | Self::Trust(TrustError::NotOwn(why)) => why.hint(),
            Self::TargetTaken { .. } => {
                "An upload of the one would delete the other's objects. Give each tenant an instance or scope of its own."
                    .to_owned()
            }
            Self::TargetNamed { .. } => {
                "An upload of the one would replace each object of the other by one of another type. Give each naming an \
                 instance or scope of its own, or both profiles the same --naming."
                    .to_owned()
            }
            _ => return None,
        };
        let code = match self {
            Self::TargetTaken { .. } => "other_tenant",
            Self::TargetNamed { .. } => "other_naming",
            _ => "not_own",
        };
        Some(Problem::new(self.to_string()).code(code).hint(hint))
    }
}

/// The profiles of a config directory.
#[derive(Debug, Clone)]
pub struct Profiles {
    paths: Paths,
    dir: PathBuf,
}

impl Profiles {
    pub fn new(paths: &Paths) -> Self {
        Self { paths: paths.clone(), dir: paths.config.join("profiles") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.toml"))
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What was confirmed of them on this machine.
    pub fn trusted(&self) -> Trusted {
        Trusted::new(&self.paths)
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
            .filter(|name| is_profile_name(name))
            .collect();
        names.sort();
        Ok(names)
    }

    pub fn load(&self, name: &str) -> Result<Profile, ProfileError> {
        check_name(name)?;
        let path = self.path(name);
        let text = own::read(&path, &self.paths.config).map_err(|e| match e {
            ReadError::NotOwn(why) => ProfileError::NotOwn { name: name.to_owned(), why },
            ReadError::Io(e) if e.kind() == io::ErrorKind::NotFound => ProfileError::NotFound(name.to_owned()),
            ReadError::Io(e) => ProfileError::Unreadable { path: path.clone(), why: e.to_string() },
        })?;
        Profile::parse(&text).map_err(|why| ProfileError::Unreadable { path, why })
    }

    /// What of a profile has to be shown and confirmed before it may be used.
    pub fn untrusted(&self, name: &str, profile: &Profile) -> Result<Vec<Untrusted>, ProfileError> {
        Ok(self.trusted().missing(name, profile)?)
    }

    /// Whether [`Profiles::add`] can take this name; else why not. A profile that cannot be read takes its name too.
    pub fn is_free(&self, name: &str) -> Result<(), ProfileError> {
        check_name(name)?;
        if self.path(name).symlink_metadata().is_ok() { Err(ProfileError::Exists(name.to_owned())) } else { Ok(()) }
    }

    /// Saves a new profile, all of which a person has typed; never overwrites one.
    pub fn add(&self, name: &str, profile: &Profile) -> Result<(), ProfileError> {
        self.is_free(name)?;
        self.put(name, profile, &What::ALL)
    }

    /// Saves a profile, replacing what was there. `typed` are the members that a person gave or saw just now: they
    /// count as confirmed.
    pub fn put(&self, name: &str, profile: &Profile, typed: &[What]) -> Result<(), ProfileError> {
        self.fits(name, profile)?;
        // Confirmed first: were it the other way round, a failure between the two would leave a profile that asks.
        self.trusted().confirm(name, profile, typed)?;
        self.save(name, profile)
    }

    /// Whether a profile may be saved so: it makes sense, and nobody else of ours uploads where it does.
    pub fn fits(&self, name: &str, profile: &Profile) -> Result<(), ProfileError> {
        check_name(name)?;
        profile.check().map_err(|why| ProfileError::Unfit { name: name.to_owned(), why })?;
        self.check_target(name, profile)
    }

    /// Writes a profile of which nothing changed that needs a word or a look at others.
    pub fn save(&self, name: &str, profile: &Profile) -> Result<(), ProfileError> {
        check_name(name)?;
        let path = self.path(name);
        let unwritable = |source| ProfileError::Unwritable { path: path.clone(), source };
        // A folder that others may write is no place for what we want to read again.
        for folder in [&self.paths.config, &self.dir] {
            match own::folder(folder) {
                Ok(()) => {}
                Err(ReadError::NotOwn(why)) => return Err(ProfileError::NotOwn { name: name.to_owned(), why }),
                Err(ReadError::Io(e)) if e.kind() == io::ErrorKind::NotFound => {}
                Err(ReadError::Io(e)) => return Err(unwritable(e)),
            }
        }
        let text = toml::to_string(profile).map_err(|e| unwritable(io::Error::other(e)))?;
        files::replace(&path, &text).map_err(unwritable)
    }

    /// Two tenants on one target would delete each other's objects, and two namings replace them. A tenant named by a domain
    /// may be any: there the registry of targets decides at the upload.
    fn check_target(&self, name: &str, profile: &Profile) -> Result<(), ProfileError> {
        let Ok(ours) = Settings::of_profile(name, profile, &self.paths) else { return Ok(()) };
        let Some(target) = ours.target() else { return Ok(()) };
        for other in self.list()?.into_iter().filter(|other| other != name) {
            // One that cannot be read uploads nothing.
            let Ok(profile) = self.load(&other) else { continue };
            let Ok(theirs) = Settings::of_profile(&other, &profile, &self.paths) else { continue };
            if theirs.target().is_none_or(|at| at.key() != target.key()) {
                continue;
            }
            let target = Box::new(target.clone());
            match (tenant(&theirs), tenant(&ours)) {
                (Some(theirs), Some(ours)) if theirs != ours => {
                    return Err(ProfileError::TargetTaken { other, tenant: theirs.clone(), target });
                }
                _ if theirs.naming() != ours.naming() => {
                    return Err(ProfileError::TargetNamed { other, naming: theirs.naming(), target });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives a profile another name. Secrets are not bound to names; the default and what was confirmed go with it.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), ProfileError> {
        self.load(from)?;
        self.is_free(to)?;
        let path = self.path(to);
        fs::rename(self.path(from), &path).map_err(|source| ProfileError::Unwritable { path, source })?;
        self.trusted().rename(from, to)?;
        if self.default()?.as_deref() == Some(from) {
            self.set_default(to)?;
        }
        Ok(())
    }

    /// Takes the profile's file away, and what is remembered of it; its secrets are
    /// [`super::manage::forget`]'s.
    pub fn remove(&self, name: &str) -> Result<(), ProfileError> {
        check_name(name)?;
        let path = self.path(name);
        fs::remove_file(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ProfileError::NotFound(name.to_owned()),
            _ => ProfileError::Unwritable { path, source },
        })?;
        self.trusted().forget(name)?;
        if self.default()?.as_deref() == Some(name) {
            let path = self.default_path();
            fs::remove_file(&path).map_err(|source| ProfileError::Unwritable { path, source })?;
        }
        Ok(())
    }

    fn default_path(&self) -> PathBuf {
        self.paths.config.join("default-profile")
    }

    /// The profile that was chosen to be used where none is named; it may have gone since.
    pub fn default(&self) -> Result<Option<String>, ProfileError> {
        match own::read(&self.default_path(), &self.paths.config) {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|name| is_profile_name(name))),
            Err(ReadError::Io(e)) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(ReadError::Io(e)) => Err(ProfileError::NoDefault(e.to_string())),
            Err(ReadError::NotOwn(why)) => Err(ProfileError::NotOwn { name: "by default".to_owned(), why }),
        }
    }

    /// Remembers which profile is used where none is named.
    pub fn set_default(&self, name: &str) -> Result<(), ProfileError> {
        self.load(name)?;
        let path = self.default_path();
        files::replace(&path, &format!("{name}\n")).map_err(|source| ProfileError::Unwritable { path, source })
    }
}

fn tenant(settings: &Settings) -> Option<&TenantId> {
    settings.tenant.as_ref().and_then(TenantRef::id)
}

fn check_name(name: &str) -> Result<(), ProfileError> {
    if is_profile_name(name) { Ok(()) } else { Err(ProfileError::BadName(name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            cloud::Cloud,
            completeness::{AcceptedGap, GapScope, State},
            credential::{CertificateRef, Thumbprint},
            origin::Origin,
        },
        profile::JupiterOneProfile,
    };

    const T1: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
    const T2: &str = "94841066-274d-4ec0-a5c1-276be684bdd3";
    const C1: &str = "535fb089-9ff3-47b6-9bfb-4f1264799865";

    fn profiles() -> (tempfile::TempDir, Profiles) {
        let dir = tempfile::tempdir().unwrap();
        let profiles = Profiles::new(&Paths::under(dir.path()));
        (dir, profiles)
    }

    fn of(tenant: &str, instance: &str) -> Profile {
        Profile {
            tenant_id: tenant.into(),
            client_id: C1.into(),
            jupiterone: JupiterOneProfile {
                account: Some("acme".into()),
                instance: Some(instance.into()),
                ..Default::default()
            },
            ..Profile::default()
        }
    }

    #[test]
    fn a_profile_comes_back_as_it_was_saved() {
        let (_dir, profiles) = profiles();
        assert_eq!(profiles.list().unwrap(), Vec::<String>::new());
        let profile = Profile {
            cloud: Cloud::UsGov,
            admin_center: Some(Origin::known("https://portal.example")),
            proxy: Some("http://proxy.example:8080".into()),
            ca_file: Some(std::path::absolute("ca.pem").unwrap()),
            secret_expires: Some("2027-05-20".parse().unwrap()),
            full_every: Some("12h".parse().unwrap()),
            keep: std::num::NonZeroUsize::new(3),
            quota: std::num::NonZeroU64::new(16_000),
            sign_in_activity: true,
            certificate: Some(CertificateRef {
                thumbprint: Thumbprint([7; 32]),
                expires: "2027-05-20T12:00:00Z".parse().unwrap(),
            }),
            accepted_gaps: vec![AcceptedGap {
                scope: GapScope::Group,
                id: "c2f798fd-f95d-4623-8824-63aec21fffff".into(),
                state: State::Hidden,
            }],
            ..of(T1, "one")
        };
        profiles.add("prod", &profile).unwrap();
        assert_eq!(profiles.load("prod").unwrap(), profile);
        assert_eq!(profiles.untrusted("prod", &profile).unwrap(), []);
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
        let command = Profile { credential_command: Some(vec!["op".into(), "read".into()]), ..of(T1, "one") };
        profiles.add("op", &command).unwrap();
        assert_eq!(profiles.load("op").unwrap(), command);
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        let (_dir, profiles) = profiles();
        profiles.add("a", &of(T1, "one")).unwrap();
        for name in ["", ".", "..", "../x", "a/b", ".hidden", "a b", "ü", &"x".repeat(65)] {
            assert!(matches!(profiles.load(name), Err(ProfileError::BadName(_))), "{name}");
            assert!(matches!(profiles.rename("a", name), Err(ProfileError::BadName(_))), "{name}");
        }
    }

    #[test]
    fn the_default_goes_with_its_profile() {
        let (_dir, profiles) = profiles();
        let default = || profiles.default().unwrap();
        profiles.add("a", &of(T1, "one")).unwrap();
        profiles.add("b", &of(T1, "one")).unwrap();
        assert_eq!(default(), None);
        assert!(matches!(profiles.set_default("c"), Err(ProfileError::NotFound(_))));
        profiles.set_default("a").unwrap();
        assert_eq!(default().as_deref(), Some("a"));
        assert!(matches!(profiles.rename("a", "b"), Err(ProfileError::Exists(_))));
        assert!(matches!(profiles.rename("c", "d"), Err(ProfileError::NotFound(_))));
        profiles.rename("a", "z").unwrap();
        assert_eq!((default().as_deref(), profiles.list().unwrap()), (Some("z"), vec!["b".to_owned(), "z".to_owned()]));
        profiles.rename("b", "y").unwrap();
        assert_eq!(default().as_deref(), Some("z"));
        profiles.remove("y").unwrap();
        assert_eq!(default().as_deref(), Some("z"));
        profiles.remove("z").unwrap();
        assert_eq!(default(), None);
    }

    #[test]
    fn what_was_confirmed_goes_with_the_name_and_only_what_was_typed_is() {
        let (_dir, profiles) = profiles();
        let with = |login: &str, proxy: &str| Profile {
            login_url: Some(Origin::parse(login).unwrap()),
            proxy: Some(proxy.into()),
            ..of(T1, "one")
        };
        let missing = |name: &str| -> Vec<What> {
            let profile = profiles.load(name).unwrap();
            profiles.untrusted(name, &profile).unwrap().into_iter().map(|u| u.what).collect()
        };
        // One that came by other ways: written into the folder.
        profiles.save("a", &with("http://127.0.0.1:1", "http://proxy.example:1")).unwrap();
        assert_eq!(missing("a"), [What::LoginUrl, What::Proxy]);
        profiles.put("a", &with("http://127.0.0.1:1", "http://proxy.example:2"), &[What::Proxy]).unwrap();
        assert_eq!(missing("a"), [What::LoginUrl]);
        profiles.rename("a", "b").unwrap();
        assert_eq!(missing("b"), [What::LoginUrl]);
        profiles.save("a", &with("http://127.0.0.1:1", "http://proxy.example:2")).unwrap();
        assert_eq!(missing("a"), [What::LoginUrl, What::Proxy]);
        profiles.remove("b").unwrap();
        profiles.save("b", &with("http://127.0.0.1:1", "http://proxy.example:2")).unwrap();
        assert_eq!(missing("b"), [What::LoginUrl, What::Proxy]);
    }

    #[test]
    fn two_tenants_or_namings_do_not_share_a_target() {
        let (_dir, profiles) = profiles();
        profiles.add("a", &of(T1, "one")).unwrap();
        let check = |profile: &Profile, taken: bool| {
            let result = profiles.put("b", profile, &[]);
            assert_eq!(matches!(result, Err(ProfileError::TargetTaken { .. })), taken, "{result:?}");
            if let Err(error) = result {
                let problem = error.refusal().unwrap();
                assert!(problem.summary.contains("profile a") && problem.summary.contains(T1), "{problem}");
            }
        };
        check(&of(T2, "one"), true);
        check(&of(T2, " ONE"), true);
        check(&of(T2, "two"), false);
        check(&of(T1, "one"), false);
        check(&of(&T1.to_uppercase(), "one"), false);
        // A domain may be that very tenant's; the registry knows at the upload.
        check(&of("contoso.example", "one"), false);
        // Nor do two namings, of whomever.
        for tenant in [T1, "contoso.example"] {
            let mut named = of(tenant, "one");
            named.naming = Some(Naming::GraphMicrosoft365);
            let error = profiles.put("b", &named, &[]).unwrap_err();
            let problem = error.refusal().unwrap();
            assert_eq!(problem.code.as_deref(), Some("other_naming"), "{problem}");
            assert!(problem.summary.contains("profile a") && problem.summary.contains("active-directory"), "{problem}");
            named.jupiterone.instance = Some("two".into());
            profiles.fits("b", &named).unwrap();
        }
        let elsewhere = |account: &str, url: Option<Origin>| {
            let mut profile = of(T2, "one");
            profile.jupiterone.account = Some(account.into());
            profile.jupiterone.url = url;
            profile
        };
        check(&elsewhere("other", None), false);
        check(&elsewhere("acme", Some(Origin::known("https://api.eu.jupiterone.io"))), false);
        check(&elsewhere("acme", Some(Origin::known("https://api.us.jupiterone.io"))), true);
        let mut scope = of(T2, "one");
        (scope.jupiterone.instance, scope.jupiterone.scope) = (None, Some("one".into()));
        check(&scope, false);
    }
}
