//! What the screens exchange with the engine, beyond the vocabulary of `domain`: plain data.

use jiff::{Timestamp, civil::Date};

use crate::domain::{
    cloud::Cloud, completeness::RunStatus, ids::ClientId, origin::Origin, problem::Problem, secret::Secret,
    target::Target, view::RunInfo, view::Totals,
};

/// What the wizard has gathered, of the right shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub cloud: Cloud,
    /// Hosts that are none of the built-in clouds'.
    pub endpoints: Option<Endpoints>,
    /// Tenant ID or domain.
    pub tenant: String,
    pub client: ClientId,
    pub credential: FormCredential,
    /// The day that the secret ends on, as far as the person said; a certificate says so itself.
    pub secret_expires: Option<Date>,
    /// `None`: put off.
    pub jupiterone: Option<JupiterOneForm>,
}

/// How the app is to prove who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormCredential {
    /// With what is stored for this tenant and client.
    Stored,
    Secret(Secret),
    /// With the key that was made or read last in this session, which the engine holds.
    Key,
}

/// A cloud's hosts, as a person names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    pub login: Origin,
    pub graph: Origin,
    /// Where links into the portal lead; without it there are none.
    pub admin_center: Option<Origin>,
}

/// Where a key and its certificate come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyWork {
    /// A new pair, named after the app registration that it is for.
    Make { name: String },
    /// A file with both: PEM or PFX.
    Read { path: String, password: Option<Secret> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JupiterOneForm {
    pub target: Target,
    /// `None`: the one that is stored.
    pub key: Option<Secret>,
}

/// Where the secrets of a profile went, and the profile as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub profile: ProfileView,
    pub kept: Kept,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// In the keyring of this name.
    Keyring(String),
    /// Which keyring it was to be, and why it could not.
    Memory { keyring: String, why: String },
}

/// A profile, as screens name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileView {
    pub name: String,
    /// The organization's display name, once known.
    pub organization: Option<String>,
    /// Tenant ID or domain.
    pub tenant: String,
    pub client: String,
    pub cloud: Cloud,
    /// Hosts that are none of the built-in clouds'.
    pub endpoints: Option<Endpoints>,
    pub target: Option<Target>,
}

impl ProfileView {
    /// The organization's name, or the tenant as it was entered.
    pub fn title(&self) -> &str {
        self.organization.as_deref().filter(|n| !n.trim().is_empty()).unwrap_or(&self.tenant)
    }
}

/// What there is so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overview {
    pub profile: Option<ProfileView>,
    pub store: Option<StoreView>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoreView {
    pub path: String,
    /// It goes with the program.
    pub temporary: bool,
    /// The newest run, whatever became of it.
    pub newest: Option<RunInfo>,
    /// The newest finished run of everything: what a preview and an upload use.
    pub finished: Option<RunInfo>,
    /// Of the run that browsing shows.
    pub totals: Totals,
    /// Process that writes this store, if it is another one.
    pub held_by: Option<u32>,
    /// The last upload to the profile's target, by the store's record.
    pub uploaded: Option<UploadedView>,
}

impl StoreView {
    /// The run that browsing shows: the one that is being read, else the newest finished one, else whatever there is.
    pub fn shown(&self) -> Option<&RunInfo> {
        let reading = self.newest.as_ref().filter(|run| run.status == RunStatus::Running);
        reading.or(self.finished.as_ref()).or(self.newest.as_ref())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadedView {
    pub at: Timestamp,
    /// Its end is unknown.
    pub in_doubt: bool,
}

/// An upload as confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadOrder {
    pub target: Target,
    /// The run that the person saw in the preview.
    pub run: crate::domain::ids::RunId,
    /// Whether the person typed what a target without a record asks for.
    pub first_upload: bool,
}

/// Why an upload did not finish, and what that means for the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadFailure {
    pub problem: Problem,
    pub end: UploadEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadEnd {
    /// Nothing was sent.
    NotStarted,
    /// The job was aborted: the target is as it was.
    Aborted,
    /// Cancelled, and the job aborted: the target is as it was.
    Cancelled,
    /// Nobody knows whether the target took it.
    InDoubt,
}

/// Values that one key fills into the wizard. Only a demo has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fills {
    pub right: Fill,
    /// What people enter by mistake.
    pub wrong: Vec<Fill>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// `an expired secret`.
    pub title: String,
    pub tenant: String,
    pub client: String,
    pub secret: Secret,
    /// The code that it should fail with.
    pub expect: Option<String>,
    pub jupiterone: Option<JupiterOneForm>,
}

/// Whether this is a demo, which lives in memory only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    #[default]
    Real,
    Demo,
}

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub colour: bool,
    pub signs: Signs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    Unicode,
    Ascii,
}

impl Default for Look {
    fn default() -> Self {
        Self { colour: true, signs: Signs::Unicode }
    }
}
