//! What the tenant's steps change: the few objects that differ from what the seed alone gives, and when they last did.
//!
//! The state after a number of steps is a pure function of seed, sizes and steps: the steps are folded from none. Each
//! step touches a handful of objects, whatever the tenant's size. Every object and every membership remembers the last
//! step that touched it, though it may look as before again: that is what a delta query answers from, and why a member
//! who left and came back between two of its rounds is told once more.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    groups::{self, Base},
    seed::{Draw, Kind, Ref},
    tenant::{contacts_of, devices_of, principals_of},
};

/// The differences, summed up.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub steps: u32,
    pub new_users: u32,
    pub new_groups: u32,
    pub users: BTreeMap<u32, UserChange>,
    pub groups: BTreeMap<u32, GroupChange>,
    /// Contacts, devices and service principals.
    pub others: BTreeMap<Ref, OtherChange>,
    /// Who left a group in the step before, and comes back in the next.
    returning: Option<(u32, Ref)>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct UserChange {
    /// The last step that changed anything about the user.
    pub touched: u32,
    /// The step that made or restored the user.
    pub appeared: u32,
    /// The step that gave the name of now.
    pub renamed: Option<u32>,
    pub moved: Option<u32>,
    pub disabled: bool,
    pub deleted: Option<Deleted>,
}

/// How an object is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It can be restored; groups still list such a user, whom nobody answers for.
    Soft,
    Purged,
}

#[derive(Debug, Clone, Default)]
pub struct GroupChange {
    pub touched: u32,
    pub appeared: u32,
    pub renamed: Option<u32>,
    pub deleted: Option<Deleted>,
    /// Members beside those of the seed, in the order in which they came; nobody leaves this list again.
    pub added: Vec<Ref>,
    /// Members, of the seed or added, who are not in the group now.
    pub removed: BTreeSet<Ref>,
    /// The last step that touched each membership.
    pub links: BTreeMap<Ref, u32>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct OtherChange {
    pub touched: u32,
    /// The step that gave the name or the state of now.
    pub changed: Option<u32>,
    pub disabled: bool,
    pub deleted: bool,
}

impl Change {
    /// The state after so many steps.
    pub fn after(base: Base, steps: u32) -> Self {
        let mut change = Self::default();
        for _ in 0..steps {
            change.step(base);
        }
        change
    }

    /// One more step.
    pub fn step(&mut self, base: Base) {
        self.steps += 1;
        let step = self.steps;
        let mut draw = base.seed.draw("step", u64::from(step));
        // Some days nothing happens at all.
        if step > 3 && self.returning.is_none() && draw.percent(30) {
            return;
        }
        if let Some((group, member)) = self.returning.take().filter(|(group, _)| !self.group_is_deleted(*group)) {
            self.add(base, group, member, step);
        }
        // Whose memberships end or begin with themselves, whichever groups they are in.
        let mut ends = Vec::new();
        self.step_users(base, step, &mut draw, &mut ends);
        self.step_groups(base, step, &mut draw, &mut ends);
        self.step_others(base, step, &mut draw, &mut ends);
        self.step_members(base, step, &mut draw);
        self.touch_links_of(base, &ends, step);
    }

    fn step_users(&mut self, base: Base, step: u32, draw: &mut Draw, ends: &mut Vec<Ref>) {
        for _ in 0..3 {
            if let Some(user) = self.live_user(base, draw.next()) {
                self.touch_user(user, step).renamed = Some(step);
            }
        }
        for _ in 0..2 {
            if let Some(user) = self.live_user(base, draw.next()) {
                self.touch_user(user, step).moved = Some(step);
            }
        }
        for _ in 0..2 {
            if let Some(user) = self.live_user(base, draw.next()) {
                let user = self.touch_user(user, step);
                user.disabled = !user.disabled;
            }
        }
        for how in [Deleted::Soft, Deleted::Purged] {
            if let Some(user) = self.live_user(base, draw.next()).filter(|_| base.users > 3) {
                self.touch_user(user, step).deleted = Some(how);
                if how == Deleted::Purged {
                    ends.push(Ref { kind: Kind::User, index: user });
                }
            }
        }
        // Every third step, somebody who was deleted comes back; every fourth, somebody's time to come back is over.
        let soft = |users: &BTreeMap<u32, UserChange>, draw: &mut Draw| {
            let all: Vec<u32> = users
                .iter()
                .filter(|(_, c)| c.deleted == Some(Deleted::Soft) && c.touched < step)
                .map(|(i, _)| *i)
                .collect();
            all.get(draw.below(all.len() as u32) as usize).copied()
        };
        if step.is_multiple_of(3)
            && let Some(back) = soft(&self.users, draw)
        {
            let user = self.touch_user(back, step);
            user.deleted = None;
            user.appeared = step;
        }
        if step.is_multiple_of(4)
            && let Some(purged) = soft(&self.users, draw)
        {
            self.touch_user(purged, step).deleted = Some(Deleted::Purged);
            ends.push(Ref { kind: Kind::User, index: purged });
        }
        for _ in 0..3 {
            let user = base.users + self.new_users;
            self.new_users += 1;
            self.touch_user(user, step).appeared = step;
            // Everybody's group has whoever is new.
            if base.groups > 0 {
                self.groups.entry(0).or_default().links.insert(Ref { kind: Kind::User, index: user }, step);
            }
        }
    }

