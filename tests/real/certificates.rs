//! Certificates with the real `openssl` and the real program: every form that only `openssl` makes, the lines that convert
//! what is refused, and the way from a key to a collection.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tenantry::{
    credentials::certificate,
    domain::{problem::Problem, secret::Secret},
};

use crate::{
    left_out,
    profiles::{keyring, run},
    program::{Done, Home, Served},
    traces::Traces,
};

const PASSWORD: &str = "test-password";

/// A folder in which `openssl` works.
struct Bench(tempfile::TempDir);

impl Bench {
    /// `None` where there is no `openssl` of the third generation, or later: with it come the old forms' names.
    fn new(test: &str) -> Option<Self> {
        let version = Command::new("openssl").arg("version").output();
        let version = version.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
        let major = version.strip_prefix("OpenSSL ").and_then(|v| v.split('.').next()?.parse::<u32>().ok());
        if major.is_none_or(|major| major < 3) {
            left_out::left_out(test, &format!("no openssl 3 here: `{}`", version.trim()));
            return None;
        }
        Some(Self(tempfile::tempdir().unwrap()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a line as a person would; passwords that it asks for are given as options.
    #[track_caller]
    fn sh(&self, line: &str) {
        let line = line
            .replace("openssl pkcs8 ", &format!("openssl pkcs8 -passin pass:{PASSWORD} -passout pass:{PASSWORD} "))
            .replace(
                "openssl pkcs12 -legacy",
                &format!("openssl pkcs12 -legacy -passin pass:{PASSWORD} -passout pass:{PASSWORD}"),
            )
            .replace(
                "openssl req -x509 -newkey rsa:2048 -sha256",
                &format!("openssl req -x509 -newkey rsa:2048 -sha256 -passout pass:{PASSWORD}"),
            );
        let output =
            Command::new("sh").args(["-ec", &line]).current_dir(self.0.path()).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    }

    fn read(&self, name: &str, password: Option<&str>) -> Result<certificate::ClientCertificate, Problem> {
        certificate::read_file(&self.path(name), password.map(Secret::new).as_ref(), jiff::Timestamp::now())
    }

    /// A key and its certificate, `key.pem` (PKCS#8) and `cert.pem`.
    fn pair(&self) {
        self.sh(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=test-app 2>&1",
        );
    }
}

/// What stands between the back ticks of a hint: the line that mends it.
fn line_of(problem: &Problem) -> String {
    problem.hint.as_deref().unwrap_or_default().split('`').nth(1).expect("a line between back ticks").to_owned()
}

#[test]
fn every_form_of_openssl_is_read_or_converted_or_left_out() {
    let name = "every_form_of_openssl_is_read_or_converted_or_left_out";
    let Some(bench) = Bench::new(name) else { return };
    bench.pair();
    bench.sh("cat key.pem cert.pem > both.pem");
    let ours = bench.read("both.pem", None).unwrap();
    assert_eq!(ours.subject, "CN=test-app");

    let pass = format!("pass:{PASSWORD}");
    let good = |make: &str, file: &str, password: Option<&str>| {
        bench.sh(make);
        let read = bench.read(file, password).unwrap_or_else(|problem| panic!("{make}: {problem:?}"));
        assert_eq!(read, ours, "{make}");
    };
    good("cat cert.pem key.pem > a.pem", "a.pem", None);
    good("openssl rsa -in key.pem -traditional -out k1.pem 2>&1; cat cert.pem k1.pem > a.pem", "a.pem", None);
    for cipher in [
        "-v2 aes-256-cbc",
        "-v2 aes-128-cbc",
        "-v2 aes-256-cbc -v2prf hmacWithSHA512",
        "-v2 aes-256-cbc -v2prf hmacWithSHA1",
        "-v2 des3",
        "-scrypt",
    ] {
        let make = format!("openssl pkcs8 -topk8 {cipher} -in key.pem -out k2.pem; cat k2.pem cert.pem > a.pem");
        good(&make, "a.pem", Some(PASSWORD));
    }
    good(
        &format!("openssl pkcs12 -export -inkey key.pem -in cert.pem -passout {pass} -out a.pfx"),
        "a.pfx",
        Some(PASSWORD),
    );
    good("openssl pkcs12 -export -inkey key.pem -in cert.pem -passout pass: -out a.pfx", "a.pfx", None);
    good(
        &format!(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=other 2>&1; \
             openssl pkcs12 -export -inkey key.pem -in cert.pem -certfile ca.pem -name app -passout {pass} -out a.pfx"
        ),
        "a.pfx",
        Some(PASSWORD),
    );
    good(&format!("openssl pkcs12 -in a.pfx -passin {pass} -nodes -out a.pem"), "a.pem", None);

    // What is refused says which line converts it; and that line is run.
    let old = |make: &str, file: &str, password: Option<&str>| {
        bench.sh(make);
        let problem = bench.read(file, password).unwrap_err();
        assert_eq!(problem.code.as_deref(), Some("key_encryption_old"), "{make}: {problem:?}");
        bench.sh(&line_of(&problem));
        let read = bench.read("new.pem", Some(PASSWORD)).unwrap_or_else(|p| panic!("{make}: {p:?}"));
        assert_eq!(read, ours, "{make}");
        std::fs::remove_file(bench.path("new.pem")).unwrap();
    };
    old(
        &format!(
            "openssl rsa -in key.pem -traditional -aes256 -passout {pass} -out k.pem 2>&1; cat k.pem cert.pem > b.pem"
        ),
        "b.pem",
        Some(PASSWORD),
    );
    for (cipher, provider) in [
        ("PBE-SHA1-3DES", ""),
        ("PBE-MD5-DES", "-provider legacy -provider default"),
        ("PBE-SHA1-RC2-40", "-provider legacy -provider default"),
    ] {
        let make =
            format!("openssl pkcs8 {provider} -topk8 -v1 {cipher} -in key.pem -out k.pem; cat k.pem cert.pem > b.pem");
        old(&make, "b.pem", Some(PASSWORD));
    }
    for cipher in ["-v2 camellia-256-cbc", "-provider legacy -provider default -v2 des-cbc"] {
        let make = format!("openssl pkcs8 -topk8 {cipher} -in key.pem -out k.pem; cat k.pem cert.pem > b.pem");
        old(&make, "b.pem", Some(PASSWORD));
    }
    old(
        &format!("openssl pkcs12 -export -legacy -inkey key.pem -in cert.pem -passout {pass} -out b.pfx"),
        "b.pfx",
        None,
    );
    let triple = "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1";
    old(
        &format!("openssl pkcs12 -export {triple} -inkey key.pem -in cert.pem -passout {pass} -out b.pfx"),
        "b.pfx",
        Some(PASSWORD),
    );

    // Keys that no conversion helps: the line makes another pair.
    let other_key = |make: &str, code: &str, words: &str| {
        bench.sh(make);
        let problem = bench.read("c.pem", None).unwrap_err();
        assert_eq!(problem.code.as_deref(), Some(code), "{make}: {problem:?}");
        assert!(problem.summary.contains(words), "{problem}");
        bench.sh(&line_of(&problem));
        bench.read("new.pem", Some(PASSWORD)).unwrap_or_else(|p| panic!("{make}: {p:?}"));
        std::fs::remove_file(bench.path("new.pem")).unwrap();
    };
    let of = |kind: &str| {
        format!("openssl req -x509 -newkey {kind} -nodes -keyout k.pem -out c.pem -subj /CN=x 2>&1; cat k.pem >> c.pem")
    };
    other_key(&of("ec -pkeyopt ec_paramgen_curve:P-256"), "key_not_rsa", "an EC key");
    other_key(&of("ed25519"), "key_not_rsa", "an Ed25519 key");
    other_key(&of("rsa-pss -pkeyopt rsa_keygen_bits:2048"), "key_not_rsa", "RSA-PSS");
    other_key(&of("rsa:1024"), "key_size", "1024 bits");
    other_key(
        "openssl ecparam -name prime256v1 -genkey -out k.pem; openssl req -x509 -new -key k.pem -subj /CN=x -out c.pem; cat k.pem >> c.pem",
        "key_not_rsa",
        "an EC key",
    );

    // Two files for one, and their lines.
    let apart = |file: &str, code: &str| {
        let problem = bench.read(file, Some(PASSWORD)).unwrap_err();
        assert_eq!(problem.code.as_deref(), Some(code), "{file}: {problem:?}");
        bench.sh(&line_of(&problem));
        let whole = if line_of(&problem).ends_with("new.pem") { "new.pem" } else { file };
        assert_eq!(bench.read(whole, Some(PASSWORD)).unwrap(), ours, "{file}");
        let _ = std::fs::remove_file(bench.path("new.pem"));
    };
    bench.sh("cp cert.pem certificate.cer; openssl x509 -in cert.pem -outform DER -out d.cer; cp key.pem e.pem");
    bench.sh("openssl pkey -in key.pem -outform DER -out f.der; openssl rsa -in key.pem -traditional -outform DER -out g.der 2>&1");
    apart("cert.pem", "no_private_key");
    apart("d.cer", "no_private_key");
    apart("e.pem", "no_certificate");
    apart("f.der", "no_certificate");
    apart("g.der", "no_certificate");

    // Out of time: `openssl` makes a new certificate of the same key.
    bench.sh("cat key.pem cert.pem > h.pem");
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 31);
    let problem = certificate::read_file(&bench.path("h.pem"), None, later).unwrap_err();
    assert_eq!(problem.code.as_deref(), Some("certificate_expired"));
    bench.sh(&line_of(&problem));
    bench.sh("cat new.cer key.pem > h.pem");
    let renewed = certificate::read_file(&bench.path("h.pem"), None, later).unwrap();
    assert_eq!(renewed.key.key, ours.key.key);
    left_out::ran(name);
}

/// The program's signature, checked by somebody else; and what it calls the certificate.
#[test]
fn openssl_believes_what_is_made_here_or_left_out() {
    let name = "openssl_believes_what_is_made_here_or_left_out";
    let Some(bench) = Bench::new(name) else { return };
    let made = certificate::make("tenantry of Contoso", jiff::Timestamp::now()).unwrap();
    std::fs::write(bench.path("a.cer"), made.cer()).unwrap();
    bench.sh("openssl verify -CAfile a.cer a.cer; openssl x509 -in a.cer -noout -pubkey > pub.pem");
    bench.sh(
        "openssl x509 -in a.cer -noout -fingerprint -sha1 > print; openssl x509 -in a.cer -noout -checkend 31449600",
    );
    let print = std::fs::read_to_string(bench.path("print")).unwrap().replace(':', "");
    assert!(print.trim().ends_with(&format!("={}", made.view().thumbprint_sha1_hex)), "{print}");

    let assertion = assertion_of(made.key);
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    std::fs::write(bench.path("signed"), signed).unwrap();
    std::fs::write(bench.path("signature"), URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let verify = "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -verify pub.pem \
                  -signature signature signed";
    bench.sh(verify);
    std::fs::write(bench.path("signed"), format!("{signed}x")).unwrap();
    bench.sh(&format!("! {verify}"));
    left_out::ran(name);
}

/// The assertion that a client sends for this key.
fn assertion_of(key: tenantry::domain::credential::ClientKey) -> String {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        sync::Arc,
    };
    use tenantry::{
        domain::{clock::SystemClock, credential::Credential, ids::ClientId, origin::Origin, progress::Silent},
        graph::{GraphClient, GraphConfig, Hold},
        net::NetConfig,
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let read = stream.read(&mut buffer).unwrap();
            request.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&request).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length =
                head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if length == Some(body.len()) {
                stream
                    .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
                    .unwrap();
                let form = url::form_urlencoded::parse(body.as_bytes()).into_owned();
                return form.into_iter().find(|(name, _)| name == "client_assertion").unwrap().1;
            }
        }
    });
    let config = GraphConfig {
        login: origin.clone(),
        graph: origin,
        scope: "https://graph.microsoft.com/.default".to_owned(),
        tenant: "84841066-274d-4ec0-a5c1-276be684bdd3".to_owned(),
        client: ClientId::parse("535fb089-9ff3-47b6-9bfb-4f1264799865").unwrap(),
        net: NetConfig::default(),
        hold: Hold::default(),
        gentle: false,
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = GraphClient::new(config, Credential::Key(key), Arc::new(SystemClock), Arc::new(Silent)).unwrap();
    runtime.block_on(client.token()).unwrap_err();
    heard.join().unwrap()
}

