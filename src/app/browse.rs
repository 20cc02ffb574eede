//! Browsing: lists in tabs, a filter, one object whole, and a trail of what was opened.
//!
//! What each list asks for is in [`lists`]; what opens over it in [`popup`]; one object and the way to it in [`object`] and
//! [`trail`]. Nothing here knows how an answer is found.

mod asked;
mod beside;
pub mod changes;
pub mod columns;
pub mod complete;
pub mod copy;
pub mod facets;
pub mod items;
mod lists;
pub(super) mod near;
mod object;
mod order;
mod pick;
pub(super) mod planned;
mod pointer;
pub mod popup;
pub mod problems;
pub mod requests;
pub mod runs;
mod texts;
mod trail;
mod why;

use std::collections::BTreeMap;

pub use asked::Asked;
pub use beside::Beside;
pub use items::Item;
pub use lists::{View, title};
pub use near::{Around, Laid};
pub use object::{EDGES, Face, Open, Pane};
pub use pick::{Known, Pick, like};
pub(super) use pointer::{click_head, click_line, click_row, click_tab, wheel_side};
pub use popup::Popup;
pub use texts::{edges, names, object as object_text};
pub(super) use trail::{open_list, open_members};
pub use why::{Brief, Ends, Found, Named, Reasons, Shape};

use self::{columns::Layouts, facets::Facets, runs::Compare};
use super::{
    Fx, Model, Place,
    command::{self, Action},
    key::Key,
    msg::JobId,
    overlay::Overlay,
    room::Room,
};
use crate::domain::{
    completeness::RunStatus,
    explore::{Answer, Finding},
    ids::RunId,
    kind::EntityKind,
    problem::Problem,
    request,
    view::{List, RunInfo, Within},
};

#[derive(Debug, Clone, PartialEq)]
pub struct Browse {
    /// Whose rows are shown; it stays until the person asks for newer ones.
    pub run: Option<RunId>,
    /// How it stood when its rows were asked for.
    seen: Option<RunStatus>,
    /// The person chose this run, which is not the newest.
    pub chosen: bool,
    pub tab: Tab,
    /// The lists of the tabs.
    pub roots: [View; 8],
    /// What was opened above the list of the tab.
    pub trail: Vec<View>,
    /// The filter has the focus.
    pub filtering: bool,
    pub layouts: Layouts,
    pub facets: Facets,
    pub detail: Pane,
    /// How far what stands beside the list is scrolled.
    side: Beside,
    pub brief: Brief,
    /// Why an object could not be read.
    pub problem: Option<Box<Problem>>,
    /// All runs, the newest first, once they were asked for.
    pub runs: Option<Vec<RunInfo>>,
    /// The findings of this run, once they were asked for.
    pub problems: Option<Vec<Finding>>,
    /// How much came, changed and went in all, by `_type`; of what the tab compares.
    pub changes: BTreeMap<String, [u64; 3]>,
    /// A whole list that is on its way to the clipboard or into a file.
    errand: Option<JobId>,
    /// An upload object by object, as it was left.
    planned: Option<Box<View>>,
}

/// The lists beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tab {
    Accounts,
    Users,
    Groups,
    Members,
    Edges,
    Changes,
    Runs,
    Problems,
}

impl Tab {
    pub const ALL: [Self; 8] = [
        Self::Accounts,
        Self::Users,
        Self::Groups,
        Self::Members,
        Self::Edges,
        Self::Changes,
        Self::Runs,
        Self::Problems,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Changes => "Changes",
            Self::Runs => "Runs",
            Self::Problems => "Problems",
            Self::Accounts | Self::Users | Self::Groups | Self::Members | Self::Edges => {
                title(List::ALL[self as usize])
            }
        }
    }

    pub const fn of(list: List) -> Self {
        Self::ALL[list as usize]
    }

    fn root(self) -> View {
        let shows = match self {
            Self::Changes => Shows::Changes(Compare::default()),
            Self::Runs => Shows::Runs,
            Self::Problems => Shows::Problems,
            list => Shows::List(List::ALL[list as usize]),
        };
        View::of(shows, self.title())
    }
}

