//! Which credential of several counts, and that nothing is looked up for what was not confirmed.

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;
use crate::{
    credentials::vault::{Absence, MemoryVault},
    domain::{origin::Origin, secret::SecretBytes},
    net::ProxyUser,
    profile::{Flags, Profile, Profiles, Untrusted, What, paths::Paths},
};

const T1: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
const C1: &str = "535fb089-9ff3-47b6-9bfb-4f1264799865";
const C2: &str = "635fb089-9ff3-47b6-9bfb-4f1264799865";

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// The environment's ids of one app, and whatever of the three is set.
fn environment(secret: bool, certificate: Option<PathBuf>, token: bool) -> Environment {
    Environment {
        azure_tenant_id: Some(T1.into()),
        azure_client_id: Some(C1.into()),
        azure_client_secret: secret.then(|| Secret::new("set")),
        azure_client_certificate_path: certificate,
        azure_federated_token_file: token.then(|| "/run/token".into()),
        ..Environment::default()
    }
}

fn kind(found: Result<Option<Credential>, Problem>) -> String {
    match found {
        Ok(None) => "none".to_owned(),
        Ok(Some(Credential::Secret(secret))) => format!("secret {}", secret.expose()),
        Ok(Some(Credential::Key(_))) => "key".to_owned(),
        Ok(Some(Credential::Federated(path))) => format!("token {}", path.display()),
        Err(problem) => problem.code.unwrap_or_default(),
    }
}

#[tokio::test]
async fn of_several_in_the_environment_the_first_of_azure_s_order_counts() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(dir.path());
    let made = certificate::make("tenantry", now()).unwrap();
    let pem = dir.path().join("app.pem");
    let key = STANDARD.encode(made.key.key.expose());
    std::fs::write(&pem, format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n{}", made.cer()))
        .unwrap();
    let missing = dir.path().join("missing.pem");
    let flags = |client: &str| Flags { tenant_id: Some(T1.into()), client_id: Some(client.into()), ..Flags::default() };
    let vault: Arc<dyn Vault> = Arc::new(MemoryVault::default());
    let check = async |client: &str, environment: &Environment, want: &str| {
        let settings = Settings::of_flags(&flags(client), environment, &paths).unwrap();
        assert_eq!(kind(credential(&settings, environment, &vault, now()).await), want, "{environment:?}");
    };
    check(C1, &environment(true, Some(pem.clone()), true), "secret set").await;
    check(C1, &environment(false, Some(pem.clone()), true), "key").await;
    check(C1, &environment(false, None, true), "token /run/token").await;
    check(C1, &environment(false, None, false), "none").await;
    // One that cannot be used is told, not passed over for the next.
    check(C1, &environment(false, Some(missing.clone()), true), "certificate_file_unreadable").await;
    check(C1, &environment(true, Some(missing), true), "secret set").await;
    // All of it is for its own ids.
    check(C2, &environment(true, Some(pem), true), "none").await;
}

#[tokio::test]
async fn a_profile_s_own_comes_first_and_the_environment_helps_out() {
    let entry = |key: bool| {
        let (login, client) = (Origin::known("https://login.microsoftonline.com"), ClientId::parse(C1).unwrap());
        if key { Entry::client_key(&login, T1, &client) } else { Entry::client_secret(&login, T1, &client) }
    };
    let check = async |profile: Profile, environment: &Environment, kept: bool, want: &str| {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path());
        let profile = Profile { tenant_id: T1.into(), client_id: C1.into(), ..profile };
        Profiles::new(&paths).add("work", &profile).unwrap();
        let settings = Settings::resolve(&Flags::default(), environment, &paths).unwrap();
        let vault: Arc<dyn Vault> = Arc::new(MemoryVault::default());
        if kept {
            vault.set(&entry(false), &Secret::new("kept")).unwrap();
            vault.set_key(&entry(true), &SecretBytes::new(vec![1])).unwrap();
        }
        assert_eq!(kind(credential(&settings, environment, &vault, now()).await), want, "{profile:?}");
    };
    let command = |words: &[&str]| Profile {
        credential_command: Some(words.iter().map(|w| (*w).to_owned()).collect()),
        ..Profile::default()
    };
    let certificate = Profile {
        certificate: Some(CertificateRef {
            thumbprint: crate::domain::credential::Thumbprint([7; 32]),
            expires: now(),
        }),
        ..Profile::default()
    };
    let (set, unset) = (environment(true, None, false), Environment::default());
    check(Profile::default(), &set, true, "secret kept").await;
    check(Profile::default(), &set, false, "secret set").await;
    check(Profile::default(), &unset, false, "none").await;
    check(certificate.clone(), &set, true, "key").await;
    // Where the key is gone a secret of the same app will do; an old secret in the keyring will not.
    check(certificate.clone(), &set, false, "secret set").await;
    check(certificate, &unset, false, "none").await;
    if cfg!(unix) {
        check(command(&["echo", "printed"]), &set, true, "secret printed").await;
        check(command(&["false"]), &set, true, "secret set").await;
        check(command(&["false"]), &unset, true, "credential_command_failed").await;
    }
}

