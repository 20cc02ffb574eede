//! Reads a run's objects, packs them into bodies, and books each body before it is handed over.
//!
//! In a thread of its own, which stands still while nobody takes: a task of `spawn_blocking` must not wait for the
//! runtime, whose (test) clock waits for such tasks. Whoever takes a body waits for it in a short task of that kind,
//! so that a paused clock never runs ahead of the reading.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::{Upload, arrivals::Arrivals, books::Desk};
use crate::{
    domain::batch::{Packer, Payload},
    store::{Reader, SentEdge, SentEntity, StoreError, UploadId},
};

/// A body that is ready to be sent.
#[derive(Debug)]
pub(super) struct Body {
    /// 0, 1, 2 … of its stream; its parts have the same.
    pub number: u64,
    pub bytes: Bytes,
    pub objects: u64,
}

/// What a feed begins with, and what it is told meanwhile.
pub(super) struct Progress {
    /// So many objects arrived in an earlier process: they are not sent again.
    pub skip: u64,
    /// How many entities had arrived before, where relationships are sent.
    pub entities: u64,
    pub arrivals: Arc<Arrivals>,
}

/// Bodies that wait for a sender.
const AHEAD: usize = 2;

pub(super) struct Feed {
    bodies: Arc<Mutex<mpsc::Receiver<Body>>>,
    thread: JoinHandle<(Desk, Result<(), StoreError>)>,
}

impl Feed {
    pub fn start(
        payload: Payload,
        limit: usize,
        job: &Upload,
        desk: Desk,
        upload: UploadId,
        progress: Progress,
    ) -> Self {
        let (give, take) = mpsc::sync_channel(AHEAD);
        let (store, tenant, run, names) = (job.store.clone(), job.tenant.clone(), job.run, job.names.clone());
        let thread = std::thread::spawn(move || {
            let mut desk = desk;
            let Desk { writer, checker } = &mut desk;
            let Progress { skip, entities, arrivals } = progress;
            let mut before = skip;
            // Of what is sent: what is not was not counted.
            let mut skips = move || {
                let skips = before > 0;
                before = before.saturating_sub(1);
                skips
            };
            let read = Reader::open(&store, Some(&tenant)).and_then(Reader::frugal).and_then(|reader| match payload {
                Payload::Entities => {
                    let mut pack = Pack::new(payload, limit, &give, |sent| {
                        writer.note_arrived(upload, arrivals.objects(), 0)?;
                        writer.note_entities(upload, &sent)
                    });
                    reader.sent_entities(run, &names, &mut |key, entity| match checker.entity(entity) {
                        Some(sent) if !skips() => pack.push(&sent.text, SentEntity::at(key, &sent.entity, &sent.text)),
                        _ => ControlFlow::Continue(()),
                    })?;
                    pack.end()
                }
                Payload::Relationships => {
                    let mut pack = Pack::new(payload, limit, &give, |sent| {
                        writer.note_arrived(upload, entities, arrivals.objects())?;
                        writer.note_edges(upload, sent)
                    });
                    reader.sent_edges(run, &names, &mut |keys, edge| {
                        let text = edge.text(names.naming());
                        match checker.edge(&edge, text.len()) && !skips() {
                            true => pack.push(&text, SentEdge::at(keys, &edge)),
                            false => ControlFlow::Continue(()),
                        }
                    })?;
                    pack.end()
                }
            });
            (desk, read)
        });
        Self { bodies: Arc::new(Mutex::new(take)), thread }
    }

    /// The next body; `None` when the reading has ended, well or not.
    pub async fn next(&self) -> Option<Body> {
        let bodies = Arc::clone(&self.bodies);
        let take = move || bodies.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
        spawn_blocking(take).await.ok().flatten()
    }

    /// Ends the reading, wherever it is, and gives the desk back.
    pub async fn end(self) -> (Desk, Result<(), StoreError>) {
        // The thread then finds nobody to give to.
        drop(self.bodies);
        let joined = spawn_blocking(move || self.thread.join()).await;
        let flat = joined.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
        flat.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Packs objects and keeps beside each body what is booked of it.
struct Pack<'a, T, N: FnMut(Vec<T>) -> Result<(), StoreError>> {
    packer: Packer,
    noted: Vec<T>,
    note: N,
    bodies: u64,
    give: &'a mpsc::SyncSender<Body>,
    failed: Option<StoreError>,
}

impl<'a, T, N: FnMut(Vec<T>) -> Result<(), StoreError>> Pack<'a, T, N> {
    fn new(payload: Payload, limit: usize, give: &'a mpsc::SyncSender<Body>, note: N) -> Self {
        Self { packer: Packer::with_limit(payload, limit), noted: Vec::new(), note, bodies: 0, give, failed: None }
    }

    fn push(&mut self, text: &str, note: T) -> ControlFlow<()> {
        let full = self.packer.push(text);
        let flow = full.map_or(ControlFlow::Continue(()), |body| self.hand_over(body));
        self.noted.push(note);
        flow
    }

    fn hand_over(&mut self, (text, objects): (String, u64)) -> ControlFlow<()> {
        // Booked first: what may have been sent is on record, whatever happens next.
        let room = Vec::with_capacity(self.noted.len());
        if let Err(error) = (self.note)(std::mem::replace(&mut self.noted, room)) {
            self.failed = Some(error);
            return ControlFlow::Break(());
        }
        let number = self.bodies;
        self.bodies += 1;
        match self.give.send(Body { number, bytes: Bytes::from(text), objects }) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn end(mut self) -> Result<(), StoreError> {
        if self.failed.is_none()
            && let Some(body) = self.packer.flush()
        {
            // Nobody takes it any more, or it was booked and taken: both are an end.
            let _ = self.hand_over(body);
        }
        self.failed.map_or(Ok(()), Err)
    }
}
