//! A conversation: what happens is said, what is heard is answered, one thing after the other.
//!
//! The loop is the driver's in small: the same messages, the same jobs. A line is answered once everything that it could be
//! about has come to rest, so that a number means what was said last.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use futures::{Stream, StreamExt};
use tokio::time::{Instant, MissedTickBehavior};

use super::{
    answer::{Answer, act, answer, onward},
    hear::{Ears, Heard},
    page::{Page, Said},
    pages,
    words::{Lines, spoken},
};
use crate::{
    app::{
        self, Beginning, Effect, ExitReason, Focus, JobId, Kind, Model, Msg, Outcome,
        command::{Action, Called},
        overlay::Overlay,
    },
    domain::{
        clock::Clock,
        progress::{Event, Level},
        secret::Secret,
    },
    driver::{Engine, UiOptions, jobs::Jobs},
};

/// With whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// A person at a terminal, who may say something while something runs.
    Talk,
    /// A pipe, whose lines are all there already: each waits for what the one before has begun.
    Script,
}

/// How often is looked at what jobs tell.
const TICK: Duration = Duration::from_millis(100);
/// How often is said how far something is.
const PERIOD: Duration = Duration::from_secs(5);
/// How long something may take before that is said.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an orderly end may take.
const GRACE: Duration = Duration::from_secs(5);
/// Twenty rows of a list on a page, and no room for a pane beside it.
const SIZE: (u16, u16) = (100, 30);

/// The whole of it: model, jobs, and somebody to talk to.
pub struct Session<S, W> {
    heard: S,
    out: W,
    manner: Manner,
    ears: Box<dyn Ears>,
    model: Model,
    jobs: Jobs,
    clock: Arc<dyn Clock>,
    ticks: tokio::time::Interval,
    /// What was heard and not answered yet.
    lines: VecDeque<Heard>,
    /// There is nothing more to be heard.
    deaf: bool,
    said: Said,
    /// What is to be said as soon as may be.
    news: Lines,
    notice: Option<String>,
    /// Somebody waits for an answer, though it may be none.
    asked: bool,
    /// Since when the model has not come to rest, and whether that was said.
    restless: Option<(Instant, bool)>,
    /// When is said how far it is, and what was said last.
    progress: Option<(Instant, String)>,
    deadline: Option<Instant>,
    exit: Option<ExitReason>,
}

enum Woke {
    Heard(Option<Heard>),
    Ended(JobId, Vec<Event>, Box<Outcome>),
    Tick,
    Late,
    Restless,
}

