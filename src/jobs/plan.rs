//! Plans: a preview with what binds it, and an upload that is as planned or does not begin.

use jiff::Timestamp;

use super::{JobError, Ready, Wanted, looked, open, prepare, runs};
use crate::{
    domain::{
        ids::TenantId,
        plan::{Bound, Plan, VERSION},
        preview::Preview,
        problem::Problem,
        view::RunInfo,
    },
    profile::Settings,
};

/// What an upload would do now, bound to what it is of. Writes nothing.
pub fn plan(settings: &Settings, now: Timestamp) -> Result<Plan, JobError> {
    let reader = open(settings)?;
    let run = runs::chosen(&reader, settings)?;
    let (preview, _) = looked(&reader, &run, settings, Wanted::WithDigests)?;
    let bound = bound(settings, reader.tenant()?, &run, &preview)?;
    let made_by = format!("tenantry {}", env!("CARGO_PKG_VERSION"));
    Ok(Plan { tenantry_plan: VERSION, made_at: now, made_by, bound, preview })
}

/// As [`super::prepare_upload`], if everything is as planned.
///
/// # Errors
///
/// A guard that names everything that is not.
pub fn prepare_planned(settings: &Settings, plan: &Plan) -> Result<Ready, JobError> {
    let ready = prepare(settings, Wanted::WithDigests)?;
    let reader = open(settings)?;
    let run = runs::chosen(&reader, settings)?;
    let found = bound(settings, ready.tenant.clone(), &run, &ready.preview)?;
    let differs = plan.bound.differences(&found);
    if differs.is_empty() {
        return Ok(ready);
    }
    let which: Vec<&str> = differs.iter().map(|d| d.what).collect();
    let lines: Vec<String> = differs.iter().map(ToString::to_string).collect();
    Err(JobError::Guard(Box::new(Problem {
        message: Some(lines.join("\n")),
        ..Problem::new(format!("nothing was sent, for this is not as planned: {}", which.join(", ")))
            .code("plan_differs")
            .hint("Make a new plan with `tenantry preview --out FILE`, and look at it.")
    })))
}

fn bound(settings: &Settings, tenant: TenantId, run: &RunInfo, preview: &Preview) -> Result<Bound, JobError> {
    let store = settings.store()?;
    // The same file under another name is the same store.
    let store = std::fs::canonicalize(store).unwrap_or_else(|_| store.clone());
    Ok(Bound {
        store: store.display().to_string(),
        tenant,
        run: run.id,
        run_finished_at: preview.collected_at,
        profile: settings.profile.clone(),
        naming: settings.naming(),
        target: settings.target(),
        digests: preview.digests.clone().unwrap_or_default(),
    })
}
