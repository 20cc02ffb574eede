//! `tenantry profile`: profiles without a terminal UI. Secrets come from standard input and go to the keyring.

use std::{io::Read, sync::Arc};

use serde_json::json;

use super::{
    info,
    output::{Exit, Output},
    session::{flags, paths, usage},
};
use crate::{
    cli::{self, Common},
    credentials::{
        OsVault, shapes,
        vault::{DEADLINE, Entry, name_within},
        with_deadline,
    },
    domain::{problem::Problem, secret::Secret, target::Destination},
    jobs::JobError,
    profile::{Environment, Flags, JupiterOneProfile, Profile, Profiles, Settings, SettingsError},
};

pub async fn run(common: &Common, command: cli::Profile) -> Exit {
    let result = match command {
        cli::Profile::Add { secrets_stdin } => add(common, secrets_stdin).await,
        cli::Profile::List(args) => list(&Output::new(args.json)),
        cli::Profile::Show { name } => show(common, name),
        cli::Profile::Remove { name } => remove(&name).await,
    };
    match result {
        Ok(()) => Exit::Done,
        Err(error) => Output::new(false).fail(&error),
    }
}

/// Without `--profile`, a new profile has this name.
const DEFAULT: &str = "default";

async fn add(common: &Common, secrets_stdin: bool) -> Result<(), JobError> {
    let paths = paths()?;
    let settings = Settings::of_flags(&flags(common), &Environment::of_process(), &paths)?;
    let (tenant, client) = (settings.tenant()?, settings.client()?);
    let (instance, scope) = match settings.destination.clone() {
        Some(Destination::Instance(id)) => (Some(id), None),
        Some(Destination::Scope(name)) => (None, Some(name)),
        None => (None, None),
    };
    let profile = Profile {
        tenant_id: tenant.as_str().to_owned(),
        client_id: client.as_str().to_owned(),
        cloud: settings.cloud,
        login_url: common.login_url.clone(),
        graph_url: common.graph_url.clone(),
        proxy: common.proxy.clone(),
        ca_file: common.ca_file.clone(),
        jupiterone: JupiterOneProfile {
            url: common.jupiterone_url.clone(),
            account: settings.jupiterone_account.clone(),
            instance,
            scope,
        },
    };
    let name = common.profile.as_deref().unwrap_or(DEFAULT);
    let profiles = Profiles::new(&paths);
    // Before any secret is kept: one without its profile would be found by nobody.
    profiles.is_free(name).map_err(SettingsError::from)?;
    if secrets_stdin {
        let secrets = read_secrets()?;
        let account = settings.jupiterone_account.as_deref();
        if secrets.jupiterone_key.is_some() && account.is_none() {
            return Err(usage("JupiterOne account for the key", "give --jupiterone-account, or leave the key out"));
        }
        // Secrets first: a profile that was saved is one that works.
        if let Some(secret) = secrets.client_secret {
            keep(Entry::client_secret(&settings.login, tenant.as_str(), client), secret).await?;
        }
        if let (Some(key), Some(account)) = (secrets.jupiterone_key, account) {
            keep(Entry::jupiterone_key(&settings.jupiterone, account), key).await?;
        }
    }
    profiles.add(name, &profile).map_err(SettingsError::from)?;
    let kept = if secrets_stdin {
        format!("; secrets in {}", name_within(Arc::new(OsVault), info::PATIENCE).await)
    } else {
        String::new()
    };
    Output::new(false).say(format!("saved profile {name} in {}{kept}", profiles.path(name).display()));
    Ok(())
}

async fn keep(entry: Entry, secret: Secret) -> Result<(), JobError> {
    with_deadline(Arc::new(OsVault), DEADLINE, move |vault| vault.set(&entry, &secret))
        .await
        .map_err(|e| JobError::Failed(Box::new(e.problem())))
}

/// Reads `client_secret=…` and `jupiterone_api_key=…` lines. No text of a line is ever repeated.
fn read_secrets() -> Result<crate::jobs::Secrets, JobError> {
    let bad = |problem: Problem| JobError::Failed(Box::new(problem));
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(1 << 20)
        .read_to_string(&mut text)
        .map_err(|_| bad(Problem::new("standard input could not be read as text")))?;
    parse_secrets(&text).map_err(bad)
}

