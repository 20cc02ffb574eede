//! `tenantry script`, as a person calls it.

use std::{fs, path::Path, process::Command};

use tenantry::domain::{
    cloud::Cloud,
    registration::{AppName, PublicKey, Registration, Shell, consent_script, register_script},
};

use super::stand_in::{Bench, CLIENT, TENANT, client, registration};

/// Status, standard output, standard error.
fn tenantry(home: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
        command.env_remove(name);
    }
    let output = command.arg("script").args(args).env("HOME", home).current_dir(home).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_program_prints_the_scripts() {
    let home = tempfile::tempdir().unwrap();
    let bare = Registration { public_key: None, ..registration("O'Neill's $(app)") };
    let args = ["register", "--name", "O'Neill's $(app)", "--tenant-id", TENANT];
    assert_eq!(tenantry(home.path(), &args), (Some(0), register_script(Shell::AzureCli, &bare), String::new()));
    let args =
        ["consent", "--shell", "powershell", "--cloud", "dod", "--client-id", CLIENT, "--also", "Member.Read.Hidden"];
    let dod = Registration {
        cloud: Cloud::Dod,
        name: AppName::default(),
        permissions: vec!["Directory.Read.All", "Member.Read.Hidden"],
        public_key: None,
        tenant: None,
    };
    let want = consent_script(Shell::PowerShell, &dod, &client());
    assert_eq!(tenantry(home.path(), &args), (Some(0), want, String::new()));
    let (status, message, _) = tenantry(home.path(), &["message", "--client-id", CLIENT, "--least-privilege"]);
    assert_eq!(status, Some(0));
    assert!(message.contains("User.Read.All") && !message.contains("Directory.Read.All"), "{message}");
    assert!(message.contains(&format!(
        "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/CallAnAPI/appId/{CLIENT}"
    )));
    let (status, out, words) = tenantry(home.path(), &["consent"]);
    assert_eq!((status, out.as_str()), (Some(2), ""), "{words}");
    let (status, out, words) = tenantry(home.path(), &["register", "--name", "a\nb"]);
    assert_eq!((status, out.as_str()), (Some(2), ""), "{words}");
    let (status, _, words) = tenantry(home.path(), &["register", "--graph-url", "https://graph.example.com"]);
    assert_eq!(status, Some(2), "{words}");
}

#[test]
fn a_script_in_a_file_installs_the_certificate_that_was_given() {
    let bench = Bench::new();
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.not_after = rcgen::date_time_ymd(2100, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    fs::write(bench.path().join("public.cer"), certificate.der()).unwrap();
    fs::write(bench.path().join("both.pem"), format!("{}{}", key.serialize_pem(), certificate.pem())).unwrap();
    let home = bench.path();
    let (status, out, words) = tenantry(home, &["register", "--public-key", "both.pem", "--out", "a b.sh"]);
    assert_eq!((status, out.as_str()), (Some(2), ""));
    assert!(words.contains("both.pem: the file holds a private key"), "{words}");
    assert!(!home.join("a b.sh").exists());
    let (status, out, words) = tenantry(home, &["register", "--public-key", "public.cer", "--out", "a b.sh"]);
    assert_eq!((status, out.as_str()), (Some(0), ""), "{words}");
    assert!(words.contains("run it with `sh 'a b.sh'`"), "{words}");
    let ran = bench.run("sh", &fs::read_to_string(home.join("a b.sh")).unwrap());
    assert_eq!(ran.status, Some(0), "{}", ran.words);
    let installed = bench.posted()[0].1["keyCredentials"][0]["key"].clone();
    let PublicKey { certificate_base64, .. } =
        tenantry::credentials::read_public_key(certificate.der(), "2026-05-20T12:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(installed, certificate_base64);
    let (status, _, words) = tenantry(home, &["register", "--out", "a b.sh"]);
    assert_eq!(status, Some(1), "a file that is there is left alone: {words}");
}
