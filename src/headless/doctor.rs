//! `tenantry doctor`: the wizard's checks.

use serde_json::json;

use super::{
    output::{Exit, Finished, Output},
    session::Session,
};
use crate::{
    cli::Common,
    domain::{
        check::{Check, CheckStatus},
        text::visible,
    },
    jobs::{self, JobError},
};

pub async fn run(common: &Common, output: Output) -> Exit {
    match checks(common, &output).await {
        Ok(checks) => finish(&checks, &output),
        Err(error) => output.fail(&error),
    }
}

async fn checks(common: &Common, output: &Output) -> Result<Vec<Check>, JobError> {
    let session = Session::open(common)?;
    session.settings.tenant()?;
    session.settings.client()?;
    let secrets = session.both().await?;
    let context = session.context(secrets, output);
    Ok(jobs::doctor(&context).await)
}

/// Tells every check, and whether one failed.
pub fn finish(checks: &[Check], output: &Output) -> Exit {
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
    let failed = checks.iter().any(|c| c.status == CheckStatus::Failed);
    Finished::new(if failed { "failed" } else { "complete" }).emit(output);
    if failed { Exit::Failed } else { Exit::Done }
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
