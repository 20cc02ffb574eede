//! `tenantry collect --all`: every profile, one after the other, and one summary. One that fails stops no other; Ctrl-C
//! stops all.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Ended, collect, finish};
use crate::{
    cli::{self, Common},
    domain::{
        kind::EntityKind,
        naming::Naming,
        problem::Problem,
        text::{grouped, visible},
        view::RunInfo,
    },
    headless::{
        output::{Exit, Finished, Output},
        session::{self, Session, paths, usage},
    },
    jobs::{self, JobError},
    profile::{Environment, Profiles},
};

pub async fn run(common: &Common, args: &cli::Collect, output: &Output) -> Exit {
    let names = match names(common) {
        Ok(names) => names,
        Err(error) => return output.fail(&error),
    };
    let environment = Environment::of_process();
    let cancel = session::cancelled_by_signals();
    let mut rows = Vec::new();
    for (n, name) in names.iter().enumerate() {
        output.say(format!("{}profile {name}, {} of {}", if n > 0 { "\n" } else { "" }, n + 1, names.len()));
        let output = output.of_profile(name);
        rows.push(one(common, args, name, &environment, &output, &cancel).await);
    }
    summary(&rows, output)
}

/// All profiles, unless the command line also says who is meant.
fn names(common: &Common) -> Result<Vec<String>, JobError> {
    let said = [
        ("--profile", common.profile.is_some()),
        ("--store", common.store.is_some()),
        ("--tenant-id", common.tenant_id.is_some()),
        ("--client-id", common.client_id.is_some()),
        ("--cloud", common.cloud.is_some()),
        ("--login-url", common.login_url.is_some()),
        ("--graph-url", common.graph_url.is_some()),
        ("--jupiterone-url", common.jupiterone_url.is_some()),
        ("--jupiterone-account", common.jupiterone_account.is_some()),
        ("--jupiterone-instance", common.jupiterone_instance.is_some()),
        ("--jupiterone-scope", common.jupiterone_scope.is_some()),
    ];
    if let Some((flag, _)) = said.iter().find(|(_, said)| *said) {
        let problem = Problem::new(format!("--all takes who and where from each profile, and {flag} says it for all"))
            .code("usage")
            .hint(format!("Leave {flag} out, or --all."));
        return Err(JobError::Unfit(Box::new(problem)));
    }
    let names = Profiles::new(&paths()?).list()?;
    if names.is_empty() { Err(usage("profile", "make one with `tenantry profile add`")) } else { Ok(names) }
}

/// What became of one profile.
struct Row {
    name: String,
    tenant: Option<String>,
    naming: Naming,
    /// In one word.
    status: &'static str,
    counts: BTreeMap<String, u64>,
    gaps: usize,
    error: Option<Problem>,
    exit: Exit,
}

async fn one(
    common: &Common,
    args: &cli::Collect,
    name: &str,
    environment: &Environment,
    output: &Output,
    cancel: &CancellationToken,
) -> Row {
    let mut row = Row {
        name: name.to_owned(),
        tenant: None,
        naming: Naming::default(),
        status: "not started",
        counts: BTreeMap::new(),
        gaps: 0,
        error: None,
        exit: Exit::Interrupted,
    };
    if cancel.is_cancelled() {
        return row;
    }
    let session = Session::of_profile(common, name, environment);
    row.tenant = session.as_ref().ok().and_then(|s| s.settings.tenant.as_ref()).map(|t| t.as_str().to_owned());
    let ended = match session {
        Ok(session) => collect(&session, args, output, cancel.clone()).await,
        Err(error) => Err(error),
    };
    match ended {
        Ok(Ended::Run(settings, run)) => {
            row.exit = finish(&settings, &run, output);
            row.status = status(&run, row.exit);
            row.naming = settings.naming();
            row.counts = jobs::counts_of(&settings, &run).unwrap_or_default();
            row.gaps = jobs::open_gaps(&run.gaps).count();
            row
        }
        // `--explain` is refused beside `--all`.
        Ok(Ended::Explained(_)) => row,
        Err(error) => failed(row, &error, output),
    }
}

fn failed(row: Row, error: &JobError, output: &Output) -> Row {
    let exit = output.fail(error);
    let status = if exit == Exit::Interrupted { "interrupted" } else { "failed" };
    Row { status, error: Some(error.problem()), exit, ..row }
}

const fn status(run: &RunInfo, exit: Exit) -> &'static str {
    match exit {
        Exit::Done if run.status.is_finished() => "complete",
        Exit::Done => "selection",
        Exit::Gaps => "gaps",
        Exit::Interrupted => "interrupted",
        _ => "failed",
    }
}

