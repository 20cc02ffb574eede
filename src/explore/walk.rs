//! Walks along all edges from one node: who is in a group over any number of groups, and which groups something is in.
//!
//! Level by level, each node once, so that cycles end and diamonds count once. Never calls itself: fifty groups in one
//! another need no more stack than one.

use super::edges::{Adjacency, Node};

/// Which way edges are walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From a group to its members.
    Down,
    /// From a member to its groups.
    Up,
}

impl Direction {
    /// What lies one edge away.
    pub fn next(self, edges: &Adjacency, node: Node) -> &[Node] {
        match self {
            Self::Down => edges.members(node),
            Self::Up => edges.groups(node),
        }
    }
}

/// What a walk found: each node once, the nearest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    nodes: Vec<Node>,
    /// Where the nodes one edge away end, then those two edges away, and so on.
    levels: Vec<usize>,
}

impl Reached {
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Each node, and how many edges it is away: at least one.
    pub fn iter(&self) -> impl Iterator<Item = (Node, u32)> {
        let mut begin = 0;
        (1..).zip(&self.levels).flat_map(move |(depth, end)| {
            let level = &self.nodes[begin..*end];
            begin = *end;
            level.iter().map(move |node| (*node, depth))
        })
    }
}

/// All that lies behind a node, without the node itself: also in a cycle a group is not listed as its own member.
pub fn reach(edges: &Adjacency, from: Node, direction: Direction) -> Reached {
    reach_where(edges, from, direction, |_, _| true)
}

/// As [`reach`], over such edges only; each is asked for as it is walked, near end first.
pub fn reach_where(
    edges: &Adjacency,
    from: Node,
    direction: Direction,
    mut may: impl FnMut(Node, Node) -> bool,
) -> Reached {
    let mut seen = Marks::new(edges.nodes());
    seen.insert(from);
    let mut reached = Reached::default();
    let mut look = |near: Node, found: &mut Vec<Node>| {
        for far in direction.next(edges, near) {
            if !seen.contains(*far) && may(near, *far) {
                seen.insert(*far);
                found.push(*far);
            }
        }
    };
    look(from, &mut reached.nodes);
    let mut begin = 0;
    while begin < reached.nodes.len() {
        let end = reached.nodes.len();
        reached.levels.push(end);
        for at in begin..end {
            look(reached.nodes[at], &mut reached.nodes);
        }
        begin = end;
    }
    reached
}

/// A set of nodes, a bit each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks(Vec<u64>);

impl Marks {
    /// None of so many nodes.
    pub fn new(nodes: usize) -> Self {
        Self(vec![0; nodes.div_ceil(64)])
    }

    /// Whether it was new.
    pub fn insert(&mut self, node: Node) -> bool {
        let (word, bit) = Self::place(node);
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }

    pub fn remove(&mut self, node: Node) {
        let (word, bit) = Self::place(node);
        self.0[word] &= !bit;
    }

    pub fn contains(&self, node: Node) -> bool {
        let (word, bit) = Self::place(node);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// How many nodes are in it.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    const fn place(node: Node) -> (usize, u64) {
        (node as usize / 64, 1 << (node % 64))
    }
}

impl FromIterator<Node> for Marks {
    fn from_iter<T: IntoIterator<Item = Node>>(nodes: T) -> Self {
        let mut marks = Self::default();
        for node in nodes {
            let word = node as usize / 64;
            if marks.0.len() <= word {
                marks.0.resize(word + 1, 0);
            }
            marks.insert(node);
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::explore::shapes;

    /// How far everything is, by trying longer and longer walks.
    fn oracle(nodes: Node, pairs: &[(Node, Node)], from: Node) -> BTreeMap<Node, u32> {
        let mut far = BTreeMap::new();
        let mut here = vec![from];
        for depth in 1..=nodes {
            here = pairs.iter().filter(|(near, _)| here.contains(near)).map(|(_, far)| *far).collect();
            for node in here.iter().filter(|node| **node != from) {
                far.entry(*node).or_insert(depth);
            }
        }
        far
    }

    fn check(nodes: Node, pairs: &[(Node, Node)]) {
        let edges = shapes::built(nodes, pairs);
        let turned: Vec<_> = pairs.iter().map(|(group, member)| (*member, *group)).collect();
        for from in 0..nodes {
            for (direction, pairs) in [(Direction::Down, pairs), (Direction::Up, &turned[..])] {
                let reached = reach(&edges, from, direction);
                let found: BTreeMap<_, _> = reached.iter().collect();
                assert_eq!(found, oracle(nodes, pairs, from), "{direction:?} from {from} in {pairs:?}");
                assert_eq!(found.len(), reached.len(), "each once: {direction:?} from {from} in {pairs:?}");
                assert_eq!(reached.nodes().len(), reached.iter().count());
                assert!(reached.iter().is_sorted_by_key(|(_, depth)| depth));
            }
        }
    }

    #[test]
    fn named_shapes() {
        for (nodes, pairs) in shapes::SMALL {
            check(*nodes, pairs);
        }
    }

    #[test]
    fn fifty_deep_and_an_everybody_group() {
        let chain = shapes::built(51, &shapes::chain(50));
        let reached = reach(&chain, 0, Direction::Down);
        assert_eq!((reached.len(), reached.iter().last()), (50, Some((50, 50))));
        assert_eq!(reach(&chain, 50, Direction::Up).iter().last(), Some((0, 50)));

        // A group of everybody, and groups of fifty in one another below it.
        let (nodes, pairs) = shapes::everybody(20_000, 400);
        let everybody = shapes::built(nodes, &pairs);
        let reached = reach(&everybody, 0, Direction::Down);
        assert_eq!(reached.len(), nodes as usize - 1);
        assert!(reached.iter().all(|(_, depth)| depth == 1), "whoever is in it directly is one edge away");
    }

    #[test]
    fn marks_are_a_set() {
        let mut marks = Marks::new(130);
        assert!(marks.is_empty() && marks.insert(0) && marks.insert(64) && marks.insert(129) && !marks.insert(64));
        assert_eq!(
            (marks.len(), marks.contains(64), marks.contains(65), marks.contains(5_000)),
            (3, true, false, false)
        );
        marks.remove(64);
        assert_eq!(marks, [0, 129].into_iter().collect());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_graph_is_walked_whole(pairs in shapes::any(8)) {
            check(8, &pairs);
        }
    }
}
