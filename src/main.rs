//! Parse, start the log, choose a face, exit.

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use tenantry::{
    cli::{Cli, Command, Screen},
    driver,
    headless::{self, Exit},
    log, plain,
    profile::paths::Paths,
};

/// Keeps what is freed from staying with the process. Pages of some hundred kilobytes are read on some threads and dropped
/// on another, for which glibc would keep an arena for each.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn spare_memory() {
    // SAFETY: sets numbers of the allocator; no thread but this one runs yet.
    #[allow(unsafe_code)]
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 2);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 256 * 1024);
    }
}

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    spare_memory();
    let mut cli = Cli::parse();
    let is_demo = matches!(cli.command, Some(Command::Demo(_)));
    // The demo leaves nothing behind. Without a log everything else still works.
    if let Some(paths) = Paths::of_platform().filter(|_| !is_demo) {
        let _ = log::start(&paths.log());
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime did not start: {error}");
            return Exit::Failed.into();
        }
    };
    let has_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let variable = |name: &str| std::env::var(name).ok();
    let is_plain = |screen: &Screen| plain::is_wanted(screen.plain, variable);
    let unseen = |screen: &Screen| is_plain(screen) && screen.record.is_some();
    let exit = runtime.block_on(async {
        let (common, screen) = (cli.common.clone(), cli.screen.clone());
        match cli.command.take() {
            Some(Command::Demo(args)) if unseen(&screen.or(&args.screen)) => refused(UNSEEN),
            None if unseen(&screen) => refused(UNSEEN),
            Some(Command::Demo(args)) if is_plain(&screen.or(&args.screen)) && !args.is_headless() => {
                driver::demo(&common, screen, args, plain::run).await
            }
            Some(Command::Demo(args)) if has_terminal && !args.is_headless() => match plain::advice(variable) {
                Some(advice) => refused(advice),
                None => driver::demo(&common, screen, args, driver::run).await,
            },
            Some(Command::Replay(args)) if has_terminal && !args.text && args.step.is_none() => {
                match driver::replay(&args.file).await {
                    Ok(()) => Exit::Done,
                    Err(error) => driver::not_replayed(&error),
                }
            }
            Some(command) => headless::run(cli, command).await,
            None if is_plain(&screen) => driver::tenant(&common, screen, plain::run).await,
            None if has_terminal => match plain::advice(variable) {
                Some(advice) => refused(advice),
                None => driver::tenant(&common, screen, driver::run).await,
            },
            None => refused(
                "standard input or output is no terminal, so there is nothing to show the screens on\n  next: tenantry \
                 collect, preview, upload … work without one, and tenantry --plain takes lines from a pipe; see tenantry \
                 --help",
            ),
        }
    });
    // A keyring that never answers must not keep the process.
    runtime.shutdown_background();
    exit.into()
}

const UNSEEN: &str = "--record keeps what screens show, and lines are said instead of screens\n  next: leave --record or --plain \
                      out; TENANTRY_PLAIN=0 draws screens";

/// Says why no screen is shown, and what to do.
fn refused(why: &str) -> Exit {
    eprintln!("error: {why}");
    Exit::Usage
}
