//! What this machine shows of a process: peak memory and processors; and the large tenant, read by the real binary from
//! a server in another process.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tenantry::domain::text::grouped;

pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Lets the kernel count this process's peak anew; where it cannot, peaks are those since the start.
pub fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").ok();
}

/// The peak of resident memory of a process, in MB; `None` where the system does not tell it so.
pub fn peak_mb(pid: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kb =
        status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").parse::<f64>().ok()?;
    Some(kb / 1024.0)
}

/// Ends the server whatever happens.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Far more than any service allows: the pace is never what a run waits for.
const NO_QUOTA: &str = "1000000000";

/// Reads a large tenant with the real binary, twice, and prints what it took.
pub fn large(users: u32, groups: u32, patience: Duration) {
    let binary = env!("CARGO_BIN_EXE_tenantry");
    let mut server = Server(
        Command::new(binary)
            .args(["demo", "--serve", "127.0.0.1:0", "--seed", "1"])
            .args(["--users", &users.to_string(), "--groups", &groups.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts"),
    );
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().expect("its output")).read_line(&mut line).expect("its announcement");
    let told: Value = serde_json::from_str(&line).expect("one JSON line");
    let text = |name: &str| told[name].as_str().expect("a text").to_owned();
    let home = tempfile::tempdir().expect("a folder");
    println!("\n**{} users, {} groups, no latency, without a quota**\n", grouped(users.into()), grouped(groups.into()));
    println!("| | seconds | requests | resource units | memberships | memberships/s | peak MB |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for what in ["tenantry, everything", "tenantry, second run, unchanged"] {
        let began = Instant::now();
        let mut child = Command::new(binary)
            .args([
                "collect",
                "--json",
                "--quota",
                NO_QUOTA,
                "--tenant-id",
                &text("tenant_id"),
                "--client-id",
                &text("client_id"),
            ])
            .args(["--login-url", &text("login_url"), "--graph-url", &text("graph_url")])
            .arg("--store")
            .arg(home.path().join("store.db"))
            .env("AZURE_TENANT_ID", text("tenant_id"))
            .env("AZURE_CLIENT_ID", text("client_id"))
            .env("AZURE_CLIENT_SECRET", text("client_secret"))
            .env("XDG_CONFIG_HOME", home.path())
            .env("XDG_DATA_HOME", home.path())
            .env("XDG_STATE_HOME", home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the collection starts");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let last = thread::spawn(move || output.lines().map_while(Result::ok).last().unwrap_or_default());
        let pid = child.id().to_string();
        let mut peak: f64 = 0.0;
        // A process that has ended shows no peak any more: it is looked at until then.
        while child.try_wait().expect("its end").is_none() && began.elapsed() < patience {
            peak = peak.max(peak_mb(&pid).unwrap_or_default());
            thread::sleep(Duration::from_millis(50));
        }
        let seconds = began.elapsed().as_secs_f64();
        child.kill().ok();
        child.wait().ok();
        let end: Value = serde_json::from_str(&last.join().expect("its last line")).unwrap_or_default();
        let memberships: u64 = end["counts"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| name.starts_with("active_directory_user_group_has"))
            .filter_map(|(_, n)| n.as_u64())
            .sum();
        let of = |name: &str| end[name].as_u64().unwrap_or_default();
        println!(
            "| {what} | {seconds:.1} | {} | {} | {} | {} | {peak:.0} |",
            grouped(of("requests")),
            grouped(of("resource_units")),
            grouped(memberships),
            grouped((memberships as f64 / seconds) as u64),
        );
    }
}
