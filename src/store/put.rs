//! What a page changes: objects, lists of members, what delta queries tell of them, look-ups, checkpoints.
//!
//! Rows of earlier runs are ended or seen again, never changed; rows of this run are its own. So writing a page again
//! changes nothing, and what a run wrote can be taken back.

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

use super::{
    FOREVER,
    facets::{Facets, Needed},
    finish::NOT_READ,
    hot::Hot,
    runs,
    write::{
        Checkpoint, ListEnd, MemberRef, MembersChange, MembersWrite, ObjectWrite, PageWrite, Resolution, SignInWrite,
        Via,
    },
};
use crate::domain::{
    completeness::State,
    difference::{self, CHANGES},
    ids::RunId,
    kind::EntityKind,
};

/// What `resolution.gone` says, beside 0.
pub(super) const GONE: i64 = 1;
pub(super) const UNTOLD: i64 = 2;

pub(super) fn apply(db: &Connection, run: RunId, page: &PageWrite, hot: &mut Hot) -> rusqlite::Result<()> {
    if !page.objects.is_empty() {
        put_objects(db, run, &page.objects, hot)?;
    }
    if !page.members.is_empty() || !page.changes.is_empty() {
        let mut lists = Lists::new(db, run)?;
        let named = page.members.iter().flat_map(|list| &list.members);
        hot.recall(named.chain(page.changes.iter().flat_map(|change| &change.added)), &mut lists.recalled);
        for list in &page.members {
            lists.put(list, hot)?;
        }
        for change in &page.changes {
            lists.change(change, hot)?;
        }
    }
    if !page.resolutions.is_empty() {
        hot.is_told();
    }
    for resolution in &page.resolutions {
        let (id, gone, odata) = match resolution {
            Resolution::Unreadable { id, odata_type } => (id, 0, odata_type.as_str()),
            Resolution::Gone { id } => (id, GONE, ""),
            Resolution::Untold { id, odata_type } => (id, UNTOLD, odata_type.as_str()),
        };
        let (num, odata) = (hot.intern(db, id)?.0, hot.types.intern(db, odata)?);
        db.prepare_cached("INSERT OR REPLACE INTO resolution (num, gone, odata) VALUES (?1, ?2, ?3)")?
            .execute((num, gone, odata))?;
    }
    if !page.sign_ins.is_empty() {
        db.prepare_cached("UPDATE run SET sign_ins = 1 WHERE id = ?1")?.execute([run.0])?;
    }
    for sign_in in &page.sign_ins {
        put_sign_in(db, run, sign_in, hot)?;
    }
    if let Some(at) = &page.checkpoint {
        put_checkpoint(db, run, at)?;
    }
    for link in &page.links {
        db.prepare_cached("INSERT OR REPLACE INTO delta_link (run, collection, link) VALUES (?1, ?2, ?3)")?
            .execute(params![run.0, link.collection.as_str(), link.link])?;
    }
    Ok(())
}

fn put_objects(db: &Connection, run: RunId, objects: &[ObjectWrite], hot: &mut Hot) -> rusqlite::Result<()> {
    let mut put = Objects::new(db, run)?;
    for object in objects {
        let (num, is_new) = hot.intern(db, &object.id)?;
        let version = Version {
            num,
            id: &object.id,
            kind: object.kind,
            entity: true,
            odata: &object.odata_type,
            json: object.raw.get(),
        };
        if is_new {
            put.insert(&version)?;
            continue;
        }
        put.put(&version)?;
        if hot.has_told() {
            come_back(db, run, num)?;
        }
    }
    Ok(())
}

