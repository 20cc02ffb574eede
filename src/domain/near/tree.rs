//! A neighbourhood as the lines of a tree: the object, the groups above it, the members below. Each object has its
//! branches once, at the first of the edges that lead to it from the nearest; elsewhere it is only named, and said to be.

use std::collections::BTreeSet;

use super::{Cause, Near, Side};
use crate::domain::{
    lineage::{self, Branch},
    text::{counted, grouped, visible},
};

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub branch: Branch,
    pub what: What,
    /// How many lines hang below it.
    pub under: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Object {
        /// Its place in [`Near::steps`].
        step: u32,
        /// The side that it was found on; the one in the middle is on neither.
        side: Option<Side>,
        /// Its branches, if it has any, stand at another line.
        again: Option<Elsewhere>,
        /// So many edges lead on from it, which were not gone.
        deeper: u64,
    },
    /// Above each half, where there are both.
    Head(Side),
    /// So many more are not drawn.
    More(Side, u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    Above,
    Below,
}

impl Elsewhere {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Above => "as above",
            Self::Below => "as below",
        }
    }
}

/// What a node of the tree stands for: an object can stand on both sides.
#[derive(Debug, Clone, Copy)]
enum Node {
    Object(u32, Option<Side>),
    Head(Side),
    More(Side, u64),
}

/// All lines, whatever is folded.
pub fn lines(near: &Near) -> Vec<Line> {
    if near.steps.is_empty() {
        return Vec::new();
    }
    let plan = Plan::of(near);
    let mut at: Vec<Option<usize>> = vec![None; plan.nodes.len()];
    let mut n = 0;
    let branches = lineage::grow(&plan.below, |branch| {
        let node = branch.step as usize;
        let opens = branch.edge.is_none() || plan.parents[node] == branch.edge;
        if opens {
            at[node] = Some(n);
        }
        branch.again = !opens;
        n += 1;
        opens
    });
    let under = under(&branches);
    let line = |(n, branch): (usize, Branch)| {
        let what = match plan.nodes[branch.step as usize] {
            Node::Object(step, side) => {
                // The one in the middle stands at the top, whichever side leads back to it.
                let home = if step == 0 { Some(0) } else { at[branch.step as usize] };
                let place = if home.is_none_or(|home| home < n) { Elsewhere::Above } else { Elsewhere::Below };
                let deeper = side.map_or(0, |side| deeper(near, side, step));
                What::Object {
                    step,
                    side,
                    again: branch.again.then_some(place),
                    deeper: if branch.again { 0 } else { deeper },
                }
            }
            Node::Head(side) => What::Head(side),
            Node::More(side, count) => What::More(side, count),
        };
        Line { branch, what, under: under[n] }
    };
    branches.into_iter().enumerate().map(line).collect()
}

fn deeper(near: &Near, side: Side, step: u32) -> u64 {
    let missing = near.half(side).missing.iter().find(|m| m.of == step && m.cause == Cause::Depth);
    missing.map_or(0, |missing| missing.count)
}

/// The tree's nodes, and what hangs where.
struct Plan {
    nodes: Vec<Node>,
    below: Vec<Vec<(Option<u32>, u32)>>,
    /// Of each node the edge at which it has its branches.
    parents: Vec<Option<u32>>,
}

impl Plan {
    fn of(near: &Near) -> Self {
        let mut plan = Self { nodes: Vec::new(), below: Vec::new(), parents: Vec::new() };
        let top = plan.add(Node::Object(0, None));
        let mut edge = 0;
        for side in near.sides() {
            let half = near.half(side);
            let root = if near.sides().count() > 1 {
                let head = plan.add(Node::Head(side));
                plan.below[top as usize].push((None, head));
                head
            } else {
                top
            };
            // Of the side's nodes the first is the object in the middle as something to come back to.
            let first = plan.nodes.len();
            for step in 0..near.steps.len() {
                plan.add(Node::Object(u32::try_from(step).unwrap_or(u32::MAX), Some(side)));
            }
            let place = |step: u32| u32::try_from(first + step as usize).unwrap_or(u32::MAX);
            let home = |step: u32| if step == 0 { root } else { place(step) };
            for (from, to) in &half.edges {
                let far = place(*to);
                plan.below[home(*from) as usize].push((Some(edge), far));
                if *to != 0 {
                    plan.parents[far as usize].get_or_insert(edge);
                }
                edge += 1;
            }
            for missing in half.missing.iter().filter(|missing| missing.cause == Cause::Limit) {
                let more = plan.add(Node::More(side, missing.count));
                plan.below[home(missing.of) as usize].push((None, more));
            }
        }
        plan
    }

