//! The program as data: what is shown is a [`Model`], what happens is a [`Msg`], what is to be done is an [`Effect`].
//!
//! [`update`] is the only thing that changes a model. It is pure: no I/O, no clock (the time comes as a message), no
//! terminal, no spawning; the same messages give the same model. One file a screen; one table of commands
//! ([`command`]), from which key bar, help and dispatch all come.

pub mod browse;
pub mod command;
pub mod dashboard;
pub mod export;
pub mod field;
pub mod finder;
pub mod form;
pub mod ingest;
pub mod key;
pub mod keymap;
pub mod list;
pub mod msg;
pub mod overlay;
pub mod pointer;
pub mod preview;
pub mod profiles;
pub mod room;
pub mod settings;
pub mod steps;
pub mod upload;
pub mod views;
pub mod wizard;

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

pub use msg::{Effect, ExitReason, JobId, Kind, Msg, Outcome, Work};

use self::{
    command::Action,
    overlay::Overlay,
    views::{Fills, Look, Mode, Overview, UploadEnd, UploadFailure},
};
use crate::domain::{
    completeness::RunStatus, explore::Answer, ids::RunId, problem::Problem, progress::Event, view::RunInfo,
};

/// Effects in the making.
type Fx = Vec<Effect>;

/// Everything that is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub mode: Mode,
    pub look: Look,
    pub keys: keymap::KeyMap,
    pub called: command::Called,
    /// The terminal tells of the mouse.
    pub mouse: bool,
    /// What is seen is kept in a file: no character of a secret is shown then.
    pub recorded: bool,
    /// The settings that are written down, as far as this session knows.
    kept: settings::Settings,
    /// The zone of times on the screen.
    pub zone: TimeZone,
    /// The keyring's real name.
    pub vault: String,
    /// Values for one key to fill in; only a demo has them.
    pub fills: Option<Fills>,

    pub size: (u16, u16),
    pub now: Timestamp,
    pub place: Place,
    pub overview: Overview,
    pub wizard: wizard::Wizard,
    pub profiles: profiles::Profiles,
    pub dashboard: dashboard::Dashboard,
    pub ingest: ingest::Ingest,
    pub browse: browse::Browse,
    pub comparison: preview::Comparison,
    pub upload: upload::Upload,
    pub overlays: Vec<Overlay>,
    /// Why the store could not be looked at.
    pub trouble: Option<Box<Problem>>,
    /// One line of news, until the next key.
    pub notice: Option<String>,
    /// What runs.
    pub jobs: BTreeMap<JobId, Job>,
    /// On the way out, as soon as nothing is at stake any more.
    pub leaving: Option<ExitReason>,
    /// When the store was looked at last for the sake of another process.
    looked_at: Timestamp,
    last_job: u64,
}

/// Which screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Place {
    #[default]
    Wizard,
    Dashboard,
    Profiles,
    Ingest,
    Browse,
    Preview,
    Upload,
}

/// The five steps of the journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    Credentials,
    Ingest,
    Browse,
    Preview,
    Upload,
}

impl Step {
    pub const ALL: [Self; 5] = [Self::Credentials, Self::Ingest, Self::Browse, Self::Preview, Self::Upload];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Credentials => "Credentials",
            Self::Ingest => "Ingest",
            Self::Browse => "Browse",
            Self::Preview => "Preview",
            Self::Upload => "Upload",
        }
    }

    pub fn next(self) -> Self {
        Self::ALL.get(self as usize + 1).copied().unwrap_or(self)
    }

    pub fn previous(self) -> Self {
        Self::ALL[(self as usize).saturating_sub(1)]
    }
}

impl Place {
    /// The step that this screen is; the dashboard and the profiles are none.
    pub const fn step(self) -> Option<Step> {
        match self {
            Self::Wizard => Some(Step::Credentials),
            Self::Dashboard | Self::Profiles => None,
            Self::Ingest => Some(Step::Ingest),
            Self::Browse => Some(Step::Browse),
            Self::Preview => Some(Step::Preview),
            Self::Upload => Some(Step::Upload),
        }
    }
}

/// Signs, which carry meaning with their shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sign {
    Done,
    Here,
    ToCome,
    NeedsYou,
    Failed,
    Incomplete,
    Retrying,
    Paused,
}

