//! `tenantry info`, `completions` and `man`: what is in use, never a secret.

use std::{io::Write, sync::Arc, time::Duration};

use clap::CommandFactory;
use serde_json::json;

use super::{
    expiry,
    output::{Exit, Output, day},
    session::Session,
};
use crate::{
    cli::{Cli, Common, Info},
    credentials::vault::name_within,
    domain::{
        text::{counted, visible},
        view::RunInfo,
    },
    jobs::{self, JobError, Who},
    profile::{Profiles, Settings},
};

/// How long words may wait for a keyring to tell its name.
pub const PATIENCE: Duration = Duration::from_secs(1);

pub async fn run(common: &Common, args: Info) -> Exit {
    let session = match Session::open(common) {
        Ok(session) => session,
        Err(error) => return Output::new(false).fail(&error),
    };
    if args.endpoints {
        return endpoints(&session.settings, args.json);
    }
    let s = &session.settings;
    let vault = name_within(Arc::clone(&session.vault), PATIENCE).await;
    let none = || "none".to_owned();
    let admin_center = s.admin_center.clone().unwrap_or_else(|| s.cloud.admin_center());
    let lines = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("profile", s.profile.clone().unwrap_or_else(none)),
        ("tenant", s.tenant.as_ref().map_or_else(none, |t| t.as_str().to_owned())),
        ("client ID", s.client.as_ref().map_or_else(none, ToString::to_string)),
        ("cloud", s.cloud.to_string()),
        ("login", s.login.to_string()),
        ("Microsoft Graph", s.graph.to_string()),
        ("scope", s.cloud.scope(&s.graph)),
        ("admin center", admin_center.to_string()),
        ("JupiterOne", s.jupiterone.to_string()),
        ("target", s.target().map_or_else(none, |t| t.to_string())),
        ("naming", s.naming().to_string()),
        ("proxy", s.net.proxy.clone().unwrap_or_else(|| "the system's".to_owned())),
        ("extra authorities", s.net.ca_file.as_ref().map_or_else(none, |p| p.display().to_string())),
        ("credential", credential(&session, &vault)),
        ("secrets", vault),
        ("profiles", Profiles::new(&s.paths).dir().display().to_string()),
        ("store", s.store.as_ref().map_or_else(none, |p| p.display().to_string())),
        ("targets", s.paths.registry().display().to_string()),
        ("confirmed values", s.paths.trusted().display().to_string()),
        ("screens", s.paths.screens().display().to_string()),
        ("log", s.paths.log().display().to_string()),
    ];
    let mut text: String = lines.iter().map(|(name, value)| format!("{name:<18} {}\n", visible(value))).collect();
    if s.store.as_ref().is_some_and(|path| path.exists()) {
        text.push_str(&runs(s));
    }
    let exit = print(text.as_bytes());
    let output = Output::new(false);
    expiry::warn(s, None, &output);
    if let Err(error) = s.require_trust() {
        // Told, not refused: this is where one looks.
        output.say_problem(&JobError::from(error).problem());
    }
    exit
}

/// What the app proves itself with, and who keeps that. Where both could, the profile's own comes first.
fn credential(session: &Session, vault: &str) -> String {
    let (s, environment) = (&session.settings, &session.environment);
    let until = s.credential_expires.map(|at| format!(", until {}", at.strftime("%Y-%m-%d"))).unwrap_or_default();
    if let Some(program) = s.credential_command.as_ref().and_then(|command| command.first()) {
        return format!("the client secret that {program} prints (credential_command){until}");
    }
    if let Some(certificate) = s.certificate {
        return format!("certificate {}{until}; its private key in {vault}", certificate.thumbprint);
    }
    let of_environment = [
        ("the client secret in AZURE_CLIENT_SECRET", environment.azure_client_secret.is_some()),
        ("the certificate at AZURE_CLIENT_CERTIFICATE_PATH", environment.azure_client_certificate_path.is_some()),
        ("the token in AZURE_FEDERATED_TOKEN_FILE", environment.azure_federated_token_file.is_some()),
    ];
    match (of_environment.iter().find(|(_, is_set)| *is_set), &s.profile) {
        (Some((what, _)), None) => (*what).to_owned(),
        (Some((what, _)), Some(_)) => format!("a client secret in {vault}{until}; without one, {what}"),
        (None, _) => format!("a client secret in {vault}{until}"),
    }
}

