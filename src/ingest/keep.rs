//! The writing side of a run: one queue, one writer, on a thread that may block.
//!
//! Readers hand pages over and go on, so that a chain of pages never waits for the disk until the queue is full.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{CollectError, Stop};
use crate::{
    domain::ids::RunId,
    store::{PageWrite, Spent, StoreError, Unresolved, Writer},
};

/// Pages that may wait to be written.
const QUEUE: usize = 64;
/// Bytes of pages that may wait or be under way, about: a page of users is a megabyte, one of members much less.
const MOST_BYTES: usize = 16 << 20;
/// How long pages go into one transaction while more of them wait: what a crash costs, and what readers see late. The
/// longer, the fewer pages of the indexes are written again and again.
const LONGEST: Duration = Duration::from_secs(1);
/// What a member takes beside its id.
const MEMBER: usize = 100;

/// What readers ask of the writing side.
pub(super) enum Order {
    /// With its part of the bytes, given back when it is written.
    Keep(Box<PageWrite>, OwnedSemaphorePermit),
    /// Carried out when everything before it is written.
    Ask(Question),
}

type Question = Box<dyn FnOnce(&mut Writer, RunId) -> Result<(), StoreError> + Send>;

/// The readers' end of the queue.
#[derive(Clone)]
pub(super) struct Keeper {
    orders: mpsc::Sender<Order>,
    bytes: Arc<Semaphore>,
}

impl Keeper {
    pub fn new() -> (Self, mpsc::Receiver<Order>) {
        let (send, receive) = mpsc::channel(QUEUE);
        (Self { orders: send, bytes: Arc::new(Semaphore::new(MOST_BYTES)) }, receive)
    }

    pub async fn keep(&self, page: PageWrite) -> Result<(), Stop> {
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(weight(&page)).await.map_err(|_| Stop::QueueClosed)?;
        self.orders.send(Order::Keep(Box::new(page), bytes)).await.map_err(|_| Stop::QueueClosed)
    }

    pub async fn unresolved(&self) -> Result<Vec<Unresolved>, Stop> {
        self.ask(Writer::unresolved).await
    }

    /// Asks the writer something, when everything before it is written.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Writer, RunId) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Stop> {
        let (send, receive) = oneshot::channel();
        let question: Question = Box::new(move |writer, run| {
            // Whoever asked may have been cancelled.
            send.send(question(writer, run)?).ok();
            Ok(())
        });
        self.orders.send(Order::Ask(question)).await.map_err(|_| Stop::QueueClosed)?;
        receive.await.map_err(|_| Stop::QueueClosed)
    }
}

/// What the run has cost so far.
pub(super) type Meter = Arc<dyn Fn() -> Spent + Send + Sync>;

/// Writes until all readers are gone. On an error the queue closes, which stops the readers.
pub(super) async fn write_all(
    writer: Arc<Mutex<Writer>>,
    run: RunId,
    mut queue: mpsc::Receiver<Order>,
    meter: Meter,
) -> Result<(), CollectError> {
    while let Some(first) = queue.recv().await {
        let meter = Arc::clone(&meter);
        queue = with(&writer, move |writer| {
            carry_out(writer, run, first, &mut queue, &meter)?;
            Ok::<_, StoreError>(queue)
        })
        .await??;
    }
    Ok(())
}

/// Carries out an order, and those behind it that are there by then. Pages that follow each other are one transaction,
/// until nothing waits or it has gone on for long enough.
fn carry_out(
    writer: &mut Writer,
    run: RunId,
    first: Order,
    queue: &mut mpsc::Receiver<Order>,
    meter: &Meter,
) -> Result<(), StoreError> {
    let mut next = Some(first);
    while let Some(order) = next.take() {
        match order {
            Order::Ask(question) => question(writer, run)?,
            Order::Keep(page, bytes) => {
                let began = Instant::now();
                let mut page = Some((page, bytes));
                let pages = std::iter::from_fn(|| {
                    // Its bytes are free for others from here on: one page at most is beyond the limit.
                    let (mut page, _bytes) = match page.take() {
                        Some(first) => first,
                        None if began.elapsed() > LONGEST => return None,
                        None => match queue.try_recv().ok()? {
                            Order::Keep(page, bytes) => (page, bytes),
                            ask @ Order::Ask(_) => {
                                next = Some(ask);
                                return None;
                            }
                        },
                    };
                    page.spent = Some(meter());
                    Some(page)
                });
                writer.commit_all(run, pages)?;
            }
        }
    }
    Ok(())
}

/// About what a page takes; never more than there is.
fn weight(page: &PageWrite) -> u32 {
    let objects: usize = page.objects.iter().map(|object| object.raw.get().len() + MEMBER).sum();
    let members = page.members.iter().map(|list| list.members.len() + 1).sum::<usize>();
    let changes = page.changes.iter().map(|list| list.added.len() + list.removed.len() + 1).sum::<usize>();
    let rest = page.resolutions.len() + page.sign_ins.len() + 1;
    u32::try_from((objects + (members + changes + rest) * MEMBER).min(MOST_BYTES)).unwrap_or(u32::MAX)
}

/// Does something with the writer, on a thread that may block.
pub(super) async fn with<T: Send + 'static>(
    writer: &Arc<Mutex<Writer>>,
    work: impl FnOnce(&mut Writer) -> T + Send + 'static,
) -> Result<T, CollectError> {
    let writer = Arc::clone(writer);
    blocking(move || work(&mut writer.lock().unwrap_or_else(PoisonError::into_inner))).await
}

/// A panic over there is an error here.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CollectError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| CollectError::Panicked)
}