    fn add(&mut self, node: Node) -> u32 {
        self.nodes.push(node);
        self.below.push(Vec::new());
        self.parents.push(None);
        u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
    }
}

/// How many lines hang below each.
fn under(branches: &[Branch]) -> Vec<usize> {
    let mut out = vec![0; branches.len()];
    // Lines whose branches are not all there yet.
    let mut open: Vec<usize> = Vec::new();
    for (n, branch) in branches.iter().enumerate() {
        while let Some(last) = open.pop_if(|last| branches[*last].depth >= branch.depth) {
            out[last] = n - last - 1;
        }
        open.push(n);
    }
    for last in open {
        out[last] = branches.len() - last - 1;
    }
    out
}

/// The lines that are shown where some are folded, by their places.
pub fn unfolded(lines: &[Line], folded: &BTreeSet<usize>) -> Vec<usize> {
    let (mut out, mut n) = (Vec::new(), 0);
    while let Some(line) = lines.get(n) {
        out.push(n);
        n += 1 + if folded.contains(&n) { line.under } else { 0 };
    }
    out
}

/// What a line says behind a name: where its branches are, and how many were not gone.
pub fn behind(line: &Line) -> String {
    match line.what {
        What::Object { again: Some(place), .. } => place.words().to_owned(),
        What::Object { deeper, side: Some(side), .. } if deeper > 0 => match side {
            Side::Up => format!("in {}", more(side, deeper)),
            Side::Down => format!("{} further down", counted(deeper, "member")),
        },
        _ => String::new(),
    }
}

/// `12 more members`.
fn more(side: Side, n: u64) -> String {
    format!("{} more {}{}", grouped(n), side.thing(), if n == 1 { "" } else { "s" })
}

/// What a line is called that is no object.
pub fn title(near: &Near, what: What) -> Option<String> {
    match what {
        What::Object { .. } => None,
        What::Head(side) => {
            let n = near.half(side).within;
            Some(match (side, n) {
                (Side::Up, 0) => "in no group".to_owned(),
                (Side::Up, n) => format!("in {}", counted(n, "group")),
                (Side::Down, 0) => "no members".to_owned(),
                (Side::Down, n) => counted(n, "member"),
            })
        }
        What::More(side, count) => Some(format!("… and {}", more(side, count))),
    }
}

