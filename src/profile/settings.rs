//! From flags, profile and environment to settings: pure, but for the profile files. Secrets are [`super::secrets`]'.
//!
//! Flags win over the profile, the profile over the environment.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::{
    domain::{
        cloud::Cloud,
        completeness::AcceptedGap,
        credential::{CertificateRef, CredentialKind},
        ids::{ClientId, IdError, RunId, TenantId, is_guid_shaped},
        limit::MaxDeletions,
        naming::{InstanceName, Names, Naming},
        origin::Origin,
        problem::Problem,
        reading::Ask,
        secret::Secret,
        target::{Destination, Target},
    },
    net::{NetConfig, ProxyUser},
};

use super::{
    file::Profile,
    folder::{ProfileError, Profiles},
    paths::Paths,
    trust::{self, JUPITERONE, Trust, Untrusted, What},
};

/// The common options, as given.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub profile: Option<String>,
    pub store: Option<PathBuf>,
    pub tenant_id: Option<String>,
    pub client_id: Option<String>,
    pub cloud: Option<Cloud>,
    pub login_url: Option<Origin>,
    pub graph_url: Option<Origin>,
    pub jupiterone_url: Option<Origin>,
    /// Of a custom cloud.
    pub admin_center: Option<Origin>,
    pub proxy: Option<String>,
    pub ca_file: Option<PathBuf>,
    pub jupiterone_account: Option<String>,
    pub jupiterone_instance: Option<String>,
    pub jupiterone_scope: Option<String>,
    pub jupiterone_instance_name: Option<String>,
    pub naming: Option<Naming>,
}

/// What the environment says of identities. Empty variables count as unset.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub azure_tenant_id: Option<String>,
    pub azure_client_id: Option<String>,
    pub azure_client_secret: Option<Secret>,
    /// A PEM or PFX file with certificate and private key.
    pub azure_client_certificate_path: Option<PathBuf>,
    pub azure_client_certificate_password: Option<Secret>,
    /// A file that a platform keeps filled with a token of its own.
    pub azure_federated_token_file: Option<PathBuf>,
    pub jupiterone_account: Option<String>,
    pub jupiterone_api_key: Option<Secret>,
}

impl Environment {
    /// What of it is this profile's: a set whose ids are others' is left out, where [`Settings::resolve`] would take it
    /// for a contradiction. For a walk over all profiles, which are who they are.
    pub fn for_profile(&self, profile: &Profile) -> Self {
        let agrees = |own: &Option<String>, theirs: &str| own.as_deref().is_none_or(|own| same(own, theirs));
        let mut own = self.clone();
        if !agrees(&self.azure_tenant_id, &profile.tenant_id) || !agrees(&self.azure_client_id, &profile.client_id) {
            let (jupiterone_account, jupiterone_api_key) = (own.jupiterone_account, own.jupiterone_api_key);
            own = Self { jupiterone_account, jupiterone_api_key, ..Self::default() };
        }
        if !profile.jupiterone.account.as_deref().is_none_or(|account| agrees(&self.jupiterone_account, account)) {
            (own.jupiterone_account, own.jupiterone_api_key) = (None, None);
        }
        own
    }

    /// Reads the process's own.
    pub fn of_process() -> Self {
        let text = |name: &str| std::env::var(name).ok().map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        Self {
            azure_tenant_id: text("AZURE_TENANT_ID"),
            azure_client_id: text("AZURE_CLIENT_ID"),
            azure_client_secret: text("AZURE_CLIENT_SECRET").map(Secret::new),
            azure_client_certificate_path: text("AZURE_CLIENT_CERTIFICATE_PATH").map(PathBuf::from),
            // As it is: a password may begin or end with a space.
            azure_client_certificate_password: std::env::var("AZURE_CLIENT_CERTIFICATE_PASSWORD")
                .ok()
                .filter(|v| !v.is_empty())
                .map(Secret::new),
            azure_federated_token_file: text("AZURE_FEDERATED_TOKEN_FILE").map(PathBuf::from),
            jupiterone_account: text("JUPITERONE_ACCOUNT"),
            jupiterone_api_key: text("JUPITERONE_API_KEY").map(Secret::new),
        }
    }
}

/// A tenant as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantRef {
    Id(TenantId),
    /// A verified domain: the login service knows whose it is.
    Domain(String),
}

