//! What is around the screen: the shell to hand it back to, and the clipboard.

use std::io::{self, Write};

use base64::{Engine as _, engine::general_purpose::STANDARD};

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

    /// # Errors
    ///
    /// When the text is too long, or the terminal refuses.
    fn copy(&mut self, text: &str) -> io::Result<()>;
}

/// The terminal that the program was started in.
pub struct Real;

/// Many terminals ignore longer sequences, some choke on them.
const LONGEST_COPY: usize = 70_000;

impl Seat for Real {
    fn suspend(&mut self) -> io::Result<()> {
        guard::leave();
        stop();
        guard::enter()
    }

    fn resume(&mut self) -> io::Result<()> {
        guard::enter()
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        let encoded = STANDARD.encode(text);
        if encoded.len() > LONGEST_COPY {
            return Err(io::Error::other("too long for a terminal's clipboard"));
        }
        let mut out = io::stdout();
        write!(out, "\x1b]52;c;{encoded}\x07")?;
        out.flush()
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

    fn copy(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }
}
