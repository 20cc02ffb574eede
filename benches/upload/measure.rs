//! One command from its start to its end: seconds, processor seconds, the peak of its memory, and what it told.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tenantry::domain::text::grouped;

use super::machine::peak_mb;

/// What a command took.
pub struct Measured {
    pub seconds: f64,
    /// Of all its threads; `None` where the system does not tell it so.
    pub cpu: Option<f64>,
    pub peak_mb: f64,
    /// How long it took from the first word of an upload on: without the preview before it.
    pub own_seconds: Option<f64>,
    /// The last line of its output, if that is JSON.
    pub end: Value,
}

/// Runs it to its end, which must be a good one.
pub fn measured(mut command: Command) -> Measured {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let (out, mut err) = (child.stdout.take().expect("its output"), child.stderr.take().expect("its words"));
    let told = thread::spawn(move || {
        let (mut last, mut uploads) = (String::new(), None);
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if uploads.is_none() && line.contains(r#""event":"upload""#) {
                uploads = Some(Instant::now());
            }
            last = line;
        }
        (last, uploads)
    });
    let words = thread::spawn(move || {
        let mut all = String::new();
        err.read_to_string(&mut all).ok();
        all
    });
    let (pid, mut peak, mut cpu) = (child.id().to_string(), 0.0_f64, None);
    // A process that has ended shows neither any more: it is looked at until then.
    let status = loop {
        peak = peak.max(peak_mb(&pid).unwrap_or_default());
        cpu = cpu_seconds(&pid).or(cpu);
        if let Some(status) = child.try_wait().expect("its end") {
            break status;
        }
        thread::sleep(Duration::from_millis(5));
    };
    let ended = Instant::now();
    let (last, uploads) = told.join().expect("its output");
    let words = words.join().expect("its words");
    // Two: what it was asked for, with gaps.
    assert!(matches!(status.code(), Some(0 | 3)), "{command:?} ended with {status}:\n{words}\n{last}");
    Measured {
        seconds: (ended - began).as_secs_f64(),
        cpu,
        peak_mb: peak,
        own_seconds: uploads.map(|at| (ended - at).as_secs_f64()),
        end: serde_json::from_str(&last).unwrap_or_default(),
    }
}

/// What a process and its threads have computed; the kernel counts in hundredths.
fn cpu_seconds(pid: &str) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in brackets, and may hold anything.
    let numbers: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let of = |at: usize| numbers.get(at)?.parse::<f64>().ok();
    Some((of(11)? + of(12)?) / 100.0)
}

/// A table whose first row is what the others are held against.
pub struct Table {
    objects: u64,
    naive: Option<f64>,
}

impl Table {
    pub fn new(title: &str, objects: u64) -> Self {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split_whitespace().next().unwrap_or("?");
        println!("\n**{title}** (load {load} when it began)\n");
        println!("| | seconds | processor seconds | objects/s | requests | MB sent | peak MB | times the first |");
        println!("|---|---:|---:|---:|---:|---:|---:|---:|");
        Self { objects, naive: None }
    }

    /// `sent`: requests and bytes.
    pub fn row(&mut self, what: &str, seconds: f64, it: &Measured, sent: Option<(u64, u64)>) {
        let naive = *self.naive.get_or_insert(seconds);
        let cpu = it.cpu.map_or_else(|| "–".to_owned(), |cpu| format!("{cpu:.1}"));
        let (requests, bytes) = sent.map_or_else(
            || ("–".to_owned(), "–".to_owned()),
            |(requests, bytes)| (grouped(requests), format!("{:.0}", bytes as f64 / 1e6)),
        );
        println!(
            "| {what} | {seconds:.1} | {cpu} | {} | {requests} | {bytes} | {:.0} | {:.2} |",
            grouped((self.objects as f64 / seconds) as u64),
            it.peak_mb,
            seconds / naive,
        );
    }
}