impl TenantRef {
    /// Reads an ID or a domain name.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let text = text.trim();
        let is_domain = text.contains('.')
            && text.split('.').all(|l| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
        if is_domain { Ok(Self::Domain(text.to_ascii_lowercase())) } else { TenantId::parse(text).map(Self::Id) }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Id(id) => id.as_str(),
            Self::Domain(name) => name,
        }
    }

    pub fn id(&self) -> Option<&TenantId> {
        match self {
            Self::Id(id) => Some(id),
            Self::Domain(_) => None,
        }
    }
}

/// All that a command needs to know, but for secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub profile: Option<String>,
    pub tenant: Option<TenantRef>,
    pub client: Option<ClientId>,
    pub cloud: Cloud,
    pub login: Origin,
    pub graph: Origin,
    pub net: NetConfig,
    pub jupiterone: Origin,
    pub jupiterone_account: Option<String>,
    pub destination: Option<Destination>,
    pub naming: Naming,
    /// What the instance is called, where somebody has said it or JupiterOne has told it.
    pub instance_name: Option<String>,
    /// `--store`, else the tenant's own; `None` while the tenant is not known by its ID.
    pub store: Option<PathBuf>,
    /// What the profile asks of every run.
    pub ask: Ask,
    /// The certificate that goes with the client; its private key is in the keyring. Else the credential is a secret.
    pub certificate: Option<CertificateRef>,
    /// What prints the client secret, in place of the keyring.
    pub credential_command: Option<Vec<String>>,
    /// When the profile's credential ends, as far as it says.
    pub credential_expires: Option<Timestamp>,
    /// Where links to the admin center lead, if not to the cloud's own.
    pub admin_center: Option<Origin>,
    /// Values of the profile, in use here, that have to be shown and confirmed before anything is sent.
    pub untrusted: Vec<Untrusted>,
    /// What the profile lets be missing.
    pub accepted_gaps: Vec<AcceptedGap>,
    /// How much of a `_type` an upload may delete before somebody has to say so.
    pub max_deletions: MaxDeletions,
    /// The run that preview, upload and export use (`--run`); else the newest finished one.
    pub run: Option<RunId>,
    pub paths: Paths,
}

/// Every one of these is a usage error: exit status 2.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(
        "{what} of the environment ({environment}) differs from that of profile `{profile}` ({of_profile}): unset {variable}, or choose another profile"
    )]
    Differs { what: &'static str, variable: &'static str, environment: String, profile: String, of_profile: String },
    #[error("{what} `{text}`: {why}")]
    BadId { what: &'static str, text: String, why: IdError },
    #[error("the {what} looks like a secret, and is not repeated here: give the ID that the app's overview shows")]
    SecretAsId { what: &'static str },
    #[error(
        "the proxy's URL holds a password, or a user name that cannot be read: write http://user@host:port (special characters as %40 and the like) and keep the password in the keyring with `tenantry profile edit --secrets-stdin`, a line proxy_password=…; or put both into HTTPS_PROXY"
    )]
    ProxyCredentials,
    #[error("the proxy's URL `{0}` is not of the form http://host:port or http://user@host:port")]
    ProxyUrl(String),
    #[error("both an instance and a scope are configured for JupiterOne: give one")]
    TwoDestinations,
    #[error("several profiles exist ({0}): choose one with --profile, or with `tenantry profile use NAME` for good")]
    Ambiguous(String),
    #[error(
        "the default profile `{0}` is gone: choose another with `tenantry profile use NAME`, or name one with --profile"
    )]
    DefaultGone(String),
    #[error("profile {profile} holds values that nobody has confirmed on this machine")]
    NotTrusted { profile: String, untrusted: Vec<Untrusted> },
    #[error("{0}")]
    NoSuchDemo(String),
    #[error("no {what} is known: {how}")]
    Missing { what: &'static str, how: &'static str },
}

impl SettingsError {
    /// Where it is no mistake in what was asked for, but refused as it could do harm: what to tell.
    pub fn refusal(&self) -> Option<Problem> {
        match self {
            Self::NotTrusted { profile, untrusted } => Some(trust::problem(profile, untrusted)),
            Self::Profile(error) => error.refusal(),
            _ => None,
        }
    }

    fn bad_id(what: &'static str, text: String, why: IdError) -> Self {
        // A value with `~` in it is a secret in the wrong place: it must not be printed.
        if text.contains('~') { Self::SecretAsId { what } } else { Self::BadId { what, text, why } }
    }
}

