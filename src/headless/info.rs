//! `tenantry info`, `completions` and `man`: what is in use, never a secret.

use std::{io::Write, sync::Arc, time::Duration};

use clap::CommandFactory;

use super::{
    output::{Exit, Output, day},
    session::Session,
};
use crate::{
    cli::{Cli, Common},
    credentials::vault::name_within,
    domain::{
        text::{counted, visible},
        view::RunInfo,
    },
    jobs,
    profile::{Profiles, Settings},
};

/// How long words may wait for a keyring to tell its name.
pub const PATIENCE: Duration = Duration::from_secs(1);

pub async fn run(common: &Common) -> Exit {
    let session = match Session::open(common) {
        Ok(session) => session,
        Err(error) => return Output::new(false).fail(&error),
    };
    let s = &session.settings;
    let vault = name_within(Arc::clone(&session.vault), PATIENCE).await;
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
        ("secrets", vault),
        ("profiles", Profiles::new(&s.paths).dir().display().to_string()),
        ("store", s.store.as_ref().map_or_else(none, |p| p.display().to_string())),
        ("targets", s.paths.registry().display().to_string()),
        ("log", s.paths.log().display().to_string()),
    ];
    let mut text: String = lines.iter().map(|(name, value)| format!("{name:<18} {}\n", visible(value))).collect();
    if s.store.as_ref().is_some_and(|path| path.exists()) {
        text.push_str(&runs(s));
    }
    print(text.as_bytes())
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
