//! One run whole and in one snapshot, as a copy of it in memory is made: the order of lists, objects, memberships by group,
//! and how the groups' lists ended. Texts are lent, not copied. Filters nothing.

use std::path::Path;

use rusqlite::{Connection, Row};
use serde_json::Value;

use super::{
    error::StoreError,
    keys, lists,
    nodes::each,
    read::{Reader, Stored},
    runs,
};
use crate::domain::{
    completeness::State,
    ids::RunId,
    kind::{EntityKind, kind_of_odata_type},
    traits::Traits,
};

/// An object as lists show, filter and sort it. Texts are empty where there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brief<'a> {
    /// The number of its id, the same in every run.
    pub num: i64,
    pub id: &'a str,
    pub kind: EntityKind,
    /// False for a user or group that is known to exist and could not be read: no list has it, but groups name it.
    pub entity: bool,
    pub name: &'a str,
    pub second: &'a str,
    pub label: &'a str,
    pub mail: &'a str,
    pub traits: Traits,
    /// Milliseconds since 1970.
    pub created: Option<i64>,
    pub department: &'a str,
    /// `jobTitle`.
    pub title: &'a str,
    pub company: &'a str,
    /// `usageLocation`.
    pub country: &'a str,
}

impl<'a> Brief<'a> {
    /// Of an `object` that is called `o`, and its `key`, `k`.
    pub(super) const COLUMNS: &'static str = "o.num, k.text, o.kind, o.entity, o.name, o.second, o.label, o.mail,
         o.traits, o.created, o.department, o.title, o.company, o.country";

    pub(super) fn read(row: &'a Row<'_>) -> rusqlite::Result<Self> {
        let text = |at: usize| -> rusqlite::Result<&'a str> { Ok(row.get_ref(at)?.as_str()?) };
        Ok(Self {
            num: row.get(0)?,
            id: text(1)?,
            kind: runs::kind(2, row.get(2)?)?,
            entity: row.get(3)?,
            name: text(4)?,
            second: text(5)?,
            label: text(6)?,
            mail: text(7)?,
            traits: Traits::from_bits(row.get(8)?),
            created: row.get(9)?,
            department: text(10)?,
            title: text(11)?,
            company: text(12)?,
            country: text(13)?,
        })
    }
}

/// A run as it is at one moment, also while it is being written.
#[derive(Debug)]
pub struct Snapshot<'a> {
    db: &'a Connection,
    path: &'a Path,
    run: RunId,
}

impl Reader {
    /// One snapshot of a run for all that `work` reads of it.
    pub fn at<T, E: From<StoreError>>(
        &self,
        run: RunId,
        work: impl FnOnce(&Snapshot<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.of_run(run, |db| Ok(work(&Snapshot { db, path: self.path(), run })))?
    }
}

impl Snapshot<'_> {
    /// The number of every object in the order of lists: by kind, then by name without case, then by id. In a run that
    /// goes on: of those that it has read, and those of the run before that it has not come to.
    pub fn each_in_order(&self, f: &mut dyn FnMut(i64)) -> Result<(), StoreError> {
        self.look(|db| {
            let sql = format!(
                "SELECT num FROM object o {} WHERE from_run <= ?1 AND ?1 < to_run ORDER BY kind, sort",
                lists::in_order(db)?
            );
            each(db, &sql, [self.run.0], |row| {
                f(row.get(0)?);
                Ok(())
            })
        })
    }

    /// Every object that [`each_in_order`](Self::each_in_order) tells the place of, as the file has them: to read them in
    /// the order of lists takes twenty times as long.
    pub fn each_brief(&self, f: &mut dyn FnMut(Brief<'_>)) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT {} FROM object o NOT INDEXED CROSS JOIN key k ON k.num = o.num
             WHERE o.from_run <= ?1 AND ?1 < o.to_run",
            Brief::COLUMNS
        );
        self.look(|db| {
            each(db, &sql, [self.run.0], |row| {
                f(Brief::read(row)?);
                Ok(())
            })
        })
    }

    /// The object with this id, if the run has one.
    pub fn brief_of(&self, id: &str, f: &mut dyn FnMut(Brief<'_>)) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT {} FROM key k CROSS JOIN object o ON o.num = k.num
             WHERE k.num = ?2 AND o.from_run <= ?1 AND ?1 < o.to_run",
            Brief::COLUMNS
        );
        self.look(|db| match keys::find(db, id)? {
            Some(num) => each(db, &sql, [self.run.0, num], |row| {
                f(Brief::read(row)?);
                Ok(())
            }),
            None => Ok(()),
        })
    }

    /// The numbers of every membership's group and member, in this order. In a run that goes on there may be members that
    /// are no object yet, and groups that are none any more.
    pub fn each_membership(&self, f: &mut dyn FnMut(i64, i64)) -> Result<(), StoreError> {
        let sql = "SELECT grp, member FROM edge WHERE from_run <= ?1 AND ?1 < to_run ORDER BY grp, member";
        self.look(|db| {
            each(db, sql, [self.run.0], |row| {
                f(row.get(0)?, row.get(1)?);
                Ok(())
            })
        })
    }

    /// The id of a membership's member, and what kind the membership makes of it: for one that is no object yet.
    pub fn unread(&self, group: i64, member: i64) -> Result<(String, EntityKind), StoreError> {
        let sql = "SELECT k.text, t.text FROM edge e JOIN key k ON k.num = e.member JOIN key t ON t.num = e.odata
                   WHERE e.grp = ?1 AND e.member = ?2 AND e.from_run <= ?3 AND ?3 < e.to_run";
        self.look(|db| {
            db.prepare_cached(sql)?.query_row([group, member, self.run.0], |row| {
                Ok((row.get(0)?, kind_of_odata_type(row.get_ref(1)?.as_str()?)))
            })
        })
    }

    /// The groups whose lists are not complete, by number; in a run that goes on, also those that were not read yet.
    pub fn group_states(&self) -> Result<Vec<(i64, State)>, StoreError> {
        self.look(|db| {
            let mut states = Vec::new();
            let told = "SELECT grp, state FROM group_state WHERE run = ?1 AND state <> 'complete'";
            each(db, told, [self.run.0], |row| {
                let state = row.get_ref(1)?.as_str()?;
                states.push((row.get(0)?, State::parse(state).ok_or_else(|| runs::strange(1, state))?));
                Ok(())
            })?;
            if !runs::get(db, self.run)?.is_some_and(|run| run.status.is_finished()) {
                let open = "SELECT o.num FROM object o
                            WHERE o.kind = 3 AND o.entity = 1 AND o.from_run <= ?1 AND ?1 < o.to_run
                              AND NOT EXISTS (SELECT 1 FROM group_state s WHERE s.run = ?1 AND s.grp = o.num)";
                each(db, open, [self.run.0], |row| {
                    states.push((row.get(0)?, State::Partial));
                    Ok(())
                })?;
                states.sort_unstable_by_key(|(grp, _)| *grp);
            }
            Ok(states)
        })
    }

    /// What Graph answered for these objects; `None` for a number that is no object in this run.
    pub fn raw_of(&self, nums: &[i64]) -> Result<Vec<Option<Value>>, StoreError> {
        self.look(|db| {
            nums.iter().map(|num| Ok(Stored::of(db, self.run, *num)?.map(|stored| Value::Object(stored.raw)))).collect()
        })
    }

    /// The number of an id, if the store has it in any run.
    pub fn num_of(&self, id: &str) -> Result<Option<i64>, StoreError> {
        self.look(|db| keys::find(db, id))
    }

    fn look<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(self.db).map_err(|e| StoreError::of(self.path, e))
    }
}
