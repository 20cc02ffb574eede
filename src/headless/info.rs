//! `tenantry info`, `completions` and `man`: what is in use, never a secret.

use std::io::Write;

use clap::CommandFactory;

use super::{
    output::{Exit, Output},
    session::Session,
};
use crate::{
    cli::{Cli, Common},
    profile::Profiles,
};

pub fn run(common: &Common) -> Exit {
    let session = match Session::open(common) {
        Ok(session) => session,
        Err(error) => return Output::new(false).fail(&error),
    };
    let s = &session.settings;
    let none = || "none".to_owned();
    let lines = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("profile", s.profile.clone().unwrap_or_else(none)),
        ("tenant", s.tenant.as_ref().map_or_else(none, |t| t.as_str().to_owned())),
        ("client ID", s.client.as_ref().map_or_else(none, ToString::to_string)),
        ("cloud", s.cloud.to_string()),
        ("login", s.login.to_string()),
        ("Microsoft Graph", s.graph.to_string()),
        ("scope", s.cloud.scope()),
        ("JupiterOne", s.jupiterone.to_string()),
        ("target", s.target().map_or_else(none, |t| t.to_string())),
        ("proxy", s.net.proxy.clone().unwrap_or_else(|| "the system's".to_owned())),
        ("extra authorities", s.net.ca_file.as_ref().map_or_else(none, |p| p.display().to_string())),
        ("secrets", session.vault.name()),
        ("profiles", Profiles::new(&s.paths).dir().display().to_string()),
        ("store", s.store.as_ref().map_or_else(none, |p| p.display().to_string())),
        ("targets", s.paths.registry().display().to_string()),
        ("log", s.paths.log().display().to_string()),
    ];
    let text: String = lines.iter().map(|(name, value)| format!("{name:<18} {value}\n")).collect();
    print(text.as_bytes())
}

pub fn completions(shell: clap_complete::Shell) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tenantry", &mut text);
    print(&text)
}

pub fn man() -> Exit {
    let mut text = Vec::new();
    match clap_mangen::Man::new(Cli::command()).render(&mut text) {
        Ok(()) => print(&text),
        Err(_) => Exit::Failed,
    }
}

/// To standard output; a reader that went away is no failure of ours.
pub fn print(text: &[u8]) -> Exit {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text).and_then(|()| stdout.flush());
    Exit::Done
}
