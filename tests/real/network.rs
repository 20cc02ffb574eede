//! TLS and proxies for real: the program against a demo server behind TLS of a private authority, and behind proxies.
//!
//! Loopback never goes through a proxy, so the services have names that only the proxy knows.

mod front;
mod proxy;

use std::{process::Command, sync::LazyLock};

use serde_json::Value;

use self::{
    front::{Front, PROTOCOLS},
    proxy::{Proxy, Rule},
};
use crate::{
    authority::{Authority, ISSUER, SOUND, Years},
    left_out,
    profiles::{self, keyring},
    program::{Done, Home, Served, in_session},
};

/// Where servers of a test live.
fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());
    &RUNTIME
}

const SMALL: [&str; 4] = ["--users", "12", "--groups", "4"];

/// Names as long as `127.0.0.1:40000` with its scheme is, for links.
const LOGIN: &str = "login-svc.test";
const GRAPH: &str = "graph-svc.test";
const JUPITERONE: &str = "jone-servi.test";

/// A demo server behind TLS, known to proxies only.
struct Stage {
    home: Home,
    served: Served,
    authority: Authority,
    fronts: Vec<(&'static str, Front)>,
}

impl Stage {
    fn new() -> Self {
        let home = Home::new();
        let served = Served::start(&home, &SMALL);
        let authority = Authority::new();
        let names = [(LOGIN, "login_url"), (GRAPH, "graph_url"), (JUPITERONE, "jupiterone_url")];
        let fronts = names.map(|(name, origin)| {
            let public = format!("https://{name}");
            let upstream = served.text(origin);
            assert!(name != GRAPH || upstream.len() == public.len(), "{upstream} and {public} are not as long");
            (name, Front::start(authority.acceptor(&[name], SOUND, PROTOCOLS), upstream, &public))
        });
        Self { home, served, authority, fronts: fronts.into() }
    }

    fn proxy(&self, rule: Rule) -> Proxy {
        let names: Vec<_> = self.fronts.iter().map(|(name, front)| (*name, front.port)).collect();
        Proxy::start(rule, &names)
    }

    /// The program with the services' names, and without any network settings yet.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.tenantry();
        command.args(args);
        for (variable, name) in [
            ("AZURE_TENANT_ID", "tenant_id"),
            ("AZURE_CLIENT_ID", "client_id"),
            ("AZURE_CLIENT_SECRET", "client_secret"),
            ("JUPITERONE_ACCOUNT", "jupiterone_account"),
            ("JUPITERONE_API_KEY", "jupiterone_api_key"),
        ] {
            command.env(variable, self.served.text(name));
        }
        command.arg(format!("--jupiterone-instance={}", self.served.text("jupiterone_instance")));
        for (flag, name) in [("login", LOGIN), ("graph", GRAPH), ("jupiterone", JUPITERONE)] {
            command.arg(format!("--{flag}-url=https://{name}"));
        }
        command
    }

    /// As [`Self::command`], trusting the authority.
    fn trusting(&self, args: &[&str]) -> Command {
        let mut command = self.command(args);
        command.arg("--ca-file").arg(self.authority.file());
        command
    }
}

fn run(command: &mut Command) -> Done {
    Done::of(&command.output().unwrap())
}

/// The doctor's line for `reach`.
fn reach(done: &Done) -> &Value {
    let line = done.json.iter().find(|line| line["check"] == "reach" || line["id"] == "reach");
    line.unwrap_or_else(|| panic!("no check of the way: {}\n{}", done.stdout, done.stderr))
}

