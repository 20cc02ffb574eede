//! Synchronization jobs: their life, what was uploaded to them, and their figures.

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Refusal,
    graph::{Figures, Graph, Held},
    payload::Upload,
};

/// Objects' texts are kept up to here, for reading back; beyond, fingerprints only.
const KEPT_TEXT: usize = 256 << 20;

/// Whose objects a job replaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    Instance(String),
    Scope(String),
}

impl Destination {
    /// An instance id or a scope's name.
    fn name(&self) -> &str {
        match self {
            Self::Instance(id) => id,
            Self::Scope(name) => name,
        }
    }
}

/// All jobs, and the graph of every target.
#[derive(Debug, Default)]
pub struct Jobs {
    jobs: HashMap<String, Job>,
    graphs: HashMap<Destination, Graph>,
    kept_text: usize,
}

#[derive(Debug)]
pub struct Job {
    id: String,
    source: String,
    destination: Destination,
    /// Epoch milliseconds.
    started: i64,
    state: State,
    uploaded: Graph,
    bodies: u64,
    entities_uploaded: u64,
    relationships_uploaded: u64,
    /// A key came twice without `ignoreDuplicates`: nothing of this job will be applied.
    has_duplicates: bool,
}

#[derive(Debug)]
enum State {
    AwaitingUploads,
    /// On its way since then, by stages of a duration, to figures or to failure.
    Finalized {
        since: Instant,
        stage: Duration,
        end: Result<Figures, ()>,
    },
    Aborted,
}

/// A finalized job's statuses, each a stage long but for the last.
const STAGES: &[&str] = &["FINALIZE_PENDING", "FINALIZING_ENTITIES", "FINALIZING_RELATIONSHIPS"];

impl Job {
    /// Its status, and its figures once it has finished.
    fn status(&self) -> (&'static str, Figures) {
        match &self.state {
            State::AwaitingUploads => ("AWAITING_UPLOADS", Figures::default()),
            State::Aborted => ("ABORTED", Figures::default()),
            State::Finalized { since, stage, end } => {
                let passed = since.elapsed().as_nanos() / stage.as_nanos().max(1);
                let stages = if end.is_err() { &STAGES[..2] } else { STAGES };
                match (usize::try_from(passed).ok().and_then(|n| stages.get(n)), end) {
                    (Some(status), _) => (status, Figures::default()),
                    (None, Ok(figures)) => ("FINISHED", *figures),
                    (None, Err(())) => ("ERROR_BAD_DATA", Figures::default()),
                }
            }
        }
    }

    pub fn json(&self) -> Value {
        let (status, figures) = self.status();
        let done = matches!(status, "FINISHED" | "ABORTED" | "ERROR_BAD_DATA");
        let mut job = json!({
            "id": self.id,
            "source": self.source,
            "status": status,
            "done": done,
            "syncMode": "DIFF",
            "startTimestamp": self.started,
            "numEntitiesUploaded": self.entities_uploaded,
            "numEntitiesCreated": figures.entities.created,
            "numEntitiesUpdated": figures.entities.updated,
            "numEntitiesDeleted": figures.entities.deleted,
            "numEntityCreateErrors": 0,
            "numEntityUpdateErrors": 0,
            "numEntityDeleteErrors": 0,
            "numRelationshipsUploaded": self.relationships_uploaded,
            "numRelationshipsCreated": figures.relationships.created,
            "numRelationshipsUpdated": figures.relationships.updated,
            "numRelationshipsDeleted": figures.relationships.deleted,
            "numRelationshipCreateErrors": figures.dangling,
            "numRelationshipUpdateErrors": 0,
            "numRelationshipDeleteErrors": 0,
            "numMappedRelationshipsCreated": figures.mapped.created,
            "numMappedRelationshipsUpdated": figures.mapped.updated,
            "numMappedRelationshipsDeleted": figures.mapped.deleted,
        });
        match &self.destination {
            Destination::Instance(id) => {
                job["integrationInstanceId"] = json!(id);
                job["integrationJobId"] = json!(self.id);
            }
            Destination::Scope(name) => job["scope"] = json!(name),
        }
        job
    }

    fn awaiting(&mut self) -> Result<&mut Self, Refusal> {
        if matches!(self.state, State::AwaitingUploads) {
            Ok(self)
        } else {
            let words = format!("Job {} is not awaiting uploads (status={})", self.id, self.status().0);
            Err(Refusal(400, "JOB_NOT_AWAITING_UPLOADS", words))
        }
    }
}

