//! What an upload costs: beside JupiterOne's own command line at 100,000 objects, and at five million edges.
//!
//! `cargo bench --bench upload` prints both; `-- --quick` only the first, `-- --large` only the second. Real time: the real
//! binary and the official `j1-integration sync` (of the folder that TENANTRY_J1_SDK names, as `.ci/run` installs it) send
//! the same run to a demo server in another process on the same machine, which checks each object as JupiterOne does.

#[allow(dead_code, reason = "the other benches use the rest")]
#[path = "../figures/machine.rs"]
mod machine;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tenantry::domain::text::grouped;

use self::machine::{Tenant, peak_mb, processors};

/// Runs it to its end: seconds, and the peak of its resident memory.
fn measured(mut command: Command) -> (f64, f64) {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().expect("it starts");
    let (pid, mut peak) = (child.id().to_string(), 0.0_f64);
    loop {
        peak = peak.max(peak_mb(&pid).unwrap_or_default());
        if let Some(status) = child.try_wait().expect("its end") {
            assert!(status.success(), "{status}");
            return (began.elapsed().as_secs_f64(), peak);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn row(what: &str, objects: u64, (seconds, peak): (f64, f64)) {
    println!("| {what} | {seconds:.1} | {} | {peak:.0} |", grouped((objects as f64 / seconds) as u64));
}

/// `j1-integration sync` of a project's folder, into a scope.
fn sync(packages: &Path, tenant: &Tenant, project: &Path, scope: &str) -> Command {
    let mut command = Command::new("node");
    command
        .arg(packages.join("node_modules/@jupiterone/integration-sdk-cli/bin/j1-integration"))
        .args(["sync", "--source", "api", "--scope", scope, "--api-base-url", &tenant.text("jupiterone_url"), "-p"])
        .arg(project)
        .env("JUPITERONE_API_KEY", tenant.text("jupiterone_api_key"))
        .env("JUPITERONE_ACCOUNT", tenant.text("jupiterone_account"));
    command
}

/// One size: our upload plain and compressed, and the official one where it is installed.
fn compare(users: u32, groups: u32, official: Option<&Path>) {
    let tenant = Tenant::start(users, groups);
    let home = tempfile::tempdir().expect("a folder");
    let store = home.path().join("store.db");
    let status = tenant.collection(home.path(), &store).stdout(Stdio::null()).status().expect("it starts");
    assert!(status.success(), "the collection ends well");
    let out = home.path().join("out");
    let mut export = tenant.command(home.path(), &store, &["export", "--json", "--format", "j1-integration", "--out"]);
    let report = export.arg(&out).output().expect("it starts").stdout;
    let line = String::from_utf8_lossy(&report);
    let end: serde_json::Value = serde_json::from_str(line.lines().last().unwrap_or_default()).expect("its last line");
    let objects: u64 = end["counts"].as_object().expect("counts").values().filter_map(|n| n.as_u64()).sum();
    println!(
        "\n**{} users, {} groups: {} objects**\n",
        grouped(users.into()),
        grouped(groups.into()),
        grouped(objects)
    );
    println!("| | seconds | objects/s | peak MB |");
    println!("|---|---:|---:|---:|");
    // Each into a place of its own, so that each creates everything.
    let upload = |scope: &str, more: &[&str]| {
        let args = ["upload", "--yes", "--first-upload", "--json", "--jupiterone-scope", scope];
        measured(tenant.command(home.path(), &store, &[&args[..], more].concat()))
    };
    row("tenantry upload", objects, upload("ours", &[]));
    if let Some(packages) = official {
        row("j1-integration sync 8.41.0", objects, measured(sync(packages, &tenant, &out, "theirs")));
    }
}

fn main() {
    let asked = |flag: &str| std::env::args().any(|a| a == flag);
    let packages = std::env::var_os("TENANTRY_J1_SDK").map(PathBuf::from);
    println!("Real time, the server in another process on the same {} processors.", processors());
    if !asked("--large") {
        if packages.is_none() {
            println!("TENANTRY_J1_SDK names no folder with JupiterOne's own packages: nothing to compare with.");
        }
        compare(10_000, 2_500, packages.as_deref());
    }
    if !asked("--quick") {
        compare(500_000, 150_000, None);
    }
}
