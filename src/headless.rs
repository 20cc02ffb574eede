//! The program without a terminal UI: the same jobs, as words on standard error, JSON lines on standard output, and
//! exit statuses for scripts.

pub mod certificate;
mod collect;
pub mod demo;
mod doctor;
mod expiry;
mod explore;
mod export;
mod info;
mod output;
pub mod plan;
mod preview;
mod profile;
mod replay;
mod requests;
mod script;
mod session;
mod upload;

pub use output::{Exit, Output};
pub use session::{Session, flags, paths};

use crate::cli::{Cli, Command};

/// Runs a command. Commands that need the terminal UI are the caller's.
pub async fn run(cli: Cli, command: Command) -> Exit {
    match command {
        Command::Demo(args) => demo::run(&cli.common, args).await,
        Command::Doctor(args) => doctor::run(&cli.common, &args, Output::new(args.output.json)).await,
        Command::Collect(args) => collect::run(&cli.common, &args, Output::new(args.output.json)).await,
        Command::List(args) => explore::list(&cli.common, &args),
        Command::Show(args) => explore::show(&cli.common, &args),
        Command::Members(args) => explore::members(&cli.common, &args),
        Command::Groups(args) => explore::groups(&cli.common, &args),
        Command::Why(args) => explore::why(&cli.common, &args),
        Command::Tree(args) => explore::tree(&cli.common, &args),
        Command::Diff(args) => explore::diff(&cli.common, &args),
        Command::Requests(args) => requests::run(&cli.common, &args),
        Command::Preview(args) => preview::run(&cli.common, &args, Output::new(args.output.json)).await,
        Command::Upload(args) => upload::run(&cli.common, &args, Output::new(args.output.json)).await,
        Command::Export(args) => export::run(&cli.common, &args, Output::new(args.output.json)).await,
        Command::Profile(args) => profile::run(&cli.common, args).await,
        Command::Script(args) => script::run(&cli.common, &args),
        Command::Replay(args) => replay::run(&args),
        Command::Info(args) => info::run(&cli.common, args).await,
        Command::Completions { shell } => info::completions(shell),
        Command::Man => info::man(),
    }
}
