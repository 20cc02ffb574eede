//! The real program, from outside: its processes, its exit statuses, its files.

mod around;
mod asked;
#[path = "../support/authority.rs"]
mod authority;
mod bad_days;
mod certificates;
mod journey;
#[path = "../support/left_out.rs"]
mod left_out;
mod looking;
mod network;
mod official;
mod plain;
mod plan;
#[cfg(unix)]
mod processes;
mod profiles;
#[cfg(unix)]
mod profiles_command;
#[cfg(unix)]
mod profiles_many;
#[cfg(unix)]
mod profiles_trust;
mod program;
#[cfg(target_os = "linux")]
mod pty;
mod schema;
mod traces;
#[cfg(unix)]
mod uploads;
