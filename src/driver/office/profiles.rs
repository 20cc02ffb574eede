//! The profiles behind the screens: which there are, which one is at work, what changes them, and the file of the one
//! that a form was filled in for.
//!
//! Decides nothing that `profile` decides; it puts the session and words around its functions. A profile that holds
//! values which nobody has confirmed never becomes the session's, so that nothing of it can be used.

use std::sync::Arc;

use super::{Office, Session, blocking, first_account, lock, profile_of, unnamed, view};
use crate::{
    app::views::{
        Form, FormCredential, ProfileAbout, ProfileAnswer, ProfileNews, ProfileRow, ProfileView, ProfileWork,
        RemovalPlan, SavedAs, StoreFate, TrustValue,
    },
    credentials::vault::{Entry, name_within},
    domain::{credential::CredentialKind, naming::Naming, problem::Problem, target::Destination, view::RunInfo},
    jobs::{self, JobError},
    profile::{
        Flags, Profile, ProfileError, Profiles, Settings, SettingsError, TenantRef, Trust, Untrusted, What,
        manage::{self, About, Listed},
    },
};

/// How long a list may wait for a keyring to tell its name.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

impl Office {
    pub(super) async fn profiles(self: &Arc<Self>, work: ProfileWork) -> Result<ProfileNews, JobError> {
        let answer = match work {
            ProfileWork::List => ProfileAnswer::Listed,
            ProfileWork::Begin => self.begun(),
            ProfileWork::Switch(name) => self.switch(&name)?,
            ProfileWork::Trust(name, seen) => match self.confirm(&name, &seen)? {
                Some(asks) => asks,
                None => self.switch(&name)?,
            },
            ProfileWork::Default(name) => {
                Profiles::new(&self.paths).set_default(&name)?;
                ProfileAnswer::Default(name)
            }
            ProfileWork::Rename { name, to } => self.rename(name, to)?,
            ProfileWork::Naming(naming) => self.name_as(naming)?,
            ProfileWork::InstanceName(name) => self.name_instance(name)?,
            ProfileWork::Plan(name) => ProfileAnswer::Plan(Box::new(self.plan(&name)?.0)),
            ProfileWork::Remove { name, store } => self.remove(name, store).await?,
        };
        let vault = name_within(Arc::clone(&self.vault), PATIENCE).await;
        let office = Arc::clone(self);
        let rows = blocking(move || office.rows(&vault).map_err(|e| JobError::from(e).problem())).await;
        Ok(ProfileNews { rows: rows.map_err(|problem| JobError::Failed(Box::new(problem)))?, answer })
    }

    /// Why no profile is at work to begin with, if there are any.
    fn begun(&self) -> ProfileAnswer {
        match Settings::resolve(&self.flags, &self.environment, &self.paths) {
            Ok(settings) => match (settings.trust(), &settings.profile) {
                (Trust::Ask(values), Some(name)) => asks(name, &values, false),
                _ => ProfileAnswer::Listed,
            },
            Err(error) => {
                let problem = match &error {
                    SettingsError::Ambiguous(_) => Problem::new("Several profiles exist, and none of them was chosen"),
                    SettingsError::DefaultGone(name) => Problem::new(format!("The default profile {name} is gone")),
                    _ => return ProfileAnswer::Unchosen(Box::new(JobError::from(error).problem())),
                };
                let hint = "Enter switches to the selected one; d makes it the one that is used from now on.";
                ProfileAnswer::Unchosen(Box::new(problem.hint(hint)))
            }
        }
    }

    fn switch(&self, name: &str) -> Result<ProfileAnswer, JobError> {
        self.may_leave(name)?;
        let flags = Flags { profile: Some(name.to_owned()), ..self.flags.clone() };
        let settings = Settings::resolve(&flags, &self.environment, &self.paths)?;
        if let Trust::Ask(values) = settings.trust() {
            return Ok(asks(name, &values, false));
        }
        let view = view(&settings, None).ok_or_else(|| ProfileError::NotFound(name.to_owned()))?;
        *lock(&self.reader) = None;
        let (mut session, mut away) = (lock(&self.session), lock(&self.away));
        let kept = away.remove(&manage::entries(&settings));
        let next = match kept {
            Some(kept) => Session { settings, ..kept },
            None => Session::of(settings),
        };
        let left = std::mem::replace(&mut *session, next);
        if left.in_memory {
            away.insert(manage::entries(&left.settings), left);
        }
        Ok(ProfileAnswer::Switched(Box::new(view)))
    }