/// An object that was said to be gone is there after all. A group was deleted and restored then, and what it lists now is
/// not what it listed.
fn come_back(db: &Connection, run: RunId, num: i64) -> rusqlite::Result<()> {
    let gone: Option<i64> = db
        .prepare_cached("DELETE FROM resolution WHERE num = ?1 RETURNING gone")?
        .query_row([num], |row| row.get(0))
        .optional()?;
    if gone == Some(GONE) {
        db.prepare_cached("INSERT OR IGNORE INTO reborn (num) VALUES (?1)")?.execute([num])?;
        // However that list ended, it has no end any more.
        db.prepare_cached("DELETE FROM group_state WHERE run = ?1 AND grp = ?2")?.execute([run.0, num])?;
    }
    Ok(())
}

fn put_checkpoint(db: &Connection, run: RunId, at: &Checkpoint) -> rusqlite::Result<()> {
    let end = at.end.as_ref();
    // A collection that was read by its list once is not one of which only changes are known.
    db.prepare_cached(
        "INSERT INTO checkpoint (run, collection, next_link, done, total, state, code, request_id, reason, delta)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (run, collection) DO UPDATE
         SET next_link = excluded.next_link, done = excluded.done, total = excluded.total, state = excluded.state,
             code = excluded.code, request_id = excluded.request_id, reason = excluded.reason,
             delta = min(delta, excluded.delta)",
    )?
    .execute(params![
        run.0,
        at.collection.as_str(),
        at.next_link,
        runs::signed(at.done),
        at.total.map(runs::signed),
        end.map(|e| e.state.as_str()),
        end.and_then(|e| e.code.as_ref()),
        end.and_then(|e| e.request_id.as_ref()),
        end.and_then(|e| e.reason.as_ref()),
        at.delta,
    ])
    .map(drop)
}

fn put_sign_in(db: &Connection, run: RunId, sign_in: &SignInWrite, hot: &mut Hot) -> rusqlite::Result<()> {
    let (num, json) = (hot.intern(db, &sign_in.id)?.0, sign_in.raw.get());
    let open = db
        .prepare_cached("SELECT from_run, json = ?2 FROM sign_in WHERE num = ?1 AND to_run = 9223372036854775807")?
        .query_row(params![num, json], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?)))
        .optional()?;
    match open {
        Some((_, true)) => return Ok(()),
        Some((from_run, false)) if from_run != run.0 => {
            db.prepare_cached("UPDATE sign_in SET to_run = ?3 WHERE num = ?1 AND from_run = ?2")?
                .execute([num, from_run, run.0])?;
        }
        _ => {}
    }
    db.prepare_cached("INSERT OR REPLACE INTO sign_in (num, from_run, to_run, json) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![num, run.0, FOREVER, json])
        .map(drop)
}

/// A state of an object, to be stored if it is news.
pub(super) struct Version<'a> {
    pub num: i64,
    pub id: &'a str,
    pub kind: EntityKind,
    pub entity: bool,
    pub odata: &'a str,
    pub json: &'a str,
}

impl Version<'_> {
    pub(super) fn put(&self, db: &Connection, run: RunId) -> rusqlite::Result<()> {
        Objects::new(db, run)?.put(self)
    }
}

/// The statements that every object needs, found once a page.
struct Objects<'a> {
    db: &'a Connection,
    run: RunId,
    open: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    insert_raw: CachedStatement<'a>,
    see: CachedStatement<'a>,
}

