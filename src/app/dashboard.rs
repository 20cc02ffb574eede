//! The dashboard: a profile at a glance, with the step that comes next selected.

use super::{Fx, Model, Place, Step, command::Action, list::Move, msg::Work, views::Mode};

/// The step that comes next for this profile.
pub fn next_step(m: &Model) -> Step {
    let store = m.overview.store.as_ref();
    match store.and_then(|s| s.finished.as_ref()) {
        _ if m.overview.profile.is_none() => Step::Credentials,
        _ if m.cut_off().is_some() => Step::Ingest,
        None => Step::Ingest,
        Some(run) => {
            let ended = run.finished_at.unwrap_or(run.started_at);
            match store.and_then(|s| s.uploaded) {
                Some(uploaded) if !uploaded.in_doubt && uploaded.at >= ended => Step::Ingest,
                _ => Step::Preview,
            }
        }
    }
}

pub(super) fn can_advance(m: &Model) -> bool {
    m.mode == Mode::Demo && m.place == Place::Dashboard && m.overlays.is_empty()
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match action {
        Action::Continue => model.go(model.chosen(), fx),
        Action::Move(Move::Up | Move::PageUp) => model.picked = Some(model.chosen().previous()),
        Action::Move(Move::Down | Move::PageDown) => model.picked = Some(model.chosen().next()),
        Action::Move(Move::Top) => model.picked = Some(Step::Credentials),
        Action::Move(Move::Bottom) => model.picked = Some(Step::Upload),
        Action::Advance => {
            model.start(Work::Advance, fx);
        }
        _ => {}
    }
}

/// Goes there; without a profile to show, to the wizard.
pub(super) fn enter(model: &mut Model, fx: &mut Fx) {
    if model.overview.profile.is_none() {
        model.place = Place::Wizard;
        return;
    }
    model.place = Place::Dashboard;
    model.picked = None;
    model.look_again(fx);
}
