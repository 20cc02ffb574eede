//! Who is directly in whom, both ways, as two arrays of numbers each: what walks, ways and cycles are found on.
//!
//! Knows no names, no kinds and no store. Five million edges among 650,000 nodes take 45 MB, and no more while they are
//! built: the pairs are sorted where they lie, and the memory of their first halves becomes the way up.

/// A node: its place in the order of all lists, from 0.
pub type Node = u32;

/// The edges of one run, from group to member and back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjacency {
    down: Half,
    up: Half,
}

/// For each node a stretch of `ends`: from `starts[node]` to where the next one begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Half {
    starts: Vec<u32>,
    ends: Vec<Node>,
}

impl Half {
    fn of(&self, node: Node) -> &[Node] {
        let node = node as usize;
        &self.ends[self.starts[node] as usize..self.starts[node + 1] as usize]
    }
}

impl Adjacency {
    /// From pairs of group and member, in any order.
    ///
    /// # Panics
    ///
    /// When a pair names a node that is not below `nodes`.
    pub fn new(nodes: usize, pairs: impl Iterator<Item = (Node, Node)>) -> Self {
        let mut builder = Builder::new(nodes, pairs.size_hint().0);
        for (group, member) in pairs {
            builder.push(group, member);
        }
        builder.build()
    }

    /// How many nodes there are, with edges or without.
    pub fn nodes(&self) -> usize {
        self.down.starts.len().saturating_sub(1)
    }

    /// How many edges there are.
    pub fn edges(&self) -> usize {
        self.down.ends.len()
    }

    /// The group and the member of an edge, by its place: groups in order, and their members in order.
    ///
    /// # Panics
    ///
    /// When there are not so many edges.
    pub fn at(&self, edge: usize) -> (Node, Node) {
        let group = self.down.starts.partition_point(|start| *start as usize <= edge) - 1;
        (Node::try_from(group).unwrap_or(Node::MAX), self.down.ends[edge])
    }

    /// The member of an edge, by its place.
    ///
    /// # Panics
    ///
    /// When there are not so many edges.
    pub fn far(&self, edge: usize) -> Node {
        self.down.ends[edge]
    }

    /// The direct members of a group, each once, in order.
    pub fn members(&self, group: Node) -> &[Node] {
        self.down.of(group)
    }

    /// The groups that something is directly in, each once, in order.
    pub fn groups(&self, member: Node) -> &[Node] {
        self.up.of(member)
    }

    /// Whether the one is a direct member of the other.
    pub fn has(&self, group: Node, member: Node) -> bool {
        let (members, groups) = (self.members(group), self.groups(member));
        if members.len() <= groups.len() {
            members.binary_search(&member).is_ok()
        } else {
            groups.binary_search(&group).is_ok()
        }
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        [&self.down.starts, &self.down.ends, &self.up.starts, &self.up.ends].map(Vec::capacity).iter().sum::<usize>()
            * 4
    }
}

/// Takes pairs one by one, where they do not come as an iterator.
#[derive(Debug)]
pub struct Builder {
    nodes: usize,
    groups: Vec<Node>,
    members: Vec<Node>,
    /// Whether no group came after one that lies behind it.
    is_sorted: bool,
}

impl Builder {
    /// `edges`: how many are expected, so that memory is asked for once.
    pub fn new(nodes: usize, edges: usize) -> Self {
        Self { nodes, groups: Vec::with_capacity(edges), members: Vec::with_capacity(edges), is_sorted: true }
    }

    /// # Panics
    ///
    /// When a node is not below the number of nodes, or when there are more edges than 32 bits count.
    pub fn push(&mut self, group: Node, member: Node) {
        assert!((group as usize) < self.nodes && (member as usize) < self.nodes, "an edge between nodes");
        assert!(self.members.len() < u32::MAX as usize, "edges are counted in 32 bits");
        self.is_sorted &= self.groups.last().is_none_or(|last| *last <= group);
        self.groups.push(group);
        self.members.push(member);
    }

    pub fn build(self) -> Adjacency {
        let Self { nodes, mut groups, mut members, is_sorted } = self;
        let mut starts = starts(nodes, &groups);
        if !is_sorted {
            gather(&starts, &mut groups, &mut members);
        }
        keep_each_once(&mut starts, &mut members);
        members.shrink_to_fit();
        let down = Half { starts, ends: members };
        // What was sorted is in `starts` now, so that its memory is free for the other half.
        groups.truncate(down.ends.len());
        let up = turned(nodes, &down, groups);
        Adjacency { down, up }
    }
}