/// What a firewall must let through.
fn endpoints(settings: &Settings, as_json: bool) -> Exit {
    let all = jobs::endpoints(settings);
    // The way of what cannot be reached as it is configured is no way; the rest of the list holds all the same.
    let unusable = all.iter().find_map(|e| e.proxy.as_ref().err());
    let mut text = String::new();
    for endpoint in &all {
        let proxy = endpoint.proxy.as_ref().map(Option::as_deref);
        if as_json {
            let line = json!({
                "host": endpoint.host,
                "port": endpoint.port,
                "protocol": endpoint.protocol,
                "purpose": endpoint.purpose,
                "from": endpoint.who.as_str(),
                "proxy": proxy.unwrap_or_default(),
            });
            text.push_str(&format!("{line}\n"));
        } else {
            let way = match (endpoint.who, proxy) {
                (Who::Browser, _) => "from your browser".to_owned(),
                (Who::Program, Ok(Some(proxy))) => format!("through the proxy {proxy}"),
                (Who::Program, Ok(None)) => "directly".to_owned(),
                (Who::Program, Err(_)) => "no way: see below".to_owned(),
            };
            let place = format!("{}:{}", endpoint.host, endpoint.port);
            text.push_str(&format!(
                "{:<42} {:<5}  {:<46} {}\n",
                visible(&place),
                endpoint.protocol,
                endpoint.purpose,
                visible(&way)
            ));
        }
    }
    for besides in jobs::besides().iter().filter(|_| !as_json) {
        text.push_str(&format!("{besides}\n"));
    }
    let exit = print(text.as_bytes());
    match unusable {
        Some(problem) => {
            Output::new(false).say_problem(problem);
            Exit::Usage
        }
        None => exit,
    }
}

/// The runs of the store, the newest first: what `--run` takes.
fn runs(settings: &Settings) -> String {
    let runs = match jobs::runs(settings) {
        Ok(runs) => runs,
        Err(error) => return format!("{:<18} {}\n", "runs", visible(&error.problem().line())),
    };
    let line = |(n, run): (usize, &RunInfo)| {
        let name = if n == 0 { "runs" } else { "" };
        let gaps = jobs::open_gaps(&run.gaps).count() as u64;
        let gaps = if gaps > 0 { format!(", {}", counted(gaps, "gap")) } else { String::new() };
        let (at, kind, status) = (day(run.started_at), run.kind.as_str(), run.status.as_str());
        format!("{name:<18} {:>4}  {at}  {kind}, {status}{gaps}\n", run.id)
    };
    runs.iter().enumerate().map(line).collect()
}

pub fn completions(shell: clap_complete::Shell) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tenantry", &mut text);
    print(&text)
}

/// One page for the program, and one after it for each command: `tenantry man | man -l -` shows them all.
pub fn man() -> Exit {
    let mut command = Cli::command().disable_help_subcommand(true);
    // Tells commands below commands their whole names.
    command.build();
    let mut text = Vec::new();
    match pages(&command, &mut text) {
        Ok(()) => print(&text),
        Err(_) => Exit::Failed,
    }
}

fn pages(command: &clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).title(command.get_display_name().unwrap_or("tenantry")).render(text)?;
    command.get_subcommands().filter(|c| !c.is_hide_set()).try_for_each(|below| pages(below, text))
}

/// To standard output; a reader that went away is no failure of ours.
pub fn print(text: &[u8]) -> Exit {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text).and_then(|()| stdout.flush());
    Exit::Done
}