/// Something that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    pub kind: Kind,
    pub since: Timestamp,
    pub cancelled: bool,
}

/// Who gets the next key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// No field: every key is a command.
    Commands,
    /// A choice: arrows and space turn it.
    Choice,
    Text,
    /// Keys and pastes must become [`Msg::Secret`] before they reach a channel.
    Secret,
}

/// What a model begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Beginning {
    pub mode: Mode,
    pub preferences: settings::Preferences,
    pub zone: TimeZone,
    pub vault: String,
    pub fills: Option<Fills>,
    /// With a profile it begins on the dashboard, else in the wizard.
    pub profile: Option<views::ProfileView>,
    pub size: (u16, u16),
    pub now: Timestamp,
}

impl Model {
    pub fn new(beginning: Beginning) -> Self {
        let place = if beginning.profile.is_some() { Place::Dashboard } else { Place::Wizard };
        let mut model = Self {
            mode: beginning.mode,
            look: beginning.preferences.look,
            keys: beginning.preferences.keys,
            called: command::Called::ByKeys,
            mouse: beginning.preferences.mouse,
            recorded: beginning.preferences.record.is_some(),
            kept: settings::Settings::default(),
            zone: beginning.zone,
            vault: beginning.vault,
            fills: beginning.fills,
            size: beginning.size,
            now: beginning.now,
            place,
            overview: Overview { profile: beginning.profile, store: None },
            wizard: wizard::Wizard::default(),
            profiles: profiles::Profiles::default(),
            dashboard: dashboard::Dashboard::default(),
            ingest: ingest::Ingest::default(),
            browse: browse::Browse::default(),
            comparison: preview::Comparison::default(),
            upload: upload::Upload::default(),
            overlays: Vec::new(),
            trouble: None,
            notice: None,
            jobs: BTreeMap::new(),
            leaving: None,
            looked_at: Timestamp::UNIX_EPOCH,
            last_job: 0,
        };
        model.browse.layouts = beginning.preferences.layouts;
        model.kept = settings::Settings::of(&model);
        if !beginning.preferences.told.is_empty() {
            let title = "Not all of the settings could be taken";
            model.overlays.push(Overlay::Told { title, lines: beginning.preferences.told, scroll: 0 });
        }
        model
    }

    /// Who gets the next key.
    pub fn focus(&self) -> Focus {
        match self.overlays.last() {
            Some(Overlay::Type { .. } | Overlay::Help(_) | Overlay::Palette(_)) => Focus::Text,
            Some(Overlay::Profile(popup)) => popup.focus(),
            Some(_) => Focus::Commands,
            None => match self.place {
                Place::Wizard => self.wizard.focus(),
                Place::Browse if self.browse.filtering => Focus::Text,
                _ => Focus::Commands,
            },
        }
    }

    /// The step that the dashboard has selected; beside the steps, the one that comes next.
    pub fn chosen(&self) -> Step {
        match self.dashboard.picked {
            Some(dashboard::Spot::Step(step)) => step,
            _ => dashboard::next_step(self),
        }
    }

    /// Whether something runs whose going on is shown: only then is there a need for ticks.
    pub fn is_ticking(&self) -> bool {
        ingest::is_elsewhere(self)
            || self.jobs.values().any(|j| !matches!(j.kind, Kind::Ask | Kind::Keep | Kind::Overview | Kind::Profiles))
    }

    /// The run that browsing shows unless told otherwise.
    pub fn shown(&self) -> Option<&RunInfo> {
        self.overview.store.as_ref()?.shown()
    }

    /// The run whose rows are on the screen, if the store still tells of it.
    pub fn browsed(&self) -> Option<&RunInfo> {
        let store = self.overview.store.as_ref()?;
        let known = [store.newest.as_ref(), store.finished.as_ref()];
        let mut known = known.into_iter().flatten().chain(browse::runs::known(&self.browse));
        known.find(|run| Some(run.id) == self.browse.run)
    }

    /// The run that was cut off, and that the next one goes on with.
    pub fn cut_off(&self) -> Option<&RunInfo> {
        let newest = self.overview.store.as_ref()?.newest.as_ref()?;
        (!ingest::is_running(self) && newest.can_be_gone_on_with(self.now)).then_some(newest)
    }

