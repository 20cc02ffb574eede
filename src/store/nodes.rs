//! What a run that is about to end knows of every id, in a few bits each: nums are dense, so a vector does.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::domain::{
    completeness::{Collection, State},
    ids::RunId,
    kind::EntityKind,
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
    /// Whether an edge that stays names it.
    pub named: bool,
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
    whole: [bool; 4],
}

/// What becomes of an edge when its run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EdgeEnd {
    Drop,
    /// It stays, to an object that is there.
    Keep(EntityKind),
    /// It stays, and its far end needs a stand-in.
    StandIn,
}

impl Nodes {
    pub(super) fn load(db: &Connection, run: RunId) -> rusqlite::Result<Self> {
        let size: i64 = db.query_row("SELECT coalesce(max(num), 0) FROM key", (), |row| row.get(0))?;
        let mut nodes = Self {
            all: vec![Node::default(); usize::try_from(size).unwrap_or(0) + 1],
            types: HashMap::new(),
            whole: [false; 4],
        };
        each(db, "SELECT collection, state FROM checkpoint WHERE run = ?1", [run.0], |row| {
            let (collection, state): (String, Option<String>) = (row.get(0)?, row.get(1)?);
            if let Some(collection) = Collection::parse(&collection) {
                nodes.whole[collection as usize] = state.as_deref().and_then(State::parse).is_some_and(State::is_whole);
            }
            Ok(())
        })?;
        let open = "SELECT num, kind, entity, from_run = ?1 FROM object WHERE to_run = 9223372036854775807";
        each(db, open, [run.0], |row| {
            let kind = super::runs::kind(1, row.get(1)?)?;
            nodes.at_mut(row.get(0)?).open = Some(Open { kind, entity: row.get(2)?, fresh: row.get(3)? });
            Ok(())
        })?;
        each(db, "SELECT num FROM seen_object", (), |row| {
            if let Some(open) = &mut nodes.at_mut(row.get(0)?).open {
                open.fresh = true;
            }
            Ok(())
        })?;
        each(db, "SELECT num, gone, odata FROM resolution", (), |row| {
            let (num, gone, odata): (i64, bool, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            nodes.at_mut(num).fate = if gone { Fate::Gone } else { Fate::Unreadable };
            nodes.types.insert(num, odata);
            Ok(())
        })?;
        each(db, "SELECT grp, state FROM group_state WHERE run = ?1", [run.0], |row| {
            let state: String = row.get(1)?;
            nodes.at_mut(row.get(0)?).list = State::parse(&state);
            Ok(())
        })?;
        Ok(nodes)
    }

    pub(super) fn is_whole(&self, collection: Collection) -> bool {
        self.whole[collection as usize]
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
        open.entity && !open.fresh && self.is_whole(list)
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
        let node = self.at(member);
        match node.open {
            _ if node.fate == Fate::Gone => EdgeEnd::Drop,
            Some(open) if open.kind == EntityKind::Account => EdgeEnd::Drop,
            Some(open) if !self.closes(&node) => EdgeEnd::Keep(open.kind),
            // Left out by a complete list, and yet named by a group: it may exist out of sight. But an old edge to it
            // is no evidence, unless the service says that there is something.
            Some(_) if seen || node.fate == Fate::Unreadable => EdgeEnd::StandIn,
            Some(_) => EdgeEnd::Drop,
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
