//! How the UI begins: with the demo's tenant, or with a profile, or in the wizard.

use std::{io, sync::Arc, time::Duration};

use jiff::tz::TimeZone;

use super::{
    Engine, ReplayError, UiOptions,
    office::{Office, RealEngine},
    preferences,
};
use crate::{
    app::{
        ExitReason,
        views::{Fill, Fills, JupiterOneForm, Mode},
    },
    cli::{self, Common, Screen},
    credentials::{MemoryVault, OsVault, Vault, vault::name_within},
    demo::{self as stand_in, Demo, Latency},
    domain::{clock::SystemClock, problem::Problem},
    headless::{self, Exit, Output},
    jobs::JobError,
    profile::{Environment, Flags, Settings, SettingsError, Trust, paths::Paths},
    recording::CannotRecord,
};

/// What a person meets: the screens ([`run`](super::run)), or lines.
pub trait Face: AsyncFnOnce(UiOptions, Arc<dyn Engine>) -> io::Result<ExitReason> {}

impl<F: AsyncFnOnce(UiOptions, Arc<dyn Engine>) -> io::Result<ExitReason>> Face for F {}

/// `tenantry` with a real tenant.
pub async fn tenant(common: &Common, screen: Screen, face: impl Face) -> Exit {
    match begin(common) {
        Ok((flags, environment, settings)) => {
            let vault: Arc<dyn Vault> = Arc::new(OsVault);
            let office = Office::new(flags, environment, settings, Arc::clone(&vault), Arc::new(SystemClock), None);
            show(office, screen, Mode::Real, vault, None, face).await
        }
        Err(error) => Output::new(false).fail(&error),
    }
}

fn begin(common: &Common) -> Result<(Flags, Environment, Settings), JobError> {
    let flags = headless::flags(common);
    let environment = Environment::of_process();
    let paths = headless::paths()?;
    let settings = match Settings::resolve(&flags, &environment, &paths) {
        Ok(settings) if settings.trust() == Trust::Granted => settings,
        // The screens ask which one, or whether it may be used. Until then nothing of a profile is in play.
        Ok(_) | Err(SettingsError::Ambiguous(_) | SettingsError::DefaultGone(_)) => {
            Settings::of_flags(&flags, &environment, &paths)?
        }
        Err(error) => return Err(error.into()),
    };
    Ok((flags, environment, settings))
}

/// `tenantry demo` with a terminal. Reads no profile, no keyring, no credentials of the environment; keys and colours are
/// the person's, and what is changed of them is gone with it.
pub async fn demo(common: &Common, screen: Screen, args: cli::Demo, face: impl Face) -> Exit {
    match demo_session(common, screen.or(&args.screen), &args, face).await {
        Ok(exit) => exit,
        Err(error) => Output::new(false).fail(&error),
    }
}

async fn demo_session(common: &Common, screen: Screen, args: &cli::Demo, face: impl Face) -> Result<Exit, JobError> {
    let root = headless::demo::temporary_folder()?;
    let mut config = headless::demo::config(args, headless::demo::any_port());
    config.latency = Latency::Interactive;
    let demo = stand_in::start(config).await.map_err(|e| headless::demo::not_started(&e))?;
    let demo = Arc::new(demo);
    let flags = Flags {
        store: common.store.clone(),
        login_url: Some(demo.login_url.clone()),
        graph_url: Some(demo.graph_url.clone()),
        jupiterone_url: Some(demo.jupiterone_url.clone()),
        ..Flags::default()
    };
    let environment = Environment::default();
    let settings = Settings::of_flags(&flags, &environment, &Paths::under(root.path()))?;
    let fills = fills(&demo);
    let vault: Arc<dyn Vault> = Arc::new(MemoryVault::default());
    let office = Office::new(flags, environment, settings, Arc::clone(&vault), Arc::new(SystemClock), Some(demo));
    let exit = show(office, screen, Mode::Demo, vault, Some(fills), face).await;
    headless::demo::remove(root).await;
    Ok(exit)
}

/// What one key fills in: the right values, and the mistakes that people make.
pub fn fills(demo: &Demo) -> Fills {
    let target = crate::domain::target::Target {
        origin: demo.jupiterone_url.clone(),
        account: demo.jupiterone_account.clone(),
        destination: crate::domain::target::Destination::Instance(demo.jupiterone_instance.clone()),
    };
    let jupiterone = Some(JupiterOneForm { target, key: Some(demo.jupiterone_api_key.clone()) });
    let right = Fill {
        title: "the right values".to_owned(),
        tenant: demo.tenant_id.to_string(),
        client: demo.client_id.to_string(),
        secret: demo.client_secret.clone(),
        expect: None,
        jupiterone: jupiterone.clone(),
    };
    let wrong = demo
        .mistakes
        .iter()
        .map(|mistake| Fill {
            title: mistake.title.clone(),
            tenant: mistake.tenant.clone(),
            client: mistake.client.clone(),
            secret: mistake.secret.clone(),
            expect: Some(mistake.expect.clone()),
            jupiterone: jupiterone.clone(),
        })
        .collect();
    Fills { right, wrong }
}

/// How long the first frame may wait for a keyring to tell its name.
const PATIENCE: Duration = Duration::from_millis(50);

async fn show(
    office: Office,
    screen: Screen,
    mode: Mode,
    vault: Arc<dyn Vault>,
    fills: Option<Fills>,
    face: impl Face,
) -> Exit {
    let file = Paths::of_platform().map(|paths| paths.screens());
    let options = UiOptions {
        mode,
        preferences: preferences(&screen, |name| std::env::var(name).ok(), file.as_deref()),
        zone: TimeZone::system(),
        vault: name_within(vault, PATIENCE).await,
        fills,
        profile: office.profile(),
        clock: Arc::new(SystemClock),
    };
    let ended = face(options, Arc::new(RealEngine::new(office))).await;
    if let (Ok(_), Some(path)) = (&ended, &screen.record) {
        Output::new(false).say(format!(
            "recorded: {}. It holds what the screens showed, names of the directory among it, and no secret. Show it with \
             `tenantry replay`.",
            path.display()
        ));
    }
    match ended {
        Ok(ExitReason::Quit) => Exit::Done,
        Ok(ExitReason::Interrupted | ExitReason::Terminated) => Exit::Interrupted,
        Ok(ExitReason::InputClosed) => Exit::Failed,
        Err(error) if error.get_ref().is_some_and(|e| e.is::<CannotRecord>()) => {
            Output::new(false).say_problem(
                &Problem::new(error.to_string()).hint("Name a file that is not there yet, in a folder that is."),
            );
            Exit::Usage
        }
        Err(error) => {
            Output::new(false).say_problem(
                &Problem::new(format!("the terminal cannot be used: {error}"))
                    .hint("The same works without screens: see tenantry --help."),
            );
            Exit::Failed
        }
    }
}

/// Says why a recording was not shown.
pub fn not_replayed(error: &ReplayError) -> Exit {
    let problem = match error {
        ReplayError::Recording(error) => error.problem(),
        ReplayError::Terminal(_) => Problem::new(error.to_string()).hint("Add --text: the same as text."),
    };
    Output::new(false).say_problem(&problem);
    Exit::Usage
}