/// Key and password, in every spelling, are in none of these words and in no file but the ones given.
#[track_caller]
fn holds_none_of(home: &Home, given: &[&Path], secrets: &[&str], all: &[Done]) {
    for secret in secrets {
        let traces = Traces::of(secret);
        for done in all {
            assert_eq!(traces.find(done.stdout.as_bytes()), None, "{}", done.stdout);
            assert_eq!(traces.find(done.stderr.as_bytes()), None, "{}", done.stderr);
        }
        for file in home.files().iter().filter(|file| !given.contains(&file.as_path())) {
            assert_eq!(traces.find(&std::fs::read(file).unwrap()), None, "{}", file.display());
        }
    }
}

const SMALL: [&str; 6] = ["--users", "20", "--groups", "6", "--seed", "5"];

/// Who asks, without what proves it.
fn ids(command: &mut Command, served: &Served) {
    command.env("AZURE_TENANT_ID", served.text("tenant_id")).env("AZURE_CLIENT_ID", served.text("client_id"));
    served.urls(command);
}

/// For machines without a keyring: a file named by the environment.
#[test]
fn the_environment_names_a_certificate_or_a_platforms_token() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let made = certificate::make("from the environment", jiff::Timestamp::now()).unwrap();
    let key = pem::encode(&pem::Pem::new("PRIVATE KEY", made.key.key.expose()));
    let (file, token) = (home.path("app.pem"), home.path("token"));
    std::fs::write(&file, format!("{key}{}", made.cer())).unwrap();
    let collect = |environment: &[(&str, &Path)], code: i32, words: &[&str]| {
        let mut command = home.tenantry();
        ids(&mut command, &served);
        let done =
            run(command.args(["collect", "--store"]).arg(home.path("s.db")).envs(environment.iter().copied()), "");
        let done = done.expect(code);
        for word in words {
            assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
        }
        done
    };
    const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
    const FEDERATED: &str = "AZURE_FEDERATED_TOKEN_FILE";
    let mut all = Vec::new();
    all.push(collect(&[(CERTIFICATE, &file)], 1, &["AADSTS700027", "next:"]));
    let answer = served.door_with(
        "login_url",
        "POST",
        &format!("/_demo/certificates/{}", served.text("client_id")),
        made.cer().as_bytes(),
    );
    assert_eq!(answer["thumbprint"], serde_json::json!(made.view().thumbprint_sha1_hex));
    all.push(collect(&[(CERTIFICATE, &file)], 0, &[]));
    all.push(collect(&[(CERTIFICATE, &home.path("none.pem"))], 1, &["none.pem", "next:"]));
    // The token's file is read for each request, and may change in between.
    all.push(collect(&[(FEDERATED, &token)], 1, &["token", "AZURE_FEDERATED_TOKEN_FILE"]));
    std::fs::write(&token, served.text("federated_token")).unwrap();
    all.push(collect(&[(FEDERATED, &token)], 0, &[]));
    // What belongs to others' ids is not used.
    let mut command = home.tenantry();
    ids(&mut command, &served);
    command.args(["collect", "--client-id", "11111111-2222-4333-8444-555555555555"]).env(CERTIFICATE, &file);
    all.push(run(&mut command, "").expect(1));
    assert!(!all.last().unwrap().stderr.contains("AADSTS"), "{}", all.last().unwrap().stderr);
    let line = key.lines().nth(3).unwrap();
    holds_none_of(&home, &[&file, &token], &[line, served.text("federated_token")], &all);
}