/// What a view is.
#[derive(Debug, Clone, PartialEq)]
pub enum Shows {
    List(List),
    MembersOf(String),
    GroupsOf(String),
    /// Also those that are in it, or that it is in, through others.
    AllMembersOf(String),
    AllGroupsOf(String),
    /// The other end of a "why" is chosen.
    Pick(Pick),
    /// What came, went or changed between two runs.
    Changes(Compare),
    /// All runs that are kept.
    Runs,
    /// What is not as it should be.
    Problems,
    /// The requests of a log, the newest first.
    Requests(request::Pick),
    /// An upload of a run, object by object.
    Planned(RunId),
    /// One line of a list by itself, scrolled by so many lines of the screen.
    One(Box<Item>, u16),
    /// An object by itself.
    Object(Box<Open>),
    /// Why something is in a group.
    Why(Box<Reasons>),
    /// What is around an object.
    Near(Box<Around>),
}

impl Shows {
    /// Which rows a list of objects shows; `None`: it shows something else.
    pub fn source(&self) -> Option<(List, Within)> {
        Some(match self {
            Self::List(list) => (*list, Within::All),
            Self::MembersOf(id) => (List::Edges, Within::MembersOf(id.clone())),
            Self::AllMembersOf(id) => (List::Edges, Within::AllMembersOf(id.clone())),
            Self::GroupsOf(id) => (List::Groups, Within::GroupsOf(id.clone())),
            Self::AllGroupsOf(id) => (List::Groups, Within::AllGroupsOf(id.clone())),
            Self::Pick(pick) => pick.source(),
            Self::Changes(_) | Self::Runs | Self::Problems | Self::Requests(_) | Self::Planned(_) => return None,
            Self::One(..) | Self::Object(_) | Self::Why(_) | Self::Near(_) => return None,
        })
    }

    /// The object whose members or groups are listed.
    pub fn whose(&self) -> Option<&str> {
        match self {
            Self::MembersOf(id) | Self::GroupsOf(id) | Self::AllMembersOf(id) | Self::AllGroupsOf(id) => Some(id),
            _ => None,
        }
    }

    /// What is typed into the filter, as the language of filters says it.
    pub fn filter(&self, typed: &str) -> String {
        match self {
            Self::Pick(_) => like(typed),
            _ => typed.trim().to_owned(),
        }
    }
}

impl Default for Browse {
    fn default() -> Self {
        Self {
            run: None,
            seen: None,
            chosen: false,
            tab: Tab::Users,
            roots: Tab::ALL.map(Tab::root),
            trail: Vec::new(),
            filtering: false,
            layouts: Layouts::new(),
            facets: Facets::default(),
            detail: Pane::Empty,
            side: Beside::default(),
            brief: Brief::default(),
            problem: None,
            runs: None,
            problems: None,
            changes: BTreeMap::new(),
            errand: None,
            planned: None,
        }
    }
}

impl Browse {
    pub fn view(&self) -> &View {
        self.trail.last().unwrap_or_else(|| self.root())
    }

    pub fn view_mut(&mut self) -> &mut View {
        match self.trail.last_mut() {
            Some(view) => view,
            None => &mut self.roots[self.tab as usize],
        }
    }

    /// The list of the tab.
    pub const fn root(&self) -> &View {
        &self.roots[self.tab as usize]
    }

    /// The line under the cursor, or the one that is open by itself.
    pub fn item(&self) -> Option<&Item> {
        match &self.view().shows {
            Shows::One(item, _) => Some(item),
            _ => self.view().window.selected(),
        }
    }

    pub fn finding(&self) -> Option<&Finding> {
        match self.item()? {
            Item::Finding(finding) => Some(finding),
            _ => None,
        }
    }

