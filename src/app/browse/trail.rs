//! The trail: what was opened above a list, one thing through the other, and the way back.

use super::{
    super::{Fx, Model, Place, command::Action, dashboard, field::TextField, ingest, msg::Effect},
    Browse, Item, Shows, Tab, View, lists,
    near::Around,
    object::Open,
    pick::{Known, Pick},
    planned,
    why::{Ends, Named, Reasons},
};
use crate::domain::{kind::EntityKind, near::Side, view::List};

/// Opens what is selected, walks along its edges, or goes one step back.
pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    match action {
        Action::Continue if model.browse.run.is_none() => ingest::enter(model, fx),
        Action::Continue if matches!(model.browse.view().shows, Shows::Pick(_)) => take(model),
        Action::Continue => {
            if let Some((id, kind, name)) = model.browse.subject() {
                push(&mut model.browse, View::of(Shows::Object(Box::new(Open::of(id, kind))), name));
            }
        }
        Action::Members | Action::Groups | Action::Around => {
            if let Some((id, kind, name)) = model.browse.subject() {
                let browse = &mut model.browse;
                // The trail names what was gone through: the object first, unless it is open already.
                if browse.open().is_none() {
                    push(browse, View::of(Shows::Object(Box::new(Open::of(id.clone(), kind))), name.clone()));
                }
                push(
                    browse,
                    match action {
                        Action::Members => View::of(Shows::MembersOf(id), "members"),
                        Action::Around => {
                            View::of(Shows::Near(Box::new(Around::of(Named { id, name }, kind))), "neighbourhood")
                        }
                        _ => View::of(Shows::GroupsOf(id), "in groups"),
                    },
                );
            }
        }
        Action::Reach => reach(model, fx),
        Action::Why => why(model),
        Action::Back => back(model, fx),
        _ => {}
    }
}

fn push(browse: &mut Browse, view: View) {
    browse.filtering = false;
    browse.trail.push(view);
}

fn back(model: &mut Model, fx: &mut Fx) {
    // The one popup of the ways closes first.
    if let Shows::Why(reasons) = &mut model.browse.view_mut().shows
        && reasons.lost.take().is_some()
    {
        return;
    }
    model.browse.filtering = false;
    match model.browse.trail.pop() {
        Some(view) if matches!(view.shows, Shows::Planned(_)) => {
            planned::keep(&mut model.browse, view, fx);
            model.place = Place::Preview;
        }
        Some(view) => left(view, fx),
        None if model.browse.view().filter.text().is_empty() => dashboard::enter(model, fx),
        None => lists::drop_filter(model, fx),
    }
}

/// The trail is left as a whole.
pub(super) fn leave(browse: &mut Browse, fx: &mut Fx) {
    for view in std::mem::take(&mut browse.trail) {
        match view.shows {
            Shows::Planned(_) => planned::keep(browse, view, fx),
            _ => left(view, fx),
        }
    }
}

/// A view has gone, and what it asked for with it.
fn left(mut view: View, fx: &mut Fx) {
    match &view.shows {
        Shows::Object(open) => open.leave(fx),
        Shows::Why(reasons) => reasons.leave(fx),
        Shows::Near(around) => around.leave(fx),
        _ => {}
    }
    view.cancel(fx);
}

/// What was asked about a run that is no longer looked at.
pub(super) fn forget(browse: &mut Browse, fx: &mut Fx) {
    if let Some(job) = browse.brief.found.job() {
        fx.push(Effect::Cancel(job));
    }
    browse.brief = super::why::Brief::default();
    for view in &mut browse.trail {
        match &mut view.shows {
            Shows::Object(open) => open.forget(fx),
            Shows::Why(reasons) => reasons.forget(fx),
            Shows::Near(around) => around.forget(fx),
            _ => {}
        }
    }
}

/// From the direct members or groups to all, and back.
fn reach(model: &mut Model, fx: &mut Fx) {
    let view = model.browse.view_mut();
    let (shows, title) = match &view.shows {
        Shows::MembersOf(id) => (Shows::AllMembersOf(id.clone()), "all members"),
        Shows::AllMembersOf(id) => (Shows::MembersOf(id.clone()), "members"),
        Shows::GroupsOf(id) => (Shows::AllGroupsOf(id.clone()), "in all groups"),
        Shows::AllGroupsOf(id) => (Shows::GroupsOf(id.clone()), "in groups"),
        _ => return,
    };
    view.shows = shows;
    title.clone_into(&mut view.title);
    view.ask_another((0, 0), fx);
}

/// Asks why something is in a group: at once where both ends are known, else for the other one.
fn why(model: &mut Model) {
    let browse = &mut model.browse;
    let view = match ends(browse) {
        Some(Asks::Both(ends)) => {
            let title = format!("why {}?", ends.member.name);
            View::of(Shows::Why(Box::new(Reasons::of(ends))), title)
        }
        Some(Asks::For(known)) => {
            let pick = Pick::of(known);
            let title = pick.title();
            View::of(Shows::Pick(pick), title)
        }
        None => return,
    };
    let picks = matches!(view.shows, Shows::Pick(_));
    push(browse, view);
    browse.filtering = picks;
}