fn parse_secrets(text: &str) -> Result<crate::jobs::Secrets, Problem> {
    let mut secrets = crate::jobs::Secrets::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let unknown = || {
            Problem::new(format!("line {} of standard input is not understood", number + 1))
                .code("secrets_stdin")
                .hint("Write client_secret=… and jupiterone_api_key=…, one a line.")
        };
        let (name, value) = line.split_once('=').ok_or_else(unknown)?;
        match name.trim() {
            "client_secret" => secrets.client_secret = Some(shapes::check_secret(value)?),
            "jupiterone_api_key" => secrets.jupiterone_key = Some(Secret::pasted(value).ok_or_else(unknown)?),
            _ => return Err(unknown()),
        }
    }
    if secrets.client_secret.is_none() && secrets.jupiterone_key.is_none() {
        return Err(Problem::new("standard input held no secret")
            .code("secrets_stdin")
            .hint("Write client_secret=… and jupiterone_api_key=…, one a line."));
    }
    Ok(secrets)
}

fn list(output: &Output) -> Result<(), JobError> {
    let names = Profiles::new(&paths()?).list().map_err(SettingsError::from)?;
    if output.is_json() {
        for name in names {
            output.emit(&json!({ "event": "profile", "name": name }));
        }
    } else if names.is_empty() {
        output.say("no profiles yet; next: tenantry, or tenantry profile add");
    } else {
        info::print(format!("{}\n", names.join("\n")).as_bytes());
    }
    Ok(())
}

fn show(common: &Common, name: Option<String>) -> Result<(), JobError> {
    let profiles = Profiles::new(&paths()?);
    let name = name.or_else(|| common.profile.clone()).unwrap_or_else(|| DEFAULT.to_owned());
    let profile = profiles.load(&name).map_err(SettingsError::from)?;
    let text = toml::to_string(&profile).map_err(|e| JobError::Failed(Box::new(Problem::new(e.to_string()))))?;
    info::print(format!("# {}\n{text}", profiles.path(&name).display()).as_bytes());
    Ok(())
}

async fn remove(name: &str) -> Result<(), JobError> {
    let paths = paths()?;
    let profiles = Profiles::new(&paths);
    let named = Flags { profile: Some(name.to_owned()), ..Flags::default() };
    let settings = Settings::resolve(&named, &Environment::default(), &paths)?;
    let output = Output::new(false);
    // Two profiles may share a registration or an account: what another still needs is kept.
    let mut needed = Vec::new();
    let mut secrets = "and its secrets";
    for other in profiles.list().map_err(SettingsError::from)?.into_iter().filter(|other| other != name) {
        let flags = Flags { profile: Some(other), ..Flags::default() };
        match Settings::resolve(&flags, &Environment::default(), &paths) {
            Ok(other) => needed.extend(entries(&other)),
            Err(error) => {
                // Nobody knows what that one needs.
                output.say(format!("warning: {error}"));
                needed.extend(entries(&settings));
                secrets = "but not its secrets, which another profile may need";
            }
        }
    }
    for entry in entries(&settings).into_iter().filter(|entry| !needed.contains(entry)) {
        // Without a keyring nothing of the profile is in it.
        if let Err(error) = with_deadline(Arc::new(OsVault), DEADLINE, move |vault| vault.delete(&entry)).await {
            output.say(format!("warning: {}", error.problem().line()));
            secrets = "but maybe not its secrets";
        }
    }
    profiles.remove(name).map_err(SettingsError::from)?;
    output.say(format!("removed profile {name}, {secrets}; the store is kept"));
    Ok(())
}

/// The keyring entries of a profile.
fn entries(settings: &Settings) -> Vec<Entry> {
    let registration = settings.tenant.as_ref().zip(settings.client.as_ref());
    let secret = registration.map(|(tenant, client)| Entry::client_secret(&settings.login, tenant.as_str(), client));
    let key = settings.jupiterone_account.as_deref().map(|a| Entry::jupiterone_key(&settings.jupiterone, a));
    secret.into_iter().chain(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_and_never_repeated() {
        let secrets = parse_secrets("client_secret= abc~def.ghi \r\n\njupiterone_api_key=k=e=y\n").unwrap();
        assert_eq!(secrets.client_secret, Some(Secret::new("abc~def.ghi")));
        assert_eq!(secrets.jupiterone_key, Some(Secret::new("k=e=y")));
        for text in
            ["", "hunter2", "password=hunter2", "client_secret=", "client_secret=11111111-1111-4111-8111-11hunter2111"]
        {
            if let Err(problem) = parse_secrets(text) {
                assert!(!format!("{problem:?}").contains("hunter2"), "{text}");
            } else {
                assert!(text.ends_with("11hunter2111"), "{text}");
            }
        }
        assert!(parse_secrets("client_secret=84841066-274d-4ec0-a5c1-276be684bdd3").is_err());
    }
}
