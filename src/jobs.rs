//! The jobs that both faces run: the doctor, the ingestion, the preview, the upload, the export.
//!
//! Each takes settings and secrets, reports through a [`Reporter`] and obeys a token of cancellation. Nothing here
//! knows a terminal or prints; what a job decides is decided in the engine modules that it puts together.

mod endpoints;
mod export;
mod guard;
mod live;
mod logs;
mod look;
mod names;
mod plan;
mod planned;
mod runs;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

pub use crate::{graph::Hold, preview::Live, upload::LeftBehind};
pub use endpoints::{Endpoint, Who, besides, endpoints};
pub use export::{export, export_pair, run_before};
pub use live::{live, preview_live};
pub use logs::{request_log_problem, shelf};
pub use look::{Probed, explain, probe};
pub use names::named;
pub use plan::{plan, prepare_planned};
pub use planned::PlannedObjects;
pub use runs::{
    accepted_here, counts, counts_of, finished, has_open_gaps, looked_at, open, open_gaps, problems, remove_store, runs,
};

use crate::{
    credentials::{
        advice,
        consent::{self, Ended},
        doctor::{self, DoctorInput, JupiterOneInput, Seen},
        shapes,
    },
    domain::{
        check::Check,
        clock::Clock,
        completeness::accept,
        credential::Credential,
        guard::{Guard, Leave},
        ids::{RunId, TenantId},
        naming::Names,
        preview::Preview,
        problem::Problem,
        progress::{Event, Level, Reporter},
        reading::Ask,
        secret::Secret,
        target::{Destination, Filled, Place, Target},
        text::visible,
        upload::{JobFigures, Manner},
        view::RunInfo,
    },
    graph::{GraphClient, GraphConfig},
    ingest::{self, Collect, CollectError, amend::CannotAmend},
    jupiterone::{ErrorKind, Identity, JupiterOneClient, JupiterOneConfig, Patience},
    net::{NetConfig, ProxyPassword},
    preview::{self, Against},
    profile::{Claim, ProfileError, Registry, Settings, SettingsError, TableError, TargetWriter, TenantRef},
    store::{BeliefInfo, Reader, StoreError, Writer},
    upload::{self, JobEnd, Previewed, Upload, UploadError},
};

/// Why a job did not do what it was asked for; each kind has an exit status of its own.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// What was asked for is not complete: exit status 2.
    #[error(transparent)]
    Usage(SettingsError),
    /// What was asked for is there and cannot be used so, or is not there at all: exit status 2.
    #[error("{0}")]
    Unfit(Box<Problem>),
    /// It would have done harm: exit status 4.
    #[error("{0}")]
    Guard(Box<Problem>),
    /// Exit status 1.
    #[error("{0}")]
    Failed(Box<Problem>),
    /// Exit status 130.
    #[error("{0}")]
    Interrupted(Box<Problem>),
    /// An upload did not finish; it says what became of the job, and with it which exit status.
    #[error("{0}")]
    Upload(UploadError),
}

impl JobError {
    pub fn problem(&self) -> Problem {
        match self {
            Self::Usage(e) => Problem::new(e.to_string()).code("usage"),
            Self::Unfit(p) | Self::Guard(p) | Self::Failed(p) | Self::Interrupted(p) => (**p).clone(),
            Self::Upload(e) => advice::explain(e.problem()),
        }
    }

    fn failed(problem: Problem) -> Self {
        Self::Failed(Box::new(advice::explain(problem)))
    }
}

impl From<SettingsError> for JobError {
    fn from(error: SettingsError) -> Self {
        match error.refusal() {
            Some(problem) => Self::Guard(Box::new(problem)),
            None => Self::Usage(error),
        }
    }
}

impl From<ProfileError> for JobError {
    fn from(error: ProfileError) -> Self {
        SettingsError::from(error).into()
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::failed(error.problem())
    }
}

/// The secrets of one session. Held in memory only.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    pub credential: Option<Credential>,
    pub jupiterone_key: Option<Secret>,
    pub proxy_password: Option<ProxyPassword>,
}

/// What every job works with.
#[derive(Clone)]
pub struct Context {
    pub settings: Settings,
    pub secrets: Secrets,
    pub clock: Arc<dyn Clock>,
    pub reporter: Arc<dyn Reporter>,
    pub cancel: CancellationToken,
    /// Stops and starts all requests of a collection.
    pub hold: Hold,
    /// What is asked of a collection.
    pub ask: Ask,
}

