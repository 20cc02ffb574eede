//! Answers questions about one run of a directory: what the browser, `show`, `members`, `why`, `diff` and `list` have in
//! common. Reads a store; never a service, and writes nothing but files that are asked for.

pub mod answers;
pub mod cut;
pub mod cycles;
pub mod edges;
pub mod glance;
#[cfg(test)]
mod shapes;
pub mod walk;
pub mod ways;

use std::path::{Path, PathBuf};

use crate::{
    domain::{
        explore::{Answer, Question},
        ids::{RunId, TenantId},
        naming::Naming,
        problem::Problem,
    },
    store::{Reader, StoreError},
};

/// Answers about one store. Cheap to make; what it has in memory of a run stays as long as it lives.
#[derive(Debug)]
pub struct Explorer {
    path: PathBuf,
    tenant: Option<TenantId>,
    naming: Naming,
}

impl Explorer {
    pub const fn new(path: PathBuf, tenant: Option<TenantId>, naming: Naming) -> Self {
        Self { path, tenant, naming }
    }

    /// Whether it answers about this store.
    pub fn is_about(&self, path: &Path, tenant: Option<&TenantId>) -> bool {
        self.path == path && self.tenant.as_ref() == tenant
    }

    /// Blocks: for a thread of its own.
    pub fn ask(&self, run: RunId, question: Question) -> Result<Answer, ExploreError> {
        let reader = Reader::open(&self.path, self.tenant.as_ref())?;
        Ok(match question {
            Question::Rows(query) => Answer::Rows(reader.rows(run, self.naming, &query)?),
            Question::Detail(id) => Answer::Detail(reader.detail(run, self.naming, &id)?.map(Box::new)),
            Question::Runs => Answer::Runs(reader.runs()?),
            _ => return Err(ExploreError::NotAnswered),
        })
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExploreError {
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    #[error("this cannot be answered yet")]
    NotAnswered,
}

impl ExploreError {
    pub fn problem(&self) -> Problem {
        match self {
            Self::Store(error) => error.problem(),
            Self::NotAnswered => Problem::new(self.to_string()),
        }
    }
}
