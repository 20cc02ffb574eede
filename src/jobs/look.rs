//! Looking before reading: what a collection would do, and what the service does where its documents are silent.

use serde_json::{Value, json};

use super::{Context, JobError};
use crate::{domain::reading::Explanation, ingest};

/// What a collection would read, how much that costs, and why. Asks the service for two counts, and writes nothing.
pub async fn explain(context: &Context) -> Result<Explanation, JobError> {
    let job = super::reading(context).await?;
    ingest::explain::explain(&job).await.map_err(super::of_collect)
}

/// What a probe found: a report that can be shared, and the same in lines for people. Neither holds personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct Probed {
    pub report: Value,
    pub words: Vec<String>,
}

/// Finds out, by reading only, what the documents leave open about this tenant; what it learns is used from then on.
pub async fn probe(context: &Context) -> Result<Probed, JobError> {
    let job = super::reading(context).await?;
    let report = ingest::probe::probe(&job).await.map_err(super::of_collect)?;
    Ok(Probed { words: report.words(), report: json!(report) })
}
