//! What every command begins with: settings, secrets, cancellation.

use std::{
    io::{BufRead, IsTerminal},
    sync::Arc,
};

use tokio_util::sync::CancellationToken;

use crate::{
    cli::{Common, Limit, Of},
    credentials::{OsVault, Vault},
    domain::{
        clock::{Clock, SystemClock},
        problem::Problem,
        progress::{Event, Reporter},
    },
    jobs::{self, Context, JobError, Secrets},
    profile::{
        Environment, Flags, Profiles, Settings, SettingsError, credential, jupiterone_key, paths::Paths, proxy_password,
    },
};

use super::output::Output;

/// A command's settings and where its secrets come from.
#[derive(Clone)]
pub struct Session {
    pub settings: Settings,
    pub environment: Environment,
    pub vault: Arc<dyn Vault>,
}

/// The common options as [`Settings`] wants them.
pub fn flags(common: &Common) -> Flags {
    Flags {
        profile: common.profile.clone(),
        store: common.store.clone(),
        tenant_id: common.tenant_id.clone(),
        client_id: common.client_id.clone(),
        cloud: common.cloud,
        login_url: common.login_url.clone(),
        graph_url: common.graph_url.clone(),
        jupiterone_url: common.jupiterone_url.clone(),
        admin_center: None,
        proxy: common.proxy.clone(),
        ca_file: common.ca_file.clone(),
        jupiterone_account: common.jupiterone_account.clone(),
        jupiterone_instance: common.jupiterone_instance.clone(),
        jupiterone_scope: common.jupiterone_scope.clone(),
        jupiterone_instance_name: common.jupiterone_instance_name.clone(),
        naming: common.naming,
    }
}

/// The platform's folders.
pub fn paths() -> Result<Paths, JobError> {
    Paths::of_platform().ok_or_else(|| {
        JobError::Failed(Box::new(
            Problem::new("there is no home directory to keep profiles and stores in")
                .hint("Set HOME, or XDG_CONFIG_HOME, XDG_DATA_HOME and XDG_STATE_HOME."),
        ))
    })
}

impl Session {
    pub fn open(common: &Common) -> Result<Self, JobError> {
        let environment = Environment::of_process();
        let settings = Settings::resolve(&flags(common), &environment, &paths()?)?;
        Ok(Self { settings, environment, vault: Arc::new(OsVault) })
    }

    /// One profile of several: it is who it says, and the environment's ids and secrets count where they are its own.
    pub fn of_profile(common: &Common, name: &str, environment: &Environment) -> Result<Self, JobError> {
        let paths = paths()?;
        let environment = environment.for_profile(&Profiles::new(&paths).load(name)?);
        let flags = Flags { profile: Some(name.to_owned()), ..flags(common) };
        let settings = Settings::resolve(&flags, &environment, &paths)?;
        Ok(Self { settings, environment, vault: Arc::new(OsVault) })
    }

    /// As [`Self::open`], for a command that is about one run of the store.
    pub fn of_run(common: &Common, of: Of) -> Result<Self, JobError> {
        let mut session = Self::open(common)?;
        session.settings.run = of.run;
        Ok(session)
    }

    /// With the instance's name, where the naming needs one that nobody has said: JupiterOne is asked then, and nobody
    /// else.
    pub async fn named(mut self, output: &Output) -> Result<Self, JobError> {
        if self.settings.lacks_instance_name() && self.settings.target().is_some() {
            let secrets = self.jupiterone().await?;
            // It only reads: Ctrl-C ends it as it ends any program.
            let context = self.context_until(secrets, output, CancellationToken::new());
            self.settings = jobs::named(&context).await?;
        }
        Ok(self)
    }

    /// As [`Self::of_run`], with a limit of its own.
    pub fn of_upload(common: &Common, of: Of, limit: Limit) -> Result<Self, JobError> {
        let mut session = Self::of_run(common, of)?;
        session.settings.max_deletions = limit.max_deletions.unwrap_or(session.settings.max_deletions);
        Ok(session)
    }

    /// Reads the client secret, without which nothing of Microsoft's can be read.
    pub async fn microsoft(&self) -> Result<Secrets, JobError> {
        self.secrets(true, false).await
    }

