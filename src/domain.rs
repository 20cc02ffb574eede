//! The vocabulary: what the directory, the graph of JupiterOne and the program's own work are made of.
//!
//! Pure: no network, no files, no clock of its own, no terminal. Every other module speaks in these types, so
//! that the engine, the store and the two faces never need to know each other.

pub mod batch;
pub mod check;
pub mod clock;
pub mod cloud;
pub mod column;
pub mod completeness;
pub mod credential;
pub mod difference;
pub mod edge;
pub mod email;
pub mod entity;
pub mod explore;
pub mod export;
pub mod filter;
pub mod finding;
pub mod graphml;
pub mod guard;
pub mod ids;
pub mod kind;
pub mod limit;
pub mod lineage;
pub mod lines;
pub mod live;
pub mod naming;
pub mod near;
pub mod normalise;
pub mod origin;
pub mod permission;
pub mod plan;
pub mod planned;
pub mod portal;
pub mod portrait;
pub mod preview;
pub mod probe;
pub mod problem;
pub mod progress;
pub mod properties;
pub mod provenance;
pub mod reading;
pub mod registration;
pub mod request;
pub mod secret;
pub mod sheet;
pub mod short_id;
pub mod target;
pub mod text;
pub mod traits;
pub mod upload;
pub mod validate;
pub mod view;
