//! The real program in a real terminal: what it writes there, and what it leaves behind.
//!
//! Each test has a home and a pseudo-terminal of its own and an environment of four variables. Without D-Bus in it there
//! is no keyring, so that nobody's is touched.

mod asks;
mod beside;
mod confirms;
mod hands;
mod journey;
mod keys;
mod looks;
mod plain;
mod restored;
mod secrets;
mod sizes;
mod terminal;

use std::process::Command;

use crate::program::Home;

const F1: &str = "\x1bOP";
const F2: &str = "\x1bOQ";
const ENTER: &str = "\r";
const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";

/// A small tenant, which is read at once.
const SMALL: [&str; 6] = ["--users", "60", "--groups", "20", "--seed", "3"];

/// `tenantry demo`.
fn demo(home: &Home) -> Command {
    demo_of(home, &SMALL)
}

/// `tenantry demo`, with the folder for its temporary files in this home too.
fn demo_of(home: &Home, size: &[&str]) -> Command {
    let temporary = home.path("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    let mut command = home.tenantry();
    command.env("TMPDIR", temporary).arg("demo").args(size);
    command
}

/// What the first screen says, and nothing that comes by before it.
const WELCOME: &str = "I have everything";