    fn step_groups(&mut self, base: Base, step: u32, draw: &mut Draw, ends: &mut Vec<Ref>) {
        let group = base.groups + self.new_groups;
        self.new_groups += 1;
        self.touch_group(group, step).appeared = step;
        if let Some(group) = self.live_group(base, draw.next()) {
            self.touch_group(group, step).renamed = Some(step);
        }
        // The first group is everybody's; it stays.
        if let Some(group) = self.live_group(base, draw.next()).filter(|g| *g > 0 && base.groups > 3) {
            let unified = groups::kind(base.seed, group).holds_users_only();
            self.touch_group(group, step).deleted = Some(if unified { Deleted::Soft } else { Deleted::Purged });
            ends.push(Ref { kind: Kind::Group, index: group });
        }
        let soft = |groups: &BTreeMap<u32, GroupChange>| {
            let fits = |c: &GroupChange| c.deleted == Some(Deleted::Soft) && c.touched < step;
            groups.iter().find(|(_, c)| fits(c)).map(|(index, _)| *index)
        };
        if step.is_multiple_of(3)
            && let Some(back) = soft(&self.groups)
        {
            let group = self.touch_group(back, step);
            group.deleted = None;
            group.appeared = step;
            ends.push(Ref { kind: Kind::Group, index: back });
        } else if step.is_multiple_of(4)
            && let Some(purged) = soft(&self.groups)
        {
            self.touch_group(purged, step).deleted = Some(Deleted::Purged);
        }
    }

    fn step_others(&mut self, base: Base, step: u32, draw: &mut Draw, ends: &mut Vec<Ref>) {
        let kinds = [
            (Kind::Contact, contacts_of(base.users)),
            (Kind::Device, devices_of(base.users)),
            (Kind::ServicePrincipal, principals_of(base.users)),
        ];
        for (place, (kind, of)) in (0u32..).zip(kinds) {
            let changed = Ref { kind, index: draw.below(of) };
            let gone = Ref { kind, index: draw.below(of) };
            let disabled = Ref { kind, index: draw.below(of) };
            self.touch_other(changed, step).changed = Some(step);
            let other = self.touch_other(disabled, step);
            other.disabled = !other.disabled;
            // One kind loses one in every other step; the first five are specimens, and stay.
            if step % 6 == place * 2 + 1 && gone.index >= 5 && !self.other_is_deleted(gone) {
                self.touch_other(gone, step).deleted = true;
                ends.push(gone);
            }
        }
    }

    fn step_members(&mut self, base: Base, step: u32, draw: &mut Draw) {
        for _ in 0..6 {
            let (Some(group), Some(user)) = (self.live_group(base, draw.next()), self.live_user(base, draw.next()))
            else {
                continue;
            };
            self.add(base, group, Ref { kind: Kind::User, index: user }, step);
        }
        // Whoever is new joins a group; everybody's group has them anyway.
        for newest in 0..3 {
            let user = base.users + self.new_users - 1 - newest;
            if let Some(group) = self.live_group(base, draw.next()) {
                self.add(base, group, Ref { kind: Kind::User, index: user }, step);
            }
        }
        // One of each other kind, into groups that can hold it.
        let mixed = |this: &Self, draw: &mut Draw| {
            let fits = |g: u32| !this.group_is_deleted(g) && !groups::kind(base.seed, g).holds_users_only();
            pick(base.groups + this.new_groups, draw.next(), fits)
        };
        for (kind, of) in [
            (Kind::Group, base.groups + self.new_groups),
            (Kind::Contact, contacts_of(base.users)),
            (Kind::Device, devices_of(base.users)),
            (Kind::ServicePrincipal, principals_of(base.users)),
        ] {
            let member = Ref { kind, index: draw.below(of) };
            let there = match kind {
                Kind::Group => !self.group_is_deleted(member.index),
                _ => !self.other_is_deleted(member),
            };
            if let Some(group) = mixed(self, draw).filter(|_| there) {
                self.add(base, group, member, step);
            }
        }
        let mut left = None;
        for _ in 0..6 {
            let Some(group) = self.live_group(base, draw.next()).filter(|g| *g > 0) else { continue };
            let roster = groups::roster(base, group);
            if let Some(member) = roster.at(draw.below(roster.len())) {
                self.remove(group, member, step);
                left = Some((group, member));
            }
        }
        // Groups of few users change, too: those of contacts, devices and service principals, and of all kinds.
        let group = [3, 10, 13, 14][step as usize % 4];
        if group < base.groups && !self.group_is_deleted(group) {
            let roster = groups::roster(base, group);
            if let Some(member) = roster.at(draw.below(roster.len())) {
                self.remove(group, member, step);
            }
        }
        // Somebody who was added leaves again.
        let changed: Vec<u32> =
            self.groups.iter().filter(|(_, c)| c.deleted.is_none() && !c.added.is_empty()).map(|(g, _)| *g).collect();
        if let Some(group) = changed.get(draw.below(changed.len() as u32) as usize).copied() {
            let added = &self.groups[&group].added;
            let member = added[draw.below(added.len() as u32) as usize];
            self.remove(group, member, step);
        }
        // And of those who left a group, one is back a step later.
        if step % 4 == 2 {
            self.returning = left;
        }
    }

