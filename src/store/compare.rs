//! What a run would send beside what a target is believed to hold: two sorted streams walked in step.

use std::{collections::BTreeMap, ops::ControlFlow};

use rusqlite::{Connection, OptionalExtension as _, Row, Rows};

use super::{
    belief::{self, BeliefInfo},
    error::StoreError,
    keys::{self, Few},
    read::{self, Edges, Reader},
};
use crate::domain::{
    edge::{EDGE_UNKNOWN, Edge, EdgeState},
    entity::{Entity, Fingerprint},
    ids::{RunId, TenantId},
    kind::EntityKind,
    naming::Names,
    target::Target,
};

/// One `_key`: what the run would send under it, and what the target may hold under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared<O, T> {
    /// The numbers of the ids that its key is made of: an entity's, or those of an edge's ends. Of one store only.
    pub nums: [i64; 2],
    /// `None` where nothing would be sent.
    pub ours: Option<O>,
    /// Empty where nothing is believed to be there.
    pub believed: Believed<T>,
}

/// What a target may hold under one `_key`: one state for each upload that may have put it there, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Believed<T> {
    /// `_type` and content; `None` where the content is unknown.
    pub states: Vec<(String, Option<T>)>,
    /// Whether all that may have happened leaves the key there. Otherwise it may as well be missing.
    pub certain: bool,
}

impl Reader {
    /// Hands over every key that the run would send, or that the target is believed to hold, in one snapshot: entities by
    /// fingerprint, then edges by whether they are mapped. Without a target, or without a record of it, nothing is
    /// believed.
    pub fn compare(
        &self,
        run: RunId,
        names: impl Into<Names>,
        target: Option<&Target>,
        entities: &mut dyn FnMut(Compared<Entity, Fingerprint>),
        edges: &mut dyn FnMut(Compared<Edge, EdgeState>),
    ) -> Result<Option<BeliefInfo>, StoreError> {
        let names = names.into();
        let account = names.account_key(self.tenant_ref());
        self.of_run(run, |db| {
            let known = target.map(|target| belief::find(db, target)).transpose()?.flatten();
            let beliefs = Beliefs::of(db, known.as_ref(), &account)?;
            compare_entities(db, run, &beliefs, &names, self.tenant_ref(), entities)?;
            compare_edges(db, run, &beliefs, &mut Edges::new(db, run, &names, self.tenant_ref())?, edges)?;
            Ok(known.map(|(_, info)| info))
        })
    }
}

/// Id, name as last known, kind.
pub type Known = (String, String, Option<EntityKind>);

impl Reader {
    /// Ids and names of numbers that [`Reader::compare`] handed over, as of a run, or as last known. What no number is of is
    /// left out.
    pub fn named(&self, run: RunId, nums: &[i64]) -> Result<BTreeMap<i64, (String, String)>, StoreError> {
        Ok(self.known(run, nums)?.into_iter().map(|(num, (id, name, _))| (num, (id, name))).collect())
    }

    /// As [`Self::named`], with their kinds, where anything is known of them but their ids.
    pub fn known(&self, run: RunId, nums: &[i64]) -> Result<BTreeMap<i64, Known>, StoreError> {
        self.of_run(run, |db| {
            let sql =
                "SELECT k.text, o.name, o.kind FROM key k LEFT JOIN object o ON o.num = k.num AND o.from_run <= ?2
                       WHERE k.num = ?1 ORDER BY o.from_run DESC LIMIT 1";
            let mut statement = db.prepare_cached(sql)?;
            let mut all = BTreeMap::new();
            for num in nums {
                let found = statement.query_row([*num, run.0], |row| {
                    let id: String = row.get(0)?;
                    let kind = row.get::<_, Option<i64>>(2)?.and_then(EntityKind::from_code);
                    Ok((id, row.get::<_, Option<String>>(1)?.unwrap_or_default(), kind))
                });
                if let Some(found) = found.optional()? {
                    all.insert(*num, found);
                }
            }
            Ok(all)
        })
    }
}

/// Which rows of the belief tables count.
struct Beliefs {
    target: i64,
    generations: String,
    certain: usize,
    /// The number of the account's `_key`: not its id's, and first in every stream.
    account: i64,
}

impl Beliefs {
    fn of(db: &Connection, known: Option<&(i64, BeliefInfo)>, account: &str) -> rusqlite::Result<Self> {
        let generations = known.map(|(_, info)| info.generations()).unwrap_or_default();
        Ok(Self {
            target: known.map_or(-1, |(num, _)| *num),
            generations: generations.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            certain: known.map_or(1, |(_, info)| info.certain()),
            account: keys::find(db, account)?.unwrap_or(-1),
        })
    }

