//! What a run that is about to end knows of every id, in a few bits each: nums are dense, so a vector does.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use super::{
    finish::NOT_READ,
    put::{GONE, UNTOLD},
    runs,
};
use crate::domain::{
    completeness::{Collection, State},
    ids::RunId,
    kind::EntityKind,
    reading::RunKind,
};

/// One id as of the run in progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// The open object, if there is one.
    pub open: Option<Open>,
    /// How this run got hold of it.
    pub fate: Fate,
    /// How this group's list ended in this run, as far as it ended.
    pub list: Option<State>,
    marks: Marks,
}

/// What else is known of an id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks(u8);

impl Marks {
    /// An edge that stays names it.
    pub(super) const NAMED: Self = Self(1);
    /// The run before has it as a group.
    pub(super) const WAS_GROUP: Self = Self(1 << 1);
    /// The run before does not have the group's list whole.
    pub(super) const LACKING: Self = Self(1 << 2);
    /// This run began to read the group's list, and has not come to its end.
    pub(super) const HALF_READ: Self = Self(1 << 3);
    /// This run was told that it is gone, and then saw it.
    pub(super) const REBORN: Self = Self(1 << 4);
    /// The group lists a member that was gone and is there again.
    pub(super) const HAS_RISEN: Self = Self(1 << 5);
    /// Nothing was found out of it, or nobody asked.
    pub(super) const UNTOLD: Self = Self(1 << 6);
    /// An earlier run found it gone, and some group went on listing it.
    const GHOST: Self = Self(1 << 7);
    /// What keeps a group's list from being as it was.
    const MOVED: Self = Self(Self::LACKING.0 | Self::HALF_READ.0 | Self::REBORN.0 | Self::HAS_RISEN.0);
}

impl Node {
    pub(super) const fn is(&self, mark: Marks) -> bool {
        self.marks.0 & mark.0 != 0
    }

    /// Whether it was gone before, and nothing says otherwise.
    const fn stays_gone(&self) -> bool {
        self.is(Marks::GHOST) && self.is(Marks::UNTOLD) && self.open.is_none()
    }

    pub(super) const fn mark(&mut self, mark: Marks) {
        self.marks.0 |= mark.0;
    }
}

/// Whether the run goes on, or is about to end: then only what it came to the end of counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Reading,
    Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub kind: EntityKind,
    pub entity: bool,
    /// Whether this run wrote it, or saw it unchanged.
    pub fresh: bool,
}

/// What single look-ups told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Fate {
    #[default]
    Unknown,
    Gone,
    Unreadable,
}

/// All ids, and the state of the collections.
#[derive(Debug)]
pub(super) struct Nodes {
    all: Vec<Node>,
    /// Types that look-ups of unreadable ids told, by `key.num`.
    types: HashMap<i64, i64>,
    lists: [Option<Progress>; 4],
    pub kind: RunKind,
    /// The finished run that this one stands on.
    pub base: Option<RunId>,
    /// Whether groups without a list of their own are as they were but for what changes told.
    by_changes: bool,
}

/// How far a collection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    /// Null while it goes on.
    end: Option<State>,
    delta: bool,
}

impl Progress {
    fn is_whole(self) -> bool {
        self.end.is_some_and(State::is_whole)
    }
}

/// What becomes of an edge when its run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EdgeEnd {
    Drop,
    /// Its group lists it, and its far end is gone.
    Ghost,
    /// It stays, to an object that is there.
    Keep(EntityKind),
    /// It stays, and its far end needs a stand-in.
    StandIn,
}

impl Nodes {
    pub(super) fn load(db: &Connection, run: RunId, stage: Stage) -> rusqlite::Result<Self> {
        let size: i64 = db.query_row("SELECT coalesce(max(num), 0) FROM key", (), |row| row.get(0))?;
        let kind = db
            .prepare_cached("SELECT kind FROM run WHERE id = ?1")?
            .query_row([run.0], |row| runs::run_kind(row, 0))
            .optional()?
            .unwrap_or_default();
        let mut nodes = Self {
            all: vec![Node::default(); usize::try_from(size).unwrap_or(0) + 1],
            types: HashMap::new(),
            lists: [None; 4],
            kind,
            base: runs::newest_finished(db, run)?,
            by_changes: false,
        };
        each(db, "SELECT collection, state, delta FROM checkpoint WHERE run = ?1", [run.0], |row| {
            let (collection, state): (String, Option<String>) = (row.get(0)?, row.get(1)?);
            if let Some(collection) = Collection::parse(&collection) {
                let end = state.as_deref().and_then(State::parse);
                nodes.lists[collection as usize] = Some(Progress { end, delta: row.get(2)? });
            }
            Ok(())
        })?;
        nodes.by_changes = nodes.is_by_changes(stage);
        nodes.load_objects(db, run)?;
        nodes.load_groups(db, run)?;
        Ok(nodes)
    }

