//! An upload's progress and the job's figures, as JupiterOne reports them.

use serde::{Deserialize, Serialize};

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
    /// The job's last known status, verbatim.
    pub status: Option<String>,
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
