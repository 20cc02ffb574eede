//! What a profile may not decide by being there: where secrets are sent, through what, whom to believe, and which program
//! is run. Such values work only after a person saw and confirmed them on this machine; a change asks again.
//!
//! What was confirmed is kept beside the stores, as a hash of the very value, under the profile's name. Values given as
//! flags were typed by a person, and need no confirmation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    file::Profile,
    own::{self, NotOwn, ReadError},
    paths::Paths,
    table::{Table, TableError},
};
use crate::domain::{cloud::Cloud, origin::Origin, problem::Problem, text::visible};

/// A member of a profile that needs a person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    LoginUrl,
    GraphUrl,
    JupiterOneUrl,
    AdminCenter,
    Proxy,
    CaFile,
    CredentialCommand,
}

impl What {
    pub const ALL: [Self; 7] = [
        Self::LoginUrl,
        Self::GraphUrl,
        Self::JupiterOneUrl,
        Self::AdminCenter,
        Self::Proxy,
        Self::CaFile,
        Self::CredentialCommand,
    ];

    /// As the profile's file names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoginUrl => "login_url",
            Self::GraphUrl => "graph_url",
            Self::JupiterOneUrl => "jupiterone.url",
            Self::AdminCenter => "admin_center",
            Self::Proxy => "proxy",
            Self::CaFile => "ca_file",
            Self::CredentialCommand => "credential_command",
        }
    }

    /// What it could do in the wrong hands.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::LoginUrl => "gets the client secret, or what the private key signs",
            Self::GraphUrl => "gets the token with which the directory is read",
            Self::JupiterOneUrl => "gets the JupiterOne API key, and everything that is uploaded",
            Self::AdminCenter => "is where links to the admin center lead",
            Self::Proxy => "sees which services are asked, and when",
            Self::CaFile => "names authorities who may vouch for any service",
            Self::CredentialCommand => "is a program that is run as you",
        }
    }
}

/// A value that was not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Untrusted {
    pub what: What,
    /// The very value, as it would be used.
    pub value: String,
}

/// Whether a profile may be used as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    Granted,
    /// These have to be shown and confirmed first: see [`Trusted::confirm`].
    Ask(Vec<Untrusted>),
}

impl Trust {
    pub fn of(untrusted: Vec<Untrusted>) -> Self {
        if untrusted.is_empty() { Self::Granted } else { Self::Ask(untrusted) }
    }
}

/// What a screen or a script is told where a profile may not be used yet.
pub fn problem(profile: &str, untrusted: &[Untrusted]) -> Problem {
    let line = |u: &Untrusted| format!("{} = {}  ({})", u.what.as_str(), visible(&u.value), u.what.meaning());
    let mut problem = Problem::new(format!("profile {profile} holds values that nobody has confirmed on this machine"))
        .code("not_trusted")
        .hint(format!("If they are right: tenantry profile trust {profile}"));
    problem.message = Some(untrusted.iter().map(line).collect::<Vec<_>>().join("\n"));
    problem
}

/// The values of a profile that need a word, whether or not they have it.
pub fn values(profile: &Profile) -> Vec<Untrusted> {
    let foreign = |origin: &Option<Origin>, own: &dyn Fn(&Origin) -> bool| {
        origin.as_ref().filter(|origin| !own(origin)).map(ToString::to_string)
    };
    let of_cloud = |of: fn(Cloud) -> Origin| move |origin: &Origin| Cloud::ALL.into_iter().any(|c| of(c) == *origin);
    let jupiterone = |origin: &Origin| JUPITERONE.iter().any(|known| origin.as_str() == *known);
    let all = [
        (What::LoginUrl, foreign(&profile.login_url, &of_cloud(Cloud::login))),
        (What::GraphUrl, foreign(&profile.graph_url, &of_cloud(Cloud::graph))),
        (What::JupiterOneUrl, foreign(&profile.jupiterone.url, &jupiterone)),
        (What::AdminCenter, foreign(&profile.admin_center, &of_cloud(Cloud::admin_center))),
        (What::Proxy, profile.proxy.clone()),
        (What::CaFile, profile.ca_file.as_ref().map(|path| path.display().to_string())),
        (What::CredentialCommand, profile.credential_command.as_deref().map(command_text)),
    ];
    all.into_iter().filter_map(|(what, value)| value.map(|value| Untrusted { what, value })).collect()
}

