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
    let secret = registration.map(|(tenant, client)| Entry::client_secret(&settings.login, tenant.as_str(), client));
    let jupiterone = settings.jupiterone_account.as_deref().map(|a| Entry::jupiterone_key(&settings.jupiterone, a));
    let proxy = settings.net.proxy_user().map(|user| Entry::proxy_password(&user));
    secret.into_iter().chain(key_entry(settings)).chain(jupiterone).chain(proxy).collect()
}

/// Where the private key of a profile's app is kept.
pub fn key_entry(settings: &Settings) -> Option<Entry> {
    let (tenant, client) = settings.tenant.as_ref().zip(settings.client.as_ref())?;
    Some(Entry::client_key(&settings.login, tenant.as_str(), client))
}

/// What the other profiles need: two may share a registration, an account or a tenant.
#[derive(Debug, Default)]
pub struct Others {
    entries: Vec<Entry>,
    tenants: Vec<(String, TenantRef)>,
    /// Those of which nobody knows what they need: then anything may be theirs.
    pub unread: Vec<(String, SettingsError)>,
}

impl Others {
    pub fn may_need(&self, entry: &Entry) -> bool {
        !self.unread.is_empty() || self.entries.contains(entry)
    }

    /// A profile that is, or may be, about this tenant.
    pub fn of_tenant(&self, tenant: Option<&TenantRef>) -> Option<&str> {
        // A domain may be any tenant's.
        let known = self.tenants.iter().find(|(_, of)| Some(of) == tenant || matches!(of, TenantRef::Domain(_)));
        known.map(|(name, _)| name.as_str()).or_else(|| self.unread.first().map(|(name, _)| name.as_str()))
    }
}

