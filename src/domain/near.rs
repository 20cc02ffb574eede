//! The neighbourhood of an object: the groups that it is in, over other groups, and the members that it has, nested ones too,
//! to a depth and no more than a limit. What is not in it is counted. Finds nothing: what stands here was found.
//!
//! As lines of a tree it is laid out by [`tree`], for other programs by [`drawing`].

pub mod drawing;
pub mod tree;

pub use drawing::Drawing;

use super::{
    explore::Step,
    text::{counted, grouped},
};

/// How many edges away, unless something else is asked for.
pub const DEPTH: u32 = 3;
/// The furthest that can be asked for.
pub const DEEPEST: u32 = 99;
/// How many objects, the one in the middle among them: as many as can be read.
pub const LIMIT: u32 = 200;
/// For programs that draw and zoom.
pub const LIMIT_IN_FILES: u32 = 2_000;
/// The most that can be asked for: more no program draws.
pub const MOST: u32 = 50_000;

/// Which way it is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sides {
    #[default]
    Both,
    /// The groups above.
    Up,
    /// The members below.
    Down,
}

impl Sides {
    pub const ALL: [Self; 3] = [Self::Both, Self::Up, Self::Down];

    pub const fn has(self, side: Side) -> bool {
        matches!((self, side), (Self::Both, _) | (Self::Up, Side::Up) | (Self::Down, Side::Down))
    }

    /// In a word, for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Both => "Both ways",
            Self::Up => "Groups above",
            Self::Down => "Members below",
        }
    }
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    Up,
    Down,
}

impl Side {
    pub const ALL: [Self; 2] = [Self::Up, Self::Down];

    /// So many of what lies there.
    pub fn counted(self, n: u64) -> String {
        counted(n, self.thing())
    }

    pub const fn thing(self) -> &'static str {
        match self {
            Self::Up => "group",
            Self::Down => "member",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NearQuery {
    pub id: String,
    /// Of what is no group only the groups above are looked for, whatever this says.
    pub sides: Sides,
    pub depth: u32,
    /// How many objects at most, the one in the middle among them.
    pub limit: u32,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// What was looked for.
    pub sides: Sides,
    pub depth: u32,
    pub limit: u32,
    /// Each object once, the one in the middle first.
    pub steps: Vec<Step>,
    pub up: Half,
    pub down: Half,
    /// Groups of the lower half, by their places, whose members are not all known.
    pub unknown: Vec<u32>,
}

/// One side of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Half {
    /// The end that is nearer to the middle, and the other, by places in the steps. Those of one near end stand together,
    /// and before those of near ends that are further away.
    pub edges: Vec<(u32, u32)>,
    /// Whose edges are not all here, each once.
    pub missing: Vec<Missing>,
    /// How many objects there are within the depth, the one in the middle apart, and how many of them are here.
    pub within: u64,
    pub shown: u64,
    /// How many lie behind the depth.
    pub beyond: u64,
}

/// Edges of a step that are not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    pub of: u32,
    pub count: u64,
    pub cause: Cause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It lies at the end of the depth.
    Depth,
    /// There are too many.
    Limit,
}

impl Near {
    pub const fn half(&self, side: Side) -> &Half {
        match side {
            Side::Up => &self.up,
            Side::Down => &self.down,
        }
    }

    /// The sides that were looked at.
    pub fn sides(&self) -> impl Iterator<Item = Side> {
        let sides = self.sides;
        Side::ALL.into_iter().filter(move |side| sides.has(*side))
    }