    /// Keeps another naming in the profile at work; of a demo's only while it lasts.
    fn name_as(&self, naming: Naming) -> Result<ProfileAnswer, JobError> {
        if self.flags.naming.is_some() {
            return Err(JobError::Guard(Box::new(
                Problem::new("--naming was given for this session")
                    .code("fixed_by_flag")
                    .hint("Start tenantry without --naming to choose here."),
            )));
        }
        let mut session = lock(&self.session);
        if let Some(name) = session.settings.profile.as_ref().filter(|_| self.demo.is_none()) {
            let profiles = Profiles::new(&self.paths);
            let profile = Profile { naming: Some(naming), ..profiles.load(name)? };
            profiles.save(name, &profile)?;
        }
        session.settings.naming = naming;
        let view = view(&session.settings, self.demo.as_deref()).unwrap_or_else(|| unnamed(&session.settings));
        Ok(ProfileAnswer::Named(Box::new(view)))
    }

    /// Keeps the name of the instance in the profile at work; of a demo's only while it lasts. Where the command line says which
    /// instance it is, the profile's may be another one, and its file is left alone.
    fn name_instance(&self, instance: String) -> Result<ProfileAnswer, JobError> {
        let mut session = lock(&self.session);
        if let Some(name) = session.settings.profile.as_ref().filter(|_| self.demo.is_none()) {
            let profiles = Profiles::new(&self.paths);
            let mut profile = profiles.load(name)?;
            let ours = match &session.settings.destination {
                Some(Destination::Instance(id)) => Some(id),
                _ => None,
            };
            if ours.is_some() && profile.jupiterone.instance.as_ref() == ours {
                profile.jupiterone.instance_name = Some(instance.clone());
                profiles.save(name, &profile)?;
            }
        }
        session.settings.instance_name = Some(instance);
        let view = view(&session.settings, self.demo.as_deref()).unwrap_or_else(|| unnamed(&session.settings));
        Ok(ProfileAnswer::Named(Box::new(view)))
    }

    /// What the command line says of a profile is about the one that it began with, and about no other.
    fn may_leave(&self, name: &str) -> Result<(), JobError> {
        let begun =
            self.flags.profile.as_deref().or(lock(&self.session).settings.profile.as_deref()).map(str::to_owned);
        let Some(flag) = self.fixed().filter(|_| begun.is_some_and(|begun| begun != name)) else { return Ok(()) };
        Err(JobError::Guard(Box::new(
            Problem::new(format!("{flag} was given for the profile that this session began with"))
                .code("fixed_by_flag")
                .hint(format!("Start tenantry without {flag} to work with another profile.")),
        )))
    }