    /// Reads JupiterOne's key.
    pub async fn jupiterone(&self) -> Result<Secrets, JobError> {
        self.secrets(false, true).await
    }

    /// Reads both. A key for JupiterOne that cannot be had is none.
    pub async fn both(&self) -> Result<Secrets, JobError> {
        let mut secrets = self.microsoft().await?;
        if self.settings.target().is_some() {
            secrets.jupiterone_key = self.jupiterone().await.ok().and_then(|s| s.jupiterone_key);
        }
        Ok(secrets)
    }

    async fn secrets(&self, microsoft: bool, jupiterone: bool) -> Result<Secrets, JobError> {
        // Refused before anything else is found wanting.
        self.settings.require_trust()?;
        let Self { settings, environment, vault } = self;
        let failed = |problem| JobError::Failed(Box::new(problem));
        let mut secrets =
            Secrets { proxy_password: proxy_password(settings, vault).await.map_err(failed)?, ..Secrets::default() };
        if microsoft {
            secrets.credential = credential(settings, environment, vault, SystemClock.now()).await.map_err(failed)?;
        }
        if jupiterone {
            secrets.jupiterone_key = jupiterone_key(settings, environment, vault).await.map_err(failed)?;
        }
        Ok(secrets)
    }

    /// What a job works with; what it reports goes to `output` and the log, and Ctrl-C ends it.
    pub fn context(&self, secrets: Secrets, output: &Output) -> Context {
        self.context_until(secrets, output, cancelled_by_signals())
    }

    /// As [`Self::context`], ended by a token that others share.
    pub fn context_until(&self, secrets: Secrets, output: &Output, cancel: CancellationToken) -> Context {
        let output = output.clone();
        let reporter: Arc<dyn Reporter> = Arc::new(move |event: Event| output.report(&event));
        context_until(self.settings.clone(), secrets, jobs::logged(reporter), cancel)
    }
}

/// A job's context with the machine's clock, ended by Ctrl-C and SIGTERM.
pub fn context(settings: Settings, secrets: Secrets, reporter: Arc<dyn Reporter>) -> Context {
    context_until(settings, secrets, reporter, cancelled_by_signals())
}

fn context_until(
    settings: Settings,
    secrets: Secrets,
    reporter: Arc<dyn Reporter>,
    cancel: CancellationToken,
) -> Context {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ask = settings.ask.clone();
    Context { settings, secrets, clock, reporter, cancel, hold: jobs::Hold::default(), ask }
}

/// A token that the first Ctrl-C, SIGTERM or SIGHUP cancels; the second ends the process at once.
pub fn cancelled_by_signals() -> CancellationToken {
    let token = CancellationToken::new();
    let cancel = token.clone();
    let first = signal();
    tokio::spawn(async move {
        first.await;
        cancel.cancel();
        signal().await;
        std::process::exit(super::Exit::Interrupted as i32);
    });
    token
}

/// Listens, from the call on, for a signal that asks the process to end; what it returns waits for it.
pub fn signal() -> impl Future<Output = ()> + Send {
    #[cfg(unix)]
    let listening = {
        use tokio::signal::unix::{SignalKind, signal};
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(|kind| signal(kind).ok())
    };
    async move {
        #[cfg(unix)]
        {
            let [mut interrupt, mut terminate, mut hangup] = listening;
            tokio::select! {
                () = heard(&mut interrupt) => {}
                () = heard(&mut terminate) => {}
                () = heard(&mut hangup) => {}
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for a signal; for ever where it cannot be listened to.
#[cfg(unix)]
async fn heard(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether somebody is there to answer.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks on the terminal; only the very word will do.
pub async fn confirmed(word: &str, to: &str, output: &Output) -> bool {
    output.say(format!("type {word} to {to}:"));
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    })
    .await;
    matches!(answer, Ok(Ok(line)) if line.trim().eq_ignore_ascii_case(word))
}

/// A usage error that a command itself finds.
pub fn usage(what: &'static str, how: &'static str) -> JobError {
    JobError::Usage(SettingsError::Missing { what, how })
}