impl Settings {
    /// Puts flags, the selected profile and the environment together.
    ///
    /// Without `--profile`, the profile is the one chosen for good, else `default` if there is one of that name, else the
    /// only one there is.
    pub fn resolve(flags: &Flags, environment: &Environment, paths: &Paths) -> Result<Self, SettingsError> {
        let profiles = Profiles::new(paths);
        let name = match &flags.profile {
            Some(name) => Some(name.clone()),
            None => select(&profiles, flags, environment)?,
        };
        let Some(name) = name else { return Self::merge(flags, None, environment, paths) };
        let profile = profiles.load(&name)?;
        let mut untrusted = profiles.untrusted(&name, &profile)?;
        let mut settings = Self::merge(flags, Some((name, profile)), environment, paths)?;
        // What a flag says instead was typed just now; a command that is not run is none.
        untrusted.retain(|value| match value.what {
            What::LoginUrl => flags.login_url.is_none(),
            What::GraphUrl => flags.graph_url.is_none(),
            What::JupiterOneUrl => flags.jupiterone_url.is_none(),
            What::AdminCenter => flags.admin_center.is_none(),
            What::Proxy => flags.proxy.is_none(),
            What::CaFile => flags.ca_file.is_none(),
            What::CredentialCommand => settings.credential_command.is_some(),
        });
        settings.untrusted = untrusted;
        Ok(settings)
    }

    /// The profile that is meant where none is named, by flags or the environment.
    pub fn selected(paths: &Paths) -> Result<Option<String>, SettingsError> {
        select(&Profiles::new(paths), &Flags::default(), &Environment::default())
    }

    /// The settings that a profile makes, by itself; nothing is asked about trust.
    pub fn of_profile(name: &str, profile: &Profile, paths: &Paths) -> Result<Self, SettingsError> {
        Self::merge(&Flags::default(), Some((name.to_owned(), profile.clone())), &Environment::default(), paths)
    }

    /// Where the credential is to stay as it is: what other settings say of it, if they are about the same app.
    pub fn take_credential(&mut self, held: &Self) {
        if self.client == held.client && self.tenant == held.tenant && self.login == held.login {
            self.certificate = held.certificate;
            self.credential_command.clone_from(&held.credential_command);
            self.credential_expires = held.credential_expires;
            self.untrusted.clone_from(&held.untrusted);
        }
    }

    /// What its credential is.
    pub const fn credential_kind(&self) -> CredentialKind {
        match (self.certificate, &self.credential_command) {
            (Some(_), _) => CredentialKind::Certificate,
            (None, Some(_)) => CredentialKind::Command,
            (None, None) => CredentialKind::Secret,
        }
    }

    /// Whether all that these settings take from a profile was confirmed. Stands before every use of a secret.
    pub fn trust(&self) -> Trust {
        Trust::of(self.untrusted.clone())
    }

    /// As [`Settings::trust`], as an error that names what was not confirmed.
    pub fn require_trust(&self) -> Result<(), SettingsError> {
        match (self.trust(), &self.profile) {
            (Trust::Granted, _) => Ok(()),
            (Trust::Ask(untrusted), profile) => {
                Err(SettingsError::NotTrusted { profile: profile.clone().unwrap_or_default(), untrusted })
            }
        }
    }

    /// As [`Settings::resolve`], with no profile in play: what the demo and `profile add` want.
    pub fn of_flags(flags: &Flags, environment: &Environment, paths: &Paths) -> Result<Self, SettingsError> {
        Self::merge(flags, None, environment, paths)
    }