impl Jobs {
    /// How many entities of a type all targets of the account hold.
    pub fn entities_of(&self, object_type: &str) -> u64 {
        let held = self.graphs.values().flat_map(|graph| graph.entities.values());
        held.filter(|entity| entity.object_type == object_type).count() as u64
    }

    /// What a target holds; `None` where nothing was ever finalized.
    pub fn graph_of(&self, destination: &Destination) -> Option<&Graph> {
        let (_, graph) = self.graphs.get_key_value(destination)?;
        Some(graph)
    }

    pub fn get(&self, id: &str) -> Result<&Job, Refusal> {
        self.jobs.get(id).ok_or_else(|| Self::unknown(id))
    }

    fn get_mut(&mut self, id: &str) -> Result<&mut Job, Refusal> {
        self.jobs.get_mut(id).ok_or_else(|| Self::unknown(id))
    }

    fn unknown(id: &str) -> Refusal {
        Refusal(404, "SYNC_JOB_NOT_FOUND", format!("Synchronization job {id} not found"))
    }

    pub fn start(&mut self, id: String, source: String, destination: Destination, now: i64) -> Value {
        let job = Job {
            id: id.clone(),
            source,
            destination,
            started: now,
            state: State::AwaitingUploads,
            uploaded: Graph::default(),
            bodies: 0,
            entities_uploaded: 0,
            relationships_uploaded: 0,
            has_duplicates: false,
        };
        let json = job.json();
        self.jobs.insert(id, job);
        json
    }

    /// Takes what a request brought. A key that comes twice spoils the job, unless the request says that the latest
    /// object wins: "the synchronizer will not persist anything if it detects a duplicate key".
    /// `closes_after`: somebody aborts the job when so many have come.
    pub fn upload(
        &mut self,
        id: &str,
        upload: Upload,
        latest_wins: bool,
        closes_after: Option<u64>,
    ) -> Result<Value, Refusal> {
        let mut kept_text = self.kept_text;
        let job = self.get_mut(id)?.awaiting()?;
        job.bodies += 1;
        job.entities_uploaded += upload.entities.len() as u64;
        job.relationships_uploaded += upload.relationships.len() as u64;
        for (objects, into) in
            [(upload.entities, &mut job.uploaded.entities), (upload.relationships, &mut job.uploaded.relationships)]
        {
            for object in objects {
                kept_text += object.text.len();
                let (key, held) = Held::of(object, kept_text < KEPT_TEXT);
                if into.insert(key, held).is_some() && !latest_wins {
                    job.has_duplicates = true;
                }
            }
        }
        let json = job.json();
        if closes_after.is_some_and(|most| job.bodies >= most) {
            job.state = State::Aborted;
        }
        self.kept_text = kept_text;
        Ok(json)
    }

    pub fn finalize(&mut self, id: &str, partial: &[String], stage: Duration, fails: bool) -> Result<Value, Refusal> {
        let job = self.get_mut(id)?.awaiting()?;
        let sent = std::mem::take(&mut job.uploaded);
        // Keys are unique over entities and relationships together.
        let clash = sent.relationships.keys().any(|key| sent.entities.contains_key(key));
        let (destination, spoilt) = (job.destination.clone(), job.has_duplicates || clash || fails);
        let end = if spoilt {
            Err(())
        } else {
            let partial = partial.iter().map(String::as_str).collect();
            Ok(self.graphs.entry(destination).or_default().apply(sent, &partial))
        };
        let job = self.get_mut(id)?;
        job.state = State::Finalized { since: Instant::now(), stage, end };
        Ok(job.json())
    }

    pub fn abort(&mut self, id: &str) -> Result<Value, Refusal> {
        let job = self.get_mut(id)?.awaiting()?;
        job.state = State::Aborted;
        job.uploaded = Graph::default();
        Ok(job.json())
    }

    /// What a target holds, entities before relationships, each by key; `None` where nothing was ever finalized.
    pub fn graph_ndjson(&self, target: &str) -> Option<String> {
        let (_, graph) = self.graphs.iter().find(|(d, _)| d.name().eq_ignore_ascii_case(target))?;
        let mut out = String::new();
        for held in [&graph.entities, &graph.relationships] {
            let mut all: Vec<(&String, &Held)> = held.iter().collect();
            all.sort_by_key(|(key, _)| *key);
            for (key, held) in all {
                match &held.text {
                    Some(text) => out.push_str(text),
                    None => out.push_str(&json!({ "_key": key, "_type": held.object_type }).to_string()),
                }
                out.push('\n');
            }
        }
        Some(out)
    }
}
