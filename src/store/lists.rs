//! The lists of the browser as they are without a filter: windows, and what one object is tied to. Filters and other orders
//! are `explore`'s, which has a copy of the run in memory.
//!
//! Numbers are written into the SQL: they are numbers.

use rusqlite::{Connection, OptionalExtension as _};

use super::{
    keys::{self, Few},
    late::Late,
    read,
    runs::{self, Counts},
    warm::warm,
};
use crate::domain::{
    completeness::State,
    ids::RunId,
    kind::{EdgeKind, EntityKind, kind_of_odata_type},
    naming::Naming,
    view::{EdgeEnds, List, Query, Row, Rows, Within},
};

/// How much may be counted for a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    Whole,
    /// What costs no more than the window itself.
    Little,
}

/// As far as members are counted with little effort.
const FEW: u64 = 1_000;

pub(super) fn rows(
    db: &Connection,
    run: RunId,
    naming: Naming,
    query: &Query,
    effort: Effort,
) -> rusqlite::Result<Rows> {
    let lists = Lists { db, run, has_order: Late::ObjectInOrder.is_there(db)?, effort };
    let window = Window { offset: query.offset, limit: query.limit };
    let (total, found) = lists.find(query, window)?;
    let mut types = Few::default();
    let is_finished = runs::get(db, run)?.is_some_and(|r| r.status.is_finished());
    let has_index = Late::EdgeByMember.is_there(db)?;
    let rows = found
        .into_iter()
        .map(|found| {
            let (kind, entity) = match found.kind {
                Some(code) => (runs::kind(0, code)?, found.entity),
                None => (kind_of_odata_type(types.text(db, found.odata.unwrap_or_default())?), false),
            };
            let count = match kind {
                EntityKind::Account => None,
                EntityKind::Group if effort == Effort::Little => lists.members_if_few(found.num)?,
                EntityKind::Group => Some(lists.members(found.num)?),
                EntityKind::User | EntityKind::Member if has_index => Some(lists.groups(found.num)?),
                EntityKind::User | EntityKind::Member => None,
            };
            let state =
                if kind == EntityKind::Group && entity { state(db, run, is_finished, found.num)? } else { None };
            let edge = match found.near {
                None => None,
                Some(near) => {
                    let far = match near.far_kind {
                        Some(code) => runs::kind(0, code)?,
                        None => kind,
                    };
                    let edge_kind = if near.is_account {
                        if far == EntityKind::Group { EdgeKind::AccountGroup } else { EdgeKind::AccountUser }
                    } else {
                        EdgeKind::of_group(far).unwrap_or(EdgeKind::GroupMember)
                    };
                    Some(EdgeEnds {
                        from_id: near.id,
                        from_name: near.name,
                        edge_type: naming.edge_type(edge_kind).to_owned(),
                        mapped: !near.far_entity.unwrap_or(entity) && far != EntityKind::Member,
                    })
                }
            };
            Ok(Row {
                id: found.id,
                kind,
                name: found.name,
                second: found.second,
                label: found.label,
                count,
                state,
                edge,
                depth: None,
                in_cycle: false,
                cells: Vec::new(),
            })
        })
        .collect::<rusqlite::Result<_>>()?;
    Ok(Rows::new(query.clone(), total, rows))
}

/// Direct members, direct groups, and the state of the member list if it is not complete.
pub(super) fn ties(
    db: &Connection,
    run: RunId,
    num: i64,
    kind: EntityKind,
) -> rusqlite::Result<(u64, u64, Option<State>)> {
    let has_order = Late::ObjectInOrder.is_there(db)?;
    let lists = Lists { db, run, has_order, effort: Effort::Whole };
    Ok(match kind {
        EntityKind::Account => {
            let [_, users, groups, _] = read::counts(db, run)?.entities;
            (users + groups, 0, None)
        }
        EntityKind::Group => {
            let is_finished = runs::get(db, run)?.is_some_and(|r| r.status.is_finished());
            (lists.members(num)?, lists.groups(num)?, state(db, run, is_finished, num)?)
        }
        EntityKind::User | EntityKind::Member => (0, lists.groups(num)?, None),
    })
}

