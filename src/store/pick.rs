//! Picking groups of the run in progress: those still to be read, those to be read again, some to be compared.

use std::{
    collections::BinaryHeap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::value::RawValue;

use super::{
    error::StoreError,
    ground::StoredGroup,
    keys::{self, Few},
    nodes::{Fate, Node, Nodes, Stage, each},
    runs,
    write::{ListEnd, MemberRef, Writer},
};
use crate::domain::{
    completeness::{Collection, State},
    ids::RunId,
    kind::EntityKind,
    reading::RunKind,
};

impl Writer {
    /// The groups whose members this run still has to read, in the order in which their ids were first seen. Where
    /// members are read by lists: those that it saw and whose list has no end yet. Where they are read by changes: those
    /// that are new or were restored, of which a member came back that was gone, or whose list the run before does not
    /// have whole; but for those whose list has an end since.
    pub fn groups_to_read(&mut self, run: RunId) -> Result<Vec<StoredGroup>, StoreError> {
        self.check_running(run)?;
        self.look(|db| {
            let nodes = Nodes::load(db, run, Stage::Reading)?;
            let nums = nodes.iter().map(|(num, _)| num).filter(|num| nodes.is_to_read(*num)).collect();
            stored(db, nums)
        })
    }

    /// The groups of these ids, as far as they are there, in this order.
    pub fn groups_named(&mut self, run: RunId, ids: &[String]) -> Result<Vec<StoredGroup>, StoreError> {
        self.check_running(run)?;
        self.look(|db| {
            let nums = ids.iter().map(|id| keys::find(db, id)).collect::<rusqlite::Result<Vec<_>>>()?;
            stored(db, nums.into_iter().flatten().collect())
        })
    }

    /// The first of these ids that is no group of a run.
    pub fn no_group_of(&self, run: RunId, ids: &[String]) -> Result<Option<String>, StoreError> {
        self.look(|db| {
            let mut known = db.prepare_cached(
                "SELECT 1 FROM object o JOIN key k ON k.num = o.num
                 WHERE k.text = ?1 AND o.kind = 3 AND o.entity = 1 AND o.from_run <= ?2 AND ?2 < o.to_run",
            )?;
            for id in ids {
                if !known.exists(params![id, run.0])? {
                    return Ok(Some(id.clone()));
                }
            }
            Ok(None)
        })
    }

    /// Groups that the run before took for gone because their lists were not found, and that nothing has shown since.
    pub fn lost_groups(&mut self, run: RunId) -> Result<Vec<String>, StoreError> {
        self.check_running(run)?;
        self.look(|db| {
            let Some(base) = runs::newest_finished(db, run)? else { return Ok(Vec::new()) };
            let mut lost = Vec::new();
            let sql = "SELECT k.text FROM group_state s JOIN key k ON k.num = s.grp
                       WHERE s.run = ?1 AND s.state = 'gone'
                         AND NOT EXISTS (SELECT 1 FROM resolution r WHERE r.num = s.grp)
                         AND NOT EXISTS (SELECT 1 FROM object o WHERE o.num = s.grp AND o.to_run = 9223372036854775807)
                       ORDER BY k.text";
            each(db, sql, [base.0], |row| {
                lost.push(row.get(0)?);
                Ok(())
            })?;
            Ok(lost)
        })
    }

    /// Gives every list that [`groups_to_read`](Self::groups_to_read) would name an end: for a chain of changes that began
    /// at its beginning, and so has told of all members when it ends. How many there were.
    pub fn end_open_lists(&mut self, run: RunId, end: &ListEnd) -> Result<u64, StoreError> {
        self.check_running(run)?;
        self.transact(|db| {
            let nodes = Nodes::load(db, run, Stage::Reading)?;
            let mut ended = 0;
            for (num, _) in nodes.iter().filter(|(num, _)| nodes.is_to_read(*num)) {
                db.prepare_cached(
                    "INSERT OR REPLACE INTO group_state (run, grp, state, code, request_id, reason)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    run.0,
                    num,
                    end.state.as_str(),
                    end.code,
                    end.request_id,
                    end.reason
                ])?;
                ended += 1;
            }
            Ok(ended)
        })
    }

    /// The most members that an expansion showed in this run, also of groups that were read again since; `None` once no
    /// group is left that was read so.
    pub fn longest_expansion(&mut self, run: RunId) -> Result<Option<u32>, StoreError> {
        self.check_running(run)?;
        self.look(|db| {
            let sql = "SELECT longest FROM run
                       WHERE id = ?1 AND EXISTS (SELECT 1 FROM group_state WHERE run = ?1 AND via IS NOT NULL)";
            Ok(db.prepare_cached(sql)?.query_row([run.0], |row| row.get(0)).optional()?.flatten())
        })
    }

    /// The groups that this run has by expansion only, with at least so many members each.
    pub fn expanded(&mut self, run: RunId, at_least: u32) -> Result<Vec<StoredGroup>, StoreError> {
        self.expanded_after(run, at_least, None, usize::MAX)
    }

    /// As [`expanded`](Self::expanded), no more than `limit` of them, and only those behind the group `after` in the order
    /// in which their ids were first seen.
    pub fn expanded_after(
        &mut self,
        run: RunId,
        at_least: u32,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredGroup>, StoreError> {
        self.check_running(run)?;
        let known = after.and_then(|id| self.hot.known(id));
        self.look(|db| {
            let after = match (known, after) {
                (None, Some(id)) => keys::find(db, id)?,
                (known, _) => known,
            };
            let after = after.unwrap_or(0);
            let mut nums = Vec::new();
            let sql = "SELECT grp FROM group_state
                       WHERE run = ?1 AND grp > ?2 AND via >= ?3 AND state = 'complete' ORDER BY grp LIMIT ?4";
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            each(db, sql, [run.0, after, i64::from(at_least), limit], |row| {
                nums.push(row.get(0)?);
                Ok(())
            })?;
            stored(db, nums)
        })
    }

    /// What is known of this group's members, as of this run: for comparing it with what the service says. So it has those
    /// that are gone and still listed, and of a list that this run read to its end no others than it read.
    pub fn members_of(&mut self, run: RunId, group: &str) -> Result<Vec<MemberRef>, StoreError> {
        self.check_running(run)?;
        let known = self.hot.known(group);
        self.look(|db| {
            let Some(grp) = known.map_or_else(|| keys::find(db, group), |num| Ok(Some(num)))? else {
                return Ok(Vec::new());
            };
            let state: Option<String> = db
                .prepare_cached("SELECT state FROM group_state WHERE run = ?1 AND grp = ?2")?
                .query_row([run.0, grp], |row| row.get(0))
                .optional()?;
            let is_whole = state.as_deref() == Some(State::Complete.as_str());
            let mut types = Few::default();
            let mut members = Vec::new();
            let mut add = |row: &rusqlite::Row<'_>| {
                let odata_type = types.text(db, row.get(1)?)?.to_owned().into();
                members.push(MemberRef { id: keys::text(db, row.get(0)?)?.into(), odata_type });
                Ok(())
            };
            let named = "SELECT e.member, e.odata FROM edge e
                         WHERE e.grp = ?1 AND e.to_run = 9223372036854775807
                         AND (NOT ?3 OR e.from_run = ?2
                              OR EXISTS (SELECT 1 FROM seen_edge s WHERE s.grp = e.grp AND s.member = e.member))";
            each(db, named, params![grp, run.0, is_whole], &mut add)?;
            if !is_whole {
                let ghosts = "SELECT member, odata FROM ghost_edge WHERE grp = ?1 AND to_run = 9223372036854775807";
                each(db, ghosts, [grp], &mut add)?;
            }
            Ok(members)
        })
    }

    /// The groups whose lists ended so in this run, with their ends.
    pub fn ended_with(&mut self, run: RunId, code: &str) -> Result<Vec<(StoredGroup, ListEnd)>, StoreError> {
        self.check_running(run)?;
        self.look(|db| {
            let mut ends = Vec::new();
            let sql =
                "SELECT grp, state, request_id, reason FROM group_state WHERE run = ?1 AND code = ?2 ORDER BY grp";
            each(db, sql, params![run.0, code], |row| {
                let state: String = row.get(1)?;
                let state = State::parse(&state).ok_or_else(|| runs::strange(1, state))?;
                let end = ListEnd { state, code: Some(code.to_owned()), request_id: row.get(2)?, reason: row.get(3)? };
                ends.push((row.get(0)?, end));
                Ok(())
            })?;
            let mut groups = Vec::with_capacity(ends.len());
            for (num, end) in ends {
                groups.extend(stored(db, vec![num])?.pop().map(|group| (group, end)));
            }
            Ok(groups)
        })
    }

    /// Who was in this group before this run, and was not named in it by this one.
    pub fn unnamed_members(&mut self, run: RunId, group: &str) -> Result<Vec<MemberRef>, StoreError> {
        self.check_running(run)?;
        self.look(|db| {
            let Some(grp) = keys::find(db, group)? else { return Ok(Vec::new()) };
            let mut types = Few::default();
            let mut members = Vec::new();
            let sql = "SELECT e.member, e.odata FROM edge e
                       WHERE e.grp = ?1 AND e.to_run = 9223372036854775807 AND e.from_run <> ?2
                       AND NOT EXISTS (SELECT 1 FROM seen_edge s WHERE s.grp = e.grp AND s.member = e.member)";
            each(db, sql, params![grp, run.0], |row| {
                let odata_type = types.text(db, row.get(1)?)?.to_owned().into();
                members.push(MemberRef { id: keys::text(db, row.get(0)?)?.into(), odata_type });
                Ok(())
            })?;
            Ok(members)
        })
    }

    /// Up to `n` groups drawn at random (by `seed`) of those that this run has whole: of those by expansion, if there are
    /// any. Where members are read by changes, also of those that are as its ground had them whole.
    pub fn some_groups(&mut self, run: RunId, n: usize, seed: u64) -> Result<Vec<StoredGroup>, StoreError> {
        self.check_running(run)?;
        self.look(|db| {
            let mut expanded = Draw::new(n, seed);
            let sql = "SELECT grp FROM group_state WHERE run = ?1 AND state = 'complete' AND via IS NOT NULL";
            each(db, sql, [run.0], |row| {
                expanded.add(row.get(0)?);
                Ok(())
            })?;
            let nums = expanded.drawn();
            if !nums.is_empty() {
                return stored(db, nums);
            }
            let nodes = Nodes::load(db, run, Stage::Reading)?;
            let mut all = Draw::new(n, seed);
            for (num, node) in nodes.iter() {
                let is_whole = node.list == Some(State::Complete) || nodes.is_carried(num);
                if is_whole && nodes.is_group(num) {
                    all.add(num);
                }
            }
            stored(db, all.drawn())
        })
    }

    /// The ids of the users or the groups that this run has seen and that nothing has said to be gone since.
    pub fn seen_ids(&mut self, run: RunId, collection: Collection) -> Result<Vec<String>, StoreError> {
        self.check_running(run)?;
        self.look(|db| {
            let nodes = Nodes::load(db, run, Stage::Reading)?;
            let kind = kind_of(collection);
            let is_seen = |node: &Node| {
                node.fate != Fate::Gone && node.open.is_some_and(|open| open.kind == kind && open.entity && open.fresh)
            };
            nodes.iter().filter(|(_, node)| is_seen(node)).map(|(num, _)| keys::text(db, num)).collect()
        })
    }

    /// How many objects a collection has, as of this run: of the memberships, how many groups. Of a run of a part, what it
    /// saw.
    pub fn held(&mut self, run: RunId, collection: Collection) -> Result<u64, StoreError> {
        self.check_running(run)?;
        let kind = kind_of(collection);
        self.look(|db| {
            let nodes = Nodes::load(db, run, Stage::Reading)?;
            let of_a_part = nodes.kind == RunKind::Scoped;
            let is_held = |num: i64| {
                let node = nodes.at(num);
                let open = node.open.filter(|open| open.kind == kind && open.entity && (open.fresh || !of_a_part));
                open.is_some() && node.fate != Fate::Gone && !nodes.closes(&node)
            };
            Ok(nodes.iter().filter(|(num, _)| is_held(*num)).count() as u64)
        })
    }
}