/// The doctor fails so, and a collection with the same words.
#[track_caller]
fn fails(command: impl Fn(&[&str]) -> Command, code: &str, words: &[&str]) {
    let doctor = run(&mut command(&["doctor", "--json"])).expect(1);
    let check = reach(&doctor);
    assert_eq!((&check["status"], &check["code"]), (&"failed".into(), &code.into()), "{check}");
    let collect = run(&mut command(&["collect"])).expect(1);
    for said in [check.to_string(), collect.stderr.clone()] {
        for word in words {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
    assert!(collect.stderr.contains(&format!("({code})")), "{}", collect.stderr);
}

const JOURNEY: [&[&str]; 3] = [&["doctor"], &["collect"], &["upload", "--yes", "--first-upload"]];

#[test]
fn everything_goes_through_the_proxy_by_its_name() {
    let stage = Stage::new();
    let proxy = stage.proxy(Rule::Open);
    let all = [GRAPH, JUPITERONE, LOGIN].map(|name| format!("{name}:443"));
    for (args, want) in JOURNEY.into_iter().zip([&all[..], &[all[0].clone(), all[2].clone()], &all[1..2]]) {
        run(stage.trusting(args).arg("--proxy").arg(proxy.url())).expect(0);
        assert_eq!(proxy.asked(), want, "{args:?}");
    }
    // What the services offer is taken: many requests at a time on one connection.
    assert!(stage.fronts.iter().all(|(_, front)| front.has_spoken_h2()));
    // Another run reads what changed: the links that Graph gave lead through the proxy as well.
    run(stage.trusting(&["collect"]).env("HTTPS_PROXY", proxy.url())).expect(0);
    assert_eq!(proxy.asked(), [&all[0][..], &all[2]]);
}

/// A password like a person's, with what URLs do not take as it is.
const PASSWORD: &str = "me:Corp@Pass#Word-for/the%Proxy";
const IN_URL: &str = "me:Corp%40Pass%23Word-for%2Fthe%25Proxy";

#[test]
fn a_proxys_password_comes_from_the_environment_and_goes_nowhere_else() {
    let stage = Stage::new();
    let proxy = stage.proxy(Rule::Basic(PASSWORD));
    let with = |userinfo: &str, args: &[&str]| {
        let mut command = stage.trusting(args);
        command.env("HTTPS_PROXY", format!("http://{userinfo}127.0.0.1:{}", proxy.port)).env("TENANTRY_LOG", "trace");
        command
    };
    let mut said = String::new();
    let mut hear = |done: Done| {
        said.push_str(&done.stdout);
        said.push_str(&done.stderr);
    };
    let right = format!("{IN_URL}@");
    for args in JOURNEY.into_iter().chain([&["info"][..], &["info", "--endpoints"], &["info", "--endpoints", "--json"]])
    {
        hear(run(&mut with(&right, args)).expect(0));
    }
    assert!(proxy.asked().len() == 3);
    let doctor = run(&mut with(&right, &["doctor", "--json"])).expect(0);
    assert!(reach(&doctor)["found"].to_string().contains("with the user name and password in HTTPS_PROXY"));
    hear(doctor);
    let named = format!("the proxy 127.0.0.1:{}", proxy.port);
    fails(|args| with("", args), "proxy_basic", &[&named, "user name and password", "HTTPS_PROXY", "--secrets-stdin"]);
    fails(|args| with("me:Corp-Pass-Word-wrong@", args), "proxy_password", &[&named, "did not accept", "%40"]);
    hear(run(&mut with("me:Corp-Pass-Word-wrong@", &["doctor"])).expect(1));
    // Not written as a URL wants it: neither used nor repeated.
    let raw = run(&mut with("me:Corp Pass#Word@", &["doctor", "--json"])).expect(1);
    assert_eq!(reach(&raw)["code"], "proxy_variable", "{}", raw.stdout);
    hear(raw);
    // A flag would show it to everybody on this computer.
    let flag = run(stage.command(&["doctor"]).arg(format!("--proxy=http://{right}127.0.0.1:{}", proxy.port))).expect(2);
    assert!(flag.stderr.contains("HTTPS_PROXY"), "{}", flag.stderr);
    hear(flag);
    for file in stage.home.files() {
        said.push_str(&String::from_utf8_lossy(&std::fs::read(file).unwrap()));
    }
    // "Corp" is in every one of them, and so is the beginning of its base64.
    for trace in ["Corp", "Pass#", "Pass%23", "bWU6Q29ycE"] {
        assert!(!said.contains(trace), "{trace} was found");
    }
}

/// The keyring's password is the named user's at the named proxy: nobody else gets it, and it goes with the profile.
#[test]
fn a_proxys_password_comes_from_the_keyring_or_left_out() {
    let name = "a_proxys_password_comes_from_the_keyring_or_left_out";
    if let Err(why) = keyring(name) {
        return left_out::left_out(name, &why);
    }
    let stage = Stage::new();
    let (proxy, other) = (stage.proxy(Rule::Basic(PASSWORD)), stage.proxy(Rule::Basic(PASSWORD)));
    let url = format!("http://me@127.0.0.1:{}", proxy.port);
    let tenantry = |args: &[&str]| in_session(with_env(stage.command(args), "TENANTRY_LOG", "trace"));
    let password = format!("proxy_password={}\n", PASSWORD.strip_prefix("me:").unwrap());
    let mut all = Vec::new();
    let mut add = in_session(stage.trusting(&["profile", "add", "--secrets-stdin", "--proxy", &url]));
    all.push(profiles::run(&mut add, &password).expect(0));
    for args in JOURNEY {
        all.push(run(&mut tenantry(args)).expect(0));
    }
    assert_eq!(proxy.asked().len(), 3);
    let doctor = run(&mut tenantry(&["doctor", "--json"])).expect(0);
    let found = reach(&doctor)["found"].as_str().unwrap().to_owned();
    let told = format!("through the proxy 127.0.0.1:{} with user me and the password in ", proxy.port);
    assert!(found.contains(&told) && found.contains(ISSUER), "{found}");
    all.push(doctor);
    for args in [&["info"][..], &["info", "--endpoints"], &["profile", "show"], &["profile", "list", "--json"]] {
        all.push(run(&mut tenantry(args)).expect(0));
    }

    // A wrong one is said to be wrong, and which it was.
    let edit = |args: &[&str], input: &str| {
        let mut command = in_session(stage.home.tenantry());
        profiles::run(command.args(["profile", "edit"]).args(args), input).expect(0)
    };
    all.push(edit(&["--secrets-stdin"], "proxy_password=Corp-wrong\n"));
    fails(tenantry, "proxy_password", &["did not accept user me and the password in", "--secrets-stdin"]);
    all.push(edit(&["--secrets-stdin"], &password));
    all.push(run(&mut tenantry(&["doctor"])).expect(0));

    // Somebody else's proxy in the profile's file gets nothing before it is confirmed, and no password after.
    let file = stage.home.files().into_iter().find(|f| f.ends_with("profiles/default.toml")).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(&proxy.port.to_string(), &other.port.to_string())).unwrap();
    all.push(run(&mut tenantry(&["collect"])).expect(4));
    assert_eq!(other.connects(), 0);
    all.push(run(&mut tenantry(&["profile", "trust", "--yes"])).expect(0));
    fails(tenantry, "proxy_no_password", &["none of user me is kept", "--secrets-stdin", "HTTPS_PROXY"]);
    assert!(other.connects() > 0 && !other.heard_a_password());
    // The same by a change that is typed: what the profile needs no more is forgotten.
    std::fs::write(&file, &text).unwrap();
    all.push(run(&mut tenantry(&["profile", "trust", "--yes"])).expect(0));
    all.push(run(&mut tenantry(&["doctor"])).expect(0));
    all.push(edit(&["--proxy", &other.url().replace("//", "//me@")], ""));
    assert!(all.last().unwrap().stderr.contains("given anew"), "{}", all.last().unwrap().stderr);
    let flag = |args: &[&str]| {
        let mut command = tenantry(args);
        command.args(["--proxy", &url]);
        command
    };
    fails(flag, "proxy_no_password", &["none of user me is kept"]);
    // A flag finds what a profile keeps; with the profile it goes.
    all.push(edit(&["--proxy", &url, "--secrets-stdin"], &password));
    all.push(run(&mut flag(&["doctor"])).expect(0));
    all.push(profiles::run(in_session(stage.home.tenantry()).args(["profile", "remove", "default"]), "").expect(0));
    let trusting = |args: &[&str]| {
        let mut command = flag(args);
        command.arg("--ca-file").arg(stage.authority.file());
        command
    };
    fails(trusting, "proxy_no_password", &["none of user me is kept"]);

    let mut said: String = all.iter().flat_map(|done| [done.stdout.as_str(), &done.stderr]).collect();
    for file in stage.home.files() {
        said.push_str(&String::from_utf8_lossy(&std::fs::read(file).unwrap()));
    }
    // "Corp" is in both of them, and so is the beginning of its base64.
    for trace in ["Corp", "Pass#", "Pass%23", "bWU6Q29ycE"] {
        assert!(!said.contains(trace), "{trace} was found");
    }
    left_out::ran(name);
}

/// A user without a password is told apart from nobody at all; without a keyring as with one.
#[test]
fn a_user_without_a_password_is_named() {
    let stage = Stage::new();
    let proxy = stage.proxy(Rule::Basic(PASSWORD));
    let command = |args: &[&str]| {
        let mut command = with_env(stage.trusting(args), "TENANTRY_KERNEL_KEYRING", "off");
        command.arg(format!("--proxy=http://CORP%5Cme@127.0.0.1:{}", proxy.port));
        command
    };
    fails(command, "proxy_no_password", &["wants a password", "CORP", "HTTPS_PROXY"]);
    // A proxy that wants none gets none.
    let open = stage.proxy(Rule::Open);
    let mut command = stage.trusting(&["doctor"]);
    command.env("TENANTRY_KERNEL_KEYRING", "off");
    run(command.arg(format!("--proxy=http://me@127.0.0.1:{}", open.port))).expect(0);
    assert!(open.connects() > 0 && !open.heard_a_password() && !proxy.heard_a_password());
}

#[test]
fn what_a_proxy_refuses_is_told_with_the_next_step() {
    let stage = Stage::new();
    let check = |says: &'static str, code: &str, words: &[&str]| {
        let proxy = stage.proxy(Rule::Says(says));
        let named = format!("the proxy 127.0.0.1:{}", proxy.port);
        let words: Vec<&str> = words.iter().copied().chain([named.as_str()]).collect();
        let command = |args: &[&str]| with_env(stage.trusting(args), "HTTPS_PROXY", &proxy.url());
        fails(command, code, &words);
        // What a person must mend is not tried again: a request, and the question what the proxy means.
        proxy.connects();
        run(&mut command(&["collect"])).expect(1);
        assert_eq!(proxy.connects(), 2, "{code}");
    };
    let windows = "HTTP/1.1 407 x\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n";
    check(windows, "proxy_negotiate", &["px", "cntlm", "exception"]);
    check("HTTP/1.1 407 x\r\nProxy-Authenticate: Digest realm=\"x\"\r\n\r\n", "proxy_digest", &["Basic only"]);
    check("HTTP/1.1 403 Forbidden\r\nServer: squid\r\n\r\n", "proxy_forbidden", &[LOGIN, "info --endpoints"]);
    check("220 smtp.corp ESMTP\r\n", "proxy_garbage", &["no HTTP proxy"]);
    // Asked again, as a gateway's trouble may pass.
    let gone = Proxy::start(Rule::Open, &[]);
    let done = run(&mut with_env(stage.trusting(&["doctor", "--json"]), "HTTPS_PROXY", &gone.url())).expect(1);
    assert_eq!(reach(&done)["code"], "proxy_gateway");
}

