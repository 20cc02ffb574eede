//! The ways by which something is in a group: all shortest ones as a graph in levels, how many they are, the first hundred
//! of them one by one, and whether there are longer ones.
//!
//! A way passes no group twice. Its two ends may be the same group: then it is a cycle.

use num_bigint::BigUint;

use super::{
    cycles::components,
    edges::{Adjacency, Node},
};

/// How many ways are listed one by one.
pub const LISTED: usize = 100;

/// How many steps are tried inside groups that are in each other, before a longer way through them is taken for granted.
const PATIENCE: u32 = 200_000;

const FAR: u32 = u32::MAX;

/// All shortest ways from a group to something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ways {
    /// The nodes of all shortest ways, level by level, each level in order: the group first, the object last. Where there
    /// is no way, only these two.
    pub nodes: Vec<Node>,
    /// From and to, by their places in `nodes`, in order.
    pub edges: Vec<(u32, u32)>,
    /// How many edges a shortest way has.
    pub length: Option<u32>,
    /// How many shortest ways there are.
    pub count: BigUint,
    /// The first [`LISTED`], by places in `nodes`, in order.
    pub listed: Vec<Vec<u32>>,
    /// Whether there are other, longer ways. Where groups are in each other in more ways than can be tried, one that
    /// passes a group twice counts as well.
    pub has_longer: bool,
}

impl Ways {
    pub fn find(edges: &Adjacency, group: Node, object: Node) -> Self {
        let Some((length, far)) = far(edges, group, object, |_, _| true) else {
            return Self {
                nodes: vec![group, object],
                edges: Vec::new(),
                length: None,
                count: BigUint::ZERO,
                listed: Vec::new(),
                has_longer: false,
            };
        };
        let levels = levels(edges, group, object, length, &far);
        let places: Vec<u32> = levels
            .iter()
            .scan(0, |at, level| {
                let begin = *at;
                *at += place(level.len());
                Some(begin)
            })
            .collect();
        let mut between = Vec::new();
        for (depth, pair) in levels.windows(2).enumerate() {
            for (from, node) in (places[depth]..).zip(&pair[0]) {
                let to = common(edges.members(*node), &pair[1]);
                between.extend(to.into_iter().map(|at| (from, places[depth + 1] + at)));
            }
        }
        let nodes = levels.concat();
        Self {
            count: count(nodes.len(), &between),
            listed: first(nodes.len(), &between),
            has_longer: has_longer(edges, group, object, length),
            edges: between,
            nodes,
            length: Some(length),
        }
    }
}

/// How many edges a shortest way has, over such edges only.
pub fn length(edges: &Adjacency, group: Node, object: Node, may: impl Fn(Node, Node) -> bool) -> Option<u32> {
    far(edges, group, object, may).map(|(length, _)| length)
}

/// How far the object is from the group, and from what lies between them; walked up, where few are.
fn far(edges: &Adjacency, group: Node, object: Node, may: impl Fn(Node, Node) -> bool) -> Option<(u32, Vec<u32>)> {
    let mut far = vec![FAR; edges.nodes()];
    let mut here = vec![object];
    for depth in 1.. {
        let mut next = Vec::new();
        for node in here {
            for above in edges.groups(node) {
                if far[*above as usize] == FAR && may(*above, node) {
                    far[*above as usize] = depth;
                    next.push(*above);
                }
            }
        }
        if far[group as usize] != FAR {
            return Some((depth, far));
        }
        if next.is_empty() {
            return None;
        }
        here = next;
    }
    None
}

/// The nodes of all shortest ways, by their distance from the group.
fn levels(edges: &Adjacency, group: Node, object: Node, length: u32, far: &[u32]) -> Vec<Vec<Node>> {
    let mut levels = vec![vec![group]];
    for left in (1..length).rev() {
        let mut next: Vec<Node> = levels[levels.len() - 1]
            .iter()
            .flat_map(|node| edges.members(*node))
            .copied()
            .filter(|member| far[*member as usize] == left)
            .collect();
        next.sort_unstable();
        next.dedup();
        levels.push(next);
    }
    levels.push(vec![object]);
    levels
}

