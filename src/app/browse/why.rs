//! Why something is in a group: the shortest ways as a tree or one after the other, and what the removal of the selected
//! edge would change.

use std::borrow::Cow;

use super::{
    super::{Fx, Model, command::Action, list::Move, msg::Effect, msg::JobId, msg::Work, room::Room},
    Asked, Browse, Shows, texts,
};
use crate::domain::{
    explore::{Cut, Question, Step, Why},
    ids::RunId,
    lineage::{self, Branch},
    problem::Problem,
};

/// An object by id, with its name as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// The two ends that are asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    pub group: Named,
    pub member: Named,
}

impl Ends {
    fn question(&self) -> Question {
        Question::Why { group: self.group.id.clone(), member: self.member.id.clone() }
    }
}

/// The answer, and its tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub why: Why,
    pub tree: Vec<Branch>,
}

impl From<Box<Why>> for Found {
    fn from(why: Box<Why>) -> Self {
        Self { tree: lineage::tree(&why), why: *why }
    }
}

/// The ways as they are looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Reasons {
    pub ends: Ends,
    pub found: Asked<Box<Found>>,
    pub shape: Shape,
    /// Which line.
    pub cursor: usize,
    /// What the removal of this edge of [`Why::edges`] changes.
    pub cut: Option<(u32, Asked<Box<Cut>>)>,
    /// Who would be lost, as a page by itself, scrolled by so many lines.
    pub lost: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// All of them together.
    Tree,
    /// This one.
    Way(usize),
}

impl Reasons {
    pub const fn of(ends: Ends) -> Self {
        // The group itself is no edge: the first line is the one below it.
        Self { ends, found: Asked::Not, shape: Shape::Tree, cursor: 1, cut: None, lost: None }
    }

    pub fn why(&self) -> Option<&Why> {
        self.found.ready().map(|found| &found.why)
    }

    /// What is drawn.
    pub fn lines(&self) -> Cow<'_, [Branch]> {
        match (&self.found, self.shape) {
            (Asked::Ready(found), Shape::Tree) => Cow::Borrowed(&found.tree),
            (Asked::Ready(found), Shape::Way(number)) => Cow::Owned(lineage::way(&found.why, number)),
            _ => Cow::Borrowed(&[]),
        }
    }

    fn line(&self) -> Option<Branch> {
        self.lines().get(self.cursor).copied()
    }

    /// The step that the selected line is about.
    pub fn selected(&self) -> Option<&Step> {
        self.why()?.steps.get(self.line()?.step as usize)
    }

    /// The selected edge: its place, and its ends.
    pub fn edge(&self) -> Option<(u32, &Step, &Step)> {
        let why = self.why()?;
        let edge = self.line()?.edge?;
        let (from, to) = *why.edges.get(edge as usize)?;
        // Of what is not in the group there is no way to be cut.
        why.length?;
        Some((edge, why.steps.get(from as usize)?, why.steps.get(to as usize)?))
    }

    /// What is known of the removal of the selected edge.
    pub fn cut(&self) -> Option<&Asked<Box<Cut>>> {
        let (edge, ..) = self.edge()?;
        self.cut.as_ref().filter(|(of, _)| *of == edge).map(|(_, cut)| cut)
    }

    pub(super) fn forget(&mut self, fx: &mut Fx) {
        self.leave(fx);
        (self.found, self.cut, self.lost) = (Asked::Not, None, None);
        self.shape = Shape::Tree;
    }

    /// Nobody waits for its answers any more.
    pub(super) fn leave(&self, fx: &mut Fx) {
        let jobs = [self.found.job(), self.cut.as_ref().and_then(|(_, cut)| cut.job())];
        fx.extend(jobs.into_iter().flatten().map(Effect::Cancel));
    }

    fn go(&mut self, to: Move, page: u16) {
        if let Some(scroll) = &mut self.lost {
            *scroll = to.scroll(*scroll, page);
            return;
        }
        self.cursor = to.of_lines(self.lines().len(), self.cursor, page);
    }

    /// Chooses a line; whether it was chosen before.
    pub(super) fn point(&mut self, line: usize) -> bool {
        let line = line.min(self.lines().len().saturating_sub(1));
        std::mem::replace(&mut self.cursor, line) == line
    }

    fn show(&mut self, shape: Shape) {
        self.shape = shape;
        self.lost = None;
        self.cursor = self.cursor.min(self.lines().len().saturating_sub(1));
    }

    fn turn(&mut self, by: i8) {
        let count = self.why().map_or(0, |why| why.ways.len());
        if count == 0 {
            return;
        }
        let next = match self.shape {
            Shape::Tree if by > 0 => 0,
            Shape::Tree => count - 1,
            Shape::Way(number) => (number as isize + isize::from(by)).rem_euclid(count as isize) as usize,
        };
        self.show(Shape::Way(next));
    }
}