impl<'a> Objects<'a> {
    fn new(db: &'a Connection, run: RunId) -> rusqlite::Result<Self> {
        Ok(Self {
            db,
            run,
            open: db.prepare_cached(
                "SELECT o.version, o.from_run, o.kind, o.entity, o.odata, r.json
                 FROM object o JOIN raw r ON r.version = o.version
                 WHERE o.num = ?1 AND o.to_run = 9223372036854775807",
            )?,
            insert: db.prepare_cached(
                "INSERT INTO object (num, from_run, to_run, kind, entity, odata, sort, name, second, label, search,
                                     traits, created, mail, department, title, company, country)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
            )?,
            insert_raw: db.prepare_cached("INSERT INTO raw (version, json) VALUES (?1, ?2)")?,
            see: db.prepare_cached("INSERT OR IGNORE INTO seen_object (num) VALUES (?1)")?,
        })
    }

    fn put(&mut self, now: &Version<'_>) -> rusqlite::Result<()> {
        let open = self
            .open
            .query_row([now.num], |row| {
                let (version, from_run, kind): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                let same = kind == now.kind.code()
                    && row.get::<_, bool>(3)? == now.entity
                    && row.get_ref(4)?.as_str()? == now.odata
                    && says_the_same(row.get_ref(5)?.as_str()?, now.json);
                Ok((version, from_run, kind, same))
            })
            .optional()?;
        let Some((version, from_run, kind, same)) = open else { return self.insert(now) };
        // The list that names an id decides what it is: a membership does not make a listed user a device.
        let outranked = |seen: bool| seen && now.kind.code() > kind;
        if from_run == self.run.0 {
            if same || outranked(true) {
                return Ok(());
            }
            self.db.prepare_cached("DELETE FROM object WHERE version = ?1")?.execute([version])?;
            self.db.prepare_cached("DELETE FROM raw WHERE version = ?1")?.execute([version])?;
            return self.insert(now);
        }
        if same {
            return self.see.execute([now.num]).map(drop);
        }
        let seen = self.db.prepare_cached("SELECT 1 FROM seen_object WHERE num = ?1")?.exists([now.num])?;
        if outranked(seen) {
            return Ok(());
        }
        self.db.prepare_cached("UPDATE object SET to_run = ?2 WHERE version = ?1")?.execute([version, self.run.0])?;
        self.insert(now)
    }

    /// Where no version of it is open.
    fn insert(&mut self, now: &Version<'_>) -> rusqlite::Result<()> {
        let Needed { fields, has_changes } = Needed::of(now.json);
        let facets = Facets::of(now.kind, now.id, now.odata, &fields);
        let version = self.insert.insert(params![
            now.num,
            self.run.0,
            FOREVER,
            now.kind.code(),
            now.entity,
            now.odata,
            facets.sort,
            facets.name,
            facets.second,
            facets.label,
            facets.search,
            facets.fields.traits.bits(),
            facets.fields.created,
            facets.fields.mail,
            facets.fields.department,
            facets.fields.title,
            facets.fields.company,
            facets.fields.country,
        ])?;
        // A slice of changes is no property of the group.
        let without_changes = if has_changes { without_changes(now.json) } else { None };
        let json = without_changes.as_ref().map_or(now.json, |raw| raw.get());
        self.insert_raw.execute(params![version, json]).map(drop)
    }
}

fn without_changes(json: &str) -> Option<Box<RawValue>> {
    let mut raw: Map<String, Value> = serde_json::from_str(json).ok()?;
    raw.remove(CHANGES)?;
    to_raw_value(&raw).ok()
}

/// Whether two texts of an object say the same, whatever their order.
fn says_the_same(before: &str, now: &str) -> bool {
    before == now
        || match (serde_json::from_str::<Value>(before), serde_json::from_str::<Value>(now)) {
            (Ok(before), Ok(now)) => difference::says_the_same(&before, &now),
            _ => false,
        }
}

/// The statements that every membership needs, found once a page.
struct Lists<'a> {
    db: &'a Connection,
    run: RunId,
    newest: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    see: CachedStatement<'a>,
    /// What the memory has of the page's members, one after the other, and how far that is used up.
    recalled: Vec<Option<u32>>,
    used: usize,
    /// A slice by numbers: member and type.
    slice: Vec<(i64, i64)>,
}