/// How a group's list ended, if it is not complete; in a run that goes on, also if it has not been read yet.
fn state(db: &Connection, run: RunId, is_finished: bool, grp: i64) -> rusqlite::Result<Option<State>> {
    let text: Option<String> = db
        .prepare_cached("SELECT state FROM group_state WHERE run = ?1 AND grp = ?2")?
        .query_row([run.0, grp], |row| row.get(0))
        .optional()?;
    match text {
        Some(text) => {
            let state = State::parse(&text).ok_or_else(|| runs::strange(0, text))?;
            Ok((state != State::Complete).then_some(state))
        }
        None => Ok((!is_finished).then_some(State::Partial)),
    }
}

/// What makes SQLite take objects from the order of the lists, where it is there: not before the first run has finished.
pub(super) fn in_order(db: &Connection) -> rusqlite::Result<&'static str> {
    Ok(in_order_if(Late::ObjectInOrder.is_there(db)?))
}

const fn in_order_if(has_order: bool) -> &'static str {
    if has_order { "INDEXED BY object_in_order" } else { "" }
}

#[derive(Clone, Copy)]
struct Window {
    offset: u64,
    limit: u64,
}

impl Window {
    /// What of this window lies behind the first `n` rows, `taken` of which it has already.
    fn behind(self, n: u64, taken: usize) -> Self {
        Self { offset: self.offset.saturating_sub(n), limit: self.limit.saturating_sub(taken as u64) }
    }
}

struct Lists<'a> {
    db: &'a Connection,
    run: RunId,
    /// Whether there is an index of the lists' order; without one they are sorted as they are asked for.
    has_order: bool,
    effort: Effort,
}

/// A row as found, before it is dressed.
struct Found {
    num: i64,
    id: String,
    kind: Option<i64>,
    entity: bool,
    name: String,
    second: String,
    label: String,
    odata: Option<i64>,
    near: Option<Near>,
}

struct Near {
    id: String,
    name: String,
    is_account: bool,
    /// Where the row is the near end itself: the other end's kind, and whether it is an entity.
    far_kind: Option<i64>,
    far_entity: Option<bool>,
}

/// An object that an edge list is about.
struct Known {
    num: i64,
    id: String,
    name: String,
    kind: Option<i64>,
    entity: bool,
}

/// The order of a group's members: what lists have by kind and name, then what could not be read, then what was not.
const ORDER: &str = "(1 - coalesce(m.entity, 0)) || coalesce(m.kind, 9) || coalesce(m.sort, k.text)";

const OBJECT: &str = "o.num, k.text, o.kind, o.entity, o.name, o.second, o.label";