    /// The run that a preview compares and an upload sends.
    pub fn finished(&self) -> Option<RunId> {
        self.overview.store.as_ref()?.finished.as_ref().map(|r| r.id)
    }

    /// How a step stands.
    pub fn sign(&self, step: Step) -> Sign {
        let store = self.overview.store.as_ref();
        let here = self.place.step() == Some(step) || (self.place == Place::Dashboard && self.chosen() == step);
        let stands = match step {
            Step::Credentials if self.overview.profile.is_some() => Sign::Done,
            Step::Credentials => Sign::ToCome,
            Step::Ingest => match &self.ingest.phase {
                ingest::IngestPhase::Running(_) if self.ingest.held => Sign::Paused,
                ingest::IngestPhase::Running(_) => Sign::Incomplete,
                ingest::IngestPhase::Failed(_) => Sign::Failed,
                _ if self.cut_off().is_some() => Sign::Incomplete,
                _ => match self.shown() {
                    None => Sign::ToCome,
                    Some(run) => match run.status {
                        RunStatus::Complete => Sign::Done,
                        RunStatus::Partial if run.open_gaps() == 0 => Sign::Done,
                        RunStatus::Failed => Sign::Failed,
                        RunStatus::Running | RunStatus::Partial | RunStatus::Interrupted | RunStatus::Scoped => {
                            Sign::Incomplete
                        }
                    },
                },
            },
            Step::Browse if self.browse.run.is_some() => Sign::Done,
            Step::Preview if self.comparison.ready().is_some() => Sign::Done,
            Step::Browse | Step::Preview => Sign::ToCome,
            Step::Upload => match &self.upload.phase {
                upload::UploadState::Running(_) => Sign::Incomplete,
                upload::UploadState::Failed(_) => Sign::Failed,
                upload::UploadState::Finished(_) => Sign::Done,
                upload::UploadState::Idle => match store.and_then(|s| s.uploaded) {
                    Some(uploaded) if uploaded.in_doubt => Sign::NeedsYou,
                    Some(_) => Sign::Done,
                    None => Sign::ToCome,
                },
            },
        };
        match stands {
            Sign::Done | Sign::ToCome if here => Sign::Here,
            stands => stands,
        }
    }

    /// What went wrong on this screen, if something did.
    pub fn problem(&self) -> Option<&Problem> {
        match self.place {
            Place::Wizard => match (&self.wizard.save, &self.wizard.checks.phase) {
                (wizard::Save::Failed(p), _) if self.wizard.step == steps::WizardStep::Save => Some(p),
                _ if wizard::can::shows_key_problem(self) => self.wizard.keys.problem(self.wizard.fields.proof),
                _ if !matches!(self.wizard.step, steps::WizardStep::Check | steps::WizardStep::Waiting) => None,
                (_, wizard::ChecksPhase::Failed(p)) => Some(p),
                _ => wizard::can::failed_check(self).and_then(|c| c.problem.as_ref()),
            },
            Place::Ingest => match &self.ingest.phase {
                ingest::IngestPhase::Failed(p) => Some(p),
                _ => None,
            },
            Place::Browse => self.browse.view().problem.as_deref().or(self.browse.problem.as_deref()),
            Place::Preview => match &self.comparison.phase {
                preview::ComparisonPhase::Failed(p) => Some(p),
                _ => None,
            },
            Place::Upload => match &self.upload.phase {
                upload::UploadState::Failed(f) => Some(&f.problem),
                _ => None,
            },
            Place::Dashboard => self.trouble.as_deref(),
            Place::Profiles => self.profiles.problem.as_deref(),
        }
    }

    /// Whether "back" leads anywhere.
    pub fn can_go_back(&self) -> bool {
        match self.place {
            Place::Wizard => self.wizard.step != steps::WizardStep::Welcome || self.overview.profile.is_some(),
            Place::Dashboard => false,
            Place::Profiles => self.overview.profile.is_some(),
            Place::Ingest | Place::Browse | Place::Preview | Place::Upload => true,
        }
    }

    fn is_cancelled(&self, kind: Kind) -> bool {
        self.jobs.values().any(|j| j.kind == kind && j.cancelled)
    }

