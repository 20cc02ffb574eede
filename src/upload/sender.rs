//! Sends bodies, several at once, and makes smaller ones of those that are too large for the service.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{TryStreamExt as _, stream};
use uuid::Uuid;

use super::{
    Limits, Stop, Upload,
    books::Books,
    feed::{Body, Feed},
    tell::Teller,
};
use crate::{
    domain::batch::Payload,
    jupiterone::{ErrorKind, JobStatus, JupiterOneClient, JupiterOneError, payload},
};

pub(super) struct Sender<'a> {
    client: &'a JupiterOneClient,
    job: &'a str,
    limits: Limits,
    teller: &'a Teller,
    /// The largest body that the service may still take: less once it refused one.
    largest: AtomicUsize,
}

impl<'a> Sender<'a> {
    pub fn new(client: &'a JupiterOneClient, job: &'a str, limits: Limits, teller: &'a Teller) -> Self {
        Self { client, job, limits, teller, largest: AtomicUsize::new(usize::MAX) }
    }

    /// Sends everything of one kind. Returns when all of it has arrived, or at the first failure.
    pub async fn send_all(&self, payload: Payload, job: &Upload, books: &mut Books) -> Result<(), Stop> {
        let feed = Feed::start(payload, self.limits.body, job, books.lend()?, books.upload);
        let bodies = stream::unfold(&feed, async |feed| feed.next().await.map(|body| (Ok(body), feed)));
        let sent = tokio::select! {
            biased;
            () = job.cancel.cancelled() => Err(Stop::Cancelled),
            sent = bodies.try_for_each_concurrent(self.limits.at_once, |body| self.send(payload, body)) => sent,
        };
        // However it went, the desk comes back.
        let (desk, read) = feed.end().await;
        books.give_back(desk);
        sent?;
        Ok(read?)
    }

    /// Sends one body, in parts where it is too large.
    async fn send(&self, payload: Payload, body: Body) -> Result<(), Stop> {
        let mut pending = vec![body];
        while let Some(body) = pending.pop() {
            if body.bytes.len() > self.largest.load(Ordering::Relaxed)
                && let Some(parts) = parts(payload, &body)
            {
                pending.extend(parts);
                continue;
            }
            match self.client.send(self.job, payload, body.bytes.clone(), Uuid::new_v4()).await {
                Ok(job) if JobStatus::of(&job.status).is_terminal() => return Err(Stop::ended(&job)),
                Ok(_) => self.teller.sent(payload, body.objects, body.bytes.len()),
                Err(error) if error.kind() == ErrorKind::TooLarge => match parts(payload, &body) {
                    Some(parts) => {
                        self.largest.fetch_min(body.bytes.len() - 1, Ordering::Relaxed);
                        self.teller.split(body.bytes.len(), &error);
                        pending.extend(parts);
                    }
                    None => return Err(Stop::Failed(too_large(payload, &body, &error))),
                },
                Err(error) if error.kind() == ErrorKind::JobClosed => return Err(Stop::Closed(error.problem())),
                Err(error) => return Err(Stop::Failed(error.problem())),
            }
        }
        Ok(())
    }
}

/// Two bodies or more of one; the first is to be sent first. `None` if there is one object only.
fn parts(payload: Payload, body: &Body) -> Option<impl Iterator<Item = Body>> {
    let parts = payload::split(payload, &body.bytes)?;
    Some(parts.into_iter().rev().map(|(bytes, objects)| Body { bytes, objects }))
}

fn too_large(payload: Payload, body: &Body, error: &JupiterOneError) -> crate::domain::problem::Problem {
    let mut problem = error.problem();
    let key = payload::only_key(payload, &body.bytes).unwrap_or_default();
    problem.summary = format!("the object {key} ({} bytes) is larger than JupiterOne takes", body.bytes.len());
    problem
}
