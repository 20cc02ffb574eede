//! The store's side of an upload: what the target may hold, booked before it may be true.
//!
//! The writer's calls block, so that each is made where blocking is allowed; the writer goes there and comes back.

use jiff::Timestamp;
use tokio::task::{JoinError, spawn_blocking};

use super::Upload;
use crate::{
    domain::{batch::Payload, problem::Problem},
    store::{Left, StoreError, UploadId, Writer},
};

/// The store's one lock, and what it guards.
pub(super) struct Ledger {
    /// `None` only while a call is made, or after one broke down.
    writer: Option<Writer>,
}

impl Ledger {
    /// Takes the lock, and tells which jobs earlier uploads to the target left behind.
    pub async fn open(job: &Upload) -> Result<(Self, Vec<Left>), StoreError> {
        let (store, tenant, now, target) = (job.store.clone(), job.tenant.clone(), job.clock.now(), job.target.clone());
        let opened = spawn_blocking(move || {
            let writer = Writer::open(&store, &tenant, now)?;
            let left = writer.left_uploads(&target)?;
            Ok((Self { writer: Some(writer) }, left))
        });
        opened.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()))
    }

    /// Opens a new page for the target. What was open and never finalized is forgotten.
    pub async fn begin(mut self, job: &Upload, partial_types: Vec<String>) -> Result<Books, StoreError> {
        let (target, naming, run, now) = (job.target.clone(), job.naming, job.run, job.clock.now());
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
        let mut writer = self.writer.take().ok_or(StoreError::NoSuchUpload { upload: 0 })?;
        let called = spawn_blocking(move || {
            let result = call(&mut writer);
            (writer, result)
        });
        let (writer, result) = called.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
        self.writer = Some(writer);
        result
    }
}

/// The books of one upload. They hold the store's one lock.
pub(super) struct Books {
    ledger: Ledger,
    pub upload: UploadId,
}

impl Books {
    /// Lends the writer out, to be given back with [`Books::give_back`].
    pub fn lend(&mut self) -> Result<Writer, StoreError> {
        self.ledger.writer.take().ok_or(StoreError::NoSuchUpload { upload: self.upload.0 })
    }

    pub fn give_back(&mut self, writer: Writer) {
        self.ledger.writer = Some(writer);
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
