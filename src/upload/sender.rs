//! Sends bodies, several at once, and makes smaller ones of those that are too large for the service.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::{TryStreamExt as _, stream};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{
    Limits, Stop, Upload,
    arrivals::Arrivals,
    books::Books,
    feed::{Body, Feed, Progress},
    tell::Teller,
};
use crate::{
    domain::{batch::Payload, problem::Problem, progress::Level, upload::Encoding},
    jupiterone::{ErrorKind, JobStatus, JupiterOneClient, JupiterOneError, Wire, payload},
};

pub(super) struct Sender<'a> {
    client: &'a JupiterOneClient,
    job: &'a str,
    limits: Limits,
    teller: &'a Teller,
    /// The largest body that the service may still take: less once it refused one.
    largest: AtomicUsize,
    /// Whether bodies are compressed: until the service refuses one.
    zips: AtomicBool,
    /// How many objects of each kind an earlier process knows to have arrived.
    before: (u64, u64),
}

impl<'a> Sender<'a> {
    pub fn new(
        client: &'a JupiterOneClient,
        job: &'a str,
        limits: Limits,
        teller: &'a Teller,
        encoding: Encoding,
        before: (u64, u64),
    ) -> Self {
        let zips = AtomicBool::new(encoding == Encoding::Gzip);
        Self { client, job, limits, teller, largest: AtomicUsize::new(usize::MAX), zips, before }
    }

    /// Sends everything of one kind. Returns when all of it has arrived, or at the first failure.
    pub async fn send_all(&self, payload: Payload, job: &Upload, books: &mut Books) -> Result<(), Stop> {
        let (skip, entities) = match payload {
            Payload::Entities => (self.before.0, 0),
            Payload::Relationships => (self.before.1, self.teller.entities_sent()),
        };
        let arrivals = Arc::new(Arrivals::after(skip));
        let progress = Progress { skip, entities, arrivals: Arc::clone(&arrivals) };
        let feed = Feed::start(payload, self.limits.body, job, books.lend()?, books.upload, progress);
        let bodies = stream::unfold(&feed, async |feed| feed.next().await.map(|body| (Ok(body), feed)));
        let sent = tokio::select! {
            biased;
            () = job.cancel.cancelled() => Err(Stop::Cancelled),
            sent = bodies.try_for_each_concurrent(self.limits.at_once, |body| self.send(payload, body, &arrivals)) => sent,
        };
        // However it went, the desk comes back.
        let (desk, read) = feed.end().await;
        books.give_back(desk);
        sent?;
        read?;
        Ok(books.all_arrived(payload, entities, arrivals.objects()).await?)
    }

    /// Sends one body, in parts where it is too large.
    async fn send(&self, payload: Payload, body: Body, arrivals: &Arrivals) -> Result<(), Stop> {
        let (number, objects) = (body.number, body.objects);
        // Whether some of it may be there already: what comes in another form then says so.
        let mut repeats = false;
        let mut pending = vec![body];
        while let Some(body) = pending.pop() {
            if body.bytes.len() > self.largest.load(Ordering::Relaxed)
                && let Some(parts) = parts(payload, &body)
            {
                pending.extend(parts);
                continue;
            }
            let wire = self.wire(&body.bytes).await;
            let zipped = wire.encoding == Encoding::Gzip;
            let client = if repeats { self.client.clone().repeating() } else { self.client.clone() };
            let sent = client.send(self.job, payload, wire, Uuid::new_v4()).await;
            repeats |= sent.as_ref().is_err_and(JupiterOneError::may_be_there);
            match sent {
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
                // Not carried out, since its form was refused.
                Err(error) if zipped && error.status() == Some(415) => {
                    if self.zips.swap(false, Ordering::Relaxed) {
                        let text = "JupiterOne takes no compressed bodies: they go as they are".to_owned();
                        self.teller.log(Level::Info, text, Some(error.problem()));
                    }
                    pending.push(body);
                }
                Err(error) if error.kind() == ErrorKind::JobClosed => return Err(Stop::Closed(error.problem())),
                Err(error) => return Err(Stop::Failed(advised(&error))),
            }
        }
        arrivals.note(number, objects);
        Ok(())
    }

    /// The bytes that go over the network: made once, and the same at each try.
    async fn wire(&self, body: &Bytes) -> Wire {
        if self.zips.load(Ordering::Relaxed) {
            let plain = body.clone();
            if let Ok(Ok(bytes)) = spawn_blocking(move || zip(&plain)).await {
                return Wire { bytes, encoding: Encoding::Gzip };
            }
        }
        Wire { bytes: body.clone(), encoding: Encoding::Plain }
    }
}

/// Fast rather than small: keys are most of it, and compress well either way.
fn zip(plain: &[u8]) -> std::io::Result<Bytes> {
    let mut out = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    out.write_all(plain)?;
    Ok(Bytes::from(out.finish()?))
}

/// Two bodies or more of one; the first is to be sent first. `None` if there is one object only.
fn parts(payload: Payload, body: &Body) -> Option<impl Iterator<Item = Body>> {
    let parts = payload::split(payload, &body.bytes)?;
    let number = body.number;
    Some(parts.into_iter().rev().map(move |(bytes, objects)| Body { number, bytes, objects }))
}

/// What helps a body, where that is other than what helps any request.
fn advised(error: &JupiterOneError) -> Problem {
    let mut problem = error.problem();
    problem.hint = match (problem.status, problem.code.as_deref()) {
        (Some(404), _) => Some("JupiterOne does not know the job any more. Look there, then upload again.".to_owned()),
        (None, Some("timeout")) => Some("On a slow line smaller bodies get through: add --max-body 500000.".to_owned()),
        _ => problem.hint,
    };
    problem
}

fn too_large(payload: Payload, body: &Body, error: &JupiterOneError) -> Problem {
    let mut problem = error.problem();
    let key = payload::only_key(payload, &body.bytes).unwrap_or_default();
    problem.summary = format!("the object {key} ({} bytes) is larger than JupiterOne takes", body.bytes.len());
    problem
}
