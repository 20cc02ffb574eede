//! What a target holds at this moment, as somebody read it there: beside a store, in its numbers and in the order in which
//! [`Reader::compare`](super::Reader::compare) hands over what a run would send.
//!
//! It lies in a file without a name, which only this process sees and which goes with it (SQLite makes one for the empty
//! path), so that memory does not grow with the target. The store itself is only read. Who reads the target and how, and
//! what is different, is not decided here.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Map, Value};

use super::{
    error::StoreError,
    keys::{self, Few},
    read::Reader,
};
use crate::domain::{
    live::{LiveEdge, LiveEntity},
    naming::Names,
};

/// Numbers of keys that the store does not know begin here: behind all of its own, and within what a place has room for.
const FOREIGN: i64 = 1 << 31;

/// What is kept of the file in memory; kibibytes, and negative, as SQLite wants it.
const CACHE: i64 = -32_768;

/// How a relationship's key names its ends.
const BETWEEN: &str = "|has|";

const SCHEMA: &str = "
    CREATE TABLE key (num INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
    CREATE TABLE entity (num INTEGER PRIMARY KEY, type INTEGER NOT NULL, fields TEXT NOT NULL);
    CREATE TABLE edge (
        from_num INTEGER NOT NULL, to_num INTEGER NOT NULL, type INTEGER NOT NULL, PRIMARY KEY (from_num, to_num)
    ) WITHOUT ROWID;";

/// Where something stands: the account's first, then by numbers. Of an entity the second is 0.
pub type Place = (bool, [i64; 2]);

/// An object of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pictured {
    pub place: Place,
    pub object_type: String,
    /// Of an entity its fields, as JSON.
    pub fields: String,
}

/// A picture, made page by page.
#[derive(Debug)]
pub struct Picture {
    db: Mutex<Connection>,
    account_key: String,
    /// The number of the account's `_key`, which is first in every stream; −1 where the store has none.
    account: i64,
}

impl Picture {
    /// An empty one, beside a store.
    ///
    /// # Errors
    ///
    /// When there is no room for a file of its own, or the store cannot be read.
    pub fn new(reader: &Reader, names: &Names) -> Result<Self, StoreError> {
        let account_key = names.account_key(&reader.tenant()?);
        let account = keys::find(&reader.db, &account_key).map_err(|e| StoreError::of(reader.path(), e))?.unwrap_or(-1);
        let make = || {
            let db = Connection::open("")?;
            // Nobody goes on with it after a crash.
            db.pragma_update(None, "journal_mode", "OFF")?;
            db.pragma_update(None, "synchronous", "OFF")?;
            db.pragma_update(None, "cache_size", CACHE)?;
            db.execute_batch(SCHEMA)?;
            // The first that is given is one more.
            db.execute("INSERT INTO key (num, text) VALUES (?1, '')", [FOREIGN])?;
            Ok(db)
        };
        Ok(Self { db: Mutex::new(make().map_err(own)?), account_key, account })
    }

    /// The number of the account's key.
    pub const fn account(&self) -> i64 {
        self.account
    }

    /// Takes in entities; the newest word on a key counts.
    pub fn put_entities(&self, reader: &Reader, entities: &[LiveEntity]) -> Result<(), StoreError> {
        self.put(|db, types| {
            for entity in entities {
                let num = self.num(db, reader, &entity.key)?;
                let kind = types.intern(db, &entity.object_type)?;
                let fields = Value::Object(entity.fields.clone()).to_string();
                db.prepare_cached("INSERT OR REPLACE INTO entity (num, type, fields) VALUES (?1, ?2, ?3)")?
                    .execute(params![num, kind, fields])?;
            }
            Ok(())
        })
    }

