//! What the removal of one membership changes: for one object's being in a group, and for all who are in the group.

use super::{
    edges::{Adjacency, Node},
    walk::{Direction, Marks, reach, reach_where},
    ways,
};

/// How many of those that are lost are listed.
pub const LISTED: usize = 100;

/// What would be, if one membership were no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The edges of a shortest way then.
    pub length: Option<u32>,
    /// Effective members of the group, of every kind: before, and then.
    pub before: usize,
    pub after: usize,
    /// The first [`LISTED`] that are in the group no more, in order.
    pub lost: Vec<Node>,
}

impl Removal {
    /// Of the membership of `member` in `from`; looked at from the group and an object in it.
    pub fn of(edges: &Adjacency, group: Node, object: Node, (from, member): (Node, Node)) -> Self {
        let stays = |near: Node, far: Node| (near, far) != (from, member);
        let before = reach(edges, group, Direction::Down);
        let after = reach_where(edges, group, Direction::Down, stays);
        let mut lost: Vec<Node> = Vec::new();
        if after.len() < before.len() {
            let kept: Marks = after.nodes().iter().copied().collect();
            lost.extend(before.nodes().iter().filter(|node| !kept.contains(**node)));
            lost.sort_unstable();
            lost.truncate(LISTED);
        }
        Self { length: ways::length(edges, group, object, stays), before: before.len(), after: after.len(), lost }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::explore::shapes;

    /// Against the graph without that edge.
    fn check(nodes: Node, pairs: &[(Node, Node)]) {
        let edges = shapes::built(nodes, pairs);
        let in_it = |edges: &Adjacency, group| -> BTreeSet<Node> {
            reach(edges, group, Direction::Down).nodes().iter().copied().collect()
        };
        for cut in pairs {
            let rest: Vec<_> = pairs.iter().copied().filter(|pair| pair != cut).collect();
            let rest = shapes::built(nodes, &rest);
            for group in 0..nodes {
                let (before, after) = (in_it(&edges, group), in_it(&rest, group));
                for object in 0..nodes {
                    let want = Removal {
                        length: ways::length(&rest, group, object, |_, _| true),
                        before: before.len(),
                        after: after.len(),
                        lost: before.difference(&after).copied().take(LISTED).collect(),
                    };
                    let found = Removal::of(&edges, group, object, *cut);
                    assert_eq!(found, want, "{group} to {object} without {cut:?} in {pairs:?}");
                }
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
    fn only_the_first_hundred_are_listed() {
        let pairs: Vec<_> = [(0, 1)].into_iter().chain((2..502).map(|user| (1, user))).collect();
        let found = Removal::of(&shapes::built(502, &pairs), 0, 400, (0, 1));
        assert_eq!((found.length, found.before, found.after), (None, 501, 0));
        assert_eq!(found.lost, (1..=100).collect::<Vec<_>>());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_removal_is_as_if_the_edge_had_not_been(pairs in shapes::any(6)) {
            check(6, &pairs);
        }
    }
}
