//! Who wins: flags, then the profile, then the environment; and whose secret goes where.

use super::*;
use std::sync::Arc;

use crate::{
    credentials::vault::{Entry, MemoryVault, Vault},
    profile::credential,
};

const T1: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
const T2: &str = "94841066-274d-4ec0-a5c1-276be684bdd3";
const C1: &str = "535fb089-9ff3-47b6-9bfb-4f1264799865";
const C2: &str = "635fb089-9ff3-47b6-9bfb-4f1264799865";

struct Home {
    _dir: tempfile::TempDir,
    paths: Paths,
}

/// A config folder with these profiles, each of one tenant and client.
fn home(profiles: &[(&str, &str, &str)]) -> Home {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(dir.path());
    for (name, tenant, client) in profiles {
        let profile = Profile { tenant_id: (*tenant).into(), client_id: (*client).into(), ..Profile::default() };
        Profiles::new(&paths).add(name, &profile).unwrap();
    }
    Home { _dir: dir, paths }
}

fn flags(tenant: Option<&str>, client: Option<&str>) -> Flags {
    Flags { tenant_id: tenant.map(Into::into), client_id: client.map(Into::into), ..Flags::default() }
}

fn environment(tenant: Option<&str>, client: Option<&str>, secret: Option<&str>) -> Environment {
    Environment {
        azure_tenant_id: tenant.map(Into::into),
        azure_client_id: client.map(Into::into),
        azure_client_secret: secret.map(Secret::new),
        ..Environment::default()
    }
}

#[test]
fn flags_then_profile_then_environment() {
    let check = |home: &Home, flags: &Flags, env: &Environment, want: (Option<&str>, Option<&str>, Option<&str>)| {
        let s = Settings::resolve(flags, env, &home.paths).unwrap();
        let got =
            (s.profile.as_deref(), s.tenant.as_ref().map(TenantRef::as_str), s.client.as_ref().map(ClientId::as_str));
        assert_eq!(got, want);
    };
    let none = home(&[]);
    let one = home(&[("prod", T1, C1)]);
    let two = home(&[("a", T1, C1), ("default", T2, C2)]);
    check(&none, &flags(None, None), &environment(None, None, None), (None, None, None));
    check(&none, &flags(None, None), &environment(Some(T1), Some(C1), None), (None, Some(T1), Some(C1)));
    check(&none, &flags(Some(T2), None), &environment(Some(T1), Some(C1), None), (None, Some(T2), Some(C1)));
    check(&one, &flags(None, None), &environment(None, None, None), (Some("prod"), Some(T1), Some(C1)));
    check(
        &one,
        &flags(None, None),
        &environment(Some(&T1.to_uppercase()), None, None),
        (Some("prod"), Some(T1), Some(C1)),
    );
    check(&one, &flags(Some(T2), None), &environment(None, None, None), (Some("prod"), Some(T2), Some(C1)));
    check(&two, &flags(None, None), &environment(None, None, None), (Some("default"), Some(T2), Some(C2)));
    check(
        &none,
        &flags(Some("Contoso.OnMicrosoft.com"), Some(C1)),
        &environment(None, None, None),
        (None, Some("contoso.onmicrosoft.com"), Some(C1)),
    );
}