    /// Takes in relationships.
    pub fn put_edges(&self, reader: &Reader, edges: &[LiveEdge]) -> Result<(), StoreError> {
        self.put(|db, types| {
            for edge in edges {
                let [from, to] = match edge.key.split_once(BETWEEN) {
                    Some((from, to)) => [self.num(db, reader, from)?, self.num(db, reader, to)?],
                    // Somebody else's, which is told apart by its key alone.
                    None => [own_num(db, &edge.key)?, 0],
                };
                let kind = types.intern(db, &edge.object_type)?;
                db.prepare_cached("INSERT OR REPLACE INTO edge (from_num, to_num, type) VALUES (?1, ?2, ?3)")?
                    .execute([from, to, kind])?;
            }
            Ok(())
        })
    }

    /// How many entities and relationships it holds.
    pub fn counts(&self) -> Result<[u64; 2], StoreError> {
        let db = self.lock();
        let count = |sql| db.query_row(sql, (), |row| row.get(0)).map(i64::unsigned_abs).map_err(own);
        Ok([count("SELECT count(*) FROM entity")?, count("SELECT count(*) FROM edge")?])
    }

    /// The next entities behind a place, `limit` at most; none where there are no more.
    pub fn entities(&self, after: Option<Place>, limit: usize) -> Result<Vec<Pictured>, StoreError> {
        self.window(after, limit, "SELECT num, 0, type, fields FROM entity WHERE num", "num > ?1 AND ?2 = ?2", "num")
    }

    /// The next relationships behind a place.
    pub fn edges(&self, after: Option<Place>, limit: usize) -> Result<Vec<Pictured>, StoreError> {
        let select = "SELECT from_num, to_num, type, '' FROM edge WHERE from_num";
        self.window(after, limit, select, "(from_num, to_num) > (?1, ?2)", "from_num, to_num")
    }

