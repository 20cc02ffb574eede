//! An upload's progress and the job's figures, as JupiterOne reports them.

use serde::{Deserialize, Serialize};

use super::ids::RunId;

/// Where an upload stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct UploadProgress {
    pub phase: UploadPhase,
    pub job_id: Option<String>,
    pub entities_sent: u64,
    pub entities_total: u64,
    pub relationships_sent: u64,
    pub relationships_total: u64,
    pub batches: u64,
    pub bytes: u64,
    pub retries: u64,
    pub seconds: f64,
    /// Those in which objects were sent: neither what was seen to before, nor the job's own time behind it.
    #[serde(default)]
    pub sending_seconds: f64,
    /// How many of what is sent had arrived in an earlier process.
    #[serde(default)]
    pub before: u64,
    /// The job's last known status, verbatim.
    pub status: Option<String>,
}

impl UploadProgress {
    /// Bytes a second, once there is anything to tell it by.
    pub fn rate(&self) -> Option<f64> {
        (self.bytes > 0 && self.sending_seconds >= 1.0).then(|| self.bytes as f64 / self.sending_seconds)
    }

    /// How long the rest of the sending takes if it goes on as it did; nobody knows how long the job is applied.
    pub fn eta_seconds(&self) -> Option<f64> {
        let sent = (self.entities_sent + self.relationships_sent).saturating_sub(self.before);
        let left = (self.entities_total + self.relationships_total)
            .saturating_sub(self.entities_sent + self.relationships_sent);
        let sending = matches!(self.phase, UploadPhase::Entities | UploadPhase::Relationships);
        let seconds = self.sending_seconds;
        (sending && sent > 0 && left > 0 && seconds >= 1.0).then(|| left as f64 * seconds / sent as f64)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadPhase {
    #[default]
    Starting,
    Entities,
    Relationships,
    Finalizing,
    Finished,
    Aborting,
}

/// A job that an earlier upload left behind: it was cut off, or the job's end is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftJob {
    pub id: String,
    pub run: RunId,
    /// When the upload began.
    pub since: jiff::Timestamp,
    /// Whether it may have been finalized.
    pub in_doubt: bool,
    /// How many objects are known to have arrived.
    pub entities: u64,
    pub relationships: u64,
}

/// What becomes of a job that an earlier upload left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leftover {
    /// It is aborted, and everything is sent anew.
    #[default]
    Abort,
    /// What is missing is sent to it, if it sends the same.
    GoOn,
}

/// When an upload is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// If the target is not believed to hold exactly this already.
    #[default]
    Needed,
    /// Whatever it is believed to hold: somebody else may have changed it.
    Always,
}

/// How an upload is made, where there is a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manner {
    pub when: When,
    pub leftover: Leftover,
    pub encoding: Encoding,
    pub source: Source,
    /// The most bytes of a body, where something on the way takes less than JupiterOne.
    pub body: Option<usize>,
}

/// How bodies go over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    #[default]
    Plain,
    /// Whether JupiterOne takes it from keys like ours is not documented: only where it is asked for.
    Gzip,
}

/// As what an upload to an instance presents itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// What JupiterOne's documents prescribe for whoever is not JupiterOne.
    #[default]
    External,
    /// As JupiterOne's own command line does by default.
    Managed,
}

/// A synchronization job as JupiterOne describes it; read leniently, absent figures are zero.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JobFigures {
    pub id: String,
    pub status: String,
    pub num_entities_uploaded: u64,
    pub num_entities_created: u64,
    pub num_entities_updated: u64,
    pub num_entities_deleted: u64,
    pub num_entity_create_errors: u64,
    pub num_entity_update_errors: u64,
    pub num_entity_delete_errors: u64,
    pub num_relationships_uploaded: u64,
    pub num_relationships_created: u64,
    pub num_relationships_updated: u64,
    pub num_relationships_deleted: u64,
    /// Relationships whose end entity is missing or deleted.
    pub num_relationship_create_errors: u64,
    pub num_relationship_update_errors: u64,
    pub num_relationship_delete_errors: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_as_what_went_before() {
        let check = |sent: u64, before: u64, seconds: f64, phase: UploadPhase, want: Option<f64>| {
            let progress = UploadProgress {
                phase,
                entities_sent: 100,
                entities_total: 100,
                relationships_sent: sent - 100,
                relationships_total: 900,
                before,
                // It began long before: an earlier job had to be waited for.
                seconds: seconds + 600.0,
                sending_seconds: seconds,
                bytes: 50,
                ..UploadProgress::default()
            };
            assert_eq!(progress.eta_seconds(), want, "{sent} {before} {seconds} {phase:?}");
            assert_eq!(progress.rate(), (seconds >= 1.0).then_some(50.0 / seconds));
        };
        check(500, 0, 10.0, UploadPhase::Relationships, Some(10.0));
        check(500, 400, 10.0, UploadPhase::Relationships, Some(50.0));
        check(500, 500, 10.0, UploadPhase::Relationships, None);
        check(500, 0, 0.5, UploadPhase::Relationships, None);
        check(1_000, 0, 10.0, UploadPhase::Relationships, None);
        check(500, 0, 10.0, UploadPhase::Finalizing, None);
    }
}
