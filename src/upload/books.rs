//! The store's side of an upload: what the target may hold, booked before it may be true.
//!
//! The writer's calls block, so that each is made where blocking is allowed; the writer goes there and comes back.

use jiff::Timestamp;
use tokio::task::{JoinError, spawn_blocking};

use super::Upload;
use crate::{
    domain::{problem::Problem, validate::Checker},
    store::{StoreError, UploadId, Writer},
};

/// What whoever reads the store for an upload works with.
pub(super) struct Desk {
    pub writer: Writer,
    /// Decides what is sent.
    pub checker: Checker,
}

/// The books of one upload. They hold the store's one lock.
pub(super) struct Books {
    /// `None` only while a call is made, or after one broke down.
    desk: Option<Desk>,
    pub upload: UploadId,
}

impl Books {
    /// Takes the lock, and opens a new page for the target.
    pub async fn open(job: &Upload, partial_types: Vec<String>) -> Result<Self, StoreError> {
        let (store, tenant, now) = (job.store.clone(), job.tenant.clone(), job.clock.now());
        let (target, names, run, anew) = (job.target.clone(), job.names.clone(), job.run, job.anew);
        let opened = spawn_blocking(move || {
            let mut writer = Writer::open(&store, &tenant, now)?;
            if anew {
                writer.forget_target(&target)?;
            }
            let upload = writer.begin_upload(&target, names.naming(), run, now, &partial_types)?;
            let desk = Desk { writer, checker: Checker::new(&names, &tenant) };
            Ok(Self { desk: Some(desk), upload })
        });
        opened.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()))
    }

    /// Lends the desk out, to be given back with [`Books::give_back`].
    pub fn lend(&mut self) -> Result<Desk, StoreError> {
        self.desk.take().ok_or(StoreError::NoSuchUpload { upload: self.upload.0 })
    }

    pub fn give_back(&mut self, desk: Desk) {
        self.desk = Some(desk);
    }

    /// What was sent and what was not, so far.
    pub fn checker(&self) -> Result<&Checker, StoreError> {
        let desk = self.desk.as_ref().ok_or(StoreError::NoSuchUpload { upload: self.upload.0 })?;
        Ok(&desk.checker)
    }

    /// Adds the types of what was not sent to those that are exempt from deletion, and books them; all of them are the
    /// answer.
    pub async fn exempt(&mut self, known: Vec<String>) -> Result<Vec<String>, StoreError> {
        let mut all = known.clone();
        all.extend(self.checker()?.partial_types(&[]).into_iter().filter(|name| !known.contains(name)));
        if all.len() > known.len() {
            let types = all.clone();
            self.call(move |writer, upload| writer.exempt(upload, &types)).await?;
        }
        Ok(all)
    }

    pub async fn job(&mut self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.call(move |writer, upload| writer.upload_job(upload, &id)).await
    }

    /// From here on the end is unknown until somebody knows it.
    pub async fn in_doubt(&mut self) -> Result<(), StoreError> {
        self.call(Writer::upload_in_doubt).await
    }

    pub async fn finished(&mut self, at: Timestamp) -> Result<(), StoreError> {
        self.call(move |writer, upload| writer.finish_upload(upload, at)).await
    }

    pub async fn changed_nothing(&mut self) -> Result<(), StoreError> {
        self.call(Writer::drop_upload).await
    }

    async fn call(
        &mut self,
        call: impl FnOnce(&mut Writer, UploadId) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        let (mut desk, upload) = (self.lend()?, self.upload);
        let called = spawn_blocking(move || {
            let result = call(&mut desk.writer, upload);
            (desk, result)
        });
        let (desk, result) = called.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
        self.desk = Some(desk);
        result
    }
}

/// A task that panicked is a failed upload.
pub(super) fn broke_down(error: JoinError) -> Problem {
    Problem::new(format!("reading the store broke down: {error}")).code("panic")
}
