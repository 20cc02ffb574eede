//! The wizard's fields, and what can be said about their values before anything is sent.

use super::{
    field::{SecretField, TextField},
    steps::WizardStep,
    views::{Fill, Form, FormCredential, JupiterOneForm, ProfileView},
};
use crate::domain::{
    check::CheckId,
    cloud::Cloud,
    ids::{ClientId, IdError, TenantId, is_guid_shaped},
    origin::Origin,
    problem::Problem,
    secret::Secret,
    target::{Destination, Target},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldId {
    Cloud,
    Tenant,
    Client,
    Secret,
    Account,
    Region,
    Url,
    /// An instance or a scope; asked for only where a scope is in use.
    Into,
    Instance,
    Scope,
    Key,
}

impl FieldId {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Cloud => "Cloud",
            Self::Tenant => "Tenant ID",
            Self::Client => "Client ID",
            Self::Secret => "Client secret",
            Self::Account => "Account ID",
            Self::Region => "Region",
            Self::Url => "API URL",
            Self::Into => "Goes into",
            Self::Instance => "Instance ID",
            Self::Scope => "Scope",
            Self::Key => "API key",
        }
    }

    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Cloud | Self::Region | Self::Into => "",
            Self::Tenant => "Directory (tenant) ID, or a domain",
            Self::Client => "Application (client) ID",
            Self::Secret => "paste the Value",
            Self::Account => "of your JupiterOne account",
            Self::Url => "https://api.us.jupiterone.io",
            Self::Instance => "of the custom instance",
            Self::Scope => "name of the scope",
            Self::Key => "paste the Integration API key",
        }
    }

    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::Key)
    }

    /// Chosen with the arrow keys, not typed.
    pub const fn is_choice(self) -> bool {
        matches!(self, Self::Cloud | Self::Region | Self::Into)
    }
}

/// Where the JupiterOne account lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Region {
    #[default]
    Us,
    Eu,
    Custom,
}

impl Region {
    pub const ALL: [Self; 3] = [Self::Us, Self::Eu, Self::Custom];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Us => "US",
            Self::Eu => "EU",
            Self::Custom => "other URL",
        }
    }

    pub const fn url(self) -> Option<&'static str> {
        match self {
            Self::Us => Some("https://api.us.jupiterone.io"),
            Self::Eu => Some("https://api.eu.jupiterone.io"),
            Self::Custom => None,
        }
    }
}

/// What of the account an upload goes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Into {
    #[default]
    Instance,
    Scope,
}

impl Into {
    pub const ALL: [Self; 2] = [Self::Instance, Self::Scope];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Instance => "an instance",
            Self::Scope => "a scope",
        }
    }
}

/// What has been entered so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    pub cloud: Cloud,
    pub tenant: TextField,
    pub client: TextField,
    pub secret: SecretField,
    pub account: TextField,
    pub region: Region,
    pub url: TextField,
    pub into: Into,
    pub instance: TextField,
    pub scope: TextField,
    /// The profile to be changed goes into a scope, so that this is a choice.
    pub scoped: bool,
    pub key: SecretField,
    /// Whether secrets of this profile are stored already, so that empty secret fields keep them.
    pub stored: bool,
}

impl Fields {
    /// An existing profile, to be changed. Its secrets stay where they are.
    pub fn of(profile: &ProfileView) -> Self {
        let mut fields = Self {
            cloud: profile.cloud,
            tenant: TextField::of(&profile.tenant),
            client: TextField::of(&profile.client),
            stored: true,
            ..Self::default()
        };
        if let Some(target) = &profile.target {
            fields.set_target(target);
        }
        fields
    }

    pub fn fill(&mut self, fill: &Fill) {
        self.tenant.set(&fill.tenant);
        self.client.set(&fill.client);
        self.secret.set(&fill.secret);
        if let Some(jupiterone) = &fill.jupiterone {
            self.set_target(&jupiterone.target);
            if let Some(key) = &jupiterone.key {
                self.key.set(key);
            }
        }
    }

    fn set_target(&mut self, target: &Target) {
        self.account.set(&target.account);
        let of_region = |r: &Region| r.url() == Some(target.origin.as_str());
        self.region = Region::ALL.into_iter().find(of_region).unwrap_or(Region::Custom);
        if self.region == Region::Custom {
            self.url.set(target.origin.as_str());
        }
        match &target.destination {
            Destination::Instance(id) => {
                self.into = Into::Instance;
                self.instance.set(id);
            }
            Destination::Scope(name) => {
                (self.into, self.scoped) = (Into::Scope, true);
                self.scope.set(name);
            }
        }
    }

