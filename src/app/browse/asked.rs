//! An answer that a screen waits for.

use super::super::msg::JobId;
use crate::domain::problem::Problem;

/// Where a question stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Asked<T> {
    /// Nobody has asked yet.
    #[default]
    Not,
    Waiting(JobId),
    Ready(T),
    Failed(Box<Problem>),
}

impl<T> Asked<T> {
    pub const fn is_new(&self) -> bool {
        matches!(self, Self::Not)
    }

    pub const fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(answer) => Some(answer),
            _ => None,
        }
    }

    pub const fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Failed(problem) => Some(problem),
            _ => None,
        }
    }

    pub fn waits_for(&self, job: JobId) -> bool {
        matches!(self, Self::Waiting(waited) if *waited == job)
    }

    /// The job that nobody needs any more once this is forgotten.
    pub const fn job(&self) -> Option<JobId> {
        match self {
            Self::Waiting(job) => Some(*job),
            _ => None,
        }
    }

    /// Whether this is what failed.
    pub fn fail(&mut self, job: JobId, problem: &Problem) -> bool {
        let mine = self.waits_for(job);
        if mine {
            *self = Self::Failed(Box::new(problem.clone()));
        }
        mine
    }
}