    pub fn request(&self) -> Option<&request::Request> {
        match self.item()? {
            Item::Request(_, request) => Some(request),
            _ => None,
        }
    }

    fn go_to(&mut self, tab: Tab, fx: &mut Fx) {
        trail::leave(self, fx);
        self.filtering = false;
        self.tab = tab;
    }

    /// About another directory from now on: only how lists are laid out stays.
    pub(super) fn forget(&mut self) {
        *self = Self { layouts: std::mem::take(&mut self.layouts), ..Self::default() };
    }
}

// What the table of commands asks.

pub(super) fn can_open(m: &Model) -> bool {
    m.browse.run.is_none() || (m.browse.view().is_list() && m.browse.item().is_some())
}

/// A line that is open by itself leads on to an object, and so does a step of a way, or a neighbour.
pub(super) fn can_go_on(m: &Model) -> bool {
    matches!(m.browse.view().shows, Shows::One(..) | Shows::Why(_) | Shows::Near(_)) && m.browse.subject().is_some()
}

pub(super) fn has_members(m: &Model) -> bool {
    m.browse.subject().is_some_and(|(_, kind, _)| kind == EntityKind::Group)
}

pub(super) fn has_groups(m: &Model) -> bool {
    m.browse.subject().is_some_and(|(_, kind, _)| kind != EntityKind::Account)
}

/// What is being chosen, if something is.
pub(super) fn picking(m: &Model) -> Option<&Pick> {
    match &m.browse.view().shows {
        Shows::Pick(pick) => Some(pick),
        _ => None,
    }
}

/// What is open has several pages.
pub(super) fn has_faces(m: &Model) -> bool {
    matches!(m.browse.view().shows, Shows::Object(_) | Shows::Why(_) | Shows::Near(_))
}

/// An object is open by itself.
pub(super) fn open_object(m: &Model) -> bool {
    m.browse.open().is_some()
}

/// The object that is selected or open has a neighbourhood, which is not what is on the screen already.
pub(super) fn can_look_around(m: &Model) -> bool {
    let here = near::on_screen(m).map(|around| around.of.id.as_str());
    picking(m).is_none()
        && m.browse.subject().is_some_and(|(id, kind, _)| kind != EntityKind::Account && here != Some(id.as_str()))
}

/// A list of direct members or groups, or of all: the one can be turned into the other.
pub(super) fn has_reach(m: &Model) -> bool {
    m.browse.view().shows.whose().is_some()
}

pub(super) fn reaches_all(m: &Model) -> bool {
    matches!(m.browse.view().shows, Shows::AllMembersOf(_) | Shows::AllGroupsOf(_))
}

pub(super) fn can_ask_why(m: &Model) -> bool {
    picking(m).is_none() && m.browse.subject().is_some_and(|(_, kind, _)| kind != EntityKind::Account)
}

/// The ways into a group are on the screen.
fn reasons(m: &Model) -> Option<&Reasons> {
    match &m.browse.view().shows {
        Shows::Why(reasons) => Some(reasons),
        _ => None,
    }
}

pub(super) fn has_ways(m: &Model) -> bool {
    reasons(m).and_then(Reasons::why).is_some_and(|why| !why.ways.is_empty())
}

pub(super) fn has_lost(m: &Model) -> bool {
    reasons(m).is_some_and(|reasons| reasons.edge().is_some())
}

/// A list is on the screen.
pub(super) fn on_list(m: &Model) -> bool {
    m.browse.run.is_some() && m.browse.view().is_list()
}

/// A list that can be copied and written as a whole.
pub(super) fn has_whole(m: &Model) -> bool {
    on_list(m) && picking(m).is_none() && m.browse.view().whole(&m.browse).is_some()
}

/// A list of objects, with columns and an order.
pub(super) fn on_objects(m: &Model) -> bool {
    m.browse.run.is_some() && m.browse.view().shows.source().is_some()
}

