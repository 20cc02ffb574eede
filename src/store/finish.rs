//! The end of a run: what is gone, what stays as last known, what is missing.
//!
//! One pass over the edges, in slices, against a vector of what is known of every id; no step holds more than a slice
//! of changes in memory.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::json;

use super::{
    file, ghosts, ground, keys,
    keys::Few,
    late::Late,
    nodes::{EdgeEnd, Fate, Marks, Nodes, Stage, each},
    put::Version,
    runs::{self, Counts, timestamp},
    tally::Tally,
    write::{RunEnd, Unresolved},
};
use crate::domain::{
    completeness::{CASTS_REFUSED, Collection, Gap, GapScope, RunStatus, State},
    ids::RunId,
    kind::{EdgeKind, EntityKind, kind_of_odata_type, short_odata_type},
    reading::RunKind,
};

/// How many edges are looked at before changes are applied.
const SLICE: i64 = 100_000;

/// The code of a gap that nobody even tried to fill.
pub(super) const NOT_READ: &str = "not_read";

struct OpenEdge {
    grp: i64,
    member: i64,
    from_run: i64,
    odata: i64,
    /// Whether this run's list named it.
    seen: bool,
}

/// Hands over every open edge, in slices, by group and member. The callback may change edges.
fn each_slice(
    db: &Connection,
    run: RunId,
    mut f: impl FnMut(&[OpenEdge]) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut after = (i64::MIN, i64::MIN);
    let has_marks: bool =
        db.prepare_cached("SELECT EXISTS (SELECT 1 FROM seen_edge)")?.query_row((), |row| row.get(0))?;
    // A first run marks nothing: then there is nothing to look up for each edge.
    let sql = match has_marks {
        true => {
            "SELECT e.grp, e.member, e.from_run, e.odata, e.from_run = ?1 OR s.member IS NOT NULL
             FROM edge e LEFT JOIN seen_edge s ON s.grp = e.grp AND s.member = e.member
             WHERE (e.grp, e.member) > (?2, ?3) AND e.to_run = 9223372036854775807
             ORDER BY e.grp, e.member LIMIT ?4"
        }
        false => {
            "SELECT grp, member, from_run, odata, from_run = ?1 FROM edge
             WHERE (grp, member) > (?2, ?3) AND to_run = 9223372036854775807
             ORDER BY grp, member LIMIT ?4"
        }
    };
    loop {
        let slice: Vec<OpenEdge> = db
            .prepare_cached(sql)?
            .query_map(params![run.0, after.0, after.1, SLICE], |row| {
                Ok(OpenEdge {
                    grp: row.get(0)?,
                    member: row.get(1)?,
                    from_run: row.get(2)?,
                    odata: row.get(3)?,
                    seen: row.get(4)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        let Some(last) = slice.last() else { return Ok(()) };
        after = (last.grp, last.member);
        f(&slice)?;
    }
}

/// Beside those that are wanted, what was counted on the way.
pub(super) fn unresolved(db: &Connection, run: RunId) -> rusqlite::Result<(Vec<Unresolved>, Option<Tally>)> {
    let mut nodes = Nodes::load(db, run, Stage::Reading)?;
    let mut wanted = BTreeMap::new();
    let of_a_part = nodes.kind == RunKind::Scoped;
    let mut tally = Some(Tally::new(nodes.most()));
    each_slice(db, run, |slice| {
        for edge in slice {
            let is_own = edge.from_run == run.0;
            tally = tally.take().and_then(|t| t.and(edge.grp, edge.member, is_own && nodes.is_group(edge.grp)));
            let counts = nodes.is_listed(edge.grp, edge.seen) && (edge.seen || !of_a_part);
            if counts && !nodes.at(edge.member).is(Marks::NAMED) && nodes.is_wanted(edge.member) {
                nodes.at_mut(edge.member).mark(Marks::NAMED);
                wanted.insert(edge.member, edge.odata);
            }
        }
        Ok(())
    })?;
    let mut types = Few::default();
    if nodes.is_by_changes_only() {
        ghosts::wanted(db, &nodes, &mut types, &mut wanted)?;
    }
    let unresolved = wanted
        .into_iter()
        .map(|(num, odata)| Ok(Unresolved { id: keys::text(db, num)?, odata_type: types.text(db, odata)?.to_owned() }))
        .collect::<rusqlite::Result<_>>()?;
    Ok((unresolved, tally))
}

/// The tally, if there is one, is of the edges as they are.
pub(super) fn finish(db: &Connection, run: RunId, end: &RunEnd, tally: Option<Tally>) -> rusqlite::Result<()> {
    let is_through = matches!(end.status, RunStatus::Complete | RunStatus::Partial | RunStatus::Scoped);
    let kind = runs::get(db, run)?.map_or(RunKind::Full, |r| r.kind);
    let (status, gaps, counts) = match kind {
        RunKind::Scoped if is_through => {
            (RunStatus::Scoped, told_gaps(db, run)?, Some(count_seen(db, run, &Nodes::load(db, run, Stage::Ending)?)?))
        }
        RunKind::Full | RunKind::Gentle | RunKind::Delta if is_through => {
            let (gaps, counts) = settle(db, run, end, tally)?;
            (if gaps.is_empty() { RunStatus::Complete } else { RunStatus::Partial }, gaps, Some(counts))
        }
        _ => (end.status, told_gaps(db, run)?, None),
    };
    if is_through {
        build(db, &Late::ALL)?;
    }
    db.execute(
        "UPDATE run SET status = ?2, leftover = ?3, finished_at = ?4, requests = ?5, resource_units = ?6, seconds = ?7,
                        gaps = ?8, counts = ?9
         WHERE id = ?1",
        params![
            run.0,
            status.as_str(),
            !status.is_finished(),
            end.finished_at.as_millisecond(),
            runs::signed(end.requests),
            runs::signed(end.resource_units),
            end.seconds,
            json!(gaps).to_string(),
            counts.map(|c| json!(c).to_string()),
        ],
    )?;
    Ok(())
}

/// Makes what a run brought the state that holds.
fn settle(db: &Connection, run: RunId, end: &RunEnd, tally: Option<Tally>) -> rusqlite::Result<(Vec<Gap>, Counts)> {
    let mut nodes = Nodes::load(db, run, Stage::Ending)?;
    keep_old_gaps(db, run, &mut nodes)?;
    ghosts::forget_read(db, &nodes)?;
    for num in nodes.iter().filter(|(_, node)| nodes.closes(node)).map(|(num, _)| num) {
        close_object(db, run, num)?;
    }
    let mut counts = close_edges(db, run, &mut nodes, tally)?;
    for (num, node) in nodes.iter() {
        let Some(open) = node.open.filter(|_| !nodes.closes(node)) else { continue };
        // Members are there because groups name them.
        if (open.kind == EntityKind::Member || !open.entity) && !node.is(Marks::NAMED) {
            close_object(db, run, num)?;
        } else if open.entity {
            counts.add_entity(open.kind);
        }
    }
    counts.add_account_edges();
    let mut gaps = gaps(db, run, &nodes)?;
    gaps.extend(kind_gaps(db, &nodes)?);
    gaps.extend(untold_kind(db, run, &nodes)?);
    settle_groups(db, run, &nodes, end.finished_at)?;
    settle_collections(db, &nodes, end.finished_at)?;
    settle_links(db, run, &nodes)?;
    settle_sign_ins(db, run)?;
    settle_ages(db, run, &nodes, end.finished_at)?;
    ghosts::tidy(db)?;
    runs::forget_marks(db)?;
    Ok((gaps, counts))
}

/// Builds those of the indexes that are not there: a first run does without them.
fn build(db: &Connection, indexes: &[Late]) -> rusqlite::Result<()> {
    // Sorted in runs of the cache's size, and on a thread of its own: more memory would not make it quicker.
    db.pragma_update(None, "cache_size", -16_384)?;
    db.pragma_update(None, "threads", 1)?;
    indexes.iter().try_for_each(|late| late.build(db))?;
    db.pragma_update(None, "cache_size", file::WRITING_CACHE)
}

/// Where only changes were read, what could not be read before is still what it was, unless it was read again.
fn keep_old_gaps(db: &Connection, run: RunId, nodes: &mut Nodes) -> rusqlite::Result<()> {
    let Some(base) = nodes.base.filter(|_| nodes.is_by_changes_only()) else { return Ok(()) };
    let mut kept = Vec::new();
    let sql = "SELECT grp, state FROM group_state
               WHERE run = ?1 AND state <> 'complete' AND coalesce(code, '') <> ?2";
    each(db, sql, params![base.0, NOT_READ], |row| {
        let (num, state): (i64, String) = (row.get(0)?, row.get(1)?);
        let node = nodes.at(num);
        if node.list.is_none() && nodes.is_group(num) && node.is(Marks::WAS_GROUP) {
            kept.push((num, State::parse(&state)));
        }
        Ok(())
    })?;
    for (num, state) in kept {
        db.prepare_cached(
            "INSERT OR REPLACE INTO group_state (run, grp, state, code, request_id, reason, via)
             SELECT ?2, grp, state, code, request_id, reason, via FROM group_state WHERE run = ?1 AND grp = ?3",
        )?
        .execute([base.0, run.0, num])?;
        nodes.at_mut(num).list = state;
    }
    Ok(())
}

/// Ends the open version of an object; one that began in this very run was never there.
fn close_object(db: &Connection, run: RunId, num: i64) -> rusqlite::Result<()> {
    let open: Option<(i64, i64)> = db
        .prepare_cached("SELECT version, from_run FROM object WHERE num = ?1 AND to_run = 9223372036854775807")?
        .query_row([num], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match open {
        Some((version, from_run)) if from_run == run.0 => {
            db.prepare_cached("DELETE FROM object WHERE version = ?1")?.execute([version])?;
            db.prepare_cached("DELETE FROM raw WHERE version = ?1")?.execute([version])?;
        }
        Some((version, _)) => {
            db.prepare_cached("UPDATE object SET to_run = ?2 WHERE version = ?1")?.execute([version, run.0])?;
        }
        None => {}
    }
    Ok(())
}

/// Drops edges that are over, gives far ends that nobody could read a stand-in, and counts what stays.
fn close_edges(db: &Connection, run: RunId, nodes: &mut Nodes, tally: Option<Tally>) -> rusqlite::Result<Counts> {
    let mut closing = Closing { db, run, counts: Counts::default(), stand_ins: HashMap::new(), types: Few::default() };
    let Some(tally) = tally.filter(|tally| tally.holds(nodes)) else {
        each_slice(db, run, |slice| slice.iter().try_for_each(|edge| closing.edge(nodes, edge)))?;
        return Ok(closing.counts);
    };
    let mut others = Vec::new();
    for (member, groups) in tally.members() {
        match nodes.far_end(member, true) {
            EdgeEnd::Keep(kind) => closing.keep(nodes, member, kind, groups),
            EdgeEnd::Drop | EdgeEnd::Ghost | EdgeEnd::StandIn => others.push(member),
        }
    }
    if !others.is_empty() {
        build(db, &[Late::EdgeByMember])?;
    }
    for member in others {
        let edges: Vec<OpenEdge> = db
            .prepare_cached(
                "SELECT grp, from_run, odata FROM edge INDEXED BY edge_by_member
                 WHERE member = ?1 AND to_run = 9223372036854775807 ORDER BY grp",
            )?
            .query_map([member], |row| {
                Ok(OpenEdge { grp: row.get(0)?, member, from_run: row.get(1)?, odata: row.get(2)?, seen: true })
            })?
            .collect::<Result<_, _>>()?;
        edges.iter().try_for_each(|edge| closing.edge(nodes, edge))?;
    }
    Ok(closing.counts)
}

/// The end of edges, one after the other.
struct Closing<'a> {
    db: &'a Connection,
    run: RunId,
    counts: Counts,
    stand_ins: HashMap<i64, EntityKind>,
    types: Few,
}

impl Closing<'_> {
    fn edge(&mut self, nodes: &mut Nodes, edge: &OpenEdge) -> rusqlite::Result<()> {
        let (db, run) = (self.db, self.run);
        let kind = match nodes.end(edge.grp, edge.member, edge.seen) {
            EdgeEnd::Keep(kind) => kind,
            EdgeEnd::StandIn => match self.stand_ins.get(&edge.member) {
                Some(kind) => *kind,
                None => {
                    let told = nodes.told_type(edge.member).unwrap_or(edge.odata);
                    let told = if self.types.text(db, told)?.is_empty() { edge.odata } else { told };
                    let kind = stand_in(db, run, edge.member, self.types.text(db, told)?)?;
                    self.stand_ins.insert(edge.member, kind);
                    // Of users and groups that nobody could read there are no entities.
                    if kind == EntityKind::Member {
                        self.counts.add_entity(kind);
                    }
                    kind
                }
            },
            over @ (EdgeEnd::Drop | EdgeEnd::Ghost) => {
                if over == EdgeEnd::Ghost {
                    ghosts::remember(db, run, edge.grp, edge.member, edge.odata)?;
                }
                let sql = if edge.from_run == run.0 {
                    "DELETE FROM edge WHERE grp = ?1 AND member = ?2 AND from_run = ?3 AND ?4 > 0"
                } else {
                    "UPDATE edge SET to_run = ?4 WHERE grp = ?1 AND member = ?2 AND from_run = ?3"
                };
                return db.prepare_cached(sql)?.execute([edge.grp, edge.member, edge.from_run, run.0]).map(drop);
            }
        };
        self.keep(nodes, edge.member, kind, 1);
        Ok(())
    }

    /// So many edges stay as they are.
    fn keep(&mut self, nodes: &mut Nodes, member: i64, kind: EntityKind, many: u64) {
        nodes.at_mut(member).mark(Marks::NAMED);
        if let Some(kind) = EdgeKind::of_group(kind) {
            self.counts.add_edges(kind, many);
        }
    }
}

/// An object for a member that nobody could read: a user or a group is none of our entities then (its edges are mapped),
/// any other member is known by its id and type alone.
fn stand_in(db: &Connection, run: RunId, num: i64, odata: &str) -> rusqlite::Result<EntityKind> {
    let kind = kind_of_odata_type(odata);
    let id = keys::text(db, num)?;
    let json = json!({ "id": id }).to_string();
    Version { num, id: &id, kind, entity: kind == EntityKind::Member, odata, json: &json }.put(db, run)?;
    Ok(kind)
}

/// What a run of a part saw, whatever else is held.
fn count_seen(db: &Connection, run: RunId, nodes: &Nodes) -> rusqlite::Result<Counts> {
    let mut counts = Counts::default();
    for open in nodes.iter().filter_map(|(_, node)| node.open).filter(|open| open.fresh && open.entity) {
        counts.add_entity(open.kind);
    }
    let mut types = Few::default();
    each_slice(db, run, |slice| {
        for edge in slice.iter().filter(|edge| edge.seen && nodes.is_group(edge.grp)) {
            let kind = match nodes.at(edge.member).open {
                Some(open) => open.kind,
                None => kind_of_odata_type(types.text(db, edge.odata)?),
            };
            if let Some(kind) = EdgeKind::of_group(kind) {
                counts.add_edge(kind);
            }
        }
        Ok(())
    })?;
    counts.add_account_edges();
    Ok(counts)
}

/// What a finished run lacks: collections first, then groups by name.
fn gaps(db: &Connection, run: RunId, nodes: &Nodes) -> rusqlite::Result<Vec<Gap>> {
    let mut gaps = Vec::new();
    for collection in Collection::ALL {
        if collection == Collection::Memberships || nodes.is_whole(collection) {
            continue;
        }
        let mut gap = told_gap(db, run, collection)?.unwrap_or_else(|| not_read(collection));
        gap.stale_since = whole_since(db, collection)?;
        gaps.push(gap);
    }
    let groups: Vec<Gap> = told_group_gaps(db, run)?
        .into_iter()
        .filter(|(num, _)| nodes.is_group(*num))
        .map(|(num, gap)| Ok(Gap { stale_since: group_whole_since(db, num)?, ..gap }))
        .collect::<rusqlite::Result<_>>()?;
    // Groups that nobody even asked are one gap together.
    let unasked = nodes
        .iter()
        .filter(|(num, node)| node.list.is_none() && nodes.is_group(*num) && !nodes.is_carried(*num))
        .map(|(num, _)| num);
    let mut stale = Some(None);
    let mut any = false;
    for num in unasked {
        any = true;
        let since = group_whole_since(db, num)?;
        stale = match (stale, since) {
            (Some(None), Some(since)) => Some(Some(since)),
            (Some(Some(oldest)), Some(since)) => Some(Some(since.min(oldest))),
            _ => None,
        };
    }
    let told = told_gap(db, run, Collection::Memberships)?;
    if any {
        let gap = told.unwrap_or_else(|| not_read(Collection::Memberships));
        gaps.push(Gap { stale_since: stale.flatten(), ..gap });
    } else {
        // Beside the groups' own gaps: a member of whom nothing was found out is in a list that is whole.
        gaps.extend(told);
    }
    gaps.extend(groups);
    Ok(gaps)
}

/// Kinds of members that exist and may not be read. Where each of them was read before, what is known of them goes on.
fn kind_gaps(db: &Connection, nodes: &Nodes) -> rusqlite::Result<Vec<Gap>> {
    let mut types = Few::default();
    // By kind: whether each was read before.
    let mut kinds: BTreeMap<String, bool> = BTreeMap::new();
    for (num, node) in nodes.iter() {
        let is_refused = node.fate == Fate::Unreadable && !node.is(Marks::UNTOLD) && node.is(Marks::NAMED);
        let Some(told) = nodes.told_type(num).filter(|_| is_refused) else { continue };
        let odata = types.text(db, told)?;
        if kind_of_odata_type(odata) != EntityKind::Member {
            continue;
        }
        let was_read = db
            .prepare_cached(
                "SELECT 1 FROM object o JOIN raw r ON r.version = o.version JOIN key k ON k.num = o.num
                 WHERE o.num = ?1 AND o.to_run = 9223372036854775807 AND r.json <> json_object('id', k.text)",
            )?
            .exists([num])?;
        let all = kinds.entry(short_odata_type(odata).to_owned()).or_insert(true);
        *all &= was_read;
    }
    let base = nodes.base.map_or(Ok(None), |base| runs::get(db, base))?;
    let gap = |(kind, was_read): (String, bool)| {
        let before = base.as_ref().and_then(|b| b.gaps.iter().find(|g| is_of_kind(g, &kind, State::Forbidden)));
        let since = match (before, &base) {
            (Some(gap), _) => gap.stale_since,
            (None, base) => base.as_ref().and_then(|b| b.finished_at),
        };
        Gap {
            scope: GapScope::Kind,
            name: plural_of(&kind),
            id: kind,
            state: State::Forbidden,
            code: Some("kind_not_readable".to_owned()),
            request_id: None,
            accepted: false,
            stale_since: since.filter(|_| was_read),
        }
    };
    Ok(kinds.into_iter().map(gap).collect())
}

/// Service principals, where the service tells of no group which are in it; until everything is read again. Those that
/// were known before go on, each group for itself.
fn untold_kind(db: &Connection, run: RunId, nodes: &Nodes) -> rusqlite::Result<Option<Gap>> {
    const KIND: &str = "servicePrincipal";
    let base = nodes.base.map_or(Ok(None), |base| runs::get(db, base))?;
    let before = base.as_ref().and_then(|b| b.gaps.iter().find(|g| is_of_kind(g, KIND, State::Partial)));
    let told = db
        .prepare_cached("SELECT 1 FROM checkpoint WHERE run = ?1 AND collection = ?2 AND code = ?3")?
        .exists(params![run.0, Collection::Memberships.as_str(), CASTS_REFUSED])?;
    if !told && (before.is_none() || !nodes.is_by_changes_only()) {
        return Ok(None);
    }
    Ok(Some(Gap {
        scope: GapScope::Kind,
        id: KIND.to_owned(),
        name: plural_of(KIND),
        state: State::Partial,
        code: Some(CASTS_REFUSED.to_owned()),
        request_id: None,
        accepted: false,
        stale_since: match before {
            Some(gap) => gap.stale_since,
            None => base.as_ref().and_then(|b| b.finished_at),
        },
    }))
}

fn is_of_kind(gap: &Gap, kind: &str, state: State) -> bool {
    gap.scope == GapScope::Kind && gap.id == kind && gap.state == state
}

/// A kind of members in words.
fn plural_of(kind: &str) -> String {
    match kind {
        "orgContact" => "contacts".to_owned(),
        "device" => "devices".to_owned(),
        "servicePrincipal" => "service principals".to_owned(),
        "" => "members of an unnamed kind".to_owned(),
        other => format!("members of kind {other}"),
    }
}

/// The gaps that reading ran into, without a word on what makes up for them.
fn told_gaps(db: &Connection, run: RunId) -> rusqlite::Result<Vec<Gap>> {
    let mut gaps = Vec::new();
    for collection in Collection::ALL {
        gaps.extend(told_gap(db, run, collection)?);
    }
    gaps.extend(told_group_gaps(db, run)?.into_iter().map(|(_, gap)| gap));
    Ok(gaps)
}

/// A collection's own word that it is not whole.
fn told_gap(db: &Connection, run: RunId, collection: Collection) -> rusqlite::Result<Option<Gap>> {
    let found: Option<(Option<String>, Option<String>, Option<String>)> = db
        .prepare_cached("SELECT state, code, request_id FROM checkpoint WHERE run = ?1 AND collection = ?2")?
        .query_row(params![run.0, collection.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    Ok(match found {
        Some((Some(state), code, request_id)) => State::parse(&state)
            .filter(|state| !state.is_whole())
            .map(|state| Gap { state, code, request_id, ..not_read(collection) }),
        _ => None,
    })
}

fn told_group_gaps(db: &Connection, run: RunId) -> rusqlite::Result<Vec<(i64, Gap)>> {
    let mut gaps = Vec::new();
    let sql = "SELECT s.grp, k.text, o.name, s.state, s.code, s.request_id
               FROM group_state s JOIN key k ON k.num = s.grp
               LEFT JOIN object o ON o.num = s.grp AND o.to_run = 9223372036854775807
               WHERE s.run = ?1 AND s.state NOT IN ('complete', 'gone') AND coalesce(s.code, '') <> ?2
               ORDER BY o.sort, k.text";
    each(db, sql, params![run.0, NOT_READ], |row| {
        let (id, state): (String, String) = (row.get(1)?, row.get(3)?);
        let gap = Gap {
            scope: GapScope::Group,
            name: row.get::<_, Option<String>>(2)?.unwrap_or_else(|| id.clone()),
            id,
            state: State::parse(&state).ok_or_else(|| runs::strange(3, state))?,
            code: row.get(4)?,
            request_id: row.get(5)?,
            accepted: false,
            stale_since: None,
        };
        gaps.push((row.get(0)?, gap));
        Ok(())
    })?;
    Ok(gaps)
}

fn not_read(collection: Collection) -> Gap {
    Gap {
        scope: GapScope::Collection,
        id: collection.as_str().to_owned(),
        name: collection.as_str().to_owned(),
        state: State::Partial,
        code: Some(NOT_READ.to_owned()),
        request_id: None,
        accepted: false,
        stale_since: None,
    }
}

fn whole_since(db: &Connection, collection: Collection) -> rusqlite::Result<Option<Timestamp>> {
    db.prepare_cached("SELECT at FROM whole_collection WHERE collection = ?1")?
        .query_row([collection.as_str()], |row| runs::time(row, 0))
        .optional()
}

fn group_whole_since(db: &Connection, grp: i64) -> rusqlite::Result<Option<Timestamp>> {
    db.prepare_cached("SELECT at FROM whole_group WHERE grp = ?1")?
        .query_row([grp], |row| timestamp(0, row.get(0)?))
        .optional()
}

/// Keeps of every group how its list ended if it is not complete, and when it was last complete.
fn settle_groups(db: &Connection, run: RunId, nodes: &Nodes, at: Timestamp) -> rusqlite::Result<()> {
    db.execute("DELETE FROM group_state WHERE run = ?1 AND state = 'complete'", [run.0])?;
    // A group that comes back later was never read completely: its old edges went with it.
    let mut over = Vec::new();
    let kept = "SELECT grp FROM whole_group UNION SELECT grp FROM group_state WHERE run = ?1";
    each(db, kept, [run.0], |row| {
        let num = row.get(0)?;
        if !nodes.is_group(num) {
            over.push(num);
        }
        Ok(())
    })?;
    for num in over {
        db.prepare_cached("DELETE FROM whole_group WHERE grp = ?1")?.execute([num])?;
        // That its list was not found is remembered: the next run looks whether it is there after all.
        db.prepare_cached("DELETE FROM group_state WHERE run = ?1 AND grp = ?2 AND state <> 'gone'")?
            .execute([run.0, num])?;
    }
    for (num, node) in nodes.iter() {
        if !nodes.is_group(num) {
            continue;
        }
        match node.list {
            Some(State::Complete) | None if node.list.is_some() || nodes.is_carried(num) => {
                db.prepare_cached("INSERT OR REPLACE INTO whole_group (grp, at) VALUES (?1, ?2)")?
                    .execute([num, at.as_millisecond()])?;
            }
            Some(_) => {}
            None => {
                db.prepare_cached(
                    "INSERT OR REPLACE INTO group_state (run, grp, state, code) VALUES (?1, ?2, 'partial', ?3)",
                )?
                .execute(params![run.0, num, NOT_READ])?;
            }
        }
    }
    Ok(())
}

fn settle_collections(db: &Connection, nodes: &Nodes, at: Timestamp) -> rusqlite::Result<()> {
    for collection in Collection::ALL.into_iter().filter(|c| nodes.is_whole(*c)) {
        db.execute(
            "INSERT OR REPLACE INTO whole_collection (collection, at) VALUES (?1, ?2)",
            params![collection.as_str(), at.as_millisecond()],
        )?;
    }
    Ok(())
}

/// Where the next run's delta queries begin: what this one left of collections that it has whole.
fn settle_links(db: &Connection, run: RunId, nodes: &Nodes) -> rusqlite::Result<()> {
    db.execute("DELETE FROM delta_link WHERE run <> ?1", [run.0])?;
    for collection in Collection::ALL.into_iter().filter(|c| !nodes.is_whole(*c)) {
        db.execute("DELETE FROM delta_link WHERE collection = ?1", [collection.as_str()])?;
    }
    Ok(())
}

/// A run that did not ask leaves nothing; one that did keeps what is known of users whom it did not come to.
fn settle_sign_ins(db: &Connection, run: RunId) -> rusqlite::Result<()> {
    let is_over = "to_run = 9223372036854775807
                   AND (NOT (SELECT sign_ins FROM run WHERE id = ?1)
                        OR NOT EXISTS (SELECT 1 FROM object o
                                       WHERE o.num = sign_in.num AND o.to_run = 9223372036854775807))";
    db.execute(&format!("DELETE FROM sign_in WHERE from_run = ?1 AND {is_over}"), [run.0])?;
    db.execute(&format!("UPDATE sign_in SET to_run = ?1 WHERE {is_over}"), [run.0]).map(drop)
}

/// How old what it stands on is.
fn settle_ages(db: &Connection, run: RunId, nodes: &Nodes, at: Timestamp) -> rusqlite::Result<()> {
    let base = nodes.base.map_or(Ok(None), |base| runs::get(db, base))?;
    let before = base.as_ref().and_then(|b| b.last_full);
    let last_full = if nodes.is_full() { Some(at) } else { before };
    // As the run told, else as far as changes are known to tell of them.
    let told: Option<i64> = db.query_row("SELECT sp_as_of FROM run WHERE id = ?1", [run.0], |row| row.get(0))?;
    let service_principals = match told {
        Some(never) if never < 0 => None,
        Some(told) => Some(told),
        None if nodes.is_by_changes_only() && ground::learned(db)?.delta_shows_service_principals != Some(true) => {
            let since = base.and_then(|b| b.service_principals_as_of).or(before);
            since.map(Timestamp::as_millisecond)
        }
        None => None,
    };
    db.execute(
        "UPDATE run SET last_full = ?2, sp_as_of = ?3 WHERE id = ?1",
        params![run.0, last_full.map(Timestamp::as_millisecond), service_principals],
    )
    .map(drop)
}
