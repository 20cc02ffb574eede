//! The neighbourhood of an object on the edges of a run: to a depth, and no more than a limit.
//!
//! Level by level and never calling itself, so that cycles end and diamonds count once. Where there is no room for all, the
//! nearest are there, groups before others, and of all branches of a level some: an everybody-group leaves room for the rest.
//! Everything is counted, also what is not there.

use std::collections::HashMap;

use super::{
    answers::{Known, hides_members},
    edges::Node,
    walk::{Direction, Marks, reach},
};
use crate::domain::{
    kind::EntityKind,
    near::{Cause, Half, Missing, Near, NearQuery, Side, Sides},
};

/// How many edges there may be for each object that there may be: of groups that are all in one another nobody reads more.
const DENSE: usize = 16;

/// What is around an object. `None`: the run does not hold it.
pub fn near(run: &impl Known, query: &NearQuery) -> Option<Near> {
    let middle = run.node(&query.id)?;
    let sides = if run.kind(middle) == EntityKind::Group { query.sides } else { Sides::Up };
    let totals = |side| if sides.has(side) { Totals::of(run, middle, side, query.depth) } else { Totals::default() };
    let (up, down) = (totals(Side::Up), totals(Side::Down));
    let room = u64::from(query.limit.max(1)) - 1;
    // Half of the room for each, and to either what the other leaves.
    let above = up.within.min((room / 2).max(room.saturating_sub(down.within)));
    let mut places = Places::of(middle);
    let mut half = |side: Side, totals: Totals, room: u64| {
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let most = DENSE * (query.limit as usize).max(1);
        match sides.has(side) {
            true => walk(run, (middle, side), (query.depth, room, most), totals, &mut places),
            false => Half::default(),
        }
    };
    let up = half(Side::Up, up, above);
    let down = half(Side::Down, down, room - above);
    let mut unknown: Vec<u32> = Vec::new();
    if sides.has(Side::Down) {
        let below = std::iter::once(0).chain(down.edges.iter().map(|(_, far)| *far));
        unknown.extend(below.filter(|place| hides_members(run, places.nodes[*place as usize])));
        unknown.sort_unstable();
        unknown.dedup();
    }
    let steps = places.nodes.iter().map(|node| run.step(*node)).collect();
    Some(Near { sides, depth: query.depth, limit: query.limit, steps, up, down, unknown })
}

/// How many objects there are.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    within: u64,
    beyond: u64,
}

impl Totals {
    fn of(run: &impl Known, middle: Node, side: Side, depth: u32) -> Self {
        let reached = reach(run.edges(), middle, direction(side));
        let within = reached.iter().take_while(|(_, far)| *far <= depth).count();
        Self { within: within as u64, beyond: (reached.len() - within) as u64 }
    }
}

const fn direction(side: Side) -> Direction {
    match side {
        Side::Up => Direction::Up,
        Side::Down => Direction::Down,
    }
}

/// Which nodes are steps, and where.
struct Places {
    nodes: Vec<Node>,
    at: HashMap<Node, u32>,
}

impl Places {
    fn of(middle: Node) -> Self {
        Self { nodes: vec![middle], at: HashMap::from([(middle, 0)]) }
    }

