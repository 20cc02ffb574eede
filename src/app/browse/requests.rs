//! The request log as a list: which log is shown, and what its requests are called.

use super::{
    super::{Fx, Model, Place, Sign, ingest},
    Shows, fetch,
    lists::View,
    trail,
};
use crate::domain::request::{LogInfo, Pick, Request};

/// Opens a log above whatever list is there.
pub(in crate::app) fn open(model: &mut Model, log: Pick, fx: &mut Fx) {
    model.place = Place::Browse;
    if model.browse.run.is_none() {
        model.browse.run = model.shown().map(|run| run.id);
        model.look_again(fx);
    }
    trail::leave(&mut model.browse, fx);
    model.browse.filtering = false;
    model.browse.trail.push(View::of(Shows::Requests(log), title(None)));
    fetch(model, fx);
}

/// Whether more requests come while the newest are looked at.
pub(super) fn follows(m: &Model) -> bool {
    let view = m.browse.view();
    matches!(view.shows, Shows::Requests(Pick::Newest)) && view.window.pending.is_none() && ingest::is_running(m)
}

pub(super) fn title(log: Option<&LogInfo>) -> String {
    match log {
        None => "Requests".to_owned(),
        Some(LogInfo { run: Some(run), of, .. }) if of != "collect" => format!("Requests of the {of} of run {run}"),
        Some(LogInfo { run: Some(run), .. }) => format!("Requests of run {run}"),
        Some(log) => format!("Requests ({})", log.of),
    }
}

/// How it went.
pub fn sign(request: &Request) -> Sign {
    match request.status {
        Some(200..=299) if request.is_good() && request.failed_items() == 0 => Sign::Done,
        Some(200..=299) | Some(408 | 429 | 500..=599) | None if request.again_in_ms.is_some() || request.is_good() => {
            Sign::Retrying
        }
        _ => Sign::Failed,
    }
}

/// What is to be known of it beside its address: `20 reads, 2 not answered well, attempt 2`.
pub fn notes(request: &Request) -> String {
    let mut notes = Vec::new();
    match (request.items.len(), request.failed_items()) {
        (0, _) => {}
        (reads, 0) => notes.push(format!("{reads} reads")),
        (reads, failed) => notes.push(format!("{reads} reads, {failed} not answered well")),
    }
    notes.extend(request.code.clone());
    if request.attempt > 1 {
        notes.push(format!("attempt {}", request.attempt));
    }
    notes.join(", ")
}
