//! What comes from outside, as one stream: the terminal's events and the system's signals.

use std::io;

use crossterm::event::EventStream;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

use super::input::Outside;

/// Ends when the terminal has gone.
pub fn real() -> io::Result<BoxStream<'static, Outside>> {
    let terminal = EventStream::new()
        .take_while(|event| std::future::ready(event.is_ok()))
        .filter_map(|event| std::future::ready(event.ok().map(|e| Some(Outside::Terminal(e)))))
        // Its end is the end of all: the signals alone would go on for ever.
        .chain(stream::once(std::future::ready(None)));
    let signals = signals()?.map(Some);
    let mut all = stream::select(terminal, signals)
        .take_while(|outside| std::future::ready(outside.is_some()))
        .filter_map(std::future::ready)
        .boxed();
    // crossterm's stream remembers only the first waker that it was polled with, and the driver looks ahead with none:
    // a task of its own polls it, and a channel is what may be looked into.
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(outside) = all.next().await {
            if sender.send(outside).is_err() {
                return;
            }
        }
    });
    Ok(stream::poll_fn(move |context| receiver.poll_recv(context)).boxed())
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
