//! What has been entered into the wizard, and what is asked of the engine with it.

mod id;
mod pages;
mod wrong;

use jiff::civil::Date;

pub use self::id::{FieldId, Hosts, Into, Proof, Region};
use super::{
    field::{SecretField, TextField},
    steps::WizardStep,
    views::{Endpoints, Fill, Form, FormCredential, JupiterOneForm, ProfileView, SavedAs},
};
use crate::domain::{
    check::CheckId,
    ids::ClientId,
    origin::Origin,
    problem::Problem,
    registration::{AppName, Pasted, Shell},
    secret::Secret,
    target::{Destination, Target},
};

/// What has been entered so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    pub hosts: Hosts,
    pub login: TextField,
    pub graph: TextField,
    pub center: TextField,
    pub tenant: TextField,
    pub client: TextField,
    pub proof: Proof,
    pub secret: SecretField,
    pub expires: TextField,
    pub key_path: TextField,
    pub key_password: SecretField,
    pub app_name: TextField,
    pub shell: Shell,
    pub line: TextField,
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
    /// The profile that is being changed; `None`: a new one.
    pub profile: Option<String>,
    /// What a new one is to be called; `None`: nobody is asked.
    pub name: Option<TextField>,
}

impl Default for Fields {
    fn default() -> Self {
        let empty = TextField::default;
        Self {
            hosts: Hosts::default(),
            login: empty(),
            graph: empty(),
            center: empty(),
            tenant: empty(),
            client: empty(),
            proof: Proof::default(),
            secret: SecretField::default(),
            expires: empty(),
            key_path: empty(),
            key_password: SecretField::default(),
            app_name: TextField::of(AppName::default().as_str()),
            shell: Shell::default(),
            line: empty(),
            account: empty(),
            region: Region::default(),
            url: empty(),
            into: Into::default(),
            instance: empty(),
            scope: empty(),
            scoped: false,
            key: SecretField::default(),
            stored: false,
            profile: None,
            name: None,
        }
    }
}

impl Fields {
    /// An existing profile, to be changed. Its secrets stay where they are.
    pub fn of(profile: &ProfileView) -> Self {
        let mut fields = Self {
            hosts: Hosts::Of(profile.cloud),
            tenant: TextField::of(&profile.tenant),
            client: TextField::of(&profile.client),
            stored: true,
            profile: Some(profile.name.clone()),
            ..Self::default()
        };
        if let Some(own) = &profile.endpoints {
            fields.hosts = Hosts::Own;
            fields.login.set(own.login.as_str());
            fields.graph.set(own.graph.as_str());
            fields.center.set(own.admin_center.as_ref().map_or("", Origin::as_str));
        }
        if let Some(target) = &profile.target {
            fields.set_target(target);
        }
        fields
    }

    pub fn fill(&mut self, fill: &Fill) {
        self.tenant.set(&fill.tenant);
        self.client.set(&fill.client);
        self.proof = Proof::Secret;
        self.secret.set(&fill.secret);
        if let Some(jupiterone) = &fill.jupiterone {
            self.fill_jupiterone(jupiterone);
        }
    }

    pub fn fill_jupiterone(&mut self, jupiterone: &JupiterOneForm) {
        self.set_target(&jupiterone.target);
        if let Some(key) = &jupiterone.key {
            self.key.set(key);
        }
    }

