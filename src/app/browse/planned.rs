//! An upload object by object, as a list like any other: opened from the preview, and left to it.

use super::{
    super::{Fx, Model, Place},
    Browse, Shows, fetch,
    lists::View,
    refresh, trail,
};
use crate::domain::ids::RunId;

/// Opens it above whatever list is there, where it was left if it is of the same run. Objects that are opened from it are of
/// that run as well.
pub(in crate::app) fn open(model: &mut Model, run: RunId, fx: &mut Fx) {
    model.place = Place::Browse;
    trail::leave(&mut model.browse, fx);
    model.browse.filtering = false;
    if model.browse.run != Some(run) {
        model.browse.chosen = model.shown().map(|shown| shown.id) != Some(run);
        model.browse.run = Some(run);
        refresh(model, fx);
    }
    let kept = model.browse.planned.take().filter(|view| view.shows == Shows::Planned(run));
    let view = kept.map_or_else(|| View::of(Shows::Planned(run), format!("Upload of run {run}")), |view| *view);
    model.browse.trail.push(view);
    fetch(model, fx);
}

/// It is left: its filter and its place stay, its rows are read anew when somebody comes back.
pub(super) fn keep(browse: &mut Browse, mut view: View, fx: &mut Fx) {
    view.renew(fx);
    browse.planned = Some(Box::new(view));
}