    fn touch_user(&mut self, user: u32, step: u32) -> &mut UserChange {
        let user = self.users.entry(user).or_default();
        user.touched = step;
        user
    }

    fn touch_group(&mut self, group: u32, step: u32) -> &mut GroupChange {
        let group = self.groups.entry(group).or_default();
        group.touched = step;
        group
    }

    fn touch_other(&mut self, other: Ref, step: u32) -> &mut OtherChange {
        let other = self.others.entry(other).or_default();
        other.touched = step;
        other
    }

    fn add(&mut self, base: Base, group: u32, member: Ref, step: u32) {
        if group == 0 {
            return;
        }
        let change = self.groups.entry(group).or_default();
        if !change.removed.remove(&member) {
            if change.added.contains(&member) || groups::roster(base, group).contains(member) {
                return;
            }
            change.added.push(member);
        }
        change.links.insert(member, step);
    }

    fn remove(&mut self, group: u32, member: Ref, step: u32) {
        let change = self.groups.entry(group).or_default();
        if change.removed.insert(member) {
            change.links.insert(member, step);
        }
    }

    /// Every group that holds one of these has a membership touched. Looks at every group, once a step.
    fn touch_links_of(&mut self, base: Base, ends: &[Ref], step: u32) {
        if ends.is_empty() {
            return;
        }
        for group in 0..base.groups + self.new_groups {
            let roster = groups::roster(base, group);
            let held: Vec<Ref> = ends.iter().copied().filter(|m| self.names(base, &roster, group, *m)).collect();
            if !held.is_empty() {
                self.groups.entry(group).or_default().links.extend(held.into_iter().map(|m| (m, step)));
            }
        }
    }

    /// Whether a group has the member, be it deleted or not.
    pub fn names(&self, base: Base, roster: &groups::Roster, group: u32, member: Ref) -> bool {
        let change = self.groups.get(&group);
        let newcomer = group == 0
            && member.kind == Kind::User
            && (base.users..base.users + self.new_users).contains(&member.index);
        !change.is_some_and(|c| c.removed.contains(&member))
            && (newcomer || roster.contains(member) || change.is_some_and(|c| c.added.contains(&member)))
    }

    pub fn deleted_users(&self) -> impl Iterator<Item = u32> {
        self.users.iter().filter(|(_, c)| c.deleted.is_some()).map(|(i, _)| *i)
    }

    pub fn deleted(&self, user: u32) -> Option<Deleted> {
        self.users.get(&user).and_then(|c| c.deleted)
    }

    pub fn group_is_deleted(&self, group: u32) -> bool {
        self.groups.get(&group).is_some_and(|c| c.deleted.is_some())
    }

    pub fn other_is_deleted(&self, other: Ref) -> bool {
        self.others.get(&other).is_some_and(|c| c.deleted)
    }

    /// Some user who is there, found from a random number.
    fn live_user(&self, base: Base, random: u64) -> Option<u32> {
        pick(base.users + self.new_users, random, |u| self.deleted(u).is_none())
    }

    fn live_group(&self, base: Base, random: u64) -> Option<u32> {
        pick(base.groups + self.new_groups, random, |g| !self.group_is_deleted(g))
    }
}

fn pick(of: u32, random: u64, fits: impl Fn(u32) -> bool) -> Option<u32> {
    (0..of.min(64)).map(|n| ((random >> 16).wrapping_add(u64::from(n)) % u64::from(of)) as u32).find(|i| fits(*i))
}
