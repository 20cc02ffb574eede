//! `tenantry demo` without a terminal: serve the stand-in, write its truth, or walk the whole journey in words.
//!
//! Reads no environment credentials, no profile and no keyring, and writes none.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use super::{
    doctor,
    output::{Exit, Output, say_gaps},
    preview, session, upload,
};
use crate::{
    cli::{self, Common},
    demo::{self, DemoConfig, DemoError},
    domain::{
        check::CheckStatus,
        completeness::RunStatus,
        guard::Leave,
        limit::MaxDeletions,
        problem::Problem,
        progress::{Event, Reporter},
        text::{counted, grouped},
    },
    jobs::{self, Context, JobError, Secrets},
    profile::{Environment, Flags, Settings, SettingsError, paths::Paths},
};

pub async fn run(common: &Common, args: cli::Demo) -> Exit {
    let output = Output::new(false);
    let result = if args.list_scenarios {
        list()
    } else if let Some(dir) = &args.truth {
        demo::write_truth(dir, &config(&args, any_port()), args.advanced)
            .map(|()| Exit::Done)
            .map_err(|e| failed(format!("the truth cannot be written to {}: {e}", dir.display())))
    } else if let Some(listen) = args.serve {
        serve(&args, listen, &output).await
    } else {
        journey(common, &args, &output).await
    };
    result.unwrap_or_else(|error| output.fail(&error))
}

/// What to start, listening on `listen`.
pub fn config(args: &cli::Demo, listen: SocketAddr) -> DemoConfig {
    DemoConfig {
        scenario: args.scenario.clone(),
        users: args.users,
        groups: args.groups,
        seed: args.seed,
        listen,
        ..DemoConfig::default()
    }
}

/// Loopback, on whatever port is free.
pub fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn failed(summary: impl Into<String>) -> JobError {
    JobError::Failed(Box::new(Problem::new(summary)))
}

/// Why there is no demo: asked for wrongly, or not to be had.
pub fn not_started(error: &DemoError) -> JobError {
    match error {
        DemoError::UnknownScenario { .. } | DemoError::NotLoopback(_) => {
            JobError::Usage(SettingsError::NoSuchDemo(error.to_string()))
        }
        DemoError::Listen { .. } => {
            let mut problem = Problem::new(error.to_string());
            problem.message = std::error::Error::source(error).map(ToString::to_string);
            JobError::Failed(Box::new(problem))
        }
    }
}

fn list() -> Result<Exit, JobError> {
    let lines: String = demo::scenarios().iter().map(|(name, about)| format!("{name:<18} {about}\n")).collect();
    Ok(super::info::print(lines.as_bytes()))
}

async fn serve(args: &cli::Demo, listen: SocketAddr, output: &Output) -> Result<Exit, JobError> {
    let demo = demo::start(config(args, listen)).await.map_err(|e| not_started(&e))?;
    // Whoever reads the announcement may end us at once.
    let ended = session::signal();
    Output::new(true).emit(&demo.announcement());
    output.say("serving until Ctrl-C");
    ended.await;
    demo.stop().await;
    Ok(Exit::Done)
}

/// Settings, secrets and a folder of its own for a running demo.
pub fn settings_of(
    demo: &demo::Demo,
    common: &Common,
    root: &std::path::Path,
) -> Result<(Settings, Secrets), JobError> {
    let flags = Flags {
        store: common.store.clone(),
        tenant_id: Some(demo.tenant_id.to_string()),
        client_id: Some(demo.client_id.to_string()),
        login_url: Some(demo.login_url.clone()),
        graph_url: Some(demo.graph_url.clone()),
        jupiterone_url: Some(demo.jupiterone_url.clone()),
        jupiterone_account: Some(demo.jupiterone_account.clone()),
        jupiterone_instance: Some(demo.jupiterone_instance.clone()),
        ..Flags::default()
    };
    let settings = Settings::of_flags(&flags, &Environment::default(), &Paths::under(root))?;
    let secrets = Secrets {
        credential: Some(demo.client_secret.clone().into()),
        jupiterone_key: Some(demo.jupiterone_api_key.clone()),
        ..Secrets::default()
    };
    Ok((settings, secrets))
}

/// A folder for one demo's store, gone with it.
pub fn temporary_folder() -> Result<tempfile::TempDir, JobError> {
    tempfile::Builder::new()
        .prefix("tenantry-demo-")
        .tempdir()
        .map_err(|e| failed(format!("no temporary folder can be made: {e}")))
}

