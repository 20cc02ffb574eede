//! The real screens on the real terminal, with a fault in what they are given: the clock panics, or the checks do. The
//! tests in `tests/real/pty` run it to see the terminal come back; so the product needs no hook for them.
//!
//! `faulty clock FILE`: the clock panics once FILE is there. `faulty checks FILE`: the checks panic.

use std::{path::PathBuf, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use jiff::{Timestamp, tz::TimeZone};
use tenantry::{
    app::{
        ExitReason,
        settings::{Preferences, Settings},
        views::{
            Fill, Fills, Form, KeyWork, Mode, Overview, ProfileAnswer, ProfileNews, ProfileWork, Saved, UploadEnd,
            UploadFailure, UploadOrder,
        },
    },
    domain::{
        check::Check,
        clock::Clock,
        credential::CertificateView,
        explore::{Again, Answer, Question},
        export::{ExportFormat, Exported},
        ids::RunId,
        preview::Preview,
        problem::Problem,
        progress::Reporter,
        reading::How,
        secret::Secret,
        target::{Place, Target},
        upload::JobFigures,
        view::RunInfo,
    },
    driver::{self, Engine, UiOptions},
    jobs::Hold,
};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let fault = arguments.next().unwrap_or_default();
    let file = arguments.next().map(PathBuf::from).filter(|_| fault == "clock");
    let right = Fill {
        title: "the right values".to_owned(),
        tenant: "11111111-2222-4333-8444-555555555555".to_owned(),
        client: "66666666-7777-4888-8999-aaaaaaaaaaaa".to_owned(),
        secret: Secret::new("not-a-secret-of-anybody"),
        expect: None,
        jupiterone: None,
    };
    let options = UiOptions {
        mode: Mode::Demo,
        preferences: Preferences::default(),
        zone: TimeZone::UTC,
        vault: "no keyring".to_owned(),
        fills: Some(Fills { right, wrong: Vec::new() }),
        profile: None,
        clock: Arc::new(Stopping(file)),
    };
    match driver::run(options, Arc::new(Nothing)).await? {
        ExitReason::Quit => Ok(()),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

/// Tells the time until the file is there.
struct Stopping(Option<PathBuf>);

impl Clock for Stopping {
    fn now(&self) -> Timestamp {
        assert!(!self.0.as_ref().is_some_and(|file| file.exists()), "the clock has stopped");
        Timestamp::now()
    }
}

/// An engine that can do nothing, and falls over at its checks.
struct Nothing;

fn refused<T: Send + 'static>() -> BoxFuture<'static, Result<T, Problem>> {
    async { Err(Problem::new("this engine does nothing")) }.boxed()
}

impl Engine for Nothing {
    fn doctor(
        &self,
        _: Form,
        _: Arc<dyn Reporter>,
        _: CancellationToken,
    ) -> BoxFuture<'_, Result<Vec<Check>, Problem>> {
        async { panic!("the checks fell over") }.boxed()
    }

    fn consent(&self, _: Form, _: Arc<dyn Reporter>, _: CancellationToken) -> BoxFuture<'_, Result<(), Problem>> {
        refused()
    }

    fn key(&self, _: KeyWork) -> BoxFuture<'_, Result<CertificateView, Problem>> {
        refused()
    }

    fn keep(&self, _: Settings) -> BoxFuture<'_, Result<(), Problem>> {
        refused()
    }

    fn write(&self, _: String, _: String) -> BoxFuture<'_, Result<String, Problem>> {
        refused()
    }

    fn save_profile(&self, _: Form) -> BoxFuture<'_, Result<Saved, Problem>> {
        refused()
    }

    fn profiles(&self, _: ProfileWork) -> BoxFuture<'_, Result<ProfileNews, Problem>> {
        async { Ok(ProfileNews { rows: Vec::new(), answer: ProfileAnswer::Listed }) }.boxed()
    }

    fn overview(&self) -> BoxFuture<'_, Result<Overview, Problem>> {
        refused()
    }

    fn collect(
        &self,
        _: How,
        _: Hold,
        _: Arc<dyn Reporter>,
        _: CancellationToken,
    ) -> BoxFuture<'_, Result<RunInfo, Problem>> {
        refused()
    }

    fn again(
        &self,
        _: Again,
        _: Hold,
        _: Arc<dyn Reporter>,
        _: CancellationToken,
    ) -> BoxFuture<'_, Result<RunInfo, Problem>> {
        refused()
    }

    fn ask(&self, _: RunId, _: Question, _: CancellationToken) -> BoxFuture<'_, Result<Answer, Problem>> {
        refused()
    }

    fn preview(&self, _: Option<RunId>, _: CancellationToken) -> BoxFuture<'_, Result<Preview, Problem>> {
        refused()
    }

    fn preview_live(
        &self,
        _: Option<RunId>,
        _: Arc<dyn Reporter>,
        _: CancellationToken,
    ) -> BoxFuture<'_, Result<Preview, Problem>> {
        refused()
    }

    fn keep_plan(&self, _: RunId) -> BoxFuture<'_, Result<String, Problem>> {
        refused()
    }

    fn place(&self, _: Target, _: CancellationToken) -> BoxFuture<'_, Result<Place, Problem>> {
        refused()
    }

    fn export(&self, _: ExportFormat, _: CancellationToken) -> BoxFuture<'_, Result<Exported, Problem>> {
        refused()
    }

    fn upload(
        &self,
        _: UploadOrder,
        _: Arc<dyn Reporter>,
        _: CancellationToken,
    ) -> BoxFuture<'_, Result<JobFigures, UploadFailure>> {
        async { Err(UploadFailure { problem: Problem::new("this engine does nothing"), end: UploadEnd::NotStarted }) }
            .boxed()
    }

    fn demo_consent(&self) -> BoxFuture<'_, Result<(), Problem>> {
        refused()
    }

    fn demo_advance(&self) -> BoxFuture<'_, Result<(), Problem>> {
        refused()
    }
}
