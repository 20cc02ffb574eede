//! What this machine shows of a process: peak memory and processors; and the large tenant, read by the real binary from
//! a server in another process.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
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

const BINARY: &str = env!("CARGO_BIN_EXE_tenantry");

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

/// A demo tenant in a process of its own, and what leads to it.
pub struct Tenant {
    _server: Server,
    told: Value,
}

impl Tenant {
    pub fn start(users: u32, groups: u32) -> Self {
        let mut server = Server(
            Command::new(BINARY)
                .args(["demo", "--serve", "127.0.0.1:0", "--seed", "1"])
                .args(["--users", &users.to_string(), "--groups", &groups.to_string()])
                .stdout(Stdio::piped())
                .spawn()
                .expect("the server starts"),
        );
        let mut line = String::new();
        BufReader::new(server.0.stdout.take().expect("its output")).read_line(&mut line).expect("its announcement");
        Self { told: serde_json::from_str(&line).expect("one JSON line"), _server: server }
    }

    pub fn text(&self, name: &str) -> String {
        self.told[name].as_str().expect("a text").to_owned()
    }

    /// The collection of it into a store, as a process that is about to start.
    pub fn collection(&self, home: &Path, store: &Path) -> Command {
        self.command(home, store, &["collect", "--json", "--quota", NO_QUOTA])
    }

    /// A command of the real binary against it, as a process that is about to start.
    pub fn command(&self, home: &Path, store: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(args)
            .args(["--tenant-id", &self.text("tenant_id"), "--client-id", &self.text("client_id")])
            .args(["--login-url", &self.text("login_url"), "--graph-url", &self.text("graph_url")])
            .args(["--jupiterone-url", &self.text("jupiterone_url")])
            .arg("--store")
            .arg(store)
            .env("AZURE_TENANT_ID", self.text("tenant_id"))
            .env("AZURE_CLIENT_ID", self.text("client_id"))
            .env("AZURE_CLIENT_SECRET", self.text("client_secret"))
            .env("JUPITERONE_ACCOUNT", self.text("jupiterone_account"))
            .env("JUPITERONE_API_KEY", self.text("jupiterone_api_key"))
            .env("XDG_CONFIG_HOME", home)
            .env("XDG_DATA_HOME", home)
            .env("XDG_STATE_HOME", home)
            .stderr(Stdio::null());
        command
    }
}

/// Reads a demo tenant into a store.
#[allow(dead_code, reason = "for the bench that measures what a collection leaves")]
pub fn fill(users: u32, groups: u32, store: &Path) {
    let tenant = Tenant::start(users, groups);
    let home = tempfile::tempdir().expect("a folder");
    let status = tenant.collection(home.path(), store).stdout(Stdio::null()).status().expect("the collection starts");
    assert!(status.success(), "the collection ends well");
}

/// Reads a large tenant with the real binary, twice, and prints what it took.
pub fn large(users: u32, groups: u32, patience: Duration) {
    let tenant = Tenant::start(users, groups);
    let home = tempfile::tempdir().expect("a folder");
    println!("\n**{} users, {} groups, no latency, without a quota**\n", grouped(users.into()), grouped(groups.into()));
    println!("| | seconds | requests | resource units | memberships | memberships/s | peak MB |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for what in ["tenantry, everything", "tenantry, second run, unchanged"] {
        let began = Instant::now();
        let mut child = tenant
            .collection(home.path(), &home.path().join("store.db"))
            .stdout(Stdio::piped())
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