/// Takes the demo's folder away, also from under a question about the store that was still being answered: SQLite may
/// make a file anew while the others go.
pub async fn remove(root: tempfile::TempDir) {
    for _ in 0..50 {
        if std::fs::remove_dir_all(root.path()).is_ok() || !root.path().exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The whole road, step by step: doctor, collect, preview, upload, a day passes, and once more.
async fn journey(common: &Common, args: &cli::Demo, output: &Output) -> Result<Exit, JobError> {
    let root = temporary_folder()?;
    let demo = demo::start(config(args, any_port())).await.map_err(|e| not_started(&e))?;
    let (settings, secrets) = settings_of(&demo, common, root.path())?;
    let listener = output.clone();
    let reporter: Arc<dyn Reporter> = Arc::new(move |event: Event| listener.report(&event));
    let context = session::context(settings, secrets, reporter);

    output.say(format!("demo tenant {} · scenario {} · seed {}", demo.tenant_id, args.scenario, args.seed));
    output.say("\n1 of 5  Credentials: tenantry doctor");
    let checks = jobs::doctor(&context).await;
    doctor::finish(&checks, None, output);
    let mut exit = Exit::Done;
    if checks.iter().any(|c| c.status == CheckStatus::Failed) {
        // A scenario may be about just that: what can be read is read all the same.
        exit = Exit::Failed;
    }
    for day in 1..=2 {
        if day == 2 {
            demo.advance();
            output.say("\nA day passes in the tenant.");
        }
        match walk(&context, output, day).await {
            Ok(step) if exit == Exit::Done => exit = step,
            Ok(_) => {}
            Err(error) => {
                exit = output.fail(&error);
                break;
            }
        }
    }
    demo.stop().await;
    if exit == Exit::Done {
        output.say("\ndone: `tenantry demo` in a terminal shows the same with screens");
    }
    Ok(exit)
}

async fn walk(context: &Context, output: &Output, day: u32) -> Result<Exit, JobError> {
    output.say("\n2 of 5  Ingest: tenantry collect");
    let run = jobs::collect(context).await?;
    output.last_progress();
    if run.status == RunStatus::Interrupted {
        return Err(JobError::Interrupted(Box::new(Problem::new(
            "interrupted; what was read is kept until the demo ends",
        ))));
    }
    output.say(format!(
        "run {} {}: {} requests, {} resource units, {:.1} s",
        run.id,
        run.status.as_str(),
        grouped(run.requests),
        grouped(run.resource_units),
        run.seconds
    ));
    say_gaps(output, &run.gaps);

    output.say("\n3 of 5  Browse: what the store holds");
    for (name, count) in jobs::counts(&context.settings)? {
        output.say(format!("{:>12}  {name}", grouped(count)));
    }

    let settings = &context.settings;
    let mut ready = if day == 1 {
        output.say("\n4 of 5  Preview: tenantry preview");
        let ready = jobs::prepare_upload(settings)?;
        preview::say(&ready.preview, output);
        output.say("\n5 of 5  Upload: tenantry upload --yes --first-upload");
        ready
    } else {
        output.say("\n4 of 5  Preview: tenantry preview --out plan.json");
        let plan = jobs::plan(settings, context.clock.now())?;
        preview::say(&plan.preview, output);
        refused(settings, output)?;
        output.say("\n5 of 5  Upload: tenantry upload --yes --plan plan.json");
        jobs::prepare_planned(settings, &plan)?
    };
    // The demo's own instance is nobody else's: its uploads need no leave.
    ready.leave = Leave::of(&ready.preview.guards);
    let foretold = ready.preview.total();
    let job = jobs::upload(context, ready).await?;
    upload::say_figures(&job, output);
    if day > 1 {
        let told = counted(foretold.create + foretold.change + foretold.delete, "change");
        output.say(format!("the preview foretold {told}"));
    }
    Ok(if jobs::has_open_gaps(&run) { Exit::Gaps } else { Exit::Done })
}

/// What an upload that may delete nothing is told.
fn refused(settings: &Settings, output: &Output) -> Result<(), JobError> {
    let strict = Settings { max_deletions: MaxDeletions::Most(0), ..settings.clone() };
    if let Some(guard) = jobs::prepare_upload(&strict)?.guard() {
        output.say("\n        A stricter limit: tenantry upload --yes --max-deletions 0");
        output.say(format!("refused, and nothing is sent: {}", guard.problem().summary));
    }
    Ok(())
}