/// A list whose rows are counted by what they have in common.
pub(super) fn has_facets(m: &Model) -> bool {
    m.browse.run.is_some() && m.browse.view().is_list() && m.browse.view().facets(&m.browse).is_some()
}

/// A list that has an order to be chosen.
pub(super) fn has_order(m: &Model) -> bool {
    on_list(m) && columns::Layout::of(&m.browse.view().shows).is_some()
}

pub(super) fn on_runs(m: &Model) -> bool {
    m.browse.run.is_some() && m.browse.view().shows == Shows::Runs
}

/// The selected run may be sent: it is finished, and of everything.
pub(super) fn can_send(m: &Model) -> bool {
    matches!(m.browse.item(), Some(Item::Run(run)) if run.status.is_finished())
}

pub(super) fn on_changes(m: &Model) -> bool {
    m.browse.run.is_some() && matches!(m.browse.view().shows, Shows::Changes(_))
}

/// What is selected can be read again by itself.
pub(super) fn can_mend(m: &Model) -> bool {
    !super::ingest::is_running(m)
        && !super::ingest::is_elsewhere(m)
        && m.browse.finding().is_some_and(|finding| finding.again.is_some())
}

pub(super) fn can_copy_row(m: &Model) -> bool {
    on_list(m) || (m.browse.run.is_some() && matches!(m.browse.view().shows, Shows::One(..)))
}

/// How many rows the screen has for a list: what stands above, below and around them is taken off.
pub fn page(m: &Model) -> u64 {
    let taken = match Room::of(m.size.0, m.size.1) {
        // Top, rail and keys; the tabs, the filter.
        Room::Tiny | Room::Small => 5 + u16::from(m.browse.view().complaint.is_some()),
        // Top, rail, news and keys; tabs, trail, the frame, the filter and the heads.
        Room::Medium | Room::Full => 10,
    };
    // What is said above the rows takes a line.
    let banner = u16::from(banner(m).is_some()) + u16::from(picking(m).is_some());
    u64::from(m.size.1.saturating_sub(taken + banner)).max(1)
}

/// What is to be known of rows that are not those of a finished run of everything; a run in progress says so elsewhere.
pub fn banner(m: &Model) -> Option<&'static str> {
    match m.browsed()?.status {
        RunStatus::Complete | RunStatus::Partial | RunStatus::Running => None,
        RunStatus::Scoped => Some("A selection only: what is not here may well exist. It is never uploaded."),
        RunStatus::Interrupted => Some("Cut off before its end: not all is here. It is never uploaded."),
        RunStatus::Failed => Some("It failed before its end: not all is here. It is never uploaded."),
    }
}

pub(super) fn enter(model: &mut Model, fx: &mut Fx) {
    model.place = Place::Browse;
    match model.shown().map(|run| run.id) {
        Some(run) if model.browse.run != Some(run) && !model.browse.chosen => show_run(model, run, fx),
        Some(_) if has_ended(model) => refresh(model, fx),
        Some(_) => fetch(model, fx),
        None => model.look_again(fx),
    }
}

/// From now on rows are of this run. Lists keep their cursors, which follow their rows.
fn show_run(model: &mut Model, run: RunId, fx: &mut Fx) {
    model.browse.run = Some(run);
    refresh(model, fx);
}

fn refresh(model: &mut Model, fx: &mut Fx) {
    let seen = model.browsed().map(|run| run.status);
    let browse = &mut model.browse;
    browse.seen = seen;
    browse.problem = None;
    browse.detail = Pane::Empty;
    browse.runs = None;
    browse.problems = None;
    browse.changes.clear();
    lists::renew(browse, fx);
    trail::forget(browse, fx);
    fetch(model, fx);
}

/// Starts reading what the screen lacks: rows of the list, and the selected object.
pub(super) fn fetch(model: &mut Model, fx: &mut Fx) {
    if let Some(run) = model.browse.run {
        lists::fetch_rows(model, run, fx);
        object::fetch(model, run, fx);
        why::fetch(model, run, fx);
        near::fetch(model, run, fx);
    }
}

