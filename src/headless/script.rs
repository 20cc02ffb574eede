//! `tenantry script`: the scripts that register the app and give it consent, and the message to who may consent, as files
//! or on standard output.
//!
//! Runs nothing and sends nothing; reads no secret and writes none.

use std::{fs, io::Write, path::Path};

use super::{
    info::print,
    output::{Exit, Output},
    session::{flags, paths},
};
use crate::{
    cli::{self, Common},
    credentials::read_public_key,
    domain::{
        clock::{Clock, SystemClock},
        permission::{self, Need},
        portal,
        problem::Problem,
        registration::{AppName, Registration, Shell, consent_message, consent_script, register_script},
    },
    jobs::JobError,
    profile::{Environment, Settings},
};

pub fn run(common: &Common, command: &cli::Script) -> Exit {
    make(common, command).unwrap_or_else(|error| Output::new(false).fail(&error))
}

fn make(common: &Common, command: &cli::Script) -> Result<Exit, JobError> {
    let (environment, paths) = (Environment::of_process(), paths()?);
    // The app may be the first one: only a profile that is named counts.
    let settings = match common.profile {
        Some(_) => Settings::resolve(&flags(common), &environment, &paths)?,
        None => Settings::of_flags(&flags(common), &environment, &paths)?,
    };
    if settings.graph != settings.cloud.graph() {
        return Err(unfit(
            Problem::new(format!("a script for Microsoft Graph at {} cannot be made", settings.graph))
                .hint("Scripts are for Microsoft's four clouds; register the app in the portal."),
        ));
    }
    let about = command.about();
    let registration = Registration {
        cloud: settings.cloud,
        name: AppName::parse(&about.name).map_err(unfit)?,
        permissions: permissions(about),
        public_key: None,
        tenant: settings.tenant.as_ref().map(|tenant| tenant.as_str().to_owned()),
    };
    let (text, out) = match command {
        cli::Script::Register { shell, public_key, out, .. } => {
            let public_key = public_key.as_deref().map(read).transpose()?;
            let shell = of(*shell);
            (
                register_script(shell, &Registration { public_key, ..registration }),
                out.as_deref().map(|o| (o, Some(shell))),
            )
        }
        cli::Script::Consent { shell, out, .. } => {
            let shell = of(*shell);
            (consent_script(shell, &registration, settings.client()?), out.as_deref().map(|o| (o, Some(shell))))
        }
        cli::Script::Message { out, .. } => {
            let client = settings.client()?;
            let center = settings.admin_center.clone().unwrap_or_else(|| settings.cloud.admin_center());
            let link = portal::page(&center, portal::Page::Permissions, Some(client.as_str()));
            (consent_message(&registration, client, &link), out.as_deref().map(|o| (o, None)))
        }
    };
    let Some((file, shell)) = out else { return Ok(print(text.as_bytes())) };
    write(file, &text)?;
    let run = shell
        .map_or_else(String::new, |shell| format!("; run it with `{}`", shell.run_line(&file.display().to_string())));
    Output::new(false).say(format!("written to {}{run}", file.display()));
    Ok(Exit::Done)
}

/// One permission for everything, or one for each kind of thing.
fn permissions(about: &cli::About) -> Vec<&'static str> {
    let named = |names: &[String]| {
        let among = |p: &&permission::Permission| p.need == Need::Extra && names.iter().any(|n| n == p.name);
        permission::LEAST.iter().filter(among).map(|p| p.name).collect::<Vec<_>>()
    };
    let mut all = if about.least_privilege {
        permission::LEAST.iter().filter(|p| p.need != Need::Extra).map(|p| p.name).collect()
    } else {
        vec![permission::DIRECTORY]
    };
    all.extend(named(&about.also));
    all
}

const fn of(shell: cli::ScriptShell) -> Shell {
    match shell {
        cli::ScriptShell::Az => Shell::AzureCli,
        cli::ScriptShell::Powershell => Shell::PowerShell,
    }
}

fn unfit(problem: Problem) -> JobError {
    JobError::Unfit(Box::new(problem))
}

fn read(file: &Path) -> Result<crate::domain::registration::PublicKey, JobError> {
    let bytes = fs::read(file).map_err(|error| {
        unfit(Problem::new(format!("{} cannot be read: {error}", file.display())).hint("Give the .cer file's path."))
    })?;
    read_public_key(&bytes, SystemClock.now()).map_err(|problem| {
        let summary = format!("{}: {}", file.display(), problem.summary);
        unfit(Problem { summary, ..problem })
    })
}

/// Writes a new file. One that is there is left alone: it may be somebody's own.
fn write(file: &Path, text: &str) -> Result<(), JobError> {
    let mut options = fs::OpenOptions::new();
    let written = options.write(true).create_new(true).open(file).and_then(|mut out| out.write_all(text.as_bytes()));
    written.map_err(|error| {
        JobError::Failed(Box::new(
            Problem::new(format!("{} cannot be written: {error}", file.display()))
                .hint("Give another file, or none for standard output."),
        ))
    })
}
