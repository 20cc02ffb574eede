//! Terminals as they are: an event stream that remembers one waker only, and one that takes answers meant for others.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures::{Stream, StreamExt, stream};
use ratatui::{
    backend::{Backend, ClearType, TestBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use tenantry::{
    app::{ExitReason, views::Mode},
    driver::{Engine, Headful, Nowhere, Outside, UiOptions},
};

use super::fake::{Fake, Still};

fn options() -> UiOptions {
    UiOptions {
        mode: Mode::Real,
        preferences: tenantry::app::settings::Preferences::default(),
        zone: jiff::tz::TimeZone::UTC,
        vault: "GNOME Keyring".to_owned(),
        fills: None,
        profile: None,
        clock: Arc::new(Still),
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Outside {
    Outside::Terminal(Event::Key(KeyEvent::new(code, modifiers)))
}

/// What is there to be read, and who is to be woken for more.
#[derive(Default)]
struct Tty {
    events: VecDeque<Outside>,
    waits: Option<Waker>,
}

/// As crossterm's: who asks first while there is nothing is woken once there is something, and nobody else.
struct FirstWaker(Arc<Mutex<Tty>>);

impl Stream for FirstWaker {
    type Item = Outside;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Outside>> {
        let mut tty = self.0.lock().unwrap();
        match tty.events.pop_front() {
            Some(event) => Poll::Ready(Some(event)),
            None => {
                tty.waits.get_or_insert_with(|| context.waker().clone());
                Poll::Pending
            }
        }
    }
}

fn send(tty: &Mutex<Tty>, event: Outside) {
    let mut tty = tty.lock().unwrap();
    tty.events.push_back(event);
    if let Some(waker) = tty.waits.take() {
        waker.wake();
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_remembers_only_the_first_waker_does_not_fall_asleep() {
    let tty = Arc::new(Mutex::new(Tty::default()));
    let engine: Arc<dyn Engine> = Arc::new(Fake::default());
    let outside = FirstWaker(Arc::clone(&tty));
    let mut ui = Headful::new(TestBackend::new(80, 24), outside, options(), engine, Box::new(Nowhere)).unwrap();
    let typist = tokio::spawn(async move {
        // One key after the other, each once the last has been seen to: into the field, in it, and out.
        for code in ['i', 'a', 'b', 'c'] {
            tokio::time::sleep(Duration::from_secs(1)).await;
            send(&tty, key(KeyCode::Char(code), KeyModifiers::NONE));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        send(&tty, key(KeyCode::Char('c'), KeyModifiers::CONTROL));
    });
    let ended = tokio::time::timeout(Duration::from_secs(60), ui.run()).await.expect("it slept through a key");
    assert_eq!(ended.unwrap(), ExitReason::Interrupted);
    assert_eq!(ui.model().wizard.fields.tenant.text(), "abc");
    typist.await.unwrap();
}

/// A terminal whose answers the event stream takes away: asking where the cursor is gets none.
struct Mute(TestBackend);

impl Backend for Mute {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        self.0.draw(content).map_err(io::Error::other)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Err(io::Error::other("the cursor position could not be read within a normal duration"))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position).map_err(io::Error::other)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear().map_err(io::Error::other)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.0.clear_region(region).map_err(io::Error::other)
    }

    fn size(&self) -> io::Result<Size> {
        self.0.size().map_err(io::Error::other)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.0.window_size().map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn drawing_anew_asks_the_terminal_for_nothing() {
    let control = |c| key(KeyCode::Char(c), KeyModifiers::CONTROL);
    for first in [control('z'), control('l'), Outside::Continued] {
        let engine: Arc<dyn Engine> = Arc::new(Fake::default());
        let outside = stream::iter([first]).chain(stream::pending());
        let backend = Mute(TestBackend::new(80, 24));
        let mut ui = Headful::new(backend, outside, options(), engine, Box::new(Nowhere)).unwrap();
        assert_eq!(ui.turn().await.unwrap(), None);
        assert!(super::fake::text(ui.backend().0.buffer()).contains("Welcome"));
    }
}