    /// The first flag that says of a profile what another would say differently.
    fn fixed(&self) -> Option<&'static str> {
        let flags = &self.flags;
        let given = [
            ("--store", flags.store.is_some()),
            ("--tenant-id", flags.tenant_id.is_some()),
            ("--client-id", flags.client_id.is_some()),
            ("--cloud", flags.cloud.is_some()),
            ("--login-url", flags.login_url.is_some()),
            ("--graph-url", flags.graph_url.is_some()),
            ("--jupiterone-url", flags.jupiterone_url.is_some()),
            ("--jupiterone-account", flags.jupiterone_account.is_some()),
            ("--jupiterone-instance", flags.jupiterone_instance.is_some()),
            ("--jupiterone-scope", flags.jupiterone_scope.is_some()),
            ("--jupiterone-instance-name", flags.jupiterone_instance_name.is_some()),
            ("--naming", flags.naming.is_some()),
        ];
        given.into_iter().find_map(|(flag, given)| given.then_some(flag))
    }

    /// Takes a person's word for values, if the profile still holds just those; else asks about what it holds.
    fn confirm(&self, name: &str, seen: &[TrustValue]) -> Result<Option<ProfileAnswer>, JobError> {
        let profiles = Profiles::new(&self.paths);
        let profile = profiles.load(name)?;
        // What makes no sense needs no word.
        Settings::of_profile(name, &profile, &self.paths)?;
        let held = profiles.untrusted(name, &profile)?;
        if held.iter().any(|value| !seen.contains(&shown(value))) {
            return Ok(Some(asks(name, &held, true)));
        }
        let members: Vec<What> = held.iter().map(|value| value.what).collect();
        profiles.trusted().confirm(name, &profile, &members).map_err(ProfileError::from)?;
        Ok(None)
    }

    fn rename(&self, from: String, to: String) -> Result<ProfileAnswer, JobError> {
        Profiles::new(&self.paths).rename(&from, &to)?;
        let mut session = lock(&self.session);
        if session.settings.profile.as_deref() == Some(&from) {
            session.settings.profile = Some(to.clone());
        }
        Ok(ProfileAnswer::Renamed { from, to })
    }

    /// What goes with a profile, and its settings.
    fn plan(&self, name: &str) -> Result<(RemovalPlan, Settings), JobError> {
        let profiles = Profiles::new(&self.paths);
        let settings = Settings::of_profile(name, &profiles.load(name)?, &self.paths)?;
        let others = manage::needed_by_others(&self.paths, name)?;
        let words = |entry: &Entry| entry.label().trim_start_matches("tenantry: ").to_owned();
        let (shared, secrets): (Vec<Entry>, Vec<Entry>) =
            likely(&settings).into_iter().partition(|entry| others.may_need(entry));
        let store = settings.tenant.as_ref().and_then(TenantRef::id).map(|tenant| self.paths.store(tenant));
        let store = match (store.filter(|path| path.exists()), others.of_tenant(settings.tenant.as_ref())) {
            (None, _) => StoreFate::None,
            (Some(_), Some(other)) => StoreFate::Shared(other.to_owned()),
            (Some(path), None) => StoreFate::Own(path.display().to_string()),
        };
        let plan = RemovalPlan {
            name: name.to_owned(),
            file: profiles.path(name).display().to_string(),
            secrets: secrets.iter().map(words).collect(),
            shared: shared.iter().map(words).collect(),
            store,
        };
        Ok((plan, settings))
    }

    async fn remove(&self, name: String, store: bool) -> Result<ProfileAnswer, JobError> {
        let (plan, settings) = self.plan(&name)?;
        let is_current = lock(&self.session).settings.profile.as_deref() == Some(&name);
        let mut notes = Vec::new();
        // The store first: it may refuse, and then all is as it was.
        if store {
            match (&plan.store, settings.tenant.as_ref().and_then(TenantRef::id)) {
                (StoreFate::Own(_), Some(tenant)) => {
                    *lock(&self.reader) = None;
                    let (settings, tenant, now) = (settings.clone(), tenant.clone(), self.clock.now());
                    let removed = move || jobs::remove_store(&settings, &tenant, now).map_err(|e| e.problem());
                    blocking(removed).await.map_err(|problem| JobError::Failed(Box::new(problem)))?;
                }
                (StoreFate::Shared(other), _) => {
                    notes.push(format!("the store is kept: profile {other} may use the same tenant"));
                }
                _ => {}
            }
        }
        let removed = manage::remove(&self.paths, &self.vault, &name).await?;
        notes.extend(removed.problems.iter().map(Problem::line));
        notes.extend(plan.shared.iter().map(|secret| format!("kept, as another profile may need it: the {secret}")));
        lock(&self.away).remove(&manage::entries(&settings));
        if is_current {
            let flags = Flags { profile: None, ..self.flags.clone() };
            let settings = Settings::of_flags(&flags, &self.environment, &self.paths)?;
            *lock(&self.reader) = None;
            *lock(&self.session) = Session::of(settings);
        }
        Ok(ProfileAnswer::Removed { name, notes })
    }

    fn rows(&self, vault: &str) -> Result<Vec<ProfileRow>, ProfileError> {
        let session = self.session();
        let listed = manage::listed(&self.paths, self.clock.now())?;
        Ok(listed.into_iter().map(|listed| row(listed, &session, vault)).collect())
    }

    /// Writes the profile that a form changes, or a new one under a name that is free.
    pub(super) async fn save_file(&self, form: &Form, settings: &Settings) -> Result<(String, Profile), JobError> {
        let profiles = Profiles::new(&self.paths);
        let mut profile = profile_of(settings);
        profile.secret_expires = form.secret_expires;
        let (name, before) = match &form.profile {
            SavedAs::Profile(name) => (name.clone(), profiles.load(name).ok()),
            SavedAs::New(name) => {
                profiles.is_free(name)?;
                (name.clone(), None)
            }
            SavedAs::Unnamed => (free_name(&profiles, &form.tenant), None),
        };
        if let Some(before) = &before {
            // What the screens do not ask for stays as it was.
            profile.keep_unasked(before);
            if form.credential == FormCredential::Stored && profile.secret_expires.is_none() {
                profile.secret_expires = before.secret_expires;
            }
        }
        profiles.put(&name, &profile, &What::ALL)?;
        if Settings::selected(&self.paths).is_err() {
            // Else nobody could say which one is meant when the program begins again.
            profiles.set_default(&name)?;
        }
        let before = before.and_then(|before| Settings::of_profile(&name, &before, &self.paths).ok());
        if let Some(before) = before {
            // It is saved whatever a keyring says of what nobody needs any more; the log has it.
            let problems = manage::forget_outdated(&self.paths, &self.vault, &name, &before, settings).await?;
            for problem in problems.into_iter().flatten() {
                tracing::warn!(profile = name, "an outdated secret was not removed: {}", problem.line());
            }
        }
        Ok((name, profile))
    }
}

