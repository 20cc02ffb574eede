//! How many groups name each member, counted on the way while the members that no list named are looked for, so that the
//! end of the run need not go through all edges once more. It holds until a list is written, and is kept only of a store
//! all of whose edges are the run's own.

use super::nodes::Nodes;

#[derive(Debug)]
pub(super) struct Tally {
    /// Both by number.
    groups_of: Vec<u32>,
    has_members: Vec<bool>,
}

impl Tally {
    /// For ids up to this number.
    pub(super) fn new(most: usize) -> Self {
        Self { groups_of: vec![0; most + 1], has_members: vec![false; most + 1] }
    }

    /// One edge more. `None`, and no tally at all, if it is none that the group is known to list.
    #[must_use]
    pub(super) fn and(mut self, grp: i64, member: i64, is_listed: bool) -> Option<Self> {
        let at = |num: i64| usize::try_from(num).ok();
        *self.groups_of.get_mut(at(member)?)? += 1;
        *self.has_members.get_mut(at(grp)?)? = true;
        is_listed.then_some(self)
    }

    /// Whether what was counted are groups still.
    pub(super) fn holds(&self, nodes: &Nodes) -> bool {
        (0_i64..).zip(&self.has_members).all(|(grp, has)| !has || nodes.is_group(grp))
    }

    /// Who is named, and by how many groups.
    pub(super) fn members(&self) -> impl Iterator<Item = (i64, u64)> {
        (0_i64..).zip(&self.groups_of).filter(|(_, groups)| **groups > 0).map(|(num, groups)| (num, u64::from(*groups)))
    }
}
