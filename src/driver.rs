//! Runs the program: takes what comes from outside, feeds it to `app::update`, does what that asks for, draws.
//!
//! It decides nothing that `update` could decide. Jobs are spawned here and nowhere else; they tell how they go
//! through a mailbox that is looked at ten times a second while something runs. While nothing runs nothing ticks, and
//! nothing is drawn unless something has happened.

pub mod clipboard;
pub mod engine;
pub mod input;
pub mod jobs;
pub mod office;
mod outside;
mod preferences;
mod record;
mod replay;
mod seat;
mod start;

use std::{collections::VecDeque, io, sync::Arc, task::Poll, time::Duration};

use futures::{Stream, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use jiff::tz::TimeZone;
use ratatui::{Terminal, backend::Backend};
use tokio::time::{Instant, MissedTickBehavior};

pub use self::{
    engine::Engine,
    input::Outside,
    preferences::{keep, preferences},
    replay::{Player, ReplayError, replay},
    seat::{Copying, Given, Nowhere, Seat},
    start::{demo, fills, not_replayed, tenant},
};
use self::{jobs::Jobs, record::Recorder};
use crate::{
    app::{
        self, Beginning, Effect, ExitReason, Focus, Model, Msg,
        key::Key,
        pointer::Spot,
        settings::Preferences,
        views::{Fills, Mode, ProfileView},
    },
    domain::clock::Clock,
    tui::{self, guard, straight::Straight},
};

/// What the UI begins with.
pub struct UiOptions {
    pub mode: Mode,
    pub preferences: Preferences,
    /// The zone of times on the screen.
    pub zone: TimeZone,
    /// The keyring's real name.
    pub vault: String,
    /// Values for one key to fill in; only a demo has them.
    pub fills: Option<Fills>,
    /// With a profile it begins on the dashboard, else in the wizard.
    pub profile: Option<ProfileView>,
    pub clock: Arc<dyn Clock>,
}

tokio::task_local! {
    /// Set while the UI's own task is polled, and in no job: tells whose panic it is.
    static UI: ();
}

/// Runs the UI on the real terminal until it ends.
///
/// # Errors
///
/// When the terminal cannot be taken, drawn on or read from.
pub async fn run(options: UiOptions, engine: Arc<dyn Engine>) -> io::Result<ExitReason> {
    let _hook = guard::PanicHook::set(|| UI.try_with(|()| ()).is_ok());
    let _guard = guard::Guard::take()?;
    let outside = outside::real()?;
    let backend = Straight::new(ratatui::backend::CrosstermBackend::new(io::stdout()));
    let ui = async {
        let mut headful = Headful::new(
            backend,
            outside,
            options,
            engine,
            Box::new(seat::Real::new(clipboard::Around::of_process())),
        )?;
        headful.run().await
    };
    UI.scope((), ui).await
}

/// A whole UI: model, jobs, and something to draw on.
pub struct Headful<B: Backend, S> {
    terminal: Terminal<B>,
    outside: S,
    seat: Box<dyn Seat>,
    model: Model,
    jobs: Jobs,
    clock: Arc<dyn Clock>,
    ticks: tokio::time::Interval,
    /// When an orderly end has taken long enough.
    deadline: Option<Instant>,
    exit: Option<ExitReason>,
    /// What the last frame has where.
    spots: Vec<Spot>,
    /// Something has happened since.
    stale: bool,
    /// Copies that a program has.
    copies: FuturesUnordered<BoxFuture<'static, Given>>,
    record: Option<Recorder>,
}

/// How often is looked at what jobs tell.
const TICK: Duration = Duration::from_millis(100);
/// How long a paste that the terminal does not mark may pause within.
const LINGER: Duration = Duration::from_millis(5);
/// How long an orderly end may take.
const GRACE: Duration = Duration::from_secs(5);

enum Woke {
    Outside(Option<Outside>),
    Ended(app::JobId, Vec<crate::domain::progress::Event>, Box<app::Outcome>),
    Tick,
    Copied(Given),
    Late,
}

impl<B, S> Headful<B, S>
where
    B: Backend,
    B::Error: std::error::Error + Send + Sync + 'static,
    S: Stream<Item = Outside> + Unpin,
{
    /// Draws the first frame; nothing has been asked of the engine by then.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be drawn on, or the recording that is asked for not be begun.
    pub fn new(
        backend: B,
        outside: S,
        options: UiOptions,
        engine: Arc<dyn Engine>,
        seat: Box<dyn Seat>,
    ) -> io::Result<Self> {
        let terminal = Terminal::new(backend).map_err(io::Error::other)?;
        let size = terminal.size().map_err(io::Error::other)?;
        let record = match &options.preferences.record {
            Some(path) => Some(Recorder::begin(path, &*options.clock)?),
            None => None,
        };
        let model = Model::new(Beginning {
            mode: options.mode,
            preferences: options.preferences,
            zone: options.zone,
            vault: options.vault,
            fills: options.fills,
            profile: options.profile,
            size: (size.width, size.height),
            now: options.clock.now(),
        });
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let jobs = Jobs::new(engine);
        let clock = options.clock;
        let mut headful = Self {
            terminal,
            outside,
            seat,
            model,
            jobs,
            clock,
            ticks,
            deadline: None,
            exit: None,
            spots: Vec::new(),
            stale: false,
            copies: FuturesUnordered::new(),
            record,
        };
        headful.draw()?;
        headful.happened(Msg::Begin)?;
        Ok(headful)
    }

    /// Runs until something ends it.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be drawn on.
    pub async fn run(&mut self) -> io::Result<ExitReason> {
        loop {
            if let Some(reason) = self.turn().await? {
                return Ok(reason);
            }
        }
    }

    /// Waits for one thing to happen, sees to it, and draws what it changed. Tells the reason once it has ended.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be drawn on.
    pub async fn turn(&mut self) -> io::Result<Option<ExitReason>> {
        if self.exit.is_some() {
            return Ok(self.exit);
        }
        let late = self.deadline;
        let ticking = self.model.is_ticking();
        let woke = tokio::select! {
            outside = self.outside.next() => Woke::Outside(outside),
            (id, mail, outcome) = self.jobs.next_end() => Woke::Ended(id, mail, Box::new(outcome)),
            _ = self.ticks.tick(), if ticking => Woke::Tick,
            Some(given) = self.copies.next(), if !self.copies.is_empty() => Woke::Copied(given),
            () = async { tokio::time::sleep_until(late.unwrap_or_else(Instant::now)).await }, if late.is_some() => Woke::Late,
        };
        self.happened(Msg::Now(self.clock.now()))?;
        match woke {
            Woke::Outside(None) => self.exit = Some(ExitReason::InputClosed),
            Woke::Outside(Some(first)) => self.take_in(first).await?,
            Woke::Ended(id, mail, outcome) => {
                for event in mail {
                    self.happened(Msg::Event(id, event))?;
                }
                self.happened(Msg::Done(id, *outcome))?;
            }
            Woke::Tick => {
                for (id, event) in self.jobs.mail() {
                    self.happened(Msg::Event(id, event))?;
                }
                self.happened(Msg::Tick)?;
            }
            Woke::Copied(Given::Taken(said)) => self.happened(Msg::Notice(said))?,
            Woke::Copied(Given::Refused(text, why)) => {
                let said = self.seat.copy_to_terminal(&text, &why);
                self.happened(Msg::Notice(said))?;
            }
            Woke::Late => self.exit = Some(self.model.leaving.unwrap_or(ExitReason::Quit)),
        }
        if self.model.leaving.is_some() && self.deadline.is_none() {
            self.deadline = Some(Instant::now() + GRACE);
        }
        if self.exit.is_some() {
            self.jobs.cancel_all();
        } else {
            self.draw()?;
        }
        Ok(self.exit)
    }

    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// What is drawn on.
    pub fn backend(&self) -> &B {
        self.terminal.backend()
    }

    /// Sees to everything that has come from outside by now.
    async fn take_in(&mut self, first: Outside) -> io::Result<()> {
        let mut burst = VecDeque::new();
        let mut next = Some(first);
        let mut typed = 0;
        loop {
            match next {
                Some(Outside::Terminal(event)) => {
                    typed += usize::from(input::is_typed_text(&event));
                    burst.push_back(event);
                }
                Some(Outside::Terminate) => self.happened(Msg::Terminate)?,
                Some(Outside::Continued) => {
                    self.seat.resume()?;
                    self.redraw()?;
                }
                None => break,
            }
            let enough = if matches!(self.model.focus(), Focus::Text | Focus::Secret) { 2 } else { input::PASTED };
            // Asked with this task's own waker: crossterm's stream keeps the first waker it was asked with, so that a
            // look with none would leave it asleep for good.
            let now = std::future::poll_fn(|cx| Poll::Ready(self.outside.poll_next_unpin(cx))).await;
            next = match now {
                Poll::Ready(next) => next,
                // A paste that the terminal does not mark may come in pieces.
                Poll::Pending if typed >= enough => {
                    tokio::time::timeout(LINGER, self.outside.next()).await.ok().flatten()
                }
                Poll::Pending => None,
            };
        }
        self.feed(burst)
    }

    /// Sees to terminal events that came at once.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be drawn on.
    pub fn feed(&mut self, events: impl Into<VecDeque<crossterm::event::Event>>) -> io::Result<()> {
        let mut burst = events.into();
        self.stale = false;
        while self.exit.is_none() {
            // A click is on what is seen, so that must be what is there.
            if self.stale && input::is_click(burst.front()) {
                self.draw()?;
            }
            let spots = if self.model.mouse { self.spots.as_slice() } else { &[] };
            let Some(msg) = input::next(&mut burst, self.model.focus(), spots) else { break };
            self.happened(msg)?;
            self.stale = true;
        }
        Ok(())
    }

    /// Presses keys one after the other, by their texts: `enter`, `ctrl-r`, `q`. What is no key's name is skipped.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be drawn on.
    pub fn press(&mut self, keys: &str) -> io::Result<()> {
        for key in keys.split_whitespace().filter_map(Key::parse) {
            self.feed([input::event_of(key)])?;
        }
        self.draw()
    }

    /// Lets things happen until `wanted` holds. `false` if the UI has ended before, or nothing of the kind happened
    /// within ten minutes.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be drawn on.
    pub async fn until(&mut self, wanted: impl Fn(&Model) -> bool) -> io::Result<bool> {
        let end = Instant::now() + Duration::from_secs(600);
        while !wanted(&self.model) {
            let Ok(turned) = tokio::time::timeout_at(end, self.turn()).await else { return Ok(false) };
            if turned?.is_some() {
                return Ok(wanted(&self.model));
            }
        }
        Ok(true)
    }

    fn happened(&mut self, msg: Msg) -> io::Result<()> {
        let failed = self.record.as_mut().and_then(|record| record.happened(&msg));
        for effect in app::update(&mut self.model, msg) {
            match effect {
                Effect::Start(id, work) => self.jobs.start(id, *work),
                Effect::Cancel(id) => self.jobs.cancel(id),
                Effect::Hold(id, held) => self.jobs.hold(id, held),
                Effect::CancelAll => self.jobs.cancel_all(),
                Effect::Exit(reason) => self.exit = Some(reason),
                Effect::Redraw => self.redraw()?,
                Effect::Suspend => {
                    self.seat.suspend()?;
                    self.redraw()?;
                }
                Effect::Mouse(on) => self.seat.mouse(on)?,
                Effect::Copy(text) => match self.seat.copy(text) {
                    Copying::Done(said) => self.happened(Msg::Notice(said))?,
                    Copying::Given(given) => self.copies.push(given),
                },
            }
        }
        failed.map_or(Ok(()), |said| self.happened(Msg::Notice(said)))
    }

    fn draw(&mut self) -> io::Result<()> {
        let model = &self.model;
        let mut drawn = tui::Drawn::default();
        let mut failed = None;
        let record = self.record.as_mut();
        self.terminal
            .draw(|frame| {
                drawn = tui::draw(model, frame);
                failed = record.and_then(|record| record.drawn(frame.buffer_mut()));
            })
            .map_err(io::Error::other)?;
        self.spots = drawn.spots;
        self.stale = false;
        if let Some(said) = failed {
            self.happened(Msg::Notice(said))?;
        }
        self.happened(Msg::Drawn { reach: drawn.reach, beside: drawn.beside, columns: drawn.columns })
    }

    /// Everything anew, also the size: the screen may have been somebody else's.
    fn redraw(&mut self) -> io::Result<()> {
        let size = self.terminal.size().map_err(io::Error::other)?;
        // Not `clear`: that asks the terminal where the cursor is, and the event stream takes the answer away.
        self.terminal.resize(size.into()).map_err(io::Error::other)?;
        self.happened(Msg::Resize(size.width, size.height))
    }
}