fn with_env(mut command: Command, name: &str, value: &str) -> Command {
    command.env(name, value);
    command
}

/// The list for a firewall, the doctor and the requests agree, whatever the environment says.
#[test]
fn one_choice_of_proxy_for_all() {
    let stage = Stage::new();
    let (proxy, other) = (stage.proxy(Rule::Open), stage.proxy(Rule::Open));
    let (url, other_url) = (proxy.url(), other.url());
    let check = |variables: &[(&str, &str)], names: &[&str]| {
        let apply = |mut command: Command| {
            command.envs(variables.iter().copied());
            command
        };
        let mut listed: Vec<String> = run(&mut apply(stage.trusting(&["info", "--endpoints", "--json"])))
            .expect(0)
            .json
            .iter()
            .filter(|line| line["proxy"] == url["http://".len()..])
            .map(|line| format!("{}:{}", line["host"].as_str().unwrap(), line["port"]))
            .collect();
        listed.sort();
        let mut want: Vec<String> = names.iter().map(|name| format!("{name}:443")).collect();
        want.sort();
        assert_eq!(listed, want, "{variables:?}");
        run(&mut apply(stage.trusting(&["doctor"])));
        assert_eq!(proxy.asked(), want, "{variables:?}");
    };
    let all = [LOGIN, GRAPH, JUPITERONE];
    check(&[("HTTPS_PROXY", &url)], &all);
    check(&[("https_proxy", &url)], &all);
    check(&[("ALL_PROXY", &url)], &all);
    check(&[("all_proxy", &url), ("HTTP_PROXY", &other_url)], &all);
    check(&[("HTTPS_PROXY", &url), ("ALL_PROXY", &other_url)], &all);
    check(&[("HTTPS_PROXY", &url), ("NO_PROXY", GRAPH)], &[LOGIN, JUPITERONE]);
    check(&[("HTTPS_PROXY", &url), ("no_proxy", ".test")], &[]);
    check(&[("HTTPS_PROXY", &other_url), ("https_proxy", &url)], &[]);
    check(&[("HTTP_PROXY", &url)], &[]);
}

