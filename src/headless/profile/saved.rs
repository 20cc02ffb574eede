//! `tenantry profile add` and `edit`: a profile from flags. Secrets come from standard input and go to the keyring.

use std::{io::Read, sync::Arc};

use crate::{
    cli::{Common, Member, ProfileEdit, ProfileSays},
    credentials::{
        OsVault, Vault, shapes,
        vault::{DEADLINE, Entry, name_within},
        with_deadline,
    },
    domain::{credential::Credential, problem::Problem, secret::Secret, target::Destination},
    headless::{
        info,
        output::Output,
        session::{flags, paths, usage},
    },
    jobs::{JobError, Secrets},
    profile::{Environment, JupiterOneProfile, Profile, Profiles, Settings, What, manage, paths::Paths},
};

pub async fn add(common: &Common, says: &ProfileSays, secrets_stdin: bool) -> Result<(), JobError> {
    let paths = paths()?;
    let settings = Settings::of_flags(&flags(common), &Environment::of_process(), &paths)?;
    let (tenant, client) = (settings.tenant()?, settings.client()?);
    let (instance, scope) = match settings.destination.clone() {
        Some(Destination::Instance(id)) => (Some(id), None),
        Some(Destination::Scope(name)) => (None, Some(name)),
        None => (None, None),
    };
    let mut profile = Profile {
        tenant_id: tenant.as_str().to_owned(),
        client_id: client.as_str().to_owned(),
        jupiterone: JupiterOneProfile {
            account: settings.jupiterone_account.clone(),
            instance,
            scope,
            ..JupiterOneProfile::default()
        },
        ..Profile::default()
    };
    let _ = told(&mut profile, common, says)?;
    let name = common.profile.as_deref().unwrap_or(super::DEFAULT);
    let profiles = Profiles::new(&paths);
    // Before any secret is kept: one without its profile would be found by nobody.
    profiles.is_free(name)?;
    profiles.fits(name, &profile)?;
    let kept = keep_typed(secrets_stdin, name, &profile, &paths).await?;
    profiles.add(name, &profile)?;
    let output = Output::new(false);
    output.say(format!("saved profile {name} in {}{kept}", profiles.path(name).display()));
    if Settings::selected(&paths).is_err() {
        output
            .say(format!("several profiles exist now; next: tenantry profile use {name}, or name one with --profile"));
    }
    Ok(())
}

pub async fn edit(common: &Common, args: ProfileEdit) -> Result<(), JobError> {
    let paths = paths()?;
    let profiles = Profiles::new(&paths);
    let name = super::chosen(common, args.name, &paths)?;
    let before = profiles.load(&name)?;
    let mut profile = before.clone();
    for member in &args.unset {
        unset(&mut profile, *member);
    }
    let typed = told(&mut profile, common, &args.says)?;
    if profile == before && !args.secrets_stdin && typed.is_empty() {
        return Err(usage("change", "give what is to change as options, or --unset MEMBER"));
    }
    profiles.fits(&name, &profile)?;
    let settings = Settings::of_profile(&name, &profile, &paths)?;
    // Of a profile that can be read only now, nothing was in the keyring under what it said before.
    let bound = Settings::of_profile(&name, &before, &paths).map(|before| manage::entries(&before)).unwrap_or_default();
    let kept = keep_typed(args.secrets_stdin, &name, &profile, &paths).await?;
    profiles.put(&name, &profile, &typed)?;
    let output = Output::new(false);
    output.say(format!("saved profile {name} in {}{kept}", profiles.path(&name).display()));

    // Entries are bound to app and account: those of another are nobody's now, and secrets that nobody finds are a leak.
    let now = manage::entries(&settings);
    let gone: Vec<Entry> = bound.into_iter().filter(|entry| !now.contains(entry)).collect();
    if !gone.is_empty() {
        let needed = manage::needed_by_others(&paths, &name)?;
        let gone = gone.into_iter().filter(|entry| !needed.may_need(entry)).collect();
        let vault: Arc<dyn Vault> = Arc::new(OsVault);
        for problem in manage::forget(&vault, gone).await {
            output.say(format!("warning: {}", problem.line()));
        }
        output.say("it is about another app or account now, whose secrets have to be given anew: --secrets-stdin");
    }
    let untrusted = profiles.untrusted(&name, &profile)?;
    if !untrusted.is_empty() {
        output.say(format!("not confirmed yet: next: tenantry profile trust {name}"));
    }
    Ok(())
}