    /// The fields of a step, in order.
    pub fn on(&self, step: WizardStep) -> &'static [FieldId] {
        match step {
            WizardStep::OpenCenter => &[FieldId::Cloud],
            WizardStep::CopyIds => &[FieldId::Tenant, FieldId::Client],
            WizardStep::Secret => &[FieldId::Secret],
            WizardStep::JupiterOne => match (self.region == Region::Custom, self.scoped, self.into) {
                (false, false, _) => &[FieldId::Account, FieldId::Region, FieldId::Instance, FieldId::Key],
                (true, false, _) => &[FieldId::Account, FieldId::Region, FieldId::Url, FieldId::Instance, FieldId::Key],
                (false, true, Into::Instance) => {
                    &[FieldId::Account, FieldId::Region, FieldId::Into, FieldId::Instance, FieldId::Key]
                }
                (false, true, Into::Scope) => {
                    &[FieldId::Account, FieldId::Region, FieldId::Into, FieldId::Scope, FieldId::Key]
                }
                (true, true, Into::Instance) => {
                    &[FieldId::Account, FieldId::Region, FieldId::Url, FieldId::Into, FieldId::Instance, FieldId::Key]
                }
                (true, true, Into::Scope) => {
                    &[FieldId::Account, FieldId::Region, FieldId::Url, FieldId::Into, FieldId::Scope, FieldId::Key]
                }
            },
            _ => &[],
        }
    }

    pub const fn text(&self, id: FieldId) -> Option<&TextField> {
        match id {
            FieldId::Tenant => Some(&self.tenant),
            FieldId::Client => Some(&self.client),
            FieldId::Account => Some(&self.account),
            FieldId::Url => Some(&self.url),
            FieldId::Instance => Some(&self.instance),
            FieldId::Scope => Some(&self.scope),
            FieldId::Cloud | FieldId::Region | FieldId::Into | FieldId::Secret | FieldId::Key => None,
        }
    }

    pub const fn text_mut(&mut self, id: FieldId) -> Option<&mut TextField> {
        match id {
            FieldId::Tenant => Some(&mut self.tenant),
            FieldId::Client => Some(&mut self.client),
            FieldId::Account => Some(&mut self.account),
            FieldId::Url => Some(&mut self.url),
            FieldId::Instance => Some(&mut self.instance),
            FieldId::Scope => Some(&mut self.scope),
            FieldId::Cloud | FieldId::Region | FieldId::Into | FieldId::Secret | FieldId::Key => None,
        }
    }

    pub const fn secret_of(&self, id: FieldId) -> Option<&SecretField> {
        match id {
            FieldId::Secret => Some(&self.secret),
            FieldId::Key => Some(&self.key),
            _ => None,
        }
    }

    pub const fn secret_mut(&mut self, id: FieldId) -> Option<&mut SecretField> {
        match id {
            FieldId::Secret => Some(&mut self.secret),
            FieldId::Key => Some(&mut self.key),
            _ => None,
        }
    }

    /// A field is left: its white space goes, and from now on it is told what is wrong with it.
    pub fn leave(&mut self, id: FieldId) {
        if let Some(text) = self.text_mut(id) {
            text.tidy();
            text.judged = !text.text().is_empty();
        }
        if let Some(secret) = self.secret_mut(id) {
            secret.tidy();
            secret.judged = secret.chars() > 0;
        }
    }

    /// Everything is judged, also what is empty: somebody wants to go on.
    pub fn judge(&mut self, step: WizardStep) {
        for &id in self.on(step) {
            self.leave(id);
            if let Some(text) = self.text_mut(id) {
                text.judged = true;
            }
            if let Some(secret) = self.secret_mut(id) {
                secret.judged = true;
            }
        }
    }

    pub fn is_judged(&self, id: FieldId) -> bool {
        self.text(id).is_some_and(|f| f.judged) || self.secret_of(id).is_some_and(|f| f.judged)
    }

    /// What is wrong with a field's shape, and the next step. `None` if nothing is.
    pub fn wrong(&self, id: FieldId) -> Option<&'static str> {
        let text = self.text(id).map_or("", |f| f.text().trim());
        match id {
            FieldId::Cloud | FieldId::Region | FieldId::Into => None,
            FieldId::Tenant => tenant_wrong(text),
            FieldId::Client => match ClientId::parse(text) {
                Ok(_) => None,
                Err(IdError::Empty) => Some("missing: copy Application (client) ID from the app's Overview"),
                Err(IdError::Zero) => Some("all zeros: copy Application (client) ID from the app's Overview"),
                Err(IdError::NotAGuid) => Some("not an ID of the form 8-4-4-4-12 hex digits: copy it anew"),
            },
            FieldId::Secret => secret_wrong(self.secret.secret(), self.stored),
            FieldId::Account if text.is_empty() => Some("missing: Settings → Account Management shows it"),
            FieldId::Account if text.contains(char::is_whitespace) => Some("an account ID has no spaces"),
            FieldId::Account => None,
            FieldId::Url => match Origin::parse(text) {
                Ok(_) => None,
                Err(_) => Some("give https://host only, without a path"),
            },
            FieldId::Instance if text.is_empty() => Some("missing: the instance's page shows it"),
            FieldId::Instance if text.contains(char::is_whitespace) => Some("an instance ID has no spaces"),
            FieldId::Instance => None,
            FieldId::Scope if text.is_empty() => Some("missing: the name that tells these entities apart"),
            FieldId::Scope => None,
            FieldId::Key => match self.key.secret().and_then(|s| Secret::pasted(s.expose())) {
                None if self.stored => None,
                None => Some("missing: on the instance's page, API Keys → New API Key"),
                Some(key) if is_guid_shaped(key.expose()) => {
                    Some("this has the form of an ID: copy the key itself, shown once when it is made")
                }
                Some(_) => None,
            },
        }
    }

    pub fn is_right(&self, step: WizardStep) -> bool {
        self.on(step).iter().all(|&id| self.wrong(id).is_none())
    }

    /// The Microsoft side, if its values have the right shapes; else the check that says which has not.
    pub fn form(&self, with_jupiterone: bool) -> Result<Form, Problem> {
        for id in [FieldId::Tenant, FieldId::Client, FieldId::Secret] {
            if let Some(wrong) = self.wrong(id) {
                return Err(Problem::new(format!("{}: {wrong}", id.label())).code(CheckId::Shapes.as_str()));
            }
        }
        let client = ClientId::parse(self.client.text()).map_err(|e| Problem::new(format!("client ID: {e}")))?;
        Ok(Form {
            cloud: self.cloud,
            endpoints: None,
            secret_expires: None,
            tenant: self.tenant.text().trim().to_owned(),
            client,
            credential: match self.secret.secret().and_then(|s| Secret::pasted(s.expose())) {
                Some(secret) => FormCredential::Secret(secret),
                None => FormCredential::Stored,
            },
            jupiterone: if with_jupiterone { self.jupiterone() } else { None },
        })
    }

    /// The JupiterOne side, if it is whole.
    pub fn jupiterone(&self) -> Option<JupiterOneForm> {
        if !self.is_right(WizardStep::JupiterOne) {
            return None;
        }
        let url = self.region.url().unwrap_or_else(|| self.url.text().trim());
        Some(JupiterOneForm {
            target: Target {
                origin: Origin::parse(url).ok()?,
                account: self.account.text().trim().to_owned(),
                destination: match self.into {
                    Into::Instance => Destination::Instance(self.instance.text().trim().to_owned()),
                    Into::Scope => Destination::Scope(self.scope.text().trim().to_owned()),
                },
            },
            key: self.key.secret().and_then(|s| Secret::pasted(s.expose())),
        })
    }
}