impl Context {
    /// The way into the network, with what a proxy on it wants.
    fn net(&self) -> NetConfig {
        NetConfig { proxy_password: self.secrets.proxy_password.clone(), ..self.settings.net.clone() }
    }
}

/// Runs the wizard's checks, each reported as it ends.
pub async fn doctor(context: &Context) -> Vec<Check> {
    let settings = &context.settings;
    let input = DoctorInput {
        tenant: settings.tenant.as_ref().map(|t| t.as_str().to_owned()).unwrap_or_default(),
        client: settings.client.as_ref().map(|c| c.as_str().to_owned()).unwrap_or_default(),
        credential: context.secrets.credential.clone(),
        credential_expires: settings.credential_expires,
        cloud: settings.cloud,
        login: settings.login.clone(),
        graph: settings.graph.clone(),
        scope: settings.cloud.scope(&settings.graph),
        net: context.net(),
        jupiterone: settings.target().map(|target| JupiterOneInput {
            naming: settings.naming(),
            seen: seen(settings, &target),
            key: context.secrets.jupiterone_key.clone(),
            target,
        }),
        clock: Arc::clone(&context.clock),
    };
    doctor::doctor(input, Arc::clone(&context.reporter)).await
}

/// Waits until the app has the roles that a run needs, reporting each look as `Event::Consent`; they are the answer.
///
/// An end without them is an error: nobody consented in time, the login service refuses, or the person has cancelled.
pub async fn consent(context: &Context) -> Result<Vec<String>, JobError> {
    let settings = &context.settings;
    let place = advice::Place {
        cloud: settings.cloud,
        login: settings.login.clone(),
        tenant: settings.tenant()?.as_str().to_owned(),
        client: settings.client()?.clone(),
    };
    // Said at once: no look would be any better.
    graph(context)?;
    let client = || graph(context).map_err(|e| e.problem());
    match consent::wait(client, &place, &*context.clock, &context.reporter, &context.cancel).await {
        Ended::Given(roles) => Ok(roles),
        Ended::TooLong(problem) | Ended::Refused(problem) => Err(JobError::failed(problem)),
        Ended::Cancelled => Err(JobError::Interrupted(Box::new(
            Problem::new("waiting for consent was cancelled")
                .code("cancelled")
                .hint("Nothing was changed. Once somebody has consented, check again."),
        ))),
    }
}

/// Whether this tenant was the last to be uploaded to the target. What the registry does not tell has to be asked.
fn seen(settings: &Settings, target: &Target) -> Seen {
    let tenant = settings.tenant.as_ref().and_then(TenantRef::id);
    match registry(settings).last_writer(target) {
        Ok(Some(writer)) if tenant.is_none_or(|tenant| *tenant == writer.tenant) => Seen::Ours,
        Ok(_) => Seen::Never,
        Err(error) => {
            tracing::warn!("{error}");
            Seen::Never
        }
    }
}

/// Reads the tenant into its store, and forgets the runs that are too many then. Gaps are data in the result; an
/// interrupted run is a result too.
///
/// Its requests are kept in a log beside the store.
pub async fn collect(context: &Context) -> Result<RunInfo, JobError> {
    // A log lies beside the store, which is named by the tenant's ID.
    let context = Context { settings: settled(context).await?, ..context.clone() };
    logs::kept(&context, "collect", None, collect_logged).await
}

async fn collect_logged(context: Context) -> Result<RunInfo, JobError> {
    let context = &context;
    let job = reading(context).await?;
    let (store, tenant, now) = (job.store.clone(), job.tenant.clone(), Arc::clone(&context.clock));
    let keep = job.ask.keep;
    let mut run = ingest::collect(job).await.map_err(of_collect)?;
    if run.status.is_finished() {
        let pruned = tokio::task::spawn_blocking(move || Writer::open(&store, &tenant, now.now())?.prune(keep)).await;
        // The run is whole whatever becomes of its elders: another process may have begun by now, and forgets them.
        match pruned {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("old runs are kept for now: {error}"),
            Err(error) => tracing::warn!("old runs are kept for now: {error}"),
        }
    }
    accept(&mut run.gaps, &context.settings.accepted_gaps);
    Ok(run)
}