    fn start(&mut self, work: Work, fx: &mut Fx) -> JobId {
        self.last_job += 1;
        let id = JobId(self.last_job);
        self.jobs.insert(id, Job { kind: work.kind(), since: self.now, cancelled: false });
        fx.push(Effect::Start(id, Box::new(work)));
        id
    }

    fn cancel(&mut self, kind: Kind, fx: &mut Fx) {
        for (id, job) in self.jobs.iter_mut().filter(|(_, j)| j.kind == kind) {
            job.cancelled = true;
            fx.push(Effect::Cancel(*id));
        }
    }

    /// Ends the program, once jobs that something hangs on have been stopped in order.
    fn leave(&mut self, reason: ExitReason, fx: &mut Fx) {
        if self.leaving.is_some() || !self.jobs.values().any(|j| j.kind.is_at_stake()) {
            fx.push(Effect::Exit(reason));
            return;
        }
        self.leaving = Some(reason);
        for job in self.jobs.values_mut() {
            job.cancelled = true;
        }
        fx.push(Effect::CancelAll);
        self.say("Stopping in order … ^C again leaves at once.");
    }

    /// Nothing is scrolled further than there is something to be seen, so that the way back begins at once.
    fn keep_in_reach(&mut self, reach: u16) {
        let scroll = match (self.overlays.last_mut(), self.place) {
            (Some(Overlay::Told { scroll, .. }), _) => scroll,
            (Some(Overlay::Profile(popup)), _) => return popup.keep_in_reach(reach),
            (Some(Overlay::Browse(popup)), _) => return popup.keep_in_reach(reach),
            (Some(_), _) => return,
            (None, Place::Wizard) => return self.wizard.scroll.keep_in_reach(reach),
            (None, Place::Ingest) => &mut self.ingest.scrolled,
            (None, Place::Preview) => &mut self.comparison.scroll,
            (None, Place::Upload) => &mut self.upload.scroll,
            (None, Place::Browse) => match &mut self.browse.view_mut().shows {
                browse::Shows::Object(open) => &mut open.scroll,
                browse::Shows::One(_, scroll) => scroll,
                browse::Shows::Why(reasons) => match &mut reasons.lost {
                    Some(scroll) => scroll,
                    None => return,
                },
                _ => return,
            },
            (None, Place::Dashboard | Place::Profiles) => return,
        };
        *scroll = reach.min(*scroll);
    }

    fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(text.into());
    }

    /// Asks the store what there is now, unless that is being asked.
    /// What another process reads is told by nobody: it is looked at, once a second.
    fn watch_elsewhere(&mut self, fx: &mut Fx) {
        if ingest::is_elsewhere(self) && self.now.duration_since(self.looked_at).as_millis() >= 1_000 {
            self.looked_at = self.now;
            self.look_again(fx);
        }
    }

    fn look_again(&mut self, fx: &mut Fx) {
        if !self.jobs.values().any(|j| j.kind == Kind::Overview) {
            self.start(Work::Overview, fx);
        }
    }

    /// What was compared is no longer what there is.
    fn forget_comparison(&mut self) {
        self.comparison = preview::Comparison::default();
        self.upload.place = upload::Looked::default();
    }

    fn go(&mut self, step: Step, fx: &mut Fx) {
        match step {
            Step::Credentials => wizard::enter(self),
            Step::Ingest => ingest::enter(self, fx),
            Step::Browse => browse::enter(self, fx),
            Step::Preview => preview::enter(self, fx),
            Step::Upload => upload::enter(self, fx),
        }
    }
}