impl<'a> Lists<'a> {
    fn new(db: &'a Connection, run: RunId) -> rusqlite::Result<Self> {
        Ok(Self {
            db,
            run,
            newest: db.prepare_cached(
                "SELECT from_run, to_run, odata FROM edge WHERE grp = ?1 AND member = ?2 ORDER BY from_run DESC LIMIT 1",
            )?,
            insert: db.prepare_cached(
                "INSERT INTO edge (grp, member, from_run, to_run, odata) VALUES (?1, ?2, ?3, 9223372036854775807, ?4)
                 ON CONFLICT (grp, member, from_run) DO UPDATE SET odata = excluded.odata WHERE odata <> excluded.odata",
            )?,
            see: db.prepare_cached("INSERT OR IGNORE INTO seen_edge (grp, member) VALUES (?1, ?2)")?,
            recalled: Vec::new(),
            used: 0,
            slice: Vec::new(),
        })
    }

    fn put(&mut self, list: &MembersWrite, hot: &mut Hot) -> rusqlite::Result<()> {
        let (grp, is_new) = hot.intern(self.db, &list.group)?;
        let is_old = !is_new && hot.is_old(self.db, self.run, grp)?;
        if list.reset && !is_new {
            self.reset(grp, is_old)?;
        }
        self.name(grp, is_old, &list.members, hot)?;
        match &list.end {
            Some(end) => self.end(grp, end, list.via)?,
            // Until it has an end: a list that broke off is not the one that was read before.
            None if list.reset => self.end(grp, &half_read(), Via::List)?,
            None => {}
        }
        Ok(())
    }

    fn change(&mut self, change: &MembersChange, hot: &mut Hot) -> rusqlite::Result<()> {
        let (grp, is_new) = hot.intern(self.db, &change.group)?;
        let is_old = !is_new && hot.is_old(self.db, self.run, grp)?;
        self.name(grp, is_old, &change.added, hot)?;
        if hot.has_ghosts() {
            for (member, _) in &self.slice {
                self.forget_ghost(grp, *member)?;
            }
        }
        for id in &change.removed {
            let Some(member) = hot.find(self.db, id)? else { continue };
            self.remove(grp, member)?;
            if hot.has_ghosts() {
                self.forget_ghost(grp, member)?;
            }
        }
        Ok(())
    }

    /// Members that the group has. Leaves them in `slice`, in order of their numbers.
    fn name(&mut self, grp: i64, is_old: bool, members: &[MemberRef], hot: &mut Hot) -> rusqlite::Result<()> {
        let mut slice = std::mem::take(&mut self.slice);
        slice.clear();
        let recalled = self.recalled.get(self.used..).unwrap_or_default();
        self.used += members.len();
        for (at, member) in members.iter().enumerate() {
            let num = match recalled.get(at) {
                Some(Some(num)) => i64::from(*num),
                _ => hot.intern_short(self.db, &member.id)?.0,
            };
            slice.push((num, hot.types.intern(self.db, &member.odata_type)?));
        }
        // In the order of the table, which is then only appended to. Of one that is named twice, the last word counts.
        slice.sort_by_key(|(num, _)| *num);
        for (at, (num, odata)) in slice.iter().enumerate() {
            if slice.get(at + 1).is_some_and(|(next, _)| next == num) {
                continue;
            }
            if is_old {
                self.name_again(grp, *num, *odata)?;
            } else {
                self.insert.execute([grp, *num, self.run.0, *odata])?;
            }
        }
        self.slice = slice;
        Ok(())
    }

