//! What can be done with profiles beyond their files: telling of all of them, and taking a profile's secrets away with it.
//!
//! For both faces: knows no screen, no words on a terminal and no store.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    file::Profile,
    folder::{ProfileError, Profiles},
    paths::Paths,
    settings::{Settings, SettingsError, TenantRef},
    trust::Untrusted,
};
use crate::{
    credentials::vault::{DEADLINE, Entry, Vault, with_deadline},
    domain::{credential::Expiry, problem::Problem},
};

/// A profile in a list of them.
#[derive(Debug)]
pub struct Listed {
    pub name: String,
    /// It is the one used where none is named, by choice.
    pub is_default: bool,
    /// What it says; or why it cannot be used.
    pub about: Result<About, SettingsError>,
}

/// What a list tells of a profile that can be read.
#[derive(Debug)]
pub struct About {
    pub profile: Profile,
    pub settings: Settings,
    /// What has to be confirmed before it may be used.
    pub untrusted: Vec<Untrusted>,
    pub expiry: Expiry,
}

/// All profiles, by name. One that cannot be read does not hide the others.
pub fn listed(paths: &Paths, now: Timestamp) -> Result<Vec<Listed>, ProfileError> {
    let profiles = Profiles::new(paths);
    let default = profiles.default()?;
    let names = profiles.list()?;
    Ok(names.into_iter().map(|name| one(&profiles, paths, name, default.as_deref(), now)).collect())
}

fn one(profiles: &Profiles, paths: &Paths, name: String, default: Option<&str>, now: Timestamp) -> Listed {
    let about = about(profiles, paths, &name, now);
    Listed { is_default: default == Some(name.as_str()), name, about }
}

/// What a list tells of one of them.
pub fn about(profiles: &Profiles, paths: &Paths, name: &str, now: Timestamp) -> Result<About, SettingsError> {
    let profile = profiles.load(name)?;
    let settings = Settings::of_profile(name, &profile, paths)?;
    let untrusted = profiles.untrusted(name, &profile)?;
    let expiry = profile.credential_expires().map_or(Expiry::Fine, |at| Expiry::of(at, now));
    Ok(About { profile, settings, untrusted, expiry })
}

/// The keyring entries that a profile may have.
pub fn entries(settings: &Settings) -> Vec<Entry> {
    let registration = settings.tenant.as_ref().zip(settings.client.as_ref());
    let of_app = registration.map(|(tenant, client)| {
        let (login, tenant) = (&settings.login, tenant.as_str());
        [Entry::client_secret(login, tenant, client), Entry::client_key(login, tenant, client)]
    });
    let key = settings.jupiterone_account.as_deref().map(|a| Entry::jupiterone_key(&settings.jupiterone, a));
    of_app.into_iter().flatten().chain(key).collect()
}

/// What goes when a profile does, or comes to be about another app or account: two profiles may share a registration, an
/// account or a tenant, and what another still needs is kept.
#[derive(Debug)]
pub struct Alone {
    /// Keyring entries that no other profile uses.
    pub entries: Vec<Entry>,
    /// Another profile that is, or may be, about the same tenant.
    pub same_tenant: Option<String>,
    /// Profiles of which nobody knows what they need: then nothing in the keyring is anybody's alone.
    pub unread: Vec<SettingsError>,
}

/// What is the profile's alone.
pub fn alone(paths: &Paths, name: &str, settings: &Settings) -> Result<Alone, ProfileError> {
    let profiles = Profiles::new(paths);
    let mut alone = Alone { entries: entries(settings), same_tenant: None, unread: Vec::new() };
    for other in profiles.list()?.into_iter().filter(|other| other != name) {
        let read = profiles.load(&other).map_err(SettingsError::from);
        match read.and_then(|profile| Settings::of_profile(&other, &profile, paths)) {
            Ok(of_other) => {
                let needed = entries(&of_other);
                alone.entries.retain(|entry| !needed.contains(entry));
                // A domain may be any tenant's.
                if of_other.tenant == settings.tenant || matches!(of_other.tenant, Some(TenantRef::Domain(_))) {
                    alone.same_tenant.get_or_insert(other);
                }
            }
            Err(error) => {
                alone.entries.clear();
                alone.same_tenant.get_or_insert(other);
                alone.unread.push(error);
            }
        }
    }
    Ok(alone)
}

/// Takes entries out of the keyring. What could not be is told; without a keyring there is nothing in it.
pub async fn forget(vault: &Arc<dyn Vault>, entries: Vec<Entry>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for entry in entries {
        if let Err(error) = with_deadline(Arc::clone(vault), DEADLINE, move |vault| vault.delete(&entry)).await {
            problems.push(error.problem());
        }
    }
    problems
}

/// Removes a profile with its secrets. The tenant's store is no part of it.
pub async fn remove(paths: &Paths, vault: &Arc<dyn Vault>, name: &str) -> Result<(Alone, Vec<Problem>), SettingsError> {
    let profiles = Profiles::new(paths);
    let settings = Settings::of_profile(name, &profiles.load(name)?, paths)?;
    let alone = alone(paths, name, &settings)?;
    // Secrets first: without its profile an entry would be found by nobody.
    let problems = forget(vault, alone.entries.clone()).await;
    profiles.remove(name)?;
    Ok((alone, problems))
}
