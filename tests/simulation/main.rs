//! The program against the demo server, both in one paused runtime: minutes of throttling cost milliseconds, and nothing
//! depends on how fast the machine is.
//!
//! Only time is simulated. Sockets, SQLite, HTTP and the engine are the real ones.

mod again;
#[path = "../support/authority.rs"]
mod authority;
mod doctor;
mod fast_plan;
mod faults;
mod figures;
mod first_minutes;
mod guards;
mod histories;
mod journey;
mod keys;
mod live;
mod looks;
mod naming;
mod questions;
mod request_log;
mod resume;
mod screen;
mod second_runs;
mod stage;
mod truth;
mod two_programs;
mod uploads;
mod wrong_turns;