/// The regions of JupiterOne that are known; the first is what no profile needs to say.
pub const JUPITERONE: [&str; 2] = ["https://api.us.jupiterone.io", "https://api.eu.jupiterone.io"];

/// A command as a profile writes it, so that it is plain where each argument ends.
pub fn command_text(command: &[String]) -> String {
    serde_json::to_string(command).unwrap_or_default()
}

/// What was confirmed on this machine.
#[derive(Debug, Clone)]
pub struct Trusted {
    table: Table<BTreeMap<What, String>>,
    data: std::path::PathBuf,
}

impl Trusted {
    pub fn new(paths: &Paths) -> Self {
        Self { table: Table::new("list of confirmed values", paths.trusted()), data: paths.data.clone() }
    }

    /// Those of the profile's values that were not confirmed as they are.
    ///
    /// # Errors
    ///
    /// When the list cannot be read, or others than its owner could have written it.
    pub fn missing(&self, name: &str, profile: &Profile) -> Result<Vec<Untrusted>, TrustError> {
        let mut values = values(profile);
        if values.is_empty() {
            return Ok(values);
        }
        let confirmed = self.read()?.remove(name).unwrap_or_default();
        values.retain(|value| confirmed.get(&value.what) != Some(&hash(value)));
        Ok(values)
    }

    /// Notes that a person saw and confirmed these members of the profile as they are now.
    pub fn confirm(&self, name: &str, profile: &Profile, seen: &[What]) -> Result<(), TrustError> {
        let values: BTreeMap<What, String> = values(profile).iter().map(|value| (value.what, hash(value))).collect();
        self.change(|all| {
            let row = all.entry(name.to_owned()).or_default();
            for what in seen {
                match values.get(what) {
                    Some(hash) => row.insert(*what, hash.clone()),
                    None => row.remove(what),
                };
            }
            // A word is for what is there: what is gone and comes back is asked about again.
            row.retain(|what, _| values.contains_key(what));
            if row.is_empty() {
                all.remove(name);
            }
        })
    }

    /// What was confirmed for a profile goes with its new name.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), TrustError> {
        self.change(|all| match all.remove(from) {
            Some(row) => drop(all.insert(to.to_owned(), row)),
            None => drop(all.remove(to)),
        })
    }

    pub fn forget(&self, name: &str) -> Result<(), TrustError> {
        self.change(|all| drop(all.remove(name)))
    }

    fn change(&self, work: impl FnOnce(&mut BTreeMap<String, BTreeMap<What, String>>)) -> Result<(), TrustError> {
        // What others wrote there is not made ours by adding to it.
        self.read()?;
        Ok(self.table.change(work)?)
    }

    fn read(&self) -> Result<BTreeMap<String, BTreeMap<What, String>>, TrustError> {
        match own::read(self.table.path(), &self.data) {
            Ok(text) => serde_json::from_str(&text).map_err(|e| self.table.unreadable(e.to_string()).into()),
            Err(ReadError::Io(e)) if e.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(ReadError::Io(e)) => Err(self.table.unreadable(e.to_string()).into()),
            Err(ReadError::NotOwn(not_own)) => Err(not_own.into()),
        }
    }
}