    /// A member of a group that an earlier run knows members of.
    fn name_again(&mut self, grp: i64, member: i64, odata: i64) -> rusqlite::Result<()> {
        let run = self.run.0;
        let newest = self
            .newest
            .query_row([grp, member], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))
            .optional()?;
        match newest {
            // What began in this run needs no mark that this run saw it.
            Some((from_run, FOREVER, before)) if from_run == run && before == odata => return Ok(()),
            Some((from_run, FOREVER, before)) if from_run != run && before == odata => {
                return self.see.execute([grp, member]).map(drop);
            }
            Some((from_run, FOREVER, _)) if from_run != run => self.close(grp, member, from_run)?,
            // This run took it away, and now it is back.
            Some((from_run, to_run, before)) if to_run == run && before == odata => {
                self.db
                    .prepare_cached("UPDATE edge SET to_run = ?4 WHERE grp = ?1 AND member = ?2 AND from_run = ?3")?
                    .execute([grp, member, from_run, FOREVER])?;
                return self.see.execute([grp, member]).map(drop);
            }
            _ => {}
        }
        self.insert.execute([grp, member, run, odata]).map(drop)
    }

    fn remove(&mut self, grp: i64, member: i64) -> rusqlite::Result<()> {
        let open = self
            .newest
            .query_row([grp, member], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .optional()?
            .filter(|(_, to_run)| *to_run == FOREVER);
        let Some((from_run, _)) = open else { return Ok(()) };
        if from_run == self.run.0 {
            self.db
                .prepare_cached("DELETE FROM edge WHERE grp = ?1 AND member = ?2 AND from_run = ?3")?
                .execute([grp, member, from_run])?;
            return Ok(());
        }
        self.close(grp, member, from_run)?;
        self.db.prepare_cached("DELETE FROM seen_edge WHERE grp = ?1 AND member = ?2")?.execute([grp, member]).map(drop)
    }

    fn close(&self, grp: i64, member: i64, from_run: i64) -> rusqlite::Result<()> {
        self.db
            .prepare_cached("UPDATE edge SET to_run = ?4 WHERE grp = ?1 AND member = ?2 AND from_run = ?3")?
            .execute([grp, member, from_run, self.run.0])
            .map(drop)
    }

    fn forget_ghost(&self, grp: i64, member: i64) -> rusqlite::Result<()> {
        self.db
            .prepare_cached(
                "UPDATE ghost_edge SET to_run = ?3 WHERE grp = ?1 AND member = ?2 AND to_run = 9223372036854775807",
            )?
            .execute([grp, member, self.run.0])
            .map(drop)
    }

    /// The group's list is as if this run had not seen any of it.
    fn reset(&self, grp: i64, is_old: bool) -> rusqlite::Result<()> {
        let run = self.run.0;
        self.db.prepare_cached("DELETE FROM edge WHERE grp = ?1 AND from_run = ?2")?.execute([grp, run])?;
        if is_old {
            self.db.prepare_cached("DELETE FROM seen_edge WHERE grp = ?1")?.execute([grp])?;
            self.db
                .prepare_cached("UPDATE edge SET to_run = ?3 WHERE grp = ?1 AND to_run = ?2")?
                .execute([grp, run, FOREVER])?;
        }
        self.db
            .prepare_cached("UPDATE ghost_edge SET to_run = ?3 WHERE grp = ?1 AND to_run = ?2")?
            .execute([grp, run, FOREVER])
            .map(drop)
    }

    fn end(&self, grp: i64, end: &ListEnd, via: Via) -> rusqlite::Result<()> {
        self.db
            .prepare_cached(
                "INSERT OR REPLACE INTO group_state (run, grp, state, code, request_id, reason, via)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![self.run.0, grp, end.state.as_str(), end.code, end.request_id, end.reason, via.shown()])
            .map(drop)
    }
}

/// How a list stands that was begun.
fn half_read() -> ListEnd {
    ListEnd { state: State::Partial, code: Some(NOT_READ.to_owned()), request_id: None, reason: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_the_same() {
        let check = |a: &str, b: &str, want: bool| {
            assert_eq!((says_the_same(a, b), says_the_same(b, a)), (want, want), "{a} {b}");
        };
        check(r#"{"a":1,"b":null}"#, r#"{"a":1}"#, true);
        check(r#"{"a":1,"b":2}"#, r#"{ "b": 2, "a": 1 }"#, true);
        check(r#"{"a":1}"#, r#"{"a":2}"#, false);
        check(r#"{"a":1}"#, "nonsense", false);
        check("nonsense", "nonsense", true);
    }
}
