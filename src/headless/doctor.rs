//! `tenantry doctor`: the wizard's checks.

use serde_json::json;

use super::{
    output::{Exit, Finished, Output},
    session::Session,
};
use crate::{
    cli::{self, Common},
    domain::{
        check::{Check, CheckStatus},
        problem::Problem,
        text::visible,
    },
    jobs::{self, JobError, Probed},
    profile::paths,
};

pub async fn run(common: &Common, args: &cli::Doctor, output: Output) -> Exit {
    match checks(common, args, &output).await {
        Ok((checks, probed)) => {
            let exit = tell(&checks, &output);
            if let Some(probed) = &probed {
                output.say("");
                probed.words.iter().for_each(|line| output.say(line));
                if let Some(path) = &args.report {
                    output.say(format!("the report, without personal data, is in {}", path.display()));
                }
            }
            end(exit, probed.as_ref(), &output)
        }
        Err(error) => output.fail(&error),
    }
}

type Found = (Vec<Check>, Option<Probed>);

async fn checks(common: &Common, args: &cli::Doctor, output: &Output) -> Result<Found, JobError> {
    let session = Session::open(common)?;
    session.settings.tenant()?;
    session.settings.client()?;
    let secrets = session.both().await?;
    let mut context = session.context(secrets, output);
    let checks = jobs::doctor(&context).await;
    // What cannot be read cannot be probed.
    if !args.probe || has_failed(&checks) {
        return Ok((checks, None));
    }
    context.settings = jobs::settled(&context).await?;
    let probed = jobs::probe(&context).await?;
    if let Some(path) = &args.report {
        let mut text = serde_json::to_string_pretty(&probed.report).unwrap_or_default();
        text.push('\n');
        paths::replace(path, &text).map_err(|e| {
            JobError::Failed(Box::new(Problem::new(format!("the report cannot be written to {}: {e}", path.display()))))
        })?;
    }
    Ok((checks, Some(probed)))
}

fn has_failed(checks: &[Check]) -> bool {
    checks.iter().any(|c| c.status == CheckStatus::Failed)
}

/// Tells every check, and ends.
pub fn finish(checks: &[Check], output: &Output) -> Exit {
    let exit = tell(checks, output);
    end(exit, None, output)
}

fn end(exit: Exit, probed: Option<&Probed>, output: &Output) -> Exit {
    let mut finished = Finished::new(if exit == Exit::Done { "complete" } else { "failed" });
    if let Some(probed) = probed {
        finished.set("probe", probed.report.clone());
    }
    finished.emit(output);
    exit
}

/// Tells every check, and whether one failed.
fn tell(checks: &[Check], output: &Output) -> Exit {
    for check in checks {
        let problem = check.problem.as_ref();
        output.emit(&json!({
            "event": "check",
            "id": check.id.as_str(),
            "status": check.status,
            "code": problem.and_then(|p| p.code.clone()),
            "hint": problem.and_then(|p| p.hint.clone()),
            "link": problem.and_then(|p| p.link.clone()),
            "found": check.found,
            "problem": problem,
        }));
        if !output.is_json() {
            say(check, output);
        }
    }
    if has_failed(checks) { Exit::Failed } else { Exit::Done }
}

fn say(check: &Check, output: &Output) {
    let sign = match check.status {
        CheckStatus::Ok => "ok     ",
        CheckStatus::Failed => "FAILED ",
        CheckStatus::CannotCheck => "skipped",
        CheckStatus::Warning => "warning",
    };
    let found = check.found.as_deref().map(|f| format!(": {}", visible(f))).unwrap_or_default();
    output.say(format!("{sign}  {}{found}", check.id.title()));
    if let Some(problem) = &check.problem {
        for line in problem.block().lines() {
            output.say(format!("           {}", visible(line)));
        }
    }
}