    /// The two halves of a table: the account's rows, then the others, each in order.
    fn queries(&self, table: &str, key: &str, columns: &str) -> [String; 2] {
        ["=", "<>"].map(|half| {
            format!(
                "SELECT {key}, type, {columns} FROM {table}
                 WHERE target = {} AND {} {half} {} AND upload IN ({}) ORDER BY {key}, upload",
                self.target,
                key.split(',').next().unwrap_or(key),
                self.account,
                self.generations
            )
        })
    }
}

/// One row of a belief table: both numbers of its key, its type's, and its content.
type Believable<T> = (i64, i64, i64, Option<T>);

/// Where a key stands in its stream: the account's half first, then by numbers.
type Place = (bool, i64, i64);

/// The believed states, key by key.
struct Stream<'a, T> {
    db: &'a Connection,
    halves: [Option<Rows<'a>>; 2],
    read: fn(&Row<'_>) -> rusqlite::Result<Believable<T>>,
    next: Option<(Place, i64, Option<T>)>,
    types: Few,
    certain: usize,
}

impl<T> Stream<'_, T> {
    fn advance(&mut self) -> rusqlite::Result<Option<(Place, i64, Option<T>)>> {
        let mut row = None;
        for (rest, half) in [false, true].into_iter().zip(&mut self.halves) {
            let Some(rows) = half else { continue };
            if let Some(found) = rows.next()? {
                let (a, b, kind, content) = (self.read)(found)?;
                row = Some(((rest, a, b), kind, content));
                break;
            }
            *half = None;
        }
        Ok(std::mem::replace(&mut self.next, row))
    }

    /// The place of the next key.
    fn place(&self) -> Option<Place> {
        self.next.as_ref().map(|(place, ..)| *place)
    }

    /// All states of the key at `place`, if it is the next one.
    fn take(&mut self, place: Place) -> rusqlite::Result<Believed<T>> {
        let mut states = Vec::new();
        while self.place() == Some(place) {
            let Some((_, kind, content)) = self.advance()? else { break };
            states.push((self.types.text(self.db, kind)?.to_owned(), content));
        }
        let certain = states.len() == self.certain;
        Ok(Believed { states, certain })
    }

    /// Hands over what is believed before `place` (of all, if there is none) and not sent.
    fn skip_to<O>(&mut self, place: Option<Place>, f: &mut dyn FnMut(Compared<O, T>)) -> rusqlite::Result<()> {
        while let Some(next) = self.place().filter(|next| place.is_none_or(|place| *next < place)) {
            f(Compared { nums: [next.1, next.2], ours: None, believed: self.take(next)? });
        }
        Ok(())
    }
}

fn compare_entities(
    db: &Connection,
    run: RunId,
    beliefs: &Beliefs,
    names: &Names,
    tenant: &TenantId,
    f: &mut dyn FnMut(Compared<Entity, Fingerprint>),
) -> rusqlite::Result<()> {
    let [first, rest] = beliefs.queries("belief_entity", "num", "print");
    let (mut first, mut rest) = (db.prepare(&first)?, db.prepare(&rest)?);
    let mut stream = Stream {
        db,
        halves: [Some(first.query(())?), Some(rest.query(())?)],
        read: |row| {
            let print = Fingerprint::try_from(row.get_ref(2)?.as_blob()?).ok();
            Ok((row.get(0)?, 0, row.get(1)?, print))
        },
        next: None,
        types: Few::default(),
        certain: beliefs.certain,
    };
    stream.advance()?;
    read::each_entity(db, run, names.naming(), |num, stored| {
        let place = match stored.kind {
            EntityKind::Account => (false, beliefs.account, 0),
            _ => (true, num, 0),
        };
        stream.skip_to(Some(place), f)?;
        f(Compared { nums: [place.1, 0], ours: Some(stored.entity(names, tenant)), believed: stream.take(place)? });
        Ok(ControlFlow::Continue(()))
    })?;
    stream.skip_to(None, f)
}

fn compare_edges(
    db: &Connection,
    run: RunId,
    beliefs: &Beliefs,
    edges: &mut Edges<'_>,
    f: &mut dyn FnMut(Compared<Edge, EdgeState>),
) -> rusqlite::Result<()> {
    let [first, rest] = beliefs.queries("belief_edge", "from_num, to_num", "mapped");
    let (mut first, mut rest) = (db.prepare(&first)?, db.prepare(&rest)?);
    let mut stream = Stream {
        db,
        halves: [Some(first.query(())?), Some(rest.query(())?)],
        read: |row| {
            let state: EdgeState = row.get(3)?;
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, (state != EDGE_UNKNOWN).then_some(state)))
        },
        next: None,
        types: Few::default(),
        certain: beliefs.certain,
    };
    stream.advance()?;
    read::each_edge(db, run, |ends| {
        let place = (ends.from.is_some(), ends.from.unwrap_or(beliefs.account), ends.to);
        stream.skip_to(Some(place), f)?;
        f(Compared { nums: [place.1, place.2], ours: Some(edges.of(ends)?), believed: stream.take(place)? });
        Ok(ControlFlow::Continue(()))
    })?;
    stream.skip_to(None, f)
}
