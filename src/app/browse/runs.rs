//! The runs that a store keeps: which of them is shown, and which two are compared.

use std::borrow::Cow;

use super::{
    super::{Fx, Model},
    Browse, Shows, Tab, View, show_run,
};
use crate::domain::{
    explore::Finding,
    filter::{Field, Fields, Flag, IsId, Value},
    ids::RunId,
    reading::RunKind,
    view::RunInfo,
};

/// Which runs the differences are of. What is not chosen is the run on the screen, and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compare {
    pub since: Option<RunId>,
    pub until: Option<RunId>,
}

impl Compare {
    /// The two runs, the older first; `None`: there is none before.
    pub fn resolved(self, browse: &Browse, shown: RunId) -> Option<(RunId, RunId)> {
        let until = self.until.unwrap_or(shown);
        let mut before = known(browse).iter().filter(|run| run.id < until && run.status.is_finished());
        Some((self.since.or_else(|| before.next().map(|run| run.id))?, until))
    }
}

/// The newest first, as far as they are known.
pub fn known(browse: &Browse) -> &[RunInfo] {
    browse.runs.as_deref().unwrap_or_default()
}

pub const fn kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Full => "everything",
        RunKind::Delta => "changes",
        RunKind::Gentle => "gently",
        RunKind::Scoped => "a selection",
    }
}

/// From now on the rows of all lists are of this run, until the person asks for the newest.
pub(super) fn choose(model: &mut Model, run: RunId, fx: &mut Fx) {
    let newest = model.shown().map(|run| run.id);
    model.browse.chosen = newest != Some(run);
    show_run(model, run, fx);
    model.say(format!("Run {run} is shown in all lists now."));
}

/// Compares a run with the one that is shown, whichever is older.
pub(super) fn compare(model: &mut Model, with: RunId, fx: &mut Fx) {
    let Some(shown) = model.browse.run else { return };
    if with == shown {
        return model.say("This is the run that is shown: choose another to compare it with.");
    }
    let (since, until) = (with.min(shown), with.max(shown));
    let compare = Compare { since: Some(since), until: Some(until) };
    for view in model.browse.roots.iter_mut().filter(|view| matches!(view.shows, Shows::Changes(_))) {
        let mut fresh = View::of(Shows::Changes(compare), view.title.clone());
        fresh.filter = view.filter.clone();
        fx.extend(view.window.pending.map(super::super::msg::Effect::Cancel));
        *view = fresh;
    }
    model.browse.changes.clear();
    model.browse.go_to(Tab::Changes, fx);
}

impl Fields for RunInfo {
    fn any_text(&self, enough: &mut dyn FnMut(&str, IsId) -> bool) -> bool {
        let started = self.started_at.to_string();
        [&*self.id.to_string(), self.status.as_str(), kind(self.kind), &started]
            .iter()
            .any(|text| enough(&text.to_lowercase(), IsId::No))
    }

    fn value(&self, field: Field) -> Value<'_> {
        match field {
            Field::Id => Value::Text(Cow::Owned(self.id.to_string())),
            Field::State => Value::Text(Cow::Borrowed(self.status.as_str())),
            Field::Created => Value::Time(self.started_at),
            _ => Value::Nothing,
        }
    }

    fn is(&self, _: Flag) -> bool {
        false
    }
}

impl Fields for Finding {
    fn any_text(&self, enough: &mut dyn FnMut(&str, IsId) -> bool) -> bool {
        let texts =
            [Some(&self.about), Some(&self.what), Some(&self.means), self.code.as_ref(), self.request_id.as_ref()];
        texts.into_iter().flatten().any(|text| enough(&text.to_lowercase(), IsId::No))
            || self.id.as_ref().is_some_and(|id| enough(&id.to_lowercase(), IsId::Yes))
    }

    fn value(&self, field: Field) -> Value<'_> {
        let text = |text: &Option<String>| text.clone().map_or(Value::Nothing, |text| Value::Text(Cow::Owned(text)));
        match field {
            Field::Id => text(&self.id),
            Field::Code => text(&self.code),
            Field::Severity => Value::Text(Cow::Borrowed(self.severity.as_str())),
            _ => Value::Nothing,
        }
    }

    fn is(&self, _: Flag) -> bool {
        false
    }
}
