//! The engine behind the screens: the session's settings and secrets, and the jobs that both faces share.
//!
//! Decides nothing about the screens; what a job may do is decided in `jobs` and below.

mod keys;
mod paper;
mod planned;
mod profiles;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use tokio_util::sync::CancellationToken;

use super::engine::Engine;
use crate::{
    app::settings,
    app::views::{
        CredentialView, Elsewhere, Endpoints, Form, FormCredential, Kept, KeyWork, Overview, ProfileNews, ProfileView,
        ProfileWork, Reached, Saved, SavedAs, StoreView, UploadEnd, UploadFailure, UploadOrder, UploadedView,
    },
    credentials::{
        Entry, Vault, VaultError,
        certificate::ClientCertificate,
        vault::{DEADLINE, name_within},
        with_deadline,
    },
    demo::Demo,
    domain::{
        check::Check,
        clock::Clock,
        completeness::RunStatus,
        credential::{CertificateView, Credential},
        explore::{Again, Answer, Question, Whole},
        export::{ExportFormat, Exported},
        ids::RunId,
        origin::Origin,
        preview::{Baseline, Preview},
        problem::Problem,
        progress::{Reporter, Silent},
        reading::{Ask, How},
        request::RequestQuery,
        target::{Destination, Place, Target},
        upload::JobFigures,
        view::{List, Query, RunInfo},
    },
    explore::{Explorer, paper::To, stop::Stop},
    files,
    jobs::{self, Context, Hold, JobError, LeftBehind, Live, PlannedObjects, Secrets},
    profile::{
        Environment, Flags, JupiterOneProfile, Profile, Settings, TenantRef, credential, jupiterone_key, paths::Paths,
        proxy_password,
    },
    requests,
    store::{Holder, Reader, StoreError, holder},
};

/// All that a session of the UI works with.
pub struct Office {
    /// What the command line fixed for this session: endpoints, proxy, store.
    flags: Flags,
    environment: Environment,
    paths: Paths,
    vault: Arc<dyn Vault>,
    clock: Arc<dyn Clock>,
    /// The tenant stood in for; it keeps no profile.
    demo: Option<Arc<Demo>>,
    session: Mutex<Session>,
    /// Sessions of profiles that were switched away from, for the secrets that only memory keeps; by the entries that these
    /// would have in a keyring, so that they never go to another app or account.
    away: Mutex<BTreeMap<Vec<Entry>, Session>>,
    /// The store that was last read, kept open.
    reader: Mutex<Option<Reader>>,
    /// Who answers the browser's questions, for the store at work.
    explorer: Mutex<Option<Arc<Explorer>>>,
    /// The request logs of the store at work.
    logs: Mutex<Option<requests::Shelf>>,
    /// Of which run an upload was last looked at object by object.
    planned: Mutex<Option<(RunId, PlannedObjects)>>,
    /// What JupiterOne holds, where the last preview was held against that.
    live: Mutex<Option<Arc<Live>>>,
    /// The key that was made or read last.
    key: Mutex<Option<ClientCertificate>>,
}

/// Who is at work; changed by saving a profile.
#[derive(Clone)]
struct Session {
    settings: Settings,
    /// What no keyring keeps, for this run only.
    secrets: Secrets,
    /// No keyring took them.
    in_memory: bool,
}

impl Session {
    fn of(settings: Settings) -> Self {
        Self { settings, secrets: Secrets::default(), in_memory: false }
    }
}

impl Office {
    pub fn new(
        flags: Flags,
        environment: Environment,
        settings: Settings,
        vault: Arc<dyn Vault>,
        clock: Arc<dyn Clock>,
        demo: Option<Arc<Demo>>,
    ) -> Self {
        let paths = settings.paths.clone();
        let session = Mutex::new(Session::of(settings));
        let (away, reader, key) = (Mutex::default(), Mutex::new(None), Mutex::new(None));
        let (explorer, logs, planned) = (Mutex::new(None), Mutex::new(None), Mutex::new(None));
        let live = Mutex::new(None);
        Self {
            flags,
            environment,
            paths,
            vault,
            clock,
            demo,
            session,
            away,
            reader,
            explorer,
            logs,
            planned,
            live,
            key,
        }
    }