fn tenant_wrong(text: &str) -> Option<&'static str> {
    match TenantId::parse(text) {
        Ok(_) => None,
        Err(IdError::Empty) => Some("missing: copy Directory (tenant) ID from the app's Overview"),
        Err(IdError::Zero) => Some("all zeros: copy Directory (tenant) ID from the app's Overview"),
        Err(IdError::NotAGuid) if is_domain(text) => None,
        Err(IdError::NotAGuid) => Some("neither an ID nor a domain such as contoso.com: copy Directory (tenant) ID"),
    }
}

/// `contoso.com`: labels of letters, digits and hyphens.
fn is_domain(text: &str) -> bool {
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let mut labels = text.split('.');
    // The last label of a domain is never a number, which keeps half a GUID or an IP address out.
    text.contains('.')
        && labels.all(label)
        && text.rsplit('.').next().is_some_and(|l| l.chars().any(char::is_alphabetic))
}

fn secret_wrong(secret: Option<&Secret>, stored: bool) -> Option<&'static str> {
    match secret.and_then(|s| Secret::pasted(s.expose())) {
        None if stored => None,
        None => Some("missing: create one, and copy the column Value"),
        Some(secret) if is_guid_shaped(secret.expose()) => {
            Some("this is the Secret ID: copy the column Value instead. Nothing was sent")
        }
        Some(secret) if secret.expose().contains(char::is_whitespace) => {
            Some("a secret has no spaces inside: copy the column Value anew")
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_judged_before_anything_is_sent() {
        let check = |id: FieldId, text: &str, wrong: &str| {
            let mut fields = Fields { region: Region::Custom, ..Fields::default() };
            if let Some(field) = fields.text_mut(id) {
                field.set(text);
            }
            if let Some(field) = fields.secret_mut(id) {
                field.set(&Secret::new(text));
            }
            let got = fields.wrong(id).unwrap_or_default();
            assert!(if wrong.is_empty() { got.is_empty() } else { got.contains(wrong) }, "{id:?} {text}: {got}");
        };
        const ID: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
        check(FieldId::Tenant, ID, "");
        check(FieldId::Tenant, &format!("  {}\n", ID.to_uppercase()), "");
        check(FieldId::Tenant, "contoso.onmicrosoft.com", "");
        check(FieldId::Tenant, "münchen.example", "");
        check(FieldId::Tenant, "", "missing");
        check(FieldId::Tenant, "Contoso Ltd", "neither");
        check(FieldId::Tenant, "https://contoso.com", "neither");
        check(FieldId::Tenant, "84841066-274d-4ec0-a5c1-276be684bdd", "neither");
        check(FieldId::Tenant, "00000000-0000-0000-0000-000000000000", "zeros");
        check(FieldId::Tenant, "10.0.0.1", "neither");
        check(FieldId::Client, ID, "");
        check(FieldId::Client, "contoso.com", "not an ID");
        check(FieldId::Client, "", "missing");
        check(FieldId::Secret, "Xyz8Q~abcdefghijklmnopqrstuvwxyz12345678", "");
        check(FieldId::Secret, ID, "Secret ID");
        check(FieldId::Secret, &format!(" {ID} "), "Secret ID");
        check(FieldId::Secret, "two words", "spaces");
        check(FieldId::Secret, "  ", "missing");
        check(FieldId::Account, "acme", "");
        check(FieldId::Account, "", "missing");
        check(FieldId::Url, "https://api.us.jupiterone.io", "");
        check(FieldId::Url, "api.us.jupiterone.io", "https://");
        check(FieldId::Url, "http://api.us.jupiterone.io", "https://");
        check(FieldId::Instance, ID, "");
        check(FieldId::Instance, "", "missing");
        check(FieldId::Key, "long-key", "");
        check(FieldId::Key, ID, "form of an ID");
    }

    #[test]
    fn a_scope_survives_being_edited() {
        let profile = |destination| ProfileView {
            name: "contoso".to_owned(),
            organization: None,
            tenant: "contoso.com".to_owned(),
            client: "84841066-274d-4ec0-a5c1-276be684bdd3".to_owned(),
            cloud: Cloud::Global,
            target: Some(Target {
                origin: Origin::parse("https://api.eu.jupiterone.io").unwrap(),
                account: "acme".to_owned(),
                destination,
            }),
        };
        for destination in [Destination::Scope("azure-ad".to_owned()), Destination::Instance("i-1".to_owned())] {
            let profile = profile(destination.clone());
            let mut fields = Fields::of(&profile);
            fields.judge(WizardStep::JupiterOne);
            assert_eq!(fields.jupiterone().map(|j| j.target), profile.target);
            // Only who has a scope is asked which of the two it is.
            let asked = fields.on(WizardStep::JupiterOne).contains(&FieldId::Into);
            assert_eq!(asked, matches!(destination, Destination::Scope(_)));
        }
    }

    #[test]
    fn a_stored_secret_may_stay() {
        let fields = Fields { stored: true, ..Fields::default() };
        assert_eq!((fields.wrong(FieldId::Secret), fields.wrong(FieldId::Key)), (None, None));
    }
}
