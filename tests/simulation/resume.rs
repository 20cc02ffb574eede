//! Runs that are cut off anywhere and gone on with, until they are through: what is in the store in the end is what an
//! undisturbed run leaves, and nothing is read twice that need not be.

use std::{collections::BTreeMap, time::Duration};

use tenantry::{
    demo::{Latency, Service},
    domain::{
        completeness::RunStatus,
        progress::Event,
        reading::{Ask, RunKind},
        view::RunInfo,
    },
    jobs::{self, Context},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    stage::{Stage, Told},
    truth::Truth,
};

const LATENCY: Latency = Latency::Fixed(Duration::from_millis(400));

#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    /// By a person.
    Cancelled,
    /// As good as dead: nobody gets to write a last word.
    Killed,
}

/// Reads for so long at most. `None` when it was killed.
async fn collect_for(stage: &Stage, ask: &Ask, time: Duration, cut: Cut, told: &Told) -> Option<RunInfo> {
    let cancel = CancellationToken::new();
    let context = Context { ask: ask.clone(), ..stage.context(told, &cancel) };
    let running = tokio::spawn(async move { jobs::collect(&context).await });
    tokio::pin!(running);
    tokio::select! {
        done = &mut running => return Some(done.unwrap().unwrap()),
        () = tokio::time::sleep(time) => {}
    }
    match cut {
        Cut::Cancelled => {
            cancel.cancel();
            Some(running.await.unwrap().unwrap())
        }
        Cut::Killed => {
            running.abort();
            assert!(running.await.unwrap_err().is_cancelled());
            None
        }
    }
}

/// Cuts a run again and again, after each of these stretches of time, and lets it go through then.
async fn in_pieces(stage: &Stage, ask: &Ask, stretches: &[Duration], cut: Cut) -> (RunInfo, Vec<Told>) {
    let mut all = Vec::new();
    for stretch in stretches {
        let told = Told::default();
        let ended = collect_for(stage, ask, *stretch, cut, &told).await;
        all.push(told);
        if let Some(run) = ended.filter(|run| run.status != RunStatus::Interrupted) {
            return (run, all);
        }
        assert!(stage.reader().newest().unwrap().is_none_or(|run| run.status == RunStatus::Interrupted));
    }
    let told = Told::default();
    let run = stage.collect_as(ask.clone(), &told).await.unwrap();
    all.push(told);
    (run, all)
}

#[tokio::test(start_paused = true)]
async fn a_run_is_cut_off_anywhere_and_gone_on_with() {
    let whole = Stage::open("duplicates", 900, 120, 5, LATENCY).await;
    let began = Instant::now();
    let undisturbed = whole.collect().await;
    let (length, want) = (began.elapsed(), Truth::stored(&whole.reader(), undisturbed.id));
    want.assert_is(&whole.truth(0), "undisturbed");
    let pages = pages_of(&whole);
    assert!(pages.values().all(|n| *n == 1), "{pages:?}");

    for n in 0..16_u32 {
        let cut = if n % 2 == 0 { Cut::Cancelled } else { Cut::Killed };
        let stage = Stage::open("duplicates", 900, 120, 5, LATENCY).await;
        // Anywhere, and then once more a little later.
        let first = length * (2 * n + 1) / 32;
        let stretches = [first, length * (n % 5 + 1) / 9];
        let (run, told) = in_pieces(&stage, &Ask::default(), &stretches, cut).await;
        let what = format!("{cut:?} after {first:?} of {length:?}:\n{}", told.last().unwrap().text());
        assert_eq!((run.status, &run.gaps), (RunStatus::Complete, &vec![]), "{what}");
        assert_eq!(run.kind, RunKind::Full, "{what}");
        Truth::stored(&stage.reader(), run.id).assert_is(&want, &what);
        // What was in flight is asked for again, and nothing else.
        let again: Vec<(String, usize)> = pages_of(&stage).into_iter().filter(|(_, n)| *n > 1).collect();
        let cuts = told.len() - 1;
        assert!(again.iter().all(|(_, n)| n - 1 <= cuts), "{what}: {again:?}");
        assert!(again.len() <= 2 * cuts, "{what}: {again:?}");
        if cut == Cut::Cancelled {
            // The figures are of the whole run.
            let asked = stage.asked(Service::Graph).iter().filter(|r| !r.in_batch).count() as u64;
            assert!(
                run.requests <= asked && run.requests + 12 * cuts as u64 >= asked,
                "{what}: {} {asked}",
                run.requests
            );
        }
        let resumed = told
            .last()
            .unwrap()
            .events()
            .into_iter()
            .any(|event| matches!(event, Event::Ingest(progress) if progress.resumed_from.is_some()));
        assert!(resumed || cuts == 0 || first < Duration::from_secs(2), "{what}");
        stage.check_manners();
    }
}

/// How often each page of users and groups was asked for.
fn pages_of(stage: &Stage) -> BTreeMap<String, usize> {
    let mut pages = BTreeMap::new();
    for request in stage.asked(Service::Graph).iter().filter(|r| !r.in_batch) {
        let path = &request.path;
        if path.starts_with("/v1.0/users?") || path.starts_with("/v1.0/groups?$select=class") {
            *pages.entry(path.clone()).or_default() += 1;
        }
    }
    pages
}

/// Runs that read only changes, and such with the least load, are cut off as well.
#[tokio::test(start_paused = true)]
async fn other_kinds_are_gone_on_with_too() {
    for (kind, ask) in [(RunKind::Delta, Ask::default()), (RunKind::Gentle, Ask { gentle: true, ..Ask::default() })] {
        for n in 0..6_u32 {
            let stage = Stage::open("default", 500, 60, 5, LATENCY).await;
            stage.collect().await;
            for _ in 0..12 {
                stage.demo.advance();
            }
            let cut = if n % 2 == 0 { Cut::Cancelled } else { Cut::Killed };
            let stretches = [Duration::from_millis(300 + 450 * u64::from(n)), Duration::from_millis(900)];
            let (run, told) = in_pieces(&stage, &ask, &stretches, cut).await;
            let what = format!("{kind:?}, {cut:?} after {:?}:\n{}", stretches[0], told.last().unwrap().text());
            assert_eq!((run.kind, run.status, &run.gaps), (kind, RunStatus::Complete, &vec![]), "{what}");
            Truth::stored(&stage.reader(), run.id).assert_is(&stage.truth(12), &what);
        }
    }
}

/// What was cut off can be dropped, and is dropped when it is too old.
#[tokio::test(start_paused = true)]
async fn an_old_piece_is_dropped() {
    for (slept, fresh, resumes) in [(1, false, true), (1, true, false), (26, false, false)] {
        let stage = Stage::open("default", 400, 40, 5, LATENCY).await;
        let cut = Duration::from_millis(2_100);
        let piece = collect_for(&stage, &Ask::default(), cut, Cut::Cancelled, &Told::default()).await.unwrap();
        assert_eq!(piece.status, RunStatus::Interrupted);
        stage.clock.sleep_for(Duration::from_secs(slept * 3_600));
        let told = Told::default();
        let run = stage.collect_as(Ask { fresh, ..Ask::default() }, &told).await.unwrap();
        assert_eq!(run.id == piece.id, resumes, "{slept} {fresh}: {}", told.text());
        assert_eq!(told.text().contains("is dropped"), !resumes, "{}", told.text());
        Truth::stored(&stage.reader(), run.id).assert_is(&stage.truth(0), "in the end");
    }
}
