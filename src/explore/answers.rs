//! Ways, removals and the tenant at a glance, with names: what was found on the edges of a run, as the answers have it.
//!
//! The account has no place among the edges: it has every user and every group, which is known without looking.

use super::{
    cut::Removal,
    edges::{Adjacency, Node},
    walk::{Direction, reach},
    ways::Ways,
};
use crate::domain::{
    completeness::State,
    explore::{Cut, Step, Why},
    kind::EntityKind,
};

/// A run in memory, as far as answers about its edges need it.
pub trait Known {
    fn edges(&self) -> &Adjacency;
    fn node(&self, id: &str) -> Option<Node>;
    fn step(&self, node: Node) -> Step;
    fn kind(&self, node: Node) -> EntityKind;
    /// Whether it was read: of a group that could not be, nothing is known of its members either.
    fn is_read(&self, node: Node) -> bool;
    /// How the reading of a group's members ended, where it is not complete.
    fn state(&self, node: Node) -> Option<State>;
}

/// Through what an object is in a group, or in the account. `None`: the run does not hold one of the two.
pub fn why(run: &impl Known, group: &str, object: &str) -> Option<Why> {
    let (group, object) = (run.node(group)?, run.node(object)?);
    if run.kind(group) == EntityKind::Account {
        return Some(why_in_account(run, group, object));
    }
    let ways = Ways::find(run.edges(), group, object);
    Some(Why {
        steps: ways.nodes.iter().map(|node| run.step(*node)).collect(),
        edges: ways.edges,
        length: ways.length,
        count: ways.count.to_string(),
        ways: ways.listed,
        has_longer: ways.has_longer,
        unknown: unknown(run, group),
    })
}

/// What the removal of one membership changes. `None`: the run does not hold one of the four.
pub fn cut(run: &impl Known, group: &str, object: &str, from: &str, to: &str) -> Option<Cut> {
    let (group, object) = (run.node(group)?, run.node(object)?);
    let removed = (run.node(from)?, run.node(to)?);
    let removal = Removal::of(run.edges(), group, object, removed);
    Some(Cut {
        length: removal.length,
        before: removal.before as u64,
        after: removal.after as u64,
        lost: removal.lost.into_iter().map(|node| run.step(node)).collect(),
    })
}

/// Groups from here down through which something may be in the group, although nobody could see it.
fn unknown(run: &impl Known, group: Node) -> Vec<Step> {
    let below = reach(run.edges(), group, Direction::Down);
    let mut unknown: Vec<Node> =
        [group].iter().chain(below.nodes()).copied().filter(|node| hides_members(run, *node)).collect();
    unknown.sort_unstable();
    unknown.into_iter().map(|node| run.step(node)).collect()
}

/// A group that is gone has no members to be hidden.
pub(super) fn hides_members(run: &impl Known, node: Node) -> bool {
    run.kind(node) == EntityKind::Group
        && (!run.is_read(node) || matches!(run.state(node), Some(State::Partial | State::Forbidden | State::Hidden)))
}

