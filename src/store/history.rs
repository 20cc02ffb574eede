//! What became of one object over the runs that are kept: its states, and who came and went in its lists.
//!
//! Only runs that finished count. What such a run could not read it carried on from the one before, so that nothing is
//! taken for a change but what was read.

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Map, Value};

use super::{error::StoreError, keys, nodes::each, read::Reader, runs};
use crate::domain::{
    difference::differences,
    explore::{Change, FieldChange, Version},
    ids::RunId,
    kind::{EntityKind, short_odata_type},
};

impl Reader {
    /// The states of an object over the finished runs that are kept, the newest first; none of an id that no such run
    /// holds. The first run with a state is the first that is kept: the oldest of all may have had it from an earlier one.
    ///
    /// A run after which its lists are not as they were is told as well, without fields.
    pub fn history(&self, id: &str) -> Result<Vec<Version>, StoreError> {
        self.snapshot(|db| {
            let kept = Kept::load(db)?;
            match keys::find(db, id)? {
                Some(num) if !kept.0.is_empty() => history(db, &kept, num),
                _ => Ok(Vec::new()),
            }
        })
    }
}

/// The finished runs that are kept, the oldest first, and when each ended.
struct Kept(Vec<(RunId, Timestamp)>);

impl Kept {
    fn load(db: &Connection) -> rusqlite::Result<Self> {
        let mut kept: Vec<_> =
            runs::all(db)?.into_iter().filter(|r| r.status.is_finished()).map(|r| (r.id, r.last_at())).collect();
        kept.reverse();
        Ok(Self(kept))
    }

    /// The places of the runs in which a row is valid.
    fn places(&self, from_run: i64, to_run: i64) -> std::ops::Range<usize> {
        let place = |run: i64| self.0.partition_point(|(id, _)| id.0 < run);
        place(from_run)..place(to_run)
    }
}

/// What an object is in a run.
pub(super) struct State {
    pub kind: EntityKind,
    odata: String,
    json: String,
}

impl State {
    /// Of `object` o and `raw` r.
    pub(super) const COLUMNS: &str = "o.kind, o.odata, r.json";

    pub(super) fn read(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Self> {
        Ok(Self { kind: runs::kind(at, row.get(at)?)?, odata: row.get(at + 1)?, json: row.get(at + 2)? })
    }

    /// What is different now: of its type first, then field by field.
    pub(super) fn until(&self, now: &Self) -> rusqlite::Result<Vec<FieldChange>> {
        let mut changes = Vec::new();
        let (before_type, now_type) = (self.odata_type(), now.odata_type());
        if before_type != now_type {
            let value = |short: &str| match short {
                "" => Value::Null,
                short => Value::String(format!("#microsoft.graph.{short}")),
            };
            changes.push(FieldChange {
                field: "@odata.type".to_owned(),
                before: value(before_type),
                now: value(now_type),
            });
        }
        if self.json != now.json {
            let parse = |state: &Self| runs::json::<Map<String, Value>>(2, &state.json);
            changes.extend(differences(&parse(self)?, &parse(now)?));
        }
        Ok(changes)
    }

    /// Lists of users and groups need not name the type.
    fn odata_type(&self) -> &str {
        match self.kind {
            EntityKind::Account => "organization",
            EntityKind::User => "user",
            EntityKind::Group => "group",
            EntityKind::Member => short_odata_type(&self.odata),
        }
    }
}

fn history(db: &Connection, kept: &Kept, num: i64) -> rusqlite::Result<Vec<Version>> {
    let (states, state_at) = states(db, kept, num)?;
    let members = ties(db, kept, "SELECT member, from_run, to_run FROM edge WHERE grp = ?1 ORDER BY 1, 2", num)?;
    let groups = ties(db, kept, "SELECT grp, from_run, to_run FROM edge WHERE member = ?1 ORDER BY 1, 2", num)?;
    let mut told: Vec<Version> = Vec::new();
    let mut before: Option<usize> = None;
    for (place, (run, at)) in kept.0.iter().enumerate() {
        let now = state_at[place];
        let (change, fields) = match (before, now) {
            (None, None) => continue,
            (None, Some(_)) => (Change::Came, Vec::new()),
            (Some(_), None) => (Change::Went, Vec::new()),
            (Some(before), Some(now)) if before == now => (Change::Changed, Vec::new()),
            (Some(before), Some(now)) => (Change::Changed, states[before].until(&states[now])?),
        };
        before = now;
        let is_as_before = fields.is_empty() && (members[place], groups[place]) == ((0, 0), (0, 0));
        if change == Change::Changed && is_as_before {
            continue;
        }
        if let Some(last) = told.last_mut() {
            last.until = Some(*run);
        }
        told.push(Version {
            run: *run,
            at: *at,
            until: None,
            change,
            fields,
            members: members[place],
            groups: groups[place],
        });
    }
    told.reverse();
    Ok(told)
}

/// The states that it had, and which of them in which run. What is known by its id alone is none.
fn states(db: &Connection, kept: &Kept, num: i64) -> rusqlite::Result<(Vec<State>, Vec<Option<usize>>)> {
    let mut states = Vec::new();
    let mut state_at = vec![None; kept.0.len()];
    let sql = format!(
        "SELECT o.from_run, o.to_run, {} FROM object o JOIN raw r ON r.version = o.version
         WHERE o.num = ?1 AND o.entity = 1 ORDER BY o.from_run",
        State::COLUMNS
    );
    each(db, &sql, [num], |row| {
        let places = kept.places(row.get(0)?, row.get(1)?);
        if !places.is_empty() {
            state_at[places].fill(Some(states.len()));
            states.push(State::read(row, 2)?);
        }
        Ok(())
    })?;
    Ok((states, state_at))
}

/// How many came and went with each run: of rows of (the other end, from, to), in order.
fn ties(db: &Connection, kept: &Kept, sql: &str, num: i64) -> rusqlite::Result<Vec<(u64, u64)>> {
    let mut ties = vec![(0, 0); kept.0.len()];
    // Whose row was last, and where it ended.
    let mut last: Option<(i64, usize)> = None;
    each(db, sql, [num], |row| {
        let (other, places) = (row.get(0)?, kept.places(row.get(1)?, row.get(2)?));
        if places.is_empty() {
            return Ok(());
        }
        // It may have gone and come back between two runs that are kept.
        if last == Some((other, places.start)) {
            ties[places.start].1 -= 1;
        } else {
            ties[places.start].0 += 1;
        }
        if let Some(tie) = ties.get_mut(places.end) {
            tie.1 += 1;
        }
        last = Some((other, places.end));
        Ok(())
    })?;
    Ok(ties)
}
