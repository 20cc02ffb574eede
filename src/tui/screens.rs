//! One file a screen.

pub mod browse;
pub mod dashboard;
pub mod ingest;
pub mod preview;
pub mod profiles;
pub mod upload;
pub mod wizard;
