//! `tenantry export`: what an upload would send, as files.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    output::{Exit, Finished, Output},
    preview::say_findings,
    session::Session,
};
use crate::{
    cli::{self, Common},
    domain::{export::ExportFormat, problem::Problem, text::grouped, view::RunInfo},
    export::{ExportReport, tree::MOST_FOR_DIFF},
    jobs::{self, JobError},
};

pub async fn run(common: &Common, args: &cli::Export, output: Output) -> Exit {
    match export(common, args, &output).await {
        Ok((run, report, counts)) => {
            let mut finished = Finished::of_run(&run);
            finished.set("counts", json!(counts));
            finished.set("run", json!(run.id));
            finished.set("findings", json!(report.findings));
            finished.emit(&output);
            say_findings(&report.findings, &output);
            output.say(format!(
                "{} entities and {} relationships in {}",
                grouped(report.entities),
                grouped(report.relationships),
                args.out.display()
            ));
            for line in notes(args, &report) {
                output.say(line);
            }
            if jobs::has_open_gaps(&run) { Exit::Gaps } else { Exit::Done }
        }
        Err(error) => output.fail(&error),
    }
}

/// What to do with it, and what not.
fn notes(args: &cli::Export, report: &ExportReport) -> Vec<String> {
    let mut notes = Vec::new();
    if args.format == cli::ExportFormat::Tree {
        if let [old, new] = &report.files[..] {
            notes.push(format!("Compare them: j1-integration diff {} {}", old.display(), new.display()));
        }
        if report.bytes / report.files.len().max(1) as u64 > MOST_FOR_DIFF {
            notes.push(
                "j1-integration diff reads no file of more than 512 MiB; `tenantry diff` has no such limit.".to_owned(),
            );
        }
    }
    notes
}

type Exported = (RunInfo, ExportReport, std::collections::BTreeMap<String, u64>);

async fn export(common: &Common, args: &cli::Export, output: &Output) -> Result<Exported, JobError> {
    if args.against.is_some() && args.format != cli::ExportFormat::Tree {
        let problem = Problem::new("--against is for --format tree")
            .code("usage")
            .hint("`tenantry preview --against RUN` tells what is different as JSON or Markdown.");
        return Err(JobError::Unfit(Box::new(problem)));
    }
    let settings = Session::of_run(common, args.of)?.named(output).await?.settings;
    let format = match args.format {
        cli::ExportFormat::Ndjson => ExportFormat::Ndjson,
        cli::ExportFormat::Csv => ExportFormat::Csv,
        cli::ExportFormat::J1Integration => ExportFormat::J1Integration,
        cli::ExportFormat::Tree => ExportFormat::Tree,
        cli::ExportFormat::Graphml => ExportFormat::Graphml,
        cli::ExportFormat::Html => ExportFormat::Html,
    };
    let never = CancellationToken::new();
    let (run, report) = match args.against {
        None => jobs::export(&settings, format, &args.out, &never)?,
        Some(before) => jobs::export_pair(&settings, before, &args.out, &never)?,
    };
    let counts = jobs::counts_of(&settings, &run)?;
    Ok((run, report, counts))
}