/// One table, and one last JSON line.
fn summary(rows: &[Row], output: &Output) -> Exit {
    let exit = rows.iter().fold(Exit::Done, |worst, row| worst.or(row.exit));
    let mut finished = Finished::new(match exit {
        Exit::Done => "complete",
        Exit::Gaps => "partial",
        _ => "failed",
    });
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in rows.iter().flat_map(|row| &row.counts) {
        *counts.entry(name).or_default() += count;
    }
    finished.set("counts", json!(counts));
    finished.set("profiles", rows.iter().map(told).collect());
    finished.emit(output);
    output.say("");
    lines(rows).iter().for_each(|line| output.say(line));
    exit
}

fn told(row: &Row) -> Value {
    json!({
        "profile": row.name,
        "tenant": row.tenant,
        "status": row.status,
        "counts": row.counts,
        "gaps": row.gaps,
        "error": row.error,
        "exit": row.exit as u8,
    })
}

/// The table in words: profile, tenant, status, counts, gaps.
fn lines(rows: &[Row]) -> Vec<String> {
    let wide = |of: fn(&Row) -> usize, least| rows.iter().map(of).max().unwrap_or_default().max(least);
    let name = wide(|row| row.name.len(), "profile".len());
    let tenant = wide(|row| row.tenant.as_deref().map_or(1, |t| t.chars().count()), "tenant".len());
    let head = format!(
        "{:<name$}  {:<tenant$}  {:<11}{:>12}{:>12}{:>14}{:>8}",
        "profile", "tenant", "status", "users", "groups", "edges", "gaps"
    );
    let line = |row: &Row| {
        let of = |kind| row.counts.get(row.naming.entity_type(kind)).copied().unwrap_or_default();
        let edges: u64 = row.counts.iter().filter(|(name, _)| name.contains("_has_")).map(|(_, count)| count).sum();
        let figures = if row.counts.is_empty() {
            String::new()
        } else {
            format!(
                "{:>12}{:>12}{:>14}{:>8}",
                grouped(of(EntityKind::User)),
                grouped(of(EntityKind::Group)),
                grouped(edges),
                grouped(row.gaps as u64)
            )
        };
        let why = row.error.as_ref().map(|problem| format!("  {}", visible(&problem.line()))).unwrap_or_default();
        let known = row.tenant.as_deref().unwrap_or("-");
        format!("{:<name$}  {known:<tenant$}  {:<11}{figures}{why}", row.name, row.status).trim_end().to_owned()
    };
    std::iter::once(head).chain(rows.iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, exit: Exit, counts: &[(&str, u64)]) -> Row {
        Row {
            name: name.into(),
            tenant: Some("contoso.example".into()),
            naming: Naming::default(),
            status: if exit == Exit::Done { "complete" } else { "failed" },
            counts: counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
            gaps: 0,
            error: (exit == Exit::Failed).then(|| Problem::new("no client secret is known").code("no_secret")),
            exit,
        }
    }

    #[test]
    fn the_summary_is_a_table_and_the_status_the_worst() {
        let counts = [
            ("active_directory_user", 1_200),
            ("active_directory_user_group", 30),
            ("active_directory_account_has_user", 1_200),
            ("active_directory_user_group_has_user", 5_000),
        ];
        let rows = [row("production", Exit::Done, &counts), row("b", Exit::Failed, &[])];
        let lines = lines(&rows);
        assert_eq!(
            lines,
            [
                "profile     tenant           status            users      groups         edges    gaps",
                "production  contoso.example  complete          1,200          30         6,200       0",
                "b           contoso.example  failed       no client secret is known (no_secret)",
            ]
        );
        let worst = |all: &[Exit]| all.iter().fold(Exit::Done, |worst, exit| worst.or(*exit));
        for (all, want) in [
            (&[Exit::Done, Exit::Done][..], Exit::Done),
            (&[Exit::Gaps, Exit::Done], Exit::Gaps),
            (&[Exit::Failed, Exit::Gaps], Exit::Failed),
            (&[Exit::Usage, Exit::Gaps], Exit::Usage),
            (&[Exit::Failed, Exit::Guard, Exit::Usage], Exit::Guard),
            (&[Exit::Guard, Exit::Interrupted, Exit::Done], Exit::Interrupted),
        ] {
            assert_eq!(worst(all), want, "{all:?}");
        }
    }
}