/// The places in `level` of those that are members as well; both are in order, and the shorter one is gone through: everybody
/// is in a group of everybody.
fn common(members: &[Node], level: &[Node]) -> Vec<u32> {
    if members.len() < level.len() {
        members.iter().filter_map(|member| level.binary_search(member).ok()).map(place).collect()
    } else {
        (0..).zip(level).filter(|(_, node)| members.binary_search(node).is_ok()).map(|(at, _)| at).collect()
    }
}

/// How many ways lead from the first place to the last; every edge leads to a later place, and edges are in order.
fn count(places: usize, edges: &[(u32, u32)]) -> BigUint {
    let mut ways = vec![BigUint::ZERO; places];
    ways[places - 1] = BigUint::from(1_u32);
    for (from, to) in edges.iter().rev() {
        let more = ways[*to as usize].clone();
        ways[*from as usize] += more;
    }
    ways.swap_remove(0)
}

/// The first ways from the first place to the last. Every place leads there, so that nothing is tried in vain.
fn first(places: usize, edges: &[(u32, u32)]) -> Vec<Vec<u32>> {
    let next = |place: u32| {
        let begin = edges.partition_point(|(from, _)| *from < place);
        edges[begin..].iter().take_while(move |(from, _)| *from == place).map(|(_, to)| *to)
    };
    let last = place(places - 1);
    let mut listed = Vec::new();
    let mut way = vec![0];
    let mut open = vec![next(0)];
    while let Some(choices) = open.last_mut() {
        match choices.next() {
            Some(place) => {
                way.push(place);
                open.push(next(place));
                if place == last {
                    listed.push(way.clone());
                    if listed.len() == LISTED {
                        break;
                    }
                }
            }
            None => {
                open.pop();
                way.pop();
            }
        }
    }
    listed
}

/// Whether there is a way of more edges than a shortest one.
///
/// An edge is loose if the shortest way over it is longer than the shortest of all. Between groups that are not in each
/// other, what lies before a loose edge and what lies behind it have nothing in common, so that such an edge proves a
/// longer way. Where all of these are tight, a longer way must take a detour inside groups that are in each other: there
/// are few of them, and they are tried.
fn has_longer(edges: &Adjacency, group: Node, object: Node, length: u32) -> bool {
    let between = Between::of(edges, group, object);
    let loose = |from: Node, to: Node| {
        let (begin, rest) = (between.behind_group(from), between.before_object(to));
        begin != FAR && rest != FAR && begin + 1 + rest > length
    };
    // Which of the groups between are in each other: by the first of them.
    let mut together = vec![FAR; edges.nodes()];
    let mut cycles: Vec<Vec<Node>> = Vec::new();
    components(
        edges,
        |node| between.is_inside(node),
        |component| {
            if component.len() > 1 {
                for node in component {
                    together[*node as usize] = component[0];
                }
                cycles.push(component.to_vec());
            }
        },
    );
    let are_together = |from: Node, to: Node| {
        from == to || (together[from as usize] != FAR && together[from as usize] == together[to as usize])
    };
    let is_loose = |from: Node| {
        let ends_here =
            edges.has(from, object) && between.behind_group(from) != FAR && between.behind_group(from) + 1 > length;
        ends_here
            || edges
                .members(from)
                .iter()
                .any(|to| between.is_inside(*to) && !are_together(from, *to) && loose(from, *to))
    };
    if is_loose(group) || between.nodes.iter().any(|node| is_loose(*node)) {
        return true;
    }
    let mut patience = PATIENCE;
    cycles.iter().any(|cycle| has_detour(edges, &between, cycle, length, &mut patience))
}

/// What lies between a group and an object: on some way from the one to the other, without the two themselves.
struct Between {
    nodes: Vec<Node>,
    group: Node,
    object: Node,
    from_group: Vec<u32>,
    to_object: Vec<u32>,
}