    /// The selected profile, as screens name it.
    pub fn profile(&self) -> Option<ProfileView> {
        view(&self.session().settings, None)
    }

    fn session(&self) -> Session {
        lock(&self.session).clone()
    }

    /// What a form says, under what the command line fixed.
    fn settings_of(&self, form: &Form) -> Result<Settings, JobError> {
        let target = form.jupiterone.as_ref().map(|j| &j.target);
        let (instance, scope) = match target.map(|t| t.destination.clone()) {
            Some(Destination::Instance(id)) => (Some(id), None),
            Some(Destination::Scope(name)) => (None, Some(name)),
            None => (None, None),
        };
        let held = self.session().settings;
        let flags = Flags {
            profile: None,
            // No form asks for the way into the network: it is the profile's, and the command line's before it.
            proxy: held.net.proxy.clone(),
            ca_file: held.net.ca_file.clone(),
            tenant_id: Some(form.tenant.clone()),
            client_id: Some(form.client.to_string()),
            cloud: Some(form.cloud),
            jupiterone_url: target.map(|t| t.origin.clone()).or_else(|| self.flags.jupiterone_url.clone()),
            jupiterone_account: target.map(|t| t.account.clone()),
            jupiterone_instance: instance,
            jupiterone_scope: scope,
            ..self.flags.clone()
        };
        let flags = match &form.endpoints {
            Some(own) => Flags {
                login_url: Some(own.login.clone()),
                graph_url: Some(own.graph.clone()),
                admin_center: own.admin_center.clone(),
                ..flags
            },
            None => flags,
        };
        Ok(self.with_credential(Settings::of_flags(&flags, &Environment::default(), &self.paths)?, form))
    }

