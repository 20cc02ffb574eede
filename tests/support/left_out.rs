//! Tests that need something real which a machine may lack: they say that they were left out, and one summary test
//! (`zz_left_out`, the last to run) lists them. With `TENANTRY_REQUIRE_REAL=1`, as in CI, what is missing is a failure.
//!
//! The names of such tests end in `_or_left_out`. Each leaves a file that names it under the target folder while it
//! could not run, and takes the file away once it could.

#![allow(dead_code, reason = "each test program uses its part")]

use std::{fs, path::PathBuf};

/// Whether this machine must have everything.
pub fn required() -> bool {
    std::env::var_os("TENANTRY_REQUIRE_REAL").is_some_and(|v| v == "1")
}

/// Notes that `test` could not run, and why.
///
/// # Panics
///
/// If everything must be there.
pub fn left_out(test: &str, why: &str) {
    assert!(!required(), "{test}: {why}, and TENANTRY_REQUIRE_REAL=1 does not let it be left out");
    println!("left out: {test}: {why}");
    fs::create_dir_all(folder()).expect("the target folder can be written");
    fs::write(folder().join(test), why).expect("the target folder can be written");
}

/// Notes that `test` ran.
pub fn ran(test: &str) {
    // There may be no note of it, which is as good.
    let _ = fs::remove_file(folder().join(test));
}

/// What was left out: test and reason, by name.
pub fn all() -> Vec<(String, String)> {
    let mut notes: Vec<_> = fs::read_dir(folder())
        .into_iter()
        .flatten()
        .flatten()
        .map(|note| {
            let why = fs::read_to_string(note.path()).unwrap_or_default();
            (note.file_name().to_string_lossy().into_owned(), why)
        })
        .collect();
    notes.sort();
    notes
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("left-out")
}
