//! The store's side of an upload: what the target may hold, booked before it may be true.
//!
//! The writer's calls block, so that each is made where blocking is allowed; the writer goes there and comes back.

use jiff::Timestamp;
use tokio::task::{JoinError, spawn_blocking};

use super::Upload;
use crate::{
    domain::{batch::Payload, problem::Problem, validate::Checker},
    store::{Left, StoreError, UploadId, Writer},
};

/// What whoever reads the store for an upload works with.
pub(super) struct Desk {
    pub writer: Writer,
    /// Decides what is sent.
    pub checker: Checker,
}

/// The store's one lock, and what it guards.
pub(super) struct Ledger {
    /// `None` only while a call is made, or after one broke down.
    desk: Option<Desk>,
}

impl Ledger {
    /// Takes the lock, and tells which jobs earlier uploads to the target left behind.
    pub async fn open(job: &Upload) -> Result<(Self, Vec<Left>), StoreError> {
        let (store, tenant, now) = (job.store.clone(), job.tenant.clone(), job.clock.now());
        let (target, names) = (job.target.clone(), job.names.clone());
        let opened = spawn_blocking(move || {
            // It books from one end to the other.
            let writer = Writer::open(&store, &tenant, now)?.frugal()?;
            let left = writer.left_uploads(&target)?;
            let desk = Desk { writer, checker: Checker::new(&names, &tenant) };
            Ok((Self { desk: Some(desk) }, left))
        });
        opened.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()))
    }

    /// Opens a new page for the target. What was open and never finalized is forgotten.
    pub async fn begin(mut self, job: &Upload, partial_types: Vec<String>) -> Result<Books, StoreError> {
        let (target, naming, run, now) = (job.target.clone(), job.names.naming(), job.run, job.clock.now());
        let anew = job.anew;
        let begin = move |writer: &mut Writer| {
            if anew {
                writer.forget_target(&target)?;
            }
            writer.begin_upload(&target, naming, run, now, &partial_types)
        };
        let upload = self.call(begin).await?;
        Ok(Books { ledger: self, upload })
    }

    /// Goes on with a page that is open.
    pub fn go_on(self, upload: UploadId) -> Books {
        Books { ledger: self, upload }
    }

    /// An earlier upload's job finished after all.
    pub async fn finished(&mut self, upload: UploadId, at: Timestamp) -> Result<(), StoreError> {
        self.call(move |writer| writer.finish_upload(upload, at)).await
    }

    /// An earlier upload's job may have been applied.
    pub async fn in_doubt(&mut self, upload: UploadId) -> Result<(), StoreError> {
        self.call(move |writer| writer.upload_in_doubt(upload)).await
    }

    /// An earlier upload's job changed nothing.
    pub async fn changed_nothing(&mut self, upload: UploadId) -> Result<(), StoreError> {
        self.call(move |writer| writer.drop_upload(upload)).await
    }

    async fn call<T: Send + 'static>(
        &mut self,
        call: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut desk = self.desk.take().ok_or(StoreError::NoSuchUpload { upload: 0 })?;
        let called = spawn_blocking(move || {
            let result = call(&mut desk.writer);
            (desk, result)
        });
        let (desk, result) = called.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
        self.desk = Some(desk);
        result
    }
}

/// The books of one upload. They hold the store's one lock.
pub(super) struct Books {
    ledger: Ledger,
    pub upload: UploadId,
}

impl Books {
    /// Lends the desk out, to be given back with [`Books::give_back`].
    pub fn lend(&mut self) -> Result<Desk, StoreError> {
        self.ledger.desk.take().ok_or(StoreError::NoSuchUpload { upload: self.upload.0 })
    }

    pub fn give_back(&mut self, desk: Desk) {
        self.ledger.desk = Some(desk);
    }

    /// What was sent and what was not, so far.
    pub fn checker(&self) -> Result<&Checker, StoreError> {
        let desk = self.ledger.desk.as_ref().ok_or(StoreError::NoSuchUpload { upload: self.upload.0 })?;
        Ok(&desk.checker)
    }

    /// Adds the types of what was not sent to those that are exempt from deletion, and books them; all of them are the
    /// answer.
    pub async fn exempt(&mut self, known: Vec<String>) -> Result<Vec<String>, StoreError> {
        let mut all = known.clone();
        all.extend(self.checker()?.partial_types(&[]).into_iter().filter(|name| !known.contains(name)));
        if all.len() > known.len() {
            let (types, upload) = (all.clone(), self.upload);
            self.ledger.call(move |writer| writer.exempt(upload, &types)).await?;
        }
        Ok(all)
    }

    pub async fn job(&mut self, id: &str) -> Result<(), StoreError> {
        let (id, upload) = (id.to_owned(), self.upload);
        self.ledger.call(move |writer| writer.upload_job(upload, &id)).await
    }

    /// Everything of one kind has arrived.
    pub async fn all_arrived(&mut self, payload: Payload, entities: u64, objects: u64) -> Result<(), StoreError> {
        let upload = self.upload;
        let (entities, relationships) = match payload {
            Payload::Entities => (objects, 0),
            Payload::Relationships => (entities, objects),
        };
        self.ledger.call(move |writer| writer.note_arrived(upload, entities, relationships)).await
    }

    /// From here on the end is unknown until somebody knows it.
    pub async fn in_doubt(&mut self) -> Result<(), StoreError> {
        self.ledger.in_doubt(self.upload).await
    }

    pub async fn finished(&mut self, at: Timestamp) -> Result<(), StoreError> {
        self.ledger.finished(self.upload, at).await
    }

    pub async fn changed_nothing(&mut self) -> Result<(), StoreError> {
        self.ledger.changed_nothing(self.upload).await
    }
}

/// A task that panicked is a failed upload.
pub(super) fn broke_down(error: JoinError) -> Problem {
    Problem::new(format!("reading the store broke down: {error}")).code("panic")
}
