//! The doctor's checks, as data: run live in the wizard and by `tenantry doctor`.

use serde::{Deserialize, Serialize};

use super::{cloud::Cloud, permission::Row, problem::Problem};

/// What is checked, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckId {
    /// Tenant ID, client ID and credential have the right shapes; nothing is sent.
    Shapes,
    /// This computer's clock beside the services'.
    Clock,
    /// Name, connection, proxy and certificate of each service; no credential is sent.
    Reach,
    /// The login service gives a token.
    Token,
    /// The token's tenant, app and roles; carries the table of permissions.
    Roles,
    /// When the secret or the certificate ends.
    Expiry,
    /// `GET /organization`.
    Organization,
    /// `GET /users?$top=1`.
    Users,
    /// `GET /groups?$top=…`.
    Groups,
    /// The members of one group, in the shape that a collection relies on.
    Members,
    /// JupiterOne takes the key, and it is the account's.
    JupiterOneKey,
    /// The integration instance that uploads replace, as far as the key can tell.
    JupiterOneInstance,
    /// Whether the account holds the same people under other names.
    JupiterOnePeople,
}

impl CheckId {
    pub const ALL: [Self; 13] = [
        Self::Shapes,
        Self::Clock,
        Self::Reach,
        Self::Token,
        Self::Roles,
        Self::Expiry,
        Self::Organization,
        Self::Users,
        Self::Groups,
        Self::Members,
        Self::JupiterOneKey,
        Self::JupiterOneInstance,
        Self::JupiterOnePeople,
    ];

    /// The `id` in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shapes => "shapes",
            Self::Clock => "clock",
            Self::Reach => "reach",
            Self::Token => "token",
            Self::Roles => "roles",
            Self::Expiry => "expiry",
            Self::Organization => "organization",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Members => "members",
            Self::JupiterOneKey => "jupiterone_key",
            Self::JupiterOneInstance => "jupiterone_instance",
            Self::JupiterOnePeople => "jupiterone_people",
        }
    }

    /// In words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Shapes => "IDs and credential have the right shape",
            Self::Clock => "this computer's clock is right",
            Self::Reach => "the services can be reached",
            Self::Token => "Microsoft gives a token",
            Self::Roles => "admin consent: what the app may read",
            Self::Expiry => "the credential lasts",
            Self::Organization => "organization can be read",
            Self::Users => "users can be read",
            Self::Groups => "groups can be read",
            Self::Members => "members of groups can be read",
            Self::JupiterOneKey => "JupiterOne takes account and key",
            Self::JupiterOneInstance => "JupiterOne instance is meant for this",
            Self::JupiterOnePeople => "JupiterOne holds nobody twice",
        }
    }

    /// In a word or two, for a list beside something else.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Shapes => "shapes of the values",
            Self::Clock => "clock",
            Self::Reach => "network",
            Self::Token => "token",
            Self::Roles => "consent",
            Self::Expiry => "end of the credential",
            Self::Organization => "organization",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Members => "members",
            Self::JupiterOneKey => "JupiterOne key",
            Self::JupiterOneInstance => "JupiterOne instance",
            Self::JupiterOnePeople => "JupiterOne people",
        }
    }

    /// Whether it is about the JupiterOne side, which may be put off.
    pub const fn is_jupiterone(self) -> bool {
        matches!(self, Self::JupiterOneKey | Self::JupiterOneInstance | Self::JupiterOnePeople)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    Ok,
    Failed,
    /// What would tell is not there to be read, which is no fault.
    CannotCheck,
    Warning,
}

/// One check's outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub id: CheckId,
    pub status: CheckStatus,
    /// What was found, in a few words: `Contoso`, `Directory.Read.All`.
    pub found: Option<String>,
    /// For anything but `Ok`: what, why, and the next step.
    pub problem: Option<Problem>,
    /// What a face can do about it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// Of [`CheckId::Roles`]: every permission of use, and what is lost without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Row>,
}

/// A next step that a face can take for the person, who decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offer {
    /// The tenant lives in another cloud, most likely this one.
    OtherCloud(Cloud),
    /// Consent is missing: keep looking until somebody gives it.
    AwaitConsent,
    /// The tenant forbids secrets.
    UseCertificate,
    /// Nothing of ours is in this instance yet, and an upload replaces all that it holds: is it the right one?
    ConfirmInstance {
        name: String,
        /// The integration that it belongs to, as JupiterOne names it.
        kind: Option<String>,
    },
}

impl Check {
    fn new(id: CheckId, status: CheckStatus) -> Self {
        Self { id, status, found: None, problem: None, offer: None, permissions: Vec::new() }
    }

    pub fn ok(id: CheckId, found: impl Into<String>) -> Self {
        Self { found: Some(found.into()), ..Self::new(id, CheckStatus::Ok) }
    }

    pub fn failed(id: CheckId, problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::new(id, CheckStatus::Failed) }
    }

    pub fn cannot(id: CheckId, problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::new(id, CheckStatus::CannotCheck) }
    }

    pub fn warning(id: CheckId, problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::new(id, CheckStatus::Warning) }
    }

    #[must_use]
    pub fn offering(self, offer: impl Into<Option<Offer>>) -> Self {
        Self { offer: offer.into(), ..self }
    }
}
