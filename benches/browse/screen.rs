//! The real program in a terminal: from a key to rows on the screen, the memory that it takes, and what it does while
//! nobody does anything.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use tenantry::store::Reader;

use self::terminal::Terminal;
use super::{machine, table::Figure};

#[allow(dead_code, reason = "tests look closer")]
#[path = "../../tests/real/pty/terminal.rs"]
mod terminal;

/// Somebody who only looks: nothing is asked of any service.
const NOBODY: &str = "11111111-2222-4333-8444-555555555555";

pub fn figures(path: &Path) -> Vec<Figure> {
    let tenant = Reader::open(path, None).and_then(|reader| reader.tenant()).expect("the store's tenant");
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    command.arg("--store").arg(path).env("AZURE_TENANT_ID", tenant.as_str());
    command.env("AZURE_CLIENT_ID", NOBODY).env("AZURE_CLIENT_SECRET", NOBODY);
    for folder in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env(folder, home.path());
    }
    let mut terminal = Terminal::start(&command, terminal::LARGE);
    terminal.shows("Welcome");
    rests(&terminal);
    let began = Instant::now();
    terminal.send("3");
    terminal.until("rows", |screen| screen.contents().matches(" member ").count() > 10);
    let first = began.elapsed();
    terminal.until("all in memory", |screen| !screen.contents().contains("loading the directory"));
    let loaded = began.elapsed();
    let mut does = |keys: &str| {
        terminal.send(keys);
        rests(&terminal);
    };
    // To the end, and a filter letter by letter.
    does("G");
    "/~lihol".chars().for_each(|key| does(&key.to_string()));
    does("\x1b");
    // All lists behind it, and the edges by what stands first among their columns.
    (0..3).for_each(|_| does("\t"));
    does("G");
    does("s");
    does("\r");
    let before = spent(terminal.pid);
    let is_quiet = terminal.is_quiet_for(IDLE);
    let idle = spent(terminal.pid).saturating_sub(before);
    let peak = machine::peak_mb(&terminal.pid.to_string());
    assert!(is_quiet, "nothing is written while nobody does anything");
    vec![
        Figure::at_most(
            "the program in a terminal: from a key to the first rows".to_owned(),
            first,
            Duration::from_millis(50),
        ),
        Figure::told("the program in a terminal: until all is in memory", loaded),
        Figure::memory("the program in a terminal: resident memory at its peak", peak, Some(200.0)),
        Figure::at_most("the program in a terminal: processor time in five seconds of nothing".to_owned(), idle, TICK),
    ]
}

const IDLE: Duration = Duration::from_secs(5);
/// What the system counts processor time in.
const TICK: Duration = Duration::from_millis(10);

/// Waits until it has nothing to do.
fn rests(terminal: &Terminal) {
    let settled = (0..100).any(|_| {
        let before = spent(terminal.pid);
        terminal.is_quiet_for(Duration::from_millis(250)) && spent(terminal.pid) == before
    });
    assert!(settled, "it never comes to rest");
}

/// Processor time of a process, as far as the system tells it.
fn spent(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name may hold anything, so count from its end.
    let fields: Vec<u32> =
        stat.rsplit(')').next().unwrap_or_default().split(' ').map(|n| n.parse().unwrap_or_default()).collect();
    TICK * fields.get(12..14).map_or(0, |both| both.iter().sum())
}