/// The neighbourhood as text that can be pasted into a ticket: what there is, the lines, what is not drawn.
pub fn text(near: &Near, lines: &[Line], folded: &BTreeSet<usize>) -> String {
    let Some(object) = near.steps.first() else { return String::new() };
    let mut out = format!("{}: {}.\n\n", visible(&object.name), near.summary());
    for n in unfolded(lines, folded) {
        let line = &lines[n];
        let name = match line.what {
            What::Object { step, .. } => near.steps.get(step as usize).map(lineage::named).unwrap_or_default(),
            what => title(near, what).unwrap_or_default(),
        };
        let mut behind = behind(line);
        if folded.contains(&n) && line.under > 0 {
            behind = format!("{} folded", counted(line.under as u64, "line"));
        }
        let behind = if behind.is_empty() { behind } else { format!("  ({behind})") };
        out.push_str(&format!("{}{name}{behind}\n", line.branch.rails()));
    }
    let notes: Vec<String> = near.left_out().into_iter().chain(near.uncertain()).collect();
    if !notes.is_empty() {
        out.push_str(&format!("\n{}\n", notes.join("\n")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Half, Missing, Sides,
            tests::{near, step},
        },
        *,
    };

    fn drawn(near: &Near, folded: &[usize]) -> Vec<String> {
        let all = lines(near);
        let name = |line: &Line| match line.what {
            What::Object { step, .. } => near.steps[step as usize].name.clone(),
            what => title(near, what).unwrap(),
        };
        let line = |n: usize| {
            let behind = behind(&all[n]);
            format!(
                "{}{}{}",
                all[n].branch.rails(),
                name(&all[n]),
                if behind.is_empty() { behind } else { format!(" ({behind})") }
            )
        };
        unfolded(&all, &folded.iter().copied().collect()).into_iter().map(line).collect()
    }

    #[test]
    fn both_sides_hang_below_the_object() {
        assert_eq!(
            drawn(&near(), &[]),
            [
                "g",
                "├ in 1 group",
                "│ └ gtop",
                "└ 1,208 members",
                "  ├ ga",
                "  │ ├ gb (as below)",
                "  │ └ u (2 members further down)",
                "  ├ gb",
                "  │ ├ g (as above)",
                "  │ ├ u (as above)",
                "  │ └ v",
                "  └ … and 1,204 more members",
            ]
        );
        let folded = drawn(&near(), &[1, 4]);
        assert_eq!(folded[..6], ["g", "├ in 1 group", "└ 1,208 members", "  ├ ga", "  ├ gb", "  │ ├ g (as above)"]);
    }

    #[test]
    fn cycles_and_diamonds_end() {
        let check = |names: &str, edges: &[(u32, u32)], want: &[&str]| {
            let near = Near {
                sides: Sides::Down,
                depth: 9,
                limit: 99,
                steps: names.split(' ').map(step).collect(),
                up: Half::default(),
                down: Half { edges: edges.to_vec(), ..Half::default() },
                unknown: Vec::new(),
            };
            let all = drawn(&near, &[]);
            assert_eq!(all, want, "{names}");
            assert_eq!(all.len(), edges.len() + 1, "a line an edge");
        };
        check("g", &[], &["g"]);
        check("g", &[(0, 0)], &["g", "└ g (as above)"]);
        check(
            "g ga gb",
            &[(0, 1), (1, 2), (2, 1), (2, 0)],
            &["g", "└ ga", "  └ gb", "    ├ ga (as above)", "    └ g (as above)"],
        );
        // The nearest edge has the branches, also where another is drawn before it.
        check("g ga gb u", &[(0, 1), (0, 2), (1, 2), (2, 3)], &["g", "├ ga", "│ └ gb (as below)", "└ gb", "  └ u"]);
    }

    #[test]
    fn a_line_knows_what_hangs_below_it() {
        let all = lines(&near());
        let under: Vec<usize> = all.iter().map(|line| line.under).collect();
        assert_eq!(under, [11, 1, 0, 8, 2, 0, 0, 3, 0, 0, 0, 0]);
        assert_eq!(unfolded(&all, &[0].into()), [0]);
        assert_eq!(lines(&Near { steps: Vec::new(), ..near() }), []);
    }

    #[test]
    fn text_for_a_ticket_moves_nothing_and_says_what_is_missing() {
        let mut all = near();
        all.steps[5].name = "evil\x1b[2J\nname".to_owned();
        all.down.missing.push(Missing { of: 5, count: 1, cause: Cause::Depth });
        all.up.missing.push(Missing { of: 1, count: 2, cause: Cause::Depth });
        let text = text(&all, &lines(&all), &[4].into());
        for words in [
            "g: in 1 group, up to 2 edges away; 1,208 members",
            "\n  ├ ga  id-ga  (2 lines folded)\n",
            "\n  │ └ evil␛[2J␊name  id-v  (1 member further down)\n",
            "\n  ├ gb (hidden)  id-gb\n",
            "\n│ └ gtop  id-gtop  (in 2 more groups)\n",
            "\n\nLeft out: 1,204 of 1,208 members",
            "\nNot all members are known of 1 group here.\n",
        ] {
            assert!(text.contains(words), "{words:?} in\n{text}");
        }
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    }
}
