//! The real program, from outside: its processes, its exit statuses, its files.

mod around;
mod bad_days;
mod journey;
mod program;
mod schema;