/// Puts what was typed into the profile; the members among it that count as confirmed by that are the answer.
fn told(profile: &mut Profile, common: &Common, says: &ProfileSays) -> Result<Vec<What>, JobError> {
    fn set<T: Clone>(member: &mut Option<T>, typed: &Option<T>) -> bool {
        if typed.is_some() {
            member.clone_from(typed);
        }
        typed.is_some()
    }
    if let Some(tenant) = &common.tenant_id {
        profile.tenant_id = tenant.trim().to_ascii_lowercase();
    }
    if let Some(client) = &common.client_id {
        profile.client_id = client.trim().to_ascii_lowercase();
    }
    profile.cloud = common.cloud.unwrap_or(profile.cloud);
    // It must mean the same wherever the program is started later.
    let ca_file = common.ca_file.as_ref().map(std::path::absolute).transpose().map_err(|e| {
        JobError::Failed(Box::new(Problem::new(format!("the authority file's path cannot be made whole: {e}"))))
    })?;
    let typed = [
        (What::LoginUrl, set(&mut profile.login_url, &common.login_url)),
        (What::GraphUrl, set(&mut profile.graph_url, &common.graph_url)),
        (What::JupiterOneUrl, set(&mut profile.jupiterone.url, &common.jupiterone_url)),
        (What::AdminCenter, set(&mut profile.admin_center, &says.admin_center_url)),
        (What::Proxy, set(&mut profile.proxy, &common.proxy)),
        (What::CaFile, set(&mut profile.ca_file, &ca_file)),
        (What::CredentialCommand, set(&mut profile.credential_command, &says.credential_command)),
    ];
    set(&mut profile.jupiterone.account, &common.jupiterone_account);
    // One takes the other's place.
    if set(&mut profile.jupiterone.instance, &common.jupiterone_instance) {
        profile.jupiterone.scope = None;
    }
    if set(&mut profile.jupiterone.scope, &common.jupiterone_scope) {
        profile.jupiterone.instance = None;
    }
    set(&mut profile.secret_expires, &says.secret_expires);
    set(&mut profile.full_every, &says.full_every);
    set(&mut profile.keep, &says.keep);
    set(&mut profile.quota, &says.quota);
    profile.sign_in_activity |= says.sign_in_activity;
    Ok(typed.into_iter().filter_map(|(what, typed)| typed.then_some(what)).collect())
}

fn unset(profile: &mut Profile, member: Member) {
    match member {
        Member::LoginUrl => profile.login_url = None,
        Member::GraphUrl => profile.graph_url = None,
        Member::AdminCenter => profile.admin_center = None,
        Member::Proxy => profile.proxy = None,
        Member::CaFile => profile.ca_file = None,
        Member::SecretExpires => profile.secret_expires = None,
        Member::CredentialCommand => profile.credential_command = None,
        Member::Certificate => profile.certificate = None,
        Member::FullEvery => profile.full_every = None,
        Member::Keep => profile.keep = None,
        Member::Quota => profile.quota = None,
        Member::SignInActivity => profile.sign_in_activity = false,
        Member::JupiteroneUrl => profile.jupiterone.url = None,
        Member::Jupiterone => profile.jupiterone = JupiterOneProfile::default(),
    }
}

/// Reads secrets from standard input, if they are there to be read, and keeps them for what the profile says; where they
/// went, in words.
async fn keep_typed(secrets_stdin: bool, name: &str, profile: &Profile, paths: &Paths) -> Result<String, JobError> {
    if !secrets_stdin {
        return Ok(String::new());
    }
    let settings = Settings::of_profile(name, profile, paths)?;
    let (tenant, client) = (settings.tenant()?, settings.client()?);
    let secrets = read_secrets()?;
    let account = settings.jupiterone_account.as_deref();
    if secrets.jupiterone_key.is_some() && account.is_none() {
        return Err(usage("JupiterOne account for the key", "give --jupiterone-account, or leave the key out"));
    }
    if secrets.credential.is_some() && (settings.credential_command.is_some() || settings.certificate.is_some()) {
        return Err(usage(
            "use for a client secret in this profile",
            "its credential is a command's or a certificate's; --unset that first",
        ));
    }
    // Secrets first: a profile that was saved is one that works.
    if let Some(Credential::Secret(secret)) = secrets.credential {
        keep(Entry::client_secret(&settings.login, tenant.as_str(), client), secret).await?;
    }
    if let (Some(key), Some(account)) = (secrets.jupiterone_key, account) {
        keep(Entry::jupiterone_key(&settings.jupiterone, account), key).await?;
    }
    Ok(format!("; secrets in {}", name_within(Arc::new(OsVault), info::PATIENCE).await))
}

async fn keep(entry: Entry, secret: Secret) -> Result<(), JobError> {
    with_deadline(Arc::new(OsVault), DEADLINE, move |vault| vault.set(&entry, &secret))
        .await
        .map_err(|e| JobError::Failed(Box::new(e.problem())))
}

/// Reads `client_secret=…` and `jupiterone_api_key=…` lines. No text of a line is ever repeated.
fn read_secrets() -> Result<Secrets, JobError> {
    let bad = |problem: Problem| JobError::Failed(Box::new(problem));
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(1 << 20)
        .read_to_string(&mut text)
        .map_err(|_| bad(Problem::new("standard input could not be read as text")))?;
    parse_secrets(&text).map_err(bad)
}

fn parse_secrets(text: &str) -> Result<Secrets, Problem> {
    let mut secrets = Secrets::default();
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