    fn merge(
        flags: &Flags,
        selected: Option<(String, Profile)>,
        environment: &Environment,
        paths: &Paths,
    ) -> Result<Self, SettingsError> {
        if let Some((name, profile)) = &selected {
            let j1 = profile.jupiterone.account.as_deref();
            agree("tenant ID", "AZURE_TENANT_ID", &environment.azure_tenant_id, name, Some(&profile.tenant_id))?;
            agree("client ID", "AZURE_CLIENT_ID", &environment.azure_client_id, name, Some(&profile.client_id))?;
            agree("JupiterOne account", "JUPITERONE_ACCOUNT", &environment.jupiterone_account, name, j1)?;
        }
        let (name, profile) = selected.unzip();
        let has_profile = profile.is_some();
        let profile = profile.unwrap_or_default();
        let ask = profile.ask();
        let of_profile = |text: &str| has_profile.then(|| text.to_owned()).filter(|t| !t.is_empty());
        let of_environment = |value: &Option<String>| if has_profile { None } else { value.clone() };

        let tenant = flags
            .tenant_id
            .clone()
            .or_else(|| of_profile(&profile.tenant_id))
            .or_else(|| of_environment(&environment.azure_tenant_id))
            .map(|text| TenantRef::parse(&text).map_err(|why| SettingsError::bad_id("tenant ID", text, why)))
            .transpose()?;
        let client = flags
            .client_id
            .clone()
            .or_else(|| of_profile(&profile.client_id))
            .or_else(|| of_environment(&environment.azure_client_id))
            .map(|text| ClientId::parse(&text).map_err(|why| SettingsError::bad_id("client ID", text, why)))
            .transpose()?;
        let cloud = flags.cloud.unwrap_or(profile.cloud);
        let login = flags.login_url.clone().or_else(|| profile.login_url.clone()).unwrap_or_else(|| cloud.login());
        // A credential is one app's at one login service: a flag that names another finds none of the profile's.
        let is_own = client.as_ref().is_some_and(|c| same(c.as_str(), &profile.client_id))
            && tenant.as_ref().is_some_and(|t| same(t.as_str(), &profile.tenant_id))
            && login == profile.login_url.clone().unwrap_or_else(|| profile.cloud.login());
        let credential_expires = profile.credential_expires().filter(|_| is_own);
        let proxy = flags.proxy.clone().or(profile.proxy);
        if let Some(proxy) = &proxy {
            check_proxy(proxy)?;
        }
        let own_instance = profile.jupiterone.instance.clone();
        let (instance, scope) = match (&flags.jupiterone_instance, &flags.jupiterone_scope) {
            (None, None) => (profile.jupiterone.instance, profile.jupiterone.scope),
            (instance, scope) => (instance.clone(), scope.clone()),
        };
        let destination = match (instance, scope) {
            (Some(_), Some(_)) => return Err(SettingsError::TwoDestinations),
            (Some(id), None) => Some(Destination::Instance(id.trim().to_owned())),
            (None, Some(name)) => Some(Destination::Scope(name.trim().to_owned())),
            (None, None) => None,
        };
        // The profile's name is that of its own instance.
        let is_own_instance =
            flags.jupiterone_instance.as_ref().is_none_or(|id| own_instance.as_ref().is_some_and(|own| same(own, id)));
        let own_name = profile.jupiterone.instance_name.filter(|_| is_own_instance);
        let store =
            flags.store.clone().or_else(|| tenant.as_ref().and_then(TenantRef::id).map(|tenant| paths.store(tenant)));
        Ok(Self {
            profile: name,
            tenant,
            client,
            cloud,
            login,
            graph: flags.graph_url.clone().or(profile.graph_url).unwrap_or_else(|| cloud.graph()),
            net: NetConfig { proxy, ca_file: flags.ca_file.clone().or(profile.ca_file), proxy_password: None },
            jupiterone: flags
                .jupiterone_url
                .clone()
                .or(profile.jupiterone.url)
                .unwrap_or_else(|| Origin::known(JUPITERONE[0])),
            jupiterone_account: flags
                .jupiterone_account
                .clone()
                .or(profile.jupiterone.account)
                .or_else(|| of_environment(&environment.jupiterone_account)),
            destination,
            naming: flags.naming.or(profile.naming).unwrap_or_default(),
            instance_name: flags.jupiterone_instance_name.clone().or(own_name),
            store,
            ask,
            certificate: profile.certificate.filter(|_| is_own),
            credential_command: profile.credential_command.filter(|_| is_own),
            credential_expires,
            admin_center: flags.admin_center.clone().or(profile.admin_center),
            untrusted: Vec::new(),
            accepted_gaps: profile.accepted_gaps,
            max_deletions: profile.max_deletions.unwrap_or_default(),
            run: None,
            paths: paths.clone(),
        })
    }

    pub fn tenant(&self) -> Result<&TenantRef, SettingsError> {
        self.tenant.as_ref().ok_or(SettingsError::Missing {
            what: "tenant",
            how: "give --tenant-id, a profile, or AZURE_TENANT_ID (run `tenantry` for the wizard)",
        })
    }

    pub fn client(&self) -> Result<&ClientId, SettingsError> {
        self.client.as_ref().ok_or(SettingsError::Missing {
            what: "client ID",
            how: "give --client-id, a profile, or AZURE_CLIENT_ID (run `tenantry` for the wizard)",
        })
    }

    pub fn store(&self) -> Result<&PathBuf, SettingsError> {
        self.store.as_ref().ok_or(SettingsError::Missing {
            what: "store",
            how: "give --store FILE, or the tenant by its directory (tenant) ID",
        })
    }