/// Why it is not known what was confirmed.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error(transparent)]
    NotOwn(#[from] NotOwn),
    #[error(transparent)]
    Table(#[from] TableError),
}

fn hash(value: &Untrusted) -> String {
    let digest = Sha256::digest(format!("{}\0{}", value.what.as_str(), value.value));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::JupiterOneProfile;

    fn origin(text: &str) -> Option<Origin> {
        Some(Origin::parse(text).unwrap())
    }

    #[test]
    fn what_is_built_in_needs_no_word() {
        let check = |profile: Profile, want: &[(What, &str)]| {
            let got = values(&profile);
            let got: Vec<(What, &str)> = got.iter().map(|u| (u.what, u.value.as_str())).collect();
            assert_eq!(got, want);
        };
        check(Profile::default(), &[]);
        let known = Profile {
            login_url: Some(Cloud::China.login()),
            graph_url: Some(Cloud::UsGov.graph()),
            admin_center: Some(Cloud::Global.admin_center()),
            jupiterone: JupiterOneProfile { url: origin("https://api.eu.jupiterone.io"), ..Default::default() },
            ..Profile::default()
        };
        check(known, &[]);
        let foreign = Profile {
            // Known, but not for this: a secret is not for Graph.
            login_url: Some(Cloud::Global.graph()),
            graph_url: origin("http://127.0.0.1:8700"),
            admin_center: origin("https://portal.example"),
            proxy: Some("http://proxy.example:8080".into()),
            ca_file: Some("/etc/corporate.pem".into()),
            credential_command: Some(vec!["op".into(), "read".into(), "a b".into()]),
            jupiterone: JupiterOneProfile { url: origin("https://api.us.jupiterone.io.example"), ..Default::default() },
            ..Profile::default()
        };
        check(
            foreign,
            &[
                (What::LoginUrl, "https://graph.microsoft.com"),
                (What::GraphUrl, "http://127.0.0.1:8700"),
                (What::JupiterOneUrl, "https://api.us.jupiterone.io.example"),
                (What::AdminCenter, "https://portal.example"),
                (What::Proxy, "http://proxy.example:8080"),
                (What::CaFile, "/etc/corporate.pem"),
                (What::CredentialCommand, r#"["op","read","a b"]"#),
            ],
        );
    }

    #[test]
    fn a_change_asks_again() {
        let dir = tempfile::tempdir().unwrap();
        let trusted = Trusted::new(&Paths::under(dir.path()));
        let missing = |name: &str, profile: &Profile| -> Vec<What> {
            trusted.missing(name, profile).unwrap().into_iter().map(|u| u.what).collect()
        };
        let mut profile = Profile {
            login_url: origin("http://127.0.0.1:1"),
            proxy: Some("http://proxy.example:8080".into()),
            ..Profile::default()
        };
        assert_eq!(missing("a", &profile), [What::LoginUrl, What::Proxy]);
        trusted.confirm("a", &profile, &[What::Proxy, What::CaFile]).unwrap();
        assert_eq!(missing("a", &profile), [What::LoginUrl]);
        trusted.confirm("a", &profile, &What::ALL).unwrap();
        assert_eq!(missing("a", &profile), []);
        // Another profile's word is another word.
        assert_eq!(missing("b", &profile), [What::LoginUrl, What::Proxy]);
        // One value that changed is asked about, the others stay confirmed; a value confirmed elsewhere is no help.
        profile.proxy = Some("http://127.0.0.1:1".into());
        assert_eq!(missing("a", &profile), [What::Proxy]);
        profile.credential_command = Some(vec!["pass".into(), "show x".into()]);
        trusted.confirm("a", &profile, &What::ALL).unwrap();
        profile.credential_command = Some(vec!["pass".into(), "show".into(), "x".into()]);
        assert_eq!(missing("a", &profile), [What::CredentialCommand]);
        // What went and comes back is asked about again.
        let without = Profile { proxy: None, ..profile.clone() };
        trusted.confirm("a", &without, &[What::LoginUrl]).unwrap();
        assert_eq!(missing("a", &profile), [What::Proxy, What::CredentialCommand]);
        trusted.rename("a", "b").unwrap();
        assert_eq!(missing("b", &without), [What::CredentialCommand]);
        assert!(missing("a", &without).contains(&What::LoginUrl));
        trusted.forget("b").unwrap();
        assert!(missing("b", &without).contains(&What::LoginUrl));
        // No value stands in the file.
        trusted.confirm("a", &profile, &What::ALL).unwrap();
        let text = std::fs::read_to_string(dir.path().join("data/trusted.json")).unwrap();
        assert!(text.contains("login_url") && !text.contains("127.0.0.1") && !text.contains("pass"), "{text}");
    }

    #[test]
    #[cfg(unix)]
    fn a_list_that_others_may_write_confirms_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());
        let trusted = Trusted::new(&paths);
        let profile = Profile { proxy: Some("http://proxy.example:8080".into()), ..Profile::default() };
        trusted.confirm("a", &profile, &What::ALL).unwrap();
        std::fs::set_permissions(paths.trusted(), std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(trusted.missing("a", &profile), Err(TrustError::NotOwn(NotOwn::Writable { .. }))));
        std::fs::set_permissions(paths.trusted(), std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(paths.trusted(), "{").unwrap();
        assert!(matches!(trusted.missing("a", &profile), Err(TrustError::Table(TableError::Unreadable { .. }))));
        // It matters only to those that need a word.
        assert_eq!(trusted.missing("a", &Profile::default()).unwrap(), []);
    }
}
