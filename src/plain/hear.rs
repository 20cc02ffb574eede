//! What comes from outside: lines, their end, and the system's signals. On a terminal a secret is not echoed.

use std::io::{self, BufRead};

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::session::Manner;
use crate::domain::secret::Secret;

/// What was heard.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// A line without its end. It may be a secret, so it comes as one.
    Line(Secret),
    /// There will be no more lines.
    End,
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM or SIGHUP.
    Terminate,
    /// SIGCONT: somebody had stopped us, and the terminal may be another.
    Continued,
}

/// Whether what is typed is seen.
pub trait Ears: Send {
    /// From now on what is typed is a secret, or no more.
    fn secret(&mut self, is: bool);
}

/// Where nobody sees what is typed.
pub struct Quiet;

impl Ears for Quiet {
    fn secret(&mut self, _: bool) {}
}

/// Lines and signals, as one stream.
pub fn real() -> io::Result<BoxStream<'static, Heard>> {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let lines = sender.clone();
    // A thread of its own, for a read from a terminal or a pipe may never come back.
    std::thread::Builder::new().name("lines".to_owned()).spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut line = String::new();
        loop {
            line.clear();
            let heard = match stdin.read_line(&mut line) {
                Ok(0) => Heard::End,
                Ok(_) => Heard::Line(Secret::new(std::mem::take(&mut line).trim_end_matches(['\n', '\r']))),
                // A line that is no text is no answer.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => Heard::Line(Secret::new("\u{fffd}")),
                Err(_) => Heard::End,
            };
            let is_over = heard == Heard::End;
            if lines.send(heard).is_err() || is_over {
                return;
            }
        }
    })?;
    let mut signals = signals()?;
    tokio::spawn(async move {
        while let Some(signal) = signals.next().await {
            if sender.send(signal).is_err() {
                return;
            }
        }
    });
    Ok(stream::poll_fn(move |context| receiver.poll_recv(context)).boxed())
}

#[cfg(unix)]
fn signals() -> io::Result<BoxStream<'static, Heard>> {
    use tokio::signal::unix::{SignalKind, signal};

    let of = |kind: SignalKind, means: fn() -> Heard| -> io::Result<BoxStream<'static, Heard>> {
        let signal = signal(kind)?;
        let stream =
            stream::unfold(signal, move |mut signal| async move { signal.recv().await.map(|()| (means(), signal)) });
        Ok(stream.boxed())
    };
    Ok(stream::select_all([
        of(SignalKind::interrupt(), || Heard::Interrupt)?,
        of(SignalKind::terminate(), || Heard::Terminate)?,
        of(SignalKind::hangup(), || Heard::Terminate)?,
        of(SignalKind::from_raw(libc::SIGCONT), || Heard::Continued)?,
    ])
    .boxed())
}

#[cfg(not(unix))]
fn signals() -> io::Result<BoxStream<'static, Heard>> {
    let stream = stream::unfold((), |()| async { tokio::signal::ctrl_c().await.ok().map(|()| (Heard::Interrupt, ())) });
    Ok(stream.boxed())
}

/// The terminal that standard input is, if it is one. As it was before, once this goes.
pub struct Terminal {
    is_one: bool,
    #[cfg(unix)]
    before: Option<libc::termios>,
}

impl Terminal {
    pub const fn of(manner: Manner) -> Self {
        Self {
            is_one: matches!(manner, Manner::Talk),
            #[cfg(unix)]
            before: None,
        }
    }
}

#[cfg(unix)]
impl Ears for Terminal {
    fn secret(&mut self, is: bool) {
        if !self.is_one {
            return;
        }
        if !is {
            if let Some(before) = self.before.take() {
                set(&before);
            }
            return;
        }
        let Some(now) = get() else { return };
        let mut hidden = now;
        hidden.c_lflag &= !libc::ECHO;
        // The line's end is seen, so that what comes next begins a line of its own.
        hidden.c_lflag |= libc::ECHONL;
        set(&hidden);
        self.before.get_or_insert(now);
    }
}

#[cfg(unix)]
fn get() -> Option<libc::termios> {
    // SAFETY: a termios is plain numbers, which `tcgetattr` fills in; it is used only where that went well.
    #[allow(unsafe_code)]
    unsafe {
        let mut now: libc::termios = std::mem::zeroed();
        (libc::tcgetattr(libc::STDIN_FILENO, &mut now) == 0).then_some(now)
    }
}

#[cfg(unix)]
fn set(to: &libc::termios) {
    // SAFETY: `tcsetattr` reads the numbers that it is shown and keeps no pointer to them. What fails leaves the terminal
    // as it is.
    #[allow(unsafe_code)]
    unsafe {
        libc::tcsetattr(libc::STDIN_FILENO, libc::TCSADRAIN, to);
    }
}

#[cfg(unix)]
impl Drop for Terminal {
    fn drop(&mut self) {
        self.secret(false);
    }
}

#[cfg(not(unix))]
impl Ears for Terminal {
    fn secret(&mut self, is: bool) {
        // What the system offers for this needs its own calls; until then it is said.
        if is && self.is_one {
            println!("Careful: this terminal shows what is typed.");
        }
    }
}