/// Where each node's stretch begins, and at last where all end.
fn starts(nodes: usize, of: &[Node]) -> Vec<u32> {
    let mut starts = vec![0; nodes + 1];
    for node in of {
        starts[*node as usize + 1] += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    starts
}

/// Brings all pairs of a group together, in place: each is swapped to the next free place of its group's stretch.
fn gather(starts: &[u32], groups: &mut [Node], members: &mut [Node]) {
    let mut free = starts[..starts.len() - 1].to_vec();
    for group in 0..free.len() {
        while free[group] < starts[group + 1] {
            let here = free[group] as usize;
            let to = groups[here] as usize;
            let there = free[to] as usize;
            groups.swap(here, there);
            members.swap(here, there);
            free[to] += 1;
        }
    }
}

/// Sorts each stretch, and drops what is there twice.
fn keep_each_once(starts: &mut [u32], members: &mut Vec<Node>) {
    let (mut begin, mut kept) = (0, 0);
    for node in 0..starts.len() - 1 {
        let end = starts[node + 1] as usize;
        members[begin..end].sort_unstable();
        starts[node] = place(kept);
        let mut last = None;
        for at in begin..end {
            let member = members[at];
            if last != Some(member) {
                // Never ahead of what is read: no more is kept than was looked at.
                members[kept] = member;
                kept += 1;
            }
            last = Some(member);
        }
        begin = end;
    }
    if let Some(last) = starts.last_mut() {
        *last = place(kept);
    }
    members.truncate(kept);
}

/// The same edges from their other ends; `room` is as long as they are.
fn turned(nodes: usize, down: &Half, mut room: Vec<Node>) -> Half {
    let mut free = starts(nodes, &down.ends);
    for group in 0..nodes {
        let group = Node::try_from(group).unwrap_or(Node::MAX);
        for member in down.of(group) {
            let at = &mut free[*member as usize];
            room[*at as usize] = group;
            *at += 1;
        }
    }
    // Each beginning has moved to its end, which is the next one's beginning.
    free.copy_within(..nodes, 1);
    free[0] = 0;
    room.shrink_to_fit();
    Half { starts: free, ends: room }
}

/// A place among edges; there are no more than 32 bits count.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn check(nodes: usize, pairs: &[(Node, Node)]) {
        let built = Adjacency::new(nodes, pairs.iter().copied());
        let want: BTreeSet<_> = pairs.iter().copied().collect();
        assert_eq!((built.nodes(), built.edges()), (nodes, want.len()));
        for node in 0..Node::try_from(nodes).unwrap() {
            let members: Vec<_> = want.iter().filter(|(g, _)| *g == node).map(|(_, m)| *m).collect();
            let groups: Vec<_> = want.iter().filter(|(_, m)| *m == node).map(|(g, _)| *g).collect();
            assert_eq!(
                (built.members(node), built.groups(node)),
                (&members[..], &groups[..]),
                "of {node} in {pairs:?}"
            );
            for other in 0..Node::try_from(nodes).unwrap() {
                assert_eq!(built.has(node, other), want.contains(&(node, other)), "{node} {other} in {pairs:?}");
            }
        }
    }

    #[test]
    fn named_shapes() {
        check(0, &[]);
        check(1, &[]);
        check(1, &[(0, 0)]);
        check(1, &[(0, 0), (0, 0)]);
        check(3, &[(2, 0), (1, 0), (2, 1), (1, 0), (0, 2)]);
        check(4, &[(0, 3), (0, 1), (1, 3), (1, 3), (3, 3)]);
    }

    #[test]
    fn memory_is_what_the_edges_need() {
        let pairs = (0..1_000).flat_map(|group| (0..40).map(move |n| (group, 1_000 + (group * 7 + n * 13) % 9_000)));
        let built = Adjacency::new(10_000, pairs);
        assert_eq!(built.edges(), 40_000);
        assert_eq!(built.memory(), 2 * 4 * (40_000 + 10_001));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_pairs_are_kept_both_ways(pairs in prop::collection::vec((0_u32..9, 0_u32..9), 0..40)) {
            check(9, &pairs);
        }
    }
}
