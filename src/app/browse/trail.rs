//! The trail: what was opened above a list, one thing through the other, and the way back.

use super::{
    super::{Fx, Model, command::Action, dashboard, ingest},
    Shows, View, lists,
    object::Open,
};

/// Opens what is selected, walks along its edges, or goes one step back.
pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match action {
        Action::Continue if model.browse.run.is_none() => ingest::enter(model, fx),
        Action::Continue => {
            if let Some((id, kind, name)) = model.browse.subject() {
                model.browse.trail.push(View::of(Shows::Object(Open::of(id, kind)), name));
            }
        }
        Action::Members | Action::Groups => {
            if let Some((id, kind, name)) = model.browse.subject() {
                let browse = &mut model.browse;
                // The trail names what was gone through: the object first, unless it is open already.
                if browse.view().is_list() {
                    browse.trail.push(View::of(Shows::Object(Open::of(id.clone(), kind)), name));
                }
                browse.trail.push(match action {
                    Action::Members => View::of(Shows::MembersOf(id), "members"),
                    _ => View::of(Shows::GroupsOf(id), "in groups"),
                });
            }
        }
        Action::Back => {
            let popped = model.browse.trail.pop().is_some();
            if !popped && model.browse.view().filter.text().is_empty() {
                return dashboard::enter(model, fx);
            }
            if !popped {
                lists::drop_filter(model, fx);
            }
        }
        _ => {}
    }
}