    fn context(
        &self,
        settings: Settings,
        secrets: Secrets,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> Context {
        Context {
            ask: settings.ask.clone(),
            settings,
            secrets,
            clock: Arc::clone(&self.clock),
            reporter: jobs::logged(reporter),
            cancel,
            hold: Hold::default(),
        }
    }

    /// A form's secrets; what it leaves out is what is kept.
    async fn secrets_of(&self, form: &Form, settings: &Settings) -> Secrets {
        let typed = Secrets {
            credential: match &form.credential {
                FormCredential::Secret(secret) => Some(Credential::Secret(secret.clone())),
                FormCredential::Stored => None,
                FormCredential::Key => self.key_of(form).map(|key| Credential::Key(key.key)),
            },
            jupiterone_key: form.jupiterone.as_ref().and_then(|j| j.key.clone()),
            // No form asks for it.
            proxy_password: proxy_password(settings, &self.vault).await.ok().flatten(),
        };
        if typed.credential.is_some() && (typed.jupiterone_key.is_some() || form.jupiterone.is_none()) {
            return typed;
        }
        // Where nothing is kept, the checks say what is missing.
        let kept = self.kept(settings.clone(), Secrets::default()).await.unwrap_or_default();
        Secrets {
            credential: typed.credential.or(kept.credential),
            jupiterone_key: typed.jupiterone_key.or(kept.jupiterone_key),
            proxy_password: typed.proxy_password,
        }
    }

    /// The secrets for these settings: those of memory first, then the keyring's and the environment's.
    async fn kept(&self, settings: Settings, memory: Secrets) -> Result<Secrets, JobError> {
        let failed = |problem| JobError::Failed(Box::new(problem));
        let (environment, vault) = (&self.environment, &self.vault);
        let credential = match memory.credential {
            Some(credential) => Some(credential),
            None => credential(&settings, environment, vault, self.clock.now()).await.map_err(failed)?,
        };
        let jupiterone_key = match memory.jupiterone_key {
            Some(key) => Some(key),
            None => jupiterone_key(&settings, environment, vault).await.map_err(failed)?,
        };
        let proxy_password = match memory.proxy_password {
            Some(password) => Some(password),
            None => proxy_password(&settings, vault).await.map_err(failed)?,
        };
        Ok(Secrets { credential, jupiterone_key, proxy_password })
    }

    async fn save(&self, form: Form) -> Result<Saved, JobError> {
        if let SavedAs::New(name) = &form.profile {
            // Before a secret goes anywhere.
            crate::profile::Profiles::new(&self.paths).is_free(name)?;
        }
        let mut settings = self.settings_of(&form)?;
        let secrets = self.secrets_of(&form, &settings).await;
        if let Some(TenantRef::Domain(name)) = settings.tenant.clone() {
            // Stores are named by the tenant's ID: a domain is only another way to say it.
            let context = self.context(settings.clone(), secrets.clone(), Arc::new(Silent), CancellationToken::new());
            let id = jobs::tenant_id(&context, &name).await?;
            settings.store = settings.store.or_else(|| Some(self.paths.store(&id)));
            settings.tenant = Some(TenantRef::Id(id));
        }
        let kept = self.keep(&settings, &secrets).await;
        // No form asks for it.
        let held = self.session().settings;
        settings.naming = held.naming;
        if held.destination == settings.destination {
            settings.instance_name = held.instance_name;
        }
        if self.demo.is_none() {
            let (name, profile) = self.save_file(&form, &settings).await?;
            settings.profile = Some(name);
            settings.ask = profile.ask();
            settings.naming = self.flags.naming.or(profile.naming).unwrap_or_default();
            settings.credential_expires = profile.credential_expires();
            settings.accepted_gaps = profile.accepted_gaps;
        }
        let in_memory = matches!(kept, Kept::Memory { .. });
        let saved =
            Saved { profile: view(&settings, self.demo.as_deref()).unwrap_or_else(|| unnamed(&settings)), kept };
        *lock(&self.reader) = None;
        *lock(&self.session) = Session { settings, secrets, in_memory };
        Ok(saved)
    }

    /// Puts the secrets into the keyring; where that fails they stay in memory, which says why.
    async fn keep(&self, settings: &Settings, secrets: &Secrets) -> Kept {
        let registration = settings.tenant.clone().zip(settings.client.clone());
        let credential = secrets.credential.clone().zip(registration);
        let key = secrets.jupiterone_key.clone().zip(settings.jupiterone_account.clone());
        let (login, jupiterone) = (settings.login.clone(), settings.jupiterone.clone());
        let name = name_within(Arc::clone(&self.vault), Duration::from_secs(1)).await;
        let stored = with_deadline(Arc::clone(&self.vault), DEADLINE, move |vault| {
            match credential {
                Some((Credential::Secret(secret), (tenant, client))) => {
                    vault.set(&Entry::client_secret(&login, tenant.as_str(), &client), &secret)?;
                }
                Some((Credential::Key(key), (tenant, client))) => {
                    vault.set_key(&Entry::client_key(&login, tenant.as_str(), &client), &key.key)?;
                }
                // The platform keeps that one.
                Some((Credential::Federated(_), _)) | None => {}
            }
            key.map_or(Ok(()), |(key, account)| vault.set(&Entry::jupiterone_key(&jupiterone, &account), &key))
        });
        match stored.await {
            Ok(()) => Kept::Keyring(name),
            Err(error) => Kept::Memory { keyring: name, why: words(&error) },
        }
    }

    fn overview_now(&self) -> Result<Overview, Problem> {
        let settings = self.session().settings;
        let mut profile = view(&settings, self.demo.as_deref());
        let Some(path) = settings.store.clone().filter(|path| path.exists()) else {
            return Ok(Overview { profile, store: None });
        };
        let target = settings.target();
        let store = self.read(&settings, |reader| {
            let mut runs = reader.runs()?;
            runs.iter_mut().for_each(|run| jobs::accepted_here(run, &settings));
            let finished = runs.iter().find(|run| run.status.is_finished()).cloned();
            let newest = runs.into_iter().next();
            let held = holder(&path).filter(|held| held.pid.is_some_and(|pid| pid != std::process::id()));
            let elsewhere = held.as_ref().map(|held| elsewhere(reader, held, newest.as_ref())).transpose()?;
            let held_by = held.and_then(|held| held.pid);
            let mut view = StoreView { newest, finished, held_by, elsewhere, ..StoreView::default() };
            let totals = view.shown().map(|run| reader.totals(run.id)).transpose()?.unwrap_or_default();
            let organization = match view.shown() {
                Some(run) => reader.rows(run.id, settings.naming(), &first_account())?.rows.pop().map(|row| row.name),
                None => None,
            };
            let belief = target.as_ref().map(|t| reader.belief(t)).transpose()?.flatten();
            let uploaded = belief.and_then(|b| match (b.doubts.last(), &b.finished) {
                (Some(doubt), _) => Some(UploadedView { at: doubt.since, in_doubt: true }),
                (None, Some(finished)) => Some(UploadedView { at: finished.at, in_doubt: false }),
                (None, None) => None,
            });
            view = StoreView {
                path: path.display().to_string(),
                temporary: self.demo.is_some() && self.flags.store.is_none(),
                totals,
                uploaded,
                ..view
            };
            Ok((organization, view))
        })?;
        let (organization, store) = store;
        if let Some(profile) = &mut profile {
            profile.organization = organization;
        }
        Ok(Overview { profile, store: Some(store) })
    }

    fn requests(&self, settings: &Settings, query: RequestQuery) -> Result<Answer, Problem> {
        let mut kept = lock(&self.logs);
        let store = settings.store().map_err(|e| Problem::new(e.to_string()))?;
        if kept.as_ref().is_none_or(|shelf| !shelf.is_of(store)) {
            *kept = Some(jobs::shelf(settings).map_err(|e| e.problem())?);
        }
        let Some(shelf) = kept.as_mut() else { return Err(Problem::new("the request logs are not open")) };
        let rows = shelf.ask(query).map_err(|error| jobs::request_log_problem(&error))?;
        Ok(Answer::Requests(Box::new(rows)))
    }

    /// Who answers questions about the store at work.
    fn explorer(&self, settings: &Settings) -> Result<Arc<Explorer>, Problem> {
        let path = settings.store().map_err(|e| Problem::new(e.to_string()))?;
        let tenant = settings.tenant.as_ref().and_then(TenantRef::id);
        let mut kept = lock(&self.explorer);
        match &*kept {
            Some(explorer) if explorer.is_about(path, tenant, &settings.names_so_far()) => Ok(Arc::clone(explorer)),
            _ => {
                let explorer = Explorer::new(path.clone(), tenant.cloned(), settings.names_so_far());
                Ok(Arc::clone(kept.insert(Arc::new(explorer))))
            }
        }
    }

    /// Reads the store, which is kept open for the next question.
    fn read<T>(&self, settings: &Settings, ask: impl FnOnce(&Reader) -> Result<T, StoreError>) -> Result<T, Problem> {
        let mut kept = lock(&self.reader);
        let path = settings.store().map_err(|e| Problem::new(e.to_string()))?;
        if kept.as_ref().is_none_or(|reader| reader.path() != path) {
            *kept = Some(jobs::open(settings).map_err(|e| e.problem())?);
        }
        let Some(reader) = kept.as_ref() else { return Err(Problem::new("the store is not open")) };
        ask(reader).map_err(|e| {
            let problem = e.problem();
            // Whatever it was, the next question begins anew.
            *kept = None;
            problem
        })
    }

    /// Reads the directory as it is asked, on the ground of what the profile asks.
    async fn read_directory(
        &self,
        ask: impl FnOnce(Ask) -> Ask + Send,
        hold: Hold,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> Result<RunInfo, Problem> {
        let Session { settings, secrets, .. } = self.session();
        let secrets = self.kept(settings.clone(), secrets).await.map_err(|e| e.problem())?;
        let context = self.context(settings, secrets, reporter, cancel);
        let ask = ask(context.ask.clone());
        let context = Context { ask, hold, ..context };
        jobs::collect(&context).await.map_err(|e| e.problem())
    }

    /// The session's settings, with the instance's name where the naming needs one. Asked once a session.
    async fn named(&self, cancel: &CancellationToken) -> Result<Settings, Problem> {
        let Session { settings, secrets, .. } = self.session();
        if !settings.lacks_instance_name() {
            return Ok(settings);
        }
        let secrets = self.kept(settings.clone(), secrets).await.map_err(|e| e.problem())?;
        let context = self.context(settings.clone(), secrets, Arc::new(Silent), cancel.clone());
        let named = jobs::named(&context).await.map_err(|e| e.problem())?;
        let mut session = lock(&self.session);
        if session.settings == settings {
            session.settings.clone_from(&named);
        }
        Ok(named)
    }

    async fn place(&self, target: &Target, cancel: CancellationToken) -> Result<Place, Problem> {
        let Session { settings, secrets, .. } = self.session();
        let secrets = self.kept(settings.clone(), secrets).await.map_err(|e| e.problem())?;
        let context = self.context(settings, secrets, Arc::new(|_| {}), cancel);
        jobs::place(&context, target).await.map_err(|e| e.problem())
    }

    async fn live(
        &self,
        settings: Settings,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> Result<Arc<Live>, Problem> {
        let secrets = self.kept(settings.clone(), self.session().secrets).await.map_err(|e| e.problem())?;
        jobs::live(&self.context(settings, secrets, reporter, cancel)).await.map_err(|e| e.problem())
    }

    async fn send(
        &self,
        order: UploadOrder,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> Result<JobFigures, UploadFailure> {
        let not_started = |problem| UploadFailure { problem, end: UploadEnd::NotStarted };
        let settings = self.named(&cancel).await.map_err(not_started)?;
        let secrets = self.session().secrets;
        let looked = Settings { run: Some(order.run), ..settings.clone() };
        let mut ready =
            blocking(move || jobs::prepare_upload(&looked).map_err(|e| e.problem())).await.map_err(not_started)?;
        let was_believed =
            matches!(order.baseline, Baseline::Known { .. } | Baseline::InDoubt { .. } | Baseline::Unknown);
        let is_another = was_believed && ready.preview.baseline != order.baseline;
        if ready.preview.run != order.run || ready.target != order.target || is_another {
            return Err(not_started(
                Problem::new("what was previewed is not what would be sent now")
                    .code("preview_outdated")
                    .hint("Look at the preview again."),
            ));
        }
        ready.leave = order.leave;
        let secrets = self.kept(settings.clone(), secrets).await.map_err(|e| not_started(e.problem()))?;
        let context = self.context(settings, secrets, reporter, cancel);
        ready.manner.leftover = order.leftover;
        let left = jobs::settle_left(&context, &ready).await.map_err(|error| not_started(error.problem()))?;
        if left == LeftBehind::Settled {
            let words = "What was left open is settled. JupiterOne holds all of it already: no job was started.";
            return Err(UploadFailure { problem: Problem::new(words), end: UploadEnd::Settled });
        }
        jobs::upload(&context, ready).await.map_err(|error| UploadFailure {
            end: match &error {
                JobError::Upload(e) => end_of(e.is_cancelled(), jobs::end_of(e)),
                _ => UploadEnd::NotStarted,
            },
            problem: error.problem(),
        })
    }
}

fn end_of(cancelled: bool, end: jobs::UploadEnded) -> UploadEnd {
    match end {
        jobs::UploadEnded::NotStarted => UploadEnd::NotStarted,
        jobs::UploadEnded::InDoubt => UploadEnd::InDoubt,
        jobs::UploadEnded::NothingChanged if cancelled => UploadEnd::Cancelled,
        jobs::UploadEnded::NothingChanged => UploadEnd::Aborted,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn words(error: &VaultError) -> String {
    let problem = error.problem();
    match problem.hint {
        Some(hint) => format!("{}. {hint}", problem.summary),
        None => problem.summary,
    }
}

fn first_account() -> Query {
    Query { limit: 1, ..Query::of(List::Accounts) }
}

/// The profile as screens name it; a demo has one without a file.
fn view(settings: &Settings, demo: Option<&Demo>) -> Option<ProfileView> {
    let name = settings.profile.clone().or_else(|| demo.map(|_| "demo".to_owned()))?;
    let mut view = ProfileView { name, ..unnamed(settings) };
    // A demo's hosts are nobody's to choose.
    if demo.is_some() {
        view.endpoints = None;
    }
    Some(view)
}

/// What another process does with the store.
fn elsewhere(reader: &Reader, held: &Holder, newest: Option<&RunInfo>) -> Result<Elsewhere, StoreError> {
    let run = newest.filter(|run| run.status == RunStatus::Running).cloned();
    let reached = run.as_ref().map(|run| reader.reached(run.id)).transpose()?.unwrap_or_default();
    let reached = reached.into_iter().map(|at| Reached {
        collection: at.collection,
        done: at.done,
        total: at.total,
        ended: at.end.map(|end| end.state),
    });
    Ok(Elsewhere { since: held.since, run, reached: reached.collect() })
}

fn unnamed(settings: &Settings) -> ProfileView {
    ProfileView {
        name: String::new(),
        organization: None,
        tenant: settings.tenant.as_ref().map(|t| t.as_str().to_owned()).unwrap_or_default(),
        client: settings.client.as_ref().map(ToString::to_string).unwrap_or_default(),
        cloud: settings.cloud,
        endpoints: endpoints(settings),
        target: settings.target(),
        names: settings.names_so_far(),
        credential: CredentialView { kind: settings.credential_kind(), expires: settings.credential_expires },
    }
}

/// Hosts that are none of the cloud's own.
fn endpoints(settings: &Settings) -> Option<Endpoints> {
    let differs = settings.login != settings.cloud.login() || settings.graph != settings.cloud.graph();
    differs.then(|| Endpoints { login: settings.login.clone(), graph: settings.graph.clone(), admin_center: None })
}

/// What a file keeps: no URL that is the cloud's own anyway.
fn profile_of(settings: &Settings) -> Profile {
    let differs = |here: &Origin, of_cloud: &Origin| (here != of_cloud).then(|| here.clone());
    let (account, instance, scope) = match settings.target() {
        Some(Target { account, destination: Destination::Instance(id), .. }) => (Some(account), Some(id), None),
        Some(Target { account, destination: Destination::Scope(name), .. }) => (Some(account), None, Some(name)),
        None => (settings.jupiterone_account.clone(), None, None),
    };
    Profile {
        tenant_id: settings.tenant.as_ref().map(|t| t.as_str().to_owned()).unwrap_or_default(),
        client_id: settings.client.as_ref().map(ToString::to_string).unwrap_or_default(),
        cloud: settings.cloud,
        login_url: differs(&settings.login, &settings.cloud.login()),
        graph_url: differs(&settings.graph, &settings.cloud.graph()),
        admin_center: settings.admin_center.clone(),
        certificate: settings.certificate,
        credential_command: settings.credential_command.clone(),
        proxy: settings.net.proxy.clone(),
        ca_file: settings.net.ca_file.clone(),
        jupiterone: JupiterOneProfile {
            url: account.is_some().then(|| settings.jupiterone.clone()),
            account,
            instance,
            scope,
            instance_name: settings.instance_name.clone(),
        },
        ..Profile::default()
    }
}

/// Runs what blocks off the runtime's threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            // A panic is the job's: the driver makes a failed job of it.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Problem::new("the work was stopped").code("stopped")),
        },
    }
}

/// The engine that the screens are given: an office that its jobs can share.
pub struct RealEngine(Arc<Office>);

impl RealEngine {
    pub fn new(office: Office) -> Self {
        Self(Arc::new(office))
    }

    fn with_office<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Office, &Settings) -> Result<T, Problem> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, Problem>> {
        let office = Arc::clone(&self.0);
        blocking(move || {
            let settings = office.session().settings;
            work(&office, &settings)
        })
        .boxed()
    }
}

impl Engine for RealEngine {
    fn doctor(
        &self,
        form: Form,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<Vec<Check>, Problem>> {
        async move {
            let settings = self.0.settings_of(&form).map_err(|e| e.problem())?;
            let secrets = self.0.secrets_of(&form, &settings).await;
            let context = self.0.context(settings, secrets, reporter, cancel.clone());
            tokio::select! {
                () = cancel.cancelled() => Err(Problem::new("the checks were cancelled").code("cancelled")),
                checks = jobs::doctor(&context) => Ok(checks),
            }
        }
        .boxed()
    }

    fn consent(
        &self,
        form: Form,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<(), Problem>> {
        async move {
            let settings = self.0.settings_of(&form).map_err(|e| e.problem())?;
            let secrets = self.0.secrets_of(&form, &settings).await;
            let context = self.0.context(settings, secrets, reporter, cancel);
            jobs::consent(&context).await.map(drop).map_err(|e| e.problem())
        }
        .boxed()
    }

    fn key(&self, work: KeyWork) -> BoxFuture<'_, Result<CertificateView, Problem>> {
        self.0.get_key(work).boxed()
    }

    fn write(&self, name: String, text: String) -> BoxFuture<'_, Result<String, Problem>> {
        let path = self.0.paths.data.join("scripts").join(name);
        blocking(move || match files::replace(&path, &text) {
            Ok(()) => Ok(path.display().to_string()),
            Err(error) => Err(Problem::new(format!("{} cannot be written: {error}", path.display()))
                .code("file_not_written")
                .hint("Copy the text instead, and paste it where you run it.")),
        })
        .boxed()
    }

    fn keep(&self, changed: settings::Settings) -> BoxFuture<'_, Result<(), Problem>> {
        let path = self.0.paths.screens();
        blocking(move || super::keep(&path, &changed)).boxed()
    }

    fn save_profile(&self, form: Form) -> BoxFuture<'_, Result<Saved, Problem>> {
        async move { self.0.save(form).await.map_err(|e| e.problem()) }.boxed()
    }