/// What all profiles but this one need.
pub fn needed_by_others(paths: &Paths, name: &str) -> Result<Others, ProfileError> {
    let profiles = Profiles::new(paths);
    let mut others = Others::default();
    for other in profiles.list()?.into_iter().filter(|other| other != name) {
        let read = profiles.load(&other).map_err(SettingsError::from);
        match read.and_then(|profile| Settings::of_profile(&other, &profile, paths)) {
            Ok(settings) => {
                others.entries.extend(entries(&settings));
                others.tenants.extend(settings.tenant.map(|tenant| (other, tenant)));
            }
            Err(error) => others.unread.push((other, error)),
        }
    }
    Ok(others)
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

/// Takes out of the keyring what a profile needed before and needs no more, as far as no other profile may need it:
/// entries are bound to app, account and proxy, and secrets that nobody finds are a leak. `None`: there was nothing of that.
pub async fn forget_outdated(
    paths: &Paths,
    vault: &Arc<dyn Vault>,
    name: &str,
    before: &Settings,
    now: &Settings,
) -> Result<Option<Vec<Problem>>, ProfileError> {
    let needed = entries(now);
    let gone: Vec<Entry> = entries(before).into_iter().filter(|entry| !needed.contains(entry)).collect();
    if gone.is_empty() {
        return Ok(None);
    }
    forget_own(paths, vault, name, gone).await.map(Some)
}

/// Takes entries of a profile out of the keyring, as far as no other profile may need them.
pub async fn forget_own(
    paths: &Paths,
    vault: &Arc<dyn Vault>,
    name: &str,
    entries: Vec<Entry>,
) -> Result<Vec<Problem>, ProfileError> {
    let others = needed_by_others(paths, name)?;
    Ok(forget(vault, entries.into_iter().filter(|entry| !others.may_need(entry)).collect()).await)
}

/// What became of a profile that was to be removed.
#[derive(Debug)]
pub struct Removed {
    /// What others need, and so was kept.
    pub others: Others,
    /// Why the keyring did not let go of something.
    pub problems: Vec<Problem>,
}

/// Removes a profile with those of its secrets that no other profile may need. The tenant's store is no part of it.
pub async fn remove(paths: &Paths, vault: &Arc<dyn Vault>, name: &str) -> Result<Removed, SettingsError> {
    let profiles = Profiles::new(paths);
    let settings = Settings::of_profile(name, &profiles.load(name)?, paths)?;
    let others = needed_by_others(paths, name)?;
    let own = entries(&settings).into_iter().filter(|entry| !others.may_need(entry)).collect();
    // Secrets first: without its profile an entry would be found by nobody.
    let problems = forget(vault, own).await;
    profiles.remove(name)?;
    Ok(Removed { others, problems })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        credentials::vault::MemoryVault,
        domain::secret::{Secret, SecretBytes},
        profile::JupiterOneProfile,
    };

    const T1: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
    const T2: &str = "94841066-274d-4ec0-a5c1-276be684bdd3";
    const C1: &str = "535fb089-9ff3-47b6-9bfb-4f1264799865";
    const C2: &str = "635fb089-9ff3-47b6-9bfb-4f1264799865";

    fn of(tenant: &str, client: &str, account: &str) -> Profile {
        let jupiterone = JupiterOneProfile { account: Some(account.into()), ..JupiterOneProfile::default() };
        Profile { tenant_id: tenant.into(), client_id: client.into(), jupiterone, ..Profile::default() }
    }

    #[tokio::test]
    async fn a_profile_goes_with_what_is_its_alone() {
        let check_of = async |gone: Profile, others: &[Profile], left: &[bool]| {
            let dir = tempfile::tempdir().unwrap();
            let paths = Paths::under(dir.path());
            let profiles = Profiles::new(&paths);
            profiles.add("gone", &gone).unwrap();
            for (n, other) in others.iter().enumerate() {
                profiles.add(&format!("other-{n}"), other).unwrap();
            }
            let vault: Arc<dyn Vault> = Arc::new(MemoryVault::default());
            let settings = Settings::of_profile("gone", &gone, &paths).unwrap();
            let all = entries(&settings);
            for entry in &all {
                vault.set_key(entry, &SecretBytes::new(b"kept".to_vec())).unwrap();
            }
            let removed = remove(&paths, &vault, "gone").await.unwrap();
            assert_eq!(removed.problems, []);
            let got: Vec<bool> =
                all.iter().map(|entry| vault.get(entry).unwrap() == Some(Secret::new("kept"))).collect();
            assert_eq!(got, left, "{others:?}");
            assert_eq!(profiles.list().unwrap().len(), others.len());
        };
        let check = async |others: &[Profile], left: [bool; 3]| check_of(of(T1, C1, "acme"), others, &left).await;
        // The client secret, the private key, the JupiterOne key.
        check(&[], [false, false, false]).await;
        check(&[of(T1, C1, "other")], [true, true, false]).await;
        check(&[of(T1, C2, "acme")], [false, false, true]).await;
        check(&[of(T2, C1, "other"), of(T2, C2, "third")], [false, false, false]).await;
        check(&[of(T1, C1, "acme")], [true, true, true]).await;
        // At another login service it is another app.
        let elsewhere = Profile { cloud: crate::domain::cloud::Cloud::China, ..of(T1, C1, "other") };
        check(&[elsewhere], [false, false, false]).await;
        // With a proxy's password, which one user of one proxy has.
        let proxied = |proxy: &str, profile: Profile| Profile { proxy: Some(proxy.into()), ..profile };
        let mine = |user: &str| proxied(&format!("http://{user}@proxy.corp:3128"), of(T1, C1, "acme"));
        check_of(mine("me"), &[], &[false; 4]).await;
        check_of(mine("me"), &[mine("me")], &[true; 4]).await;
        check_of(mine("me"), &[mine("you")], &[true, true, true, false]).await;
        check_of(mine("me"), &[proxied("http://me@proxy.corp:3128", of(T2, C2, "x"))], &[false, false, false, true])
            .await;
        // Nobody knows what this one needs.
        let broken = Profile { client_id: "unknown".into(), ..of(T2, C2, "other") };
        check(&[broken], [true, true, true]).await;
    }

    #[test]
    fn a_list_tells_of_each_what_it_can() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());
        let profiles = Profiles::new(&paths);
        let ends = Profile { secret_expires: Some("2027-05-20".parse().unwrap()), ..of(T1, C1, "acme") };
        profiles.add("ends", &ends).unwrap();
        profiles
            .save("proxied", &Profile { proxy: Some("http://proxy.example:1".into()), ..of(T1, C1, "acme") })
            .unwrap();
        crate::files::replace(&profiles.path("typo"), "tenant = \"a\"\n").unwrap();
        profiles.set_default("proxied").unwrap();
        let listed = listed(&paths, "2027-05-11T00:00:00Z".parse().unwrap()).unwrap();
        let told: Vec<String> = listed
            .iter()
            .map(|l| match &l.about {
                Ok(about) => {
                    format!("{} {} {:?} {}", l.name, l.is_default, about.expiry, about.untrusted.len())
                }
                Err(error) => format!("{} {} {}", l.name, l.is_default, error.to_string().contains("`tenant`")),
            })
            .collect();
        assert_eq!(told, ["ends false Soon { days: 10 } 0", "proxied true Fine 1", "typo false true"]);
    }
}