impl Between {
    fn of(edges: &Adjacency, group: Node, object: Node) -> Self {
        let walk = |from: Node, next: &dyn Fn(Node) -> Vec<Node>| {
            let mut far = vec![FAR; edges.nodes()];
            let (mut here, mut all) = (vec![from], Vec::new());
            for depth in 1.. {
                let mut found = Vec::new();
                for node in here {
                    for next in next(node) {
                        if next != group && next != object && far[next as usize] == FAR {
                            far[next as usize] = depth;
                            found.push(next);
                        }
                    }
                }
                if found.is_empty() {
                    break;
                }
                all.extend_from_slice(&found);
                here = found;
            }
            (far, all)
        };
        let (to_object, _) = walk(object, &|node| edges.groups(node).to_vec());
        let (from_group, nodes) = walk(group, &|node| {
            edges.members(node).iter().copied().filter(|member| to_object[*member as usize] != FAR).collect()
        });
        Self { nodes, group, object, from_group, to_object }
    }

    fn is_inside(&self, node: Node) -> bool {
        self.from_group[node as usize] != FAR
    }

    /// Edges from the group, where a way may pass; the group is where all begin, and never passed again.
    fn behind_group(&self, node: Node) -> u32 {
        if node == self.group { 0 } else { self.from_group[node as usize] }
    }

    fn before_object(&self, node: Node) -> u32 {
        if node == self.object { 0 } else { self.to_object[node as usize] }
    }
}

/// Whether a way through groups that are in each other is longer than a shortest one, where all edges that lead in and out
/// lie on shortest ways. Tries all, as long as there is patience, and takes it for granted then.
fn has_detour(edges: &Adjacency, between: &Between, cycle: &[Node], length: u32, patience: &mut u32) -> bool {
    let mut cycle = cycle.to_vec();
    cycle.sort_unstable();
    let is_outside = |node: &Node| between.is_inside(*node) && cycle.binary_search(node).is_err();
    // By places in the cycle: what lies behind each, and which of them a way can leave it from.
    let next: Vec<Vec<u32>> = cycle.iter().map(|node| common(edges.members(*node), &cycle)).collect();
    let is_exit: Vec<bool> = cycle
        .iter()
        .map(|node| edges.has(*node, between.object) || edges.members(*node).iter().any(is_outside))
        .collect();
    let entries = (0..)
        .zip(&cycle)
        .filter(|(_, node)| edges.has(between.group, **node) || edges.groups(**node).iter().any(is_outside));
    for (entry, node) in entries {
        let begin = between.behind_group(*node);
        let mut passed = vec![false; cycle.len()];
        passed[entry as usize] = true;
        let mut way = vec![(entry, next[entry as usize].iter())];
        while let Some((at, choices)) = way.last_mut() {
            let at = *at as usize;
            let Some(to) = choices.find(|to| !passed[**to as usize]) else {
                way.pop();
                passed[at] = false;
                continue;
            };
            if *patience == 0 {
                return true;
            }
            *patience -= 1;
            let here = *to as usize;
            if is_exit[here] && begin + place(way.len()) + between.before_object(cycle[here]) > length {
                return true;
            }
            passed[here] = true;
            way.push((*to, next[here].iter()));
        }
    }
    false
}

