//! Groups that are, over others, members of themselves; and how deep groups lie in one another.
//!
//! By Tarjan's algorithm, with a stack of its own instead of the thread's.

use super::{
    edges::{Adjacency, Node},
    walk::Marks,
};

/// How the groups of a run lie in one another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nesting {
    /// Groups that are, over others or directly, members of themselves.
    pub cyclic: Marks,
    /// For each node the most levels of groups below it: 0 for what holds no group. Groups that are in each other are one
    /// level, however many they are.
    pub depths: Vec<u32>,
}

impl Nesting {
    pub fn of(edges: &Adjacency, is_group: impl Fn(Node) -> bool) -> Self {
        let mut cyclic = Marks::new(edges.nodes());
        let mut depths = vec![UNKNOWN; edges.nodes()];
        components(edges, &is_group, |component| {
            // What lies below has its depth already, and what lies in here has none yet.
            let below = component
                .iter()
                .flat_map(|group| edges.members(*group))
                .filter(|member| is_group(**member))
                .map(|member| depths[*member as usize])
                .filter(|depth| *depth != UNKNOWN)
                .max();
            let is_cyclic = component.len() > 1 || edges.has(component[0], component[0]);
            let depth = below.map_or(u32::from(is_cyclic), |below| below + 1);
            for group in component {
                depths[*group as usize] = depth;
                if is_cyclic {
                    cyclic.insert(*group);
                }
            }
        });
        for depth in depths.iter_mut().filter(|depth| **depth == UNKNOWN) {
            *depth = 0;
        }
        Self { cyclic, depths }
    }
}

const UNKNOWN: u32 = u32::MAX;

/// A node on the way down, and which of its members is looked at next.
struct Open {
    node: Node,
    next: usize,
}

/// Hands over the strongly connected components of what is inside, each after all that lie below it.
pub fn components(edges: &Adjacency, is_inside: impl Fn(Node) -> bool, mut each: impl FnMut(&[Node])) {
    // In which order nodes were first met, from 1 on, and the earliest node that each is known to reach.
    let mut met = vec![0_u32; edges.nodes()];
    let mut low = vec![0_u32; edges.nodes()];
    let mut count = 0;
    let mut waiting = Vec::new();
    let mut is_waiting = Marks::new(edges.nodes());
    let mut path: Vec<Open> = Vec::new();
    for root in 0..edges.nodes() {
        let node = Node::try_from(root).unwrap_or(Node::MAX);
        if met[root] != 0 || !is_inside(node) {
            continue;
        }
        path.push(Open { node, next: 0 });
        while let Some(open) = path.last_mut() {
            let node = open.node;
            let at = node as usize;
            if open.next == 0 {
                count += 1;
                (met[at], low[at]) = (count, count);
                waiting.push(node);
                is_waiting.insert(node);
            }
            let mut below = None;
            for member in &edges.members(node)[open.next..] {
                open.next += 1;
                if !is_inside(*member) {
                    continue;
                }
                if met[*member as usize] == 0 {
                    below = Some(*member);
                    break;
                }
                if is_waiting.contains(*member) {
                    low[at] = low[at].min(met[*member as usize]);
                }
            }
            if let Some(member) = below {
                path.push(Open { node: member, next: 0 });
                continue;
            }
            path.pop();
            if let Some(above) = path.last() {
                let above = above.node as usize;
                low[above] = low[above].min(low[at]);
            }
            if low[at] == met[at] {
                let first = waiting.iter().rposition(|waits| *waits == node).unwrap_or(0);
                for done in &waiting[first..] {
                    is_waiting.remove(*done);
                }
                each(&waiting[first..]);
                waiting.truncate(first);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::explore::shapes;

    /// Which nodes reach which over at least one edge, by trying.
    fn closure(nodes: Node, pairs: &[(Node, Node)]) -> Vec<Vec<bool>> {
        let size = nodes as usize;
        let mut reaches = vec![vec![false; size]; size];
        for (group, member) in pairs {
            reaches[*group as usize][*member as usize] = true;
        }
        for over in 0..size {
            for from in 0..size {
                for to in 0..size {
                    reaches[from][to] |= reaches[from][over] && reaches[over][to];
                }
            }
        }
        reaches
    }

    /// The longest way down over groups, those in each other counted as one: by trying all.
    fn depth(of: usize, groups: usize, pairs: &[(Node, Node)], reaches: &[Vec<bool>]) -> u32 {
        let together = |a: usize, b: usize| a == b || (reaches[a][b] && reaches[b][a]);
        let below = (0..groups)
            .filter(|member| !together(of, *member))
            .filter(|member| {
                (0..groups).any(|with| {
                    let edge = (Node::try_from(with).unwrap(), Node::try_from(*member).unwrap());
                    together(of, with) && pairs.contains(&edge)
                })
            })
            .map(|member| 1 + depth(member, groups, pairs, reaches))
            .max();
        below.unwrap_or_else(|| u32::from(reaches[of][of]))
    }

    fn check(nodes: Node, groups: Node, pairs: &[(Node, Node)]) {
        let edges = shapes::built(nodes, pairs);
        let among: Vec<_> = pairs.iter().copied().filter(|(a, b)| *a < groups && *b < groups).collect();
        let reaches = closure(nodes, &among);
        let nesting = Nesting::of(&edges, |node| node < groups);
        for node in 0..nodes {
            let at = node as usize;
            assert_eq!(nesting.cyclic.contains(node), reaches[at][at], "{node} of {groups} in {pairs:?}");
            let want = if node < groups { depth(at, groups as usize, &among, &reaches) } else { 0 };
            assert_eq!(nesting.depths[at], want, "depth of {node} of {groups} in {pairs:?}");
        }
        let mut seen = Vec::new();
        components(
            &edges,
            |node| node < groups,
            |component| {
                for node in component {
                    let at = *node as usize;
                    for other in 0..groups {
                        let together = other == *node || (reaches[at][other as usize] && reaches[other as usize][at]);
                        assert_eq!(component.contains(&other), together, "{node} and {other} in {pairs:?}");
                        assert!(
                            together || !reaches[at][other as usize] || seen.contains(&other),
                            "those below come first"
                        );
                    }
                }
                seen.extend_from_slice(component);
            },
        );
        seen.sort_unstable();
        assert_eq!(seen, (0..groups).collect::<Vec<_>>(), "each once, in {pairs:?}");
    }

    #[test]
    fn named_shapes() {
        for (nodes, pairs) in shapes::SMALL {
            check(*nodes, *nodes, pairs);
            check(*nodes, nodes - 1, pairs);
        }
    }

    #[test]
    fn deep_and_long_ones_need_no_stack() {
        let mut pairs = shapes::chain(200_000);
        let nesting = Nesting::of(&shapes::built(200_001, &pairs), |_| true);
        assert_eq!((nesting.cyclic.len(), nesting.depths[0]), (0, 200_000));
        pairs.push((200_000, 0));
        let nesting = Nesting::of(&shapes::built(200_001, &pairs), |_| true);
        assert_eq!((nesting.cyclic.len(), nesting.depths[0]), (200_001, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_graph_has_the_cycles_that_trying_finds(pairs in shapes::any(8), groups in 0_u32..8) {
            // Only groups have members.
            let pairs: Vec<_> = pairs.into_iter().filter(|(group, _)| *group < groups).collect();
            check(8, groups, &pairs);
        }
    }
}
