//! `tenantry collect`: the ingestion.

mod all;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    expiry,
    output::{Exit, Finished, Output, accepted_words, reads, say_gaps, say_ground},
    session::{self, Session},
};
use crate::{
    cli::{self, Common},
    domain::{
        completeness::RunStatus,
        problem::Problem,
        reading::{Ask, Explanation, RunKind, Scope},
        text::{counted, grouped},
        view::RunInfo,
    },
    jobs::{self, JobError},
    profile::Settings,
};

pub async fn run(common: &Common, args: &cli::Collect, output: Output) -> Exit {
    if args.all {
        return all::run(common, args, &output).await;
    }
    let ended = match Session::open(common) {
        Ok(session) => collect(&session, args, &output, session::cancelled_by_signals()).await,
        Err(error) => Err(error),
    };
    match ended {
        Ok(Ended::Run(settings, run)) => finish(&settings, &run, &output),
        Ok(Ended::Explained(explanation)) => explained(&explanation, &output),
        Err(error) => output.fail(&error),
    }
}

enum Ended {
    Run(Box<Settings>, Box<RunInfo>),
    Explained(Explanation),
}

async fn collect(
    session: &Session,
    args: &cli::Collect,
    output: &Output,
    cancel: CancellationToken,
) -> Result<Ended, JobError> {
    session.settings.tenant()?;
    session.settings.client()?;
    let prepared = async {
        let secrets = session.microsoft().await?;
        expiry::warn(&session.settings, secrets.credential.as_ref(), output);
        let mut context = session.context_until(secrets, output, cancel.clone());
        context.ask = ask(args, context.ask);
        context.settings = jobs::settled(&context).await?;
        Ok::<_, JobError>(context)
    };
    // Nobody waits for a keyring, a command or a service who was told to stop before anything was read.
    let context = tokio::select! {
        prepared = prepared => prepared?,
        () = cancel.cancelled() => {
            return Err(JobError::Interrupted(Box::new(Problem::new("interrupted before anything was read"))));
        }
    };
    if args.explain {
        return Ok(Ended::Explained(jobs::explain(&context).await?));
    }
    let run = jobs::collect(&context).await?;
    Ok(Ended::Run(Box::new(context.settings), Box::new(run)))
}

/// What the flags ask for, on the ground of what the profile asks.
fn ask(args: &cli::Collect, profile: Ask) -> Ask {
    let scope = match (args.sample, args.only_groups.as_slice()) {
        (Some(n), _) => Some(Scope::Sample(n)),
        (None, []) => None,
        (None, picks) => Some(Scope::Groups(picks.to_vec())),
    };
    Ask {
        fresh: args.fresh,
        full: args.full,
        full_every: args.full_every.map_or(profile.full_every, |age| age.0),
        gentle: args.gentle,
        scope,
        sign_ins: args.sign_in_activity || profile.sign_ins,
        keep: args.keep.map_or(profile.keep, std::num::NonZeroUsize::get),
        quota: args.quota.or(profile.quota),
        again: args.again.clone(),
    }
}

/// Tells what would be read: one JSON object, or a table for people.
fn explained(explanation: &Explanation, output: &Output) -> Exit {
    let mut finished = Finished::new("explained");
    finished.set("explanation", json!(explanation));
    finished.emit(output);
    if output.is_json() {
        return Exit::Done;
    }
    let what = match explanation.kind {
        RunKind::Full => "everything would be read",
        RunKind::Gentle => "everything would be read, gently",
        RunKind::Delta => "what changed would be read",
        RunKind::Scoped => "a selection would be read, never to be uploaded",
    };
    output.say(format!("{what}: {}", explanation.because));
    if let Some(run) = explanation.resumes {
        output.say(format!("it would go on with run {run}, which was interrupted; --fresh drops that"));
    }
    let widest = explanation.steps.iter().map(|s| s.what.chars().count()).max().unwrap_or(0).clamp(12, 36);
    output.say(format!("{:<widest$}{:>12}{:>12}  why", "", "requests", "units"));
    let (planned, needed): (Vec<_>, Vec<_>) = explanation.steps.iter().partition(|step| step.requests > 0);
    for step in planned {
        let (requests, units) = (grouped(step.requests), grouped(step.resource_units));
        output.say(format!("{:<widest$}{requests:>12}{units:>12}  {}", step.what, step.why));
        output.say(format!("{:<widest$}{:>24}  {}", "", "", short(&step.request)));
    }
    let (requests, units) = (grouped(explanation.requests), grouped(explanation.resource_units));
    output.say(format!("{:<widest$}{requests:>12}{units:>12}", "in all, about"));
    if !needed.is_empty() {
        let needed: Vec<&str> = needed.iter().map(|step| step.what.as_str()).collect();
        output.say(format!("and only where something calls for it: {}", needed.join("; ")));
    }
    output.say(format!(
        "at a pace of {} resource units in 10 s: about {}; nothing has been read",
        grouped(explanation.pace_10s),
        counted(explanation.seconds.ceil().max(1.0) as u64, "second"),
    ));
    Exit::Done
}

