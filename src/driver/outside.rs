//! What comes from outside, as one stream: the terminal's events and the system's signals.

use std::io;

use crossterm::event::EventStream;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::input::Outside;

/// Ends when the terminal has gone.
///
/// Terminal and signals are waited for by a task each. Where the terminal has gone, crossterm may read its end for ever
/// and never come back: the signal that tells so must get through all the same.
pub fn real() -> io::Result<BoxStream<'static, Outside>> {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let mut terminal = EventStream::new();
    let mut signals = signals()?;
    tokio::spawn({
        let sender = sender.clone();
        async move {
            while let Some(Ok(event)) = terminal.next().await {
                if sender.send(Some(Outside::Terminal(event))).is_err() {
                    return;
                }
            }
            // Its end is the end of all: the signals alone would go on for ever.
            let _ = sender.send(None);
        }
    });
    tokio::spawn(async move {
        while let Some(signal) = signals.next().await {
            if sender.send(Some(signal)).is_err() {
                return;
            }
        }
    });
    Ok(stream::poll_fn(move |context| receiver.poll_recv(context).map(Option::flatten)).boxed())
}

#[cfg(unix)]
fn signals() -> io::Result<BoxStream<'static, Outside>> {
    use tokio::signal::unix::{SignalKind, signal};

    let of = |kind: SignalKind, means: fn() -> Outside| -> io::Result<BoxStream<'static, Outside>> {
        let signal = signal(kind)?;
        let stream =
            stream::unfold(signal, move |mut signal| async move { signal.recv().await.map(|()| (means(), signal)) });
        Ok(stream.boxed())
    };
    Ok(stream::select_all([
        of(SignalKind::terminate(), || Outside::Terminate)?,
        of(SignalKind::hangup(), || Outside::Terminate)?,
        // Ctrl-C comes as a key; this one was sent by another process.
        of(SignalKind::interrupt(), || Outside::Terminate)?,
        of(SignalKind::from_raw(libc::SIGCONT), || Outside::Continued)?,
    ])
    .boxed())
}

#[cfg(not(unix))]
fn signals() -> io::Result<BoxStream<'static, Outside>> {
    Ok(stream::pending().boxed())
}
