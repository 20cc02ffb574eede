//! Differences one after the other: objects in the order of lists, then memberships by group. Each has a place in that
//! row, so that what a filter leaves is a bit for each: it is asked once, whatever windows are shown then. Filters by a
//! callback only; knows no filter language.

use std::ops::{ControlFlow, Range};

use rusqlite::Connection;

use super::{Brief, Changed, ChangedGroup, Differences, Different, Side};
use crate::domain::explore::{Change, DiffPart};

/// Whether a difference is kept; breaking off ends it.
pub type Keep<'a> = dyn Fn(&Different<'_>) -> ControlFlow<(), bool> + 'a;

/// A piece of all that is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// `None`: objects, then memberships by group.
    pub only: Option<DiffPart>,
    pub offset: u64,
    pub limit: u64,
}

/// Which differences a filter leaves: a bit for each place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    bits: Vec<u64>,
    many: u64,
}

impl Kept {
    /// Puts in a place behind all that are in it.
    pub(super) fn put(&mut self, place: u64) {
        let word = index(place / 64);
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= 1 << (place % 64);
        self.many += 1;
    }

    /// How many there are.
    pub const fn many(&self) -> u64 {
        self.many
    }

    /// How many of these places are in it.
    fn among(&self, places: Range<u64>) -> u64 {
        let words = index(places.start / 64)..self.bits.len().min(index(places.end.div_ceil(64)));
        let count = |word: usize| {
            let first = word as u64 * 64;
            let mut bits = self.bits[word];
            if first < places.start {
                bits &= u64::MAX << (places.start - first);
            }
            if places.end - first < 64 {
                bits &= (1 << (places.end - first)) - 1;
            }
            u64::from(bits.count_ones())
        };
        words.map(count).sum()
    }
}

fn index(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// A difference with its place; of a changed object the versions before and now.
pub(super) type Tell<'a> = dyn FnMut(u64, Different<'_>, Option<(i64, i64)>) -> rusqlite::Result<ControlFlow<()>> + 'a;

/// Tells a piece, and says how many there are in all: of those that are kept, if some are.
pub(super) fn walk(
    db: &Connection,
    all: &Differences,
    piece: Piece,
    kept: Option<&Kept>,
    tell: &mut Tell<'_>,
) -> rusqlite::Result<u64> {
    let mut telling = Telling { db, all, piece, place: 0, seen: 0, is_over: false, kept, tell };
    match piece.only {
        Some(DiffPart::Memberships) => telling.place = all.objects.len() as u64,
        _ => all.objects.iter().try_for_each(|changed| telling.object(changed))?,
    }
    if piece.only != Some(DiffPart::Objects) {
        all.groups.iter().try_for_each(|group| telling.group(group))?;
    }
    Ok(telling.seen)
}

struct Telling<'a, 't> {
    db: &'a Connection,
    all: &'a Differences,
    piece: Piece,
    /// Of the next difference, among all.
    place: u64,
    /// How many of those that count there were so far.
    seen: u64,
    /// Whether nobody wants to hear more.
    is_over: bool,
    kept: Option<&'a Kept>,
    tell: &'a mut Tell<'t>,
}

impl Telling<'_, '_> {
    /// Goes past the next so many, if none of them is in the piece: they need not be looked at.
    fn passes(&mut self, many: u64) -> bool {
        let count = self.kept.map_or(many, |kept| kept.among(self.place..self.place + many));
        let Piece { offset, limit, .. } = self.piece;
        let passes =
            self.is_over || count == 0 || self.seen + count <= offset || self.seen >= offset.saturating_add(limit);
        if passes {
            self.place += many;
            self.seen += count;
        }
        passes
    }

    fn take(&mut self, different: Different<'_>, versions: Option<(i64, i64)>) -> rusqlite::Result<()> {
        self.is_over = (self.tell)(self.place, different, versions)?.is_break();
        Ok(())
    }

    fn object(&mut self, changed: &Changed) -> rusqlite::Result<()> {
        if self.passes(1) {
            return Ok(());
        }
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT {} FROM object o CROSS JOIN key k ON k.num = o.num WHERE o.version = ?1",
            Brief::COLUMNS
        ))?;
        let mut rows = statement.query([changed.version])?;
        if let Some(row) = rows.next()? {
            let versions = (changed.change == Change::Changed).then_some((changed.before, changed.version));
            self.take(Different { change: changed.change, object: Brief::read(row)?, edge: None }, versions)?;
        }
        self.place += 1;
        self.seen += 1;
        Ok(())
    }

    fn group(&mut self, group: &ChangedGroup) -> rusqlite::Result<()> {
        if self.passes(group.many) {
            return Ok(());
        }
        let mut edges = Vec::new();
        self.all.each_edge(self.db, Some(group.grp), &mut |edge| edges.push(edge))?;
        edges.sort_by_key(|edge| (self.all.node(edge.member).place, edge.side as u8));
        let sql = format!(
            "SELECT {} FROM object o CROSS JOIN key k ON k.num = o.num
             WHERE o.num = ?1 AND o.from_run <= ?2 AND ?2 < o.to_run",
            Brief::COLUMNS
        );
        let run_of = |num: i64, side: Side| match self.all.node(num).kinds[side as usize] {
            Some(_) => self.all.runs[side as usize].id,
            None => self.all.runs[Side::Before as usize].id,
        };
        let run_of_group = run_of(group.grp, Side::Now);
        let runs: Vec<_> = edges.iter().map(|edge| run_of(edge.member, edge.side)).collect();
        let (mut near, mut far) = (self.db.prepare_cached(&sql)?, self.db.prepare_cached(&sql)?);
        let mut near = near.query([group.grp, run_of_group.0])?;
        let near = near.next()?.map(|row| Brief::read(row)).transpose()?;
        for (edge, run) in edges.into_iter().zip(runs) {
            if self.passes(1) {
                continue;
            }
            let mut far = far.query([edge.member, run.0])?;
            if let (Some(near), Some(far)) = (near, far.next()?) {
                let object = Brief::read(far)?;
                let is_mapped = !object.entity && object.kind != crate::domain::kind::EntityKind::Member;
                self.take(Different { change: edge.change(), object, edge: Some((near, edge.kind, is_mapped)) }, None)?;
            }
            self.place += 1;
            self.seen += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted() {
        let places = [0_u64, 1, 5, 63, 64, 127, 200];
        let mut kept = Kept::default();
        places.iter().for_each(|place| kept.put(*place));
        assert_eq!(kept.many(), 7);
        for from in 0..260 {
            for to in from..260 {
                let want = places.iter().filter(|place| (from..to).contains(*place)).count() as u64;
                assert_eq!(kept.among(from..to), want, "{from}..{to}");
            }
        }
    }
}