fn of_collect(error: CollectError) -> JobError {
    match error {
        // To drop what was read takes a word.
        CollectError::Unfinished(_) => JobError::Guard(Box::new(error.problem())),
        CollectError::Amend(CannotAmend::Unfinished(_)) => JobError::Guard(Box::new(error.problem())),
        CollectError::Amend(_) => JobError::Unfit(Box::new(error.problem())),
        _ => JobError::failed(error.problem()),
    }
}

/// What a run works with.
async fn reading(context: &Context) -> Result<Collect, JobError> {
    let settings = &context.settings;
    let client = graph(context)?;
    let tenant = match settings.tenant()? {
        TenantRef::Id(id) => id.clone(),
        TenantRef::Domain(name) => tenant_of_domain(&client, name).await?,
    };
    let known = settings.clone();
    // Not on a thread that others wait on: an older store is brought up to date first.
    let since = tokio::task::spawn_blocking(move || runs::newest_finished_at(&known)).await.ok().flatten();
    Ok(Collect {
        client,
        store: settings.store.clone().unwrap_or_else(|| settings.paths.store(&tenant)),
        tenant,
        clock: Arc::clone(&context.clock),
        reporter: runs::told(Arc::clone(&context.reporter), settings.accepted_gaps.clone(), since),
        cancel: context.cancel.clone(),
        ask: context.ask.clone(),
    })
}

/// The settings with the tenant by its ID: a domain is only another way to say it, and stores are named by IDs.
pub async fn settled(context: &Context) -> Result<Settings, JobError> {
    let mut settings = context.settings.clone();
    if let TenantRef::Domain(name) = settings.tenant()? {
        let id = tenant_id(context, name).await?;
        settings.tenant = Some(TenantRef::Id(id));
    }
    if let Some(id) = settings.tenant.as_ref().and_then(TenantRef::id) {
        settings.store = settings.store.or_else(|| Some(settings.paths.store(id)));
    }
    Ok(settings)
}

/// A client for the tenant of these settings.
fn graph(context: &Context) -> Result<GraphClient, JobError> {
    let settings = &context.settings;
    settings.require_trust()?;
    let config = GraphConfig {
        login: settings.login.clone(),
        graph: settings.graph.clone(),
        scope: settings.cloud.scope(&settings.graph),
        tenant: settings.tenant()?.as_str().to_owned(),
        client: settings.client()?.clone(),
        net: context.net(),
        hold: context.hold.clone(),
        gentle: context.ask.gentle,
    };
    let credential = context.secrets.credential.clone().ok_or_else(|| no_secret(settings))?;
    // Whichever way it came in: a Secret ID is not sent.
    let credential = shapes::check_credential(credential).map_err(JobError::failed)?;
    GraphClient::new(config, credential, Arc::clone(&context.clock), Arc::clone(&context.reporter))
        .map_err(JobError::failed)
}

/// The directory (tenant) ID behind a verified domain.
pub async fn tenant_id(context: &Context, domain: &str) -> Result<TenantId, JobError> {
    tenant_of_domain(&graph(context)?, domain).await
}

/// The directory (tenant) ID behind a verified domain, as the organization itself names it.
async fn tenant_of_domain(client: &GraphClient, name: &str) -> Result<TenantId, JobError> {
    let answer = client.get("/v1.0/organization?$select=id").await.map_err(|e| JobError::failed(e.problem()))?;
    answer["value"][0]["id"].as_str().and_then(|id| TenantId::parse(id).ok()).ok_or_else(|| {
        JobError::failed(
            Problem::new(format!("the tenant of {name} did not tell its ID"))
                .hint("Give the directory (tenant) ID with --tenant-id."),
        )
    })
}

fn no_secret(settings: &Settings) -> JobError {
    let of = match &settings.profile {
        Some(name) => format!("profile `{name}`"),
        None => "this client ID".to_owned(),
    };
    if settings.certificate.is_some() {
        return JobError::failed(
            Problem::new(format!("the private key of the certificate of {of} is not in the keyring"))
                .code("no_secret")
                .hint("Give the certificate once more, in the wizard or with `tenantry profile edit --certificate FILE`; or set AZURE_CLIENT_CERTIFICATE_PATH together with AZURE_TENANT_ID and AZURE_CLIENT_ID."),
        );
    }
    JobError::failed(
        Problem::new(format!("no client secret is known for {of}"))
            .code("no_secret")
            .hint("Run `tenantry` for the wizard, `tenantry profile add --secrets-stdin`, or set AZURE_CLIENT_SECRET together with AZURE_TENANT_ID and AZURE_CLIENT_ID."),
    )
}