    /// The fields of an entity.
    pub fn fields(&self, num: i64) -> Result<Option<Map<String, Value>>, StoreError> {
        let db = self.lock();
        let found = db.query_row("SELECT fields FROM entity WHERE num = ?1", [num], |row| row.get::<_, String>(0));
        Ok(found.optional().map_err(own)?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Whether a number is none of the store's.
    pub const fn is_foreign(num: i64) -> bool {
        num > FOREIGN
    }

    /// Key and name of what the store knows nothing of; `None` of what it does.
    pub fn foreign(&self, num: i64) -> Result<Option<(String, String)>, StoreError> {
        if !Self::is_foreign(num) {
            return Ok(None);
        }
        let db = self.lock();
        let key = db.query_row("SELECT text FROM key WHERE num = ?1", [num], |row| row.get::<_, String>(0));
        let Some(key) = key.optional().map_err(own)? else { return Ok(None) };
        drop(db);
        let name = self.fields(num)?.and_then(|fields| Some(fields.get("displayName")?.as_str()?.to_owned()));
        Ok(Some((key, name.unwrap_or_default())))
    }

    fn window(
        &self,
        after: Option<Place>,
        limit: usize,
        select: &str,
        behind: &str,
        order: &str,
    ) -> Result<Vec<Pictured>, StoreError> {
        let db = self.lock();
        let mut found = Vec::new();
        let mut types: BTreeMap<i64, String> = BTreeMap::new();
        // The account's half, then the others'.
        for rest in [false, true] {
            let from = match after {
                Some((true, _)) if !rest => continue,
                Some((half, [a, b])) if half == rest => [a, b],
                _ => [i64::MIN; 2],
            };
            let sql = format!(
                "{select} {} {} AND {behind} ORDER BY {order} LIMIT {}",
                if rest { "<>" } else { "=" },
                self.account,
                limit.saturating_sub(found.len())
            );
            let mut statement = db.prepare_cached(&sql).map_err(own)?;
            let rows = statement.query_map(from, |row| {
                Ok(([row.get(0)?, row.get(1)?], row.get::<_, i64>(2)?, row.get::<_, String>(3)?))
            });
            for row in rows.map_err(own)? {
                let (nums, kind, fields) = row.map_err(own)?;
                let object_type = match types.get(&kind) {
                    Some(name) => name.clone(),
                    None => {
                        let name = keys::text(&db, kind).map_err(own)?;
                        types.insert(kind, name.clone());
                        name
                    }
                };
                found.push(Pictured { place: (rest, nums), object_type, fields });
            }
        }
        Ok(found)
    }

    /// One page. Where that fails the picture is worth nothing any more.
    fn put(&self, page: impl FnOnce(&Connection, &mut Few) -> rusqlite::Result<()>) -> Result<(), StoreError> {
        let mut db = self.lock();
        let write = || {
            let page_of = db.transaction()?;
            page(&page_of, &mut Few::default())?;
            page_of.commit()
        };
        write().map_err(own)
    }

    /// The store's number of a key, else one of our own.
    fn num(&self, db: &Connection, reader: &Reader, key: &str) -> rusqlite::Result<i64> {
        if key == self.account_key {
            return Ok(self.account);
        }
        match keys::find(&reader.db, key)? {
            Some(num) => Ok(num),
            None => own_num(db, key),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // Whoever tripped over it has told, and goes on with it no more.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn own_num(db: &Connection, key: &str) -> rusqlite::Result<i64> {
    keys::intern(db, key)
}

fn own(error: rusqlite::Error) -> StoreError {
    StoreError::of(Path::new("the temporary file of what JupiterOne holds"), error)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::tests::{self, NAMING, run, user, whole};

    #[test]
    fn it_comes_in_the_order_of_numbers_whatever_it_was_put_in() {
        let place = tests::Place::new();
        run(&mut place.writer(), 1, &whole(vec![user("aa", "Ada")], Vec::new()));
        let reader = place.reader();
        let names = Names::from(NAMING);
        let picture = Picture::new(&reader, &names).unwrap();
        let account = names.account_key(&reader.tenant().unwrap());
        let entity = |key: &str, name: &str| LiveEntity {
            key: key.to_owned(),
            object_type: "t".to_owned(),
            fields: json!({ "displayName": name }).as_object().unwrap().clone(),
        };
        let edge = |key: String| LiveEdge { key, object_type: "e".to_owned() };
        picture
            .put_entities(&reader, &[entity("zz", "foreign"), entity("aa", "other"), entity(&account, "us")])
            .unwrap();
        // Told twice, as a relationship is that is seen from both of its ends.
        picture.put_entities(&reader, &[entity("aa", "another")]).unwrap();
        let edges = [edge("zz|has|aa".into()), edge(format!("{account}|has|zz")), edge("odd".into())];
        for _ in 0..2 {
            picture.put_edges(&reader, &edges).unwrap();
        }
        assert_eq!(picture.counts().unwrap(), [3, 3]);

        let all = |window: &dyn Fn(Option<Place>) -> Vec<Pictured>| {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let next = window(after);
                let Some(last) = next.last() else { return found };
                after = Some(last.place);
                found.extend(next);
            }
        };
        let entities = all(&|after| picture.entities(after, 1).unwrap());
        assert_eq!(entities.len(), 3);
        assert_eq!(entities[0].place, (false, [picture.account(), 0]), "the account is first");
        assert!(entities.is_sorted_by_key(|it| it.place));
        assert_eq!(all(&|after| picture.entities(after, 100).unwrap()), entities);
        let edges = all(&|after| picture.edges(after, 1).unwrap());
        assert!(edges.len() == 3 && !edges[0].place.0 && edges.is_sorted_by_key(|it| it.place));
        assert_eq!(all(&|after| picture.edges(after, 2).unwrap()), edges);

        let names: Vec<_> = entities.iter().map(|it| picture.foreign(it.place.1[0]).unwrap()).collect();
        let foreign = |key: &str, name: &str| Some((key.to_owned(), name.to_owned()));
        // What the store knows has its number there, and what it does not know comes last.
        assert_eq!(names[1..], [None, foreign("zz", "foreign")]);
        let known = picture.fields(entities[1].place.1[0]).unwrap().unwrap();
        assert_eq!(known["displayName"], "another", "the newest word counts");
    }
}