    fn place(&mut self, node: Node) -> u32 {
        *self.at.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

fn walk(
    run: &impl Known,
    (middle, side): (Node, Side),
    (depth, room, most): (u32, usize, usize),
    totals: Totals,
    places: &mut Places,
) -> Half {
    let next = |node: Node| direction(side).next(run.edges(), node);
    let mut seen = Marks::new(run.edges().nodes());
    seen.insert(middle);
    let mut order = vec![middle];
    // Those before are gone on from, those behind are the last level.
    let mut end = 0;
    for _ in 0..depth {
        let begin = std::mem::replace(&mut end, order.len());
        if begin == end {
            break;
        }
        let level = order[begin..end].to_vec();
        for groups in [true, false] {
            let is_wanted = |node: Node| (run.kind(node) == EntityKind::Group) == groups;
            choose(level.iter().map(|node| next(*node)), is_wanted, room + 1, &mut seen, &mut order);
        }
    }
    let mut half =
        Half { within: totals.within, beyond: totals.beyond, shown: order.len() as u64 - 1, ..Half::default() };
    for (n, near) in order.iter().copied().enumerate() {
        let (near_place, all) = (places.place(near), next(near));
        if n >= end {
            half.lacks(near_place, all.len(), Cause::Depth);
            continue;
        }
        let mut drawn = 0;
        for groups in [true, false] {
            for far in all.iter().filter(|far| seen.contains(**far) && (run.kind(**far) == EntityKind::Group) == groups)
            {
                if half.edges.len() < most {
                    half.edges.push((near_place, places.place(*far)));
                    drawn += 1;
                }
            }
        }
        half.lacks(near_place, all.len() - drawn, Cause::Limit);
    }
    half
}

impl Half {
    fn lacks(&mut self, of: u32, count: usize, cause: Cause) {
        if count > 0 {
            self.missing.push(Missing { of, count: count as u64, cause });
        }
    }
}

/// Takes what is new of each stretch in turn, until there is no room.
fn choose<'a>(
    stretches: impl Iterator<Item = &'a [Node]>,
    is_wanted: impl Fn(Node) -> bool,
    room: usize,
    seen: &mut Marks,
    order: &mut Vec<Node>,
) {
    let mut left: Vec<_> = stretches.map(|stretch| stretch.iter()).collect();
    while !left.is_empty() && order.len() < room {
        left.retain_mut(|nodes| {
            if order.len() >= room {
                return false;
            }
            let found = nodes.find(|node| is_wanted(**node) && seen.insert(**node));
            order.extend(found);
            found.is_some()
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        domain::{completeness::State, explore::Step, near::tree},
        explore::{answers::tests::Small, edges::Adjacency, shapes},
    };

    /// A run of groups only, but for every third from 2 on.
    struct Plain(Adjacency);

    impl Known for Plain {
        fn edges(&self) -> &Adjacency {
            &self.0
        }

        fn node(&self, id: &str) -> Option<Node> {
            id.parse().ok().filter(|node| (*node as usize) < self.0.nodes())
        }

        fn step(&self, node: Node) -> Step {
            let (kind, id) = (self.kind(node), node.to_string());
            Step { name: id.clone(), id, kind, label: String::new(), in_cycle: false, state: None }
        }

        fn kind(&self, node: Node) -> EntityKind {
            if node % 3 == 2 { EntityKind::User } else { EntityKind::Group }
        }

        fn is_read(&self, _: Node) -> bool {
            true
        }

        fn state(&self, _: Node) -> Option<State> {
            None
        }
    }

    fn asked(id: Node, sides: Sides, depth: u32, limit: u32) -> NearQuery {
        NearQuery { id: id.to_string(), sides, depth, limit }
    }

    /// How far everything is, by trying longer and longer walks.
    fn distances(nodes: Node, pairs: &BTreeSet<(Node, Node)>, from: Node) -> BTreeMap<Node, u32> {
        let mut far = BTreeMap::from([(from, 0)]);
        let mut here = BTreeSet::from([from]);
        for depth in 1..=nodes {
            here = pairs.iter().filter(|(near, _)| here.contains(near)).map(|(_, far)| *far).collect();
            for node in &here {
                far.entry(*node).or_insert(depth);
            }
        }
        far
    }

    fn check(nodes: Node, pairs: &[(Node, Node)], depth: u32, limit: u32) {
        let run = Plain(shapes::built(nodes, pairs));
        for middle in 0..nodes {
            for sides in Sides::ALL {
                let near = near(&run, &asked(middle, sides, depth, limit)).unwrap();
                let ids: Vec<Node> = near.steps.iter().map(|step| step.id.parse().unwrap()).collect();
                let words = format!("{sides:?} of {middle}, {depth} deep, at most {limit}, in {pairs:?}: {near:?}");
                assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "each once: {words}");
                assert!(ids.len() <= limit.max(1) as usize && ids[0] == middle, "{words}");
                for side in near.sides() {
                    let turned = |(group, member): &(Node, Node)| match side {
                        Side::Down => (*group, *member),
                        Side::Up => (*member, *group),
                    };
                    half(near.half(side), &ids, &pairs.iter().map(turned).collect(), nodes, (depth, limit), &words);
                }
                drawn(&near, &words);
            }
        }
    }

    /// One half, against the oracle.
    fn half(
        half: &Half,
        ids: &[Node],
        pairs: &BTreeSet<(Node, Node)>,
        nodes: Node,
        (depth, limit): (u32, u32),
        words: &str,
    ) {
        let far = distances(nodes, pairs, ids[0]);
        let within: BTreeSet<Node> =
            far.iter().filter(|(_, far)| (1..=depth).contains(*far)).map(|(node, _)| *node).collect();
        assert_eq!(half.within, within.len() as u64, "{words}");
        assert_eq!(half.beyond, far.values().filter(|far| **far > depth).count() as u64, "{words}");
        let edges: Vec<_> = half.edges.iter().map(|(a, b)| (ids[*a as usize], ids[*b as usize])).collect();
        assert!(edges.iter().all(|edge| pairs.contains(edge)), "{words}");
        assert_eq!(edges.iter().collect::<BTreeSet<_>>().len(), edges.len(), "each edge once: {words}");
        let here: BTreeSet<Node> = edges.iter().map(|(_, far)| *far).filter(|node| *node != ids[0]).collect();
        assert_eq!(half.shown, here.len() as u64, "{words}");
        assert!(here.is_subset(&within), "{words}");
        // Nothing hangs in the air, and nothing deeper than asked for.
        let drawn = distances(nodes, &edges.iter().copied().collect(), ids[0]);
        assert!(here.iter().all(|node| drawn.get(node).is_some_and(|far| *far <= depth)), "{words}");
        // Each edge of what is here is drawn, or counted.
        for node in here.iter().chain([&ids[0]]) {
            let all = pairs.iter().filter(|(near, _)| near == node).count();
            let drawn = edges.iter().filter(|(near, _)| near == node).count();
            let missing: Vec<_> = half.missing.iter().filter(|m| ids[m.of as usize] == *node).collect();
            assert!(missing.len() <= 1 && missing.iter().all(|m| m.count > 0), "{words}");
            assert_eq!(drawn as u64 + missing.iter().map(|m| m.count).sum::<u64>(), all as u64, "of {node}: {words}");
        }
        // With room for all, all is there: every edge of what is not at the end.
        if limit > 2 * nodes {
            assert_eq!(here, within, "{words}");
            let want = pairs.iter().filter(|(near, _)| far.get(near).is_some_and(|far| *far < depth)).count();
            assert_eq!(edges.len(), want, "{words}");
            assert!(half.missing.iter().all(|m| m.cause == Cause::Depth), "{words}");
        }
    }

    /// The tree of it: a line an edge, and each object has its branches once.
    fn drawn(near: &Near, words: &str) {
        let lines = tree::lines(near);
        let heads = if near.sides().count() > 1 { 2 } else { 0 };
        let more = near.sides().flat_map(|side| &near.half(side).missing).filter(|m| m.cause == Cause::Limit).count();
        let edges = near.up.edges.len() + near.down.edges.len();
        assert_eq!(lines.len(), 1 + heads + edges + more, "{words}");
        let mut open = BTreeSet::new();
        for line in &lines {
            if let tree::What::Object { step, side, again: None, .. } = line.what {
                assert!(open.insert((side, step)), "{words}");
            }
            assert!(line.branch.depth <= near.depth + 2, "{words}");
        }
        assert_eq!(open.len() as u64, 1 + near.up.shown + near.down.shown, "{words}");
    }

    #[test]
    fn named_shapes() {
        for (nodes, pairs) in shapes::SMALL {
            for depth in 0..4 {
                for limit in [1, 2, 3, 5, 100] {
                    check(*nodes, pairs, depth, limit);
                }
            }
        }
    }

    #[test]
    fn an_everybody_group_leaves_room_for_the_rest() {
        let (nodes, mut pairs) = shapes::everybody(3_000, 60);
        // Ten groups above, each with one above it.
        pairs.extend((0..10).flat_map(|n| [(nodes + 2 * n, 0), (nodes + 2 * n + 1, nodes + 2 * n)]));
        let run = Plain(shapes::built(nodes + 20, &pairs));
        let near = near(&run, &asked(0, Sides::Both, 3, 200)).unwrap();
        assert_eq!((near.steps.len(), near.up.within, near.up.shown), (200, 20, 20));
        assert_eq!(near.down.within, u64::from(nodes) - 1);
        assert!(near.down.edges.len() <= DENSE * 200);
        assert!(near.steps.iter().filter(|step| step.kind == EntityKind::Group).count() > 60, "groups come first");
        assert!(near.left_out()[0].starts_with("Left out: "), "{:?}", near.left_out());
        // A chain is as deep as asked for.
        let chain = Plain(shapes::built(51, &shapes::chain(50)));
        let near = super::near(&chain, &asked(0, Sides::Down, 49, 200)).unwrap();
        assert_eq!((near.down.shown, near.down.beyond, near.down.missing.len()), (49, 1, 1));
    }

    #[test]
    fn what_nobody_could_see_is_said() {
        let run = Small::of(
            &["account", "alice", "g-all", "g-secret", "g?", "g-old"],
            &[("g-all", "g-secret"), ("g-all", "g?"), ("g-all", "alice"), ("g-all", "g-old")],
            &[("g-secret", State::Hidden), ("g-old", State::Gone)],
        );
        let query = |id: &str, sides| NearQuery { id: id.to_owned(), sides, depth: 3, limit: 99 };
        let all = near(&run, &query("g-all", Sides::Both)).unwrap();
        let names: Vec<_> = all.unknown.iter().map(|place| all.steps[*place as usize].id.as_str()).collect();
        assert_eq!(names, ["g-secret", "g?"]);
        // Of what is no group there is only what is above it.
        let user = near(&run, &query("alice", Sides::Down)).unwrap();
        assert_eq!((user.sides, user.steps.len(), user.unknown.len()), (Sides::Up, 2, 0));
        assert_eq!(near(&run, &query("nobody", Sides::Both)), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_graph_is_looked_at_whole(pairs in shapes::any(7), depth in 0..5_u32, limit in 1..18_u32) {
            check(7, &pairs, depth, limit);
            check(7, &pairs, depth, 100);
        }
    }
}
