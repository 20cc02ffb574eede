//! `tenantry preview --objects`: what an upload does to each object, a line or a JSON object each.

use serde_json::{Value, json};

use crate::{
    cli,
    domain::{
        explore::FieldChange,
        planned::{Cause, Deed, Planned, PlannedQuery},
        text::{counted, visible},
    },
    headless::{info, output::Output},
    jobs::{JobError, PlannedObjects},
};

/// Tells them as they are found.
pub fn tell(objects: &mut PlannedObjects, args: &cli::Preview, output: &Output) -> Result<(), JobError> {
    let query = PlannedQuery {
        of: args.of_type.clone(),
        filter: args.filter.clone().unwrap_or_default(),
        sort: args.sort.clone(),
        limit: args.limit_objects.unwrap_or(u64::MAX),
        ..PlannedQuery::default()
    };
    let (total, problem) = objects.each(&query, &|| false, &mut |row| match output.is_json() {
        true => output.emit(&object(&row)),
        false => {
            info::print(lines(&row).as_bytes());
        }
    })?;
    if let Some(problem) = problem {
        output.say(format!("warning: {problem}"));
    }
    output.say(counted(total, "object"));
    Ok(())
}

fn object(row: &Planned) -> Value {
    let mut object = json!(row);
    object["event"] = json!("planned");
    object
}

const fn sign(deed: Deed) -> char {
    match deed {
        Deed::Create => '+',
        Deed::Change => '~',
        Deed::Delete => '-',
    }
}

/// An object, and below it what changes.
fn lines(row: &Planned) -> String {
    let end = |name: &str, id: &str| if name.is_empty() { id.to_owned() } else { format!("{name} ({id})") };
    let far = end(&row.end.name, &row.end.id);
    let what = match &row.from {
        Some(from) => format!("{} -> {far}", end(&from.name, &from.id)),
        None => far,
    };
    let mut out = format!("{} {}  {}\n", sign(row.deed), row.object_type, visible(&what));
    match &row.fields {
        Some(fields) => fields.iter().for_each(|field| out.push_str(&change(field))),
        // That an object goes because it is gone says nothing.
        None if row.cause == Some(Cause::Gone) => {}
        None => row.what().iter().for_each(|line| out.push_str(&format!("    {line}\n"))),
    }
    out
}

fn change(field: &FieldChange) -> String {
    let (before, now) = (field.before.to_string(), field.now.to_string());
    format!("    {}: {} -> {}\n", visible(&field.field), visible(&before), visible(&now))
}