#[test]
fn a_private_authority_is_trusted_only_where_it_is_given() {
    let stage = Stage::new();
    let proxy = stage.proxy(Rule::Open);
    let through = |args: &[&str]| with_env(stage.command(args), "HTTPS_PROXY", &proxy.url());
    let file = stage.authority.file();
    let issued = format!("issued by {ISSUER}");
    fails(through, "tls_unknown_issuer", &[LOGIN, &issued, "not trusted", "--ca-file", "SSL_CERT_FILE"]);
    run(through(&["doctor"]).arg("--ca-file").arg(&file)).expect(0);
    run(through(&["doctor"]).env("SSL_CERT_FILE", &file)).expect(0);
    run(through(&["doctor"]).env("SSL_CERT_DIR", stage.authority.dir())).expect(0);
    // An authority of the same name is another one.
    let namesake = Authority::new();
    let other = |args: &[&str]| with_env(through(args), "SSL_CERT_FILE", namesake.file().to_str().unwrap());
    fails(other, "tls_unknown_issuer", &[&issued]);
    // A file that cannot be used is said to be one, not passed over.
    let missing = stage.home.path("missing.pem");
    let missing = missing.to_str().unwrap();
    fails(|args| with_env(through(args), "SSL_CERT_FILE", missing), "ca_environment", &[missing, "SSL_CERT_FILE"]);
    let empty = stage.home.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let nobody = |args: &[&str]| with_env(through(args), "SSL_CERT_DIR", empty.to_str().unwrap());
    fails(nobody, "no_authorities", &["ca-certificates", "SSL_CERT_DIR"]);
    let named = |args: &[&str]| {
        let mut command = through(args);
        command.args(["--ca-file", missing]);
        command
    };
    fails(named, "ca_file", &[missing, "PEM"]);
}