    /// Every membership once, whichever side it was found on: group and member, by their places.
    pub fn memberships(&self) -> Vec<(u32, u32)> {
        let up = self.up.edges.iter().map(|(member, group)| (*group, *member));
        let mut all: Vec<_> = up.chain(self.down.edges.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// `in 3 groups, up to 3 edges away; 41 members, up to 3 edges away`.
    pub fn summary(&self) -> String {
        let far = format!("up to {} away", counted(u64::from(self.depth), "edge"));
        let words = |side: Side| {
            let half = self.half(side);
            match (side, half.within) {
                (Side::Up, 0) => "in no group".to_owned(),
                (Side::Down, 0) => "no members".to_owned(),
                (Side::Up, n) => format!("in {}, {far}", side.counted(n)),
                (Side::Down, n) => format!("{}, {far}", side.counted(n)),
            }
        };
        self.sides().map(words).collect::<Vec<_>>().join("; ")
    }

    /// What is not drawn, in sentences; nothing where all is.
    pub fn left_out(&self) -> Vec<String> {
        let mut out = Vec::new();
        for side in self.sides() {
            let half = self.half(side);
            let hidden = half.within.saturating_sub(half.shown);
            if hidden > 0 {
                let all = side.counted(half.within);
                let most = grouped(u64::from(self.limit));
                out.push(format!("Left out: {} of {all}, for at most {most} objects are drawn.", grouped(hidden)));
            }
            let undrawn: u64 = half.missing.iter().filter(|m| m.cause == Cause::Limit).map(|m| m.count).sum();
            if hidden == 0 && undrawn > 0 {
                out.push(format!("Left out: {} among them.", counted(undrawn, "membership")));
            }
            if half.beyond > 0 {
                let far = counted(u64::from(self.depth), "edge");
                let is = if half.beyond == 1 { "is" } else { "are" };
                out.push(format!("Not gone into: {} {is} more than {far} away.", side.counted(half.beyond)));
            }
        }
        out
    }

    /// Whose members may be more than anybody could see; `None` where all is known.
    pub fn uncertain(&self) -> Option<String> {
        let n = self.unknown.len() as u64;
        (n > 0).then(|| format!("Not all members are known of {} here.", counted(n, "group")))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::domain::{completeness::State, kind::EntityKind};

    /// Names that begin with `g` are groups.
    pub fn step(name: &str) -> Step {
        Step {
            id: format!("id-{name}"),
            kind: if name.starts_with('g') { EntityKind::Group } else { EntityKind::User },
            name: name.to_owned(),
            label: String::new(),
            in_cycle: false,
            state: None,
        }
    }

    /// A group in a group of a group, with itself below: a diamond, a cycle, more than there is room for.
    pub fn near() -> Near {
        let mut steps: Vec<_> = ["g", "gtop", "ga", "gb", "u", "v"].map(step).to_vec();
        steps[3].state = Some(State::Hidden);
        Near {
            sides: Sides::Both,
            depth: 2,
            limit: 6,
            steps,
            up: Half { edges: vec![(0, 1)], missing: vec![], within: 1, shown: 1, beyond: 0 },
            down: Half {
                edges: vec![(0, 2), (0, 3), (2, 3), (2, 4), (3, 0), (3, 4), (3, 5)],
                missing: vec![
                    Missing { of: 0, count: 1_204, cause: Cause::Limit },
                    Missing { of: 4, count: 2, cause: Cause::Depth },
                ],
                within: 1_208,
                shown: 4,
                beyond: 1,
            },
            unknown: vec![3],
        }
    }

    #[test]
    fn what_is_not_there_is_said() {
        let all = near();
        assert_eq!(all.summary(), "in 1 group, up to 2 edges away; 1,208 members, up to 2 edges away");
        assert_eq!(
            all.left_out(),
            [
                "Left out: 1,204 of 1,208 members, for at most 6 objects are drawn.",
                "Not gone into: 1 member is more than 2 edges away."
            ]
        );
        assert_eq!(all.uncertain().unwrap(), "Not all members are known of 1 group here.");
        let up = Near { sides: Sides::Up, unknown: Vec::new(), ..all };
        assert_eq!(
            (up.summary().as_str(), up.left_out().len(), up.uncertain()),
            ("in 1 group, up to 2 edges away", 0, None)
        );
        let alone = Near { up: Half::default(), down: Half::default(), sides: Sides::Both, ..up };
        assert_eq!(alone.summary(), "in no group; no members");
    }

    #[test]
    fn a_membership_counts_once() {
        let mut all = near();
        // The same edge, seen from above.
        all.up.edges.push((2, 0));
        assert_eq!(all.memberships(), [(0, 2), (0, 3), (1, 0), (2, 3), (2, 4), (3, 0), (3, 4), (3, 5)]);
    }
}