fn kind_of(collection: Collection) -> EntityKind {
    match collection {
        Collection::Account => EntityKind::Account,
        Collection::Users => EntityKind::User,
        Collection::Groups | Collection::Memberships => EntityKind::Group,
    }
}

/// Some of many, each as likely as any other, in one pass.
struct Draw {
    n: usize,
    seed: u64,
    /// The ones with the smallest lots, the largest of them first.
    best: BinaryHeap<(u64, i64)>,
}

impl Draw {
    fn new(n: usize, seed: u64) -> Self {
        Self { n, seed, best: BinaryHeap::new() }
    }

    fn add(&mut self, num: i64) {
        let mut lot = DefaultHasher::new();
        (self.seed, num).hash(&mut lot);
        self.best.push((lot.finish(), num));
        if self.best.len() > self.n {
            self.best.pop();
        }
    }

    fn drawn(self) -> Vec<i64> {
        self.best.into_sorted_vec().into_iter().map(|(_, num)| num).collect()
    }
}

/// Groups as their list named them; what is no group any more is left out.
fn stored(db: &Connection, nums: Vec<i64>) -> rusqlite::Result<Vec<StoredGroup>> {
    let mut groups = Vec::with_capacity(nums.len());
    let mut statement = db.prepare_cached(
        "SELECT k.text, r.json FROM object o JOIN raw r ON r.version = o.version JOIN key k ON k.num = o.num
         WHERE o.num = ?1 AND o.to_run = 9223372036854775807 AND o.kind = 3 AND o.entity = 1",
    )?;
    for num in nums {
        let found = statement.query_row([num], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let Some((id, json)) = found {
            let raw = RawValue::from_string(json).map_err(|_| runs::strange(1, "no JSON"))?;
            groups.push(StoredGroup { id, raw });
        }
    }
    Ok(groups)
}
