//! What is around an object, as a tree: looked at both ways or one, deeper or less deep, folded, gone along, and drawn for
//! other programs.

use std::collections::BTreeSet;

use super::{
    super::{Fx, Model, command::Action, list::Move, msg::Effect, msg::JobId, msg::Work},
    Asked, Browse, Shows, copy, texts,
    why::Named,
};
use crate::domain::{
    explore::{Question, Step},
    ids::RunId,
    kind::EntityKind,
    near::{
        DEEPEST, DEPTH, Drawing, LIMIT, Near, NearQuery, Side, Sides,
        tree::{self, Line, What},
    },
    problem::Problem,
};

/// A neighbourhood as it is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Around {
    pub of: Named,
    pub kind: EntityKind,
    pub sides: Sides,
    pub depth: u32,
    pub found: Asked<Box<Laid>>,
    /// Which of the lines that are shown.
    pub cursor: usize,
    /// Whose branches are not shown, by places in all lines.
    pub folded: BTreeSet<usize>,
}

/// The answer, and its lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Laid {
    pub near: Near,
    pub lines: Vec<Line>,
}

impl From<Box<Near>> for Laid {
    fn from(near: Box<Near>) -> Self {
        Self { lines: tree::lines(&near), near: *near }
    }
}

impl Around {
    pub const fn of(of: Named, kind: EntityKind) -> Self {
        let sides = if matches!(kind, EntityKind::Group) { Sides::Both } else { Sides::Up };
        Self { of, kind, sides, depth: DEPTH, found: Asked::Not, cursor: 0, folded: BTreeSet::new() }
    }

    fn query(&self, limit: u32) -> NearQuery {
        NearQuery { id: self.of.id.clone(), sides: self.sides, depth: self.depth, limit }
    }

    /// For a file.
    pub fn drawing(&self, drawing: Drawing) -> Question {
        Question::Draw(self.query(drawing.limit()), drawing)
    }

    pub fn laid(&self) -> Option<&Laid> {
        self.found.ready().map(|laid| &**laid)
    }

    /// The lines that are shown, by their places.
    pub fn shown(&self) -> Vec<usize> {
        self.laid().map(|laid| tree::unfolded(&laid.lines, &self.folded)).unwrap_or_default()
    }

    /// Only of a group there are members.
    pub const fn has_sides(&self) -> bool {
        matches!(self.kind, EntityKind::Group)
    }

    fn line(&self) -> Option<(usize, &Line)> {
        let n = *self.shown().get(self.cursor)?;
        Some((n, self.laid()?.lines.get(n)?))
    }

    /// The object that the selected line is about.
    pub fn selected(&self) -> Option<&Step> {
        match self.line()?.1.what {
            What::Object { step, .. } => self.laid()?.near.steps.get(step as usize),
            What::Head(_) | What::More(..) => None,
        }
    }

    /// The side that the selected object was found on.
    pub fn side(&self) -> Option<Side> {
        match self.line()?.1.what {
            What::Object { side, .. } => side,
            What::Head(_) | What::More(..) => None,
        }
    }

    pub(super) fn forget(&mut self, fx: &mut Fx) {
        self.leave(fx);
        self.found = Asked::Not;
        self.folded.clear();
    }

    /// Nobody waits for its answer any more.
    pub(super) fn leave(&self, fx: &mut Fx) {
        fx.extend(self.found.job().map(Effect::Cancel));
    }

    fn go(&mut self, to: Move, page: u16) {
        self.cursor = to.of_lines(self.shown().len(), self.cursor, page);
    }

    /// Chooses a line; whether it was chosen before.
    pub(super) fn point(&mut self, line: usize) -> bool {
        let line = line.min(self.shown().len().saturating_sub(1));
        std::mem::replace(&mut self.cursor, line) == line
    }

    /// Folds or unfolds what hangs below the selected line; where nothing does, what it hangs in.
    fn fold(&mut self) {
        let Some((n, line)) = self.line() else { return };
        let (depth, has_branches) = (line.branch.depth, line.under > 0);
        let lines = self.laid().map(|laid| &laid.lines[..]).unwrap_or_default();
        let above = lines[..n].iter().rposition(|above| above.branch.depth < depth);
        let Some(place) = (if has_branches { Some(n) } else { above }) else { return };
        if !self.folded.remove(&place) {
            self.folded.insert(place);
        }
        self.cursor = self.shown().iter().position(|shown| *shown == place).unwrap_or(0);
    }

