//! Parse, start the log, choose a face, exit.

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use tenantry::{
    cli::{Cli, Command},
    driver,
    headless::{self, Exit},
    log,
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
    let exit = runtime.block_on(async {
        match cli.command.take() {
            Some(Command::Demo(args)) if has_terminal && !args.is_headless() => {
                driver::demo(&cli.common, cli.screen, args).await
            }
            Some(command) => headless::run(cli, command).await,
            None if has_terminal => driver::tenant(&cli.common, cli.screen).await,
            None => {
                eprintln!("error: standard input or output is no terminal, so there is nothing to show the screens on");
                eprintln!("  next: tenantry collect, preview, upload … work without one; see tenantry --help");
                Exit::Usage
            }
        }
    });
    // A keyring that never answers must not keep the process.
    runtime.shutdown_background();
    exit.into()
}
