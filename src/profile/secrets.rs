//! Where a command's secrets come from: the keyring or the profile's `credential_command`, and the environment.
//!
//! With a profile, its own come first; without one, the environment's set does. The environment's ids and credential are
//! one set: it is sent only for its own ids. Of several credentials in it, the first of these counts, in the order of
//! Azure's own libraries: `AZURE_CLIENT_SECRET`, `AZURE_CLIENT_CERTIFICATE_PATH`, `AZURE_FEDERATED_TOKEN_FILE`.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::settings::{Environment, Settings, same};
use crate::{
    credentials::{
        certificate, command,
        vault::{DEADLINE, Entry, Vault, VaultError, name_within, with_deadline},
    },
    domain::{
        credential::{CertificateRef, ClientKey, Credential},
        ids::ClientId,
        problem::Problem,
        secret::Secret,
    },
    net::ProxyPassword,
};

/// The app's credential for these settings; `None` if nobody has one. `now` is the time by which a certificate of the
/// environment must be good.
///
/// # Errors
///
/// In words: the keyring's, the command's, why a certificate cannot be used; and where values of the profile were not
/// confirmed yet. What the environment can answer is no error.
pub async fn credential(
    settings: &Settings,
    environment: &Environment,
    vault: &Arc<dyn Vault>,
    now: Timestamp,
) -> Result<Option<Credential>, Problem> {
    require_trust(settings)?;
    let (Some(tenant), Some(client)) = (&settings.tenant, &settings.client) else { return Ok(None) };
    let usable = agrees(settings, tenant.as_str(), &environment.azure_tenant_id)
        && agrees(settings, client.as_str(), &environment.azure_client_id);
    if settings.profile.is_none()
        && usable
        && let Some(found) = of_environment(environment, now).await?
    {
        return Ok(Some(found));
    }
    let own = of_profile(settings, tenant.as_str(), client, vault).await;
    match own {
        Ok(Some(found)) => Ok(Some(found)),
        other if usable => match (of_environment(environment, now).await, other) {
            (Ok(Some(found)), _) => Ok(Some(found)),
            (Err(problem), Ok(_)) => Err(problem),
            (_, other) => other,
        },
        other => other,
    }
}

/// JupiterOne's API key for these settings, found as the credential is.
pub async fn jupiterone_key(
    settings: &Settings,
    environment: &Environment,
    vault: &Arc<dyn Vault>,
) -> Result<Option<Secret>, Problem> {
    require_trust(settings)?;
    let Some(account) = &settings.jupiterone_account else { return Ok(None) };
    let usable = agrees(settings, account, &environment.jupiterone_account);
    let of_environment = environment.jupiterone_api_key.clone().filter(|_| usable);
    if settings.profile.is_none() && of_environment.is_some() {
        return Ok(of_environment);
    }
    let entry = Entry::jupiterone_key(&settings.jupiterone, account);
    match (looked_up(vault, move |vault| vault.get(&entry)).await, of_environment) {
        (Ok(Some(found)), _) | (_, Some(found)) => Ok(Some(found)),
        (other, None) => other,
    }
}

/// The password for the user whom these settings' proxy names; only the vault has it. `None`: no user is named, or nothing
/// is kept; without a keyring nothing is, and the proxy says whether that matters.
pub async fn proxy_password(settings: &Settings, vault: &Arc<dyn Vault>) -> Result<Option<ProxyPassword>, Problem> {
    require_trust(settings)?;
    let Some(of) = settings.net.proxy_user() else { return Ok(None) };
    let entry = Entry::proxy_password(&of);
    let password = match with_deadline(Arc::clone(vault), DEADLINE, move |vault| vault.get(&entry)).await {
        Ok(Some(password)) => password,
        Ok(None) | Err(VaultError::Absent(_)) => return Ok(None),
        Err(error) => return Err(error.problem()),
    };
    let kept_in = name_within(Arc::clone(vault), Duration::from_secs(1)).await;
    Ok(Some(ProxyPassword { of, password, kept_in }))
}

fn require_trust(settings: &Settings) -> Result<(), Problem> {
    settings.require_trust().map_err(|e| e.refusal().unwrap_or_else(|| Problem::new(e.to_string())))
}

/// Whether the environment's secret may go with this id: its own says the same, or, with ids given as flags, nothing. For
/// a profile's ids only the whole set will do: a secret on its own may be anybody's.
fn agrees(settings: &Settings, own: &str, other: &Option<String>) -> bool {
    other.as_deref().map_or(settings.profile.is_none(), |o| same(own, o))
}

/// What the profile's command prints, or what the keyring holds: the key of its certificate, or a secret.
async fn of_profile(
    settings: &Settings,
    tenant: &str,
    client: &ClientId,
    vault: &Arc<dyn Vault>,
) -> Result<Option<Credential>, Problem> {
    if let Some(words) = &settings.credential_command {
        return command::run(words, &settings.paths.config).await.map(|secret| Some(Credential::Secret(secret)));
    }
    match settings.certificate {
        Some(CertificateRef { thumbprint, expires }) => {
            let entry = Entry::client_key(&settings.login, tenant, client);
            let key = looked_up(vault, move |vault| vault.key(&entry)).await?;
            Ok(key.map(|key| Credential::Key(ClientKey { key, thumbprint, expires: Some(expires) })))
        }
        None => {
            let entry = Entry::client_secret(&settings.login, tenant, client);
            Ok(looked_up(vault, move |vault| vault.get(&entry)).await?.map(Credential::Secret))
        }
    }
}

async fn looked_up<T: Send + 'static>(
    vault: &Arc<dyn Vault>,
    call: impl FnOnce(&dyn Vault) -> Result<T, VaultError> + Send + 'static,
) -> Result<T, Problem> {
    with_deadline(Arc::clone(vault), DEADLINE, call).await.map_err(|e| e.problem())
}

/// The environment's credential, whoever it is for.
async fn of_environment(environment: &Environment, now: Timestamp) -> Result<Option<Credential>, Problem> {
    if let Some(secret) = &environment.azure_client_secret {
        return Ok(Some(Credential::Secret(secret.clone())));
    }
    if let Some(path) = environment.azure_client_certificate_path.clone() {
        let password = environment.azure_client_certificate_password.clone();
        let read = move || certificate::read_file(&path, password.as_ref(), now);
        let read = tokio::task::spawn_blocking(read).await;
        let found = read.map_err(|error| Problem::new(format!("the certificate could not be read: {error}")))??;
        return Ok(Some(Credential::Key(found.key)));
    }
    Ok(environment.azure_federated_token_file.clone().map(Credential::Federated))
}

#[cfg(test)]
mod tests;