impl Lists<'_> {
    fn find(&self, query: &Query, window: Window) -> rusqlite::Result<(u64, Vec<Found>)> {
        let kind = match query.list {
            List::Accounts => Some(EntityKind::Account),
            List::Users => Some(EntityKind::User),
            List::Groups => Some(EntityKind::Group),
            List::Members => Some(EntityKind::Member),
            List::Edges => None,
        };
        let about = match &query.within {
            Within::All => None,
            Within::MembersOf(id) | Within::GroupsOf(id) | Within::AllMembersOf(id) | Within::AllGroupsOf(id) => {
                match self.known(id)? {
                    Some(known) => Some(known),
                    None => return Ok((0, Vec::new())),
                }
            }
        };
        let is_account = about.as_ref().is_some_and(|a| a.kind == Some(EntityKind::Account.code()));
        match (&query.within, about, kind) {
            (Within::MembersOf(_), Some(account), None) if is_account => self.account_edges(&account, window),
            // What lies behind other groups is not found by a window on rows: `explore` answers that.
            (Within::AllMembersOf(_) | Within::AllGroupsOf(_), Some(_), _) => Ok((0, Vec::new())),
            (Within::MembersOf(_), Some(_), Some(kind)) if is_account => match kind {
                EntityKind::User | EntityKind::Group => self.all_of(kind, window),
                EntityKind::Account | EntityKind::Member => Ok((0, Vec::new())),
            },
            (Within::All, _, Some(kind)) | (_, None, Some(kind)) => self.all_of(kind, window),
            (Within::All, _, None) | (_, None, None) => self.all_edges(window),
            (Within::MembersOf(_), Some(group), Some(kind)) => self.objects(
                &format!(
                    "edge e CROSS JOIN object o ON o.num = e.member
                     WHERE e.grp = {} AND {} AND o.kind = {} AND o.entity = 1 AND {}",
                    group.num,
                    self.valid("e"),
                    kind.code(),
                    self.valid("o")
                ),
                "o.sort",
                window,
            ),
            (Within::GroupsOf(_), Some(member), Some(kind)) => self.objects(
                &format!(
                    "edge e CROSS JOIN object o ON o.num = e.grp
                     WHERE e.member = {} AND {} AND o.kind = {} AND o.entity = 1 AND {}",
                    member.num,
                    self.valid("e"),
                    kind.code(),
                    self.valid("o")
                ),
                "o.sort",
                window,
            ),
            (Within::MembersOf(_), Some(group), None) => self.edges_of_group(&group, window),
            (Within::GroupsOf(_), Some(member), None) => self.edges_to(&member, window),
        }
    }

    fn all_of(&self, kind: EntityKind, window: Window) -> rusqlite::Result<(u64, Vec<Found>)> {
        let from = format!(
            "object o {} WHERE o.kind = {} AND o.entity = 1 AND {}",
            in_order_if(self.has_order),
            kind.code(),
            self.valid("o")
        );
        self.fetch(&from, "o.kind, o.sort", window)?;
        let known = self.known_counts()?.map(|counts| counts.entities[kind as usize]);
        self.objects_of(&from, "o.kind, o.sort", window, known)
    }

    /// What a window's first rows stand on, all at once where the disk has to be asked. Their order is in an index.
    fn fetch(&self, from: &str, order: &str, window: Window) -> rusqlite::Result<()> {
        if self.effort == Effort::Whole || !self.has_order {
            return Ok(());
        }
        let sql = format!("SELECT o.version, o.num FROM {from} ORDER BY {order} {}", limit(window));
        let found: Vec<(i64, i64)> = self
            .db
            .prepare_cached(&sql)?
            .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let (run, has_order, effort) = (self.run, self.has_order, self.effort);
        let has_index = Late::EdgeByMember.is_there(self.db)?;
        warm(self.db, &found, |db, (version, num)| Lists { db, run, has_order, effort }.touch(version, num, has_index))
    }

    /// Reads as [`rows`] does, and drops it.
    fn touch(&self, version: i64, num: i64, has_index: bool) -> rusqlite::Result<()> {
        let sql = "SELECT o.kind FROM object o CROSS JOIN key k ON k.num = o.num WHERE o.version = ?";
        let kind: Option<i64> = self.db.prepare_cached(sql)?.query_row([version], |row| row.get(0)).optional()?;
        if kind == Some(EntityKind::Group.code()) {
            self.members_if_few(num)?;
            state(self.db, self.run, true, num)?;
        } else if has_index {
            self.groups(num)?;
        }
        Ok(())
    }

    /// Objects by a `FROM` that calls them `o`.
    fn objects(&self, from: &str, order: &str, window: Window) -> rusqlite::Result<(u64, Vec<Found>)> {
        self.objects_of(from, order, window, None)
    }

    /// The same, where it may be known how many there are.
    fn objects_of(
        &self,
        from: &str,
        order: &str,
        window: Window,
        total: Option<u64>,
    ) -> rusqlite::Result<(u64, Vec<Found>)> {
        let total = total.map_or_else(|| self.count(from, window), Ok)?;
        // The window is cut before anything is joined to it.
        let sql = format!(
            "SELECT {OBJECT} FROM (SELECT o.version v FROM {from} ORDER BY {order} {}) w
             CROSS JOIN object o ON o.version = w.v CROSS JOIN key k ON k.num = o.num ORDER BY {order}",
            limit(window)
        );
        Ok((total, self.select(&sql, |row| found(row, None))?))
    }

    fn account_edges(&self, account: &Known, window: Window) -> rusqlite::Result<(u64, Vec<Found>)> {
        let from = format!(
            "object o {} WHERE o.kind IN (2, 3) AND o.entity = 1 AND {}",
            in_order_if(self.has_order),
            self.valid("o")
        );
        let total = match self.known_counts()? {
            Some(counts) => {
                [EntityKind::User, EntityKind::Group].map(|kind| counts.entities[kind as usize]).iter().sum()
            }
            None => self.count(&from, window)?,
        };
        self.fetch(&from, "o.kind, o.sort", window)?;
        let sql = format!(
            "SELECT {OBJECT} FROM (SELECT o.version v FROM {from} ORDER BY o.kind, o.sort {}) w
             CROSS JOIN object o ON o.version = w.v CROSS JOIN key k ON k.num = o.num ORDER BY o.kind, o.sort",
            limit(window)
        );
        let near = || Near {
            id: account.id.clone(),
            name: account.name.clone(),
            is_account: true,
            far_kind: None,
            far_entity: None,
        };
        Ok((total, self.select(&sql, |row| found(row, Some(near())))?))
    }

    fn all_edges(&self, window: Window) -> rusqlite::Result<(u64, Vec<Found>)> {
        let (mut total, mut all) = match self.account()? {
            Some(account) => self.account_edges(&account, window)?,
            None => (0, Vec::new()),
        };
        let window = window.behind(total, all.len());
        // All edges are too many to be sorted while somebody waits: without an index they come in the order of the table.
        let (join, order) = match self.has_order {
            true => ("object g INDEXED BY object_in_order CROSS JOIN edge e ON e.grp = g.num", "g.sort"),
            false => ("edge e CROSS JOIN object g ON g.num = e.grp", "e.grp"),
        };
        let groups =
            format!("{join} WHERE g.kind = 3 AND g.entity = 1 AND {} AND {}", self.valid("g"), self.valid("e"));
        match (self.known_counts()?, self.effort) {
            (Some(counts), _) => total = counts.totals().edges,
            (None, Effort::Whole) => total = read::counts(self.db, self.run)?.totals().edges,
            (None, Effort::Little) => total += self.count(&groups, window)?,
        }
        if window.limit > 0 {
            let cut = format!(
                "SELECT g.version v, {order} s, e.member m, e.odata t FROM {groups} ORDER BY {}{order}, e.member {}",
                if self.has_order { "g.kind, " } else { "" },
                limit(window)
            );
            all.extend(self.far_ends(&cut, "w.s, w.m")?);
        }
        Ok((total, all))
    }

    fn edges_of_group(&self, group: &Known, window: Window) -> rusqlite::Result<(u64, Vec<Found>)> {
        let from = format!(
            "edge e JOIN key k ON k.num = e.member LEFT JOIN object m ON m.num = e.member AND {}
             JOIN object g ON g.num = e.grp AND {}
             WHERE e.grp = {} AND {}",
            self.valid("m"),
            self.valid("g"),
            group.num,
            self.valid("e")
        );
        let total = self.count(&from, window)?;
        let cut =
            format!("SELECT g.version v, {ORDER} s, e.member m, e.odata t FROM {from} ORDER BY 2, 3 {}", limit(window));
        Ok((total, self.far_ends(&cut, "w.s, w.m")?))
    }

    /// Rows that are far ends, from a window of (group's version, order, member, type).
    fn far_ends(&self, cut: &str, order: &str) -> rusqlite::Result<Vec<Found>> {
        let sql = format!(
            "SELECT w.m, k.text, o.kind, coalesce(o.entity, 0), coalesce(o.name, k.text), coalesce(o.second, ''),
                    coalesce(o.label, ''), w.t, gk.text, g.name
             FROM ({cut}) w CROSS JOIN key k ON k.num = w.m
             LEFT JOIN object o ON o.num = w.m AND {}
             JOIN object g ON g.version = w.v JOIN key gk ON gk.num = g.num ORDER BY {order}",
            self.valid("o")
        );
        self.select(&sql, |row| {
            let near = Near { id: row.get(8)?, name: row.get(9)?, is_account: false, far_kind: None, far_entity: None };
            Ok(Found { odata: row.get(7)?, ..found(row, Some(near))? })
        })
    }

    /// The groups that name it; each row is a group, the near end of its edge.
    fn edges_to(&self, member: &Known, window: Window) -> rusqlite::Result<(u64, Vec<Found>)> {
        let from = format!(
            "edge e CROSS JOIN object o ON o.num = e.grp
             WHERE e.member = {} AND {} AND o.kind = 3 AND o.entity = 1 AND {}",
            member.num,
            self.valid("e"),
            self.valid("o")
        );
        let (total, mut all) = self.objects(&from, "o.sort", window)?;
        for found in &mut all {
            found.near = Some(Near {
                id: found.id.clone(),
                name: found.name.clone(),
                is_account: false,
                far_kind: Some(member.kind.unwrap_or(EntityKind::Member.code())),
                far_entity: Some(member.entity),
            });
        }
        Ok((total, all))
    }

    fn known(&self, id: &str) -> rusqlite::Result<Option<Known>> {
        let Some(num) = keys::find(self.db, id)? else { return Ok(None) };
        let sql = format!("SELECT o.kind, o.entity, o.name FROM object o WHERE o.num = ? AND {}", self.valid("o"));
        let object = self
            .db
            .prepare_cached(&sql)?
            .query_row([num], |row| {
                Ok(Known { num, id: id.to_owned(), kind: Some(row.get(0)?), entity: row.get(1)?, name: row.get(2)? })
            })
            .optional()?;
        let nameless = Known { num, id: id.to_owned(), kind: None, entity: false, name: id.to_owned() };
        Ok(Some(object.unwrap_or(nameless)))
    }

    fn account(&self) -> rusqlite::Result<Option<Known>> {
        let sql = format!(
            "SELECT k.text FROM object o JOIN key k ON k.num = o.num WHERE o.kind = 1 AND o.entity = 1 AND {} LIMIT 1",
            self.valid("o")
        );
        let id: Option<String> = self.db.prepare_cached(&sql)?.query_row((), |row| row.get(0)).optional()?;
        id.map_or(Ok(None), |id| self.known(&id))
    }

    fn members(&self, grp: i64) -> rusqlite::Result<u64> {
        let sql = format!("SELECT count(*) FROM edge e WHERE e.grp = ? AND {}", self.valid("e"));
        self.db.prepare_cached(&sql)?.query_row([grp], |row| runs::count(row, 0))
    }

    fn members_if_few(&self, grp: i64) -> rusqlite::Result<Option<u64>> {
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM edge e WHERE e.grp = ? AND {} LIMIT {})",
            self.valid("e"),
            FEW + 1
        );
        let found = self.db.prepare_cached(&sql)?.query_row([grp], |row| runs::count(row, 0))?;
        Ok((found <= FEW).then_some(found))
    }

    fn groups(&self, member: i64) -> rusqlite::Result<u64> {
        let sql = format!("SELECT count(*) FROM edge e WHERE e.member = ? AND {}", self.valid("e"));
        self.db.prepare_cached(&sql)?.query_row([member], |row| runs::count(row, 0))
    }

    fn valid(&self, row: &str) -> String {
        format!("{row}.from_run <= {run} AND {row}.to_run > {run}", run = self.run)
    }

    /// A finished run was counted when it finished.
    fn known_counts(&self) -> rusqlite::Result<Option<Counts>> {
        runs::counts(self.db, self.run)
    }

    /// How many rows there are; with little effort, whether there are more than the window shows.
    fn count(&self, from: &str, window: Window) -> rusqlite::Result<u64> {
        let sql = match self.effort {
            Effort::Whole => format!("SELECT count(*) FROM {from}"),
            Effort::Little => {
                let window = Window { offset: 0, limit: window.offset.saturating_add(window.limit).saturating_add(1) };
                format!("SELECT count(*) FROM (SELECT 1 FROM {from} {})", limit(window))
            }
        };
        self.db.prepare_cached(&sql)?.query_row((), |row| runs::count(row, 0))
    }

    fn select(
        &self,
        sql: &str,
        f: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<Found>,
    ) -> rusqlite::Result<Vec<Found>> {
        self.db.prepare_cached(sql)?.query_map((), f)?.collect()
    }
}

fn found(row: &rusqlite::Row<'_>, near: Option<Near>) -> rusqlite::Result<Found> {
    Ok(Found {
        num: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        entity: row.get(3)?,
        name: row.get(4)?,
        second: row.get(5)?,
        label: row.get(6)?,
        odata: None,
        near,
    })
}

fn limit(window: Window) -> String {
    // SQLite counts in signed numbers.
    let most = i64::MAX.unsigned_abs();
    format!("LIMIT {} OFFSET {}", window.limit.min(most), window.offset.min(most))
}