#[test]
fn what_cannot_be_resolved_says_why() {
    let check = |home: &Home, flags: &Flags, env: &Environment, words: &[&str]| {
        let error = Settings::resolve(flags, env, &home.paths).unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{error}");
        }
    };
    let one = home(&[("prod", T1, C1)]);
    let none = home(&[]);
    // An id of the environment that differs from the profile's: both are named.
    check(&one, &flags(None, None), &environment(Some(T2), None, None), &[T1, T2, "prod", "AZURE_TENANT_ID"]);
    check(&one, &flags(None, None), &environment(None, Some(C2), None), &[C1, C2, "prod", "AZURE_CLIENT_ID"]);
    check(&none, &flags(Some("contoso"), None), &environment(None, None, None), &["tenant ID", "contoso"]);
    let many = home(&[("a", T1, C1), ("b", T2, C2)]);
    check(&many, &flags(None, None), &environment(None, None, None), &["a, b", "--profile"]);
    let wrong = Flags { profile: Some("nope".into()), ..Flags::default() };
    check(&many, &wrong, &environment(None, None, None), &["nope"]);
    let proxy = |text: &str| Flags { proxy: Some(text.into()), ..Flags::default() };
    check(&none, &proxy("proxy.example"), &environment(None, None, None), &["http://host:port"]);
    for url in [
        "http://u:hunter2@proxy.example:1",
        "http://u:hunter2#x@proxy.example:1",
        "http://u:hunter 2@proxy.example:1",
        "http://u%3Ahunter2@proxy.example:1",
        "u:hunter2@proxy.example:1",
    ] {
        let error = Settings::resolve(&proxy(url), &Environment::default(), &none.paths).unwrap_err().to_string();
        assert!(error.contains("proxy_password=") && error.contains("HTTPS_PROXY"), "{error}");
        assert!(!error.contains("hunter"), "{error}");
    }
    let named = Settings::resolve(&proxy("http://u@proxy.example:1"), &Environment::default(), &none.paths).unwrap();
    assert_eq!(named.net.proxy_user().unwrap().name(), "u");
    for swapped in [flags(None, Some("abc8Q~hunter2")), flags(Some("abc8Q~hunter2"), None)] {
        let error = Settings::resolve(&swapped, &Environment::default(), &none.paths).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn a_jupiterone_account_of_the_environment_that_differs_is_refused() {
    let home = home(&[]);
    let profile = Profile {
        tenant_id: T1.into(),
        client_id: C1.into(),
        jupiterone: crate::profile::JupiterOneProfile { account: Some("acme".into()), ..Default::default() },
        ..Profile::default()
    };
    Profiles::new(&home.paths).add("p", &profile).unwrap();
    let env = Environment { jupiterone_account: Some("other".into()), ..Environment::default() };
    let error = Settings::resolve(&Flags::default(), &env, &home.paths).unwrap_err().to_string();
    assert!(error.contains("acme") && error.contains("other"), "{error}");
}

#[tokio::test]
async fn the_secret_goes_with_its_own_ids() {
    let check =
        async |home: &Home, kept: Option<(&str, &str)>, flags: &Flags, env: &Environment, want: Option<&str>| {
            let settings = Settings::resolve(flags, env, &home.paths).unwrap();
            let vault: Arc<dyn Vault> = Arc::new(MemoryVault::default());
            if let Some((tenant, client)) = kept {
                let entry = Entry::client_secret(&settings.login, tenant, &ClientId::parse(client).unwrap());
                vault.set(&entry, &Secret::new("kept")).unwrap();
            }
            let got = credential(&settings, env, &vault, Timestamp::UNIX_EPOCH).await.unwrap();
            assert_eq!(got, want.map(|text| Secret::new(text).into()));
        };
    let (none, one) = (home(&[]), home(&[("prod", T1, C1)]));
    let set = |t, c| environment(t, c, Some("set"));
    // Without a profile the environment's set is used, and the keyring where it has none.
    check(&none, Some((T1, C1)), &flags(None, None), &set(Some(T1), Some(C1)), Some("set")).await;
    check(&none, Some((T1, C1)), &flags(Some(T1), Some(C1)), &environment(None, None, None), Some("kept")).await;
    // The environment's secret is not sent for another client or tenant.
    check(&none, None, &flags(Some(T1), Some(C2)), &set(Some(T1), Some(C1)), None).await;
    check(&none, None, &flags(Some(T2), Some(C1)), &set(Some(T1), Some(C1)), None).await;
    check(&none, Some((T2, C1)), &flags(Some(T2), Some(C1)), &set(Some(T1), Some(C1)), Some("kept")).await;
    // With a profile its own entry comes first; the environment's helps where its ids agree.
    check(&one, Some((T1, C1)), &flags(None, None), &set(Some(T1), Some(C1)), Some("kept")).await;
    check(&one, None, &flags(None, None), &set(Some(T1), Some(C1)), Some("set")).await;
    check(&one, None, &flags(None, None), &environment(None, None, None), None).await;
    // A secret without its ids goes with ids given as flags, never with a profile's.
    check(&none, None, &flags(Some(T1), Some(C1)), &set(None, None), Some("set")).await;
    check(&one, None, &flags(None, None), &set(None, None), None).await;
    check(&one, None, &flags(None, None), &set(Some(T1), None), None).await;
}

#[test]
fn the_scope_is_the_graphs_and_of_a_stand_in_the_clouds() {
    let home = home(&[]);
    let flags = Flags {
        cloud: Some(Cloud::China),
        graph_url: Some(Origin::known("http://127.0.0.1:1")),
        tenant_id: Some(T1.into()),
        ..Flags::default()
    };
    let s = Settings::resolve(&flags, &Environment::default(), &home.paths).unwrap();
    assert_eq!(s.cloud.scope(&s.graph), "https://microsoftgraph.chinacloudapi.cn/.default");
    assert_eq!(s.graph.as_str(), "http://127.0.0.1:1");
    assert_eq!(s.login, Cloud::China.login());
    assert!(s.store.unwrap().ends_with(format!("tenants/{T1}.db")));
}

#[test]
fn a_naming_comes_with_the_instance_that_it_needs() {
    let home = home(&[]);
    let profile = |jupiterone: &str, naming: Option<Naming>| {
        let jupiterone = toml::from_str(jupiterone).unwrap();
        let profile = Profile { tenant_id: T1.into(), client_id: C1.into(), naming, jupiterone, ..Profile::default() };
        Profiles::new(&home.paths).save("default", &profile).unwrap();
    };
    let check = |flags: Flags, want: Result<Option<(&str, &str)>, &str>| {
        let settings = Settings::resolve(&flags, &Environment::default(), &home.paths).unwrap();
        let want = want.map(|instance| match instance {
            None => Naming::ActiveDirectory.into(),
            Some((id, name)) => {
                let instance = InstanceName { id: id.to_owned(), name: name.to_owned() };
                Names::of_instance(Naming::GraphMicrosoft365, instance)
            }
        });
        match (settings.names(), want) {
            (Ok(got), Ok(want)) => assert_eq!(got, want),
            (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
            (got, want) => panic!("{got:?} is not {want:?}"),
        }
    };
    let reference = Some(Naming::GraphMicrosoft365);
    let named = |naming| Flags { naming, ..Flags::default() };
    profile("account = \"a\"\ninstance = \"one\"\ninstance_name = \"One\"", reference);
    check(Flags::default(), Ok(Some(("one", "One"))));
    check(named(Some(Naming::ActiveDirectory)), Ok(None));
    // Another instance is called otherwise.
    let other = |name: Option<&str>| Flags {
        jupiterone_instance: Some("two".into()),
        jupiterone_instance_name: name.map(Into::into),
        ..Flags::default()
    };
    check(other(None), Err("name of the integration instance"));
    check(other(Some("Two")), Ok(Some(("two", "Two"))));
    check(Flags { jupiterone_scope: Some("s".into()), ..Flags::default() }, Err("a scope has none"));
    profile("account = \"a\"", None);
    check(Flags::default(), Ok(None));
    check(named(reference), Err("--jupiterone-instance"));
}
