//! The doctor's checks, as data: run live in the wizard and by `tenantry doctor`.

use serde::{Deserialize, Serialize};

use super::{cloud::Cloud, problem::Problem};

/// What is checked, in the order in which checks run; each needs the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckId {
    /// Tenant ID, client ID and secret have the right shapes; nothing is sent.
    Shapes,
    /// The login service gives a token.
    Token,
    /// The token's tenant, app and roles.
    Roles,
    /// `GET /organization`.
    Organization,
    /// `GET /users?$top=1`.
    Users,
    /// `GET /groups?$top=1`.
    Groups,
    /// JupiterOne: account, key and instance, as far as the key can tell.
    JupiterOne,
}

impl CheckId {
    pub const ALL: [Self; 7] =
        [Self::Shapes, Self::Token, Self::Roles, Self::Organization, Self::Users, Self::Groups, Self::JupiterOne];

    /// The `id` in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shapes => "shapes",
            Self::Token => "token",
            Self::Roles => "roles",
            Self::Organization => "organization",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::JupiterOne => "jupiterone",
        }
    }

    /// In words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Shapes => "IDs and secret have the right shape",
            Self::Token => "Microsoft gives a token",
            Self::Roles => "admin consent: Directory.Read.All",
            Self::Organization => "organization can be read",
            Self::Users => "users can be read",
            Self::Groups => "groups can be read",
            Self::JupiterOne => "JupiterOne account and key",
        }
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

/// What a screen can do about an outcome with one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offer {
    /// The tenant lives in another cloud: ask there.
    OtherCloud(Cloud),
    /// The token has no roles: wait until somebody has consented.
    AwaitConsent,
    /// The tenant lets no app use a secret: take a certificate.
    UseCertificate,
    /// An instance that may be another integration's: go on only after a person has said that it is the right one.
    ConfirmInstance { name: String, kind: String },
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
    /// What can be done about it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
}

impl Check {
    pub fn ok(id: CheckId, found: impl Into<String>) -> Self {
        Self { id, status: CheckStatus::Ok, found: Some(found.into()), problem: None, offer: None }
    }

    pub fn failed(id: CheckId, problem: Problem) -> Self {
        Self { id, status: CheckStatus::Failed, found: None, problem: Some(problem), offer: None }
    }

    pub fn cannot(id: CheckId, problem: Problem) -> Self {
        Self { id, status: CheckStatus::CannotCheck, found: None, problem: Some(problem), offer: None }
    }

    pub fn warning(id: CheckId, problem: Problem) -> Self {
        Self { id, status: CheckStatus::Warning, found: None, problem: Some(problem), offer: None }
    }

    #[must_use]
    pub fn offering(mut self, offer: Offer) -> Self {
        self.offer = Some(offer);
        self
    }
}