#[tokio::test]
async fn nothing_is_looked_up_for_what_was_not_confirmed() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(dir.path());
    let ran = dir.path().join("ran");
    let profile = Profile {
        tenant_id: T1.into(),
        client_id: C1.into(),
        credential_command: Some(vec!["touch".into(), ran.display().to_string()]),
        ..Profile::default()
    };
    Profiles::new(&paths).save("work", &profile).unwrap();
    let set = environment(true, None, false);
    let settings = Settings::resolve(&Flags::default(), &set, &paths).unwrap();
    let asked: Vec<What> = settings.untrusted.iter().map(|Untrusted { what, .. }| *what).collect();
    assert_eq!(asked, [What::CredentialCommand]);
    let vault: Arc<dyn Vault> = Arc::new(MemoryVault::default());
    assert_eq!(proxy_password(&settings, &vault).await.unwrap_err().code.as_deref(), Some("not_trusted"));
    // Not even the environment's secret is handed out: who knows where it would go.
    assert_eq!(kind(credential(&settings, &set, &vault, now()).await), "not_trusted");
    let key = jupiterone_key(&settings, &set, &vault).await;
    assert_eq!(key.unwrap_err().code.as_deref(), Some("not_trusted"));
    assert!(!ran.exists());
}

#[tokio::test]
async fn a_proxy_s_password_is_its_user_s_and_asked_for_only_where_one_is_named() {
    const PROXY: &str = "http://me@proxy.corp:3128";
    let vault: Arc<dyn Vault> = Arc::new(MemoryVault::default());
    vault.set(&Entry::proxy_password(&ProxyUser::of(PROXY).unwrap()), &Secret::new("kept")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(dir.path());
    let settings = |flag: Option<&str>| {
        let flags = Flags { proxy: flag.map(str::to_owned), ..Flags::default() };
        Settings::resolve(&flags, &Environment::default(), &paths).unwrap()
    };
    let check = async |settings: &Settings, want: Option<&str>| {
        let found = proxy_password(settings, &vault).await.unwrap();
        assert_eq!(found.as_ref().map(|found| found.password.expose()), want, "{:?}", settings.net);
        assert!(found.is_none_or(|found| Some(found.of) == settings.net.proxy_user()));
    };
    // A flag was typed, and needs no profile.
    check(&settings(Some(PROXY)), Some("kept")).await;
    check(&settings(Some("http://you@proxy.corp:3128")), None).await;
    check(&settings(Some("http://me@proxy.corp:8080")), None).await;
    check(&settings(Some("http://proxy.corp:3128")), None).await;
    check(&settings(None), None).await;
    // A profile's works once somebody has confirmed it.
    let profile = Profile { proxy: Some(PROXY.into()), ..Profile::default() };
    let profiles = Profiles::new(&paths);
    profiles.save("work", &profile).unwrap();
    let refused = proxy_password(&settings(None), &vault).await.unwrap_err();
    assert_eq!(refused.code.as_deref(), Some("not_trusted"));
    profiles.trusted().confirm("work", &profile, &[What::Proxy]).unwrap();
    check(&settings(None), Some("kept")).await;
}

/// A vault that is not there, or not to be had.
struct Without(VaultError);

impl Vault for Without {
    fn name(&self) -> String {
        "none".to_owned()
    }
    fn key(&self, _: &Entry) -> Result<Option<SecretBytes>, VaultError> {
        Err(self.0.clone())
    }
    fn set_key(&self, _: &Entry, _: &SecretBytes) -> Result<(), VaultError> {
        Err(self.0.clone())
    }
    fn delete(&self, _: &Entry) -> Result<(), VaultError> {
        Err(self.0.clone())
    }
}

#[tokio::test]
async fn without_a_keyring_the_proxy_says_what_it_misses() {
    let dir = tempfile::tempdir().unwrap();
    let flags = Flags { proxy: Some("http://me@proxy.corp:3128".into()), ..Flags::default() };
    let settings = Settings::of_flags(&flags, &Environment::default(), &Paths::under(dir.path())).unwrap();
    let found = async |error: VaultError| {
        let vault: Arc<dyn Vault> = Arc::new(Without(error));
        proxy_password(&settings, &vault).await.map_err(|problem| problem.code)
    };
    assert_eq!(found(VaultError::Absent(Absence::Other("no bus".into()))).await, Ok(None));
    assert_eq!(found(VaultError::Locked).await, Err(Some("keyring_locked".to_owned())));
}

#[test]
fn a_walk_over_all_profiles_takes_of_the_environment_what_is_theirs() {
    let environment = Environment {
        jupiterone_account: Some("acme".into()),
        jupiterone_api_key: Some(Secret::new("key")),
        ..environment(true, None, true)
    };
    let check = |client: &str, account: Option<&str>, want: [bool; 2]| {
        let mut profile = Profile { tenant_id: T1.to_uppercase(), client_id: client.into(), ..Profile::default() };
        profile.jupiterone.account = account.map(str::to_owned);
        let own = environment.for_profile(&profile);
        assert_eq!([own.azure_client_secret.is_some(), own.jupiterone_api_key.is_some()], want, "{client} {account:?}");
        assert_eq!(own.azure_federated_token_file.is_some(), want[0]);
    };
    check(C1, Some("acme"), [true, true]);
    check(C2, Some("acme"), [false, true]);
    check(C1, Some("other"), [true, false]);
    check(C1, None, [true, true]);
}