/// The dry run. Reads the store, and nothing else.
pub fn preview(settings: &Settings) -> Result<Preview, JobError> {
    let reader = open(settings)?;
    let run = runs::chosen(&reader, settings)?;
    previewed(&reader, &run, settings)
}

/// The dry run, as if the target held what another kept run would send.
pub fn preview_against(settings: &Settings, before: RunId) -> Result<Preview, JobError> {
    let reader = open(settings)?;
    let run = runs::chosen(&reader, settings)?;
    let names = settings.names()?;
    let asked = asked_against(&reader, &run, settings, &names, before)?;
    let mut preview = preview::preview(&reader, asked).map_err(|e| JobError::failed(e.problem()))?;
    accept(&mut preview.gaps, &settings.accepted_gaps);
    Ok(preview)
}

/// Of a run and another that must be fit for it.
fn asked_against<'a>(
    reader: &Reader,
    run: &RunInfo,
    settings: &Settings,
    names: &'a Names,
    before: RunId,
) -> Result<preview::Asked<'a>, JobError> {
    let before = runs::chosen(reader, &Settings { run: Some(before), ..settings.clone() })?.id;
    let against = Against::Run(before);
    Ok(preview::Asked { run: run.id, names, target: None, against, digests: false })
}

fn previewed(reader: &Reader, run: &RunInfo, settings: &Settings) -> Result<Preview, JobError> {
    Ok(looked(reader, run, settings, Wanted::Figures)?.0)
}

/// What is wanted of a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Figures,
    /// Digests, too: these take a while.
    WithDigests,
}

/// A preview with what speaks against its upload, and who last wrote to the target.
fn looked(
    reader: &Reader,
    run: &RunInfo,
    settings: &Settings,
    wanted: Wanted,
) -> Result<(Preview, Option<TargetWriter>), JobError> {
    let (target, tenant) = (settings.target(), reader.tenant()?);
    let last = last_writer(settings, target.as_ref())?;
    let against = believed(last.as_ref(), &tenant);
    let names = settings.names()?;
    let mut preview = preview::preview(
        reader,
        preview::Asked {
            run: run.id,
            names: &names,
            target: target.as_ref(),
            against,
            digests: wanted == Wanted::WithDigests,
        },
    )
    .map_err(|e| JobError::failed(e.problem()))?;
    accept(&mut preview.gaps, &settings.accepted_gaps);
    preview.guards = guard::guards(&preview, &tenant, settings.naming(), last.as_ref(), settings.max_deletions);
    Ok((preview, last))
}

fn last_writer(settings: &Settings, target: Option<&Target>) -> Result<Option<TargetWriter>, JobError> {
    let Some(target) = target else { return Ok(None) };
    registry(settings).last_writer(target).map_err(|e| JobError::failed(Problem::new(e.to_string()).code("registry")))
}

/// Of what another tenant's upload left there, a store knows nothing.
fn believed(last: Option<&TargetWriter>, tenant: &TenantId) -> Against<'static> {
    match last {
        Some(writer) if writer.tenant != *tenant => Against::Nothing,
        _ => Against::Belief,
    }
}

/// An upload that may begin: what it would do, to which target, and what speaks against it.
#[derive(Debug, Clone)]
pub struct Ready {
    /// Its guards have to be lifted before it may begin.
    pub preview: Preview,
    pub target: Target,
    pub tenant: TenantId,
    /// Under which names it goes there.
    pub names: Names,
    /// Who wrote to the target before.
    pub last: Option<TargetWriter>,
    /// What was on record of the target: an upload that finds something else does not begin.
    pub belief: Option<BeliefInfo>,
    /// What was said to the guards.
    pub leave: Leave,
    pub manner: Manner,
}

impl Ready {
    /// What still speaks against it.
    pub fn guard(&self) -> Option<&Guard> {
        self.preview.guards.iter().find(|guard| !self.leave.lifts(guard))
    }
}

/// Looks at what an upload would do, without any request.
pub fn prepare_upload(settings: &Settings) -> Result<Ready, JobError> {
    prepare(settings, Wanted::Figures)
}

