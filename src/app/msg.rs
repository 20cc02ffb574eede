//! Everything that can happen, and everything that can be asked for: two closed enums.

use jiff::Timestamp;

use super::{
    field::SecretEdit,
    key::Key,
    pointer::{Pointer, Target},
    settings::Settings,
    views::{Form, KeyWork, Overview, ProfileNews, ProfileWork, Saved, UploadFailure, UploadOrder},
};
use crate::domain::{
    check::Check,
    credential::CertificateView,
    explore::{Again, Answer, Question},
    export::{ExportFormat, Exported},
    ids::RunId,
    preview::Preview,
    problem::Problem,
    progress::Event,
    reading::How,
    target,
    upload::JobFigures,
    view::RunInfo,
};

/// A job's number, given by `update`; answers to a number that the model no longer waits for are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// The first message: what is to be loaded.
    Begin,
    Key(Key),
    /// The mouse, on something that was drawn.
    Pointed(Pointer, Target),
    /// Text that came at once: a paste, marked by the terminal or not. Never submits anything.
    Paste(String),
    /// Keys and pastes while a secret field has the focus.
    Secret(SecretEdit),
    Resize(u16, u16),
    /// The time, while something runs and before anything is handled.
    Now(Timestamp),
    Tick,
    /// The screen was drawn: so far can what has the arrow keys be scrolled.
    Drawn {
        reach: u16,
        /// So far what stands beside a list.
        beside: u16,
        /// So many columns of a list can be left out before all behind them fit.
        columns: u16,
    },
    /// A job tells how it goes.
    Event(JobId, Event),
    /// A job has ended.
    Done(JobId, Outcome),
    /// The system asks the program to end (SIGTERM, SIGHUP).
    Terminate,
    /// What was asked of the terminal could not be done, or was.
    Notice(String),
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Checked(Vec<Check>),
    /// The token has its roles.
    Consented,
    /// A key was made or read; the engine keeps it.
    Key(Box<CertificateView>),
    /// A text was written to this file.
    Written(String),
    Saved(Box<Saved>),
    /// The settings are in their file.
    Kept,
    Overview(Box<Overview>),
    Profiles(Box<ProfileNews>),
    /// Also a run that was cancelled: its status says so.
    Collected(Box<RunInfo>),
    Answered(Answer),
    Previewed(Box<Preview>),
    Place(Box<target::Place>),
    Uploaded(Box<JobFigures>),
    Exported(Exported),
    UploadFailed(Box<UploadFailure>),
    /// The demo's tenant has changed.
    Advanced,
    /// The demo's administrator has consented.
    DemoConsented,
    /// Whatever it was, it did not work; a panic ends here too.
    Failed(Box<Problem>),
}

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Start(JobId, Box<Work>),
    Cancel(JobId),
    CancelAll,
    /// Stop or let go all requests of a collection, which stays as it is meanwhile.
    Hold(JobId, bool),
    /// To the clipboard, whichever can be reached.
    Copy(String),
    /// The terminal is to tell of the mouse, or no more.
    Mouse(bool),
    /// Hand the terminal back and stop, until the shell continues us.
    Suspend,
    /// Draw everything anew.
    Redraw,
    Exit(ExitReason),
}

/// What a job does.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    Doctor(Form),
    /// Waits until the app's token has roles.
    Consent(Form),
    Key(KeyWork),
    /// A script or a message, to a file of this name.
    Write {
        name: String,
        text: String,
    },
    Save(Form),
    /// What a person changed of the screens, to the file of settings.
    Keep(Box<Settings>),
    Overview,
    Profiles(ProfileWork),
    Collect(How),
    /// Reads this alone again; everything else is as it was.
    Again(Again),
    /// A question about a run.
    Ask(RunId, Question),
    /// Compares; of a run that was chosen, else of the newest finished one.
    Preview(Option<RunId>),
    /// The same, with what JupiterOne holds now.
    PreviewLive(Option<RunId>),
    /// Keeps a preview of the run as a plan.
    KeepPlan(RunId),
    /// Asks JupiterOne what the target of a first upload is.
    Place(target::Target),
    Upload(UploadOrder),
    /// Everything that an upload would send, to files.
    Export(ExportFormat),
    Advance,
    /// The demo's administrator is asked to consent.
    DemoConsent,
}

impl Work {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Doctor(_) => Kind::Doctor,
            Self::Consent(_) => Kind::Consent,
            Self::Key(_) => Kind::Key,
            Self::Write { .. } => Kind::Write,
            Self::Save(_) => Kind::Save,
            Self::Keep(_) => Kind::Keep,
            Self::Overview => Kind::Overview,
            Self::Profiles(work) if work.changes() => Kind::ProfileChange,
            Self::Profiles(_) => Kind::Profiles,
            Self::Collect(_) | Self::Again(_) => Kind::Collect,
            Self::Ask(..) => Kind::Ask,
            Self::Preview(_) | Self::PreviewLive(_) => Kind::Preview,
            Self::KeepPlan(_) => Kind::Write,
            Self::Place(_) => Kind::Place,
            Self::Upload(_) => Kind::Upload,
            Self::Export(_) => Kind::Export,
            Self::Advance | Self::DemoConsent => Kind::Advance,
        }
    }
}

/// What kind of work a job does, kept while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Doctor,
    Consent,
    Key,
    Write,
    Save,
    /// Writing settings.
    Keep,
    Overview,
    /// Looking at the profiles.
    Profiles,
    /// Changing them, or which one is at work.
    ProfileChange,
    Collect,
    /// A question about a run.
    Ask,
    Preview,
    /// Asking what the target of a first upload is.
    Place,
    Upload,
    /// Writing a run to files.
    Export,
    Advance,
}

impl Kind {
    /// In words: "reading the directory is not finished".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Doctor => "checking",
            Self::Consent => "waiting for consent",
            Self::Key => "the key",
            Self::Write => "writing the file",
            Self::Save => "saving the profile",
            Self::Keep => "keeping the settings",
            Self::Overview => "looking at the store",
            Self::Profiles => "looking at the profiles",
            Self::ProfileChange => "changing the profiles",
            Self::Collect => "reading the directory",
            Self::Ask => "reading the store",
            Self::Preview => "comparing",
            Self::Place => "asking what the target is",
            Self::Upload => "the upload",
            Self::Export => "writing files",
            Self::Advance => "changing the demo's tenant",
        }
    }

    /// Whether leaving now would cut something short that a person waits for.
    pub const fn is_at_stake(self) -> bool {
        matches!(self, Self::Save | Self::ProfileChange | Self::Collect | Self::Upload | Self::Export)
    }
}

/// Why the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// The person asked for it.
    Quit,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM or SIGHUP.
    Terminated,
    /// The terminal has gone.
    InputClosed,
}