    /// Takes what a pasted line tells.
    pub fn take(&mut self, pasted: &Pasted) {
        let texts = [
            (&mut self.tenant, &pasted.tenant),
            (&mut self.client, &pasted.client),
            (&mut self.account, &pasted.account),
            (&mut self.instance, &pasted.instance),
        ];
        for (field, value) in texts {
            if let Some(value) = value {
                field.set(value);
            }
        }
        if let Some(cloud) = pasted.cloud {
            self.hosts = Hosts::Of(cloud);
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

    pub const fn text(&self, id: FieldId) -> Option<&TextField> {
        Some(match id {
            FieldId::Login => &self.login,
            FieldId::Graph => &self.graph,
            FieldId::Center => &self.center,
            FieldId::Tenant => &self.tenant,
            FieldId::Client => &self.client,
            FieldId::Expires => &self.expires,
            FieldId::KeyPath => &self.key_path,
            FieldId::AppName => &self.app_name,
            FieldId::Line => &self.line,
            FieldId::Account => &self.account,
            FieldId::Url => &self.url,
            FieldId::Instance => &self.instance,
            FieldId::Scope => &self.scope,
            FieldId::Name => return self.name.as_ref(),
            _ => return None,
        })
    }

    pub const fn text_mut(&mut self, id: FieldId) -> Option<&mut TextField> {
        Some(match id {
            FieldId::Login => &mut self.login,
            FieldId::Graph => &mut self.graph,
            FieldId::Center => &mut self.center,
            FieldId::Tenant => &mut self.tenant,
            FieldId::Client => &mut self.client,
            FieldId::Expires => &mut self.expires,
            FieldId::KeyPath => &mut self.key_path,
            FieldId::AppName => &mut self.app_name,
            FieldId::Line => &mut self.line,
            FieldId::Account => &mut self.account,
            FieldId::Url => &mut self.url,
            FieldId::Instance => &mut self.instance,
            FieldId::Scope => &mut self.scope,
            FieldId::Name => return self.name.as_mut(),
            _ => return None,
        })
    }

    pub const fn secret_of(&self, id: FieldId) -> Option<&SecretField> {
        match id {
            FieldId::Secret => Some(&self.secret),
            FieldId::KeyPassword => Some(&self.key_password),
            FieldId::Key => Some(&self.key),
            _ => None,
        }
    }

    pub const fn secret_mut(&mut self, id: FieldId) -> Option<&mut SecretField> {
        match id {
            FieldId::Secret => Some(&mut self.secret),
            FieldId::KeyPassword => Some(&mut self.key_password),
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
        for id in self.on(step) {
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
        id.is_choice() || self.text(id).is_some_and(|f| f.judged) || self.secret_of(id).is_some_and(|f| f.judged)
    }

    pub fn is_right(&self, step: WizardStep) -> bool {
        self.first_wrong(step).is_none()
    }

    /// The place of the first field of a page that something is wrong with.
    pub fn first_wrong(&self, step: WizardStep) -> Option<usize> {
        self.on(step).into_iter().position(|id| self.wrong_on(step, id).is_some())
    }

    pub fn has_no_jupiterone(&self) -> bool {
        let texts = [FieldId::Account, FieldId::Instance, FieldId::Scope];
        self.key.chars() == 0 && texts.iter().all(|id| self.text(*id).is_none_or(|f| f.text().trim().is_empty()))
    }

    /// The day that the secret ends on, if one is given.
    pub fn ends_on(&self) -> Option<Date> {
        self.expires.text().trim().parse().ok()
    }

    /// Where links into the portal lead; hosts of one's own may have none.
    pub fn admin_center(&self) -> Option<Origin> {
        match self.hosts {
            Hosts::Of(cloud) => Some(cloud.admin_center()),
            Hosts::Own => Origin::parse(self.center.text()).ok(),
        }
    }

    /// The login service.
    pub fn login_origin(&self) -> Option<Origin> {
        match self.hosts {
            Hosts::Of(cloud) => Some(cloud.login()),
            Hosts::Own => Origin::parse(self.login.text()).ok(),
        }
    }

    /// The client ID, once it has the shape of one.
    pub fn client_id(&self) -> Option<ClientId> {
        ClientId::parse(self.client.text().trim()).ok()
    }

    /// The Microsoft side, if its values have the right shapes; else what is wrong. `has_key` says whether the engine
    /// holds the key that was chosen to prove the app by.
    pub fn form(&self, with_jupiterone: bool, has_key: bool) -> Result<Form, Problem> {
        let asked = [self.of_hosts(), vec![FieldId::Tenant, FieldId::Client], self.of_proof()].concat();
        for id in asked.into_iter().filter(|id| !(has_key && *id == FieldId::KeyPath)) {
            if let Some(wrong) = self.wrong(id) {
                return Err(Problem::new(format!("{}: {wrong}", id.label())).code(CheckId::Shapes.as_str()));
            }
        }
        if self.proof != Proof::Secret && !has_key {
            return Err(Problem::new("there is no key yet").code(CheckId::Shapes.as_str()));
        }
        let client = ClientId::parse(self.client.text()).map_err(|e| Problem::new(format!("client ID: {e}")))?;
        let url = |field: &TextField| Origin::parse(field.text()).map_err(|e| Problem::new(e.to_string()));
        Ok(Form {
            profile: match (&self.profile, &self.name) {
                (Some(name), _) => SavedAs::Profile(name.clone()),
                (None, Some(name)) => SavedAs::New(name.text().trim().to_owned()),
                (None, None) => SavedAs::Unnamed,
            },
            cloud: self.hosts.cloud().unwrap_or_default(),
            endpoints: match self.hosts {
                Hosts::Of(_) => None,
                Hosts::Own => Some(Endpoints {
                    login: url(&self.login)?,
                    graph: url(&self.graph)?,
                    admin_center: url(&self.center).ok(),
                }),
            },
            tenant: self.tenant.text().trim().to_owned(),
            client,
            credential: match self.secret.secret().and_then(|s| Secret::pasted(s.expose())) {
                _ if self.proof != Proof::Secret => FormCredential::Key,
                Some(secret) => FormCredential::Secret(secret),
                None => FormCredential::Stored,
            },
            secret_expires: self.ends_on().filter(|_| self.proof == Proof::Secret),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::views::CredentialView, domain::cloud::Cloud};

    fn profile() -> ProfileView {
        ProfileView {
            name: "contoso".to_owned(),
            organization: None,
            tenant: "contoso.com".to_owned(),
            client: "84841066-274d-4ec0-a5c1-276be684bdd3".to_owned(),
            cloud: Cloud::Global,
            endpoints: None,
            target: None,
            names: Default::default(),
            credential: CredentialView::default(),
        }
    }

    #[test]
    fn a_scope_survives_being_edited() {
        for destination in [Destination::Scope("azure-ad".to_owned()), Destination::Instance("i-1".to_owned())] {
            let origin = Origin::parse("https://api.eu.jupiterone.io").unwrap();
            let target = Target { origin, account: "acme".to_owned(), destination: destination.clone() };
            let profile = ProfileView { target: Some(target), ..profile() };
            let mut fields = Fields::of(&profile);
            fields.judge(WizardStep::JupiterOne);
            assert_eq!(fields.jupiterone().map(|j| j.target), profile.target);
            // Only who has a scope is asked which of the two it is.
            let asked = fields.on(WizardStep::JupiterOne).contains(&FieldId::Into);
            assert_eq!(asked, matches!(destination, Destination::Scope(_)));
        }
    }

    #[test]
    fn hosts_of_ones_own_survive_being_edited() {
        let of = |text| Origin::parse(text).unwrap();
        let own = Endpoints {
            login: of("https://login.sovereign.example"),
            graph: of("https://graph.sovereign.example"),
            admin_center: None,
        };
        let fields = Fields::of(&ProfileView { endpoints: Some(own.clone()), ..profile() });
        assert_eq!(fields.form(false, false).unwrap().endpoints, Some(own));
        assert_eq!(fields.admin_center(), None);
    }

    #[test]
    fn a_key_is_asked_for_only_where_it_proves_the_app() {
        let mut fields = Fields::of(&profile());
        assert_eq!(fields.form(false, false).map(|f| f.credential), Ok(FormCredential::Stored));
        for proof in [Proof::Made, Proof::File] {
            fields.proof = proof;
            assert!(fields.form(false, false).is_err());
            assert_eq!(fields.form(false, true).map(|f| f.credential), Ok(FormCredential::Key));
        }
    }

    #[test]
    fn a_pasted_line_fills_what_it_names() {
        let mut fields = Fields::of(&profile());
        let pasted = Pasted { tenant: Some("fabrikam.com".to_owned()), cloud: Some(Cloud::Dod), ..Pasted::default() };
        fields.take(&pasted);
        assert_eq!((fields.tenant.text(), fields.hosts), ("fabrikam.com", Hosts::Of(Cloud::Dod)));
        assert_eq!(fields.client.text(), profile().client);
    }
}
