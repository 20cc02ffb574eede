//! A job as the service describes it, read leniently: clients and documents disagree on its members.

use serde_json::{Map, Value};

use crate::domain::upload::JobFigures;

/// What a job's `status` means for who waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    /// `AWAITING_UPLOADS`: takes objects, changes nothing yet.
    Open,
    /// It is being applied, or a word that we do not know: it goes on.
    Working,
    /// `FINISHED`: applied.
    Finished,
    /// `ABORTED…`: ended, and not applied.
    Aborted,
    /// `ERROR_…` or `UNKNOWN`: ended; what of it was applied is not documented.
    Failed,
}

impl JobStatus {
    pub fn of(status: &str) -> Self {
        match status {
            "AWAITING_UPLOADS" => Self::Open,
            "FINISHED" => Self::Finished,
            "UNKNOWN" => Self::Failed,
            _ if status.starts_with("ABORTED") => Self::Aborted,
            _ if status.starts_with("ERROR") => Self::Failed,
            _ => Self::Working,
        }
    }

    /// Whether the job will not change any more.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Finished | Self::Aborted | Self::Failed)
    }
}

/// Reads `{"job":{…}}`, or the job alone, known by its id and status. `None` if there is no such object. Numbers may be
/// missing, or texts.
pub fn read(body: &Value) -> Option<JobFigures> {
    let job = match body.get("job") {
        Some(job) => job.as_object()?,
        None => body.as_object().filter(|o| o.get("id").is_some_and(Value::is_string) && o.contains_key("status"))?,
    };
    let number = |name: &str| number(job, name);
    let text = |name: &str| job.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(JobFigures {
        id: text("id"),
        status: text("status"),
        num_entities_uploaded: number("numEntitiesUploaded"),
        num_entities_created: number("numEntitiesCreated"),
        num_entities_updated: number("numEntitiesUpdated"),
        num_entities_deleted: number("numEntitiesDeleted"),
        num_entity_create_errors: number("numEntityCreateErrors"),
        num_entity_update_errors: number("numEntityUpdateErrors"),
        num_entity_delete_errors: number("numEntityDeleteErrors"),
        num_relationships_uploaded: number("numRelationshipsUploaded"),
        num_relationships_created: number("numRelationshipsCreated"),
        num_relationships_updated: number("numRelationshipsUpdated"),
        num_relationships_deleted: number("numRelationshipsDeleted"),
        num_relationship_create_errors: number("numRelationshipCreateErrors"),
        num_relationship_update_errors: number("numRelationshipUpdateErrors"),
        num_relationship_delete_errors: number("numRelationshipDeleteErrors"),
    })
}

/// The id in an answer that is no JSON any more: the first `"id":"…"` of it.
pub fn id_in(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once("\"id\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let (id, _) = rest.split_once('"')?;
    let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    is_id.then(|| id.to_owned())
}

fn number(job: &Map<String, Value>, name: &str) -> u64 {
    match job.get(name) {
        Some(Value::Number(n)) => n.as_u64().or_else(|| n.as_f64().map(|f| f.max(0.0) as u64)).unwrap_or_default(),
        Some(Value::String(text)) => text.trim().parse().unwrap_or_default(),
        _ => 0,
    }
}

/// The figures that name objects the job could not write: title and number, where there are any.
pub fn errors(job: &JobFigures) -> Vec<(&'static str, u64)> {
    [
        ("entities not created", job.num_entity_create_errors),
        ("entities not updated", job.num_entity_update_errors),
        ("entities not deleted", job.num_entity_delete_errors),
        ("relationships not created", job.num_relationship_create_errors),
        ("relationships not updated", job.num_relationship_update_errors),
        ("relationships not deleted", job.num_relationship_delete_errors),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_of_a_status() {
        let check = |status: &str, want: JobStatus| assert_eq!(JobStatus::of(status), want, "{status}");
        check("AWAITING_UPLOADS", JobStatus::Open);
        check("FINALIZE_PENDING", JobStatus::Working);
        check("FINALIZING_ENTITIES", JobStatus::Working);
        check("FINALIZING_RELATIONSHIPS", JobStatus::Working);
        check("SOMETHING_NEW", JobStatus::Working);
        check("", JobStatus::Working);
        check("FINISHED", JobStatus::Finished);
        check("ABORTED", JobStatus::Aborted);
        check("ABORTED_DUE_TO_INVALID_CONFIGURATION", JobStatus::Aborted);
        check("ERROR_BAD_DATA", JobStatus::Failed);
        check("ERROR_UNEXPECTED_FAILURE", JobStatus::Failed);
        check("UNKNOWN", JobStatus::Failed);
    }

    #[test]
    fn jobs_are_read_leniently() {
        let check = |body: Value, want: Option<JobFigures>| assert_eq!(read(&body), want, "{body}");
        let job = |status: &str| JobFigures { id: "j".to_owned(), status: status.to_owned(), ..JobFigures::default() };
        check(json!({}), None);
        check(json!([]), None);
        check(json!({ "job": null }), None);
        check(json!({ "job": [] }), None);
        check(json!({ "id": "j" }), None);
        check(json!({ "id": "j", "status": "ABORTED" }), Some(job("ABORTED")));
        check(json!({ "job": {} }), Some(JobFigures::default()));
        check(json!({ "job": { "id": "j", "status": "FINISHED", "done": true, "new": {} } }), Some(job("FINISHED")));
        check(
            json!({ "job": { "id": "j", "status": "FINISHED", "numEntitiesCreated": "7", "numEntitiesUpdated": 8.0,
                "numEntitiesDeleted": null, "numRelationshipsCreated": -1, "numRelationshipsUpdated": "many",
                "numRelationshipCreateErrors": 3 } }),
            Some(JobFigures {
                num_entities_created: 7,
                num_entities_updated: 8,
                num_relationship_create_errors: 3,
                ..job("FINISHED")
            }),
        );
    }

    #[test]
    fn an_id_is_found_in_half_an_answer() {
        let check = |body: &str, want: Option<&str>| assert_eq!(id_in(body.as_bytes()).as_deref(), want, "{body}");
        check(r#"{"job":{"id":"b1946ac9-2f4d","status":"AWAIT"#, Some("b1946ac9-2f4d"));
        check(r#"{"job": { "id" : "job-1", "#, Some("job-1"));
        check(r#"{"job":{"id":"b1946ac9-2f"#, None);
        check(r#"{"job":{"id":"../x","#, None);
        check(r#"{"job":{"id":"","#, None);
        check(r#"{"job":{"id":7,"#, None);
        check("", None);
    }

    #[test]
    fn only_errors_are_named() {
        let figures =
            JobFigures { num_entities_created: 5, num_relationship_create_errors: 2, ..JobFigures::default() };
        assert_eq!(errors(&figures), [("relationships not created", 2)]);
    }
}