/// What the command line makes is nobody's as long as no keyring has its key.
#[test]
#[cfg(target_os = "linux")]
fn without_a_keyring_no_certificate_is_left_behind() {
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let out = home.path("app.cer");
    let mut command = home.tenantry();
    ids(&mut command, &served);
    command.env("TENANTRY_KERNEL_KEYRING", "off");
    let done = run(command.args(["profile", "add", "--make-certificate", "--out"]).arg(&out), "").expect(1);
    assert!(done.stderr.contains("keyring"), "{}", done.stderr);
    assert!(!out.exists() && !home.files().iter().any(|f| f.extension().is_some_and(|e| e == "toml")));
}

#[test]
fn a_made_certificate_reads_the_tenant_or_left_out() {
    let name = "a_made_certificate_reads_the_tenant_or_left_out";
    if let Err(why) = keyring(name) {
        return left_out::left_out(name, &why);
    }
    let home = Home::new();
    let served = Served::start(&home, &SMALL);
    let tenantry = || home.tenantry_in_session();
    let out = home.path("app.cer");
    let mut all = Vec::new();
    let mut command = tenantry();
    command.args(["profile", "add", "--profile", "work", "--make-certificate", "--out"]).arg(&out);
    command.args(["--tenant-id", served.text("tenant_id"), "--client-id", served.text("client_id")]);
    served.urls(&mut command);
    all.push(run(&mut command, "").expect(0));
    let said = &all[0].stderr;
    assert!(said.contains("thumbprint") && said.contains("app.cer") && said.contains("upload"), "{said}");
    let cer = std::fs::read_to_string(&out).unwrap();
    assert!(cer.contains("BEGIN CERTIFICATE") && !cer.contains("PRIVATE"), "{cer}");
    // Nobody has uploaded it yet.
    all.push(run(tenantry().args(["doctor"]), "").expect(1));
    assert!(all[1].stdout.contains("AADSTS700027") || all[1].stderr.contains("AADSTS700027"), "{}", all[1].stderr);
    let door = format!("/_demo/certificates/{}", served.text("client_id"));
    served.door_with("login_url", "POST", &door, cer.as_bytes());
    all.push(run(tenantry().args(["doctor", "--json"]), "").expect(0));
    all.push(run(tenantry().args(["collect"]), "").expect(0));
    all.push(run(tenantry().args(["profile", "show", "work"]), "").expect(0));
    let shown = &all.last().unwrap().stdout;
    assert!(shown.contains("[certificate]") && shown.contains("thumbprint") && shown.contains("expires"), "{shown}");

    // Another in its place, from a file with a password.
    let made = certificate::make("second", jiff::Timestamp::now()).unwrap();
    let key = pem::encode(&pem::Pem::new("PRIVATE KEY", made.key.key.expose()));
    let file = home.path("second.pem");
    std::fs::write(&file, format!("{}{key}", made.cer())).unwrap();
    all.push(run(tenantry().args(["profile", "edit", "work", "--certificate"]).arg(&file), "").expect(0));
    all.push(run(tenantry().args(["collect"]), "").expect(1));
    served.door_with("login_url", "POST", &door, made.cer().as_bytes());
    all.push(run(tenantry().args(["collect"]), "").expect(0));
    // The key goes with the profile.
    all.push(run(tenantry().args(["profile", "remove", "work"]), "").expect(0));
    let mut command = tenantry();
    command.args(["collect", "--tenant-id", served.text("tenant_id"), "--client-id", served.text("client_id")]);
    served.urls(&mut command);
    all.push(run(&mut command, "").expect(1));
    holds_none_of(&home, &[&file], &[key.lines().nth(3).unwrap()], &all);
    left_out::ran(name);
}
