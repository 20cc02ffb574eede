//! The real program, from outside: its processes, its exit statuses, its files.

mod around;
mod asked;
mod bad_days;
mod journey;
#[path = "../support/left_out.rs"]
mod left_out;
mod network;
#[cfg(unix)]
mod processes;
mod profiles;
mod program;
#[cfg(target_os = "linux")]
mod pty;
mod schema;
mod traces;
