//! What is different between two finished runs that are kept: found once, then shown window by window.
//!
//! Rows that are valid in both runs are never looked at. What went and came back between the two is no change if it says
//! the same, and what one of them carried on is none either. How a window of them is read is [`telling`]'s.

mod telling;

use std::ops::ControlFlow;

use rusqlite::{Connection, params_from_iter};
use serde_json::json;

pub use self::telling::{Keep, Kept, Piece};
use super::{error::StoreError, history::State, keys::Few, lists, nodes::each, read::Reader, runs, snapshot::Brief};
use crate::domain::{
    explore::{Change, DiffPart, FieldChange},
    ids::RunId,
    kind::{EdgeKind, EntityKind, kind_of_odata_type},
    view::RunInfo,
};

/// What is different between two runs: small beside them, and good for as long as both are kept.
#[derive(Debug)]
pub struct Differences {
    /// Before and now.
    pub runs: [RunInfo; 2],
    /// How many came, changed and went, by `EntityKind as usize`.
    pub entities: [[u64; 3]; 4],
    /// The same of memberships, by `EdgeKind as usize`. The account's edges come and go with users and groups.
    pub edges: [[u64; 3]; 5],
    /// In the order of lists.
    objects: Vec<Changed>,
    /// Groups whose lists differ, in the order of lists.
    groups: Vec<ChangedGroup>,
    /// By number.
    nodes: Vec<Node>,
    /// Those whose memberships are of another type now, as a JSON list; `None` if there are none.
    retyped: Option<String>,
}

/// Which of the two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Now,
}

/// An object that differs, by the versions of it that the two runs have.
#[derive(Debug, Clone, Copy)]
struct Changed {
    change: Change,
    version: i64,
    /// Where it changed.
    before: i64,
}

#[derive(Debug, Clone, Copy)]
struct ChangedGroup {
    grp: i64,
    /// How many of its memberships came and went.
    many: u64,
}

/// What the two runs know of an id.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// In the order of lists.
    place: u32,
    /// With [`Side`] as the place.
    kinds: [Option<EntityKind>; 2],
    entity: [bool; 2],
}

/// An object that one of the runs has and the other has not, or not so.
struct OneSided {
    num: i64,
    version: i64,
    kind: EntityKind,
    entity: bool,
    side: Side,
}

/// A membership that differs.
#[derive(Debug, Clone, Copy)]
struct ChangedEdge {
    grp: i64,
    member: i64,
    side: Side,
    kind: EdgeKind,
}

/// One difference.
#[derive(Debug)]
pub struct Different<'a> {
    pub change: Change,
    /// Of a membership its far end; as the newer of the two runs has it, unless it went.
    pub object: Brief<'a>,
    /// Of a membership its group, its type, and whether its far end could not be read.
    pub edge: Option<(Brief<'a>, EdgeKind, bool)>,
}