    fn profiles(&self, work: ProfileWork) -> BoxFuture<'_, Result<ProfileNews, Problem>> {
        async move { self.0.profiles(work).await.map_err(|e| e.problem()) }.boxed()
    }

    fn overview(&self) -> BoxFuture<'_, Result<Overview, Problem>> {
        self.with_office(|office, _| office.overview_now())
    }

    fn collect(
        &self,
        how: How,
        hold: Hold,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<RunInfo, Problem>> {
        self.0.read_directory(move |profile| how.on(profile), hold, reporter, cancel).boxed()
    }

    fn again(
        &self,
        again: Again,
        hold: Hold,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<RunInfo, Problem>> {
        self.0.read_directory(move |profile| Ask { again: vec![again], ..profile }, hold, reporter, cancel).boxed()
    }

    fn ask(&self, run: RunId, question: Question, cancel: CancellationToken) -> BoxFuture<'_, Result<Answer, Problem>> {
        let question = match planned::Asked::of(question) {
            Ok(asked) => return planned::ask(Arc::clone(&self.0), run, asked, cancel).boxed(),
            Err(question) => question,
        };
        let stop = Stop::default();
        let of_answer = stop.clone();
        let answer = self.with_office(move |office, settings| match question {
            Question::Problems => jobs::problems(settings, run).map(Answer::Problems).map_err(|error| error.problem()),
            Question::Requests(query) => office.requests(settings, query),
            Question::Copy(Whole::Requests(query), form) => {
                office.put_out_requests(settings, &query, To::Clipboard, form, &of_answer)
            }
            Question::Export(Whole::Requests(query), form) => {
                let name = Whole::Requests(query.clone()).file_name(run);
                let to = To::File { folder: Path::new("."), name: &name };
                office.put_out_requests(settings, &query, to, form, &of_answer)
            }
            Question::Runs => {
                let answer = office.explorer(settings)?.ask(run, question, &of_answer);
                let mut answer = answer.map_err(|error| error.problem())?;
                if let Answer::Runs(all) = &mut answer {
                    all.iter_mut().for_each(|run| jobs::accepted_here(run, settings));
                }
                Ok(answer)
            }
            question => office.explorer(settings)?.ask(run, question, &of_answer).map_err(|error| error.problem()),
        });
        async move {
            tokio::select! {
                answer = answer => answer,
                () = cancel.cancelled() => {
                    stop.ask();
                    Err(Problem::new("the question was given up").code("cancelled"))
                }
            }
        }
        .boxed()
    }

    fn preview(&self, run: Option<RunId>, cancel: CancellationToken) -> BoxFuture<'_, Result<Preview, Problem>> {
        async move {
            let settings = self.0.named(&cancel).await?;
            // Whatever was found object by object may be of before.
            *lock(&self.0.planned) = None;
            *lock(&self.0.live) = None;
            blocking(move || jobs::preview(&Settings { run, ..settings }).map_err(|e| e.problem())).await
        }
        .boxed()
    }

    fn preview_live(
        &self,
        run: Option<RunId>,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<Preview, Problem>> {
        async move {
            let settings = Settings { run, ..self.0.named(&cancel).await? };
            *lock(&self.0.planned) = None;
            *lock(&self.0.live) = None;
            let live = self.0.live(settings.clone(), reporter, cancel).await?;
            *lock(&self.0.live) = Some(Arc::clone(&live));
            blocking(move || jobs::preview_live(&settings, &live).map_err(|e| e.problem())).await
        }
        .boxed()
    }

    fn keep_plan(&self, run: RunId) -> BoxFuture<'_, Result<String, Problem>> {
        async move {
            let settings = Settings { run: Some(run), ..self.0.named(&CancellationToken::new()).await? };
            let office = Arc::clone(&self.0);
            blocking(move || {
                let plan = jobs::plan(&settings, office.clock.now()).map_err(|e| e.problem())?;
                let name = settings.profile.as_deref().unwrap_or("plan");
                let file = office.paths.data.join("plans").join(format!("{name}-run-{run}.json"));
                crate::headless::plan::write(&file, &plan).map_err(|e| e.problem())?;
                Ok(file.display().to_string())
            })
            .await
        }
        .boxed()
    }

    fn export(&self, format: ExportFormat, cancel: CancellationToken) -> BoxFuture<'_, Result<Exported, Problem>> {
        self.with_office(move |_, settings| {
            let run = jobs::finished(settings).map_err(|e| e.problem())?;
            let here = std::env::current_dir().unwrap_or_default();
            let before = match format {
                ExportFormat::Tree => jobs::run_before(settings, run.id).map_err(|e| e.problem())?,
                _ => None,
            };
            let path = here.join(format.place(run.id, before.is_some()));
            let written = match before {
                Some(before) => jobs::export_pair(settings, before, &path, &cancel),
                None => jobs::export(settings, format, &path, &cancel),
            };
            let (_, report) = written.map_err(|e| e.problem())?;
            let path = path.display().to_string();
            Ok(Exported { path, entities: report.entities, relationships: report.relationships })
        })
    }

    fn place(&self, target: Target, cancel: CancellationToken) -> BoxFuture<'_, Result<Place, Problem>> {
        async move { self.0.place(&target, cancel).await }.boxed()
    }

    fn upload(
        &self,
        order: UploadOrder,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<JobFigures, UploadFailure>> {
        async move { self.0.send(order, reporter, cancel).await }.boxed()
    }

    fn demo_consent(&self) -> BoxFuture<'_, Result<(), Problem>> {
        async move {
            let demo = self.0.demo.as_ref().ok_or_else(|| Problem::new("only the demo's administrator is at a key"))?;
            demo.consent();
            Ok(())
        }
        .boxed()
    }

    fn demo_advance(&self) -> BoxFuture<'_, Result<(), Problem>> {
        async move {
            match &self.0.demo {
                Some(demo) => {
                    demo.advance();
                    Ok(())
                }
                None => Err(Problem::new("only the demo's tenant changes at a key")),
            }
        }
        .boxed()
    }
}