    fn load_objects(&mut self, db: &Connection, run: RunId) -> rusqlite::Result<()> {
        let open = "SELECT num, kind, entity, from_run = ?1 FROM object WHERE to_run = 9223372036854775807";
        each(db, open, [run.0], |row| {
            let kind = runs::kind(1, row.get(1)?)?;
            let open = Open { kind, entity: row.get(2)?, fresh: row.get(3)? };
            let node = self.at_mut(row.get(0)?);
            node.open = Some(open);
            if kind == EntityKind::Group && open.entity && !open.fresh {
                node.mark(Marks::WAS_GROUP);
            }
            Ok(())
        })?;
        let ended = "SELECT num FROM object
                     WHERE to_run = ?1 AND to_run < 9223372036854775807 AND kind = 3 AND entity = 1";
        each(db, ended, [run.0], |row| {
            self.at_mut(row.get(0)?).mark(Marks::WAS_GROUP);
            Ok(())
        })?;
        each(db, "SELECT num FROM seen_object", (), |row| {
            if let Some(open) = &mut self.at_mut(row.get(0)?).open {
                open.fresh = true;
            }
            Ok(())
        })?;
        each(db, "SELECT num, gone, odata FROM resolution", (), |row| {
            let (num, gone, odata): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let node = self.at_mut(num);
            node.fate = if gone == GONE { Fate::Gone } else { Fate::Unreadable };
            if gone == UNTOLD {
                node.mark(Marks::UNTOLD);
            }
            self.types.insert(num, odata);
            Ok(())
        })?;
        each(db, "SELECT num FROM reborn", (), |row| {
            self.at_mut(row.get(0)?).mark(Marks::REBORN);
            Ok(())
        })
    }

    fn load_groups(&mut self, db: &Connection, run: RunId) -> rusqlite::Result<()> {
        each(db, "SELECT grp, state, code FROM group_state WHERE run = ?1", [run.0], |row| {
            let (state, code): (String, Option<String>) = (row.get(1)?, row.get(2)?);
            let node = self.at_mut(row.get(0)?);
            match code.as_deref() {
                Some(NOT_READ) => node.mark(Marks::HALF_READ),
                _ => node.list = State::parse(&state),
            }
            Ok(())
        })?;
        let base = self.base.map_or(-1, |base| base.0);
        each(db, "SELECT grp FROM group_state WHERE run = ?1 AND state <> 'complete'", [base], |row| {
            self.at_mut(row.get(0)?).mark(Marks::LACKING);
            Ok(())
        })?;
        each(db, "SELECT grp, member FROM ghost_edge WHERE to_run = 9223372036854775807", (), |row| {
            let (grp, member) = (row.get(0)?, row.get(1)?);
            self.at_mut(member).mark(Marks::GHOST);
            if self.has_risen(member) {
                self.at_mut(grp).mark(Marks::HAS_RISEN);
            }
            Ok(())
        })
    }

    /// Whether a member that was gone is there again, in sight or out of it.
    fn has_risen(&self, member: i64) -> bool {
        let node = self.at(member);
        match node.fate {
            Fate::Gone => false,
            Fate::Unreadable => !node.stays_gone(),
            Fate::Unknown => node.open.is_some() && !self.closes(&node),
        }
    }

    fn is_by_changes(&self, stage: Stage) -> bool {
        let progress = |collection: Collection| self.lists[collection as usize];
        let (groups, memberships) = (progress(Collection::Groups), progress(Collection::Memberships));
        match stage {
            // One chain of changes tells of groups and of their members. What single members lack is not its fault.
            Stage::Ending => {
                let groups = groups.is_some_and(|g| g.is_whole() && g.delta);
                memberships.is_some_and(|m| m.delta && (m.is_whole() || groups))
            }
            Stage::Reading => match (memberships, groups) {
                (Some(Progress { end: Some(_), delta }), _) | (_, Some(Progress { delta, .. })) => delta,
                _ => self.kind == RunKind::Delta,
            },
        }
    }

    /// Whether the group's list is what the run before had whole, but for what changes told.
    pub(super) fn is_carried(&self, grp: i64) -> bool {
        let node = self.at(grp);
        self.by_changes && node.list.is_none() && node.is(Marks::WAS_GROUP) && !node.is(Marks::MOVED)
    }

    /// Whether groups without a list of their own are as they were but for what changes told.
    pub(super) fn is_by_changes_only(&self) -> bool {
        self.by_changes
    }