/// What a message changes, and what is to be done about it.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut fx = Fx::new();
    match msg {
        Msg::Begin => {
            if model.mouse {
                fx.push(Effect::Mouse(true));
            }
            if model.overview.profile.is_some() {
                model.look_again(&mut fx);
            } else {
                profiles::begin(model, &mut fx);
            }
        }
        Msg::Key(key) => {
            model.notice = None;
            match command::lookup(model, key) {
                Some(action) => act(model, action, &mut fx),
                None => typed(model, key, &mut fx),
            }
        }
        Msg::Pointed(pointer, target) => {
            model.notice = None;
            pointer::pointed(model, pointer, target, &mut fx);
        }
        Msg::Paste(text) => pasted(model, &text, &mut fx),
        Msg::Secret(edit) => {
            model.notice = None;
            if model.focus() == Focus::Secret {
                wizard::secret(model, &edit);
            }
        }
        Msg::Resize(width, height) => {
            model.size = (width, height);
            browse::resized(model, &mut fx);
        }
        Msg::Now(now) => model.now = now,
        Msg::Tick => model.watch_elsewhere(&mut fx),
        Msg::Drawn { reach, beside, columns } => {
            model.keep_in_reach(reach);
            model.browse.keep_in_reach(beside, columns);
        }
        Msg::Event(job, event) => told(model, job, event, &mut fx),
        Msg::Done(job, outcome) => {
            // What was cancelled, or forgotten, has nothing to say any more: each screen knows whom it waits for.
            if let Some(ended) = model.jobs.remove(&job) {
                done(model, job, ended.kind, outcome, &mut fx);
                overlay::settle(model);
                if let Some(reason) = model.leaving
                    && !model.jobs.values().any(|j| j.kind.is_at_stake())
                {
                    fx.push(Effect::Exit(reason));
                }
            }
        }
        Msg::Terminate => model.leave(ExitReason::Terminated, &mut fx),
        Msg::Notice(text) => model.say(text),
    }
    wizard::save::name(model);
    settings::keep(model, &mut fx);
    fx
}

fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match action {
        Action::Leave => model.leave(ExitReason::Interrupted, fx),
        Action::Suspend => fx.push(Effect::Suspend),
        Action::Redraw => fx.push(Effect::Redraw),
        _ if !model.overlays.is_empty() => overlay::act(model, action, fx),
        Action::Help => model.overlays.push(Overlay::Help(finder::Finder::help(model))),
        Action::Palette => model.overlays.push(Overlay::Palette(finder::Finder::palette(model))),
        Action::Theme => settings::next_theme(model),
        Action::Signs => settings::other_signs(model),
        Action::Mouse => settings::switch_mouse(model, fx),
        Action::Quit => overlay::quit(model, fx),
        Action::Overview => dashboard::enter(model, fx),
        Action::Profiles => profiles::enter(model, fx),
        Action::Renew => profiles::renew(model),
        Action::Go(step) => model.go(step, fx),
        Action::CopyProblem => {
            if model.place == Place::Wizard && wizard::can::has_ticket(model) {
                fx.push(Effect::Copy(wizard::texts::ticket(model)));
            } else if let Some(problem) = model.problem() {
                fx.push(Effect::Copy(problem.block()));
            }
        }
        _ => match model.place {
            Place::Wizard => wizard::act(model, action, fx),
            Place::Dashboard => dashboard::act(model, action, fx),
            Place::Profiles => profiles::act(model, action, fx),
            Place::Ingest => ingest::act(model, action, fx),
            Place::Browse => browse::act(model, action, fx),
            Place::Preview => preview::act(model, action, fx),
            Place::Upload => upload::act(model, action, fx),
        },
    }
}

/// A key that is no command: text, where something takes text.
fn typed(model: &mut Model, key: key::Key, fx: &mut Fx) {
    if model.focus() != Focus::Text {
        return;
    }
    match model.overlays.last_mut() {
        Some(Overlay::Type { field, wrong, .. }) => {
            *wrong = false;
            field.edit(key);
        }
        Some(Overlay::Help(finder) | Overlay::Palette(finder)) => finder.typed(|field| {
            field.edit(key);
        }),
        Some(Overlay::Profile(popup)) => popup.key(key),
        Some(_) => {}
        None if model.place == Place::Wizard => model.wizard.key(key),
        None => browse::key(model, key, fx),
    }
}

fn pasted(model: &mut Model, text: &str, fx: &mut Fx) {
    model.notice = None;
    match model.focus() {
        Focus::Text => match model.overlays.last_mut() {
            Some(Overlay::Type { field, wrong, .. }) => {
                *wrong = false;
                field.insert(text);
            }
            Some(Overlay::Help(finder) | Overlay::Palette(finder)) => finder.typed(|field| field.insert(text)),
            Some(Overlay::Profile(popup)) => popup.paste(text),
            Some(_) => {}
            None if model.place == Place::Wizard => wizard::paste(model, text),
            None => browse::paste(model, text, fx),
        },
        // It would have come as `Msg::Secret`: this one is of before the focus moved, and is dropped.
        Focus::Secret => {}
        Focus::Commands | Focus::Choice if model.overlays.is_empty() && model.place == Place::Wizard => {
            wizard::paste(model, text);
        }
        Focus::Commands | Focus::Choice => model.say("There is no field here to paste into."),
    }
}

