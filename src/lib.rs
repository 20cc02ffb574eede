//! tenantry takes an administrator from "I have a Microsoft 365 tenant" to "its accounts, users, groups and
//! HAS relationships are in JupiterOne", and shows everything before it leaves the machine.
//!
//! One engine, three faces. Data flows in one direction:
//!
//! ```text
//! credentials ─→ token ─→ Graph client ─→ plan of reads ─→ store (SQLite) ─→ browse
//!  (keyring)              (pace, retry)   (page/batch)        │            ├→ preview (diff)
//!                                                             ├────────────┼→ export
//!                                                             └────────────┴→ upload (JupiterOne)
//! ```
//!
//! The modules, in reading order; ARCHITECTURE.md has the map, the invariants and who may import whom.

pub mod domain;
pub mod files;

pub mod graph;
pub mod jupiterone;
pub mod net;

pub mod credentials;
pub mod profile;

pub mod recording;
pub mod requests;
pub mod store;

pub mod explore;
pub mod export;
pub mod ingest;
pub mod preview;
pub mod upload;

pub mod jobs;

pub mod app;
pub mod driver;
pub mod plain;
pub mod tui;

pub mod cli;
pub mod headless;
pub mod log;

pub mod demo;
