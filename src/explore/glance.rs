//! The tenant at a glance: how large groups are, how deep they lie in one another, which are the largest, and how all of it
//! grew.

use std::{cmp::Reverse, ops::Range};

use super::{answers::Known, cycles::Nesting, edges::Node};
use crate::{
    domain::{
        explore::{Bar, Facet, Glance, Growth},
        text::grouped,
    },
    store::{Reader, StoreError},
};

/// How many of the largest groups are told.
const LARGEST: usize = 10;

/// From how many on, by direct members; the last one is open.
const SIZES: [u64; 9] = [0, 1, 2, 6, 21, 101, 1_001, 10_001, 100_001];
const DEPTHS: [u64; 7] = [0, 1, 2, 3, 4, 6, 11];

/// The tenant at a glance. `groups`: the nodes that are groups, which lie side by side; the facets are those of the lists.
pub fn glance(
    run: &impl Known,
    groups: Range<Node>,
    nesting: &Nesting,
    of_users: Vec<Facet>,
    of_groups: Vec<Facet>,
    growth: Vec<Growth>,
) -> Glance {
    let size = |group: Node| run.edges().members(group).len() as u64;
    let mut largest: Vec<(Reverse<u64>, Node)> =
        groups.clone().map(|group| (Reverse(size(group)), group)).filter(|(size, _)| size.0 > 0).collect();
    if largest.len() > LARGEST {
        largest.select_nth_unstable(LARGEST);
        largest.truncate(LARGEST);
    }
    largest.sort_unstable();
    Glance {
        sizes: bars(&SIZES, "members", groups.clone().map(size)),
        depths: bars(&DEPTHS, "nesting", groups.map(|group| u64::from(nesting.depths[group as usize]))),
        users: of_users,
        groups: of_groups,
        growth,
        largest: largest.into_iter().map(|(size, group)| (run.step(group), size.0)).collect(),
    }
}

/// Objects and memberships over the finished runs that the store keeps, the oldest first.
pub fn growth(reader: &Reader) -> Result<Vec<Growth>, StoreError> {
    let mut growth = Vec::new();
    for run in reader.runs()?.iter().rev().filter(|run| run.status.is_finished()) {
        let totals = reader.totals(run.id)?;
        growth.push(Growth {
            run: run.id,
            at: run.last_at(),
            users: totals.users,
            groups: totals.groups,
            members: totals.members,
            edges: totals.edges,
        });
    }
    Ok(growth)
}

/// How many values lie between one beginning and the next; empty bars behind the last that is not are left out.
fn bars(begins: &[u64], field: &str, values: impl Iterator<Item = u64>) -> Vec<Bar> {
    let mut counts = vec![0; begins.len()];
    for value in values {
        let at = begins.partition_point(|begin| *begin <= value).saturating_sub(1);
        counts[at] += 1;
    }
    let used = counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
    (0..used)
        .map(|at| {
            let (from, next) = (begins[at], begins.get(at + 1).copied());
            let (title, filter) = match next {
                Some(next) if next == from + 1 => (grouped(from), format!("{field}:{from}")),
                Some(next) => {
                    let to = next - 1;
                    (format!("{} to {}", grouped(from), grouped(to)), format!("{field}:{from}..{to}"))
                }
                None => (format!("{} and more", grouped(from)), format!("{field}:>={from}")),
            };
            Bar { title, count: counts[at], filter }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::answers::tests::Small;

    #[test]
    fn values_are_counted_in_bars() {
        let check = |values: &[u64], want: &[(&str, u64, &str)]| {
            let bars = bars(&SIZES, "members", values.iter().copied());
            let got: Vec<_> = bars.iter().map(|bar| (bar.title.as_str(), bar.count, bar.filter.as_str())).collect();
            assert_eq!(got, want, "{values:?}");
        };
        check(&[], &[]);
        check(&[0, 0], &[("0", 2, "members:0")]);
        check(
            &[1, 2, 5, 6, 20],
            &[
                ("0", 0, "members:0"),
                ("1", 1, "members:1"),
                ("2 to 5", 2, "members:2..5"),
                ("6 to 20", 2, "members:6..20"),
            ],
        );
        let all = bars(&SIZES, "members", [1_000, 1_001, 10_000, 99_999, 100_001, 5_000_000].into_iter());
        let last = all.last().unwrap();
        assert_eq!(
            (last.title.as_str(), last.count, last.filter.as_str()),
            ("100,001 and more", 2, "members:>=100001")
        );
        assert_eq!(all[6].title, "1,001 to 10,000");
        assert_eq!(all.iter().map(|bar| bar.count).sum::<u64>(), 6);
    }

    #[test]
    fn the_largest_come_first_and_of_equals_the_first_by_name() {
        let names: Vec<&str> = "account a b c ga gb gc gd ge gf gg gh gi gj gk gl".split(' ').collect();
        let mut pairs: Vec<_> = names[4..].iter().map(|group| (*group, "a")).collect();
        pairs.retain(|(group, _)| *group != "gb");
        pairs.extend([("gl", "b"), ("gl", "c"), ("gk", "gl"), ("gj", "gk")]);
        let run = Small::of(&names, &pairs, &[]);
        let nesting = Nesting::of(&run.edges, |node| node >= 4);
        let glance = glance(&run, 4..16, &nesting, Vec::new(), Vec::new(), Vec::new());
        let largest: Vec<_> = glance.largest.iter().map(|(step, size)| (step.id.as_str(), *size)).collect();
        assert_eq!(largest[..4], [("gl", 3), ("gj", 2), ("gk", 2), ("ga", 1)]);
        assert_eq!((largest.len(), largest[9]), (10, ("gh", 1)));
        let depths: Vec<_> = glance.depths.iter().map(|bar| (bar.title.as_str(), bar.count)).collect();
        assert_eq!(depths, [("0", 10), ("1", 1), ("2", 1)]);
        assert_eq!(glance.sizes.iter().map(|bar| bar.count).collect::<Vec<_>>(), [1, 8, 3]);
    }
}