fn told(model: &mut Model, job: JobId, event: Event, fx: &mut Fx) {
    match model.jobs.get(&job).map(|j| j.kind) {
        Some(Kind::Doctor) => {
            if let Event::Check(check) = event
                && model.wizard.checks.phase == wizard::ChecksPhase::Running(job)
            {
                model.wizard.checks.note(*check);
            }
        }
        Some(Kind::Consent) => {
            if let Event::Consent(tried) = event {
                wizard::waiting::told(model, job, tried);
            }
        }
        Some(Kind::Collect) => ingest::event(model, job, event, fx),
        Some(Kind::Upload) => upload::event(model, job, event),
        Some(Kind::Preview) => preview::told(model, job, event),
        _ => {}
    }
}

fn done(model: &mut Model, job: JobId, kind: Kind, outcome: Outcome, fx: &mut Fx) {
    match outcome {
        Outcome::Checked(all) => wizard::checks::checked(model, job, all, fx),
        Outcome::Key(view) => wizard::keys::ready(model, job, view, fx),
        Outcome::Consented => wizard::waiting::consented(model, job, fx),
        Outcome::Written(path) => {
            model.say(format!("Written to {path}"));
            model.wizard.written = Some(path);
        }
        Outcome::Kept => {}
        Outcome::Saved(saved) => wizard::save::saved(model, *saved, fx),
        Outcome::Profiles(news) => profiles::news(model, kind, *news, fx),
        Outcome::Overview(overview) => {
            model.overview = *overview;
            model.trouble = None;
            if let Some(profile) = &mut model.overview.profile
                && profile.organization.is_none()
            {
                profile.organization = wizard::save::organization(&model.wizard.checks);
            }
            browse::looked(model, fx);
            dashboard::looked(model, fx);
        }
        Outcome::Collected(run) => ingest::ended(model, job, run, fx),
        Outcome::Answered(Answer::Glance(glance)) => dashboard::answered(model, job, glance),
        Outcome::Answered(answer) => browse::answered(model, job, answer, fx),
        Outcome::Previewed(preview) => preview::ended(model, job, preview, fx),
        Outcome::Place(place) => upload::placed(model, job, place),
        Outcome::Exported(done) => export::ended(model, &done),
        Outcome::Uploaded(figures) => upload::ended(model, job, figures, fx),
        Outcome::UploadFailed(failure) => upload::failed(model, job, failure, fx),
        Outcome::DemoConsented => wizard::waiting::given(model, fx),
        Outcome::Advanced => {
            model.say(command::with_keys(model, "The tenant changed: {ingest}, then {read-again} reads it."));
        }
        Outcome::Failed(problem) => match kind {
            Kind::Doctor => wizard::checks::failed(model, job, problem),
            Kind::Consent => wizard::waiting::over(model, job, problem),
            Kind::Key => wizard::keys::failed(model, job, problem),
            Kind::Save => wizard::save::failed(model, problem),
            Kind::Collect => ingest::failed(model, job, problem, fx),
            Kind::Ask if dashboard::failed(model, job, &problem) => {}
            Kind::Ask => browse::failed(model, job, problem),
            Kind::Preview => preview::failed(model, job, problem),
            Kind::Place => upload::not_placed(model, job, problem),
            // An upload that fell over has not said how it ended, so nobody knows.
            Kind::Upload => {
                let failure = UploadFailure { problem: *problem, end: UploadEnd::InDoubt };
                upload::failed(model, job, Box::new(failure), fx);
            }
            Kind::Overview => {
                model.overview.store = None;
                model.trouble = Some(problem);
            }
            Kind::Profiles | Kind::ProfileChange => profiles::failed(model, kind, problem),
            Kind::Write | Kind::Keep | Kind::Advance | Kind::Export => model.say(problem.line()),
        },
    }
}
