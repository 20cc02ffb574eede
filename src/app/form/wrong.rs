//! What can be said of a field's value before anything is sent: what is wrong with it, and the next step.

use super::{FieldId, Fields};
use crate::{
    app::steps::WizardStep,
    domain::{
        ids::{ClientId, IdError, TenantId, is_guid_shaped, is_profile_name},
        origin::Origin,
        registration::AppName,
        secret::Secret,
    },
};

impl Fields {
    /// As [`Fields::wrong`], on a page where some fields may stay empty.
    pub fn wrong_on(&self, step: WizardStep, id: FieldId) -> Option<&'static str> {
        let empty = self.text(id).is_some_and(|f| f.text().trim().is_empty());
        match step {
            WizardStep::App if id == FieldId::Tenant && empty => None,
            WizardStep::App if id == FieldId::Cloud && self.hosts.cloud().is_none() => {
                Some("the script knows these clouds only: go the guided way")
            }
            WizardStep::Everything if id.is_jupiterone() && self.has_no_jupiterone() => None,
            _ => self.wrong(id),
        }
    }

    /// `None` if nothing is wrong.
    pub fn wrong(&self, id: FieldId) -> Option<&'static str> {
        let text = self.text(id).map_or("", |f| f.text().trim());
        match id {
            FieldId::Cloud
            | FieldId::Region
            | FieldId::Into
            | FieldId::Proof
            | FieldId::Shell
            | FieldId::KeyPassword => None,
            FieldId::Center if text.is_empty() => None,
            FieldId::Login | FieldId::Graph | FieldId::Center | FieldId::Url => match Origin::parse(text) {
                Ok(_) => None,
                Err(_) => Some("give https://host only, without a path"),
            },
            FieldId::Tenant => tenant_wrong(text),
            FieldId::Client => match ClientId::parse(text) {
                Ok(_) => None,
                Err(IdError::Empty) => Some("missing: copy Application (client) ID from the app's Overview"),
                Err(IdError::Zero) => Some("all zeros: copy Application (client) ID from the app's Overview"),
                Err(IdError::NotAGuid) => Some("not an ID of the form 8-4-4-4-12 hex digits: copy it anew"),
            },
            FieldId::Secret => secret_wrong(self.secret.secret(), self.stored),
            FieldId::Expires if text.is_empty() => None,
            FieldId::Expires => match self.ends_on() {
                Some(_) => None,
                None => Some("give a day as 2027-05-20, or nothing"),
            },
            FieldId::KeyPath if text.is_empty() => Some("missing: the path of a PEM or PFX file"),
            FieldId::KeyPath => None,
            FieldId::AppName => match AppName::parse(text) {
                Ok(_) => None,
                Err(_) => Some("give one line of at most 120 characters, such as tenantry"),
            },
            FieldId::Line => match (self.wrong(FieldId::Tenant), self.wrong(FieldId::Client)) {
                (None, None) => None,
                _ if text.is_empty() => Some("paste the line that the script printed: tenant=… client=…"),
                _ => Some("not the whole line: it names both, tenant=… and client=…"),
            },
            FieldId::Name if is_profile_name(text) => None,
            FieldId::Name => Some("give letters, digits, - _ or . only, at most 64, beginning with neither . nor -"),
            FieldId::Account if text.is_empty() => Some("missing: Settings → Account Management shows it"),
            FieldId::Account if text.contains(char::is_whitespace) => Some("an account ID has no spaces"),
            FieldId::Account => None,
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
    use crate::app::{
        field::TextField,
        form::{Hosts, Region},
    };

    const ID: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";

    #[test]
    fn shapes_are_judged_before_anything_is_sent() {
        let check = |id: FieldId, text: &str, wrong: &str| {
            let mut fields = Fields { region: Region::Custom, name: Some(TextField::default()), ..Fields::default() };
            if let Some(field) = fields.text_mut(id) {
                field.set(text);
            }
            if let Some(field) = fields.secret_mut(id) {
                field.set(&Secret::new(text));
            }
            let got = fields.wrong(id).unwrap_or_default();
            assert!(if wrong.is_empty() { got.is_empty() } else { got.contains(wrong) }, "{id:?} {text}: {got}");
        };
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
        check(FieldId::Expires, "", "");
        check(FieldId::Expires, "2027-05-20", "");
        check(FieldId::Expires, "20.5.2027", "2027-05-20");
        check(FieldId::KeyPath, "", "missing");
        check(FieldId::KeyPath, "~/app.pfx", "");
        check(FieldId::AppName, "O'Neill's app", "");
        check(FieldId::AppName, "", "one line");
        check(FieldId::Line, "", "paste the line");
        check(FieldId::Line, "tenant=x", "both");
        check(FieldId::Login, "https://login.sovereign.example", "");
        check(FieldId::Login, "https://login.sovereign.example/common", "without a path");
        check(FieldId::Graph, "", "https://");
        check(FieldId::Center, "", "");
        check(FieldId::Account, "acme", "");
        check(FieldId::Account, "", "missing");
        check(FieldId::Url, "https://api.us.jupiterone.io", "");
        check(FieldId::Url, "api.us.jupiterone.io", "https://");
        check(FieldId::Url, "http://api.us.jupiterone.io", "https://");
        check(FieldId::Instance, ID, "");
        check(FieldId::Instance, "", "missing");
        check(FieldId::Key, "long-key", "");
        check(FieldId::Key, ID, "form of an ID");
        check(FieldId::Name, "contoso-2", "");
        check(FieldId::Name, "", "letters");
        check(FieldId::Name, "../other", "letters");
    }

    #[test]
    fn some_pages_let_things_be_empty() {
        let mut fields = Fields::default();
        assert_eq!(fields.wrong_on(WizardStep::App, FieldId::Tenant), None);
        assert!(fields.wrong_on(WizardStep::CopyIds, FieldId::Tenant).is_some());
        assert_eq!(fields.wrong_on(WizardStep::Everything, FieldId::Key), None);
        assert!(fields.wrong_on(WizardStep::JupiterOne, FieldId::Key).is_some());
        fields.account.set("acme");
        assert!(fields.wrong_on(WizardStep::Everything, FieldId::Key).is_some());
        fields.hosts = Hosts::Own;
        assert!(fields.wrong_on(WizardStep::App, FieldId::Cloud).is_some());
        assert_eq!(fields.wrong_on(WizardStep::OpenCenter, FieldId::Cloud), None);
    }

    #[test]
    fn a_stored_secret_may_stay() {
        let fields = Fields { stored: true, ..Fields::default() };
        assert_eq!((fields.wrong(FieldId::Secret), fields.wrong(FieldId::Key)), (None, None));
    }
}