/// Without a proxy, on this very machine.
#[test]
fn certificates_that_do_not_fit() {
    let stage = Stage::new();
    let check = |name: &str, years: Years, code: &str, words: &[&str]| {
        let front =
            Front::start(stage.authority.acceptor(&[name], years, PROTOCOLS), stage.served.text("login_url"), "");
        let url = format!("https://localhost:{}", front.port);
        let command = |args: &[&str]| {
            let mut command = stage.home.tenantry();
            command.args(args).args(["--login-url", &url, "--graph-url", stage.served.text("graph_url")]);
            command.args([
                "--tenant-id",
                stage.served.text("tenant_id"),
                "--client-id",
                stage.served.text("client_id"),
            ]);
            command.env("AZURE_CLIENT_SECRET", stage.served.text("client_secret"));
            command.arg("--ca-file").arg(stage.authority.file());
            // Nobody listens there, and nobody is to ask.
            command.env("HTTPS_PROXY", "http://127.0.0.1:9");
            command
        };
        if code.is_empty() {
            run(&mut command(&["doctor"])).expect(0);
        } else {
            fails(command, code, words);
        }
    };
    check("localhost", SOUND, "", &[]);
    check("localhost", (2020, 2021), "tls_expired", &["expired on 2021-01-01", ISSUER, "date"]);
    check("localhost", (2089, 2090), "tls_not_yet_valid", &["not valid before 2089-01-01", "date"]);
    check("portal.test", SOUND, "tls_wrong_name", &["is for portal.test, not for localhost", "URL"]);
}