/// What the pane beside a list of members says of the selected one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Brief {
    /// The group's id and the member's.
    pub of: Option<(String, String)>,
    pub found: Asked<Box<Found>>,
}

/// Starts asking what the screen lacks, one thing after the other: while the cursor runs over edges, only where it rests
/// is asked about.
pub(super) fn fetch(model: &mut Model, run: RunId, fx: &mut Fx) {
    fetch_brief(model, run, fx);
    let Shows::Why(reasons) = &model.browse.view().shows else { return };
    if reasons.found.is_new() {
        let job = model.start(Work::Ask(run, reasons.ends.question()), fx);
        if let Shows::Why(reasons) = &mut model.browse.view_mut().shows {
            reasons.found = Asked::Waiting(job);
        }
        return;
    }
    let waits = matches!(&reasons.cut, Some((_, Asked::Waiting(_))));
    let Some((edge, from, to)) = reasons.edge().filter(|_| !waits && reasons.cut().is_none()) else { return };
    let question = Question::Cut {
        group: reasons.ends.group.id.clone(),
        member: reasons.ends.member.id.clone(),
        from: from.id.clone(),
        to: to.id.clone(),
    };
    let job = model.start(Work::Ask(run, question), fx);
    if let Shows::Why(reasons) = &mut model.browse.view_mut().shows {
        reasons.cut = Some((edge, Asked::Waiting(job)));
    }
}

fn fetch_brief(model: &mut Model, run: RunId, fx: &mut Fx) {
    let shown = Room::of(model.size.0, model.size.1) == Room::Full;
    let of = match &model.browse.view().shows {
        Shows::MembersOf(group) | Shows::AllMembersOf(group) if shown => {
            model.browse.subject().map(|(id, ..)| (group.clone(), id))
        }
        _ => None,
    };
    let brief = &model.browse.brief;
    if brief.of == of || brief.found.job().is_some() {
        return;
    }
    let found = match &of {
        Some((group, member)) => {
            let question = Question::Why { group: group.clone(), member: member.clone() };
            Asked::Waiting(model.start(Work::Ask(run, question), fx))
        }
        None => Asked::Not,
    };
    model.browse.brief = Brief { of, found };
}

pub(super) fn act(model: &mut Model, action: Action, page: u16, fx: &mut Fx) {
    match action {
        Action::CopyThis => fx.extend(texts::why(model).map(Effect::Copy)),
        Action::CopyId => fx.extend(texts::id(model).map(Effect::Copy)),
        _ => {}
    }
    let Shows::Why(reasons) = &mut model.browse.view_mut().shows else { return };
    match action {
        Action::Move(to) => reasons.go(to, page),
        Action::Face(_) => reasons.show(match reasons.shape {
            Shape::Tree => Shape::Way(0),
            Shape::Way(_) => Shape::Tree,
        }),
        Action::Way(by) => reasons.turn(by),
        Action::Lost => reasons.lost = if reasons.lost.is_some() { None } else { Some(0) },
        _ => {}
    }
}

fn all_reasons(browse: &mut Browse) -> impl Iterator<Item = &mut Reasons> {
    browse.trail.iter_mut().filter_map(|view| match &mut view.shows {
        Shows::Why(reasons) => Some(&mut **reasons),
        _ => None,
    })
}

pub(super) fn answered(model: &mut Model, job: JobId, why: Box<Why>) {
    let browse = &mut model.browse;
    if browse.brief.found.waits_for(job) {
        browse.brief.found = Asked::Ready(Box::new(Found::from(why)));
    } else if let Some(reasons) = all_reasons(browse).find(|reasons| reasons.found.waits_for(job)) {
        reasons.found = Asked::Ready(Box::new(Found::from(why)));
        reasons.cursor = reasons.cursor.min(reasons.lines().len().saturating_sub(1));
    }
}

pub(super) fn cut(model: &mut Model, job: JobId, cut: Box<Cut>) {
    for reasons in all_reasons(&mut model.browse) {
        if let Some((_, asked)) = reasons.cut.as_mut().filter(|(_, asked)| asked.waits_for(job)) {
            *asked = Asked::Ready(cut);
            return;
        }
    }
}

/// Whether it was a question of this screen that failed.
pub(super) fn failed(browse: &mut Browse, job: JobId, problem: &Problem) -> bool {
    browse.brief.found.fail(job, problem)
        || all_reasons(browse).any(|reasons| {
            reasons.found.fail(job, problem) || reasons.cut.as_mut().is_some_and(|(_, asked)| asked.fail(job, problem))
        })
}
