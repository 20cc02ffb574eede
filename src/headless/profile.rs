//! `tenantry profile`: profiles without a terminal UI. Secrets come from standard input and go to the keyring.

use std::{collections::BTreeMap, io::Read, sync::Arc};

use serde_json::json;

use super::{
    info,
    output::{Exit, Output},
    session::{can_ask, confirmed, flags, paths, usage},
};
use crate::{
    cli::{self, Common},
    credentials::{
        OsVault, shapes,
        vault::{DEADLINE, Entry, name_within},
        with_deadline,
    },
    domain::{
        clock::{Clock, SystemClock},
        completeness::{AcceptedGap, Gap},
        credential::Credential,
        problem::Problem,
        secret::Secret,
        target::Destination,
        text::{counted, grouped, visible},
    },
    jobs::{self, JobError},
    profile::{Environment, Flags, JupiterOneProfile, Profile, Profiles, Settings, SettingsError, TenantRef},
};

pub async fn run(common: &Common, command: cli::Profile) -> Exit {
    let result = match command {
        cli::Profile::Add { secrets_stdin } => add(common, secrets_stdin).await,
        cli::Profile::List(args) => list(&Output::new(args.json)),
        cli::Profile::Show { name } => show(common, name),
        cli::Profile::AcceptGaps { name, list, none } => accept_gaps(common, name, list, none),
        cli::Profile::Remove { name, purge, yes } => remove(&name, purge, yes).await,
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
        ..Profile::default()
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
        if let Some(Credential::Secret(secret)) = secrets.credential {
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
            "client_secret" => secrets.credential = Some(Credential::Secret(shapes::check_secret(value)?)),
            "jupiterone_api_key" => secrets.jupiterone_key = Some(Secret::pasted(value).ok_or_else(unknown)?),
            _ => return Err(unknown()),
        }
    }
    if secrets.credential.is_none() && secrets.jupiterone_key.is_none() {
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
    // Where there is only one, it is the one meant, as everywhere.
    let only = || match profiles.list().unwrap_or_default().as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    };
    let name = name.or_else(|| common.profile.clone()).or_else(only).unwrap_or_else(|| DEFAULT.to_owned());
    let profile = profiles.load(&name).map_err(SettingsError::from)?;
    let text = toml::to_string(&profile).map_err(|e| JobError::Failed(Box::new(Problem::new(e.to_string()))))?;
    info::print(format!("# {}\n{text}", profiles.path(&name).display()).as_bytes());
    Ok(())
}

/// Saves what the newest finished run lacks as accepted, lists what is accepted, or accepts nothing any more.
fn accept_gaps(common: &Common, name: Option<String>, list: bool, none: bool) -> Result<(), JobError> {
    let paths = paths()?;
    let profiles = Profiles::new(&paths);
    let named =
        Flags { profile: name.or_else(|| common.profile.clone()), store: common.store.clone(), ..Flags::default() };
    let settings = Settings::resolve(&named, &Environment::default(), &paths)?;
    let Some(name) = settings.profile.clone() else {
        return Err(usage("profile to keep them in", "make one with `tenantry profile add`, or run `tenantry`"));
    };
    let output = Output::new(false);
    let mut profile = profiles.load(&name).map_err(SettingsError::from)?;
    if list {
        let names = names(&settings);
        let line = |gap: &AcceptedGap| {
            let known = names.get(&gap.id).map(|name| format!("  {}", visible(name))).unwrap_or_default();
            format!("{:<10} {}{known}\n", gap.state.as_str(), gap.id)
        };
        info::print(profile.accepted_gaps.iter().map(line).collect::<String>().as_bytes());
        output.say(format!("profile {name} accepts {}", counted(profile.accepted_gaps.len() as u64, "gap")));
        return Ok(());
    }
    if none {
        profile.accepted_gaps.clear();
        profiles.save(&name, &profile).map_err(SettingsError::from)?;
        output.say(format!("profile {name} accepts no gaps any more"));
        return Ok(());
    }
    let run = jobs::finished(&settings)?;
    let gaps: Vec<&Gap> = run.gaps.iter().filter(|gap| !gap.state.is_whole()).collect();
    profile.accepted_gaps = gaps.iter().map(|gap| AcceptedGap::from(*gap)).collect();
    profile.accepted_gaps.sort();
    profiles.save(&name, &profile).map_err(SettingsError::from)?;
    if gaps.is_empty() {
        output.say(format!("run {} lacks nothing: profile {name} accepts no gaps", run.id));
        return Ok(());
    }
    for gap in gaps.iter().take(20) {
        output.say(format!("accepted: {} is {}", visible(&gap.name), gap.state.as_str()));
    }
    if gaps.len() > 20 {
        output.say(format!("accepted: and {} more", grouped(gaps.len() as u64 - 20)));
    }
    output.say(format!(
        "profile {name} accepts {} of run {}; only others, or other states of these, make exit status 3",
        counted(gaps.len() as u64, "gap"),
        run.id
    ));
    Ok(())
}

