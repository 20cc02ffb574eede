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
    domain::{export::ExportFormat, text::grouped, view::RunInfo},
    export::ExportReport,
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
            if jobs::has_open_gaps(&run) { Exit::Gaps } else { Exit::Done }
        }
        Err(error) => output.fail(&error),
    }
}

type Exported = (RunInfo, ExportReport, std::collections::BTreeMap<String, u64>);

async fn export(common: &Common, args: &cli::Export, output: &Output) -> Result<Exported, JobError> {
    let settings = Session::of_run(common, args.of)?.named(output).await?.settings;
    let format = match args.format {
        cli::ExportFormat::Ndjson => ExportFormat::Ndjson,
        cli::ExportFormat::Csv => ExportFormat::Csv,
        cli::ExportFormat::J1Integration => ExportFormat::J1Integration,
    };
    let (run, report) = jobs::export(&settings, format, &args.out, &CancellationToken::new())?;
    let counts = jobs::counts_of(&settings, &run)?;
    Ok((run, report, counts))
}