    /// Whether this run still has to read the group's list.
    pub(super) fn is_to_read(&self, grp: i64) -> bool {
        let node = self.at(grp);
        let is_seen = self.by_changes || node.open.is_some_and(|o| o.fresh);
        node.list.is_none() && self.is_group(grp) && is_seen && !self.is_carried(grp)
    }

    /// Whether the list of users and groups, and all members, were asked for from their beginning, to their end.
    pub(super) fn is_full(&self) -> bool {
        let is_read = |collection: Collection| {
            let list = self.lists[collection as usize];
            list.is_some_and(|l| !l.delta && l.end.is_some())
        };
        let broke_off =
            |collection: Collection| self.lists[collection as usize].is_some_and(|l| l.end == Some(State::Partial));
        [Collection::Users, Collection::Groups, Collection::Memberships].into_iter().all(is_read)
            && ![Collection::Users, Collection::Groups].into_iter().any(broke_off)
    }

    pub(super) fn is_whole(&self, collection: Collection) -> bool {
        self.lists[collection as usize].is_some_and(Progress::is_whole)
    }

    /// Whether what the collection did not name is not there.
    fn leaves_out(&self, collection: Collection) -> bool {
        self.lists[collection as usize].is_some_and(|l| l.is_whole() && !l.delta)
    }

    /// The highest number.
    pub(super) fn most(&self) -> usize {
        self.all.len() - 1
    }

    /// Every id with its number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &Node)> {
        (0_i64..).zip(&self.all)
    }

    /// The type that a look-up told, as `key.num`.
    pub(super) fn told_type(&self, num: i64) -> Option<i64> {
        self.types.get(&num).copied()
    }

    pub(super) fn at(&self, num: i64) -> Node {
        usize::try_from(num).ok().and_then(|at| self.all.get(at)).copied().unwrap_or_default()
    }

    pub(super) fn at_mut(&mut self, num: i64) -> &mut Node {
        let at = usize::try_from(num).unwrap_or(0);
        if at >= self.all.len() {
            self.all.resize(at + 1, Node::default());
        }
        &mut self.all[at]
    }

    /// Whether the object is gone: told so, or left out by a complete list.
    pub(super) fn closes(&self, node: &Node) -> bool {
        let Some(open) = node.open else { return false };
        if node.fate == Fate::Gone || open.kind == EntityKind::Group && node.list == Some(State::Gone) {
            return true;
        }
        let list = match open.kind {
            EntityKind::Account => Collection::Account,
            EntityKind::User => Collection::Users,
            EntityKind::Group => Collection::Groups,
            EntityKind::Member => return false,
        };
        open.entity && !open.fresh && self.leaves_out(list)
    }

    pub(super) fn is_group(&self, num: i64) -> bool {
        let node = self.at(num);
        node.open.is_some_and(|o| o.kind == EntityKind::Group && o.entity) && !self.closes(&node)
    }

    /// Whether the group's side of an edge holds. `seen`: whether this run's list named it.
    pub(super) fn is_listed(&self, grp: i64, seen: bool) -> bool {
        self.is_group(grp) && (seen || self.at(grp).list != Some(State::Complete))
    }

    /// What becomes of an edge.
    pub(super) fn end(&self, grp: i64, member: i64, seen: bool) -> EdgeEnd {
        if !self.is_listed(grp, seen) {
            return EdgeEnd::Drop;
        }
        self.far_end(member, seen || self.is_carried(grp))
    }

    /// What becomes of an edge that its group lists. `is_evidence`: whether that is any that the member exists.
    pub(super) fn far_end(&self, member: i64, is_evidence: bool) -> EdgeEnd {
        let node = self.at(member);
        match node.open {
            _ if node.fate == Fate::Gone || node.stays_gone() => EdgeEnd::Ghost,
            Some(open) if open.kind == EntityKind::Account => EdgeEnd::Drop,
            Some(open) if !self.closes(&node) => EdgeEnd::Keep(open.kind),
            // Left out by a complete list, and yet named by a group: it may exist out of sight. But an old edge to it
            // is no evidence, unless the service says that there is something.
            Some(_) if is_evidence || node.fate == Fate::Unreadable => EdgeEnd::StandIn,
            Some(_) => EdgeEnd::Ghost,
            None => EdgeEnd::StandIn,
        }
    }

    /// Whether a member should be asked for.
    pub(super) fn is_wanted(&self, member: i64) -> bool {
        let node = self.at(member);
        node.fate == Fate::Unknown
            && match node.open {
                None => true,
                Some(open) if open.fresh => false,
                Some(open) => match open.kind {
                    EntityKind::Account => false,
                    EntityKind::Member => true,
                    EntityKind::User | EntityKind::Group => !open.entity || self.closes(&node),
                },
            }
    }
}

/// Runs `f` over every row.
pub(super) fn each(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    mut f: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        f(row)?;
    }
    Ok(())
}
