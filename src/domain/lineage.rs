//! Through what an object is in a group, laid out for reading: the graph of shortest ways as a tree, and one way after
//! the other. Finds no ways: those are in the [`Why`].

use super::{
    completeness::State,
    explore::{Step, Why},
    text::visible,
};

/// A line of the tree: an edge with its far end, or the group at the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branch {
    /// Its place in [`Why::edges`].
    pub edge: Option<u32>,
    /// Its place in [`Why::steps`].
    pub step: u32,
    pub depth: u32,
    /// Nothing hangs beside it any more.
    pub last: bool,
    /// What lies below it stands at an earlier line: a graph as a tree could be endless, so each step has its branches
    /// once.
    pub again: bool,
    /// Of the levels above, from 1: whether their line goes on beside this one. Of the first 127.
    rails: u128,
}

impl Branch {
    /// What is drawn before its name: `│ ├ `.
    pub fn rails(&self) -> String {
        let above = (1..self.depth).map(|n| if n < 128 && self.rails & (1 << n) != 0 { "│ " } else { "  " });
        let own = match (self.depth, self.last) {
            (0, _) => "",
            (_, true) => "└ ",
            (_, false) => "├ ",
        };
        above.chain([own]).collect()
    }
}

/// The shortest ways as a tree, from the group down. Every edge of them is one line.
pub fn tree(why: &Why) -> Vec<Branch> {
    let mut below: Vec<Vec<(Option<u32>, u32)>> = vec![Vec::new(); why.steps.len()];
    for (n, (from, to)) in why.edges.iter().enumerate() {
        if let (Some(of), Ok(n)) = (below.get_mut(*from as usize), u32::try_from(n)) {
            of.push((Some(n), *to));
        }
    }
    let mut seen = vec![false; why.steps.len()];
    grow(&below, |branch| {
        let at = branch.step as usize;
        branch.again = seen[at] && !below[at].is_empty();
        !std::mem::replace(&mut seen[at], true)
    })
}

/// The lines of a tree, from the first node down. `below` has the branches of each node, as an edge and a node; `opens` is
/// asked of each line in turn whether the branches of its node stand below it.
pub(super) fn grow(below: &[Vec<(Option<u32>, u32)>], mut opens: impl FnMut(&mut Branch) -> bool) -> Vec<Branch> {
    let top = Branch { edge: None, step: 0, depth: 0, last: true, again: false, rails: 0 };
    let (mut out, mut todo) = (Vec::new(), vec![top]);
    while let Some(mut branch) = todo.pop() {
        let Some(under) = below.get(branch.step as usize) else { continue };
        let goes_down = opens(&mut branch);
        out.push(branch);
        if !goes_down {
            continue;
        }
        let goes_on = !branch.last && branch.depth < 128;
        let rails = branch.rails | if goes_on { 1 << branch.depth } else { 0 };
        let count = under.len();
        // The last one put is the first one taken.
        todo.extend(under.iter().enumerate().rev().map(|(n, (edge, to))| Branch {
            edge: *edge,
            step: *to,
            depth: branch.depth + 1,
            last: n + 1 == count,
            again: false,
            rails,
        }));
    }
    out
}

/// One of the ways, as lines of a tree with one branch; empty if there is none of this number.
pub fn way(why: &Why, number: usize) -> Vec<Branch> {
    let Some(steps) = why.ways.get(number) else { return Vec::new() };
    let edge = |n: usize| {
        let ends = (steps[n.checked_sub(1)?], steps[n]);
        why.edges.iter().position(|e| *e == ends).and_then(|n| u32::try_from(n).ok())
    };
    let line = |(n, step): (usize, &u32)| Branch {
        edge: edge(n),
        step: *step,
        depth: u32::try_from(n).unwrap_or(u32::MAX),
        last: true,
        again: false,
        rails: 0,
    };
    steps.iter().enumerate().map(line).collect()
}

