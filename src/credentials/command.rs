//! A client secret from a program: `op read …`, `pass show …`. The program gets its arguments as they are, no shell, no
//! input and no terminal; what it prints is the secret, and is never logged or shown, nor is what it complains about.

use std::{path::Path, process::Stdio, time::Duration};

use secrecy::zeroize::Zeroizing;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::timeout,
};

use super::shapes;
use crate::domain::{problem::Problem, secret::Secret};

/// How long it may take; there may be a person at a prompt of its own.
pub const LIMIT: Duration = Duration::from_secs(30);

/// What stands in our environment for us alone: no program that we start is told.
const OURS: [&str; 3] = ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "JUPITERONE_API_KEY"];

/// More than this is no secret.
const LONGEST: usize = 16 * 1024;

/// How long the last words of a program may take to arrive once it has ended, where a child of it keeps the pipe open.
const GRACE: Duration = Duration::from_secs(1);

/// Runs the command in `folder`, which is not where the program happened to be started. The first line that it prints is
/// the secret.
///
/// # Errors
///
/// With code `credential_command…`, or as [`shapes::check_secret`]; no problem holds anything that was printed.
pub async fn run(command: &[String], folder: &Path) -> Result<Secret, Problem> {
    run_within(command, folder, LIMIT).await
}

/// As [`run`], with another limit.
pub async fn run_within(command: &[String], folder: &Path, limit: Duration) -> Result<Secret, Problem> {
    let [program, arguments @ ..] = command else {
        return Err(problem(
            "",
            "names no program",
            "credential_command",
            "Write a list: a program, then its arguments.",
        ));
    };
    let mut words = Command::new(program);
    words
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    for name in OURS {
        words.env_remove(name);
    }
    alone(&mut words);
    let child = words.spawn().map_err(|e| not_started(program, &e))?;
    // Whichever way this ends before the program does, cancellation included, its children go with it.
    let mut running = Running { child: Some(child) };
    let mut printed = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let ended = timeout(limit, running.ended(&mut printed)).await;
    if printed.len() > LONGEST {
        return Err(problem(
            program,
            "printed more than a secret",
            "credential_command_output",
            "It must print the client secret alone, on one line.",
        ));
    }
    match ended {
        Err(_) => Err(problem(
            program,
            &format!("did not end within {} s, and was stopped", limit.as_secs_f32()),
            "credential_command_timeout",
            "Run it by hand: it may be waiting for a password, an unlocked vault, or a finger.",
        )),
        Ok(Err(error)) => {
            Err(problem(program, &format!("could not be waited for: {error}"), "credential_command", "Try again."))
        }
        Ok(Ok(status)) if !status.success() => Err(problem(
            program,
            &format!("failed: {status}"),
            "credential_command_failed",
            "Run it by hand to see what it says; tenantry neither shows nor logs that.",
        )),
        Ok(Ok(_)) => secret_in(program, &printed),
    }
}

/// The first line with anything on it.
fn secret_in(program: &str, printed: &[u8]) -> Result<Secret, Problem> {
    const HINT: &str = "It must print the client secret alone, on its first line.";
    let output = "credential_command_output";
    let text = std::str::from_utf8(printed).map_err(|_| problem(program, "printed what is no text", output, HINT))?;
    let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty()) else {
        return Err(problem(program, "printed nothing", output, HINT));
    };
    shapes::check_secret(line).map_err(|wrong| Problem {
        summary: format!("what credential_command ({program}) printed is not to be used: {}", wrong.summary),
        ..wrong
    })
}

fn problem(program: &str, what: &str, code: &str, hint: &str) -> Problem {
    Problem::new(format!("credential_command ({program}) {what}")).code(code).hint(hint)
}

fn not_started(program: &str, error: &std::io::Error) -> Problem {
    match error.kind() {
        std::io::ErrorKind::NotFound => problem(
            program,
            "was not found",
            "credential_command_not_found",
            "Install it, or write its whole path into the profile; PATH is the one that tenantry was started with.",
        ),
        std::io::ErrorKind::PermissionDenied => problem(
            program,
            "may not be executed",
            "credential_command_not_executable",
            "Make it executable (chmod u+x), or name the program that runs it first.",
        ),
        _ => problem(
            program,
            &format!("could not be started: {error}"),
            "credential_command",
            "Check that it is a program for this machine; a script needs its `#!` line.",
        ),
    }
}

/// A program that is running, with all that it has started.
struct Running {
    /// `None` once it has ended.
    child: Option<Child>,
}

impl Running {
    /// Waits for its end, reading what it prints.
    async fn ended(&mut self, printed: &mut Vec<u8>) -> std::io::Result<std::process::ExitStatus> {
        let Some(child) = &mut self.child else { return Err(std::io::Error::other("it has ended before")) };
        let Some(mut out) = child.stdout.take() else { return Err(std::io::Error::other("it has no output")) };
        let ended = tokio::select! {
            // Closed its output, or said too much: then nobody waits for the rest.
            () = read(&mut out, printed) => None,
            status = child.wait() => Some(status?),
        };
        let status = match ended {
            Some(status) => {
                // A child of it that keeps the pipe says nothing that is waited for.
                let _ = timeout(GRACE, read(&mut out, printed)).await;
                status
            }
            None if printed.len() > LONGEST => return Err(std::io::Error::other("it printed too much")),
            None => child.wait().await?,
        };
        self.child = None;
        Ok(status)
    }
}

