//! Graphs for tests: small ones with names, large ones by a rule, and any.

use proptest::prelude::*;

use super::edges::{Adjacency, Node};

/// How many nodes, and the edges between them.
pub const SMALL: &[(Node, &[(Node, Node)])] = &[
    // One user in one group, and one in none.
    (3, &[(0, 1)]),
    // A group that is a member of itself.
    (2, &[(0, 0), (0, 1)]),
    // Two groups in each other, and a user in one.
    (3, &[(0, 1), (1, 0), (1, 2)]),
    // A cycle of three with a tail on either side.
    (6, &[(0, 1), (1, 2), (2, 3), (3, 1), (3, 4), (0, 5)]),
    // A diamond, and the direct way beside it.
    (4, &[(0, 1), (0, 2), (1, 3), (2, 3), (0, 3)]),
    // Two diamonds, one behind the other.
    (7, &[(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (3, 5), (4, 6), (5, 6)]),
    // Ways of two and of three edges.
    (5, &[(0, 1), (1, 4), (0, 2), (2, 3), (3, 4)]),
    // A diamond with a cycle that no way passes twice.
    (6, &[(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (4, 3), (3, 5)]),
    // Everything in everything.
    (3, &[(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]),
];

pub fn built(nodes: Node, pairs: &[(Node, Node)]) -> Adjacency {
    Adjacency::new(nodes as usize, pairs.iter().copied())
}

/// So many edges in a row, from 0.
pub fn chain(edges: Node) -> Vec<(Node, Node)> {
    (0..edges).map(|n| (n, n + 1)).collect()
}

/// So many diamonds in a row, from 0: each doubles the number of ways to the end, which is node `3 * diamonds`.
pub fn ladder(diamonds: Node) -> Vec<(Node, Node)> {
    (0..diamonds)
        .map(|n| n * 3)
        .flat_map(|top| [(top, top + 1), (top, top + 2), (top + 1, top + 3), (top + 2, top + 3)])
        .collect()
}

/// A group 0 of everything: of `groups` groups that lie in one another by fifties, of users who are in three of them each.
pub fn everybody(users: Node, groups: Node) -> (Node, Vec<(Node, Node)>) {
    let all = 1 + groups + users;
    let mut pairs: Vec<_> = (1..all).map(|node| (0, node)).collect();
    pairs.extend((1..groups).filter(|group| group % 50 != 0).map(|group| (group, group + 1)));
    pairs.extend((0..users).flat_map(|user| {
        [1, 7, 11]
            .map(|step| (1 + user.wrapping_mul(2_654_435_761).wrapping_add(step * 97) % groups, 1 + groups + user))
    }));
    (all, pairs)
}

/// Any edges among so many nodes: with cycles and diamonds more often than not.
pub fn any(nodes: Node) -> impl Strategy<Value = Vec<(Node, Node)>> {
    prop::collection::vec((0..nodes, 0..nodes), 0..20)
}