fn prepare(settings: &Settings, wanted: Wanted) -> Result<Ready, JobError> {
    settings.require_trust()?;
    let target = settings.require_target()?;
    let reader = open(settings)?;
    let run = runs::chosen(&reader, settings).map_err(runs::never_uploaded)?;
    let tenant = reader.tenant()?;
    // Before the preview is made: whoever uploads in between is noticed.
    let belief = reader.belief(&target)?;
    let (preview, last) = looked(&reader, &run, settings, wanted)?;
    Ok(Ready {
        belief,
        preview,
        target,
        tenant,
        names: settings.names()?,
        last,
        leave: Leave::default(),
        manner: Manner::default(),
    })
}

/// A client for the target's account.
fn jupiterone(context: &Context, target: &Target) -> Result<JupiterOneClient, JobError> {
    context.settings.require_trust()?;
    let key = context.secrets.jupiterone_key.clone().ok_or_else(|| {
        JobError::failed(
            Problem::new(format!("no API key is known for {target}"))
                .code("no_secret")
                .hint("Run `tenantry` for the wizard, `tenantry profile add --secrets-stdin`, or set JUPITERONE_API_KEY together with JUPITERONE_ACCOUNT."),
        )
    })?;
    let config =
        JupiterOneConfig { origin: target.origin.clone(), account: target.account.clone(), net: context.net() };
    let client = JupiterOneClient::new(config, key).map_err(JobError::failed)?;
    Ok(client.reporting(Arc::clone(&context.clock), Arc::clone(&context.reporter)))
}

/// What is at a target to which nothing was uploaded yet, as far as the key can tell; asked by reading only.
///
/// # Errors
///
/// A guard where an integration of JupiterOne's own fills it; where there is no such instance, or nobody answers.
pub async fn place(context: &Context, target: &Target) -> Result<Place, JobError> {
    if matches!(target.destination, Destination::Scope(_)) {
        return Ok(Place::Scope);
    }
    let client =
        jupiterone(context, target)?.with_patience(Patience { total: Duration::from_secs(30), ..Patience::QUESTION });
    let identity = tokio::select! {
        biased;
        () = context.cancel.cancelled() => {
            return Err(JobError::Interrupted(Box::new(Problem::new("cancelled: nothing was sent").code("cancelled"))));
        }
        identity = client.identify(&target.destination) => identity,
    };
    let identity = match identity {
        Ok(identity) => identity,
        Err(error) if matches!(error.kind(), ErrorKind::Network | ErrorKind::Unauthorized) => {
            return Err(JobError::failed(error.problem()));
        }
        // What only answers questions may be elsewhere, or out of order: that tells nothing of the instance.
        Err(error) => return Ok(Place::Untold(error.problem())),
    };
    match identity {
        Identity::CannotRead(problem) => Ok(Place::Untold(problem)),
        Identity::Account { instance: Some(Ok(instance)), .. } => match instance.filled() {
            Filled::ByOthers => Ok(Place::Custom(instance)),
            Filled::ByItsIntegration => Err(JobError::Guard(Box::new(instance.refusal()))),
            Filled::Untold => Ok(Place::Untold(Problem::new(format!(
                "JupiterOne did not tell of which definition the instance `{}` is",
                instance.name
            )))),
        },
        // There is none, unless the key only may not know.
        Identity::Account { instance: Some(Err(problem)), .. } => match problem.code.as_deref() {
            Some("SYNC_JOB_INVALID_INTEGRATION_INSTANCE" | "NOT_FOUND") => Err(JobError::failed(problem)),
            _ => Ok(Place::Untold(problem)),
        },
        Identity::Account { instance: None, .. } => Ok(Place::Untold(Problem::new("JupiterOne told of no instance"))),
    }
}

/// Synchronises the target with the run that [`prepare_upload`] looked at.
///
/// Its requests are kept in a log beside the store.
///
/// # Errors
///
/// A guard that was not lifted, before anything is sent; else what became of the job.
pub async fn upload(context: &Context, ready: Ready) -> Result<JobFigures, JobError> {
    if let Some(guard) = ready.guard() {
        return Err(JobError::Guard(Box::new(guard.problem())));
    }
    let run = ready.preview.run;
    logs::kept(context, "upload", Some(run), |context| upload_logged(context, ready)).await
}

