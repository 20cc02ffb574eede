//! `tenantry profile add` and `edit`: a profile from flags. Secrets come from standard input and go to the keyring.

use std::sync::Arc;

use super::typed::Typed;
use crate::{
    cli::{CertificateArgs, Common, Member, ProfileEdit, ProfileSays},
    credentials::{OsVault, Vault},
    domain::{problem::Problem, target::Destination},
    headless::{
        certificate::{self, Given},
        output::Output,
        session::{flags, paths, usage},
    },
    jobs::JobError,
    profile::{Environment, JupiterOneProfile, Profile, Profiles, Settings, What, manage, paths::Paths},
};

pub async fn add(
    common: &Common,
    says: &ProfileSays,
    certificate: &CertificateArgs,
    secrets_stdin: bool,
) -> Result<(), JobError> {
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
    let (kept, given) = keep_given(&mut profile, name, certificate, secrets_stdin, &paths).await?;
    profiles.add(name, &profile)?;
    let output = Output::new(false);
    output.say(format!("saved profile {name} in {}{kept}", profiles.path(name).display()));
    if let Some(given) = given {
        given.kept(&output);
    }
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
    let is_given = args.certificate.certificate.is_some() || args.certificate.make_certificate;
    if profile == before && !args.secrets_stdin && !is_given && typed.is_empty() {
        return Err(usage("change", "give what is to change as options, or --unset MEMBER"));
    }
    profiles.fits(&name, &profile)?;
    // Of a profile that can be read only now, nothing was in the keyring under what it said before.
    let held = Settings::of_profile(&name, &before, &paths).ok();
    let (kept, given) = keep_given(&mut profile, &name, &args.certificate, args.secrets_stdin, &paths).await?;
    let settings = Settings::of_profile(&name, &profile, &paths)?;
    profiles.put(&name, &profile, &typed)?;
    let output = Output::new(false);
    output.say(format!("saved profile {name} in {}{kept}", profiles.path(&name).display()));
    if let Some(given) = given {
        given.kept(&output);
    }

    let vault: Arc<dyn Vault> = Arc::new(OsVault);
    let mut problems = Vec::new();
    if let Some(held) = &held {
        let outdated = manage::forget_outdated(&paths, &vault, &name, held, &settings).await?;
        let bound = manage::entries(held);
        let is_another = outdated.is_some() && manage::entries(&settings).iter().any(|entry| !bound.contains(entry));
        if is_another && !args.secrets_stdin && !is_given {
            let anew =
                "it is about another app, account or proxy now, whose secrets have to be given anew: --secrets-stdin";
            output.say(anew);
        }
        problems.extend(outdated.into_iter().flatten());
    }
    // A key without its certificate opens nothing; a secret may still be wanted back.
    if before.certificate.is_some() && profile.certificate.is_none() {
        let key = manage::key_entry(&settings).into_iter().collect();
        problems.extend(manage::forget_own(&paths, &vault, &name, key).await?);
    }
    for problem in problems {
        output.say(format!("warning: {}", problem.line()));
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
        // Another one is called otherwise.
        profile.jupiterone.instance_name = None;
    }
    set(&mut profile.jupiterone.instance_name, &common.jupiterone_instance_name);
    if set(&mut profile.jupiterone.scope, &common.jupiterone_scope) {
        profile.jupiterone.instance = None;
        profile.jupiterone.instance_name = None;
    }
    set(&mut profile.naming, &common.naming);
    set(&mut profile.secret_expires, &says.secret_expires);
    set(&mut profile.full_every, &says.full_every);
    set(&mut profile.keep, &says.keep);
    set(&mut profile.quota, &says.quota);
    set(&mut profile.max_deletions, &says.max_deletions);
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
        Member::Naming => profile.naming = None,
        Member::Quota => profile.quota = None,
        Member::MaxDeletions => profile.max_deletions = None,
        Member::SignInActivity => profile.sign_in_activity = false,
        Member::JupiteroneUrl => profile.jupiterone.url = None,
        Member::Jupiterone => profile.jupiterone = JupiterOneProfile::default(),
    }
}

/// Reads what is typed and what is given for the profile's credential, and keeps it; where it went, in words, and the
/// certificate, to be told of once the profile is saved too.
async fn keep_given(
    profile: &mut Profile,
    name: &str,
    args: &CertificateArgs,
    secrets_stdin: bool,
    paths: &Paths,
) -> Result<(String, Option<Given>), JobError> {
    let mut typed = if secrets_stdin { Typed::read()? } else { Typed::default() };
    let password = typed.certificate_password.take();
    if password.is_some() && args.certificate.is_none() {
        return Err(usage("file that the certificate's password opens", "give --certificate FILE"));
    }
    let is_given = args.certificate.is_some() || args.make_certificate;
    if is_given && typed.client_secret.is_some() {
        return Err(usage("use for both a certificate and a client secret", "give one of them"));
    }
    let given = certificate::given(args, password, paths).await?;
    if let Some(given) = &given {
        // It takes the place of whatever proved the app before.
        profile.certificate = Some(given.certificate.reference());
        (profile.credential_command, profile.secret_expires) = (None, None);
    }
    let settings = Settings::of_profile(name, profile, paths)?;
    // Secrets first: a profile that was saved is one that works.
    let key = given.as_ref().map(|given| given.certificate.key.clone());
    let kept = typed.keep(key, &settings).await?;
    Ok((kept, given))
}
