//! The directory in one SQLite file per tenant: what runs read, and what targets are believed to hold.
//!
//! * Rows are valid from run to run: an object that did not change costs nothing, a run in progress is invisible to whoever
//!   reads an earlier one, and any two runs can be compared.
//! * A page's rows and its checkpoint are one transaction; applying a page twice harms nothing.
//! * One [`Writer`], whose lock names its process; any number of [`Reader`]s, each call of which sees one snapshot.
//! * What was not read is never taken for gone: [`Writer::finish_run`] closes what a complete list left out and carries
//!   forward the rest. A run that read only changes closes what it was told of, and keeps the rest.
//! * A run that was cut off keeps its rows and marks until it is gone on with, or until another one begins.
//!
//! Synchronous, and the only place that names rusqlite. It knows no network and no pace, decides nothing about what to
//! read next, and deletes a store only when told to ([`remove`]).

mod belief;
mod compare;
mod differ;
mod error;
mod facets;
mod far;
mod file;
mod finish;
mod ghosts;
mod ground;
mod history;
mod hot;
mod keys;
mod late;
mod left;
mod lists;
mod lock;
mod migrate;
mod nodes;
mod pick;
mod picture;
mod prune;
mod put;
mod read;
mod remove;
mod runs;
mod sent;
mod snapshot;
mod states;
mod tally;
#[cfg(test)]
pub(crate) mod tests;
mod texts;
mod warm;
mod write;

pub use belief::{BeliefInfo, Doubt, Finished, UploadId};
pub use compare::{Believed, Compared};
pub use differ::{Differences, Different, Keep, Kept, Piece};
pub use error::StoreError;
pub use ground::{DeltaGround, GroupShape, Leftover, StoredGroup};
pub use left::Left;
pub use lock::{Holder, holder};
pub use picture::{Picture, Pictured};
pub use read::Reader;
pub use remove::remove;
pub use sent::{SentEdge, SentEntity, SentKey};
pub use snapshot::{Brief, Snapshot};
pub use write::{
    Checkpoint, DeltaLink, ListEnd, MemberRef, MembersChange, MembersWrite, ObjectWrite, PageWrite, Resolution, RunEnd,
    RunPlan, SignInWrite, Spent, Unresolved, Via, Writer,
};

/// `to_run` of a row that still holds.
const FOREVER: i64 = i64::MAX;