/// Sees to the jobs that earlier uploads left at the target, where the preview says that there is nothing else to do: they
/// are aborted, or gone on with, as `ready` says.
///
/// # Errors
///
/// As [`upload`], of one that did not begin.
pub async fn settle_left(context: &Context, ready: &Ready) -> Result<LeftBehind, JobError> {
    if !ready.preview.is_nothing_but_left() {
        return Ok(LeftBehind::ToUpload);
    }
    let job = upload_of(context, ready)?;
    upload::see_to_left(&job).await.map_err(JobError::Upload)
}

async fn upload_logged(context: Context, ready: Ready) -> Result<JobFigures, JobError> {
    let context = &context;
    let settings = &context.settings;
    let job = upload_of(context, &ready)?;
    let registry = registry(settings);
    let unusable = |e: TableError| JobError::failed(Problem::new(e.to_string()).code("registry"));
    let writer = TargetWriter { tenant: ready.tenant, naming: ready.names.naming(), at: context.clock.now() };
    let instead_of = ready.last.as_ref().filter(|_| ready.leave.target_change);
    let before = match registry.claim(&ready.target, writer.clone(), instead_of).map_err(unusable)? {
        Claim::Ours { before } => before,
        Claim::Taken(other) => {
            let guard = guard::target_change(&other, &writer.tenant, writer.naming);
            return Err(JobError::Guard(Box::new(guard.map(|g| g.problem()).unwrap_or_default())));
        }
    };
    let result = upload::upload(job).await;
    // A job that may have been finalised has written, whatever became of its last answer.
    if result.as_ref().is_err_and(|e| *e.end() != JobEnd::InDoubt)
        && let Err(error) = registry.give_back(&ready.target, before)
    {
        // How the upload ended is what matters; a claim too many can only refuse.
        tracing::warn!("{error}");
    }
    result.map_err(JobError::Upload)
}

fn upload_of(context: &Context, ready: &Ready) -> Result<Upload, JobError> {
    let other = ready.last.as_ref().is_some_and(|last| last.tenant != ready.tenant);
    Ok(Upload {
        client: jupiterone(context, &ready.target)?,
        target: ready.target.clone(),
        names: ready.names.clone(),
        run: ready.preview.run,
        store: context.settings.store()?.clone(),
        tenant: ready.tenant.clone(),
        manner: ready.manner,
        seen: Previewed { collected_at: ready.preview.collected_at, belief: ready.belief.clone() },
        anew: other,
        clock: Arc::clone(&context.clock),
        reporter: Arc::clone(&context.reporter),
        cancel: context.cancel.clone(),
    })
}

/// What an upload that did not finish left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadEnded {
    /// Nothing was sent.
    NotStarted,
    /// Its job was not finalized: the target is as it was.
    NothingChanged,
    /// Nobody knows whether the target took it.
    InDoubt,
}

pub fn end_of(error: &UploadError) -> UploadEnded {
    match error.end() {
        JobEnd::NotStarted => UploadEnded::NotStarted,
        JobEnd::Aborted | JobEnd::AbortFailed(_) => UploadEnded::NothingChanged,
        JobEnd::InDoubt => UploadEnded::InDoubt,
    }
}

fn registry(settings: &Settings) -> Registry {
    Registry::new(settings.paths.registry())
}

/// A reporter that also writes to the log what a run tells.
pub fn logged(inner: Arc<dyn Reporter>) -> Arc<dyn Reporter> {
    Arc::new(move |event: Event| {
        match &event {
            Event::Log(line) => match line.level {
                Level::Info => tracing::info!("{}", visible(&line.text)),
                Level::Retry | Level::Warning => tracing::warn!("{}", visible(&line.text)),
                Level::Error => tracing::error!("{}", visible(&line.text)),
            },
            Event::Check(check) => tracing::info!(
                "check {}: {:?}{}",
                check.id.as_str(),
                check.status,
                check.problem.as_ref().map(|p| format!(": {}", visible(&p.line()))).unwrap_or_default()
            ),
            Event::Consent(look) => tracing::info!(
                "look {} for consent: {}",
                look.tries,
                look.problem.as_ref().map_or_else(|| "not yet".into(), |p| visible(&p.line()).into_owned())
            ),
            Event::Ingest(_) | Event::Upload(_) | Event::Live(_) | Event::Request(_) => {}
        }
        inner.report(event);
    })
}
