//! What is around the screen: the shell to hand it back to, the mouse, and the clipboard.

use std::io::{self, Write};

use futures::{FutureExt, future::BoxFuture};

use super::clipboard::{self, Around};
use crate::tui::guard;

/// Where the UI sits.
pub trait Seat: Send {
    /// Hands the terminal back and stops until somebody continues us; then takes it again.
    ///
    /// # Errors
    ///
    /// When the terminal refuses.
    fn suspend(&mut self) -> io::Result<()>;

    /// Takes the terminal again after somebody else had stopped and continued us.
    ///
    /// # Errors
    ///
    /// When the terminal refuses.
    fn resume(&mut self) -> io::Result<()>;

    /// The terminal is to tell of the mouse, or no more.
    ///
    /// # Errors
    ///
    /// When the terminal refuses.
    fn mouse(&mut self, on: bool) -> io::Result<()>;

    fn copy(&mut self, text: String) -> Copying;

    /// To the terminal's own clipboard, because of what is said; what became of it, in words.
    fn copy_to_terminal(&mut self, text: &str, because: &str) -> String;
}

/// How a copy goes.
pub enum Copying {
    /// What became of it, in words.
    Done(String),
    /// A program has it.
    Given(BoxFuture<'static, Given>),
}

/// What became of a text that a program was given.
pub enum Given {
    Taken(String),
    /// The text, and why.
    Refused(String, String),
}

/// The terminal that the program was started in.
pub struct Real {
    around: Around,
}

impl Real {
    pub fn new(around: Around) -> Self {
        Self { around }
    }
}

impl Seat for Real {
    fn suspend(&mut self) -> io::Result<()> {
        guard::leave();
        stop();
        guard::enter()
    }

    fn resume(&mut self) -> io::Result<()> {
        guard::enter()
    }

    fn mouse(&mut self, on: bool) -> io::Result<()> {
        guard::mouse(on)
    }

    fn copy(&mut self, text: String) -> Copying {
        let Some(program) = self.around.program.clone() else {
            return Copying::Done(self.copy_to_terminal(&text, ""));
        };
        let given = async move {
            match clipboard::give(&program, &text).await {
                Ok(said) => Given::Taken(said),
                Err(why) => Given::Refused(text, why),
            }
        };
        Copying::Given(given.boxed())
    }

    fn copy_to_terminal(&mut self, text: &str, because: &str) -> String {
        let wrapped = self.around.wrapped;
        let written = clipboard::sequence(text, wrapped).and_then(|sequence| {
            let mut out = io::stdout();
            let written = out.write_all(sequence.as_bytes()).and_then(|()| out.flush());
            written.map_err(|error| format!("Not copied: {error}"))
        });
        let said = written.map_or_else(|refused| refused, |()| clipboard::sent(text, wrapped));
        if because.is_empty() { said } else { format!("{said} ({because})") }
    }
}

/// Stops the foreground process group, as the terminal itself does on Ctrl-Z: a parent such as `cargo run` too.
#[cfg(unix)]
fn stop() {
    // SAFETY: `kill` takes two numbers and touches no memory of ours. Process 0 is our own group.
    #[allow(unsafe_code)]
    unsafe {
        libc::kill(0, libc::SIGTSTP);
    }
}

#[cfg(not(unix))]
fn stop() {}

/// No terminal at all: for a UI that is driven by a program.
pub struct Nowhere;

impl Seat for Nowhere {
    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn mouse(&mut self, _: bool) -> io::Result<()> {
        Ok(())
    }

    fn copy(&mut self, text: String) -> Copying {
        Copying::Done(self.copy_to_terminal(&text, ""))
    }

    fn copy_to_terminal(&mut self, text: &str, _: &str) -> String {
        clipboard::sent(text, clipboard::Wrapped::No)
    }
}