/// A place in a list that is shorter than the number of all nodes.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::explore::shapes;

    /// All ways that pass nothing twice, by trying.
    fn all(pairs: &[(Node, Node)], group: Node, object: Node) -> BTreeSet<Vec<Node>> {
        let mut found = BTreeSet::new();
        let mut open = vec![vec![group]];
        while let Some(way) = open.pop() {
            let last = way[way.len() - 1];
            let next: BTreeSet<_> = pairs.iter().filter(|(from, _)| *from == last).map(|(_, to)| *to).collect();
            for to in next {
                let longer: Vec<_> = way.iter().copied().chain([to]).collect();
                if to == object {
                    found.insert(longer);
                } else if !way.contains(&to) {
                    open.push(longer);
                }
            }
        }
        found
    }

    fn check(nodes: Node, pairs: &[(Node, Node)]) {
        let edges = shapes::built(nodes, pairs);
        for group in 0..nodes {
            for object in 0..nodes {
                let what = format!("{group} to {object} in {pairs:?}");
                let all = all(pairs, group, object);
                let ways = Ways::find(&edges, group, object);
                let length = all.iter().map(|way| place(way.len() - 1)).min();
                assert_eq!((ways.length, length_of(&edges, group, object)), (length, length), "{what}");
                let shortest: Vec<_> = all.iter().filter(|way| Some(place(way.len() - 1)) == length).collect();
                assert_eq!(ways.count, BigUint::from(shortest.len()), "{what}");
                let listed: Vec<Vec<Node>> =
                    ways.listed.iter().map(|way| way.iter().map(|at| ways.nodes[*at as usize]).collect()).collect();
                assert!(listed.iter().eq(shortest.iter().copied().take(LISTED)), "{listed:?}: {what}");
                let drawn: BTreeSet<_> =
                    ways.edges.iter().map(|(a, b)| (ways.nodes[*a as usize], ways.nodes[*b as usize])).collect();
                let want: BTreeSet<_> =
                    shortest.iter().flat_map(|way| way.windows(2).map(|pair| (pair[0], pair[1]))).collect();
                assert_eq!(drawn, want, "{what}");
                assert_eq!(drawn.len(), ways.edges.len(), "{what}");
                assert_eq!((ways.nodes[0], ways.nodes[ways.nodes.len() - 1]), (group, object), "{what}");
                assert_eq!(ways.has_longer, all.len() > shortest.len(), "longer, {what}");
            }
        }
    }

    fn length_of(edges: &Adjacency, group: Node, object: Node) -> Option<u32> {
        length(edges, group, object, |_, _| true)
    }

    #[test]
    fn named_shapes() {
        for (nodes, pairs) in shapes::SMALL {
            check(*nodes, pairs);
        }
        check(10, &shapes::ladder(3));
    }

    #[test]
    fn the_ways_of_a_ladder_are_counted_and_not_gone() {
        let ladder = |diamonds, more: &[(Node, Node)], want: &str, has_longer| {
            let end = diamonds * 3;
            let pairs: Vec<_> = shapes::ladder(diamonds).into_iter().chain(more.iter().copied()).collect();
            let ways = Ways::find(&shapes::built(end + 1, &pairs), 0, end);
            assert_eq!((ways.count.to_string().as_str(), ways.length), (want, Some(diamonds * 2)));
            assert_eq!((ways.listed.len(), ways.has_longer), (LISTED, has_longer), "{more:?}");
            assert!(ways.listed.is_sorted() && ways.listed.iter().collect::<BTreeSet<_>>().len() == LISTED);
            assert_eq!((ways.nodes.len(), ways.edges.len()), (end as usize + 1, diamonds as usize * 4));
        };
        ladder(25, &[], "33554432", false);
        ladder(200, &[], "1606938044258990275541962092341162602522202993782792835301376", false);
        // Cycles, but none that a way gets longer by without passing a group twice.
        ladder(25, &[(1, 0)], "33554432", false);
        ladder(25, &[(3, 1)], "33554432", false);
        ladder(25, &[(6, 3), (9, 6)], "33554432", false);
        // An edge across, without a cycle and within one.
        ladder(25, &[(1, 2)], "33554432", true);
        ladder(25, &[(1, 2), (2, 1)], "33554432", true);
        ladder(25, &[(31, 32), (36, 30)], "33554432", true);
    }

    #[test]
    fn fifty_deep() {
        let mut pairs = shapes::chain(50);
        pairs.extend((0..50).map(|n| (n + 1, n)));
        let ways = Ways::find(&shapes::built(51, &pairs), 0, 50);
        assert_eq!((ways.length, ways.count, ways.has_longer), (Some(50), BigUint::from(1_u32), false));
        let cycle = Ways::find(&shapes::built(51, &pairs), 7, 7);
        assert_eq!((cycle.length, cycle.count, cycle.nodes), (Some(2), BigUint::from(2_u32), vec![7, 6, 8, 7]));
    }

    #[test]
    fn what_is_too_tangled_to_be_tried_ends() {
        // Forty groups in each other, every one in every other, and one way in and one out.
        let tangle = (1..41).flat_map(|a| (1..41).filter(move |b| *b != a).map(move |b| (a, b)));
        let pairs: Vec<_> = tangle.chain([(0, 1), (40, 41)]).collect();
        let ways = Ways::find(&shapes::built(42, &pairs), 0, 41);
        assert_eq!((ways.length, ways.has_longer), (Some(3), true));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_graph_has_the_ways_that_trying_finds(pairs in shapes::any(7)) {
            check(7, &pairs);
        }
    }
}