    /// Under which names and shapes JupiterOne gets the tenant.
    pub const fn naming(&self) -> Naming {
        self.naming
    }

    /// Whether the naming needs the instance's name, and nobody has said it.
    pub const fn lacks_instance_name(&self) -> bool {
        self.naming.needs_instance() && self.instance_name.is_none()
    }

    /// The naming with all that it needs.
    pub fn names(&self) -> Result<Names, SettingsError> {
        if !self.naming.needs_instance() {
            return Ok(self.naming.into());
        }
        let (what, how) = match (&self.destination, &self.instance_name) {
            (Some(Destination::Instance(id)), Some(name)) => {
                let instance = InstanceName { id: id.clone(), name: name.clone() };
                return Ok(Names::of_instance(self.naming, instance));
            }
            (Some(Destination::Instance(_)), None) => {
                ("name of the integration instance", "give --jupiterone-instance-name, or keep it in the profile")
            }
            (Some(Destination::Scope(_)), _) => (
                "integration instance",
                "the naming graph-microsoft-365 names the account by its instance, and a scope has none: give --jupiterone-instance",
            ),
            (None, _) => (
                "integration instance",
                "the naming graph-microsoft-365 names the account by its instance: give --jupiterone-instance",
            ),
        };
        Err(SettingsError::Missing { what, how })
    }

    /// The naming with what is known of its instance, for whoever only looks.
    pub fn names_so_far(&self) -> Names {
        self.names().unwrap_or_else(|_| self.naming.into())
    }

    /// Where an upload goes, if enough is configured to say.
    pub fn target(&self) -> Option<Target> {
        Some(Target {
            origin: self.jupiterone.clone(),
            account: self.jupiterone_account.clone()?,
            destination: self.destination.clone()?,
        })
    }

    pub fn require_target(&self) -> Result<Target, SettingsError> {
        if self.jupiterone_account.is_none() {
            return Err(SettingsError::Missing {
                what: "JupiterOne account",
                how: "give --jupiterone-account, a profile, or JUPITERONE_ACCOUNT",
            });
        }
        self.target().ok_or(SettingsError::Missing {
            what: "JupiterOne target",
            how: "give --jupiterone-instance ID or --jupiterone-scope NAME",
        })
    }
}

fn select(profiles: &Profiles, flags: &Flags, environment: &Environment) -> Result<Option<String>, SettingsError> {
    let mut names = profiles.list()?;
    if let Some(name) = profiles.default()? {
        // Another one in its place would be a guess about whose directory is read.
        return if names.contains(&name) { Ok(Some(name)) } else { Err(SettingsError::DefaultGone(name)) };
    }
    if names.iter().any(|n| n == "default") {
        return Ok(Some("default".to_owned()));
    }
    if names.len() <= 1 {
        return Ok(names.pop());
    }
    // Nothing is selected, so flags and environment may say who we are.
    let has = |flag: &Option<String>, variable: &Option<String>| flag.is_some() || variable.is_some();
    if flags.store.is_some()
        || has(&flags.tenant_id, &environment.azure_tenant_id) && has(&flags.client_id, &environment.azure_client_id)
    {
        return Ok(None);
    }
    Err(SettingsError::Ambiguous(names.join(", ")))
}

fn agree(
    what: &'static str,
    variable: &'static str,
    environment: &Option<String>,
    profile: &str,
    of_profile: Option<&str>,
) -> Result<(), SettingsError> {
    match (environment, of_profile) {
        (Some(e), Some(p)) if !p.is_empty() && !same(e, p) => Err(SettingsError::Differs {
            what,
            variable,
            environment: e.clone(),
            profile: profile.to_owned(),
            of_profile: p.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Whether two texts name the same thing: GUIDs and domain names know no case.
pub fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    if is_guid_shaped(a) || a.contains('.') { a.eq_ignore_ascii_case(b) } else { a == b }
}

pub fn check_proxy(text: &str) -> Result<(), SettingsError> {
    let shape = || SettingsError::ProxyUrl(text.to_owned());
    if text.contains('@') && ProxyUser::of(text).is_none() {
        // Not repeated: it may hold a password.
        return Err(SettingsError::ProxyCredentials);
    }
    let url = url::Url::parse(text).map_err(|_| shape())?;
    if matches!(url.scheme(), "http" | "https") && url.host().is_some() { Ok(()) } else { Err(shape()) }
}

#[cfg(test)]
mod tests;