/// What the newest finished run calls what it lacks, as far as there is one.
fn names(settings: &Settings) -> BTreeMap<String, String> {
    let gaps = jobs::finished(settings).map(|run| run.gaps).unwrap_or_default();
    gaps.into_iter().map(|gap| (gap.id, gap.name)).collect()
}

async fn remove(name: &str, purge: bool, yes: bool) -> Result<(), JobError> {
    let paths = paths()?;
    let profiles = Profiles::new(&paths);
    let named = Flags { profile: Some(name.to_owned()), ..Flags::default() };
    let settings = Settings::resolve(&named, &Environment::default(), &paths)?;
    let output = Output::new(false);
    // Two profiles may share a registration, an account or a tenant: what another still needs is kept.
    let mut needed = Vec::new();
    let mut secrets = "and its secrets";
    let mut same_tenant = None;
    for other in profiles.list().map_err(SettingsError::from)?.into_iter().filter(|other| other != name) {
        let flags = Flags { profile: Some(other.clone()), ..Flags::default() };
        match Settings::resolve(&flags, &Environment::default(), &paths) {
            Ok(of_other) => {
                // A domain may be any tenant's.
                if of_other.tenant == settings.tenant || matches!(of_other.tenant, Some(TenantRef::Domain(_))) {
                    same_tenant.get_or_insert(other);
                }
                needed.extend(entries(&of_other));
            }
            Err(error) => {
                // Nobody knows what that one needs.
                output.say(format!("warning: {error}"));
                needed.extend(entries(&settings));
                same_tenant.get_or_insert(other);
                secrets = "but not its secrets, which another profile may need";
            }
        }
    }
    let purged = match (purge, &same_tenant) {
        (true, None) => Some(purged(&settings, yes, &output).await?),
        _ => None,
    };
    for entry in entries(&settings).into_iter().filter(|entry| !needed.contains(entry)) {
        // Without a keyring nothing of the profile is in it.
        if let Err(error) = with_deadline(Arc::new(OsVault), DEADLINE, move |vault| vault.delete(&entry)).await {
            output.say(format!("warning: {}", error.problem().line()));
            secrets = "but maybe not its secrets";
        }
    }
    profiles.remove(name).map_err(SettingsError::from)?;
    let store = match (purged, purge, same_tenant) {
        (Some(true), ..) => "the store is deleted".to_owned(),
        (Some(false), ..) => "there was no store".to_owned(),
        (None, true, Some(other)) => format!("the store is kept: profile {other} may use the same tenant"),
        _ => "the store is kept".to_owned(),
    };
    output.say(format!("removed profile {name}, {secrets}; {store}"));
    Ok(())
}

/// Deletes the tenant's store, once that is confirmed. Comes before anything else goes, so that a refusal leaves all as
/// it was.
async fn purged(settings: &Settings, yes: bool, output: &Output) -> Result<bool, JobError> {
    let Some(tenant) = settings.tenant.as_ref().and_then(TenantRef::id) else {
        return Err(usage(
            "tenant ID for the store",
            "the profile names its tenant by a domain; delete the store by hand, `tenantry info` shows where stores are",
        ));
    };
    let store = settings.paths.store(tenant);
    let unconfirmed = |problem: Problem| JobError::Guard(Box::new(problem.code("not_confirmed")));
    if !yes && !can_ask() {
        return Err(unconfirmed(
            Problem::new("deleting a store without a terminal needs --yes")
                .hint("It holds all runs of the tenant, and what its targets are believed to hold."),
        ));
    }
    if !yes {
        output.say(format!(
            "{} holds all runs of the tenant, and what its targets are believed to hold: the next upload will be a first one",
            store.display()
        ));
        if !confirmed("purge", "delete it, anything else to leave everything as it is", output).await {
            return Err(unconfirmed(Problem::new("not confirmed: nothing was deleted")));
        }
    }
    jobs::remove_store(settings, tenant, SystemClock.now())
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
        assert_eq!(secrets.credential, Some(Credential::Secret(Secret::new("abc~def.ghi"))));
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