enum Asks {
    Both(Ends),
    For(Known),
}

/// Whose membership the person means: of a list of members or groups the one that it belongs to, and the selected row.
fn ends(browse: &Browse) -> Option<Asks> {
    let (id, kind, name) = browse.subject()?;
    let subject = Named { id, name };
    let view = browse.view();
    // An object that was opened from such a list belongs there as well.
    let through = match &view.shows {
        Shows::Object(_) => browse.trail.len().checked_sub(2).map(|at| (&browse.trail[at], at)),
        _ => browse.trail.len().checked_sub(1).map(|at| (&browse.trail[at], at)),
    };
    if let Shows::Why(reasons) = &view.shows {
        // From a step on the way: why that one.
        let ends = Ends { group: reasons.ends.group.clone(), member: subject };
        return (ends.group.id != ends.member.id).then_some(Asks::Both(ends));
    }
    if let Shows::Near(around) = &view.shows {
        // From a neighbour: through what the one is in the other.
        let ends = match around.side()? {
            Side::Up => Ends { group: subject, member: around.of.clone() },
            Side::Down => Ends { group: around.of.clone(), member: subject },
        };
        return (ends.group.id != ends.member.id).then_some(Asks::Both(ends));
    }
    if let Some((list, at)) = through {
        let other = |id: &str| Named {
            id: id.to_owned(),
            name: at.checked_sub(1).map_or_else(|| id.to_owned(), |before| browse.trail[before].title.clone()),
        };
        match &list.shows {
            Shows::MembersOf(group) | Shows::AllMembersOf(group) => {
                return Some(Asks::Both(Ends { group: other(group), member: subject }));
            }
            Shows::GroupsOf(member) | Shows::AllGroupsOf(member) if kind == EntityKind::Group => {
                return Some(Asks::Both(Ends { group: subject, member: other(member) }));
            }
            _ => {}
        }
    }
    // An edge is a membership, but for those of the account.
    let edge = match view.window.selected() {
        Some(Item::Row(row)) if view.is_list() => row.edge.as_ref(),
        Some(Item::Diff(row)) if view.is_list() => row.edge.as_ref(),
        _ => None,
    };
    if let Some(edge) = edge
        && !edge.edge_type.contains("_account_has_")
    {
        let group = Named { id: edge.from_id.clone(), name: edge.from_name.clone() };
        return Some(Asks::Both(Ends { group, member: subject }));
    }
    if let Some(Item::Planned(row)) = view.window.selected().filter(|_| view.is_list())
        && let Some(from) = row.from.as_ref().filter(|from| from.kind == Some(EntityKind::Group))
    {
        let group = Named { id: from.id.clone(), name: from.title().to_owned() };
        return Some(Asks::Both(Ends { group, member: subject }));
    }
    match kind {
        EntityKind::Account => None,
        EntityKind::Group => Some(Asks::For(Known::Group(subject))),
        EntityKind::User | EntityKind::Member => Some(Asks::For(Known::Member(subject))),
    }
}

/// The selected row is the other end.
fn take(model: &mut Model) {
    let browse = &mut model.browse;
    // Rows of before what was typed are no choice.
    if browse.view().window.is_of_another() {
        return;
    }
    let Some(Item::Row(row)) = browse.view().window.selected().cloned() else { return };
    let Some(Shows::Pick(pick)) = browse.trail.pop().map(|view| view.shows) else { return };
    let ends = pick.taking(&row);
    let title = format!("why {}?", ends.member.name);
    push(browse, View::of(Shows::Why(Box::new(Reasons::of(ends))), title));
}

/// Looks for the other end elsewhere; what was typed stays.
pub(super) fn turn(model: &mut Model, by: i8, fx: &mut Fx) {
    let view = model.browse.view_mut();
    if let Shows::Pick(pick) = &mut view.shows {
        pick.turn(by);
        view.ask_another((0, 0), fx);
    }
}

/// Opens a list of the tabs with this filter.
pub(in super::super) fn open_list(model: &mut Model, list: List, filter: &str, fx: &mut Fx) {
    let browse = &mut model.browse;
    browse.go_to(Tab::of(list), fx);
    let view = browse.view_mut();
    if view.filter_text() != filter {
        view.filter = TextField::of(filter);
        view.ask_another((0, 0), fx);
    }
    super::enter(model, fx);
}

/// Opens the members of a group, with the group itself on the trail.
pub(in super::super) fn open_members(model: &mut Model, id: &str, name: &str, fx: &mut Fx) {
    open_list(model, List::Groups, "", fx);
    let browse = &mut model.browse;
    push(browse, View::of(Shows::Object(Box::new(Open::of(id.to_owned(), EntityKind::Group))), name));
    push(browse, View::of(Shows::MembersOf(id.to_owned()), "members"));
    super::fetch(model, fx);
}
