//! Members that are gone and that their groups still list: users in the recycle bin, above all (facts: graph.md §3.2).
//!
//! They are no edges. But when such a member comes back, nothing says so of its groups: these are read again then.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{
    FOREVER,
    keys::Few,
    nodes::{Fate, Nodes, each},
};
use crate::domain::{
    completeness::State,
    ids::RunId,
    kind::{EntityKind, kind_of_odata_type},
};

/// A group lists a member that is gone.
pub(super) fn remember(db: &Connection, run: RunId, grp: i64, member: i64, odata: i64) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO ghost_edge (grp, member, from_run, to_run, odata) SELECT ?1, ?2, ?3, ?4, ?5
         WHERE NOT EXISTS (SELECT 1 FROM ghost_edge WHERE grp = ?1 AND member = ?2 AND to_run = ?4)",
    )?
    .execute([grp, member, run.0, FOREVER, odata])
    .map(drop)
}

/// A group that was read to its end, or is no more, is remembered anew, or not at all.
pub(super) fn forget_read(db: &Connection, nodes: &Nodes) -> rusqlite::Result<()> {
    let mut groups = Vec::new();
    each(db, "SELECT DISTINCT grp FROM ghost_edge", (), |row| {
        let grp = row.get(0)?;
        if !nodes.is_group(grp) || nodes.at(grp).list == Some(State::Complete) {
            groups.push(grp);
        }
        Ok(())
    })?;
    for grp in groups {
        db.prepare_cached("DELETE FROM ghost_edge WHERE grp = ?1")?.execute([grp])?;
    }
    Ok(())
}

/// What a finished run forgot is forgotten: only the next run asks.
pub(super) fn tidy(db: &Connection) -> rusqlite::Result<()> {
    db.execute("DELETE FROM ghost_edge WHERE to_run < 9223372036854775807", ()).map(drop)
}

/// Adds those whose return no delta query tells: they have to be looked up.
pub(super) fn wanted(
    db: &Connection,
    nodes: &Nodes,
    types: &mut Few,
    wanted: &mut BTreeMap<i64, i64>,
) -> rusqlite::Result<()> {
    each(db, "SELECT grp, member, odata FROM ghost_edge WHERE to_run = 9223372036854775807", (), |row| {
        let (grp, member, odata): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let node = nodes.at(member);
        let is_answered = node.fate != Fate::Unknown || node.open.is_some_and(|o| o.fresh);
        if nodes.is_group(grp)
            && nodes.at(grp).list != Some(State::Complete)
            && !is_answered
            && kind_of_odata_type(types.text(db, odata)?) == EntityKind::Member
        {
            wanted.entry(member).or_insert(odata);
        }
        Ok(())
    })
}
