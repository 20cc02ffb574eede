//! What the wizard gives to be taken elsewhere: scripts, a message to whoever may consent, a block for a ticket.

use super::Wizard;
use crate::{
    app::{Model, form::Proof, steps::WizardStep},
    domain::{
        check::CheckStatus,
        permission, portal,
        registration::{AppName, PublicKey, Registration, consent_message, consent_script, register_script},
    },
};

fn registration(wizard: &Wizard) -> Registration {
    let fields = &wizard.fields;
    let name = AppName::parse(fields.app_name.text()).unwrap_or_default();
    let tenant = fields.tenant.text().trim();
    Registration {
        cloud: fields.hosts.cloud().unwrap_or_default(),
        permissions: vec![permission::DIRECTORY],
        public_key: wizard
            .keys
            .view(Proof::Made)
            .map(|view| PublicKey { certificate_base64: view.certificate_base64.clone(), display: name.to_string() }),
        name,
        tenant: (!tenant.is_empty()).then(|| tenant.to_owned()),
    }
}

/// The page's script: the one that registers the app, or while consent is waited for, the one that gives it.
pub fn script(wizard: &Wizard) -> Option<String> {
    let registration = registration(wizard);
    match wizard.step {
        WizardStep::Script => {
            registration.public_key.is_some().then(|| register_script(wizard.fields.shell, &registration))
        }
        // A script knows the built-in clouds.
        WizardStep::Waiting => {
            wizard.fields.hosts.cloud()?;
            let client = wizard.fields.client_id()?;
            Some(consent_script(wizard.fields.shell, &registration, &client))
        }
        _ => None,
    }
}

/// The name of its file.
pub fn file_name(wizard: &Wizard) -> String {
    let what = if wizard.step == WizardStep::Waiting { "consent" } else { "register" };
    format!("tenantry-{what}.{}", wizard.fields.shell.extension())
}

/// Where an administrator consents, without the portal.
pub fn consent_link(wizard: &Wizard) -> Option<String> {
    let client = wizard.fields.client_id()?;
    Some(portal::consent(&wizard.fields.login_origin()?, wizard.fields.tenant.text().trim(), client.as_str()))
}

/// What to send to somebody who may consent.
pub fn message(wizard: &Wizard) -> Option<String> {
    let client = wizard.fields.client_id()?;
    Some(consent_message(&registration(wizard), &client, &consent_link(wizard)?))
}

/// All that was found out, for a ticket. No secret is in it.
pub fn ticket(model: &Model) -> String {
    let wizard = &model.wizard;
    let fields = &wizard.fields;
    let mut out = format!(
        "tenantry {} checks, {}\ntenant {}\nclient {}\ncloud {}\n",
        env!("CARGO_PKG_VERSION"),
        model.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        fields.tenant.text().trim(),
        fields.client.text().trim(),
        fields.hosts.title(),
    );
    for check in &wizard.checks.done {
        let status = match check.status {
            CheckStatus::Ok => "ok",
            CheckStatus::Failed => "FAILED",
            CheckStatus::CannotCheck => "cannot check",
            CheckStatus::Warning => "warning",
        };
        let found = check.found.as_deref().filter(|f| !f.is_empty()).map(|f| format!(": {f}")).unwrap_or_default();
        out.push_str(&format!("\n{status:<12} {}{found}", check.id.title()));
        if let Some(problem) = &check.problem {
            let block = problem.block().replace('\n', "\n             ");
            out.push_str(&format!("\n             {block}"));
        }
    }
    out.push('\n');
    out
}
