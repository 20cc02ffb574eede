//! Files of plans: written by `tenantry preview --out`, read by `tenantry upload --plan`.

use std::{fs::File, io::Read, path::Path};

use crate::{
    domain::{plan::Plan, problem::Problem},
    files,
    jobs::JobError,
};

/// No plan is longer: it holds figures, not objects.
const LONGEST: u64 = 16 << 20;

/// Writes a plan, for its owner's eyes only: it names groups. A file that is none is not written over.
pub fn write(file: &Path, plan: &Plan) -> Result<(), JobError> {
    let failed = |problem| JobError::Failed(Box::new(problem));
    if file.exists() {
        read(file).map_err(|error| {
            let problem = error.problem();
            JobError::Unfit(Box::new(Problem {
                summary: format!("{} is there already and is not written over: {}", file.display(), problem.summary),
                ..problem.hint("Give another file, or remove that one.")
            }))
        })?;
    }
    let text = serde_json::to_string_pretty(plan).map_err(|e| failed(Problem::new(format!("the plan: {e}"))))?;
    files::replace(file, &format!("{text}\n")).map_err(|e| {
        failed(Problem::new(format!("the plan could not be written to {}: {e}", file.display())).code("not_writable"))
    })
}

/// Reads a plan.
pub fn read(file: &Path) -> Result<Plan, JobError> {
    let unfit = |why: String| {
        let hint = "Give a file that `tenantry preview --out FILE` wrote.";
        JobError::Unfit(Box::new(
            Problem::new(format!("{} cannot be used as a plan: {why}", file.display())).code("no_plan").hint(hint),
        ))
    };
    let mut text = String::new();
    let opened = File::open(file).map_err(|e| unfit(e.to_string()))?;
    opened.take(LONGEST).read_to_string(&mut text).map_err(|e| unfit(e.to_string()))?;
    Plan::parse(&text).map_err(unfit)
}
