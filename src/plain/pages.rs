//! What each screen says, in lines: labels before values, signs as words. They hold no logic of their own: what there is
//! to be done comes from the table of commands.

pub mod browse;
pub mod dashboard;
pub mod ingest;
mod items;
pub mod overlay;
pub mod preview;
pub mod profiles;
pub mod upload;
pub mod wizard;