/// `default`, else the first label of the tenant's domain, else `default-2` and so on: the first that is free.
fn free_name(profiles: &Profiles, tenant: &str) -> String {
    let label = tenant.trim().split_once('.').map(|(label, _)| label.to_ascii_lowercase());
    std::iter::once("default".to_owned())
        .chain(label)
        .chain((2..).map(|n| format!("default-{n}")))
        .find(|name| profiles.is_free(name).is_ok())
        .unwrap_or_default()
}

/// The keyring entries that this profile has, if all is as it says. (One of the other kind is removed with them.)
fn likely(settings: &Settings) -> Vec<Entry> {
    let (Some(tenant), Some(client)) = (&settings.tenant, &settings.client) else { return manage::entries(settings) };
    let secret = Entry::client_secret(&settings.login, tenant.as_str(), client);
    let key = Entry::client_key(&settings.login, tenant.as_str(), client);
    let kind = settings.credential_kind();
    let is_likely = |entry: &Entry| match kind {
        CredentialKind::Secret => *entry != key,
        CredentialKind::Certificate => *entry != secret,
        CredentialKind::Command => *entry != key && *entry != secret,
    };
    manage::entries(settings).into_iter().filter(is_likely).collect()
}

fn shown(untrusted: &Untrusted) -> TrustValue {
    TrustValue {
        member: untrusted.what.as_str().to_owned(),
        value: untrusted.value.clone(),
        meaning: untrusted.what.meaning().to_owned(),
    }
}

fn asks(name: &str, values: &[Untrusted], changed: bool) -> ProfileAnswer {
    ProfileAnswer::Asks { name: name.to_owned(), values: values.iter().map(shown).collect(), changed }
}

fn row(listed: Listed, session: &Session, vault: &str) -> ProfileRow {
    let is_current = session.settings.profile.as_deref() == Some(&listed.name);
    let about = match listed.about {
        Ok(About { settings, untrusted, .. }) => {
            let in_memory = is_current && session.in_memory;
            let kept = kept(&settings, if in_memory { "memory only" } else { vault });
            // Of the one at work, the store may be one that the command line named.
            let store = if is_current { &session.settings } else { &settings };
            let (last_run, organization) = if untrusted.is_empty() { last_run(store) } else { (None, None) };
            match view(&settings, None) {
                Some(view) => Ok(ProfileAbout {
                    view: ProfileView { organization, ..view },
                    unconfirmed: untrusted.len(),
                    kept,
                    last_run,
                }),
                None => Err(Box::new(Problem::new("the profile has no name"))),
            }
        }
        Err(error) => Err(Box::new(JobError::from(error).problem())),
    };
    ProfileRow { name: listed.name, is_default: listed.is_default, about }
}

/// Where its credential is.
fn kept(settings: &Settings, vault: &str) -> String {
    match (settings.credential_kind(), &settings.credential_command) {
        (CredentialKind::Command, Some(command)) => {
            format!("printed by {}", command.first().map_or("", String::as_str))
        }
        (CredentialKind::Certificate, _) => format!("private key in {vault}"),
        _ => format!("client secret in {vault}"),
    }
}

/// The newest run of a profile's store and the organization's name, as far as they can be read: a list tells what it can.
fn last_run(settings: &Settings) -> (Option<RunInfo>, Option<String>) {
    let Some(reader) = settings.store.as_ref().filter(|path| path.exists()).and_then(|_| jobs::open(settings).ok())
    else {
        return (None, None);
    };
    let run = reader.runs().ok().and_then(|runs| runs.into_iter().next()).map(|mut run| {
        jobs::accepted_here(&mut run, settings);
        run
    });
    let organization =
        run.as_ref().and_then(|run| reader.rows(run.id, settings.naming(), &first_account()).ok()?.rows.pop());
    (run, organization.map(|row| row.name))
}