/// What is so, in one or two sentences. Names as they are stored.
pub fn verdict(why: &Why) -> String {
    let (Some(group), Some(member)) = (why.steps.first(), why.steps.last()) else { return String::new() };
    let (group, member) = (&group.name, &member.name);
    let longer = |text: &'static str| if why.has_longer { text } else { "" };
    match why.length {
        None if why.unknown.is_empty() => format!("{member} is not in {group}, neither directly nor through others."),
        None => format!(
            "{member} is not known to be in {group}. That is not certain: not all members are known of {}.",
            counted_groups(why.unknown.len())
        ),
        Some(0) => format!("{group} is the group itself."),
        Some(1) => format!("{member} is a direct member of {group}{}.", longer(", and in it through others as well")),
        Some(edges) => {
            let between = counted_groups(edges as usize - 1);
            let ways = match why.count.as_str() {
                "1" => "There is one shortest way".to_owned(),
                count => format!("There are {} shortest ways", digits(count)),
            };
            format!("{member} is in {group} through {between}. {ways}{}.", longer(", and longer ones"))
        }
    }
}

fn counted_groups(n: usize) -> String {
    super::text::counted(n as u64, "group")
}

/// A number of any length with separators.
pub fn digits(number: &str) -> String {
    let mut out = String::with_capacity(number.len() + number.len() / 3);
    for (n, c) in number.chars().enumerate() {
        if n > 0 && (number.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// What a step says of itself beside its name: `security, in a cycle, hidden`.
pub fn about(step: &Step) -> String {
    let mut out = vec![step.label.as_str()];
    if step.in_cycle {
        out.push("in a cycle");
    }
    if let Some(state) = step.state.filter(|state| *state != State::Complete) {
        out.push(state.as_str());
    }
    out.retain(|part| !part.is_empty());
    out.join(", ")
}

/// Lines of a tree as text.
const MOST: usize = 1_000;

/// The answer as text that can be pasted into a ticket: the sentence, the lines, and what is not known.
pub fn text(why: &Why, lines: &[Branch]) -> String {
    let mut out = format!("{}\n\n", visible(&verdict(why)));
    for line in lines.iter().take(MOST) {
        let Some(step) = why.steps.get(line.step as usize) else { continue };
        let again = if line.again { "  (as above)" } else { "" };
        out.push_str(&format!("{}{}{again}\n", line.rails(), named(step)));
    }
    if lines.len() > MOST {
        out.push_str(&format!("… and {} more\n", super::text::counted((lines.len() - MOST) as u64, "line")));
    }
    if !why.unknown.is_empty() {
        out.push_str("\nNot all members are known of these, so it may be in the group through them as well:\n");
        for step in &why.unknown {
            out.push_str(&format!("  {}\n", named(step)));
        }
    }
    out
}

/// A step with what it says of itself, and its id.
pub(super) fn named(step: &Step) -> String {
    let about = about(step);
    let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
    format!("{}{about}  {}", visible(&step.name), visible(&step.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::EntityKind;

    fn step(name: &str) -> Step {
        Step {
            id: format!("id-{name}"),
            kind: EntityKind::Group,
            name: name.to_owned(),
            label: String::new(),
            in_cycle: false,
            state: None,
        }
    }

    fn why(names: &str, edges: &[(u32, u32)], length: Option<u32>) -> Why {
        Why {
            steps: names.split(' ').map(step).collect(),
            edges: edges.to_vec(),
            length,
            count: "1".to_owned(),
            ways: Vec::new(),
            has_longer: false,
            unknown: Vec::new(),
        }
    }

    fn drawn(why: &Why) -> Vec<String> {
        let name = |b: &Branch| why.steps[b.step as usize].name.as_str();
        tree(why).iter().map(|b| format!("{}{}{}", b.rails(), name(b), if b.again { " …" } else { "" })).collect()
    }

    #[test]
    fn graphs_are_drawn_as_trees() {
        let check = |names: &str, edges: &[(u32, u32)], want: &[&str]| {
            assert_eq!(drawn(&why(names, edges, Some(1))), want, "{names}");
        };
        check("g", &[], &["g"]);
        check("g u", &[(0, 1)], &["g", "└ u"]);
        check(
            "g a b x u",
            &[(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)],
            &["g", "├ a", "│ └ x", "│   └ u", "└ b", "  └ x …"],
        );
        // The object itself has nothing below it, so it is never "as above".
        check("g a b u", &[(0, 1), (0, 2), (1, 3), (2, 3)], &["g", "├ a", "│ └ u", "└ b", "  └ u"]);
    }

    #[test]
    fn a_graph_of_millions_of_ways_is_a_line_an_edge() {
        let (mut names, mut edges) = ("s0".to_owned(), Vec::new());
        for n in 0..25_u32 {
            names.push_str(&format!(" a{n} b{n} s{}", n + 1));
            let at = 3 * n;
            edges.extend([(at, at + 1), (at, at + 2), (at + 1, at + 3), (at + 2, at + 3)]);
        }
        let all = why(&names, &edges, Some(50));
        assert_eq!(tree(&all).len(), 101);
        assert_eq!(tree(&all).iter().filter(|b| b.again).count(), 24);
        // A chain that is deeper than the rails are kept.
        let names: Vec<String> = (0..300).map(|n| n.to_string()).collect();
        let edges: Vec<(u32, u32)> = (0..299).map(|n| (n, n + 1)).collect();
        assert_eq!(tree(&why(&names.join(" "), &edges, Some(299))).len(), 300);
        // What points nowhere is not drawn, and harms nothing.
        assert_eq!(drawn(&why("g", &[(7, 0), (0, 9)], Some(1))), ["g"]);
    }

    #[test]
    fn one_way_is_one_branch() {
        let mut all = why("g a b u", &[(0, 1), (0, 2), (1, 3), (2, 3)], Some(2));
        all.ways = vec![vec![0, 1, 3], vec![0, 2, 3]];
        let edges: Vec<Option<u32>> = way(&all, 1).iter().map(|b| b.edge).collect();
        assert_eq!(edges, [None, Some(1), Some(3)]);
        assert_eq!(way(&all, 2), []);
    }

    #[test]
    fn it_is_said_in_words() {
        let check = |edit: fn(&mut Why), want: &str| {
            let mut all = why("Finance Budget Ada", &[(0, 1), (1, 2)], Some(2));
            edit(&mut all);
            assert_eq!(verdict(&all), want);
        };
        check(|_| (), "Ada is in Finance through 1 group. There is one shortest way.");
        check(
            |w| {
                w.count = "33554432".to_owned();
                w.length = Some(50);
                w.has_longer = true;
            },
            "Ada is in Finance through 49 groups. There are 33,554,432 shortest ways, and longer ones.",
        );
        check(|w| w.length = Some(1), "Ada is a direct member of Finance.");
        check(|w| w.length = None, "Ada is not in Finance, neither directly nor through others.");
        check(
            |w| {
                w.length = None;
                w.unknown = vec![step("Secret")];
            },
            "Ada is not known to be in Finance. That is not certain: not all members are known of 1 group.",
        );
        assert_eq!(
            (digits("1"), digits("1000"), digits("33554432")),
            ("1".into(), "1,000".into(), "33,554,432".into())
        );
    }

    #[test]
    fn text_for_a_ticket_moves_nothing() {
        let mut all = why("Finance evil\x1b[2J", &[(0, 1)], Some(1));
        all.steps[0].in_cycle = true;
        all.steps[0].state = Some(State::Hidden);
        all.unknown = vec![step("Secret")];
        assert_eq!(
            text(&all, &tree(&all)),
            "evil␛[2J is a direct member of Finance.\n\nFinance (in a cycle, hidden)  id-Finance\n└ evil␛[2J  \
             id-evil␛[2J\n\nNot all members are known of these, so it may be in the group through them as well:\n  \
             Secret  id-Secret\n"
        );
    }
}
