//! What the screens exchange with the engine, beyond the vocabulary of `domain`: plain data.

use jiff::{Timestamp, civil::Date};

use crate::domain::{
    cloud::Cloud,
    completeness::{Collection, RunStatus, State},
    credential::{CredentialKind, Expiry},
    ids::ClientId,
    naming::{Names, Naming},
    origin::Origin,
    problem::Problem,
    secret::Secret,
    target::Target,
    view::RunInfo,
    view::Totals,
};

/// What the wizard has gathered, of the right shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub profile: SavedAs,
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

/// Which profile a form is saved as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SavedAs {
    /// The one that it changes.
    Profile(String),
    /// A new one of this name, which has to be free.
    New(String),
    /// A new one, under a name that is found for it.
    Unnamed,
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
    /// Under which names and shapes the target gets the tenant.
    pub names: Names,
    pub credential: CredentialView,
}

impl ProfileView {
    /// The organization's name, or the tenant as it was entered.
    pub fn title(&self) -> &str {
        self.organization.as_deref().filter(|n| !n.trim().is_empty()).unwrap_or(&self.tenant)
    }
}

/// What proves the app, as far as the profile says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CredentialView {
    pub kind: CredentialKind,
    pub expires: Option<Timestamp>,
}

impl CredentialView {
    /// How near its end is; fine where nobody knows.
    pub fn expiry(self, now: Timestamp) -> Expiry {
        self.expires.map_or(Expiry::Fine, |at| Expiry::of(at, now))
    }
}

/// What is asked of the profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileWork {
    /// Which there are.
    List,
    /// As it begins: which there are, and why none of them is at work.
    Begin,
    /// Everything is about this one from now on.
    Switch(String),
    /// A person saw these values of it and takes them; then as `Switch`.
    Trust(String, Vec<TrustValue>),
    /// Used where none is named.
    Default(String),
    Rename {
        name: String,
        to: String,
    },
    /// The one at work is sent under these names from now on.
    Naming(Naming),
    /// The instance that the one at work is sent to is called so.
    InstanceName(String),
    /// What would go with it; removes nothing.
    Plan(String),
    Remove {
        name: String,
        /// The tenant's store goes too.
        store: bool,
    },
}

impl ProfileWork {
    /// Whether it is more than a look.
    pub const fn changes(&self) -> bool {
        !matches!(self, Self::List | Self::Begin | Self::Plan(_))
    }
}

/// What became of it, with the profiles as they are now.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileNews {
    pub rows: Vec<ProfileRow>,
    pub answer: ProfileAnswer,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ProfileAnswer {
    Listed,
    /// None of those that there are was chosen to begin with, or it cannot be used.
    Unchosen(Box<Problem>),
    Switched(Box<ProfileView>),
    /// It may not be used before a person has seen and confirmed these.
    Asks {
        name: String,
        values: Vec<TrustValue>,
        /// Others were shown before.
        changed: bool,
    },
    Default(String),
    Renamed {
        from: String,
        to: String,
    },
    Named(Box<ProfileView>),
    Plan(Box<RemovalPlan>),
    Removed {
        name: String,
        /// What could not be done, or was left alone, and why.
        notes: Vec<String>,
    },
}

/// A profile in the list of them.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileRow {
    pub name: String,
    pub is_default: bool,
    /// What it says; or why it cannot be used.
    pub about: Result<ProfileAbout, Box<Problem>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ProfileAbout {
    pub view: ProfileView,
    /// How many values of it nobody has confirmed on this machine.
    pub unconfirmed: usize,
    /// Where its credential is: `in GNOME Keyring`.
    pub kept: String,
    /// Of its store, if it has one that can be read.
    pub last_run: Option<RunInfo>,
}

/// A value that a profile may not decide by being there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustValue {
    /// As the profile's file names it.
    pub member: String,
    /// The very value, as it would be used. What a file says: text of a stranger.
    pub value: String,
    /// What it could do in the wrong hands.
    pub meaning: String,
}

/// What goes with a profile that is removed, and what stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovalPlan {
    pub name: String,
    /// Its file.
    pub file: String,
    /// Secrets that no other profile may need.
    pub secrets: Vec<String>,
    /// Secrets that another profile may need.
    pub shared: Vec<String>,
    pub store: StoreFate,
}

/// What can become of the store of a profile that is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreFate {
    /// There is none, or nobody knows which.
    None,
    /// It stays unless it is asked for.
    Own(String),
    /// This other profile may use it.
    Shared(String),
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
    /// What that process does, as far as the store tells.
    pub elsewhere: Option<Elsewhere>,
    /// The last upload to the profile's target, by the store's record.
    pub uploaded: Option<UploadedView>,
}

impl StoreView {
    /// The run that browsing shows: the one that is being read, else the newest finished one, else whatever there is. What
    /// another process reads is shown once it is finished, where there is anything else.
    pub fn shown(&self) -> Option<&RunInfo> {
        let reading = self.newest.as_ref().filter(|run| run.status == RunStatus::Running && self.held_by.is_none());
        reading.or(self.finished.as_ref()).or(self.newest.as_ref())
    }
}

/// Another process at work on the store.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Elsewhere {
    /// Since when it holds the store.
    pub since: Option<Timestamp>,
    /// The run that it reads, if it reads one.
    pub run: Option<RunInfo>,
    /// How far it has come, collection by collection.
    pub reached: Vec<Reached>,
}

/// How far a collection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    pub collection: Collection,
    pub done: u64,
    pub total: Option<u64>,
    /// How it ended; `None`: it goes on.
    pub ended: Option<State>,
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
    /// What it was held against there: an upload in between makes it another.
    pub baseline: crate::domain::preview::Baseline,
    /// What the person typed to the guards that were shown.
    pub leave: crate::domain::guard::Leave,
    /// What becomes of an open job of an upload that was cut off.
    pub leftover: crate::domain::upload::Leftover,
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
    /// What an earlier upload left behind was seen to, and there was nothing else to do.
    Settled,
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

/// How the screens look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    pub theme: Theme,
    pub signs: Signs,
}

/// Which colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// The terminal's own sixteen.
    #[default]
    Terminal,
    /// For dark backgrounds.
    Dark,
    /// For light backgrounds.
    Light,
    /// Its own background.
    HighContrast,
    None,
}

impl Theme {
    pub const ALL: [Self; 5] = [Self::Terminal, Self::Dark, Self::Light, Self::HighContrast, Self::None];

    /// Its name in the settings and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::None => "none",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == word)
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Terminal => "the terminal's own sixteen",
            Self::Dark => "for a dark background",
            Self::Light => "for a light background",
            Self::HighContrast => "high contrast",
            Self::None => "none",
        }
    }
}

/// Which signs the terminal and its font can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signs {
    #[default]
    Unicode,
    Ascii,
}

impl Signs {
    pub const ALL: [Self; 2] = [Self::Unicode, Self::Ascii];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Unicode => "unicode",
            Self::Ascii => "ascii",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|signs| signs.word() == word)
    }
}
