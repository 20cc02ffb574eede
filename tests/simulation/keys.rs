//! A certificate in a secret's place, from the wizard's side of the engine: made, uploaded, checked, saved, used again.

use std::{path::Path, sync::Arc};

use tenantry::{
    app::views::{Form, FormCredential, Kept, KeyWork, SavedAs},
    credentials::{Entry, MemoryVault, Vault, certificate},
    domain::{
        check::CheckStatus,
        clock::Clock,
        cloud::Cloud,
        completeness::RunStatus,
        credential::CertificateView,
        progress::Silent,
        reading::How,
        secret::{Secret, SecretBytes},
    },
    driver::{
        Engine,
        office::{Office, RealEngine},
    },
    jobs::Hold,
    profile::{Environment, Flags, Profiles, Settings},
};
use tokio_util::sync::CancellationToken;

use crate::stage::Stage;

/// An engine on this stage's tenant: that of the demo, or a real one, which happens to be the demo's.
fn engine(stage: &Stage, vault: &Arc<dyn Vault>, is_demo: bool) -> RealEngine {
    let flags = Flags {
        login_url: Some(stage.demo.login_url.clone()),
        graph_url: Some(stage.demo.graph_url.clone()),
        ..Flags::default()
    };
    let settings = match is_demo {
        true => Settings::of_flags(&flags, &Environment::default(), &stage.paths()).unwrap(),
        false => Settings::resolve(&flags, &Environment::default(), &stage.paths()).unwrap(),
    };
    let clock = Arc::clone(&stage.clock) as Arc<dyn Clock>;
    let demo = is_demo.then(|| Arc::clone(&stage.demo));
    RealEngine::new(Office::new(flags, Environment::default(), settings, Arc::clone(vault), clock, demo))
}

fn form(stage: &Stage, credential: FormCredential) -> Form {
    Form {
        profile: SavedAs::Unnamed,
        cloud: Cloud::Global,
        endpoints: None,
        tenant: stage.demo.tenant_id.to_string(),
        client: stage.demo.client_id.clone(),
        credential,
        secret_expires: None,
        jupiterone: None,
    }
}

/// The codes of what failed.
async fn failures(engine: &RealEngine, form: Form) -> Vec<String> {
    let checks = engine.doctor(form, Arc::new(Silent), CancellationToken::new()).await.unwrap();
    let failed = checks.into_iter().filter(|check| check.status == CheckStatus::Failed);
    failed.filter_map(|check| check.problem?.code).collect()
}

async fn collected(engine: &RealEngine) -> RunStatus {
    let run = engine.collect(How::default(), Hold::default(), Arc::new(Silent), CancellationToken::new());
    run.await.unwrap().status
}

fn stored(stage: &Stage, vault: &Arc<dyn Vault>) -> Option<SecretBytes> {
    vault.key(&Entry::client_key(&stage.demo.login_url, stage.demo.tenant_id.as_str(), &stage.demo.client_id)).unwrap()
}

/// No file but the ones given holds a piece of this key.
fn is_in_no_file(folder: &Path, key: &SecretBytes, but: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            is_in_no_file(&path, key, but);
        } else if path != but {
            let bytes = std::fs::read(&path).unwrap();
            // From the middle of its private numbers.
            let piece = &key.expose()[600..632];
            assert!(!bytes.windows(piece.len()).any(|window| window == piece), "{}", path.display());
        }
    }
}

fn made(view: &CertificateView) -> &Path {
    Path::new(view.cer_path.as_deref().expect("a made certificate is written to a file"))
}