impl Reader {
    /// What is different now from what was before; either run may be the older one. `None` if `stop`, which is asked every
    /// now and then, says so.
    ///
    /// # Errors
    ///
    /// When one of them is not kept, or did not finish: half a run differs from everything.
    pub fn differences(
        &self,
        before: RunId,
        now: RunId,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Differences>, StoreError> {
        self.snapshot(|db| match comparable(db, [before, now])? {
            Ok(runs) => Differences::find(db, runs, stop).map(Ok),
            Err(error) => Ok(Err(error)),
        })?
    }

    /// Hands over a piece of what is different, and of what changed the fields; says how many there are in all. With
    /// `kept`, a piece of those that it holds, and how many these are.
    pub fn each_different(
        &self,
        all: &Differences,
        piece: Piece,
        kept: Option<&Kept>,
        f: &mut dyn FnMut(Different<'_>, Vec<FieldChange>),
    ) -> Result<u64, StoreError> {
        self.walk_different(all, |db| {
            telling::walk(db, all, piece, kept, &mut |_, different, versions| {
                let changed = match versions {
                    Some((before, now)) => fields(db, before, now)?,
                    None => Vec::new(),
                };
                f(different, changed);
                Ok(ControlFlow::Continue(()))
            })
        })
    }

    /// Which of the differences `keep` keeps; each is asked for once. `None` once it breaks.
    pub fn kept_of(
        &self,
        all: &Differences,
        only: Option<DiffPart>,
        keep: &Keep<'_>,
    ) -> Result<Option<Kept>, StoreError> {
        let mut kept = Some(Kept::default());
        self.walk_different(all, |db| {
            telling::walk(db, all, Piece { only, offset: 0, limit: u64::MAX }, None, &mut |place, different, _| {
                let answer = keep(&different);
                match answer {
                    ControlFlow::Continue(true) => kept.iter_mut().for_each(|kept| kept.put(place)),
                    ControlFlow::Continue(false) => {}
                    ControlFlow::Break(()) => kept = None,
                }
                Ok(answer.map_continue(|_| ()))
            })
        })?;
        Ok(kept)
    }

    fn walk_different(
        &self,
        all: &Differences,
        walk: impl FnOnce(&Connection) -> rusqlite::Result<u64>,
    ) -> Result<u64, StoreError> {
        self.snapshot(|db| match comparable(db, [all.runs[0].id, all.runs[1].id])? {
            Ok(_) => walk(db).map(Ok),
            Err(error) => Ok(Err(error)),
        })?
    }
}

/// The two runs, if both finished and are kept.
fn comparable(db: &Connection, ids: [RunId; 2]) -> rusqlite::Result<Result<[RunInfo; 2], StoreError>> {
    let all = runs::all(db)?;
    let get = |id: RunId| {
        let run = all.iter().find(|run| run.id == id);
        run.filter(|run| run.status.is_finished()).cloned().ok_or_else(|| StoreError::NotComparable {
            run: id,
            status: run.map(|run| run.status),
            kept: all.iter().rev().filter(|run| run.status.is_finished()).map(|run| run.id).collect(),
        })
    };
    Ok(get(ids[0]).and_then(|before| Ok([before, get(ids[1])?])))
}

/// Whether a row is valid in a run.
fn valid(run: &RunInfo) -> String {
    format!("(from_run <= {run} AND {run} < to_run)", run = run.id)
}

impl Differences {
    fn find(db: &Connection, runs: [RunInfo; 2], stop: &dyn Fn() -> bool) -> rusqlite::Result<Option<Self>> {
        let mut all = Self {
            runs,
            entities: <_>::default(),
            edges: <_>::default(),
            objects: Vec::new(),
            groups: Vec::new(),
            nodes: Vec::new(),
            retyped: None,
        };
        let one_sided = all.look_at_objects(db)?;
        all.retyped = all.find_retyped();
        if all.pair(db, &one_sided, stop)?.is_break() {
            return Ok(None);
        }
        all.look_at_edges(db)?;
        Ok(Some(all))
    }

    /// One pass over the index of the lists' order.
    fn look_at_objects(&mut self, db: &Connection) -> rusqlite::Result<Vec<OneSided>> {
        let [before, now] = self.runs.each_ref().map(valid);
        let sql = format!(
            "SELECT num, kind, entity, version, {before}, {now} FROM object {}
             WHERE {before} OR {now} ORDER BY kind, sort",
            lists::in_order(db)?
        );
        let (mut one_sided, mut place) = (Vec::new(), 0);
        each(db, &sql, (), |row| {
            let (num, kind, entity) = (row.get(0)?, runs::kind(1, row.get(1)?)?, row.get(2)?);
            let is_in: [bool; 2] = [row.get(4)?, row.get(5)?];
            let at = usize::try_from(num).map_err(|_| runs::strange(0, num))?;
            if at >= self.nodes.len() {
                self.nodes.resize((at + 1).next_power_of_two(), Node::default());
            }
            let node = &mut self.nodes[at];
            place += 1;
            // Where it stands now counts.
            if is_in[1] || node.place == 0 {
                node.place = place;
            }
            for side in [Side::Before, Side::Now] {
                if is_in[side as usize] {
                    node.kinds[side as usize] = Some(kind);
                    node.entity[side as usize] = entity;
                }
            }
            if is_in[0] != is_in[1] {
                let side = if is_in[0] { Side::Before } else { Side::Now };
                one_sided.push(OneSided { num, version: row.get(3)?, kind, entity, side });
            }
            Ok(())
        })?;
        Ok(one_sided)
    }

    /// Finds out what each of those in the order of lists is: come, gone, or half of a change.
    fn pair(
        &mut self,
        db: &Connection,
        one_sided: &[OneSided],
        stop: &dyn Fn() -> bool,
    ) -> rusqlite::Result<ControlFlow<()>> {
        let mut by_num: Vec<usize> = (0..one_sided.len()).collect();
        by_num.sort_unstable_by_key(|at| one_sided[*at].num);
        let mut found: Vec<(usize, Changed)> = Vec::new();
        for same in by_num.chunk_by(|a, b| one_sided[*a].num == one_sided[*b].num) {
            if stop() {
                return Ok(ControlFlow::Break(()));
            }
            let on = |side: Side| {
                let of_side = |at: &&usize| one_sided[**at].side == side && one_sided[**at].entity;
                same.iter().find(of_side).map(|at| (*at, &one_sided[*at]))
            };
            let mut add = |change: Change, (at, now): (usize, &OneSided), before: i64| {
                self.entities[now.kind as usize][change as usize] += 1;
                found.push((at, Changed { change, version: now.version, before }));
            };
            match (on(Side::Before), on(Side::Now)) {
                (Some((_, before)), Some(now)) if before.kind == now.1.kind => {
                    if !fields(db, before.version, now.1.version)?.is_empty() {
                        add(Change::Changed, now, before.version);
                    }
                }
                (before, now) => {
                    if let Some(before) = before {
                        add(Change::Went, before, before.1.version);
                    }
                    if let Some(now) = now {
                        add(Change::Came, now, 0);
                    }
                }
            }
        }
        found.sort_unstable_by_key(|(at, _)| *at);
        self.objects = found.into_iter().map(|(_, changed)| changed).collect();
        Ok(ControlFlow::Continue(()))
    }

    /// One pass over all memberships.
    fn look_at_edges(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let (mut edges, mut groups) = (self.edges, Vec::<ChangedGroup>::new());
        self.each_edge(db, None, &mut |edge| {
            edges[edge.kind as usize][edge.change() as usize] += 1;
            match groups.last_mut().filter(|last| last.grp == edge.grp) {
                Some(last) => last.many += 1,
                None => groups.push(ChangedGroup { grp: edge.grp, many: 1 }),
            }
        })?;
        groups.sort_by_key(|group| self.node(group.grp).place);
        (self.edges, self.groups) = (edges, groups);
        Ok(())
    }

    /// Every membership that differs, of one group or of all, by group and member.
    fn each_edge(&self, db: &Connection, grp: Option<i64>, f: &mut dyn FnMut(ChangedEdge)) -> rusqlite::Result<()> {
        let [before, now] = self.runs.each_ref().map(valid);
        let of_group = grp.map(|grp| format!("grp = {grp} AND ")).unwrap_or_default();
        // A membership has another type if its far end has: a device that is a user now.
        let or_retyped = match self.retyped {
            None => String::new(),
            Some(_) => format!(" OR {before} AND member IN (SELECT value FROM json_each(?1))"),
        };
        let sql = format!(
            "SELECT grp, member, odata, {before}, {now} FROM edge
             WHERE {of_group}({before} <> {now}{or_retyped}) ORDER BY grp, member"
        );
        let mut types = Few::default();
        let mut last: Option<(i64, i64, i64, [bool; 2])> = None;
        let mut tell = |grp: i64, member: i64, odata: i64, is_in: [bool; 2]| -> rusqlite::Result<()> {
            let mut kinds = [None; 2];
            for side in [Side::Before, Side::Now].into_iter().filter(|side| is_in[*side as usize]) {
                let known = self.node(member).kinds[side as usize];
                let kind = known.map_or_else(|| types.text(db, odata).map(kind_of_odata_type), Ok)?;
                kinds[side as usize] = EdgeKind::of_group(kind);
            }
            if kinds[0] != kinds[1] {
                for side in [Side::Before, Side::Now] {
                    if let Some(kind) = kinds[side as usize] {
                        f(ChangedEdge { grp, member, side, kind });
                    }
                }
            }
            Ok(())
        };
        each(db, &sql, params_from_iter(&self.retyped), |row| {
            let (grp, member, odata): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let is_in: [bool; 2] = [row.get(3)?, row.get(4)?];
            match &mut last {
                // It went and came back.
                Some((g, m, _, both)) if (*g, *m) == (grp, member) => {
                    *both = [both[0] || is_in[0], both[1] || is_in[1]];
                    return Ok(());
                }
                _ => {}
            }
            match last.replace((grp, member, odata, is_in)) {
                Some((grp, member, odata, is_in)) => tell(grp, member, odata, is_in),
                None => Ok(()),
            }
        })?;
        last.map_or(Ok(()), |(grp, member, odata, is_in)| tell(grp, member, odata, is_in))
    }

    fn find_retyped(&self) -> Option<String> {
        let nums: Vec<i64> = (0_i64..)
            .zip(&self.nodes)
            .filter(|(_, node)| matches!(node.kinds, [Some(before), Some(now)] if before != now))
            .map(|(num, _)| num)
            .collect();
        (!nums.is_empty()).then(|| json!(nums).to_string())
    }

    fn node(&self, num: i64) -> Node {
        usize::try_from(num).ok().and_then(|at| self.nodes.get(at)).copied().unwrap_or_default()
    }
}

impl ChangedEdge {
    const fn change(self) -> Change {
        match self.side {
            Side::Before => Change::Went,
            Side::Now => Change::Came,
        }
    }
}

/// What is different between two versions of an object.
fn fields(db: &Connection, before: i64, now: i64) -> rusqlite::Result<Vec<FieldChange>> {
    let state = |version: i64| {
        let sql =
            format!("SELECT {} FROM object o JOIN raw r ON r.version = o.version WHERE o.version = ?1", State::COLUMNS);
        db.prepare_cached(&sql)?.query_row([version], |row| State::read(row, 0))
    };
    state(before)?.until(&state(now)?)
}