    /// Leaves only what is next to the object, or shows all again.
    fn fold_all(&mut self) {
        let here = self.line().map(|(n, _)| n);
        if self.folded.is_empty() {
            let first = if self.sides == Sides::Both { 2 } else { 1 };
            let lines = self.laid().map(|laid| &laid.lines[..]).unwrap_or_default().iter().enumerate();
            self.folded = lines.filter(|(_, l)| l.branch.depth >= first && l.under > 0).map(|(n, _)| n).collect();
        } else {
            self.folded.clear();
        }
        // The cursor stays, or is where its line is folded away.
        let shown = self.shown();
        self.cursor = here.map_or(0, |n| shown.partition_point(|shown| *shown <= n).saturating_sub(1));
    }

    /// Another neighbourhood of the same object.
    fn ask_another(&mut self, fx: &mut Fx) {
        self.forget(fx);
        self.cursor = 0;
    }

    fn turn(&mut self, by: i8, fx: &mut Fx) {
        if self.has_sides() {
            let (at, count) = (self.sides as usize as isize, Sides::ALL.len() as isize);
            self.sides = Sides::ALL[(at + isize::from(by)).rem_euclid(count) as usize];
            self.ask_another(fx);
        }
    }

    fn deepen(&mut self, by: i8, fx: &mut Fx) {
        let depth = self.depth.saturating_add_signed(i32::from(by)).clamp(1, DEEPEST);
        if depth != self.depth {
            self.depth = depth;
            self.ask_another(fx);
        }
    }
}

/// The neighbourhood that is on the screen.
pub(in crate::app) fn on_screen(m: &Model) -> Option<&Around> {
    match &m.browse.view().shows {
        Shows::Near(around) => Some(around),
        _ => None,
    }
}

/// Starts asking for what the screen lacks.
pub(super) fn fetch(model: &mut Model, run: RunId, fx: &mut Fx) {
    let Some(around) = on_screen(model).filter(|around| around.found.is_new()) else { return };
    let question = Question::Near(around.query(LIMIT));
    let job = model.start(Work::Ask(run, question), fx);
    if let Shows::Near(around) = &mut model.browse.view_mut().shows {
        around.found = Asked::Waiting(job);
    }
}

pub(super) fn act(model: &mut Model, action: Action, page: u16, fx: &mut Fx) {
    match action {
        Action::CopyThis => fx.extend(texts::near(model).map(Effect::Copy)),
        Action::CopyId => fx.extend(texts::id(model).map(Effect::Copy)),
        _ => {}
    }
    let Shows::Near(around) = &mut model.browse.view_mut().shows else { return };
    match action {
        Action::Move(to) => around.go(to, page),
        Action::Face(by) => around.turn(by, fx),
        Action::Fold => around.fold(),
        Action::FoldAll => around.fold_all(),
        Action::Deepen(by) => around.deepen(by, fx),
        _ => {}
    }
}

/// Has it drawn, in a file.
pub(super) fn draw(model: &mut Model, at: usize, fx: &mut Fx) {
    let asked = on_screen(model).zip(Drawing::ALL.get(at)).map(|(around, drawing)| around.drawing(*drawing));
    if let Some((question, run)) = asked.zip(model.browse.run) {
        copy::errand(model, run, question, "Writing the file …", fx);
    }
}

fn all_around(browse: &mut Browse) -> impl Iterator<Item = &mut Around> {
    browse.trail.iter_mut().filter_map(|view| match &mut view.shows {
        Shows::Near(around) => Some(&mut **around),
        _ => None,
    })
}

pub(super) fn answered(model: &mut Model, job: JobId, near: Box<Near>) {
    if let Some(around) = all_around(&mut model.browse).find(|around| around.found.waits_for(job)) {
        around.found = Asked::Ready(Box::new(Laid::from(near)));
    }
}

/// Whether it was a question of this screen that failed.
pub(super) fn failed(browse: &mut Browse, job: JobId, problem: &Problem) -> bool {
    all_around(browse).any(|around| around.found.fail(job, problem))
}