/// A request without the many names of its fields; the JSON has them all.
fn short(request: &str) -> String {
    let Some((before, rest)) = request.split_once("$select=") else { return request.to_owned() };
    let (fields, after) = rest.split_at(rest.find('&').unwrap_or(rest.len()));
    match fields.split(',').count() {
        n if n > 3 => format!("{before}$select={n} fields{after}"),
        _ => request.to_owned(),
    }
}

/// Tells how a run ended.
pub fn finish(settings: &Settings, run: &RunInfo, output: &Output) -> Exit {
    let progress = output.last_progress();
    let mut finished = Finished::of_run(run);
    let counts = jobs::counts_of(settings, run);
    match &counts {
        Ok(counts) => finished.set("counts", json!(counts)),
        Err(error) => tracing::warn!("counts: {error}"),
    }
    finished.set("run", json!(run.id));
    finished.set("requests", json!(run.requests));
    finished.set("resource_units", json!(run.resource_units));
    finished.set("seconds", json!(run.seconds));
    finished.set("last_full", json!(run.last_full));
    finished.set("service_principals_as_of", json!(run.service_principals_as_of));
    for (name, value) in reads(Some(run.kind), progress.as_ref()) {
        finished.set(&name, value);
    }
    finished.emit(output);

    say_gaps(output, &run.gaps);
    say_ground(output, run, progress.as_ref());
    for (name, count) in counts.iter().flatten() {
        output.say(format!("{:>12}  {name}", grouped(*count)));
    }
    let figures = format!(
        "{}, {}, {:.1} s",
        counted(run.requests, "request"),
        counted(run.resource_units, "resource unit"),
        run.seconds
    );
    match run.status {
        RunStatus::Complete => {
            output.say(format!("complete: {figures}; next: tenantry preview"));
            Exit::Done
        }
        RunStatus::Partial => {
            if !jobs::has_open_gaps(run) {
                let accepted = accepted_words(run.gaps.iter().filter(|gap| gap.accepted).count());
                output.say(format!("complete but for {accepted}: {figures}; next: tenantry preview"));
                return Exit::Done;
            }
            output.say(format!(
                "done, with gaps: {figures}; next: tenantry doctor, or tenantry preview, or tenantry profile accept-gaps"
            ));
            Exit::Gaps
        }
        RunStatus::Interrupted => {
            output.say(format!(
                "interrupted, what was read is kept: {figures}; next: tenantry collect, which goes on with it"
            ));
            Exit::Interrupted
        }
        RunStatus::Scoped => {
            output.say(format!("a selection only, never uploaded: {figures}; next: tenantry collect, for everything"));
            Exit::Done
        }
        RunStatus::Running | RunStatus::Failed => {
            output.say_problem(&Problem::new(format!("the run failed: {figures}")));
            Exit::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_shown_without_their_fields() {
        let check = |request: &str, want: &str| assert_eq!(short(request), want);
        check("/v1.0/users/$count", "/v1.0/users/$count");
        check("/v1.0/groups/{id}/members?$select=id&$top=999", "/v1.0/groups/{id}/members?$select=id&$top=999");
        check("/v1.0/users?$select=a,b,c,d,e&$top=999", "/v1.0/users?$select=5 fields&$top=999");
        check("/v1.0/users/delta?$select=a,b,c,d", "/v1.0/users/delta?$select=4 fields");
    }

    #[test]
    fn flags_come_before_what_the_profile_asks() {
        let profile = Ask {
            keep: 3,
            sign_ins: true,
            full_every: std::time::Duration::from_secs(60),
            quota: std::num::NonZeroU64::new(5_000),
            ..Ask::default()
        };
        assert_eq!(ask(&cli::Collect::default(), profile.clone()), profile);
        let args = cli::Collect {
            keep: std::num::NonZeroUsize::new(5),
            full_every: "7d".parse().ok(),
            sample: Some(4),
            gentle: true,
            quota: std::num::NonZeroU64::new(7),
            ..cli::Collect::default()
        };
        let asked = ask(&args, profile);
        assert_eq!((asked.keep, asked.full_every, asked.sign_ins), (5, Ask::FULL_EVERY, true));
        assert_eq!(asked.quota, args.quota);
        assert_eq!((asked.scope, asked.gentle, asked.full, asked.fresh), (Some(Scope::Sample(4)), true, false, false));
    }
}
