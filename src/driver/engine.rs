//! The one seam between the screens and the engine.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{
        settings::Settings,
        views::{Form, KeyWork, Overview, ProfileNews, ProfileWork, Saved, UploadFailure, UploadOrder},
    },
    domain::{
        check::Check,
        credential::CertificateView,
        explore::{Again, Answer, Question},
        export::{ExportFormat, Exported},
        ids::RunId,
        preview::Preview,
        problem::Problem,
        progress::Reporter,
        reading::How,
        target::{Place, Target},
        upload::JobFigures,
        view::RunInfo,
    },
    jobs::Hold,
};

/// What the screens ask for. Every call is a job of its own, spawned by the driver: it may take long, and may panic.
///
/// A job that is cancelled ends soon and in order: a collection with a run that is `Interrupted`, an upload with
/// [`UploadEnd::Cancelled`](crate::app::views::UploadEnd::Cancelled), anything else with whatever it has.
pub trait Engine: Send + Sync + 'static {
    /// Runs the checks, reporting each as `Event::Check` once it is known; all of them are the answer.
    fn doctor(
        &self,
        form: Form,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<Vec<Check>, Problem>>;

    /// Asks for new tokens until one has roles, reporting each try as `Event::Consent`; ends well once it has.
    fn consent(
        &self,
        form: Form,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<(), Problem>>;

    /// Makes or reads a key, and keeps it for forms with [`FormCredential::Key`](crate::app::views::FormCredential::Key).
    /// The last one counts.
    fn key(&self, work: KeyWork) -> BoxFuture<'_, Result<CertificateView, Problem>>;

    /// Writes a text without secrets to a file of this name, and tells its path.
    fn write(&self, name: String, text: String) -> BoxFuture<'_, Result<String, Problem>>;

    /// Writes down what a person changed of the screens.
    fn keep(&self, changed: Settings) -> BoxFuture<'_, Result<(), Problem>>;

    /// Saves the profile and its secrets. From now on it is the one that everything else is about. No keyring is no
    /// failure: see [`Kept`](crate::app::views::Kept).
    fn save_profile(&self, form: Form) -> BoxFuture<'_, Result<Saved, Problem>>;

    /// Looks at the profiles, or changes them or which one is at work. One with values that nobody has confirmed never
    /// becomes the one at work: then the answer is [`ProfileAnswer::Asks`](crate::app::views::ProfileAnswer::Asks).
    fn profiles(&self, work: ProfileWork) -> BoxFuture<'_, Result<ProfileNews, Problem>>;

    /// The profile, and what its store holds; cheap, and asked for again and again while a run goes on.
    fn overview(&self) -> BoxFuture<'_, Result<Overview, Problem>>;

    /// Reads the directory, reporting `Event::Ingest` and `Event::Log`; while it is held nothing is asked of the service.
    fn collect(
        &self,
        how: How,
        hold: Hold,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<RunInfo, Problem>>;

    /// Reads this alone again, as [`collect`](Self::collect) reads; everything else is as the newest finished run has it.
    fn again(
        &self,
        again: Again,
        hold: Hold,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<RunInfo, Problem>>;

    /// Answers a question about a run from the store.
    fn ask(&self, run: RunId, question: Question, cancel: CancellationToken) -> BoxFuture<'_, Result<Answer, Problem>>;

    /// What an upload of a run (`None`: of the newest finished one of everything) to the profile's target would do.
    fn preview(&self, run: Option<RunId>, cancel: CancellationToken) -> BoxFuture<'_, Result<Preview, Problem>>;

    /// The same against what JupiterOne holds now, reporting `Event::Live` while that is read.
    fn preview_live(
        &self,
        run: Option<RunId>,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<Preview, Problem>>;

    /// Keeps a preview of the run as a plan; in which file.
    fn keep_plan(&self, run: RunId) -> BoxFuture<'_, Result<String, Problem>>;

    /// Writes what an upload would send to files in the current directory.
    fn export(&self, format: ExportFormat, cancel: CancellationToken) -> BoxFuture<'_, Result<Exported, Problem>>;

    /// What is at a target to which nothing was uploaded yet, as far as the key can tell.
    fn place(&self, target: Target, cancel: CancellationToken) -> BoxFuture<'_, Result<Place, Problem>>;

    /// Uploads the run that was seen in the preview, reporting `Event::Upload` and `Event::Log`.
    fn upload(
        &self,
        order: UploadOrder,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<JobFigures, UploadFailure>>;

    /// Lets the demo's tenant change; a problem where there is no demo.
    fn demo_advance(&self) -> BoxFuture<'_, Result<(), Problem>>;

    /// Lets the demo's administrator consent; a problem where there is no demo.
    fn demo_consent(&self) -> BoxFuture<'_, Result<(), Problem>>;
}