impl<S, W> Session<S, W>
where
    S: Stream<Item = Heard> + Unpin,
    W: Write,
{
    /// Asks the engine for what there is; says nothing yet.
    ///
    /// # Errors
    ///
    /// When there is nobody to write to.
    pub fn new(
        heard: S,
        out: W,
        options: UiOptions,
        engine: Arc<dyn Engine>,
        manner: Manner,
        ears: Box<dyn Ears>,
    ) -> io::Result<Self> {
        let mut model = Model::new(Beginning {
            mode: options.mode,
            preferences: options.preferences,
            zone: options.zone,
            vault: options.vault,
            fills: options.fills,
            profile: options.profile,
            size: SIZE,
            now: options.clock.now(),
        });
        model.called = Called::ByWords;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut session = Self {
            heard,
            out,
            manner,
            ears,
            model,
            jobs: Jobs::new(engine),
            clock: options.clock,
            ticks,
            lines: VecDeque::new(),
            deaf: false,
            said: Said::default(),
            news: Lines::default(),
            notice: None,
            asked: true,
            restless: None,
            progress: None,
            deadline: None,
            exit: None,
        };
        session.happened(Msg::Begin)?;
        Ok(session)
    }

    /// Runs until something ends it.
    ///
    /// # Errors
    ///
    /// When there is nobody to write to any more.
    pub async fn run(&mut self) -> io::Result<ExitReason> {
        loop {
            self.speak()?;
            if let Some(reason) = self.exit {
                self.jobs.cancel_all();
                self.ears.secret(false);
                self.write(&["Left.".to_owned()])?;
                return Ok(reason);
            }
            match self.next_line() {
                Some(heard) => self.hear(heard)?,
                None => self.turn().await?,
            }
        }
    }

    /// Waits for one thing to happen, and sees to it.
    async fn turn(&mut self) -> io::Result<()> {
        let (late, ticking, deaf) = (self.deadline, self.model.is_ticking(), self.deaf);
        let patience = self.restless.filter(|(_, told)| !told).map(|(since, _)| since + PATIENCE);
        let until =
            |at: Option<Instant>| async move { tokio::time::sleep_until(at.unwrap_or_else(Instant::now)).await };
        let woke = tokio::select! {
            heard = self.heard.next(), if !deaf => Woke::Heard(heard),
            (id, mail, outcome) = self.jobs.next_end() => Woke::Ended(id, mail, Box::new(outcome)),
            _ = self.ticks.tick(), if ticking => Woke::Tick,
            () = until(late), if late.is_some() => Woke::Late,
            () = until(patience), if patience.is_some() => Woke::Restless,
        };
        self.happened(Msg::Now(self.clock.now()))?;
        match woke {
            Woke::Heard(Some(heard @ (Heard::Line(_) | Heard::End))) => self.lines.push_back(heard),
            Woke::Heard(Some(heard)) => self.hear(heard)?,
            Woke::Heard(None) => self.lines.push_back(Heard::End),
            Woke::Ended(id, mail, outcome) => {
                for event in mail {
                    self.told(id, event)?;
                }
                // Its end may lead on to another page: what it told last belongs to this one.
                self.speak()?;
                self.happened(Msg::Done(id, *outcome))?;
            }
            Woke::Tick => {
                for (id, event) in self.jobs.mail() {
                    self.told(id, event)?;
                }
                self.happened(Msg::Tick)?;
            }
            Woke::Late => self.exit = Some(self.model.leaving.unwrap_or(ExitReason::Quit)),
            Woke::Restless => {
                let what = self.model.jobs.values().map(|job| job.kind).find(|kind| is_short(*kind));
                self.news.say(format!("One moment: {}.", what.map_or("something", Kind::words)));
                self.restless = self.restless.map(|(since, _)| (since, true));
            }
        }
        if self.model.leaving.is_some() && self.deadline.is_none() {
            self.deadline = Some(Instant::now() + GRACE);
        }
        self.deaf |= self.lines.contains(&Heard::End);
        Ok(())
    }

    /// The next line, once it can be answered.
    fn next_line(&mut self) -> Option<Heard> {
        let waits = match self.lines.front()? {
            _ if self.model.leaving.is_some() => true,
            // What stops something cannot wait for it; and a question is about what runs.
            Heard::Line(line) if is_urgent(line) || self.is_asking() => false,
            // A terminal that is gone is gone.
            Heard::End if self.manner == Manner::Talk => false,
            _ => match self.manner {
                Manner::Talk => !self.is_at_rest(),
                Manner::Script => self.model.jobs.values().any(|job| job.kind != Kind::Consent),
            },
        };
        if waits { None } else { self.lines.pop_front() }
    }

    fn is_asking(&self) -> bool {
        matches!(self.model.overlays.last(), Some(Overlay::Ask(..)))
    }

    /// Nothing is under way that what is said would have to wait for.
    fn is_at_rest(&self) -> bool {
        !self.model.jobs.values().any(|job| is_short(job.kind))
    }

    fn hear(&mut self, heard: Heard) -> io::Result<()> {
        self.asked = true;
        match heard {
            Heard::Line(line) => self.answer(&line),
            Heard::End => {
                let at_stake = self.model.jobs.values().any(|job| job.kind.is_at_stake());
                self.news.say("The input has ended.");
                if at_stake {
                    self.happened(act(Action::Leave))
                } else {
                    self.exit = Some(ExitReason::Quit);
                    Ok(())
                }
            }
            Heard::Interrupt => self.happened(act(Action::Leave)),
            Heard::Terminate => self.happened(Msg::Terminate),
            Heard::Continued => {
                self.said.forget();
                Ok(())
            }
        }
    }

    fn answer(&mut self, line: &Secret) -> io::Result<()> {
        // Answers are one by one, so what is asked next is not hidden by what was asked before.
        match answer(&self.model, &Page::of(&self.model), line) {
            Answer::Do(msgs) => self.all_happened(msgs)?,
            Answer::Fill(msgs) => {
                self.all_happened(msgs)?;
                match onward(&self.model) {
                    Some(msg) => self.happened(msg)?,
                    None => self.said.repeat(pages::wizard::wrong(&self.model)),
                }
            }
            Answer::Say(lines) => lines.iter().for_each(|line| self.news.say(line)),
            Answer::Again => self.said.forget(),
        }
        // Said each time, for each time somebody waits for what became of the word.
        if let Some(refused) = pages::overlay::refused(&self.model) {
            self.news.say(refused);
        }
        Ok(())
    }

    fn all_happened(&mut self, msgs: Vec<Msg>) -> io::Result<()> {
        for msg in msgs {
            if self.exit.is_some() {
                break;
            }
            self.happened(msg)?;
        }
        Ok(())
    }

    /// A job tells how it goes. What is lost is said at once; that something is tried again is how things go.
    fn told(&mut self, job: JobId, event: Event) -> io::Result<()> {
        if let Event::Log(line) = &event {
            let lead = match line.level {
                Level::Info | Level::Retry => None,
                Level::Warning => Some("NEEDS YOU"),
                Level::Error => Some("FAILED"),
            };
            if let Some(lead) = lead {
                self.news.say(format!("{lead}: {}", line.text));
            }
        }
        self.happened(Msg::Event(job, event))
    }

    fn happened(&mut self, msg: Msg) -> io::Result<()> {
        for effect in app::update(&mut self.model, msg) {
            match effect {
                Effect::Start(id, work) => self.jobs.start(id, *work),
                Effect::Cancel(id) => self.jobs.cancel(id),
                Effect::Hold(id, held) => self.jobs.hold(id, held),
                Effect::CancelAll => self.jobs.cancel_all(),
                Effect::Exit(reason) => self.exit = Some(reason),
                // There is no clipboard that would not be steered by escape sequences: what is copied is said.
                Effect::Copy(text) => self.news.block("The text", &text),
                Effect::Redraw | Effect::Suspend | Effect::Mouse(_) => {}
            }
        }
        Ok(())
    }

    /// Says what is new, if the model has come to rest.
    fn speak(&mut self) -> io::Result<()> {
        let mut out = std::mem::take(&mut self.news).done();
        if self.model.notice != self.notice {
            self.notice.clone_from(&self.model.notice);
            out.extend(self.notice.as_deref().map(|notice| format!("Note: {}", spoken(notice))));
        }
        let at_rest = self.is_at_rest() || !self.lines.is_empty() && self.is_asking();
        self.restless = match self.restless {
            _ if at_rest => None,
            None => Some((Instant::now(), false)),
            since => since,
        };
        if at_rest && self.exit.is_none() {
            out.extend(self.said.news(Page::of(&self.model), std::mem::take(&mut self.asked)));
            // All of it was said, so all of it was seen.
            self.happened(Msg::Drawn { reach: 0, beside: 0, columns: 0 })?;
        }
        out.extend(self.how_far());
        self.write(&out)?;
        self.ears.secret(self.model.focus() == Focus::Secret && self.exit.is_none());
        Ok(())
    }

    /// How far what runs is, now and then.
    fn how_far(&mut self) -> Option<String> {
        let now = pages::ingest::progress(&self.model).or_else(|| pages::upload::progress(&self.model));
        let now = now.filter(|_| self.exit.is_none());
        let Some(now) = now.map(|text| spoken(&text)) else {
            self.progress = None;
            return None;
        };
        match &mut self.progress {
            // That it began was just said.
            None => {
                self.progress = Some((Instant::now() + PERIOD, String::new()));
                None
            }
            Some((at, last)) if Instant::now() >= *at && *last != now => {
                (*at, *last) = (Instant::now() + PERIOD, now.clone());
                Some(now)
            }
            Some(_) => None,
        }
    }

    fn write(&mut self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        for line in lines {
            writeln!(self.out, "{line}")?;
        }
        self.out.flush()
    }
}

/// What takes moments: nothing is said in the middle of it.
const fn is_short(kind: Kind) -> bool {
    !matches!(kind, Kind::Doctor | Kind::Consent | Kind::Collect | Kind::Upload)
}

fn is_urgent(line: &Secret) -> bool {
    ["stop", "pause"].contains(&line.expose().trim().to_ascii_lowercase().as_str())
}
