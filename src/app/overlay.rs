//! What lies over a screen: help, questions, the word that starts an upload. A stack, each with its phase.

use super::{
    Fx, Model, browse,
    command::Action,
    field::TextField,
    finder::{self, Finder},
    msg::{Effect, ExitReason, Kind},
    profiles::{self, Popup},
    upload::Asked,
    wizard::keys::is_unsaved,
};
use crate::domain::{export::ExportFormat, reading::How};

#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    Help(Finder),
    Palette(Finder),
    /// Things to be known, one a paragraph.
    Told {
        title: &'static str,
        lines: Vec<String>,
        scroll: u16,
    },
    Ask(Question, AskPhase),
    /// How to read: which of [`ingest::choices`](super::ingest::choices).
    How {
        chosen: usize,
    },
    /// In which form to write everything: which of [`ExportFormat::ALL`].
    Export {
        chosen: usize,
    },
    /// An upload that takes typed words: the first of these is asked for now.
    Type {
        asked: Vec<Asked>,
        field: TextField,
        wrong: bool,
    },
    /// Over a list of the browser.
    Browse(browse::Popup),
    /// About a profile.
    Profile(Popup),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    CancelCollect,
    CancelUpload,
    /// Read so instead of going on with what was cut off.
    DropRun(How),
    /// Do this although it throws away a key.
    DropKey(Action),
    Quit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskPhase {
    Confirm,
    /// Said yes to; the popup goes by itself once it has happened.
    Waiting,
}

impl Question {
    /// Its title, and what a yes means.
    pub fn words(self, model: &Model) -> (&'static str, &'static str) {
        match self {
            Self::CancelCollect => (
                "Stop reading?",
                "What has been read is kept and can be browsed, and the next run goes on with it. Until then it is not complete, so it is never uploaded.",
            ),
            Self::CancelUpload => (
                "Abort the upload?",
                "The job is aborted, and JupiterOne stays as it is. Once the job is being finalized it can no longer be stopped.",
            ),
            Self::DropRun(_) => (
                "Begin anew?",
                "What was read before it was cut off is dropped, and read again from the beginning. Going on with it is quicker.",
            ),
            Self::DropKey(_) => (
                "Throw the key away?",
                "The key that was made here is not saved yet. Going on throws it away, and an uploaded certificate is worth \
                 nothing then. To keep it, go back to the credentials until the profile is saved.",
            ),
            Self::Quit if !model.jobs.values().any(|j| j.kind.is_at_stake()) => (
                "Quit?",
                "The key that was made here is not saved yet. Quitting throws it away, and an uploaded certificate is worth \
                 nothing then. To keep it, go on until the profile is saved.",
            ),
            Self::Quit => ("Quit?", "Something is still running. It is stopped in order; what has been read is kept."),
        }
    }

    /// Of which kind of work it asks.
    pub const fn about(self) -> Option<Kind> {
        match self {
            Self::CancelCollect => Some(Kind::Collect),
            Self::CancelUpload => Some(Kind::Upload),
            Self::DropRun(_) | Self::DropKey(_) | Self::Quit => None,
        }
    }
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match (action, model.overlays.last_mut()) {
        (_, Some(Overlay::Profile(_))) => profiles::popup_act(model, action, fx),
        (_, Some(Overlay::Browse(_))) => browse::popup::act(model, action, fx),
        (Action::Back | Action::No, Some(_)) => {
            model.overlays.pop();
        }
        (Action::Move(to), Some(Overlay::Help(finder) | Overlay::Palette(finder))) => finder.go(to),
        (Action::Continue, Some(Overlay::Help(finder) | Overlay::Palette(finder))) => {
            let finder = finder.clone();
            finder::run(model, &finder, fx);
        }
        (Action::Move(to), Some(Overlay::Told { scroll, .. })) => *scroll = to.scroll(*scroll, 10),
        (Action::Yes, Some(Overlay::Ask(question, phase))) => {
            *phase = AskPhase::Waiting;
            match *question {
                Question::CancelCollect => model.cancel(Kind::Collect, fx),
                Question::CancelUpload => model.cancel(Kind::Upload, fx),
                Question::Quit => model.leave(ExitReason::Quit, fx),
                Question::DropRun(how) => {
                    model.overlays.pop();
                    super::ingest::start(model, how, fx);
                }
                Question::DropKey(action) => {
                    model.overlays.pop();
                    profiles::go_on(model, action, fx);
                }
            }
        }
        (Action::Move(to), Some(Overlay::How { chosen })) => {
            let at = u16::try_from(*chosen).unwrap_or(0);
            let chosen = usize::from(to.scroll(at, 1)).min(super::ingest::choices(model).len() - 1);
            model.overlays.pop();
            model.overlays.push(Overlay::How { chosen });
        }
        (Action::Continue, Some(Overlay::How { chosen })) => {
            let chosen = *chosen;
            model.overlays.pop();
            if let Some(how) = super::ingest::choices(model).get(chosen) {
                super::ingest::read(model, *how, fx);
            }
        }
        (Action::Move(to), Some(Overlay::Export { chosen })) => {
            let at = u16::try_from(*chosen).unwrap_or(0);
            *chosen = usize::from(to.scroll(at, 1)).min(ExportFormat::ALL.len() - 1);
        }
        (Action::Continue, Some(Overlay::Export { chosen })) => {
            let chosen = *chosen;
            model.overlays.pop();
            super::export::chosen(model, chosen, fx);
        }
        (Action::Continue, Some(Overlay::Type { asked, field, wrong })) => {
            if !asked.first().is_some_and(|asked| asked.is_answered_by(field.text())) {
                *wrong = true;
                return;
            }
            asked.remove(0);
            *field = TextField::default();
            if asked.is_empty() {
                model.overlays.pop();
                super::upload::confirmed(model, fx);
            }
        }
        _ => {}
    }
}

/// A question about work that has ended needs no answer.
pub(super) fn settle(model: &mut Model) {
    let running: Vec<Kind> = model.jobs.values().map(|j| j.kind).collect();
    let unsaved_key = is_unsaved(model);
    model.overlays.retain(|o| match o {
        Overlay::Ask(question, _) => match question.about() {
            Some(kind) => running.contains(&kind),
            None if matches!(question, Question::DropRun(_)) => !running.contains(&Kind::Collect),
            None if matches!(question, Question::DropKey(_)) => unsaved_key,
            None => running.iter().any(|k| k.is_at_stake()) || unsaved_key,
        },
        Overlay::How { .. } => !running.contains(&Kind::Collect),
        Overlay::Help(_)
        | Overlay::Palette(_)
        | Overlay::Told { .. }
        | Overlay::Export { .. }
        | Overlay::Type { .. }
        | Overlay::Browse(_)
        | Overlay::Profile(_) => true,
    });
}

/// Asks, or does at once what needs no question.
pub(super) fn quit(model: &mut Model, fx: &mut Fx) {
    if model.jobs.values().any(|j| j.kind.is_at_stake()) || is_unsaved(model) {
        model.overlays.push(Overlay::Ask(Question::Quit, AskPhase::Confirm));
    } else {
        fx.push(Effect::Exit(ExitReason::Quit));
    }
}