pub(super) fn act(model: &mut Model, action: Action, fx: &mut Fx) {
    let page = page(model);
    match action {
        Action::Continue if model.browse.filtering && picking(model).is_none() => model.browse.filtering = false,
        Action::Back if model.browse.filtering && picking(model).is_none() => {
            model.browse.filtering = false;
            lists::drop_filter(model, fx);
        }
        Action::Filter => {
            // An object has no rows to filter: its list has.
            while !model.browse.view().is_list() {
                model.browse.trail.pop();
            }
            model.browse.filtering = true;
        }
        Action::Complete => return complete::take(model, fx),
        Action::Words => model.overlays.push(Overlay::Browse(Popup::Words { scroll: 0 })),
        Action::Sort => {
            let layout = columns::Layout::of(&model.browse.view().shows);
            let first = layout.and_then(|l| {
                let first = model.browse.sort(l).first()?.column;
                l.offers().iter().position(|c| *c == first)
            });
            model.overlays.push(Overlay::Browse(Popup::Sort { chosen: first.unwrap_or(0) }));
        }
        Action::Columns => model.overlays.push(Overlay::Browse(Popup::Columns { chosen: 0 })),
        Action::Facets => facets::open(model, fx),
        Action::Copy => model.overlays.push(Overlay::Browse(Popup::Copy { chosen: 0 })),
        Action::Export => model.overlays.push(Overlay::Browse(Popup::Export { chosen: 0 })),
        Action::Draw => model.overlays.push(Overlay::Browse(Popup::Draw { chosen: 0 })),
        Action::Tab(by) => {
            let count = Tab::ALL.len() as isize;
            let next = (model.browse.tab as isize + isize::from(by)).rem_euclid(count);
            model.browse.go_to(Tab::ALL[next as usize], fx);
        }
        Action::Refresh => {
            model.look_again(fx);
            model.browse.chosen = false;
            match model.shown().map(|run| run.id) {
                Some(run) => show_run(model, run, fx),
                None => refresh(model, fx),
            }
        }
        Action::Compare if on_changes(model) => {
            model.browse.go_to(Tab::Runs, fx);
            let compare = command::named(model, "compare");
            model.say(format!("Choose a run: {compare} compares it with the one that is shown."));
        }
        Action::PreviewRun => {
            if let Some(Item::Run(run)) = model.browse.item() {
                let run = Some(run.id).filter(|id| model.finished() != Some(*id));
                super::preview::of_run(model, run, fx);
            }
        }
        Action::Compare => {
            if let Some(Item::Run(run)) = model.browse.item() {
                let with = run.id;
                runs::compare(model, with, fx);
            }
        }
        Action::Requests => {
            if let Some(Item::Run(run)) = model.browse.item() {
                let pick = request::Pick::Run(run.id);
                requests::open(model, pick, fx);
            }
        }
        Action::ReadAgain => {
            if let Some(again) = model.browse.finding().and_then(|finding| finding.again.clone()) {
                return super::ingest::again(model, again, fx);
            }
        }
        Action::Continue if on_runs(model) => {
            if let Some(Item::Run(run)) = model.browse.item() {
                let run = run.id;
                runs::choose(model, run, fx);
            }
        }
        Action::Continue if model.browse.view().is_list() && !on_objects(model) => {
            if let Some(item) = model.browse.item().cloned() {
                let title = item.subject().map_or_else(String::new, |(_, _, name)| name);
                let title = match &item {
                    Item::Finding(finding) => finding.about.clone(),
                    Item::Request(number, _) => format!("Request {number}"),
                    Item::Planned(row) => row.title(),
                    _ => title,
                };
                model.browse.trail.push(View::of(Shows::One(Box::new(item), 0), title));
            }
        }
        Action::Face(by) if picking(model).is_some() => trail::turn(model, by, fx),
        Action::Continue
        | Action::Members
        | Action::Groups
        | Action::Reach
        | Action::Why
        | Action::Around
        | Action::Back => {
            trail::act(model, action, fx);
            if model.place != Place::Browse {
                return;
            }
        }
        Action::Pan(by) => {
            let panned = &mut model.browse.view_mut().panned;
            *panned = panned.saturating_add_signed(i16::from(by));
        }
        action => {
            let lines = u16::try_from(page).unwrap_or(8);
            let view = model.browse.view_mut();
            match (&mut view.shows, action) {
                (Shows::Object(_), action) => object::act(model, action, lines, fx),
                (Shows::Why(_), action) => why::act(model, action, lines, fx),
                (Shows::Near(_), action) => near::act(model, action, lines, fx),
                (Shows::One(_, scroll), Action::Move(to)) => *scroll = to.scroll(*scroll, lines),
                (_, Action::Move(to)) => view.window.go(to, page),
                _ => {}
            }
        }
    }
    fetch(model, fx);
}