#[tokio::test(start_paused = true)]
async fn in_the_demo_a_made_key_works_end_to_end() {
    let stage = Stage::new("default", 20, 5).await;
    let vault: Arc<dyn Vault> = Arc::new(MemoryVault::default());
    let engine = engine(&stage, &vault, true);
    let view = engine.key(KeyWork::Make { name: "tenantry".to_owned() }).await.unwrap();
    let cer = std::fs::read_to_string(made(&view)).unwrap();
    assert!(cer.starts_with("-----BEGIN CERTIFICATE-----") && !cer.contains("PRIVATE"));
    assert_eq!(failures(&engine, form(&stage, FormCredential::Key)).await, Vec::<String>::new());
    engine.save_profile(form(&stage, FormCredential::Key)).await.unwrap();
    assert_eq!(collected(&engine).await, RunStatus::Complete);
    // Later forms leave it as it is.
    assert_eq!(failures(&engine, form(&stage, FormCredential::Stored)).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_key_goes_to_the_keyring_and_its_certificate_into_the_profile() {
    let stage = Stage::new("default", 20, 5).await;
    let vault: Arc<dyn Vault> = Arc::new(MemoryVault::default());
    let first = engine(&stage, &vault, false);
    // Nothing was made or read yet.
    assert_eq!(failures(&first, form(&stage, FormCredential::Key)).await.len(), 1);

    let view = first.key(KeyWork::Make { name: "Contoso to JupiterOne".to_owned() }).await.unwrap();
    assert_eq!(view.subject, "CN=Contoso to JupiterOne");
    assert_eq!(failures(&first, form(&stage, FormCredential::Key)).await, ["AADSTS700027"], "nobody has uploaded it");
    let der = pem::parse(std::fs::read(made(&view)).unwrap()).unwrap().into_contents();
    stage.demo.register_certificate(&stage.demo.client_id, &der).unwrap();
    assert_eq!(failures(&first, form(&stage, FormCredential::Key)).await, Vec::<String>::new());
    assert_eq!(stored(&stage, &vault), None, "kept only once it is saved");
    let saved = first.save_profile(form(&stage, FormCredential::Key)).await.unwrap();
    assert!(matches!(saved.kept, Kept::Keyring(_)));
    let key = stored(&stage, &vault).unwrap();
    let profile = Profiles::new(&stage.paths()).load(&saved.profile.name).unwrap();
    let reference = profile.certificate.unwrap();
    assert_eq!((reference.thumbprint, reference.expires), (view.thumbprint, view.not_after));

    // A name that is taken is refused before a secret goes anywhere; one that is free is what it is called.
    let other: Arc<dyn Vault> = Arc::new(MemoryVault::default());
    let again = engine(&stage, &other, false);
    again.key(KeyWork::Make { name: "Contoso once more".to_owned() }).await.unwrap();
    let named = |name: &str| Form { profile: SavedAs::New(name.to_owned()), ..form(&stage, FormCredential::Key) };
    let refused = again.save_profile(named(&saved.profile.name)).await.unwrap_err();
    assert!(refused.summary.contains("already"), "{refused:?}");
    assert_eq!(stored(&stage, &other), None);
    assert_eq!(again.save_profile(named("contoso")).await.unwrap().profile.name, "contoso");
    Profiles::new(&stage.paths()).remove("contoso").unwrap();

    // Another process finds it by the profile alone.
    let second = engine(&stage, &vault, false);
    assert_eq!(collected(&second).await, RunStatus::Complete);

    // One of a file takes its place; read with its password, in quotes as a terminal gives them.
    let other = certificate::make("from a file", stage.clock.now()).unwrap();
    let file = stage.home.path().join("my app.pem");
    let text = format!("{}{}", pem::encode(&pem::Pem::new("PRIVATE KEY", other.key.key.expose())), other.cer());
    std::fs::write(&file, text).unwrap();
    let path = format!("'{}'", file.display());
    let read = second.key(KeyWork::Read { path, password: Some(Secret::new("not needed")) }).await.unwrap();
    assert_eq!((read.thumbprint, read.cer_path), (other.key.thumbprint, None));
    stage.demo.register_certificate(&stage.demo.client_id, &other.certificate_der).unwrap();
    second.save_profile(form(&stage, FormCredential::Key)).await.unwrap();
    assert_eq!(stored(&stage, &vault).unwrap(), other.key.key);
    assert_eq!(collected(&second).await, RunStatus::Complete);
    for key in [&key, &other.key.key] {
        is_in_no_file(stage.home.path(), key, &file);
    }

    // A year later it says so itself, and asks nobody.
    stage.clock.sleep_for(std::time::Duration::from_secs(366 * 86_400));
    stage.demo.forget_requests();
    let third = engine(&stage, &vault, false);
    let run = third.collect(How::default(), Hold::default(), Arc::new(Silent), CancellationToken::new()).await;
    assert_eq!(run.unwrap_err().code.as_deref(), Some("certificate_expired"));
    assert_eq!(stage.demo.requests(), []);
}