/// The account has users and groups directly, and what else there is through the groups that it is in.
fn why_in_account(run: &impl Known, account: Node, object: Node) -> Why {
    let groups = run.edges().groups(object);
    let mut why = Why {
        steps: vec![run.step(account)],
        edges: Vec::new(),
        length: None,
        count: "0".to_owned(),
        ways: Vec::new(),
        has_longer: false,
        unknown: Vec::new(),
    };
    match run.kind(object) {
        EntityKind::User | EntityKind::Group => {
            why.edges.push((0, 1));
            why.length = Some(1);
            why.count = "1".to_owned();
            why.ways.push(vec![0, 1]);
            why.has_longer = groups.iter().any(|group| *group != object);
        }
        EntityKind::Member if !groups.is_empty() => {
            why.steps.extend(groups.iter().map(|group| run.step(*group)));
            let last = u32::try_from(why.steps.len()).unwrap_or(u32::MAX);
            why.edges.extend((1..last).map(|group| (0, group)));
            why.edges.extend((1..last).map(|group| (group, last)));
            why.length = Some(2);
            why.count = groups.len().to_string();
            why.ways = (1..last).map(|group| vec![0, group, last]).take(super::ways::LISTED).collect();
            why.has_longer = groups.iter().any(|group| run.edges().groups(*group).iter().any(|above| above != group));
        }
        EntityKind::Member | EntityKind::Account => {}
    }
    why.steps.push(run.step(object));
    why
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A run with nodes `0 account`, `1 alice` … as their texts say: names that begin with `g` are groups, with `d` devices.
    pub struct Small {
        pub names: Vec<&'static str>,
        pub edges: Adjacency,
        pub states: Vec<(Node, State)>,
    }

    impl Small {
        pub fn of(names: &[&'static str], pairs: &[(&str, &str)], states: &[(&str, State)]) -> Self {
            let at = |name: &str| place(names.iter().position(|known| *known == name).unwrap());
            let edges = Adjacency::new(names.len(), pairs.iter().map(|(group, member)| (at(group), at(member))));
            Self {
                names: names.to_vec(),
                edges,
                states: states.iter().map(|(name, state)| (at(name), *state)).collect(),
            }
        }
    }

    fn place(at: usize) -> Node {
        Node::try_from(at).unwrap()
    }

    impl Known for Small {
        fn edges(&self) -> &Adjacency {
            &self.edges
        }

        fn node(&self, id: &str) -> Option<Node> {
            self.names.iter().position(|name| *name == id).map(place)
        }

        fn step(&self, node: Node) -> Step {
            Step {
                id: self.names[node as usize].to_owned(),
                kind: self.kind(node),
                name: self.names[node as usize].to_uppercase(),
                label: String::new(),
                in_cycle: false,
                state: self.state(node),
            }
        }

        fn kind(&self, node: Node) -> EntityKind {
            match self.names[node as usize].as_bytes()[0] {
                b'g' => EntityKind::Group,
                b'd' => EntityKind::Member,
                _ if node == 0 => EntityKind::Account,
                _ => EntityKind::User,
            }
        }

        fn is_read(&self, node: Node) -> bool {
            !self.names[node as usize].ends_with('?')
        }

        fn state(&self, node: Node) -> Option<State> {
            self.states.iter().find(|(of, _)| *of == node).map(|(_, state)| *state)
        }
    }

    fn small() -> Small {
        Small::of(
            &["account", "alice", "bob", "g-all", "g-it", "g-old", "g-secret", "device", "d-lost", "g?", "g-top"],
            &[
                ("g-all", "g-it"),
                ("g-all", "g-secret"),
                ("g-all", "bob"),
                ("g-it", "alice"),
                ("g-it", "bob"),
                ("g-it", "device"),
                ("g-it", "g-old"),
                ("g-top", "g?"),
            ],
            &[("g-secret", State::Hidden), ("g-old", State::Gone)],
        )
    }

    #[test]
    fn the_ways_have_names() {
        let run = small();
        let check = |group: &str, object: &str, steps: &str, length: Option<u32>, has_longer, unknown: &str| {
            let why = why(&run, group, object).unwrap();
            let names = |steps: &[Step]| steps.iter().map(|step| step.id.clone()).collect::<Vec<_>>().join(" ");
            assert_eq!((names(&why.steps).as_str(), why.length), (steps, length), "{group} to {object}");
            assert_eq!((why.has_longer, names(&why.unknown).as_str()), (has_longer, unknown), "{group} to {object}");
            assert_eq!(why.count, why.ways.len().to_string());
            let ends = [0, u32::try_from(why.steps.len() - 1).unwrap()];
            assert!(why.ways.iter().all(|way| [way[0], way[way.len() - 1]] == ends), "{:?}", why.ways);
        };
        check("g-all", "alice", "g-all g-it alice", Some(2), false, "g-secret");
        check("g-all", "bob", "g-all bob", Some(1), true, "g-secret");
        check("g-it", "alice", "g-it alice", Some(1), false, "");
        // Not known, and not certain: the hidden group may hold her.
        check("g-secret", "alice", "g-secret alice", None, false, "g-secret");
        check("g-it", "d-lost", "g-it d-lost", None, false, "");
        check("g-top", "alice", "g-top alice", None, false, "g?");
        check("account", "alice", "account alice", Some(1), true, "");
        check("account", "g-all", "account g-all", Some(1), false, "");
        check("account", "device", "account g-it device", Some(2), true, "");
        check("account", "d-lost", "account d-lost", None, false, "");
        assert_eq!(why(&run, "g-all", "nobody"), None);
    }

    #[test]
    fn what_is_lost_has_names() {
        let run = small();
        let cut = cut(&run, "g-all", "bob", "g-all", "g-it").unwrap();
        assert_eq!((cut.length, cut.before, cut.after), (Some(1), 6, 2));
        assert_eq!(
            cut.lost.iter().map(|step| step.id.as_str()).collect::<Vec<_>>(),
            ["alice", "g-it", "g-old", "device"]
        );
    }
}
