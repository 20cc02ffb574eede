//! What the tenant's steps change: the few objects that differ from what the seed alone gives.
//!
//! The state after a number of steps is a pure function of seed, sizes and steps: the steps are folded anew from none.
//! Each step touches a fixed handful of objects, so that a step of a large tenant costs what one of a small tenant does.

use std::collections::{HashMap, HashSet};

use super::{
    groups,
    seed::{Kind, Ref, Seed},
};

/// The differences, summed up.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub steps: u32,
    pub new_users: u32,
    pub new_groups: u32,
    pub users: HashMap<u32, UserChange>,
    pub groups: HashMap<u32, GroupChange>,
    /// Contacts and devices by index, with the last step that changed them.
    pub contacts: HashMap<u32, u32>,
    pub devices: HashMap<u32, u32>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct UserChange {
    /// The step that gave the name of now.
    pub renamed: Option<u32>,
    pub moved: Option<u32>,
    pub disabled: bool,
    pub deleted: Option<Deleted>,
}

/// What becomes of a deleted user's memberships.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// Soft-deleted: groups still list the user, whom nobody answers for.
    StillMember,
    Purged,
}

#[derive(Debug, Clone, Default)]
pub struct GroupChange {
    pub renamed: Option<u32>,
    pub deleted: bool,
    pub added: Vec<Ref>,
    pub removed: HashSet<Ref>,
}

impl Change {
    /// The state after so many steps of a tenant that began with so many users and groups.
    pub fn after(seed: Seed, users: u32, groups: u32, steps: u32) -> Self {
        let mut change = Self::default();
        for step in 1..=steps {
            change.step(seed, users, groups, step);
        }
        change
    }

    fn step(&mut self, seed: Seed, users: u32, groups: u32, step: u32) {
        let mut draw = seed.draw("step", u64::from(step));
        self.steps = step;

        for _ in 0..3 {
            if let Some(user) = self.live_user(users, draw.next()) {
                self.users.entry(user).or_default().renamed = Some(step);
            }
        }
        for _ in 0..2 {
            if let Some(user) = self.live_user(users, draw.next()) {
                self.users.entry(user).or_default().moved = Some(step);
            }
        }
        for _ in 0..2 {
            if let Some(user) = self.live_user(users, draw.next()) {
                self.users.entry(user).or_default().disabled = true;
            }
        }
        for how in [Deleted::StillMember, Deleted::Purged] {
            if let Some(user) = self.live_user(users, draw.next()).filter(|_| users > 3) {
                self.users.entry(user).or_default().deleted = Some(how);
            }
        }
        // Every third step, somebody who was deleted comes back.
        if step.is_multiple_of(3) {
            let mut deleted: Vec<u32> = self.deleted_users().collect();
            deleted.sort_unstable();
            if !deleted.is_empty() {
                let back = deleted[draw.below(u32::try_from(deleted.len()).unwrap_or(1)) as usize];
                self.users.entry(back).or_default().deleted = None;
            }
        }
        self.new_users += 3;
        self.new_groups += 1;

        if let Some(group) = self.live_group(groups, draw.next()) {
            self.groups.entry(group).or_default().renamed = Some(step);
        }
        // The first group is everybody's; it stays.
        if let Some(group) = self.live_group(groups, draw.next()).filter(|g| *g > 0 && groups > 3) {
            self.groups.entry(group).or_default().deleted = true;
        }
        for _ in 0..6 {
            let (Some(group), Some(user)) = (self.live_group(groups, draw.next()), self.live_user(users, draw.next()))
            else {
                continue;
            };
            self.add(seed, users, groups, group, Ref { kind: Kind::User, index: user });
        }
        // Whoever is new joins a group; everybody's group has them anyway.
        for newest in 0..3 {
            let user = users + self.new_users - 1 - newest;
            if let Some(group) = self.live_group(groups, draw.next()) {
                self.add(seed, users, groups, group, Ref { kind: Kind::User, index: user });
            }
        }
        for _ in 0..6 {
            let Some(group) = self.live_group(groups, draw.next()).filter(|g| *g > 0) else { continue };
            let roster = groups::roster(seed, users, groups, group);
            let removed = roster.at(draw.below(roster.len()));
            let change = self.groups.entry(group).or_default();
            if let Some(member) = removed {
                change.added.retain(|m| *m != member);
                change.removed.insert(member);
            }
        }
        let contacts = super::tenant::contacts_of(users);
        if contacts > 0 {
            self.contacts.insert(draw.below(contacts), step);
        }
        let devices = super::tenant::devices_of(users);
        if devices > 0 {
            self.devices.insert(draw.below(devices), step);
        }
    }

    fn add(&mut self, seed: Seed, users: u32, groups: u32, group: u32, member: Ref) {
        let roster = groups::roster(seed, users, groups, group);
        let change = self.groups.entry(group).or_default();
        if group > 0 && !change.removed.remove(&member) && !roster.contains(member) && !change.added.contains(&member) {
            change.added.push(member);
        }
    }

    pub fn deleted_users(&self) -> impl Iterator<Item = u32> {
        self.users.iter().filter(|(_, c)| c.deleted.is_some()).map(|(i, _)| *i)
    }

    pub fn deleted(&self, user: u32) -> Option<Deleted> {
        self.users.get(&user).and_then(|c| c.deleted)
    }

    pub fn group_is_deleted(&self, group: u32) -> bool {
        self.groups.get(&group).is_some_and(|c| c.deleted)
    }

    /// Some user who is there, found from a random number.
    fn live_user(&self, users: u32, random: u64) -> Option<u32> {
        pick(users + self.new_users, random, |u| self.deleted(u).is_none())
    }

    fn live_group(&self, groups: u32, random: u64) -> Option<u32> {
        pick(groups + self.new_groups, random, |g| !self.group_is_deleted(g))
    }
}

fn pick(of: u32, random: u64, fits: impl Fn(u32) -> bool) -> Option<u32> {
    (0..of.min(64)).map(|n| ((random >> 16).wrapping_add(u64::from(n)) % u64::from(of)) as u32).find(|i| fits(*i))
}