/// Reads to the end, or to one byte too many. Holds nothing back: what was read when it is dropped is there.
async fn read(out: &mut (impl AsyncRead + Unpin), printed: &mut Vec<u8>) {
    let mut buffer = Zeroizing::new([0_u8; 1024]);
    while printed.len() <= LONGEST {
        match out.read(&mut buffer[..]).await {
            Ok(0) | Err(_) => return,
            Ok(n) => printed.extend_from_slice(&buffer[..n.min(LONGEST + 1 - printed.len())]),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        end_children(child);
        let _ = child.start_kill();
    }
}

/// A session of its own: it cannot draw over the screen nor wait at our terminal, and goes as a whole.
#[cfg(unix)]
fn alone(command: &mut Command) {
    // SAFETY: between fork and exec only `setsid` is called, which is async-signal-safe and touches no memory of ours.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(drop).map_err(Into::into));
    }
}

#[cfg(not(unix))]
fn alone(_: &mut Command) {}

/// Ends what it has started. It has not been waited for, so its number is still its own and its group's.
#[cfg(unix)]
fn end_children(child: &Child) {
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// Windows knows whose child a process is only as long as the parent lives: this asks for the tree.
#[cfg(windows)]
fn end_children(child: &Child) {
    if let Some(id) = child.id() {
        let _ = std::process::Command::new("taskkill")
            .args(["/T", "/F", "/PID", &id.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn ran(script: &str) -> Result<Secret, Problem> {
        let command = ["sh", "-c", script, "sh", "two words", "$HOME"].map(str::to_owned);
        run_within(&command, Path::new("/"), Duration::from_secs(20)).await
    }

    #[tokio::test]
    async fn what_it_prints_is_the_secret() {
        let check = async |script: &str, want: &str| {
            assert_eq!(ran(script).await.as_ref().map(Secret::expose), Ok(want), "{script}");
        };
        check("echo '  Xyz8Q~abc '", "Xyz8Q~abc").await;
        check("printf 'Xyz8Q~abc\\r\\n'", "Xyz8Q~abc").await;
        check("printf '\\n\\nXyz8Q~abc\\nuser: me\\nurl: here\\n'", "Xyz8Q~abc").await;
        // No shell of ours has looked at the arguments; complaints are no output; there is no input.
        check("echo hunter2 >&2; printf '%s' \"$1$2\" | tr -d ' '", "twowords$HOME").await;
        check("read line; echo \"none${line}\"", "none").await;
        check("pwd | tr -d '\\n'; echo x", "/x").await;
        // A child that stays with the pipe in its hand is not waited for.
        check("echo Xyz8Q~abc; sleep 60 &", "Xyz8Q~abc").await;
    }

    #[tokio::test]
    async fn what_goes_wrong_is_told_without_what_was_printed() {
        let check = async |result: Result<Secret, Problem>, code: &str, words: &str| {
            let problem = result.unwrap_err();
            assert_eq!(problem.code.as_deref(), Some(code), "{problem}");
            let all = problem.block();
            assert!(all.contains(words) && problem.hint.is_some(), "{all}");
            assert!(!all.contains("hunter2") && !all.contains("84841066"), "{all}");
        };
        check(ran("echo hunter2; echo hunter2 >&2; exit 3").await, "credential_command_failed", "exit status: 3").await;
        check(ran("echo hunter2; kill -9 $$").await, "credential_command_failed", "signal: 9").await;
        check(ran("printf ' \\n \\n'").await, "credential_command_output", "nothing").await;
        check(ran("printf 'hunter2\\377\\n'").await, "credential_command_output", "no text").await;
        check(ran("yes hunter2").await, "credential_command_output", "more than a secret").await;
        check(ran("echo 84841066-274d-4ec0-a5c1-276be684bdd3").await, "secret_id_not_value", "Secret ID").await;
        check(ran("echo hunter2 hunter2").await, "secret_shape", "white space").await;
        let run = async |program: &str| run(&[program.to_owned()], Path::new("/")).await;
        check(run("tenantry-no-such-program").await, "credential_command_not_found", "not found").await;
        check(run("/etc/passwd").await, "credential_command_not_executable", "not be executed").await;
        check(super::run(&[], Path::new("/")).await, "credential_command", "no program").await;
    }

    /// Whether a process is there and not merely waiting to be counted.
    fn is_alive(pid: &str) -> bool {
        std::process::Command::new("ps")
            .args(["-o", "stat=", "-p", pid])
            .output()
            .is_ok_and(|o| !o.stdout.is_empty() && !o.stdout.starts_with(b"Z"))
    }

    #[tokio::test]
    async fn one_that_hangs_is_stopped_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let pids = dir.path().join("pids");
        let script = format!("sleep 300 & echo $! >> {0}; echo $$ >> {0}; echo hunter2; wait", pids.display());
        let command = ["sh".to_owned(), "-c".to_owned(), script];
        let started = std::time::Instant::now();
        let problem = run_within(&command, dir.path(), Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(problem.code.as_deref(), Some("credential_command_timeout"), "{problem}");
        assert!(!problem.block().contains("hunter2"));
        assert!(started.elapsed() < Duration::from_secs(15));
        let pids = std::fs::read_to_string(pids).unwrap();
        assert_eq!(pids.lines().count(), 2);
        for pid in pids.lines() {
            // The kernel takes a moment to carry it out.
            let mut tries = 0;
            while is_alive(pid) && tries < 500 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                tries += 1;
            }
            assert!(!is_alive(pid), "{pid} of {pids:?}");
        }
    }
}