pub(super) fn key(model: &mut Model, key: Key, fx: &mut Fx) {
    lists::filter_changed(
        model,
        |f| {
            f.edit(key);
        },
        fx,
    );
}

pub(super) fn paste(model: &mut Model, text: &str, fx: &mut Fx) {
    lists::filter_changed(model, |f| f.insert(text), fx);
}

pub(super) fn resized(model: &mut Model, fx: &mut Fx) {
    let page = page(model);
    model.browse.view_mut().window.resize(page);
    if model.place == Place::Browse {
        fetch(model, fx);
    }
}

/// The run has ended since its rows were read: they were not all, and counts in them were not known yet.
fn has_ended(m: &Model) -> bool {
    let status = m.browsed().map(|run| run.status);
    m.browse.seen == Some(RunStatus::Running) && status.is_some_and(|status| status != RunStatus::Running)
}

/// The overview has come: while nothing is on the screen yet, show what there is.
pub(super) fn looked(model: &mut Model, fx: &mut Fx) {
    if model.place != Place::Browse {
        return;
    }
    let view = model.browse.view();
    let empty = view.window.rows.is_empty() && view.filter.text().is_empty();
    let Some(run) = model.shown().map(|run| run.id) else { return };
    if has_ended(model) {
        return refresh(model, fx);
    }
    if requests::follows(model) {
        model.browse.view_mut().window.renew();
        return fetch(model, fx);
    }
    if model.browse.run.is_none() || (empty && view.window.pending.is_none() && !model.browse.chosen) {
        show_run(model, run, fx);
    }
}

/// An answer to a question of the browser's has come.
pub(super) fn answered(model: &mut Model, job: JobId, answer: Answer, fx: &mut Fx) {
    match lists::answered(model, job, answer, fx) {
        Some(Answer::Rows(rows)) => object::edges(model, job, rows),
        Some(Answer::Detail(detail)) => object::answered(model, job, detail),
        Some(Answer::History(all)) => object::history(model, job, all),
        Some(Answer::Why(why)) => why::answered(model, job, why),
        Some(Answer::Cut(cut)) => why::cut(model, job, cut),
        Some(Answer::Near(near)) => near::answered(model, job, near),
        Some(Answer::Facets(all)) => facets::answered(model, job, all),
        Some(answer @ (Answer::Copied { .. } | Answer::Exported { .. } | Answer::Drawn { .. })) => {
            copy::answered(model, job, answer, fx);
        }
        _ => {}
    }
    fetch(model, fx);
}

pub(super) fn failed(model: &mut Model, job: JobId, problem: Box<Problem>) {
    if facets::failed(model, job, &problem) || copy::failed(model, job, &problem) {
        return;
    }
    let browse = &mut model.browse;
    if !object::failed(browse, job, &problem)
        && !why::failed(browse, job, &problem)
        && !near::failed(browse, job, &problem)
    {
        lists::failed(browse, job, problem);
    }
}
