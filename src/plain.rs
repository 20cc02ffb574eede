//! The third face: the same model as the screens show, said as lines, for screen readers, dumb terminals and pipes.
//!
//! What there is comes from [`app::Model`](crate::app::Model), what can be done from the one table of commands, and what is
//! done from the driver's jobs: this face decides nothing. It moves no cursor, clears nothing, uses no colour and writes no
//! byte that steers a terminal. Each thing is said once; while something runs, how far it is comes as a line every few
//! seconds. A line that is typed is a number, a command's word, or the text of the field that waits for one.

mod answer;
mod choices;
mod hear;
mod page;
mod pages;
mod session;
mod words;

use std::{
    io::{self, IsTerminal},
    sync::Arc,
};

pub use self::{
    hear::{Ears, Heard, Quiet},
    session::{Manner, Session},
};
use crate::{
    app::ExitReason,
    driver::{Engine, UiOptions},
};

/// The variable that asks for this face.
pub const VARIABLE: &str = "TENANTRY_PLAIN";

/// Whether this face is asked for, by its flag or by the environment.
pub fn is_wanted(flag: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    flag || variable(VARIABLE).is_some_and(|value| !value.is_empty() && value != "0")
}

/// What somebody should know before screens are drawn on this terminal.
pub fn advice(variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let is_dumb = variable("TERM").as_deref() == Some("dumb") && variable(VARIABLE).as_deref() != Some("0");
    is_dumb.then_some(
        "this terminal is a dumb one (TERM=dumb), on which screens cannot be drawn\n  next: tenantry --plain says the \
         same as lines; TENANTRY_PLAIN=1 makes that the rule, TENANTRY_PLAIN=0 draws screens all the same",
    )
}

/// Runs this face on the process' own input and output until it ends.
///
/// # Errors
///
/// When there is nobody to write to any more.
pub async fn run(options: UiOptions, engine: Arc<dyn Engine>) -> io::Result<ExitReason> {
    let manner = if io::stdin().is_terminal() { Manner::Talk } else { Manner::Script };
    let heard = hear::real()?;
    let ears: Box<dyn Ears> = Box::new(hear::Terminal::of(manner));
    Session::new(heard, io::stdout(), options, engine, manner, ears)?.run().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_or_a_variable_asks_for_it() {
        let check = |flag, value: Option<&str>, want| {
            let variable = |name: &str| value.filter(|_| name == VARIABLE).map(str::to_owned);
            assert_eq!(is_wanted(flag, variable), want, "{flag} {value:?}");
        };
        check(false, None, false);
        check(true, None, true);
        check(false, Some("1"), true);
        check(false, Some("0"), false);
        check(true, Some("0"), true);
    }

    #[test]
    fn a_dumb_terminal_is_told_of_it() {
        let check = |term: &str, plain: Option<&str>, want| {
            let variable = |name: &str| match name {
                "TERM" => Some(term.to_owned()),
                VARIABLE => plain.map(str::to_owned),
                _ => None,
            };
            assert_eq!(advice(variable).is_some(), want, "{term} {plain:?}");
        };
        check("dumb", None, true);
        check("dumb", Some("0"), false);
        check("xterm-256color", None, false);
    }
}