/// A port that speaks plain HTTP where TLS is due: a captive portal, a gateway.
#[test]
fn an_answer_that_is_no_tls() {
    let stage = Stage::new();
    let plain = stage.served.text("login_url").rsplit_once(':').unwrap().1.parse().unwrap();
    let names = [(LOGIN, plain), (GRAPH, plain), (JUPITERONE, plain)];
    let proxy = Proxy::start(Rule::Open, &names);
    let through = |args: &[&str]| with_env(stage.trusting(args), "HTTPS_PROXY", &proxy.url());
    fails(through, "tls_not_tls", &[LOGIN, "does not speak TLS", "captive portal"]);
}

/// The settings of the desktop, as GNOME's own tool tells them.
#[test]
#[cfg(target_os = "linux")]
fn a_proxy_script_is_named_and_not_followed() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new();
    let bin = stage.home.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let tool = bin.join("gsettings");
    let says = "#!/bin/sh\ncat <<'end'\norg.gnome.system.proxy autoconfig-url 'http://wpad.corp/proxy.pac'\n\
                org.gnome.system.proxy mode 'auto'\nend\n";
    std::fs::write(&tool, says).unwrap();
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let check = |variable: &str, value: &str, script: &str| {
        let done = run(&mut with_env(stage.trusting(&["doctor", "--json"]), variable, value)).expect(1);
        let found = reach(&done);
        assert_eq!(found["code"], "proxy_script", "{found}");
        let said = found.to_string();
        for word in [script, "does not follow", "--proxy", "PROXY host:port"] {
            assert!(said.contains(word), "{word}: {said}");
        }
    };
    check("PATH", &path, "http://wpad.corp/proxy.pac");
    check("auto_proxy", "http://wpad.corp/other.pac", "http://wpad.corp/other.pac");
}

#[test]
fn the_list_for_a_firewall() {
    let home = Home::new();
    let list = |args: &[&str]| {
        let done = run(home.tenantry().args(["info", "--endpoints", "--json"]).args(args)).expect(0);
        let line = |l: &Value| format!("{} {} {} {}", l["from"], l["host"], l["port"], l["proxy"]).replace('"', "");
        done.json.iter().map(line).collect::<Vec<_>>()
    };
    let global = list(&[]);
    for line in [
        "program login.microsoftonline.com 443 null",
        "program graph.microsoft.com 443 null",
        "program api.us.jupiterone.io 443 null",
        "browser entra.microsoft.com 443 null",
    ] {
        assert!(global.iter().any(|l| l == line), "{line}: {global:?}");
    }
    let dod = list(&["--cloud", "dod", "--proxy", "http://proxy.corp:3128"]);
    for line in [
        "program login.microsoftonline.us 443 proxy.corp:3128",
        "program dod-graph.microsoft.us 443 proxy.corp:3128",
        "browser entra.microsoft.us 443 null",
    ] {
        assert!(dod.iter().any(|l| l == line), "{line}: {dod:?}");
    }
    let words = run(home.tenantry().args(["info", "--endpoints"])).expect(0).stdout;
    assert!(words.contains("login.microsoftonline.com:443") && words.contains("directly"), "{words}");
    // Both or neither.
    run(home.tenantry().args(["info", "--json"])).expect(2);
    let unusable = run(home.tenantry().args(["info", "--endpoints"]).env("HTTPS_PROXY", "http://a b")).expect(2);
    assert!(unusable.stderr.contains("HTTPS_PROXY") && unusable.stderr.contains("%40"), "{}", unusable.stderr);
}
